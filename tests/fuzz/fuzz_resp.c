/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes to the reader of replies, whole and in pieces: the same replies, or the same refusal. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/stream_id.h"
#include "io/redis_inside.h"

#define LIMIT ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Checks that the spans of a tape fit into one another; returns the item behind `reply`. */
static const struct reply *
walk(const struct reply *reply, unsigned depth, struct buf *out)
{
	const struct reply *item = reply + 1;

	assert(depth <= REPLY_MAX_DEPTH);
	buf_char(out, (char)reply->type);
	buf_int(out, reply->integer);
	buf_int(out, reply->count);
	buf_str(out, reply->text);
	assert(reply->type == REPLY_ARRAY || reply->count == 0);
	for (uint32_t i = 0; i < reply->count; i++)
		item = walk(item, depth + 1, out);
	assert(item == reply_next(reply));
	return item;
}

/* What a reply is looked at for. */
static void
use(const struct reply *reply)
{
	struct stream_id id;
	char text[STREAM_ID_TEXT];

	(void)redis_error_is_passing(reply);
	if (reply->type == REPLY_STRING && redis_version_check(reply->text, NULL))
		assert(reply->text.n > 0);
	if (reply->type == REPLY_STRING && stream_id_parse(reply->text, &id))
		stream_id_print(id, text);
}

/* Feeds in pieces of `step` bytes; all that came out is written to out. */
static bool
read_all(const char *bytes, size_t n, size_t step, struct buf *out,
	 bool (*next)(struct reply_reader *, const struct reply **, struct err *))
{
	struct reply_reader *reader = reply_reader_create();
	const struct reply *reply;
	bool good = true;

	reply_reader_limit(reader, LIMIT);
	for (size_t at = 0; good && at < n; at += step) {
		reply_reader_feed(reader, bytes + at, n - at < step ? n - at : step);
		while ((good = next(reader, &reply, NULL)) && reply != NULL) {
			walk(reply, 0, out);
			use(reply);
		}
	}
	reply_reader_destroy(reader);
	return good;
}

/* Grammar of an input: step byte, bytes of replies. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole = {0}, pieces = {0};
	const char *bytes = (const char *)data + 1;
	bool good;

	if (size < 2)
		return 0;
	good = read_all(bytes, size - 1, size - 1, &whole, reply_reader_next);
	(void)read_all(bytes, size - 1, data[0] % 16 + 1, &pieces, reply_reader_next_piece);
	buf_clear(&pieces);
	assert(read_all(bytes, size - 1, data[0] % 16 + 1, &pieces, reply_reader_next) == good);
	assert(str_eq(buf_view(&whole), buf_view(&pieces)));
	buf_finish(&whole);
	buf_finish(&pieces);
	return 0;
}
