/* SPDX-License-Identifier: Apache-2.0 */
/* ColumnIndex and OffsetIndex of parquet.thrift. */
#include "format/parquet/write/parquet_index_writer.h"

#include "base/error.h"
#include "format/parquet/thrift/thrift_writer.h"

enum { UNORDERED = 0, ASCENDING = 1, DESCENDING = 2 };

static size_t n_reps(const firn_parquet_column *c)
{
    return c->leaf->max_rep + 1u;
}

static size_t n_defs(const firn_parquet_column *c)
{
    return c->leaf->max_def + 1u;
}

static const int64_t *page_counts(const firn_parquet_column *c, size_t page)
{
    const int64_t *counts = (const int64_t *)(const void *)c->histograms.data;
    return counts + page * (n_reps(c) + n_defs(c));
}

/* A page without values: only nulls and empty lists. */
static bool is_null_page(const firn_parquet_page *page)
{
    return page->n_values == 0;
}

bool firn_parquet_has_column_index(const firn_parquet_column *c)
{
    if (c->bounds.kind == FIRN_STATS_NONE) return false;
    for (size_t i = 0; i < c->n_done; i++)
        if (!is_null_page(&c->done[i]) && !c->done[i].has_bounds) return false;
    return c->n_done > 0;
}

static void put_bounds(firn_thrift_writer *w, const firn_parquet_column *c, bool is_upper)
{
    firn_thrift_put_list_of_bytes(w, is_upper ? 3 : 2, c->n_done);
    for (size_t i = 0; i < c->n_done; i++) {
        const firn_parquet_page *page = &c->done[i];
        const size_t at = is_upper ? page->hi_at : page->lo_at;
        const size_t len = is_upper ? page->hi_len : page->lo_len;
        const firn_str bytes = {len ? c->page_bounds.data + at : "", len};
        firn_thrift_put_element_bytes(w, bytes);
    }
}

/* For every page the counts of every level, one after another. */
static void put_histogram(firn_thrift_writer *w, int16_t id, const firn_parquet_column *c,
                          size_t from, size_t n)
{
    firn_thrift_put_list_of_i64(w, id, c->n_done * n);
    for (size_t i = 0; i < c->n_done; i++)
        for (size_t k = 0; k < n; k++) firn_thrift_put_element_i64(w, page_counts(c, i)[from + k]);
}

void firn_parquet_put_column_index(const firn_parquet_column *c, firn_buf *out)
{
    firn_thrift_writer w = firn_thrift_writer_of(out);
    firn_thrift_put_list_of_bool(&w, 1, c->n_done);
    for (size_t i = 0; i < c->n_done; i++)
        firn_thrift_put_element_bool(&w, is_null_page(&c->done[i]));
    put_bounds(&w, c, false);
    put_bounds(&w, c, true);
    firn_thrift_put_i32(&w, 4,
                        c->is_ascending    ? ASCENDING
                        : c->is_descending ? DESCENDING
                                           : UNORDERED);
    firn_thrift_put_list_of_i64(&w, 5, c->n_done);
    for (size_t i = 0; i < c->n_done; i++) firn_thrift_put_element_i64(&w, c->done[i].null_count);
    if (c->leaf->max_rep) put_histogram(&w, 6, c, 0, n_reps(c));
    if (firn_parquet_leaf_has_histograms(c->leaf)) put_histogram(&w, 7, c, n_reps(c), n_defs(c));
    const bool is_float = c->bounds.kind == FIRN_STATS_F32 || c->bounds.kind == FIRN_STATS_F64;
    if (is_float && !c->chunk.lacks_nan_count) {
        firn_thrift_put_list_of_i64(&w, 8, c->n_done);
        for (size_t i = 0; i < c->n_done; i++)
            firn_thrift_put_element_i64(&w, c->done[i].nan_count);
    }
    firn_thrift_put_end(&w);
}

void firn_parquet_put_offset_index(const firn_parquet_column *c, firn_buf *out)
{
    firn_thrift_writer w = firn_thrift_writer_of(out);
    int64_t offset = c->chunk.offset + c->chunk.dictionary_bytes;
    firn_thrift_put_list_of_structs(&w, 1, c->n_done);
    for (size_t i = 0; i < c->n_done; i++) {
        firn_thrift_put_element_struct(&w);
        firn_thrift_put_i64(&w, 1, offset);
        firn_thrift_put_i32(&w, 2, (int32_t)c->done[i].len);
        firn_thrift_put_i64(&w, 3, c->done[i].first_row);
        firn_thrift_put_end(&w);
        offset += (int64_t)c->done[i].len;
    }
    if (c->leaf->physical == FIRN_PHYSICAL_BYTE_ARRAY && !c->chunk.lacks_text_bytes) {
        firn_thrift_put_list_of_i64(&w, 2, c->n_done);
        for (size_t i = 0; i < c->n_done; i++)
            firn_thrift_put_element_i64(&w, c->done[i].text_bytes);
    }
    firn_thrift_put_end(&w);
}

firn_status firn_parquet_sum_histograms(firn_parquet_column *c, firn_arena *arena, firn_error *err)
{
    if (!firn_parquet_leaf_has_histograms(c->leaf)) return FIRN_OK;
    const size_t n = n_reps(c) + n_defs(c);
    int64_t *sums = firn_arena_array(arena, n, sizeof *sums);
    if (!sums) return firn_fail_nomem(err);
    for (size_t i = 0; i < c->n_done; i++)
        for (size_t k = 0; k < n; k++) sums[k] += page_counts(c, i)[k];
    if (c->leaf->max_rep) c->chunk.rep_counts = sums;
    c->chunk.def_counts = sums + n_reps(c);
    return FIRN_OK;
}
