/* SPDX-License-Identifier: Apache-2.0 */
/* Shows what alerts, outcomes and churn say of rules and tasks. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/quality.h"
#include "unit/care.h"
#include "unit/lcg.h"

#define TWO                                                                                     \
	"levels: {watch: {enter: 30, leave: 20}}\n"                                             \
	"profile: {status: {enum: [active, cancelled], default: active}}\n"                     \
	"only: profile.status != \"cancelled\"\n"                                               \
	"signals: {login: {on: login}}\n"                                                       \
	"rules:\n- {rule: struck, on: hit, expr: 'event.value > 0', points: 40, cooldown: 0s, " \
	"keep_firing_for: 1h}\n"                                                                \
	"- {rule: other, on: blow, expr: 'event.value > 0', points: 5, cooldown: 0s}\n"
#define CALLED "actions: [{on: rule.fired, rule: struck, task: call}]\ntasks: {call: {}}\n"

static uint32_t
key_of(const struct scene *w, const char *rule)
{
	int slot = ruleset_rule(engine_rules(w->engine), str_of(rule));
	return slot < 0 ? ruleset_key(str_of(rule)) : engine_rules(w->engine)->rules[slot].key;
}

/* "alerts repeats saved lost false missed", of a rule. */
static void
expect_rule(const struct scene *w, const char *rule, const char *figures)
{
	const struct figures none = {0}, *f = quality_find(engine_quality(w->engine),
							   FIGURES_RULE, key_of(w, rule));
	char line[128];
	f = f ? f : &none;
	snprintf(line, sizeof line, "%u %u %u %u %u %u", f->counts[FIGURE_ALERTS],
		 f->counts[FIGURE_REPEATS], f->counts[FIGURE_SAVED], f->counts[FIGURE_LOST],
		 f->counts[FIGURE_FALSE], f->counts[FIGURE_MISSED]);
	assert_string_equal(line, figures);
}

/* "churns foreseen" */
static void
expect_churns(const struct scene *w, const char *figures)
{
	const struct figures none = {0},
			     *f = quality_find(engine_quality(w->engine), FIGURES_ALL, 0);
	char line[64];
	f = f ? f : &none;
	snprintf(line, sizeof line, "%u %u", f->counts[FIGURE_CHURNS],
		 f->counts[FIGURE_FORESEEN]);
	assert_string_equal(line, figures);
}

/* "lapsed open" */
static void
expect_open(const struct scene *w, const char *rule, const char *figures)
{
	const struct figures *f =
		quality_find(engine_quality(w->engine), FIGURES_RULE, key_of(w, rule));
	int64_t horizon = engine_rules(w->engine)->horizon, now = engine_clock(w->engine);
	char line[64];
	snprintf(line, sizeof line, "%u %u", f ? figures_lapsed(f, now, horizon) : 0,
		 f ? figures_still_open(f, now, horizon) : 0);
	assert_string_equal(line, figures);
}

static double
lead_days(const struct scene *w, const char *rule, double q)
{
	const struct figures *f =
		quality_find(engine_quality(w->engine), FIGURES_RULE, key_of(w, rule));
	int64_t lead = f ? figures_lead(f, q) : -1;
	return lead < 0 ? -1 : (double)lead / (double)DAY_MS;
}

static void
hit(struct scene *w, const char *when)
{
	scene_send(w, at(when), "c1", "hit", "value=1", NULL);
}

static void
churn(struct scene *w, const char *when)
{
	scene_send(w, at(when), "c1", "churned", "reason=price", NULL);
}

/* ---- churn ---- */

static void
a_churn_within_the_horizon_proves_an_alert_right_and_gives_its_lead(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, TWO);
	hit(&w, "2026-03-02 12:00");
	expect_rule(&w, "struck", "1 0 0 0 0 0");
	churn(&w, "2026-03-22 12:00");
	expect_rule(&w, "struck", "1 0 0 1 0 0");
	expect_churns(&w, "1 1");
	assert_true(fabs(lead_days(&w, "struck", 0.5) - 20) <= 20.0 / 16);
	scene_finish(&w);
}

static void
a_churn_that_no_alert_came_before_is_missed(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, TWO);
	hit(&w, "2026-03-02 12:00");
	churn(&w, "2026-05-31 12:01"); /* 90 days and a minute */
	expect_rule(&w, "struck", "1 0 0 0 0 1");
	expect_rule(&w, "other", "0 0 0 0 0 1");
	expect_churns(&w, "1 0");
	scene_finish(&w);
}

static void
a_churn_at_the_end_of_the_horizon_still_counts(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, "defaults: {horizon: 30d}\n" TWO);
	hit(&w, "2026-03-02 12:00");
	churn(&w, "2026-04-01 12:00");
	expect_rule(&w, "struck", "1 0 0 1 0 0");
	scene_finish(&w);
}

static void
a_churn_before_the_alert_does_not_prove_it_right(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, TWO);
	hit(&w, "2026-03-10 12:00");
	scene_send(&w, at("2026-03-12 12:00"), "c1", "churned", "ts=2026-03-09T12:00:00Z",
		   NULL);
	expect_rule(&w, "struck", "1 0 0 0 0 1");
	scene_finish(&w);
}

static void
the_same_churn_told_again_is_one(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, TWO);
	churn(&w, "2026-03-02 12:00");
	churn(&w, "2026-03-03 12:00");
	scene_send(&w, at("2026-03-04 12:00"), "c1", "profile", "status=cancelled", NULL);
	expect_churns(&w, "1 0");
	churn(&w, "2026-06-30 12:00"); /* it had come back */
	expect_churns(&w, "2 0");
	expect_rule(&w, "struck", "0 0 0 0 0 2");
	scene_finish(&w);
}

static void
a_profile_that_takes_a_customer_out_of_only_is_a_churn(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, TWO);
	hit(&w, "2026-03-02 12:00");
	scene_send(&w, at("2026-03-12 12:00"), "c1", "profile", "status=cancelled", NULL);
	expect_rule(&w, "struck", "1 0 0 1 0 0");
	scene_send(&w, at("2026-03-12 12:00"), "c2", "profile", "status=cancelled", NULL);
	expect_churns(&w, "1 1"); /* c2 was never a customer here */
	scene_finish(&w);
}

static void
history_that_is_loaded_is_no_churn(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, TWO);
	scene_send(&w, at(NOON), "c1", "churned", "backfill=1", NULL);
	expect_churns(&w, "0 0");
	expect_rule(&w, "struck", "0 0 0 0 0 0");
	scene_finish(&w);
}

/* ---- repeats ---- */

static void
an_alert_while_another_is_open_is_a_repeat_and_the_lead_is_of_the_first(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, TWO);
	hit(&w, "2026-03-02 12:00");
	hit(&w, "2026-03-12 12:00");
	hit(&w, "2026-03-20 12:00");
	churn(&w, "2026-04-11 12:00");
	expect_rule(&w, "struck", "3 2 0 1 0 0");
	assert_true(fabs(lead_days(&w, "struck", 0.5) - 40) <= 40.0 / 16);
	hit(&w, "2026-04-12 12:00"); /* that was judged: a new one */
	expect_rule(&w, "struck", "4 2 0 1 0 0");
	scene_finish(&w);
}

static void
an_alert_after_the_horizon_of_an_open_one_begins_anew(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, "defaults: {horizon: 10d}\n" TWO);
	hit(&w, "2026-03-02 12:00");
	hit(&w, "2026-03-12 12:01");
	churn(&w, "2026-03-14 12:01");
	expect_rule(&w, "struck", "2 0 0 1 0 0");
	assert_true(fabs(lead_days(&w, "struck", 0.5) - 2) <= 2.0 / 16);
	scene_finish(&w);
}

static void
a_firing_that_is_announced_anew_after_an_inhibition_is_one_alert(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, "rules:\n- {rule: outage, on: down, expr: 'event.value > 0', points: 1, "
		       "keep_firing_for: 1d}\n"
		       "- {rule: struck, on: hit, expr: 'event.value > 0', points: 40, "
		       "keep_firing_for: 9d, inhibited_by: outage}\n");
	scene_send(&w, at("2026-03-02 11:00"), "c1", "down", "value=1", NULL);
	hit(&w, "2026-03-02 12:00");
	scene_clear(&w);
	scene_advance(&w, at("2026-03-04 12:00"));
	scene_expect(&w, "2026-03-03T11:00:00.000Z c1 rule.cleared outage risk=40 cause=time\n"
			 "2026-03-03T11:00:00.000Z c1 rule.fired struck risk=40 cause=time\n");
	expect_open(&w, "struck", "0 1");
	churn(&w, "2026-03-22 12:00");
	expect_rule(&w, "struck", "1 0 0 1 0 0");
	expect_open(&w, "struck", "0 0");
	assert_true(fabs(lead_days(&w, "struck", 0.5) - 20) <= 20.0 / 16);
	scene_finish(&w);
}

/* ---- lapsing ---- */

static void
an_alert_lapses_when_its_horizon_is_over_and_nobody_judged_it(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, "defaults: {horizon: 10d}\n" TWO);
	hit(&w, "2026-03-02 12:00");
	expect_open(&w, "struck", "0 1");
	scene_advance(&w, at("2026-03-12 23:59"));
	expect_open(&w, "struck", "0 1");
	scene_advance(&w, at("2026-03-13 00:00"));
	expect_open(&w, "struck", "1 0");
	hit(&w, "2026-03-20 12:00");
	expect_open(&w, "struck", "1 1");
	churn(&w, "2026-03-21 12:00");
	expect_open(&w, "struck", "1 0");
	expect_rule(&w, "struck", "2 0 0 1 0 0");
	hit(&w, "2028-03-20 13:00");
	expect_open(&w, "struck", "1 1");
	scene_finish(&w);
}

static void
repeats_are_open_as_one_and_lapse_after_the_last(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, "defaults: {horizon: 10d}\n" TWO);
	hit(&w, "2026-03-02 12:00");
	hit(&w, "2026-03-09 12:00");
	expect_open(&w, "struck", "0 1");
	scene_advance(&w, at("2026-03-19 12:00"));
	expect_open(&w, "struck", "0 1");
	scene_advance(&w, at("2026-03-20 00:00"));
	expect_open(&w, "struck", "1 0");
	scene_finish(&w);
}

static void
a_person_may_judge_what_has_lapsed(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, "defaults: {horizon: 10d}\n" TWO CALLED);
	hit(&w, "2026-03-02 12:00");
	scene_send(&w, at("2026-04-02 12:00"), "c2", "hit", "value=1", NULL);
	expect_open(&w, "struck", "1 1");
	act(&w, "2026-04-03 12:00", "done", 0, "outcome=false_alarm");
	expect_open(&w, "struck", "0 1");
	expect_rule(&w, "struck", "2 0 0 0 1 0");
	scene_finish(&w);
}

static void
an_alert_that_a_late_event_undoes_is_none_to_judge(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, "signals: {login: {on: login}}\n"
		       "rules: [{rule: gone, expr: 'silent(login) >= 7d', points: 5}]\n");
	scene_send(&w, at("2026-03-02 12:00"), "c1", "login", NULL);
	scene_advance(&w, at("2026-03-10 12:00"));
	expect_open(&w, "gone", "0 1");
	scene_send(&w, at("2026-03-10 13:00"), "c1", "login", "ts=2026-03-08T12:00:00Z", NULL);
	expect_open(&w, "gone", "0 0");
	expect_rule(&w, "gone", "1 0 0 0 0 0");
	churn(&w, "2026-03-11 12:00");
	expect_rule(&w, "gone", "1 0 0 0 0 1");
	scene_finish(&w);
}

/* ---- outcomes ---- */

static void
an_outcome_judges_the_alerts_of_the_rules_that_ordered_the_task(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, TWO CALLED);
	scene_send(&w, at("2026-03-02 11:00"), "c1", "blow", "value=1", NULL);
	hit(&w, "2026-03-02 12:00");
	act(&w, "2026-03-02 13:00", "done", 0, "outcome=false_alarm");
	expect_rule(&w, "struck", "1 0 0 0 1 0");
	expect_rule(&w, "other", "1 0 0 0 1 0"); /* it was a reason of the task */
	churn(&w, "2026-03-12 12:00");		 /* judged already, and not missed */
	expect_rule(&w, "struck", "1 0 0 0 1 0");
	scene_finish(&w);
}

static void
saved_and_churned_are_useful_and_no_answer_leaves_an_alert_open(void **state)
{
	static const char *const figures[][2] = {{"outcome=saved", "1 0 1 0 0 0"},
						 {"outcome=churned", "1 0 0 1 0 0"},
						 {"outcome=no_answer", "1 0 0 0 0 0"},
						 {"outcome=other", "1 0 0 0 0 0"}};
	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct scene w;
		scene_init(&w, TWO CALLED);
		hit(&w, "2026-03-02 12:00");
		act(&w, "2026-03-02 13:00", "done", 0, figures[i][0]);
		expect_rule(&w, "struck", figures[i][1]);
		churn(&w, "2026-03-12 12:00");
		expect_rule(&w, "struck", i == 0 ? "1 0 1 0 0 0" : "1 0 0 1 0 0");
		scene_finish(&w);
	}
}

static void
a_task_done_by_itself_judges_nothing(void **state)
{
	struct scene w;
	const struct figures *f;
	(void)state;
	scene_init(&w, TWO "actions: [{on: rule.fired, rule: struck, task: call}]\n"
			   "tasks: {call: {close_when: 'level() < \"watch\"'}}\n");
	hit(&w, "2026-03-02 12:00");
	scene_advance(&w, at("2026-03-03 12:00"));
	expect_tasks(&w, "c1", "call done normal q= a=  saved\n");
	expect_rule(&w, "struck", "1 0 0 0 0 0");
	f = quality_find(engine_quality(w.engine), FIGURES_TASK, ruleset_key(STR("call")));
	assert_int_equal(f->counts[FIGURE_CREATED], 1);
	assert_int_equal(f->counts[FIGURE_BY_ITSELF], 1);
	assert_int_equal(figures_done(f), 0);
	assert_true(figures_save_rate(f) < 0);
	scene_finish(&w);
}

static void
tasks_are_counted_by_what_came_of_them(void **state)
{
	static const char *const days[] = {"2026-03-02 12:00", "2026-03-03 12:00",
					   "2026-03-04 12:00", "2026-03-05 12:00",
					   "2026-03-06 12:00"};
	static const char *const outcomes[] = {"outcome=saved", "outcome=saved",
					       "outcome=churned", "outcome=other"};
	struct scene w;
	const struct figures *f;
	(void)state;
	scene_init(&w, TWO CALLED);
	for (size_t i = 0; i < 4; i++) {
		hit(&w, days[i]);
		act(&w, days[i], "done", 0, outcomes[i]);
	}
	hit(&w, days[4]);
	act(&w, days[4], "cancel", 0, NULL);
	f = quality_find(engine_quality(w.engine), FIGURES_TASK, ruleset_key(STR("call")));
	assert_int_equal(f->counts[FIGURE_CREATED], 1);
	assert_int_equal(f->counts[FIGURE_REOPENED], 4);
	assert_int_equal(f->counts[FIGURE_CANCELLED], 1);
	assert_int_equal(figures_done(f), 4);
	assert_true(fabs(figures_save_rate(f) - 2.0 / 3) < 1e-12);
	scene_finish(&w);
}

/* ---- which rules ---- */

static void
a_shadow_is_judged_by_churn_reminders_and_good_news_by_nothing(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w,
		   "rules:\n- {rule: trial, on: hit, expr: 'event.value > 0', points: 40, "
		   "mode: shadow}\n"
		   "- {rule: rich, on: hit, expr: 'event.value > 0', points: -10}\n"
		   "- {rule: call, on: hit, expr: 'event.value > 0', points: 0}\n"
		   "- {rule: dull, on: hit, expr: 'event.value > 0', points: 9, mode: off}\n");
	hit(&w, "2026-03-02 12:00");
	churn(&w, "2026-03-12 12:00");
	expect_rule(&w, "trial", "1 0 0 1 0 0");
	expect_rule(&w, "rich", "0 0 0 0 0 0");
	expect_rule(&w, "call", "0 0 0 0 0 0");
	expect_rule(&w, "dull", "0 0 0 0 0 0");
	scene_finish(&w);
}

static void
figures_follow_the_rules_name_and_go_with_it(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, TWO);
	hit(&w, "2026-03-02 12:00");
	scene_change(&w, at("2026-03-03 12:00"),
		     "rules:\n- {rule: first, on: hit, expr: 'event.value > 9', points: 1}\n"
		     "- {rule: struck, on: hit, expr: 'event.value > 1', points: 4}\n");
	expect_rule(&w, "struck", "1 0 0 0 0 0");
	churn(&w, "2026-03-12 12:00");
	expect_rule(&w, "struck", "1 0 0 1 0 0");
	scene_change(&w, at("2026-03-13 12:00"),
		     "rules:\n- {rule: first, on: hit, expr: 'event.value > 9', points: 1}\n");
	expect_rule(&w, "struck", "0 0 0 0 0 0");
	expect_rule(&w, "first", "0 0 0 0 0 1");
	expect_churns(&w, "1 1");
	scene_finish(&w);
}

static void
each_item_has_an_alert_of_its_own(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w,
		   "items: {case: {open: opened, close: closed, key: ticket}}\n"
		   "rules:\n- {rule: old, each: case, expr: oldest(case) >= 1d, points: 5}\n"
		   "actions: [{on: rule.fired, task: call}]\ntasks: {call: {}}\n");
	scene_send(&w, at("2026-03-02 10:00"), "c1", "opened", "ticket=a", NULL);
	scene_send(&w, at("2026-03-02 11:00"), "c1", "opened", "ticket=b", NULL);
	scene_advance(&w, at("2026-03-04 12:00"));
	expect_rule(&w, "old", "2 0 0 0 0 0");
	act(&w, "2026-03-05 12:00", "done", 0, "outcome=false_alarm");
	expect_rule(&w, "old", "2 0 0 0 1 0");
	churn(&w, "2026-03-13 11:00");
	expect_rule(&w, "old", "2 0 0 1 1 0");
	assert_true(fabs(lead_days(&w, "old", 0.5) - 10) <= 10.0 / 16);
	scene_finish(&w);
}

/* ---- arithmetic ---- */

static void
leads_are_kept_to_a_sixteenth_and_quantiles_go_by_rank(void **state)
{
	struct lcg lcg = {.state = 5};
	(void)state;
	for (int64_t hours = 0; hours < 20000; hours += 1 + hours / 50) {
		struct figures f = {0};
		int64_t lead = hours * HOUR_MS + (int64_t)lcg_below(&lcg, HOUR_MS), kept;
		figures_add_lead(&f, lead);
		kept = figures_lead(&f, 0.5);
		assert_true(llabs(kept - lead) <=
			    (hours < 8 ? HOUR_MS / 2 : lead / 16 + HOUR_MS / 16));
	}
	struct figures f = {0};
	for (int64_t day = 1; day <= 100; day++)
		figures_add_lead(&f, day * DAY_MS);
	assert_true(llabs(figures_lead(&f, 0.25) - 25 * DAY_MS) <= 25 * DAY_MS / 15);
	assert_true(llabs(figures_lead(&f, 0.5) - 50 * DAY_MS) <= 50 * DAY_MS / 15);
	assert_true(llabs(figures_lead(&f, 0.75) - 75 * DAY_MS) <= 75 * DAY_MS / 15);
	figures_add_lead(&f, 9000 * DAY_MS); /* beyond the last bucket */
	assert_true(figures_lead(&f, 1) > 1000 * DAY_MS);
}

static void
a_rule_is_noisy_past_its_limit_once_ten_are_judged(void **state)
{
	struct figures f = {.kind = FIGURES_RULE};
	(void)state;
	f.counts[FIGURE_FALSE] = 9;
	assert_false(figures_are_noisy(&f, 0.5));
	f.counts[FIGURE_SAVED] = 1;
	assert_true(figures_are_noisy(&f, 0.5));
	assert_false(figures_are_noisy(&f, -1));
	assert_false(figures_are_noisy(&f, 0.9)); /* nine of ten are not more */
	f.counts[FIGURE_LOST] = 8;
	assert_false(figures_are_noisy(&f, 0.5));
	assert_true(fabs(figures_precision(&f) - 0.5) < 1e-12);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_churn_within_the_horizon_proves_an_alert_right_and_gives_its_lead),
		cmocka_unit_test(a_churn_that_no_alert_came_before_is_missed),
		cmocka_unit_test(a_churn_at_the_end_of_the_horizon_still_counts),
		cmocka_unit_test(a_churn_before_the_alert_does_not_prove_it_right),
		cmocka_unit_test(the_same_churn_told_again_is_one),
		cmocka_unit_test(a_profile_that_takes_a_customer_out_of_only_is_a_churn),
		cmocka_unit_test(history_that_is_loaded_is_no_churn),
		cmocka_unit_test(
			an_alert_while_another_is_open_is_a_repeat_and_the_lead_is_of_the_first),
		cmocka_unit_test(an_alert_after_the_horizon_of_an_open_one_begins_anew),
		cmocka_unit_test(
			a_firing_that_is_announced_anew_after_an_inhibition_is_one_alert),
		cmocka_unit_test(
			an_outcome_judges_the_alerts_of_the_rules_that_ordered_the_task),
		cmocka_unit_test(
			saved_and_churned_are_useful_and_no_answer_leaves_an_alert_open),
		cmocka_unit_test(an_alert_lapses_when_its_horizon_is_over_and_nobody_judged_it),
		cmocka_unit_test(repeats_are_open_as_one_and_lapse_after_the_last),
		cmocka_unit_test(a_person_may_judge_what_has_lapsed),
		cmocka_unit_test(an_alert_that_a_late_event_undoes_is_none_to_judge),
		cmocka_unit_test(a_task_done_by_itself_judges_nothing),
		cmocka_unit_test(tasks_are_counted_by_what_came_of_them),
		cmocka_unit_test(
			a_shadow_is_judged_by_churn_reminders_and_good_news_by_nothing),
		cmocka_unit_test(figures_follow_the_rules_name_and_go_with_it),
		cmocka_unit_test(each_item_has_an_alert_of_its_own),
		cmocka_unit_test(leads_are_kept_to_a_sixteenth_and_quantiles_go_by_rank),
		cmocka_unit_test(a_rule_is_noisy_past_its_limit_once_ten_are_judged),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
