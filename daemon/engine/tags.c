/* SPDX-License-Identifier: Apache-2.0 */
/* Tags: those that people set, and those that rules set. */
#include <string.h>

#include "engine/core.h"

static void
tag_say(struct step *step, enum alert_type type, struct str name)
{
	orders_announce(step, type)->tag = arena_str(&step->engine->scratch, name);
}

/* Takes one of its makers away; without any the tag goes. */
static void
tag_release(struct step *step, struct tag_state *tag, enum tag_by by)
{
	tag->by &= (uint8_t)~by;
	if (by == TAG_BY_HAND)
		tag->expires_at = NEVER;
	if (tag->by)
		return;
	tag_say(step, ALERT_UNTAGGED, tag->name);
	(void)customer_drop_tag(step->customer, tag->name);
}

void
tags_expire(struct step *step)
{
	struct cold *cold = step->customer->cold;
	for (unsigned i = 0; cold && i < cold->tag_count;) {
		struct tag_state *tag = &cold->tags[i];
		unsigned count = cold->tag_count;
		if (tag->expires_at > step->now) {
			step_due(step, tag->expires_at);
			i++;
			continue;
		}
		step->changed = true;
		if (step->dry)
			return;
		tag_release(step, tag, TAG_BY_HAND);
		i += count == cold->tag_count;
	}
}

/* ---- by hand ---- */

static unsigned
count_by_hand(const struct cold *cold)
{
	unsigned count = 0;
	for (unsigned i = 0; i < cold->tag_count; i++)
		count += cold->tags[i].by & TAG_BY_HAND;
	return count;
}

static void
reject(struct step *step, const char *sentence)
{
	orders_reject(step->engine, step->customer, step->sink, sentence);
}

static void
tag_remove(struct step *step, struct str name)
{
	struct tag_state *tag = customer_tag(step->customer, name);
	if (tag && tag->by == TAG_BY_RULE)
		reject(step, "the rules set this tag: it goes when they say so");
	else if (tag)
		tag_release(step, tag, TAG_BY_HAND);
}

static void
tag_add(struct step *step, struct str name, int64_t until)
{
	struct tag_state *tag = customer_tag(step->customer, name);
	if (!(tag && tag->by & TAG_BY_HAND) &&
	    count_by_hand(customer_cold(step->customer)) == CUSTOMER_MAX_TAGS) {
		reject(step, "the customer already has 64 tags; remove one first");
		return;
	}
	if (!tag)
		tag_say(step, ALERT_TAGGED, name);
	tag = customer_tag_make(step->customer, name);
	if (!(tag->by & TAG_BY_RULE))
		tag->since_at = step->now;
	tag->by |= TAG_BY_HAND;
	tag->expires_at = until;
}

void
tags_by_hand(struct step *step)
{
	const struct entry *entry = step->entry;
	struct str name = entry_attribute(entry, STR("tag"));
	struct str expires = entry_attribute(entry, STR("expires"));
	int64_t until = NEVER, length;
	if (str_is(entry_attribute(entry, STR("remove")), "1")) {
		tag_remove(step, name);
		return;
	}
	if (expires.p && !parse_instant(expires, &until, NULL)) {
		if (!parse_duration(expires, true, &length) || length <= 0) {
			reject(step,
			       "expires is neither a duration such as 30d nor an instant");
			return;
		}
		until = step->now + length;
	}
	tag_add(step, name, until);
}
