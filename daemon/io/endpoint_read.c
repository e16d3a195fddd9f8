/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what an endpoint is to send: from the alerts stream, and from the stream of those to be sent again. */
#include <string.h>

#include "codec/resp.h"
#include "codec/stream_id.h"
#include "io/endpoint_inside.h"
#include "io/log.h"

#define READ_COUNT 200u /* entries a read */

/* For "%.*s". */
#define NAME(endpoint) STR_ARG((endpoint)->config->name)

/* Is `name` one of the names in `to`, which are joined by commas? */
static bool
names_endpoint(struct str to, struct str name)
{
	for (size_t from = 0, end; from < to.n; from = end + 1) {
		const char *comma = memchr(to.p + from, ',', to.n - from);

		end = comma != NULL ? (size_t)(comma - to.p) : to.n;
		if (str_eq(str_slice(to, from, end), name))
			return true;
	}
	return false;
}

bool
endpoint_entry_read(const struct reply *reply, struct endpoint_entry *out)
{
	static const struct {
		const char *name;
		size_t at;
	} rows[] = {
		{"id", offsetof(struct endpoint_entry, id)},
		{"customer", offsetof(struct endpoint_entry, customer)},
		{"to", offsetof(struct endpoint_entry, to)},
		{"endpoint", offsetof(struct endpoint_entry, to)},
		{"body", offsetof(struct endpoint_entry, body)},
	};
	const struct reply *id = reply_at(reply, 0), *fields = reply_at(reply, 1), *name;

	*out = (struct endpoint_entry){.to = STR_NONE};
	if (id == NULL || fields == NULL || fields->type != REPLY_ARRAY ||
	    !stream_id_parse(id->text, &out->at))
		return false;
	name = fields + 1;
	for (uint32_t i = 0; i + 1 < fields->count; i += 2) {
		const struct reply *value = reply_next(name);

		for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
			if (str_is(name->text, rows[k].name))
				*(struct str *)((char *)out + rows[k].at) = value->text;
		name = reply_next(value);
	}
	return true;
}

/* --- the alerts stream ----------------------------------------------------------------------------- */

static void
pass(struct endpoint *endpoint, struct stream_id at)
{
	backlog_pass(&endpoint->queue.backlog, at);
	endpoint->moved = true;
}

static void
take_entry(struct endpoint *endpoint, const struct endpoint_entry *entry)
{
	const struct progress_first *first;

	if (stream_id_cmp(entry->at, endpoint->queue.backlog.read_to) <= 0)
		return;
	if (!names_endpoint(entry->to, endpoint->config->name)) {
		pass(endpoint, entry->at);
		return;
	}
	if (entry->id.n == 0 || text_has_control(entry->id)) {
		log_warn("outbox",
			 "%.*s: entry %lld-%llu of the alerts has no proper id, passed over",
			 NAME(endpoint), (long long)entry->at.ms,
			 (unsigned long long)entry->at.seq);
		pass(endpoint, entry->at);
		return;
	}
	first = progress_first(&endpoint->record, entry->at);
	delivery_take(&endpoint->queue, entry->at, entry->id, entry->customer, entry->body,
		      first ? first->active : -1, first ? first->wall : 0);
}

void
endpoint_hand(struct endpoint *endpoint, const struct endpoint_entry *entry)
{
	if (!endpoint->follows)
		return;
	if (delivery_room(&endpoint->queue) > 0) {
		take_entry(endpoint, entry);
		return;
	}
	endpoint->follows = false;
	endpoint->more = true;
}

/* Everything that there was has been read: from here on the outbox reads for all who have. */
static void
end_of_read(struct endpoint *endpoint)
{
	struct stream_id after, before;

	backlog_reads(&endpoint->queue.backlog, &after, &before);
	if (before.ms != 0 || before.seq != 0) {
		backlog_jump(&endpoint->queue.backlog);
		endpoint->more = true;
		return;
	}
	endpoint->follows = true;
	endpoint->home.follows(endpoint->home.ctx, after);
}

static void
on_read(void *ctx, const struct reply *reply)
{
	struct endpoint *endpoint = ctx;
	const struct reply *item = reply + 1;
	struct endpoint_entry entry;

	endpoint->reading = false;
	if (reply->type == REPLY_ERROR) {
		/* The next poll tries again. */
		log_warn("outbox", "%.*s: the alerts cannot be read: %.*s", NAME(endpoint),
			 STR_ARG(reply->text));
		return;
	}
	if (reply->type != REPLY_ARRAY && reply->type != REPLY_NIL)
		return;
	for (uint32_t i = 0; reply->type == REPLY_ARRAY && i < reply->count; i++) {
		if (endpoint_entry_read(item, &entry))
			take_entry(endpoint, &entry);
		item = reply_next(item);
	}
	if (reply->type == REPLY_ARRAY && reply->count >= endpoint->asked)
		endpoint->more = true;
	else
		end_of_read(endpoint);
	endpoint_pump(endpoint);
}

/* Under load rather a whole read at a time than one alert for each that is done. */
static bool
should_read(const struct endpoint *endpoint)
{
	unsigned room = delivery_room(&endpoint->queue);

	if (endpoint->reading || !endpoint->more)
		return false;
	return room >= READ_COUNT ||
	       (room > 0 && endpoint->queue.ready.count < endpoint->policy.concurrency);
}

static void
bound_print(struct buf *out, const char *bracket, struct stream_id id)
{
	char text[STREAM_ID_TEXT];

	stream_id_print(id, text);
	buf_text(out, bracket);
	buf_text(out, text);
}

static void
range_send(struct endpoint *endpoint, struct str stream, const struct buf *from, struct str to,
	   unsigned count, redis_reply_fn *fn)
{
	struct buf command = {0};

	resp_array(&command, 6);
	resp_text(&command, "XRANGE");
	resp_arg(&command, stream);
	resp_arg(&command, buf_view(from));
	resp_arg(&command, to);
	resp_text(&command, "COUNT");
	resp_int(&command, count);
	redis_send(endpoint->home.redis, buf_view(&command), 1, fn, endpoint);
	buf_finish(&command);
}

static void
read_alerts(struct endpoint *endpoint)
{
	struct buf from = {0}, to = {0};
	struct stream_id after, before;
	unsigned room = delivery_room(&endpoint->queue);

	backlog_reads(&endpoint->queue.backlog, &after, &before);
	bound_print(&from, "(", after);
	if (before.ms != 0 || before.seq != 0)
		bound_print(&to, "(", before);
	else
		buf_char(&to, '+');
	endpoint->asked = room < READ_COUNT ? room : READ_COUNT;
	endpoint->reading = true;
	endpoint->more = false;
	range_send(endpoint, endpoint->home.alerts, &from, buf_view(&to), endpoint->asked,
		   on_read);
	buf_finish(&from);
	buf_finish(&to);
}

/* --- those to be sent again ------------------------------------------------------------------------ */

/* False: there is no room for it. */
static bool
take_again(struct endpoint *endpoint, const struct endpoint_entry *entry)
{
	if (stream_id_cmp(entry->at, endpoint->again_read_to) <= 0 ||
	    backlog_holds_again(&endpoint->queue.backlog, entry->at))
		return true;
	if (delivery_room(&endpoint->queue) == 0)
		return false;
	endpoint->again_read_to = entry->at;
	if (entry->id.n == 0 || text_has_control(entry->id)) {
		log_warn("outbox", "%.*s: an alert to be sent again has no proper id",
			 NAME(endpoint));
		return true;
	}
	delivery_take_again(&endpoint->queue, entry->at, entry->id, entry->customer,
			    entry->body);
	return true;
}

void
endpoint_hand_again(struct endpoint *endpoint, const struct endpoint_entry *entry)
{
	/* Its own reading will come to it. */
	if (!endpoint->loaded || endpoint->again_behind)
		return;
	endpoint->again_behind = !take_again(endpoint, entry);
	endpoint_pump(endpoint);
}

static void
on_again(void *ctx, const struct reply *reply)
{
	struct endpoint *endpoint = ctx;
	const struct reply *item = reply + 1;
	struct endpoint_entry entry;

	endpoint->reading_again = false;
	if (reply->type != REPLY_ARRAY && reply->type != REPLY_NIL)
		return;
	endpoint->again_behind = reply->type == REPLY_ARRAY && reply->count >= READ_COUNT;
	for (uint32_t i = 0; reply->type == REPLY_ARRAY && i < reply->count; i++) {
		if (endpoint_entry_read(item, &entry)) {
			if (str_eq(entry.to, endpoint->config->name) &&
			    !take_again(endpoint, &entry)) {
				endpoint->again_behind = true;
				break;
			}
			endpoint->again_read_to = entry.at;
		}
		item = reply_next(item);
	}
	endpoint_pump(endpoint);
}

static void
read_again(struct endpoint *endpoint)
{
	struct buf from = {0};

	bound_print(&from, "(", endpoint->again_read_to);
	endpoint->reading_again = true;
	range_send(endpoint, endpoint->home.resend, &from, STR("+"), READ_COUNT, on_again);
	buf_finish(&from);
}

void
endpoint_read(struct endpoint *endpoint)
{
	if (!endpoint->loaded || endpoint->loading || endpoint->stopping ||
	    !redis_is_up(endpoint->home.redis))
		return;
	if (should_read(endpoint))
		read_alerts(endpoint);
	if (endpoint->again_behind && !endpoint->reading_again &&
	    delivery_room(&endpoint->queue) > 0)
		read_again(endpoint);
}
