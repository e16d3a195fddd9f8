/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles the values of a connector's texts: paths and filters, each name looked up. */
#include <string.h>

#include "base/number.h"
#include "codec/connector_inside.h"
#include "codec/wording_parser.h"

#define MOST_NAMES 128

static const struct word_name {
	const char *name;
	enum wording_word word;
} words[] = {
	{"now_s", SAY_NOW_S},	{"now_ms", SAY_NOW_MS}, {"now", SAY_NOW},
	{"count", SAY_COUNT},	{"family", SAY_FAMILY}, {"lang", SAY_LANG},
	{"url", SAY_URL},	{"token", SAY_TOKEN},	{"sign", SAY_SIGN},
	{"secret", SAY_SECRET}, {"system", SAY_SYSTEM},
};
static const char *const alert_keys[] = {"data", "type", "id", "timestamp", "version"};

bool
wording_complain(struct wording_parser *parser, size_t from, size_t to, const char *code,
		 struct str arg0, struct str arg1)
{
	struct complaint complaint = {.code = code, .args = {arg0, arg1}};

	form_complain_at(parser->form, parser->node, from, to, &complaint);
	parser->failed = true;
	return false;
}

static bool
propose(struct wording_parser *parser, size_t from, size_t to, const char *code,
	struct str wrong, const struct str *names, size_t count)
{
	struct complaint complaint = {.code = code, .args = {wrong}};
	struct str near = str_nearest(wrong, names, count);

	if (near.n != 0)
		message_hint(parser->form->arena, &complaint, "H101", near);
	form_complain_at(parser->form, parser->node, from, to, &complaint);
	parser->failed = true;
	return false;
}

/* ---- values ---- */

static bool
is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

static struct str
take_name(struct wording_parser *parser, size_t end)
{
	size_t from = parser->at;

	while (parser->at < end && is_name_char(parser->text.p[parser->at]))
		parser->at++;
	return str_slice(parser->text, from, parser->at);
}

bool
wording_take_word(struct wording_parser *parser, size_t end, const char *stops, struct str *out)
{
	size_t from = parser->at;

	if (wording_peek(parser, end) == '\'') {
		from = ++parser->at;
		while (parser->at < end && parser->text.p[parser->at] != '\'')
			parser->at++;
		if (parser->at == end)
			return wording_complain(parser, from - 1, end, "E431", STR_NONE,
						STR_NONE);
		*out = str_slice(parser->text, from, parser->at++);
		return true;
	}
	while (parser->at < end && strchr(stops, parser->text.p[parser->at]) == NULL)
		parser->at++;
	*out = str_slice(parser->text, from, parser->at);
	return true;
}

static bool
check_table(struct wording_parser *parser, struct str name, size_t from)
{
	const struct connector *connector = parser->names->connector;
	struct str known[CONNECTOR_MAX_TABLES];

	if (connector_table_find(connector, name) != NULL)
		return true;
	for (unsigned i = 0; i < connector->table_count; i++)
		known[i] = connector->tables[i].name;
	return propose(parser, from, parser->at, "E436", name, known, connector->table_count);
}

static bool
take_argument(struct wording_parser *parser, size_t end, const char *stops, size_t name_from,
	      struct wording_filter *filter)
{
	bool given = wording_peek(parser, end) == ':';
	size_t from;

	if (given)
		parser->at++;
	from = parser->at;
	if (given && !wording_take_word(parser, end, stops, &filter->argument))
		return false;
	switch (filter->row->argument) {
	case ARGUMENT_NONE:
		return !given || wording_complain(parser, name_from, parser->at, "E434",
						  str_of(filter->row->name), STR_NONE);
	case ARGUMENT_MAYBE:
		return true;
	case ARGUMENT_TEXT:
		if (given)
			return true;
		break;
	case ARGUMENT_NUMBER:
		if (given && parse_int64(filter->argument, &filter->number) &&
		    filter->number >= 0 && filter->number <= (int64_t)WORDING_MAX_OUT)
			return true;
		break;
	case ARGUMENT_TABLE:
		if (given)
			return check_table(parser, filter->argument, from);
		break;
	}
	return wording_complain(parser, name_from, parser->at, "E435",
				str_of(filter->row->name), STR_NONE);
}

static bool
take_filter(struct wording_parser *parser, size_t end, const char *stops,
	    struct wording_value *value)
{
	struct wording_filter *filter = &value->filters[value->filter_count];
	size_t from = ++parser->at;
	struct str name = take_name(parser, end), known[MOST_NAMES];

	if (value->filter_count == WORDING_MAX_FILTERS)
		return wording_complain(parser, from, parser->at, "E508",
					form_int_text(parser->form, WORDING_MAX_FILTERS),
					STR_NONE);
	filter->row = wording_filter_find(name);
	if (filter->row == NULL)
		return propose(parser, from, parser->at > from ? parser->at : from + 1, "E433",
			       name, known, wording_filter_names(known, MOST_NAMES));
	value->filter_count++;
	return take_argument(parser, end, stops, from, filter);
}

static unsigned
known_names(const struct wording_parser *parser, struct str *known)
{
	const struct connector *connector = parser->names->connector;
	unsigned count = 0;

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		known[count++] = str_of(words[i].name);
	for (size_t i = 0; i < sizeof alert_keys / sizeof *alert_keys; i++)
		known[count++] = str_of(alert_keys[i]);
	for (unsigned i = 0; i < connector->text_count; i++)
		known[count++] = connector->texts[i].name;
	known[count++] = STR("set");
	known[count++] = STR("alerts");
	return count;
}

static bool
find_word(struct str name, unsigned *out)
{
	for (unsigned i = 0; i < sizeof words / sizeof *words; i++)
		if (str_is(name, words[i].name)) {
			*out = words[i].word;
			return true;
		}
	return false;
}

/* What belongs to a request is in no text: it is neither to be shown, nor to be cut. */
static bool
check_word(struct wording_parser *parser, size_t from, unsigned word)
{
	const struct wording_names *names = parser->names;

	if ((word == SAY_SECRET && !names->with_secret) ||
	    (word == SAY_SIGN && !names->with_sign) ||
	    (word == SAY_TOKEN && !names->with_token))
		return wording_complain(parser, from, parser->at, "E443",
					str_slice(parser->text, from, parser->at), STR_NONE);
	return true;
}

static bool
is_alert_key(struct str name)
{
	for (size_t i = 0; i < sizeof alert_keys / sizeof *alert_keys; i++)
		if (str_is(name, alert_keys[i]))
			return true;
	return false;
}

static bool
take_parameter(struct wording_parser *parser, size_t from, struct wording_value *value)
{
	const struct connector *connector = parser->names->connector;
	struct str known[CONNECTOR_MAX_PARAMETERS], name = value->parts[1];

	value->root = ROOT_SET;
	if (value->part_count != 2)
		return wording_complain(parser, from, parser->at, "E437", STR_NONE, STR_NONE);
	for (unsigned i = 0; i < connector->parameter_count; i++) {
		known[i] = connector->parameters[i].name;
		if (!str_eq(known[i], name))
			continue;
		value->index = i;
		return !connector->parameters[i].secret || parser->names->with_secret ||
		       wording_complain(parser, from, parser->at, "E443", name, STR_NONE);
	}
	return propose(parser, from, parser->at, "E438", name, known,
		       connector->parameter_count);
}

/* Only texts that stand before: so none can hold itself. */
static bool
take_text(struct wording_parser *parser, size_t from, struct wording_value *value)
{
	const struct connector *connector = parser->names->connector;
	const struct connector_text *text = connector_text_find(connector, value->parts[0]);

	value->root = ROOT_TEXT;
	return text - connector->texts < (ptrdiff_t)parser->names->text_limit ||
	       wording_complain(parser, from, parser->at, "E444", text->name, STR_NONE);
}

/* Which of the things that can be said a path begins with. */
static bool
find_root(struct wording_parser *parser, size_t from, struct wording_value *value)
{
	struct str first = value->parts[0], known[MOST_NAMES];

	if (is_alert_key(first)) {
		value->root = ROOT_ALERT;
		return true;
	}
	if (str_is(first, "set"))
		return take_parameter(parser, from, value);
	if (value->part_count == 1) {
		if (str_is(first, "alerts")) {
			value->root = ROOT_ALERTS;
			return true;
		}
		if (connector_text_find(parser->names->connector, first) != NULL)
			return take_text(parser, from, value);
		if (find_word(first, &value->index)) {
			value->root = ROOT_WORD;
			return check_word(parser, from, value->index);
		}
	}
	return propose(parser, from, parser->at, "E432",
		       str_slice(parser->text, from, parser->at), known,
		       known_names(parser, known));
}

static bool
take_parts(struct wording_parser *parser, size_t end, size_t from, struct wording_value *value)
{
	for (;;) {
		struct str part = take_name(parser, end);

		if (part.n == 0)
			return wording_complain(parser, from, parser->at + 1, "E430", STR_NONE,
						STR_NONE);
		if (value->part_count == WORDING_MAX_PATH)
			return wording_complain(parser, from, parser->at, "E508",
						form_int_text(parser->form, WORDING_MAX_PATH),
						STR_NONE);
		value->parts[value->part_count++] = part;
		if (wording_peek(parser, end) != '.')
			return true;
		parser->at++;
	}
}

bool
wording_take_value(struct wording_parser *parser, size_t end, const char *stops,
		   struct wording_value *value)
{
	size_t from = parser->at;
	bool of_item = wording_peek(parser, end) == '.';

	if (of_item)
		parser->at++;
	if (of_item && (parser->at == end || !is_name_char(wording_peek(parser, end))))
		value->root = ROOT_ITEM;
	else if (!take_parts(parser, end, from, value))
		return false;
	else if (!of_item && !find_root(parser, from, value))
		return false;
	if (of_item)
		value->root = ROOT_ITEM;
	while (wording_peek(parser, end) == '|')
		if (!take_filter(parser, end, stops, value))
			return false;
	return true;
}
