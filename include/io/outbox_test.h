/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts of the type webhook.test, sent beside the queue because a person asked. */
#ifndef IO_OUTBOX_TEST_H
#define IO_OUTBOX_TEST_H

#include "io/outbox.h"
#include "io/sender.h"

/* Joins the list of those under way, until it has ended or is cancelled. NULL: there are too many. */
struct outbox_test *outbox_test_begin(struct outbox_test **list, struct sender *sender,
				      outbox_test_fn *fn, void *ctx,
				      struct err *err) MUST_CHECK;

#endif
