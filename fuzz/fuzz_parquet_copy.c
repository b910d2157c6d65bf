/* SPDX-License-Identifier: Apache-2.0 */
/* A Parquet file taken over by a writer, twice, so that its dictionary meets its own, the second
 * time without some rows. Whatever the bytes are, this ends with an error, or with a file that
 * opens; and where the source reads to its end, the new file has its rows. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "format/parquet/copy/parquet_copy.h"
#include "format/parquet/layout/parquet_meta.h"
#include "format/parquet/layout/parquet_page_header.h"

#define MAX_ROWS 100000 /* a few bytes may stand for billions of nulls */

/* Rows that are left out: one of so many in stretches of rows, none in the others. */
#define SPARE   5
#define STRETCH 40

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool is_left_out(int64_t row)
{
    return row / STRETCH % 2 == 0 && row % SPARE == 2;
}

static firn_status read_at(void *ctx, int64_t offset, void *out, size_t n, firn_error *err)
{
    const firn_str *bytes = ctx;
    if (offset < 0 || (uint64_t)offset > bytes->len || n > bytes->len - (size_t)offset)
        return firn_fail(err, FIRN_ERR_IO, "read outside of the file");
    if (n > 0) memcpy(out, bytes->data + offset, n);
    return FIRN_OK;
}

static firn_status write_to(void *ctx, const void *data, size_t n, firn_error *err)
{
    firn_buf_append(ctx, data, n);
    return firn_buf_check(ctx, err);
}

/* Rows of a file up to its end or MAX_ROWS. */
static firn_status count_rows(firn_str bytes, int64_t *out, firn_error *err)
{
    const firn_byte_source source = {
        .ctx = &bytes, .size_bytes = (int64_t)bytes.len, .read_at = read_at};
    firn_parquet_file *file = NULL;
    firn_parquet_rows *rows = NULL;
    firn_batch *batch = NULL;
    const firn_parquet_rows_opts opts = {.window_bytes = 4096};
    *out = 0;
    FIRN_TRY(firn_parquet_file_open(&source, &file, err));
    const firn_type *root = &firn_parquet_file_schema(file)->root;
    firn_status st = firn_batch_create(root, 64, &batch, err);
    if (st == FIRN_OK) st = firn_parquet_rows_open(file, root, &opts, &rows, err);
    while (st == FIRN_OK && *out < MAX_ROWS) {
        st = firn_parquet_rows_next(rows, FIRN_BATCH_ROWS, batch, err);
        if (st == FIRN_OK) *out += batch->n_rows;
    }
    firn_parquet_rows_close(rows);
    firn_batch_destroy(batch);
    firn_parquet_file_close(file);
    return st == FIRN_DONE ? FIRN_OK : st;
}

/* FIRN_DONE when some column would have to be decoded. gone: bits; NULL: all rows stay. */
static firn_status copy_groups(firn_parquet_writer *writer, const firn_parquet_file *file,
                               const uint64_t *gone, firn_error *err)
{
    for (size_t g = 0; g < firn_parquet_file_row_groups(file); g++) {
        firn_parquet_copy *copy = NULL;
        const bool *is_decoded = NULL;
        FIRN_TRY(gone ? firn_parquet_copy_open_rest(writer, file, g, gone, &copy, err)
                      : firn_parquet_copy_open(writer, file, g, &copy, err));
        firn_status st = FIRN_DONE;
        if (firn_parquet_copy_decoded(copy, &is_decoded) == 0)
            st = firn_parquet_writer_copy(writer, &copy, 1, err);
        firn_parquet_copy_close(copy);
        FIRN_TRY(st);
    }
    return FIRN_OK;
}

static firn_status copy_twice(const firn_parquet_file *file, firn_buf *out, firn_arena *arena,
                              firn_error *err)
{
    const firn_byte_sink sink = {out, write_to};
    const firn_pq_row_group *group = file->n_row_groups > 0 ? &file->row_groups[0] : NULL;
    firn_parquet_write_opts opts = {.page_rows = 16}; /* so that no page is too small */
    firn_parquet_writer *writer = NULL;
    firn_file_metrics metrics;
    uint64_t gone[MAX_ROWS / 64 + 1] = {0};
    if (file->n_rows > MAX_ROWS) return FIRN_DONE;
    for (int64_t row = 0; row < file->n_rows; row++)
        if (is_left_out(row)) gone[row >> 6] |= (uint64_t)1 << (row & 63);
    if (group && file->n_leaves > 0 &&
        firn_pq_codec_of(group->chunks[0].codec, &opts.codec, NULL) != FIRN_OK)
        return FIRN_DONE;
    if (opts.codec == FIRN_CODEC_LZ4_FRAMED) return FIRN_DONE;
    FIRN_TRY(firn_parquet_writer_create(&file->schema.root, &opts, &sink, &writer, err));
    firn_status st = copy_groups(writer, file, NULL, err);
    if (st == FIRN_OK) st = copy_groups(writer, file, gone, err);
    if (st == FIRN_OK) st = firn_parquet_writer_finish(writer, arena, &metrics, err);
    firn_parquet_writer_destroy(writer);
    return st;
}

static void compare(firn_str source, firn_str copied)
{
    firn_error err = {0};
    int64_t n_source = 0;
    int64_t n_copied = 0;
    if (count_rows(source, &n_source, &err) != FIRN_OK || n_source >= MAX_ROWS / 2) return;
    int64_t n_expected = 2 * n_source;
    for (int64_t row = 0; row < n_source; row++) n_expected -= is_left_out(row);
    if (count_rows(copied, &n_copied, &err) != FIRN_OK || n_copied != n_expected) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    firn_error err = {0};
    firn_str bytes = {(const char *)data, size};
    const firn_byte_source source = {
        .ctx = &bytes, .size_bytes = (int64_t)size, .read_at = read_at};
    firn_parquet_file *file = NULL;
    firn_buf out;
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_buf_init(&out, NULL, (size_t)64 << 20);
    if (arena && firn_parquet_file_open(&source, &file, &err) == FIRN_OK) {
        if (copy_twice(file, &out, arena, &err) == FIRN_OK) compare(bytes, firn_buf_view(&out));
        firn_parquet_file_close(file);
    }
    firn_buf_dispose(&out);
    firn_arena_destroy(arena);
    return 0;
}
