/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks without holes. A chunk holds blocks of one size; which chunk a block lies in, its address says. */
#include "base/blocks.h"

#include <string.h>

#include "base/mem.h"

#define REGION ((size_t)2 << 20) /* a huge page */
#define CHUNK ((size_t)64 << 10)
#define ALONE UINT32_MAX /* the holder of a block that lies by itself */
#define HOLDER sizeof(uint32_t)

struct blocks_chunk {
	struct blocks *blocks;	     /* borrowed */
	struct blocks_chunk *before; /* of its class, or spare */
	uint32_t size, used;	     /* bytes of a block; blocks */
};

/* A block's bytes follow its holder's number. */
#define CHUNK_HEAD ((sizeof(struct blocks_chunk) + 63) / 64 * 64)

static uint32_t
holder_of(const void *block)
{
	uint32_t holder;

	memcpy(&holder, (const char *)block - HOLDER, HOLDER);
	return holder;
}

static void *
set_holder(char *at, uint32_t holder)
{
	memcpy(at, &holder, HOLDER);
	return at + HOLDER;
}

static struct blocks_chunk *
chunk_of(void *block)
{
	return (struct blocks_chunk *)((uintptr_t)block & ~(uintptr_t)(CHUNK - 1));
}

static char *
chunk_at(struct blocks_chunk *chunk, uint32_t index)
{
	return (char *)chunk + CHUNK_HEAD + (size_t)index * chunk->size;
}

static uint32_t
chunk_room(uint32_t size)
{
	return (uint32_t)((CHUNK - CHUNK_HEAD) / size);
}

static size_t
size_of(size_t payload)
{
	return (payload + HOLDER + BLOCKS_UNIT - 1) / BLOCKS_UNIT * BLOCKS_UNIT;
}

void
blocks_init(struct blocks *blocks, void (*moved)(void *, uint32_t, void *), void *ctx)
{
	*blocks = (struct blocks){.moved = moved, .ctx = ctx};
}

void
blocks_finish(struct blocks *blocks)
{
	for (size_t i = 0; i < blocks->region_count; i++)
		mem_free(blocks->regions[i]);
	mem_free(blocks->regions);
	*blocks = (struct blocks){0};
}

size_t
blocks_bytes(const struct blocks *blocks)
{
	return blocks->chunks * CHUNK;
}

/* ---- chunks ---- */

static void
region_add(struct blocks *blocks)
{
	char *region = mem_table(REGION, 1);

	MEM_RESERVE(blocks->regions, blocks->region_cap, blocks->region_count + 1);
	blocks->regions[blocks->region_count++] = region;
	for (size_t at = REGION; at > 0; at -= CHUNK) {
		struct blocks_chunk *chunk = (void *)(region + at - CHUNK);

		*chunk = (struct blocks_chunk){.blocks = blocks, .before = blocks->spare};
		blocks->spare = chunk;
	}
}

static void
chunk_add(struct blocks *blocks, struct blocks_class *class, uint32_t size)
{
	struct blocks_chunk *chunk;

	if (!blocks->spare)
		region_add(blocks);
	chunk = blocks->spare;
	blocks->spare = chunk->before;
	blocks->chunks++;
	chunk->before = class->last;
	chunk->size = size;
	chunk->used = 0;
	class->last = chunk;
}

static void
chunk_drop(struct blocks *blocks, struct blocks_class *class)
{
	struct blocks_chunk *chunk = class->last;

	class->last = chunk->before;
	blocks->chunks--;
	chunk->before = blocks->spare;
	blocks->spare = chunk;
}

static struct blocks_class *
class_of(struct blocks *blocks, size_t size)
{
	return &blocks->classes[size / BLOCKS_UNIT - 1];
}

static void *
take(struct blocks *blocks, uint32_t holder, size_t size)
{
	struct blocks_class *class = class_of(blocks, size);

	if (!class->last || class->last->used == chunk_room((uint32_t)size))
		chunk_add(blocks, class, (uint32_t)size);
	class->count++;
	return set_holder(chunk_at(class->last, class->last->used++), holder);
}

/* The last of its class fills the hole. */
static void
give_back(void *block)
{
	struct blocks_chunk *chunk = chunk_of(block);
	struct blocks *blocks = chunk->blocks;
	struct blocks_class *class = class_of(blocks, chunk->size);
	char *hole = (char *)block - HOLDER, *last = chunk_at(class->last, --class->last->used);

	if (hole != last) {
		memcpy(hole, last, chunk->size);
		blocks->moved(blocks->ctx, holder_of(block), block);
	}
	class->count--;
	if (class->last->used == 0)
		chunk_drop(blocks, class);
}

/* ---- blocks ---- */

void *
block_make(size_t size)
{
	return set_holder(mem_resize(NULL, size_of(size)), ALONE);
}

void *
block_join(struct blocks *blocks, uint32_t holder, void *block, size_t size)
{
	void *joined;

	if (size_of(size) > BLOCKS_CLASSES * BLOCKS_UNIT)
		return block ? block : block_make(size);
	joined = take(blocks, holder, size_of(size));
	if (block)
		memcpy(joined, block, size);
	block_free(block);
	return joined;
}

/* One that grew too large lies by itself from then on. */
static void *
resize_joined(void *block, size_t size)
{
	struct blocks_chunk *chunk = chunk_of(block);
	size_t old = chunk->size, wanted = size_of(size);
	void *moved;

	if (wanted == old)
		return block;
	moved = wanted > BLOCKS_CLASSES * BLOCKS_UNIT
			? block_make(size)
			: take(chunk->blocks, holder_of(block), wanted);
	memcpy(moved, block, (wanted < old ? wanted : old) - HOLDER);
	give_back(block);
	return moved;
}

void *
block_resize(void *block, size_t size)
{
	if (holder_of(block) != ALONE)
		return resize_joined(block, size);
	return (char *)mem_resize((char *)block - HOLDER, size_of(size)) + HOLDER;
}

void
block_free(void *block)
{
	if (!block)
		return;
	if (holder_of(block) != ALONE)
		give_back(block);
	else
		mem_free((char *)block - HOLDER);
}
