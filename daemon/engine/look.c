/* SPDX-License-Identifier: Apache-2.0 */
/* One look at a customer: what the language's paths and functions mean for it. */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "engine/core.h"
#include "base/number.h"
#include "lang/builtin.h"

static struct look *
look_of(struct env *env)
{
	return env->ctx;
}

/* Moving functions answer as of now inside an exact comparison, else as of the last look. */
static int64_t
look_moment(const struct env *env)
{
	return env->exact ? env->now : env->look;
}

/* ---- paths ---- */

static struct value
convert_text(struct str text, const struct node *node)
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
		return convert_text(entry_attribute(event, node->name), node);
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
	return value_unknown(node->type);
}

/* ---- windows ---- */

struct cells {
	int64_t first, last;
};

static struct cells
range_cells(const struct look *look, const struct range *range)
{
	int64_t last = range->hours  ? look->hour
		       : range->live ? look->live_day - range->offset
				     : look->closed_day - range->offset;
	return (struct cells){.first = last - range->length + 1, .last = last};
}

/* Something in the window or still to come into it will move it at the next close (or hour). */
static void
note_window(struct look *look, const struct range *range, const struct cells *cells)
{
	const struct track *track =
		track_find(&look->customer->tracks, range->signal, range->hours);
	if (!track || (int64_t)track->cell < cells->first)
		return;
	if (!range->hours) {
		look->day = true;
		return;
	}
	int64_t edge = (look->hour + 1) * HOUR_MS;
	if (edge < look->env.next && edge > look->env.now)
		look->env.next = edge;
}

static struct window
range_window(struct look *look, const struct range *range)
{
	struct cells cells = range_cells(look, range);
	note_window(look, range, &cells);
	return track_window(&look->customer->tracks, range->signal, range->hours,
			    look->engine->rules->signals[range->signal].kind, cells.first,
			    cells.last);
}

/* Days of the range since the customer was first seen and the signal defined; those days count whole. */
static int64_t
range_observed(struct look *look, const struct range *range)
{
	struct engine *engine = look->engine;
	struct cells cells = range_cells(look, range);
	int64_t start = look->customer->first_seen_at;
	int64_t born = engine->rules->signals[range->signal].born_at;
	if (born > start)
		start = born;
	int64_t day = clock_day(&engine->clock, start);
	if (day <= cells.first)
		return range->length;
	look->day = true;
	return day > cells.last ? 0 : cells.last - day + 1;
}

static double
window_amount(const struct look *look, const struct range *range, const struct window *window)
{
	if (look->engine->rules->signals[range->signal].kind == SIGNAL_SUM)
		return (double)window->sum / 1e6;
	return (double)window->count;
}

static struct value
fn_rate(struct look *look, const struct range *range)
{
	int64_t observed = range_observed(look, range);
	struct window window = range_window(look, range);
	if (observed == 0)
		return value_unknown(TYPE_NUM);
	return value_num(window_amount(look, range, &window) / (double)observed);
}

static struct value
fn_ratio(struct look *look, const struct value *args)
{
	const struct range *a = args[0].u.range, *b = args[1].u.range;
	double least = args[2].known ? value_as_number(args[2])
				     : look->engine->rules->default_min_events;
	struct value over = fn_rate(look, a), under = fn_rate(look, b);
	if ((double)range_window(look, b).count < least || !over.known || !under.known ||
	    under.u.n == 0)
		return value_unknown(TYPE_NUM);
	return value_num(over.u.n / under.u.n);
}

/* Conditional test of two Poisson rates: given n = a + b events, a is Bin(n, p) with p the share of
 * observed time (Przyborowski and Wilenski 1940). */
static struct value
fn_p_change(struct look *look, const struct value *args, bool drop)
{
	const struct range *a = args[0].u.range, *b = args[1].u.range;
	int64_t days_a = range_observed(look, a), days_b = range_observed(look, b);
	int64_t count_a = range_window(look, a).count, count_b = range_window(look, b).count;
	if (days_a == 0 || days_b == 0)
		return value_unknown(TYPE_PROB);
	double p = (double)days_a / (double)(days_a + days_b);
	int64_t n = count_a + count_b;
	return value_prob(drop ? binomial_at_most(count_a, n, p)
			       : binomial_at_least(count_a, n, p));
}

/* ---- moments ---- */

static int64_t
first_known_at(const struct look *look)
{
	struct value since =
		customer_profile(look->customer, look->engine->rules, ATTR_CUSTOMER_SINCE);
	if (since.known && since.type == TYPE_TIME)
		return since.u.i;
	if (since.known && since.type == TYPE_DATE)
		return zone_day_start(look->engine->rules->zone, since.u.i);
	return look->customer->first_seen_at;
}

static struct value
elapsed(int64_t moment, int64_t since)
{
	return value_duration(moment > since ? moment - since : 0);
}

/* The newest event of a signal, from whichever track there is. */
static const struct track *
signal_track(const struct look *look, unsigned signal)
{
	const struct track *track = track_find(&look->customer->tracks, signal, false);
	return track ? track : track_find(&look->customer->tracks, signal, true);
}

static struct value
fn_silent(struct look *look, unsigned signal, bool or_age)
{
	const struct track *track = signal_track(look, signal);
	if (!track && !or_age)
		return value_unknown(TYPE_DURATION);
	return elapsed(look_moment(&look->env), track ? track->last_at : first_known_at(look));
}

static struct value
fn_after(struct look *look, unsigned a, unsigned b)
{
	const struct ruleset *rules = look->engine->rules;
	const struct cold *cold = look->customer->cold;
	for (unsigned i = 0; i < rules->after_count; i++) {
		if (rules->afters[i].a != a || rules->afters[i].b != b)
			continue;
		for (unsigned j = 0; cold && j < cold->after_count; j++) {
			const struct after_state *after = &cold->afters[j];
			if (after->key != rules->afters[i].key || after->count == 0)
				continue;
			if (after->settled >= after->count)
				return value_duration(0);
			return elapsed(look_moment(&look->env), after->at[after->settled]);
		}
	}
	return signal_track(look, a) ? value_duration(0) : value_unknown(TYPE_DURATION);
}

static struct value
fn_last(struct look *look, const struct value *args)
{
	double gauge;
	int64_t day = look->live_day + 2; /* an event may be dated a little ahead */
	if (args[1].known)
		day = look->closed_day - args[1].u.i / DAY_MS;
	const struct track *track =
		track_find(&look->customer->tracks, args[0].u.signal, false);
	if (args[1].known && track && (int64_t)track->cell > day)
		look->day = true;
	if (!track_gauge(&look->customer->tracks, args[0].u.signal, day, &gauge))
		return value_unknown(TYPE_NUM);
	return value_num(gauge);
}

static struct value
fn_until(struct look *look, const struct value *date)
{
	if (!date->known)
		return value_unknown(TYPE_DURATION);
	int64_t today = clock_day(&look->engine->clock, look_moment(&look->env));
	int64_t days;
	if (__builtin_sub_overflow(date->u.i, today, &days) || days > 4000000 ||
	    days < -4000000)
		return value_unknown(TYPE_DURATION);
	return value_duration(days * DAY_MS);
}

static struct value
fn_tag(const struct look *look, struct str name)
{
	const struct cold *cold = look->customer->cold;
	for (unsigned i = 0; cold && i < cold->tag_count; i++)
		if (str_eq(cold->tags[i].name, name))
			return value_bool(true);
	return value_bool(false);
}

static struct value
look_call(struct env *env, const struct node *node, const struct value *args)
{
	struct look *look = look_of(env);
	const struct range *range = args[0].u.range;
	switch (node->builtin->op) {
	case FN_COUNT:
		return value_int(range_window(look, range).count);
	case FN_SUM:
		return value_num((double)range_window(look, range).sum / 1e6);
	case FN_DAYS:
		return value_int(range_window(look, range).days);
	case FN_OBSERVED:
		return value_int(range_observed(look, range));
	case FN_RATE:
		return fn_rate(look, range);
	case FN_RATIO:
		return fn_ratio(look, args);
	case FN_P_DROP:
		return fn_p_change(look, args, true);
	case FN_P_RISE:
		return fn_p_change(look, args, false);
	case FN_SINCE:
		return fn_silent(look, args[0].u.signal, false);
	case FN_SILENT:
		return fn_silent(look, args[0].u.signal, true);
	case FN_SEEN:
		return value_bool(signal_track(look, args[0].u.signal) != NULL);
	case FN_AFTER:
		return fn_after(look, args[0].u.signal, args[1].u.signal);
	case FN_AGE:
		return elapsed(look_moment(env), first_known_at(look));
	case FN_LAST:
		return fn_last(look, args);
	case FN_UNTIL:
		return fn_until(look, &args[0]);
	case FN_RISK:
		return value_int(risk_now(look, look->rule));
	case FN_LEVEL:
		return value_enum(&look->engine->rules->level_words, look->customer->level);
	case FN_TAG:
		return fn_tag(look, args[0].u.s);
	case FN_CONTAINS:
	case FN_ABS:
	case FN_EXP:
	case FN_LOG:
	case FN_LOGISTIC:
	case FN_LEAST:
	case FN_MOST:
	case FN_OPS:
		break;
	}
	assert(node->builtin->op < FN_FIRST_PURE);
	return value_unknown(node->type);
}

static const struct env_ops look_ops = {.path = look_path, .call = look_call};

/* The last moment at which the customer was looked at as a whole: an entry of its own, a day's close. */
void
look_begin(struct look *look, struct engine *engine, struct customer *customer,
	   const struct entry *event, int64_t now)
{
	int64_t close_at, next_close;
	*look = (struct look){
		.engine = engine, .customer = customer, .event = event, .rule = -1};
	look->closed_day = clock_closed_day(&engine->clock, now, &close_at, &next_close);
	int64_t moment = customer->event_at > close_at ? customer->event_at : close_at;
	if (event || moment > now)
		moment = now;
	look->env = (struct env){
		.ops = &look_ops, .ctx = look, .now = now, .look = moment, .next = NEVER};
	look->live_day = clock_day(&engine->clock, moment);
	look->hour = now / HOUR_MS;
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

enum truth
look_truth(struct look *look, const struct expr *expr)
{
	look->env.exact = false;
	return eval_truth(&look->env, expr->root);
}
