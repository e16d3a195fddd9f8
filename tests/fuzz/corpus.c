/* SPDX-License-Identifier: Apache-2.0 */
/* Every input that a fuzzer has kept, once, without the fuzzer: corpus/NAME FOLDER. Linked with fuzz_NAME.c. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "io/files.h"

#define INPUT_MOST (1u << 20) /* bytes */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* In memory of just its length, so that valgrind sees who reads on. */
static void
try_input(struct str text)
{
	uint8_t *input = malloc(text.n > 0 ? text.n : 1);

	if (input == NULL)
		abort();
	for (size_t i = 0; i < text.n; i++)
		input[i] = (uint8_t)text.p[i];
	(void)LLVMFuzzerTestOneInput(input, text.n);
	free(input);
}

static void
try_file(const char *folder, const char *name)
{
	struct buf path = {0}, text = {0};
	struct err err;

	buf_printf(&path, "%s/%s", folder, name);
	if (!files_read(path.p, INPUT_MOST, &text, &err)) {
		fprintf(stderr, "%s\n", err.text);
		abort();
	}
	try_input(buf_view(&text));
	buf_finish(&path);
	buf_finish(&text);
}

int
main(int argc, char **argv)
{
	DIR *folder = argc == 2 ? opendir(argv[1]) : NULL;
	unsigned count = 0;

	if (folder == NULL) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 2;
	}
	for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
		if (entry->d_name[0] == '.')
			continue;
		try_file(argv[1], entry->d_name);
		count++;
	}
	closedir(folder);
	printf("1..1\n%s 1 - %u inputs of %s\n", count > 0 ? "ok" : "not ok", count, argv[1]);
	return count == 0;
}
