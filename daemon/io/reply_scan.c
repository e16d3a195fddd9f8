/* SPDX-License-Identifier: Apache-2.0 */
/* Scans arrays of arrays and texts where they lie in hiredis' buffer. */
#include <string.h>

#include "io/reply_inside.h"

#define SCAN_DIGITS 9

/* Grammar: head = ("*" | "$") digits CR LF. Returns what follows it, or NULL with *result set. */
static inline const char *
scan_head(const char *p, const char *end, uint32_t *number, enum scan *result)
{
	const char *first = ++p;
	uint32_t n = 0;

	while (p < end && (unsigned)(*p - '0') <= 9 && p - first < SCAN_DIGITS)
		n = n * 10 + (uint32_t)(*p++ - '0');
	*number = n;
	*result = end - p < 2 ? SCAN_SHORT : SCAN_STRANGE;
	if (end - p < 2 || p == first || p[0] != '\r' || p[1] != '\n')
		return NULL;
	return p + 2;
}

/* hiredis moves its bytes when it makes room for more: the texts found in them so far go along. */
static void
scan_follow(struct reply_reader *reader, const char *reply)
{
	uintptr_t moved = (uintptr_t)reply - reader->scanned_at;

	for (size_t i = 0; moved != 0 && i < reader->count; i++)
		if (reader->items[i].type == REPLY_STRING)
			reader->items[i].text.p =
				(const char *)((uintptr_t)reader->items[i].text.p + moved);
	reader->scanned_at = (uintptr_t)reply;
}

/* One element more; *at moves past it. */
static inline enum scan
scan_element(struct reply_reader *reader, const char *reply, size_t n, size_t *at)
{
	const char *p = reply + *at, *end = reply + n;
	enum scan result;
	struct reply *item;
	uint32_t number;
	char mark;

	if (p == end)
		return SCAN_SHORT;
	mark = *p;
	if (mark != '$' && mark != '*')
		return SCAN_STRANGE;
	p = scan_head(p, end, &number, &result);
	if (p == NULL)
		return result;
	if (mark == '*') {
		if (number == 0 || reader->depth == REPLY_MAX_DEPTH)
			return SCAN_STRANGE;
		tape_add(reader, REPLY_ARRAY)->count = number;
		reader->open[reader->depth++] = (struct open_array){
			.item = (uint32_t)(reader->count - 1), .left = number};
		*at = (size_t)(p - reply);
		return SCAN_WHOLE;
	}
	if ((size_t)(end - p) < (size_t)number + 2)
		return SCAN_SHORT;
	if (p[number] != '\r' || p[number + 1] != '\n')
		return SCAN_STRANGE;
	item = tape_add(reader, REPLY_STRING);
	item->text.p = p;
	item->text.n = number;
	*at = (size_t)(p - reply) + number + 2;
	(void)tape_done(reader);
	return SCAN_WHOLE;
}

/* The head of a short text, "$" digit digit? CR LF, and the text's length; NULL when it is another, or may be cut off. */
static inline const char *
scan_short_head(const char *p, const char *end, size_t *n)
{
	unsigned first, second;

	if (end - p < 6 || p[0] != '$' || (first = (unsigned)(p[1] - '0')) > 9)
		return NULL;
	*n = first;
	if (memcmp(p + 2, "\r\n", 2) == 0)
		return p + 4;
	second = (unsigned)(p[2] - '0');
	*n = first * 10 + second;
	return second <= 9 && memcmp(p + 3, "\r\n", 2) == 0 ? p + 5 : NULL;
}

#define RUN 64

/* What comes by the million: short texts, up to the last of their array, which also closes it. What is none of these is
 * left to scan_element(). *at moves past them. */
static inline void
scan_run(struct reply_reader *reader, const char *reply, size_t n, size_t *at)
{
	struct open_array *array = &reader->open[reader->depth - 1];
	uint32_t most = array->left - 1 < RUN ? array->left - 1 : RUN, taken = 0;
	const char *p = reply + *at, *end = reply + n, *text;
	struct reply *item;
	size_t length;

	MEM_RESERVE(reader->items, reader->cap, reader->count + most);
	item = reader->items + reader->count;
	while (taken < most && (text = scan_short_head(p, end, &length)) != NULL) {
		if ((size_t)(end - text) < length + 2 || memcmp(text + length, "\r\n", 2) != 0)
			break;
		item[taken++] =
			(struct reply){.type = REPLY_STRING, .span = 1, .text = {text, length}};
		p = text + length + 2;
	}
	reader->count += taken;
	array->left -= taken;
	*at = (size_t)(p - reply);
}

/* Entries of a stream, up to the last of their array, which also closes it. *at moves past them. */
static inline void
scan_entries(struct reply_reader *reader, const char *reply, size_t n, size_t *at)
{
	struct open_array *array = &reader->open[reader->depth - 1];
	const char *p = reply + *at;

	if (reader->depth + 2 > REPLY_MAX_DEPTH)
		return;
	while (array->left > 1 && reader->count <= REPLY_MAX_ITEMS &&
	       reply_scan_entry(reader, &p, reply + n))
		array->left--;
	*at = (size_t)(p - reply);
}

/* Elements that were scanned of the outermost array, if they are texts alone; else 0. */
static uint32_t
scan_texts(const struct reply_reader *reader)
{
	uint32_t texts = (uint32_t)reader->count - 1;

	if (reader->depth != 1 || reader->items[0].count - reader->open[0].left != texts)
		return 0;
	return texts;
}

static bool
scan_has_enough(const struct reply_reader *reader)
{
	return reader->count > REPLY_MAX_ITEMS ||
	       (reader->in_pieces && scan_texts(reader) == REPLY_PIECE);
}

/* Makes the tape a piece of an array that is not whole; false when there is none yet. */
static bool
scan_piece(struct reply_reader *reader)
{
	uint32_t texts = scan_texts(reader) / 2 * 2;

	if (!reader->in_pieces || texts == 0)
		return false;
	reader->more = reader->items[0].count - texts;
	reader->items[0].count = texts;
	reader->items[0].span = texts + 1;
	reader->items[0].more = reader->more;
	reader->count = texts + 1;
	reader->scanned = reader->paired;
	reader->depth = 0;
	return true;
}

/* The tape begins as if the array did here. */
static void
scan_resume(struct reply_reader *reader)
{
	tape_add(reader, REPLY_ARRAY)->count = reader->more;
	reader->open[reader->depth++] = (struct open_array){.item = 0, .left = reader->more};
	reader->more = 0;
	reader->resumed = true;
}

enum scan
reply_scan(struct reply_reader *reader)
{
	const char *reply = reader->parser->buf + reader->parser->pos;
	size_t n = reader->parser->len - reader->parser->pos, at = reader->scanned;
	enum scan result;

	if (reader->more > 0)
		scan_resume(reader);
	if (n == 0 || (at == 0 && reader->depth == 0 && *reply != '*'))
		return n == 0 ? SCAN_SHORT : SCAN_STRANGE;
	scan_follow(reader, reply);
	do {
		if (reader->depth > 0 && !reader->in_pieces) {
			scan_entries(reader, reply, n, &at);
			scan_run(reader, reply, n, &at);
		}
		result = scan_element(reader, reply, n, &at);
		if (reader->count % 2 == 1)
			reader->paired = at;
	} while (result == SCAN_WHOLE && reader->depth > 0 && !scan_has_enough(reader));
	reader->scanned = at;
	if (result != SCAN_STRANGE && reader->depth > 0 && scan_piece(reader))
		result = SCAN_WHOLE;
	if (result == SCAN_WHOLE && reader->depth > 0)
		return SCAN_SHORT; /* too many items: the caller refuses them */
	if (result == SCAN_WHOLE)
		reader->resumed = false;
	return result;
}

void
reply_scan_consume(struct reply_reader *reader)
{
	redisReader *parser = reader->parser;
	size_t left;
	void *object;

	parser->pos += reader->scanned;
	reader->scanned = 0;
	left = parser->len - parser->pos;
	if (left > 0 && (reader->more == 0 || left > parser->pos))
		return;
	/* With nothing left to read, which it is made to believe, this only gives the room back. */
	parser->len = parser->pos;
	(void)redisReaderGetReply(parser, &object);
	parser->len = parser->pos + left;
}

void
reply_scan_abandon(struct reply_reader *reader)
{
	if (reader->resumed)
		reader->refused = "an array that begins with texts and goes on otherwise";
	reader->count = 0;
	reader->depth = 0;
	reader->scanned = 0;
	reader->parsing = true;
}
