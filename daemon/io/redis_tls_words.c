/* SPDX-License-Identifier: Apache-2.0 */
/* Why TLS with Redis failed, in sentences that say what to do. */
#include <stdio.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/arena.h"
#include "io/redis_tls.h"

#define NAMES_SHOWN 8

/* ---- the peer's certificate ---- */

/* "2026-11-30", in UTC. */
static const char *
day_print(const ASN1_TIME *time, char out[16])
{
	struct tm tm;

	if (time == NULL || ASN1_TIME_to_tm(time, &tm) != 1 ||
	    strftime(out, 16, "%Y-%m-%d", &tm) == 0)
		return "an unknown day";
	return out;
}

static void
name_add(struct buf *out, unsigned *count, const char *bytes, size_t n)
{
	if (*count < NAMES_SHOWN) {
		buf_text(out, *count > 0 ? ", " : "");
		for (size_t i = 0; i < n; i++)
			buf_char(out, bytes[i] >= ' ' && bytes[i] < 127 ? bytes[i] : '?');
	} else if (*count == NAMES_SHOWN) {
		buf_text(out, " and more");
	}
	(*count)++;
}

static void
address_add(struct buf *out, unsigned *count, const ASN1_OCTET_STRING *address)
{
	const unsigned char *p = ASN1_STRING_get0_data(address);
	int n = ASN1_STRING_length(address);
	struct buf text = {0};

	for (int i = 0; n == 4 && i < 4; i++)
		buf_printf(&text, "%s%d", i > 0 ? "." : "", p[i]);
	for (int i = 0; n == 16 && i < 16; i += 2)
		buf_printf(&text, "%s%x", i > 0 ? ":" : "", p[i] << 8 | p[i + 1]);
	name_add(out, count, text.p, text.n);
	buf_finish(&text);
}

static void
common_name_add(struct buf *out, unsigned *count, X509_NAME *subject)
{
	char text[256];
	int n = X509_NAME_get_text_by_NID(subject, NID_commonName, text, sizeof text);

	if (n > 0)
		name_add(out, count, text, (size_t)n);
}

/* "a.example, 10.0.0.1": the alternative names, or the common one where there are none. */
static void
names_print(struct buf *out, X509 *certificate)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	unsigned count = 0;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type == GEN_DNS)
			name_add(out, &count,
				 (const char *)ASN1_STRING_get0_data(name->d.dNSName),
				 (size_t)ASN1_STRING_length(name->d.dNSName));
		else if (name->type == GEN_IPADD)
			address_add(out, &count, name->d.iPAddress);
	}
	GENERAL_NAMES_free(names);
	if (count == 0)
		common_name_add(out, &count, X509_get_subject_name(certificate));
	if (count == 0)
		buf_text(out, "no name at all");
}

static void
say_wrong_name(X509 *certificate, const char *host, struct err *out)
{
	struct buf names = {0};

	names_print(&names, certificate);
	err_set(out,
		"its certificate is for %.300s, not for %s: name one of those in redis.url, or give "
		"Redis a certificate for %s",
		names.p, host, host);
	buf_finish(&names);
}

static void
say_unknown(X509 *certificate, const struct redis_tls_files *files, struct err *out)
{
	struct buf issuer = {0};
	unsigned count = 0;

	common_name_add(&issuer, &count, X509_get_issuer_name(certificate));
	if (files->ca.n > 0)
		err_set(out,
			"its certificate, signed by \"%.100s\", is not vouched for by "
			"redis.ca_file %.*s: put the CA that signed it there",
			count > 0 ? issuer.p : "?", STR_ARG(files->ca));
	else
		err_set(out,
			"its certificate, signed by \"%.100s\", is not vouched for by the "
			"system's CAs: name the CA that signed it in redis.ca_file",
			count > 0 ? issuer.p : "?");
	buf_finish(&issuer);
}

void
redis_tls_say_refused(X509_STORE_CTX *ctx, const struct redis_tls_files *files,
		      const char *host, struct err *out)
{
	int error = X509_STORE_CTX_get_error(ctx);
	bool own = X509_STORE_CTX_get_error_depth(ctx) == 0;
	X509 *certificate = X509_STORE_CTX_get_current_cert(ctx);
	char day[16];

	switch (error) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		err_set(out,
			"%s expired on %s: renew it (tls-cert-file and tls-ca-cert-file in "
			"redis.conf), or set this machine's clock",
			own ? "its certificate" : "the CA of its certificate",
			day_print(X509_get0_notAfter(certificate), day));
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		err_set(out, "%s is valid from %s on: set this machine's clock, or renew it",
			own ? "its certificate" : "the CA of its certificate",
			day_print(X509_get0_notBefore(certificate), day));
		break;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		say_wrong_name(certificate, host, out);
		break;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_CERT_SIGNATURE_FAILURE:
		say_unknown(certificate, files, out);
		break;
	default:
		err_set(out, "its certificate is refused: %s",
			X509_verify_cert_error_string(error));
	}
}

/* ---- the conversation ---- */

static const struct {
	int reason;	      /* of OpenSSL's library "SSL" */
	const char *sentence; /* without a client certificate */
	const char *with;     /* with one; NULL: the same */
} reasons[] = {
	{SSL_R_WRONG_VERSION_NUMBER,
	 "what answers there speaks no TLS: name the port of Redis' tls-port, or begin redis.url "
	 "with redis://",
	 NULL},
	{SSL_R_UNSUPPORTED_PROTOCOL,
	 "it speaks no TLS 1.2 or newer: see tls-protocols in redis.conf", NULL},
	{SSL_R_TLSV1_ALERT_PROTOCOL_VERSION,
	 "it speaks no TLS 1.2 or newer: see tls-protocols in redis.conf", NULL},
	{SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED,
	 "it asks for a client certificate: set redis.cert_file and redis.key_file",
	 "it took no certificate from us: see redis.cert_file"},
	{SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE,
	 "it refused the handshake: if it asks for a client certificate (tls-auth-clients in "
	 "redis.conf), set redis.cert_file and redis.key_file; else see its tls-ciphers",
	 "it refused the handshake: see redis.cert_file, and tls-ciphers in redis.conf"},
	{SSL_R_TLSV1_ALERT_UNKNOWN_CA,
	 "it does not know the CA of our certificate: see tls-ca-cert-file in redis.conf and "
	 "redis.cert_file",
	 NULL},
	{SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED,
	 "it says that our certificate has expired: renew redis.cert_file", NULL},
	{SSL_R_SSLV3_ALERT_BAD_CERTIFICATE,
	 "it refuses our certificate: see redis.cert_file, and Redis' log", NULL},
	{SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN,
	 "it refuses our certificate: see redis.cert_file, and Redis' log", NULL},
	{SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE,
	 "it refuses our certificate: see redis.cert_file, and Redis' log", NULL},
	{SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED,
	 "it says that our certificate was revoked: renew redis.cert_file", NULL},
};

void
redis_tls_say_failed(bool has_cert, struct err *out)
{
	unsigned long error = ERR_peek_error();
	const char *word = ERR_reason_error_string(error);

	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (ERR_GET_LIB(error) == ERR_LIB_SSL &&
		    ERR_GET_REASON(error) == reasons[i].reason) {
			err_set(out, "%s",
				has_cert && reasons[i].with != NULL ? reasons[i].with
								    : reasons[i].sentence);
			return;
		}
	err_set(out, "TLS failed: %s", word != NULL ? word : "no reason is given");
}
