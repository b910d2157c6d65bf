/* SPDX-License-Identifier: Apache-2.0 */
/* Bloom filters and dictionary pages as answers to "is any of these values there?". */
#include "format/parquet/read/parquet_probe.h"

#include <string.h>

#include "base/error.h"
#include "format/parquet/layout/parquet_bloom.h"
#include "format/parquet/read/parquet_leaf_read.h"

#define HEADER_BYTES     64 /* of a bloom filter; today's are 15 to 19 */
#define DICTIONARY_BYTES ((int64_t)256 << 10)
#define MAX_FIXED        32

bool firn_pq_is_damage(firn_status st)
{
    return st == FIRN_ERR_CORRUPT || st == FIRN_ERR_UNSUPPORTED || st == FIRN_ERR_LIMIT;
}

/* ---- bloom filter ---- */

/* A value as the file stores it. */
typedef enum stored_kind {
    STORED_UNKNOWN = 0, /* may be stored in more than one way */
    STORED_NEVER,       /* the file's type cannot hold it */
    STORED_BYTES,
} stored_kind;

typedef struct stored_value {
    uint8_t fixed[MAX_FIXED];
    firn_str bytes;
} stored_value;

static stored_kind store_int(int64_t v, size_t width, stored_value *out)
{
    memcpy(out->fixed, &v, width);
    out->bytes = (firn_str){(const char *)out->fixed, width};
    return STORED_BYTES;
}

/* Big-endian, sign extended to the width of the file. */
static stored_kind store_decimal(firn_int128 v, size_t width, stored_value *out)
{
    if (width == 0 || width > MAX_FIXED) return STORED_UNKNOWN;
    for (size_t i = width; i-- > 0; v >>= 8) out->fixed[i] = (uint8_t)v;
    if (v != ((out->fixed[0] & 0x80) ? -1 : 0)) return STORED_NEVER;
    out->bytes = (firn_str){(const char *)out->fixed, width};
    return STORED_BYTES;
}

static int64_t int_of(const firn_value *v)
{
    if (v->kind == FIRN_TYPE_DECIMAL) return (int64_t)v->as.decimal;
    return v->kind == FIRN_TYPE_INT || v->kind == FIRN_TYPE_DATE ? v->as.i32 : v->as.i64;
}

static stored_kind store(const firn_pq_conv *conv, const firn_value *v, stored_value *out)
{
    const bool is_float = v->kind == FIRN_TYPE_FLOAT || v->kind == FIRN_TYPE_DOUBLE;
    if (is_float) return STORED_UNKNOWN; /* two zeros, many NaN */
    switch (conv->kind) {
    case FIRN_PQ_CONV_VIEW: out->bytes = v->as.bytes; return STORED_BYTES;
    case FIRN_PQ_CONV_COPY:
        if (conv->raw_width != 4 && conv->raw_width != 8) return STORED_UNKNOWN;
        return store_int(int_of(v), conv->raw_width, out);
    case FIRN_PQ_CONV_I32_I64:
        if (int_of(v) < INT32_MIN || int_of(v) > INT32_MAX) return STORED_NEVER;
        return store_int(int_of(v), 4, out);
    case FIRN_PQ_CONV_U32_I64:
        if (int_of(v) < 0 || int_of(v) > UINT32_MAX) return STORED_NEVER;
        return store_int(int_of(v), 4, out);
    case FIRN_PQ_CONV_DECIMAL: return store_decimal(v->as.decimal, conv->raw_width, out);
    default: return STORED_UNKNOWN;
    }
}

static firn_status read_bits(const firn_parquet_file *file, const firn_pq_part *part,
                             firn_arena *arena, firn_str *bits, firn_error *err)
{
    const int64_t left = file->data_end - part->offset;
    int64_t n = part->n_bytes > 0 ? part->n_bytes : HEADER_BYTES;
    size_t header = 0, size = 0;
    firn_str bytes = {NULL, 0};
    if (part->offset < 0 || left <= 0)
        return firn_fail(err, FIRN_ERR_CORRUPT, "bloom filter behind the data");
    if (n > left) n = left;
    FIRN_TRY(firn_pq_file_bytes(file, part->offset, (size_t)n, arena, &bytes, err));
    FIRN_TRY(firn_bloom_header(bytes, (uint64_t)part->offset, &header, &size, err));
    if (header > bytes.len || size > (size_t)left - header)
        return firn_fail(err, FIRN_ERR_CORRUPT, "bloom filter of %zu bytes, %lld left", size,
                         (long long)left);
    if (size > bytes.len - header) {
        FIRN_TRY(firn_pq_file_bytes(file, part->offset + (int64_t)header, size, arena, bits, err));
        return FIRN_OK;
    }
    *bits = (firn_str){bytes.data + header, size};
    return FIRN_OK;
}

/* False as soon as one value cannot be judged. */
static bool excludes_all(const firn_filter *test, const firn_pq_conv *conv, firn_str bits)
{
    for (size_t i = 0; i < test->n_values; i++) {
        stored_value stored;
        const stored_kind kind = store(conv, &test->values[i], &stored);
        if (kind == STORED_NEVER) continue;
        if (kind == STORED_UNKNOWN ||
            firn_bloom_may_have((const uint8_t *)bits.data, bits.len,
                                firn_bloom_hash(stored.bytes.data, stored.bytes.len)))
            return false;
    }
    return true;
}

static const firn_pq_chunk *chunk_of(const firn_pq_probe *probe)
{
    return &probe->file->row_groups[probe->row_group].chunks[probe->leaf->first_leaf];
}

firn_status firn_pq_probe_bloom(const firn_pq_probe *probe, const firn_filter *test,
                                firn_arena *arena, bool *may_pass, firn_error *err)
{
    const firn_pq_part *part = &chunk_of(probe)->bloom;
    firn_str bits = {NULL, 0};
    stored_value stored;
    *may_pass = true;
    if (test->op != FIRN_FILTER_IN || test->n_values == 0 || part->offset < 0 ||
        store(probe->conv, &test->values[0], &stored) == STORED_UNKNOWN)
        return FIRN_OK;
    const firn_status st = read_bits(probe->file, part, arena, &bits, err);
    if (firn_pq_is_damage(st)) return FIRN_OK;
    FIRN_TRY(st);
    *may_pass = !excludes_all(test, probe->conv, bits);
    return FIRN_OK;
}

/* ---- dictionary ---- */

static const firn_column *only_column(void *ctx, const firn_filter *test)
{
    (void)test;
    return ctx;
}

static bool any_passes(const firn_filter *test, const firn_pq_dictionary *dictionary)
{
    const size_t width = firn_column_width(test->column->type);
    uint64_t mask[FIRN_BATCH_ROWS / 64];
    for (size_t at = 0; at < dictionary->n; at += FIRN_BATCH_ROWS) {
        const size_t left = dictionary->n - at;
        const size_t n = left < FIRN_BATCH_ROWS ? left : FIRN_BATCH_ROWS;
        firn_column column = {.type = test->column->type,
                              .values = (char *)dictionary->values + at * width,
                              .n_values = (int64_t)n,
                              .capacity = (int64_t)n};
        firn_filter_rows(test, only_column, &column, n, mask);
        for (size_t i = 0; i < (n + 63) / 64; i++)
            if (mask[i] != 0) return true;
    }
    return false;
}

static firn_status load_dictionary(firn_pq_leaf *leaf, size_t row_group, firn_error *err)
{
    firn_pq_page page;
    FIRN_TRY(firn_pq_leaf_start(leaf, row_group, err));
    const firn_status st = firn_pq_pages_next(&leaf->pages, &page, err);
    if (st == FIRN_DONE) return FIRN_OK;
    FIRN_TRY(st);
    if (page.type != FIRN_PQ_DICTIONARY_PAGE)
        return firn_fail(err, FIRN_ERR_CORRUPT, "the first page is no dictionary");
    return firn_pq_dictionary_load(&leaf->values, &page, &leaf->pages, err);
}

firn_status firn_pq_probe_dictionary(const firn_pq_probe *probe, const firn_filter *test,
                                     bool *may_pass, firn_error *err)
{
    const firn_pq_chunk *chunk = chunk_of(probe);
    const int64_t size = chunk->data_offset - chunk->dictionary_offset;
    const bool is_about_values = test->op == FIRN_FILTER_RANGE || test->op == FIRN_FILTER_IN ||
                                 test->op == FIRN_FILTER_NOT_IN || test->op == FIRN_FILTER_KEYS ||
                                 test->op == FIRN_FILTER_TEXT;
    firn_parquet_memory *memory = NULL;
    firn_pq_leaf read;
    *may_pass = true;
    if (!is_about_values || !chunk->has_only_indices || chunk->dictionary_offset <= 0 ||
        size <= 0 || size > DICTIONARY_BYTES)
        return FIRN_OK;
    FIRN_TRY(firn_parquet_memory_create(&memory, err));
    firn_pq_leaf_init(&read, probe->file, probe->leaf, probe->conv, memory, (size_t)size);
    const firn_status st = load_dictionary(&read, probe->row_group, err);
    if (st == FIRN_OK && read.dictionary.is_present) *may_pass = any_passes(test, &read.dictionary);
    firn_pq_leaf_dispose(&read);
    firn_parquet_memory_destroy(memory);
    return firn_pq_is_damage(st) ? FIRN_OK : st;
}
