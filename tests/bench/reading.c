/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and decodes files of events, and feeds them to nobody: what `churnctl replay` costs before its engine.
 *
 *   reading FILE.. */
#include "bench/bench.h"

#include "app/feed.h"

int
main(int argc, char **argv)
{
	const struct ctl ctl = {0};
	struct option_list files = {.count = 0};
	double begun = bench_seconds(), cpu = bench_cpu_seconds();

	if (argc < 2 || argc > 64) {
		fputs("usage: reading FILE..\n", stderr);
		return 2;
	}
	for (int i = 1; i < argc; i++)
		files.items[files.count++] = argv[i];
	if (feed_files(&ctl, NULL, 0, &files, INT64_MAX) != STATUS_DONE)
		return 2;
	printf("{\"seconds\":%.6f,\"cpu_s\":%.6f}\n", bench_seconds() - begun,
	       bench_cpu_seconds() - cpu);
	return 0;
}
