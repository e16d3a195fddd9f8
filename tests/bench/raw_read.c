/* SPDX-License-Identifier: Apache-2.0 */
/* The ceiling: how fast the bytes of a stream come out of Redis when nobody looks at them. One JSON line.
 *
 *   raw_read SOCKET KEY CUSTOMERS EVENTS START_MS SPAN_MS
 *
 * The ids are known, so each read is asked for before the one before it has come; behind each stands an ECHO
 * of a byte that no event holds, which shows where its reply ends. */
#include "bench/traffic.h"

#define BATCH 2000
#define MARK 1

struct raw {
	int fd;
	const char *key;
	struct traffic traffic;
	uint64_t bytes;
};

static void
ask(const struct raw *raw, uint64_t first)
{
	static const char mark[] = {MARK};
	char command[512], id[48] = "0-0", *out = command;

	if (first > 0)
		traffic_id(&raw->traffic, first - 1, id);
	memcpy(out, "*6\r\n", 4);
	out = bench_text(out + 4, "XREAD");
	out = bench_text(bench_text(out, "COUNT"), "2000");
	out = bench_text(bench_text(out, "STREAMS"), raw->key);
	out = bench_text(out, id);
	memcpy(out, "*2\r\n", 4);
	out = bench_text(out + 4, "ECHO");
	out = bench_word(out, mark, 1);
	bench_send(raw->fd, command, (size_t)(out - command));
}

/* One reply, up to its mark. What was read beyond it belongs to the next, and its mark may be there too. */
static void
await(struct raw *raw)
{
	static char bytes[1 << 18];
	static unsigned marks;

	while (marks == 0) {
		size_t n = bench_receive(raw->fd, bytes, sizeof bytes);
		const char *p = bytes, *end = bytes + n;

		raw->bytes += n;
		while ((p = memchr(p, MARK, (size_t)(end - p))) != NULL) {
			marks++;
			p++;
		}
	}
	marks--;
}

int
main(int argc, char **argv)
{
	struct raw raw;
	double begun, took;

	if (argc != 7) {
		fputs("usage: raw_read SOCKET KEY CUSTOMERS EVENTS START_MS SPAN_MS\n", stderr);
		return 2;
	}
	raw = (struct raw){
		bench_connect(argv[1]),
		argv[2],
		{bench_number(argv[3]), bench_number(argv[4]), (int64_t)bench_number(argv[5]),
		 (int64_t)bench_number(argv[6])},
		0,
	};
	begun = bench_seconds();
	ask(&raw, 0);
	for (uint64_t i = 0; i < raw.traffic.events; i += BATCH) {
		if (i + BATCH < raw.traffic.events)
			ask(&raw, i + BATCH);
		await(&raw);
	}
	took = bench_seconds() - begun;
	printf("{\"bench\":\"raw_read\",\"events\":%" PRIu64 ",\"bytes\":%" PRIu64
	       ",\"seconds\":%.3f,\"cpu_s\":%.3f,\"events_per_s\":%.0f}\n",
	       raw.traffic.events, raw.bytes, took, bench_cpu_seconds(),
	       (double)raw.traffic.events / took);
	return 0;
}
