/* SPDX-License-Identifier: Apache-2.0 */
/* Tells those who look on what a step did. */
#include "engine/core.h"

void
engine_watch(struct engine *engine, const struct engine_watch *watch)
{
	engine->watch = *watch;
}

uint32_t
engine_number(const struct engine *engine, const struct customer *customer)
{
	size_t chunk = 0;
	while (customer < engine->chunks[chunk]->customers ||
	       customer >= engine->chunks[chunk]->customers + CUSTOMER_CHUNK)
		chunk++;
	return (uint32_t)(chunk * CUSTOMER_CHUNK) +
	       (uint32_t)(customer - engine->chunks[chunk]->customers);
}

void
step_show(const struct step *step)
{
	const struct engine_watch *watch = &step->engine->watch;
	int risk = step->customer->risk;
	if (watch->risk && risk != step->previous_risk)
		watch->risk(watch->ctx, step->index, step->now, step->previous_risk, risk);
	if (watch->applied && step->entry && !step->repeats)
		watch->applied(watch->ctx, step->index, step->entry, step->engine->counted);
}
