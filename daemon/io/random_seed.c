/* SPDX-License-Identifier: Apache-2.0 */
/* Takes seeds from OpenSSL. */
#include "io/random_seed.h"

#include <stdlib.h>

#include <openssl/rand.h>

struct hash_seed
random_seed(void)
{
	struct hash_seed seed;

	if (RAND_bytes((unsigned char *)&seed, sizeof seed) != 1)
		abort(); /* no randomness: no key of TLS would be worth anything either */
	return seed;
}
