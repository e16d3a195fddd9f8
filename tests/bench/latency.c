/* SPDX-License-Identifier: Apache-2.0 */
/* From XADD to the POST that it causes: a prober and the endpoint that its alerts come to, in one process.
 *
 *   latency SOCKET KEY PROBES EVENTS_PER_S
 *
 * Prints the endpoint's port, waits for a line, sends PROBES events one by one (type bench_probe, each of a new
 * customer), and prints one JSON line; EVENTS_PER_S others go into the stream meanwhile. With 0 probes it is an
 * endpoint and nothing else, until its input ends. */
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "bench/traffic.h"

#define PEERS 64
#define REQUEST_MAX 65536
#define PROBES_MAX 100000
#define PATIENCE_S 10

struct peer {
	int fd;
	size_t n;
	char bytes[REQUEST_MAX];
};

static struct {
	pthread_mutex_t lock;
	pthread_cond_t came;
	double at[PROBES_MAX]; /* when the POST of a probe had come; 0: not yet */
	uint64_t posts;
} endpoint = {.lock = PTHREAD_MUTEX_INITIALIZER, .came = PTHREAD_COND_INITIALIZER};

/* ---- the endpoint ---- */

static void
take_body(const char *body, const char *end)
{
	static const char mark[] = "\"customer\":\"probe-";
	double now = bench_seconds();

	pthread_mutex_lock(&endpoint.lock);
	endpoint.posts++;
	for (const char *p = body; p + sizeof mark + 8 < end; p++) {
		if (*p != '"' || memcmp(p, mark, sizeof mark - 1) != 0)
			continue;
		uint64_t probe = bench_number(p + sizeof mark - 1);

		if (probe < PROBES_MAX && endpoint.at[probe] <= 0) {
			endpoint.at[probe] = now;
			pthread_cond_signal(&endpoint.came);
		}
		break;
	}
	pthread_mutex_unlock(&endpoint.lock);
}

/* Bytes of the whole request at the beginning of the buffer; 0: not all of it is here. */
static size_t
request_length(const struct peer *peer, const char **body)
{
	static const char field[] = "\r\ncontent-length:", blank[] = "\r\n\r\n";
	size_t length = 0, matched = 0, blanks = 0;

	for (size_t i = 0; i < peer->n; i++) {
		char c = peer->bytes[i];

		c = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
		matched = c == field[matched] ? matched + 1 : c == '\r';
		if (matched == sizeof field - 1) {
			length = bench_number(peer->bytes + i + 1);
			matched = 0;
		}
		blanks = c == blank[blanks] ? blanks + 1 : c == '\r';
		if (blanks == sizeof blank - 1) {
			*body = peer->bytes + i + 1;
			return i + 1 + length <= peer->n ? i + 1 + length : 0;
		}
	}
	return 0;
}

static void
peer_answer(struct peer *peer)
{
	static const char answer[] = "HTTP/1.1 204 No Content\r\n\r\n";
	const char *body = NULL;
	size_t n;

	while ((n = request_length(peer, &body)) > 0) {
		take_body(body, peer->bytes + n);
		bench_send(peer->fd, answer, sizeof answer - 1);
		peer->n -= n;
		memmove(peer->bytes, peer->bytes + n, peer->n);
	}
}

static void
peer_read(struct peer *peer)
{
	ssize_t got = read(peer->fd, peer->bytes + peer->n, REQUEST_MAX - 1 - peer->n);

	if (got <= 0) {
		close(peer->fd);
		*peer = (struct peer){.fd = -1};
		return;
	}
	peer->n += (size_t)got;
	peer->bytes[peer->n] = '\0';
	peer_answer(peer);
}

static void
peer_accept(struct peer *peers, int listener)
{
	int fd = accept(listener, NULL, NULL);

	for (unsigned i = 0; i < PEERS; i++) {
		if (peers[i].fd < 0) {
			peers[i].fd = fd;
			return;
		}
	}
	close(fd);
}

static void *
serve(void *ctx)
{
	static struct peer peers[PEERS];
	struct pollfd polls[PEERS + 1];
	int listener = *(const int *)ctx;

	for (unsigned i = 0; i < PEERS; i++)
		peers[i].fd = -1;
	for (;;) {
		for (unsigned i = 0; i < PEERS; i++)
			polls[i] = (struct pollfd){.fd = peers[i].fd, .events = POLLIN};
		polls[PEERS] = (struct pollfd){.fd = listener, .events = POLLIN};
		if (poll(polls, PEERS + 1, -1) < 0)
			bench_die("poll");
		for (unsigned i = 0; i < PEERS; i++)
			if (polls[i].fd >= 0 && polls[i].revents != 0)
				peer_read(&peers[i]);
		if (polls[PEERS].revents != 0)
			peer_accept(peers, listener);
	}
	return NULL;
}

static int
listen_somewhere(unsigned *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, size) != 0 ||
	    listen(fd, 64) != 0 || getsockname(fd, (struct sockaddr *)&address, &size) != 0)
		bench_die("listen");
	*port = ntohs(address.sin_port);
	return fd;
}

/* ---- what goes into the stream ---- */

static char *
xadd(char *out, const char *key, const char *customer, const char *type)
{
	memcpy(out, "*9\r\n", 4);
	out = bench_text(out + 4, "XADD");
	out = bench_text(bench_text(out, key), "*");
	out = bench_text(bench_text(out, "customer"), customer);
	out = bench_text(bench_text(out, "type"), type);
	return bench_text(bench_text(out, "value"), "1");
}

static void
pause_us(uint64_t us)
{
	const struct timespec wait = {.tv_sec = (time_t)(us / 1000000),
				      .tv_nsec = (long)(us % 1000000 * 1000)};

	nanosleep(&wait, NULL);
}

static struct {
	const char *path, *key;
	uint64_t rate; /* events a second */
	atomic_bool enough;
	uint64_t sent;
	double seconds;
} background;

/* As many as are due by the clock, at most a thousand at a time. */
static uint64_t
background_send(int fd, uint64_t due)
{
	static char bytes[1000 * 256];
	struct traffic traffic = {200000, 1, 0, 1};
	struct traffic_event event;
	char *out = bytes;
	uint64_t now = due - background.sent < 1000 ? due - background.sent : 1000;

	for (uint64_t i = 0; i < now; i++) {
		traffic_event(&traffic, background.sent + i, &event);
		out = xadd(out, background.key, event.customer, event.type);
	}
	bench_send(fd, bytes, (size_t)(out - bytes));
	bench_await_bulks(fd, (int64_t)now);
	return now;
}

static void *
background_run(void *ctx)
{
	int fd = bench_connect(background.path);
	double begun = bench_seconds();

	(void)ctx;
	while (!atomic_load(&background.enough)) {
		uint64_t due = (uint64_t)((bench_seconds() - begun) * (double)background.rate);

		if (due > background.sent)
			background.sent += background_send(fd, due);
		pause_us(1000);
	}
	background.seconds = bench_seconds() - begun;
	close(fd);
	return NULL;
}

/* ---- the probes ---- */

/* Seconds from before XADD to the whole POST. */
static double
probe_send(int fd, const char *key, uint64_t probe)
{
	char command[256], customer[32], answer[256];
	struct timespec until;
	double begun, came;

	snprintf(customer, sizeof customer, "probe-%06" PRIu64, probe);
	size_t n = (size_t)(xadd(command, key, customer, "bench_probe") - command);

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_S;
	begun = bench_seconds();
	bench_send(fd, command, n);
	(void)bench_receive(fd, answer, sizeof answer);
	pthread_mutex_lock(&endpoint.lock);
	while (endpoint.at[probe] <= 0)
		if (pthread_cond_timedwait(&endpoint.came, &endpoint.lock, &until) != 0)
			break;
	came = endpoint.at[probe];
	pthread_mutex_unlock(&endpoint.lock);
	if (came <= 0) {
		fprintf(stderr, "the POST of probe %" PRIu64 " has not come: XADD said %.60s\n",
			probe, answer);
		exit(1);
	}
	return came - begun;
}

static int
compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
probes_run(const char *path, const char *key, uint64_t probes)
{
	static double took[PROBES_MAX];
	int fd = bench_connect(path);

	for (uint64_t i = 0; i < probes; i++) {
		pause_us(1000 + traffic_random(i) % 4000);
		took[i] = probe_send(fd, key, i);
	}
	qsort(took, probes, sizeof *took, compare);
	atomic_store(&background.enough, true);
	printf("{\"bench\":\"latency\",\"probes\":%" PRIu64 ",\"p50_ms\":%.3f,\"p90_ms\":%.3f,"
	       "\"p99_ms\":%.3f,\"max_ms\":%.3f",
	       probes, took[probes / 2] * 1e3, took[probes * 9 / 10] * 1e3,
	       took[probes * 99 / 100] * 1e3, took[probes - 1] * 1e3);
}

int
main(int argc, char **argv)
{
	pthread_t server, producer;
	uint64_t probes;
	char line[64];
	unsigned port;
	int listener;

	if (argc != 5 || (probes = bench_number(argv[3])) > PROBES_MAX) {
		fputs("usage: latency SOCKET KEY PROBES EVENTS_PER_S\n", stderr);
		return 2;
	}
	listener = listen_somewhere(&port);
	printf("%u\n", port);
	fflush(stdout);
	pthread_create(&server, NULL, serve, &listener);
	if (!fgets(line, sizeof line, stdin) || probes == 0)
		return 0;
	background.path = argv[1];
	background.key = argv[2];
	background.rate = bench_number(argv[4]);
	pthread_create(&producer, NULL, background_run, NULL);
	if (background.rate > 0)
		pause_us(1000000); /* until it flows */
	probes_run(argv[1], argv[2], probes);
	pthread_join(producer, NULL);
	printf(",\"background_per_s\":%.0f,\"cpu_s\":%.3f}\n",
	       (double)background.sent / background.seconds, bench_cpu_seconds());
	return 0;
}
