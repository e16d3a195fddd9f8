/* SPDX-License-Identifier: Apache-2.0 */
/* Replies on the tape: however they were cut, whatever they hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/resp.h"
#include "io/redis.h"
#include "unit/lcg.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A tape as text: s"..." +"..." -"..." :1 _ [ ... ] */
static void
print_reply(struct buf *out, const struct reply *reply)
{
	static const char marks[] = {
		[REPLY_STRING] = 's',  [REPLY_STATUS] = '+', [REPLY_ERROR] = '-',
		[REPLY_INTEGER] = ':', [REPLY_NIL] = '_',    [REPLY_ARRAY] = '['};
	const struct reply *item = reply + 1, *last = NULL;

	buf_char(out, marks[reply->type]);
	if (reply->type == REPLY_INTEGER)
		buf_int(out, reply->integer);
	if (reply->type == REPLY_STRING || reply->type == REPLY_STATUS ||
	    reply->type == REPLY_ERROR)
		buf_str(out, reply->text);
	if (reply->type == REPLY_ARRAY) {
		for (uint32_t i = 0; i < reply->count; i++, item = reply_next(item))
			print_reply(out, last = item);
		if (last != NULL && reply->more == 0)
			assert_ptr_equal(reply + reply->last, last);
		buf_char(out, ']');
	}
	buf_char(out, ' ');
	assert_ptr_equal(item, reply_next(reply));
}

/* Every whole reply, printed one after the other. */
static bool
drain(struct reply_reader *reader, struct buf *out, struct err *err)
{
	const struct reply *reply;

	for (;;) {
		if (!reply_reader_next(reader, &reply, err))
			return false;
		if (reply == NULL)
			return true;
		print_reply(out, reply);
	}
}

static const struct {
	const char *bytes, *printed;
} samples[] = {
	{"+OK\r\n", "+OK "},
	{"-ERR no\r\n", "-ERR no "},
	{":-42\r\n", ":-42 "},
	{":9223372036854775807\r\n", ":9223372036854775807 "},
	{"$5\r\nhello\r\n", "shello "},
	{"$0\r\n\r\n", "s "},
	{"$-1\r\n", "_ "},
	{"*-1\r\n", "_ "},
	{"*0\r\n", "[] "},
	{"$7\r\na\r\nb+\r\n\r\n", "sa\r\nb+\r\n "},
	{"*3\r\n$1\r\na\r\n:1\r\n$-1\r\n", "[sa :1 _ ] "},
	{"*2\r\n*0\r\n*1\r\n*0\r\n", "[[] [[] ] ] "},
	{"*2\r\n*2\r\n:1\r\n*1\r\n:2\r\n-E x\r\n", "[[:1 [:2 ] ] -E x ] "},
	{"*1\r\n*2\r\n$2\r\nev\r\n*2\r\n*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\nk\r\n$1\r\nv\r\n"
	 "*2\r\n$3\r\n1-1\r\n*-1\r\n",
	 "[[sev [[s1-0 [sk sv ] ] [s1-1 _ ] ] ] ] "},
	{"+a\r\n+b\r\n*1\r\n+c\r\n$1\r\nd\r\n", "+a +b [+c ] sd "},
	{"*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:7\r\n", "[[[[[[[:7 ] ] ] ] ] ] ] "},
};

static void
replies_are_laid_flat_in_their_order(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct reply_reader *reader = reply_reader_create();
		struct buf out = {0};

		reply_reader_feed(reader, samples[i].bytes, strlen(samples[i].bytes));
		assert_true(drain(reader, &out, NULL));
		assert_string_equal(out.p, samples[i].printed);
		buf_finish(&out);
		reply_reader_destroy(reader);
	}
}

static void
fed_byte_by_byte_they_are_the_same(void **state)
{
	struct reply_reader *reader = reply_reader_create();

	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct buf out = {0};

		for (const char *p = samples[i].bytes; *p != '\0'; p++) {
			reply_reader_feed(reader, p, 1);
			assert_true(drain(reader, &out, NULL));
		}
		assert_string_equal(out.p, samples[i].printed);
		buf_finish(&out);
	}
	reply_reader_destroy(reader);
}

static void
a_reply_in_parts_is_not_seen_before_its_end(void **state)
{
	static const char bytes[] = "*2\r\n$3\r\nabc\r\n*1\r\n:5\r\n";
	struct reply_reader *reader = reply_reader_create();
	const struct reply *reply;

	(void)state;
	for (size_t i = 0; i + 1 < sizeof bytes; i++) {
		reply_reader_feed(reader, bytes + i, 1);
		assert_true(reply_reader_next(reader, &reply, NULL));
		assert_int_equal(reply != NULL, i + 2 == sizeof bytes);
	}
	reply_reader_destroy(reader);
}

/* A reply of `entries` stream entries with values of up to `longest` bytes, as Redis writes it. */
static void
write_entries(struct buf *out, struct lcg *lcg, unsigned entries, unsigned longest)
{
	buf_printf(out, "*1\r\n*2\r\n$2\r\nev\r\n*%u\r\n", entries);
	for (unsigned i = 0; i < entries; i++) {
		unsigned n = (unsigned)(lcg_below(lcg, longest + 1));

		buf_printf(out, "*2\r\n$8\r\n%06u-0\r\n*2\r\n$5\r\nvalue\r\n$%u\r\n",
			   i % 1000000, n);
		for (unsigned j = 0; j < n; j++)
			buf_char(out, (char)('a' + (i + j) % 26));
		buf_text(out, "\r\n");
	}
}

#define LADDER 150

/* An array of n texts of 0, 1, 2 ... bytes, and how it is printed. */
static void
write_ladder(struct buf *out, struct buf *printed, unsigned n)
{
	char text[LADDER];

	memset(text, 'x', sizeof text);
	buf_printf(out, "*%u\r\n", n);
	buf_char(printed, '[');
	for (unsigned i = 0; i < n; i++) {
		buf_printf(out, "$%u\r\n%.*s\r\n", i, (int)i, text);
		buf_printf(printed, "s%.*s ", (int)i, text);
	}
	buf_text(printed, "] ");
}

static void
texts_of_every_length_are_read_in_arrays_of_every_length(void **state)
{
	struct reply_reader *reader = reply_reader_create();
	struct lcg lcg = {1};

	(void)state;
	for (unsigned n = 1; n <= LADDER; n++) {
		struct buf bytes = {0}, printed = {0}, out = {0};
		size_t cut;

		buf_text(&bytes, "*3\r\n$1\r\na\r\n");
		buf_text(&printed, "[sa ");
		write_ladder(&bytes, &printed, n);
		write_ladder(&bytes, &printed, n / 2 + 1);
		buf_text(&printed, "] ");
		cut = (size_t)lcg_below(&lcg, bytes.n);
		reply_reader_feed(reader, bytes.p, cut);
		assert_true(drain(reader, &out, NULL));
		assert_int_equal(out.n, 0);
		reply_reader_feed(reader, bytes.p + cut, bytes.n - cut);
		assert_true(drain(reader, &out, NULL));
		assert_true(str_eq(buf_view(&out), buf_view(&printed)));
		buf_finish(&bytes);
		buf_finish(&printed);
		buf_finish(&out);
	}
	reply_reader_destroy(reader);
}

/* More than one chunk of text, more than one growth of the tape, values beyond a chunk. */
static void
texts_stay_where_they_are_while_a_reply_grows(void **state)
{
	struct reply_reader *reader = reply_reader_create();
	struct buf bytes = {0};
	const struct reply *reply = NULL, *entry;
	struct lcg lcg = {3};

	(void)state;
	write_entries(&bytes, &lcg, 3000, 600);
	write_entries(&bytes, &lcg, 3, 600000);
	for (size_t at = 0, n; at < bytes.n && reply == NULL; at += n) {
		n = bytes.n - at < 8191 ? bytes.n - at : 8191;
		reply_reader_feed(reader, bytes.p + at, n);
		assert_true(reply_reader_next(reader, &reply, NULL));
	}
	assert_non_null(reply);
	entry = reply_at(reply_at(reply, 0), 1) + 1;
	for (unsigned i = 0; i < 3000; i++, entry = reply_next(entry)) {
		struct str value = reply_at(reply_at(entry, 1), 1)->text;

		assert_int_equal(atoi(entry[1].text.p), i);
		for (unsigned j = 0; j < value.n; j++)
			assert_int_equal(value.p[j], 'a' + (i + j) % 26);
	}
	buf_finish(&bytes);
	reply_reader_destroy(reader);
}

static void
a_reader_goes_on_after_large_replies(void **state)
{
	struct reply_reader *reader = reply_reader_create();
	struct lcg lcg = {4};

	(void)state;
	for (unsigned round = 0; round < 6; round++) {
		struct buf bytes = {0}, cut = {0}, whole = {0};
		struct reply_reader *fresh = reply_reader_create();

		write_entries(&bytes, &lcg, round % 2 ? 20000 : 2, round % 2 ? 10 : 2000000);
		for (size_t at = 0, n; at < bytes.n; at += n) {
			n = 1 + lcg_below(&lcg, 300000);
			n = n < bytes.n - at ? n : bytes.n - at;
			reply_reader_feed(reader, bytes.p + at, n);
			assert_true(drain(reader, &cut, NULL));
		}
		reply_reader_feed(fresh, bytes.p, bytes.n);
		assert_true(drain(fresh, &whole, NULL));
		assert_true(whole.n > 0 && str_eq(buf_view(&whole), buf_view(&cut)));
		reply_reader_destroy(fresh);
		buf_finish(&whole);
		buf_finish(&cut);
		buf_finish(&bytes);
	}
	reply_reader_destroy(reader);
}

static const char *
refusal_of(const char *bytes, struct err *err)
{
	struct reply_reader *reader = reply_reader_create();
	struct buf out = {0};

	reply_reader_feed(reader, bytes, strlen(bytes));
	if (drain(reader, &out, err))
		fail_msg("%s was taken", bytes);
	/* It stays refused, whatever comes. */
	reply_reader_feed(reader, "+OK\r\n", 5);
	assert_false(drain(reader, &out, err));
	buf_finish(&out);
	reply_reader_destroy(reader);
	return err->text;
}

static void
what_is_no_reply_is_refused_for_good(void **state)
{
	static const char *const texts[] = {
		"HTTP/1.1 400 Bad Request\r\n",
		"hello\r\n",
		"\r\n",
		"$abc\r\n",
		"*x\r\n",
		":1x\r\n",
		"*1\r\nx",
		"$-2\r\n",
		"*-2\r\n",
		"%1\r\n+a\r\n+b\r\n",
		"_\r\n",
		"#t\r\n",
		",1.5\r\n",
		"(12\r\n",
		">1\r\n+a\r\n",
		"~1\r\n+a\r\n",
		"*1\r\n%1\r\n+a\r\n+b\r\n",
		"*3\r\n$1\r\nab\r\n$1\r\na\r\n",
		"*3\r\n$10\r\n0123456789a\r\n",
		"*3\r\n$1a\r\n0123456789\r\n",
		"*3\r\n$a1\r\n0123456789\r\n",
		"=5\r\ntxt:a\r\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct err err = {""};

		assert_non_null(strstr(refusal_of(texts[i], &err), "no RESP2 reply"));
	}
}

static void
deep_nesting_is_refused(void **state)
{
	struct buf bytes = {0};
	struct err err = {""};

	(void)state;
	for (int i = 0; i < REPLY_MAX_DEPTH + 1; i++)
		buf_text(&bytes, "*1\r\n");
	buf_text(&bytes, ":1\r\n");
	assert_non_null(strstr(refusal_of(bytes.p, &err), "no RESP2 reply"));
	buf_finish(&bytes);
}

static void
a_reply_beyond_the_limit_is_refused(void **state)
{
	struct reply_reader *reader = reply_reader_create();
	char piece[1000];
	struct buf out = {0};
	struct err err = {""};
	size_t fed = 0;

	(void)state;
	memset(piece, 'x', sizeof piece);
	reply_reader_limit(reader, 100000);
	reply_reader_feed(reader, "$99000\r\n", 8);
	for (; fed < 99000; fed += sizeof piece)
		reply_reader_feed(reader, piece, sizeof piece);
	reply_reader_feed(reader, "\r\n$1000000\r\n", 12);
	assert_true(drain(reader, &out, &err));
	assert_int_equal(out.n, 99000 + 2);
	for (fed = 0; fed < 200000 && drain(reader, &out, &err); fed += sizeof piece)
		reply_reader_feed(reader, piece, sizeof piece);
	assert_true(fed > 90000 && fed < 110000);
	assert_non_null(strstr(err.text, "does not end"));
	buf_finish(&out);
	reply_reader_destroy(reader);
}

static const struct reply *
read_one(struct reply_reader *reader, const char *bytes)
{
	const struct reply *reply;

	reply_reader_feed(reader, bytes, strlen(bytes));
	assert_true(reply_reader_next(reader, &reply, NULL));
	assert_non_null(reply);
	return reply;
}

static void
elements_are_found_by_number(void **state)
{
	struct reply_reader *reader = reply_reader_create();
	const struct reply *reply =
		read_one(reader, "*4\r\n*2\r\n:1\r\n*1\r\n:2\r\n+x\r\n*0\r\n$1\r\ny\r\n");

	(void)state;
	assert_int_equal(reply->span, 8);
	assert_int_equal(reply_at(reply, 0)->type, REPLY_ARRAY);
	assert_int_equal(reply_at(reply_at(reply_at(reply, 0), 1), 0)->integer, 2);
	assert_true(reply_is(reply_at(reply, 1), "x"));
	assert_int_equal(reply_at(reply, 2)->count, 0);
	assert_null(reply_at(reply_at(reply, 2), 0));
	assert_true(reply_is(reply_at(reply, 3), "y"));
	assert_null(reply_at(reply, 4));
	assert_null(reply_at(reply_at(reply, 1), 0));
	reply_reader_destroy(reader);
}

static void
errors_are_known_by_their_first_word(void **state)
{
	struct reply_reader *reader = reply_reader_create();
	const struct reply *reply = read_one(reader, "-LOADING Redis is loading\r\n");

	(void)state;
	assert_true(reply_error_is(reply, "LOADING"));
	assert_false(reply_error_is(reply, "LOAD"));
	assert_false(reply_error_is(reply, "LOADING Redis is loading the"));
	assert_false(reply_is(reply, "LOADING Redis is loading"));
	assert_true(reply_error_is(read_one(reader, "-OOM\r\n"), "OOM"));
	assert_false(reply_error_is(read_one(reader, "+OOM\r\n"), "OOM"));
	reply_reader_destroy(reader);
}

static void
errors_that_pass_are_told_from_those_that_stay(void **state)
{
	static const struct {
		const char *bytes;
		bool passing;
	} rows[] = {
		{"-LOADING Redis is loading the dataset in memory\r\n", true},
		{"-BUSY Redis is busy running a script\r\n", true},
		{"-MISCONF Redis is configured to save RDB snapshots\r\n", true},
		{"-OOM command not allowed when used memory > 'maxmemory'.\r\n", true},
		{"-READONLY You can't write against a read only replica.\r\n", true},
		{"-MASTERDOWN Link with MASTER is down\r\n", true},
		{"-NOREPLICAS Not enough good replicas to write.\r\n", true},
		{"-TRYAGAIN Multiple keys request during rehashing of slot\r\n", true},
		{"-CLUSTERDOWN The cluster is down\r\n", true},
		{"-MOVED 3999 127.0.0.1:6381\r\n", true},
		{"-ASK 3999 127.0.0.1:6381\r\n", true},
		{"-UNBLOCKED force unblock from blocking operation, instance state changed "
		 "(master -> replica?)\r\n",
		 true},
		{"-BUSYGROUP Consumer Group name already exists\r\n", false},
		{"-ERR unknown command\r\n", false},
		{"-WRONGTYPE Operation against a key\r\n", false},
		{"-NOAUTH Authentication required.\r\n", false},
		{"-EXECABORT Transaction discarded\r\n", false},
		{"+LOADING\r\n", false},
		{"$3\r\nOOM\r\n", false},
	};
	struct reply_reader *reader = reply_reader_create();

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(redis_error_is_passing(read_one(reader, rows[i].bytes)),
				 rows[i].passing);
	reply_reader_destroy(reader);
}

/* ---- pieces ---- */

#define TEXTS 5001

static struct str
text_at(uint32_t i, char room[64])
{
	int n = snprintf(room, 64, "%0*u", (int)(i % 50), i);

	return (struct str){room, (size_t)n};
}

static struct buf
texts_write(void)
{
	struct buf out = {0};
	char room[64];

	buf_text(&out, "+OK\r\n");
	resp_array(&out, TEXTS);
	for (uint32_t i = 0; i < TEXTS; i++)
		resp_arg(&out, text_at(i, room));
	buf_text(&out, ":7\r\n");
	return out;
}

struct pieces {
	uint32_t texts, pieces, others;
};

static void
piece_take(struct pieces *taken, const struct reply *reply)
{
	char room[64];

	if (reply->type != REPLY_ARRAY) {
		assert_int_equal(taken->texts, taken->others == 0 ? 0 : TEXTS);
		taken->others++;
		return;
	}
	assert_in_range(reply->count, 1, REPLY_PIECE);
	assert_int_equal(reply->span, reply->count + 1);
	assert_int_equal(taken->texts + reply->count + reply->more, TEXTS);
	assert_true(reply->more == 0 || reply->count % 2 == 0);
	for (uint32_t i = 0; i < reply->count; i++)
		assert_true(str_eq(reply[1 + i].text, text_at(taken->texts++, room)));
	taken->pieces++;
}

static void
a_long_array_of_texts_comes_in_pieces(void **state)
{
	struct buf bytes = texts_write();

	(void)state;
	for (size_t step = 1; step <= bytes.n; step = step * 3 + 1) {
		struct reply_reader *reader = reply_reader_create();
		struct pieces taken = {0, 0, 0};
		const struct reply *reply;

		for (size_t at = 0; at < bytes.n; at += step) {
			reply_reader_feed(reader, bytes.p + at,
					  bytes.n - at < step ? bytes.n - at : step);
			do {
				assert_true(reply_reader_next_piece(reader, &reply, NULL));
				if (reply != NULL)
					piece_take(&taken, reply);
			} while (reply != NULL);
		}
		assert_int_equal(taken.texts, TEXTS);
		assert_int_equal(taken.others, 2);
		assert_true(taken.pieces > TEXTS / REPLY_PIECE);
		assert_int_equal(reply_reader_unread(reader), 0);
		reply_reader_destroy(reader);
	}
	buf_finish(&bytes);
}

static void
what_is_no_array_of_texts_comes_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(samples); i++) {
		struct reply_reader *reader = reply_reader_create();
		struct buf out = {0};
		const struct reply *reply;

		reply_reader_feed(reader, samples[i].bytes, strlen(samples[i].bytes));
		for (;;) {
			assert_true(reply_reader_next_piece(reader, &reply, NULL));
			if (reply == NULL)
				break;
			assert_int_equal(reply->more, 0);
			print_reply(&out, reply);
		}
		assert_string_equal(out.p, samples[i].printed);
		buf_finish(&out);
		reply_reader_destroy(reader);
	}
}

static void
a_piece_that_goes_on_otherwise_is_refused(void **state)
{
	struct reply_reader *reader = reply_reader_create();
	const struct reply *reply;
	struct err err;

	(void)state;
	reply_reader_feed(reader, "*4\r\n$1\r\na\r\n$1\r\nb\r\n", 18);
	assert_true(reply_reader_next_piece(reader, &reply, &err));
	assert_int_equal(reply->count, 2);
	assert_int_equal(reply->more, 2);
	reply_reader_feed(reader, ":1\r\n:2\r\n", 8);
	assert_false(reply_reader_next_piece(reader, &reply, &err));
	assert_non_null(strstr(err.text, "begins with texts"));
	assert_false(reply_reader_next_piece(reader, &reply, &err));
	reply_reader_destroy(reader);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replies_are_laid_flat_in_their_order),
		cmocka_unit_test(fed_byte_by_byte_they_are_the_same),
		cmocka_unit_test(a_reply_in_parts_is_not_seen_before_its_end),
		cmocka_unit_test(texts_of_every_length_are_read_in_arrays_of_every_length),
		cmocka_unit_test(texts_stay_where_they_are_while_a_reply_grows),
		cmocka_unit_test(a_reader_goes_on_after_large_replies),
		cmocka_unit_test(what_is_no_reply_is_refused_for_good),
		cmocka_unit_test(deep_nesting_is_refused),
		cmocka_unit_test(a_reply_beyond_the_limit_is_refused),
		cmocka_unit_test(a_long_array_of_texts_comes_in_pieces),
		cmocka_unit_test(what_is_no_array_of_texts_comes_whole),
		cmocka_unit_test(a_piece_that_goes_on_otherwise_is_refused),
		cmocka_unit_test(elements_are_found_by_number),
		cmocka_unit_test(errors_are_known_by_their_first_word),
		cmocka_unit_test(errors_that_pass_are_told_from_those_that_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
