/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with files: collected, sorted by place, printed with the line and a caret. */
#ifndef CODEC_DIAG_H
#define CODEC_DIAG_H

#include "base/arena.h"
#include "lang/message.h"

struct diag_file {
	struct str name; /* as the admin named it; borrowed */
	struct str text; /* raw bytes; borrowed until the last print */
};

struct diag {
	const struct message *message;
	unsigned file;	  /* index into files */
	int line, column; /* 1-based; column in characters of the raw file */
	int width;	  /* characters, at least 1; stays on its line */
	struct str args[3];
	struct str hint, hint_zh; /* "did you mean 14d?", or none */
};

#define DIAG_FILES 80 /* 64 that a rule set is made of, and texts of options */
#define DIAG_RULE_FILES 64

/* Bytes from..to of a raw file. */
struct diag_place {
	unsigned file;
	size_t from, to;
};

struct diags {
	struct arena *arena; /* borrowed: keeps the arguments */
	struct diag_file files[DIAG_FILES];
	unsigned file_count;
	struct diag *list; /* owned */
	size_t count, cap;
	unsigned errors, warnings;
	bool wants_notes;	   /* set by the caller: N3xx are kept too */
	struct diag_place *hidden; /* owned */
	size_t hidden_count, hidden_cap;
	bool hides_secrets; /* lines that may hold a password, key or token are not printed */
};

#define DIAG_MAX 200 /* then one last word that there are more */

void diags_init(struct diags *diags, struct arena *arena);
void diags_finish(struct diags *diags);
unsigned diags_add_file(struct diags *diags, struct str name, struct str text);

/* By place, cut at the end of from's line; the complaint gives code, arguments and hint; copies its texts. */
void diags_complain(struct diags *diags, struct diag_place place,
		    const struct complaint *complaint);
/* Takes back warnings of that code, with that first argument; STR_NONE: with any. */
void diags_drop(struct diags *diags, const char *code, struct str arg);
/* No line of this place is ever printed. */
void diags_hide(struct diags *diags, struct diag_place place);
/* Line of a byte of a raw file, 1-based; breaks are LF, CR LF and CR. 0 once DIAG_MAX is reached. */
int diags_line(const struct diags *diags, unsigned file, size_t at);
/* By file, line, column; each as
 *   FILE:LINE:COL: error E104: cannot compare duration with int
 *      48 |   expr: paying and silent(login) >= 14
 *         |                                     ^^ did you mean 14d? */
void diags_print(struct buf *out, struct diags *diags, bool zh, bool color);
/* One on a line of its own, without excerpt: "FILE:LINE:COL: error E104: ...; did you mean 14d?" */
void diags_print_line(struct buf *out, const struct diags *diags, const struct diag *diag,
		      bool zh);
void diags_sort(struct diags *diags); /* by place, as they are printed */
void diags_print_json(struct buf *out, struct diags *diags, bool zh); /* one JSON array */

#endif
