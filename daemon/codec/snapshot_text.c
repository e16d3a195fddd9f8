/* SPDX-License-Identifier: Apache-2.0 */
/* Writes customers as they stood at a moment. */
#include "codec/snapshot_text.h"

#include <string.h>

#include "base/number.h"
#include "codec/json_parts.h"

static const char *const columns[SNAPSHOT_COLUMNS] = {"at", "customer", "risk", "level",
						      "stage"};

static struct str
column_name(const struct ruleset *rules, unsigned i)
{
	return i < SNAPSHOT_COLUMNS ? str_of(columns[i])
				    : rules->asks[i - SNAPSHOT_COLUMNS].name;
}

bool
snapshot_names_differ(const struct ruleset *rules, struct str *name)
{
	for (unsigned i = 1; i < SNAPSHOT_COLUMNS + rules->ask_count; i++)
		for (unsigned j = 0; j < i; j++)
			if (str_eq(column_name(rules, i), column_name(rules, j))) {
				*name = column_name(rules, i);
				return false;
			}
	return true;
}

/* ---- values ---- */

#define DAY_PARTS 1000000 /* decimals of a duration */

static double
days_of(int64_t ms)
{
	return round((double)ms * DAY_PARTS / DAY_MS) / DAY_PARTS;
}

/* Numbers and booleans, which are the same in CSV and JSON; false: it is a text. */
static bool
add_bare(struct buf *out, struct value value)
{
	switch (value.type) {
	case TYPE_BOOL:
		buf_text(out, value.u.b ? "true" : "false");
		return true;
	case TYPE_INT:
		buf_int(out, value.u.i);
		return true;
	case TYPE_NUM:
	case TYPE_PROB:
		buf_number_exact(out, value.u.n + 0.0); /* -0 is 0 */
		return true;
	case TYPE_DURATION:
		buf_number_exact(out, days_of(value.u.i) + 0.0);
		return true;
	case TYPE_TIME:
	case TYPE_DATE:
	case TYPE_STRING:
	case TYPE_TEXT_ANY:
	case TYPE_ENUM:
	case TYPE_LIST:
	case TYPE_RANGE:
	case TYPE_SIGNAL:
	case TYPE_ITEMS:
	case TYPE_COUNT:
		break;
	}
	return false;
}

/* `room` holds what is written anew. */
static struct str
text_of(struct value value, char room[INSTANT_TEXT])
{
	if (value.type == TYPE_ENUM)
		return value.words->words[value.u.i];
	if (value.type != TYPE_TIME && value.type != TYPE_DATE)
		return value.u.s;
	if (value.type == TYPE_TIME)
		print_instant(value.u.i, room);
	else
		print_date(value.u.i, room);
	return str_of(room);
}

static struct value
stage_of(const struct ruleset *rules, const struct customer *customer)
{
	if (customer->stage == 0)
		return value_unknown(TYPE_ENUM);
	return value_enum(&rules->stage_words, customer->stage - 1u);
}

static struct value
column_value(const struct snapshot_row *row, unsigned i)
{
	const struct ruleset *rules = engine_rules(row->engine);
	const struct customer *customer = row->customer;

	switch (i) {
	case 0:
		return value_string(row->at);
	case 1:
		return value_string(customer_id(customer));
	case 2:
		return value_int(customer->risk);
	case 3:
		return value_string(parts_level(rules, customer->level));
	case 4:
		return stage_of(rules, customer);
	default:
		return engine_ask(row->engine, customer, rules->asks[i - SNAPSHOT_COLUMNS].expr,
				  row->now);
	}
}

/* ---- CSV ---- */

/* In quotes where it has to be: escaped = DQUOTE *(TEXTDATA / COMMA / CR / LF / 2DQUOTE) DQUOTE */
static void
add_field(struct buf *out, struct str text)
{
	bool quotes = text.n == 0;

	for (size_t i = 0; i < text.n && !quotes; i++)
		quotes = strchr(",\"\r\n", text.p[i]) != NULL;
	if (quotes)
		buf_char(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"')
			buf_char(out, '"');
		buf_char(out, text.p[i]);
	}
	if (quotes)
		buf_char(out, '"');
}

void
snapshot_head(struct buf *out, const struct ruleset *rules)
{
	for (unsigned i = 0; i < SNAPSHOT_COLUMNS + rules->ask_count; i++) {
		if (i > 0)
			buf_char(out, ',');
		add_field(out, column_name(rules, i));
	}
	buf_char(out, '\n');
}

void
snapshot_csv(struct buf *out, const struct snapshot_row *row)
{
	unsigned count = SNAPSHOT_COLUMNS + engine_rules(row->engine)->ask_count;
	char room[INSTANT_TEXT];

	for (unsigned i = 0; i < count; i++) {
		struct value value = column_value(row, i);

		if (i > 0)
			buf_char(out, ',');
		if (value.known && !add_bare(out, value))
			add_field(out, text_of(value, room));
	}
	buf_char(out, '\n');
}

/* ---- NDJSON ---- */

static void
add_json(struct json *json, struct value value)
{
	struct buf bare = {0};
	char room[INSTANT_TEXT];

	if (!value.known)
		json_none(json);
	else if (add_bare(&bare, value))
		json_raw(json, buf_view(&bare));
	else
		json_str(json, text_of(value, room));
	buf_finish(&bare);
}

void
snapshot_json(struct buf *out, const struct snapshot_row *row)
{
	const struct ruleset *rules = engine_rules(row->engine);
	struct json json;

	json_init(&json, out);
	json_open(&json, '{');
	for (unsigned i = 0; i < SNAPSHOT_COLUMNS + rules->ask_count; i++) {
		json_key_str(&json, column_name(rules, i));
		add_json(&json, column_value(row, i));
	}
	json_close(&json, '}');
	buf_char(out, '\n');
}
