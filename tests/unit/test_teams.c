/* SPDX-License-Identifier: Apache-2.0 */
/* Shows whose a task is and who owns a customer, also after a restart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/number.h"
#include "codec/record.h"
#include "codec/teams_record.h"
#include "unit/care.h"

static struct str
owner(const struct scene *w, const char *customer)
{
	struct value value =
		engine_profile(w->engine, engine_find(w->engine, str_of(customer)), ATTR_OWNER);
	return value.known ? value.u.s : STR("");
}

/* ---- whose it is ---- */

static void
the_first_route_that_is_true_says_where_a_task_goes(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, HEAD CALL
		   "tasks: {call: {queue: all, assign: ann, route: [{when: 'profile.tier == "
		   "\"plus\"', queue: vip, assign: bob, priority: urgent}, {when: seen(a), "
		   "priority: high}, {queue: rest}]}}\n");
	scene_send(&w, at(NOON), "c1", "profile", "tier=plus", NULL);
	strike(&w, NOON, "c1");
	expect_tasks(&w, "c1", "call open urgent q=vip a=bob \n");
	scene_send(&w, at(NOON), "c2", "a", NULL);
	strike(&w, NOON, "c2");
	expect_tasks(&w, "c2", "call open high q=all a=ann \n");
	strike(&w, NOON, "c3");
	expect_tasks(&w, "c3", "call open normal q=rest a=ann \n");
	scene_finish(&w);
}

#define REASONS                                                                            \
	"signals: {a: {on: a}, b: {on: b}, c: {on: c}}\n"                                  \
	"rules:\n- {rule: one, expr: seen(a), category: billing, points: 1}\n"             \
	"- {rule: two, expr: seen(b), category: support, points: 1}\n"                     \
	"- {rule: three, expr: seen(c), category: usage, points: 1}\n"                     \
	"actions: [{on: rule.fired, task: call}]\n"                                        \
	"tasks: {call: {route: [{rule: two, queue: two, when: 'not seen(a)'}, {category: " \
	"billing, queue: money}, {when: 'firing(\"three\")', queue: three}]}}\n"

static void
a_route_asks_for_the_reason(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, REASONS);
	scene_send(&w, at(NOON), "c1", "b", NULL);
	expect_tasks(&w, "c1", "call open normal q=two a= \n");
	scene_send(&w, at(NOON), "c2", "a", NULL);
	expect_tasks(&w, "c2", "call open normal q=money a= \n");
	scene_send(&w, at(NOON), "c3", "c", NULL);
	expect_tasks(&w, "c3", "call open normal q=three a= \n");
	scene_finish(&w);
}

static void
round_robin_goes_through_the_team_in_turn(void **state)
{
	static const char *const turns[] = {"ann", "bob", "cid", "ann", "bob"};
	struct scene w;
	char line[64], customer[16];
	(void)state;
	scene_init(&w, HEAD CALL "tasks: {call: {assign: round_robin(care)}}\n");
	for (int i = 0; i < 5; i++) {
		snprintf(customer, sizeof customer, "c%d", i);
		snprintf(line, sizeof line, "call open normal q= a=%s \n", turns[i]);
		strike(&w, NOON, customer);
		expect_tasks(&w, customer, line);
	}
	scene_finish(&w);
}

static void
least_loaded_gives_to_whom_has_the_fewest_open_tasks(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, HEAD CALL "tasks: {call: {assign: least_loaded(care)}}\n");
	strike(&w, NOON, "c1");
	strike(&w, NOON, "c2");
	strike(&w, NOON, "c3");
	strike(&w, NOON, "c4");
	expect_tasks(&w, "c3", "call open normal q= a=cid \n");
	expect_tasks(&w, "c4", "call open normal q= a=ann \n");
	act(&w, "2026-03-02 12:10", "done", 0, NULL); /* ann and cid have one each, bob too */
	act(&w, "2026-03-02 12:10", "done", 0, NULL);
	strike(&w, "2026-03-02 12:20", "c5");
	expect_tasks(&w, "c5", "call open normal q= a=ann \n");
	strike(&w, "2026-03-02 12:20", "c6");
	expect_tasks(&w, "c6", "call open normal q= a=bob \n");
	scene_finish(&w);
}

static void
turns_and_loads_go_on_after_an_edit(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, HEAD CALL "tasks: {call: {assign: round_robin(care)}}\n");
	strike(&w, NOON, "c1");
	strike(&w, NOON, "c2");
	scene_change(&w, at(NOON),
		     HEAD CALL
		     "tasks: {call: {assign: round_robin(care), queue: q}, more: {}}\n");
	strike(&w, NOON, "c3");
	expect_tasks(&w, "c3", "call open normal q=q a=cid \n");
	scene_change(&w, at(NOON), HEAD CALL "tasks: {call: {assign: least_loaded(care)}}\n");
	act(&w, "2026-03-02 12:10", "done", 0, NULL); /* ann's */
	strike(&w, "2026-03-02 12:20", "c4");
	expect_tasks(&w, "c4", "call open normal q= a=ann \n");
	scene_finish(&w);
}

static void
who_claims_a_task_has_it_to_do(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, HEAD CALL "tasks: {call: {assign: least_loaded(pair)}}\n");
	strike(&w, NOON, "c1");
	expect_tasks(&w, "c1", "call open normal q= a=ann \n");
	act(&w, "2026-03-02 12:10", "claim", 0, NULL); /* zoe of no team takes it */
	strike(&w, "2026-03-02 12:20", "c2");
	expect_tasks(&w, "c2", "call open normal q= a=ann \n");
	strike(&w, "2026-03-02 12:20", "c3");
	expect_tasks(&w, "c3", "call open normal q= a=lea \n");
	scene_finish(&w);
}

/* ---- owners ---- */

static void
an_owner_is_set_as_a_profile_entry_would(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, HEAD "actions: [{on: rule.fired, owner: dan, task: call}, {on: "
			    "customer.owner_changed, webhook: crm}]\n"
			    "tasks: {call: {assign: profile.owner}}\n");
	scene_send(&w, at(NOON), "c1", "profile", "owner=eve", NULL);
	strike(&w, "2026-03-02 13:00", "c1");
	scene_expect(&w, "2026-03-02T13:00:00.000Z c1 rule.fired struck risk=40 cause=event\n"
			 "2026-03-02T13:00:00.000Z c1 customer.level_raised watch from healthy "
			 "risk=40 cause=event\n"
			 "2026-03-02T13:00:00.000Z c1 customer.owner_changed dan from \"eve\" "
			 "risk=40 cause=event to=crm\n"
			 "2026-03-02T13:00:00.000Z c1 task.created call\n");
	expect_tasks(&w, "c1", "call open normal q= a=dan \n");
	scene_send(&w, at("2026-03-02 14:00"), "c1", "profile", "owner=fay",
		   "ts=2026-03-02T12:30:00Z", NULL);
	assert_true(str_is(owner(&w, "c1"), "dan")); /* an older entry does not overwrite */
	scene_finish(&w);
}

static void
an_owner_of_the_team_stays(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, HEAD "actions: [{on: rule.fired, owner: round_robin(care)}]\n");
	scene_send(&w, at(NOON), "c1", "profile", "owner=cid", NULL);
	strike(&w, NOON, "c1");
	assert_true(str_is(owner(&w, "c1"), "cid"));
	strike(&w, NOON, "c2");
	assert_true(str_is(owner(&w, "c2"), "ann"));
	strike(&w, "2026-03-02 16:00", "c2");
	assert_true(str_is(owner(&w, "c2"), "ann"));
	scene_finish(&w);
}

static void
of_owners_least_loaded_is_who_owns_the_fewest_customers(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, HEAD "actions: [{on: rule.fired, owner: least_loaded(care)}]\n");
	scene_send(&w, at(NOON), "x1", "profile", "owner=ann", NULL);
	scene_send(&w, at(NOON), "x2", "profile", "owner=ann", NULL);
	scene_send(&w, at(NOON), "x3", "profile", "owner=bob", NULL);
	strike(&w, NOON, "c1");
	assert_true(str_is(owner(&w, "c1"), "cid"));
	strike(&w, NOON, "c2");
	assert_true(str_is(owner(&w, "c2"), "bob"));
	scene_send(&w, at(NOON), "x1", "profile", "owner=zoe", NULL);
	strike(&w, NOON, "c3");
	assert_true(str_is(owner(&w, "c3"), "ann"));
	scene_finish(&w);
}

static void
rules_that_read_the_owner_are_judged_in_the_same_step(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, HEAD "- {rule: dans, expr: profile.owner == \"dan\", points: 1}\n"
			    "actions: [{on: rule.fired, rule: struck, owner: dan}]\n");
	strike(&w, NOON, "c1");
	scene_expect(&w, "2026-03-02T12:00:00.000Z c1 rule.fired struck risk=40 cause=event\n"
			 "2026-03-02T12:00:00.000Z c1 customer.level_raised watch from healthy "
			 "risk=40 cause=event\n"
			 "2026-03-02T12:00:00.000Z c1 customer.owner_changed dan from \"\" "
			 "risk=40 cause=event\n"
			 "2026-03-02T12:00:00.000Z c1 rule.fired dans risk=41 cause=event\n");
	scene_finish(&w);
}

/* ---- restarts ---- */

/* A world with everything of this file in it. */
#define WORLD                                                                               \
	"teams: {care: [ann, bob, cid], lead: [lea, max]}\n"                                \
	"levels:\n  watch: {enter: 30, leave: 20}\n"                                        \
	"signals:\n  a: {on: a}\n"                                                          \
	"rules:\n- {rule: struck, on: hit, expr: 'event.value > 0', points: 40, "           \
	"keep_firing_for: 90m, cooldown: 0s}\n- {rule: still, expr: silent(a) > 5h, "       \
	"points: 30}\n"                                                                     \
	"actions: [{on: rule.fired, rule: struck, task: call, owner: least_loaded(care)}, " \
	"{on: rule.fired, rule: still, task: look}, {on: customer.level_raised, task: "     \
	"greet}]\n"                                                                         \
	"tasks:\n"                                                                          \
	"  call: {assign: round_robin(care), ack_within: 2h, resolve_within: 5h, "          \
	"escalate: [{after: 80%, to: lead}, {after: 100%, to: care}]}\n"                    \
	"  look: {assign: least_loaded(care), close_when: 'silent(a) < 1h', steps: "        \
	"[{task: greet, after: 45m}]}\n"                                                    \
	"  greet: {route: [{when: seen(a), queue: vip, assign: round_robin(lead)}, "        \
	"{assign: least_loaded(lead)}], steps: [{task: last, after: 4h, unless: "           \
	"'silent(a) < 2h'}]}\n"                                                             \
	"  last: {assign: profile.owner}\n"

#define MOMENTS 1500
#define WHO 12

static unsigned
draw(unsigned *seed, unsigned below)
{
	*seed = *seed * 1103515245u + 12345u;
	return (*seed >> 16) % below;
}

/* Somebody claims, or does, the first task that is open. */
static void
work(struct scene *w, unsigned *seed, int64_t now, const char *customer)
{
	const struct customer *c = engine_find(w->engine, str_of(customer));
	static const char *const verbs[] = {"verb=claim", "verb=done", "verb=cancel"};
	const char *verb = verbs[draw(seed, 3)];
	char id[ORDER_ID], task[48];
	for (unsigned i = 0; c && c->cold && i < c->cold->task_count; i++) {
		if (c->cold->tasks[i].state > TASK_CLAIMED)
			continue;
		engine_task_id(w->engine, c, &c->cold->tasks[i], id);
		snprintf(task, sizeof task, "task=%s", id);
		scene_send(w, now, customer, "churnd.task", task, verb, "who=zoe", NULL);
		return;
	}
	scene_send(w, now, customer, "a", NULL);
}

static void
live_on(struct scene *w, unsigned *seed, int64_t *now)
{
	char customer[8];
	snprintf(customer, sizeof customer, "c%u", draw(seed, WHO));
	*now += draw(seed, 20 * 60 * 1000);
	if (draw(seed, 4) == 0)
		work(w, seed, *now, customer);
	else if (draw(seed, 3))
		scene_send(w, *now, customer, "a", NULL);
	else
		scene_send(w, *now, customer, "hit", "value=1", NULL);
}

struct saved {
	struct buf bytes[WHO]; /* records, by number of the customer */
	struct buf turns;
};

/* What a commit writes: only those that were given somebody, or all. */
static void
save_one(void *ctx, const struct customer *customer)
{
	struct saved *saved = ((void **)ctx)[0];
	const struct engine *engine = ((void **)ctx)[1];
	struct str id = customer_id(customer);
	uint64_t number = 0;
	assert_true(parse_uint64((struct str){id.p + 1, id.n - 1}, &number) && number < WHO);
	struct buf *into = &saved->bytes[number];
	buf_clear(into);
	record_encode(into, engine_rules(engine), customer, engine_position(engine));
}

static struct scene
restarted(const struct saved *saved, struct stream_id low)
{
	struct scene again;
	struct stream_id applied;
	struct err err;
	scene_init(&again, WORLD);
	engine_resume(again.engine, low);
	for (unsigned i = 0; i < WHO; i++) {
		char id[8];
		if (saved->bytes[i].n == 0)
			continue;
		snprintf(id, sizeof id, "c%u", i);
		struct customer *customer =
			record_decode(engine_rules(again.engine), str_of(id),
				      buf_view(&saved->bytes[i]), &applied, &err);
		if (!customer || !engine_load(again.engine, customer, applied, &err))
			fail_msg("%s", err.text);
	}
	if (saved->turns.n && !teams_decode(buf_view(&saved->turns), again.engine, &err))
		fail_msg("%s", err.text);
	return again;
}

static void
same_states(const struct engine *x, const struct engine *y)
{
	struct buf a = {0}, b = {0};
	assert_int_equal(engine_customers(x), engine_customers(y));
	for (size_t i = 0; i < engine_customers(x); i++) {
		const struct customer *one = engine_customer_at(x, i);
		buf_clear(&a);
		buf_clear(&b);
		record_encode(&a, engine_rules(x), one, engine_position(x));
		record_encode(&b, engine_rules(y), engine_find(y, customer_id(one)),
			      engine_position(x));
		assert_true(str_eq(buf_view(&a), buf_view(&b)));
	}
	buf_finish(&a);
	buf_finish(&b);
}

/* All records were written at `low`; from then to the commit only of those who were given somebody. Both lives go
 * on alike. */
static unsigned
die_and_come_back(unsigned seed)
{
	struct scene one, two;
	struct saved saved = {0};
	unsigned script = seed, low_at = 200 + draw(&script, MOMENTS - 600),
		 die_at = low_at + 1 + draw(&script, 300);
	int64_t now = at(NOON);
	void *ctx[2] = {&saved, NULL};
	struct stream_id low = {0, 0};
	unsigned low_script = 0;
	int64_t low_now = 0;
	scene_init(&one, WORLD);
	ctx[1] = one.engine;
	for (unsigned i = 0; i < die_at; i++) {
		live_on(&one, &script, &now);
		engine_take_given(one.engine, save_one, ctx);
		if (engine_take_teams(one.engine)) {
			buf_clear(&saved.turns);
			teams_encode(&saved.turns, one.engine);
		}
		if (i != low_at)
			continue;
		for (size_t c = 0; c < engine_customers(one.engine); c++)
			save_one(ctx, engine_customer_at(one.engine, c));
		low = engine_position(one.engine);
		low_script = script;
		low_now = now;
	}
	two = restarted(&saved, low);
	two.at = low.ms;
	two.seq = low.seq;
	for (unsigned i = low_at + 1; i < die_at; i++)
		live_on(&two, &low_script, &low_now);
	assert_int_equal(low_now, now);
	scene_clear(&one);
	scene_clear(&two);
	same_states(one.engine, two.engine);
	for (unsigned i = die_at; i < MOMENTS; i++) {
		live_on(&one, &script, &now);
		live_on(&two, &low_script, &low_now);
	}
	scene_advance(&one, now + 10 * DAY_MS);
	scene_advance(&two, now + 10 * DAY_MS);
	same_states(one.engine, two.engine);
	assert_string_equal(one.said.p, two.said.p);
	unsigned seen = strstr(one.said.p, "task.breached") != NULL;
	scene_finish(&one);
	scene_finish(&two);
	for (unsigned i = 0; i < WHO; i++)
		buf_finish(&saved.bytes[i]);
	buf_finish(&saved.turns);
	return seen;
}

static void
turns_loads_steps_and_escalations_survive_a_restart(void **state)
{
	unsigned breached = 0;
	(void)state;
	for (unsigned seed = 1; seed <= 40; seed++)
		breached += die_and_come_back(seed);
	assert_true(breached > 10);
}

static void
note_id(void *ctx, const struct customer *customer)
{
	buf_str(ctx, customer_id(customer));
	buf_char(ctx, ' ');
}

/* Whose record was read from beside the turns is written with them once more. */
static void
who_is_noted_is_among_those_who_were_given_somebody(void **state)
{
	struct scene w;
	struct buf ids = {0};
	(void)state;
	scene_init(&w, WORLD);
	for (unsigned i = 0; i < 3; i++) {
		char customer[] = {'c', (char)('1' + i), 0};
		scene_send(&w, at(NOON), customer, "a", NULL);
	}
	engine_take_given(w.engine, note_id, &ids);
	assert_int_equal(ids.n, 0);
	engine_note_given(w.engine, engine_find(w.engine, STR("c3")));
	engine_note_given(w.engine, engine_find(w.engine, STR("c1")));
	engine_note_given(w.engine, engine_find(w.engine, STR("c3")));
	engine_take_given(w.engine, note_id, &ids);
	assert_string_equal(ids.p, "c3 c1 ");
	engine_take_given(w.engine, note_id, &ids);
	assert_string_equal(ids.p, "c3 c1 ");
	scene_finish(&w);
	buf_finish(&ids);
}

static void
a_teams_record_that_is_damaged_is_refused(void **state)
{
	struct scene w;
	struct buf bytes = {0};
	struct err err;
	(void)state;
	scene_init(&w, WORLD);
	for (int i = 0; i < 3; i++)
		strike(&w, NOON, "c1");
	teams_encode(&bytes, w.engine);
	assert_true(teams_decode(buf_view(&bytes), w.engine, &err));
	for (size_t i = 0; i < bytes.n; i++) {
		bytes.p[i] ^= 4;
		assert_false(teams_decode(buf_view(&bytes), w.engine, &err));
		bytes.p[i] ^= 4;
		assert_false(teams_decode((struct str){bytes.p, i}, w.engine, &err));
	}
	buf_finish(&bytes);
	scene_finish(&w);
}

/* The turns of teams that files no longer name are kept, up to a bound: past it they are forgotten at the next edit. */
static void
turns_of_teams_that_are_no_more_do_not_grow_without_end(void **state)
{
	static const char rules[] = HEAD CALL "tasks: {call: {assign: round_robin(care)}}\n";
	struct scene w;
	char team[24];
	struct str name;
	(void)state;
	scene_init(&w, rules);
	strike(&w, NOON, "c1");
	expect_tasks(&w, "c1", "call open normal q= a=ann \n");
	for (int i = 0; i < 4000; i++) {
		snprintf(team, sizeof team, "gone%d", i);
		engine_load_turn(w.engine, str_of(team), 5);
	}
	scene_change(&w, at(NOON),
		     HEAD CALL "tasks: {call: {assign: round_robin(care), queue: q}}\n");
	assert_int_equal(engine_turns(w.engine), 4001);
	for (int i = 4000; i < 4100; i++) {
		snprintf(team, sizeof team, "gone%d", i);
		engine_load_turn(w.engine, str_of(team), 5);
	}
	scene_change(&w, at("2026-03-02 13:00"), rules);
	assert_int_equal(engine_turns(w.engine), 1);
	assert_int_equal(engine_turn(w.engine, 0, &name), 1);
	assert_true(str_is(name, "care"));
	strike(&w, "2026-03-02 13:00", "c2");
	expect_tasks(&w, "c2", "call open normal q= a=bob \n");
	scene_finish(&w);
}

/* A sender's clock may be ahead: what it said of a later moment is no earlier word. */
static void
an_owner_said_of_a_later_moment_stays(void **state)
{
	struct scene w;
	(void)state;
	scene_init(&w, HEAD "actions: [{on: rule.fired, owner: dan}]\n");
	scene_send(&w, at(NOON), "c1", "profile", "owner=eve", "ts=2026-03-02T12:04:00Z", NULL);
	strike(&w, NOON, "c1");
	assert_true(str_is(owner(&w, "c1"), "eve"));
	strike(&w, "2026-03-02 16:00", "c1");
	assert_true(str_is(owner(&w, "c1"), "dan"));
	scene_clear(&w);
	strike(&w, "2026-03-02 20:00", "c1");
	assert_null(strstr(w.said.p, "owner_changed")); /* it is dan's already */
	scene_finish(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_route_that_is_true_says_where_a_task_goes),
		cmocka_unit_test(a_route_asks_for_the_reason),
		cmocka_unit_test(round_robin_goes_through_the_team_in_turn),
		cmocka_unit_test(least_loaded_gives_to_whom_has_the_fewest_open_tasks),
		cmocka_unit_test(turns_and_loads_go_on_after_an_edit),
		cmocka_unit_test(who_claims_a_task_has_it_to_do),
		cmocka_unit_test(an_owner_is_set_as_a_profile_entry_would),
		cmocka_unit_test(an_owner_of_the_team_stays),
		cmocka_unit_test(of_owners_least_loaded_is_who_owns_the_fewest_customers),
		cmocka_unit_test(rules_that_read_the_owner_are_judged_in_the_same_step),
		cmocka_unit_test(turns_loads_steps_and_escalations_survive_a_restart),
		cmocka_unit_test(who_is_noted_is_among_those_who_were_given_somebody),
		cmocka_unit_test(a_teams_record_that_is_damaged_is_refused),
		cmocka_unit_test(turns_of_teams_that_are_no_more_do_not_grow_without_end),
		cmocka_unit_test(an_owner_said_of_a_later_moment_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
