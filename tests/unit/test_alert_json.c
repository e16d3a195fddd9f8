/* SPDX-License-Identifier: Apache-2.0 */
/* Shows that alerts, tasks and customers are written as the contract prints them. */
#include "base/civil.h"
#include "engine/guard.h"
#include "unit/heard.h"

#define RULES                                                                                                           \
	"levels:\n"                                                                                                     \
	"  watch: {enter: 30, leave: 20}\n"                                                                             \
	"  at_risk: {enter: 60, leave: 45}\n"                                                                           \
	"profile:\n"                                                                                                    \
	"  tier: {enum: [free, business], default: free}\n"                                                             \
	"  mrr: num\n"                                                                                                  \
	"  phone: {type: string, private: true}\n"                                                                      \
	"value: profile.mrr * 12\n"                                                                                     \
	"signals:\n"                                                                                                    \
	"  login: {on: login}\n"                                                                                        \
	"  paid: {on: paid, sum: value}\n"                                                                              \
	"rules:\n"                                                                                                      \
	"- rule: quiet\n"                                                                                               \
	"  expr: silent(login) >= 14d\n"                                                                                \
	"  points: 40\n"                                                                                                \
	"  category: usage\n"                                                                                           \
	"  reason: {en: 'no login for {silent(login)}', zh: '已 {silent(login)} 未登录'}\n"                         \
	"  advice: {en: 'call the champion'}\n"                                                                         \
	"- rule: angry\n"                                                                                               \
	"  expr: count(login[1d live]) >= 3\n"                                                                          \
	"  points: 20\n"                                                                                                \
	"  mode: shadow\n"                                                                                              \
	"  cooldown: 0s\n"                                                                                              \
	"actions:\n"                                                                                                    \
	"- {on: customer.level_raised, task: call}\n"                                                                   \
	"tasks:\n"                                                                                                      \
	"  call: {title: {en: 'Call {name}: {reasons}', zh: '致电 {name}：{reasons}'}, queue: csm, priority: high, " \
	"ack_within: 4h}\n"

static void
send(const char *when, const char *type, const char *key, const char *value)
{
	const struct field attribute = {str_of(key), str_of(value)};
	struct entry entry = {.kind = ENTRY_EVENT,
			      .customer = STR("c42"),
			      .attributes = &attribute,
			      .attribute_count = key != NULL};

	entry.id.ms = entry.ts = at(when);
	entry.id.seq = ++heard.world.seq;
	entry.type = str_of(type);
	if (str_is(entry.type, "profile"))
		entry.kind = ENTRY_PROFILE;
	if (str_is(entry.type, "churnd.tag"))
		entry.kind = ENTRY_TAG;
	assert_int_equal(engine_apply(heard.world.engine, &entry, 1, &heard_sink), 1);
}

static int
set_up(void **state)
{
	(void)state;
	heard_begin(RULES);
	return 0;
}

static void
fall_silent(void)
{
	send("2026-03-02 10:00", "profile", "name", "Acme \"A\"");
	send("2026-03-02 10:00", "profile", "phone", "555-0100");
	send("2026-03-02 10:00", "profile", "mrr", "490");
	send("2026-03-02 10:00", "profile", "crm_id", "0017");
	send("2026-03-02 10:00", "churnd.tag", "tag", "vip");
	send("2026-03-02 10:00", "login", NULL, NULL);
	engine_advance(heard.world.engine, at("2026-03-16 12:00"), &heard_sink);
}

static void
a_raised_level_has_the_keys_of_the_contract_in_their_order(void **state)
{
	static const char *const keys[] = {
		"customer", "name",	     "owner",	"level", "previous_level",
		"risk",	    "previous_risk", "health",	"stage", "episode",
		"seq",	    "key",	     "status",	"cause", "caused_by",
		"value",    "reasons",	     "profile", "tags",	 "rules_version"};
	const char *body, *p;
	json_t *root;
	void *at_key;
	size_t i = 0;

	(void)state;
	fall_silent();
	body = alert_of("customer.level_raised");
	p = strstr(body, "\"data\":{");
	root = json_loads(body, 0, NULL);
	for (at_key = json_object_iter(json_object_get(root, "data")); at_key;
	     at_key = json_object_iter_next(json_object_get(root, "data"), at_key))
		assert_string_equal(json_object_iter_key(at_key), keys[i++]);
	assert_int_equal(i, sizeof keys / sizeof keys[0]);
	json_decref(root);
	assert_true(strncmp(body, "{\"type\":\"customer.level_raised\",\"id\":\"al_", 41) == 0);
	assert_non_null(strstr(
		body, ",\"timestamp\":\"2026-03-16T10:00:00.000Z\",\"version\":1,\"data\":{"
		      "\"customer\":\"c42\",\"name\":\"Acme \\\"A\\\"\",\"owner\":null,"
		      "\"level\":\"watch\",\"previous_level\":\"healthy\",\"risk\":40,"
		      "\"previous_risk\":0,\"health\":60,\"stage\":null,\"episode\":1,"));
	assert_non_null(p);
	assert_at(body, "data.status", "\"open\"");
	assert_at(body, "data.cause", "\"time\"");
	assert_at(body, "data.value", "5880");
	assert_at(body, "data.tags", "[\"vip\"]");
	assert_at(body, "data.profile", "{\"crm_id\":\"0017\",\"tier\":\"free\",\"mrr\":490}");
	assert_null(strstr(body, "555-0100"));
	assert_null(strchr(body, '\n'));
}

static void
reasons_carry_their_figures_and_both_languages(void **state)
{
	const char *body;

	(void)state;
	fall_silent();
	body = alert_of("customer.level_raised");
	assert_at(body, "data.reasons.0",
		  "{\"rule\":\"quiet\",\"category\":\"usage\",\"points\":40,"
		  "\"text\":\"no login for 14 days\","
		  "\"texts\":{\"en\":\"no login for 14 days\",\"zh\":\"已 14 天 未登录\"},"
		  "\"advice\":\"call the champion\",\"since\":\"2026-03-16T10:00:00.000Z\","
		  "\"evidence\":[{\"expr\":\"silent(login)\",\"value\":1209600,\"unit\":\"s\","
		  "\"text\":\"14 days\",\"texts\":{\"en\":\"14 days\",\"zh\":\"14 天\"}}]}");
	assert_at(body, "data.reasons.1", "-");
	assert_at(body, "data.rule", "-");
}

/* Alerts, and the task's hash; who asks on this host (customer_json) sees it. */
static void
a_private_attribute_is_in_no_alert(void **state)
{
	(void)state;
	fall_silent();
	assert_true(heard.count > 3);
	for (unsigned i = 0; i < heard.count; i++)
		assert_null(strstr(heard.bodies[i], "555-0100"));
	assert_null(strstr(heard.fields, "555-0100"));
}

static void
a_cleared_rule_names_the_firing_it_closes(void **state)
{
	const char *fired, *cleared;
	char id[40];

	(void)state;
	fall_silent();
	send("2026-03-17 10:00", "login", NULL, NULL);
	fired = alert_of("rule.fired");
	cleared = alert_of("rule.cleared");
	assert_at(fired, "data.rule", "\"quiet\"");
	assert_at(fired, "data.points", "40");
	assert_at(fired, "data.firing", "1");
	assert_at(fired, "data.text", "\"no login for 14 days\"");
	assert_at(fired, "data.evidence.0.value", "1209600");
	assert_at(fired, "data.opened_by", "-");
	memcpy(id, strstr(fired, "\"al_"), 31);
	id[31] = '\0';
	assert_at(cleared, "data.opened_by", id);
	assert_at(cleared, "data.cause", "\"event\"");
	assert_at(cleared, "data.caused_by", "\"1773741600000-7\"");
	assert_at(alert_of("customer.level_lowered"), "data.status", "\"closed\"");
	assert_at(alert_of("customer.level_lowered"), "data.reasons", "[]");
}

static void
a_shadow_rule_says_its_own_text_and_gives_no_points(void **state)
{
	const char *fired;

	(void)state;
	for (int i = 0; i < 3; i++)
		send("2026-03-02 10:00", "login", NULL, NULL);
	fired = alert_of("rule.fired");
	assert_at(fired, "data.rule", "\"angry\"");
	assert_at(fired, "data.points", "0");
	assert_at(fired, "data.reasons", "[]");
	assert_at(fired, "data.episode", "null");
	assert_at(fired, "data.key", "null");
	assert_at(fired, "data.evidence.0.value", "3");
	assert_at(fired, "data.evidence.0.unit", "-");
}

static void
tags_say_which(void **state)
{
	(void)state;
	fall_silent();
	assert_at(alert_of("customer.tagged"), "data.tag", "\"vip\"");
	assert_at(alert_of("customer.tagged"), "data.cause", "\"person\"");
}

static void
a_task_is_an_alert_and_a_hash(void **state)
{
	const char *body;

	(void)state;
	fall_silent();
	body = alert_of("task.created");
	assert_at(body, "data.task.task", "\"call\"");
	assert_at(body, "data.task.title", "\"Call Acme \\\"A\\\": no login for 14 days\"");
	assert_at(body, "data.task.titles.zh", "\"致电 Acme \\\"A\\\"：已 14 天 未登录\"");
	assert_at(body, "data.task.reasons", "\"no login for 14 days\"");
	assert_at(body, "data.task.reason_texts.zh", "\"已 14 天 未登录\"");
	assert_at(body, "data.task.priority", "\"high\"");
	assert_at(body, "data.task.state", "\"open\"");
	assert_at(body, "data.task.ack_by", "\"2026-03-16T14:00:00.000Z\"");
	assert_at(body, "data.task.resolve_by", "null");
	assert_at(body, "data.level", "\"watch\"");
	assert_non_null(strstr(heard.fields, "\ntask=call\ncustomer=c42\nname=Acme \"A\"\n"
					     "title=Call Acme \"A\": no login for 14 days\n"
					     "title_zh=致电 Acme \"A\"：已 14 天 未登录\n"
					     "queue=csm\npriority=high\n"
					     "assignee=\nstate=open\n"
					     "reasons=no login for 14 days\n"
					     "reasons_zh=已 14 天 未登录\nrules=quiet\n"
					     "value=5880\nalert_id=al_"));
	assert_non_null(strstr(heard.fields, "\ncreated_at=1773655200000\n"));
	assert_non_null(strstr(heard.fields,
			       "\nack_by=1773669600000\nresolve_by=\nacked_at=\n"
			       "sla_state=ok\nsnoozed_until=\nlender=\nclosed_at=\n"));
}

static void
do_task(const char *when)
{
	const struct customer *customer = engine_find(heard.world.engine, STR("c42"));
	char id[ORDER_ID];
	struct field attributes[] = {{STR("task"), {0}},
				     {STR("verb"), STR("done")},
				     {STR("reason_code"), STR("trained")}};
	struct entry entry = {.kind = ENTRY_TASK,
			      .customer = STR("c42"),
			      .type = STR("churnd.task"),
			      .attributes = attributes,
			      .attribute_count = 3};

	engine_task_id(heard.world.engine, customer, &customer->cold->tasks[0], id);
	attributes[0].value = str_of(id);
	entry.id.ms = entry.ts = at(when);
	assert_int_equal(engine_apply(heard.world.engine, &entry, 1, &heard_sink), 1);
}

static void
what_churnd_notes_itself_is_said_in_both_languages(void **state)
{
	(void)state;
	fall_silent();
	engine_advance(heard.world.engine, at("2026-03-16 14:00"), &heard_sink);
	assert_at(alert_of("task.breached"), "data.task.note", "\"100% of ack_within\"");
	assert_at(alert_of("task.breached"), "data.task.notes.zh", "\"ack_within 已用 100%\"");
}

static void
a_title_ends_where_no_reason_is_left(void **state)
{
	(void)state;
	fall_silent();
	send("2026-03-17 10:00", "login", NULL, NULL);
	do_task("2026-03-17 11:00");
	assert_at(alert_of("task.done"), "data.task.title", "\"Call Acme \\\"A\\\"\"");
	assert_non_null(strstr(heard.fields, "\ntitle=Call Acme \"A\"\n"
					     "title_zh=致电 Acme \"A\"\n"));
}

static void
a_task_that_reopens_forgets_why_it_was_done(void **state)
{
	(void)state;
	fall_silent();
	send("2026-03-17 10:00", "login", NULL, NULL);
	do_task("2026-03-17 11:00");
	assert_non_null(strstr(heard.fields, "\nreason_code=trained\n"));
	engine_advance(heard.world.engine, at("2026-03-31 10:30"), &heard_sink);
	assert_at(alert_of("task.reopened"), "data.task.state", "\"open\"");
	assert_non_null(strstr(heard.fields, "\nreason_code=\n"));
}

/* The body of an alert that is about no customer; until the next. */
static const char *
notice(const struct alert *alert)
{
	const struct order order = {.kind = ORDER_ALERT,
				    .cause = CAUSE_FEED,
				    .caused_by = {at("2026-03-16 10:00"), 3},
				    .u.alert = *alert};
	struct buf body = {0};

	alert_json(&body, heard.world.engine, &order);
	free(heard.fields);
	heard.fields = body.p;
	return body.p;
}

static void
a_feed_that_falls_silent_says_how_much_was_usual(void **state)
{
	const struct feed_news hour = {.type = STR("login"),
				       .source = STR("web"),
				       .from = at("2026-03-16 09:00"),
				       .to = NEVER,
				       .volume = 3,
				       .expected = 120.5};
	struct feed_news day = hour;
	struct alert alert = {.type = ALERT_FEED_SILENT,
			      .id = "al_a",
			      .at = at("2026-03-16 10:00"),
			      .rule = -1,
			      .feed = &hour};
	const char *body = notice(&alert);

	(void)state;
	assert_at(body, "type", "\"feed.silent\"");
	assert_at(body, "data.customer", "\"\"");
	assert_at(body, "data.cause", "\"feed\"");
	assert_at(body, "data.source", "\"web\"");
	assert_at(body, "data.from", "\"2026-03-16T09:00:00.000Z\"");
	assert_at(body, "data.to", "null");
	assert_at(body, "data.slot", "\"hour\"");
	assert_at(body, "data.expected", "120.5");
	assert_at(body, "data.texts.en",
		  "\"feed login from web is silent: 3 events in the last hour, where 120.5 are "
		  "usual\"");
	assert_at(body, "data.texts.zh",
		  "\"数据源 来自 web 的 login 中断：最近 1 小时 3 条事件，通常约 120.5 条\"");
	assert_at(body, "data.opened_by", "-");
	day.source = STR_NONE;
	day.day = true;
	alert.feed = &day;
	body = notice(&alert);
	assert_at(body, "data.slot", "\"day\"");
	assert_at(body, "data.texts.en",
		  "\"feed login is silent: 3 events in the last day, where 120.5 are usual\"");
	assert_at(body, "data.texts.zh",
		  "\"数据源 login 中断：最近 1 天 3 条事件，通常约 120.5 条\"");
}

static void
a_feed_that_is_back_names_the_alert_it_closes(void **state)
{
	struct feed_news news = {.type = STR("login"),
				 .from = at("2026-03-16 09:00"),
				 .to = at("2026-03-16 12:00"),
				 .volume = 90,
				 .expected = 120,
				 .opened_by = "al_open"};
	const struct alert alert = {.type = ALERT_FEED_BACK,
				    .id = "al_b",
				    .at = at("2026-03-16 12:00"),
				    .rule = -1,
				    .feed = &news};
	const char *body = notice(&alert);

	(void)state;
	assert_at(body, "data.opened_by", "\"al_open\"");
	assert_at(body, "data.given_up", "false");
	assert_at(body, "data.to", "\"2026-03-16T12:00:00.000Z\"");
	assert_at(body, "data.text",
		  "\"feed login is back: 90 events in the last hour, where 120 are usual\"");
	news.given_up = true;
	body = notice(&alert);
	assert_at(body, "data.given_up", "true");
	assert_at(body, "data.texts.en",
		  "\"feed login is watched no more: nothing is expected of it\"");
	assert_at(body, "data.texts.zh", "\"数据源 login 不再受监视：已无预期数据量\"");
}

static void
a_muted_rule_says_how_many_were_not_sent(void **state)
{
	const struct alert alert = {.type = ALERT_RULE_MUTED,
				    .id = "al_c",
				    .at = at("2026-03-16 12:00"),
				    .rule = 0,
				    .muted = 17,
				    .muted_rule = STR("quiet"),
				    .hour_at = at("2026-03-16 11:00")};
	const char *body = notice(&alert);

	(void)state;
	assert_at(body, "data.rule", "\"quiet\"");
	assert_at(body, "data.muted", "17");
	assert_at(body, "data.from", "\"2026-03-16T11:00:00.000Z\"");
	assert_at(body, "data.to", "\"2026-03-16T12:00:00.000Z\"");
	assert_at(body, "data.texts.en",
		  "\"17 more alerts of quiet in this hour were recorded and not sent\"");
	assert_at(body, "data.texts.zh", "\"规则 quiet 本小时另有 17 条告警仅记录，未发送\"");
	assert_at(body, "data.event_type", "-");
}

static void
a_customer_is_shown_whole_and_as_a_line(void **state)
{
	const struct customer *customer;
	struct buf out = {0};
	int64_t now = at("2026-03-16 12:00");

	(void)state;
	fall_silent();
	customer = engine_find(heard.world.engine, STR("c42"));
	customer_json(&out, heard.world.engine, customer, now);
	assert_at(out.p, "risk", "40");
	assert_at(out.p, "profile.phone", "\"555-0100\"");
	assert_at(out.p, "episode.number", "1");
	assert_at(out.p, "reasons.0.rule", "\"quiet\"");
	assert_at(out.p, "signals.0.signal", "\"login\"");
	assert_at(out.p, "signals.0.events_28d", "1");
	assert_at(out.p, "signals.0.active_days", "1");
	assert_at(out.p, "signals.1", "-");
	assert_at(out.p, "rules.0.state", "\"firing\"");
	assert_at(out.p, "tags.0.tag", "\"vip\"");
	assert_at(out.p, "tags.0.expires", "null");
	assert_at(out.p, "tasks.0.state", "\"open\"");
	buf_clear(&out);
	customer_line_json(&out, heard.world.engine, customer, now);
	assert_at(out.p, "reasons.0.text", "\"no login for 14 days\"");
	assert_at(out.p, "reasons.0.evidence", "-");
	assert_at(out.p, "open_tasks", "1");
	assert_at(out.p, "since", "\"2026-03-16T10:00:00.000Z\"");
	buf_finish(&out);
}

static void
explain_shows_each_rule_with_its_figures(void **state)
{
	struct buf out = {0};

	(void)state;
	fall_silent();
	explain_json(&out, heard.world.engine, engine_find(heard.world.engine, STR("c42")),
		     at("2026-03-17 10:00"));
	assert_at(out.p, "points", "40");
	assert_at(out.p, "risk", "40");
	assert_at(out.p, "rules.0.state", "\"firing\"");
	assert_at(out.p, "rules.0.result", "\"PASS\"");
	assert_at(out.p, "rules.0.expr", "\"silent(login) >= 14d\"");
	assert_at(out.p, "rules.0.text", "\"no login for 15 days\"");
	assert_at(out.p, "rules.0.nodes.0.result", "\"PASS\"");
	assert_at(out.p, "rules.0.nodes.1.expr", "\"silent(login)\"");
	assert_at(out.p, "rules.0.nodes.1.unit", "\"s\"");
	assert_at(out.p, "rules.0.nodes.2", "-");
	assert_at(out.p, "rules.1.state", "\"idle\"");
	assert_at(out.p, "rules.1.mode", "\"shadow\"");
	assert_at(out.p, "rules.1.result", "\"FAIL\"");
	buf_finish(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_raised_level_has_the_keys_of_the_contract_in_their_order, set_up,
			heard_tear_down),
		cmocka_unit_test_setup_teardown(reasons_carry_their_figures_and_both_languages,
						set_up, heard_tear_down),
		cmocka_unit_test_setup_teardown(a_private_attribute_is_in_no_alert, set_up,
						heard_tear_down),
		cmocka_unit_test_setup_teardown(a_cleared_rule_names_the_firing_it_closes,
						set_up, heard_tear_down),
		cmocka_unit_test_setup_teardown(
			a_shadow_rule_says_its_own_text_and_gives_no_points, set_up,
			heard_tear_down),
		cmocka_unit_test_setup_teardown(tags_say_which, set_up, heard_tear_down),
		cmocka_unit_test_setup_teardown(a_task_is_an_alert_and_a_hash, set_up,
						heard_tear_down),
		cmocka_unit_test_setup_teardown(
			what_churnd_notes_itself_is_said_in_both_languages, set_up,
			heard_tear_down),
		cmocka_unit_test_setup_teardown(a_title_ends_where_no_reason_is_left, set_up,
						heard_tear_down),
		cmocka_unit_test_setup_teardown(a_task_that_reopens_forgets_why_it_was_done,
						set_up, heard_tear_down),
		cmocka_unit_test_setup_teardown(
			a_feed_that_falls_silent_says_how_much_was_usual, set_up,
			heard_tear_down),
		cmocka_unit_test_setup_teardown(a_feed_that_is_back_names_the_alert_it_closes,
						set_up, heard_tear_down),
		cmocka_unit_test_setup_teardown(a_muted_rule_says_how_many_were_not_sent,
						set_up, heard_tear_down),
		cmocka_unit_test_setup_teardown(a_customer_is_shown_whole_and_as_a_line, set_up,
						heard_tear_down),
		cmocka_unit_test_setup_teardown(explain_shows_each_rule_with_its_figures,
						set_up, heard_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
