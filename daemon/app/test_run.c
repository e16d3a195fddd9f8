/* SPDX-License-Identifier: Apache-2.0 */
/* Drives one rule test: its events and moments in the order of time, through the live engine. */
#include "app/test_run.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "codec/alert_json.h"
#include "codec/event.h"

/* Tests give the same bytes each time whatever the seed of the tables is. */
static const struct hash_seed table_seed = {.k0 = 5, .k1 = 6};

struct run {
	const struct test_file *file;
	const struct test_case *test;
	struct engine *engine; /* owned */
	const struct ruleset *rules;
	struct test_result *result;
	struct order_sink sink;
	struct stream_id last;
	const struct test_event *event; /* being applied; NULL: a profile, or time */
	unsigned *fired;
	struct test_raised *raised; /* owned: of the types that the test names */
	size_t count, cap;
	struct buf body, scratch;
};

void
test_result_init(struct test_result *result, const struct ctl *ctl)
{
	*result = (struct test_result){.ctl = ctl};
	arena_init(&result->arena);
}

void
test_result_finish(struct test_result *result)
{
	mem_free(result->failures);
	arena_finish(&result->arena);
}

void
test_result_fail(struct test_result *result, int line, struct str what, struct str expected,
		 struct str actual)
{
	MEM_RESERVE(result->failures, result->cap, result->count + 1);
	result->failures[result->count++] = (struct test_failure){
		line, arena_str(&result->arena, what), arena_str(&result->arena, expected),
		arena_str(&result->arena, actual)};
}

const char *
test_result_say(const struct test_result *result, const char *en, const char *zh)
{
	return result->ctl->zh ? zh : en;
}

struct str
test_run_moment(struct arena *arena, const struct test_file *file, const struct ruleset *rules,
		int64_t at)
{
	int64_t day = zone_day(rules->zone, at), clock = at + zone_offset(rules->zone, at);
	int64_t ms = (clock % DAY_MS + DAY_MS) % DAY_MS;
	int minutes = (int)(ms / MINUTE_MS), seconds = (int)(ms / SECOND_MS % 60);

	if (seconds > 0)
		return arena_printf(arena, "%lldd %02d:%02d:%02d",
				    (long long)(day - file->start_day), minutes / 60,
				    minutes % 60, seconds);
	return arena_printf(arena, "%lldd %02d:%02d", (long long)(day - file->start_day),
			    minutes / 60, minutes % 60);
}

/* ---- what the engine orders ---- */

static void
keep_alert(struct run *run, const struct order *order, struct str type)
{
	json_t *body;

	buf_clear(&run->body);
	if (order->kind == ORDER_ALERT)
		alert_json(&run->body, run->engine, order);
	else
		task_alert_json(&run->body, run->engine, order);
	body = json_loadb(run->body.p, run->body.n, 0, NULL);
	MEM_RESERVE(run->raised, run->cap, run->count + 1);
	run->raised[run->count++] = (struct test_raised){
		.at = order->kind == ORDER_ALERT ? order->u.alert.at : order->u.task.at,
		.type = arena_str(&run->result->arena, type),
		.data = json_incref(json_object_get(body, "data")),
	};
	json_decref(body);
}

static void
take_reject(struct run *run, const struct order *order)
{
	struct arena *arena = &run->result->arena;
	int line = run->event ? run->test->inputs[run->event->input].line : run->test->line;
	struct str at = test_run_moment(arena, run->file, run->rules, order->caused_by.ms);

	test_result_fail(run->result, line,
			 arena_printf(arena, "%s %.*s",
				      test_result_say(run->result, "an event at", "事件"),
				      STR_ARG(at)),
			 str_of(test_result_say(run->result, "taken", "被接受")),
			 arena_printf(arena, "%s: %.*s",
				      test_result_say(run->result, "rejected", "被拒绝"),
				      STR_ARG(order->u.reject)));
}

static void
take_order(void *ctx, const struct order *order)
{
	struct run *run = ctx;
	struct str type;

	if (order->kind == ORDER_REJECT) {
		take_reject(run, order);
		return;
	}
	if (order->kind == ORDER_ALERT && order->u.alert.type == ALERT_RULE_FIRED)
		run->fired[order->u.alert.rule]++;
	type = alert_json_type(&run->scratch, order);
	if (test_match_names(run->test, type))
		keep_alert(run, order, type);
}

/* ---- entries ---- */

static void
apply(struct run *run, const struct field *fields, unsigned count, int64_t arrives)
{
	struct stream_id id = {arrives, arrives == run->last.ms ? run->last.seq + 1 : 0};
	struct arena arena;
	struct entry entry;
	struct err err;

	arena_init(&arena);
	run->last = id;
	if (event_decode(id, fields, count, &arena, &entry, &err)) {
		(void)engine_apply(run->engine, &entry, 1, &run->sink);
	} else {
		struct order order = {.kind = ORDER_REJECT, .caused_by = id};

		order.u.reject = str_of(err.text);
		take_reject(run, &order);
	}
	arena_finish(&arena);
}

static void
apply_profiles(struct run *run)
{
	const struct test_case *test = run->test;
	int64_t start = zone_day_start(run->rules->zone, run->file->start_day);
	struct field fields[TEST_MAX_FIELDS];
	char id[TEST_ID_TEXT];

	for (unsigned c = 0; c < test->customers && test->profile_count > 1; c++) {
		unsigned count = 0;

		fields[count++] = (struct field){STR("type"), STR("profile")};
		fields[count++] =
			(struct field){STR("customer"), test_customer_id(test, c, id)};
		for (unsigned i = 1; i < test->profile_count; i++)
			fields[count++] = (struct field){test->profile[i].key,
							 test->profile[i].values[0]};
		apply(run, fields, count, start);
	}
}

static void
apply_event(struct run *run, const struct test_event *event)
{
	struct field fields[TEST_MAX_FIELDS];
	unsigned count = test_event_fields(run->test, event, fields);
	char id[TEST_ID_TEXT], ts[32];
	struct buf text = {0};

	buf_int(&text, event->ts);
	memcpy(ts, text.p, text.n);
	fields[count++] = (struct field){STR("ts"), {ts, text.n}};
	fields[count++] = (struct field){STR("customer"),
					 test_customer_id(run->test, event->customer, id)};
	run->event = event;
	apply(run, fields, count, event->arrives);
	run->event = NULL;
	buf_finish(&text);
}

/* ---- moments ---- */

/* Of a day its end, so that it agrees with an alert of that day. */
static int64_t
moment_of(const struct test_expect *expect)
{
	return expect->at.is_day ? expect->at.to - 1 : expect->at.from;
}

static int
by_moment(const void *left, const void *right)
{
	const struct test_expect *a = *(const struct test_expect *const *)left;
	const struct test_expect *b = *(const struct test_expect *const *)right;

	if (moment_of(a) != moment_of(b))
		return moment_of(a) < moment_of(b) ? -1 : 1;
	return a->line < b->line ? -1 : a->line > b->line;
}

static const struct test_expect **
sort_moments(const struct test_case *test)
{
	const struct test_expect **moments = mem_array(test->expect_count + 1, sizeof *moments);

	for (unsigned i = 0; i < test->expect_count; i++)
		moments[i] = &test->expects[i];
	if (test->expect_count > 0)
		qsort(moments, test->expect_count, sizeof *moments, by_moment);
	return moments;
}

static void
play(struct run *run, const struct test_event *events, size_t count)
{
	const struct test_case *test = run->test;
	const struct test_expect **moments = sort_moments(test);
	size_t next = 0;

	apply_profiles(run);
	for (unsigned i = 0; i < test->expect_count; i++) {
		int64_t at = moment_of(moments[i]);

		while (next < count && events[next].arrives <= at)
			apply_event(run, &events[next++]);
		engine_advance(run->engine, at, &run->sink);
		test_judge(run->result, run->file, test, moments[i], run->engine);
	}
	while (next < count && events[next].arrives <= test->until)
		apply_event(run, &events[next++]);
	engine_advance(run->engine, test->until, &run->sink);
	mem_free((void *)moments);
}

void
test_run(const struct test_file *file, const struct test_case *test, struct ruleset *rules,
	 struct test_result *result, unsigned *fired)
{
	struct run run = {
		.file = file, .test = test, .rules = rules, .result = result, .fired = fired};
	struct test_event *events = NULL;
	size_t count = 0;

	run.sink = (struct order_sink){&run, take_order};
	run.engine = engine_create(rules, table_seed);
	if (test_events_make(test, file, rules, &events, &count))
		play(&run, events, count);
	else
		test_result_fail(
			result, test->line,
			str_of(test_result_say(result, "the input", "输入")),
			arena_printf(&result->arena, "%s %d",
				     test_result_say(result, "events at most", "事件至多"),
				     TEST_MAX_EVENTS),
			str_of(test_result_say(result, "more", "更多")));
	if (test->has_alerts)
		test_match(result, file, test, rules, run.raised, run.count);
	for (size_t i = 0; i < run.count; i++)
		json_decref(run.raised[i].data);
	mem_free(run.raised);
	mem_free(events);
	engine_destroy(run.engine);
	buf_finish(&run.body);
	buf_finish(&run.scratch);
}
