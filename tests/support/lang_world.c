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
	[TIER] = {.name = WORD("tier"),
		  .type = TYPE_ENUM,
		  .words = {WORD("tier"), tiers, COUNT(tiers), false}},
	[STATUS] = {.name = WORD("status"),
		    .type = TYPE_ENUM,
		    .words = {WORD("status"), states, COUNT(states), false}},
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

/* Answers that nothing changes. */
static const struct value answers[FN_OPS] = {
	[FN_CHANGE] = {.type = TYPE_NUM, .known = true, .u.n = -0.6},
	[FN_P_DROP] = {.type = TYPE_PROB, .known = true, .u.n = 0.0005},
	[FN_P_RISE] = {.type = TYPE_PROB, .known = true, .u.n = 0.0005},
	[FN_EWMA] = {.type = TYPE_NUM, .known = true, .u.n = 2.5},
	[FN_CUSUM_DROP] = {.type = TYPE_NUM, .known = true, .u.n = 2.5},
	[FN_CUSUM_RISE] = {.type = TYPE_NUM, .known = true, .u.n = 2.5},
	[FN_TYPICAL_GAP] = {.type = TYPE_DURATION, .known = true, .u.i = 3 * DAY_MS},
	[FN_GAP_MEAN] = {.type = TYPE_DURATION, .known = true, .u.i = 3 * DAY_MS},
	[FN_GAP_SD] = {.type = TYPE_DURATION, .known = true, .u.i = 3 * DAY_MS},
	[FN_GAP_MAX] = {.type = TYPE_DURATION, .known = true, .u.i = 3 * DAY_MS},
	[FN_GAP_QUANTILE] = {.type = TYPE_DURATION, .known = true, .u.i = 3 * DAY_MS},
	[FN_GAP_EWMA] = {.type = TYPE_DURATION, .known = true, .u.i = 3 * DAY_MS},
	[FN_RISK] = {.type = TYPE_INT, .known = true, .u.i = 55},
	[FN_RISK_RISE] = {.type = TYPE_INT, .known = true, .u.i = 20},
	[FN_OPEN] = {.type = TYPE_INT, .known = true, .u.i = 2},
	[FN_USERS] = {.type = TYPE_INT, .known = true, .u.i = 3},
	[FN_SHARE_OF_TOP] = {.type = TYPE_PROB, .known = true, .u.n = 0.5},
	[FN_LEVEL] = {.type = TYPE_ENUM, .known = true, .words = &levels, .u.i = 1},
	[FN_STAGE] = {.type = TYPE_ENUM, .known = true, .words = &stages, .u.i = 1},
};

typedef struct value world_rule(struct env *env, const struct node *node,
				const struct value *args);

#define WORLD_FN(name)                                                     \
	static struct value name(struct env *env, const struct node *node, \
				 const struct value *args)
static const struct world *
world_of(const struct env *env)
{
	return env->ctx;
}

static int64_t
heard_at(const struct env *env, const struct value *signal)
{
	return world_of(env)->heard_at[signal->u.signal];
}

WORLD_FN(fn_length)
{
	const struct range *range = args[0].u.range;

	(void)env, (void)node;
	return value_int(range->signal == WORLD_NEVER ? 0 : range->length);
}

WORLD_FN(fn_amount)
{
	(void)env, (void)node;
	return value_num(1.5 * args[0].u.range->length);
}

WORLD_FN(fn_ratio)
{
	(void)env, (void)node;
	return args[2].known && args[2].u.n > 100 ? value_unknown(TYPE_NUM) : value_num(0.4);
}

WORLD_FN(fn_chance)
{
	return faded(env, heard_at(env, &args[0]), node->builtin->op == FN_P_ALIVE);
}

WORLD_FN(fn_since)
{
	(void)node;
	return elapsed(env, heard_at(env, &args[0]));
}

WORLD_FN(fn_silent)
{
	int64_t at = heard_at(env, &args[0]);

	(void)node;
	return elapsed(env, at == INT64_MIN ? world_of(env)->first_seen_at : at);
}

WORLD_FN(fn_seen)
{
	(void)node;
	return value_bool(heard_at(env, &args[0]) != INT64_MIN);
}

WORLD_FN(fn_owed)
{
	int64_t at = world_of(env)->owed_at;

	(void)args;
	return node->builtin->op == FN_AFTER && at == INT64_MIN ? value_duration(0)
								: elapsed(env, at);
}

WORLD_FN(fn_age)
{
	(void)node, (void)args;
	return elapsed(env, world_of(env)->first_seen_at);
}

WORLD_FN(fn_last)
{
	(void)env, (void)node;
	return value_num(args[1].known ? 30 : 42);
}

WORLD_FN(fn_until)
{
	(void)node;
	return days_until(env, args[0]);
}

WORLD_FN(fn_until_due)
{
	(void)node, (void)args;
	return world_of(env)->owed_at == INT64_MIN ? value_unknown(TYPE_DURATION)
						   : days_until(env, value_date(20800));
}

WORLD_FN(fn_hour)
{
	(void)node, (void)args;
	return value_int(hour_of(env));
}

WORLD_FN(fn_weekday)
{
	(void)node, (void)args;
	return value_enum(&builtin_weekdays, (unsigned)civil_weekday(env->now / DAY_MS));
}

WORLD_FN(fn_month)
{
	(void)node, (void)args;
	return value_int(civil_date_of(env->now / DAY_MS).month);
}

WORLD_FN(fn_is_workday)
{
	(void)node, (void)args;
	return value_bool(calendar_is_workday(&world_of(env)->calendar, env->now / DAY_MS));
}

WORLD_FN(fn_holiday)
{
	(void)env, (void)args;
	return value_bool(node->slot == 1);
}

WORLD_FN(fn_workdays)
{
	(void)env, (void)node;
	return args[0].known ? value_int(args[0].u.i / DAY_MS * 5 / 7)
			     : value_unknown(TYPE_INT);
}

WORLD_FN(fn_now)
{
	(void)node, (void)args;
	return value_time(env->exact ? env->now : env->look);
}

WORLD_FN(fn_tag)
{
	(void)env, (void)node;
	return value_bool(str_is(args[0].u.s, "vip"));
}

WORLD_FN(fn_fired)
{
	(void)env, (void)args;
	return value_bool(node->slot == 0);
}

static world_rule *const functions[FN_FIRST_PURE] = {
	[FN_COUNT] = fn_length,
	[FN_DAYS] = fn_length,
	[FN_OBSERVED] = fn_length,
	[FN_SUM] = fn_amount,
	[FN_RATE] = fn_amount,
	[FN_MAX] = fn_amount,
	[FN_MIN] = fn_amount,
	[FN_AVG] = fn_amount,
	[FN_TREND] = fn_amount,
	[FN_RATIO] = fn_ratio,
	[FN_P_SILENT] = fn_chance,
	[FN_P_GAP] = fn_chance,
	[FN_P_ALIVE] = fn_chance,
	[FN_SINCE] = fn_since,
	[FN_SILENT] = fn_silent,
	[FN_SEEN] = fn_seen,
	[FN_AFTER] = fn_owed,
	[FN_OLDEST] = fn_owed,
	[FN_AGE] = fn_age,
	[FN_STAGE_AGE] = fn_age,
	[FN_LAST] = fn_last,
	[FN_UNTIL] = fn_until,
	[FN_UNTIL_DUE] = fn_until_due,
	[FN_HOUR] = fn_hour,
	[FN_WEEKDAY] = fn_weekday,
	[FN_MONTH] = fn_month,
	[FN_IS_WORKDAY] = fn_is_workday,
	[FN_HOLIDAY] = fn_holiday,
	[FN_WORKDAYS] = fn_workdays,
	[FN_NOW] = fn_now,
	[FN_TAG] = fn_tag,
	[FN_FIRING] = fn_fired,
	[FN_FIRED_WITHIN] = fn_fired,
};

static struct value
world_call(struct env *env, const struct node *node, const struct value *args)
{
	struct world *world = env->ctx;
	enum builtin_op op = node->builtin->op;

	world->calls++;
	world->exact_calls += env->exact;
	assert(op < FN_FIRST_PURE && (functions[op] || answers[op].known));
	return functions[op] ? functions[op](env, node, args) : answers[op];
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
