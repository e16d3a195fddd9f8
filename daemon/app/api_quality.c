/* SPDX-License-Identifier: Apache-2.0 */
/* How right rules have been: GET /v1/rules/stats, and a few numbers for Prometheus. */
#include "app/api_quality.h"

#include "app/api_room.h"
#include "codec/exposition.h"
#include "codec/quality_json.h"

void
api_rules_stats(struct ask *ask)
{
	struct engine *engine = ask_engine(ask);

	if (engine == NULL)
		return;
	quality_json(&ask->json, engine, ask_now(ask));
	ask_answer(ask, 200);
}

void
api_quality_metrics(struct buf *out, const struct engine *engine)
{
	const struct figures none = {0}, *all = NULL;
	unsigned noisy = 0;

	if (engine == NULL)
		return;
	all = quality_find(engine_quality(engine), FIGURES_ALL, 0);
	all = all ? all : &none;
	for (unsigned i = 0; i < engine_rules(engine)->rule_count; i++)
		noisy += quality_rule_is_noisy(engine, i);
	metric_one(out, "rules_noisy", "gauge", "rules with more false alarms than their noise",
		   (double)noisy);
	metric_one(out, "customers_churned_total", "counter", "customers that churned",
		   (double)all->counts[FIGURE_CHURNS]);
	metric_one(out, "customers_churned_foreseen_total", "counter",
		   "of these, customers of whom some rule had warned",
		   (double)all->counts[FIGURE_FORESEEN]);
}
