/* SPDX-License-Identifier: Apache-2.0 */
/* The calendar section: a map, or the name of a file that holds it. */
#include <string.h>

#include "base/civil.h"
#include "codec/rules_maker.h"

/* calendar: PATH | {hours: 'HH:MM-HH:MM', week: [mon ..], holidays: {DATE: NAME}, workdays: [DATE ..]} */

/* ---- Files ---- */

struct str
rules_calendar_path(struct arena *arena, struct str rule_file, struct str path)
{
	size_t folder = rule_file.n;

	while (folder > 0 && rule_file.p[folder - 1] != '/')
		folder--;
	if (folder == 0 || str_starts(path, STR("/")))
		return arena_str(arena, path);
	return arena_printf(arena, "%.*s%.*s", (int)folder, rule_file.p, STR_ARG(path));
}

static bool
holds(struct str text, struct str word)
{
	for (size_t i = 0; i + word.n <= text.n; i++)
		if (memcmp(text.p + i, word.p, word.n) == 0)
			return true;
	return false;
}

bool
rules_calendar_of(struct arena *arena, const struct diag_file *file, struct str *path)
{
	const struct yaml_node *root, *calendar = NULL;
	struct diags diags;

	if (!holds(file->text, STR("calendar")))
		return false;
	diags_init(&diags, arena);
	root = yaml_read(arena, diags_add_file(&diags, file->name, file->text), &diags);
	if (root != NULL && root->kind == YAML_MAP)
		calendar = yaml_get(root, "calendar");
	diags_finish(&diags);
	if (calendar == NULL || calendar->kind != YAML_TEXT || calendar->text.n == 0)
		return false;
	*path = rules_calendar_path(arena, file->name, calendar->text);
	return true;
}

/* The file of that name behind this one; -1. Only those behind: two files cannot be each other's. */
static int
file_behind(struct maker *maker, const struct yaml_node *path)
{
	const struct diags *diags = maker->form.diags;
	struct str name = rules_calendar_path(maker->form.arena, diags->files[path->file].name,
					      path->text);

	for (unsigned i = path->file + 1; i < diags->file_count; i++)
		if (str_eq(diags->files[i].name, name))
			return (int)i;
	return -1;
}

int
maker_calendar_file(struct maker *maker, const struct yaml_node *root)
{
	const struct yaml_node *path =
		root->kind == YAML_MAP ? yaml_get(root, "calendar") : NULL;

	if (path == NULL || path->kind != YAML_TEXT || path->text.n == 0)
		return -1;
	return file_behind(maker, path);
}

/* ---- Days ---- */

struct calendar_text {
	const struct yaml_node *hours, *week, *holidays, *workdays;
};

static const struct form_row calendar_rows[] = {
	{"hours", form_node, offsetof(struct calendar_text, hours), 0, 0, NULL},
	{"week", form_node, offsetof(struct calendar_text, week), 0, 0, NULL},
	{"holidays", form_node, offsetof(struct calendar_text, holidays), 0, 0, NULL},
	{"workdays", form_node, offsetof(struct calendar_text, workdays), 0, 0, NULL},
	{.word = NULL},
};

/* Days as they are read, with the place of each. */
struct calendar_days {
	struct calendar *calendar;
	struct str *names;
	const struct yaml_node **places;
	struct map seen; /* of the date's text: index into days */
};

static bool
is_new(struct maker *maker, struct calendar_days *days, const struct yaml_node *date,
       bool works)
{
	const struct calendar *calendar = days->calendar;
	uint32_t first;

	if (!map_get(&days->seen, date->text, &first))
		return true;
	bool both = works && calendar->days[first].name >= 0;

	form_complain(&maker->form, date, both ? "E245" : "E247", date->text,
		      form_place(&maker->form, days->places[first]));
	return false;
}

static void
add_day(struct maker *maker, struct calendar_days *days, const struct yaml_node *date, int name)
{
	struct calendar *calendar = days->calendar;
	int64_t day;

	if (!form_is_text(&maker->form, date))
		return;
	if (!parse_date(date->text, &day)) {
		form_complain(&maker->form, date, "E244", date->text, STR_NONE);
		return;
	}
	if (!is_new(maker, days, date, name < 0))
		return;
	if (calendar->day_count == CALENDAR_MAX_DAYS) {
		form_complain(&maker->form, date, "E210", STR("days"),
			      form_int_text(&maker->form, CALENDAR_MAX_DAYS));
		return;
	}
	map_put(&days->seen, date->text, calendar->day_count);
	days->places[calendar->day_count] = date;
	calendar->days[calendar->day_count++] = (struct calendar_day){.day = day, .name = name};
}

static int
name_index(struct calendar_days *days, struct str name)
{
	struct calendar *calendar = days->calendar;

	for (unsigned i = 0; i < calendar->name_count; i++)
		if (str_eq(calendar->names[i], name))
			return (int)i;
	days->names[calendar->name_count] = name;
	return (int)calendar->name_count++;
}

static void
read_holidays(struct maker *maker, struct calendar_days *days, const struct yaml_node *map)
{
	if (!form_is_map(&maker->form, map))
		return;
	for (unsigned i = 0; i < map->count; i++)
		if (maker_is_label(maker, map->items[i]))
			add_day(maker, days, map->keys[i],
				name_index(days, form_line(map->items[i])));
}

static void
read_workdays(struct maker *maker, struct calendar_days *days, const struct yaml_node *list)
{
	if (!form_is_list(&maker->form, list))
		return;
	for (unsigned i = 0; i < list->count; i++)
		add_day(maker, days, list->items[i], -1);
}

static void
read_days(struct maker *maker, const struct calendar_text *text, struct calendar *calendar)
{
	struct arena *arena = maker->form.arena;
	struct calendar_days days = {.calendar = calendar};
	unsigned most = (text->holidays != NULL ? text->holidays->count : 0) +
			(text->workdays != NULL ? text->workdays->count : 0);

	days.names = arena_array(arena, most, sizeof *days.names);
	days.places = arena_array(arena, most, sizeof *days.places);
	calendar->names = days.names;
	calendar->days = arena_array(arena, most, sizeof *calendar->days);
	map_init(&days.seen, maker->claims.seed);
	if (text->holidays != NULL)
		read_holidays(maker, &days, text->holidays);
	if (text->workdays != NULL)
		read_workdays(maker, &days, text->workdays);
	map_finish(&days.seen);
	calendar_finish(calendar);
}

/* ---- Week and hours ---- */

static void
read_week(struct maker *maker, const struct yaml_node *node, struct calendar *calendar)
{
	static const char *const words[] = {"mon", "tue", "wed", "thu",
					    "fri", "sat", "sun", NULL};
	static const struct form_row texts = {.most = RULES_MAX_NAME}, row = {.words = words};
	struct str_list listed = {NULL, 0};
	unsigned week = 0;

	form_texts(&maker->form, node, &texts, &listed);
	for (unsigned i = 0; i < (node->kind == YAML_LIST ? node->count : 1); i++) {
		const struct yaml_node *word = node->kind == YAML_LIST ? node->items[i] : node;
		int weekday = -1;

		if (word->kind == YAML_TEXT && word->text.n > 0)
			form_word(&maker->form, word, &row, &weekday);
		if (weekday >= 0)
			week |= 1u << weekday;
	}
	if (week != 0)
		calendar->week = week;
}

static void
read_hours(struct maker *maker, const struct yaml_node *node, struct calendar *calendar)
{
	struct str text = node->text;
	int64_t opens, closes;

	if (!form_is_text(&maker->form, node))
		return;
	if (text.n == 11 && text.p[5] == '-' && parse_clock(str_slice(text, 0, 5), &opens) &&
	    parse_clock(str_slice(text, 6, 11), &closes) && opens < closes) {
		calendar->opens = opens;
		calendar->closes = closes;
	} else {
		form_complain(&maker->form, node, "E246", text, STR_NONE);
	}
}

/* ---- The section ---- */

static const struct yaml_node *
calendar_map(struct maker *maker, const struct yaml_node *node)
{
	int file;

	if (node->kind == YAML_MAP)
		return node;
	if (!form_is_text(&maker->form, node))
		return NULL;
	file = file_behind(maker, node);
	if (file < 0)
		form_complain(&maker->form, node, "E243", node->text, STR_NONE);
	return file < 0 ? NULL : maker->calendar_roots[file];
}

void
maker_calendar(struct maker *maker)
{
	const struct yaml_node *node = maker->singles.calendar, *map;
	struct calendar *calendar = &maker->rules->calendar;
	struct calendar_text text = {0};

	if (node == NULL)
		return;
	maker->scope.calendar = calendar;
	map = calendar_map(maker, node);
	calendar->is_missing = map == NULL;
	maker->rules->has_calendar = map != NULL;
	if (map == NULL)
		return;
	form_read(&maker->form, map, calendar_rows, &text);
	if (text.week != NULL)
		read_week(maker, text.week, calendar);
	if (text.hours != NULL)
		read_hours(maker, text.hours, calendar);
	read_days(maker, &text, calendar);
}
