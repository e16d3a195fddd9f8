/* SPDX-License-Identifier: Apache-2.0 */
/* Signs and verifies as Standard Webhooks 1.0 says. */
#include "codec/standard_webhooks.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define MAC_BYTES SHA256_DIGEST_LENGTH
#define MAC_BASE64 44 /* characters, the last one "=" */

/* base64 = *(4 char) with up to two "=" at the end, nothing else; -1 when it is not that, or too long. */
static int
base64_decode(struct str text, uint8_t *out, size_t max)
{
	uint8_t bytes[(WEBHOOK_KEY_MAX + 2) / 3 * 3];
	int n, padding = 0;

	while (padding < 2 && text.n > (size_t)padding &&
	       text.p[text.n - 1 - (size_t)padding] == '=')
		padding++;
	if (text.n == 0 || text.n % 4 != 0 || text.n / 4 * 3 > sizeof bytes ||
	    memchr(text.p, '=', text.n - (size_t)padding) != NULL || text_has_control(text) ||
	    memchr(text.p, ' ', text.n) != NULL)
		return -1;
	n = EVP_DecodeBlock(bytes, (const unsigned char *)text.p, (int)text.n);
	if (n < padding || (size_t)(n - padding) > max)
		return -1;
	n -= padding;
	memcpy(out, bytes, (size_t)n);
	OPENSSL_cleanse(bytes, sizeof bytes);
	return n;
}

/* Grammar: secret = "whsec_" base64. */
bool
webhook_secret_parse(struct str text, struct webhook_secret *out, struct err *err)
{
	const struct str prefix = STR("whsec_");
	struct webhook_secret secret;
	int n;

	if (text.n == 0)
		return err_set(err, "the secret is empty; expected whsec_ and base64");
	if (!str_starts(text, prefix))
		return err_set(err, "the secret does not begin with whsec_");
	if (text.n == prefix.n)
		return err_set(err, "the secret is empty after whsec_");
	n = base64_decode(str_slice(text, prefix.n, text.n), secret.key, sizeof secret.key);
	if (n <= 0)
		return err_set(err, "the secret is not base64 of at most %d bytes after whsec_",
			       WEBHOOK_KEY_MAX);
	secret.n = (size_t)n;
	*out = secret;
	OPENSSL_cleanse(&secret, sizeof secret);
	return true;
}

/* "v1," and the base64 of the MAC, terminated. */
#define SIGNATURE_TEXT (3 + MAC_BASE64 + 1)

/* HMAC (RFC 2104) whose two key blocks have been hashed already. */
struct signer_key {
	EVP_MD_CTX *inner, *outer; /* owned */
};

struct webhook_signer {
	struct signer_key keys[WEBHOOK_SECRETS];
	unsigned count;
	EVP_MD_CTX *work; /* owned */
};

/* OpenSSL fails here for want of memory only. */
static void
must(int good)
{
	if (!good)
		mem_fail();
}

/* H(key xor pad, ...): keys are at most as long as a block. */
static EVP_MD_CTX *
begin_with(const struct webhook_secret *secret, uint8_t pad)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t block[SHA256_CBLOCK];

	for (size_t i = 0; i < sizeof block; i++)
		block[i] = (uint8_t)(pad ^ (i < secret->n ? secret->key[i] : 0));
	must(ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) &&
	     EVP_DigestUpdate(ctx, block, sizeof block));
	OPENSSL_cleanse(block, sizeof block);
	return ctx;
}

struct webhook_signer *
webhook_signer_create(const struct webhook_secret *secrets, unsigned count)
{
	struct webhook_signer *signer = mem_alloc(sizeof *signer);

	assert(count <= WEBHOOK_SECRETS);
	signer->count = count;
	signer->work = EVP_MD_CTX_new();
	must(signer->work != NULL);
	for (unsigned i = 0; i < count; i++)
		signer->keys[i] = (struct signer_key){begin_with(&secrets[i], 0x36),
						      begin_with(&secrets[i], 0x5c)};
	return signer;
}

void
webhook_signer_destroy(struct webhook_signer *signer)
{
	if (signer == NULL)
		return;
	for (unsigned i = 0; i < signer->count; i++) {
		EVP_MD_CTX_free(signer->keys[i].inner);
		EVP_MD_CTX_free(signer->keys[i].outer);
	}
	EVP_MD_CTX_free(signer->work);
	mem_free(signer);
}

static void
sign_once(char out[SIGNATURE_TEXT], const struct webhook_signer *signer,
	  const struct signer_key *key, struct str head, struct str body)
{
	unsigned char mac[MAC_BYTES];
	EVP_MD_CTX *work = signer->work;

	must(EVP_MD_CTX_copy_ex(work, key->inner) && EVP_DigestUpdate(work, head.p, head.n) &&
	     EVP_DigestUpdate(work, body.n > 0 ? body.p : "", body.n) &&
	     EVP_DigestFinal_ex(work, mac, NULL) && EVP_MD_CTX_copy_ex(work, key->outer) &&
	     EVP_DigestUpdate(work, mac, sizeof mac) && EVP_DigestFinal_ex(work, mac, NULL));
	memcpy(out, "v1,", 3);
	EVP_EncodeBlock((unsigned char *)out + 3, mac, MAC_BYTES);
}

/* What stands before the body in the signed text. */
static void
signed_head(struct buf *out, struct str id, int64_t timestamp)
{
	buf_str(out, id);
	buf_char(out, '.');
	buf_int(out, timestamp);
	buf_char(out, '.');
}

void
webhook_signer_sign(const struct webhook_signer *signer, struct buf *out, struct str id,
		    int64_t timestamp, struct str body)
{
	struct buf head = {0};
	char signature[SIGNATURE_TEXT];

	assert(signer->count > 0);
	signed_head(&head, id, timestamp);
	for (unsigned i = 0; i < signer->count; i++) {
		sign_once(signature, signer, &signer->keys[i], buf_view(&head), body);
		if (i > 0)
			buf_char(out, ' ');
		buf_text(out, signature);
	}
	buf_finish(&head);
}

void
webhook_sign(struct buf *out, const struct webhook_secret *secrets, unsigned count,
	     struct str id, int64_t timestamp, struct str body)
{
	struct webhook_signer *signer = webhook_signer_create(secrets, count);

	webhook_signer_sign(signer, out, id, timestamp, body);
	webhook_signer_destroy(signer);
}

/* Is it among the header's signatures? */
static bool
is_listed(struct str header, const char expected[SIGNATURE_TEXT])
{
	bool good = false;

	for (size_t from = 0, to; from < header.n; from = to + 1) {
		for (to = from; to < header.n && header.p[to] != ' '; to++)
			;
		if (to - from == SIGNATURE_TEXT - 1 &&
		    CRYPTO_memcmp(header.p + from, expected, to - from) == 0)
			good = true;
	}
	return good;
}

/* Grammar: header = signature *(" " signature); signatures of other versions are passed over. */
bool
webhook_verify(struct str header, const struct webhook_secret *secrets, unsigned count,
	       struct str id, int64_t timestamp, struct str body)
{
	struct webhook_signer *signer = webhook_signer_create(secrets, count);
	struct buf head = {0};
	char expected[SIGNATURE_TEXT];
	bool good = false;

	signed_head(&head, id, timestamp);
	for (unsigned i = 0; i < count; i++) {
		sign_once(expected, signer, &signer->keys[i], buf_view(&head), body);
		good |= is_listed(header, expected);
	}
	buf_finish(&head);
	webhook_signer_destroy(signer);
	return good;
}
