/* SPDX-License-Identifier: Apache-2.0 */
/* A connection to Redis whose hooks are remembered, on a loop of its own. */
#ifndef SUPPORT_REDIS_WATCH_H
#define SUPPORT_REDIS_WATCH_H

#include "base/arena.h"
#include "io/redis.h"

struct redis_watch {
	struct event_base *base; /* owned */
	struct arena arena;	 /* of the address and of replies to calls */
	struct redis *redis;	 /* owned; NULL once destroyed */
	unsigned ups, downs;
	struct err reason;  /* the latest */
	struct buf reasons; /* all of them, one a line */
	bool destroy_on_up, destroy_on_down;
};

/* Makes the connection on `base`, which it takes; does not connect yet. Fails the test when the URL is
 * none. */
void redis_watch_init(struct redis_watch *watch, struct event_base *base, const char *url);
void redis_watch_finish(struct redis_watch *watch);

/* Turns the loop until *count is at least `least`; fails the test after 20 s. */
void redis_watch_until(struct redis_watch *watch, const unsigned *count, unsigned least);
/* Connects and waits for up. */
void redis_watch_up(struct redis_watch *watch);
/* A call that must be answered. */
const struct reply *redis_watch_call(struct redis_watch *watch, const char *word,
				     const char *second, const char *third);

/* Waits until Redis has said something that is not read yet; false: it did not in so many ms. */
bool redis_watch_heard(const struct redis *redis, int ms);

/* A string reply that contains the text. */
bool redis_watch_holds(const struct reply *reply, const char *text);

#endif
