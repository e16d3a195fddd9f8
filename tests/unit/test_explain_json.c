/* SPDX-License-Identifier: Apache-2.0 */
/* Explain as JSON says what holds a rule, what would clear it, and which figure is missing. */
#include "unit/heard.h"

static const char *
explain(const char *when)
{
	return c1_as(explain_json, when);
}

#define SAID                                                                                    \
	"timezone: UTC\n"                                                                       \
	"calendar: {holidays: {2026-10-01: national_day}}\n"                                    \
	"levels: {watch: {enter: 30, leave: 20}}\n"                                             \
	"profile: {paying: bool, renews: date}\n"                                               \
	"only: profile.paying == true or profile.paying != true or seen(a)\n"                   \
	"signals: {a: {on: a}, b: {on: b}}\n"                                                   \
	"tags: {quiet: {when: 'silent(a) >= 7d', leave: 'silent(a) < 1d'}}\n"                   \
	"stages:\n- {stage: lost, when: 'silent(a) >= 90d'}\n- {stage: here, when: 'true'}\n"   \
	"rules:\n"                                                                              \
	"- {rule: quiet, expr: silent(a) >= 7d, clear: since(b) < 1d, points: 40,\n"            \
	"   reason: {en: 'silent for {silent(a)}', zh: '沉默 {silent(a)}'}}\n"                \
	"- {rule: held, expr: silent(a) >= 7d, points: 9, inhibited_by: quiet, level: watch}\n" \
	"- {rule: score, on: nps, expr: event.value <= 6, points: 3}\n"                         \
	"- {rule: feast, date: 'holiday(\"national_day\")', steps: [0d]}\n"                     \
	"- {rule: renewal, date: profile.renews, steps: [7d]}\n"

static void
explain_says_what_holds_a_rule_and_what_would_clear_it(void **state)
{
	const char *body;

	(void)state;
	heard_begin(SAID);
	say("2026-03-02 10:00", "a", NULL);
	engine_advance(heard.world.engine, at("2026-03-10 10:00"), &heard_sink);
	body = explain("2026-03-10 10:00");
	assert_at(body, "rules.0.state", "\"firing\"");
	assert_at(body, "rules.0.firing", "1");
	assert_at(body, "rules.0.text", "\"silent for 8 days\"");
	assert_at(body, "rules.0.texts.zh", "\"沉默 8 天\"");
	assert_at(body, "rules.0.clear", "\"since(b) < 1d\"");
	assert_at(body, "rules.0.clear_result", "\"UNKNOWN\"");
	assert_at(body, "rules.0.clear_nodes.1.missing", "\"never\"");
	assert_at(body, "rules.0.inhibited_by", "-");
	assert_at(body, "rules.0.level", "-");
	assert_at(body, "rules.1.inhibited_by", "\"quiet\"");
	assert_at(body, "rules.1.level", "\"watch\"");
	assert_at(body, "rules.1.points", "0");
	assert_at(body, "rules.1.text", "\"held\"");
	assert_at(body, "rules.2.kind", "\"event\"");
	assert_at(body, "rules.2.state", "\"idle\"");
	assert_at(body, "rules.2.since", "null");
	assert_at(body, "rules.2.firing", "-");
	assert_at(body, "rules.2.nodes.1.missing", "\"event\"");
	assert_at(body, "rules.3.date", "\"holiday(\\\"national_day\\\")\"");
	assert_at(body, "rules.3.next_at", "\"2026-10-01T00:00:00.000Z\"");
	assert_at(body, "rules.4.date", "\"profile.renews\"");
	assert_at(body, "rules.4.rests", "null");
	assert_at(body, "standing.0.tag", "\"quiet\"");
	assert_at(body, "standing.0.leave", "\"silent(a) < 1d\"");
	assert_at(body, "standing.0.result", "\"FAIL\"");
	assert_at(body, "standing.1.stage", "\"lost\"");
	assert_at(body, "standing.1.held", "false");
	assert_at(body, "standing.1.when", "\"silent(a) >= 90d\"");
	assert_at(body, "standing.1.next_at", "\"2026-05-31T10:00:00.000Z\"");
	assert_at(body, "standing.2.held", "true");
	assert_at(body, "points", "40");
}

static void
explain_says_what_it_needs_to_know(void **state)
{
	static const struct {
		const char *expr, *missing;
	} rows[] = {
		{"profile.seats > 3", "\"not_set\""},
		{"typical_gap(a) > 3d", "\"gaps\""},
		{"p_silent(a, 30d) > 0.5", "\"gaps\""},
		{"ratio(a[7d], a[28d offset 7d]) > 3", "\"few\""},
		{"since(b) > 3d", "\"never\""},
		{"until(profile.renews) > 3d", "-"},
	};
	struct buf rules = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		buf_clear(&rules);
		buf_printf(&rules,
			   "profile: {seats: int, renews: date}\n"
			   "signals: {a: {on: a}, b: {on: b}}\n"
			   "models: {a: {kind: mbg_nbd, r: 0.5, alpha: 43, a: 0.9, b: 1.6,\n"
			   "  fitted: 2026-01-01}}\n"
			   "rules:\n- {rule: r, expr: '%s', points: 1}\n",
			   rows[i].expr);
		if (i > 0)
			heard_finish();
		heard_begin(rules.p);
		say("2026-03-02 10:00", "profile", "name=A", NULL);
		explain("2026-03-02 10:00");
		assert_at(heard.shown.p, "rules.0.result", "\"UNKNOWN\"");
		assert_at(heard.shown.p, "rules.0.nodes.1.missing", rows[i].missing);
		assert_at(heard.shown.p, "rules.0.nodes.1.value", "null");
	}
	buf_finish(&rules);
}

static void
a_figure_is_in_the_language_of_the_text_it_stands_in(void **state)
{
	static const struct {
		const char *reason, *text, *zh;
	} rows[] = {
		{"'silent for {silent(a)}'", "\"silent for 8 days\"", "-"},
		{"'已 {silent(a)}未登录'", "\"已 8 天未登录\"", "-"},
		{"{zh: '已 {silent(a)}未登录'}", "\"已 8 天未登录\"", "-"},
		{"{en: 'silent for {silent(a)}'}", "\"silent for 8 days\"", "-"},
		{"'{silent(a)}'", "\"8 days\"", "\"8 天\""},
		{"{en: 'for {silent(a)}', zh: '{silent(a)}'}", "\"for 8 days\"", "\"8 天\""},
	};
	struct buf rules = {0};

	(void)state;
	buf_text(&rules, "signals: {a: {on: a}}\nrules:\n");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		buf_printf(&rules, "- {rule: r%zu, expr: silent(a) >= 7d, reason: %s}\n", i,
			   rows[i].reason);
	heard_begin(rules.p);
	buf_finish(&rules);
	say("2026-03-02 10:00", "a", NULL);
	engine_advance(heard.world.engine, at("2026-03-10 10:00"), &heard_sink);
	explain("2026-03-10 10:00");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char key[32];

		(void)snprintf(key, sizeof key, "rules.%zu.text", i);
		assert_at(heard.shown.p, key, rows[i].text);
		(void)snprintf(key, sizeof key, "rules.%zu.texts.zh", i);
		assert_at(heard.shown.p, key, rows[i].zh);
	}
}

/* Waiting: nothing has fired yet. Idle again: it says when it last fired. */
static void
explain_says_when_a_rule_that_does_not_fire_last_did(void **state)
{
	(void)state;
	heard_begin("signals: {a: {on: a}}\n"
		    "tags: {quiet: {when: silent(a) >= 7d}}\n"
		    "rules:\n"
		    "- {rule: late, expr: silent(a) >= 1d, for: 1d, points: 1,\n"
		    "   reason: {en: late}, advice: {zh: 请致电}}\n");
	say("2026-03-02 10:00", "a", NULL);
	engine_advance(heard.world.engine, at("2026-03-03 11:00"), &heard_sink);
	explain("2026-03-03 11:00");
	assert_at(heard.shown.p, "rules.0.state", "\"pending\"");
	assert_at(heard.shown.p, "rules.0.since", "\"2026-03-03T10:00:00.000Z\"");
	assert_at(heard.shown.p, "rules.0.firing", "-");
	assert_at(heard.shown.p, "rules.0.ends_at", "\"2026-03-04T10:00:00.000Z\"");
	assert_at(heard.shown.p, "standing.0.held", "false");
	assert_at(heard.shown.p, "standing.0.when", "\"silent(a) >= 7d\"");
	engine_advance(heard.world.engine, at("2026-03-04 11:00"), &heard_sink);
	assert_at(alert_of("rule.fired"), "data.text", "\"late\"");
	assert_at(alert_of("rule.fired"), "data.texts", "-");
	assert_at(alert_of("rule.fired"), "data.advice", "\"请致电\"");
	assert_at(alert_of("rule.fired"), "data.advices", "-");
	say("2026-03-04 12:00", "a", NULL);
	explain("2026-03-04 12:00");
	assert_at(heard.shown.p, "rules.0.state", "\"idle\"");
	assert_at(heard.shown.p, "rules.0.since", "null");
	assert_at(heard.shown.p, "rules.0.firing", "-");
	assert_at(heard.shown.p, "rules.0.announced_at", "\"2026-03-04T10:00:00.000Z\"");
	assert_at(heard.shown.p, "rules.0.text", "\"late\"");
	assert_at(heard.shown.p, "rules.0.texts", "-");
}

static void
explain_says_that_only_holds_all_back(void **state)
{
	(void)state;
	heard_begin("only: seen(b)\nsignals: {a: {on: a}, b: {on: b}}\n"
		    "rules:\n- {rule: r, expr: silent(a) >= 1d, points: 1}\n");
	say("2026-03-02 10:00", "a", NULL);
	assert_at(explain("2026-03-04 10:00"), "rules.0.rests", "\"only\"");
	assert_at(heard.shown.p, "rules.0.why", "\"only\"");
	assert_at(heard.shown.p, "rules.0.announced_at", "null");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, heard_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(explain_says_what_holds_a_rule_and_what_would_clear_it),
		TEST(explain_says_what_it_needs_to_know),
		TEST(explain_says_when_a_rule_that_does_not_fire_last_did),
		TEST(a_figure_is_in_the_language_of_the_text_it_stands_in),
		TEST(explain_says_that_only_holds_all_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
