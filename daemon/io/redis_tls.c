/* SPDX-License-Identifier: Apache-2.0 */
/* TLS between two memory buffers: the socket stays with libevent, with its one way of reading and writing. */
#include "io/redis_tls.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/mem.h"

struct redis_tls {
	SSL_CTX *context;	      /* owned */
	SSL *ssl;		      /* owned; owns both buffers */
	BIO *in, *out;		      /* borrowed from ssl */
	struct redis_tls_files files; /* its strings borrowed */
	char *host;		      /* owned */
	struct err refused;	      /* why the certificate was not taken; empty when it was */
};

/* A key with a passphrase would make OpenSSL ask at the terminal. */
static int
no_passphrase(char *into, int room, int writing, void *ctx)
{
	(void)into, (void)room, (void)writing, (void)ctx;
	return -1;
}

/* What is wrong with a file: the system's word for it, or that there is no `what` in it. */
static bool
file_error(struct err *err, const char *option, struct str path, const char *what)
{
	unsigned long last = ERR_peek_last_error(), first = ERR_peek_error();
	unsigned long system = ERR_SYSTEM_ERROR(first) ? first : last;

	ERR_clear_error();
	if (ERR_SYSTEM_ERROR(system))
		return err_set(err, "redis.%s %.*s: %s", option, STR_ARG(path),
			       strerror(ERR_GET_REASON(system)));
	return err_set(err, "redis.%s %.*s: holds no %s in PEM", option, STR_ARG(path), what);
}

static bool
authorities_load(struct redis_tls *tls, struct err *err)
{
	struct str path = tls->files.ca;

	if (path.n == 0)
		return SSL_CTX_set_default_verify_paths(tls->context) == 1 ||
		       file_error(err, "ca_file", STR("of the system"), "certificate");
	return SSL_CTX_load_verify_locations(tls->context, path.p, NULL) == 1 ||
	       file_error(err, "ca_file", path, "certificate");
}

static bool
certificate_load(struct redis_tls *tls, struct err *err)
{
	struct str cert = tls->files.cert, key = tls->files.key;

	if (cert.n == 0)
		return true;
	if (SSL_CTX_use_certificate_chain_file(tls->context, cert.p) != 1)
		return file_error(err, "cert_file", cert, "certificate");
	if (SSL_CTX_use_PrivateKey_file(tls->context, key.p, SSL_FILETYPE_PEM) == 1)
		return true;
	if (ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH) {
		ERR_clear_error();
		return err_set(err, "redis.key_file %.*s: is not the key of redis.cert_file",
			       STR_ARG(key));
	}
	return file_error(err, "key_file", key, "key without a passphrase");
}

static int
on_verify(int good, X509_STORE_CTX *ctx)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct redis_tls *tls = SSL_get_app_data(ssl);

	if (!good)
		redis_tls_say_refused(ctx, &tls->files, tls->host, &tls->refused);
	return good;
}

/* An IP address is looked for among the certificate's addresses, and is never said in the clear (SNI). */
static bool
host_expect(struct redis_tls *tls)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(tls->ssl);

	SSL_set_hostflags(tls->ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (X509_VERIFY_PARAM_set1_ip_asc(param, tls->host) == 1)
		return true;
	ERR_clear_error();
	return SSL_set1_host(tls->ssl, tls->host) == 1 &&
	       SSL_set_tlsext_host_name(tls->ssl, tls->host) == 1;
}

static bool
conversation_open(struct redis_tls *tls, struct err *err)
{
	tls->ssl = SSL_new(tls->context);
	tls->in = BIO_new(BIO_s_mem());
	tls->out = BIO_new(BIO_s_mem());
	assert(tls->ssl != NULL && tls->in != NULL && tls->out != NULL);
	BIO_set_mem_eof_return(tls->in, -1); /* empty means later, not the end */
	SSL_set_bio(tls->ssl, tls->in, tls->out);
	SSL_set_app_data(tls->ssl, tls);
	SSL_set_verify(tls->ssl, SSL_VERIFY_PEER, on_verify);
	SSL_set_connect_state(tls->ssl);
	return host_expect(tls) ||
	       err_set(err, "redis.url: %s is no name that a certificate can be for",
		       tls->host);
}

struct redis_tls *
redis_tls_create(const struct redis_tls_files *files, struct str host, struct err *err)
{
	struct redis_tls *tls = mem_alloc(sizeof *tls);

	ERR_clear_error();
	tls->files = *files;
	tls->host = mem_copy_text(host.p);
	tls->context = SSL_CTX_new(TLS_client_method());
	assert(tls->context != NULL);
	SSL_CTX_set_min_proto_version(tls->context, TLS1_2_VERSION);
	SSL_CTX_set_options(tls->context, SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_set_default_passwd_cb(tls->context, no_passphrase);
	if (authorities_load(tls, err) && certificate_load(tls, err) &&
	    conversation_open(tls, err))
		return tls;
	redis_tls_destroy(tls);
	return NULL;
}

void
redis_tls_destroy(struct redis_tls *tls)
{
	if (tls == NULL)
		return;
	SSL_free(tls->ssl);
	SSL_CTX_free(tls->context);
	mem_free(tls->host);
	mem_free(tls);
}

void
redis_tls_feed(struct redis_tls *tls, const char *bytes, size_t n)
{
	int taken;

	assert(n <= INT_MAX);
	taken = BIO_write(tls->in, bytes, (int)n);
	assert(taken == (int)n);
	(void)taken;
}

/* What OpenSSL's return value means: false with a sentence, unless it only wants more bytes. */
static bool
may_go_on(struct redis_tls *tls, int result, struct err *err)
{
	switch (SSL_get_error(tls->ssl, result)) {
	case SSL_ERROR_NONE:
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return true;
	case SSL_ERROR_ZERO_RETURN:
		return err_set(err, "it ended the TLS conversation");
	default:
		break;
	}
	if (tls->refused.text[0] != '\0')
		*err = tls->refused;
	else
		redis_tls_say_failed(tls->files.cert.n > 0, err);
	ERR_clear_error();
	return false;
}

bool
redis_tls_shake(struct redis_tls *tls, bool *done, struct err *err)
{
	int result;

	ERR_clear_error();
	result = SSL_do_handshake(tls->ssl);
	*done = result == 1;
	return may_go_on(tls, result, err);
}

bool
redis_tls_read(struct redis_tls *tls, char *into, size_t room, size_t *n, struct err *err)
{
	int result;

	ERR_clear_error();
	*n = 0;
	result = SSL_read_ex(tls->ssl, into, room, n);
	return may_go_on(tls, result, err);
}

/* The buffer grows as it has to, so all is taken; a conversation that is broken loses it, and the next
 * read says so. */
void
redis_tls_write(struct redis_tls *tls, struct str bytes)
{
	size_t n;

	ERR_clear_error();
	(void)SSL_write_ex(tls->ssl, bytes.p, bytes.n, &n);
}

struct str
redis_tls_outgoing(struct redis_tls *tls)
{
	char *bytes;
	long n = BIO_get_mem_data(tls->out, &bytes);

	return (struct str){bytes, n > 0 ? (size_t)n : 0};
}

void
redis_tls_sent(struct redis_tls *tls)
{
	(void)BIO_reset(tls->out);
}
