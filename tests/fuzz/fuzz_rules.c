/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a rule file: no crash, every complaint within the file, every text found again in it. */
#include <stdint.h>
#include <stdlib.h>

#include "codec/rules_yaml.h"
#include "codec/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static bool
no_zone(void *ctx, struct str name, struct str *tzif)
{
	(void)ctx;
	(void)name;
	(void)tzif;
	return false;
}

static void
require(bool holds)
{
	if (!holds)
		abort();
}

/* Decoded a second time, each text is what libyaml made of it, and all its places lie in the file. */
static void
check_places(const struct yaml_node *node, struct str raw)
{
	if (node->kind == YAML_TEXT) {
		struct buf again = {0};

		yaml_decode(node, raw, &again);
		require(str_eq(buf_view(&again), node->text));
		require(yaml_locate(node, raw, 0) <= raw.n);
		require(yaml_locate(node, raw, node->text.n / 2) <= raw.n);
		require(yaml_locate(node, raw, node->text.n) <= raw.n);
		buf_finish(&again);
	}
	for (unsigned i = 0; i < node->count; i++) {
		if (node->keys != NULL)
			check_places(node->keys[i], raw);
		check_places(node->items[i], raw);
	}
}

static void
check_tree(struct arena *arena, struct str text)
{
	struct diags diags;
	struct yaml_node *root;

	diags_init(&diags, arena);
	root = yaml_read(arena, diags_add_file(&diags, STR("f"), text), &diags);
	require(root != NULL || diags.errors > 0);
	if (diags.errors == 0)
		check_places(root, text);
	diags_finish(&diags);
}

static void
check_rules(struct arena *arena, struct str text)
{
	const struct diag_file file = {STR("f"), text};
	const struct rules_loader loader = {.ctx = NULL, .zone = no_zone};
	struct diags diags;
	struct buf out = {0};
	struct ruleset *rules;

	diags_init(&diags, arena);
	diags.wants_notes = true;
	rules = rules_load(&file, 1, &loader, (struct hash_seed){1, 2}, &diags);
	require((rules == NULL) == (diags.errors > 0));
	ruleset_destroy(rules); /* what is said must not need it any more */
	diags_print(&out, &diags, false, true);
	diags_print(&out, &diags, true, false);
	diags_print_json(&out, &diags, false);
	for (size_t i = 0; i < diags.count; i++)
		require(diags.list[i].line >= 1 && diags.list[i].column >= 1 &&
			diags.list[i].width >= 1);
	buf_finish(&out);
	diags_finish(&diags);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str text = {(const char *)bytes, n};
	struct arena arena;

	arena_init(&arena);
	check_tree(&arena, text);
	check_rules(&arena, text);
	arena_finish(&arena);
	return 0;
}
