/* SPDX-License-Identifier: Apache-2.0 */
/* Texts with holes: words, expressions, braces, and mistakes at their place in the text. */
#include <stdio.h>
#include <string.h>

#include "unit/lang.h"

static bool
parse(struct str text, struct template_text *out)
{
	buf_clear(&world.said);
	world.complaints = 0;
	return template_parse(&world.arena, world_source(&world, text), &world.scope,
			      world_sink(&world), out);
}

static void
say_word(void *ctx, enum template_word which, struct buf *out)
{
	static const char *const said[WORD_NONE] = {"Acme", "no login", "c42",
						    "li",   "at risk",	"65"};

	assert_ptr_equal(ctx, &world);
	buf_text(out, said[which]);
}

static void
assert_prints(const char *text, bool zh, const char *expected)
{
	struct env env = world_env(&world, WORLD_NOW);
	struct template_text parsed;
	struct buf out = {0};

	if (!parse(str_of(text), &parsed))
		fail_msg("%s: %s", text, world.said.p);
	template_print(&out, &parsed, &env, world.zone, zh, say_word, &world);
	if (!str_is(buf_view(&out), expected))
		fail_msg("%s: %s", text, out.p);
	buf_finish(&out);
}

static void
holes_are_filled(void **state)
{
	(void)state;
	assert_prints("", false, "");
	assert_prints("no hole", false, "no hole");
	assert_prints("no login for {silent(login)}", false, "no login for 10 days");
	assert_prints("已 {silent(login)} 未登录", true, "已 10 天 未登录");
	assert_prints("{name}: {reasons}", false, "Acme: no login");
	assert_prints("{ owner }/{level}/{risk}/{customer}", false, "li/at risk/65/c42");
	assert_prints("{ratio(usage[7d], usage[28d offset 7d]) * 100}%", false, "40%");
	assert_prints("{profile.contract_end}, {profile.empty}", false, "2026-12-13, unknown");
	assert_prints("{profile.contract_end}, {profile.empty}", true, "2026-12-13, 未知");
	assert_prints("{if(profile.vip, \"}\", '{')}", false, "}");
	assert_prints("{profile.vip}{level()}", false, "yeswatch");
}

static void
braces_are_written_twice(void **state)
{
	(void)state;
	assert_prints("{{}}", false, "{}");
	assert_prints("{{name}}", false, "{name}");
	assert_prints("{{{name}}}", false, "{Acme}");
	assert_prints("a}}b", false, "a}b");
}

static void
event_text_in_a_hole_is_text(void **state)
{
	(void)state;
	world.scope.event_allowed = true;
	assert_prints("{event.severity} {event.value}", false, "urgent 6");
}

static void
mistakes_point_into_the_text(void **state)
{
	static const struct {
		const char *text, *said;
	} rows[] = {
		{"for {silnet(login)} now",
		 "E102 6+6: unknown function silnet; did you mean silent?\n"},
		{"{profile.teir} and {since(logn)}",
		 "E103 2+12: unknown attribute profile.teir; did you mean profile.tier?\n"
		 "E135 27+4: unknown signal logn; did you mean login?\n"},
		{"open {name", "E150 6+5: the hole is not closed by }\n"},
		{"close } here", "E151 7+1: a lone } ; write }} for a brace\n"},
		{"{}", "E145 2+0: the expression is empty\n"},
		{"{name's}", "E122 6+2: the text is not closed by '\n"},
		{"{login}",
		 "E132 2+5: login is a signal and no value; did you mean count(login[7d])?\n"},
	};
	struct template_text parsed;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_false(parse(str_of(rows[i].text), &parsed));
		if (strcmp(world.said.p, rows[i].said) != 0)
			fail_msg("%s: %s", rows[i].text, world.said.p);
	}
}

static void
length_and_holes_are_bounded(void **state)
{
	struct template_text parsed;
	struct buf text = {0};

	(void)state;
	for (int i = 0; i < TEMPLATE_MAX_HOLES; i++)
		buf_text(&text, "{name}.");
	assert_true(parse(buf_view(&text), &parsed));
	assert_int_equal(parsed.count, 2 * TEMPLATE_MAX_HOLES);
	buf_text(&text, "{name}");
	assert_false(parse(buf_view(&text), &parsed));
	assert_string_equal(
		world.said.p,
		"E152 1+1: the text is longer than 4096 bytes or has more than 32 holes\n");
	buf_clear(&text);
	for (int i = 0; i < TEMPLATE_MAX_BYTES; i++)
		buf_text(&text, "x");
	assert_true(parse(buf_view(&text), &parsed));
	buf_text(&text, "x");
	assert_false(parse(buf_view(&text), &parsed));
	buf_finish(&text);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(holes_are_filled),
		TEST(braces_are_written_twice),
		TEST(event_text_in_a_hole_is_text),
		TEST(mistakes_point_into_the_text),
		TEST(length_and_holes_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
