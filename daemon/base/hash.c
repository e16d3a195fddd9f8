/* SPDX-License-Identifier: Apache-2.0 */
/* SipHash-1-3 for tables and SHA-256 names. */
#include "base/hash.h"

#include <openssl/evp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/words.h"

static inline uint64_t
rotate(uint64_t x, unsigned by)
{
	return x << by | x >> (64 - by);
}

struct sip {
	uint64_t v0, v1, v2, v3;
};

/* SipRound of the paper, section 2.2. */
static inline void
sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = rotate(s->v1, 13) ^ s->v0;
	s->v0 = rotate(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotate(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotate(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotate(s->v1, 17) ^ s->v2;
	s->v2 = rotate(s->v2, 32);
}

static inline void
sip_word(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	sip_round(s);
	s->v0 ^= word;
}

/* The last n < 8 bytes, the first one lowest. */
static inline uint64_t
load_rest(const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text;
	uint64_t rest = 0;
	size_t i = 0;

	if (n & 4) {
		rest = (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
		       (uint64_t)p[3] << 24;
		i = 4;
	}
	if (n & 2) {
		rest |= ((uint64_t)p[i] | (uint64_t)p[i + 1] << 8) << (8 * i);
		i += 2;
	}
	if (n & 1)
		rest |= (uint64_t)p[i] << (8 * i);
	return rest;
}

uint64_t
hash_bytes(const void *bytes, size_t n, struct hash_seed seed)
{
	/* The constants spell "somepseudorandomlygeneratedbytes". */
	struct sip s = {
		seed.k0 ^ UINT64_C(0x736f6d6570736575),
		seed.k1 ^ UINT64_C(0x646f72616e646f6d),
		seed.k0 ^ UINT64_C(0x6c7967656e657261),
		seed.k1 ^ UINT64_C(0x7465646279746573),
	};
	const char *p = bytes;
	size_t left = n;

	for (; left >= 8; left -= 8, p += 8)
		sip_word(&s, word_load(p));
	uint64_t rest = n < 8  ? load_rest(p, left)
			: left ? word_load(p + left - 8) >> (64 - 8 * left)
			       : 0;
	sip_word(&s, (uint64_t)n << 56 | rest);
	s.v2 ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

/* Looked up once: with EVP_sha256() OpenSSL looks it up again each time, which takes as long as to hash. Never freed. */
static const EVP_MD *
sha256(void)
{
	static _Atomic(EVP_MD *) found;
	EVP_MD *md = atomic_load(&found), *other = NULL;

	if (md)
		return md;
	md = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!md)
		abort();
	if (atomic_compare_exchange_strong(&found, &other, md))
		return md;
	EVP_MD_free(md); /* another thread was faster */
	return other;
}

/* One context is kept for whoever comes next: to make one takes as long as to hash. Never freed. */
static _Atomic(EVP_MD_CTX *) spare;

void
hash_sha256(struct str text, uint8_t out[SHA256_BYTES])
{
	EVP_MD_CTX *context = atomic_exchange(&spare, NULL);

	if (!context)
		context = EVP_MD_CTX_new();
	/* It fails only without memory or without its provider: both are fatal. */
	if (!context || EVP_DigestInit_ex2(context, sha256(), NULL) != 1 ||
	    EVP_DigestUpdate(context, text.p ? text.p : "", text.n) != 1 ||
	    EVP_DigestFinal_ex(context, out, NULL) != 1)
		abort();
	EVP_MD_CTX_free(atomic_exchange(&spare, context));
}

void
hash_sha256_hex(struct str text, char out[65])
{
	uint8_t digest[SHA256_BYTES];

	hash_sha256(text, digest);
	for (size_t i = 0; i < SHA256_BYTES; i++) {
		out[2 * i] = "0123456789abcdef"[digest[i] >> 4];
		out[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
	}
	out[64] = '\0';
}

void
hash_id26(struct str text, char out[27])
{
	uint8_t digest[SHA256_BYTES];

	hash_sha256(text, digest);
	for (size_t i = 0; i < 26; i++) {
		size_t bit = 5 * i;
		unsigned pair = (unsigned)digest[bit / 8] << 8 | digest[bit / 8 + 1];

		out[i] = "abcdefghijklmnopqrstuvwxyz234567"[pair >> (11 - bit % 8) & 31];
	}
	out[26] = '\0';
}
