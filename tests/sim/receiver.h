/* SPDX-License-Identifier: Apache-2.0 */
/* The other end of the webhooks: takes what is sent, and answers as its mood is. It stands in for io/webhook, at the
 * boundary of io/webhook.h: requests are made and signed, replies judged, retried and accounted for by the daemon's own
 * code; only libcurl is not asked. */
#ifndef SIM_RECEIVER_H
#define SIM_RECEIVER_H

#include "base/text.h"

enum mood {
	MOOD_GOOD,  /* 200, at once */
	MOOD_SLOW,  /* 200, after a while */
	MOOD_MIXED, /* now this, now that */
	MOOD_DOWN,  /* no connection */
	MOOD_ILL,   /* 5xx */
	MOOD_FUSSY, /* 4xx, sometimes 429 with Retry-After */
	MOOD_CUT,   /* taken, but the reply is lost */
	MOODS
};

struct receiver_hooks {
	void *ctx;
	/* A request came in, of the alert with this id. */
	void (*came)(void *ctx, struct str endpoint, struct str id, struct str body);
	/* The endpoint has taken it (whether or not the daemon learns of it). */
	void (*taken)(void *ctx, struct str endpoint, struct str id);
};

void receiver_begin(const struct receiver_hooks *hooks);
void receiver_mood(enum mood mood);
uint64_t receiver_requests(void); /* since receiver_begin() */

#endif
