/* SPDX-License-Identifier: Apache-2.0 */
/* Compares what a rule test expects of its customers at a moment with how they stand. */
#include <string.h>

#include "app/test_run.h"
#include "codec/alert_json.h"

/* Both sides are written as the file would say them, and differ or not as texts do. */
struct judged {
	struct buf expected, actual;
	unsigned wrong;
};

bool
test_number_holds(const struct test_number *number, int64_t actual)
{
	switch (number->bound) {
	case TEST_EQUAL:
		return actual == number->number;
	case TEST_LEAST:
		return actual >= number->number;
	case TEST_MOST:
		return actual <= number->number;
	case TEST_ABOVE:
		return actual > number->number;
	case TEST_BELOW:
		return actual < number->number;
	}
	return false;
}

static void
put(struct buf *out, const char *key, struct str text)
{
	buf_printf(out, "%s%s: %.*s", out->n > 0 ? ", " : "", key, STR_ARG(text));
}

static void
judge_text(struct judged *judged, const char *key, struct str expected, const char *actual)
{
	if (expected.n == 0)
		return;
	put(&judged->expected, key, expected);
	put(&judged->actual, key, str_of(actual ? actual : "none"));
	judged->wrong += actual == NULL || !str_is(expected, actual);
}

static void
judge_number(struct judged *judged, const char *key, const struct test_number *expected,
	     int64_t actual)
{
	struct buf text = {0};

	if (!expected->given)
		return;
	buf_int(&text, actual);
	put(&judged->expected, key, expected->text);
	put(&judged->actual, key, buf_view(&text));
	judged->wrong += !test_number_holds(expected, actual);
	buf_finish(&text);
}

/* ---- lists of words ---- */

static bool
has_word(const struct test_words *words, const char *word)
{
	for (unsigned i = 0; i < words->count; i++)
		if (str_is(words->words[i], word))
			return true;
	return false;
}

static void
put_list(struct buf *out, const char *key, const struct buf *words)
{
	buf_printf(out, "%s%s: [%s]", out->n > 0 ? ", " : "", key,
		   words->n > 0 ? words->p : "");
}

static void
add_word(struct buf *words, const char *word)
{
	buf_printf(words, "%s%s", words->n > 0 ? ", " : "", word);
}

/* The texts `actual` in any order, each once. */
static void
judge_words(struct judged *judged, const char *key, const struct test_words *expected,
	    const json_t *actual)
{
	struct buf want = {0}, have = {0};
	unsigned known = 0;

	if (!expected->given)
		return;
	for (unsigned i = 0; i < expected->count; i++)
		buf_printf(&want, "%s%.*s", i > 0 ? ", " : "", STR_ARG(expected->words[i]));
	for (size_t i = 0; i < json_array_size(actual); i++) {
		const char *word = json_string_value(json_array_get(actual, i));

		add_word(&have, word);
		known += has_word(expected, word);
	}
	put_list(&judged->expected, key, &want);
	put_list(&judged->actual, key, &have);
	judged->wrong += known != expected->count || known != json_array_size(actual);
	buf_finish(&want);
	buf_finish(&have);
}

/* ---- how a customer stands: its JSON, as GET /v1/customers/ID answers ---- */

static const char *
text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

/* Adds it unless it is there: a rule may fire for several items. */
static void
add_once(json_t *list, const char *word)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (strcmp(json_string_value(json_array_get(list, i)), word) == 0)
			return;
	json_array_append_new(list, json_string(word));
}

static bool
is_closed(const char *state)
{
	return strcmp(state, "done") == 0 || strcmp(state, "cancelled") == 0;
}

static bool
is_firing(const char *state)
{
	return strcmp(state, "firing") == 0 || strcmp(state, "clearing") == 0;
}

/* The words under `key` of each object of a list; those whose state is not wanted are left out. */
static json_t *
words_of(const json_t *list, const char *key, bool (*wants)(const char *state))
{
	json_t *words = json_array();

	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *item = json_array_get(list, i);
		const char *state = text_of(item, "state");

		if (text_of(item, key) && (wants == NULL || (state && wants(state))))
			add_once(words, text_of(item, key));
	}
	return words;
}

static bool
is_open(const char *state)
{
	return !is_closed(state);
}

/* The state or reason of that rule, and of that item if one is named. */
static bool
is_asked(const struct test_expect *expect, const json_t *object)
{
	const char *item = text_of(object, "item");

	return str_is(expect->rule, text_of(object, "rule")) &&
	       (expect->item.n == 0 || (item != NULL && str_is(expect->item, item)));
}

/* Of several items: the one that has come furthest. */
static const char *
state_of_rule(const json_t *who, const struct test_expect *expect)
{
	static const char *const order[] = {"idle", "pending", "clearing", "firing"};
	const json_t *rules = json_object_get(who, "rules");
	unsigned furthest = 0;

	for (size_t i = 0; i < json_array_size(rules); i++) {
		const json_t *item = json_array_get(rules, i);

		for (unsigned k = 1; k < 4; k++)
			if (is_asked(expect, item) &&
			    strcmp(text_of(item, "state"), order[k]) == 0 && k > furthest)
				furthest = k;
	}
	return furthest > 0 ? order[furthest] : "inactive";
}

static int64_t
points_of_rule(const json_t *who, const struct test_expect *expect)
{
	const json_t *reasons = json_object_get(who, "reasons");
	int64_t points = 0;

	for (size_t i = 0; i < json_array_size(reasons); i++) {
		const json_t *reason = json_array_get(reasons, i);

		if (is_asked(expect, reason))
			points += json_integer_value(json_object_get(reason, "points"));
	}
	return points;
}

/* A customer of whom nothing is known yet is healthy. */
static json_t *
standing(struct engine *engine, struct str id)
{
	const struct customer *customer = engine_find(engine, id);
	struct buf body = {0};
	json_t *who;

	if (customer == NULL)
		return json_pack("{s:s, s:i}", "level", "healthy", "risk", 0);
	customer_json(&body, engine, customer, engine_clock(engine));
	who = json_loadb(body.p, body.n, 0, NULL);
	buf_finish(&body);
	return who;
}

static void
judge_lists(struct judged *judged, const struct test_expect *expect, const json_t *who)
{
	json_t *tags = words_of(json_object_get(who, "tags"), "tag", NULL);
	json_t *firing = words_of(json_object_get(who, "rules"), "rule", is_firing);
	json_t *tasks = words_of(json_object_get(who, "tasks"), "task", is_open);

	judge_words(judged, "tags", &expect->tags, tags);
	judge_words(judged, "firing", &expect->firing, firing);
	judge_words(judged, "tasks", &expect->tasks, tasks);
	json_decref(tags);
	json_decref(firing);
	json_decref(tasks);
}

static void
judge_customer(struct judged *judged, const struct test_expect *expect, struct engine *engine,
	       struct str id)
{
	json_t *who = standing(engine, id);

	buf_clear(&judged->expected);
	buf_clear(&judged->actual);
	judged->wrong = 0;
	judge_text(judged, "state", expect->state, state_of_rule(who, expect));
	judge_number(judged, "points", &expect->points, points_of_rule(who, expect));
	judge_number(judged, "risk", &expect->risk,
		     json_integer_value(json_object_get(who, "risk")));
	judge_text(judged, "level", expect->level, text_of(who, "level"));
	judge_text(judged, "stage", expect->stage, text_of(who, "stage"));
	judge_lists(judged, expect, who);
	json_decref(who);
}

/* ---- the whole ---- */

#define SHOWN 3 /* customers of a population that are told one by one */

static struct str
words_at(struct test_result *result, const struct test_expect *expect, struct str id)
{
	struct buf text = {0};
	struct str out;

	buf_printf(&text, "%s %.*s", test_result_say(result, "at", "时刻"),
		   STR_ARG(expect->at.text));
	if (id.n > 0)
		buf_printf(&text, ", %s %.*s", test_result_say(result, "customer", "客户"),
			   STR_ARG(id));
	if (expect->rule.n > 0)
		buf_printf(&text, ", %s %.*s", test_result_say(result, "rule", "规则"),
			   STR_ARG(expect->rule));
	out = arena_str(&result->arena, buf_view(&text));
	buf_finish(&text);
	return out;
}

static void
judge_count(struct test_result *result, const struct test_expect *expect,
	    const struct judged *judged, unsigned right, unsigned customers)
{
	struct arena *arena = &result->arena;

	if (test_number_holds(&expect->count, right))
		return;
	test_result_fail(result, expect->line, words_at(result, expect, STR_NONE),
			 arena_printf(arena, "%s, count: %.*s", judged->expected.p,
				      STR_ARG(expect->count.text)),
			 arena_printf(arena, "%s %u/%u",
				      test_result_say(result, "so for", "符合的客户"), right,
				      customers));
}

void
test_judge(struct test_result *result, const struct test_file *file,
	   const struct test_case *test, const struct test_expect *expect,
	   struct engine *engine)
{
	struct judged judged = {0};
	unsigned wrong = 0;

	(void)file;
	for (unsigned c = 0; c < test->customers; c++) {
		char text[TEST_ID_TEXT];
		struct str id = test_customer_id(test, c, text);

		if (expect->customer.n > 0 && !str_eq(expect->customer, id))
			continue;
		judge_customer(&judged, expect, engine, id);
		wrong += judged.wrong > 0;
		if (judged.wrong > 0 && !expect->count.given && wrong <= SHOWN)
			test_result_fail(
				result, expect->line,
				words_at(result, expect, test->is_population ? id : STR_NONE),
				buf_view(&judged.expected), buf_view(&judged.actual));
	}
	if (expect->count.given)
		judge_count(result, expect, &judged, test->customers - wrong, test->customers);
	buf_finish(&judged.expected);
	buf_finish(&judged.actual);
}
