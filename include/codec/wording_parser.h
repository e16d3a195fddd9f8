/* SPDX-License-Identifier: Apache-2.0 */
/* The compiler of a connector's texts, for the two rooms it has: texts with their blocks, and values. */
#ifndef CODEC_WORDING_PARSER_H
#define CODEC_WORDING_PARSER_H

#include "codec/wording.h"

struct wording_parser {
	struct form *form;
	const struct yaml_node *node;
	const struct wording_names *names;
	enum markup markup;
	struct str text;
	size_t at;
	struct wording_piece *pieces; /* owned */
	size_t count, cap;
	unsigned open[WORDING_MAX_NESTING]; /* pieces of if and each that wait for their end */
	unsigned depth;
	struct buf literal; /* so far */
	bool failed;
};

/* Complains about bytes from..to of the text; false. */
bool wording_complain(struct wording_parser *parser, size_t from, size_t to, const char *code,
		      struct str arg0, struct str arg1);
/* value = path { "|" filter [":" argument] }, up to `end`; an argument without quotes ends at one of `stops`. */
bool wording_take_value(struct wording_parser *parser, size_t end, const char *stops,
			struct wording_value *value) MUST_CHECK;
/* word = "'" characters "'" | characters up to one of `stops` */
bool wording_take_word(struct wording_parser *parser, size_t end, const char *stops,
		       struct str *out) MUST_CHECK;

static inline char
wording_peek(const struct wording_parser *parser, size_t end)
{
	return parser->at < end ? parser->text.p[parser->at] : '\0';
}

#endif
