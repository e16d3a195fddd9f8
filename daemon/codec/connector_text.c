/* SPDX-License-Identifier: Apache-2.0 */
/* A text of a connector: the wording for this alert and language, cut to its limit, its tail always whole. */
#include <string.h>

#include "codec/connector_inside.h"

#define DOTS "…"

const struct connector_text *
connector_text_find(const struct connector *connector, struct str name)
{
	for (unsigned i = 0; i < connector->text_count; i++)
		if (str_eq(connector->texts[i].name, name))
			return &connector->texts[i];
	return NULL;
}

/* Whole lines, if that costs no more than a quarter. */
static size_t
cut_of(enum markup markup, struct str text, size_t most)
{
	size_t n = markup_cut(markup, text, most), line = n;

	while (line > 0 && text.p[line - 1] != '\n')
		line--;
	return line > n - n / 4 ? line : n;
}

static void
put_cut(struct buf *out, enum markup markup, struct str text, size_t most)
{
	if (text.n <= most) {
		buf_str(out, text);
		return;
	}
	if (most < strlen(DOTS))
		return;
	buf_str(out, str_slice(text, 0, cut_of(markup, text, most - strlen(DOTS))));
	buf_text(out, DOTS);
}

static void
make_one_line(struct buf *text)
{
	for (size_t i = 0; i < text->n; i++)
		if ((unsigned char)text->p[i] < ' ')
			text->p[i] = ' ';
}

/* The tail stands on a line of its own. */
static void
put_before(struct buf *tail, enum markup markup)
{
	struct buf line = {0};

	markup_literal(&line, markup, STR("\n"));
	buf_str(&line, buf_view(tail));
	buf_finish(tail);
	*tail = line;
}

void
connector_text_print(struct buf *out, const struct connector_text *text,
		     struct wording_env *env)
{
	enum family family = text->given[env->family] ? env->family : FAMILY_ALERT;
	enum markup markup = text->is_rich ? env->connector->markup : MARKUP_PLAIN;
	size_t most = text->most >> env->shrink;
	struct buf main = {0}, tail = {0};
	struct str whole;

	env->depth++;
	wording_print(&main, &text->said[family][env->zh], env);
	wording_print(&tail, &text->tail[env->zh], env);
	env->depth--;
	if (tail.n > 0 && main.n > 0)
		put_before(&tail, markup);
	if (text->one_line)
		make_one_line(&main);
	whole = markup_trim(markup, buf_view(&main));
	if (most == 0)
		buf_str(out, whole);
	else
		put_cut(out, markup, whole, most > tail.n ? most - tail.n : 0);
	buf_str(out, buf_view(&tail));
	buf_finish(&main);
	buf_finish(&tail);
}
