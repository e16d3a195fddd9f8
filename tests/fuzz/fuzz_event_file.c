/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes event_file: fed in pieces (the first byte says of what size), it must tell what it tells when fed
 * whole; and what it takes at once must be what its fields decode to. */
#include <stdlib.h>

#include "support/rows.h"

static void
must_tell(struct str bytes, size_t piece, bool by_fields, struct str expected)
{
	struct buf told = rows_told(bytes, piece, by_fields);

	if (!str_eq(buf_view(&told), expected))
		abort();
	buf_finish(&told);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str text = {(const char *)bytes + 1, n - 1};
	struct buf whole;

	if (n < 2)
		return 0;
	whole = rows_told(text, n, true);
	must_tell(text, n, false, buf_view(&whole));
	must_tell(text, (size_t)bytes[0] + 1, true, buf_view(&whole));
	must_tell(text, (size_t)bytes[0] + 1, false, buf_view(&whole));
	buf_finish(&whole);
	return 0;
}
