/* SPDX-License-Identifier: Apache-2.0 */
/* The footer is shown by the tables of parquet_tables.h; when a column chunk was shown, what its
 * offsets point to follows: pages, indexes, bloom filter. The footer passed the reader's checks
 * before; pages and indexes are bounded here, since no reader has looked at them yet. */
#include <inttypes.h>
#include <string.h>
#include <zlib.h>

#include "base/error.h"
#include "base/limits.h"
#include "format/inspect/inspect.h"
#include "format/parquet/layout/parquet_meta.h"
#include "format/parquet/layout/parquet_tables.h"

#define TAIL_SIZE    8
#define FIRST_HEADER ((int64_t)4096)
#define MAX_HEADER   ((int64_t)16 << 20) /* a page header holds two bounds at most */

typedef struct parquet_view {
    const firn_parquet_file *file;
    firn_inspect_depth depth;
    firn_thrift_outline *thrift;
    firn_buf bytes; /* of the struct being shown */
    int64_t page;   /* offset of the page being shown */
    int64_t walked; /* bytes of all pages: more than the file means that chunks overlap */
    size_t n_chunks;
} parquet_view;

static firn_status read_range(parquet_view *v, int64_t offset, int64_t n, firn_error *err)
{
    const int64_t end = v->file->source.size_bytes;
    if (offset < 0 || n < 0 || offset > end || n > end - offset)
        return firn_fail_at(err, offset < 0 ? 0 : (uint64_t)offset,
                            "%" PRId64 " bytes at %" PRId64 " reach outside of the file", n,
                            offset);
    firn_buf_clear(&v->bytes);
    char *to = firn_buf_reserve(&v->bytes, (size_t)n);
    FIRN_TRY(firn_buf_check(&v->bytes, err));
    FIRN_TRY(v->file->source.read_at(v->file->source.ctx, offset, to, (size_t)n, err));
    v->bytes.len = (size_t)n;
    return FIRN_OK;
}

/* Shows a struct from other bytes of the file while the footer's waits. */
static firn_status show(parquet_view *v, firn_str bytes, int64_t offset, const char *name,
                        const firn_thrift_table *table, firn_error *err)
{
    const firn_thrift footer = v->thrift->in;
    v->thrift->in = firn_thrift_of(bytes, (uint64_t)offset);
    const firn_status st = firn_thrift_outline_struct(v->thrift, name, table, err);
    v->thrift->in = footer;
    return st;
}

static firn_status checksum(const parquet_view *v, int64_t offset, int64_t n, uint32_t *out,
                            firn_error *err)
{
    unsigned char piece[4096];
    uLong crc = crc32(0, NULL, 0);
    while (n > 0) {
        const size_t k = n < (int64_t)sizeof piece ? (size_t)n : sizeof piece;
        FIRN_TRY(v->file->source.read_at(v->file->source.ctx, offset, piece, k, err));
        crc = crc32(crc, piece, (uInt)k);
        offset += (int64_t)k;
        n -= (int64_t)k;
    }
    *out = (uint32_t)crc;
    return FIRN_OK;
}

/* Bytes of the header at v->page, which v->bytes holds the beginning of. */
static firn_status header_size(const parquet_view *v, int64_t *size, firn_error *err)
{
    firn_thrift t = firn_thrift_of(firn_buf_view(&v->bytes), (uint64_t)v->page);
    const firn_thrift_field all = {0, FIRN_THRIFT_STRUCT};
    FIRN_TRY(firn_thrift_skip(&t, &all, err));
    *size = (int64_t)(firn_cursor_pos(&t.in) - (uint64_t)v->page);
    return FIRN_OK;
}

/* Headers are small: the window grows only for one that is not. */
static firn_status read_header(parquet_view *v, int64_t end, int64_t *size, firn_error *err)
{
    const int64_t left = end - v->page;
    for (int64_t n = FIRST_HEADER;; n *= 8) {
        const int64_t window = n < left ? n : left;
        FIRN_TRY(read_range(v, v->page, window, err));
        const firn_status st = header_size(v, size, err);
        if (st != FIRN_ERR_CORRUPT || window == left || n >= MAX_HEADER) return st;
    }
}

static firn_status show_page(parquet_view *v, int64_t end, firn_error *err)
{
    int64_t *kept = v->thrift->kept;
    int64_t size = 0;
    FIRN_TRY(read_header(v, end, &size, err));
    kept[FIRN_PQ_KEPT_PAGE_SIZE] = -1;
    kept[FIRN_PQ_KEPT_PAGE_VALUES] = 0;
    kept[FIRN_PQ_KEPT_CRC] = INT64_MIN;
    v->bytes.len = (size_t)size;
    FIRN_TRY(show(v, firn_buf_view(&v->bytes), v->page, NULL, &firn_pq_table_page, err));
    size += kept[FIRN_PQ_KEPT_PAGE_SIZE];
    v->page += size;
    v->walked += size;
    if (v->walked > v->file->data_end)
        return firn_fail_at(err, (uint64_t)v->page, "column chunks overlap");
    return FIRN_OK;
}

/* After the members of a page header: where it is, and whether its checksum is right. */
static firn_status end_page(parquet_view *v, firn_error *err)
{
    const int64_t *kept = v->thrift->kept;
    const int64_t data = v->page + (int64_t)v->bytes.len;
    const int64_t size = kept[FIRN_PQ_KEPT_PAGE_SIZE];
    firn_outline_i64(v->thrift->out, "offset", v->page);
    if (size < 0 || size > v->file->data_end - data)
        return firn_fail_at(err, (uint64_t)v->page,
                            "page of %" PRId64 " bytes reaches outside of the pages", size);
    if (kept[FIRN_PQ_KEPT_CRC] == INT64_MIN) return FIRN_OK;
    uint32_t crc = 0;
    FIRN_TRY(checksum(v, data, size, &crc, err));
    firn_outline_bool(v->thrift->out, "crc_is_right", crc == (uint32_t)kept[FIRN_PQ_KEPT_CRC]);
    return FIRN_OK;
}

static firn_status show_pages(parquet_view *v, firn_error *err)
{
    const int64_t *kept = v->thrift->kept;
    const int64_t dictionary = kept[FIRN_PQ_KEPT_DICTIONARY];
    const int64_t data = kept[FIRN_PQ_KEPT_DATA];
    int64_t left = kept[FIRN_PQ_KEPT_VALUES];
    v->page = dictionary > 0 && dictionary < data ? dictionary : data;
    firn_outline_begin_list(v->thrift->out, "pages");
    while (left > 0) {
        if (v->page < 0 || v->page >= v->file->data_end)
            return firn_fail_at(err, v->page < 0 ? 0 : (uint64_t)v->page,
                                "pages end with %" PRId64 " values missing", left);
        FIRN_TRY(show_page(v, v->file->data_end, err));
        left -= kept[FIRN_PQ_KEPT_PAGE_VALUES];
    }
    firn_outline_end(v->thrift->out);
    return FIRN_OK;
}

static firn_status show_index(parquet_view *v, const char *name, firn_pq_kept offset_slot,
                              const firn_thrift_table *table, firn_error *err)
{
    const int64_t offset = v->thrift->kept[offset_slot];
    const int64_t size = v->thrift->kept[offset_slot + 1];
    if (offset <= 0) return FIRN_OK;
    FIRN_TRY(firn_error_wrap(err, read_range(v, offset, size, err), "%s", name));
    return firn_error_wrap(err, show(v, firn_buf_view(&v->bytes), offset, name, table, err), "%s",
                           name);
}

static firn_status show_bloom(parquet_view *v, firn_error *err)
{
    const int64_t offset = v->thrift->kept[FIRN_PQ_KEPT_BLOOM];
    const int64_t left = v->file->source.size_bytes - offset;
    if (offset <= 0) return FIRN_OK;
    FIRN_TRY(
        firn_error_wrap(err, read_range(v, offset, left < 64 ? left : 64, err), "bloom filter"));
    return firn_error_wrap(
        err, show(v, firn_buf_view(&v->bytes), offset, "bloom_filter", &firn_pq_table_bloom, err),
        "bloom filter");
}

static void forget(firn_thrift_outline *t)
{
    memset(t->kept, 0, sizeof t->kept);
    t->kept[FIRN_PQ_KEPT_TYPE] = FIRN_PQ_NONE;
}

/* Pages in another file or encrypted ones cannot be looked at. */
static bool is_readable(parquet_view *v)
{
    const firn_parquet_file *file = v->file;
    const size_t group = file->n_leaves ? v->n_chunks / file->n_leaves : 0;
    const size_t leaf = file->n_leaves ? v->n_chunks % file->n_leaves : 0;
    v->n_chunks++;
    if (group >= file->n_row_groups || leaf >= file->n_leaves) return false;
    const firn_pq_chunk *chunk = &file->row_groups[group].chunks[leaf];
    return chunk->has_meta && !chunk->is_encrypted && !chunk->is_external;
}

static firn_status end_chunk(parquet_view *v, firn_error *err)
{
    firn_thrift_outline *t = v->thrift;
    firn_status st = FIRN_OK;
    if (v->depth == FIRN_INSPECT_ALL && is_readable(v)) {
        st = show_pages(v, err);
        if (st == FIRN_OK)
            st = show_index(v, "column_index", FIRN_PQ_KEPT_COLUMN_INDEX,
                            &firn_pq_table_column_index, err);
        if (st == FIRN_OK)
            st = show_index(v, "offset_index", FIRN_PQ_KEPT_OFFSET_INDEX,
                            &firn_pq_table_offset_index, err);
        if (st == FIRN_OK) st = show_bloom(v, err);
    }
    forget(t);
    return st;
}

static firn_status on_end(firn_thrift_outline *t, int hook, firn_error *err)
{
    return hook == FIRN_PQ_HOOK_PAGE ? end_page(t->ctx, err) : end_chunk(t->ctx, err);
}

static firn_status show_file(parquet_view *v, firn_outline *out, firn_error *err)
{
    const int64_t size = v->file->source.size_bytes - TAIL_SIZE - v->file->data_end;
    firn_thrift_outline thrift = {.out = out, .on_end = on_end, .ctx = v};
    firn_buf footer;
    FIRN_TRY(read_range(v, v->file->data_end, size, err));
    v->thrift = &thrift;
    footer = v->bytes;
    firn_buf_init(&v->bytes, NULL, (size_t)MAX_HEADER * 4);
    forget(&thrift);
    thrift.in = firn_thrift_of(firn_buf_view(&footer), (uint64_t)v->file->data_end);
    firn_outline_i64(out, "file_size", v->file->source.size_bytes);
    firn_outline_i64(out, "footer_size", size);
    const firn_status st = firn_thrift_outline_struct(&thrift, "footer", &firn_pq_table_file, err);
    firn_buf_dispose(&footer);
    v->thrift = NULL;
    return st;
}

firn_status firn_inspect_parquet(const firn_byte_source *source, firn_inspect_depth depth,
                                 firn_outline *out, firn_error *err)
{
    firn_parquet_file *file = NULL;
    FIRN_TRY(firn_parquet_file_open(source, &file, err));
    parquet_view v = {.file = file, .depth = depth};
    firn_buf_init(&v.bytes, NULL, FIRN_LIMIT_FOOTER);
    firn_outline_begin(out, NULL);
    firn_outline_cstr(out, "format", "parquet");
    const firn_status st = show_file(&v, out, err);
    firn_outline_end(out);
    firn_buf_dispose(&v.bytes);
    firn_parquet_file_close(file);
    return st;
}
