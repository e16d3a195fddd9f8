/* SPDX-License-Identifier: Apache-2.0 */
/* A backtest as one HTML file. */
#include "app/backtest.h"

bool
backtest_html(const json_t *doc, const char *file, bool zh, struct err *err)
{
	(void)doc;
	(void)zh;
	return err_set(err, "%s: this version writes no HTML report yet", file);
}
