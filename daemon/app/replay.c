/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl replay: a file of events through the live engine on the virtual clock. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/feed.h"
#include "app/rules_open.h"
#include "codec/alert_json.h"
#include "codec/quality_json.h"

#define OUT_BYTES ((size_t)256 << 10)

struct replay {
	struct feed *feed;
	const char *only;
	bool stats; /* instead of alerts what came of them */
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
	fwrite(replay->out.p ? replay->out.p : "", 1, replay->out.n, stdout);
	buf_clear(&replay->out);
}

static void
take_order(void *ctx, const struct order *order)
{
	struct replay *replay = ctx;
	struct engine *engine = feed_engine(replay->feed);
	struct str type = alert_json_type(&replay->scratch, order);
	if (replay->stats)
		return;
	if (replay->only && !type_wanted(replay->only, type))
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
	if (!replay->stats)
		return;
	json_init(&json, &replay->out);
	quality_json(&json, engine, engine_clock(engine));
	buf_char(&replay->out, '\n');
}

static enum status
replay_files(const struct ctl *ctl, struct replay *replay, const struct option_list *files,
	     const char *until)
{
	int64_t at;
	if (!feed_instant("--until", until, engine_rules(feed_engine(replay->feed)), &at))
		return STATUS_USAGE;
	enum status status = feed_files(ctl, &replay->feed, 1, files, at);
	if (status == STATUS_DONE)
		write_stats(replay);
	write_out(replay);
	if (fflush(stdout) != 0)
		return ctl_fail(STATUS_USAGE, "the output could not be written");
	if (status == STATUS_DONE && feed_rejected(replay->feed) > 0)
		fprintf(stderr, "churnctl: %" PRIu64 " rows were rejected\n",
			feed_rejected(replay->feed));
	return status;
}

enum status
replay_run(const struct ctl *ctl, int argc, char **argv)
{
	struct option_list rules = {0}, events = {0};
	const char *until = NULL, *only = NULL;
	bool stats = false;
	const struct option options[] = {
		{"--rules", OPTION_LIST, {.list = &rules}},
		{"--events", OPTION_LIST, {.list = &events}},
		{"--until", OPTION_TEXT, {.text = &until}},
		{"--only", OPTION_TEXT, {.text = &only}},
		{"--stats", OPTION_FLAG, {.flag = &stats}},
	};
	struct rules_names names = {0};
	struct ruleset *set;
	if (!options_take(options, sizeof options / sizeof *options, &argc, argv))
		return STATUS_USAGE;
	if (argc != 1 || rules.count == 0 || events.count == 0)
		return ctl_usage("replay");
	for (unsigned i = 0; i < rules.count; i++)
		rules_names_add(&names, rules.items[i]);
	enum status status = rules_open(ctl, &names, RULES_OPEN_USE, &set);
	if (!set)
		return status;
	struct replay replay = {.only = only, .stats = stats};
	replay.feed = feed_create(set, (struct order_sink){&replay, take_order});
	status = replay_files(ctl, &replay, &events, until);
	feed_destroy(replay.feed);
	buf_finish(&replay.out);
	buf_finish(&replay.scratch);
	return status;
}
