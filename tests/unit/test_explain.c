/* SPDX-License-Identifier: Apache-2.0 */
/* Explain says why a rule fires or does not, and when time alone could change it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/alert_json.h"
#include "engine/core.h"
#include "support/scene.h"

#define LEVELS "levels:\n  watch: {enter: 30, leave: 20}\n"
#define LOGIN "signals: {login: {on: login}, paid: {on: paid}}\n"
#define BEGIN LEVELS LOGIN "rules:\n- "
#define FIRST at("2026-03-02 10:00")
#define NOW at("2026-03-17 09:00")

struct asked {
	unsigned slot;
	struct explained_rule rule;
	int points; /* of all */
};

static void
take(void *ctx, const struct explained_rule *rule)
{
	struct asked *asked = ctx;
	asked->points += rule->points;
	if (rule->rule == asked->slot)
		asked->rule = *rule;
}

/* c1 logged in once, on FIRST. */
static struct asked
ask(const char *rules, unsigned slot, int64_t now)
{
	struct asked asked = {.slot = slot};
	struct arena arena;
	struct scene w;
	arena_init(&arena);
	scene_init(&w, rules);
	scene_send(&w, FIRST, "c1", "login", NULL);
	scene_advance(&w, now);
	engine_explain(w.engine, engine_find(w.engine, STR("c1")), now, &arena, take, &asked);
	assert_int_equal(asked.points < 0 ? 0 : asked.points, scene_risk(&w, "c1"));
	scene_finish(&w);
	arena_finish(&arena);
	return asked;
}

static void
expect(const char *rules, enum explained_why why, int64_t next_at)
{
	struct asked asked = ask(rules, 0, NOW);
	assert_string_equal(explained_why_name(asked.rule.why), explained_why_name(why));
	assert_int_equal(asked.rule.next_at, next_at);
}

static void
a_rule_that_counts_gives_its_points(void **state)
{
	(void)state;
	struct asked asked =
		ask(BEGIN "{rule: a, expr: 'silent(login) > 7d', points: 40}\n", 0, NOW);
	assert_int_equal(asked.rule.why, WHY_COUNTS);
	assert_int_equal(asked.rule.points, 40);
	assert_true(asked.rule.announced);
	assert_int_equal(asked.rule.next_at, NEVER);
}

static void
a_false_condition_tells_when_time_alone_turns_it(void **state)
{
	(void)state;
	expect(BEGIN "{rule: a, expr: 'silent(login) >= 30d'}\n", WHY_FALSE,
	       FIRST + 30 * DAY_MS);
}

static void
a_window_may_change_at_the_next_days_close(void **state)
{
	(void)state;
	expect(BEGIN "{rule: a, expr: 'count(login[28d]) >= 2'}\n", WHY_FALSE,
	       at("2026-03-18 00:10"));
}

static void
an_unknown_condition_is_no_evidence(void **state)
{
	(void)state;
	expect(BEGIN "{rule: a, expr: 'since(paid) > 3d'}\n", WHY_UNKNOWN, NEVER);
}

static void
for_that_runs_tells_when_it_is_over(void **state)
{
	(void)state;
	expect(BEGIN "{rule: a, expr: 'silent(login) >= 14d', for: 5d}\n", WHY_PENDING,
	       FIRST + 19 * DAY_MS);
}

static void
keep_firing_for_tells_when_it_is_over(void **state)
{
	(void)state;
	expect(BEGIN
	       "{rule: a, expr: 'silent(login) < 14d', keep_firing_for: 5d, points: 40}\n",
	       WHY_CLEARING, FIRST + 19 * DAY_MS);
}

static void
warming_tells_until_when(void **state)
{
	(void)state;
	expect(BEGIN "{rule: a, expr: 'silent(login) > 7d', warmup: 60d}\n", WHY_WARMING,
	       FIRST + 60 * DAY_MS);
}

static void
a_rule_that_is_off_says_so(void **state)
{
	(void)state;
	struct asked asked =
		ask(BEGIN "{rule: a, expr: 'silent(login) > 7d', mode: off}\n", 0, NOW);
	assert_int_equal(asked.rule.why, WHY_OFF);
}

static void
only_that_does_not_hold_is_why_all_rest(void **state)
{
	(void)state;
	struct asked asked = ask(
		"only: seen(paid)\n" BEGIN "{rule: a, expr: 'silent(login) > 7d'}\n", 0, NOW);
	assert_int_equal(asked.rule.why, WHY_ONLY);
}

static void
a_shadow_fires_without_points(void **state)
{
	(void)state;
	struct asked asked =
		ask(BEGIN "{rule: a, expr: 'silent(login) > 7d', points: 40, mode: shadow}\n",
		    0, NOW);
	assert_int_equal(asked.rule.why, WHY_SHADOW);
	assert_int_equal(asked.rule.points, 0);
}

static void
an_inhibited_rule_names_who_holds_it_back(void **state)
{
	(void)state;
	struct asked asked =
		ask(BEGIN
		    "{rule: a, expr: 'silent(login) > 7d', points: 40, inhibited_by: [b, c]}\n"
		    "- {rule: b, expr: 'silent(login) > 99d', points: 5}\n"
		    "- {rule: c, expr: 'silent(login) > 9d', points: 5}\n",
		    0, NOW);
	assert_int_equal(asked.rule.why, WHY_INHIBITED);
	assert_int_equal(asked.rule.inhibitor, 2);
	assert_int_equal(asked.rule.points, 0);
}

static void
an_event_rule_waits_for_its_event(void **state)
{
	(void)state;
	expect(BEGIN "{rule: a, on: nps, expr: 'event.value <= 6'}\n", WHY_EVENT, NEVER);
}

static void
a_date_rule_tells_its_next_step(void **state)
{
	(void)state;
	struct asked asked =
		ask(LEVELS LOGIN
		    "rules:\n- {rule: a, date: profile.customer_since, every: month}\n",
		    0, NOW);
	assert_int_equal(asked.rule.why, WHY_DATE);
}

static void
a_cool_down_tells_until_when(void **state)
{
	struct arena arena;
	struct scene w;
	struct asked asked = {.slot = 0};
	(void)state;
	arena_init(&arena);
	scene_init(&w,
		   BEGIN "{rule: a, expr: 'silent(login) > 7d', points: 40, cooldown: 60d}\n");
	scene_send(&w, FIRST, "c1", "login", NULL);
	scene_advance(&w, FIRST + 8 * DAY_MS);
	scene_send(&w, FIRST + 8 * DAY_MS, "c1", "login", NULL);
	scene_advance(&w, FIRST + 16 * DAY_MS);
	engine_explain(w.engine, engine_find(w.engine, STR("c1")), w.at + 8 * DAY_MS, &arena,
		       take, &asked);
	assert_int_equal(asked.rule.why, WHY_COUNTS);
	assert_false(asked.rule.announced);
	assert_int_equal(asked.rule.cooldown_until, FIRST + 7 * DAY_MS + 1 + 60 * DAY_MS);
	scene_finish(&w);
	arena_finish(&arena);
}

static void
take_standing(void *ctx, const struct explained_standing *it)
{
	struct explained_standing *all = ctx;
	all[it->is_stage ? 2 + it->slot : it->slot] = *it;
}

static void
tags_and_stages_say_what_they_ask_and_when_it_could_change(void **state)
{
	struct explained_standing all[4] = {{0}};
	struct arena arena;
	struct scene w;
	(void)state;
	arena_init(&arena);
	scene_init(&w, LEVELS LOGIN
		   "tags:\n"
		   "  quiet: {when: 'silent(login) >= 7d', leave: 'silent(login) < 1d'}\n"
		   "  gone: {when: 'silent(login) >= 60d'}\n"
		   "stages:\n"
		   "- {stage: lost, when: 'silent(login) >= 90d'}\n"
		   "- {stage: active, when: 'true'}\n");
	scene_send(&w, FIRST, "c1", "login", NULL);
	scene_advance(&w, NOW);
	engine_explain_standing(w.engine, engine_find(w.engine, STR("c1")), NOW, &arena,
				take_standing, all);
	assert_true(all[0].held && all[0].leaving && !all[0].when.u.b);
	assert_false(all[1].held);
	assert_int_equal(all[1].next_at, FIRST + 60 * DAY_MS);
	assert_false(all[2].held);
	assert_int_equal(all[2].next_at, FIRST + 90 * DAY_MS);
	assert_true(all[3].held && all[3].when.u.b);
	scene_finish(&w);
	arena_finish(&arena);
}

static void
an_unknown_figure_says_what_is_missing(void **state)
{
	static const char *const wanted[] = {"\"missing\":\"never\"", "\"missing\":\"gaps\"",
					     "\"missing\":\"few\"", "\"missing\":\"not_set\""};
	struct buf out = {0};
	struct scene w;
	(void)state;
	scene_init(&w, LEVELS LOGIN
		   "profile: {mrr: num}\nrules:\n"
		   "- {rule: a, expr: 'since(paid) > 3d'}\n"
		   "- {rule: b, expr: 'typical_gap(login) > 3d'}\n"
		   "- {rule: c, expr: 'ratio(login[7d], login[28d offset 7d]) > 3'}\n"
		   "- {rule: d, expr: 'profile.mrr > 3'}\n");
	scene_send(&w, FIRST, "c1", "login", NULL);
	explain_json(&out, w.engine, engine_find(w.engine, STR("c1")), FIRST);
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
		if (strstr(out.p, wanted[i]) == NULL)
			fail_msg("%s is not in %s", wanted[i], out.p);
	buf_finish(&out);
	scene_finish(&w);
}

/* ---- more than once ---- */

struct all {
	struct explained_rule list[8];
	unsigned count;
};

static void
take_all(void *ctx, const struct explained_rule *rule)
{
	struct all *all = ctx;
	assert_true(all->count < 8);
	all->list[all->count++] = *rule;
}

static struct all
ask_all(struct scene *w, struct arena *arena, int64_t now)
{
	struct all all = {.count = 0};
	engine_explain(w->engine, engine_find(w->engine, STR("c1")), now, arena, take_all,
		       &all);
	return all;
}

/* A moment to come is asked about before its step was taken: what is told is what is true then. */
static void
a_moment_to_come_tells_what_is_true_then(void **state)
{
	struct arena arena;
	struct scene w;
	struct all all;
	(void)state;
	arena_init(&arena);
	scene_init(&w, BEGIN "{rule: a, expr: 'silent(login) >= 14d'}\n"
			     "- {rule: b, expr: 'silent(login) >= 3d', for: 5d}\n");
	scene_send(&w, FIRST, "c1", "login", NULL);
	scene_advance(&w, FIRST + 4 * DAY_MS);
	all = ask_all(&w, &arena, FIRST + 20 * DAY_MS);
	assert_int_equal(all.list[0].why, WHY_TRUE);
	assert_int_equal(all.list[1].why, WHY_PENDING);
	assert_int_equal(all.list[1].ends_at, FIRST + 8 * DAY_MS);
	assert_true(all.list[1].next_at > FIRST + 20 * DAY_MS);
	scene_finish(&w);
	arena_finish(&arena);
}

static void
while_a_rule_rests_its_for_has_no_end(void **state)
{
	struct arena arena;
	struct scene w;
	struct all all;
	(void)state;
	arena_init(&arena);
	scene_init(&w, "only: not seen(paid)\n" BEGIN
		       "{rule: a, expr: 'silent(login) >= 3d', for: 5d}\n");
	scene_send(&w, FIRST, "c1", "login", NULL);
	scene_advance(&w, FIRST + 4 * DAY_MS);
	assert_int_equal(ask_all(&w, &arena, w.at).list[0].ends_at, FIRST + 8 * DAY_MS);
	scene_send(&w, FIRST + 4 * DAY_MS, "c1", "paid", NULL);
	all = ask_all(&w, &arena, w.at);
	assert_int_equal(all.list[0].why, WHY_ONLY);
	assert_int_equal(all.list[0].ends_at, NEVER);
	scene_finish(&w);
	arena_finish(&arena);
}

static void
an_event_rule_that_fires_tells_until_when(void **state)
{
	struct arena arena;
	struct scene w;
	struct all all;
	(void)state;
	arena_init(&arena);
	scene_init(&w, BEGIN "{rule: a, on: nps, expr: 'event.value <= 6', points: 9}\n");
	scene_send(&w, FIRST, "c1", "nps", "value=3", NULL);
	all = ask_all(&w, &arena, FIRST + HOUR_MS);
	assert_int_equal(all.list[0].why, WHY_COUNTS);
	assert_int_equal(all.list[0].ends_at, FIRST + 7 * DAY_MS);
	assert_int_equal(all.list[0].next_at, FIRST + 7 * DAY_MS);
	scene_finish(&w);
	arena_finish(&arena);
}

static void
a_shadow_that_fires_holds_nobody_back(void **state)
{
	(void)state;
	struct asked asked = ask(
		BEGIN "{rule: a, expr: 'silent(login) > 7d', points: 40, inhibited_by: [b]}\n"
		      "- {rule: b, expr: 'silent(login) > 9d', mode: shadow}\n",
		0, NOW);
	assert_int_equal(asked.rule.why, WHY_COUNTS);
	assert_int_equal(asked.rule.inhibitor, -1);
	assert_int_equal(asked.rule.points, 40);
}

static void
a_firing_that_nothing_proves_any_more_says_so(void **state)
{
	struct arena arena;
	struct scene w;
	(void)state;
	arena_init(&arena);
	scene_init(&w, "profile: {x: num}\n" BEGIN
		       "{rule: a, expr: 'profile.x > 0 and not seen(paid)', points: 40}\n");
	scene_send(&w, FIRST, "c1", "login", NULL);
	scene_send(&w, FIRST, "c1", "profile", "x=1", NULL);
	assert_int_equal(ask_all(&w, &arena, w.at).list[0].why, WHY_COUNTS);
	scene_send(&w, FIRST + HOUR_MS, "c1", "profile", "x=", NULL);
	assert_int_equal(ask_all(&w, &arena, w.at).list[0].why, WHY_NO_EVIDENCE);
	scene_finish(&w);
	arena_finish(&arena);
}

/* What it fired for is over; that it did is remembered for its cool-down, and is no reason. */
static void
a_rule_that_fired_once_is_false_like_any_other(void **state)
{
	struct arena arena;
	struct scene w;
	struct all all;
	(void)state;
	arena_init(&arena);
	scene_init(&w,
		   BEGIN "{rule: a, expr: 'silent(login) > 7d', points: 40, cooldown: 60d}\n");
	scene_send(&w, FIRST, "c1", "login", NULL);
	scene_advance(&w, FIRST + 8 * DAY_MS);
	scene_send(&w, FIRST + 8 * DAY_MS, "c1", "login", NULL);
	all = ask_all(&w, &arena, w.at);
	assert_non_null(all.list[0].state);
	assert_int_equal(all.list[0].why, WHY_FALSE);
	assert_false(all.list[0].announced);
	assert_int_equal(all.list[0].cooldown_until, FIRST + 7 * DAY_MS + 1 + 60 * DAY_MS);
	scene_finish(&w);
	arena_finish(&arena);
}

static void
what_turns_before_the_days_close_comes_first(void **state)
{
	(void)state;
	expect(BEGIN "{rule: a, expr: 'silent(login) >= 365h or count(login[28d]) >= 2'}\n",
	       WHY_FALSE, at("2026-03-17 15:00"));
}

/* ---- items ---- */

#define CASE "items: {case: {open: opened, close: closed, key: ticket}}\n"

static void
an_item_is_explained_while_it_is_open_or_its_rule_does_not_rest(void **state)
{
	struct arena arena;
	struct scene w;
	struct all all;
	(void)state;
	arena_init(&arena);
	scene_init(&w, CASE LEVELS
		   "rules:\n"
		   "- {rule: old, each: case, expr: 'oldest(case) >= 2d', points: 20,\n"
		   "   keep_firing_for: 3d}\n"
		   "- {rule: seen, expr: \"open(case, 'item.key == \\\"a\\\"') > 0\"}\n");
	scene_send(&w, FIRST, "c1", "opened", "ticket=a", NULL);
	scene_send(&w, FIRST + DAY_MS, "c1", "opened", "ticket=b", NULL);
	scene_send(&w, FIRST + DAY_MS, "c1", "opened", "ticket=c", NULL);
	scene_advance(&w, FIRST + 2 * DAY_MS);
	scene_send(&w, FIRST + 2 * DAY_MS, "c1", "closed", "ticket=a", NULL);
	scene_send(&w, FIRST + 2 * DAY_MS, "c1", "closed", "ticket=c", NULL);
	all = ask_all(&w, &arena, w.at);
	assert_int_equal(all.count, 3);
	assert_true(str_is(all.list[0].item->key, "a"));
	assert_int_equal(all.list[0].why, WHY_CLEARING);
	assert_true(str_is(all.list[1].item->key, "b"));
	assert_int_equal(all.list[1].why, WHY_FALSE);
	assert_null(all.list[2].item);
	/* The condition is asked of each item, and has no value of its own. */
	for (unsigned i = 0; i < all.list[2].node_count; i++)
		assert_int_not_equal(all.list[2].nodes[i].node->kind, NODE_PATH);
	scene_advance(&w, FIRST + 2 * DAY_MS + 12 * HOUR_MS);
	scene_finish(&w);
	arena_finish(&arena);
}

/* ---- feeds ---- */

static void
a_rule_whose_feed_is_suspect_says_so(void **state)
{
	struct arena arena;
	struct scene w;
	struct all all;
	(void)state;
	arena_init(&arena);
	scene_init(&w, "defaults: {min_volume: 8}\n" LEVELS LOGIN
		       "rules:\n- {rule: a, expr: 'silent(login) > 20h', points: 40}\n"
		       "- {rule: b, expr: 'silent(login) > 20h', points: 7, guard: off}\n"
		       "- {rule: c, expr: 'seen(paid)'}\n");
	for (int64_t hour = FIRST; hour < FIRST + 28 * DAY_MS; hour += HOUR_MS)
		for (int i = 1; i <= 10; i++)
			scene_send(&w, hour + i * MINUTE_MS, "c1", "login", "source=web", NULL);
	scene_advance(&w, FIRST + 28 * DAY_MS + 2 * HOUR_MS);
	all = ask_all(&w, &arena, w.at);
	assert_int_equal(all.list[0].why, WHY_FEED);
	assert_string_equal(all.list[0].rests, "feed");
	assert_int_not_equal(all.list[1].why, WHY_FEED);
	assert_int_equal(all.list[2].why, WHY_FALSE);
	scene_finish(&w);
	arena_finish(&arena);
}

/* ---- tags, and a customer of whom nothing else is known ---- */

static void
a_tag_without_leave_is_asked_by_what_gave_it(void **state)
{
	struct explained_standing all[2] = {{0}};
	struct arena arena;
	struct scene w;
	(void)state;
	arena_init(&arena);
	scene_init(&w, LEVELS LOGIN "tags: {quiet: {when: 'silent(login) >= 7d'}}\n");
	scene_send(&w, FIRST, "c1", "login", NULL);
	engine_explain_standing(w.engine, engine_find(w.engine, STR("c1")), FIRST, &arena,
				take_standing, all);
	assert_null(engine_find(w.engine, STR("c1"))->cold);
	assert_false(all[0].held || all[0].leaving);
	scene_advance(&w, NOW);
	engine_explain_standing(w.engine, engine_find(w.engine, STR("c1")), NOW, &arena,
				take_standing, all);
	assert_true(all[0].held && all[0].when.u.b && !all[0].leaving);
	scene_finish(&w);
	arena_finish(&arena);
}

/* ---- texts ---- */

static void
a_reason_may_name_the_customer_and_where_it_stands(void **state)
{
	static const char rules[] =
		"profile: {who: string}\n"
		"levels: {watch: {enter: 30, leave: 20, name: {en: on watch, zh: 关注}}}\n" LOGIN
		"rules:\n- {rule: a, expr: 'silent(login) > 7d', points: 40, reason: {\n"
		"   en: '{name}/{owner}/{customer}/{level}/{risk}/{reasons}', zh: '{level}'}}\n"
		"- {rule: read, mode: off, expr: 'seen(paid) or profile.who == \"x\"'}\n";
	struct arena arena;
	struct scene w;
	struct all all;
	(void)state;
	arena_init(&arena);
	scene_init(&w, rules);
	scene_send(&w, FIRST, "c1", "login", NULL);
	scene_advance(&w, NOW);
	all = ask_all(&w, &arena, NOW);
	assert_true(str_is(all.list[0].en, "c1//c1/on watch/40/"));
	assert_true(str_is(all.list[0].zh, "关注"));
	scene_send(&w, NOW, "c1", "profile", "name=Acme", "owner=li", NULL);
	all = ask_all(&w, &arena, NOW);
	assert_true(str_is(all.list[0].en, "Acme/li/c1/on watch/40/"));
	scene_finish(&w);
	arena_finish(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_that_counts_gives_its_points),
		cmocka_unit_test(a_false_condition_tells_when_time_alone_turns_it),
		cmocka_unit_test(a_window_may_change_at_the_next_days_close),
		cmocka_unit_test(an_unknown_condition_is_no_evidence),
		cmocka_unit_test(for_that_runs_tells_when_it_is_over),
		cmocka_unit_test(keep_firing_for_tells_when_it_is_over),
		cmocka_unit_test(warming_tells_until_when),
		cmocka_unit_test(a_rule_that_is_off_says_so),
		cmocka_unit_test(only_that_does_not_hold_is_why_all_rest),
		cmocka_unit_test(a_shadow_fires_without_points),
		cmocka_unit_test(an_inhibited_rule_names_who_holds_it_back),
		cmocka_unit_test(an_event_rule_waits_for_its_event),
		cmocka_unit_test(a_date_rule_tells_its_next_step),
		cmocka_unit_test(a_cool_down_tells_until_when),
		cmocka_unit_test(tags_and_stages_say_what_they_ask_and_when_it_could_change),
		cmocka_unit_test(an_unknown_figure_says_what_is_missing),
		cmocka_unit_test(a_moment_to_come_tells_what_is_true_then),
		cmocka_unit_test(while_a_rule_rests_its_for_has_no_end),
		cmocka_unit_test(an_event_rule_that_fires_tells_until_when),
		cmocka_unit_test(a_shadow_that_fires_holds_nobody_back),
		cmocka_unit_test(a_firing_that_nothing_proves_any_more_says_so),
		cmocka_unit_test(a_rule_that_fired_once_is_false_like_any_other),
		cmocka_unit_test(what_turns_before_the_days_close_comes_first),
		cmocka_unit_test(
			an_item_is_explained_while_it_is_open_or_its_rule_does_not_rest),
		cmocka_unit_test(a_rule_whose_feed_is_suspect_says_so),
		cmocka_unit_test(a_tag_without_leave_is_asked_by_what_gave_it),
		cmocka_unit_test(a_reason_may_name_the_customer_and_where_it_stands),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
