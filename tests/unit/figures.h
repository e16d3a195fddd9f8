/* SPDX-License-Identifier: Apache-2.0 */
/* Figures of a rule as they are read at the world's present. */
#ifndef UNIT_FIGURES_H
#define UNIT_FIGURES_H

#include "engine/core.h"
#include "support/scene.h"

/* All 0 where there are none yet. */
static inline struct figures
figures_read(const struct scene *w, const char *rule)
{
	const struct ruleset *rules = engine_rules(w->engine);
	uint32_t key = rules->rules[ruleset_rule(rules, str_of(rule))].key;
	const struct figures none = {0},
			     *f = quality_find(engine_quality(w->engine), FIGURES_RULE, key);

	return figures_as_of(f ? f : &none, rules, engine_clock(w->engine));
}

static inline unsigned
open_now(const struct scene *w, const struct figures *read)
{
	return figures_still_open(read, engine_clock(w->engine),
				  quality_open_for(engine_rules(w->engine)));
}

#endif
