/* SPDX-License-Identifier: Apache-2.0 */
/* Names of HTTP headers that a file may set. */
#ifndef CODEC_HEADER_NAME_H
#define CODEC_HEADER_NAME_H

#include "base/text.h"

bool header_name_is_valid(struct str name); /* a token of RFC 9110 of at most 64 bytes */
bool header_name_is(struct str name, const char *lower); /* without case */
/* Set by the daemon or the library that sends: Host, Content-Length, webhook-signature ... */
bool header_name_is_own(struct str name);

#endif
