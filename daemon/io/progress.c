/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes how far an endpoint has come. */
#include "io/progress.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/number.h"
#include "codec/resp.h"
#include "codec/stream_id.h"

#define FIRST STR("first:")

/* Grammar: range = id [".." id]. */
static bool
range_parse(struct str text, struct backlog_range *out)
{
	size_t dots = 0;

	while (dots + 1 < text.n && !(text.p[dots] == '.' && text.p[dots + 1] == '.'))
		dots++;
	if (dots + 1 >= text.n) {
		if (!stream_id_parse(text, &out->from))
			return false;
		out->to = out->from;
		return true;
	}
	return stream_id_parse(str_slice(text, 0, dots), &out->from) &&
	       stream_id_parse(str_slice(text, dots + 2, text.n), &out->to) &&
	       stream_id_cmp(out->from, out->to) <= 0;
}

/* Grammar: done = [range *(" " range)], ascending. What is not stops the reading: the rest is not done. */
static void
done_parse(struct progress_record *record, struct str text)
{
	struct backlog_range range;

	for (size_t from = 0, to; from < text.n; from = to + 1) {
		const struct backlog_range *last =
			record->done_count ? &record->done[record->done_count - 1] : NULL;

		for (to = from; to < text.n && text.p[to] != ' '; to++)
			;
		if (!range_parse(str_slice(text, from, to), &range) ||
		    (last != NULL && stream_id_cmp(range.from, last->to) <= 0))
			return;
		MEM_RESERVE(record->done, record->done_cap, record->done_count + 1);
		record->done[record->done_count++] = range;
	}
}

/* Grammar: first = active " " wall. */
static void
first_parse(struct progress_record *record, struct str id, struct str text)
{
	struct progress_first first;
	const char *space = text.n > 0 ? memchr(text.p, ' ', text.n) : NULL;
	size_t n = space ? (size_t)(space - text.p) : 0;

	if (space == NULL || !stream_id_parse(id, &first.at) ||
	    !parse_int64(str_slice(text, 0, n), &first.active) ||
	    !parse_int64(str_slice(text, n + 1, text.n), &first.wall) || first.active < 0)
		return;
	MEM_RESERVE(record->firsts, record->first_cap, record->first_count + 1);
	record->firsts[record->first_count++] = first;
}

/* Grammar: rate = taken " " wall. */
static void
rate_parse(struct progress_record *record, struct str text)
{
	const char *space = text.n > 0 ? memchr(text.p, ' ', text.n) : NULL;
	size_t n = space ? (size_t)(space - text.p) : 0;
	int64_t taken, wall;

	if (space == NULL || !parse_int64(str_slice(text, 0, n), &taken) ||
	    !parse_int64(str_slice(text, n + 1, text.n), &wall) || taken < 0 ||
	    taken > INT32_MAX)
		return;
	record->rate_taken = (unsigned)taken;
	record->rate_at = wall;
}

/* Grammar: rests = until [" " wall]. */
static void
rests_parse(struct progress_record *record, struct str text)
{
	const char *space = text.n > 0 ? memchr(text.p, ' ', text.n) : NULL;
	size_t n = space ? (size_t)(space - text.p) : text.n;
	int64_t until, wall;

	if (!parse_int64(str_slice(text, 0, n), &until))
		return;
	record->rests_until = until;
	record->rests_for = RETRY_AFTER_MAX;
	if (space != NULL && parse_int64(str_slice(text, n + 1, text.n), &wall) &&
	    until - wall < RETRY_AFTER_MAX)
		record->rests_for = until - wall;
}

static int
first_cmp(const void *a, const void *b)
{
	return stream_id_cmp(((const struct progress_first *)a)->at,
			     ((const struct progress_first *)b)->at);
}

static void
field_read(struct progress_record *record, struct str name, struct str value)
{
	if (str_is(name, "position"))
		(void)!stream_id_parse(value, &record->position);
	else if (str_is(name, "done"))
		done_parse(record, value);
	else if (str_is(name, "writes"))
		(void)!parse_uint64(value, &record->writes);
	else if (str_is(name, "active"))
		(void)!parse_int64(value, &record->active);
	else if (str_is(name, "state"))
		record->paused = str_is(value, "paused");
	else if (str_is(name, "why"))
		buf_str(&record->why, value);
	else if (str_is(name, "rests"))
		rests_parse(record, value);
	else if (str_is(name, "rate"))
		rate_parse(record, value);
	else if (str_starts(name, FIRST))
		first_parse(record, str_slice(name, FIRST.n, name.n), value);
}

/* Ranges have to lie beyond the position. */
static void
drop_passed(struct progress_record *record)
{
	size_t kept = 0;

	for (size_t i = 0; i < record->done_count; i++)
		if (stream_id_cmp(record->done[i].from, record->position) > 0)
			record->done[kept++] = record->done[i];
	record->done_count = kept;
	if (record->active < 0)
		record->active = 0;
}

bool
progress_read(const struct reply *reply, struct progress_record *out, struct err *err)
{
	struct progress_record record = {0};
	const struct reply *name;

	if (reply->type == REPLY_ERROR)
		return err_set(err, "Redis says: %.*s", STR_ARG(reply->text));
	if (reply->type != REPLY_ARRAY && reply->type != REPLY_NIL)
		return err_set(err, "Redis answers HGETALL with something else");
	name = reply + 1;
	for (uint32_t i = 0; reply->type == REPLY_ARRAY && i + 1 < reply->count; i += 2) {
		const struct reply *value = reply_next(name);

		field_read(&record, name->text, value->text);
		name = reply_next(value);
	}
	drop_passed(&record);
	if (record.first_count > 0)
		qsort(record.firsts, record.first_count, sizeof *record.firsts, first_cmp);
	*out = record;
	return true;
}

void
progress_finish(struct progress_record *record)
{
	mem_free(record->done);
	mem_free(record->firsts);
	buf_finish(&record->why);
	*record = (struct progress_record){0};
}

void
progress_clamp(struct progress_record *record, struct stream_id last)
{
	if (stream_id_cmp(record->position, last) > 0)
		record->position = last;
	while (record->done_count > 0 &&
	       stream_id_cmp(record->done[record->done_count - 1].to, last) > 0) {
		struct backlog_range *range = &record->done[record->done_count - 1];

		range->to = last;
		if (stream_id_cmp(range->from, last) > 0)
			record->done_count--;
	}
}

const struct progress_first *
progress_first(const struct progress_record *record, struct stream_id at)
{
	const struct progress_first key = {.at = at};

	if (record->first_count == 0)
		return NULL;
	return bsearch(&key, record->firsts, record->first_count, sizeof key, first_cmp);
}

static void
arg_id(struct buf *out, struct stream_id id)
{
	char text[STREAM_ID_TEXT];

	stream_id_print(id, text);
	resp_text(out, text);
}

static void
print_range(void *ctx, struct backlog_range range)
{
	struct buf *out = ctx;
	char text[STREAM_ID_TEXT];

	if (out->n > 0)
		buf_char(out, ' ');
	stream_id_print(range.from, text);
	buf_text(out, text);
	if (stream_id_cmp(range.from, range.to) == 0)
		return;
	stream_id_print(range.to, text);
	buf_text(out, "..");
	buf_text(out, text);
}

void
progress_write(struct buf *commands, struct str key, const struct delivery_queue *queue,
	       uint64_t writes, int64_t wall)
{
	bool limited = queue->rate.count > 0;
	int64_t rest = queue->throttled_until - queue->active_at;
	struct buf done = {0}, rate = {0}, rests = {0};

	backlog_ranges(&queue->backlog, print_range, &done);
	resp_array(commands, limited ? 14 : 12);
	resp_text(commands, "HSET");
	resp_arg(commands, key);
	resp_text(commands, "position");
	arg_id(commands, backlog_position(&queue->backlog));
	resp_text(commands, "done");
	resp_arg(commands, buf_view(&done));
	resp_text(commands, "writes");
	resp_int(commands, (int64_t)writes);
	resp_text(commands, "active");
	resp_int(commands, queue->active);
	resp_text(commands, "rests");
	if (rest > 0)
		buf_printf(&rests, "%" PRId64 " %" PRId64, wall + rest, wall);
	else
		buf_char(&rests, '0');
	resp_arg(commands, buf_view(&rests));
	if (limited) {
		buf_printf(&rate, "%u %" PRId64, queue->rate.taken, wall);
		resp_text(commands, "rate");
		resp_arg(commands, buf_view(&rate));
	}
	buf_finish(&rests);
	buf_finish(&rate);
	buf_finish(&done);
}

static void
arg_first(struct buf *out, struct stream_id at)
{
	char text[sizeof "first:" + STREAM_ID_TEXT] = "first:";

	stream_id_print(at, text + FIRST.n);
	resp_text(out, text);
}

void
progress_write_first(struct buf *commands, struct str key, const struct delivery *delivery)
{
	struct buf value = {0};

	buf_printf(&value, "%" PRId64 " %" PRId64, delivery->first_active, delivery->first_at);
	resp_array(commands, 4);
	resp_text(commands, "HSET");
	resp_arg(commands, key);
	arg_first(commands, delivery->at);
	resp_arg(commands, buf_view(&value));
	buf_finish(&value);
}

void
progress_drop_first(struct buf *commands, struct str key, struct stream_id at)
{
	resp_array(commands, 3);
	resp_text(commands, "HDEL");
	resp_arg(commands, key);
	arg_first(commands, at);
}

void
progress_drop_again(struct buf *commands, struct str stream, struct stream_id at)
{
	resp_array(commands, 3);
	resp_text(commands, "XDEL");
	resp_arg(commands, stream);
	arg_id(commands, at);
}

void
progress_write_letter(struct buf *commands, struct str stream, const struct delivery *delivery,
		      const struct progress_letter *letter)
{
	struct str reply = {letter->reply.p, utf8_cut(letter->reply, PROGRESS_REPLY_MAX)};

	resp_array(commands, 3 + 2 * 10);
	resp_text(commands, "XADD");
	resp_arg(commands, stream);
	resp_text(commands, "*");
	resp_text(commands, "id");
	resp_arg(commands, delivery->id);
	resp_text(commands, "endpoint");
	resp_arg(commands, letter->endpoint);
	resp_text(commands, "customer");
	resp_arg(commands, delivery->customer);
	resp_text(commands, "reason");
	resp_arg(commands, letter->reason);
	resp_text(commands, "status");
	resp_int(commands, letter->status);
	resp_text(commands, "reply");
	resp_arg(commands, reply);
	resp_text(commands, "attempts");
	resp_int(commands, delivery->attempts);
	resp_text(commands, "first_at");
	resp_int(commands, delivery->first_at);
	resp_text(commands, "last_at");
	resp_int(commands, letter->last_at);
	resp_text(commands, "body");
	resp_arg(commands, delivery->body);
}
