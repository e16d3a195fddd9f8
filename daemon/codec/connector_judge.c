/* SPDX-License-Identifier: Apache-2.0 */
/* Judges replies, which may hold anything, and reads tokens out of them. */
#include <string.h>

#include "base/civil.h"
#include "base/number.h"
#include "codec/connector_inside.h"

#define REPLY_MOST ((size_t)64 << 10) /* bytes; what is larger is unreadable */
#define CODE_MOST 256
#define WHY_MOST 300
#define PART_MOST 64
#define TOKEN_MOST 8192

/* What a reply says, as far as it can be read. */
struct reply {
	int status;
	json_t *root; /* owned; NULL: no JSON */
	struct buf code, message;
	bool has_code;
};

/* One part of a pointer, "~1" and "~0" decoded; at: behind its slash. false: too long. */
static bool
take_part(struct str pointer, size_t *at, char out[PART_MOST], size_t *n)
{
	*n = 0;
	for (; *at < pointer.n && pointer.p[*at] != '/'; (*at)++) {
		char c = pointer.p[*at];

		if (c == '~' && *at + 1 < pointer.n)
			c = pointer.p[++*at] == '1' ? '/' : '~';
		if (*n + 1 == PART_MOST)
			return false;
		out[(*n)++] = c;
	}
	out[*n] = '\0';
	return true;
}

json_t *
connector_point(json_t *root, struct str pointer)
{
	char part[PART_MOST];
	size_t at = 0, n;
	uint64_t index;

	while (at < pointer.n && root != NULL) {
		at++;
		if (!take_part(pointer, &at, part, &n))
			return NULL;
		if (!json_is_array(root))
			root = json_object_get(root, part);
		else if ((n > 1 && part[0] == '0') ||
			 !parse_uint64((struct str){part, n}, &index))
			return NULL;
		else
			root = json_array_get(root, (size_t)index);
	}
	return root;
}

/* A code is a whole number, a word, or true, false, null; anything else is none. */
static bool
put_code(struct buf *out, const json_t *json)
{
	if (json_is_string(json))
		buf_add(out, json_string_value(json), json_string_length(json));
	else if (json_is_integer(json))
		buf_int(out, (int64_t)json_integer_value(json));
	else if (json_is_boolean(json))
		buf_text(out, json_is_true(json) ? "true" : "false");
	else if (json_is_null(json))
		buf_text(out, "null");
	else
		return false;
	return out->n <= CODE_MOST;
}

static void
read_code(struct reply *reply, const struct reply_form *form)
{
	for (unsigned i = 0; i < form->code_count; i++) {
		json_t *json = connector_point(reply->root, form->codes[i]);

		if (json == NULL)
			continue;
		reply->has_code = put_code(&reply->code, json);
		return;
	}
}

static void
read_reply(struct reply *reply, const struct reply_form *form, int status, struct str body)
{
	json_t *message;

	*reply = (struct reply){.status = status};
	if (status == 0 || body.n > REPLY_MOST)
		return;
	if (form->is_text) {
		struct str text = body;

		while (text.n > 0 && (unsigned char)text.p[text.n - 1] <= ' ')
			text.n--;
		reply->has_code = text.n <= CODE_MOST;
		buf_str(&reply->code, reply->has_code ? text : STR(""));
		buf_str(&reply->message,
			str_slice(text, 0, text.n < CODE_MOST ? text.n : CODE_MOST));
		return;
	}
	if (body.n > 0)
		reply->root = json_loadb(body.p, body.n, JSON_REJECT_DUPLICATES, NULL);
	read_code(reply, form);
	message = form->message.n > 0 ? connector_point(reply->root, form->message) : NULL;
	if (json_is_string(message))
		buf_add(&reply->message, json_string_value(message),
			json_string_length(message));
}

static void
finish_reply(struct reply *reply)
{
	json_decref(reply->root);
	buf_finish(&reply->code);
	buf_finish(&reply->message);
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static bool
says(struct str text, struct str part)
{
	for (size_t at = 0; at + part.n <= text.n; at++) {
		size_t i = 0;

		while (i < part.n && lower(text.p[at + i]) == lower(part.p[i]))
			i++;
		if (i == part.n)
			return true;
	}
	return false;
}

static bool
is_success(int status)
{
	return status >= 200 && status <= 299;
}

static bool
fits(const struct reply_row *row, const struct reply *reply)
{
	bool is = row->is_count == 0;

	for (unsigned i = 0; i < row->is_count && !is; i++)
		is = reply->has_code && str_eq(row->is[i], buf_view(&reply->code));
	if (!is || (row->says.n > 0 && !says(buf_view(&reply->message), row->says)))
		return false;
	if (row->status_from != 0)
		return reply->status >= row->status_from && reply->status <= row->status_to;
	return row->means != RETRY_DELIVERED || is_success(reply->status);
}

/* The first row that fits; NULL: none. */
static const struct reply_row *
find_row(const struct reply_form *form, const struct reply *reply)
{
	for (unsigned i = 0; i < form->row_count && reply->status != 0; i++)
		if (fits(&form->rows[i], reply))
			return &form->rows[i];
	return NULL;
}

/* Code and message, in one line. */
static void
put_why(struct buf *why, const struct reply *reply)
{
	struct buf text = {0};

	if (reply->has_code && !str_eq(buf_view(&reply->code), buf_view(&reply->message)))
		buf_str(&text, buf_view(&reply->code));
	if (reply->message.n > 0) {
		if (text.n > 0)
			buf_text(&text, ": ");
		buf_str(&text, buf_view(&reply->message));
	}
	text.n = text.n > 0 ? utf8_cut(buf_view(&text), WHY_MOST) : 0;
	buf_clear(why);
	markup_escape(why, MARKUP_HEADER, buf_view(&text));
	if (why->n > WHY_MOST)
		why->n = utf8_cut(buf_view(why), WHY_MOST);
	buf_finish(&text);
}

/* Where a code is looked for, a 2xx that no row calls delivered is not. */
static enum retry_outcome
outcome_of(const struct reply_form *form, const struct reply *reply,
	   const struct reply_row *row, int64_t after)
{
	enum retry_outcome outcome = retry_classify(reply->status, after);
	bool asks = form->code_count > 0 || form->is_text;

	if (row != NULL)
		return row->means;
	return outcome == RETRY_DELIVERED && asks ? RETRY_LATER : outcome;
}

enum retry_outcome
connector_judge(const struct connector *connector, int status, int64_t after, struct str body,
		struct buf *why)
{
	struct reply reply;
	enum retry_outcome outcome;

	read_reply(&reply, &connector->reply, status, body);
	outcome = outcome_of(&connector->reply, &reply, find_row(&connector->reply, &reply),
			     after);
	if (why != NULL) {
		buf_clear(why);
		if (outcome != RETRY_DELIVERED)
			put_why(why, &reply);
	}
	finish_reply(&reply);
	return outcome;
}

/* ---- tokens ---- */

bool
connector_token_is_stale(const struct connector *connector, int status, struct str body)
{
	const struct reply_row *row;
	struct reply reply;
	bool stale;

	if (!connector->token.given)
		return false;
	read_reply(&reply, &connector->reply, status, body);
	row = find_row(&connector->reply, &reply);
	stale = row != NULL ? row->is_stale : status == 401;
	finish_reply(&reply);
	return stale;
}

/* Seconds from now, of a number or of digits in a string; else what the file says. */
static int64_t
life_of(const struct connector_token *token, json_t *root)
{
	json_t *json = token->expires.n > 0 ? connector_point(root, token->expires) : NULL;
	int64_t seconds = 0;

	if (json_is_integer(json))
		seconds = (int64_t)json_integer_value(json);
	else if (json_is_string(json) &&
		 !parse_int64(str_of(json_string_value(json)), &seconds))
		seconds = 0;
	return seconds > 0 && seconds < 366 * DAY_MS / SECOND_MS ? seconds * SECOND_MS
								 : token->lives;
}

/* A tenth of its life, at most five minutes, before its end it is asked for anew. */
static int64_t
expiry_of(int64_t now, int64_t life)
{
	int64_t early = life / 10;

	return now + life - (early < 5 * MINUTE_MS ? early : 5 * MINUTE_MS);
}

static bool
is_token(json_t *json)
{
	struct str text = str_of(json_string_value(json));

	return json_is_string(json) && text.n > 0 && text.n <= TOKEN_MOST &&
	       !text_has_control(text);
}

bool
connector_token_read(const struct connector *connector, int status, struct str body,
		     int64_t now, struct buf *token, int64_t *expires_at, struct err *err)
{
	const struct connector_token *recipe = &connector->token;
	json_t *json = NULL;
	struct reply reply;
	bool good;

	read_reply(&reply, &recipe->reply, status, body);
	good = outcome_of(&recipe->reply, &reply, find_row(&recipe->reply, &reply),
			  RETRY_NO_AFTER) == RETRY_DELIVERED;
	if (good) {
		json = connector_point(reply.root, recipe->pointer);
		good = is_token(json);
	}
	if (good) {
		buf_clear(token);
		buf_text(token, json_string_value(json));
		*expires_at = expiry_of(now, life_of(recipe, reply.root));
	} else if (status == 0) {
		err_set(err, "no answer to the request for a token");
	} else {
		err_set(err, "the request for a token was answered with status %d%s", status,
			is_success(status) ? " and no token" : "");
	}
	finish_reply(&reply);
	return good;
}
