/* SPDX-License-Identifier: Apache-2.0 */
/* Other rules while it runs: when a file changes, at a signal, when somebody asks. All or nothing. */
#ifndef APP_RELOAD_H
#define APP_RELOAD_H

#include <event2/event.h>

#include "app/live.h"

struct reload;

struct reload_options {
	struct event_base *base;
	struct live *live;	     /* borrowed */
	const struct config *config; /* borrowed: the one whose webhooks are in force */
	struct str folder;	     /* of the configuration file */
	const char *sha_hex;	     /* of the files that live was made with */
	bool zh;
};

struct reload *reload_create(const struct reload_options *options);
void reload_destroy(struct reload *reload); /* NULL allowed */
/* Could the rule files that this configuration names be in force with its webhooks? If not, it is said as of a reload
 * that is refused. */
bool reload_would_take(struct reload *reload, struct str folder,
		       const struct config *config) MUST_CHECK;
/* It is in force from now on: it names the rule files (copied), and the webhooks that rules may name (borrowed). */
void reload_set_config(struct reload *reload, struct str folder, const struct config *config);

enum reload_result {
	RELOAD_CHANGED, /* on their way into the stream; fn will be called */
	RELOAD_SAME,	/* as those in force */
	RELOAD_REFUSED	/* in error: reload_why() says the first of it, the log all */
};
struct reload_asked {
	struct str by, why; /* of a person; or none */
	void (*fn)(void *ctx,
		   const struct live_outcome *outcome); /* as in struct live_reload */
	void *ctx;
};
enum reload_result reload_rules(struct reload *reload, const struct reload_asked *asked);
/* Why the files as they lie on the disk are not in force: "FILE:LINE:COL: error ...". Empty: they are. */
const char *reload_why(const struct reload *reload);
int64_t reload_refused_at(const struct reload *reload); /* wall clock */

#endif
