/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a Parquet file: find, read and check the footer. Reading rows is parquet_rows.c. */
#include <inttypes.h>
#include <string.h>

#include "base/cursor.h"
#include "base/error.h"
#include "base/limits.h"
#include "format/parquet/layout/parquet_meta.h"

#define MAGIC           "PAR1"
#define MAGIC_ENCRYPTED "PARE"
#define MAGIC_ORC       "ORC" /* and a byte that says how long the postscript is */
#define MAGIC_SIZE      4
#define TAIL_SIZE       8 /* footer length and magic */
/* The first read takes this part of the file: where the footer of a large file is longer than the
 * least read, the page indexes before it come along too. */
#define FIRST_READ_SHARE 1024
#define FIRST_READ_LEAST ((int64_t)64 << 10)
#define FIRST_READ_MOST  ((int64_t)1 << 20)
#define ARENA_LIMIT      ((size_t)1 << 30)

/* Reads [offset, offset + n) into the arena. */
static firn_status read_range(firn_parquet_file *file, int64_t offset, size_t n, char **out,
                              firn_error *err)
{
    *out = firn_arena_alloc(file->arena, n);
    if (!*out) return firn_fail_nomem(err);
    return file->source.read_at(file->source.ctx, offset, *out, n, err);
}

static firn_status check_tail(const firn_parquet_file *file, const char *tail, size_t *footer_size,
                              firn_error *err)
{
    const int64_t size = file->source.size_bytes;
    const uint32_t n = firn_load_u32le(tail);
    if (memcmp(tail + MAGIC_SIZE, MAGIC_ENCRYPTED, MAGIC_SIZE) == 0)
        return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                         "not supported: encrypted parquet file (magic PARE)");
    if (memcmp(tail + MAGIC_SIZE, MAGIC_ORC, sizeof MAGIC_ORC - 1) == 0)
        return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                         "not supported: ORC file, expected a parquet file");
    if (memcmp(tail + MAGIC_SIZE, MAGIC, MAGIC_SIZE) != 0)
        return firn_fail_at(err, (uint64_t)(size - MAGIC_SIZE),
                            "not a parquet file: it does not end with PAR1");
    if (n > FIRN_LIMIT_FOOTER)
        return firn_fail(err, FIRN_ERR_LIMIT, "parquet footer of %u bytes, limit %zu", n,
                         FIRN_LIMIT_FOOTER);
    if ((int64_t)n > size - TAIL_SIZE - MAGIC_SIZE)
        return firn_fail_at(err, (uint64_t)(size - TAIL_SIZE),
                            "parquet footer of %u bytes in a file of %" PRId64, n, size);
    *footer_size = n;
    return FIRN_OK;
}

static int64_t first_read(int64_t size)
{
    int64_t n = size / FIRST_READ_SHARE;
    if (n < FIRST_READ_LEAST) n = FIRST_READ_LEAST;
    if (n > FIRST_READ_MOST) n = FIRST_READ_MOST;
    return n < size ? n : size;
}

static firn_status load_footer(firn_parquet_file *file, firn_str *footer, firn_error *err)
{
    const int64_t size = file->source.size_bytes;
    const int64_t n = first_read(size);
    char *end_part = NULL;
    size_t footer_size = 0;
    if (size < TAIL_SIZE + MAGIC_SIZE)
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "not a parquet file: %" PRId64 " bytes, expected at least %d", size,
                         TAIL_SIZE + MAGIC_SIZE);
    FIRN_TRY(read_range(file, size - n, (size_t)n, &end_part, err));
    FIRN_TRY(check_tail(file, end_part + n - TAIL_SIZE, &footer_size, err));
    file->data_end = size - TAIL_SIZE - (int64_t)footer_size;
    file->tail = (firn_str){end_part, (size_t)n};
    footer->len = footer_size;
    if (footer_size <= (size_t)n - TAIL_SIZE) {
        footer->data = end_part + (size_t)n - TAIL_SIZE - footer_size;
        return FIRN_OK;
    }
    char *all = NULL;
    FIRN_TRY(read_range(file, file->data_end, footer_size, &all, err));
    footer->data = all;
    return FIRN_OK;
}

static firn_status open_in_arena(firn_parquet_file *file, firn_error *err)
{
    firn_str footer = {NULL, 0};
    FIRN_TRY(load_footer(file, &footer, err));
    if (file->source.pages)
        file->pages = firn_page_cache_file(file->source.pages, file->source.path, footer);
    FIRN_TRY(firn_error_wrap(err, firn_pq_footer_parse(footer, (uint64_t)file->data_end, file, err),
                             "parquet footer"));
    return firn_pq_file_find_indexes(file, err);
}

firn_status firn_parquet_file_open(const firn_byte_source *source, firn_parquet_file **out,
                                   firn_error *err)
{
    *out = NULL;
    firn_arena *arena = firn_arena_create(NULL, ARENA_LIMIT);
    if (!arena) return firn_fail_nomem(err);
    firn_parquet_file *file = firn_arena_alloc_zero(arena, sizeof *file);
    if (!file) {
        firn_arena_destroy(arena);
        return firn_fail_nomem(err);
    }
    file->arena = arena;
    file->source = *source;
    const firn_status st = open_in_arena(file, err);
    if (st == FIRN_OK)
        *out = file;
    else
        firn_arena_destroy(arena);
    return st;
}

void firn_parquet_file_close(firn_parquet_file *file)
{
    if (!file) return;
    firn_pq_file_free_indexes(file);
    firn_arena_destroy(file->arena);
}

int64_t firn_parquet_file_rows(const firn_parquet_file *file)
{
    return file->n_rows;
}

size_t firn_parquet_file_row_groups(const firn_parquet_file *file)
{
    return file->n_row_groups;
}

int64_t firn_parquet_row_group_rows(const firn_parquet_file *file, size_t row_group)
{
    return row_group < file->n_row_groups ? file->row_groups[row_group].n_rows : 0;
}

int64_t firn_parquet_row_group_offset(const firn_parquet_file *file, size_t row_group)
{
    if (row_group >= file->n_row_groups || file->n_leaves == 0) return 0;
    const firn_pq_chunk *c = &file->row_groups[row_group].chunks[0];
    const bool has_dictionary = c->dictionary_offset > 0 && c->dictionary_offset < c->data_offset;
    return has_dictionary ? c->dictionary_offset : c->data_offset;
}

const firn_schema *firn_parquet_file_schema(const firn_parquet_file *file)
{
    return &file->schema;
}

const firn_schema *firn_parquet_file_schema_as(const firn_parquet_file *file,
                                               firn_parquet_types types)
{
    return types == FIRN_PARQUET_TYPES_FILE ? &file->file_schema : &file->schema;
}
