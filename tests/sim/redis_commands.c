/* SPDX-License-Identifier: Apache-2.0 */
/* The fake Redis' commands but those of hashes and streams, its transactions, and what it says in trouble. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/number.h"
#include "sim/redis.h"
#include "sim/sim.h"

#define WORD(call, i) ((call)->words[i])

static struct str
kept(struct fake_call *call, struct str text)
{
	return arena_str(call->server->words, text);
}

/* ---- strings ---- */

static void
run_get(struct fake_call *call)
{
	const struct fake_value *value = fake_look(call, WORD(call, 1));

	if (!fake_type_fits(call, value, FAKE_STRING))
		return;
	if (value == NULL)
		reply_nil(call->out);
	else
		reply_text(call->out, value->string);
}

static bool
is_mark(struct str key)
{
	return str_ends(key, STR(":commit"));
}

static void
string_put(struct fake_call *call, struct str key, struct str text, int64_t expires)
{
	struct fake_server *server = call->server;
	struct fake_value *old = fake_look(call, key), *value;

	if (is_mark(key) && server->on_mark != NULL)
		server->on_mark(server, old != NULL ? old->string : STR_NONE, text);
	value = fake_make(server, key, FAKE_STRING);
	value->string = text;
	value->expires = expires;
}

static void
log_expiring(struct fake_call *call, int64_t expires)
{
	struct str *words = arena_array(call->server->words, 5, sizeof *words);

	words[0] = STR("SET");
	words[1] = WORD(call, 1);
	words[2] = WORD(call, 2);
	words[3] = STR("PXAT");
	words[4] = arena_printf(call->server->words, "%" PRId64, expires);
	fake_log(call, words, 5);
}

/* SET key value [PX ms | PXAT ms] [NX | XX] */
static void
run_set(struct fake_call *call)
{
	bool there = fake_look(call, WORD(call, 1)) != NULL;
	int64_t expires = 0;

	for (unsigned i = 3; i < call->count; i++) {
		if ((fake_is(WORD(call, i), "NX") && there) ||
		    (fake_is(WORD(call, i), "XX") && !there)) {
			reply_nil(call->out);
			return;
		}
		if (fake_is(WORD(call, i), "PX") && parse_int64(WORD(call, i + 1), &expires))
			expires += fake_server_now(call->server);
		if (fake_is(WORD(call, i), "PXAT"))
			(void)!parse_int64(WORD(call, i + 1), &expires);
	}
	string_put(call, WORD(call, 1), WORD(call, 2), expires);
	if (expires > 0)
		log_expiring(call, expires);
	else
		fake_log_as_is(call);
	reply_status(call->out, "OK");
}

/* MSET key value ... */
static void
run_mset(struct fake_call *call)
{
	for (unsigned i = 1; i + 1 < call->count; i += 2)
		string_put(call, WORD(call, i), WORD(call, i + 1), 0);
	fake_log_as_is(call);
	reply_status(call->out, "OK");
}

/* ---- any key ---- */

static void
run_del(struct fake_call *call)
{
	struct fake_value *value = fake_look(call, WORD(call, 1));

	if (value != NULL) {
		value->type = FAKE_NONE;
		fake_touch(call->server, value);
		fake_log_as_is(call);
	}
	reply_int(call->out, value != NULL);
}

static void
run_exists(struct fake_call *call)
{
	reply_int(call->out, fake_look(call, WORD(call, 1)) != NULL);
}

static void
run_type(struct fake_call *call)
{
	static const char *const names[] = {"none", "string", "hash", "stream"};
	const struct fake_value *value = fake_look(call, WORD(call, 1));

	reply_status(call->out, names[value != NULL ? value->type : FAKE_NONE]);
}

static void
expiry_set(struct fake_call *call, struct fake_value *value, int64_t at)
{
	struct str *words = arena_array(call->server->words, 3, sizeof *words);

	if (value != NULL) {
		value->expires = at;
		fake_touch(call->server, value);
		words[0] = STR("PEXPIREAT");
		words[1] = WORD(call, 1);
		words[2] = arena_printf(call->server->words, "%" PRId64, at);
		fake_log(call, words, 3);
	}
	reply_int(call->out, value != NULL);
}

static void
run_pexpire(struct fake_call *call)
{
	int64_t ms = 0;

	(void)!parse_int64(WORD(call, 2), &ms);
	expiry_set(call, fake_look(call, WORD(call, 1)), fake_server_now(call->server) + ms);
}

static void
run_pexpireat(struct fake_call *call)
{
	int64_t at = 0;

	(void)!parse_int64(WORD(call, 2), &at);
	expiry_set(call, fake_look(call, WORD(call, 1)), at);
}

static void
run_persist(struct fake_call *call)
{
	struct fake_value *value = fake_look(call, WORD(call, 1));
	bool had = value != NULL && value->expires > 0;

	if (had) {
		value->expires = 0;
		fake_touch(call->server, value);
		fake_log_as_is(call);
	}
	reply_int(call->out, had);
}

/* ---- the server and its clients ---- */

static void
run_info(struct fake_call *call)
{
	struct str text = arena_printf(call->server->words,
				       "# Server\r\nredis_version:7.0.15\r\nrun_id:%s\r\n",
				       call->server->run_id);

	reply_text(call->out, text);
}

static void
run_time(struct fake_call *call)
{
	int64_t now = fake_server_now(call->server);
	char text[32];

	reply_array(call->out, 2);
	snprintf(text, sizeof text, "%" PRId64, now / 1000);
	reply_text(call->out, str_of(text));
	snprintf(text, sizeof text, "%" PRId64, now % 1000 * 1000);
	reply_text(call->out, str_of(text));
}

static void
run_ping(struct fake_call *call)
{
	reply_status(call->out, "PONG");
}

static void
run_quit(struct fake_call *call)
{
	call->client->quit = true;
	reply_status(call->out, "OK");
}

static void
client_list(struct fake_call *call)
{
	int64_t id = 0;
	const char *name;
	char line[256] = "";

	(void)!parse_int64(WORD(call, 3), &id);
	name = wire_name_of(call->server, id);
	if (name != NULL)
		snprintf(line, sizeof line, "id=%" PRId64 " addr=? name=%s age=1\n", id, name);
	reply_text(call->out, str_of(line));
}

/* CLIENT SETNAME name | ID | UNBLOCK id | LIST ID id */
static void
run_client(struct fake_call *call)
{
	struct fake_client *client = call->client;
	struct str what = WORD(call, 1);
	int64_t id;

	if (fake_is(what, "SETNAME")) {
		snprintf(client->name, sizeof client->name, "%.*s", STR_ARG(WORD(call, 2)));
		reply_status(call->out, "OK");
	} else if (fake_is(what, "ID")) {
		reply_int(call->out, client->id);
	} else if (fake_is(what, "UNBLOCK") && parse_int64(WORD(call, 2), &id)) {
		reply_int(call->out, wire_unblock(call->server, id));
	} else if (fake_is(what, "LIST")) {
		client_list(call);
	} else {
		reply_error(call->out, "ERR unknown subcommand");
	}
}

/* The one script of the daemon: a clock entry, unless time is held, or has not come. */
static void
run_eval(struct fake_call *call)
{
	const struct str words[] = {STR("XADD"), WORD(call, 3), WORD(call, 5), STR("type"),
				    STR("churnd.clock")};
	struct fake_call add = *call;
	int64_t at;

	if (call->count != 7 || !str_is(WORD(call, 2), "2") || !parse_int64(WORD(call, 6), &at))
		sim_fail("a script that is not known: %.*s", STR_ARG(WORD(call, 1)));
	if (fake_look(call, WORD(call, 4)) != NULL) {
		reply_int(call->out, 0);
		return;
	}
	if (at > fake_server_now(call->server) / SECOND_MS * SECOND_MS + SECOND_MS) {
		reply_int(call->out, 1);
		return;
	}
	add.words = arena_copy(call->server->words, words, sizeof words);
	add.count = sizeof words / sizeof *words;
	fake_stream_command(STR("XADD"))->run(&add);
}

/* ---- transactions ---- */

static void
run_watch(struct fake_call *call)
{
	struct fake_client *client = call->client;
	const struct fake_value *value = fake_look(call, WORD(call, 1));

	reply_status(call->out, "OK");
	for (unsigned i = 0; i < client->watch_count; i++)
		if (str_eq(client->watches[i].key, WORD(call, 1)))
			return; /* since when it was watched first */
	if (client->watch_count == sizeof client->watches / sizeof *client->watches)
		sim_fail("%s watches too many keys", client->name);
	client->watches[client->watch_count++] = (struct fake_watch){
		kept(call, WORD(call, 1)), value != NULL ? value->version : 0, value != NULL};
}

static void
run_unwatch(struct fake_call *call)
{
	call->client->watch_count = 0;
	reply_status(call->out, "OK");
}

static void
run_multi(struct fake_call *call)
{
	call->client->in_multi = true;
	reply_status(call->out, "OK");
}

static bool
watches_hold(struct fake_call *call)
{
	const struct fake_client *client = call->client;

	for (unsigned i = 0; i < client->watch_count; i++) {
		const struct fake_watch *watch = &client->watches[i];
		const struct fake_value *value = fake_look(call, watch->key);

		if ((value != NULL) != watch->was_there ||
		    (value != NULL && value->version != watch->version))
			return false;
	}
	return true;
}

static void
multi_end(struct fake_client *client)
{
	client->in_multi = client->aborted = false;
	client->queue_count = client->watch_count = 0;
	buf_clear(&client->abort_why);
	arena_reset(&client->arena);
}

static void command_run(struct fake_call *call, const struct fake_command *command);
static const struct fake_command *command_find(struct str name);

static void
run_exec(struct fake_call *call)
{
	struct fake_client *client = call->client;

	if (!client->in_multi) {
		reply_error(call->out, "ERR EXEC without MULTI");
		return;
	}
	if (client->aborted) {
		reply_error(call->out, client->abort_why.n > 0
					       ? client->abort_why.p
					       : "EXECABORT Transaction discarded because of "
						 "previous errors.");
	} else if (!watches_hold(call)) {
		reply_nil_array(call->out);
	} else {
		reply_array(call->out, client->queue_count);
		for (size_t i = 0; i < client->queue_count; i++) {
			struct fake_call one = *call;

			one.words = client->queue[i].words;
			one.count = client->queue[i].count;
			command_run(&one, command_find(one.words[0]));
		}
	}
	multi_end(client);
}

/* ---- the table ---- */

static const struct fake_command commands[] = {
	{"GET", run_get, 2, 0},
	{"SET", run_set, 3, FAKE_WRITES | FAKE_GROWS},
	{"MSET", run_mset, 3, FAKE_WRITES | FAKE_GROWS},
	{"MULTI", run_multi, 1, FAKE_LOADING | FAKE_ALWAYS},
	{"EXEC", run_exec, 1, FAKE_LOADING},
	{"WATCH", run_watch, 2, FAKE_LOADING | FAKE_ALWAYS},
	{"UNWATCH", run_unwatch, 1, FAKE_LOADING | FAKE_ALWAYS},
	{"DEL", run_del, 2, FAKE_WRITES},
	{"EXISTS", run_exists, 2, 0},
	{"TYPE", run_type, 2, 0},
	{"PEXPIRE", run_pexpire, 3, FAKE_WRITES},
	{"PEXPIREAT", run_pexpireat, 3, FAKE_WRITES},
	{"PERSIST", run_persist, 2, FAKE_WRITES},
	{"EVAL", run_eval, 3, FAKE_WRITES | FAKE_GROWS},
	{"CLIENT", run_client, 2, FAKE_LOADING},
	{"INFO", run_info, 1, FAKE_LOADING},
	{"TIME", run_time, 1, FAKE_LOADING},
	{"PING", run_ping, 1, FAKE_SAVES},
	{"QUIT", run_quit, 1, FAKE_LOADING | FAKE_ALWAYS},
};

static const struct fake_command *
command_find(struct str name)
{
	const struct fake_command *found = fake_hash_command(name);

	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		if (str_is(name, commands[i].name))
			return &commands[i];
	return found != NULL ? found : fake_stream_command(name);
}

/* What is written outlives the command: its words go to the server's own memory. */
static void
command_run(struct fake_call *call, const struct fake_command *command)
{
	struct str *words;

	if ((command->flags & FAKE_WRITES) && !call->server->replaying) {
		words = arena_array(call->server->words, call->count, sizeof *words);
		for (unsigned i = 0; i < call->count; i++)
			words[i] = kept(call, call->words[i]);
		call->words = words;
	}
	command->run(call);
}

static void
command_queue(struct fake_call *call)
{
	struct fake_client *client = call->client;
	struct fake_queued *queued;

	MEM_RESERVE(client->queue, client->queue_cap, client->queue_count + 1);
	queued = &client->queue[client->queue_count++];
	queued->words = arena_array(&client->arena, call->count, sizeof *queued->words);
	queued->count = call->count;
	for (unsigned i = 0; i < call->count; i++)
		queued->words[i] = arena_str(&client->arena, call->words[i]);
	reply_status(call->out, "QUEUED");
}

/* What the server says instead, or NULL. EXEC is what it is going to execute. */
static const char *
trouble_of(const struct fake_call *call, unsigned flags)
{
	switch (call->server->trouble) {
	case TROUBLE_NONE:
		break;
	case TROUBLE_LOADING:
		return flags & FAKE_LOADING ? NULL
					    : "LOADING Redis is loading the dataset in memory";
	case TROUBLE_MISCONF:
		if (flags & (FAKE_WRITES | FAKE_SAVES))
			return "MISCONF Redis is configured to save RDB snapshots, but it's "
			       "currently unable to persist to disk.";
		break;
	case TROUBLE_OOM:
		if (flags & FAKE_GROWS)
			return "OOM command not allowed when used memory > 'maxmemory'.";
		break;
	case TROUBLE_READONLY:
		if (flags & FAKE_WRITES)
			return "READONLY You can't write against a read only replica.";
		break;
	case TROUBLE_BUSY:
		if (!(flags & FAKE_ALWAYS))
			return "BUSY Redis is busy running a script. You can only call SCRIPT "
			       "KILL or SHUTDOWN NOSAVE.";
		break;
	}
	return NULL;
}

static unsigned
flags_of(const struct fake_client *client, const struct fake_command *command)
{
	unsigned flags = command->flags;

	for (size_t i = 0; command->run == run_exec && i < client->queue_count; i++)
		flags |= command_find(client->queue[i].words[0])->flags &
			 (FAKE_WRITES | FAKE_GROWS);
	return flags;
}

static void
refuse(struct fake_call *call, const struct fake_command *command, const char *why)
{
	struct fake_client *client = call->client;

	if (command->run == run_exec && client->in_multi) {
		buf_printf(call->out, "-EXECABORT Transaction discarded because of: %s\r\n",
			   why);
		multi_end(client);
		return;
	}
	client->aborted |= client->in_multi;
	reply_error(call->out, why);
}

void
fake_execute(struct fake_client *client, const struct str *words, unsigned count,
	     struct buf *out)
{
	struct fake_server *server = client->server;
	const struct fake_command *command = command_find(words[0]);
	struct fake_call call = {client, server, words, count, out};
	const char *why = NULL;

	if (command == NULL || count < command->least)
		sim_fail("a command that is not known: %.*s with %u words", STR_ARG(words[0]),
			 count);
	if (server->trouble != TROUBLE_NONE && server->trouble_until <= sim_monotonic())
		server->trouble = TROUBLE_NONE;
	if (!server->replaying && !client->judge)
		why = trouble_of(&call, flags_of(client, command));
	server->group++;
	if (why != NULL)
		refuse(&call, command, why);
	else if (client->in_multi && command->run != run_exec && command->run != run_multi &&
		 command->run != run_watch)
		command_queue(&call);
	else
		command_run(&call, command);
}
