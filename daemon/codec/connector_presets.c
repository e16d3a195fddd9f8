/* SPDX-License-Identifier: Apache-2.0 */
/* The connectors that are built in: the files of connectors/, as bytes of the program. */
#include <assert.h>

#include "codec/connector_inside.h"

/* The assembler reads the file; the Makefile names them all as what this object is made of. */
#define FILE_BYTES(name)                                  \
	__asm__(".section .rodata\n"                      \
		"connector_" #name "_from:\n"             \
		".incbin \"connectors/" #name ".yaml\"\n" \
		"connector_" #name "_to:\n"               \
		".byte 0\n"                               \
		".previous\n");                           \
	extern const char connector_##name##_from[], connector_##name##_to[];

FILE_BYTES(common)
FILE_BYTES(crm)
FILE_BYTES(slack)
FILE_BYTES(teams)
FILE_BYTES(wecom)
FILE_BYTES(dingtalk)
FILE_BYTES(feishu)
FILE_BYTES(wecom_app)
FILE_BYTES(dingtalk_work)
FILE_BYTES(feishu_app)
FILE_BYTES(cloudevents)
FILE_BYTES(salesforce)
FILE_BYTES(hubspot)
FILE_BYTES(zoho)
FILE_BYTES(pipedrive)
FILE_BYTES(jiandaoyun)
FILE_BYTES(fxiaoke)

#define ROW(name, base)                                                                  \
	{                                                                                \
#name, connector_##name##_from, connector_##name##_to, base, false, NULL \
	}

/* Each stands behind what it is built upon. */
static struct preset {
	const char *name, *from, *to;
	bool is_base; /* no format of its own */
	bool is_made;
	const struct connector *connector;
} presets[] = {
	ROW(common, true),	ROW(crm, true),		 ROW(slack, false),
	ROW(teams, false),	ROW(wecom, false),	 ROW(dingtalk, false),
	ROW(feishu, false),	ROW(wecom_app, false),	 ROW(dingtalk_work, false),
	ROW(feishu_app, false), ROW(cloudevents, false), ROW(salesforce, false),
	ROW(hubspot, false),	ROW(zoho, false),	 ROW(pipedrive, false),
	ROW(jiandaoyun, false), ROW(fxiaoke, false),
};

/* Never finished: the presets live as long as the process. */
static struct arena arena;

static void
make(struct preset *preset)
{
	struct str text = {preset->from, (size_t)(preset->to - preset->from)};
	struct diags diags;

	if (arena.total == 0)
		arena_init(&arena);
	preset->is_made = true;
	diags_init(&diags, &arena);
	preset->connector = connector_load(&arena, str_of(preset->name), text, &diags);
	assert(preset->connector != NULL); /* the tests load each */
	diags_finish(&diags);
}

const struct connector *
connector_preset_base(struct str name)
{
	for (size_t i = 0; i < sizeof presets / sizeof *presets; i++) {
		if (!str_is(name, presets[i].name))
			continue;
		if (!presets[i].is_made)
			make(&presets[i]);
		return presets[i].connector;
	}
	return NULL;
}

const struct connector *
connector_preset(struct str name)
{
	for (size_t i = 0; i < sizeof presets / sizeof *presets; i++)
		if (str_is(name, presets[i].name) && !presets[i].is_base)
			return connector_preset_base(name);
	return NULL;
}

unsigned
connector_preset_names(struct str *names, unsigned room)
{
	unsigned count = 0;

	for (size_t i = 0; i < sizeof presets / sizeof *presets && count < room; i++)
		if (!presets[i].is_base)
			names[count++] = str_of(presets[i].name);
	return count;
}

struct str
connector_preset_text(struct str name)
{
	for (size_t i = 0; i < sizeof presets / sizeof *presets; i++)
		if (str_is(name, presets[i].name))
			return (struct str){presets[i].from,
					    (size_t)(presets[i].to - presets[i].from)};
	return STR_NONE;
}
