/* SPDX-License-Identifier: Apache-2.0 */
/* Date rules: contracts, birthdays, monthly calls, festivals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "codec/alert_json.h"
#include "codec/record.h"
#include "engine/core.h"
#include "lcg.h"
#include "support/scene.h"

#define PROFILE \
	"profile: {end: date, tier: {enum: [tin, gold]}}\nsignals: {login: {on: login}}\n"
#define RULE(body) PROFILE "rules:\n- {rule: r, date: profile.end, points: 1, " body "}\n"

/* What is said, as "2026-03-02 09:00 fired". */
static void
expect(struct scene *w, const char *lines)
{
	struct buf said = {0};

	for (const char *p = w->said.n ? w->said.p : ""; *p; p = strchr(p, '\n') + 1)
		if (strncmp(p + 27, "rule.", 5) == 0)
			buf_printf(&said, "%.10s %.5s %s\n", p, p + 11,
				   strncmp(p + 27, "rule.fired", 10) ? "cleared" : "fired");
	assert_string_equal(said.n ? said.p : "", lines);
	buf_finish(&said);
	scene_clear(w);
}

/* All that a rule file says of one customer, whose date is given at `from`. */
static void
says(const char *rules, const char *end, const char *from, const char *to, const char *lines)
{
	char field[40];
	struct scene w;

	scene_init(&w, rules);
	snprintf(field, sizeof field, "end=%s", end);
	scene_send(&w, at(from), "c", "profile", field, NULL);
	scene_advance(&w, at(to));
	expect(&w, lines);
	scene_finish(&w);
}

static void
each_step_fires_before_and_after_the_date_at_its_hour(void **state)
{
	(void)state;
	says("timezone: Asia/Shanghai\n" RULE("steps: [7d, 1d, 0d, -5d], at: '09:00', "
					      "keep_firing_for: 2h"),
	     "2026-03-20", "2026-03-01 00:00", "2026-04-10 00:00",
	     "2026-03-13 01:00 fired\n2026-03-13 03:00 cleared\n"
	     "2026-03-19 01:00 fired\n2026-03-19 03:00 cleared\n"
	     "2026-03-20 01:00 fired\n2026-03-20 03:00 cleared\n"
	     "2026-03-25 01:00 fired\n2026-03-25 03:00 cleared\n");
}

static void
without_steps_it_fires_on_the_date_itself_at_midnight_for_a_day(void **state)
{
	(void)state;
	says("timezone: Europe/Berlin\n" RULE("category: renewal"), "2026-07-20",
	     "2026-03-01 00:00", "2026-08-10 00:00",
	     "2026-07-19 22:00 fired\n2026-07-20 22:00 cleared\n");
}

static void
steps_already_past_when_the_date_becomes_known_do_not_fire(void **state)
{
	(void)state;
	says(RULE("steps: [30d, 7d, 1d]"), "2026-03-20", "2026-03-15 00:00", "2026-03-25 12:00",
	     "2026-03-19 00:00 fired\n2026-03-20 00:00 cleared\n");
	/* Known at the very instant of a step: what is due then comes before it. */
	says(RULE("steps: [7d]"), "2026-03-20", "2026-03-13 00:00", "2026-04-19 12:00", "");
}

static void
a_changed_date_arms_the_steps_again(void **state)
{
	struct scene w;

	(void)state;
	scene_init(&w, RULE("steps: [7d]"));
	scene_send(&w, at("2026-03-01 00:00"), "c", "profile", "end=2026-03-20", NULL);
	scene_advance(&w, at("2026-03-16 00:00"));
	expect(&w, "2026-03-13 00:00 fired\n2026-03-14 00:00 cleared\n");
	scene_send(&w, at("2026-03-16 00:00"), "c", "profile", "end=2027-03-20", NULL);
	scene_advance(&w, at("2027-03-15 00:00"));
	expect(&w, "2027-03-13 00:00 fired\n2027-03-14 00:00 cleared\n");
	/* Earlier, and taken away. */
	scene_send(&w, at("2027-03-16 00:00"), "c", "profile", "end=2027-03-25", NULL);
	scene_send(&w, at("2027-03-17 00:00"), "c", "profile", "end=2027-03-24", NULL);
	scene_advance(&w, at("2027-03-30 00:00"));
	expect(&w, "");
	scene_send(&w, at("2027-04-01 00:00"), "c", "profile", "end=2027-05-01", NULL);
	scene_send(&w, at("2027-04-02 00:00"), "c", "profile", "end=", NULL);
	scene_advance(&w, at("2027-06-01 00:00"));
	expect(&w, "");
	scene_finish(&w);
}

static void
the_same_date_said_again_does_not_fire_again(void **state)
{
	struct scene w;

	(void)state;
	scene_init(&w, RULE("steps: [7d]"));
	scene_send(&w, at("2026-03-01 00:00"), "c", "profile", "end=2026-03-20", NULL);
	scene_send(&w, at("2026-03-13 00:00"), "c", "profile", "end=2026-03-20", NULL);
	scene_send(&w, at("2026-03-13 00:00"), "c", "login", NULL);
	scene_send(&w, at("2026-03-13 10:00"), "c", "profile", "end=2026-03-20", NULL);
	scene_advance(&w, at("2026-04-01 00:00"));
	expect(&w, "2026-03-13 00:00 fired\n2026-03-14 00:00 cleared\n");
	scene_finish(&w);
}

static void
a_step_while_it_fires_ends_that_firing_and_begins_another(void **state)
{
	struct scene w;

	(void)state;
	scene_init(&w, RULE("steps: [2d, 1d], keep_firing_for: 36h"));
	scene_send(&w, at("2026-03-01 00:00"), "c", "profile", "end=2026-03-20", NULL);
	scene_advance(&w, at("2026-03-25 00:00"));
	expect(&w, "2026-03-18 00:00 fired\n2026-03-19 00:00 cleared\n"
		   "2026-03-19 00:00 fired\n2026-03-20 12:00 cleared\n");
	assert_int_equal(scene_risk(&w, "c"), 0);
	scene_finish(&w);
}

static void
a_step_right_when_the_firing_before_it_ends_begins_another(void **state)
{
	(void)state;
	says(RULE("steps: [2d, 1d]"), "2026-03-20", "2026-03-01 00:00", "2026-03-25 00:00",
	     "2026-03-18 00:00 fired\n2026-03-19 00:00 cleared\n"
	     "2026-03-19 00:00 fired\n2026-03-20 00:00 cleared\n");
}

static void
an_expr_is_asked_when_the_step_comes_and_only_then(void **state)
{
	struct scene w;

	(void)state;
	scene_init(&w, RULE("steps: [3d, 2d, 1d], keep_firing_for: 10h, "
			    "expr: 'profile.tier == \"gold\" and silent(login) > 2d'"));
	scene_send(&w, at("2026-03-01 00:00"), "c", "profile", "end=2026-03-20", NULL);
	/* 3d: its tier is unknown; 2d: true, and it stays when a login makes it false; 1d: false. */
	scene_advance(&w, at("2026-03-17 12:00"));
	expect(&w, "");
	scene_send(&w, at("2026-03-17 12:00"), "c", "profile", "tier=gold", NULL);
	scene_send(&w, at("2026-03-18 05:00"), "c", "login", NULL);
	scene_advance(&w, at("2026-03-25 00:00"));
	expect(&w, "2026-03-18 00:00 fired\n2026-03-18 10:00 cleared\n");
	scene_finish(&w);
}

static void
every_month_keeps_the_day_or_the_last_one_of_the_month(void **state)
{
	(void)state;
	says(RULE("every: month, keep_firing_for: 1h"), "2026-01-31", "2026-01-20 00:00",
	     "2026-05-10 00:00",
	     "2026-01-31 00:00 fired\n2026-01-31 01:00 cleared\n"
	     "2026-02-28 00:00 fired\n2026-02-28 01:00 cleared\n"
	     "2026-03-31 00:00 fired\n2026-03-31 01:00 cleared\n"
	     "2026-04-30 00:00 fired\n2026-04-30 01:00 cleared\n");
}

static void
every_year_of_29_february_is_the_28th_in_other_years(void **state)
{
	(void)state;
	says(RULE("every: year, keep_firing_for: 1h"), "1980-02-29", "2026-01-20 00:00",
	     "2028-12-10 00:00",
	     "2026-02-28 00:00 fired\n2026-02-28 01:00 cleared\n"
	     "2027-02-28 00:00 fired\n2027-02-28 01:00 cleared\n"
	     "2028-02-29 00:00 fired\n2028-02-29 01:00 cleared\n");
}

static void
every_so_many_days_counts_from_the_date_on_and_never_before_it(void **state)
{
	(void)state;
	says(RULE("every: 14d, steps: [1d], keep_firing_for: 1h"), "2026-03-10",
	     "2026-01-20 00:00", "2026-04-10 00:00",
	     "2026-03-09 00:00 fired\n2026-03-09 01:00 cleared\n"
	     "2026-03-23 00:00 fired\n2026-03-23 01:00 cleared\n"
	     "2026-04-06 00:00 fired\n2026-04-06 01:00 cleared\n");
}

#define GOLDEN                                                               \
	"calendar:\n"                                                        \
	"  holidays: {2026-10-01: national_day, 2026-10-02: national_day,\n" \
	"             2027-10-01: national_day, 2026-09-25: mid_autumn}\n"   \
	"  workdays: [2026-09-27]\n"

static void
workday_moves_a_step_to_the_working_day_before_or_after(void **state)
{
	(void)state;
	/* Friday 2 October is a holiday, so is Thursday; Saturday and Sunday follow. */
	says(GOLDEN RULE("workday: before, at: '10:00', keep_firing_for: 1h"), "2026-10-03",
	     "2026-09-01 00:00", "2026-11-01 00:00",
	     "2026-09-30 10:00 fired\n2026-09-30 11:00 cleared\n");
	says(GOLDEN RULE("workday: after, keep_firing_for: 1h"), "2026-10-02",
	     "2026-09-01 00:00", "2026-11-01 00:00",
	     "2026-10-05 00:00 fired\n2026-10-05 01:00 cleared\n");
	/* A Sunday that is worked stays; `off` is the default and stays too. */
	says(GOLDEN RULE("workday: after, keep_firing_for: 1h"), "2026-09-27",
	     "2026-09-01 00:00", "2026-11-01 00:00",
	     "2026-09-27 00:00 fired\n2026-09-27 01:00 cleared\n");
	says(GOLDEN RULE("workday: off, keep_firing_for: 1h"), "2026-10-03", "2026-09-01 00:00",
	     "2026-11-01 00:00", "2026-10-03 00:00 fired\n2026-10-03 01:00 cleared\n");
}

static void
two_steps_moved_to_one_day_fire_once(void **state)
{
	(void)state;
	says(RULE("steps: [2d, 1d, 0d], workday: before, keep_firing_for: 1h"), "2026-03-08",
	     "2026-02-01 00:00", "2026-11-01 00:00",
	     "2026-03-06 00:00 fired\n2026-03-06 01:00 cleared\n");
}

static void
a_festival_is_greeted_on_its_first_day_each_time_the_calendar_has_it(void **state)
{
	struct scene w;

	(void)state;
	scene_init(&w, GOLDEN "signals: {login: {on: login}}\nrules:\n"
			      "- {rule: r, date: 'holiday(\"national_day\")', steps: [3d, 0d], "
			      "at: '08:30', keep_firing_for: 1h}\n");
	scene_send(&w, at("2026-09-01 00:00"), "a", "login", NULL);
	scene_advance(&w, at("2028-01-01 00:00"));
	expect(&w, "2026-09-28 08:30 fired\n2026-09-28 09:30 cleared\n"
		   "2026-10-01 08:30 fired\n2026-10-01 09:30 cleared\n"
		   "2027-09-28 08:30 fired\n2027-09-28 09:30 cleared\n"
		   "2027-10-01 08:30 fired\n2027-10-01 09:30 cleared\n");
	scene_finish(&w);
}

static void
the_hour_is_the_local_one_where_clocks_change(void **state)
{
	(void)state;
	/* Skipped: the instant after the gap. Twice there: the first time. */
	says("timezone: America/New_York\n" RULE("at: '02:30', keep_firing_for: 1h"),
	     "2026-03-08", "2026-03-01 00:00", "2026-04-01 00:00",
	     "2026-03-08 07:00 fired\n2026-03-08 08:00 cleared\n");
	says("timezone: America/New_York\n" RULE("at: '01:30', keep_firing_for: 1h"),
	     "2026-11-01", "2026-10-01 00:00", "2026-12-01 00:00",
	     "2026-11-01 05:30 fired\n2026-11-01 06:30 cleared\n");
	says("timezone: Australia/Lord_Howe\n" RULE("at: '02:15', keep_firing_for: 1h"),
	     "2026-10-04", "2026-09-01 00:00", "2026-11-01 00:00",
	     "2026-10-03 15:30 fired\n2026-10-03 16:30 cleared\n");
	says("timezone: Europe/Berlin\n" RULE(
		     "steps: [1d, 0d], at: '09:00', keep_firing_for: 1h"),
	     "2026-03-29", "2026-03-01 00:00", "2026-04-01 00:00",
	     "2026-03-28 08:00 fired\n2026-03-28 09:00 cleared\n"
	     "2026-03-29 07:00 fired\n2026-03-29 08:00 cleared\n");
}

static void
a_date_whose_midnight_is_skipped_begins_at_its_first_instant(void **state)
{
	(void)state;
	says("timezone: Asia/Beirut\n" RULE("keep_firing_for: 1h"), "2026-03-29",
	     "2026-03-01 00:00", "2026-04-01 00:00",
	     "2026-03-28 22:00 fired\n2026-03-28 23:00 cleared\n");
	says("timezone: America/Santiago\n" RULE("keep_firing_for: 1h"), "2026-09-06",
	     "2026-09-01 00:00", "2026-10-01 00:00",
	     "2026-09-06 04:00 fired\n2026-09-06 05:00 cleared\n");
}

static void
a_step_that_falls_into_a_backfill_acts_at_the_quiet_look(void **state)
{
	struct scene w;

	(void)state;
	scene_init(&w, RULE("steps: [7d, 0d], keep_firing_for: 1h"));
	/* The step of 7 days lies before the backfill, that of the day itself within the minute after it. */
	scene_send(&w, at("2026-03-19 23:59:30"), "c", "profile", "end=2026-03-20",
		   "ts=2026-03-01T00:00:00Z", "backfill=1", NULL);
	scene_advance(&w, at("2026-03-20 00:00:29"));
	expect(&w, "");
	scene_advance(&w, at("2026-03-21 00:00"));
	expect(&w, "2026-03-20 00:00 fired\n2026-03-20 01:00 cleared\n");
	scene_finish(&w);
}

static void
a_step_that_comes_while_the_rule_rests_is_missed(void **state)
{
	struct scene w;

	(void)state;
	scene_init(&w, "only: profile.tier == \"gold\"\n" RULE("steps: [7d, 1d], warmup: 3d"));
	scene_send(&w, at("2026-03-12 00:00"), "c", "profile", "end=2026-03-20", "tier=gold",
		   NULL);
	scene_advance(&w, at("2026-03-18 00:00"));
	expect(&w, "");
	scene_send(&w, at("2026-03-18 00:00"), "c", "profile", "tier=tin", NULL);
	scene_send(&w, at("2026-03-19 12:00"), "c", "profile", "tier=gold", NULL);
	scene_advance(&w, at("2026-04-18 00:00"));
	expect(&w, "");
	scene_finish(&w);
}

static void
an_edit_at_the_instant_of_a_step_neither_repeats_nor_invents_it(void **state)
{
	static const char with[] = RULE("steps: [7d]"), without[] = PROFILE "rules: []\n";
	struct scene w;

	(void)state;
	scene_init(&w, with);
	scene_send(&w, at("2026-03-01 00:00"), "c", "profile", "end=2026-03-20", NULL);
	scene_change(&w, at("2026-03-13 00:00"), RULE("steps: [7d], category: renewal"));
	scene_advance(&w, at("2026-04-01 00:00"));
	expect(&w, "2026-03-13 00:00 fired\n2026-03-14 00:00 cleared\n");
	scene_finish(&w);
	scene_init(&w, without);
	scene_send(&w, at("2026-03-01 00:00"), "c", "profile", "end=2026-03-20", NULL);
	scene_change(&w, at("2026-03-13 00:00"), with);
	scene_advance(&w, at("2026-04-01 00:00"));
	expect(&w, "");
	scene_finish(&w);
}

static void
a_firing_state_rule_that_becomes_a_date_rule_clears(void **state)
{
	struct scene w;

	(void)state;
	scene_init(&w, PROFILE "rules:\n- {rule: r, expr: 'profile.tier == \"gold\"'}\n");
	scene_send(&w, at("2026-03-01 00:00"), "c", "profile", "end=2026-03-20", "tier=gold",
		   NULL);
	expect(&w, "2026-03-01 00:00 fired\n");
	scene_change(&w, at("2026-03-02 00:00"), RULE("steps: [7d]"));
	expect(&w, "2026-03-02 00:00 cleared\n");
	scene_finish(&w);
}

static void
no_step_is_waited_for_while_the_profile_says_that_it_is_none(void **state)
{
	struct scene w;

	(void)state;
	scene_init(&w, RULE("steps: [7d], expr: 'profile.tier == \"gold\"'"));
	scene_send(&w, at("2026-03-01 00:00"), "c", "profile", "end=2026-03-20", "tier=tin",
		   NULL);
	assert_int_equal(engine_next_due(w.engine), NEVER);
	scene_send(&w, at("2026-03-02 00:00"), "c", "profile", "tier=gold", NULL);
	assert_int_equal(engine_next_due(w.engine), at("2026-03-13 00:00"));
	scene_advance(&w, at("2026-03-14 00:00"));
	expect(&w, "2026-03-13 00:00 fired\n2026-03-14 00:00 cleared\n");
	scene_finish(&w);
}

static void
an_owner_whom_rules_gave_counts_at_the_next_step(void **state)
{
	struct scene w;

	(void)state;
	scene_init(&w, PROFILE
		   "rules:\n- {rule: r, date: profile.end, expr: 'profile.owner == \"dan\"'}\n"
		   "- {rule: hello, on: login, expr: 'true', points: 1}\n"
		   "actions: [{on: rule.fired, rule: hello, owner: dan}]\n");
	scene_send(&w, at("2026-03-01 00:00"), "c", "profile", "end=2026-03-05", NULL);
	scene_send(&w, at("2026-03-02 00:00"), "c", "login", NULL);
	scene_clear(&w);
	scene_advance(&w, at("2026-03-05 00:00"));
	assert_non_null(strstr(w.said.p, "rule.fired r "));
	scene_finish(&w);
}

static void the_next_step_is_what_is_due_and_what_explain_says(void **state);

struct told {
	int64_t next_at;
};

static void
take_told(void *ctx, const struct explained_rule *rule)
{
	((struct told *)ctx)->next_at = rule->next_at;
}

static void
the_next_step_is_what_is_due_and_what_explain_says(void **state)
{
	struct arena arena;
	struct told told;
	struct buf json = {0};
	struct scene w;

	(void)state;
	scene_init(&w, RULE("steps: [7d, 1d], at: '09:00', expr: 'silent(login) > 1d'"));
	scene_send(&w, at("2026-03-15 00:00"), "c", "profile", "end=2026-03-20", NULL);
	assert_int_equal(engine_next_due(w.engine), at("2026-03-19 09:00"));
	arena_init(&arena);
	engine_explain(w.engine, engine_find(w.engine, STR("c")), at("2026-03-15 00:00"),
		       &arena, take_told, &told);
	assert_int_equal(told.next_at, at("2026-03-19 09:00"));
	arena_finish(&arena);
	explain_json(&json, w.engine, engine_find(w.engine, STR("c")), at("2026-03-15 00:00"));
	assert_non_null(strstr(json.p, "\"next_at\":\"2026-03-19T09:00:00.000Z\""));
	assert_non_null(strstr(json.p, "\"date\":\"profile.end\""));
	buf_finish(&json);
	scene_finish(&w);
}

/* ---- After a restart ---- */

/* What a daemon that starts again has: the records as of the last entry, and the same rules. */
static void
restart(struct scene *w, const char *rules)
{
	struct engine *again = engine_create(scene_rules(rules), (struct hash_seed){3, 4});
	struct stream_id position = engine_position(w->engine), applied;
	struct err err;

	engine_resume(again, position);
	for (size_t i = 0; i < engine_customers(w->engine); i++) {
		const struct customer *customer = engine_customer_at(w->engine, i);
		struct buf bytes = {0};

		record_encode_due(&bytes, engine_rules(w->engine), customer, position,
				  engine_due_at(w->engine, customer));
		struct customer *copy =
			record_decode(engine_rules(again), customer_id(customer),
				      buf_view(&bytes), &applied, &err);

		assert_non_null(copy);
		assert_true(engine_load(again, copy, applied, &err));
		buf_finish(&bytes);
	}
	engine_destroy(w->engine);
	w->engine = again;
}

static void
a_restart_at_any_moment_changes_no_step(void **state)
{
	static const char rules[] =
		RULE("steps: [3d, 1d], every: 14d, at: '09:00', keep_firing_for: 50h");
	static const char lines[] =
		"2026-03-17 09:00 fired\n2026-03-19 09:00 cleared\n2026-03-19 09:00 fired\n"
		"2026-03-21 11:00 cleared\n2026-03-31 09:00 fired\n2026-04-02 09:00 cleared\n"
		"2026-04-02 09:00 fired\n2026-04-04 11:00 cleared\n";

	(void)state;
	for (int64_t when = at("2026-03-16 09:00"); when < at("2026-04-05 00:00");
	     when += 8 * HOUR_MS) {
		struct scene w;

		scene_init(&w, rules);
		scene_send(&w, at("2026-03-15 00:00"), "c", "profile", "end=2026-03-20", NULL);
		scene_send(&w, when, "c", "login", NULL);
		restart(&w, rules);
		scene_advance(&w, at("2026-04-10 00:00"));
		expect(&w, lines);
		scene_finish(&w);
	}
}

/* ---- Against counting them all ---- */

static int64_t
one_by_one(const struct ruleset *rules, const struct date_plan *plan, int64_t base, int64_t now)
{
	int64_t next = NEVER;
	struct civil_date begin = civil_date_of(base);

	for (int64_t k = 0; k < 1300; k++) {
		int64_t day = base + k * plan->every;

		if (plan->repeat == REPEAT_ONCE && k > 0)
			break;
		if (plan->repeat == REPEAT_MONTHS) {
			int64_t months = begin.month - 1 + k * plan->every;
			struct civil_date date = {begin.year + (int)(months / 12),
						  (int)(months % 12) + 1, begin.day};

			day = civil_day_of(date);
			while (civil_date_of(day).month != date.month)
				day = civil_day_of(date) - civil_date_of(day).day;
		}
		for (unsigned i = 0; i < plan->step_count; i++) {
			int64_t then = day - plan->steps[i];

			for (int tries = 0; plan->shift && tries < 31 &&
					    !calendar_is_workday(&rules->calendar, then);
			     tries++)
				then += plan->shift;
			then = zone_local(rules->zone, then, plan->at);
			if (then > now && then < next)
				next = then;
		}
	}
	return next;
}

static void
the_next_instant_is_that_found_one_by_one(void **state)
{
	struct ruleset *rules =
		scene_rules("timezone: America/New_York\n" GOLDEN "rules: []\n");
	struct lcg lcg = {.state = 7};

	(void)state;
	for (int round = 0; round < 400; round++) {
		int steps[3];
		struct date_plan plan = {.date = (const struct expr *)&lcg, .steps = steps};
		int64_t base = 20000 + (int64_t)lcg_below(&lcg, 900);
		int64_t now = (base - 60) * DAY_MS +
			      (int64_t)lcg_below(&lcg, 1000000) * 90 * SECOND_MS;

		plan.step_count = 1 + (unsigned)lcg_below(&lcg, 3);
		for (int i = 0; i < 3; i++)
			steps[i] = (int)lcg_below(&lcg, 50) - 20;
		plan.repeat = (enum date_repeat)lcg_below(&lcg, 3);
		plan.every = 1 + (int)lcg_below(&lcg, 14);
		plan.shift = (int)lcg_below(&lcg, 3) - 1;
		plan.at = (int64_t)lcg_below(&lcg, 1440) * MINUTE_MS;
		struct date_steps found = dates_around(rules, &plan, value_date(base), now);

		assert_int_equal(found.next, one_by_one(rules, &plan, base, now));
		assert_true(found.last <= now);
		if (found.last > INT64_MIN) {
			struct date_steps before =
				dates_around(rules, &plan, value_date(base), found.last - 1);

			assert_int_equal(before.next, found.last);
		}
	}
	ruleset_destroy(rules);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_step_fires_before_and_after_the_date_at_its_hour),
		cmocka_unit_test(
			without_steps_it_fires_on_the_date_itself_at_midnight_for_a_day),
		cmocka_unit_test(steps_already_past_when_the_date_becomes_known_do_not_fire),
		cmocka_unit_test(a_changed_date_arms_the_steps_again),
		cmocka_unit_test(the_same_date_said_again_does_not_fire_again),
		cmocka_unit_test(a_step_while_it_fires_ends_that_firing_and_begins_another),
		cmocka_unit_test(a_step_right_when_the_firing_before_it_ends_begins_another),
		cmocka_unit_test(an_expr_is_asked_when_the_step_comes_and_only_then),
		cmocka_unit_test(every_month_keeps_the_day_or_the_last_one_of_the_month),
		cmocka_unit_test(every_year_of_29_february_is_the_28th_in_other_years),
		cmocka_unit_test(
			every_so_many_days_counts_from_the_date_on_and_never_before_it),
		cmocka_unit_test(workday_moves_a_step_to_the_working_day_before_or_after),
		cmocka_unit_test(two_steps_moved_to_one_day_fire_once),
		cmocka_unit_test(
			a_festival_is_greeted_on_its_first_day_each_time_the_calendar_has_it),
		cmocka_unit_test(the_hour_is_the_local_one_where_clocks_change),
		cmocka_unit_test(a_date_whose_midnight_is_skipped_begins_at_its_first_instant),
		cmocka_unit_test(a_step_that_falls_into_a_backfill_acts_at_the_quiet_look),
		cmocka_unit_test(a_step_that_comes_while_the_rule_rests_is_missed),
		cmocka_unit_test(
			an_edit_at_the_instant_of_a_step_neither_repeats_nor_invents_it),
		cmocka_unit_test(a_firing_state_rule_that_becomes_a_date_rule_clears),
		cmocka_unit_test(no_step_is_waited_for_while_the_profile_says_that_it_is_none),
		cmocka_unit_test(an_owner_whom_rules_gave_counts_at_the_next_step),
		cmocka_unit_test(the_next_step_is_what_is_due_and_what_explain_says),
		cmocka_unit_test(a_restart_at_any_moment_changes_no_step),
		cmocka_unit_test(the_next_instant_is_that_found_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
