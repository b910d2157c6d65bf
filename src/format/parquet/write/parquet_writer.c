/* SPDX-License-Identifier: Apache-2.0 */
/* The writer: cuts batches into slices, hands each to the columns, and writes row groups out.
 * Not here: encodings (parquet_column.c), the footer (parquet_writer_footer.c). */
#include "format/parquet/write/parquet_writer.h"

#include "base/error.h"
#include "base/str.h"
#include "format/parquet/write/parquet_index_writer.h"
#include "format/parquet/write/parquet_writer_internal.h"

#define DEFAULT_GROUP_ROWS  ((int64_t)1 << 20)
#define DEFAULT_GROUP_BYTES ((int64_t)128 << 20)
#define DEFAULT_PAGE_BYTES  ((int64_t)1 << 20)
#define DEFAULT_PAGE_ROWS   20000
#define DEFAULT_DICTIONARY  ((int64_t)1 << 20)
#define DEFAULT_BLOOM       ((int64_t)1 << 20)
/* Wider tables get shorter pages, since every column holds the values of its page at hand. */
#define FULL_PAGES_LEAVES 128
#define MIN_PAGE_ROWS     1000

static int64_t or_default(int64_t value, int64_t fallback)
{
    return value > 0 ? value : fallback;
}

static firn_status check_opts(const firn_type *root, const firn_parquet_write_opts *opts,
                              firn_error *err)
{
    if (root->kind != FIRN_TYPE_STRUCT)
        return firn_fail(err, FIRN_ERR_ARG, "a Parquet file is written from a struct type");
    if (opts->codec == FIRN_CODEC_DEFLATE || opts->codec == FIRN_CODEC_AVRO_SNAPPY)
        return firn_fail(err, FIRN_ERR_ARG, "codec %d is not one of Parquet's", (int)opts->codec);
    if (opts->page_bytes > INT32_MAX / 2 || opts->dictionary_bytes > INT32_MAX / 2)
        return firn_fail(err, FIRN_ERR_ARG, "pages of %lld bytes, limit %d",
                         (long long)(opts->page_bytes > opts->dictionary_bytes
                                         ? opts->page_bytes
                                         : opts->dictionary_bytes),
                         INT32_MAX / 2);
    return FIRN_OK;
}

static void set_leaf_opts(firn_parquet_leaf *leaf, const firn_parquet_column_opts *opts)
{
    leaf->metrics = opts->metrics;
    leaf->truncate_length = opts->truncate_length;
    leaf->no_dictionary = opts->no_dictionary;
    leaf->no_copy = opts->no_copy;
    leaf->has_bloom =
        opts->has_bloom && leaf->part == FIRN_LEAF_WHOLE && leaf->physical != FIRN_PHYSICAL_BOOLEAN;
    leaf->bloom_fpp = opts->bloom_fpp;
    leaf->bloom_ndv = opts->bloom_ndv;
}

/* Options nearly always come in the order of the leaves, so the search goes on where the last one
 * ended. */
static void set_column_opts(firn_parquet_writer *w, const firn_parquet_write_opts *opts)
{
    size_t at = 0;
    for (size_t i = 0; i < w->n_leaves; i++) {
        for (size_t step = 0; step < opts->n_columns; step++) {
            const size_t k = (at + step) % opts->n_columns;
            if (opts->columns[k].field_id != w->leaves[i].field_id) continue;
            set_leaf_opts(&w->leaves[i], &opts->columns[k]);
            at = k;
            break;
        }
    }
}

static size_t default_page_rows(size_t n_leaves)
{
    if (n_leaves <= FULL_PAGES_LEAVES) return DEFAULT_PAGE_ROWS;
    const size_t rows = (size_t)DEFAULT_PAGE_ROWS * FULL_PAGES_LEAVES / n_leaves;
    return rows > MIN_PAGE_ROWS ? rows : MIN_PAGE_ROWS;
}

static void init_settings(firn_parquet_writer *w, const firn_parquet_write_opts *opts)
{
    firn_parquet_settings *p = &w->settings;
    p->codec = opts->codec;
    p->codec_level =
        opts->codec == FIRN_CODEC_ZSTD && opts->codec_level == 0 ? 1 : opts->codec_level;
    p->page_rows = (size_t)or_default(opts->page_rows, (int64_t)default_page_rows(w->n_leaves));
    p->page_bytes = (size_t)or_default(opts->page_bytes, DEFAULT_PAGE_BYTES);
    p->dictionary_bytes = (size_t)or_default(opts->dictionary_bytes, DEFAULT_DICTIONARY);
    p->bloom_bytes = (size_t)or_default(opts->bloom_bytes, DEFAULT_BLOOM);
    p->encodings = opts->encodings;
    w->group_rows = or_default(opts->row_group_rows, DEFAULT_GROUP_ROWS);
    w->group_bytes = or_default(opts->row_group_bytes, DEFAULT_GROUP_BYTES);
}

static firn_status write_out(firn_parquet_writer *w, const char *data, size_t n, firn_error *err)
{
    if (n == 0) return FIRN_OK;
    FIRN_TRY(w->sink.write(w->sink.ctx, data, n, err));
    w->written += (int64_t)n;
    return FIRN_OK;
}

static firn_status open_writer(firn_parquet_writer *w, const firn_type *root,
                               const firn_parquet_write_opts *opts, firn_error *err)
{
    FIRN_TRY(firn_parquet_type_copy(w->arena, root, &w->root, err));
    FIRN_TRY(firn_parquet_leaves(w->arena, &w->root, &w->leaves, &w->n_leaves, err));
    set_column_opts(w, opts);
    init_settings(w, opts);
    w->iceberg_schema_json = firn_arena_copy(w->arena, opts->iceberg_schema_json);
    w->columns = firn_arena_array(w->arena, w->n_leaves, sizeof *w->columns);
    if (!w->columns || !w->iceberg_schema_json.data) return firn_fail_nomem(err);
    for (; w->n_columns < w->n_leaves; w->n_columns++)
        firn_parquet_column_init(&w->columns[w->n_columns], &w->leaves[w->n_columns], &w->settings);
    w->workspace = opts->workspace;
    if (!w->workspace) {
        FIRN_TRY(firn_parquet_workspace_create(NULL, opts->alloc, &w->workspace, err));
        w->has_own_workspace = true;
    }
    return write_out(w, "PAR1", 4, err);
}

firn_status firn_parquet_writer_create(const firn_type *root, const firn_parquet_write_opts *opts,
                                       const firn_byte_sink *sink, firn_parquet_writer **out,
                                       firn_error *err)
{
    const firn_parquet_write_opts defaults = {.codec = FIRN_CODEC_ZSTD};
    if (!opts) opts = &defaults;
    FIRN_TRY(check_opts(root, opts, err));
    firn_parquet_writer *w = firn_mem_alloc_zero(opts->alloc, sizeof *w);
    if (!w) return firn_fail_nomem(err);
    w->sink = *sink;
    w->settings.alloc = opts->alloc;
    firn_buf_init(&w->bloom, opts->alloc, 0);
    firn_buf_init(&w->column_indexes, opts->alloc, 0);
    firn_buf_init(&w->offset_indexes, opts->alloc, 0);
    w->arena = firn_arena_create(opts->alloc, 0);
    const firn_status st = w->arena ? open_writer(w, root, opts, err) : firn_fail_nomem(err);
    if (st != FIRN_OK) {
        firn_parquet_writer_destroy(w);
        return st;
    }
    *out = w;
    return FIRN_OK;
}

void firn_parquet_writer_destroy(firn_parquet_writer *w)
{
    if (!w) return;
    for (size_t i = 0; i < w->n_columns; i++) firn_parquet_column_dispose(&w->columns[i]);
    if (w->has_own_workspace) firn_parquet_workspace_destroy(w->workspace);
    firn_buf_dispose(&w->bloom);
    firn_buf_dispose(&w->column_indexes);
    firn_buf_dispose(&w->offset_indexes);
    firn_arena_destroy(w->arena);
    firn_mem_free(w->settings.alloc, w);
}

/* ---- row groups ---- */

static firn_status finish_column(void *ctx, size_t i, size_t thread, firn_error *err)
{
    firn_parquet_writer *w = ctx;
    return firn_parquet_column_finish(&w->columns[i], &w->workspace->scratch[thread], err);
}

/* The chunk's parts of the page index; their offsets count from the start of each buffer until both
 * have a place in the file. */
static firn_status put_indexes(firn_parquet_writer *w, firn_parquet_column *c, firn_error *err)
{
    firn_parquet_chunk *chunk = &c->chunk;
    if (firn_parquet_has_column_index(c)) {
        chunk->column_index_offset = (int64_t)w->column_indexes.len;
        firn_parquet_put_column_index(c, &w->column_indexes);
        chunk->column_index_length =
            (int32_t)((int64_t)w->column_indexes.len - chunk->column_index_offset);
    }
    chunk->offset_index_offset = (int64_t)w->offset_indexes.len;
    firn_parquet_put_offset_index(c, &w->offset_indexes);
    chunk->offset_index_length =
        (int32_t)((int64_t)w->offset_indexes.len - chunk->offset_index_offset);
    FIRN_TRY(firn_buf_check(&w->column_indexes, err));
    return firn_buf_check(&w->offset_indexes, err);
}

static firn_status write_column(firn_parquet_writer *w, firn_parquet_column *c,
                                firn_parquet_chunk *out, firn_error *err)
{
    c->chunk.offset = w->written;
    FIRN_TRY(
        firn_parquet_bounds_plain(&c->bounds, c->leaf, w->arena, &c->chunk.lo, &c->chunk.hi, err));
    FIRN_TRY(firn_parquet_sum_histograms(c, w->arena, err));
    FIRN_TRY(put_indexes(w, c, err));
    *out = c->chunk;
    FIRN_TRY(write_out(w, c->dict_page.data, c->dict_page.len, err));
    for (size_t i = 0; i < c->n_done; i++)
        FIRN_TRY(write_out(w, c->done[i].data, c->done[i].len, err));
    firn_parquet_column_reset(c);
    return FIRN_OK;
}

/* Bloom filters stand behind the row group they are of: so they need not be kept. */
static firn_status write_bloom(firn_parquet_writer *w, firn_parquet_column *c,
                               firn_parquet_chunk *chunk, firn_error *err)
{
    firn_buf_clear(&w->bloom);
    firn_buf_str(&w->bloom, firn_buf_view(&c->copied_bloom));
    firn_buf_clear(&c->copied_bloom);
    firn_parquet_bloom_writer_finish(&c->bloom, c->leaf, &w->bloom);
    FIRN_TRY(firn_buf_check(&w->bloom, err));
    chunk->bloom_offset = w->written;
    chunk->bloom_length = (int32_t)w->bloom.len;
    return write_out(w, w->bloom.data, w->bloom.len, err);
}

firn_status firn_parquet_writer__end_group(firn_parquet_writer *w, firn_error *err)
{
    if (w->n_pending == 0) return FIRN_OK;
    firn_parquet_group *group =
        firn_arena_push(w->arena, &w->groups, &w->n_groups, &w->cap_groups, sizeof *group);
    if (!group) return firn_fail_nomem(err);
    group->n_rows = w->n_pending;
    group->offset = w->written;
    group->chunks = firn_arena_array(w->arena, w->n_leaves, sizeof *group->chunks);
    if (!group->chunks) return firn_fail_nomem(err);
    FIRN_TRY(firn_pool_run(w->workspace->pool, w->n_leaves, finish_column, w, err));
    for (size_t i = 0; i < w->n_leaves; i++)
        FIRN_TRY(write_column(w, &w->columns[i], &group->chunks[i], err));
    for (size_t i = 0; i < w->n_leaves; i++)
        FIRN_TRY(write_bloom(w, &w->columns[i], &group->chunks[i], err));
    w->n_pending = 0;
    return FIRN_OK;
}

bool firn_parquet_writer__is_group_full(const firn_parquet_writer *w)
{
    if (w->n_pending >= w->group_rows) return true;
    size_t bytes = 0, held = 0;
    for (size_t i = 0; i < w->n_leaves; i++) {
        bytes += firn_parquet_column_encoded(&w->columns[i]);
        held += firn_parquet_column_held(&w->columns[i]);
    }
    return bytes >= (size_t)w->group_bytes || held >= (size_t)w->group_bytes / 2 * 3;
}

static int64_t slice_rows(const firn_parquet_writer *w, int64_t left)
{
    int64_t n = FIRN_BATCH_ROWS;
    if (n > left) n = left;
    if (n > w->group_rows - w->n_pending) n = w->group_rows - w->n_pending;
    if (n > (int64_t)w->settings.page_rows) n = (int64_t)w->settings.page_rows;
    return n;
}

typedef struct slice {
    firn_parquet_writer *writer;
    const firn_batch *batch;
    int64_t from, n;
    const bool *only; /* by leaf; NULL: all */
} slice;

static firn_status append_column(void *ctx, size_t i, size_t thread, firn_error *err)
{
    const slice *s = ctx;
    firn_parquet_writer *w = s->writer;
    firn_parquet_scratch *scratch = &w->workspace->scratch[thread];
    firn_parquet_run run;
    if (s->only && !s->only[i]) return FIRN_OK;
    FIRN_TRY(
        firn_parquet_shred(&scratch->shredder, &w->leaves[i], s->batch, s->from, s->n, &run, err));
    return firn_parquet_column_append(&w->columns[i], scratch, &run, err);
}

firn_status firn_parquet_writer__append_leaves(firn_parquet_writer *w, const firn_batch *batch,
                                               int64_t from, int64_t n, const bool *only,
                                               firn_error *err)
{
    slice s = {w, batch, from, n, only};
    return firn_pool_run(w->workspace->pool, w->n_leaves, append_column, &s, err);
}

static firn_status append_slice(firn_parquet_writer *w, const firn_batch *batch, int64_t from,
                                int64_t n, firn_error *err)
{
    FIRN_TRY(firn_parquet_writer__append_leaves(w, batch, from, n, NULL, err));
    w->n_pending += n;
    w->n_rows += n;
    return firn_parquet_writer__is_group_full(w) ? firn_parquet_writer__end_group(w, err) : FIRN_OK;
}

static firn_status append_batch(firn_parquet_writer *w, const firn_batch *batch, firn_error *err)
{
    for (int64_t from = 0; from < batch->n_rows;) {
        const int64_t n = slice_rows(w, batch->n_rows - from);
        FIRN_TRY(append_slice(w, batch, from, n, err));
        from += n;
    }
    return FIRN_OK;
}

/* A failure leaves columns of different lengths: nothing more may be written. */
firn_status firn_parquet_writer__check(const firn_parquet_writer *w, firn_error *err)
{
    if (w->is_finished) return firn_fail(err, FIRN_ERR_ARG, "the Parquet writer is finished");
    if (w->is_failed)
        return firn_fail(err, FIRN_ERR_ARG, "the Parquet writer failed before: start a new file");
    if (w->n_to_fill > 0)
        return firn_fail(err, FIRN_ERR_ARG, "%lld rows of the row group copied last are to come",
                         (long long)w->n_to_fill);
    return FIRN_OK;
}

firn_status firn_parquet_writer_append(firn_parquet_writer *w, const firn_batch *batch,
                                       firn_error *err)
{
    FIRN_TRY(firn_parquet_writer__check(w, err));
    if (batch->n_columns != w->root.n_fields)
        return firn_fail(err, FIRN_ERR_ARG, "batch of %zu columns for a schema of %zu",
                         batch->n_columns, w->root.n_fields);
    const firn_status st = append_batch(w, batch, err);
    w->is_failed = st != FIRN_OK;
    return st;
}

int64_t firn_parquet_writer_size(const firn_parquet_writer *w)
{
    int64_t size = w->written;
    if (w->n_pending == 0) return size;
    for (size_t i = 0; i < w->n_leaves; i++)
        size += (int64_t)firn_parquet_column_buffered(&w->columns[i]);
    return size;
}

int64_t firn_parquet_writer_rows(const firn_parquet_writer *w)
{
    return w->n_rows;
}

static firn_status write_indexes(firn_parquet_writer *w, firn_error *err)
{
    const int64_t columns = w->written, offsets = columns + (int64_t)w->column_indexes.len;
    for (size_t g = 0; g < w->n_groups; g++) {
        for (size_t i = 0; i < w->n_leaves; i++) {
            w->groups[g].chunks[i].column_index_offset += columns;
            w->groups[g].chunks[i].offset_index_offset += offsets;
        }
    }
    FIRN_TRY(write_out(w, w->column_indexes.data, w->column_indexes.len, err));
    return write_out(w, w->offset_indexes.data, w->offset_indexes.len, err);
}

static firn_status finish(firn_parquet_writer *w, firn_arena *arena, firn_file_metrics *out,
                          firn_error *err)
{
    FIRN_TRY(firn_parquet_writer__end_group(w, err));
    FIRN_TRY(write_indexes(w, err));
    const firn_parquet_footer footer = {.root = &w->root,
                                        .leaves = w->leaves,
                                        .n_leaves = w->n_leaves,
                                        .groups = w->groups,
                                        .n_groups = w->n_groups,
                                        .n_rows = w->n_rows,
                                        .codec = w->settings.codec,
                                        .iceberg_schema_json = w->iceberg_schema_json};
    firn_buf *raw = &w->workspace->scratch[0].raw;
    firn_buf_clear(raw);
    FIRN_TRY(firn_parquet_put_footer(&footer, raw, err));
    FIRN_TRY(write_out(w, raw->data, raw->len, err));
    return firn_parquet_file_metrics(&footer, w->columns, w->written, arena, out, err);
}

firn_status firn_parquet_writer_finish(firn_parquet_writer *w, firn_arena *arena,
                                       firn_file_metrics *out, firn_error *err)
{
    FIRN_TRY(firn_parquet_writer__check(w, err));
    const firn_status st = finish(w, arena, out, err);
    w->is_failed = st != FIRN_OK;
    w->is_finished = st == FIRN_OK;
    return st;
}
