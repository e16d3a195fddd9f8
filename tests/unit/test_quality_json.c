/* SPDX-License-Identifier: Apache-2.0 */
/* How right rules have been is written with null where there is nothing to divide. */
#include <stdio.h>

#include "codec/quality_json.h"
#include "support/scene.h"
#include "unit/json_at.h"

#define RULES                                                                            \
	"levels: {watch: {enter: 30, leave: 20}}\n"                                      \
	"rules:\n"                                                                       \
	"- {rule: struck, on: hit, expr: 'event.value > 0', points: 40, cooldown: 0s,\n" \
	"   keep_firing_for: 1h, noise: 0.5}\n"                                          \
	"- {rule: good, on: thanked, expr: 'event.value > 0', points: -5}\n"             \
	"- {rule: rare, on: sued, expr: 'event.value > 0', points: 90, mode: shadow}\n"  \
	"actions: [{on: rule.fired, rule: struck, task: call}]\n"                        \
	"tasks: {call: {}, visit: {}}\n"
#define QUIET                             \
	"signals: {order: {on: order}}\n" \
	"rules: [{rule: r, expr: 'silent(order) > 30d', points: 5}]\n"

static struct buf shown;

static const char *
show(const struct scene *w)
{
	struct json json;

	buf_clear(&shown);
	json_init(&json, &shown);
	quality_json(&json, w->engine, engine_clock(w->engine));
	return shown.p;
}

static const char *
show_noisy(const struct scene *w)
{
	struct json json;

	buf_clear(&shown);
	json_init(&json, &shown);
	json_open(&json, '{');
	quality_noisy_json(&json, "noisy", w->engine);
	json_close(&json, '}');
	return shown.p;
}

static int
tear_down(void **state)
{
	(void)state;
	buf_finish(&shown);
	return 0;
}

static void
hit(struct scene *w, const char *customer)
{
	scene_send(w, at("2026-03-02 12:00"), customer, "hit", "value=1", NULL);
}

/* What came of the customer's task, at 13:00. */
static void
close_task(struct scene *w, const char *customer, const char *outcome)
{
	const struct customer *c = engine_find(w->engine, str_of(customer));
	char id[ORDER_ID], task[48];

	engine_task_id(w->engine, c, &c->cold->tasks[0], id);
	snprintf(task, sizeof task, "task=%s", id);
	scene_send(w, at("2026-03-02 13:00"), customer, "churnd.task", task, "verb=done",
		   outcome, NULL);
}

static void
rules_that_said_nothing_yet_have_no_shares(void **state)
{
	struct scene w;

	(void)state;
	scene_init(&w, RULES);
	scene_advance(&w, at("2026-03-02 12:00"));
	show(&w);
	assert_at(shown.p, "at", "\"2026-03-02T12:00:00.000Z\"");
	assert_at(shown.p, "horizon", "7776000");
	assert_at(shown.p, "churn", "{\"kind\":\"said\"}");
	assert_at(shown.p, "churned", "0");
	assert_at(shown.p, "rules.0",
		  "{\"rule\":\"struck\",\"mode\":\"live\",\"since\":null,\"alerts\":0,"
		  "\"repeats\":0,\"judged\":0,\"useful\":0,\"saved\":0,\"lost\":0,\"false\":0,"
		  "\"late\":0,\"lapsed\":0,\"open\":0,\"precision\":null,\"churns\":0,"
		  "\"caught\":0,\"missed\":0,\"recall\":null,\"save_rate\":null,"
		  "\"lead\":{\"p25\":null,\"median\":null,\"p75\":null},\"noise\":0.5,"
		  "\"noisy\":false}");
	assert_at(shown.p, "rules.1.rule", "\"rare\"");
	assert_at(shown.p, "rules.1.mode", "\"shadow\"");
	assert_at(shown.p, "rules.1.noise", "null");
	assert_at(shown.p, "rules.2", "-");
	assert_at(shown.p, "tasks.1",
		  "{\"task\":\"visit\",\"since\":null,\"created\":0,\"reopened\":0,"
		  "\"done\":{\"saved\":0,\"churned\":0,\"false_alarm\":0,\"no_answer\":0,"
		  "\"other\":0},\"by_itself\":0,\"cancelled\":0,\"save_rate\":null}");
	assert_at(show_noisy(&w), "noisy", "[]");
	scene_finish(&w);
}

static void
a_rule_that_is_false_more_often_than_it_may_be_is_named(void **state)
{
	struct scene w;
	char customer[16];

	(void)state;
	scene_init(&w, RULES);
	for (int i = 0; i < 13; i++) {
		snprintf(customer, sizeof customer, "c%d", i);
		hit(&w, customer);
	}
	for (int i = 0; i < 12; i++) {
		snprintf(customer, sizeof customer, "c%d", i);
		close_task(&w, customer, i < 10 ? "outcome=false_alarm" : "outcome=saved");
		if (i == 8)
			assert_at(show_noisy(&w), "noisy", "[]"); /* nine: too few to tell */
	}
	scene_send(&w, at("2026-03-12 12:00"), "c12", "churned", NULL);
	scene_send(&w, at("2026-03-12 12:00"), "d", "churned", NULL);
	show(&w);
	assert_at(shown.p, "rules.0.since", "\"2026-03-02T12:00:00.000Z\"");
	assert_at(shown.p, "rules.0.judged", "13");
	assert_at(shown.p, "rules.0.precision", "0.2308");
	assert_at(shown.p, "rules.0.recall", "0.5");
	assert_at(shown.p, "rules.0.save_rate", "0.6667");
	assert_at(shown.p, "rules.0.missed", "1");
	assert_at(shown.p, "rules.0.noisy", "true");
	assert_at(shown.p, "churned", "2");
	assert_at(shown.p, "foreseen", "1");
	assert_at(shown.p, "tasks.0.done.false_alarm", "10");
	assert_at(shown.p, "tasks.0.save_rate", "1");
	assert_at(show_noisy(&w), "noisy",
		  "[{\"rule\":\"struck\",\"false\":10,\"judged\":13,\"noise\":0.5}]");
	scene_finish(&w);
}

static void
what_counts_as_churn_is_said_as_the_file_says_it(void **state)
{
	static const struct {
		const char *rules, *churn;
	} rows[] = {
		{"churn: {silent: order, horizon: 12d, min_days: 2}\n" QUIET,
		 "{\"kind\":\"silence\",\"signal\":\"order\",\"min_days\":2}"},
		{"churn: {on: gone}\n" QUIET, "{\"kind\":\"churned\",\"by\":\"gone\"}"},
		{"churn: {on: [gone, left]}\n" QUIET,
		 "{\"kind\":\"churned\",\"by\":\"gone, left\"}"},
		{"churn: {when: silent(order) > 36h}\n" QUIET,
		 "{\"kind\":\"churned\",\"by\":\"silent(order) > 36h\"}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct scene w;

		scene_init(&w, rows[i].rules);
		scene_advance(&w, at("2026-03-02 12:00"));
		assert_at(show(&w), "churn", rows[i].churn);
		scene_finish(&w);
	}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(rules_that_said_nothing_yet_have_no_shares),
		TEST(a_rule_that_is_false_more_often_than_it_may_be_is_named),
		TEST(what_counts_as_churn_is_said_as_the_file_says_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
