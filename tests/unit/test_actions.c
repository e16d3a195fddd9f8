/* SPDX-License-Identifier: Apache-2.0 */
/* Which alerts an action is about: its type, and each of its filters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/scene.h"

#define HEAD                                                                                       \
	"profile: {p: num, tier: {enum: [free, team], default: free}}\n"                           \
	"levels:\n  watch: {enter: 30, leave: 20}\n  at_risk: {enter: 60, leave: 45}\n"            \
	"  critical: {enter: 85, leave: 70}\n"                                                     \
	"rules:\n"                                                                                 \
	"- {rule: r, expr: 'profile.p > 0', points: profile.p, cooldown: 0s, category: billing}\n" \
	"- {rule: other, expr: 'profile.p > 900', cooldown: 0s}\n"

/* Two actions on that type, `no` first: what stands in the alert is who it went to. */
static void
expect_yes(const char *type, const char *no, const char *yes, const char *points,
	   const char *alert)
{
	char rules[1000], word[40], said[200];
	struct scene w;

	snprintf(rules, sizeof rules,
		 HEAD "actions:\n- {on: %s, %s, webhook: no}\n- {on: %s, %s, webhook: yes}\n",
		 type, no, type, yes);
	scene_init(&w, rules);
	scene_send(&w, at("2026-03-01 10:00"), "c", "profile", "p=65", NULL);
	for (; *points; points += strcspn(points, " "), points += *points == ' ') {
		scene_clear(&w);
		snprintf(word, sizeof word, "p=%.*s", (int)strcspn(points, " "), points);
		scene_send(&w, w.at + 1000, "c", "profile", word, NULL);
	}
	snprintf(said, sizeof said, "%s", w.said.n ? w.said.p : "");
	const char *line = strstr(said, alert);
	if (!line)
		fail_msg("%s is not in: %s", alert, said);
	line = strstr(line, " to=");
	if (!line || strncmp(line, " to=yes\n", 8) != 0)
		fail_msg("%s / %s: %s", no, yes, said);
	scene_finish(&w);
}

static void
at_least_is_of_the_level_entered(void **state)
{
	(void)state;
	expect_yes("customer.level_raised", "at_least: critical", "at_least: at_risk", "0 65",
		   "level_raised at_risk");
	expect_yes("customer.level_raised", "at_least: critical", "at_least: watch", "0 65",
		   "level_raised at_risk");
}

static void
at_least_of_a_level_lowered_is_of_the_level_left(void **state)
{
	(void)state;
	expect_yes("customer.level_lowered", "at_least: critical", "at_least: at_risk", "65 0",
		   "level_lowered healthy");
}

static void
from_and_to_are_the_levels_of_the_move(void **state)
{
	(void)state;
	expect_yes("customer.level_raised", "from: watch", "from: at_risk", "65 90",
		   "level_raised critical");
	expect_yes("customer.level_raised", "to: at_risk", "to: critical", "65 90",
		   "level_raised critical");
	expect_yes("customer.level_lowered", "to: watch", "to: healthy", "65 0",
		   "level_lowered healthy");
}

static void
rule_category_and_when_are_asked_of_the_rule_and_the_moment(void **state)
{
	(void)state;
	expect_yes("rule.fired", "category: usage", "category: billing", "0 65",
		   "rule.fired r");
	expect_yes("rule.fired", "when: profile.p > 65", "when: profile.p == 65", "0 65",
		   "rule.fired r");
	expect_yes("rule.fired", "when: 'profile.tier == \"team\"'", "when: 'true'", "0 65",
		   "rule.fired r");
	expect_yes("rule.fired", "rule: other", "rule: r", "0 65", "rule.fired r");
}

static void
an_action_takes_alerts_of_its_own_type_only(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, HEAD "actions: [{on: rule.cleared, webhook: crm}]\n");
	scene_send(&w, at("2026-03-01 10:00"), "c", "profile", "p=40", NULL);
	assert_null(strstr(w.said.p, "to="));
	scene_clear(&w);
	scene_send(&w, at("2026-03-01 11:00"), "c", "profile", "p=0", NULL);
	scene_expect(&w,
		     "2026-03-01T11:00:00.000Z c rule.cleared r risk=0 cause=profile to=crm\n"
		     "2026-03-01T11:00:00.000Z c customer.level_lowered healthy from watch "
		     "risk=0 cause=profile\n");
	scene_finish(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(at_least_is_of_the_level_entered),
		cmocka_unit_test(at_least_of_a_level_lowered_is_of_the_level_left),
		cmocka_unit_test(from_and_to_are_the_levels_of_the_move),
		cmocka_unit_test(rule_category_and_when_are_asked_of_the_rule_and_the_moment),
		cmocka_unit_test(an_action_takes_alerts_of_its_own_type_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
