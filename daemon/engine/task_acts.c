/* SPDX-License-Identifier: Apache-2.0 */
/* What people do with tasks: the verbs of churnd.task, what each needs, and when it comes too late. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "base/mem.h"
#include "base/number.h"
#include "engine/core.h"

#define SNOOZE_MAX (400 * DAY_MS)
#define NAME_MAX_BYTES 128

/* ---- answers ---- */

static void refuse(struct step *step, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* A sentence that begins with "conflict: " says that somebody was faster; any other, that it was never right. */
static void
refuse(struct step *step, const char *fmt, ...)
{
	char sentence[512];
	va_list args;
	va_start(args, fmt);
	vsnprintf(sentence, sizeof sentence, fmt, args);
	va_end(args);
	orders_reject(step->engine, step->customer, step->sink, sentence);
}

static void
tell(struct step *step, struct task_held *task, enum task_verb verb, struct task_change *said)
{
	task_tell(step, task, verb, NULL, said);
}

static struct str
keep(struct step *step, struct str text)
{
	return arena_str(&step->engine->scratch, text);
}

static struct str
state_word(const struct task_held *task)
{
	return str_of(task_state_name((enum task_state)task->state));
}

static bool
is_claimed(const struct task_held *task)
{
	return task->state == TASK_CLAIMED ||
	       (task->state == TASK_SNOOZED && task->was_claimed);
}

/* ---- moves that several verbs share ---- */

void
task_wake(struct task_held *task, int64_t now)
{
	if (task->state != TASK_SNOOZED)
		return;
	if (now < task->snoozes[task->snooze_count - 1].to)
		task->snoozes[task->snooze_count - 1].to = now;
	task->state = task->was_claimed ? TASK_CLAIMED : TASK_OPEN;
}

/* It is this person's, who works on it. */
static void
take(struct step *step, struct task_held *task, struct str person)
{
	task_wake(task, step->now);
	text_set(&task->assignee, person);
	task->state = TASK_CLAIMED;
	task->given_at = 0;
	if (!task->acked_at)
		task->acked_at = step->now;
}

/* From the borrower to the lender, who has it claimed. */
static void
give_back(struct step *step, struct task_held *task, struct task_change *said)
{
	said->from = keep(step, task->assignee);
	said->to = keep(step, task->lender);
	text_set(&task->lender, STR_NONE);
	take(step, task, said->to);
	tell(step, task, VERB_TRANSFERRED, said);
}

/* ---- the verbs ---- */

static void
act_claim(struct step *step, struct task_held *task, struct task_change *said)
{
	if (is_claimed(task) && !str_eq(task->assignee, said->who)) {
		refuse(step, "conflict: the task is already claimed by %.*s",
		       STR_ARG(task->assignee));
		return;
	}
	said->from = keep(step, task->assignee);
	said->to = said->who;
	take(step, task, said->who);
	tell(step, task, VERB_CLAIMED, said);
}

/* By the borrower, or by a system that says of nobody: the loan ends, the task does not. */
static void
act_done(struct step *step, struct task_held *task, struct task_change *said)
{
	if (said->outcome.n && outcome_of(said->outcome) < 0) {
		refuse(step,
		       "outcome \"%.*s\" is none of saved, churned, false_alarm, no_answer, other",
		       STR_ARG(said->outcome));
		return;
	}
	if (task->lender.n && (said->who.n == 0 || str_eq(said->who, task->assignee))) {
		give_back(step, task, said);
		return;
	}
	if (said->outcome.n == 0)
		said->outcome = STR("other");
	said->from = state_word(task);
	said->to = STR("done");
	if (!task->acked_at)
		task->acked_at = step->now;
	if (task->assignee.n == 0)
		text_set(&task->assignee, said->who);
	text_set(&task->outcome, said->outcome);
	task_close(step, task, TASK_DONE);
	tell(step, task, VERB_DONE, said);
}

static void
act_cancel(struct step *step, struct task_held *task, struct task_change *said)
{
	said->from = state_word(task);
	said->to = STR("cancelled");
	task_close(step, task, TASK_CANCELLED);
	tell(step, task, VERB_CANCELLED, said);
}

/* An instant, or so long from now. */
static bool
read_until(struct step *step, struct str text, int64_t *at)
{
	struct err err = {""};
	int64_t span;
	if (parse_duration(text, false, &span))
		*at = step->now + (span > SNOOZE_MAX ? SNOOZE_MAX + 1 : span < 0 ? 0 : span);
	else if (!parse_int64(text, at) && !parse_instant(text, at, &err)) {
		refuse(step, "until \"%.*s\" is neither an instant nor a duration such as 2d",
		       (int)(text.n > 64 ? 64 : text.n), text.p);
		return false;
	}
	if (*at > step->now && *at <= step->now + SNOOZE_MAX)
		return true;
	refuse(step, *at <= step->now ? "until lies in the past"
				      : "a task is put off by at most 400 days");
	return false;
}

static bool
add_snooze(struct step *step, struct task_held *task, int64_t until)
{
	if (task->state == TASK_SNOOZED) {
		task->snoozes[task->snooze_count - 1].to = until;
		return true;
	}
	if (task->snooze_count == TASK_MAX_SNOOZES) {
		refuse(step, "the task was put off %d times already: that is the most",
		       TASK_MAX_SNOOZES);
		return false;
	}
	task->snoozes =
		mem_resize(task->snoozes, (task->snooze_count + 1u) * sizeof *task->snoozes);
	task->snoozes[task->snooze_count++] = (struct snooze){step->now, until};
	return true;
}

static void
act_snooze(struct step *step, struct task_held *task, struct task_change *said)
{
	char text[INSTANT_TEXT];
	int64_t until;
	if (!read_until(step, said->until, &until) || !add_snooze(step, task, until))
		return;
	said->from = state_word(task);
	print_instant(until, text);
	said->to = keep(step, str_of(text));
	task->was_claimed = is_claimed(task);
	task->state = TASK_SNOOZED;
	tell(step, task, VERB_SNOOZED, said);
}

/* Nobody: the queue has it. Whoever gets it has ack_within to claim it. */
static void
act_assign(struct step *step, struct task_held *task, struct task_change *said)
{
	said->from = keep(step, task->assignee);
	text_set(&task->assignee, said->to);
	text_set(&task->lender, STR_NONE);
	task->was_claimed = false;
	if (task->state == TASK_CLAIMED)
		task->state = TASK_OPEN;
	task->given_at = task->state == TASK_OPEN && said->to.n ? step->now : 0;
	tell(step, task, VERB_ASSIGNED, said);
}

/* Lent on, it still goes back to the one who lent it first; unless somebody (`who`) takes that one's place. */
static void
act_transfer(struct step *step, struct task_held *task, struct task_change *said)
{
	bool stays = str_eq(said->to, task->assignee);
	struct str lender = stays	       ? said->who
			    : task->lender.n   ? task->lender
			    : task->assignee.n ? task->assignee
					       : said->who;
	if (stays && (task->lender.n == 0 || said->who.n == 0 ||
		      str_eq(said->who, task->lender) || str_eq(said->who, said->to))) {
		refuse(step, "conflict: the task is with %.*s already", STR_ARG(said->to));
		return;
	}
	if (lender.n == 0) {
		refuse(step, "nobody has the task who could lend it: say who, or assign it");
		return;
	}
	if (task->lender.n && str_eq(said->to, task->lender)) {
		give_back(step, task, said);
		return;
	}
	said->from = keep(step, task->assignee);
	text_set(&task->lender, keep(step, lender));
	take(step, task, said->to);
	tell(step, task, VERB_TRANSFERRED, said);
}

/* Only what every act may say besides. */
static void
act_link(struct step *step, struct task_held *task, struct task_change *said)
{
	tell(step, task, VERB_LINKED, said);
}

/* ---- the table ---- */

static const struct act {
	const char *verb;
	const char *field, *what; /* it needs; NULL: nothing */
	bool closed;		  /* of a closed task too */
	void (*act)(struct step *, struct task_held *, struct task_change *);
} acts[] = {
	{"claim", "who", "who", false, act_claim},
	{"done", NULL, NULL, false, act_done},
	{"cancel", NULL, NULL, false, act_cancel},
	{"snooze", "until", "until when", false, act_snooze},
	{"assign", NULL, NULL, false, act_assign},
	{"transfer", "to", "to whom", false, act_transfer},
	{"link", "external_id", "what it is called there", true, act_link},
};

static const struct act *
find_act(struct step *step, struct str verb)
{
	struct arena *arena = &step->engine->scratch;
	struct str known = STR_NONE;
	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
		if (str_is(verb, acts[i].verb))
			return &acts[i];
		known = arena_printf(arena, "%.*s%s%s", STR_ARG(known), i ? ", " : "",
				     acts[i].verb);
	}
	refuse(step, "unknown task verb \"%.*s\"; known are %.*s", STR_ARG(verb),
	       STR_ARG(known));
	return NULL;
}

static struct task_held *
task_of_id(struct step *step, struct str id)
{
	struct cold *cold = step->customer->cold;
	for (unsigned i = 0; cold && i < cold->task_count; i++) {
		char name[ORDER_ID];
		name_task(step->engine->rules, step->customer, &cold->tasks[i], name);
		if (str_is(id, name))
			return &cold->tasks[i];
	}
	return NULL;
}

/* People are whoever is named: teams are no directory. */
static bool
names_are_fit(struct step *step)
{
	static const char *const fields[] = {"who", "to", "from", "external_id", "reason_code"};
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		struct str name = entry_attribute(step->entry, str_of(fields[i]));
		if (name.n > NAME_MAX_BYTES || text_has_control(name)) {
			refuse(step,
			       "%s has a control character or more than %d bytes: it is a "
			       "name",
			       fields[i], NAME_MAX_BYTES);
			return false;
		}
	}
	return true;
}

/* Is it still what whoever acts took it for? */
static bool
is_as_expected(struct step *step, const struct act *act, const struct task_held *task,
	       struct str from)
{
	if (!task_is_open(task) && !act->closed)
		refuse(step, "conflict: the task is already %s",
		       task_state_name((enum task_state)task->state));
	else if (from.n && !str_eq(from, task->assignee))
		refuse(step, "conflict: the task is not with %.*s any more but with %.*s",
		       STR_ARG(from),
		       STR_ARG(task->assignee.n ? task->assignee : STR("nobody")));
	else
		return true;
	return false;
}

void
orders_task_act(struct step *step)
{
	const struct entry *entry = step->entry;
	const struct act *act = find_act(step, entry_attribute(entry, STR("verb")));
	struct str id = entry_attribute(entry, STR("task"));
	struct task_change said = {
		.who = entry_attribute(entry, STR("who")),
		.to = entry_attribute(entry, STR("to")),
		.note = entry_attribute(entry, STR("note")),
		.until = entry_attribute(entry, STR("until")),
		.outcome = entry_attribute(entry, STR("outcome")),
		.reason_code = entry_attribute(entry, STR("reason_code")),
		.external_id = entry_attribute(entry, STR("external_id")),
	};
	if (!act || !names_are_fit(step))
		return;
	if (act->field && entry_attribute(entry, str_of(act->field)).n == 0) {
		refuse(step, "to %s a task, say %s: field %s is missing", act->verb, act->what,
		       act->field);
		return;
	}
	struct task_held *task = task_of_id(step, id);
	if (!task) {
		/* Most likely it had: of the closed ones only those of the last days are held. */
		refuse(step, "conflict: customer %.*s has no task %.*s, or none any more",
		       STR_ARG(customer_id(step->customer)), STR_ARG(id));
		return;
	}
	if (!is_as_expected(step, act, task, entry_attribute(entry, STR("from"))))
		return;
	act->act(step, task, &said);
}
