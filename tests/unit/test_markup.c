/* SPDX-License-Identifier: Apache-2.0 */
/* Each markup at its ends: what is escaped, whom it names, what it links to, and that a cut breaks nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "codec/markup.h"

static struct buf out;

static int
tear_down(void **state)
{
	(void)state;
	buf_finish(&out);
	return 0;
}

static void
expect_out(const char *what, const char *wanted)
{
	const char *said = out.n > 0 ? out.p : "";

	if (out.n != strlen(wanted) || memcmp(said, wanted, out.n) != 0)
		fail_msg("%s: \"%.*s\", not \"%s\"", what, (int)out.n, said, wanted);
	buf_clear(&out);
}

static void
bytes_that_are_no_text_are_spaces_or_escaped(void **state)
{
	static const struct {
		enum markup markup;
		struct str text;
		const char *wanted;
	} rows[] = {
		{MARKUP_PLAIN, {"a\tb\nc\rd\0e\x7f", 10}, "a\tb\nc d e\x7f"},
		{MARKUP_SLACK, {"a\tb\nc\x7f<&>", 9}, "a b c &lt;&amp;&gt;"},
		{MARKUP_HEADER, {"a\r\nX: y\x7f", 8}, "a  X: y "},
		{MARKUP_HTML, {"\"'<", 3}, "&quot;&#39;&lt;"},
		{MARKUP_JSON, {"\"\\\n\t\x7f\x1f", 6}, "\\\"\\\\\\n\\u0009\\u007f\\u001f"},
		{MARKUP_URL, {"aZ09-._~ /\0\xc3\xa9", 13}, "aZ09-._~%20%2F%00%C3%A9"},
		{MARKUP_TEAMS, {"a_b*\\", 5}, "a\\_b\\*\\\\"},
		{MARKUP_WECOM, {"\xff<", 2}, "\xef\xbf\xbd\xef\xbc\x9c"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		markup_escape(&out, rows[i].markup, rows[i].text);
		expect_out(rows[i].text.p, rows[i].wanted);
	}
}

static void
a_person_is_named_only_by_an_id_that_harms_nothing(void **state)
{
	static const struct {
		enum markup markup;
		const char *id, *name, *wanted;
	} rows[] = {
		{MARKUP_SLACK, "U1", "Li", "<@U1>"},
		{MARKUP_SLACK, "", "Li", "Li"},
		{MARKUP_SLACK, "U1> <!channel", "Li", "Li"},
		{MARKUP_WECOM, "li.si@a:b+c-d_e~f", "Li", "<@li.si@a:b+c-d_e~f>"},
		{MARKUP_DINGTALK, "138", "Li", "@138"},
		{MARKUP_FEISHU, "ou_1", "L<i", "<at id=ou_1></at>"},
		{MARKUP_FEISHU, "ou 1", "L<i", "L&#60;i"},
		{MARKUP_TEAMS, "a@b.c", "Li", "<at>Li</at>"},
		{MARKUP_TEAMS, "a@b.c", "L_i", "L\\_i"},
		{MARKUP_TEAMS, "a@b.c", "L\ni", "L i"},
		{MARKUP_HTML, "li", "L&i", "L&amp;i"},
		{MARKUP_PLAIN, "li", "L&i", "L&i"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		markup_mention(&out, rows[i].markup, str_of(rows[i].id), str_of(rows[i].name));
		expect_out(rows[i].id, rows[i].wanted);
	}
}

static void
a_link_leads_to_its_address_and_nowhere_else(void **state)
{
	static const struct {
		enum markup markup;
		const char *url, *wanted;
	} rows[] = {
		{MARKUP_SLACK, "https://h/a|b>c", "<https://h/a%7Cb%3Ec|it>"},
		{MARKUP_TEAMS, "http://h/(a) b", "[it](http://h/%28a%29%20b)"},
		{MARKUP_HTML, "https://h/\"\xc3\xa9", "<a href=\"https://h/%22%C3%A9\">it</a>"},
		{MARKUP_PLAIN, "https://h/a", "it: https://h/a"},
		{MARKUP_PLAIN, "http://h/a\x7f", "it: http://h/a%7F"},
		{MARKUP_HTML, "javascript:alert(1)", ""},
		{MARKUP_SLACK, "", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		markup_link(&out, rows[i].markup, str_of(rows[i].url), STR("it"));
		expect_out(rows[i].url, rows[i].wanted);
	}
}

static void
what_is_blank_is_not_bold_and_ends_are_trimmed(void **state)
{
	struct str text;

	(void)state;
	markup_bold(&out, MARKUP_TEAMS, STR(" "));
	expect_out("blank", " ");
	markup_bold(&out, MARKUP_TEAMS, STR("a"));
	expect_out("a", "**a**");
	markup_bold(&out, MARKUP_PLAIN, STR("a"));
	expect_out("plain", "a");
	markup_literal(&out, MARKUP_DINGTALK, STR("a\nb\n"));
	expect_out("breaks", "a  \nb  \n");
	text = markup_trim(MARKUP_HTML, STR("a<br> \n<br>"));
	assert_true(str_is(text, "a"));
	text = markup_trim(MARKUP_PLAIN, STR("\n \n"));
	assert_int_equal(text.n, 0);
}

/* `open` stands in the text with no `close` behind it. */
static bool
is_open(struct str text, char open, char close)
{
	bool found = false;

	for (size_t i = 0; i < text.n; i++)
		found = text.p[i] == open ? true : text.p[i] == close ? false : found;
	return found;
}

static void
a_cut_breaks_no_character_entity_tag_or_escape(void **state)
{
	(void)state;
	for (enum markup markup = MARKUP_PLAIN; markup <= MARKUP_HTML; markup++) {
		struct buf text = {0};

		markup_escape(&text, markup, STR("a&b<c>\"d'\\e\\\\*\xe4\xb8\xad~`"));
		markup_mention(&text, markup, STR("u1"), STR("Li"));
		markup_bold(&text, markup, STR("b&b"));
		markup_link(&text, markup, STR("https://h.example/a_b"), STR("to"));
		markup_escape(&text, markup, STR(" end\\"));
		for (size_t most = 0; most <= text.n; most++) {
			size_t n = markup_cut(markup, buf_view(&text), most);
			struct str kept = str_slice(buf_view(&text), 0, n);
			size_t slashes = 0;

			assert_true(n <= most && utf8_valid(kept));
			if (most == text.n)
				assert_int_equal(n, text.n);
			if (markup == MARKUP_PLAIN) {
				assert_true(most - n < 3);
				continue;
			}
			while (slashes < n && kept.p[n - 1 - slashes] == '\\')
				slashes++;
			if (markup == MARKUP_TEAMS && slashes % 2 != 0)
				fail_msg("%s: %.*s", markup_names[markup], (int)n, kept.p);
			else if (markup != MARKUP_TEAMS && is_open(kept, '<', '>'))
				fail_msg("%s: %.*s", markup_names[markup], (int)n, kept.p);
			if ((markup == MARKUP_SLACK || markup == MARKUP_FEISHU ||
			     markup == MARKUP_HTML) &&
			    is_open(kept, '&', ';'))
				fail_msg("%s: %.*s", markup_names[markup], (int)n, kept.p);
		}
		buf_finish(&text);
	}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_teardown(name, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(bytes_that_are_no_text_are_spaces_or_escaped),
		TEST(a_person_is_named_only_by_an_id_that_harms_nothing),
		TEST(a_link_leads_to_its_address_and_nowhere_else),
		TEST(what_is_blank_is_not_bold_and_ends_are_trimmed),
		TEST(a_cut_breaks_no_character_entity_tag_or_escape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
