/* SPDX-License-Identifier: Apache-2.0 */
/* The growing buffer of base/text.h. */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/number.h"
#include "base/text.h"

void
buf_finish(struct buf *buf)
{
	mem_free(buf->p);
	*buf = (struct buf){0};
}

void
buf_clear(struct buf *buf)
{
	buf->n = 0;
	if (buf->p != NULL)
		buf->p[0] = '\0';
}

/* What was held once is forgotten by a thirty-second each time. */
void
buf_settle(struct buf *buf, size_t *lately)
{
	*lately = buf->n > *lately ? buf->n : *lately - (*lately - buf->n) / 32;
	if (buf->cap > BUF_KEPT && buf->cap / 8 > *lately)
		buf_finish(buf);
	else
		buf_clear(buf);
}

/* One byte more than asked is kept for the NUL. */
char *
buf_grow(struct buf *buf, size_t bytes)
{
	if (bytes >= SIZE_MAX / 2 - buf->n)
		mem_fail();
	MEM_RESERVE(buf->p, buf->cap, buf->n + bytes + 1);
	return buf->p + buf->n;
}

void
buf_add(struct buf *buf, const void *bytes, size_t n)
{
	char *p = buf_space(buf, n);

	if (n != 0)
		memcpy(p, bytes, n);
	p[n] = '\0';
	buf->n += n;
}

void
buf_str(struct buf *buf, struct str text)
{
	buf_add(buf, text.p, text.n);
}

void
buf_text(struct buf *buf, const char *text)
{
	buf_add(buf, text, strlen(text));
}

void
buf_char(struct buf *buf, char c)
{
	buf_add(buf, &c, 1);
}

void
buf_int(struct buf *buf, int64_t number)
{
	char *end = print_int64(number, buf_space(buf, INT64_DIGITS));

	*end = '\0';
	buf->n = (size_t)(end - buf->p);
}

void
buf_printf(struct buf *buf, const char *fmt, ...)
{
	size_t room = 128;

	for (;;) {
		char *p = buf_space(buf, room);
		va_list args;

		va_start(args, fmt);
		int n = vsnprintf(p, room + 1, fmt, args);
		va_end(args);
		assert(n >= 0);
		if ((size_t)n <= room) {
			buf->n += (size_t)n;
			return;
		}
		room = (size_t)n;
	}
}

struct str
buf_view(const struct buf *buf)
{
	return (struct str){buf->p, buf->n};
}
