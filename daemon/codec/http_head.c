/* SPDX-License-Identifier: Apache-2.0 */
/* The head of a request: what is understood is kept, what is strange is refused. */
#include "codec/http_head.h"

#include <string.h>

#include "base/number.h"

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

static bool
same_word(struct str text, const char *word)
{
	size_t i = 0;

	while (i < text.n && word[i] != '\0' && lower(text.p[i]) == word[i])
		i++;
	return i == text.n && word[i] == '\0';
}

/* tchar of RFC 9110, 5.6.2 */
static bool
is_token(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = lower(text.p[i]);

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') &&
		    (c == '\0' || !strchr("!#$%&'*+-.^_`|~", c)))
			return false;
	}
	return text.n > 0;
}

/* The next line without its end; false when there is none. */
static bool
next_line(struct str *rest, struct str *line)
{
	const char *end = rest->n > 0 ? memchr(rest->p, '\n', rest->n) : NULL;
	size_t n;

	if (end == NULL)
		return false;
	n = (size_t)(end - rest->p);
	*line = (struct str){rest->p, n > 0 && rest->p[n - 1] == '\r' ? n - 1 : n};
	*rest = str_slice(*rest, n + 1, rest->n);
	return true;
}

size_t
http_head_length(struct str text)
{
	struct str rest = text, line;

	while (next_line(&rest, &line)) {
		if (line.n == 0)
			return text.n - rest.n;
	}
	return 0;
}

/* --- headers --- */

struct reading {
	struct http_head *out;
	int *status;
	struct err *err;
};

static bool
refuse(struct reading *reading, int status, const char *sentence)
{
	*reading->status = status;
	return err_set(reading->err, "%s", sentence);
}

static bool
take_host(struct reading *reading, struct str value)
{
	if (reading->out->has_host)
		return refuse(reading, 400, "the header Host is given twice");
	reading->out->has_host = true;
	reading->out->host = value;
	return true;
}

static bool
take_length(struct reading *reading, struct str value)
{
	struct http_head *out = reading->out;
	bool digits = value.n > 0;

	for (size_t i = 0; i < value.n; i++)
		digits = digits && value.p[i] >= '0' && value.p[i] <= '9';
	if (out->has_length || !digits || !parse_uint64(value, &out->length))
		return refuse(reading, 400, "Content-Length is no single number");
	out->has_length = true;
	return out->length <= HTTP_BODY_MAX ||
	       refuse(reading, 413, "a body may have 1 MiB at most");
}

static bool
take_coding(struct reading *reading, struct str value)
{
	if (reading->out->chunked || !same_word(value, "chunked"))
		return refuse(reading, 501, "the only Transfer-Encoding is chunked");
	reading->out->chunked = true;
	return true;
}

/* connection = token *( "," token ) */
static bool
take_connection(struct reading *reading, struct str value)
{
	while (value.n > 0) {
		const char *comma = memchr(value.p, ',', value.n);
		size_t n = comma ? (size_t)(comma - value.p) : value.n;
		struct str word = str_trim(str_slice(value, 0, n));

		if (same_word(word, "close"))
			reading->out->keep_alive = false;
		else if (same_word(word, "keep-alive"))
			reading->out->keep_alive = true;
		value = str_slice(value, n + (comma != NULL), value.n);
	}
	return true;
}

static bool
take_expect(struct reading *reading, struct str value)
{
	if (!same_word(value, "100-continue"))
		return refuse(reading, 417, "the only Expect is 100-continue");
	reading->out->expect = value;
	return true;
}

static bool
take_origin(struct reading *reading, struct str value)
{
	reading->out->origin = value;
	return true;
}

static bool
take_authorization(struct reading *reading, struct str value)
{
	if (reading->out->authorization.p)
		return refuse(reading, 400, "the header Authorization is given twice");
	reading->out->authorization = value;
	return true;
}

static bool
take_content_type(struct reading *reading, struct str value)
{
	reading->out->content_type = value;
	return true;
}

static const struct header_row {
	const char *name;
	bool (*take)(struct reading *reading, struct str value);
} headers[] = {
	{"host", take_host},
	{"content-length", take_length},
	{"transfer-encoding", take_coding},
	{"connection", take_connection},
	{"expect", take_expect},
	{"origin", take_origin},
	{"authorization", take_authorization},
	{"content-type", take_content_type},
};

/* header = token ":" value; a name that is folded or has spaces around it means trouble ahead. */
static bool
take_header(struct reading *reading, struct str line)
{
	const char *colon = memchr(line.p, ':', line.n);
	struct str name, value;

	if (colon == NULL || !is_token(name = str_slice(line, 0, (size_t)(colon - line.p))))
		return refuse(reading, 400, "a header is no NAME: VALUE");
	value = str_trim(str_slice(line, name.n + 1, line.n));
	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];

		if (c == 127 || (c < 32 && c != '\t'))
			return refuse(reading, 400, "a header has a control character");
	}
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
		if (same_word(name, headers[i].name))
			return headers[i].take(reading, value);
	}
	return true;
}

/* --- the first line --- */

/* target = "/" ... | "http://" authority "/" ... | "*" is for others */
static bool
take_target(struct reading *reading, struct str target)
{
	struct http_head *out = reading->out;
	const char *mark;

	if (target.n > 7 && same_word(str_slice(target, 0, 7), "http://")) {
		mark = memchr(target.p + 7, '/', target.n - 7);
		target = mark ? str_slice(target, (size_t)(mark - target.p), target.n)
			      : STR("/");
	}
	if (target.n == 0 || target.p[0] != '/')
		return refuse(reading, 400, "the request's target begins with no /");
	for (size_t i = 0; i < target.n; i++) {
		unsigned char c = (unsigned char)target.p[i];

		if (c <= 32 || c >= 127)
			return refuse(reading, 400,
				      "the request's target has a byte that must be "
				      "percent-encoded");
	}
	mark = memchr(target.p, '?', target.n);
	out->path = str_slice(target, 0, mark ? (size_t)(mark - target.p) : target.n);
	out->query = mark ? str_slice(target, out->path.n + 1, target.n) : STR_NONE;
	return true;
}

/* request-line = method SP target SP version */
static bool
take_first_line(struct reading *reading, struct str line, bool *is_11)
{
	const char *first = memchr(line.p, ' ', line.n);
	const char *last = line.p + line.n;
	struct str version;

	while (first && last > first && *--last != ' ')
		;
	if (first == NULL || last == first)
		return refuse(reading, 400, "the first line is no METHOD TARGET HTTP/1.1");
	reading->out->method = str_slice(line, 0, (size_t)(first - line.p));
	version = str_slice(line, (size_t)(last - line.p) + 1, line.n);
	*is_11 = str_is(version, "HTTP/1.1");
	if (!is_token(reading->out->method))
		return refuse(reading, 400, "the method is no word");
	if (!*is_11 && !str_is(version, "HTTP/1.0"))
		return refuse(reading, str_starts(version, STR("HTTP/")) ? 505 : 400,
			      "only HTTP/1.0 and HTTP/1.1 are spoken here");
	return take_target(
		reading, str_slice(line, reading->out->method.n + 1, (size_t)(last - line.p)));
}

bool
http_head_parse(struct str head, struct http_head *out, int *status, struct err *err)
{
	struct http_head made = {0};
	struct reading reading = {&made, status, err};
	struct str rest = head, line;
	bool is_11 = false;

	if (!next_line(&rest, &line))
		return refuse(&reading, 400, "the request is empty");
	if (!take_first_line(&reading, line, &is_11))
		return false;
	made.keep_alive = is_11;
	while (next_line(&rest, &line) && line.n > 0) {
		if (!take_header(&reading, line))
			return false;
	}
	if (is_11 && !made.has_host)
		return refuse(&reading, 400, "the header Host is missing");
	if (made.chunked && !is_11)
		return refuse(&reading, 400, "HTTP/1.0 has no Transfer-Encoding");
	if (made.chunked && made.has_length)
		return refuse(&reading, 400,
			      "Content-Length and Transfer-Encoding are both there");
	*out = made;
	return true;
}

/* --- chunks --- */

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#define CHUNK_DIGITS 15
#define CHUNK_LINE_MAX 256 /* of extensions, which are skipped */

/* A CR that no LF follows is refused: others may take it alone for the line's end. */
static bool
take_size_end(struct http_chunks *chunks, char c)
{
	if (c != '\n') {
		bool first_cr = c == '\r' && chunks->line < CHUNK_LINE_MAX;

		chunks->line = first_cr ? CHUNK_LINE_MAX : chunks->line + 1;
		return chunks->line <= CHUNK_LINE_MAX;
	}
	chunks->at = chunks->left > 0 ? CHUNK_DATA : CHUNK_TRAILER;
	chunks->line = 0;
	return true;
}

static bool
take_size(struct http_chunks *chunks, char c)
{
	int digit = hex_digit(c);

	if (digit >= 0) {
		chunks->left = chunks->left * 16 + (unsigned)digit;
		return ++chunks->line <= CHUNK_DIGITS;
	}
	if (chunks->line == 0 || c == '\0' || !strchr("\r\n; \t", c))
		return false;
	chunks->line = 0;
	chunks->at = CHUNK_SIZE_END;
	return take_size_end(chunks, c);
}

static bool
take_data_end(struct http_chunks *chunks, char c)
{
	if (c == '\r')
		return chunks->line++ == 0;
	chunks->at = CHUNK_SIZE;
	chunks->line = 0;
	return c == '\n';
}

static bool
take_trailer(struct http_chunks *chunks, char c)
{
	if (c == '\n') {
		chunks->at = chunks->line == 0 ? CHUNK_DONE : CHUNK_TRAILER;
		chunks->line = 0;
	} else if (c != '\r') {
		chunks->line = 1;
	}
	return ++chunks->trailer <= HTTP_HEAD_MAX;
}

/* chunk = 1*HEXDIG [ ";" extension ] CRLF data CRLF; the last has size 0 and is followed by trailers. */
static bool
take_chunk_byte(struct http_chunks *chunks, char c)
{
	switch (chunks->at) {
	case CHUNK_SIZE:
		return take_size(chunks, c);
	case CHUNK_SIZE_END:
		return take_size_end(chunks, c);
	case CHUNK_DATA_END:
		return take_data_end(chunks, c);
	case CHUNK_TRAILER:
		return take_trailer(chunks, c);
	case CHUNK_DATA:
	case CHUNK_DONE:
		break;
	}
	return false;
}

bool
http_chunks_feed(struct http_chunks *chunks, const char *bytes, size_t n, struct buf *out,
		 size_t max, size_t *used, int *status)
{
	size_t i = 0;

	*status = 400;
	while (i < n && chunks->at != CHUNK_DONE) {
		if (chunks->at != CHUNK_DATA) {
			if (!take_chunk_byte(chunks, bytes[i++]))
				return false;
			continue;
		}
		size_t piece = n - i < chunks->left ? n - i : (size_t)chunks->left;

		if (chunks->left > max - out->n) {
			*status = 413;
			return false;
		}
		buf_add(out, bytes + i, piece);
		chunks->left -= piece;
		i += piece;
		if (chunks->left == 0)
			chunks->at = CHUNK_DATA_END;
	}
	*used = i;
	return true;
}

/* --- targets --- */

bool
http_decode(struct arena *arena, struct str text, bool plus, struct str *out)
{
	char *to = arena_alloc(arena, text.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '%') {
			int high = text.n - i > 2 ? hex_digit(text.p[i + 1]) : -1;
			int low = text.n - i > 2 ? hex_digit(text.p[i + 2]) : -1;

			if (high < 0 || low < 0 || high + low == 0)
				return false;
			c = (char)(high * 16 + low);
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		to[n++] = c;
	}
	*out = (struct str){to, n};
	return true;
}

void
http_encode(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if ((lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') ||
		    (c != '\0' && strchr("-._~", c)))
			buf_char(out, c);
		else
			buf_printf(out, "%%%02X", (unsigned)(unsigned char)c);
	}
}

/* query = [ name [ "=" value ] *( "&" name [ "=" value ] ) ] */
bool
http_query_parse(struct arena *arena, struct str query,
		 struct http_parameter parameters[HTTP_MAX_PARAMETERS], unsigned *count,
		 struct err *err)
{
	unsigned n = 0;

	while (query.n > 0) {
		const char *end = memchr(query.p, '&', query.n);
		struct str part = str_slice(query, 0, end ? (size_t)(end - query.p) : query.n);
		const char *equals = part.n > 0 ? memchr(part.p, '=', part.n) : NULL;
		size_t name = equals ? (size_t)(equals - part.p) : part.n;

		query = str_slice(query, part.n + (end != NULL), query.n);
		if (part.n == 0)
			continue;
		if (n == HTTP_MAX_PARAMETERS)
			return err_set(err, "more than %d parameters", HTTP_MAX_PARAMETERS);
		if (!http_decode(arena, str_slice(part, 0, name), true, &parameters[n].name) ||
		    !http_decode(arena, str_slice(part, name + (equals != NULL), part.n), true,
				 &parameters[n].value))
			return err_set(err, "a parameter is not percent-encoded");
		n++;
	}
	*count = n;
	return true;
}

bool
http_host_is_plain(struct str host)
{
	const char *colon;
	bool plain = host.n > 0;

	if (host.n > 0 && host.p[0] == '[')
		return true;
	colon = host.n > 0 ? memchr(host.p, ':', host.n) : NULL;
	if (colon)
		host = str_slice(host, 0, (size_t)(colon - host.p));
	for (size_t i = 0; i < host.n; i++)
		plain = plain && ((host.p[i] >= '0' && host.p[i] <= '9') || host.p[i] == '.');
	return plain || same_word(host, "localhost");
}
