/* SPDX-License-Identifier: Apache-2.0 */
/* Reads Redis' replies onto a flat tape.
 *
 * hiredis keeps the bytes and reads everything but the one shape that comes by the million: arrays of arrays
 * and texts (XREAD, HGETALL). Those are scanned where they lie in its buffer, and their texts stay there; at
 * anything else in them the scan (reply_scan.c) gives up, and hiredis reads that reply from its first byte. */
#include "io/reply.h"

#include <assert.h>
#include <string.h>

#include "io/reply_inside.h"

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

void
reply_tape_close(struct reply_reader *reader)
{
	do {
		struct open_array *array = &reader->open[--reader->depth];

		reader->items[array->item].span = (uint32_t)(reader->count - array->item);
	} while (reader->depth > 0 && --reader->open[reader->depth - 1].left == 0);
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
	/* After a refusal hiredis takes no more; reply_reader_next tells. What it has no memory for is in the midst of a
	 * reply, whose end would be waited for. */
	if (reader->refused == NULL && n > 0 &&
	    redisReaderFeed(reader->parser, bytes, n) != REDIS_OK &&
	    reader->parser->err == REDIS_ERR_OOM)
		mem_fail();
	reader->pending += n;
}

/* True when the tape holds a whole reply. */
static bool
read_reply(struct reply_reader *reader)
{
	void *object = NULL;

	if (!reader->parsing) {
		switch (reply_scan(reader)) {
		case SCAN_WHOLE:
			return true;
		case SCAN_SHORT:
			return false;
		case SCAN_STRANGE:
			reply_scan_abandon(reader);
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
		reply_scan_consume(reader);
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
