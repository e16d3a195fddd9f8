/* SPDX-License-Identifier: Apache-2.0 */
/* Says once in the log that a rule has become noisier than its `noise`. */
#include "app/live_room.h"
#include "base/mem.h"
#include "codec/quality_json.h"
#include "io/log.h"

/* Forgets it: if it becomes noisy again, that is said again. */
static void
drop(struct live *live, uint32_t key)
{
	size_t kept = 0;

	for (size_t i = 0; i < live->noisy_count; i++)
		if (live->noisy[i] != key)
			live->noisy[kept++] = live->noisy[i];
	live->noisy_count = kept;
}

static bool
was_told(const struct live *live, uint32_t key)
{
	for (size_t i = 0; i < live->noisy_count; i++)
		if (live->noisy[i] == key)
			return true;
	return false;
}

static void
tell(struct live *live, unsigned slot)
{
	const struct rule *rule = &engine_rules(live->engine)->rules[slot];
	struct figures figures =
		quality_of_rule(live->engine, slot, engine_clock(live->engine));

	MEM_RESERVE(live->noisy, live->noisy_cap, live->noisy_count + 1);
	live->noisy[live->noisy_count++] = rule->key;
	log_warn("rules",
		 "rule %.*s is noisy: %u of its %u judged alerts were false alarms, more than "
		 "its noise of %g; see churnctl rules stats",
		 STR_ARG(rule->name), figures.counts[FIGURE_FALSE], figures_judged(&figures),
		 rule->noise);
}

void
live_noise_look(struct live *live)
{
	const struct ruleset *rules = engine_rules(live->engine);

	live->noise_due = false;
	for (unsigned i = 0; i < rules->rule_count; i++) {
		bool told;

		if (rules->rules[i].noise < 0)
			continue;
		told = was_told(live, rules->rules[i].key);
		if (!quality_rule_is_noisy(live->engine, i))
			drop(live, rules->rules[i].key);
		else if (!told)
			tell(live, i);
	}
}
