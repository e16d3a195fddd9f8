/* SPDX-License-Identifier: Apache-2.0 */
/* The tasks section: work for people, whose it is, what hurries it and what follows it. */
#include <string.h>

#include "base/civil.h"
#include "base/number.h"
#include "codec/rules_maker.h"

#define MAX_WITHIN (400 * DAY_MS)
#define MAX_SHARE 1000 /* percent */

/* ---- whose it is ---- */

static void
assign_to_attribute(struct maker *maker, const struct yaml_node *node, struct assignment *out)
{
	struct ruleset *rules = maker->rules;
	struct str name = str_slice(node->text, strlen("profile."), node->text.n);
	struct str names[RULESET_MAX_ATTRIBUTES];
	int slot = ruleset_attribute(rules, name);

	for (unsigned i = 0; i < rules->attribute_count; i++)
		names[i] = rules->attributes[i].name;
	if (slot < 0)
		form_propose(&maker->form, node, "E103", name, names, rules->attribute_count);
	else if (rules->attributes[slot].type != TYPE_STRING)
		form_complain(&maker->form, node, "E224", name, STR_NONE);
	else if (rules->attributes[slot].private_)
		form_complain(&maker->form, node, "E242", node->text, STR_NONE);
	else
		*out = (struct assignment){.kind = ASSIGN_ATTRIBUTE, .slot = (unsigned)slot};
}

/* false after a complaint. `name`: in `node`'s text, or all of it. */
static bool
find_team(struct maker *maker, const struct yaml_node *node, struct str name, unsigned *slot)
{
	struct ruleset *rules = maker->rules;
	struct str *names = arena_array(maker->form.arena, rules->team_count, sizeof *names);

	for (unsigned i = 0; i < rules->team_count; i++) {
		names[i] = rules->teams[i].name;
		if (str_eq(names[i], name)) {
			*slot = i;
			return true;
		}
	}
	form_propose(&maker->form, node, "E281", name, names, rules->team_count);
	return false;
}

static void
assign_to_team(struct maker *maker, const struct yaml_node *node, enum assign_kind kind,
	       struct assignment *out)
{
	size_t open = 0;
	struct str name;
	unsigned slot;

	while (node->text.p[open] != '(')
		open++;
	name = str_trim(str_slice(node->text, open + 1, node->text.n - 1));
	if (find_team(maker, node, name, &slot))
		*out = (struct assignment){.kind = kind, .slot = slot};
}

/* NAME "(" .. ")" */
static bool
is_call(struct str text, const char *name)
{
	size_t n = strlen(name);

	return text.n > n + 1 && str_starts(text, str_of(name)) && text.p[n] == '(' &&
	       text.p[text.n - 1] == ')';
}

void
maker_assignment(struct maker *maker, const struct yaml_node *node, struct assignment *out)
{
	if (!maker_is_label(maker, node))
		return;
	if (str_starts(node->text, STR("profile.")))
		assign_to_attribute(maker, node, out);
	else if (is_call(node->text, "round_robin"))
		assign_to_team(maker, node, ASSIGN_ROUND_ROBIN, out);
	else if (is_call(node->text, "least_loaded"))
		assign_to_team(maker, node, ASSIGN_LEAST_LOADED, out);
	else if (memchr(node->text.p, '(', node->text.n) != NULL)
		form_complain(&maker->form, node, "E282", node->text, STR_NONE);
	else
		*out = (struct assignment){.kind = ASSIGN_NAME, .name = node->text};
}

/* ---- routes ---- */

struct route_text {
	const struct yaml_node *rule, *when, *assign;
	struct str queue;
	int category, priority;
};

static const char *const priority_words[] = {"low", "normal", "high", "urgent", NULL};

static const char *const category_words[] = {"usage",	"support", "billing", "relationship",
					     "renewal", "other",   NULL};

static const struct form_row route_rows[] = {
	{"rule", form_node, offsetof(struct route_text, rule), 0, 0, NULL},
	{"category", form_word, offsetof(struct route_text, category), 0, 0, category_words},
	{"when", form_node, offsetof(struct route_text, when), 0, 0, NULL},
	{"queue", form_text, offsetof(struct route_text, queue), 0, RULES_MAX_NAME, NULL},
	{"assign", form_node, offsetof(struct route_text, assign), 0, 0, NULL},
	{"priority", form_word, offsetof(struct route_text, priority), 0, 0, priority_words},
	{.word = NULL},
};

static const struct expr *
condition(struct maker *maker, const struct yaml_node *text)
{
	const struct expr *expr = NULL;

	if (text != NULL)
		expr = maker_expr(maker, text, TYPE_BOOL, false);
	maker_check_expr(maker, expr);
	return expr;
}

static int
find_rule(struct maker *maker, const struct yaml_node *node)
{
	int slot;

	if (node == NULL || !form_is_text(&maker->form, node))
		return -1;
	slot = ruleset_rule(maker->rules, node->text);
	if (slot < 0)
		form_propose(&maker->form, node, "E228", node->text, maker->scope.rules,
			     maker->scope.rule_count);
	return slot;
}

static void
read_route(struct maker *maker, const struct yaml_node *node, struct task_route *route)
{
	struct route_text text = {.category = -1, .priority = -1};

	form_read(&maker->form, node, route_rows, &text);
	if (node->kind == YAML_MAP && yaml_get(node, "queue") == NULL && text.assign == NULL &&
	    yaml_get(node, "priority") == NULL)
		form_complain(&maker->form, node, "E287", STR_NONE, STR_NONE);
	route->queue = text.queue;
	route->priority = text.priority;
	route->category = text.category;
	route->rule = find_rule(maker, text.rule);
	route->when = condition(maker, text.when);
	route->assigns = text.assign != NULL;
	if (text.assign != NULL)
		maker_assignment(maker, text.assign, &route->assign);
}

/* How many of a list are to be read; complains of one that is empty or too long. */
static unsigned
count_of(struct maker *maker, const struct yaml_node *list, unsigned most)
{
	if (list == NULL || !form_is_list(&maker->form, list))
		return 0;
	if (list->count == 0)
		form_complain(&maker->form, list, "E044", STR_NONE, STR_NONE);
	if (list->count <= most)
		return list->count;
	form_complain(&maker->form, list->items[most], "E047",
		      form_int_text(&maker->form, most), STR_NONE);
	return most;
}

/* It takes whatever comes. */
static bool
takes_all(const struct yaml_node *route)
{
	return yaml_get(route, "when") == NULL && yaml_get(route, "rule") == NULL &&
	       yaml_get(route, "category") == NULL;
}

static void
read_routes(struct maker *maker, const struct yaml_node *list, struct task_def *task)
{
	unsigned count = count_of(maker, list, RULESET_MAX_ROUTES);
	struct task_route *routes = arena_array(maker->form.arena, count, sizeof *routes);

	for (unsigned i = 0; i < count; i++) {
		if (i > 0 && takes_all(list->items[i - 1]))
			form_complain(&maker->form, list->items[i], "E288", STR_NONE, STR_NONE);
		read_route(maker, list->items[i], &routes[i]);
	}
	task->routes = routes;
	task->route_count = count;
}

/* ---- escalations ---- */

struct escalation_text {
	const struct yaml_node *after, *to;
};

static const struct form_row escalation_rows[] = {
	{"after", form_node, offsetof(struct escalation_text, after), 0, 0, NULL},
	{"to", form_node, offsetof(struct escalation_text, to), 0, 0, NULL},
	{.word = NULL},
};

/* INTEGER "%" */
static bool
read_share(struct maker *maker, const struct yaml_node *node, int *share)
{
	struct str text = node->text;
	int64_t percent;

	if (!form_is_text(&maker->form, node))
		return false;
	if (text.n < 2 || text.p[text.n - 1] != '%' ||
	    !parse_int64(str_slice(text, 0, text.n - 1), &percent) || percent < 1 ||
	    percent > MAX_SHARE) {
		form_complain(&maker->form, node, "E283", text, STR_NONE);
		return false;
	}
	*share = (int)percent;
	return true;
}

static void
read_escalation(struct maker *maker, const struct yaml_node *node, const int *before,
		struct task_escalation *escalation)
{
	struct escalation_text text = {NULL, NULL};

	form_read(&maker->form, node, escalation_rows, &text);
	if (node->kind != YAML_MAP)
		return;
	if (text.after == NULL)
		form_complain(&maker->form, node, "E048", STR("after"), STR_NONE);
	else if (read_share(maker, text.after, &escalation->share) && before != NULL &&
		 *before >= escalation->share)
		form_complain(&maker->form, text.after, "E284",
			      arena_printf(maker->form.arena, "%d%%", *before), STR_NONE);
	if (text.to == NULL)
		form_complain(&maker->form, node, "E048", STR("to"), STR_NONE);
	else if (form_is_text(&maker->form, text.to))
		(void)find_team(maker, text.to, text.to->text, &escalation->team);
}

static void
read_escalations(struct maker *maker, const struct yaml_node *list, struct task_def *task)
{
	unsigned count = count_of(maker, list, RULESET_MAX_ESCALATIONS);
	struct task_escalation *made = arena_array(maker->form.arena, count, sizeof *made);

	for (unsigned i = 0; i < count; i++)
		read_escalation(maker, list->items[i], i > 0 ? &made[i - 1].share : NULL,
				&made[i]);
	if (count > 0 && task->ack_within == 0 && task->resolve_within == 0)
		form_complain(&maker->form, list, "E285", STR_NONE, STR_NONE);
	task->escalations = made;
	task->escalation_count = count;
}

/* ---- steps ---- */

struct step_text {
	const struct yaml_node *task, *when, *unless;
	int64_t after;
};

static const struct form_row step_rows[] = {
	{"task", form_node, offsetof(struct step_text, task), 0, 0, NULL},
	{"after", form_duration, offsetof(struct step_text, after), SECOND_MS, MAX_WITHIN,
	 NULL},
	{"when", form_node, offsetof(struct step_text, when), 0, 0, NULL},
	{"unless", form_node, offsetof(struct step_text, unless), 0, 0, NULL},
	{.word = NULL},
};

static bool
find_task(struct maker *maker, const struct yaml_node *node, unsigned *slot)
{
	const struct ruleset *rules = maker->rules;
	struct str names[RULESET_MAX_TASKS];

	if (!form_is_text(&maker->form, node))
		return false;
	for (unsigned i = 0; i < rules->task_count; i++) {
		names[i] = rules->tasks[i].name;
		if (str_eq(names[i], node->text)) {
			*slot = i;
			return true;
		}
	}
	form_propose(&maker->form, node, "E229", node->text, names, rules->task_count);
	return false;
}

static bool
read_step(struct maker *maker, const struct yaml_node *node, struct task_step *step)
{
	struct step_text text = {.after = 0};
	bool found = false;

	form_read(&maker->form, node, step_rows, &text);
	if (node->kind != YAML_MAP)
		return false;
	if (text.task == NULL)
		form_complain(&maker->form, node, "E048", STR("task"), STR_NONE);
	else
		found = find_task(maker, text.task, &step->task);
	if (yaml_get(node, "after") == NULL)
		form_complain(&maker->form, node, "E048", STR("after"), STR_NONE);
	step->after = text.after;
	step->when = condition(maker, text.when);
	step->unless = condition(maker, text.unless);
	return found;
}

/* Earliest first; of equal ones as they stand. */
static void
sort_steps(struct task_step *steps, unsigned count)
{
	for (unsigned i = 1; i < count; i++) {
		struct task_step step = steps[i];
		unsigned k = i;

		for (; k > 0 && steps[k - 1].after > step.after; k--)
			steps[k] = steps[k - 1];
		steps[k] = step;
	}
}

static void
read_steps(struct maker *maker, const struct yaml_node *list, struct task_def *task)
{
	unsigned count = count_of(maker, list, RULESET_MAX_FOLLOWERS), made = 0;
	struct task_step *steps = arena_array(maker->form.arena, count, sizeof *steps);

	for (unsigned i = 0; i < count; i++)
		made += read_step(maker, list->items[i], &steps[made]);
	sort_steps(steps, made);
	task->steps = steps;
	task->step_count = made;
}

/* Does a chain of steps lead from the task to itself? Puts the names of such a chain into `path`. */
static bool
leads_to(const struct ruleset *rules, unsigned from, unsigned to, uint64_t *seen,
	 struct buf *path)
{
	const struct task_def *task = &rules->tasks[from];

	if (*seen >> from & 1)
		return false;
	*seen |= UINT64_C(1) << from;
	for (unsigned i = 0; i < task->step_count; i++) {
		size_t before = path->n;

		buf_printf(path, ", %.*s", STR_ARG(rules->tasks[task->steps[i].task].name));
		if (task->steps[i].task == to ||
		    leads_to(rules, task->steps[i].task, to, seen, path))
			return true;
		path->n = before;
	}
	return false;
}

/* Each circle is told of once: at the first of its tasks. */
static void
check_circles(struct maker *maker)
{
	const struct ruleset *rules = maker->rules;
	uint64_t told = 0;

	for (unsigned i = 0; i < rules->task_count; i++) {
		struct buf path = {0};
		uint64_t seen = 0;

		buf_str(&path, rules->tasks[i].name);
		if (!(told >> i & 1) && leads_to(rules, i, i, &seen, &path)) {
			told |= seen;
			form_complain(&maker->form,
				      maker_claimed(maker, NAMES_TASKS, rules->tasks[i].name),
				      "E286", arena_str(maker->form.arena, buf_view(&path)),
				      STR_NONE);
		}
		buf_finish(&path);
	}
}

/* ---- the task ---- */

struct task_text {
	const struct yaml_node *title, *assign, *close_when, *route, *escalate, *steps, *exit;
	struct str queue;
	int priority;
	int64_t ack_within, resolve_within;
};

#define NODE(word)                                                             \
	{                                                                      \
#word, form_node, offsetof(struct task_text, word), 0, 0, NULL \
	}

static const struct form_row task_rows[] = {
	NODE(title),
	{"queue", form_text, offsetof(struct task_text, queue), 0, RULES_MAX_NAME, NULL},
	{"priority", form_word, offsetof(struct task_text, priority), 0, 0, priority_words},
	{"ack_within", form_duration, offsetof(struct task_text, ack_within), 0, MAX_WITHIN,
	 NULL},
	{"resolve_within", form_duration, offsetof(struct task_text, resolve_within), 0,
	 MAX_WITHIN, NULL},
	NODE(assign),
	NODE(escalate),
	NODE(close_when),
	NODE(route),
	NODE(steps),
	NODE(exit),
	{.word = NULL},
};

static void
read_title(struct maker *maker, const struct yaml_node *title, struct task_def *task)
{
	maker->scope.has_key = maker->scope.item_count > 0;
	if (title != NULL)
		maker_text(maker, title, &task->title);
	else
		task->title = maker_literal(maker, task->name);
	maker->scope.has_key = false;
}

static void
read_task(struct maker *maker, const struct yaml_node *node, struct task_def *task)
{
	struct task_text text = {.priority = PRIORITY_NORMAL};

	form_read(&maker->form, node, task_rows, &text);
	task->queue = text.queue;
	task->priority = (enum priority)text.priority;
	task->ack_within = text.ack_within;
	task->resolve_within = text.resolve_within;
	read_title(maker, text.title, task);
	if (text.assign != NULL)
		maker_assignment(maker, text.assign, &task->assign);
	task->close_when = condition(maker, text.close_when);
	read_routes(maker, text.route, task);
	read_escalations(maker, text.escalate, task);
	read_steps(maker, text.steps, task);
	task->exit = condition(maker, text.exit);
	if (task->exit != NULL && task->step_count == 0)
		form_complain(&maker->form, text.exit, "E289", STR_NONE, STR_NONE);
}

static void
name_task(struct maker *maker, const struct yaml_node *key, const struct yaml_node *value)
{
	struct ruleset *rules = maker->rules;
	struct task_def *task = &rules->tasks[rules->task_count];

	if (rules->task_count == RULESET_MAX_TASKS || !maker_claim(maker, NAMES_TASKS, key))
		return;
	maker->task_texts[rules->task_count] = value;
	task->name = key->text;
	task->key = ruleset_key(key->text);
	for (unsigned i = 0; i < rules->task_count; i++)
		if (rules->tasks[i].key == task->key)
			form_complain(&maker->form, key, "E223", task->name,
				      rules->tasks[i].name);
	rules->task_count++;
}

/* Names first: a step may name a task that stands below. */
void
maker_tasks(struct maker *maker)
{
	struct ruleset *rules = maker->rules;

	maker_count(maker, "tasks", RULESET_MAX_TASKS);
	rules->tasks = arena_array(maker->form.arena, RULESET_MAX_TASKS, sizeof *rules->tasks);
	maker_each(maker, "tasks", YAML_MAP, name_task);
	for (unsigned i = 0; i < rules->task_count; i++)
		read_task(maker, maker->task_texts[i], &rules->tasks[i]);
	check_circles(maker);
}
