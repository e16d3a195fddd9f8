/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a file of rule tests: no crash, every complaint within the file, events in order. */
#include <stdint.h>
#include <stdlib.h>

#include "base/mem.h"
#include "codec/rules_yaml.h"
#include "codec/test_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const char rules_text[] =
	"churnd: 1\n"
	"name: fuzz\n"
	"levels: {watch: {enter: 30, leave: 20}}\n"
	"profile: {tier: {enum: [free, team]}, end: date, mrr: num}\n"
	"lists: {loud: [high, urgent]}\n"
	"signals:\n"
	"  login: {on: [login, sso_login]}\n"
	"  orders: {on: order_paid, sum: value}\n"
	"  nps: {on: nps, last: value, where: 'event.value >= 0 and event.value < 11'}\n"
	"  hot: {on: [a, b], where: 'event.severity in loud or event.type == \"b\"'}\n"
	"rules:\n"
	"- rule: quiet\n"
	"  expr: silent(login) > 3d and sum(orders[7d]) < 3 and last(nps) < 3 and count(hot[7d]) > 0\n"
	"  points: 30\n";

static bool
no_zone(void *ctx, struct str name, struct str *tzif)
{
	(void)ctx;
	(void)name;
	(void)tzif;
	return false;
}

static void
require(bool holds)
{
	if (!holds)
		abort();
}

/* A file may ask for millions of events; a few are enough here. */
#define MANY 20000

static bool
is_small(const struct test_case *test)
{
	double events = 0;

	for (unsigned i = 0; i < test->input_count; i++) {
		const struct test_input *input = &test->inputs[i];

		events += test->customers;
		for (unsigned k = 0; k < input->run_count; k++)
			events += (double)test->customers * input->runs[k].days *
				  (1 + (double)input->runs[k].count + input->runs[k].mean);
	}
	return events < MANY;
}

static void
check_events(const struct test_file *file, const struct test_case *test,
	     const struct ruleset *rules)
{
	struct field fields[TEST_MAX_FIELDS];
	struct test_event *events = NULL;
	size_t count = 0;

	if (!is_small(test))
		return;
	require(test_events_make(test, file, rules, &events, &count));
	for (size_t i = 0; i < count; i++) {
		require(i == 0 || events[i].arrives >= events[i - 1].arrives);
		require(events[i].arrives >= events[i].ts);
		require(test_event_fields(test, &events[i], fields) <= TEST_MAX_FIELDS - 2);
	}
	mem_free(events);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct ruleset *rules;
	const struct diag_file own = {STR("rules"), {rules_text, sizeof rules_text - 1}};
	const struct rules_loader loader = {.ctx = NULL, .zone = no_zone};
	struct str text = {(const char *)bytes, n};
	struct arena arena;
	struct diags diags;
	struct buf out = {0};
	struct test_file *file;

	arena_init(&arena);
	if (rules == NULL) {
		diags_init(&diags, &arena);
		rules = rules_load(&own, 1, &loader, (struct hash_seed){1, 2}, &diags);
		diags_finish(&diags);
		require(rules != NULL);
	}
	diags_init(&diags, &arena);
	file = test_file_open(STR("f"), text, &diags);
	require(file != NULL || diags.errors > 0);
	if (file != NULL && test_file_bind(file, rules, &diags))
		for (unsigned i = 0; i < file->case_count; i++)
			check_events(file, &file->cases[i], rules);
	diags_print(&out, &diags, true, true);
	for (size_t i = 0; i < diags.count; i++)
		require(diags.list[i].line >= 1 && diags.list[i].column >= 1);
	buf_finish(&out);
	diags_finish(&diags);
	arena_finish(&arena);
	return 0;
}
