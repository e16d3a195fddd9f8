/* SPDX-License-Identifier: Apache-2.0 */
/* Rules named in an expression: firing("r") reads rules above only, so that no two wait for each other. */
#include "lang/type.h"

static bool
complain(struct typer *t, const struct node *call, const char *code, struct str about)
{
	const struct node *name = call->kids[0];
	struct complaint complaint = type_complaint(code, name);
	struct str near = STR_NONE;

	complaint.args[0] = name->value.u.s;
	complaint.args[1] = about;
	if (about.n)
		complaint.args[0] = arena_printf(t->arena, "%s()", call->builtin->name);
	else if (str_is(str_of(code), "E180"))
		near = str_nearest(name->value.u.s, t->scope->rules, t->scope->rule_total);
	if (near.n)
		message_hint(t->arena, &complaint, "H101",
			     arena_printf(t->arena, "\"%.*s\"", STR_ARG(near)));
	type_say(t, &complaint);
	return false;
}

/* `only` and `where`. */
static bool
complain_only(struct typer *t, const struct node *call)
{
	struct complaint complaint = type_complaint("E183", call);

	complaint.width = call->name.n;
	complaint.args[0] = arena_printf(t->arena, "%s()", call->builtin->name);
	type_say(t, &complaint);
	return false;
}

bool
type_named_rule(struct typer *t, struct node *call)
{
	const struct scope *scope = t->scope;
	struct str name = call->kids[0]->value.u.s;

	if (scope->above_rules)
		return complain_only(t, call);
	for (unsigned i = 0; i < scope->rule_total; i++) {
		if (!str_eq(scope->rules[i], name))
			continue;
		call->slot = i;
		if (i < scope->rule_count)
			return true;
		return complain(t, call, i == scope->rule_count ? "E182" : "E181",
				i == scope->rule_count ? STR_NONE : name);
	}
	return complain(t, call, "E180", STR_NONE);
}

/* Tags are looked at in the order of the file, each once. A tag that no rule sets is a person's. */
bool
type_named_tag(struct typer *t, const struct node *call)
{
	const struct scope *scope = t->scope;
	struct complaint complaint = type_complaint("E185", call->kids[0]);

	complaint.args[0] = call->kids[0]->value.u.s;
	for (unsigned i = scope->tag_count; i < scope->tag_total; i++) {
		if (!str_eq(scope->tags[i], complaint.args[0]))
			continue;
		type_say(t, &complaint);
		return false;
	}
	return true;
}
