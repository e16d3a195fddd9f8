/* SPDX-License-Identifier: Apache-2.0 */
/* Ids of the entries in alerts, tasks and rejected: made from the entry that caused them.
 *
 * Redis up to 8 can tear a transaction: when it dies while it writes a MULTI to its append-only file, the next
 * start leaves the first commands of it in the file, and the start after that one executes them, with the EXEC
 * of whatever transaction follows. Every other command of a commit may be executed twice without harm; an XADD
 * with the id * may not. With an id that follows from what happened, the second of two is refused by Redis
 * while it loads, and where the first lies there without the commit that it belonged to, it is found at the
 * start and not written again. */
#include "app/live_room.h"
#include "base/mem.h"
#include "codec/stream_id.h"
#include "io/log.h"

/* Entries: more than a commit holds, unless a day closes for so many customers. */
#define TORN_MAX "100000"

static struct str
stream_of(const struct live *live, enum live_output output)
{
	return output == OUTPUT_ALERTS	? live->alerts
	       : output == OUTPUT_TASKS ? live->tasks
					: live->rejected;
}

static bool
is_torn(const struct live *live, enum live_output output, struct stream_id id)
{
	for (size_t i = 0; i < live->torn_count; i++)
		if (live->torn[i].output == output && stream_id_cmp(live->torn[i].id, id) == 0)
			return true;
	return false;
}

/* The ms of the entry, and a number that counts all outputs of entries of that ms. */
bool
live_output_id(struct live *live, enum live_output output, struct stream_id caused_by,
	       char out[STREAM_ID_TEXT])
{
	struct stream_id *newest = &live->partition.out;

	if (caused_by.ms > newest->ms)
		*newest = (struct stream_id){caused_by.ms, 0};
	else
		newest->seq++;
	if (newest->ms == 0 && newest->seq == 0)
		newest->seq = 1;
	stream_id_print(*newest, out);
	return !is_torn(live, output, *newest);
}

static void
on_torn(void *ctx, const struct reply *reply)
{
	struct live *live = ctx;
	enum live_output output = live->torn_asked++;
	const struct reply *item = reply + 1;

	if (live->state != LIVE_STARTING)
		return;
	if (reply->type == REPLY_ARRAY && reply->count > 0) {
		log_warn("commit",
			 "%s holds %u entries of a transaction that Redis tore when it died; "
			 "they are taken as they are",
			 stream_of(live, output).p, reply->count);
		MEM_RESERVE(live->torn, live->torn_cap, live->torn_count + reply->count);
		for (uint32_t i = 0; i < reply->count; i++, item = reply_next(item)) {
			struct live_torn *torn = &live->torn[live->torn_count];

			torn->output = output;
			if (stream_id_parse(item[1].text, &torn->id))
				live->torn_count++;
		}
	} else if (redis_error_is_passing(reply))
		live->boot_refused = true;
	if (live->torn_asked < OUTPUTS)
		return;
	if (live->boot_refused)
		live_boot_again(live, "Redis does not say what it holds");
	else
		live->after_torn(live);
}

void
live_outputs_look(struct live *live, void (*then)(struct live *live))
{
	char after[STREAM_ID_TEXT + 1] = "(";

	live->torn_count = 0;
	live->torn_asked = 0;
	live->after_torn = then;
	stream_id_print(live->partition.out, after + 1);
	for (enum live_output output = 0; output < OUTPUTS; output++)
		redis_command(live->redis, on_torn, live, "XRANGE", stream_of(live, output).p,
			      after, "+", "COUNT", TORN_MAX, NULL);
}
