/* SPDX-License-Identifier: Apache-2.0 */
/* The evaluator: total, without allocation; finds the next instant at which the answer could flip. */
#ifndef LANG_EVAL_H
#define LANG_EVAL_H

#include "lang/expr.h"

struct env;

struct env_ops {
	struct value (*path)(struct env *env, const struct node *node);
	/* args: evaluated arguments, absent ones have known = false and type TYPE_COUNT. */
	struct value (*call)(struct env *env, const struct node *node,
			     const struct value *args);
	/* Where a FN_STEPS call probably comes to `still`, which is known: a search begins there. NEVER:
	 * no idea. May be NULL. */
	int64_t (*guess)(struct env *env, const struct node *node, const struct value *args,
			 const struct value *still);
};

/* What a condition was found to be during the look of that stamp. */
struct memo {
	uint32_t stamp;
	uint32_t truth;
};

/* Of two instants the earlier one. */
static inline void
sooner(int64_t *at, int64_t other)
{
	if (other < *at)
		*at = other;
}

struct env {
	const struct env_ops *ops;
	void *ctx;   /* the engine's */
	int64_t now; /* ms */
	/* When the customer was last looked at as a whole (<= now): everything but exact comparisons is
	 * evaluated as of then, so that an extra look between two looks sees the same values. */
	int64_t look;
	/* Set by eval while it evaluates the moving side of a LINEAR or MONOTONE comparison: ops->call
	 * then answers as of now, otherwise as of look. */
	bool exact;
	bool pauses; /* functions that grow may stand still now */
	/* Out, lowered only: the earliest instant > now at which a LINEAR or MONOTONE comparison that
	 * was evaluated here turns, if no event comes before. The caller sets it to NEVER. */
	int64_t next;
	/* Out, the same for whoever looks again later: where nothing but a signal's silence comes to an end sooner, that
	 * end is put off by each event of the signal. `apart`: as `next`, but for the silence of that signal; what lies
	 * beyond `next` need not be known. `silence`: as long as it has to be; NEVER. */
	int64_t apart, silence;
	int64_t silence_at; /* that instant, as things stand */
	unsigned silence_of;
	uint64_t
		seen; /* signals whose last event is what since() and silent() count from, all time since counts */
	struct memo *memos; /* by node->memo; NULL: nothing is remembered */
	uint32_t stamp;	    /* of this look, never 0 */
	/* When set: called after each node (children first), and nothing is short-circuited. */
	void (*record)(void *ctx, const struct node *node, struct value value);
	void *record_ctx;
};

enum truth { TRUTH_NO, TRUTH_YES, TRUTH_UNKNOWN };

/* Kleene logic: false and unknown is false, true or unknown is true; a comparison or arithmetic with
 * an unknown side is unknown; x/0 and overflow are unknown; pick of an unknown is unknown; if(unknown, ..)
 * is unknown. TYPE_TEXT_ANY paths come from ops->path already converted to node->type. */
struct value eval_node(struct env *env, const struct node *node);

/* The same for a tree of type bool, without a struct: what rules ask for. */
enum truth eval_truth(struct env *env, const struct node *node);
/* Whether it is known and true, for whoever asks no more: what comes after a condition that is not true need not
 * be looked at, unknown or false. */
bool eval_holds(struct env *env, const struct node *node);

static inline struct value
eval(struct env *env, const struct node *node)
{
	return eval_node(env, node);
}

#endif
