/* SPDX-License-Identifier: Apache-2.0 */
/* When a comparison turns as time passes: by subtraction, or by asking again as of later. */
#include "lang/compute.h"
#include "lang/turn.h"

#define HORIZON (4000 * DAY_MS) /* how far a turn of a MONOTONE comparison is looked for */
/* Local days begin on quarters of an hour of UTC; so a search that stops there first is short. */
#define QUARTER (15 * MINUTE_MS)

static struct value
moving_at(struct env *env, const struct turning *turning, int64_t at)
{
	return turn_moving_at(env, turning->moving, turning->args, at);
}

/* ---- Linear: v grows by 1 ms a ms ---- */

#define AHEAD (10 * MINUTE_MS) /* events are dated less far ahead */

/* How long it stands still at 0 before it grows: for ever when nothing is open (NEVER), a while when what
 * it counts from is dated ahead. */
static int64_t
standstill(struct env *env, const struct turning *turning)
{
	enum builtin_op op = turning->moving->builtin->op;
	int64_t later;

	if ((op != FN_AFTER && op != FN_OLDEST) || turning->now->u.i != 0 ||
	    moving_at(env, turning, env->now + 1).u.i != 0)
		return 0;
	later = moving_at(env, turning, env->now + AHEAD).u.i;
	return later == 0 ? NEVER : AHEAD - later;
}

/* The whole signal's, not that of somebody in it. */
static bool
is_silence(const struct env *env, const struct turning *turning)
{
	const struct node *moving = turning->moving;
	enum builtin_op op = moving->builtin->op;

	return (op == FN_SINCE || op == FN_SILENT) &&
	       !(moving->kid_count > 1 && moving->kids[1]) &&
	       env->seen >> turning->args[0].u.signal & 1;
}

static void
note_silence(struct env *env, unsigned signal, int64_t length, int64_t at)
{
	if (env->silence == NEVER)
		env->silence_of = signal;
	if (env->silence_of != signal) {
		sooner(&env->apart, at);
		return;
	}
	sooner(&env->silence, length);
	sooner(&env->silence_at, at);
}

static void
note_after(struct env *env, const struct turning *turning, int64_t delta)
{
	int64_t at, length;

	if (delta <= 0 || __builtin_add_overflow(env->now, delta, &at))
		return;
	sooner(&env->next, at);
	if (is_silence(env, turning) &&
	    !__builtin_add_overflow(turning->now->u.i, delta, &length))
		note_silence(env, turning->args[0].u.signal, length, at);
	else
		sooner(&env->apart, at);
}

/* Suspect time does not count: while it holds, time changes nothing. What counts from an instant that is dated ahead
 * does not change either at first, but soon. */
static bool
is_paused(struct env *env, const struct turning *turning)
{
	return env->pauses && moving_at(env, turning, env->now + 1).u.i == turning->now->u.i &&
	       moving_at(env, turning, env->now + AHEAD).u.i == turning->now->u.i;
}

void
turn_note_linear(struct env *env, const struct turning *turning)
{
	bool past = turning->op == CMP_GT || turning->op == CMP_LE;
	int64_t delta, still;

	if (__builtin_sub_overflow(turning->still->u.i, turning->now->u.i, &delta))
		return;
	if (delta == 0 && (turning->op == CMP_EQ || turning->op == CMP_NE))
		past = true;
	if (__builtin_add_overflow(delta, (int64_t)past, &delta) || delta <= 0)
		return;
	if (is_paused(env, turning))
		return;
	still = standstill(env, turning);
	if (still < NEVER && !__builtin_add_overflow(delta, still, &delta))
		note_after(env, turning, delta);
}

/* ---- Monotone: asked again until found ---- */

/* What the comparison is watched for: its answer, and for == and != the side it is on, because their
 * answer may be the same on both. */
static int
state_of(const struct turning *turning, struct value v)
{
	int order;

	if (!v.known)
		return 2;
	order = compute_order(&v, turning->still);
	if (turning->op == CMP_EQ || turning->op == CMP_NE)
		return order;
	return compute_holds(turning->op, order);
}

/* It has not turned before `low`, and has at `high`. */
struct search {
	struct env *env;
	const struct turning *turning;
	int state;
	int64_t low, high;
};

/* Asks as of `at` when that lies between; true when it has turned there. */
static bool
narrow(struct search *s, int64_t at)
{
	if (at <= s->low || at >= s->high)
		return at >= s->high;
	if (state_of(s->turning, moving_at(s->env, s->turning, at)) != s->state) {
		s->high = at;
		return true;
	}
	s->low = at;
	return false;
}

/* until() loses a day a day: the turn is about as far as the other side is. */
static void
narrow_by_distance(struct search *s)
{
	int64_t distance, about;

	if (__builtin_sub_overflow(s->turning->now->u.i, s->turning->still->u.i, &distance) ||
	    __builtin_add_overflow(s->env->now, distance, &about))
		return;
	if (about < s->env->now - HORIZON || about > s->env->now + HORIZON)
		return;
	(void)narrow(s, about - 26 * HOUR_MS);
	(void)narrow(s, about + 50 * HOUR_MS);
}

/* A good guess is off by what floating point loses: mostly it is the last ms before the turn. */
static void
narrow_by_guess(struct search *s)
{
	int64_t about = NEVER;

	if (s->env->ops->guess)
		about = s->env->ops->guess(s->env, s->turning->moving, s->turning->args,
					   s->turning->still);
	if (about <= s->low || about >= s->high)
		return;
	if (narrow(s, about))
		(void)narrow(s, about - 1);
	else
		(void)narrow(s, about + 1);
	(void)narrow(s, about - 4);
	(void)narrow(s, about + 4);
}

static void
narrow_by_doubling(struct search *s)
{
	int64_t step = HOUR_MS;

	while (!narrow(s, s->env->now + step))
		step *= 2;
}

static int64_t
quarter_of(int64_t at)
{
	return at - (at % QUARTER + QUARTER) % QUARTER;
}

static void
narrow_by_halving(struct search *s)
{
	int64_t next;

	while ((next = quarter_of(s->low) + QUARTER) < s->high) {
		int64_t middle = quarter_of(s->low + (s->high - s->low) / 2);

		(void)narrow(s, middle > s->low ? middle : next);
	}
	(void)narrow(s, s->high - 1);
	while (s->high - s->low > 1)
		(void)narrow(s, s->low + (s->high - s->low) / 2);
}

static bool
turns_by_limit(const struct search *s)
{
	return state_of(s->turning, moving_at(s->env, s->turning, s->high)) != s->state;
}

/* Nothing behind `next` matters, and up to it all else stands still. */
void
turn_note_monotone(struct env *env, const struct turning *turning)
{
	struct search s = {.env = env,
			   .turning = turning,
			   .state = state_of(turning, *turning->now),
			   .low = env->now};

	if (__builtin_add_overflow(env->now, HORIZON, &s.high) || s.high > env->next)
		s.high = env->next;
	int64_t limit = s.high;

	if (limit == env->next)
		sooner(&env->apart, limit);
	if (s.high <= s.low)
		return;
	/* Another look is due at a limit that is near: mostly nothing turns before it. One that is far is asked last. */
	bool near = limit == env->next;

	if (near && !turns_by_limit(&s))
		return;
	narrow_by_guess(&s);
	if (!near && s.high == limit && !turns_by_limit(&s))
		return;
	if (turning->moving->builtin->op == FN_UNTIL ||
	    turning->moving->builtin->op == FN_UNTIL_DUE)
		narrow_by_distance(&s);
	narrow_by_doubling(&s);
	narrow_by_halving(&s);
	if (s.high < env->next) {
		env->next = s.high;
		sooner(&env->apart, s.high);
	}
}
