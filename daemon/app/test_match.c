/* SPDX-License-Identifier: Apache-2.0 */
/* Compares the list of alerts of a rule test with those that were raised: exact, and complete for its types. */
#include <stdlib.h>
#include <string.h>

#include "app/test_run.h"
#include "base/mem.h"

bool
test_match_names(const struct test_case *test, struct str type)
{
	if (!test->has_alerts)
		return false;
	for (unsigned i = 0; i < test->alert_count; i++)
		if (str_eq(test->alerts[i].type, type))
			return true;
	return test->alert_count == 0; /* an empty list: none of any type */
}

/* ---- does an alert fit a row? ---- */

/* Where the alert says it: by the type, since "to" is a level of one and a stage of another. */
static const char *
value_of(const struct test_raised *raised, enum test_filter filter)
{
	const char *key = test_filter_name(filter);
	bool of_stage = str_is(raised->type, "customer.stage_changed");
	bool of_owner = str_is(raised->type, "customer.owner_changed");
	const json_t *value;

	if (filter == TEST_FROM)
		key = of_stage	 ? "previous_stage"
		      : of_owner ? "previous_owner"
				 : "previous_level";
	else if (filter == TEST_TO)
		key = of_stage ? "stage" : of_owner ? "owner" : "level";
	value = json_object_get(raised->data, key);
	if (filter == TEST_ITEM && value == NULL)
		value = json_object_get(json_object_get(raised->data, "task"), key);
	if (filter == TEST_TASK && json_is_object(value))
		value = json_object_get(value, "task");
	return json_string_value(value);
}

static bool
fits(const struct test_alert *row, const struct test_raised *raised)
{
	if (!str_eq(row->type, raised->type))
		return false;
	if (row->has_at && (raised->at < row->at.from || raised->at >= row->at.to))
		return false;
	for (unsigned f = 0; f < TEST_FILTERS; f++) {
		const char *value;

		if (row->filters[f].n == 0)
			continue;
		value = value_of(raised, (enum test_filter)f);
		if (value == NULL || !str_is(row->filters[f], value))
			return false;
	}
	return true;
}

/* ---- who takes which? ---- */

struct row {
	const struct test_alert *alert;
	unsigned says; /* how many things: the most exact row chooses first */
	int64_t taken, most;
};

static int64_t
most_of(const struct test_number *count)
{
	if (!count->given)
		return 1;
	switch (count->bound) {
	case TEST_LEAST:
	case TEST_ABOVE:
		return INT64_MAX;
	case TEST_BELOW:
		return count->number - 1;
	case TEST_EQUAL:
	case TEST_MOST:
		return count->number;
	}
	return 1;
}

static int
most_exact_first(const void *left, const void *right)
{
	const struct row *a = left, *b = right;

	if (a->says != b->says)
		return a->says > b->says ? -1 : 1;
	return a->alert->line < b->alert->line ? -1 : a->alert->line > b->alert->line;
}

static struct row *
sort_rows(const struct test_case *test)
{
	struct row *rows = mem_array(test->alert_count + 1, sizeof *rows);

	for (unsigned i = 0; i < test->alert_count; i++) {
		const struct test_alert *alert = &test->alerts[i];

		rows[i] = (struct row){alert, alert->has_at, 0, most_of(&alert->count)};
		for (unsigned f = 0; f < TEST_FILTERS; f++)
			rows[i].says += alert->filters[f].n > 0;
	}
	if (test->alert_count > 0)
		qsort(rows, test->alert_count, sizeof *rows, most_exact_first);
	return rows;
}

/* ---- in words ---- */

static struct str
words_of_row(struct arena *arena, const struct test_alert *alert)
{
	struct buf text = {0};
	struct str out;

	buf_char(&text, '{');
	if (alert->has_at)
		buf_printf(&text, "at: %.*s, ", STR_ARG(alert->at.text));
	buf_printf(&text, "type: %.*s", STR_ARG(alert->type));
	for (unsigned f = 0; f < TEST_FILTERS; f++)
		if (alert->filters[f].n > 0)
			buf_printf(&text, ", %s: %.*s", test_filter_name((enum test_filter)f),
				   STR_ARG(alert->filters[f]));
	if (alert->count.given)
		buf_printf(&text, ", count: %s%.*s",
			   alert->count.bound == TEST_MOST &&
					   !str_starts(alert->count.text, STR("<="))
				   ? "<= "
			   : alert->count.bound == TEST_LEAST &&
					   !str_starts(alert->count.text, STR(">="))
				   ? ">= "
				   : "",
			   STR_ARG(alert->count.text));
	buf_char(&text, '}');
	out = arena_str(arena, buf_view(&text));
	buf_finish(&text);
	return out;
}

/* As a row that could be pasted into the file, and the alert's own sentence. */
static struct str
words_of_raised(struct arena *arena, const struct test_file *file, const struct test_case *test,
		const struct ruleset *rules, const struct test_raised *raised)
{
	static const enum test_filter telling[] = {TEST_RULE, TEST_TAG, TEST_TASK, TEST_ITEM};
	struct str at = test_run_moment(arena, file, rules, raised->at);
	const char *sentence = json_string_value(json_object_get(raised->data, "text"));
	struct buf text = {0};
	struct str out;

	buf_printf(&text, "{at: %.*s, type: %.*s", STR_ARG(at), STR_ARG(raised->type));
	for (size_t i = 0; i < sizeof telling / sizeof *telling; i++) {
		const char *value = value_of(raised, telling[i]);

		if (value != NULL)
			buf_printf(&text, ", %s: %s", test_filter_name(telling[i]), value);
	}
	if (str_starts(raised->type, STR("customer.level")) ||
	    str_is(raised->type, "customer.stage_changed") ||
	    str_is(raised->type, "customer.owner_changed"))
		buf_printf(&text, ", to: %s",
			   value_of(raised, TEST_TO) ? value_of(raised, TEST_TO) : "none");
	if (test->is_population)
		buf_printf(&text, ", customer: %s", value_of(raised, TEST_CUSTOMER));
	buf_printf(&text, "}%s%s", sentence ? "  # " : "", sentence ? sentence : "");
	out = arena_str(arena, buf_view(&text));
	buf_finish(&text);
	return out;
}

/* ---- the whole ---- */

static void
take_all(struct row *rows, unsigned row_count, struct test_raised *raised, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (unsigned k = 0; k < row_count && !raised[i].is_taken; k++)
			if (rows[k].taken < rows[k].most && fits(rows[k].alert, &raised[i])) {
				rows[k].taken++;
				raised[i].is_taken = true;
			}
}

static bool
is_met(const struct row *row)
{
	if (!row->alert->count.given)
		return row->taken == 1;
	return test_number_holds(&row->alert->count, row->taken);
}

static void
say_missing(struct test_result *result, const struct row *row)
{
	struct arena *arena = &result->arena;
	struct str words = words_of_row(arena, row->alert);

	if (row->alert->count.given)
		test_result_fail(
			result, row->alert->line,
			str_of(test_result_say(result, "raised another number of times",
					       "产生次数不符")),
			words, arena_printf(arena, "%lld", (long long)row->taken));
	else
		test_result_fail(result, row->alert->line,
				 arena_printf(arena, "%s: %.*s",
					      test_result_say(result, "not raised", "未产生"),
					      STR_ARG(words)),
				 STR_NONE, STR_NONE);
}

#define SHOWN 20

static void
say_unexpected(struct test_result *result, const struct test_file *file,
	       const struct test_case *test, const struct ruleset *rules,
	       const struct test_raised *raised, size_t count)
{
	const char *word =
		test_result_say(result, "raised, and not in the list", "列表之外的提醒");
	struct arena *arena = &result->arena;
	size_t told = 0;

	for (size_t i = 0; i < count; i++) {
		struct str words;

		if (raised[i].is_taken || told++ >= SHOWN)
			continue;
		words = words_of_raised(arena, file, test, rules, &raised[i]);
		test_result_fail(result, test->alerts_line,
				 arena_printf(arena, "%s: %.*s", word, STR_ARG(words)),
				 STR_NONE, STR_NONE);
	}
	if (told > SHOWN)
		test_result_fail(result, test->alerts_line,
				 arena_printf(arena, "%s: +%zu", word, told - SHOWN), STR_NONE,
				 STR_NONE);
}

void
test_match(struct test_result *result, const struct test_file *file,
	   const struct test_case *test, const struct ruleset *rules,
	   struct test_raised *raised, size_t count)
{
	struct row *rows = sort_rows(test);

	take_all(rows, test->alert_count, raised, count);
	for (unsigned i = 0; i < test->alert_count; i++)
		if (!is_met(&rows[i]))
			say_missing(result, &rows[i]);
	say_unexpected(result, file, test, rules, raised, count);
	mem_free(rows);
}
