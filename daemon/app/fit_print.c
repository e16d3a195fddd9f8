/* SPDX-License-Identifier: Apache-2.0 */
/* Prints what was fitted: a block to paste into the rule file, with what it says in words. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "app/feed.h"
#include "app/fit.h"
#include "base/number.h"

#define YEAR 365.0
#define BETTER 2.0 /* of log-likelihood: then the other kind is worth a word */

const char *
fit_kind_name(enum rhythm_kind kind)
{
	return kind == RHYTHM_BG_NBD ? "bg_nbd" : "mbg_nbd";
}

/* ---- the model ---- */

static void
add_day(struct buf *out, const char *key, int64_t day)
{
	char text[INSTANT_TEXT];

	print_date(day, text);
	buf_printf(out, ", %s: %s", key, text);
}

/* In YAML's quotes, in which its own is doubled. */
static void
add_when(struct buf *out, struct str when)
{
	buf_text(out, "when: '");
	for (size_t i = 0; i < when.n; i++) {
		buf_char(out, when.p[i]);
		if (when.p[i] == '\'')
			buf_char(out, '\'');
	}
	buf_text(out, "', ");
}

void
fit_model_text(const struct fit_job *job, const struct fit_segment *segment, struct buf *out)
{
	struct rhythm_model model = segment->rounded;

	buf_char(out, '{');
	if (segment->when.n > 0)
		add_when(out, segment->when);
	buf_printf(out, "kind: %s", fit_kind_name(model.kind));
	for (unsigned p = 0; p < FIT_PARAMETERS; p++) {
		buf_printf(out, ", %s: ", fit_parameter_name((enum fit_parameter)p));
		buf_number_exact(out, *fit_parameter(&model, (enum fit_parameter)p));
	}
	add_day(out, "fitted", job->fitted);
	add_day(out, "until", job->until);
	buf_char(out, '}');
}

/* ---- in words ---- */

static void
say_data(const struct fit_job *job, const struct fit_segment *segment)
{
	const struct fit_data *data = &segment->data;

	printf(job->ctl->zh ? "客户 %" PRIu64 " 个，其中 %" PRIu64 " 个再次来过"
			    : "%" PRIu64 " customers, %" PRIu64 " of whom came back",
	       data->customers, data->repeaters);
	if (segment == &job->rest && job->segment_count > 0)
		fputs(job->ctl->zh ? job->rest_is_all ? "；适用于其余客户，按全部客户拟合"
						      : "；适用于其余客户"
		      : job->rest_is_all ? "; for all others, fitted to all customers"
					 : "; for all others",
		      stdout);
}

static void
say_likelihood(const struct fit_job *job, const struct fit_segment *segment)
{
	double weekly = (double)segment->data.repeats * log(7);

	printf(job->ctl->zh ? "对数似然：按天 %.3f，按周 %.3f"
			    : "log-likelihood %.3f in days, %.3f in weeks",
	       segment->likelihood, segment->likelihood + weekly);
	if (segment->other > segment->result.likelihood + BETTER)
		printf(job->ctl->zh ? ";--kind %s 约高 %.0f"
				    : "; --kind %s is better by about %.0f",
		       fit_kind_name(fit_other_kind(job->kind)),
		       segment->other - segment->result.likelihood);
}

/* A customer who has not left comes at a rate of gamma(r, alpha): half come within alpha (2^(1/r) - 1). */
static void
say_rhythm(const struct fit_job *job, const struct fit_segment *segment)
{
	const struct rhythm_model *model = &segment->rounded;
	double half = model->alpha * (exp2(1 / model->r) - 1);
	double lost = rhythm_silent(model, (struct rhythm){0, 0}, 0, YEAR);

	printf(job->ctl->zh
		       ? "新客户中 %.0f%% 一年内不再来；此刻已离开的约占 %.0f%%"
		       : "of new ones %.0f %% do not come back within a year; about %.0f %% have "
			 "left by now",
	       100 * lost, 100 * fit_share_left(segment));
	if (half < 10 * YEAR)
		printf(job->ctl->zh ? "；未离开的有一半在 %.3g 天内再来"
				    : "; of those who stay half come again within %.3g days",
		       half);
}

/* Parameters that ran to their bound: what the customers lack for them. */
static const struct {
	unsigned high, low;
	const char *en, *zh;
} limits[] = {
	{1U << FIT_R | 1U << FIT_ALPHA, 0,
	 "these customers hardly differ in how often they come: r stands at its bound",
	 "这些客户来的频率几乎相同：r 已到边界"},
	{1U << FIT_B, 1U << FIT_A,
	 "hardly any of them leaves for good: a and b are no measured figures",
	 "几乎没有客户彻底离开：a 与 b 并非实测"},
	{1U << FIT_A, 0,
	 "these customers hardly differ in how readily they leave: a and b are known as their "
	 "ratio only",
	 "这些客户离开的倾向几乎相同：a 与 b 只有比值可信"},
	{0, 1U << FIT_B,
	 "some leave at once and the others never: a longer history would say more",
	 "有的立即离开，有的从不离开：更长的历史会更清楚"},
};

static const char *
limit_text(const struct fit_job *job, const struct fit_result *result)
{
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
		if (((result->high & limits[i].high) | (result->low & limits[i].low)) != 0)
			return job->ctl->zh ? limits[i].zh : limits[i].en;
	return NULL;
}

static void
say_all(const struct fit_job *job, const struct fit_segment *segment)
{
	const char *limit = limit_text(job, &segment->result);

	fputs("  # ", stdout);
	say_data(job, segment);
	fputs("\n  # ", stdout);
	say_likelihood(job, segment);
	fputs("\n  # ", stdout);
	say_rhythm(job, segment);
	if (limit != NULL)
		printf("\n  # %s", limit);
	putchar('\n');
}

/* ---- the block ---- */

static void
print_files(const struct fit_job *job)
{
	char first[INSTANT_TEXT], until[INSTANT_TEXT];

	print_date(job->first, first);
	print_date(job->until, until);
	printf(job->ctl->zh ? "  # %s 至 %s 的事件，来自" : "  # events from %s to %s, of",
	       first, until);
	for (unsigned i = 0; i < job->events->count; i++)
		printf("%s %s", i > 0 ? "," : "", feed_file_name(job->events->items[i]));
	putchar('\n');
}

static void
print_model(const struct fit_job *job, const struct fit_segment *segment, const char *before)
{
	struct buf text = {0};

	say_all(job, segment);
	fit_model_text(job, segment, &text);
	printf("  %s %s\n", before, text.p);
	buf_finish(&text);
}

void
fit_print(const struct fit_job *job)
{
	struct buf key = {0};

	puts("models:");
	print_files(job);
	if (job->segment_count == 0) {
		buf_printf(&key, "%.*s:", STR_ARG(job->name));
		print_model(job, &job->rest, key.p);
		buf_finish(&key);
		return;
	}
	printf("  %.*s:\n", STR_ARG(job->name));
	for (unsigned i = 0; i < job->segment_count; i++)
		if (job->segments[i].fitted)
			print_model(job, &job->segments[i], "-");
	print_model(job, &job->rest, "-");
}
