/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts that are about no customer: feeds, and rules past their cap. */
#include <string.h>

#include "base/mem.h"
#include "engine/core.h"

static struct str
feed_name(struct buf *out, const struct feed_news *news)
{
	buf_str(out, news->type);
	buf_char(out, '/');
	buf_str(out, news->source);
	return buf_view(out);
}

void
notice_feed_id(const struct engine *engine, enum alert_type type, const struct feed_news *news,
	       int64_t at, char out[ORDER_ID])
{
	struct buf name = {0};
	struct happening what = {.type = str_of(alert_type_name(type)),
				 .customer = feed_name(&name, news),
				 .at = at};
	what.moved = what.customer;
	name_make(out, "al_", engine->rules, &what);
	buf_finish(&name);
}

static bool
fits(const struct ruleset *rules, const struct action *action, const struct alert *alert)
{
	if (action->on != alert->type)
		return false;
	if (action->rule >= 0 && action->rule != alert->rule)
		return false;
	return action->category < 0 ||
	       (alert->rule >= 0 &&
		(int)rules->rules[alert->rule].category == action->category);
}

static void
emit(struct engine *engine, struct order *order, const struct order_sink *sink)
{
	const struct ruleset *rules = engine->rules;
	struct alert *alert = &order->u.alert;
	unsigned most = 0;
	for (unsigned i = 0; i < rules->action_count; i++)
		most += rules->actions[i].webhook_count;
	struct str *to = mem_array(most + 1u, sizeof *to);
	alert->to = to;
	for (unsigned i = 0; i < rules->action_count; i++) {
		const struct action *action = &rules->actions[i];
		for (unsigned w = 0; w < action->webhook_count; w++)
			if (fits(rules, action, alert))
				orders_add_endpoint(alert, to, action->webhooks[w]);
	}
	order->kind = ORDER_ALERT;
	order->caused_by = engine->applying;
	sink->take(sink->ctx, order);
	mem_free(to);
}

void
notice_feed(struct engine *engine, enum alert_type type, const struct feed_news *news,
	    int64_t at, const struct order_sink *sink)
{
	struct order order = {.cause = CAUSE_FEED};
	struct alert *alert = &order.u.alert;
	*alert = (struct alert){.type = type, .at = at, .rule = -1, .feed = news};
	alert->closed = type == ALERT_FEED_BACK;
	notice_feed_id(engine, type, news, at, alert->id);
	emit(engine, &order, sink);
}

void
notice_muted(struct engine *engine, const struct cap *cap, int64_t at,
	     const struct order_sink *sink)
{
	struct happening what = {
		.type = STR("rule.muted"), .customer = STR(""), .moved = cap->name, .at = at};
	struct order order = {.cause = CAUSE_TIME};
	struct alert *alert = &order.u.alert;
	*alert = (struct alert){.type = ALERT_RULE_MUTED,
				.at = at,
				.rule = ruleset_rule(engine->rules, cap->name),
				.muted = cap->muted,
				.muted_rule = cap->name,
				.hour_at = cap->hour * HOUR_MS};
	name_make(alert->id, "al_", engine->rules, &what);
	emit(engine, &order, sink);
}
