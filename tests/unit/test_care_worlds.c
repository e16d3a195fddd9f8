/* SPDX-License-Identifier: Apache-2.0 */
/* Shows over random worlds that what becomes of tasks hangs on the entries alone: not on steps, restarts or looks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/record.h"
#include "unit/care.h"
#include "unit/lcg.h"

#define WORLDS 20   /* of each kind */
#define ENTRIES 200 /* of a world */

/* ---- rules: one of each list ---- */

static const char *const onlies[] = {"", "only: not seen(z) or silent(z) > 6h\n",
				     "only: profile.tier == \"plus\" or silent(a) < 20h\n"};
static const char *const hours[] = {
	"timezone: Asia/Shanghai\ncalendar: {hours: '09:00-18:00', holidays: {2026-03-04: feast}, "
	"workdays: [2026-03-07]}\n",
	"timezone: Europe/Berlin\n",
	"timezone: America/New_York\ncalendar: {hours: '08:30-24:00', holidays: {2026-03-10: "
	"feast}}\n"};
static const char *const teams[] = {
	"teams: {care: [ann, bob, cid], lead: [lea], pair: [ann, lea]}\n",
	"teams: {care: [bob, dan], lead: [lea, ann], pair: [lea]}\n"};
#define COMMON                                                                      \
	"levels:\n  watch: {enter: 30, leave: 20}\n  bad: {enter: 60, leave: 50}\n" \
	"profile: {tier: {enum: [basic, plus]}}\n"                                  \
	"signals:\n  a: {on: a}\n  b: {on: b}\n  z: {on: z}\n  hits: {on: hit}\n"   \
	"items: {case: {open: open_case, close: close_case, key: ticket}}\n"
#define STRUCK                                                                    \
	"rules:\n- {rule: struck, on: hit, expr: 'event.value > 0', points: 40, " \
	"keep_firing_for: 2h, cooldown: 0s}\n"
static const char *const rules[] = {
	STRUCK
	"- {rule: quiet, expr: silent(a) > 9h, points: 30, cooldown: 0s, for: 30m}\n"
	"- {rule: old, each: case, expr: 'oldest(case) > 5h or silent(b) > 30h', points: 5, "
	"cooldown: 0s}\n"
	"- {rule: much, expr: 'count(hits[3h live]) >= 3 or count(b[1d]) > 2', points: 20, "
	"cooldown: 0s}\n",
	STRUCK
	"- {rule: quiet, expr: silent(a) > 12h, points: 30, cooldown: 0s}\n"
	"- {rule: old, each: case, expr: 'oldest(case) > 7h', points: 5, cooldown: 0s}\n"};
static const char *const stages[] = {
	"", "stages: [{stage: fresh, when: 'age() < 2d'}, {stage: hot, when: 'level() >= "
	    "\"watch\"'}, {stage: rest, when: 'true'}]\n"};
static const char *const actions[] = {
	"actions: [{on: rule.fired, rule: struck, task: call}, {on: rule.fired, rule: quiet, task: "
	"hello, owner: least_loaded(care)}, {on: rule.fired, rule: old, task: fix}, {on: "
	"customer.level_raised, at_least: bad, task: call}, {on: customer.owner_changed, task: "
	"meet}]\n",
	"actions: [{on: rule.fired, task: call}, {on: rule.fired, rule: old, task: fix}, {on: "
	"customer.level_raised, task: hello, owner: round_robin(care)}]\n"};
static const char *const tasks[] = {
	"tasks:\n"
	"  call: {queue: care, assign: least_loaded(care), ack_within: 4h, resolve_within: 10h, "
	"escalate: [{after: 80%, to: pair}, {after: 100%, to: lead}, {after: 150%, to: care}], "
	"close_when: 'silent(z) < 1h', route: [{rule: quiet, queue: q2, assign: round_robin(care), "
	"priority: low}, {category: usage, queue: q3}, {when: 'seen(b)', assign: profile.owner}]}\n"
	"  hello: {title: 'Hi {name}: {reasons}', steps: [{task: ask, after: 3h}, {task: ask, "
	"after: 10h, when: 'silent(a) > 5h'}, {task: call, after: 10h, unless: 'seen(z)'}], exit: "
	"'count(b[7h live]) >= 2', resolve_within: 5h}\n"
	"  ask: {assign: round_robin(care), queue: asks, ack_within: 2h, close_when: 'silent(a) > "
	"8h'}\n"
	"  fix: {queue: f, assign: round_robin(pair), ack_within: 1h, resolve_within: 3h, steps: "
	"[{task: ask, after: 2h}], close_when: 'level() < \"watch\"'}\n"
	"  meet: {assign: profile.owner, ack_within: 1h, queue: m, escalate: [{after: 60%, to: "
	"care}]}\n",
	"tasks:\n"
	"  call: {assign: ann, queue: c, ack_within: 6h, resolve_within: 7h, escalate: [{after: "
	"90%, to: lead}], close_when: 'risk() < 20 and silent(b) > 3h'}\n"
	"  hello: {steps: [{task: ask, after: 1h, unless: 'count(a[2h live]) > 1'}, {task: fix, "
	"after: 4h}]}\n"
	"  ask: {assign: least_loaded(care), queue: asks, ack_within: 90m}\n"
	"  fix: {queue: f, assign: least_loaded(pair), ack_within: 45m}\n"
	"  meet: {assign: profile.owner}\n"};

#define PICK(lcg, list) ((list)[lcg_below(lcg, sizeof(list) / sizeof *(list))])

static void
make_rules(struct lcg *lcg, char *out, size_t room)
{
	int n = snprintf(out, room, "%s%s%s" COMMON "%s%s%s%s", PICK(lcg, onlies),
			 PICK(lcg, hours), PICK(lcg, teams), PICK(lcg, rules),
			 PICK(lcg, stages), PICK(lcg, actions), PICK(lcg, tasks));
	assert_in_range(n, 1, room - 1);
}

/* ---- a world: the same entries twice ---- */

struct world {
	struct lcg lcg;
	struct scene stepped; /* in steps of whatever is due, restarted */
	struct scene plain;   /* entry by entry */
	char rules[8192];
	int64_t now;
};

static const char *const names[] = {"c1", "c2", "c3"};
#define NAMES (sizeof names / sizeof *names)

static void
begin(struct world *w, uint64_t seed)
{
	w->lcg = (struct lcg){seed};
	make_rules(&w->lcg, w->rules, sizeof w->rules);
	scene_init(&w->stepped, w->rules);
	scene_init(&w->plain, w->rules);
	w->stepped.wordy = w->plain.wordy = true;
	w->now = at(lcg_below(&w->lcg, 2) ? "2026-03-05 07:00" : "2026-03-28 12:00");
}

static void
finish(struct world *w)
{
	scene_finish(&w->stepped);
	scene_finish(&w->plain);
}

/* What is due is done when it is done: nothing is due at that moment, or before it, any more. */
static void
step_to(struct scene *scene, int64_t to)
{
	for (int64_t due; (due = engine_next_due(scene->engine)) <= to;) {
		scene_advance(scene, due);
		assert_true(engine_next_due(scene->engine) > due);
	}
	scene_advance(scene, to);
}

static void
reload(struct world *w, struct engine *into, const char *name)
{
	const struct customer *customer = engine_find(w->stepped.engine, str_of(name));
	struct stream_id applied = {w->stepped.at, w->stepped.seq}, read;
	struct buf bytes = {0};
	struct err err;
	if (!customer)
		return;
	record_encode_due(&bytes, engine_rules(w->stepped.engine), customer, applied,
			  engine_due_at(w->stepped.engine, customer));
	struct customer *loaded =
		record_decode(engine_rules(into), str_of(name), buf_view(&bytes), &read, &err);
	assert_non_null(loaded);
	assert_true(engine_load(into, loaded, read, &err));
	buf_finish(&bytes);
}

static void
restart(struct world *w)
{
	struct scene *scene = &w->stepped;
	struct engine *into =
		engine_create(scene_rules(w->rules), (struct hash_seed){lcg_next(&w->lcg), 8});
	engine_resume(into, (struct stream_id){scene->at, scene->seq});
	for (size_t i = 0; i < engine_turns(scene->engine); i++) {
		struct str team;
		uint64_t taken = engine_turn(scene->engine, i, &team);
		engine_load_turn(into, team, taken);
	}
	for (size_t i = 0; i < NAMES; i++)
		reload(w, into, names[NAMES - 1 - i]);
	engine_destroy(scene->engine);
	scene->engine = into;
}

/* ---- entries ---- */

static void
send(struct world *w, const char *name, const char *type, const char *one, const char *two)
{
	scene_send(&w->stepped, w->now, name, type, one, two, NULL);
	scene_send(&w->plain, w->now, name, type, one, two, NULL);
}

/* "verb=snooze until=2h": what somebody does with one of the customer's tasks. */
static void
act_somehow(struct world *w, const char *name)
{
	static const char *const whos[] = {"who=ann", "who=bob", "who=lea", "who=zoe"};
	static const char *const acts[][2] = {
		{"verb=claim", NULL},	       {"verb=claim", NULL},
		{"verb=done", NULL},	       {"verb=done", "outcome=saved"},
		{"verb=snooze", "until=2h"},   {"verb=snooze", "until=30m"},
		{"verb=snooze", "until=1d"},   {"verb=assign", "to=ann"},
		{"verb=assign", NULL},	       {"verb=transfer", "to=zoe"},
		{"verb=transfer", "to=ann"},   {"verb=cancel", NULL},
		{"verb=link", "external_id=e"}};
	const struct customer *customer = engine_find(w->plain.engine, str_of(name));
	const char *const *act = PICK(&w->lcg, acts), *who = PICK(&w->lcg, whos);
	char task[48] = "task=";
	if (!customer || !customer->cold || customer->cold->task_count == 0)
		return;
	engine_task_id(w->plain.engine, customer,
		       &customer->cold->tasks[lcg_below(&w->lcg, customer->cold->task_count)],
		       task + 5);
	scene_send(&w->stepped, w->now, name, "churnd.task", task, act[0], who, act[1], NULL);
	scene_send(&w->plain, w->now, name, "churnd.task", task, act[0], who, act[1], NULL);
}

/* Late ones, and history, too. */
static void
happen(struct world *w, const char *name)
{
	static const char *const types[] = {"a", "a", "b", "z", "churned"};
	char ts[40];
	snprintf(ts, sizeof ts, "ts=%lld",
		 (long long)(w->now - (int64_t)lcg_below(&w->lcg, 4 * DAY_MS)));
	bool late = lcg_below(&w->lcg, 5) == 0, backfill = lcg_below(&w->lcg, 2);
	send(w, name, PICK(&w->lcg, types), late ? ts : NULL, backfill ? "backfill=1" : NULL);
}

static void
one_entry(struct world *w)
{
	static const char *const tickets[] = {"ticket=t1", "ticket=t2", "ticket=t3"};
	static const char *const profiles[] = {"tier=basic", "tier=plus", "owner=bob"};
	const char *name = PICK(&w->lcg, names);
	switch (lcg_below(&w->lcg, 16)) {
	case 0:
		send(w, name, "profile", PICK(&w->lcg, profiles), NULL);
		return;
	case 1:
		send(w, name, "open_case", PICK(&w->lcg, tickets), NULL);
		return;
	case 2:
		send(w, name, "close_case", PICK(&w->lcg, tickets), NULL);
		return;
	case 3:
	case 4:
	case 5:
		send(w, name, "hit", lcg_below(&w->lcg, 5) ? "value=1" : "value=0", NULL);
		return;
	case 6:
	case 7:
	case 8:
	case 9:
		happen(w, name);
		return;
	}
	act_somehow(w, name);
}

static void
edit(struct world *w)
{
	make_rules(&w->lcg, w->rules, sizeof w->rules);
	scene_change(&w->stepped, w->now, w->rules);
	scene_change(&w->plain, w->now, w->rules);
}

/* ---- what is to hold ---- */

static bool
is_open(const struct task_held *task)
{
	return task->state != TASK_DONE && task->state != TASK_CANCELLED;
}

static void
expect_one_open_of_a_kind(const struct world *w, const char *name)
{
	const struct customer *customer = engine_find(w->plain.engine, str_of(name));
	const struct cold *cold = customer ? customer->cold : NULL;
	for (unsigned i = 0; cold && i < cold->task_count; i++)
		for (unsigned k = 0; k < i; k++)
			assert_false(cold->tasks[i].def == cold->tasks[k].def &&
				     str_eq(cold->tasks[i].item, cold->tasks[k].item) &&
				     is_open(&cold->tasks[i]) && is_open(&cold->tasks[k]));
}

static void
expect_the_same(struct world *w)
{
	struct buf *stepped = &w->stepped.said, *plain = &w->plain.said;
	scene_advance(&w->stepped, w->now);
	scene_advance(&w->plain, w->now);
	buf_char(stepped, '\0');
	buf_char(plain, '\0');
	assert_string_equal(stepped->p, plain->p);
	scene_clear(&w->stepped);
	scene_clear(&w->plain);
	for (size_t i = 0; i < NAMES; i++)
		expect_one_open_of_a_kind(w, names[i]);
}

/* Now and then `odd` happens beside the entries; NULL: nothing. */
static void
play(uint64_t seed, void (*odd)(struct world *w))
{
	for (uint64_t i = 0; i < WORLDS; i++) {
		struct world w;
		begin(&w, seed + i);
		for (unsigned k = 0; k < ENTRIES; k++) {
			w.now += 1 + (int64_t)(lcg_below(&w.lcg, 3)
						       ? lcg_below(&w.lcg, 40) * MINUTE_MS
						       : lcg_below(&w.lcg, 30) * HOUR_MS / 2);
			step_to(&w.stepped, w.now - 1);
			if (odd && lcg_below(&w.lcg, 12) == 0)
				odd(&w);
			else
				one_entry(&w);
			expect_the_same(&w);
		}
		finish(&w);
	}
}

static void
tasks_are_the_same_whoever_asks_what_is_due(void **state)
{
	(void)state;
	play(1000, NULL);
}

static void
tasks_are_the_same_after_restarts(void **state)
{
	(void)state;
	play(2000, restart);
}

static void
tasks_are_the_same_over_edits_of_the_rules(void **state)
{
	(void)state;
	play(3000, edit);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tasks_are_the_same_whoever_asks_what_is_due),
		cmocka_unit_test(tasks_are_the_same_after_restarts),
		cmocka_unit_test(tasks_are_the_same_over_edits_of_the_rules),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
