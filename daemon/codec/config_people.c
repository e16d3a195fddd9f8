/* SPDX-License-Identifier: Apache-2.0 */
/* When an endpoint may be told, and how people are called elsewhere. */
#include <string.h>

#include "base/civil.h"
#include "codec/config_maker.h"

#define PEOPLE_MOST 1000
#define SYSTEMS_MOST (CONNECTOR_PRESETS + CONFIG_MAX_WEBHOOKS)

/* hours = clock "-" clock [" workdays"] */
void
config_hours(struct form *form, const struct yaml_node *node, const struct form_row *row,
	     void *into)
{
	struct quiet *out = into, hours = {.given = true};
	struct str text;
	size_t dash = 0;

	(void)row;
	if (!form_is_text(form, node))
		return;
	text = str_trim(node->text);
	if (str_ends(text, STR(" workdays"))) {
		hours.workdays = true;
		text = str_trim(str_slice(text, 0, text.n - strlen(" workdays")));
	}
	while (dash < text.n && text.p[dash] != '-')
		dash++;
	if (dash < text.n && parse_clock(str_trim(str_slice(text, 0, dash)), &hours.from) &&
	    parse_clock(str_trim(str_slice(text, dash + 1, text.n)), &hours.to) &&
	    hours.from < hours.to)
		*out = hours;
	else
		form_complain(form, node, "E417", STR_NONE, STR_NONE);
}

/* ---- people ---- */

struct systems {
	struct str names[SYSTEMS_MOST];
	unsigned count;
};

static void
add_system(struct systems *systems, const struct connector *connector)
{
	struct str name = connector != NULL ? connector_people(connector) : STR_NONE;

	if (name.n > 0 && systems->count < SYSTEMS_MOST)
		systems->names[systems->count++] = name;
}

/* false: with a template that was not read any name may be one. */
static bool
find_systems(const struct config *config, struct systems *systems)
{
	struct str presets[CONNECTOR_PRESETS];
	unsigned count = connector_preset_names(presets, CONNECTOR_PRESETS);
	bool all = true;

	for (unsigned i = 0; i < count; i++)
		add_system(systems, connector_preset(presets[i]));
	for (unsigned i = 0; i < config->endpoint_count; i++) {
		const struct endpoint_config *endpoint = &config->endpoints[i];

		add_system(systems, endpoint->connector);
		all &= endpoint->connector != NULL || str_is(endpoint->format, "standard");
	}
	return all;
}

static bool
is_system(const struct systems *systems, struct str name)
{
	for (unsigned i = 0; i < systems->count; i++)
		if (str_eq(systems->names[i], name))
			return true;
	return false;
}

static void
read_person(struct form *form, const struct yaml_node *node, const struct systems *systems,
	    struct person_names *out)
{
	static const struct form_row row = {.most = 256};
	struct field *names;

	if (!form_is_map(form, node))
		return;
	names = arena_array(form->arena, node->count, sizeof *names);
	for (unsigned i = 0; i < node->count; i++) {
		const struct yaml_node *key = node->keys[i];

		if (systems != NULL && !is_system(systems, key->text)) {
			form_propose(form, key, "E425", key->text, systems->names,
				     systems->count);
			continue;
		}
		names[out->count].key = key->text;
		form_text(form, node->items[i], &row, &names[out->count].value);
		out->count++;
	}
	out->names = names;
}

void
config_people(struct form *form, const struct yaml_node *people, struct config *config)
{
	static const struct form_row row = {.most = 128};
	struct systems systems = {.count = 0};
	bool all = find_systems(config, &systems);

	if (!form_is_map(form, people))
		return;
	if (people->count > PEOPLE_MOST) {
		form_complain(form, people->keys[PEOPLE_MOST], "E210", STR("people"),
			      form_int_text(form, PEOPLE_MOST));
		return;
	}
	config->people = arena_array(form->arena, people->count, sizeof *config->people);
	for (unsigned i = 0; i < people->count; i++) {
		struct person_names *person = &config->people[config->people_count++];

		form_text(form, people->keys[i], &row, &person->name);
		read_person(form, people->items[i], all ? &systems : NULL, person);
	}
}
