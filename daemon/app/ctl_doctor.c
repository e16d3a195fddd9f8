/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl doctor: what is unwise in Redis' settings and in files, and which endpoints need somebody. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/ctl.h"
#include "app/rule_files.h"
#include "base/json.h"
#include "base/number.h"
#include "codec/stream_id.h"
#include "io/log.h"

#define SKEW_MAX_MS 1000

enum verdict { VERDICT_OK, VERDICT_NOTE, VERDICT_UNWISE, VERDICT_WRONG };

static const char *const verdict_names[2][4] = {{"ok", "note", "unwise", "wrong"},
						{"正常", "提示", "不妥", "错误"}};

struct doctor {
	struct ctl_redis *redis;
	struct buf json_text;
	struct json json;
	unsigned found;					     /* unwise or wrong */
	struct str server, memory, persistence, replication; /* sections of INFO */
};

static void say(struct doctor *doctor, enum verdict verdict, const char *what, const char *fmt,
		...) PRINTF_LIKE(4, 5);

static void
say(struct doctor *doctor, enum verdict verdict, const char *what, const char *fmt, ...)
{
	const struct ctl *ctl = doctor->redis->home->ctl;
	char sentence[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(sentence, sizeof sentence, fmt, args);
	va_end(args);
	doctor->found += verdict >= VERDICT_UNWISE;
	if (!ctl->json)
		printf("%-7s %-12s %s\n", verdict_names[ctl->zh][verdict], what, sentence);
	json_open(&doctor->json, '{');
	json_key(&doctor->json, "check");
	json_text(&doctor->json, what);
	json_key(&doctor->json, "verdict");
	json_text(&doctor->json, verdict_names[0][verdict]);
	json_key(&doctor->json, "message");
	json_text(&doctor->json, sentence);
	json_close(&doctor->json, '}');
}

/* --- INFO --- */

/* The value behind "name:" in a section; STR_NONE when it is not there. */
static struct str
info_of(struct str section, const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i + n < section.n; i++) {
		size_t end = i + n + 1;

		if ((i > 0 && section.p[i - 1] != '\n') || section.p[i + n] != ':' ||
		    memcmp(section.p + i, name, n) != 0)
			continue;
		while (end < section.n && section.p[end] != '\r' && section.p[end] != '\n')
			end++;
		return str_slice(section, i + n + 1, end);
	}
	return STR_NONE;
}

static int64_t
info_int(struct str section, const char *name)
{
	int64_t number;

	return parse_int64(info_of(section, name), &number) ? number : 0;
}

static bool
read_info(struct doctor *doctor, const char *section, struct str *out, struct err *err)
{
	const struct reply *reply = redis_call(doctor->redis->redis, &doctor->redis->arena, err,
					       "INFO", section, NULL);

	if (!reply)
		return false;
	if (reply->type != REPLY_STRING)
		return err_set(err, "INFO %s: Redis says %.*s", section, STR_ARG(reply->text));
	*out = reply->text;
	return true;
}

/* A setting; empty when CONFIG is not for us. */
static struct str
setting(struct doctor *doctor, const char *name)
{
	const struct reply *reply = redis_call(doctor->redis->redis, &doctor->redis->arena,
					       NULL, "CONFIG", "GET", name, NULL);

	return reply && reply->type == REPLY_ARRAY && reply->count == 2 ? reply[2].text
									: STR_NONE;
}

/* --- the checks, one a row of checks[] --- */

static void
check_version(struct doctor *doctor)
{
	struct str version = info_of(doctor->server, "redis_version");

	say(doctor, VERDICT_OK, "version", "Redis %.*s", STR_ARG(version));
}

static void
check_persistence(struct doctor *doctor)
{
	bool aof = info_int(doctor->persistence, "aof_enabled") != 0;
	struct str save = setting(doctor, "save"), fsync = setting(doctor, "appendfsync");

	if (aof && str_is(fsync, "no"))
		say(doctor, VERDICT_UNWISE, "persistence",
		    "appendfsync no: half a minute can be lost with the host; set everysec or "
		    "always");
	else if (aof)
		say(doctor, VERDICT_OK, "persistence", "appendonly yes, appendfsync %.*s",
		    STR_ARG(fsync.n ? fsync : STR("?")));
	else if (save.p && save.n == 0)
		say(doctor, VERDICT_WRONG, "persistence",
		    "appendonly no and no save points: all customers, alerts and tasks are gone "
		    "when Redis ends; set appendonly yes");
	else
		say(doctor, VERDICT_UNWISE, "persistence",
		    "appendonly no: what came since the last snapshot is lost when Redis dies; set "
		    "appendonly yes");
}

static void
check_last_save(struct doctor *doctor)
{
	static const char *const marks[] = {"rdb_last_bgsave_status", "aof_last_write_status",
					    "aof_last_bgrewrite_status"};

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		if (str_is(info_of(doctor->persistence, marks[i]), "err"))
			say(doctor, VERDICT_WRONG, "disk",
			    "%s is err: Redis cannot write its files", marks[i]);
	}
}

static void
check_memory(struct doctor *doctor)
{
	struct str policy = info_of(doctor->memory, "maxmemory_policy");
	int64_t most = info_int(doctor->memory, "maxmemory");
	int64_t used = info_int(doctor->memory, "used_memory");

	if (!str_is(policy, "noeviction"))
		say(doctor, most > 0 ? VERDICT_WRONG : VERDICT_UNWISE, "memory",
		    "maxmemory-policy %.*s: when memory is short Redis throws away keys that "
		    "customers' state lies in; set noeviction",
		    STR_ARG(policy));
	else if (most >= 100 && used > most / 10 * 8)
		say(doctor, VERDICT_UNWISE, "memory", "%d %% of maxmemory is used",
		    (int)(used / (most / 100)));
	else
		say(doctor, VERDICT_OK, "memory", "noeviction, %" PRId64 " MiB used",
		    used >> 20);
}

static void
check_role(struct doctor *doctor)
{
	if (str_is(info_of(doctor->replication, "role"), "slave"))
		say(doctor, VERDICT_WRONG, "role",
		    "redis.url leads to a replica: churnd has to write, name the primary");
}

static void
check_clock(struct doctor *doctor)
{
	int64_t before = clock_wall(), now, skew;
	struct err err;

	if (!ctl_redis_now(doctor->redis, &now, &err)) {
		say(doctor, VERDICT_WRONG, "clock", "%s", err.text);
		return;
	}
	skew = now - (before + clock_wall()) / 2;
	if (skew > SKEW_MAX_MS || skew < -SKEW_MAX_MS)
		say(doctor, VERDICT_UNWISE, "clock",
		    "Redis' clock is %.1f s %s this host's: run a time service on both",
		    (double)llabs(skew) / 1000, skew > 0 ? "ahead of" : "behind");
	else
		say(doctor, VERDICT_OK, "clock",
		    "Redis' clock and this host's agree within 1 s");
}

static const struct {
	const char *name, *type;
} keys[] = {
	{"events", "stream"},	{"alerts", "stream"}, {"tasks", "stream"},
	{"rejected", "stream"}, {"commit", "string"}, {"partition", "string"},
	{"hold", "string"},
};

static void
check_keys(struct doctor *doctor)
{
	unsigned wrong = 0;

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const char *key = ctl_home_key(doctor->redis->home, keys[i].name).p;
		const struct reply *type = redis_call(
			doctor->redis->redis, &doctor->redis->arena, NULL, "TYPE", key, NULL);

		if (!type || reply_is(type, "none") || reply_is(type, keys[i].type))
			continue;
		wrong++;
		say(doctor, VERDICT_WRONG, "keys",
		    "%s is a %.*s, not a %s: is another program using this prefix?", key,
		    STR_ARG(type->text), keys[i].type);
	}
	if (wrong == 0)
		say(doctor, VERDICT_OK, "keys", "the keys under \"%.*s\" are of their types",
		    STR_ARG(doctor->redis->home->config->prefix));
}

static void
check_last_id(struct doctor *doctor)
{
	char text[STREAM_ID_TEXT];
	struct stream_id last;
	int64_t now;

	if (!ctl_redis_last(doctor->redis, &last, NULL) ||
	    !ctl_redis_now(doctor->redis, &now, NULL))
		return;
	stream_id_print(last, text);
	if (last.ms > now + EVENT_MAX_AHEAD)
		say(doctor, VERDICT_WRONG, "stream",
		    "its last id %s lies in the future: churnd stops before it; see churnctl "
		    "repair",
		    text);
	else
		say(doctor, VERDICT_OK, "stream", "its last id is %s", text);
}

static void
check_hold(struct doctor *doctor)
{
	const struct reply *held =
		redis_call(doctor->redis->redis, &doctor->redis->arena, NULL, "GET",
			   ctl_home_key(doctor->redis->home, "hold").p, NULL);

	if (held && held->type == REPLY_STRING)
		say(doctor, VERDICT_UNWISE, "hold",
		    "time stands still: %.*s; if that is dead, run churnctl import --release",
		    STR_ARG(held->text));
}

/* --- files --- */

static void
check_file(struct doctor *doctor, struct str path, const char *what, bool secret)
{
	struct stat about;

	if (path.n == 0)
		return;
	path = arena_str(&doctor->redis->arena, path);
	if (stat(path.p, &about) != 0)
		say(doctor, VERDICT_WRONG, "files", "%s %s cannot be found", what, path.p);
	else if (about.st_mode & S_IWOTH)
		say(doctor, VERDICT_WRONG, "files", "%s %s can be written by everybody", what,
		    path.p);
	else if (secret && (about.st_mode & S_IROTH))
		say(doctor, VERDICT_WRONG, "files",
		    "%s %s holds a secret and can be read by everybody: chmod o-r", what,
		    path.p);
}

static struct str
located(struct doctor *doctor, struct str name)
{
	struct ctl_home *home = doctor->redis->home;

	return name.n ? rule_files_path(&home->arena, home->folder, name) : STR_NONE;
}

static void
check_files(struct doctor *doctor)
{
	const struct ctl_home *home = doctor->redis->home;
	const struct config *config = home->config;
	unsigned before = doctor->found;
	bool inline_secret =
		doctor->redis->address.password.n > 0 && config->redis_password_file.n == 0;

	for (unsigned i = 0; i < config->endpoint_count; i++) {
		inline_secret = inline_secret || config->endpoints[i].secret_count > 0;
		check_file(doctor, located(doctor, config->endpoints[i].secret_file),
			   "secret_file", true);
		check_file(doctor, located(doctor, config->endpoints[i].key_file), "key_file",
			   true);
	}
	check_file(doctor, located(doctor, config->redis_password_file), "redis.password_file",
		   true);
	check_file(doctor, located(doctor, config->http_token_file), "http.token_file", true);
	if (home->path)
		check_file(doctor, str_of(home->path), "the configuration", inline_secret);
	if (doctor->found == before)
		say(doctor, VERDICT_OK, "files", "secrets are kept from others");
}

static void
say_trouble(void *ctx, const char *webhook, bool stands, const char *sentence)
{
	say(ctx, stands ? VERDICT_WRONG : VERDICT_UNWISE, "webhooks", "%s: %s", webhook,
	    sentence);
}

static void
check_webhooks(struct doctor *doctor)
{
	const struct ctl_trouble trouble = {say_trouble, doctor};
	unsigned before = doctor->found;
	struct err err;
	json_t *json;

	if (ctl_http_try(doctor->redis->home, "/v1/webhooks", &json, NULL, &err) == 200) {
		ctl_webhooks_troubles(doctor->redis->home, json_object_get(json, "webhooks"),
				      &trouble);
		if (doctor->found == before)
			say(doctor, VERDICT_OK, "webhooks", "all take their alerts");
	}
	json_decref(json);
}

static void
check_daemon(struct doctor *doctor)
{
	struct err err;
	json_t *json;
	int status = ctl_http_try(doctor->redis->home, "/v1/status", &json, NULL, &err);
	const char *state = ctl_json_text(json, "state");

	if (status == 0)
		say(doctor, VERDICT_NOTE, "daemon", "%s", err.text);
	else if (status != 200)
		say(doctor, VERDICT_WRONG, "daemon", "answers with %d: %s", status,
		    ctl_json_text(json_object_get(json, "error"), "message"));
	else if (strcmp(state, "paused") == 0 || strcmp(state, "failed") == 0)
		say(doctor, VERDICT_WRONG, "daemon", "%s: %s", state,
		    ctl_json_text(json, "why"));
	else
		say(doctor, VERDICT_OK, "daemon", "%s", state);
	json_decref(json);
}

static void (*const checks[])(struct doctor *doctor) = {
	check_version, check_persistence, check_last_save, check_memory,
	check_role,    check_clock,	  check_keys,	   check_last_id,
	check_hold,    check_files,	  check_daemon,	   check_webhooks,
};

/* --- the command --- */

static enum status
examine(struct doctor *doctor)
{
	struct err err;

	if (!read_info(doctor, "server", &doctor->server, &err) ||
	    !read_info(doctor, "memory", &doctor->memory, &err) ||
	    !read_info(doctor, "persistence", &doctor->persistence, &err) ||
	    !read_info(doctor, "replication", &doctor->replication, &err))
		return ctl_fail(STATUS_AWAY, "%s", err.text);
	json_init(&doctor->json, &doctor->json_text);
	json_open(&doctor->json, '{');
	json_key(&doctor->json, "checks");
	json_open(&doctor->json, '[');
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
		checks[i](doctor);
	json_close(&doctor->json, ']');
	json_key(&doctor->json, "good");
	json_bool(&doctor->json, doctor->found == 0);
	json_close(&doctor->json, '}');
	if (doctor->redis->home->ctl->json)
		puts(doctor->json_text.p);
	return doctor->found ? STATUS_NO : STATUS_DONE;
}

enum status
doctor_run(const struct ctl *ctl, int argc, char **argv)
{
	struct ctl_home home;
	struct ctl_redis redis;
	struct doctor doctor = {.redis = &redis};
	enum status status;

	if (!options_take(NULL, 0, &argc, argv))
		return STATUS_USAGE;
	if (argc != 1)
		return ctl_usage(argv[0]);
	if (!ctl_home_open(ctl, &home))
		return STATUS_USAGE;
	if (ctl_redis_open(&home, &redis, &status)) {
		status = examine(&doctor);
		ctl_redis_close(&redis);
	}
	buf_finish(&doctor.json_text);
	ctl_home_close(&home);
	return status;
}
