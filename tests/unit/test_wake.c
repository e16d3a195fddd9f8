/* SPDX-License-Identifier: Apache-2.0 */
/* When a customer is woken, and what for: who is put off, and who is looked at for its tasks alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/core.h"
#include "support/scene.h"
#include "unit/lcg.h"

#define SIGNALS "signals: {a: {on: a}, b: {on: b}}\n"
#define STAGES "stages: [{stage: old, when: 'true'}]\n"
#define SILENT SIGNALS "rules:\n- {rule: r, expr: 'silent(a) >= 2d', points: 30}\n" STAGES

static int64_t
judged_to(const struct scene *scene)
{
	return engine_judged_to(scene->engine, engine_at(scene->engine, 0));
}

static void
a_broken_silence_wakes_nobody(void **state)
{
	struct scene scene;
	uint32_t looks;

	(void)state;
	scene_init(&scene, SILENT);
	scene_send(&scene, at("2026-03-01 10:00"), "c", "a", NULL);
	assert_int_equal(*engine_wake(scene.engine, 0), at("2026-03-03 10:00"));
	assert_int_equal(judged_to(&scene), at("2026-03-03 10:00"));
	scene_send(&scene, at("2026-03-02 10:00"), "c", "a", NULL);
	assert_int_equal(judged_to(&scene), at("2026-03-04 10:00"));
	scene_advance(&scene, at("2026-03-03 09:00"));
	scene_clear(&scene);
	looks = scene.engine->stamp;
	scene_advance(&scene, at("2026-03-03 11:00"));
	assert_int_equal(scene.engine->stamp, looks);
	assert_int_equal(*engine_wake(scene.engine, 0), at("2026-03-04 10:00"));
	scene_advance(&scene, at("2026-03-09 11:00"));
	scene_expect(&scene, "2026-03-04T10:00:00.000Z c rule.fired r risk=30 cause=time\n");
	scene_finish(&scene);
}

/* Whoever waits for what is due next is told the same. */
static void
what_is_due_next_is_put_off_too(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, SILENT);
	scene_send(&scene, at("2026-03-01 10:00"), "c", "a", NULL);
	scene_send(&scene, at("2026-03-02 10:00"), "c", "a", NULL);
	engine_set_day(scene.engine, 0, false);
	assert_int_equal(engine_next_due(scene.engine), at("2026-03-04 10:00"));
	scene_finish(&scene);
}

/* Of two signals one's silence is kept as such, and the end of the other's as it stood. */
static void
of_two_silences_the_sooner_end_counts(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, SIGNALS
		   "rules:\n- {rule: r, expr: 'silent(a) >= 2d and seen(a)', points: 30}\n"
		   "- {rule: q, expr: 'since(b) > 3d', points: 30}\n" STAGES);
	scene_send(&scene, at("2026-03-01 10:00"), "c", "a", NULL);
	scene_send(&scene, at("2026-03-01 11:00"), "c", "b", NULL);
	scene_send(&scene, at("2026-03-02 10:00"), "c", "b", NULL);
	assert_int_equal(judged_to(&scene), at("2026-03-03 10:00"));
	scene_send(&scene, at("2026-03-03 09:00"), "c", "a", NULL);
	assert_int_equal(judged_to(&scene), at("2026-03-04 11:00") + 1);
	scene_finish(&scene);
}

static void
what_no_event_puts_off_is_kept(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, SIGNALS
		   "rules:\n- {rule: r, expr: 'silent(a) >= 2d and age() >= 1h', points: 30}\n"
		   "- {rule: q, expr: 'age() >= 50h', points: 30}\n" STAGES);
	scene_send(&scene, at("2026-03-01 10:00"), "c", "a", NULL);
	scene_send(&scene, at("2026-03-03 09:00"), "c", "a", NULL);
	scene_advance(&scene, at("2026-03-03 09:30"));
	assert_int_equal(judged_to(&scene), at("2026-03-03 12:00"));
	scene_finish(&scene);
}

/* A date and the end of what it fired are no silences. */
static void
what_a_rule_waits_for_by_itself_is_kept(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene,
		   "profile: {d: date}\n" SIGNALS
		   "rules:\n- {rule: r, date: profile.d, steps: [0d], points: 30}\n" STAGES);
	scene_send(&scene, at("2026-03-01 10:00"), "c", "profile", "d=2026-03-05", NULL);
	assert_int_equal(judged_to(&scene), at("2026-03-05 00:00"));
	scene_clear(&scene);
	scene_advance(&scene, at("2026-03-05 01:00"));
	scene_expect(&scene, "2026-03-05T00:00:00.000Z c rule.fired r risk=30 cause=time\n");
	assert_int_equal(judged_to(&scene), at("2026-03-06 00:00"));
	scene_finish(&scene);
}

#define TASKS                                                \
	"actions: [{on: rule.fired, rule: e, task: call}]\n" \
	"tasks:\n  call: {ack_within: 10h, steps: [{task: later, after: 3d}]}\n  later: {}\n"

static void
a_task_s_clock_concerns_no_rule(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(
		&scene, SIGNALS
		"rules:\n- {rule: r, expr: 'silent(a) >= 20d', points: 30}\n"
		"- {rule: e, on: b, expr: 'event.value > 0', keep_firing_for: 9d, points: 30}\n" STAGES
			TASKS);
	scene_send(&scene, at("2026-03-01 10:00"), "c", "a", NULL);
	scene_send(&scene, at("2026-03-01 12:00"), "c", "b", "value=1", NULL);
	assert_int_equal(judged_to(&scene), at("2026-03-10 12:00"));
	assert_int_equal(*engine_wake(scene.engine, 0), at("2026-03-01 20:00"));
	scene_clear(&scene);
	scene_advance(&scene, at("2026-03-01 20:00"));
	scene_expect(&scene, "2026-03-01T20:00:00.000Z c task.escalated call\n");
	scene_finish(&scene);
}

/* ---- beside one who believes nothing of what looks said ---- */

static const char *const files[] = {
	SIGNALS
	"profile: {d: date, mrr: num, status: {enum: [active, off], default: active}}\n"
	"only: profile.status == \"active\"\n"
	"rules:\n- {rule: r, expr: 'silent(a) >= 2d', clear: 'silent(a) < 3h', points: 30}\n"
	"- {rule: s, expr: 'silent(a) >= 5h and profile.mrr > 9', for: 7h, points: 9}\n"
	"- {rule: t, expr: 'since(b) > 20h', keep_firing_for: 1d, cooldown: 2d, points: 20}\n"
	"- {rule: u, expr: 'silent(b) >= 1d or since(a) >= 30h and age() < 9d', points: 9}\n"
	"- {rule: e, on: b, expr: 'event.value > 50', points: 10}\n"
	"- {rule: w, expr: 'count(a[2d live]) >= 3', points: 15}\n"
	"- {rule: d, date: profile.d, every: 2d, points: 5}\n"
	"- {rule: x, expr: 'risk() >= 40 and silent(b) >= 6h', points: 15}\n"
	"levels: {watch: {enter: 20, leave: 10}}\n"
	"tags: {busy: {when: 'count(a[3d]) > 3'}, away: {when: 'silent(b) >= 40h'}}\n"
	"stages:\n- {stage: new, when: 'age() < 3d'}\n- {stage: asleep, when: 'silent(a) >= "
	"3d'}\n- {stage: old, when: 'true'}\n"
	"actions: [{on: rule.fired, rule: r, task: call}, {on: rule.fired, rule: t, task: "
	"soon}]\n"
	"tasks:\n  call: {ack_within: 5h, resolve_within: 2d, close_when: 'silent(a) < 1h', "
	"steps: [{task: later, after: 11h, unless: 'silent(a) < 2h'}]}\n  soon: {ack_within: "
	"1d}\n  later: {}\n",
	SIGNALS "rules:\n- {rule: r, expr: 'silent(a) >= 9h and hour() >= 9', points: 30}\n"
		"- {rule: s, expr: 'since(a) * 2 > 30h', points: 9}\n"
		"- {rule: t, expr: 'after(a, b) >= 8h', points: 9}\n"
		"- {rule: u, expr: 'fired_within(\"r\", 20h) and silent(b) >= 3h', points: 9}\n"
		"levels: {watch: {enter: 20, leave: 10}}\n" STAGES,
};

#define CUSTOMERS 5

static void
forget(struct scene *scene)
{
	for (uint32_t i = 0; i < engine_customers(scene->engine); i++)
		engine_forget_looks(engine_at(scene->engine, i));
}

static void
send_some(struct scene *scene, struct lcg random, int64_t now)
{
	static const char *const names[CUSTOMERS] = {"c1", "c2", "c3", "c4", "c5"};
	static const char *const values[] = {"value=10", "value=90"};
	static const char *const fields[] = {"mrr=5", "mrr=50", "status=off", "status=active",
					     "d=2026-03-04"};
	const char *name = names[lcg_below(&random, CUSTOMERS)];

	switch (lcg_below(&random, 30)) {
	case 0:
		scene_send(scene, now, name, "profile", fields[lcg_below(&random, 5)], NULL);
		break;
	case 1:
		scene_send(scene, now, name, "a", "backfill=1", NULL);
		break;
	default:
		scene_send(scene, now, name, lcg_below(&random, 3) ? "a" : "b",
			   values[lcg_below(&random, 2)], NULL);
	}
}

static void
live_beside(const char *rules, uint64_t seed)
{
	struct lcg random = {seed};
	struct scene trusts, asks;
	int64_t now = at("2026-03-01 10:00");

	scene_init(&trusts, rules);
	scene_init(&asks, rules);
	for (int i = 0; i < 600; i++) {
		now += 1 + (int64_t)lcg_below(&random, 2) * (int64_t)lcg_below(&random, 200) *
				   MINUTE_MS;
		forget(&asks);
		if (lcg_below(&random, 3) == 0) {
			now += (int64_t)lcg_below(&random, 40) * HOUR_MS / 4;
			scene_advance(&trusts, now);
			for (int64_t to = asks.at > 0 ? now - 12 * HOUR_MS : now; to < now;
			     to += HOUR_MS) {
				forget(&asks);
				if (to > engine_clock(asks.engine))
					scene_advance(&asks, to);
			}
			forget(&asks);
			scene_advance(&asks, now);
		} else {
			send_some(&trusts, random, now);
			send_some(&asks, random, now);
			(void)lcg_below(&random, 2);
		}
	}
	assert_true(trusts.said.n > 2000);
	assert_int_equal(trusts.said.n, asks.said.n);
	assert_memory_equal(trusts.said.p, asks.said.p, asks.said.n);
	scene_finish(&trusts);
	scene_finish(&asks);
}

static void
what_looks_said_is_right(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++)
		for (size_t i = 0; i < sizeof files / sizeof *files; i++)
			live_beside(files[i], seed);
}

/* When all may be looked at at once: as a day closes, and at a quarter where rules read clocks. */
static void
the_next_close_is_of_a_day_or_where_rules_read_clocks_a_quarter(void **state)
{
	static const char plain[] = "signals: {a: {on: a}}\n"
				    "rules:\n- {rule: r, expr: 'count(a[7d]) > 1'}\n",
			  clock[] = "signals: {a: {on: a}}\n"
				    "rules:\n- {rule: r, expr: 'seen(a) and hour() >= 9'}\n";
	struct scene scene;

	(void)state;
	scene_init(&scene, plain);
	scene_send(&scene, at("2026-03-01 10:02"), "c", "a", NULL);
	assert_int_equal(engine_next_close(scene.engine), at("2026-03-02 00:10"));
	scene_finish(&scene);
	scene_init(&scene, clock);
	scene_send(&scene, at("2026-03-01 10:02"), "c", "profile", NULL);
	assert_int_equal(engine_next_close(scene.engine), at("2026-03-01 10:15"));
	scene_advance(&scene, at("2026-03-01 23:58"));
	assert_int_equal(engine_next_close(scene.engine), at("2026-03-02 00:00"));
	scene_finish(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_broken_silence_wakes_nobody),
		cmocka_unit_test(what_is_due_next_is_put_off_too),
		cmocka_unit_test(of_two_silences_the_sooner_end_counts),
		cmocka_unit_test(what_no_event_puts_off_is_kept),
		cmocka_unit_test(what_a_rule_waits_for_by_itself_is_kept),
		cmocka_unit_test(a_task_s_clock_concerns_no_rule),
		cmocka_unit_test(what_looks_said_is_right),
		cmocka_unit_test(
			the_next_close_is_of_a_day_or_where_rules_read_clocks_a_quarter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
