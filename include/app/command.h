/* SPDX-License-Identifier: Apache-2.0 */
/* What every churnctl command shares: its row, its options, how it speaks. */
#ifndef APP_COMMAND_H
#define APP_COMMAND_H

#include "base/text.h"

enum status {
	STATUS_DONE = 0,
	STATUS_NO = 1,	  /* the answer is no: a check, test or expectation failed */
	STATUS_USAGE = 2, /* wrong usage, or a file that is unreadable or in error */
	STATUS_AWAY = 3,  /* Redis or the daemon cannot be reached */
	STATUS_MEMORY = 4 /* there was too little of it; nothing was answered */
};

/* What stands before or after any command. */
struct ctl {
	const char *config; /* -c; NULL: the default file */
	bool json, zh, color, progress;
};

struct command {
	const char *name;
	const char *args;  /* after the name, for usage */
	const char *brief; /* one line of --help */
	enum status (*run)(const struct ctl *ctl, int argc,
			   char **argv); /* argv[0]: the name */
};

/* Options of one command: "--until T". Repeated lists grow; what is no option stays in argv, in order. */
enum option_kind { OPTION_FLAG, OPTION_TEXT, OPTION_LIST };

#define OPTION_MAX_ITEMS 64

struct option_list {
	const char *items[OPTION_MAX_ITEMS];
	unsigned count;
};

struct option {
	const char *name; /* "--until" or "-n" */
	enum option_kind kind;
	union {
		bool *flag;
		const char **text;
		struct option_list *list; /* takes all words up to the next option */
	} to;
};

/* Takes the options out of argv; *argc becomes the count of what is left (argv[0] included). false:
 * a sentence was printed. */
bool options_take(const struct option *options, unsigned count, int *argc,
		  char **argv) MUST_CHECK;

/* The same for options that may stand anywhere: what it does not know it leaves. */
bool options_common(const struct option *options, unsigned count, int *argc,
		    char **argv) MUST_CHECK;

/* "churnctl: sentence" on stderr; returns status for `return ctl_fail(...)`. */
enum status ctl_fail(enum status status, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Before long work: whether a file can be written at the end; a sentence is printed when not. NULL: stdout, which can. */
bool ctl_can_write(const char *path) MUST_CHECK;
/* "usage: churnctl NAME ARGS" on stderr; STATUS_USAGE. */
enum status ctl_usage(const char *name);

/* The commands, in the order of --help; the last row has no name. */
extern const struct command commands[];

enum status check_run(const struct ctl *ctl, int argc, char **argv);
enum status ctl_test_run(const struct ctl *ctl, int argc, char **argv);
enum status replay_run(const struct ctl *ctl, int argc, char **argv);
enum status backtest_run(const struct ctl *ctl, int argc, char **argv);
enum status fit_run(const struct ctl *ctl, int argc, char **argv);
enum status send_run(const struct ctl *ctl, int argc, char **argv);
enum status import_run(const struct ctl *ctl, int argc, char **argv);
enum status top_run(const struct ctl *ctl, int argc, char **argv);
enum status customer_run(const struct ctl *ctl, int argc, char **argv);
enum status explain_run(const struct ctl *ctl, int argc, char **argv);
enum status tag_run(const struct ctl *ctl, int argc, char **argv);
enum status churned_run(const struct ctl *ctl, int argc, char **argv);
enum status rules_run(const struct ctl *ctl, int argc, char **argv);
enum status tasks_run(const struct ctl *ctl, int argc, char **argv);
enum status handover_run(const struct ctl *ctl, int argc, char **argv);
enum status webhooks_run(const struct ctl *ctl, int argc, char **argv);
enum status alerts_run(const struct ctl *ctl, int argc, char **argv);
enum status dead_run(const struct ctl *ctl, int argc, char **argv);
enum status sign_run(const struct ctl *ctl, int argc, char **argv);
enum status verify_run(const struct ctl *ctl, int argc, char **argv);
enum status status_run(const struct ctl *ctl, int argc, char **argv);
enum status reload_run(const struct ctl *ctl, int argc, char **argv);
enum status doctor_run(const struct ctl *ctl, int argc, char **argv);
enum status repair_run(const struct ctl *ctl, int argc, char **argv);

#endif
