/* SPDX-License-Identifier: Apache-2.0 */
/* Two rule sets side by side: which warnings appear, which vanish, and whom they concern. */
#include <stdlib.h>
#include <string.h>

#include "app/backtest_room.h"
#include "base/mem.h"

#define LISTED 1000

/* A warning of one side, with what its line is called: lines of both sides by one number. */
struct entry_said {
	const struct backtest_said *said;
	uint16_t key;
};

struct changes {
	struct backtest *all;
	struct entry_said *sides[2]; /* owned, by customer, line and time */
	size_t counts[2];
	const struct backtest_said **only[2]; /* owned: said by that side alone */
	size_t only_counts[2];
	size_t same, moved;
};

static struct str
name_of(const struct backtest_side *side, unsigned line)
{
	const struct ruleset *rules = engine_rules(feed_engine(side->feed));

	return line < rules->rule_count ? rules->rules[line].name
					: rules->levels[line - rules->rule_count + 1].name;
}

/* The same line of the first side; those that are not there get numbers of their own. */
static uint16_t
key_of(const struct backtest *all, unsigned of, unsigned line)
{
	const struct backtest_side *first = &all->sides[0], *side = &all->sides[of];
	const struct ruleset *rules = engine_rules(feed_engine(first->feed));
	bool is_rule = line < side->lines.rule_count;

	if (of == 0)
		return (uint16_t)line;
	int slot = is_rule ? ruleset_rule(rules, name_of(side, line))
			   : ruleset_level(rules, name_of(side, line));

	if (slot < 0)
		return (uint16_t)(0x8000u + line);
	return (uint16_t)(is_rule ? (unsigned)slot
				  : move_line_of_level(&first->lines, (unsigned)slot));
}

static int
compare_said(const void *a, const void *b)
{
	const struct entry_said *x = a, *y = b;

	if (x->said->customer != y->said->customer)
		return x->said->customer < y->said->customer ? -1 : 1;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->said->at < y->said->at ? -1 : x->said->at > y->said->at;
}

static void
sort_side(struct changes *changes, unsigned of)
{
	const struct backtest_log *log = &changes->all->sides[of].said;

	changes->counts[of] = log->count;
	changes->sides[of] = mem_array(log->count + 1, sizeof *changes->sides[of]);
	changes->only[of] = mem_array(log->count + 1, sizeof *changes->only[of]);
	for (size_t i = 0; i < log->count; i++) {
		const struct backtest_said *said = backtest_log_at(log, i);

		changes->sides[of][i] =
			(struct entry_said){said, key_of(changes->all, of, said->line)};
	}
	qsort(changes->sides[of], log->count, sizeof *changes->sides[of], compare_said);
}

/* By silence it is the same warning when it is about the same silence, however much earlier or later; else when both
 * lie within a horizon. */
static int
compare_warnings(const struct backtest *all, const struct entry_said *a,
		 const struct entry_said *b)
{
	int64_t apart = a->said->at - b->said->at;
	int64_t near = all->judge.by_silence ? 0 : all->judge.horizon * DAY_MS;

	if (a->said->customer != b->said->customer || a->key != b->key)
		return compare_said(a, b);
	if (all->judge.by_silence && a->said->about != TRUTH_NONE &&
	    a->said->about == b->said->about)
		return 0;
	return apart < -near ? -1 : apart > near;
}

static void
compare_sides(struct changes *changes)
{
	size_t i = 0, j = 0;

	while (i < changes->counts[0] || j < changes->counts[1]) {
		const struct entry_said *a = &changes->sides[0][i], *b = &changes->sides[1][j];
		int order = i == changes->counts[0]   ? 1
			    : j == changes->counts[1] ? -1
						      : compare_warnings(changes->all, a, b);

		if (order == 0) {
			changes->same++;
			changes->moved += a->said->at != b->said->at;
		}
		if (order < 0)
			changes->only[0][changes->only_counts[0]++] = a->said;
		if (order > 0)
			changes->only[1][changes->only_counts[1]++] = b->said;
		i += order <= 0;
		j += order >= 0;
	}
}

/* ---- whom it concerns ---- */

struct concerned {
	const struct backtest_said *said;
	struct str id;
	double value; /* what is at stake; -1: unknown */
};

static int
compare_concerned(const void *a, const void *b)
{
	const struct concerned *x = a, *y = b;

	if (x->value != y->value)
		return x->value > y->value ? -1 : 1;
	if (x->said->at != y->said->at)
		return x->said->at < y->said->at ? -1 : 1;
	int order = str_cmp(x->id, y->id);

	return order ? order : (int)x->said->line - (int)y->said->line;
}

static double
value_of(struct engine *engine, uint32_t customer)
{
	struct value value = engine_value(engine, engine_customer_at(engine, customer),
					  engine_clock(engine));

	if (!value.known)
		return -1;
	return value.type == TYPE_INT ? (double)value.u.i : value.u.n;
}

/* Of a hit. */
static double
lead_of(const struct judge *judge, const struct backtest_said *said)
{
	if (judge->by_silence)
		return (double)(said->about + judge->horizon - judge_day(judge, said->at));
	return (double)(said->about - said->at) / (double)DAY_MS;
}

static json_t *
put_said(const struct backtest_side *side, const struct concerned *concerned)
{
	const struct backtest_said *said = concerned->said;
	char at[INSTANT_TEXT];
	json_t *row = json_object();
	bool hit = said->verdict == VERDICT_HIT;

	print_instant(said->at, at);
	json_object_set_new(row, "customer", backtest_text_json(concerned->id));
	json_object_set_new(row, "at", json_string(at));
	json_object_set_new(
		row, "of", json_string(said->line < side->lines.rule_count ? "rule" : "level"));
	json_object_set_new(row, "name", backtest_text_json(name_of(side, said->line)));
	json_object_set_new(row, "verdict",
			    said->verdict < 0
				    ? json_null()
				    : json_string(truth_name((enum verdict)said->verdict)));
	json_object_set_new(row, "lead_days",
			    hit ? backtest_number_json(lead_of(&side->all->judge, said))
				: json_null());
	json_object_set_new(row, "value",
			    concerned->value < 0 ? json_null()
						 : backtest_number_json(concerned->value));
	return row;
}

static json_t *
list_only(struct changes *changes, unsigned of)
{
	const struct backtest_side *side = &changes->all->sides[of];
	struct engine *first = feed_engine(changes->all->sides[0].feed);
	size_t count = changes->only_counts[of];
	struct concerned *list = mem_array(count + 1, sizeof *list);
	json_t *out = json_array();

	for (size_t i = 0; i < count; i++) {
		const struct backtest_said *said = changes->only[of][i];

		list[i] = (struct concerned){
			said, customer_id(engine_customer_at(first, said->customer)),
			value_of(first, said->customer)};
	}
	qsort(list, count, sizeof *list, compare_concerned);
	for (size_t i = 0; i < count && i < LISTED; i++)
		json_array_append_new(out, put_said(side, &list[i]));
	mem_free(list);
	return out;
}

/* Of all of them, however many are listed. */
static json_t *
count_only(const struct changes *changes, unsigned of)
{
	size_t counts[VERDICTS + 1] = {0};
	json_t *out = json_object();

	for (size_t i = 0; i < changes->only_counts[of]; i++) {
		int8_t verdict = changes->only[of][i]->verdict;

		counts[verdict < 0 ? VERDICTS : (uint8_t)verdict]++;
	}
	for (unsigned i = 0; i <= VERDICTS; i++)
		json_object_set_new(out, i < VERDICTS ? truth_name((enum verdict)i) : "none",
				    json_integer((json_int_t)counts[i]));
	return out;
}

json_t *
backtest_against(struct backtest *all)
{
	struct changes changes = {.all = all};
	json_t *out = json_object();

	for (unsigned of = 0; of < 2; of++)
		sort_side(&changes, of);
	compare_sides(&changes);
	json_object_set_new(out, "appear", list_only(&changes, 0));
	json_object_set_new(out, "vanish", list_only(&changes, 1));
	json_object_set_new(out, "appear_count",
			    json_integer((json_int_t)changes.only_counts[0]));
	json_object_set_new(out, "vanish_count",
			    json_integer((json_int_t)changes.only_counts[1]));
	json_object_set_new(out, "appear_verdicts", count_only(&changes, 0));
	json_object_set_new(out, "vanish_verdicts", count_only(&changes, 1));
	json_object_set_new(out, "same", json_integer((json_int_t)changes.same));
	json_object_set_new(out, "moved", json_integer((json_int_t)changes.moved));
	for (unsigned of = 0; of < 2; of++) {
		mem_free(changes.sides[of]);
		mem_free(changes.only[of]);
	}
	return out;
}
