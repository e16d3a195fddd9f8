/* SPDX-License-Identifier: Apache-2.0 */
/* Shows what counts as a churn by `churn:`, and what silences, events and conditions say of alerts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/core.h"
#include "unit/care.h"
#include "unit/figures.h"
#include "unit/lcg.h"

#define STRUCK                                                                                 \
	"levels: {watch: {enter: 30, leave: 20}}\n"                                            \
	"profile: {status: {enum: [active, cancelled], default: active}}\n"                    \
	"signals: {order: {on: order}}\n"                                                      \
	"rules:\n- {rule: struck, on: hit, expr: 'event.value > 0', points: 40, cooldown: 0s," \
	" keep_firing_for: 1h}\n"                                                              \
	"- {rule: other, on: blow, expr: 'event.value > 0', points: 5, cooldown: 0s}\n"
#define SILENT "churn: {silent: order, horizon: 10d, min_days: 2}\n" STRUCK
#define GONE "churn: {on: [gone, left], horizon: 10d}\n" STRUCK
#define WHEN "churn: {when: 'profile.status == \"cancelled\"', horizon: 10d}\n" STRUCK
#define CALLED "actions: [{on: rule.fired, rule: struck, task: call}]\ntasks: {call: {}}\n"

/* "alerts repeats lost false late open churns caught missed", as they are read now. */
static void
expect(const struct scene *w, const char *rule, const char *figures)
{
	struct figures read = figures_read(w, rule);
	const uint32_t *n = read.counts;
	char line[128];

	snprintf(line, sizeof line, "%u %u %u %u %u %u %u %u %u", n[FIGURE_ALERTS],
		 n[FIGURE_REPEATS], n[FIGURE_LOST], n[FIGURE_FALSE], n[FIGURE_LATE],
		 open_now(w, &read), n[FIGURE_CHURNS], n[FIGURE_FORESEEN], n[FIGURE_MISSED]);
	assert_string_equal(line, figures);
}

/* Half the leads are below it, in hours, as they are kept. */
static int
lead_hours(const struct scene *w)
{
	const struct ruleset *rules = engine_rules(w->engine);
	uint32_t key = rules->rules[ruleset_rule(rules, STR("struck"))].key;
	const struct figures *f = quality_find(engine_quality(w->engine), FIGURES_RULE, key);

	return (int)(figures_lead(f, 0.5) / HOUR_MS);
}

static void
order(struct scene *w, const char *when)
{
	scene_send(w, at(when), "c1", "order", NULL);
}

static void
hit(struct scene *w, const char *when)
{
	scene_send(w, at(when), "c1", "hit", "value=1", NULL);
}

/* Active on 1 and 2 March: a silence that would be a churn as 13 March begins. */
static void
begin(struct scene *w, const char *rules)
{
	scene_init(w, rules);
	order(w, "2026-03-01 09:00");
	order(w, "2026-03-02 09:00");
}

/* ---- by silence ---- */

static void
a_silence_that_grows_too_long_proves_its_alert_right(void **state)
{
	struct scene w;

	(void)state;
	begin(&w, SILENT);
	hit(&w, "2026-03-08 12:00");
	scene_advance(&w, at("2026-03-12 23:59:59.999"));
	expect(&w, "struck", "1 0 0 0 0 1 0 0 0");
	scene_advance(&w, at("2026-03-13 00:00"));
	expect(&w, "struck", "1 0 1 0 0 0 1 1 0");
	expect(&w, "other", "0 0 0 0 0 0 1 0 1");
	assert_in_range(lead_hours(&w), 92, 100); /* four days: 12 less 8 March */
	scene_advance(&w, at("2026-06-13 00:00"));
	expect(&w, "struck", "1 0 1 0 0 0 1 1 0");
	scene_finish(&w);
}

/* Of a day that counts already: the silence since then is a new one, which somebody has to wait for. */
static void
who_was_said_to_be_lost_and_orders_on_that_day_may_be_lost_again(void **state)
{
	struct scene w;

	(void)state;
	begin(&w, SILENT);
	scene_send(&w, at("2026-03-02 10:00"), "c1", "churned", NULL);
	scene_send(&w, at("2026-03-02 10:05"), "c1", "profile", "status=active", NULL);
	order(&w, "2026-03-02 11:00");
	scene_advance(&w, at("2026-03-12 23:59:59.999"));
	expect(&w, "struck", "0 0 0 0 0 0 1 0 1");
	scene_advance(&w, at("2026-03-13 00:00"));
	expect(&w, "struck", "0 0 0 0 0 0 2 0 2");
	scene_finish(&w);
}

static void
an_alert_before_a_return_was_false(void **state)
{
	struct scene w;

	(void)state;
	begin(&w, SILENT);
	hit(&w, "2026-03-08 12:00");
	order(&w, "2026-03-12 23:59");
	expect(&w, "struck", "1 0 0 1 0 0 0 0 0");
	scene_advance(&w, at("2026-03-23 00:00"));
	expect(&w, "struck", "1 0 0 1 0 0 1 0 1");
	scene_finish(&w);
}

static void
the_first_alert_of_a_silence_is_judged_and_later_ones_are_repeats(void **state)
{
	struct scene w;

	(void)state;
	begin(&w, SILENT);
	hit(&w, "2026-03-04 12:00");
	hit(&w, "2026-03-11 12:00");
	scene_advance(&w, at("2026-03-13 00:00"));
	expect(&w, "struck", "2 1 1 0 0 0 1 1 0");
	assert_in_range(lead_hours(&w), 184, 200); /* eight days */
	hit(&w, "2026-03-20 12:00");
	expect(&w, "struck", "3 2 1 0 0 0 1 1 0");
	scene_finish(&w);
}

/* Whatever comes first on that day: days are what counts. */
static void
an_alert_on_a_day_of_activity_belongs_to_the_silence_that_begins(void **state)
{
	struct scene w;

	(void)state;
	begin(&w, SILENT);
	hit(&w, "2026-03-05 12:00");
	hit(&w, "2026-03-06 08:00");
	order(&w, "2026-03-06 09:00");
	expect(&w, "struck", "2 0 0 1 0 1 0 0 0");
	scene_advance(&w, at("2026-03-17 00:00"));
	expect(&w, "struck", "2 0 1 1 0 0 1 1 0");
	assert_in_range(lead_hours(&w), 232, 248); /* ten days */
	scene_finish(&w);
}

static void
an_alert_at_the_first_instant_of_a_day_of_activity_is_judged_by_no_silence(void **state)
{
	struct scene w;

	(void)state;
	begin(&w, SILENT);
	hit(&w, "2026-03-06 00:00");
	order(&w, "2026-03-06 00:00");
	expect(&w, "struck", "1 0 0 0 0 0 0 0 0");
	order(&w, "2026-03-07 00:00");
	hit(&w, "2026-03-07 00:00");
	expect(&w, "struck", "2 0 0 0 0 0 0 0 0");
	hit(&w, "2026-03-08 00:00");
	scene_advance(&w, at("2026-03-18 00:00"));
	expect(&w, "struck", "3 0 1 0 0 0 1 1 0");
	scene_finish(&w);
}

static void
an_alert_from_the_last_day_on_is_late_and_the_churn_missed(void **state)
{
	struct scene w;

	(void)state;
	begin(&w, SILENT);
	hit(&w, "2026-03-12 00:00");
	scene_advance(&w, at("2026-03-13 00:00"));
	expect(&w, "struck", "1 0 0 0 1 0 1 0 1");
	order(&w, "2026-03-14 09:00");
	expect(&w, "struck", "1 0 0 0 1 0 1 0 1");
	scene_advance(&w, at("2026-03-25 00:00"));
	expect(&w, "struck", "1 0 0 0 1 0 2 0 2");
	hit(&w, "2026-03-26 09:00"); /* it has been a churn already */
	expect(&w, "struck", "2 0 0 0 2 0 2 0 2");
	order(&w, "2026-03-26 10:00"); /* and yet it is the first of the next silence */
	expect(&w, "struck", "2 0 0 0 1 1 2 0 2");
	scene_finish(&w);
}

static void
a_silence_counts_after_so_many_active_days(void **state)
{
	struct scene w;

	(void)state;
	scene_init(&w, SILENT);
	order(&w, "2026-03-01 09:00");
	order(&w, "2026-03-01 10:00");
	hit(&w, "2026-03-02 12:00");
	scene_advance(&w, at("2026-03-20 00:00"));
	expect(&w, "struck", "1 0 0 0 0 0 0 0 0");
	hit(&w, "2026-03-20 08:00");
	order(&w, "2026-03-20 09:00"); /* the second day: from here on */
	expect(&w, "struck", "2 0 0 0 0 1 0 0 0");
	scene_advance(&w, at("2026-03-31 00:00"));
	expect(&w, "struck", "2 0 1 0 0 0 1 1 0");
	scene_finish(&w);
}

static void
a_silence_is_counted_in_local_days(void **state)
{
	struct scene w;

	(void)state;
	/* 16:30 UTC on 2 March is 3 March in Shanghai; the 14th begins at 16:00 on the 13th. */
	scene_init(&w, "timezone: Asia/Shanghai\n" SILENT);
	order(&w, "2026-03-01 09:00");
	order(&w, "2026-03-02 16:30");
	scene_advance(&w, at("2026-03-13 15:59:59.999"));
	expect(&w, "other", "0 0 0 0 0 0 0 0 0");
	scene_advance(&w, at("2026-03-13 16:00"));
	expect(&w, "other", "0 0 0 0 0 0 1 0 1");
	scene_finish(&w);
}

static void
a_churn_that_is_told_in_a_silence_is_the_silences_own(void **state)
{
	struct scene w;

	(void)state;
	begin(&w, SILENT);
	hit(&w, "2026-03-04 12:00");
	scene_send(&w, at("2026-03-06 12:00"), "c1", "churned", "reason=price", NULL);
	expect(&w, "struck", "1 0 1 0 0 0 1 1 0");
	scene_advance(&w, at("2026-03-20 00:00"));
	scene_send(&w, at("2026-04-20 12:00"), "c1", "churned", "reason=price", NULL);
	expect(&w, "struck", "1 0 1 0 0 0 1 1 0");
	scene_finish(&w);
}

static void
history_that_is_loaded_is_noted_and_judges_nothing(void **state)
{
	struct scene w;

	(void)state;
	scene_init(&w, SILENT);
	scene_send(&w, at("2026-03-20 12:00"), "c1", "order", "ts=2026-03-01T09:00:00Z",
		   "backfill=1", NULL);
	scene_send(&w, at("2026-03-20 12:00"), "c1", "order", "ts=2026-03-02T09:00:00Z",
		   "backfill=1", NULL);
	scene_send(&w, at("2026-03-20 12:00"), "c2", "order", "ts=2026-03-15T09:00:00Z",
		   "backfill=1", NULL);
	scene_send(&w, at("2026-03-20 12:00"), "c2", "order", "ts=2026-03-16T09:00:00Z",
		   "backfill=1", NULL);
	scene_advance(&w, at("2026-03-21 12:00"));
	expect(&w, "struck", "0 0 0 0 0 0 0 0 0");
	assert_int_equal(engine_find(w.engine, STR("c1"))->cold->churned_at,
			 at("2026-03-13 00:00"));
	scene_advance(&w, at("2026-03-27 00:00")); /* what comes after it is seen */
	expect(&w, "struck", "0 0 0 0 0 0 1 0 1");
	scene_finish(&w);
}

static void
a_late_event_proves_a_return_and_undoes_no_churn(void **state)
{
	struct scene w;

	(void)state;
	begin(&w, SILENT);
	hit(&w, "2026-03-04 12:00");
	scene_send(&w, at("2026-03-11 12:00"), "c1", "order", "ts=2026-03-06T09:00:00Z", NULL);
	expect(&w, "struck", "1 0 0 1 0 0 0 0 0");
	scene_advance(&w, at("2026-03-17 00:00"));
	expect(&w, "struck", "1 0 0 1 0 0 1 0 1");
	scene_send(&w, at("2026-03-18 12:00"), "c1", "order", "ts=2026-03-12T09:00:00Z", NULL);
	expect(&w, "struck", "1 0 0 1 0 0 1 0 1");
	scene_advance(&w, at("2026-03-23 00:00")); /* it is the same churn, some days later */
	expect(&w, "struck", "1 0 0 1 0 0 1 0 1");
	scene_finish(&w);
}

static void
an_outcome_that_came_first_stays(void **state)
{
	struct scene w;

	(void)state;
	begin(&w, SILENT CALLED);
	hit(&w, "2026-03-04 12:00");
	act(&w, "2026-03-05 12:00", "done", 0, "outcome=saved");
	expect(&w, "struck", "1 0 0 0 0 0 0 0 0");
	order(&w, "2026-03-06 12:00");
	expect(&w, "struck", "1 0 0 0 0 0 0 0 0");
	hit(&w, "2026-03-20 12:00"); /* late */
	act(&w, "2026-03-20 13:00", "done", 0, "outcome=false_alarm");
	expect(&w, "struck", "2 0 0 1 0 0 1 0 1");
	scene_finish(&w);
}

static void
who_is_outside_only_has_no_silence_to_foresee(void **state)
{
	struct scene w;

	(void)state;
	scene_init(&w, "only: profile.status == \"active\"\n" SILENT);
	scene_send(&w, at("2026-02-27 12:00"), "c1", "profile", "status=cancelled", NULL);
	order(&w, "2026-03-01 09:00");
	order(&w, "2026-03-02 09:00");
	scene_advance(&w, at("2026-04-13 00:00"));
	expect(&w, "struck", "0 0 0 0 0 0 0 0 0");
	scene_send(&w, at("2026-04-13 12:00"), "c1", "profile", "status=active", NULL);
	scene_advance(&w, at("2026-05-13 00:00"));
	expect(&w, "struck", "0 0 0 0 0 0 0 0 0");
	scene_finish(&w);
}

/* A feed of 48 orders a day, but not of c1's; 12:00 to 22:00 on 4 April is suspect. */
static void
suspect_time_is_no_silence(void **state)
{
	struct scene w;
	int64_t down = at("2026-04-04 12:00"), up = at("2026-04-04 22:00");

	(void)state;
	scene_init(&w, "defaults: {min_volume: 2}\n" SILENT);
	for (int64_t t = at("2026-03-02 00:00"); t < at("2026-04-11 09:50"); t += HOUR_MS / 2)
		if (t < down || t >= up)
			scene_send(&w, t, t < at("2026-04-01 00:00") ? "c1" : "c2", "order",
				   NULL);
	scene_advance(&w, at("2026-04-11 09:59:59.999")); /* 11 days from 31 March, and 10 h */
	expect(&w, "struck", "0 0 0 0 0 0 0 0 0");
	scene_advance(&w, at("2026-04-11 10:00"));
	expect(&w, "struck", "0 0 0 0 0 0 1 0 1");
	scene_finish(&w);
}

/* Whether it was a silence is not known, and nobody counts it. */
static void
who_comes_back_while_the_feed_is_suspect_is_not_judged(void **state)
{
	struct scene w;
	int64_t down = at("2026-04-04 12:00");

	(void)state;
	scene_init(&w, "defaults: {min_volume: 2}\n" SILENT);
	for (int64_t t = at("2026-03-02 00:00"); t < down; t += HOUR_MS / 2)
		scene_send(&w, t, t < at("2026-04-01 00:00") ? "c1" : "c2", "order", NULL);
	order(&w, "2026-04-13 12:00");
	expect(&w, "struck", "0 0 0 0 0 0 0 0 0");
	scene_finish(&w);
}

static void
a_churn_section_that_comes_later_judges_from_there_on(void **state)
{
	struct scene w;

	(void)state;
	begin(&w, STRUCK);
	scene_send(&w, at("2026-03-02 09:00"), "c2", "order", NULL);
	scene_send(&w, at("2026-03-15 09:00"), "c2", "order", NULL);
	scene_send(&w, at("2026-03-16 12:00"), "c2", "hit", "value=1", NULL);
	expect(&w, "struck", "1 0 0 0 0 1 0 0 0");
	scene_change(&w, at("2026-03-20 12:00"), SILENT);
	expect(&w, "struck", "1 0 0 0 0 1 0 0 0"); /* c1 went before anybody asked */
	scene_advance(&w, at("2026-03-26 00:00"));
	expect(&w, "struck", "1 0 1 0 0 0 1 1 0");
	scene_change(&w, at("2026-03-27 12:00"),
		     "churn: {silent: order, horizon: 40d, min_days: 2}\n" STRUCK);
	scene_advance(&w, at("2026-06-26 00:00"));
	expect(&w, "struck", "1 0 1 0 0 0 1 1 0"); /* the same silences, of which all is said */
	scene_finish(&w);
}

/* ---- by an event ---- */

static void
each_alert_of_the_horizon_before_an_event_is_a_hit_and_others_are_false(void **state)
{
	struct scene w;

	(void)state;
	scene_init(&w, GONE);
	hit(&w, "2026-03-01 12:00");
	hit(&w, "2026-03-05 12:00");
	hit(&w, "2026-03-08 12:00");
	expect(&w, "struck", "3 0 0 0 0 3 0 0 0");
	scene_send(&w, at("2026-03-12 12:00"), "c1", "gone", NULL);
	expect(&w, "struck", "3 0 2 1 0 0 1 1 0");
	expect(&w, "other", "0 0 0 0 0 0 1 0 1");
	scene_send(&w, at("2026-03-13 12:00"), "c1", "left", NULL); /* each counts */
	expect(&w, "struck", "3 0 2 1 0 0 2 2 0");
	scene_finish(&w);
}

static void
the_horizon_of_an_event_is_exact_and_an_alert_at_its_instant_is_no_warning(void **state)
{
	struct scene w;

	(void)state;
	scene_init(&w, GONE);
	hit(&w, "2026-03-01 12:00");
	scene_send(&w, at("2026-03-11 12:00"), "c1", "gone", NULL);
	expect(&w, "struck", "1 0 1 0 0 0 1 1 0");
	hit(&w, "2026-04-01 12:00");
	scene_send(&w, at("2026-04-01 12:00"), "c1", "gone", NULL);
	expect(&w, "struck", "2 0 1 0 0 1 2 1 1");
	scene_send(&w, at("2026-04-11 12:00:00.001"), "c1", "gone", NULL);
	scene_advance(&w, at("2026-04-12 00:00"));
	expect(&w, "struck", "2 0 1 1 0 0 3 1 2");
	scene_finish(&w);
}

static void
a_rule_that_still_fires_has_foreseen_an_event(void **state)
{
	struct scene w;

	(void)state;
	scene_init(&w, "churn: {on: gone, horizon: 10d}\n"
		       "signals: {order: {on: order}}\n"
		       "rules: [{rule: struck, expr: 'silent(order) >= 5d', points: 5}]\n");
	order(&w, "2026-03-01 12:00");
	scene_send(&w, at("2026-03-30 12:00"), "c1", "gone", NULL);
	expect(&w, "struck", "1 0 0 1 0 0 1 1 0");
	scene_finish(&w);
}

static void
an_outcome_judges_all_that_is_open_as_one(void **state)
{
	struct scene w;

	(void)state;
	scene_init(&w, GONE CALLED);
	hit(&w, "2026-03-01 12:00");
	hit(&w, "2026-03-03 12:00");
	act(&w, "2026-03-04 12:00", "done", 0, "outcome=false_alarm");
	expect(&w, "struck", "2 0 0 1 0 0 0 0 0");
	scene_send(&w, at("2026-03-05 12:00"), "c1", "gone", NULL);
	expect(&w, "struck", "2 0 0 1 0 0 1 1 0");
	scene_finish(&w);
}

/* Its bound: what is kept beside the last alert of a customer. */
static void
of_too_many_open_alerts_the_first_is_not_kept(void **state)
{
	struct scene w;
	const struct figures *f;

	(void)state;
	scene_init(&w, "churn: {on: gone, horizon: 10d}\n"
		       "rules: [{rule: struck, on: hit, expr: 'event.value > 0', points: 5, "
		       "cooldown: 0s, keep_firing_for: 1m}]\n");
	for (int i = 0; i < CUSTOMER_MAX_OPEN + 9; i++)
		scene_send(&w, at("2026-03-01 12:00") + i * HOUR_MS / 4, "c1", "hit", "value=1",
			   NULL);
	assert_int_equal(engine_find(w.engine, STR("c1"))->cold->alert_count,
			 CUSTOMER_MAX_OPEN);
	scene_send(&w, at("2026-03-09 13:00"), "c1", "gone", NULL);
	f = quality_find(engine_quality(w.engine), FIGURES_RULE, ruleset_key(STR("struck")));
	assert_int_equal(f->counts[FIGURE_LOST], CUSTOMER_MAX_OPEN + 1);
	scene_finish(&w);
}

/* ---- by a condition ---- */

static void
a_condition_that_becomes_true_is_a_churn_and_may_become_so_again(void **state)
{
	struct scene w;

	(void)state;
	scene_init(&w, WHEN);
	hit(&w, "2026-03-01 12:00");
	scene_send(&w, at("2026-03-03 12:00"), "c1", "profile", "status=cancelled", NULL);
	scene_send(&w, at("2026-03-04 12:00"), "c1", "profile", "name=Acme", NULL);
	expect(&w, "struck", "1 0 1 0 0 0 1 1 0");
	scene_send(&w, at("2026-03-05 12:00"), "c1", "profile", "status=active", NULL);
	scene_send(&w, at("2026-03-06 12:00"), "c1", "profile", "status=cancelled", NULL);
	expect(&w, "struck", "1 0 1 0 0 0 2 2 0");
	/* Who was so when first heard of has not gone since. */
	scene_send(&w, at("2026-03-07 12:00"), "c2", "profile", "status=cancelled", NULL);
	expect(&w, "struck", "1 0 1 0 0 0 2 2 0");
	scene_finish(&w);
}

static void
a_condition_that_time_turns_is_a_churn_at_that_moment(void **state)
{
	struct scene w;

	(void)state;
	begin(&w, "churn: {when: 'silent(order) > 36h', horizon: 10d}\n" STRUCK);
	hit(&w, "2026-03-02 12:00");
	scene_advance(&w, at("2026-03-03 21:00"));
	expect(&w, "struck", "1 0 0 0 0 1 0 0 0");
	scene_advance(&w, at("2026-03-03 21:00:00.001"));
	expect(&w, "struck", "1 0 1 0 0 0 1 1 0");
	assert_int_equal(engine_find(w.engine, STR("c1"))->cold->churned_at,
			 at("2026-03-03 21:00:00.001"));
	scene_finish(&w);
}

static void
a_condition_that_a_change_of_rules_makes_true_is_noted(void **state)
{
	struct scene w;

	(void)state;
	scene_init(&w, STRUCK);
	scene_send(&w, at("2026-03-01 12:00"), "c1", "order", NULL);
	scene_send(&w, at("2026-03-01 12:00"), "c1", "profile", "status=cancelled", NULL);
	scene_change(&w, at("2026-03-02 12:00"), WHEN);
	hit(&w, "2026-03-03 12:00");
	scene_send(&w, at("2026-03-04 12:00"), "c1", "profile", "name=Acme", NULL);
	expect(&w, "struck", "1 0 0 0 0 1 0 0 0");
	scene_finish(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_silence_that_grows_too_long_proves_its_alert_right),
		cmocka_unit_test(
			who_was_said_to_be_lost_and_orders_on_that_day_may_be_lost_again),
		cmocka_unit_test(an_alert_before_a_return_was_false),
		cmocka_unit_test(
			the_first_alert_of_a_silence_is_judged_and_later_ones_are_repeats),
		cmocka_unit_test(
			an_alert_on_a_day_of_activity_belongs_to_the_silence_that_begins),
		cmocka_unit_test(
			an_alert_at_the_first_instant_of_a_day_of_activity_is_judged_by_no_silence),
		cmocka_unit_test(an_alert_from_the_last_day_on_is_late_and_the_churn_missed),
		cmocka_unit_test(a_silence_counts_after_so_many_active_days),
		cmocka_unit_test(a_silence_is_counted_in_local_days),
		cmocka_unit_test(a_churn_that_is_told_in_a_silence_is_the_silences_own),
		cmocka_unit_test(history_that_is_loaded_is_noted_and_judges_nothing),
		cmocka_unit_test(a_late_event_proves_a_return_and_undoes_no_churn),
		cmocka_unit_test(an_outcome_that_came_first_stays),
		cmocka_unit_test(who_is_outside_only_has_no_silence_to_foresee),
		cmocka_unit_test(suspect_time_is_no_silence),
		cmocka_unit_test(who_comes_back_while_the_feed_is_suspect_is_not_judged),
		cmocka_unit_test(a_churn_section_that_comes_later_judges_from_there_on),
		cmocka_unit_test(
			each_alert_of_the_horizon_before_an_event_is_a_hit_and_others_are_false),
		cmocka_unit_test(
			the_horizon_of_an_event_is_exact_and_an_alert_at_its_instant_is_no_warning),
		cmocka_unit_test(a_rule_that_still_fires_has_foreseen_an_event),
		cmocka_unit_test(an_outcome_judges_all_that_is_open_as_one),
		cmocka_unit_test(of_too_many_open_alerts_the_first_is_not_kept),
		cmocka_unit_test(
			a_condition_that_becomes_true_is_a_churn_and_may_become_so_again),
		cmocka_unit_test(a_condition_that_time_turns_is_a_churn_at_that_moment),
		cmocka_unit_test(a_condition_that_a_change_of_rules_makes_true_is_noted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
