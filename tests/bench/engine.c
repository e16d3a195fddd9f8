/* SPDX-License-Identifier: Apache-2.0 */
/* The engine alone: decoded events of many customers under a rule file, no Redis, no files. One JSON line.
 *
 *   engine RULES [CUSTOMERS [EVENTS]] */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/rule_files.h"
#include "base/mem.h"
#include "engine/engine.h"

#define BATCH 256 /* about what the daemon applies at once */
#define DAYS 90

static uint64_t state = 88172645463325252u;

static uint64_t
next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static double
seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct bench {
	struct engine *engine;
	struct entry *entries;
	char (*names)[16];
	uint64_t alerts;
	uint64_t customers;
	int64_t now, seq;
};

static void
count_order(void *ctx, const struct order *order)
{
	struct bench *bench = ctx;
	(void)order;
	bench->alerts++;
}

static void
drop_customer(void *ctx, const struct customer *customer)
{
	(void)ctx;
	(void)customer;
}

static const char *const types[] = {"login",	"page_view", "page_view", "page_view",
				    "api_call", "page_view", "login",	  "report_run"};

static void
fill(struct bench *bench, uint64_t first, bool uniform, int64_t step_us, int64_t *us)
{
	for (int i = 0; i < BATCH; i++) {
		struct entry *entry = &bench->entries[i];
		uint64_t who = (uniform ? next_random() : first + (uint64_t)i) % bench->customers;
		int n = snprintf(bench->names[i], sizeof bench->names[i], "c%07" PRIu64, who);
		*us += step_us;
		entry->kind = ENTRY_EVENT;
		entry->customer = (struct str){bench->names[i], (size_t)n};
		entry->type = str_of(types[next_random() % 8]);
		entry->id.ms = *us / 1000;
		entry->id.seq = (uint64_t)++bench->seq;
		entry->ts = entry->id.ms;
	}
}

static double
apply(struct bench *bench)
{
	struct order_sink sink = {.ctx = bench, .take = count_order};
	double begun = seconds();
	(void)engine_apply(bench->engine, bench->entries, BATCH, &sink);
	double took = seconds() - begun;
	(void)engine_take_dirty(bench->engine, SIZE_MAX, drop_customer, NULL);
	return took;
}

int
main(int argc, char **argv)
{
	struct bench bench = {.customers = argc > 2 ? strtoull(argv[2], NULL, 10) : 1000000};
	uint64_t events = argc > 3 ? strtoull(argv[3], NULL, 10) : 10000000;
	struct arena arena;
	struct diags diags;
	struct err err;
	struct str name = str_of(argc > 1 ? argv[1] : "rules/saas.yaml");
	struct rule_files *files = rule_files_read(STR_NONE, &name, 1, &err);
	if (!files) {
		fprintf(stderr, "%s\n", err.text);
		return 2;
	}
	arena_init(&arena);
	diags_init(&diags, &arena);
	struct ruleset *rules = rule_files_load(files, (struct hash_seed){1, 2}, &diags);
	if (!rules)
		return 2;
	unsigned rule_count = rules->rule_count;
	bench.engine = engine_create(rules, (struct hash_seed){1, 2});
	bench.entries = mem_array(BATCH, sizeof *bench.entries);
	bench.names = mem_array(BATCH, sizeof *bench.names);

	/* First every customer with a login and a page view, then `events` uniform ones within four hours of one day, timed; then the
	 * day's close for all of them. */
	int64_t us = INT64_C(1772000000000) * 1000;
	double build = 0, took = 0;
	for (uint64_t i = 0; i < 2 * bench.customers; i += BATCH) {
		fill(&bench, i, false, 10, &us);
		for (int k = 0; k < BATCH; k++)
			bench.entries[k].type = str_of(types[i >= bench.customers]);
		build += apply(&bench);
	}
	int64_t step = INT64_C(4) * 3600 * 1000000 / (int64_t)events;
	for (uint64_t i = 0; i < events; i += BATCH) {
		fill(&bench, 0, true, step, &us);
		took += apply(&bench);
	}
	struct order_sink sink = {.ctx = &bench, .take = count_order};
	double begun = seconds();
	engine_advance(bench.engine, us / 1000 + 12 * HOUR_MS, &sink);
	double close = seconds() - begun;
	printf("{\"bench\":\"engine\",\"rules\":%u,\"customers\":%zu,\"events\":%" PRIu64
	       ",\"events_per_s\":%.0f,\"first_events_per_s\":%.0f,\"day_close_s\":%.3f,\"bytes_per_customer\":%.0f,"
	       "\"alerts\":%" PRIu64 "}\n",
	       rule_count, engine_customers(bench.engine), events, (double)events / took,
	       2 * (double)bench.customers / build, close,
	       (double)engine_bytes(bench.engine) / (double)engine_customers(bench.engine),
	       bench.alerts);
	engine_destroy(bench.engine);
	mem_free(bench.entries);
	mem_free(bench.names);
	diags_finish(&diags);
	arena_finish(&arena);
	rule_files_destroy(files);
	return 0;
}
