/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes record_decode: with and without a right checksum; what it accepts must be written and read back to
 * the same bytes. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/mem.h"
#include "codec/record.h"
#include "support/sample.h"

static void
drop(struct customer *customer)
{
	customer_finish(customer);
	mem_free(customer);
}

static struct buf
encode(const struct ruleset *rules, const struct customer *customer, struct stream_id applied)
{
	struct buf out = {0};

	record_encode(&out, rules, customer, applied);
	return out;
}

static void
check_again(const struct ruleset *rules, struct customer *customer, struct stream_id applied)
{
	struct buf first = encode(rules, customer, applied), second;
	struct stream_id id;
	struct err err;
	struct customer *again = record_decode(rules, STR("c42"), buf_view(&first), &id, &err);

	if (!again || stream_id_cmp(id, applied) != 0)
		abort();
	second = encode(rules, again, applied);
	if (!str_eq(buf_view(&first), buf_view(&second)))
		abort();
	buf_finish(&first);
	buf_finish(&second);
	drop(again);
}

static void
try_decode(const struct ruleset *rules, struct str bytes)
{
	struct stream_id applied;
	struct err err = {""};
	struct customer *customer = record_decode(rules, STR("c42"), bytes, &applied, &err);
	uint64_t tag;

	if (!customer) {
		if (err.text[0] == '\0')
			abort();
		return;
	}
	if (!record_peek(bytes, &tag, &applied))
		abort();
	check_again(rules, customer, applied);
	drop(customer);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct ruleset *rules;
	uint32_t sum;
	char *copy;

	if (!rules)
		rules = sample_rules();
	try_decode(rules, (struct str){(const char *)bytes, n});
	if (n < 4)
		return 0;
	copy = mem_alloc(n);
	memcpy(copy, bytes, n);
	sum = (uint32_t)crc32(0, bytes, (uInt)(n - 4));
	for (unsigned i = 0; i < 4; i++)
		copy[n - 4 + i] = (char)(sum >> 8 * i);
	try_decode(rules, (struct str){copy, n});
	mem_free(copy);
	return 0;
}
