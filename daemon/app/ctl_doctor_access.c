/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl doctor: who gets into Redis and what they may do there, and who can read the secrets. */
#include <sys/stat.h>

#include "app/ctl_doctor.h"
#include "app/rule_files.h"

/* ---- the way to Redis ---- */

/* Bytes to it never leave this host. */
static bool
is_near(const struct redis_address *address)
{
	return address->path.n > 0 || str_is(address->host, "localhost") ||
	       str_is(address->host, "::1") || str_starts(address->host, STR("127."));
}

static void
check_way(struct doctor *doctor)
{
	const struct redis_address *address = &doctor->redis->address;

	if (address->tls)
		doctor_say(doctor, VERDICT_OK, "way", "TLS");
	else if (is_near(address))
		doctor_say(doctor, VERDICT_OK, "way", "does not leave this host");
	else
		doctor_say(
			doctor, VERDICT_UNWISE, "way",
			"redis.url goes to %.*s without TLS: whoever is on the way reads the "
			"password and all customers; let Redis have a tls-port and begin the "
			"url with rediss://",
			STR_ARG(address->host));
}

/* May the user do what churnd never does? true, too, when that cannot be asked. */
static bool
user_is_bounded(struct doctor *doctor, struct str user)
{
	struct str name = arena_str(&doctor->redis->arena, user);
	const struct reply *reply = redis_call(doctor->redis->redis, &doctor->redis->arena,
					       NULL, "ACL", "DRYRUN", name.p, "FLUSHALL", NULL);

	return reply == NULL || !reply_is(reply, "OK");
}

static void
check_user(struct doctor *doctor)
{
	const struct redis_address *address = &doctor->redis->address;
	struct str user = address->user.n > 0 ? address->user : STR("default");
	bool far = !is_near(address);

	if (address->user.n == 0 && address->password.n == 0 && far)
		doctor_say(
			doctor, VERDICT_WRONG, "user",
			"anybody who reaches %.*s may do anything, for the default user has no "
			"password: give it one, and churnd the user of README's ACL line",
			STR_ARG(address->host));
	else if (user_is_bounded(doctor, user))
		doctor_say(doctor, VERDICT_OK, "user", "%.*s, who may not do everything",
			   STR_ARG(user));
	else
		doctor_say(doctor, far ? VERDICT_UNWISE : VERDICT_NOTE, "user",
			   "%.*s may do everything, FLUSHALL too: give churnd the user of "
			   "README's ACL line",
			   STR_ARG(user));
}

void
doctor_check_access(struct doctor *doctor)
{
	check_way(doctor);
	check_user(doctor);
}

/* ---- files ---- */

/* A group's right to read is a note: root:churnd 640 is a good way to hand a secret to a daemon. */
static void
check_file(struct doctor *doctor, struct str path, const char *what, bool secret)
{
	struct stat about;

	if (path.n == 0)
		return;
	if (stat(path.p, &about) != 0)
		doctor_say(doctor, VERDICT_WRONG, "files",
			   "%s %s cannot be found: make it, or name another", what, path.p);
	else if (about.st_mode & S_IWOTH)
		doctor_say(doctor, VERDICT_WRONG, "files",
			   "%s %s can be written by everybody: chmod o-w", what, path.p);
	else if (secret && (about.st_mode & S_IROTH))
		doctor_say(doctor, VERDICT_WRONG, "files",
			   "%s %s holds a secret and can be read by everybody: chmod o-r", what,
			   path.p);
	else if (secret && (about.st_mode & (S_IRGRP | S_IWGRP)))
		doctor_say(
			doctor, VERDICT_NOTE, "files",
			"%s %s holds a secret and can be read by its group: chmod g-rw, unless "
			"only churnd is in it",
			what, path.p);
}

static struct str
located(struct doctor *doctor, struct str name)
{
	struct ctl_home *home = doctor->redis->home;

	return rule_files_path(&home->arena, home->folder, name);
}

void
doctor_check_files(struct doctor *doctor)
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
	check_file(doctor, located(doctor, config->redis_key_file), "redis.key_file", true);
	check_file(doctor, located(doctor, config->redis_ca_file), "redis.ca_file", false);
	check_file(doctor, located(doctor, config->http_token_file), "http.token_file", true);
	if (home->path)
		check_file(doctor, str_of(home->path), "the configuration", inline_secret);
	if (doctor->found == before)
		doctor_say(doctor, VERDICT_OK, "files", "secrets are kept from others");
}
