/* SPDX-License-Identifier: Apache-2.0 */
/* churnctl verify: is a request that was received genuine, and if not, why not. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/ctl_sign.h"
#include "base/civil.h"
#include "base/json.h"
#include "base/number.h"

/* What was received; borrowed. */
struct received {
	struct str id, timestamp, signature;
	int64_t at; /* seconds */
};

enum finding { GENUINE, HEADER_MISSING, HEADER_UNREADABLE, TOO_OLD, TOO_NEW, WRONG_SIGNATURE };

static const char *const codes[] = {
	[GENUINE] = "genuine",
	[HEADER_MISSING] = "header_missing",
	[HEADER_UNREADABLE] = "header_unreadable",
	[TOO_OLD] = "too_old",
	[TOO_NEW] = "too_new",
	[WRONG_SIGNATURE] = "wrong_signature",
};

/* --- headers: one a line, as curl -v or a log shows them --- */

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
same_name(struct str text, const char *name)
{
	size_t n = strlen(name), i = 0;

	while (i < n && i < text.n && lower(text.p[i]) == name[i])
		i++;
	return i == n && text.n == n;
}

static void
take_header(struct received *out, struct str line)
{
	const char *colon = line.n > 0 ? memchr(line.p, ':', line.n) : NULL;
	struct str name, value;

	if (colon == NULL)
		return;
	name = str_trim(str_slice(line, 0, (size_t)(colon - line.p)));
	value = str_trim(str_slice(line, (size_t)(colon - line.p) + 1, line.n));
	if (same_name(name, "webhook-id"))
		out->id = value;
	else if (same_name(name, "webhook-timestamp"))
		out->timestamp = value;
	else if (same_name(name, "webhook-signature"))
		out->signature = value;
}

/* Up to the first empty line; the bytes behind it are the body. */
static struct str
take_headers(struct received *out, struct str text)
{
	while (text.n > 0) {
		const char *end = memchr(text.p, '\n', text.n);
		size_t n = end ? (size_t)(end - text.p) : text.n;
		struct str line = str_slice(text, 0, n);

		text = str_slice(text, n + (end != NULL), text.n);
		if (str_ends(line, STR("\r")))
			line.n--;
		if (line.n == 0)
			break;
		take_header(out, line);
	}
	return text;
}

/* --- judgement --- */

static enum finding
judge(struct received *received, const struct secrets *keys, struct str body, int64_t now,
      int64_t tolerance)
{
	if (received->id.n == 0 || received->timestamp.n == 0 || received->signature.n == 0)
		return HEADER_MISSING;
	if (!parse_int64(received->timestamp, &received->at) || received->at < 0 ||
	    received->at > INT64_MAX / 1000)
		return HEADER_UNREADABLE;
	if (!webhook_verify(received->signature, keys->keys, keys->count, received->id,
			    received->at, body))
		return WRONG_SIGNATURE;
	if (tolerance > 0 && now - received->at > tolerance)
		return TOO_OLD;
	if (tolerance > 0 && received->at - now > tolerance)
		return TOO_NEW;
	return GENUINE;
}

static const char *
missing_header(const struct received *received)
{
	if (received->id.n == 0)
		return "webhook-id";
	return received->timestamp.n == 0 ? "webhook-timestamp" : "webhook-signature";
}

static void
age_words(struct buf *out, int64_t seconds, bool zh)
{
	buf_duration_words(out, (seconds < 0 ? -seconds : seconds) * 1000, zh);
}

/* One sentence for the finding. */
static void
say(struct buf *out, enum finding finding, const struct received *received, int64_t now,
    bool zh)
{
	switch (finding) {
	case GENUINE:
		buf_text(out, zh ? "签名有效，已过 " : "genuine, ");
		age_words(out, now - received->at, zh);
		buf_text(out, zh ? "" : now < received->at ? " ahead" : " old");
		break;
	case HEADER_MISSING:
		buf_printf(out, zh ? "缺少 %s 头" : "the header %s is missing",
			   missing_header(received));
		break;
	case HEADER_UNREADABLE:
		buf_text(out, zh ? "webhook-timestamp 不是自 1970 年起的秒数"
				 : "webhook-timestamp is no number of seconds since 1970");
		break;
	case TOO_OLD:
	case TOO_NEW:
		buf_text(out, zh ? "签名正确，但时间相差 " : "the signature is right, but ");
		age_words(out, now - received->at, zh);
		if (!zh)
			buf_text(out, finding == TOO_OLD ? " old" : " ahead of this clock");
		buf_text(out, zh ? "，超过 --tolerance" : ": more than --tolerance");
		break;
	case WRONG_SIGNATURE:
		buf_text(out, zh ? "签名错误：密钥不同，或消息体、webhook-id、"
				   "webhook-timestamp 被改动"
				 : "wrong signature: another secret, or the body, webhook-id "
				   "or webhook-timestamp are not as they were signed");
		break;
	}
}

static void
tell(const struct ctl *ctl, enum finding finding, const struct received *received,
     struct str sentence)
{
	struct buf out = {0};
	struct json json;

	if (!ctl->json) {
		fprintf(finding == GENUINE ? stdout : stderr, "%.*s\n", STR_ARG(sentence));
		return;
	}
	json_init(&json, &out);
	json_open(&json, '{');
	json_key(&json, "genuine");
	json_bool(&json, finding == GENUINE);
	json_key(&json, "code");
	json_text(&json, codes[finding]);
	json_key(&json, "message");
	json_str(&json, sentence);
	json_key(&json, "id");
	json_str(&json, received->id);
	json_key(&json, "timestamp");
	json_str(&json, received->timestamp);
	json_close(&json, '}');
	puts(out.p);
	buf_finish(&out);
}

/* --- the command --- */

struct verify {
	const char *endpoint, *file, *headers, *tolerance, *at;
};

static bool
read_tolerance(const char *word, int64_t *seconds)
{
	int64_t ms = 5 * MINUTE_MS;

	if (word && strcmp(word, "0") != 0 &&
	    (!parse_duration(str_of(word), false, &ms) || ms <= 0)) {
		(void)ctl_fail(STATUS_USAGE,
			       "--tolerance takes a duration such as 5m, or 0 for any age; not "
			       "\"%s\"",
			       word);
		return false;
	}
	*seconds = word && strcmp(word, "0") == 0 ? 0 : ms / 1000;
	return true;
}

static enum status
verify(const struct ctl *ctl, const struct verify *asked, const struct secrets *keys,
       struct str head, struct str body)
{
	struct received received = {STR_NONE, STR_NONE, STR_NONE, 0};
	struct str rest = take_headers(&received, head);
	struct buf sentence = {0};
	enum finding finding;
	int64_t now, tolerance;

	if (!read_tolerance(asked->tolerance, &tolerance) || !sign_at(asked->at, &now))
		return STATUS_USAGE;
	finding = judge(&received, keys, asked->headers ? body : rest, now, tolerance);
	say(&sentence, finding, &received, now, ctl->zh);
	tell(ctl, finding, &received, buf_view(&sentence));
	buf_finish(&sentence);
	return finding == GENUINE ? STATUS_DONE : STATUS_NO;
}

/* With --headers the file is the body alone, else both: headers, an empty line, the body. */
enum status
verify_run(const struct ctl *ctl, int argc, char **argv)
{
	struct verify asked = {.endpoint = NULL};
	const struct option options[] = {
		{"--endpoint", OPTION_TEXT, {.text = &asked.endpoint}},
		{"--secret-file", OPTION_TEXT, {.text = &asked.file}},
		{"--headers", OPTION_TEXT, {.text = &asked.headers}},
		{"--tolerance", OPTION_TEXT, {.text = &asked.tolerance}},
		{"--at", OPTION_TEXT, {.text = &asked.at}},
	};
	struct buf head = {0}, body = {0};
	enum status status = STATUS_USAGE;
	struct secrets keys;

	if (!options_take(options, 5, &argc, argv))
		return STATUS_USAGE;
	if (argc > 2)
		return ctl_usage(argv[0]);
	if (!sign_keys_read(ctl, asked.endpoint, asked.file, &keys))
		return STATUS_USAGE;
	if ((!asked.headers || sign_slurp(asked.headers, &head)) && sign_slurp(argv[1], &body))
		status = verify(ctl, &asked, &keys, buf_view(asked.headers ? &head : &body),
				buf_view(&body));
	secrets_finish(&keys);
	buf_finish(&head);
	buf_finish(&body);
	return status;
}
