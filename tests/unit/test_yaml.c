/* SPDX-License-Identifier: Apache-2.0 */
/* Every byte of a decoded text is found again in the raw file, in every style YAML has. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "codec/yaml.h"

struct fixture {
	struct arena arena;
	struct diags diags;
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
	return 0;
}

static struct yaml_node *
read_text(struct fixture *f, const char *text)
{
	return yaml_read(&f->arena, diags_add_file(&f->diags, STR("a"), str_of(text)),
			 &f->diags);
}

/* The value of the key `k`, decoded a second time from the raw bytes. */
static const struct yaml_node *
value_of(struct fixture *f, const char *raw)
{
	struct yaml_node *root = read_text(f, raw);
	const struct yaml_node *node;
	struct buf again = {0};

	assert_non_null(root);
	node = yaml_get(root, "k");
	assert_non_null(node);
	yaml_decode(node, str_of(raw), &again);
	assert_int_equal(again.n, node->text.n);
	if (again.n > 0)
		assert_memory_equal(again.p, node->text.p, again.n);
	buf_finish(&again);
	return node;
}

/* In the raw file the marker "@@" stands once; decoded it stands once too, at the same place. */
static void
expect_marker(struct fixture *f, const char *raw)
{
	const struct yaml_node *node = value_of(f, raw);
	const char *decoded = strstr(node->text.p, "@@");

	assert_non_null(decoded);
	assert_int_equal(yaml_locate(node, str_of(raw), (size_t)(decoded - node->text.p)),
			 strstr(raw, "@@") - raw);
}

static void
every_style_finds_its_bytes_again(void **state)
{
	static const char *const files[] = {
		"k: a @@ b\n",
		"k: a\n  b\n\n\n  @@ c\n",
		"j: 1\nk:   'it''s @@'\n",
		"k: 'a  \n  b''c\n\n  @@'\n",
		"k: \"a\\tb \\\"\\u4e2d\\x41\\U0001F600 @@\"\n",
		"k: \"a \\\n    b\n\n   c @@\"\n",
		"k: \"a\\\n   \\  b @@\"\n",
		"k: |\n  one\n  two @@\n",
		"k: |\n  one\n\n    two\n   three\n  @@\n",
		"k: |2\n    one\n  two @@\n",
		"j:\n  k: 1\nk: |1-\n  one\n @@\n",
		"k: |+ # a comment 9\n\n\n   one\n   @@\n\n\n",
		"k: >\n  one\n  two\n\n  three @@\n",
		"k: >\n  one\n    two\n    three\n  four\n\n\n  @@\n",
		"k: >-\n\n  one\n\n    more\n\n  @@\n",
		"k: >\n  one\n  \ttwo\n  @@\n",
		"k: |\r\n  one\r\n  two @@\r\n",
		"k: a\r\n  b\r\n\r\n  @@\r\n",
		"\xef\xbb\xbfk: 沉默 @@\n",
		"沉默: 1\nk: |\n  沉默\n  日志 @@\n",
		"k: a\xc2\x85  b\xe2\x80\xa8  @@\n",
		"k: >\n  a\xe2\x80\xa8  b\xe2\x80\xa9\n  @@\n",
		"k: \"\\x4A\\xe9\\u4E2D\\U0001f600\\N\\_\\L\\P\\a\\b\\e\\v\\f\\/\\  @@\"\n",
		"k: 'a\n\n\n  b @@'\n",
		"k: \"a\\\n\n  b @@\"\n",
		"k: \"a\n  \\\n  b @@\"\n",
		"k: >2-\n   a\n  b\n\n\n   c @@\n",
		"k: |-1 # 7\n a\n  @@\n",
		"k: >\n  a\xc2\x85  b\xe2\x80\xa8  @@\n",
		"{k: a @@, j: b}\n",
		"{k: a\n   b @@\n}\n",
		"- x\n",
	};

	for (size_t i = 0; strstr(files[i], "@@") != NULL; i++)
		expect_marker(*state, files[i]);
}

static void
indented_parents_do_not_confuse_a_stated_indentation(void **state)
{
	const char *raw = "a:\n  b:\n    - c\n    - |2\n        x\n       @@\n";
	struct yaml_node *root = read_text(*state, raw);
	const struct yaml_node *text;

	assert_non_null(root);
	text = root->items[0]->items[0]->items[1];
	assert_string_equal(text->text.p, "  x\n @@\n");
	assert_int_equal(yaml_locate(text, str_of(raw), 5), strstr(raw, "@@") - raw);
}

static void
the_place_behind_a_text_is_where_it_ends(void **state)
{
	static const struct {
		const char *raw;
		size_t end;
	} rows[] = {{"k: abc\n", 6},
		    {"k: 'abc' \n", 7},
		    {"k: \"abc\"\n", 7},
		    {"k: |\n  abc\n\n", 10},
		    {"k: >-\n  abc\n", 11}};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct yaml_node *node = value_of(*state, rows[i].raw);
		size_t n = node->text.n;

		while (n > 0 && node->text.p[n - 1] == '\n')
			n--;
		assert_int_equal(yaml_locate(node, str_of(rows[i].raw), n), rows[i].end);
	}
}

static void
scalars_are_text_always(void **state)
{
	struct yaml_node *root = read_text(*state, "a: on\nb: 010\nc: ~\nd: 2026-01-01\ne:\n");

	assert_string_equal(yaml_get(root, "a")->text.p, "on");
	assert_string_equal(yaml_get(root, "b")->text.p, "010");
	assert_string_equal(yaml_get(root, "c")->text.p, "~");
	assert_string_equal(yaml_get(root, "d")->text.p, "2026-01-01");
	assert_string_equal(yaml_get(root, "e")->text.p, "");
	assert_null(yaml_get(root, "f"));
}

static void
an_empty_file_is_an_empty_map(void **state)
{
	static const char *const files[] = {"", "\n", "# nothing\n", "\xef\xbb\xbf"};

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct yaml_node *root = read_text(*state, files[i]);

		assert_non_null(root);
		assert_int_equal(root->kind, YAML_MAP);
		assert_int_equal(root->count, 0);
	}
}

static void
of_a_key_given_twice_the_first_stays(void **state)
{
	struct fixture *f = *state;
	struct yaml_node *root = read_text(f, "a: 1\nb: 2\na: 3\n");

	assert_int_equal(f->diags.errors, 1);
	assert_int_equal(root->count, 2);
	assert_string_equal(yaml_get(root, "a")->text.p, "1");
}

static void
a_file_of_a_mebibyte_is_read_and_a_larger_one_refused(void **state)
{
	static char text[YAML_MAX_BYTES + 2];
	struct fixture *f = *state;

	memset(text, ' ', sizeof text);
	memcpy(text, "a: 1\n#", 6);
	unsigned fits = diags_add_file(&f->diags, STR("a"), (struct str){text, YAML_MAX_BYTES});
	unsigned large =
		diags_add_file(&f->diags, STR("b"), (struct str){text, YAML_MAX_BYTES + 1});

	assert_non_null(yaml_read(&f->arena, fits, &f->diags));
	assert_null(yaml_read(&f->arena, large, &f->diags));
	assert_string_equal(f->diags.list[0].message->code, "E003");
}

static void
what_is_no_character_of_a_text_file_is_named_where_it_stands(void **state)
{
	static const struct {
		struct str raw;
		const char *code, *what;
		int column;
	} rows[] = {
		{{"k: a\0b\n", 7}, "E002", "U+0000", 5},
		{{"k: a\x1b\n", 6}, "E002", "U+001B", 5},
		{{"k: a\x7f\n", 6}, "E002", "U+007F", 5},
		{{"k: \xc2\x84\n", 6}, "E002", "U+0084", 4},
		{{"k: \xc2\x9f\n", 6}, "E002", "U+009F", 4},
		{{"k: \xef\xbb\xbf\n", 7}, "E002", "U+FEFF", 4},
		{{"k: \xef\xbf\xbe\n", 7}, "E002", "U+FFFE", 4},
		{{"k: \xef\xbf\xbf\n", 7}, "E002", "U+FFFF", 4},
		{{"k: \xe4\xb8\n", 6}, "E001", "0xe4", 4},
		{{"k: \xed\xa0\x80\n", 7}, "E001", "0xed", 4},
		{{"k: \xff\n", 5}, "E001", "0xff", 4},
		{{"k: \xc2\x85\n", 6}, NULL, NULL, 0},
		{{"k: \xc2\xa0\xef\xbf\xbd\t\r\n", 11}, NULL, NULL, 0},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		diags_finish(&f->diags);
		diags_init(&f->diags, &f->arena);
		unsigned file = diags_add_file(&f->diags, STR("a"), rows[i].raw);
		const struct yaml_node *root = yaml_read(&f->arena, file, &f->diags);

		assert_int_equal(root == NULL, rows[i].code != NULL);
		if (root != NULL)
			continue;
		assert_string_equal(f->diags.list[0].message->code, rows[i].code);
		assert_true(str_is(f->diags.list[0].args[0], rows[i].what));
		assert_int_equal(f->diags.list[0].column, rows[i].column);
	}
}

static void
thirty_two_levels_are_read_and_one_more_refused(void **state)
{
	struct fixture *f = *state;
	char fits[100], deep[104];

	snprintf(fits, sizeof fits, "%.*s%.*s", 32, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 32,
		 "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]");
	snprintf(deep, sizeof deep, "[%s]", fits);
	assert_non_null(read_text(f, fits));
	assert_null(read_text(f, deep));
	assert_string_equal(f->diags.list[0].message->code, "E024");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(every_style_finds_its_bytes_again),
		TEST(indented_parents_do_not_confuse_a_stated_indentation),
		TEST(the_place_behind_a_text_is_where_it_ends),
		TEST(scalars_are_text_always),
		TEST(an_empty_file_is_an_empty_map),
		TEST(of_a_key_given_twice_the_first_stays),
		TEST(a_file_of_a_mebibyte_is_read_and_a_larger_one_refused),
		TEST(what_is_no_character_of_a_text_file_is_named_where_it_stands),
		TEST(thirty_two_levels_are_read_and_one_more_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
