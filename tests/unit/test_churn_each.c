/* SPDX-License-Identifier: Apache-2.0 */
/* What a churn says of alerts: of items, of good news, of what a late event took back, at the very edge of a silence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "engine/core.h"
#include "unit/care.h"
#include "unit/figures.h"

/* "alerts lost false late churns caught missed" and so many open, as they are read now. */
static void
expect(const struct scene *w, const char *rule, const char *figures)
{
	struct figures read = figures_read(w, rule);
	const uint32_t *n = read.counts;
	char line[128];

	snprintf(line, sizeof line, "%u %u %u %u %u %u %u, %u open", n[FIGURE_ALERTS],
		 n[FIGURE_LOST], n[FIGURE_FALSE], n[FIGURE_LATE], n[FIGURE_CHURNS],
		 n[FIGURE_FORESEEN], n[FIGURE_MISSED], open_now(w, &read));
	assert_string_equal(line, figures);
}

static void
order(struct scene *w, const char *when, const char *more)
{
	scene_send(w, at(when), "c1", "order", more, NULL);
}

/* ---- by silence ---- */

#define SILENT                                                                         \
	"churn: {silent: order, horizon: 10d, min_days: 2}\n"                          \
	"levels: {watch: {enter: 30, leave: 20}}\nsignals: {order: {on: order}}\n"     \
	"rules:\n- {rule: struck, on: hit, expr: 'event.value > 0', points: 40, "      \
	"cooldown: 0s, keep_firing_for: 1h}\n"                                         \
	"- {rule: good, on: hit, expr: 'event.value > 0', points: -5, cooldown: 0s}\n" \
	"- {rule: quiet, expr: 'silent(order) > 12d', points: 5, cooldown: 0s}\n"

/* Active on 1 and 2 March: a silence that is a churn as 13 March begins. */
static void
begin(struct scene *w)
{
	scene_init(w, SILENT);
	order(w, "2026-03-01 09:00", NULL);
	order(w, "2026-03-02 09:00", NULL);
}

/* A sender's clock is three minutes ahead: by its day the silence was whole, though the engine's has two minutes left. */
static void
who_comes_back_on_the_first_day_past_the_horizon_had_churned(void **state)
{
	struct scene w;

	(void)state;
	begin(&w);
	scene_send(&w, at("2026-03-08 12:00"), "c1", "hit", "value=1", NULL);
	order(&w, "2026-03-12 23:58", "ts=2026-03-13T00:01:00Z");
	expect(&w, "struck", "1 1 0 0 1 1 0, 0 open");
	scene_advance(&w, at("2026-03-23 23:00"));
	expect(&w, "struck", "1 1 0 0 1 1 0, 0 open"); /* the next is over as the 24th begins */
	scene_advance(&w, at("2026-03-24 00:00"));
	expect(&w, "struck", "1 1 0 0 2 1 1, 0 open");
	scene_finish(&w);
}

static void
who_comes_back_on_the_last_day_of_the_horizon_had_not(void **state)
{
	struct scene w;

	(void)state;
	begin(&w);
	scene_send(&w, at("2026-03-08 12:00"), "c1", "hit", "value=1", NULL);
	order(&w, "2026-03-12 23:54", "ts=2026-03-12T23:58:00Z");
	expect(&w, "struck", "1 0 1 0 0 0 0, 0 open");
	scene_finish(&w);
}

/* It warns of nothing, so neither a return nor a churn says anything of it. */
static void
good_news_is_judged_by_no_silence(void **state)
{
	struct scene w;

	(void)state;
	begin(&w);
	scene_send(&w, at("2026-03-08 12:00"), "c1", "hit", "value=1", NULL);
	order(&w, "2026-03-09 09:00", NULL);
	expect(&w, "good", "0 0 0 0 0 0 0, 0 open");
	scene_send(&w, at("2026-03-10 12:00"), "c1", "hit", "value=1", NULL);
	scene_advance(&w, at("2026-03-21 00:00"));
	expect(&w, "good", "0 0 0 0 0 0 0, 0 open");
	expect(&w, "struck", "2 1 1 0 1 1 0, 0 open");
	scene_finish(&w);
}

/* It came too late to warn; then an order of before is heard of, and it was none at all. */
static void
a_late_alert_that_a_late_event_undoes_is_not_counted_as_late(void **state)
{
	struct scene w;

	(void)state;
	begin(&w);
	scene_advance(&w, at("2026-03-14 12:00"));
	expect(&w, "quiet", "1 0 0 1 1 0 1, 0 open");
	order(&w, "2026-03-14 12:00", "ts=2026-03-04T12:00:00Z");
	expect(&w, "quiet", "1 0 0 0 1 0 1, 0 open");
	scene_finish(&w);
}

/* ---- what arrives late ---- */

/* The second active day lies before the first: from now on there is a silence to watch, since the later one. */
static void
a_late_event_may_make_a_silence_count(void **state)
{
	struct scene w;

	(void)state;
	scene_init(&w, SILENT);
	order(&w, "2026-03-05 09:00", NULL);
	scene_send(&w, at("2026-03-07 12:00"), "c1", "hit", "value=1", NULL);
	expect(&w, "struck", "1 0 0 0 0 0 0, 0 open");
	order(&w, "2026-03-08 09:00", "ts=2026-03-03T09:00:00Z");
	expect(&w, "struck", "1 0 0 0 0 0 0, 1 open");
	order(&w, "2026-03-08 10:00",
	      "ts=2026-03-04T09:00:00Z"); /* one more says nothing new */
	expect(&w, "struck", "1 0 0 0 0 0 0, 1 open");
	scene_advance(&w, at("2026-03-16 00:00") - 1);
	expect(&w, "struck", "1 0 0 0 0 0 0, 1 open");
	scene_advance(&w, at("2026-03-16 00:00"));
	expect(&w, "struck", "1 1 0 0 1 1 0, 0 open");
	scene_finish(&w);
}

/* An order of the morning that is heard of after somebody said at noon that the customer is lost. */
static void
who_did_something_before_it_was_lost_is_not_back(void **state)
{
	struct scene w;

	(void)state;
	begin(&w);
	scene_send(&w, at("2026-03-02 12:00"), "c1", "churned", NULL);
	order(&w, "2026-03-02 12:05", "ts=2026-03-02T11:00:00Z");
	scene_advance(&w, at("2026-03-30 00:00"));
	expect(&w, "struck", "0 0 0 0 1 0 1, 0 open");
	scene_finish(&w);
}

/* ---- by an event, for each item ---- */

#define EACH                                                                                 \
	"churn: {on: [gone], horizon: 10d}\n"                                                \
	"levels: {watch: {enter: 30, leave: 20}}\n"                                          \
	"items: {case: {open: opened, close: closed, key: ticket}}\n"                        \
	"rules:\n- {rule: struck, each: case, on: hit, expr: 'event.value > 0', points: 9, " \
	"cooldown: 0s, keep_firing_for: 1h}\n"                                               \
	"- {rule: good, on: hit, expr: 'event.value > 0', points: -5, cooldown: 0s, "        \
	"keep_firing_for: 1h}\n"                                                             \
	"actions: [{on: rule.fired, rule: struck, task: call}]\ntasks: {call: {}}\n"

static void
hit(struct scene *w, const char *when, const char *ticket)
{
	scene_send(w, at(when), "c1", "hit", "value=1", ticket, NULL);
}

/* Two of one item, one of another. */
static void
begin_each(struct scene *w)
{
	scene_init(w, EACH);
	scene_send(w, at("2026-03-02 09:00"), "c1", "opened", "ticket=a", NULL);
	scene_send(w, at("2026-03-02 09:00"), "c1", "opened", "ticket=b", NULL);
	hit(w, "2026-03-02 10:00", "ticket=a");
	hit(w, "2026-03-02 11:00", "ticket=b");
	hit(w, "2026-03-03 10:00", "ticket=a");
	expect(w, "struck", "3 0 0 0 0 0 0, 3 open");
}

static void
each_alert_of_each_item_is_a_hit_of_its_own(void **state)
{
	struct scene w;

	(void)state;
	begin_each(&w);
	scene_send(&w, at("2026-03-05 10:00"), "c1", "gone", NULL);
	expect(&w, "struck", "3 3 0 0 1 1 0, 0 open");
	expect(&w, "good", "0 0 0 0 0 0 0, 0 open");
	scene_finish(&w);
}

static void
an_outcome_judges_the_alerts_of_its_item_and_leaves_the_others(void **state)
{
	struct scene w;

	(void)state;
	begin_each(&w);
	act(&w, "2026-03-04 10:00", "done", 0, "outcome=false_alarm");
	expect(&w, "struck", "3 0 1 0 0 0 0, 1 open");
	scene_send(&w, at("2026-03-05 10:00"), "c1", "gone", NULL);
	expect(&w, "struck", "3 1 1 0 1 1 0, 0 open");
	scene_finish(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_comes_back_on_the_first_day_past_the_horizon_had_churned),
		cmocka_unit_test(who_comes_back_on_the_last_day_of_the_horizon_had_not),
		cmocka_unit_test(good_news_is_judged_by_no_silence),
		cmocka_unit_test(a_late_alert_that_a_late_event_undoes_is_not_counted_as_late),
		cmocka_unit_test(each_alert_of_each_item_is_a_hit_of_its_own),
		cmocka_unit_test(
			an_outcome_judges_the_alerts_of_its_item_and_leaves_the_others),
		cmocka_unit_test(a_late_event_may_make_a_silence_count),
		cmocka_unit_test(who_did_something_before_it_was_lost_is_not_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
