/* SPDX-License-Identifier: Apache-2.0 */
/* The filters: a table of what may stand behind a value's bar. */
#include <string.h>

#include "base/hash.h"
#include "base/number.h"
#include "codec/connector_inside.h"

/* ---- escapes: instead of the one that the place would do ---- */

static void
escape_as(struct said *said, enum markup markup)
{
	struct buf out = {0};

	markup_escape(&out, markup, said_text(said));
	said_set(said, &out);
	said->is_marked = true;
}

static void
run_json(struct wording_env *env, const struct wording_filter *filter, struct said *said)
{
	(void)env;
	(void)filter;
	escape_as(said, MARKUP_JSON);
}

static void
run_url(struct wording_env *env, const struct wording_filter *filter, struct said *said)
{
	(void)env;
	(void)filter;
	escape_as(said, MARKUP_URL);
}

static void
run_md(struct wording_env *env, const struct wording_filter *filter, struct said *said)
{
	(void)filter;
	if (!said->is_marked)
		escape_as(said, env->markup);
}

/* Alone in a body's value it is no filter at all (wording_print_raw); in a text it is JSON as text, escaped
 * like any other, but inside a body that is one text. */
static void
run_raw(struct wording_env *env, const struct wording_filter *filter, struct said *said)
{
	struct buf out = {0};

	(void)filter;
	if (said->is_text) {
		said->is_marked = said->is_trusted;
		return;
	}
	if (said->json == NULL)
		buf_text(&out, "null");
	else
		wording_dump(&out, said->json);
	said_set(said, &out);
	said->is_marked = env->markup == MARKUP_JSON;
}

/* ---- dates, durations, numbers ---- */

/* RFC 3339, or ms since the epoch. */
static bool
instant_of(struct said *said, int64_t *at)
{
	struct str text = said_text(said);

	return parse_int64(text, at) || parse_instant(text, at, NULL);
}

static void
put_local(struct buf *out, const struct wording_env *env, int64_t at, bool with_clock)
{
	const struct zone *zone = env->settings->zone;
	int64_t local = at + (zone != NULL ? zone_offset(zone, at) : 0);
	char text[INSTANT_TEXT];

	print_instant(local, text); /* "2026-11-21T10:00:00.000Z" */
	buf_add(out, text, strlen("2026-11-21"));
	if (!with_clock)
		return;
	buf_char(out, ' ');
	buf_add(out, text + strlen("2026-11-21T"), strlen("10:00"));
	if (zone == NULL)
		buf_text(out, " UTC");
}

#define INSTANT_MOST (INT64_C(253402300799) * SECOND_MS) /* the end of the year 9999 */

static void
run_instant(struct wording_env *env, struct said *said, bool with_clock)
{
	struct buf out = {0};
	int64_t at;

	if (!instant_of(said, &at) || at < 0 || at > INSTANT_MOST - DAY_MS)
		return;
	put_local(&out, env, at, with_clock);
	said_set(said, &out);
}

static void
run_date(struct wording_env *env, const struct wording_filter *filter, struct said *said)
{
	(void)filter;
	run_instant(env, said, false);
}

static void
run_time(struct wording_env *env, const struct wording_filter *filter, struct said *said)
{
	(void)filter;
	run_instant(env, said, true);
}

static void
run_ms(struct wording_env *env, const struct wording_filter *filter, struct said *said)
{
	struct buf out = {0};
	int64_t at;

	(void)env;
	(void)filter;
	if (!instant_of(said, &at))
		return;
	buf_int(&out, at);
	said_set(said, &out);
}

/* Seconds, as alerts give durations. */
static void
run_duration(struct wording_env *env, const struct wording_filter *filter, struct said *said)
{
	struct buf out = {0};
	double seconds;

	(void)filter;
	if (!parse_number(said_text(said), &seconds) || seconds < 0 || seconds > 1e11)
		return;
	buf_duration_words(&out, (int64_t)(seconds * 1000), env->zh);
	said_set(said, &out);
}

/* "1234567.5" to "1,234,567.5" */
static void
run_number(struct wording_env *env, const struct wording_filter *filter, struct said *said)
{
	struct buf plain = {0}, out = {0};
	double number;
	size_t from, whole;

	(void)env;
	(void)filter;
	if (!parse_number(said_text(said), &number))
		return;
	buf_number(&plain, number);
	from = plain.p[0] == '-';
	for (whole = from; whole < plain.n && plain.p[whole] >= '0' && plain.p[whole] <= '9';)
		whole++;
	for (size_t i = 0; i < plain.n; i++) {
		if (i > from && i < whole && (whole - i) % 3 == 0)
			buf_char(&out, ',');
		buf_char(&out, plain.p[i]);
	}
	buf_finish(&plain);
	said_set(said, &out);
}

/* ---- words ---- */

/* A row of the table; without one the row "*", and without that the word itself. */
static void
run_map(struct wording_env *env, const struct wording_filter *filter, struct said *said)
{
	const struct word_table *table = connector_table_find(env->connector, filter->argument);
	struct str word = said_text(said);
	const struct word_row *row = NULL;
	struct buf out = {0};

	for (unsigned i = 0; table != NULL && i < table->count && row == NULL; i++)
		if (str_eq(table->rows[i].word, word))
			row = &table->rows[i];
	for (unsigned i = 0; table != NULL && i < table->count && row == NULL; i++)
		if (str_is(table->rows[i].word, "*"))
			row = &table->rows[i];
	if (row == NULL)
		return;
	buf_str(&out, env->zh ? row->zh : row->en);
	said_set(said, &out);
}

static void
run_cut(struct wording_env *env, const struct wording_filter *filter, struct said *said)
{
	struct str text = said_text(said);
	struct buf out = {0};
	const size_t dots = strlen("…");
	size_t most = (size_t)filter->number;

	if (text.n <= most)
		return;
	buf_str(&out, str_slice(text, 0,
				markup_cut(said->is_marked ? env->markup : MARKUP_PLAIN, text,
					   most > dots ? most - dots : 0)));
	if (most > dots)
		buf_text(&out, "…");
	said_set(said, &out);
}

static void
run_or(struct wording_env *env, const struct wording_filter *filter, struct said *said)
{
	struct buf out = {0};

	(void)env;
	if (said_is_true(said))
		return;
	buf_str(&out, filter->argument);
	said_set(said, &out);
}

/* A list of words in one line. */
static void
run_join(struct wording_env *env, const struct wording_filter *filter, struct said *said)
{
	json_t *list = said->json;
	struct buf out = {0};

	(void)env;
	if (said->is_text || !json_is_array(list))
		return;
	for (size_t i = 0; i < json_array_size(list) && i < WORDING_MAX_ITEMS; i++) {
		struct said one = {.json = json_array_get(list, i)};

		if (i > 0)
			buf_str(&out, filter->argument.n > 0 ? filter->argument : STR(", "));
		buf_str(&out, said_text(&one));
		buf_finish(&one.text);
	}
	said_set(said, &out);
}

static void
run_line(struct wording_env *env, const struct wording_filter *filter, struct said *said)
{
	(void)env;
	(void)filter;
	said_text(said);
	for (size_t i = 0; i < said->text.n; i++)
		if ((unsigned char)said->text.p[i] < ' ')
			said->text.p[i] = ' ';
}

/* ---- markup ---- */

static void
run_bold(struct wording_env *env, const struct wording_filter *filter, struct said *said)
{
	struct buf out = {0};

	(void)filter;
	if (said->is_marked)
		return;
	markup_bold(&out, env->markup, said_text(said));
	said_set(said, &out);
	said->is_marked = true;
}

static void
run_link(struct wording_env *env, const struct wording_filter *filter, struct said *said)
{
	struct buf out = {0};

	if (said->is_marked || said_text(said).n == 0)
		return;
	markup_link(&out, env->markup, said_text(said), filter->argument);
	said_set(said, &out);
	said->is_marked = true;
}

/* How a person of ours is called in the connector's system, or STR_NONE. */
static struct str
person_of(const struct wording_env *env, struct str name)
{
	for (unsigned i = 0; i < env->settings->people_count; i++) {
		const struct person_names *person = &env->settings->people[i];

		if (!str_eq(person->name, name))
			continue;
		for (unsigned k = 0; k < person->count; k++)
			if (str_eq(person->names[k].key, env->connector->people))
				return person->names[k].value;
	}
	return STR_NONE;
}

static void
run_mention(struct wording_env *env, const struct wording_filter *filter, struct said *said)
{
	struct buf out = {0};
	struct str name = said_text(said);

	(void)filter;
	if (said->is_marked || name.n == 0)
		return;
	markup_mention(&out, env->markup, person_of(env, name), name);
	said_set(said, &out);
	said->is_marked = true;
}

static void
run_person(struct wording_env *env, const struct wording_filter *filter, struct said *said)
{
	struct buf out = {0};

	(void)filter;
	buf_str(&out, person_of(env, said_text(said)));
	said_set(said, &out);
}

/* A UUID made of the text's SHA-256 (RFC 9562, version 8): the same text, the same UUID. */
static void
run_uuid(struct wording_env *env, const struct wording_filter *filter, struct said *said)
{
	uint8_t sha[SHA256_BYTES];
	struct buf out = {0};

	(void)env;
	(void)filter;
	hash_sha256(said_text(said), sha);
	sha[6] = (uint8_t)(0x80 | (sha[6] & 0x0f));
	sha[8] = (uint8_t)(0x80 | (sha[8] & 0x3f));
	for (unsigned i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			buf_char(&out, '-');
		buf_printf(&out, "%02x", sha[i]);
	}
	said_set(said, &out);
}

static const struct filter_row rows[] = {
	{"json", ARGUMENT_NONE, false, run_json},
	{"url", ARGUMENT_NONE, false, run_url},
	{"md", ARGUMENT_NONE, false, run_md},
	{"raw", ARGUMENT_NONE, true, run_raw},
	{"date", ARGUMENT_NONE, false, run_date},
	{"time", ARGUMENT_NONE, false, run_time},
	{"ms", ARGUMENT_NONE, false, run_ms},
	{"duration", ARGUMENT_NONE, false, run_duration},
	{"number", ARGUMENT_NONE, false, run_number},
	{"map", ARGUMENT_TABLE, false, run_map},
	{"cut", ARGUMENT_NUMBER, false, run_cut},
	{"or", ARGUMENT_TEXT, false, run_or},
	{"join", ARGUMENT_MAYBE, false, run_join},
	{"line", ARGUMENT_NONE, false, run_line},
	{"bold", ARGUMENT_NONE, false, run_bold},
	{"link", ARGUMENT_TEXT, false, run_link},
	{"mention", ARGUMENT_NONE, false, run_mention},
	{"person", ARGUMENT_NONE, false, run_person},
	{"uuid", ARGUMENT_NONE, false, run_uuid},
};

const struct filter_row *
wording_filter_find(struct str name)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (str_is(name, rows[i].name))
			return &rows[i];
	return NULL;
}

unsigned
wording_filter_names(struct str *names, unsigned room)
{
	unsigned count = 0;

	for (size_t i = 0; i < sizeof rows / sizeof *rows && count < room; i++)
		names[count++] = str_of(rows[i].name);
	return count;
}
