/* SPDX-License-Identifier: Apache-2.0 */
/* What a customer takes along into another file: by what defines it, never by its place in the file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/core.h"
#include "engine/items.h"
#include "engine/members.h"
#include "support/scene.h"

#define LEVELS "levels: {watch: {enter: 30, leave: 20}}\n"
#define RULES(list) LEVELS "rules:\n" list
#define READ "- {rule: read, mode: off, expr: 'seen(a) or seen(b)'}\n"
#define T0 at("2026-03-02 10:00")
#define T1 at("2026-03-03 10:00")
#define T2 at("2026-03-04 10:00")

static const struct customer *
c1(struct scene *w)
{
	return engine_find(w->engine, STR("c1"));
}

/* ---- the profile ---- */

#define NUMBER(more)                                                              \
	"profile: {" more "mrr: num}\nsignals: {a: {on: a}, b: {on: b}}\n" RULES( \
		"- {rule: paying, expr: 'profile.mrr > 0', points: 5}\n" READ)

static double
mrr_of(struct scene *w)
{
	int slot = ruleset_attribute(engine_rules(w->engine), STR("mrr"));
	struct value value = engine_profile(w->engine, c1(w), (unsigned)slot);
	return value.known ? value.u.n : -1;
}

static void
what_was_set_empty_stays_empty_against_an_older_word(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, NUMBER(""));
	scene_send(&w, T1, "c1", "profile", "mrr=7", NULL);
	scene_send(&w, T1 + HOUR_MS, "c1", "profile", "mrr=", NULL);
	scene_change(&w, T2, NUMBER("tier: num, "));
	assert_true(mrr_of(&w) == -1);
	scene_send(&w, T2 + 1, "c1", "profile", "mrr=9", "ts=2026-03-03T10:30:00Z", NULL);
	assert_true(mrr_of(&w) == -1);
	scene_send(&w, T2 + 2, "c1", "profile", "mrr=9", NULL);
	assert_true(mrr_of(&w) == 9);
	scene_finish(&w);
}

static void
an_attribute_that_goes_is_forgotten_and_comes_back_unknown(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, NUMBER(""));
	scene_send(&w, T0, "c1", "profile", "mrr=7", NULL);
	scene_clear(&w);
	scene_change(&w, T1,
		     "signals: {a: {on: a}, b: {on: b}}\n" RULES(
			     "- {rule: paying, expr: 'seen(a)', points: 5}\n" READ));
	scene_change(&w, T2, NUMBER(""));
	assert_true(mrr_of(&w) == -1);
	scene_finish(&w);
}

/* ---- after(a, b) ---- */

#define OWED(list) "signals: {due: {on: due}, paid: {on: paid}, sent: {on: sent}}\n" RULES(list)
#define PAY "- {rule: late, expr: 'after(due, paid) >= 7d', points: 30, cooldown: 0s}\n"
#define PAY_MORE "- {rule: later, expr: 'after(due, paid) >= 9d', points: 3, cooldown: 0s}\n"
#define SEND "- {rule: unsent, expr: 'after(due, sent) >= 2d', points: 1, cooldown: 0s}\n"

static void
what_is_owed_goes_on_through_an_edit_until_no_rule_reads_it(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, OWED(PAY SEND));
	scene_send(&w, T0, "c1", "due", NULL);
	scene_change(&w, T1, OWED(PAY_MORE SEND PAY));
	assert_int_equal(engine_rules(w.engine)->after_count, 2);
	assert_int_equal(c1(&w)->cold->after_count, 2);
	scene_expect(&w, "");
	scene_advance(&w, T0 + 8 * DAY_MS);
	scene_expect(&w, "2026-03-04T10:00:00.000Z c1 rule.fired unsent risk=1 cause=time\n"
			 "2026-03-09T10:00:00.000Z c1 rule.fired late risk=31 cause=time\n"
			 "2026-03-09T10:00:00.000Z c1 customer.level_raised watch from healthy "
			 "risk=31 cause=time\n");
	/* No rule asks what is unsent; then one does again, and knows of nothing owed before. */
	scene_change(&w, T0 + 8 * DAY_MS, OWED(PAY_MORE PAY));
	assert_int_equal(c1(&w)->cold->after_count, 1);
	scene_clear(&w);
	scene_change(&w, T0 + 8 * DAY_MS + 1, OWED(PAY_MORE PAY SEND));
	scene_advance(&w, T0 + 12 * DAY_MS);
	scene_expect(&w, "2026-03-11T10:00:00.000Z c1 rule.fired later risk=33 cause=time\n");
	scene_finish(&w);
}

/* ---- items ---- */

#define CASE(keep) "case: {open: opened, close: closed, key: ticket, keep: [" keep "]}"
#define DEVICE "device: {open: sold, close: retired, key: serial}"
#define ITEMS(first, second)         \
	"items: {" first ", " second \
	"}\n" RULES("- {rule: open, expr: 'open(case) + open(device) > 5'}\n")

static void
items_go_by_their_name_and_keep_what_is_still_kept_of_them(void **state)
{
	const struct item *items;
	struct scene w;
	unsigned count;
	(void)state;
	scene_init(&w, ITEMS(CASE("priority, team"), DEVICE));
	scene_send(&w, T0, "c1", "opened", "ticket=b", "priority=high", "team=red", NULL);
	scene_send(&w, T0, "c1", "opened", "ticket=a", "team=blue", NULL);
	scene_send(&w, T0, "c1", "sold", "serial=s1", NULL);
	scene_change(&w, T1, ITEMS(DEVICE, CASE("place, team")));
	items = items_of(c1(&w), 0, &count);
	assert_int_equal(count, 1);
	assert_true(str_is(items[0].key, "s1"));
	items = items_of(c1(&w), 1, &count);
	assert_int_equal(count, 2);
	assert_true(str_is(items[0].key, "a") && str_is(items[1].key, "b"));
	assert_true(items[0].kept[0].n == 0 && str_is(items[0].kept[1], "blue"));
	assert_true(items[1].kept[0].n == 0 && str_is(items[1].kept[1], "red"));
	scene_change(&w, T2, ITEMS(DEVICE, CASE("priority")));
	items = items_of(c1(&w), 1, &count);
	assert_true(items[1].kept[0].n == 0 && items[1].kept[1].n == 0);
	scene_finish(&w);
}

/* ---- members ---- */

#define BY(rules)                                    \
	"members: {key: user, max: 4, reach: 60d}\n" \
	"signals: {a: {on: a}, b: {on: b}}\n" RULES(rules)
#define USERS_A "- {rule: ua, expr: 'users(a[7d]) > 9'}\n"
#define USERS_B "- {rule: ub, expr: 'users(b[7d]) > 9'}\n"

static uint64_t
days_of(struct scene *w, struct str user)
{
	const struct member *member = member_find(c1(w), user);
	assert_non_null(member);
	return member->tracks.days;
}

static void
a_members_days_stay_while_rules_read_them_by_person(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, BY(USERS_A USERS_B READ));
	scene_send(&w, T0, "c1", "a", "user=ann", NULL);
	scene_send(&w, T0, "c1", "b", "user=ann", NULL);
	scene_send(&w, T0, "c1", "b", "user=bob", NULL);
	assert_true(days_of(&w, STR("ann")) == 3);
	scene_change(&w, T1, BY(USERS_B READ));
	assert_true(days_of(&w, STR("ann")) == 2 && days_of(&w, STR("bob")) == 2);
	scene_change(&w, T2,
		     "members: {key: user, max: 4, reach: 60d}\nsignals: {a: {on: a}}\n" RULES(
			     "- {rule: ua, expr: 'users(a[7d]) > 9'}\n"));
	assert_true(days_of(&w, STR("ann")) == 0 && days_of(&w, STR("bob")) == 0);
	scene_finish(&w);
}

/* ---- levels ---- */

#define TWO_LEVELS(floor, text)                                                       \
	"levels: {watch: {enter: 30, leave: 20}, critical: {enter: 85, leave: 70}}\n" \
	"signals: {a: {on: a}}\nrules:\n"                                             \
	"- {rule: quiet, expr: 'silent(a) >= 7d', points: 40, reason: " text floor "}\n"

static void
a_level_held_up_by_a_rule_stays_through_an_edit_and_falls_with_the_floor(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, TWO_LEVELS(", level: critical", "one"));
	scene_send(&w, T0, "c1", "a", NULL);
	scene_advance(&w, T0 + 8 * DAY_MS);
	scene_expect(&w, "2026-03-09T10:00:00.000Z c1 rule.fired quiet risk=40 cause=time\n"
			 "2026-03-09T10:00:00.000Z c1 customer.level_raised critical from "
			 "healthy risk=40 cause=time\n");
	scene_change(&w, T0 + 8 * DAY_MS, TWO_LEVELS(", level: critical", "two"));
	scene_expect(&w, "");
	scene_change(&w, T0 + 9 * DAY_MS, TWO_LEVELS("", "two"));
	scene_expect(&w,
		     "2026-03-11T10:00:00.000Z c1 customer.level_lowered watch from critical "
		     "risk=40 cause=rules_changed\n");
	scene_finish(&w);
}

/* ---- births ---- */

#define REACH(length) \
	"signals: {a: {on: a}}\n" RULES("- {rule: few, expr: 'count(a[" length "]) > 99'}\n")

/* rules.md: a signal whose reach grows was observed only as far as it was kept. */
static void
a_signal_whose_reach_grows_was_observed_as_far_as_it_was_kept(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, REACH("7d"));
	scene_send(&w, T0, "c1", "a", NULL);
	scene_change(&w, T1, REACH("8d"));
	int64_t born_at = engine_rules(w.engine)->signals[0].born_at;
	assert_true(born_at < T1 && born_at >= T1 - 8 * DAY_MS);
	/* It grows again before that is long enough ago: it is born no earlier for it. */
	scene_change(&w, T1 + 1, REACH("60d"));
	int64_t again = engine_rules(w.engine)->signals[0].born_at;
	assert_true(again >= born_at);
	scene_change(&w, T1 + 2, REACH("7d"));
	scene_change(&w, T1 + 3, REACH("9d"));
	assert_true(engine_rules(w.engine)->signals[0].born_at >= again);
	scene_finish(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_set_empty_stays_empty_against_an_older_word),
		cmocka_unit_test(an_attribute_that_goes_is_forgotten_and_comes_back_unknown),
		cmocka_unit_test(what_is_owed_goes_on_through_an_edit_until_no_rule_reads_it),
		cmocka_unit_test(items_go_by_their_name_and_keep_what_is_still_kept_of_them),
		cmocka_unit_test(a_members_days_stay_while_rules_read_them_by_person),
		cmocka_unit_test(
			a_level_held_up_by_a_rule_stays_through_an_edit_and_falls_with_the_floor),
		cmocka_unit_test(a_signal_whose_reach_grows_was_observed_as_far_as_it_was_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
