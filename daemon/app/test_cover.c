/* SPDX-License-Identifier: Apache-2.0 */
/* Counts, for each rule, the tests that show it firing and those that show it quiet. */
#include <string.h>

#include "app/test_run.h"
#include "base/mem.h"

/* A case counts only when the test asserts it: the rule is named by an expectation, or the list of alerts
 * is complete for rule.fired. A quiet case must also feed what the rule reads: a test about payments
 * says nothing of a rule about logins. */

struct cover_rule {
	char *file, *rule; /* owned */
	unsigned fired, quiet;
};

struct test_cover {
	struct cover_rule *rules; /* owned */
	size_t count, cap;
};

struct test_cover *
test_cover_create(void)
{
	return mem_alloc(sizeof(struct test_cover));
}

void
test_cover_destroy(struct test_cover *cover)
{
	for (size_t i = 0; i < cover->count; i++) {
		mem_free(cover->rules[i].file);
		mem_free(cover->rules[i].rule);
	}
	mem_free(cover->rules);
	mem_free(cover);
}

static char *
copy(struct str text)
{
	char *out = mem_alloc(text.n + 1);

	if (text.n > 0)
		memcpy(out, text.p, text.n);
	return out;
}

static struct cover_rule *
find(struct test_cover *cover, struct str file, struct str rule)
{
	for (size_t i = 0; i < cover->count; i++)
		if (str_is(file, cover->rules[i].file) && str_is(rule, cover->rules[i].rule))
			return &cover->rules[i];
	MEM_RESERVE(cover->rules, cover->cap, cover->count + 1);
	cover->rules[cover->count] = (struct cover_rule){copy(file), copy(rule), 0, 0};
	return &cover->rules[cover->count++];
}

static bool
names_rule(const struct test_words *words, struct str rule)
{
	for (unsigned i = 0; i < words->count; i++)
		if (str_eq(words->words[i], rule))
			return true;
	return false;
}

/* What some expectation says of the rule. */
static bool
expects(const struct test_case *test, struct str rule, bool firing)
{
	for (unsigned i = 0; i < test->expect_count; i++) {
		const struct test_expect *expect = &test->expects[i];

		if (expect->firing.given && names_rule(&expect->firing, rule) == firing)
			return true;
		if (str_eq(expect->rule, rule) && expect->state.n > 0 &&
		    (str_is(expect->state, "firing") || str_is(expect->state, "clearing")) ==
			    firing)
			return true;
	}
	return false;
}

static bool
lists_firings(const struct test_case *test)
{
	return test_match_names(test, STR("rule.fired"));
}

static bool
use_reads(const struct type_use *use, unsigned rule)
{
	for (unsigned i = 0; use != NULL && i < use->rule_count; i++)
		if (use->rules[i] == rule)
			return true;
	return false;
}

/* The test brings an event that the rule is looked at for, or there is no such event. */
static bool
is_fed(const struct ruleset *rules, unsigned rule, const struct test_case *test)
{
	bool is_read = false;

	for (unsigned i = 0; i < rules->use_count; i++)
		is_read |= use_reads(&rules->uses[i], rule);
	for (unsigned i = 0; i < test->input_count; i++)
		if (use_reads(ruleset_use(rules, test->inputs[i].fields[0].values[0]), rule))
			return true;
	return !is_read;
}

void
test_cover_add(struct test_cover *cover, struct str rules_name, const struct ruleset *rules,
	       const struct test_case *test, const unsigned *fired)
{
	for (unsigned r = 0; r < rules->rule_count; r++) {
		struct str name = rules->rules[r].name;
		struct cover_rule *rule;

		if (rules->rules[r].mode == MODE_OFF)
			continue;
		rule = find(cover, rules_name, name);
		if (fired[r] > 0 && (lists_firings(test) || expects(test, name, true)))
			rule->fired++;
		if (fired[r] < test->customers && is_fed(rules, r, test) &&
		    (lists_firings(test) || expects(test, name, false)))
			rule->quiet++;
	}
}

unsigned
test_cover_each(const struct test_cover *cover,
		void (*take)(void *ctx, const char *file, const char *rule, unsigned fired,
			     unsigned quiet),
		void *ctx)
{
	unsigned lacking = 0;

	for (size_t i = 0; i < cover->count; i++) {
		const struct cover_rule *rule = &cover->rules[i];

		lacking += rule->fired == 0 || rule->quiet == 0;
		take(ctx, rule->file, rule->rule, rule->fired, rule->quiet);
	}
	return lacking;
}
