/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of expressions and the types they have, or what is said about them. */
#ifndef UNIT_LANG_TYPES_H
#define UNIT_LANG_TYPES_H

#include "unit/lang.h"

struct row {
	const char *text;
	const char *expected; /* name of the type, or all complaints joined by newlines */
};

static inline void
run(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct expr *expr = world_compile(&world, rows[i].text, TYPE_COUNT);
		struct str said = buf_view(&world.said);
		struct str got = expr ? str_of(type_name(expr->root->type, false))
				      : str_slice(said, 0, said.n ? said.n - 1 : 0);

		if (!str_is(got, rows[i].expected))
			fail_msg("%s\n  gave     %.*s\n  expected %s", rows[i].text,
				 STR_ARG(got), rows[i].expected);
		assert_int_equal(expr == NULL, world.complaints > 0);
	}
}

#define RUN(rows) run(rows, sizeof(rows) / sizeof *(rows))

#endif
