/* SPDX-License-Identifier: Apache-2.0 */
/* The description of the HTTP interface and the table of routes say the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "app/api_room.h"

static json_t *document;

/* "/v1/tasks/{id}" of "/v1/tasks/" and "*". */
static void
path_of(const struct route *route, char out[128])
{
	const char *star = strchr(route->path, '*');

	if (star)
		snprintf(out, 128, "%.*s{id}%s", (int)(star - route->path), route->path,
			 star + 1);
	else
		snprintf(out, 128, "%s", route->path);
}

static const char *
method_of(const struct route *route)
{
	return strcmp(route->method, "GET") == 0 ? "get" : "post";
}

static const json_t *
operation_of(const struct route *route)
{
	char path[128];

	path_of(route, path);
	return json_object_get(json_object_get(json_object_get(document, "paths"), path),
			       method_of(route));
}

static bool
has_parameter(const json_t *operation, const char *name, const char *in)
{
	const json_t *parameter;
	size_t i;

	json_array_foreach(json_object_get(operation, "parameters"), i, parameter)
	{
		if (strcmp(json_string_value(json_object_get(parameter, "name")), name) == 0 &&
		    strcmp(json_string_value(json_object_get(parameter, "in")), in) == 0)
			return true;
	}
	return false;
}

static int
open_document(void **state)
{
	struct str text = api_openapi_text();
	json_error_t error;

	(void)state;
	document = json_loadb(text.p, text.n, JSON_REJECT_DUPLICATES, &error);
	if (document == NULL)
		fprintf(stderr, "openapi.json:%d: %s\n", error.line, error.text);
	return document ? 0 : -1;
}

static int
close_document(void **state)
{
	(void)state;
	json_decref(document);
	return 0;
}

static void
every_route_is_described(void **state)
{
	(void)state;
	for (unsigned i = 0; i < api_route_count(); i++) {
		const struct route *route = api_route_at(i);

		if (operation_of(route) == NULL)
			fail_msg("%s %s is not described", route->method, route->path);
	}
}

static void
nothing_else_is_described(void **state)
{
	unsigned count = 0;
	const char *path, *method;
	json_t *item, *operation;

	(void)state;
	json_object_foreach(json_object_get(document, "paths"), path, item)
		json_object_foreach(item, method, operation) count++;
	assert_int_equal(count, api_route_count());
}

static void
parameters_are_those_of_the_route(void **state)
{
	(void)state;
	for (unsigned i = 0; i < api_route_count(); i++) {
		const struct route *route = api_route_at(i);
		const json_t *operation = operation_of(route);
		size_t count = strchr(route->path, '*') != NULL;

		if (count > 0)
			assert_true(has_parameter(operation, "id", "path"));
		for (unsigned k = 0; route->parameters && route->parameters[k]; k++) {
			count++;
			if (!has_parameter(operation, route->parameters[k], "query"))
				fail_msg("%s: %s is not described", route->path,
					 route->parameters[k]);
		}
		if (json_array_size(json_object_get(operation, "parameters")) != count)
			fail_msg("%s: more parameters are described than there are",
				 route->path);
	}
}

static void
what_asks_for_no_token_is_said(void **state)
{
	(void)state;
	for (unsigned i = 0; i < api_route_count(); i++) {
		const struct route *route = api_route_at(i);
		const json_t *security = json_object_get(operation_of(route), "security");

		if (route->open != (security && json_array_size(security) == 0))
			fail_msg("%s: does it ask for a token?", route->path);
	}
}

static void
check_references(const json_t *node)
{
	static const char prefix[] = "#/components/";
	const char *key, *target = json_string_value(json_object_get(node, "$ref"));
	json_t *value;
	size_t i;

	if (target) {
		char kind[32], name[64];

		assert_int_equal(strncmp(target, prefix, sizeof prefix - 1), 0);
		assert_int_equal(
			sscanf(target + sizeof prefix - 1, "%31[a-z]/%63s", kind, name), 2);
		if (!json_object_get(
			    json_object_get(json_object_get(document, "components"), kind),
			    name))
			fail_msg("there is no %s", target);
	}
	if (json_is_object(node))
		json_object_foreach((json_t *)(uintptr_t)node, key, value)
			check_references(value);
	json_array_foreach(node, i, value) check_references(value);
}

static void
every_reference_leads_somewhere(void **state)
{
	(void)state;
	check_references(document);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_route_is_described),
		cmocka_unit_test(nothing_else_is_described),
		cmocka_unit_test(parameters_are_those_of_the_route),
		cmocka_unit_test(what_asks_for_no_token_is_said),
		cmocka_unit_test(every_reference_leads_somewhere),
	};

	return cmocka_run_group_tests(tests, open_document, close_document);
}
