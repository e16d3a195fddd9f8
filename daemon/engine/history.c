/* SPDX-License-Identifier: Apache-2.0 */
/* The risk's history: what it was at the close of each day, as a list of the days on which it became another. */
#include <string.h>

#include "base/mem.h"
#include "engine/core.h"

/* The day whose close is the first to see what happens now; an entry comes after what is due. */
static int64_t
closing_day(struct engine *engine, int64_t now, bool is_entry)
{
	int64_t close_at, next;
	int64_t closed = clock_closed_day(&engine->clock, now, &close_at, &next);
	return now == close_at && !is_entry ? closed : closed + 1;
}

/* The last point up to the day; NULL when there is none. */
static struct risk_point *
point_at(const struct cold *cold, int64_t day)
{
	unsigned count = cold ? cold->risk_count : 0;
	while (count > 0 && cold->risks[count - 1].day > day)
		count--;
	return count > 0 ? &cold->risks[count - 1] : NULL;
}

/* Forgets the points that another one has followed before anybody can ask for them. */
static void
forget_old(struct cold *cold, int64_t day)
{
	unsigned old = 0;
	while (old + 1 < cold->risk_count && cold->risks[old + 1].day <= day - RISK_DAYS - 1)
		old++;
	if (old == 0)
		return;
	cold->risk_count = (uint16_t)(cold->risk_count - old);
	memmove(cold->risks, cold->risks + old, cold->risk_count * sizeof *cold->risks);
}

/* first: nothing is known of the days before, unless there is a history already. */
void
history_note(struct step *step, bool first)
{
	struct customer *customer = step->customer;
	const struct cold *known = customer->cold;
	int64_t day = closing_day(step->engine, step->now, step->entry != NULL);
	struct risk_point *last = point_at(known, INT64_MAX);
	bool begins = !last && (first || step->previous_risk > 0);
	if (day < 0 || day > UINT16_MAX || (last && last->risk == customer->risk) ||
	    (!last && !begins && customer->risk == 0) || (last && first))
		return;
	if (last && last->day == day) {
		last->risk = customer->risk;
		return;
	}
	struct cold *cold = customer_cold(customer);
	forget_old(cold, day);
	cold->risks = mem_resize(cold->risks, (cold->risk_count + 1u) * sizeof *cold->risks);
	cold->risks[cold->risk_count++] =
		(struct risk_point){(uint16_t)day, customer->risk, begins};
	step->changed = true;
}

bool
history_at(struct look *look, int64_t day, int *risk)
{
	struct engine *engine = look->engine;
	const struct cold *cold = look->customer->cold;
	const struct risk_point *point = point_at(cold, day);
	if (engine->rules_at > 0 && day < closing_day(engine, engine->rules_at, true))
		return false;
	*risk = point ? point->risk : 0;
	if (point)
		return true;
	if (cold && cold->risk_count > 0 && cold->risks[0].first)
		return false;
	return closing_day(engine, look->customer->first_seen_at, true) <= day;
}
