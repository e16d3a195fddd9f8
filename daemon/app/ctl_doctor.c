/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl doctor: goes through all checks; those of the stream, the daemon and its endpoints are here. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/ctl_doctor.h"
#include "codec/stream_id.h"
#include "io/log.h"

#define SKEW_MAX_MS 1000

static const char *const verdict_names[2][4] = {{"ok", "note", "unwise", "wrong"},
						{"正常", "提示", "不妥", "错误"}};

void
doctor_say(struct doctor *doctor, enum verdict verdict, const char *what, const char *fmt, ...)
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

/* --- the checks, one a row of checks[] --- */

static void
check_clock(struct doctor *doctor)
{
	int64_t before = clock_wall(), now, skew;
	struct err err;

	if (!ctl_redis_now(doctor->redis, &now, &err)) {
		doctor_say(doctor, VERDICT_WRONG, "clock", "%s", err.text);
		return;
	}
	skew = now - (before + clock_wall()) / 2;
	if (skew > SKEW_MAX_MS || skew < -SKEW_MAX_MS)
		doctor_say(doctor, VERDICT_UNWISE, "clock",
			   "Redis' clock is %.1f s %s this host's: run a time service on both",
			   (double)llabs(skew) / 1000, skew > 0 ? "ahead of" : "behind");
	else
		doctor_say(doctor, VERDICT_OK, "clock",
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
		doctor_say(doctor, VERDICT_WRONG, "keys",
			   "%s is a %.*s, not a %s: is another program using this prefix?", key,
			   STR_ARG(type->text), keys[i].type);
	}
	if (wrong == 0)
		doctor_say(doctor, VERDICT_OK, "keys",
			   "the keys under \"%.*s\" are of their types",
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
		doctor_say(
			doctor, VERDICT_WRONG, "stream",
			"its last id %s lies in the future: churnd stops before it; see churnctl "
			"repair",
			text);
	else
		doctor_say(doctor, VERDICT_OK, "stream", "its last id is %s", text);
}

static void
check_hold(struct doctor *doctor)
{
	const struct reply *held =
		redis_call(doctor->redis->redis, &doctor->redis->arena, NULL, "GET",
			   ctl_home_key(doctor->redis->home, "hold").p, NULL);

	if (held && held->type == REPLY_STRING)
		doctor_say(
			doctor, VERDICT_UNWISE, "hold",
			"time stands still: %.*s; if that is dead, run churnctl import --release",
			STR_ARG(held->text));
}

static void
say_trouble(void *ctx, const char *webhook, bool stands, const char *sentence)
{
	doctor_say(ctx, stands ? VERDICT_WRONG : VERDICT_UNWISE, "webhooks", "%s: %s", webhook,
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
			doctor_say(doctor, VERDICT_OK, "webhooks", "all take their alerts");
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
		doctor_say(doctor, VERDICT_NOTE, "daemon", "%s", err.text);
	else if (status != 200)
		doctor_say(doctor, VERDICT_WRONG, "daemon", "answers with %d: %s", status,
			   ctl_json_text(json_object_get(json, "error"), "message"));
	else if (strcmp(state, "paused") == 0 || strcmp(state, "failed") == 0)
		doctor_say(doctor, VERDICT_WRONG, "daemon", "%s: %s", state,
			   ctl_json_text(json, "why"));
	else
		doctor_say(doctor, VERDICT_OK, "daemon", "%s", state);
	json_decref(json);
}

static void (*const checks[])(struct doctor *doctor) = {
	doctor_check_redis, doctor_check_access, check_clock,  check_keys,     check_last_id,
	check_hold,	    doctor_check_files,	 check_daemon, check_webhooks,
};

/* --- the command --- */

static enum status
examine(struct doctor *doctor)
{
	struct err err;

	if (!doctor_read_info(doctor, &err))
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
