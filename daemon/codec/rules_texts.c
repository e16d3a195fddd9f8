/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions and texts of a rule file, compiled so that each mistake has its place in the file. */
#include "codec/rules_maker.h"

/* What a source's origin points to. */
struct origin {
	const struct yaml_node *node;
};

struct source *
maker_source(struct maker *maker, const struct yaml_node *text)
{
	struct source *source = arena_alloc(maker->form.arena, sizeof *source);
	struct origin *origin = arena_alloc(maker->form.arena, sizeof *origin);

	origin->node = text;
	*source = (struct source){form_line(text), origin};
	return source;
}

static void
take(void *ctx, const struct complaint *complaint)
{
	struct maker *maker = ctx;
	const struct origin *origin = complaint->source->origin;
	struct complaint copy = *complaint;
	size_t width = complaint->width ? complaint->width : 1;

	form_complain_at(&maker->form, origin->node, complaint->at, complaint->at + width,
			 &copy);
}

struct sink
maker_sink(struct maker *maker)
{
	return (struct sink){maker, take};
}

void
maker_complain_node(struct maker *maker, const struct node *node, const char *code,
		    struct str arg0, struct str arg1)
{
	struct complaint complaint = {.code = code,
				      .source = node->source,
				      .at = node->at,
				      .width = node->width,
				      .args = {arg0, arg1}};

	take(maker, &complaint);
}

const struct expr *
maker_expr(struct maker *maker, const struct yaml_node *text, enum type want,
	   bool event_allowed)
{
	if (!form_is_text(&maker->form, text))
		return NULL;
	maker->scope.event_allowed = event_allowed;
	return expr_compile(maker->form.arena, maker_source(maker, text), &maker->scope, want,
			    maker_sink(maker));
}

const struct expr *
maker_constant(struct maker *maker, struct str text)
{
	struct source *source = arena_alloc(maker->form.arena, sizeof *source);

	source->text = text;
	return expr_compile(maker->form.arena, source, &maker->scope, TYPE_BOOL,
			    maker_sink(maker));
}

struct refusal {
	struct maker *maker;
	const char *code;
};

static void
refuse_event(void *ctx, const struct node *node)
{
	struct refusal *refusal = ctx;

	if (node->kind == NODE_PATH && node->op == PATH_EVENT)
		maker_complain_node(refusal->maker, node, refusal->code,
				    arena_printf(refusal->maker->form.arena, "event.%.*s",
						 STR_ARG(node->name)),
				    STR_NONE);
}

void
maker_refuse_event(struct maker *maker, const struct expr *expr, const char *code)
{
	struct refusal refusal = {maker, code};

	if (expr != NULL)
		expr_walk(expr->root, refuse_event, &refusal);
}

static void
refuse_private(void *ctx, const struct node *node)
{
	struct maker *maker = ctx;

	if (node->kind == NODE_PATH && node->op == PATH_PROFILE &&
	    maker->scope.profile[node->slot].private_)
		maker_complain_node(
			maker, node, "E242",
			arena_printf(maker->form.arena, "profile.%.*s", STR_ARG(node->name)),
			STR_NONE);
}

static bool
parse_text(struct maker *maker, const struct yaml_node *node, struct template_text *out)
{
	static const struct form_row row = {.most = RULES_MAX_TEXT};
	struct str text = STR_NONE;

	form_text(&maker->form, node, &row, &text);
	maker->scope.event_allowed = true; /* to be refused below, in words that fit */
	if (text.n == 0 || !template_parse(maker->form.arena, maker_source(maker, node),
					   &maker->scope, maker_sink(maker), out))
		return false;
	maker_check_text(maker, out);
	for (unsigned i = 0; i < out->count; i++) {
		maker_refuse_event(maker, out->pieces[i].expr, "E241");
		if (out->pieces[i].expr != NULL)
			expr_walk(out->pieces[i].expr->root, refuse_private, maker);
	}
	return true;
}

static void
read_language(struct maker *maker, const struct yaml_node *key, const struct yaml_node *value,
	      struct text_pair *out)
{
	if (str_is(key->text, "en"))
		out->has_en = parse_text(maker, value, &out->en);
	else if (str_is(key->text, "zh"))
		out->has_zh = parse_text(maker, value, &out->zh);
	else
		form_complain(&maker->form, key, "E031", key->text, STR("en, zh"));
}

/* Whether a byte of what is written lies there. The lead bytes of CJK ideographs, U+4000 to U+9FFF, are no others'. */
static bool
has_bytes(const struct template_text *text, unsigned char first, unsigned char last)
{
	for (unsigned i = 0; i < text->count; i++) {
		struct str literal = text->pieces[i].literal;

		for (size_t at = 0; at < literal.n; at++)
			if ((unsigned char)literal.p[at] >= first &&
			    (unsigned char)literal.p[at] <= last)
				return true;
	}
	return false;
}

/* A text that stands alone is shown in both languages; its figures are in the one it is written in. */
static void
take_alone(struct text_pair *out, struct template_text text)
{
	bool chinese = has_bytes(&text, 0xe4, 0xe9);

	out->en = out->zh = text;
	out->has_en = !chinese;
	out->has_zh = chinese || (!has_bytes(&text, 'a', 'z') && !has_bytes(&text, 'A', 'Z'));
}

void
maker_text(struct maker *maker, const struct yaml_node *node, struct text_pair *out)
{
	if (node->kind == YAML_MAP) {
		for (unsigned i = 0; i < node->count; i++)
			read_language(maker, node->keys[i], node->items[i], out);
		if (node->count == 0)
			form_complain(&maker->form, node, "E035", STR_NONE, STR_NONE);
	} else if (node->kind == YAML_LIST) {
		form_complain(&maker->form, node, "E049", STR_NONE, STR_NONE);
	} else {
		struct template_text text;

		if (parse_text(maker, node, &text))
			take_alone(out, text);
	}
}

struct text_pair
maker_literal(struct maker *maker, struct str text)
{
	struct template_piece *piece = arena_alloc(maker->form.arena, sizeof *piece);
	struct text_pair pair = {.has_en = true, .has_zh = true};

	*piece = (struct template_piece){.literal = text, .word = WORD_NONE};
	pair.en = pair.zh = (struct template_text){piece, 1};
	return pair;
}
