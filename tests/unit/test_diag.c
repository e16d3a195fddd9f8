/* SPDX-License-Identifier: Apache-2.0 */
/* Complaints are sorted, placed by character, and shown so that a terminal and a person can bear them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "codec/diag.h"

struct fixture {
	struct arena arena;
	struct diags diags;
	struct buf out;
};

static int
set_up(void **state)
{
	static struct fixture f;

	memset(&f, 0, sizeof f);
	arena_init(&f.arena);
	diags_init(&f.diags, &f.arena);
	*state = &f;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *f = *state;

	diags_finish(&f->diags);
	arena_finish(&f->arena);
	buf_finish(&f->out);
	return 0;
}

static void
say(struct fixture *f, unsigned file, size_t from, size_t to, const char *code)
{
	struct complaint complaint = {.code = code, .args = {STR("a"), STR("b"), STR("c")}};

	diags_complain(&f->diags, (struct diag_place){file, from, to}, &complaint);
}

static const char *
printed(struct fixture *f)
{
	buf_clear(&f->out);
	diags_print(&f->out, &f->diags, false, false);
	return f->out.n ? f->out.p : "";
}

static void
errors_show_their_line_and_a_caret(void **state)
{
	struct fixture *f = *state;

	diags_add_file(&f->diags, STR("a.yaml"), STR("one\n  two three\n"));
	say(f, 0, 10, 15, "E048");
	assert_string_equal(printed(f), "a.yaml:2:7: error E048: the key a is missing\n"
					"    2 |   two three\n"
					"      |       ^^^^^\n");
}

static void
places_are_sorted_by_file_line_and_column(void **state)
{
	struct fixture *f = *state;

	diags_add_file(&f->diags, STR("a"), STR("xy\nz\n"));
	diags_add_file(&f->diags, STR("b"), STR("xy\n"));
	say(f, 1, 0, 1, "E016");
	say(f, 0, 3, 4, "E016");
	say(f, 0, 1, 2, "E016");
	printed(f);
	const char *first = strstr(f->out.p, "a:1:2:"), *second = strstr(f->out.p, "a:2:1:"),
		   *third = strstr(f->out.p, "b:1:1:");

	assert_true(first != NULL && second != NULL && third != NULL);
	assert_true(first < second && second < third);
}

static void
what_is_said_twice_of_one_place_stays_once(void **state)
{
	struct fixture *f = *state;

	diags_add_file(&f->diags, STR("a"), STR("x\n"));
	say(f, 0, 0, 1, "E016");
	say(f, 0, 0, 1, "E016");
	assert_string_equal(printed(f), "a:1:1: error E016: a value is missing here\n"
					"    1 | x\n"
					"      | ^\n");
}

static void
columns_count_characters_and_carets_count_what_a_terminal_draws(void **state)
{
	struct fixture *f = *state;

	diags_add_file(&f->diags, STR("a"), STR("沉默 x\n"));
	say(f, 0, 7, 8, "E016");
	say(f, 0, 3, 6, "E016");
	assert_string_equal(printed(f), "a:1:2: error E016: a value is missing here\n"
					"    1 | 沉默 x\n"
					"      |   ^^\n"
					"a:1:4: error E016: a value is missing here\n"
					"    1 | 沉默 x\n"
					"      |      ^\n");
}

static void
a_byte_order_mark_and_crlf_move_nothing(void **state)
{
	struct fixture *f = *state;

	diags_add_file(&f->diags, STR("a"), STR("\xef\xbb\xbfone\r\ntwo\rthree\n"));
	say(f, 0, 3, 6, "E016");
	say(f, 0, 8, 11, "E016");
	say(f, 0, 12, 17, "E016");
	assert_string_equal(printed(f), "a:1:1: error E016: a value is missing here\n"
					"    1 | one\n"
					"      | ^^^\n"
					"a:2:1: error E016: a value is missing here\n"
					"    2 | two\n"
					"      | ^^^\n"
					"a:3:1: error E016: a value is missing here\n"
					"    3 | three\n"
					"      | ^^^^^\n");
}

static void
tabs_stay_tabs_under_the_line(void **state)
{
	struct fixture *f = *state;

	diags_add_file(&f->diags, STR("a"), STR("\tx: y\n"));
	say(f, 0, 4, 5, "E016");
	assert_string_equal(printed(f), "a:1:5: error E016: a value is missing here\n"
					"    1 | \tx: y\n"
					"      | \t   ^\n");
}

static void
nothing_in_a_file_steers_the_terminal(void **state)
{
	struct fixture *f = *state;
	struct complaint complaint = {.code = "E048", .args = {STR("\033[31m")}};

	diags_add_file(&f->diags, STR("a"), STR("x\033[31m\xff\n"));
	diags_complain(&f->diags, (struct diag_place){0, 0, 1}, &complaint);
	assert_null(strchr(printed(f), '\033'));
	assert_null(strchr(printed(f), '\xff'));
}

static void
of_a_long_line_only_the_part_near_the_caret_is_shown(void **state)
{
	static char text[500001];
	struct fixture *f = *state;

	memset(text, 'x', 500000);
	text[250000] = '!';
	diags_add_file(&f->diags, STR("a"), (struct str){text, 500000});
	say(f, 0, 250000, 500000, "E016");
	printed(f);
	assert_true(f->out.n < 1000);
	assert_non_null(strstr(f->out.p, "...xxx"));
	assert_non_null(strstr(f->out.p, "x!x"));
}

static void
a_place_at_the_end_of_the_file_has_a_caret_too(void **state)
{
	struct fixture *f = *state;

	diags_add_file(&f->diags, STR("a"), STR("abc"));
	say(f, 0, 99, 100, "E016");
	assert_string_equal(printed(f), "a:1:4: error E016: a value is missing here\n"
					"    1 | abc\n"
					"      |    ^\n");
}

static void
chinese_takes_chinese_sentences_and_hints(void **state)
{
	struct fixture *f = *state;
	struct complaint complaint = {.code = "E030", .args = {STR("nmae")}};

	diags_add_file(&f->diags, STR("a"), STR("nmae: x\n"));
	message_hint(&f->arena, &complaint, "H101", STR("name"));
	diags_complain(&f->diags, (struct diag_place){0, 0, 4}, &complaint);
	diags_print(&f->out, &f->diags, true, false);
	assert_string_equal(f->out.p, "a:1:1: 错误 E030：未知的键 nmae\n"
				      "    1 | nmae: x\n"
				      "      | ^^^^ 是否想写 name?\n");
}

static void
a_line_of_its_own_holds_the_hint_behind_the_sentence(void **state)
{
	struct fixture *f = *state;
	struct complaint complaint = {.code = "E045", .args = {STR("a\x7f\033[1m")}};

	diags_add_file(&f->diags, STR("r.yaml"), STR("one\n"));
	diags_complain(&f->diags, (struct diag_place){0, 0, 3}, &complaint);
	message_hint(&f->arena, &complaint, "H101", STR("b"));
	diags_complain(&f->diags, (struct diag_place){0, 1, 3}, &complaint);
	diags_print_line(&f->out, &f->diags, &f->diags.list[0], false);
	buf_char(&f->out, '|');
	diags_print_line(&f->out, &f->diags, &f->diags.list[1], false);
	buf_char(&f->out, '|');
	diags_print_line(&f->out, &f->diags, &f->diags.list[1], true);
	assert_string_equal(
		f->out.p,
		"r.yaml:1:1: error E045: a\xef\xbf\xbd\xef\xbf\xbd[1m stands twice in the list|"
		"r.yaml:1:2: error E045: a\xef\xbf\xbd\xef\xbf\xbd[1m stands twice in the list; "
		"did you mean b?|"
		"r.yaml:1:2: 错误 E045：列表中 a\xef\xbf\xbd\xef\xbf\xbd[1m 重复；是否想写 b?");
}

static void
colour_is_put_around_what_it_is_and_its_carets(void **state)
{
	struct fixture *f = *state;

	diags_add_file(&f->diags, STR("a"), STR("one\n"));
	say(f, 0, 0, 3, "E016");
	diags_print(&f->out, &f->diags, false, true);
	assert_non_null(strstr(f->out.p, "a:1:1: \033[1;31merror E016\033[0m: "));
	assert_non_null(strstr(f->out.p, "      | \033[1;31m^^^\033[0m\n"));
}

/* CR alone ends a line too, as YAML has it. */
static void
lines_may_end_as_on_any_system(void **state)
{
	struct fixture *f = *state;

	diags_add_file(&f->diags, STR("a"), STR("one\rtwo\r\nthree\n\rfive"));
	say(f, 0, 4, 5, "E016");
	say(f, 0, 9, 10, "E016");
	say(f, 0, 16, 17, "E016");
	say(f, 0, 20, 21, "E016");
	printed(f);
	assert_non_null(strstr(f->out.p, "a:2:1: "));
	assert_non_null(strstr(f->out.p, "    2 | two\n      | ^\n"));
	assert_non_null(strstr(f->out.p, "    3 | three\n      | ^\n"));
	assert_non_null(strstr(f->out.p, "    5 | five\n      | ^\n"));
	assert_non_null(strstr(f->out.p, "a:5:5: "));
}

static void
what_differs_in_any_word_is_said_twice(void **state)
{
	static const char *const words[][3] = {
		{"a", "b", "c"}, {"a", "b", "d"}, {"a", "d", "c"}, {"d", "b", "c"}};
	struct fixture *f = *state;

	diags_add_file(&f->diags, STR("a"), STR("one\n"));
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		struct complaint complaint = {.code = "E016",
					      .args = {str_of(words[i][0]), str_of(words[i][1]),
						       str_of(words[i][2])}};

		diags_complain(&f->diags, (struct diag_place){0, 0, 1}, &complaint);
	}
	diags_sort(&f->diags);
	assert_int_equal(f->diags.count, 4);
}

static void
past_the_limit_they_are_counted(void **state)
{
	struct fixture *f = *state;

	diags_add_file(&f->diags, STR("a"), STR("xxxxxxxxxx"));
	for (size_t i = 0; i < 2 * DIAG_MAX; i++)
		say(f, 0, i % 10, i % 10 + 1, i % 2 ? "E016" : "W202");
	assert_int_equal(f->diags.errors, DIAG_MAX);
	assert_int_equal(f->diags.warnings, DIAG_MAX);
	assert_int_equal(f->diags.count, DIAG_MAX);
	assert_non_null(strstr(printed(f), "200 errors and 200 warnings in all"));
}

static void
warnings_taken_back_are_neither_shown_nor_counted(void **state)
{
	struct fixture *f = *state;

	diags_add_file(&f->diags, STR("a"), STR("xyz"));
	say(f, 0, 0, 1, "W202");
	say(f, 0, 1, 2, "E016");
	say(f, 0, 2, 3, "W209");
	diags_drop(&f->diags, "W202", STR("other"));
	assert_int_equal(f->diags.warnings, 2);
	diags_drop(&f->diags, "W202", STR("a"));
	diags_drop(&f->diags, "W209", STR_NONE);
	assert_int_equal(f->diags.warnings, 0);
	assert_int_equal(f->diags.errors, 1);
	assert_null(strstr(printed(f), "W2"));
	assert_non_null(strstr(printed(f), "a:1:2: error E016"));
}

static void
notes_are_kept_when_asked_for(void **state)
{
	struct fixture *f = *state;

	diags_add_file(&f->diags, STR("a"), STR("x"));
	say(f, 0, 0, 1, "N301");
	assert_string_equal(printed(f), "");
	f->diags.wants_notes = true;
	say(f, 0, 0, 1, "N301");
	assert_string_equal(printed(f), "a:1:1: note N301: a cannot be true under b events\n"
					"    1 | x\n");
	assert_int_equal(f->diags.errors + f->diags.warnings, 0);
}

static void
arguments_outlive_what_they_were_read_from(void **state)
{
	struct fixture *f = *state;
	char name[] = "here";
	struct complaint complaint = {.code = "E048", .args = {{name, 4}}};

	diags_add_file(&f->diags, STR("a"), STR("x"));
	diags_complain(&f->diags, (struct diag_place){0, 0, 1}, &complaint);
	memset(name, '?', 4);
	assert_non_null(strstr(printed(f), "the key here is missing"));
}

static void
both_languages_say_the_same_arguments(void **state)
{
	static const char *const holes[] = {"{0}", "{1}", "{2}"};

	(void)state;
	for (size_t i = 0; message_at(i) != NULL; i++)
		for (size_t k = 0; k < 3; k++)
			if ((strstr(message_at(i)->en, holes[k]) != NULL) !=
			    (strstr(message_at(i)->zh, holes[k]) != NULL))
				fail_msg("%s %s", message_at(i)->code, holes[k]);
}

static void
json_is_json(void **state)
{
	struct fixture *f = *state;
	struct complaint complaint = {.code = "E030", .args = {STR("a\"\n")}};
	json_t *list, *one;

	diags_add_file(&f->diags, STR("dir/a \"b\".yaml"), STR("x: y"));
	message_hint(&f->arena, &complaint, "H101", STR("z"));
	diags_complain(&f->diags, (struct diag_place){0, 3, 4}, &complaint);
	diags_print_json(&f->out, &f->diags, false);
	list = json_loadb(f->out.p, f->out.n, 0, NULL);
	assert_int_equal(json_array_size(list), 1);
	one = json_array_get(list, 0);
	assert_string_equal(json_string_value(json_object_get(one, "file")),
			    "dir/a \"b\".yaml");
	assert_int_equal(json_integer_value(json_object_get(one, "line")), 1);
	assert_int_equal(json_integer_value(json_object_get(one, "column")), 4);
	assert_string_equal(json_string_value(json_object_get(one, "severity")), "error");
	assert_string_equal(json_string_value(json_object_get(one, "code")), "E030");
	assert_string_equal(json_string_value(json_object_get(one, "message")),
			    "unknown key a\"\n");
	assert_string_equal(json_string_value(json_object_get(one, "hint")), "did you mean z?");
	json_decref(list);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(errors_show_their_line_and_a_caret),
		TEST(places_are_sorted_by_file_line_and_column),
		TEST(what_is_said_twice_of_one_place_stays_once),
		TEST(columns_count_characters_and_carets_count_what_a_terminal_draws),
		TEST(a_byte_order_mark_and_crlf_move_nothing),
		TEST(tabs_stay_tabs_under_the_line),
		TEST(nothing_in_a_file_steers_the_terminal),
		TEST(of_a_long_line_only_the_part_near_the_caret_is_shown),
		TEST(a_place_at_the_end_of_the_file_has_a_caret_too),
		TEST(chinese_takes_chinese_sentences_and_hints),
		TEST(what_differs_in_any_word_is_said_twice),
		TEST(lines_may_end_as_on_any_system),
		TEST(colour_is_put_around_what_it_is_and_its_carets),
		TEST(a_line_of_its_own_holds_the_hint_behind_the_sentence),
		TEST(past_the_limit_they_are_counted),
		TEST(warnings_taken_back_are_neither_shown_nor_counted),
		TEST(notes_are_kept_when_asked_for),
		TEST(arguments_outlive_what_they_were_read_from),
		TEST(both_languages_say_the_same_arguments),
		TEST(json_is_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
