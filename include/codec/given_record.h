/* SPDX-License-Identifier: Apache-2.0 */
/* Records of the customers that were given somebody of a team, once more beside the teams' turns: where Redis tore a
 * commit, turns and loads never lie there without all who were chosen for. */
#ifndef CODEC_GIVEN_RECORD_H
#define CODEC_GIVEN_RECORD_H

#include "base/text.h"
#include "base/err.h"

/* Of the newest commit that gave anybody; read only where a customer's own record is older. */
#define GIVEN_RECORD_ID "\001given"

/* given = version:1 (id:text record:text)* crc32:4 */
#define GIVEN_RECORD_VERSION 1

/* Appended to an empty buffer. */
void given_begin(struct buf *out);
void given_put(struct buf *out, struct str id, struct str record);
void given_end(struct buf *out);
/* take is called in the order of writing, with parts of `bytes`; also of what is found to be damaged further on. */
bool given_decode(struct str bytes, void (*take)(void *ctx, struct str id, struct str record),
		  void *ctx, struct err *err) MUST_CHECK;

#endif
