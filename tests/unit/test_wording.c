/* SPDX-License-Identifier: Apache-2.0 */
/* The language of connectors: what a template makes of an alert, and that nothing in an alert can harm a place. */
#include "base/civil.h"
#include "base/zone.h"
#include "unit/template.h"

/* A producer can put one into a name: that must not silence the customer. */
static void
a_nul_in_a_text_is_a_space(void **state)
{
	struct fixture *f = *state;
	const struct str body =
		STR("{\"type\":\"rule.fired\",\"data\":{\"name\":\"a\\u0000b\"}}");

	if (!make(f, "connector: 1\nbody: {t: '{data.name}'}\n", &body, 1, false))
		fail_msg("%s", f->err.text);
	assert_string_equal(f->request.body.p, "{\"t\":\"a b\"}");
}

static void
templates_say_what_their_table_says(void **state)
{
	static const struct {
		const char *text, *said;
	} rows[] = {
		{"{data.customer}", "c42"},
		{"{{{data.customer}}}", "{c42}"},
		{"{data.nothing}{data.none}{data.empty}{data.customer.x}{data.tags.7}", ""},
		{"{data.reasons.1.text} {data.reasons.1.points}", "two 40"},
		{"{data.risk} {data.share} {data.no}", "65 0.25 false"},
		{"{id} {type} {version}", "al_1 customer.level_raised 1"},
		{"{now_s} {now_ms} {now}", "1577262236 1577262236757 2019-12-25T08:23:56.757Z"},
		{"{count} {family} {lang} {system}", "1 alert en slack"},
		{"{set.key} {set.other}", "v&w o p"},
		{"{data.text}", "en text"},
		{"{if data.risk}y{else}n{end}{if data.zero}y{end}{if data.no}y{end}"
		 "{if data.empty}y{end}{if data.none}y{end}{if data.tags}y{end}",
		 "yyy"},
		{"{if not data.none}y{end}{if not data.risk}n{end}", "y"},
		{"{if data.risk >= 65}a{end}{if data.risk > 65}b{end}{if data.risk < 100}c{end}"
		 "{if data.risk <= 7}d{end}{if data.risk = 65.0}e{end}{if data.risk != 65}f{end}",
		 "ace"},
		{"{if data.customer = c42}a{end}{if data.customer = 'c 42'}b{end}"
		 "{if data.customer != x}c{end}{if data.customer < x}d{end}",
		 "ac"},
		{"{if data.owner|person = U1}a{end}", "a"},
		{"{each data.reasons}{.text}+{.points};{end}", "one+25;two+40;"},
		{"{each data.tags}[{.}]{else}none{end}{each data.none}x{else}none{end}",
		 "[a][b]none"},
		{"{each alerts}{id}{end}", "al_1"},
		{"{each data.reasons}{if .points > 30}{.text}{end}{end}", "two"},
		{"{timestamp|date} {timestamp|time} {timestamp|ms} {data.customer|date}",
		 "2026-11-21 2026-11-21 10:00 UTC 1795255200000 c42"},
		{"{data.silence|duration} {data.value|number} {data.risk|number}",
		 "14 days 1,234,570 65"},
		{"{data.customer|map:words} {data.owner|map:words}", "forty-two any"},
		{"{data.none|or:'- none |}'} {data.customer|or:x}", "- none |} c42"},
		{"{data.customer|cut:2} {data.customer|cut:3} {data.text|cut:6}",
		 " c42 en \xe2\x80\xa6"},
		{"{data.tags|join:+} {data.tags|join}", "a+b a, b"},
		{"{data.tags|raw}", "[\"a\",\"b\"]"},
		{"{data.yes}[{data.tags}][{data.profile}]", "true[][]"},
		{"{if data.yes}a{end}{if data.share}b{end}{if data.profile}c{end}"
		 "{if data.none.x}d{end}{if alerts}e{end}",
		 "abce"},
		{"{each data.profile}{.},{end}{each data.owner}x{end}{data.tags.a}{data.owner.0}",
		 "gold,3,"},
		{"{data.customer|ms} {data.customer|time} {data.customer|duration} "
		 "{data.customer|number} {data.customer|join} {data.customer|map:few}",
		 "c42 c42 c42 c42 c42 c42"},
		{"{data.fallen|date} {data.fallen|duration} {data.far|date} {data.far|duration}",
		 "-1234567 -1234567 1000000000000000 1000000000000000"},
		{"{now_ms|date} {now_s|ms} {data.fallen|number} {data.share|number} {set.key|raw}",
		 "2019-12-25 1577262236 -1,234,567 0.25 v&w"},
		{"{data.none|raw} {data.nothing|raw} {data.none|join}{data.nothing|url}",
		 "null null"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *said = say(f, "plain", rows[i].text, false);

		if (strcmp(said, rows[i].said) != 0)
			fail_msg("%s\nsays %s\nnot  %s", rows[i].text, said, rows[i].said);
	}
	assert_int_equal(strlen(say(f, "plain", "{id|uuid}", false)), 36);
	assert_string_equal(say(f, "plain", "{lang} {data.owner}", true), "zh li");
	assert_string_equal(say(f, "plain", "{data.text} {data.customer|map:words}", true),
			    "\xe4\xb8\xad Z");
	assert_string_equal(say(f, "plain", "{data.silence|duration}", true),
			    "14 \xe5\xa4\xa9");
}

static void
a_name_is_escaped_for_its_place(void **state)
{
	static const struct {
		const char *markup, *said;
	} rows[] = {
		{"plain", "A<b>*\"\\"},
		{"html", "A&lt;b&gt;*&quot;\\"},
		{"slack", "A&lt;b&gt;\xe2\x81\xa0*\xe2\x81\xa0\"\\"},
		{"teams", "A\\<b\\>\\*\"\\\\"},
		{"feishu", "A&#60;b&#62;&#42;\"&#92;"},
		{"wecom", "A\xef\xbc\x9c"
			  "b\xef\xbc\x9e\xef\xbc\x8a\"\xef\xbc\xbc"},
		{"dingtalk", "A\xef\xbc\x9c"
			     "b\xef\xbc\x9e\xef\xbc\x8a\"\xef\xbc\xbc"},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_string_equal(say(f, rows[i].markup, "{data.name}", false), rows[i].said);
		/* a plain text inside a rich one, and the filter that does what the place does */
		assert_string_equal(say(f, rows[i].markup, "{plain}", false), rows[i].said);
		assert_string_equal(say(f, rows[i].markup, "{data.name|md}", false),
				    rows[i].said);
	}
	assert_string_equal(say(f, "slack", "{data.name|url}", false), "A%3Cb%3E%2A%22%5C%0A");
	assert_string_equal(say(f, "slack", "{data.name|json}", false), "A<b>*\\\"\\\\\\n");
}

static void
people_links_and_bold_are_written_as_the_markup_does(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(say(f, "slack", "{data.owner|mention}", false), "<@U1>");
	assert_string_equal(say(f, "wecom", "{data.owner|mention}", false), "<@U1>");
	assert_string_equal(say(f, "feishu", "{data.owner|mention}", false), "<at id=U1></at>");
	assert_string_equal(say(f, "html", "{data.owner|mention}", false), "li");
	assert_string_equal(say(f, "slack", "{data.name|mention}", false),
			    "A&lt;b&gt;\xe2\x81\xa0*\xe2\x81\xa0\"\\");
	assert_string_equal(say(f, "slack", "{data.url|link:a>b}", false),
			    "<https://x.example/a%28b%29|a&gt;b>");
	assert_string_equal(say(f, "teams", "{data.url|link:a]b}", false),
			    "[a\\]b](https://x.example/a%28b%29)");
	assert_string_equal(say(f, "plain", "{data.url|link:a}", false),
			    "a: https://x.example/a%28b%29");
	assert_string_equal(say(f, "teams", "{data.owner|link:a}", false), "");
	assert_string_equal(say(f, "teams", "{data.owner|bold}{data.empty|bold}", false),
			    "**li**");
	assert_string_equal(say(f, "teams",
				"{data.owner|bold|bold} {data.owner|bold|link:a} "
				"{data.owner|bold|mention} {data.owner|bold|md}"
				"{data.empty|link:a}{data.empty|mention}",
				false),
			    "**li** **li** **li** **li**");
}

static void
lines_of_blocks_leave_no_line(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(
		say(f, "plain",
		    "a\n      {if data.risk}\n      b\n        {end}\n      c {if data.risk}\n"
		    "      d{end}\n      {each data.tags}\n      - {.}\n      {end}",
		    false),
		"a\nb\nc \nd\n- a\n- b");
}

/* ---- requests ---- */

static void
assert_body(struct fixture *f, const char *yaml, const char *body)
{
	const struct str alert = STR(ALERT);
	struct buf text = {0};

	buf_text(
		&text,
		"connector: 1\nparameters: {key: {default: d}, none: {default: ''},\n"
		"  more: {default: '{\"a\": [1.5, x y]}'}, json: {default: '{\"a\": [1.5, true]}'}}\n");
	buf_text(&text, yaml);
	if (!make(f, text.p, &alert, 1, false))
		fail_msg("%s", f->err.text);
	if (!str_is(buf_view(&f->request.body), body))
		fail_msg("%.*s\nnot %s", (int)f->request.body.n, f->request.body.p, body);
	buf_finish(&text);
}

static void
a_body_is_json_of_the_same_shape(void **state)
{
	struct fixture *f = *state;

	assert_body(f, "body: {a: true, b: 'true', c: 12, d: null, e: [1.50, x], f: {}, g: +5}",
		    "{\"a\":true,\"b\":\"true\",\"c\":12,\"d\":null,\"e\":[1.5,\"x\"],\"f\":{},"
		    "\"g\":5}");
	assert_body(f, "body: {n: '{data.name}'}", "{\"n\":\"A<b>*\\\"\\\\\\n\"}");
	assert_body(f,
		    "body: {a: '{data.risk|raw}', b: '{data.tags|raw}', c: '{data.x|raw}',\n"
		    "  d: '{data.customer|raw}'}",
		    "{\"a\":65,\"b\":[\"a\",\"b\"],\"c\":null,\"d\":\"c42\"}");
	assert_body(f, "body: {a: '{set.json|raw}', b: '{set.key|raw}', c: '{set.more|raw}'}",
		    "{\"a\":{\"a\":[1.5,true]},\"b\":\"v&w\","
		    "\"c\":\"{\\\"a\\\": [1.5, x y]}\"}");
	assert_body(
		f,
		"body: {a?: '{data.none}', b?: '{data.owner}', c?: '{data.x|raw}', d?: {e?: ''}}",
		"{\"b\":\"li\"}");
	assert_body(f, "body: {'{set.key}': 1, '{set.none}?': 2}", "{\"v&w\":1}");
	assert_body(f, "body: {'{if data.risk > 60}': {a: 1}, '{if data.none}': {b: 2}, c: 3}",
		    "{\"a\":1,\"c\":3}");
	assert_body(f,
		    "body: ['{data.owner}', {'{if data.none}': x}, {'{if data.risk}': y},\n"
		    "  {'{each data.reasons}': {t: '{.text}'}}, {'{each data.none}': z}]",
		    "[\"li\",\"y\",{\"t\":\"one\"},{\"t\":\"two\"}]");
	assert_body(f, "body: {c: {'{json}': {a: '{data.name}'}}}",
		    "{\"c\":\"{\\\"a\\\":\\\"A<b>*\\\\\\\"\\\\\\\\\\\\n\\\"}\"}");
	assert_body(f, "body: '{{\"a\": \"{data.name}\", \"r\": {data.tags|raw}}}'",
		    "{\"a\": \"A<b>*\\\"\\\\\\n\", \"r\": [\"a\",\"b\"]}");
	assert_body(f, "form: {a b: '{data.name}', c?: '{data.none}', d: 1}",
		    "a%20b=A%3Cb%3E%2A%22%5C%0A&d=1");
}

static void
urls_and_headers_are_escaped(void **state)
{
	const struct str alert = STR(ALERT);
	struct fixture *f = *state;

	assert_true(make(f,
			 "connector: 1\nmethod: PUT\nparameters: {key: {default: d}}\n"
			 "url: '{url}&n={data.name}&k={set.key}&r={set.key|raw}'\n"
			 "headers: {X-Name: '{data.name}!', X-Key: '{set.key}'}\n",
			 &alert, 1, false));
	assert_string_equal(f->request.url.p,
			    "https://h.example/?a=b&n=A%3Cb%3E%2A%22%5C%0A&k=v%26w&r=v&w");
	assert_string_equal(f->request.headers.p, "X-Name: A<b>*\"\\ !\nX-Key: v&w\n");
	assert_true(str_is(f->request.method, "PUT"));
	assert_int_equal(f->request.body.n, 0);
}

static void
without_an_address_of_its_own_the_connectors_home_is_asked(void **state)
{
	struct fixture *f = *state;
	const struct str alert = STR(ALERT);
	const struct connector_settings settings = {.url = STR_NONE};
	const struct connector_message message = {.bodies = &alert, .count = 1};

	assert_true(connector_make(load(f, "connector: 1\nhome: https://home.example\n"
					   "url: '{url}/x'\nbody: {a: b}\n"),
				   &settings, &message, &f->request, &f->err));
	assert_string_equal(f->request.url.p, "https://home.example/x");
}

static void
dates_are_those_of_the_rules_zone(void **state)
{
	struct fixture *f = *state;
	struct zone *zone = zone_create(STR("east"), 15 * HOUR_MS);
	const struct str alert = STR(ALERT);
	const struct connector_settings settings = {.url = STR("https://h"), .zone = zone};
	const struct connector_message message = {.bodies = &alert, .count = 1};

	zone_finish_changes(zone);
	assert_true(connector_make(load(f, "connector: 1\nbody: {a: '{timestamp|date}, "
					   "{timestamp|time}'}\n"),
				   &settings, &message, &f->request, &f->err));
	assert_string_equal(f->request.body.p, "{\"a\":\"2026-11-22, 2026-11-22 01:00\"}");
	zone_destroy(zone);
}

static void
several_alerts_are_one_digest(void **state)
{
	struct fixture *f = *state;
	struct str bodies[100];

	for (unsigned i = 0; i < 100; i++)
		bodies[i] =
			i == 1 ? STR("{\"type\":\"task.done\",\"id\":\"t\",\"data\":{}}")
			       : STR("{\"type\":\"x\",\"id\":\"i\",\"data\":{\"customer\":\"c\"}}");
	assert_true(make(
		f,
		"connector: 1\ntexts:\n"
		"  line: {alert: '{id}', task: 'T{id}', digest: none}\n"
		"  t: {alert: one, digest: '{count}:{each alerts}{line},{end}{line} {id}'}\n"
		"body: {t: '{t}', l: [{'{each alerts}': '{family}'}, '{family}']}\n",
		bodies, 3, false));
	assert_string_equal(f->request.body.p,
			    "{\"t\":\"3:i,Tt,i,none i\",\"l\":[\"alert\",\"task\",\"alert\","
			    "\"digest\"]}");
	assert_true(make(f, "connector: 1\nfrom: slack\n", bodies, 100, false));
}

static void
published_signatures_hold(void **state)
{
	const struct str alert = STR(ALERT);
	struct connector_settings settings = {.url = STR("https://h/?t=1"),
					      .secret = STR("this is secret")};
	struct connector_message message = {.bodies = &alert, .count = 1, .now = 1577262236757};
	struct fixture *f = *state;

	assert_true(connector_make(connector_preset(STR("dingtalk")), &settings, &message,
				   &f->request, &f->err));
	assert_string_equal(f->request.url.p,
			    "https://h/?t=1&timestamp=1577262236757&sign="
			    "hmPWwU%2B7lVdm3ZZz0r9tSfx0L4Q26jWOZr9%2BGs6EZQM%3D");
	settings.secret = STR("demo");
	message.now = INT64_C(1599360473) * SECOND_MS;
	assert_true(connector_make(connector_preset(STR("feishu")), &settings, &message,
				   &f->request, &f->err));
	assert_non_null(strstr(f->request.body.p,
			       "\"timestamp\":\"1599360473\",\"sign\":"
			       "\"l1N0gAcBjdwBvGm1xMjOF0XSyaLRpR7tuO5dHfhAYc8=\""));
	/* no secret, no signature */
	settings.secret = STR_NONE;
	assert_true(connector_make(connector_preset(STR("dingtalk")), &settings, &message,
				   &f->request, &f->err));
	assert_string_equal(f->request.url.p, "https://h/?t=1");
}

/* ---- bounds ---- */

static void
what_cannot_be_said_is_an_error(void **state)
{
	static const char *const bodies[] = {
		"", "[]", "{", "null", "{\"type\":5}", "{\"type\":\"a\",\"type\":\"b\"}"};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		const struct str body = str_of(bodies[i]);

		assert_false(make(f, "connector: 1\nbody: {a: b}\n", &body, 1, false));
	}
	const struct str alert = STR(ALERT);

	assert_false(make(f, "connector: 1\naccepts: [task.*, customer]\nbody: {a: b}\n",
			  &alert, 1, false));
	assert_true(make(f, "connector: 1\naccepts: [task.*, customer.*]\nbody: {a: b}\n",
			 &alert, 1, false));
	assert_false(make(f, "connector: 1\nbody: 'no {data.owner} JSON'\n", &alert, 1, false));
	assert_false(make(f, "connector: 1\nurl: '{data.owner}://h'\n", &alert, 1, false));
	assert_false(make(f, "connector: 1\nmethod: '{data.owner}'\n", &alert, 1, false));
	assert_false(make(f,
			  "connector: 1\ntexts: {to: {required: true, alert: '{data.none}'}}\n",
			  &alert, 1, false));
	assert_non_null(strstr(f->err.text, "there is no to"));
}

static void
a_list_within_lists_ends(void **state)
{
	struct fixture *f = *state;
	struct buf body = {0};

	buf_text(&body, "{\"type\":\"x\",\"data\":{\"l\":[0");
	for (int i = 0; i < 300; i++)
		buf_text(&body, ",0");
	buf_text(&body, "]}}");
	const struct str alert = buf_view(&body);

	assert_true(make(f, "connector: 1\nbody: {a: '{each data.l}{.}{end}'}\n", &alert, 1,
			 false));
	assert_int_equal(f->request.body.n, strlen("{\"a\":\"\"}") + 100);
	assert_false(
		make(f,
		     "connector: 1\nbody: {a: '{each data.l}{each data.l}{each data.l}{.}{end}"
		     "{end}{end}'}\n",
		     &alert, 1, false));
	assert_false(make(f,
			  "connector: 1\nbody: {a: [{'{each data.l}': [{'{each data.l}': "
			  "[{'{each data.l}': x}]}]}]}\n",
			  &alert, 1, false));
	assert_non_null(strstr(f->err.text, "more than it may"));
	/* also one that says nothing, which no limit of bytes ends */
	assert_false(make(
		f,
		"connector: 1\nbody: {a: '{each data.l}{each data.l}{each data.l}{if data.x}"
		"x{end}{end}{end}{end}'}\n",
		&alert, 1, false));
	assert_non_null(strstr(f->err.text, "more than it may"));
	buf_finish(&body);
}

/* Nothing that opens is left open by a cut: no tag, link or entity, and no escape that would take the next byte. */
static void
check_cut(const char *markup, struct str said)
{
	struct str dots = STR("\xe2\x80\xa6");
	size_t n = said.n, slashes = 0;

	while (n > 0 && !str_ends(str_slice(said, 0, n), dots))
		n--;
	if (n == 0)
		return; /* not cut */
	n -= dots.n;
	while (slashes < n && said.p[n - 1 - slashes] == '\\')
		slashes++;
	if (strcmp(markup, "teams") == 0)
		assert_int_equal(slashes % 2, 0);
	if (strcmp(markup, "plain") == 0)
		return;
	for (size_t i = n; i > 0 && said.p[i - 1] != '>'; i--)
		if (said.p[i - 1] == '<' && (i < 2 || said.p[i - 2] != '\\'))
			fail_msg("%s: %.*s", markup, STR_ARG(said));
}

/* Whatever is cut, its tail stays and the text ends at the edge of a character. */
static void
a_text_is_cut_to_its_limit(void **state)
{
	static const char yaml[] =
		"connector: 1\nmarkup: %s\n"
		"texts: {t: {rich: true, alert: '{data.x|bold} {data.y|link:z}', tail: 'END'}}\n"
		"limits: {t: %d}\nbody: {t: '{t}'}\n";
	static const char *const markups[] = {"plain",	  "slack",  "teams", "wecom",
					      "dingtalk", "feishu", "html"};
	struct fixture *f = *state;
	const struct str alert =
		STR("{\"type\":\"x\",\"data\":{\"x\":\"\xf0\x9f\x98\x80&<>[]*\\\\"
		    "\xe4\xb8\xad\xf0\x9f\x98\x80&<>[]*\\\\\xe4\xb8\xad\","
		    "\"y\":\"https://h/\xe4\xb8\xad\"}}");

	for (size_t m = 0; m < sizeof markups / sizeof *markups; m++)
		for (int most = 16; most < 200; most++) {
			struct buf text = {0};
			json_t *root;
			struct str said;

			buf_printf(&text, yaml, markups[m], most);
			assert_true(make(f, text.p, &alert, 1, false));
			root = json_loadb(f->request.body.p, f->request.body.n, 0, NULL);
			assert_non_null(root);
			said = str_of(json_string_value(json_object_get(root, "t")));
			assert_true(said.n <= (size_t)most);
			assert_true(utf8_valid(said));
			assert_true(str_ends(said, STR("END")));
			check_cut(markups[m], said);
			json_decref(root);
			buf_finish(&text);
		}
}

static void
a_body_that_is_too_large_is_made_again_with_shorter_texts(void **state)
{
	struct fixture *f = *state;
	struct buf body = {0};

	buf_text(&body, "{\"type\":\"x\",\"data\":{\"x\":\"");
	for (int i = 0; i < 5000; i++)
		buf_text(&body, "\\\"");
	buf_text(&body, "\"}}");
	const struct str alert = buf_view(&body);

	assert_true(make(f,
			 "connector: 1\ntexts: {t: '{data.x}'}\nlimits: {t: 4000}\nmost: 3000\n"
			 "body: {t: '{t}'}\n",
			 &alert, 1, false));
	assert_true(f->request.body.n <= 3000 && f->request.body.n > 1500);
	assert_false(
		make(f, "connector: 1\nmost: 3000\nbody: {t: '{data.x}'}\n", &alert, 1, false));
	assert_non_null(strstr(f->err.text, "3000 bytes"));
	buf_finish(&body);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(templates_say_what_their_table_says),
		TEST(a_nul_in_a_text_is_a_space),
		TEST(a_name_is_escaped_for_its_place),
		TEST(people_links_and_bold_are_written_as_the_markup_does),
		TEST(lines_of_blocks_leave_no_line),
		TEST(a_body_is_json_of_the_same_shape),
		TEST(urls_and_headers_are_escaped),
		TEST(without_an_address_of_its_own_the_connectors_home_is_asked),
		TEST(dates_are_those_of_the_rules_zone),
		TEST(several_alerts_are_one_digest),
		TEST(published_signatures_hold),
		TEST(what_cannot_be_said_is_an_error),
		TEST(a_list_within_lists_ends),
		TEST(a_text_is_cut_to_its_limit),
		TEST(a_body_that_is_too_large_is_made_again_with_shorter_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
