/* SPDX-License-Identifier: Apache-2.0 */
/* A whole Parquet file: open it, ask for statistics, read all rows. Whatever the bytes are, this
 * ends with rows or an error. */
#include <string.h>

#include "base/error.h"
#include "format/parquet/read/parquet_reader.h"

#define MAX_ROWS 200000 /* a few bytes may stand for billions of nulls */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static firn_status read_at(void *ctx, int64_t offset, void *out, size_t n, firn_error *err)
{
    const firn_str *bytes = ctx;
    if (offset < 0 || (uint64_t)offset > bytes->len || n > bytes->len - (size_t)offset)
        return firn_fail(err, FIRN_ERR_IO, "read outside of the file");
    if (n > 0) memcpy(out, bytes->data + offset, n);
    return FIRN_OK;
}

/* Touches every byte a view names, so that a sanitizer sees those that are not ours. */
static uint64_t touch(const firn_column *column, int64_t n)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < column->n_children; i++)
        sum += touch(&column->children[i], column->children[i].n_values);
    if (!firn_type_is_primitive(column->type) || firn_column_width(column->type) != 16) return sum;
    if (column->type->kind == FIRN_TYPE_DECIMAL) return sum;
    for (int64_t r = 0; r < n; r++) {
        const firn_str s = firn_view_str((const firn_view *)column->values + r);
        for (size_t i = 0; i < s.len; i++) sum += (uint8_t)s.data[i];
    }
    return sum;
}

static void read_rows(const firn_parquet_file *file, firn_parquet_match match,
                      firn_parquet_memory *memory)
{
    firn_error err = {0};
    firn_parquet_rows *rows = NULL;
    firn_batch *batch = NULL;
    volatile uint64_t sum = 0;
    const firn_type *root = &firn_parquet_file_schema(file)->root;
    const firn_parquet_rows_opts opts = {.match = match, .window_bytes = 4096, .memory = memory};
    firn_status st = firn_batch_create(root, 64, &batch, &err);
    if (st == FIRN_OK) st = firn_parquet_rows_open(file, root, &opts, &rows, &err);
    for (int64_t n = 0; st == FIRN_OK && n < MAX_ROWS; n += batch->n_rows) {
        st = firn_parquet_rows_next(rows, FIRN_BATCH_ROWS, batch, &err);
        for (size_t i = 0; st == FIRN_OK && i < batch->n_columns; i++)
            sum += touch(&batch->columns[i], batch->n_rows);
    }
    firn_parquet_rows_close(rows);
    firn_batch_destroy(batch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    firn_error err = {0};
    firn_str bytes = {(const char *)data, size};
    const firn_byte_source source = {
        .ctx = &bytes, .size_bytes = (int64_t)size, .read_at = read_at};
    firn_parquet_file *file = NULL;
    firn_parquet_stats stats;
    if (firn_parquet_file_open(&source, &file, &err) != FIRN_OK) return 0;
    const firn_type *root = &firn_parquet_file_schema(file)->root;
    for (size_t i = 0; i < root->n_fields && firn_parquet_file_row_groups(file) > 0; i++)
        if (firn_parquet_row_group_stats(file, 0, root->fields[i].id, root->fields[i].type, &stats,
                                         &err) != FIRN_OK)
            break;
    /* Every level of instructions that this machine has gets its share of the inputs. */
    firn_parquet_memory *memory = NULL;
    if (root->n_fields <= 1000 && firn_parquet_memory_create(&memory, &err) == FIRN_OK) {
        firn_parquet_memory_limit_cpu(memory, (firn_cpu_level)(size % 3));
        const firn_pq_page_limits limits = {.window = 1 + size % 100, .stored = 1 + size % 100};
        if (size % 4 == 3) firn_parquet_memory_limit_pages(memory, &limits);
        read_rows(file, FIRN_PARQUET_MATCH_NAMES, memory);
    }
    firn_parquet_memory_destroy(memory);
    firn_parquet_file_close(file);
    return 0;
}
