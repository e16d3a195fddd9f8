/* SPDX-License-Identifier: Apache-2.0 */
/* Two engines that came to be in different ways, held against each other byte for byte. */
#ifndef SUPPORT_SAME_ENGINE_H
#define SUPPORT_SAME_ENGINE_H

#include "base/err.h"
#include "engine/engine.h"

/* false: `why` says where they differ. `a` is the replay's, `b` has loaded records. */
bool same_engine(const struct engine *a, const struct engine *b, struct err *why) MUST_CHECK;
/* The figures of rules and tasks alone. */
bool same_figures(const struct engine *a, const struct engine *b, struct err *why) MUST_CHECK;

#endif
