/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a connector's file, a line "%%", and any bytes as an alert: no crash; a body that is a tree is JSON. */
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "codec/connector_inside.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* The reader we hold it against knows no NUL in a key, which JSON may have. */
static bool
is_json(struct str body)
{
	json_error_t error;
	json_t *root = json_loadb(body.p, body.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
	bool good = root != NULL || json_error_code(&error) == json_error_null_byte_in_key;

	json_decref(root);
	return good;
}

static void
check_request(const struct connector *connector, const struct connector_request *request)
{
	struct str headers = buf_view(&request->headers);

	if (text_has_control(buf_view(&request->url)) || request->method.n == 0)
		abort();
	for (size_t i = 0; i < headers.n; i++)
		if ((unsigned char)headers.p[i] < ' ' && headers.p[i] != '\n')
			abort();
	if (connector->request.is_form || request->body.n == 0)
		return;
	if (!is_json(buf_view(&request->body)))
		abort();
}

static void
make(const struct connector *connector, struct str body, unsigned count)
{
	const struct field names[] = {{STR("slack"), STR("U1")}, {STR("x"), STR("<")}};
	const struct person_names people[] = {{STR("li"), names, 2}};
	const struct connector_settings settings = {.url = STR("https://h/?k=v"),
						    .lang = count > 1 ? STR("zh") : STR(""),
						    .secret = STR("secret"),
						    .people = people,
						    .people_count = 1};
	const struct str bodies[] = {body, body, body};
	const struct connector_message message = {
		.bodies = bodies, .count = count, .now = 1577262236757, .token = STR("t")};
	struct connector_request request = {0};
	struct err err;

	if (connector_make(connector, &settings, &message, &request, &err))
		check_request(connector, &request);
	if (connector_has_token(connector) &&
	    !connector_token_make(connector, &settings, message.now, &request, &err))
		connector_request_finish(&request);
	connector_request_finish(&request);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str input = {(const char *)bytes, n}, body = STR("{\"type\":\"x\",\"data\":{}}");
	struct arena arena;
	struct diags diags;
	struct buf out = {0};
	const struct connector *connector;

	for (size_t i = 0; i + 4 <= n; i++)
		if (memcmp(bytes + i, "\n%%\n", 4) == 0) {
			body = str_slice(input, i + 4, n);
			input = str_slice(input, 0, i + 1);
			break;
		}
	arena_init(&arena);
	diags_init(&diags, &arena);
	connector = connector_load(&arena, STR("f"), input, &diags);
	if ((connector == NULL) != (diags.errors > 0))
		abort();
	if (connector != NULL) {
		make(connector, body, 1);
		make(connector, body, 3);
	}
	diags_print(&out, &diags, false, false);
	diags_print(&out, &diags, true, true);
	buf_finish(&out);
	diags_finish(&diags);
	arena_finish(&arena);
	return 0;
}
