/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a configuration: no crash, and either a configuration or an error. */
#include <stdint.h>
#include <stdlib.h>

#include "codec/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

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
		if (config->endpoints[i].url.n == 0 ||
		    (config->endpoints[i].secret_count == 0) ==
			    (config->endpoints[i].secret_file.n == 0))
			abort();
	config_destroy(config);
	diags_print(&out, &diags, false, false);
	diags_print(&out, &diags, true, true);
	diags_print_json(&out, &diags, true);
	buf_finish(&out);
	diags_finish(&diags);
	arena_finish(&arena);
	return 0;
}
