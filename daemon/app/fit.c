/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl fit: how a signal's customers come back, as parameters to paste into the rule file. */
#include <string.h>
#include <time.h>

#include "app/fit.h"
#include "app/fit_score.h"
#include "app/past.h"
#include "app/rules_open.h"
#include "base/mem.h"

struct fit_words {
	struct option_list rules, events;
	const char *signal, *until, *kind, *by, *fitted;
};

static bool
take_kind(const char *word, enum rhythm_kind *out)
{
	*out = word != NULL && strcmp(word, "bg_nbd") == 0 ? RHYTHM_BG_NBD : RHYTHM_MBG_NBD;
	if (word == NULL || *out == RHYTHM_BG_NBD || strcmp(word, "mbg_nbd") == 0)
		return true;
	(void)ctl_fail(STATUS_USAGE, "--kind takes bg_nbd or mbg_nbd, not \"%s\"", word);
	return false;
}

/* On the wall: when it was fitted is nothing that events say. */
static int64_t
today(void)
{
	time_t now = time(NULL);
	struct tm local;

	if (localtime_r(&now, &local) == NULL)
		return (int64_t)now / (DAY_MS / SECOND_MS);
	return civil_day_of(
		(struct civil_date){local.tm_year + 1900, local.tm_mon + 1, local.tm_mday});
}

static enum status
run_job(struct fit_job *job, const struct fit_words *words)
{
	struct rules_names names = {0};
	struct ruleset *rules;
	const struct rules_ask ask = {STR("--by"), str_of(job->by), TYPE_COUNT};

	for (unsigned i = 0; i < words->rules.count; i++)
		rules_names_add(&names, words->rules.items[i]);
	const struct rules_reads reads = {true, job->signal, .fits = true};
	enum status status =
		rules_open_asking(job->ctl, &names, &ask, job->by != NULL, reads, &rules);

	if (rules == NULL)
		return status;
	status = fit_collect(job, rules);
	if (status == STATUS_DONE)
		status = fit_segments(job);
	if (status == STATUS_DONE && job->ctl->json)
		fit_print_json(job);
	else if (status == STATUS_DONE)
		fit_print(job);
	return status;
}

static void
finish(struct fit_job *job)
{
	for (unsigned i = 0; i < job->segment_count; i++)
		fit_data_finish(&job->segments[i].data);
	fit_data_finish(&job->rest.data);
	mem_free(job->segments);
	map_finish(&job->values);
	arena_finish(&job->arena);
}

enum status
fit_run(const struct ctl *ctl, int argc, char **argv)
{
	struct fit_words words = {0};
	const struct option options[] = {
		{"--rules", OPTION_LIST, {.list = &words.rules}},
		{"--events", OPTION_LIST, {.list = &words.events}},
		{"--signal", OPTION_TEXT, {.text = &words.signal}},
		{"--until", OPTION_TEXT, {.text = &words.until}},
		{"--kind", OPTION_TEXT, {.text = &words.kind}},
		{"--by", OPTION_TEXT, {.text = &words.by}},
		{"--fitted", OPTION_TEXT, {.text = &words.fitted}},
	};
	struct fit_job job = {.ctl = ctl, .fitted = today()};

	if (fit_score_asked(argc, argv))
		return fit_score_run(ctl, argc, argv);
	if (!options_take(options, sizeof options / sizeof *options, &argc, argv))
		return STATUS_USAGE;
	if (argc != 1 || words.rules.count == 0 || words.events.count == 0)
		return ctl_usage("fit");
	if (!take_kind(words.kind, &job.kind) ||
	    !past_read_day("--until", words.until, &job.until) ||
	    !past_read_day("--fitted", words.fitted, &job.fitted))
		return STATUS_USAGE;
	job.events = &words.events;
	job.signal = words.signal;
	job.by = words.by;
	job.has_until = words.until != NULL;
	arena_init(&job.arena);
	enum status status = run_job(&job, &words);

	finish(&job);
	return status;
}
