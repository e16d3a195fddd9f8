/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl explain: why a customer's risk is what it is, and what would change it. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/ctl.h"
#include "app/feed.h"
#include "app/rules_open.h"
#include "codec/alert_json.h"
#include "codec/http_head.h"

/* --- words --- */

enum word {
	WORD_POINTS,
	WORD_PENDING,
	WORD_FALSE,
	WORD_BLIND,
	WORD_WAITS,
	WORD_DATED,
	WORD_TRUE_NOW,
	WORD_ONLY,
	WORD_WARMING,
	WORD_FEED,
	WORD_OFF,
	WORD_SHADOW,
	WORD_COOLING,
	WORD_CLEARS,
	WORD_CLEARS_NOT,
	WORD_NEXT,
	WORD_SINCE,
	WORDS
};

static const char *const words[WORDS][2] = {
	[WORD_POINTS] = {"gives points", "计分"},
	[WORD_PENDING] = {"true, its 'for' is running", "条件成立,'for' 计时中"},
	[WORD_FALSE] = {"its condition is false", "条件不成立"},
	[WORD_BLIND] = {"no evidence: its condition is unknown", "证据不足:条件未知"},
	[WORD_WAITS] = {"waits: it is judged when such an event arrives",
			"等待:此类事件到达时评估"},
	[WORD_DATED] = {"waits for the next step before or after its date",
			"等待其日期前后的下一步"},
	[WORD_TRUE_NOW] = {"its condition is true; it is judged at the next look",
			   "条件成立,待下次评估"},
	[WORD_ONLY] = {"rests: 'only' does not hold for this customer",
		       "休眠:该客户不满足 'only'"},
	[WORD_FEED] = {"holds: a feed of its signals is silent", "暂停:所用信号的数据源已中断"},
	[WORD_WARMING] = {"rests: warming up, the customer is too new", "休眠:预热期,客户太新"},
	[WORD_OFF] = {"off", "已停用"},
	[WORD_SHADOW] = {"shadow: it is counted, and gives no points",
			 "影子规则:只计数,不计分"},
	[WORD_COOLING] = {"cool-down: not announced again before", "冷却中,此前不再通知:"},
	[WORD_CLEARS] = {"clears when", "恢复条件"},
	[WORD_CLEARS_NOT] = {"clears when the condition is not true any more",
			     "条件不再成立时恢复"},
	[WORD_NEXT] = {"by time alone it could change at", "仅随时间推移,可能变化于"},
	[WORD_SINCE] = {"since", "自"},
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

/* A condition with its verdict, a figure with its value; deeper is further in. */
static void
print_node(struct explain *explain, const json_t *node)
{
	const char *result = ctl_json_text(node, "result");
	int depth = (int)ctl_json_int(node, "depth");
	const char *expr = clean(explain, ctl_json_text(node, "expr"));

	printf("        %*s", 2 * (depth < 20 ? depth : 20), "");
	if (*result)
		printf("%s%-7s%s  %s\n", color_of(explain, result), result,
		       explain->colors ? "\033[0m" : "", expr);
	else
		printf("%s = %s\n", expr,
		       clean(explain, ctl_json_words(node, "text", "texts", explain->ctl->zh)));
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
reads_event(const json_t *rule)
{
	json_t *node;
	size_t i;

	for (i = 0; (node = json_array_get(json_object_get(rule, "nodes"), i)) != NULL; i++) {
		if (strncmp(ctl_json_text(node, "expr"), "event.", 6) == 0 &&
		    json_is_null(json_object_get(node, "value")))
			return true;
	}
	return false;
}

static enum word
why_word(const json_t *rule)
{
	static const struct {
		const char *rests;
		enum word word;
	} rests[] = {{"only", WORD_ONLY},
		     {"warming", WORD_WARMING},
		     {"feed", WORD_FEED},
		     {"off", WORD_OFF}};
	const char *result = ctl_json_text(rule, "result");

	for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
		if (strcmp(ctl_json_text(rule, "rests"), rests[i].rests) == 0)
			return rests[i].word;
	}
	if (is_firing(rule))
		return strcmp(ctl_json_text(rule, "mode"), "shadow") == 0 ? WORD_SHADOW
									  : WORD_POINTS;
	if (strcmp(ctl_json_text(rule, "state"), "pending") == 0)
		return WORD_PENDING;
	if (json_object_get(rule, "date") != NULL)
		return WORD_DATED;
	if (reads_event(rule))
		return WORD_WAITS;
	if (strcmp(result, "UNKNOWN") == 0)
		return WORD_BLIND;
	return strcmp(result, "PASS") == 0 ? WORD_TRUE_NOW : WORD_FALSE;
}

static void
print_moment(struct explain *explain, enum word word, const json_t *rule, const char *key)
{
	struct str at = ctl_json_time(&explain->arena, rule, key);

	if (at.n > 0)
		printf("      %s %s\n", say(explain, word), at.p);
}

static void
print_clear(struct explain *explain, const json_t *rule)
{
	if (!is_firing(rule) || json_object_get(rule, "date") != NULL)
		return;
	if (!json_object_get(rule, "clear")) {
		printf("      %s\n", say(explain, WORD_CLEARS_NOT));
		return;
	}
	printf("      %s\n", say(explain, WORD_CLEARS));
	print_nodes(explain, json_object_get(rule, "clear_nodes"));
}

static void
print_rule(struct explain *explain, const json_t *rule)
{
	struct str since = ctl_json_time(&explain->arena, rule, "since");

	printf("\n%+4" PRId64 "  %s: %s", ctl_json_int(rule, "points"),
	       clean(explain, ctl_json_text(rule, "rule")),
	       clean(explain, ctl_json_text(rule, "state")));
	if (since.n > 0)
		printf(" %s %s", say(explain, WORD_SINCE), since.p);
	printf(", %s\n", say(explain, why_word(rule)));
	if (is_firing(rule))
		printf("      %s\n",
		       clean(explain, ctl_json_words(rule, "text", "texts", explain->ctl->zh)));
	if (json_object_get(rule, "date") != NULL)
		printf("      date: %s\n", clean(explain, ctl_json_text(rule, "date")));
	print_nodes(explain, json_object_get(rule, "nodes"));
	print_clear(explain, rule);
	print_moment(explain, WORD_COOLING, rule, "cooldown_until");
	print_moment(explain, WORD_NEXT, rule, "next_at");
}

static void
print_all(const struct ctl *ctl, const json_t *json)
{
	struct explain explain = {.ctl = ctl, .colors = ctl_text_colors()};
	json_t *rule;
	size_t i;

	arena_init(&explain.arena);
	struct str at = ctl_json_time(&explain.arena, json, "at");

	printf("%s  %s\n", clean(&explain, ctl_json_text(json, "customer")),
	       clean(&explain, ctl_json_text(json, "name")));
	printf(ctl->zh ? "截至 %s:级别 %s,风险 %" PRId64 ",健康度 %" PRId64 "\n"
		       : "as of %s: level %s, risk %" PRId64 ", health %" PRId64 "\n",
	       at.n ? at.p : "-", clean(&explain, ctl_json_text(json, "level")),
	       ctl_json_int(json, "risk"), ctl_json_int(json, "health"));
	for (i = 0; (rule = json_array_get(json_object_get(json, "rules"), i)) != NULL; i++)
		print_rule(&explain, rule);
	arena_finish(&explain.arena);
}

/* --- from the daemon --- */

static enum status
explain_live(const struct ctl *ctl, const char *id)
{
	struct ctl_home home;
	struct buf path = {0};
	json_t *json = NULL;
	enum status status;

	if (!ctl_home_open(ctl, &home))
		return STATUS_USAGE;
	buf_text(&path, "/v1/customers/");
	http_encode(&path, str_of(id));
	buf_text(&path, "/explain");
	if (ctl->json) {
		status = ctl_http_print(&home, path.p);
	} else {
		status = ctl_http_get(&home, path.p, &json, NULL);
		if (status == STATUS_DONE)
			print_all(ctl, json);
	}
	json_decref(json);
	buf_finish(&path);
	ctl_home_close(&home);
	return status;
}

/* --- of a past moment, by replay --- */

static enum status
print_replayed(const struct ctl *ctl, struct feed *feed, const char *id)
{
	struct engine *engine = feed_engine(feed);
	const struct customer *customer = engine_find(engine, str_of(id));
	struct buf out = {0};

	if (!customer)
		return ctl_fail(STATUS_NO, "no customer \"%s\" was known then", id);
	explain_json(&out, engine, customer, engine_clock(engine));
	if (ctl->json) {
		printf("%.*s\n", STR_ARG(buf_view(&out)));
	} else {
		json_t *json = json_loadb(out.p, out.n, 0, NULL);

		print_all(ctl, json);
		json_decref(json);
	}
	buf_finish(&out);
	return STATUS_DONE;
}

static enum status
explain_replayed(const struct ctl *ctl, const char *id, const struct option_list *rules,
		 const struct option_list *events, const char *when)
{
	struct rules_names names = {0};
	struct ruleset *set;
	struct feed *feed;
	int64_t at;

	for (unsigned i = 0; i < rules->count; i++)
		rules_names_add(&names, rules->items[i]);
	enum status status = rules_open(ctl, &names, RULES_OPEN_USE, &set);

	if (!set)
		return status;
	if (!feed_instant("--at", when, set, &at)) {
		ruleset_destroy(set);
		return STATUS_USAGE;
	}
	feed = feed_create(ctl, set, (struct order_sink){0});
	status = feed_files(feed, events, at);
	if (status == STATUS_DONE)
		status = print_replayed(ctl, feed, id);
	feed_destroy(feed);
	return status;
}

enum status
explain_run(const struct ctl *ctl, int argc, char **argv)
{
	struct option_list rules = {0}, events = {0};
	const char *at = NULL;
	const struct option options[] = {
		{"--rules", OPTION_LIST, {.list = &rules}},
		{"--events", OPTION_LIST, {.list = &events}},
		{"--at", OPTION_TEXT, {.text = &at}},
	};

	if (!options_take(options, 3, &argc, argv))
		return STATUS_USAGE;
	if (argc != 2 || !*argv[1] || (rules.count == 0) != (events.count == 0) ||
	    (at && rules.count == 0))
		return ctl_usage(argv[0]);
	if (rules.count == 0)
		return explain_live(ctl, argv[1]);
	return explain_replayed(ctl, argv[1], &rules, &events, at);
}
