/* SPDX-License-Identifier: Apache-2.0 */
/* A small world for expressions: a scope with everything in it, and a customer who is made of constants. */
#ifndef SUPPORT_LANG_WORLD_H
#define SUPPORT_LANG_WORLD_H

#include "lang/builtin.h"
#include "lang/template.h"

#define WORLD_NOW INT64_C(1795255200000) /* 2026-11-21T06:40:00Z */

enum world_signal {
	WORLD_LOGIN,
	WORLD_USAGE,
	WORLD_ORDERS,
	WORLD_SEATS,
	WORLD_NEVER,
	WORLD_CHINESE,
	WORLD_SIGNALS
};

struct world {
	struct arena arena;
	struct scope scope;
	struct buf said; /* complaints, "E104 19+2: cannot compare ...; did you mean 14d?\n" */
	unsigned complaints;
	bool zh;
	/* The customer. Instants at which each signal was last heard; INT64_MIN: never. */
	int64_t heard_at[WORLD_SIGNALS];
	int64_t first_seen_at;
	int64_t owed_at; /* after(): of the oldest unsettled; INT64_MIN: none is */
	bool profile_unknown;
	bool guesses;		  /* where chances turn, */
	int64_t off;		  /* off by so much */
	struct calendar calendar; /* plain; knows new_year and national_day by name */
	struct zone *zone;	  /* owned */
	unsigned calls;		  /* how often the engine was asked */
	unsigned exact_calls;
};

void world_init(struct world *world);
void world_finish(struct world *world);
/* The text is borrowed until the world ends. Clears what was said before. */
const struct expr *world_compile(struct world *world, const char *text, enum type want);
const struct expr *world_compile_str(struct world *world, struct str text, enum type want);
struct env world_env(struct world *world, int64_t now);
struct sink world_sink(struct world *world);
/* The source of a text, in the world's arena. */
const struct source *world_source(struct world *world, struct str text);

#endif
