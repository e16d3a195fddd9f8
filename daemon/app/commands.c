/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of churnctl, a row each. */
#include "app/command.h"

const struct command commands[] = {
	{"check", "[RULES...]",
	 "checks rule files (those of the configuration when none is named)", check_run},
	{"test", "FILE... [--coverage]",
	 "runs rule tests; --coverage: each rule must fire in one, and keep quiet in one",
	 ctl_test_run},
	{"replay",
	 "--rules R... --events F... [--until T] [--out FILE]\n"
	 "        [--only TYPE,... | --stats | --snapshot DATE,... [--columns 'EXPR, NAME = EXPR, ...'...]]",
	 "runs files of events (CSV or NDJSON, gzip or not, - is stdin) through the engine; prints "
	 "every alert, one JSON a line; or what came of them as `rules stats` would; or, in place of "
	 "alerts, each customer at the end of those days, with what the expressions say: CSV, --json: "
	 "NDJSON; durations are in days",
	 replay_run},
	{"backtest",
	 "--rules R... [--against R...] --events F...\n"
	 "        [--signal S --horizon D [--min-days N] | --churned TYPE|EXPR --horizon D]\n"
	 "        [--from DAY] [--until DAY] [--train-until DAY] [--split EXPR]\n"
	 "        [--rank EXPR,...] [--every D] [--expect 'NAME.FIGURE >= X'...]\n"
	 "        [--rounds N] [--seed N] [--html FILE]",
	 "what rules would have said of a file of events: how right, how early, how often; exit "
	 "status 1 when an expectation fails",
	 backtest_run},
	{"fit",
	 "--rules R... --events F... [--signal S] [--until DAY] [--kind mbg_nbd|bg_nbd] [--by "
	 "EXPR]\n        [--fitted DAY]\n"
	 "        | --score ['EXPR, NAME = EXPR, ...'] --rules R... --events F... --until DAY\n"
	 "        [--signal S --horizon D [--min-days N] | --churned TYPE|EXPR --horizon D]\n"
	 "        [--among EXPR] [--every D] [--lambda X] [--name NAME] [--out FILE]",
	 "fits the model of a signal to the events up to that day; prints the `models:` block to "
	 "paste; or learns what the expressions say of churn; prints a rule file with their "
	 "weighted sum",
	 fit_run},
	{"send", "CUSTOMER TYPE [key=value...]", "sends one event", send_run},
	{"import", "FILE [--backfill | --as-live], or --release",
	 "a file of events; as live: their ids are the rows' arrived", import_run},
	{"top", "[--level L] [--owner O] [--rule R] [--tag T] [--sort S] [-n N]",
	 "the riskiest customers; of the same risk those with more at stake first", top_run},
	{"customer", "ID", "everything known of one customer", customer_run},
	{"explain", "ID [--rules R... --events F... [--at T]]",
	 "why its risk is what it is, and what would change it; or what it was at T, by replay",
	 explain_run},
	{"tag", "ID NAME [--remove] [--expires D]", "sets or removes a tag", tag_run},
	{"churned", "ID --reason R", "says that a customer is lost, and why", churned_run},
	{"rules", "stats", "how right each rule has been, and what came of tasks", rules_run},
	{"tasks",
	 "[list] [--state S] [--assignee W] [--lender W] [--queue Q] [--customer C] [--task T]\n"
	 "        [--sla S] [--overdue] [-n N] | show ID | report [--by queue|assignee|task]\n"
	 "        | claim ID --who W | done ID [--outcome O] | snooze ID --until T | cancel ID\n"
	 "        | assign ID [--to W] | transfer ID --to W | link ID --external-id X\n"
	 "        (each with [--who W] [--from W] [--reason R] [--note N])",
	 "care tasks: who does what by when, and how it goes", tasks_run},
	{"handover", "FROM TO [--note N]",
	 "the customers and open tasks of one owner to another", handover_run},
	{"alerts",
	 "[--customer C] [--type T] [--rule R] [--endpoint E] [--since 7d|T] [--until T] [-n N]",
	 "what was said of whom, and where it was sent, the newest first", alerts_run},
	{"webhooks", "[list | test NAME | pause NAME | resume NAME] [--who W]",
	 "the endpoints, how they are and what to do; test sends one alert now and says what came "
	 "back",
	 webhooks_run},
	{"dead",
	 "[list [--endpoint E] [--customer C] [-n N] | show ID | retry ID... | drop ID...\n"
	 "        | retry --all [--endpoint E] | drop --all [--endpoint E]] [--who W]",
	 "deliveries that were given up; retry sends them again with the same id", dead_run},
	{"sign", "[FILE] --endpoint NAME | --secret-file F [--id ID] [--at SECONDS]",
	 "the three headers with which a receiver can be tried; FILE or stdin is the body",
	 sign_run},
	{"verify",
	 "[FILE] --endpoint NAME | --secret-file F [--headers F] [--tolerance D] [--at SECONDS]",
	 "is a request genuine? FILE or stdin: headers, an empty line, the body; with --headers "
	 "the body alone; exit status 1 when not",
	 verify_run},
	{"status", "", "the daemon's state; exit status 3 when it cannot be reached",
	 status_run},
	{"reload", "[--by NAME] [--why TEXT]",
	 "puts the rule files in force as they are now; by and why are kept in the history",
	 reload_run},
	{"doctor", "",
	 "what is unwise in Redis' settings and in files; exit status 1 when something is",
	 doctor_run},
	{"repair", "[--yes]", "a stream whose last id lies in the future", repair_run},
	{0},
};
