/* SPDX-License-Identifier: Apache-2.0 */
/* A client of our own HTTP server inside the same process, for fuzzers. */
#ifndef SUPPORT_DIAL_H
#define SUPPORT_DIAL_H

#include "base/text.h"

/* An address to listen on that is nobody else's: "unix:PATH"; the file goes with the process. */
void dial_listen(char *out, size_t size);
/* Connects there, sends `text` in pieces of `step` bytes, ends its side, and reads until the server closes;
 * `turn` runs the server's loop once without waiting. */
void dial_exchange(struct str text, size_t step, struct buf *answers, void (*turn)(void));

#endif
