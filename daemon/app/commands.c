/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of churnctl, a row each. */
#include "app/command.h"

const struct command commands[] = {
	{"check", "[RULES...]",
	 "checks rule files (those of the configuration when none is named)", check_run},
	{"replay", "--rules R... --events F [--until T] [--only TYPE,...]",
	 "runs a file of events through the engine; prints every alert, one JSON a line",
	 replay_run},
	{"send", "CUSTOMER TYPE [key=value...]", "sends one event", send_run},
	{"import", "FILE [--backfill | --as-live], or --release",
	 "a file of events; as live: their ids are the rows' arrived", import_run},
	{"top", "[--level L] [--owner O] [--rule R] [--tag T] [--sort S] [-n N]",
	 "the riskiest customers", top_run},
	{"customer", "ID", "everything known of one customer", customer_run},
	{"explain", "ID [--rules R... --events F... [--at T]]",
	 "why its risk is what it is, and what would change it; or what it was at T, by replay",
	 explain_run},
	{"tag", "ID NAME [--remove] [--expires D]", "sets or removes a tag", tag_run},
	{"churned", "ID --reason R", "says that a customer is lost, and why", churned_run},
	{"tasks",
	 "[list|show|claim|done|cancel] [ID] [--who W] [--outcome O] [--reason R] [--note N]",
	 "care tasks: who does what (list: --state --assignee --queue --customer -n)",
	 tasks_run},
	{"webhooks", "[list]", "the endpoints and how they are", webhooks_run},
	{"status", "", "the daemon's state; exit status 3 when it cannot be reached",
	 status_run},
	{"doctor", "",
	 "what is unwise in Redis' settings and in files; exit status 1 when something is",
	 doctor_run},
	{"repair", "[--yes]", "a stream whose last id lies in the future", repair_run},
	{0},
};
