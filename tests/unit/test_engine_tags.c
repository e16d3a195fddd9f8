/* SPDX-License-Identifier: Apache-2.0 */
/* Shows how tags come and go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "engine/track.h"
#include "support/scene.h"

#define LEVELS                                                                          \
	"levels:\n  watch: {enter: 30, leave: 20}\n  at_risk: {enter: 60, leave: 45}\n" \
	"  critical: {enter: 85, leave: 70}\n"
#define SIGNALS "signals:\n  a: {on: a}\n  b: {on: b, sum: value}\n"
#define USE "- {rule: use, mode: off, expr: 'seen(a) or seen(b)'}\n"
#define NOON "2026-03-02 12:00"

static bool
has_tag(const struct scene *w, const char *name)
{
	return customer_tag(engine_find(w->engine, STR("c1")), str_of(name)) != NULL;
}

static void
hand(struct scene *w, const char *when, const char *tag, const char *more)
{
	char field[80];
	snprintf(field, sizeof field, "tag=%s", tag);
	scene_send(w, at(when), "c1", "churnd.tag", field, more, NULL);
}

static void
a_tag_is_entered_when_true_and_left_when_not(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, SIGNALS "tags:\n  busy: 'count(a[1d live]) >= 2'\nrules:\n" USE);
	scene_send(&w, at(NOON), "c1", "a", NULL);
	scene_expect(&w, "");
	scene_send(&w, at("2026-03-02 13:00"), "c1", "a", NULL);
	scene_expect(&w,
		     "2026-03-02T13:00:00.000Z c1 customer.tagged busy risk=0 cause=event\n");
	scene_send(&w, at("2026-03-02 14:00"), "c1", "a", NULL);
	scene_expect(&w, "");
	scene_advance(&w, at("2026-03-03 01:00"));
	scene_expect(&w,
		     "2026-03-03T00:10:00.000Z c1 customer.untagged busy risk=0 cause=time\n");
	scene_finish(&w);
}

static void
a_tag_is_left_when_leave_says_so(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, SIGNALS "tags:\n  rich: {when: 'sum(b[300d live]) >= 100', leave: "
			       "'sum(b[300d live]) < 40'}\nrules:\n" USE);
	scene_send(&w, at(NOON), "c1", "b", "value=120", NULL);
	scene_send(&w, at("2026-03-02 13:00"), "c1", "b", "value=-60", NULL);
	assert_true(has_tag(&w, "rich"));
	scene_send(&w, at("2026-03-02 14:00"), "c1", "b", "value=-30", NULL);
	assert_false(has_tag(&w, "rich"));
	scene_send(&w, at("2026-03-02 15:00"), "c1", "b", "value=30", NULL);
	assert_false(has_tag(&w, "rich"));
	scene_finish(&w);
}

static void
a_tag_stays_while_it_is_true_whatever_leave_says(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, SIGNALS "tags:\n  odd: {when: 'count(a[2d live]) >= 1', "
			       "leave: 'count(a[2d live]) >= 2'}\nrules:\n" USE);
	scene_send(&w, at(NOON), "c1", "a", NULL);
	scene_send(&w, at("2026-03-02 13:00"), "c1", "a", NULL);
	scene_expect(&w,
		     "2026-03-02T12:00:00.000Z c1 customer.tagged odd risk=0 cause=event\n");
	scene_finish(&w);
}

static void
unknown_changes_no_tag(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w,
		   SIGNALS "profile: {n: int}\ntags:\n  many: 'profile.n > 3'\nrules:\n" USE);
	scene_send(&w, at(NOON), "c1", "profile", "n=5", NULL);
	assert_true(has_tag(&w, "many"));
	scene_send(&w, at(NOON), "c1", "profile", "n=", NULL);
	assert_true(has_tag(&w, "many"));
	scene_send(&w, at(NOON), "c1", "profile", "n=1", NULL);
	assert_false(has_tag(&w, "many"));
	scene_send(&w, at(NOON), "c1", "profile", "n=", NULL);
	assert_false(has_tag(&w, "many"));
	scene_finish(&w);
}

static void
a_tag_of_silence_comes_at_its_very_millisecond(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, SIGNALS "tags:\n  quiet: 'silent(a) >= 3d'\nrules:\n" USE);
	for (int hour = 0; hour < 20; hour++) /* calm events */
		scene_send(&w, at(NOON) + hour * HOUR_MS, "c1", "a", NULL);
	scene_advance(&w, at("2026-03-06 07:00") - 1);
	scene_expect(&w, "");
	scene_advance(&w, at("2026-03-06 07:00"));
	scene_expect(&w,
		     "2026-03-06T07:00:00.000Z c1 customer.tagged quiet risk=0 cause=time\n");
	scene_send(&w, at("2026-03-06 08:00"), "c1", "a", NULL);
	scene_expect(
		&w, "2026-03-06T08:00:00.000Z c1 customer.untagged quiet risk=0 cause=event\n");
	scene_finish(&w);
}

static void
a_tag_over_closed_days_moves_at_the_close(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, SIGNALS "tags:\n  used: 'count(a[2d]) >= 1'\nrules:\n" USE);
	scene_send(&w, at(NOON), "c1", "a", NULL);
	scene_advance(&w, at("2026-03-05 12:00"));
	scene_expect(&w,
		     "2026-03-03T00:10:00.000Z c1 customer.tagged used risk=0 cause=time\n"
		     "2026-03-05T00:10:00.000Z c1 customer.untagged used risk=0 cause=time\n");
	scene_finish(&w);
}

static void
a_manual_tag_is_never_removed_by_a_rule(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, SIGNALS "tags:\n  busy: 'count(a[1d live]) >= 1'\nrules:\n" USE);
	scene_send(&w, at(NOON), "c1", "b", "value=1", NULL);
	hand(&w, NOON, "busy", "who=li");
	scene_expect(&w,
		     "2026-03-02T12:00:00.000Z c1 customer.tagged busy risk=0 cause=person\n");
	scene_send(&w, at("2026-03-02 13:00"), "c1", "a", NULL);
	scene_advance(&w, at("2026-03-04 12:00"));
	scene_expect(&w, "");
	assert_true(has_tag(&w, "busy"));
	hand(&w, "2026-03-04 12:00", "busy", "remove=1");
	scene_expect(
		&w, "2026-03-04T12:00:00.000Z c1 customer.untagged busy risk=0 cause=person\n");
	scene_finish(&w);
}

static void
a_manual_tag_expires_and_one_by_rule_outlasts_it(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, SIGNALS "tags:\n  busy: 'count(a[1d live]) >= 1'\nrules:\n" USE);
	scene_send(&w, at(NOON), "c1", "a", NULL);
	scene_clear(&w);
	hand(&w, NOON, "busy", "expires=1h");
	hand(&w, NOON, "vip", "expires=2h");
	scene_clear(&w);
	scene_advance(&w, at("2026-03-02 23:00"));
	scene_expect(&w,
		     "2026-03-02T14:00:00.000Z c1 customer.untagged vip risk=0 cause=time\n");
	assert_true(has_tag(&w, "busy"));
	scene_advance(&w, at("2026-03-03 23:00"));
	scene_expect(&w,
		     "2026-03-03T00:10:00.000Z c1 customer.untagged busy risk=0 cause=time\n");
	scene_finish(&w);
}

static void
a_tag_that_rules_set_is_not_removed_by_hand(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, SIGNALS "tags:\n  busy: 'seen(a)'\nrules:\n" USE);
	scene_send(&w, at(NOON), "c1", "a", NULL);
	scene_clear(&w);
	hand(&w, NOON, "busy", "remove=1");
	scene_expect(&w, "rejected: the rules set this tag: it goes when they say so\n");
	scene_finish(&w);
}

static void
sixty_four_tags_by_hand_leave_room_for_those_by_rule(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, SIGNALS "tags:\n  used: 'seen(a)'\nrules:\n" USE);
	scene_send(&w, at(NOON), "c1", "b", "value=1", NULL);
	for (int i = 0; i < CUSTOMER_MAX_TAGS; i++) {
		char name[16];
		snprintf(name, sizeof name, "t%d", i);
		hand(&w, NOON, name, "who=li");
	}
	scene_clear(&w);
	hand(&w, NOON, "more", "who=li");
	scene_expect(&w, "rejected: the customer already has 64 tags; remove one first\n");
	scene_send(&w, at(NOON), "c1", "a", NULL);
	assert_true(has_tag(&w, "used"));
	scene_finish(&w);
}

static void
rules_that_read_a_tag_are_looked_at_in_the_step_in_which_it_moves(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, SIGNALS "tags:\n  busy: 'count(a[1d live]) >= 1'\nrules:\n" USE
			       "- {rule: r, expr: 'tag(\"busy\")', points: 5}\n");
	scene_send(&w, at(NOON), "c1", "b", "value=1", NULL);
	scene_send(&w, at(NOON), "c1", "a", NULL);
	scene_expect(&w, "2026-03-02T12:00:00.000Z c1 customer.tagged busy risk=0 cause=event\n"
			 "2026-03-02T12:00:00.000Z c1 rule.fired r risk=5 cause=event\n");
	scene_finish(&w);
}

static void
a_tag_sees_the_level_of_this_step_and_the_tags_above_it(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w,
		   LEVELS SIGNALS "tags:\n  ill: 'level() >= \"watch\" and firing(\"r\")'\n"
				  "  both: 'tag(\"ill\")'\nrules:\n" USE
				  "- {rule: r, expr: 'count(a[1d live]) >= 1', points: 40}\n");
	scene_send(&w, at(NOON), "c1", "b", "value=1", NULL);
	scene_send(&w, at(NOON), "c1", "a", NULL);
	scene_expect(
		&w,
		"2026-03-02T12:00:00.000Z c1 rule.fired r risk=40 cause=event\n"
		"2026-03-02T12:00:00.000Z c1 customer.level_raised watch from healthy risk=40 "
		"cause=event\n"
		"2026-03-02T12:00:00.000Z c1 customer.tagged ill risk=40 cause=event\n"
		"2026-03-02T12:00:00.000Z c1 customer.tagged both risk=40 cause=event\n");
	scene_finish(&w);
}

#define ONLY "profile: {here: {type: bool, default: true}}\nonly: profile.here\n"

static void
tags_rest_and_stages_go_on_while_only_is_not_true(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, ONLY SIGNALS
		   "tags:\n  busy: 'count(a[1d live]) >= 1'\n"
		   "stages:\n- {stage: lost, when: 'silent(a) >= 2d'}\n- {stage: young, when: "
		   "'true'}\nrules:\n" USE);
	scene_send(&w, at(NOON), "c1", "a", NULL);
	scene_send(&w, at("2026-03-02 13:00"), "c1", "profile", "here=no", NULL);
	scene_clear(&w);
	scene_advance(&w, at("2026-03-05 12:00"));
	scene_expect(
		&w, "2026-03-04T12:00:00.000Z c1 customer.stage_changed lost from young risk=0 "
		    "cause=time\n");
	assert_true(has_tag(&w, "busy"));
	scene_send(&w, at("2026-03-05 13:00"), "c1", "a", NULL);
	scene_expect(
		&w, "2026-03-05T13:00:00.000Z c1 customer.stage_changed young from lost risk=0 "
		    "cause=event\n");
	scene_send(&w, at("2026-03-06 13:00"), "c1", "profile", "here=yes", NULL);
	scene_expect(&w, "2026-03-06T13:00:00.000Z c1 customer.untagged busy risk=0 "
			 "cause=profile\n");
	scene_finish(&w);
}

static void
a_stage_over_closed_days_goes_on_while_only_rests(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, ONLY SIGNALS
		   "stages:\n- {stage: used, when: 'count(a[1d]) >= 1'}\n- {stage: idle, when: "
		   "'true'}\nrules:\n" USE);
	scene_send(&w, at(NOON), "c1", "a", NULL);
	scene_send(&w, at("2026-03-02 13:00"), "c1", "profile", "here=no", NULL);
	scene_clear(&w);
	scene_advance(&w, at("2026-03-05 12:00"));
	scene_expect(&w,
		     "2026-03-03T00:10:00.000Z c1 customer.stage_changed used from idle risk=0 "
		     "cause=time\n"
		     "2026-03-04T00:10:00.000Z c1 customer.stage_changed idle from used risk=0 "
		     "cause=time\n");
	scene_finish(&w);
}

static void
what_people_do_is_said_while_only_rests(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, ONLY SIGNALS "rules:\n" USE);
	scene_send(&w, at(NOON), "c1", "profile", "here=no", NULL);
	hand(&w, NOON, "vip", "who=li");
	scene_expect(&w,
		     "2026-03-02T12:00:00.000Z c1 customer.tagged vip risk=0 cause=person\n");
	scene_finish(&w);
}

static void
a_removed_tag_goes_with_cause_rule_removed(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, SIGNALS "tags:\n  busy: 'seen(a)'\nrules:\n" USE);
	scene_send(&w, at(NOON), "c1", "a", NULL);
	hand(&w, NOON, "vip", "who=li");
	scene_clear(&w);
	scene_change(&w, at("2026-03-02 13:00"), SIGNALS "rules:\n" USE);
	scene_expect(&w, "2026-03-02T13:00:00.000Z c1 customer.untagged busy risk=0 "
			 "cause=rule_removed\n");
	assert_true(has_tag(&w, "vip"));
	scene_finish(&w);
}

static void
a_tag_added_to_known_customers_is_told_only_where_first_run_says_alert(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, SIGNALS "rules:\n" USE);
	scene_send(&w, at(NOON), "c1", "a", NULL);
	scene_change(&w, at("2026-03-02 13:00"),
		     SIGNALS "tags:\n  one: 'seen(a)'\nrules:\n" USE);
	scene_expect(&w, "");
	assert_true(has_tag(&w, "one"));
	scene_change(&w, at("2026-03-02 14:00"),
		     "first_run: alert\n" SIGNALS
		     "tags:\n  one: 'seen(a)'\n  two: 'seen(a)'\nrules:\n" USE);
	scene_expect(&w, "2026-03-02T14:00:00.000Z c1 customer.tagged two risk=0 "
			 "cause=rules_changed\n");
	scene_finish(&w);
}

static void
an_action_on_tagged_goes_by_the_tag(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w,
		   SIGNALS "tags:\n  one: 'seen(a)'\n  two: 'seen(a)'\nrules:\n" USE
			   "actions:\n- {on: customer.tagged, tag: two, webhook: crm, task: "
			   "call}\ntasks: {call: {title: Call}}\n");
	scene_send(&w, at(NOON), "c1", "a", NULL);
	scene_expect(
		&w,
		"2026-03-02T12:00:00.000Z c1 customer.tagged one risk=0 cause=event\n"
		"2026-03-02T12:00:00.000Z c1 customer.tagged two risk=0 cause=event to=crm\n"
		"2026-03-02T12:00:00.000Z c1 task.created call\n");
	scene_finish(&w);
}

static void
a_tag_expires_at_an_instant_or_after_a_time_and_neither_is_refused(void **state)
{
	static const char *const wrong[] = {"expires=soon", "expires=0s", "expires=-1h",
					    "expires=30"};
	struct scene w;
	(void)state;
	scene_init(&w, SIGNALS "rules:\n" USE);
	scene_send(&w, at(NOON), "c1", "a", NULL);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		hand(&w, NOON, "vip", wrong[i]);
		scene_expect(&w, "rejected: expires is neither a duration such as 30d nor an "
				 "instant\n");
		assert_false(has_tag(&w, "vip"));
	}
	hand(&w, NOON, "vip", "expires=2026-03-02T15:30:00+01:00");
	scene_clear(&w);
	scene_advance(&w, at("2026-03-02 14:30") - 1);
	assert_true(has_tag(&w, "vip"));
	scene_advance(&w, at("2026-03-02 14:30"));
	scene_expect(&w,
		     "2026-03-02T14:30:00.000Z c1 customer.untagged vip risk=0 cause=time\n");
	scene_finish(&w);
}

static void
a_tag_new_in_the_file_is_marked_or_with_first_run_alert_announced(void **state)
{
	struct scene w;
	(void)state;
	for (int alerts = 0; alerts < 2; alerts++) {
		scene_init(&w, SIGNALS "rules:\n" USE);
		scene_send(&w, at(NOON), "c1", "a", NULL);
		scene_change(&w, at("2026-03-02 13:00"),
			     alerts ? "first_run: alert\n" SIGNALS
				      "tags: {busy: 'seen(a)'}\nrules:\n" USE
				    : SIGNALS "tags: {busy: 'seen(a)'}\nrules:\n" USE);
		scene_expect(&w, alerts ? "2026-03-02T13:00:00.000Z c1 customer.tagged busy "
					  "risk=0 cause=rules_changed\n"
					: "");
		assert_true(has_tag(&w, "busy"));
		scene_finish(&w);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tag_is_entered_when_true_and_left_when_not),
		cmocka_unit_test(a_tag_is_left_when_leave_says_so),
		cmocka_unit_test(a_tag_stays_while_it_is_true_whatever_leave_says),
		cmocka_unit_test(unknown_changes_no_tag),
		cmocka_unit_test(a_tag_of_silence_comes_at_its_very_millisecond),
		cmocka_unit_test(a_tag_over_closed_days_moves_at_the_close),
		cmocka_unit_test(a_manual_tag_is_never_removed_by_a_rule),
		cmocka_unit_test(a_manual_tag_expires_and_one_by_rule_outlasts_it),
		cmocka_unit_test(a_tag_that_rules_set_is_not_removed_by_hand),
		cmocka_unit_test(sixty_four_tags_by_hand_leave_room_for_those_by_rule),
		cmocka_unit_test(
			rules_that_read_a_tag_are_looked_at_in_the_step_in_which_it_moves),
		cmocka_unit_test(a_tag_sees_the_level_of_this_step_and_the_tags_above_it),
		cmocka_unit_test(tags_rest_and_stages_go_on_while_only_is_not_true),
		cmocka_unit_test(a_stage_over_closed_days_goes_on_while_only_rests),
		cmocka_unit_test(what_people_do_is_said_while_only_rests),
		cmocka_unit_test(a_removed_tag_goes_with_cause_rule_removed),
		cmocka_unit_test(
			a_tag_added_to_known_customers_is_told_only_where_first_run_says_alert),
		cmocka_unit_test(an_action_on_tagged_goes_by_the_tag),
		cmocka_unit_test(
			a_tag_expires_at_an_instant_or_after_a_time_and_neither_is_refused),
		cmocka_unit_test(
			a_tag_new_in_the_file_is_marked_or_with_first_run_alert_announced),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
