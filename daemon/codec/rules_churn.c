/* SPDX-License-Identifier: Apache-2.0 */
/* The churn section: what counts as a churn, beside what people say. */
#include "codec/rules_maker.h"

#define MOST_DAYS 1000 /* of min_days */

struct churn_text {
	const struct yaml_node *silent, *on, *when, *horizon, *min_days;
};

static const struct form_row churn_rows[] = {
	{"silent", form_node, offsetof(struct churn_text, silent), 0, 0, NULL},
	{"on", form_node, offsetof(struct churn_text, on), 0, 0, NULL},
	{"when", form_node, offsetof(struct churn_text, when), 0, 0, NULL},
	{"horizon", form_node, offsetof(struct churn_text, horizon), 0, 0, NULL},
	{"min_days", form_node, offsetof(struct churn_text, min_days), 0, 0, NULL},
	{.word = NULL},
};

static void
read_silent(struct maker *maker, const struct yaml_node *node, struct churn_def *churn)
{
	int signal = form_is_text(&maker->form, node) ? maker_signal(maker, node) : -1;

	churn->kind = CHURN_SILENT;
	if (signal < 0)
		return;
	churn->signal = (unsigned)signal;
	maker->signals_used |= UINT64_C(1) << signal;
}

static void
read_on(struct maker *maker, const struct yaml_node *node, struct churn_def *churn)
{
	struct str_list types = {NULL, 0};

	churn->kind = CHURN_ON;
	maker_event_types(maker, node, &types);
	churn->types = types.words;
	churn->type_count = types.count;
}

static void
read_when(struct maker *maker, const struct yaml_node *node, struct churn_def *churn)
{
	churn->kind = CHURN_WHEN;
	maker->scope.above_rules = true;
	churn->when = maker_expr(maker, node, TYPE_BOOL, false);
	maker->scope.above_rules = false;
	maker_check_expr(maker, churn->when);
}

static void
read_days(struct maker *maker, const struct yaml_node *node, struct churn_def *churn)
{
	static const struct form_row row = {.least = 1, .most = MOST_DAYS};
	int64_t days = CHURN_MIN_DAYS;

	if (churn->kind != CHURN_SILENT) {
		form_complain(&maker->form, node, "E291", STR_NONE, STR_NONE);
		return;
	}
	form_int(&maker->form, node, &row, &days);
	churn->min_days = (unsigned)days;
}

/* One horizon for all figures: in `defaults` or here. */
static void
read_horizon(struct maker *maker, const struct yaml_node *node, const struct churn_def *churn)
{
	static const struct form_row row = {.least = DAY_MS, .most = 400 * DAY_MS};
	const struct yaml_node *defaults = maker->singles.defaults, *other = NULL;

	if (defaults != NULL && defaults->kind == YAML_MAP)
		other = yaml_get(defaults, "horizon");
	if (other != NULL && node != NULL)
		form_complain(&maker->form, node, "E201", STR("horizon"),
			      form_place(&maker->form, other));
	if (node != NULL)
		form_duration(&maker->form, node, &row, &maker->rules->horizon);
	else
		node = other;
	if (node != NULL && churn->kind == CHURN_SILENT && maker->rules->horizon % DAY_MS != 0)
		form_complain(&maker->form, node, "E292", node->text, STR_NONE);
}

/* By one of the three; the first that is given is read. */
static void
read_kind(struct maker *maker, const struct yaml_node *map, const struct churn_text *text,
	  struct churn_def *churn)
{
	if (text->silent != NULL)
		read_silent(maker, text->silent, churn);
	else if (text->on != NULL)
		read_on(maker, text->on, churn);
	else if (text->when != NULL)
		read_when(maker, text->when, churn);
	if ((text->silent != NULL) + (text->on != NULL) + (text->when != NULL) != 1)
		form_complain(&maker->form, map, "E293", STR_NONE, STR_NONE);
}

void
maker_churn(struct maker *maker)
{
	const struct yaml_node *map = maker->singles.churn;
	struct churn_def *churn = &maker->rules->churn;
	struct churn_text text = {NULL, NULL, NULL, NULL, NULL};

	churn->min_days = CHURN_MIN_DAYS;
	if (map == NULL)
		return;
	form_read(&maker->form, map, churn_rows, &text);
	if (map->kind != YAML_MAP)
		return;
	read_kind(maker, map, &text, churn);
	read_horizon(maker, text.horizon, churn);
	if (text.min_days != NULL && churn->kind != CHURN_SAID)
		read_days(maker, text.min_days, churn);
}
