/* SPDX-License-Identifier: Apache-2.0 */
/* What a Parquet file says about its pages: offset index, column index, bloom filters, and rows
 * selected by them. The bytes are a whole file; they are also taken for the header of a bloom
 * filter. Whatever they are, this ends with rows or an error. */
#include <string.h>

#include "base/error.h"
#include "format/parquet/layout/parquet_bloom.h"
#include "format/parquet/layout/parquet_meta.h"
#include "format/parquet/layout/parquet_page_index.h"
#include "format/parquet/read/parquet_select.h"

#define MAX_BATCHES 200 /* a few bytes may stand for billions of nulls */
#define MAX_COLUMNS 200
#define MAX_GROUPS  4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static firn_status read_at(void *ctx, int64_t offset, void *out, size_t n, firn_error *err)
{
    const firn_str *bytes = ctx;
    if (offset < 0 || (uint64_t)offset > bytes->len || n > bytes->len - (size_t)offset)
        return firn_fail(err, FIRN_ERR_IO, "read outside of the file");
    if (n > 0) memcpy(out, bytes->data + offset, n);
    return FIRN_OK;
}

static void read_indexes(const firn_parquet_file *file, size_t group, firn_arena *arena)
{
    for (size_t leaf = 0; leaf < file->n_leaves; leaf++) {
        firn_pq_offset_index pages = {.wants_counts = true};
        firn_pq_column_index index = {.wants_counts = true};
        firn_error err = {0};
        if (firn_pq_offset_index_read(file, group, leaf, arena, &pages, &err) != FIRN_OK) continue;
        if (firn_pq_column_index_read(file, group, leaf, pages.n_pages, arena, &index, &err) !=
            FIRN_OK)
            continue;
    }
}

/* "column is one of these": what statistics, indexes, filters and dictionaries all judge. */
static firn_filter make_filter(const firn_field *column, const uint8_t *data, size_t size,
                               firn_value *value)
{
    firn_filter filter = {.op = FIRN_FILTER_NOT_NULL, .column = column};
    const firn_type_kind kind = column->type->kind;
    *value = (firn_value){.kind = kind};
    if (kind == FIRN_TYPE_STRING || kind == FIRN_TYPE_BINARY)
        value->as.bytes = (firn_str){(const char *)data, size < 8 ? size : 8};
    else if (kind == FIRN_TYPE_INT)
        value->as.i32 = (int32_t)(size % 100);
    else if (kind == FIRN_TYPE_LONG)
        value->as.i64 = (int64_t)(size % 100);
    else
        return filter;
    filter.op = size % 2 ? FIRN_FILTER_IN : FIRN_FILTER_RANGE;
    filter.values = value;
    filter.n_values = 1;
    filter.low = (firn_filter_end){.is_set = true, .value = *value};
    return filter;
}

static void read_rows(const firn_parquet_file *file, size_t group, const firn_filter *filter,
                      firn_arena *arena)
{
    firn_error err = {0};
    firn_parquet_selection selection;
    firn_parquet_rows *rows = NULL;
    firn_batch *batch = NULL;
    const firn_type *root = &firn_parquet_file_schema(file)->root;
    firn_status st =
        firn_parquet_select(file, group, filter, FIRN_PARQUET_MATCH_NAMES, arena, &selection, &err);
    if (st != FIRN_OK || selection.n_ranges == 0) return;
    const firn_parquet_rows_opts opts = {.first_row_group = group,
                                         .n_row_groups = 1,
                                         .match = FIRN_PARQUET_MATCH_NAMES,
                                         .window_bytes = 4096,
                                         .ranges = selection.ranges,
                                         .n_ranges = selection.n_ranges,
                                         .filter = filter};
    st = firn_batch_create(root, 64, &batch, &err);
    if (st == FIRN_OK) st = firn_parquet_rows_open(file, root, &opts, &rows, &err);
    for (int i = 0; st == FIRN_OK && i < MAX_BATCHES; i++)
        st = firn_parquet_rows_next(rows, FIRN_BATCH_ROWS, batch, &err);
    firn_parquet_rows_close(rows);
    firn_batch_destroy(batch);
}

static void use_file(const firn_parquet_file *file, const uint8_t *data, size_t size)
{
    const firn_type *root = &firn_parquet_file_schema(file)->root;
    for (size_t group = 0; group < file->n_row_groups && group < MAX_GROUPS; group++) {
        firn_value value;
        firn_arena *arena = firn_arena_create(NULL, (size_t)64 << 20);
        if (!arena) return;
        read_indexes(file, group, arena);
        for (size_t i = 0; i < root->n_fields && i < 3; i++) {
            const firn_filter filter = make_filter(&root->fields[i], data, size, &value);
            if (firn_type_is_primitive(root->fields[i].type))
                read_rows(file, group, &filter, arena);
        }
        firn_arena_destroy(arena);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    firn_error err = {0};
    firn_str bytes = {(const char *)data, size};
    const firn_byte_source source = {
        .ctx = &bytes, .size_bytes = (int64_t)size, .read_at = read_at};
    firn_parquet_file *file = NULL;
    size_t header = 0, bitset = 0;
    if (firn_bloom_header(bytes, 0, &header, &bitset, &err) == FIRN_OK && header <= size &&
        bitset <= size - header)
        (void)firn_bloom_may_have(data + header, bitset, firn_bloom_hash(data, header));
    if (firn_parquet_file_open(&source, &file, &err) != FIRN_OK) return 0;
    if (file->n_leaves <= MAX_COLUMNS) use_file(file, data, size);
    firn_parquet_file_close(file);
    return 0;
}
