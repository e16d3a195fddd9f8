/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration as churnctl needs it. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "app/ctl.h"
#include "app/redis_place.h"
#include "app/rule_files.h"

#define DEFAULT_CONFIG "/etc/churnd/churnd.yaml"

static bool
load(struct ctl_home *home, struct str name, struct str text)
{
	struct config_loader loader = rule_files_config_loader(&home->folder, false);
	struct buf out = {0};
	struct diags diags;

	diags_init(&diags, &home->arena);
	home->config = config_load(name, text, &loader, &diags);
	diags_print(&out, &diags, home->ctl->zh, home->ctl->color);
	fwrite(out.p ? out.p : "", 1, out.n, stderr);
	buf_finish(&out);
	diags_finish(&diags);
	return home->config != NULL;
}

bool
ctl_home_open(const struct ctl *ctl, struct ctl_home *home)
{
	struct str text = STR_NONE;
	struct err err;

	*home = (struct ctl_home){.ctl = ctl,
				  .path = ctl->config ? ctl->config : DEFAULT_CONFIG};
	arena_init(&home->arena);
	if (!ctl->config && access(DEFAULT_CONFIG, F_OK) != 0 && errno == ENOENT) {
		home->path = NULL;
	} else if (!rule_files_slurp(&home->arena, str_of(home->path), CONFIG_MAX_BYTES, &text,
				     &err)) {
		(void)ctl_fail(STATUS_USAGE, "%s", err.text);
		ctl_home_close(home);
		return false;
	} else {
		home->folder = rule_files_folder(home->path);
	}
	if (load(home, str_of(home->path ? home->path : "defaults"), text))
		return true;
	ctl_home_close(home);
	return false;
}

void
ctl_home_close(struct ctl_home *home)
{
	config_destroy(home->config);
	arena_finish(&home->arena);
	home->config = NULL;
}

bool
ctl_home_secret(struct ctl_home *home, struct str name, struct str *out, struct err *err)
{
	return redis_place_secret(&home->arena, home->folder, name, out, err);
}

struct str
ctl_home_key(struct ctl_home *home, const char *name)
{
	return arena_printf(&home->arena, "%.*s%s", STR_ARG(home->config->prefix), name);
}
