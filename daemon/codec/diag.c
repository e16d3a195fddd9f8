/* SPDX-License-Identifier: Apache-2.0 */
/* Complaints about files: collected by place, sorted, counted. */
#include "codec/diag.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define BOM STR("\xef\xbb\xbf")

void
diags_init(struct diags *diags, struct arena *arena)
{
	memset(diags, 0, sizeof *diags);
	diags->arena = arena;
}

void
diags_finish(struct diags *diags)
{
	mem_free(diags->list);
	mem_free(diags->hidden);
	diags->list = NULL;
	diags->hidden = NULL;
	diags->count = diags->cap = 0;
	diags->hidden_count = diags->hidden_cap = 0;
}

void
diags_hide(struct diags *diags, struct diag_place place)
{
	MEM_RESERVE(diags->hidden, diags->hidden_cap, diags->hidden_count + 1);
	diags->hidden[diags->hidden_count++] = place;
}

unsigned
diags_add_file(struct diags *diags, struct str name, struct str text)
{
	assert(diags->file_count < DIAG_FILES);
	diags->files[diags->file_count] = (struct diag_file){name, text};
	return diags->file_count++;
}

/* Past DIAG_MAX they are only counted; diags_print() says how many there are. False: not to be kept. */
static bool
count_one(struct diags *diags, char kind)
{
	if (kind == 'E')
		diags->errors++;
	else if (kind == 'W')
		diags->warnings++;
	return diags->count < DIAG_MAX && (kind != 'N' || diags->wants_notes);
}

static void
keep(struct diags *diags, const struct diag *diag)
{
	MEM_RESERVE(diags->list, diags->cap, diags->count + 1);
	struct diag *kept = &diags->list[diags->count++];

	*kept = *diag;
	for (size_t i = 0; i < 3; i++)
		if (kept->args[i].n != 0)
			kept->args[i] = arena_str(diags->arena, kept->args[i]);
	if (kept->hint.n != 0)
		kept->hint = arena_str(diags->arena, kept->hint);
	if (kept->hint_zh.n != 0)
		kept->hint_zh = arena_str(diags->arena, kept->hint_zh);
}

void
diags_drop(struct diags *diags, const char *code, struct str arg)
{
	size_t kept = 0;

	for (size_t i = 0; i < diags->count; i++) {
		const struct diag *diag = &diags->list[i];

		if (strcmp(diag->message->code, code) == 0 &&
		    (arg.n == 0 || str_eq(diag->args[0], arg)))
			diags->warnings--;
		else
			diags->list[kept++] = *diag;
	}
	diags->count = kept;
}

static bool
is_break(struct str text, size_t at)
{
	return text.p[at] == '\n' || text.p[at] == '\r';
}

/* The line that byte `at` is on: its number, and where it begins. */
static int
find_line(struct str text, size_t at, size_t *begin)
{
	int line = 1;

	*begin = str_starts(text, BOM) ? BOM.n : 0;
	for (size_t i = *begin; i < at && i < text.n; i++) {
		bool ends = text.p[i] == '\n' ||
			    (text.p[i] == '\r' && (i + 1 == text.n || text.p[i + 1] != '\n'));

		if (ends) {
			line++;
			*begin = i + 1;
		}
	}
	return line;
}

int
diags_line(const struct diags *diags, unsigned file, size_t at)
{
	size_t begin;

	if (diags->count ==
	    DIAG_MAX) /* nobody will see it, and a file may hold 100,000 mistakes */
		return 0;
	return find_line(diags->files[file].text, at, &begin);
}

/* What a Chinese keyboard writes in keys and lists, and what is meant. */
static const struct {
	const char *sign, *meant;
} full_width[] = {
	{"\xef\xbc\x9a", ": "}, /* U+FF1A */
	{"\xef\xbc\x8c", ", "}, /* U+FF0C */
	{"\xe3\x80\x81", ", "}, /* U+3001 */
};

static size_t
full_width_at(struct str text, size_t at)
{
	size_t i = 0;

	while (i < sizeof full_width / sizeof *full_width &&
	       !str_starts(str_slice(text, at, text.n), str_of(full_width[i].sign)))
		i++;
	return i;
}

/* The text with plain signs; nothing where it has no others. A time of day has no blank behind its colon. */
static struct str
plain_signs(struct arena *arena, struct str text, bool blanks)
{
	struct buf out = {0};
	struct str plain = STR_NONE;
	bool found = false;

	for (size_t at = 0; at < text.n;) {
		size_t i = full_width_at(text, at);

		if (i == sizeof full_width / sizeof *full_width) {
			buf_char(&out, text.p[at++]);
			continue;
		}
		found = true;
		at += strlen(full_width[i].sign);
		buf_add(&out, full_width[i].meant, blanks && at < text.n ? 2 : 1);
	}
	if (found)
		plain = arena_str(arena, buf_view(&out));
	buf_finish(&out);
	return plain;
}

/* Complaints about a key, a name or hours are told what to write where the signs are full-width. */
static void
propose_plain_signs(struct diags *diags, struct complaint *complaint)
{
	static const char *const codes[] = {"E031", "E206", "E207", "E246"};

	for (size_t i = 0; i < sizeof codes / sizeof *codes && complaint->hint.n == 0; i++) {
		struct str plain = STR_NONE;

		if (strcmp(complaint->code, codes[i]) == 0)
			plain = plain_signs(diags->arena, complaint->args[0],
					    strcmp(codes[i], "E246") != 0);
		if (plain.n != 0)
			message_hint(diags->arena, complaint, "H102", plain);
	}
}

void
diags_complain(struct diags *diags, struct diag_place place, const struct complaint *complaint)
{
	struct complaint told = *complaint;
	struct str text = diags->files[place.file].text;
	struct diag diag = {.message = message_find(complaint->code), .file = place.file};
	size_t begin, from = place.from < text.n ? place.from : text.n, to = from;

	if (!count_one(diags, complaint->code[0]))
		return;
	propose_plain_signs(diags, &told);
	diag.hint = told.hint;
	diag.hint_zh = told.hint_zh;
	diag.line = find_line(text, from, &begin);
	if (from < begin)
		from = to = begin;
	while (to < place.to && to < text.n && !is_break(text, to))
		to++;
	diag.column = 1 + (int)utf8_count(str_slice(text, begin, from));
	diag.width = (int)utf8_count(str_slice(text, from, to));
	if (diag.width < 1)
		diag.width = 1;
	memcpy(diag.args, complaint->args, sizeof diag.args);
	keep(diags, &diag);
}
