/* SPDX-License-Identifier: Apache-2.0 */
/* A day's close of many customers, in slices: requests are answered in between.
 *
 * Reading stops before the entry that lets the day close, the slices run from the event loop, and then the entry
 * is read again. Until it is applied nothing is committed, so that a death in between is one before it. */
#include "app/live_room.h"
#include "base/civil.h"
#include "io/log.h"

#define SLICE_LEAST 20000 /* customers; fewer are done at once */
#define SLICE_MS 4
#define SLICE_GO 2000 /* customers between two looks at the clock */

bool
live_is_amid(const struct live *live)
{
	return live->engine != NULL &&
	       stream_id_cmp(engine_position(live->engine), live->slice_to) < 0;
}

/* One slice; true when nothing is left to do before the entry. */
static bool
slice_run(struct live *live)
{
	const struct order_sink sink = live_sink(live);
	int64_t end = clock_monotonic() + SLICE_MS;

	do {
		if (engine_prepare(live->engine, live->slice_to, SLICE_GO, &sink))
			return true;
	} while (clock_monotonic() < end);
	return false;
}

bool
live_slice_begin(struct live *live, struct stream_id id)
{
	if (engine_customers(live->engine) < SLICE_LEAST ||
	    engine_next_close(live->engine) > id.ms)
		return true;
	live->slice_to = id;
	if (slice_run(live))
		return true;
	log_debug("time", "a day closes for %zu customers: in slices",
		  engine_customers(live->engine));
	live->slicing = true;
	live_stop_reading(live);
	live_timer(live->slice_timer, 0);
	return false;
}

void
live_on_slice(evutil_socket_t fd, short what, void *ctx)
{
	struct live *live = ctx;

	(void)fd, (void)what;
	if (!live->slicing || live->engine == NULL)
		return;
	if (!slice_run(live)) {
		live_timer(live->slice_timer, 0);
		return;
	}
	live->slicing = false;
	live_read_on(live);
}
