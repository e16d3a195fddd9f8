/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of days: '1x41 0x20 1', 'poisson(5, seed 1)x28', '(1 0x6)x8'. */
#include <string.h>

#include "base/chance.h"
#include "base/mem.h"
#include "base/number.h"
#include "codec/test_maker.h"

#define MAX_NESTING 8
#define MAX_A_DAY 100000

struct reader {
	struct tester *tester;
	const struct yaml_node *node;
	struct str text;
	size_t at;
	struct test_run *runs; /* owned */
	size_t count, cap;
	unsigned days;
	bool broken; /* complained */
};

static void
complain(struct reader *reader, const char *code, size_t from, size_t to, struct str arg)
{
	struct complaint complaint = {.code = code, .args = {arg}};

	if (!reader->broken)
		form_complain_at(&reader->tester->form, reader->node, from, to, &complaint);
	reader->broken = true;
}

/* The word at `from`, up to a space or the end. */
static void
complain_word(struct reader *reader, size_t from)
{
	size_t to = from;

	while (to < reader->text.n && reader->text.p[to] != ' ')
		to++;
	complain(reader, "E507", from, to > from ? to : from + 1,
		 str_slice(reader->text, from, to));
}

static void
complain_limit(struct reader *reader, size_t from, int64_t most)
{
	complain(reader, "E508", from, reader->at, form_int_text(&reader->tester->form, most));
}

static char
peek(const struct reader *reader)
{
	return reader->at < reader->text.n ? reader->text.p[reader->at] : '\0';
}

static bool
take(struct reader *reader, const char *word)
{
	struct str rest = str_slice(reader->text, reader->at, reader->text.n);

	if (!str_starts(rest, str_of(word)))
		return false;
	reader->at += strlen(word);
	return true;
}

static void
skip_spaces(struct reader *reader)
{
	while (peek(reader) == ' ' || peek(reader) == '\n')
		reader->at++;
}

/* The longest text of these characters. */
static struct str
span(struct reader *reader, const char *characters)
{
	size_t from = reader->at;

	while (peek(reader) != '\0' && strchr(characters, peek(reader)) != NULL)
		reader->at++;
	return str_slice(reader->text, from, reader->at);
}

static bool
take_count(struct reader *reader, uint64_t *out)
{
	return parse_uint64(span(reader, "0123456789"), out);
}

/* poisson = "poisson(" mean [ "," "seed" number ] ")" */
static bool
read_poisson(struct reader *reader, struct test_run *run)
{
	run->is_poisson = true;
	run->seed = 1;
	if (!parse_number(span(reader, "0123456789."), &run->mean) || run->mean < 0 ||
	    run->mean > CHANCE_MAX_MEAN)
		return false;
	skip_spaces(reader);
	if (take(reader, ",")) {
		skip_spaces(reader);
		if (!take(reader, "seed"))
			return false;
		skip_spaces(reader);
		if (!take_count(reader, &run->seed))
			return false;
	}
	skip_spaces(reader);
	return take(reader, ")");
}

static void
add_run(struct reader *reader, const struct test_run *run, size_t from)
{
	if (run->days > TEST_MAX_DAYS - reader->days)
		complain_limit(reader, from, TEST_MAX_DAYS);
	else if (reader->count == TEST_MAX_RUNS)
		complain_limit(reader, from, TEST_MAX_RUNS);
	if (reader->broken)
		return;
	MEM_RESERVE(reader->runs, reader->cap, reader->count + 1);
	reader->runs[reader->count++] = *run;
	reader->days += run->days;
}

/* times = [ "x" number ]; at most so many days, which add_run() refuses. */
static bool
take_times(struct reader *reader, uint64_t *times)
{
	*times = 1;
	if (!take(reader, "x"))
		return true;
	if (!take_count(reader, times))
		return false;
	if (*times > TEST_MAX_DAYS + 1)
		*times = TEST_MAX_DAYS + 1;
	return true;
}

/* value = [ "=" number ] */
static bool
take_value(struct reader *reader, const struct str **out)
{
	struct str *value;
	double number;

	if (!take(reader, "="))
		return true;
	value = arena_alloc(reader->tester->form.arena, sizeof *value);
	*value = span(reader, "0123456789.+-eE");
	*out = value;
	return parse_number(*value, &number);
}

/* run = ( number | poisson ) times value */
static void
read_run(struct reader *reader)
{
	size_t from = reader->at;
	struct test_run run = {0};
	uint64_t times;
	bool good = take(reader, "poisson(") ? read_poisson(reader, &run)
					     : take_count(reader, &run.count);

	good = good && take_times(reader, &times) && take_value(reader, &run.value);
	if (!good || strchr(" \n)", peek(reader)) == NULL) {
		complain_word(reader, from);
		return;
	}
	if (run.count > MAX_A_DAY)
		complain_limit(reader, from, MAX_A_DAY);
	run.days = (unsigned)times;
	add_run(reader, &run, from);
}

static void read_runs(struct reader *reader, unsigned depth);

/* group = "(" runs ")" times value: of those that have none of their own */
static void
read_group(struct reader *reader, unsigned depth)
{
	size_t from = reader->at, first = reader->count;
	const struct str *value = NULL;
	uint64_t times = 1;

	reader->at++;
	if (depth == MAX_NESTING)
		complain_limit(reader, from, MAX_NESTING);
	else
		read_runs(reader, depth + 1);
	if (!reader->broken &&
	    (!take(reader, ")") || !take_times(reader, &times) || !take_value(reader, &value)))
		complain_word(reader, from);
	size_t members = reader->count - first;

	for (size_t i = first; i < reader->count; i++)
		if (reader->runs[i].value == NULL)
			reader->runs[i].value = value;

	if (times == 0 && !reader->broken)
		complain_word(reader, from);
	for (uint64_t i = 1; i < times && !reader->broken; i++)
		for (size_t k = 0; k < members && !reader->broken; k++) {
			struct test_run run = reader->runs[first + k];

			add_run(reader, &run, from);
		}
}

/* runs = { run | group } */
static void
read_runs(struct reader *reader, unsigned depth)
{
	skip_spaces(reader);
	while (!reader->broken && peek(reader) != '\0' && peek(reader) != ')') {
		if (peek(reader) == '(')
			read_group(reader, depth);
		else
			read_run(reader);
		skip_spaces(reader);
	}
}

const struct test_run *
tester_days(struct tester *tester, const struct yaml_node *node, unsigned *count)
{
	struct reader reader = {.tester = tester, .node = node, .text = form_line(node)};
	struct test_run *out = NULL;

	read_runs(&reader, 0);
	if (!reader.broken && (reader.at < reader.text.n || reader.count == 0))
		complain_word(&reader, reader.at);
	if (!reader.broken) {
		out = arena_array(tester->form.arena, reader.count, sizeof *out);
		memcpy(out, reader.runs, reader.count * sizeof *out);
		*count = (unsigned)reader.count;
		tester_lasts(tester, zone_day_start(tester->rules->zone,
						    tester->file->start_day + reader.days));
	}
	mem_free(reader.runs);
	return out;
}
