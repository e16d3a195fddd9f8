/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl doctor: what is unwise in Redis itself, as INFO and CONFIG GET tell it. */
#include <inttypes.h>
#include <string.h>

#include "app/ctl_doctor.h"
#include "base/number.h"

#define MEMORY_SHARE 80	 /* percent of maxmemory */
#define FORK_MAX_MS 500	 /* Redis stands still while it forks */
#define AOF_STALLS_MAX 0 /* writes that waited for the disk */
#define VERSION_PARTS 3

/* ---- INFO ---- */

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
read_section(struct doctor *doctor, const char *section, struct str *out, struct err *err)
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

bool
doctor_read_info(struct doctor *doctor, struct err *err)
{
	return read_section(doctor, "server", &doctor->server, err) &&
	       read_section(doctor, "memory", &doctor->memory, err) &&
	       read_section(doctor, "persistence", &doctor->persistence, err) &&
	       read_section(doctor, "replication", &doctor->replication, err) &&
	       read_section(doctor, "stats", &doctor->stats, err);
}

/* A setting; STR_NONE when CONFIG is not for us. */
static struct str
setting(struct doctor *doctor, const char *name)
{
	const struct reply *reply = redis_call(doctor->redis->redis, &doctor->redis->arena,
					       NULL, "CONFIG", "GET", name, NULL);

	return reply && reply->type == REPLY_ARRAY && reply->count == 2 ? reply[2].text
									: STR_NONE;
}

/* ---- the checks ---- */

/* Grammar: version = number "." number "." number. */
static bool
version_parse(struct str text, int64_t out[VERSION_PARTS])
{
	size_t from = 0;

	for (unsigned part = 0; part < VERSION_PARTS; part++) {
		size_t to = from;

		while (to < text.n && text.p[to] != '.')
			to++;
		if (!parse_int64(str_slice(text, from, to), &out[part]))
			return false;
		from = to < text.n ? to + 1 : to;
	}
	return true;
}

/* The first version of a line without a hole that matters here: churnd needs EVAL, and strangers' bytes
 * go through Redis. A distributor may have mended an older one in place. */
static const struct {
	int64_t major, minor, mended;
	const char *hole;
} holes[] = {
	{7, 0, 15, "CVE-2023-41056, which writes beyond a buffer"},
	{7, 2, 11, "CVE-2025-49844, by which a script gets at the host"},
	{7, 4, 6, "CVE-2025-49844, by which a script gets at the host"},
	{8, 0, 4, "CVE-2025-49844, by which a script gets at the host"},
	{8, 2, 2, "CVE-2025-49844, by which a script gets at the host"},
};

static void
check_version(struct doctor *doctor)
{
	struct str version = info_of(doctor->server, "redis_version");
	struct str valkey = info_of(doctor->server, "valkey_version");
	int64_t part[VERSION_PARTS];

	if (valkey.n > 0) {
		doctor_say(doctor, VERDICT_OK, "version", "Valkey %.*s", STR_ARG(valkey));
		return;
	}
	for (size_t i = 0; version_parse(version, part) && i < sizeof holes / sizeof *holes;
	     i++)
		if (part[0] == holes[i].major && part[1] == holes[i].minor &&
		    part[2] < holes[i].mended) {
			doctor_say(doctor, VERDICT_UNWISE, "version",
				   "Redis %.*s has the hole %s: update it to %" PRId64
				   ".%" PRId64 ".%" PRId64
				   " or newer, unless your distributor mended it",
				   STR_ARG(version), holes[i].hole, part[0], part[1],
				   holes[i].mended);
			return;
		}
	doctor_say(doctor, VERDICT_OK, "version", "Redis %.*s", STR_ARG(version));
}

static void
check_mode(struct doctor *doctor)
{
	struct str mode = info_of(doctor->server, "redis_mode");

	if (str_is(mode, "cluster"))
		doctor_say(doctor, VERDICT_WRONG, "mode",
			   "this is a Redis Cluster, whose keys churnd cannot commit together: "
			   "name a Redis of its own in redis.url");
	else if (str_is(mode, "sentinel"))
		doctor_say(
			doctor, VERDICT_WRONG, "mode",
			"redis.url leads to a Sentinel, which keeps no data: name the primary "
			"it watches");
}

static void
check_persistence(struct doctor *doctor)
{
	bool aof = info_int(doctor->persistence, "aof_enabled") != 0;
	struct str save = setting(doctor, "save"), fsync = setting(doctor, "appendfsync");

	if (aof && str_is(fsync, "no"))
		doctor_say(
			doctor, VERDICT_UNWISE, "persistence",
			"appendfsync no: half a minute can be lost with the host; set everysec "
			"or always");
	else if (aof)
		doctor_say(doctor, VERDICT_OK, "persistence",
			   "appendonly yes, appendfsync %.*s",
			   STR_ARG(fsync.n ? fsync : STR("?")));
	else if (save.p && save.n == 0)
		doctor_say(doctor, VERDICT_WRONG, "persistence",
			   "appendonly no and no save points: all customers, alerts and tasks "
			   "are gone when Redis ends; set appendonly yes");
	else
		doctor_say(
			doctor, VERDICT_UNWISE, "persistence",
			"appendonly no: what came since the last snapshot is lost when Redis "
			"dies; set appendonly yes");
	if (!aof && str_is(setting(doctor, "stop-writes-on-bgsave-error"), "no"))
		doctor_say(
			doctor, VERDICT_UNWISE, "persistence",
			"stop-writes-on-bgsave-error no: when snapshots fail nobody is told, "
			"and all since the last good one can be lost; set it to yes");
}

static void
check_disk(struct doctor *doctor)
{
	static const char *const marks[] = {"rdb_last_bgsave_status", "aof_last_write_status",
					    "aof_last_bgrewrite_status"};
	int64_t stalls = info_int(doctor->persistence, "aof_delayed_fsync");
	int64_t fork_ms = info_int(doctor->stats, "latest_fork_usec") / 1000;

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (str_is(info_of(doctor->persistence, marks[i]), "err"))
			doctor_say(doctor, VERDICT_WRONG, "disk",
				   "%s is err: Redis cannot write its files; make room on its "
				   "disk and see its log",
				   marks[i]);
	if (stalls > AOF_STALLS_MAX)
		doctor_say(doctor, VERDICT_UNWISE, "disk",
			   "%" PRId64
			   " times since Redis started it waited for a slow disk with "
			   "its append-only file: give it a faster one, or one of its own",
			   stalls);
	if (fork_ms > FORK_MAX_MS)
		doctor_say(
			doctor, VERDICT_UNWISE, "disk",
			"the last fork for a snapshot or a rewrite stopped Redis for %" PRId64
			" ms, and alerts with it: turn transparent huge pages off, and see "
			"latest_fork_usec after the next",
			fork_ms);
}

static void
check_memory(struct doctor *doctor)
{
	struct str policy = info_of(doctor->memory, "maxmemory_policy");
	int64_t most = info_int(doctor->memory, "maxmemory");
	int64_t used = info_int(doctor->memory, "used_memory");

	if (!str_is(policy, "noeviction"))
		doctor_say(doctor, most > 0 ? VERDICT_WRONG : VERDICT_UNWISE, "memory",
			   "maxmemory-policy %.*s: when memory is short Redis throws away keys "
			   "that customers' state lies in; set noeviction",
			   STR_ARG(policy));
	else if (most >= 100 && used / (most / 100) > MEMORY_SHARE)
		doctor_say(doctor, VERDICT_UNWISE, "memory",
			   "%" PRId64
			   " %% of maxmemory is used, and at 100 churnd waits: raise "
			   "it, or lower ingest.keep and ingest.keep_output",
			   used / (most / 100));
	else
		doctor_say(doctor, VERDICT_OK, "memory", "noeviction, %" PRId64 " MiB used",
			   used >> 20);
}

static void
check_role(struct doctor *doctor)
{
	int64_t replicas = info_int(doctor->replication, "connected_slaves");

	if (str_is(info_of(doctor->replication, "role"), "slave"))
		doctor_say(
			doctor, VERDICT_WRONG, "role",
			"redis.url leads to a replica: churnd has to write, name the primary");
	else if (replicas > 0)
		doctor_say(doctor, VERDICT_NOTE, "role",
			   "%" PRId64 " replicas follow a moment behind: a failover loses that "
			   "moment, and churnd recovers from what is there; "
			   "min-replicas-to-write and min-replicas-max-lag bound it",
			   replicas);
}

static void
check_timeout(struct doctor *doctor)
{
	struct str timeout = setting(doctor, "timeout");

	if (timeout.n > 0 && !str_is(timeout, "0"))
		doctor_say(doctor, VERDICT_UNWISE, "timeout",
			   "timeout %.*s: Redis hangs up on churnd when nothing happens for so "
			   "many seconds; set timeout 0, tcp-keepalive finds the dead",
			   STR_ARG(timeout));
}

void
doctor_check_redis(struct doctor *doctor)
{
	static void (*const checks[])(struct doctor * doctor) = {
		check_version, check_mode, check_persistence, check_disk,
		check_memory,  check_role, check_timeout,
	};

	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
		checks[i](doctor);
}
