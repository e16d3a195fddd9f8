/* SPDX-License-Identifier: Apache-2.0 */
/* The world that a test of expressions has to itself. */
#ifndef UNIT_LANG_H
#define UNIT_LANG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "support/lang_world.h"

static struct world world;

static inline int
begin(void **state)
{
	(void)state;
	world_init(&world);
	return 0;
}

static inline int
begin_with_event(void **state)
{
	(void)begin(state);
	world.scope.event_allowed = true;
	return 0;
}

static inline int
end(void **state)
{
	(void)state;
	world_finish(&world);
	return 0;
}

#endif
