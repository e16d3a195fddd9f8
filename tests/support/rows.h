/* SPDX-License-Identifier: Apache-2.0 */
/* What a file of events says, as text: for those who compare. */
#ifndef SUPPORT_ROWS_H
#define SUPPORT_ROWS_H

#include "base/text.h"

/* Feeds a file of events in pieces of so many bytes, and prints a line of each entry it holds and of each row that is
 * none. By fields: every row is cut into fields and these are decoded; else rows that are written plainly come decoded. */
struct buf rows_told(struct str bytes, size_t piece, bool by_fields);

#endif
