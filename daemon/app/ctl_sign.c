/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl sign: the three headers with which a receiver can be tried out; and what verify shares with it. */
#include <ctype.h>
#include <inttypes.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>

#include "app/ctl_sign.h"
#include "base/json.h"
#include "base/number.h"
#include "io/files.h"
#include "io/log.h"

/* --- secrets: from the configuration or a file, never from the command line, which `ps` shows --- */

static const struct endpoint_config *
find_endpoint(const struct config *config, const char *name)
{
	struct str names[CONFIG_MAX_WEBHOOKS], near;

	for (unsigned i = 0; i < config->endpoint_count; i++) {
		names[i] = config->endpoints[i].name;
		if (str_is(names[i], name))
			return &config->endpoints[i];
	}
	near = str_nearest(str_of(name), names, config->endpoint_count);
	(void)ctl_fail(STATUS_USAGE, "no endpoint %s%s%.*s%s", name,
		       near.n ? "; did you mean " : "", STR_ARG(near), near.n ? "?" : "");
	return NULL;
}

static bool
read_keys(const struct endpoint_config *config, struct str folder, const char *what,
	  struct secrets *out)
{
	struct err err;

	if (secrets_read(out, config, folder, true, &err))
		return true;
	(void)ctl_fail(STATUS_USAGE, "%s: %s", what, err.text);
	secrets_finish(out);
	return false;
}

bool
sign_keys_read(const struct ctl *ctl, const char *endpoint, const char *file,
	       struct secrets *out)
{
	const struct endpoint_config alone = {.secret_file = str_of(file)}, *found;
	struct ctl_home home;
	bool good;

	if (!endpoint == !file) {
		(void)ctl_fail(STATUS_USAGE, "name the secret: --endpoint NAME of the "
					     "configuration, or --secret-file FILE");
		return false;
	}
	if (file)
		return read_keys(&alone, STR_NONE, "--secret-file", out);
	if (!ctl_home_open(ctl, &home))
		return false;
	found = find_endpoint(home.config, endpoint);
	good = found && read_keys(found, home.folder, endpoint, out);
	ctl_home_close(&home);
	return good;
}

bool
sign_slurp(const char *name, struct buf *out)
{
	bool from_stdin = !name || strcmp(name, "-") == 0;
	struct err err;
	size_t n = 1;

	if (!from_stdin && files_read(name, SIGN_BODY_MAX, out, &err))
		return true;
	while (from_stdin && n > 0 && out->n <= SIGN_BODY_MAX) {
		n = fread(buf_space(out, 65536), 1, 65536, stdin);
		out->n += n;
	}
	if (from_stdin && !ferror(stdin) && out->n <= SIGN_BODY_MAX)
		return true;
	if (from_stdin)
		err_set(&err, ferror(stdin) ? "stdin cannot be read" : "stdin: is too large");
	(void)ctl_fail(STATUS_USAGE, "%s", err.text);
	return false;
}

/* --- the command --- */

static void
make_id(char out[32])
{
	unsigned char bytes[12];

	RAND_bytes(bytes, sizeof bytes);
	memcpy(out, "msg_", 5);
	for (size_t i = 0; i < sizeof bytes; i++)
		snprintf(out + 4 + 2 * i, 3, "%02x", bytes[i]);
}

static void
print_headers(const struct ctl *ctl, const char *id, int64_t at, struct str signature)
{
	struct buf out = {0};
	struct json json;
	char seconds[24];

	if (!ctl->json) {
		printf("webhook-id: %s\nwebhook-timestamp: %" PRId64
		       "\nwebhook-signature: %.*s\n",
		       id, at, STR_ARG(signature));
		return;
	}
	json_init(&json, &out);
	json_open(&json, '{');
	json_key(&json, "webhook-id");
	json_text(&json, id);
	json_key(&json, "webhook-timestamp");
	snprintf(seconds, sizeof seconds, "%" PRId64, at);
	json_text(&json, seconds);
	json_key(&json, "webhook-signature");
	json_str(&json, signature);
	json_close(&json, '}');
	puts(out.p);
	buf_finish(&out);
}

/* An id with a dot could be told apart from the time in two ways. */
static bool
check_id(const char *id)
{
	size_t n = strlen(id);
	bool good = n > 0 && n <= 256 && !strchr(id, '.');

	for (size_t i = 0; i < n; i++)
		good = good && isgraph((unsigned char)id[i]);
	if (!good)
		(void)ctl_fail(STATUS_USAGE,
			       "--id has 1 to 256 visible characters of ASCII, and no dot");
	return good;
}

bool
sign_at(const char *word, int64_t *at)
{
	*at = clock_wall() / 1000;
	if (!word || (parse_int64(str_of(word), at) && *at >= 0 && *at <= INT64_MAX / 1000))
		return true;
	(void)ctl_fail(STATUS_USAGE, "--at takes seconds since 1970, not \"%s\"", word);
	return false;
}

enum status
sign_run(const struct ctl *ctl, int argc, char **argv)
{
	const char *endpoint = NULL, *file = NULL, *id = NULL, *when = NULL;
	const struct option options[] = {
		{"--endpoint", OPTION_TEXT, {.text = &endpoint}},
		{"--secret-file", OPTION_TEXT, {.text = &file}},
		{"--id", OPTION_TEXT, {.text = &id}},
		{"--at", OPTION_TEXT, {.text = &when}},
	};
	struct buf body = {0}, signature = {0};
	struct secrets keys;
	char own_id[32];
	int64_t at;

	if (!options_take(options, 4, &argc, argv))
		return STATUS_USAGE;
	if (argc > 2)
		return ctl_usage(argv[0]);
	if ((id && !check_id(id)) || !sign_at(when, &at) ||
	    !sign_keys_read(ctl, endpoint, file, &keys))
		return STATUS_USAGE;
	make_id(own_id);
	bool good = sign_slurp(argv[1], &body);

	if (good) {
		webhook_sign(&signature, keys.keys, keys.count, str_of(id ? id : own_id), at,
			     buf_view(&body));
		print_headers(ctl, id ? id : own_id, at, buf_view(&signature));
	}
	secrets_finish(&keys);
	buf_finish(&body);
	buf_finish(&signature);
	return good ? STATUS_DONE : STATUS_USAGE;
}
