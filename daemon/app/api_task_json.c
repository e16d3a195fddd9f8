/* SPDX-License-Identifier: Apache-2.0 */
/* A task's hash, as it lies in Redis, to JSON. */
#include "app/api_room.h"
#include "base/number.h"

enum task_value { TASK_TEXT, TASK_INSTANT, TASK_NUMBER, TASK_LIST };

/* What is no text in the contract's list of fields. */
static const struct {
	const char *name;
	enum task_value kind;
} kinds[] = {
	{"created_at", TASK_INSTANT}, {"changed_at", TASK_INSTANT},
	{"ack_by", TASK_INSTANT},     {"acked_at", TASK_INSTANT},
	{"resolve_by", TASK_INSTANT}, {"snoozed_until", TASK_INSTANT},
	{"closed_at", TASK_INSTANT},  {"value", TASK_NUMBER},
	{"step", TASK_NUMBER},	      {"rules", TASK_LIST},
};

static enum task_value
kind_of(struct str name)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (str_is(name, kinds[i].name))
			return kinds[i].kind;
	}
	return TASK_TEXT;
}

static void
list_json(struct json *json, struct str text)
{
	json_open(json, '[');
	for (size_t from = 0; from < text.n;) {
		size_t to = from;

		while (to < text.n && text.p[to] != ',')
			to++;
		json_str(json, str_slice(text, from, to));
		from = to + 1;
	}
	json_close(json, ']');
}

static void
instant_json(struct json *json, struct str text)
{
	int64_t at;

	if (text.n > 0 && parse_int64(text, &at) && at > 0)
		json_instant(json, at);
	else
		json_none(json);
}

static void
number_json(struct json *json, struct str text)
{
	double number;

	if (text.n > 0 && parse_number(text, &number))
		json_number(json, number);
	else
		json_none(json);
}

bool
api_task_json(struct json *json, const struct reply *hash)
{
	if (hash->type != REPLY_ARRAY || hash->count < 2)
		return false;
	json_open(json, '{');
	for (uint32_t i = 0; i + 1 < hash->count; i += 2) {
		struct str value = hash[2 + i].text;

		json_key_str(json, hash[1 + i].text);
		switch (kind_of(hash[1 + i].text)) {
		case TASK_TEXT:
			json_str(json, value);
			break;
		case TASK_INSTANT:
			instant_json(json, value);
			break;
		case TASK_NUMBER:
			number_json(json, value);
			break;
		case TASK_LIST:
			list_json(json, value);
			break;
		}
	}
	json_close(json, '}');
	return true;
}
