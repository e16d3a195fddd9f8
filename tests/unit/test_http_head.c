/* SPDX-License-Identifier: Apache-2.0 */
/* Requests as text: heads, chunks, targets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "codec/http_head.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
assert_str(struct str text, const char *expected)
{
	assert_int_equal(text.n, strlen(expected));
	assert_memory_equal(text.p ? text.p : "", expected, text.n);
}

static int
status_of(const char *text, struct http_head *head)
{
	int status = 0;
	struct err err = {""};

	if (http_head_parse(str_of(text), head, &status, &err))
		return 200;
	assert_true(err.text[0] != '\0');
	return status;
}

static void
a_head_ends_with_an_empty_line(void **state)
{
	(void)state;
	assert_int_equal(http_head_length(str_of("GET / HTTP/1.1\r\nHost: x\r\n\r\nmore")), 27);
	assert_int_equal(http_head_length(str_of("GET / HTTP/1.1\nHost: x\n\nmore")), 24);
	assert_int_equal(http_head_length(str_of("GET / HTTP/1.1\r\nHost: x\r\n\r")), 0);
	assert_int_equal(http_head_length(STR_NONE), 0);
}

static void
a_head_gives_its_parts(void **state)
{
	struct http_head head;

	(void)state;
	assert_int_equal(status_of("POST /v1/x%2Fy?a=1&b HTTP/1.1\r\nhOST: localhost:1\r\n"
				   "Content-Length:  12 \r\nAuthorization: Bearer t\r\n"
				   "Content-Type: text/plain\r\nOrigin: null\r\n\r\n",
				   &head),
			 200);
	assert_str(head.method, "POST");
	assert_str(head.path, "/v1/x%2Fy");
	assert_str(head.query, "a=1&b");
	assert_str(head.host, "localhost:1");
	assert_str(head.authorization, "Bearer t");
	assert_str(head.content_type, "text/plain");
	assert_str(head.origin, "null");
	assert_int_equal(head.length, 12);
	assert_true(head.has_length && head.keep_alive && !head.chunked);
}

static void
connections_are_kept_as_the_version_and_the_header_say(void **state)
{
	static const struct {
		const char *text;
		bool kept;
	} cases[] = {
		{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", true},
		{"GET / HTTP/1.0\r\n\r\n", false},
		{"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
		{"GET / HTTP/1.1\r\nHost: x\r\nConnection: x, Close , y\r\n\r\n", false},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct http_head head;

		assert_int_equal(status_of(cases[i].text, &head), 200);
		assert_int_equal(head.keep_alive, cases[i].kept);
	}
}

static void
an_absolute_target_is_taken_as_its_path(void **state)
{
	struct http_head head;

	(void)state;
	assert_int_equal(status_of("GET http://h:1/a/b?c HTTP/1.1\r\nHost: h\r\n\r\n", &head),
			 200);
	assert_str(head.path, "/a/b");
	assert_str(head.query, "c");
	assert_int_equal(status_of("GET http://h HTTP/1.1\r\nHost: h\r\n\r\n", &head), 200);
	assert_str(head.path, "/");
}

static void
strange_heads_get_the_status_they_deserve(void **state)
{
	static const struct {
		const char *text;
		int status;
	} cases[] = {
		{"\r\n", 400},
		{"GET\r\n\r\n", 400},
		{"GET /\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\n\r\n", 400},
		{"GET / HTTP/3\r\n\r\n", 505},
		{"GET / FTP/1.1\r\n\r\n", 400},
		{"G@T / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: x\r\n: x\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: x\r\n X: x\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: \r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1,1\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x1\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1048577\r\n\r\n", 413},
		{"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", 501},
		{"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
		 400},
		{"GET / HTTP/1.1\r\nHost: x\r\nExpect: x\r\n\r\n", 417},
		{"GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
		 400},
		{"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding : chunked\r\n\r\n", 400},
		{"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
		 "Transfer-Encoding: chunked\r\n\r\n",
		 501},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct http_head head;

		if (status_of(cases[i].text, &head) != cases[i].status)
			fail_msg("%s: not %d", cases[i].text, cases[i].status);
	}
}

/* Feeds in pieces of `step`; the bytes that belong to the body, or -status. */
static long
feed(const char *text, size_t step, struct buf *out, bool *done)
{
	struct http_chunks chunks = {.at = CHUNK_SIZE};
	size_t n = strlen(text), at = 0, used = 0;
	int status;

	buf_clear(out);
	while (at < n && chunks.at != CHUNK_DONE) {
		size_t piece = n - at < step ? n - at : step;

		if (!http_chunks_feed(&chunks, text + at, piece, out, 20, &used, &status))
			return -status;
		at += used;
	}
	*done = chunks.at == CHUNK_DONE;
	return (long)at;
}

static void
chunks_are_joined_wherever_they_are_cut(void **state)
{
	static const char text[] =
		"5;ext=\"1\"\r\nhello\r\n00A \n, you two!\n0\r\nX: y\r\n\r\nGET /";
	struct buf out = {0};
	bool done = false;

	(void)state;
	for (size_t step = 1; step < sizeof text; step++) {
		assert_int_equal(feed(text, step, &out, &done), strlen(text) - strlen("GET /"));
		assert_true(done);
		assert_str(buf_view(&out), "hello, you two!");
	}
	assert_int_equal(feed("3\r\nab", 1, &out, &done), 5);
	assert_false(done);
	buf_finish(&out);
}

static void
malformed_or_large_chunks_are_refused(void **state)
{
	static const struct {
		const char *text;
		long result;
	} cases[] = {
		{"\r\n", -400},		{"x\r\n", -400},   {"-1\r\n", -400},
		{"1\r\nabc", -400},	{"1x\r\na", -400}, {"ffffffffffffffff1\r\n", -400},
		{"15\r\n", 4},		{"15\r\na", -413}, {"fffffffffffffff\r\na", -413},
		{"1\r\na\r\r\n", -400}, {"1\rx\na", -400}, {"1\r\r\na", -400},
		{"1;a\rb\na", -400},
	};
	struct buf out = {0};
	bool done;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		if (feed(cases[i].text, 100, &out, &done) != cases[i].result)
			fail_msg("%s: not %ld", cases[i].text, cases[i].result);
	}
	buf_finish(&out);
}

static void
percents_are_decoded_and_made(void **state)
{
	struct arena arena;
	struct buf out = {0};
	struct str text;

	(void)state;
	arena_init(&arena);
	assert_true(http_decode(&arena, str_of("a%2fb+c%E5%85%AC"), false, &text));
	assert_str(text, "a/b+c\xe5\x85\xac");
	assert_true(http_decode(&arena, str_of("a+b"), true, &text));
	assert_str(text, "a b");
	assert_false(http_decode(&arena, str_of("%"), false, &text));
	assert_false(http_decode(&arena, str_of("%4"), false, &text));
	assert_false(http_decode(&arena, str_of("%4g"), false, &text));
	assert_false(http_decode(&arena, str_of("%00"), false, &text));
	http_encode(&out, (struct str){"a/b ~\xe5%", 7});
	assert_str(buf_view(&out), "a%2Fb%20~%E5%25");
	buf_finish(&out);
	arena_finish(&arena);
}

static void
a_query_is_names_and_values(void **state)
{
	struct http_parameter found[HTTP_MAX_PARAMETERS];
	struct buf many = {0};
	struct arena arena;
	struct err err;
	unsigned count;

	(void)state;
	arena_init(&arena);
	assert_true(
		http_query_parse(&arena, str_of("a=1&&b=x%3Dy=z&c&=d"), found, &count, &err));
	assert_int_equal(count, 4);
	assert_str(found[0].value, "1");
	assert_str(found[1].value, "x=y=z");
	assert_str(found[2].name, "c");
	assert_str(found[2].value, "");
	assert_str(found[3].name, "");
	assert_true(http_query_parse(&arena, STR_NONE, found, &count, &err));
	assert_int_equal(count, 0);
	assert_false(http_query_parse(&arena, str_of("a=%f"), found, &count, &err));
	for (int i = 0; i <= HTTP_MAX_PARAMETERS; i++)
		buf_text(&many, "&x");
	assert_false(http_query_parse(&arena, buf_view(&many), found, &count, &err));
	buf_finish(&many);
	arena_finish(&arena);
}

static void
only_local_names_and_addresses_are_plain_hosts(void **state)
{
	static const char *const plain[] = {"localhost", "LocalHost:8787", "127.0.0.1",
					    "10.0.0.1:1", "[::1]:8787"};
	static const char *const others[] = {"", "evil.example", "localhost.evil.example:1",
					     "127.0.0.1.evil.example", "127.0.0.1x"};

	(void)state;
	for (size_t i = 0; i < COUNT(plain); i++)
		assert_true(http_host_is_plain(str_of(plain[i])));
	for (size_t i = 0; i < COUNT(others); i++)
		assert_false(http_host_is_plain(str_of(others[i])));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_head_ends_with_an_empty_line),
		cmocka_unit_test(a_head_gives_its_parts),
		cmocka_unit_test(connections_are_kept_as_the_version_and_the_header_say),
		cmocka_unit_test(an_absolute_target_is_taken_as_its_path),
		cmocka_unit_test(strange_heads_get_the_status_they_deserve),
		cmocka_unit_test(chunks_are_joined_wherever_they_are_cut),
		cmocka_unit_test(malformed_or_large_chunks_are_refused),
		cmocka_unit_test(percents_are_decoded_and_made),
		cmocka_unit_test(a_query_is_names_and_values),
		cmocka_unit_test(only_local_names_and_addresses_are_plain_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
