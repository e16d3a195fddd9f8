/* SPDX-License-Identifier: Apache-2.0 */
/* Time that nobody waits for, chance that can be had again, and a log that is part of the trace. */
#define _GNU_SOURCE /* epoll_wait's and clock_gettime's own types */
#include "sim/sim.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/time.h>
#include <time.h>

#include <event2/util.h>
#include <openssl/rand.h>

#include "base/civil.h"
#include "io/log.h"

#define TURNS_MAX UINT64_C(1000000)

static struct {
	uint64_t seed, state, hash, turns;
	int64_t monotonic; /* ms */
	int64_t ahead;	   /* of the wall clock */
	bool shown;
} sim;

static void (*at_failure)(uint64_t seed);

void
sim_begin(uint64_t seed, int64_t start)
{
	bool shown = sim.shown;

	memset(&sim, 0, sizeof sim);
	sim.seed = sim.state = seed;
	sim.shown = shown;
	sim.monotonic = HOUR_MS;
	sim.ahead = start - sim.monotonic;
	sim.hash = UINT64_C(0x9e3779b97f4a7c15);
}

void
sim_show(bool shown)
{
	sim.shown = shown;
}

/* ---- time ---- */

int64_t
sim_monotonic(void)
{
	return sim.monotonic;
}

int64_t
sim_wall(void)
{
	return sim.monotonic + sim.ahead;
}

void
sim_wall_jump(int64_t ms)
{
	sim.ahead += ms;
}

uint64_t
sim_turns(void)
{
	return sim.turns;
}

int64_t
clock_wall(void)
{
	return sim_wall();
}

int64_t
clock_monotonic(void)
{
	return sim_monotonic();
}

/* Their headers call the parameters by names that are reserved.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

/* libevent's clock. */
int
clock_gettime(clockid_t clock, struct timespec *out)
{
	int64_t ms = clock == CLOCK_REALTIME ? sim_wall() : sim_monotonic();

	out->tv_sec = ms / 1000;
	out->tv_nsec = ms % 1000 * 1000000;
	return 0;
}

/* libevent's waiting: nothing comes from outside, so that the time of the next timer is now. */
int
epoll_wait(int epoll, struct epoll_event *events, int most, int timeout)
{
	(void)epoll, (void)events, (void)most;
	if (timeout < 0)
		sim_fail("the loop waits for nothing");
	sim.monotonic += timeout;
	if (++sim.turns > TURNS_MAX)
		sim_fail("it goes round and round");
	return 0;
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

/* ---- chance: Vigna's splitmix64 ---- */

uint64_t
sim_random(void)
{
	uint64_t z = sim.state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

unsigned
sim_below(unsigned n)
{
	return (unsigned)(sim_random() % n);
}

bool
sim_chance(unsigned percent)
{
	return sim_below(100) < percent;
}

int64_t
sim_span(int64_t from, int64_t to)
{
	return from + (int64_t)(sim_random() % (uint64_t)(to - from + 1));
}

void
evutil_secure_rng_get_bytes(void *buf, size_t n)
{
	unsigned char *bytes = buf;

	for (size_t i = 0; i < n; i++)
		bytes[i] = (unsigned char)sim_random();
}

int
RAND_bytes(unsigned char *buf, int n)
{
	evutil_secure_rng_get_bytes(buf, (size_t)n);
	return 1;
}

/* ---- the trace ---- */

static void
hash_add(const char *bytes, size_t n)
{
	uint64_t word, hash = sim.hash;

	for (; n >= sizeof word; n -= sizeof word, bytes += sizeof word) {
		memcpy(&word, bytes, sizeof word);
		hash = (hash ^ word) * UINT64_C(0xff51afd7ed558ccd);
		hash ^= hash >> 29;
	}
	word = n;
	memcpy(&word, bytes, n < 7 ? n : 7);
	hash = (hash ^ word ^ (uint64_t)n << 56) * UINT64_C(0xc4ceb9fe1a85ec53);
	sim.hash = hash ^ hash >> 32;
}

static void
show(const char *who, const char *what, struct str said)
{
	printf("%9.3f %-10s %-8s ", (double)(sim.monotonic - HOUR_MS) / 1000, who, what);
	for (size_t i = 0; i < said.n && i < 600; i++) {
		char c = said.p[i];

		if (c == '\n')
			putchar(' ');
		else if (c == '\r')
			continue;
		else if ((unsigned char)c >= ' ')
			putchar(c);
		else
			printf("\\x%02x", (unsigned char)c);
	}
	putchar('\n');
}

void
sim_say(const char *who, const char *what, struct str said)
{
	sim.hash ^= (uint64_t)sim.monotonic;
	hash_add(who, strlen(who));
	hash_add(what, strlen(what));
	if (said.n > 0)
		hash_add(said.p, said.n);
	if (sim.shown)
		show(who, what, said);
}

void
sim_sayf(const char *who, const char *fmt, ...)
{
	char said[2048];
	va_list args;

	va_start(args, fmt);
	vsnprintf(said, sizeof said, fmt, args);
	va_end(args);
	sim_say(who, "", str_of(said));
}

uint64_t
sim_hash(void)
{
	return sim.hash;
}

void
sim_at_failure(void (*fn)(uint64_t seed))
{
	at_failure = fn;
}

void
sim_fail(const char *fmt, ...)
{
	va_list args;

	printf("not ok 1 - every law holds in every world\n# seed %" PRIu64
	       ", %.3f s after its beginning: ",
	       sim.seed, (double)(sim.monotonic - HOUR_MS) / 1000);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n# the whole trace: SEED=%" PRIu64 " SHOW=1 $BUILD/release/sim/worlds\n",
	       sim.seed);
	fflush(stdout);
	if (at_failure != NULL)
		at_failure(sim.seed);
	exit(1);
}

/* ---- the daemon's log ---- */

void
log_setup(enum log_level least, bool json)
{
	(void)least, (void)json;
}

bool
log_level_parse(struct str name, enum log_level *out)
{
	(void)name;
	*out = LOG_LEVEL_INFO;
	return true;
}

void
log_at(enum log_level level, const char *at, const char *fmt, ...)
{
	static const char *const names[] = {"debug", "info", "warn", "error"};
	char said[2048];
	va_list args;

	va_start(args, fmt);
	vsnprintf(said, sizeof said, fmt, args);
	va_end(args);
	sim_say(at, names[level], str_of(said));
}
