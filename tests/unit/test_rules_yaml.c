/* SPDX-License-Identifier: Apache-2.0 */
/* A rule file becomes the rule set its words say; what is wrong in it is said as rules.md shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "codec/rules_yaml.h"
#include "lang/builtin.h"

struct fixture {
	struct arena arena;
	struct diags diags;
	struct buf out;
	struct ruleset *rules;
};

static int
set_up(void **state)
{
	static struct fixture f;

	memset(&f, 0, sizeof f);
	arena_init(&f.arena);
	diags_init(&f.diags, &f.arena);
	*state = &f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	ruleset_destroy(f->rules);
	diags_finish(&f->diags);
	arena_finish(&f->arena);
	buf_finish(&f->out);
	return 0;
}

/* TZif version 1: one type, eight hours east. */
static const char shanghai[] = "TZif\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
			       "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
			       "\0\0\x70\x80\0\0CST";

static bool
find_zone(void *ctx, struct str name, struct str *tzif)
{
	(void)ctx;
	*tzif = (struct str){shanghai, sizeof shanghai};
	return str_is(name, "Asia/Shanghai");
}

static struct ruleset *
load(struct fixture *f, const struct diag_file *files, unsigned count)
{
	const struct rules_loader loader = {.ctx = NULL, .zone = find_zone};

	ruleset_destroy(f->rules);
	diags_finish(&f->diags);
	diags_init(&f->diags, &f->arena);
	f->rules = rules_load(files, count, &loader, (struct hash_seed){1, 2}, &f->diags);
	return f->rules;
}

static const char *
said(struct fixture *f)
{
	buf_clear(&f->out);
	buf_text(&f->out, "");
	diags_print(&f->out, &f->diags, false, false);
	return f->out.n > 0 ? f->out.p : "";
}

static struct ruleset *
load_text(struct fixture *f, const char *text)
{
	const struct diag_file file = {STR("rules.yaml"), str_of(text)};

	if (load(f, &file, 1) == NULL)
		print_error("%s", said(f));
	return f->rules;
}

#define HEAD "churnd: 1\nname: test\n"
#define SIGNALS HEAD "signals:\n  login: {on: login}\n  usage: {on: [page_view, api_call]}\n"

static void
a_file_of_two_lines_is_a_rule_set_with_the_defaults(void **state)
{
	struct ruleset *rules = load_text(*state, HEAD);

	assert_non_null(rules);
	assert_string_equal(rules->name.p, "test");
	assert_true(str_is(zone_name(rules->zone), "UTC"));
	assert_int_equal(rules->lateness, 10 * MINUTE_MS);
	assert_int_equal(rules->default_cooldown, 14 * DAY_MS);
	assert_int_equal(rules->default_min_events, 20);
	assert_int_equal(rules->level_count, 1);
	assert_true(str_is(rules->levels[0].name, "healthy"));
	assert_int_equal(rules->attribute_count, ATTR_RESERVED);
	assert_int_equal(ruleset_attribute(rules, STR("owner")), ATTR_OWNER);
	assert_false(rules->first_run_alerts);
	assert_null(rules->only);
	assert_null(rules->value);
}

static void
settings_are_taken(void **state)
{
	struct ruleset *rules =
		load_text(*state, HEAD
			  "timezone: Asia/Shanghai\nlateness: 1h\nfirst_run: alert\n"
			  "defaults: {cooldown: 3d, min_events: 5}\n"
			  "levels:\n"
			  "  watch: {enter: 30, leave: 20, name: {zh: 关注}, color: yellow}\n"
			  "  red: {enter: 60, name: Red}\n"
			  "teams: {csm: [li, wang], lead: chen}\n"
			  "only: age() > 1d\nvalue: 12\n");

	assert_non_null(rules);
	assert_int_equal(zone_offset(rules->zone, 0), 8 * HOUR_MS);
	assert_int_equal(rules->lateness, HOUR_MS);
	assert_true(rules->first_run_alerts);
	assert_int_equal(rules->default_cooldown, 3 * DAY_MS);
	assert_int_equal(rules->default_min_events, 5);
	assert_int_equal(rules->level_count, 3);
	assert_int_equal(rules->levels[1].leave, 20);
	assert_int_equal(rules->levels[2].leave, 60);
	assert_string_equal(rules->levels[1].shown_en.p, "watch");
	assert_string_equal(rules->levels[1].shown_zh.p, "关注");
	assert_string_equal(rules->levels[2].shown_zh.p, "Red");
	assert_int_equal(ruleset_level(rules, STR("red")), 2);
	assert_int_equal(rules->team_count, 2);
	assert_int_equal(rules->teams[0].count, 2);
	assert_non_null(rules->only);
	assert_non_null(rules->value);
	assert_true(rules->only_reads == UINT64_MAX);
}

static void
attributes_have_types_and_defaults(void **state)
{
	struct ruleset *rules = load_text(
		*state, HEAD "profile:\n"
			     "  tier: {enum: [free, team], default: team}\n  mrr: num\n"
			     "  seats: {type: int, default: 3}\n"
			     "  ends: {type: date, default: 2026-12-31}\n"
			     "  beta: {type: bool, default: true, private: true}\n"
			     "  notice: {type: duration, default: 2w}\n"
			     "  seen: {type: time, default: '2026-01-01T00:00:00Z'}\n"
			     "  plan: {type: string, default: on}\n");
	const struct attribute *a;

	assert_non_null(rules);
	a = &rules->attributes[ATTR_RESERVED];
	assert_int_equal(a[0].type, TYPE_ENUM);
	assert_true(a[0].initial.known);
	assert_int_equal(a[0].initial.u.i, 1);
	assert_ptr_equal(a[0].initial.words, &a[0].words);
	assert_false(a[1].initial.known);
	assert_int_equal(a[2].initial.u.i, 3);
	assert_int_equal(a[3].type, TYPE_DATE);
	assert_int_equal(a[3].initial.u.i, civil_day_of((struct civil_date){2026, 12, 31}));
	assert_true(a[4].initial.u.b && a[4].private_);
	assert_false(a[3].private_);
	assert_int_equal(a[5].initial.u.i, 14 * DAY_MS);
	assert_int_equal(a[6].initial.type, TYPE_TIME);
	assert_string_equal(a[7].initial.u.s.p, "on");
}

static void
a_rule_has_what_is_written_and_else_the_defaults(void **state)
{
	struct ruleset *rules =
		load_text(*state, SIGNALS
			  "rules:\n"
			  "- rule: plain\n  expr: silent(login) > 1d\n"
			  "- rule: full\n  expr: count(usage[7d]) < 3\n  clear: seen(usage)\n"
			  "  for: 2d\n  keep_firing_for: 1h\n  cooldown: 0s\n  warmup: 60d\n"
			  "  points: -5\n  category: billing\n  mode: shadow\n"
			  "  reason: {en: 'a', zh: 'b'}\n  advice: >\n    both of\n    them\n"
			  "- rule: event\n  on: [nps, csat]\n  expr: event.value < 3\n"
			  "  points: 10 * abs(-2)\n");
	const struct rule *rule;

	assert_non_null(rules);
	rule = rules->rules;
	assert_int_equal(rules->rule_count, 3);
	assert_int_equal(rule[0].kind, RULE_STATE);
	assert_int_equal(rule[0].mode, MODE_LIVE);
	assert_int_equal(rule[0].category, CAT_OTHER);
	assert_int_equal(rule[0].cooldown, 14 * DAY_MS);
	assert_int_equal(rule[0].keep + rule[0].hold + rule[0].warmup + rule[0].points, 0);
	assert_null(rule[0].clear);
	assert_true(str_is(rule[0].reason.en.pieces[0].literal, "plain"));
	assert_true(str_is(rule[0].reason.zh.pieces[0].literal, "plain"));
	assert_false(rule[0].advice.has_en || rule[0].advice.has_zh);
	assert_int_equal(rule[1].hold, 2 * DAY_MS);
	assert_int_equal(rule[1].keep, HOUR_MS);
	assert_int_equal(rule[1].cooldown, 0);
	assert_int_equal(rule[1].warmup, 60 * DAY_MS);
	assert_int_equal(rule[1].points, -5);
	assert_int_equal(rule[1].category, CAT_BILLING);
	assert_int_equal(rule[1].mode, MODE_SHADOW);
	assert_non_null(rule[1].clear);
	assert_true(str_is(rule[1].reason.zh.pieces[0].literal, "b"));
	assert_true(rule[1].advice.has_en && !rule[1].advice.has_zh);
	assert_true(str_is(rule[1].advice.zh.pieces[0].literal, "both of them"));
	assert_int_equal(rule[2].kind, RULE_EVENT);
	assert_int_equal(rule[2].keep, 7 * DAY_MS);
	assert_int_equal(rule[2].type_count, 2);
	assert_non_null(rule[2].points_expr);
}

static void
actions_and_tasks_are_resolved_to_slots(void **state)
{
	struct ruleset *rules = load_text(
		*state, SIGNALS
		"levels: {watch: {enter: 10}}\n"
		"rules:\n- rule: a\n  expr: silent(login) > 1d or seen(usage)\n"
		"  points: 20\n"
		"tasks:\n  call: {title: 'Call {name}', queue: csm, priority: high,\n"
		"    ack_within: 4h, resolve_within: 2d, assign: profile.owner}\n"
		"  write: {assign: li}\n"
		"actions:\n"
		"- {on: customer.level_raised, at_least: watch, from: healthy, webhook: crm}\n"
		"- {on: rule.fired, rule: a, category: other, task: write}\n"
		"- {on: customer.tagged, tag: vip, webhook: [crm, bi], when: age() > 1d}\n");
	const struct action *action;
	const struct task_def *task;

	assert_non_null(rules);
	action = rules->actions;
	task = rules->tasks;
	assert_int_equal(rules->action_count, 3);
	assert_int_equal(action[0].on, ALERT_LEVEL_RAISED);
	assert_int_equal(action[0].at_least, 1);
	assert_int_equal(action[0].from, 0);
	assert_int_equal(action[0].to, -1);
	assert_int_equal(action[0].task, -1);
	assert_int_equal(action[0].rule, -1);
	assert_int_equal(action[0].webhook_count, 1);
	assert_int_equal(action[1].rule, 0);
	assert_int_equal(action[1].category, CAT_OTHER);
	assert_int_equal(action[1].task, 1);
	assert_int_equal(action[1].webhook_count, 0);
	assert_string_equal(action[2].tag.p, "vip");
	assert_int_equal(action[2].webhook_count, 2);
	assert_non_null(action[2].when);
	assert_int_equal(task[0].priority, PRIORITY_HIGH);
	assert_int_equal(task[0].ack_within, 4 * HOUR_MS);
	assert_int_equal(task[0].resolve_within, 2 * DAY_MS);
	assert_int_equal(task[0].assign.kind, ASSIGN_ATTRIBUTE);
	assert_int_equal(task[0].assign.slot, ATTR_OWNER);
	assert_int_equal(task[1].assign.kind, ASSIGN_NAME);
	assert_string_equal(task[1].assign.name.p, "li");
	assert_int_equal(task[1].priority, PRIORITY_NORMAL);
}

static void
reaches_follow_the_ranges_that_are_read(void **state)
{
	struct ruleset *rules =
		load_text(*state, SIGNALS
			  "  other: {on: z}\n"
			  "rules:\n"
			  "- rule: a\n  expr: ratio(usage[7d], usage[28d offset 7d]) < 0.5 and "
			  "p_drop(usage[7d], usage[28d offset 7d]) < 0.01\n"
			  "- rule: b\n  expr: count(usage[48h live]) > 1 and seen(login)\n"
			  "  reason: 'in {count(other[60d])}'\n");

	assert_non_null(rules);
	assert_int_equal(rules->signals[0].reach_days, 0);
	assert_int_equal(rules->signals[1].reach_days, 35);
	assert_int_equal(rules->signals[1].reach_hours, 48);
	assert_int_equal(rules->signals[2].reach_days, 60);
	assert_int_equal(rules->rules[0].reach, 35 * DAY_MS);
	assert_int_equal(rules->rules[1].reach, 2 * DAY_MS);
}

static void
an_event_reaches_only_the_rules_that_it_may_change_at_once(void **state)
{
	struct ruleset *rules = load_text(
		*state, SIGNALS "rules:\n"
				"- rule: closed_days\n  expr: count(usage[7d]) > 3\n"
				"- rule: live_days\n  expr: count(usage[7d live]) > 3\n"
				"- rule: silence\n  expr: silent(login) > 3d\n"
				"- rule: score\n  expr: risk() > 3\n"
				"- rule: coarse\n  expr: silent(login) * 2 > 3d\n"
				"- rule: off\n  expr: seen(usage)\n  mode: off\n"
				"- rule: event\n  on: nps\n  expr: event.value > 3\n");
	const struct type_use *use;

	assert_non_null(rules);
	assert_int_equal(rules->rules[0].reads, 0);
	assert_int_equal(rules->rules[1].reads, 2);
	assert_int_equal(rules->rules[2].reads, 1);
	assert_true(rules->rules[3].follows);
	assert_false(rules->rules[2].follows || rules->rules[2].reads_coarse);
	assert_true(rules->rules[4].reads_coarse);
	use = ruleset_use(rules, STR("page_view"));
	assert_non_null(use);
	assert_int_equal(use->signals, 2);
	assert_int_equal(use->rule_count, 2);
	assert_int_equal(use->rules[0], 1);
	assert_int_equal(use->rules[1], 4);
	use = ruleset_use(rules, STR("login"));
	assert_int_equal(use->rule_count, 2);
	assert_int_equal(use->rules[0], 2);
	use = ruleset_use(rules, STR("nps"));
	assert_int_equal(use->signals, 0);
	assert_int_equal(use->rule_count, 2);
	assert_int_equal(use->rules[1], 6);
	assert_null(ruleset_use(rules, STR("unheard_of")));
}

static void
only_is_looked_at_when_a_signal_of_it_moves(void **state)
{
	struct ruleset *rules = load_text(
		*state, SIGNALS "only: seen(login)\nrules:\n- rule: a\n  expr: seen(usage)\n");

	assert_non_null(rules);
	assert_int_equal(rules->only_reads, 1);
	assert_true(ruleset_use(rules, STR("login"))->looks_only);
	assert_false(ruleset_use(rules, STR("page_view"))->looks_only);
}

static uint32_t
key_of(struct fixture *f, const char *signal)
{
	char text[500];

	snprintf(text, sizeof text,
		 HEAD "profile: {tier: {enum: [free, team]}}\nlists: {hot: [high, urgent]}\n"
		      "signals: {s: %s}\nrules:\n- rule: a\n  expr: seen(s)\n",
		 signal);
	assert_non_null(load_text(f, text));
	return f->rules->signals[0].key;
}

static void
a_signals_key_is_what_defines_it(void **state)
{
	struct fixture *f = *state;
	uint32_t key = key_of(f, "{on: [x, y]}");

	assert_int_equal(key_of(f, "{on: [y, x]}"), key);
	assert_int_not_equal(key_of(f, "{on: x}"), key);
	assert_int_not_equal(key_of(f, "{on: [x, y], sum: value}"), key);
	assert_int_not_equal(key_of(f, "{on: [x, y], last: value}"),
			     key_of(f, "{on: [x, y], sum: value}"));
	assert_int_not_equal(key_of(f, "{on: [x, y], sum: value}"),
			     key_of(f, "{on: [x, y], sum: amount}"));
	key = key_of(f, "{on: x, where: 'event.severity in hot'}");
	assert_int_equal(key_of(f, "{where: '(event.severity  in hot)', on: x}"), key);
	assert_int_not_equal(key_of(f, "{on: x, where: 'event.severity == \"high\"'}"), key);
}

static void
a_rules_key_is_its_name(void **state)
{
	struct fixture *f = *state;
	uint32_t key;

	load_text(f, SIGNALS "rules:\n- rule: a\n  expr: seen(login)\n- rule: b\n"
			     "  expr: seen(usage)\n");
	key = f->rules->rules[0].key;
	assert_int_not_equal(key, f->rules->rules[1].key);
	load_text(f, SIGNALS "rules:\n- rule: b\n  expr: seen(usage)\n- rule: a\n"
			     "  expr: not seen(login)\n  points: 3\n");
	assert_int_equal(f->rules->rules[1].key, key);
	/* the first bytes of SHA-256("a") */
	assert_int_equal(key, 0xca978112);
}

static void
later_files_add_and_override(void **state)
{
	struct fixture *f = *state;
	const struct diag_file files[] = {
		{STR("a"), STR(SIGNALS "rules:\n- rule: one\n  expr: seen(login)\n- rule: two\n"
				       "  expr: seen(usage)\n")},
		{STR("b"),
		 STR("churnd: 1\nsignals: {more: {on: z}}\nrules:\n- rule: one\n"
		     "  override: true\n  expr: seen(more) and seen(login)\n  points: 7\n"
		     "- rule: three\n  expr: seen(more)\n")},
	};

	if (load(f, files, 2) == NULL)
		fail_msg("%s", said(f));
	assert_int_equal(f->rules->signal_count, 3);
	assert_int_equal(f->rules->rule_count, 3);
	assert_string_equal(f->rules->rules[0].name.p, "one");
	assert_int_equal(f->rules->rules[0].points, 7);
	assert_string_equal(f->rules->rules[2].name.p, "three");
}

static void
the_version_is_of_all_texts_and_no_names(void **state)
{
	struct fixture *f = *state;
	const struct diag_file files[] = {{STR("a"), STR(HEAD)},
					  {STR("b"), STR("churnd: 1\n")}};
	const struct diag_file renamed[] = {{STR("c"), STR(HEAD)},
					    {STR("d"), STR("churnd: 1\n")}};
	const struct diag_file joined[] = {{STR("a"), STR(HEAD "# churnd: 1\n")}};
	char sha[65], expected[65];

	assert_non_null(load(f, files, 2));
	memcpy(sha, f->rules->sha_hex, sizeof sha);
	hash_sha256_hex(STR("21:" HEAD "10:churnd: 1\n"), expected);
	assert_string_equal(sha, expected);
	assert_non_null(load(f, renamed, 2));
	assert_string_equal(sha, f->rules->sha_hex);
	assert_non_null(load(f, joined, 1));
	assert_string_not_equal(sha, f->rules->sha_hex);
}

static void
errors_read_as_the_language_page_prints_them(void **state)
{
	struct fixture *f = *state;
	struct buf text = {0};
	int line = 1;

	buf_text(&text, SIGNALS "macros: {paying: 'age() > 1d'}\nrules:\n");
	for (size_t i = 0; i < text.n; i++)
		line += text.p[i] == '\n';
	for (; line < 47; line++)
		buf_text(&text, "# ...\n");
	buf_text(&text, "- rule: login_silence\n  expr: paying and silent(login) >= 14\n");
	for (line += 2; line < 54; line++)
		buf_text(&text, "# ...\n");
	buf_text(&text, "- rule: usage_drop\n  expr: ratio(usage[7d], usage[28d]) < 0.5\n");
	const struct diag_file file = {STR("rules/saas.yaml"), buf_view(&text)};

	assert_null(load(f, &file, 1));
	assert_string_equal(
		said(f),
		"rules/saas.yaml:48:37: error E104: cannot compare duration with int\n"
		"   48 |   expr: paying and silent(login) >= 14\n"
		"      |                                     ^^ did you mean 14d?\n"
		"rules/saas.yaml:55:26: warning W201: baseline usage[28d] overlaps usage[7d]; add "
		"'offset 7d'\n"
		"   55 |   expr: ratio(usage[7d], usage[28d]) < 0.5\n");
	buf_finish(&text);
}

static void
a_note_says_how_many_events_a_test_needs(void **state)
{
	struct fixture *f = *state;

	const struct rules_loader loader = {.ctx = NULL, .zone = find_zone};
	const struct diag_file file = {
		STR("a"),
		STR(SIGNALS "rules:\n- rule: a\n"
			    "  expr: p_drop(usage[7d], usage[28d offset 7d]) < 0.001 and "
			    "seen(login)\n")};

	f->diags.wants_notes = true;
	f->rules = rules_load(&file, 1, &loader, (struct hash_seed){0, 0}, &f->diags);
	assert_non_null(f->rules);
	assert_int_equal(f->diags.warnings, 0);
	assert_non_null(strstr(said(f),
			       "note N301: p_drop(usage[7d], usage[28d offset 7d]) < 0.001 "
			       "cannot be true under 31 events"));
}

static void
more_rules_than_allowed_are_an_error_and_no_crash(void **state)
{
	struct fixture *f = *state;
	struct buf text = {0};

	buf_text(&text, SIGNALS "rules:\n");
	for (int i = 0; i < RULESET_MAX_RULES + 1; i++)
		buf_printf(&text, "- {rule: r%d, expr: 'seen(login) and seen(usage)'}\n", i);
	const struct diag_file file = {STR("a"), buf_view(&text)};

	assert_null(load(f, &file, 1));
	assert_int_equal(f->diags.errors, 1);
	assert_string_equal(f->diags.list[0].message->code, "E210");
	buf_finish(&text);
}

static void
more_signals_and_attributes_than_allowed_are_errors(void **state)
{
	struct fixture *f = *state;
	struct buf text = {0};

	buf_text(&text, HEAD "signals:\n");
	for (int i = 0; i < RULESET_MAX_SIGNALS + 1; i++)
		buf_printf(&text, "  s%d: {on: e%d}\n", i, i);
	buf_text(&text, "profile:\n");
	for (int i = 0; i < RULESET_MAX_ATTRIBUTES - ATTR_RESERVED + 1; i++)
		buf_printf(&text, "  a%d: int\n", i);
	const struct diag_file file = {STR("a"), buf_view(&text)};

	assert_null(load(f, &file, 1));
	assert_int_equal(f->diags.errors, 2);
	assert_string_equal(f->diags.list[0].message->code, "E210");
	assert_string_equal(f->diags.list[1].message->code, "E210");
	buf_finish(&text);
}

static void
a_model_says_when_it_was_fitted_and_on_events_until_when(void **state)
{
	struct fixture *f = *state;
	const struct ruleset *rules = load_text(
		f, "churnd: 1\nname: n\nsignals: {a: {on: a}, b: {on: b}}\nmodels:\n"
		   "  a: {r: 1, alpha: 2, a: 3, b: 4, fitted: 2026-11-21, until: 2026-11-20}\n"
		   "  b: {r: 1, alpha: 2, a: 3, b: 4}\n");

	assert_non_null(rules);
	assert_int_equal(rules->model_count, 2);
	assert_true(rules->models[0].has_fitted && rules->models[0].has_until);
	assert_int_equal(rules->models[0].fitted,
			 civil_day_of((struct civil_date){2026, 11, 21}));
	assert_int_equal(rules->models[0].until,
			 civil_day_of((struct civil_date){2026, 11, 20}));
	assert_false(rules->models[1].has_fitted || rules->models[1].has_until);
}

static void
scalars_that_look_like_booleans_are_names(void **state)
{
	struct ruleset *rules = load_text(
		*state, HEAD "profile: {on: {enum: [yes, no, on, off], default: no}}\n"
			     "signals: {off: {on: on}}\nrules:\n"
			     "- rule: no\n  expr: seen(off) and profile.on == \"no\"\n");

	assert_non_null(rules);
	assert_string_equal(rules->signals[0].types[0].p, "on");
	assert_string_equal(rules->rules[0].name.p, "no");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_file_of_two_lines_is_a_rule_set_with_the_defaults),
		TEST(settings_are_taken),
		TEST(attributes_have_types_and_defaults),
		TEST(a_rule_has_what_is_written_and_else_the_defaults),
		TEST(actions_and_tasks_are_resolved_to_slots),
		TEST(reaches_follow_the_ranges_that_are_read),
		TEST(an_event_reaches_only_the_rules_that_it_may_change_at_once),
		TEST(only_is_looked_at_when_a_signal_of_it_moves),
		TEST(a_signals_key_is_what_defines_it),
		TEST(a_rules_key_is_its_name),
		TEST(later_files_add_and_override),
		TEST(the_version_is_of_all_texts_and_no_names),
		TEST(errors_read_as_the_language_page_prints_them),
		TEST(a_note_says_how_many_events_a_test_needs),
		TEST(more_rules_than_allowed_are_an_error_and_no_crash),
		TEST(more_signals_and_attributes_than_allowed_are_errors),
		TEST(a_model_says_when_it_was_fitted_and_on_events_until_when),
		TEST(scalars_that_look_like_booleans_are_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
