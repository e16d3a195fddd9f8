/* SPDX-License-Identifier: Apache-2.0 */
/* One error by value: a sentence for the person who can mend it. */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))

/* What, where, what was expected; cut (on a UTF-8 edge) at the array's end, always terminated. */
struct err {
	char text[512];
};

/* Writes the sentence and returns false, so that a failing function ends in
 * `return err_set(err, "...")`. A NULL err is allowed and ignored. */
bool err_set(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Puts "prefix: " before the sentence already there; returns false. */
bool err_prefix(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

#endif
