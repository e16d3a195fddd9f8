/* SPDX-License-Identifier: Apache-2.0 */
/* Lists over all customers: a slice a turn of the loop, keeping the best rows of one page. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/api_room.h"
#include "base/mem.h"
#include "base/number.h"

/* A cursor is the last row of the page before, behind the word for its order, in hex: what follows it is
 * found again even when that customer has moved meanwhile. */
struct scan {
	struct scan_hooks hooks;
	struct event *turn;  /* owned */
	uint64_t recoveries; /* customers are another's after one more */
	size_t next;
	unsigned limit;
	bool has_after;
	struct row after;
	/* A heap, the worst row on top; one more than the page to know whether there is another. */
	struct row *rows; /* owned */
	unsigned count;
};

/* <0: a stands before b. */
static int
row_cmp(const struct row *a, const struct row *b)
{
	int order;

	if (a->key > b->key || a->key < b->key)
		return a->key > b->key ? -1 : 1;
	if (a->then > b->then || a->then < b->then)
		return a->then > b->then ? -1 : 1;
	if (a->at != b->at)
		return a->at < b->at ? -1 : 1;
	order = str_cmp(a->id, b->id);
	if (order != 0)
		return order;
	return a->n < b->n ? -1 : a->n > b->n;
}

static void
swap(struct row *a, struct row *b)
{
	struct row held = *a;

	*a = *b;
	*b = held;
}

static void
sink_top(struct row *rows, unsigned count)
{
	for (unsigned i = 0;;) {
		unsigned worst = i, kid = 2 * i + 1;

		if (kid < count && row_cmp(&rows[kid], &rows[worst]) > 0)
			worst = kid;
		if (kid + 1 < count && row_cmp(&rows[kid + 1], &rows[worst]) > 0)
			worst = kid + 1;
		if (worst == i)
			return;
		swap(&rows[i], &rows[worst]);
		i = worst;
	}
}

bool
scan_wants(const struct ask *ask, double key)
{
	const struct scan *scan = ask->scan;

	return !(scan->has_after && key > scan->after.key) &&
	       !(scan->count > scan->limit && key < scan->rows[0].key);
}

void
scan_offer(struct ask *ask, const struct row *row)
{
	struct scan *scan = ask->scan;
	unsigned i = scan->count;

	if (scan->has_after && row_cmp(row, &scan->after) <= 0)
		return;
	if (i > scan->limit) {
		if (row_cmp(row, &scan->rows[0]) < 0) {
			scan->rows[0] = *row;
			sink_top(scan->rows, i);
		}
		return;
	}
	scan->rows[scan->count++] = *row;
	for (; i > 0 && row_cmp(&scan->rows[i], &scan->rows[(i - 1) / 2]) > 0; i = (i - 1) / 2)
		swap(&scan->rows[i], &scan->rows[(i - 1) / 2]);
}

/* --- cursors --- */

static void
cursor_print(struct buf *out, const char *order, const struct row *row)
{
	struct buf text = {0};

	buf_printf(&text, "%s ", order);
	buf_number_exact(&text, row->key);
	buf_char(&text, ' ');
	buf_number_exact(&text, row->then);
	buf_printf(&text, " %" PRId64 " %u ", row->at, row->n);
	buf_str(&text, row->id);
	for (size_t i = 0; i < text.n; i++)
		buf_printf(out, "%02x", (unsigned)(unsigned char)text.p[i]);
	buf_finish(&text);
}

static struct str
take_word(struct str *rest)
{
	const char *space = rest->n > 0 ? memchr(rest->p, ' ', rest->n) : NULL;
	size_t n = space ? (size_t)(space - rest->p) : rest->n;
	struct str word = str_slice(*rest, 0, n);

	*rest = str_slice(*rest, n + (space != NULL), rest->n);
	return word;
}

static bool
unhex(struct arena *arena, struct str hex, struct str *out)
{
	struct buf percents = {0};
	bool good = hex.n % 2 == 0;

	for (size_t i = 0; good && i < hex.n; i += 2)
		buf_printf(&percents, "%%%c%c", hex.p[i], hex.p[i + 1]);
	good = good && http_decode(arena, buf_view(&percents), false, out);
	buf_finish(&percents);
	return good;
}

static bool
cursor_parse(struct arena *arena, struct str cursor, const char *order, struct row *out)
{
	struct str rest;
	uint64_t n;

	if (!order || !unhex(arena, cursor, &rest) || !str_is(take_word(&rest), order) ||
	    !parse_number(take_word(&rest), &out->key) ||
	    !parse_number(take_word(&rest), &out->then) ||
	    !parse_int64(take_word(&rest), &out->at) || !parse_uint64(take_word(&rest), &n))
		return false;
	out->n = (unsigned)n;
	out->id = rest;
	return true;
}

/* --- turns --- */

static void
sort_rows(struct scan *scan)
{
	for (unsigned left = scan->count; left > 1; left--) {
		swap(&scan->rows[0], &scan->rows[left - 1]);
		sink_top(scan->rows, left - 1);
	}
}

static uint64_t
recoveries_of(const struct ask *ask)
{
	struct live_status status;

	live_get_status(ask->api->options.live, &status);
	return status.recoveries;
}

static void
on_turn(int fd, short what, void *ctx)
{
	static const struct timeval soon = {0, 0};
	struct ask *ask = ctx;
	struct scan *scan = ask->scan;
	struct engine *engine = ask_engine(ask);
	size_t end = scan->next + API_SCAN_SLICE;

	(void)fd, (void)what;
	if (engine == NULL)
		return;
	if (recoveries_of(ask) != scan->recoveries) {
		ask_fail(ask, 503, "not_ready", "churnd has just read its customers anew");
		return;
	}
	for (; scan->next < end && scan->next < engine_customers(engine); scan->next++)
		scan->hooks.visit(ask, engine, engine_customer_at(engine, scan->next));
	if (scan->next < engine_customers(engine)) {
		event_add(scan->turn, &soon);
		return;
	}
	sort_rows(scan);
	scan->hooks.done(ask, scan->rows,
			 scan->count < scan->limit ? scan->count : scan->limit);
}

void
scan_begin(struct ask *ask, struct scan_hooks hooks)
{
	struct str cursor = ask_parameter(ask, "cursor");
	struct scan *scan;
	unsigned limit;

	if (!ask_limit(ask, &limit))
		return;
	if (ask->api->scans == API_SCANS) {
		ask_fail(ask, 503, "busy", "%d lists are being made already", API_SCANS);
		return;
	}
	ask->api->scans++;
	scan = ask->scan = mem_alloc(sizeof *scan);
	scan->hooks = hooks;
	scan->turn = evtimer_new(ask->api->options.base, on_turn, ask);
	scan->recoveries = recoveries_of(ask);
	scan->limit = limit;
	scan->rows = mem_array(limit + 1, sizeof *scan->rows);
	scan->has_after = cursor.n > 0;
	if (scan->has_after && !cursor_parse(ask->arena, cursor, hooks.order, &scan->after)) {
		ask_fail(ask, 400, "bad_parameter",
			 "cursor is none that was given out here, for this order");
		return;
	}
	on_turn(-1, 0, ask);
}

void
scan_finish_json(struct ask *ask)
{
	struct scan *scan = ask->scan;
	struct buf cursor = {0};

	json_key(&ask->json, "next");
	if (scan->count > scan->limit) {
		cursor_print(&cursor, scan->hooks.order, &scan->rows[scan->limit - 1]);
		json_str(&ask->json, buf_view(&cursor));
	} else {
		json_none(&ask->json);
	}
	buf_finish(&cursor);
}

void
scan_destroy(struct scan *scan)
{
	event_free(scan->turn);
	mem_free(scan->rows);
	mem_free(scan);
}
