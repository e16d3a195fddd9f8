/* SPDX-License-Identifier: Apache-2.0 */
/* A rule test of a file that is made here, and the events that it becomes. */
#ifndef UNIT_MADE_H
#define UNIT_MADE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "codec/rules_yaml.h"
#include "codec/test_file.h"

#define START INT64_C(1772380800000) /* 2026-03-02 00:00 at +08:00: 2026-03-01T16:00Z */

static const char shanghai[] = "TZif\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
			       "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\4"
			       "\0\0\x70\x80\0\0CST";

static inline bool
find_zone(void *ctx, struct str name, struct str *tzif)
{
	(void)ctx;
	*tzif = (struct str){shanghai, sizeof shanghai};
	return str_is(name, "Asia/Shanghai");
}

struct made {
	struct arena arena;
	struct diags diags;
	struct ruleset *rules;
	struct test_file *file;
	const struct test_case *test;
	struct test_event *events;
	size_t count;
	struct buf text;
};

/* The only test of a file about these rules; false: something is wrong with it. */
static inline bool
read_of(struct made *made, const char *rules, const char *test)
{
	const struct rules_loader loader = {.ctx = NULL, .zone = find_zone};
	const struct diag_file own = {STR("rules"), str_of(rules)};
	struct diags silent;

	memset(made, 0, sizeof *made);
	arena_init(&made->arena);
	diags_init(&silent, &made->arena);
	diags_init(&made->diags, &made->arena);
	made->rules = rules_load(&own, 1, &loader, (struct hash_seed){1, 2}, &silent);
	assert_non_null(made->rules);
	diags_finish(&silent);
	buf_text(&made->text, "rules: r.yaml\nstart: 2026-03-02\ntests:\n- name: t\n");
	buf_text(&made->text, test);
	buf_text(&made->text, "  alerts: []\n");
	made->file = test_file_open(STR("t"), buf_view(&made->text), &made->diags);
	assert_non_null(made->file);
	return test_file_bind(made->file, made->rules, &made->diags);
}

/* The same with its events written out. */
static inline void
make_of(struct made *made, const char *rules, const char *test)
{
	struct buf said = {0};

	if (!read_of(made, rules, test)) {
		diags_print(&said, &made->diags, false, false);
		fail_msg("%s", said.p);
	}
	made->test = &made->file->cases[0];
	assert_true(test_events_make(made->test, made->file, made->rules, &made->events,
				     &made->count));
}

static inline void
drop(struct made *made)
{
	mem_free(made->events);
	ruleset_destroy(made->rules);
	diags_finish(&made->diags);
	arena_finish(&made->arena);
	buf_finish(&made->text);
}

static inline struct str
field_of(const struct made *made, size_t event, const char *key)
{
	struct field fields[TEST_MAX_FIELDS];
	unsigned count = test_event_fields(made->test, &made->events[event], fields);

	for (unsigned i = 0; i < count; i++)
		if (str_is(fields[i].key, key))
			return fields[i].value;
	return STR_NONE;
}

#define assert_text(text, expected) assert_true(str_is(text, expected))

#endif
