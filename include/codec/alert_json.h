/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts as JSON: the body in the outbox, in webhooks and in a replay's output. */
#ifndef CODEC_ALERT_JSON_H
#define CODEC_ALERT_JSON_H

#include "engine/engine.h"

/* One line, no newline, keys in the contract's order. Texts in the file's first language under "text",
 * and all given languages under "texts" when there are two. Private attributes never leave. */
void alert_json(struct buf *out, const struct engine *engine, const struct order *order);
/* "customer.level_raised", "task.created", ... */
struct str alert_json_type(struct buf *scratch, const struct order *order);
/* A task's alert: task.<verb>, with the block of the task. */
void task_alert_json(struct buf *out, const struct engine *engine, const struct order *order);
/* Fields of <prefix>task:<id>, contract.md's names; values into arena. */
unsigned task_fields(struct arena *arena, const struct engine *engine, const struct order *order,
		     struct field *fields, unsigned max);

/* Everything known of one customer, and one line of `top`. */
void customer_json(struct buf *out, struct engine *engine, const struct customer *customer, int64_t now);
void customer_line_json(struct buf *out, struct engine *engine, const struct customer *customer,
			int64_t now);
/* Explain as JSON: rule by rule, the tree with values and PASS / FAIL / UNKNOWN, points, what would clear
 * it, when it could next change by time alone. */
void explain_json(struct buf *out, struct engine *engine, const struct customer *customer, int64_t now);

#endif
