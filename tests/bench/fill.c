/* SPDX-License-Identifier: Apache-2.0 */
/* Fills a stream with the benchmarks' traffic, pipelined, with explicit ids. One JSON line.
 *
 *   fill SOCKET KEY CUSTOMERS EVENTS START_MS SPAN_MS */
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

static void
fill(int fd, const char *key, const struct traffic *traffic)
{
	static char bytes[PIPELINE * COMMAND_MAX];
	struct traffic_event event;
	int64_t owed = 0;
	uint64_t now;

	for (uint64_t i = 0; i < traffic->events; i += now) {
		char *out = bytes;

		now = traffic->events - i < PIPELINE ? traffic->events - i : PIPELINE;
		for (uint64_t j = 0; j < now; j++) {
			traffic_event(traffic, i + j, &event);
			out = xadd(out, key, &event);
		}
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

	if (argc != 7) {
		fputs("usage: fill SOCKET KEY CUSTOMERS EVENTS START_MS SPAN_MS\n", stderr);
		return 2;
	}
	traffic = (struct traffic){bench_number(argv[3]), bench_number(argv[4]),
				   (int64_t)bench_number(argv[5]),
				   (int64_t)bench_number(argv[6])};
	begun = bench_seconds();
	fill(bench_connect(argv[1]), argv[2], &traffic);
	took = bench_seconds() - begun;
	printf("{\"bench\":\"fill\",\"events\":%" PRIu64
	       ",\"seconds\":%.3f,\"events_per_s\":%.0f}\n",
	       traffic.events, took, (double)traffic.events / took);
	return 0;
}
