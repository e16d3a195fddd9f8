/* SPDX-License-Identifier: Apache-2.0 */
/* The models section: how a signal's customers come back, for all or by segment. */
#include "base/number.h"
#include "codec/rules_maker.h"
#include "lang/builtin.h"

#define MOST 1e9 /* of a parameter */

struct model_text {
	int kind;
	const struct yaml_node *r, *alpha, *a, *b, *fitted, *until, *when;
};

static const char *const kinds[] = {
	[RHYTHM_BG_NBD] = "bg_nbd", [RHYTHM_MBG_NBD] = "mbg_nbd", NULL};

static const struct form_row model_rows[] = {
	{"kind", form_word, offsetof(struct model_text, kind), 0, 0, kinds},
	{"r", form_node, offsetof(struct model_text, r), 0, 0, NULL},
	{"alpha", form_node, offsetof(struct model_text, alpha), 0, 0, NULL},
	{"a", form_node, offsetof(struct model_text, a), 0, 0, NULL},
	{"b", form_node, offsetof(struct model_text, b), 0, 0, NULL},
	{"fitted", form_node, offsetof(struct model_text, fitted), 0, 0, NULL},
	{"until", form_node, offsetof(struct model_text, until), 0, 0, NULL},
	{"when", form_node, offsetof(struct model_text, when), 0, 0, NULL},
	{.word = NULL},
};

static void
read_parameter(struct maker *maker, const struct yaml_node *map, const struct yaml_node *node,
	       const char *name, double *out)
{
	if (node == NULL)
		form_complain(&maker->form, map, "E048", str_of(name), STR_NONE);
	else if (form_is_text(&maker->form, node) &&
		 (!parse_number(node->text, out) || !(*out > 0 && *out <= MOST)))
		form_complain(&maker->form, node, "E234", str_of(name), node->text);
}

/* Whether there is one. */
static bool
read_day(struct maker *maker, const struct yaml_node *node, int64_t *day)
{
	if (node == NULL || !form_is_text(&maker->form, node))
		return false;
	if (parse_date(node->text, day))
		return true;
	form_complain(&maker->form, node, "E244", node->text, STR_NONE);
	return false;
}

/* Segments are of people, not of what they do: or a model would change under its own prediction. */
static void
refuse_state(void *ctx, const struct node *node)
{
	struct maker *maker = ctx;

	if (node->kind == NODE_CALL && node->builtin->op < FN_FIRST_PURE)
		maker_complain_node(
			maker, node, "E232",
			arena_printf(maker->form.arena, "%s()", node->builtin->name), STR_NONE);
}

static void
read_when(struct maker *maker, const struct yaml_node *node, struct signal_model *model)
{
	if (node == NULL)
		return;
	model->when = maker_expr(maker, node, TYPE_BOOL, false);
	if (model->when != NULL)
		expr_walk(model->when->root, refuse_state, maker);
}

/* One map, of the signal in that slot; after one without `when` no other is asked. */
static void
read_model(struct maker *maker, unsigned signal, const struct yaml_node *map)
{
	struct ruleset *rules = maker->rules;
	struct model_text text = {.kind = RHYTHM_MBG_NBD};
	struct signal_model *model = &rules->models[rules->model_count];

	if (rules->model_count == RULESET_MAX_MODELS) {
		form_complain(&maker->form, map, "E210", STR("models"),
			      form_int_text(&maker->form, RULESET_MAX_MODELS));
		return;
	}
	if (ruleset_is_modelled(rules, signal))
		form_complain(&maker->form, map, "W210", rules->signals[signal].name, STR_NONE);
	form_read(&maker->form, map, model_rows, &text);
	if (map->kind != YAML_MAP)
		return;
	if (text.fitted == NULL)
		form_complain(&maker->form, map, "W211", rules->signals[signal].name, STR_NONE);
	*model = (struct signal_model){.signal = signal};
	model->parameters.kind = (enum rhythm_kind)text.kind;
	read_parameter(maker, map, text.r, "r", &model->parameters.r);
	read_parameter(maker, map, text.alpha, "alpha", &model->parameters.alpha);
	read_parameter(maker, map, text.a, "a", &model->parameters.a);
	read_parameter(maker, map, text.b, "b", &model->parameters.b);
	model->has_fitted = read_day(maker, text.fitted, &model->fitted);
	model->has_until = read_day(maker, text.until, &model->until);
	read_when(maker, text.when, model);
	if (text.when == NULL || model->when != NULL)
		rules->model_count++;
}

static void
read_models(struct maker *maker, const struct yaml_node *key, const struct yaml_node *value)
{
	int signal = maker_signal(maker, key);

	if (signal < 0 || !maker_claim(maker, NAMES_MODELS, key))
		return;
	if (value->kind != YAML_LIST)
		read_model(maker, (unsigned)signal, value);
	else if (value->count == 0)
		form_complain(&maker->form, value, "E044", STR_NONE, STR_NONE);
	else
		for (unsigned i = 0; i < value->count; i++)
			read_model(maker, (unsigned)signal, value->items[i]);
}

void
maker_models(struct maker *maker)
{
	maker->rules->models = arena_array(maker->form.arena, RULESET_MAX_MODELS,
					   sizeof *maker->rules->models);
	maker_each(maker, "models", YAML_MAP, read_models);
}
