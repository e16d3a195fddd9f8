/* SPDX-License-Identifier: Apache-2.0 */
/* What the readers of a configuration's sections share. */
#ifndef CODEC_CONFIG_MAKER_H
#define CODEC_CONFIG_MAKER_H

#include "codec/config.h"
#include "codec/form.h"

#define CONFIG_MAX_TEXT 4096 /* bytes of a path or address */
#define CONFIG_MAX_NAME 64
#define CONFIG_MAX_SPAN (400 * DAY_MS)
#define CONFIG_MAX_HEADERS 32
#define CONFIG_MAX_NETWORKS 64
#define CONFIG_MAX_RULE_FILES DIAG_RULE_FILES

struct config_reading {
	struct form *form;
	const struct config_loader *loader; /* or NULL */
	struct config *config;
};

void config_webhooks(struct config_reading *reading, const struct yaml_node *webhooks);
/* format, template, set, url and secret of the endpoint `key`. */
void config_format(struct config_reading *reading, const struct yaml_node *key,
		   const struct yaml_node *value, struct endpoint_config *endpoint);
/* After the webhooks: their formats say which systems people have names in. */
void config_people(struct form *form, const struct yaml_node *people, struct config *config);
void config_hours(struct form *form, const struct yaml_node *node, const struct form_row *row,
		  void *into); /* struct quiet */

#endif
