/* SPDX-License-Identifier: Apache-2.0 */
/* A connector: how alerts are said to another system, and what its replies mean. Data, made from a YAML file. */
#ifndef CODEC_CONNECTOR_H
#define CODEC_CONNECTOR_H

#include "codec/diag.h"
#include "engine/entry.h"
#include "engine/retry.h"

struct connector; /* never changes once made */

/* One of the presets that are built in (connectors/NAME.yaml), or NULL. They are made at the first call, and live as
 * long as the process. */
const struct connector *connector_preset(struct str name);
/* Their names, at most `room`; CONNECTOR_PRESETS is enough. */
unsigned connector_preset_names(struct str *names, unsigned room);
#define CONNECTOR_PRESETS 32
struct str connector_preset_text(struct str name); /* the file itself */
/* From a file of an admin's own. NULL: said in diags, which borrow name and text. It lives in the arena. */
const struct connector *connector_load(struct arena *arena, struct str name, struct str text,
				       struct diags *diags) MUST_CHECK;
struct str connector_people(
	const struct connector *connector); /* the system it names people by */

/* What the configuration gives one endpoint. Borrowed, and valid as long as the endpoint. */
struct connector_settings {
	struct str url;		 /* as configured */
	struct str lang;	 /* "", "en", "zh" */
	struct str secret;	 /* as written (of a robot: what it signs with); empty: none */
	const struct field *set; /* `set:`, values of the connector's parameters; files read */
	unsigned set_count;
	const struct person_names *people; /* `people:` */
	unsigned people_count;
	const struct zone *zone; /* of the rules, in which dates are said; NULL: UTC */
};

/* How a person is called elsewhere: li: {wecom: lisi, feishu: ou_1}. */
struct person_names {
	struct str name;
	const struct field *names; /* key: the system */
	unsigned count;
};

/* One request: an alert, or several joined into a digest. */
struct connector_message {
	const struct str *bodies; /* as they stand in the stream; at least one */
	unsigned count;
	int64_t now;	  /* ms, wall clock: of this attempt */
	struct str token; /* of the token recipe; empty: it has none */
};

struct connector_request {
	struct str method; /* "POST" ...; borrowed from method_text */
	struct buf method_text, url, body;
	struct buf
		headers; /* "Name: value\n" each, Content-Type among them; no control characters */
};
void connector_request_finish(struct connector_request *request);

/* Fills in `out` (which is cleared first). false: this alert cannot be said so, and never will. */
bool connector_make(const struct connector *connector,
		    const struct connector_settings *settings,
		    const struct connector_message *message, struct connector_request *out,
		    struct err *err) MUST_CHECK;

/* What a reply means. `why`, unless NULL, gets a sentence for people when the body says something (never more than
 * 300 bytes of it, and no secret); else it stays empty. after: as of retry_classify(). */
enum retry_outcome connector_judge(const struct connector *connector, int status, int64_t after,
				   struct str body, struct buf *why);

/* It can say alerts of that type, such as "task.created"; others it would give up. */
bool connector_accepts(const struct connector *connector, struct str type);

/* Several alerts may be joined into one message, at most so many; 0: each goes alone. */
unsigned connector_digest_max(const struct connector *connector);
/* The rate that the other side allows, unless the configuration says another: `count` requests in `per` ms; 0: any. */
struct rate {
	unsigned count;
	int64_t per;
};
struct rate connector_rate(const struct connector *connector);
/* Requests carry the headers and the signature of Standard Webhooks (and need a whsec_ secret). */
bool connector_signs(const struct connector *connector);

/* The token recipe, where there is one: asked for before the first request, when it has expired, and once after a
 * reply for which connector_token_is_stale(). */
bool connector_has_token(const struct connector *connector);
bool connector_token_make(const struct connector *connector,
			  const struct connector_settings *settings, int64_t now,
			  struct connector_request *out, struct err *err) MUST_CHECK;
/* *expires_at: ms, a little before the other side forgets it. The error never repeats the reply. */
bool connector_token_read(const struct connector *connector, int status, struct str body,
			  int64_t now, struct buf *token, int64_t *expires_at,
			  struct err *err) MUST_CHECK;
bool connector_token_is_stale(const struct connector *connector, int status, struct str body);

#endif
