/* SPDX-License-Identifier: Apache-2.0 */
/* How the guards are: feeds that are watched, suspect ones, rules past their cap. */
#ifndef APP_API_GUARD_H
#define APP_API_GUARD_H

#include "base/json.h"
#include "engine/engine.h"

/* The object behind the key "guard" of /v1/status; engine NULL: not running yet. */
void api_guard_json(struct json *json, const struct engine *engine);
/* Prometheus' text. */
void api_guard_metrics(struct buf *out, const struct engine *engine);

#endif
