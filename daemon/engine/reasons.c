/* SPDX-License-Identifier: Apache-2.0 */
/* Why a customer's risk is what it is: texts and evidence of the rules that give points. */
#include <string.h>

#include "engine/core.h"
#include "lang/builtin.h"

static void
print_attribute(struct look *look, unsigned slot, struct buf *out)
{
	const struct ruleset *rules = look->engine->rules;
	struct value value = customer_profile(look->customer, rules, slot);
	if (value.known && value.type == TYPE_STRING && !rules->attributes[slot].private_)
		buf_str(out, value.u.s);
	else if (slot == ATTR_NAME)
		buf_str(out, customer_id(look->customer));
}

static void
print_reasons(struct look *look, bool zh, struct buf *out)
{
	struct arena arena;
	const struct reason *reasons;
	arena_init(&arena);
	unsigned count = reasons_collect(look, &arena, &reasons);
	for (unsigned i = 0; i < count; i++) {
		if (i)
			buf_text(out, zh ? "；" : "; ");
		buf_str(out, zh ? reasons[i].zh : reasons[i].en);
	}
	arena_finish(&arena);
}

void
reasons_word(void *ctx, enum template_word which, struct buf *out)
{
	struct reason_words *words = ctx;
	struct look *look = words->look;
	const struct level *level = &look->engine->rules->levels[look->customer->level];
	switch (which) {
	case WORD_NAME:
		print_attribute(look, ATTR_NAME, out);
		return;
	case WORD_OWNER:
		print_attribute(look, ATTR_OWNER, out);
		return;
	case WORD_CUSTOMER:
		buf_str(out, customer_id(look->customer));
		return;
	case WORD_LEVEL:
		buf_str(out, words->zh ? level->shown_zh : level->shown_en);
		return;
	case WORD_RISK:
		buf_int(out, look->customer->risk);
		return;
	case WORD_REASONS:
		if (!words->in_reason)
			print_reasons(look, words->zh, out);
		return;
	case WORD_KEY:
		buf_str(out, look->key);
		return;
	case WORD_NONE:
		return;
	}
}

/* What was written there since it held `from` bytes; they are taken back. Texts hold other texts: each is written behind
 * the one that it will be part of. */
static struct str
keep_written(struct buf *out, size_t from, struct arena *arena)
{
	struct str kept = arena_str(arena, (struct str){out->p + from, out->n - from});
	out->n = from;
	return kept;
}

struct str
reasons_text(struct look *look, struct arena *arena, const struct text_pair *pair, bool zh,
	     bool in_reason)
{
	struct buf *out = &look->engine->text;
	size_t from = out->n;
	bool as_zh = zh ? pair->has_zh
			: !pair->has_en; /* the language that the text is written in */
	const struct template_text *text = as_zh ? &pair->zh : &pair->en;
	struct reason_words words = {.look = look, .zh = as_zh, .in_reason = in_reason};
	look->env.exact = true;
	(void)buf_space(out, 1);
	template_print(out, text, &look->env, look->engine->rules->zone, as_zh, reasons_word,
		       &words);
	look->env.exact = false;
	return keep_written(out, from, arena);
}

/* ---- evidence: the figures that `when` read ---- */

struct recorder {
	struct look *look;
	struct arena *arena;
	struct evidence *list;
	unsigned count;
};

static struct str
shown_value(struct recorder *recorder, struct value value, bool zh)
{
	struct buf *out = &recorder->look->engine->text;
	size_t from = out->n;
	(void)buf_space(out, 1);
	value_print(out, value, recorder->look->engine->rules->zone, zh);
	return keep_written(out, from, recorder->arena);
}

static void
record_figure(void *ctx, const struct node *node, struct value value)
{
	struct recorder *recorder = ctx;
	bool call = node->kind == NODE_CALL && node->builtin->op < FN_FIRST_PURE;
	bool field = node->kind == NODE_PATH && node->op != PATH_PROFILE;
	if ((!call && !field) || recorder->count == EVIDENCE_MAX)
		return;
	struct buf text = {0};
	expr_unparse(&text, node);
	struct str expr = buf_view(&text);
	for (unsigned i = 0; i < recorder->count; i++) {
		if (str_eq(recorder->list[i].expr, expr)) {
			buf_finish(&text);
			return;
		}
	}
	struct evidence *evidence = &recorder->list[recorder->count++];
	evidence->expr = arena_str(recorder->arena, expr);
	evidence->value = value;
	if (value.known && value.type == TYPE_STRING)
		evidence->value.u.s = arena_str(recorder->arena, value.u.s);
	evidence->en = shown_value(recorder, value, false);
	evidence->zh = shown_value(recorder, value, true);
	buf_finish(&text);
}

static void
collect_evidence(struct look *look, struct arena *arena, const struct rule *rule,
		 struct reason *reason)
{
	struct recorder recorder = {
		.look = look,
		.arena = arena,
		.list = arena_array(arena, EVIDENCE_MAX, sizeof(struct evidence)),
	};
	struct env before = look->env;
	look->env.record = record_figure;
	look->env.record_ctx = &recorder;
	(void)look_eval(look, rule->when);
	look->env = before;
	reason->evidence = recorder.list;
	reason->evidence_count = recorder.count;
}

static void
explain(struct look *look, struct arena *arena, const struct rule *rule, struct reason *reason)
{
	reason->en = reasons_text(look, arena, &rule->reason, false, true);
	reason->zh = reasons_text(look, arena, &rule->reason, true, true);
	reason->advice_en = reasons_text(look, arena, &rule->advice, false, true);
	reason->advice_zh = reasons_text(look, arena, &rule->advice, true, true);
	collect_evidence(look, arena, rule, reason);
}

/* Of a rule that has just cleared, what it gave. */
static bool
reason_counts(const struct look *look, unsigned slot)
{
	return look->engine->rules->rules[slot].mode == MODE_LIVE &&
	       !rule_is_inhibited(look, slot, RULESET_MAX_RULES);
}

void
reason_make(struct look *look, struct arena *arena, unsigned slot, struct item *item,
	    struct reason *reason)
{
	const struct rule *rule = &look->engine->rules->rules[slot];
	const struct rule_state *state = rule_state_of(look->customer, slot, item);
	int before = look->rule;
	struct item *each = look->each;
	look_take_rule(look, (int)slot);
	look_take_item(look, item);
	*reason = (struct reason){
		.rule = slot,
		.item = item,
		.points = reason_counts(look, slot) ? points_now(look, rule) : 0,
		.since_at = state ? state->fired_at : look->env.now,
	};
	if (!look->engine->brief)
		explain(look, arena, rule, reason);
	look_take_item(look, each);
	look_take_rule(look, before);
}

static unsigned
count_states(const struct customer *customer)
{
	struct state_walk walk = {0};
	struct item *item;
	unsigned count = 0;
	while (state_next(customer, &walk, &item))
		count++;
	return count;
}

/* In the order of the file, and of the keys. */
static void
sort_reasons(struct reason *list, unsigned count)
{
	for (unsigned i = 1; i < count; i++) {
		struct reason reason = list[i];
		unsigned j = i;
		for (; j > 0 && list[j - 1].rule > reason.rule; j--)
			list[j] = list[j - 1];
		list[j] = reason;
	}
}

unsigned
reasons_collect(struct look *look, struct arena *arena, const struct reason **out)
{
	const struct ruleset *rules = look->engine->rules;
	struct reason *list = arena_array(arena, count_states(look->customer), sizeof *list);
	struct state_walk walk = {0};
	const struct rule_state *state;
	struct item *item;
	unsigned count = 0;
	while ((state = state_next(look->customer, &walk, &item))) {
		if (!rule_counts(look, state) ||
		    points_of(look, &rules->rules[state->rule], item) == 0)
			continue;
		reason_make(look, arena, state->rule, item, &list[count++]);
	}
	sort_reasons(list, count);
	*out = list;
	return count;
}
