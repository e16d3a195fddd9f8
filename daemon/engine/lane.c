/* SPDX-License-Identifier: Apache-2.0 */
/* The short way: events that can change nothing but sums are put in at once, without a step.
 *
 * It takes what step_event() would find calm (calm.c), of a customer who is there and between a day's close and the
 * midnight that ends the next day, while nothing is due. What it does to a customer is what the step does, byte for
 * byte; whatever is not plain goes the long way. */
#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "engine/core.h"
#include "lang/builtin.h"

/* ---- under a set of rules ---- */

static bool
signal_is_plain(const struct ruleset *rules, unsigned slot)
{
	const struct signal *signal = &rules->signals[slot];
	for (unsigned i = 0; i < rules->after_count; i++)
		if (rules->afters[i].a == slot || rules->afters[i].b == slot)
			return false;
	return !signal->where && signal->reach_hours == 0 &&
	       (signal->kind == SIGNAL_COUNT || str_is(signal->field, "value"));
}

/* Events cannot make it true while it is false without them. */
static void
note_choice(void *ctx, const struct node *node)
{
	*(bool *)ctx |= node->kind == NODE_COALESCE;
}

static bool
rule_may_settle(const struct rule *rule)
{
	bool chooses = false;
	if (rule->kind != RULE_STATE || rule->each)
		return false;
	expr_walk(rule->when->root, note_choice, &chooses);
	return !chooses;
}

static bool
same_rules(const uint16_t *a, unsigned a_count, const struct calm_use *calm)
{
	return a_count == calm->count && memcmp(a, calm->rules, a_count * sizeof *a) == 0;
}

/* The bit of its rules; 0: they are never settled. */
static uint8_t
group_of(struct lane *lane, const struct ruleset *rules, const struct calm_use *calm)
{
	unsigned g = 0;
	for (unsigned i = 0; i < calm->count; i++)
		if (!rule_may_settle(&rules->rules[calm->rules[i]]))
			return 0;
	while (g < lane->group_count &&
	       !same_rules(lane->groups[g], lane->group_sizes[g], calm))
		g++;
	if (g == LANE_GROUPS)
		return 0;
	if (g == lane->group_count) {
		lane->groups[g] = calm->rules;
		lane->group_sizes[g] = calm->count;
		lane->group_count++;
	}
	return (uint8_t)(1u << g);
}

static struct lane_use
use_make(struct engine *engine, unsigned u)
{
	const struct ruleset *rules = engine->rules;
	const struct type_use *use = &rules->uses[u];
	const struct calm_use *calm = &engine->calm.uses[u];
	struct lane_use lane = {.signals = use->signals,
				.open = !calm->watching && !use->looks_only &&
					!(use->opens | use->closes)};
	for (uint64_t left = use->signals; left; left &= left - 1) {
		unsigned slot = (unsigned)__builtin_ctzll(left);
		lane.open &= signal_is_plain(rules, slot);
		if (rules->signals[slot].kind == SIGNAL_COUNT)
			lane.counts |= left & -left;
	}
	if (lane.open && calm->count) {
		lane.group = group_of(&engine->lane, rules, calm);
		lane.open = lane.group != 0;
	}
	return lane;
}

void
lane_make(struct engine *engine)
{
	const struct ruleset *rules = engine->rules;
	struct lane *lane = &engine->lane;
	lane_finish(lane);
	lane->open = !engine->has_coarse && !engine->has_points_expr &&
		     rules->only_reads != UINT64_MAX;
	lane->daily = engine->calm.daily | engine->silent;
	lane->from = lane->to = 0;
	lane->group_count = 0;
	lane_unsettle_all(engine);
	memset(lane->types, 0, sizeof lane->types);
	lane->uses = mem_array(rules->use_count + 1u, sizeof *lane->uses);
	for (unsigned u = 0; u < rules->use_count; u++)
		lane->uses[u] = use_make(engine, u);
	lane->uses[rules->use_count].open = true;
}

void
lane_finish(struct lane *lane)
{
	mem_free(lane->uses);
	lane->uses = NULL;
}

/* ---- types ---- */

static struct lane_type
type_make(const struct engine *engine, struct str type)
{
	static const struct lane_use closed = {.open = false};
	const struct ruleset *rules = engine->rules;
	struct lane_type made = {.use = ruleset_use(rules, type)};
	made.lane = &engine->lane.uses[made.use ? made.use - rules->uses : rules->use_count];
	if (churn_is_told(engine, type))
		made.lane = &closed;
	return made;
}

static const struct lane_type *
lane_type(struct engine *engine, struct str type)
{
	struct lane *lane = &engine->lane;
	if (type.n == 0 || type.n > sizeof(struct text_words)) {
		lane->longer = type_make(engine, type);
		return &lane->longer;
	}
	struct text_words words = text_words(type.p, type.n);
	uint64_t mixed = (words.head ^ words.tail * 31) * UINT64_C(0x9e3779b97f4a7c15);
	struct lane_type *known = &lane->types[mixed >> 58];
	if (known->n != type.n || known->words.head != words.head ||
	    known->words.tail != words.tail) {
		*known = type_make(engine, type);
		known->n = type.n;
		known->words = words;
	}
	return known;
}

/* ---- rules that are settled ---- */

/* A rule that reads today's events is asked at each of them, but most of the time something else decides: the customer
 * does not pay, or is too old. So it is asked once as if nobody knew of these events. When it is false even so, it is
 * settled: until somebody looks at the customer again, or the customer's wake, which is set to where time may change the
 * answer; and when a day's close may, until the day is over. Whoever raises wake_at has to unsettle it. */

void
lane_unsettle(struct customer *customer)
{
	customer->settled = 0;
}

/* The next number; when there are no more, nobody is settled and they begin anew. */
static uint16_t
next_number(struct engine *engine)
{
	struct lane *lane = &engine->lane;
	if (++lane->number < UNTIL_CLOSE)
		return lane->number;
	for (uint32_t i = 0; i < engine->customers; i++)
		lane_unsettle(engine_at(engine, i));
	lane->settled_from = 0;
	return lane->number = 0;
}

void
lane_unsettle_all(struct engine *engine)
{
	engine->lane.closed_from = engine->lane.settled_from = next_number(engine);
}

/* Not since() and silent(): what time makes of them is known, and an event that ends a silence of some length is none of
 * ours (calm.c); nor what people do, each event of whom is looked at. */
bool
node_is_blind(const struct node *node)
{
	const struct builtin *fn = node->builtin;
	if (fn->op == FN_SEEN || fn->op == FN_SINCE || fn->op == FN_SILENT ||
	    fn->flags & (FN_CLOSED_DAYS | FN_MEMBERS))
		return false;
	for (unsigned i = 0; i < node->kid_count; i++) {
		const struct node *kid = node->kids[i];
		if (kid && (kid->kind == NODE_SIGNAL ||
			    (kid->kind == NODE_RANGE && (kid->range.live || kid->range.hours))))
			return true;
	}
	return false;
}

static inline bool
is_settled(const struct lane *lane, const struct customer *customer, uint8_t group)
{
	return customer->settled & group && lane_knows(lane, customer);
}

static bool
rule_is_settled(struct look *look, unsigned slot)
{
	const struct rule_state *state = customer_rule(look->customer, slot);
	const struct rule *rule = &look->engine->rules->rules[slot];
	if (state && state->phase != PHASE_IDLE)
		return false;
	if (rule->mode == MODE_OFF)
		return true;
	look_take_rule(look, (int)slot);
	enum truth truth = look_truth(look, rule->when);
	return truth == TRUTH_NO || (truth == TRUTH_UNKNOWN && !look->blinded);
}

static void
note_settled(const struct lane *lane, struct customer *customer, uint8_t group,
	     bool until_close)
{
	if (!lane_knows(lane, customer))
		customer->settled = 0;
	until_close |= customer->settled && customer->settled_on & UNTIL_CLOSE;
	customer->settled |= group;
	customer->settled_on = (uint16_t)(lane->number | (until_close ? UNTIL_CLOSE : 0));
}

/* Asks the rules of an event that is not yet taken in; whether none of them can follow it. */
static bool
settle(struct engine *engine, uint32_t index, uint8_t group, const struct entry *entry)
{
	const struct lane *lane = &engine->lane;
	struct customer *customer = engine_at(engine, index);
	unsigned g = (unsigned)__builtin_ctz(group);
	struct look look;
	if (customer->flags & CUSTOMER_RESTS) {
		note_settled(lane, customer, group, false);
		return true;
	}
	look_begin(&look, engine, customer, entry, entry->id.ms);
	look.blind = true;
	look.env.next = *engine_wake(engine, index);
	for (unsigned i = 0; i < lane->group_sizes[g]; i++)
		if (!rule_is_settled(&look, lane->groups[g][i]))
			return false;
	note_settled(lane, customer, group, look.closes);
	if (look.day)
		engine_set_day(engine, index, true);
	engine_note_look(engine, index, &look, false);
	return true;
}

/* ---- the day ---- */

static bool
lane_opens(struct engine *engine, int64_t at)
{
	struct lane *lane = &engine->lane;
	int64_t close_at, next_close;
	int64_t day = clock_closed_day(&engine->clock, at, &close_at, &next_close) + 1;
	struct day_span span = clock_span_of(&engine->clock, day);
	if (lane->from != close_at)
		lane->closed_from = next_number(engine);
	lane->from = close_at;
	lane->to = next_close - engine->clock.lateness;
	lane->day_from = span.from;
	lane->day_to = span.to;
	lane->day = (uint32_t)day;
	return at < lane->to;
}

static inline bool
lane_is_open(struct engine *engine, int64_t at)
{
	const struct lane *lane = &engine->lane;
	return lane->open && ((at >= lane->from && at < lane->to) || lane_opens(engine, at));
}

uint64_t
engine_calm_events(const struct engine *engine)
{
	return engine->lane.taken;
}

/* ---- an event ---- */

static inline bool
entry_is_plain(const struct engine *engine, const struct entry *entry)
{
	const struct lane *lane = &engine->lane;
	const struct members_def *members = &engine->rules->members;
	return entry->kind == ENTRY_EVENT && !entry->backfill && entry->event_id.n == 0 &&
	       entry->ts >= lane->day_from && entry->ts < lane->day_to &&
	       !(members->given && (entry->user.n | entry->attribute_count));
}

/* The newest days of the signals that an event feeds, in their order. */
struct spots {
	struct track_spot at[RULESET_MAX_SIGNALS];
	bool begins; /* the event is the first of its day for some of them */
};

/* The silence before is too short to matter, and where the first event of a day does, it is not that. */
static inline bool
is_calm(const struct engine *engine, const struct customer *customer,
	const struct lane_use *use, int64_t now, struct spots *spots)
{
	const struct lane *lane = &engine->lane;
	struct track_spot *spot = spots->at;
	spots->begins = false;
	for (uint64_t left = use->signals; left; left &= left - 1, spot++) {
		unsigned signal = (unsigned)__builtin_ctzll(left);
		if (!track_find(&customer->tracks, signal, spot) ||
		    now - spot->newest.last_at >= engine->calm.least[signal])
			return false;
		if (spot->newest.cell == lane->day)
			continue;
		if (spot->newest.cell > lane->day || lane->daily >> signal & 1)
			return false;
		spots->begins = true;
	}
	return true;
}

/* Mostly one more of what came today already, and done on the spot. */
static inline uint64_t
count_in(struct engine *engine, struct customer *customer, const struct lane_use *use,
	 const struct entry *entry, const struct spots *spots)
{
	const struct track_spot *spot = spots->at;
	bool stand = true;
	uint64_t counted = 0;
	for (uint64_t left = use->signals; left; left &= left - 1, spot++) {
		uint64_t bit = left & -left;
		if (stand && use->counts & bit && spot->newest.cell == engine->lane.day &&
		    track_add_one(spot, entry->ts)) {
			counted |= bit;
			continue;
		}
		stand = false;
		if (absorb_signal(engine, customer, (unsigned)__builtin_ctzll(left), entry))
			counted |= bit;
	}
	return counted;
}

void
lane_settle(struct engine *engine, uint32_t index, const struct entry *entry)
{
	if (engine->loaded || !lane_is_open(engine, entry->id.ms) ||
	    !entry_is_plain(engine, entry))
		return;
	const struct customer *customer = engine_at(engine, index);
	const struct lane_use *use = lane_type(engine, entry->type)->lane;
	if (use->open && use->group && !(customer->flags & (CUSTOMER_QUIET | CUSTOMER_MOVED)))
		(void)settle(engine, index, use->group, entry);
}

bool
lane_take(struct engine *engine, const struct entry *entry, uint32_t guess)
{
	struct lane *lane = &engine->lane;
	int64_t now = entry->id.ms;
	struct spots spots;
	if (guess == UINT32_MAX || now >= engine->idle_to || engine->loaded ||
	    !lane_is_open(engine, now) || !entry_is_plain(engine, entry))
		return false;
	const struct lane_type *type = lane_type(engine, entry->type);
	const struct lane_use *use = type->lane;
	struct customer *customer = engine_at(engine, guess);
	if (!use->open || !str_eq(customer_id(customer), entry->customer) ||
	    customer->flags & (CUSTOMER_QUIET | CUSTOMER_MOVED) ||
	    !is_calm(engine, customer, use, now, &spots) ||
	    customer->first_seen_at > entry->ts ||
	    (use->group && !is_settled(lane, customer, use->group) &&
	     !settle(engine, guess, use->group, entry)))
		return false;
	assert(stream_id_cmp(entry->id, engine->position) > 0);
	engine_mark_dirty(engine, guess);
	engine->applying = entry->id;
	engine->now = now > engine->now ? now : engine->now;
	guard_count(engine, type->use, entry);
	customer->event_at = now;
	uint64_t counted = count_in(engine, customer, use, entry, &spots);
	if (use->signals & engine->windowed &&
	    (spots.begins || !(customer->flags & CUSTOMER_DAY)))
		engine_set_day(engine, guess, true);
	if (engine->watch.applied)
		engine->watch.applied(engine->watch.ctx, guess, entry, counted);
	engine->position = entry->id;
	lane->taken++;
	return true;
}
