/* SPDX-License-Identifier: Apache-2.0 */
/* Batches of entries on their way from the thread that reads files to the threads of the engines. */
#include "app/feed_room.h"

#include <string.h>

#include "base/mem.h"

void
ring_init(struct ring *ring, unsigned readers)
{
	pthread_mutex_init(&ring->lock, NULL);
	pthread_cond_init(&ring->filled, NULL);
	pthread_cond_init(&ring->freed, NULL);
	ring->readers = readers;
	ring->written = 0;
	ring->ended = ring->good = false;
	for (unsigned i = 0; i < RING_BATCHES; i++) {
		struct batch *batch = &ring->batches[i];

		*batch = (struct batch){
			.piece = mem_alloc(EVENT_INPUT_PIECE),
			.entries = mem_array(BATCH_ENTRIES, sizeof *batch->entries)};
		arena_init(&batch->texts);
	}
}

void
ring_finish(struct ring *ring)
{
	for (unsigned i = 0; i < RING_BATCHES; i++) {
		struct batch *batch = &ring->batches[i];

		mem_free(batch->piece);
		mem_free(batch->entries);
		mem_free(batch->nones);
		arena_finish(&batch->texts);
		buf_finish(&batch->complaints);
	}
	pthread_cond_destroy(&ring->freed);
	pthread_cond_destroy(&ring->filled);
	pthread_mutex_destroy(&ring->lock);
}

/* ---- the writer ---- */

/* Batches are released in their order: when a later one is free, so are those before it. A writer who finds the
 * ring full waits for half of it, and does not wake for each. */
struct batch *
ring_begin(struct ring *ring)
{
	struct batch *batch = &ring->batches[ring->written % RING_BATCHES];
	struct batch *later = &ring->batches[(ring->written + RING_BATCHES / 2) % RING_BATCHES];

	pthread_mutex_lock(&ring->lock);
	if (batch->left > 0)
		while (later->left > 0)
			pthread_cond_wait(&ring->freed, &ring->lock);
	pthread_mutex_unlock(&ring->lock);
	batch->count = batch->none_count = 0;
	buf_clear(&batch->complaints);
	arena_reset(&batch->texts);
	return batch;
}

void
ring_publish(struct ring *ring)
{
	pthread_mutex_lock(&ring->lock);
	ring->batches[ring->written % RING_BATCHES].left = ring->readers;
	ring->written++;
	pthread_cond_broadcast(&ring->filled);
	pthread_mutex_unlock(&ring->lock);
}

void
ring_end(struct ring *ring, bool good)
{
	pthread_mutex_lock(&ring->lock);
	ring->ended = true;
	ring->good = good;
	pthread_cond_broadcast(&ring->filled);
	pthread_mutex_unlock(&ring->lock);
}

void
ring_drain(struct ring *ring)
{
	pthread_mutex_lock(&ring->lock);
	for (unsigned i = 0; i < RING_BATCHES; i++)
		while (ring->batches[i].left > 0)
			pthread_cond_wait(&ring->freed, &ring->lock);
	pthread_mutex_unlock(&ring->lock);
}

/* ---- a reader ---- */

struct batch *
ring_read(struct ring *ring, uint64_t n)
{
	bool more;

	pthread_mutex_lock(&ring->lock);
	while (ring->written <= n && !ring->ended)
		pthread_cond_wait(&ring->filled, &ring->lock);
	more = ring->written > n;
	pthread_mutex_unlock(&ring->lock);
	return more ? &ring->batches[n % RING_BATCHES] : NULL;
}

void
ring_release(struct ring *ring, struct batch *batch)
{
	pthread_mutex_lock(&ring->lock);
	if (--batch->left == 0)
		pthread_cond_broadcast(&ring->freed);
	pthread_mutex_unlock(&ring->lock);
}
