/* SPDX-License-Identifier: Apache-2.0 */
/* What people do from the command line: an entry of the stream each, answered when it is applied. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/ctl.h"
#include "base/json.h"
#include "codec/event.h"
#include "codec/stream_id.h"
#include "io/log.h"

#define POLL_MS 20

enum fate { FATE_PENDING, FATE_ALONE, FATE_APPLIED, FATE_REJECTED };

static const char *const fate_names[] = {"pending", "appended", "applied", "rejected"};

static enum fate
ask_fate(struct ctl_home *home, const char *path, struct buf *why)
{
	enum fate fate = FATE_PENDING;
	struct err err;
	json_t *json;
	int status = ctl_http_try(home, path, &json, NULL, &err);

	if (status == 0)
		fate = FATE_ALONE;
	else if (status == 200 && json_is_true(json_object_get(json, "applied")))
		fate = FATE_APPLIED;
	else if (status == 200 && json_is_true(json_object_get(json, "rejected")))
		fate = FATE_REJECTED;
	buf_clear(why);
	buf_text(why, status == 0 ? err.text : ctl_json_text(json, "message"));
	json_decref(json);
	return fate;
}

static enum fate
await_fate(struct ctl_home *home, const char *id, struct buf *why)
{
	const struct timespec pause = {0, POLL_MS * 1000000L};
	int64_t end = clock_monotonic() + CTL_APPLIED_MS;
	char path[128];
	enum fate fate;

	snprintf(path, sizeof path, "/v1/entries/%s", id);
	while ((fate = ask_fate(home, path, why)) == FATE_PENDING && clock_monotonic() < end)
		nanosleep(&pause, NULL);
	return fate;
}

bool
ctl_await(struct ctl_home *home, struct stream_id id)
{
	char text[STREAM_ID_TEXT];
	struct buf why = {0};
	enum fate fate = FATE_PENDING;

	stream_id_print(id, text);
	for (unsigned i = 0; i < CTL_AWAIT_TIMES && fate == FATE_PENDING; i++)
		fate = await_fate(home, text, &why);
	buf_finish(&why);
	return fate == FATE_APPLIED || fate == FATE_REJECTED;
}

static void
tell_json(enum fate fate, const char *id, struct str why)
{
	struct buf out = {0};
	struct json json;

	json_init(&json, &out);
	json_open(&json, '{');
	json_key(&json, "id");
	json_text(&json, id);
	json_key(&json, "state");
	json_text(&json, fate_names[fate]);
	json_key(&json, "message");
	json_str(&json, why);
	json_close(&json, '}');
	printf("%s\n", out.p);
	buf_finish(&out);
}

static enum status
tell(const struct ctl *ctl, enum fate fate, const char *id, const char *done, struct str why)
{
	if (fate == FATE_REJECTED && !ctl->json)
		return ctl_fail(STATUS_NO, "%.*s", STR_ARG(why));
	if (ctl->json)
		tell_json(fate, id, why);
	else if (fate == FATE_APPLIED)
		printf("%s\n", done);
	else if (fate == FATE_ALONE)
		printf("appended as %s; the daemon is not running, it takes effect when it starts\n",
		       id);
	else
		printf("appended as %s; the daemon has not applied it within %d s: see churnctl "
		       "status\n",
		       id, CTL_APPLIED_MS / 1000);
	return fate == FATE_REJECTED ? STATUS_NO : STATUS_DONE;
}

enum status
ctl_act(struct ctl_redis *redis, const struct field *fields, unsigned count, const char *done)
{
	char text[STREAM_ID_TEXT];
	struct buf why = {0};
	struct stream_id id;
	enum status status;
	struct err err;

	if (!ctl_redis_append(redis, "*", fields, count, &id, &err))
		return ctl_fail(STATUS_AWAY, "%s", err.text);
	stream_id_print(id, text);
	enum fate fate = await_fate(redis->home, text, &why);

	status = tell(redis->home->ctl, fate, text, done, buf_view(&why));
	buf_finish(&why);
	return status;
}

/* --- commands --- */

/* Opens what an act needs, does it, closes. */
static enum status
act_once(const struct ctl *ctl, const struct field *fields, unsigned count, const char *done)
{
	struct ctl_home home;
	struct ctl_redis redis;
	enum status status;

	if (!ctl_home_open(ctl, &home))
		return STATUS_USAGE;
	if (ctl_redis_open(&home, &redis, &status)) {
		status = ctl_act(&redis, fields, count, done);
		ctl_redis_close(&redis);
	}
	ctl_home_close(&home);
	return status;
}

static bool
check_customer(const char *id)
{
	struct field fields[] = {{STR("customer"), str_of(id)}, {STR("type"), STR("x")}};
	struct err err;

	if (event_check(fields, 2, clock_wall(), &err))
		return true;
	(void)ctl_fail(STATUS_USAGE, "%s", err.text);
	return false;
}

static bool
check_length(const char *what, const char *text, size_t most)
{
	size_t n = text ? strlen(text) : 1;

	if (n > 0 && n <= most && !text_has_control(str_of(text)) && utf8_valid(str_of(text)))
		return true;
	(void)ctl_fail(STATUS_USAGE,
		       "%s has 1 to %zu bytes of UTF-8 without control characters", what, most);
	return false;
}

enum status
churned_run(const struct ctl *ctl, int argc, char **argv)
{
	const char *reason = NULL;
	const struct option options[] = {{"--reason", OPTION_TEXT, {.text = &reason}}};
	char done[512];

	if (!options_take(options, 1, &argc, argv))
		return STATUS_USAGE;
	if (argc != 2 || !reason)
		return ctl_usage(argv[0]);
	if (!check_customer(argv[1]) || !check_length("--reason", reason, EVENT_MAX_TEXT))
		return STATUS_USAGE;
	const struct field fields[] = {{STR("customer"), str_of(argv[1])},
				       {STR("type"), STR("churned")},
				       {STR("reason"), str_of(reason)}};

	snprintf(done, sizeof done, "%s: churned, %.300s", argv[1], reason);
	return act_once(ctl, fields, 3, done);
}

static bool
check_expires(const char *expires)
{
	int64_t number;

	if (!expires || (parse_duration(str_of(expires), false, &number) && number > 0) ||
	    parse_instant(str_of(expires), &number, NULL))
		return true;
	(void)ctl_fail(STATUS_USAGE,
		       "--expires \"%s\" is neither a duration such as 30d nor an instant",
		       expires);
	return false;
}

enum status
tag_run(const struct ctl *ctl, int argc, char **argv)
{
	const char *expires = NULL;
	bool remove = false;
	const struct option options[] = {{"--expires", OPTION_TEXT, {.text = &expires}},
					 {"--remove", OPTION_FLAG, {.flag = &remove}}};
	char done[512];

	if (!options_take(options, 2, &argc, argv))
		return STATUS_USAGE;
	if (argc != 3 || (remove && expires))
		return ctl_usage(argv[0]);
	if (!check_customer(argv[1]) || !check_length("a tag", argv[2], 64) ||
	    !check_expires(expires))
		return STATUS_USAGE;
	struct field fields[5] = {{STR("customer"), str_of(argv[1])},
				  {STR("type"), STR("churnd.tag")},
				  {STR("tag"), str_of(argv[2])}};
	unsigned count = 3;

	if (remove)
		fields[count++] = (struct field){STR("remove"), STR("1")};
	if (expires)
		fields[count++] = (struct field){STR("expires"), str_of(expires)};
	snprintf(done, sizeof done, "%s: tag %s %s", argv[1], argv[2],
		 remove ? "removed" : "set");
	return act_once(ctl, fields, count, done);
}

/* --- one event --- */

static bool
take_pairs(struct field *fields, unsigned *count, unsigned most, int argc, char **argv)
{
	for (int i = 0; i < argc; i++) {
		const char *equals = strchr(argv[i], '=');

		if (!equals || equals == argv[i]) {
			(void)ctl_fail(STATUS_USAGE, "\"%s\" is no key=value", argv[i]);
			return false;
		}
		if (*count == most) {
			(void)ctl_fail(STATUS_USAGE, "an event has at most %u fields", most);
			return false;
		}
		fields[(*count)++] = (struct field){{argv[i], (size_t)(equals - argv[i])},
						    {equals + 1, strlen(equals + 1)}};
	}
	return true;
}

static enum status
append_event(struct ctl_redis *redis, const struct field *fields, unsigned count)
{
	char text[STREAM_ID_TEXT];
	struct stream_id id;
	struct err err;
	int64_t now;

	if (!ctl_redis_now(redis, &now, &err))
		return ctl_fail(STATUS_AWAY, "%s", err.text);
	if (!event_check(fields, count, now, &err))
		return ctl_fail(STATUS_USAGE, "%s", err.text);
	if (!ctl_redis_append(redis, "*", fields, count, &id, &err))
		return ctl_fail(STATUS_AWAY, "%s", err.text);
	stream_id_print(id, text);
	if (redis->home->ctl->json)
		printf("{\"id\":\"%s\"}\n", text);
	else
		printf("%s\n", text);
	return STATUS_DONE;
}

enum status
send_run(const struct ctl *ctl, int argc, char **argv)
{
	struct field fields[EVENT_MAX_ATTRIBUTES + 10];
	unsigned count = 2;
	struct ctl_home home;
	struct ctl_redis redis;
	enum status status;

	if (!options_take(NULL, 0, &argc, argv))
		return STATUS_USAGE;
	if (argc < 3)
		return ctl_usage(argv[0]);
	fields[0] = (struct field){STR("customer"), str_of(argv[1])};
	fields[1] = (struct field){STR("type"), str_of(argv[2])};
	if (!take_pairs(fields, &count, EVENT_MAX_ATTRIBUTES + 10, argc - 3, argv + 3) ||
	    !ctl_home_open(ctl, &home))
		return STATUS_USAGE;
	if (ctl_redis_open(&home, &redis, &status)) {
		status = append_event(&redis, fields, count);
		ctl_redis_close(&redis);
	}
	ctl_home_close(&home);
	return status;
}
