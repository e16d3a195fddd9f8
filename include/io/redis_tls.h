/* SPDX-License-Identifier: Apache-2.0 */
/* One TLS conversation with Redis, as its client and in memory: what the peer sent goes in, what is to be
 * sent comes out. TLS 1.2 at least; the certificate and the host's name are always verified. */
#ifndef IO_REDIS_TLS_H
#define IO_REDIS_TLS_H

#include "base/err.h"
#include "base/text.h"

/* Paths of PEM files, terminated. */
struct redis_tls_files {
	struct str ca;	      /* none: the system's CAs */
	struct str cert, key; /* none: we show no certificate */
};

struct redis_tls;

/* Reads the files: each conversation has them as they are now. `host` is a name or an IP address, terminated,
 * and what the certificate has to be for. NULL: a file is missing or wrong. */
struct redis_tls *redis_tls_create(const struct redis_tls_files *files, struct str host,
				   struct err *err) MUST_CHECK;
void redis_tls_destroy(struct redis_tls *tls); /* NULL allowed */

/* Bytes of the peer; all are taken. */
void redis_tls_feed(struct redis_tls *tls, const char *bytes, size_t n);
/* Goes on with the handshake as far as it can; *done: it is complete. false: it failed. */
bool redis_tls_shake(struct redis_tls *tls, bool *done, struct err *err) MUST_CHECK;
/* The next bytes Redis said, at most `room`; *n is 0 when there are no more for now. false: the
 * conversation has ended or was broken. */
bool redis_tls_read(struct redis_tls *tls, char *into, size_t room, size_t *n,
		    struct err *err) MUST_CHECK;
/* After the handshake. */
void redis_tls_write(struct redis_tls *tls, struct str bytes);
/* What the peer has to be sent: borrowed until redis_tls_sent, which forgets it. */
struct str redis_tls_outgoing(struct redis_tls *tls);
void redis_tls_sent(struct redis_tls *tls);

/* One sentence for whoever can mend it: why OpenSSL refused the peer's certificate (`ctx` of a verify
 * callback), and why a conversation failed (its error queue). */
struct x509_store_ctx_st;
void redis_tls_say_refused(struct x509_store_ctx_st *ctx, const struct redis_tls_files *files,
			   const char *host, struct err *out);
void redis_tls_say_failed(bool has_cert, struct err *out);

#endif
