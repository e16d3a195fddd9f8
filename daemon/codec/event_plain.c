/* SPDX-License-Identifier: Apache-2.0 */
/* Reads rows that are written plainly, and only those. */
#include "codec/event_plain.h"

#include <math.h>

#include "base/number.h"
#include "codec/event_fields.h"
#include "codec/event_scan.h"

/* Millions of rows have the same few keys in the same order, no escape, no quote and nothing wrong. Each step here
 * takes what it knows, or gives the whole row to the readers of event_fields.c, event_csv.c and event.c, who know all
 * and say what is wrong. What it takes it must take as they do: fuzz_event_file.c holds both against each other. */

struct found {
	const struct plain_key *key;
	const char *name; /* key->name_n bytes */
	struct str text;
};

struct row {
	struct entry *out;
	int64_t ts, arrived;
	unsigned seen; /* a bit for each role that is given */
	unsigned found_count, attribute_count;
	struct found found[EVENT_MAX_FIELDS];
	struct field attributes[EVENT_MAX_ATTRIBUTES];
};

/* ---- values ---- */

static inline bool
take_instant(struct str text, int64_t *out)
{
	bool is_number;
	struct err err;

	return event_instant(text, out, &is_number, &err);
}

static inline bool
take_number(struct row *row, struct str text)
{
	double number;

	if (!parse_number(text, &number) || fabs(number) > EVENT_MAX_VALUE)
		return false;
	row->out->value = number;
	row->out->has_value = true;
	return true;
}

static inline bool
take_text(struct str *to, struct str text)
{
	*to = text.n > 0 ? text : STR_NONE;
	return text.n <= EVENT_MAX_TEXT;
}

static inline bool
take_attribute(struct row *row, const struct found *found)
{
	struct str name = {found->name, found->key->name_n};

	if (row->attribute_count == EVENT_MAX_ATTRIBUTES || found->text.n > EVENT_MAX_TEXT)
		return false;
	row->attributes[row->attribute_count++] = (struct field){name, found->text};
	return true;
}

static inline bool
take_field(struct row *row, const struct found *found)
{
	struct entry *out = row->out;
	struct str text = found->text;

	row->seen |= 1u << found->key->role;
	switch (found->key->role) {
	case ROLE_CUSTOMER:
		out->customer = text;
		return text.n > 0 && text.n <= EVENT_MAX_CUSTOMER && event_is_clean(text);
	case ROLE_TYPE:
		out->type = text;
		return text.n > 0 && text.n <= EVENT_MAX_TYPE && event_is_type(text);
	case ROLE_TS:
		return take_instant(text, &row->ts);
	case ROLE_VALUE:
		return take_number(row, text);
	case ROLE_USER:
		return take_text(&out->user, text);
	case ROLE_SOURCE:
		return take_text(&out->source, text);
	case ROLE_ID:
		return take_text(&out->event_id, text);
	case ROLE_BACKFILL:
		out->backfill = text.n == 1 && *text.p == '1';
		return out->backfill || (text.n == 1 && *text.p == '0');
	case ROLE_ARRIVED:
		return take_instant(text, &row->arrived);
	case ROLE_ATTRIBUTE:
		return take_attribute(row, found);
	case ROLE_DATA:
		return false;
	}
	return false;
}

/* All fields are taken. */
static inline bool
conclude(struct row *row, struct arena *arena)
{
	struct entry *out = row->out;
	bool has_ts = row->seen >> ROLE_TS & 1, has_arrived = row->seen >> ROLE_ARRIVED & 1;
	int64_t arrived = has_arrived ? row->arrived : has_ts ? row->ts : INT64_MIN;
	struct err err;

	if (arrived == INT64_MIN)
		return false;
	out->id.ms = arrived;
	out->ts = has_ts ? row->ts : arrived;
	if (has_ts && (out->ts < EVENT_MIN_TS || out->ts >= EVENT_FAR_TS ||
		       event_is_ahead(out->ts, arrived)))
		return false;
	if (row->attribute_count > 0) {
		out->attributes = arena_copy(arena, row->attributes,
					     row->attribute_count * sizeof *row->attributes);
		out->attribute_count = (uint16_t)row->attribute_count;
	}
	return event_end(out, row->seen, &err);
}

static bool
take_fields(struct row *row, struct arena *arena)
{
	row->seen = 0;
	row->attribute_count = 0;
	event_begin(row->out, (struct stream_id){0, 0});
	for (unsigned i = 0; i < row->found_count; i++)
		if (!take_field(row, &row->found[i]))
			return false;
	return conclude(row, arena);
}

static inline bool
find_field(struct row *row, const struct plain_key *key, const char *name, struct str text)
{
	if (row->found_count == EVENT_MAX_FIELDS)
		return false;
	row->found[row->found_count++] = (struct found){key, name, text};
	return true;
}

/* ---- keys ---- */

#define KEY_WORDS (PLAIN_MAX_KEYS / 64)

void
plain_init(struct plain *plain)
{
	*plain = (struct plain){0};
	arena_init(&plain->arena);
	plain->keys = arena_array(&plain->arena, PLAIN_MAX_KEYS, sizeof *plain->keys);
}

void
plain_finish(struct plain *plain)
{
	arena_finish(&plain->arena);
}

static uint64_t
mask_of(size_t n)
{
	return n >= 8 ? UINT64_MAX : (UINT64_C(1) << 8 * n) - 1;
}

static void
set_words(struct plain_key *key)
{
	char text[16] = {0};
	size_t n = key->text.n;

	if (n > sizeof text)
		return;
	memcpy(text, key->text.p, n);
	key->words[0] = word_load(text);
	key->words[1] = word_load(text + 8);
	key->masks[0] = mask_of(n);
	key->masks[1] = n > 8 ? mask_of(n - 8) : 0;
}

/* text: the name, and `tail` bytes behind it that always follow it. */
static struct plain_key *
add_key(struct plain *plain, struct str text, unsigned tail)
{
	struct plain_key *key = &plain->keys[plain->key_count++];
	struct str name = {text.p, text.n - tail};

	key->text = arena_str(&plain->arena, text);
	key->name_n = (unsigned)name.n;
	key->role = str_is(name, "arrived") ? ROLE_ARRIVED : event_role_of(name);
	set_words(key);
	return key;
}

static bool
is_good_name(struct str name)
{
	return name.n > 0 && name.n <= EVENT_MAX_KEY && event_is_clean(name);
}

void
plain_set_columns(struct plain *plain, const struct str *names, unsigned count)
{
	plain->is_csv = true;
	for (unsigned i = 0; i < count; i++) {
		plain->is_off |= !is_good_name(names[i]);
		(void)add_key(plain, names[i], 0);
	}
}

static inline bool
key_is(const struct plain_key *key, const char *p, const char *end)
{
	if (end - p < 16 || key->text.n > 16)
		return (size_t)(end - p) >= key->text.n &&
		       memcmp(p, key->text.p, key->text.n) == 0;
	return (((word_load(p) ^ key->words[0]) & key->masks[0]) |
		((word_load(p + 8) ^ key->words[1]) & key->masks[1])) == 0;
}

/* The key whose name stands at p, another than the one foreseen. */
static struct plain_key *
find_key(struct plain *plain, const char *p, const char *end)
{
	const char *quote = memchr(p, '"', (size_t)(end - p < 80 ? end - p : 80));
	struct str name = {p, quote ? (size_t)(quote - p) : 0};

	if (!quote || end - quote < 2 || quote[1] != ':' || !is_good_name(name) ||
	    memchr(p, '\\', name.n))
		return NULL;
	struct plain_key **bucket = &plain->buckets[((unsigned char)p[0] * 5u +
						     (unsigned char)p[name.n - 1] + name.n) %
						    PLAIN_BUCKETS];

	for (struct plain_key *key = *bucket; key; key = key->after)
		if (key_is(key, p, end))
			return key;
	if (plain->key_count == PLAIN_MAX_KEYS)
		return NULL;
	struct plain_key *key = add_key(plain, (struct str){p, name.n + 2}, 2);

	key->after = *bucket;
	*bucket = key;
	return key;
}

/* The key at p, foreseen by the one before it; NULL: none that is plain, or one that was in this row. */
static inline struct plain_key *
read_key(struct plain *plain, uint64_t seen[KEY_WORDS], struct plain_key *before, const char *p,
	 const char *end)
{
	struct plain_key *key = before->next;

	if (!key || !key_is(key, p, end)) {
		key = find_key(plain, p, end);
		if (!key)
			return NULL;
		before->next = key;
	}
	size_t place = (size_t)(key - plain->keys);
	uint64_t bit = UINT64_C(1) << place % 64;

	if (seen[place / 64] & bit)
		return NULL;
	seen[place / 64] |= bit;
	return key;
}

/* ---- NDJSON ---- */

/* value = '"' plain* '"' | number; returns what follows it. */
static inline const char *
read_value(const char *p, const char *end, struct str *value)
{
	const char *start = p;

	if (p < end && *p == '"') {
		p = event_find_special(++start, end);
		*value = (struct str){start, (size_t)(p - start)};
		return p < end && *p == '"' ? p + 1 : NULL;
	}
	if (p == end || (*p != '-' && (*p < '0' || *p > '9')))
		return NULL;
	p = event_skip_number(p, end);
	if (p)
		*value = (struct str){start, (size_t)(p - start)};
	return p;
}

/* "\r"? "\n" */
static inline const char *
read_newline(const char *p, const char *end)
{
	p += p < end && *p == '\r';
	return p < end && *p == '\n' ? p + 1 : NULL;
}

/* Objects with no escape, null, true or false, and at most one space behind a colon or comma. */
static const char *
read_json(struct plain *plain, const char *p, const char *end, struct row *row)
{
	struct plain_key *key = &plain->first;
	uint64_t seen[KEY_WORDS] = {0};

	if (p == end || *p++ != '{')
		return NULL;
	for (;;) {
		struct str value;
		const char *name;

		if (p == end || *p++ != '"')
			return NULL;
		key = read_key(plain, seen, key, p, end);
		if (!key)
			return NULL;
		name = p;
		p += key->text.n;
		p += p < end && *p == ' ';
		p = read_value(p, end, &value);
		if (!p || p == end || !find_field(row, key, name, value))
			return NULL;
		if (*p == '}')
			return read_newline(p + 1, end);
		if (*p++ != ',')
			return NULL;
		p += p < end && *p == ' ';
	}
}

/* ---- CSV ---- */

/* The comma or newline that ends a column, or end. */
static inline const char *
find_end(const char *p, const char *end)
{
	for (; end - p >= 8; p += 8) {
		uint64_t word = word_load(p);
		uint64_t marks = word_is(word, ',') | word_is(word, '\n');

		if (marks)
			return p + word_first(marks);
	}
	while (p < end && *p != ',' && *p != '\n')
		p++;
	return p;
}

/* Rows without a quote at the beginning of a column. */
static const char *
read_csv(struct plain *plain, const char *p, const char *end, struct row *row)
{
	for (unsigned i = 0; i < plain->key_count; i++) {
		const struct plain_key *key = &plain->keys[i];
		struct str value = {p, 0};

		if (p < end && *p == '"')
			return NULL;
		p = find_end(p, end);
		if (p == end || (*p == '\n') != (i + 1 == plain->key_count))
			return NULL;
		value.n = (size_t)(p - value.p);
		if (*p++ == '\n' && value.n > 0 && value.p[value.n - 1] == '\r')
			value.n--;
		if (value.n > 0 && !find_field(row, key, key->text.p, value))
			return NULL;
	}
	return p;
}

/* Rows so near to the limit that their names could bring them above it are not taken. */
#define ROOM_FOR_NAMES ((EVENT_MAX_ATTRIBUTES + 16) * EVENT_MAX_KEY)

const char *
plain_read(struct plain *plain, const char *p, const char *end, struct arena *arena,
	   struct entry *out)
{
	struct row row;

	if (plain->is_off)
		return NULL;
	if (end - p > EVENT_MAX_BYTES - ROOM_FOR_NAMES)
		end = p + EVENT_MAX_BYTES - ROOM_FOR_NAMES;
	row.out = out;
	row.found_count = 0;
	p = plain->is_csv ? read_csv(plain, p, end, &row) : read_json(plain, p, end, &row);
	return p && take_fields(&row, arena) ? p : NULL;
}
