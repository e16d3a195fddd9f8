/* SPDX-License-Identifier: Apache-2.0 */
/* A file of YAML as a small tree in which every text knows its place in the raw bytes. */
#ifndef CODEC_YAML_H
#define CODEC_YAML_H

#include "codec/diag.h"

#define YAML_MAX_BYTES (1024 * 1024)
#define YAML_MAX_DEPTH 32

enum yaml_kind { YAML_TEXT, YAML_LIST, YAML_MAP };
enum yaml_style { YAML_PLAIN, YAML_SINGLE, YAML_DOUBLE, YAML_LITERAL, YAML_FOLDED };

/* Scalars are text always: nothing is a number or a boolean here. */
struct yaml_node {
	enum yaml_kind kind;
	enum yaml_style style;	  /* YAML_TEXT */
	unsigned file;		  /* in diags */
	size_t at, end;		  /* bytes of the raw file, marks and quotes included */
	struct str text;	  /* YAML_TEXT, decoded; in the arena, terminated */
	struct yaml_node **items; /* YAML_LIST: the items; YAML_MAP: the values */
	struct yaml_node **keys;  /* YAML_MAP: texts, each once */
	unsigned count;
};

/* The tree of a file of diags, in the arena; an empty file is an empty map. Complains and returns NULL
 * when it is no YAML, complains and goes on where it can (a key given twice). Anchors, aliases, tags,
 * merge keys and several documents are refused: they hide what a reader of the file sees. */
struct yaml_node *yaml_read(struct arena *arena, unsigned file, struct diags *diags);

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key); /* or NULL */

/* A sign that looks like one of YAML's own and is none. */
struct yaml_sign {
	const char *
		code; /* of the complaint: {0} is the sign, {1} `instead`; NULL: there is no such sign */
	const char *instead; /* static */
	size_t from, to;     /* bytes of the raw file */
};

/* Looks for one that explains why YAML cannot go on at byte `at`: in that line and the one above it; `inside` a list or
 * map in brackets, before it in that line. */
struct yaml_sign yaml_sign_meant(struct str raw, size_t at, bool inside);

/* The byte of the raw file from which byte `offset` of a text came; for offset == text.n the byte
 * after the last one. */
size_t yaml_locate(const struct yaml_node *text, struct str raw, size_t offset);
/* Decodes a text again from the raw bytes, as yaml_locate() does: for tests, equals node->text. */
void yaml_decode(const struct yaml_node *text, struct str raw, struct buf *out);

#endif
