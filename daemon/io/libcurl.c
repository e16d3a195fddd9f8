/* SPDX-License-Identifier: Apache-2.0 */
/* Finds libcurl's functions in the library of the system. */
#include "io/libcurl.h"

#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/mem.h"

#define LIBRARY "libcurl.so.4"

struct libcurl libcurl;
static void *library; /* owned; NULL: not loaded */

#define LIBCURL_PLACE(name) {"curl_" #name, offsetof(struct libcurl, name)},
static const struct {
	const char *name;
	size_t offset;
} places[] = {LIBCURL_FUNCTIONS(LIBCURL_PLACE)};

static bool
find_functions(struct err *err)
{
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		void *found = dlsym(library, places[i].name);

		if (found == NULL)
			return err_set(err, LIBRARY " has no %s", places[i].name);
		memcpy((char *)&libcurl + places[i].offset, &found, sizeof found);
	}
	return true;
}

bool
libcurl_load(struct err *err)
{
	if (library != NULL)
		return true;
	errno = 0;
	library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (library == NULL && errno == ENOMEM)
		mem_fail();
	if (library == NULL)
		return err_set(err, "libcurl cannot be loaded: %s", dlerror());
	if (find_functions(err))
		return true;
	libcurl_unload();
	return false;
}

void
libcurl_unload(void)
{
	if (library == NULL)
		return;
	libcurl = (struct libcurl){.url = NULL};
	dlclose(library);
	library = NULL;
}
