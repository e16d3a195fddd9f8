/* SPDX-License-Identifier: Apache-2.0 */
/* Writes JSON and keeps its commas. */
#include "base/json.h"

#include <assert.h>
#include <string.h>

#include "base/civil.h"
#include "base/number.h"

void
json_init(struct json *json, struct buf *out)
{
	*json = (struct json){.out = out};
}

/* Before every value and key: the comma that it needs. Root values are never joined by commas. */
static void
begin_item(struct json *json)
{
	if (json->after_key) {
		json->after_key = false;
		return;
	}
	if (json->depth == 0)
		return;
	uint32_t bit = UINT32_C(1) << (json->depth - 1);

	if (json->has_item & bit)
		buf_char(json->out, ',');
	json->has_item |= bit;
}

void
json_open(struct json *json, char bracket)
{
	assert((bracket == '{' || bracket == '[') && json->depth < 32);
	begin_item(json);
	buf_char(json->out, bracket);
	json->has_item &= ~(UINT32_C(1) << json->depth);
	json->depth++;
}

void
json_close(struct json *json, char bracket)
{
	assert((bracket == '}' || bracket == ']') && json->depth > 0 && !json->after_key);
	buf_char(json->out, bracket);
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

/* Bytes that stand as they are. */
static bool
is_plain(unsigned char c)
{
	return c >= 32 && c < 127 && c != '"' && c != '\\';
}

static void
add_quoted(struct buf *out, struct str text)
{
	size_t at = 0;

	buf_char(out, '"');
	while (at < text.n) {
		size_t from = at;

		while (at < text.n && is_plain((unsigned char)text.p[at]))
			at++;
		buf_add(out, text.p + from, at - from);
		if (at < text.n)
			at += add_escaped(out, text, at);
	}
	buf_char(out, '"');
}

void
json_key_str(struct json *json, struct str key)
{
	assert(json->depth > 0 && !json->after_key);
	begin_item(json);
	add_quoted(json->out, key);
	buf_char(json->out, ':');
	json->after_key = true;
}

void
json_key(struct json *json, const char *key)
{
	json_key_str(json, str_of(key));
}

void
json_str(struct json *json, struct str text)
{
	begin_item(json);
	add_quoted(json->out, text);
}

void
json_text(struct json *json, const char *text)
{
	json_str(json, str_of(text));
}

void
json_int(struct json *json, int64_t number)
{
	begin_item(json);
	buf_int(json->out, number);
}

void
json_number(struct json *json, double number)
{
	begin_item(json);
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
	json_text(json, text);
}

void
json_raw(struct json *json, struct str already_json)
{
	begin_item(json);
	buf_str(json->out, already_json);
}
