/* SPDX-License-Identifier: Apache-2.0 */
/* Fills a stream with the benchmarks' traffic, pipelined, with explicit ids. One JSON line.
 *
 *   fill SOCKET KEY CUSTOMERS EVENTS START_MS SPAN_MS
 *   fill --history SOCKET KEY CUSTOMERS EVENTS START_MS SPAN_MS
 *
 * --history: of each customer, who has been one for years, a profile and that it was there; EVENTS
 * is three times CUSTOMERS. */
#include <stdbool.h>

#include "bench/traffic.h"

#define PIPELINE 400
#define COMMAND_MAX 512

static char *
xadd(char *out, const char *key, const struct traffic_event *event)
{
	memcpy(out, "*13\r\n", 5);
	out = bench_text(out + 5, "XADD");
	out = bench_text(out, key);
	out = bench_text(out, event->id);
	out = bench_text(bench_text(out, "customer"), event->customer);
	out = bench_text(bench_text(out, "type"), event->type);
	out = bench_text(bench_text(out, "ts"), event->ts);
	out = bench_text(bench_text(out, "value"), event->value);
	return bench_text(bench_text(out, event->extra), event->extra_value);
}

typedef char *write_fn(char *out, const char *key, const struct traffic *traffic, uint64_t i);

static char *
write_event(char *out, const char *key, const struct traffic *traffic, uint64_t i)
{
	struct traffic_event event;

	traffic_event(traffic, i, &event);
	return xadd(out, key, &event);
}

/* Three entries of each customer. */
static char *
write_history(char *out, const char *key, const struct traffic *traffic, uint64_t i)
{
	static const char *const types[] = {"profile", "login", "page_view"};
	char id[48], customer[24] = "c";

	traffic_id(traffic, i, id);
	traffic_digits(customer + 1, i / 3, 7);
	memcpy(out, i % 3 == 0 ? "*13\r\n" : "*9\r\n", i % 3 == 0 ? 5 : 4);
	out = bench_text(out + (i % 3 == 0 ? 5 : 4), "XADD");
	out = bench_text(bench_text(out, key), id);
	out = bench_text(bench_text(out, "customer"), customer);
	out = bench_text(bench_text(out, "type"), types[i % 3]);
	if (i % 3 == 0) {
		out = bench_text(bench_text(out, "customer_since"), "2020-02-29");
		out = bench_text(bench_text(out, "owner"), "li");
	}
	return bench_text(bench_text(out, "value"), "1");
}

static void
fill(int fd, const char *key, const struct traffic *traffic, write_fn *write_one)
{
	static char bytes[PIPELINE * COMMAND_MAX];
	int64_t owed = 0;
	uint64_t now;

	for (uint64_t i = 0; i < traffic->events; i += now) {
		char *out = bytes;

		now = traffic->events - i < PIPELINE ? traffic->events - i : PIPELINE;
		for (uint64_t j = 0; j < now; j++)
			out = write_one(out, key, traffic, i + j);
		bench_send(fd, bytes, (size_t)(out - bytes));
		bench_await_bulks(fd, owed); /* of the round before */
		owed = (int64_t)now;
	}
	bench_await_bulks(fd, owed);
}

int
main(int argc, char **argv)
{
	struct traffic traffic;
	double begun, took;
	bool history = argc > 1 && strcmp(argv[1], "--history") == 0;

	argc -= history;
	argv += history;
	if (argc != 7) {
		fputs("usage: fill [--history] SOCKET KEY CUSTOMERS EVENTS START_MS SPAN_MS\n",
		      stderr);
		return 2;
	}
	traffic = (struct traffic){bench_number(argv[3]), bench_number(argv[4]),
				   (int64_t)bench_number(argv[5]),
				   (int64_t)bench_number(argv[6])};
	begun = bench_seconds();
	fill(bench_connect(argv[1]), argv[2], &traffic, history ? write_history : write_event);
	took = bench_seconds() - begun;
	printf("{\"bench\":\"fill\",\"events\":%" PRIu64
	       ",\"seconds\":%.3f,\"events_per_s\":%.0f}\n",
	       traffic.events, took, (double)traffic.events / took);
	return 0;
}
