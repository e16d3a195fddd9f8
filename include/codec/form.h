/* SPDX-License-Identifier: Apache-2.0 */
/* Tables that say which keys a map of a file has, and what may stand behind each. */
#ifndef CODEC_FORM_H
#define CODEC_FORM_H

#include "codec/yaml.h"

struct form {
	struct arena *arena;	 /* borrowed; what is read is copied or borrowed from it */
	struct diags *diags;	 /* borrowed */
	const char *unsupported; /* code for words that a later version will know */
	bool ms_too;		 /* durations such as 500ms */
};

/* One key. `read` puts the value at into + offset, or complains and leaves it; NULL: known and not
 * supported yet. A table ends with a row without a word. */
struct form_row {
	const char *word;
	void (*read)(struct form *form, const struct yaml_node *value,
		     const struct form_row *row, void *into);
	size_t offset;
	int64_t least, most;	  /* numbers and durations (ms); of texts: most bytes, and
				   * least -1 when it may be empty */
	const char *const *words; /* form_word: ends with NULL */
};

/* All keys of a map; complains of unknown ones (proposing the nearest) and when it is no map. */
void form_read(struct form *form, const struct yaml_node *map, const struct form_row *rows,
	       void *into);

#define FORM_MAX_WORDS 1000 /* of one list */

struct str_list {
	const struct str *words;
	unsigned count;
};

/* Readers, by the type of the field at `offset`. */
void form_text(struct form *, const struct yaml_node *, const struct form_row *,
	       void *); /* struct str */
void form_texts(struct form *, const struct yaml_node *, const struct form_row *,
		void *); /* struct str_list, from one text or a list of them */
void form_int(struct form *, const struct yaml_node *, const struct form_row *,
	      void *); /* int64_t */
void form_number(struct form *, const struct yaml_node *, const struct form_row *,
		 void *); /* double */
void form_duration(struct form *, const struct yaml_node *, const struct form_row *,
		   void *); /* int64_t ms */
void form_flag(struct form *, const struct yaml_node *, const struct form_row *,
	       void *); /* bool, from true or false */
void form_word(struct form *, const struct yaml_node *, const struct form_row *,
	       void *); /* int: index into row->words */
void form_node(struct form *, const struct yaml_node *, const struct form_row *,
	       void *); /* const struct yaml_node * */
void form_ignore(struct form *, const struct yaml_node *, const struct form_row *,
		 void *); /* read elsewhere */

/* Complaints at a node, all of it or the bytes from..to of its decoded text. */
void form_complain(struct form *form, const struct yaml_node *node, const char *code,
		   struct str arg0, struct str arg1);
void form_complain_at(struct form *form, const struct yaml_node *text, size_t from, size_t to,
		      struct complaint *complaint);
/* The same, proposing the nearest of the names, if one is near. */
void form_propose(struct form *form, const struct yaml_node *node, const char *code,
		  struct str wrong, const struct str *names, size_t count);
/* The same with {0} the node's text, {1} what it should be one of, {2} all words of that. */
void form_complain_word(struct form *form, const struct yaml_node *node, const char *code,
			struct str what, const struct str *words, size_t count);
bool form_is_text(struct form *form, const struct yaml_node *node); /* or complains */
struct str form_line(
	const struct yaml_node *node); /* without line breaks at the end of a block */
bool form_is_list(struct form *form, const struct yaml_node *node);
bool form_is_map(struct form *form, const struct yaml_node *node);
/* "file:line" of a node, for sentences about an earlier place. */
struct str form_place(struct form *form, const struct yaml_node *node);
struct str form_duration_text(struct form *form, int64_t ms);
/* "a, b, c" */
struct str form_join(struct form *form, const struct str *words, size_t count);
struct str form_int_text(struct form *form, int64_t number);

#endif
