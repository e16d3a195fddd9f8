/* SPDX-License-Identifier: Apache-2.0 */
/* The checksum of records is that of zlib, whichever way it is worked out: of every length, from every address. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

#include <cmocka.h>

#include "base/crc.h"
#include "unit/lcg.h"

#define MOST 700

static void
check(const uint8_t *p, size_t n)
{
	if (crc32_of(p, n) != (uint32_t)crc32(0, p, (uInt)n))
		fail_msg("of %zu bytes", n);
}

static void
checksum_is_zlibs(void **state)
{
	uint8_t bytes[MOST + 16];
	struct lcg luck = {1};

	(void)state;
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)(lcg_next(&luck) >> 40);
	for (size_t at = 0; at < 16; at++)
		for (size_t n = 0; n <= MOST; n++)
			check(bytes + at, n);
}

/* Bytes that are all 0 or 1 make the sums that start with nothing, or overflow. */
static void
checksum_of_plain_bytes_is_zlibs(void **state)
{
	static uint8_t zeros[MOST], ones[MOST];

	(void)state;
	for (size_t i = 0; i < MOST; i++)
		ones[i] = 0xff;
	for (size_t n = 0; n <= MOST; n++) {
		check(zeros, n);
		check(ones, n);
	}
}

static void
each_bit_counts(void **state)
{
	uint8_t bytes[100] = {0};
	uint32_t sum = crc32_of(bytes, sizeof bytes);

	(void)state;
	for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_not_equal(crc32_of(bytes, sizeof bytes), sum);
		bytes[bit / 8] = 0;
	}
	assert_int_equal(crc32_of("123456789", 9), 0xcbf43926);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checksum_is_zlibs),
		cmocka_unit_test(checksum_of_plain_bytes_is_zlibs),
		cmocka_unit_test(each_bit_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
