/* SPDX-License-Identifier: Apache-2.0 */
/* What churnctl sign and verify share: secrets, bodies, the time of a signature. */
#ifndef APP_CTL_SIGN_H
#define APP_CTL_SIGN_H

#include "app/ctl.h"
#include "io/secrets.h"

#define SIGN_BODY_MAX ((size_t)16 << 20)

/* Of an endpoint of the configuration, or of a file, one a line; exactly one of them is named. false: it has
 * complained, without the secret. */
bool sign_keys_read(const struct ctl *ctl, const char *endpoint, const char *file,
		    struct secrets *out) MUST_CHECK;
/* A whole file, or stdin for NULL and "-". false: it has complained. */
bool sign_slurp(const char *name, struct buf *out) MUST_CHECK;
/* Seconds since 1970: the word's, or now. false: it has complained. */
bool sign_at(const char *word, int64_t *at) MUST_CHECK;

#endif
