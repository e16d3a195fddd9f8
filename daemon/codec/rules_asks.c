/* SPDX-License-Identifier: Apache-2.0 */
/* Questions from outside the rule files, compiled as if they stood at their end. */
#include "codec/rules_maker.h"
#include "lang/token.h"

/* A part of an ask's text, as a text of a file that has a single line. */
static const struct yaml_node *
make_node(struct maker *maker, unsigned file, size_t from, size_t to)
{
	struct yaml_node *node = arena_alloc(maker->form.arena, sizeof *node);
	struct str text = maker->form.diags->files[file].text;

	*node = (struct yaml_node){.kind = YAML_TEXT,
				   .style = YAML_PLAIN,
				   .file = file,
				   .at = from,
				   .end = to,
				   .text = {text.p + from, to - from}};
	return node;
}

static void
add(struct maker *maker, const struct rules_ask *ask, unsigned of, struct str name,
    const struct yaml_node *node)
{
	struct ruleset *rules = maker->rules;
	const struct expr *expr;

	if (rules->ask_count == RULESET_MAX_ASKS) {
		form_complain(&maker->form, node, "E210", ask->place,
			      form_int_text(&maker->form, RULESET_MAX_ASKS));
		return;
	}
	expr = maker_expr(maker, node, ask->want, false);
	if (expr == NULL)
		return;
	maker_check_expr(maker, expr);
	if (name.n == 0)
		name = expr_text(maker->form.arena, expr->root);
	rules->asks[rules->ask_count++] = (struct outside_expr){of, name, expr};
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* [NAME =] EXPR, a macro alone by its own name, from its first byte that is no blank to its last. */
static void
read_one(struct maker *maker, const struct rules_ask *ask, unsigned of, unsigned file,
	 const struct token *tokens, size_t count)
{
	struct str text = maker->form.diags->files[file].text, name = STR_NONE;

	if (count > 2 && tokens[0].kind == TOKEN_NAME && tokens[1].kind == TOKEN_ASSIGN) {
		name = (struct str){text.p + tokens[0].at, tokens[0].width};
		tokens += 2;
		count -= 2;
	} else if (count == 1 && tokens[0].kind == TOKEN_NAME) {
		name = (struct str){text.p + tokens[0].at, tokens[0].width};
	}
	size_t from = tokens[0].at;
	size_t to = count == 0 ? from : tokens[count - 1].at + tokens[count - 1].width;

	add(maker, ask, of, name, make_node(maker, file, from, to));
}

/* EXPR {, EXPR}: commas inside brackets belong to what they stand in. */
static void
read_list(struct maker *maker, const struct rules_ask *ask, unsigned of, unsigned file,
	  const struct tokens *tokens)
{
	size_t from = 0;
	int depth = 0;

	for (size_t i = 0; i < tokens->count; i++) {
		enum token_kind kind = tokens->items[i].kind;

		depth += kind == TOKEN_OPEN || kind == TOKEN_OPEN_LIST;
		depth -= kind == TOKEN_CLOSE || kind == TOKEN_CLOSE_LIST;
		if (kind != TOKEN_END && (kind != TOKEN_COMMA || depth > 0))
			continue;
		read_one(maker, ask, of, file, tokens->items + from, i - from);
		from = i + 1;
	}
}

static void
read_ask(struct maker *maker, const struct rules_ask *ask, unsigned of)
{
	struct arena *arena = maker->form.arena;
	struct str text = arena_str(arena, ask->text);
	struct tokens tokens = {0};

	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '\n' || text.p[i] == '\r' || is_blank(text.p[i]))
			((char *)(uintptr_t)text.p)[i] = ' ';
	unsigned file = diags_add_file(maker->form.diags, ask->place, text);
	const struct yaml_node *all = make_node(maker, file, 0, text.n);

	if (tokens_read(&tokens, arena, maker_source(maker, all), 0, text.n, maker_sink(maker)))
		read_list(maker, ask, of, file, &tokens);
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
