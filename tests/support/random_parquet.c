/* SPDX-License-Identifier: Apache-2.0 */
#include "random_parquet.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "firn_test.h"
#include "format/parquet/layout/parquet_bloom.h"
#include "format/parquet/layout/parquet_meta.h"
#include "format/parquet/layout/parquet_page_index.h"
#include "format/parquet/read/parquet_reader.h"

#define MAX_DEPTH 3

uint64_t random_parquet_below(random_parquet *p, uint64_t bound)
{
    return firn_prng_below(&p->prng, bound);
}

/* ---- random schemas ---- */

static const firn_type *random_type(random_parquet *p, int depth);

static void random_field(random_parquet *p, firn_field *field, const char *name, int depth)
{
    char text[32];
    snprintf(text, sizeof text, "%s%d", name, (int)p->next_id);
    *field = (firn_field){.id = p->next_id++, .is_required = random_parquet_below(p, 3) == 0};
    field->name = firn_arena_copy(p->arena, firn_str_of(text));
    field->type = random_type(p, depth);
    if (field->type->kind == FIRN_TYPE_UNKNOWN) field->is_required = false;
}

void random_parquet_members(random_parquet *p, firn_type *type, size_t n, int depth)
{
    firn_field *fields = firn_arena_array(p->arena, n, sizeof *fields);
    for (size_t i = 0; i < n; i++) random_field(p, &fields[i], "f", depth + 1);
    type->fields = fields;
    type->n_fields = n;
    if (type->kind == FIRN_TYPE_STRUCT) { /* a group of nothing has no Parquet form */
        bool has_stored = false;
        for (size_t i = 0; i < n; i++) has_stored |= fields[i].type->kind != FIRN_TYPE_UNKNOWN;
        static const firn_type k_int = {.kind = FIRN_TYPE_INT};
        if (!has_stored) fields[0].type = &k_int;
        return;
    }
    static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
    for (size_t i = 0; i < n; i++)
        if (fields[i].type->kind == FIRN_TYPE_UNKNOWN) fields[i].type = &k_long;
    fields[0].name = type->kind == FIRN_TYPE_MAP ? FIRN_STR("key") : FIRN_STR("element");
    if (type->kind == FIRN_TYPE_MAP) {
        fields[0].is_required = true;
        fields[1].name = FIRN_STR("value");
    }
}

static const firn_type *random_type(random_parquet *p, int depth)
{
    static const firn_type_kind nested[] = {FIRN_TYPE_STRUCT, FIRN_TYPE_LIST, FIRN_TYPE_MAP};
    static const firn_type_kind flat[] = {
        FIRN_TYPE_UNKNOWN,      FIRN_TYPE_BOOLEAN,        FIRN_TYPE_INT,     FIRN_TYPE_LONG,
        FIRN_TYPE_FLOAT,        FIRN_TYPE_DOUBLE,         FIRN_TYPE_DECIMAL, FIRN_TYPE_DATE,
        FIRN_TYPE_TIME,         FIRN_TYPE_TIMESTAMP,      FIRN_TYPE_STRING,  FIRN_TYPE_TIMESTAMPTZ,
        FIRN_TYPE_TIMESTAMP_NS, FIRN_TYPE_TIMESTAMPTZ_NS, FIRN_TYPE_UUID,    FIRN_TYPE_FIXED,
        FIRN_TYPE_BINARY};
    firn_type *type = firn_arena_alloc_zero(p->arena, sizeof *type);
    if (depth < MAX_DEPTH && random_parquet_below(p, 4) == 0) {
        type->kind = nested[random_parquet_below(p, 3)];
        random_parquet_members(p, type,
                               type->kind == FIRN_TYPE_STRUCT ? 1 + random_parquet_below(p, 3)
                               : type->kind == FIRN_TYPE_LIST ? 1
                                                              : 2,
                               depth);
        return type;
    }
    type->kind = flat[random_parquet_below(p, sizeof flat / sizeof flat[0])];
    if (type->kind == FIRN_TYPE_DECIMAL) {
        type->precision = 1 + (int32_t)random_parquet_below(p, 38);
        type->scale = (int32_t)random_parquet_below(p, (uint64_t)type->precision + 1);
    }
    if (type->kind == FIRN_TYPE_FIXED) type->length = 1 + (int32_t)random_parquet_below(p, 20);
    return type;
}

/* ---- random values ---- */

/* How a column's values look, so that every encoding is met. */
typedef enum shape { CONSTANT, FEW, STEADY, RANDOM, N_SHAPES } shape;

static uint64_t random_bits(random_parquet *p, shape s, int64_t row)
{
    switch (s) {
    case CONSTANT: return 42;
    case FEW: return random_parquet_below(p, 50) * 977;
    case STEADY: return (uint64_t)row * 3 + random_parquet_below(p, 4);
    default: return firn_prng_next(&p->prng);
    }
}

static firn_int128 random_decimal(random_parquet *p, const firn_type *type, shape s, int64_t row)
{
    firn_int128 limit = 1, v = (firn_int128)(int64_t)random_bits(p, s, row);
    for (int32_t i = 0; i < type->precision; i++) limit *= 10;
    if (s == RANDOM) v = v * INT64_MAX + (int64_t)random_bits(p, s, row);
    return v % limit;
}

static void random_text(random_parquet *p, firn_column *c, shape s, int64_t row)
{
    char text[128];
    const firn_type_kind kind = c->type->kind;
    const uint64_t v = random_bits(p, s, row);
    size_t len = kind == FIRN_TYPE_UUID    ? 16
                 : kind == FIRN_TYPE_FIXED ? (size_t)c->type->length
                                           : v % 29;
    for (size_t i = 0; i < sizeof text; i++) text[i] = (char)('!' + (v >> (i % 8 * 8)) % 90);
    if (kind == FIRN_TYPE_BINARY && len > 2) text[1] = (char)0xff;
    if (s == STEADY && kind == FIRN_TYPE_STRING)
        len = (size_t)snprintf(text, sizeof text, "a common beginning, then %d", (int)v);
    assert_ok(
        firn_column_copy_bytes(c, (firn_str){text, len}, (firn_view *)c->values + row, &p->err),
        &p->err);
}

static void random_number(random_parquet *p, firn_column *c, shape s, int64_t row)
{
    const uint64_t v = random_bits(p, s, row);
    const size_t width = firn_column_width(c->type);
    if (c->type->kind == FIRN_TYPE_DECIMAL) {
        const firn_int128 d = random_decimal(p, c->type, s, row);
        memcpy((char *)c->values + (size_t)row * width, &d, width);
    } else if (c->type->kind == FIRN_TYPE_BOOLEAN) {
        ((uint8_t *)c->values)[row] = v & 1;
    } else if (c->type->kind == FIRN_TYPE_TIME) {
        ((int64_t *)c->values)[row] = (int64_t)(v % 86400000000);
    } else if (c->type->kind == FIRN_TYPE_DOUBLE && s != RANDOM) {
        ((double *)c->values)[row] = (double)v / 4;
    } else {
        memcpy((char *)c->values + (size_t)row * width, &v, width);
    }
}

static void fill_column(random_parquet *p, firn_column *c, const firn_field *field, int64_t n);

static void fill_list(random_parquet *p, firn_column *c, int64_t n)
{
    int64_t total = 0;
    const uint64_t longest = random_parquet_below(p, 8) ? 4 : 40;
    for (int64_t r = 0; r < n; r++) {
        const uint64_t len = random_parquet_below(p, longest);
        ((firn_list_entry *)c->values)[r] = (firn_list_entry){(uint64_t)total, len};
        total += (int64_t)len;
    }
    for (size_t i = 0; i < c->n_children; i++)
        fill_column(p, &c->children[i], &c->type->fields[i], total);
}

static void fill_column(random_parquet *p, firn_column *c, const firn_field *field, int64_t n)
{
    const firn_type_kind kind = c->type->kind;
    const shape s = (shape)random_parquet_below(p, N_SHAPES);
    const uint64_t nulls = field->is_required ? 0 : random_parquet_below(p, 5); /* of 4; 4: all */
    assert_ok(firn_column_reserve(c, n, &p->err), &p->err);
    c->n_values = n;
    for (int64_t r = 0; r < n; r++) {
        if (nulls && (kind != FIRN_TYPE_UNKNOWN) && random_parquet_below(p, 4) < nulls)
            firn_column_set_null(c, r);
        if (!firn_type_is_primitive(c->type) || kind == FIRN_TYPE_UNKNOWN) continue;
        if (kind == FIRN_TYPE_STRING || kind == FIRN_TYPE_BINARY || kind == FIRN_TYPE_UUID ||
            kind == FIRN_TYPE_FIXED)
            random_text(p, c, s, r);
        else
            random_number(p, c, s, r);
    }
    if (kind == FIRN_TYPE_LIST || kind == FIRN_TYPE_MAP) fill_list(p, c, n);
    for (size_t i = 0; kind == FIRN_TYPE_STRUCT && i < c->n_children; i++)
        fill_column(p, &c->children[i], &c->type->fields[i], n);
}

/* ---- comparing ---- */

static void assert_same(const firn_column *a, int64_t i, const firn_column *b, int64_t k);

static void assert_same_list(const firn_column *a, int64_t i, const firn_column *b, int64_t k)
{
    const firn_list_entry x = ((const firn_list_entry *)a->values)[i];
    const firn_list_entry y = ((const firn_list_entry *)b->values)[k];
    assert_int_equal(x.length, y.length);
    for (uint64_t e = 0; e < x.length; e++)
        for (size_t c = 0; c < a->n_children; c++)
            assert_same(&a->children[c], (int64_t)(x.offset + e), &b->children[c],
                        (int64_t)(y.offset + e));
}

static void assert_same(const firn_column *a, int64_t i, const firn_column *b, int64_t k)
{
    if (a->type->kind == FIRN_TYPE_UNKNOWN) {
        assert_false(firn_column_is_valid(b, k));
        return;
    }
    assert_int_equal(firn_column_is_valid(a, i), firn_column_is_valid(b, k));
    if (!firn_column_is_valid(a, i)) return;
    if (a->type->kind == FIRN_TYPE_LIST || a->type->kind == FIRN_TYPE_MAP) {
        assert_same_list(a, i, b, k);
    } else if (a->type->kind == FIRN_TYPE_STRUCT) {
        for (size_t c = 0; c < a->n_children; c++)
            assert_same(&a->children[c], i, &b->children[c], k);
    } else {
        const firn_value x = firn_column_get(a, i), y = firn_column_get(b, k);
        if (a->type->kind == FIRN_TYPE_FLOAT || a->type->kind == FIRN_TYPE_DOUBLE)
            assert_memory_equal(&x.as, &y.as, firn_column_width(a->type));
        else
            assert_int_equal(firn_value_compare(&x, &y), 0);
    }
}

/* ---- the round trip ---- */

firn_status random_parquet_write_buf(void *ctx, const void *data, size_t n, firn_error *err)
{
    firn_buf_append(ctx, data, n);
    return firn_buf_check(ctx, err);
}

firn_status random_parquet_read_buf(void *ctx, int64_t offset, void *out, size_t n, firn_error *err)
{
    const firn_buf *file = ctx;
    (void)err;
    if (offset < 0 || (uint64_t)offset + n > file->len) return FIRN_ERR_IO;
    memcpy(out, file->data + offset, n);
    return FIRN_OK;
}

firn_parquet_write_opts random_parquet_opts(random_parquet *p)
{
    static const firn_codec codecs[] = {FIRN_CODEC_NONE, FIRN_CODEC_SNAPPY,  FIRN_CODEC_GZIP,
                                        FIRN_CODEC_ZSTD, FIRN_CODEC_LZ4_RAW, FIRN_CODEC_BROTLI};
    firn_parquet_write_opts opts = {.codec = codecs[random_parquet_below(p, 6)]};
    firn_parquet_column_opts *columns =
        firn_arena_array(p->arena, (size_t)p->next_id, sizeof *columns);
    for (int32_t i = 1; i < p->next_id; i++) {
        columns[i] =
            (firn_parquet_column_opts){.field_id = i, .has_bloom = random_parquet_below(p, 2)};
        columns[i].no_dictionary = random_parquet_below(p, 3) == 0;
        columns[i].bloom_ndv = random_parquet_below(p, 4) ? 0 : 10;
    }
    opts.columns = columns;
    opts.n_columns = (size_t)p->next_id;
    if (random_parquet_below(p, 3) == 0) opts.encodings = FIRN_PARQUET_ENCODINGS_V1;
    if (random_parquet_below(p, 2)) opts.page_rows = 1 + (int64_t)random_parquet_below(p, 700);
    if (random_parquet_below(p, 2))
        opts.row_group_rows = 1 + (int64_t)random_parquet_below(p, 3000);
    if (random_parquet_below(p, 3) == 0)
        opts.page_bytes = 64 + (int64_t)random_parquet_below(p, 5000);
    if (random_parquet_below(p, 2))
        opts.dictionary_bytes = 1 + (int64_t)random_parquet_below(p, 3000);
    if (random_parquet_below(p, 4) == 0)
        opts.row_group_bytes = 1000 + (int64_t)random_parquet_below(p, 50000);
    return opts;
}

void random_parquet_write_file(random_parquet *p, const firn_type *root, const firn_batch *rows,
                               const firn_parquet_write_opts *opts, firn_buf *file)
{
    const firn_byte_sink sink = {file, random_parquet_write_buf};
    firn_parquet_writer *writer;
    firn_file_metrics metrics;
    firn_batch *piece;
    assert_ok(firn_parquet_writer_create(root, opts, &sink, &writer, &p->err), &p->err);
    assert_ok(firn_batch_create(root, 1, &piece, &p->err), &p->err);
    for (int64_t from = 0; from < rows->n_rows;) {
        int64_t n = 1 + (int64_t)random_parquet_below(p, random_parquet_below(p, 4) ? 3000 : 50);
        if (n > rows->n_rows - from) n = rows->n_rows - from;
        firn_batch_reset(piece);
        assert_ok(firn_batch_append(piece, rows, from, n, &p->err), &p->err);
        assert_ok(firn_parquet_writer_append(writer, piece, &p->err), &p->err);
        from += n;
    }
    assert_ok(firn_parquet_writer_finish(writer, p->arena, &metrics, &p->err), &p->err);
    assert_int_equal(metrics.record_count, rows->n_rows);
    firn_parquet_writer_destroy(writer);
    firn_batch_destroy(piece);
}

static void check_rows(random_parquet *p, const firn_type *root, const firn_batch *rows,
                       const firn_parquet_file *file)
{
    const firn_parquet_rows_opts opts = {0};
    firn_parquet_rows *reader;
    firn_batch *batch;
    int64_t at = 0;
    firn_status st;
    assert_ok(firn_batch_create(root, FIRN_BATCH_ROWS, &batch, &p->err), &p->err);
    assert_ok(firn_parquet_rows_open(file, root, &opts, &reader, &p->err), &p->err);
    for (;;) {
        firn_batch_reset(batch);
        const int64_t max = 1 + (int64_t)random_parquet_below(p, FIRN_BATCH_ROWS);
        st = firn_parquet_rows_next(reader, max, batch, &p->err);
        if (st == FIRN_DONE) break;
        assert_ok(st, &p->err);
        assert_true(batch->n_rows <= max && at + batch->n_rows <= rows->n_rows);
        for (size_t c = 0; c < rows->n_columns; c++)
            for (int64_t r = 0; r < batch->n_rows; r++)
                assert_same(&rows->columns[c], at + r, &batch->columns[c], r);
        at += batch->n_rows;
    }
    assert_int_equal(at, rows->n_rows);
    firn_parquet_rows_close(reader);
    firn_batch_destroy(batch);
}

static void check_stats(random_parquet *p, const firn_batch *rows, const firn_parquet_file *file,
                        const firn_field *field, const firn_column *column)
{
    int64_t at = 0;
    for (size_t g = 0; g < firn_parquet_file_row_groups(file); g++) {
        firn_parquet_stats stats;
        int64_t n_nulls = 0;
        assert_ok(firn_parquet_row_group_stats(file, g, field->id, field->type, &stats, &p->err),
                  &p->err);
        const int64_t end = at + firn_parquet_row_group_rows(file, g);
        assert_true(end <= rows->n_rows && stats.has_null_count);
        for (; at < end; at++) {
            const firn_value v = firn_column_get(column, at);
            n_nulls += v.is_null;
            const bool is_nan = (v.kind == FIRN_TYPE_FLOAT && v.as.f32 != v.as.f32) ||
                                (v.kind == FIRN_TYPE_DOUBLE && v.as.f64 != v.as.f64);
            if (v.is_null || is_nan) continue;
            if (stats.has_min) assert_true(firn_value_compare(&stats.min, &v) <= 0);
            if (stats.has_max) assert_true(firn_value_compare(&stats.max, &v) >= 0);
        }
        assert_int_equal(stats.null_count, n_nulls);
    }
}

/* ---- page index, bloom filters ---- */

static size_t count_leaves(const firn_type *type)
{
    size_t n = 0;
    if (firn_type_is_primitive(type)) return type->kind != FIRN_TYPE_UNKNOWN;
    for (size_t i = 0; i < type->n_fields; i++) n += count_leaves(type->fields[i].type);
    return n;
}

static bool is_nan(const firn_value *v)
{
    return (v->kind == FIRN_TYPE_FLOAT && v->as.f32 != v->as.f32) ||
           (v->kind == FIRN_TYPE_DOUBLE && v->as.f64 != v->as.f64);
}

/* Decimals stand in the index in another form than in Iceberg's bounds. */
static void check_page(random_parquet *p, const firn_column *column, int64_t from, int64_t to,
                       const firn_pq_column_index *index, size_t page)
{
    firn_value lo = {0}, hi = {0};
    int64_t n_nulls = 0;
    const bool has_bounds = !index->is_null_page[page] && column->type->kind != FIRN_TYPE_DECIMAL;
    if (has_bounds) {
        assert_ok(firn_value_decode(column->type, index->min[page], &lo, &p->err), &p->err);
        assert_ok(firn_value_decode(column->type, index->max[page], &hi, &p->err), &p->err);
    }
    for (int64_t row = from; row < to; row++) {
        const firn_value v = firn_column_get(column, row);
        n_nulls += v.is_null;
        assert_true(v.is_null || !index->is_null_page[page]);
        if (v.is_null || is_nan(&v) || !has_bounds) continue;
        assert_true(firn_value_compare(&lo, &v) <= 0 && firn_value_compare(&hi, &v) >= 0);
    }
    assert_int_equal(index->null_counts[page], n_nulls);
}

static void check_pages(random_parquet *p, const firn_column *column, const firn_parquet_file *file,
                        size_t leaf)
{
    int64_t start = 0;
    for (size_t g = 0; g < firn_parquet_file_row_groups(file); g++) {
        firn_pq_offset_index places = {.wants_counts = true};
        firn_pq_column_index index = {.wants_counts = true};
        const int64_t end = start + firn_parquet_row_group_rows(file, g);
        assert_ok(firn_pq_offset_index_read(file, g, leaf, p->arena, &places, &p->err), &p->err);
        const firn_status st =
            firn_pq_column_index_read(file, g, leaf, places.n_pages, p->arena, &index, &p->err);
        if (st != FIRN_DONE) assert_ok(st, &p->err);
        for (size_t i = 0; st == FIRN_OK && i < places.n_pages; i++)
            check_page(p, column, start + places.pages[i].first_row,
                       i + 1 < places.n_pages ? start + places.pages[i + 1].first_row : end, &index,
                       i);
        start = end;
    }
}

static void check_bloom(random_parquet *p, const firn_column *column, const firn_parquet_file *file,
                        const firn_buf *bytes, size_t leaf)
{
    int64_t row = 0;
    const firn_type_kind kind = column->type->kind;
    for (size_t g = 0; g < firn_parquet_file_row_groups(file); g++) {
        const firn_pq_chunk *chunk = &file->row_groups[g].chunks[leaf];
        const int64_t end = row + firn_parquet_row_group_rows(file, g);
        size_t header = 0, size = 0;
        if (chunk->bloom.offset < 0 || kind == FIRN_TYPE_DECIMAL) return;
        const size_t at = (size_t)chunk->bloom.offset;
        assert_ok(firn_bloom_header((firn_str){bytes->data + at, bytes->len - at}, at, &header,
                                    &size, &p->err),
                  &p->err);
        for (; row < end; row++) {
            const firn_value v = firn_column_get(column, row);
            firn_buf plain;
            if (v.is_null) continue;
            firn_buf_init(&plain, NULL, 0);
            assert_ok(firn_value_encode(&v, &plain, &p->err), &p->err);
            const uint64_t hash = firn_bloom_hash(plain.data ? plain.data : "", plain.len);
            assert_true(
                firn_bloom_may_have((const uint8_t *)bytes->data + at + header, size, hash));
            firn_buf_dispose(&plain);
        }
    }
}

firn_batch *random_parquet_rows(random_parquet *p, const firn_type *root, int64_t n)
{
    firn_batch *rows = NULL;
    assert_ok(firn_batch_create(root, n, &rows, &p->err), &p->err);
    for (size_t i = 0; i < rows->n_columns; i++)
        fill_column(p, &rows->columns[i], &root->fields[i], n);
    rows->n_rows = n;
    return rows;
}

void random_parquet_check(random_parquet *p, const firn_type *root, const firn_batch *rows,
                          const firn_buf *bytes)
{
    const firn_byte_source source = {.ctx = (void *)(uintptr_t)bytes,
                                     .size_bytes = (int64_t)bytes->len,
                                     .read_at = random_parquet_read_buf};
    firn_parquet_file *file = NULL;
    size_t leaf = 0;
    assert_ok(firn_parquet_file_open(&source, &file, &p->err), &p->err);
    assert_int_equal(firn_parquet_file_rows(file), rows->n_rows);
    check_rows(p, root, rows, file);
    for (size_t i = 0; i < rows->n_columns; leaf += count_leaves(root->fields[i++].type)) {
        const firn_field *field = &root->fields[i];
        if (!firn_type_is_primitive(field->type) || field->type->kind == FIRN_TYPE_UNKNOWN)
            continue;
        check_stats(p, rows, file, field, &rows->columns[i]);
        check_pages(p, &rows->columns[i], file, leaf);
        check_bloom(p, &rows->columns[i], file, bytes, leaf);
    }
    firn_parquet_file_close(file);
}
