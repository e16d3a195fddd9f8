/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic and order on values whose types fit. For eval.c. */
#ifndef LANG_COMPUTE_H
#define LANG_COMPUTE_H

#include "lang/builtin.h"
#include "lang/expr.h"

/* Both known. -1, 0, 1; texts and booleans only tell 0 from not 0. */
int compute_order(struct value a, struct value b);
bool compute_holds(enum compare_op op, int order);
/* Unknown when a side is unknown, on overflow, and where mathematics has no answer. */
struct value compute_arith(enum arith_op op, struct value a, struct value b, enum type result);
struct value compute_negation(struct value v, enum type result);
/* A number as one of another number type; other values as they are. */
struct value compute_as(struct value v, enum type type);
/* FN_CONTAINS .. FN_LOGISTIC of one or two values. */
struct value compute_function(enum builtin_op op, const struct value *args);

#endif
