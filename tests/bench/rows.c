/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the benchmarks' traffic as a file of rows.
 *
 *   rows ndjson|csv CUSTOMERS EVENTS START_MS SPAN_MS >FILE */
#include "bench/traffic.h"

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

int
main(int argc, char **argv)
{
	struct traffic_event event;
	struct traffic traffic;
	int is_csv = argc > 1 && strcmp(argv[1], "csv") == 0;

	if (argc != 6) {
		fputs("usage: rows ndjson|csv CUSTOMERS EVENTS START_MS SPAN_MS\n", stderr);
		return 2;
	}
	traffic = (struct traffic){bench_number(argv[2]), bench_number(argv[3]),
				   (int64_t)bench_number(argv[4]),
				   (int64_t)bench_number(argv[5])};
	if (is_csv)
		puts("customer,type,ts,value,source,severity");
	for (uint64_t i = 0; i < traffic.events; i++) {
		traffic_event(&traffic, i, &event);
		if (is_csv)
			row_csv(&event);
		else
			row_ndjson(&event);
	}
	return fflush(stdout) == 0 ? 0 : 2;
}
