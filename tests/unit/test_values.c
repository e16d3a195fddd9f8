/* SPDX-License-Identifier: Apache-2.0 */
/* What an event or a profile says as text is read as what the rules take it for, or is said not to be that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "codec/event_fields.h"
#include "support/scene.h"

#define DECLARED                                                                           \
	"profile:\n"                                                                       \
	"  flag: bool\n  seats: int\n  fee: num\n  term: duration\n  seen: time\n  ends: " \
	"date\n"                                                                           \
	"  tier: {enum: [tin, gold]}\n  note: string\n"                                    \
	"lists: {few: [a, b]}\n"

/* Under one rule: what becomes of a profile and an event with such a field (NULL: without). */
static const char *
outcome(const char *rule, const char *profile, const char *event)
{
	struct scene w;
	struct buf rules = {0};
	const char *what;

	buf_printf(&rules, DECLARED "rules:\n- {rule: r, %s, points: 30}\n", rule);
	scene_init(&w, rules.p);
	scene_send(&w, at("2026-03-02 10:00"), "c", "profile", profile, NULL);
	scene_send(&w, at("2026-03-02 11:00"), "c", "e", event, NULL);
	what = w.said.n > 0 && strstr(w.said.p, "rejected: ")	  ? "rejected"
	       : w.said.n > 0 && strstr(w.said.p, "rule.fired r") ? "fires"
								  : "nothing";
	scene_finish(&w);
	buf_finish(&rules);
	return what;
}

static void
events_are_read_as_what_they_are_compared_with(void **state)
{
	static const struct {
		const char *expr, *field, *what;
	} rows[] = {
		{"event.flag", "flag=true", "fires"},
		{"event.flag", "flag=1", "fires"},
		{"event.flag", "flag=false", "nothing"},
		{"event.flag", NULL, "nothing"},
		{"not event.flag", "flag=0", "fires"},
		{"not event.flag", "flag=perhaps", "nothing"}, /* unknown is not false */
		{"event.took > 2h", "took=3h", "fires"},
		{"event.took > 2h", "took=1h", "nothing"},
		{"event.took > 2h", "took=long", "nothing"},
		{"event.day < profile.ends", "day=2026-05-31", "fires"},
		{"event.day < profile.ends", "day=2026-06-01", "nothing"},
		{"event.day < profile.ends", "day=31.5.2026", "nothing"},
		{"event.until > event.ts", "until=2026-03-02T11:00:01Z", "fires"},
		{"event.until > event.ts", "until=2026-03-02T12:00:00+02:00", "nothing"},
		{"event.until > event.ts", "until=later", "nothing"},
		{"event.n >= 2.5", "n=2.5", "fires"},
		{"event.n >= 2.5", "n=two", "nothing"},
		{"event.value >= 2", "value=2", "fires"},
		{"event.value >= 2", NULL, "nothing"},
		{"event.user == \"kim\"", "user=kim", "fires"},
		{"event.user != \"kim\"", NULL, "nothing"},
		{"event.source in few", "source=b", "fires"},
		{"event.source in few", NULL, "nothing"},
		{"event.type == \"e\"", NULL, "fires"},
		{"event.word == profile.note", "word=x", "nothing"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf rule = {0};

		buf_printf(&rule, "on: e, expr: '%s', keep_firing_for: 1h", rows[i].expr);
		if (strcmp(outcome(rule.p, "ends=2026-06-01", rows[i].field), rows[i].what) !=
		    0)
			fail_msg("%s with %s: %s", rows[i].expr, rows[i].field,
				 outcome(rule.p, "ends=2026-06-01", rows[i].field));
		buf_finish(&rule);
	}
}

static void
attributes_are_of_their_type_or_rejected(void **state)
{
	static const struct {
		const char *expr, *field, *what;
	} rows[] = {
		{"profile.flag", "flag=yes", "fires"},
		{"profile.flag", "flag=1", "fires"},
		{"profile.flag", "flag=true", "fires"},
		{"not profile.flag", "flag=no", "fires"},
		{"not profile.flag", "flag=0", "fires"},
		{"not profile.flag", "flag=false", "fires"},
		{"profile.flag", "flag=perhaps", "rejected"},
		{"profile.flag", "flag=", "nothing"},
		{"profile.seats == 3", "seats=3", "fires"},
		{"profile.seats == 3", "seats=3.5", "rejected"},
		{"profile.fee > 3", "fee=3.5", "fires"},
		{"profile.fee > 3", "fee=much", "rejected"},
		{"profile.term >= 30d", "term=5w", "fires"},
		{"profile.term >= 30d", "term=month", "rejected"},
		{"profile.seen < now()", "seen=2026-03-01T00:00:00Z", "fires"},
		{"profile.seen < now()", "seen=1772323200000", "fires"},
		{"profile.seen < now()", "seen=yesterday", "rejected"},
		{"profile.ends < \"2026-03-02\"", "ends=2026-03-01", "fires"},
		{"profile.ends < \"2026-03-02\"", "ends=1 March", "rejected"},
		{"profile.tier == \"gold\"", "tier=gold", "fires"},
		{"profile.tier == \"gold\"", "tier=lead", "rejected"},
		{"profile.note == \"x\"", "note=x", "fires"},
		{"profile.note == \"x\"", "undeclared=x", "nothing"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct buf rule = {0};

		buf_printf(&rule, "expr: '%s'", rows[i].expr);
		if (strcmp(outcome(rule.p, rows[i].field, NULL), rows[i].what) != 0)
			fail_msg("%s with %s: %s", rows[i].expr, rows[i].field,
				 outcome(rule.p, rows[i].field, NULL));
		buf_finish(&rule);
	}
}

/* The value of "k", or what is wrong with the text. */
static struct str
json_field(struct arena *arena, struct str text)
{
	struct field fields[EVENT_MAX_FIELDS];
	unsigned count;
	struct err err;

	if (!event_fields_json(text, arena, fields, &count, &err))
		return arena_str(arena, str_of(err.text));
	for (unsigned i = 0; i < count; i++)
		if (str_is(fields[i].key, "k"))
			return arena_str(arena, fields[i].value);
	return STR("none");
}

static void
texts_of_json_are_unescaped_or_refused_by_their_place(void **state)
{
	static const struct {
		const char *text, *said;
	} rows[] = {
		{" \t\r\n{ \"k\" : \"a\" , \"l\":1}\r\n", "a"},
		{"{\"k\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "\"\\/\b\f\n\r\t"},
		{"{\"k\":\"\\u0041\\u00e9\\u00E9\\u4e2d\"}", "A\xc3\xa9\xc3\xa9\xe4\xb8\xad"},
		{"{\"k\":\"\\ud83d\\ude00\"}", "\xf0\x9f\x98\x80"},
		{"{\"k\":true,\"l\":false,\"m\":null}", "true"},
		{"{\"k\":null}", "none"},
		{"{}", "none"},
		{"{\"k\":-1.5e3}", "-1.5e3"},
		{"{\"k\":\"\\ud83d\"}", "the other half of a surrogate pair"},
		{"{\"k\":\"\\ud83d\\u0041\"}", "the other half of a surrogate pair"},
		{"{\"k\":\"\\ud83d\\ue000\"}", "the other half of a surrogate pair"},
		{"{\"k\":\"\\ud83dxxxxxx\"}", "the other half of a surrogate pair"},
		{"{\"k\":\"\\ude00\\ud83d\"}", "the other half of a surrogate pair"},
		{"{\"k\":\"\\ud83d\\n12345\"}", "\\u and four hex digits"},
		{"{\"k\":\"\\u00g0\"}", "\\u and four hex digits"},
		{"{\"k\":\"\\u00", "JSON"},
		{"{\"k\":\"\\x\"}", "an escape such as \\n"},
		{"{\"k\":\"a", "JSON ends early"},
		{"{\"k\":\"a\nb\"}", "JSON is wrong at byte 8"},
		{"{\"k\":tru}", "JSON is wrong"},
		{"{\"k\":nul", "JSON"},
		{"{\"k\":[1]}", "\"k\" holds an array"},
		{"{\"k\":{}}", "\"k\" holds an object"},
		{"{\"k\" 1}", "JSON is wrong"},
		{"{\"k\":1 \"l\":2}", "JSON is wrong"},
		{"{\"k\":1,}", "JSON is wrong"},
		{"{\"k\":", "JSON ends early"},
		{"{\"k\":1}x", "nothing behind the object"},
		{"[1]", "JSON is wrong at byte 1"},
		{"", "JSON ends early"},
	};
	struct arena arena;

	(void)state;
	arena_init(&arena);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct str said = json_field(&arena, str_of(rows[i].text));

		if (strstr(said.p, rows[i].said) == NULL)
			fail_msg("%s: %s", rows[i].text, said.p);
	}
	arena_finish(&arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_are_read_as_what_they_are_compared_with),
		cmocka_unit_test(attributes_are_of_their_type_or_rejected),
		cmocka_unit_test(texts_of_json_are_unescaped_or_refused_by_their_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
