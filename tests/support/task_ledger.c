/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps what a replay says of each task, and holds a hash against it. */
#include "support/task_ledger.h"

#include <string.h>

#include "base/mem.h"

#define FIELDS_MAX 40

void
task_ledger_init(struct task_ledger *ledger)
{
	*ledger = (struct task_ledger){.count = 0};
	arena_init(&ledger->arena);
}

void
task_ledger_finish(struct task_ledger *ledger)
{
	mem_free(ledger->rows);
	arena_finish(&ledger->arena);
}

void
task_ledger_note(struct task_ledger *ledger, const struct engine *engine,
		 const struct order *order)
{
	struct field *fields = arena_array(&ledger->arena, FIELDS_MAX, sizeof *fields);
	unsigned count = task_fields(&ledger->arena, engine, order, fields, FIELDS_MAX);
	for (unsigned i = 0; i < count; i++)
		fields[i].value = arena_str(&ledger->arena, fields[i].value);
	MEM_RESERVE(ledger->rows, ledger->cap, ledger->count + 1);
	ledger->rows[ledger->count++] = (struct ledger_row){
		.id = arena_str(&ledger->arena, str_of(order->u.task.id)),
		.fields = fields,
		.count = count,
	};
}

const char *
task_ledger_key(const struct task_ledger *ledger, size_t row, struct arena *arena)
{
	return arena_printf(arena, "task:%.*s", STR_ARG(ledger->rows[row].id)).p;
}

static bool
is_last(const struct task_ledger *ledger, size_t row)
{
	for (size_t i = row + 1; i < ledger->count; i++)
		if (str_eq(ledger->rows[i].id, ledger->rows[row].id))
			return false;
	return true;
}

static bool
holds(const struct reply *hash, const struct field *field)
{
	for (uint32_t i = 0; i + 1 < hash->count; i += 2)
		if (str_eq(hash[1 + i].text, field->key))
			return str_eq(hash[2 + i].text, field->value);
	return false;
}

/* A closed task's hash expires. */
static bool
may_be_gone(const struct ledger_row *row)
{
	for (unsigned i = 0; i < row->count; i++)
		if (str_is(row->fields[i].key, "state"))
			return str_is(row->fields[i].value, "done") ||
			       str_is(row->fields[i].value, "cancelled");
	return false;
}

const struct field *
task_ledger_differs(const struct task_ledger *ledger, size_t row, const struct reply *hash)
{
	const struct ledger_row *last = &ledger->rows[row];
	if (!is_last(ledger, row) || (hash->count == 0 && may_be_gone(last)))
		return NULL;
	for (unsigned i = 0; i < last->count; i++)
		if (!holds(hash, &last->fields[i]))
			return &last->fields[i];
	return NULL;
}
