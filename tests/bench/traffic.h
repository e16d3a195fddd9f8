/* SPDX-License-Identifier: Apache-2.0 */
/* The traffic of the benchmarks: event number i is always the same event, of five fields. */
#ifndef BENCH_TRAFFIC_H
#define BENCH_TRAFFIC_H

#include <inttypes.h>

#include "bench/bench.h"

/* `events` events of `customers` customers, evenly over `span` ms from `start`. */
struct traffic {
	uint64_t customers, events;
	int64_t start, span;
};

struct traffic_event {
	int64_t ms;
	char id[48]; /* of its entry */
	char customer[24], ts[24], value[8];
	const char *type, *extra, *extra_value;
};

static inline uint64_t
traffic_random(uint64_t i)
{
	uint64_t x = i * UINT64_C(0x9e3779b97f4a7c15) + UINT64_C(0x2545f4914f6cdd1d);

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static inline int64_t
traffic_ms(const struct traffic *traffic, uint64_t i)
{
	return traffic->start +
	       (int64_t)((double)i * ((double)traffic->span / (double)traffic->events));
}

static inline void
traffic_id(const struct traffic *traffic, uint64_t i, char out[48])
{
	snprintf(out, 48, "%" PRId64 "-%" PRIu64, traffic_ms(traffic, i), i + 1);
}

static inline char *
traffic_digits(char *out, uint64_t number, unsigned width)
{
	for (unsigned i = width; i-- > 0; number /= 10)
		out[i] = (char)('0' + number % 10);
	out[width] = '\0';
	return out + width;
}

/* Logins and usage; of a thousand events two say that something is wrong. */
static inline void
traffic_type(struct traffic_event *event, uint64_t luck)
{
	static const char *const usual[] = {"login",	 "page_view", "page_view",
					    "page_view", "page_view", "api_call",
					    "page_view", "report_run"};

	event->type = usual[luck % 8];
	event->extra = "source";
	event->extra_value = "app";
	switch (luck / 8 % 1000) {
	case 0:
		event->type = "payment_failed";
		break;
	case 1:
		event->type = "complaint";
		event->extra = "severity";
		event->extra_value = "high";
		break;
	default:
		break;
	}
}

static inline void
traffic_event(const struct traffic *traffic, uint64_t i, struct traffic_event *out)
{
	uint64_t luck = traffic_random(i);

	out->ms = traffic_ms(traffic, i);
	traffic_id(traffic, i, out->id);
	out->customer[0] = 'c';
	traffic_digits(out->customer + 1, luck % traffic->customers, 7);
	traffic_digits(out->ts, (uint64_t)out->ms, 13);
	traffic_digits(out->value, luck >> 40 & 7, 1);
	traffic_type(out, luck >> 43);
}

#endif
