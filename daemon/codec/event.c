/* SPDX-License-Identifier: Apache-2.0 */
/* The event table: which fields an entry may have, and what each must be. */
#include "codec/event.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/number.h"
#include "codec/event_fields.h"
#include "codec/event_table.h"

/* Adding a field is adding a role, a row to fields[], a case to event_role_of() and a function that takes its value; adding
 * a reserved type is adding a row to kinds[]. Every check is in a taker or in event_end(): nothing is trusted elsewhere. */

struct decoding {
	struct entry *out;
	struct err *err;
	struct arena *arena;
	struct field *attributes; /* of out; made with the first, for `left` of them */
	unsigned left;		  /* fields from the one at work to the last */
	unsigned seen;		  /* bit k: fields[k] was given */
};

/* --- customer, type --- */

static bool
take_customer(struct decoding *decoding, struct str value)
{
	char shown[EVENT_SHOWN];

	decoding->out->customer = value;
	if (value.n > 0 && value.n <= EVENT_MAX_CUSTOMER && event_is_plain(value))
		return true;
	if (value.n == 0)
		return err_set(decoding->err, "customer is empty: 1 to %d bytes are needed",
			       EVENT_MAX_CUSTOMER);
	if (value.n > EVENT_MAX_CUSTOMER)
		return err_set(decoding->err,
			       "customer has %zu bytes, at most %d are allowed: %s", value.n,
			       EVENT_MAX_CUSTOMER, event_shown(shown, value));
	if (text_has_control(value))
		return err_set(decoding->err, "customer has a control character: %s",
			       event_shown(shown, value));
	if (!utf8_valid(value))
		return err_set(decoding->err, "customer is not UTF-8: %s",
			       event_shown(shown, value));
	return true;
}

static bool
take_type(struct decoding *decoding, struct str value)
{
	char shown[EVENT_SHOWN];

	if (value.n == 0)
		return err_set(decoding->err,
			       "type is empty: 1 to %d of a-z 0-9 _ . - are needed",
			       EVENT_MAX_TYPE);
	if (value.n > EVENT_MAX_TYPE)
		return err_set(decoding->err, "type has %zu bytes, at most %d are allowed: %s",
			       value.n, EVENT_MAX_TYPE, event_shown(shown, value));
	if (!event_is_type(value))
		return err_set(decoding->err, "type may hold a-z 0-9 _ . - only: %s",
			       event_shown(shown, value));
	decoding->out->type = value;
	return true;
}

/* --- ts --- */

static bool
refuse_early(struct err *err, int64_t ts, bool is_number, struct str value)
{
	char shown[EVENT_SHOWN];

	if (is_number && ts > 0)
		return err_set(err,
			       "ts %.*s is before 1972: it looks like seconds, and ts is in ms",
			       STR_ARG(value));
	return err_set(err, "ts %s is before 1972", event_shown(shown, value));
}

/* A gap of whole hours, but for the way to us, is an error of zones: 8 h in China. */
static bool
refuse_ahead(struct err *err, int64_t ts, int64_t arrival)
{
	int64_t gap = ts - arrival, hours = (gap + HOUR_MS / 2) / HOUR_MS;
	int64_t off = gap - hours * HOUR_MS;
	char instant[INSTANT_TEXT];
	struct buf gap_words = {0};

	print_instant(ts, instant);
	buf_duration_words(&gap_words, gap, false);
	if (off > EVENT_MAX_AHEAD || off < -EVENT_MAX_AHEAD || hours < 1 || hours > 14)
		err_set(err, "ts %s is %s after its arrival; more than 5 minutes are refused",
			instant, gap_words.p);
	else if (hours >= 7 && hours <= 9)
		err_set(err,
			"ts %s is %d h after its arrival (7 to 9 h ahead: local time sent as UTC?)",
			instant, (int)hours);
	else
		err_set(err,
			"ts %s is %d h after its arrival (whole hours ahead: local time sent as UTC?)",
			instant, (int)hours);
	buf_finish(&gap_words);
	return false;
}

static bool
take_ts(struct decoding *decoding, struct str value)
{
	int64_t ts, arrival = decoding->out->id.ms;
	bool is_number;

	if (!event_instant(value, &ts, &is_number, decoding->err))
		return err_prefix(decoding->err, "ts");
	if (ts < EVENT_MIN_TS)
		return refuse_early(decoding->err, ts, is_number, value);
	if (ts >= EVENT_FAR_TS)
		return err_set(decoding->err, "ts %.*s is past the year 9999: ts is in ms",
			       STR_ARG(value));
	if (event_is_ahead(ts, arrival))
		return refuse_ahead(decoding->err, ts, arrival > 0 ? arrival : 0);
	decoding->out->ts = ts;
	return true;
}

/* --- the others --- */

static bool
take_value(struct decoding *decoding, struct str value)
{
	char shown[EVENT_SHOWN];
	double number;

	if (!parse_number(value, &number) || !isfinite(number))
		return err_set(decoding->err, "value %s is not a finite number",
			       event_shown(shown, value));
	if (fabs(number) > EVENT_MAX_VALUE)
		return err_set(decoding->err, "value %s is larger than 1e12",
			       event_shown(shown, value));
	decoding->out->value = number;
	decoding->out->has_value = true;
	return true;
}

static bool
check_length(struct err *err, const char *name, struct str value)
{
	char shown[EVENT_SHOWN];

	if (value.n <= EVENT_MAX_TEXT)
		return true;
	return err_set(err, "%s has %zu bytes, at most %d are allowed: %s", name, value.n,
		       EVENT_MAX_TEXT, event_shown(shown, value));
}

/* Empty means not given, here and in the next two. */
static bool
take_user(struct decoding *decoding, struct str value)
{
	decoding->out->user = value.n > 0 ? value : STR_NONE;
	return check_length(decoding->err, "user", value);
}

static bool
take_source(struct decoding *decoding, struct str value)
{
	decoding->out->source = value.n > 0 ? value : STR_NONE;
	return check_length(decoding->err, "source", value);
}

static bool
take_id(struct decoding *decoding, struct str value)
{
	decoding->out->event_id = value.n > 0 ? value : STR_NONE;
	return check_length(decoding->err, "id", value);
}

static bool
take_backfill(struct decoding *decoding, struct str value)
{
	char shown[EVENT_SHOWN];

	if (value.n != 1 || (*value.p != '0' && *value.p != '1'))
		return err_set(decoding->err, "backfill is 0 or 1, not %s",
			       event_shown(shown, value));
	decoding->out->backfill = *value.p == '1';
	return true;
}

static bool
take_data(struct decoding *decoding, struct str value)
{
	(void)value;
	return err_set(decoding->err,
		       "data stands alone: an entry has it or other fields, not both");
}

static const struct known {
	struct str name;
	bool (*take)(struct decoding *decoding, struct str value);
} fields[] = {
	[ROLE_TS] = {{"ts", 2}, take_ts},
	[ROLE_ID] = {{"id", 2}, take_id},
	[ROLE_TYPE] = {{"type", 4}, take_type},
	[ROLE_USER] = {{"user", 4}, take_user},
	[ROLE_DATA] = {{"data", 4}, take_data},
	[ROLE_VALUE] = {{"value", 5}, take_value},
	[ROLE_SOURCE] = {{"source", 6}, take_source},
	[ROLE_CUSTOMER] = {{"customer", 8}, take_customer},
	[ROLE_BACKFILL] = {{"backfill", 8}, take_backfill},
};

/* memcmp() of a length known to the compiler is a comparison of words and no call. */
static inline bool
is(struct str key, enum event_role role, size_t n)
{
	return memcmp(key.p, fields[role].name.p, n) == 0;
}

enum event_role
event_role_of(struct str key)
{
	switch (key.n) {
	case 2:
		return is(key, ROLE_TS, 2)   ? ROLE_TS
		       : is(key, ROLE_ID, 2) ? ROLE_ID
					     : ROLE_ATTRIBUTE;
	case 4:
		return is(key, ROLE_TYPE, 4)   ? ROLE_TYPE
		       : is(key, ROLE_USER, 4) ? ROLE_USER
		       : is(key, ROLE_DATA, 4) ? ROLE_DATA
					       : ROLE_ATTRIBUTE;
	case 5:
		return is(key, ROLE_VALUE, 5) ? ROLE_VALUE : ROLE_ATTRIBUTE;
	case 6:
		return is(key, ROLE_SOURCE, 6) ? ROLE_SOURCE : ROLE_ATTRIBUTE;
	case 8:
		return is(key, ROLE_CUSTOMER, 8)   ? ROLE_CUSTOMER
		       : is(key, ROLE_BACKFILL, 8) ? ROLE_BACKFILL
						   : ROLE_ATTRIBUTE;
	default:
		return ROLE_ATTRIBUTE;
	}
}

static bool
check_key(struct err *err, struct str key)
{
	char shown[EVENT_SHOWN];

	if (key.n > 0 && key.n <= EVENT_MAX_KEY && event_is_plain(key))
		return true;
	if (key.n == 0)
		return err_set(err, "an attribute has no name");
	if (key.n > EVENT_MAX_KEY)
		return err_set(
			err, "the attribute %s has a name of %zu bytes, at most %d are allowed",
			event_shown(shown, key), key.n, EVENT_MAX_KEY);
	if (text_has_control(key) || !utf8_valid(key))
		return err_set(err, "the attribute %s has a name that is not plain UTF-8",
			       event_shown(shown, key));
	return true;
}

static void
add_attribute(struct decoding *decoding, const struct field *field)
{
	struct entry *out = decoding->out;

	if (out->attribute_count == 0) {
		unsigned most = decoding->left < EVENT_MAX_ATTRIBUTES ? decoding->left
								      : EVENT_MAX_ATTRIBUTES;

		decoding->attributes = arena_array(decoding->arena, most, sizeof *field);
		out->attributes = decoding->attributes;
	}
	decoding->attributes[out->attribute_count++] = *field;
}

static bool
take_attribute(struct decoding *decoding, const struct field *field)
{
	struct entry *out = decoding->out;
	char shown[EVENT_SHOWN];

	if (!check_key(decoding->err, field->key))
		return false;
	if (field->value.n > EVENT_MAX_TEXT)
		return err_set(decoding->err,
			       "the attribute %s has %zu bytes, at most %d are allowed",
			       event_shown(shown, field->key), field->value.n, EVENT_MAX_TEXT);
	for (unsigned i = 0; i < out->attribute_count; i++) {
		if (str_eq(out->attributes[i].key, field->key))
			return err_set(decoding->err, "the field %s is given twice",
				       event_shown(shown, field->key));
	}
	if (out->attribute_count == EVENT_MAX_ATTRIBUTES)
		return err_set(decoding->err, "more than %d attributes", EVENT_MAX_ATTRIBUTES);
	add_attribute(decoding, field);
	return true;
}

static bool
take_field(struct decoding *decoding, const struct field *field)
{
	enum event_role known = event_role_of(field->key);

	if (known == ROLE_ATTRIBUTE)
		return take_attribute(decoding, field);
	if (decoding->seen >> known & 1)
		return err_set(decoding->err, "the field \"%s\" is given twice",
			       fields[known].name.p);
	decoding->seen |= 1u << known;
	return fields[known].take(decoding, field->value);
}

/* --- types with a meaning --- */

static const struct kind {
	struct str type;
	enum entry_kind kind;
	bool has_customer;
	struct str needs[2]; /* attributes */
} kinds[] = {
	{{"profile", 7}, ENTRY_PROFILE, true, {{0}}},
	{{"member", 6}, ENTRY_MEMBER, true, {{0}}},
	{{"churnd.clock", 12}, ENTRY_CLOCK, false, {{0}}},
	{{"churnd.rules", 12}, ENTRY_RULES, false, {{"sha256", 6}}},
	{{"churnd.task", 11}, ENTRY_TASK, true, {{"task", 4}, {"verb", 4}}},
	{{"churnd.tag", 10}, ENTRY_TAG, true, {{"tag", 3}}},
};
#define RESERVED "churnd."

static inline bool
is_reserved(struct str type)
{
	size_t n = sizeof RESERVED - 1;

	return type.n >= n && memcmp(type.p, RESERVED, n) == 0;
}

static const struct kind *
find_kind(struct str type)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (type.n == kinds[i].type.n && memcmp(type.p, kinds[i].type.p, type.n) == 0)
			return &kinds[i];
	}
	return NULL;
}

static bool
is_sha256(struct str text)
{
	size_t i = 0;

	while (i < text.n && ((text.p[i] >= '0' && text.p[i] <= '9') ||
			      (text.p[i] >= 'a' && text.p[i] <= 'f')))
		i++;
	return i == text.n && text.n == 64;
}

static bool
take_kind(struct entry *out, const struct kind *kind, struct err *err)
{
	for (int i = 0; i < 2 && kind->needs[i].n > 0; i++) {
		if (entry_attribute(out, kind->needs[i]).n == 0)
			return err_set(err, "an entry of type %s needs %s", kind->type.p,
				       kind->needs[i].p);
	}
	if (kind->kind == ENTRY_RULES && !is_sha256(entry_attribute(out, STR("sha256"))))
		return err_set(err, "sha256 is 64 digits of 0-9 a-f");
	if (kind->kind == ENTRY_MEMBER && out->user.n == 0)
		return err_set(err, "an entry of type member needs user");
	out->kind = kind->kind;
	if (!kind->has_customer)
		out->customer = STR_NONE;
	return true;
}

bool
event_end(struct entry *out, unsigned seen, struct err *err)
{
	const struct kind *kind;

	if (!(seen >> ROLE_TYPE & 1))
		return err_set(err, "type is missing");
	kind = find_kind(out->type);
	if (!kind && is_reserved(out->type))
		return err_set(err, "the type %.*s is reserved: no type may begin with %s",
			       STR_ARG(out->type), RESERVED);
	if (!(seen >> ROLE_CUSTOMER & 1) && (!kind || kind->has_customer))
		return err_set(err, "customer is missing");
	return !kind || take_kind(out, kind, err);
}

/* --- entries --- */

void
event_begin(struct entry *out, struct stream_id id)
{
	out->id = id;
	out->kind = ENTRY_EVENT;
	out->customer = out->type = out->user = out->source = out->event_id = STR_NONE;
	out->ts = id.ms;
	out->value = 0;
	out->has_value = out->backfill = false;
	out->attributes = NULL;
	out->attribute_count = 0;
}

static bool
decode_fields(struct stream_id id, const struct field *list, unsigned count,
	      struct arena *arena, struct entry *out, struct err *err)
{
	struct decoding decoding = {.out = out, .err = err, .arena = arena};
	size_t bytes = 0;

	for (unsigned i = 0; i < count; i++)
		bytes += list[i].key.n + list[i].value.n;
	if (bytes > EVENT_MAX_BYTES)
		return err_set(err, "the entry has %zu bytes, at most %d are allowed", bytes,
			       EVENT_MAX_BYTES);
	event_begin(out, id);
	for (unsigned i = 0; i < count; i++) {
		decoding.left = count - i;
		if (!take_field(&decoding, &list[i]))
			return false;
	}
	return event_end(out, decoding.seen, err);
}

static bool
decode_data(struct stream_id id, struct str data, struct arena *arena, struct entry *out,
	    struct err *err)
{
	struct field *list;
	unsigned count;

	if (data.n > EVENT_MAX_BYTES)
		return err_set(err, "data has %zu bytes, at most %d are allowed", data.n,
			       EVENT_MAX_BYTES);
	list = arena_array(arena, EVENT_MAX_FIELDS, sizeof *list);
	if (!event_fields_json(data, arena, list, &count, err))
		return err_prefix(err, "data");
	return decode_fields(id, list, count, arena, out, err);
}

bool
event_decode(struct stream_id id, const struct field *list, unsigned count, struct arena *arena,
	     struct entry *out, struct err *err)
{
	if (count == 1 && str_eq(list->key, STR("data")))
		return decode_data(id, list->value, arena, out, err);
	return decode_fields(id, list, count, arena, out, err);
}

static bool
is_act(enum entry_kind kind)
{
	return kind == ENTRY_TASK || kind == ENTRY_TAG;
}

static bool
check(const struct field *list, unsigned count, int64_t now, bool acts, struct err *err)
{
	struct arena arena;
	struct entry entry;
	bool ok;

	arena_init(&arena);
	ok = event_decode((struct stream_id){now, 0}, list, count, &arena, &entry, err);
	if (ok && is_reserved(entry.type) && !(acts && is_act(entry.kind)))
		ok = err_set(err, "the type %.*s is reserved for the daemon",
			     STR_ARG(entry.type));
	arena_finish(&arena);
	return ok;
}

bool
event_check(const struct field *list, unsigned count, int64_t now, struct err *err)
{
	return check(list, count, now, false, err);
}

bool
event_check_history(const struct field *list, unsigned count, int64_t now, struct err *err)
{
	return check(list, count, now, true, err);
}
