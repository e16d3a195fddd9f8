/* SPDX-License-Identifier: Apache-2.0 */
/* Equal parts of expressions: every subtree gets a class, made of its own shape and its kids' classes. */
#include "lang/share.h"

#include "base/mem.h"
#include "lang/builtin.h"

struct share_class {
	struct node *first; /* where it was met first */
	bool steady;	    /* nothing in it changes within a look */
	uint16_t range;
};

void
share_init(struct share *share, struct arena *arena, struct hash_seed seed)
{
	*share = (struct share){.arena = arena, .memo_count = 1, .range_count = 1};
	map_init(&share->classes, seed);
}

void
share_finish(struct share *share)
{
	map_finish(&share->classes);
	mem_free(share->list);
}

/* Functions whose answer stands still while the rules of one step are judged; not risk(), level() or tag(),
 * which move within it, nor what a rule reads of one item. One that is not listed is evaluated each time. */
static bool
is_steady_call(const struct builtin *fn)
{
	static const bool steady[FN_OPS] = {
		[FN_USERS] = true,	  [FN_SHARE_OF_TOP] = true, [FN_COUNT] = true,
		[FN_SUM] = true,	  [FN_DAYS] = true,	    [FN_OBSERVED] = true,
		[FN_RATE] = true,	  [FN_RATIO] = true,	    [FN_P_DROP] = true,
		[FN_P_RISE] = true,	  [FN_SINCE] = true,	    [FN_SILENT] = true,
		[FN_SEEN] = true,	  [FN_AFTER] = true,	    [FN_AGE] = true,
		[FN_LAST] = true,	  [FN_UNTIL] = true,	    [FN_HOUR] = true,
		[FN_WEEKDAY] = true,	  [FN_MONTH] = true,	    [FN_NOW] = true,
		[FN_IS_WORKDAY] = true,	  [FN_HOLIDAY] = true,	    [FN_WORKDAYS] = true,
		[FN_MAX] = true,	  [FN_MIN] = true,	    [FN_AVG] = true,
		[FN_CHANGE] = true,	  [FN_TREND] = true,	    [FN_EWMA] = true,
		[FN_CUSUM_DROP] = true,	  [FN_CUSUM_RISE] = true,   [FN_TYPICAL_GAP] = true,
		[FN_GAP_MEAN] = true,	  [FN_GAP_SD] = true,	    [FN_GAP_MAX] = true,
		[FN_GAP_QUANTILE] = true, [FN_GAP_EWMA] = true,	    [FN_P_SILENT] = true,
		[FN_P_GAP] = true,	  [FN_P_ALIVE] = true,
	};

	return steady[fn->op] || fn->op >= FN_FIRST_PURE;
}

static bool
is_steady_node(const struct node *node)
{
	if (node->kind == NODE_CALL)
		return is_steady_call(node->builtin);
	return node->kind != NODE_PATH || node->op != PATH_ITEM;
}

static void
put_value(struct buf *key, const struct value *value)
{
	buf_printf(key, "=%d,%d:", (int)value->type, (int)value->known);
	if (value->type == TYPE_STRING)
		buf_str(key, value->u.s);
	else if (value->type == TYPE_BOOL)
		buf_int(key, value->u.b);
	else
		buf_add(key, (const char *)&value->u.i, sizeof value->u.i);
}

static void
put_shape(struct buf *key, const struct node *node)
{
	const struct range *range = &node->range;

	buf_printf(key, "%d %d %d %u %p %u", (int)node->kind, (int)node->type, (int)node->op,
		   node->slot, (const void *)node->builtin, (unsigned)node->kid_count);
	if (node->kind == NODE_PATH)
		buf_str(key, node->name);
	if (node->kind == NODE_CONST)
		put_value(key, &node->value);
	if (node->kind == NODE_RANGE)
		buf_printf(key, "[%u %d %d %d %d", range->signal, (int)range->hours,
			   (int)range->live, range->length, range->offset);
}

static bool
may_remember(const struct node *node)
{
	return node->kind == NODE_COMPARE || node->kind == NODE_AND || node->kind == NODE_OR ||
	       node->kind == NODE_IN;
}

/* Met for the second time: from now on it is remembered. */
static void
remember(struct share *share, struct node *first, struct node *again)
{
	if (first->memo == 0 && share->memo_count < SHARE_MAX)
		first->memo = (uint16_t)share->memo_count++;
	again->memo = first->memo;
}

static void
number_range(struct share *share, struct share_class *class, struct node *node)
{
	if (class->range == 0 && share->range_count < SHARE_MAX)
		class->range = (uint16_t)share->range_count++;
	node->range.number = class->range;
}

static uint32_t
class_of(struct share *share, struct str key, struct node *node, bool steady)
{
	uint32_t index;

	if (!map_get(&share->classes, key, &index)) {
		MEM_RESERVE(share->list, share->cap, share->count + 1);
		index = (uint32_t)share->count++;
		share->list[index] = (struct share_class){.first = node, .steady = steady};
		map_put(&share->classes, arena_str(share->arena, key), index);
	} else if (steady && may_remember(node) && share->list[index].first != node) {
		remember(share, share->list[index].first, node);
	}
	if (node->kind == NODE_RANGE)
		number_range(share, &share->list[index], node);
	return index;
}

static uint32_t
classify(struct share *share, struct node *node)
{
	struct buf key = {0};
	bool steady = is_steady_node(node);
	uint32_t index;

	put_shape(&key, node);
	for (unsigned i = 0; i < node->kid_count; i++) {
		if (!node->kids[i]) {
			buf_text(&key, " -");
		} else if (expr_kid_repeats(node, i)) {
			buf_text(&key, " +");
		} else {
			uint32_t kid = classify(share, node->kids[i]);

			steady = steady && share->list[kid].steady;
			buf_printf(&key, " %u", kid);
		}
	}
	index = class_of(share, buf_view(&key), node, steady);
	buf_finish(&key);
	return index;
}

void
share_tree(struct share *share, struct node *root)
{
	(void)classify(share, root);
}
