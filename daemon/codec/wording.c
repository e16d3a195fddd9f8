/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles the texts of a connector: literals, holes and blocks, with a complaint where they are wrong. */
#include "codec/wording.h"

#include <string.h>

#include "base/mem.h"
#include "codec/wording_parser.h"

/* ---- blocks ---- */

static void
skip_spaces(struct wording_parser *parser, size_t end)
{
	while (wording_peek(parser, end) == ' ')
		parser->at++;
}

static enum wording_compare
take_compare(struct wording_parser *parser, size_t end)
{
	static const struct {
		const char *text;
		enum wording_compare compare;
	} rows[] = {{"!=", WORDING_NE}, {"<=", WORDING_LE}, {">=", WORDING_GE},
		    {"=", WORDING_EQ},	{"<", WORDING_LT},  {">", WORDING_GT}};
	struct str rest = str_slice(parser->text, parser->at, end);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (str_starts(rest, str_of(rows[i].text))) {
			parser->at += strlen(rows[i].text);
			return rows[i].compare;
		}
	return WORDING_NONE;
}

static bool
take_test(struct wording_parser *parser, size_t end, struct wording_test *test)
{
	skip_spaces(parser, end);
	if (str_starts(str_slice(parser->text, parser->at, end), STR("not "))) {
		test->negated = true;
		parser->at += strlen("not ");
		skip_spaces(parser, end);
	}
	if (!wording_take_value(parser, end, " |", &test->value))
		return false;
	skip_spaces(parser, end);
	test->compare = take_compare(parser, end);
	if (test->compare == WORDING_NONE)
		return true;
	skip_spaces(parser, end);
	return wording_take_word(parser, end, " ", &test->word);
}

/* The end of a hole: the brace that closes it, outside quotes; n when there is none. */
static size_t
hole_end(struct str text, size_t at)
{
	bool quoted = false;

	for (; at < text.n; at++) {
		if (text.p[at] == '\'')
			quoted = !quoted;
		else if (text.p[at] == '}' && !quoted)
			return at;
		else if (text.p[at] == '\n' && !quoted)
			break;
	}
	return text.n;
}

static bool
is_word_at(struct str text, size_t at, const char *word)
{
	size_t n = strlen(word);
	struct str rest = str_slice(text, at, text.n);

	return str_starts(rest, str_of(word)) &&
	       (rest.n == n || rest.p[n] == ' ' || rest.p[n] == '}');
}

static bool
is_block(struct str text, size_t at)
{
	return is_word_at(text, at, "if") || is_word_at(text, at, "each") ||
	       is_word_at(text, at, "else") || is_word_at(text, at, "end");
}

static struct wording_piece *
add_piece(struct wording_parser *parser)
{
	MEM_RESERVE(parser->pieces, parser->cap, parser->count + 1);
	memset(&parser->pieces[parser->count], 0, sizeof *parser->pieces);
	return &parser->pieces[parser->count++];
}

static void
end_literal(struct wording_parser *parser)
{
	struct wording_piece *piece;

	if (parser->literal.n == 0)
		return;
	piece = add_piece(parser);
	piece->kind = PIECE_LITERAL;
	piece->literal = arena_str(parser->form->arena, buf_view(&parser->literal));
	buf_clear(&parser->literal);
}

static bool
ends_here(struct wording_parser *parser, size_t from, size_t end)
{
	skip_spaces(parser, end);
	if (parser->at == end)
		return true;
	return wording_complain(parser, from, end, "E430", STR_NONE, STR_NONE);
}

/* "{if" and "{each", up to their brace. */
static bool
take_opening(struct wording_parser *parser, size_t from, size_t end,
	     struct wording_piece *piece)
{
	struct wording_test *test = arena_alloc(parser->form->arena, sizeof *test);

	piece->kind = is_word_at(parser->text, from, "if") ? PIECE_IF : PIECE_EACH;
	parser->at = from + (piece->kind == PIECE_IF ? strlen("if") : strlen("each"));
	piece->test = test;
	if (piece->kind == PIECE_IF)
		return take_test(parser, end, test) && ends_here(parser, from, end);
	skip_spaces(parser, end);
	return wording_take_value(parser, end, " |", &test->value) &&
	       ends_here(parser, from, end);
}

static bool
open_block(struct wording_parser *parser, size_t from, size_t end)
{
	struct wording_piece piece = {0};

	if (parser->depth == WORDING_MAX_NESTING)
		return wording_complain(parser, from, end, "E024",
					form_int_text(parser->form, WORDING_MAX_NESTING),
					STR_NONE);
	if (!take_opening(parser, from, end, &piece))
		return false;
	parser->open[parser->depth++] = (unsigned)parser->count;
	*add_piece(parser) = piece;
	return true;
}

static bool
close_block(struct wording_parser *parser, size_t from, size_t end)
{
	bool is_else = is_word_at(parser->text, from, "else");
	struct wording_piece *piece;

	parser->at = from + (is_else ? strlen("else") : strlen("end"));
	if (!ends_here(parser, from, end))
		return false;
	if (parser->depth == 0)
		return wording_complain(parser, from, end, "E441",
					str_slice(parser->text, from, end), STR_NONE);
	piece = &parser->pieces[parser->open[parser->depth - 1]];
	if (is_else && piece->else_at != 0)
		return wording_complain(parser, from, end, "E441", STR("else"), STR_NONE);
	if (piece->else_at == 0)
		piece->else_at = (unsigned)parser->count;
	if (!is_else) {
		piece->end_at = (unsigned)parser->count;
		parser->depth--;
	}
	return true;
}

static bool
take_hole(struct wording_parser *parser, size_t from, size_t end)
{
	struct wording_test *test;

	if (is_word_at(parser->text, from, "if") || is_word_at(parser->text, from, "each"))
		return open_block(parser, from, end);
	if (is_word_at(parser->text, from, "else") || is_word_at(parser->text, from, "end"))
		return close_block(parser, from, end);
	test = arena_alloc(parser->form->arena, sizeof *test);
	parser->at = from;
	if (!wording_take_value(parser, end, "|", &test->value) ||
	    !ends_here(parser, from, end))
		return false;
	struct wording_piece *piece = add_piece(parser);

	piece->kind = PIECE_VALUE;
	piece->test = test;
	return true;
}

/* ---- text ---- */

/* The end of the line that begins at `at`, its break included, if nothing but blocks stand on it; else 0. */
static size_t
blocks_only(struct str text, size_t at)
{
	bool any = false;

	while (at < text.n && text.p[at] != '\n') {
		if (text.p[at] == ' ') {
			at++;
			continue;
		}
		if (text.p[at] != '{' || !is_block(text, at + 1))
			return 0;
		at = hole_end(text, at + 1);
		if (at == text.n)
			return 0;
		at++;
		any = true;
	}
	return any ? at + (at < text.n) : 0;
}

/* One brace: a hole, or one of "{{" and "}}". */
static void
take_brace(struct wording_parser *parser)
{
	struct str text = parser->text;
	size_t from = parser->at, end;

	if (from + 1 < text.n && text.p[from + 1] == text.p[from]) {
		buf_char(&parser->literal, text.p[from]);
		parser->at += 2;
		return;
	}
	end = text.p[from] == '{' ? hole_end(text, from + 1) : text.n;
	if (end == text.n) {
		wording_complain(parser, from, from + 1, "E439", STR_NONE, STR_NONE);
		parser->at = from + 1;
		return;
	}
	end_literal(parser);
	take_hole(parser, from + 1, end);
	parser->at = end + 1;
}

static void
take_line(struct wording_parser *parser)
{
	struct str text = parser->text;
	size_t bare = blocks_only(text, parser->at), end = parser->at;

	while (end < text.n && text.p[end] != '\n')
		end++;
	while (parser->at < (bare ? bare : end)) {
		char c = text.p[parser->at];

		if (c == '{' || (c == '}' && !bare)) {
			take_brace(parser);
			continue;
		}
		if (!bare)
			buf_char(&parser->literal, c);
		parser->at++;
	}
	if (!bare && parser->at < text.n) {
		buf_char(&parser->literal, '\n');
		parser->at++;
	}
}

static bool
check_size(struct wording_parser *parser)
{
	if (parser->text.n > WORDING_MAX_BYTES)
		return wording_complain(parser, 0, 1, "E042",
					form_int_text(parser->form, WORDING_MAX_BYTES),
					STR_NONE);
	return true;
}

/* In a header or an address they would begin another; a line break is printed as what the place has for it. */
static bool
check_controls(struct wording_parser *parser)
{
	bool matters = parser->markup == MARKUP_HEADER || parser->markup == MARKUP_URL;

	for (size_t i = 0; matters && i < parser->text.n; i++)
		if (parser->text.p[i] != '\n' &&
		    text_has_control(str_slice(parser->text, i, i + 1)))
			return wording_complain(parser, 0, 1, "E043", STR_NONE, STR_NONE);
	return true;
}

static void
keep(struct wording_parser *parser, struct wording *out)
{
	struct wording_piece *kept =
		arena_array(parser->form->arena, parser->count, sizeof *kept);

	if (parser->count > 0)
		memcpy(kept, parser->pieces, parser->count * sizeof *kept);
	*out = (struct wording){parser->markup, false, kept, (unsigned)parser->count};
}

bool
wording_parse(struct form *form, const struct yaml_node *node, enum markup markup,
	      const struct wording_names *names, struct wording *out)
{
	struct wording_parser parser = {
		.form = form, .node = node, .names = names, .markup = markup};

	if (!form_is_text(form, node))
		return false;
	parser.text = form_line(node);
	if (!check_size(&parser) || !check_controls(&parser))
		return false;
	while (parser.at < parser.text.n && parser.count < WORDING_MAX_PIECES)
		take_line(&parser);
	end_literal(&parser);
	if (parser.count >= WORDING_MAX_PIECES)
		wording_complain(&parser, 0, 1, "E508", form_int_text(form, WORDING_MAX_PIECES),
				 STR_NONE);
	else if (parser.depth > 0 && !parser.failed)
		wording_complain(&parser, 0, 1, "E440", STR_NONE, STR_NONE);
	if (!parser.failed)
		keep(&parser, out);
	mem_free(parser.pieces);
	buf_finish(&parser.literal);
	return !parser.failed;
}

bool
wording_parse_block(struct form *form, const struct yaml_node *node,
		    const struct wording_names *names, struct wording_piece *out)
{
	struct wording_parser parser = {.form = form, .node = node, .names = names};
	size_t end;

	parser.text = node->text;
	end = hole_end(parser.text, 1);
	if (!check_size(&parser))
		return false;
	if (end + 1 != parser.text.n ||
	    !(is_word_at(parser.text, 1, "if") || is_word_at(parser.text, 1, "each")))
		return wording_complain(&parser, 0, parser.text.n, "E442", STR_NONE, STR_NONE);
	return take_opening(&parser, 1, end, out);
}

bool
wording_is_raw(const struct wording *wording)
{
	const struct wording_value *value;

	if (wording->count != 1 || wording->pieces[0].kind != PIECE_VALUE)
		return false;
	value = &wording->pieces[0].test->value;
	return value->filter_count > 0 && value->filters[value->filter_count - 1].row->is_raw;
}
