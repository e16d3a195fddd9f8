/* SPDX-License-Identifier: Apache-2.0 */
/* Writes what Prometheus reads. */
#include "codec/exposition.h"

#include <string.h>

#include "base/number.h"

#define PREFIX "churnd_"

static const struct {
	int64_t ms;
	const char *le; /* seconds */
} bounds[HISTOGRAM_BOUNDS] = {
	{5, "0.005"}, {10, "0.01"}, {25, "0.025"}, {100, "0.1"}, {250, "0.25"},
	{500, "0.5"}, {1000, "1"},  {2500, "2.5"}, {5000, "5"},	 {10000, "10"},
};

/* label-value = *( any but "\", DQUOTE, LF | "\\" | "\" DQUOTE | "\n" ) in UTF-8 */
static void
put_value(struct buf *out, struct str value)
{
	for (size_t i = 0, n; i < value.n; i += n) {
		n = utf8_char(value, i);
		if (n == 0) {
			buf_text(out, "\xef\xbf\xbd");
			n = 1;
		} else if (value.p[i] == '\n') {
			buf_text(out, "\\n");
		} else {
			if (value.p[i] == '\\' || value.p[i] == '"')
				buf_char(out, '\\');
			buf_add(out, value.p + i, n);
		}
	}
}

static void
put_labels(struct buf *out, const struct metric_label *labels, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		buf_printf(out, "%c%s=\"", i > 0 ? ',' : '{', labels[i].name);
		put_value(out, labels[i].value);
		buf_char(out, '"');
	}
	if (count > 0)
		buf_char(out, '}');
}

void
metric_head(struct buf *out, const char *name, const char *kind, const char *help)
{
	buf_printf(out, "# HELP " PREFIX "%s %s\n# TYPE " PREFIX "%s %s\n", name, help, name,
		   kind);
}

static void
put_sample(struct buf *out, const char *name, const char *suffix,
	   const struct metric_label *labels, unsigned count, double value)
{
	buf_printf(out, PREFIX "%s%s", name, suffix);
	put_labels(out, labels, count);
	buf_char(out, ' ');
	buf_number_exact(out, value);
	buf_char(out, '\n');
}

void
metric_row(struct buf *out, const char *name, const struct metric_label *labels, unsigned count,
	   double value)
{
	put_sample(out, name, "", labels, count, value);
}

void
metric_one(struct buf *out, const char *name, const char *kind, const char *help, double value)
{
	metric_head(out, name, kind, help);
	metric_row(out, name, NULL, 0, value);
}

void
histogram_add(struct histogram *histogram, int64_t ms)
{
	unsigned i = 0;

	while (i < HISTOGRAM_BOUNDS && ms > bounds[i].ms)
		i++;
	histogram->counts[i]++;
	histogram->sum += (double)ms / 1000;
}

#define LABELS_MAX 8

void
metric_histogram(struct buf *out, const char *name, const struct metric_label *labels,
		 unsigned count, const struct histogram *histogram)
{
	struct metric_label with_le[LABELS_MAX];
	uint64_t sum = 0;

	if (count > 0)
		memcpy(with_le, labels, count * sizeof *labels);
	for (unsigned i = 0; i <= HISTOGRAM_BOUNDS; i++) {
		const char *le = i < HISTOGRAM_BOUNDS ? bounds[i].le : "+Inf";

		sum += histogram->counts[i];
		with_le[count] = (struct metric_label){"le", str_of(le)};
		put_sample(out, name, "_bucket", with_le, count + 1, (double)sum);
	}
	put_sample(out, name, "_sum", labels, count, histogram->sum);
	put_sample(out, name, "_count", labels, count, (double)sum);
}
