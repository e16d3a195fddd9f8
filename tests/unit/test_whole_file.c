/* SPDX-License-Identifier: Apache-2.0 */
/* One rule file with every section and nearly every word of the language, and the defaults of one with none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "engine/core.h"
#include "support/scene.h"

static const char settings[] =
	"timezone: Europe/Berlin\nlateness: 20m\nfirst_run: alert\n"
	"calendar: {hours: '08:00-17:00', week: [mon, tue, wed, thu, fri],\n"
	"  holidays: {2026-05-01: labour_day}, workdays: [2026-05-02]}\n"
	"teams: {desk: [ana, ben], boss: [eva]}\n"
	"defaults: {cooldown: 7d, min_events: 10, min_volume: 50, max_alerts_per_hour: 20}\n"
	"churn: {silent: visit, horizon: 60d, min_days: 3}\n"
	"levels:\n"
	"  unwell: {enter: 20, leave: 10, name: {en: Unwell, zh: 不适}, color: yellow}\n"
	"  ill: {enter: 50, leave: 40, color: red}\n"
	"profile:\n"
	"  plan: {enum: [basic, plus, max], default: basic}\n"
	"  fee: num\n"
	"  paused: {type: bool, default: false}\n"
	"  ends: date\n"
	"  mail: {type: string, private: true}\n"
	"only: not profile.paused\n"
	"value: profile.fee * 12\n";

static const char things[] =
	"signals:\n"
	"  visit: {on: [web_visit, app_visit]}\n"
	"  bought: {on: purchase, sum: value}\n"
	"  stars: {on: rated, last: value}\n"
	"  upset: {on: [complaint, ticket], where: 'event.weight in heavy'}\n"
	"items:\n"
	"  ticket: {open: ticket, close: ticket_done, key: nr, keep: [weight]}\n"
	"  machine: {open: machine_sold, close: machine_gone, key: serial, due: warranty}\n"
	"members: {key: user, max: 64, reach: 60d}\n"
	"models:\n"
	"  bought:\n"
	"  - {when: 'profile.plan == \"max\"', kind: bg_nbd, r: 0.9, alpha: 20, a: 0.8, b: 2.5}\n"
	"  - {kind: mbg_nbd, r: 0.5, alpha: 40, a: 0.9, b: 1.6, fitted: 2026-01-31, until: 2026-01-30}\n"
	"lists: {heavy: [high, urgent], paid: [plus, max]}\n"
	"macros: {payer: 'profile.plan in paid', week: 'visit[7d]'}\n";

static const char rules[] =
	"rules:\n"
	"- rule: away\n"
	"  expr: payer and silent(visit) >= pick(profile.plan, max=5d, else=10d)\n"
	"  clear: silent(visit) < 12h\n"
	"  for: 1d\n  keep_firing_for: 2h\n  cooldown: 20d\n  points: 25\n  category: usage\n  noise: 0.4\n"
	"  reason: {en: \"no visit for {silent(visit)}\", zh: \"已 {silent(visit)} 未访问\"}\n"
	"  advice: {en: \"write to {name}\", zh: \"联系 {name}\"}\n"
	"- rule: fades\n"
	"  expr: |\n"
	"    ratio(week, visit[28d offset 7d], min_events=5) < 0.5\n"
	"        and p_drop(week, visit[28d offset 7d]) < 0.01\n"
	"  inhibited_by: [away]\n  points: 15\n"
	"- rule: unhappy\n"
	"  on: rated\n  expr: event.value <= 2\n  clear: last(stars) >= 4\n"
	"  keep_firing_for: 20d\n  points: 30\n  level: unwell\n"
	"- rule: ends_soon\n"
	"  date: profile.ends\n  steps: [30d, 7d, -1d]\n  at: '09:30'\n  workday: before\n"
	"  keep_firing_for: 3d\n  points: 0\n  category: renewal\n"
	"- rule: warranty\n"
	"  each: machine\n  expr: until_due(machine) <= 14d\n  points: 5\n"
	"  reason: 'the warranty of {key} ends'\n"
	"- rule: few\n"
	"  mode: shadow\n  warmup: 30d\n  guard: off\n"
	"  expr: users(visit[14d]) < 2 and share_of_top(visit[28d]) > 0.9\n  points: 10\n"
	"- rule: rhythm\n"
	"  expr: p_gap(bought, 60d) >= 0.8\n  points: 20 * p_gap(bought, 60d)\n"
	"- rule: off_now\n"
	"  mode: off\n  expr: count(upset[14d live]) > 2 or oldest(ticket) > 9d\n  points: 1\n";

static const char after_rules[] =
	"tags:\n"
	"  grumpy: 'count(upset[30d live]) > 0'\n"
	"  good: {when: 'sum(bought[365d]) >= 500', leave: 'sum(bought[365d]) < 400'}\n"
	"stages:\n"
	"- {stage: fresh, when: 'age() < 14d'}\n"
	"- {stage: risky, when: 'level() >= \"ill\" or firing(\"away\")'}\n"
	"- {stage: usual, when: 'true'}\n"
	"actions:\n"
	"- {on: customer.level_raised, at_least: ill, task: rescue}\n"
	"- {on: customer.level_lowered, from: ill, to: healthy, webhook: crm}\n"
	"- {on: rule.fired, rule: unhappy, when: 'profile.fee > 100', task: call}\n"
	"- {on: rule.fired, category: renewal, owner: least_loaded(desk)}\n"
	"- {on: customer.stage_changed, to: fresh, task: greet}\n"
	"- {on: customer.tagged, tag: grumpy, webhook: [crm, mail]}\n"
	"tasks:\n"
	"  rescue: {title: {en: 'Call {name}: {reasons}', zh: '致电 {name}'}, queue: desk, priority: high,\n"
	"    ack_within: 4h, resolve_within: 2d, assign: profile.owner, close_when: 'level() < \"unwell\"',\n"
	"    escalate: [{after: 80%, to: desk}, {after: 100%, to: boss}]}\n"
	"  call: {title: Call, route: [{when: payer, queue: vip, assign: round_robin(desk)}, {queue: desk}]}\n"
	"  greet: {title: 'Welcome {name}', queue: desk,\n"
	"    steps: [{task: look_in, after: 3d, unless: 'count(visit[3d live]) >= 2'}]}\n"
	"  look_in: {title: 'Look in on {name}'}\n";

static void
begin(struct scene *w)
{
	struct buf text = {0};

	buf_text(&text, settings);
	buf_text(&text, things);
	buf_text(&text, rules);
	buf_text(&text, after_rules);
	scene_init(w, text.p);
	buf_finish(&text);
}

static void
every_section_loads_beside_the_others(void **state)
{
	struct scene w;
	const struct ruleset *set;

	(void)state;
	begin(&w);
	set = engine_rules(w.engine);
	assert_int_equal(set->level_count, 3);
	assert_int_equal(set->signal_count, 4);
	assert_int_equal(set->rule_count, 8);
	assert_int_equal(set->item_count, 2);
	assert_int_equal(set->model_count, 2);
	assert_int_equal(set->tag_count, 2);
	assert_int_equal(set->stage_count, 3);
	assert_int_equal(set->action_count, 6);
	assert_int_equal(set->task_count, 4);
	assert_int_equal(set->team_count, 2);
	assert_int_equal(set->members.max, 64);
	assert_int_equal(set->members.reach_days, 60);
	assert_int_equal(set->max_alerts, 20);
	assert_int_equal(set->horizon, 60 * DAY_MS);
	assert_int_equal(set->churn.kind, CHURN_SILENT);
	assert_true(str_is(set->signals[set->churn.signal].name, "visit"));
	assert_int_equal(set->churn.min_days, 3);
	assert_true(set->rules[0].noise > 0.39 && set->rules[0].noise < 0.41);
	assert_int_equal(set->min_volume, 50);
	scene_finish(&w);
}

static void
said(const struct scene *w, const char *what)
{
	if (!strstr(w->said.p, what))
		fail_msg("\"%s\" is not in:\n%s", what, w->said.p);
}

/* Half a year of one customer: each kind of rule has its say, and nothing else breaks. */
static void
all_kinds_of_rules_live_together(void **state)
{
	struct scene w;
	int64_t begin_at = at("2026-03-02 09:00");

	(void)state;
	begin(&w);
	scene_send(&w, begin_at, "c", "profile", "plan=plus", "fee=250", "ends=2026-06-01",
		   "owner=ana", NULL);
	for (int day = 0; day < 60; day++) {
		scene_send(&w, begin_at + day * DAY_MS + HOUR_MS, "c", "web_visit",
			   day % 3 ? "user=kim" : "user=lou", NULL);
		if (day % 9 == 0)
			scene_send(&w, begin_at + day * DAY_MS + 2 * HOUR_MS, "c", "purchase",
				   "value=120", NULL);
	}
	scene_send(&w, at("2026-05-01 10:00"), "c", "machine_sold", "serial=m1",
		   "warranty=2026-06-20", NULL);
	scene_send(&w, at("2026-05-01 11:00"), "c", "ticket", "nr=7", "weight=high", NULL);
	scene_send(&w, at("2026-05-01 12:00"), "c", "rated", "value=1", NULL);
	scene_advance(&w, at("2026-09-01 00:00"));
	said(&w, "c customer.stage_changed fresh from");
	said(&w, "c task.created greet");
	said(&w, "c customer.stage_changed usual from fresh");
	said(&w, "c customer.tagged good");
	said(&w, "c customer.tagged grumpy");
	said(&w, "2026-05-01T12:00:00.000Z c rule.fired unhappy");
	said(&w, "c task.created call");
	said(&w, "c rule.fired away");
	said(&w, "c customer.stage_changed risky from usual");
	/* 30 days before is 2 May, a Saturday that works; 7 days before is Whit Monday, no holiday here. */
	said(&w, "2026-05-02T07:30:00.000Z c rule.fired ends_soon");
	said(&w, "2026-05-25T07:30:00.000Z c rule.fired ends_soon");
	said(&w, "2026-06-05T22:00:00.000Z c rule.fired warranty of m1");
	said(&w, "c rule.fired rhythm");
	said(&w, "c task.created rescue");
	said(&w, "c task.escalated rescue");
	scene_finish(&w);
}

static void
what_the_file_does_not_say_has_its_default(void **state)
{
	struct ruleset *set = scene_rules("members: {key: user}\n");

	(void)state;
	assert_int_equal(set->default_cooldown, 14 * DAY_MS);
	assert_int_equal(set->default_min_events, 20);
	assert_int_equal(set->min_volume, 100);
	assert_int_equal(set->max_alerts, 1000);
	assert_int_equal(set->horizon, 90 * DAY_MS);
	assert_int_equal(set->churn.kind, CHURN_SAID);
	assert_int_equal(set->lateness, 10 * MINUTE_MS);
	assert_int_equal(set->members.max, 256);
	assert_int_equal(set->members.reach_days, 91);
	assert_false(set->first_run_alerts);
	ruleset_destroy(set);
}

/* What loads with these lines before the rules. */
static struct churn_def
churn_of(const char *lines, int64_t horizon)
{
	struct ruleset *set = scene_rules(lines);
	struct churn_def churn = set->churn;

	assert_int_equal(set->horizon, horizon);
	if (churn.kind == CHURN_ON)
		assert_true(str_is(churn.types[0], "cancel") && str_is(churn.types[1], "left"));
	ruleset_destroy(set);
	return churn;
}

static void
churn_is_by_silence_by_event_or_by_condition(void **state)
{
	struct churn_def churn = churn_of("signals: {a: {on: a}, b: {on: b}}\n"
					  "defaults: {horizon: 30d}\n"
					  "churn: {silent: b}\n",
					  30 * DAY_MS);

	(void)state;
	assert_int_equal(churn.kind, CHURN_SILENT);
	assert_int_equal(churn.signal, 1);
	assert_int_equal(churn.min_days, 2);
	churn = churn_of("churn: {on: [cancel, left], horizon: 36h}\n", 36 * HOUR_MS);
	assert_int_equal(churn.kind, CHURN_ON);
	assert_int_equal(churn.type_count, 2);
	churn = churn_of("profile: {gone: bool}\nchurn: {when: profile.gone}\n", 90 * DAY_MS);
	assert_int_equal(churn.kind, CHURN_WHEN);
	assert_non_null(churn.when);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_section_loads_beside_the_others),
		cmocka_unit_test(all_kinds_of_rules_live_together),
		cmocka_unit_test(what_the_file_does_not_say_has_its_default),
		cmocka_unit_test(churn_is_by_silence_by_event_or_by_condition),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
