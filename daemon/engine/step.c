/* SPDX-License-Identifier: Apache-2.0 */
/* One step of one customer: rules in file order, risk, level, orders (rules.md, "One step"). */
#include <assert.h>
#include <string.h>

#include "engine/core.h"

#define BACKFILL_QUIET MINUTE_MS

void
step_begin(struct step *step, struct engine *engine, uint32_t index, const struct entry *entry,
	   int64_t now, const struct order_sink *sink)
{
	struct customer *customer = engine_at(engine, index);
	*step = (struct step){.engine = engine,
			      .customer = customer,
			      .index = index,
			      .sink = sink,
			      .entry = entry,
			      .cause = entry ? CAUSE_EVENT : CAUSE_TIME,
			      .now = now,
			      .quiet_since = NEVER,
			      .previous_risk = customer->risk,
			      .previous_level = customer->level,
			      .previous_stage = customer->stage,
			      .was_episode = customer->flags & CUSTOMER_EPISODE};
}

/* ---- one rule ---- */

static bool
rule_warms(struct step *step, const struct rule *rule)
{
	if (rule->warmup == 0)
		return false;
	int64_t end = step->customer->first_seen_at + rule->warmup;
	step_due(step, end);
	return step->now < end;
}

/* A date rule may end one firing and begin another: the end is said first. */
static void
step_apply_life(struct step *step, unsigned slot, struct item *item, const struct life *life)
{
	struct customer *customer = step->customer;
	struct rule_state *state =
		item ? item_rule_make(item, slot) : customer_rule_make(customer, slot);
	struct rule_state before = *state;
	enum cause cause = life->has_cause ? life->cause : step->cause;
	*state = life->state;
	state->rule = (uint16_t)slot;
	if (life->effects & LIFE_FIRED)
		state->firing = ++customer_cold(customer)->firings;
	if ((life->effects & LIFE_CLEARED) && (before.flags & RULE_ANNOUNCED)) {
		struct announcement *said = orders_announce(step, ALERT_RULE_CLEARED);
		said->rule = (int)slot;
		said->item = item;
		said->cause = cause;
		said->firing = before.firing;
		said->opened_at = before.announced_at;
		said->opened_n = before.announced_n;
	}
	if (before.announced_at && !state->announced_at)
		verdict_withdrawn(step, &before, state);
	if (life->effects & LIFE_ANNOUNCE) {
		struct announcement *said = orders_announce(step, ALERT_RULE_FIRED);
		said->rule = (int)slot;
		said->item = item;
		said->cause = cause;
		said->firing = state->firing;
		verdict_announced(step, &before, state, item);
	}
	if ((life->effects & LIFE_FIRED) && (state->flags & RULE_MARKED))
		step->silent = true;
}

static void
step_judge_stateful(struct step *step, unsigned slot, struct item *item, struct life_input *in)
{
	struct life life = life_judge(in);
	step_due(step, life.due);
	if (life.effects == 0)
		return;
	step->changed = true;
	if (life.effects & LIFE_TURNED)
		step->turned = true;
	if (!step->dry)
		step_apply_life(step, slot, item, &life);
}

/* Nothing is asked about an item that is closed: what it fired ends. */
static void
judge_gone(struct life_input *in)
{
	in->gone = true;
	in->when = TRUTH_NO;
	in->clear = TRUTH_YES;
}

/* Whether a step of a date rule is due at this very instant, or fell into a quiet that ends now. */
static bool
date_strikes(struct step *step, const struct rule *rule, const struct rule_state *state)
{
	struct date_steps steps =
		dates_around(step->engine->rules, rule->dates,
			     look_eval(&step->look, rule->dates->date), step->now);
	step_due(step, steps.next);
	if (!step->strikes || (state && state->fired_at == step->now))
		return false;
	return steps.last == step->now || steps.last > step->quiet_since;
}

/* The rule's own conditions; false: it is idle and stays so. */
static bool
judge_ask(struct step *step, unsigned slot, struct item *item, bool idle, struct life_input *in)
{
	struct look *look = &step->look;
	const struct rule *rule = in->rule;
	bool asks = rule->kind == RULE_STATE || in->is_event || in->strikes;
	if (idle && (!asks || !look_holds(look, rule->when)))
		return false;
	if (asks)
		in->when = idle ? TRUTH_YES : look_truth(look, rule->when);
	bool ends = rule->kind == RULE_EVENT || life_fires(in->state) || in->when == TRUTH_YES;
	if (rule->clear && ends)
		in->clear = look_truth(look, rule->clear);
	in->late_undone = late_was_true(step, slot, in->state, item) && in->when != TRUTH_YES;
	return true;
}

static void
step_judge_one(struct step *step, unsigned slot, struct item *item, bool rests, bool is_event)
{
	struct look *look = &step->look;
	const struct rule *rule = &step->engine->rules->rules[slot];
	const struct rule_state *state = rule_state_of(step->customer, slot, item);
	bool idle = !state || state->phase == PHASE_IDLE, gone = item && !item_is_open(item);
	if ((rule->mode == MODE_OFF || gone) && idle)
		return;
	bool marks = step->engine->rule_is_new && step->engine->rule_is_new[slot] &&
		     !step->engine->rules->first_run_alerts;
	if (!rests && rule_warms(step, rule))
		rests = true;
	/* What a new rule finds is marked at once or never. */
	if (!marks && rule_holds(rule, step->engine->guard.suspect))
		rests = true;
	bool dated = rule->kind == RULE_DATE && rule->mode != MODE_OFF && !gone;
	/* Then no step of its date is one to wait for. */
	if (idle && dated && rule->by_profile && !look_holds(look, rule->when))
		return;
	bool strikes = dated && date_strikes(step, rule, state) && !rests;
	if (idle && (rests || (rule->kind != RULE_STATE && !is_event && !strikes)))
		return;
	struct life_input in = {.rule = rule,
				.state = state,
				.when = TRUTH_UNKNOWN,
				.clear = TRUTH_UNKNOWN,
				.rests = rests,
				.is_event = is_event,
				.strikes = strikes,
				.now = step->now};
	look_take_rule(look, (int)slot);
	if (gone) {
		judge_gone(&in);
	} else if (!rests && rule->mode != MODE_OFF &&
		   !judge_ask(step, slot, item, idle, &in)) {
		look_take_rule(look, -1);
		return;
	}
	in.mark = marks;
	step_judge_stateful(step, slot, item, &in);
	look_take_rule(look, -1);
}

static bool
is_event_about(const struct step *step, const struct item *item)
{
	char room[ITEM_NUMBER];
	const struct item_def *def = &step->engine->rules->items[item->def];
	return str_eq(item_text(step->entry, def->field, room), item->key);
}

/* For the customer; or for each item that is open, and for those for which it still fires. */
void
step_judge(struct step *step, unsigned slot, bool rests, bool is_event)
{
	const struct rule *rule = &step->engine->rules->rules[slot];
	unsigned each = rule->each, count;
	/* What a second look moved is seen by the next look of its own: see settle.c. */
	if (step->customer->flags & CUSTOMER_MOVED && !rests &&
	    (rule->reads_standing || rule->reads_owner))
		return;
	if (each == 0) {
		step_judge_one(step, slot, NULL, rests, is_event);
		return;
	}
	struct item *items = items_of(step->customer, each - 1, &count);
	for (unsigned i = 0; i < count && !(step->dry && step->changed); i++) {
		look_take_item(&step->look, &items[i]);
		step_judge_one(step, slot, &items[i], rests,
			       is_event && is_event_about(step, &items[i]));
	}
	look_take_item(&step->look, NULL);
}

bool
step_is_event_of(const struct step *step, const struct rule *rule)
{
	if (!step->entry || rule->kind != RULE_EVENT || step->entry->backfill)
		return false;
	for (unsigned i = 0; i < rule->type_count; i++)
		if (str_eq(rule->types[i], step->entry->type))
			return true;
	return false;
}

/* Rules from..to that read what rules above said, once one of those turned. */
static void
step_judge_followers(struct step *step, unsigned from, unsigned to)
{
	const struct rule *rules = step->engine->rules->rules;
	for (unsigned slot = from; slot < to; slot++)
		if (rules[slot].follows)
			step_judge(step, slot, false, step_is_event_of(step, &rules[slot]));
}

/* These, in the order of the file, and between them whatever follows one that turned. */
static void
step_judge_some(struct step *step, const uint16_t *slots, unsigned count, bool rests)
{
	const struct ruleset *rules = step->engine->rules;
	for (unsigned i = 0; i < count && !(step->dry && step->changed); i++) {
		step_judge(step, slots[i], rests,
			   step_is_event_of(step, &rules->rules[slots[i]]));
		if (step->turned && step->engine->has_follows)
			step_judge_followers(step, slots[i] + 1u,
					     i + 1 < count ? slots[i + 1] : rules->rule_count);
	}
}

/* The second look: rules that read what moved. */
void
step_judge_again(struct step *step)
{
	const struct ruleset *rules = step->engine->rules;
	for (unsigned slot = 0; slot < rules->rule_count; slot++) {
		const struct rule *rule = &rules->rules[slot];
		if (rule->reads_standing || (step->turned && rule->follows) ||
		    (step->owner_moved && rule->reads_owner))
			step_judge(step, slot, false, step_is_event_of(step, rule));
	}
}

/* ---- rest, tags, quiet ---- */

/* `only`: rests when it is not true. Returns whether it turned. */
static bool
step_look_only(struct step *step)
{
	struct customer *customer = step->customer;
	bool rested = customer->flags & CUSTOMER_RESTS;
	struct value only = look_eval(&step->look, step->engine->rules->only);
	bool rests = !value_is_true(only);
	if (rests == rested)
		return false;
	step->changed = true;
	if (step->dry)
		return true;
	customer->flags ^= CUSTOMER_RESTS;
	/* It was a customer to care for, and its profile says that it is none any more. */
	if (rests && only.known && step->cause == CAUSE_PROFILE && !step->is_new)
		verdict_churned(step, step->entry->ts);
	return true;
}

bool
step_is_quiet(struct step *step)
{
	struct customer *customer = step->customer;
	if (!(customer->flags & CUSTOMER_QUIET))
		return false;
	int64_t end = customer_seen_cold(customer)->backfilled_at + BACKFILL_QUIET;
	if (step->now < end) {
		step_due(step, end);
		return true;
	}
	step->changed = true;
	step->quiet_since = customer_seen_cold(customer)->backfilled_at;
	if (step->dry)
		return false;
	customer->flags &= (uint8_t) ~(CUSTOMER_QUIET | CUSTOMER_MOVED);
	if (step->engine->rules->reads_rise)
		history_note(step, true);
	return false;
}

/* ---- looks ---- */

/* Of tags, the stage and tasks, what would change, and when it may. Points that move change nothing of that. */
static void
step_ask_rest(struct step *step, bool rests)
{
	if (!step->changed)
		(void)watch_look(step, rests);
	if (!step->changed)
		care_close(step);
	if (!step->changed)
		care_look(step);
	step->changed |= !rests && risk_may_move(step);
}

void
step_look_whole(struct step *step)
{
	struct engine *engine = step->engine;
	bool left = churn_look(step);
	bool turned = engine->rules->only && step_look_only(step);
	bool rests = step->customer->flags & CUSTOMER_RESTS;
	if ((left || turned) && step->dry)
		return;
	if (rests && turned)
		orders_cancel_tasks(step, STR("the customer is outside `only`"),
				    STR("客户已不在 `only` 范围内"));
	if (!rests)
		tags_expire(step);
	if (!rests || turned)
		step_judge_some(step, engine->all_rules, engine->rules->rule_count, rests);
	if (step->dry) {
		step_ask_rest(step, rests);
		return;
	}
	if (rests)
		step_conclude_rest(step);
	else
		step_conclude(step, true);
	care_look(step);
}

/* Some later close may change something: a window, a comparison that keeps its value between looks, or points
 * that move. */
bool
step_reaches_closes(const struct step *step)
{
	const struct close_plan *plan = &step->engine->close;
	return step->look.day || plan->daily || step->customer->flags & CUSTOMER_MOVED ||
	       risk_may_move(step);
}

void
step_end_whole(struct step *step)
{
	engine_set_day(step->engine, step->index, step_reaches_closes(step));
	engine_note_look(step->engine, step->index, &step->look, true);
}

static void
step_end_part(struct step *step)
{
	const struct type_use *use = step->use;
	/* Closed days are read at closes only: the event counts in the next one. */
	if (step->look.day || step->customer->flags & CUSTOMER_MOVED ||
	    (use && use->signals & step->engine->windowed))
		engine_set_day(step->engine, step->index, true);
	engine_note_look(step->engine, step->index, &step->look, false);
}

/* Between local midnight and the day's close every event is a look at windows that have moved on. One that makes the
 * customer older moves what no signal of its own tells: its age, and silence where nothing was seen. */
static bool
step_needs_whole(const struct step *step)
{
	const struct engine *engine = step->engine;
	return step->entry->kind != ENTRY_EVENT || step->is_new || engine->has_coarse ||
	       step->late || step->older || engine->member_went ||
	       engine->rules->only_reads == UINT64_MAX ||
	       (step->use && step->use->looks_only) ||
	       (step->customer->flags & (CUSTOMER_QUIET | CUSTOMER_MOVED)) ||
	       step->look.live_day != step->look.closed_day + 1;
}

/* What reads the signals of the event; of a calm one, what does so eagerly; of others what the silence concerns that it
 * ended. */
static void
step_look_part(struct step *step, const struct type_use *use)
{
	const struct calm_use *calm = &step->engine->calm.uses[use - step->engine->rules->uses];
	bool watch = step->calm ? calm->watching
				: use->looks_watching && calm->watched <= step->silence;
	uint16_t slots[RULESET_MAX_RULES];
	if (step->customer->flags & CUSTOMER_RESTS) {
		if (watch)
			step_conclude_rest(step);
		return;
	}
	if (step->calm)
		step_judge_some(step, calm->rules, calm->count, false);
	else
		step_judge_some(
			step, slots,
			calm_pick(step->engine, step->customer, use, step->silence, slots),
			false);
	step_conclude(step, watch);
}

static void
step_look_event(struct step *step)
{
	const struct type_use *use = step->use;
	if (step_needs_whole(step)) {
		step->customer->flags &= (uint8_t)~CUSTOMER_MOVED;
		step_look_whole(step);
		(void)step_is_quiet(step);
		step_end_whole(step);
		return;
	}
	if (use)
		step_look_part(step, use);
	step_end_part(step);
}

/* People's acts: no event of the customer, but something its rules may read. */
static void
step_act(struct step *step)
{
	step->cause = CAUSE_PERSON;
	lane_unsettle(step->customer);
	step->customer->flags &= (uint8_t)~CUSTOMER_MOVED;
	look_begin(&step->look, step->engine, step->customer, NULL, step->now);
	if (step->entry->kind == ENTRY_TAG)
		tags_by_hand(step);
	else
		orders_task_act(step);
	step_look_whole(step);
	(void)step_is_quiet(step);
	step_end_whole(step);
}

/* Nothing any rule says can have changed: the common case, and the reason for its speed. */
static bool
step_is_calm(const struct step *step)
{
	const struct engine *engine = step->engine;
	const struct type_use *use = step->use;
	bool plain = step->entry->kind == ENTRY_EVENT && !step->is_new && !step->late &&
		     !step->older &&
		     !(step->customer->flags & (CUSTOMER_QUIET | CUSTOMER_MOVED));
	bool simple = !engine->has_coarse && !engine->has_points_expr &&
		      engine->rules->only_reads != UINT64_MAX;
	/* Before the next local midnight, that is: not in the gap before a close. */
	bool clear = step->now < engine->clock.closed.to - engine->clock.lateness;
	if (!plain || !simple || !clear || !step->calm || use->looks_only ||
	    engine->member_went)
		return false;
	const struct calm_use *calm = &engine->calm.uses[use - engine->rules->uses];
	return calm->count == 0 && !calm->watching;
}

static void
step_event(struct step *step)
{
	struct engine *engine = step->engine;
	step->late = entry_is_late(engine, step->entry);
	step->is_new = step->customer->first_seen_at == INT64_MAX;
	step->older = !step->is_new && step->entry->ts < step->customer->first_seen_at;
	const bool *was_true = step->late ? late_before(step) : NULL;
	step->use = ruleset_use(engine->rules, step->entry->type);
	guard_count(engine, step->use, step->entry);
	step->calm = step->use && calm_is(engine, step->customer, step->use, step->entry);
	step->silence = NEVER;
	if (step->use && !step->calm)
		step->silence = calm_silence(engine, step->customer, step->use, step->entry);
	engine->member_went = false;
	churn_before(step);
	step->repeats = !absorb_entry(engine, step->customer, step->entry, step->use);
	if (step->repeats)
		return;
	churn_after(step);
	if (step_is_calm(step)) {
		if (step->use->signals & engine->windowed)
			engine_set_day(engine, step->index, true);
		return;
	}
	lane_unsettle(step->customer);
	if (step->entry->kind == ENTRY_PROFILE) {
		step->cause = CAUSE_PROFILE;
		teams_note_owner(engine, step->customer);
	}
	look_begin(&step->look, engine, step->customer, step->entry, step->now);
	/* It is looked at then anyway: what comes later is worked out then. */
	if (*engine_wake(step->engine, step->index) > step->now)
		step->look.env.next = *engine_wake(step->engine, step->index);
	step->was_true = was_true;
	if (step->entry->backfill) {
		(void)step_is_quiet(step);
		step_end_whole(step);
		return;
	}
	step_look_event(step);
	if (!step->calm)
		lane_settle(engine, step->index, step->entry);
}

bool
step_customer(struct engine *engine, uint32_t index, const struct entry *entry,
	      enum step_kind kind, int64_t now, const struct order_sink *sink)
{
	struct step step;
	step_begin(&step, engine, index, entry, now, sink);
	switch (kind) {
	case STEP_ENTRY:
		engine_mark_dirty(engine, index);
		engine->counted = 0;
		if (entry->kind == ENTRY_TAG || entry->kind == ENTRY_TASK)
			step_act(&step);
		else
			step_event(&step);
		break;
	case STEP_TIME:
	case STEP_RULES:
		lane_unsettle(step.customer);
		if (engine->guard_moved)
			step.cause = CAUSE_FEED;
		if (kind == STEP_RULES) {
			step.cause = CAUSE_RULES_CHANGED;
			step.turned = true; /* points and levels may be others */
		}
		step_time(&step);
		if (step.changed)
			engine_mark_dirty(engine, index);
		break;
	}
	if (step.customer->flags & CUSTOMER_DAY)
		engine_set_day(engine, index, true);
	if (engine->scratch.total)
		arena_reset(&engine->scratch);
	step_show(&step);
	return step.changed;
}

void
step_due(struct step *step, int64_t at)
{
	if (at > step->now)
		look_due(&step->look, at);
}

void
step_care_due(struct step *step, int64_t at)
{
	if (at > step->now)
		sooner(&step->look.env.next, at);
}

bool
step_remove_rules(struct engine *engine, uint32_t index, const bool *removed,
		  const struct ruleset *to, int64_t now, const struct order_sink *sink)
{
	struct step step;
	step_begin(&step, engine, index, NULL, now, sink);
	step.cause = CAUSE_RULE_REMOVED;
	look_begin(&step.look, engine, step.customer, NULL, now);
	struct state_walk walk = {0};
	const struct rule_state *state;
	struct item *item;
	while ((state = state_next(step.customer, &walk, &item))) {
		if (!removed[state->rule] || !life_fires(state))
			continue;
		struct life gone = {.state = *state,
				    .effects = LIFE_CHANGED | LIFE_CLEARED | LIFE_TURNED};
		gone.state.phase = PHASE_IDLE;
		gone.state.since_at = now;
		step.changed = step.turned = true;
		step_apply_life(&step, state->rule, item, &gone);
	}
	tags_forget(&step, to);
	if (step.changed) {
		if (!(step.customer->flags & CUSTOMER_RESTS))
			(void)risk_settle(&step);
		orders_emit(&step);
	}
	orders_forget_tasks(&step, to);
	if (step.changed) {
		engine_mark_dirty(engine, index);
		arena_reset(&engine->scratch);
	}
	return step.changed;
}
