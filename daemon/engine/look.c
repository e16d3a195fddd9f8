/* SPDX-License-Identifier: Apache-2.0 */
/* One look at a customer: what the language's paths and functions mean for it. */
#include <assert.h>
#include <string.h>

#include "base/number.h"
#include "engine/functions.h"

static struct look *
look_of(struct env *env)
{
	return env->ctx;
}

/* ---- paths ---- */

struct value
look_text(struct str text, const struct node *node)
{
	int64_t integer;
	double number;
	if (!text.p)
		return value_unknown(node->type);
	switch (node->type) {
	case TYPE_STRING:
		return value_string(text);
	case TYPE_NUM:
	case TYPE_PROB:
	case TYPE_INT:
		return parse_number(text, &number) ? value_num(number)
						   : value_unknown(node->type);
	case TYPE_BOOL:
		if (str_is(text, "true") || str_is(text, "1"))
			return value_bool(true);
		if (str_is(text, "false") || str_is(text, "0"))
			return value_bool(false);
		return value_unknown(TYPE_BOOL);
	case TYPE_DURATION:
		return parse_duration(text, true, &integer) ? value_duration(integer)
							    : value_unknown(TYPE_DURATION);
	case TYPE_TIME:
		return parse_instant(text, &integer, NULL) ? value_time(integer)
							   : value_unknown(TYPE_TIME);
	case TYPE_DATE:
		return parse_date(text, &integer) ? value_date(integer)
						  : value_unknown(TYPE_DATE);
	case TYPE_ENUM:
	case TYPE_LIST:
	case TYPE_RANGE:
	case TYPE_SIGNAL:
	case TYPE_ITEMS:
	case TYPE_TEXT_ANY:
	case TYPE_COUNT:
		break;
	}
	return value_string(text);
}

static struct value
event_path(const struct entry *event, const struct node *node)
{
	if (!event)
		return value_unknown(node->type);
	switch ((enum event_field)node->slot) {
	case EVENT_VALUE:
		return event->has_value ? value_num(event->value) : value_unknown(TYPE_NUM);
	case EVENT_TYPE:
		return value_string(event->type);
	case EVENT_USER:
		return event->user.p ? value_string(event->user) : value_unknown(TYPE_STRING);
	case EVENT_SOURCE:
		return event->source.p ? value_string(event->source)
				       : value_unknown(TYPE_STRING);
	case EVENT_TS:
		return value_time(event->ts);
	case EVENT_ATTRIBUTE:
		return look_text(entry_attribute(event, node->name), node);
	}
	return value_unknown(node->type);
}

static struct value
look_path(struct env *env, const struct node *node)
{
	struct look *look = look_of(env);
	if (node->op == PATH_PROFILE)
		return customer_profile(look->customer, look->engine->rules, node->slot);
	if (node->op == PATH_EVENT)
		return event_path(look->event, node);
	return item_field(look, node);
}
/* ---- functions ---- */

/* clang-format off */
static call_rule *const functions[FN_FIRST_PURE] = {
	[FN_COUNT] = fn_count,
	[FN_SUM] = fn_sum,
	[FN_DAYS] = fn_days,
	[FN_OBSERVED] = fn_observed,
	[FN_RATE] = fn_rate,
	[FN_RATIO] = fn_ratio,
	[FN_P_DROP] = fn_p_drop,
	[FN_P_RISE] = fn_p_rise,
	[FN_SINCE] = fn_since,
	[FN_SILENT] = fn_silent,
	[FN_SEEN] = fn_seen,
	[FN_AFTER] = fn_after,
	[FN_AGE] = fn_age,
	[FN_LAST] = fn_last,
	[FN_UNTIL] = fn_until,
	[FN_HOUR] = fn_hour,
	[FN_WEEKDAY] = fn_weekday,
	[FN_MONTH] = fn_month,
	[FN_NOW] = fn_now,
	[FN_IS_WORKDAY] = fn_is_workday,
	[FN_HOLIDAY] = fn_holiday,
	[FN_WORKDAYS] = fn_workdays,
	[FN_RISK] = fn_risk,
	[FN_LEVEL] = fn_level,
	[FN_TAG] = fn_tag,
	[FN_RISK_RISE] = fn_risk_rise,
	[FN_STAGE] = fn_stage,
	[FN_STAGE_AGE] = fn_stage_age,
	[FN_FIRING] = fn_firing,
	[FN_FIRED_WITHIN] = fn_fired_within,
	[FN_USERS] = fn_users,
	[FN_SHARE_OF_TOP] = fn_share_of_top,
	[FN_OPEN] = fn_open,
	[FN_OLDEST] = fn_oldest,
	[FN_UNTIL_DUE] = fn_until_due,
	[FN_MAX] = fn_max,
	[FN_MIN] = fn_min,
	[FN_AVG] = fn_avg,
	[FN_CHANGE] = fn_change,
	[FN_TREND] = fn_trend,
	[FN_EWMA] = fn_ewma,
	[FN_CUSUM_DROP] = fn_cusum_drop,
	[FN_CUSUM_RISE] = fn_cusum_rise,
	[FN_TYPICAL_GAP] = fn_typical_gap,
	[FN_GAP_MEAN] = fn_gap_mean,
	[FN_GAP_SD] = fn_gap_sd,
	[FN_GAP_MAX] = fn_gap_max,
	[FN_GAP_QUANTILE] = fn_gap_quantile,
	[FN_GAP_EWMA] = fn_gap_ewma,
	[FN_P_SILENT] = fn_p_silent,
	[FN_P_GAP] = fn_p_gap,
	[FN_P_ALIVE] = fn_p_alive,
};
/* clang-format on */

static struct value
look_call(struct env *env, const struct node *node, const struct value *args)
{
	struct call call = {.look = look_of(env), .node = node, .args = args};
	if (call.look->blind && node_is_blind(node)) {
		call.look->blinded = true;
		return value_unknown(node->type);
	}
	if (call.look->blind && close_moves(node->builtin))
		call.look->closes = true;
	assert(node->builtin->op < FN_FIRST_PURE && functions[node->builtin->op]);
	return functions[node->builtin->op](&call);
}

static const struct env_ops look_ops = {
	.path = look_path, .call = look_call, .guess = look_guess};

/* What an earlier look remembered is forgotten by a new number; once in 2^32 looks, by force. */
static uint32_t
look_stamp(struct engine *engine)
{
	if (++engine->stamp == 0) {
		memset(engine->memos, 0,
		       (engine->rules->memo_count + 1u) * sizeof *engine->memos);
		memset(engine->windows, 0,
		       (engine->rules->range_count + 1u) * sizeof *engine->windows);
		engine->stamp = 1;
	}
	return engine->stamp;
}

/* The last moment at which the customer was looked at as a whole: an entry of its own, a day's close. */
void
look_begin(struct look *look, struct engine *engine, struct customer *customer,
	   const struct entry *event, int64_t now)
{
	int64_t close_at, next_close;
	*look = (struct look){.engine = engine,
			      .customer = customer,
			      .event = event,
			      .rule = -1,
			      .mean_gap_of = -1};
	look->closed_day = clock_closed_day(&engine->clock, now, &close_at, &next_close);
	int64_t moment = customer->event_at > close_at ? customer->event_at : close_at;
	if (event || moment > now)
		moment = now;
	look->env = (struct env){
		.ops = &look_ops, .ctx = look, .now = now, .look = moment, .next = NEVER};
	look->env.apart = look->env.silence = look->env.silence_at = NEVER;
	guard_view(engine, now);
	look->env.seen = customer->tracks.days & ~engine->guard.paused;
	look->env.pauses = engine->guard.suspect != 0;
	look->env.memos = engine->memos;
	look->env.stamp = look_stamp(engine);
	look->live_day = clock_day(&engine->clock, moment);
	look->hour = now / HOUR_MS;
}

void
look_forget(struct look *look)
{
	look->env.stamp = look_stamp(look->engine);
}

void
look_take_item(struct look *look, struct item *item)
{
	look->each = look->item = item;
	look->key = item ? item->key : STR_NONE;
}

struct value
look_eval(struct look *look, const struct expr *expr)
{
	if (!expr)
		return value_unknown(TYPE_COUNT);
	look->env.exact = false;
	return eval(&look->env, expr->root);
}

struct value
look_eval_exact(struct look *look, const struct expr *expr)
{
	if (!expr)
		return value_unknown(TYPE_COUNT);
	look->env.exact = true;
	struct value value = eval(&look->env, expr->root);
	look->env.exact = false;
	return value;
}

bool
look_holds(struct look *look, const struct expr *expr)
{
	look->env.exact = false;
	return eval_holds(&look->env, expr->root);
}

enum truth
look_truth(struct look *look, const struct expr *expr)
{
	look->env.exact = false;
	return eval_truth(&look->env, expr->root);
}
