/* SPDX-License-Identifier: Apache-2.0 */
/* What a task's clocks make of it: it comes back, escalates, and is lost to the queue. */
#include "base/number.h"
#include "engine/core.h"
#include "engine/sla.h"

/* ---- coming back ---- */

static void
come_back(struct step *step, struct task_held *task)
{
	struct task_change said = {.who = STR("churnd"), .from = STR("snoozed")};
	task->state = task->was_claimed ? TASK_CLAIMED : TASK_OPEN;
	said.to = str_of(task_state_name((enum task_state)task->state));
	task->given_at = task->state == TASK_OPEN && task->assignee.n ? step->now : 0;
	task_tell(step, task, VERB_RESUMED, NULL, &said);
}

/* ---- the two clocks ---- */

static const struct clock {
	const char *name;
	int64_t (*at)(const struct ruleset *rules, const struct task_held *task, int share);
	uint8_t warned, breached;
} clocks[] = {
	{"ack_within", sla_ack_at, TOLD_ACK_WARNED, TOLD_ACK_BREACHED},
	{"resolve_within", sla_resolve_at, TOLD_RESOLVE_WARNED, TOLD_RESOLVE_BREACHED},
};
#define CLOCKS (sizeof clocks / sizeof *clocks)
#define BREACHES ((unsigned)TOLD_ACK_BREACHED | TOLD_RESOLVE_BREACHED)

/* When a clock that still runs comes to that share; NEVER. */
static int64_t
comes_to(const struct ruleset *rules, const struct task_held *task, const struct clock *clock,
	 int share)
{
	if (clock->warned == TOLD_ACK_WARNED && task->acked_at)
		return NEVER;
	return clock->at(rules, task, share);
}

/* What the clocks that have come to that share have to say. */
static uint8_t
come_to(const struct step *step, const struct task_held *task, int share)
{
	unsigned told = 0;
	for (size_t i = 0; i < CLOCKS; i++) {
		if (comes_to(step->engine->rules, task, &clocks[i], share) > step->now)
			continue;
		told |= clocks[i].warned;
		if (share >= SLA_BREACHED)
			told |= clocks[i].breached;
	}
	return (uint8_t)told;
}

/* "ack_within", "ack_within and resolve_within" */
static struct str
names_of(struct step *step, unsigned told, struct str between)
{
	struct str parts[2 * CLOCKS];
	size_t count = 0;
	for (size_t i = 0; i < CLOCKS; i++) {
		if (!(told & (clocks[i].warned | clocks[i].breached)))
			continue;
		if (count)
			parts[count++] = between;
		parts[count++] = str_of(clocks[i].name);
	}
	return arena_join(&step->engine->scratch, parts, count);
}

static void
note_share(struct step *step, unsigned told, int share, struct task_change *said)
{
	struct arena *arena = &step->engine->scratch;
	char digits[UINT64_DIGITS];
	struct str number = {digits, (size_t)(print_uint64((uint64_t)share, digits) - digits)};
	said->note =
		ARENA_JOIN(arena, number, STR("% of "), names_of(step, told, STR(" and ")));
	said->note_zh = ARENA_JOIN(arena, names_of(step, told, STR("、")), STR(" 已用 "),
				   number, STR("%"));
}

static void
note_team(struct step *step, struct str team, bool found, struct task_change *said)
{
	struct arena *arena = &step->engine->scratch;
	said->note = ARENA_JOIN(arena, said->note, STR(", to "), team,
				found ? STR_NONE : STR(", which has nobody"));
	said->note_zh = ARENA_JOIN(arena, said->note_zh, STR("，升级至 "), team,
				   found ? STR_NONE : STR("（无人可派）"));
}

/* A clock is over once: what comes after its breach escalates. */
static void
say(struct step *step, struct task_held *task, unsigned told, struct task_change *said)
{
	unsigned breached = told & ~(unsigned)task->told & BREACHES;
	said->who = STR("churnd");
	task->told = (uint8_t)(task->told | told);
	task_tell(step, task, breached ? VERB_BREACHED : VERB_ESCALATED, NULL, said);
}

/* What the clocks say by themselves: nobody else gets the task. A warning that comes with the breach, after an
 * edit, warns nobody. */
static void
tell_clocks(struct step *step, struct task_held *task)
{
	unsigned told = come_to(step, task, SLA_WARNED) | come_to(step, task, SLA_BREACHED);
	unsigned fresh = told & ~(unsigned)task->told;
	int share = fresh & BREACHES ? SLA_BREACHED : SLA_WARNED;
	struct task_change said = {.verb = VERB_ESCALATED};
	if (!fresh)
		return;
	told = fresh & BREACHES ? fresh & BREACHES : fresh;
	note_share(step, told, share, &said);
	say(step, task, fresh, &said);
}

/* ---- escalations ---- */

static const struct task_escalation *
next_of_list(const struct ruleset *rules, const struct task_held *task)
{
	const struct task_def *def = &rules->tasks[task->def];
	for (unsigned i = 0; i < def->escalation_count; i++)
		if (def->escalations[i].share > task->escalated)
			return &def->escalations[i];
	return NULL;
}

static void
give_on(struct task_held *task, struct str person)
{
	text_set(&task->assignee, person);
	text_set(&task->lender, STR_NONE);
	task->given_at = 0; /* theirs until the next step of the list */
}

/* One of the team gets it; a clock that has come so far has said so by this. */
static bool
escalate(struct step *step, struct task_held *task)
{
	const struct ruleset *rules = step->engine->rules;
	const struct task_escalation *next = next_of_list(rules, task);
	struct arena *arena = &step->engine->scratch;
	uint8_t told = next ? come_to(step, task, next->share) : 0;
	struct task_change said = {.verb = VERB_ESCALATED};
	if (!told)
		return false;
	said.from = arena_str(arena, task->assignee);
	struct str person = teams_other(step, next->team, said.from);
	said.to = person.n ? person : said.from;
	note_share(step, told, next->share, &said);
	note_team(step, rules->teams[next->team].name, person.n > 0, &said);
	if (person.n)
		give_on(task, person);
	task->escalated = (uint16_t)next->share;
	say(step, task, told, &said);
	return true;
}

/* ---- lost to the queue ---- */

static void
lose(struct step *step, struct task_held *task)
{
	struct task_change said = {.who = STR("churnd"),
				   .note = STR("not claimed in time"),
				   .note_zh = STR("未按时认领")};
	said.from = arena_str(&step->engine->scratch, task->assignee);
	text_set(&task->assignee, STR_NONE);
	task->given_at = 0;
	task_tell(step, task, VERB_ASSIGNED, NULL, &said);
}

/* ---- the whole ---- */

static int64_t
due_at(const struct ruleset *rules, const struct task_held *task)
{
	const struct task_escalation *next = next_of_list(rules, task);
	int64_t at = task_snoozed_until(task);
	sooner(&at, sla_lost_at(rules, task));
	for (size_t i = 0; i < CLOCKS; i++) {
		const struct clock *clock = &clocks[i];
		if (!(task->told & clock->warned))
			sooner(&at, comes_to(rules, task, clock, SLA_WARNED));
		if (!(task->told & clock->breached))
			sooner(&at, comes_to(rules, task, clock, SLA_BREACHED));
		if (next)
			sooner(&at, comes_to(rules, task, clock, next->share));
	}
	return at;
}

int64_t
care_clock_due(const struct ruleset *rules, struct task_held *task)
{
	if (task->due_at == 0)
		task->due_at = task_is_open(task) ? due_at(rules, task) : NEVER;
	return task->due_at;
}

/* It escalates before it is lost: who got it by the list keeps it. */
void
care_clock(struct step *step, struct task_held *task)
{
	const struct ruleset *rules = step->engine->rules;
	if (care_clock_due(rules, task) > step->now) {
		step_care_due(step, task->due_at);
		return;
	}
	step->changed = true;
	if (step->dry)
		return;
	if (task_snoozed_until(task) <= step->now)
		come_back(step, task);
	while (escalate(step, task)) {
	}
	tell_clocks(step, task);
	if (sla_lost_at(rules, task) <= step->now)
		lose(step, task);
	step_care_due(step, care_clock_due(rules, task));
}
