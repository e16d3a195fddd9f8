/* SPDX-License-Identifier: Apache-2.0 */
/* How the guards are, for people and for Prometheus. */
#include "app/api_guard.h"

#include "codec/exposition.h"
#include "engine/guard.h"

static void
key_int(struct json *json, const char *key, int64_t number)
{
	json_key(json, key);
	json_int(json, number);
}

static void
key_str(struct json *json, const char *key, struct str text)
{
	json_key(json, key);
	json_str(json, text);
}

/* Those whose types some signal reads, and of these the suspect ones. */
struct tally {
	unsigned guarded, suspect;
	uint64_t muted; /* alerts of this hour */
};

static struct tally
tally_of(const struct guard *guard)
{
	struct tally tally = {0};

	for (unsigned i = 0; i < guard->feed_count; i++) {
		tally.guarded += guard->feeds[i]->counts;
		tally.suspect += guard->feeds[i]->counts && feed_is_suspect(guard->feeds[i]);
	}
	for (size_t i = 0; i < guard->cap_count; i++)
		if (guard->caps[i].hour == guard->hour)
			tally.muted += guard->caps[i].muted;
	return tally;
}

static void
suspect_json(struct json *json, const struct guard *guard)
{
	json_key(json, "suspect");
	json_open(json, '[');
	for (unsigned i = 0; i < guard->feed_count; i++) {
		const struct feed *feed = guard->feeds[i];

		if (!feed_is_suspect(feed))
			continue;
		json_open(json, '{');
		key_str(json, "event_type", feed->type);
		key_str(json, "source", feed->source);
		json_key(json, "since");
		json_instant(json, feed->spans[feed->span_count - 1].from);
		key_int(json, "this_hour", feed_volume(guard, feed, guard->hour));
		json_close(json, '}');
	}
	json_close(json, ']');
}

static void
muted_json(struct json *json, const struct guard *guard)
{
	json_key(json, "muted");
	json_open(json, '[');
	for (size_t i = 0; i < guard->cap_count; i++) {
		const struct cap *cap = &guard->caps[i];

		if (cap->hour != guard->hour || cap->muted == 0)
			continue;
		json_open(json, '{');
		key_str(json, "rule", cap->name);
		key_int(json, "muted", cap->muted);
		json_close(json, '}');
	}
	json_close(json, ']');
}

void
api_guard_json(struct json *json, const struct engine *engine)
{
	const struct guard *guard;

	json_key(json, "guard");
	if (engine == NULL) {
		json_none(json);
		return;
	}
	guard = engine_guard(engine);
	json_open(json, '{');
	key_int(json, "feeds", tally_of(guard).guarded);
	key_int(json, "unguarded_events", (int64_t)guard->unguarded);
	suspect_json(json, guard);
	muted_json(json, guard);
	json_close(json, '}');
}

void
api_guard_metrics(struct buf *out, const struct engine *engine)
{
	const struct guard *guard;
	struct tally tally;

	if (engine == NULL)
		return;
	guard = engine_guard(engine);
	tally = tally_of(guard);
	metric_one(out, "feeds", "gauge", "pairs of event type and source that are guarded",
		   (double)tally.guarded);
	metric_one(out, "feeds_suspect", "gauge", "guarded feeds that fell silent",
		   (double)tally.suspect);
	metric_one(out, "feed_unguarded_events_total", "counter",
		   "events of pairs past the limit of guarded ones", (double)guard->unguarded);
	metric_one(out, "alerts_muted", "gauge",
		   "alerts of this hour past the cap of their rule", (double)tally.muted);
}
