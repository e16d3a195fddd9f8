/* SPDX-License-Identifier: Apache-2.0 */
/* The checksum of records, by libdeflate: a start checks each, and where the processor multiplies without carry zlib takes
 * some ten times as long for the few bytes of a record. */
#include "base/crc.h"

#include <libdeflate.h>

uint32_t
crc32_of(const void *bytes, size_t n)
{
	return libdeflate_crc32(0, bytes, n);
}
