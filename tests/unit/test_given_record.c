/* SPDX-License-Identifier: Apache-2.0 */
/* Records of those who were given somebody, as one record: read back as written, and damage refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "codec/given_record.h"
#include "codec/record_format.h"
#include "unit/lcg.h"

struct taken {
	struct buf said;
	unsigned count;
};

static void
take(void *ctx, struct str id, struct str record)
{
	struct taken *taken = ctx;

	buf_str(&taken->said, id);
	buf_char(&taken->said, '=');
	buf_str(&taken->said, record);
	buf_char(&taken->said, ' ');
	taken->count++;
}

static void
fill(struct buf *out)
{
	given_begin(out);
	given_put(out, STR("acme"), STR("one"));
	given_put(out, STR("b"), STR("\0two"));
	given_put(out, STR("c"), STR(""));
	given_end(out);
}

static void
all_are_read_back_in_their_order(void **state)
{
	struct buf bytes = {0};
	struct taken taken = {0};
	struct err err;

	(void)state;
	fill(&bytes);
	assert_true(given_decode(buf_view(&bytes), take, &taken, &err));
	assert_int_equal(taken.count, 3);
	assert_int_equal(taken.said.n, strlen("acme=one b=.two c= "));
	assert_memory_equal(taken.said.p, "acme=one b=\0two c= ", taken.said.n);
	buf_finish(&bytes);
	buf_finish(&taken.said);
}

static void
expect_refused(struct str bytes, const char *why)
{
	struct taken taken = {0};
	struct err err = {""};

	assert_false(given_decode(bytes, take, &taken, &err));
	assert_non_null(strstr(err.text, why));
	buf_finish(&taken.said);
}

static void
sum_again(struct buf *bytes)
{
	bytes->n -= RECORD_TAIL;
	record_sum_put(bytes, 0);
}

static void
damaged_or_newer_ones_are_refused(void **state)
{
	struct buf bytes = {0};

	(void)state;
	fill(&bytes);
	expect_refused(STR(""), "cut short");
	expect_refused(str_slice(buf_view(&bytes), 0, bytes.n - 1), "checksum");
	bytes.p[2] ^= 1;
	expect_refused(buf_view(&bytes), "checksum");
	bytes.p[2] ^= 1;
	bytes.p[1] = 100; /* longer than all that follows */
	sum_again(&bytes);
	expect_refused(buf_view(&bytes), "makes no sense");
	bytes.p[0] = GIVEN_RECORD_VERSION + 1;
	sum_again(&bytes);
	expect_refused(buf_view(&bytes), "this churnd reads up to 1");
	buf_finish(&bytes);
}

static void
hostile_bytes_do_no_harm(void **state)
{
	struct lcg lcg = {5};
	unsigned accepted = 0;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		size_t n = lcg_below(&lcg, 24);
		struct taken taken = {0};
		struct buf bytes = {0};
		struct err err;

		buf_char(&bytes, GIVEN_RECORD_VERSION);
		for (size_t i = 0; i < n; i++)
			buf_char(&bytes, (char)lcg_below(&lcg, lcg_below(&lcg, 2) ? 256 : 6));
		record_sum_put(&bytes, 0);
		accepted += given_decode(buf_view(&bytes), take, &taken, &err);
		assert_true(taken.said.n <= bytes.n + (size_t)2 * taken.count);
		buf_finish(&taken.said);
		buf_finish(&bytes);
	}
	assert_true(accepted > 100);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_are_read_back_in_their_order),
		cmocka_unit_test(damaged_or_newer_ones_are_refused),
		cmocka_unit_test(hostile_bytes_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
