/* SPDX-License-Identifier: Apache-2.0 */
/* A small team with customers to care for: what tests of tasks share. */
#ifndef UNIT_CARE_H
#define UNIT_CARE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/scene.h"

#define HEAD                                                                      \
	"teams: {care: [ann, bob, cid], lead: [lea], pair: [ann, lea]}\n"         \
	"levels:\n  watch: {enter: 30, leave: 20}\n"                              \
	"profile: {tier: {enum: [basic, plus]}}\n"                                \
	"signals:\n  a: {on: a}\n  b: {on: b}\n"                                  \
	"rules:\n- {rule: struck, on: hit, expr: 'event.value > 0', points: 40, " \
	"keep_firing_for: 2h, cooldown: 0s}\n"                                    \
	"- {rule: use, mode: off, expr: 'seen(a) or seen(b) or profile.tier == \"plus\"'}\n"
#define CALL "actions: [{on: rule.fired, task: call}]\n"
#define NOON "2026-03-02 12:00"

/* The customer's tasks, one line each: name, state, priority, queue, assignee, sla, outcome. */
static inline void
expect_tasks(struct scene *w, const char *customer, const char *lines)
{
	const struct ruleset *rules = engine_rules(w->engine);
	const struct customer *c = engine_find(w->engine, str_of(customer));
	struct buf out = {0};
	for (unsigned i = 0; c && c->cold && i < c->cold->task_count; i++) {
		const struct task_held *task = &c->cold->tasks[i];
		const struct task_def *def = &rules->tasks[task->def];
		buf_printf(&out, "%.*s %s %s q=%.*s a=%.*s %s%s%.*s\n", STR_ARG(def->name),
			   task_state_name((enum task_state)task->state),
			   priority_name((enum priority)task->priority),
			   STR_ARG(task_queue(def, task)), STR_ARG(task->assignee),
			   task_sla_state(def, task), task->outcome.n ? " " : "",
			   STR_ARG(task->outcome));
	}
	buf_char(&out, '\0');
	assert_string_equal(out.p, lines);
	buf_finish(&out);
}

static inline void
strike(struct scene *w, const char *when, const char *customer)
{
	scene_send(w, at(when), customer, "hit", "value=1", NULL);
}

static inline void
act(struct scene *w, const char *when, const char *verb, unsigned i, const char *more)
{
	const struct customer *c = engine_find(w->engine, STR("c1"));
	char id[ORDER_ID], task[48], does[32];
	engine_task_id(w->engine, c, &c->cold->tasks[i], id);
	snprintf(task, sizeof task, "task=%s", id);
	snprintf(does, sizeof does, "verb=%s", verb);
	scene_send(w, at(when), "c1", "churnd.task", task, does, "who=zoe", more, NULL);
}

#endif
