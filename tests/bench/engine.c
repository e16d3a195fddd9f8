/* SPDX-License-Identifier: Apache-2.0 */
/* The engine alone: decoded events of many customers under a rule file, no Redis, no files. One JSON line.
 *
 *   engine [--closes] [RULES [CUSTOMERS [EVENTS [TYPES]]]]
 *
 * TYPES: events of types t0, t1 ... so many, instead of those of a team that sells software. */
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

/* What a team that sells software sees most. */
static const struct str saas_types[] = {
	{"login", 5},	 {"page_view", 9}, {"page_view", 9}, {"page_view", 9},
	{"api_call", 8}, {"page_view", 9}, {"login", 5},     {"report_run", 10},
};

/* Of one core, whoever else is at work on it. */
static double
cpu_seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct bench {
	const struct str *types;
	struct str own[64];
	unsigned type_count;
	struct engine *engine;
	struct entry *entries;
	char (*names)[16];
	uint64_t alerts;
	uint64_t customers;
	int64_t seq;
};

/* Events that were applied, and what they took. */
struct part {
	double took;
	uint64_t events, calm;
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

/* Whose event number i is: of all customers in turn, in an order that jumps about, or anybody's. */
enum whose { IN_TURN, JUMPING, UNIFORM };

static uint64_t
who(const struct bench *bench, enum whose order, uint64_t i)
{
	if (order == UNIFORM)
		return next_random() % bench->customers;
	return (order == JUMPING ? i * 7368787 : i) % bench->customers; /* a prime */
}

static void
fill(struct bench *bench, enum whose order, uint64_t first, int64_t step_us, int64_t *us)
{
	for (int i = 0; i < BATCH; i++) {
		struct entry *entry = &bench->entries[i];
		char *name = bench->names[i];
		uint64_t number = who(bench, order, first + (uint64_t)i);
		for (int digit = 8; digit > 0; number /= 10)
			name[digit--] = (char)('0' + number % 10);
		name[0] = 'c';
		*us += step_us;
		entry->kind = ENTRY_EVENT;
		entry->customer = (struct str){name, 9};
		entry->type = bench->types[next_random() % bench->type_count];
		entry->id.ms = *us / 1000;
		entry->id.seq = (uint64_t)++bench->seq;
		entry->ts = entry->id.ms;
	}
}

static void
apply(struct bench *bench, struct part *part)
{
	struct order_sink sink = {.ctx = bench, .take = count_order};
	uint64_t calm = engine_calm_events(bench->engine);
	double begun = cpu_seconds();
	(void)engine_apply(bench->engine, bench->entries, BATCH, &sink);
	part->took += cpu_seconds() - begun;
	part->events += BATCH;
	part->calm += engine_calm_events(bench->engine) - calm;
	(void)engine_take_dirty(bench->engine, SIZE_MAX, drop_customer, NULL);
}

/* ---- the parts ---- */

static struct ruleset *
load(const char *path, struct rule_files **files, struct arena *arena, struct diags *diags,
     double *took)
{
	struct str name = str_of(path);
	struct err err;
	double begun = cpu_seconds();
	*files = rule_files_read(STR_NONE, &name, 1, &err);
	if (!*files) {
		fprintf(stderr, "%s\n", err.text);
		exit(2);
	}
	struct ruleset *rules = rule_files_load(*files, (struct hash_seed){1, 2}, diags);
	*took = cpu_seconds() - begun;
	(void)arena;
	if (!rules)
		exit(2);
	return rules;
}

/* What is due at one instant, in goes as the daemon does it: seconds of one core; the longest go in *longest. */
static double
close_at(struct bench *bench, int64_t at, double *longest)
{
	struct order_sink sink = {.ctx = bench, .take = count_order};
	double begun = cpu_seconds(), from = begun;
	bool done;
	do {
		done = engine_prepare(bench->engine, (struct stream_id){at, 0}, 2000, &sink);
		double now = cpu_seconds();
		if (now - from > *longest)
			*longest = now - from;
		from = now;
	} while (!done);
	engine_skip(bench->engine, (struct stream_id){at, 0}, &sink);
	return from - begun;
}

/* The closes of a day and of its hours, without what is due between them. */
static double
close_day(struct bench *bench, double *longest)
{
	struct order_sink sink = {.ctx = bench, .take = count_order};
	int64_t end = engine_clock(bench->engine) + 20 * HOUR_MS;
	double took = 0;
	for (int64_t at; (at = engine_next_close(bench->engine)) < end;) {
		if (at - 1 > engine_clock(bench->engine))
			engine_skip(bench->engine, (struct stream_id){at - 1, 0}, &sink);
		took += close_at(bench, at, longest);
	}
	(void)engine_take_dirty(bench->engine, SIZE_MAX, drop_customer, NULL);
	return took;
}

/* Each customer with one event of that type, in that order. */
static void
apply_each(struct bench *bench, enum whose order, struct str type, int64_t *us,
	   struct part *part)
{
	for (uint64_t i = 0; i < bench->customers; i += BATCH) {
		fill(bench, order, i, 10, us);
		for (int k = 0; k < BATCH; k++)
			bench->entries[k].type = type;
		apply(bench, part);
	}
}

static void
print_part(const char *name, const struct part *part)
{
	printf("\"%sevents_per_s\":%.0f,\"%scalm_share\":%.3f,", name,
	       (double)part->events / part->took, name,
	       (double)part->calm / (double)part->events);
}

/* First sights: every customer with a login and a page view. Then `events` uniform ones within four hours of that day;
 * the day's close for all of them, everyone active on it; and first events of the next day, by jumps. */
static void
measure_events(struct bench *bench, uint64_t events, double load_s, unsigned rule_count)
{
	int64_t us = INT64_C(1772000000000) * 1000, step = INT64_C(4) * 3600 * 1000000;
	struct part first = {0}, steady = {0}, daily = {0};
	double longest = 0;
	for (unsigned t = 2; t-- > 0;)
		apply_each(bench, IN_TURN, bench->types[t], &us, &first);
	for (uint64_t i = 0; i < events; i += BATCH) {
		fill(bench, UNIFORM, 0, step / (int64_t)events, &us);
		apply(bench, &steady);
	}
	double close = close_day(bench, &longest);
	us = engine_clock(bench->engine) * 1000 + 3600 * INT64_C(1000000);
	apply_each(bench, JUMPING, bench->types[1], &us, &daily);
	printf("{\"bench\":\"engine\",\"rules\":%u,\"load_ms\":%.1f,\"customers\":%zu,\"events\":%" PRIu64
	       ",",
	       rule_count, load_s * 1e3, engine_customers(bench->engine), events);
	print_part("", &steady);
	print_part("first_", &first);
	print_part("daily_", &daily);
	printf("\"day_close_s\":%.3f,\"longest_go_ms\":%.1f,\"bytes_per_customer\":%.0f,\"alerts\":%" PRIu64
	       "}\n",
	       close, longest * 1e3,
	       (double)engine_bytes(bench->engine) / (double)engine_customers(bench->engine),
	       bench->alerts);
}

/* Fifty days on each of which a third of the customers does two things; the closes of the last five, timed. */
static void
measure_closes(struct bench *bench, unsigned rule_count)
{
	double took = 0, longest = 0;
	struct part all = {0};
	for (int day = 0; day < 50; day++) {
		int64_t us = (INT64_C(1772000000000) + day * DAY_MS) * 1000;
		for (uint64_t i = 0; i < 2 * bench->customers / 3; i += BATCH) {
			fill(bench, UNIFORM, 0, 1000, &us);
			for (int k = 0; k < BATCH; k++) {
				if (bench->types == saas_types)
					bench->entries[k].type = saas_types[k & 1];
				if (k & 1)
					bench->entries[k].customer =
						bench->entries[k - 1].customer;
			}
			apply(bench, &all);
		}
		double worst = 0;
		double close = close_day(bench, &worst);
		took += day >= 45 ? close / 5 : 0;
		longest = day >= 45 && worst > longest ? worst : longest;
	}
	printf("{\"bench\":\"closes\",\"rules\":%u,\"customers\":%zu,\"day_close_s\":%.3f,\"longest_go_ms\":%.1f,"
	       "\"alerts\":%" PRIu64 "}\n",
	       rule_count, engine_customers(bench->engine), took, longest * 1e3, bench->alerts);
}

int
main(int argc, char **argv)
{
	static char names[64][8];
	bool closes = argc > 1 && strcmp(argv[1], "--closes") == 0;
	char **args = argv + closes;
	argc -= closes;
	struct bench bench = {.customers = argc > 2 ? strtoull(args[2], NULL, 10) : 1000000,
			      .types = saas_types,
			      .type_count = 8};
	uint64_t events = argc > 3 ? strtoull(args[3], NULL, 10) : 10000000;
	struct arena arena;
	struct diags diags;
	struct rule_files *files;
	double load_s;
	for (unsigned i = 0; argc > 4 && i < 64; i++) {
		snprintf(names[i], sizeof names[i], "t%u", i);
		bench.own[i] = str_of(names[i]);
		bench.types = bench.own;
		bench.type_count = (unsigned)atoi(args[4]);
	}
	arena_init(&arena);
	diags_init(&diags, &arena);
	struct ruleset *rules =
		load(argc > 1 ? args[1] : "rules/saas.yaml", &files, &arena, &diags, &load_s);
	unsigned rule_count = rules->rule_count;
	bench.engine = engine_create(rules, (struct hash_seed){1, 2});
	bench.entries = mem_array(BATCH, sizeof *bench.entries);
	bench.names = mem_array(BATCH, sizeof *bench.names);
	if (closes)
		measure_closes(&bench, rule_count);
	else
		measure_events(&bench, events, load_s, rule_count);
	engine_destroy(bench.engine);
	mem_free(bench.entries);
	mem_free(bench.names);
	diags_finish(&diags);
	arena_finish(&arena);
	rule_files_destroy(files);
	return 0;
}
