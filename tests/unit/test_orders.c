/* SPDX-License-Identifier: Apache-2.0 */
/* What a step orders: all that happened in it, each to whom it concerns, and no more than its bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/core.h"
#include "engine/items.h"
#include "support/scene.h"

#define T0 at("2026-03-02 10:00")
#define LEVELS "levels: {watch: {enter: 30, leave: 20}}\n"

/* ---- who is told ---- */

static void
take_endpoints(void *ctx, const struct order *order)
{
	struct buf *out = ctx;

	if (order->kind != ORDER_ALERT)
		return;
	buf_printf(out, "%s:", alert_type_name(order->u.alert.type));
	for (unsigned i = 0; i < order->u.alert.to_count; i++)
		buf_printf(out, " %.*s", STR_ARG(order->u.alert.to[i]));
	buf_text(out, "; ");
}

/* The rule is of the category usage, like each that names none, and is over its cap. */
static void
expect_muted_told(const char *actions, const char *wanted)
{
	struct buf rules = {0}, told = {0};
	struct order_sink sink = {.ctx = &told, .take = take_endpoints};
	struct scene w;
	char id[16];

	buf_printf(&rules,
		   "defaults: {max_alerts_per_hour: 1}\nsignals: {error: {on: error}}\nrules:\n"
		   "- {rule: fine, expr: 'silent(error) > 900d', category: billing}\n"
		   "- {rule: broken, expr: 'seen(error)', category: usage}\nactions:\n"
		   "- {on: rule.fired, rule: broken, webhook: all}\n%s",
		   actions);
	scene_init(&w, rules.p);
	for (int i = 0; i < 3; i++) {
		snprintf(id, sizeof id, "c%d", i);
		scene_send(&w, T0, id, "error", NULL);
	}
	engine_advance(w.engine, T0 + HOUR_MS, &sink);
	buf_char(&told, '\0');
	assert_string_equal(told.p, wanted);
	buf_finish(&rules);
	buf_finish(&told);
	scene_finish(&w);
}

static void
who_is_told_that_a_rule_is_muted_goes_by_rule_and_category(void **state)
{
	(void)state;
	expect_muted_told("", "rule.muted:; ");
	expect_muted_told("- {on: rule.muted, webhook: a}\n", "rule.muted: a; ");
	expect_muted_told("- {on: rule.muted, rule: broken, webhook: a}\n"
			  "- {on: rule.muted, rule: fine, webhook: b}\n",
			  "rule.muted: a; ");
	expect_muted_told("- {on: rule.muted, category: billing, webhook: a}\n"
			  "- {on: rule.muted, category: usage, webhook: b}\n",
			  "rule.muted: b; ");
	expect_muted_told("- {on: feed.silent, webhook: a}\n"
			  "- {on: rule.muted, rule: broken, webhook: b}\n"
			  "- {on: rule.muted, webhook: [b, c]}\n",
			  "rule.muted: b c; ");
}

static void
an_endpoint_that_two_actions_name_is_told_once(void **state)
{
	struct buf told = {0};
	struct order_sink sink = {.ctx = &told, .take = take_endpoints};
	struct scene w;

	(void)state;
	scene_init(&w, "signals: {a: {on: a}}\nrules:\n"
		       "- {rule: quiet, expr: 'silent(a) >= 2d', points: 1}\nactions:\n"
		       "- {on: rule.fired, webhook: [x, y]}\n"
		       "- {on: rule.fired, rule: quiet, webhook: [y, z, x]}\n");
	scene_send(&w, T0, "c1", "a", NULL);
	engine_advance(w.engine, T0 + 2 * DAY_MS, &sink);
	buf_char(&told, '\0');
	assert_string_equal(told.p, "rule.fired: x y z; ");
	buf_finish(&told);
	scene_finish(&w);
}

/* ---- how much ---- */

#define MANY 40

/* As many rules as MANY, all of which a login fires. */
static void
begin_many(struct scene *w, const char *more)
{
	struct buf rules = {0};

	buf_text(&rules, LEVELS "signals: {a: {on: a}}\nrules:\n");
	for (int i = 0; i < MANY; i++)
		buf_printf(&rules, "- {rule: r%d, expr: 'seen(a)', points: 1}\n", i);
	buf_text(&rules, more);
	buf_char(&rules, '\0');
	scene_init(w, rules.p);
	buf_finish(&rules);
}

static void
all_that_one_step_says_is_said_in_the_order_of_the_file(void **state)
{
	struct buf wanted = {0};
	struct scene w;

	(void)state;
	begin_many(&w, "");
	scene_send(&w, T0, "c1", "a", NULL);
	for (int i = 0; i < MANY; i++)
		buf_printf(&wanted,
			   "2026-03-02T10:00:00.000Z c1 rule.fired r%d risk=40 cause=event\n",
			   i);
	buf_text(&wanted,
		 "2026-03-02T10:00:00.000Z c1 customer.level_raised watch from healthy "
		 "risk=40 cause=event\n");
	buf_char(&wanted, '\0');
	scene_expect(&w, wanted.p);
	buf_finish(&wanted);
	scene_finish(&w);
}

static void
a_task_remembers_so_many_of_the_rules_that_it_is_for(void **state)
{
	struct scene w;

	(void)state;
	begin_many(&w, "actions: [{on: customer.level_raised, task: call}]\n"
		       "tasks: {call: {title: Call}}\n");
	scene_send(&w, T0, "c1", "a", NULL);
	const struct cold *cold = engine_find(w.engine, STR("c1"))->cold;
	assert_int_equal(cold->task_count, 1);
	assert_int_equal(cold->tasks[0].rule_count, TASK_MAX_RULES);
	assert_int_equal(cold->tasks[0].rules[0], engine_rules(w.engine)->rules[0].key);
	scene_finish(&w);
}

/* Two lists of items fill it, each with as many as it may have; the third finds no room. */
static void
a_task_too_many_is_refused_with_a_sentence(void **state)
{
	static const char *const opens[] = {"a", "b", "c"};
	struct scene w;
	char key[24];

	(void)state;
	assert_int_equal(2 * CUSTOMER_MAX_ITEMS, CUSTOMER_MAX_TASKS);
	scene_init(&w,
		   "items: {la: {open: a, close: x, key: k}, lb: {open: b, close: y, key: k},"
		   " lc: {open: c, close: z, key: k}}\nrules:\n"
		   "- {rule: ra, each: la, expr: 'oldest(la) >= 2d'}\n"
		   "- {rule: rb, each: lb, expr: 'oldest(lb) >= 2d'}\n"
		   "- {rule: rc, each: lc, expr: 'oldest(lc) >= 2d'}\n"
		   "actions: [{on: rule.fired, task: call}]\ntasks: {call: {title: Call}}\n");
	for (int i = 0; i < 2 * CUSTOMER_MAX_ITEMS + 1; i++) {
		snprintf(key, sizeof key, "k=%d", i);
		scene_send(&w, T0, "c1", opens[i / CUSTOMER_MAX_ITEMS], key, NULL);
	}
	scene_expect(&w, "");
	scene_advance(&w, T0 + 2 * DAY_MS);
	assert_int_equal(engine_find(w.engine, STR("c1"))->cold->task_count,
			 CUSTOMER_MAX_TASKS);
	assert_non_null(strstr(w.said.p, "rejected: customer c1 has 512 open tasks; one more "
					 "call was not made\n"));
	scene_finish(&w);
}

/* ---- a change of rules among entries ---- */

static void
ignore(void *ctx, const struct order *order)
{
	(void)ctx;
	(void)order;
}

/* Who drives the engine brings the rules: it stops before them, and goes on behind. */
static void
entries_are_applied_up_to_a_change_of_rules(void **state)
{
	struct order_sink sink = {.take = ignore};
	struct entry entries[3] = {
		{.id = {T0, 0}, .kind = ENTRY_EVENT, .customer = STR("c1"), .type = STR("a")},
		{.id = {T0, 1}, .kind = ENTRY_RULES},
		{.id = {T0, 2}, .kind = ENTRY_EVENT, .customer = STR("c2"), .type = STR("a")},
	};
	struct scene w;

	(void)state;
	for (int i = 0; i < 3; i++)
		entries[i].ts = T0;
	scene_init(&w, "signals: {a: {on: a}}\nrules:\n- {rule: r, expr: 'seen(a)'}\n");
	assert_int_equal(engine_apply(w.engine, entries, 3, &sink), 1);
	assert_non_null(engine_find(w.engine, STR("c1")));
	assert_null(engine_find(w.engine, STR("c2")));
	assert_int_equal(engine_position(w.engine).seq, 0);
	engine_change_rules(w.engine, &entries[1],
			    scene_rules("signals: {a: {on: a}}\nrules:\n"
					"- {rule: s, expr: 'seen(a)'}\n"),
			    &sink);
	assert_int_equal(engine_apply(w.engine, entries + 2, 1, &sink), 1);
	assert_non_null(engine_find(w.engine, STR("c2")));
	assert_int_equal(engine_position(w.engine).seq, 2);
	scene_finish(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_told_that_a_rule_is_muted_goes_by_rule_and_category),
		cmocka_unit_test(an_endpoint_that_two_actions_name_is_told_once),
		cmocka_unit_test(all_that_one_step_says_is_said_in_the_order_of_the_file),
		cmocka_unit_test(a_task_remembers_so_many_of_the_rules_that_it_is_for),
		cmocka_unit_test(a_task_too_many_is_refused_with_a_sentence),
		cmocka_unit_test(entries_are_applied_up_to_a_change_of_rules),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
