/* SPDX-License-Identifier: Apache-2.0 */
/* The description of the HTTP interface, as it stands beside this file, inside the program. */
#include "app/api_room.h"

/* Its path is that of the repository's root, where make compiles. */
__asm__(".pushsection .rodata\n"
	"api_openapi_file:\n"
	".incbin \"daemon/app/openapi.json\"\n"
	".byte 0\n"
	".popsection\n");
extern const char api_openapi_file[];

struct str
api_openapi_text(void)
{
	return str_of(api_openapi_file);
}

void
api_openapi(struct ask *ask)
{
	buf_str(&ask->out, api_openapi_text());
	ask_answer(ask, 200);
}
