/* SPDX-License-Identifier: Apache-2.0 */
/* The secrets of an endpoint, from the configuration or its file. */
#ifndef IO_SECRETS_H
#define IO_SECRETS_H

#include "codec/config.h"

struct secrets {
	struct webhook_secret keys[WEBHOOK_SECRETS];
	unsigned count;
	struct buf lines; /* owned: all as written, each with its NUL behind it */
};

/* keys: each has to be whsec_ and base64, and there has to be one; else anything is taken as it is written.
 * On failure, too, to be finished; the error never repeats a secret. */
bool secrets_read(struct secrets *secrets, const struct endpoint_config *config,
		  struct str folder, bool keys, struct err *err) MUST_CHECK;
/* For those who sign in their own way; or none. */
struct str secrets_first(const struct secrets *secrets);
void secrets_finish(struct secrets *secrets); /* wipes them */

#endif
