/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic and order on values whose types fit. For eval.c. */
#ifndef LANG_COMPUTE_H
#define LANG_COMPUTE_H

#include "lang/builtin.h"
#include "lang/expr.h"

static inline bool
compute_is_fractional(const struct value *v)
{
	return v->type == TYPE_NUM || v->type == TYPE_PROB;
}

/* Texts, truths, and numbers of which one is not an int. */
int compute_order_of_kind(const struct value *a, const struct value *b);

/* Both known. -1, 0, 1; texts and truths only tell 0 from not 0. */
static inline int
compute_order(const struct value *a, const struct value *b)
{
	if (a->type == TYPE_STRING || a->type == TYPE_BOOL || compute_is_fractional(a) ||
	    compute_is_fractional(b))
		return compute_order_of_kind(a, b);
	return (a->u.i > b->u.i) - (a->u.i < b->u.i);
}

static inline bool
compute_holds(enum compare_op op, int order)
{
	enum { LESS = 1, EQUAL = 2, MORE = 4 };
	static const unsigned char holds[] = {
		[CMP_EQ] = EQUAL,	 [CMP_NE] = LESS | MORE, [CMP_LT] = LESS,
		[CMP_LE] = LESS | EQUAL, [CMP_GT] = MORE,	 [CMP_GE] = MORE | EQUAL,
	};

	return holds[op] >> (order + 1) & 1;
}

/* A number as one of another number type; other values as they are. */
static inline struct value
compute_as(struct value v, enum type type)
{
	if (v.type == type || (type != TYPE_NUM && type != TYPE_PROB))
		return v;
	if (v.type == TYPE_INT && v.known)
		v.u.n = (double)v.u.i;
	v.type = type;
	return v;
}

/* Unknown when a side is unknown, on overflow, and where mathematics has no answer. */
struct value compute_arith(enum arith_op op, struct value a, struct value b, enum type result);
struct value compute_negation(struct value v, enum type result);
/* FN_CONTAINS .. FN_LOGISTIC of one or two values. */
struct value compute_function(enum builtin_op op, const struct value *args);

#endif
