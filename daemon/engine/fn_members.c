/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of members: how many are active, how silent one is, how much hangs on the busiest. */
#include "engine/functions.h"
#include "engine/members.h"

/* What all members did in a range; those who left do not count. */
struct tally {
	int64_t active, events, most;
	bool known;
};

/* The range has to lie behind the moment from which this signal was counted by person. */
static bool
is_counted(struct look *look, unsigned signal, int64_t first)
{
	struct engine *engine = look->engine;
	int64_t born = engine->rules->signals[signal].member_born_at;
	if (born == INT64_MIN || born <= look->customer->first_seen_at ||
	    clock_day(&engine->clock, born) < first)
		return true;
	look->day = true;
	return false;
}

static struct tally
tally_range(struct look *look, const struct range *range)
{
	const struct cold *cold = look->customer->cold;
	struct cells cells = look_cells(look, range);
	struct tally tally = {.known = is_counted(look, range->signal, cells.first)};
	struct track all;
	if (track_newest(&look->customer->tracks, range->signal, false, &all) &&
	    (int64_t)all.cell >= cells.first)
		look->day = true;
	for (unsigned i = 0; cold && i < cold->member_count; i++) {
		const struct member *member = &cold->members[i];
		if (member->left)
			continue;
		struct window window = track_window(&member->tracks, range->signal, false,
						    SIGNAL_COUNT, cells.first, cells.last);
		tally.active += window.count > 0;
		tally.events += window.count;
		if (window.count > tally.most)
			tally.most = window.count;
	}
	return tally;
}

struct value
fn_users(const struct call *call)
{
	struct tally tally = tally_range(call->look, call->args[0].u.range);
	return tally.known ? value_int(tally.active) : value_unknown(TYPE_INT);
}

struct value
fn_share_of_top(const struct call *call)
{
	struct tally tally = tally_range(call->look, call->args[0].u.range);
	if (!tally.known || tally.events == 0)
		return value_unknown(TYPE_PROB);
	return value_prob((double)tally.most / (double)tally.events);
}

/* Whoever has that id or role; of several, the one who did it last. INT64_MIN: none did. */
int64_t
member_last_at(const struct look *look, unsigned signal, struct str who)
{
	const struct cold *cold = look->customer->cold;
	int64_t last = INT64_MIN;
	for (unsigned i = 0; cold && i < cold->member_count; i++) {
		const struct member *member = &cold->members[i];
		if (member->left || (!str_eq(member->id, who) && !str_eq(member->role, who)))
			continue;
		struct track track;
		if (track_newest(&member->tracks, signal, false, &track) &&
		    track.last_at > last)
			last = track.last_at;
	}
	return last;
}
