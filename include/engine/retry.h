/* SPDX-License-Identifier: Apache-2.0 */
/* Retry arithmetic: what a reply means, when to try again, when to rest. Reads no clock. */
#ifndef ENGINE_RETRY_H
#define ENGINE_RETRY_H

#include "base/civil.h"
#include "base/text.h"

struct retry_policy {
	int64_t first, max;    /* ms before the second try; the longest wait before jitter */
	int64_t give_up_after; /* ms since the first try, resting time apart */
	double factor;	       /* from one wait to the next, at least 1 */
	double jitter;	       /* 0.2: a wait is 80 % to 120 % of what the schedule says */
};

/* What a reply says about the message and about the endpoint. */
enum retry_outcome {
	RETRY_DELIVERED, /* 2xx */
	RETRY_LATER, /* nothing came, 3xx, 408, 425, 5xx and whatever has no row: on schedule */
	RETRY_DENIED,	 /* 401, 403: on schedule, and a word to the admin */
	RETRY_REFUSED,	 /* 400, 404, 405, 413, 415, 422: RETRY_REFUSALS tries, then dead */
	RETRY_THROTTLED, /* 429, or 503 with Retry-After: the whole endpoint rests */
	RETRY_GONE	 /* 410: the endpoint is paused */
};
#define RETRY_OUTCOMES (RETRY_GONE + 1)
const char *retry_outcome_name(enum retry_outcome outcome); /* "delivered" .. "gone" */
#define RETRY_REFUSALS 3u
#define RETRY_NO_AFTER INT64_C(-1)

/* status 0: no reply came. after: ms of Retry-After, or RETRY_NO_AFTER. */
enum retry_outcome retry_classify(int status, int64_t after);

/* The value of a Retry-After header in ms from now: seconds, or one of the three dates of RFC 9110,
 * 5.6.7. At least 0, at most RETRY_AFTER_MAX; false when it is neither. */
#define RETRY_AFTER_MAX DAY_MS
bool retry_after_parse(struct str value, int64_t now, int64_t *after) MUST_CHECK;

/* ms to wait after the attempt-th failure (1 is the first). The jitter is a hash of id and attempt: spread
 * over alerts, and the same wherever it is computed. */
int64_t retry_delay(const struct retry_policy *policy, struct str id, unsigned attempt);

/* The circuit of an endpoint: after so many failures in a row it opens, and one probe at a time finds
 * out whether the other side is back. */
enum circuit_state { CIRCUIT_CLOSED, CIRCUIT_OPEN, CIRCUIT_PROBING };

struct circuit {
	unsigned opens_after; /* failures in a row */
	int64_t probe_every;  /* ms */
	enum circuit_state state;
	unsigned failures; /* in a row */
	int64_t probe_at;  /* OPEN: when the next probe may leave */
};

/* May a request leave now? In CIRCUIT_OPEN the answer true is the permission for one probe, which
 * circuit_probe then takes. */
bool circuit_lets_through(const struct circuit *circuit, int64_t now);
void circuit_probe(struct circuit *circuit);
/* The other side answered; true when this closed the circuit. */
bool circuit_answered(struct circuit *circuit);
/* It did not, or answered that it cannot; true when this opened the circuit. */
bool circuit_failed(struct circuit *circuit, int64_t now);

#endif
