/* SPDX-License-Identifier: Apache-2.0 */
/* The C library's heap, made ready for many small blocks. */
#ifndef IO_SMALL_BLOCKS_H
#define IO_SMALL_BLOCKS_H

#include <stddef.h>

size_t small_blocks_used(void); /* bytes in small blocks */
/* So many bytes more are about to be asked for, in small blocks: where they will lie is asked for at once, in huge pages,
 * since looking up pages of 4 KiB is a good part of what looking at a customer costs. Little is left as it is; so is
 * everything where malloc is not glibc's, or the system has none. */
void small_blocks_ahead(size_t bytes);

#endif
