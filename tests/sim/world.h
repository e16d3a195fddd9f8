/* SPDX-License-Identifier: Apache-2.0 */
/* One world: its servers, its daemons, who writes into it, and what has to be true of it. */
#ifndef SIM_WORLD_H
#define SIM_WORLD_H

#include "base/hash.h"
#include "codec/config.h"
#include "sim/house.h"
#include "sim/redis.h"

#define WORLD_SERVERS 16
#define WORLD_RULES 16
#define WORLD_ENDPOINTS 2
/* The sha256 of rules that nobody has. */
#define WORLD_NO_RULES "0000000000000000000000000000000000000000000000000000000000000000"
#define WORLD_START INT64_C(1780000000000) /* 2026-05-28 */

struct world_rules {
	struct str text;
	char sha_hex[65];
};

/* An alert that was committed. */
struct world_alert {
	struct str id, customer, to, body;
	bool taken[WORLD_ENDPOINTS]; /* by the endpoint, once at least */
};

struct world {
	uint64_t seed;
	struct event_base *base; /* owned */
	struct arena arena;	 /* owned: words of the servers, texts */
	struct config *config;	 /* owned */
	struct house houses[2];
	struct fake_server servers[WORLD_SERVERS]; /* owned */
	unsigned server_count;
	struct fake_server *server; /* that new connections reach */
	struct world_rules rules[WORLD_RULES];
	unsigned rule_count;
	char genesis[65]; /* sha of the rules in force from the beginning */

	/* Who writes. */
	bool held;    /* ids are those of another time, and time stands still */
	bool guarded; /* weeks of a steady feed come first */
	bool harsh;   /* Redis dies often, and tears what it was writing */
	int64_t now;  /* of the writers, when held */
	struct str customers[10];
	unsigned customer_count;

	/* What is known. */
	bool rolled; /* Redis went back in time: what was said may have been forgotten */
	struct world_alert *alerts; /* owned; in the order of the first commit */
	size_t alert_count, alert_cap;
	struct map alert_ids;			  /* to the index in alerts */
	uint32_t last_taken[WORLD_ENDPOINTS][10]; /* of each customer: index + 1 */
};

/* What came of it. */
struct world_tally {
	uint64_t hash, commands, turns;
	uint64_t entries, alerts, tasks, rejects, requests, lives, failures, restores;
};

#define WORLD_ROUNDS 4
/* rounds: it ends after so many at most; the same as far as it goes. */
void world_run(uint64_t seed, unsigned rounds, struct world_tally *out);

/* world_entries.c: those who write. */
void world_send(struct world *world, unsigned count);
void world_past(struct world *world); /* weeks of a steady feed */

/* world_deaths.c */
void world_redis_dies(struct world *world);

/* world_age.c: what lies in Redis is as a version of before partition 2 left it. */
void world_age(struct world *world);

/* world_judge.c */
void judge_mark(struct fake_server *server, struct str old, struct str now);
void judge_entry(struct fake_server *server, struct str stream, const struct fake_entry *entry);
void judge_came(void *ctx, struct str endpoint, struct str id, struct str body);
void judge_taken(void *ctx, struct str endpoint, struct str id);
/* Everything that has to be delivered is: taken, or a dead letter. */
bool judge_is_delivered(const struct world *world, struct str *missing);
/* What lies in Redis, and in the engine unless it is NULL, against a replay. */
void judge_verify(struct world *world, const struct engine *live, struct world_tally *out);

#endif
