/* SPDX-License-Identifier: Apache-2.0 */
/* Tags by hand and by rule, and the stage of a customer's life. */
#include <assert.h>
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

/* ---- by rule ---- */

void
tags_forget(struct step *step, const struct ruleset *to)
{
	struct cold *cold = step->customer->cold;
	for (unsigned i = 0; cold && i < cold->tag_count;) {
		struct tag_state *tag = &cold->tags[i];
		unsigned count = cold->tag_count;
		if (!(tag->by & TAG_BY_RULE) || ruleset_tag(to, tag->name) >= 0) {
			i++;
			continue;
		}
		step->changed = true;
		tag_release(step, tag, TAG_BY_RULE);
		i += count == cold->tag_count;
	}
}

/* On a change of rules, one that is new to a known customer is set without a word. */
static bool
tag_is_marked(const struct step *step, unsigned slot)
{
	const struct engine *engine = step->engine;
	return engine->tag_is_new && engine->tag_is_new[slot] &&
	       !engine->rules->first_run_alerts;
}

static void
tag_enter(struct step *step, unsigned slot)
{
	struct str name = step->engine->rules->tags[slot].name;
	if (!customer_tag(step->customer, name) && !tag_is_marked(step, slot))
		tag_say(step, ALERT_TAGGED, name);
	struct tag_state *tag = customer_tag_make(step->customer, name);
	if (!tag->by)
		tag->since_at = step->now;
	tag->by |= TAG_BY_RULE;
}

/* What the rule makes of it: enters when `when` is true, and while that is so it stays. */
static bool
tag_holds(struct step *step, const struct tag_rule *rule, bool held)
{
	enum truth when = look_truth(&step->look, rule->when), leave;
	if (when == TRUTH_YES || !held)
		return when == TRUTH_YES;
	leave = rule->leave ? look_truth(&step->look, rule->leave)
			    : (when == TRUTH_NO ? TRUTH_YES : TRUTH_UNKNOWN);
	return leave != TRUTH_YES;
}

/* Whether it turned. */
static bool
tag_look(struct step *step, unsigned slot)
{
	const struct tag_rule *rule = &step->engine->rules->tags[slot];
	struct tag_state *tag = customer_tag(step->customer, rule->name);
	bool held = tag && tag->by & TAG_BY_RULE;
	if (tag_holds(step, rule, held) == held)
		return false;
	step->changed = true;
	if (step->dry)
		return true;
	if (held)
		tag_release(step, tag, TAG_BY_RULE);
	else
		tag_enter(step, slot);
	return true;
}

static bool
tags_look(struct step *step)
{
	bool moved = false;
	for (unsigned slot = 0; slot < step->engine->rules->tag_count; slot++)
		if (tag_look(step, slot)) {
			moved = true;
			if (step->dry)
				break;
		}
	return moved;
}

/* ---- stages ---- */

/* The first whose condition is true; unknown is not. */
static unsigned
stage_found(struct step *step)
{
	const struct ruleset *rules = step->engine->rules;
	for (unsigned i = 0; i < rules->stage_count; i++)
		if (look_truth(&step->look, rules->stages[i].when) == TRUTH_YES)
			return i + 1;
	return 0;
}

/* An edit of the file moves nobody aloud into a stage that it brought, or out of one that it took. */
static bool
stage_is_marked(const struct step *step, unsigned stage)
{
	const bool *is_new = step->engine->stage_is_new;
	return is_new && (step->customer->stage == 0 || (stage && is_new[stage - 1]));
}

static bool
stage_look(struct step *step)
{
	struct customer *customer = step->customer;
	unsigned stage = stage_found(step);
	if (stage == customer->stage)
		return false;
	step->changed = true;
	if (step->dry)
		return true;
	if (!stage_is_marked(step, stage))
		(void)orders_announce(step, ALERT_STAGE_CHANGED);
	customer->stage = (uint8_t)stage;
	customer_cold(customer)->stage_at = stage ? step->now : 0;
	return true;
}

static bool
watches(const struct step *step)
{
	const struct watching *watching = &step->engine->rules->watching;
	/* A dead tracker never looks like churn. */
	return !(watching->fed_by & step->engine->guard.suspect) &&
	       !(step->customer->flags & CUSTOMER_MOVED && watching->reads_stage);
}

bool
watch_close(struct step *step, bool rests, uint64_t parts)
{
	const struct close_plan *plan = &step->engine->close;
	assert(step->dry);
	if (!watches(step))
		return false;
	for (unsigned i = 0; i < plan->tag_count && !rests; i++)
		if (plan->tags[i].part & parts && tag_look(step, plan->tags[i].tag))
			return true;
	return parts & CLOSE_STAGES && stage_look(step);
}

bool
watch_look(struct step *step, bool rests)
{
	if (!watches(step))
		return false;
	bool moved = !rests && tags_look(step);
	if (step->dry && moved)
		return true;
	return stage_look(step) || moved;
}
