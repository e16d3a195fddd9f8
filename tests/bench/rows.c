/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the benchmarks' traffic as a file of rows.
 *
 *   rows ndjson|csv CUSTOMERS EVENTS START_MS SPAN_MS [known] >FILE
 *
 * known: a past of customers who are known from its first days on and come back. The days are dealt out to six parts of
 * the customers in turn; whoever is due on a day logs in and leaves as many rows as EVENTS has room for, between those of
 * 63 others. One of fifty comes no more after half of the days. */
#include <string.h>

#include "bench/traffic.h"

#define TURNS 6	   /* days from visit to visit */
#define ABREAST 64 /* visits at the same time */
#define LEAVES 50

/* The visits of a past: so many rows each, in the order in which they begin. */
struct visits {
	uint64_t days, a_day, rows;
};

static void
row_ndjson(const struct traffic_event *event)
{
	printf("{\"customer\":\"%s\",\"type\":\"%s\",\"ts\":%s,\"value\":%s,\"%s\":\"%s\"}\n",
	       event->customer, event->type, event->ts, event->value, event->extra,
	       event->extra_value);
}

static void
row_csv(const struct traffic_event *event)
{
	int angry = strcmp(event->extra, "severity") == 0;

	printf("%s,%s,%s,%s,%s,%s\n", event->customer, event->type, event->ts, event->value,
	       angry ? "" : event->extra_value, angry ? event->extra_value : "");
}

static struct visits
visits_of(const struct traffic *traffic)
{
	struct visits visits = {.days = (uint64_t)traffic->span / 86400000,
				.a_day = traffic->customers / TURNS / ABREAST * ABREAST};

	visits.rows = visits.days && visits.a_day
			      ? traffic->events / (visits.days * visits.a_day)
			      : 0;
	return visits;
}

/* Row i, as traffic_event() has it but for who comes, when, and that a visit begins with a login. False: nobody came. */
static int
visit_event(const struct traffic *traffic, const struct visits *visits, uint64_t i,
	    struct traffic_event *event)
{
	uint64_t bundle = i / (ABREAST * visits->rows), row = i / ABREAST % visits->rows;
	uint64_t visit = bundle * ABREAST + i % ABREAST, day = visit / visits->a_day;
	uint64_t customer = visit % visits->a_day * TURNS + day % TURNS;

	traffic_event(traffic, i, event);
	traffic_digits(event->customer + 1, customer, 7);
	if (row == 0)
		event->type = "login";
	else if (strcmp(event->type, "login") == 0)
		event->type = "page_view";
	return day < visits->days / 2 || customer % LEAVES != LEAVES - 1;
}

int
main(int argc, char **argv)
{
	struct traffic_event event;
	struct traffic traffic;
	struct visits visits = {0};
	int is_csv = argc > 1 && strcmp(argv[1], "csv") == 0;
	int known = argc == 7 && strcmp(argv[6], "known") == 0;

	if (argc != 6 && !known) {
		fputs("usage: rows ndjson|csv CUSTOMERS EVENTS START_MS SPAN_MS [known]\n",
		      stderr);
		return 2;
	}
	traffic = (struct traffic){bench_number(argv[2]), bench_number(argv[3]),
				   (int64_t)bench_number(argv[4]),
				   (int64_t)bench_number(argv[5])};
	if (is_csv)
		puts("customer,type,ts,value,source,severity");
	if (known) {
		visits = visits_of(&traffic);
		traffic.events = visits.days * visits.a_day * visits.rows;
	}
	for (uint64_t i = 0; i < traffic.events; i++) {
		if (!known)
			traffic_event(&traffic, i, &event);
		else if (!visit_event(&traffic, &visits, i, &event))
			continue;
		if (is_csv)
			row_csv(&event);
		else
			row_ndjson(&event);
	}
	return fflush(stdout) == 0 ? 0 : 2;
}
