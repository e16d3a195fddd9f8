/* SPDX-License-Identifier: Apache-2.0 */
/* Ids made from what happened: the same wherever and however often a step is computed. */
#include <string.h>

#include "base/mem.h"
#include "base/number.h"
#include "engine/names.h"

/* The text, and a NUL. */
static char *
part(char *p, struct str s)
{
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p + s.n + 1;
}

#define USUAL_BYTES 512 /* of what a name is made of */

/* PREFIX + 26 base32 characters of SHA-256(file's name, type, customer, what moved, ms, n). */
void
name_make(char out[ORDER_ID], const char *prefix, const struct ruleset *rules,
	  const struct happening *what)
{
	char usual[USUAL_BYTES], *text = usual, *p;
	size_t most = rules->name.n + what->type.n + what->customer.n + what->moved.n +
		      what->item.n + 2 * INT64_DIGITS + 6;

	if (most > sizeof usual)
		text = mem_alloc(most);
	p = part(text, rules->name);
	p = part(p, what->type);
	p = part(p, what->customer);
	p = part(p, what->moved);
	if (what->item.n > 0)
		p = part(p, what->item);
	p = print_int64(what->at, p);
	*p++ = '\0';
	p = print_int64(what->n, p);
	memcpy(out, prefix, 3);
	hash_id26((struct str){text, (size_t)(p - text)}, out + 3);
	if (text != usual)
		mem_free(text);
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
