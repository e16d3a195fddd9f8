/* SPDX-License-Identifier: Apache-2.0 */
/* Reads Redis' replies onto a flat tape.
 *
 * hiredis keeps the bytes and reads everything but the one shape that comes by the million: arrays of arrays
 * and texts (XREAD, HGETALL). Those are scanned where they lie in its buffer, and their texts stay there; at
 * anything else in them the scan gives up, and hiredis reads that reply from its first byte. */
#include "io/reply.h"

#include <assert.h>
#include <string.h>

#include <hiredis/hiredis.h>

#include "base/mem.h"

/* hiredis 0.14 counts an array's elements in an int, 1.x in a size_t and knows RESP3. */
#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

#define CHUNK_BYTES ((size_t)256 << 10)
#define KEEP_BYTES ((size_t)4 << 20)   /* of text, kept from one reply to the next */
#define KEEP_ITEMS ((size_t)128 << 10) /* likewise of items */
#define FEED_SPARE ((size_t)4 << 20)   /* hiredis gives its buffer back beyond this */

/* Text moves never: a full chunk is left as it is and the next one begun. */
struct chunk {
	struct chunk *next; /* owned */
	size_t size;
	char bytes[];
};

struct open_array {
	uint32_t item; /* its place on the tape */
	uint32_t left; /* elements still to come */
};

struct reply_reader {
	redisReader *parser; /* owned */
	struct reply *items; /* owned: the tape */
	size_t count, cap;
	struct open_array open[REPLY_MAX_DEPTH];
	unsigned depth;
	struct chunk *chunks; /* owned, first to last */
	struct chunk *chunk;  /* borrowed from chunks: the one being filled */
	size_t used;	      /* of it */
	size_t pending;	      /* bytes fed since the last whole reply */
	size_t limit;	      /* of pending */
	const char *refused;  /* what is wrong, in words; NULL while nothing is */
	bool handed_out;      /* the tape holds a whole reply */
	bool parsing;	      /* hiredis is at work on this reply */
	size_t scanned;	      /* bytes of this reply that the scan has passed */
	uintptr_t scanned_at; /* where this reply, or piece, lay then */
	size_t paired;	/* likewise, behind the last even element of the outermost array */
	bool in_pieces; /* what is scanned may be handed out before it is whole */
	uint32_t more;	/* elements of an array whose first ones were handed out */
	bool resumed;	/* the array on the tape is the rest of one */
};

const struct reply *
reply_at(const struct reply *array, uint32_t i)
{
	const struct reply *item = array + 1;

	if (array->type != REPLY_ARRAY || i >= array->count)
		return NULL;
	while (i-- > 0)
		item = reply_next(item);
	return item;
}

bool
reply_is(const struct reply *reply, const char *status)
{
	return (reply->type == REPLY_STATUS || reply->type == REPLY_STRING) &&
	       str_is(reply->text, status);
}

bool
reply_error_is(const struct reply *reply, const char *word)
{
	size_t n = strlen(word);

	return reply->type == REPLY_ERROR && reply->text.n >= n &&
	       memcmp(reply->text.p, word, n) == 0 &&
	       (reply->text.n == n || reply->text.p[n] == ' ');
}

static struct chunk *
chunk_create(size_t size)
{
	struct chunk *chunk = mem_resize(NULL, sizeof *chunk + size);

	chunk->next = NULL;
	chunk->size = size;
	return chunk;
}

/* Makes the next chunk, one with room for n, the one being filled. */
static void
chunk_advance(struct reply_reader *reader, size_t n)
{
	struct chunk *next = reader->chunk->next;

	if (next == NULL || next->size < n) {
		struct chunk *made = chunk_create(n > CHUNK_BYTES ? n : CHUNK_BYTES);

		made->next = next;
		reader->chunk->next = made;
		next = made;
	}
	reader->chunk = next;
	reader->used = 0;
}

static inline const char *
text_keep(struct reply_reader *reader, const char *text, size_t n)
{
	char *to;

	if (reader->chunk->size - reader->used < n)
		chunk_advance(reader, n);
	to = reader->chunk->bytes + reader->used;
	memcpy(to, text, n);
	reader->used += n;
	return to;
}

/* Keeps the first chunks, as many as fit into KEEP_BYTES. */
static void
text_reset(struct reply_reader *reader)
{
	struct chunk **link = &reader->chunks;
	size_t kept = 0;

	while (*link != NULL) {
		struct chunk *chunk = *link;

		if (kept == 0 || kept + chunk->size <= KEEP_BYTES) {
			kept += chunk->size;
			link = &chunk->next;
			continue;
		}
		*link = chunk->next;
		mem_free(chunk);
	}
	reader->chunk = reader->chunks;
	reader->used = 0;
}

static void
tape_reset(struct reply_reader *reader)
{
	if (reader->cap > KEEP_ITEMS) {
		mem_free(reader->items);
		reader->items = NULL;
		reader->cap = 0;
	}
	reader->count = 0;
	reader->pending = 0;
	reader->handed_out = false;
	text_reset(reader);
}

static inline struct reply *
tape_add(struct reply_reader *reader, enum reply_type type)
{
	struct reply *item;

	if (reader->count == reader->cap)
		MEM_RESERVE(reader->items, reader->cap, reader->count + 1);
	if (reader->depth > 0 && reader->open[reader->depth - 1].left == 1) {
		uint32_t array = reader->open[reader->depth - 1].item;

		reader->items[array].last = (uint32_t)reader->count - array;
	}
	item = &reader->items[reader->count++];
	*item = (struct reply){.type = type, .span = 1, .text = STR_NONE};
	return item;
}

/* An element ended the innermost array, and so perhaps the ones around it. */
static void
tape_close(struct reply_reader *reader)
{
	do {
		struct open_array *array = &reader->open[--reader->depth];

		reader->items[array->item].span = (uint32_t)(reader->count - array->item);
	} while (reader->depth > 0 && --reader->open[reader->depth - 1].left == 0);
}

/* After each element. Gives what hiredis holds as "the object": anything that is not NULL, which
 * would be out of memory. */
static inline void *
tape_done(struct reply_reader *reader)
{
	if (reader->depth > 0 && --reader->open[reader->depth - 1].left == 0)
		tape_close(reader);
	return reader;
}

static void *
tape_refuse(struct reply_reader *reader, const char *why)
{
	reader->refused = why;
	return NULL;
}

static void *
tape_string(const redisReadTask *task, char *text, size_t n)
{
	struct reply_reader *reader = task->privdata;
	enum reply_type type = REPLY_STRING;
	struct reply *item;

	if (task->type == REDIS_REPLY_STATUS)
		type = REPLY_STATUS;
	else if (task->type == REDIS_REPLY_ERROR)
		type = REPLY_ERROR;
	else if (task->type != REDIS_REPLY_STRING)
		return tape_refuse(reader, "a RESP3 type, which was not asked for");
	item = tape_add(reader, type);
	item->text.p = text_keep(reader, text, n);
	item->text.n = n;
	return tape_done(reader);
}

static void *
tape_array(const redisReadTask *task, element_count elements)
{
	struct reply_reader *reader = task->privdata;

	if (task->type != REDIS_REPLY_ARRAY)
		return tape_refuse(reader, "a RESP3 type, which was not asked for");
	if ((unsigned long long)elements > INT32_MAX)
		return tape_refuse(reader, "an array of impossible length");
	tape_add(reader, REPLY_ARRAY)->count = (uint32_t)elements;
	if (elements == 0)
		return tape_done(reader);
	if (reader->depth == REPLY_MAX_DEPTH)
		return tape_refuse(reader, "arrays nested too deep");
	reader->open[reader->depth++] = (struct open_array){
		.item = (uint32_t)(reader->count - 1), .left = (uint32_t)elements};
	return reader;
}

static void *
tape_integer(const redisReadTask *task, long long integer)
{
	struct reply_reader *reader = task->privdata;

	tape_add(reader, REPLY_INTEGER)->integer = integer;
	return tape_done(reader);
}

static void *
tape_nil(const redisReadTask *task)
{
	struct reply_reader *reader = task->privdata;

	tape_add(reader, REPLY_NIL);
	return tape_done(reader);
}

#if HIREDIS_MAJOR >= 1
static void *
tape_double(const redisReadTask *task, double value, char *text, size_t n)
{
	(void)value, (void)text, (void)n;
	return tape_refuse(task->privdata, "a RESP3 type, which was not asked for");
}

static void *
tape_bool(const redisReadTask *task, int value)
{
	(void)value;
	return tape_refuse(task->privdata, "a RESP3 type, which was not asked for");
}
#endif

/* The tape is freed as a whole. */
static void
tape_free_object(void *object)
{
	(void)object;
}

static redisReplyObjectFunctions tape_functions = {
	.createString = tape_string,
	.createArray = tape_array,
	.createInteger = tape_integer,
	.createNil = tape_nil,
#if HIREDIS_MAJOR >= 1
	.createDouble = tape_double,
	.createBool = tape_bool,
#endif
	.freeObject = tape_free_object,
};

struct reply_reader *
reply_reader_create(void)
{
	struct reply_reader *reader = mem_alloc(sizeof *reader);

	reader->parser = redisReaderCreateWithFunctions(&tape_functions);
	if (reader->parser != NULL) {
		reader->parser->privdata = reader;
		reader->parser->maxbuf = FEED_SPARE;
	} else {
		mem_fail();
	}
	reader->limit = REPLY_MAX_BYTES;
	reader->chunks = chunk_create(CHUNK_BYTES);
	reader->chunk = reader->chunks;
	return reader;
}

void
reply_reader_destroy(struct reply_reader *reader)
{
	if (reader == NULL)
		return;
	while (reader->chunks != NULL) {
		struct chunk *next = reader->chunks->next;

		mem_free(reader->chunks);
		reader->chunks = next;
	}
	redisReaderFree(reader->parser);
	mem_free(reader->items);
	mem_free(reader);
}

void
reply_reader_limit(struct reply_reader *reader, size_t bytes)
{
	reader->limit = bytes;
}

void
reply_reader_feed(struct reply_reader *reader, const char *bytes, size_t n)
{
	/* After a refusal hiredis takes no more; reply_reader_next tells. */
	if (reader->refused == NULL && n > 0 &&
	    redisReaderFeed(reader->parser, bytes, n) != REDIS_OK && reader->parser->err == 0)
		reader->refused = "more than the memory holds";
	reader->pending += n;
}

/* ---- the scan ---- */

enum scan { SCAN_WHOLE, SCAN_SHORT, SCAN_STRANGE };

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

/* Goes on where it stopped for want of bytes. */
static enum scan
scan_reply(struct reply_reader *reader)
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

/* The scanned reply, or piece, was read by its owner: hiredis forgets its bytes. */
static void
scan_consume(struct reply_reader *reader)
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

static void
scan_abandon(struct reply_reader *reader)
{
	if (reader->resumed)
		reader->refused = "an array that begins with texts and goes on otherwise";
	reader->count = 0;
	reader->depth = 0;
	reader->scanned = 0;
	reader->parsing = true;
}

/* True when the tape holds a whole reply. */
static bool
read_reply(struct reply_reader *reader)
{
	void *object = NULL;

	if (!reader->parsing) {
		switch (scan_reply(reader)) {
		case SCAN_WHOLE:
			return true;
		case SCAN_SHORT:
			return false;
		case SCAN_STRANGE:
			scan_abandon(reader);
		}
	}
	if (reader->refused != NULL)
		return false;
	if (redisReaderGetReply(reader->parser, &object) != REDIS_OK && reader->refused == NULL)
		reader->refused = reader->parser->errstr;
	reader->parsing = object == NULL;
	return object != NULL;
}

static bool
take_next(struct reply_reader *reader, const struct reply **out, struct err *err)
{
	bool whole = false;

	if (reader->handed_out) {
		scan_consume(reader);
		tape_reset(reader);
	}
	if (reader->refused == NULL)
		whole = read_reply(reader);
	if (reader->refused == NULL && !whole &&
	    (reader->pending > reader->limit || reader->count > REPLY_MAX_ITEMS))
		reader->refused = "a reply that does not end";
	if (reader->refused != NULL)
		return err_set(err, "Redis sent what is no RESP2 reply: %s", reader->refused);
	reader->handed_out = whole;
	*out = whole ? reader->items : NULL;
	return true;
}

bool
reply_reader_next(struct reply_reader *reader, const struct reply **out, struct err *err)
{
	reader->in_pieces = false;
	return take_next(reader, out, err);
}

bool
reply_reader_next_piece(struct reply_reader *reader, const struct reply **out, struct err *err)
{
	reader->in_pieces = true;
	return take_next(reader, out, err);
}

size_t
reply_reader_unread(const struct reply_reader *reader)
{
	const redisReader *parser = reader->parser;

	return parser->len - parser->pos - (reader->handed_out ? reader->scanned : 0);
}
