/* SPDX-License-Identifier: Apache-2.0 */
/* Holds what a daemon left in Redis against a replay of the stream it left: see support/verify.h.
 *
 *   verify REDIS-URL PREFIX RULES...      RULES: the files that were in force from the beginning
 *
 * Prints one line and ends with 0, or says what differs and ends with 1. */
#include <stdio.h>
#include <stdlib.h>

#include "io/redis.h"
#include "support/verify.h"

static void __attribute__((noreturn)) differ(const char *sentence)
{
	printf("verify: %s\n", sentence);
	exit(1);
}

static const struct reply *
call(void *ctx, struct arena *arena, struct err *err, const char *const *words)
{
	const char *w[8] = {NULL};
	for (unsigned i = 0; i < 7 && words[i]; i++)
		w[i] = words[i];
	return redis_call(ctx, arena, err, w[0], w[1], w[2], w[3], w[4], w[5], w[6], NULL);
}

static struct redis *
connect_to(struct event_base *base, const struct redis_address *address)
{
	struct redis *redis = redis_create(base, address, "verify", (struct redis_hooks){0});
	struct err err;
	redis_connect(redis);
	if (!redis_wait_up(redis, 10000, &err))
		differ(err.text);
	return redis;
}

int
main(int argc, char **argv)
{
	struct redis_address address;
	struct verify_counts counts;
	struct str names[DIAG_FILES];
	struct arena arena;
	struct err err;
	if (argc < 4 || argc - 3 > DIAG_FILES) {
		fprintf(stderr, "usage: verify REDIS-URL PREFIX RULES...\n");
		return 2;
	}
	for (int i = 3; i < argc; i++)
		names[i - 3] = str_of(argv[i]);
	struct rule_files *genesis = rule_files_read(STR_NONE, names, (unsigned)argc - 3, &err);
	if (!genesis)
		differ(err.text);
	arena_init(&arena);
	struct event_base *base = event_base_new();
	if (!redis_address_parse(&arena, str_of(argv[1]), &address, &err))
		differ(err.text);
	struct redis *redis = connect_to(base, &address);
	verify_run(&(struct verify_source){redis, call, differ}, argv[2], genesis, NULL,
		   &counts);
	printf("verify: same: %zu entries, %zu customers, %zu alerts, %zu task changes, %zu rejects\n",
	       counts.entries, counts.customers, counts.alerts, counts.tasks, counts.rejects);
	redis_destroy(redis);
	event_base_free(base);
	rule_files_destroy(genesis);
	arena_finish(&arena);
	return 0;
}
