/* SPDX-License-Identifier: Apache-2.0 */
/* Writes commands as RESP arrays of bulk strings. */
#include "codec/resp.h"

#include <string.h>

/* "$" or "*", decimal digits of a 64-bit number, CR LF. */
#define HEAD_MAX 24

/* Grammar: head = mark digits CR LF. Digits are made backwards, so the head is right-aligned. */
static const char *
head_text(char out[HEAD_MAX], char mark, size_t count, size_t *n)
{
	char *p = out + HEAD_MAX;

	*--p = '\n';
	*--p = '\r';
	do {
		*--p = (char)('0' + count % 10);
		count /= 10;
	} while (count > 0);
	*--p = mark;
	*n = (size_t)(out + HEAD_MAX - p);
	return p;
}

void
resp_array(struct buf *out, size_t count)
{
	char head[HEAD_MAX];
	size_t n;
	const char *p = head_text(head, '*', count, &n);

	buf_add(out, p, n);
}

void
resp_arg(struct buf *out, struct str arg)
{
	char head[HEAD_MAX];
	size_t n;
	const char *p = head_text(head, '$', arg.n, &n);
	char *to = buf_space(out, n + arg.n + 2);

	memcpy(to, p, n);
	if (arg.n > 0)
		memcpy(to + n, arg.p, arg.n);
	memcpy(to + n + arg.n, "\r\n", 3); /* and the NUL that a buf keeps behind its end */
	out->n += n + arg.n + 2;
}

void
resp_text(struct buf *out, const char *arg)
{
	resp_arg(out, str_of(arg));
}

void
resp_int(struct buf *out, int64_t arg)
{
	char digits[24];
	char *end = digits + sizeof digits;
	char *p = end;
	uint64_t left = arg < 0 ? 0 - (uint64_t)arg : (uint64_t)arg;

	do {
		*--p = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (arg < 0)
		*--p = '-';
	resp_arg(out, (struct str){p, (size_t)(end - p)});
}

void
resp_command_v(struct buf *out, va_list words)
{
	va_list again;
	const char *word;
	size_t count = 0;

	va_copy(again, words);
	while (va_arg(again, const char *) != NULL)
		count++;
	va_end(again);
	resp_array(out, count);
	while ((word = va_arg(words, const char *)) != NULL)
		resp_text(out, word);
}

void
resp_command(struct buf *out, ...)
{
	va_list words;

	va_start(words, out);
	resp_command_v(out, words);
	va_end(words);
}
