/* SPDX-License-Identifier: Apache-2.0 */
/* What a producer may send, sent so that each list and table of the engine has the most to do: four times as many entries
 * are about four times the work, never sixteen, and an entry costs a bounded multiple of a friendly one.
 *
 * Work is instructions where the kernel counts them, else the thread's processor time, the least of three runs. */
#define _GNU_SOURCE /* syscall() */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <linux/perf_event.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/mem.h"
#include "engine/core.h"
#include "support/scene.h"

#define FEW 1024 /* more than any list of one customer holds: it is full for most of the run */
#define TIMES 4
#define MANY (FEW * TIMES)
#define GROWTH_MAX 8.0 /* linear: 4; quadratic: 16 */
#define RUNS 3
#define SLOT_BITS 0x7ff

static const char rules[] =
	"signals: {a: {on: a}, s: {on: a, sum: value}, b: {on: b}}\n"
	"items: {case: {open: case_opened, close: case_closed, key: ticket}}\n"
	"members: {key: user, max: 256, reach: 91d}\n"
	"profile: {tier: string}\n"
	"rules:\n"
	"- {rule: many, expr: 'count(a[300d]) >= 1000000', points: 30}\n"
	"- {rule: much, expr: 'sum(s[30d live]) >= 1e9', points: 30}\n"
	"- {rule: both, expr: 'count(b[72h live]) > 100000', points: 10}\n"
	"- {rule: cases, expr: 'open(case) > 100000', points: 1}\n";

/* ---- what is sent ---- */

#define TEXT_ROOM 32
static char names[MANY][TEXT_ROOM];
static struct field attributes[MANY];

static struct str
name_print(size_t i, const char *head, size_t number)
{
	int n = snprintf(names[i], TEXT_ROOM, "%s%09zu", head, number);

	return (struct str){names[i], (size_t)n};
}

typedef void hostile_fn(struct entry *entry, size_t i);

static void
friendly(struct entry *entry, size_t i)
{
	entry->customer = name_print(i, "c", i % 64);
}

static void
always_a_new_id(struct entry *entry, size_t i)
{
	entry->event_id = name_print(i, "id", i);
}

static void
always_another_source(struct entry *entry, size_t i)
{
	entry->source = name_print(i, "source", i % (GUARD_MAX_FEEDS + 50));
}

static void
always_a_new_source(struct entry *entry, size_t i)
{
	entry->source = name_print(i, "source", i);
}

static void
always_a_new_type(struct entry *entry, size_t i)
{
	entry->type = name_print(i, "t", i);
}

static void
always_a_new_customer(struct entry *entry, size_t i)
{
	entry->customer = name_print(i, "c", i);
}

static void
always_a_new_user_before_all_others(struct entry *entry, size_t i)
{
	entry->user = name_print(i, "u", MANY - i);
}

static void
always_a_new_item_before_all_others(struct entry *entry, size_t i)
{
	attributes[i] = (struct field){STR("ticket"), name_print(i, "k", MANY - i)};
	entry->type = STR("case_opened");
	entry->attributes = &attributes[i];
	entry->attribute_count = 1;
}

/* Each day before the day of the one before, over and over. */
static void
always_an_earlier_day(struct entry *entry, size_t i)
{
	entry->ts = entry->id.ms - (int64_t)(i % 290) * DAY_MS;
	entry->value = (double)i + 0.1;
	entry->has_value = true;
}

static void
always_an_earlier_hour(struct entry *entry, size_t i)
{
	entry->type = STR("b");
	entry->ts = entry->id.ms - (int64_t)(i % 71) * HOUR_MS;
}

static void
always_another_profile(struct entry *entry, size_t i)
{
	attributes[i] = (struct field){STR("tier"), name_print(i, "t", i)};
	entry->kind = ENTRY_PROFILE;
	entry->type = STR("profile");
	entry->attributes = &attributes[i];
	entry->attribute_count = 1;
}

/* Ids that fall into one slot of a table, if its seed were the one that they know. */
static void
customers_aimed_at_another_seed(struct entry *entry, size_t i)
{
	const struct hash_seed seed = {1, 2};
	static size_t next;

	if (i == 0)
		next = 0;
	do
		entry->customer = name_print(i, "c", next++);
	while (hash_bytes(entry->customer.p, entry->customer.n, seed) & SLOT_BITS);
}

/* ---- how much work it is ---- */

static int counter = -1; /* of perf_event_open(2) */

static void
counter_open(void)
{
	struct perf_event_attr attr = {.type = PERF_TYPE_HARDWARE,
				       .size = sizeof attr,
				       .config = PERF_COUNT_HW_INSTRUCTIONS,
				       .exclude_kernel = 1,
				       .exclude_hv = 1};

	counter = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
	print_message("work is %s\n", counter >= 0 ? "instructions" : "processor time");
}

static double
work_now(void)
{
	struct timespec used;
	uint64_t instructions;

	if (counter >= 0 &&
	    read(counter, &instructions, sizeof instructions) == (ssize_t)sizeof instructions)
		return (double)instructions;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return (double)used.tv_sec * 1e9 + (double)used.tv_nsec;
}

static void
ignore_order(void *ctx, const struct order *order)
{
	(void)ctx, (void)order;
}

static double
work_of(hostile_fn *make, size_t count, struct hash_seed seed)
{
	const struct order_sink sink = {NULL, ignore_order};
	int64_t start = at("2026-03-01 00:00");
	struct entry *entries = mem_array(count, sizeof *entries);
	double least = 0;

	for (size_t i = 0; i < count; i++) {
		entries[i] = (struct entry){.kind = ENTRY_EVENT,
					    .customer = STR("c"),
					    .type = STR("a"),
					    .id = {start + (int64_t)i, 1},
					    .ts = start + (int64_t)i};
		make(&entries[i], i);
	}
	for (unsigned run = 0; run < (counter >= 0 ? 1 : RUNS); run++) {
		struct engine *engine = engine_create(scene_rules(rules), seed);
		double begun = work_now(), work;

		for (size_t done = 0; done < count;)
			done += engine_apply(engine, entries + done,
					     count - done < 64 ? count - done : 64, &sink);
		work = work_now() - begun;
		least = run == 0 || work < least ? work : least;
		engine_destroy(engine);
	}
	mem_free(entries);
	return least;
}

static void
whatever_is_sent_work_grows_with_its_number(void **state)
{
	/* most: times the work of a friendly entry, with room for another compiler and a processor that is not ours alone. */
	static const struct {
		const char *name;
		hostile_fn *make;
		double most;
	} rows[] = {
		{"friendly", friendly, 2},
		{"ids", always_a_new_id, 40},
		{"sources", always_another_source, 40},
		{"new sources", always_a_new_source, 40},
		{"types", always_a_new_type, 40},
		{"customers", always_a_new_customer, 40},
		{"users", always_a_new_user_before_all_others, 40},
		{"items", always_a_new_item_before_all_others, 40},
		{"days", always_an_earlier_day, 40},
		{"hours", always_an_earlier_hour, 40},
		{"profiles", always_another_profile, 40},
		{"aimed customers", customers_aimed_at_another_seed, 4},
	};
	const struct hash_seed seed = {0x243f6a8885a308d3, 0x13198a2e03707344};
	double usual;

	(void)state;
	counter_open();
	usual = work_of(friendly, MANY, seed) / MANY;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		double few = work_of(rows[i].make, FEW, seed);
		double many = work_of(rows[i].make, MANY, seed);

		print_message("%-16s %6.0f an entry, %5.1f of a friendly one; four times as "
			      "many: %4.1f\n",
			      rows[i].name, many / MANY, many / MANY / usual, many / few);
		if (many / few > GROWTH_MAX || many / MANY > rows[i].most * usual)
			fail_msg("%s: too much work", rows[i].name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_is_sent_work_grows_with_its_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
