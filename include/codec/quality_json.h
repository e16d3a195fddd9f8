/* SPDX-License-Identifier: Apache-2.0 */
/* How right rules have been, as JSON: for HTTP, churnctl and replay. */
#ifndef CODEC_QUALITY_JSON_H
#define CODEC_QUALITY_JSON_H

#include "base/json.h"
#include "engine/engine.h"
#include "engine/quality.h"

/* An object: at, horizon (s), churn, churned, foreseen, rules, tasks; rules and tasks in the order of the file, rules
 * that warn of nothing left out. Shares are numbers or null where there is nothing to divide; leads seconds or null. */
void quality_json(struct json *json, const struct engine *engine, int64_t now);
/* key: a list of rules that are noisier than their `noise`, with rule, false, judged, noise. */
void quality_noisy_json(struct json *json, const char *key, const struct engine *engine);
/* Figures of a rule as they are read at `now`; all zero when there are none yet. */
struct figures quality_of_rule(const struct engine *engine, unsigned slot, int64_t now);
bool quality_rule_is_noisy(const struct engine *engine, unsigned slot);

#endif
