/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes event_decode: lines of KEY=VALUE are the fields; what is accepted must keep every bound. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "codec/event.h"
#include "codec/event_fields.h"

#define ARRIVAL INT64_C(1795255200000)
#define MAX_FIELDS 100

static void
must(bool condition)
{
	if (!condition)
		abort();
}

static unsigned
split(struct str text, struct field *fields)
{
	const char *p = text.p, *end = text.p + text.n;
	unsigned count = 0;

	while (p < end && count < MAX_FIELDS) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		const char *stop = newline ? newline : end;
		const char *equals = memchr(p, '=', (size_t)(stop - p));
		const char *key_end = equals ? equals : stop;
		const char *value = equals ? equals + 1 : stop;

		fields[count++] = (struct field){{p, (size_t)(key_end - p)},
						 {value, (size_t)(stop - value)}};
		p = newline ? newline + 1 : end;
	}
	return count;
}

static void
check_entry(const struct entry *entry)
{
	bool has_customer = entry->kind != ENTRY_CLOCK && entry->kind != ENTRY_RULES;

	must((entry->customer.n > 0) == has_customer &&
	     entry->customer.n <= EVENT_MAX_CUSTOMER);
	must(utf8_valid(entry->customer) && !text_has_control(entry->customer));
	must(entry->type.n > 0 && entry->type.n <= EVENT_MAX_TYPE);
	must(entry->ts >= EVENT_MIN_TS && entry->ts <= ARRIVAL + EVENT_MAX_AHEAD);
	must(isfinite(entry->value) && fabs(entry->value) <= EVENT_MAX_VALUE);
	must(entry->attribute_count <= EVENT_MAX_ATTRIBUTES);
	for (unsigned i = 0; i < entry->attribute_count; i++) {
		must(entry->attributes[i].key.n <= EVENT_MAX_KEY);
		must(entry->attributes[i].value.n <= EVENT_MAX_TEXT);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str text = {(const char *)bytes, n};
	struct field fields[MAX_FIELDS];
	unsigned count = split(text, fields);
	struct arena arena;
	struct entry entry;
	struct err err = {""};

	arena_init(&arena);
	if (event_decode((struct stream_id){ARRIVAL, 0}, fields, count, &arena, &entry, &err))
		check_entry(&entry);
	else
		must(err.text[0] != '\0');
	fields[0] = (struct field){STR("data"), text};
	if (event_decode((struct stream_id){ARRIVAL, 0}, fields, 1, &arena, &entry, &err))
		check_entry(&entry);
	arena_finish(&arena);
	return 0;
}
