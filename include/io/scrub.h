/* SPDX-License-Identifier: Apache-2.0 */
/* Takes secrets out of what another system said, before anybody sees it. */
#ifndef IO_SCRUB_H
#define IO_SCRUB_H

#include "base/text.h"

#define SCRUB_LEAST 6 /* bytes: shorter ones would take words out of sentences */

struct scrub {
	struct buf words; /* owned: each with its NUL behind it; wiped at the end */
};

void scrub_add(struct scrub *scrub, struct str word);
/* "user:password" of a URL: as it stands there, and as HTTP sends it (RFC 7617). */
void scrub_add_login(struct scrub *scrub, struct str login);
/* Appends text with "***" for each of the words and for `also`. */
void scrub_text(const struct scrub *scrub, struct str also, struct str text, struct buf *out);
void scrub_finish(struct scrub *scrub);

#endif
