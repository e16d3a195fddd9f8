/* SPDX-License-Identifier: Apache-2.0 */
/* What an entry carries beside its named fields. */
#include "engine/entry.h"

#include <string.h>

struct str
entry_attribute(const struct entry *entry, struct str key)
{
	for (unsigned i = 0; i < entry->attribute_count; i++) {
		const struct field *field = &entry->attributes[i];

		if (field->key.n == key.n && memcmp(field->key.p, key.p, key.n) == 0)
			return field->value;
	}
	return STR_NONE;
}
