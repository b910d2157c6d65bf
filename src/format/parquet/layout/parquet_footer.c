/* SPDX-License-Identifier: Apache-2.0 */
/* FileMetaData from thrift bytes to structs, each number checked where it is read. Not here: what
 * the schema elements mean together (parquet_schema.c). */
#include <inttypes.h>

#include "base/error.h"
#include "base/limits.h"
#include "format/parquet/layout/parquet_meta.h"
#include "format/parquet/thrift/thrift.h"

/* A column chunk with all its required fields takes more bytes than this, so a forged count cannot
 * make us allocate much more than the footer holds. */
#define MIN_CHUNK_BYTES 16

typedef struct footer_parser {
    firn_thrift t;
    firn_parquet_file *file;
    bool has_row_groups, has_rows;
} footer_parser;

/* Where the fields of SchemaElement that are numbers go. */
static int32_t *number_slot(firn_pq_element *e, int16_t id)
{
    switch (id) {
    case 1: return &e->physical;
    case 2: return &e->type_length;
    case 3: return &e->repetition;
    case 5: return &e->n_children;
    case 6: return &e->converted;
    case 7: return &e->scale;
    case 8: return &e->precision;
    case 9: return &e->field_id;
    default: return NULL;
    }
}

static firn_status parse_element(firn_thrift *t, firn_pq_element *e, firn_error *err)
{
    firn_thrift_field f;
    firn_status st;
    *e = (firn_pq_element){
        .physical = FIRN_PQ_NONE, .converted = FIRN_PQ_NONE, .field_id = FIRN_PQ_NONE};
    FIRN_TRY(firn_thrift_enter(t, NULL, &f, err));
    while ((st = firn_thrift_next(t, &f, err)) == FIRN_OK) {
        int32_t *number = number_slot(e, f.id);
        if (number)
            FIRN_TRY(firn_thrift_i32(t, &f, number, err));
        else if (f.id == 4)
            FIRN_TRY(firn_thrift_binary(t, &f, &e->name, err));
        else if (f.id == 10)
            FIRN_TRY(firn_pq_logical_parse(t, &f, e, err));
        else
            FIRN_TRY(firn_thrift_skip(t, &f, err));
    }
    if (st != FIRN_DONE) return st;
    /* The union has no interval: parquet-java says UNKNOWN there. */
    if (e->logical == FIRN_PQ_PLAIN_TYPE || e->logical == FIRN_PQ_UNKNOWN)
        firn_pq_logical_from_converted(e);
    return FIRN_OK;
}

static firn_status parse_schema(footer_parser *p, const firn_thrift_field *f, firn_error *err)
{
    firn_parquet_file *file = p->file;
    if (file->elements)
        return firn_fail_at(err, firn_cursor_pos(&p->t.in), "footer has two schemas");
    FIRN_TRY(firn_thrift_list(&p->t, f, FIRN_THRIFT_STRUCT, &file->n_elements, err));
    if (file->n_elements > (size_t)FIRN_LIMIT_COLUMNS * 4)
        return firn_fail(err, FIRN_ERR_LIMIT, "schema of %zu elements, limit %d", file->n_elements,
                         FIRN_LIMIT_COLUMNS * 4);
    file->elements = firn_arena_array(file->arena, file->n_elements, sizeof *file->elements);
    if (!file->elements) return firn_fail_nomem(err);
    for (size_t i = 0; i < file->n_elements; i++)
        FIRN_TRY(parse_element(&p->t, &file->elements[i], err));
    return firn_pq_schema_build(file, err);
}

static firn_status parse_flag(firn_thrift *t, const firn_thrift_field *f, bool *out,
                              firn_error *err)
{
    if (f->type != FIRN_THRIFT_TRUE && f->type != FIRN_THRIFT_FALSE)
        return firn_thrift_skip(t, f, err);
    return firn_thrift_bool(t, f, out, err);
}

/* A number that came late: what else it may be is not worth an error. */
static firn_status parse_nan_count(firn_thrift *t, const firn_thrift_field *f, firn_pq_stats *s,
                                   firn_error *err)
{
    if (f->type != FIRN_THRIFT_I64) return firn_thrift_skip(t, f, err);
    return firn_thrift_i64(t, f, &s->nan_count, err);
}

static firn_status parse_stats(firn_thrift *t, const firn_thrift_field *in, firn_pq_stats *s,
                               firn_error *err)
{
    firn_thrift_field f;
    firn_status st;
    FIRN_TRY(firn_thrift_enter(t, in, &f, err));
    while ((st = firn_thrift_next(t, &f, err)) == FIRN_OK) {
        switch (f.id) {
        case 1:
            FIRN_TRY(firn_thrift_binary(t, &f, &s->max, err));
            s->has_max = true;
            break;
        case 2:
            FIRN_TRY(firn_thrift_binary(t, &f, &s->min, err));
            s->has_min = true;
            break;
        case 3: FIRN_TRY(firn_thrift_i64(t, &f, &s->null_count, err)); break;
        case 5:
            FIRN_TRY(firn_thrift_binary(t, &f, &s->max_value, err));
            s->has_max_value = true;
            break;
        case 6:
            FIRN_TRY(firn_thrift_binary(t, &f, &s->min_value, err));
            s->has_min_value = true;
            break;
        case 7: FIRN_TRY(parse_flag(t, &f, &s->is_max_exact, err)); break;
        case 8: FIRN_TRY(parse_flag(t, &f, &s->is_min_exact, err)); break;
        case 9: FIRN_TRY(parse_nan_count(t, &f, s, err)); break;
        default: FIRN_TRY(firn_thrift_skip(t, &f, err)); break;
        }
    }
    return st == FIRN_DONE ? FIRN_OK : st;
}

/* PageEncodingStats: pages by type and encoding. */
static firn_status parse_page_counts(firn_thrift *t, const firn_thrift_field *in, firn_pq_chunk *c,
                                     firn_error *err)
{
    size_t n = 0;
    bool has_indices = false, has_others = false;
    FIRN_TRY(firn_thrift_list(t, in, FIRN_THRIFT_STRUCT, &n, err));
    for (size_t i = 0; i < n; i++) {
        firn_thrift_field f;
        firn_status st;
        int32_t numbers[4] = {0}; /* page type, encoding, count */
        FIRN_TRY(firn_thrift_enter(t, NULL, &f, err));
        while ((st = firn_thrift_next(t, &f, err)) == FIRN_OK) {
            if (f.id >= 1 && f.id <= 3)
                FIRN_TRY(firn_thrift_i32(t, &f, &numbers[f.id], err));
            else
                FIRN_TRY(firn_thrift_skip(t, &f, err));
        }
        if (st != FIRN_DONE) return st;
        if (numbers[3] <= 0 || (numbers[1] != 0 && numbers[1] != 3)) continue; /* data pages only */
        if (numbers[2] == 2 || numbers[2] == 8)
            has_indices = true;
        else
            has_others = true;
    }
    c->has_only_indices = has_indices && !has_others;
    return FIRN_OK;
}

/* Where things are, and fields that came later: early writers had others of their own under the
 * numbers from 13 on. */
static firn_status parse_chunk_extra(firn_thrift *t, const firn_thrift_field *f, firn_pq_chunk *c,
                                     firn_error *err)
{
    if (f->id == 9) return firn_thrift_i64(t, f, &c->data_offset, err);
    if (f->id == 11) return firn_thrift_i64(t, f, &c->dictionary_offset, err);
    if (f->id == 13 && f->type == FIRN_THRIFT_LIST) return parse_page_counts(t, f, c, err);
    if (f->id == 14 && f->type == FIRN_THRIFT_I64)
        return firn_thrift_i64(t, f, &c->bloom.offset, err);
    if (f->id == 15 && f->type == FIRN_THRIFT_I32)
        return firn_thrift_i32(t, f, &c->bloom.n_bytes, err);
    return firn_thrift_skip(t, f, err);
}

static firn_status parse_chunk_meta(firn_thrift *t, const firn_thrift_field *in, firn_pq_chunk *c,
                                    firn_error *err)
{
    firn_thrift_field f;
    firn_status st;
    FIRN_TRY(firn_thrift_enter(t, in, &f, err));
    while ((st = firn_thrift_next(t, &f, err)) == FIRN_OK) {
        switch (f.id) {
        case 1: FIRN_TRY(firn_thrift_i32(t, &f, &c->physical, err)); break;
        case 4: FIRN_TRY(firn_thrift_i32(t, &f, &c->codec, err)); break;
        case 5: FIRN_TRY(firn_thrift_i64(t, &f, &c->n_values, err)); break;
        case 6: FIRN_TRY(firn_thrift_i64(t, &f, &c->uncompressed_bytes, err)); break;
        case 7: FIRN_TRY(firn_thrift_i64(t, &f, &c->compressed_bytes, err)); break;
        case 12: FIRN_TRY(parse_stats(t, &f, &c->stats, err)); break;
        default: FIRN_TRY(parse_chunk_extra(t, &f, c, err)); break;
        }
    }
    c->has_meta = true;
    return st == FIRN_DONE ? FIRN_OK : st;
}

static firn_status parse_chunk(firn_thrift *t, firn_pq_chunk *c, firn_error *err)
{
    firn_thrift_field f;
    firn_status st;
    *c = (firn_pq_chunk){.physical = FIRN_PQ_NONE,
                         .codec = FIRN_PQ_NONE,
                         .n_values = FIRN_PQ_NONE,
                         .uncompressed_bytes = FIRN_PQ_NONE,
                         .compressed_bytes = FIRN_PQ_NONE,
                         .data_offset = FIRN_PQ_NONE,
                         .dictionary_offset = FIRN_PQ_NONE,
                         .offset_index = {FIRN_PQ_NONE, FIRN_PQ_NONE},
                         .column_index = {FIRN_PQ_NONE, FIRN_PQ_NONE},
                         .bloom = {FIRN_PQ_NONE, FIRN_PQ_NONE},
                         .stats.null_count = FIRN_PQ_NONE,
                         .stats.nan_count = FIRN_PQ_NONE};
    FIRN_TRY(firn_thrift_enter(t, NULL, &f, err));
    while ((st = firn_thrift_next(t, &f, err)) == FIRN_OK) {
        switch (f.id) {
        case 1:
            c->is_external = true;
            FIRN_TRY(firn_thrift_skip(t, &f, err));
            break;
        case 3: FIRN_TRY(parse_chunk_meta(t, &f, c, err)); break;
        case 4: FIRN_TRY(firn_thrift_i64(t, &f, &c->offset_index.offset, err)); break;
        case 5: FIRN_TRY(firn_thrift_i32(t, &f, &c->offset_index.n_bytes, err)); break;
        case 6: FIRN_TRY(firn_thrift_i64(t, &f, &c->column_index.offset, err)); break;
        case 7: FIRN_TRY(firn_thrift_i32(t, &f, &c->column_index.n_bytes, err)); break;
        case 8:
            c->is_encrypted = true;
            FIRN_TRY(firn_thrift_skip(t, &f, err));
            break;
        default: FIRN_TRY(firn_thrift_skip(t, &f, err)); break;
        }
    }
    return st == FIRN_DONE ? FIRN_OK : st;
}

/* An encrypted or external chunk only matters when its column is read. */
static firn_status check_chunk(const firn_parquet_file *file, const firn_pq_chunk *c, size_t leaf,
                               firn_error *err)
{
    const firn_pq_element *e = file->leaves[leaf]->element;
    if (c->is_encrypted || c->is_external) return FIRN_OK;
    if (!c->has_meta || c->codec < 0 || c->n_values < 0 || c->compressed_bytes < 0 ||
        c->data_offset < 0)
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "column chunk %zu (%.*s) lacks a required field or has a negative one",
                         leaf, FIRN_STR_ARG(e->name));
    if (c->physical != e->physical)
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "column chunk %zu (%.*s) has physical type %d, its column %d", leaf,
                         FIRN_STR_ARG(e->name), c->physical, e->physical);
    if (c->data_offset >= file->data_end || c->compressed_bytes > file->data_end)
        if (c->n_values > 0)
            return firn_fail(err, FIRN_ERR_CORRUPT,
                             "column chunk %zu (%.*s) at offset %" PRId64 " with %" PRId64
                             " bytes, the data ends at %" PRId64,
                             leaf, FIRN_STR_ARG(e->name), c->data_offset, c->compressed_bytes,
                             file->data_end);
    return FIRN_OK;
}

static firn_status parse_chunks(footer_parser *p, const firn_thrift_field *in,
                                firn_pq_row_group *rg, firn_error *err)
{
    firn_parquet_file *file = p->file;
    size_t n = 0;
    FIRN_TRY(firn_thrift_list(&p->t, in, FIRN_THRIFT_STRUCT, &n, err));
    if (rg->chunks || n != file->n_leaves)
        return firn_fail_at(err, firn_cursor_pos(&p->t.in),
                            "row group with %zu column chunks, the schema has %zu columns", n,
                            file->n_leaves);
    if (n > firn_cursor_left(&p->t.in) / MIN_CHUNK_BYTES)
        return firn_cursor_short(&p->t.in, (uint64_t)n * MIN_CHUNK_BYTES, err);
    rg->chunks = firn_arena_array(file->arena, n, sizeof *rg->chunks);
    if (!rg->chunks) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        FIRN_TRY(parse_chunk(&p->t, &rg->chunks[i], err));
        FIRN_TRY(check_chunk(file, &rg->chunks[i], i, err));
    }
    return FIRN_OK;
}

static firn_status parse_row_group(footer_parser *p, firn_pq_row_group *rg, firn_error *err)
{
    firn_thrift *t = &p->t;
    firn_thrift_field f;
    firn_status st;
    *rg = (firn_pq_row_group){.n_rows = FIRN_PQ_NONE};
    FIRN_TRY(firn_thrift_enter(t, NULL, &f, err));
    while ((st = firn_thrift_next(t, &f, err)) == FIRN_OK) {
        switch (f.id) {
        case 1: FIRN_TRY(parse_chunks(p, &f, rg, err)); break;
        case 3: FIRN_TRY(firn_thrift_i64(t, &f, &rg->n_rows, err)); break;
        default: FIRN_TRY(firn_thrift_skip(t, &f, err)); break;
        }
    }
    if (st != FIRN_DONE) return st;
    if (!rg->chunks || rg->n_rows < 0)
        return firn_fail_at(err, firn_cursor_pos(&t->in),
                            "row group lacks its columns or its row count");
    return FIRN_OK;
}

static firn_status parse_row_groups(footer_parser *p, const firn_thrift_field *f, firn_error *err)
{
    firn_parquet_file *file = p->file;
    int64_t first_row = 0;
    if (!file->elements || file->row_groups)
        return firn_fail_at(err, firn_cursor_pos(&p->t.in),
                            "row groups before the schema or twice");
    FIRN_TRY(firn_thrift_list(&p->t, f, FIRN_THRIFT_STRUCT, &file->n_row_groups, err));
    file->row_groups = firn_arena_array(file->arena, file->n_row_groups, sizeof *file->row_groups);
    if (!file->row_groups) return firn_fail_nomem(err);
    for (size_t i = 0; i < file->n_row_groups; i++) {
        firn_pq_row_group *rg = &file->row_groups[i];
        FIRN_TRY(parse_row_group(p, rg, err));
        rg->first_row = first_row;
        if (rg->n_rows > INT64_MAX - first_row)
            return firn_fail_at(err, firn_cursor_pos(&p->t.in), "row counts overflow");
        first_row += rg->n_rows;
    }
    p->has_row_groups = true;
    return FIRN_OK;
}

static firn_status parse_field(footer_parser *p, const firn_thrift_field *f, firn_error *err)
{
    firn_parquet_file *file = p->file;
    switch (f->id) {
    case 2: return parse_schema(p, f, err);
    case 3: p->has_rows = true; return firn_thrift_i64(&p->t, f, &file->n_rows, err);
    case 4: return parse_row_groups(p, f, err);
    case 6: return firn_thrift_binary(&p->t, f, &file->created_by, err);
    case 7: file->has_type_order = true; return firn_thrift_skip(&p->t, f, err);
    default: return firn_thrift_skip(&p->t, f, err);
    }
}

/* The row groups are believed, not the footer's own count: writers of the past left it zero. */
static firn_status check_footer(const footer_parser *p, firn_error *err)
{
    firn_parquet_file *file = p->file;
    if (!file->elements || !p->has_row_groups || !p->has_rows)
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "footer lacks its schema, its row groups or its row count");
    file->n_rows = 0;
    for (size_t i = 0; i < file->n_row_groups; i++) file->n_rows += file->row_groups[i].n_rows;
    return FIRN_OK;
}

firn_status firn_pq_footer_parse(firn_str bytes, uint64_t offset, firn_parquet_file *file,
                                 firn_error *err)
{
    footer_parser p = {.t = firn_thrift_of(bytes, offset), .file = file};
    firn_thrift_field f;
    firn_status st;
    FIRN_TRY(firn_thrift_enter(&p.t, NULL, &f, err));
    while ((st = firn_thrift_next(&p.t, &f, err)) == FIRN_OK) FIRN_TRY(parse_field(&p, &f, err));
    if (st != FIRN_DONE) return st;
    return check_footer(&p, err);
}
