/* SPDX-License-Identifier: Apache-2.0 */
/* What is said to Redis before anything else: who we are, which database, is it fit for us. */
#include <string.h>

#include "base/number.h"
#include "codec/resp.h"
#include "io/redis_inside.h"

#define VERSION_MAJOR_MIN 7

/* One row a command, in the order they are sent, each after the reply to the one before. */
struct step {
	const char *name; /* as it stands in errors */
	bool secret;	  /* the command holds the password: Redis' own words may repeat it */
	bool (*needed)(const struct redis *redis); /* NULL: always */
	void (*write)(const struct redis *redis, struct buf *out);
	bool (*accept)(struct redis *redis, const struct reply *reply, struct err *err);
};

/* A user without a password is sent too, or we would silently be the default user. */
static bool
auth_needed(const struct redis *redis)
{
	return redis->address.user.n > 0 || redis->address.password.n > 0;
}

static void
auth_write(const struct redis *redis, struct buf *out)
{
	resp_array(out, redis->address.user.n > 0 ? 3 : 2);
	resp_text(out, "AUTH");
	if (redis->address.user.n > 0)
		resp_arg(out, redis->address.user);
	resp_arg(out, redis->address.password);
}

static bool
ok_accept(struct redis *redis, const struct reply *reply, struct err *err)
{
	(void)redis;
	return reply_is(reply, "OK") ||
	       err_set(err, "what answers there is not Redis: it did not say OK");
}

static bool
select_needed(const struct redis *redis)
{
	return redis->address.db != 0;
}

static void
select_write(const struct redis *redis, struct buf *out)
{
	resp_array(out, 2);
	resp_text(out, "SELECT");
	resp_int(out, redis->address.db);
}

static void
name_write(const struct redis *redis, struct buf *out)
{
	resp_command(out, "CLIENT", "SETNAME", redis->name, NULL);
}

static void
id_write(const struct redis *redis, struct buf *out)
{
	(void)redis;
	resp_command(out, "CLIENT", "ID", NULL);
}

static bool
id_accept(struct redis *redis, const struct reply *reply, struct err *err)
{
	if (reply->type != REPLY_INTEGER)
		return err_set(err,
			       "what answers there is not Redis: CLIENT ID gave no number");
	redis->client_id = reply->integer;
	return true;
}

static void
info_write(const struct redis *redis, struct buf *out)
{
	(void)redis;
	resp_command(out, "INFO", "server", NULL);
}

static bool
info_accept(struct redis *redis, const struct reply *reply, struct err *err)
{
	(void)redis;
	if (reply->type != REPLY_STRING)
		return err_set(err, "what answers there is not Redis: INFO gave no text");
	return redis_version_check(reply->text, err);
}

/* The one command here that Redis refuses while it loads. */
static void
ping_write(const struct redis *redis, struct buf *out)
{
	(void)redis;
	resp_command(out, "PING", NULL);
}

static bool
any_accept(struct redis *redis, const struct reply *reply, struct err *err)
{
	(void)redis, (void)reply, (void)err;
	return true;
}

static const struct step steps[] = {
	{"AUTH", true, auth_needed, auth_write, ok_accept},
	{"SELECT", false, select_needed, select_write, ok_accept},
	{"CLIENT SETNAME", false, NULL, name_write, ok_accept},
	{"CLIENT ID", false, NULL, id_write, id_accept},
	{"INFO", false, NULL, info_write, info_accept},
	{"PING", false, NULL, ping_write, any_accept},
};

#define STEP_COUNT (sizeof steps / sizeof *steps)

/* Errors that have a better sentence than Redis' own. */
static const struct known {
	const char *head;     /* of the error */
	bool hopeless;	      /* somebody has to change something */
	const char *sentence; /* NULL: names the command */
} known_errors[] = {
	{"NOAUTH", true,
	 "Redis asks for a password: set redis.password_file, and the ACL user in redis.url "
	 "(redis://USER@HOST)"},
	{"WRONGPASS", true,
	 "Redis does not know this user and password: check the user in redis.url and the "
	 "content of redis.password_file"},
	{"NOPERM", true, NULL},
	{"ERR AUTH <password> called without", true,
	 "Redis has no password for its default user: remove redis.password_file, or name the "
	 "ACL user in redis.url (redis://USER@HOST)"},
	{"DENIED", true,
	 "Redis is in protected mode and takes no connection from this host: give it a password, "
	 "or connect over loopback or a unix socket"},
	{"ERR max number of clients", false, "Redis takes no more clients (maxclients)"},
	{"LOADING", false, "Redis is loading its data (LOADING)"},
	{"BUSY", false, "Redis is busy with a script (BUSY)"},
	{"MASTERDOWN", false, "this Redis is a replica that has lost its master (MASTERDOWN)"},
};

/* The first word, for errors whose text may repeat the password. */
static struct str
first_word(struct str text)
{
	const char *space = text.n > 0 ? memchr(text.p, ' ', text.n) : NULL;

	return space != NULL ? str_slice(text, 0, (size_t)(space - text.p)) : STR("an error");
}

static const struct known *
known_find(struct str text)
{
	for (size_t i = 0; i < sizeof known_errors / sizeof *known_errors; i++)
		if (str_starts(text, str_of(known_errors[i].head)))
			return &known_errors[i];
	return NULL;
}

static void
step_refused(struct redis *redis, const struct step *step, struct str text)
{
	const struct known *known = known_find(text);
	struct err why;

	if (known == NULL)
		err_set(&why, "Redis refused %s: %.*s", step->name,
			STR_ARG(step->secret ? first_word(text) : text));
	else if (known->sentence == NULL)
		err_set(&why, "Redis refused %s: the ACL user lacks the permission (%s)",
			step->name, known->head);
	else
		err_set(&why, "%s", known->sentence);
	redis_lose(redis, &why, known != NULL && known->hopeless);
}

static void step_begin(struct redis *redis);

static void
step_done(void *ctx, const struct reply *reply)
{
	struct redis *redis = ctx;
	const struct step *step = &steps[redis->greeting_step];
	bool pinged = step->accept == any_accept;
	struct err why;

	/* PING says MISCONF when Redis cannot save: it can be read, so it is up. */
	if (reply->type == REPLY_ERROR && !(pinged && reply_error_is(reply, "MISCONF"))) {
		step_refused(redis, step, reply->text);
		return;
	}
	if (!step->accept(redis, reply, &why)) {
		redis_lose(redis, &why, true);
		return;
	}
	redis->greeting_step++;
	step_begin(redis);
}

/* The next command that is needed, or the end. */
static void
step_begin(struct redis *redis)
{
	const struct step *step;

	while (redis->greeting_step < STEP_COUNT &&
	       steps[redis->greeting_step].needed != NULL &&
	       !steps[redis->greeting_step].needed(redis))
		redis->greeting_step++;
	if (redis->greeting_step == STEP_COUNT) {
		redis_greeted(redis);
		return;
	}
	step = &steps[redis->greeting_step];
	buf_clear(&redis->out);
	step->write(redis, &redis->out);
	redis_write(redis, buf_view(&redis->out),
		    (struct owed){.fn = step_done, .ctx = redis, .left = 1});
	buf_clear(&redis->out);
}

void
redis_greeting_begin(struct redis *redis)
{
	redis->greeting_step = 0;
	step_begin(redis);
}

/* Grammar: line = "redis_version:" major "." rest. */
bool
redis_version_check(struct str info, struct err *err)
{
	static const char key[] = "redis_version:";
	int64_t major;

	for (size_t at = 0, end; at < info.n; at = end + 1) {
		const char *newline = memchr(info.p + at, '\n', info.n - at);
		struct str line, number;
		const char *dot;

		end = newline != NULL ? (size_t)(newline - info.p) : info.n;
		line = str_slice(info, at, end);
		if (!str_starts(line, str_of(key)))
			continue;
		line = str_slice(line, sizeof key - 1,
				 line.n - (str_ends(line, STR("\r")) ? 1 : 0));
		dot = line.n > 0 ? memchr(line.p, '.', line.n) : NULL;
		number = str_slice(line, 0, dot != NULL ? (size_t)(dot - line.p) : line.n);
		if (!parse_int64(number, &major))
			return err_set(err, "Redis tells no version that can be read");
		if (major < VERSION_MAJOR_MIN)
			return err_set(err, "Redis %.*s is too old: churnd needs 7.0 or newer",
				       (int)utf8_cut(line, 32), line.p);
		return true;
	}
	return err_set(err, "Redis tells no version (INFO server)");
}
