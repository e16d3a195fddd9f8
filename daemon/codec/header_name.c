/* SPDX-License-Identifier: Apache-2.0 */
/* Which names of headers are well-formed, and which are ours alone. */
#include "codec/header_name.h"

#include <string.h>

#define MOST_BYTES 64

/* RFC 9110: token = 1*tchar */
bool
header_name_is_valid(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9');

		if (!plain && (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL))
			return false;
	}
	return name.n > 0 && name.n <= MOST_BYTES;
}

bool
header_name_is(struct str name, const char *lower)
{
	if (name.n != strlen(lower))
		return false;
	for (size_t i = 0; i < name.n; i++)
		if ((name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] + 32 : name.p[i]) !=
		    lower[i])
			return false;
	return true;
}

bool
header_name_is_own(struct str name)
{
	static const char *const own[] = {"host",
					  "connection",
					  "content-length",
					  "content-encoding",
					  "transfer-encoding",
					  "te",
					  "upgrade",
					  "expect",
					  "webhook-id",
					  "webhook-timestamp",
					  "webhook-signature"};

	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (header_name_is(name, own[i]))
			return true;
	return false;
}
