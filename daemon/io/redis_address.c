/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and prints redis.url. */
#include <string.h>

#include "base/number.h"
#include "io/redis.h"
#include "io/redis_lookup.h"

#define DEFAULT_PORT 6379
#define MAX_DB 65535
#define MAX_SOCKET_PATH 107 /* sun_path less its NUL */

/* No error below repeats a piece of the URL: a password with an unescaped '/' or ':' could be in it. */

static bool
has_char(struct str text, char c)
{
	return text.n > 0 && memchr(text.p, c, text.n) != NULL;
}

static bool
str_cut(struct str text, char mark, struct str *before, struct str *after)
{
	const char *at = text.n > 0 ? memchr(text.p, mark, text.n) : NULL;

	if (at == NULL)
		return false;
	*before = str_slice(text, 0, (size_t)(at - text.p));
	*after = str_slice(text, (size_t)(at - text.p) + 1, text.n);
	return true;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* A copy with %XX as bytes; refuses a broken escape and a NUL. */
static bool
percent_decode(struct arena *arena, struct str text, struct str *out, struct err *err)
{
	char *to = arena_alloc(arena, text.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == '%') {
			int high = i + 2 < text.n ? hex_digit(text.p[i + 1]) : -1;
			int low = i + 2 < text.n ? hex_digit(text.p[i + 2]) : -1;

			if (high < 0 || low < 0)
				return err_set(err,
					       "redis.url: '%%' must be followed by two "
					       "hexadecimal digits (a '%%' itself is %%25)");
			c = (char)(high * 16 + low);
			i += 2;
		}
		if (c == '\0')
			return err_set(err, "redis.url: it may hold no zero byte");
		to[n++] = c;
	}
	*out = (struct str){to, n};
	return true;
}

/* Grammar: userinfo = [user] [":" password]. */
static bool
userinfo_parse(struct arena *arena, struct str text, struct redis_address *out, struct err *err)
{
	struct str user = text, password = STR_NONE;

	if (str_cut(text, ':', &user, &password) &&
	    !percent_decode(arena, password, &out->password, err))
		return false;
	return percent_decode(arena, user, &out->user, err);
}

static bool
db_parse(struct str text, struct redis_address *out, struct err *err)
{
	int64_t db;

	if (!parse_int64(text, &db) || db < 0 || db > MAX_DB)
		return err_set(err, "redis.url: the database must be a number from 0 to %d",
			       MAX_DB);
	out->db = (int)db;
	return true;
}

/* Grammar: query = "db=" number. */
static bool
query_parse(struct str text, struct redis_address *out, struct err *err)
{
	if (!str_starts(text, STR("db=")))
		return err_set(err, "redis.url: the only option after '?' is db=NUMBER");
	return db_parse(str_slice(text, 3, text.n), out, err);
}

static bool
port_parse(struct str text, struct redis_address *out, struct err *err)
{
	int64_t port;

	if (!parse_int64(text, &port) || port < 1 || port > 65535)
		return err_set(err, "redis.url: the port must be a number from 1 to 65535");
	out->port = (int)port;
	return true;
}

/* Grammar: host = name | "[" IPv6 "]"; *port is ":" digits, or empty. */
static bool
host_cut(struct str text, struct str *host, struct str *port)
{
	struct str rest;

	if (str_starts(text, STR("[")))
		return str_cut(str_slice(text, 1, text.n), ']', host, port) &&
		       (port->n == 0 || port->p[0] == ':');
	*host = text;
	*port = STR_NONE;
	if (!str_cut(text, ':', host, &rest))
		return true;
	*port = str_slice(text, host->n, text.n);
	return !has_char(rest, ':');
}

/* Grammar: hostport = host [":" port]. */
static bool
hostport_parse(struct arena *arena, struct str text, struct redis_address *out, struct err *err)
{
	struct str host, port;

	if (!host_cut(text, &host, &port))
		return err_set(err, "redis.url: an IPv6 address is written [::1]:6379");
	if (host.n == 0)
		return err_set(err, "redis.url names no host; expected redis://HOST:PORT/DB");
	if (text_has_control(host) || has_char(host, ' '))
		return err_set(
			err, "redis.url: the host's name holds a space or a control character");
	if (host.n > LOOKUP_MAX_HOST)
		return err_set(err, "redis.url: the host's name has at most %d bytes",
			       LOOKUP_MAX_HOST);
	out->port = DEFAULT_PORT;
	if (port.n > 0 && !port_parse(str_slice(port, 1, port.n), out, err))
		return false;
	out->host = arena_str(arena, host);
	return true;
}

/* Grammar: tcp = [userinfo "@"] hostport ["/" [db]] ["?" query]. */
static bool
tcp_parse(struct arena *arena, struct str text, struct redis_address *out, struct err *err)
{
	struct str userinfo = STR_NONE, query, db;
	bool has_user = str_cut(text, '@', &userinfo, &text);

	if (has_user &&
	    (has_char(userinfo, '/') || has_char(userinfo, '?') || has_char(text, '@')))
		return err_set(err,
			       "redis.url: in a user or password '/', '?' and '@' are written "
			       "%%2F, %%3F and %%40");
	if (has_user && !userinfo_parse(arena, userinfo, out, err))
		return false;
	if (str_cut(text, '?', &text, &query) && !query_parse(query, out, err))
		return false;
	if (str_cut(text, '/', &text, &db) && db.n > 0 && !db_parse(db, out, err))
		return false;
	return hostport_parse(arena, text, out, err);
}

/* Grammar: unix = [userinfo "@"] "/" path ["?" query]. */
static bool
unix_parse(struct arena *arena, struct str text, struct redis_address *out, struct err *err)
{
	struct str userinfo, rest, query;

	if (!str_starts(text, STR("/")) && str_cut(text, '@', &userinfo, &rest)) {
		if (!userinfo_parse(arena, userinfo, out, err))
			return false;
		text = rest;
	}
	if (str_cut(text, '?', &text, &query) && !query_parse(query, out, err))
		return false;
	if (!str_starts(text, STR("/")))
		return err_set(err, "redis.url: the path of a unix socket is absolute; "
				    "expected unix:///run/redis.sock");
	if (!percent_decode(arena, text, &out->path, err))
		return false;
	if (out->path.n > MAX_SOCKET_PATH)
		return err_set(err, "redis.url: the path of a unix socket has at most %d bytes",
			       MAX_SOCKET_PATH);
	return true;
}

static bool
tls_parse(struct arena *arena, struct str text, struct redis_address *out, struct err *err)
{
	out->tls = true;
	return tcp_parse(arena, text, out, err);
}

static const struct scheme {
	struct str head;
	bool (*parse)(struct arena *arena, struct str text, struct redis_address *out,
		      struct err *err);
} schemes[] = {
	{{"redis://", 8}, tcp_parse},
	{{"unix://", 7}, unix_parse},
	{{"unix:", 5}, unix_parse},
	{{"rediss://", 9}, tls_parse},
};

bool
redis_address_parse(struct arena *arena, struct str url, struct redis_address *out,
		    struct err *err)
{
	struct redis_address address = {0};

	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		if (!str_starts(url, schemes[i].head))
			continue;
		if (!schemes[i].parse(arena, str_slice(url, schemes[i].head.n, url.n), &address,
				      err))
			return false;
		*out = address;
		return true;
	}
	return err_set(err, "redis.url must begin with redis://, rediss:// or unix://");
}

void
redis_address_print(struct buf *out, const struct redis_address *address)
{
	bool bracket = has_char(address->host, ':');

	buf_text(out, address->path.n > 0 ? "unix://"
		      : address->tls	  ? "rediss://"
					  : "redis://");
	if (address->user.n > 0) {
		buf_str(out, address->user);
		buf_char(out, '@');
	}
	if (address->path.n > 0) {
		buf_str(out, address->path);
		if (address->db > 0)
			buf_printf(out, "?db=%d", address->db);
		return;
	}
	buf_text(out, bracket ? "[" : "");
	buf_str(out, address->host);
	buf_printf(out, "%s:%d/%d", bracket ? "]" : "", address->port, address->db);
}
