/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a task's clocks, through the engine, for a list of cases on stdin.
 *
 *     sla < CASES
 *
 * A case is one line: ZONE | CALENDAR | ACK | RESOLVE | MADE | SNOOZES, that is a time zone, what stands behind
 * `calendar:` (or -), two durations, ms since the epoch, and `FROM-TO,..` in ms (or -). Of two tasks that are made
 * then, nobody touches the one that is to be claimed, and the other one is put off. For each case one line: what was
 * told of them (verb=ms), then ack_by and resolve_by as told at first and at the end. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/rule_files.h"
#include "base/mem.h"
#include "codec/event.h"
#include "engine/engine.h"

#define FIELDS 6
#define RULES                                                                        \
	"churnd: 1\nname: sla\ntimezone: %s\n%s%s\n"                                 \
	"signals: {a: {on: a}}\nrules: [{rule: r, expr: seen(a), points: 1}]\n"      \
	"actions: [{on: rule.fired, task: claim}, {on: rule.fired, task: finish}]\n" \
	"tasks: {claim: {ack_within: %s}, finish: {resolve_within: %s}}\n"

struct sla_case {
	struct engine *engine;
	struct stream_id last;
	char claim[ORDER_ID], finish[ORDER_ID];
	int64_t ack_by, resolve_by;
};

static void
take_order(void *ctx, const struct order *order)
{
	struct sla_case *one = ctx;
	const struct task_change *change = &order->u.task;

	if (order->kind == ORDER_REJECT) {
		printf("rejected: %.*s\n", STR_ARG(order->u.reject));
		exit(1);
	}
	if (order->kind != ORDER_TASK)
		return;
	if (change->ack_by != NEVER) {
		one->ack_by = change->ack_by;
		memcpy(one->claim, change->id, ORDER_ID);
	} else {
		one->resolve_by = change->resolve_by;
		memcpy(one->finish, change->id, ORDER_ID);
	}
	if (change->verb == VERB_ESCALATED || change->verb == VERB_BREACHED)
		printf("%s.%s=%" PRId64 " ", change->ack_by != NEVER ? "claim" : "finish",
		       task_verb_name(change->verb), change->at);
}

static void
send(struct sla_case *one, int64_t at, struct field *fields, unsigned count)
{
	struct order_sink sink = {.ctx = one, .take = take_order};
	struct stream_id id = {at, at == one->last.ms ? one->last.seq + 1 : 0};
	struct arena arena;
	struct entry entry;
	struct err err;

	arena_init(&arena);
	if (!event_decode(id, fields, count, &arena, &entry, &err)) {
		printf("%s\n", err.text);
		exit(1);
	}
	(void)engine_apply(one->engine, &entry, 1, &sink);
	one->last = id;
	arena_finish(&arena);
}

static void
make(struct sla_case *one, int64_t at)
{
	struct field fields[] = {{STR("customer"), STR("c")}, {STR("type"), STR("a")}};

	send(one, at, fields, 2);
}

static void
snooze(struct sla_case *one, int64_t from, const char *until)
{
	struct field fields[] = {{STR("customer"), STR("c")},
				 {STR("type"), STR("churnd.task")},
				 {STR("task"), str_of(one->finish)},
				 {STR("verb"), STR("snooze")},
				 {STR("until"), str_of(until)}};

	send(one, from, fields, 5);
}

static void
snooze_all(struct sla_case *one, char *list)
{
	char *rest = NULL;

	for (char *word = strtok_r(list, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
		char *end;
		int64_t from = strtoll(word, &end, 10);

		snooze(one, from, end + 1);
	}
}

static struct ruleset *
rules_of(char *const *field)
{
	struct buf text = {0};
	struct diag_file file = {.name = STR("sla.yaml")};
	struct rule_files *files;
	struct ruleset *rules;
	struct diags diags;
	struct arena arena;
	bool plain = strcmp(field[1], "-") == 0;

	buf_printf(&text, RULES, field[0], plain ? "" : "calendar: ", plain ? "" : field[1],
		   field[2], field[3]);
	file.text = buf_view(&text);
	files = rule_files_make(&file, 1);
	arena_init(&arena);
	diags_init(&diags, &arena);
	rules = rule_files_load(files, (struct hash_seed){1, 2}, &diags);
	if (!rules) {
		printf("not a rule file: %.*s\n", STR_ARG(file.text));
		exit(1);
	}
	arena_finish(&arena);
	rule_files_destroy(files);
	buf_finish(&text);
	return rules;
}

static void
run(char *const *field)
{
	struct sla_case one = {.ack_by = NEVER};
	struct order_sink sink = {.ctx = &one, .take = take_order};
	int64_t at = strtoll(field[4], NULL, 10), ack, resolve;

	one.engine = engine_create(rules_of(field), (struct hash_seed){1, 2});
	make(&one, at);
	ack = one.ack_by;
	resolve = one.resolve_by;
	if (strcmp(field[5], "-") != 0)
		snooze_all(&one, field[5]);
	engine_advance(one.engine, at + 400 * DAY_MS, &sink);
	printf("first=%" PRId64 ",%" PRId64 " last=%" PRId64 ",%" PRId64 "\n", ack, resolve,
	       one.ack_by, one.resolve_by);
	engine_destroy(one.engine);
}

int
main(void)
{
	char line[4096];

	while (fgets(line, sizeof line, stdin)) {
		char *field[FIELDS] = {line}, *rest = line;

		line[strcspn(line, "\n")] = '\0';
		for (unsigned i = 0; i < FIELDS; i++) {
			field[i] = rest;
			rest = strchr(rest, '|');
			if (rest)
				*rest++ = '\0';
			else if (i + 1 < FIELDS)
				return 2;
		}
		run(field);
	}
	return 0;
}
