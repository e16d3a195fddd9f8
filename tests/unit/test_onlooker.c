/* SPDX-License-Identifier: Apache-2.0 */
/* Those who look on see what was counted, and each move of a risk, announced or not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "support/scene.h"

static const char rules[] =
	"signals:\n"
	"  login: {on: login}\n"
	"  large: {on: order, where: event.value >= 100}\n"
	"  order: {on: order}\n"
	"rules:\n"
	"- {rule: quiet, expr: 'silent(login) >= 14d', clear: 'silent(login) < 1d', points: 40,\n"
	"   cooldown: 60d}\n";

struct seen {
	struct buf text;
	struct engine *engine;
};

static void
see_applied(void *ctx, uint32_t customer, const struct entry *entry, uint64_t counted)
{
	struct seen *seen = ctx;

	buf_printf(&seen->text, "%u %.*s %llx\n", customer, STR_ARG(entry->type),
		   (unsigned long long)counted);
	assert_true(str_eq(customer_id(engine_customer_at(seen->engine, customer)),
			   entry->customer));
}

static void
see_risk(void *ctx, uint32_t customer, int64_t at, int before, int after)
{
	struct seen *seen = ctx;
	char text[INSTANT_TEXT];

	print_instant(at, text);
	buf_printf(&seen->text, "%u %.10s %d>%d\n", customer, text, before, after);
}

static void
expect(struct seen *seen, const char *text)
{
	buf_char(&seen->text, '\0');
	assert_string_equal(seen->text.p, text);
	buf_clear(&seen->text);
}

static void
an_entry_is_told_once_with_the_signals_that_counted_it(void **state)
{
	struct scene w;
	struct seen seen = {0};

	(void)state;
	scene_init(&w, rules);
	seen.engine = w.engine;
	engine_watch(w.engine, &(struct engine_watch){.ctx = &seen, .applied = see_applied});
	scene_send(&w, at("2026-03-02 10:00"), "c1", "login", NULL);
	scene_send(&w, at("2026-03-02 10:01"), "c2", "order", "value=99", NULL);
	scene_send(&w, at("2026-03-02 10:02"), "c2", "order", "value=100", "id=a", NULL);
	scene_send(&w, at("2026-03-02 10:03"), "c2", "order", "value=100", "id=a", NULL);
	scene_send(&w, at("2026-03-02 10:04"), "c1", "profile", NULL);
	expect(&seen, "0 login 1\n1 order 4\n1 order 6\n0 profile 0\n");
	assert_int_equal(engine_number(w.engine, engine_find(w.engine, STR("c1"))), 0);
	assert_int_equal(engine_number(w.engine, engine_find(w.engine, STR("c2"))), 1);
	buf_finish(&seen.text);
	scene_finish(&w);
}

static void
each_move_of_a_risk_is_told(void **state)
{
	struct scene w;
	struct seen seen = {0};

	(void)state;
	scene_init(&w, rules);
	engine_watch(w.engine, &(struct engine_watch){.ctx = &seen, .risk = see_risk});
	scene_send(&w, at("2026-03-02 10:00"), "c1", "login", NULL);
	scene_send(&w, at("2026-03-20 10:00"), "c1", "login", NULL);
	scene_advance(&w, at("2026-05-01 10:00"));
	expect(&seen, "0 2026-03-16 0>40\n0 2026-03-20 40>0\n0 2026-04-03 0>40\n");
	buf_finish(&seen.text);
	scene_finish(&w);
}

static void
time_alone_applies_no_entry(void **state)
{
	struct scene w;
	struct seen seen = {0};

	(void)state;
	scene_init(&w, rules);
	seen.engine = w.engine;
	scene_send(&w, at("2026-03-02 10:00"), "c1", "login", NULL);
	engine_watch(w.engine, &(struct engine_watch){.ctx = &seen, .applied = see_applied});
	scene_advance(&w, at("2026-03-20 10:00"));
	assert_int_equal(scene_risk(&w, "c1"), 40);
	assert_int_equal(seen.text.n, 0);
	scene_finish(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_entry_is_told_once_with_the_signals_that_counted_it),
		cmocka_unit_test(each_move_of_a_risk_is_told),
		cmocka_unit_test(time_alone_applies_no_entry),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
