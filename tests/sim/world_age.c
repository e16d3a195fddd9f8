/* SPDX-License-Identifier: Apache-2.0 */
/* Redis as an older version left it: what all customers share lies among their records, and is held up by nothing that
 * this version adds. */
#include <string.h>

#include "codec/given_record.h"
#include "io/shard.h"
#include "sim/sim.h"
#include "sim/world.h"

static void
execute(struct world *world, const struct str *words, unsigned count)
{
	struct fake_client client;
	struct buf out = {0};

	fake_client_init(&client, world->server);
	fake_execute(&client, words, count, &out);
	fake_client_finish(&client);
	buf_finish(&out);
}

static void
move(struct world *world, struct str name, struct str value)
{
	const struct str key = arena_printf(&world->arena, "sim:state:%u", shard_of(name));
	const struct str put[] = {STR("HSET"), key, name, value};
	const struct str remove[] = {STR("HDEL"), STR("sim:state:shared"), name};

	if (!str_is(name, GIVEN_RECORD_ID))
		execute(world, put, 4);
	execute(world, remove, 3);
}

/* The version is all that the first one says otherwise. */
static void
partition_age(struct world *world)
{
	const struct fake_value *value = fake_find(&world->server->data, STR("sim:partition"));
	struct str words[] = {STR("SET"), STR("sim:partition"), STR_NONE};

	if (value == NULL || !str_starts(value->string, STR("{\"version\":2,")))
		return;
	words[2] = arena_printf(
		&world->arena, "{\"version\":1,%.*s",
		STR_ARG(str_slice(value->string, strlen("{\"version\":2,"), value->string.n)));
	execute(world, words, 3);
}

void
world_age(struct world *world)
{
	const struct fake_value *shared;

	/* Of this version's: no older one can have torn it. */
	if (fake_server_is_torn(world->server) || world->server->trouble != TROUBLE_NONE)
		return;
	for (;;) {
		shared = fake_find(&world->server->data, STR("sim:state:shared"));
		if (shared == NULL || shared->hash.count == 0)
			break;
		move(world, shared->hash.pairs[0].name, shared->hash.pairs[0].value);
	}
	partition_age(world);
	sim_sayf("redis", "is as an older version left it");
}
