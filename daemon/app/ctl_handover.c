/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl handover: an owner's customers and open tasks to another, an entry each.
 *
 * What is to be done is asked of the daemon page by page, and is what FROM still has: a run that died is gone on with
 * by the next one. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/ctl.h"
#include "base/json.h"
#include "codec/stream_id.h"

#define PAGE 500
#define NAME_MOST 128 /* bytes */

struct handover {
	struct ctl_home *home;	 /* borrowed */
	struct ctl_redis *redis; /* borrowed */
	struct str from, to, note;
	uint64_t customers, tasks, loans;
	struct stream_id last; /* entry appended */
};

static bool
append(struct handover *handover, const struct field *fields, unsigned count, struct err *err)
{
	return ctl_redis_append(handover->redis, "*", fields, count, &handover->last, err);
}

static bool
give_customer(struct handover *handover, const json_t *customer, struct err *err)
{
	const struct field fields[] = {
		{STR("customer"), str_of(ctl_json_text(customer, "customer"))},
		{STR("type"), STR("profile")},
		{STR("owner"), handover->to}};

	handover->customers++;
	return append(handover, fields, 3, err);
}

/* Whoever took it meanwhile keeps it: `from` says that it was to be FROM's. */
static bool
give_task(struct handover *handover, const json_t *task, struct err *err)
{
	const struct field fields[] = {
		{STR("customer"), str_of(ctl_json_text(task, "customer"))},
		{STR("type"), STR("churnd.task")},
		{STR("task"), str_of(ctl_json_text(task, "id"))},
		{STR("verb"), STR("assign")},
		{STR("from"), handover->from},
		{STR("to"), handover->to},
		{STR("note"), handover->note}};

	handover->tasks++;
	return append(handover, fields, 7, err);
}

/* It stays with the borrower, and returns to TO. */
static bool
give_loan(struct handover *handover, const json_t *task, struct err *err)
{
	struct str borrower = str_of(ctl_json_text(task, "assignee"));
	const struct field fields[] = {
		{STR("customer"), str_of(ctl_json_text(task, "customer"))},
		{STR("type"), STR("churnd.task")},
		{STR("task"), str_of(ctl_json_text(task, "id"))},
		{STR("verb"), STR("transfer")},
		{STR("from"), borrower},
		{STR("to"), borrower},
		{STR("who"), handover->to},
		{STR("note"), handover->note}};

	/* What TO borrowed of FROM is TO's own. */
	if (str_eq(borrower, handover->to))
		return give_task(handover, task, err);
	handover->loans++;
	return append(handover, fields, 8, err);
}

/* In this order: a task that is made meanwhile goes to the new owner. */
static const struct part {
	const char *path, *filter, *rows, *id;
	bool (*give)(struct handover *handover, const json_t *row, struct err *err);
} parts[] = {
	{"/v1/customers", "owner", "customers", "customer", give_customer},
	{"/v1/tasks", "assignee", "tasks", "id", give_task},
	{"/v1/tasks", "lender", "tasks", "id", give_loan},
};

static void
show_progress(const struct handover *handover)
{
	if (handover->home->ctl->progress)
		fprintf(stderr, "\r%" PRIu64 " + %" PRIu64, handover->customers,
			handover->tasks + handover->loans);
}

static enum status
give_rows(struct handover *handover, const struct part *part, const json_t *rows)
{
	struct err err;
	json_t *row;
	size_t i;

	for (i = 0; (row = json_array_get(rows, i)) != NULL; i++)
		if (!part->give(handover, row, &err))
			return ctl_fail(STATUS_AWAY, "%s", err.text);
	show_progress(handover);
	return ctl_await(handover->home, handover->last)
		       ? STATUS_DONE
		       : ctl_fail(STATUS_AWAY, "the daemon lags behind: once it has caught up, "
					       "the same command goes on where it was");
}

/* One page; *first is what stood on top of the one before: it should be there no more. */
static enum status
give_page(struct handover *handover, const struct part *part, struct buf *first, bool *more)
{
	struct buf path = {0};
	const char *top;
	json_t *json, *rows;
	enum status status;

	buf_text(&path, part->path);
	ctl_http_parameter(&path, part->filter, handover->from.p);
	buf_printf(&path, "&limit=%d", PAGE);
	status = ctl_http_get(handover->home, path.p, &json, NULL);
	buf_finish(&path);
	if (status != STATUS_DONE)
		return status;
	rows = json_object_get(json, part->rows);
	top = ctl_json_text(json_array_get(rows, 0), part->id);
	*more = json_array_size(rows) > 0;
	if (*more && str_is(buf_view(first), top)) {
		status = ctl_fail(STATUS_NO, "%s stays with %.*s: churnd did not take that",
				  top, STR_ARG(handover->from));
	} else if (*more) {
		buf_clear(first);
		buf_text(first, top);
		status = give_rows(handover, part, rows);
	}
	json_decref(json);
	return status;
}

static enum status
give_all(struct handover *handover)
{
	enum status status = STATUS_DONE;

	for (size_t i = 0; i < sizeof parts / sizeof *parts && status == STATUS_DONE; i++) {
		struct buf first = {0};
		bool more = true;

		while (more && status == STATUS_DONE)
			status = give_page(handover, &parts[i], &first, &more);
		buf_finish(&first);
	}
	if (handover->home->ctl->progress)
		fputc('\n', stderr);
	return status;
}

/* --- what it did --- */

static void
tell_json(const struct handover *handover)
{
	struct buf out = {0};
	struct json json;

	json_init(&json, &out);
	json_open(&json, '{');
	json_key(&json, "from");
	json_str(&json, handover->from);
	json_key(&json, "to");
	json_str(&json, handover->to);
	json_key(&json, "customers");
	json_int(&json, (int64_t)handover->customers);
	json_key(&json, "tasks");
	json_int(&json, (int64_t)handover->tasks);
	json_key(&json, "loans");
	json_int(&json, (int64_t)handover->loans);
	json_close(&json, '}');
	printf("%.*s\n", STR_ARG(buf_view(&out)));
	buf_finish(&out);
}

static void
tell(const struct handover *handover)
{
	const struct ctl *ctl = handover->home->ctl;

	if (ctl->json) {
		tell_json(handover);
		return;
	}
	unsigned long long customers = handover->customers, tasks = handover->tasks,
			   loans = handover->loans;

	if (ctl->zh)
		printf("%.*s → %.*s：客户 %llu 个，未结任务 %llu 个，借出任务 %llu 个\n",
		       STR_ARG(handover->from), STR_ARG(handover->to), customers, tasks, loans);
	else
		printf("%.*s to %.*s: %llu customer%s, %llu open task%s, %llu lent\n",
		       STR_ARG(handover->from), STR_ARG(handover->to), customers,
		       customers == 1 ? "" : "s", tasks, tasks == 1 ? "" : "s", loans);
}

static bool
is_name(struct str name)
{
	return name.n > 0 && name.n <= NAME_MOST && !text_has_control(name) && utf8_valid(name);
}

enum status
handover_run(const struct ctl *ctl, int argc, char **argv)
{
	const char *note = "handover";
	const struct option options[] = {{"--note", OPTION_TEXT, {.text = &note}}};
	struct ctl_home home;
	struct ctl_redis redis;
	struct handover handover = {.home = &home, .redis = &redis};
	enum status status;

	if (!options_take(options, 1, &argc, argv))
		return STATUS_USAGE;
	if (argc != 3)
		return ctl_usage(argv[0]);
	handover.from = str_of(argv[1]);
	handover.to = str_of(argv[2]);
	handover.note = str_of(note);
	if (!is_name(handover.from) || !is_name(handover.to) ||
	    str_eq(handover.from, handover.to))
		return ctl_fail(STATUS_USAGE,
				"FROM and TO are two names, of 1 to %d bytes "
				"without control characters",
				NAME_MOST);
	if (!ctl_home_open(ctl, &home))
		return STATUS_USAGE;
	if (ctl_redis_open(&home, &redis, &status)) {
		status = give_all(&handover);
		tell(&handover);
		ctl_redis_close(&redis);
	}
	ctl_home_close(&home);
	return status;
}
