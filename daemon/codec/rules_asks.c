/* SPDX-License-Identifier: Apache-2.0 */
/* Questions from outside the rule files, compiled as if they stood at their end. */
#include "codec/rules_maker.h"
#include "lang/token.h"

/* One ask at work. Its text stands twice: the rule set keeps it, and so do those who print its mistakes, for which
 * the rule set is gone. */
struct asked {
	struct maker *maker;
	const struct rules_ask *ask;
	unsigned of, file;
	struct str text; /* the rule set's */
};

/* A part of the text, as a text of a file that has a single line. */
static const struct yaml_node *
make_node(const struct asked *asked, size_t from, size_t to)
{
	struct yaml_node *node = arena_alloc(asked->maker->form.arena, sizeof *node);

	*node = (struct yaml_node){.kind = YAML_TEXT,
				   .style = YAML_PLAIN,
				   .file = asked->file,
				   .at = from,
				   .end = to,
				   .text = {asked->text.p + from, to - from}};
	return node;
}

static void
add(const struct asked *asked, struct str name, const struct yaml_node *node)
{
	struct maker *maker = asked->maker;
	struct ruleset *rules = maker->rules;
	const struct expr *expr;

	if (rules->ask_count == RULESET_MAX_ASKS) {
		form_complain(&maker->form, node, "E210", asked->ask->place,
			      form_int_text(&maker->form, RULESET_MAX_ASKS));
		return;
	}
	expr = maker_expr(maker, node, asked->ask->want, false);
	if (expr == NULL)
		return;
	maker_check_expr(maker, expr);
	if (name.n == 0)
		name = expr_text(maker->form.arena, expr->root);
	rules->asks[rules->ask_count++] = (struct outside_expr){asked->of, name, expr};
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* [NAME =] EXPR, a macro alone by its own name, from its first byte that is no blank to its last. */
static void
read_one(const struct asked *asked, const struct token *tokens, size_t count)
{
	struct str name = STR_NONE;

	if (count > 2 && tokens[0].kind == TOKEN_NAME && tokens[1].kind == TOKEN_ASSIGN) {
		name = (struct str){asked->text.p + tokens[0].at, tokens[0].width};
		tokens += 2;
		count -= 2;
	} else if (count == 1 && tokens[0].kind == TOKEN_NAME) {
		name = (struct str){asked->text.p + tokens[0].at, tokens[0].width};
	}
	size_t from = tokens[0].at;
	size_t to = count == 0 ? from : tokens[count - 1].at + tokens[count - 1].width;

	add(asked, name, make_node(asked, from, to));
}

/* EXPR {, EXPR}: commas inside brackets belong to what they stand in. */
static void
read_list(const struct asked *asked, const struct tokens *tokens)
{
	size_t from = 0;
	int depth = 0;

	for (size_t i = 0; i < tokens->count; i++) {
		enum token_kind kind = tokens->items[i].kind;

		depth += kind == TOKEN_OPEN || kind == TOKEN_OPEN_LIST;
		depth -= kind == TOKEN_CLOSE || kind == TOKEN_CLOSE_LIST;
		if (kind != TOKEN_END && (kind != TOKEN_COMMA || depth > 0))
			continue;
		read_one(asked, tokens->items + from, i - from);
		from = i + 1;
	}
}

/* Several lines are as one. */
static struct str
one_line(struct arena *arena, struct str text)
{
	char *line = arena_alloc(arena, text.n + 1);

	for (size_t i = 0; i < text.n; i++)
		line[i] = is_blank(text.p[i]) ? ' ' : text.p[i];
	return (struct str){line, text.n};
}

static void
read_ask(struct maker *maker, const struct rules_ask *ask, unsigned of)
{
	struct diags *diags = maker->form.diags;
	struct arena *arena = maker->form.arena;
	struct asked asked = {.maker = maker, .ask = ask, .of = of};
	struct tokens tokens = {0};

	asked.text = one_line(arena, ask->text);
	asked.file = diags_add_file(diags, ask->place, one_line(diags->arena, ask->text));
	const struct yaml_node *all = make_node(&asked, 0, asked.text.n);

	if (tokens_read(&tokens, arena, maker_source(maker, all), 0, asked.text.n,
			maker_sink(maker)))
		read_list(&asked, &tokens);
	tokens_finish(&tokens);
}

void
maker_asks(struct maker *maker)
{
	const struct rules_loader *loader = maker->loader;

	maker->rules->asks =
		arena_array(maker->form.arena, RULESET_MAX_ASKS, sizeof *maker->rules->asks);
	for (unsigned i = 0; i < loader->ask_count; i++)
		read_ask(maker, &loader->asks[i], i);
}
