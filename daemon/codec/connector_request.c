/* SPDX-License-Identifier: Apache-2.0 */
/* How a file describes a request: method, url, headers, and a body or a form. */
#include <string.h>

#include "codec/connector_inside.h"
#include "codec/header_name.h"

static void
read_header(struct form *form, const struct yaml_node *key, const struct yaml_node *value,
	    const struct wording_names *names, struct request_form *out)
{
	struct connector_header *header = &out->headers[out->header_count];

	if (!header_name_is_valid(key->text)) {
		form_complain(form, key, "E406", key->text, STR_NONE);
	} else if (header_name_is_own(key->text)) {
		form_complain(form, key, "E407", key->text, STR_NONE);
	} else if (wording_parse(form, value, MARKUP_HEADER, names, &header->value)) {
		header->name = key->text;
		out->header_count++;
	}
}

static void
read_headers(struct form *form, const struct yaml_node *node, const struct wording_names *names,
	     struct request_form *out)
{
	if (!form_is_map(form, node))
		return;
	out->headers = arena_array(form->arena, node->count, sizeof *out->headers);
	out->header_count = 0;
	if (node->count > CONNECTOR_MAX_HEADERS) {
		form_complain(form, node->keys[CONNECTOR_MAX_HEADERS], "E508",
			      form_int_text(form, CONNECTOR_MAX_HEADERS), STR_NONE);
		return;
	}
	for (unsigned i = 0; i < node->count; i++)
		read_header(form, node->keys[i], node->items[i], names, out);
}

/* A body that is one text is JSON with holes in its strings; any other is a tree. */
static void
read_body(struct form *form, const struct yaml_node *node, const struct wording_names *names,
	  struct request_form *out)
{
	struct shape *shape;

	out->body = NULL;
	out->is_form = false;
	out->has_text = node->kind == YAML_TEXT;
	if (out->has_text) {
		if (!wording_parse(form, node, MARKUP_JSON, names, &out->text))
			out->has_text = false;
		return;
	}
	shape = arena_alloc(form->arena, sizeof *shape);
	if (shape_parse(form, node, names, shape))
		out->body = shape;
}

static void
read_form(struct form *form, const struct yaml_node *node, const struct wording_names *names,
	  struct request_form *out)
{
	struct shape *shape = arena_alloc(form->arena, sizeof *shape);

	if (!form_is_map(form, node))
		return;
	for (unsigned i = 0; i < node->count; i++)
		if (!form_is_text(form, node->items[i]))
			return;
	if (!shape_parse(form, node, names, shape))
		return;
	out->body = shape;
	out->is_form = true;
	out->has_text = false;
}

static void
read_wording(struct form *form, const struct yaml_node *node, enum markup markup,
	     const struct wording_names *names, struct wording *out)
{
	struct wording wording;

	if (node != NULL && wording_parse(form, node, markup, names, &wording))
		*out = wording;
}

/* "" when the text begins with a hole. */
static struct str
first_literal(const struct wording *wording)
{
	bool begins = wording->count > 0 && wording->pieces[0].kind == PIECE_LITERAL;

	return begins ? wording->pieces[0].literal : STR("");
}

/* What is wrong in every request is said now: at its time it would cost alerts. */
static void
check_url(struct form *form, const struct yaml_node *node, const struct wording *url)
{
	struct str begin = first_literal(url);

	if (begin.n > 0 && !str_starts(begin, STR("http://")) &&
	    !str_starts(begin, STR("https://")))
		form_complain(form, node, "E402", STR_NONE, STR_NONE);
}

static void
check_method(struct form *form, const struct yaml_node *node, const struct wording *method)
{
	struct str begin = first_literal(method);
	bool good = begin.n <= CONNECTOR_METHOD_MOST;

	for (size_t i = 0; i < begin.n; i++)
		good &= begin.p[i] >= 'A' && begin.p[i] <= 'Z';
	if (!good)
		form_complain(form, node, "E451", STR_NONE, STR_NONE);
}

void
connector_read_request(struct form *form, const struct request_nodes *nodes,
		       const struct wording_names *names, struct request_form *out)
{
	static const struct wording_test only_url = {
		.value = {.root = ROOT_WORD, .index = SAY_URL}};
	static const struct wording_piece piece = {.kind = PIECE_VALUE, .test = &only_url};

	if (!out->has_url)
		out->url = (struct wording){MARKUP_URL, false, &piece, 1};
	out->has_url = true;
	read_wording(form, nodes->url, MARKUP_URL, names, &out->url);
	read_wording(form, nodes->method, MARKUP_PLAIN, names, &out->method);
	if (nodes->url != NULL)
		check_url(form, nodes->url, &out->url);
	if (nodes->method != NULL)
		check_method(form, nodes->method, &out->method);
	if (nodes->headers != NULL)
		read_headers(form, nodes->headers, names, out);
	if (nodes->body != NULL && nodes->form != NULL)
		form_complain(form, nodes->form, "E449", STR_NONE, STR_NONE);
	else if (nodes->body != NULL)
		read_body(form, nodes->body, names, out);
	else if (nodes->form != NULL)
		read_form(form, nodes->form, names, out);
}
