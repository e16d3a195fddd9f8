/* SPDX-License-Identifier: Apache-2.0 */
/* Those who write into the stream: systems that send events, people who act, and some who know no better. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/sim.h"
#include "sim/wire.h"
#include "sim/world.h"

/* A command in the making. */
struct line {
	const char *words[48];
	unsigned count;
	char numbers[8][48];
	unsigned number_count;
};

static void
add(struct line *line, ...)
{
	const char *word;
	va_list words;

	va_start(words, line);
	while ((word = va_arg(words, const char *)) != NULL)
		line->words[line->count++] = word;
	va_end(words);
	line->words[line->count] = NULL;
}

static const char *
number(struct line *line, int64_t value, const char *behind)
{
	char *text = line->numbers[line->number_count++];

	snprintf(text, sizeof line->numbers[0], "%" PRId64 "%s", value, behind);
	return text;
}

/* ---- what an entry may say ---- */

static void
say_value(struct line *line)
{
	static const char *const values[] = {"0", "1", "5", "9", "120.5", "300", "-3"};

	add(line, "value", SIM_PICK(values), NULL);
}

static void
say_profile(struct line *line)
{
	static const char *const said[][2] = {
		{"tier", "gold"}, {"tier", "tin"}, {"tier", "lead"},
		{"mrr", "0"},	  {"mrr", "12.5"}, {"owner", "li"},
		{"owner", ""},	  {"phone", "1"},  {"tier", "wood"}};
	const char *const *pair = SIM_PICK(said);

	add(line, pair[0], pair[1], NULL);
}

static void
say_tag(struct line *line)
{
	add(line, "tag", sim_chance(50) ? "vip" : "busy", NULL);
	if (sim_chance(30))
		add(line, "remove", "1", NULL);
	else if (sim_chance(50))
		add(line, "expires", sim_chance(50) ? "1d" : "90m", NULL);
}

static const char *
task_of(struct world *world, struct line *line, struct str customer)
{
	const struct fake_stream *tasks = fake_find_stream(&world->server->data, "sim:tasks");
	size_t count = tasks != NULL ? tasks->count : 0;

	for (size_t i = count; i > 0 && i + 12 > count; i--) {
		const struct fake_entry *entry = &tasks->entries[i - 1];

		/* id, task, customer ... */
		if (str_eq(entry->words[5], customer) && sim_chance(60)) {
			char *text = line->numbers[line->number_count++];

			snprintf(text, sizeof line->numbers[0], "%.*s",
				 STR_ARG(entry->words[1]));
			return text;
		}
	}
	return "tk_none";
}

static void
say_act(struct world *world, struct line *line, struct str customer)
{
	static const char *const acts[][5] = {{"claim", "who", "li"},
					      {"claim", "who", "wang"},
					      {"done", "outcome", "saved"},
					      {"done", "outcome", "false_alarm"},
					      {"done", "outcome", "churned"},
					      {"done", "who", "zoe", "note", "back"},
					      {"done"},
					      {"snooze", "until", "30m"},
					      {"snooze", "until", "7h"},
					      {"snooze", "until", "3d"},
					      {"assign", "to", "li"},
					      {"assign", "to", "lea"},
					      {"assign"},
					      {"transfer", "to", "zoe", "who", "wang"},
					      {"link", "external_id", "x7"},
					      {"cancel"},
					      {"fly"}};
	const char *const *act = acts[sim_below(sizeof acts / sizeof *acts)];

	add(line, "task", task_of(world, line, customer), "verb", NULL);
	for (unsigned i = 0; i < 5 && act[i] != NULL; i++)
		add(line, act[i], NULL);
}

/* Nothing that is taken for an entry. */
static void
say_nonsense(struct line *line, const char *customer)
{
	switch (sim_below(8)) {
	case 0:
		add(line, "customer", "", "type", "login", NULL);
		break;
	case 1:
		add(line, "type", "login", NULL);
		break;
	case 2:
		add(line, "customer", customer, NULL);
		break;
	case 3:
		add(line, "customer", customer, "type", "login", "value", "nan", NULL);
		break;
	case 4:
		add(line, "customer", customer, "type", "churnd.mine", NULL);
		break;
	case 5:
		add(line, "type", "churnd.rules", "sha256", WORLD_NO_RULES, NULL);
		break;
	case 6:
		add(line, "customer", customer, "type", "login", "ts", "12", NULL);
		break;
	default:
		add(line, "data", "{\"customer\":", NULL);
		break;
	}
}

/* Somebody goes back to rules that were in force, or ahead to those on the disk: after their text, as the daemon does,
 * for what has no text is rejected whatever comes later; and the text stays, however long the entry waits. */
static void
say_rules(struct world *world, struct line *line)
{
	const struct world_rules *rules = &world->rules[sim_below(world->rule_count)];
	struct str key = arena_printf(&world->arena, "sim:rules:%s", rules->sha_hex);
	const struct fake_value *text = fake_find(&world->server->data, key);

	fake_do(world->server, NULL, (const char *[]){"PERSIST", key.p, NULL});
	if (text != NULL && text->expires == 0)
		add(line, "type", "churnd.rules", "sha256", rules->sha_hex, NULL);
	else
		add(line, "type", "churnd.clock", NULL);
}

static int64_t
writers_now(const struct world *world)
{
	return world->held ? world->now : fake_server_now(world->server);
}

/* Late, again, or of the past. */
static void
say_when(struct world *world, struct line *line)
{
	static const char *const ids[] = {"e0", "e1", "e2", "e3", "e4"};
	int64_t then = writers_now(world) - sim_span(0, 5 * DAY_MS);

	switch (sim_below(3)) {
	case 0:
		add(line, "ts", number(line, then, ""), NULL);
		break;
	case 1:
		add(line, "id", SIM_PICK(ids), NULL);
		break;
	default:
		add(line, "backfill", "1", "ts", number(line, then, ""), NULL);
		break;
	}
}

static void
say_event(struct world *world, struct line *line, const char *customer, const char *type)
{
	add(line, "customer", customer, "type", type, NULL);
	if (sim_chance(20))
		add(line, "source", "web", NULL);
	if (sim_chance(25))
		say_when(world, line);
}

static void
say_anything(struct world *world, struct line *line)
{
	struct str who = world->customers[sim_below(world->customer_count)];
	unsigned kind = sim_below(67);

	if (kind < 20)
		say_event(world, line, who.p, "login");
	else if (kind < 30)
		say_event(world, line, who.p, "complaint");
	else if (kind < 45) {
		static const char *const types[] = {"paid", "nps", "nps", "seats"};

		add(line, "customer", who.p, "type", SIM_PICK(types), NULL);
		say_value(line);
	} else if (kind < 50) {
		add(line, "customer", who.p, "type", "profile", NULL);
		say_profile(line);
	} else if (kind < 52)
		say_event(world, line, who.p, "extra");
	else if (kind < 53)
		add(line, "customer", who.p, "type", "member", "user", "u1", "role", "admin",
		    NULL);
	else if (kind < 55) {
		add(line, "customer", who.p, "type", "churnd.tag", NULL);
		say_tag(line);
	} else if (kind < 60) {
		add(line, "customer", who.p, "type", "churnd.task", NULL);
		say_act(world, line, who);
	} else if (kind < 61)
		add(line, "type", "churnd.clock", NULL);
	else if (kind < 63)
		say_event(world, line, who.p, "churned");
	else if (kind < 64)
		say_rules(world, line);
	else
		say_nonsense(line, who.p);
}

/* ---- sending ---- */

static const char *
id_next(struct world *world, struct line *line)
{
	static const int64_t steps[] = {0, 1, MINUTE_MS, HOUR_MS, 12 * HOUR_MS};

	if (!world->held)
		return "*";
	world->now += sim_span(0, SIM_PICK(steps));
	return number(line, world->now, "-*");
}

void
world_send(struct world *world, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct line line = {.count = 0};

		add(&line, "XADD", "sim:events", id_next(world, &line), NULL);
		say_anything(world, &line);
		fake_do(world->server, NULL, line.words);
	}
	wire_wake();
}

void
world_past(struct world *world)
{
	unsigned hours = 24 * (15 + sim_below(4));

	for (unsigned i = 0; i < hours; i++) {
		struct line line = {.count = 0};

		world->now += HOUR_MS;
		if (sim_chance(5))
			continue;
		add(&line, "XADD", "sim:events", number(&line, world->now, "-*"), "customer",
		    world->customers[sim_below(world->customer_count)].p, "type", "login",
		    NULL);
		if (sim_chance(60))
			add(&line, "source", "web", NULL);
		fake_do(world->server, NULL, line.words);
	}
}
