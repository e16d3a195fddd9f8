/* SPDX-License-Identifier: Apache-2.0 */
/* Scans a stream's entries: [id, [key, value ...]].
 *
 * Where a text ends, and so where the next one begins, stands in its head. Reading the heads one after the other, each
 * has to be there before the next is looked for, and that is what a scan of short texts waits for. But producers write
 * entries of few shapes: each head is taken to be as it was in the entry before, which is only compared, so that the
 * processor goes on meanwhile. */
#include <string.h>

#include "io/reply_inside.h"

#define WORD sizeof(uint64_t)

/* The head at p, of which WORD bytes are there, from now on: mark digit digit? CR LF. false: it is another. */
static bool
head_learn(struct reply_head *head, char mark, const char *p)
{
	unsigned number, digits = 1;

	if (p[0] != mark || (number = (unsigned)(p[1] - '0')) > 9)
		return false;
	if ((unsigned)(p[2] - '0') <= 9) {
		number = number * 10 + (unsigned)(p[2] - '0');
		digits++;
	}
	if (memcmp(p + 1 + digits, "\r\n", 2) != 0)
		return false;
	memset(head, 0xff, sizeof *head);
	head->number = (uint8_t)number;
	head->size = (uint8_t)(digits + 3);
	memset(&head->beyond, 0, head->size);
	memcpy(&head->bytes, p, head->size);
	return true;
}

#define TEXT_MOST (5 + 99 + 2) /* bytes of a text with its head */

/* Moves *p past the head there. end NULL, here and below: there is more than it can take. */
static inline bool
head_take(struct reply_head *head, char mark, const char **p, const char *end)
{
	uint64_t word;

	if (end && (size_t)(end - *p) < WORD)
		return false;
	memcpy(&word, *p, WORD);
	if ((word | head->beyond) != head->bytes && !head_learn(head, mark, *p))
		return false;
	*p += head->size;
	return true;
}

/* Moves *p past the text there. */
static inline bool
text_take(struct reply_head *head, const char **p, const char *end, struct reply *out)
{
	const char *text;

	if (!head_take(head, '$', p, end))
		return false;
	text = *p;
	if ((end && (size_t)(end - text) < head->number + (size_t)2) ||
	    memcmp(text + head->number, "\r\n", 2) != 0)
		return false;
	*out = (struct reply){.type = REPLY_STRING, .span = 1, .text = {text, head->number}};
	*p = text + head->number + 2;
	return true;
}

static inline bool
texts_take(struct reply_head *heads, uint32_t count, const char **p, const char *end,
	   struct reply *out)
{
	for (uint32_t i = 0; i < count; i++)
		if (!text_take(&heads[i], p, end, out + i))
			return false;
	return true;
}

bool
reply_scan_entry(struct reply_reader *reader, const char **at, const char *end)
{
	struct reply_shape *shape = &reader->shape;
	const char *p = *at;
	struct reply *entry;
	uint32_t texts;

	if ((size_t)(end - p) < WORD || memcmp(p, "*2\r\n", 4) != 0)
		return false;
	p += 4;
	MEM_RESERVE(reader->items, reader->cap, reader->count + 3 + REPLY_SHAPE);
	entry = reader->items + reader->count;
	if (!text_take(&shape->id, &p, end, entry + 1) ||
	    !head_take(&shape->list, '*', &p, end))
		return false;
	texts = shape->list.number;
	if (texts == 0 || texts > REPLY_SHAPE)
		return false;
	if ((size_t)(end - p) < texts * TEXT_MOST + WORD
		    ? !texts_take(shape->texts, texts, &p, end, entry + 3)
		    : !texts_take(shape->texts, texts, &p, NULL, entry + 3))
		return false;
	entry[0] = (struct reply){.type = REPLY_ARRAY, .span = texts + 3, .count = 2};
	entry[0].last = 2;
	entry[2] = (struct reply){.type = REPLY_ARRAY, .span = texts + 1, .count = texts};
	entry[2].last = texts;
	reader->count += texts + 3;
	*at = p;
	return true;
}
