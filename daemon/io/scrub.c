/* SPDX-License-Identifier: Apache-2.0 */
/* Knows an endpoint's secrets, and replaces them. */
#include "io/scrub.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#define LOGIN_MAX 1024 /* bytes of user:password; longer ones no server takes */

void
scrub_add(struct scrub *scrub, struct str word)
{
	if (word.n < SCRUB_LEAST || memchr(word.p, '\0', word.n) != NULL)
		return;
	buf_str(&scrub->words, word);
	buf_char(&scrub->words, '\0');
}

static int
hex_of(char c)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at == NULL ? -1 : at - digits < 16 ? (int)(at - digits) : (int)(at - digits) - 6;
}

/* %41 is A, as libcurl reads it. */
static void
percent_decode(struct str text, struct buf *out)
{
	for (size_t i = 0; i < text.n; i++) {
		int high = text.p[i] == '%' && i + 2 < text.n ? hex_of(text.p[i + 1]) : -1;
		int low = high >= 0 ? hex_of(text.p[i + 2]) : -1;

		buf_char(out, low >= 0 ? (char)(high * 16 + low) : text.p[i]);
		i += low >= 0 ? 2 : 0;
	}
}

void
scrub_add_login(struct scrub *scrub, struct str login)
{
	unsigned char base64[(LOGIN_MAX + 2) / 3 * 4 + 1];
	struct buf plain = {0};

	if (login.n == 0 || login.n > LOGIN_MAX)
		return;
	percent_decode(login, &plain);
	EVP_EncodeBlock(base64, (const unsigned char *)plain.p, (int)plain.n);
	scrub_add(scrub, login);
	scrub_add(scrub, buf_view(&plain));
	scrub_add(scrub, str_of((const char *)base64));
	OPENSSL_cleanse(base64, sizeof base64);
	OPENSSL_cleanse(plain.p, plain.cap);
	buf_finish(&plain);
}

static bool
begins(struct str text, size_t at, struct str word)
{
	return word.n >= SCRUB_LEAST && text.n - at >= word.n &&
	       memcmp(text.p + at, word.p, word.n) == 0;
}

/* The longest of them that begins there; 0: none does. */
static size_t
secret_at(const struct scrub *scrub, struct str also, struct str text, size_t at)
{
	size_t longest = begins(text, at, also) ? also.n : 0;

	for (size_t i = 0; i < scrub->words.n;) {
		struct str word = str_of(scrub->words.p + i);

		if (word.n > longest && begins(text, at, word))
			longest = word.n;
		i += word.n + 1;
	}
	return longest;
}

void
scrub_text(const struct scrub *scrub, struct str also, struct str text, struct buf *out)
{
	for (size_t at = 0; at < text.n;) {
		size_t n = secret_at(scrub, also, text, at);

		if (n > 0)
			buf_text(out, "***");
		else
			buf_char(out, text.p[at]);
		at += n > 0 ? n : 1;
	}
}

void
scrub_finish(struct scrub *scrub)
{
	if (scrub->words.p != NULL)
		OPENSSL_cleanse(scrub->words.p, scrub->words.cap);
	buf_finish(&scrub->words);
}
