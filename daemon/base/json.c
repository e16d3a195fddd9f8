/* SPDX-License-Identifier: Apache-2.0 */
/* Writes JSON and keeps its commas. */
#include "base/json.h"

#include <assert.h>
#include <string.h>

#include "base/civil.h"
#include "base/number.h"
#include "base/words.h"

void
json_init(struct json *json, struct buf *out)
{
	*json = (struct json){.out = out};
}

void
json_open(struct json *json, char bracket)
{
	assert((bracket == '{' || bracket == '[') && json->depth < 32);
	char *p = json_begin(json, 1);

	*p++ = bracket;
	json_end(json, p);
	json->has_item &= ~(UINT32_C(1) << json->depth);
	json->depth++;
}

void
json_close(struct json *json, char bracket)
{
	assert((bracket == '}' || bracket == ']') && json->depth > 0 && !json->after_key);
	*buf_space(json->out, 1) = bracket;
	json_end(json, json->out->p + json->out->n + 1);
	json->depth--;
}

/* The letter after the backslash, or 0. */
static char
short_escape(unsigned char c)
{
	static const char letters[32] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r',
	};

	return c == '"' || c == '\\' ? (char)c : c < 32 ? letters[c] : '\0';
}

/* One character that cannot stand as it is; returns its bytes. */
static size_t
add_escaped(struct buf *out, struct str text, size_t at)
{
	unsigned char c = (unsigned char)text.p[at];
	size_t n = utf8_char(text, at);

	if (n == 0) {
		buf_text(out, "\xef\xbf\xbd");
		return 1;
	}
	if (n > 1)
		buf_add(out, text.p + at, n);
	else if (short_escape(c))
		buf_add(out, (char[2]){'\\', short_escape(c)}, 2);
	else
		buf_printf(out, "\\u%04x", c);
	return n;
}

/* Marks what cannot stand in quotes as it is, and all of UTF-8 beyond ASCII; exact up to and including the lowest one:
 * what a borrow or a carry marks lies above a byte that is marked. */
static inline uint64_t
odd_bytes(uint64_t word)
{
	uint64_t quote = word ^ WORD_EACH('"'), slash = word ^ WORD_EACH('\\');

	return ((word - WORD_EACH(32)) | (quote - WORD_EACH(1)) | (slash - WORD_EACH(1)) |
		(word + WORD_EACH(1)) | word) &
	       WORD_HIGH;
}

/* How many bytes from `at` on stand as they are. */
static size_t
count_plain(struct str text, size_t at)
{
	size_t from = at;

	for (; text.n - at >= 8; at += 8) {
		uint64_t marks = odd_bytes(word_load(text.p + at));

		if (marks)
			return at - from + word_first(marks);
	}
	while (at < text.n && (unsigned char)text.p[at] - 32u < 95u && text.p[at] != '"' &&
	       text.p[at] != '\\')
		at++;
	return at - from;
}

/* In UTF-8, and nothing in it is to be escaped. */
static bool
stands(struct str text)
{
	size_t n = 1;

	if (!words_marked(text.p, text.n, odd_bytes))
		return true;
	for (size_t at = 0; at < text.n && n != 0; at += n) {
		unsigned char c = (unsigned char)text.p[at];

		n = c < 0x80 ? !odd_bytes(c | WORD_EACH(' ') << 8) : utf8_char(text, at);
	}
	return n != 0;
}

static void
put_escaped(struct json *json, struct str text)
{
	json_end(json, json_begin(json, 0));
	buf_char(json->out, '"');
	for (size_t at = 0; at < text.n;) {
		size_t plain = count_plain(text, at);

		buf_add(json->out, text.p + at, plain);
		at += plain;
		if (at < text.n)
			at += add_escaped(json->out, text, at);
	}
	buf_char(json->out, '"');
}

void
json_key_str(struct json *json, struct str key)
{
	json_str(json, key);
	buf_char(json->out, ':');
	json->after_key = true;
}

void
json_plain(struct json *json, struct str text)
{
	char *p = json_begin(json, text.n + 2);

	*p++ = '"';
	if (text.n > 0)
		memcpy(p, text.p, text.n);
	p += text.n;
	*p++ = '"';
	json_end(json, p);
}

void
json_str(struct json *json, struct str text)
{
	if (stands(text))
		json_plain(json, text);
	else
		put_escaped(json, text);
}

void
json_text(struct json *json, const char *text)
{
	json_str(json, str_of(text));
}

void
json_int(struct json *json, int64_t number)
{
	json_end(json, json_begin(json, 0));
	buf_int(json->out, number);
}

void
json_number(struct json *json, double number)
{
	json_end(json, json_begin(json, 0));
	buf_number(json->out, number);
}

void
json_bool(struct json *json, bool value)
{
	json_raw(json, value ? STR("true") : STR("false"));
}

void
json_none(struct json *json)
{
	json_raw(json, STR("null"));
}

void
json_instant(struct json *json, int64_t at)
{
	char *p;

	if (at == NEVER || at == INT64_MIN) {
		json_none(json);
		return;
	}
	p = json_begin(json, INSTANT_TEXT + 2);
	*p++ = '"';
	p = print_instant(at, p);
	*p++ = '"';
	json_end(json, p);
}

void
json_raw(struct json *json, struct str already_json)
{
	char *p = json_begin(json, already_json.n);

	if (already_json.n > 0)
		memcpy(p, already_json.p, already_json.n);
	json_end(json, p + already_json.n);
}
