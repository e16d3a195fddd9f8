/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes event_file: fed in pieces (the first byte says of what size), it must tell what it tells when fed
 * whole. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "codec/event.h"

static bool
tell(void *ctx, const struct event_row *row, const char *error)
{
	struct buf *told = ctx;

	if (error) {
		buf_text(told, error);
		return true;
	}
	buf_printf(told, "%llu@%lld", (unsigned long long)row->line, (long long)row->arrived);
	for (unsigned i = 0; i < row->count; i++) {
		buf_str(told, row->fields[i].key);
		buf_char(told, '=');
		buf_str(told, row->fields[i].value);
	}
	return true;
}

static struct buf
feed(const char *bytes, size_t n, size_t piece)
{
	struct event_file *file = event_file_create(STR("f"));
	struct buf told = {0};
	bool more = true;

	for (size_t at = 0; at < n && more; at += piece) {
		size_t length = piece < n - at ? piece : n - at;
		char *copy = mem_alloc(length);

		memcpy(copy, bytes + at, length);
		more = event_file_feed(file, copy, length, tell, &told);
		mem_free(copy);
	}
	if (more)
		event_file_feed(file, NULL, 0, tell, &told);
	event_file_destroy(file);
	return told;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct buf whole, pieces;

	if (n < 2)
		return 0;
	whole = feed((const char *)bytes + 1, n - 1, n);
	pieces = feed((const char *)bytes + 1, n - 1, (size_t)bytes[0] + 1);
	if (!str_eq(buf_view(&whole), buf_view(&pieces)))
		abort();
	buf_finish(&whole);
	buf_finish(&pieces);
	return 0;
}
