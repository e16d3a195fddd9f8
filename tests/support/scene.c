/* SPDX-License-Identifier: Apache-2.0 */
/* A small scene for tests of the engine. */
#include "support/scene.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/event.h"
#include "codec/rules_yaml.h"
#include "engine/guard.h"

static bool
test_zone(void *ctx, struct str name, struct str *tzif)
{
	static char bytes[65536];
	char path[256];
	(void)ctx;
	snprintf(path, sizeof path, "/usr/share/zoneinfo/%.*s", STR_ARG(name));
	FILE *file = fopen(path, "rb");
	if (!file)
		return false;
	*tzif = (struct str){bytes, fread(bytes, 1, sizeof bytes, file)};
	fclose(file);
	return true;
}

struct ruleset *
scene_rules(const char *rules)
{
	struct rules_loader loader = {.zone = test_zone};
	struct arena arena;
	struct diags diags;
	struct buf text = {0}, said = {0};
	arena_init(&arena);
	diags_init(&diags, &arena);
	buf_printf(&text, "churnd: 1\nname: t\n%s", rules);
	struct diag_file file = {.name = STR("test.yaml"), .text = buf_view(&text)};
	struct ruleset *set = rules_load(&file, 1, &loader, (struct hash_seed){5, 6}, &diags);
	diags_print(&said, &diags, false, false);
	if (!set)
		fail_msg("%s", said.p);
	buf_finish(&text);
	buf_finish(&said);
	diags_finish(&diags);
	arena_finish(&arena);
	return set;
}

int64_t
at(const char *text)
{
	char full[40];
	int64_t when;
	struct err err = {{0}};
	snprintf(full, sizeof full, "%s%sZ", text, strlen(text) == 16 ? ":00" : "");
	if (!parse_instant(str_of(full), &when, &err))
		fail_msg("%s: %s", full, err.text);
	return when;
}

static void
say_alert(struct scene *scene, const struct order *order)
{
	const struct ruleset *rules = engine_rules(scene->engine);
	const struct alert *alert = &order->u.alert;
	buf_printf(&scene->said, "%s ", alert_type_name(alert->type));
	if (alert->feed) {
		const struct feed_news *news = alert->feed;
		buf_printf(&scene->said, "%.*s/%.*s %s volume=%lld expected=%g",
			   STR_ARG(news->type), STR_ARG(news->source),
			   news->given_up ? "given_up"
			   : news->day	  ? "day"
					  : "hour",
			   (long long)news->volume, news->expected);
		return;
	}
	if (alert->type == ALERT_RULE_MUTED) {
		buf_printf(&scene->said, "%.*s muted=%u", STR_ARG(alert->muted_rule),
			   (unsigned)alert->muted);
		return;
	}
	if (alert->rule >= 0)
		buf_str(&scene->said, rules->rules[alert->rule].name);
	else if (alert->tag.p)
		buf_str(&scene->said, alert->tag);
	else if (alert->type == ALERT_OWNER_CHANGED)
		buf_printf(
			&scene->said, "%.*s from \"%.*s\"",
			STR_ARG(engine_profile(scene->engine, order->customer, ATTR_OWNER).u.s),
			STR_ARG(alert->previous_owner));
	else if (alert->type == ALERT_STAGE_CHANGED)
		buf_printf(&scene->said, "%.*s from %.*s",
			   STR_ARG(ruleset_stage_name(rules, alert->stage)),
			   STR_ARG(ruleset_stage_name(rules, alert->previous_stage)));
	else
		buf_printf(&scene->said, "%.*s from %.*s",
			   STR_ARG(rules->levels[alert->level].name),
			   STR_ARG(rules->levels[alert->previous_level].name));
	if (alert->item)
		buf_printf(&scene->said, " of %.*s", STR_ARG(alert->item->key));
	buf_printf(&scene->said, " risk=%d cause=%s", alert->risk, cause_name(order->cause));
	if (alert->to_count > 0)
		buf_printf(&scene->said, " to=%.*s", STR_ARG(alert->to[0]));
	int sum = 0;
	for (unsigned i = 0; i < alert->reason_count; i++)
		sum += alert->reasons[i].points;
	sum = sum < 0 ? 0 : sum > 100 ? 100 : sum;
	assert_int_equal(sum, alert->risk);
}

static void
take_order(void *ctx, const struct order *order)
{
	struct scene *scene = ctx;
	char when[INSTANT_TEXT];
	if (order->kind == ORDER_REJECT) {
		buf_printf(&scene->said, "rejected: %s\n", order->u.reject.p);
		return;
	}
	print_instant(order->kind == ORDER_ALERT ? order->u.alert.at : order->u.task.at, when);
	buf_printf(&scene->said, "%s %.*s ", when,
		   order->customer ? (int)customer_id(order->customer).n : 1,
		   order->customer ? customer_id(order->customer).p : "-");
	if (order->kind == ORDER_ALERT)
		say_alert(scene, order);
	else {
		buf_printf(&scene->said, "task.%s %.*s", task_verb_name(order->u.task.verb),
			   STR_ARG(engine_rules(scene->engine)
					   ->tasks[order->u.task.task->def]
					   .name));
		if (order->u.task.endpoint_count > 0)
			buf_printf(&scene->said, " to=%.*s",
				   STR_ARG(order->u.task.endpoints[0]));
	}
	if (order->kind == ORDER_TASK && order->u.task.task->item.n > 0)
		buf_printf(&scene->said, " of %.*s", STR_ARG(order->u.task.task->item));
	if (order->kind == ORDER_TASK && scene->wordy)
		buf_printf(&scene->said, " %.*s: %.*s > %.*s (%.*s)",
			   STR_ARG(order->u.task.who), STR_ARG(order->u.task.from),
			   STR_ARG(order->u.task.to), STR_ARG(order->u.task.note));
	buf_char(&scene->said, '\n');
}

static struct order_sink
scene_sink(struct scene *scene)
{
	return (struct order_sink){.ctx = scene, .take = take_order};
}

void
scene_init(struct scene *scene, const char *rules)
{
	*scene = (struct scene){.at = INT64_MIN};
	scene->engine = engine_create(scene_rules(rules), (struct hash_seed){7, 8});
}

void
scene_finish(struct scene *scene)
{
	engine_destroy(scene->engine);
	buf_finish(&scene->said);
}

static struct stream_id
next_id(struct scene *scene, int64_t when)
{
	assert_true(when >= scene->at);
	scene->seq = when == scene->at ? scene->seq + 1 : 0;
	scene->at = when;
	return (struct stream_id){.ms = when, .seq = scene->seq};
}

void
scene_send(struct scene *scene, int64_t when, const char *customer, const char *type, ...)
{
	struct field fields[40] = {{STR("customer"), str_of(customer)},
				   {STR("type"), str_of(type)}};
	unsigned count = 2;
	struct order_sink sink = scene_sink(scene);
	struct arena arena;
	struct entry entry;
	struct err err;
	va_list words;
	va_start(words, type);
	for (const char *word; (word = va_arg(words, const char *));) {
		const char *equals = strchr(word, '=');
		assert_non_null(equals);
		fields[count].key = (struct str){word, (size_t)(equals - word)};
		fields[count++].value = str_of(equals + 1);
	}
	va_end(words);
	arena_init(&arena);
	struct stream_id id = next_id(scene, when);
	if (!event_decode(id, fields, count, &arena, &entry, &err)) {
		buf_printf(&scene->said, "rejected: %s\n", err.text);
		engine_skip(scene->engine, id, &sink);
	} else {
		assert_int_equal(engine_apply(scene->engine, &entry, 1, &sink), 1);
	}
	arena_finish(&arena);
}

void
scene_advance(struct scene *scene, int64_t to)
{
	struct order_sink sink = scene_sink(scene);
	engine_advance(scene->engine, to, &sink);
	if (to > scene->at) {
		scene->at = to;
		scene->seq = 0;
	}
}

unsigned
scene_prepare(struct scene *scene, int64_t to, size_t budget)
{
	struct order_sink sink = scene_sink(scene);
	unsigned goes = 1;

	while (!engine_prepare(scene->engine, (struct stream_id){to, 0}, budget, &sink))
		goes++;
	return goes;
}

void
scene_change(struct scene *scene, int64_t when, const char *rules)
{
	struct order_sink sink = scene_sink(scene);
	struct entry entry = {.id = next_id(scene, when), .kind = ENTRY_RULES};
	struct ruleset *set = scene_rules(rules);
	engine_change_rules(scene->engine, &entry, set, &sink);
}

void
scene_clear(struct scene *scene)
{
	buf_clear(&scene->said);
}

void
scene_expect(struct scene *scene, const char *lines)
{
	assert_string_equal(scene->said.n ? scene->said.p : "", lines);
	scene_clear(scene);
}

int
scene_risk(const struct scene *scene, const char *customer)
{
	const struct customer *found = engine_find(scene->engine, str_of(customer));
	assert_non_null(found);
	return found->risk;
}
