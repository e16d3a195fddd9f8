/* SPDX-License-Identifier: Apache-2.0 */
/* Tells the service manager how we are: sd_notify's datagrams on $NOTIFY_SOCKET. */
#ifndef IO_NOTIFY_H
#define IO_NOTIFY_H

#include "base/text.h"

/* "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=..." (one or more lines). Does nothing without a
 * manager; a manager that does not listen is no error. */
void notify_send(const char *state);
/* Every how many ms the watchdog wants to be fed: half of $WATCHDOG_USEC; 0: not at all. */
int64_t notify_watchdog_interval(void);

#endif
