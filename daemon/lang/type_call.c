/* SPDX-License-Identifier: Apache-2.0 */
/* Calls: arguments find their parameters. */
#include "lang/compute.h"
#include "lang/type.h"

/* A complaint about a call points at its name. */
static struct complaint
call_complaint(const char *code, const struct node *call)
{
	struct complaint complaint = type_complaint(code, call);

	complaint.width = call->name.n;
	return complaint;
}

static struct node *
unknown_function(struct typer *t, const struct node *in)
{
	static const struct str choices[] = {{"if", 2}, {"pick", 4}, {"coalesce", 8}};
	struct complaint complaint = call_complaint("E102", in);
	struct str *names, near;
	unsigned count = 0;

	while (builtin_at(count))
		count++;
	names = arena_array(t->arena, count + 3u, sizeof *names);
	for (unsigned i = 0; i < count; i++)
		names[i] = str_of(builtin_at(i)->name);
	for (unsigned i = 0; i < 3; i++)
		names[count++] = choices[i];
	near = str_nearest(in->name, names, count);
	complaint.args[0] = in->name;
	if (near.n)
		message_hint(t->arena, &complaint, "H101", near);
	type_say(t, &complaint);
	return NULL;
}

static void
complain_count(struct typer *t, const struct node *call, const struct builtin *fn)
{
	struct complaint complaint = call_complaint("E108", call);
	struct buf buf = {0};

	builtin_signature(&buf, fn);
	complaint.args[0] = arena_str(t->arena, buf_view(&buf));
	buf_finish(&buf);
	type_say(t, &complaint);
}

/* ---- Which argument is which ---- */

static int
find_param(const struct builtin *fn, struct str name)
{
	for (unsigned i = 0; i < fn->param_count; i++)
		if (fn->params[i].name && str_is(name, fn->params[i].name))
			return (int)i;
	return -1;
}

static bool
complain_argument(struct typer *t, const struct builtin *fn, const struct node *arg)
{
	struct complaint complaint = type_complaint("E109", arg);
	struct str names[FN_MAX_ARGS], near;
	size_t count = 0;

	for (unsigned i = 0; i < fn->param_count; i++)
		if (fn->params[i].name)
			names[count++] = str_of(fn->params[i].name);
	near = str_nearest(arg->name, names, count);
	complaint.args[0] = str_of(fn->name);
	complaint.args[1] = arg->name;
	if (near.n)
		message_hint(t->arena, &complaint, "H101",
			     arena_printf(t->arena, "%.*s=", STR_ARG(near)));
	type_say(t, &complaint);
	return false;
}

static bool
complain_twice(struct typer *t, const struct node *arg)
{
	struct complaint complaint = type_complaint("E110", arg);

	complaint.args[0] = arg->name;
	type_say(t, &complaint);
	return false;
}

/* `name=value` */
static bool
place_named(struct typer *t, const struct node *arg, const struct builtin *fn,
	    const struct node *given[FN_MAX_ARGS])
{
	int at = find_param(fn, arg->name);

	if (at < 0)
		return complain_argument(t, fn, arg);
	if (given[at])
		return complain_twice(t, arg);
	given[at] = arg->kids[0];
	return true;
}

/* Lays the arguments out in the order of the parameters; absent ones stay NULL. */
static bool
place_arguments(struct typer *t, const struct node *call, const struct builtin *fn,
		const struct node *given[FN_MAX_ARGS])
{
	unsigned at = 0;
	bool fine = true, enough = true;

	for (unsigned i = 0; i < call->kid_count; i++) {
		const struct node *arg = call->kids[i];

		if (arg->kind == NODE_ARG)
			fine = place_named(t, arg, fn, given) && fine;
		else if (at < fn->param_count && !fn->params[at].named_only && !given[at])
			given[at++] = arg;
		else
			enough = false;
	}
	for (unsigned i = 0; i < fn->param_count; i++)
		enough = enough && (given[i] || fn->params[i].optional);
	if (fine && !enough)
		complain_count(t, call, fn);
	return fine && enough;
}

/* ---- One argument ---- */

static void
complain_type(struct typer *t, const struct builtin *fn, enum type want, const struct node *arg)
{
	struct complaint complaint = type_complaint("E111", arg);
	struct str hint = STR_NONE;

	complaint.args[0] = str_of(fn->name);
	complaint.args[1] = type_text(want);
	complaint.args[2] = type_text(arg->type);
	if (want == TYPE_RANGE && arg->type == TYPE_SIGNAL)
		hint = arena_printf(t->arena, "%.*s[7d]", STR_ARG(arg->name));
	else if (want == TYPE_SIGNAL && arg->type == TYPE_RANGE)
		hint = arg->name;
	if (hint.n)
		message_hint(t->arena, &complaint, "H101", hint);
	else if (want == TYPE_DURATION)
		type_propose_duration(t, &complaint, arg);
	type_say(t, &complaint);
}

/* The signal must keep what the function reads of it. */
static bool
check_signal(struct typer *t, const struct builtin *fn, const struct node *arg)
{
	enum signal_kind kind = t->scope->signals[arg->slot].kind;
	struct complaint complaint = type_complaint("E136", arg);

	if (fn->flags & FN_NEEDS_SUM && kind != SIGNAL_SUM)
		complaint.args[1] = STR("sum:");
	else if (fn->flags & FN_NEEDS_LAST && kind != SIGNAL_LAST)
		complaint.args[1] = STR("last:");
	else
		return true;
	complaint.args[0] = str_of(fn->name);
	type_say(t, &complaint);
	return false;
}

static bool
check_hours(struct typer *t, const struct builtin *fn, const struct node *arg)
{
	struct complaint complaint = type_complaint("E137", arg);

	if (arg->type != TYPE_RANGE || !arg->range.hours || !(fn->flags & FN_DAYS_ONLY))
		return true;
	complaint.args[0] = str_of(fn->name);
	type_say(t, &complaint);
	return false;
}

/* max() and min() are kept apart from the sum: the maker has to know who is asked. */
static void
note_extreme(struct typer *t, const struct builtin *fn, const struct node *arg)
{
	if (t->scope->extremes && (fn->op == FN_MAX || fn->op == FN_MIN))
		t->scope->extremes[fn->op == FN_MIN] |= UINT64_C(1) << arg->slot;
}

static struct node *
type_place(struct typer *t, const struct builtin *fn, enum type want, const struct node *in)
{
	struct node *out = type_signal_or_range(t, in);

	if (!out)
		return NULL;
	if (out->type != want) {
		complain_type(t, fn, want, out);
		return NULL;
	}
	if (!check_signal(t, fn, out) || !check_hours(t, fn, out))
		return NULL;
	note_extreme(t, fn, out);
	return out;
}

/* Whether a constant keeps to its bound; in *said how that is written. */
static bool
keeps_to(enum bound bound, double x, const char **said)
{
	static const char *const texts[] = {
		[BOUND_NONE] = "",
		[BOUND_DROP] = "0 < rho < 1",
		[BOUND_RISE] = "rho > 1",
		[BOUND_SHARE] = "0 <= q <= 1",
		[BOUND_WEIGHT] = "0 < w <= 1",
		[BOUND_SPAN] = "half_life > 0s",
	};

	*said = texts[bound];
	switch (bound) {
	case BOUND_NONE:
		return true;
	case BOUND_DROP:
		return x > 0 && x < 1;
	case BOUND_RISE:
		return x > 1;
	case BOUND_SHARE:
		return x >= 0 && x <= 1;
	case BOUND_WEIGHT:
		return x > 0 && x <= 1;
	case BOUND_SPAN:
		return x > 0;
	}
	return true;
}

static struct node *
type_items_place(struct typer *t, const struct builtin *fn, const struct node *in)
{
	struct node *out = type_items(t, in);

	if (!out || out->type == TYPE_ITEMS)
		return out;
	complain_type(t, fn, TYPE_ITEMS, out);
	return NULL;
}

static bool
check_literal(struct typer *t, const struct builtin *fn, const struct param *param,
	      const struct node *arg)
{
	struct complaint complaint = type_complaint("E112", arg);
	int64_t ms = arg->value.u.i;
	const char *bound;

	if (param->literal && arg->kind != NODE_CONST) {
		complaint.args[0] = expr_text(t->arena, arg);
	} else if (param->whole_days &&
		   (ms <= 0 || ms % DAY_MS != 0 || ms > RANGE_MAX_DAYS * DAY_MS)) {
		complaint.code = "E155";
		complaint.args[0] = str_of(fn->name);
	} else if (!keeps_to(param->bound, value_as_number(arg->value), &bound)) {
		complaint.code = "E160";
		complaint.args[0] = str_of(fn->name);
		complaint.args[1] = str_of(bound);
	} else {
		return true;
	}
	type_say(t, &complaint);
	return false;
}

static struct node *
type_argument(struct typer *t, const struct builtin *fn, const struct param *param,
	      const struct node *in)
{
	struct node *out;
	enum fit fit;

	if (param->type == TYPE_RANGE || param->type == TYPE_SIGNAL)
		return type_place(t, fn, param->type, in);
	if (param->type == TYPE_ITEMS)
		return type_items_place(t, fn, in);
	out = type_value(t, in);
	if (!out)
		return NULL;
	fit = type_take(t, out, param->type, NULL);
	if (fit == FIT_NO)
		complain_type(t, fn, param->type, out);
	return fit == FIT_YES && check_literal(t, fn, param, out) ? out : NULL;
}

/* ---- The call ---- */

static bool
type_fixed(struct typer *t, struct node *out, const struct node *in)
{
	const struct builtin *fn = out->builtin;
	const struct node *given[FN_MAX_ARGS] = {NULL};
	bool fine = place_arguments(t, in, fn, given);

	out->kids = arena_array(t->arena, fn->param_count, sizeof *out->kids);
	out->kid_count = (uint16_t)fn->param_count;
	for (unsigned i = 0; i < fn->param_count; i++) {
		if (!given[i])
			continue;
		if (!fn->params[i].condition)
			out->kids[i] = type_argument(t, fn, &fn->params[i], given[i]);
		else if (out->kids[0])
			out->kids[i] = type_condition(t, out->kids[0], given[i]);
		fine = fine && out->kids[i];
	}
	return fine;
}

static bool
type_variadic(struct typer *t, struct node *out, const struct node *in)
{
	const struct param *param = &out->builtin->params[0];
	bool fine = in->kid_count > 0;

	if (!fine)
		complain_count(t, in, out->builtin);
	for (unsigned i = 0; i < in->kid_count; i++) {
		out->kids[i] = type_argument(t, out->builtin, param, in->kids[i]);
		fine = fine && out->kids[i];
	}
	return fine;
}

/* holiday("name") */
static bool
find_holiday(struct typer *t, struct node *call)
{
	const struct calendar *calendar = t->scope->calendar;
	const struct node *name = call->kids[0];
	struct complaint complaint = type_complaint("E171", name);
	struct str near;

	if (!calendar) {
		complaint = call_complaint("E172", call);
		type_say(t, &complaint);
		return false;
	}
	for (call->slot = 0; call->slot < calendar->name_count; call->slot++)
		if (str_eq(calendar->names[call->slot], name->value.u.s))
			return true;
	if (calendar->is_missing) { /* told where it is named */
		t->complaints++;
		return false;
	}
	near = str_nearest(name->value.u.s, calendar->names, calendar->name_count);
	complaint.args[0] = name->value.u.s;
	if (near.n)
		message_hint(t->arena, &complaint, "H101",
			     arena_printf(t->arena, "\"%.*s\"", STR_ARG(near)));
	type_say(t, &complaint);
	return false;
}

/* workdays(duration): the instant at which it begins has to stand still, or to move at the pace of time. */
static bool
check_workdays(struct typer *t, const struct node *call)
{
	const struct node *span = call->kids[0];
	struct complaint complaint = type_complaint("E170", span);

	if (!moves_with_time(span) || moves_bare(span) & FN_GROWS)
		return true;
	complaint.args[0] = expr_text(t->arena, span);
	type_say(t, &complaint);
	return false;
}

/* What a function asks of its arguments beyond their types. */
static bool
check_meaning(struct typer *t, struct node *call)
{
	if (call->builtin->op == FN_HOLIDAY)
		return find_holiday(t, call);
	if (call->builtin->op == FN_WORKDAYS)
		return check_workdays(t, call);
	return true;
}

static bool
set_result(struct typer *t, struct node *out)
{
	bool stage = out->builtin->op == FN_STAGE;
	struct complaint complaint = call_complaint(stage ? "E184" : "E144", out);

	out->type = out->builtin->result;
	if (out->type != TYPE_ENUM)
		return true;
	out->words = out->builtin->words ? out->builtin->words
		     : stage		 ? t->scope->stages
					 : t->scope->levels;
	if (!out->words)
		type_say(t, &complaint);
	return out->words != NULL;
}

/* Ranges, signals and constants: laid out once, not at each look. */
static void
lay_arguments(struct typer *t, struct node *out)
{
	unsigned count = out->builtin->param_count;
	struct value *args;

	for (unsigned i = 0; i < count; i++) {
		const struct node *kid = out->kids[i];

		if (kid && kid->kind != NODE_CONST && kid->kind != NODE_RANGE &&
		    kid->kind != NODE_SIGNAL && kid->kind != NODE_ITEMS)
			return;
	}
	args = arena_array(t->arena, count + 1u, sizeof *args);
	args[0] = value_unknown(TYPE_COUNT);
	for (unsigned i = 0; i < count; i++)
		args[i] = out->kids[i] ? compute_as(out->kids[i]->value,
						    out->builtin->params[i].type)
				       : value_unknown(TYPE_COUNT);
	out->args = args;
}

/* A condition is asked for each item, so what it reads of the customer has to be cheap. */
static bool
has_place(struct typer *t, const struct node *call)
{
	const struct builtin *fn = call->builtin;
	struct complaint complaint = call_complaint("E178", call);

	if (t->in_condition && fn->op < FN_FIRST_PURE && fn->op != FN_UNTIL)
		complaint.args[0] = arena_printf(t->arena, "%s()", fn->name);
	else if (!(fn->flags & FN_MEMBERS) || t->scope->has_members)
		return true;
	else
		complaint.code = "E248";
	complaint.args[0] = arena_printf(t->arena, "%s()", fn->name);
	type_say(t, &complaint);
	return false;
}

/* since(s, by=x) reads members, since(s) does not. */
static bool
check_by(struct typer *t, const struct node *out)
{
	struct complaint complaint = call_complaint("E248", out);

	if (out->builtin->op != FN_SINCE || !out->kids[1] || t->scope->has_members)
		return true;
	complaint.args[0] = STR("since(.., by=)");
	type_say(t, &complaint);
	return false;
}

/* until_due() of items that have no due date would never be true. */
static bool
check_due(struct typer *t, const struct node *out)
{
	const struct node *items = out->kids ? out->kids[0] : NULL;
	struct complaint complaint = type_complaint("E253", items ? items : out);

	if (out->builtin->op != FN_UNTIL_DUE || !items || t->scope->items[items->slot].has_due)
		return true;
	complaint.args[0] = items->name;
	type_say(t, &complaint);
	return false;
}

struct node *
type_call(struct typer *t, const struct node *in)
{
	struct node *out = type_copy(t, in);

	out->builtin = builtin_find(in->name);
	if (!out->builtin)
		return unknown_function(t, in);
	if (!has_place(t, out))
		return NULL;
	if (!(out->builtin->variadic ? type_variadic : type_fixed)(t, out, in))
		return NULL;
	if (!out->builtin->variadic)
		lay_arguments(t, out);
	if (out->builtin->flags & FN_NAMES_RULE && !type_named_rule(t, out))
		return NULL;
	if (out->builtin->op == FN_TAG && !type_named_tag(t, out))
		return NULL;
	return check_by(t, out) && check_due(t, out) && check_meaning(t, out) &&
			       set_result(t, out)
		       ? out
		       : NULL;
}
