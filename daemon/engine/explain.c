/* SPDX-License-Identifier: Apache-2.0 */
/* Explain: the same evaluation as a step's, with a recorder. */
#include <string.h>

#include "base/mem.h"
#include "engine/core.h"
#include "engine/functions.h"
#include "lang/builtin.h"

struct seen_node {
	const struct node *node;
	struct value value;
};

struct seen {
	struct seen_node *list; /* owned */
	size_t count, cap;
};

static void
see_node(void *ctx, const struct node *node, struct value value)
{
	struct seen *seen = ctx;
	MEM_RESERVE(seen->list, seen->cap, seen->count + 1);
	seen->list[seen->count++] = (struct seen_node){node, value};
}

static struct value
value_of(const struct seen *seen, const struct node *node)
{
	for (size_t i = seen->count; i > 0; i--)
		if (seen->list[i - 1].node == node)
			return seen->list[i - 1].value;
	return value_unknown(node->type);
}

static void
lay_out(const struct seen *seen, const struct node *node, unsigned depth,
	struct explained_node *out, unsigned *count)
{
	out[(*count)++] = (struct explained_node){
		.node = node, .value = value_of(seen, node), .depth = depth};
	for (unsigned i = 0; i < node->kid_count; i++)
		if (node->kids[i] &&
		    !(node->kind == NODE_CALL && builtin_is_condition(node->builtin, i)))
			lay_out(seen, node->kids[i], depth + 1, out, count);
}

static struct value
explain_expr(struct look *look, struct arena *arena, const struct expr *expr,
	     const struct explained_node **nodes, unsigned *count)
{
	struct seen seen = {0};
	*count = 0;
	*nodes = NULL;
	if (!expr)
		return value_unknown(TYPE_COUNT);
	look->env.record = see_node;
	look->env.record_ctx = &seen;
	struct value value = look_eval(look, expr);
	look->env.record = NULL;
	struct explained_node *list = arena_array(arena, expr->nodes + 1u, sizeof *list);
	lay_out(&seen, expr->root, 0, list, count);
	*nodes = list;
	mem_free(seen.list);
	return value;
}

static const char *
why_rests(const struct look *look, const struct rule *rule)
{
	uint64_t suspect = look->engine->guard.suspect;
	if (rule->mode == MODE_OFF)
		return "off";
	if (look->customer->flags & CUSTOMER_RESTS)
		return "only";
	if (look->env.now < look->customer->first_seen_at + rule->warmup)
		return "warming";
	if (rule_holds(rule, suspect))
		return "feed";
	return NULL;
}

static void
next_step(struct look *look, const struct rule *rule, int64_t *next)
{
	if (rule->kind != RULE_DATE)
		return;
	struct date_steps steps =
		dates_around(look->engine->rules, rule->dates,
			     look_eval(look, rule->dates->date), look->env.now);
	if (steps.next < *next)
		*next = steps.next;
}

/* When its own clocks are over: of `for`, of keep_firing_for, of the last event or step. */
static int64_t
own_end(const struct rule *rule, const struct rule_state *state)
{
	if (!state)
		return NEVER;
	if (state->phase == PHASE_PENDING)
		return state->flags & RULE_PAUSED
			       ? NEVER
			       : state->since_at + rule->hold - state->served;
	if (life_fires(state) && rule->kind != RULE_STATE)
		return state->until_at;
	return state->phase == PHASE_CLEARING ? state->since_at + rule->keep : NEVER;
}

static int
first_inhibitor(const struct look *look, const struct rule *rule)
{
	for (unsigned i = 0; i < rule->inhibitor_count; i++) {
		unsigned by = rule->inhibitors[i];
		if (look->engine->rules->rules[by].mode == MODE_LIVE &&
		    customer_fires(look->customer, by))
			return (int)by;
	}
	return -1;
}

static enum explained_why
why_it_fires(const struct rule *rule, const struct explained_rule *it)
{
	if (rule->mode == MODE_SHADOW)
		return WHY_SHADOW;
	if (it->inhibitor >= 0)
		return WHY_INHIBITED;
	if (it->state->flags & RULE_BLIND)
		return WHY_NO_EVIDENCE;
	return it->state->phase == PHASE_CLEARING ? WHY_CLEARING : WHY_COUNTS;
}

static enum explained_why
why_of(const struct rule *rule, const struct explained_rule *it)
{
	static const struct {
		const char *rests;
		enum explained_why why;
	} rests[] = {{"off", WHY_OFF},
		     {"only", WHY_ONLY},
		     {"warming", WHY_WARMING},
		     {"feed", WHY_FEED}};
	for (size_t i = 0; it->rests && i < sizeof rests / sizeof *rests; i++)
		if (strcmp(it->rests, rests[i].rests) == 0)
			return rests[i].why;
	if (life_fires(it->state))
		return why_it_fires(rule, it);
	if (it->state && it->state->phase == PHASE_PENDING)
		return WHY_PENDING;
	if (rule->kind != RULE_STATE)
		return rule->kind == RULE_EVENT ? WHY_EVENT : WHY_DATE;
	return !it->when.known ? WHY_UNKNOWN : it->when.u.b ? WHY_TRUE : WHY_FALSE;
}

const char *
explained_why_name(enum explained_why why)
{
	static const char *const names[] = {
		[WHY_COUNTS] = "counts",
		[WHY_INHIBITED] = "inhibited",
		[WHY_SHADOW] = "shadow",
		[WHY_CLEARING] = "clearing",
		[WHY_NO_EVIDENCE] = "no_evidence",
		[WHY_PENDING] = "pending",
		[WHY_OFF] = "off",
		[WHY_ONLY] = "only",
		[WHY_WARMING] = "warming",
		[WHY_FEED] = "feed",
		[WHY_EVENT] = "event",
		[WHY_DATE] = "date",
		[WHY_UNKNOWN] = "unknown",
		[WHY_FALSE] = "false",
		[WHY_TRUE] = "true",
	};
	return names[why];
}

/* A window changes at a day's close. */
static void
next_close(struct look *look, int64_t *next)
{
	int64_t close_at, at;
	if (!look->day)
		return;
	(void)clock_closed_day(&look->engine->clock, look->env.now, &close_at, &at);
	if (at < *next)
		*next = at;
}

static void
explain_rule(struct look *look, unsigned slot, struct item *item, struct arena *arena,
	     struct explained_rule *out)
{
	const struct rule *rule = &look->engine->rules->rules[slot];
	const struct rule_state *state = rule_state_of(look->customer, slot, item);
	*out = (struct explained_rule){.rule = slot, .state = state, .item = item};
	look_take_rule(look, (int)slot);
	look_take_item(look, item);
	look->env.next = NEVER;
	look->day = false;
	out->points = rule_counts(look, state) ? points_now(look, rule) : 0;
	out->when = explain_expr(look, arena, rule->when, &out->nodes, &out->node_count);
	out->clear = explain_expr(look, arena, rule->clear, &out->clear_nodes,
				  &out->clear_node_count);
	/* A date rule's expression is asked at its steps only. */
	out->next_at = rule->kind == RULE_DATE ? NEVER : look->env.next;
	if (rule->kind == RULE_STATE)
		next_close(look, &out->next_at);
	next_step(look, rule, &out->next_at);
	out->ends_at = own_end(rule, state);
	if (out->ends_at > look->env.now && out->ends_at < out->next_at)
		out->next_at = out->ends_at;
	out->rests = why_rests(look, rule);
	out->inhibitor = first_inhibitor(look, rule);
	out->why = why_of(rule, out);
	out->rests_until =
		out->why == WHY_WARMING ? look->customer->first_seen_at + rule->warmup : NEVER;
	if (out->rests_until < out->next_at)
		out->next_at = out->rests_until;
	out->announced = life_fires(state) && state->flags & RULE_ANNOUNCED;
	if (state && state->announced_at &&
	    state->announced_at + rule->cooldown > look->env.now)
		out->cooldown_until = state->announced_at + rule->cooldown;
	out->en = reasons_text(look, arena, &rule->reason, false, true);
	out->zh = reasons_text(look, arena, &rule->reason, true, true);
}

/* Reading changes nothing: the casts give the evaluator its own shape, not the right to write. */
static struct customer *
as_step_sees(const struct engine *engine, const struct customer *customer)
{
	return engine_at(engine,
			 engine_find_index(engine, customer_id(customer),
					   hash_bytes(customer_id(customer).p,
						      customer_id(customer).n, engine->seed)));
}

static bool
is_judged(const struct item *item, unsigned slot)
{
	const struct rule_state *state = item_rule(item, slot);
	return item_is_open(item) || (state && state->phase != PHASE_IDLE);
}

void
engine_explain(struct engine *engine, const struct customer *customer, int64_t now,
	       struct arena *arena, void (*take)(void *ctx, const struct explained_rule *rule),
	       void *ctx)
{
	struct look look;
	struct explained_rule rule;
	look_begin(&look, engine, as_step_sees(engine, customer), NULL, now);
	for (unsigned slot = 0; slot < engine->rules->rule_count; slot++) {
		unsigned each = engine->rules->rules[slot].each, count = 0;
		struct item *items = each ? items_of(look.customer, each - 1, &count) : NULL;
		for (unsigned i = 0; i < count; i++) {
			if (!is_judged(&items[i], slot))
				continue;
			explain_rule(&look, slot, &items[i], arena, &rule);
			take(ctx, &rule);
		}
		if (each)
			continue;
		explain_rule(&look, slot, NULL, arena, &rule);
		take(ctx, &rule);
	}
}

static void
explain_condition(struct look *look, const struct expr *expr, struct arena *arena,
		  struct explained_standing *out)
{
	look_take_rule(look, -1);
	look->env.next = NEVER;
	look->day = false;
	out->when = explain_expr(look, arena, expr, &out->nodes, &out->node_count);
	out->next_at = look->env.next;
	next_close(look, &out->next_at);
}

/* By rule: a tag set by hand is not what the condition decides. */
static bool
has_tag_by_rule(const struct customer *customer, struct str name)
{
	const struct cold *cold = customer->cold;
	for (unsigned i = 0; cold && i < cold->tag_count; i++)
		if (str_eq(cold->tags[i].name, name))
			return cold->tags[i].by & TAG_BY_RULE;
	return false;
}

void
engine_explain_standing(struct engine *engine, const struct customer *customer, int64_t now,
			struct arena *arena,
			void (*take)(void *ctx, const struct explained_standing *it), void *ctx)
{
	const struct ruleset *rules = engine->rules;
	struct look look;
	look_begin(&look, engine, as_step_sees(engine, customer), NULL, now);
	for (unsigned i = 0; i < rules->tag_count; i++) {
		const struct tag_rule *tag = &rules->tags[i];
		struct explained_standing it = {.slot = i};
		it.held = has_tag_by_rule(customer, tag->name);
		it.leaving = it.held && tag->leave;
		explain_condition(&look, it.leaving ? tag->leave : tag->when, arena, &it);
		take(ctx, &it);
	}
	for (unsigned i = 0; i < rules->stage_count; i++) {
		struct explained_standing it = {.is_stage = true, .slot = i};
		it.held = customer->stage == i + 1;
		explain_condition(&look, rules->stages[i].when, arena, &it);
		take(ctx, &it);
	}
}

unsigned
engine_reasons(struct engine *engine, const struct customer *customer, int64_t now,
	       struct arena *arena, const struct reason **out)
{
	struct look look;
	look_begin(&look, engine, as_step_sees(engine, customer), NULL, now);
	return reasons_collect(&look, arena, out);
}

struct value
engine_value(struct engine *engine, const struct customer *customer, int64_t now)
{
	struct look look;
	look_begin(&look, engine, as_step_sees(engine, customer), NULL, now);
	return look_eval(&look, engine->rules->value);
}

struct value
engine_ask(struct engine *engine, const struct customer *customer, const struct expr *expr,
	   int64_t now)
{
	struct look look;
	look_begin(&look, engine, as_step_sees(engine, customer), NULL, now);
	look.env.look = now;
	look.live_day = clock_day(&engine->clock, now);
	return look_eval_exact(&look, expr);
}

bool
engine_rhythm(struct engine *engine, const struct customer *customer, unsigned signal,
	      int64_t now, struct rhythm *rhythm, double *t)
{
	struct look look;
	struct silence silence;
	look_begin(&look, engine, as_step_sees(engine, customer), NULL, now);
	look.env.look = now;
	if (!look_silence(&look, signal, &silence))
		return false;
	*rhythm = silence.rhythm;
	*t = silence.t;
	return true;
}
