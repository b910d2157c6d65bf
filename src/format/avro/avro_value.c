/* SPDX-License-Identifier: Apache-2.0 */
/* Avro's binary encoding of single values: skipping by schema and the primitives that need checks.
 * Records are walked by whoever knows what they mean (manifests).
 *
 * Work is bounded by the input: a value of at least one byte consumes what it costs, and values
 * that are always empty (min_bytes 0) are never visited. */
#include <inttypes.h>

#include "base/error.h"
#include "base/limits.h"
#include "format/avro/avro.h"

static firn_status skip_value(firn_cursor *c, const firn_avro_schema *schema, int depth,
                              firn_error *err);

firn_status firn_avro_read_branch(firn_cursor *c, size_t n_branches, size_t *out, firn_error *err)
{
    int64_t branch = 0;
    const uint64_t at = firn_cursor_pos(c);

    FIRN_TRY(firn_avro_read_long(c, &branch, err));
    if (branch < 0 || (uint64_t)branch >= n_branches)
        return firn_fail_at(err, at, "union branch %" PRId64 " of %zu", branch, n_branches);
    *out = (size_t)branch;
    return FIRN_OK;
}

firn_status firn_avro_read_symbol(firn_cursor *c, size_t n_symbols, size_t *out, firn_error *err)
{
    const uint64_t at = firn_cursor_pos(c);
    int64_t symbol = 0;

    FIRN_TRY(firn_avro_read_long(c, &symbol, err));
    if (symbol < 0 || (uint64_t)symbol >= n_symbols)
        return firn_fail_at(err, at, "enum symbol %" PRId64 " of %zu", symbol, n_symbols);
    *out = (size_t)symbol;
    return FIRN_OK;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool firn_avro_parse_uuid(firn_str text, uint8_t out[16])
{
    size_t n = 0;

    if (text.len != 36) return false;
    for (size_t i = 0; i < 36; i++) {
        const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
        const int digit = hex_digit(text.data[i]);
        if (is_dash ? text.data[i] != '-' : digit < 0) return false;
        if (is_dash) continue;
        out[n / 2] = (uint8_t)(n % 2 == 0 ? digit << 4 : out[n / 2] | digit);
        n++;
    }
    return true;
}

firn_status firn_avro_read_block(firn_cursor *c, size_t min_item_bytes, int64_t *count,
                                 int64_t *size, firn_error *err)
{
    const uint64_t at = firn_cursor_pos(c);
    int64_t n = 0;
    size_t room;

    *size = -1;
    FIRN_TRY(firn_avro_read_long(c, &n, err));
    if (n == INT64_MIN) return firn_fail_at(err, at, "block of %" PRId64 " items", n);
    if (n < 0) {
        n = -n;
        FIRN_TRY(firn_avro_read_long(c, size, err));
        if (*size < 0 || (uint64_t)*size > firn_cursor_left(c))
            return firn_fail_at(err, at, "item block of %" PRId64 " bytes, %zu left", *size,
                                firn_cursor_left(c));
    }
    room = *size >= 0 ? (size_t)*size : firn_cursor_left(c);
    if (min_item_bytes > 0 && (uint64_t)n > room / min_item_bytes)
        return firn_fail_at(err, at, "block of %" PRId64 " items of %zu bytes or more in %zu bytes",
                            n, min_item_bytes, room);
    if (min_item_bytes == 0 && n > FIRN_AVRO_MAX_EMPTY_VALUES)
        return firn_fail(err, FIRN_ERR_LIMIT, "block of %" PRId64 " empty items, limit %d", n,
                         FIRN_AVRO_MAX_EMPTY_VALUES);
    *count = n;
    return FIRN_OK;
}

firn_status firn_avro_end_block(const firn_cursor *c, uint64_t start, int64_t size, firn_error *err)
{
    const uint64_t found = firn_cursor_pos(c) - start;

    if (size < 0 || found == (uint64_t)size) return FIRN_OK;
    return firn_fail_at(err, start, "item block of %" PRId64 " bytes, its items take %" PRIu64,
                        size, found);
}

/* Every number ends with the one byte of it that has no high bit: eight bytes at a time. */
firn_status firn_avro_skip_longs(firn_cursor *c, uint64_t n, firn_error *err)
{
    int64_t ignored = 0;

    while (n > 0) {
        uint64_t ends =
            firn_cursor_left(c) >= 8 ? ~firn_load_u64le(c->at) & 0x8080808080808080u : 0;
        const uint64_t n_ends = ((ends >> 7) * 0x0101010101010101u) >> 56;
        if (ends != 0 && n_ends <= n) {
            c->at += 8 - ((size_t)__builtin_clzll(ends) >> 3);
            n -= n_ends;
        } else if (ends != 0) { /* up to the n-th */
            while (--n > 0) ends &= ends - 1;
            c->at += ((size_t)__builtin_ctzll(ends) >> 3) + 1;
        } else {
            FIRN_TRY(firn_avro_read_long(c, &ignored, err));
            n--;
        }
    }
    return FIRN_OK;
}

static firn_status skip_bytes(firn_cursor *c, uint64_t n, firn_error *err)
{
    firn_str ignored;

    return firn_cursor_take(c, n, &ignored, err);
}

static firn_status skip_varint(firn_cursor *c, firn_error *err)
{
    int64_t ignored = 0;

    return firn_avro_read_long(c, &ignored, err);
}

static firn_status skip_text(firn_cursor *c, firn_error *err)
{
    firn_str ignored;

    return firn_avro_read_bytes(c, &ignored, err);
}

static firn_status skip_record(firn_cursor *c, const firn_avro_schema *schema, int depth,
                               firn_error *err)
{
    for (size_t i = 0; i < schema->n_fields; i++)
        FIRN_TRY(skip_value(c, schema->fields[i].schema, depth, err));
    return FIRN_OK;
}

static firn_status skip_union(firn_cursor *c, const firn_avro_schema *schema, int depth,
                              firn_error *err)
{
    size_t branch = 0;

    FIRN_TRY(firn_avro_read_branch(c, schema->n_fields, &branch, err));
    return skip_value(c, schema->fields[branch].schema, depth, err);
}

/* Arrays, and maps when is_map: their items are a key and a value. */
static firn_status skip_items(firn_cursor *c, const firn_avro_schema *schema, int depth,
                              firn_error *err)
{
    const bool is_map = schema->kind == FIRN_AVRO_MAP;
    const firn_avro_schema *item = schema->fields[0].schema;
    const size_t min_bytes = item->min_bytes + (is_map ? 1u : 0u);
    int64_t n = 0;
    int64_t size = 0;

    for (;;) {
        FIRN_TRY(firn_avro_read_block(c, min_bytes, &n, &size, err));
        if (n == 0) return FIRN_OK;
        if (size >= 0) {
            FIRN_TRY(skip_bytes(c, (uint64_t)size, err));
            continue;
        }
        for (int64_t i = 0; i < n && min_bytes > 0; i++) {
            if (is_map) FIRN_TRY(skip_text(c, err));
            FIRN_TRY(skip_value(c, item, depth, err));
        }
    }
}

static firn_status skip_value(firn_cursor *c, const firn_avro_schema *schema, int depth,
                              firn_error *err)
{
    size_t ignored = 0;

    if (schema->min_bytes == 0) return FIRN_OK;
    if (depth >= FIRN_LIMIT_NESTING)
        return firn_fail(err, FIRN_ERR_LIMIT, "avro value nested deeper than %d levels",
                         FIRN_LIMIT_NESTING);
    switch (schema->kind) {
    case FIRN_AVRO_NULL: return FIRN_OK;
    case FIRN_AVRO_BOOLEAN: return skip_bytes(c, 1, err);
    case FIRN_AVRO_INT:
    case FIRN_AVRO_LONG: return skip_varint(c, err);
    case FIRN_AVRO_FLOAT: return skip_bytes(c, 4, err);
    case FIRN_AVRO_DOUBLE: return skip_bytes(c, 8, err);
    case FIRN_AVRO_BYTES:
    case FIRN_AVRO_STRING: return skip_text(c, err);
    case FIRN_AVRO_FIXED: return skip_bytes(c, (uint64_t)schema->size, err);
    case FIRN_AVRO_ENUM: return firn_avro_read_symbol(c, schema->n_symbols, &ignored, err);
    case FIRN_AVRO_RECORD: return skip_record(c, schema, depth + 1, err);
    case FIRN_AVRO_UNION: return skip_union(c, schema, depth + 1, err);
    case FIRN_AVRO_ARRAY:
    case FIRN_AVRO_MAP: return skip_items(c, schema, depth + 1, err);
    }
    return firn_fail(err, FIRN_ERR_INTERNAL, "avro schema of kind %d", (int)schema->kind);
}

firn_status firn_avro_skip(firn_cursor *c, const firn_avro_schema *schema, firn_error *err)
{
    return skip_value(c, schema, 0, err);
}

void firn_avro_write_bytes(firn_buf *out, firn_str bytes)
{
    firn_buf_zigzag(out, (int64_t)bytes.len);
    firn_buf_append(out, bytes.data, bytes.len);
}
