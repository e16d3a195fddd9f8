/* SPDX-License-Identifier: Apache-2.0 */
/* Where there is nothing to answer from, a function answers nothing: no rule fires by a number that was made up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/core.h"
#include "support/scene.h"

#define T0 at("2026-03-02 10:00")
#define WORLD                                                                          \
	"profile: {h: duration, who: string, due: date}\n"                             \
	"members: {key: user, max: 4, reach: 60d}\n"                                   \
	"signals: {a: {on: a}, never: {on: never}, seats: {on: seats, last: value}}\n" \
	"models: {a: {kind: mbg_nbd, r: 0.525, alpha: 43.3, a: 0.891, b: 1.614}}\n"    \
	"stages: [{stage: lost, when: 'seen(never)'}]\n"                               \
	"rules:\n- {rule: first, expr: 'seen(a)', points: 1}\n"

/* What the conditions of the rules behind the first say of the one customer: '?' nothing, '1' yes, '0' no. */
struct said {
	char text[32];
	unsigned count;
};

static void
take(void *ctx, const struct explained_rule *rule)
{
	struct said *said = ctx;

	if (rule->rule > 0)
		said->text[said->count++] = !rule->when.known ? '?'
					    : rule->when.u.b  ? '1'
							      : '0';
}

static void
expect(const struct scene *w, const char *wanted)
{
	struct said said = {.count = 0};
	struct arena arena;

	arena_init(&arena);
	engine_explain(w->engine, engine_find(w->engine, STR("c1")), w->at, &arena, take,
		       &said);
	said.text[said.count] = '\0';
	assert_string_equal(said.text, wanted);
	arena_finish(&arena);
}

static void
begin(struct scene *w, const char *const *exprs)
{
	struct buf rules = {0};

	buf_text(&rules, WORLD);
	for (unsigned i = 0; exprs[i] != NULL; i++)
		buf_printf(&rules, "- {rule: r%u, expr: '%s'}\n", i, exprs[i]);
	buf_text(&rules, "- {rule: read, mode: off, expr: 'seen(a) or seen(seats)'}\n");
	buf_char(&rules, '\0');
	scene_init(w, rules.p);
	buf_finish(&rules);
	scene_send(w, T0, "c1", "a", NULL);
}

static void
of_what_never_was_nothing_is_known(void **state)
{
	static const char *const exprs[] = {
		"workdays(since(never)) > 1",
		"since(never) > 1d",
		"since(a, by=profile.who) > 1d",
		"share_of_top(a[7d live]) > 0.5",
		"p_silent(never, 3d) > 0.1",
		"p_gap(never, 3d) > 0.1",
		"p_alive(never) > 0.1",
		"last(seats) > 1",
		"last(seats, 30d) > 1",
		"stage() == \"lost\"",
		"stage_age() > 1d",
		"until(profile.due) > 1d",
		"trend(a[7d]) > 0",
		NULL,
	};
	struct scene w;

	(void)state;
	begin(&w, exprs);
	expect(&w, "?????????????1");
	scene_advance(&w, T0 + 12 * HOUR_MS);
	expect(&w, "?????????????1");
	scene_finish(&w);
}

static void
a_length_that_is_not_known_leaves_the_answer_open(void **state)
{
	static const char *const exprs[] = {
		"workdays(profile.h) >= 0",	   "p_silent(a, profile.h) >= 0",
		"p_gap(a, profile.h) >= 0",	   "fired_within(\"first\", profile.h)",
		"p_gap(a, profile.h) > 0.9999999", NULL,
	};
	struct scene w;

	(void)state;
	begin(&w, exprs);
	expect(&w, "?????1");
	scene_send(&w, T0 + 1, "c1", "profile", "h=3d", NULL);
	expect(&w, "111101");
	/* Of a time before now: no working day began in it, nothing fired in it, and no model speaks of it. */
	scene_send(&w, T0 + 2, "c1", "profile", "h=-3d", NULL);
	expect(&w, "1??0?1");
	scene_send(&w, T0 + 3, "c1", "profile", "h=4000001d", NULL);
	expect(&w, "?11101");
	scene_finish(&w);
}

/* Of several items for which a rule fired, the last firing counts, wherever it stands among them. */
static void
fired_within_goes_by_the_last_firing_of_all_items(void **state)
{
	struct scene w;

	(void)state;
	scene_init(&w, "items: {case: {open: opened, close: closed, key: ticket}}\n"
		       "rules:\n"
		       "- {rule: old, each: case, expr: 'oldest(case) >= 2d', points: 1}\n"
		       "- {rule: within, expr: 'fired_within(\"old\", 30h)'}\n");
	scene_send(&w, T0, "c1", "opened", "ticket=b", NULL);
	scene_send(&w, T0 + DAY_MS, "c1", "opened", "ticket=a", NULL);
	scene_send(&w, T0 + DAY_MS, "c1", "opened", "ticket=c", NULL);
	scene_send(&w, T0 + DAY_MS + 1, "c1", "closed", "ticket=c", NULL);
	expect(&w, "0");
	scene_advance(&w, T0 + 2 * DAY_MS);
	expect(&w, "1");
	scene_advance(&w, T0 + 4 * DAY_MS);
	expect(&w, "1");
	scene_advance(&w, T0 + 3 * DAY_MS + 30 * HOUR_MS);
	expect(&w, "0");
	scene_finish(&w);
}

/* Who left is no champion any more, and an item is asked for what it is itself. */
static void
a_member_who_left_has_no_silence(void **state)
{
	static const char *const exprs[] = {"since(a, by=\"boss\") >= 1h", NULL};
	struct scene w;

	(void)state;
	begin(&w, exprs);
	scene_send(&w, T0 + 1, "c1", "a", "user=ann", NULL);
	scene_send(&w, T0 + 1, "c1", "member", "user=ann", "role=boss", NULL);
	scene_advance(&w, T0 + 2 * HOUR_MS);
	expect(&w, "11");
	scene_send(&w, T0 + 2 * HOUR_MS, "c1", "member", "user=ann", "left=1", NULL);
	expect(&w, "?1");
	scene_finish(&w);
}

static void
an_items_key_and_opening_can_be_asked_for(void **state)
{
	struct scene w;

	(void)state;
	scene_init(
		&w,
		"profile: {t: time}\nitems: {case: {open: opened, close: closed, key: ticket}}\n"
		"rules:\n- {rule: first, expr: 'open(case) > 9'}\n"
		"- {rule: key, expr: \"open(case, 'item.key == \\\"b\\\"') > 0\"}\n"
		"- {rule: late, expr: \"open(case, 'item.opened > profile.t') == 1\"}\n");
	scene_send(&w, T0, "c1", "opened", "ticket=a", NULL);
	expect(&w, "00");
	scene_send(&w, T0 + 1, "c1", "profile", "t=2026-03-02T11:00:00Z", NULL);
	scene_send(&w, T0 + HOUR_MS + 1, "c1", "opened", "ticket=b", NULL);
	expect(&w, "11");
	scene_finish(&w);
}

/* A sum counts events that have its number: one that has none, or one past all bounds, is no event for it. */
static void
an_event_without_its_number_does_not_count_for_a_sum(void **state)
{
	static const char *const words[] = {"amount=5",	    "amount=abc", "other=7",
					    "amount=1e300", "amount=",	  "amount=-2"};
	int64_t events, last_at;
	struct scene w;
	double sum;

	(void)state;
	scene_init(&w, "signals: {spent: {on: order, sum: amount}, seen: {on: order},\n"
		       " large: {on: order, where: 'event.amount >= 3'}}\n"
		       "rules:\n- {rule: r, expr: 'sum(spent[7d]) + count(seen[7d]) + "
		       "count(large[7d]) > 99'}\n");
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		scene_send(&w, T0 + (int64_t)i, "c1", "order", words[i], NULL);
	const struct customer *customer = engine_find(w.engine, STR("c1"));

	assert_true(engine_signal(w.engine, customer, 0, 7, &events, &sum, &last_at));
	assert_int_equal(events, 2);
	assert_true(sum == 3);
	assert_int_equal(last_at, T0 + 5);
	assert_true(engine_signal(w.engine, customer, 1, 7, &events, &sum, &last_at));
	assert_int_equal(events, 6);
	assert_true(engine_signal(w.engine, customer, 2, 7, &events, &sum, &last_at));
	assert_int_equal(events, 2); /* of 5 and of 1e300 */
	scene_finish(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_what_never_was_nothing_is_known),
		cmocka_unit_test(a_length_that_is_not_known_leaves_the_answer_open),
		cmocka_unit_test(fired_within_goes_by_the_last_firing_of_all_items),
		cmocka_unit_test(a_member_who_left_has_no_silence),
		cmocka_unit_test(an_items_key_and_opening_can_be_asked_for),
		cmocka_unit_test(an_event_without_its_number_does_not_count_for_a_sum),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
