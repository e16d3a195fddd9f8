/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a customer is shown as it is: signals, items, tags, rules and tasks in each of their states. */
#include "base/civil.h"
#include "unit/heard.h"

#define RULES                                                                                     \
	"teams: {csm: [li, wang]}\n"                                                              \
	"levels: {watch: {enter: 30, leave: 20}, grave: {enter: 80, leave: 70}}\n"                \
	"profile: {vip: bool, seats: int, mrr: num, renews: date, signed: time,\n"                \
	"  tier: {enum: [free, plus]}}\n"                                                         \
	"value: profile.mrr * 2\n"                                                                \
	"signals:\n"                                                                              \
	"  login: {on: login}\n"                                                                  \
	"  paid: {on: paid, sum: value}\n"                                                        \
	"  seats: {on: seats_changed, last: value}\n"                                             \
	"items:\n"                                                                                \
	"  device: {open: sold, close: retired, key: serial, keep: [model, colour], due: ends}\n" \
	"  case: {open: asked, close: answered, key: ticket}\n"                                   \
	"members: {key: user}\n"                                                                  \
	"rules:\n"                                                                                \
	"- {rule: quiet, expr: silent(login) >= 7d, points: 40, level: grave}\n"                  \
	"- {rule: soon, expr: seen(paid), for: 3d, points: 5}\n"                                  \
	"- {rule: hung, each: case, expr: oldest(case) >= 1d, points: 10}\n"                      \
	"- {rule: poor, expr: 'sum(paid[91d]) < 0', points: 1}\n"                                 \
	"tags:\n"                                                                                 \
	"  idle: {when: silent(login) >= 7d}\n"                                                   \
	"  vip: {when: profile.vip}\n"                                                            \
	"stages:\n"                                                                               \
	"- {stage: new, when: age() < 30d}\n"                                                     \
	"- {stage: known, when: 'true'}\n"                                                        \
	"actions:\n"                                                                              \
	"- {on: rule.fired, rule: quiet, task: call}\n"                                           \
	"- {on: rule.fired, rule: hung, task: answer}\n"                                          \
	"tasks:\n"                                                                                \
	"  call: {queue: csm, assign: li, steps: [{task: again, after: 1d}]}\n"                   \
	"  again: {queue: csm}\n"                                                                 \
	"  answer: {title: {zh: 回复}, queue: csm}\n"

static int
set_up(void **state)
{
	(void)state;
	heard_begin(RULES);
	return 0;
}

static const char *
show(const char *when)
{
	return c1_as(customer_json, when);
}

static const char *
show_line(const char *when)
{
	return c1_as(customer_line_json, when);
}

/* The customer falls silent at 10:00 on the 9th. */
static void
fall_silent(void)
{
	say("2026-03-02 10:00", "login", NULL);
	engine_advance(heard.world.engine, at("2026-03-09 10:00"), &heard_sink);
}

static void
signals_show_what_their_kind_counts(void **state)
{
	const char *body;

	(void)state;
	say("2026-03-02 10:00", "paid", "value=2.5", NULL);
	say("2026-03-02 10:00", "paid", "value=4", NULL);
	say("2026-03-12 10:00", "paid", "value=1", NULL);
	say("2026-03-12 11:00", "seats_changed", "value=17", NULL);
	body = show("2026-03-12 12:00");
	assert_at(body, "signals.0",
		  "{\"signal\":\"paid\",\"last_at\":\"2026-03-12T10:00:00.000Z\","
		  "\"events_7d\":1,\"sum_7d\":1,\"events_28d\":3,\"sum_28d\":7.5,"
		  "\"events_91d\":3,\"sum_91d\":7.5,\"active_days\":2}");
	assert_at(body, "signals.1",
		  "{\"signal\":\"seats\",\"last_at\":\"2026-03-12T11:00:00.000Z\","
		  "\"value\":17,\"events_7d\":1,\"events_28d\":1,\"events_91d\":1,"
		  "\"active_days\":1}");
	assert_at(body, "signals.2", "-");
}

static void
a_profile_shows_each_type_as_json_has_it(void **state)
{
	const char *body;

	(void)state;
	say("2026-03-02 10:00", "profile", "vip=true", "seats=12", "mrr=4.5",
	    "renews=2026-12-31", "signed=2026-01-02T03:04:05+08:00", "tier=plus", NULL);
	body = show("2026-03-02 12:00");
	assert_at(body, "profile",
		  "{\"vip\":true,\"seats\":12,\"mrr\":4.5,\"renews\":\"2026-12-31\","
		  "\"signed\":\"2026-01-01T19:04:05.000Z\",\"tier\":\"plus\"}");
	assert_at(body, "value", "9");
}

static void
open_items_show_when_they_are_due_and_what_is_kept_of_them(void **state)
{
	const char *body;

	(void)state;
	say("2026-03-02 10:00", "sold", "serial=a1", "model=X", "ends=2026-05-01", NULL);
	say("2026-03-02 10:00", "sold", "serial=a2", NULL);
	say("2026-03-02 10:00", "sold", "serial=a3", NULL);
	say("2026-03-02 11:00", "retired", "serial=a3", NULL);
	body = show("2026-03-02 12:00");
	assert_at(body, "items.0",
		  "{\"items\":\"device\",\"key\":\"a1\","
		  "\"opened_at\":\"2026-03-02T10:00:00.000Z\",\"due\":\"2026-05-01\","
		  "\"kept\":{\"model\":\"X\",\"ends\":\"2026-05-01\"}}");
	assert_at(body, "items.1",
		  "{\"items\":\"device\",\"key\":\"a2\","
		  "\"opened_at\":\"2026-03-02T10:00:00.000Z\",\"kept\":{}}");
	assert_at(body, "items.2", "-");
}

static void
tags_say_who_set_them_and_until_when(void **state)
{
	const char *body;

	(void)state;
	say("2026-03-02 10:00", "profile", "vip=true", NULL);
	say("2026-03-02 10:00", "churnd.tag", "tag=vip", NULL);
	say("2026-03-02 10:00", "churnd.tag", "tag=angry", "expires=30d", NULL);
	fall_silent();
	body = show("2026-03-09 12:00");
	assert_at(body, "tags",
		  "[{\"tag\":\"angry\",\"by\":\"hand\",\"since\":\"2026-03-02T10:00:00.000Z\","
		  "\"expires\":\"2026-04-01T10:00:00.000Z\"},"
		  "{\"tag\":\"idle\",\"by\":\"rule\",\"since\":\"2026-03-09T10:00:00.000Z\","
		  "\"expires\":null},"
		  "{\"tag\":\"vip\",\"by\":\"both\",\"since\":\"2026-03-02T10:00:00.000Z\","
		  "\"expires\":null}]");
}

static void
rules_that_ever_said_something_are_shown_with_their_state(void **state)
{
	const char *body;

	(void)state;
	fall_silent();
	say("2026-03-09 11:00", "login", NULL);
	say("2026-03-10 10:00", "asked", "ticket=t1", NULL);
	say("2026-03-11 11:00", "paid", "value=1", NULL);
	body = show("2026-03-11 12:00");
	assert_at(body, "rules.0",
		  "{\"rule\":\"quiet\",\"state\":\"idle\",\"since\":null,"
		  "\"fired_at\":\"2026-03-09T10:00:00.000Z\","
		  "\"announced_at\":\"2026-03-09T10:00:00.000Z\",\"firing\":1}");
	assert_at(body, "rules.1",
		  "{\"rule\":\"soon\",\"state\":\"pending\","
		  "\"since\":\"2026-03-11T11:00:00.000Z\",\"fired_at\":null,"
		  "\"announced_at\":null,\"firing\":0}");
	assert_at(body, "rules.2.rule", "\"hung\"");
	assert_at(body, "rules.2.item", "\"t1\"");
	assert_at(body, "rules.2.state", "\"firing\"");
	assert_at(body, "rules.3", "-");
}

/* The rule has said nothing that still holds, and nothing that was announced. */
static void
a_rule_that_only_waited_is_shown_no_more(void **state)
{
	(void)state;
	heard_finish();
	heard_begin("signals: {a: {on: a}}\n"
		    "rules:\n- {rule: r, expr: silent(a) < 1d, for: 3d, points: 1}\n");
	say("2026-03-02 10:00", "a", NULL);
	assert_at(show("2026-03-02 10:00"), "rules.0.state", "\"pending\"");
	engine_advance(heard.world.engine, at("2026-03-03 10:00"), &heard_sink);
	assert_at(show("2026-03-03 10:00"), "rules", "[]");
}

static void
tasks_show_who_has_them_and_how_they_ended(void **state)
{
	const char *body;

	(void)state;
	fall_silent();
	say("2026-03-09 11:00", "asked", "ticket=t1", NULL);
	act("2026-03-09 12:00", 0, "transfer", "to=wang");
	body = show("2026-03-09 12:00");
	assert_at(body, "tasks.0.state", "\"claimed\"");
	assert_at(body, "tasks.0.assignee", "\"wang\"");
	assert_at(body, "tasks.0.lender", "\"li\"");
	assert_at(body, "tasks.0.closed_at", "null");
	assert_at(body, "tasks.0.outcome", "-");
	assert_at(body, "tasks.0.item", "-");
	act("2026-03-09 13:00", 0, "snooze", "until=1d");
	assert_at(show("2026-03-09 13:00"), "tasks.0.snoozed_until",
		  "\"2026-03-10T13:00:00.000Z\"");
	assert_at(alert_of("task.snoozed"), "data.task.snoozed_until",
		  "\"2026-03-10T13:00:00.000Z\"");
	engine_advance(heard.world.engine, at("2026-03-10 14:00"), &heard_sink);
	act("2026-03-10 14:00", 0, "assign", "to=li");
	act("2026-03-10 14:00", 0, "done", "outcome=saved");
	act("2026-03-10 14:30", 2, "cancel", "note=");
	body = show("2026-03-10 15:00");
	assert_at(body, "tasks.0.closed_at", "\"2026-03-10T14:00:00.000Z\"");
	assert_at(body, "tasks.0.outcome", "\"saved\"");
	assert_at(body, "tasks.0.lender", "-");
	assert_at(body, "tasks.2.task", "\"answer\"");
	assert_at(body, "tasks.2.item", "\"t1\"");
	assert_at(body, "tasks.2.state", "\"cancelled\"");
	assert_at(body, "tasks.2.closed_at", "\"2026-03-10T14:30:00.000Z\"");
	assert_at(body, "tasks.1.task", "\"again\"");
	assert_at(body, "tasks.1.state", "\"open\"");
	assert_at(show_line("2026-03-10 15:00"), "open_tasks", "1");
	assert_at(alert_of("task.done"), "data.task.closed_at", "\"2026-03-10T14:00:00.000Z\"");
	assert_at(alert_of("task.cancelled"), "data.task.closed_at",
		  "\"2026-03-10T14:30:00.000Z\"");
}

/* Steps are counted from one; the task that they follow is none. */
static void
a_task_that_follows_another_says_which_step_it_is(void **state)
{
	(void)state;
	fall_silent();
	assert_at(alert_of("task.created"), "data.task.step", "-");
	assert_null(strstr(heard.fields, "\nstep="));
	act("2026-03-09 12:00", 0, "done", "note=");
	heard.bodies[0][0] = '\0';
	engine_advance(heard.world.engine, at("2026-03-12 12:00"), &heard_sink);
	assert_at(heard.bodies[heard.count - 1], "data.task.task", "\"again\"");
	assert_at(heard.bodies[heard.count - 1], "data.task.step", "1");
	assert_non_null(strstr(heard.fields, "\nstep=1\n"));
}

/* Its title is in one language, its customer has no name, its file no reason. */
static void
a_task_of_one_language_has_no_second_title(void **state)
{
	(void)state;
	say("2026-03-02 10:00", "asked", "ticket=t1", NULL);
	engine_advance(heard.world.engine, at("2026-03-03 10:00"), &heard_sink);
	assert_at(alert_of("task.created"), "data.task.title", "\"回复\"");
	assert_at(alert_of("task.created"), "data.task.titles", "-");
	assert_at(alert_of("task.created"), "data.task.item", "\"t1\"");
	assert_at(alert_of("rule.fired"), "data.item", "\"t1\"");
	assert_non_null(strstr(heard.fields, "\nname=\ntitle=回复\ntitle_zh=\n"));
	assert_non_null(strstr(heard.fields, "\nitem=t1\n"));
	assert_non_null(strstr(heard.fields, "\nvalue=\n"));
}

static void
members_are_counted_while_they_are_there(void **state)
{
	(void)state;
	say("2026-03-02 10:00", "login", "user=ann", NULL);
	say("2026-03-02 10:00", "login", "user=bob", NULL);
	say("2026-03-02 10:00", "member", "user=cid", "role=boss", NULL);
	assert_at(show("2026-03-02 12:00"), "members", "3");
	say("2026-03-02 13:00", "member", "user=bob", "left=1", NULL);
	assert_at(show("2026-03-02 14:00"), "members", "2");
}

static void
a_stage_says_since_when_and_from_which(void **state)
{
	(void)state;
	say("2026-03-02 10:00", "login", NULL);
	assert_at(show("2026-03-02 12:00"), "stage", "\"new\"");
	assert_at(show("2026-03-02 12:00"), "stage_since", "\"2026-03-02T10:00:00.000Z\"");
	assert_at(alert_of("customer.stage_changed"), "data.previous_stage", "null");
	heard.bodies[0][0] = '\0';
	engine_advance(heard.world.engine, at("2026-04-01 10:00"), &heard_sink);
	assert_at(show("2026-04-01 12:00"), "stage", "\"known\"");
	assert_at(show("2026-04-01 12:00"), "stage_since", "\"2026-04-01T10:00:00.000Z\"");
	assert_at(heard.bodies[heard.count - 1], "data.previous_stage", "\"new\"");
	assert_at(alert_of("rule.fired"), "data.previous_stage", "-");
}

static void
an_owner_that_changes_is_told_with_the_one_before(void **state)
{
	(void)state;
	heard_finish();
	heard_begin("signals: {a: {on: a}}\n"
		    "rules:\n- {rule: r, on: a, expr: event.value > 0, points: 1}\n"
		    "- {rule: s, on: a, expr: event.value > 1, points: 1}\n"
		    "actions:\n- {on: rule.fired, rule: r, owner: li}\n"
		    "- {on: rule.fired, rule: s, owner: wang}\n");
	say("2026-03-02 10:00", "a", "value=1", NULL);
	assert_at(alert_of("customer.owner_changed"), "data.owner", "\"li\"");
	assert_at(alert_of("customer.owner_changed"), "data.previous_owner", "null");
	say("2026-03-02 11:00", "a", "value=2", NULL);
	assert_at(heard.bodies[heard.count - 1], "type", "\"customer.owner_changed\"");
	assert_at(heard.bodies[heard.count - 1], "data.owner", "\"wang\"");
	assert_at(heard.bodies[heard.count - 1], "data.previous_owner", "\"li\"");
}

/* Of whom only one thing is known. */
static void
a_customer_of_one_event_is_shown_with_empty_lists(void **state)
{
	const char *body;

	(void)state;
	heard_finish();
	heard_begin("signals: {a: {on: a}}\nitems: {i: {open: o, close: c, key: k}}\n"
		    "rules:\n- {rule: r, expr: silent(a) > 9d, points: 1}\n");
	say("2026-03-02 10:00", "a", NULL);
	body = show("2026-03-02 12:00");
	assert_at(body, "stage", "null");
	assert_at(body, "stage_since", "null");
	assert_at(body, "episode", "null");
	assert_at(body, "value", "null");
	assert_at(body, "members", "-");
	assert_at(body, "items", "[]");
	assert_at(body, "tags", "[]");
	assert_at(body, "rules", "[]");
	assert_at(body, "tasks", "[]");
	assert_at(body, "profile", "{}");
	body = show_line("2026-03-02 12:00");
	assert_at(body, "since", "null");
	assert_at(body, "tags", "[]");
	assert_at(body, "reasons", "[]");
	assert_at(body, "open_tasks", "0");
}

/* max() keeps a signal of its own beside the one that is named, and nobody asked for that. */
static void
signals_that_no_file_names_are_not_shown(void **state)
{
	(void)state;
	heard_finish();
	heard_begin("signals: {a: {on: a, sum: value}}\n"
		    "rules:\n- {rule: r, expr: 'max(a[7d live]) > 5', points: 1}\n");
	say("2026-03-02 10:00", "a", "value=9", NULL);
	assert_at(show("2026-03-02 10:00"), "rules.0.state", "\"firing\"");
	assert_at(heard.shown.p, "signals.0.signal", "\"a\"");
	assert_at(heard.shown.p, "signals.1", "-");
}

/* Its English title is nothing but reasons, and there are none left. */
static void
a_title_that_says_nothing_in_english_is_the_chinese_one(void **state)
{
	(void)state;
	heard_finish();
	heard_begin("rules:\n- {rule: r, on: a, expr: event.value > 0, points: 1,\n"
		    "   keep_firing_for: 1h}\n"
		    "actions: [{on: rule.fired, task: call}]\n"
		    "tasks: {call: {title: {en: '{reasons}', zh: '致电：{reasons}'}}}\n");
	say("2026-03-02 10:00", "a", "value=1", NULL);
	assert_at(alert_of("task.created"), "data.task.title", "\"r\"");
	engine_advance(heard.world.engine, at("2026-03-02 12:00"), &heard_sink);
	act("2026-03-02 12:00", 0, "done", "note=");
	assert_at(alert_of("task.done"), "data.task.title", "\"致电\"");
	assert_non_null(strstr(heard.fields, "\ntitle=致电\n"));
}

static void
what_was_rejected_has_a_type_too(void **state)
{
	const struct order reject = {.kind = ORDER_REJECT}, alert = {.kind = ORDER_ALERT};
	struct order task = {.kind = ORDER_TASK};
	struct buf scratch = {0};

	(void)state;
	task.u.task.verb = VERB_DONE;
	assert_true(str_is(alert_json_type(&scratch, &reject), "rejected"));
	assert_true(str_is(alert_json_type(&scratch, &task), "task.done"));
	assert_true(str_is(alert_json_type(&scratch, &alert), alert_type_name(0)));
	buf_finish(&scratch);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, heard_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(signals_show_what_their_kind_counts),
		TEST(a_profile_shows_each_type_as_json_has_it),
		TEST(open_items_show_when_they_are_due_and_what_is_kept_of_them),
		TEST(tags_say_who_set_them_and_until_when),
		TEST(rules_that_ever_said_something_are_shown_with_their_state),
		TEST(a_rule_that_only_waited_is_shown_no_more),
		TEST(tasks_show_who_has_them_and_how_they_ended),
		TEST(a_task_that_follows_another_says_which_step_it_is),
		TEST(a_task_of_one_language_has_no_second_title),
		TEST(members_are_counted_while_they_are_there),
		TEST(a_stage_says_since_when_and_from_which),
		TEST(an_owner_that_changes_is_told_with_the_one_before),
		TEST(a_customer_of_one_event_is_shown_with_empty_lists),
		TEST(signals_that_no_file_names_are_not_shown),
		TEST(a_title_that_says_nothing_in_english_is_the_chinese_one),
		TEST(what_was_rejected_has_a_type_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
