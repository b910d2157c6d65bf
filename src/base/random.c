/* SPDX-License-Identifier: Apache-2.0 */
/* The system's random source and a seeded PCG XSL-RR 128/64 generator. Not for keys or secrets:
 * those come from the TLS library. */
#include "base/random.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

__extension__ typedef unsigned __int128 u128;

static u128 make_u128(uint64_t high, uint64_t low)
{
    return ((u128)high << 64) | low;
}

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static uint64_t rotate_right(uint64_t v, unsigned n)
{
    return (v >> n) | (v << ((64 - n) & 63));
}

void firn_prng_init(firn_prng *prng, uint64_t seed)
{
    prng->state[0] = splitmix(&seed);
    prng->state[1] = splitmix(&seed);
    (void)firn_prng_next(prng);
}

uint64_t firn_prng_next(firn_prng *prng)
{
    const u128 multiplier = make_u128(2549297995355413924u, 4865540595714422341u);
    const u128 increment = make_u128(6364136223846793005u, 1442695040888963407u);
    u128 s = make_u128(prng->state[0], prng->state[1]);

    s = s * multiplier + increment;
    prng->state[0] = (uint64_t)(s >> 64);
    prng->state[1] = (uint64_t)s;
    return rotate_right(prng->state[0] ^ prng->state[1], (unsigned)(prng->state[0] >> 58));
}

/* Multiply-shift with rejection of the few values that would make it uneven. */
uint64_t firn_prng_below(firn_prng *prng, uint64_t bound)
{
    u128 product = (u128)firn_prng_next(prng) * bound;

    if ((uint64_t)product < bound) {
        uint64_t threshold = (0 - bound) % bound;
        while ((uint64_t)product < threshold) product = (u128)firn_prng_next(prng) * bound;
    }
    return (uint64_t)(product >> 64);
}

double firn_prng_double(firn_prng *prng)
{
    return (double)(firn_prng_next(prng) >> 11) * 0x1.0p-53;
}

static void prng_fill(void *ctx, void *out, size_t n)
{
    char *at = out;

    while (n) {
        uint64_t v = firn_prng_next(ctx);
        size_t take = n < sizeof v ? n : sizeof v;
        memcpy(at, &v, take);
        at += take;
        n -= take;
    }
}

firn_random firn_random_of_prng(firn_prng *prng)
{
    return (firn_random){prng, prng_fill};
}

/* Only for a kernel or sandbox without getrandom: distinct ids, nothing more. */
static void fill_from_clock(char *out, size_t n)
{
    struct timespec now = {0};
    firn_prng prng;
    uint64_t seed;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    seed = (uint64_t)now.tv_nsec ^ ((uint64_t)now.tv_sec << 30);
    (void)clock_gettime(CLOCK_REALTIME, &now);
    seed ^= ((uint64_t)now.tv_nsec << 20) ^ ((uint64_t)getpid() << 44) ^ (uint64_t)(uintptr_t)&prng;
    firn_prng_init(&prng, seed);
    prng_fill(&prng, out, n);
}

static void system_fill(void *ctx, void *out, size_t n)
{
    char *at = out;

    (void)ctx;
    while (n) {
        ssize_t got = getrandom(at, n, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) {
            fill_from_clock(at, n);
            return;
        }
        at += got;
        n -= (size_t)got;
    }
}

const firn_random *firn_random_system(void)
{
    static const firn_random source = {NULL, system_fill};
    return &source;
}

uint64_t firn_random_u64(const firn_random *random)
{
    uint64_t v = 0;
    random->fill(random->ctx, &v, sizeof v);
    return v;
}

int64_t firn_random_snapshot_id(const firn_random *random)
{
    for (;;) {
        int64_t id = (int64_t)(firn_random_u64(random) >> 1);
        if (id != 0) return id;
    }
}

void firn_random_uuid(const firn_random *random, char out[37])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t bytes[16];
    size_t at = 0;

    random->fill(random->ctx, bytes, sizeof bytes);
    bytes[6] = (uint8_t)((bytes[6] & 0x0f) | 0x40);
    bytes[8] = (uint8_t)((bytes[8] & 0x3f) | 0x80);
    for (size_t i = 0; i < sizeof bytes; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) out[at++] = '-';
        out[at++] = digits[bytes[i] >> 4];
        out[at++] = digits[bytes[i] & 15];
    }
    out[at] = '\0';
}
