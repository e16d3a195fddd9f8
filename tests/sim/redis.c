/* SPDX-License-Identifier: Apache-2.0 */
/* What the fake Redis holds: its keys, the log they can be made of again, and its deaths. */
#include "sim/redis.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "sim/sim.h"

/* ---- data ---- */

static void
data_init(struct fake_data *data)
{
	memset(data, 0, sizeof *data);
	arena_init(&data->arena);
	map_init(&data->keys, (struct hash_seed){1, 2});
}

static void
data_finish(struct fake_data *data)
{
	map_finish(&data->keys);
	mem_free(data->values);
	arena_finish(&data->arena);
}

struct fake_value *
fake_find(struct fake_data *data, struct str key)
{
	uint32_t at;

	if (!map_get(&data->keys, key, &at) || data->values[at]->type == FAKE_NONE)
		return NULL;
	return data->values[at];
}

struct fake_stream *
fake_find_stream(struct fake_data *data, const char *key)
{
	struct fake_value *value = fake_find(data, str_of(key));

	return value != NULL && value->type == FAKE_STREAM ? &value->stream : NULL;
}

/* Anew, whatever was there; the key's bytes have to live as long as the server. */
struct fake_value *
fake_make(struct fake_server *server, struct str key, enum fake_type type)
{
	struct fake_data *data = &server->data;
	struct fake_value *value;
	uint32_t at;

	if (map_get(&data->keys, key, &at)) {
		value = data->values[at];
		*value = (struct fake_value){.key = value->key};
	} else {
		MEM_RESERVE(data->values, data->cap, data->count + 1);
		value = arena_alloc(&data->arena, sizeof *value);
		value->key = key;
		map_put(&data->keys, key, (uint32_t)data->count);
		data->values[data->count++] = value;
	}
	value->type = type;
	fake_touch(server, value);
	return value;
}

void
fake_touch(struct fake_server *server, struct fake_value *value)
{
	value->version = ++server->data.version;
}

struct fake_value *
fake_look(const struct fake_call *call, struct str key)
{
	struct fake_value *value = fake_find(&call->server->data, key);

	if (value == NULL || value->expires == 0 || call->server->replaying ||
	    call->client->judge || value->expires > fake_server_now(call->server))
		return value;
	return NULL;
}

/* ---- the log ---- */

void
fake_log(struct fake_call *call, const struct str *words, unsigned count)
{
	struct fake_server *server = call->server;

	if (server->replaying)
		return;
	MEM_RESERVE(server->log, server->log_cap, server->log_count + 1);
	server->log[server->log_count++] = (struct fake_logged){
		.words = words,
		.count = count,
		.group = server->group,
		.at = sim_monotonic(),
		.transaction = call->client->in_multi,
	};
}

void
fake_log_as_is(struct fake_call *call)
{
	fake_log(call, call->words, call->count);
}

/* ---- a server ---- */

static void
run_id_make(struct fake_server *server)
{
	for (unsigned i = 0; i < 40; i++)
		server->run_id[i] = "0123456789abcdef"[sim_below(16)];
	server->run_id[40] = '\0';
}

void
fake_server_init(struct fake_server *server, struct arena *words, int64_t now)
{
	memset(server, 0, sizeof *server);
	server->words = words;
	server->offset = now - sim_monotonic();
	data_init(&server->data);
	run_id_make(server);
	server->next_client = 3;
}

void
fake_server_finish(struct fake_server *server)
{
	data_finish(&server->data);
	mem_free(server->log);
}

int64_t
fake_server_now(const struct fake_server *server)
{
	return sim_monotonic() + server->offset;
}

static void
replay_one(struct fake_client *client, const struct fake_logged *logged, struct buf *out)
{
	buf_clear(out);
	fake_execute(client, logged->words, logged->count, out);
}

/* Torn commands wait for the next transaction and are executed with it. */
static void
replay(struct fake_server *server)
{
	struct fake_client client;
	struct buf out = {0};
	size_t torn = 0; /* up to there none is owed */

	data_finish(&server->data);
	data_init(&server->data);
	fake_client_init(&client, server);
	server->replaying = true;
	for (size_t i = 0; i < server->log_count; i++) {
		const struct fake_logged *logged = &server->log[i];

		if (logged->torn)
			continue;
		for (; logged->transaction && torn < i; torn++)
			if (server->log[torn].torn)
				replay_one(&client, &server->log[torn], &out);
		replay_one(&client, logged, &out);
	}
	server->replaying = false;
	fake_client_finish(&client);
	buf_finish(&out);
}

static size_t
log_at_time(const struct fake_server *server, int64_t since)
{
	size_t at = server->log_count;

	while (at > 0 && server->log[at - 1].at >= since)
		at--;
	return at;
}

/* How many commands the transaction has that begins here; 0: none does. */
static size_t
transaction_size(const struct fake_server *server, size_t from)
{
	const struct fake_logged *log = server->log;
	size_t to = from;

	if (from > 0 && log[from - 1].group == log[from].group)
		return 0;
	while (to < server->log_count && log[to].transaction && !log[to].torn &&
	       log[to].group == log[from].group)
		to++;
	return to - from;
}

/* The first commit from here on, or else the last before: it says something beside where it is. */
static size_t
torn_from(const struct fake_server *server, size_t kept)
{
	for (size_t at = kept; at < server->log_count; at++)
		if (transaction_size(server, at) > 2)
			return at;
	for (size_t at = kept; at-- > 0;)
		if (transaction_size(server, at) > 2)
			return at;
	return server->log_count;
}

void
fake_server_restore(struct fake_server *server, int64_t since, unsigned torn)
{
	size_t kept = log_at_time(server, since), also = 0;

	if (torn > 0 && torn_from(server, kept) < server->log_count) {
		kept = torn_from(server, kept);
		also = transaction_size(server, kept);
		also = also < torn ? also : torn;
	}

	for (size_t i = 0; i < also; i++)
		server->log[kept + i].torn = true;
	server->log_count = kept + also;
	replay(server);
	run_id_make(server);
	sim_sayf("redis", "restarted with %zu of its commands, %zu torn", kept, also);
}

bool
fake_server_is_torn(const struct fake_server *server)
{
	for (size_t i = 0; i < server->log_count; i++)
		if (server->log[i].torn)
			return true;
	return false;
}

void
fake_server_copy(struct fake_server *to, const struct fake_server *from, int64_t since)
{
	fake_server_init(to, from->words, fake_server_now(from));
	to->log_count = log_at_time(from, since);
	MEM_RESERVE(to->log, to->log_cap, to->log_count + 1);
	for (size_t i = 0; i < to->log_count; i++)
		to->log[i] = from->log[i];
	to->group = from->group;
	to->next_client = from->next_client + 1000;
	to->on_mark = from->on_mark;
	to->on_entry = from->on_entry;
	to->ctx = from->ctx;
	replay(to);
	sim_sayf("redis", "another server, with %zu of %zu commands", to->log_count,
		 from->log_count);
}

/* ---- clients ---- */

void
fake_client_init(struct fake_client *client, struct fake_server *server)
{
	memset(client, 0, sizeof *client);
	arena_init(&client->arena);
	client->server = server;
	client->id = server->next_client++;
}

void
fake_client_finish(struct fake_client *client)
{
	arena_finish(&client->arena);
	buf_finish(&client->abort_why);
	mem_free(client->queue);
}

bool
fake_do(struct fake_server *server, struct buf *out, const char *const *words)
{
	struct fake_client client;
	struct str list[64];
	struct buf own = {0};
	unsigned count = 0;
	bool good;

	while (words[count] != NULL && count < 64) {
		list[count] = str_of(words[count]);
		count++;
	}
	fake_client_init(&client, server);
	if (out == NULL)
		out = &own;
	buf_clear(out);
	fake_execute(&client, list, count, out);
	good = out->n > 0 && out->p[0] != '-';
	fake_client_finish(&client);
	buf_finish(&own);
	return good;
}

/* ---- replies ---- */

void
reply_status(struct buf *out, const char *text)
{
	buf_printf(out, "+%s\r\n", text);
}

void
reply_error(struct buf *out, const char *text)
{
	buf_printf(out, "-%s\r\n", text);
}

static void
reply_number(struct buf *out, char kind, int64_t number)
{
	buf_char(out, kind);
	buf_int(out, number);
	buf_add(out, "\r\n", 2);
}

void
reply_int(struct buf *out, int64_t number)
{
	reply_number(out, ':', number);
}

void
reply_nil(struct buf *out)
{
	buf_add(out, "$-1\r\n", 5);
}

void
reply_nil_array(struct buf *out)
{
	buf_add(out, "*-1\r\n", 5);
}

void
reply_array(struct buf *out, size_t count)
{
	reply_number(out, '*', (int64_t)count);
}

void
reply_text(struct buf *out, struct str text)
{
	reply_number(out, '$', (int64_t)text.n);
	buf_str(out, text);
	buf_add(out, "\r\n", 2);
}

bool
fake_is(struct str word, const char *name)
{
	return strlen(name) == word.n && strncasecmp(word.p, name, word.n) == 0;
}

bool
fake_type_fits(struct fake_call *call, const struct fake_value *value, enum fake_type type)
{
	if (value == NULL || value->type == type)
		return true;
	reply_error(call->out,
		    "WRONGTYPE Operation against a key holding the wrong kind of value");
	return false;
}
