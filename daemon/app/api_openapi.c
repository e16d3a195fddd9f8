/* SPDX-License-Identifier: Apache-2.0 */
/* The description of the HTTP interface, as it stands beside this file, inside the program. */
#include <stddef.h>

#include "app/api_room.h"

/* Its path is that of the repository's root, where make compiles. */
__asm__(".pushsection .rodata\n"
	"openapi_begin:\n"
	".incbin \"daemon/app/openapi.json\"\n"
	"openapi_end:\n"
	".byte 0\n"
	".popsection\n");
extern const char openapi_begin[], openapi_end[];

struct str
api_openapi_text(void)
{
	return (struct str){openapi_begin, (size_t)(openapi_end - openapi_begin)};
}

void
api_openapi(struct ask *ask)
{
	buf_str(&ask->out, api_openapi_text());
	ask_answer(ask, 200);
}
