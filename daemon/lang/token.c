/* SPDX-License-Identifier: Apache-2.0 */
/* Cuts the text of an expression into words. */
#include <string.h>

#include "base/civil.h"
#include "base/mem.h"
#include "base/number.h"
#include "lang/token.h"
#include "lang/units.h"

struct lexer {
	struct tokens *out;
	struct arena *arena;
	const struct source *source;
	const char *text;
	size_t at, end;
	struct sink sink;
	bool lost; /* a word without any meaning was met */
};

/* Longest first. `instead` marks what other languages write, or what a Chinese keyboard or a word
 * processor makes of our signs; it is read as meant. */
static const struct {
	const char *text;
	enum token_kind kind;
	const char *instead;
} operators[] = {
	{"==", TOKEN_EQ, NULL},
	{"!=", TOKEN_NE, NULL},
	{"<=", TOKEN_LE, NULL},
	{">=", TOKEN_GE, NULL},
	{"=>", TOKEN_GE, ">="},
	{"=<", TOKEN_LE, "<="},
	{"<>", TOKEN_NE, "!="},
	{"&&", TOKEN_AND, "and"},
	{"||", TOKEN_OR, "or"},
	{"=", TOKEN_ASSIGN, NULL},
	{"<", TOKEN_LT, NULL},
	{">", TOKEN_GT, NULL},
	{"!", TOKEN_NOT, "not"},
	{"(", TOKEN_OPEN, NULL},
	{")", TOKEN_CLOSE, NULL},
	{"[", TOKEN_OPEN_LIST, NULL},
	{"]", TOKEN_CLOSE_LIST, NULL},
	{",", TOKEN_COMMA, NULL},
	{".", TOKEN_DOT, NULL},
	{"+", TOKEN_PLUS, NULL},
	{"-", TOKEN_MINUS, NULL},
	{"*", TOKEN_STAR, NULL},
	{"/", TOKEN_SLASH, NULL},
	{"\xef\xbc\x88", TOKEN_OPEN, "("},	 /* U+FF08 */
	{"\xef\xbc\x89", TOKEN_CLOSE, ")"},	 /* U+FF09 */
	{"\xef\xbc\xbb", TOKEN_OPEN_LIST, "["},	 /* U+FF3B */
	{"\xef\xbc\xbd", TOKEN_CLOSE_LIST, "]"}, /* U+FF3D */
	{"\xe3\x80\x90", TOKEN_OPEN_LIST, "["},	 /* U+3010 */
	{"\xe3\x80\x91", TOKEN_CLOSE_LIST, "]"}, /* U+3011 */
	{"\xef\xbc\x8c", TOKEN_COMMA, ","},	 /* U+FF0C */
	{"\xe3\x80\x81", TOKEN_COMMA, ","},	 /* U+3001 */
	{"\xef\xbc\x8e", TOKEN_DOT, "."},	 /* U+FF0E */
	{"\xe3\x80\x82", TOKEN_DOT, "."},	 /* U+3002 */
	{"\xef\xbc\x9d", TOKEN_ASSIGN, "="},	 /* U+FF1D */
	{"\xef\xbc\x9c", TOKEN_LT, "<"},	 /* U+FF1C */
	{"\xef\xbc\x9e", TOKEN_GT, ">"},	 /* U+FF1E */
	{"\xe2\x89\xa0", TOKEN_NE, "!="},	 /* U+2260 */
	{"\xe2\x89\xa4", TOKEN_LE, "<="},	 /* U+2264 */
	{"\xe2\x89\xa5", TOKEN_GE, ">="},	 /* U+2265 */
	{"\xef\xbc\x8b", TOKEN_PLUS, "+"},	 /* U+FF0B */
	{"\xef\xbc\x8d", TOKEN_MINUS, "-"},	 /* U+FF0D */
	{"\xe2\x88\x92", TOKEN_MINUS, "-"},	 /* U+2212 */
	{"\xe2\x80\x93", TOKEN_MINUS, "-"},	 /* U+2013 */
	{"\xef\xbc\x8a", TOKEN_STAR, "*"},	 /* U+FF0A */
	{"\xc3\x97", TOKEN_STAR, "*"},		 /* U+00D7 */
	{"\xef\xbc\x8f", TOKEN_SLASH, "/"},	 /* U+FF0F */
	{"\xc3\xb7", TOKEN_SLASH, "/"},		 /* U+00F7 */
};

/* Quotes that begin no string, so that the complaint can say which one does. */
static const char *const strange_quotes[] = {
	"\xe2\x80\x9c", /* U+201C */
	"\xe2\x80\x9d", /* U+201D */
	"\xe2\x80\x98", /* U+2018 */
	"\xe2\x80\x99", /* U+2019 */
	"\xe3\x80\x8c", /* U+300C */
	"\xe3\x80\x8d", /* U+300D */
	"\xef\xbc\x82", /* U+FF02 */
	"\xef\xbc\x87", /* U+FF07 */
	"`",
};

static const char *const strange_spaces[] = {
	"\xe3\x80\x80", /* U+3000 */
	"\xc2\xa0",	/* U+00A0 */
	"\xef\xbb\xbf", /* U+FEFF */
};

static const struct {
	const char *text;
	enum token_kind kind;
} keywords[] = {
	{"and", TOKEN_AND}, {"or", TOKEN_OR},	  {"not", TOKEN_NOT},
	{"in", TOKEN_IN},   {"true", TOKEN_TRUE}, {"false", TOKEN_FALSE},
	{"AND", TOKEN_AND}, {"OR", TOKEN_OR},	  {"NOT", TOKEN_NOT},
	{"IN", TOKEN_IN},   {"TRUE", TOKEN_TRUE}, {"FALSE", TOKEN_FALSE},
};
#define PLAIN_KEYWORDS 6 /* the rest is read as these */

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct token *
add_token(struct lexer *lex, enum token_kind kind, size_t at, size_t end)
{
	struct tokens *out = lex->out;

	MEM_RESERVE(out->items, out->cap, out->count + 1);
	out->items[out->count] =
		(struct token){.kind = kind, .at = (uint32_t)at, .width = (uint32_t)(end - at)};
	return &out->items[out->count++];
}

static void
complain(struct lexer *lex, const char *code, size_t at, size_t end, const char *hint,
	 struct str what)
{
	struct complaint complaint = {.code = code,
				      .source = lex->source,
				      .at = at,
				      .width = end - at,
				      .args = {str_slice(lex->source->text, at, end)}};

	if (what.n)
		message_hint(lex->arena, &complaint, hint, what);
	lex->sink.take(lex->sink.ctx, &complaint);
}

static bool
starts_with(const struct lexer *lex, const char *word)
{
	size_t n = strlen(word);

	return lex->end - lex->at >= n && memcmp(lex->text + lex->at, word, n) == 0;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_name_byte(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (unsigned char)c >= 0x80;
}

/* Length of the space here, plain or strange; 0: none. */
static size_t
space_here(const struct lexer *lex)
{
	if (strchr(" \t\r\n", lex->text[lex->at]) && lex->text[lex->at] != '\0')
		return 1;
	for (size_t i = 0; i < COUNT(strange_spaces); i++)
		if (starts_with(lex, strange_spaces[i]))
			return strlen(strange_spaces[i]);
	return 0;
}

/* Index into operators, or -1. */
static int
operator_here(const struct lexer *lex)
{
	for (size_t i = 0; i < COUNT(operators); i++)
		if (operators[i].text[0] == lex->text[lex->at] &&
		    starts_with(lex, operators[i].text))
			return (int)i;
	return -1;
}

static void
read_operator(struct lexer *lex, int index)
{
	size_t end = lex->at + strlen(operators[index].text);

	if (operators[index].instead)
		complain(lex, "E121", lex->at, end, "H102", str_of(operators[index].instead));
	add_token(lex, operators[index].kind, lex->at, end);
	lex->at = end;
}

/* string = '"' any but '"' and line end '"' | "'" any but "'" and line end "'" */
static void
read_string(struct lexer *lex)
{
	size_t start = lex->at;
	char quote = lex->text[start];
	size_t end = start + 1;

	while (end < lex->end && lex->text[end] != quote && lex->text[end] != '\n')
		end++;
	lex->at = end;
	if (end == lex->end || lex->text[end] == '\n') {
		struct complaint complaint = {
			.code = "E122",
			.source = lex->source,
			.at = start,
			.width = end - start,
			.args = {str_slice(lex->source->text, start, start + 1)}};
		lex->sink.take(lex->sink.ctx, &complaint);
		lex->lost = true;
		return;
	}
	lex->at = end + 1;
	add_token(lex, TOKEN_STRING, start, lex->at);
}

static bool
strange_quote_here(const struct lexer *lex)
{
	for (size_t i = 0; i < COUNT(strange_quotes); i++)
		if (starts_with(lex, strange_quotes[i]))
			return true;
	return false;
}

/* A name ends at its first byte that is no name's, or where a full-width sign begins. */
static size_t
name_end(const struct lexer *from)
{
	struct lexer lex = *from;

	while (lex.at < lex.end && is_name_byte(lex.text[lex.at])) {
		if ((unsigned char)lex.text[lex.at] >= 0x80 &&
		    (operator_here(&lex) >= 0 || space_here(&lex) || strange_quote_here(&lex)))
			break;
		lex.at++;
	}
	return lex.at;
}

static void
read_name(struct lexer *lex)
{
	size_t start = lex->at, end = name_end(lex);
	struct str name = str_slice(lex->source->text, start, end);
	enum token_kind kind = TOKEN_NAME;

	for (size_t i = 0; i < COUNT(keywords); i++) {
		if (!str_is(name, keywords[i].text))
			continue;
		kind = keywords[i].kind;
		if (i >= PLAIN_KEYWORDS)
			complain(lex, "E121", start, end, "H102",
				 str_of(keywords[i - PLAIN_KEYWORDS].text));
	}
	add_token(lex, kind, start, end);
	lex->at = end;
}

/* Whether the sign at `at` is the sign of an exponent: "2e-3". */
static bool
is_exponent_sign(const struct lexer *lex, size_t at)
{
	const char *p = lex->text + at;

	return at + 1 < lex->end && at >= lex->at + 2 && (*p == '+' || *p == '-') &&
	       (p[-1] == 'e' || p[-1] == 'E') && is_digit(p[-2]) && is_digit(p[1]);
}

static bool
is_decimal_point(const struct lexer *lex, size_t at)
{
	return at + 1 < lex->end && lex->text[at] == '.' && is_digit(lex->text[at + 1]);
}

/* The run of bytes that belongs to a number or duration: "14d", "1.5", "2e-3". */
static size_t
number_end(const struct lexer *lex)
{
	struct lexer rest = *lex;

	for (;;) {
		rest.at = name_end(&rest);
		if (!is_decimal_point(&rest, rest.at) && !is_exponent_sign(lex, rest.at))
			return rest.at;
		rest.at++;
	}
}

/* "14days" and "1.5h" are read as meant, with a complaint that says how to write them. */
static void
mend_number(struct lexer *lex, size_t end)
{
	struct str text = str_slice(lex->source->text, lex->at, end);
	struct buf proposal = {0};
	int64_t ms;

	if (units_guess(text, &ms)) {
		buf_duration(&proposal, ms);
		add_token(lex, TOKEN_DURATION, lex->at, end)->u.i = ms;
	} else {
		lex->lost = true;
	}
	complain(lex, "E123", lex->at, end, "H101", buf_view(&proposal));
	buf_finish(&proposal);
}

/* number = digit {digit} ["." digit {digit}] [("e"|"E") ["+"|"-"] digit {digit}]
 * duration = digit {digit} unit {digit {digit} unit}, unit = "s"|"m"|"h"|"d"|"w" */
static void
read_number(struct lexer *lex)
{
	size_t end = number_end(lex);
	struct str text = str_slice(lex->source->text, lex->at, end);
	int64_t i;
	double n;

	if (parse_int64(text, &i))
		add_token(lex, TOKEN_INT, lex->at, end)->u.i = i;
	else if (parse_number(text, &n))
		add_token(lex, TOKEN_NUM, lex->at, end)->u.n = n;
	else if (parse_duration(text, false, &i))
		add_token(lex, TOKEN_DURATION, lex->at, end)->u.i = i;
	else
		mend_number(lex, end);
	lex->at = end;
}

/* One character that means nothing here. */
static void
read_stray(struct lexer *lex)
{
	struct str quote = strange_quote_here(lex) ? STR("\"") : STR_NONE;
	size_t end = lex->at + 1;

	while (end < lex->end && ((unsigned char)lex->text[end] & 0xc0) == 0x80)
		end++;
	complain(lex, "E121", lex->at, end, "H102", quote);
	lex->lost = true;
	lex->at = end;
}

static void
read_token(struct lexer *lex)
{
	char c = lex->text[lex->at];
	int index = operator_here(lex);

	if (index >= 0)
		read_operator(lex, index);
	else if (c == '"' || c == '\'')
		read_string(lex);
	else if (is_digit(c))
		read_number(lex);
	else if (is_name_byte(c) && !strange_quote_here(lex))
		read_name(lex);
	else
		read_stray(lex);
}

bool
tokens_read(struct tokens *tokens, struct arena *arena, const struct source *source,
	    size_t from, size_t to, struct sink sink)
{
	struct lexer lex = {.out = tokens,
			    .arena = arena,
			    .source = source,
			    .text = source->text.p,
			    .at = from,
			    .end = to,
			    .sink = sink};
	size_t end = from, skip;

	*tokens = (struct tokens){0};
	while (lex.at < lex.end) {
		if ((skip = space_here(&lex)) > 0) {
			lex.at += skip;
			continue;
		}
		read_token(&lex);
		end = lex.at;
	}
	add_token(&lex, TOKEN_END, end, end);
	return !lex.lost;
}

void
tokens_finish(struct tokens *tokens)
{
	mem_free(tokens->items);
	*tokens = (struct tokens){0};
}

struct str
token_text(const struct token *token, const struct source *source)
{
	size_t inset = token->kind == TOKEN_STRING;

	return str_slice(source->text, token->at + inset, token->at + token->width - inset);
}

bool
token_is_word(enum token_kind kind)
{
	return kind == TOKEN_NAME || (kind >= TOKEN_TRUE && kind <= TOKEN_IN);
}
