/* SPDX-License-Identifier: Apache-2.0 */
/* How often a rule alarms for customers who change nothing: Poisson customers through the engine for a year.
 *
 *     false_alarms PACK RULE SIGNAL TYPE KEEP CUSTOMERS MOST
 *
 * PACK is a rule file, RULE its drop rule over SIGNAL, which events of TYPE feed; each customer also does KEEP
 * once every six days at a fixed hour, so that it is not silent (for `quiet` of a pack), unless KEEP is -. Beside
 * the rule stands the naive one: below half of the usual. Cool-downs are 0, so that each firing counts. Exit status
 * 1 when RULE fires more than MOST times a customer-year at some rate. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/rule_files.h"
#include "base/chance.h"
#include "base/mem.h"
#include "engine/engine.h"

#define YEAR 365
#define START (INT64_C(20514) * DAY_MS) /* 2026-03-02 */
#define KEEP_DAYS 6

static const double rates[] = {0.1, 0.5, 1, 2, 5};

struct happening {
	int64_t at;
	uint32_t customer;
	bool is_keep;
};

struct simulation {
	struct engine *engine;
	const struct ruleset *rules;
	struct str type, keep;
	unsigned customers;
	int rule, naive;
	uint64_t fired, naively;
	struct happening *list; /* owned: of one day */
	size_t count, cap;
	struct stream_id last;
};

static void
take_order(void *ctx, const struct order *order)
{
	struct simulation *simulation = ctx;

	if (order->kind != ORDER_ALERT || order->u.alert.type != ALERT_RULE_FIRED)
		return;
	simulation->fired += order->u.alert.rule == simulation->rule;
	simulation->naively += order->u.alert.rule == simulation->naive;
}

static int
by_time(const void *left, const void *right)
{
	const struct happening *a = left, *b = right;

	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	return a->customer < b->customer ? -1 : a->customer > b->customer;
}

static void
add(struct simulation *simulation, struct happening happening)
{
	MEM_RESERVE(simulation->list, simulation->cap, simulation->count + 1);
	simulation->list[simulation->count++] = happening;
}

/* One day of all customers, in the order of time. */
static void
draw_day(struct simulation *simulation, double rate, int day)
{
	int64_t start = START + day * DAY_MS;

	simulation->count = 0;
	for (unsigned c = 0; c < simulation->customers; c++) {
		struct chance chance = chance_of((uint64_t)(rate * 1000), c, (uint64_t)day, 1);
		uint64_t events = chance_poisson(&chance, rate);

		for (uint64_t k = 0; k < events; k++)
			add(simulation,
			    (struct happening){
				    start + (int64_t)(chance_share(&chance) * DAY_MS), c,
				    false});
		if (simulation->keep.n > 0 && ((unsigned)day + c) % KEEP_DAYS == 0)
			add(simulation, (struct happening){start + c % 24 * HOUR_MS, c, true});
	}
	if (simulation->count > 0)
		qsort(simulation->list, simulation->count, sizeof *simulation->list, by_time);
}

static void
play_day(struct simulation *simulation)
{
	const struct order_sink sink = {simulation, take_order};

	for (size_t i = 0; i < simulation->count; i++) {
		const struct happening *what = &simulation->list[i];
		bool same = what->at == simulation->last.ms;
		char id[16];
		struct entry entry = {.kind = ENTRY_EVENT, .ts = what->at};

		simulation->last =
			(struct stream_id){what->at, same ? simulation->last.seq + 1 : 0};
		entry.id = simulation->last;
		entry.type = what->is_keep ? simulation->keep : simulation->type;
		entry.customer.n = (size_t)snprintf(id, sizeof id, "c%u", what->customer);
		entry.customer.p = id;
		(void)engine_apply(simulation->engine, &entry, 1, &sink);
	}
}

/* All cool-downs to nothing: what the pack says of them stands in `defaults`. */
static void
drop_cooldown(char *text)
{
	char *at = strstr(text, "cooldown: 14d");

	if (at != NULL)
		memcpy(at, "cooldown: 0s ", strlen("cooldown: 0s "));
}

static struct ruleset *
load(const char *pack, const char *signal)
{
	const struct str name = str_of(pack);
	struct arena arena;
	struct diags diags;
	struct err err;
	struct rule_files *read = rule_files_read(STR_NONE, &name, 1, &err);
	struct buf pack_text = {0}, naive = {0}, said = {0};

	if (read == NULL) {
		fprintf(stderr, "%s\n", err.text);
		return NULL;
	}
	buf_str(&pack_text, read->files[0].text);
	drop_cooldown(pack_text.p);
	buf_printf(&naive,
		   "churnd: 1\nrules:\n- rule: naive\n  expr: ratio(%s[7d], %s[28d offset 7d], "
		   "min_events=1) < 0.5\n  points: 0\n  cooldown: 0s\n",
		   signal, signal);
	const struct diag_file texts[] = {{name, buf_view(&pack_text)},
					  {STR("naive"), buf_view(&naive)}};
	struct rule_files *files = rule_files_make(texts, 2);

	arena_init(&arena);
	diags_init(&diags, &arena);
	struct ruleset *rules = rule_files_load(files, (struct hash_seed){1, 2}, &diags);

	diags_print(&said, &diags, false, false);
	if (rules == NULL)
		fprintf(stderr, "%s\n", said.p);
	buf_finish(&said);
	buf_finish(&pack_text);
	buf_finish(&naive);
	diags_finish(&diags);
	arena_finish(&arena);
	rule_files_destroy(files);
	rule_files_destroy(read);
	return rules;
}

static bool
simulate(struct simulation *simulation, char **argv, double rate, double most)
{
	struct ruleset *rules = load(argv[1], argv[3]);
	double years = simulation->customers;

	if (rules == NULL)
		return false;
	simulation->rules = rules;
	simulation->rule = ruleset_rule(rules, str_of(argv[2]));
	simulation->naive = ruleset_rule(rules, STR("naive"));
	simulation->fired = simulation->naively = 0;
	simulation->last = (struct stream_id){0};
	if (simulation->rule < 0) {
		fprintf(stderr, "%s: no rule %s\n", argv[1], argv[2]);
		ruleset_destroy(rules);
		return false;
	}
	simulation->engine = engine_create(rules, (struct hash_seed){3, 4});
	for (int day = 0; day < YEAR; day++) {
		draw_day(simulation, rate, day);
		play_day(simulation);
	}
	engine_destroy(simulation->engine);
	printf("%-14s %4g a day  %6.0f customer-years  naive %7.3f  %s %8.5f\n",
	       strrchr(argv[1], '/') ? strrchr(argv[1], '/') + 1 : argv[1], rate, years,
	       (double)simulation->naively / years, argv[2], (double)simulation->fired / years);
	fflush(stdout);
	return (double)simulation->fired / years <= most;
}

int
main(int argc, char **argv)
{
	struct simulation simulation = {0};
	bool good = true;

	if (argc != 8) {
		fprintf(stderr,
			"usage: false_alarms PACK RULE SIGNAL TYPE KEEP CUSTOMERS MOST\n");
		return 2;
	}
	simulation.type = str_of(argv[4]);
	simulation.keep = strcmp(argv[5], "-") == 0 ? STR_NONE : str_of(argv[5]);
	simulation.customers = (unsigned)strtoul(argv[6], NULL, 10);
	for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
		good = simulate(&simulation, argv, rates[i], strtod(argv[7], NULL)) && good;
	mem_free(simulation.list);
	return good ? 0 : 1;
}
