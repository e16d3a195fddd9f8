/* SPDX-License-Identifier: Apache-2.0 */
/* Typing: an untyped tree is copied, resolved against a scope and checked. For type*.c. */
#ifndef LANG_TYPE_H
#define LANG_TYPE_H

#include "lang/builtin.h"
#include "lang/expr.h"

struct typer {
	struct arena *arena;
	const struct scope *scope;
	struct sink sink;
	unsigned complaints;
	unsigned nodes;		  /* made so far, at most EXPR_MAX_NODES */
	unsigned height;	  /* of the node being typed, at most EXPR_MAX_HEIGHT */
	unsigned macros;	  /* how many macros deep */
	const struct node *place; /* outside macros: where a limit is complained about */
	bool stopped;		  /* a limit was passed */
	bool in_condition;	  /* of open(): few functions stand there */
};

/* All return NULL (or false) after they complained. */
struct node *type_node(struct typer *t, const struct node *in); /* ranges, signals, lists too */
struct node *type_value(struct typer *t, const struct node *in); /* refuses those */
/* Brings a value to the type its place asks for; TYPE_NUM takes int and prob. */
bool type_want(struct typer *t, struct node *node, enum type want);

/* Room for one more node; false once the limit is passed. */
bool type_count(struct typer *t, unsigned nodes);
/* A copy whose kids are yet to be filled in. */
struct node *type_copy(struct typer *t, const struct node *in);
/* Fills in all kids as values. */
bool type_kids(struct typer *t, struct node *out, const struct node *in);

struct complaint type_complaint(const char *code, const struct node *at);
void type_say(struct typer *t, const struct complaint *complaint);
struct str type_text(enum type type); /* its name as an argument of a complaint */

/* type_fit.c: what goes with what. */
enum fit {
	FIT_YES,
	FIT_NO,	 /* not complained about yet */
	FIT_TOLD /* complained about */
};
bool type_is_number(enum type type);
/* Gives event text, words of an enum and dates in quotes the type asked for. */
enum fit type_take(struct typer *t, struct node *node, enum type type,
		   const struct enum_def *words);
/* Both become of one type. */
enum fit type_meet(struct typer *t, struct node *a, struct node *b);
/* All branches become of one type, which is given to `out`. */
bool type_branches(struct typer *t, struct node *out, struct node **branches, unsigned count);
/* The side a complaint about both points at: the one written as a constant, else the right one. */
const struct node *type_culprit(const struct node *node);
/* "14" where a duration is asked for: did you mean 14d? */
void type_propose(struct typer *t, struct complaint *complaint, const struct node *literal,
		  const struct node *other);
void type_propose_duration(struct typer *t, struct complaint *complaint,
			   const struct node *literal);

/* type_name.c, type_call.c, type_pick.c, type_logic.c, type_list.c, type_arith.c: a function a kind of node. */
typedef struct node *type_rule(struct typer *t, const struct node *in);
type_rule type_name_node, type_path, type_range, type_list, type_call, type_pick, type_if,
	type_coalesce, type_not, type_logic, type_compare, type_in, type_arith, type_negate;
/* A name where only signals and ranges may stand; complains about an unknown signal. */
struct node *type_signal_or_range(struct typer *t, const struct node *in);
/* A name where only a list of items may stand. */
struct node *type_items(struct typer *t, const struct node *in);
/* type_item.c: item.x, and a text in quotes that is an expression about one item of the list. */
struct node *type_item_path(struct typer *t, const struct node *in);
struct node *type_condition(struct typer *t, const struct node *items, const struct node *in);
/* Complains of a path that stands where it has no meaning; NULL. */
struct node *type_misplaced_path(struct typer *t, const char *code, const struct node *in);
/* A name behind `in`. */
struct node *type_list_operand(struct typer *t, const struct node *in);

/* type_rule.c: the rule that a call names becomes its slot; false when it complained. */
bool type_named_rule(struct typer *t, struct node *call);
/* The same for a tag that a tag reads. */
bool type_named_tag(struct typer *t, const struct node *call);

/* moves.c: whether the value changes with time between looks. */
bool moves_with_time(const struct node *node);
/* FN_GROWS or FN_STEPS when it is nothing but a moving function of things that stand still. */
unsigned moves_bare(const struct node *side);
/* Fills in moves and swapped of a NODE_COMPARE whose kids are typed. */
void moves_classify(struct node *compare);
void moves_classify_in(struct node *in);

/* compile.c: a part of a text, as in the holes of a template. */
const struct expr *expr_compile_part(struct arena *arena, const struct source *source,
				     size_t from, size_t to, const struct scope *scope,
				     enum type want, struct sink sink);

#endif
