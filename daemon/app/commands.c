/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of churnctl, a row each. */
#include "app/command.h"

const struct command commands[] = {
	{"check", "[RULES...]", "checks rule files (those of the configuration when none is named)",
	 check_run},
	{"replay", "--rules R... --events F [--until T] [--only TYPE,...]",
	 "runs a file of events through the engine; prints every alert, one JSON a line", replay_run},
	{0},
};
