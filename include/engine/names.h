/* SPDX-License-Identifier: Apache-2.0 */
/* Ids of alerts, tasks and episodes (contract.md, "Alerts"). */
#ifndef ENGINE_NAMES_H
#define ENGINE_NAMES_H

#include "engine/order.h"

struct happening {
	struct str type, customer, moved, item; /* item: a key, or none */
	int64_t at;
	int64_t n; /* orders this customer already had at that ms */
};

void name_make(char out[ORDER_ID], const char *prefix, const struct ruleset *rules,
	       const struct happening *what);
void name_episode(const struct ruleset *rules, const struct customer *customer,
		  char out[ORDER_ID]);
void name_task(const struct ruleset *rules, const struct customer *customer,
	       const struct task_held *task, char out[ORDER_ID]);
/* opened_by: the rule.fired that this rule.cleared closes. */
void name_fired(const struct ruleset *rules, const struct customer *customer,
		struct alert *alert, int64_t at, uint32_t n);

#endif
