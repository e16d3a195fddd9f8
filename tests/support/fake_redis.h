/* SPDX-License-Identifier: Apache-2.0 */
/* Something that listens where Redis should, and says what a test wants. */
#ifndef SUPPORT_FAKE_REDIS_H
#define SUPPORT_FAKE_REDIS_H

#include <event2/event.h>

/* The answer to a command that holds `word`; the first row that fits counts. */
struct fake_answer {
	const char *word;
	const char *bytes; /* "" closes the connection, NULL stays silent */
};

struct fake_redis;

/* Listens on a unix socket in a fresh folder. `answers` end in a row whose word is NULL; what fits none
 * is answered as a fitting Redis would. They may be changed with fake_redis_answer. */
struct fake_redis *fake_redis_create(struct event_base *base,
				     const struct fake_answer *answers);
void fake_redis_answer(struct fake_redis *fake, const struct fake_answer *answers);
void fake_redis_destroy(struct fake_redis *fake);
const char *fake_redis_url(const struct fake_redis *fake);
/* Everything it was sent, in order, terminated. */
const char *fake_redis_heard(const struct fake_redis *fake);

#endif
