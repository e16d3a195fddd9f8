/* SPDX-License-Identifier: Apache-2.0 */
/* Rule tests run on the engine: what each expected, and what came. */
#ifndef APP_TEST_RUN_H
#define APP_TEST_RUN_H

#include <jansson.h>

#include "app/command.h"
#include "base/arena.h"
#include "codec/test_file.h"
#include "engine/engine.h"

/* What differs, in the words of the file. */
struct test_failure {
	int line;
	struct str what; /* "at 55d: rule login_silence" */
	struct str expected, actual;
};

struct test_result {
	const struct ctl *ctl;
	struct arena arena; /* owned: all texts */
	struct test_failure *failures;
	size_t count, cap;
};

void test_result_init(struct test_result *result, const struct ctl *ctl);
void test_result_finish(struct test_result *result);
void test_result_fail(struct test_result *result, int line, struct str what,
		      struct str expected, struct str actual);
/* English or Chinese, as --lang says. */
const char *test_result_say(const struct test_result *result, const char *en, const char *zh);

/* An alert that was raised, kept for judging. */
struct test_raised {
	int64_t at;
	struct str type;
	json_t *data; /* owned: its block */
	bool is_taken;
};

/* Runs a test; `rules` becomes its own. *fired (by rule slot, room for all of them) counts the customers for
 * which a rule fired. */
void test_run(const struct test_file *file, const struct test_case *test, struct ruleset *rules,
	      struct test_result *result, unsigned *fired);

/* test_judge.c: expectation against how its customers stand now. */
void test_judge(struct test_result *result, const struct test_file *file,
		const struct test_case *test, const struct test_expect *expect,
		struct engine *engine);
/* test_match.c: the list of alerts against what was raised. */
bool test_match_names(const struct test_case *test, struct str type);
void test_match(struct test_result *result, const struct test_file *file,
		const struct test_case *test, const struct ruleset *rules,
		struct test_raised *raised, size_t count);
bool test_number_holds(const struct test_number *number, int64_t actual);
/* "54d 12:00" of an instant. */
struct str test_run_moment(struct arena *arena, const struct test_file *file,
			   const struct ruleset *rules, int64_t at);

/* test_cover.c: which rules were shown to fire, and to keep quiet. */
struct test_cover;
struct test_cover *test_cover_create(void);
void test_cover_destroy(struct test_cover *cover);
void test_cover_add(struct test_cover *cover, struct str rules_name,
		    const struct ruleset *rules, const struct test_case *test,
		    const unsigned *fired);
/* Calls for each rule of all rule files; returns how many lack a case. */
unsigned test_cover_each(const struct test_cover *cover,
			 void (*take)(void *ctx, const char *file, const char *rule,
				      unsigned fired, unsigned quiet),
			 void *ctx);

#endif
