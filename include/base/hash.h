/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes: seeded SipHash for tables (a producer cannot aim at it), SHA-256 for names that must last. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/text.h"

struct hash_seed {
	uint64_t k0, k1;
};

/* SipHash-1-3 (Aumasson, Bernstein 2012). Results never decide an order anyone can see. */
uint64_t hash_bytes(const void *bytes, size_t n, struct hash_seed seed);

#define SHA256_BYTES 32
void hash_sha256(struct str text, uint8_t out[SHA256_BYTES]); /* OpenSSL's EVP */
void hash_sha256_hex(struct str text, char out[65]);
/* The first 26 characters of lower-case RFC 4648 base32 of SHA-256(text), terminated. */
void hash_id26(struct str text, char out[27]);

/* A string map to uint32, open addressing, keys borrowed (must outlive the map). {0} is empty;
 * seeds come from map_init. Not for customers (engine/table.h). */
struct map {
	struct map_slot *slots; /* owned */
	size_t count, cap;
	struct hash_seed seed;
};

void map_init(struct map *map, struct hash_seed seed);
void map_finish(struct map *map);
void map_put(struct map *map, struct str key, uint32_t value); /* replaces */
bool map_get(const struct map *map, struct str key, uint32_t *value) MUST_CHECK;

#endif
