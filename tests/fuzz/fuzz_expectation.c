/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes expectation_parse: what it takes has a name, a finite number, and is met or not; what it refuses has a sentence. */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "codec/expectation.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str text = {(const char *)bytes, n};
	struct expectation expectation;
	struct err err = {""};

	if (!expectation_parse(text, &expectation, &err)) {
		if (err.text[0] == '\0')
			abort();
		return 0;
	}
	if (expectation.name.n == 0 || !isfinite(expectation.number) ||
	    expectation_figure(expectation.figure) == NULL ||
	    expectation_holds(&expectation, (double)NAN))
		abort();
	bool equal = expectation_holds(&expectation, expectation.number);

	if (equal != (expectation.op == EXPECT_GE || expectation.op == EXPECT_LE ||
		      expectation.op == EXPECT_EQ))
		abort();
	return 0;
}
