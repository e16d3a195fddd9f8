/* SPDX-License-Identifier: Apache-2.0 */
/* Standard Webhooks 1.0: secrets, and the signature over id, time and body. */
#ifndef CODEC_STANDARD_WEBHOOKS_H
#define CODEC_STANDARD_WEBHOOKS_H

#include "base/text.h"

#define WEBHOOK_KEY_MAX 64 /* bytes: longer keys are no stronger */
#define WEBHOOK_SECRETS 4  /* at a time, while rotating */

struct webhook_secret {
	uint8_t key[WEBHOOK_KEY_MAX];
	size_t n;
};

/* "whsec_" and base64 of 1 to WEBHOOK_KEY_MAX bytes. The error never repeats the text. */
bool webhook_secret_parse(struct str text, struct webhook_secret *out,
			  struct err *err) MUST_CHECK;

/* Appends the value of webhook-signature: "v1,<base64>" for each secret, spaces between. The signed text is
 * id "." timestamp "." body, timestamp in seconds since the epoch. */
void webhook_sign(struct buf *out, const struct webhook_secret *secrets, unsigned count,
		  struct str id, int64_t timestamp, struct str body);

/* The same for many: the keys' part of the work is done once. It does not borrow the secrets. */
struct webhook_signer;
struct webhook_signer *webhook_signer_create(const struct webhook_secret *secrets,
					     unsigned count);
void webhook_signer_destroy(struct webhook_signer *signer); /* NULL allowed */
void webhook_signer_sign(const struct webhook_signer *signer, struct buf *out, struct str id,
			 int64_t timestamp, struct str body);

/* Is one of the signatures in `header` ours? For receivers, in constant time. The age of the timestamp is
 * the caller's to judge. */
bool webhook_verify(struct str header, const struct webhook_secret *secrets, unsigned count,
		    struct str id, int64_t timestamp, struct str body) MUST_CHECK;

#endif
