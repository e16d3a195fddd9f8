/* SPDX-License-Identifier: Apache-2.0 */
/* Inside the feeding of files: what its files share, and nobody else includes. */
#ifndef APP_FEED_ROOM_H
#define APP_FEED_ROOM_H

#include <pthread.h>

#include "app/event_input.h"
#include "app/feed.h"
#include "base/arena.h"

/* ---- batches on their way from the thread that reads to those of the feeds (feed_ring.c) ---- */

#define LEAST_ROW 6 /* "c,t,1" of CSV */
/* One more ends here that began in the piece before. */
#define BATCH_ENTRIES (EVENT_INPUT_PIECE / LEAST_ROW + 1)
#define RING_BATCHES 16

/* A row that was none. */
struct none {
	size_t at; /* so many entries of the batch came before it */
	bool has_id;
	struct stream_id id; /* has_id: it still moves the time */
	size_t said_n;	     /* what is said of it: the next so many bytes of complaints */
};

/* The rows that end in one piece of a file. */
struct batch {
	char *piece; /* owned: EVENT_INPUT_PIECE bytes, from which entries borrow their texts */
	struct entry *entries; /* owned: BATCH_ENTRIES; nearly all of it is never touched */
	size_t count;
	struct arena
		texts; /* of the entries: attributes, and what is not in the piece as it is */
	const char *file;   /* borrowed */
	struct none *nones; /* owned */
	size_t none_count, none_cap;
	struct buf complaints;
	unsigned left; /* feeds that are not done with it; guarded by the ring's lock */
};

struct ring {
	pthread_mutex_t lock;
	pthread_cond_t filled, freed;
	struct batch batches[RING_BATCHES];
	uint64_t written; /* batches so far */
	unsigned readers; /* who each read every batch */
	bool has_bar;	  /* a bar shows how far the writer is */
	bool ended, good; /* no more come; all is well with the files */
};

void ring_init(struct ring *ring, unsigned readers);
void ring_finish(struct ring *ring);
/* The writer: the batch that is to be filled, empty, and then published. */
struct batch *ring_begin(struct ring *ring);
void ring_publish(struct ring *ring);
void ring_end(struct ring *ring, bool good);
void ring_drain(struct ring *ring); /* until the readers are done with all of it */
/* A reader: batch n, from 0, and then released; NULL: there are no more. */
struct batch *ring_read(struct ring *ring, uint64_t n);
void ring_release(struct ring *ring, struct batch *batch);

/* ---- an engine that is fed (feed.c) ---- */

struct feed {
	struct engine *engine;	/* owned */
	struct order_sink sink; /* the caller's */
	struct order_sink own;	/* takes what the engine rejects out of the way */
	struct feed_watch watch;
	size_t stopped; /* stops that are behind */
	uint64_t rejected;
	bool has_later; /* rows after `until` were seen */
	/* While files are read: */
	pthread_t thread;
	struct ring *ring;
	const char *file; /* of the batch at work */
	int64_t until;
	bool speaks; /* the first of several says what is wrong; the others count */
	unsigned complaints;
};

/* Works off the ring in a thread of its own, to the end. false: there can be no more threads. */
bool feed_start(struct feed *feed, struct ring *ring, int64_t until, bool speaks) MUST_CHECK;
void feed_join(struct feed *feed, bool has_later);
void feed_clear_bar(const struct ring *ring);

#endif
