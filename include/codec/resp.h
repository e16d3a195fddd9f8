/* SPDX-License-Identifier: Apache-2.0 */
/* Commands as Redis reads them: RESP arrays of bulk strings, appended to a buffer. */
#ifndef CODEC_RESP_H
#define CODEC_RESP_H

#include <stdarg.h>

#include "base/text.h"

void resp_array(struct buf *out, size_t count); /* then exactly count arguments */
void resp_arg(struct buf *out, struct str arg);
void resp_text(struct buf *out, const char *arg);
void resp_int(struct buf *out, int64_t arg);
/* A whole command of literal words: resp_command(out, "XGROUP", "CREATE", key, NULL). */
void resp_command(struct buf *out, ...) __attribute__((sentinel));
void resp_command_v(struct buf *out, va_list words); /* up to a NULL */

#endif
