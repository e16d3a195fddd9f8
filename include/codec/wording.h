/* SPDX-License-Identifier: Apache-2.0 */
/* The language in which connectors say alerts: text with holes, conditions and lists, compiled once. */
#ifndef CODEC_WORDING_H
#define CODEC_WORDING_H

#include <jansson.h>

#include "codec/connector.h"
#include "codec/form.h"
#include "codec/markup.h"

#define WORDING_MAX_BYTES 16384 /* of one text of a file */
#define WORDING_MAX_PIECES 512
#define WORDING_MAX_NESTING 8
#define WORDING_MAX_PATH 8    /* parts */
#define WORDING_MAX_FILTERS 6 /* behind one value */
#define WORDING_MAX_ITEMS 100 /* of a list that are said */
#define WORDING_MAX_STEPS 50000
#define WORDING_MAX_OUT ((size_t)256 << 10)

/*   text   = { literal | "{{" | "}}" | "{" value "}" | if | each }
 *   if     = "{if" ["not"] value [("=" | "!=" | "<" | "<=" | ">" | ">=") word] "}" text ["{else}" text] "{end}"
 *   each   = "{each" value "}" text ["{else}" text] "{end}"
 *   value  = path { "|" filter [":" argument] }
 *   path   = ["."] part { "." part }, or "." alone
 *   word, argument = characters, in single quotes where they hold a space or one of | } :
 * A line on which nothing but if, each, else and end stand leaves no line. */

enum wording_root {
	ROOT_ITEM,   /* {.x}: of the item of the innermost each */
	ROOT_ALERT,  /* {data.x} {type} {id} {timestamp} {version} */
	ROOT_ALERTS, /* {alerts}: all of a digest */
	ROOT_SET,    /* {set.x}: a parameter */
	ROOT_TEXT,   /* {x}: a text of the connector */
	ROOT_WORD    /* {now_s} {sign} ...: wording_words */
};

enum wording_word {
	SAY_NOW_S,
	SAY_NOW_MS,
	SAY_NOW,
	SAY_COUNT,
	SAY_FAMILY,
	SAY_LANG,
	SAY_URL,
	SAY_TOKEN,
	SAY_SIGN,
	SAY_SECRET,
	SAY_SYSTEM
};

struct wording_filter {
	const struct filter_row *row;
	struct str argument;
	int64_t number; /* of an argument that is one */
};

struct wording_value {
	enum wording_root root;
	unsigned index; /* of the word or parameter */
	struct str parts[WORDING_MAX_PATH];
	unsigned part_count;
	struct wording_filter filters[WORDING_MAX_FILTERS];
	unsigned filter_count;
};

enum wording_compare {
	WORDING_NONE,
	WORDING_EQ,
	WORDING_NE,
	WORDING_LT,
	WORDING_LE,
	WORDING_GT,
	WORDING_GE
};

struct wording_test {
	struct wording_value value;
	bool negated;
	enum wording_compare compare;
	struct str word;
};

struct wording_piece {
	enum { PIECE_LITERAL, PIECE_VALUE, PIECE_IF, PIECE_EACH } kind;
	struct str literal;
	const struct wording_test *test; /* its value: of all but literals */
	unsigned else_at, end_at; /* pieces of if and each: up to else_at, then up to end_at */
};

struct wording {
	enum markup markup;
	bool is_rich; /* instead: the connector's own markup */
	const struct wording_piece *pieces;
	unsigned count;
};

/* `maps:` of a connector: what a word is called, in both languages. */
struct word_table {
	struct str name;
	struct word_row {
		struct str word; /* "*": any other */
		struct str en, zh;
	} * rows;
	unsigned count;
};

struct filter_row;
struct said;
/* What a filter's argument must be. */
enum filter_argument {
	ARGUMENT_NONE,
	ARGUMENT_TEXT,
	ARGUMENT_NUMBER,
	ARGUMENT_TABLE,
	ARGUMENT_MAYBE
};
struct wording_env;
struct filter_row {
	const char *name;
	enum filter_argument argument;
	bool is_raw;
	void (*run)(struct wording_env *env, const struct wording_filter *filter,
		    struct said *said);
};
const struct filter_row *wording_filter_find(struct str name); /* or NULL */
unsigned wording_filter_names(struct str *names, unsigned room);

/* What stands in scope while a file is read. */
struct wording_names {
	const struct connector *connector; /* its parameters, texts and maps so far */
	unsigned text_limit; /* so many of its texts may be used: a text uses those before it */
	bool with_secret, with_sign, with_token;
};

/* A text of a file. Complains with the place of each mistake. is_rich is the caller's to set. */
bool wording_parse(struct form *form, const struct yaml_node *node, enum markup markup,
		   const struct wording_names *names, struct wording *out) MUST_CHECK;
/* "{if ..}" or "{each ..}", the key of a pair in a body; kind says which. */
bool wording_parse_block(struct form *form, const struct yaml_node *node,
			 const struct wording_names *names,
			 struct wording_piece *out) MUST_CHECK;
/* The wording is one value alone that ends in |raw. */
bool wording_is_raw(const struct wording *wording);

/* ---- printing ---- */

enum family { FAMILY_ALERT, FAMILY_TASK, FAMILY_NOTICE, FAMILY_DIGEST, FAMILIES };

struct wording_env {
	const struct connector *connector;
	const struct connector_settings *settings;
	const struct connector_message *message;
	json_t *const *alerts; /* borrowed; may be none, for a token recipe */
	unsigned count;
	json_t *alert; /* the one that is spoken of */
	json_t *item;  /* of the innermost each, or NULL */
	enum family family;
	enum markup markup; /* of the wording that is printed */
	bool zh;
	struct str sign;
	unsigned shrink; /* texts are cut to their limit >> shrink */
	unsigned steps;	 /* left */
	unsigned depth;	 /* of texts within texts */
	bool too_much;	 /* steps or bytes ran out: what was printed is worth nothing */
};

/* A value on its way through the filters: JSON until a filter needs text. */
struct said {
	json_t *json; /* borrowed; NULL: none, or text is what counts */
	struct buf text;
	bool is_text;
	bool is_marked;	 /* already in the wording's markup */
	bool is_trusted; /* as the admin wrote it, a parameter: |raw puts it as it is */
};

struct str said_text(struct said *said); /* of whatever it is; "" for none, lists and maps */
void said_set(struct said *said, struct buf *text); /* takes over its bytes */
bool said_is_true(struct said *said);		    /* not missing, null, false or empty */

void wording_print(struct buf *out, const struct wording *wording, struct wording_env *env);
void wording_value_find(struct wording_env *env, const struct wording_value *value,
			struct said *said); /* with its filters; said is to be finished */
bool wording_test_holds(struct wording_env *env, const struct wording_test *test);
/* The list to go through: an array, or the values of a map; NULL when it is neither. */
json_t *wording_list(struct wording_env *env, const struct wording_test *test);
/* The subtree of a raw wording as JSON; "" when there is none. */
void wording_print_raw(struct buf *out, const struct wording *wording, struct wording_env *env);
void wording_dump(struct buf *out, const json_t *json);		  /* compact */
void wording_enter_alert(struct wording_env *env, json_t *alert); /* speaks of another one */

#endif
