/* SPDX-License-Identifier: Apache-2.0 */
/* What has to be true at each commit, at each request, and in the end. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "codec/partition.h"
#include "sim/sim.h"
#include "sim/world.h"
#include "support/verify.h"

/* ---- commits ---- */

static struct commit_mark
mark_of(struct str text)
{
	struct commit_mark mark;
	struct err err;

	if (!commit_mark_parse(text, &mark, &err))
		sim_fail("%s", err.text);
	return mark;
}

/* A first start: its rules are in force from the beginning. One that comes late to a Redis that a replica has taken over
 * from says nothing of the world. */
static void
genesis_note(struct fake_server *server)
{
	const struct fake_value *value = fake_find(&server->data, STR("sim:partition"));
	struct world *world = server->ctx;
	struct partition partition;
	struct err err;

	if (server != world->server)
		return;
	if (value == NULL || !partition_parse(value->string, &partition, &err))
		sim_fail("a commit without a partition");
	if (partition.epochs[0].from.ms == 0)
		memcpy(world->genesis, partition.epochs[0].sha_hex, sizeof world->genesis);
	partition_finish(&partition);
}

void
judge_mark(struct fake_server *server, struct str old, struct str now)
{
	struct commit_mark before, after = mark_of(now);
	bool fenced, next;

	/* A first start that was torn comes to light when Redis starts once more, and another may have come after it. */
	if (old.n == 0 || server->replaying) {
		genesis_note(server);
		return;
	}
	before = mark_of(old);
	fenced = after.fence == before.fence + 1 && after.seq == before.seq &&
		 stream_id_cmp(after.position, before.position) == 0 &&
		 stream_id_cmp(after.low, before.low) == 0;
	next = after.fence == before.fence && after.seq == before.seq + 1 &&
	       stream_id_cmp(after.position, before.position) >= 0 &&
	       stream_id_cmp(after.low, before.low) >= 0 &&
	       stream_id_cmp(after.low, after.position) <= 0;
	if (!fenced && !next)
		sim_fail("after the mark '%.*s' comes '%.*s'", STR_ARG(old), STR_ARG(now));
}

/* ---- alerts and requests ---- */

static const char *const endpoints[WORLD_ENDPOINTS] = {"crm", "mail"};

static struct str
word_of(const struct fake_entry *entry, const char *name)
{
	for (unsigned i = 0; i + 1 < entry->count; i += 2)
		if (str_is(entry->words[i], name))
			return entry->words[i + 1];
	return STR_NONE;
}

static void
judge_alert(struct world *world, const struct fake_entry *entry)
{
	struct world_alert alert = {.id = word_of(entry, "id"),
				    .customer = word_of(entry, "customer"),
				    .to = word_of(entry, "to"),
				    .body = word_of(entry, "body")};
	uint32_t at;

	if (map_get(&world->alert_ids, alert.id, &at)) {
		if (!world->rolled)
			sim_fail("the alert %.*s is committed twice", STR_ARG(alert.id));
		memcpy(alert.taken, world->alerts[at].taken, sizeof alert.taken);
		world->alerts[at] = alert;
		return;
	}
	MEM_RESERVE(world->alerts, world->alert_cap, world->alert_count + 1);
	map_put(&world->alert_ids, alert.id, (uint32_t)world->alert_count);
	world->alerts[world->alert_count++] = alert;
}

/* The text is there before anybody is told of the rules, and stays for as long as the entry may wait. */
static void
judge_rules(struct fake_server *server, const struct fake_entry *entry)
{
	struct str key = arena_printf(server->words, "sim:rules:%.*s",
				      STR_ARG(word_of(entry, "sha256")));
	const struct fake_value *text = fake_find(&server->data, key);

	if (!str_is(word_of(entry, "sha256"), WORLD_NO_RULES) &&
	    (text == NULL || text->expires != 0))
		sim_fail("%.*s are told of, and their text is %s", STR_ARG(key),
			 text == NULL ? "not there" : "about to expire");
}

void
judge_entry(struct fake_server *server, struct str stream, const struct fake_entry *entry)
{
	if (str_is(stream, "sim:alerts"))
		judge_alert(server->ctx, entry);
	else if (str_is(stream, "sim:events") && str_is(word_of(entry, "type"), "churnd.rules"))
		judge_rules(server, entry);
}

static unsigned
endpoint_number(struct str name)
{
	return str_is(name, endpoints[0]) ? 0 : 1;
}

static uint32_t
alert_find(const struct world *world, struct str id, const char *what)
{
	uint32_t at;

	if (!map_get(&world->alert_ids, id, &at))
		sim_fail("%s the alert %.*s, which was never committed", what, STR_ARG(id));
	return at;
}

void
judge_came(void *ctx, struct str endpoint, struct str id, struct str body)
{
	struct world *world = ctx;
	const struct world_alert *alert = &world->alerts[alert_find(world, id, "sends")];

	if (!world->rolled && !str_eq(alert->body, body))
		sim_fail("%.*s is sent another body than was committed", STR_ARG(endpoint));
}

static bool
is_dead_letter(const struct world *world, struct str id, const char *endpoint)
{
	const struct fake_stream *dead = fake_find_stream(&world->server->data, "sim:dead");

	for (size_t i = 0; dead != NULL && i < dead->count; i++)
		if (str_eq(word_of(&dead->entries[i], "id"), id) &&
		    str_is(word_of(&dead->entries[i], "endpoint"), endpoint))
			return true;
	return false;
}

void
judge_taken(void *ctx, struct str endpoint, struct str id)
{
	struct world *world = ctx;
	unsigned number = endpoint_number(endpoint);
	uint32_t at = alert_find(world, id, "takes");
	struct world_alert *alert = &world->alerts[at];

	if (alert->taken[number])
		return;
	alert->taken[number] = true;
	for (unsigned i = 0; i < world->customer_count; i++) {
		uint32_t *last = &world->last_taken[number][i];

		if (!str_eq(world->customers[i], alert->customer))
			continue;
		if (*last > at + 1 && !world->rolled &&
		    !is_dead_letter(world, id, endpoints[number]))
			sim_fail("%.*s takes %.*s after a later alert of the same customer",
				 STR_ARG(endpoint), STR_ARG(id));
		if (*last < at + 1)
			*last = at + 1;
	}
}

static bool
names(struct str list, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i + n <= list.n; i++)
		if (memcmp(list.p + i, name, n) == 0)
			return true;
	return false;
}

bool
judge_is_delivered(const struct world *world, struct str *missing)
{
	const struct fake_stream *alerts = fake_find_stream(&world->server->data, "sim:alerts");
	const struct fake_stream *resend = fake_find_stream(&world->server->data, "sim:resend");

	*missing = STR("that is to be sent again");
	if (resend != NULL && resend->live > 0)
		return false;
	for (size_t i = 0; alerts != NULL && i < alerts->count; i++) {
		struct str id = word_of(&alerts->entries[i], "id");
		struct str to = word_of(&alerts->entries[i], "to");
		uint32_t at = alert_find(world, id, "holds");

		for (unsigned k = 0; k < WORLD_ENDPOINTS; k++) {
			*missing = id;
			if (names(to, endpoints[k]) && !world->alerts[at].taken[k] &&
			    !is_dead_letter(world, id, endpoints[k]))
				return false;
		}
	}
	return true;
}

/* ---- a replay ---- */

struct court {
	struct fake_client client;
	struct reply_reader *reader;
	struct buf out;
};

static const struct reply *
call(void *ctx, struct arena *arena, struct err *err, const char *const *words)
{
	struct court *court = ctx;
	struct str list[8];
	const struct reply *reply;
	struct reply *items;
	unsigned count = 0;

	for (; words[count] != NULL; count++)
		list[count] = str_of(words[count]);
	buf_clear(&court->out);
	fake_execute(&court->client, list, count, &court->out);
	reply_reader_feed(court->reader, court->out.p, court->out.n);
	if (!reply_reader_next(court->reader, &reply, err) || reply == NULL)
		sim_fail("the fake Redis says what is no reply");
	items = arena_array(arena, reply->span, sizeof *items);
	memcpy(items, reply, reply->span * sizeof *items);
	for (uint32_t i = 0; i < reply->span; i++)
		if (items[i].text.p != NULL)
			items[i].text = arena_str(arena, items[i].text);
	return items;
}

static void __attribute__((noreturn)) differ(const char *sentence)
{
	sim_fail("%s", sentence);
}

static struct rule_files *
genesis_files(const struct world *world)
{
	for (unsigned i = 0; i < world->rule_count; i++) {
		const struct diag_file file = {STR("world.yaml"), world->rules[i].text};

		if (strcmp(world->rules[i].sha_hex, world->genesis) == 0)
			return rule_files_make(&file, 1);
	}
	sim_fail("the rules of the beginning, %s, are not known", world->genesis);
}

void
judge_verify(struct world *world, const struct engine *live, struct world_tally *out)
{
	struct court court = {.reader = reply_reader_create()};
	struct verify_counts counts;
	struct rule_files *genesis;

	if (fake_find(&world->server->data, STR("sim:commit")) != NULL) {
		genesis = genesis_files(world);
		fake_client_init(&court.client, world->server);
		court.client.judge = true;
		verify_run(&(struct verify_source){&court, call, differ}, "sim:", genesis, live,
			   &counts);
		fake_client_finish(&court.client);
		rule_files_destroy(genesis);
		out->entries = counts.entries;
		out->alerts = counts.alerts;
		out->tasks = counts.tasks;
		out->rejects = counts.rejects;
	}
	reply_reader_destroy(court.reader);
	buf_finish(&court.out);
}
