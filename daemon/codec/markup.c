/* SPDX-License-Identifier: Apache-2.0 */
/* A row for each markup: what is escaped in it, and how it writes breaks, bold text, links and people. */
#include "codec/markup.h"

#include <string.h>

#define MOST_PAIRS 16
#define LONGEST_ENTITY 8 /* "&quot;" without its end */
#define LONGEST_TAG 600	 /* bytes in which a cut looks for what it would break */

static const struct markup_row {
	struct {
		char c;
		const char *as;
	} pairs[MOST_PAIRS];
	const char *line_break;
	const char *bold_open, *bold_close;
	const char *link_open, *link_middle,
		*link_close;			  /* NULL: label and address side by side */
	const char *mention_open, *mention_close; /* NULL: people are only named */
	bool url_first, mentions_name;
} rows[] = {
	[MARKUP_PLAIN] = {.line_break = "\n"},
	/* Slack reads three characters; what looks like formatting is broken up by a joiner without width. */
	[MARKUP_SLACK] = {{{'&', "&amp;"},
			   {'<', "&lt;"},
			   {'>', "&gt;"},
			   {'*', "\xe2\x81\xa0*\xe2\x81\xa0"},
			   {'~', "\xe2\x81\xa0~\xe2\x81\xa0"},
			   {'`', "\xe2\x81\xa0`\xe2\x81\xa0"}},
			  "\n",
			  "*",
			  "*",
			  "<",
			  "|",
			  ">",
			  "<@",
			  ">",
			  true,
			  false},
	[MARKUP_TEAMS] = {{{'\\', "\\\\"},
			   {'*', "\\*"},
			   {'_', "\\_"},
			   {'[', "\\["},
			   {']', "\\]"},
			   {'(', "\\("},
			   {')', "\\)"},
			   {'`', "\\`"},
			   {'~', "\\~"},
			   {'#', "\\#"},
			   {'<', "\\<"},
			   {'>', "\\>"}},
			  "\n\n",
			  "**",
			  "**",
			  "[",
			  "](",
			  ")",
			  "<at>",
			  "</at>",
			  false,
			  true},
	/* WeCom and DingTalk have no escape that works everywhere: the wide forms of the characters are put. */
	[MARKUP_WECOM] = {{{'<', "\xef\xbc\x9c"},
			   {'>', "\xef\xbc\x9e"},
			   {'[', "\xef\xbc\xbb"},
			   {']', "\xef\xbc\xbd"},
			   {'*', "\xef\xbc\x8a"},
			   {'`', "\xef\xbd\x80"},
			   {'#', "\xef\xbc\x83"},
			   {'\\', "\xef\xbc\xbc"}},
			  "\n",
			  "**",
			  "**",
			  "[",
			  "](",
			  ")",
			  "<@",
			  ">",
			  false,
			  false},
	[MARKUP_DINGTALK] = {{{'<', "\xef\xbc\x9c"},
			      {'>', "\xef\xbc\x9e"},
			      {'[', "\xef\xbc\xbb"},
			      {']', "\xef\xbc\xbd"},
			      {'*', "\xef\xbc\x8a"},
			      {'`', "\xef\xbd\x80"},
			      {'#', "\xef\xbc\x83"},
			      {'@', "\xef\xbc\xa0"},
			      {'\\', "\xef\xbc\xbc"}},
			     "  \n",
			     "**",
			     "**",
			     "[",
			     "](",
			     ")",
			     "@",
			     "",
			     false,
			     false},
	[MARKUP_FEISHU] = {{{'&', "&#38;"},
			    {'<', "&#60;"},
			    {'>', "&#62;"},
			    {'*', "&#42;"},
			    {'~', "&#126;"},
			    {'_', "&#95;"},
			    {'[', "&#91;"},
			    {']', "&#93;"},
			    {'(', "&#40;"},
			    {')', "&#41;"},
			    {'`', "&#96;"},
			    {'#', "&#35;"},
			    {'!', "&#33;"},
			    {'\\', "&#92;"}},
			   "\n",
			   "**",
			   "**",
			   "[",
			   "](",
			   ")",
			   "<at id=",
			   "></at>",
			   false,
			   false},
	[MARKUP_HTML] = {{{'&', "&amp;"},
			  {'<', "&lt;"},
			  {'>', "&gt;"},
			  {'"', "&quot;"},
			  {'\'', "&#39;"}},
			 "<br>",
			 "<b>",
			 "</b>",
			 "<a href=\"",
			 "\">",
			 "</a>",
			 NULL,
			 NULL,
			 true,
			 false},
	[MARKUP_URL] = {.line_break = "\n"},
	[MARKUP_HEADER] = {.line_break = " "},
	[MARKUP_JSON] = {.line_break = "\n"},
};

const char *const markup_names[] = {[MARKUP_PLAIN] = "plain",	    [MARKUP_SLACK] = "slack",
				    [MARKUP_TEAMS] = "teams",	    [MARKUP_WECOM] = "wecom",
				    [MARKUP_DINGTALK] = "dingtalk", [MARKUP_FEISHU] = "feishu",
				    [MARKUP_HTML] = "html",	    NULL};

static bool
is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-._~", c) != NULL);
}

static void
put_percent(struct buf *out, char c)
{
	buf_printf(out, "%%%02X", (unsigned char)c);
}

static void
put_json(struct buf *out, char c)
{
	const char *short_form = c == '"'    ? "\\\""
				 : c == '\\' ? "\\\\"
				 : c == '\n' ? "\\n"
					     : NULL;

	if (short_form != NULL)
		buf_text(out, short_form);
	else if ((unsigned char)c < ' ' || c == 127)
		buf_printf(out, "\\u%04x", (unsigned char)c);
	else
		buf_char(out, c);
}

static void
put_in_row(struct buf *out, const struct markup_row *row, char c)
{
	if ((unsigned char)c < ' ' || c == 127)
		c = ' ';
	for (size_t i = 0; i < MOST_PAIRS && row->pairs[i].as != NULL; i++)
		if (row->pairs[i].c == c) {
			buf_text(out, row->pairs[i].as);
			return;
		}
	buf_char(out, c);
}

/* One byte of ASCII. */
static void
put_one(struct buf *out, enum markup markup, char c)
{
	switch (markup) {
	case MARKUP_PLAIN:
		buf_char(out, (unsigned char)c < ' ' && c != '\n' && c != '\t' ? ' ' : c);
		return;
	case MARKUP_URL:
		if (is_unreserved(c))
			buf_char(out, c);
		else
			put_percent(out, c);
		return;
	case MARKUP_JSON:
		put_json(out, c);
		return;
	case MARKUP_SLACK:
	case MARKUP_TEAMS:
	case MARKUP_WECOM:
	case MARKUP_DINGTALK:
	case MARKUP_FEISHU:
	case MARKUP_HTML:
	case MARKUP_HEADER:
		put_in_row(out, &rows[markup], c);
		return;
	}
}

void
markup_escape(struct buf *out, enum markup markup, struct str text)
{
	for (size_t at = 0, bytes; at < text.n; at += bytes) {
		struct str whole;

		bytes = utf8_char(text, at);
		whole = bytes == 0 ? STR("\xef\xbf\xbd") : str_slice(text, at, at + bytes);
		if (bytes == 0)
			bytes = 1;
		if (whole.n == 1)
			put_one(out, markup, whole.p[0]);
		else if (markup == MARKUP_URL)
			for (size_t i = 0; i < whole.n; i++)
				put_percent(out, whole.p[i]);
		else
			buf_str(out, whole);
	}
}

void
markup_literal(struct buf *out, enum markup markup, struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '\n')
			buf_text(out, rows[markup].line_break);
		else
			buf_char(out, text.p[i]);
}

/* An empty bold text would be four stars. */
void
markup_bold(struct buf *out, enum markup markup, struct str text)
{
	const struct markup_row *row = &rows[markup];
	bool bold = row->bold_open != NULL && str_trim(text).n > 0;

	if (bold)
		buf_text(out, row->bold_open);
	markup_escape(out, markup, text);
	if (bold)
		buf_text(out, row->bold_close);
}

/* An address inside a link: what could end it is written as %XX. */
static void
put_address(struct buf *out, struct str url)
{
	for (size_t i = 0; i < url.n; i++) {
		unsigned char c = (unsigned char)url.p[i];

		if (c <= ' ' || c >= 127 || strchr("()<>\"'|\\`[]{}^*", c) != NULL)
			put_percent(out, url.p[i]);
		else
			buf_char(out, url.p[i]);
	}
}

void
markup_link(struct buf *out, enum markup markup, struct str url, struct str label)
{
	const struct markup_row *row = &rows[markup];

	if (!str_starts(url, STR("http://")) && !str_starts(url, STR("https://")))
		return;
	if (row->link_open == NULL) {
		markup_escape(out, markup, label);
		buf_text(out, ": ");
		put_address(out, url);
		return;
	}
	buf_text(out, row->link_open);
	if (row->url_first)
		put_address(out, url);
	else
		markup_escape(out, markup, label);
	buf_text(out, row->link_middle);
	if (row->url_first)
		markup_escape(out, markup, label);
	else
		put_address(out, url);
	buf_text(out, row->link_close);
}

static bool
is_harmless_id(struct str id)
{
	for (size_t i = 0; i < id.n; i++)
		if (!is_unreserved(id.p[i]) && strchr("@:+", id.p[i]) == NULL)
			return false;
	return id.n > 0;
}

static bool
has_any(struct str text, const char *of)
{
	for (size_t i = 0; i < text.n; i++)
		if (strchr(of, text.p[i]) != NULL || (unsigned char)text.p[i] < ' ')
			return true;
	return false;
}

void
markup_mention(struct buf *out, enum markup markup, struct str id, struct str name)
{
	const struct markup_row *row = &rows[markup];

	if (row->mention_open == NULL || !is_harmless_id(id) ||
	    (row->mentions_name && has_any(name, "<>&*_[]`\\"))) {
		markup_escape(out, markup, name);
		return;
	}
	buf_text(out, row->mention_open);
	buf_str(out, row->mentions_name ? name : id);
	buf_text(out, row->mention_close);
}

struct str
markup_trim(enum markup markup, struct str text)
{
	struct str line_break = str_of(rows[markup].line_break);

	for (;;) {
		if (str_ends(text, line_break))
			text.n -= line_break.n;
		else if (str_ends(text, STR(" ")) || str_ends(text, STR("\n")))
			text.n--;
		else
			return text;
	}
}

/* Where `open` stands after the last `close`, near the end; else n. */
static size_t
unclosed(struct str text, size_t n, char open, char close)
{
	for (size_t at = n; at > 0 && n - at < LONGEST_TAG; at--) {
		if (text.p[at - 1] == close)
			return n;
		if (text.p[at - 1] == open)
			return at - 1;
	}
	return n;
}

static bool
escapes_with(enum markup markup, char c)
{
	for (size_t i = 0; i < MOST_PAIRS && rows[markup].pairs[i].as != NULL; i++)
		if (rows[markup].pairs[i].as[0] == c)
			return true;
	return false;
}

static size_t
before_backslash(struct str text, size_t n)
{
	size_t slashes = 0;

	while (slashes < n && text.p[n - 1 - slashes] == '\\')
		slashes++;
	return n - slashes % 2;
}

size_t
markup_cut(enum markup markup, struct str text, size_t bytes)
{
	size_t n = utf8_cut(text, bytes), cut;

	if (n == text.n || markup == MARKUP_PLAIN)
		return n;
	if (rows[markup].mention_open != NULL || markup == MARKUP_HTML)
		n = unclosed(text, n, '<', '>');
	if (rows[markup].link_open != NULL && !rows[markup].url_first)
		n = unclosed(text, n, '[', ')');
	cut = unclosed(text, n, '&', ';');
	if (escapes_with(markup, '&') && n - cut < LONGEST_ENTITY)
		n = cut;
	/* Last, for what was cut may have had a backslash before it. */
	return escapes_with(markup, '\\') ? before_backslash(text, n) : n;
}
