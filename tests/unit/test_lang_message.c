/* SPDX-License-Identifier: Apache-2.0 */
/* The tables people read: messages in two languages, functions, values as printed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lang/builtin.h"
#include "lang/message.h"

/* Which of {0} {1} {2} a sentence has, as bits. */
static unsigned
places_of(const char *text)
{
	unsigned places = 0;

	for (; *text; text++)
		if (text[0] == '{' && text[1] >= '0' && text[1] <= '2' && text[2] == '}')
			places |= 1u << (text[1] - '0');
	return places;
}

static void
every_message_says_the_same_in_both_languages(void **state)
{
	const struct message *message;
	size_t count = 0;

	(void)state;
	for (; (message = message_at(count)) != NULL; count++) {
		assert_int_equal(strlen(message->code), 4);
		assert_true(strchr("EWNH", message->code[0]) != NULL);
		assert_true(message->en[0] != '\0' && message->zh[0] != '\0');
		assert_true(utf8_valid(str_of(message->zh)));
		if (places_of(message->en) != places_of(message->zh))
			fail_msg("%s: arguments differ", message->code);
	}
	assert_true(count > 50);
}

static void
codes_are_given_once(void **state)
{
	(void)state;
	for (size_t i = 0; message_at(i); i++)
		assert_ptr_equal(message_find(message_at(i)->code), message_at(i));
}

static void
arguments_are_put_in_as_they_are(void **state)
{
	struct complaint complaint = {.code = "E104", .args = {STR("{1}"), STR("a {0} b")}};
	struct buf out = {0};

	(void)state;
	message_print(&out, &complaint, false);
	assert_string_equal(out.p, "cannot compare {1} with a {0} b");
	buf_finish(&out);
}

static void
hints_are_worded_in_both_languages(void **state)
{
	struct complaint complaint = {.code = "E104"};
	struct arena arena;

	(void)state;
	arena_init(&arena);
	message_hint(&arena, &complaint, "H101", STR("14d"));
	assert_true(str_is(complaint.hint, "did you mean 14d?"));
	assert_true(str_is(complaint.hint_zh, "是否想写 14d?"));
	arena_finish(&arena);
}

static void
every_function_has_a_row_and_can_be_found(void **state)
{
	bool has[FN_OPS] = {false};
	const struct builtin *fn;
	unsigned count = 0;

	(void)state;
	for (; (fn = builtin_at(count)) != NULL; count++) {
		assert_ptr_equal(builtin_find(str_of(fn->name)), fn);
		assert_false(has[fn->op]);
		has[fn->op] = true;
		assert_true(fn->param_count <= FN_MAX_ARGS);
		assert_true(fn->en[0] != '\0' && utf8_valid(str_of(fn->zh)) &&
			    fn->zh[0] != '\0');
		assert_false((fn->flags & FN_GROWS) && (fn->flags & FN_STEPS));
		assert_true(!fn->variadic || fn->param_count == 1);
		for (unsigned i = 0; i < fn->param_count; i++)
			assert_true(!fn->params[i].named_only || fn->params[i].name);
	}
	for (unsigned op = 0; op < FN_OPS; op++)
		assert_true(has[op]);
	assert_null(builtin_find(STR("nothing")));
}

static void
values_print_as_people_read_them(void **state)
{
	static const struct str words[] = {{"low", 3}, {"high", 4}};
	static const struct enum_def def = {{"size", 4}, words, 2, false};
	struct zone *zone = zone_utc();
	const struct {
		struct value value;
		const char *en, *zh;
	} rows[] = {
		{value_bool(true), "yes", "是"},
		{value_bool(false), "no", "否"},
		{value_int(-12), "-12", "-12"},
		{value_num(1234.5678), "1234.57", "1234.57"},
		{value_num(0.1 + 0.2), "0.3", "0.3"},
		{value_prob(0.00012), "0.00012", "0.00012"},
		{value_duration(14 * DAY_MS), "14 days", "14 天"},
		{value_duration(DAY_MS), "1 day", "1 天"},
		{value_time(INT64_C(1795255200000)), "2026-11-21 10:00", "2026-11-21 10:00"},
		{value_time(-1), "1969-12-31 23:59", "1969-12-31 23:59"},
		{value_date(20778), "2026-11-21", "2026-11-21"},
		{value_string(STR("Acme")), "Acme", "Acme"},
		{value_enum(&def, 1), "high", "high"},
		{value_num(1e308 * 10), "unknown", "未知"},
		{value_unknown(TYPE_BOOL), "unknown", "未知"},
	};
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		buf_clear(&out);
		value_print(&out, rows[i].value, zone, false);
		assert_string_equal(out.p, rows[i].en);
		buf_clear(&out);
		value_print(&out, rows[i].value, zone, true);
		assert_string_equal(out.p, rows[i].zh);
	}
	buf_finish(&out);
	zone_destroy(zone);
}

static void
values_read_as_numbers(void **state)
{
	(void)state;
	assert_true(value_as_number(value_int(3)) == 3.0);
	assert_true(value_as_number(value_prob(0.25)) == 0.25);
	assert_true(value_as_number(value_duration(DAY_MS)) == 86400.0);
	assert_true(value_is_true(value_bool(true)));
	assert_false(value_is_true(value_bool(false)));
	assert_false(value_is_true(value_unknown(TYPE_BOOL)));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_says_the_same_in_both_languages),
		cmocka_unit_test(codes_are_given_once),
		cmocka_unit_test(arguments_are_put_in_as_they_are),
		cmocka_unit_test(hints_are_worded_in_both_languages),
		cmocka_unit_test(every_function_has_a_row_and_can_be_found),
		cmocka_unit_test(values_print_as_people_read_them),
		cmocka_unit_test(values_read_as_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
