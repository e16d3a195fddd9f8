/* SPDX-License-Identifier: Apache-2.0 */
/* What replies mean, as rows of a file, and rates. */
#include <stddef.h>
#include <string.h>

#include "base/civil.h"
#include "base/number.h"
#include "codec/connector_inside.h"

/* RFC 6901: "" or "/" parts, "~" only as "~0" and "~1". */
bool
connector_is_pointer(struct str text)
{
	if (text.n > 0 && text.p[0] != '/')
		return false;
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] == '~' &&
		    (i + 1 == text.n || (text.p[i + 1] != '0' && text.p[i + 1] != '1')))
			return false;
	return true;
}

struct reply_text {
	const struct yaml_node *code, *message, *rows;
};

static const struct form_row reply_rows[] = {
	{"code", form_node, offsetof(struct reply_text, code), 0, 0, NULL},
	{"message", form_node, offsetof(struct reply_text, message), 0, 0, NULL},
	{"rows", form_node, offsetof(struct reply_text, rows), 0, 0, NULL},
	{.word = NULL},
};

/* code: text | /pointer | [/pointer, ..] */
static void
read_code(struct form *form, const struct yaml_node *node, struct reply_form *out)
{
	static const struct form_row row = {.most = 256};
	struct str_list list = {NULL, 0};

	if (node->kind == YAML_TEXT && str_is(node->text, "text")) {
		out->is_text = true;
		return;
	}
	form_texts(form, node, &row, &list);
	for (unsigned i = 0; i < list.count && i < REPLY_MAX_POINTERS; i++) {
		if (list.words[i].n == 0 || !connector_is_pointer(list.words[i]))
			form_complain(form, node, "E446", STR_NONE, STR_NONE);
		out->codes[out->code_count++] = list.words[i];
	}
	if (list.count > REPLY_MAX_POINTERS)
		form_complain(form, node, "E508", form_int_text(form, REPLY_MAX_POINTERS),
			      STR_NONE);
}

/* status: 404 | 4xx */
static void
read_status(struct form *form, const struct yaml_node *node, const struct form_row *row,
	    void *into)
{
	struct reply_row *out = into;
	struct str text = node->text;
	int64_t status;

	(void)row;
	if (!form_is_text(form, node))
		return;
	if (text.n == 3 && text.p[0] >= '2' && text.p[0] <= '5' && str_ends(text, STR("xx"))) {
		out->status_from = (text.p[0] - '0') * 100;
		out->status_to = out->status_from + 99;
	} else if (parse_int64(text, &status) && status >= 200 && status <= 599) {
		out->status_from = out->status_to = (int)status;
	} else {
		form_complain(form, node, "E450", STR_NONE, STR_NONE);
	}
}

static const char *const means_words[] = {"delivered", "later",	 "denied", "refused",
					  "throttled", "paused", "stale",  NULL};
static const enum retry_outcome means[] = {RETRY_DELIVERED, RETRY_LATER,     RETRY_DENIED,
					   RETRY_REFUSED,   RETRY_THROTTLED, RETRY_GONE,
					   RETRY_DENIED};
#define MEANS_STALE 6

struct row_text {
	struct reply_row out;
	struct str_list is;
	int means;
};

static const struct form_row row_rows[] = {
	{"status", read_status, offsetof(struct row_text, out), 0, 0, NULL},
	{"is", form_texts, offsetof(struct row_text, is), 0, 128, NULL},
	{"says", form_text, offsetof(struct row_text, out.says), 0, 128, NULL},
	{"means", form_word, offsetof(struct row_text, means), 0, 0, means_words},
	{.word = NULL},
};

static void
read_row(struct form *form, const struct yaml_node *node, struct reply_form *out)
{
	struct row_text text = {.means = -1};
	struct reply_row *row = &out->rows[out->row_count];

	form_read(form, node, row_rows, &text);
	if (node->kind != YAML_MAP)
		return;
	if (text.means < 0) {
		if (yaml_get(node, "means") == NULL)
			form_complain(form, node, "E048", STR("means"), STR_NONE);
		return;
	}
	*row = text.out;
	row->is = text.is.words;
	row->is_count = text.is.count;
	row->means = means[text.means];
	row->is_stale = text.means == MEANS_STALE;
	out->row_count++;
}

static void
read_rows(struct form *form, const struct yaml_node *node, struct reply_form *out)
{
	if (!form_is_list(form, node))
		return;
	if (node->count > CONNECTOR_MAX_ROWS) {
		form_complain(form, node->items[CONNECTOR_MAX_ROWS], "E508",
			      form_int_text(form, CONNECTOR_MAX_ROWS), STR_NONE);
		return;
	}
	out->rows = arena_array(form->arena, node->count, sizeof *out->rows);
	for (unsigned i = 0; i < node->count; i++)
		read_row(form, node->items[i], out);
}

void
connector_read_reply(struct form *form, const struct yaml_node *node, struct reply_form *out)
{
	static const struct form_row pointer = {.most = 256};
	struct reply_text text = {NULL, NULL, NULL};

	form_read(form, node, reply_rows, &text);
	if (text.code != NULL)
		read_code(form, text.code, out);
	if (text.message != NULL) {
		form_text(form, text.message, &pointer, &out->message);
		if (!connector_is_pointer(out->message))
			form_complain(form, text.message, "E446", STR_NONE, STR_NONE);
	}
	if (text.rows != NULL)
		read_rows(form, text.rows, out);
}

/* rate = number "/" ("s" | "min" | "h") */
void
connector_read_rate(struct form *form, const struct yaml_node *node, const struct form_row *row,
		    void *into)
{
	static const struct {
		const char *unit;
		int64_t per;
	} units[] = {{"s", SECOND_MS}, {"min", MINUTE_MS}, {"m", MINUTE_MS}, {"h", HOUR_MS}};
	size_t slash = 0;
	int64_t count;

	(void)row;
	if (!form_is_text(form, node))
		return;
	while (slash < node->text.n && node->text.p[slash] != '/')
		slash++;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (slash < node->text.n &&
		    str_is(str_slice(node->text, slash + 1, node->text.n), units[i].unit) &&
		    parse_int64(str_slice(node->text, 0, slash), &count) && count >= 1 &&
		    count <= 1000000) {
			*(struct rate *)into = (struct rate){(unsigned)count, units[i].per};
			return;
		}
	form_complain(form, node, "E416", STR_NONE, STR_NONE);
}
