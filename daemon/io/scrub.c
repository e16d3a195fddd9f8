/* SPDX-License-Identifier: Apache-2.0 */
/* Knows an endpoint's secrets, and replaces them. */
#include "io/scrub.h"

#include <openssl/crypto.h>
#include <string.h>

void
scrub_add(struct scrub *scrub, struct str word)
{
	if (word.n < SCRUB_LEAST || memchr(word.p, '\0', word.n) != NULL)
		return;
	buf_str(&scrub->words, word);
	buf_char(&scrub->words, '\0');
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
