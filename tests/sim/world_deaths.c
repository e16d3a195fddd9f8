/* SPDX-License-Identifier: Apache-2.0 */
/* Redis dies, and what it was writing may be torn. */
#include "sim/sim.h"
#include "sim/wire.h"
#include "sim/world.h"

/* Another's transaction, as any that shares this Redis. */
static void
others_write(struct world *world)
{
	const struct str multi[] = {STR("MULTI")}, exec[] = {STR("EXEC")};
	const struct str set[] = {STR("SET"), STR("other"), STR("1")};
	struct fake_client client;
	struct buf out = {0};

	fake_client_init(&client, world->server);
	fake_execute(&client, multi, 1, &out);
	fake_execute(&client, set, 3, &out);
	fake_execute(&client, exec, 1, &out);
	fake_client_finish(&client);
	buf_finish(&out);
}

/* Commands of a transaction that stay: a few, many, or all of them. */
static unsigned
torn_most(const struct world *world)
{
	static const unsigned most[] = {6, 40, 1000};

	if (!sim_chance(world->harsh ? 80 : 40))
		return 0;
	return 1 + sim_below(most[sim_below(world->harsh ? 3 : 2)]);
}

/* It dies, is down for a while, and comes back with what reached its disk. */
void
world_redis_dies(struct world *world)
{
	struct fake_server *server = world->server;
	int64_t lost = sim_chance(50) ? sim_span(0, world->harsh ? 100 : 1500) : 0;
	unsigned torn = lost > 0 || world->harsh ? torn_most(world) : 0;

	wire_close_all(server);
	world->rolled |= lost > 0 || torn > 0;
	fake_server_restore(server, sim_monotonic() + 1 - lost, torn);
	if (sim_chance(15) || (torn > 0 && world->harsh))
		others_write(world);
	if (torn > 0 && sim_chance(world->harsh ? 60 : 10))
		fake_server_restore(server, sim_monotonic() + 1, 0);
	server->down_until = sim_monotonic() + sim_span(0, 300);
	server->trouble = sim_chance(50) ? TROUBLE_LOADING : TROUBLE_NONE;
	server->trouble_until = server->down_until + sim_span(0, 1000);
}
