/* SPDX-License-Identifier: Apache-2.0 */
/* Bits of masks. */
#ifndef BASE_BITS_H
#define BASE_BITS_H

#include <stdint.h>

/* How many are set. Not every x86-64 has an instruction for it, and then the compiler's builtin is a
 * call that looks up a table; this is a few steps in registers. */
static inline unsigned
bits_count(uint64_t mask)
{
	mask -= mask >> 1 & UINT64_C(0x5555555555555555);
	mask = (mask & UINT64_C(0x3333333333333333)) +
	       (mask >> 2 & UINT64_C(0x3333333333333333));
	mask = (mask + (mask >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return (unsigned)(mask * UINT64_C(0x0101010101010101) >> 56);
}

#endif
