/* SPDX-License-Identifier: Apache-2.0 */
/* What was fitted, as JSON. */
#include <math.h>
#include <stdio.h>

#include "app/feed.h"
#include "app/fit.h"
#include "base/json.h"
#include "base/number.h"

/* To the last digit, which buf_number() would cut. */
static void
write_number(struct json *json, const char *key, double number)
{
	struct buf text = {0};

	json_key(json, key);
	if (isfinite(number)) {
		buf_number_exact(&text, number);
		json_raw(json, buf_view(&text));
	} else {
		json_none(json);
	}
	buf_finish(&text);
}

static void
write_day(struct json *json, const char *key, int64_t day)
{
	char text[INSTANT_TEXT];

	print_date(day, text);
	json_key(json, key);
	json_text(json, text);
}

static void
write_parameters(struct json *json, const struct fit_result *result)
{
	struct rhythm_model model = result->model;

	for (unsigned p = 0; p < FIT_PARAMETERS; p++)
		write_number(json, fit_parameter_name((enum fit_parameter)p),
			     *fit_parameter(&model, (enum fit_parameter)p));
	json_key(json, "errors");
	if (!result->has_errors) {
		json_none(json);
		return;
	}
	json_open(json, '{');
	for (unsigned p = 0; p < FIT_PARAMETERS; p++)
		write_number(json, fit_parameter_name((enum fit_parameter)p),
			     result->errors[p]);
	json_close(json, '}');
}

static void
write_bounds(struct json *json, const struct fit_result *result)
{
	json_key(json, "at_bound");
	json_open(json, '[');
	for (unsigned p = 0; p < FIT_PARAMETERS; p++)
		if (((result->high | result->low) >> p & 1) != 0)
			json_text(json, fit_parameter_name((enum fit_parameter)p));
	json_close(json, ']');
}

static void
write_likelihoods(struct json *json, const struct fit_segment *segment)
{
	double weekly = (double)segment->data.repeats * log(7);

	write_number(json, "log_likelihood", segment->result.likelihood);
	write_number(json, "log_likelihood_weeks", segment->result.likelihood + weekly);
	write_number(json, "log_likelihood_other_kind", segment->other);
	json_key(json, "evaluations");
	json_int(json, segment->result.spent);
	json_key(json, "converged");
	json_bool(json, segment->result.found);
}

static void
write_model(const struct fit_job *job, struct json *json, const struct fit_segment *segment)
{
	struct buf text = {0};

	json_open(json, '{');
	json_key(json, "when");
	if (segment->when.n > 0)
		json_str(json, segment->when);
	else
		json_none(json);
	json_key(json, "customers");
	json_int(json, (int64_t)segment->data.customers);
	json_key(json, "repeaters");
	json_int(json, (int64_t)segment->data.repeaters);
	json_key(json, "repeats");
	json_int(json, (int64_t)segment->data.repeats);
	write_parameters(json, &segment->result);
	write_bounds(json, &segment->result);
	write_likelihoods(json, segment);
	write_number(json, "share_left", fit_share_left(segment));
	fit_model_text(job, segment, &text);
	json_key(json, "yaml");
	json_str(json, buf_view(&text));
	json_close(json, '}');
	buf_finish(&text);
}

void
fit_print_json(const struct fit_job *job)
{
	struct buf out = {0};
	struct json json;

	json_init(&json, &out);
	json_open(&json, '{');
	json_key(&json, "signal");
	json_str(&json, job->name);
	json_key(&json, "kind");
	json_text(&json, fit_kind_name(job->kind));
	write_day(&json, "first", job->first);
	write_day(&json, "until", job->until);
	write_day(&json, "fitted", job->fitted);
	json_key(&json, "events");
	json_open(&json, '[');
	for (unsigned i = 0; i < job->events->count; i++)
		json_text(&json, feed_file_name(job->events->items[i]));
	json_close(&json, ']');
	json_key(&json, "rejected");
	json_int(&json, (int64_t)job->rejected);
	json_key(&json, "models");
	json_open(&json, '[');
	for (unsigned i = 0; i < job->segment_count; i++)
		if (job->segments[i].fitted)
			write_model(job, &json, &job->segments[i]);
	write_model(job, &json, &job->rest);
	json_close(&json, ']');
	json_close(&json, '}');
	puts(out.p);
	buf_finish(&out);
}
