/* SPDX-License-Identifier: Apache-2.0 */
/* An explanation as sentences: what fires, why the rest does not, what would change it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/ctl.h"

/* --- words --- */

enum word {
	WORD_SUM,
	WORD_KEPT,
	WORD_TAGS,
	WORD_QUIET,
	WORD_FIRING,
	WORD_OTHERS,
	WORD_ANNOUNCED,
	WORD_COOLING,
	WORD_UNTOLD,
	WORD_COOLS,
	WORD_FLOOR,
	WORD_ENDS,
	WORD_BECAUSE,
	WORD_ASKED,
	WORD_DATE,
	WORD_CLEARS,
	WORD_CLEARS_NOT,
	WORD_NEXT,
	WORD_STAGE,
	WORD_STANDING,
	WORD_HAS,
	WORD_LEAVES,
	WORD_HAS_NOT,
	WORDS
};

static const char *const words[WORDS][2] = {
	[WORD_SUM] = {"the risk is", "风险 ="},
	[WORD_KEPT] = {", kept within 0 and 100", "，限制在 0 到 100 之间"},
	[WORD_TAGS] = {"tags:", "标签:"},
	[WORD_QUIET] = {"by time alone nothing changes before", "仅随时间推移，不会变化，直到"},
	[WORD_FIRING] = {"what fires", "触发中"},
	[WORD_OTHERS] = {"what does not", "未触发"},
	[WORD_ANNOUNCED] = {"announced at", "已通知于"},
	[WORD_COOLING] =
		{"not announced: its last announcement is too recent (cool-down) until",
		 "未通知：距上次通知太近（冷却期），直到"},
	[WORD_UNTOLD] = {"not announced: it was true already when the rule came into force",
			 "未通知：规则生效时条件已经成立"},
	[WORD_COOLS] = {"should it fire again, nobody is told (cool-down) before",
			"若再次触发，此前不通知（冷却期）:"},
	[WORD_FLOOR] = {"while it fires, the level is at least", "触发期间级别不低于"},
	[WORD_ENDS] = {"it ends at", "结束于"},
	[WORD_BECAUSE] = {"because", "依据"},
	[WORD_ASKED] = {"asked when its event arrives:", "其事件到达时判断:"},
	[WORD_DATE] = {"date:", "日期:"},
	[WORD_CLEARS] = {"clears when", "恢复条件"},
	[WORD_CLEARS_NOT] = {"clears when the condition is not true any more",
			     "条件不再成立时恢复"},
	[WORD_STAGE] = {"stage:", "阶段:"},
	[WORD_STANDING] = {"tags and stages", "标签与阶段"},
	[WORD_HAS] = {"held", "具有"},
	[WORD_LEAVES] = {"held; left when", "具有；离开条件"},
	[WORD_HAS_NOT] = {"not held", "不具有"},
	[WORD_NEXT] = {"by time alone it could change at", "仅随时间推移，可能变化于"},
};

/* By the daemon's `why`. %s: since when, or until when it rests, or when `for` ends. */
static const struct why_row {
	const char *why, *en, *zh;
	const char *moment; /* key of the instant that goes in */
} whys[] = {
	{"counts", "fires since %s, gives points", "自 %s 触发，计分", "since"},
	{"inhibited", "fires since %s, held back by another rule: no points, no actions",
	 "自 %s 触发，被其他规则抑制：不计分、不执行动作", "since"},
	{"shadow", "fires since %s as a shadow: it is counted, without points and actions",
	 "影子规则，自 %s 触发：只计数，不计分、不执行动作", "since"},
	{"clearing", "its condition ended at %s; it fires on, and gives points, for a while",
	 "条件已于 %s 结束；仍保持触发并计分一段时间", "since"},
	{"no_evidence", "fires since %s, gives points; whether it may clear cannot be told",
	 "自 %s 触发，计分；证据不足，无法判断是否恢复", "since"},
	{"pending", "its condition is true; it fires at %s if it stays so ('for')",
	 "条件成立；若持续到 %s 则触发（'for'）", "ends_at"},
	{"off", "off", "已停用", NULL},
	{"only", "rests: 'only' does not hold for this customer", "休眠：该客户不满足 'only'",
	 NULL},
	{"warming", "rests until %s: warming up, the customer is too new",
	 "休眠至 %s：预热期，客户太新", "rests_until"},
	{"feed", "rests: the feed of what it reads is suspect, and missing data is no churn",
	 "休眠：所依赖的数据源可疑，缺数据不等于流失", NULL},
	{"event", "waits: it is judged when its event arrives", "等待：其事件到达时判断", NULL},
	{"date", "waits for its next step before or after the date", "等待其日期前后的下一步",
	 NULL},
	{"unknown", "no evidence: its condition is unknown", "证据不足：条件未知", NULL},
	{"false", "its condition is false", "条件不成立", NULL},
	{"true", "its condition is true; it is judged at the next look", "条件成立，待下次判断",
	 NULL},
};

static const struct missing_row {
	const char *missing, *en, *zh;
} missings[] = {
	{"event", "read when one arrives", "事件到达时读取"},
	{"not_set", "not set", "未设置"},
	{"gaps", "fewer than 3 gaps so far", "间隔不足 3 个"},
	{"few", "too few events or days so far", "目前事件或天数太少"},
	{"never", "never seen", "从未发生"},
};

struct explain {
	const struct ctl *ctl;
	struct arena arena;
	bool colors;
};

static const char *
say(const struct explain *explain, enum word word)
{
	return words[word][explain->ctl->zh];
}

static const char *
clean(struct explain *explain, const char *text)
{
	struct buf buf = {0};
	struct str made;

	ctl_text_clean(&buf, str_of(text));
	made = arena_str(&explain->arena, buf_view(&buf));
	buf_finish(&buf);
	return made.p;
}

/* "" when there is none. */
static const char *
moment(struct explain *explain, const json_t *object, const char *key)
{
	struct str at = ctl_json_time(&explain->arena, object, key);

	return at.n > 0 ? at.p : "";
}

/* --- the tree --- */

static const char *
color_of(const struct explain *explain, const char *result)
{
	if (!explain->colors)
		return "";
	if (strcmp(result, "PASS") == 0)
		return "\033[32m";
	return strcmp(result, "FAIL") == 0 ? "\033[31m" : "\033[33m";
}

static const char *
missing_of(const struct explain *explain, const json_t *node)
{
	const char *word = ctl_json_text(node, "missing");

	for (size_t i = 0; i < sizeof missings / sizeof *missings; i++)
		if (strcmp(missings[i].missing, word) == 0)
			return explain->ctl->zh ? missings[i].zh : missings[i].en;
	return "";
}

/* A condition with its verdict, a figure with its value; deeper is further in. */
static void
print_node(struct explain *explain, const json_t *node)
{
	const char *result = ctl_json_text(node, "result");
	int depth = (int)ctl_json_int(node, "depth");
	const char *expr = clean(explain, ctl_json_text(node, "expr"));
	const char *missing = missing_of(explain, node);

	printf("        %*s", 2 * (depth < 20 ? depth : 20), "");
	if (*result)
		printf("%s%-7s%s  %s\n", color_of(explain, result), result,
		       explain->colors ? "\033[0m" : "", expr);
	else
		printf("%s = %s%s%s%s\n", expr,
		       clean(explain, ctl_json_words(node, "text", "texts", explain->ctl->zh)),
		       *missing ? " (" : "", missing, *missing ? ")" : "");
}

static void
print_nodes(struct explain *explain, const json_t *nodes)
{
	size_t i;
	json_t *node;

	for (i = 0; (node = json_array_get(nodes, i)) != NULL; i++)
		print_node(explain, node);
}

/* --- a rule --- */

static bool
is_firing(const json_t *rule)
{
	const char *state = ctl_json_text(rule, "state");

	return strcmp(state, "firing") == 0 || strcmp(state, "clearing") == 0 ||
	       strcmp(state, "no_evidence") == 0;
}

static bool
is_kind(const json_t *rule, const char *kind)
{
	return strcmp(ctl_json_text(rule, "kind"), kind) == 0;
}

static void
print_why(struct explain *explain, const json_t *rule)
{
	const char *why = ctl_json_text(rule, "why");
	const char *by = clean(explain, ctl_json_text(rule, "inhibited_by"));

	for (size_t i = 0; i < sizeof whys / sizeof *whys; i++) {
		if (strcmp(whys[i].why, why) != 0)
			continue;
		const char *text = explain->ctl->zh ? whys[i].zh : whys[i].en;
		const char *hole = strstr(text, "%s");

		if (hole == NULL || whys[i].moment == NULL)
			printf("%s", text);
		else
			printf("%.*s%s%s", (int)(hole - text), text,
			       moment(explain, rule, whys[i].moment), hole + 2);
	}
	if (*by && is_firing(rule))
		printf(" (%s)", by);
	putchar('\n');
}

static void
print_moment(struct explain *explain, enum word word, const json_t *rule, const char *key)
{
	const char *at = moment(explain, rule, key);

	if (*at)
		printf("      %s %s\n", say(explain, word), at);
}

static void
print_told(struct explain *explain, const json_t *rule)
{
	const char *why = ctl_json_text(rule, "why");

	if (!is_firing(rule))
		print_moment(explain, WORD_COOLS, rule, "cooldown_until");
	else if (strcmp(why, "shadow") == 0 || strcmp(why, "inhibited") == 0)
		return; /* nobody is told */
	else if (json_is_true(json_object_get(rule, "announced")))
		print_moment(explain, WORD_ANNOUNCED, rule, "announced_at");
	else if (*moment(explain, rule, "cooldown_until"))
		print_moment(explain, WORD_COOLING, rule, "cooldown_until");
	else
		printf("      %s\n", say(explain, WORD_UNTOLD));
}

static void
print_condition(struct explain *explain, const json_t *rule)
{
	if (is_kind(rule, "date")) {
		printf("      %s %s\n", say(explain, WORD_DATE),
		       clean(explain, ctl_json_text(rule, "date")));
	} else if (is_kind(rule, "event")) {
		printf("      %s %s\n", say(explain, WORD_ASKED),
		       clean(explain, ctl_json_text(rule, "expr")));
	} else {
		if (is_firing(rule))
			printf("      %s\n", say(explain, WORD_BECAUSE));
		print_nodes(explain, json_object_get(rule, "nodes"));
	}
}

/* An event's or step's firing ends by the clock; all others when their condition says so. */
static void
print_clear(struct explain *explain, const json_t *rule)
{
	if (!is_firing(rule))
		return;
	print_moment(explain, WORD_ENDS, rule, "ends_at");
	if (json_object_get(rule, "clear")) {
		printf("      %s\n", say(explain, WORD_CLEARS));
		print_nodes(explain, json_object_get(rule, "clear_nodes"));
	} else if (is_kind(rule, "state") &&
		   strcmp(ctl_json_text(rule, "why"), "clearing") != 0) {
		printf("      %s\n", say(explain, WORD_CLEARS_NOT));
	}
}

static void
print_name(struct explain *explain, const json_t *rule)
{
	const char *item = clean(explain, ctl_json_text(rule, "item"));

	if (is_firing(rule))
		printf("\n%+4" PRId64 "  ", ctl_json_int(rule, "points"));
	else
		printf("\n      ");
	printf("%s%s%s%s: ", clean(explain, ctl_json_text(rule, "rule")), *item ? " [" : "",
	       item, *item ? "]" : "");
}

static void
print_rule(struct explain *explain, const json_t *rule)
{
	const char *floor = clean(explain, ctl_json_text(rule, "level"));
	const char *text = ctl_json_words(rule, "text", "texts", explain->ctl->zh);

	print_name(explain, rule);
	print_why(explain, rule);
	if (is_firing(rule) && strcmp(text, ctl_json_text(rule, "rule")) != 0)
		printf("      %s\n", clean(explain, text));
	if (*floor && is_firing(rule))
		printf("      %s %s\n", say(explain, WORD_FLOOR), floor);
	print_told(explain, rule);
	print_condition(explain, rule);
	print_clear(explain, rule);
	if (!is_firing(rule) || !*moment(explain, rule, "ends_at"))
		print_moment(explain, WORD_NEXT, rule, "next_at");
}

/* --- the whole --- */

/* "the risk is 25 (login_silence) + 30 (detractor)" */
static void
print_sum(struct explain *explain, const json_t *json)
{
	int64_t sum = ctl_json_int(json, "points");
	const char *between = "";
	json_t *rule;
	size_t i;

	if (ctl_json_int(json, "risk") == 0 && sum == 0)
		return;
	printf("%s ", say(explain, WORD_SUM));
	for (i = 0; (rule = json_array_get(json_object_get(json, "rules"), i)) != NULL; i++) {
		int64_t points = ctl_json_int(rule, "points");

		if (points == 0)
			continue;
		printf("%s%" PRId64 " (%s)", points < 0 ? " - " : between,
		       points < 0 ? -points : points,
		       clean(explain, ctl_json_text(rule, "rule")));
		between = " + ";
	}
	if (sum != ctl_json_int(json, "risk")) {
		printf(" = %" PRId64 "%s", sum, say(explain, WORD_KEPT));
	}
	putchar('\n');
}

static void
print_tags(struct explain *explain, const json_t *json)
{
	const json_t *tags = json_object_get(json, "tags"), *tag;
	const char *stage = clean(explain, ctl_json_text(json, "stage"));
	size_t i;

	if (*stage)
		printf("%s %s\n", say(explain, WORD_STAGE), stage);
	if (json_array_size(tags) == 0)
		return;
	printf("%s", say(explain, WORD_TAGS));
	for (i = 0; (tag = json_array_get(tags, i)) != NULL; i++)
		printf("%s %s", i > 0 ? "," : "", clean(explain, json_string_value(tag)));
	putchar('\n');
}

/* RFC 3339 in one zone sorts as text. */
static void
print_quiet(struct explain *explain, const json_t *json)
{
	const json_t *first = NULL;
	json_t *rule;
	size_t i;

	for (i = 0; (rule = json_array_get(json_object_get(json, "rules"), i)) != NULL; i++) {
		const char *at = ctl_json_text(rule, "next_at");

		if (*at && (!first || strcmp(at, ctl_json_text(first, "next_at")) < 0))
			first = rule;
	}
	if (first)
		printf("%s %s (%s)\n", say(explain, WORD_QUIET),
		       moment(explain, first, "next_at"),
		       clean(explain, ctl_json_text(first, "rule")));
}

static void
print_group(struct explain *explain, const json_t *json, bool firing)
{
	json_t *rule;
	bool any = false;
	size_t i;

	for (i = 0; (rule = json_array_get(json_object_get(json, "rules"), i)) != NULL; i++) {
		if (is_firing(rule) != firing)
			continue;
		if (!any)
			printf("\n%s\n", say(explain, firing ? WORD_FIRING : WORD_OTHERS));
		any = true;
		print_rule(explain, rule);
	}
}

/* Of tags, and of the stages up to the one the customer is in: the others are not asked. */
static void
print_standing(struct explain *explain, const json_t *json)
{
	const json_t *list = json_object_get(json, "standing"), *one;
	bool found = false;
	size_t i;

	if (json_array_size(list) > 0)
		printf("\n%s\n", say(explain, WORD_STANDING));
	for (i = 0; !found && (one = json_array_get(list, i)) != NULL; i++) {
		bool held = json_is_true(json_object_get(one, "held"));
		bool is_stage = json_object_get(one, "stage") != NULL;
		bool leaves = json_object_get(one, "leave") != NULL;

		printf("\n      %s: %s\n",
		       clean(explain, ctl_json_text(one, is_stage ? "stage" : "tag")),
		       say(explain, !held    ? WORD_HAS_NOT
				    : leaves ? WORD_LEAVES
					     : WORD_HAS));
		print_nodes(explain, json_object_get(one, "nodes"));
		print_moment(explain, WORD_NEXT, one, "next_at");
		found = held && is_stage;
	}
}

void
explain_print(const struct ctl *ctl, const json_t *json)
{
	struct explain explain = {.ctl = ctl, .colors = ctl_text_colors()};
	const char *at;

	arena_init(&explain.arena);
	at = moment(&explain, json, "at");
	printf("%s  %s\n", clean(&explain, ctl_json_text(json, "customer")),
	       clean(&explain, ctl_json_text(json, "name")));
	printf(ctl->zh ? "截至 %s：级别 %s，风险 %" PRId64 "，健康度 %" PRId64 "\n"
		       : "as of %s: level %s, risk %" PRId64 ", health %" PRId64 "\n",
	       *at ? at : "-", clean(&explain, ctl_json_text(json, "level")),
	       ctl_json_int(json, "risk"), ctl_json_int(json, "health"));
	print_sum(&explain, json);
	print_tags(&explain, json);
	print_quiet(&explain, json);
	print_group(&explain, json, true);
	print_group(&explain, json, false);
	print_standing(&explain, json);
	arena_finish(&explain.arena);
}
