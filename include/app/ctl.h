/* SPDX-License-Identifier: Apache-2.0 */
/* What churnctl's commands share that talk to Redis or to the daemon. */
#ifndef APP_CTL_H
#define APP_CTL_H

#include <jansson.h>

#include "app/command.h"
#include "codec/config.h"
#include "engine/entry.h"
#include "io/redis.h"

#define CTL_HTTP_MS 5000
#define CTL_REDIS_MS 3000
#define CTL_REDIS_STEP_MS 100
#define CTL_APPLIED_MS 5000
#define CTL_AWAIT_TIMES 12 /* CTL_APPLIED_MS each, of ctl_await() */

/* --- ctl_home.c: the configuration --- */

struct ctl_home {
	const struct ctl *ctl; /* borrowed */
	struct arena arena;
	const char *path; /* of the configuration; NULL: there is none, defaults hold */
	struct str folder;
	struct config *config; /* owned */
	long http_ms;	       /* how long the daemon is waited for; 0: CTL_HTTP_MS */
};

/* Without -c and without the default file the defaults hold. false: it has complained. */
bool ctl_home_open(const struct ctl *ctl, struct ctl_home *home) MUST_CHECK;
void ctl_home_close(struct ctl_home *home);
/* The first line of a file that holds a secret, named relative to the configuration's folder. */
bool ctl_home_secret(struct ctl_home *home, struct str name, struct str *out,
		     struct err *err) MUST_CHECK;
struct str ctl_home_key(struct ctl_home *home,
			const char *name); /* "<prefix>name", terminated */

/* --- ctl_http.c: the daemon --- */

/* GET of a path: *out is its JSON, for json_decref(); *text, if not NULL, its bytes. Complains otherwise:
 * STATUS_AWAY when the daemon cannot be reached or is not ready, STATUS_NO for 404, else STATUS_USAGE. */
enum status ctl_http_get(struct ctl_home *home, const char *path, json_t **out,
			 struct buf *text);
/* The same for a POST with a JSON body; also STATUS_USAGE for 422. */
enum status ctl_http_post(struct ctl_home *home, const char *path, struct str body,
			  json_t **out, struct buf *text);
/* The same, silent: the HTTP status, 0 when nobody answers. */
int ctl_http_try(struct ctl_home *home, const char *path, json_t **out, struct buf *text,
		 struct err *err);
/* "&name=value" with what has to be encoded; nothing when the value is NULL. */
void ctl_http_parameter(struct buf *path, const char *name, const char *value);
/* Prints what a path says as it is: for --json. */
enum status ctl_http_print(struct ctl_home *home, const char *path);
/* A path of the daemon, as it is for --json, else through print. */
enum status ctl_show(struct ctl_home *home, const char *path,
		     void (*print)(const struct ctl *ctl, json_t *json));
enum status ctl_show_path(const struct ctl *ctl, const char *path,
			  void (*print)(const struct ctl *ctl, json_t *json));

/* --- ctl_redis.c: Redis --- */

struct ctl_redis {
	struct ctl_home *home; /* borrowed */
	struct event_base *base;
	struct redis *redis;
	struct redis_address address;
	bool refused;	    /* the last try to connect */
	struct arena arena; /* of replies */
	char holder[256];   /* ctl_hold.c: what we wrote there; empty: nothing */
};

/* false: it has complained (STATUS_AWAY, or STATUS_USAGE in *status). */
bool ctl_redis_open(struct ctl_home *home, struct ctl_redis *redis,
		    enum status *status) MUST_CHECK;
void ctl_redis_close(struct ctl_redis *redis);
/* One XADD; id: "*" or explicit. false: what Redis said is in err. */
bool ctl_redis_append(struct ctl_redis *redis, const char *id, const struct field *fields,
		      unsigned count, struct stream_id *out, struct err *err) MUST_CHECK;
void ctl_redis_command(struct buf *out, struct str key, const char *id,
		       const struct field *fields, unsigned count);
/* The last id the stream has given out; 0-0 when there is no stream. */
bool ctl_redis_last(struct ctl_redis *redis, struct stream_id *out, struct err *err) MUST_CHECK;
/* Redis' TIME in ms. */
bool ctl_redis_now(struct ctl_redis *redis, int64_t *out, struct err *err) MUST_CHECK;

/* --- ctl_hold.c: time stands still while history is imported as live --- */

/* false: it has complained; another importer holds it. */
bool ctl_hold_take(struct ctl_redis *redis, const char *file, enum status *status) MUST_CHECK;
/* Gives back what ctl_hold_take() took; also after the connection was lost, if it can be had again. */
void ctl_hold_give(struct ctl_redis *redis);
/* Takes it away from a dead importer. */
enum status ctl_hold_release(struct ctl_redis *redis);

/* --- ctl_act.c: people's acts --- */

/* Appends what a person does and waits until the daemon has applied it; prints how that went. */
/* Waits until the daemon has worked through that entry; false: it has not in a minute, or does not answer. */
bool ctl_await(struct ctl_home *home, struct stream_id id) MUST_CHECK;
enum status ctl_act(struct ctl_redis *redis, const struct field *fields, unsigned count,
		    const char *done);

/* --- ctl_webhooks.c: endpoints --- */

void ctl_webhooks_print(const struct ctl *ctl, const json_t *json); /* of {"webhooks":[...]} */

/* --- ctl_troubles.c: what ails endpoints --- */

void ctl_webhooks_waiting(struct buf *out, const json_t *webhook, bool zh); /* "3 waiting" */
/* Calls say for each endpoint that needs somebody, with one sentence that tells why and what to do; also for
 * its dead letters, for which it asks the daemon. */
struct ctl_trouble {
	void (*say)(void *ctx, const char *webhook, bool stands, const char *sentence);
	void *ctx; /* stands: nothing gets through until somebody acts */
};
void ctl_webhooks_troubles(struct ctl_home *home, const json_t *webhooks,
			   const struct ctl_trouble *trouble);

/* --- explain_print.c --- */

void explain_print(const struct ctl *ctl, const json_t *json); /* what explain_json() made */

/* --- ctl_text.c: for terminals --- */

/* Text from elsewhere: what would move the cursor or ring the bell becomes "?". */
void ctl_text_clean(struct buf *out, struct str text);
struct str ctl_clean(struct arena *arena, const char *text); /* the same, in the arena */
unsigned ctl_text_width(struct str text); /* columns: characters of East Asia take two */

#define CTL_TABLE_COLUMNS 12
struct ctl_table {
	struct arena arena;
	struct str *cells; /* owned, row by row */
	size_t count, cap;
	unsigned columns;
	uint32_t right; /* bit c: column c is aligned to the right */
};
void ctl_table_init(struct ctl_table *table, const char *const *heads, unsigned columns,
		    uint32_t right);
void ctl_table_cell(struct ctl_table *table, struct str text);
void ctl_table_text(struct ctl_table *table, const char *text); /* NULL: empty */
void ctl_table_print(struct ctl_table *table);			/* and ends it */

/* Of an object: its text, or "" when it has none; its number, or 0. */
const char *ctl_json_text(const json_t *object, const char *key);
int64_t ctl_json_int(const json_t *object, const char *key);
/* A number as text; STR_NONE when there is none. */
struct str ctl_json_number(struct arena *arena, const json_t *object, const char *key);
/* The text in the language asked for: of "texts" where there are several, else "text". */
const char *ctl_json_words(const json_t *object, const char *one, const char *several, bool zh);
/* RFC 3339 as people here read it: "2026-11-21 18:00", or "" for null. In the object's key. */
struct str ctl_json_time(struct arena *arena, const json_t *object, const char *key);
/* Colours when stdout is a terminal; "" otherwise. */
bool ctl_text_colors(void);

#endif
