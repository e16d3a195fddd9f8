/* SPDX-License-Identifier: Apache-2.0 */
/* What stands at a place of a JSON text. */
#ifndef UNIT_JSON_AT_H
#define UNIT_JSON_AT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

/* The value at a path such as "data.reasons.0.text", as compact JSON; "-" when there is none. */
static inline void
assert_at(const char *body, const char *path, const char *want)
{
	json_error_t error;
	json_t *root = json_loads(body, JSON_REJECT_DUPLICATES, &error), *value = root;
	char key[64], *text;

	if (!root)
		fail_msg("%s: %s", error.text, body);
	while (*path && value) {
		size_t n = strcspn(path, ".");

		memcpy(key, path, n);
		key[n] = '\0';
		path += path[n] ? n + 1 : n;
		value = json_is_array(value) ? json_array_get(value, (size_t)atoi(key))
					     : json_object_get(value, key);
	}
	text = value ? json_dumps(value,
				  JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15))
		     : strdup("-");
	assert_string_equal(text, want);
	free(text);
	json_decref(root);
}

#endif
