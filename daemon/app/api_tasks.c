/* SPDX-License-Identifier: Apache-2.0 */
/* Care tasks over HTTP: the list, one of them, and what people do with it. */
#include <string.h>

#include "app/api_room.h"
#include "base/mem.h"
#include "codec/event_fields.h"
#include "codec/resp.h"
#include "engine/sla.h"

/* --- the list --- */

/* Which tasks there are is known to the engine; what they say lies in Redis. */
struct task_filter {
	unsigned states; /* bit per enum task_state */
	struct str assignee, lender, queue, customer, task, sla;
	bool overdue;
	int64_t now;
};

#define OPEN_STATES (1u << TASK_OPEN | 1u << TASK_CLAIMED | 1u << TASK_SNOOZED)

static bool
read_states(struct ask *ask, unsigned *out)
{
	struct str word = ask_parameter(ask, "state");

	*out = str_is(word, "all") ? ~0u : OPEN_STATES;
	if (word.n == 0 || str_is(word, "all"))
		return true;
	for (unsigned state = TASK_OPEN; state <= TASK_CANCELLED; state++) {
		*out = 1u << state;
		if (str_is(word, task_state_name((enum task_state)state)))
			return true;
	}
	ask_fail(ask, 400, "bad_parameter",
		 "state is open, claimed, snoozed, done, cancelled or all");
	return false;
}

static bool
read_sla(struct ask *ask, struct task_filter *filter)
{
	static const char *const words[] = {"ok", "warned", "breached"};
	struct str overdue = ask_parameter(ask, "overdue");

	filter->sla = ask_parameter(ask, "sla");
	filter->overdue = str_is(overdue, "1");
	filter->now = ask_now(ask);
	if (overdue.n > 0 && !filter->overdue && !str_is(overdue, "0")) {
		ask_fail(ask, 400, "bad_parameter", "overdue is 1 or 0");
		return false;
	}
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (filter->sla.n == 0 || str_is(filter->sla, words[i]))
			return true;
	ask_fail(ask, 400, "bad_parameter", "sla is ok, warned or breached");
	return false;
}

static bool
wants(struct str word, struct str text)
{
	return word.n == 0 || str_eq(word, text);
}

static bool
fits(const struct task_filter *filter, const struct ruleset *rules,
     const struct task_held *task)
{
	const struct task_def *def = &rules->tasks[task->def];

	return (filter->states >> task->state & 1) && wants(filter->assignee, task->assignee) &&
	       wants(filter->lender, task->lender) &&
	       wants(filter->queue, task_queue(def, task)) && wants(filter->task, def->name) &&
	       wants(filter->sla, str_of(task_sla_state(def, task))) &&
	       (!filter->overdue || sla_is_overdue(rules, task, filter->now));
}

/* The most urgent first, then those of the customer who is worth most, then the oldest. */
static void
visit(struct ask *ask, struct engine *engine, const struct customer *customer)
{
	const struct task_filter *filter = ask->state;
	const struct cold *cold = customer->cold;

	if (filter->customer.n > 0 && !str_eq(filter->customer, customer_id(customer)))
		return;
	for (unsigned i = 0; cold && i < cold->task_count; i++) {
		const struct task_held *task = &cold->tasks[i];
		struct row row = {.key = task->priority,
				  .at = task->created_at,
				  .id = customer_id(customer),
				  .n = i,
				  .customer = customer};

		if (!fits(filter, engine_rules(engine), task) || !scan_wants(ask, row.key))
			continue;
		row.then = api_value_key(engine, customer, filter->now);
		scan_offer(ask, &row);
	}
}

static void
task_command(struct ask *ask, struct buf *out, const char *verb, struct str id,
	     const char *more)
{
	struct str key = ask->api->task_key;

	resp_array(out, more ? 3 : 2);
	resp_text(out, verb);
	resp_arg(out, arena_printf(ask->arena, "%.*s%.*s", STR_ARG(key), STR_ARG(id)));
	if (more)
		resp_text(out, more);
}

static void
end_list(struct ask *ask)
{
	json_close(&ask->json, ']');
	scan_finish_json(ask);
	json_close(&ask->json, '}');
	ask_answer(ask, 200);
}

static void
take_hash(struct ask *ask, const struct reply *reply)
{
	(void)!api_task_json(ask, reply);
	if (ask->ticket == NULL)
		end_list(ask);
}

static void
done(struct ask *ask, const struct row *rows, unsigned count)
{
	struct engine *engine = live_engine(ask->api->options.live);
	struct buf commands = {0};
	unsigned sent = 0;

	json_open(&ask->json, '{');
	json_key(&ask->json, "tasks");
	json_open(&ask->json, '[');
	for (unsigned i = 0; i < count; i++) {
		const struct cold *cold = rows[i].customer->cold;
		char id[ORDER_ID];

		/* It may have changed since it was seen: the list was made in several turns. */
		if (!cold || rows[i].n >= cold->task_count ||
		    !fits(ask->state, engine_rules(engine), &cold->tasks[rows[i].n]))
			continue;
		engine_task_id(engine, rows[i].customer, &cold->tasks[rows[i].n], id);
		task_command(ask, &commands, "HGETALL", str_of(id), NULL);
		sent++;
	}
	if (sent == 0)
		end_list(ask);
	else
		(void)!ask_redis(ask, buf_view(&commands), sent, take_hash);
	buf_finish(&commands);
}

void
api_tasks(struct ask *ask)
{
	struct task_filter *filter = arena_alloc(ask->arena, sizeof *filter);

	if (ask_engine(ask) == NULL || !read_states(ask, &filter->states) ||
	    !read_sla(ask, filter))
		return;
	filter->lender = ask_parameter(ask, "lender");
	filter->assignee = ask_parameter(ask, "assignee");
	filter->queue = ask_parameter(ask, "queue");
	filter->customer = ask_parameter(ask, "customer");
	filter->task = ask_parameter(ask, "task");
	ask->state = filter;
	scan_begin(ask, (struct scan_hooks){"tasks", visit, done});
}

/* --- one --- */

static void
task_missing(struct ask *ask)
{
	ask_fail(ask, 404, "not_found", "there is no task %.*s", STR_ARG(ask->id));
}

static void
take_task(struct ask *ask, const struct reply *reply)
{
	if (ask_is_refused(ask, reply))
		return;
	if (api_task_json(ask, reply))
		ask_answer(ask, 200);
	else
		task_missing(ask);
}

void
api_task(struct ask *ask)
{
	struct buf command = {0};

	task_command(ask, &command, "HGETALL", ask->id, NULL);
	(void)!ask_redis(ask, buf_view(&command), 1, take_task);
	buf_finish(&command);
}

/* --- acts --- */

#define SAID_MAX 8

/* An act is an entry of the stream, so that people's changes and the engine's meet in one order: it is
 * answered when it was applied, with the task as it is then. */
struct act {
	struct field fields[4 + 2 * SAID_MAX];
	unsigned count;
};

static void
act_field(struct act *act, const char *key, struct str value)
{
	act->fields[act->count++] = (struct field){str_of(key), value};
}

/* Does the sentence begin with "conflict: "? Then somebody was faster. */
static void
act_refused(struct ask *ask, const char *why)
{
	static const char conflict[] = "conflict: ";
	size_t n = sizeof conflict - 1;

	if (strncmp(why, conflict, n) == 0)
		ask_fail(ask, 409, "conflict", "%s", why + n);
	else
		ask_fail(ask, 400, "rejected", "%s", why);
}

static void
on_acted(void *ctx, const struct live_outcome *outcome)
{
	struct ask *ask = ctx;

	ask->acts = false;
	switch (outcome->result) {
	case LIVE_APPLIED:
		api_task(ask);
		break;
	case LIVE_REJECTED:
		act_refused(ask, outcome->why);
		break;
	case LIVE_REFUSED:
	case LIVE_UNSURE:
		ask_fail_commit(ask, outcome);
		break;
	}
}

static void
take_customer(struct ask *ask, const struct reply *reply)
{
	struct act *act = ask->state;

	if (ask_is_refused(ask, reply))
		return;
	if (reply->type != REPLY_STRING || reply->text.n == 0) {
		task_missing(ask);
		return;
	}
	act_field(act, "customer", reply->text);
	ask->acts = true;
	live_append(ask->api->options.live, act->fields, act->count, on_acted, ask);
}

static const char *const said[SAID_MAX] = {"who",  "to",      "from",	     "until",
					   "note", "outcome", "reason_code", "external_id"};

static bool
read_act(struct ask *ask, struct act *act)
{
	struct field fields[EVENT_MAX_FIELDS];
	unsigned count;

	if (!ask_body_fields(ask, fields, &count))
		return false;
	for (unsigned i = 0; i < count; i++) {
		unsigned k = 0;

		while (k < SAID_MAX && !str_is(fields[i].key, said[k]))
			k++;
		if (k == SAID_MAX) {
			ask_fail(ask, 400, "bad_body",
				 "the body has who, to, from, until, note, outcome, "
				 "reason_code, external_id, not \"%.*s\"",
				 STR_ARG(fields[i].key));
			return false;
		}
		if (fields[i].value.n > EVENT_MAX_TEXT || act->count > 3 + SAID_MAX) {
			ask_fail(ask, 400, "bad_body", "%s is given twice or too long",
				 said[k]);
			return false;
		}
		if (fields[i].value.n > 0)
			act_field(act, said[k], fields[i].value);
	}
	return true;
}

void
api_task_act(struct ask *ask)
{
	const char *verb = strrchr(ask->route->path, '/') + 1;
	struct act *act = arena_alloc(ask->arena, sizeof *act);
	struct buf command = {0};

	act_field(act, "type", STR("churnd.task"));
	act_field(act, "task", ask->id);
	act_field(act, "verb", str_of(verb));
	if (ask_engine(ask) == NULL || !read_act(ask, act))
		return;
	ask->state = act;
	task_command(ask, &command, "HGET", ask->id, "customer");
	(void)!ask_redis(ask, buf_view(&command), 1, take_customer);
	buf_finish(&command);
}
