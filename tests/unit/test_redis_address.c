/* SPDX-License-Identifier: Apache-2.0 */
/* redis.url: what it may say, and what is never repeated. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "io/redis.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct arena arena;

static int
arena_open(void **state)
{
	(void)state;
	arena_init(&arena);
	return 0;
}

static int
arena_close(void **state)
{
	(void)state;
	arena_finish(&arena);
	return 0;
}

static const struct good {
	const char *url, *host, *path;
	int port, db;
	const char *user, *password, *printed;
} goods[] = {
	{"redis://127.0.0.1:6379/0", "127.0.0.1", "", 6379, 0, "", "",
	 "redis://127.0.0.1:6379/0"},
	{"redis://db.example.com", "db.example.com", "", 6379, 0, "", "",
	 "redis://db.example.com:6379/0"},
	{"redis://db:7000/", "db", "", 7000, 0, "", "", "redis://db:7000/0"},
	{"redis://db/12", "db", "", 6379, 12, "", "", "redis://db:6379/12"},
	{"redis://db?db=3", "db", "", 6379, 3, "", "", "redis://db:6379/3"},
	{"redis://[::1]:6380/1", "::1", "", 6380, 1, "", "", "redis://[::1]:6380/1"},
	{"redis://[fe80::1]", "fe80::1", "", 6379, 0, "", "", "redis://[fe80::1]:6379/0"},
	{"redis://churnd@db", "db", "", 6379, 0, "churnd", "", "redis://churnd@db:6379/0"},
	{"redis://:s3cret@db", "db", "", 6379, 0, "", "s3cret", "redis://db:6379/0"},
	{"redis://churnd:s3:cret@db", "db", "", 6379, 0, "churnd", "s3:cret",
	 "redis://churnd@db:6379/0"},
	{"redis://a%40b:p%2F%3a%25%3F@db:1", "db", "", 1, 0, "a@b", "p/:%?",
	 "redis://a@b@db:1/0"},
	{"rediss://db", "db", "", 6379, 0, "", "", "rediss://db:6379/0"},
	{"rediss://churnd:s3cret@[::1]:7/2", "::1", "", 7, 2, "churnd", "s3cret",
	 "rediss://churnd@[::1]:7/2"},
	{"unix:///run/redis.sock", "", "/run/redis.sock", 0, 0, "", "",
	 "unix:///run/redis.sock"},
	{"unix:/run/redis.sock", "", "/run/redis.sock", 0, 0, "", "", "unix:///run/redis.sock"},
	{"unix:///run/redis.sock?db=4", "", "/run/redis.sock", 0, 4, "", "",
	 "unix:///run/redis.sock?db=4"},
	{"unix:///run/a@b%20c", "", "/run/a@b c", 0, 0, "", "", "unix:///run/a@b c"},
	{"unix://u:p@/run/redis.sock", "", "/run/redis.sock", 0, 0, "u", "p",
	 "unix://u@/run/redis.sock"},
};

static void
every_form_of_address_is_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(goods); i++) {
		const struct good *good = &goods[i];
		struct redis_address address;
		struct err err = {""};

		if (!redis_address_parse(&arena, str_of(good->url), &address, &err))
			fail_msg("%s: %s", good->url, err.text);
		assert_true(str_is(address.host, good->host));
		assert_true(str_is(address.path, good->path));
		assert_int_equal(address.port, good->port);
		assert_int_equal(address.db, good->db);
		assert_true(str_is(address.user, good->user));
		assert_true(str_is(address.password, good->password));
		assert_int_equal(address.tls, strncmp(good->url, "rediss:", 7) == 0);
	}
}

static void
what_is_printed_leaves_the_password_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(goods); i++) {
		struct redis_address address;
		struct buf out = {0};

		assert_true(redis_address_parse(&arena, str_of(goods[i].url), &address, NULL));
		redis_address_print(&out, &address);
		assert_string_equal(out.p, goods[i].printed);
		buf_finish(&out);
	}
}

static void
what_is_no_address_is_refused_with_a_sentence(void **state)
{
	static const struct {
		const char *url, *says;
	} rows[] = {
		{"", "must begin with"},
		{"127.0.0.1:6379", "must begin with"},
		{"http://db", "must begin with"},
		{"REDIS://db", "must begin with"},
		{"rediss://", "names no host"},
		{"rediss://u:a@b@db", "%40"},
		{"redis://", "names no host"},
		{"redis://:6379", "names no host"},
		{"redis:///0", "names no host"},
		{"redis://u:p@", "names no host"},
		{"redis://db:0", "port"},
		{"redis://db:65536", "port"},
		{"redis://db:", "port"},
		{"redis://db:6379x", "port"},
		{"redis://::1", "IPv6"},
		{"redis://fe80::1:6379", "IPv6"},
		{"redis://[::1", "IPv6"},
		{"redis://[::1]6379", "IPv6"},
		{"redis://d b", "space"},
		{"redis://db/x", "database"},
		{"redis://db/-1", "database"},
		{"redis://db/65536", "database"},
		{"redis://db/1/2", "database"},
		{"redis://db?db=", "database"},
		{"redis://db?timeout=3", "db=NUMBER"},
		{"redis://u:%zz@db", "hexadecimal"},
		{"redis://u:%4@db", "hexadecimal"},
		{"redis://u:%00@db", "zero byte"},
		{"redis://u:a/b@db", "%2F"},
		{"redis://u:a?b@db", "%3F"},
		{"redis://u:a@b@db", "%40"},
		{"unix://run/redis.sock", "absolute"},
		{"unix://", "absolute"},
		{"unix://u@run", "absolute"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct redis_address address = {.port = 77};
		struct err err = {""};

		if (redis_address_parse(&arena, str_of(rows[i].url), &address, &err))
			fail_msg("%s was taken", rows[i].url);
		if (strstr(err.text, rows[i].says) == NULL)
			fail_msg("%s: %s", rows[i].url, err.text);
		assert_int_equal(address.port, 77);
	}
}

/* Wherever a password was put by mistake. */
static void
no_error_repeats_the_password(void **state)
{
	static const char *const urls[] = {
		"redis://u:hunter2/@db",  "redis://:hunter2",	 "redis://u@h:hunter2",
		"redis://db/hunter2",	  "redis://db?hunter2",	 "hunter2@db:6379",
		"redis://u:hunter2%@db",  "redis://u:hunter2@",	 "unix://u:hunter2@run",
		"redis://u:hunter2@db:x", "rediss://u:hunter2@", "redis://[hunter2",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(urls); i++) {
		struct redis_address address;
		struct err err = {""};

		assert_false(redis_address_parse(&arena, str_of(urls[i]), &address, &err));
		assert_null(strstr(err.text, "hunter2"));
		assert_true(strlen(err.text) > 20);
	}
}

static void
a_path_too_long_for_a_socket_is_refused(void **state)
{
	char url[160] = "unix:///";
	struct redis_address address;
	struct err err;

	(void)state;
	memset(url + 8, 'x', 106);
	assert_true(redis_address_parse(&arena, str_of(url), &address, &err));
	assert_int_equal(address.path.n, 107);
	memset(url + 8, 'x', 107);
	assert_false(redis_address_parse(&arena, str_of(url), &address, &err));
	assert_non_null(strstr(err.text, "107 bytes"));
}

static void
a_host_too_long_for_dns_is_refused(void **state)
{
	char url[300] = "redis://";
	struct redis_address address;
	struct err err;

	(void)state;
	memset(url + 8, 'x', 255);
	assert_true(redis_address_parse(&arena, str_of(url), &address, &err));
	memset(url + 8, 'x', 256);
	assert_false(redis_address_parse(&arena, str_of(url), &address, &err));
	assert_non_null(strstr(err.text, "255 bytes"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_address_is_read),
		cmocka_unit_test(what_is_printed_leaves_the_password_out),
		cmocka_unit_test(what_is_no_address_is_refused_with_a_sentence),
		cmocka_unit_test(no_error_repeats_the_password),
		cmocka_unit_test(a_host_too_long_for_dns_is_refused),
		cmocka_unit_test(a_path_too_long_for_a_socket_is_refused),
	};

	return cmocka_run_group_tests(tests, arena_open, arena_close);
}
