/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a program that runs out of memory: it says so in one sentence and ends. */
#ifndef APP_MEMORY_H
#define APP_MEMORY_H

/* To be called first in main: the libraries take theirs by base/mem.h, too, and none of them is to have any yet. `said`
 * is the whole line, with its newline. */
void memory_setup(const char *said, int status);

#endif
