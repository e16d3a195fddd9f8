/* SPDX-License-Identifier: Apache-2.0 */
/* Rules with `each:`: judged for one item after the other, with a firing and a task for each key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "codec/alert_json.h"
#include "codec/record.h"
#include "engine/core.h"
#include "support/scene.h"

#define CASE                                                                                   \
	"levels: {watch: {enter: 30, leave: 20}}\n"                                            \
	"items:\n"                                                                             \
	"  case: {open: ticket_opened, close: ticket_closed, key: ticket, keep: [priority]}\n" \
	"  device: {open: device_sold, close: device_retired, key: serial, due: "              \
	"warranty_end}\n"

#define OPEN(w, when, key, priority) \
	scene_send(w, when, "c1", "ticket_opened", "ticket=" key, priority, NULL)
#define CLOSE(w, when, key) scene_send(w, when, "c1", "ticket_closed", "ticket=" key, NULL)

static const char old_case[] =
	CASE "rules:\n"
	     "- {rule: old, each: case, expr: oldest(case) >= 2d, points: 20, cooldown: 0s}\n";

static void
each_key_has_a_firing_of_its_own(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, old_case);
	OPEN(&w, at("2026-03-02 10:00"), "b", "priority=low");
	OPEN(&w, at("2026-03-02 11:00"), "a", "priority=low");
	scene_advance(&w, at("2026-03-05 00:00"));
	scene_expect(&w, "2026-03-04T10:00:00.000Z c1 rule.fired old of b risk=20 cause=time\n"
			 "2026-03-04T11:00:00.000Z c1 rule.fired old of a risk=40 cause=time\n"
			 "2026-03-04T11:00:00.000Z c1 customer.level_raised watch from healthy "
			 "risk=40 cause=time\n");
	CLOSE(&w, at("2026-03-05 10:00"), "b");
	scene_expect(&w,
		     "2026-03-05T10:00:00.000Z c1 rule.cleared old of b risk=20 cause=event\n");
	CLOSE(&w, at("2026-03-05 11:00"), "a");
	scene_expect(&w,
		     "2026-03-05T11:00:00.000Z c1 rule.cleared old of a risk=0 cause=event\n"
		     "2026-03-05T11:00:00.000Z c1 customer.level_lowered healthy from watch "
		     "risk=0 cause=event\n");
	scene_finish(&w);
}

static void
at_one_moment_items_go_by_their_keys_inside_the_rule(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, CASE "rules:\n"
			    "- {rule: one, each: case, expr: oldest(case) >= 2d, points: 1}\n"
			    "- {rule: two, each: case, expr: oldest(case) >= 2d, points: 2}\n");
	OPEN(&w, at("2026-03-02 10:00"), "b", "priority=low");
	OPEN(&w, at("2026-03-02 10:00"), "a", "priority=low");
	scene_advance(&w, at("2026-03-05 00:00"));
	scene_expect(&w, "2026-03-04T10:00:00.000Z c1 rule.fired one of a risk=6 cause=time\n"
			 "2026-03-04T10:00:00.000Z c1 rule.fired one of b risk=6 cause=time\n"
			 "2026-03-04T10:00:00.000Z c1 rule.fired two of a risk=6 cause=time\n"
			 "2026-03-04T10:00:00.000Z c1 rule.fired two of b risk=6 cause=time\n");
	scene_finish(&w);
}

static void
functions_over_its_list_see_that_item_only_and_others_all(void **state)
{
	struct scene w;
	(void)state;
	scene_init(
		&w, CASE
		"rules:\n"
		"- {rule: own, each: case, expr: open(case) == 1 and open(device) == 2, points: 1}\n"
		"- {rule: soon, each: device, expr: until_due(device) <= 30d, points: 2}\n");
	OPEN(&w, at("2026-03-02 10:00"), "a", "priority=low");
	OPEN(&w, at("2026-03-02 10:00"), "b", "priority=low");
	scene_send(&w, at("2026-03-02 11:00"), "c1", "device_sold", "serial=x",
		   "warranty_end=2026-03-05", NULL);
	scene_expect(&w,
		     "2026-03-02T11:00:00.000Z c1 rule.fired soon of x risk=2 cause=event\n");
	scene_send(&w, at("2026-03-02 12:00"), "c1", "device_sold", "serial=y",
		   "warranty_end=2026-05-05", NULL);
	scene_expect(&w,
		     "2026-03-02T12:00:00.000Z c1 rule.fired own of a risk=4 cause=event\n"
		     "2026-03-02T12:00:00.000Z c1 rule.fired own of b risk=4 cause=event\n");
	scene_advance(&w, at("2026-04-06 00:00"));
	scene_expect(&w,
		     "2026-04-05T00:00:00.000Z c1 rule.fired soon of y risk=6 cause=time\n");
	scene_finish(&w);
}

static void
expr_points_and_texts_read_the_item_and_key_is_in_texts_and_json(void **state)
{
	struct scene w;
	struct buf out = {0};
	(void)state;
	scene_init(&w, CASE "rules:\n"
			    "- rule: urgent\n"
			    "  each: case\n"
			    "  expr: item.priority in [\"urgent\", \"high\"]\n"
			    "  points: if(item.priority == \"urgent\", 30, 10)\n"
			    "  reason: \"{key} is {item.priority}\"\n");
	OPEN(&w, at("2026-03-02 10:00"), "T-1", "priority=urgent");
	OPEN(&w, at("2026-03-02 11:00"), "T-2", "priority=low");
	OPEN(&w, at("2026-03-02 12:00"), "T-3", "priority=high");
	scene_expect(&w, "2026-03-02T10:00:00.000Z c1 rule.fired urgent of T-1 risk=30 "
			 "cause=event\n"
			 "2026-03-02T10:00:00.000Z c1 customer.level_raised watch from healthy "
			 "risk=30 cause=event\n"
			 "2026-03-02T12:00:00.000Z c1 rule.fired urgent of T-3 risk=40 "
			 "cause=event\n");
	customer_json(&out, w.engine, engine_find(w.engine, STR("c1")), w.at);
	assert_non_null(strstr(out.p, "\"rule\":\"urgent\",\"item\":\"T-1\",\"category\":"
				      "\"other\",\"points\":30,\"text\":\"T-1 is urgent\""));
	assert_non_null(strstr(out.p, "\"item\":\"T-3\",\"category\":\"other\",\"points\":10,"
				      "\"text\":\"T-3 is high\""));
	assert_non_null(strstr(out.p, "{\"expr\":\"item.priority\",\"value\":\"high\""));
	buf_clear(&out);
	explain_json(&out, w.engine, engine_find(w.engine, STR("c1")), w.at);
	assert_non_null(strstr(out.p, "\"rule\":\"urgent\",\"item\":\"T-2\""));
	buf_finish(&out);
	scene_finish(&w);
}

static void
there_is_one_task_for_each_key(void **state)
{
	struct scene w;
	(void)state;
	scene_init(
		&w, CASE
		"rules:\n"
		"- {rule: old, each: case, expr: oldest(case) >= 2d, points: 20, cooldown: 0s}\n"
		"- {rule: many, expr: open(case) > 1, points: 5}\n"
		"actions:\n"
		"- {on: rule.fired, rule: old, task: answer}\n"
		"- {on: rule.fired, rule: many, task: answer}\n"
		"tasks: {answer: {title: \"answer {key}!\", queue: csm}}\n");
	OPEN(&w, at("2026-03-02 10:00"), "a", "priority=low");
	OPEN(&w, at("2026-03-02 11:00"), "b", "priority=low");
	scene_advance(&w, at("2026-03-05 00:00"));
	const char *said = w.said.p;
	assert_non_null(strstr(said, "task.created answer\n"));
	assert_non_null(strstr(said, "task.created answer of a\n"));
	assert_non_null(strstr(said, "task.created answer of b\n"));
	const struct cold *cold = engine_find(w.engine, STR("c1"))->cold;
	char x[ORDER_ID], y[ORDER_ID];
	assert_int_equal(cold->task_count, 3);
	engine_task_id(w.engine, engine_find(w.engine, STR("c1")), &cold->tasks[1], x);
	engine_task_id(w.engine, engine_find(w.engine, STR("c1")), &cold->tasks[2], y);
	assert_string_not_equal(x, y);
	scene_finish(&w);
}

static void
an_event_rule_is_about_the_item_that_the_event_names(void **state)
{
	struct scene w;
	(void)state;
	scene_init(
		&w, CASE
		"rules:\n"
		"- {rule: hot, each: case, on: escalated, expr: 'event.to == \"boss\" and "
		"item.priority != \"low\"', points: 9, cooldown: 0s, keep_firing_for: 2d}\n");
	OPEN(&w, at("2026-03-02 10:00"), "a", "priority=high");
	OPEN(&w, at("2026-03-02 10:00"), "b", "priority=high");
	OPEN(&w, at("2026-03-02 10:00"), "c", "priority=low");
	scene_send(&w, at("2026-03-02 11:00"), "c1", "escalated", "ticket=b", "to=boss", NULL);
	scene_send(&w, at("2026-03-02 11:00"), "c1", "escalated", "ticket=c", "to=boss", NULL);
	scene_send(&w, at("2026-03-02 11:00"), "c1", "escalated", "ticket=z", "to=boss", NULL);
	scene_expect(&w,
		     "2026-03-02T11:00:00.000Z c1 rule.fired hot of b risk=9 cause=event\n");
	scene_send(&w, at("2026-03-02 12:00"), "c1", "escalated", "ticket=a", "to=boss", NULL);
	scene_expect(&w,
		     "2026-03-02T12:00:00.000Z c1 rule.fired hot of a risk=18 cause=event\n");
	CLOSE(&w, at("2026-03-02 13:00"), "a");
	scene_expect(&w,
		     "2026-03-02T13:00:00.000Z c1 rule.cleared hot of a risk=9 cause=event\n");
	scene_advance(&w, at("2026-03-05 00:00"));
	scene_expect(&w,
		     "2026-03-04T11:00:00.000Z c1 rule.cleared hot of b risk=0 cause=time\n");
	scene_finish(&w);
}

static void
a_late_close_undoes_the_firing_of_its_item_alone(void **state)
{
	struct scene w;
	(void)state;
	scene_init(
		&w, CASE
		"rules:\n"
		"- {rule: old, each: case, expr: oldest(case) >= 2d, clear: age() < 0s, points: "
		"20}\n");
	OPEN(&w, at("2026-03-02 10:00"), "a", "priority=low");
	OPEN(&w, at("2026-03-02 10:00"), "b", "priority=low");
	scene_advance(&w, at("2026-03-05 00:00"));
	scene_clear(&w);
	/* Opened again: the item of a late event is younger than was thought. */
	scene_send(&w, at("2026-03-05 12:00"), "c1", "ticket_opened", "ticket=a",
		   "ts=2026-03-04T12:00:00Z", NULL);
	scene_expect(&w, "2026-03-05T12:00:00.000Z c1 rule.cleared old of a risk=20 "
			 "cause=late_event\n");
	scene_finish(&w);
}

static void
a_firing_item_is_judged_until_it_clears_though_it_is_closed(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, CASE
		   "rules:\n"
		   "- {rule: old, each: case, expr: oldest(case) >= 2d, keep_firing_for: 1d, "
		   "clear: 'silent_never', points: 20}\n"
		   "macros: {silent_never: age() < 0s}\n");
	OPEN(&w, at("2026-03-02 10:00"), "a", "priority=low");
	scene_advance(&w, at("2026-03-05 00:00"));
	scene_clear(&w);
	CLOSE(&w, at("2026-03-05 10:00"), "a");
	scene_expect(&w, "");
	scene_advance(&w, at("2026-03-07 00:00"));
	scene_expect(&w,
		     "2026-03-06T10:00:00.000Z c1 rule.cleared old of a risk=0 cause=time\n");
	scene_finish(&w);
}

static void
firing_and_inhibition_look_at_all_items(void **state)
{
	struct scene w;
	(void)state;
	scene_init(
		&w, CASE
		"rules:\n"
		"- {rule: old, each: case, expr: oldest(case) >= 2d, points: 20, cooldown: 0s}\n"
		"- {rule: follows, expr: firing(\"old\"), points: 1, cooldown: 0s}\n"
		"- {rule: quiet, expr: age() >= 1d, inhibited_by: [old], points: 5}\n"
		"- {rule: hushed, each: case, inhibited_by: [old], expr: oldest(case) >= 1d, "
		"points: 7}\n");
	OPEN(&w, at("2026-03-02 10:00"), "a", "priority=low");
	scene_advance(&w, at("2026-03-04 00:00"));
	scene_expect(&w, "2026-03-03T10:00:00.000Z c1 rule.fired quiet risk=12 cause=time\n"
			 "2026-03-03T10:00:00.000Z c1 rule.fired hushed of a risk=12 "
			 "cause=time\n");
	scene_advance(&w, at("2026-03-05 00:00"));
	scene_expect(&w, "2026-03-04T10:00:00.000Z c1 rule.fired old of a risk=21 cause=time\n"
			 "2026-03-04T10:00:00.000Z c1 rule.fired follows risk=21 cause=time\n");
	CLOSE(&w, at("2026-03-05 10:00"), "a");
	scene_expect(&w,
		     "2026-03-05T10:00:00.000Z c1 rule.cleared old of a risk=5 cause=event\n"
		     "2026-03-05T10:00:00.000Z c1 rule.cleared follows risk=5 cause=event\n"
		     "2026-03-05T10:00:00.000Z c1 rule.cleared hushed of a risk=5 "
		     "cause=event\n");
	scene_finish(&w);
}

static void
a_date_rule_strikes_for_each_item_at_its_own_date(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, CASE
		   "rules:\n"
		   "- {rule: warranty, each: device, date: item.due, steps: [30d, 0d], at: "
		   "\"09:00\", keep_firing_for: 2d, points: 3}\n");
	scene_send(&w, at("2026-03-02 10:00"), "c1", "device_sold", "serial=x",
		   "warranty_end=2026-04-10", NULL);
	scene_send(&w, at("2026-03-02 10:00"), "c1", "device_sold", "serial=y",
		   "warranty_end=2026-04-11", NULL);
	scene_advance(&w, at("2026-03-12 12:00"));
	scene_expect(
		&w, "2026-03-11T09:00:00.000Z c1 rule.fired warranty of x risk=3 cause=time\n"
		    "2026-03-12T09:00:00.000Z c1 rule.fired warranty of y risk=6 cause=time\n");
	/* Retired: its firing ends, and no step comes any more. */
	scene_send(&w, at("2026-03-12 13:00"), "c1", "device_retired", "serial=x", NULL);
	scene_advance(&w, at("2026-05-01 00:00"));
	scene_expect(
		&w,
		"2026-03-12T13:00:00.000Z c1 rule.cleared warranty of x risk=3 cause=event\n"
		"2026-03-14T09:00:00.000Z c1 rule.cleared warranty of y risk=0 cause=time\n"
		"2026-04-11T09:00:00.000Z c1 rule.fired warranty of y risk=3 cause=time\n"
		"2026-04-13T09:00:00.000Z c1 rule.cleared warranty of y risk=0 cause=time\n");
	scene_finish(&w);
}

/* ---- changes of the file ---- */

static void
what_fires_for_an_item_survives_an_edit_of_the_rule_and_a_record(void **state)
{
	struct scene w;
	struct buf bytes = {0}, again = {0};
	struct stream_id id;
	struct err err;
	(void)state;
	scene_init(&w, old_case);
	OPEN(&w, at("2026-03-02 10:00"), "a", "priority=low");
	OPEN(&w, at("2026-03-02 11:00"), "b", "priority=low");
	scene_advance(&w, at("2026-03-05 00:00"));
	scene_clear(&w);
	const struct customer *customer = engine_find(w.engine, STR("c1"));
	record_encode(&bytes, engine_rules(w.engine), customer, engine_position(w.engine));
	struct customer *read =
		record_decode(engine_rules(w.engine), STR("c1"), buf_view(&bytes), &id, &err);
	assert_non_null(read);
	assert_true(life_fires(item_rule(item_find(read, 0, STR("b")), 0)));
	record_encode(&again, engine_rules(w.engine), read, id);
	assert_true(str_eq(buf_view(&bytes), buf_view(&again)));
	customer_finish(read);
	mem_free(read);
	scene_change(&w, at("2026-03-05 10:00"),
		     CASE "rules:\n- {rule: new, expr: open(case) > 5, points: 1}\n"
			  "- {rule: old, each: case, expr: oldest(case) >= 2d, points: 15}\n");
	assert_int_equal(scene_risk(&w, "c1"), 30);
	CLOSE(&w, at("2026-03-05 11:00"), "b");
	assert_int_equal(scene_risk(&w, "c1"), 15);
	buf_finish(&bytes);
	buf_finish(&again);
	scene_finish(&w);
}

static void
a_rule_judged_for_other_things_is_another_rule(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, old_case);
	OPEN(&w, at("2026-03-02 10:00"), "a", "priority=low");
	scene_advance(&w, at("2026-03-05 00:00"));
	scene_clear(&w);
	scene_change(&w, at("2026-03-05 10:00"),
		     CASE "rules:\n- {rule: old, expr: oldest(case) >= 2d, points: 20}\n");
	scene_expect(&w, "2026-03-05T10:00:00.000Z c1 rule.cleared old of a risk=0 "
			 "cause=rule_removed\n");
	assert_int_equal(scene_risk(&w, "c1"), 20);
	scene_finish(&w);
}

static void
the_ids_of_two_items_at_one_moment_differ(void **state)
{
	struct scene w;
	struct item items[2] = {{.key = STR("a")}, {.key = STR("b")}};
	struct alert alerts[2] = {{.item = &items[0]}, {.item = &items[1]}};
	(void)state;
	scene_init(&w, old_case);
	OPEN(&w, at("2026-03-02 10:00"), "a", "priority=low");
	for (int i = 0; i < 2; i++)
		name_fired(engine_rules(w.engine), engine_find(w.engine, STR("c1")), &alerts[i],
			   5, 0);
	assert_string_not_equal(alerts[0].opened_by, alerts[1].opened_by);
	scene_finish(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_key_has_a_firing_of_its_own),
		cmocka_unit_test(at_one_moment_items_go_by_their_keys_inside_the_rule),
		cmocka_unit_test(functions_over_its_list_see_that_item_only_and_others_all),
		cmocka_unit_test(
			expr_points_and_texts_read_the_item_and_key_is_in_texts_and_json),
		cmocka_unit_test(there_is_one_task_for_each_key),
		cmocka_unit_test(an_event_rule_is_about_the_item_that_the_event_names),
		cmocka_unit_test(a_late_close_undoes_the_firing_of_its_item_alone),
		cmocka_unit_test(a_firing_item_is_judged_until_it_clears_though_it_is_closed),
		cmocka_unit_test(firing_and_inhibition_look_at_all_items),
		cmocka_unit_test(a_date_rule_strikes_for_each_item_at_its_own_date),
		cmocka_unit_test(
			what_fires_for_an_item_survives_an_edit_of_the_rule_and_a_record),
		cmocka_unit_test(a_rule_judged_for_other_things_is_another_rule),
		cmocka_unit_test(the_ids_of_two_items_at_one_moment_differ),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
