/* SPDX-License-Identifier: Apache-2.0 */
/* Each tests/wrong/NAME.yaml is answered with exactly NAME.expected; `test_wrong_files update` writes them. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "codec/config.h"
#include "codec/rules_yaml.h"
#include "codec/test_file.h"

#define FOLDER "tests/wrong/"
#define MAX_FILES 500
#define LEAST_FILES 120

/* TZif version 1: one type, eight hours east. */
static const char shanghai[] = "TZif\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
			       "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
			       "\0\0\x70\x80\0\0CST";

static bool
find_zone(void *ctx, struct str name, struct str *tzif)
{
	(void)ctx;
	*tzif = (struct str){shanghai, sizeof shanghai};
	return str_is(name, "Asia/Shanghai");
}

/* FOLDER name suffix */
static const char *
path_of(struct buf *path, const char *name, const char *suffix)
{
	buf_clear(path);
	buf_text(path, FOLDER);
	buf_text(path, name);
	buf_text(path, suffix);
	return path->p;
}

static bool
read_file(const char *path, struct buf *out)
{
	FILE *file = fopen(path, "rb");
	size_t n;

	if (file == NULL)
		return false;
	do {
		n = fread(buf_space(out, 4096), 1, 4096, file);
		out->n += n;
	} while (n > 0);
	buf_char(out, '\0'); /* terminates, and is no part of it */
	out->n--;
	fclose(file);
	return true;
}

/* Templates and files that a configuration names lie in the same folder. */
static bool
read_named(void *ctx, struct arena *arena, struct str *name, size_t most, struct str *out,
	   struct err *err)
{
	struct buf path = {0}, text = {0};
	bool found;

	(void)ctx, (void)most;
	found = read_file(path_of(&path, arena_str(arena, *name).p, ""), &text);
	if (found)
		*out = arena_str(arena, buf_view(&text));
	else
		err_set(err, "%.*s: no such file", STR_ARG(*name));
	buf_finish(&path);
	buf_finish(&text);
	return found;
}

static const struct config_loader config_files = {NULL, read_named, true};

static void
load_rules(struct diags *diags, const struct diag_file *files, unsigned count)
{
	const struct rules_loader loader = {.ctx = NULL, .zone = find_zone};

	ruleset_destroy(rules_load(files, count, &loader, (struct hash_seed){1, 2}, diags));
}

/* A file of rule tests, about the same small set of rules whatever it names. */
static void
load_tests(struct diags *diags, const struct diag_file *file)
{
	const struct rules_loader loader = {.ctx = NULL, .zone = find_zone};
	struct buf text = {0};
	struct arena arena;
	struct diags silent;
	struct test_file *tests;
	struct ruleset *rules;

	arena_init(&arena);
	diags_init(&silent, &arena);
	assert_true(read_file(FOLDER "rules/small.yaml", &text));
	const struct diag_file small = {STR("small.yaml"), buf_view(&text)};

	rules = rules_load(&small, 1, &loader, (struct hash_seed){1, 2}, &silent);
	assert_non_null(rules);
	tests = test_file_open(file->name, file->text, diags);
	assert_true(tests == NULL || !test_file_bind(tests, rules, diags));
	ruleset_destroy(rules);
	diags_finish(&silent);
	arena_finish(&arena);
	buf_finish(&text);
}

/* What is said of NAME.yaml, together with NAME.2.yaml if there is one. */
static void
answer(const char *name, struct buf *out)
{
	static const char *const suffixes[] = {".yaml", ".2.yaml"};
	struct arena arena;
	struct diags diags;
	struct diag_file files[2];
	struct buf texts[2] = {{0}, {0}}, path = {0};
	unsigned count = 0;

	arena_init(&arena);
	diags_init(&diags, &arena);
	diags.wants_notes = true;
	for (unsigned i = 0; i < 2; i++)
		if (read_file(path_of(&path, name, suffixes[i]), &texts[i]))
			files[count++] = (struct diag_file){
				arena_str(&arena, str_of(path.p + strlen(FOLDER))),
				buf_view(&texts[i])};
	if (strncmp(name, "config_", 7) == 0)
		config_destroy(
			config_load(files[0].name, files[0].text, &config_files, &diags));
	else if (strncmp(name, "test_", 5) == 0)
		load_tests(&diags, files);
	else
		load_rules(&diags, files, count);
	diags_print(out, &diags, false, false);
	buf_text(out, "\n");
	diags_print(out, &diags, true, false);
	for (unsigned i = 0; i < 2; i++)
		buf_finish(&texts[i]);
	buf_finish(&path);
	diags_finish(&diags);
	arena_finish(&arena);
}

static void
is_answered_as_expected(void **state)
{
	struct buf said = {0}, expected = {0}, path = {0};

	assert_true(read_file(path_of(&path, *state, ".expected"), &expected));
	answer(*state, &said);
	assert_string_equal(said.p, expected.p);
	buf_finish(&said);
	buf_finish(&expected);
	buf_finish(&path);
}

static void
there_are_enough_of_them(void **state)
{
	assert_true(*(unsigned *)*state >= LEAST_FILES);
}

static int
update(char names[][128], unsigned count)
{
	struct buf path = {0}, said = {0};
	bool written = true;

	for (unsigned i = 0; i < count && written; i++) {
		FILE *file = fopen(path_of(&path, names[i], ".expected"), "wb");

		buf_clear(&said);
		answer(names[i], &said);
		written = file != NULL && fwrite(said.p, 1, said.n, file) == said.n;
		if (file != NULL)
			written = fclose(file) == 0 && written;
	}
	buf_finish(&path);
	buf_finish(&said);
	return written ? 0 : 1;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

static unsigned
list_names(char names[][128])
{
	DIR *folder = opendir(FOLDER);
	unsigned count = 0;

	for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
		size_t n = strlen(entry->d_name);

		if (n < 6 || n > 120 || strcmp(entry->d_name + n - 5, ".yaml") != 0 ||
		    (n > 7 && strcmp(entry->d_name + n - 7, ".2.yaml") == 0) ||
		    count == MAX_FILES)
			continue;
		memcpy(names[count], entry->d_name, n - 5);
		names[count++][n - 5] = '\0';
	}
	if (folder != NULL)
		closedir(folder);
	qsort(names, count, sizeof names[0], by_name);
	return count;
}

int
main(int argc, char **argv)
{
	static char names[MAX_FILES][128];
	static struct CMUnitTest tests[MAX_FILES + 1];
	unsigned count = list_names(names);

	if (argc > 1 && strcmp(argv[1], "update") == 0)
		return update(names, count);
	for (unsigned i = 0; i < count; i++)
		tests[i] = (struct CMUnitTest){names[i], is_answered_as_expected, NULL, NULL,
					       names[i]};
	tests[count] = (struct CMUnitTest){"there_are_enough_of_them", there_are_enough_of_them,
					   NULL, NULL, &count};
	return _cmocka_run_group_tests("wrong files", tests, count + 1, NULL, NULL);
}
