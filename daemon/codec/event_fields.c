/* SPDX-License-Identifier: Apache-2.0 */
/* Splits one flat JSON object into fields. */
#include "codec/event_fields.h"

#include <string.h>

#include "base/number.h"
#include "codec/event_scan.h"

/* Its own loop, not a JSON library: lines of events are flat, and come by the million. It accepts flat
 * JSON objects (RFC 8259) and nothing else; texts may hold bytes that are not UTF-8, as fields of the
 * stream may. */

struct scan {
	const char *begin, *p, *end;
	struct arena *arena;
	struct err *err;
};

static bool
fail(const struct scan *scan, const char *what)
{
	if (scan->p == scan->end)
		return err_set(scan->err, "JSON ends early: %s expected", what);
	return err_set(scan->err, "JSON is wrong at byte %zu: %s expected",
		       (size_t)(scan->p - scan->begin) + 1, what);
}

static inline void
skip_space(struct scan *scan)
{
	while (scan->p < scan->end &&
	       (*scan->p == ' ' || *scan->p == '\t' || *scan->p == '\n' || *scan->p == '\r'))
		scan->p++;
}

static inline bool
take_char(struct scan *scan, char c, const char *what)
{
	if (scan->p == scan->end || *scan->p != c)
		skip_space(scan);
	if (scan->p == scan->end || *scan->p != c)
		return fail(scan, what);
	scan->p++;
	return true;
}

/* --- texts --- */

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "\u" XXXX, the p on the u. */
static bool
take_unit(struct scan *scan, uint32_t *unit)
{
	*unit = 0;
	if (scan->end - scan->p < 5 || *scan->p != 'u')
		return fail(scan, "\\u and four hex digits");
	for (int i = 1; i <= 4; i++) {
		int digit = hex_digit(scan->p[i]);

		if (digit < 0)
			return fail(scan, "\\u and four hex digits");
		*unit = *unit << 4 | (uint32_t)digit;
	}
	scan->p += 5;
	return true;
}

static char *
put_utf8(char *out, uint32_t code)
{
	if (code < 0x80) {
		*out++ = (char)code;
		return out;
	}
	if (code < 0x800) {
		*out++ = (char)(0xc0 | code >> 6);
	} else if (code < 0x10000) {
		*out++ = (char)(0xe0 | code >> 12);
		*out++ = (char)(0x80 | (code >> 6 & 0x3f));
	} else {
		*out++ = (char)(0xf0 | code >> 18);
		*out++ = (char)(0x80 | (code >> 12 & 0x3f));
		*out++ = (char)(0x80 | (code >> 6 & 0x3f));
	}
	*out++ = (char)(0x80 | (code & 0x3f));
	return out;
}

/* The p behind the backslash of a \u. */
static bool
take_code(struct scan *scan, char **out)
{
	uint32_t high, low;

	if (!take_unit(scan, &high))
		return false;
	if (high >= 0xd800 && high < 0xe000) {
		if (high >= 0xdc00 || scan->end - scan->p < 6 || *scan->p != '\\')
			return fail(scan, "the other half of a surrogate pair");
		scan->p++;
		if (!take_unit(scan, &low))
			return false;
		if (low < 0xdc00 || low >= 0xe000)
			return fail(scan, "the other half of a surrogate pair");
		high = 0x10000 + ((high - 0xd800) << 10 | (low - 0xdc00));
	}
	*out = put_utf8(*out, high);
	return true;
}

static bool
take_escape(struct scan *scan, char **out)
{
	static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	const char *at;

	scan->p++;
	if (scan->p < scan->end && *scan->p == 'u')
		return take_code(scan, out);
	at = scan->p < scan->end && *scan->p ? strchr(letters, *scan->p) : NULL;
	if (!at)
		return fail(scan, "an escape such as \\n");
	*(*out)++ = meant[at - letters];
	scan->p++;
	return true;
}

/* The first quote that no backslash stands before; end when there is none. */
static const char *
find_close(const char *p, const char *end)
{
	while ((p = event_find_special(p, end)) < end && *p == '\\')
		p += end - p > 1 ? 2 : 1;
	return p;
}

/* The rest of a text with escapes: what is unescaped is never longer than what was written. */
static bool
take_escaped(struct scan *scan, const char *start, struct str *text)
{
	size_t room = (size_t)(find_close(scan->p, scan->end) - start);
	char *copy = arena_alloc(scan->arena, room), *out = copy;

	scan->p = start;
	for (;;) {
		const char *stop = event_find_special(scan->p, scan->end);

		memcpy(out, scan->p, (size_t)(stop - scan->p));
		out += stop - scan->p;
		scan->p = stop;
		if (stop == scan->end || (unsigned char)*stop < 32)
			return fail(scan, "a closing quote");
		if (*stop == '"')
			break;
		if (!take_escape(scan, &out))
			return false;
	}
	*text = (struct str){copy, (size_t)(out - copy)};
	scan->p++;
	return true;
}

/* text = '"' (plain | escape)* '"' */
static bool
take_text(struct scan *scan, struct str *text)
{
	const char *start, *stop;

	if (!take_char(scan, '"', "a text in quotes"))
		return false;
	start = scan->p;
	stop = event_find_special(start, scan->end);
	if (stop < scan->end && *stop == '"') {
		*text = (struct str){start, (size_t)(stop - start)};
		scan->p = stop + 1;
		return true;
	}
	if (stop == scan->end || *stop != '\\') {
		scan->p = stop;
		return fail(scan, "a closing quote");
	}
	return take_escaped(scan, start, text);
}

/* --- other values --- */

static bool
take_number(struct scan *scan, struct str *value)
{
	const char *stop = event_skip_number(scan->p, scan->end);

	if (!stop)
		return fail(scan, "a text, a number, true, false or null");
	*value = (struct str){scan->p, (size_t)(stop - scan->p)};
	scan->p = stop;
	return true;
}

static bool
take_word(struct scan *scan, struct str word)
{
	if ((size_t)(scan->end - scan->p) < word.n || memcmp(scan->p, word.p, word.n) != 0)
		return fail(scan, "a text, a number, true, false or null");
	scan->p += word.n;
	return true;
}

/* value = text | number | "true" | "false" | "null"; *absent for the last */
static bool
take_value(struct scan *scan, struct str key, struct str *value, bool *absent)
{
	char shown[EVENT_SHOWN];

	skip_space(scan);
	*absent = false;
	if (scan->p == scan->end)
		return fail(scan, "a value");
	switch (*scan->p) {
	case '"':
		return take_text(scan, value);
	case 't':
		*value = STR("true");
		return take_word(scan, *value);
	case 'f':
		*value = STR("false");
		return take_word(scan, *value);
	case 'n':
		*absent = true;
		return take_word(scan, STR("null"));
	case '{':
	case '[':
		return err_set(
			scan->err, "%s holds %s; an event is flat: texts and numbers only",
			event_shown(shown, key), *scan->p == '{' ? "an object" : "an array");
	default:
		return take_number(scan, value);
	}
}

/* member = text ":" value */
static bool
take_member(struct scan *scan, struct field *fields, unsigned *count)
{
	struct field field;
	bool absent;

	if (!take_text(scan, &field.key) || !take_char(scan, ':', "a colon") ||
	    !take_value(scan, field.key, &field.value, &absent))
		return false;
	if (absent)
		return true;
	if (*count == EVENT_MAX_FIELDS)
		return err_set(scan->err, "more than %d attributes", EVENT_MAX_ATTRIBUTES);
	fields[(*count)++] = field;
	return true;
}

/* object = "{" (member ("," member)*)? "}" */
static bool
take_object(struct scan *scan, struct field *fields, unsigned *count)
{
	if (!take_char(scan, '{', "an object such as {\"customer\": \"c42\", ...}"))
		return false;
	skip_space(scan);
	if (scan->p < scan->end && *scan->p == '}') {
		scan->p++;
	} else {
		do {
			if (!take_member(scan, fields, count))
				return false;
			skip_space(scan);
		} while (scan->p < scan->end && *scan->p == ',' && scan->p++);
		if (!take_char(scan, '}', "a comma or }"))
			return false;
	}
	skip_space(scan);
	return scan->p == scan->end || fail(scan, "nothing behind the object");
}

bool
event_fields_json(struct str text, struct arena *arena, struct field *fields, unsigned *count,
		  struct err *err)
{
	const char *begin = text.p ? text.p : "";
	struct scan scan = {begin, begin, begin + text.n, arena, err};
	unsigned found = 0;

	if (!take_object(&scan, fields, &found))
		return false;
	*count = found;
	return true;
}

/* --- instants, sentences --- */

/* 8 to 16 digits, two words that may overlap: the form that comes by the million. */
static inline bool
read_plain_digits(struct str text, int64_t *out)
{
	static const int64_t powers[] = {1,	 10,	  100,	    1000,     10000,
					 100000, 1000000, 10000000, 100000000};

	if (text.n < 8 || text.n > 16)
		return false;
	size_t rest = text.n - 8; /* digits of the second that are not the first's */
	uint32_t first, second;

	if (!word_take_number(text.p, 8, &first) ||
	    !word_take_number(text.p + rest, rest, &second))
		return false;
	*out = first * powers[rest] + second;
	return true;
}

static bool
is_integer(struct str text)
{
	size_t sign = text.n > 0 && text.p[0] == '-';

	return text.n > sign &&
	       event_skip_digits(text.p + sign, text.p + text.n) == text.p + text.n;
}

bool
event_instant(struct str text, int64_t *out, bool *is_number, struct err *err)
{
	char shown[EVENT_SHOWN];

	*is_number = true;
	if (read_plain_digits(text, out))
		return true;
	*is_number = is_integer(text);
	if (!*is_number)
		return parse_instant(text, out, err);
	if (!parse_int64(text, out))
		return err_set(err, "%s is no instant that can be", event_shown(shown, text));
	return true;
}

const char *
event_shown(char out[EVENT_SHOWN], struct str text)
{
	size_t n = text.n <= EVENT_SHOWN - 8 ? text.n : utf8_cut(text, EVENT_SHOWN - 8);

	out[0] = '"';
	for (size_t i = 0; i < n; i++) {
		bool odd =
			(unsigned char)text.p[i] < 32 || text.p[i] == 127 || text.p[i] == '"';

		out[i + 1] = odd ? '?' : text.p[i];
	}
	memcpy(out + n + 1, n < text.n ? "..\"" : "\"", n < text.n ? 4 : 2);
	return out;
}
