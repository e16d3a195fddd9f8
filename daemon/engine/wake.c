/* SPDX-License-Identifier: Apache-2.0 */
/* When a customer is woken, and what for.
 *
 * A wake is the earliest instant at which time alone may change something, as the last looks found it. Mostly it is the end
 * of a silence that an event has broken since, or a clock of a task, which concerns no rule. So of customers who have a cold
 * part it is kept beside it what the wake is about, and whoever is woken for a silence that is none any more is put off
 * without a look, and whoever is for a task is looked at for that alone. */
#include "engine/core.h"

/* wake_at only sinks here; it is reset when its entry is taken from the heap. What is stale is found
 * out when its time comes. */
static void
lower_wake(struct engine *engine, uint32_t index, int64_t at)
{
	int64_t *wake_at = engine_wake(engine, index);
	if (at >= *wake_at)
		return;
	*wake_at = at;
	heap_push(&engine->wakes, at, index);
	sooner(&engine->idle_to, at);
}

void
engine_set_wake(struct engine *engine, uint32_t index, int64_t at)
{
	struct cold *cold = engine_at(engine, index)->cold;
	if (cold)
		sooner(&cold->judged_to, at);
	lower_wake(engine, index, at);
}

void
engine_forget_looks(struct customer *customer)
{
	if (customer->cold)
		customer->cold->judged_to = 0;
}

/* What a part says holds besides what the whole said. Of two signals' silences one is kept as such. */
static void
note_part(struct cold *cold, const struct env *env)
{
	sooner(&cold->judged_to, env->apart);
	if (env->silence == NEVER)
		return;
	if (cold->silent_for == NEVER)
		cold->silent_of = (uint8_t)env->silence_of;
	if (cold->silent_of == env->silence_of)
		sooner(&cold->silent_for, env->silence);
	else
		sooner(&cold->judged_to, env->silence_at);
}

void
engine_note_look(struct engine *engine, uint32_t index, const struct look *look, bool whole)
{
	struct cold *cold = engine_at(engine, index)->cold;
	const struct env *env = &look->env;
	if (cold && whole) {
		cold->judged_to = env->apart;
		cold->silent_for = env->silence;
		cold->silent_of = (uint8_t)env->silence_of;
	} else if (cold) {
		note_part(cold, env);
	}
	lower_wake(engine, index, env->next);
}

/* At a close windows move too. Who is backfilled, or was moved by a
 * second look, or has time that does not count because a feed is suspect, is looked at. */
int64_t
engine_judged_to(struct engine *engine, const struct customer *customer)
{
	const struct cold *cold = customer->cold;
	struct track track;
	const struct due_run *run = &engine->run;
	bool all = run->phase != RUN_NONE && (run->close || run->moved);
	if (!cold || all || engine->guard.paused || engine->has_points_expr ||
	    customer->flags & (CUSTOMER_QUIET | CUSTOMER_MOVED))
		return 0;
	if (cold->silent_for == NEVER)
		return cold->judged_to;
	if (!track_newest(&customer->tracks, cold->silent_of, false, &track))
		return 0;
	int64_t end = track.last_at + cold->silent_for;
	return end < cold->judged_to ? end : cold->judged_to;
}

bool
engine_puts_off(struct engine *engine, uint32_t index, int64_t at)
{
	const struct customer *customer = engine_at(engine, index);
	struct heap_entry top;
	guard_view(engine, at);
	int64_t next = engine_judged_to(engine, customer);
	if (next <= at)
		return false;
	sooner(&next, care_next(engine->rules, customer->cold));
	if (next <= at)
		return false;
	(void)heap_pop(&engine->wakes, &top);
	*engine_wake(engine, index) = NEVER;
	lower_wake(engine, index, next);
	return true;
}
