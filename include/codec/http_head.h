/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP/1.1 requests as text: the head, bodies in chunks, what a target says (RFC 9110, 9112). */
#ifndef CODEC_HTTP_HEAD_H
#define CODEC_HTTP_HEAD_H

#include "base/arena.h"

#define HTTP_HEAD_MAX ((size_t)16 << 10)
#define HTTP_BODY_MAX ((size_t)1 << 20)

/* Texts are borrowed from the head; those of headers that were not sent are STR_NONE. */
struct http_head {
	struct str method, path, query; /* path and query as sent, the query without its "?" */
	struct str host, origin, authorization, content_type, expect;
	uint64_t length; /* of the body; 0 when chunked */
	bool has_length, chunked, keep_alive, has_host;
};

/* Bytes up to and with the empty line; 0: it has not come yet. */
size_t http_head_length(struct str text);
/* One whole head. false: *status is the answer it deserves (400, 413, 417, 501, 505). */
bool http_head_parse(struct str head, struct http_head *out, int *status,
		     struct err *err) MUST_CHECK;

/* A body in chunks; {0} stands before the first. */
struct http_chunks {
	enum { CHUNK_SIZE, CHUNK_SIZE_END, CHUNK_DATA, CHUNK_DATA_END, CHUNK_TRAILER, CHUNK_DONE } at;
	uint64_t left;	/* of the chunk */
	unsigned line;	/* bytes of the line at work */
	size_t trailer; /* bytes of all trailers */
};
/* Takes what belongs to the body: its data is appended to out; *used of n bytes were taken. false: 400, or
 * 413 when out would grow past max. */
bool http_chunks_feed(struct http_chunks *chunks, const char *bytes, size_t n, struct buf *out,
		      size_t max, size_t *used, int *status) MUST_CHECK;

/* %41 to A, and + to a space where `plus`; false: not two hex digits, or a NUL. Into arena. */
bool http_decode(struct arena *arena, struct str text, bool plus, struct str *out) MUST_CHECK;
/* What stands for a byte in a path or query: letters, digits, - . _ ~ as they are. */
void http_encode(struct buf *out, struct str text);

struct http_parameter {
	struct str name, value; /* decoded */
};
#define HTTP_MAX_PARAMETERS 16
bool http_query_parse(struct arena *arena, struct str query,
		      struct http_parameter parameters[HTTP_MAX_PARAMETERS], unsigned *count,
		      struct err *err) MUST_CHECK;

/* "localhost", an address, with or without a port: a name that no foreign page can have. */
bool http_host_is_plain(struct str host);

#endif
