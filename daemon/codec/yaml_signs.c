/* SPDX-License-Identifier: Apache-2.0 */
/* Signs that a Chinese keyboard or a word processor writes where YAML's own are meant. */
#include <string.h>

#include "codec/yaml.h"

struct meant {
	const char *sign, *instead;
};

#define COLON "\xef\xbc\x9a" /* U+FF1A */

static const struct meant blanks[] = {
	{"\xe3\x80\x80", ""}, /* U+3000 */
	{"\xc2\xa0", ""},     /* U+00A0 */
};

static const struct meant beginnings[] = {
	{"\xef\xbc\x8d", "'- '"}, /* U+FF0D */
	{"\xe2\x80\x93", "'- '"}, /* U+2013 */
	{"\xe2\x80\x94", "'- '"}, /* U+2014 */
	{"\xef\xbc\x83", "'# '"}, /* U+FF03 */
};

static const struct meant between[] = {
	{COLON, "': '"},
	{"\xef\xbc\x8c", "', '"}, /* U+FF0C */
	{"\xe2\x80\x9c", "\""},	  /* U+201C */
	{"\xe2\x80\x9d", "\""},	  /* U+201D */
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct yaml_sign
sign_at(struct str raw, size_t at, const struct meant *all, size_t count)
{
	struct str rest = str_slice(raw, at, raw.n);

	for (size_t i = 0; i < count; i++)
		if (str_starts(rest, str_of(all[i].sign)))
			return (struct yaml_sign){"E017", all[i].instead, at,
						  at + strlen(all[i].sign)};
	return (struct yaml_sign){0};
}

static bool
is_blank(struct str raw, size_t at)
{
	return at >= raw.n || strchr(" \t\r\n", raw.p[at]) != NULL;
}

static struct yaml_sign
blank_missing(size_t at, const char *instead)
{
	return (struct yaml_sign){"E018", instead, at, at + 1};
}

/* What the first character of a line should have been. */
static struct yaml_sign
beginning_of(struct str raw, size_t at)
{
	struct yaml_sign sign = sign_at(raw, at, blanks, COUNT(blanks));
	char next = at + 1 < raw.n ? raw.p[at + 1] : ' ';

	if (sign.code != NULL)
		sign.code = "E019";
	else
		sign = sign_at(raw, at, beginnings, COUNT(beginnings));
	if (sign.code == NULL && raw.p[at] == '-' && next >= 'a' && next <= 'z')
		sign = blank_missing(at, "'- '");
	return sign;
}

/* The first sign outside of quotes that stands for one of YAML's. */
static struct yaml_sign
first_between(struct str raw, size_t at, size_t end)
{
	struct yaml_sign sign = {0};
	char quote = '\0';

	for (; at < end && sign.code == NULL; at++) {
		char ch = raw.p[at];

		if (quote != '\0')
			quote = ch == quote ? '\0' : quote;
		else if (ch == '"' || ch == '\'')
			quote = ch;
		else
			sign = sign_at(raw, at, between, COUNT(between));
	}
	return sign;
}

/* The colon of a line without any that YAML would take for one: full-width, or no blank behind it. */
static struct yaml_sign
colon_of(struct str raw, size_t at, size_t end)
{
	struct yaml_sign sign = {0};

	for (; at < end; at++) {
		if (raw.p[at] == ':' && is_blank(raw, at + 1))
			return (struct yaml_sign){0};
		if (sign.code == NULL)
			sign = sign_at(raw, at, between, 1);
		if (sign.code == NULL && raw.p[at] == ':' && raw.p[at + 1] != '/')
			sign = blank_missing(at, "': '");
	}
	return sign;
}

static size_t
line_begin(struct str raw, size_t at)
{
	while (at > 0 && raw.p[at - 1] != '\n')
		at--;
	return at;
}

/* The last line above that is not blank; `line` itself where there is none. */
static size_t
line_above(struct str raw, size_t line)
{
	size_t at = line;

	while (at > 0 && is_blank(raw, at - 1))
		at--;
	return at > 0 ? line_begin(raw, at - 1) : line;
}

static struct yaml_sign
sign_of_line(struct str raw, size_t line)
{
	size_t end = line;
	struct yaml_sign sign;

	while (end < raw.n && raw.p[end] != '\n')
		end++;
	while (line < end && raw.p[line] == ' ')
		line++;
	if (line == end || raw.p[line] == '#')
		return (struct yaml_sign){0};
	sign = beginning_of(raw, line);
	return sign.code == NULL ? colon_of(raw, line, end) : sign;
}

struct yaml_sign
yaml_sign_meant(struct str raw, size_t at, bool inside)
{
	size_t line = line_begin(raw, at < raw.n ? at : raw.n);
	struct yaml_sign sign;

	if (inside)
		return first_between(raw, line, at < raw.n ? at : raw.n);
	sign = sign_of_line(raw, line_above(raw, line));
	return sign.code == NULL ? sign_of_line(raw, line) : sign;
}
