/* SPDX-License-Identifier: Apache-2.0 */
/* TLS in memory against OpenSSL's own server: however the bytes are cut, and whatever the server does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "io/redis_tls.h"

#define LONG_TEXT 40000 /* several records */

static char folder[] = "/tmp/churnd-tls-XXXXXX";
static char ca_path[64];
static EVP_PKEY *key;
static X509 *certificate;

static int
certificate_make(void **state)
{
	X509V3_CTX ctx;
	X509_EXTENSION *names;
	FILE *file;

	(void)state;
	key = EVP_EC_gen("P-256");
	certificate = X509_new();
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	X509_set_version(certificate, X509_VERSION_3);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
	X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	X509_set_pubkey(certificate, key);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
				   (const unsigned char *)"redis", -1, -1, 0);
	X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
	X509V3_set_ctx(&ctx, certificate, certificate, NULL, NULL, 0);
	names = X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name,
				    "DNS:redis.example,IP:127.0.0.1");
	X509_add_ext(certificate, names, -1);
	X509_EXTENSION_free(names);
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	assert_non_null(mkdtemp(folder));
	snprintf(ca_path, sizeof ca_path, "%s/ca.pem", folder);
	file = fopen(ca_path, "w");
	assert_non_null(file);
	assert_int_equal(PEM_write_X509(file, certificate), 1);
	fclose(file);
	return 0;
}

static int
certificate_gone(void **state)
{
	(void)state;
	X509_free(certificate);
	EVP_PKEY_free(key);
	unlink(ca_path);
	return rmdir(folder);
}

/* Both ends; what is on its way is carried `chunk` bytes at a time. */
struct pair {
	struct redis_tls *tls;
	SSL_CTX *context;
	SSL *server;
	size_t chunk;
	bool done;
	struct err err;
};

static void
pair_init(struct pair *pair, int version, size_t chunk)
{
	const struct redis_tls_files files = {.ca = str_of(ca_path)};

	*pair = (struct pair){.chunk = chunk};
	pair->tls = redis_tls_create(&files, STR("redis.example"), &pair->err);
	assert_non_null(pair->tls);
	pair->context = SSL_CTX_new(TLS_server_method());
	SSL_CTX_set_min_proto_version(pair->context, version);
	SSL_CTX_set_max_proto_version(pair->context, version);
	assert_int_equal(SSL_CTX_use_certificate(pair->context, certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(pair->context, key), 1);
	pair->server = SSL_new(pair->context);
	SSL_set_bio(pair->server, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	SSL_set_accept_state(pair->server);
}

static void
pair_finish(struct pair *pair)
{
	redis_tls_destroy(pair->tls);
	SSL_free(pair->server);
	SSL_CTX_free(pair->context);
}

/* Bytes both ways; false when neither had any. */
static bool
carry(struct pair *pair)
{
	struct str out = redis_tls_outgoing(pair->tls);
	char bytes[4096];
	int n = BIO_read(SSL_get_wbio(pair->server), bytes, (int)pair->chunk);
	size_t sent = out.n;

	if (sent > 0)
		BIO_write(SSL_get_rbio(pair->server), out.p, (int)sent);
	redis_tls_sent(pair->tls);
	if (n > 0)
		redis_tls_feed(pair->tls, bytes, (size_t)n);
	return sent > 0 || n > 0;
}

static bool
pair_shake(struct pair *pair)
{
	do {
		if (!pair->done && !redis_tls_shake(pair->tls, &pair->done, &pair->err))
			return false;
		SSL_do_handshake(pair->server);
	} while (carry(pair));
	return pair->done;
}

/* Everything that is on its way to us, `want` bytes of it. */
static void
expect_read(struct pair *pair, const char *want, size_t length)
{
	size_t at = 0, n;

	do {
		char bytes[1000];

		do {
			assert_true(
				redis_tls_read(pair->tls, bytes, sizeof bytes, &n, &pair->err));
			assert_true(at + n <= length);
			assert_memory_equal(want + at, bytes, n);
			at += n;
		} while (n > 0);
	} while (carry(pair));
	assert_int_equal(at, length);
}

static void
expect_served(struct pair *pair, const char *want, size_t length)
{
	char *got = malloc(length);
	size_t at = 0, n;

	while (carry(pair))
		;
	while (at < length && SSL_read_ex(pair->server, got + at, length - at, &n) == 1)
		at += n;
	assert_int_equal(at, length);
	assert_memory_equal(got, want, length);
	free(got);
}

static void
both_ways(struct pair *pair)
{
	char *text = malloc(LONG_TEXT);
	size_t n;

	for (size_t i = 0; i < LONG_TEXT; i++)
		text[i] = (char)(i * 7 + i / 251);
	redis_tls_write(pair->tls, (struct str){text, LONG_TEXT});
	expect_served(pair, text, LONG_TEXT);
	assert_int_equal(SSL_write_ex(pair->server, text, LONG_TEXT, &n), 1);
	expect_read(pair, text, LONG_TEXT);
	free(text);
}

static void
bytes_arrive_however_they_are_cut(void **state)
{
	static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
	static const size_t chunks[] = {1, 7, 4096};

	(void)state;
	for (size_t v = 0; v < 2; v++)
		for (size_t c = 0; c < 3; c++) {
			struct pair pair;

			pair_init(&pair, versions[v], chunks[c]);
			assert_true(pair_shake(&pair));
			both_ways(&pair);
			pair_finish(&pair);
		}
}

static void
an_old_protocol_is_not_spoken(void **state)
{
	struct pair pair;

	(void)state;
	pair_init(&pair, TLS1_1_VERSION, 4096);
	SSL_set_security_level(pair.server, 0);
	assert_false(pair_shake(&pair));
	assert_non_null(strstr(pair.err.text, "TLS 1.2"));
	pair_finish(&pair);
}

static void
new_keys_are_taken_on(void **state)
{
	struct pair pair;

	(void)state;
	pair_init(&pair, TLS1_3_VERSION, 100);
	assert_true(pair_shake(&pair));
	assert_int_equal(SSL_key_update(pair.server, SSL_KEY_UPDATE_REQUESTED), 1);
	assert_int_equal(SSL_do_handshake(pair.server), 1);
	expect_read(&pair, "", 0);
	both_ways(&pair);
	pair_finish(&pair);
}

static void
an_end_is_told_from_a_pause(void **state)
{
	struct pair pair;
	char bytes[16];
	size_t n;

	(void)state;
	pair_init(&pair, TLS1_3_VERSION, 4096);
	assert_true(pair_shake(&pair));
	expect_read(&pair, "", 0);
	SSL_shutdown(pair.server);
	carry(&pair);
	assert_false(redis_tls_read(pair.tls, bytes, sizeof bytes, &n, &pair.err));
	assert_non_null(strstr(pair.err.text, "ended"));
	pair_finish(&pair);
}

static void
a_byte_that_was_changed_on_the_way_is_noticed(void **state)
{
	struct pair pair;
	char record[256];
	char bytes[16];
	size_t n;
	int length;

	(void)state;
	pair_init(&pair, TLS1_3_VERSION, 4096);
	assert_true(pair_shake(&pair));
	assert_int_equal(SSL_write_ex(pair.server, "+OK\r\n", 5, &n), 1);
	length = BIO_read(SSL_get_wbio(pair.server), record, sizeof record);
	assert_true(length > 10);
	record[length - 3] ^= 1;
	redis_tls_feed(pair.tls, record, (size_t)length);
	assert_false(redis_tls_read(pair.tls, bytes, sizeof bytes, &n, &pair.err));
	assert_non_null(strstr(pair.err.text, "TLS failed"));
	/* What is written into the ruins is lost, and is no crash. */
	redis_tls_write(pair.tls, STR("PING\r\n"));
	assert_false(redis_tls_read(pair.tls, bytes, sizeof bytes, &n, &pair.err));
	pair_finish(&pair);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_arrive_however_they_are_cut),
		cmocka_unit_test(an_old_protocol_is_not_spoken),
		cmocka_unit_test(new_keys_are_taken_on),
		cmocka_unit_test(an_end_is_told_from_a_pause),
		cmocka_unit_test(a_byte_that_was_changed_on_the_way_is_noticed),
	};

	return cmocka_run_group_tests(tests, certificate_make, certificate_gone);
}
