/* SPDX-License-Identifier: Apache-2.0 */
/* Canonical rows and their MD5. */
#include "parquet_canon.h"

#include <md5.h>
#include <string.h>

#include "base/error.h"
#include "format/inspect/canonical.h"
#include "format/parquet/read/parquet_reader.h"

void canon_md5(firn_str bytes, char out[33])
{
    MD5_CTX md5;
    MD5Init(&md5);
    MD5Update(&md5, (const uint8_t *)bytes.data, bytes.len);
    (void)MD5End(&md5, out);
}

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
    return (firn_byte_source){.ctx = bytes, .size_bytes = (int64_t)bytes->len, .read_at = read_at};
}

static firn_status put_rows(firn_parquet_rows *rows, firn_batch *batch, firn_buf *out,
                            int64_t *n_rows, firn_error *err)
{
    firn_status st;
    *n_rows = 0;
    /* An odd number of rows, so that batches end inside runs and pages. */
    while ((st = firn_parquet_rows_next(rows, 701, batch, err)) == FIRN_OK) {
        for (int64_t r = 0; r < batch->n_rows; r++) {
            firn_canonical_row(out, batch, r);
            firn_buf_byte(out, '\n');
        }
        *n_rows += batch->n_rows;
    }
    return st == FIRN_DONE ? firn_buf_check(out, err) : st;
}

static firn_status read_source(const firn_byte_source *source, firn_parquet_memory *memory,
                               firn_buf *out, int64_t *n_rows, firn_error *err)
{
    const firn_parquet_rows_opts opts = {
        .match = FIRN_PARQUET_MATCH_NAMES, .types = FIRN_PARQUET_TYPES_FILE, .memory = memory};
    firn_parquet_file *file = NULL;
    firn_parquet_rows *rows = NULL;
    firn_batch *batch = NULL;
    FIRN_TRY(firn_parquet_file_open(source, &file, err));
    const firn_type *root = &firn_parquet_file_schema_as(file, FIRN_PARQUET_TYPES_FILE)->root;
    firn_status st = firn_batch_create(root, FIRN_BATCH_ROWS, &batch, err);
    if (st == FIRN_OK) st = firn_parquet_rows_open(file, root, &opts, &rows, err);
    if (st == FIRN_OK) st = put_rows(rows, batch, out, n_rows, err);
    firn_parquet_rows_close(rows);
    firn_batch_destroy(batch);
    firn_parquet_file_close(file);
    return st;
}

static firn_status read_file(firn_str bytes, firn_parquet_memory *memory, firn_buf *out,
                             int64_t *n_rows, firn_error *err)
{
    const firn_byte_source source = canon_source(&bytes);
    return read_source(&source, memory, out, n_rows, err);
}

firn_status canon_parquet(firn_str bytes, firn_buf *out, int64_t *n_rows, firn_error *err)
{
    return read_file(bytes, NULL, out, n_rows, err);
}

firn_status canon_parquet_on(firn_cpu_level level, firn_str bytes, firn_buf *out, int64_t *n_rows,
                             firn_error *err)
{
    firn_parquet_memory *memory = NULL;
    FIRN_TRY(firn_parquet_memory_create(&memory, err));
    firn_parquet_memory_limit_cpu(memory, level);
    const firn_status st = read_file(bytes, memory, out, n_rows, err);
    firn_parquet_memory_destroy(memory);
    return st;
}

firn_status canon_parquet_streamed(size_t window_bytes, firn_str bytes, firn_buf *out,
                                   int64_t *n_rows, firn_error *err)
{
    firn_parquet_memory *memory = NULL;
    FIRN_TRY(firn_parquet_memory_create(&memory, err));
    const firn_pq_page_limits limits = {.window = window_bytes, .stored = window_bytes};
    firn_parquet_memory_limit_pages(memory, &limits);
    const firn_status st = read_file(bytes, memory, out, n_rows, err);
    firn_parquet_memory_destroy(memory);
    return st;
}

firn_status canon_parquet_kept(struct firn_page_cache *pages, firn_str path, firn_str bytes,
                               firn_buf *out, int64_t *n_rows, firn_error *err)
{
    firn_byte_source source = canon_source(&bytes);
    source.pages = pages;
    source.path = path;
    return read_source(&source, NULL, out, n_rows, err);
}
