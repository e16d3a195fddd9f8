/* SPDX-License-Identifier: Apache-2.0 */
/* From text to a typed tree in one call, and what one does with a tree as a whole. */
#include "lang/parse.h"
#include "lang/share.h"
#include "lang/type.h"

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
expr_name_ok(struct str name)
{
	static const char *const taken[] = {"and", "or",   "not",  "in",      "true",  "false",
					    "AND", "OR",   "NOT",  "IN",      "TRUE",  "FALSE",
					    "if",  "pick", "else", "profile", "event", "item"};

	if (name.n == 0 || is_digit(name.p[0]) || !utf8_valid(name))
		return false;
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (!is_digit((char)c) && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    c != '_' && c < 0x80)
			return false;
	}
	for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
		if (str_is(name, taken[i]))
			return false;
	return true;
}

bool
expr_kid_repeats(const struct node *node, unsigned i)
{
	return node->kind == NODE_PICK && node->slot != 0 && i > node->slot &&
	       node->kids[i] == node->kids[node->slot];
}

void
expr_walk(const struct node *node, void (*visit)(void *ctx, const struct node *node), void *ctx)
{
	visit(ctx, node);
	for (unsigned i = 0; i < node->kid_count; i++)
		if (node->kids[i] && !expr_kid_repeats(node, i))
			expr_walk(node->kids[i], visit, ctx);
}

/* Event text that nothing gave a type is text. */
static bool
settle_root(struct typer *t, struct node *root, enum type want)
{
	if (want != TYPE_COUNT)
		return type_want(t, root, want);
	return root->type != TYPE_TEXT_ANY || type_want(t, root, TYPE_STRING);
}

const struct expr *
expr_compile_part(struct arena *arena, const struct source *source, size_t from, size_t to,
		  const struct scope *scope, enum type want, struct sink sink)
{
	struct counter counter = {.to = sink};
	struct node *tree = parse_part(arena, source, from, to, counter_sink(&counter));
	struct typer t = {.arena = arena, .scope = scope, .sink = counter_sink(&counter)};
	struct node *root = tree ? type_value(&t, tree) : NULL;
	struct expr *expr;

	if (!root || !settle_root(&t, root, want) || counter.count > 0)
		return NULL;
	expr = arena_alloc(arena, sizeof *expr);
	if (scope->share)
		share_tree(scope->share, root);
	*expr = (struct expr){.root = root, .source = source, .nodes = t.nodes};
	return expr;
}

const struct expr *
expr_compile(struct arena *arena, const struct source *source, const struct scope *scope,
	     enum type want, struct sink sink)
{
	return expr_compile_part(arena, source, 0, source->text.n, scope, want, sink);
}
