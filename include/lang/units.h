/* SPDX-License-Identifier: Apache-2.0 */
/* What a duration in words other than ours probably means. */
#ifndef LANG_UNITS_H
#define LANG_UNITS_H

#include "base/text.h"

/* "14days", "1.5h", "3months", "30min": a number and a unit as people write them. */
bool units_guess(struct str text, int64_t *ms) MUST_CHECK;

#endif
