/* SPDX-License-Identifier: Apache-2.0 */
/* A sender from the inside: for the files that are it. */
#ifndef IO_SENDER_INSIDE_H
#define IO_SENDER_INSIDE_H

#include <event2/event.h>

#include "io/scrub.h"
#include "io/secrets.h"
#include "io/sender.h"
#include "io/webhook.h"

/* What the other side gives for a while, by the connector's recipe. Never logged. */
struct token {
	struct buf text; /* owned; empty: there is none */
	int64_t expires_at;
	unsigned number;		  /* of this one, counted from 1 */
	struct connector_request request; /* owned: the one that asks for it */
	struct webhook_call *post;	  /* borrowed: under way, or NULL */
};

struct sender {
	struct sender_options options;
	const struct endpoint_config *config; /* borrowed */
	struct secrets secrets;		      /* owned */
	struct webhook_signer *signer;	      /* owned; NULL: it does not sign */
	struct webhook_target *target;	      /* owned */
	struct token token;
	struct scrub scrub;	   /* owned: what no sentence may repeat */
	struct sender_call *calls; /* owned: under way */
	struct sender_call *idle;  /* owned, linked by next */
	struct event *soon;	   /* owned: tells of requests that could not be made */
	bool released;
	unsigned telling; /* fn is running: not the moment to go */
};

struct sender_call {
	struct sender *sender; /* borrowed */
	struct sender_call *next;
	enum sender_call_state {
		CALL_POSTED,   /* with libcurl: post */
		CALL_REFUSED,  /* cannot be sent, error says why: told soon */
		CALL_TOKENLESS /* waits for a token */
	} state;
	struct webhook_call *post; /* borrowed from the target */
	struct str id;		   /* the message's */
	struct str *bodies;
	size_t count, cap;
	unsigned token_number;	    /* of the token it was sent with */
	enum retry_outcome refused; /* REFUSED: as what */
	bool renewed;		    /* the token was fetched anew for it: once is enough */
	struct connector_request request; /* owned: of a connector */
	struct buf headers, body;	  /* owned: of the request */
	struct buf error, why, reply;
	sender_done_fn *fn;
	void *ctx;
};

/* sender.c */
void sender_make_request(struct sender_call *call); /* again, or now that there is a token */
/* It cannot be sent: fn is told so, but not before the caller has returned. */
void sender_refuse(struct sender_call *call, enum retry_outcome outcome, const char *why);
/* It is over, and fn is told. */
void sender_tell(struct sender_call *call, struct sender_result *result);
void sender_go(
	struct sender *sender); /* if it was released, and nothing is under way any more */
struct connector_settings sender_settings(const struct sender *sender);

/* sender_token.c */
bool sender_has_token(const struct sender *sender);
void sender_fetch_token(
	struct sender *sender); /* unless it is under way; tells the calls that wait */
void sender_drop_token(struct sender *sender, unsigned number); /* if it is still that one */
void sender_token_finish(struct sender *sender);

#endif
