/* SPDX-License-Identifier: Apache-2.0 */
/* Replies for which there is no memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "io/redis.h"

#define ENDED 7
#define TOO_MANY ((size_t)1 << 46)

#ifdef __has_feature
#define HAS_ASAN __has_feature(address_sanitizer)
#elif defined __SANITIZE_ADDRESS__
#define HAS_ASAN 1
#else
#define HAS_ASAN 0
#endif

static void
last_words(void)
{
	_exit(ENDED);
}

/* hiredis wants memory for all of it before it looks at the first byte. */
static void
feed_too_much(void)
{
	struct reply_reader *reader = reply_reader_create();
	const struct reply *reply;

	mem_on_failure(last_words);
	reply_reader_feed(reader, "*2\r\n$1\r\na\r\n", 11);
	reply_reader_feed(reader, "$1\r\nb\r\n", TOO_MANY);
	_exit(reply_reader_next(reader, &reply, NULL) ? 0 : 1);
}

static void
a_reply_that_memory_does_not_hold_ends_the_program(void **state)
{
	pid_t child;
	int status;

	(void)state;
	if (HAS_ASAN)
		skip(); /* it ends the program itself */
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		feed_too_much();
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), ENDED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_reply_that_memory_does_not_hold_ends_the_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
