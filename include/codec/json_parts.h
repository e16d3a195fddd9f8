/* SPDX-License-Identifier: Apache-2.0 */
/* What the JSON of alerts, tasks and customers has in common. */
#ifndef CODEC_JSON_PARTS_H
#define CODEC_JSON_PARTS_H

#include "base/json.h"
#include "engine/engine.h"

/* The value alone: numbers as such, durations as seconds, dates and instants as text, unknown null. */
void parts_value(struct json *json, struct value value);
/* "value": ..., and "unit": "s" for a duration. */
void parts_value_unit(struct json *json, struct value value);
/* Null for 0 too: no instant that a record keeps is 0. */
void parts_at(struct json *json, const char *key, int64_t at);
/* key: text, keys: {en, zh} when both are given and differ; nothing when the text is empty. */
void parts_texts(struct json *json, const char *key, const char *keys, struct str en,
		 struct str zh, bool both);
/* Opened, the caller closes: rule, category, points, text, advice, since, evidence. */
void parts_reason_open(struct json *json, const struct ruleset *rules,
		       const struct reason *reason);
void parts_evidence(struct json *json, const struct ruleset *rules,
		    const struct reason *reason);
void parts_reasons(struct json *json, const struct ruleset *rules, const struct reason *reasons,
		   unsigned count);
/* "customer", "name", "owner"; a customer that is NULL is "". */
void parts_who(struct json *json, const struct engine *engine, const struct customer *customer);
/* "profile": the known attributes from slot `first` on that may be shown. */
void parts_profile(struct json *json, const struct engine *engine,
		   const struct customer *customer, unsigned first, bool with_private);
void parts_tags(struct json *json, const struct customer *customer); /* "tags": names */
/* key: its name, or null. Slot and 1. */
void parts_stage(struct json *json, const char *key, const struct ruleset *rules,
		 unsigned stage);
struct str parts_level(const struct ruleset *rules, unsigned level);
const char *parts_phase(const struct rule_state *state); /* NULL: "idle" */
const char *parts_mode(enum rule_mode mode);

#endif
