/* SPDX-License-Identifier: Apache-2.0 */
/* Writes down every customer at each of some moments, in the order of their ids. */
#include "app/snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "codec/snapshot_text.h"

#define OUT_BYTES ((size_t)256 << 10)
#define OPTION "--snapshot"

struct moment {
	char *text; /* as given; owned */
	int64_t at;
	size_t customers; /* known then */
};

/* Customers stay where they are in the engine, and so does the text of their ids. */
struct known {
	struct str id;
	size_t index;
};

struct snapshot {
	struct moment moments[SNAPSHOT_MOMENTS];
	int64_t stops[SNAPSHOT_MOMENTS];
	size_t count;
	size_t taken; /* moments that are behind */
	struct known *known;
	size_t known_count, known_cap;
	bool json;
	FILE *to; /* borrowed */
	struct buf out;
};

/* ---- moments ---- */

static bool
add_moment(struct snapshot *snapshot, struct str text, const struct ruleset *rules)
{
	struct moment *moment = &snapshot->moments[snapshot->count];

	if (snapshot->count == SNAPSHOT_MOMENTS) {
		(void)ctl_fail(STATUS_USAGE, OPTION " takes at most %d moments",
			       SNAPSHOT_MOMENTS);
		return false;
	}
	snapshot->count++;
	moment->text = mem_alloc(text.n + 1);
	memcpy(moment->text, text.p, text.n);
	return feed_instant(OPTION, moment->text, rules, &moment->at);
}

/* DATE {, DATE} */
static bool
add_moments(struct snapshot *snapshot, const char *text, const struct ruleset *rules)
{
	for (;;) {
		size_t n = strcspn(text, ",");

		if (!add_moment(snapshot, str_trim((struct str){text, n}), rules))
			return false;
		if (text[n] == '\0')
			return true;
		text += n + 1;
	}
}

static int
earlier(const void *a, const void *b)
{
	const struct moment *x = a, *y = b;

	return (x->at > y->at) - (x->at < y->at);
}

static bool
order_moments(struct snapshot *snapshot)
{
	qsort(snapshot->moments, snapshot->count, sizeof *snapshot->moments, earlier);
	for (size_t i = 0; i < snapshot->count; i++) {
		snapshot->stops[i] = snapshot->moments[i].at;
		if (i > 0 && snapshot->stops[i] == snapshot->stops[i - 1]) {
			(void)ctl_fail(STATUS_USAGE, OPTION " %s is given twice",
				       snapshot->moments[i].text);
			return false;
		}
	}
	return true;
}

static bool
columns_differ(const struct ruleset *rules)
{
	struct str name;

	if (snapshot_names_differ(rules, &name))
		return true;
	(void)ctl_fail(STATUS_USAGE,
		       "two columns are called \"%.*s\"; give one a name of its own: "
		       "--columns 'other = ...'",
		       STR_ARG(name));
	return false;
}

struct snapshot *
snapshot_create(const struct ctl *ctl, const struct option_list *dates,
		const struct ruleset *rules, FILE *out)
{
	struct snapshot *snapshot = mem_alloc(sizeof *snapshot);
	bool good = columns_differ(rules);

	snapshot->json = ctl->json;
	snapshot->to = out;
	for (unsigned i = 0; i < dates->count && good; i++)
		good = add_moments(snapshot, dates->items[i], rules);
	if (good && order_moments(snapshot))
		return snapshot;
	snapshot_destroy(snapshot);
	return NULL;
}

void
snapshot_destroy(struct snapshot *snapshot)
{
	if (!snapshot)
		return;
	for (size_t i = 0; i < snapshot->count; i++)
		mem_free(snapshot->moments[i].text);
	mem_free(snapshot->known);
	buf_finish(&snapshot->out);
	mem_free(snapshot);
}

int64_t
snapshot_last(const struct snapshot *snapshot)
{
	return snapshot->stops[snapshot->count - 1];
}

/* ---- rows ---- */

static int
by_id(const void *a, const void *b)
{
	const struct known *x = a, *y = b;

	return str_cmp(x->id, y->id);
}

/* Those that have come since the last moment are put among the others. */
static void
order_customers(struct snapshot *snapshot, const struct engine *engine)
{
	size_t count = engine_customers(engine);

	MEM_RESERVE(snapshot->known, snapshot->known_cap, count);
	for (; snapshot->known_count < count; snapshot->known_count++) {
		size_t index = snapshot->known_count;

		snapshot->known[index] =
			(struct known){customer_id(engine_customer_at(engine, index)), index};
	}
	if (count > 0)
		qsort(snapshot->known, count, sizeof *snapshot->known, by_id);
}

static void
write_out(struct snapshot *snapshot)
{
	fwrite(snapshot->out.p ? snapshot->out.p : "", 1, snapshot->out.n, snapshot->to);
	buf_clear(&snapshot->out);
}

static void
take_stop(void *ctx, struct engine *engine, int64_t at)
{
	struct snapshot *snapshot = ctx;
	struct snapshot_row row = {.engine = engine, .now = at};

	row.at = str_of(snapshot->moments[snapshot->taken].text);
	order_customers(snapshot, engine);
	snapshot->moments[snapshot->taken++].customers = snapshot->known_count;
	for (size_t i = 0; i < snapshot->known_count; i++) {
		row.customer = engine_customer_at(engine, snapshot->known[i].index);
		(snapshot->json ? snapshot_json : snapshot_csv)(&snapshot->out, &row);
		if (snapshot->out.n > OUT_BYTES)
			write_out(snapshot);
	}
	write_out(snapshot);
}

void
snapshot_watch(struct snapshot *snapshot, struct feed *feed)
{
	const struct feed_watch watch = {.ctx = snapshot,
					 .stop = take_stop,
					 .stops = snapshot->stops,
					 .stop_count = snapshot->count};

	if (!snapshot->json)
		snapshot_head(&snapshot->out, engine_rules(feed_engine(feed)));
	write_out(snapshot);
	feed_watch(feed, &watch);
}

void
snapshot_finish(const struct snapshot *snapshot, const struct feed *feed)
{
	const struct engine *engine = feed_engine(feed);
	const struct zone *zone = engine_rules(engine)->zone;
	int64_t last_at = engine_position(engine).ms;
	char last[INSTANT_TEXT];

	print_instant(last_at, last);
	for (size_t i = 0; i < snapshot->count; i++) {
		const struct moment *moment = &snapshot->moments[i];

		if (moment->customers == 0)
			fprintf(stderr, "churnctl: %s: no customer was known then\n",
				moment->text);
		else if (!feed_has_later(feed) &&
			 zone_day(zone, moment->at) > zone_day(zone, last_at))
			fprintf(stderr, "churnctl: %s lies after the last row, of %s\n",
				moment->text, last);
	}
}
