/* SPDX-License-Identifier: Apache-2.0 */
/* A fast endpoint for tests: takes POSTs on loopback, checks, counts and drops them as it is told.
 *
 *   receiver [--key HEX] [--drop N] [--delay MS] [--record FILE] [--keep FOLDER] [--reply TEXT] [--stamps]
 *
 * Prints its port, then answers lines on its input: `stats` with one line of JSON, `reset` by forgetting all that
 * stats tells; ends with its input. --key verifies signatures (of any of the versions sent); --drop reads every
 * N-th request and closes, without a word or in the middle of its answer; --delay answers so much later; --record
 * writes "nanoseconds id dropped" a request; --keep writes what each signature is of into a file of its own, and an
 * index; --reply is the body of a 200, else it is 204; --stamps reads the customer "t<nanoseconds>" as the moment at which the event was sent. */
#define _GNU_SOURCE /* memmem */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/mem.h"

#define REQUEST_MAX ((size_t)4 << 20)
#define ID_MAX 64
#define READ_SIZE ((size_t)64 << 10)
#define EVENTS 256

struct peer {
	int fd;
	struct buf bytes;
	int64_t answers_at; /* 0: nothing is waiting */
	struct peer *next;  /* in the order of their answers */
};

struct request {
	struct str id, timestamp, signature, body;
	size_t n; /* of all its bytes */
};

static struct {
	uint8_t key[64];
	size_t key_size;
	uint64_t drop;
	int64_t delay; /* ns */
	FILE *record;
	const char *keep;
	FILE *index;
	bool stamps;
	char answer[512];
} options;

static struct {
	uint64_t requests, dropped, bad, distinct; /* distinct ids that were answered */
	int64_t first, last;			   /* ns */
	int64_t *took;				   /* ns, with --stamps */
	size_t took_count, took_cap;
} stats;

static struct {
	char (*ids)[ID_MAX]; /* open addressing; empty: free */
	size_t cap;
} seen;

static int poller;
static struct peer *waiting, **waiting_end = &waiting;

static void
die(const char *what)
{
	perror(what);
	exit(2);
}

static int64_t
now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ---- which ids were answered ---- */

static char *
seen_slot(char (*ids)[ID_MAX], size_t cap, const char *id)
{
	size_t at = hash_bytes(id, strlen(id), (struct hash_seed){1, 2}) & (cap - 1);

	while (ids[at][0] != '\0' && strcmp(ids[at], id) != 0)
		at = (at + 1) & (cap - 1);
	return ids[at];
}

static void
seen_grow(void)
{
	size_t cap = seen.cap == 0 ? 1 << 14 : seen.cap * 2;
	char(*ids)[ID_MAX] = mem_table(cap, ID_MAX);

	for (size_t i = 0; i < seen.cap; i++)
		if (seen.ids[i][0] != '\0')
			memcpy(seen_slot(ids, cap, seen.ids[i]), seen.ids[i], ID_MAX);
	mem_free(seen.ids);
	seen.ids = ids;
	seen.cap = cap;
}

static void
seen_add(struct str id)
{
	char name[ID_MAX] = {0}, *slot;

	memcpy(name, id.p, id.n < ID_MAX ? id.n : ID_MAX - 1);
	if (stats.distinct * 2 >= seen.cap)
		seen_grow();
	slot = seen_slot(seen.ids, seen.cap, name);
	if (slot[0] != '\0')
		return;
	memcpy(slot, name, ID_MAX);
	stats.distinct++;
}

/* ---- one request ---- */

/* The bytes that are signed; said by the standard, and made here without the daemon's help. */
static void
signed_text(struct buf *out, const struct request *request)
{
	buf_str(out, request->id);
	buf_char(out, '.');
	buf_str(out, request->timestamp);
	buf_char(out, '.');
	buf_str(out, request->body);
}

static bool
is_genuine(const struct request *request)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned char text[EVP_MAX_MD_SIZE * 2];
	unsigned sum_size = 0;
	struct buf content = {0};
	struct str left = request->signature;
	size_t n, end;

	signed_text(&content, request);
	HMAC(EVP_sha256(), options.key, (int)options.key_size, (unsigned char *)content.p,
	     content.n, sum, &sum_size);
	buf_finish(&content);
	n = (size_t)EVP_EncodeBlock(text, sum, (int)sum_size);
	for (; left.n > 0; left = str_slice(left, end < left.n ? end + 1 : end, left.n)) {
		for (end = 0; end < left.n && left.p[end] != ' '; end++)
			;
		if (end == n + 3 && memcmp(left.p, "v1,", 3) == 0 &&
		    memcmp(left.p + 3, text, n) == 0)
			return true;
	}
	return false;
}

static void
keep(const struct request *request)
{
	struct buf path = {0}, content = {0};
	FILE *file;

	buf_printf(&path, "%s/%06llu", options.keep, (unsigned long long)stats.requests);
	signed_text(&content, request);
	file = fopen(path.p, "wb");
	if (file == NULL || fwrite(content.p, 1, content.n, file) != content.n ||
	    fclose(file) != 0)
		die(path.p);
	fprintf(options.index, "%06llu %.*s\n", (unsigned long long)stats.requests,
		STR_ARG(request->signature));
	fflush(options.index);
	buf_finish(&path);
	buf_finish(&content);
}

static void
take_stamp(struct str body, int64_t now)
{
	static const char mark[] = "\"customer\":\"t";
	const char *found = memmem(body.p, body.n, mark, sizeof mark - 1);

	if (found == NULL)
		return;
	MEM_RESERVE(stats.took, stats.took_cap, stats.took_count + 1);
	stats.took[stats.took_count++] = now - strtoll(found + sizeof mark - 1, NULL, 10);
}

/* False: it is to be dropped. */
static bool
take_request(const struct request *request)
{
	int64_t now = now_ns();
	bool drops = options.drop > 0 && (stats.requests + 1) % options.drop == 0;

	stats.requests++;
	stats.dropped += drops;
	stats.first = stats.first == 0 ? now : stats.first;
	stats.last = now;
	if (options.key_size > 0 && !is_genuine(request))
		stats.bad++;
	if (!drops)
		seen_add(request->id);
	if (options.stamps)
		take_stamp(request->body, now);
	if (options.keep)
		keep(request);
	if (options.record)
		fprintf(options.record, "%lld %.*s %d\n", (long long)now, STR_ARG(request->id),
			drops);
	return !drops;
}

static void
take_header(struct request *request, struct str line, size_t *length)
{
	static const struct {
		const char *name;
		size_t at;
	} wanted[] = {{"webhook-id:", offsetof(struct request, id)},
		      {"webhook-timestamp:", offsetof(struct request, timestamp)},
		      {"webhook-signature:", offsetof(struct request, signature)}};
	static const char content_length[] = "content-length:";

	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		size_t n = strlen(wanted[i].name);

		if (line.n > n && strncasecmp(line.p, wanted[i].name, n) == 0)
			*(struct str *)((char *)request + wanted[i].at) =
				str_trim(str_slice(line, n, line.n));
	}
	if (line.n > sizeof content_length - 1 &&
	    strncasecmp(line.p, content_length, sizeof content_length - 1) == 0)
		*length = strtoul(line.p + sizeof content_length - 1, NULL, 10);
}

/* request = line *(header) blank body; false while it is not whole. */
static bool
read_request(const struct buf *bytes, struct request *request)
{
	struct str all = buf_view(bytes);
	const char *blank = all.n > 0 ? memmem(all.p, all.n, "\r\n\r\n", 4) : NULL;
	size_t head, length = 0;

	if (blank == NULL)
		return false;
	head = (size_t)(blank - all.p) + 4;
	*request = (struct request){.id = STR(""), .timestamp = STR(""), .signature = STR("")};
	for (size_t from = 0, to; from + 2 < head; from = to + 2) {
		to = from +
		     (size_t)((const char *)memmem(all.p + from, head - from, "\r\n", 2) -
			      (all.p + from));
		take_header(request, str_slice(all, from, to), &length);
	}
	request->n = head + length;
	request->body = (struct str){all.p + head, length};
	return all.n >= request->n;
}

/* ---- connections ---- */

static void
wait_for_answer(struct peer *peer)
{
	peer->answers_at = now_ns() + options.delay;
	peer->next = NULL;
	*waiting_end = peer;
	waiting_end = &peer->next;
}

static void
peer_close(struct peer *peer)
{
	struct peer **link = &waiting;

	while (*link != NULL && *link != peer)
		link = &(*link)->next;
	if (*link == peer && (*link = peer->next) == NULL)
		waiting_end = link;
	close(peer->fd);
	buf_finish(&peer->bytes);
	mem_free(peer);
}

static void
answer(struct peer *peer)
{
	size_t n = strlen(options.answer);

	/* A few bytes always fit; a peer that is gone is found out by the next read. */
	if (send(peer->fd, options.answer, n, MSG_NOSIGNAL) != (ssize_t)n)
		shutdown(peer->fd, SHUT_RDWR);
}

/* libcurl asks again by itself when a kept connection ends without a word, so every second one ends in the middle
 * of its answer. */
static void
drop(const struct peer *peer)
{
	static const char half[] = "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf";

	if (stats.dropped % 2 == 0)
		(void)send(peer->fd, half, sizeof half - 1, MSG_NOSIGNAL);
}

static void
peer_read(struct peer *peer)
{
	struct request request;
	char *space = buf_space(&peer->bytes, READ_SIZE);
	ssize_t got = read(peer->fd, space, READ_SIZE);

	if (got <= 0 || peer->bytes.n + (size_t)got > REQUEST_MAX) {
		peer_close(peer);
		return;
	}
	peer->bytes.n += (size_t)got;
	while (read_request(&peer->bytes, &request)) {
		if (!take_request(&request)) {
			drop(peer);
			peer_close(peer);
			return;
		}
		peer->bytes.n -= request.n;
		memmove(peer->bytes.p, peer->bytes.p + request.n, peer->bytes.n);
		if (options.delay > 0)
			wait_for_answer(peer);
		else
			answer(peer);
	}
}

static void
peer_accept(int listener)
{
	struct epoll_event event = {.events = EPOLLIN};
	struct peer *peer;
	int on = 1, fd = accept(listener, NULL, NULL);

	if (fd < 0)
		return;
	peer = mem_alloc(sizeof *peer);
	peer->fd = fd;
	event.data.ptr = peer;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event) != 0)
		die("epoll_ctl");
}

static int
answer_what_is_due(void)
{
	int64_t now = now_ns();

	while (waiting != NULL && waiting->answers_at <= now) {
		struct peer *peer = waiting;

		waiting = peer->next;
		if (waiting == NULL)
			waiting_end = &waiting;
		answer(peer);
	}
	return waiting == NULL ? -1 : (int)((waiting->answers_at - now) / 1000000) + 1;
}

/* ---- what it is asked ---- */

static int
compare(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
took_ms(double share)
{
	size_t at = (size_t)((double)stats.took_count * share);

	return stats.took_count == 0 ? 0 : (double)stats.took[at] / 1e6;
}

static void
print_stats(void)
{
	struct rusage use;

	getrusage(RUSAGE_SELF, &use);
	if (stats.took_count > 0)
		qsort(stats.took, stats.took_count, sizeof *stats.took, compare);
	printf("{\"requests\":%llu,\"distinct\":%llu,\"dropped\":%llu,\"bad\":%llu,\"seconds\":%.6f,"
	       "\"stamped\":%zu,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f,\"cpu_s\":%.3f}\n",
	       (unsigned long long)stats.requests, (unsigned long long)stats.distinct,
	       (unsigned long long)stats.dropped, (unsigned long long)stats.bad,
	       (double)(stats.last - stats.first) / 1e9, stats.took_count, took_ms(0.5),
	       took_ms(0.99), took_ms(0.999999),
	       (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
		       (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6);
	fflush(stdout);
}

static void
reset(void)
{
	stats.requests = stats.dropped = stats.bad = stats.distinct = 0;
	stats.first = stats.last = 0;
	stats.took_count = 0;
	mem_free(seen.ids);
	seen.ids = NULL;
	seen.cap = 0;
	puts("{}");
	fflush(stdout);
}

/* One letter a line is enough: who asks waits for the answer. */
static void
take_command(void)
{
	char line[256];
	ssize_t n = read(STDIN_FILENO, line, sizeof line);

	if (n <= 0)
		exit(0);
	if (line[0] == 's')
		print_stats();
	else
		reset();
}

/* ---- beginning ---- */

static int
listen_somewhere(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, size) != 0 ||
	    listen(fd, 1024) != 0 || getsockname(fd, (struct sockaddr *)&address, &size) != 0)
		die("listen");
	printf("%u\n", (unsigned)ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

static FILE *
open_to_write(const char *folder, const char *name)
{
	struct buf path = {0};
	FILE *file;

	buf_printf(&path, "%s%s%s", folder, *folder ? "/" : "", name);
	file = fopen(path.p, "w");
	if (file == NULL)
		die(path.p);
	buf_finish(&path);
	return file;
}

static void
take_key(const char *hex)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < n && i < sizeof options.key; i++) {
		char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

		options.key[options.key_size++] = (uint8_t)strtoul(digits, NULL, 16);
	}
}

static void
take_options(int argc, char **argv)
{
	const char *reply = NULL;

	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (strcmp(argv[i], "--stamps") == 0) {
			options.stamps = true;
			continue;
		}
		if (strcmp(argv[i], "--key") == 0)
			take_key(value);
		else if (strcmp(argv[i], "--drop") == 0)
			options.drop = strtoull(value, NULL, 10);
		else if (strcmp(argv[i], "--delay") == 0)
			options.delay = strtoll(value, NULL, 10) * 1000000;
		else if (strcmp(argv[i], "--record") == 0)
			options.record = open_to_write("", value);
		else if (strcmp(argv[i], "--keep") == 0)
			options.index = open_to_write(options.keep = value, "index");
		else if (strcmp(argv[i], "--reply") == 0)
			reply = value;
		else
			exit(2);
		i++;
	}
	if (reply)
		snprintf(options.answer, sizeof options.answer,
			 "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s", strlen(reply),
			 reply);
	else
		snprintf(options.answer, sizeof options.answer,
			 "HTTP/1.1 204 No Content\r\n\r\n");
}

int
main(int argc, char **argv)
{
	struct epoll_event events[EVENTS];
	struct epoll_event event = {.events = EPOLLIN};
	int listener, input = STDIN_FILENO;

	take_options(argc, argv);
	poller = epoll_create1(0);
	listener = listen_somewhere();
	event.data.ptr = &listener;
	if (poller < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event) != 0)
		die("epoll_ctl");
	event.data.ptr = &input;
	if (epoll_ctl(poller, EPOLL_CTL_ADD, STDIN_FILENO, &event) != 0)
		die("epoll_ctl of the input");
	for (;;) {
		int timeout = answer_what_is_due();

		/* Whoever reads the record while nothing more comes sees all of it. */
		if (options.record)
			fflush(options.record);
		int n = epoll_wait(poller, events, EVENTS, timeout);

		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr == &listener)
				peer_accept(listener);
			else if (events[i].data.ptr == &input)
				take_command();
			else
				peer_read(events[i].data.ptr);
		}
	}
}
