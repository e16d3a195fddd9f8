/* SPDX-License-Identifier: Apache-2.0 */
/* The guards: a feed that falls silent is no churn, and a rule that fires for everybody does not flood. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/civil.h"
#include "engine/core.h"
#include "support/scene.h"

/* An hour of a feed: `count` logins spread over the hour, of customers u0, u1... in turn. */
static void
hour_of(struct scene *scene, int64_t hour_at, int count, const char *type, const char *source)
{
	char id[16], from[40] = "x=";
	snprintf(from, sizeof from, *source ? "source=%s" : "x=%s", source);
	for (int i = 0; i < count; i++) {
		snprintf(id, sizeof id, "u%d", i);
		scene_send(scene, hour_at + i * (HOUR_MS / (count + 1)) + 1, id, type, from,
			   NULL);
	}
}

/* Hours of [from, to) with `count` events each. */
static void
hours_of(struct scene *scene, const char *from, const char *to, int count, const char *type,
	 const char *source)
{
	for (int64_t hour = at(from); hour < at(to); hour += HOUR_MS)
		hour_of(scene, hour, count, type, source);
}

#define GUARDED "defaults: {min_volume: 8, cooldown: 0s}\nsignals: {login: {on: login}}\n"
#define SILENT_RULE GUARDED "rules: [{rule: quiet, expr: 'silent(login) >= 5h', points: 10}]\n"

static void
a_slot_under_30_percent_of_its_median_is_suspect_once_it_closes(void **state)
{
	struct scene scene;
	(void)state;
	scene_init(&scene, SILENT_RULE);
	hours_of(&scene, "2026-03-02 00:00", "2026-03-30 12:00", 10, "login", "web");
	hour_of(&scene, at("2026-03-30 12:00"), 2, "login", "web");
	scene_advance(&scene, at("2026-03-30 12:59"));
	scene_expect(&scene, "");
	scene_advance(&scene, at("2026-03-30 16:30"));
	scene_expect(&scene, "2026-03-30T13:00:00.000Z - feed.silent login/web hour volume=2 "
			     "expected=10\n");
	scene_finish(&scene);
}

static void
a_slot_of_30_percent_is_fine(void **state)
{
	struct scene scene;
	(void)state;
	scene_init(&scene, SILENT_RULE);
	hours_of(&scene, "2026-03-02 00:00", "2026-03-30 12:00", 10, "login", "web");
	hours_of(&scene, "2026-03-30 12:00", "2026-03-30 16:00", 3, "login", "web");
	scene_advance(&scene, at("2026-03-30 16:00"));
	scene_expect(&scene, "");
	scene_finish(&scene);
}

static void
a_feed_under_min_volume_is_not_judged(void **state)
{
	struct scene scene;
	(void)state;
	scene_init(&scene, "defaults: {min_volume: 200}\nsignals: {login: {on: login}}\n"
			   "rules: [{rule: quiet, expr: 'silent(login) >= 5d', points: 10}]\n");
	hours_of(&scene, "2026-03-02 00:00", "2026-03-30 12:00", 8, "login", "web");
	scene_advance(&scene, at("2026-04-02 12:00"));
	scene_expect(&scene, "");
	assert_int_equal(engine_next_due(scene.engine), at("2026-04-04 11:00") + 1);
	scene_finish(&scene);
}

static void
a_day_is_judged_where_its_hours_are_too_thin(void **state)
{
	struct scene scene;
	(void)state;
	scene_init(&scene, "defaults: {min_volume: 100}\nsignals: {login: {on: login}}\n"
			   "rules: [{rule: quiet, expr: 'silent(login) >= 2d', points: 10}]\n");
	hours_of(&scene, "2026-03-02 00:00", "2026-03-30 00:00", 8, "login", "");
	scene_advance(&scene, at("2026-04-03 12:00"));
	scene_expect(&scene, "2026-03-31T00:00:00.000Z - feed.silent login/ day volume=0 "
			     "expected=192\n");
	hours_of(&scene, "2026-04-03 12:00", "2026-04-04 00:00", 8, "login", "");
	scene_advance(&scene, at("2026-04-04 00:00"));
	scene_expect(&scene, "2026-04-04T00:00:00.000Z - feed.back login/ day volume=96 "
			     "expected=192\n");
	scene_finish(&scene);
}

static void
what_is_due_when_a_slot_is_judged_happens_all_the_same(void **state)
{
	struct scene scene;
	(void)state;
	scene_init(&scene, GUARDED
		   "profile: {due: date}\nteams: {lead: [lea]}\nrules:\n"
		   "- {rule: day, date: profile.due, at: '13:00'}\n"
		   "- {rule: quiet, mode: off, expr: 'silent(login) > 9h'}\n"
		   "actions: [{on: customer.tagged, task: call}]\n"
		   "tasks: {call: {ack_within: 30m, escalate: [{after: 100%, to: lead}], "
		   "steps: [{task: look, after: 30m}]}, look: {}}\n");
	hours_of(&scene, "2026-03-02 00:00", "2026-03-30 12:00", 10, "login", "web");
	scene_send(&scene, at("2026-03-30 12:30"), "u1", "profile", "due=2026-03-30", NULL);
	scene_send(&scene, at("2026-03-30 12:30"), "u1", "churnd.tag", "tag=vip", NULL);
	scene_clear(&scene);
	scene_advance(&scene, at("2026-03-30 13:00"));
	scene_expect(&scene, "2026-03-30T12:54:00.000Z u1 task.escalated call\n"
			     "2026-03-30T13:00:00.000Z - feed.silent login/web hour volume=0 "
			     "expected=10\n"
			     "2026-03-30T13:00:00.000Z u1 rule.fired day risk=0 cause=feed\n"
			     "2026-03-30T13:00:00.000Z u1 task.breached call\n"
			     "2026-03-30T13:00:00.000Z u1 task.created look\n");
	scene_finish(&scene);
}

static void
a_task_is_not_done_by_itself_while_a_feed_it_reads_is_suspect(void **state)
{
	struct scene scene;
	(void)state;
	scene_init(&scene,
		   GUARDED "rules: [{rule: quiet, mode: off, expr: 'silent(login) > 9h'}]\n"
			   "actions: [{on: customer.tagged, task: call}]\n"
			   "tasks: {call: {close_when: 'count(login[6h live]) == 0'}}\n");
	hours_of(&scene, "2026-03-02 00:00", "2026-03-30 12:00", 10, "login", "web");
	scene_send(&scene, at("2026-03-30 12:30"), "u1", "churnd.tag", "tag=vip", NULL);
	scene_clear(&scene);
	scene_advance(&scene, at("2026-03-30 20:30"));
	scene_expect(&scene, "2026-03-30T13:00:00.000Z - feed.silent login/web hour volume=0 "
			     "expected=10\n");
	scene_finish(&scene);
}

static void
silence_stands_still_over_suspect_time_and_thresholds_shift_by_it(void **state)
{
	struct scene scene;
	(void)state;
	scene_init(&scene, GUARDED "rules: [{rule: quiet, expr: 'silent(login) >= 30h', "
				   "points: 10}]\n");
	hours_of(&scene, "2026-03-02 00:00", "2026-03-30 10:00", 10, "login", "web");
	scene_send(&scene, at("2026-03-30 10:00"), "lost", "login", "source=web", NULL);
	hours_of(&scene, "2026-03-30 10:00", "2026-03-30 12:00", 10, "login", "web");
	/* 12:00 to 22:00 is suspect: known from 13:00, over at 23:00. */
	hours_of(&scene, "2026-03-30 22:00", "2026-04-01 12:00", 10, "login", "web");
	scene_expect(&scene, "2026-03-30T13:00:00.000Z - feed.silent login/web hour volume=0 "
			     "expected=10\n"
			     "2026-03-30T23:00:00.000Z - feed.back login/web hour volume=10 "
			     "expected=10\n"
			     "2026-04-01T02:00:00.000Z lost rule.fired quiet risk=10 "
			     "cause=time\n");
	scene_finish(&scene);
}

/* Due with the feed that settles it: while submissions cannot arrive, none is overdue. */
static void
after_stands_still_while_either_of_its_feeds_is_suspect(void **state)
{
	struct scene scene;
	(void)state;
	scene_init(&scene,
		   "defaults: {min_volume: 8, cooldown: 0s}\n"
		   "signals: {due: {on: due}, submit: {on: login}}\n"
		   "rules: [{rule: late, expr: 'after(due, submit) >= 30h', points: 10}]\n");
	hours_of(&scene, "2026-03-02 00:00", "2026-03-30 10:00", 10, "login", "web");
	scene_send(&scene, at("2026-03-30 10:00"), "lost", "due", "source=x", NULL);
	hours_of(&scene, "2026-03-30 10:00", "2026-03-30 12:00", 10, "login", "web");
	scene_clear(&scene);
	hours_of(&scene, "2026-03-30 22:00", "2026-04-01 12:00", 10, "login", "web");
	assert_non_null(strstr(scene.said.p, "2026-04-01T02:00:00.000Z lost rule.fired late"));
	assert_null(strstr(scene.said.p, "2026-03-31"));
	scene_finish(&scene);
}

static void
a_rule_holds_until_the_feed_is_back_and_an_event_rule_does_not(void **state)
{
	struct scene scene;
	(void)state;
	scene_init(
		&scene, GUARDED
		"rules:\n"
		"- {rule: few, expr: 'count(login[3h live]) < 2', points: 10}\n"
		"- {rule: bad, on: nps, expr: 'event.value < 6 and seen(login)', points: 5}\n");
	hours_of(&scene, "2026-03-02 00:00", "2026-03-30 12:00", 10, "login", "web");
	scene_clear(&scene);
	scene_advance(&scene, at("2026-03-30 13:30"));
	scene_send(&scene, at("2026-03-30 15:00"), "u1", "nps", "value=3", NULL);
	scene_expect(&scene, "2026-03-30T13:00:00.000Z - feed.silent login/web hour volume=0 "
			     "expected=10\n"
			     "2026-03-30T15:00:00.000Z u1 rule.fired bad risk=5 "
			     "cause=event\n");
	scene_advance(&scene, at("2026-03-31 12:00"));
	scene_expect(&scene, "");
	scene_finish(&scene);
}

static void
tags_and_stages_hold_while_a_feed_they_read_is_suspect(void **state)
{
	struct scene scene;
	(void)state;
	scene_init(&scene,
		   GUARDED "tags: {few: 'count(login[3h live]) < 2'}\n"
			   "stages:\n- {stage: low, when: 'count(login[3h live]) < 2'}\n"
			   "- {stage: fine, when: 'true'}\n");
	hours_of(&scene, "2026-03-02 00:00", "2026-03-30 12:00", 10, "login", "web");
	scene_clear(&scene);
	scene_advance(&scene, at("2026-03-31 12:00"));
	scene_expect(&scene, "2026-03-30T13:00:00.000Z - feed.silent login/web hour volume=0 "
			     "expected=10\n");
	/* Some feed is back, and u9 is not. */
	hours_of(&scene, "2026-03-31 12:00", "2026-03-31 18:00", 9, "login", "web");
	assert_non_null(strstr(scene.said.p, "u9 customer.tagged few"));
	assert_non_null(strstr(scene.said.p, "u9 customer.stage_changed low from fine"));
	assert_null(strstr(scene.said.p, "2026-03-31T12:"));
	scene_finish(&scene);
}

/* What is dated ahead is silent for no time at first, and is not taken for a feed whose time stands still. */
static void
a_silence_since_an_instant_ahead_ends_in_time_though_another_feed_is_suspect(void **state)
{
	struct scene scene;
	(void)state;
	scene_init(&scene, "defaults: {min_volume: 8, cooldown: 0s}\n"
			   "signals: {login: {on: login}, paid: {on: paid}}\n"
			   "rules:\n- {rule: quiet, mode: off, expr: 'silent(login) >= 9h'}\n"
			   "- {rule: unpaid, expr: 'silent(paid) >= 10m', points: 10}\n");
	hours_of(&scene, "2026-03-02 00:00", "2026-03-30 12:00", 10, "login", "web");
	scene_advance(&scene, at("2026-03-30 13:00"));
	scene_clear(&scene);
	scene_send(&scene, at("2026-03-30 13:10"), "v1", "paid", "ts=2026-03-30T13:14:00Z",
		   NULL);
	scene_advance(&scene, at("2026-03-30 13:23:59"));
	scene_expect(&scene, "");
	scene_advance(&scene, at("2026-03-30 13:24"));
	scene_expect(&scene,
		     "2026-03-30T13:24:00.000Z v1 rule.fired unpaid risk=10 cause=time\n");
	scene_finish(&scene);
}

static void
guard_off_opts_a_rule_out_of_holding_and_of_pausing(void **state)
{
	struct scene scene;
	(void)state;
	scene_init(&scene, GUARDED "rules:\n"
				   "- {rule: quiet, expr: 'silent(login) >= 5h', points: 10}\n"
				   "- {rule: raw, expr: 'silent(login) >= 5h', points: 5, "
				   "guard: off}\n");
	hours_of(&scene, "2026-03-02 00:00", "2026-03-30 12:00", 10, "login", "web");
	scene_send(&scene, at("2026-03-30 11:59"), "one", "login", "source=web", NULL);
	scene_expect(&scene, "");
	scene_advance(&scene, at("2026-03-30 17:00"));
	const char *fired = strstr(scene.said.p, "one rule.fired raw");
	assert_non_null(fired);
	assert_null(strstr(scene.said.p, "quiet"));
	assert_non_null(strstr(scene.said.p, "2026-03-30T16:59:00.000Z one rule.fired raw"));
	scene_finish(&scene);
}

static void
a_pending_rule_pauses_while_the_feed_is_suspect(void **state)
{
	struct scene scene;
	(void)state;
	scene_init(&scene, GUARDED "rules: [{rule: quiet, expr: 'silent(login) >= 2h', "
				   "for: 3h, points: 10}]\n");
	hours_of(&scene, "2026-03-02 00:00", "2026-03-30 10:00", 10, "login", "web");
	scene_send(&scene, at("2026-03-30 10:00"), "lost", "login", "source=web", NULL);
	hours_of(&scene, "2026-03-30 10:00", "2026-03-30 12:30", 10, "login", "web");
	/* pending from 12:00; the hour 13:00 is suspect, known at 14:00, over at 19:00. */
	scene_clear(&scene);
	hours_of(&scene, "2026-03-30 18:00", "2026-03-30 22:00", 10, "login", "web");
	scene_expect(&scene, "2026-03-30T14:00:00.000Z - feed.silent login/web hour volume=0 "
			     "expected=10\n"
			     "2026-03-30T19:00:00.000Z - feed.back login/web hour volume=10 "
			     "expected=10\n"
			     "2026-03-30T20:00:00.000Z lost rule.fired quiet risk=10 "
			     "cause=time\n");
	scene_finish(&scene);
}

static void
a_suspect_day_is_neither_observed_nor_counted_in_rates(void **state)
{
	struct scene scene;
	(void)state;
	scene_init(&scene,
		   "lateness: 0s\n" GUARDED "rules:\n"
		   "- {rule: seven, expr: 'observed(login[7d]) < 7', points: 1, for: 1h}\n"
		   "- {rule: drop, expr: 'ratio(login[2d], login[5d offset 2d]) < 0.9', "
		   "points: 2}\n"
		   "- {rule: raw, expr: 'ratio(login[2d], login[5d offset 2d]) < 0.9', "
		   "points: 4, guard: off}\n");
	hours_of(&scene, "2026-03-02 00:00", "2026-03-30 02:00", 10, "login", "web");
	scene_clear(&scene);
	hours_of(&scene, "2026-03-30 20:00", "2026-04-01 00:00", 10, "login", "web");
	assert_null(strstr(scene.said.p, " drop "));
	scene_advance(&scene, at("2026-04-01 02:00"));
	assert_null(strstr(scene.said.p, " drop "));
	assert_non_null(strstr(scene.said.p, "2026-03-31T00:00:00.000Z u1 rule.fired raw"));
	assert_non_null(strstr(scene.said.p, "2026-03-31T01:00:00.000Z u1 rule.fired seven"));
	scene_finish(&scene);
}

static void
sources_of_a_type_are_judged_apart(void **state)
{
	struct scene scene;
	(void)state;
	scene_init(&scene, SILENT_RULE);
	for (int64_t hour = at("2026-03-02 00:00"); hour < at("2026-03-30 12:00");
	     hour += HOUR_MS) {
		for (int i = 0; i < 10; i++) {
			scene_send(&scene, hour + i * 1000, "u", "login", "source=web", NULL);
			scene_send(&scene, hour + i * 1000, "v", "login", "source=app", NULL);
		}
	}
	hour_of(&scene, at("2026-03-30 12:00"), 10, "login", "app");
	scene_advance(&scene, at("2026-03-30 13:00"));
	scene_expect(&scene, "2026-03-30T13:00:00.000Z - feed.silent login/web hour volume=0 "
			     "expected=10\n");
	scene_finish(&scene);
}

static void
types_that_no_signal_reads_and_history_being_loaded_are_not_guarded(void **state)
{
	struct scene scene;
	(void)state;
	scene_init(&scene, SILENT_RULE);
	for (int i = 0; i < 50; i++) {
		scene_send(&scene, at("2026-03-02 00:00"), "u", "page", "source=web", NULL);
		scene_send(&scene, at("2026-03-02 00:00"), "u", "login", "backfill=1", NULL);
	}
	assert_int_equal(engine_guard(scene.engine)->feed_count, 0);
	scene_finish(&scene);
}

static void
past_256_feeds_new_ones_are_counted_and_not_guarded(void **state)
{
	struct scene scene;
	char source[32];
	(void)state;
	scene_init(&scene, SILENT_RULE);
	for (int i = 0; i < GUARD_MAX_FEEDS + 3; i++) {
		snprintf(source, sizeof source, "source=s%d", i);
		scene_send(&scene, at("2026-03-02 00:00"), "u", "login", source, NULL);
	}
	assert_int_equal(engine_guard(scene.engine)->feed_count, GUARD_MAX_FEEDS);
	assert_int_equal(engine_guard(scene.engine)->unguarded, 3);
	/* What is seen no more makes room. */
	scene_send(&scene, at("2026-04-02 00:00"), "u", "login", "source=new", NULL);
	assert_int_equal(engine_guard(scene.engine)->feed_count, 1);
	scene_finish(&scene);
}

static void
a_feed_that_stays_away_is_given_up_when_nothing_is_expected_of_it(void **state)
{
	struct scene scene;
	(void)state;
	scene_init(&scene, SILENT_RULE);
	hours_of(&scene, "2026-03-02 00:00", "2026-03-30 12:00", 10, "login", "web");
	scene_clear(&scene);
	scene_advance(&scene, at("2026-06-30 00:00"));
	const char *said = scene.said.p;
	assert_int_equal(strncmp(said, "2026-03-30T13:00:00.000Z - feed.silent", 38), 0);
	const char *up = strstr(said, "given_up");
	assert_non_null(up);
	assert_non_null(strstr(up, "u1 rule.fired quiet"));
	for (const char *line = said; line < up && line; line = strchr(line, '\n')) {
		line += *line == '\n';
		assert_non_null(strstr(line, " - feed."));
		if (strstr(line, "given_up") == up)
			break;
	}
	scene_finish(&scene);
}

static void
a_dead_tracker_over_20000_customers_raises_one_alert_and_no_churn(void **state)
{
	struct scene scene;
	char id[16];
	(void)state;
	scene_init(&scene,
		   "signals: {login: {on: login}}\n"
		   "rules:\n"
		   "- {rule: quiet, expr: 'silent(login) >= 3d', points: 30}\n"
		   "- {rule: drop, points: 30, expr: 'ratio(login[2d], login[14d offset "
		   "2d], min_events=5) < 0.5'}\n");
	/* Each logs in once a day at an hour of its own. */
	for (int64_t day = at("2026-03-02 00:00"); day < at("2026-03-31 00:00"); day += DAY_MS)
		for (int i = 0; i < 20000; i++) {
			snprintf(id, sizeof id, "u%d", i);
			scene_send(&scene, day + i * (DAY_MS / 20000), id, "login", NULL);
		}
	scene_expect(&scene, "");
	scene_advance(&scene, at("2026-04-08 00:00"));
	scene_expect(&scene, "2026-03-31T01:00:00.000Z - feed.silent login/ hour volume=0 "
			     "expected=834\n");
	scene_finish(&scene);
}

/* ---- caps ---- */

#define CAPPED                                                                      \
	"defaults: {max_alerts_per_hour: 3, cooldown: 0s}\n"                        \
	"signals: {login: {on: login}, error: {on: error}}\n"                       \
	"rules: [{rule: broken, expr: 'count(error[1h live]) >= 1', points: 10}]\n" \
	"actions: [{on: rule.fired, task: call}]\n"                                 \
	"tasks: {call: {title: Call}}\n"

static void
past_its_cap_a_rule_is_recorded_and_muted_and_one_alert_says_how_many(void **state)
{
	struct scene scene;
	char id[16];
	(void)state;
	scene_init(&scene, CAPPED);
	for (int i = 0; i < 5; i++) {
		snprintf(id, sizeof id, "c%d", i);
		scene_send(&scene, at("2026-03-02 10:10"), id, "error", NULL);
	}
	const char *said = scene.said.p;
	assert_non_null(strstr(said, "c4 rule.fired broken"));
	assert_non_null(strstr(said, "c2 task.created"));
	assert_null(strstr(said, "c3 task.created"));
	assert_null(strstr(said, "rule.muted"));
	scene_clear(&scene);
	assert_int_equal(engine_next_due(scene.engine), at("2026-03-02 11:00"));
	scene_advance(&scene, at("2026-03-02 10:59"));
	scene_expect(&scene, "");
	scene_advance(&scene, at("2026-03-02 11:00"));
	assert_int_equal(strncmp(scene.said.p,
				 "2026-03-02T11:00:00.000Z - rule.muted broken muted=2\n", 53),
			 0);
	scene_finish(&scene);
}

static void
date_rules_are_not_capped(void **state)
{
	struct scene scene;
	char id[16];
	(void)state;
	scene_init(&scene, "defaults: {max_alerts_per_hour: 3}\n"
			   "profile: {end: date}\n"
			   "rules: [{rule: near, date: profile.end, steps: [1d], points: 0}]\n"
			   "actions: [{on: rule.fired, task: call}]\n"
			   "tasks: {call: {title: Call}}\n");
	for (int i = 0; i < 5; i++) {
		snprintf(id, sizeof id, "c%d", i);
		scene_send(&scene, at("2026-03-02 10:10"), id, "profile", "end=2026-03-04",
			   NULL);
	}
	scene_clear(&scene);
	scene_advance(&scene, at("2026-03-03 12:00"));
	assert_non_null(strstr(scene.said.p, "c3 task.created"));
	assert_non_null(strstr(scene.said.p, "c4 task.created"));
	assert_null(strstr(scene.said.p, "rule.muted"));
	scene_finish(&scene);
}

/* One hour in two is silent: of more outages than are kept the oldest goes, and the feed is guarded as before. */
static void
outages_are_kept_up_to_a_bound(void **state)
{
	const int64_t from = at("2026-03-30 00:00");
	struct scene scene;
	(void)state;
	scene_init(&scene, SILENT_RULE);
	hours_of(&scene, "2026-03-02 00:00", "2026-03-30 00:00", 10, "login", "web");
	assert_int_equal(engine_next_close(scene.engine), from);
	scene_advance(&scene, from);
	assert_int_equal(engine_next_close(scene.engine), from + HOUR_MS);
	for (int i = 0; i < GUARD_MAX_SPANS + 10; i++)
		hour_of(&scene, from + (2 * i + 1) * HOUR_MS, 10, "login", "web");
	const struct feed *feed = scene.engine->guard.feeds[0];
	assert_int_equal(feed->span_count, GUARD_MAX_SPANS);
	for (unsigned i = 1; i < feed->span_count; i++)
		assert_int_equal(feed->spans[i].from - feed->spans[i - 1].from, 2 * HOUR_MS);
	assert_null(strstr(scene.said.p, "rule.fired"));
	scene_finish(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_slot_under_30_percent_of_its_median_is_suspect_once_it_closes),
		cmocka_unit_test(a_slot_of_30_percent_is_fine),
		cmocka_unit_test(a_feed_under_min_volume_is_not_judged),
		cmocka_unit_test(a_day_is_judged_where_its_hours_are_too_thin),
		cmocka_unit_test(what_is_due_when_a_slot_is_judged_happens_all_the_same),
		cmocka_unit_test(a_task_is_not_done_by_itself_while_a_feed_it_reads_is_suspect),
		cmocka_unit_test(
			silence_stands_still_over_suspect_time_and_thresholds_shift_by_it),
		cmocka_unit_test(after_stands_still_while_either_of_its_feeds_is_suspect),
		cmocka_unit_test(
			a_rule_holds_until_the_feed_is_back_and_an_event_rule_does_not),
		cmocka_unit_test(tags_and_stages_hold_while_a_feed_they_read_is_suspect),
		cmocka_unit_test(
			a_silence_since_an_instant_ahead_ends_in_time_though_another_feed_is_suspect),
		cmocka_unit_test(guard_off_opts_a_rule_out_of_holding_and_of_pausing),
		cmocka_unit_test(a_pending_rule_pauses_while_the_feed_is_suspect),
		cmocka_unit_test(a_suspect_day_is_neither_observed_nor_counted_in_rates),
		cmocka_unit_test(sources_of_a_type_are_judged_apart),
		cmocka_unit_test(
			types_that_no_signal_reads_and_history_being_loaded_are_not_guarded),
		cmocka_unit_test(past_256_feeds_new_ones_are_counted_and_not_guarded),
		cmocka_unit_test(
			a_feed_that_stays_away_is_given_up_when_nothing_is_expected_of_it),
		cmocka_unit_test(
			a_dead_tracker_over_20000_customers_raises_one_alert_and_no_churn),
		cmocka_unit_test(
			past_its_cap_a_rule_is_recorded_and_muted_and_one_alert_says_how_many),
		cmocka_unit_test(date_rules_are_not_capped),
		cmocka_unit_test(outages_are_kept_up_to_a_bound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
