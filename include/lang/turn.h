/* SPDX-License-Identifier: Apache-2.0 */
/* When a comparison turns as time passes with no event. For eval.c. */
#ifndef LANG_TURN_H
#define LANG_TURN_H

#include "lang/eval.h"

/* An exact comparison as it stands: `moving op still`, moving being a call with these arguments. */
struct turning {
	const struct node *moving;
	const struct value *args;
	const struct value *now;   /* the moving side as of env->now; known */
	const struct value *still; /* the other side; known */
	enum compare_op op;
};

/* The moving side as of `at`. */
static inline struct value
turn_moving_at(struct env *env, const struct node *moving, const struct value *args, int64_t at)
{
	int64_t now = env->now;
	bool exact = env->exact;
	struct value v;

	env->now = at;
	env->exact = true;
	v = env->ops->call(env, moving, args);
	env->now = now;
	env->exact = exact;
	return v;
}

/* Lower env->next to the instant at which it turns. */
void turn_note_linear(struct env *env, const struct turning *turning);
void turn_note_monotone(struct env *env, const struct turning *turning);

#endif
