/* SPDX-License-Identifier: Apache-2.0 */
/* Text: borrowed bytes, growing buffers, UTF-8. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"

/* Borrowed bytes, not terminated; {NULL, 0} is "none", and equal to the empty text. */
struct str {
	const char *p;
	size_t n;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
#define STR_NONE ((struct str){NULL, 0})
#define STR_ARG(s) (int)(s).n, (s).p ? (s).p : "" /* for "%.*s" */

struct str str_of(const char *text); /* NULL gives STR_NONE */
/* Up to 16 bytes as two words: the same for equal bytes, and of one length for no others. */
struct text_words {
	uint64_t head, tail;
};

static inline struct text_words
text_words(const char *p, size_t n)
{
	struct text_words words = {0, 0};
	uint32_t a, b;

	if (n >= 8) {
		memcpy(&words.head, p, 8);
		memcpy(&words.tail, p + n - 8, 8);
	} else if (n >= 4) {
		memcpy(&a, p, 4);
		memcpy(&b, p + n - 4, 4);
		words.head = (uint64_t)a << 32 | b;
	} else if (n > 0) {
		words.head = (uint64_t)(unsigned char)p[0] << 16 |
			     (uint64_t)(unsigned char)p[n / 2] << 8 |
			     (uint64_t)(unsigned char)p[n - 1];
	}
	return words;
}

static inline bool
str_eq(struct str a, struct str b)
{
	struct text_words x, y;

	if (a.n != b.n)
		return false;
	if (a.n > 16)
		return memcmp(a.p, b.p, a.n) == 0;
	x = text_words(a.p, a.n);
	y = text_words(b.p, b.n);
	return x.head == y.head && x.tail == y.tail;
}

bool str_is(struct str a, const char *text);
int str_cmp(struct str a, struct str b); /* by bytes, a prefix first: the order of customers */
bool str_starts(struct str text, struct str prefix);
bool str_ends(struct str text, struct str suffix);
struct str str_slice(struct str text, size_t from, size_t to);
struct str str_trim(struct str text); /* without spaces and tabs at both ends */

/* True for well-formed UTF-8 (no surrogates, no overlong forms). */
bool utf8_valid(struct str text);
/* Bytes of the well-formed character that begins at `at`; 0 when there is none. */
size_t utf8_char(struct str text, size_t at);
/* True when a byte is 0..31 or 127. */
bool text_has_control(struct str text);
size_t utf8_count(struct str text); /* characters; a broken byte counts one */
/* The longest length <= bytes on a character edge. */
size_t utf8_cut(struct str text, size_t bytes);
/* The name nearest to `wrong` (edit distance at most a third of its length, at least 1), or STR_NONE. */
struct str str_nearest(struct str wrong, const struct str *names, size_t count);

/* Growing bytes, owned. {0} is a valid empty buffer. p[n] is always NUL once anything was added. */
struct buf {
	char *p;
	size_t n, cap;
};

void buf_finish(struct buf *buf);
void buf_clear(struct buf *buf); /* keeps the memory */
/* The same, but gives memory back that is far more than what has been held lately; `lately`: the caller's, 0 at first. */
void buf_settle(struct buf *buf, size_t *lately);
#define BUF_KEPT ((size_t)1 << 20)	       /* bytes that are always kept */
char *buf_grow(struct buf *buf, size_t bytes); /* buf_space() where there is none */
/* Room for bytes more at p + n, and a NUL; does not change n. */
static inline char *
buf_space(struct buf *buf, size_t bytes)
{
	return buf->cap - buf->n > bytes ? buf->p + buf->n : buf_grow(buf, bytes);
}
void buf_add(struct buf *buf, const void *bytes, size_t n);
void buf_str(struct buf *buf, struct str text);
void buf_text(struct buf *buf, const char *text);
void buf_char(struct buf *buf, char c);
void buf_int(struct buf *buf, int64_t number);
void buf_printf(struct buf *buf, const char *fmt, ...) PRINTF_LIKE(2, 3);
struct str buf_view(const struct buf *buf);

#endif
