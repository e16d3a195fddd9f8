/* SPDX-License-Identifier: Apache-2.0 */
/* How an endpoint is spoken to: its format, the parameters of its connector, its secrets. */
#include <string.h>

#include "codec/config_maker.h"
#include "codec/connector_inside.h"
#include "codec/standard_webhooks.h"

#define FORMATS_MOST (CONNECTOR_PRESETS + 2)

static unsigned
format_names(struct str names[FORMATS_MOST])
{
	unsigned count = connector_preset_names(names, CONNECTOR_PRESETS);

	names[count++] = STR("standard");
	names[count++] = STR("template");
	return count;
}

static void
complain_format(struct form *form, const struct yaml_node *node)
{
	struct str names[FORMATS_MOST];
	unsigned count = format_names(names);
	struct complaint complaint = {.code = "E415",
				      .args = {node->text, form_join(form, names, count)}};
	struct str near = str_nearest(node->text, names, count);

	if (near.n != 0)
		message_hint(form->arena, &complaint, "H101", near);
	form_complain_at(form, node, 0, node->text.n, &complaint);
}

/* ---- the connector ---- */

static bool
read_file(struct config_reading *reading, struct arena *arena, const struct yaml_node *node,
	  size_t most, struct str *name, struct str *text)
{
	struct err err;

	if (reading->loader->read(reading->loader->ctx, arena, name, most, text, &err))
		return true;
	form_complain(reading->form, node, "E423",
		      arena_str(reading->form->arena, str_of(err.text)), STR_NONE);
	return false;
}

/* An admin's own; its mistakes are said with their places in its own file. */
static void
load_template(struct config_reading *reading, const struct yaml_node *node,
	      struct endpoint_config *endpoint)
{
	struct form *form = reading->form;
	struct diags *diags = form->diags;
	struct str name = endpoint->template_file, text;

	/* What complaints quote lives as long as they do, which may be longer than the configuration. */
	if (reading->loader == NULL ||
	    !read_file(reading, diags->arena, node, CONNECTOR_MAX_BYTES, &name, &text))
		return;
	if (diags->file_count == DIAG_FILES)
		form_complain(form, node, "E210", STR("templates"),
			      form_int_text(form, DIAG_FILES));
	else
		endpoint->connector = connector_load(
			form->arena, arena_str(diags->arena, endpoint->template_file), text,
			diags);
}

static void
read_connector(struct config_reading *reading, const struct yaml_node *value,
	       struct endpoint_config *endpoint)
{
	const struct yaml_node *format = yaml_get(value, "format");
	const struct yaml_node *file = yaml_get(value, "template");
	bool is_template = str_is(endpoint->format, "template");

	if (is_template != (file != NULL)) {
		form_complain(reading->form, file != NULL ? file : format, "E418", STR_NONE,
			      STR_NONE);
		return;
	}
	if (is_template && endpoint->template_file.n > 0)
		load_template(reading, file, endpoint);
	if (is_template || str_is(endpoint->format, "standard"))
		return;
	endpoint->connector = connector_preset(endpoint->format);
	if (endpoint->connector == NULL)
		complain_format(reading->form, format);
}

/* ---- set: ---- */

struct set_reading {
	struct config_reading *reading;
	struct endpoint_config *endpoint;
	struct field *set;
};

static bool
is_given(const struct endpoint_config *endpoint, struct str name)
{
	for (unsigned i = 0; i < endpoint->set_count; i++)
		if (str_eq(endpoint->set[i].key, name))
			return true;
	return false;
}

static void
complain_parameter(struct form *form, const struct yaml_node *key,
		   const struct connector *connector)
{
	struct str known[CONNECTOR_MAX_PARAMETERS];
	struct complaint complaint = {.code = "E419", .args = {connector->name, key->text}};
	struct str near;

	for (unsigned i = 0; i < connector->parameter_count; i++)
		known[i] = connector->parameters[i].name;
	near = str_nearest(key->text, known, connector->parameter_count);
	if (near.n != 0)
		message_hint(form->arena, &complaint, "H101", near);
	form_complain_at(form, key, 0, key->text.n, &complaint);
}

/* One line of text without control characters; the error never shows it. */
static bool
take_line(struct config_reading *reading, const struct yaml_node *key, struct str text,
	  struct str *out)
{
	while (text.n > 0 && (unsigned char)text.p[text.n - 1] <= ' ')
		text.n--;
	*out = text;
	if (text.n > 0 && !text_has_control(text) && utf8_valid(text))
		return true;
	form_complain(reading->form, key, "E426", key->text, STR_NONE);
	return false;
}

static bool
read_set_file(struct config_reading *reading, const struct yaml_node *key,
	      const struct yaml_node *value, struct str *out)
{
	static const struct form_row row = {.most = CONFIG_MAX_TEXT};
	struct str name = STR_NONE, text;

	form_text(reading->form, value, &row, &name);
	if (name.n == 0)
		return false;
	*out = STR("");
	if (reading->loader == NULL || !reading->loader->with_secrets)
		return true; /* given, and nobody here needs to know what */
	return read_file(reading, reading->form->arena, value, CONFIG_MAX_TEXT, &name, &text) &&
	       take_line(reading, key, text, out);
}

static void
read_set_pair(struct set_reading *set, const struct yaml_node *key,
	      const struct yaml_node *value)
{
	static const struct form_row row = {.least = -1, .most = CONFIG_MAX_TEXT};
	struct endpoint_config *endpoint = set->endpoint;
	const struct connector *connector = endpoint->connector;
	struct form *form = set->reading->form;
	const struct connector_parameter *parameter =
		connector_parameter_find(connector, key->text);
	struct field *out = &set->set[endpoint->set_count];
	bool is_file = parameter == NULL && str_ends(key->text, STR("_file"));

	if (is_file)
		parameter = connector_parameter_find(
			connector, str_slice(key->text, 0, key->text.n - strlen("_file")));
	if (parameter == NULL) {
		complain_parameter(form, key, connector);
		return;
	}
	if (is_given(endpoint, parameter->name)) {
		form_complain(form, key, "E424", parameter->name, STR_NONE);
		return;
	}
	out->key = parameter->name;
	out->value = STR("");
	if (!is_file)
		form_text(form, value, &row, &out->value);
	else if (!read_set_file(set->reading, key, value, &out->value))
		out->value = STR(""); /* said; what follows may still be checked */
	endpoint->set_count++;
}

static void
check_required(struct form *form, const struct yaml_node *key,
	       const struct endpoint_config *endpoint)
{
	const struct connector *connector = endpoint->connector;

	for (unsigned i = 0; i < connector->parameter_count; i++)
		if (connector->parameters[i].required &&
		    !is_given(endpoint, connector->parameters[i].name))
			form_complain(form, key, "E420", connector->name,
				      connector->parameters[i].name);
}

static void
read_set(struct config_reading *reading, const struct yaml_node *key,
	 const struct yaml_node *value, struct endpoint_config *endpoint)
{
	const struct yaml_node *node = yaml_get(value, "set");
	struct set_reading set = {reading, endpoint, NULL};

	if (node != NULL && form_is_map(reading->form, node)) {
		set.set = arena_array(reading->form->arena, node->count, sizeof *set.set);
		endpoint->set = set.set;
		for (unsigned i = 0; i < node->count; i++)
			read_set_pair(&set, node->keys[i], node->items[i]);
	}
	check_required(reading->form, key, endpoint);
}

/* ---- secrets ---- */

static enum secret_use
secret_use(const struct endpoint_config *endpoint)
{
	return endpoint->connector == NULL ? SECRET_STANDARD : endpoint->connector->secret;
}

/* Complaints about a secret stand at the endpoint's key: the place of the secret itself is never shown. */
static void
take_secret(struct form *form, const struct yaml_node *key, const struct yaml_node *node,
	    struct endpoint_config *endpoint)
{
	struct webhook_secret secret;
	bool is_standard = secret_use(endpoint) == SECRET_STANDARD;
	bool good = node->kind == YAML_TEXT && node->text.n > 0 &&
		    node->text.n <= CONFIG_MAX_TEXT && !text_has_control(node->text);

	if (good && is_standard)
		good = webhook_secret_parse(node->text, &secret, NULL);
	if (!good)
		form_complain(form, key, is_standard ? "E403" : "E426", STR("secret"),
			      STR_NONE);
	else if (endpoint->secret_count == WEBHOOK_SECRETS)
		form_complain(form, key, "E210", STR("secrets"),
			      form_int_text(form, WEBHOOK_SECRETS));
	else
		endpoint->secrets[endpoint->secret_count++] = node->text;
}

static void
take_secrets(struct form *form, const struct yaml_node *key, const struct yaml_node *node,
	     struct endpoint_config *endpoint)
{
	if (node->kind != YAML_LIST) {
		take_secret(form, key, node, endpoint);
		return;
	}
	if (node->count == 0)
		form_complain(form, key, "E044", STR_NONE, STR_NONE);
	for (unsigned i = 0; i < node->count && i <= WEBHOOK_SECRETS; i++)
		take_secret(form, key, node->items[i], endpoint);
}

static void
read_secret(struct form *form, const struct yaml_node *key, const struct yaml_node *value,
	    struct endpoint_config *endpoint)
{
	const struct yaml_node *node = yaml_get(value, "secret");
	enum secret_use use = secret_use(endpoint);
	bool given = node != NULL || endpoint->secret_file.n > 0;

	if (node != NULL && endpoint->secret_file.n > 0)
		form_complain(form, key, "E405", STR_NONE, STR_NONE);
	else if (!given && endpoint->connector == NULL)
		form_complain(form, key, "E404", key->text, STR_NONE);
	else if (!given && (use == SECRET_REQUIRED || use == SECRET_STANDARD))
		form_complain(form, key, "E421", endpoint->connector->name, STR_NONE);
	else if (given && use == SECRET_NONE)
		form_complain(form, key, "E422", endpoint->connector->name, STR_NONE);
	else if (node != NULL)
		take_secrets(form, key, node, endpoint);
}

void
config_format(struct config_reading *reading, const struct yaml_node *key,
	      const struct yaml_node *value, struct endpoint_config *endpoint)
{
	struct form *form = reading->form;
	bool is_standard = str_is(endpoint->format, "standard");

	read_connector(reading, value, endpoint);
	/* What a connector that cannot be had would ask for, nobody knows. */
	if (endpoint->connector == NULL && !is_standard)
		return;
	if (endpoint->connector != NULL)
		read_set(reading, key, value, endpoint);
	else if (yaml_get(value, "set") != NULL)
		form_complain(form, key, "E419", STR("standard"), STR("set"));
	if (yaml_get(value, "url") == NULL &&
	    (endpoint->connector == NULL || endpoint->connector->home.n == 0))
		form_complain(form, key, "E048", STR("url"), STR_NONE);
	else if (endpoint->url.n == 0 && endpoint->connector != NULL)
		endpoint->url = endpoint->connector->home;
	read_secret(form, key, value, endpoint);
}
