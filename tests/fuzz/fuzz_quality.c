/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes quality_decode: with and without a right checksum; what it accepts is written and read back the same. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/mem.h"
#include "codec/quality_record.h"
#include "support/sample.h"

static struct buf
encode(const struct engine *engine)
{
	struct buf out = {0};

	for (unsigned chunk = 0; chunk < QUALITY_CHUNKS; chunk++)
		quality_encode(&out, engine_quality(engine), chunk, (struct stream_id){7, 8});
	return out;
}

static void
check_again(const struct engine *engine)
{
	struct engine *again = engine_create(sample_rules(), (struct hash_seed){1, 2});
	struct buf first = encode(engine), second, one = {0};
	struct err err;

	for (unsigned chunk = 0; chunk < QUALITY_CHUNKS; chunk++) {
		buf_clear(&one);
		quality_encode(&one, engine_quality(engine), chunk, (struct stream_id){7, 8});
		if (!quality_decode(buf_view(&one), again, &err))
			abort();
	}
	second = encode(again);
	if (!str_eq(buf_view(&first), buf_view(&second)))
		abort();
	buf_finish(&one);
	buf_finish(&first);
	buf_finish(&second);
	engine_destroy(again);
}

static void
try_decode(struct str bytes)
{
	struct engine *engine = engine_create(sample_rules(), (struct hash_seed){1, 2});
	struct err err = {""};

	if (quality_decode(bytes, engine, &err))
		check_again(engine);
	else if (err.text[0] == '\0')
		abort();
	engine_destroy(engine);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	uint32_t sum;
	char *copy;

	try_decode((struct str){(const char *)bytes, n});
	if (n < 4)
		return 0;
	copy = mem_alloc(n);
	memcpy(copy, bytes, n);
	sum = (uint32_t)crc32(0, bytes, (uInt)(n - 4));
	for (unsigned i = 0; i < 4; i++)
		copy[n - 4 + i] = (char)(sum >> 8 * i);
	try_decode((struct str){copy, n});
	mem_free(copy);
	return 0;
}
