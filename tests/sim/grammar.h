/* SPDX-License-Identifier: Apache-2.0 */
/* Random rule files, and the configurations beside them. */
#ifndef SIM_GRAMMAR_H
#define SIM_GRAMMAR_H

#include "base/text.h"

/* edited: a later version of the file. guarded: feeds are watched, and rules that alarm too often are muted. */
void grammar_rules(struct buf *out, bool edited, bool guarded);
void grammar_config(struct buf *out);

#endif
