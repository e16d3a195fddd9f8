/* SPDX-License-Identifier: Apache-2.0 */
/* From libyaml's events to our own tree, with everything refused that hides what the file says. */
#include "codec/yaml.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "base/hash.h"
#include "base/mem.h"

#define MARK_STEP 64 /* characters between two remembered places */

/* An open list or map; its nodes so far lie in reader.pending from `base` on. */
struct frame {
	struct yaml_node *node;
	size_t base;
};

struct reader {
	yaml_parser_t parser;
	struct arena *arena; /* borrowed */
	struct diags *diags; /* borrowed */
	unsigned file;
	struct str raw;
	size_t begin;		    /* bytes of a byte order mark */
	uint32_t *marks;	    /* owned: byte of every 64th character after it */
	struct yaml_node **pending; /* owned: items, or keys and values in turn */
	size_t pending_count, pending_cap;
	struct frame frames[YAML_MAX_DEPTH];
	unsigned depth;
	unsigned documents;
	struct yaml_node *root;
	bool stopped;
};

static void
complain(struct reader *reader, size_t from, size_t to, const char *code, struct str arg0,
	 struct str arg1)
{
	struct complaint complaint = {.code = code, .args = {arg0, arg1}};

	diags_complain(reader->diags, (struct diag_place){reader->file, from, to}, &complaint);
}

/* Refuses to go on: what follows would be guesswork. */
static void
stop(struct reader *reader, size_t at, const char *code, struct str arg)
{
	complain(reader, at, at + 1, code, arg, STR_NONE);
	reader->stopped = true;
}

/* What libyaml would refuse too, but by byte instead of by line. */
static bool
is_forbidden(uint32_t point)
{
	return (point < 0x20 && point != '\t' && point != '\n' && point != '\r') ||
	       (point >= 0x7f && point < 0xa0 && point != 0x85) || point == 0xfffe ||
	       point == 0xffff || point == 0xfeff;
}

static uint32_t
code_point(struct str text, size_t at, size_t bytes)
{
	unsigned char lead = (unsigned char)text.p[at];
	uint32_t point = bytes == 1 ? lead : lead & (0x7fu >> bytes);

	for (size_t i = 1; i < bytes; i++)
		point = point << 6 | ((unsigned char)text.p[at + i] & 0x3fu);
	return point;
}

/* Walks all characters: refuses what is no text, and remembers where every 64th begins. */
static void
read_characters(struct reader *reader)
{
	struct str raw = reader->raw;
	size_t n = 0;

	reader->marks = mem_array(raw.n / MARK_STEP + 2, sizeof *reader->marks);
	for (size_t at = reader->begin, bytes; at < raw.n; at += bytes, n++) {
		if (n % MARK_STEP == 0)
			reader->marks[n / MARK_STEP] = (uint32_t)at;
		bytes = utf8_char(raw, at);
		if (bytes == 0) {
			stop(reader, at, "E001",
			     arena_printf(reader->arena, "0x%02x", (unsigned char)raw.p[at]));
			return;
		}
		uint32_t point = code_point(raw, at, bytes);

		if (is_forbidden(point)) {
			stop(reader, at, "E002", arena_printf(reader->arena, "U+%04X", point));
			return;
		}
	}
	if (n % MARK_STEP == 0)
		reader->marks[n / MARK_STEP] = (uint32_t)raw.n;
}

/* libyaml counts characters; we count bytes. */
static size_t
byte_of(const struct reader *reader, size_t index)
{
	size_t at;

	if (index / MARK_STEP >= reader->raw.n / MARK_STEP + 2)
		return reader->raw.n;
	at = reader->marks[index / MARK_STEP];
	for (size_t i = index % MARK_STEP; i > 0 && at < reader->raw.n; i--)
		at += utf8_char(reader->raw, at);
	return at;
}

/* libyaml's sentences, each turned into one that tells an admin what to do. */
static const struct problem_row {
	const char *problem, *code;
	bool where_it_began;
} problems[] = {
	{"mapping values are not allowed in this context", "E005", false},
	{"found character that cannot start any token", "E006", false},
	{"found a tab character that violates indentation", "E007", false},
	{"found a tab character where an indentation space is expected", "E007", false},
	{"found unexpected end of stream", "E008", true},
	{"found unexpected document indicator", "E008", true},
	{"did not find expected ',' or ']'", "E009", false},
	{"did not find expected ',' or '}'", "E010", false},
	{"did not find expected key", "E011", false},
	{"could not find expected ':'", "E011", true},
	{"did not find expected '-' indicator", "E012", false},
	{"found unknown escape character", "E013", false},
	{"did not find expected hexdecimal number", "E013", false},
	{"found invalid Unicode character escape code", "E013", false},
	{"did not find expected comment or line break", "E014", false},
	{"found an indentation indicator equal to 0", "E014", false},
	{"block sequence entries are not allowed in this context", "E015", false},
	{"did not find expected node content", "E016", false},
	{"did not find expected alphabetic or numeric character", "E020", true},
	{"found undefined tag handle", "E021", false},
	{"did not find expected whitespace or line break", "E021", true},
	{"did not find expected <document start>", "E011", false},
};

static const struct problem_row *
find_problem(const char *problem)
{
	for (size_t i = 0; i < sizeof problems / sizeof *problems; i++)
		if (strcmp(problems[i].problem, problem) == 0)
			return &problems[i];
	return NULL;
}

/* False: nothing there looks like a sign of YAML's that is none. */
static bool
stop_at_sign(struct reader *reader, size_t at, const char *code)
{
	bool inside = strcmp(code, "E009") == 0 || strcmp(code, "E010") == 0;
	bool lines = strcmp(code, "E005") == 0 || strcmp(code, "E011") == 0;
	struct yaml_sign sign = {0};

	if (inside || lines)
		sign = yaml_sign_meant(reader->raw, at, inside);
	if (sign.code == NULL)
		return false;
	complain(reader, sign.from, sign.to, sign.code,
		 str_slice(reader->raw, sign.from, sign.to), str_of(sign.instead));
	reader->stopped = true;
	return true;
}

static void
stop_not_yaml(struct reader *reader)
{
	const yaml_parser_t *parser = &reader->parser;

	if (parser->error == YAML_MEMORY_ERROR)
		mem_fail();
	const struct problem_row *row = find_problem(parser->problem);
	const char *code = row != NULL ? row->code : "E004";
	bool began = row != NULL && row->where_it_began && parser->context != NULL;
	size_t at = byte_of(reader,
			    began ? parser->context_mark.index : parser->problem_mark.index);
	struct str arg = str_of(parser->problem);

	if (strcmp(code, "E006") == 0 && at < reader->raw.n && reader->raw.p[at] == '\t')
		code = "E007";
	if (strcmp(code, "E009") == 0 || strcmp(code, "E010") == 0)
		arg = arena_printf(reader->arena, "%d",
				   diags_line(reader->diags, reader->file,
					      byte_of(reader, parser->context_mark.index)));
	if (!stop_at_sign(reader, at, code))
		stop(reader, at, code, arg);
}

static struct yaml_node *
new_node(struct reader *reader, enum yaml_kind kind, const yaml_event_t *event)
{
	struct yaml_node *node = arena_alloc(reader->arena, sizeof *node);

	node->kind = kind;
	node->file = reader->file;
	node->at = byte_of(reader, event->start_mark.index);
	node->end = byte_of(reader, event->end_mark.index);
	return node;
}

static bool
wants_key(const struct reader *reader)
{
	const struct frame *frame = &reader->frames[reader->depth - 1];

	return frame->node->kind == YAML_MAP && (reader->pending_count - frame->base) % 2 == 0;
}

/* Puts a node where it belongs: the root, an item, a key or a value. */
static void
attach(struct reader *reader, struct yaml_node *node)
{
	if (reader->depth == 0) {
		reader->root = node;
		return;
	}
	if (wants_key(reader) && node->kind != YAML_TEXT) {
		stop(reader, node->at, "E025", STR_NONE);
		return;
	}
	MEM_RESERVE(reader->pending, reader->pending_cap, reader->pending_count + 1);
	reader->pending[reader->pending_count++] = node;
}

static void
refuse_properties(struct reader *reader, const yaml_event_t *event, const yaml_char_t *anchor,
		  const yaml_char_t *tag)
{
	size_t at = byte_of(reader, event->start_mark.index);

	if (anchor != NULL)
		complain(reader, at, at + 1, "E020", STR_NONE, STR_NONE);
	else if (tag != NULL)
		complain(reader, at, at + 1, "E021", STR_NONE, STR_NONE);
}

static enum yaml_style
style_of(yaml_scalar_style_t style)
{
	switch (style) {
	case YAML_SINGLE_QUOTED_SCALAR_STYLE:
		return YAML_SINGLE;
	case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
		return YAML_DOUBLE;
	case YAML_LITERAL_SCALAR_STYLE:
		return YAML_LITERAL;
	case YAML_FOLDED_SCALAR_STYLE:
		return YAML_FOLDED;
	case YAML_ANY_SCALAR_STYLE:
	case YAML_PLAIN_SCALAR_STYLE:
		break;
	}
	return YAML_PLAIN;
}

static void
take_text(struct reader *reader, const yaml_event_t *event)
{
	struct yaml_node *node = new_node(reader, YAML_TEXT, event);
	struct str text = {(const char *)event->data.scalar.value, event->data.scalar.length};

	refuse_properties(reader, event, event->data.scalar.anchor, event->data.scalar.tag);
	node->style = style_of(event->data.scalar.style);
	node->text = arena_str(reader->arena, text);
	attach(reader, node);
}

/* An alias is refused, and stands for an empty text so that reading can go on. */
static void
take_alias(struct reader *reader, const yaml_event_t *event)
{
	struct yaml_node *node = new_node(reader, YAML_TEXT, event);

	complain(reader, node->at, node->end, "E020", STR_NONE, STR_NONE);
	node->text = STR("");
	attach(reader, node);
}

static void
take_opening(struct reader *reader, enum yaml_kind kind, const yaml_event_t *event)
{
	struct yaml_node *node = new_node(reader, kind, event);

	attach(reader, node);
	if (reader->stopped)
		return;
	if (reader->depth == YAML_MAX_DEPTH) {
		stop(reader, node->at, "E024",
		     arena_printf(reader->arena, "%d", YAML_MAX_DEPTH));
		return;
	}
	reader->frames[reader->depth++] = (struct frame){node, reader->pending_count};
}

static bool
is_merge_key(const struct yaml_node *key)
{
	return key->style == YAML_PLAIN && str_is(key->text, "<<");
}

/* Moves the pairs of a finished map out of pending; of a key given twice the first one stays. */
static void
take_pairs(struct reader *reader, struct yaml_node *node, struct yaml_node **pairs,
	   size_t count)
{
	struct map seen;
	uint32_t first;

	map_init(&seen, (struct hash_seed){0, 0});
	node->keys = arena_array(reader->arena, count, sizeof *node->keys);
	node->items = arena_array(reader->arena, count, sizeof *node->items);
	for (size_t i = 0; i < count; i++) {
		struct yaml_node *key = pairs[2 * i];

		if (is_merge_key(key)) {
			complain(reader, key->at, key->end, "E022", STR_NONE, STR_NONE);
			continue;
		}
		if (map_get(&seen, key->text, &first)) {
			int line =
				diags_line(reader->diags, reader->file, node->keys[first]->at);

			complain(reader, key->at, key->end, "E026", key->text,
				 arena_printf(reader->arena, "%d", line));
			continue;
		}
		map_put(&seen, key->text, node->count);
		node->keys[node->count] = key;
		node->items[node->count++] = pairs[2 * i + 1];
	}
	map_finish(&seen);
}

static void
take_closing(struct reader *reader, const yaml_event_t *event)
{
	struct frame *frame = &reader->frames[--reader->depth];
	struct yaml_node *node = frame->node, **nodes;
	size_t count = reader->pending_count - frame->base;

	node->end = byte_of(reader, event->end_mark.index);
	if (count == 0)
		return; /* nothing may be pending at all: no array yet */
	nodes = reader->pending + frame->base;
	if (node->kind == YAML_MAP) {
		take_pairs(reader, node, nodes, count / 2);
	} else {
		node->items = arena_array(reader->arena, count, sizeof *nodes);
		memcpy(node->items, nodes, count * sizeof(*nodes));
		node->count = (unsigned)count;
	}
	reader->pending_count = frame->base;
}

static void
take_event(struct reader *reader, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (reader->documents++ > 0)
			stop(reader, byte_of(reader, event->start_mark.index), "E023",
			     STR_NONE);
		break;
	case YAML_SCALAR_EVENT:
		take_text(reader, event);
		break;
	case YAML_ALIAS_EVENT:
		take_alias(reader, event);
		break;
	case YAML_SEQUENCE_START_EVENT:
		refuse_properties(reader, event, event->data.sequence_start.anchor,
				  event->data.sequence_start.tag);
		take_opening(reader, YAML_LIST, event);
		break;
	case YAML_MAPPING_START_EVENT:
		refuse_properties(reader, event, event->data.mapping_start.anchor,
				  event->data.mapping_start.tag);
		take_opening(reader, YAML_MAP, event);
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		take_closing(reader, event);
		break;
	default: /* ends of stream and document */
		break;
	}
}

static void
read_events(struct reader *reader)
{
	bool ended = false;

	while (!ended && !reader->stopped) {
		yaml_event_t event;

		if (!yaml_parser_parse(&reader->parser, &event)) {
			stop_not_yaml(reader);
			return;
		}
		ended = event.type == YAML_STREAM_END_EVENT;
		take_event(reader, &event);
		yaml_event_delete(&event);
	}
}

static void
read_tree(struct reader *reader)
{
	struct str text = str_slice(reader->raw, reader->begin, reader->raw.n);

	if (!yaml_parser_initialize(&reader->parser))
		mem_fail();
	yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader->parser, (const unsigned char *)text.p, text.n);
	read_events(reader);
	yaml_parser_delete(&reader->parser);
}

struct yaml_node *
yaml_read(struct arena *arena, unsigned file, struct diags *diags)
{
	struct str raw = diags->files[file].text;
	struct reader reader = {.arena = arena, .diags = diags, .file = file, .raw = raw};

	if (raw.n > YAML_MAX_BYTES) {
		stop(&reader, 0, "E003", STR_NONE);
		return NULL;
	}
	if (str_starts(raw, STR("\xef\xbb\xbf")))
		reader.begin = 3;
	read_characters(&reader);
	if (!reader.stopped)
		read_tree(&reader);
	mem_free(reader.pending);
	mem_free(reader.marks);
	if (reader.stopped)
		return NULL;
	if (reader.root == NULL) {
		reader.root = arena_alloc(arena, sizeof *reader.root);
		reader.root->kind = YAML_MAP;
		reader.root->file = file;
	}
	return reader.root;
}

const struct yaml_node *
yaml_get(const struct yaml_node *map, const char *key)
{
	for (unsigned i = 0; map->kind == YAML_MAP && i < map->count; i++)
		if (str_is(map->keys[i]->text, key))
			return map->items[i];
	return NULL;
}
