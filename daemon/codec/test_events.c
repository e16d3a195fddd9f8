/* SPDX-License-Identifier: Apache-2.0 */
/* Writes out the events of a rule test, customer by customer, in the order of their arrival. */
#include <stdlib.h>
#include <string.h>

#include "base/chance.h"
#include "base/mem.h"
#include "codec/event.h"
#include "codec/test_file.h"

struct writer {
	const struct test_case *test;
	const struct test_file *file;
	const struct zone *zone;
	struct test_event *events; /* owned by the caller in the end */
	size_t count, cap;
	bool overflow;
};

struct str
test_customer_id(const struct test_case *test, unsigned customer, char out[TEST_ID_TEXT])
{
	unsigned width = 1;

	if (!test->is_population)
		return test->id;
	for (unsigned most = test->customers - 1; most >= 10; most /= 10)
		width++;

	struct buf text = {0};

	buf_printf(&text, "%.*s%0*u", STR_ARG(test->id), (int)width, customer);
	memcpy(out, text.p, text.n < TEST_ID_TEXT ? text.n : TEST_ID_TEXT);

	size_t n = text.n;

	buf_finish(&text);
	return (struct str){out, n};
}

static bool
is_hit(const struct test_trouble *trouble, const struct test_event *event, struct str type)
{
	bool is_named = !trouble->only.given;

	for (unsigned i = 0; i < trouble->only.count; i++)
		is_named |= str_eq(trouble->only.words[i], type);
	return is_named && event->ts >= trouble->from && event->ts < trouble->to;
}

static void
write_event(struct writer *writer, struct test_event event)
{
	const struct test_case *test = writer->test;
	struct str type = test->inputs[event.input].fields[0].values[0];

	for (unsigned i = 0; i < test->trouble_count; i++) {
		const struct test_trouble *trouble = &test->troubles[i];

		if (!is_hit(trouble, &event, type))
			continue;
		if (trouble->arrives == NEVER)
			return;
		event.arrives = trouble->arrives;
	}
	if (writer->count == TEST_MAX_EVENTS) {
		writer->overflow = true;
		return;
	}
	MEM_RESERVE(writer->events, writer->cap, writer->count + 1);
	writer->events[writer->count++] = event;
}

/* The k-th of n a day: the middles of n equal parts of the clock's day. */
static int64_t
spread(const struct writer *writer, int64_t day, uint64_t k, uint64_t n)
{
	return zone_local(writer->zone, day,
			  (int64_t)((2 * k + 1) * (uint64_t)DAY_MS / (2 * n)));
}

/* A Poisson process: so many by chance, each at any instant of the day. */
static int64_t
scatter(const struct writer *writer, int64_t day, struct chance *chance)
{
	int64_t from = zone_day_start(writer->zone, day);
	int64_t span = zone_day_start(writer->zone, day + 1) - from;

	return from + (int64_t)(chance_share(chance) * (double)span);
}

/* The draws of a day hang on seed, key, customer and day alone: editing the days before changes none. */
static void
write_day(struct writer *writer, const struct test_run *run, struct test_event *event,
	  int64_t day)
{
	const struct test_input *input = &writer->test->inputs[event->input];
	struct chance chance = {0};
	uint64_t count = run->count;

	if (run->is_poisson) {
		chance = chance_of(run->seed, ruleset_key(input->key), event->customer,
				   (uint64_t)(day - writer->file->start_day));
		count = chance_poisson(&chance, run->mean);
	}
	event->value = run->value;
	for (uint64_t k = 0; k < count && !writer->overflow; k++) {
		event->ts = event->arrives = run->is_poisson ? scatter(writer, day, &chance)
							     : spread(writer, day, k, count);
		write_event(writer, *event);
		event->turn++;
	}
}

static void
write_input(struct writer *writer, unsigned slot, unsigned customer)
{
	const struct test_input *input = &writer->test->inputs[slot];
	struct test_event event = {.customer = customer, .input = slot, .turn = input->turn};
	int64_t day = writer->file->start_day;
	char id[TEST_ID_TEXT];

	if (input->customer.n > 0 &&
	    !str_eq(input->customer, test_customer_id(writer->test, customer, id)))
		return;
	if (input->run_count == 0) {
		event.ts = input->at;
		event.arrives = input->arrives;
		write_event(writer, event);
	}
	for (unsigned i = 0; i < input->run_count; i++)
		for (unsigned d = 0; d < input->runs[i].days && !writer->overflow; d++)
			write_day(writer, &input->runs[i], &event, day++);
}

static int
by_arrival(const void *left, const void *right)
{
	const struct test_event *a = left, *b = right;

	if (a->arrives != b->arrives)
		return a->arrives < b->arrives ? -1 : 1;
	if (a->ts != b->ts)
		return a->ts < b->ts ? -1 : 1;
	if (a->customer != b->customer)
		return a->customer < b->customer ? -1 : 1;
	if (a->input != b->input)
		return a->input < b->input ? -1 : 1;
	return a->turn < b->turn ? -1 : a->turn > b->turn;
}

bool
test_events_make(const struct test_case *test, const struct test_file *file,
		 const struct ruleset *rules, struct test_event **out, size_t *count)
{
	struct writer writer = {.test = test, .file = file, .zone = rules->zone};

	for (unsigned c = 0; c < test->customers && !writer.overflow; c++)
		for (unsigned i = 0; i < test->input_count && !writer.overflow; i++)
			write_input(&writer, i, c);
	if (writer.overflow) {
		mem_free(writer.events);
		return false;
	}
	if (writer.count > 0)
		qsort(writer.events, writer.count, sizeof *writer.events, by_arrival);
	*out = writer.events;
	*count = writer.count;
	return true;
}

unsigned
test_event_fields(const struct test_case *test, const struct test_event *event,
		  struct field *fields)
{
	const struct test_input *input = &test->inputs[event->input];
	unsigned count = 0;

	for (unsigned i = 0; i < input->field_count; i++) {
		const struct test_field *field = &input->fields[i];

		if (event->value != NULL && str_is(field->key, "value"))
			continue;
		fields[count++] = (struct field){
			field->key, field->values[event->turn % field->value_count]};
	}
	if (event->value != NULL)
		fields[count++] = (struct field){STR("value"), *event->value};
	return count;
}
