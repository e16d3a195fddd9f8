/* SPDX-License-Identifier: Apache-2.0 */
/* Prometheus' text: labels are escaped, buckets add up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "codec/exposition.h"

static void
expect(struct buf *out, const char *text)
{
	assert_string_equal(out->p, text);
	buf_finish(out);
}

static void
a_family_has_a_head_and_its_samples(void **state)
{
	struct buf out = {0};

	(void)state;
	metric_one(&out, "up", "gauge", "1 while it runs", 1);
	metric_one(&out, "seen_total", "counter", "seen", 12345678901234);
	expect(&out, "# HELP churnd_up 1 while it runs\n# TYPE churnd_up gauge\nchurnd_up 1\n"
		     "# HELP churnd_seen_total seen\n# TYPE churnd_seen_total counter\n"
		     "churnd_seen_total 12345678901234\n");
}

static void
values_of_labels_are_escaped(void **state)
{
	const struct metric_label labels[] = {
		{"a", STR("x\\y\"z\n")}, {"b", STR("\xff\xe5\xae\xa2")}, {"c", STR_NONE}};
	struct buf out = {0};

	(void)state;
	metric_row(&out, "x", labels, 3, 0.5);
	expect(&out,
	       "churnd_x{a=\"x\\\\y\\\"z\\n\",b=\"\xef\xbf\xbd\xe5\xae\xa2\",c=\"\"} 0.5\n");
}

static void
buckets_are_cumulative(void **state)
{
	static const int64_t times[] = {0, 5, 6, 99, 100, 10000, 10001, 3600000};
	const struct metric_label label = {"route", STR("/")};
	struct histogram histogram = {0};
	struct buf out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof times / sizeof *times; i++)
		histogram_add(&histogram, times[i]);
	metric_histogram(&out, "t", &label, 1, &histogram);
	expect(&out, "churnd_t_bucket{route=\"/\",le=\"0.005\"} 2\n"
		     "churnd_t_bucket{route=\"/\",le=\"0.01\"} 3\n"
		     "churnd_t_bucket{route=\"/\",le=\"0.025\"} 3\n"
		     "churnd_t_bucket{route=\"/\",le=\"0.1\"} 5\n"
		     "churnd_t_bucket{route=\"/\",le=\"0.25\"} 5\n"
		     "churnd_t_bucket{route=\"/\",le=\"0.5\"} 5\n"
		     "churnd_t_bucket{route=\"/\",le=\"1\"} 5\n"
		     "churnd_t_bucket{route=\"/\",le=\"2.5\"} 5\n"
		     "churnd_t_bucket{route=\"/\",le=\"5\"} 5\n"
		     "churnd_t_bucket{route=\"/\",le=\"10\"} 6\n"
		     "churnd_t_bucket{route=\"/\",le=\"+Inf\"} 8\n"
		     "churnd_t_sum{route=\"/\"} 3620.211\n"
		     "churnd_t_count{route=\"/\"} 8\n");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_family_has_a_head_and_its_samples),
		cmocka_unit_test(values_of_labels_are_escaped),
		cmocka_unit_test(buckets_are_cumulative),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
