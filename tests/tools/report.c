/* SPDX-License-Identifier: Apache-2.0 */
/* Shows a backtest's document that lies in a file: how it is read, without making it.
 *
 *   report [--lang en|zh] DOCUMENT [PAGE] */
#include <string.h>

#include "app/backtest.h"

int
main(int argc, char **argv)
{
	struct ctl ctl = {0};
	json_error_t error;
	json_t *doc;
	struct err err;
	bool done = true;

	if (argc > 2 && strcmp(argv[1], "--lang") == 0) {
		ctl.zh = strcmp(argv[2], "zh") == 0;
		argc -= 2;
		argv += 2;
	}
	doc = argc > 1 ? json_load_file(argv[1], 0, &error) : NULL;
	if (!doc)
		return (int)ctl_fail(STATUS_USAGE, "no document there");
	if (argc > 2)
		done = backtest_html(doc, argv[2], ctl.zh, &err);
	else
		backtest_print(&ctl, doc);
	json_decref(doc);
	return done ? STATUS_DONE : (int)ctl_fail(STATUS_USAGE, "%s", err.text);
}
