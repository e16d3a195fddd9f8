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

/* Whose task it is: the act is an entry of that customer. */
static enum status
find_customer(struct ctl_redis *redis, const char *task, struct str *out)
{
	struct buf name = {0};
	const struct reply *reply;
	struct err err;

	buf_printf(&name, "task:%s", task);
	reply = redis_call(redis->redis, &redis->arena, &err, "HGET",
			   ctl_home_key(redis->home, name.p).p, "customer", NULL);
	buf_finish(&name);
	if (!reply)
		return ctl_fail(STATUS_AWAY, "%s", err.text);
	if (reply->type != REPLY_STRING)
		return ctl_fail(STATUS_NO, "there is no task %s", task);
	*out = reply->text;
	return STATUS_DONE;
}

static enum status
act(struct ctl_redis *redis, const struct verb *verb, const char *task,
    const char *const *values)
{
	struct field fields[4 + WORDS] = {{STR("type"), STR("churnd.task")},
					  {STR("task"), str_of(task)},
					  {STR("verb"), str_of(verb->name)},
					  {STR("customer"), STR_NONE}};
	bool zh = redis->home->ctl->zh;
	const char *did = verb->other[zh] && !values[TO] ? verb->other[zh] : verb->done[zh];
	unsigned count = 4;
	char done[256];
	enum status status = find_customer(redis, task, &fields[3].value);

	if (status != STATUS_DONE)
		return status;
	for (unsigned i = 0; i < WORDS; i++)
		if (values[i] && *values[i])
			fields[count++] =
				(struct field){str_of(words[i].field), str_of(values[i])};
	snprintf(done, sizeof done, zh ? "%s:%s" : "%s: %s", task, did);
	return ctl_act(redis, fields, count, done);
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
