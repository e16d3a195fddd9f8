/* SPDX-License-Identifier: Apache-2.0 */
/* Texts with holes: cut into pieces once, filled in for each alert. */
#include <string.h>

#include "base/mem.h"
#include "lang/template.h"
#include "lang/type.h"

static const char *const words[WORD_NONE] = {"name",  "reasons", "customer", "owner",
					     "level", "risk",	 "key"};

struct cutter {
	struct arena *arena;
	const struct source *source;
	const struct scope *scope;
	struct sink sink;
	size_t at;
	struct buf literal;	       /* owned: text since the last hole, braces undone */
	struct template_piece *pieces; /* owned */
	size_t count, cap;
	unsigned holes;
	bool failed;
};

static void
complain(struct cutter *c, const char *code, size_t at, size_t end)
{
	struct complaint complaint = {
		.code = code, .source = c->source, .at = at, .width = end - at};

	if (strcmp(code, "E152") == 0) {
		complaint.args[0] = arena_printf(c->arena, "%d", TEMPLATE_MAX_BYTES);
		complaint.args[1] = arena_printf(c->arena, "%d", TEMPLATE_MAX_HOLES);
	}
	c->failed = true;
	c->sink.take(c->sink.ctx, &complaint);
}

static void
add_piece(struct cutter *c, struct template_piece piece)
{
	MEM_RESERVE(c->pieces, c->cap, c->count + 1);
	c->pieces[c->count++] = piece;
}

static void
end_literal(struct cutter *c)
{
	struct str text = arena_str(c->arena, buf_view(&c->literal));

	if (text.n)
		add_piece(c, (struct template_piece){.literal = text, .word = WORD_NONE});
	buf_clear(&c->literal);
}

static enum template_word
find_word(struct str text, bool has_key)
{
	for (unsigned i = 0; i < WORD_NONE; i++)
		if (str_is(text, words[i]) && (has_key || i != WORD_KEY))
			return (enum template_word)i;
	return WORD_NONE;
}

/* The brace that closes the hole which begins at `from`; one inside quotes does not, unless the quote
 * itself is never closed. Returns the text's length when there is none. */
static size_t
hole_end(struct str text, size_t from)
{
	const char *plain = memchr(text.p + from, '}', text.n - from);
	char quote = '\0';

	for (size_t i = from; i < text.n; i++) {
		char ch = text.p[i];

		if (quote != '\0')
			quote = ch == quote ? '\0' : quote;
		else if (ch == '"' || ch == '\'')
			quote = ch;
		else if (ch == '}')
			return i;
	}
	return plain ? (size_t)(plain - text.p) : text.n;
}

/* hole = "{" (word | expression) "}" */
static void
cut_hole(struct cutter *c)
{
	struct str text = c->source->text;
	size_t from = c->at + 1, end = hole_end(text, from);
	struct template_piece piece = {
		.word = find_word(str_trim(str_slice(text, from, end)), c->scope->has_key)};

	if (end == text.n) {
		complain(c, "E150", c->at, end);
		c->at = end;
		return;
	}
	if (piece.word == WORD_NONE) {
		piece.expr = expr_compile_part(c->arena, c->source, from, end, c->scope,
					       TYPE_COUNT, c->sink);
		c->failed = c->failed || !piece.expr;
	}
	end_literal(c);
	add_piece(c, piece);
	c->holes++;
	c->at = end + 1;
}

/* text = {character but "{" "}" | "{{" | "}}" | hole} */
static void
cut(struct cutter *c)
{
	struct str text = c->source->text;

	while (c->at < text.n && c->holes <= TEMPLATE_MAX_HOLES) {
		char ch = text.p[c->at];
		bool twice = c->at + 1 < text.n && text.p[c->at + 1] == ch;

		if (ch == '{' && !twice) {
			cut_hole(c);
			continue;
		}
		if (ch == '}' && !twice)
			complain(c, "E151", c->at, c->at + 1);
		buf_char(&c->literal, ch);
		c->at += (ch == '{' || ch == '}') && twice ? 2 : 1;
	}
	end_literal(c);
}

bool
template_parse(struct arena *arena, const struct source *source, const struct scope *scope,
	       struct sink sink, struct template_text *out)
{
	struct cutter c = {.arena = arena, .source = source, .scope = scope, .sink = sink};

	if (source->text.n <= TEMPLATE_MAX_BYTES)
		cut(&c);
	if (source->text.n > TEMPLATE_MAX_BYTES || c.holes > TEMPLATE_MAX_HOLES)
		complain(&c, "E152", 0, 1);
	if (!c.failed) {
		struct template_piece *pieces = arena_array(arena, c.count, sizeof *pieces);

		if (c.count)
			memcpy(pieces, c.pieces, c.count * sizeof *pieces);
		*out = (struct template_text){.pieces = pieces, .count = (unsigned)c.count};
	}
	buf_finish(&c.literal);
	mem_free(c.pieces);
	return !c.failed;
}

void
template_print(struct buf *out, const struct template_text *text, struct env *env,
	       const struct zone *zone, bool zh,
	       void (*word)(void *ctx, enum template_word which, struct buf *out), void *ctx)
{
	for (unsigned i = 0; i < text->count; i++) {
		const struct template_piece *piece = &text->pieces[i];

		if (piece->word != WORD_NONE)
			word(ctx, piece->word, out);
		else if (piece->expr)
			value_print(out, eval(env, piece->expr->root), zone, zh);
		else
			buf_str(out, piece->literal);
	}
}
