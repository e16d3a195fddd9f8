/* SPDX-License-Identifier: Apache-2.0 */
/* base/text.h as it is compiled to count branches: what STR_ARG does is a function's, counted once and not at every use. */
#ifndef COUNTED_BASE_TEXT_H
#define COUNTED_BASE_TEXT_H

#include "../../../include/base/text.h"

static inline const char *
text_arg_bytes(struct str s)
{
	return s.p ? s.p : "";
}

#undef STR_ARG
#define STR_ARG(s) (int)(s).n, text_arg_bytes(s)

#endif
