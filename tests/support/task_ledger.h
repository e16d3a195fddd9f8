/* SPDX-License-Identifier: Apache-2.0 */
/* What each task's hash has to hold after a replay: the fields of the last order of it. */
#ifndef SUPPORT_TASK_LEDGER_H
#define SUPPORT_TASK_LEDGER_H

#include "codec/alert_json.h"
#include "engine/engine.h"
#include "io/reply.h"

struct task_ledger {
	struct arena arena; /* owned: the texts */
	struct ledger_row {
		struct str id;
		struct field *fields;
		unsigned count;
	} * rows; /* owned; the last one of an id counts */
	size_t count, cap;
};

void task_ledger_init(struct task_ledger *ledger);
void task_ledger_finish(struct task_ledger *ledger);
void task_ledger_note(struct task_ledger *ledger, const struct engine *engine,
		      const struct order *order);
/* "task:<id>" of a row, in the arena. */
const char *task_ledger_key(const struct task_ledger *ledger, size_t row, struct arena *arena);
/* The first field that the hash (HGETALL) does not hold as the row says; NULL: none, or a later row counts. */
const struct field *task_ledger_differs(const struct task_ledger *ledger, size_t row,
					const struct reply *hash);

#endif
