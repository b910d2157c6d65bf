/* SPDX-License-Identifier: Apache-2.0 */
/* Random numbers as an interface: the system's for ids, a seeded generator for tests and
 * generated data. */
#ifndef FIRN_BASE_RANDOM_H
#define FIRN_BASE_RANDOM_H

#include "firn/base.h"

typedef struct firn_random {
    void *ctx;
    void (*fill)(void *ctx, void *out, size_t n);
} firn_random;

const firn_random *firn_random_system(void); /* getrandom(2) */

/* Seeded PCG64-like generator in caller's storage; same seed, same numbers on every machine. */
typedef struct firn_prng {
    uint64_t state[2];
} firn_prng;
void firn_prng_init(firn_prng *prng, uint64_t seed);
uint64_t firn_prng_next(firn_prng *prng);
uint64_t firn_prng_below(firn_prng *prng, uint64_t bound); /* [0, bound), bound > 0 */
double firn_prng_double(firn_prng *prng);                  /* [0, 1) */
firn_random firn_random_of_prng(firn_prng *prng);

uint64_t firn_random_u64(const firn_random *random);
/* Positive, never 0: an Iceberg snapshot id. */
int64_t firn_random_snapshot_id(const firn_random *random);
/* Version 4 UUID as 36 characters + NUL. */
void firn_random_uuid(const firn_random *random, char out[37]);

#endif
