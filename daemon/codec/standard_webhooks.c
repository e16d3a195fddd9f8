/* SPDX-License-Identifier: Apache-2.0 */
/* Signs and verifies as Standard Webhooks 1.0 says. */
#include "codec/standard_webhooks.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <string.h>

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

static void
sign_once(char out[SIGNATURE_TEXT], const struct webhook_secret *secret, struct str content)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	const unsigned char *done = HMAC(EVP_sha256(), secret->key, (int)secret->n,
					 (const unsigned char *)content.p, content.n, mac, &n);

	assert(done != NULL && n == MAC_BYTES);
	(void)done;
	memcpy(out, "v1,", 3);
	EVP_EncodeBlock((unsigned char *)out + 3, mac, MAC_BYTES);
}

static void
signed_content(struct buf *out, struct str id, int64_t timestamp, struct str body)
{
	buf_str(out, id);
	buf_char(out, '.');
	buf_int(out, timestamp);
	buf_char(out, '.');
	buf_str(out, body);
}

void
webhook_sign(struct buf *out, const struct webhook_secret *secrets, unsigned count,
	     struct str id, int64_t timestamp, struct str body)
{
	struct buf content = {0};
	char signature[SIGNATURE_TEXT];

	assert(count > 0);
	signed_content(&content, id, timestamp, body);
	for (unsigned i = 0; i < count; i++) {
		sign_once(signature, &secrets[i], buf_view(&content));
		if (i > 0)
			buf_char(out, ' ');
		buf_text(out, signature);
	}
	buf_finish(&content);
}

/* Grammar: header = signature *(" " signature); signatures of other versions are passed over. */
bool
webhook_verify(struct str header, const struct webhook_secret *secrets, unsigned count,
	       struct str id, int64_t timestamp, struct str body)
{
	struct buf content = {0};
	char expected[SIGNATURE_TEXT];
	bool good = false;

	signed_content(&content, id, timestamp, body);
	for (unsigned i = 0; i < count; i++) {
		sign_once(expected, &secrets[i], buf_view(&content));
		for (size_t from = 0, to; from < header.n; from = to + 1) {
			for (to = from; to < header.n && header.p[to] != ' '; to++)
				;
			if (to - from == sizeof expected - 1 &&
			    CRYPTO_memcmp(header.p + from, expected, to - from) == 0)
				good = true;
		}
	}
	buf_finish(&content);
	return good;
}
