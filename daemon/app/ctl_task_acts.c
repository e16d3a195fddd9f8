/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl tasks VERB: what a person does with a task, as an entry of its customer. */
#include <stdio.h>
#include <string.h>

#include "app/ctl.h"
#include "app/ctl_tasks.h"

enum word { WHO, TO, FROM, UNTIL, OUTCOME, REASON, NOTE, EXTERNAL_ID, WORDS };

/* Options, and the fields of the entry that they become. */
static const struct {
	const char *option, *field;
} words[WORDS] = {
	[WHO] = {"--who", "who"},
	[TO] = {"--to", "to"},
	[FROM] = {"--from", "from"},
	[UNTIL] = {"--until", "until"},
	[OUTCOME] = {"--outcome", "outcome"},
	[REASON] = {"--reason", "reason_code"},
	[NOTE] = {"--note", "note"},
	[EXTERNAL_ID] = {"--external-id", "external_id"},
};

/* What a verb needs besides the task, and what is said when it is done. */
static const struct verb {
	const char *name;
	int needs;	      /* enum word; -1: nothing */
	const char *what;     /* what to say then */
	const char *done[2];  /* English, Chinese */
	const char *other[2]; /* instead, without --to; NULL: the same */
} verbs[] = {
	{"claim", WHO, "who claims it: --who NAME", {"claimed", "已认领"}, {NULL, NULL}},
	{"done", -1, NULL, {"done", "已完成"}, {NULL, NULL}},
	{"cancel", -1, NULL, {"cancelled", "已取消"}, {NULL, NULL}},
	{"snooze",
	 UNTIL,
	 "until when: --until 2d, or an instant",
	 {"snoozed", "已推迟"},
	 {NULL, NULL}},
	{"assign", -1, NULL, {"assigned", "已指派"}, {"back to its queue", "已退回队列"}},
	{"transfer", TO, "to whom: --to NAME", {"lent", "已借出"}, {NULL, NULL}},
	{"link",
	 EXTERNAL_ID,
	 "what it is called there: --external-id ID",
	 {"linked", "已关联"},
	 {NULL, NULL}},
};

/* Whose task it is: the act is an entry of that customer. And who lent it to whom. */
struct owned {
	struct str customer, lender, assignee;
};

/* A field of the task's hash; none: there is none. */
static enum status
find_field(struct ctl_redis *redis, const char *task, const char *field, struct str *out)
{
	const char *key = arena_printf(&redis->arena, "task:%s", task).p;
	struct err err;
	const struct reply *reply = redis_call(redis->redis, &redis->arena, &err, "HGET",
					       ctl_home_key(redis->home, key).p, field, NULL);

	if (!reply)
		return ctl_fail(STATUS_AWAY, "%s", err.text);
	*out = reply->type == REPLY_STRING ? reply->text : STR_NONE;
	return STATUS_DONE;
}

static enum status
find_owned(struct ctl_redis *redis, const char *task, struct owned *out)
{
	enum status status = find_field(redis, task, "customer", &out->customer);

	if (status == STATUS_DONE && out->customer.n == 0)
		return ctl_fail(STATUS_NO, "there is no task %s", task);
	if (status == STATUS_DONE)
		status = find_field(redis, task, "lender", &out->lender);
	if (status == STATUS_DONE)
		status = find_field(redis, task, "assignee", &out->assignee);
	return status;
}

/* What is said when it is done: of a task that is lent the borrower's "done" is not its end. */
static struct str
done_text(struct ctl_redis *redis, const struct verb *verb, const char *task,
	  const struct owned *owned, const char *const *values)
{
	bool zh = redis->home->ctl->zh;
	const char *did = verb->other[zh] && !values[TO] ? verb->other[zh] : verb->done[zh];
	bool borrower = !values[WHO] || str_is(owned->assignee, values[WHO]);

	if (strcmp(verb->name, "done") == 0 && owned->lender.n > 0 && borrower)
		return arena_printf(&redis->arena,
				    zh ? "%s：已归还 %.*s" : "%s: back with %.*s", task,
				    STR_ARG(owned->lender));
	return arena_printf(&redis->arena, zh ? "%s：%s" : "%s: %s", task, did);
}

static enum status
act(struct ctl_redis *redis, const struct verb *verb, const char *task,
    const char *const *values)
{
	struct field fields[4 + WORDS] = {{STR("type"), STR("churnd.task")},
					  {STR("task"), str_of(task)},
					  {STR("verb"), str_of(verb->name)},
					  {STR("customer"), STR_NONE}};
	unsigned count = 4;
	struct owned owned = {STR_NONE, STR_NONE, STR_NONE};
	struct str done;
	enum status status = find_owned(redis, task, &owned);

	if (status != STATUS_DONE)
		return status;
	fields[3].value = owned.customer;
	done = done_text(redis, verb, task, &owned, values);
	for (unsigned i = 0; i < WORDS; i++)
		if (values[i] && *values[i])
			fields[count++] =
				(struct field){str_of(words[i].field), str_of(values[i])};
	return ctl_act(redis, fields, count, done.p);
}

static enum status
act_with(const struct ctl *ctl, const struct verb *verb, const char *task,
	 const char *const *values)
{
	struct ctl_home home;
	struct ctl_redis redis;
	enum status status;

	if (!ctl_home_open(ctl, &home))
		return STATUS_USAGE;
	if (ctl_redis_open(&home, &redis, &status)) {
		status = act(&redis, verb, task, values);
		ctl_redis_close(&redis);
	}
	ctl_home_close(&home);
	return status;
}

enum status
tasks_act_run(const struct ctl *ctl, int argc, char **argv)
{
	const char *values[WORDS] = {NULL};
	struct option options[WORDS];
	const struct verb *verb = verbs;

	while (strcmp(verb->name, argv[0]) != 0)
		verb++;
	for (unsigned i = 0; i < WORDS; i++)
		options[i] =
			(struct option){words[i].option, OPTION_TEXT, {.text = &values[i]}};
	if (!options_take(options, WORDS, &argc, argv))
		return STATUS_USAGE;
	if (argc != 2)
		return ctl_usage("tasks");
	if (verb->needs >= 0 && !values[verb->needs])
		return ctl_fail(STATUS_USAGE, "say %s", verb->what);
	return act_with(ctl, verb, argv[1], values);
}
