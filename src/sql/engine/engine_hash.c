/* SPDX-License-Identifier: Apache-2.0 */
/* Spark's hash() and xxhash64() of any value: each value is hashed with the hash of those before it
 * as its seed, a null leaves the seed as it is. Murmur3 is the variant of Spark, which takes each
 * byte behind the last whole word for a word of its own (org.apache.spark.unsafe.hash). Not for
 * Iceberg's bucket, which is iceberg/spec/transform.h. */
#include <math.h>
#include <string.h>
#include <xxhash.h>

#include "base/error.h"
#include "base/limits.h"
#include "sql/engine/engine_call.h"

typedef struct hasher {
    uint64_t (*words)(const void *bytes, size_t n, uint64_t seed); /* of 4 or 8 bytes */
    uint64_t (*bytes)(const void *bytes, size_t n, uint64_t seed);
    firn_error *err;
} hasher;

/* ---- Murmur3_x86_32 ---- */

static uint32_t rotate(uint32_t x, int n)
{
    return x << n | x >> (32 - n);
}

static uint32_t mix_word(uint32_t hash, uint32_t word)
{
    hash ^= rotate(word * 0xcc9e2d51U, 15) * 0x1b873593U;
    return rotate(hash, 13) * 5 + 0xe6546b64U;
}

static uint32_t finish_murmur(uint32_t hash, size_t n)
{
    hash ^= (uint32_t)n;
    hash = (hash ^ hash >> 16) * 0x85ebca6bU;
    hash = (hash ^ hash >> 13) * 0xc2b2ae35U;
    return hash ^ hash >> 16;
}

static uint64_t murmur_words(const void *bytes, size_t n, uint64_t seed)
{
    uint32_t hash = (uint32_t)seed;
    for (size_t at = 0; at < n; at += 4) {
        uint32_t word = 0;
        memcpy(&word, (const char *)bytes + at, sizeof word);
        hash = mix_word(hash, word);
    }
    return finish_murmur(hash, n);
}

static uint64_t murmur_bytes(const void *bytes, size_t n, uint64_t seed)
{
    const int8_t *each = bytes;
    uint32_t hash = (uint32_t)seed;
    const size_t whole = n - n % 4;
    for (size_t at = 0; at < whole; at += 4) {
        uint32_t word = 0;
        memcpy(&word, each + at, sizeof word);
        hash = mix_word(hash, word);
    }
    for (size_t at = whole; at < n; at++) hash = mix_word(hash, (uint32_t)(int32_t)each[at]);
    return finish_murmur(hash, n);
}

static uint64_t xx_bytes(const void *bytes, size_t n, uint64_t seed)
{
    return XXH64(bytes, n, seed);
}

/* ---- values ---- */

static uint64_t hash_i32(const hasher *h, int32_t value, uint64_t seed)
{
    return h->words(&value, sizeof value, seed);
}

static uint64_t hash_i64(const hasher *h, int64_t value, uint64_t seed)
{
    return h->words(&value, sizeof value, seed);
}

/* All NaN are the same, and so are the zeros. */
static uint64_t hash_float(const hasher *h, float value, uint64_t seed)
{
    int32_t bits = 0x7fc00000;
    if (!isnan(value)) memcpy(&bits, &value, sizeof bits);
    return hash_i32(h, fpclassify(value) == FP_ZERO ? 0 : bits, seed);
}

static uint64_t hash_double(const hasher *h, double value, uint64_t seed)
{
    int64_t bits = 0x7ff8000000000000;
    if (!isnan(value)) memcpy(&bits, &value, sizeof bits);
    return hash_i64(h, fpclassify(value) == FP_ZERO ? 0 : bits, seed);
}

/* One of more than 18 digits as the fewest bytes of its two's complement, the greatest first. */
static uint64_t hash_decimal(const hasher *h, firn_int128 value, int32_t precision, uint64_t seed)
{
    uint8_t bytes[16];
    size_t first = 0;
    if (precision <= 18) return hash_i64(h, (int64_t)value, seed);
    for (size_t i = 0; i < 16; i++)
        bytes[i] = (uint8_t)((firn_uint128)value >> (8 * (15 - i)) & 0xff);
    const uint8_t sign = value < 0 ? 0xff : 0;
    while (first < 15 && bytes[first] == sign && (bytes[first + 1] & 0x80) == (sign & 0x80))
        first++;
    return h->bytes(bytes + first, 16 - first, seed);
}

static firn_status hash_value(const hasher *h, const firn_column *column, int64_t r, int depth,
                              uint64_t *seed);

static firn_status hash_parts(const hasher *h, const firn_column *column, int64_t r, int depth,
                              uint64_t *seed)
{
    if (column->type->kind == FIRN_TYPE_LIST) {
        const firn_list_entry entry = ((const firn_list_entry *)column->values)[r];
        for (uint64_t i = 0; i < entry.length; i++)
            FIRN_TRY(
                hash_value(h, &column->children[0], (int64_t)(entry.offset + i), depth + 1, seed));
        return FIRN_OK;
    }
    for (size_t i = 0; i < column->n_children; i++)
        FIRN_TRY(hash_value(h, &column->children[i], r, depth + 1, seed));
    return FIRN_OK;
}

static firn_status hash_primitive(const hasher *h, const firn_column *column, int64_t r,
                                  uint64_t *seed)
{
    const firn_value value = firn_column_get(column, r);
    switch ((int)value.kind) {
    case FIRN_TYPE_BOOLEAN: *seed = hash_i32(h, value.as.boolean ? 1 : 0, *seed); break;
    case FIRN_TYPE_INT:
    case FIRN_TYPE_DATE: *seed = hash_i32(h, value.as.i32, *seed); break;
    case FIRN_TYPE_LONG:
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ: *seed = hash_i64(h, value.as.i64, *seed); break;
    case FIRN_TYPE_FLOAT: *seed = hash_float(h, value.as.f32, *seed); break;
    case FIRN_TYPE_DOUBLE: *seed = hash_double(h, value.as.f64, *seed); break;
    case FIRN_TYPE_DECIMAL:
        *seed = hash_decimal(h, value.as.decimal, column->type->precision, *seed);
        break;
    case FIRN_TYPE_STRING:
    case FIRN_TYPE_BINARY: {
        const firn_str text = value.as.bytes;
        *seed = h->bytes(text.len > 0 ? text.data : "", text.len, *seed);
        break;
    }
    default:
        return firn_fail(h->err, FIRN_ERR_UNSUPPORTED, "not supported: the hash of such a value");
    }
    return FIRN_OK;
}

static firn_status hash_value(const hasher *h, const firn_column *column, int64_t r, int depth,
                              uint64_t *seed)
{
    if (depth > FIRN_LIMIT_NESTING)
        return firn_fail(h->err, FIRN_ERR_LIMIT, "a value nested deeper than %d",
                         FIRN_LIMIT_NESTING);
    if (!firn_column_is_valid(column, r)) return FIRN_OK;
    switch ((int)column->type->kind) {
    case FIRN_TYPE_LIST:
    case FIRN_TYPE_STRUCT: return hash_parts(h, column, r, depth, seed);
    case FIRN_TYPE_MAP: return firn_fail(h->err, FIRN_ERR_ARG, "found a map, which has no hash");
    default: return hash_primitive(h, column, r, seed);
    }
}

/* ---- firn_hash(seed, x), firn_hash64(seed, x) ---- */

/* An interval comes as text, which is not what is hashed. */
static firn_status read_value(firn_call *c, bool *is_null, firn_error *err)
{
    DUCKDB_V2_LOGICAL_TYPE_ID id = DUCKDB_V2_LOGICAL_TYPE_ID_INVALID;
    FIRN_TRY(firn_call_type(c, 1, &id, err));
    if (id == DUCKDB_V2_LOGICAL_TYPE_ID_INTERVAL)
        return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: the hash of an interval");
    *is_null = id == DUCKDB_V2_LOGICAL_TYPE_ID_SQLNULL;
    return *is_null ? FIRN_OK : firn_call_argument(c, 1, err);
}

static firn_status hash_rows(firn_call *c, firn_error *err)
{
    static const firn_type k_int = {.kind = FIRN_TYPE_INT};
    const hasher h = {murmur_words, murmur_bytes, err};
    const int32_t *seeds = c->args[0].values;
    bool is_null = false;
    firn_column out;
    FIRN_TRY(read_value(c, &is_null, err));
    FIRN_TRY(firn_call_make(c, &k_int, &out, err));
    for (int64_t r = 0; r < c->n; r++) {
        uint64_t hash = (uint32_t)seeds[r];
        if (!is_null) FIRN_TRY(hash_value(&h, &c->args[1], r, 0, &hash));
        ((int32_t *)out.values)[r] = (int32_t)(uint32_t)hash;
    }
    return firn_call_finish(c, &out, err);
}

static firn_status hash64_rows(firn_call *c, firn_error *err)
{
    static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
    const hasher h = {xx_bytes, xx_bytes, err};
    const int64_t *seeds = c->args[0].values;
    bool is_null = false;
    firn_column out;
    FIRN_TRY(read_value(c, &is_null, err));
    FIRN_TRY(firn_call_make(c, &k_long, &out, err));
    for (int64_t r = 0; r < c->n; r++) {
        uint64_t hash = (uint64_t)seeds[r];
        if (!is_null) FIRN_TRY(hash_value(&h, &c->args[1], r, 0, &hash));
        ((int64_t *)out.values)[r] = (int64_t)hash;
    }
    return firn_call_finish(c, &out, err);
}

const firn_function_def *firn_engine_hash_functions(void)
{
    static const firn_function_def k_functions[] = {
        {"firn_hash", {"INTEGER", "ANY"}, "INTEGER", hash_rows, 1, NULL},
        {"firn_hash64", {"BIGINT", "ANY"}, "BIGINT", hash64_rows, 1, NULL},
        {NULL, {NULL}, NULL, NULL, 0, NULL},
    };
    return k_functions;
}
