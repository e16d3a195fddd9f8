/* SPDX-License-Identifier: Apache-2.0 */
/* JSON out, deterministic: keys in the order they are written. (Reading is jansson's.) */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <string.h>

#include "base/text.h"

/* Commas are kept by the writer: open, key, value, close. No nesting deeper than 32. */
struct json {
	struct buf *out;   /* borrowed */
	uint32_t has_item; /* bit d: something was written at depth d + 1 */
	unsigned depth;
	bool after_key;
};

void json_init(struct json *json, struct buf *out);
void json_open(struct json *json, char bracket);  /* '{' or '[' */
void json_close(struct json *json, char bracket); /* '}' or ']' */
void json_key_str(struct json *json, struct str key);
void json_key_plain(struct json *json, struct str key); /* nothing in it is to be escaped */
/* A name of ours, which is plain. Inline, so that the length of one that stands in the source is known. */
static inline void
json_key(struct json *json, const char *key)
{
	json_key_plain(json, (struct str){key, strlen(key)});
}

/* Text as UTF-8 (a broken byte becomes U+FFFD), control characters escaped. */
void json_str(struct json *json, struct str text);
void json_text(struct json *json, const char *text);
void json_int(struct json *json, int64_t number);
void json_number(struct json *json, double number); /* buf_number */
void json_bool(struct json *json, bool value);
void json_none(struct json *json); /* null; that name is a function of jansson */
/* RFC 3339, UTC; NEVER and INT64_MIN: null */
void json_instant(struct json *json, int64_t at);
void json_raw(struct json *json, struct str already_json);

/* A key and its value. */
void json_put_str(struct json *json, const char *key, struct str text);
void json_put_int(struct json *json, const char *key, int64_t number);
void json_put_number(struct json *json, const char *key, double number);
void json_put_instant(struct json *json, const char *key, int64_t at);

#endif
