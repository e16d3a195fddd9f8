/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl explain: why a customer's risk is what it is, and what would change it. */
#include <stdio.h>

#include "app/ctl.h"
#include "app/feed.h"
#include "app/rules_open.h"
#include "codec/alert_json.h"
#include "codec/http_head.h"

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
			explain_print(ctl, json);
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

		explain_print(ctl, json);
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
	feed = feed_create(set, (struct order_sink){0});
	status = feed_files(ctl, &feed, 1, events, at);
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
