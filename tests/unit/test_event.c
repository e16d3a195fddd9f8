/* SPDX-License-Identifier: Apache-2.0 */
/* Shows that every rule of the event table is kept, and each breach answered with its sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "codec/event.h"
#include "codec/event_fields.h"

#define ARRIVAL INT64_C(1795255200000) /* 2026-11-21T10:00:00Z */
#define MAX_PAIRS 64

struct fixture {
	struct arena arena;
	struct field fields[MAX_PAIRS];
	unsigned count;
	struct entry entry;
	struct err err;
};

/* Fields from "key", "value", ... NULL. */
static bool
decode_list(struct fixture *fixture, va_list list)
{
	const char *key;

	fixture->count = 0;
	while ((key = va_arg(list, const char *)))
		fixture->fields[fixture->count++] =
			(struct field){str_of(key), str_of(va_arg(list, const char *))};
	fixture->err.text[0] = '\0';
	return event_decode((struct stream_id){ARRIVAL, 3}, fixture->fields, fixture->count,
			    &fixture->arena, &fixture->entry, &fixture->err);
}

__attribute__((sentinel)) static void
accepts(struct fixture *fixture, ...)
{
	va_list list;
	bool ok;

	va_start(list, fixture);
	ok = decode_list(fixture, list);
	va_end(list);
	assert_string_equal(fixture->err.text, "");
	assert_true(ok);
}

__attribute__((sentinel)) static void
rejects(struct fixture *fixture, const char *sentence, ...)
{
	va_list list;
	bool ok;

	va_start(list, sentence);
	ok = decode_list(fixture, list);
	va_end(list);
	assert_string_equal(fixture->err.text, sentence);
	assert_false(ok);
}

static int
set_up(void **state)
{
	static struct fixture fixture;

	arena_init(&fixture.arena);
	*state = &fixture;
	return 0;
}

static int
tear_down(void **state)
{
	struct fixture *fixture = *state;

	arena_finish(&fixture->arena);
	return 0;
}

static void
a_plain_event_is_taken_whole(void **state)
{
	struct fixture *f = *state;
	struct entry *entry = &f->entry;

	accepts(f, "customer", "c42", "type", "api_call", "value", "-2.5", "user", "u1",
		"source", "web", "id", "e-1", "backfill", "1", "severity", "high", "ts",
		"1795255100000", NULL);
	assert_true(str_is(entry->customer, "c42"));
	assert_true(str_is(entry->type, "api_call"));
	assert_int_equal(entry->kind, ENTRY_EVENT);
	assert_int_equal(entry->ts, ARRIVAL - 100000);
	assert_true(entry->has_value && entry->value == -2.5);
	assert_true(str_is(entry->user, "u1"));
	assert_true(str_is(entry->source, "web"));
	assert_true(str_is(entry->event_id, "e-1"));
	assert_true(entry->backfill);
	assert_int_equal(entry->attribute_count, 1);
	assert_true(str_is(entry_attribute(entry, STR("severity")), "high"));
	assert_int_equal(entry->id.seq, 3);
}

static void
what_is_not_given_has_its_default(void **state)
{
	struct fixture *f = *state;

	accepts(f, "customer", "c", "type", "t", "user", "", "source", "", "id", "", "backfill",
		"0", NULL);
	assert_int_equal(f->entry.ts, ARRIVAL);
	assert_false(f->entry.has_value);
	assert_false(f->entry.backfill);
	assert_null(f->entry.user.p);
	assert_null(f->entry.source.p);
	assert_null(f->entry.event_id.p);
}

static void
customers_are_utf8_without_control_characters(void **state)
{
	struct fixture *f = *state;
	char name[130];

	memset(name, 'a', sizeof name);
	name[129] = '\0';
	accepts(f, "customer", "客户 1", "type", "t", NULL);
	accepts(f, "customer", name + 1, "type", "t", NULL);
	rejects(f,
		"customer has 129 bytes, at most 128 are allowed: "
		"\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa..\"",
		"customer", name, "type", "t", NULL);
	rejects(f, "customer is empty: 1 to 128 bytes are needed", "customer", "", "type", "t",
		NULL);
	rejects(f, "customer is missing", "type", "t", NULL);
	rejects(f, "customer has a control character: \"a?b\"", "customer", "a\nb", "type", "t",
		NULL);
	rejects(f, "customer is not UTF-8: \"a\xff\"", "customer", "a\xff", "type", "t", NULL);
}

static void
types_are_small_words(void **state)
{
	struct fixture *f = *state;
	char type[66];

	memset(type, 'z', sizeof type);
	type[65] = '\0';
	accepts(f, "customer", "c", "type", type + 1, NULL);
	accepts(f, "customer", "c", "type", "a-z_0.9", NULL);
	rejects(f,
		"type has 65 bytes, at most 64 are allowed: "
		"\"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz..\"",
		"customer", "c", "type", type, NULL);
	rejects(f, "type may hold a-z 0-9 _ . - only: \"Login\"", "customer", "c", "type",
		"Login", NULL);
	rejects(f, "type is empty: 1 to 64 of a-z 0-9 _ . - are needed", "customer", "c",
		"type", "", NULL);
	rejects(f, "type is missing", "customer", "c", NULL);
}

static void
ts_is_ms_or_rfc_3339(void **state)
{
	struct fixture *f = *state;

	accepts(f, "customer", "c", "type", "t", "ts", "2026-11-21T18:00:00+08:00", NULL);
	assert_int_equal(f->entry.ts, ARRIVAL);
	accepts(f, "customer", "c", "type", "t", "ts", "63072000000", NULL);
	rejects(f,
		"ts: \"2026-11-21T10:00:00\" has no offset: end it in Z or in one such as +08:00",
		"customer", "c", "type", "t", "ts", "2026-11-21T10:00:00", NULL);
	rejects(f, "ts: \"yesterday\" is not an instant such as 2026-11-21T10:00:00Z",
		"customer", "c", "type", "t", "ts", "yesterday", NULL);
	rejects(f, "ts: \"\" is not an instant such as 2026-11-21T10:00:00Z", "customer", "c",
		"type", "t", "ts", "", NULL);
	rejects(f, "ts: \"99999999999999999999\" is no instant that can be", "customer", "c",
		"type", "t", "ts", "99999999999999999999", NULL);
}

static void
ts_before_1972_looks_like_seconds(void **state)
{
	struct fixture *f = *state;

	rejects(f, "ts 1795255200 is before 1972: it looks like seconds, and ts is in ms",
		"customer", "c", "type", "t", "ts", "1795255200", NULL);
	rejects(f, "ts \"1971-12-31T23:59:59Z\" is before 1972", "customer", "c", "type", "t",
		"ts", "1971-12-31T23:59:59Z", NULL);
	rejects(f, "ts \"-1\" is before 1972", "customer", "c", "type", "t", "ts", "-1", NULL);
	rejects(f, "ts 1795255200000000 is past the year 9999: ts is in ms", "customer", "c",
		"type", "t", "ts", "1795255200000000", NULL);
}

static void
ts_ahead_of_arrival_is_refused_with_a_guess(void **state)
{
	struct fixture *f = *state;

	accepts(f, "customer", "c", "type", "t", "ts", "1795255500000", NULL);
	rejects(f,
		"ts 2026-11-21T10:05:00.001Z is 5 minutes after its arrival; "
		"more than 5 minutes are refused",
		"customer", "c", "type", "t", "ts", "1795255500001", NULL);
	rejects(f,
		"ts 2026-11-21T17:59:58.000Z is 8 h after its arrival "
		"(7 to 9 h ahead: local time sent as UTC?)",
		"customer", "c", "type", "t", "ts", "1795283998000", NULL);
	rejects(f,
		"ts 2026-11-21T11:00:00.000Z is 1 h after its arrival "
		"(whole hours ahead: local time sent as UTC?)",
		"customer", "c", "type", "t", "ts", "1795258800000", NULL);
	rejects(f,
		"ts 2026-11-21T17:30:00.000Z is 7 hours after its arrival; "
		"more than 5 minutes are refused",
		"customer", "c", "type", "t", "ts", "1795282200000", NULL);
}

static void
values_are_finite_and_bounded(void **state)
{
	struct fixture *f = *state;

	accepts(f, "customer", "c", "type", "t", "value", "1e12", NULL);
	rejects(f, "value \"1.1e12\" is larger than 1e12", "customer", "c", "type", "t",
		"value", "1.1e12", NULL);
	rejects(f, "value \"-2e12\" is larger than 1e12", "customer", "c", "type", "t", "value",
		"-2e12", NULL);
	rejects(f, "value \"nan\" is not a finite number", "customer", "c", "type", "t",
		"value", "nan", NULL);
	rejects(f, "value \"1e999\" is not a finite number", "customer", "c", "type", "t",
		"value", "1e999", NULL);
	rejects(f, "value \"\" is not a finite number", "customer", "c", "type", "t", "value",
		"", NULL);
	rejects(f, "backfill is 0 or 1, not \"yes\"", "customer", "c", "type", "t", "backfill",
		"yes", NULL);
}

static void
attributes_are_bounded_in_number_name_and_text(void **state)
{
	struct fixture *f = *state;
	static char names[33][4], big[1026], key[66];

	memset(big, 'x', 1025);
	memset(key, 'k', 65);
	accepts(f, "customer", "c", "type", "t", key + 1, big + 1, NULL);
	rejects(f,
		"the attribute \"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk..\" has a "
		"name of 65 bytes, at most 64 are allowed",
		"customer", "c", "type", "t", key, "v", NULL);
	rejects(f, "the attribute \"note\" has 1025 bytes, at most 1024 are allowed",
		"customer", "c", "type", "t", "note", big, NULL);
	rejects(f,
		"user has 1025 bytes, at most 1024 are allowed: "
		"\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx..\"",
		"customer", "c", "type", "t", "user", big, NULL);
	rejects(f, "an attribute has no name", "customer", "c", "type", "t", "", "v", NULL);
	f->fields[0] = (struct field){STR("customer"), STR("c")};
	f->fields[1] = (struct field){STR("type"), STR("t")};
	for (unsigned i = 0; i < 33; i++) {
		names[i][0] = (char)('a' + i % 26);
		names[i][1] = (char)('0' + i / 26);
		f->fields[2 + i] = (struct field){str_of(names[i]), STR("v")};
	}
	assert_true(event_decode((struct stream_id){ARRIVAL, 0}, f->fields, 34, &f->arena,
				 &f->entry, &f->err));
	assert_false(event_decode((struct stream_id){ARRIVAL, 0}, f->fields, 35, &f->arena,
				  &f->entry, &f->err));
	assert_string_equal(f->err.text, "more than 32 attributes");
}

static void
an_entry_is_at_most_64_kib(void **state)
{
	struct fixture *f = *state;
	static char big[70000];

	memset(big, 'x', sizeof big);
	f->fields[0] = (struct field){STR("customer"), STR("c")};
	f->fields[1] = (struct field){STR("note"), {big, sizeof big}};
	assert_false(event_decode((struct stream_id){ARRIVAL, 0}, f->fields, 2, &f->arena,
				  &f->entry, &f->err));
	assert_string_equal(f->err.text,
			    "the entry has 70013 bytes, at most 65536 are allowed");
	f->fields[0] = (struct field){STR("data"), {big, sizeof big}};
	assert_false(event_decode((struct stream_id){ARRIVAL, 0}, f->fields, 1, &f->arena,
				  &f->entry, &f->err));
	assert_string_equal(f->err.text, "data has 70000 bytes, at most 65536 are allowed");
}

static void
a_field_given_twice_is_refused(void **state)
{
	struct fixture *f = *state;

	rejects(f, "the field \"customer\" is given twice", "customer", "c", "customer", "d",
		"type", "t", NULL);
	rejects(f, "the field \"plan\" is given twice", "customer", "c", "type", "t", "plan",
		"a", "plan", "a", NULL);
}

static void
reserved_types_need_what_they_say(void **state)
{
	struct fixture *f = *state;
	const char *sha = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

	accepts(f, "type", "churnd.clock", NULL);
	assert_int_equal(f->entry.kind, ENTRY_CLOCK);
	accepts(f, "type", "churnd.rules", "sha256", sha, NULL);
	assert_int_equal(f->entry.kind, ENTRY_RULES);
	rejects(f, "sha256 is 64 digits of 0-9 a-f", "type", "churnd.rules", "sha256", "abc",
		NULL);
	rejects(f, "an entry of type churnd.rules needs sha256", "type", "churnd.rules", NULL);
	accepts(f, "type", "churnd.task", "customer", "c", "task", "save_call", "verb", "claim",
		NULL);
	assert_int_equal(f->entry.kind, ENTRY_TASK);
	rejects(f, "an entry of type churnd.task needs verb", "type", "churnd.task", "customer",
		"c", "task", "save_call", NULL);
	rejects(f, "customer is missing", "type", "churnd.task", "task", "t", "verb", "claim",
		NULL);
	accepts(f, "type", "churnd.tag", "customer", "c", "tag", "vip", NULL);
	assert_int_equal(f->entry.kind, ENTRY_TAG);
	rejects(f, "an entry of type churnd.tag needs tag", "type", "churnd.tag", "customer",
		"c", NULL);
	rejects(f, "the type churnd.other is reserved: no type may begin with churnd.", "type",
		"churnd.other", "customer", "c", NULL);
	accepts(f, "type", "profile", "customer", "c", NULL);
	assert_int_equal(f->entry.kind, ENTRY_PROFILE);
	accepts(f, "type", "member", "customer", "c", "user", "u", NULL);
	assert_int_equal(f->entry.kind, ENTRY_MEMBER);
	rejects(f, "an entry of type member needs user", "type", "member", "customer", "c",
		NULL);
}

static void
data_holds_one_flat_object(void **state)
{
	struct fixture *f = *state;

	accepts(f, "data",
		" {\"customer\":\"c\\u5ba2\\ud83d\\ude00\", \"type\":\"t\",\"value\":1.50,\"hot\":true,"
		"\"none\":null,\"text\":\"a\\n\\\"b\\\\\"} ",
		NULL);
	assert_true(str_is(f->entry.customer, "c客😀"));
	assert_true(f->entry.value == 1.5);
	assert_int_equal(f->entry.attribute_count, 2);
	assert_true(str_is(entry_attribute(&f->entry, STR("hot")), "true"));
	assert_true(str_is(entry_attribute(&f->entry, STR("text")), "a\n\"b\\"));
	rejects(f, "data stands alone: an entry has it or other fields, not both", "data", "{}",
		"type", "t", NULL);
	rejects(f, "data stands alone: an entry has it or other fields, not both", "data",
		"{\"data\":\"{}\"}", NULL);
	rejects(f, "data: \"items\" holds an array; an event is flat: texts and numbers only",
		"data", "{\"items\":[1]}", NULL);
	rejects(f, "data: \"a\" holds an object; an event is flat: texts and numbers only",
		"data", "{\"a\":{}}", NULL);
	rejects(f, "customer is missing", "data", "{\"type\":\"t\"}", NULL);
	rejects(f, "the field \"type\" is given twice", "data",
		"{\"type\":\"t\",\"type\":\"u\"}", NULL);
}

static void
json_that_is_not_json_is_refused_with_the_byte(void **state)
{
	static const char *const wrong[] = {
		"",
		"[]",
		"{",
		"{\"a\"}",
		"{\"a\":}",
		"{\"a\":1,}",
		"{\"a\":01}",
		"{\"a\":1.}",
		"{\"a\":-}",
		"{\"a\":1e}",
		"{\"a\":tru}",
		"{\"a\":nul}",
		"{\"a\":\"",
		"{\"a\":\"\\",
		"{\"a\":\"\\x\"}",
		"{\"a\":\"\\u12g4\"}",
		"{\"a\":\"\\ud800\"}",
		"{\"a\":\"\\udc00\"}",
		"{\"a\":\"\\ud800\\u0041\"}",
		"{a:1}",
		"{\"a\":1} x",
		"{\"a\":\"\t\"}",
		"{\"a\":'b'}",
		"{\"a\":\"\\u00\"}",
		"{\"a\":+1}",
		"{\"a\" 1}",
		"{\"a\":1 \"b\":2}",
		"{,}",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct field fields[EVENT_MAX_FIELDS];
		unsigned count = 77;

		assert_false(event_fields_json(str_of(wrong[i]), &f->arena, fields, &count,
					       &f->err));
		assert_int_equal(count, 77);
	}
	rejects(f,
		"data: JSON is wrong at byte 6: a text, a number, true, false or null expected",
		"data", "{\"a\":x}", NULL);
	rejects(f, "data: JSON ends early: a comma or } expected", "data", "{\"a\":1", NULL);
}

static void
producers_may_not_send_reserved_types(void **state)
{
	struct field fields[] = {{STR("type"), STR("churnd.clock")},
				 {STR("customer"), STR("c")}};
	struct err err;

	(void)state;
	assert_false(event_check(fields, 2, ARRIVAL, &err));
	assert_string_equal(err.text, "the type churnd.clock is reserved for the daemon");
	fields[0].value = STR("login");
	assert_true(event_check(fields, 2, ARRIVAL, &err));
	fields[0].value = STR("Login");
	assert_false(event_check(fields, 2, ARRIVAL, &err));
}

static void
a_history_holds_what_people_did(void **state)
{
	struct field fields[] = {{STR("type"), STR("churnd.task")},
				 {STR("customer"), STR("c")},
				 {STR("task"), STR("tk_1")},
				 {STR("verb"), STR("cancel")}};
	struct err err;

	(void)state;
	assert_true(event_check_history(fields, 4, ARRIVAL, &err));
	assert_false(event_check(fields, 4, ARRIVAL, &err));
	assert_string_equal(err.text, "the type churnd.task is reserved for the daemon");
	fields[0].value = STR("churnd.clock");
	assert_false(event_check_history(fields, 4, ARRIVAL, &err));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_plain_event_is_taken_whole, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_is_not_given_has_its_default, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(customers_are_utf8_without_control_characters,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(types_are_small_words, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ts_is_ms_or_rfc_3339, set_up, tear_down),
		cmocka_unit_test_setup_teardown(ts_before_1972_looks_like_seconds, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(ts_ahead_of_arrival_is_refused_with_a_guess,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(values_are_finite_and_bounded, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(attributes_are_bounded_in_number_name_and_text,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(an_entry_is_at_most_64_kib, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_field_given_twice_is_refused, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(reserved_types_need_what_they_say, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(data_holds_one_flat_object, set_up, tear_down),
		cmocka_unit_test_setup_teardown(json_that_is_not_json_is_refused_with_the_byte,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_history_holds_what_people_did, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(producers_may_not_send_reserved_types, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
