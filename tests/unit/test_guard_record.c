/* SPDX-License-Identifier: Apache-2.0 */
/* The guard across a restart: its record, and customers whose records are older than it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/civil.h"
#include "base/mem.h"
#include "codec/guard_record.h"
#include "codec/record.h"
#include "support/scene.h"
#include "unit/lcg.h"

#define RULES                                                                        \
	"defaults: {min_volume: 6, max_alerts_per_hour: 2, cooldown: 0s}\n"          \
	"levels: {watch: {enter: 10, leave: 5}}\n"                                   \
	"signals: {login: {on: login}, paid: {on: paid, sum: value}}\n"              \
	"rules:\n"                                                                   \
	"- {rule: quiet, expr: 'silent(login) >= 9h', points: 10}\n"                 \
	"- {rule: raw, expr: 'silent(login) >= 9h', points: 1, guard: off}\n"        \
	"- {rule: held, expr: 'silent(login) >= 4h', for: 3h, points: 3}\n"          \
	"- {rule: drop, expr: 'rate(login[1d]) < 0.5 * rate(login[3d offset 1d])', " \
	"points: 5}\n"                                                               \
	"- {rule: due, expr: 'after(login, paid) > 5h', points: 2}\n"                \
	"- {rule: spent, expr: 'sum(paid[6h live]) > 20', points: 2}\n"              \
	"actions: [{on: rule.fired, task: call}, {on: feed.silent, webhook: ops}]\n" \
	"tasks: {call: {title: Call}}\n"

#define MOST 12000 /* events */
#define CUSTOMERS 150

/* One event of the made history. */
struct made {
	int64_t at;
	char customer[8], type[8], source[12], value[12], ts[24];
};

struct history {
	struct made *list;
	size_t count;
};

static int64_t
below(struct lcg *lcg, int64_t limit)
{
	return (int64_t)lcg_below(lcg, (uint64_t)limit);
}

/* Five weeks and a half: a web tracker that dies now and then, for hours or days, and an app. */
static struct history
make(struct lcg *lcg)
{
	struct history history = {.list = mem_array(MOST, sizeof *history.list)};
	int64_t now = at("2026-03-02 00:00"), dead_until = 0;
	while (now < at("2026-04-09 12:00") && history.count < MOST) {
		now += below(lcg, 8 * MINUTE_MS);
		if (now > at("2026-03-29 00:00") && now > dead_until && below(lcg, 60) == 0)
			dead_until = now + below(lcg, 30 * HOUR_MS);
		bool web = below(lcg, 5) > 0;
		if (web && now < dead_until && below(lcg, 12))
			continue;
		struct made *made = &history.list[history.count++];
		made->at = now;
		snprintf(made->customer, sizeof made->customer, "c%d",
			 (int)below(lcg, 1 + (int64_t)history.count * (CUSTOMERS - 1) / MOST));
		snprintf(made->type, sizeof made->type, "%s", below(lcg, 4) ? "login" : "paid");
		snprintf(made->source, sizeof made->source, "source=%s", web ? "web" : "app");
		snprintf(made->value, sizeof made->value, "value=%d", (int)below(lcg, 9));
		snprintf(made->ts, sizeof made->ts, "ts=%lld",
			 (long long)(now - (below(lcg, 20) ? 0 : below(lcg, DAY_MS))));
	}
	return history;
}

static void
play(struct scene *scene, const struct history *history, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		const struct made *made = &history->list[i];
		scene_send(scene, made->at, made->customer, made->type, made->source,
			   made->value, made->ts, NULL);
	}
}

struct saved {
	struct stream_id applied;
	struct buf now, past;
	struct buf records[CUSTOMERS];
	struct str ids[CUSTOMERS];
	size_t count;
};

static void
save_customers(struct saved *saved, const struct scene *scene, bool due)
{
	saved->applied = engine_position(scene->engine);
	saved->count = engine_customers(scene->engine);
	for (size_t i = 0; i < saved->count; i++) {
		const struct customer *customer = engine_customer_at(scene->engine, i);
		saved->ids[i] = customer_id(customer);
		record_encode_due(&saved->records[i], engine_rules(scene->engine), customer,
				  saved->applied,
				  due ? engine_due_at(scene->engine, customer) : 0);
	}
}

static void
save_guard(struct saved *saved, const struct scene *scene)
{
	guard_encode(&saved->now, engine_guard(scene->engine), engine_position(scene->engine),
		     saved->applied.ms);
	guard_encode_past(&saved->past, engine_guard(scene->engine));
}

static void
saved_finish(struct saved *saved)
{
	for (size_t i = 0; i < saved->count; i++)
		buf_finish(&saved->records[i]);
	buf_finish(&saved->now);
	buf_finish(&saved->past);
}

/* Customers as of their records, the guard as of its own. */
static void
revive(struct scene *scene, const struct saved *saved)
{
	struct stream_id applied;
	struct guard guard;
	struct err err = {{0}};
	scene_init(scene, RULES);
	engine_resume(scene->engine, saved->applied);
	for (size_t i = 0; i < saved->count; i++) {
		struct customer *customer =
			record_decode(engine_rules(scene->engine), saved->ids[i],
				      buf_view(&saved->records[i]), &applied, &err);
		assert_non_null(customer);
		assert_true(engine_load(scene->engine, customer, applied, &err));
	}
	if (!guard_decode(buf_view(&saved->now), buf_view(&saved->past), &guard, &applied,
			  &err))
		fail_msg("%s", err.text);
	engine_load_guard(scene->engine, &guard, applied);
	scene->at = saved->applied.ms;
	scene->seq = saved->applied.seq;
}

static void
assert_same(const struct scene *a, const struct scene *b)
{
	struct saved x = {0}, y = {0};
	save_customers(&x, a, false);
	save_customers(&y, b, false);
	assert_int_equal(x.count, y.count);
	for (size_t i = 0; i < x.count; i++) {
		struct buf other = {0};
		const struct customer *same = engine_find(b->engine, x.ids[i]);
		record_encode(&other, engine_rules(b->engine), same, y.applied);
		if (!str_eq(buf_view(&x.records[i]), buf_view(&other)))
			fail_msg("the state of %.*s differs", STR_ARG(x.ids[i]));
		buf_finish(&other);
	}
	x.applied.ms = y.applied.ms = INT64_MAX;
	save_guard(&x, a);
	save_guard(&y, b);
	assert_true(str_eq(buf_view(&x.now), buf_view(&y.now)));
	assert_true(str_eq(buf_view(&x.past), buf_view(&y.past)));
	saved_finish(&x);
	saved_finish(&y);
}

/* The engine dies: its customers are as of one moment, its guard as of a later one, and what lies between is
 * applied again in silence. */
static void
die_and_go_on(struct lcg *lcg, int *silences, int *muted)
{
	struct history history = make(lcg);
	struct scene whole, again;
	struct saved saved = {0};
	size_t late = history.count * 7 / 10;
	size_t low = late + (size_t)below(lcg, (int64_t)(history.count - late) - 2);
	size_t position = low + (size_t)below(lcg, (int64_t)(history.count - low));
	scene_init(&whole, RULES);
	play(&whole, &history, 0, low);
	save_customers(&saved, &whole, true);
	play(&whole, &history, low, position);
	save_guard(&saved, &whole);
	revive(&again, &saved);
	play(&again, &history, low, position);
	assert_same(&whole, &again);
	scene_clear(&again);
	for (const char *p = whole.said.p; p && (p = strstr(p, "feed.silent")); p++)
		++*silences;
	for (const char *p = whole.said.p; p && (p = strstr(p, "rule.muted")); p++)
		++*muted;
	scene_clear(&whole);
	assert_int_equal(engine_next_due(whole.engine), engine_next_due(again.engine));
	play(&whole, &history, position, history.count);
	play(&again, &history, position, history.count);
	scene_advance(&whole, at("2026-04-12 00:00"));
	scene_advance(&again, at("2026-04-12 00:00"));
	scene_expect(&again, whole.said.n ? whole.said.p : "");
	assert_same(&whole, &again);
	saved_finish(&saved);
	scene_finish(&whole);
	scene_finish(&again);
	mem_free(history.list);
}

static void
after_a_death_nothing_is_counted_twice_or_lost(void **state)
{
	int silences = 0, muted = 0;
	(void)state;
	for (uint64_t seed = 1; seed <= 3; seed++) {
		struct lcg lcg = {seed};
		die_and_go_on(&lcg, &silences, &muted);
	}
	assert_true(silences > 3);
	assert_true(muted > 3);
}

static void
busy(struct scene *scene, int64_t from, int64_t to)
{
	for (; from < to; from += 5 * MINUTE_MS)
		scene_send(scene, from + 1, "busy", "login", NULL);
}

/* Its silence is long enough by the clock, and not without the suspect time: its wake lies ahead. */
static void
a_loaded_customer_is_due_when_its_silence_without_suspect_time_is(void **state)
{
	struct scene whole, again;
	struct saved saved = {0};
	(void)state;
	scene_init(&whole, RULES);
	busy(&whole, at("2026-03-02 00:00"), at("2026-03-30 10:00"));
	scene_send(&whole, at("2026-03-30 10:00"), "lost", "login", NULL);
	busy(&whole, at("2026-03-31 06:00"), at("2026-03-31 08:00"));
	scene_clear(&whole);
	save_customers(&saved, &whole, true);
	save_guard(&saved, &whole);
	revive(&again, &saved);
	busy(&again, at("2026-03-31 08:00"), at("2026-03-31 16:00"));
	assert_non_null(strstr(again.said.p, "2026-03-31T15:00:00.000Z lost rule.fired quiet"));
	saved_finish(&saved);
	scene_finish(&whole);
	scene_finish(&again);
}

static void
damaged_bytes_are_refused(void **state)
{
	struct saved saved = {0};
	struct scene scene;
	struct lcg lcg = {5};
	struct history history = make(&lcg);
	(void)state;
	scene_init(&scene, RULES);
	play(&scene, &history, 0, history.count * 9 / 10);
	save_customers(&saved, &scene, true);
	save_guard(&saved, &scene);
	for (size_t i = 0; i < 400; i++) {
		struct buf *buf = i % 2 ? &saved.now : &saved.past;
		size_t where = (size_t)below(&lcg, (int64_t)buf->n);
		struct stream_id applied;
		struct guard guard;
		struct err err;
		buf->p[where] ^= 1;
		assert_false(guard_decode(buf_view(&saved.now), buf_view(&saved.past), &guard,
					  &applied, &err));
		assert_false(guard_decode(str_slice(buf_view(&saved.now), 0, i % saved.now.n),
					  buf_view(&saved.past), &guard, &applied, &err));
		buf->p[where] ^= 1;
	}
	saved_finish(&saved);
	scene_finish(&scene);
	mem_free(history.list);
}

static void
sum_again(struct buf *record)
{
	uint32_t sum = (uint32_t)crc32(0, (const Bytef *)record->p, (uInt)(record->n - 4));
	for (unsigned i = 0; i < 4; i++)
		record->p[record->n - 4 + i] = (char)(sum >> 8 * i & 255);
}

/* Also where the sum fits: whatever the bytes say, they are refused or make a guard. */
static void
hostile_bytes_do_no_harm(void **state)
{
	struct saved saved = {0};
	struct scene scene;
	struct lcg lcg = {7};
	struct history history = make(&lcg);
	unsigned refused = 0;
	(void)state;
	scene_init(&scene, RULES);
	play(&scene, &history, 0, history.count * 9 / 10);
	save_guard(&saved, &scene);
	for (size_t i = 0; i < 2000; i++) {
		struct buf *buf = i % 3 ? &saved.now : &saved.past;
		size_t where = (size_t)below(&lcg, (int64_t)buf->n - 4);
		char before = buf->p[where];
		struct stream_id applied;
		struct guard guard;
		struct err err;
		buf->p[where] = (char)below(&lcg, 256);
		sum_again(buf);
		if (guard_decode(buf_view(&saved.now), buf_view(&saved.past), &guard, &applied,
				 &err))
			guard_finish(&guard);
		else
			refused++;
		buf->p[where] = before;
		sum_again(buf);
	}
	assert_true(refused > 100);
	saved_finish(&saved);
	scene_finish(&scene);
	mem_free(history.list);
}

/* Feeds keep their past over a change of rules; what no signal reads any more is forgotten. */
static void
a_change_of_rules_keeps_volumes_and_suspect_time(void **state)
{
	struct scene scene;
	struct lcg lcg = {5};
	struct history history = make(&lcg);
	(void)state;
	scene_init(&scene, RULES);
	play(&scene, &history, 0, history.count * 8 / 10);
	unsigned feeds = engine_guard(scene.engine)->feed_count;
	assert_int_equal(feeds, 4);
	scene_change(&scene, scene.at + 1000,
		     "defaults: {min_volume: 10}\nsignals: {new: {on: login}}\n"
		     "rules: [{rule: quiet, expr: 'silent(new) >= 9h', points: 10}]\n");
	scene_advance(&scene, scene.at + 2 * HOUR_MS);
	const struct guard *guard = engine_guard(scene.engine);
	unsigned read = 0;
	for (unsigned i = 0; i < guard->feed_count; i++) {
		assert_true(guard->feeds[i]->span_count > 0 || guard->feeds[i]->counts);
		read += guard->feeds[i]->counts;
		if (guard->feeds[i]->counts)
			assert_true(guard->feeds[i]->total > 500);
	}
	assert_int_equal(read, 2);
	scene_finish(&scene);
	mem_free(history.list);
}

/* Takes the guard's record as a commit does; both halves of what lies in Redis then have to fit. */
static void
commit(struct scene *scene, struct buf *now, struct buf *past)
{
	struct stream_id applied;
	struct guard guard;
	struct err err = {{0}};
	bool rolled;
	if (!engine_take_guard(scene->engine, engine_low(scene->engine), &rolled))
		return;
	buf_clear(now);
	guard_encode(now, engine_guard(scene->engine), engine_position(scene->engine),
		     INT64_MIN);
	if (rolled) {
		buf_clear(past);
		guard_encode_past(past, engine_guard(scene->engine));
	}
	if (!guard_decode(buf_view(now), buf_view(past), &guard, &applied, &err))
		fail_msg("%s", err.text);
	guard_finish(&guard);
}

/* No event here counts for a signal: there are caps now and then, and never a feed. */
static void
a_guard_that_held_nothing_for_hours_is_read_again(void **state)
{
	struct scene scene;
	struct buf now = {0}, past = {0};
	(void)state;
	scene_init(&scene, "defaults: {max_alerts_per_hour: 5, cooldown: 0s}\n"
			   "signals: {login: {on: login}}\n"
			   "rules: [{rule: bad, on: nps, expr: 'event.value < 5', points: 10, "
			   "keep_firing_for: 10m}]\n");
	for (int64_t t = at("2026-03-02 09:00"); t < at("2026-03-04 09:00"); t += 5 * HOUR_MS) {
		scene_send(&scene, t, "c1", "nps", "value=1", NULL);
		commit(&scene, &now, &past);
		scene_advance(&scene, t + 2 * HOUR_MS);
		commit(&scene, &now, &past);
		scene_send(&scene, t + 3 * HOUR_MS, "c1", "profile", "name=n", NULL);
		commit(&scene, &now, &past);
	}
	assert_true(now.n > 0 && past.n > 0);
	scene_finish(&scene);
	buf_finish(&now);
	buf_finish(&past);
}

/* A customer whose record is older may be looked at again in an hour gone by: whether its alert was muted then is known
 * until no recovery can begin before the end of that hour. */
static void
what_was_full_is_kept_until_no_recovery_can_ask(void **state)
{
	struct scene scene;
	struct stream_id early, late;
	bool rolled;
	(void)state;
	scene_init(&scene, "defaults: {max_alerts_per_hour: 1, cooldown: 0s}\n"
			   "signals: {login: {on: login}}\n"
			   "rules: [{rule: bad, on: nps, expr: 'event.value < 5', points: 10, "
			   "keep_firing_for: 10m}]\n");
	scene_send(&scene, at("2026-03-02 09:00"), "c0", "login", NULL);
	early = engine_position(scene.engine);
	for (unsigned i = 0; i < 3; i++) {
		char customer[] = {'c', (char)('1' + i), 0};
		scene_send(&scene, at("2026-03-02 09:30"), customer, "nps", "value=1", NULL);
	}
	scene_send(&scene, at("2026-03-02 12:00"), "c0", "login", NULL);
	late = engine_position(scene.engine);
	assert_int_equal(engine_guard(scene.engine)->cap_count, 1);
	assert_true(engine_take_guard(scene.engine, early, &rolled));
	assert_int_equal(engine_guard(scene.engine)->cap_count, 1);
	scene_send(&scene, at("2026-03-02 12:01"), "c0", "login", NULL);
	assert_true(engine_take_guard(scene.engine, late, &rolled));
	assert_int_equal(engine_guard(scene.engine)->cap_count, 0);
	scene_finish(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(after_a_death_nothing_is_counted_twice_or_lost),
		cmocka_unit_test(
			a_loaded_customer_is_due_when_its_silence_without_suspect_time_is),
		cmocka_unit_test(damaged_bytes_are_refused),
		cmocka_unit_test(hostile_bytes_do_no_harm),
		cmocka_unit_test(a_change_of_rules_keeps_volumes_and_suspect_time),
		cmocka_unit_test(a_guard_that_held_nothing_for_hours_is_read_again),
		cmocka_unit_test(what_was_full_is_kept_until_no_recovery_can_ask),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
