/* SPDX-License-Identifier: Apache-2.0 */
/* Where Redis is and how one gets in: the configuration's `redis:` and the files it names. */
#ifndef APP_REDIS_PLACE_H
#define APP_REDIS_PLACE_H

#include "codec/config.h"
#include "io/redis.h"

/* All in the arena. Names of files are relative to `folder`; those of TLS are tried, too. */
bool redis_place_read(struct arena *arena, const struct config *config, struct str folder,
		      struct redis_address *out, struct err *err) MUST_CHECK;
/* The first line of a file that holds a secret. */
bool redis_place_secret(struct arena *arena, struct str folder, struct str name,
			struct str *out, struct err *err) MUST_CHECK;

#endif
