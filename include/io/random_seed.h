/* SPDX-License-Identifier: Apache-2.0 */
/* A seed for tables that strangers fill: another in each process, so that nobody can aim at it. */
#ifndef IO_RANDOM_SEED_H
#define IO_RANDOM_SEED_H

#include "base/hash.h"

struct hash_seed random_seed(void);

#endif
