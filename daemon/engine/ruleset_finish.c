/* SPDX-License-Identifier: Apache-2.0 */
/* What a rule set says only between the lines: reaches, keys, and which event is read by which rule. */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "engine/ruleset.h"
#include "lang/builtin.h"

uint32_t
ruleset_key(struct str text)
{
	uint8_t sha[SHA256_BYTES];

	hash_sha256(text, sha);
	return (uint32_t)sha[0] << 24 | (uint32_t)sha[1] << 16 | (uint32_t)sha[2] << 8 | sha[3];
}

/* FNV-1a of "type:name", folded: stable for good. */
uint32_t
ruleset_attribute_key(const struct attribute *attribute)
{
	const char *type = type_name(attribute->type, false);
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *type; type++)
		hash = (hash ^ (uint8_t)*type) * UINT64_C(0x100000001b3);
	hash = (hash ^ ':') * UINT64_C(0x100000001b3);
	for (size_t i = 0; i < attribute->name.n; i++)
		hash = (hash ^ (uint8_t)attribute->name.p[i]) * UINT64_C(0x100000001b3);
	return (uint32_t)(hash ^ hash >> 32);
}

/* What an expression reads, gathered over its tree. */
struct reading {
	struct ruleset *rules;
	uint64_t all;	  /* signals it reads in any way */
	uint64_t at_once; /* signals whose events may change it at once */
	uint32_t items;	  /* lists of items */
	int64_t reach;	  /* ms */
	bool coarse, standing, stage, risk, follows, time, owner;
	bool calls; /* functions of the customer */
};

static void
raise_to(unsigned *reach, int64_t need)
{
	assert(need <= RULESET_MAX_REACH_DAYS + 1);
	if (need > (int64_t)*reach)
		*reach = (unsigned)need;
}

/* A range of closed days does not change by today's events; a late one is the engine's business. */
static void
read_range(struct reading *reading, const struct range *range)
{
	struct signal *signal = &reading->rules->signals[range->signal];
	int64_t unit = range->hours ? HOUR_MS : DAY_MS;
	int64_t reach = range->length * unit + range->offset * DAY_MS;

	if (range->hours)
		raise_to(&signal->reach_hours, range->length);
	else
		raise_to(&signal->reach_days, (int64_t)range->length + range->offset);
	if (range->live || range->hours)
		reading->at_once |= UINT64_C(1) << range->signal;
	if (reach > reading->reach)
		reading->reach = reach;
	reading->time = true;
}

static unsigned
signal_of(const struct node *node)
{
	assert(node);
	return node->value.u.signal;
}

/* What after(a, b) keeps per customer is found by both signals' keys. */
static void
read_after(struct ruleset *rules, unsigned a, unsigned b)
{
	struct after_pair *old = rules->afters;
	char text[32];

	for (unsigned i = 0; i < rules->after_count; i++)
		if (old[i].a == a && old[i].b == b)
			return;
	rules->afters = arena_array(&rules->arena, rules->after_count + 1, sizeof *old);
	for (unsigned i = 0; i < rules->after_count; i++)
		rules->afters[i] = old[i];
	snprintf(text, sizeof text, "%08x %08x", (unsigned)rules->signals[a].key,
		 (unsigned)rules->signals[b].key);
	rules->afters[rules->after_count++] =
		(struct after_pair){a, b, ruleset_key(str_of(text))};
}

/* last(s, 30d) asks for the newest value of that day or before: one day more than it names. */
static void
read_gauge(struct reading *reading, const struct node *node)
{
	struct signal *signal = &reading->rules->signals[signal_of(node->kids[0])];
	int64_t span = node->kid_count > 1 && node->kids[1] ? node->kids[1]->value.u.i : 0;

	if (span == 0)
		return;
	raise_to(&signal->reach_days, span / DAY_MS + 1);
	if (span > reading->reach)
		reading->reach = span;
}

/* A function of a signal that looks back so many days, today or the last closed one included. */
static void
read_days(struct reading *reading, const struct node *node, int days)
{
	raise_to(&reading->rules->signals[signal_of(node->kids[0])].reach_days, days);
	if (days * DAY_MS > reading->reach)
		reading->reach = days * DAY_MS;
}

/* The days of a signal that a function reads, other than by a range. */
static void
read_back(struct reading *reading, const struct node *node)
{
	if (node->builtin->flags & FN_ACTIVE_DAYS)
		read_days(reading, node, GAP_REACH_DAYS);
	else if (node->builtin->op == FN_CUSUM_DROP || node->builtin->op == FN_CUSUM_RISE)
		read_days(reading, node, CUSUM_REACH_DAYS);
	else if (node->builtin->op == FN_EWMA)
		read_days(reading, node, builtin_ewma_days(node->kids[1]->value.u.i));
	else if (node->builtin->op == FN_LAST)
		read_gauge(reading, node);
}

/* Its companion keeps the days that max() or min() reads. */
static void
read_extreme(struct reading *reading, const struct node *node)
{
	struct range range = node->kids[0]->range;
	const struct signal *signal = &reading->rules->signals[range.signal];
	unsigned slot = node->builtin->op == FN_MAX ? signal->largest : signal->smallest;

	assert(slot > 0);
	range.signal = slot - 1;
	read_range(reading, &range);
}

/* Counted for each person too. */
static void
read_members(struct ruleset *rules, const struct node *what)
{
	assert(what);
	unsigned slot = what->kind == NODE_RANGE ? what->range.signal : signal_of(what);
	struct signal *signal = &rules->signals[slot];
	char text[32];

	snprintf(text, sizeof text, "%08x %08x", (unsigned)signal->key,
		 (unsigned)rules->members.key);
	signal->member_key = ruleset_key(str_of(text));
	rules->members.signals |= UINT64_C(1) << slot;
}

static void
read_rise(struct reading *reading, int64_t span)
{
	reading->rules->reads_rise = true;
	reading->time = true;
	if (span > reading->reach)
		reading->reach = span;
}

static void
read_call(struct reading *reading, const struct node *node)
{
	read_back(reading, node);
	reading->calls |= node->builtin->op < FN_FIRST_PURE;
	if (node->builtin->op == FN_MAX || node->builtin->op == FN_MIN)
		read_extreme(reading, node);
	for (unsigned i = 0; i < node->kid_count; i++)
		if (node->kids[i] && node->kids[i]->kind == NODE_SIGNAL &&
		    !(node->builtin->flags & FN_CLOSED_DAYS))
			reading->at_once |= UINT64_C(1) << signal_of(node->kids[i]);
	if (node->builtin->flags & FN_MEMBERS ||
	    (node->builtin->op == FN_SINCE && node->kids[1] != NULL))
		read_members(reading->rules, node->kids[0]);
	if (node->builtin->op == FN_AFTER)
		read_after(reading->rules, signal_of(node->kids[0]), signal_of(node->kids[1]));
	if (node->builtin->flags & FN_SCORES)
		reading->standing = true;
	if (node->builtin->op == FN_STAGE || node->builtin->op == FN_STAGE_AGE)
		reading->stage = true;
	if (node->builtin->flags & FN_FOLLOWS)
		reading->follows = true;
	if (node->builtin->op == FN_RISK || node->builtin->op == FN_RISK_RISE)
		reading->risk = true;
	if (node->builtin->op == FN_RISK_RISE)
		read_rise(reading, node->kids[0]->value.u.i);
	reading->rules->has_edges |= (node->builtin->flags & FN_EDGES) != 0;
	if (node->builtin->flags & (FN_GROWS | FN_STEPS | FN_WINDOW | FN_EDGES))
		reading->time = true;
}

static void
read_node(void *ctx, const struct node *node)
{
	struct reading *reading = ctx;

	if (node->kind == NODE_RANGE)
		reading->all |= UINT64_C(1) << node->range.signal;
	else if (node->kind == NODE_SIGNAL)
		reading->all |= UINT64_C(1) << signal_of(node);
	if (node->kind == NODE_RANGE)
		read_range(reading, &node->range);
	else if (node->kind == NODE_PATH && node->op == PATH_PROFILE)
		reading->owner |= node->slot == ATTR_OWNER;
	else if (node->kind == NODE_ITEMS)
		reading->items |= UINT32_C(1) << node->slot;
	else if (node->kind == NODE_CALL)
		read_call(reading, node);
	else if (node->kind == NODE_COMPARE && node->moves == MOVES_COARSE)
		reading->coarse = true;
}

static void
read_expr(struct reading *reading, const struct expr *expr)
{
	if (expr != NULL)
		expr_walk(expr->root, read_node, reading);
}

static void
read_text(struct reading *reading, const struct template_text *text)
{
	for (unsigned i = 0; i < text->count; i++)
		read_expr(reading, text->pieces[i].expr);
}

static void
read_pair(struct reading *reading, const struct text_pair *pair)
{
	read_text(reading, &pair->en);
	read_text(reading, &pair->zh);
}

/* Types in the order of their bytes. */
static void
put_types(struct buf *out, const struct str *types, unsigned count)
{
	struct str after = STR_NONE;

	for (unsigned n = 0; n < count; n++) {
		struct str next = STR_NONE;

		for (unsigned i = 0; i < count; i++) {
			struct str type = types[i];

			if (str_cmp(type, after) > 0 &&
			    (next.p == NULL || str_cmp(type, next) < 0))
				next = type;
		}
		if (next.p == NULL)
			break;
		buf_str(out, next);
		buf_char(out, '\n');
		after = next;
	}
	buf_char(out, '\n');
}

/* Kind, field, types, and `where` with its macros and lists put in. */
void
ruleset_signal_text(struct buf *out, const struct signal *signal)
{
	static const char *const kinds[] = {"count", "sum", "last", "max", "min"};

	buf_printf(out, "%s\n%.*s\n", kinds[signal->kind], STR_ARG(signal->field));
	put_types(out, signal->types, signal->type_count);
	if (signal->where != NULL)
		expr_unparse(out, signal->where->root);
}

static void
finish_signal(struct ruleset *rules, struct signal *signal)
{
	struct reading reading = {.rules = rules};
	struct buf text = {0};

	ruleset_signal_text(&text, signal);
	signal->key = ruleset_key(buf_view(&text));
	buf_finish(&text);
	read_expr(&reading, signal->where);
}

/* What is kept of an item is found by its name, so that it can be edited. */
static void
finish_items(struct item_def *def)
{
	struct buf text = {0};

	put_types(&text, def->open_types, def->open_count);
	put_types(&text, def->close_types, def->close_count);
	buf_str(&text, def->field);
	def->key = ruleset_key(buf_view(&text));
	buf_finish(&text);
	for (unsigned i = 0; i < def->kept_count; i++)
		def->kept_keys[i] = ruleset_key(def->kept[i]);
}

/* A date rule is asked when a step is due, and only then: its expression follows nothing. */
static void
finish_dates(struct ruleset *rules, struct rule *rule, const struct reading *reading)
{
	if (rule->kind != RULE_DATE)
		return;
	rule->by_profile = !rule->each && !reading->calls && !reading->owner;
	rule->reads = 0;
	rule->reads_coarse = rule->points_expr != NULL;
	rule->reads_standing = rule->follows = rule->reads_owner = false;
	dates_lay_out(rules, rule->dates);
}

/* Judged for other things, it is another rule. */
static uint32_t
rule_key(const struct ruleset *rules, const struct rule *rule)
{
	struct buf text = {0};
	uint32_t key;

	buf_str(&text, rule->name);
	if (rule->each)
		buf_printf(&text, "\neach %08x", (unsigned)rules->items[rule->each - 1].key);
	key = ruleset_key(buf_view(&text));
	buf_finish(&text);
	return key;
}

static void
finish_rule(struct ruleset *rules, struct rule *rule)
{
	struct reading reading = {.rules = rules, .reach = DAY_MS}, texts = {.rules = rules};

	assert(rule->when != NULL);
	read_expr(&reading, rule->when);
	read_expr(&reading, rule->clear);
	read_expr(&reading, rule->points_expr);
	rule->key = rule_key(rules, rule);
	rule->reach = reading.reach;
	rule->reads = reading.at_once;
	rule->fed_by = reading.all;
	/* Points written as a formula may follow time without any comparison. */
	rule->reads_coarse = reading.coarse || rule->points_expr != NULL;
	rule->reads_standing = reading.standing;
	rule->reads_risk = reading.risk;
	rule->follows = reading.follows;
	rule->reads_owner = reading.owner;
	rules->has_floors |= rule->floor > 0;
	rule->reads_items = reading.items | (rule->each ? UINT32_C(1) << (rule->each - 1) : 0);
	finish_dates(rules, rule, &reading);
	read_pair(&texts, &rule->reason);
	read_pair(&texts, &rule->advice);
}

static void
finish_watching(struct ruleset *rules)
{
	struct reading reading = {.rules = rules};

	for (unsigned i = 0; i < rules->tag_count; i++) {
		read_expr(&reading, rules->tags[i].when);
		read_expr(&reading, rules->tags[i].leave);
	}
	for (unsigned i = 0; i < rules->stage_count; i++)
		read_expr(&reading, rules->stages[i].when);
	rules->watching.reads_stage = reading.stage;
	rules->watching.fed_by = reading.all;
	for (unsigned i = 0; i < rules->task_count; i++) {
		reading.all = 0;
		read_expr(&reading, rules->tasks[i].close_when);
		read_expr(&reading, rules->tasks[i].exit);
		rules->tasks[i].fed_by = reading.all;
	}
	rules->watching.owner = reading.owner;
	rules->watching.reads = reading.at_once;
	rules->watching.reads_items = reading.items;
	rules->watching.coarse = reading.coarse;
	rules->watching.follows = reading.follows || reading.standing;
}

static void
read_assignment(struct ruleset *rules, const struct assignment *assignment)
{
	rules->balances |= assignment->kind == ASSIGN_LEAST_LOADED;
}

static void
read_task(struct reading *rest, struct task_def *def)
{
	struct ruleset *rules = rest->rules;

	def->key = ruleset_key(def->name);
	read_pair(rest, &def->title);
	read_assignment(rules, &def->assign);
	for (unsigned i = 0; i < def->route_count; i++) {
		read_expr(rest, def->routes[i].when);
		read_assignment(rules, &def->routes[i].assign);
	}
	for (unsigned i = 0; i < def->step_count; i++) {
		read_expr(rest, def->steps[i].when);
		read_expr(rest, def->steps[i].unless);
	}
	rules->balances |= def->escalation_count > 0;
	rules->closes_tasks |= def->close_when != NULL || def->exit != NULL;
}

/* What is read only when something is written or ordered still needs its days kept. */
static void
read_the_rest(struct ruleset *rules)
{
	struct reading only = {.rules = rules}, rest = {.rules = rules};

	for (unsigned i = 0; i < rules->action_count; i++) {
		read_expr(&rest, rules->actions[i].when);
		read_assignment(rules, &rules->actions[i].owner);
		rules->owner_count += rules->actions[i].owner.kind != ASSIGN_NOBODY;
	}
	for (unsigned i = 0; i < rules->task_count; i++)
		read_task(&rest, &rules->tasks[i]);
	for (unsigned i = 0; i < rules->ask_count; i++)
		read_expr(&rest, rules->asks[i].expr);
	read_expr(&rest, rules->value);
	read_expr(&only, rules->only);
	read_expr(&only, rules->churn.when);
	rules->only_reads_items = only.items;
	rules->only_reads = only.time || only.coarse || only.standing || only.follows
				    ? UINT64_MAX
				    : only.at_once;
}

static struct type_use *
use_of(struct ruleset *rules, struct str type)
{
	uint32_t index;

	if (!map_get(&rules->type_index, type, &index)) {
		index = rules->use_count++;
		rules->uses[index].type = type;
		map_put(&rules->type_index, type, index);
	}
	return &rules->uses[index];
}

static size_t
count_types(const struct ruleset *rules)
{
	size_t count = 0;

	for (unsigned i = 0; i < rules->signal_count; i++)
		count += rules->signals[i].type_count;
	for (unsigned i = 0; i < rules->rule_count; i++)
		count += rules->rules[i].type_count;
	for (unsigned i = 0; i < rules->item_count; i++)
		count += rules->items[i].open_count + rules->items[i].close_count;
	return count;
}

static bool
is_looked_at(const struct rule *rule, const struct type_use *use)
{
	if (rule->mode == MODE_OFF)
		return false;
	for (unsigned i = 0; i < rule->type_count; i++)
		if (str_eq(rule->types[i], use->type))
			return true;
	return (rule->reads & use->signals) != 0 || rule->reads_coarse ||
	       (rule->reads_items & (use->opens | use->closes)) != 0;
}

static void
finish_use(struct ruleset *rules, struct type_use *use)
{
	unsigned count = 0;

	for (unsigned i = 0; i < rules->rule_count; i++)
		count += is_looked_at(&rules->rules[i], use);
	use->rules = arena_array(&rules->arena, count, sizeof *use->rules);
	for (unsigned i = 0; i < rules->rule_count; i++)
		if (is_looked_at(&rules->rules[i], use))
			use->rules[use->rule_count++] = (uint16_t)i;
	use->looks_only = (rules->only_reads & use->signals) != 0 ||
			  (rules->only_reads_items & (use->opens | use->closes)) != 0;
	use->looks_watching = (rules->watching.reads & use->signals) != 0 ||
			      (rules->watching.reads_items & (use->opens | use->closes)) != 0;
}

static void
use_items(struct ruleset *rules, unsigned slot)
{
	const struct item_def *def = &rules->items[slot];

	for (unsigned i = 0; i < def->open_count; i++)
		use_of(rules, def->open_types[i])->opens |= UINT32_C(1) << slot;
	for (unsigned i = 0; i < def->close_count; i++)
		use_of(rules, def->close_types[i])->closes |= UINT32_C(1) << slot;
}

static void
finish_uses(struct ruleset *rules, struct hash_seed seed)
{
	map_init(&rules->type_index, seed);
	rules->uses = arena_array(&rules->arena, count_types(rules), sizeof *rules->uses);
	for (unsigned i = 0; i < rules->signal_count; i++)
		for (unsigned k = 0; k < rules->signals[i].type_count; k++)
			use_of(rules, rules->signals[i].types[k])->signals |= UINT64_C(1) << i;
	for (unsigned i = 0; i < rules->rule_count; i++)
		for (unsigned k = 0; k < rules->rules[i].type_count; k++)
			use_of(rules, rules->rules[i].types[k]);
	for (unsigned i = 0; i < rules->item_count; i++)
		use_items(rules, i);
	for (unsigned i = 0; i < rules->use_count; i++)
		finish_use(rules, &rules->uses[i]);
}

void
ruleset_finish(struct ruleset *rules, struct hash_seed seed)
{
	assert(rules->level_count >= 1 && rules->level_count <= RULESET_MAX_LEVELS);
	assert(rules->signal_count <= RULESET_MAX_SIGNALS);
	assert(rules->attribute_count <= RULESET_MAX_ATTRIBUTES);
	assert(rules->rule_count <= RULESET_MAX_RULES);
	for (unsigned i = 0; i < rules->signal_count; i++)
		finish_signal(rules, &rules->signals[i]);
	for (unsigned i = 0; i < rules->item_count; i++)
		finish_items(&rules->items[i]);
	for (unsigned i = 0; i < rules->attribute_count; i++)
		rules->attributes[i].key = ruleset_attribute_key(&rules->attributes[i]);
	rules->members.key = ruleset_key(rules->members.field);
	for (unsigned i = 0; i < rules->rule_count; i++)
		finish_rule(rules, &rules->rules[i]);
	finish_watching(rules);
	read_the_rest(rules);
	finish_uses(rules, seed);
}
