/* SPDX-License-Identifier: Apache-2.0 */
/* How right rules have been, for Prometheus. */
#ifndef APP_API_QUALITY_H
#define APP_API_QUALITY_H

#include "engine/engine.h"

/* Prometheus' text; engine NULL: not running yet, nothing. */
void api_quality_metrics(struct buf *out, const struct engine *engine);

#endif
