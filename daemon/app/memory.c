/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a program that runs out of memory: it says so in one sentence and ends. Nothing is undone and nothing
 * finished: what is committed is committed, and of the rest Redis has heard no EXEC. libcurl is told in
 * io/webhook_loop.c; hiredis and libyaml can't be told, and fail in order. */
#include "app/memory.h"

#include <event2/event.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

static const char *sentence;
static int exit_status;

static void
say_and_end(void)
{
	(void)!write(STDERR_FILENO, sentence, strlen(sentence));
	_exit(exit_status);
}

static void *
ssl_alloc(size_t size, const char *file, int line)
{
	(void)file, (void)line;
	return mem_bytes(size);
}

/* As OpenSSL has it, size 0 frees. */
static void *
ssl_resize(void *p, size_t size, const char *file, int line)
{
	(void)file, (void)line;
	if (size > 0)
		return mem_resize(p, size);
	mem_free(p);
	return NULL;
}

static void
ssl_free(void *p, const char *file, int line)
{
	(void)file, (void)line;
	mem_free(p);
}

void
memory_setup(const char *said, int status)
{
	sentence = said;
	exit_status = status;
	mem_on_failure(say_and_end);
	event_set_mem_functions(mem_bytes, mem_resize, mem_free);
	json_set_alloc_funcs(mem_bytes, mem_free);
	(void)CRYPTO_set_mem_functions(ssl_alloc, ssl_resize, ssl_free);
}
