/* SPDX-License-Identifier: Apache-2.0 */
/* Texts and tables for terminals. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/ctl.h"
#include "base/civil.h"
#include "base/mem.h"

static uint32_t
code_point(const char *p, size_t n)
{
	uint32_t code = (unsigned char)*p;

	if (n > 1)
		code &= 0xffu >> (n + 1);
	for (size_t i = 1; i < n; i++)
		code = code << 6 | ((unsigned char)p[i] & 63u);
	return code;
}

/* Controls of both sets, and what turns the direction of writing. */
static bool
is_harmful(uint32_t code)
{
	return code < 32 || (code >= 127 && code < 160) || (code >= 0x202a && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

static bool
is_wide(uint32_t code)
{
	static const uint32_t ranges[][2] = {
		{0x1100, 0x115f}, {0x2e80, 0xa4cf},   {0xac00, 0xd7a3},
		{0xf900, 0xfaff}, {0xfe30, 0xfe6f},   {0xff00, 0xff60},
		{0xffe0, 0xffe6}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd},
	};

	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
		if (code >= ranges[i][0] && code <= ranges[i][1])
			return true;
	}
	return false;
}

void
ctl_text_clean(struct buf *out, struct str text)
{
	for (size_t i = 0, n; i < text.n; i += n) {
		n = utf8_char(text, i);
		if (n == 0 || is_harmful(code_point(text.p + i, n))) {
			buf_char(out, '?');
			n += n == 0;
		} else {
			buf_add(out, text.p + i, n);
		}
	}
}

unsigned
ctl_text_width(struct str text)
{
	unsigned width = 0;

	for (size_t i = 0, n; i < text.n; i += n) {
		n = utf8_char(text, i);
		n += n == 0;
		width += is_wide(code_point(text.p + i, n)) ? 2 : 1;
	}
	return width;
}

bool
ctl_text_colors(void)
{
	return isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
}

/* --- tables --- */

void
ctl_table_init(struct ctl_table *table, const char *const *heads, unsigned columns,
	       uint32_t right)
{
	assert(columns <= CTL_TABLE_COLUMNS);
	*table = (struct ctl_table){.columns = columns, .right = right};
	arena_init(&table->arena);
	for (unsigned i = 0; i < columns; i++)
		ctl_table_text(table, heads[i]);
}

void
ctl_table_cell(struct ctl_table *table, struct str text)
{
	struct buf clean = {0};

	ctl_text_clean(&clean, text);
	MEM_RESERVE(table->cells, table->cap, table->count + 1);
	table->cells[table->count++] = arena_str(&table->arena, buf_view(&clean));
	buf_finish(&clean);
}

void
ctl_table_text(struct ctl_table *table, const char *text)
{
	ctl_table_cell(table, str_of(text));
}

static void
print_cell(struct str text, unsigned width, bool right, bool last)
{
	int gap = (int)(width - ctl_text_width(text));

	if (right)
		printf("%*s%.*s", gap, "", STR_ARG(text));
	else
		printf("%.*s%*s", STR_ARG(text), last ? 0 : gap, "");
	if (!last)
		fputs("  ", stdout);
}

/* The last column of the row with something in it: nothing follows it, and no blanks do. */
static unsigned
last_cell(const struct str *row, unsigned columns)
{
	while (columns > 1 && row[columns - 1].n == 0)
		columns--;
	return columns - 1;
}

void
ctl_table_print(struct ctl_table *table)
{
	unsigned widths[CTL_TABLE_COLUMNS] = {0};

	for (size_t i = 0; i < table->count; i++) {
		unsigned *width = &widths[i % table->columns];
		unsigned own = ctl_text_width(table->cells[i]);

		*width = own > *width ? own : *width;
	}
	for (size_t i = 0; i < table->count; i += table->columns) {
		unsigned last = last_cell(&table->cells[i], table->columns);

		for (unsigned column = 0; column <= last; column++)
			print_cell(table->cells[i + column], widths[column],
				   table->right >> column & 1, column == last);
		putchar('\n');
	}
	arena_finish(&table->arena);
	mem_free(table->cells);
}

/* --- JSON --- */

const char *
ctl_json_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

int64_t
ctl_json_int(const json_t *object, const char *key)
{
	return (int64_t)json_integer_value(json_object_get(object, key));
}

const char *
ctl_json_words(const json_t *object, const char *one, const char *several, bool zh)
{
	const char *text = ctl_json_text(json_object_get(object, several), zh ? "zh" : "en");

	return *text ? text : ctl_json_text(object, one);
}

struct str
ctl_json_time(struct arena *arena, const json_t *object, const char *key)
{
	char text[32];
	int64_t at;
	struct tm local;
	time_t seconds;

	if (!parse_instant(str_of(ctl_json_text(object, key)), &at, NULL))
		return STR_NONE;
	seconds = (time_t)(at / 1000);
	if (!localtime_r(&seconds, &local) ||
	    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local) == 0)
		return STR_NONE;
	return arena_str(arena, str_of(text));
}

struct str
ctl_clean(struct arena *arena, const char *text)
{
	struct buf buf = {0};
	struct str made;

	ctl_text_clean(&buf, str_of(text));
	made = arena_str(arena, buf_view(&buf));
	buf_finish(&buf);
	return made;
}

struct str
ctl_json_number(struct arena *arena, const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_number(value) ? arena_printf(arena, "%.15g", json_number_value(value))
				     : STR_NONE;
}
