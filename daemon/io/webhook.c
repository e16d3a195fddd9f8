/* SPDX-License-Identifier: Apache-2.0 */
/* Sends one request at a time to an endpoint, and reads what it answers. */
#include "io/webhook.h"

#include <assert.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "engine/retry.h"
#include "io/address_guard.h"
#include "io/files.h"
#include "io/log.h"

struct webhook_target {
	struct webhook_loop *loop;		    /* borrowed */
	char *url, *ca_file, *cert_file, *key_file; /* owned; NULL: none */
	long timeout;				    /* ms */
	struct curl_slist *headers; /* owned: those of every request but bare ones; ends in: */
	struct curl_slist *bare;    /* owned: those of every request */
	struct address_range *allowed; /* owned */
	unsigned allow_count;
	struct webhook_call *idle;  /* owned, linked by next */
	struct webhook_call *calls; /* owned: in flight, linked by next */
};

struct webhook_call {
	struct webhook_transfer transfer;
	struct webhook_target *target; /* borrowed */
	struct webhook_call *next;
	CURL *easy;	 /* owned */
	struct buf head; /* owned: the lines of this request's own headers */
	struct curl_slist
		*lines; /* owned: they, linked; the last one goes on in the target's */
	size_t line_cap;
	bool other_url, other_method; /* than the target's */
	struct buf body;	      /* of the reply */
	bool cut;		      /* the reply was longer than we read */
	bool refused;		      /* by the address guard */
	char error[CURL_ERROR_SIZE];
	webhook_done_fn *fn;
	void *ctx;
};

/* --- one call -------------------------------------------------------------------------------------- */

static size_t
read_reply(char *bytes, size_t size, size_t count, void *ctx)
{
	struct webhook_call *call = ctx;
	size_t n = size * count, room = WEBHOOK_REPLY_MAX - call->body.n;

	buf_add(&call->body, bytes, n < room ? n : room);
	call->cut = n > room;
	return call->cut ? 0 : n; /* less than n ends the transfer */
}

static curl_socket_t
open_socket(void *ctx, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct webhook_call *call = ctx;

	(void)purpose;
	if (!address_guard_allows(&address->addr, address->addrlen, call->target->allowed,
				  call->target->allow_count)) {
		call->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* A kept connection may have been opened for another endpoint, whose networks are not ours. */
static int
check_connection(void *ctx, char *remote, char *local, int remote_port, int local_port)
{
	struct webhook_call *call = ctx;

	(void)local, (void)remote_port, (void)local_port;
	if (address_guard_allows_text(remote, call->target->allowed, call->target->allow_count))
		return CURL_PREREQFUNC_OK;
	call->refused = true;
	return CURL_PREREQFUNC_ABORT;
}

/* The options are ours and libcurl is at least 7.87: they can only be refused for want of memory. */
#define SET(easy, option, value)                                                 \
	do {                                                                     \
		static_assert(_Generic((value), long : 1, default : 0) ==        \
				      ((option) < CURLOPTTYPE_OBJECTPOINT),      \
			      "libcurl takes a long or a pointer here");         \
		CURLcode code = libcurl.easy_setopt(easy, option, value);        \
		if (code != CURLE_OK)                                            \
			webhook_loop_fail(#option, libcurl.easy_strerror(code)); \
	} while (0)

/* Out of flight, and ready for the next request. */
static void
retire(struct webhook_call *call)
{
	struct webhook_target *target = call->target;
	struct webhook_call **link = &target->calls;

	while (*link != call)
		link = &(*link)->next;
	*link = call->next;
	webhook_loop_remove(target->loop, call->easy);
	call->next = target->idle;
	target->idle = call;
}

static int64_t
retry_after_of(CURL *easy)
{
	struct curl_header *header;
	int64_t after;

	if (libcurl.easy_header(easy, "Retry-After", 0, CURLH_HEADER, -1, &header) !=
		    CURLHE_OK ||
	    !retry_after_parse(str_of(header->value), clock_wall(), &after))
		return RETRY_NO_AFTER;
	return after;
}

static const char *
sentence_of(const struct webhook_call *call, CURLcode code)
{
	if (call->refused)
		return "its address lies in a network that webhooks may not reach; see `allow`";
	return call->error[0] ? call->error : libcurl.easy_strerror(code);
}

/* The loop says that a transfer has ended. */
static void
on_end(void *ctx, CURLcode code)
{
	struct webhook_call *call = ctx;
	struct webhook_reply reply = {.after = RETRY_NO_AFTER, .error = ""};
	long status = 0;

	/* A reply that goes on and on has told its status, and that is enough. */
	if (code == CURLE_OK || call->cut) {
		libcurl.easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
		if (status < 200 || status > 299)
			reply.after = retry_after_of(call->easy);
	} else {
		reply.error = sentence_of(call, code);
	}
	reply.status = (int)status;
	reply.body = buf_view(&call->body);
	retire(call);
	call->fn(call->ctx, &reply);
}

static void
set_request(CURL *easy, const struct webhook_target *target)
{
	SET(easy, CURLOPT_URL, target->url);
	SET(easy, CURLOPT_POST, 1L);
	SET(easy, CURLOPT_USERAGENT, "churnd/" CHURND_VERSION);
	SET(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(easy, CURLOPT_TIMEOUT_MS, target->timeout);
	SET(easy, CURLOPT_CONNECTTIMEOUT_MS, target->timeout);
	SET(easy, CURLOPT_NOSIGNAL, 1L);
	/* Else libcurl, at the end of a timeout, holds up the whole loop until a silent name server has been given up.
	 * Its thread ends by itself. */
	SET(easy, CURLOPT_QUICK_EXIT, 1L);
}

/* What it may not do: other protocols, redirects, a proxy or a password from its surroundings. */
static void
set_limits(CURL *easy, const struct webhook_target *target)
{
	SET(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	SET(easy, CURLOPT_FOLLOWLOCATION, 0L);
	SET(easy, CURLOPT_PROXY, "");
	SET(easy, CURLOPT_NOPROXY, "*");
	SET(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	SET(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	/* Without a folder beside it, libcurl reads a file of authorities once, not for each connection (20 ms for the
	 * system's), and `ca_file` stands for itself alone. */
	SET(easy, CURLOPT_CAPATH, NULL);
	if (target->ca_file)
		SET(easy, CURLOPT_CAINFO, target->ca_file);
	if (target->cert_file)
		SET(easy, CURLOPT_SSLCERT, target->cert_file);
	if (target->key_file)
		SET(easy, CURLOPT_SSLKEY, target->key_file);
}

static struct webhook_call *
call_create(struct webhook_target *target)
{
	struct webhook_call *call = mem_alloc(sizeof *call);

	call->target = target;
	call->transfer = (struct webhook_transfer){on_end, call};
	call->easy = webhook_loop_easy(target->loop);
	set_request(call->easy, target);
	set_limits(call->easy, target);
	SET(call->easy, CURLOPT_PRIVATE, &call->transfer);
	SET(call->easy, CURLOPT_ERRORBUFFER, call->error);
	SET(call->easy, CURLOPT_WRITEFUNCTION, read_reply);
	SET(call->easy, CURLOPT_WRITEDATA, call);
	SET(call->easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	SET(call->easy, CURLOPT_OPENSOCKETDATA, call);
	SET(call->easy, CURLOPT_PREREQFUNCTION, check_connection);
	SET(call->easy, CURLOPT_PREREQDATA, call);
	return call;
}

static void
call_destroy(struct webhook_call *call)
{
	libcurl.easy_cleanup(call->easy);
	buf_finish(&call->body);
	buf_finish(&call->head);
	mem_free(call->lines);
	mem_free(call);
}

/* A list of libcurl's own form over our bytes: it only reads it, and nothing is allocated. */
static void
set_headers(struct webhook_call *call, const struct webhook_request *request)
{
	struct curl_slist *rest = request->bare ? call->target->bare : call->target->headers;
	size_t count = 0;
	char *line;

	buf_clear(&call->head);
	buf_str(&call->head, request->headers);
	for (size_t i = 0; i < call->head.n; i++)
		count += call->head.p[i] == '\n';
	if (count == 0) {
		SET(call->easy, CURLOPT_HTTPHEADER, rest);
		return;
	}
	MEM_RESERVE(call->lines, call->line_cap, count);
	line = call->head.p;
	for (size_t i = 0; i < count; i++) {
		char *end = memchr(line, '\n', (size_t)(call->head.p + call->head.n - line));

		assert(end != NULL);
		*end = '\0';
		call->lines[i] =
			(struct curl_slist){line, i + 1 < count ? &call->lines[i + 1] : rest};
		line = end + 1;
	}
	SET(call->easy, CURLOPT_HTTPHEADER, call->lines);
}

/* Most requests are a POST to the target's URL, as the handle already has it. */
static void
set_address(struct webhook_call *call, const struct webhook_request *request)
{
	bool other_url = request->url.n > 0;
	bool other_method = request->method.n > 0 && !str_is(request->method, "POST");
	char *text;

	if (other_url || call->other_url) {
		text = files_text(request->url);
		SET(call->easy, CURLOPT_URL, other_url ? text : call->target->url);
		mem_free(text);
	}
	if (other_method || call->other_method) {
		text = files_text(request->method);
		SET(call->easy, CURLOPT_CUSTOMREQUEST, other_method ? text : NULL);
		mem_free(text);
	}
	call->other_url = other_url;
	call->other_method = other_method;
}

static struct webhook_call *
take_call(struct webhook_target *target)
{
	struct webhook_call *call = target->idle;

	if (call != NULL)
		target->idle = call->next;
	else
		call = call_create(target);
	call->next = target->calls;
	target->calls = call;
	return call;
}

struct webhook_call *
webhook_send(struct webhook_target *target, const struct webhook_request *request,
	     webhook_done_fn *fn, void *ctx)
{
	struct webhook_call *call = take_call(target);
	struct str body = request->body;

	call->fn = fn;
	call->ctx = ctx;
	call->cut = call->refused = false;
	call->error[0] = '\0';
	buf_clear(&call->body);
	set_address(call, request);
	set_headers(call, request);
	SET(call->easy, CURLOPT_POSTFIELDS, body.n > 0 ? body.p : "");
	SET(call->easy, CURLOPT_POSTFIELDSIZE, (long)body.n);
	webhook_loop_add(target->loop, call->easy);
	return call;
}

void
webhook_cancel(struct webhook_call *call)
{
	retire(call);
}

/* --- the target ------------------------------------------------------------------------------------ */

/* Those that say what the request is are not the configuration's to set. */
static const char *const ours[] = {"webhook-id",
				   "webhook-timestamp",
				   "webhook-signature",
				   "content-length",
				   "transfer-encoding",
				   "content-type",
				   "connection",
				   "expect",
				   "host"};

static bool
is_ours(struct str name)
{
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		if (strlen(ours[i]) == name.n && strncasecmp(name.p, ours[i], name.n) == 0)
			return true;
	return false;
}

/* Lists of libcurl's own form: it only reads them. */
static void
list_add(struct curl_slist **list, const char *line)
{
	while (*list != NULL)
		list = &(*list)->next;
	*list = mem_alloc(sizeof **list);
	(*list)->data = mem_copy_text(line);
}

static void
list_free(struct curl_slist *list, const struct curl_slist *end)
{
	while (list != NULL && list != end) {
		struct curl_slist *next = list->next;

		mem_free(list->data);
		mem_free(list);
		list = next;
	}
}

static bool
add_header(struct webhook_target *target, const struct header *header, struct err *err)
{
	struct buf line = {0};

	if (header->name.n == 0 || text_has_control(header->name) ||
	    text_has_control(header->value) || memchr(header->name.p, ':', header->name.n))
		return err_set(err,
			       "a header's name or value holds characters that it may not");
	if (is_ours(header->name))
		return err_set(err, "the header %.*s is churnd's own and cannot be configured",
			       STR_ARG(header->name));
	buf_str(&line, header->name);
	/* libcurl's way to write a header without a value. */
	if (header->value.n == 0) {
		buf_char(&line, ';');
	} else {
		buf_text(&line, ": ");
		buf_str(&line, header->value);
	}
	list_add(&target->headers, line.p);
	buf_finish(&line);
	return true;
}

/* Those of the configuration, and behind them those of every request. */
static bool
add_headers(struct webhook_target *target, const struct endpoint_config *config,
	    struct err *err)
{
	struct curl_slist **end = &target->headers;

	list_add(&target->bare, "Expect:"); /* do not wait for 100 Continue */
	if (config->connector == NULL)
		list_add(&target->headers, "Content-Type: application/json");
	for (unsigned i = 0; i < config->header_count; i++)
		if (!add_header(target, &config->headers[i], err))
			return false;
	while (*end != NULL)
		end = &(*end)->next;
	*end = target->bare;
	return true;
}

static bool
add_networks(struct webhook_target *target, const struct endpoint_config *config,
	     struct err *err)
{
	target->allowed = mem_array(config->allow_count, sizeof *target->allowed);
	for (; target->allow_count < config->allow_count; target->allow_count++)
		if (!address_range_parse(config->allow[target->allow_count],
					 &target->allowed[target->allow_count], err))
			return err_prefix(err, "allow");
	return true;
}

/* OpenSSL reads them at the first request; a wrong name should be said now. */
static bool
add_file(char **out, const char *key, struct str file, struct str folder, struct err *err)
{
	if (file.n == 0)
		return true;
	*out = files_path(folder, file);
	return files_check(*out, err) || err_prefix(err, "%s", key);
}

/* Whether libcurl can take it apart: what it says names no part of it. */
static bool
is_understood(struct str url, struct err *err)
{
	CURLU *parts = libcurl.url();
	char *text = files_text(url);
	CURLUcode code;

	code = parts == NULL ? CURLUE_OUT_OF_MEMORY
			     : libcurl.url_set(parts, CURLUPART_URL, text, 0);
	if (code == CURLUE_OUT_OF_MEMORY)
		mem_fail();
	libcurl.url_cleanup(parts);
	mem_free(text);
	return code == CURLUE_OK ||
	       err_set(err, "url cannot be understood: %s", libcurl.url_strerror(code));
}

static bool
check_url(struct str url, struct err *err)
{
	if (!str_starts(url, STR("http://")) && !str_starts(url, STR("https://")))
		return err_set(err, "url has to begin with https:// or http://");
	if (text_has_control(url))
		return err_set(err, "url holds a control character");
	return libcurl_load(err) && is_understood(url, err);
}

struct webhook_target *
webhook_target_create(struct webhook_loop *loop, const struct endpoint_config *config,
		      struct str folder, struct err *err)
{
	struct webhook_target *target = mem_alloc(sizeof *target);

	target->loop = loop;
	target->url = files_text(config->url);
	target->timeout = (long)config->timeout;
	if (check_url(config->url, err) && add_headers(target, config, err) &&
	    add_networks(target, config, err) &&
	    add_file(&target->ca_file, "ca_file", config->ca_file, folder, err) &&
	    add_file(&target->cert_file, "cert_file", config->cert_file, folder, err) &&
	    add_file(&target->key_file, "key_file", config->key_file, folder, err))
		return target;
	webhook_target_destroy(target);
	return NULL;
}

void
webhook_target_destroy(struct webhook_target *target)
{
	struct webhook_call *next;

	if (target == NULL)
		return;
	while (target->calls != NULL)
		retire(target->calls);
	for (struct webhook_call *call = target->idle; call != NULL; call = next) {
		next = call->next;
		call_destroy(call);
	}
	list_free(target->headers, target->bare);
	list_free(target->bare, NULL);
	mem_free(target->allowed);
	mem_free(target->url);
	mem_free(target->ca_file);
	mem_free(target->cert_file);
	mem_free(target->key_file);
	mem_free(target);
}
