/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the one sentence of an error and puts places before it. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define TEXT_SIZE sizeof((struct err *)NULL)->text

/* A few bytes longer than the text, so that the cut sees the character it might tear; and apart
 * from it, because an argument may be the err's own text. */
struct draft {
	char text[TEXT_SIZE + 4];
};

static void format_draft(struct draft *draft, const char *fmt, va_list args) PRINTF_LIKE(2, 0);

static void
format_draft(struct draft *draft, const char *fmt, va_list args)
{
	draft->text[0] = '\0';
	(void)vsnprintf(draft->text, sizeof draft->text, fmt, args);
	draft->text[utf8_cut(str_of(draft->text), TEXT_SIZE - 1)] = '\0';
}

bool
err_set(struct err *err, const char *fmt, ...)
{
	struct draft draft;
	va_list args;

	if (err == NULL)
		return false;
	va_start(args, fmt);
	format_draft(&draft, fmt, args);
	va_end(args);
	memcpy(err->text, draft.text, sizeof err->text);
	return false;
}

bool
err_prefix(struct err *err, const char *fmt, ...)
{
	struct draft draft;
	va_list args;

	if (err == NULL)
		return false;
	va_start(args, fmt);
	format_draft(&draft, fmt, args);
	va_end(args);
	return err_set(err, "%s: %s", draft.text, err->text);
}
