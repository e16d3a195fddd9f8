/* SPDX-License-Identifier: Apache-2.0 */
/* Where text is put decides how it is escaped: the Markdown of each robot, URLs, headers, JSON. */
#ifndef CODEC_MARKUP_H
#define CODEC_MARKUP_H

#include "base/text.h"

enum markup {
	MARKUP_PLAIN, /* nothing stands for anything else */
	MARKUP_SLACK, /* mrkdwn */
	MARKUP_TEAMS, /* the Markdown of an Adaptive Card */
	MARKUP_WECOM,
	MARKUP_DINGTALK,
	MARKUP_FEISHU,
	MARKUP_HTML,
	MARKUP_URL,    /* one component: of a path, or a value of a query or form */
	MARKUP_HEADER, /* the value of a header: no control characters */
	MARKUP_JSON    /* inside the quotes of a JSON string */
};

extern const char
	*const markup_names[]; /* those that a text may be in, then NULL; by enum markup */

/* Appends text so that a reader sees it as it is: it begins and ends no formatting, names nobody and links to
 * nothing. Everywhere but in MARKUP_PLAIN and MARKUP_JSON it stays on its line. Broken bytes become U+FFFD. */
void markup_escape(struct buf *out, enum markup markup, struct str text);
/* A template's own words: only line breaks are put as the markup wants them. */
void markup_literal(struct buf *out, enum markup markup, struct str text);
void markup_bold(struct buf *out, enum markup markup, struct str text);
/* A link that shows `label`; nothing unless the address begins with http:// or https://. */
void markup_link(struct buf *out, enum markup markup, struct str url, struct str label);
/* Names a person so that they are told. id: what the other system knows them by; where it is empty or strange, and
 * where the markup knows no such thing, the name is put. */
void markup_mention(struct buf *out, enum markup markup, struct str id, struct str name);
/* Without line breaks and spaces at its end. */
struct str markup_trim(enum markup markup, struct str text);
/* Of text already in the markup: the longest length <= bytes that cuts no character, entity, tag or escape. */
size_t markup_cut(enum markup markup, struct str text, size_t bytes);

#endif
