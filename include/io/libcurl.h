/* SPDX-License-Identifier: Apache-2.0 */
/* libcurl, loaded when it is needed: with the libraries that it brings it has 5 MB, and most daemons are idle. */
#ifndef IO_LIBCURL_H
#define IO_LIBCURL_H

#include <curl/curl.h>

#include "base/err.h"

/* What we call of it: libcurl.easy_init() is curl_easy_init(). */
#define LIBCURL_FUNCTIONS(ROW)   \
	ROW(global_init_mem)     \
	ROW(global_cleanup)      \
	ROW(multi_init)          \
	ROW(multi_setopt)        \
	ROW(multi_add_handle)    \
	ROW(multi_remove_handle) \
	ROW(multi_assign)        \
	ROW(multi_socket_action) \
	ROW(multi_info_read)     \
	ROW(multi_strerror)      \
	ROW(multi_cleanup)       \
	ROW(easy_init)           \
	ROW(easy_setopt)         \
	ROW(easy_getinfo)        \
	ROW(easy_header)         \
	ROW(easy_strerror)       \
	ROW(easy_cleanup)        \
	ROW(url) ROW(url_set) ROW(url_strerror) ROW(url_cleanup)

#define LIBCURL_FIELD(name) __typeof__(curl_##name) *(name);
struct libcurl {
	LIBCURL_FUNCTIONS(LIBCURL_FIELD)
};
extern struct libcurl libcurl; /* all NULL unless it is loaded */

/* Nothing to do if it is loaded already. */
bool libcurl_load(struct err *err) MUST_CHECK;
/* Not once a request was made: its threads end when they like. Nothing to do unless it is loaded. */
void libcurl_unload(void);

#endif
