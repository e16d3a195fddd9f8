/* SPDX-License-Identifier: Apache-2.0 */
/* Where in the raw file each byte of a decoded YAML text came from: the decoding done once more. */
#include <string.h>

#include "codec/yaml.h"

/* Decodes until `target` bytes came out. `out` may be NULL: then only the place is wanted. */
struct replay {
	struct str raw;
	size_t at, end; /* what is left of the raw text */
	size_t target, made;
	size_t found;
	bool done;
	struct buf *out;
};

/* Line breaks that are held back: what becomes of them depends on what follows. */
struct breaks {
	size_t from; /* raw place of the first */
	unsigned count;
};

static void
make(struct replay *replay, const char *bytes, size_t n, size_t from, bool copied)
{
	if (!replay->done && replay->target < replay->made + n) {
		replay->found = from + (copied ? replay->target - replay->made : 0);
		replay->done = true;
	}
	replay->made += n;
	if (replay->out != NULL)
		buf_add(replay->out, bytes, n);
}

static void
copy(struct replay *replay, size_t from, size_t n)
{
	make(replay, replay->raw.p + from, n, from, true);
}

static bool
at_blank(const struct replay *replay)
{
	char c = replay->at < replay->end ? replay->raw.p[replay->at] : '\0';

	return c == ' ' || c == '\t';
}

static bool
has_bytes(const struct replay *replay, size_t at, const char *bytes)
{
	size_t n;

	if (at >= replay->end || replay->raw.p[at] != bytes[0])
		return false;
	n = strlen(bytes);
	return at + n <= replay->end && memcmp(replay->raw.p + at, bytes, n) == 0;
}

/* Bytes of the line break at `at`, 0 when there is none. */
static size_t
break_at(const struct replay *replay, size_t at)
{
	static const char *const all[] = {"\r\n",     "\n",	      "\r",
					  "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9"};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (has_bytes(replay, at, all[i]))
			return strlen(all[i]);
	return 0;
}

/* Line and paragraph separators stay as they are; all other breaks become a newline. */
static bool
is_separator(const struct replay *replay, size_t at)
{
	return break_at(replay, at) == 3;
}

static void
make_breaks(struct replay *replay, struct breaks breaks)
{
	for (size_t at = breaks.from; breaks.count > 0;) {
		size_t n = break_at(replay, at);

		if (n == 0) {
			at++;
			continue;
		}
		if (n == 3)
			copy(replay, at, n);
		else
			make(replay, "\n", 1, at, false);
		breaks.count--;
		at += n;
	}
}

/* gap := blanks | blanks break (blanks | break)*: blanks stay; one break is a space; n are n - 1.
 * `escaped`: a backslash has eaten the first break. */
static void
replay_gap(struct replay *replay, bool escaped)
{
	size_t blanks = replay->at;
	struct breaks lead = {0, 0}, trail = {0, 0};

	for (;;) {
		size_t n = break_at(replay, replay->at);

		if (n == 0 && !at_blank(replay))
			break;
		if (n != 0) {
			struct breaks *kept = escaped || lead.count > 0 ? &trail : &lead;

			if (kept->count++ == 0)
				kept->from = replay->at;
		}
		replay->at += n ? n : 1;
	}
	if (!escaped && lead.count == 0) {
		copy(replay, blanks, replay->at - blanks);
		return;
	}
	if (lead.count > 0 && is_separator(replay, lead.from))
		make_breaks(replay, lead);
	else if (lead.count > 0 && trail.count == 0)
		make(replay, " ", 1, lead.from, false);
	make_breaks(replay, trail);
}

static uint32_t
hex_number(const struct replay *replay, size_t at, size_t digits)
{
	uint32_t number = 0;

	for (; digits > 0 && at < replay->end; digits--, at++) {
		char c = replay->raw.p[at];
		uint32_t low = c >= '0' && c <= '9' ? (uint32_t)(c - '0')
						    : (uint32_t)((c | 32) - 'a' + 10);

		number = number << 4 | (low & 15);
	}
	return number;
}

static void
make_point(struct replay *replay, uint32_t point, size_t from)
{
	char bytes[4];
	size_t n = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
	static const unsigned char leads[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (size_t i = n; i > 1; i--, point >>= 6)
		bytes[i - 1] = (char)(0x80 | (point & 0x3f));
	bytes[0] = (char)(leads[n] | (point & 0x7f));
	make(replay, bytes, n, from, false);
}

/* The escapes that stand for one character. */
static const struct {
	char letter;
	const char *text;
	size_t n;
} escapes[] = {{'0', "\0", 1},
	       {'a', "\a", 1},
	       {'b', "\b", 1},
	       {'t', "\t", 1},
	       {'\t', "\t", 1},
	       {'n', "\n", 1},
	       {'v', "\v", 1},
	       {'f', "\f", 1},
	       {'r', "\r", 1},
	       {'e', "\033", 1},
	       {' ', " ", 1},
	       {'"', "\"", 1},
	       {'/', "/", 1},
	       {'\\', "\\", 1},
	       {'N', "\xc2\x85", 2},
	       {'_', "\xc2\xa0", 2},
	       {'L', "\xe2\x80\xa8", 3},
	       {'P', "\xe2\x80\xa9", 3}};

static void
replay_escape(struct replay *replay)
{
	size_t from = replay->at++, n = break_at(replay, replay->at);
	char letter = replay->at < replay->end ? replay->raw.p[replay->at] : '\0';
	size_t digits = letter == 'x' ? 2 : letter == 'u' ? 4 : letter == 'U' ? 8 : 0;

	if (n != 0) {
		replay->at += n;
		replay_gap(replay, true);
		return;
	}
	replay->at += 1 + digits;
	if (digits != 0)
		make_point(replay, hex_number(replay, from + 2, digits), from);
	for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++)
		if (escapes[i].letter == letter)
			make(replay, escapes[i].text, escapes[i].n, from, false);
}

/* flow := (gap | '' | escape | character)*, between its quotes if it has any */
static void
replay_flow(struct replay *replay, enum yaml_style style)
{
	if (style != YAML_PLAIN && replay->end > replay->at + 1) {
		replay->at++;
		replay->end--;
	}
	while (replay->at < replay->end) {
		if (at_blank(replay) || break_at(replay, replay->at) != 0) {
			replay_gap(replay, false);
		} else if (style == YAML_SINGLE && has_bytes(replay, replay->at, "''")) {
			make(replay, "'", 1, replay->at, false);
			replay->at += 2;
		} else if (style == YAML_DOUBLE && replay->raw.p[replay->at] == '\\') {
			replay_escape(replay);
		} else {
			copy(replay, replay->at++, 1);
		}
	}
	if (!replay->done)
		replay->found = replay->end;
}

/* What the first line of a block text says: | or >, then - or +, then perhaps its indentation. */
struct block {
	bool folded, strip, keep;
	size_t indent; /* 0: not said */
};

static struct block
read_header(struct replay *replay)
{
	struct block block = {.folded = replay->at < replay->end &&
					replay->raw.p[replay->at] == '>'};

	while (replay->at < replay->end && break_at(replay, replay->at) == 0) {
		char c = replay->raw.p[replay->at++];

		if (c == '#') /* a comment: digits in it mean nothing */
			break;
		block.strip |= c == '-';
		block.keep |= c == '+';
		if (c >= '1' && c <= '9')
			block.indent = (size_t)(c - '0');
	}
	while (replay->at < replay->end && break_at(replay, replay->at) == 0)
		replay->at++;
	replay->at += break_at(replay, replay->at);
	return block;
}

static size_t
spaces_at(const struct replay *replay, size_t at)
{
	size_t n = 0;

	while (at + n < replay->end && replay->raw.p[at + n] == ' ')
		n++;
	return n;
}

/* The widest of the blank lines at the front and of the first line of text. */
static size_t
find_indent(const struct replay *replay)
{
	size_t widest = 1, at = replay->at;

	for (;;) {
		size_t n = spaces_at(replay, at), ends = break_at(replay, at + n);

		if (n > widest)
			widest = n;
		if (ends == 0)
			return widest;
		at += n + ends;
	}
}

/* Passes over blank lines and the indentation of the next line of text, if there is one. */
static bool
replay_indent(struct replay *replay, size_t indent, struct breaks *trail)
{
	for (;;) {
		size_t n = spaces_at(replay, replay->at);

		replay->at += n < indent ? n : indent;
		size_t ends = break_at(replay, replay->at);

		if (ends == 0)
			return n >= indent && replay->at < replay->end;
		if (trail->count++ == 0)
			trail->from = replay->at;
		replay->at += ends;
	}
}

/* block := header (blank-line* indent text break)* blank-line* */
static void
replay_block(struct replay *replay, struct block block, size_t indent)
{
	struct breaks lead = {0, 0}, trail = {0, 0};
	bool was_blank = false;
	size_t last = replay->at;

	while (replay_indent(replay, indent, &trail)) {
		bool blank = at_blank(replay);

		if (block.folded && lead.count > 0 && !is_separator(replay, lead.from) &&
		    !was_blank && !blank) {
			if (trail.count == 0)
				make(replay, " ", 1, lead.from, false);
		} else {
			make_breaks(replay, lead);
		}
		make_breaks(replay, trail);
		trail.count = lead.count = 0;
		was_blank = blank;
		while (replay->at < replay->end && break_at(replay, replay->at) == 0)
			copy(replay, replay->at++, 1);
		last = replay->at;
		size_t n = break_at(replay, replay->at);

		if (n != 0)
			lead = (struct breaks){replay->at, 1};
		replay->at += n;
	}
	if (!block.strip)
		make_breaks(replay, lead);
	if (block.keep)
		make_breaks(replay, trail);
	if (!replay->done)
		replay->found = last;
}

static void
decode_block(struct replay *replay, size_t indent)
{
	struct block block = read_header(replay);

	replay_block(replay, block, indent ? indent : find_indent(replay));
}

/* A stated indentation counts from the parent's, which the tree does not know: the one under which the
 * text comes out as it did. */
static size_t
stated_indent(const struct yaml_node *text, struct str raw)
{
	struct replay head = {.raw = raw, .at = text->at, .end = text->end};
	size_t stated = read_header(&head).indent;

	for (size_t indent = stated; stated != 0 && indent < stated + 256; indent++) {
		struct buf out = {0};
		struct replay replay = {
			.raw = raw, .at = text->at, .end = text->end, .out = &out};

		decode_block(&replay, indent);
		bool same = str_eq(buf_view(&out), text->text);

		buf_finish(&out);
		if (same)
			return indent;
	}
	return 0;
}

static void
run(struct replay *replay, const struct yaml_node *text)
{
	if (text->style == YAML_LITERAL || text->style == YAML_FOLDED)
		decode_block(replay, stated_indent(text, replay->raw));
	else
		replay_flow(replay, text->style);
}

size_t
yaml_locate(const struct yaml_node *text, struct str raw, size_t offset)
{
	struct replay replay = {.raw = raw,
				.at = text->at,
				.end = text->end < raw.n ? text->end : raw.n,
				.target = offset,
				.found = text->at};

	run(&replay, text);
	return replay.found;
}

void
yaml_decode(const struct yaml_node *text, struct str raw, struct buf *out)
{
	struct replay replay = {.raw = raw,
				.at = text->at,
				.end = text->end < raw.n ? text->end : raw.n,
				.target = SIZE_MAX,
				.out = out};

	run(&replay, text);
}
