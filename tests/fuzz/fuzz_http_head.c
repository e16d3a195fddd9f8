/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a request: head, parameters and chunks; chunks come out the same wherever they are cut. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "codec/http_head.h"

#define BODY_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
is_inside(struct str part, struct str whole)
{
	return part.n == 0 || (part.p >= whole.p && part.p + part.n <= whole.p + whole.n);
}

static void
read_target(struct arena *arena, const struct http_head *head)
{
	struct http_parameter parameters[HTTP_MAX_PARAMETERS];
	struct buf again = {0};
	struct str path, back;
	unsigned count;

	(void)!http_query_parse(arena, head->query, parameters, &count, NULL);
	(void)http_host_is_plain(head->host);
	if (!http_decode(arena, head->path, false, &path))
		return;
	http_encode(&again, path);
	assert(http_decode(arena, buf_view(&again), false, &back) && str_eq(path, back));
	buf_finish(&again);
}

/* Bytes taken, or -1 when refused. */
static long
read_chunks(struct str text, size_t step, struct buf *out)
{
	struct http_chunks chunks = {.at = CHUNK_SIZE};
	size_t at = 0, used;
	int status;

	while (at < text.n && chunks.at != CHUNK_DONE) {
		size_t piece = text.n - at < step ? text.n - at : step;

		if (!http_chunks_feed(&chunks, text.p + at, piece, out, BODY_MAX, &used,
				      &status)) {
			assert(status == 400 || status == 413);
			return -1;
		}
		assert(used == piece || chunks.at == CHUNK_DONE);
		at += used;
	}
	assert(out->n <= BODY_MAX);
	return (long)at;
}

/* Grammar of an input: step byte, head, body in chunks. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data + 1, size - 1};
	struct buf whole = {0}, pieces = {0};
	struct http_head head;
	struct arena arena;
	int status = 0;
	size_t n;

	if (size < 2)
		return 0;
	arena_init(&arena);
	n = http_head_length(text);
	assert(n <= text.n);
	if (n > 0 && http_head_parse(str_slice(text, 0, n), &head, &status, NULL)) {
		assert(is_inside(head.path, text) || str_is(head.path, "/"));
		assert(is_inside(head.host, text) && is_inside(head.authorization, text));
		assert(head.length <= HTTP_BODY_MAX);
		read_target(&arena, &head);
	} else if (n > 0) {
		assert(status >= 400 && status < 600);
	}
	text = str_slice(text, n, text.n);
	assert(read_chunks(text, text.n + 1, &whole) ==
	       read_chunks(text, data[0] % 16 + 1u, &pieces));
	buf_finish(&whole);
	buf_finish(&pieces);
	arena_finish(&arena);
	return 0;
}
