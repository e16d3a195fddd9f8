/* SPDX-License-Identifier: Apache-2.0 */
/* What is expected of a backtest: read before it runs, answered from its document. */
#include <string.h>

#include "app/backtest_room.h"
#include "base/mem.h"
#include "lang/expr.h"

#define NAMES_MAX (RULESET_MAX_RULES + RULESET_MAX_LEVELS + RULESET_MAX_ASKS + 2)

/* ---- names ---- */

static unsigned
ranking_names(const struct backtest_side *side, struct str *out)
{
	const struct ruleset *rules = engine_rules(feed_engine(side->feed));
	unsigned count = 0;

	out[count++] = STR("risk");
	for (unsigned i = 0; i < rules->ask_count; i++)
		if (side->ask_of[rules->asks[i].of] == ASK_RANK)
			out[count++] = rules->asks[i].name;
	return count;
}

static unsigned
line_names(const struct backtest_side *side, struct str *out)
{
	const struct ruleset *rules = engine_rules(feed_engine(side->feed));
	unsigned count = 0;

	out[count++] = STR("any");
	for (unsigned i = 0; i < rules->rule_count; i++)
		if (backtest_shows(side, i))
			out[count++] = rules->rules[i].name;
	for (unsigned i = 1; i < rules->level_count; i++)
		out[count++] = rules->levels[i].name;
	return count;
}

static bool
check_name(const struct backtest *all, const struct expectation *expectation, const char *text)
{
	struct str *names = mem_array(NAMES_MAX, sizeof *names);
	bool ranks = expectation->figure == ASKED_AUC;
	unsigned count = ranks ? ranking_names(&all->sides[0], names)
			       : line_names(&all->sides[0], names);
	bool found = false;

	for (unsigned i = 0; i < count; i++)
		found |= str_eq(names[i], expectation->name);
	struct str near = found ? STR_NONE : str_nearest(expectation->name, names, count);

	if (!found && near.n)
		(void)ctl_fail(STATUS_USAGE,
			       "--expect \"%s\": there is no %s %.*s; did you mean %.*s?", text,
			       ranks ? "ranking" : "rule or level", STR_ARG(expectation->name),
			       STR_ARG(near));
	else if (!found)
		(void)ctl_fail(STATUS_USAGE, "--expect \"%s\": there is no %s %.*s", text,
			       ranks ? "ranking" : "rule or level", STR_ARG(expectation->name));
	mem_free(names);
	return found;
}

bool
backtest_read_expects(struct backtest *all)
{
	const struct option_list *texts = &all->options.expects;

	all->expects = mem_array(texts->count + 1u, sizeof *all->expects);
	for (unsigned i = 0; i < texts->count; i++) {
		struct err err;

		if (!expectation_parse(str_of(texts->items[i]), &all->expects[i], &err)) {
			(void)ctl_fail(STATUS_USAGE, "--expect: %s", err.text);
			return false;
		}
		if (!check_name(all, &all->expects[i], texts->items[i]))
			return false;
	}
	return true;
}

/* ---- answers ---- */

/* Where a figure stands in the document's row. */
static const struct {
	const char *key, *part; /* part: of an object there; NULL: none */
} places[FIGURES_ASKED] = {
	[ASKED_PRECISION] = {"precision", "value"},
	[ASKED_RECALL] = {"recall", "value"},
	[ASKED_F1] = {"f1", "value"},
	[ASKED_LEAD] = {"lead_days", "median"},
	[ASKED_ALERTS] = {"alerts", NULL},
	[ASKED_FALSE] = {"false", NULL},
	[ASKED_REWARNINGS] = {"rewarnings", NULL},
	[ASKED_FLAPS] = {"flaps", NULL},
	[ASKED_RATE] = {"alerts_per_1000_per_week", NULL},
	[ASKED_AUC] = {"auc", NULL},
};

static bool
is_row(const json_t *row, struct str name)
{
	const char *period = json_string_value(json_object_get(row, "period"));
	const char *of = json_string_value(json_object_get(row, "of"));
	const char *own = json_string_value(json_object_get(row, "name"));
	const json_t *split = json_object_get(row, "split");

	if (!period || strcmp(period, "judge") != 0 || (split && !json_is_null(split)))
		return false;
	if (of && strcmp(of, "any") == 0)
		return str_is(name, "any");
	return own && str_is(name, own);
}

static double
figure_of(const json_t *side, const struct expectation *expectation)
{
	bool ranks = expectation->figure == ASKED_AUC;
	const json_t *rows = json_object_get(side, ranks ? "ranking" : "lines"), *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		const json_t *value = json_object_get(row, places[expectation->figure].key);

		if (!is_row(row, expectation->name))
			continue;
		if (places[expectation->figure].part)
			value = json_object_get(value, places[expectation->figure].part);
		return json_is_number(value) ? json_number_value(value) : (double)NAN;
	}
	return (double)NAN;
}

json_t *
backtest_expect(const struct backtest *all, const json_t *doc, bool *holds)
{
	const json_t *side = json_array_get(json_object_get(doc, "sides"), 0);
	json_t *out = json_array();

	*holds = true;
	for (unsigned i = 0; i < all->options.expects.count; i++) {
		double value = figure_of(side, &all->expects[i]);
		bool good = expectation_holds(&all->expects[i], value);
		json_t *row = json_object();

		*holds &= good;
		json_object_set_new(row, "text", json_string(all->options.expects.items[i]));
		json_object_set_new(row, "value", backtest_number_json(value));
		json_object_set_new(row, "holds", json_boolean(good));
		json_array_append_new(out, row);
	}
	return out;
}
