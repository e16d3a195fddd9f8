/* SPDX-License-Identifier: Apache-2.0 */
/* Reading maps of a file by table, with a complaint for everything that does not fit. */
#include "codec/form.h"

#include <string.h>

#include "base/civil.h"
#include "base/number.h"

#define FORM_MAX_ROWS 64

static struct str
raw_of(const struct form *form, const struct yaml_node *node)
{
	return form->diags->files[node->file].text;
}

/* Of a list or map only its first character is marked: it may be long. */
static struct diag_place
place_of(const struct yaml_node *node)
{
	size_t to = node->kind == YAML_TEXT ? node->end : node->at + 1;

	return (struct diag_place){node->file, node->at, to};
}

void
form_complain(struct form *form, const struct yaml_node *node, const char *code,
	      struct str arg0, struct str arg1)
{
	struct complaint complaint = {.code = code, .args = {arg0, arg1}};

	diags_complain(form->diags, place_of(node), &complaint);
}

void
form_complain_at(struct form *form, const struct yaml_node *text, size_t from, size_t to,
		 struct complaint *complaint)
{
	struct str raw = raw_of(form, text);
	struct diag_place place = {.file = text->file};

	if (to > text->text.n)
		to = text->text.n;
	place.from = place.to = yaml_locate(text, raw, from);
	if (to > from)
		place.to = yaml_locate(text, raw, to - 1) + 1;
	diags_complain(form->diags, place, complaint);
}

void
form_propose(struct form *form, const struct yaml_node *node, const char *code,
	     struct str wrong, const struct str *names, size_t count)
{
	struct complaint complaint = {.code = code, .args = {wrong}};
	struct str near = str_nearest(wrong, names, count);

	if (near.n != 0)
		message_hint(form->arena, &complaint, "H101", near);
	diags_complain(form->diags, place_of(node), &complaint);
}

struct str
form_place(struct form *form, const struct yaml_node *node)
{
	return arena_printf(form->arena, "%.*s:%d",
			    STR_ARG(form->diags->files[node->file].name),
			    diags_line(form->diags, node->file, node->at));
}

struct str
form_int_text(struct form *form, int64_t number)
{
	return arena_printf(form->arena, "%lld", (long long)number);
}

static bool
is_kind(struct form *form, const struct yaml_node *node, enum yaml_kind kind, const char *code)
{
	if (node->kind == kind)
		return true;
	form_complain(form, node, code, STR_NONE, STR_NONE);
	return false;
}

bool
form_is_text(struct form *form, const struct yaml_node *node)
{
	return is_kind(form, node, YAML_TEXT, "E034");
}

bool
form_is_list(struct form *form, const struct yaml_node *node)
{
	return is_kind(form, node, YAML_LIST, "E033");
}

bool
form_is_map(struct form *form, const struct yaml_node *node)
{
	return is_kind(form, node, YAML_MAP, "E032");
}

struct str
form_join(struct form *form, const struct str *words, size_t count)
{
	struct buf buf = {0};
	struct str out;

	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_text(&buf, ", ");
		buf_str(&buf, words[i]);
	}
	out = arena_str(form->arena, buf_view(&buf));
	buf_finish(&buf);
	return out;
}

void
form_complain_word(struct form *form, const struct yaml_node *node, const char *code,
		   struct str what, const struct str *words, size_t count)
{
	struct complaint complaint = {
		.code = code, .args = {node->text, what, form_join(form, words, count)}};

	diags_complain(form->diags, place_of(node), &complaint);
}

static void
complain_unknown(struct form *form, const struct yaml_node *key, const struct form_row *rows)
{
	struct str names[FORM_MAX_ROWS] = {{0}};
	size_t count = 0;

	for (const struct form_row *row = rows; row->word && count < FORM_MAX_ROWS; row++)
		if (row->read != NULL)
			names[count++] = str_of(row->word);
	if (str_nearest(key->text, names, count).n != 0)
		form_propose(form, key, "E030", key->text, names, count);
	else
		form_complain(form, key, "E031", key->text, form_join(form, names, count));
}

static void
read_pair(struct form *form, const struct yaml_node *key, const struct yaml_node *value,
	  const struct form_row *rows, void *into)
{
	const struct form_row *row = rows;

	while (row->word != NULL && !str_is(key->text, row->word))
		row++;
	if (row->word == NULL)
		complain_unknown(form, key, rows);
	else if (row->read == NULL)
		form_complain(form, key, form->unsupported, key->text, STR_NONE);
	else
		row->read(form, value, row, (char *)into + row->offset);
}

void
form_read(struct form *form, const struct yaml_node *map, const struct form_row *rows,
	  void *into)
{
	if (!form_is_map(form, map))
		return;
	for (unsigned i = 0; i < map->count; i++)
		read_pair(form, map->keys[i], map->items[i], rows, into);
}

/* A block text ends in a line break that nobody means. */
struct str
form_line(const struct yaml_node *node)
{
	struct str text = node->text;

	if (node->style == YAML_LITERAL || node->style == YAML_FOLDED)
		while (text.n > 0 && text.p[text.n - 1] == '\n')
			text.n--;
	return text;
}

/* A text without control characters, of at most row->most bytes; empty only when row->least is -1. */
static bool
check_text(struct form *form, const struct yaml_node *node, const struct form_row *row)
{
	if (!form_is_text(form, node))
		return false;
	struct str text = form_line(node);

	if (text.n == 0 && row->least >= 0)
		form_complain(form, node, "E035", STR_NONE, STR_NONE);
	else if (row->most != 0 && text.n > (size_t)row->most)
		form_complain(form, node, "E042", form_int_text(form, row->most), STR_NONE);
	else if (text_has_control(text))
		form_complain(form, node, "E043", STR_NONE, STR_NONE);
	else
		return true;
	return false;
}

void
form_text(struct form *form, const struct yaml_node *node, const struct form_row *row,
	  void *into)
{
	if (check_text(form, node, row))
		*(struct str *)into = form_line(node);
}

static void
read_list(struct form *form, const struct yaml_node *node, const struct form_row *row,
	  struct str_list *out)
{
	struct str *words = arena_array(form->arena, node->count, sizeof *words);
	unsigned count = 0;

	if (node->count == 0)
		form_complain(form, node, "E044", STR_NONE, STR_NONE);
	for (unsigned i = 0; i < node->count; i++) {
		bool again = false;

		if (!check_text(form, node->items[i], row))
			continue;
		for (unsigned k = 0; k < count && !again; k++)
			again = str_eq(words[k], form_line(node->items[i]));
		if (again)
			form_complain(form, node->items[i], "E045", node->items[i]->text,
				      STR_NONE);
		else
			words[count++] = form_line(node->items[i]);
		if (count == FORM_MAX_WORDS && i + 1 < node->count) {
			form_complain(form, node->items[i + 1], "E047",
				      form_int_text(form, FORM_MAX_WORDS), STR_NONE);
			break;
		}
	}
	*out = (struct str_list){words, count};
}

void
form_texts(struct form *form, const struct yaml_node *node, const struct form_row *row,
	   void *into)
{
	struct str *word;

	if (node->kind == YAML_LIST) {
		read_list(form, node, row, into);
	} else if (check_text(form, node, row)) {
		word = arena_alloc(form->arena, sizeof *word);
		*word = form_line(node);
		*(struct str_list *)into = (struct str_list){word, 1};
	}
}

void
form_int(struct form *form, const struct yaml_node *node, const struct form_row *row,
	 void *into)
{
	int64_t number;

	if (!form_is_text(form, node))
		return;
	if (parse_int64(node->text, &number) && number >= row->least && number <= row->most)
		*(int64_t *)into = number;
	else
		form_complain(form, node, "E036", form_int_text(form, row->least),
			      form_int_text(form, row->most));
}

void
form_number(struct form *form, const struct yaml_node *node, const struct form_row *row,
	    void *into)
{
	double number;

	if (!form_is_text(form, node))
		return;
	if (parse_number(node->text, &number) && number >= (double)row->least &&
	    number <= (double)row->most)
		*(double *)into = number;
	else
		form_complain(form, node, "E037", form_int_text(form, row->least),
			      form_int_text(form, row->most));
}

struct str
form_duration_text(struct form *form, int64_t ms)
{
	struct buf buf = {0};
	struct str out;

	buf_duration(&buf, ms);
	out = arena_str(form->arena, buf_view(&buf));
	buf_finish(&buf);
	return out;
}

void
form_duration(struct form *form, const struct yaml_node *node, const struct form_row *row,
	      void *into)
{
	int64_t ms, plain;

	if (!form_is_text(form, node))
		return;
	if (!parse_duration(node->text, form->ms_too, &ms)) {
		struct complaint complaint = {.code = "E038", .args = {node->text}};

		if (parse_int64(node->text, &plain))
			message_hint(form->arena, &complaint, "H101",
				     arena_printf(form->arena, "%lldd", (long long)plain));
		form_complain_at(form, node, 0, node->text.n, &complaint);
	} else if (ms < row->least || ms > row->most) {
		form_complain(form, node, "E039", form_duration_text(form, row->least),
			      form_duration_text(form, row->most));
	} else {
		*(int64_t *)into = ms;
	}
}

void
form_flag(struct form *form, const struct yaml_node *node, const struct form_row *row,
	  void *into)
{
	bool yes;

	(void)row;
	if (!form_is_text(form, node))
		return;
	yes = str_is(node->text, "true");
	if (yes || str_is(node->text, "false"))
		*(bool *)into = yes;
	else
		form_complain(form, node, "E041", STR_NONE, STR_NONE);
}

void
form_word(struct form *form, const struct yaml_node *node, const struct form_row *row,
	  void *into)
{
	struct str names[FORM_MAX_ROWS] = {{0}};
	size_t count = 0;

	if (!form_is_text(form, node))
		return;
	for (; count < FORM_MAX_ROWS && row->words[count] != NULL; count++) {
		names[count] = str_of(row->words[count]);
		if (str_eq(names[count], node->text)) {
			*(int *)into = (int)count;
			return;
		}
	}
	form_complain(form, node, "E040", node->text, form_join(form, names, count));
}

void
form_node(struct form *form, const struct yaml_node *node, const struct form_row *row,
	  void *into)
{
	(void)form;
	(void)row;
	*(const struct yaml_node **)into = node;
}

void
form_ignore(struct form *form, const struct yaml_node *node, const struct form_row *row,
	    void *into)
{
	(void)form;
	(void)node;
	(void)row;
	(void)into;
}
