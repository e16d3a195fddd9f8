/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes expressions: whatever compiles evaluates within its bounds and is written back the same. */
#include <stdlib.h>
#include <string.h>

#include "support/lang_world.h"

#define STEPS 3

static void
must(bool condition)
{
	if (!condition)
		abort();
}

static void
see(void *ctx, const struct node *node, struct value value)
{
	unsigned *count = ctx;

	must(node->kind != NODE_NAME && node->kind != NODE_ARG);
	must(!value.known || value.type != TYPE_TEXT_ANY);
	(*count)++;
}

/* Follows the turns it tells; the recorder must change nothing. */
static void
evaluate(struct world *world, const struct expr *expr)
{
	int64_t now = WORLD_NOW;

	for (int i = 0; i < STEPS && now != NEVER; i++) {
		struct env env = world_env(world, now), recording = env;
		struct value value = eval(&env, expr->root), again;
		struct buf out = {0};
		unsigned seen = 0;

		must(env.next > now && env.now == now && !env.exact);
		must(value.type == expr->root->type);
		value_print(&out, value, world->zone, i % 2);
		buf_finish(&out);
		recording.record = see;
		recording.record_ctx = &seen;
		again = eval(&recording, expr->root);
		must(again.known == value.known && recording.next == env.next && seen > 0);
		now = env.next;
	}
}

static void
write_back(struct world *world, const struct expr *expr)
{
	struct buf once = {0}, twice = {0};
	const struct expr *again;

	expr_unparse(&once, expr->root);
	again = world_compile_str(world, buf_view(&once), TYPE_COUNT);
	/* Macros and lists put in may make it longer, or nested deeper, than may be written. */
	if (again) {
		expr_unparse(&twice, again->root);
		must(str_eq(buf_view(&once), buf_view(&twice)));
	} else {
		must(strstr(world->said.p, "E124") || strstr(world->said.p, "E125") ||
		     strstr(world->said.p, "E126"));
	}
	buf_finish(&once);
	buf_finish(&twice);
}

static void
try_template(struct world *world, struct str text)
{
	struct template_text parsed;

	world->complaints = 0;
	if (!template_parse(&world->arena, world_source(world, text), &world->scope,
			    world_sink(world), &parsed))
		must(world->complaints > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = {(const char *)data, size};
	const struct expr *expr;
	struct world world;

	if (size == 0)
		return 0;
	world_init(&world);
	world.scope.event_allowed = data[0] % 2 == 0;
	expr = world_compile_str(&world, text, TYPE_COUNT);
	must((expr == NULL) == (world.complaints > 0));
	if (expr) {
		must(expr->nodes <= EXPR_MAX_NODES);
		evaluate(&world, expr);
		write_back(&world, expr);
	}
	try_template(&world, text);
	world_finish(&world);
	return 0;
}
