/* SPDX-License-Identifier: Apache-2.0 */
/* Both sizes of word share their constants: those of 32 bits are the upper halves of those of 64,
 * but the start of SHA-224, which is the lower halves of that of SHA-384. */
#include "format/sha2.h"

#include <string.h>

static const uint64_t k_rounds[80] = {
    0x428a2f98d728ae22u, 0x7137449123ef65cdu, 0xb5c0fbcfec4d3b2fu, 0xe9b5dba58189dbbcu,
    0x3956c25bf348b538u, 0x59f111f1b605d019u, 0x923f82a4af194f9bu, 0xab1c5ed5da6d8118u,
    0xd807aa98a3030242u, 0x12835b0145706fbeu, 0x243185be4ee4b28cu, 0x550c7dc3d5ffb4e2u,
    0x72be5d74f27b896fu, 0x80deb1fe3b1696b1u, 0x9bdc06a725c71235u, 0xc19bf174cf692694u,
    0xe49b69c19ef14ad2u, 0xefbe4786384f25e3u, 0x0fc19dc68b8cd5b5u, 0x240ca1cc77ac9c65u,
    0x2de92c6f592b0275u, 0x4a7484aa6ea6e483u, 0x5cb0a9dcbd41fbd4u, 0x76f988da831153b5u,
    0x983e5152ee66dfabu, 0xa831c66d2db43210u, 0xb00327c898fb213fu, 0xbf597fc7beef0ee4u,
    0xc6e00bf33da88fc2u, 0xd5a79147930aa725u, 0x06ca6351e003826fu, 0x142929670a0e6e70u,
    0x27b70a8546d22ffcu, 0x2e1b21385c26c926u, 0x4d2c6dfc5ac42aedu, 0x53380d139d95b3dfu,
    0x650a73548baf63deu, 0x766a0abb3c77b2a8u, 0x81c2c92e47edaee6u, 0x92722c851482353bu,
    0xa2bfe8a14cf10364u, 0xa81a664bbc423001u, 0xc24b8b70d0f89791u, 0xc76c51a30654be30u,
    0xd192e819d6ef5218u, 0xd69906245565a910u, 0xf40e35855771202au, 0x106aa07032bbd1b8u,
    0x19a4c116b8d2d0c8u, 0x1e376c085141ab53u, 0x2748774cdf8eeb99u, 0x34b0bcb5e19b48a8u,
    0x391c0cb3c5c95a63u, 0x4ed8aa4ae3418acbu, 0x5b9cca4f7763e373u, 0x682e6ff3d6b2b8a3u,
    0x748f82ee5defb2fcu, 0x78a5636f43172f60u, 0x84c87814a1f0ab72u, 0x8cc702081a6439ecu,
    0x90befffa23631e28u, 0xa4506cebde82bde9u, 0xbef9a3f7b2c67915u, 0xc67178f2e372532bu,
    0xca273eceea26619cu, 0xd186b8c721c0c207u, 0xeada7dd6cde0eb1eu, 0xf57d4f7fee6ed178u,
    0x06f067aa72176fbau, 0x0a637dc5a2c898a6u, 0x113f9804bef90daeu, 0x1b710b35131c471bu,
    0x28db77f523047d84u, 0x32caab7b40c72493u, 0x3c9ebe0a15c9bebcu, 0x431d67c49c100d4cu,
    0x4cc5d4becb3e42b6u, 0x597f299cfc657e2au, 0x5fcb6fab3ad6faecu, 0x6c44198c4a475817u,
};
/* Of SHA-512, then of SHA-384. */
static const uint64_t k_start[16] = {
    0x6a09e667f3bcc908u, 0xbb67ae8584caa73bu, 0x3c6ef372fe94f82bu, 0xa54ff53a5f1d36f1u,
    0x510e527fade682d1u, 0x9b05688c2b3e6c1fu, 0x1f83d9abfb41bd6bu, 0x5be0cd19137e2179u,
    0xcbbb9d5dc1059ed8u, 0x629a292a367cd507u, 0x9159015a3070dd17u, 0x152fecd8f70e5939u,
    0x67332667ffc00b31u, 0x8eb44a8768581511u, 0xdb0c2e0d64f98fa7u, 0x47b5481dbefa4fa4u,
};

/* ---- words of 64 bits: blocks of 128 bytes, 80 rounds ---- */

static uint64_t turn64(uint64_t x, int n)
{
    return x >> n | x << (64 - n);
}

static void block64(uint64_t state[8], const uint8_t *bytes)
{
    uint64_t w[80];
    uint64_t s[8];
    memcpy(s, state, sizeof s);
    for (size_t i = 0; i < 80; i++) {
        if (i < 16) {
            w[i] = 0;
            for (size_t k = 0; k < 8; k++) w[i] = w[i] << 8 | bytes[8 * i + k];
        } else {
            const uint64_t a = w[i - 15];
            const uint64_t b = w[i - 2];
            w[i] = w[i - 16] + (turn64(a, 1) ^ turn64(a, 8) ^ a >> 7) + w[i - 7] +
                   (turn64(b, 19) ^ turn64(b, 61) ^ b >> 6);
        }
        const uint64_t one = s[7] + (turn64(s[4], 14) ^ turn64(s[4], 18) ^ turn64(s[4], 41)) +
                             ((s[4] & s[5]) ^ (~s[4] & s[6])) + k_rounds[i] + w[i];
        const uint64_t two = (turn64(s[0], 28) ^ turn64(s[0], 34) ^ turn64(s[0], 39)) +
                             ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += one;
        s[0] = one + two;
    }
    for (size_t i = 0; i < 8; i++) state[i] += s[i];
}

/* ---- words of 32 bits: blocks of 64 bytes, 64 rounds ---- */

static uint32_t turn32(uint32_t x, int n)
{
    return x >> n | x << (32 - n);
}

static void block32(uint32_t state[8], const uint8_t *bytes)
{
    uint32_t w[64];
    uint32_t s[8];
    memcpy(s, state, sizeof s);
    for (size_t i = 0; i < 64; i++) {
        if (i < 16) {
            w[i] = 0;
            for (size_t k = 0; k < 4; k++) w[i] = w[i] << 8 | bytes[4 * i + k];
        } else {
            const uint32_t a = w[i - 15];
            const uint32_t b = w[i - 2];
            w[i] = w[i - 16] + (turn32(a, 7) ^ turn32(a, 18) ^ a >> 3) + w[i - 7] +
                   (turn32(b, 17) ^ turn32(b, 19) ^ b >> 10);
        }
        const uint32_t one = s[7] + (turn32(s[4], 6) ^ turn32(s[4], 11) ^ turn32(s[4], 25)) +
                             ((s[4] & s[5]) ^ (~s[4] & s[6])) + (uint32_t)(k_rounds[i] >> 32) +
                             w[i];
        const uint32_t two = (turn32(s[0], 2) ^ turn32(s[0], 13) ^ turn32(s[0], 22)) +
                             ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += one;
        s[0] = one + two;
    }
    for (size_t i = 0; i < 8; i++) state[i] += s[i];
}

/* ---- whole messages ---- */

typedef struct sha2_state {
    bool is_wide;
    uint64_t wide[8];
    uint32_t narrow[8];
} sha2_state;

static void add_block(sha2_state *state, const uint8_t *bytes)
{
    if (state->is_wide)
        block64(state->wide, bytes);
    else
        block32(state->narrow, bytes);
}

/* What is left of the message, a one, zeros, and the number of bits in 8 or 16 bytes. */
static void add_end(sha2_state *state, firn_str rest, uint64_t n_bytes)
{
    uint8_t tail[256] = {0};
    const size_t block = state->is_wide ? 128 : 64;
    const size_t n = rest.len + 1 + block / 8 <= block ? block : 2 * block;
    if (rest.len > 0) memcpy(tail, rest.data, rest.len);
    tail[rest.len] = 0x80;
    for (size_t i = 0; i < 8; i++) tail[n - 1 - i] = (uint8_t)(n_bytes * 8 >> 8 * i);
    tail[n - 9] |= (uint8_t)(n_bytes >> 61 & (state->is_wide ? 7 : 0));
    for (size_t at = 0; at < n; at += block) add_block(state, tail + at);
}

bool firn_sha2(firn_str data, int bits, uint8_t out[FIRN_SHA2_MAX_BYTES])
{
    if (bits != 224 && bits != 256 && bits != 384 && bits != 512) return false;
    sha2_state state = {.is_wide = bits > 256};
    const size_t block = state.is_wide ? 128 : 64;
    const size_t whole = data.len / block * block;
    for (size_t i = 0; i < 8; i++) {
        state.wide[i] = k_start[bits == 384 ? 8 + i : i];
        state.narrow[i] = bits == 224 ? (uint32_t)k_start[8 + i] : (uint32_t)(k_start[i] >> 32);
    }
    for (size_t at = 0; at < whole; at += block) {
        add_block(&state, (const uint8_t *)data.data + at);
    }
    add_end(&state, (firn_str){data.data + whole, data.len - whole}, data.len);
    const size_t width = state.is_wide ? 8 : 4;
    for (size_t i = 0; i < (size_t)bits / 8; i++) {
        const uint64_t word = state.is_wide ? state.wide[i / width] : state.narrow[i / width];
        out[i] = (uint8_t)(word >> 8 * (width - 1 - i % width));
    }
    return true;
}
