/* SPDX-License-Identifier: Apache-2.0 */
/* No URL makes a webhook dial a forbidden address: however it is spelled, whatever its name resolves to the second
 * time, whoever left a connection open. Every connect() of the process is taken down here, and only loopback is let go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <dlfcn.h>
#include <errno.h>
#include <event2/event.h>
#include <event2/http.h>
#include <netdb.h>
#include <pthread.h>
#include <sys/socket.h>
#include <time.h>

#include "io/webhook.h"
#include "unit/spellings.h"

/* --- the network ------------------------------------------------------------------------------------ */

#define DIALS 16

/* The C library's own, which the functions of that name below stand before. */
static void *
real_one(const char *name)
{
	void *library = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
	void *found = library ? dlsym(library, name) : NULL;

	if (found == NULL)
		fail_msg("%s is not in libc.so.6", name);
	return found;
}

static struct {
	unsigned dials;
	char last[DIALS][INET6_ADDRSTRLEN];
} network;

static bool
is_loopback(const struct sockaddr *address)
{
	struct sockaddr_in v4;

	if (address->sa_family != AF_INET)
		return false;
	memcpy(&v4, address, sizeof v4);
	return ntohl(v4.sin_addr.s_addr) >> 24 == 127;
}

static const char *
text_of(const struct sockaddr *address, char out[INET6_ADDRSTRLEN])
{
	struct sockaddr_in6 v6;
	struct sockaddr_in v4;

	snprintf(out, INET6_ADDRSTRLEN, "?");
	if (address->sa_family == AF_INET) {
		memcpy(&v4, address, sizeof v4);
		inet_ntop(AF_INET, &v4.sin_addr, out, INET6_ADDRSTRLEN);
	} else if (address->sa_family == AF_INET6) {
		memcpy(&v6, address, sizeof v6);
		inet_ntop(AF_INET6, &v6.sin6_addr, out, INET6_ADDRSTRLEN);
	}
	return out;
}

/* The library's names of the parameters are reserved ones.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */
int
connect(int fd, const struct sockaddr *address, socklen_t n)
{
	int (*real)(int, const struct sockaddr *, socklen_t) = NULL;

	if (address->sa_family != AF_INET && address->sa_family != AF_INET6) {
		errno = ENOENT; /* a name server's daemon, perhaps */
		return -1;
	}
	text_of(address, network.last[network.dials++ % DIALS]);
	if (!is_loopback(address)) {
		errno = ECONNREFUSED;
		return -1;
	}
	*(void **)&real = real_one("connect");
	return real(fd, address, n);
}

/* --- names ------------------------------------------------------------------------------------------ */

static pthread_mutex_t names_lock = PTHREAD_MUTEX_INITIALIZER; /* libcurl asks from a thread */
static struct {
	const char *name;
	const char *answers[4]; /* one a question, the last one for ever */
	unsigned asked;
} names[] = {
	{"localhost", {"127.0.0.1"}, 0},
	{"ip6-localhost", {"::1"}, 0},
	{"metadata.internal", {"169.254.169.254"}, 0},
	{"intranet.example", {"10.1.2.3"}, 0},
	{"rebinds.example", {"198.41.0.4", "127.0.0.1"}, 0},
	{"rebinds-to-private.example", {"198.41.0.4", "10.0.0.1"}, 0},
	{"shared.example", {"127.0.0.1"}, 0},
};

static const char *
answer_of(const char *node)
{
	const char *answer = NULL;
	size_t n = strlen(node) - (node[0] != '\0' && node[strlen(node) - 1] == '.');

	pthread_mutex_lock(&names_lock);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strlen(names[i].name) != n || strncasecmp(names[i].name, node, n) != 0)
			continue;
		answer = names[i].answers[names[i].asked];
		if (names[i].asked < 3 && names[i].answers[names[i].asked + 1] != NULL)
			names[i].asked++;
	}
	pthread_mutex_unlock(&names_lock);
	return answer;
}

/* A name server that says nothing: whoever asks for slow.example waits until he is let go, or has waited too long. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool let_go, ended;
} silence = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, false};

static void
wait_in_silence(void)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	pthread_mutex_lock(&silence.lock);
	while (!silence.let_go &&
	       pthread_cond_timedwait(&silence.changed, &silence.lock, &until) == 0)
		;
	silence.ended = true;
	pthread_cond_broadcast(&silence.changed);
	pthread_mutex_unlock(&silence.lock);
}

/* The system's for what is a number to it, our table for names; nothing goes to a name server. */
int
getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
	    struct addrinfo **out)
{
	int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) =
		NULL;
	struct addrinfo numeric =
		hints ? *hints : (struct addrinfo){.ai_socktype = SOCK_STREAM};
	const char *answer;
	int code;

	*(void **)&real = real_one("getaddrinfo");
	numeric.ai_flags |= AI_NUMERICHOST;
	code = real(node, service, &numeric, out);
	if (code == 0 || node == NULL)
		return code;
	if (strcmp(node, "slow.example") == 0)
		wait_in_silence();
	answer = answer_of(node);
	return answer ? real(answer, service, &numeric, out) : EAI_NONAME;
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

/* --- one post --------------------------------------------------------------------------------------- */

static struct event_base *base;
static struct webhook_loop *loop;
static unsigned guarded, malformed; /* posts that ended at the guard, and before */

struct outcome {
	int status;
	char error[256];
};

static void
on_done(void *ctx, const struct webhook_reply *reply)
{
	struct outcome *outcome = ctx;

	outcome->status = reply->status;
	snprintf(outcome->error, sizeof outcome->error, "%s", reply->error);
	event_base_loopbreak(base);
}

static struct webhook_target *
target_of(const char *url, const char *allow, int64_t timeout)
{
	struct str allowed = str_of(allow);
	struct endpoint_config config = {.name = STR("crm"),
					 .url = str_of(url),
					 .timeout = timeout,
					 .allow = &allowed,
					 .allow_count = allow ? 1 : 0};
	struct err err = {""};

	return webhook_target_create(loop, &config, STR("/"), &err);
}

static void
a_url_that_cannot_be_taken_apart_is_refused_at_once(void **state)
{
	const struct endpoint_config config = {.name = STR("a"),
					       .url = STR("https://x.example:99999/secret"),
					       .timeout = 1000};
	struct err err = {""};

	(void)state;
	assert_null(webhook_target_create(loop, &config, STR("/"), &err));
	assert_non_null(strstr(err.text, "url cannot be understood"));
	assert_null(strstr(err.text, "secret"));
}

static struct outcome
post_to(struct webhook_target *target)
{
	struct outcome outcome = {-1, ""};

	webhook_send(target, &(struct webhook_request){.body = STR("{}")}, on_done, &outcome);
	event_base_dispatch(base);
	return outcome;
}

static struct outcome
post(const char *url, const char *allow)
{
	struct webhook_target *target = target_of(url, allow, 2000);
	struct outcome outcome = {0, "not even a target"};

	if (target != NULL)
		outcome = post_to(target);
	webhook_target_destroy(target);
	return outcome;
}

static void
nothing_is_dialled(const char *url)
{
	unsigned before = network.dials;
	struct outcome outcome = post(url, NULL);

	if (network.dials != before)
		fail_msg("%s dialled %s", url, network.last[before % DIALS]);
	if (outcome.status != 0)
		fail_msg("%s was answered %d", url, outcome.status);
	if (strstr(outcome.error, "its address lies in a network") != NULL)
		guarded++;
	else
		malformed++;
}

/* --- spellings -------------------------------------------------------------------------------------- */

static void
no_spelling_is_dialled(void **state)
{
	char host[128], url[192];
	unsigned tried = 0;

	(void)state;
	for (unsigned way = 0; spell(host, sizeof host, way, 0); way++)
		for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++, tried++) {
			spell(host, sizeof host, way, forbidden[i]);
			snprintf(url, sizeof url, "http%s://%s/", tried % 2 ? "s" : "", host);
			nothing_is_dialled(url);
		}
	for (size_t i = 0; i < sizeof others / sizeof *others; i++, tried++) {
		snprintf(url, sizeof url, "http://%s/", others[i]);
		nothing_is_dialled(url);
	}
	print_message("# %u spellings: %u ended at the guard, %u before it\n", tried, guarded,
		      malformed);
	assert_true(tried >= 400 && guarded >= 400);
}

static void
nothing_is_dialled_by(struct webhook_target *target, const char *url)
{
	unsigned before = network.dials;
	struct outcome outcome = {-1, ""};

	webhook_send(
		target,
		&(struct webhook_request){.url = str_of(url), .body = STR("{}"), .bare = true},
		on_done, &outcome);
	event_base_dispatch(base);
	if (network.dials != before || outcome.status != 0)
		fail_msg("%s dialled %s", url, network.last[before % DIALS]);
}

/* A connector may ask for its token elsewhere, and make the URL of each request anew. */
static void
a_request_with_a_url_of_its_own_is_guarded_too(void **state)
{
	static const char *const schemes[] = {"file:///etc/passwd",
					      "ftp://127.0.0.1/",
					      "gopher://127.0.0.1:6379/_PING",
					      "dict://127.0.0.1:6379/info",
					      "ldap://127.0.0.1/",
					      "telnet://127.0.0.1:6379/",
					      "smtp://127.0.0.1/",
					      "ws://127.0.0.1/",
					      "//127.0.0.1/",
					      "127.0.0.1:6379"};
	struct webhook_target *target = target_of("https://good.example/", NULL, 2000);
	char url[192];

	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		snprintf(url, sizeof url, "http://%s/token", others[i]);
		nothing_is_dialled_by(target, url);
	}
	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
		nothing_is_dialled_by(target, schemes[i]);
	webhook_target_destroy(target);
}

/* --- what a name means later ------------------------------------------------------------------------- */

static unsigned requests;

static void
on_request(struct evhttp_request *request, void *ctx)
{
	(void)ctx;
	requests++;
	evhttp_send_reply(request, 204, NULL, NULL);
}

static struct evhttp *
listen_somewhere(unsigned *port)
{
	struct evhttp *http = evhttp_new(base);
	struct evhttp_bound_socket *bound =
		evhttp_bind_socket_with_handle(http, "127.0.0.1", 0);
	struct sockaddr_in address;
	socklen_t n = sizeof address;

	assert_non_null(bound);
	assert_int_equal(
		getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&address, &n),
		0);
	evhttp_set_gencb(http, on_request, NULL);
	*port = ntohs(address.sin_port);
	return http;
}

/* The trap is no blind one: what is allowed is dialled and arrives. */
static void
what_is_allowed_is_dialled(void **state)
{
	unsigned port, before = network.dials;
	struct evhttp *http = listen_somewhere(&port);
	char url[64];

	(void)state;
	requests = 0;
	snprintf(url, sizeof url, "http://localhost:%u/", port);
	assert_int_equal(post(url, "127.0.0.0/8").status, 204);
	assert_int_equal(requests, 1);
	assert_int_equal(network.dials, before + 1);
	assert_int_equal(post(url, "10.0.0.0/8").status, 0);
	assert_int_equal(requests, 1);
	assert_int_equal(network.dials, before + 1);
	evhttp_free(http);
}

static void
rebinds(const char *name, unsigned port)
{
	char text[96];
	unsigned before = network.dials;
	struct webhook_target *target;

	snprintf(text, sizeof text, "http://%s:%u/", name, port);
	target = target_of(text, NULL, 2000);
	assert_non_null(target);
	/* The first answer is a public address, which may be dialled (it is not let out of this process). */
	post_to(target);
	assert_int_equal(network.dials, before + 1);
	assert_string_equal(network.last[before % DIALS], "198.41.0.4");
	webhook_target_destroy(target);
	/* A new loop: no answer is remembered. */
	webhook_loop_destroy(loop);
	loop = webhook_loop_create(base);
	nothing_is_dialled(text);
	nothing_is_dialled(text);
}

static void
a_name_that_resolves_to_another_address_is_not_dialled(void **state)
{
	unsigned port;
	struct evhttp *http = listen_somewhere(&port);

	(void)state;
	requests = 0;
	rebinds("rebinds.example", port);
	rebinds("rebinds-to-private.example", port);
	assert_int_equal(requests, 0);
	evhttp_free(http);
}

/* The loop is that of all endpoints, and of the events. */
static void
a_name_server_that_is_silent_holds_up_nobody(void **state)
{
	struct webhook_target *target = target_of("http://slow.example/", NULL, 100);
	struct outcome outcome = post_to(target);
	bool ended;

	(void)state;
	pthread_mutex_lock(&silence.lock);
	ended = silence.ended;
	silence.let_go = true;
	pthread_cond_broadcast(&silence.changed);
	while (!silence.ended)
		pthread_cond_wait(&silence.changed, &silence.lock);
	pthread_mutex_unlock(&silence.lock);
	assert_false(ended);
	assert_int_equal(outcome.status, 0);
	webhook_target_destroy(target);
}

/* libcurl keeps connections for whoever asks for the same host and port. */
static void
a_kept_connection_is_not_lent_to_who_may_not_dial_it(void **state)
{
	unsigned port, before = network.dials;
	struct evhttp *http = listen_somewhere(&port);
	struct webhook_target *may, *may_not;
	struct outcome outcome;
	char url[64];

	(void)state;
	requests = 0;
	snprintf(url, sizeof url, "http://shared.example:%u/", port);
	may = target_of(url, "127.0.0.0/8", 2000);
	may_not = target_of(url, NULL, 2000);
	assert_int_equal(post_to(may).status, 204);
	assert_int_equal(post_to(may).status, 204);
	assert_int_equal(network.dials, before + 1); /* it is kept */
	outcome = post_to(may_not);
	assert_int_equal(outcome.status, 0);
	assert_non_null(strstr(outcome.error, "its address lies in a network"));
	assert_int_equal(requests, 2);
	assert_int_equal(network.dials, before + 1);
	webhook_target_destroy(may);
	webhook_target_destroy(may_not);
	evhttp_free(http);
}

static int
begin(void **state)
{
	(void)state;
	base = event_base_new();
	loop = webhook_loop_create(base);
	return base == NULL || loop == NULL;
}

static int
end(void **state)
{
	(void)state;
	webhook_loop_destroy(loop);
	event_base_free(base);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_spelling_is_dialled),
		cmocka_unit_test(a_url_that_cannot_be_taken_apart_is_refused_at_once),
		cmocka_unit_test(a_request_with_a_url_of_its_own_is_guarded_too),
		cmocka_unit_test(what_is_allowed_is_dialled),
		cmocka_unit_test(a_name_that_resolves_to_another_address_is_not_dialled),
		cmocka_unit_test(a_name_server_that_is_silent_holds_up_nobody),
		cmocka_unit_test(a_kept_connection_is_not_lent_to_who_may_not_dial_it),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
