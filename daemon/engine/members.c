/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps the people inside a customer, whatever the order in which their entries arrive. */
#include "engine/members.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "engine/items.h"

/* Where it stands, or would stand. */
static size_t
place(const struct cold *cold, struct str id)
{
	size_t low = 0, high = cold ? cold->member_count : 0;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (str_cmp(cold->members[middle].id, id) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct member *
member_find(const struct customer *customer, struct str id)
{
	const struct cold *cold = customer->cold;
	size_t at = place(cold, id);
	bool found = cold && at < cold->member_count && str_eq(cold->members[at].id, id);
	return found ? &cold->members[at] : NULL;
}

struct member *
member_make(struct customer *customer, struct str id)
{
	struct member *found = member_find(customer, id);
	struct cold *cold = customer_cold(customer);
	size_t at = place(cold, id);
	if (found)
		return found;
	assert(cold->member_count < RULESET_MAX_MEMBERS);
	cold->members =
		mem_resize(cold->members, (cold->member_count + 1u) * sizeof *cold->members);
	memmove(cold->members + at + 1, cold->members + at,
		(cold->member_count - at) * sizeof *cold->members);
	cold->members[at] = (struct member){
		.role_at = INT64_MIN, .left_at = INT64_MIN, .seen_at = INT64_MIN};
	text_set(&cold->members[at].id, id);
	cold->member_count++;
	return &cold->members[at];
}

void
member_finish(struct member *member)
{
	text_set(&member->id, STR_NONE);
	text_set(&member->role, STR_NONE);
	tracks_finish(&member->tracks);
}

void
members_finish(struct cold *cold)
{
	for (unsigned i = 0; i < cold->member_count; i++)
		member_finish(&cold->members[i]);
	mem_free(cold->members);
	cold->members = NULL;
	cold->member_count = 0;
}

/* Of two silent equally long, the one whose id comes first. */
static struct member *
most_silent(const struct cold *cold)
{
	struct member *silent = &cold->members[0];
	for (unsigned i = 1; i < cold->member_count; i++)
		if (cold->members[i].seen_at < silent->seen_at)
			silent = &cold->members[i];
	return silent;
}

static void
forget(struct cold *cold, struct member *member)
{
	size_t at = (size_t)(member - cold->members);
	member_finish(member);
	memmove(member, member + 1, (cold->member_count - at - 1) * sizeof *member);
	cold->member_count--;
}

void
members_cut(struct cold *cold, unsigned most)
{
	while (cold->member_count > most)
		forget(cold, most_silent(cold));
}

unsigned
members_count(const struct customer *customer)
{
	const struct cold *cold = customer->cold;
	unsigned count = 0;
	for (unsigned i = 0; cold && i < cold->member_count; i++)
		count += !cold->members[i].left;
	return count;
}

/* ---- an entry ---- */

/* Of two entries of one ms the greater role stands, and the one that says left. */
static void
take_roster(struct member *member, const struct entry *entry)
{
	struct str role = entry_attribute(entry, STR("role"));
	bool left = str_is(entry_attribute(entry, STR("left")), "1");
	bool newer = entry->ts > member->role_at;
	if (role.p &&
	    (newer || (entry->ts == member->role_at && str_cmp(role, member->role) > 0))) {
		text_set(&member->role, role);
		member->role_at = entry->ts;
	}
	if (entry->ts > member->left_at || (entry->ts == member->left_at && left)) {
		member->left = left;
		member->left_at = entry->ts;
	}
}

static void
take_event(const struct ruleset *rules, struct member *member, const struct entry *entry,
	   uint64_t counted, int64_t day)
{
	struct track_event event = {.ts = entry->ts, .kind = SIGNAL_COUNT};
	event.cell = (uint32_t)day;
	event.reach = rules->members.reach_days + TRACK_MARGIN;
	for (uint64_t left = counted & rules->members.signals; left; left &= left - 1)
		track_add(&member->tracks, (unsigned)__builtin_ctzll(left), false, &event);
}

/* NULL: there are as many as may be, and all of them did something later. */
static struct member *
make_room(const struct ruleset *rules, struct customer *customer, struct str id, int64_t ts,
	  bool *went)
{
	struct member *found = member_find(customer, id);
	struct cold *cold = customer_cold(customer);
	if (found || cold->member_count < rules->members.max)
		return found ? found : member_make(customer, id);
	const struct member *silent = most_silent(cold);
	if (ts < silent->seen_at || (ts == silent->seen_at && str_cmp(id, silent->id) < 0))
		return NULL;
	members_cut(cold, rules->members.max - 1);
	*went = true;
	return member_make(customer, id);
}

bool
members_take(const struct ruleset *rules, struct customer *customer, const struct entry *entry,
	     uint64_t counted, int64_t day)
{
	char room[ITEM_NUMBER];
	bool roster = entry->kind == ENTRY_MEMBER, went = false;
	struct str id = roster ? entry->user : item_text(entry, rules->members.field, room);
	struct member *member;
	if (id.n == 0)
		return false;
	member = make_room(rules, customer, id, entry->ts, &went);
	if (!member)
		return false;
	if (entry->ts > member->seen_at)
		member->seen_at = entry->ts;
	if (roster)
		take_roster(member, entry);
	else
		take_event(rules, member, entry, counted, day);
	return went;
}
