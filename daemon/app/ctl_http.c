/* SPDX-License-Identifier: Apache-2.0 */
/* Asks the daemon over HTTP. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/ctl.h"
#include "base/mem.h"
#include "codec/http_head.h"

#define REPLY_MAX ((size_t)64 << 20)

static size_t
take_body(char *bytes, size_t size, size_t n, void *ctx)
{
	struct buf *body = ctx;

	if (body->n + size * n > REPLY_MAX)
		return 0;
	buf_add(body, bytes, size * n);
	return size * n;
}

/* An address to listen on all interfaces is no address to go to. */
static struct str
reachable(struct arena *arena, struct str listen)
{
	static const struct {
		struct str any, own;
	} rows[] = {
		{{"0.0.0.0:", 8}, {"127.0.0.1:", 10}},
		{{"[::]:", 5}, {"[::1]:", 6}},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (str_starts(listen, rows[i].any)) {
			struct str port = str_slice(listen, rows[i].any.n, listen.n);

			return arena_printf(arena, "%.*s%.*s", STR_ARG(rows[i].own),
					    STR_ARG(port));
		}
	}
	return arena_str(arena, listen);
}

static void
set_address(struct ctl_home *home, CURL *easy, const char *path)
{
	struct str listen = reachable(&home->arena, home->config->http_listen);
	struct str url;

	if (str_starts(listen, STR("unix:"))) {
		url = arena_printf(&home->arena, "http://localhost%s", path);
		curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, listen.p + 5);
	} else {
		url = arena_printf(&home->arena, "http://%s%s", listen.p, path);
	}
	curl_easy_setopt(easy, CURLOPT_URL, url.p);
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
}

static bool
set_token(struct ctl_home *home, CURL *easy, struct curl_slist **headers, struct err *err)
{
	struct str token;

	if (home->config->http_token_file.n == 0)
		return true;
	if (!ctl_home_secret(home, home->config->http_token_file, &token, err))
		return err_prefix(err, "http.token_file");
	token = str_trim(token);
	*headers = curl_slist_append(
		NULL,
		arena_printf(&home->arena, "Authorization: Bearer %.*s", STR_ARG(token)).p);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, *headers);
	return true;
}

static int
perform(struct ctl_home *home, CURL *easy, struct err *err)
{
	struct str listen = home->config->http_listen;
	CURLcode code = curl_easy_perform(easy);
	long status = 0;

	if (code != CURLE_OK) {
		err_set(err, "the daemon does not answer at %.*s: %s", STR_ARG(listen),
			curl_easy_strerror(code));
		return 0;
	}
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

static void
set_body(CURL *easy, const struct str *body)
{
	if (body == NULL)
		return;
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)body->n);
	curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, body->p);
}

static int
ask_daemon(struct ctl_home *home, const char *path, const struct str *post, json_t **out,
	   struct buf *text, struct err *err)
{
	struct buf own = {0}, *body = text ? text : &own;
	struct curl_slist *headers = NULL;
	CURL *easy = curl_easy_init();
	int status = 0;

	*out = NULL;
	if (!easy)
		mem_fail();
	set_address(home, easy, path);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
			 home->http_ms ? home->http_ms : (long)CTL_HTTP_MS);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, body);
	set_body(easy, post);
	if (set_token(home, easy, &headers, err))
		status = perform(home, easy, err);
	if (status > 0)
		*out = json_loadb(body->p ? body->p : "", body->n, JSON_ALLOW_NUL, NULL);
	curl_slist_free_all(headers);
	curl_easy_cleanup(easy);
	buf_finish(&own);
	return status;
}

int
ctl_http_try(struct ctl_home *home, const char *path, json_t **out, struct buf *text,
	     struct err *err)
{
	return ask_daemon(home, path, NULL, out, text, err);
}

static enum status
meaning_of(int status)
{
	if (status == 404 || status == 409)
		return STATUS_NO;
	return status >= 500 ? STATUS_AWAY : STATUS_USAGE;
}

static enum status
answered(struct ctl_home *home, const char *path, const struct str *post, json_t **out,
	 struct buf *text)
{
	struct err err;
	int status = ask_daemon(home, path, post, out, text, &err);
	const char *why;
	enum status result;

	if (status == 0)
		return ctl_fail(STATUS_AWAY, "%s", err.text);
	if (status == 200 && *out)
		return STATUS_DONE;
	why = ctl_json_text(json_object_get(*out, "error"), "message");
	result = ctl_fail(meaning_of(status), "%s",
			  *why ? why : "the daemon's answer is no JSON");
	json_decref(*out);
	*out = NULL;
	return result;
}

enum status
ctl_http_get(struct ctl_home *home, const char *path, json_t **out, struct buf *text)
{
	return answered(home, path, NULL, out, text);
}

enum status
ctl_http_post(struct ctl_home *home, const char *path, struct str body, json_t **out,
	      struct buf *text)
{
	return answered(home, path, &body, out, text);
}

void
ctl_http_parameter(struct buf *path, const char *name, const char *value)
{
	if (!value)
		return;
	buf_printf(path, "%c%s=", strchr(path->p, '?') ? '&' : '?', name);
	http_encode(path, str_of(value));
}

enum status
ctl_http_print(struct ctl_home *home, const char *path)
{
	struct buf text = {0};
	json_t *json;
	enum status status = ctl_http_get(home, path, &json, &text);

	if (status == STATUS_DONE)
		fwrite(text.p, 1, text.n, stdout);
	json_decref(json);
	buf_finish(&text);
	return status;
}

enum status
ctl_show(struct ctl_home *home, const char *path,
	 void (*print)(const struct ctl *ctl, json_t *json))
{
	json_t *json;
	enum status status;

	if (home->ctl->json)
		return ctl_http_print(home, path);
	status = ctl_http_get(home, path, &json, NULL);
	if (status == STATUS_DONE)
		print(home->ctl, json);
	json_decref(json);
	return status;
}

enum status
ctl_show_path(const struct ctl *ctl, const char *path,
	      void (*print)(const struct ctl *ctl, json_t *json))
{
	struct ctl_home home;
	enum status status;

	if (!ctl_home_open(ctl, &home))
		return STATUS_USAGE;
	status = ctl_show(&home, path, print);
	ctl_home_close(&home);
	return status;
}
