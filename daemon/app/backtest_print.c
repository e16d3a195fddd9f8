/* SPDX-License-Identifier: Apache-2.0 */
/* A backtest on a terminal. */
#include <stdio.h>

#include "app/backtest.h"

void
backtest_print(const struct ctl *ctl, const json_t *doc)
{
	(void)ctl;
	json_dumpf(doc, stdout, JSON_INDENT(1));
	putchar('\n');
}
