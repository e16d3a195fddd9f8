/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl replay: a file of events through the live engine on the virtual clock. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/feed.h"
#include "app/rules_open.h"
#include "app/snapshot.h"
#include "codec/alert_json.h"
#include "codec/quality_json.h"

#define OUT_BYTES ((size_t)256 << 10)

/* What is asked for. */
struct request {
	struct option_list rules, events, snapshot, columns;
	const char *until, *only, *out;
	bool stats; /* instead of alerts what came of them */
};

struct replay {
	const struct request *request;
	struct feed *feed;
	struct snapshot *snapshot; /* NULL: alerts, or what came of them */
	FILE *to;
	struct buf out, scratch;
};

static bool
type_wanted(const char *only, struct str type)
{
	while (only) {
		const char *comma = strchr(only, ',');
		size_t n = comma ? (size_t)(comma - only) : strlen(only);
		if (n == type.n && memcmp(only, type.p, n) == 0)
			return true;
		only = comma ? comma + 1 : NULL;
	}
	return false;
}

static void
write_out(struct replay *replay)
{
	fwrite(replay->out.p ? replay->out.p : "", 1, replay->out.n, replay->to);
	buf_clear(&replay->out);
}

static void
take_order(void *ctx, const struct order *order)
{
	struct replay *replay = ctx;
	struct engine *engine = feed_engine(replay->feed);
	const struct request *request = replay->request;
	if (request->stats || replay->snapshot)
		return;
	if (request->only &&
	    !type_wanted(request->only, alert_json_type(&replay->scratch, order)))
		return;
	if (order->kind == ORDER_ALERT)
		alert_json(&replay->out, engine, order);
	else
		task_alert_json(&replay->out, engine, order);
	buf_char(&replay->out, '\n');
	if (replay->out.n > OUT_BYTES)
		write_out(replay);
}

static void
write_stats(struct replay *replay)
{
	struct engine *engine = feed_engine(replay->feed);
	struct json json;
	if (!replay->request->stats)
		return;
	json_init(&json, &replay->out);
	quality_json(&json, engine, engine_clock(engine));
	buf_char(&replay->out, '\n');
}

/* ---- the whole ---- */

static enum status
check_request(const struct request *request, int argc)
{
	if (argc != 1 || request->rules.count == 0 || request->events.count == 0)
		return ctl_usage("replay");
	if (request->snapshot.count && (request->only || request->stats))
		return ctl_fail(STATUS_USAGE,
				"%s is about alerts, and with --snapshot none are printed",
				request->only ? "--only" : "--stats");
	if (request->columns.count && request->snapshot.count == 0)
		return ctl_fail(STATUS_USAGE, "--columns are those of --snapshot DATE");
	return STATUS_DONE;
}

/* The last row is that before `until`, or before the last moment that is asked for. */
static bool
set_moments(const struct ctl *ctl, struct replay *replay, int64_t *until)
{
	const struct request *request = replay->request;
	const struct ruleset *rules = engine_rules(feed_engine(replay->feed));
	if (!feed_instant("--until", request->until, rules, until))
		return false;
	if (request->snapshot.count == 0)
		return true;
	replay->snapshot = snapshot_create(ctl, &request->snapshot, rules, replay->to);
	if (!replay->snapshot)
		return false;
	if (*until < snapshot_last(replay->snapshot)) {
		(void)ctl_fail(STATUS_USAGE, "--snapshot lies after --until %s",
			       request->until);
		return false;
	}
	if (!request->until)
		*until = snapshot_last(replay->snapshot);
	snapshot_watch(replay->snapshot, replay->feed);
	return true;
}

static enum status
replay_files(const struct ctl *ctl, struct replay *replay)
{
	int64_t until;
	if (!set_moments(ctl, replay, &until))
		return STATUS_USAGE;
	enum status status = feed_files(ctl, &replay->feed, 1, &replay->request->events, until);
	if (status == STATUS_DONE)
		write_stats(replay);
	write_out(replay);
	if (status == STATUS_DONE && replay->snapshot)
		snapshot_finish(replay->snapshot, replay->feed);
	if (status == STATUS_DONE && feed_rejected(replay->feed) > 0)
		fprintf(stderr, "churnctl: %" PRIu64 " rows were rejected\n",
			feed_rejected(replay->feed));
	return status;
}

static enum status
open_rules(const struct ctl *ctl, const struct request *request, struct ruleset **out)
{
	struct rules_ask ask = {.place = STR("--columns"), .want = TYPE_COUNT};
	struct rules_names names = {0};
	struct buf columns = {0};
	for (unsigned i = 0; i < request->columns.count; i++)
		buf_printf(&columns, "%s%s", i ? ", " : "", request->columns.items[i]);
	ask.text = buf_view(&columns);
	for (unsigned i = 0; i < request->rules.count; i++)
		rules_names_add(&names, request->rules.items[i]);
	enum status status = rules_open_asking(ctl, &names, &ask, request->columns.count != 0,
					       (struct rules_reads){0}, out);
	buf_finish(&columns);
	return status;
}

/* Where --out says, or stdout. */
static enum status
replay_into(const struct ctl *ctl, const struct request *request, struct ruleset *rules)
{
	struct replay replay = {.request = request, .to = stdout};
	enum status status;
	if (request->out)
		replay.to = fopen(request->out, "w");
	if (!replay.to) {
		status = ctl_fail(STATUS_USAGE, "%s: cannot be written: %s", request->out,
				  strerror(errno));
		ruleset_destroy(rules);
		return status;
	}
	replay.feed = feed_create(rules, (struct order_sink){&replay, take_order});
	status = replay_files(ctl, &replay);
	bool failed = ferror(replay.to) != 0;
	if (request->out && (fclose(replay.to) != 0 || failed))
		status = ctl_fail(STATUS_USAGE, "%s could not be written", request->out);
	snapshot_destroy(replay.snapshot);
	feed_destroy(replay.feed);
	buf_finish(&replay.out);
	buf_finish(&replay.scratch);
	return status;
}

enum status
replay_run(const struct ctl *ctl, int argc, char **argv)
{
	struct request request = {0};
	const struct option options[] = {
		{"--rules", OPTION_LIST, {.list = &request.rules}},
		{"--events", OPTION_LIST, {.list = &request.events}},
		{"--until", OPTION_TEXT, {.text = &request.until}},
		{"--only", OPTION_TEXT, {.text = &request.only}},
		{"--stats", OPTION_FLAG, {.flag = &request.stats}},
		{"--snapshot", OPTION_LIST, {.list = &request.snapshot}},
		{"--columns", OPTION_LIST, {.list = &request.columns}},
		{"--out", OPTION_TEXT, {.text = &request.out}},
	};
	struct ruleset *rules;
	if (!options_take(options, sizeof options / sizeof *options, &argc, argv))
		return STATUS_USAGE;
	enum status status = check_request(&request, argc);
	if (status != STATUS_DONE)
		return status;
	status = open_rules(ctl, &request, &rules);
	return rules ? replay_into(ctl, &request, rules) : status;
}
