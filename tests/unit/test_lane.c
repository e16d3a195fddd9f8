/* SPDX-License-Identifier: Apache-2.0 */
/* The short way of calm events beside the long one: the same orders, the same records, the same time to wake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/record.h"
#include "engine/core.h"
#include "support/scene.h"
#include "unit/lcg.h"

#define PROFILE                                                                              \
	"profile: {mrr: num, since: date, status: {enum: [active, off], default: active}}\n" \
	"defaults: {min_volume: 8, min_events: 3}\n"
#define SIGNALS                                        \
	"signals:\n"                                   \
	"  a: {on: [a, a2]}\n"                         \
	"  b: {on: b, sum: value}\n"                   \
	"  c: {on: [c, b], last: value}\n"             \
	"  d: {on: d, where: 'event.kind == \"x\"'}\n" \
	"  e: {on: e}\n"

/* Each is read eagerly by something, and has something else that decides. */
static const char *const rule_files[] = {
	/* silences and closed days */
	PROFILE SIGNALS
	"rules:\n"
	"- {rule: quiet, expr: 'silent(a) >= 2d', clear: 'silent(a) < 1h', points: 30}\n"
	"- {rule: drop, expr: 'ratio(a[2d], a[4d offset 2d]) < 0.5', points: 40, for: 6h}\n"
	"- {rule: pause, expr: 'silent(a) >= 1h', clear: 'silent(a) < 10m', points: 10}\n"
	"- {rule: gauge, expr: 'last(c) > 90', points: 10}\n"
	"- {rule: big, expr: 'sum(b[3d]) > 200', points: 20}\n"
	"levels: {watch: {enter: 30, leave: 20}}\n",
	/* today's events, behind what time decides; only */
	PROFILE SIGNALS
	"only: profile.status == \"active\"\n"
	"rules:\n"
	"- {rule: busy, expr: 'count(a[2d live]) >= 9 and age() >= 3d', points: 30}\n"
	"- {rule: idle, expr: 'age() >= 1d and age() < 9d and count(a[2d live]) < 4', points: 30}\n"
	"- {rule: paid, expr: 'profile.mrr > 100 and count(a[1d live]) >= 5', points: 20}\n"
	"- {rule: call, date: profile.since, expr: 'profile.mrr > 100', every: month, points: 5}\n"
	"- {rule: marked, expr: 'tag(\"vip\") and count(e[2d live]) >= 2', points: 20}\n"
	"- {rule: late, expr: 'count(e[3d live]) >= 3 and silent(a) >= 5h', points: 20}\n"
	"levels: {watch: {enter: 20, leave: 10}}\n",
	/* today's events, behind what a close decides */
	PROFILE SIGNALS
	"rules:\n"
	"- {rule: more, expr: 'count(a[1d live]) >= 4 and count(a[1d offset 1d]) < 3', points: 20}\n"
	"- {rule: new, expr: 'count(b[1d live]) >= 3 and count(b[2d]) < 4', points: 20}\n"
	"levels: {watch: {enter: 20, leave: 10}}\n",
	/* people, tags, stages, hours, a pair, only */
	PROFILE SIGNALS
	"members: {key: user, max: 8, reach: 9d}\n"
	"rules:\n"
	"- {rule: alone, expr: 'users(a[3d live]) < 2 and seen(a) and count(a[3d live]) > 6', points: 30}\n"
	"- {rule: boss, expr: 'since(a, by=\"u1\") >= 1d and count(a[2d live]) >= 3', points: 30}\n"
	"- {rule: wave, expr: 'count(e[3h live]) >= 3', points: 10}\n"
	"- {rule: owed, expr: 'after(b, c) >= 12h', points: 10}\n"
	"- {rule: seen, on: e, expr: 'event.value > 50', keep_firing_for: 1d, points: 5}\n"
	"tags: {often: {when: 'days(a[5d]) >= 4'}}\n"
	"stages:\n- {stage: new, when: 'age() < 2d'}\n- {stage: old, when: 'true'}\n",
};

#define CUSTOMERS 9
#define BATCH 40

struct pair {
	struct engine *fast, *slow; /* the short way is shut in the second */
	struct buf fast_said, slow_said;
	struct lcg random;
	int64_t now;
	uint64_t seq;
	struct entry entries[BATCH];
	struct field fields[BATCH][3];
};

static unsigned
below(struct pair *pair, unsigned limit)
{
	return (unsigned)lcg_below(&pair->random, limit);
}

static void
say_order(void *ctx, const struct order *order)
{
	const struct alert *alert = &order->u.alert;

	if (order->kind == ORDER_REJECT) {
		buf_str(ctx, order->u.reject);
		return;
	}
	assert_int_equal(order->kind, ORDER_ALERT);
	buf_printf(ctx, "%lld %.*s %s %d %d %d %u %u %.*s %s\n", (long long)alert->at,
		   order->customer ? (int)customer_id(order->customer).n : 0,
		   order->customer ? customer_id(order->customer).p : "",
		   alert_type_name(alert->type), alert->rule, alert->risk, alert->previous_risk,
		   alert->level, alert->stage, STR_ARG(alert->tag), cause_name(order->cause));
	for (unsigned i = 0; i < alert->reason_count; i++)
		buf_str(ctx, alert->reasons[i].en);
}

static struct order_sink
sink_of(struct buf *said)
{
	return (struct order_sink){.ctx = said, .take = say_order};
}

/* Nor does it pass over any rule whose silence did not end. */
static void
shut(struct pair *pair)
{
	struct calm *calm = &pair->slow->calm;
	const struct ruleset *rules = pair->slow->rules;
	size_t count = 0;

	pair->slow->lane.open = false;
	for (unsigned u = 0; u < rules->use_count; u++) {
		calm->uses[u].watched = INT64_MIN;
		count += 2 * rules->uses[u].rule_count;
	}
	for (size_t i = 0; i < count; i++)
		calm->silences[i] = INT64_MIN;
}

static void
pair_init(struct pair *pair, const char *rules, uint64_t seed)
{
	*pair = (struct pair){.random = {seed}, .now = at("2026-03-01 10:00")};
	pair->fast = engine_create(scene_rules(rules), (struct hash_seed){7, 8});
	pair->slow = engine_create(scene_rules(rules), (struct hash_seed){9, 10});
	shut(pair);
}

static void
pair_finish(struct pair *pair)
{
	engine_destroy(pair->fast);
	engine_destroy(pair->slow);
	buf_finish(&pair->fast_said);
	buf_finish(&pair->slow_said);
}

static void
pair_change(struct pair *pair, const char *rules)
{
	struct entry entry = {.id = {++pair->now, ++pair->seq}, .kind = ENTRY_RULES};
	struct order_sink fast = sink_of(&pair->fast_said), slow = sink_of(&pair->slow_said);

	engine_change_rules(pair->fast, &entry, scene_rules(rules), &fast);
	engine_change_rules(pair->slow, &entry, scene_rules(rules), &slow);
	shut(pair);
}

static void
pair_advance(struct pair *pair, int64_t by)
{
	struct order_sink fast = sink_of(&pair->fast_said), slow = sink_of(&pair->slow_said);

	pair->now += by;
	engine_advance(pair->fast, pair->now, &fast);
	engine_advance(pair->slow, pair->now, &slow);
}

/* Now and then something that is not plain. */
static void
make_odd(struct pair *pair, struct entry *entry, struct field *fields)
{
	static const struct str users[] = {{"u1", 2}, {"u2", 2}, {"u3", 2}};

	switch (below(pair, 60)) {
	case 0:
		entry->ts -= below(pair, 4) * DAY_MS;
		break;
	case 1:
		entry->ts += below(pair, 200000);
		break;
	case 2:
		entry->backfill = true;
		break;
	case 3:
		entry->event_id = users[below(pair, 3)];
		break;
	case 4:
	case 5:
		entry->user = users[below(pair, 3)];
		break;
	case 6:
		entry->kind = ENTRY_PROFILE;
		entry->type = STR("profile");
		fields[0] = (struct field){STR("mrr"), below(pair, 2) ? STR("50") : STR("500")};
		fields[1] = (struct field){STR("status"),
					   below(pair, 4) ? STR("active") : STR("off")};
		fields[2] = (struct field){STR("since"), STR("2026-01-31")};
		entry->attributes = fields;
		entry->attribute_count = 2 + (uint16_t)below(pair, 2);
		break;
	case 7:
		entry->source = STR("web");
		break;
	case 8:
		entry->ts -= below(pair, 6) * HOUR_MS;
		break;
	case 9:
		entry->kind = ENTRY_TAG;
		entry->type = STR("churnd.tag");
		fields[0] = (struct field){STR("tag"), STR("vip")};
		fields[1] = (struct field){STR("remove"), below(pair, 2) ? STR("1") : STR("0")};
		entry->attributes = fields;
		entry->attribute_count = 2;
		break;
	case 10:
		fields[0] = (struct field){STR("kind"), STR("x")};
		entry->attributes = fields;
		entry->attribute_count = 1;
		break;
	default:
		break;
	}
}

static void
make_entry(struct pair *pair, unsigned i)
{
	static const struct str names[CUSTOMERS] = {
		{"c", 1},  {"c2", 2}, {"c-three", 7},
		{"c4", 2}, {"c5", 2}, {"customer-six", 12},
		{"c7", 2}, {"c8", 2}, {"customer-number-nine", 20}};
	static const struct str types[] = {{"a", 1},
					   {"a", 1},
					   {"a", 1},
					   {"a", 1},
					   {"a2", 2},
					   {"b", 1},
					   {"b", 1},
					   {"c", 1},
					   {"d", 1},
					   {"e", 1},
					   {"nobody-reads-this", 17},
					   {"churned", 7}};
	struct entry *entry = &pair->entries[i];

	pair->now += below(pair, 3) ? 0 : below(pair, 5 * MINUTE_MS);
	if (below(pair, 400) == 0)
		pair->now += below(pair, 40) * HOUR_MS;
	*entry = (struct entry){.id = {pair->now, ++pair->seq}, .kind = ENTRY_EVENT};
	entry->customer = names[below(pair, 2) ? below(pair, 3) : below(pair, CUSTOMERS)];
	entry->type = types[below(pair, below(pair, 30) ? 11 : 12)];
	entry->ts = pair->now;
	entry->has_value = below(pair, 4) != 0;
	entry->value = entry->has_value ? below(pair, 100) : 0;
	make_odd(pair, entry, pair->fields[i]);
}

static void
apply(struct pair *pair, unsigned count)
{
	struct order_sink fast = sink_of(&pair->fast_said), slow = sink_of(&pair->slow_said);

	assert_int_equal(engine_apply(pair->fast, pair->entries, count, &fast), count);
	for (unsigned i = 0; i < count; i++)
		assert_int_equal(engine_apply(pair->slow, &pair->entries[i], 1, &slow), 1);
}

static void
note_dirty(void *ctx, const struct customer *customer)
{
	buf_str(ctx, customer_id(customer));
}

static void
compare_engines(struct pair *pair)
{
	struct engine *fast = pair->fast, *slow = pair->slow;
	struct buf a = {0}, b = {0};

	assert_int_equal(engine_customers(fast), engine_customers(slow));
	for (uint32_t i = 0; i < engine_customers(fast); i++) {
		buf_clear(&a);
		buf_clear(&b);
		record_encode(&a, fast->rules, engine_at(fast, i), fast->position);
		record_encode(&b, slow->rules, engine_at(slow, i), slow->position);
		assert_int_equal(a.n, b.n);
		assert_memory_equal(a.p, b.p, a.n);
	}
	buf_clear(&a);
	buf_clear(&b);
	(void)engine_take_dirty(fast, below(pair, CUSTOMERS), note_dirty, &a);
	(void)engine_take_dirty(slow, engine_dirty(slow) - engine_dirty(fast), note_dirty, &b);
	assert_int_equal(a.n, b.n);
	assert_memory_equal(a.p, b.p, a.n);
	assert_int_equal(stream_id_cmp(engine_low(fast), engine_low(slow)), 0);
	assert_int_equal(stream_id_cmp(fast->position, slow->position), 0);
	assert_int_equal(stream_id_cmp(fast->guard.before, slow->guard.before), 0);
	if (below(pair, 3) == 0) {
		bool rolled;
		assert_int_equal(engine_take_guard(fast, engine_low(fast), &rolled),
				 engine_take_guard(slow, engine_low(slow), &rolled));
	}
	assert_int_equal(fast->now, slow->now);
	if (below(pair, 2))
		assert_int_equal(engine_next_due(fast), engine_next_due(slow));
	for (unsigned i = 0; i < fast->guard.feed_count; i++)
		assert_int_equal(fast->guard.feeds[i]->total, slow->guard.feeds[i]->total);
	buf_finish(&a);
	buf_finish(&b);
}

/* How many events took the short way. */
static uint64_t
run(const char *first, const char *second, uint64_t seed)
{
	struct pair pair;
	uint64_t taken;

	pair_init(&pair, first, seed);
	for (unsigned i = 0; i < 500; i++) {
		unsigned count = 1 + below(&pair, BATCH);

		if (i % 8 == 0)
			pair.fast->lane.number = INT16_MAX; /* the last one: they begin anew */
		if (i == 300)
			pair_change(&pair, second);
		if (below(&pair, 20) == 0)
			pair_advance(&pair, below(&pair, 3 * DAY_MS));
		for (unsigned k = 0; k < count; k++)
			make_entry(&pair, k);
		apply(&pair, count);
		compare_engines(&pair);
		assert_string_equal(pair.fast_said.n ? pair.fast_said.p : "",
				    pair.slow_said.n ? pair.slow_said.p : "");
	}
	taken = engine_calm_events(pair.fast);
	assert_int_equal(engine_calm_events(pair.slow), 0);
	pair_finish(&pair);
	return taken;
}

static void
what_takes_the_short_way_does_what_the_long_one_does(void **state)
{
	size_t count = sizeof rule_files / sizeof *rule_files;

	(void)state;
	for (uint64_t seed = 1; seed <= 6; seed++)
		for (size_t i = 0; i < count; i++)
			assert_true(run(rule_files[i], rule_files[(i + seed) % count], seed) >
				    500);
}

static void
the_step_of_a_first_event_settles_the_rules_of_the_next(void **state)
{
	struct scene scene;
	const struct customer *customer;

	(void)state;
	scene_init(&scene, SIGNALS
		   "rules:\n"
		   "- {rule: old, expr: 'age() >= 3d and count(a[2d live]) >= 9', points: 30}\n"
		   "- {rule: twice, expr: 'count(e[2d live]) >= 2', points: 30}\n");
	scene_send(&scene, at("2026-03-02 10:00"), "c", "a", NULL);
	customer = engine_find(scene.engine, STR("c"));
	assert_int_not_equal(customer->settled, 0);
	assert_true(lane_knows(&scene.engine->lane, customer));
	assert_int_equal(engine_calm_events(scene.engine), 0);
	scene_send(&scene, at("2026-03-02 10:01"), "c", "a", NULL);
	assert_int_equal(engine_calm_events(scene.engine), 1);
	/* One more could make it true. */
	scene_send(&scene, at("2026-03-02 10:02"), "d", "e", NULL);
	assert_int_equal(engine_find(scene.engine, STR("d"))->settled, 0);
	scene_finish(&scene);
}

/* ---- a silence that ends ---- */

static void
expect_picked(const struct scene *scene, int64_t silence, const char *expected)
{
	const struct ruleset *rules = scene->engine->rules;
	const struct type_use *use = ruleset_use(rules, STR("a"));
	uint16_t slots[RULESET_MAX_RULES];
	struct buf names = {0};
	unsigned count =
		calm_pick(scene->engine, engine_at(scene->engine, 0), use, silence, slots);

	for (unsigned i = 0; i < count; i++)
		buf_str(&names, rules->rules[slots[i]].name);
	buf_char(&names, '\0');
	assert_string_equal(names.p, expected);
	buf_finish(&names);
}

/* p to r by their thresholds, q by that of `clear` too while it is not idle; s is asked at each event, t at closes. */
static void
a_silence_concerns_rules_whose_thresholds_it_reached(void **state)
{
	struct scene scene;

	(void)state;
	scene_init(&scene, SIGNALS
		   "rules:\n"
		   "- {rule: p, expr: 'silent(a) >= 9d', points: 1}\n"
		   "- {rule: q, expr: 'silent(a) >= 2d', clear: 'silent(a) < 1h', points: 1}\n"
		   "- {rule: r, expr: 'since(a) > 3h and seen(e)', points: 1}\n"
		   "- {rule: s, expr: 'count(a[2d live]) >= 9', points: 1}\n"
		   "- {rule: t, expr: 'count(a[2d]) >= 9', points: 1}\n"
		   "stages:\n- {stage: x, when: 'silent(a) >= 5h'}\n");
	scene_send(&scene, at("2026-03-01 10:00"), "c", "a", NULL);
	expect_picked(&scene, HOUR_MS - 1, "s");
	expect_picked(&scene, 2 * HOUR_MS, "s");
	expect_picked(&scene, 3 * HOUR_MS, "rs");
	expect_picked(&scene, 2 * DAY_MS, "qrs");
	expect_picked(&scene, NEVER, "pqrs");
	assert_int_equal(scene.engine->calm.uses[0].watched, 5 * HOUR_MS);
	scene_advance(&scene, at("2026-03-03 11:00"));
	expect_picked(&scene, HOUR_MS - 1, "s");
	expect_picked(&scene, HOUR_MS, "qs");
	scene_finish(&scene);
}

static void
how_long_a_silence_was_is_known_of_what_came_before(void **state)
{
	struct scene scene;
	struct entry entry = {.kind = ENTRY_EVENT, .type = STR("b")};
	const struct type_use *use;

	(void)state;
	scene_init(
		&scene, SIGNALS
		"rules:\n- {rule: p, expr: 'silent(b) >= 9d and silent(c) >= 9d', points: 1}\n");
	scene_send(&scene, at("2026-03-01 10:00"), "n", "a", NULL);
	entry.id.ms = entry.ts = at("2026-03-02 10:00");
	use = ruleset_use(scene.engine->rules, entry.type);
	assert_int_equal(calm_silence(scene.engine, engine_at(scene.engine, 0), use, &entry),
			 NEVER);
	scene_send(&scene, at("2026-03-01 12:00"), "n", "b", "value=1", NULL);
	scene_send(&scene, at("2026-03-02 09:00"), "n", "c", "value=1", NULL);
	assert_int_equal(calm_silence(scene.engine, engine_at(scene.engine, 0), use, &entry),
			 22 * HOUR_MS);
	scene_finish(&scene);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_step_of_a_first_event_settles_the_rules_of_the_next),
		cmocka_unit_test(a_silence_concerns_rules_whose_thresholds_it_reached),
		cmocka_unit_test(how_long_a_silence_was_is_known_of_what_came_before),
		cmocka_unit_test(what_takes_the_short_way_does_what_the_long_one_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
