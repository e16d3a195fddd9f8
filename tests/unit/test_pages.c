/* SPDX-License-Identifier: Apache-2.0 */
/* Huge pages that are touched before they are asked for: by hand, by a thread, and while many records are loaded. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <cmocka.h>

#include "base/mem.h"
#include "io/pages.h"
#include "io/shard.h"
#include "support/redis_server.h"
#include "support/redis_watch.h"

/* Our threads, and of these those that are nicer than we are. */
static unsigned
threads_of(bool nicer)
{
	DIR *folder = opendir("/proc/self/task");
	int ours = getpriority(PRIO_PROCESS, 0);
	unsigned count = 0;

	assert_non_null(folder);
	for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
		count +=
			entry->d_name[0] != '.' &&
			(!nicer || getpriority(PRIO_PROCESS, (id_t)atoi(entry->d_name)) > ours);
	closedir(folder);
	return count;
}

static unsigned
threads(void)
{
	return threads_of(false);
}

static void
fill(void)
{
	while (mem_page_ahead())
		;
	assert_int_equal(mem_pages_waiting(), MEM_PAGES_AHEAD);
}

static void
table_of_a_huge_page_is_one_that_waits(void **state)
{
	char *tables[MEM_PAGES_AHEAD + 1];

	(void)state;
	fill();
	for (unsigned i = 0; i <= MEM_PAGES_AHEAD; i++) {
		tables[i] = mem_table(1, MEM_HUGE_PAGE);
		assert_int_equal((uintptr_t)tables[i] % MEM_HUGE_PAGE, 0);
		for (size_t at = 0; at < MEM_HUGE_PAGE; at++)
			if (tables[i][at] != 0)
				fail_msg("byte %zu of table %u is not 0", at, i);
		memset(tables[i], 'x', MEM_HUGE_PAGE);
		assert_int_equal(mem_pages_waiting(),
				 i < MEM_PAGES_AHEAD ? MEM_PAGES_AHEAD - 1 - i : 0);
	}
	for (unsigned i = 0; i <= MEM_PAGES_AHEAD; i++)
		mem_free(tables[i]);
}

static void
table_of_another_size_is_none_of_them(void **state)
{
	static const size_t sizes[] = {64, MEM_HUGE_PAGE - 64, MEM_HUGE_PAGE + 1,
				       2 * MEM_HUGE_PAGE};

	(void)state;
	fill();
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		mem_free(mem_table(1, sizes[i]));
		assert_int_equal(mem_pages_waiting(), MEM_PAGES_AHEAD);
	}
	mem_pages_drop();
	assert_int_equal(mem_pages_waiting(), 0);
}

static void
await_full(void)
{
	const struct timespec wait = {.tv_nsec = 1000000};

	for (unsigned ms = 0; mem_pages_waiting() < MEM_PAGES_AHEAD; ms++) {
		assert_in_range(ms, 0, 60000);
		nanosleep(&wait, NULL);
	}
}

static void
thread_makes_up_for_what_is_taken_and_leaves_nothing(void **state)
{
	unsigned before = threads();
	struct pages *pages = pages_begin();

	(void)state;
	assert_non_null(pages);
	assert_int_equal(threads(), before + 1);
	for (unsigned i = 0; i < 3; i++) {
		await_full();
		mem_free(mem_table(1, MEM_HUGE_PAGE));
	}
	assert_int_equal(threads_of(true), getpriority(PRIO_PROCESS, 0) < 19);
	pages_end(pages);
	assert_int_equal(threads(), before);
	assert_int_equal(mem_pages_waiting(), 0);
	pages_end(NULL);
}

/* ---- while records are loaded ---- */

struct loading {
	struct shard_load *load;
	unsigned before, most; /* threads */
	unsigned shared, records, shards, ended;
};

static void
on_ahead(void *ctx, struct str id)
{
	(void)ctx, (void)id;
}

static void
on_shared(void *ctx, struct str id, struct str bytes)
{
	struct loading *loading = ctx;

	assert_true(str_is(id, "id") && str_is(bytes, "bytes"));
	assert_int_equal(loading->records, 0);
	loading->shared++;
}

static void
on_record(void *ctx, struct str id, struct str bytes)
{
	struct loading *loading = ctx;

	(void)id, (void)bytes;
	loading->records++;
}

static void
on_shard(void *ctx, unsigned shards)
{
	struct loading *loading = ctx;
	unsigned now = threads();

	loading->shards = shards;
	if (now > loading->most)
		loading->most = now;
}

static void
on_done(void *ctx)
{
	struct loading *loading = ctx;

	loading->ended = 1;
}

static void
on_fail(void *ctx, const char *why, bool passing)
{
	(void)ctx, (void)passing;
	fail_msg("%s", why);
}

static void
fill_shards(struct redis_watch *watch, const char *each)
{
	static const char script[] =
		"for i = 0, 1023 do for j = 1, tonumber(ARGV[1]) do "
		"redis.call('HSET', 'p:state:' .. i, i .. ':' .. j, 'x') end end "
		"redis.call('HSET', 'p:state:shared', 'id', 'bytes') return 'OK'";
	struct err err;

	assert_non_null(
		redis_call(watch->redis, &watch->arena, &err, "EVAL", script, "0", each, NULL));
}

static void
load_begin(struct loading *loading, struct redis_watch *watch)
{
	*loading = (struct loading){.before = threads()};
	loading->most = loading->before;
	loading->load =
		shard_load_begin(watch->redis, STR("p:"),
				 (struct shard_hooks){loading, on_ahead, on_shared, on_record,
						      on_shard, on_done, on_fail});
}

static void
check_left(const struct loading *loading)
{
	assert_int_equal(threads(), loading->before);
	assert_int_equal(mem_pages_waiting(), 0);
}

static void
load_all(struct loading *loading, struct redis_watch *watch, unsigned each)
{
	load_begin(loading, watch);
	redis_watch_until(watch, &loading->ended, 1);
	assert_int_equal(loading->shared, 1);
	assert_int_equal(loading->records, SHARD_COUNT * each);
	check_left(loading);
}

static void
many_records_have_a_thread_beside_them_and_few_have_none(void **state)
{
	struct redis_server *server = redis_server_create(NULL);
	struct redis_watch watch;
	struct loading loading;

	(void)state;
	redis_server_start(server);
	redis_watch_init(&watch, event_base_new(), redis_server_url(server));
	redis_watch_up(&watch);
	fill_shards(&watch, "20");
	load_all(&loading, &watch, 20);
	assert_int_equal(loading.most, loading.before);
	fill_shards(&watch, "200");
	load_all(&loading, &watch, 200);
	assert_int_equal(loading.most, loading.before + 1);
	load_begin(&loading, &watch);
	redis_watch_until(&watch, &loading.shards, 20);
	assert_int_equal(threads(), loading.before + 1);
	redis_watch_finish(&watch);
	shard_load_drop(loading.load);
	check_left(&loading);
	redis_server_destroy(server);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_of_a_huge_page_is_one_that_waits),
		cmocka_unit_test(table_of_another_size_is_none_of_them),
		cmocka_unit_test(thread_makes_up_for_what_is_taken_and_leaves_nothing),
		cmocka_unit_test(many_records_have_a_thread_beside_them_and_few_have_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
