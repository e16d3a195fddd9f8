/* SPDX-License-Identifier: Apache-2.0 */
/* A world from its seed: what is written, what befalls, and how it settles. */
#include "sim/world.h"

#include <inttypes.h>
#include <string.h>

#include <event2/event.h>

#include "base/mem.h"
#include "codec/stream_id.h"
#include "sim/grammar.h"
#include "sim/receiver.h"
#include "sim/sim.h"
#include "sim/wire.h"

#define SETTLES_IN (4 * MINUTE_MS)

/* ---- making it ---- */

static void
rules_new(struct world *world, bool edited)
{
	struct world_rules *rules = &world->rules[world->rule_count++];
	struct rule_files *files;
	struct diag_file file = {.name = STR("world.yaml")};
	struct buf text = {0};

	grammar_rules(&text, edited, world->guarded);
	rules->text = file.text = arena_str(&world->arena, buf_view(&text));
	files = rule_files_make(&file, 1);
	memcpy(rules->sha_hex, files->sha_hex, sizeof rules->sha_hex);
	rule_files_destroy(files);
	buf_finish(&text);
	sim_say("rules", rules->sha_hex, rules->text);
}

static struct str
rules_now(const struct world *world)
{
	return world->rules[world->rule_count - 1].text;
}

static struct config *
config_make(struct world *world)
{
	struct buf text = {0};
	struct config *config;
	struct diags diags;

	grammar_config(&text);
	sim_say("config", "", buf_view(&text));
	diags_init(&diags, &world->arena);
	config = config_load(STR("sim.yaml"), buf_view(&text), NULL, &diags);
	if (config == NULL)
		sim_fail("the configuration is in error: %s", diags.list[0].message->code);
	diags_finish(&diags);
	buf_finish(&text);
	return config;
}

static void
customers_make(struct world *world)
{
	unsigned count = 1 + sim_below(8);

	for (unsigned i = 0; i < count; i++)
		world->customers[world->customer_count++] =
			arena_printf(&world->arena, "c%u", i);
	world->customers[world->customer_count++] = STR("\xc3\x9cn\xc3\xaf");
	world->customers[world->customer_count++] = STR("\xe5\xae\xa2\xe6\x88\xb7");
}

static void
server_make(struct world *world)
{
	world->server = &world->servers[world->server_count++];
	fake_server_init(world->server, &world->arena,
			 WORLD_START + (world->held ? 200 * DAY_MS : 0));
	world->server->on_mark = judge_mark;
	world->server->on_entry = judge_entry;
	world->server->ctx = world;
	wire_point(world->server);
}

static void
world_make(struct world *world, uint64_t seed)
{
	static const char *const names[] = {"one", "two"};

	memset(world, 0, sizeof *world);
	world->seed = seed;
	world->base = event_base_new();
	arena_init(&world->arena);
	map_init(&world->alert_ids, (struct hash_seed){3, 4});
	wire_begin(world->base);
	receiver_begin(&(struct receiver_hooks){world, judge_came, judge_taken});
	world->held = sim_chance(60);
	world->guarded = world->held && sim_chance(7);
	world->harsh = sim_chance(30);
	world->now = WORLD_START + sim_span(0, DAY_MS);
	customers_make(world);
	rules_new(world, false);
	world->config = config_make(world);
	server_make(world);
	for (unsigned i = 0; i < 2; i++)
		house_init(&world->houses[i], world->base, world->config, names[i]);
}

static void
world_finish(struct world *world)
{
	for (unsigned i = 0; i < 2; i++)
		house_kill(&world->houses[i]);
	wire_end();
	/* What the parts left to libevent to free is freed in one more turn. */
	event_base_loop(world->base, EVLOOP_NONBLOCK);
	event_base_free(world->base);
	for (unsigned i = 0; i < world->server_count; i++)
		fake_server_finish(&world->servers[i]);
	config_destroy(world->config);
	map_finish(&world->alert_ids);
	mem_free(world->alerts);
	arena_finish(&world->arena);
}

/* ---- time ---- */

/* Lets it run, and clears away who has ended. */
static void
pass(struct world *world, int64_t ms)
{
	const struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	event_base_loopexit(world->base, &wait);
	event_base_dispatch(world->base);
	for (unsigned i = 0; i < 2; i++)
		house_settle(&world->houses[i]);
}

static struct stream_id
last_id(const struct world *world)
{
	const struct fake_stream *events = fake_find_stream(&world->server->data, "sim:events");

	return events != NULL ? events->last : (struct stream_id){0, 0};
}

/* ---- what befalls ---- */

static struct house *
any_house(struct world *world)
{
	bool first = house_runs(&world->houses[0]), second = house_runs(&world->houses[1]);

	if (first && second)
		return &world->houses[sim_below(2)];
	return first ? &world->houses[0] : second ? &world->houses[1] : NULL;
}

static void
kill_any(struct world *world)
{
	struct house *house = any_house(world);

	if (house != NULL)
		house_kill(house);
}

static void
on_kill(void *ctx, struct wire_conn *conn)
{
	(void)conn;
	kill_any(ctx);
}

static void
on_cut(void *ctx, struct wire_conn *conn)
{
	(void)ctx;
	wire_close(conn);
}

static void
on_redis_dies(void *ctx, struct wire_conn *conn)
{
	(void)conn;
	world_redis_dies(ctx);
}

static void
on_both_die(void *ctx, struct wire_conn *conn)
{
	(void)conn;
	world_redis_dies(ctx);
	kill_any(ctx);
}

/* A replica takes over, with less. The old one lives on for those who are connected, or not. */
static void
failover(struct world *world)
{
	struct fake_server *old = world->server;

	if (world->server_count == WORLD_SERVERS)
		return;
	world->rolled = true;
	world->server = &world->servers[world->server_count++];
	fake_server_copy(world->server, old, sim_monotonic() + 1 - sim_span(0, 1000));
	wire_point(world->server);
	if (sim_chance(60))
		wire_close_all(old);
}

static void
on_failover(void *ctx, struct wire_conn *conn)
{
	(void)conn;
	failover(ctx);
}

static void
trouble(struct world *world)
{
	world->server->trouble = (enum fake_trouble)(TROUBLE_MISCONF + (int)sim_below(4));
	world->server->trouble_until = sim_monotonic() + sim_span(10, 6000);
	sim_sayf("redis", "trouble %d", (int)world->server->trouble);
}

static void
on_trouble(void *ctx, struct wire_conn *conn)
{
	(void)conn;
	trouble(ctx);
}

/* At a command of a chance number, or at once. */
static void
befall_at_command(struct world *world)
{
	static void (*const what[])(void *ctx, struct wire_conn *conn) = {
		on_kill,       on_kill,	    on_kill,	 on_cut,     on_cut,
		on_redis_dies, on_both_die, on_failover, on_trouble, on_trouble};
	static void (*const harsh[])(void *ctx, struct wire_conn *conn) = {
		on_kill, on_redis_dies, on_redis_dies, on_both_die};

	wire_befall(1 + sim_below(sim_chance(50) ? 12 : 90),
		    sim_chance(50) ? WIRE_BEFORE : WIRE_AFTER,
		    world->harsh ? SIM_PICK(harsh) : SIM_PICK(what), world);
}

static void
other_rules(struct world *world)
{
	struct house *house = any_house(world);

	if (world->rule_count == WORLD_RULES)
		return;
	world->held = false; /* the change is an entry of the server's present */
	rules_new(world, true);
	if (house != NULL && sim_chance(60))
		house_reload(house, rules_now(world));
	else if (house != NULL)
		house_kill(house);
}

static void
other_webhooks(struct world *world)
{
	struct house *house = any_house(world);

	if (house != NULL)
		house_reload_webhooks(house, config_make(world));
}

static void
clocks_jump(struct world *world)
{
	static const int64_t by[] = {SECOND_MS,	  MINUTE_MS,	HOUR_MS,
				     5 * HOUR_MS, 26 * HOUR_MS, 3 * DAY_MS};
	int64_t ms = SIM_PICK(by) * (sim_chance(25) ? -1 : 1);

	if (sim_chance(80))
		world->server->offset += ms;
	if (sim_chance(60))
		sim_wall_jump(ms);
	sim_sayf("clock", "jumps by %" PRId64 " ms", ms);
}

static void
second_comes(struct world *world)
{
	for (unsigned i = 0; i < 2; i++) {
		if (house_runs(&world->houses[i]))
			continue;
		house_start(&world->houses[i], rules_now(world));
		return;
	}
}

static void
hand_works(struct world *world)
{
	static const char *const deeds[][6] = {
		{"XGROUP", "DESTROY", "sim:events", "churnd"},
		{"HSET", "sim:delivery:crm", "state", "paused"},
		{"HSET", "sim:delivery:crm", "state", "ok"},
		{"DEL", "sim:lease"},
		{"XGROUP", "CREATE", "sim:events", "others", "0-0"}};

	fake_do(world->server, NULL, deeds[sim_below(sizeof deeds / sizeof *deeds)]);
}

/* A dead letter is to be sent again, as `churnctl dead retry` has it. */
static void
letter_again(struct world *world)
{
	const struct fake_stream *dead = fake_find_stream(&world->server->data, "sim:dead");
	const char *remove[] = {"XDEL", "sim:dead", NULL, NULL};
	const char *add[12] = {"XADD", "sim:resend", "*"};
	const struct fake_entry *entry;
	char id[STREAM_ID_TEXT];
	unsigned count = 3;

	if (dead == NULL || dead->live == 0)
		return;
	entry = &dead->entries[sim_below((unsigned)dead->count)];
	stream_id_print(entry->id, id);
	remove[2] = id;
	if (entry->gone || world->server->trouble != TROUBLE_NONE)
		return;
	for (unsigned i = 0; i + 1 < entry->count; i += 2)
		if (str_is(entry->words[i], "id") || str_is(entry->words[i], "endpoint") ||
		    str_is(entry->words[i], "customer") || str_is(entry->words[i], "body")) {
			add[count++] = entry->words[i].p;
			add[count++] = entry->words[i + 1].p;
		}
	fake_do(world->server, NULL, remove);
	fake_do(world->server, NULL, add);
}

static void
befall_now(struct world *world)
{
	struct house *house = any_house(world);

	switch (sim_below(9)) {
	case 0:
		kill_any(world);
		break;
	case 1:
		if (house != NULL)
			house_stop(house);
		break;
	case 2:
		other_webhooks(world);
		other_rules(world);
		break;
	case 3:
		other_rules(world);
		break;
	case 4:
		clocks_jump(world);
		break;
	case 5:
		second_comes(world);
		break;
	case 6:
		hand_works(world);
		letter_again(world);
		break;
	case 7:
		receiver_mood((enum mood)sim_below(MOODS));
		break;
	case 8:
		world_redis_dies(world);
		break;
	}
}

/* ---- a life ---- */

/* The last one is so slow that the daemon falls behind, and writes its records when it has time. */
static void
wire_as_it_is(void)
{
	static const struct wire_habits habits[] = {
		{0, 0, 0, 0},	 {0, 0, 0, 0},	  {30, 0, 0, 0},   {0, 20, 0, 30},
		{15, 15, 3, 30}, {60, 40, 1, 30}, {10, 85, 0, 150}};

	wire_habits(&SIM_PICK(habits));
}

static void
one_runs(struct world *world)
{
	if (any_house(world) != NULL)
		return;
	if (sim_chance(10))
		world_age(world);
	house_start(&world->houses[sim_below(2)], rules_now(world));
}

/* Twice in a row, so that what was torn comes to light while it still matters. */
static void
redis_dies_again(struct world *world)
{
	pass(world, sim_span(0, sim_chance(70) ? 40 : 1500));
	world_redis_dies(world);
	pass(world, sim_span(0, 600));
	if (sim_chance(50))
		world_send(world, sim_below(8));
	befall_at_command(world);
	pass(world, sim_span(0, 600));
	world_redis_dies(world);
}

static void
live_through(struct world *world)
{
	static const unsigned crowds[] = {3, 12, 40, 90};

	wire_as_it_is();
	if (sim_chance(40))
		receiver_mood((enum mood)sim_below(MOODS));
	if (sim_chance(70))
		befall_at_command(world);
	world_send(world, sim_below(SIM_PICK(crowds)));
	pass(world, sim_span(0, sim_chance(70) ? 60 : 1500));
	world_send(world, sim_below(8));
	if (sim_chance(50))
		befall_now(world);
	if (world->harsh)
		redis_dies_again(world);
	pass(world, sim_span(0, sim_chance(70) ? 300 : 6000));
	wire_spare();
	one_runs(world);
}

/* All that was bad is over: from here on everything has to come out. */
static void
peace(struct world *world)
{
	static const char *const resume_crm[] = {"HSET", "sim:delivery:crm", "state", "ok",
						 NULL};
	static const char *const resume_mail[] = {"HSET", "sim:delivery:mail", "state", "ok",
						  NULL};
	static const char *const release[] = {"DEL", "sim:hold", NULL};
	int64_t ahead = last_id(world).ms - fake_server_now(world->server);

	wire_spare();
	wire_habits(&(struct wire_habits){0});
	for (unsigned i = 0; i < world->server_count; i++)
		if (&world->servers[i] != world->server)
			wire_close_all(&world->servers[i]);
	world->server->trouble = TROUBLE_NONE;
	world->server->down_until = 0;
	if (ahead > 0)
		world->server->offset += ahead;
	receiver_mood(MOOD_GOOD);
	fake_do(world->server, NULL, resume_crm);
	fake_do(world->server, NULL, resume_mail);
	if (sim_chance(50))
		fake_do(world->server, NULL, release);
	sim_sayf("world", "is at peace");
}

static struct house *
drained(struct world *world)
{
	for (unsigned i = 0; i < 2; i++)
		if (house_is_drained(&world->houses[i], last_id(world)))
			return &world->houses[i];
	return NULL;
}

/* Ends when one of the daemons has done all there was to do, and everything was delivered. */
static struct house *
settle(struct world *world)
{
	int64_t until = sim_monotonic() + SETTLES_IN;
	struct str missing = STR_NONE;
	struct house *house;

	peace(world);
	for (;;) {
		one_runs(world);
		pass(world, 40);
		house = drained(world);
		if (house != NULL && judge_is_delivered(world, &missing))
			return house;
		if (sim_monotonic() <= until)
			continue;
		if (house == NULL)
			sim_fail("nobody is drained");
		sim_fail("the alert %.*s is not delivered", STR_ARG(missing));
	}
}

static void
stop_cleanly(struct world *world, struct house *house)
{
	int64_t until = sim_monotonic() + MINUTE_MS;

	house_stop(house);
	while (house_runs(house)) {
		pass(world, 20);
		if (sim_monotonic() > until)
			sim_fail("%s does not stop", house->name);
	}
}

static void
tally(struct world *world, struct world_tally *out)
{
	out->hash = sim_hash();
	out->commands = wire_commands();
	out->turns = sim_turns();
	out->requests = receiver_requests();
	out->restores = world->rolled;
	for (unsigned i = 0; i < 2; i++) {
		out->lives += world->houses[i].lives;
		out->failures += world->houses[i].failures;
	}
}

void
world_run(uint64_t seed, unsigned rounds, struct world_tally *out)
{
	static struct world world;
	static const char *const hold[] = {"SET", "sim:hold", "worlds", NULL};
	unsigned planned;
	struct house *house;

	sim_begin(seed, WORLD_START);
	world_make(&world, seed);
	*out = (struct world_tally){0};
	if (world.held)
		fake_do(world.server, NULL, hold);
	if (world.guarded)
		world_past(&world);
	world_send(&world, sim_below(30));
	one_runs(&world);
	planned = 1 + sim_below(WORLD_ROUNDS);
	for (unsigned i = 0; i < planned && i < rounds; i++)
		live_through(&world);
	if (sim_chance(30)) {
		/* A receiver that stays as it is for long. */
		receiver_mood((enum mood)sim_below(MOODS));
		pass(&world, sim_span(500, 6000));
		letter_again(&world);
	}
	house = settle(&world);
	judge_verify(&world, live_engine(house->live), out);
	if (sim_chance(world.harsh ? 60 : 20)) {
		/* What was torn last comes to light. */
		wire_close_all(world.server);
		fake_server_restore(world.server, sim_monotonic() + 1, 0);
		house = settle(&world);
		judge_verify(&world, live_engine(house->live), out);
	}
	if (sim_chance(25)) {
		stop_cleanly(&world, house);
		judge_verify(&world, NULL, out);
	}
	tally(&world, out);
	world_finish(&world);
}
