/* SPDX-License-Identifier: Apache-2.0 */
/* An expression: from text to a typed tree. */
#ifndef LANG_EXPR_H
#define LANG_EXPR_H

#include "base/arena.h"
#include "base/calendar.h"
#include "lang/message.h"
#include "lang/value.h"

#define EXPR_MAX_BYTES 4096
#define EXPR_MAX_DEPTH 64   /* nesting as written */
#define EXPR_MAX_NODES 2048 /* after macros are put in: bounds the cost of one look */
#define EXPR_MAX_HEIGHT 256 /* of the tree, after macros are put in: bounds recursion */

enum node_kind {
	NODE_CONST,
	NODE_LIST, /* kids are constants of one type; name: of the list, none for ["a", "b"] */
	NODE_PATH, /* profile.x, event.x, item.x */
	NODE_CALL, /* builtin; kids are its arguments in the table's order, absent ones NULL */
	NODE_NOT,
	NODE_AND,
	NODE_OR,
	NODE_COMPARE, /* op */
	NODE_IN,      /* kids[0] in kids[1] (a list) */
	NODE_ARITH,   /* op: + - * / */
	NODE_NEGATE,
	NODE_IF, /* c, x, y */
	/* Subject, then words->count values in the order of the words; never NULL after typing. Words
	 * that fall to `else` share one node: that of kids[slot] (0: there is no else). */
	NODE_PICK,
	NODE_COALESCE, /* the first of its kids that is known */
	NODE_RANGE,
	NODE_SIGNAL,
	NODE_ITEMS, /* the name of an item list; slot */
	NODE_NAME,  /* before typing only: a bare word (macro, list, signal) */
	NODE_ARG, /* before typing only: name=kids[0], an argument by name or a branch of pick */
	NODE_KINDS
};

enum compare_op { CMP_EQ, CMP_NE, CMP_LT, CMP_LE, CMP_GT, CMP_GE };
enum arith_op { ARITH_ADD, ARITH_SUB, ARITH_MUL, ARITH_DIV };
enum path_root { PATH_PROFILE, PATH_EVENT, PATH_ITEM };

/* How a NODE_COMPARE behaves as time passes with no event (rules.md, "Time"). */
enum moves {
	MOVES_NOT,    /* reads no time: constant between looks */
	MOVES_LINEAR, /* one side grows by 1 ms a ms: flips at an instant known by subtraction */
	MOVES_MONOTONE, /* one side is monotone: the flip is bisected */
	MOVES_EDGES, /* one side is a bare function with edges, the other a constant: asked at them */
	MOVES_COARSE /* keeps its value between looks */
};

struct builtin;

struct node {
	enum node_kind kind;
	enum type type; /* after typing */
	uint8_t op;	/* compare_op, arith_op or path_root */
	uint8_t moves;	/* enum moves; NODE_COMPARE, and MOVES_EDGES of NODE_IN */
	bool swapped;	/* NODE_COMPARE: the moving side is kids[1] */
	uint16_t
		memo; /* equal conditions of a rule set share one number; 0: none (lang/share.h) */
	uint16_t kid_count;
	struct node **kids;
	const struct source *source;
	uint32_t at, width; /* place in source->text */
	const struct enum_def *words;
	const struct builtin *builtin; /* NODE_CALL */
	const struct value
		*args;	 /* of a call all of whose arguments are known when loaded; else NULL */
	struct str name; /* NODE_PATH (without its root), NODE_NAME...: as written */
	/* profile attribute; event or item field (enum event_field, item_field); signal; item list;
	 * holiday("name"): its name */
	unsigned slot;
	struct value value; /* NODE_CONST */
	struct range range; /* NODE_RANGE */
};

struct expr {
	const struct node *root;
	const struct source *source;
	unsigned nodes;
};

/* Fields of an event that have a meaning of their own; every other name is an attribute. */
enum event_field {
	EVENT_VALUE,
	EVENT_TYPE,
	EVENT_USER,
	EVENT_SOURCE,
	EVENT_TS,
	EVENT_ATTRIBUTE
};

/* Fields of an item; from ITEM_KEPT on those that its list keeps. */
enum item_field { ITEM_KEY, ITEM_OPENED, ITEM_DUE, ITEM_KEPT };

struct attribute {
	struct str name;
	enum type type; /* BOOL INT NUM DURATION TIME DATE STRING ENUM */
	struct enum_def words;
	struct value initial; /* default; unknown when none */
	uint32_t key;	      /* names it in state records, with its type */
	bool private_;
};

/* SIGNAL_MAX and SIGNAL_MIN are companions of a sum: the largest and smallest value of each day. */
enum signal_kind { SIGNAL_COUNT, SIGNAL_SUM, SIGNAL_LAST, SIGNAL_MAX, SIGNAL_MIN };

/* Whether its days carry an amount in millionths. */
static inline bool
signal_has_sum(enum signal_kind kind)
{
	return kind != SIGNAL_COUNT && kind != SIGNAL_LAST;
}

struct scope_signal {
	struct str name;
	enum signal_kind kind;
};

/* A list of items that open and close by key. */
struct scope_items {
	struct str name;
	const struct str *kept; /* attributes of the event that opens one */
	unsigned kept_count;
	bool has_due;
};

struct named_list {
	struct str name;
	const struct str *words;
	unsigned count;
	bool used; /* set when an expression reads it */
};

struct share;

struct macro {
	struct str name;
	struct source source;
	struct node
		*tree; /* untyped; typed anew wherever it is used; NULL: broken, told already */
	bool used, open; /* open: being put in (a cycle is an error) */
	bool told; /* a mistake in it was complained about; it is not said again at each use */
};

/* What an expression may name. All borrowed. */
struct scope {
	const struct scope_signal *signals;
	unsigned signal_count;
	const struct attribute *profile;
	unsigned profile_count;
	struct named_list *lists;
	unsigned list_count;
	struct macro *macros;
	unsigned macro_count;
	uint64_t *
		extremes; /* out, [0] of max(), [1] of min(): bit s when signal s is asked; or NULL */
	const struct enum_def *levels; /* healthy first; ordered */
	const struct enum_def *stages; /* NULL: none */
	const struct str *tags; /* of tags by rule: within a tag, the first may be read */
	unsigned tag_count, tag_total;	 /* as of the rules; both 0 elsewhere */
	const struct str *rules;	 /* all names, for firing("r"); it may read the first */
	unsigned rule_count;		 /* of these, */
	unsigned rule_total;		 /* of so many */
	const struct calendar *calendar; /* for holiday("name"); NULL: there is none */
	const struct scope_items *items;
	unsigned item_count;
	const struct scope_items *item; /* whose item.* may be read; NULL: none */
	bool event_allowed;
	bool above_rules;    /* `only`, `where`: looked at before any rule */
	bool has_key;	     /* {key} in a text is the key of an item */
	bool has_members;    /* the people inside a customer are known */
	struct share *share; /* NULL: equal parts stay strangers */
};

/* Parses the text into an untyped tree (for macros). NULL when it complained. */
struct node *expr_parse(struct arena *arena, const struct source *source, struct sink sink);
/* Parses and types; `want` TYPE_COUNT takes any type, TYPE_NUM takes int and prob too. NULL when it
 * complained; goes on after an error where it can, so that one run says all. */
const struct expr *expr_compile(struct arena *arena, const struct source *source,
				const struct scope *scope, enum type want, struct sink sink);

/* Canonical text of a tree: one space around operators, fewest parentheses, durations as "14d";
 * a typed tree has its macros and named lists put in. */
void expr_unparse(struct buf *out, const struct node *node);
struct str expr_text(struct arena *arena, const struct node *node); /* the same, in the arena */

/* Whether an expression can name it: letters, digits, _, bytes from 0x80; no digit first, no word of
 * the language (and or not in true false if pick else profile event item). */
bool expr_name_ok(struct str name);

/* Whether kids[i] of a node is the same node as an earlier one (words of pick that fall to else): to
 * be passed over by whoever walks a tree, or nested picks would cost beyond all bounds. */
bool expr_kid_repeats(const struct node *node, unsigned i);

/* Of an if, pick or coalesce: kids from this one on are the values it may take; those before choose. */
static inline unsigned
expr_first_branch(const struct node *node)
{
	return node->kind != NODE_COALESCE;
}

/* Calls visit for every node once, parents first. */
void expr_walk(const struct node *node, void (*visit)(void *ctx, const struct node *node),
	       void *ctx);

#endif
