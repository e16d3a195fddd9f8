/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl fit --score: weights of named expressions, learnt from what came of customers, as a rule file. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "app/fit_score.h"
#include "base/number.h"
#include "lang/expr.h"

/* ---- options ---- */

static bool
take_until(const char *text, int64_t *day)
{
	if (text)
		return past_read_day("--until", text, day);
	(void)ctl_fail(STATUS_USAGE,
		       "--until is missing: the last day of the history that may be seen");
	return false;
}

static bool
take_lambda(const char *text, double *out)
{
	if (!text || (parse_number(str_of(text), out) && *out >= 1e-8 && *out <= 1e8))
		return true;
	(void)ctl_fail(STATUS_USAGE, "--lambda takes 1e-8 to 1e8, not \"%s\"", text);
	return false;
}

static bool
check_name(const char *name)
{
	if (expr_name_ok(str_of(name)))
		return true;
	(void)ctl_fail(STATUS_USAGE, "--name %s: an expression could not name it", name);
	return false;
}

/* `--score` with nothing behind it stands for the default list. */
static void
give_default(int argc, char **argv)
{
	static char given[] = "--score=default";

	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--score") == 0 &&
		    (i + 1 == argc || strncmp(argv[i + 1], "--", 2) == 0))
			argv[i] = given;
}

bool
fit_score_asked(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], "--score", 7) == 0 && (!argv[i][7] || argv[i][7] == '='))
			return true;
	return false;
}

static bool
take_wish(int argc, char **argv, struct score_wish *wish)
{
	const char *horizon = NULL, *every = NULL, *days = NULL, *until = NULL, *lambda = NULL;
	const struct option options[] = {
		{"--score", OPTION_TEXT, {.text = &wish->list}},
		{"--rules", OPTION_LIST, {.list = &wish->rules}},
		{"--events", OPTION_LIST, {.list = &wish->events}},
		{"--signal", OPTION_TEXT, {.text = &wish->churn.signal}},
		{"--horizon", OPTION_TEXT, {.text = &horizon}},
		{"--min-days", OPTION_TEXT, {.text = &days}},
		{"--churned", OPTION_TEXT, {.text = &wish->churn.churned}},
		{"--among", OPTION_TEXT, {.text = &wish->among}},
		{"--until", OPTION_TEXT, {.text = &until}},
		{"--every", OPTION_TEXT, {.text = &every}},
		{"--lambda", OPTION_TEXT, {.text = &lambda}},
		{"--name", OPTION_TEXT, {.text = &wish->name}},
		{"--out", OPTION_TEXT, {.text = &wish->out}},
	};
	give_default(argc, argv);
	if (!options_take(options, sizeof options / sizeof *options, &argc, argv))
		return false;
	if (argc != 1 || wish->rules.count == 0 || wish->events.count == 0) {
		(void)ctl_usage("fit");
		return false;
	}
	return past_read_days("--horizon", horizon, 400, &wish->churn.horizon) &&
	       past_read_days("--every", every, 366, &wish->every) &&
	       past_read_count("--min-days", days, 1, 1000, &wish->churn.min_days) &&
	       take_until(until, &wish->until) && take_lambda(lambda, &wish->lambda) &&
	       check_name(wish->name);
}

/* ---- the whole ---- */

static enum status
write_out(const char *path, struct str text)
{
	FILE *file = path ? fopen(path, "we") : stdout;
	bool good = file && fwrite(text.p, 1, text.n, file) == text.n && fflush(file) == 0;

	if (path && file && fclose(file) != 0)
		good = false;
	if (!good)
		return ctl_fail(STATUS_USAGE, "%s could not be written",
				path ? path : "the output");
	return STATUS_DONE;
}

static enum status
tell(const struct ctl *ctl, const struct score_story *story)
{
	struct buf rules = {0}, json = {0};
	struct err err;
	enum status status = STATUS_DONE;

	if (!score_write_rules(&rules, story, &err)) {
		status = ctl_fail(STATUS_USAGE, "%s", err.text);
	} else if (ctl->json) {
		score_write_json(&json, story, buf_view(&rules));
		status = write_out(NULL, buf_view(&json));
	}
	if (status == STATUS_DONE && (story->wish->out || !ctl->json))
		status = write_out(story->wish->out, buf_view(&rules));
	buf_finish(&rules);
	buf_finish(&json);
	return status;
}

static enum status
learn(const struct ctl *ctl, const struct score_wish *wish, const struct score_terms *terms,
      struct feed *feed)
{
	struct score_rows rows;
	struct score_figures figures = {0};
	struct err err;
	enum status status = score_rows_collect(ctl, wish, terms, feed, &rows);

	if (status == STATUS_DONE && feed_rejected(feed) > 0)
		fprintf(stderr, "churnctl: %" PRIu64 " rows were rejected\n",
			feed_rejected(feed));
	if (status == STATUS_DONE &&
	    !score_train(ctl, wish, terms->truth.horizon, &rows, &figures, &err))
		status = ctl_fail(STATUS_USAGE, "%s", err.text);
	if (status == STATUS_DONE)
		status = tell(ctl, &(struct score_story){wish, terms, &rows, &figures,
							 time(NULL) / (DAY_MS / SECOND_MS),
							 ctl->zh});
	score_rows_finish(&rows);
	return status;
}

enum status
fit_score_run(const struct ctl *ctl, int argc, char **argv)
{
	struct score_wish wish = {.name = "score", .every = 28};
	struct score_terms terms;

	if (!take_wish(argc, argv, &wish) || !ctl_can_write(wish.out) ||
	    !score_terms_open(ctl, &wish, &terms))
		return STATUS_USAGE;
	struct feed *feed = feed_create(terms.rules, (struct order_sink){0});
	enum status status = learn(ctl, &wish, &terms, feed);
	feed_destroy(feed);
	return status;
}
