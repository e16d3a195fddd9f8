/* SPDX-License-Identifier: Apache-2.0 */
/* The checksum of records: CRC-32 as zlib and gzip have it. */
#ifndef BASE_CRC_H
#define BASE_CRC_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32_of(const void *bytes, size_t n);

#endif
