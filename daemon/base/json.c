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

/* Room for an item of so many bytes, behind the comma that it needs; root values are never joined by commas. What
 * was written there ends with item_end(). */
static inline char *
item_begin(struct json *json, size_t bytes)
{
	char *p = buf_space(json->out, bytes + 1);
	uint32_t bit;

	if (json->after_key || json->depth == 0) {
		json->after_key = false;
		return p;
	}
	bit = UINT32_C(1) << (json->depth - 1);
	if (json->has_item & bit)
		*p++ = ',';
	json->has_item |= bit;
	return p;
}

static inline void
item_end(struct json *json, char *end)
{
	*end = '\0';
	json->out->n = (size_t)(end - json->out->p);
}

void
json_open(struct json *json, char bracket)
{
	assert((bracket == '{' || bracket == '[') && json->depth < 32);
	char *p = item_begin(json, 1);

	*p++ = bracket;
	item_end(json, p);
	json->has_item &= ~(UINT32_C(1) << json->depth);
	json->depth++;
}

void
json_close(struct json *json, char bracket)
{
	assert((bracket == '}' || bracket == ']') && json->depth > 0 && !json->after_key);
	*buf_space(json->out, 1) = bracket;
	item_end(json, json->out->p + json->out->n + 1);
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

static inline uint64_t
odd_bytes(uint64_t word)
{
	return word_odd(word) | word_is(word, '"') | word_is(word, '\\');
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

/* A text in quotes that stands as it is, and `tail` behind it unless that is 0. */
static inline void
put_plain(struct json *json, struct str text, char tail)
{
	char *p = item_begin(json, text.n + 3);

	*p++ = '"';
	if (text.n > 0)
		memcpy(p, text.p, text.n);
	p += text.n;
	*p++ = '"';
	if (tail)
		*p++ = tail;
	item_end(json, p);
}

/* The same of any text. */
static void
put_quoted(struct json *json, struct str text, char tail)
{
	char *p;

	if (!words_marked(text.p, text.n, odd_bytes)) {
		put_plain(json, text, tail);
		return;
	}
	p = item_begin(json, 1);
	*p++ = '"';
	item_end(json, p);
	for (size_t at = 0; at < text.n;) {
		size_t plain = count_plain(text, at);

		buf_add(json->out, text.p + at, plain);
		at += plain;
		if (at < text.n)
			at += add_escaped(json->out, text, at);
	}
	p = buf_space(json->out, 2);
	*p++ = '"';
	if (tail)
		*p++ = tail;
	item_end(json, p);
}

void
json_key_str(struct json *json, struct str key)
{
	assert(json->depth > 0 && !json->after_key);
	put_quoted(json, key, ':');
	json->after_key = true;
}

void
json_key_plain(struct json *json, struct str key)
{
	assert(json->depth > 0 && !json->after_key);
	put_plain(json, key, ':');
	json->after_key = true;
}

void
json_str(struct json *json, struct str text)
{
	put_quoted(json, text, 0);
}

void
json_text(struct json *json, const char *text)
{
	json_str(json, str_of(text));
}

void
json_int(struct json *json, int64_t number)
{
	item_end(json, item_begin(json, 1));
	buf_int(json->out, number);
}

void
json_number(struct json *json, double number)
{
	item_end(json, item_begin(json, 1));
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
	char text[INSTANT_TEXT];

	if (at == NEVER || at == INT64_MIN) {
		json_none(json);
		return;
	}
	print_instant(at, text);
	put_plain(json, str_of(text), 0);
}

void
json_raw(struct json *json, struct str already_json)
{
	char *p = item_begin(json, already_json.n);

	if (already_json.n > 0)
		memcpy(p, already_json.p, already_json.n);
	item_end(json, p + already_json.n);
}

void
json_put_str(struct json *json, const char *key, struct str text)
{
	json_key(json, key);
	json_str(json, text);
}

void
json_put_int(struct json *json, const char *key, int64_t number)
{
	json_key(json, key);
	json_int(json, number);
}

void
json_put_number(struct json *json, const char *key, double number)
{
	json_key(json, key);
	json_number(json, number);
}

void
json_put_instant(struct json *json, const char *key, int64_t at)
{
	json_key(json, key);
	json_instant(json, at);
}
