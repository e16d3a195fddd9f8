/* SPDX-License-Identifier: Apache-2.0 */
/* How care work goes, by queue, person and kind of task: what is held of tasks, summed up. */
#include <stdlib.h>
#include <string.h>

#include "app/api_room.h"
#include "engine/quality.h"
#include "engine/sla.h"

#define GROUPS 1000 /* of each kind of group; what is beyond is summed up without a name */
#define SLOTS 2048  /* a power of two above it */

/* ms, in the order in which they came. */
struct times {
	int64_t *list;
	size_t count, cap;
};

struct group {
	struct str name;
	unsigned open, unassigned, snoozed, overdue, breached, done, cancelled;
	unsigned outcomes[OUTCOMES];
	struct times ack, resolve;
};

/* All in the call's arena. */
struct grouping {
	struct group *groups; /* the last one is for those beyond */
	unsigned count;
	uint16_t slots[SLOTS]; /* index and 1 */
};

enum { BY_ALL, BY_QUEUE, BY_ASSIGNEE, BY_TASK, GROUPINGS };
static const char *const grouping_names[] = {"all", "queues", "assignees", "tasks"};

struct report {
	struct grouping by[GROUPINGS];
	int64_t now;
};

static struct group *
group_of(struct ask *ask, struct grouping *grouping, struct str name)
{
	uint64_t at = hash_bytes(name.n ? name.p : "", name.n, (struct hash_seed){1, 1});

	for (;; at++) {
		uint16_t *slot = &grouping->slots[at % SLOTS];

		if (*slot && str_eq(grouping->groups[*slot - 1].name, name))
			return &grouping->groups[*slot - 1];
		if (*slot)
			continue;
		if (grouping->count == GROUPS)
			return &grouping->groups[GROUPS];
		*slot = (uint16_t)++grouping->count;
		grouping->groups[*slot - 1].name = arena_str(ask->arena, name);
		return &grouping->groups[*slot - 1];
	}
}

static void
note_time(struct ask *ask, struct times *times, int64_t ms)
{
	if (ms < 0)
		return;
	if (times->count == times->cap) {
		size_t cap = times->cap ? 2 * times->cap : 16;
		int64_t *list = arena_array(ask->arena, cap, sizeof *list);

		if (times->count)
			memcpy(list, times->list, times->count * sizeof *list);
		times->list = list;
		times->cap = cap;
	}
	times->list[times->count++] = ms;
}

static void
note_task(struct ask *ask, struct group *group, const struct ruleset *rules,
	  const struct task_held *task)
{
	const struct report *report = ask->state;
	bool open = task->state != TASK_DONE && task->state != TASK_CANCELLED;

	group->open += open;
	group->unassigned += open && task->assignee.n == 0;
	group->snoozed += task->state == TASK_SNOOZED;
	group->overdue += sla_is_overdue(rules, task, report->now);
	group->breached += (task->told & (TOLD_ACK_BREACHED | TOLD_RESOLVE_BREACHED)) != 0;
	group->done += task->state == TASK_DONE;
	group->cancelled += task->state == TASK_CANCELLED;
	if (task->state == TASK_DONE && outcome_of(task->outcome) >= 0)
		group->outcomes[outcome_of(task->outcome)]++;
	note_time(ask, &group->ack, sla_ack_took(rules, task));
	note_time(ask, &group->resolve, sla_resolve_took(rules, task));
}

static void
visit(struct ask *ask, struct engine *engine, const struct customer *customer)
{
	const struct ruleset *rules = engine_rules(engine);
	const struct cold *cold = customer->cold;
	struct report *report = ask->state;

	for (unsigned i = 0; cold && i < cold->task_count; i++) {
		const struct task_held *task = &cold->tasks[i];
		const struct task_def *def = &rules->tasks[task->def];
		const struct str names[GROUPINGS] = {STR("all"), task_queue(def, task),
						     task->assignee, def->name};

		for (unsigned k = 0; k < GROUPINGS; k++)
			note_task(ask, group_of(ask, &report->by[k], names[k]), rules, task);
	}
}

/* --- the answer --- */

static void
swap(int64_t *a, int64_t *b)
{
	int64_t held = *a;

	*a = *b;
	*b = held;
}

/* The one that stands in the middle when sorted, found by halving (Hoare's selection). */
static int64_t
middle_of(struct times *times)
{
	int64_t *list = times->list;
	size_t low = 0, high = times->count - 1, middle = (times->count - 1) / 2;

	while (low < high) {
		int64_t pivot = list[low + (high - low) / 2];
		size_t i = low, j = high;

		for (;; i++, j--) {
			while (list[i] < pivot)
				i++;
			while (list[j] > pivot)
				j--;
			if (i >= j)
				break;
			swap(&list[i], &list[j]);
		}
		if (middle <= j)
			high = j;
		else
			low = j + 1;
	}
	return list[middle];
}

static void
count_json(struct json *json, const char *key, unsigned count)
{
	json_key(json, key);
	json_int(json, count);
}

static void
median_json(struct json *json, const char *key, struct times *times)
{
	json_key(json, key);
	if (times->count == 0)
		json_none(json);
	else
		json_int(json, middle_of(times) / SECOND_MS);
}

static void
group_json(struct json *json, struct group *group)
{
	json_open(json, '{');
	json_key(json, "name");
	if (group->name.p)
		json_str(json, group->name);
	else
		json_none(json);
	count_json(json, "open", group->open);
	count_json(json, "unassigned", group->unassigned);
	count_json(json, "snoozed", group->snoozed);
	count_json(json, "overdue", group->overdue);
	count_json(json, "breached", group->breached);
	count_json(json, "done", group->done);
	count_json(json, "cancelled", group->cancelled);
	json_key(json, "outcomes");
	json_open(json, '{');
	for (unsigned i = 0; i < OUTCOMES; i++)
		count_json(json, outcome_name((enum outcome)i), group->outcomes[i]);
	json_close(json, '}');
	median_json(json, "ack_median_s", &group->ack);
	median_json(json, "resolve_median_s", &group->resolve);
	json_close(json, '}');
}

static int
by_name(const void *a, const void *b)
{
	return str_cmp(((const struct group *)a)->name, ((const struct group *)b)->name);
}

static void
done(struct ask *ask, const struct row *rows, unsigned count)
{
	struct report *report = ask->state;

	(void)rows, (void)count;
	json_open(&ask->json, '{');
	json_key(&ask->json, "at");
	json_instant(&ask->json, report->now);
	for (unsigned k = 0; k < GROUPINGS; k++) {
		struct grouping *grouping = &report->by[k];
		struct group *beyond = &grouping->groups[GROUPS];

		qsort(grouping->groups, grouping->count, sizeof *grouping->groups, by_name);
		json_key(&ask->json, grouping_names[k]);
		json_open(&ask->json, '[');
		for (unsigned i = 0; i < grouping->count; i++)
			group_json(&ask->json, &grouping->groups[i]);
		if (beyond->open + beyond->done + beyond->cancelled)
			group_json(&ask->json, beyond);
		json_close(&ask->json, ']');
	}
	json_close(&ask->json, '}');
	ask_answer(ask, 200);
}

void
api_task_report(struct ask *ask)
{
	struct report *report = arena_alloc(ask->arena, sizeof *report);

	if (ask_engine(ask) == NULL)
		return;
	report->now = ask_now(ask);
	for (unsigned k = 0; k < GROUPINGS; k++)
		report->by[k].groups =
			arena_array(ask->arena, GROUPS + 1, sizeof *report->by[k].groups);
	ask->state = report;
	scan_begin(ask, (struct scan_hooks){NULL, visit, done});
}
