/* SPDX-License-Identifier: Apache-2.0 */
/* What a function of the language says of the one customer of a scene. */
#ifndef UNIT_ASK_H
#define UNIT_ASK_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/mem.h"
#include "engine/core.h"
#include "support/scene.h"

#define DAY0 at("2026-03-01 00:00")
#define MODEL "{kind: mbg_nbd, r: 0.525, alpha: 43.3, a: 0.891, b: 1.614}"
#define SIGNALS                                                                                \
	"profile: {tier: {enum: [free, team]}}\n"                                              \
	"signals: {a: {on: a}, pay: {on: pay, sum: value}, seats: {on: seats, last: value}}\n" \
	"models: {a: " MODEL "}\n"
#define RULE(expr) SIGNALS "rules:\n- {rule: r, expr: '" expr "', points: 10, cooldown: 0s}\n"

/* The left side of the first rule's comparison, as of the last look or (exact) as of now. */
static inline struct value
left_side(struct scene *scene, int64_t now, bool exact)
{
	const struct rule *rule = &engine_rules(scene->engine)->rules[0];
	struct expr expr = {.root = rule->when->root->kids[0]};
	struct look look;

	look_begin(&look, scene->engine, engine_at(scene->engine, 0), NULL, now);
	return exact ? look_eval_exact(&look, &expr) : look_eval(&look, &expr);
}

static inline void
assert_number(struct scene *scene, int64_t now, double expected)
{
	struct value v = left_side(scene, now, true);

	assert_true(v.known);
	if (fabs(value_as_number(v) - expected) > 1e-9 * fmax(1, fabs(expected)))
		fail_msg("%.12g, not %.12g", value_as_number(v), expected);
}

static inline void
assert_unknown(struct scene *scene, int64_t now)
{
	assert_false(left_side(scene, now, true).known);
}

/* An event at 10:00 of each of these days after DAY0; ends with -1. */
static inline void
send_days(struct scene *scene, const char *type, const int *days)
{
	for (; *days >= 0; days++)
		scene_send(scene, DAY0 + *days * DAY_MS + 10 * HOUR_MS, "c", type, "value=1",
			   NULL);
}

/* As if the feed of the first signal had been judged silent on these days after DAY0, whole. */
static inline void
suspect_days(struct scene *scene, int first, int last)
{
	struct guard *guard = &scene->engine->guard;
	struct suspect *view = &guard->views[0];

	view->times = mem_resize(view->times, sizeof *view->times);
	view->days = mem_resize(view->days, sizeof *view->days);
	view->times[0] =
		(struct suspect_time){DAY0 + first * DAY_MS, DAY0 + (last + 1) * DAY_MS};
	view->days[0] = (struct suspect_days){DAY0 / DAY_MS + first, DAY0 / DAY_MS + last};
	view->time_count = view->day_count = 1;
	guard->paused = 1;
	guard->view_from = INT64_MIN;
	guard->view_to = NEVER;
}

#endif
