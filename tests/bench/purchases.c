/* SPDX-License-Identifier: Apache-2.0 */
/* Writes purchases of customers who each buy at a pace of their own, and leave, as a file of rows.
 *
 *   purchases ndjson|csv CUSTOMERS EVENTS START_MS DAYS >FILE
 *
 * Paces are gamma-mixed, the chance to leave after a purchase is beta-mixed (the world that BG/NBD models describe);
 * customers come over the first half of the days. Rows are cut after EVENTS of them; the same arguments give the same
 * bytes. */
#include <math.h>

#include "bench/bench.h"
#include "unit/lcg.h"

#define DAY_S 86400.0
#define PACE_SHAPE 2
#define PACE_DAYS 20.5 /* between purchases, of the mean pace */
#define LEAVE_A 1.0    /* Beta(1, b): 1 - u^(1/b) */
#define LEAVE_B 24.0
#define BUCKETS 4096 /* of time, sorted one by one */

struct purchase {
	uint32_t second, customer;
};

static struct lcg random_state = {.state = 20240101};

static double
uniform(void)
{
	return ((double)(lcg_next(&random_state) >> 11) + 0.5) / 9007199254740992.0;
}

static double
exponential(void)
{
	return -log(uniform());
}

/* One customer's purchases, in seconds since the start. */
static uint64_t
buy(uint32_t customer, double span, struct purchase *out, uint64_t room)
{
	double pace = 0, leave = 1 - pow(uniform(), LEAVE_A / LEAVE_B);
	double at = uniform() * span / 2;
	uint64_t count = 0;

	for (int i = 0; i < PACE_SHAPE; i++)
		pace += exponential();
	pace *= 1 / (PACE_SHAPE * PACE_DAYS * DAY_S);
	do {
		if (count == room)
			break;
		out[count++] = (struct purchase){(uint32_t)at, customer};
		at += exponential() / pace;
	} while (at < span && uniform() >= leave);
	return count;
}

static int
by_time(const void *a, const void *b)
{
	const struct purchase *x = a, *y = b;

	if (x->second != y->second)
		return x->second < y->second ? -1 : 1;
	return (x->customer > y->customer) - (x->customer < y->customer);
}

/* Buckets of time first, so that sorting stays in the cache. */
static struct purchase *
sort(const struct purchase *list, uint64_t count, uint64_t span)
{
	struct purchase *sorted = malloc((count + 1) * sizeof *sorted);
	uint64_t *starts = calloc(BUCKETS + 2, sizeof *starts);

	if (!sorted || !starts)
		bench_die("malloc");
	for (uint64_t i = 0; i < count; i++)
		starts[list[i].second * (uint64_t)BUCKETS / span + 2]++;
	for (int i = 2; i < BUCKETS + 2; i++)
		starts[i] += starts[i - 1];
	for (uint64_t i = 0; i < count; i++)
		sorted[starts[list[i].second * (uint64_t)BUCKETS / span + 1]++] = list[i];
	for (int i = 0; i < BUCKETS; i++)
		qsort(sorted + starts[i], starts[i + 1] - starts[i], sizeof *sorted, by_time);
	free(starts);
	return sorted;
}

static void
print_row(const struct purchase *purchase, int64_t start_ms, int is_csv)
{
	long long ts = start_ms + (int64_t)purchase->second * 1000;
	int value = 5 + (int)lcg_below(&random_state, 195);

	if (is_csv)
		printf("c%u,order_paid,%lld,%d\n", purchase->customer, ts, value);
	else
		printf("{\"customer\":\"c%u\",\"type\":\"order_paid\",\"ts\":%lld,\"value\":%d}\n",
		       purchase->customer, ts, value);
}

int
main(int argc, char **argv)
{
	if (argc != 6) {
		fputs("usage: purchases ndjson|csv CUSTOMERS EVENTS START_MS DAYS\n", stderr);
		return 2;
	}
	int is_csv = strcmp(argv[1], "csv") == 0;
	uint64_t customers = bench_number(argv[2]), events = bench_number(argv[3]), count = 0;
	uint64_t span = bench_number(argv[5]) * (uint64_t)DAY_S, room = 2 * events + customers;
	struct purchase *list = malloc(room * sizeof *list);

	if (!list)
		bench_die("malloc");
	for (uint64_t i = 0; i < customers; i++)
		count += buy((uint32_t)i, (double)span, list + count, room - count);
	if (count < events) {
		fprintf(stderr, "these customers buy only %llu times\n",
			(unsigned long long)count);
		return 2;
	}
	struct purchase *sorted = sort(list, count, span);

	if (is_csv)
		puts("customer,type,ts,value");
	for (uint64_t i = 0; i < events; i++)
		print_row(&sorted[i], (int64_t)bench_number(argv[4]), is_csv);
	free(list);
	free(sorted);
	return fflush(stdout) == 0 ? 0 : 2;
}
