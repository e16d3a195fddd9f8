/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a configuration: no crash, and either a configuration or an error. */
#include <stdint.h>
#include <stdlib.h>

#include "codec/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* A format that signs as Standard Webhooks has one way to its secret; of a template nothing is known here. */
static void
check_endpoint(const struct endpoint_config *endpoint)
{
	bool is_template = str_is(endpoint->format, "template");
	bool is_signed = endpoint->connector != NULL ? connector_signs(endpoint->connector)
						     : !is_template;

	if (endpoint->url.n == 0 && !is_template)
		abort();
	if (endpoint->connector == NULL && !is_template &&
	    !str_is(endpoint->format, "standard"))
		abort();
	if (is_signed && (endpoint->secret_count == 0) == (endpoint->secret_file.n == 0))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena arena;
	struct diags diags;
	struct buf out = {0};
	struct config *config;

	arena_init(&arena);
	diags_init(&diags, &arena);
	config = config_load(STR("f"), (struct str){(const char *)bytes, n}, NULL, &diags);
	if ((config == NULL) != (diags.errors > 0))
		abort();
	for (unsigned i = 0; config != NULL && i < config->endpoint_count; i++)
		check_endpoint(&config->endpoints[i]);
	config_destroy(config);
	diags_print(&out, &diags, false, false);
	diags_print(&out, &diags, true, true);
	diags_print_json(&out, &diags, true);
	buf_finish(&out);
	diags_finish(&diags);
	arena_finish(&arena);
	return 0;
}
