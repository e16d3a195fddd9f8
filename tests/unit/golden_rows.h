/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a golden table: a name, words, `=`, values. */
#ifndef UNIT_GOLDEN_ROWS_H
#define UNIT_GOLDEN_ROWS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GOLDEN_WORDS 12

struct golden_row {
	char *words[GOLDEN_WORDS]; /* after the name */
	unsigned count;
	double values[GOLDEN_WORDS];
	unsigned value_count;
};

static inline void
golden_take(struct golden_row *row, char **rest)
{
	char *word;

	row->count = row->value_count = 0;
	while ((word = strtok_r(NULL, " \n", rest)) && strcmp(word, "=") != 0) {
		assert_true(row->count < GOLDEN_WORDS);
		row->words[row->count++] = word;
	}
	while ((word = strtok_r(NULL, " \n", rest))) {
		assert_true(row->value_count < GOLDEN_WORDS);
		row->values[row->value_count++] = strtod(word, NULL);
	}
}

/* Calls check for each row of that name, at least `least`. */
static inline void
golden_check(const char *path, const char *name, unsigned least,
	     void (*check)(const struct golden_row *row, unsigned number))
{
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t cap = 0;
	unsigned rows = 0;

	assert_non_null(file);
	while (getline(&line, &cap, file) > 0) {
		struct golden_row row;
		char *rest = NULL, *word = strtok_r(line, " \n", &rest);

		if (word == NULL || strcmp(word, name) != 0)
			continue;
		golden_take(&row, &rest);
		check(&row, ++rows);
	}
	fclose(file);
	free(line);
	assert_true(rows >= least);
}

static inline int64_t
golden_int(const struct golden_row *row, unsigned word)
{
	assert_true(word < row->count);
	return strtoll(row->words[word], NULL, 10);
}

#endif
