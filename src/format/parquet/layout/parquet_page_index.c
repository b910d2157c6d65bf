/* SPDX-License-Identifier: Apache-2.0 */
/* Reading page indexes from untrusted bytes. An index that passes the checks below leads to no byte
 * outside its chunk and no row outside its row group; whether its bounds are true, nobody can say
 * without the pages. */
#include "format/parquet/layout/parquet_page_index.h"

#include <inttypes.h>

#include "base/error.h"
#include "format/parquet/layout/parquet_meta.h"
#include "format/parquet/thrift/thrift.h"

static firn_status read_part(const firn_parquet_file *file, const firn_pq_part *part,
                             firn_arena *arena, firn_str *out, firn_error *err)
{
    if (part->offset < 0 || part->n_bytes == FIRN_PQ_NONE) return FIRN_DONE;
    if (part->n_bytes <= 0)
        return firn_fail_at(err, (uint64_t)part->offset, "page index of %d bytes", part->n_bytes);
    return firn_pq_file_bytes(file, part->offset, (size_t)part->n_bytes, arena, out, err);
}

/* ---- counts ---- */

static firn_status check_count(const firn_thrift *t, size_t n, size_t n_pages, firn_error *err)
{
    if (n == n_pages) return FIRN_OK;
    return firn_fail_at(err, firn_cursor_pos(&t->in), "list of %zu entries for %zu pages", n,
                        n_pages);
}

/* Counts of something, none below 0. */
static firn_status parse_counts(firn_thrift *t, const firn_thrift_field *in, firn_arena *arena,
                                int64_t **out, size_t *n_out, firn_error *err)
{
    const firn_thrift_field element = {0, FIRN_THRIFT_I64};
    FIRN_TRY(firn_thrift_list(t, in, FIRN_THRIFT_I64, n_out, err));
    *out = firn_arena_array(arena, *n_out, sizeof **out);
    if (!*out) return firn_fail_nomem(err);
    for (size_t i = 0; i < *n_out; i++) {
        FIRN_TRY(firn_thrift_i64(t, &element, &(*out)[i], err));
        if ((*out)[i] < 0)
            return firn_fail_at(err, firn_cursor_pos(&t->in), "count %zu is %" PRId64, i,
                                (*out)[i]);
    }
    return FIRN_OK;
}

static firn_status parse_page_counts(firn_thrift *t, const firn_thrift_field *in, size_t n_pages,
                                     firn_arena *arena, int64_t **out, firn_error *err)
{
    size_t n = 0;
    FIRN_TRY(parse_counts(t, in, arena, out, &n, err));
    return check_count(t, n, n_pages, err);
}

/* ---- offset index ---- */

static firn_status parse_location(firn_thrift *t, firn_pq_page_location *out, firn_error *err)
{
    firn_thrift_field f;
    firn_status st;
    int32_t n_bytes = FIRN_PQ_NONE;
    *out = (firn_pq_page_location){FIRN_PQ_NONE, FIRN_PQ_NONE, FIRN_PQ_NONE};
    FIRN_TRY(firn_thrift_enter(t, NULL, &f, err));
    while ((st = firn_thrift_next(t, &f, err)) == FIRN_OK) {
        switch (f.id) {
        case 1: FIRN_TRY(firn_thrift_i64(t, &f, &out->offset, err)); break;
        case 2: FIRN_TRY(firn_thrift_i32(t, &f, &n_bytes, err)); break;
        case 3: FIRN_TRY(firn_thrift_i64(t, &f, &out->first_row, err)); break;
        default: FIRN_TRY(firn_thrift_skip(t, &f, err)); break;
        }
    }
    out->n_bytes = n_bytes;
    return st == FIRN_DONE ? FIRN_OK : st;
}

static firn_status parse_locations(firn_thrift *t, const firn_thrift_field *in, firn_arena *arena,
                                   firn_pq_offset_index *out, firn_error *err)
{
    FIRN_TRY(firn_thrift_list(t, in, FIRN_THRIFT_STRUCT, &out->n_pages, err));
    out->pages = firn_arena_array(arena, out->n_pages, sizeof *out->pages);
    if (!out->pages) return firn_fail_nomem(err);
    for (size_t i = 0; i < out->n_pages; i++) FIRN_TRY(parse_location(t, &out->pages[i], err));
    return FIRN_OK;
}

/* Pages one after another inside the chunk, rows one after another inside the row group. */
static firn_status check_locations(const firn_parquet_file *file, const firn_pq_row_group *rg,
                                   const firn_pq_chunk *chunk, const firn_pq_offset_index *index,
                                   firn_error *err)
{
    const bool has_dictionary =
        chunk->dictionary_offset > 0 && chunk->dictionary_offset < chunk->data_offset;
    int64_t at = has_dictionary ? chunk->dictionary_offset : chunk->data_offset;
    const int64_t end = chunk->compressed_bytes < file->data_end - at ? at + chunk->compressed_bytes
                                                                      : file->data_end;
    int64_t row = 0;
    for (size_t i = 0; i < index->n_pages; i++) {
        const firn_pq_page_location *page = &index->pages[i];
        if (page->offset < at || page->n_bytes <= 0 || page->offset > end ||
            page->n_bytes > end - page->offset)
            return firn_fail(err, FIRN_ERR_CORRUPT,
                             "page %zu of %" PRId64 " bytes at %" PRId64
                             ", expected within %" PRId64 " to %" PRId64,
                             i, page->n_bytes, page->offset, at, end);
        if (i == 0 ? page->first_row != 0 : page->first_row < row)
            return firn_fail(err, FIRN_ERR_CORRUPT,
                             "page %zu begins with row %" PRId64 ", expected %s%" PRId64, i,
                             page->first_row, i == 0 ? "" : "at least ", row);
        at = page->offset + page->n_bytes;
        row = page->first_row + 1;
    }
    if (row > rg->n_rows || (index->n_pages == 0 && rg->n_rows > 0))
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "%zu pages, the last begins with row %" PRId64 " of %" PRId64,
                         index->n_pages, row - 1, rg->n_rows);
    return FIRN_OK;
}

static firn_status parse_offset_index(firn_thrift *t, firn_arena *arena, firn_pq_offset_index *out,
                                      firn_error *err)
{
    firn_thrift_field f;
    firn_status st;
    FIRN_TRY(firn_thrift_enter(t, NULL, &f, err));
    while ((st = firn_thrift_next(t, &f, err)) == FIRN_OK) {
        if (f.id == 1 && !out->pages)
            FIRN_TRY(parse_locations(t, &f, arena, out, err));
        else if (f.id == 2 && out->wants_counts && f.type == FIRN_THRIFT_LIST && out->pages)
            FIRN_TRY(parse_page_counts(t, &f, out->n_pages, arena, &out->text_bytes, err));
        else
            FIRN_TRY(firn_thrift_skip(t, &f, err));
    }
    if (st != FIRN_DONE) return st;
    if (out->pages) return FIRN_OK;
    return firn_fail_at(err, firn_cursor_pos(&t->in), "no page locations");
}

firn_status firn_pq_offset_index_read(const firn_parquet_file *file, size_t row_group, size_t leaf,
                                      firn_arena *arena, firn_pq_offset_index *out, firn_error *err)
{
    const firn_pq_row_group *rg = &file->row_groups[row_group];
    const firn_pq_chunk *chunk = &rg->chunks[leaf];
    firn_str bytes = {NULL, 0};
    *out = (firn_pq_offset_index){.wants_counts = out->wants_counts};
    if (!chunk->has_meta) return FIRN_DONE;
    FIRN_TRY(read_part(file, &chunk->offset_index, arena, &bytes, err));
    firn_thrift t = firn_thrift_of(bytes, (uint64_t)chunk->offset_index.offset);
    firn_status st = parse_offset_index(&t, arena, out, err);
    if (st == FIRN_OK) st = check_locations(file, rg, chunk, out, err);
    return firn_error_wrap(err, st, "offset index of row group %zu, column %.*s", row_group,
                           FIRN_STR_ARG(file->leaves[leaf]->name));
}

/* ---- column index ---- */

static firn_status parse_null_pages(firn_thrift *t, const firn_thrift_field *in, firn_arena *arena,
                                    firn_pq_column_index *out, firn_error *err)
{
    size_t n = 0;
    FIRN_TRY(firn_thrift_list(t, in, FIRN_THRIFT_TRUE, &n, err));
    FIRN_TRY(check_count(t, n, out->n_pages, err));
    out->is_null_page = firn_arena_array(arena, n, sizeof *out->is_null_page);
    if (!out->is_null_page) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++)
        FIRN_TRY(firn_thrift_bool_element(t, &out->is_null_page[i], err));
    return FIRN_OK;
}

static firn_status parse_bounds(firn_thrift *t, const firn_thrift_field *in, size_t n_pages,
                                firn_arena *arena, firn_str **out, firn_error *err)
{
    const firn_thrift_field element = {0, FIRN_THRIFT_BINARY};
    size_t n = 0;
    FIRN_TRY(firn_thrift_list(t, in, FIRN_THRIFT_BINARY, &n, err));
    FIRN_TRY(check_count(t, n, n_pages, err));
    *out = firn_arena_array(arena, n, sizeof **out);
    if (!*out) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) FIRN_TRY(firn_thrift_binary(t, &element, &(*out)[i], err));
    return FIRN_OK;
}

/* What came late is there if it is a list of numbers, whatever else writers had by its id. */
static firn_status parse_late_counts(firn_thrift *t, const firn_thrift_field *f, firn_arena *arena,
                                     firn_pq_column_index *out, firn_error *err)
{
    if (!out->wants_counts || f->type != FIRN_THRIFT_LIST) return firn_thrift_skip(t, f, err);
    if (f->id == 6) return parse_counts(t, f, arena, &out->rep_counts, &out->n_rep_counts, err);
    if (f->id == 7) return parse_counts(t, f, arena, &out->def_counts, &out->n_def_counts, err);
    return parse_page_counts(t, f, out->n_pages, arena, &out->nan_counts, err);
}

static firn_status parse_column_index(firn_thrift *t, firn_arena *arena, firn_pq_column_index *out,
                                      firn_error *err)
{
    firn_thrift_field f;
    firn_status st;
    int32_t order = FIRN_PQ_NONE;
    FIRN_TRY(firn_thrift_enter(t, NULL, &f, err));
    while ((st = firn_thrift_next(t, &f, err)) == FIRN_OK) {
        switch (f.id) {
        case 1: FIRN_TRY(parse_null_pages(t, &f, arena, out, err)); break;
        case 2: FIRN_TRY(parse_bounds(t, &f, out->n_pages, arena, &out->min, err)); break;
        case 3: FIRN_TRY(parse_bounds(t, &f, out->n_pages, arena, &out->max, err)); break;
        case 4: FIRN_TRY(firn_thrift_i32(t, &f, &order, err)); break;
        case 5:
            FIRN_TRY(parse_page_counts(t, &f, out->n_pages, arena, &out->null_counts, err));
            break;
        case 6:
        case 7:
        case 8: FIRN_TRY(parse_late_counts(t, &f, arena, out, err)); break;
        default: FIRN_TRY(firn_thrift_skip(t, &f, err)); break;
        }
    }
    if (st != FIRN_DONE) return st;
    if (!out->is_null_page || !out->min || !out->max || order < FIRN_PQ_UNORDERED ||
        order > FIRN_PQ_DESCENDING)
        return firn_fail_at(err, firn_cursor_pos(&t->in), "lacks a list or its order (%d)", order);
    out->order = (firn_pq_boundary_order)order;
    return FIRN_OK;
}

firn_status firn_pq_column_index_read(const firn_parquet_file *file, size_t row_group, size_t leaf,
                                      size_t n_pages, firn_arena *arena, firn_pq_column_index *out,
                                      firn_error *err)
{
    const firn_pq_chunk *chunk = &file->row_groups[row_group].chunks[leaf];
    firn_str bytes = {NULL, 0};
    *out = (firn_pq_column_index){.n_pages = n_pages, .wants_counts = out->wants_counts};
    if (!chunk->has_meta) return FIRN_DONE;
    FIRN_TRY(read_part(file, &chunk->column_index, arena, &bytes, err));
    firn_thrift t = firn_thrift_of(bytes, (uint64_t)chunk->column_index.offset);
    return firn_error_wrap(err, parse_column_index(&t, arena, out, err),
                           "column index of row group %zu, column %.*s", row_group,
                           FIRN_STR_ARG(file->leaves[leaf]->name));
}
