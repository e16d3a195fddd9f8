/* SPDX-License-Identifier: Apache-2.0 */
/* POSTs as fast as a bare libcurl multi loop can: no stream, no signature, no account; what delivery is compared with.
 *
 *   posts URL COUNT CONCURRENCY BYTES
 *
 * Prints one JSON line. Every request has a body of so many bytes and headers of the size of ours. */
#include <curl/curl.h>
#include <event2/event.h>
#include <inttypes.h>

#include "base/mem.h"
#include "bench/bench.h"

static struct {
	const char *url;
	uint64_t count, begun, done;
	char *body;
	long bytes;
	struct event_base *base;
	struct event *timer;
	CURLM *multi;
} posts;

struct slot {
	CURL *easy;
	struct curl_slist *headers;
};

static size_t
ignore(char *bytes, size_t size, size_t count, void *ctx)
{
	(void)bytes, (void)ctx;
	return size * count;
}

static void
slot_go(struct slot *slot)
{
	char line[128];

	curl_slist_free_all(slot->headers);
	snprintf(line, sizeof line, "webhook-id: al_%026llu",
		 (unsigned long long)++posts.begun);
	slot->headers = curl_slist_append(NULL, line);
	slot->headers = curl_slist_append(slot->headers, "webhook-timestamp: 1795255200");
	slot->headers = curl_slist_append(
		slot->headers,
		"webhook-signature: v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	slot->headers = curl_slist_append(slot->headers, "Content-Type: application/json");
	slot->headers = curl_slist_append(slot->headers, "Expect:");
	curl_easy_setopt(slot->easy, CURLOPT_HTTPHEADER, slot->headers);
	curl_multi_add_handle(posts.multi, slot->easy);
}

static void
slot_begin(struct slot *slot)
{
	slot->easy = curl_easy_init();
	curl_easy_setopt(slot->easy, CURLOPT_URL, posts.url);
	curl_easy_setopt(slot->easy, CURLOPT_POST, 1L);
	curl_easy_setopt(slot->easy, CURLOPT_POSTFIELDS, posts.body);
	curl_easy_setopt(slot->easy, CURLOPT_POSTFIELDSIZE, posts.bytes);
	curl_easy_setopt(slot->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(slot->easy, CURLOPT_WRITEFUNCTION, ignore);
	curl_easy_setopt(slot->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(slot->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(slot->easy, CURLOPT_PRIVATE, slot);
	slot_go(slot);
}

static void
take_ends(void)
{
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(posts.multi, &left)) != NULL) {
		struct slot *slot;

		if (message->data.result != CURLE_OK) {
			fprintf(stderr, "%s\n", curl_easy_strerror(message->data.result));
			exit(2);
		}
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&slot);
		curl_multi_remove_handle(posts.multi, slot->easy);
		posts.done++;
		if (posts.begun < posts.count)
			slot_go(slot);
		else if (posts.done == posts.count)
			event_base_loopbreak(posts.base);
	}
}

static void
on_socket(evutil_socket_t fd, short what, void *ctx)
{
	int running;

	(void)ctx;
	curl_multi_socket_action(posts.multi, fd,
				 (what & EV_READ ? CURL_CSELECT_IN : 0) |
					 (what & EV_WRITE ? CURL_CSELECT_OUT : 0),
				 &running);
	take_ends();
}

static void
on_timer(evutil_socket_t fd, short what, void *ctx)
{
	int running;

	(void)fd, (void)what, (void)ctx;
	curl_multi_socket_action(posts.multi, CURL_SOCKET_TIMEOUT, 0, &running);
	take_ends();
}

static int
set_timer(CURLM *multi, long ms, void *ctx)
{
	const struct timeval wait = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	(void)multi, (void)ctx;
	return ms < 0 ? evtimer_del(posts.timer) : evtimer_add(posts.timer, &wait);
}

static int
watch(CURL *easy, curl_socket_t fd, int what, void *ctx, void *watching)
{
	struct event *event = watching;

	(void)easy, (void)ctx;
	if (event != NULL)
		event_free(event);
	event = NULL;
	if (what != CURL_POLL_REMOVE) {
		event = event_new(posts.base, fd,
				  (short)((what & CURL_POLL_IN ? EV_READ : 0) |
					  (what & CURL_POLL_OUT ? EV_WRITE : 0) | EV_PERSIST),
				  on_socket, NULL);
		event_add(event, NULL);
	}
	curl_multi_assign(posts.multi, fd, event);
	return 0;
}

int
main(int argc, char **argv)
{
	uint64_t concurrency;
	double begun;

	if (argc != 5) {
		fputs("usage: posts URL COUNT CONCURRENCY BYTES\n", stderr);
		return 2;
	}
	posts.url = argv[1];
	posts.count = bench_number(argv[2]);
	concurrency = bench_number(argv[3]);
	posts.bytes = (long)bench_number(argv[4]);
	posts.body = mem_alloc((size_t)posts.bytes + 1);
	memset(posts.body, 'x', (size_t)posts.bytes);
	posts.base = event_base_new();
	posts.timer = evtimer_new(posts.base, on_timer, NULL);
	posts.multi = curl_multi_init();
	curl_multi_setopt(posts.multi, CURLMOPT_SOCKETFUNCTION, watch);
	curl_multi_setopt(posts.multi, CURLMOPT_TIMERFUNCTION, set_timer);
	begun = bench_seconds();
	for (uint64_t i = 0; i < concurrency && i < posts.count; i++)
		slot_begin(mem_alloc(sizeof(struct slot)));
	event_base_dispatch(posts.base);
	printf("{\"bench\":\"posts\",\"posts\":%" PRIu64 ",\"seconds\":%.6f,\"cpu_s\":%.3f}\n",
	       posts.done, bench_seconds() - begun, bench_cpu_seconds());
	return posts.done == posts.count ? 0 : 2;
}
