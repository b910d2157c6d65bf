/* SPDX-License-Identifier: Apache-2.0 */
/* Canonical rows and their MD5. */
#include "parquet_canon.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/cursor.h"
#include "base/error.h"
#include "format/parquet_meta.h"

/* ---- MD5 (RFC 1321), one shot ---- */

static const uint8_t k_md5_shift[] = {7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21};

static void md5_block(uint32_t state[4], const uint8_t *block)
{
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    for (uint32_t i = 0; i < 64; i++) {
        const uint32_t round = i / 16;
        const uint32_t mix[] = {(b & c) | (~b & d), (d & b) | (~d & c), b ^ c ^ d, c ^ (b | ~d)};
        const uint32_t word[] = {i, 5 * i + 1, 3 * i + 5, 7 * i};
        const uint32_t k = (uint32_t)(int64_t)(fabs(sin((double)(i + 1))) * 4294967296.0);
        const uint32_t sum = a + mix[round] + k + firn_load_u32le(block + (word[round] % 16) * 4);
        const unsigned s = k_md5_shift[round * 4 + i % 4];
        a = d;
        d = c;
        c = b;
        b += sum << s | sum >> (32 - s);
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
}

void canon_md5(firn_str bytes, char out[33])
{
    static const char k_hex[] = "0123456789abcdef";
    uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    uint8_t tail[128] = {0};
    size_t at = 0;
    for (; bytes.len - at >= 64; at += 64) md5_block(state, (const uint8_t *)bytes.data + at);
    const size_t left = bytes.len - at, size = left < 56 ? 64 : 128;
    const uint64_t bits = (uint64_t)bytes.len * 8;
    if (left > 0) memcpy(tail, bytes.data + at, left);
    tail[left] = 0x80;
    memcpy(tail + size - 8, &bits, sizeof bits);
    for (size_t i = 0; i < size; i += 64) md5_block(state, tail + i);
    for (size_t i = 0; i < 16; i++) {
        const unsigned byte = state[i / 4] >> (8 * (i % 4)) & 0xff;
        out[i * 2] = k_hex[byte >> 4];
        out[i * 2 + 1] = k_hex[byte & 15];
    }
    out[32] = 0;
}

/* ---- values ---- */

static void put_real(firn_buf *out, double v, int digits)
{
    if (isnan(v))
        firn_buf_cstr(out, "NaN");
    else if (isinf(v))
        firn_buf_cstr(out, v > 0 ? "Infinity" : "-Infinity");
    else
        firn_buf_printf(out, "%.*g", digits, v);
}

static void put_decimal(firn_buf *out, firn_int128 v, int32_t scale, bool is_quoted)
{
    char digits[48];
    size_t n = 0;
    const bool is_negative = v < 0;
    while (v != 0 || n <= (size_t)scale) {
        const int digit = (int)(v % 10);
        digits[n++] = (char)('0' + (digit < 0 ? -digit : digit));
        v /= 10;
    }
    if (is_quoted) firn_buf_byte(out, '"');
    if (is_negative) firn_buf_byte(out, '-');
    while (n > 0) {
        if (n == (size_t)scale) firn_buf_byte(out, '.');
        firn_buf_byte(out, (uint8_t)digits[--n]);
    }
    if (is_quoted) firn_buf_byte(out, '"');
}

static void put_text(firn_buf *out, firn_str s)
{
    firn_buf_byte(out, '"');
    for (size_t i = 0; i < s.len; i++) {
        const uint8_t c = (uint8_t)s.data[i];
        if (c < 0x20) {
            firn_buf_printf(out, "\\u%04x", c);
            continue;
        }
        if (c == '"' || c == '\\') firn_buf_byte(out, '\\');
        firn_buf_byte(out, c);
    }
    firn_buf_byte(out, '"');
}

static void put_hex(firn_buf *out, firn_str s)
{
    firn_buf_byte(out, '"');
    for (size_t i = 0; i < s.len; i++) firn_buf_printf(out, "%02x", (uint8_t)s.data[i]);
    firn_buf_byte(out, '"');
}

static void put_int(firn_buf *out, const firn_pq_element *e, int64_t v)
{
    const bool is_clock = e->logical == FIRN_PQ_TIME || e->logical == FIRN_PQ_TIMESTAMP;
    if (is_clock && e->unit == FIRN_PQ_MILLIS) v /= 1000;
    if (e->logical == FIRN_PQ_TIME && e->unit == FIRN_PQ_NANOS) v *= 1000;
    firn_buf_printf(out, "%" PRId64, v);
}

static void put_leaf(firn_buf *out, const firn_pq_element *e, const firn_value *v)
{
    switch (v->kind) {
    case FIRN_TYPE_BOOLEAN: firn_buf_cstr(out, v->as.boolean ? "true" : "false"); break;
    case FIRN_TYPE_INT:
    case FIRN_TYPE_DATE: firn_buf_printf(out, "%" PRId32, v->as.i32); break;
    case FIRN_TYPE_FLOAT: put_real(out, (double)v->as.f32, 9); break;
    case FIRN_TYPE_DOUBLE: put_real(out, v->as.f64, 17); break;
    case FIRN_TYPE_DECIMAL:
        put_decimal(out, v->as.decimal, v->scale, e->logical == FIRN_PQ_DECIMAL);
        break;
    case FIRN_TYPE_STRING: put_text(out, v->as.bytes); break;
    case FIRN_TYPE_UUID:
    case FIRN_TYPE_FIXED:
    case FIRN_TYPE_GEOMETRY:
    case FIRN_TYPE_GEOGRAPHY:
    case FIRN_TYPE_BINARY: put_hex(out, v->as.bytes); break;
    default: put_int(out, e, v->as.i64); break;
    }
}

static void put_value(firn_buf *out, const firn_pq_node *node, const firn_column *column,
                      int64_t row);

static void put_list(firn_buf *out, const firn_pq_node *node, const firn_column *column,
                     int64_t row)
{
    const firn_list_entry entry = ((const firn_list_entry *)column->values)[row];
    const bool is_map = column->n_children == 2;
    firn_buf_byte(out, '[');
    for (uint64_t i = 0; i < entry.length; i++) {
        const int64_t at = (int64_t)(entry.offset + i);
        if (i > 0) firn_buf_byte(out, ',');
        if (is_map) firn_buf_byte(out, '[');
        put_value(out, &node->children[0], &column->children[0], at);
        if (is_map) {
            firn_buf_byte(out, ',');
            put_value(out, &node->children[1], &column->children[1], at);
            firn_buf_byte(out, ']');
        }
    }
    firn_buf_byte(out, ']');
}

static void put_value(firn_buf *out, const firn_pq_node *node, const firn_column *column,
                      int64_t row)
{
    const firn_value v = firn_column_get(column, row);
    if (v.is_null) {
        firn_buf_cstr(out, "null");
    } else if (v.kind == FIRN_TYPE_LIST || v.kind == FIRN_TYPE_MAP) {
        put_list(out, node, column, row);
    } else if (v.kind == FIRN_TYPE_STRUCT) {
        for (size_t i = 0; i < node->n_children; i++) {
            firn_buf_byte(out, i == 0 ? '{' : ',');
            put_text(out, node->children[i].name);
            firn_buf_byte(out, ':');
            put_value(out, &node->children[i], &column->children[i], row);
        }
        firn_buf_byte(out, '}');
    } else {
        put_leaf(out, node->element, &v);
    }
}

/* ---- files ---- */

static firn_status read_at(void *ctx, int64_t offset, void *out, size_t n, firn_error *err)
{
    const firn_str *bytes = ctx;
    if (offset < 0 || (uint64_t)offset > bytes->len || n > bytes->len - (size_t)offset)
        return firn_fail(err, FIRN_ERR_IO, "read of %zu bytes at %lld of %zu", n, (long long)offset,
                         bytes->len);
    memcpy(out, bytes->data + offset, n);
    return FIRN_OK;
}

firn_byte_source canon_source(firn_str *bytes)
{
    return (firn_byte_source){bytes, (int64_t)bytes->len, read_at};
}

static firn_status put_rows(firn_parquet_rows *rows, const firn_parquet_file *file,
                            firn_batch *batch, firn_buf *out, int64_t *n_rows, firn_error *err)
{
    firn_status st;
    *n_rows = 0;
    /* An odd number of rows, so that batches end inside runs and pages. */
    while ((st = firn_parquet_rows_next(rows, 701, batch, err)) == FIRN_OK) {
        for (int64_t r = 0; r < batch->n_rows; r++) {
            firn_buf_byte(out, '[');
            for (size_t i = 0; i < batch->n_columns; i++) {
                if (i > 0) firn_buf_byte(out, ',');
                put_value(out, &file->root.children[i], &batch->columns[i], r);
            }
            firn_buf_cstr(out, "]\n");
        }
        *n_rows += batch->n_rows;
    }
    return st == FIRN_DONE ? firn_buf_check(out, err) : st;
}

firn_status canon_parquet(firn_str bytes, firn_buf *out, int64_t *n_rows, firn_error *err)
{
    const firn_byte_source source = canon_source(&bytes);
    const firn_parquet_rows_opts opts = {.match = FIRN_PARQUET_MATCH_NAMES};
    firn_parquet_file *file = NULL;
    firn_parquet_rows *rows = NULL;
    firn_batch *batch = NULL;
    FIRN_TRY(firn_parquet_file_open(&source, &file, err));
    for (size_t i = 0; i < file->n_leaves; i++) /* the canonical unit of INT96 */
        if (file->leaves[i]->element->physical == FIRN_PQ_INT96)
            file->leaves[i]->type.kind = FIRN_TYPE_TIMESTAMP_NS;
    const firn_type *root = &firn_parquet_file_schema(file)->root;
    firn_status st = firn_batch_create(root, FIRN_BATCH_ROWS, &batch, err);
    if (st == FIRN_OK) st = firn_parquet_rows_open(file, root, &opts, &rows, err);
    if (st == FIRN_OK) st = put_rows(rows, file, batch, out, n_rows, err);
    firn_parquet_rows_close(rows);
    firn_batch_destroy(batch);
    firn_parquet_file_close(file);
    return st;
}
