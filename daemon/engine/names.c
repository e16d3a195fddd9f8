/* SPDX-License-Identifier: Apache-2.0 */
/* Ids made from what happened: the same wherever and however often a step is computed. */
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "engine/names.h"

static void
part(struct buf *text, struct str s)
{
	buf_str(text, s);
	buf_char(text, '\0');
}

#define USUAL_BYTES 200 /* of what a name is made of */

/* PREFIX + 26 base32 characters of SHA-256(file's name, type, customer, what moved, ms, n). */
void
name_make(char out[ORDER_ID], const char *prefix, const struct ruleset *rules,
	  const struct happening *what)
{
	struct buf text = {0};
	(void)buf_space(&text, USUAL_BYTES);
	part(&text, rules->name);
	part(&text, what->type);
	part(&text, what->customer);
	part(&text, what->moved);
	if (what->item.n > 0)
		part(&text, what->item);
	buf_int(&text, what->at);
	buf_char(&text, '\0');
	buf_int(&text, what->n);
	memcpy(out, prefix, 3);
	hash_id26(buf_view(&text), out + 3);
	buf_finish(&text);
}

void
name_episode(const struct ruleset *rules, const struct customer *customer, char out[ORDER_ID])
{
	struct happening what = {.type = STR("episode"),
				 .customer = customer_id(customer),
				 .moved = STR("episode"),
				 .at = customer_seen_cold(customer)->episode_at,
				 .n = customer_seen_cold(customer)->episode};
	name_make(out, "ep_", rules, &what);
}

void
name_task(const struct ruleset *rules, const struct customer *customer,
	  const struct task_held *task, char out[ORDER_ID])
{
	struct happening what = {.type = STR("task"),
				 .customer = customer_id(customer),
				 .moved = rules->tasks[task->def].name,
				 .item = task->item,
				 .at = task->created_at,
				 .n = task->created_n};
	name_make(out, "tk_", rules, &what);
}

void
name_fired(const struct ruleset *rules, const struct customer *customer, struct alert *alert,
	   int64_t at, uint32_t n)
{
	struct happening what = {.type = STR("rule.fired"),
				 .customer = customer_id(customer),
				 .moved = rules->rules[alert->rule].name,
				 .item = alert->item ? alert->item->key : STR_NONE,
				 .at = at,
				 .n = n};
	name_make(alert->opened_by, "al_", rules, &what);
}
