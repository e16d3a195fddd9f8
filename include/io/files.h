/* SPDX-License-Identifier: Apache-2.0 */
/* Small files that the configuration names: secrets and certificates. */
#ifndef IO_FILES_H
#define IO_FILES_H

#include "base/text.h"

#define FILES_SECRET_MAX ((size_t)4096) /* bytes of a file that holds secrets */

char *files_text(struct str text); /* a terminated copy, for mem_free */
/* folder/name, or name when it is absolute or there is no folder; for mem_free. */
char *files_path(struct str folder, struct str name);
/* Can it be opened for reading? */
bool files_check(const char *path, struct err *err) MUST_CHECK;
/* Appends the whole file, at most max bytes. */
bool files_read(const char *path, size_t max, struct buf *out, struct err *err) MUST_CHECK;

#endif
