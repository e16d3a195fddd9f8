/* SPDX-License-Identifier: Apache-2.0 */
/* What is simulated below the daemon: time, chance, the log, and the trace of all that was said.
 *
 * The daemon's own libraries are linked as they are. What they ask the world for is answered here, by functions of
 * the same name that the linker takes before those of the library: clock_wall(), clock_monotonic() and the log
 * (io/log.h), clock_gettime() and epoll_wait() of libevent's loop, chance (RAND_bytes(),
 * evutil_secure_rng_get_bytes()), the socket to Redis (wire.h) and HTTP (io/webhook.h, receiver.h). */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "base/text.h"

/* A new world: time begins at `start` (ms since the epoch), chance and trace begin anew. */
void sim_begin(uint64_t seed, int64_t start);
/* Each line of the trace to stdout, as it comes. */
void sim_show(bool shown);

/* ---- time: nothing waits; the loop's waiting moves it on ---- */

int64_t sim_monotonic(void); /* ms */
int64_t sim_wall(void);
void sim_wall_jump(int64_t ms); /* somebody sets the clock of the daemon's host */
uint64_t sim_turns(void);	/* of the loop, since sim_begin() */

/* ---- chance ---- */

uint64_t sim_random(void);
unsigned sim_below(unsigned n); /* 0 .. n-1 */
bool sim_chance(unsigned percent);
int64_t sim_span(int64_t from, int64_t to);
#define SIM_PICK(list) ((list)[sim_below((unsigned)(sizeof(list) / sizeof *(list)))])

/* ---- the trace ---- */

/* One more line: who, and what was said. */
void sim_say(const char *who, const char *what, struct str said);
void sim_sayf(const char *who, const char *fmt, ...) PRINTF_LIKE(2, 3);
uint64_t sim_hash(void); /* of all lines and the instants at which they were said */

/* A law is broken: says the world's seed and how to see it, lets `fn` (of sim_at_failure()) find out more, and ends the
 * process. */
void sim_at_failure(void (*fn)(uint64_t seed));
_Noreturn void sim_fail(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
