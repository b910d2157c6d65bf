/* SPDX-License-Identifier: Apache-2.0 */
/* Theta sketches: the smallest hashes of the values seen, in an open hash table. A hash from theta
 * on is not kept; when the table is full, theta becomes the 4,097th smallest hash, as in the
 * quick-select sketches of DataSketches, so that equal input gives equal bytes.
 *
 *   preamble longs u8 | serial version 3 | family 3 (compact) | 0 | 0 | flags u8 | seed hash u16
 *   entries u32 | 0 u32                         two or three preamble longs
 *   theta u64                                   three
 *   hashes u64, rising
 * One preamble long: an empty sketch, or one hash and nothing else. */
#include "format/puffin/theta_sketch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/cursor.h"
#include "base/error.h"
#include "base/limits.h"
#include "format/puffin/murmur3_128.h"

#define NOMINAL      4096u
#define MAX_ENTRIES  7680u /* 15/16 of twice the nominal entries */
#define FIRST_SLOTS  32u
#define MAX_THETA    ((uint64_t)INT64_MAX)
#define SEED         9001u
#define SEED_HASH    0x93ccu /* of SEED */
#define VERSION      3u
#define FAMILY       3u
#define LONG_SIZE    8u
#define FLAG_BIG     1u
#define FLAG_RDONLY  2u
#define FLAG_EMPTY   4u
#define FLAG_COMPACT 8u
#define FLAG_ORDERED 16u

struct firn_theta_sketch {
    const firn_allocator *alloc;
    uint64_t *slots; /* 0: free */
    size_t n_slots;  /* a power of two */
    size_t n;
    uint64_t theta;
    bool is_empty; /* no value seen, not even one that was not kept */
};

firn_status firn_theta_sketch_create(const firn_allocator *alloc, firn_theta_sketch **out,
                                     firn_error *err)
{
    *out = firn_mem_alloc_zero(alloc, sizeof **out);
    if (!*out) return firn_fail_nomem(err);
    **out = (firn_theta_sketch){.alloc = alloc, .theta = MAX_THETA, .is_empty = true};
    return FIRN_OK;
}

void firn_theta_sketch_destroy(firn_theta_sketch *sketch)
{
    if (!sketch) return;
    firn_mem_free(sketch->alloc, sketch->slots);
    firn_mem_free(sketch->alloc, sketch);
}

/* ---- the table ---- */

/* Where a hash is or would be; there is always a free slot. */
static size_t find_slot(const uint64_t *slots, size_t n_slots, uint64_t hash)
{
    size_t i = (size_t)(hash * 0x9e3779b97f4a7c15u >> 32) & (n_slots - 1);
    while (slots[i] != 0 && slots[i] != hash) i = (i + 1) & (n_slots - 1);
    return i;
}

/* Moves the hashes below theta into a table of n_slots. */
static firn_status rehash(firn_theta_sketch *sketch, size_t n_slots, firn_error *err)
{
    size_t n = 0;
    uint64_t *slots = firn_mem_alloc_zero(sketch->alloc, n_slots * sizeof *slots);
    if (!slots) return firn_fail_nomem(err);
    for (size_t i = 0; i < sketch->n_slots; i++) {
        const uint64_t hash = sketch->slots[i];
        if (hash == 0 || hash >= sketch->theta) continue;
        slots[find_slot(slots, n_slots, hash)] = hash;
        n++;
    }
    firn_mem_free(sketch->alloc, sketch->slots);
    sketch->slots = slots;
    sketch->n_slots = n_slots;
    sketch->n = n;
    return FIRN_OK;
}

static int compare_hashes(const void *a, const void *b)
{
    uint64_t x;
    uint64_t y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

/* The hashes in rising order; the caller frees them. */
static firn_status sorted_hashes(const firn_theta_sketch *sketch, uint64_t **out, firn_error *err)
{
    size_t n = 0;
    uint64_t *hashes = firn_mem_array(sketch->alloc, sketch->n + 1, sizeof *hashes);
    if (!hashes) return firn_fail_nomem(err);
    for (size_t i = 0; i < sketch->n_slots; i++)
        if (sketch->slots[i] != 0) hashes[n++] = sketch->slots[i];
    qsort(hashes, n, sizeof *hashes, compare_hashes);
    *out = hashes;
    return FIRN_OK;
}

/* Keeps the 4,096 smallest. */
static firn_status shrink(firn_theta_sketch *sketch, firn_error *err)
{
    uint64_t *hashes = NULL;
    const uint64_t before = sketch->theta;
    FIRN_TRY(sorted_hashes(sketch, &hashes, err));
    sketch->theta = hashes[NOMINAL];
    firn_mem_free(sketch->alloc, hashes);
    const firn_status st = rehash(sketch, sketch->n_slots, err);
    if (st != FIRN_OK) sketch->theta = before;
    return st;
}

static firn_status insert(firn_theta_sketch *sketch, uint64_t hash, firn_error *err)
{
    if (hash == 0 || hash >= sketch->theta) return FIRN_OK;
    if (sketch->n * 2 >= sketch->n_slots)
        FIRN_TRY(rehash(sketch, sketch->n_slots == 0 ? FIRST_SLOTS : sketch->n_slots * 2, err));
    const size_t i = find_slot(sketch->slots, sketch->n_slots, hash);
    if (sketch->slots[i] == hash) return FIRN_OK;
    sketch->slots[i] = hash;
    sketch->n++;
    return FIRN_OK;
}

static firn_status insert_and_shrink(firn_theta_sketch *sketch, uint64_t hash, firn_error *err)
{
    FIRN_TRY(insert(sketch, hash, err));
    return sketch->n > MAX_ENTRIES ? shrink(sketch, err) : FIRN_OK;
}

/* ---- values ---- */

firn_status firn_theta_sketch_add(firn_theta_sketch *sketch, firn_str value, firn_error *err)
{
    uint64_t hash[2];
    if (value.len == 0) return FIRN_OK;
    firn_murmur3_x64_128(value.data, value.len, SEED, hash);
    sketch->is_empty = false;
    return insert_and_shrink(sketch, hash[0] >> 1, err);
}

firn_status firn_theta_sketch_union(firn_theta_sketch *sketch, const firn_theta_sketch *other,
                                    firn_error *err)
{
    if (other->is_empty) return FIRN_OK;
    if (other->theta < sketch->theta) {
        const uint64_t before = sketch->theta;
        sketch->theta = other->theta;
        const firn_status st = sketch->n_slots > 0 ? rehash(sketch, sketch->n_slots, err) : FIRN_OK;
        if (st != FIRN_OK) sketch->theta = before;
        if (st != FIRN_OK) return st;
    }
    sketch->is_empty = false;
    for (size_t i = 0; i < other->n_slots; i++)
        FIRN_TRY(insert_and_shrink(sketch, other->slots[i], err));
    return FIRN_OK;
}

double firn_theta_sketch_estimate(const firn_theta_sketch *sketch)
{
    return (double)sketch->n / ((double)sketch->theta / (double)MAX_THETA);
}

/* ---- bytes ---- */

firn_status firn_theta_sketch_encode(const firn_theta_sketch *sketch, firn_buf *out,
                                     firn_error *err)
{
    uint64_t *hashes = NULL;
    const bool is_estimate = !sketch->is_empty && sketch->theta < MAX_THETA;
    const bool is_short = !is_estimate && sketch->n <= 1;
    const uint8_t flags = FLAG_RDONLY | FLAG_COMPACT | FLAG_ORDERED;
    FIRN_TRY(sorted_hashes(sketch, &hashes, err));
    firn_buf_byte(out, is_estimate ? 3 : is_short ? 1 : 2);
    firn_buf_byte(out, VERSION);
    firn_buf_byte(out, FAMILY);
    firn_buf_u16le(out, 0);
    firn_buf_byte(out, sketch->is_empty ? flags | FLAG_EMPTY : flags);
    firn_buf_u16le(out, SEED_HASH);
    if (!is_short) firn_buf_u64le(out, sketch->n);
    if (is_estimate) firn_buf_u64le(out, sketch->theta);
    firn_buf_append(out, hashes, sketch->n * sizeof *hashes);
    firn_mem_free(sketch->alloc, hashes);
    return firn_buf_check(out, err);
}

typedef struct preamble {
    uint8_t longs, flags;
    uint32_t n;
    uint64_t theta;
} preamble;

/* The first long: what kind of sketch it is. */
static firn_status read_kind(firn_cursor *in, preamble *out, firn_error *err)
{
    firn_str b;
    FIRN_TRY(firn_cursor_take(in, LONG_SIZE, &b, err));
    out->longs = (uint8_t)b.data[0] & 0x3f; /* the upper bits are of no use here */
    out->flags = (uint8_t)b.data[5];
    const uint8_t version = (uint8_t)b.data[1];
    const uint8_t family = (uint8_t)b.data[2];
    const uint16_t seed_hash = firn_load_u16le(b.data + 6);
    if (family != FAMILY)
        return firn_fail_at(err, 2, "theta sketch: family %u, expected %u", family, FAMILY);
    if (version != VERSION)
        return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                         "not supported: theta sketch of serial version %u", version);
    if ((out->flags & FLAG_BIG) != 0)
        return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: big-endian theta sketch");
    if (out->longs < 1 || out->longs > 3)
        return firn_fail_at(err, 0, "theta sketch: %u preamble longs, expected 1 to 3", out->longs);
    if ((out->flags & FLAG_EMPTY) == 0 && seed_hash != SEED_HASH)
        return firn_fail_at(err, 6, "theta sketch: seed hash %u, expected %u", seed_hash,
                            SEED_HASH);
    return FIRN_OK;
}

static firn_status read_preamble(firn_cursor *in, preamble *out, firn_error *err)
{
    uint32_t p = 0; /* sampling probability: of no use here */
    *out = (preamble){.theta = MAX_THETA};
    FIRN_TRY(read_kind(in, out, err));
    const bool is_empty = (out->flags & FLAG_EMPTY) != 0;
    if (out->longs == 1) out->n = is_empty ? 0 : 1;
    if (out->longs >= 2) {
        FIRN_TRY(firn_cursor_u32le(in, &out->n, err));
        FIRN_TRY(firn_cursor_u32le(in, &p, err));
    }
    if (out->n > FIRN_LIMIT_THETA_ENTRIES)
        return firn_fail(err, FIRN_ERR_LIMIT, "theta sketch of %" PRIu32 " entries, limit %d",
                         out->n, FIRN_LIMIT_THETA_ENTRIES);
    if (out->longs == 3) FIRN_TRY(firn_cursor_u64le(in, &out->theta, err));
    if (out->theta == 0 || out->theta > MAX_THETA)
        return firn_fail_at(err, 16, "theta sketch: theta %" PRIu64 ", expected 1 to %" PRIu64,
                            out->theta, MAX_THETA);
    if (is_empty && out->n > 0)
        return firn_fail_at(err, 8, "theta sketch: %" PRIu32 " entries in an empty one", out->n);
    if (firn_cursor_left(in) != (uint64_t)out->n * LONG_SIZE)
        return firn_fail_at(err, firn_cursor_pos(in),
                            "theta sketch: %zu bytes for %" PRIu32 " entries", firn_cursor_left(in),
                            out->n);
    return FIRN_OK;
}

static firn_status read_hashes(firn_cursor *in, const preamble *head, firn_theta_sketch *sketch,
                               firn_error *err)
{
    uint64_t previous = 0;
    sketch->theta = head->theta;
    sketch->is_empty = (head->flags & FLAG_EMPTY) != 0;
    for (uint32_t i = 0; i < head->n; i++) {
        const uint64_t position = firn_cursor_pos(in);
        uint64_t hash = 0;
        FIRN_TRY(firn_cursor_u64le(in, &hash, err));
        if (hash == 0 || hash >= head->theta)
            return firn_fail_at(err, position, "theta sketch: hash %" PRIu64 ", theta %" PRIu64,
                                hash, head->theta);
        if ((head->flags & FLAG_ORDERED) != 0 && hash <= previous)
            return firn_fail_at(err, position, "theta sketch: hash %" PRIu64 " behind %" PRIu64,
                                hash, previous);
        FIRN_TRY(insert(sketch, hash, err));
        if (sketch->n != i + 1)
            return firn_fail_at(err, position, "theta sketch: hash %" PRIu64 " twice", hash);
        previous = hash;
    }
    return FIRN_OK;
}

firn_status firn_theta_sketch_decode(firn_str bytes, const firn_allocator *alloc,
                                     firn_theta_sketch **out, firn_error *err)
{
    preamble head;
    firn_cursor in = firn_cursor_of(bytes, 0);
    *out = NULL;
    FIRN_TRY(read_preamble(&in, &head, err));
    FIRN_TRY(firn_theta_sketch_create(alloc, out, err));
    const firn_status st = read_hashes(&in, &head, *out, err);
    if (st == FIRN_OK) return FIRN_OK;
    firn_theta_sketch_destroy(*out);
    *out = NULL;
    return st;
}
