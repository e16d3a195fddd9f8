/* SPDX-License-Identifier: Apache-2.0 */
/* The language of connectors at its ends: what is not there, what is too long, and what is no text of it. */
#include "unit/template.h"

static void
what_is_not_there_says_nothing_and_harms_nothing(void **state)
{
	static const struct {
		const char *text, *said;
	} rows[] = {
		{"{each data.profile}{.};{end}", "gold;3;"},
		{"{each set.key}x{else}none{end}", "none"},
		{"{each data.customer}x{else}none{end}", "none"},
		{"{if data.risk = x}y{else}n{end}", "n"},
		{"{if data.customer > 3}y{else}n{end}", "n"},
		{"{if data.customer <= d}y{else}n{end}", "n"},
		{"{if not alerts}n{else}y{end}", "y"},
		{"{if set.key}y{end}{if plain}z{end}", "yz"},
		{"{set.key|join:+}", "v&w"},
		{"{data.customer|map:few}{set.key|map:few}", "c42v&w"},
		{"{data.far|number} {data.fallen|number}", "1e+15 -1,234,567"},
		{"{data.name|cut:0}{data.text|cut:2}", ""},
		{"[{data.none|line}][{data.name|line|cut:4}]", "[][A\xe2\x80\xa6]"},
		{"{plain|cut:5}", "A<\xe2\x80\xa6"},
		{"{data.customer.x.y}{data.tags.x}{data.tags.0.x}", ""},
		{"{data.reasons.01.points}", "40"},
		{"{ data.risk }", NULL},
	};

	for (size_t i = 0; rows[i].said != NULL; i++) {
		const char *said = say(*state, "plain", rows[i].text, false);

		if (strcmp(said, rows[i].said) != 0)
			fail_msg("%s: \"%s\", not \"%s\"", rows[i].text, said, rows[i].said);
	}
}

static void
a_key_that_no_alert_has_may_be_long(void **state)
{
	char text[128] = "[{data.";

	memset(text + 7, 'a', 90);
	strcpy(text + 97, "}]");
	assert_string_equal(say(*state, "plain", text, false), "[]");
	strcpy(text + 7 + 79, "}]");
	assert_string_equal(say(*state, "plain", text, false), "[]");
}

static void
raw_leaves_out_what_is_not_there_and_quotes_what_is_no_json(void **state)
{
	static const struct {
		const char *hole, *body;
	} rows[] = {
		{"{data.none|raw}", "{\"t\":null}"},
		{"{data.profile|raw}", "{\"t\":{\"tier\":\"gold\",\"seats\":3}}"},
		{"{data.value|raw}", "{\"t\":1234567.5}"},
		{"{set.key|raw}", "{\"t\":\"v&w\"}"},
		{"{data.empty|or:12|raw}", "{\"t\":12}"},
		{"{data.none|or:''|raw}", "{\"t\":null}"},
	};
	struct fixture *f = *state;
	const struct str body = STR(ALERT);
	struct buf yaml = {0};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		buf_clear(&yaml);
		buf_printf(&yaml,
			   "connector: 1\nparameters: {key: {default: d}}\n"
			   "body: {t: \"%s\"}\n",
			   rows[i].hole);
		connector_request_finish(&f->request);
		f->request = (struct connector_request){0};
		if (!make(f, yaml.p, &body, 1, false))
			fail_msg("%s: %s", rows[i].hole, f->err.text);
		if (strcmp(f->request.body.p, rows[i].body) != 0)
			fail_msg("%s: %s, not %s", rows[i].hole, f->request.body.p,
				 rows[i].body);
	}
	buf_finish(&yaml);
}

/* The first thing said of it: "code line column". */
static const char *
refused(struct fixture *f, const char *yaml)
{
	const struct connector *connector;

	diags_finish(&f->diags);
	diags_init(&f->diags, &f->arena);
	connector = connector_load(&f->arena, STR("t.yaml"), arena_str(&f->arena, str_of(yaml)),
				   &f->diags);
	if (connector != NULL || f->diags.count == 0)
		return "nothing";
	return arena_printf(&f->arena, "%s %d %d", f->diags.list[0].message->code,
			    f->diags.list[0].line, f->diags.list[0].column)
		.p;
}

static void
what_is_no_text_of_the_language_is_said_where_it_stands(void **state)
{
	static const struct {
		const char *text, *said;
	} rows[] = {
		{"a {data.x", "E439 2 14"},
		{"{if data.x", "E439 2 12"},
		{"a } b", "E439 2 14"},
		{"{if data.x}a{else x}b{end}", "E430 2 25"},
		{"{if data.x}a{else}b{else}c{end}", "E441 2 32"},
		{"{if data.x}a", "E440 2 12"},
		{"a{end}", "E441 2 14"},
		{"{if data.x = \\\"a b}c{end}", "E430 2 13"},
		{"{data.x|or:'a}", "E439 2 12"},
		{"{data.x|cut:-1}", "E435 2 20"},
		{"{data.x|cut:99999999999}", "E435 2 20"},
		{"{data.x|cut}", "E435 2 20"},
		{"{data.x|raw:3}", "E434 2 20"},
		{"{data.x|map:none}", "E436 2 24"},
		{"{data..x}", "E430 2 13"},
		{"{}", "E430 2 13"},
		{"{. x}", "E430 2 13"},
		{"{each data.x y}a{end}", "E430 2 13"},
		{"{a.b.c}", "E432 2 13"},
		{"{dta.x}", "E432 2 13"},
		{"{set.none}", "E438 2 13"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *said =
			refused(f, arena_printf(&f->arena, "connector: 1\nbody: {t: \"%s\"}\n",
						rows[i].text)
					   .p);

		if (strcmp(said, rows[i].said) != 0)
			fail_msg("%s: %s, not %s", rows[i].text, said, rows[i].said);
	}
}

static void
an_address_or_a_method_that_is_none_is_sent_nowhere(void **state)
{
	static const struct {
		const char *parameter, *request, *said;
	} rows[] = {
		{"https://a.example/x", "url: '{set.own|raw}'", NULL},
		{"http://a.example/x", "url: '{set.own|raw}'", NULL},
		{"ftp://a.example/x", "url: '{set.own|raw}'", "no http:// or https://"},
		{"http://a.example/a b", "url: '{set.own|raw}'", "no http:// or https://"},
		{"PUT", "method: '{set.own}'", NULL},
		{"PUT", "method: '{data.customer}'", "method"},
		{"PUT1", "method: '{set.own}'", "method"},
		{"PUT[", "method: '{set.own}'", "method"},
		{"ABCDEFGHIJKLMNOP", "method: '{set.own}'", NULL},
		{"ABCDEFGHIJKLMNOPQ", "method: '{set.own}'", "method"},
	};
	struct fixture *f = *state;
	const struct str body = STR(ALERT);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *yaml =
			arena_printf(&f->arena,
				     "connector: 1\nparameters: {key: {default: d}, own: "
				     "{default: '%s'}}\n%s\nbody: {a: b}\n",
				     rows[i].parameter, rows[i].request)
				.p;
		bool good;

		connector_request_finish(&f->request);
		f->request = (struct connector_request){0};
		good = make(f, yaml, &body, 1, false);
		if (good != (rows[i].said == NULL) ||
		    (!good && strstr(f->err.text, rows[i].said) == NULL))
			fail_msg("%s of %s: %s", rows[i].request, rows[i].parameter,
				 good ? "made" : f->err.text);
	}
}

static void
texts_and_their_pieces_are_bounded(void **state)
{
	struct fixture *f = *state;
	struct buf yaml = {0};

	buf_text(&yaml, "connector: 1\nbody:\n  t: '");
	for (size_t i = 0; i <= WORDING_MAX_BYTES; i++)
		buf_char(&yaml, 'a');
	buf_text(&yaml, "'\n");
	assert_string_equal(refused(f, yaml.p), "E042 3 7");
	buf_clear(&yaml);
	buf_text(&yaml, "connector: 1\nbody:\n  t: '");
	for (int i = 0; i < WORDING_MAX_PIECES; i++)
		buf_text(&yaml, "{id}");
	buf_text(&yaml, "'\n");
	assert_string_equal(refused(f, yaml.p), "E508 3 7");
	buf_finish(&yaml);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_is_not_there_says_nothing_and_harms_nothing),
		TEST(a_key_that_no_alert_has_may_be_long),
		TEST(raw_leaves_out_what_is_not_there_and_quotes_what_is_no_json),
		TEST(what_is_no_text_of_the_language_is_said_where_it_stands),
		TEST(an_address_or_a_method_that_is_none_is_sent_nowhere),
		TEST(texts_and_their_pieces_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
