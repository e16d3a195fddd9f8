/* SPDX-License-Identifier: Apache-2.0 */
/* A rule set with one of everything, customers with anything in them: for tests of what is kept. */
#ifndef SUPPORT_SAMPLE_H
#define SUPPORT_SAMPLE_H

#include "engine/ruleset.h"
#include "engine/track.h"
#include "unit/lcg.h"

struct ruleset *sample_rules(void); /* ruleset_destroy() */
/* Anything a customer may hold under these rules at `now`; customer_finish() and mem_free(). */
struct customer *sample_customer(const struct ruleset *rules, struct lcg *lcg, int64_t now);

#endif
