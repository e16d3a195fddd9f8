/* SPDX-License-Identifier: Apache-2.0 */
/* A small world for expressions: a scope with everything in it, and a customer who is made of constants. */
#include <assert.h>

#include "base/mem.h"
#include "lang/parse.h"
#include "support/lang_world.h"

#define COUNT(array) (unsigned)(sizeof(array) / sizeof *(array))
#define WORD(literal)                        \
	{                                    \
		literal, sizeof(literal) - 1 \
	}

static const struct scope_signal signals[WORLD_SIGNALS] = {
	{WORD("login"), SIGNAL_COUNT}, {WORD("usage"), SIGNAL_COUNT},
	{WORD("orders"), SIGNAL_SUM},  {WORD("seats"), SIGNAL_LAST},
	{WORD("never"), SIGNAL_COUNT}, {WORD("登录"), SIGNAL_COUNT},
};

static const struct str tiers[] = {WORD("free"), WORD("team"), WORD("business"),
				   WORD("enterprise")};
static const struct str states[] = {WORD("trial"), WORD("active"), WORD("cancelled"),
				    WORD("on hold"), WORD("7d")};
static const struct str level_names[] = {WORD("healthy"), WORD("watch"), WORD("at_risk"),
					 WORD("critical")};
static const struct str stage_names[] = {WORD("new"), WORD("active"), WORD("churned")};
static const struct enum_def stages = {WORD("stage()"), stage_names, COUNT(stage_names), false};
static const struct enum_def levels = {WORD("level"), level_names, COUNT(level_names), true};

enum world_attribute {
	TIER,
	STATUS,
	MRR,
	SEATS,
	CONTRACT_END,
	PHONE,
	VIP,
	QUIET,
	TRIAL_END,
	EMPTY
};

static const struct attribute profile[] = {
	[TIER] = {WORD("tier"),
		  TYPE_ENUM,
		  {WORD("tier"), tiers, COUNT(tiers), false},
		  {0},
		  false},
	[STATUS] = {WORD("status"),
		    TYPE_ENUM,
		    {WORD("status"), states, COUNT(states), false},
		    {0},
		    false},
	[MRR] = {.name = WORD("mrr"), .type = TYPE_NUM},
	[SEATS] = {.name = WORD("seats_bought"), .type = TYPE_INT},
	[CONTRACT_END] = {.name = WORD("contract_end"), .type = TYPE_DATE},
	[PHONE] = {.name = WORD("phone"), .type = TYPE_STRING},
	[VIP] = {.name = WORD("vip"), .type = TYPE_BOOL},
	[QUIET] = {.name = WORD("quiet"), .type = TYPE_DURATION},
	[TRIAL_END] = {.name = WORD("trial_end"), .type = TYPE_TIME},
	[EMPTY] = {.name = WORD("empty"), .type = TYPE_NUM},
};

static const struct str holidays[] = {WORD("new_year"), WORD("national_day")};
static const struct str hot[] = {WORD("high"), WORD("urgent")};
static const struct str core[] = {WORD("business"), WORD("enterprise")};
static const struct str odd[] = {WORD("business"), WORD("gold")};
static const struct named_list lists[] = {
	{.name = WORD("hot"), .words = hot, .count = COUNT(hot)},
	{.name = WORD("core"), .words = core, .count = COUNT(core)},
	{.name = WORD("odd"), .words = odd, .count = COUNT(odd)},
	{.name = WORD("nobody")},
};

static const struct {
	const char *name, *text;
} macros[] = {
	{"paying", "profile.status == \"active\" and profile.mrr > 0"},
	{"key", "paying and profile.tier in core"},
	{"recent", "usage[7d]"},
	{"patience", "pick(profile.tier, enterprise=7d, else=14d)"},
	{"gold", "\"enterprise\""},
	{"warm", "[\"high\", \"urgent\"]"},
	{"chicken", "egg + 1"},
	{"egg", "1 + chicken"},
	{"hasty", "since(login) >= 14"},
	{"unreadable", "1 +"},
	{"twice", "(1 + 1) + (1 + 1)"},
	{"more", "twice + twice + twice + twice + twice + twice + twice + twice"},
	{"most_of_it", "more + more + more + more + more + more + more + more"},
	{"reads_event", "event.value > 6"},
};

const struct source *
world_source(struct world *world, struct str text)
{
	struct source *source = arena_alloc(&world->arena, sizeof *source);

	source->text = text;
	return source;
}

static void
take(void *ctx, const struct complaint *complaint)
{
	struct world *world = ctx;
	struct str hint = world->zh ? complaint->hint_zh : complaint->hint;

	world->complaints++;
	assert(complaint->at + complaint->width <= complaint->source->text.n);
	buf_printf(&world->said, "%s %zu+%zu: ", complaint->code, complaint->at + 1,
		   complaint->width);
	message_print(&world->said, complaint, world->zh);
	if (hint.n)
		buf_printf(&world->said, "; %.*s", STR_ARG(hint));
	buf_char(&world->said, '\n');
}

struct sink
world_sink(struct world *world)
{
	return (struct sink){.ctx = world, .take = take};
}

static void
add_macros(struct world *world)
{
	struct macro *made = arena_array(&world->arena, COUNT(macros), sizeof *made);

	for (unsigned i = 0; i < COUNT(macros); i++) {
		made[i].name = str_of(macros[i].name);
		made[i].source.text = str_of(macros[i].text);
		made[i].tree = expr_parse(&world->arena, &made[i].source, world_sink(world));
	}
	world->scope.macros = made;
	world->scope.macro_count = COUNT(macros);
}

void
world_init(struct world *world)
{
	struct named_list *own;

	*world = (struct world){.first_seen_at = WORLD_NOW - 400 * DAY_MS,
				.owed_at = WORLD_NOW - 3 * DAY_MS,
				.zone = zone_utc()};
	arena_init(&world->arena);
	own = arena_array(&world->arena, COUNT(lists), sizeof *own);
	for (unsigned i = 0; i < COUNT(lists); i++)
		own[i] = lists[i];
	for (unsigned i = 0; i < WORLD_SIGNALS; i++)
		world->heard_at[i] = WORLD_NOW - (i + 1) * 10 * DAY_MS;
	world->heard_at[WORLD_NEVER] = INT64_MIN;
	world->scope = (struct scope){.signals = signals,
				      .signal_count = WORLD_SIGNALS,
				      .profile = profile,
				      .profile_count = COUNT(profile),
				      .lists = own,
				      .list_count = COUNT(lists),
				      .levels = &levels,
				      .stages = &stages,
				      .calendar = &world->calendar};
	world->calendar = calendar_plain();
	world->calendar.names = holidays;
	world->calendar.name_count = COUNT(holidays);
	add_macros(world);
}

void
world_finish(struct world *world)
{
	zone_destroy(world->zone);
	buf_finish(&world->said);
	arena_finish(&world->arena);
}

const struct expr *
world_compile_str(struct world *world, struct str text, enum type want)
{
	buf_clear(&world->said);
	world->complaints = 0;
	for (unsigned i = 0; i < world->scope.macro_count; i++)
		world->scope.macros[i].told = false;
	return expr_compile(&world->arena, world_source(world, text), &world->scope, want,
			    world_sink(world));
}

const struct expr *
world_compile(struct world *world, const char *text, enum type want)
{
	return world_compile_str(world, str_of(text), want);
}

/* ---- The customer ---- */

static struct value
profile_value(unsigned slot)
{
	switch ((enum world_attribute)slot) {
	case TIER:
		return value_enum(&profile[TIER].words, 2);
	case STATUS:
		return value_enum(&profile[STATUS].words, 1);
	case MRR:
		return value_num(490);
	case SEATS:
		return value_int(25);
	case CONTRACT_END:
		return value_date(20800); /* 2026-12-13 */
	case PHONE:
		return value_string(STR("+49 30 1234"));
	case VIP:
		return value_bool(true);
	case QUIET:
		return value_duration(3 * DAY_MS);
	case TRIAL_END:
		return value_time(WORLD_NOW - 30 * DAY_MS);
	case EMPTY:
		break;
	}
	return value_unknown(profile[slot].type);
}

static struct value
event_text(const struct node *node)
{
	if (node->type == TYPE_NUM)
		return value_num(6);
	if (node->type == TYPE_BOOL)
		return value_bool(true);
	if (node->type == TYPE_DURATION)
		return value_duration(2 * DAY_MS);
	if (node->type == TYPE_TIME)
		return value_time(WORLD_NOW - DAY_MS);
	if (node->type == TYPE_DATE)
		return value_date(20778);
	assert(node->type == TYPE_STRING);
	return value_string(STR("urgent"));
}

static struct value
world_path(struct env *env, const struct node *node)
{
	const struct world *world = env->ctx;

	if (node->op == PATH_EVENT)
		return event_text(node);
	return world->profile_unknown ? value_unknown(node->type) : profile_value(node->slot);
}

static struct value
elapsed(const struct env *env, int64_t at)
{
	int64_t now = env->exact ? env->now : env->look;

	if (at == INT64_MIN)
		return value_unknown(TYPE_DURATION);
	return value_duration(now > at ? now - at : 0);
}

/* A chance that falls (or grows) with silence: half of it after 30 days. */
static struct value
faded(const struct env *env, int64_t at, bool falls)
{
	struct value v = elapsed(env, at);
	double left = 30 * DAY_MS / (30 * DAY_MS + (double)v.u.i);

	return v.known ? value_prob(falls ? left : 1 - left) : value_unknown(TYPE_PROB);
}

static struct value
days_until(const struct env *env, struct value date)
{
	int64_t now = env->exact ? env->now : env->look,
		today = now / DAY_MS - (now % DAY_MS < 0);

	if (!date.known)
		return value_unknown(TYPE_DURATION);
	return value_duration((date.u.i - today) * DAY_MS);
}

/* UTC; its edge is the next hour. */
static int64_t
hour_of(struct env *env)
{
	int64_t edge = (env->now / HOUR_MS + 1) * HOUR_MS;

	if (edge < env->next)
		env->next = edge;
	return env->now / HOUR_MS % 24;
}

static struct value
world_call(struct env *env, const struct node *node, const struct value *args)
{
	struct world *world = env->ctx;
	const struct range *range = args[0].u.range;
	unsigned signal = args[0].u.signal;

	world->calls++;
	world->exact_calls += env->exact;
	switch (node->builtin->op) {
	case FN_COUNT:
	case FN_DAYS:
	case FN_OBSERVED:
		return value_int(range->signal == WORLD_NEVER ? 0 : range->length);
	case FN_SUM:
	case FN_RATE:
	case FN_MAX:
	case FN_MIN:
	case FN_AVG:
	case FN_TREND:
		return value_num(1.5 * range->length);
	case FN_RATIO:
		return args[2].known && args[2].u.n > 100 ? value_unknown(TYPE_NUM)
							  : value_num(0.4);
	case FN_CHANGE:
		return value_num(-0.6);
	case FN_P_DROP:
	case FN_P_RISE:
		return value_prob(0.0005);
	case FN_EWMA:
	case FN_CUSUM_DROP:
	case FN_CUSUM_RISE:
		return value_num(2.5);
	case FN_TYPICAL_GAP:
	case FN_GAP_MEAN:
	case FN_GAP_SD:
	case FN_GAP_MAX:
	case FN_GAP_QUANTILE:
	case FN_GAP_EWMA:
		return value_duration(3 * DAY_MS);
	case FN_P_SILENT:
	case FN_P_GAP:
		return faded(env, world->heard_at[signal], false);
	case FN_P_ALIVE:
		return faded(env, world->heard_at[signal], true);
	case FN_SINCE:
		return elapsed(env, world->heard_at[signal]);
	case FN_SILENT:
		return elapsed(env, world->heard_at[signal] == INT64_MIN
					    ? world->first_seen_at
					    : world->heard_at[signal]);
	case FN_SEEN:
		return value_bool(world->heard_at[signal] != INT64_MIN);
	case FN_AFTER:
		return world->owed_at == INT64_MIN ? value_duration(0)
						   : elapsed(env, world->owed_at);
	case FN_AGE:
		return elapsed(env, world->first_seen_at);
	case FN_LAST:
		return value_num(args[1].known ? 30 : 42);
	case FN_UNTIL:
		return days_until(env, args[0]);
	case FN_HOUR:
		return value_int(hour_of(env));
	case FN_WEEKDAY:
		return value_enum(&builtin_weekdays,
				  (unsigned)civil_weekday(env->now / DAY_MS));
	case FN_MONTH:
		return value_int(civil_date_of(env->now / DAY_MS).month);
	case FN_IS_WORKDAY:
		return value_bool(calendar_is_workday(&world->calendar, env->now / DAY_MS));
	case FN_HOLIDAY:
		return value_bool(node->slot == 1);
	case FN_WORKDAYS:
		return args[0].known ? value_int(args[0].u.i / DAY_MS * 5 / 7)
				     : value_unknown(TYPE_INT);
	case FN_NOW:
		return value_time(env->exact ? env->now : env->look);
	case FN_RISK:
		return value_int(55);
	case FN_LEVEL:
		return value_enum(&levels, 1);
	case FN_TAG:
		return value_bool(str_is(args[0].u.s, "vip"));
	case FN_RISK_RISE:
		return value_int(20);
	case FN_STAGE:
		return value_enum(&stages, 1);
	case FN_STAGE_AGE:
		return elapsed(env, world->first_seen_at);
	case FN_FIRING:
	case FN_FIRED_WITHIN:
		return value_bool(node->slot == 0);
	case FN_OPEN:
		return value_int(2);
	case FN_OLDEST:
		return elapsed(env, world->owed_at);
	case FN_UNTIL_DUE:
		return world->owed_at == INT64_MIN ? value_unknown(TYPE_DURATION)
						   : days_until(env, value_date(20800));
	case FN_USERS:
		return value_int(3);
	case FN_SHARE_OF_TOP:
		return value_prob(0.5);
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

/* Where faded() comes to a chance. */
static int64_t
world_guess(struct env *env, const struct node *node, const struct value *args,
	    const struct value *still)
{
	const struct world *world = env->ctx;
	double p = value_as_number(*still);
	double left = node->builtin->op == FN_P_ALIVE ? p : 1 - p;

	if (!world->guesses)
		return NEVER;
	return world->heard_at[args[0].u.signal] + (int64_t)(30 * DAY_MS * (1 - left) / left) +
	       world->off;
}

struct env
world_env(struct world *world, int64_t now)
{
	static const struct env_ops ops = {
		.path = world_path, .call = world_call, .guess = world_guess};

	return (struct env){.ops = &ops, .ctx = world, .now = now, .look = now, .next = NEVER};
}
