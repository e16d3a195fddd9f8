/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl test: runs rule tests, and says what they expected and what came. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/rule_files.h"
#include "app/test_run.h"
#include "base/json.h"
#include "base/mem.h"

#define MAX_FILE ((size_t)1024 * 1024)

static const struct hash_seed table_seed = {.k0 = 5, .k1 = 6};

struct tests {
	const struct ctl *ctl;
	bool wants_coverage;
	struct test_cover *cover;
	struct buf out; /* text, or the rows of the JSON */
	struct json json;
	unsigned passed, failed;
	enum status status;
};

static void
worsen(struct tests *tests, enum status status)
{
	if (status > tests->status)
		tests->status = status;
}

static const char *
say(const struct tests *tests, const char *en, const char *zh)
{
	return tests->ctl->zh ? zh : en;
}

/* ---- one result ---- */

static void
put_failure_json(struct json *json, const struct test_failure *failure)
{
	json_open(json, '{');
	json_key(json, "line");
	json_int(json, failure->line);
	json_put_str(json, "what", failure->what);
	json_put_str(json, "expected", failure->expected);
	json_put_str(json, "actual", failure->actual);
	json_close(json, '}');
}

static void
put_json(struct tests *tests, const struct test_file *file, const struct test_case *test,
	 const struct test_result *result)
{
	struct json *json = &tests->json;

	json_open(json, '{');
	json_put_str(json, "file", file->name);
	json_key(json, "line");
	json_int(json, test->line);
	json_put_str(json, "name", test->name);
	json_key(json, "passed");
	json_bool(json, result->count == 0);
	json_key(json, "failures");
	json_open(json, '[');
	for (size_t i = 0; i < result->count; i++)
		put_failure_json(json, &result->failures[i]);
	json_close(json, ']');
	json_close(json, '}');
}

static void
put_text(struct tests *tests, const struct test_file *file, const struct test_case *test,
	 const struct test_result *result)
{
	struct buf *out = &tests->out;

	if (result->count == 0)
		return;
	buf_printf(out, "%.*s:%d: %s %.*s\n", STR_ARG(file->name), test->line,
		   say(tests, "FAILED", "未通过"), STR_ARG(test->name));
	for (size_t i = 0; i < result->count; i++) {
		const struct test_failure *failure = &result->failures[i];

		buf_printf(out, "  %.*s:%d: %.*s\n", STR_ARG(file->name), failure->line,
			   STR_ARG(failure->what));
		if (failure->expected.n > 0)
			buf_printf(out, "    %s %.*s\n", say(tests, "expected", "期望"),
				   STR_ARG(failure->expected));
		if (failure->actual.n > 0)
			buf_printf(out, "    %s %.*s\n", say(tests, "actual  ", "实际"),
				   STR_ARG(failure->actual));
	}
}

/* ---- one file ---- */

static struct ruleset *
load(const struct rule_files *files, struct diags *diags)
{
	return rule_files_load(files, table_seed, diags);
}

static void
run_case(struct tests *tests, const struct test_file *file, const struct test_case *test,
	 const struct rule_files *files, const struct ruleset *known, struct str rules_name)
{
	struct test_result result;
	struct arena arena;
	struct diags diags;
	unsigned *fired = mem_array(known->rule_count + 1, sizeof *fired);

	arena_init(&arena);
	diags_init(&diags, &arena);
	test_result_init(&result, tests->ctl);
	test_run(file, test, load(files, &diags), &result, fired);
	if (tests->ctl->json)
		put_json(tests, file, test, &result);
	else
		put_text(tests, file, test, &result);
	*(result.count == 0 ? &tests->passed : &tests->failed) += 1;
	test_cover_add(tests->cover, rules_name, known, test, fired);
	test_result_finish(&result);
	diags_finish(&diags);
	arena_finish(&arena);
	mem_free(fired);
}

static void
print_diags(const struct tests *tests, struct diags *diags)
{
	struct buf out = {0};

	diags_print(&out, diags, tests->ctl->zh, tests->ctl->color);
	fwrite(out.p ? out.p : "", 1, out.n, stderr);
	buf_finish(&out);
}

/* The names of the rule files, as coverage speaks of them. */
static struct str
names_of(struct arena *arena, const struct rule_files *files)
{
	struct buf text = {0};
	struct str out;

	for (unsigned i = 0; i < files->count; i++)
		buf_printf(&text, "%s%.*s", i > 0 ? "+" : "", STR_ARG(files->files[i].name));
	out = arena_str(arena, buf_view(&text));
	buf_finish(&text);
	return out;
}

/* Without "FOLDER/../", so that one file has one name. */
static struct str
short_path(struct arena *arena, struct str folder, struct str name)
{
	while (folder.n > 0 && str_starts(name, STR("../")) && !str_ends(folder, STR(".."))) {
		size_t cut = folder.n;

		while (cut > 0 && folder.p[cut - 1] != '/')
			cut--;
		name = str_slice(name, 3, name.n);
		folder = str_slice(folder, 0, cut > 1 ? cut - 1 : cut);
	}
	return rule_files_path(arena, folder, name);
}

static struct rule_files *
read_rules(const struct test_file *file, struct arena *arena, struct err *err)
{
	struct str paths[DIAG_FILES], folder = STR_NONE;

	for (size_t i = file->name.n; i > 0 && folder.n == 0; i--)
		if (file->name.p[i - 1] == '/')
			folder = str_slice(file->name, 0, i > 1 ? i - 1 : 1);
	for (unsigned i = 0; i < file->rule_count; i++)
		paths[i] = short_path(arena, folder, file->rules[i]);
	return rule_files_read(STR_NONE, paths, file->rule_count, err);
}

static void
run_cases(struct tests *tests, struct test_file *file, const struct rule_files *files,
	  struct diags *diags)
{
	struct arena arena;
	struct diags rule_diags;
	struct ruleset *known;

	arena_init(&arena);
	diags_init(&rule_diags, &arena);
	known = load(files, &rule_diags);
	if (known == NULL)
		print_diags(tests, &rule_diags);
	else if (test_file_bind(file, known, diags))
		for (unsigned i = 0; i < file->case_count; i++)
			run_case(tests, file, &file->cases[i], files, known,
				 names_of(&arena, files));
	if (known == NULL)
		worsen(tests, STATUS_NO);
	ruleset_destroy(known);
	diags_finish(&rule_diags);
	arena_finish(&arena);
}

static void
run_file(struct tests *tests, const char *path)
{
	struct arena arena;
	struct diags diags;
	struct test_file *file = NULL;
	struct rule_files *files = NULL;
	struct str text;
	struct err err;

	arena_init(&arena);
	diags_init(&diags, &arena);
	if (!rule_files_slurp(&arena, str_of(path), MAX_FILE, &text, &err))
		worsen(tests, ctl_fail(STATUS_USAGE, "%s", err.text));
	else
		file = test_file_open(str_of(path), text, &diags);
	if (file != NULL) {
		files = read_rules(file, &arena, &err);
		if (files == NULL)
			worsen(tests, ctl_fail(STATUS_USAGE, "%s: %s", path, err.text));
		else
			run_cases(tests, file, files, &diags);
	}
	print_diags(tests, &diags);
	if (diags.errors > 0)
		worsen(tests, STATUS_NO);
	rule_files_destroy(files);
	diags_finish(&diags);
	arena_finish(&arena);
}

/* ---- the whole ---- */

static void
say_uncovered(void *ctx, const char *file, const char *rule, unsigned fired, unsigned quiet)
{
	struct tests *tests = ctx;

	if (fired == 0)
		buf_printf(&tests->out, "%s: %s %s %s\n", file, say(tests, "rule", "规则"),
			   rule, say(tests, "fires in no test", "没有触发的测试"));
	if (quiet == 0)
		buf_printf(&tests->out, "%s: %s %s %s\n", file, say(tests, "rule", "规则"),
			   rule, say(tests, "keeps quiet in no test", "没有不触发的测试"));
}

static void
put_covered(void *ctx, const char *file, const char *rule, unsigned fired, unsigned quiet)
{
	struct json *json = &((struct tests *)ctx)->json;

	json_open(json, '{');
	json_put_str(json, "file", str_of(file));
	json_put_str(json, "rule", str_of(rule));
	json_key(json, "fired");
	json_int(json, fired);
	json_key(json, "quiet");
	json_int(json, quiet);
	json_close(json, '}');
}

static void
finish_json(struct tests *tests)
{
	struct json *json = &tests->json;

	json_close(json, ']');
	if (tests->wants_coverage) {
		json_key(json, "coverage");
		json_open(json, '[');
		if (test_cover_each(tests->cover, put_covered, tests) > 0)
			worsen(tests, STATUS_NO);
		json_close(json, ']');
	}
	json_key(json, "passed");
	json_int(json, tests->passed);
	json_key(json, "failed");
	json_int(json, tests->failed);
	json_close(json, '}');
	buf_char(&tests->out, '\n');
}

static void
finish_text(struct tests *tests)
{
	if (tests->wants_coverage && test_cover_each(tests->cover, say_uncovered, tests) > 0)
		worsen(tests, STATUS_NO);
	buf_printf(&tests->out, "%u %s, %u %s\n", tests->passed, say(tests, "passed", "通过"),
		   tests->failed, say(tests, "failed", "未通过"));
}

enum status
ctl_test_run(const struct ctl *ctl, int argc, char **argv)
{
	struct tests tests = {.ctl = ctl};
	const struct option options[] = {
		{"--coverage", OPTION_FLAG, {.flag = &tests.wants_coverage}},
	};

	if (!options_take(options, sizeof options / sizeof *options, &argc, argv))
		return STATUS_USAGE;
	if (argc < 2)
		return ctl_usage("test");
	tests.cover = test_cover_create();
	json_init(&tests.json, &tests.out);
	if (ctl->json) {
		json_open(&tests.json, '{');
		json_key(&tests.json, "tests");
		json_open(&tests.json, '[');
	}
	for (int i = 1; i < argc; i++)
		run_file(&tests, argv[i]);
	if (ctl->json)
		finish_json(&tests);
	else
		finish_text(&tests);
	if (tests.failed > 0)
		worsen(&tests, STATUS_NO);
	fwrite(tests.out.p, 1, tests.out.n, stdout);
	test_cover_destroy(tests.cover);
	buf_finish(&tests.out);
	return tests.status;
}
