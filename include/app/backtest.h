/* SPDX-License-Identifier: Apache-2.0 */
/* What a backtest found, as one JSON document, for those who show it. */
#ifndef APP_BACKTEST_H
#define APP_BACKTEST_H

#include <jansson.h>

#include "app/command.h"

/* How the document is written, for jansson: to ten digits. */
#define BACKTEST_JSON (JSON_COMPACT | JSON_REAL_PRECISION(10))

/* On stdout, in the language asked for. */
void backtest_print(const struct ctl *ctl, const json_t *doc);
/* One file that needs nothing else. */
bool backtest_html(const json_t *doc, const char *file, bool zh, struct err *err) MUST_CHECK;

#endif
