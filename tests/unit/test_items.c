/* SPDX-License-Identifier: Apache-2.0 */
/* Items as an admin meets them: what opens and closes, in any order of arrival, and what rules read of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/alert_json.h"
#include "engine/core.h"
#include "engine/items.h"
#include "support/scene.h"

#define CASE                                                                                  \
	"items:\n"                                                                            \
	"  case: {open: [ticket_opened, reopened], close: ticket_closed, key: ticket, keep: " \
	"[priority]}\n"                                                                       \
	"  device: {open: device_sold, close: device_retired, key: serial, due: "             \
	"warranty_end}\n"

#define OPEN(w, when, key, ...) \
	scene_send(w, when, "c1", "ticket_opened", "ticket=" key, __VA_ARGS__, NULL)
#define CLOSE(w, when, key) scene_send(w, when, "c1", "ticket_closed", "ticket=" key, NULL)

static int64_t
open_items(struct scene *w)
{
	const struct customer *customer = engine_find(w->engine, STR("c1"));
	unsigned count;
	int64_t open = 0;
	const struct item *items = items_of(customer, 0, &count);
	for (unsigned i = 0; i < count; i++)
		open += item_is_open(&items[i]);
	return open;
}

static void
open_counts_items_that_were_opened_and_not_closed(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, CASE
		   "rules:\n- {rule: two, expr: open(case) >= 2, points: 20, cooldown: 0s}\n");
	OPEN(&w, at("2026-03-02 10:00"), "a", "priority=low");
	scene_expect(&w, "");
	OPEN(&w, at("2026-03-02 11:00"), "b", "priority=low");
	scene_expect(&w, "2026-03-02T11:00:00.000Z c1 rule.fired two risk=20 cause=event\n");
	OPEN(&w, at("2026-03-02 11:30"), "b", "priority=low");
	CLOSE(&w, at("2026-03-02 12:00"), "b");
	scene_expect(&w, "2026-03-02T12:00:00.000Z c1 rule.cleared two risk=0 cause=event\n");
	scene_send(&w, at("2026-03-02 13:00"), "c1", "reopened", "ticket=b", NULL);
	scene_expect(&w, "2026-03-02T13:00:00.000Z c1 rule.fired two risk=20 cause=event\n");
	scene_finish(&w);
}

static void
open_with_a_condition_counts_items_that_satisfy_it(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w,
		   CASE "profile: {tier: {enum: [free, gold], default: free}}\n"
			"macros: {urgent: 'item.priority == \"urgent\"'}\n"
			"rules:\n"
			"- {rule: urgent, expr: \"open(case, 'urgent') > 0\", points: 20}\n"
			"- {rule: gold, expr: \"open(case, 'item.priority in [\\\"urgent\\\", "
			"\\\"high\\\"] and profile.tier == \\\"gold\\\"') > 0\", points: 3}\n");
	OPEN(&w, at("2026-03-02 10:00"), "a", "priority=low");
	OPEN(&w, at("2026-03-02 10:01"), "b", "x=1");
	scene_expect(&w, "");
	OPEN(&w, at("2026-03-02 11:00"), "c", "priority=urgent");
	scene_expect(&w, "2026-03-02T11:00:00.000Z c1 rule.fired urgent risk=20 cause=event\n");
	scene_send(&w, at("2026-03-02 12:00"), "c1", "profile", "tier=gold", NULL);
	scene_expect(&w, "2026-03-02T12:00:00.000Z c1 rule.fired gold risk=23 cause=profile\n");
	scene_finish(&w);
}

static void
a_kept_attribute_takes_the_type_its_use_asks_for(void **state)
{
	struct scene w;
	(void)state;
	scene_init(
		&w,
		"items: {bill: {open: bill, close: paid, key: no, keep: [amount, value, on]}}\n"
		"rules:\n"
		"- {rule: num, expr: \"open(bill, 'item.amount > 99.5') > 0\", points: 1}\n"
		"- {rule: value, expr: \"open(bill, 'item.value >= 0.1') > 0\", points: 2}\n"
		"- {rule: date, expr: \"open(bill, 'until(item.on) < 5d') > 0\", points: 4}\n");
	scene_send(&w, at("2026-03-02 10:00"), "c1", "bill", "no=1", "amount=99.6", NULL);
	scene_expect(&w, "2026-03-02T10:00:00.000Z c1 rule.fired num risk=1 cause=event\n");
	scene_send(&w, at("2026-03-02 11:00"), "c1", "bill", "no=2", "amount=many", "value=0.1",
		   NULL);
	scene_expect(&w, "2026-03-02T11:00:00.000Z c1 rule.fired value risk=3 cause=event\n");
	/* A condition that time makes true is seen at its very midnight. */
	scene_send(&w, at("2026-03-02 12:00"), "c1", "bill", "no=3", "on=2026-03-10", NULL);
	scene_expect(&w, "");
	scene_advance(&w, at("2026-03-06 00:00"));
	scene_expect(&w, "2026-03-06T00:00:00.000Z c1 rule.fired date risk=7 cause=time\n");
	scene_finish(&w);
}

static void
oldest_grows_from_the_oldest_open_item_and_is_0s_with_none(void **state)
{
	struct scene w;
	(void)state;
	scene_init(
		&w, CASE
		"rules:\n- {rule: old, expr: oldest(case) >= 14d, points: 20, cooldown: 0s}\n"
		"- {rule: none, expr: oldest(case) == 0s, points: 1, cooldown: 0s}\n");
	OPEN(&w, at("2026-03-02 10:00"), "a", "priority=low");
	OPEN(&w, at("2026-03-04 10:00"), "b", "priority=low");
	scene_clear(&w);
	assert_int_equal(engine_next_due(w.engine), at("2026-03-16 10:00"));
	scene_advance(&w, at("2026-03-16 10:00") - 1);
	scene_expect(&w, "");
	scene_advance(&w, at("2026-03-16 10:00"));
	scene_expect(&w, "2026-03-16T10:00:00.000Z c1 rule.fired old risk=20 cause=time\n");
	CLOSE(&w, at("2026-03-17 00:00"), "a");
	scene_expect(&w, "2026-03-17T00:00:00.000Z c1 rule.cleared old risk=0 cause=event\n");
	scene_advance(&w, at("2026-03-18 10:00"));
	scene_expect(&w, "2026-03-18T10:00:00.000Z c1 rule.fired old risk=20 cause=time\n");
	CLOSE(&w, at("2026-03-19 00:00"), "b");
	scene_expect(&w, "2026-03-19T00:00:00.000Z c1 rule.cleared old risk=1 cause=event\n"
			 "2026-03-19T00:00:00.000Z c1 rule.fired none risk=1 cause=event\n");
	assert_int_equal(engine_next_due(w.engine), NEVER);
	scene_finish(&w);
}

static void
an_item_dated_ahead_ages_from_its_own_moment(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, CASE "rules:\n- {rule: old, expr: oldest(case) >= 1h, points: 20}\n");
	OPEN(&w, at("2026-03-02 10:00"), "a", "ts=2026-03-02T10:04:00Z");
	scene_advance(&w, at("2026-03-03 00:00"));
	scene_expect(&w, "2026-03-02T11:04:00.000Z c1 rule.fired old risk=20 cause=time\n");
	scene_finish(&w);
}

#define SOLD(w, when, key, due) \
	scene_send(w, when, "c1", "device_sold", "serial=" key, "warranty_end=" due, NULL)

static void
until_due_counts_local_days_to_the_nearest_due_date_and_steps_at_midnight(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, "timezone: Asia/Shanghai\n" CASE
		       "rules:\n- {rule: soon, expr: until_due(device) <= 30d, points: 5}\n"
		       "- {rule: over, expr: until_due(device) < 0d, points: 7}\n");
	SOLD(&w, at("2026-03-02 10:00"), "x", "2026-06-01");
	SOLD(&w, at("2026-03-02 10:00"), "y", "2026-05-01");
	SOLD(&w, at("2026-03-02 10:00"), "gone", "2026-04-10");
	scene_send(&w, at("2026-03-03 10:00"), "c1", "device_retired", "serial=gone", NULL);
	scene_expect(&w, "");
	scene_advance(&w, at("2026-06-20 00:00"));
	scene_expect(&w, "2026-03-31T16:00:00.000Z c1 rule.fired soon risk=5 cause=time\n"
			 "2026-05-01T16:00:00.000Z c1 rule.fired over risk=12 cause=time\n");
	scene_finish(&w);
}

static void
with_none_open_any_comparison_of_until_due_is_false(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w,
		   CASE "rules:\n"
			"- {rule: lt, expr: 'until_due(device) < 30d', points: 1}\n"
			"- {rule: ge, expr: 'until_due(device) >= -9d', points: 2}\n"
			"- {rule: ne, expr: '1d != until_due(device)', points: 4}\n"
			"- {rule: half, expr: 'until_due(device) / 2 < 30d', points: 8}\n"
			"- {rule: not, expr: 'not (until_due(device) < 30d)', points: 16}\n");
	scene_send(&w, at("2026-03-02 10:00"), "c1", "x", NULL);
	scene_send(&w, at("2026-03-02 11:00"), "c1", "device_sold", "serial=u", NULL);
	scene_send(&w, at("2026-03-02 11:00"), "c1", "device_sold", "serial=v",
		   "warranty_end=soon", NULL);
	/* False, and not unknown: `not` of it is true. */
	scene_expect(&w, "2026-03-02T10:00:00.000Z c1 rule.fired not risk=16 cause=event\n");
	scene_finish(&w);
}

/* ---- order ---- */

struct one_event {
	const char *type, *ts, *priority;
};

/* Every order of five events of one item ends alike. */
static void
the_order_in_which_openings_and_closings_arrive_changes_nothing(void **state)
{
	static const struct one_event all[] = {
		{"ticket_opened", "ts=2026-03-01T10:00:00Z", "priority=low"},
		{"ticket_closed", "ts=2026-03-01T12:00:00Z", "x=1"},
		{"reopened", "ts=2026-03-01T13:00:00Z", "priority=high"},
		{"reopened", "ts=2026-03-01T13:00:00Z", "priority=urgent"},
		{"ticket_closed", "ts=2026-03-01T12:30:00Z", "x=1"},
	};
	unsigned orders = 0;
	(void)state;
	for (unsigned n = 0; n < 5 * 5 * 5 * 5 * 5; n++) {
		unsigned seen = 0, left = n;
		struct scene w;
		for (unsigned i = 0; i < 5; i++, left /= 5)
			seen |= 1u << left % 5;
		if (seen != 31)
			continue;
		orders++;
		scene_init(&w, CASE "rules:\n- {rule: r, expr: open(case) > 9, points: 1}\n");
		left = n;
		for (unsigned i = 0; i < 5; i++, left /= 5)
			scene_send(&w, at("2026-03-02 10:00"), "c1", all[left % 5].type,
				   "ticket=a", all[left % 5].ts, all[left % 5].priority, NULL);
		const struct item *item =
			item_find(engine_find(w.engine, STR("c1")), 0, STR("a"));
		assert_non_null(item);
		assert_int_equal(item->opened_at, at("2026-03-01 13:00"));
		assert_int_equal(item->closed_at, at("2026-03-01 12:30"));
		assert_true(str_is(item->kept[0], "urgent"));
		scene_finish(&w);
	}
	assert_int_equal(orders, 120);
}

static void
a_close_that_comes_before_its_opening_closes_it(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, CASE "rules:\n- {rule: r, expr: open(case) > 0, points: 1}\n");
	CLOSE(&w, at("2026-03-02 10:00"), "a");
	OPEN(&w, at("2026-03-02 10:01"), "a", "ts=2026-03-02T09:00:00Z");
	scene_expect(&w, "");
	assert_int_equal(open_items(&w), 0);
	/* What opens at the same moment as it closes is closed. */
	OPEN(&w, at("2026-03-02 10:02"), "a", "ts=2026-03-02T10:00:00Z");
	assert_int_equal(open_items(&w), 0);
	scene_finish(&w);
}

static void
an_event_without_the_key_opens_nothing(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, CASE "rules:\n- {rule: r, expr: open(case) > 0, points: 1}\n");
	scene_send(&w, at("2026-03-02 10:00"), "c1", "ticket_opened", "priority=low", NULL);
	scene_expect(&w, "");
	scene_finish(&w);
}

/* ---- limits ---- */

static void
send_many(struct scene *w, int64_t when, const char *type, unsigned from, unsigned to)
{
	char key[32];
	for (unsigned i = from; i < to; i++) {
		snprintf(key, sizeof key, "ticket=k%05u", i);
		scene_send(w, when + i, "c1", type, key, NULL);
	}
}

static void
the_257th_open_item_is_rejected_with_a_sentence(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, CASE "rules:\n- {rule: r, expr: open(case) > 999, points: 1}\n");
	send_many(&w, at("2026-03-02 10:00"), "ticket_opened", 0, 256);
	scene_expect(&w, "");
	send_many(&w, at("2026-03-02 11:00"), "ticket_opened", 256, 257);
	scene_expect(&w, "rejected: 256 items of case are open already; close some\n");
	assert_int_equal(open_items(&w), 256);
	/* One of the 256 may come again, and one that is closed makes room. */
	send_many(&w, at("2026-03-02 12:00"), "ticket_opened", 7, 8);
	send_many(&w, at("2026-03-02 13:00"), "ticket_closed", 7, 8);
	send_many(&w, at("2026-03-02 14:00"), "ticket_opened", 256, 257);
	scene_expect(&w, "");
	assert_int_equal(open_items(&w), 256);
	scene_finish(&w);
}

static void
ten_thousand_items_stay_within_bounds_and_the_oldest_closed_is_forgotten_first(void **state)
{
	struct scene w;
	unsigned count;
	(void)state;
	scene_init(&w, CASE "rules:\n- {rule: r, expr: open(case) > 999, points: 1}\n");
	for (unsigned i = 0; i < 10000; i++) {
		send_many(&w, at("2026-03-02 10:00") + 10 * i, "ticket_opened", i, i + 1);
		send_many(&w, at("2026-03-02 10:00") + 10 * i + 5, "ticket_closed", i, i + 1);
	}
	scene_expect(&w, "");
	const struct item *items = items_of(engine_find(w.engine, STR("c1")), 0, &count);
	assert_int_equal(count, CUSTOMER_MAX_ITEMS);
	assert_true(str_is(items[0].key, "k09744"));
	assert_true(engine_bytes(w.engine) < 4 * 1024 * 1024);
	scene_finish(&w);
}

static void
a_key_or_a_text_too_long_is_rejected_with_a_sentence(void **state)
{
	struct scene w;
	char key[200] = "ticket=", text[300] = "priority=";
	(void)state;
	memset(key + 7, 'k', 129);
	memset(text + 9, 'p', 257);
	scene_init(&w, CASE "rules:\n- {rule: r, expr: open(case) > 0, points: 1}\n");
	scene_send(&w, at("2026-03-02 10:00"), "c1", "ticket_opened", key, NULL);
	scene_send(&w, at("2026-03-02 10:00"), "c1", "ticket_opened", "ticket=a", text, NULL);
	scene_expect(&w, "rejected: ticket is the key of an item and longer than 128 bytes\n"
			 "rejected: priority is kept with an item and longer than 256 bytes\n");
	scene_finish(&w);
}

/* ---- changes of the file ---- */

static void
items_survive_a_change_of_what_is_kept_and_not_of_what_defines_them(void **state)
{
	static const char *const before =
		"items: {case: {open: ticket_opened, close: ticket_closed, key: ticket, keep: "
		"[priority]}}\n"
		"rules:\n- {rule: r, expr: open(case) > 9, points: 1}\n";
	struct scene w;
	(void)state;
	scene_init(&w, before);
	OPEN(&w, at("2026-03-02 10:00"), "a", "priority=high");
	scene_change(
		&w, at("2026-03-02 11:00"),
		"items:\n"
		"  other: {open: a, close: b, key: c}\n"
		"  ticket: {open: ticket_opened, close: ticket_closed, key: ticket, keep: "
		"[by, priority]}\n"
		"rules:\n- {rule: r, expr: open(ticket) > 9 or open(other) > 9, points: 1}\n");
	const struct customer *customer = engine_find(w.engine, STR("c1"));
	const struct item *item = item_find(customer, 1, STR("a"));
	assert_non_null(item);
	assert_true(str_is(item->kept[1], "high"));
	assert_int_equal(item->kept[0].n, 0);
	scene_change(&w, at("2026-03-02 12:00"),
		     "items: {case: {open: ticket_opened, close: done, key: ticket}}\n"
		     "rules:\n- {rule: r, expr: open(case) > 9, points: 1}\n");
	assert_null(item_find(customer, 0, STR("a")));
	scene_finish(&w);
}

static void
the_customers_json_shows_open_items(void **state)
{
	struct scene w;
	struct buf out = {0};
	(void)state;
	scene_init(&w, CASE "rules:\n- {rule: r, expr: open(case) > 9, points: 1}\n");
	OPEN(&w, at("2026-03-02 10:00"), "a", "priority=high");
	OPEN(&w, at("2026-03-02 10:00"), "b", "priority=low");
	CLOSE(&w, at("2026-03-02 10:30"), "b");
	SOLD(&w, at("2026-03-02 11:00"), "x", "2026-06-01");
	customer_json(&out, w.engine, engine_find(w.engine, STR("c1")), w.at);
	assert_non_null(strstr(
		out.p,
		"\"items\":[{\"items\":\"case\",\"key\":\"a\",\"opened_at\":\"2026-03-02T"
		"10:00:00.000Z\",\"kept\":{\"priority\":\"high\"}},{\"items\":\"device\","
		"\"key\":\"x\",\"opened_at\":\"2026-03-02T11:00:00.000Z\",\"due\":\"2026-"
		"06-01\",\"kept\":{\"warranty_end\":\"2026-06-01\"}}]"));
	buf_finish(&out);
	scene_finish(&w);
}

/* ---- what is forgotten ---- */

/* The first is closed and its rule still fires; of the others the one that was closed first is not the first by its key. */
static void
of_too_many_the_one_closed_longest_ago_goes_unless_its_rule_fires(void **state)
{
	struct scene w;
	const struct customer *customer;
	char key[24];
	(void)state;
	scene_init(&w, CASE "rules:\n- {rule: old, each: case, expr: 'oldest(case) >= 2d', "
			    "keep_firing_for: 9d}\n");
	OPEN(&w, at("2026-03-02 10:00"), "0", "priority=low");
	for (int i = 1; i < CUSTOMER_MAX_ITEMS; i++) {
		snprintf(key, sizeof key, "ticket=%d", i);
		scene_send(&w, at("2026-03-03 10:00"), "c1", "ticket_opened", key, NULL);
	}
	/* What closes one that was never opened finds no room, and is not missed. */
	CLOSE(&w, at("2026-03-03 11:00"), "x");
	customer = engine_find(w.engine, STR("c1"));
	assert_null(item_find(customer, 0, STR("x")));
	scene_advance(&w, at("2026-03-04 10:00"));
	CLOSE(&w, at("2026-03-04 10:00"), "0");
	CLOSE(&w, at("2026-03-04 11:00"), "2");
	CLOSE(&w, at("2026-03-04 12:00"), "1");
	scene_send(&w, at("2026-03-04 12:30"), "c1", "ticket_closed", "ticket=x",
		   "ts=2026-03-04T10:30:00Z", NULL);
	assert_null(item_find(customer, 0, STR("x")));
	OPEN(&w, at("2026-03-04 13:00"), "new", "priority=low");
	assert_non_null(item_find(customer, 0, STR("0")));
	assert_non_null(item_find(customer, 0, STR("1")));
	assert_null(item_find(customer, 0, STR("2")));
	assert_non_null(item_find(customer, 0, STR("new")));
	scene_finish(&w);
}

static void
a_close_that_comes_late_moves_no_later_one(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, CASE "rules:\n- {rule: r, expr: open(case) >= 9}\n");
	OPEN(&w, at("2026-03-02 10:00"), "a", "priority=low");
	CLOSE(&w, at("2026-03-02 12:00"), "a");
	scene_send(&w, at("2026-03-02 13:00"), "c1", "ticket_closed", "ticket=a",
		   "ts=2026-03-02T11:00:00Z", NULL);
	assert_int_equal(item_find(engine_find(w.engine, STR("c1")), 0, STR("a"))->closed_at,
			 at("2026-03-02 12:00"));
	scene_finish(&w);
}

static void
a_due_date_may_be_an_instant_and_is_its_local_day(void **state)
{
	static const struct {
		const char *word;
		const char *said;
	} table[] = {
		{"warranty_end=2026-03-08T20:00:00Z", "rule.fired"}, /* the 9th in Shanghai */
		{"warranty_end=2026-03-09", "rule.fired"},
		{"warranty_end=2026-03-08T10:00:00Z", NULL},
		{"warranty_end=soon", NULL},
	};
	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct scene w;
		scene_init(&w, "timezone: Asia/Shanghai\n" CASE
			       "rules:\n- {rule: r, expr: until_due(device) == 7d}\n");
		scene_send(&w, at("2026-03-02 02:00"), "c1", "device_sold", "serial=s",
			   table[i].word, NULL);
		if (table[i].said)
			assert_non_null(strstr(w.said.p, table[i].said));
		else
			scene_expect(&w, "");
		scene_finish(&w);
	}
}

static void
the_source_of_an_event_may_be_the_key(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, "items: {feed: {open: up, close: down, key: source, keep: [source]}}\n"
		       "rules:\n- {rule: r, expr: open(feed) >= 2, points: 3}\n");
	scene_send(&w, at("2026-03-02 10:00"), "c1", "up", "source=crm", NULL);
	scene_send(&w, at("2026-03-02 10:00"), "c1", "up", NULL); /* of none */
	scene_expect(&w, "");
	scene_send(&w, at("2026-03-02 11:00"), "c1", "up", "source=web", NULL);
	scene_expect(&w, "2026-03-02T11:00:00.000Z c1 rule.fired r risk=3 cause=event\n");
	scene_finish(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(open_counts_items_that_were_opened_and_not_closed),
		cmocka_unit_test(open_with_a_condition_counts_items_that_satisfy_it),
		cmocka_unit_test(a_kept_attribute_takes_the_type_its_use_asks_for),
		cmocka_unit_test(oldest_grows_from_the_oldest_open_item_and_is_0s_with_none),
		cmocka_unit_test(an_item_dated_ahead_ages_from_its_own_moment),
		cmocka_unit_test(
			until_due_counts_local_days_to_the_nearest_due_date_and_steps_at_midnight),
		cmocka_unit_test(with_none_open_any_comparison_of_until_due_is_false),
		cmocka_unit_test(
			the_order_in_which_openings_and_closings_arrive_changes_nothing),
		cmocka_unit_test(a_close_that_comes_before_its_opening_closes_it),
		cmocka_unit_test(an_event_without_the_key_opens_nothing),
		cmocka_unit_test(the_257th_open_item_is_rejected_with_a_sentence),
		cmocka_unit_test(
			ten_thousand_items_stay_within_bounds_and_the_oldest_closed_is_forgotten_first),
		cmocka_unit_test(a_key_or_a_text_too_long_is_rejected_with_a_sentence),
		cmocka_unit_test(
			items_survive_a_change_of_what_is_kept_and_not_of_what_defines_them),
		cmocka_unit_test(the_customers_json_shows_open_items),
		cmocka_unit_test(
			of_too_many_the_one_closed_longest_ago_goes_unless_its_rule_fires),
		cmocka_unit_test(a_close_that_comes_late_moves_no_later_one),
		cmocka_unit_test(a_due_date_may_be_an_instant_and_is_its_local_day),
		cmocka_unit_test(the_source_of_an_event_may_be_the_key),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
