/* SPDX-License-Identifier: Apache-2.0 */
/* Complaints as text for a terminal, with the line and a caret, or as JSON. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "codec/diag.h"

#define SHOWN_BEFORE 100 /* characters of a long line shown before the caret, and after */

enum shade { SHADE_ERROR, SHADE_WARNING, SHADE_NOTE, SHADES };

static const struct shade_row {
	char letter;
	const char *en, *zh, *color;
} shades[SHADES] = {
	[SHADE_ERROR] = {'E', "error", "错误", "\033[1;31m"},
	[SHADE_WARNING] = {'W', "warning", "警告", "\033[1;33m"},
	[SHADE_NOTE] = {'N', "note", "提示", "\033[1;36m"},
};

static const struct shade_row *
shade_of(const struct diag *diag)
{
	size_t i = 0;

	while (i < SHADES && shades[i].letter != diag->message->code[0])
		i++;
	assert(i < SHADES); /* a message's code begins with E, W or N */
	return &shades[i];
}

static int
compare(const void *a, const void *b)
{
	const struct diag *x = a, *y = b;
	int order = (x->file > y->file) - (x->file < y->file);

	if (order == 0)
		order = (x->line > y->line) - (x->line < y->line);
	if (order == 0)
		order = (x->column > y->column) - (x->column < y->column);
	return order ? order : strcmp(x->message->code, y->message->code);
}

static bool
same(const struct diag *a, const struct diag *b)
{
	return compare(a, b) == 0 && str_eq(a->args[0], b->args[0]) &&
	       str_eq(a->args[1], b->args[1]) && str_eq(a->args[2], b->args[2]);
}

/* Sorts by place; what is said twice of one place (a macro used twice) stays once. */
void
diags_sort(struct diags *diags)
{
	size_t kept = 0;

	if (diags->count == 0)
		return;
	qsort(diags->list, diags->count, sizeof *diags->list, compare);
	for (size_t i = 1; i < diags->count; i++)
		if (!same(&diags->list[kept], &diags->list[i]))
			diags->list[++kept] = diags->list[i];
	diags->count = kept + 1;
}

static struct complaint
complaint_of(const struct diag *diag)
{
	return (struct complaint){.code = diag->message->code,
				  .args = {diag->args[0], diag->args[1], diag->args[2]}};
}

static struct str
hint_of(const struct diag *diag, bool zh)
{
	return zh && diag->hint_zh.n != 0 ? diag->hint_zh : diag->hint;
}

/* The raw text of a 1-based line, without its break. */
static struct str
line_text(struct str text, int line)
{
	size_t begin = str_starts(text, STR("\xef\xbb\xbf")) ? 3 : 0, end;

	for (;; begin = end + 1) {
		end = begin;
		while (end < text.n && text.p[end] != '\n' && text.p[end] != '\r')
			end++;
		if (--line == 0 || end >= text.n)
			return str_slice(text, begin, end);
		if (text.p[end] == '\r' && end + 1 < text.n && text.p[end + 1] == '\n')
			end++;
	}
}

static uint32_t
decode(struct str text, size_t at, size_t bytes)
{
	unsigned char lead = (unsigned char)text.p[at];
	uint32_t point = bytes == 1 ? lead : lead & (0x7fu >> bytes);

	for (size_t i = 1; i < bytes; i++)
		point = point << 6 | ((unsigned char)text.p[at + i] & 0x3fu);
	return point;
}

/* Characters that a terminal draws two columns wide: East Asian scripts, emoji. */
static bool
is_wide(uint32_t point)
{
	static const struct {
		uint32_t from, to;
	} wide[] = {{0x1100, 0x115f},	{0x2e80, 0x303e},   {0x3041, 0xa4cf},  {0xac00, 0xd7a3},
		    {0xf900, 0xfaff},	{0xfe30, 0xfe6f},   {0xff00, 0xff60},  {0xffe0, 0xffe6},
		    {0x1f300, 0x1f64f}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd}};

	for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
		if (point >= wide[i].from && point <= wide[i].to)
			return true;
	return false;
}

/* Puts character n of the line (0-based) into `out`, made harmless for a terminal, and what stands
 * under it into `pad`. Returns its bytes. */
static size_t
put_char(struct buf *out, struct buf *pad, struct str line, size_t at, char under)
{
	size_t bytes = utf8_char(line, at);
	bool harmless = bytes > 1 ||
			(bytes == 1 && (unsigned char)line.p[at] >= ' ' && line.p[at] != 127);

	if (line.p[at] == '\t') {
		buf_char(out, '\t');
		buf_char(pad, under == ' ' ? '\t' : under);
		return 1;
	}
	if (harmless)
		buf_add(out, line.p + at, bytes);
	else
		buf_text(out, "\xef\xbf\xbd");
	buf_char(pad, under);
	if (bytes > 1 && is_wide(decode(line, at, bytes)))
		buf_char(pad, under);
	return bytes ? bytes : 1;
}

/* The line and its carets; of a long line only what is near the caret. */
static void
put_line(struct buf *out, struct buf *pad, struct str line, const struct diag *diag)
{
	int first = diag->column - SHOWN_BEFORE, last = diag->column + SHOWN_BEFORE, n = 1;
	int end = diag->column + diag->width;

	for (size_t at = 0; at < line.n && n <= last; n++) {
		size_t bytes = utf8_char(line, at);

		if (n < first) {
			at += bytes ? bytes : 1;
			continue;
		}
		if (n == first && n > 1) {
			buf_text(out, "...");
			buf_text(pad, "   ");
		}
		if (n < end)
			at += put_char(out, pad, line, at, n < diag->column ? ' ' : '^');
		else {
			struct buf none = {0};

			at += put_char(out, &none, line, at, ' ');
			buf_finish(&none);
		}
		if (n == last && at < line.n)
			buf_text(out, "...");
	}
	if (n <= diag->column) /* the place is the line's end */
		buf_char(pad, '^');
}

static bool
starts_without_case(struct str text, const char *lower)
{
	for (size_t i = 0; lower[i] != '\0'; i++) {
		if (i == text.n)
			return false;
		char c = text.p[i];

		if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != lower[i])
			return false;
	}
	return true;
}

/* A key whose value is a secret itself, not the name of a file that holds it. */
static bool
names_secret(struct str text)
{
	static const char *const signs[] = {
		"whsec_", "secret", "authorization", "token",	   "password",
		"key:",	  "key=",   "sig=",	     "/services/", "/hook"};

	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
		if (starts_without_case(text, signs[i]))
			return !starts_without_case(str_slice(text, strlen(signs[i]), text.n),
						    "_file");
	return false;
}

/* An address that goes on after its host: of chat robots the path is the secret, of others the query. */
static bool
tells_more_than_host(struct str text)
{
	size_t at = 3;

	if (!str_starts(text, STR("://")))
		return false;
	while (at < text.n && strchr(" \t\"',}]/?@", text.p[at]) == NULL)
		at++;
	return at < text.n && (text.p[at] == '?' || text.p[at] == '@' ||
			       (text.p[at] == '/' && at + 1 < text.n &&
				strchr(" \t\"',}]", text.p[at + 1]) == NULL));
}

static bool
holds_secret(struct str line)
{
	bool url = false;

	for (size_t at = 0; at < line.n; at++) {
		struct str rest = str_slice(line, at, line.n);

		url |= str_starts(rest, STR("://"));
		if ((url && line.p[at] == '@') || names_secret(rest) ||
		    tells_more_than_host(rest))
			return true;
	}
	return false;
}

static bool
is_hidden(const struct diags *diags, const struct diag *diag, struct str line)
{
	size_t from = (size_t)(line.p - diags->files[diag->file].text.p);

	for (size_t i = 0; i < diags->hidden_count; i++)
		if (diags->hidden[i].file == diag->file &&
		    diags->hidden[i].from <= from + line.n && diags->hidden[i].to > from)
			return true;
	return false;
}

static void
put_carets(struct buf *out, const struct buf *pad, struct str hint, const char *paint,
	   const char *plain)
{
	size_t blank = 0;

	while (blank < pad->n && pad->p[blank] != '^')
		blank++;
	buf_text(out, "      | ");
	buf_add(out, pad->p, blank);
	buf_text(out, paint);
	buf_add(out, pad->p + blank, pad->n - blank);
	buf_text(out, plain);
	if (hint.n != 0) {
		buf_char(out, ' ');
		buf_str(out, hint);
	}
	buf_char(out, '\n');
}

/* A warning's column says enough unless there is something to propose. */
static void
print_excerpt(struct buf *out, const struct diags *diags, const struct diag *diag,
	      struct str hint, const char *paint, const char *plain)
{
	struct str line = line_text(diags->files[diag->file].text, diag->line);
	struct buf pad = {0};

	if (is_hidden(diags, diag, line) || (diags->hides_secrets && holds_secret(line)))
		return;
	buf_printf(out, "%5d | ", diag->line);
	put_line(out, &pad, line, diag);
	buf_char(out, '\n');
	if (diag->message->code[0] == 'E' || hint.n != 0)
		put_carets(out, &pad, hint, paint, plain);
	buf_finish(&pad);
}

/* What was quoted from the file may hold anything that steers a terminal. */
static void
put_harmless(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		if ((unsigned char)text.p[i] < ' ' || text.p[i] == 127)
			buf_text(out, "\xef\xbf\xbd");
		else
			buf_char(out, text.p[i]);
	}
}

static void
print_head(struct buf *out, const struct diags *diags, const struct diag *diag, bool zh,
	   bool color)
{
	const struct shade_row *shade = shade_of(diag);
	const char *paint = color ? shade->color : "", *plain = color ? "\033[0m" : "";
	struct complaint complaint = complaint_of(diag);
	struct buf sentence = {0};

	message_print(&sentence, &complaint, zh);
	buf_str(out, diags->files[diag->file].name);
	buf_printf(out, ":%d:%d: %s%s %s%s%s", diag->line, diag->column, paint,
		   zh ? shade->zh : shade->en, diag->message->code, plain, zh ? "：" : ": ");
	put_harmless(out, buf_view(&sentence));
	buf_finish(&sentence);
}

void
diags_print_line(struct buf *out, const struct diags *diags, const struct diag *diag, bool zh)
{
	struct str hint = hint_of(diag, zh);

	print_head(out, diags, diag, zh, false);
	if (hint.n != 0) {
		buf_text(out, zh ? "；" : "; ");
		put_harmless(out, hint);
	}
}

static void
print_one(struct buf *out, const struct diags *diags, const struct diag *diag, bool zh,
	  bool color)
{
	const char *paint = color ? shade_of(diag)->color : "", *plain = color ? "\033[0m" : "";

	print_head(out, diags, diag, zh, color);
	buf_char(out, '\n');
	print_excerpt(out, diags, diag, hint_of(diag, zh), paint, plain);
}

void
diags_print(struct buf *out, struct diags *diags, bool zh, bool color)
{
	size_t said = diags->errors + diags->warnings;

	diags_sort(diags);
	for (size_t i = 0; i < diags->count; i++)
		print_one(out, diags, &diags->list[i], zh, color);
	if (said > DIAG_MAX)
		buf_printf(
			out,
			zh ? "共 %u 个错误、%u 个警告，此处只列出前 %d 条\n"
			   : "%u errors and %u warnings in all; only the first %d are shown\n",
			diags->errors, diags->warnings, DIAG_MAX);
}

static void
print_json_one(struct json *json, const struct diags *diags, const struct diag *diag, bool zh)
{
	struct complaint complaint = complaint_of(diag);
	struct str hint = hint_of(diag, zh);
	struct buf sentence = {0};

	message_print(&sentence, &complaint, zh);
	json_open(json, '{');
	json_key(json, "file");
	json_str(json, diags->files[diag->file].name);
	json_key(json, "line");
	json_int(json, diag->line);
	json_key(json, "column");
	json_int(json, diag->column);
	json_key(json, "width");
	json_int(json, diag->width);
	json_key(json, "severity");
	json_text(json, shade_of(diag)->en);
	json_key(json, "code");
	json_text(json, diag->message->code);
	json_key(json, "message");
	json_str(json, buf_view(&sentence));
	if (hint.n != 0) {
		json_key(json, "hint");
		json_str(json, hint);
	}
	json_close(json, '}');
	buf_finish(&sentence);
}

void
diags_print_json(struct buf *out, struct diags *diags, bool zh)
{
	struct json json;

	diags_sort(diags);
	json_init(&json, out);
	json_open(&json, '[');
	for (size_t i = 0; i < diags->count; i++)
		print_json_one(&json, diags, &diags->list[i], zh);
	json_close(&json, ']');
}
