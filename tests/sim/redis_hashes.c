/* SPDX-License-Identifier: Apache-2.0 */
/* The fake Redis' hashes. */
#include "sim/redis.h"

#define WORD(call, i) ((call)->words[i])

static struct fake_pair *
pair_find(const struct fake_hash *hash, struct str name)
{
	for (size_t i = 0; i < hash->count; i++)
		if (str_eq(hash->pairs[i].name, name))
			return &hash->pairs[i];
	return NULL;
}

static void
pair_put(struct fake_data *data, struct fake_hash *hash, struct str name, struct str value)
{
	struct fake_pair *pair = pair_find(hash, name);

	if (pair == NULL && hash->count == hash->cap) {
		size_t cap = hash->cap > 0 ? hash->cap * 2 : 4;
		struct fake_pair *pairs = arena_array(&data->arena, cap, sizeof *pairs);

		for (size_t i = 0; i < hash->count; i++)
			pairs[i] = hash->pairs[i];
		hash->pairs = pairs;
		hash->cap = cap;
	}
	if (pair == NULL)
		pair = &hash->pairs[hash->count++];
	*pair = (struct fake_pair){name, value};
}

static void
run_hset(struct fake_call *call)
{
	struct fake_value *value = fake_look(call, WORD(call, 1));
	size_t before;

	if (!fake_type_fits(call, value, FAKE_HASH))
		return;
	if (value == NULL)
		value = fake_make(call->server, WORD(call, 1), FAKE_HASH);
	before = value->hash.count;
	for (unsigned i = 2; i + 1 < call->count; i += 2)
		pair_put(&call->server->data, &value->hash, WORD(call, i), WORD(call, i + 1));
	fake_touch(call->server, value);
	fake_log_as_is(call);
	reply_int(call->out, (int64_t)(value->hash.count - before));
}

static void
run_hget(struct fake_call *call)
{
	const struct fake_value *value = fake_look(call, WORD(call, 1));
	const struct fake_pair *pair;

	if (!fake_type_fits(call, value, FAKE_HASH))
		return;
	pair = value != NULL ? pair_find(&value->hash, WORD(call, 2)) : NULL;
	if (pair == NULL)
		reply_nil(call->out);
	else
		reply_text(call->out, pair->value);
}

static void
hash_reply(struct fake_call *call, bool names)
{
	const struct fake_value *value = fake_look(call, WORD(call, 1));
	size_t count = value != NULL ? value->hash.count : 0;

	if (!fake_type_fits(call, value, FAKE_HASH))
		return;
	reply_array(call->out, names ? 2 * count : count);
	for (size_t i = 0; i < count; i++) {
		if (names)
			reply_text(call->out, value->hash.pairs[i].name);
		reply_text(call->out, value->hash.pairs[i].value);
	}
}

static void
run_hgetall(struct fake_call *call)
{
	hash_reply(call, true);
}

static void
run_hvals(struct fake_call *call)
{
	hash_reply(call, false);
}

static void
run_hdel(struct fake_call *call)
{
	struct fake_value *value = fake_look(call, WORD(call, 1));
	struct fake_pair *pair;

	if (!fake_type_fits(call, value, FAKE_HASH))
		return;
	pair = value != NULL ? pair_find(&value->hash, WORD(call, 2)) : NULL;
	if (pair != NULL) {
		*pair = value->hash.pairs[--value->hash.count];
		fake_touch(call->server, value);
		fake_log_as_is(call);
	}
	reply_int(call->out, pair != NULL);
}

static const struct fake_command commands[] = {
	{"HGETALL", run_hgetall, 2, 0},
	{"HVALS", run_hvals, 2, 0},
	{"HSET", run_hset, 4, FAKE_WRITES | FAKE_GROWS},
	{"HGET", run_hget, 3, 0},
	{"HDEL", run_hdel, 3, FAKE_WRITES},
};

const struct fake_command *
fake_hash_command(struct str name)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (str_is(name, commands[i].name))
			return &commands[i];
	return NULL;
}
