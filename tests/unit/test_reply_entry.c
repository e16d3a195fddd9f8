/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of a stream come onto the tape alike, whether they are taken whole, by the shape of the one before, or in parts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/resp.h"
#include "io/reply_inside.h"
#include "unit/lcg.h"

#define ENTRIES 40

static struct lcg lcg = {7};

static unsigned
below(unsigned limit)
{
	return (unsigned)lcg_below(&lcg, limit);
}

/* Texts of these many bytes: heads of one digit, of two, and of three, which no shape knows. */
static size_t
some_length(void)
{
	static const size_t usual[] = {0, 1, 5, 9, 10, 13, 99, 100, 300};

	return usual[below(sizeof usual / sizeof *usual)];
}

static void
put_text(struct buf *out, size_t n)
{
	char text[300];

	for (size_t i = 0; i < n; i++)
		text[i] = "a$*\r\n9z"[below(7)];
	resp_arg(out, (struct str){text, n});
}

/* As XREAD has them: mostly of one shape, now and then of another. */
static void
put_entries(struct buf *out, unsigned entries, unsigned texts)
{
	resp_array(out, 1);
	resp_array(out, 2);
	resp_text(out, "events");
	resp_array(out, entries);
	for (unsigned i = 0; i < entries; i++) {
		bool odd = below(4) == 0;
		unsigned count = odd ? below(REPLY_SHAPE + 4) : texts;

		resp_array(out, 2);
		resp_text(out, odd ? "1700000000000-1" : "1700000000000-12");
		if (odd && below(4) == 0) {
			buf_text(out, "*-1\r\n");
			continue;
		}
		resp_array(out, count);
		for (unsigned k = 0; k < count; k++)
			put_text(out, odd ? some_length() : k % 2 ? 5 : 13);
	}
}

static const struct reply *
next_of(struct reply_reader *reader)
{
	const struct reply *reply;
	struct err err;

	assert_true(reply_reader_next(reader, &reply, &err));
	return reply;
}

/* Nothing but a whole reply ends the feeding; `step`: bytes at once. */
static const struct reply *
feed(struct reply_reader *reader, const struct buf *bytes, size_t step)
{
	const struct reply *reply = NULL;

	for (size_t at = 0; at < bytes->n; at += step) {
		size_t left = bytes->n - at;

		assert_null(reply);
		reply_reader_feed(reader, bytes->p + at, left < step ? left : step);
		reply = next_of(reader);
	}
	assert_non_null(reply);
	return reply;
}

static void
assert_same(const struct reply *a, const struct reply *b)
{
	assert_int_equal(a->span, b->span);
	for (uint32_t i = 0; i < a->span; i++) {
		assert_int_equal(a[i].type, b[i].type);
		assert_int_equal(a[i].span, b[i].span);
		assert_int_equal(a[i].count, b[i].count);
		assert_int_equal(a[i].more, b[i].more);
		assert_int_equal(a[i].last, b[i].last);
		assert_int_equal(a[i].text.n, b[i].text.n);
		if (a[i].text.n > 0)
			assert_memory_equal(a[i].text.p, b[i].text.p, a[i].text.n);
	}
}

static void
in_parts_and_whole_they_are_the_same(void **state)
{
	(void)state;
	for (unsigned run = 0; run < 300; run++) {
		struct reply_reader *whole = reply_reader_create();
		struct reply_reader *parts = reply_reader_create();
		struct reply_reader *bytes = reply_reader_create();
		struct buf out = {0};

		put_entries(&out, 1 + below(ENTRIES), below(REPLY_SHAPE + 2));
		const struct reply *reply = feed(bytes, &out, 1);
		assert_same(feed(whole, &out, out.n), reply);
		assert_same(feed(parts, &out, 1 + below(400)), reply);
		buf_finish(&out);
		reply_reader_destroy(whole);
		reply_reader_destroy(parts);
		reply_reader_destroy(bytes);
	}
}

static const char entry[] =
	"*2\r\n$3\r\n1-0\r\n*4\r\n$4\r\ntype\r\n$5\r\nlogin\r\n$1\r\nk\r\n$10\r\n0123456789\r\n";

static bool
take(struct reply_reader *reader, const char *text, size_t n)
{
	const char *at = text;
	size_t count = reader->count;
	bool taken = reply_scan_entry(reader, &at, text + n);

	assert_int_equal(at - text, taken ? (ptrdiff_t)n : 0);
	assert_int_equal(reader->count - count, taken ? 7 : 0);
	return taken;
}

static void
an_entry_is_taken_whole_or_not_at_all(void **state)
{
	struct reply_reader *reader = reply_reader_create();
	char *broken = malloc(sizeof entry);

	(void)state;
	for (size_t n = 0; n < sizeof entry - 1; n++)
		assert_false(take(reader, entry, n));
	assert_true(take(reader, entry, sizeof entry - 1));
	assert_memory_equal(reader->items[4].text.p, "login", 5);
	/* A byte of heads and line ends that is another makes it something else, of this shape or not. */
	for (size_t i = 0; i < sizeof entry - 1; i++) {
		memcpy(broken, entry, sizeof entry);
		broken[i] = '%';
		if (strchr("*$\r\n", entry[i]) != NULL)
			assert_false(take(reader, broken, sizeof entry - 1));
	}
	assert_true(take(reader, entry, sizeof entry - 1));
	free(broken);
	reply_reader_destroy(reader);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_parts_and_whole_they_are_the_same),
		cmocka_unit_test(an_entry_is_taken_whole_or_not_at_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
