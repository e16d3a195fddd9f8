/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl top, customer, status: what the daemon knows, as tables. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/ctl.h"
#include "codec/http_head.h"

/* --- top --- */

static const json_t *
main_reason(const json_t *customer)
{
	const json_t *reasons = json_object_get(customer, "reasons"), *reason, *best = NULL;
	size_t i;

	for (i = 0; (reason = json_array_get(reasons, i)) != NULL; i++) {
		if (!best || ctl_json_int(reason, "points") > ctl_json_int(best, "points"))
			best = reason;
	}
	return best;
}

static void
print_top(const struct ctl *ctl, json_t *json)
{
	static const char *const heads[2][7] = {
		{"CUSTOMER", "NAME", "LEVEL", "RISK", "VALUE", "OWNER", "MAIN REASON"},
		{"客户", "名称", "级别", "风险", "价值", "负责人", "主要原因"}};
	json_t *customers = json_object_get(json, "customers"), *customer;
	struct ctl_table table;
	size_t i;

	if (json_array_size(customers) == 0) {
		puts(ctl->zh ? "没有符合条件的客户" : "no customer fits");
		return;
	}
	ctl_table_init(&table, heads[ctl->zh], 7, 1u << 3 | 1u << 4);
	for (i = 0; (customer = json_array_get(customers, i)) != NULL; i++) {
		ctl_table_text(&table, ctl_json_text(customer, "customer"));
		ctl_table_text(&table, ctl_json_text(customer, "name"));
		ctl_table_text(&table, ctl_json_text(customer, "level"));
		ctl_table_cell(&table, ctl_json_number(&table.arena, customer, "risk"));
		ctl_table_cell(&table, ctl_json_number(&table.arena, customer, "value"));
		ctl_table_text(&table, ctl_json_text(customer, "owner"));
		ctl_table_text(&table,
			       ctl_json_words(main_reason(customer), "text", "texts", ctl->zh));
	}
	ctl_table_print(&table);
}

enum status
top_run(const struct ctl *ctl, int argc, char **argv)
{
	static const char *const names[] = {"level", "owner", "rule", "tag", "sort", "limit"};
	const char *values[6] = {NULL};
	const struct option options[] = {
		{"--level", OPTION_TEXT, {.text = &values[0]}},
		{"--owner", OPTION_TEXT, {.text = &values[1]}},
		{"--rule", OPTION_TEXT, {.text = &values[2]}},
		{"--tag", OPTION_TEXT, {.text = &values[3]}},
		{"--sort", OPTION_TEXT, {.text = &values[4]}},
		{"-n", OPTION_TEXT, {.text = &values[5]}},
	};
	struct buf path = {0};
	enum status status;

	if (!options_take(options, 6, &argc, argv))
		return STATUS_USAGE;
	if (argc != 1)
		return ctl_usage(argv[0]);
	buf_text(&path, "/v1/customers");
	for (unsigned i = 0; i < 6; i++)
		ctl_http_parameter(&path, names[i], values[i] || i < 5 ? values[i] : "20");
	status = ctl_show_path(ctl, path.p, print_top);
	buf_finish(&path);
	return status;
}

/* --- changes of rules --- */

/* What is on the disk and not in force comes first: it is what the admin has to mend. */
static void
print_refused(struct arena *arena, const json_t *rules)
{
	const json_t *refused = json_object_get(rules, "refused");

	if (json_is_object(refused))
		printf("  refused    %s: %s\n             the rules in force stay in force\n",
		       ctl_json_time(arena, refused, "at").p,
		       ctl_clean(arena, ctl_json_text(refused, "why")).p);
}

static void
print_change(struct arena *arena, const char *before, const char *after, const json_t *change)
{
	const char *by = ctl_json_text(change, "by"), *why = ctl_json_text(change, "why");

	printf("  %s%s%s%s%s%s%s\n", before, ctl_json_time(arena, change, "at").p, after,
	       *by ? ", by " : "", ctl_clean(arena, by).p, *why ? ": " : "",
	       ctl_clean(arena, why).p);
}

/* The newest first. */
static void
print_changes(struct arena *arena, const json_t *changes, size_t most)
{
	size_t count = json_array_size(changes);

	for (size_t i = count; i > 0 && count - i < most; i--)
		print_change(arena, "changed    ", "", json_array_get(changes, i - 1));
}

/* --- customer --- */

static void
print_words(struct arena *arena, const json_t *customer)
{
	json_t *profile = json_object_get(customer, "profile"), *value;
	const char *key;
	struct str name = ctl_clean(arena, ctl_json_text(customer, "name"));

	printf("%s%s%s\n", ctl_clean(arena, ctl_json_text(customer, "customer")).p,
	       name.n ? "  " : "", name.n ? name.p : "");
	printf("  level %s, risk %" PRId64 ", health %" PRId64 "\n",
	       ctl_json_text(customer, "level"), ctl_json_int(customer, "risk"),
	       ctl_json_int(customer, "health"));
	struct str stage = ctl_clean(arena, ctl_json_text(customer, "stage"));

	if (stage.n)
		printf("  stage %s since %s\n", stage.p,
		       ctl_json_time(arena, customer, "stage_since").p);
	struct str worth = ctl_json_number(arena, customer, "value");

	if (worth.n)
		printf("  value %s\n", worth.p);
	for (void *at = json_object_iter(profile); at != NULL;
	     at = json_object_iter_next(profile, at)) {
		key = json_object_iter_key(at);
		value = json_object_iter_value(at);
		char *text = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY);

		printf("  %s: %s\n", ctl_clean(arena, key).p,
		       ctl_clean(arena, text ? text : json_string_value(value)).p);
		free(text);
	}
}

static void
print_times(struct arena *arena, const json_t *customer)
{
	static const char *const keys[][2] = {{"first_seen", "first seen"},
					      {"last_entry", "last entry"}};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		struct str at = ctl_json_time(arena, customer, keys[i][0]);

		if (at.n)
			printf("  %s %s\n", keys[i][1], at.p);
	}
	if (json_is_true(json_object_get(customer, "rests")))
		puts("  rests: 'only' does not hold, rules and tags do nothing");
	if (json_is_true(json_object_get(customer, "backfilling")))
		puts("  history is being loaded: it is looked at a minute after the last of it");
}

static void
print_reasons(const struct ctl *ctl, struct arena *arena, const json_t *customer)
{
	json_t *reasons = json_object_get(customer, "reasons"), *reason;
	size_t i;

	if (json_array_size(reasons))
		puts(ctl->zh ? "\n原因" : "\nreasons");
	for (i = 0; (reason = json_array_get(reasons, i)) != NULL; i++) {
		const char *advice = ctl_json_words(reason, "advice", "advices", ctl->zh);

		printf("  %+4" PRId64 "  %s: %s%s%s\n", ctl_json_int(reason, "points"),
		       ctl_json_text(reason, "rule"),
		       ctl_clean(arena, ctl_json_words(reason, "text", "texts", ctl->zh)).p,
		       *advice ? "; " : "", ctl_clean(arena, advice).p);
	}
}

static void
print_signals(const json_t *customer)
{
	static const char *const heads[] = {"SIGNAL",  "7 DAYS",      "28 DAYS",
					    "91 DAYS", "ACTIVE DAYS", "LAST"};
	json_t *signals = json_object_get(customer, "signals"), *signal;
	struct ctl_table table;
	size_t i;

	if (json_array_size(signals) == 0)
		return;
	putchar('\n');
	ctl_table_init(&table, heads, 6, 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4);
	for (i = 0; (signal = json_array_get(signals, i)) != NULL; i++) {
		ctl_table_text(&table, ctl_json_text(signal, "signal"));
		ctl_table_cell(&table, ctl_json_number(&table.arena, signal, "events_7d"));
		ctl_table_cell(&table, ctl_json_number(&table.arena, signal, "events_28d"));
		ctl_table_cell(&table, ctl_json_number(&table.arena, signal, "events_91d"));
		ctl_table_cell(&table, ctl_json_number(&table.arena, signal, "active_days"));
		ctl_table_cell(&table, ctl_json_time(&table.arena, signal, "last_at"));
	}
	ctl_table_print(&table);
}

/* "stuck", or of a rule or task that is about an item "stuck T-17" */
static struct str
with_item(struct arena *arena, const json_t *object, const char *key)
{
	const char *item = ctl_json_text(object, "item");

	return arena_printf(arena, "%s%s%s", ctl_json_text(object, key), *item ? " " : "",
			    ctl_clean(arena, item).p);
}

static void
print_rules(const json_t *customer)
{
	static const char *const heads[] = {"RULE", "STATE", "SINCE"};
	json_t *rules = json_object_get(customer, "rules"), *rule;
	struct ctl_table table;
	size_t i;

	if (json_array_size(rules) == 0)
		return;
	putchar('\n');
	ctl_table_init(&table, heads, 3, 0);
	for (i = 0; (rule = json_array_get(rules, i)) != NULL; i++) {
		ctl_table_cell(&table, with_item(&table.arena, rule, "rule"));
		ctl_table_text(&table, ctl_json_text(rule, "state"));
		ctl_table_cell(&table, ctl_json_time(&table.arena, rule, "since"));
	}
	ctl_table_print(&table);
}

static void
print_tags_and_tasks(struct arena *arena, const json_t *customer)
{
	json_t *list = json_object_get(customer, "tags"), *item;
	size_t i;

	if (json_array_size(list))
		puts("\ntags");
	for (i = 0; (item = json_array_get(list, i)) != NULL; i++) {
		struct str expires = ctl_json_time(arena, item, "expires");

		printf("  %s%s%s\n", ctl_clean(arena, ctl_json_text(item, "tag")).p,
		       expires.n ? " until " : "", expires.n ? expires.p : "");
	}
	list = json_object_get(customer, "tasks");
	if (json_array_size(list))
		puts("\ntasks");
	for (i = 0; (item = json_array_get(list, i)) != NULL; i++)
		printf("  %s  %s: %s, %s%s%s\n", ctl_json_text(item, "id"),
		       with_item(arena, item, "task").p, ctl_json_text(item, "state"),
		       ctl_json_text(item, "priority"),
		       *ctl_json_text(item, "assignee") ? ", " : "",
		       ctl_clean(arena, ctl_json_text(item, "assignee")).p);
}

static void
print_customer(const struct ctl *ctl, json_t *json)
{
	struct arena arena;

	arena_init(&arena);
	print_words(&arena, json);
	print_times(&arena, json);
	print_reasons(ctl, &arena, json);
	print_signals(json);
	print_rules(json);
	print_tags_and_tasks(&arena, json);
	arena_finish(&arena);
}

static void
print_moment(const struct ctl *ctl, struct arena *arena, const json_t *item)
{
	static const char *const whats[][3] = {{"fired", "rule", "规则触发"},
					       {"tag", "tag", "标签"},
					       {"stage", "stage", "阶段"},
					       {"task", "task", "任务"},
					       {"closed", "task", "任务结束"}};
	const char *outcome = ctl_json_text(item, "outcome"),
		   *state = ctl_json_text(item, "state");
	const char *type = ctl_json_text(item, "type");
	struct str at = ctl_json_time(arena, item, "at");

	if (strcmp(type, "rules") == 0)
		print_change(arena, "", ctl->zh ? "  规则变更" : "  the rules changed", item);
	else if (strcmp(type, "risk") == 0)
		printf("  %s  %s %" PRId64 "\n", at.p, ctl->zh ? "风险" : "risk",
		       ctl_json_int(item, "risk"));
	for (size_t i = 0; i < sizeof whats / sizeof *whats; i++)
		if (strcmp(type, whats[i][0]) == 0)
			printf("  %s  %s %s%s%s\n", at.p, whats[i][ctl->zh ? 2 : 0],
			       ctl_clean(arena, with_item(arena, item, whats[i][1]).p).p,
			       *state ? ": " : "", *outcome ? outcome : state);
}

/* What happened to the risk, and to the rules that it is made by; the newest last. */
static void
print_timeline(const struct ctl *ctl, json_t *json)
{
	json_t *list = json_object_get(json, "timeline"), *item;
	struct arena arena;
	size_t i;

	arena_init(&arena);
	if (json_array_size(list) > 0)
		puts(ctl->zh ? "\n历史" : "\nhistory");
	for (i = 0; (item = json_array_get(list, i)) != NULL; i++)
		print_moment(ctl, &arena, item);
	arena_finish(&arena);
}

static enum status
show_customer(struct ctl_home *home, const char *id)
{
	struct buf path = {0};
	enum status status;

	buf_text(&path, "/v1/customers/");
	http_encode(&path, str_of(id));
	status = ctl_show(home, path.p, print_customer);
	buf_text(&path, "/timeline");
	if (status == STATUS_DONE && !home->ctl->json)
		status = ctl_show(home, path.p, print_timeline);
	buf_finish(&path);
	return status;
}

enum status
customer_run(const struct ctl *ctl, int argc, char **argv)
{
	struct ctl_home home;
	enum status status;

	if (!options_take(NULL, 0, &argc, argv))
		return STATUS_USAGE;
	if (argc != 2 || !*argv[1])
		return ctl_usage(argv[0]);
	if (!ctl_home_open(ctl, &home))
		return STATUS_USAGE;
	status = show_customer(&home, argv[1]);
	ctl_home_close(&home);
	return status;
}

/* --- status --- */

static void
print_state(struct arena *arena, const json_t *json)
{
	const char *why = ctl_json_text(json, "why"), *holder = ctl_json_text(json, "holder");

	printf("churnd %s: %s%s%s\n", ctl_json_text(json, "version"),
	       ctl_json_text(json, "state"), *why ? ": " : "",
	       *why ? ctl_clean(arena, why).p : "");
	if (*holder)
		printf("  the lease is held by %s\n", ctl_clean(arena, holder).p);
	if (json_is_true(json_object_get(json, "held")))
		puts("  held: an import as live is running, time stands still");
}

static void
print_place(struct arena *arena, const json_t *json)
{
	struct str clock = ctl_json_time(arena, json, "clock");
	struct str due = ctl_json_time(arena, json, "next_due");
	bool drained = json_is_true(json_object_get(json, "drained"));

	printf("  position   %s", ctl_json_text(json, "position"));
	if (drained)
		puts(", drained");
	else if (*ctl_json_text(json, "why")) /* what it knows of it is old */
		puts("");
	else
		printf(", %" PRId64 " entries behind\n", ctl_json_int(json, "lag"));
	printf("  committed  %s, low %s\n", ctl_json_text(json, "committed"),
	       ctl_json_text(json, "low"));
	printf("  clock      %s\n", clock.n ? clock.p : "-");
	printf("  next due   %s\n", due.n ? due.p : "-");
}

/* Who was muted and which feeds are silent is worth a line each. */
static void
print_guard(struct arena *arena, const json_t *json)
{
	const json_t *guard = json_object_get(json, "guard"), *row;
	size_t i;

	if (!json_is_object(guard))
		return;
	printf("  feeds      %" PRId64 " guarded", ctl_json_int(guard, "feeds"));
	if (ctl_json_int(guard, "unguarded_events") > 0)
		printf(", %" PRId64 " events of feeds past the limit",
		       ctl_json_int(guard, "unguarded_events"));
	putchar('\n');
	json_array_foreach(json_object_get(guard, "suspect"), i, row)
	{
		struct str since = ctl_json_time(arena, row, "since");

		printf("  silent     %s", ctl_clean(arena, ctl_json_text(row, "event_type")).p);
		if (*ctl_json_text(row, "source"))
			printf(" from %s", ctl_clean(arena, ctl_json_text(row, "source")).p);
		printf(" since %s: what reads it holds\n", since.p);
	}
	json_array_foreach(json_object_get(guard, "muted"), i, row) printf(
		"  muted      %s: %" PRId64 " alerts of this hour\n",
		ctl_clean(arena, ctl_json_text(row, "rule")).p, ctl_json_int(row, "muted"));
}

static void
print_noisy(struct arena *arena, const json_t *rules)
{
	json_t *rule;
	size_t i;

	json_array_foreach(json_object_get(rules, "noisy"), i, rule)
		printf("  noisy      %s: %" PRId64 " of %" PRId64
		       " judged alerts were false alarms (churnctl rules stats)\n",
		       ctl_clean(arena, ctl_json_text(rule, "rule")).p,
		       ctl_json_int(rule, "false"), ctl_json_int(rule, "judged"));
}

static void
print_status(const struct ctl *ctl, json_t *json)
{
	const json_t *rules = json_object_get(json, "rules");
	const json_t *since = json_object_get(json, "since_start");
	struct arena arena;

	arena_init(&arena);
	print_state(&arena, json);
	print_place(&arena, json);
	printf("  customers  %" PRId64 "\n", ctl_json_int(json, "customers"));
	printf("  rules      %s, %" PRId64 " rules, sha256 %.12s\n",
	       ctl_clean(&arena, ctl_json_text(rules, "name")).p, ctl_json_int(rules, "count"),
	       ctl_json_text(rules, "sha256"));
	print_refused(&arena, rules);
	print_changes(&arena, json_object_get(rules, "changes"), 5);
	print_guard(&arena, json);
	print_noisy(&arena, rules);
	printf("  since start: %" PRId64 " entries, %" PRId64 " rejected, %" PRId64
	       " alerts, %" PRId64 " task changes, %" PRId64 " lost\n",
	       ctl_json_int(since, "entries"), ctl_json_int(since, "rejected"),
	       ctl_json_int(since, "alerts"), ctl_json_int(since, "tasks"),
	       ctl_json_int(since, "lost"));
	arena_finish(&arena);
	if (json_array_size(json_object_get(json, "webhooks")) > 0) {
		putchar('\n');
		ctl_webhooks_print(ctl, json);
	}
}

static void
print_trouble(void *ctx, const char *webhook, bool stands, const char *sentence)
{
	(void)ctx, (void)stands;
	printf("%s: %s\n", webhook, sentence);
}

static enum status
show_status(struct ctl_home *home)
{
	const struct ctl_trouble trouble = {print_trouble, NULL};
	json_t *json;
	enum status status;

	if (home->ctl->json)
		return ctl_http_print(home, "/v1/status");
	status = ctl_http_get(home, "/v1/status", &json, NULL);
	if (status == STATUS_DONE) {
		print_status(home->ctl, json);
		ctl_webhooks_troubles(home, json_object_get(json, "webhooks"), &trouble);
	}
	json_decref(json);
	return status;
}

enum status
status_run(const struct ctl *ctl, int argc, char **argv)
{
	struct ctl_home home;
	enum status status;

	if (!options_take(NULL, 0, &argc, argv))
		return STATUS_USAGE;
	if (argc != 1)
		return ctl_usage(argv[0]);
	if (!ctl_home_open(ctl, &home))
		return STATUS_USAGE;
	status = show_status(&home);
	ctl_home_close(&home);
	return status;
}
