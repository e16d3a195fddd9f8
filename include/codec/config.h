/* SPDX-License-Identifier: Apache-2.0 */
/* churnd.yaml to a configuration, in the same error style as rules. */
#ifndef CODEC_CONFIG_H
#define CODEC_CONFIG_H

#include "codec/connector.h"
#include "codec/diag.h"
#include "codec/standard_webhooks.h"

#define CONFIG_MAX_BYTES ((size_t)1 << 20) /* of the file */
#define CONFIG_MAX_WEBHOOKS 256

struct endpoint_config {
	struct str name, url;
	struct str secrets
		[WEBHOOK_SECRETS]; /* as written; several while rotating: all of them sign */
	unsigned secret_count;
	struct str secret_file;	  /* instead: one a line */
	struct str format;	  /* "standard", "template", or a preset's name */
	struct str template_file; /* of format template: a connector of the admin's own */
	const struct connector *connector; /* NULL: standard, the alert's body as it stands */
	const struct field
		*set; /* `set:`, parameters of the connector; files are read into them */
	unsigned set_count;
	struct rate rate; /* requests; count 0: the connector's own */
	struct quiet {
		bool given;	  /* `hours:` when not to be disturbed: sent from..to only */
		int64_t from, to; /* ms after local midnight; to at most 24 h */
		bool workdays;	  /* and on working days only */
	} hours;
	struct str lang; /* "", "en", "zh" */
	struct str ca_file, cert_file, key_file;
	struct header {
		struct str name, value;
	} * headers;
	unsigned header_count;
	int64_t timeout; /* ms, 10 s */
	struct retry {
		int64_t first, max, give_up_after; /* ms: 5 s, 1 h, 72 h */
		double factor;			   /* 2 */
		double jitter;			   /* 0.2 */
	} retry;
	int64_t throttle;     /* ms, 60 s */
	unsigned concurrency; /* 8 */
	struct str *allow;    /* CIDRs */
	unsigned allow_count;
};

struct config {
	struct arena arena; /* owned */
	struct str redis_url, redis_password_file;
	struct str redis_ca_file, redis_cert_file, redis_key_file; /* rediss:// only */
	struct str prefix;					   /* "churn:" */
	struct str group;					   /* "churnd" */
	bool start_now;
	unsigned batch;		   /* 2000 */
	int64_t keep, keep_output; /* ms */
	uint64_t max_len;
	int64_t stop_timeout;
	struct str *rules; /* as written; relative to the configuration's folder */
	unsigned rule_count;
	struct endpoint_config *endpoints;
	unsigned endpoint_count;
	struct person_names *people;
	unsigned people_count;
	struct str http_listen, http_token_file;
	struct str log_level; /* debug info warn error */
	bool log_json;
};

/* Reads what a configuration names: templates, and files of parameters. */
struct config_loader {
	void *ctx;
	/* The whole file (*name is relative to the configuration), at most `most` bytes, into the arena; *name
	 * becomes what people are told. */
	bool (*read)(void *ctx, struct arena *arena, struct str *name, size_t most,
		     struct str *text, struct err *err);
	bool with_secrets; /* else `NAME_file` under `set:` only counts as given, and is "" */
};

/* All values have defaults: an empty file is a valid configuration. NULL when there was an error. loader NULL: no
 * file is read, and an endpoint of format template has no connector. */
struct config *config_load(struct str name, struct str text, const struct config_loader *loader,
			   struct diags *diags) MUST_CHECK;
void config_destroy(struct config *config);

#endif
