/* SPDX-License-Identifier: Apache-2.0 */
/* Sends events at a steady rate, each of a customer whose name is the moment of its sending.
 *
 *   probes SOCKET KEY RATE SECONDS KINDS
 *
 * Event n is of type p<random below KINDS>, of customer t<nanoseconds>. Prints one JSON line. */
#include <inttypes.h>

#include "bench/traffic.h"

static uint64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void
wait_until(uint64_t ns)
{
	const struct timespec at = {.tv_sec = (time_t)(ns / 1000000000),
				    .tv_nsec = (long)(ns % 1000000000)};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

static void
probe(int fd, const char *key, uint64_t kind)
{
	char command[512], customer[32], type[32], *out = command;

	snprintf(type, sizeof type, "p%" PRIu64, kind);
	memcpy(out, "*7\r\n", 4);
	out = bench_text(out + 4, "XADD");
	out = bench_text(bench_text(out, key), "*");
	out = bench_text(bench_text(out, "type"), type);
	snprintf(customer, sizeof customer, "t%" PRIu64, now_ns());
	out = bench_text(bench_text(out, "customer"), customer);
	bench_send(fd, command, (size_t)(out - command));
	bench_await_bulks(fd, 1);
}

int
main(int argc, char **argv)
{
	uint64_t rate, count, kinds, begun;
	int fd;

	if (argc != 6) {
		fputs("usage: probes SOCKET KEY RATE SECONDS KINDS\n", stderr);
		return 2;
	}
	fd = bench_connect(argv[1]);
	rate = bench_number(argv[3]);
	count = rate * bench_number(argv[4]);
	kinds = bench_number(argv[5]);
	begun = now_ns();
	for (uint64_t i = 0; i < count; i++) {
		wait_until(begun + i * 1000000000 / rate);
		probe(fd, argv[2], traffic_random(i) % kinds);
	}
	printf("{\"bench\":\"probes\",\"sent\":%" PRIu64 "}\n", count);
	return 0;
}
