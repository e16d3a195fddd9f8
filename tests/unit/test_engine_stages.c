/* SPDX-License-Identifier: Apache-2.0 */
/* Shows how a customer goes from stage to stage. */
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

static void
stage_is(const struct scene *w, const char *name)
{
	const struct customer *customer = engine_find(w->engine, STR("c1"));
	struct str stage = ruleset_stage_name(engine_rules(w->engine), customer->stage);
	if (!str_is(stage, name))
		fail_msg("the stage is %.*s, not %s", STR_ARG(stage), name);
}

#define LIFE                                                                                \
	"stages:\n- {stage: lost, when: 'silent(a) > 10d'}\n- {stage: new, when: 'age() < " \
	"5d'}\n- {stage: active, when: 'seen(a)'}\n"

static void
a_new_customers_first_stage_is_told_and_each_move(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, SIGNALS LIFE "rules:\n" USE);
	scene_send(&w, at(NOON), "c1", "b", "value=1", NULL);
	scene_expect(&w, "2026-03-02T12:00:00.000Z c1 customer.stage_changed new from  risk=0 "
			 "cause=event\n");
	scene_advance(&w, at("2026-03-07 12:00") - 1);
	scene_expect(&w, "");
	scene_advance(&w, at("2026-03-07 12:00")); /* none is true */
	scene_expect(&w, "2026-03-07T12:00:00.000Z c1 customer.stage_changed  from new risk=0 "
			 "cause=time\n");
	scene_send(&w, at("2026-03-08 12:00"), "c1", "a", NULL);
	scene_expect(&w,
		     "2026-03-08T12:00:00.000Z c1 customer.stage_changed active from  risk=0 "
		     "cause=event\n");
	scene_advance(&w, at("2026-03-20 12:00"));
	scene_expect(&w, "2026-03-18T12:00:00.001Z c1 customer.stage_changed lost from active "
			 "risk=0 cause=time\n");
	scene_finish(&w);
}

static void
an_unknown_stage_condition_is_not_true(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, SIGNALS "profile: {n: int}\nstages:\n- {stage: big, when: 'profile.n > "
			       "3'}\n- {stage: small, when: 'true'}\nrules:\n" USE);
	scene_send(&w, at(NOON), "c1", "profile", "n=5", NULL);
	stage_is(&w, "big");
	scene_send(&w, at(NOON), "c1", "profile", "n=", NULL);
	stage_is(&w, "small");
	scene_finish(&w);
}

static void
stage_age_grows_from_the_move_and_is_exact(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w,
		   SIGNALS LIFE "rules:\n" USE
				"- {rule: stuck, expr: 'stage() == \"active\" and stage_age() "
				">= 36h', points: 5}\n");
	scene_send(&w, at(NOON), "c1", "a", NULL);
	scene_send(&w, at("2026-03-05 12:00"), "c1", "a", NULL);
	scene_advance(&w, at("2026-03-07 12:00"));
	scene_clear(&w);
	/* Before the day's close: all rules are looked at, and 12 hours are not 36. */
	scene_send(&w, at("2026-03-08 00:05"), "c1", "b", "value=1", NULL);
	scene_advance(&w, at("2026-03-09 00:00") - 1);
	scene_expect(&w, "");
	scene_advance(&w, at("2026-03-09 00:00"));
	scene_expect(&w, "2026-03-09T00:00:00.000Z c1 rule.fired stuck risk=5 cause=time\n");
	scene_finish(&w);
}

static void
rules_that_read_the_stage_are_looked_at_in_the_step_in_which_it_moves(void **state)
{
	struct scene w;
	(void)state;
	scene_init(
		&w, LEVELS SIGNALS
		"stages:\n- {stage: bad, when: 'level() >= \"watch\"'}\n- {stage: good, when: "
		"'true'}\nrules:\n" USE "- {rule: one, expr: 'count(a[1d live]) >= 1', points: "
		"30}\n- {rule: two, expr: 'stage() == \"bad\"', points: 30}\n");
	scene_send(&w, at(NOON), "c1", "b", "value=1", NULL);
	scene_clear(&w);
	scene_send(&w, at(NOON), "c1", "a", NULL);
	scene_expect(
		&w,
		"2026-03-02T12:00:00.000Z c1 rule.fired one risk=30 cause=event\n"
		"2026-03-02T12:00:00.000Z c1 customer.level_raised watch from healthy risk=30 "
		"cause=event\n"
		"2026-03-02T12:00:00.000Z c1 customer.stage_changed bad from good risk=30 "
		"cause=event\n"
		"2026-03-02T12:00:00.000Z c1 rule.fired two risk=60 cause=event\n"
		"2026-03-02T12:00:00.000Z c1 customer.level_raised at_risk from watch risk=60 "
		"cause=event\n");
	scene_finish(&w);
}

static void
tags_see_the_stage_that_moved_in_the_same_step(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w,
		   SIGNALS "tags:\n  fresh: 'stage() == \"used\"'\nstages:\n- {stage: used, "
			   "when: 'seen(a)'}\nrules:\n" USE);
	scene_send(&w, at(NOON), "c1", "a", NULL);
	scene_expect(
		&w,
		"2026-03-02T12:00:00.000Z c1 customer.stage_changed used from  risk=0 cause=event\n"
		"2026-03-02T12:00:00.000Z c1 customer.tagged fresh risk=0 cause=event\n");
	scene_finish(&w);
}

static void
stages_added_to_known_customers_are_not_told(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, "first_run: alert\n" SIGNALS "rules:\n" USE);
	scene_send(&w, at(NOON), "c1", "a", NULL);
	scene_change(&w, at("2026-03-02 13:00"),
		     "first_run: alert\n" SIGNALS LIFE "rules:\n" USE);
	scene_expect(&w, "");
	stage_is(&w, "new");
	scene_advance(&w, at("2026-03-08 12:00"));
	scene_expect(&w, "2026-03-07T12:00:00.000Z c1 customer.stage_changed active from new "
			 "risk=0 cause=time\n");
	scene_finish(&w);
}

static void
an_edit_moves_nobody_aloud_into_a_stage_it_brought_or_out_of_one_it_took(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, SIGNALS LIFE "rules:\n" USE);
	scene_send(&w, at(NOON), "c1", "a", NULL);
	scene_clear(&w);
	scene_change(&w, at("2026-03-02 13:00"),
		     SIGNALS
		     "stages:\n- {stage: fresh, when: 'age() < 5d'}\n- {stage: active, when: "
		     "'seen(a)'}\nrules:\n" USE);
	scene_expect(&w, "");
	stage_is(&w, "fresh");
	scene_change(&w, at("2026-03-02 14:00"),
		     SIGNALS
		     "stages:\n- {stage: fresh, when: 'age() < 1h'}\n- {stage: active, when: "
		     "'seen(a)'}\nrules:\n" USE);
	scene_expect(&w, "2026-03-02T14:00:00.000Z c1 customer.stage_changed active from fresh "
			 "risk=0 cause=rules_changed\n");
	scene_change(&w, at("2026-03-02 15:00"),
		     SIGNALS
		     "stages:\n- {stage: top, when: 'false'}\n- {stage: fresh, when: 'age() < "
		     "1h'}\n- {stage: active, when: 'seen(a)'}\nrules:\n" USE);
	scene_expect(&w, "");
	stage_is(&w, "active");
	scene_finish(&w);
}

static void
an_action_on_stage_changed_goes_by_from_and_to(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, SIGNALS LIFE
		   "rules:\n" USE "actions:\n- {on: customer.stage_changed, to: new, webhook: "
		   "welcome}\n- {on: customer.stage_changed, from: new, to: "
		   "active, webhook: crm}\n");
	scene_send(&w, at(NOON), "c1", "a", NULL);
	scene_advance(&w, at("2026-03-20 12:00"));
	scene_expect(
		&w,
		"2026-03-02T12:00:00.000Z c1 customer.stage_changed new from  risk=0 "
		"cause=event to=welcome\n"
		"2026-03-07T12:00:00.000Z c1 customer.stage_changed active from new risk=0 "
		"cause=time to=crm\n"
		"2026-03-12T12:00:00.001Z c1 customer.stage_changed lost from active risk=0 "
		"cause=time\n");
	scene_finish(&w);
}

static void
a_backfilled_customer_has_its_first_stage_at_the_look(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, SIGNALS LIFE "rules:\n" USE);
	scene_send(&w, at(NOON), "c1", "a", "backfill=1", "ts=2026-02-20T12:00:00Z", NULL);
	scene_expect(&w, "");
	scene_advance(&w, at("2026-03-02 13:00"));
	scene_expect(&w, "2026-03-02T12:01:00.000Z c1 customer.stage_changed lost from  risk=0 "
			 "cause=time\n");
	scene_finish(&w);
}

/* ---- looks ---- */

static void
a_comparison_with_no_instant_of_its_own_is_looked_at_at_each_close(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, SIGNALS "rules:\n" USE
			       "- {rule: r, expr: 'silent(a) * 2 > 4d', points: 5}\n");
	scene_send(&w, at(NOON), "c1", "a", NULL);
	scene_advance(&w, at("2026-03-06 12:00"));
	scene_expect(&w, "2026-03-05T00:10:00.000Z c1 rule.fired r risk=5 cause=time\n");
	scene_finish(&w);
}

static void
an_edit_may_leave_somebody_in_no_stage_and_says_so(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, SIGNALS "stages: [{stage: active, when: 'seen(a)'}]\nrules:\n" USE);
	scene_send(&w, at(NOON), "c1", "a", NULL);
	scene_clear(&w);
	scene_change(&w, at("2026-03-02 13:00"),
		     SIGNALS "stages: [{stage: active, when: 'seen(b)'}]\nrules:\n" USE);
	scene_expect(&w, "2026-03-02T13:00:00.000Z c1 customer.stage_changed  from active "
			 "risk=0 cause=rules_changed\n");
	scene_finish(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_customers_first_stage_is_told_and_each_move),
		cmocka_unit_test(an_unknown_stage_condition_is_not_true),
		cmocka_unit_test(stage_age_grows_from_the_move_and_is_exact),
		cmocka_unit_test(
			rules_that_read_the_stage_are_looked_at_in_the_step_in_which_it_moves),
		cmocka_unit_test(tags_see_the_stage_that_moved_in_the_same_step),
		cmocka_unit_test(stages_added_to_known_customers_are_not_told),
		cmocka_unit_test(
			an_edit_moves_nobody_aloud_into_a_stage_it_brought_or_out_of_one_it_took),
		cmocka_unit_test(an_action_on_stage_changed_goes_by_from_and_to),
		cmocka_unit_test(a_backfilled_customer_has_its_first_stage_at_the_look),
		cmocka_unit_test(
			a_comparison_with_no_instant_of_its_own_is_looked_at_at_each_close),
		cmocka_unit_test(an_edit_may_leave_somebody_in_no_stage_and_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
