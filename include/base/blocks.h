/* SPDX-License-Identifier: Apache-2.0 */
/* Many small blocks of bytes without holes between them: when one is given back, the last of its size moves into its
 * place, and whoever holds that is told. */
#ifndef BASE_BLOCKS_H
#define BASE_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

#define BLOCKS_UNIT 8u	   /* sizes are multiples of it, its holder's number included */
#define BLOCKS_CLASSES 64u /* larger ones lie by themselves */

struct blocks_chunk;

struct blocks {
	/* The block that `holder` has lies at `p` now. */
	void (*moved)(void *ctx, uint32_t holder, void *p);
	void *ctx;
	struct blocks_class {
		struct blocks_chunk *last; /* the one that is not full, those before it are */
		size_t count;		   /* blocks */
	} classes[BLOCKS_CLASSES];
	struct blocks_chunk *spare; /* of no class */
	size_t chunks;		    /* of some class */
	void **regions;		    /* owned: what chunks are cut from */
	size_t region_count, region_cap;
};

void blocks_init(struct blocks *blocks, void (*moved)(void *, uint32_t, void *), void *ctx);
void blocks_finish(
	struct blocks *blocks); /* and all that lie in it, but for those by themselves */
size_t blocks_bytes(const struct blocks *blocks); /* of the chunks in use */

/* A block by itself, which never moves; aligned to 4 bytes, of undefined bytes. */
void *block_make(size_t size);
/* The block, or a new one of undefined bytes for NULL, now lies with the others and is the holder's. It stays
 * until the next call for any block there. */
void *block_join(struct blocks *blocks, uint32_t holder, void *block, size_t size);
/* Keeps what fits of it, where it is; new bytes undefined. */
void *block_resize(void *block, size_t size);
void block_free(void *block); /* NULL allowed */

#endif
