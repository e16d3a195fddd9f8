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
#define CONFIG_MAX_RULE_FILES DIAG_FILES

void config_webhooks(struct form *form, const struct yaml_node *webhooks,
		     struct config *config);

#endif
