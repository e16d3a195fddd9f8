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

/* Room for an item of so many bytes, behind the comma that it needs; root values are never joined by commas. What
 * was written there ends with json_end(). */
static inline char *
json_begin(struct json *json, size_t bytes)
{
	char *p = buf_space(json->out, bytes + 1);
	uint32_t bit;

	if (json->after_key || json->depth == 0) {
		json->after_key = false;
		return p;
	}
	bit = UINT32_C(1) << (json->depth - 1);
	if (json->has_item & bit)
		*p++ = ',';
	json->has_item |= bit;
	return p;
}

static inline void
json_end(struct json *json, char *end)
{
	*end = '\0';
	json->out->n = (size_t)(end - json->out->p);
}

void json_key_str(struct json *json, struct str key);
/* A name of ours: nothing in it is to be escaped. Inline, so that the length of one that stands in the source is known. */
static inline void
json_key(struct json *json, const char *key)
{
	size_t n = strlen(key);
	char *p = json_begin(json, n + 3);

	*p++ = '"';
	memcpy(p, key, n);
	p += n;
	*p++ = '"';
	*p++ = ':';
	json_end(json, p);
	json->after_key = true;
}

/* Text as UTF-8 (a broken byte becomes U+FFFD), control characters escaped. */
void json_str(struct json *json, struct str text);
void json_plain(struct json *json, struct str text); /* nothing in it is to be escaped */
void json_text(struct json *json, const char *text);
void json_int(struct json *json, int64_t number);
void json_number(struct json *json, double number); /* buf_number */
void json_bool(struct json *json, bool value);
void json_none(struct json *json); /* null; that name is a function of jansson */
/* RFC 3339, UTC; NEVER and INT64_MIN: null */
void json_instant(struct json *json, int64_t at);
void json_raw(struct json *json, struct str already_json);

/* A key and its value. */
static inline void
json_put_str(struct json *json, const char *key, struct str text)
{
	json_key(json, key);
	json_str(json, text);
}

static inline void
json_put_int(struct json *json, const char *key, int64_t number)
{
	json_key(json, key);
	json_int(json, number);
}

static inline void
json_put_number(struct json *json, const char *key, double number)
{
	json_key(json, key);
	json_number(json, number);
}

static inline void
json_put_instant(struct json *json, const char *key, int64_t at)
{
	json_key(json, key);
	json_instant(json, at);
}

#endif
