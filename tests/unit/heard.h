/* SPDX-License-Identifier: Apache-2.0 */
/* What an engine orders, as the JSON that leaves and as the fields of a task's hash: what tests of them share. */
#ifndef UNIT_HEARD_H
#define UNIT_HEARD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "codec/alert_json.h"
#include "codec/event.h"
#include "support/scene.h"
#include "unit/json_at.h"

#define HEARD_MOST 64

struct heard {
	struct scene world;	  /* only its engine, made here */
	char *bodies[HEARD_MOST]; /* in order */
	unsigned count;
	char *fields; /* of the last task: "key=value\n" */
	struct buf shown;
};

static struct heard heard;

static inline void
hear_task(const struct order *order)
{
	struct field fields[40];
	struct arena arena;
	struct buf text = {0};
	unsigned count;

	arena_init(&arena);
	count = task_fields(&arena, heard.world.engine, order, fields, 40);
	for (unsigned i = 0; i < count; i++)
		buf_printf(&text, "%.*s=%.*s\n", STR_ARG(fields[i].key),
			   STR_ARG(fields[i].value));
	free(heard.fields);
	heard.fields = text.p;
	arena_finish(&arena);
}

static inline void
hear(void *ctx, const struct order *order)
{
	struct buf body = {0};

	(void)ctx;
	assert_int_not_equal(order->kind, ORDER_REJECT);
	assert_true(heard.count < HEARD_MOST);
	if (order->kind == ORDER_ALERT) {
		alert_json(&body, heard.world.engine, order);
	} else {
		task_alert_json(&body, heard.world.engine, order);
		hear_task(order);
	}
	heard.bodies[heard.count++] = body.p;
}

static const struct order_sink heard_sink = {NULL, hear};

static inline void
heard_begin(const char *rules)
{
	heard = (struct heard){0};
	heard.world.engine = engine_create(scene_rules(rules), (struct hash_seed){1, 2});
}

static inline void
heard_finish(void)
{
	engine_destroy(heard.world.engine);
	for (unsigned i = 0; i < heard.count; i++)
		free(heard.bodies[i]);
	free(heard.fields);
	buf_finish(&heard.shown);
}

/* For cmocka. */
static inline int
heard_tear_down(void **state)
{
	(void)state;
	heard_finish();
	return 0;
}

/* The first alert of a type. */
static inline const char *
alert_of(const char *type)
{
	for (unsigned i = 0; i < heard.count; i++) {
		if (strncmp(heard.bodies[i] + strlen("{\"type\":\""), type, strlen(type)) == 0)
			return heard.bodies[i];
	}
	fail_msg("no alert %s", type);
	return NULL;
}

static inline void say(const char *when, const char *type, ...) __attribute__((sentinel));

/* An entry of c1's; "key=value" words. */
static inline void
say(const char *when, const char *type, ...)
{
	struct field fields[16] = {{STR("customer"), STR("c1")}, {STR("type"), str_of(type)}};
	unsigned count = 2;
	struct arena arena;
	struct entry entry;
	struct err err;
	va_list words;

	va_start(words, type);
	for (const char *word; (word = va_arg(words, const char *)) != NULL;) {
		size_t n = strcspn(word, "=");

		fields[count].key = (struct str){word, n};
		fields[count++].value = str_of(word + n + 1);
	}
	va_end(words);
	arena_init(&arena);
	if (!event_decode((struct stream_id){at(when), heard.world.seq++}, fields, count,
			  &arena, &entry, &err))
		fail_msg("%s", err.text);
	assert_int_equal(engine_apply(heard.world.engine, &entry, 1, &heard_sink), 1);
	arena_finish(&arena);
}

static inline const struct customer *
c1(void)
{
	return engine_find(heard.world.engine, STR("c1"));
}

/* c1 as one of codec/alert_json.h writes a customer; until the next one is. */
static inline const char *
c1_as(void (*json)(struct buf *out, struct engine *engine, const struct customer *customer,
		   int64_t now),
      const char *when)
{
	buf_clear(&heard.shown);
	json(&heard.shown, heard.world.engine, c1(), at(when));
	return heard.shown.p;
}

/* An act on the task at this place. */
static inline void
act(const char *when, unsigned i, const char *verb, const char *more)
{
	char id[ORDER_ID], task[48] = "task=", does[32] = "verb=";

	engine_task_id(heard.world.engine, c1(), &c1()->cold->tasks[i], id);
	strcat(task, id);
	strcat(does, verb);
	say(when, "churnd.task", task, does, "who=zoe", more, NULL);
}

#endif
