/* SPDX-License-Identifier: Apache-2.0 */
/* Shows that figures come back from their records, and that nothing is counted twice or lost over a crash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/quality_record.h"
#include "codec/record.h"
#include "support/scene.h"
#include "unit/lcg.h"

#define TWO                                                                                     \
	"levels: {watch: {enter: 30, leave: 20}}\n"                                             \
	"profile: {status: {enum: [active, cancelled], default: active}}\n"                     \
	"only: profile.status != \"cancelled\"\n"                                               \
	"signals: {login: {on: login}}\n"                                                       \
	"rules:\n- {rule: struck, on: hit, expr: 'event.value > 0', points: 40, cooldown: 0s, " \
	"keep_firing_for: 1h}\n"                                                                \
	"- {rule: other, on: blow, expr: 'event.value > 0', points: 5, cooldown: 0s}\n"
#define CALLED "actions: [{on: rule.fired, rule: struck, task: call}]\ntasks: {call: {}}\n"

static struct buf
encode_all(const struct engine *engine)
{
	struct buf out = {0};
	for (unsigned chunk = 0; chunk < QUALITY_CHUNKS; chunk++)
		quality_encode(&out, engine_quality(engine), chunk, (struct stream_id){0, 0});
	return out;
}

/* What lay in Redis after a commit: figures of chunks that had news, records of some customers. */
struct store {
	struct buf chunks[QUALITY_CHUNKS];
	struct buf records[8];
	struct str ids[8];
	size_t count;
};

static void
take_record(void *ctx, const struct customer *customer)
{
	struct store *store = ctx;
	size_t i = (size_t)(customer_id(customer).p[1] - '0');
	store->ids[i] = customer_id(customer);
	store->count = store->count > i + 1 ? store->count : i + 1;
	buf_clear(&store->records[i]);
}

static void
commit_figures(struct store *store, struct engine *engine, unsigned chunks)
{
	for (unsigned chunk = 0; chunk < chunks; chunk++) {
		if (!engine_take_quality(engine, chunk))
			continue;
		buf_clear(&store->chunks[chunk]);
		quality_encode(&store->chunks[chunk], engine_quality(engine), chunk,
			       engine_position(engine));
	}
}

static void
commit(struct store *store, struct engine *engine, size_t records)
{
	commit_figures(store, engine, QUALITY_CHUNKS);
	(void)engine_take_dirty(engine, records, take_record, store);
	for (size_t i = 0; i < store->count; i++)
		if (store->ids[i].n && store->records[i].n == 0)
			record_encode(&store->records[i], engine_rules(engine),
				      engine_find(engine, store->ids[i]),
				      engine_position(engine));
}

static struct scene
recover(const struct store *store, struct stream_id low, const char *rules)
{
	struct scene again;
	struct stream_id applied;
	struct err err = {""};
	scene_init(&again, rules);
	if (low.ms > 0)
		engine_resume(again.engine, low);
	for (size_t i = 0; i < store->count; i++) {
		if (store->records[i].n == 0)
			continue;
		struct customer *customer =
			record_decode(engine_rules(again.engine), store->ids[i],
				      buf_view(&store->records[i]), &applied, &err);
		if (!customer || !engine_load(again.engine, customer, applied, &err))
			fail_msg("%s", err.text);
	}
	for (unsigned chunk = 0; chunk < QUALITY_CHUNKS; chunk++)
		if (store->chunks[chunk].n &&
		    !quality_decode(buf_view(&store->chunks[chunk]), again.engine, &err))
			fail_msg("%s", err.text);
	again.at = low.ms;
	again.seq = low.seq;
	return again;
}

struct made {
	int64_t at;
	char customer[4];
	const char *type, *more;
	struct stream_id id;
};

static void
play(struct scene *w, const struct made *made)
{
	const struct customer *c = engine_find(w->engine, str_of(made->customer));
	char task[48] = "task=none", id[ORDER_ID];
	if (strcmp(made->type, "churnd.task") != 0) {
		scene_send(w, made->at, made->customer, made->type, made->more, "value=1",
			   NULL);
		return;
	}
	if (c && c->cold && c->cold->task_count) {
		engine_task_id(w->engine, c, &c->cold->tasks[c->cold->task_count - 1], id);
		snprintf(task, sizeof task, "task=%s", id);
	}
	scene_send(w, made->at, made->customer, made->type, task, "verb=done", "who=zoe",
		   made->more, NULL);
}

static void
make(struct made *made, struct lcg *lcg, int64_t *now)
{
	static const char *const kinds[][2] = {{"hit", "a=1"},
					       {"hit", "a=1"},
					       {"hit", "a=1"},
					       {"blow", "a=1"},
					       {"login", "a=1"},
					       {"churned", "a=1"},
					       {"profile", "status=cancelled"},
					       {"profile", "status=active"},
					       {"churnd.task", "outcome=saved"},
					       {"churnd.task", "outcome=churned"},
					       {"churnd.task", "outcome=false_alarm"}};
	size_t kind = (size_t)lcg_below(lcg, sizeof kinds / sizeof *kinds);
	*now += (int64_t)lcg_below(lcg, 2 * DAY_MS);
	*made = (struct made){.at = *now, .type = kinds[kind][0], .more = kinds[kind][1]};
	snprintf(made->customer, sizeof made->customer, "c%d", (int)lcg_below(lcg, 8));
}

/* Entries, commits that write few records, a crash, recovery from what lay there: as if nothing had been. Redis may have
 * torn the last commit: of its first chunks the records lie there. */
static void
nothing_is_counted_twice_or_lost_over_a_crash(void **state)
{
	enum { ENTRIES = 400 };
	static struct made list[ENTRIES];
	static const char *const kinds[] = {
		TWO CALLED, "churn: {silent: login, horizon: 12d, min_days: 2}\n" TWO CALLED,
		"churn: {silent: login, horizon: 30d, min_days: 1}\n" TWO CALLED,
		"churn: {on: login, horizon: 20d}\n" TWO CALLED,
		"churn: {when: 'profile.status == \"cancelled\"', horizon: 15d}\n" TWO CALLED};
	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct lcg lcg = {.state = seed};
		struct scene whole, cut;
		struct store store = {0};
		struct stream_id low = {0, 0};
		size_t low_i = 0, crash;
		int64_t now = at("2026-03-02 00:00");
		const char *rules = kinds[seed % (sizeof kinds / sizeof *kinds)];
		scene_init(&whole, rules);
		scene_init(&cut, rules);
		crash = (size_t)lcg_below(&lcg, ENTRIES);
		for (size_t i = 0; i < ENTRIES; i++) {
			make(&list[i], &lcg, &now);
			play(&whole, &list[i]);
			list[i].id = engine_position(whole.engine);
			if (i > crash)
				continue;
			play(&cut, &list[i]);
			if (lcg_below(&lcg, 4))
				continue;
			commit(&store, cut.engine, (size_t)lcg_below(&lcg, 3));
			low = engine_low(cut.engine);
		}
		if (lcg_below(&lcg, 2))
			commit_figures(&store, cut.engine,
				       (unsigned)lcg_below(&lcg, QUALITY_CHUNKS));
		while (low_i < ENTRIES && stream_id_cmp(list[low_i].id, low) <= 0)
			low_i++;
		struct scene again = recover(&store, low, rules);
		scene_finish(&cut);
		for (size_t i = low_i; i < ENTRIES; i++)
			play(&again, &list[i]);
		struct buf a = encode_all(whole.engine), b = encode_all(again.engine);
		if (!str_eq(buf_view(&a), buf_view(&b)))
			fail_msg("seed %d: figures differ", (int)seed);
		buf_finish(&a);
		buf_finish(&b);
		for (size_t i = 0; i < 8; i++)
			buf_finish(&store.records[i]);
		for (size_t i = 0; i < QUALITY_CHUNKS; i++)
			buf_finish(&store.chunks[i]);
		scene_finish(&again);
		scene_finish(&whole);
	}
}

/* Of customers and figures: what the guard counted is written before. */
static struct stream_id
low_of(struct engine *engine)
{
	bool rolled;

	engine_take_guard(engine, engine_low(engine), &rolled);
	return engine_low(engine);
}

/* No customer changes with it, and the record that says so comes with a later commit: until then a recovery has to begin
 * before the change. */
static void
what_other_rules_forgot_holds_low_back_until_it_is_written(void **state)
{
	struct scene w;
	struct store store = {0};
	struct stream_id before;

	(void)state;
	scene_init(&w, TWO);
	scene_send(&w, at("2026-03-02 10:00"), "c1", "hit", "value=1", NULL);
	scene_advance(&w, at("2026-03-02 12:00"));
	commit(&store, w.engine, 8);
	scene_send(&w, at("2026-03-02 13:00"), "c1", "seen", NULL);
	commit(&store, w.engine, 8);
	before = engine_position(w.engine);
	assert_int_equal(stream_id_cmp(low_of(w.engine), before), 0);
	scene_change(&w, at("2026-03-02 14:00"), "signals: {login: {on: login}}\n");
	(void)engine_take_dirty(w.engine, 8, take_record, &store);
	assert_true(stream_id_cmp(engine_position(w.engine), before) > 0);
	assert_int_equal(stream_id_cmp(low_of(w.engine), before), 0);
	commit_figures(&store, w.engine, QUALITY_CHUNKS);
	assert_int_equal(stream_id_cmp(low_of(w.engine), engine_position(w.engine)), 0);
	for (size_t i = 0; i < 8; i++)
		buf_finish(&store.records[i]);
	for (size_t i = 0; i < QUALITY_CHUNKS; i++)
		buf_finish(&store.chunks[i]);
	scene_finish(&w);
}

static void
a_record_of_figures_cut_or_changed_anywhere_is_refused(void **state)
{
	struct scene w;
	struct buf out = {0};
	struct err err;
	unsigned chunk = ruleset_key(STR("struck")) % QUALITY_CHUNKS;
	(void)state;
	scene_init(&w, TWO);
	scene_send(&w, at("2026-03-02 12:00"), "c1", "hit", "value=1", NULL);
	scene_send(&w, at("2026-03-12 12:00"), "c1", "churned", NULL);
	quality_encode(&out, engine_quality(w.engine), chunk, engine_position(w.engine));
	assert_true(quality_decode(buf_view(&out), w.engine, &err));
	for (size_t n = 0; n < out.n; n++)
		assert_false(quality_decode((struct str){out.p, n}, w.engine, &err));
	for (size_t i = 0; i < out.n; i++) {
		out.p[i] ^= 4;
		assert_false(quality_decode(buf_view(&out), w.engine, &err));
		out.p[i] ^= 4;
	}
	buf_finish(&out);
	scene_finish(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_counted_twice_or_lost_over_a_crash),
		cmocka_unit_test(what_other_rules_forgot_holds_low_back_until_it_is_written),
		cmocka_unit_test(a_record_of_figures_cut_or_changed_anywhere_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
