/* SPDX-License-Identifier: Apache-2.0 */
/* Reading delete files that name positions. A position delete file is read as a scan of one data
 * file would be: any format, any codec. Not here: which files apply (delete_index.c), who shares
 * them (row_deletes.c). */
#include "iceberg/scan/position_deletes.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/puffin/deletion_vector.h"
#include "iceberg/scan/read.h"
#include "iceberg/spec/location_key.h"

/* ---- rows of any delete file ---- */

static firn_status read_batches(firn_scan_reader *reader, const firn_type *wanted,
                                firn_arena *arena, firn_delete_rows_fn fn, void *ctx,
                                firn_error *err)
{
    firn_batch batch = {.n_columns = wanted->n_fields};
    batch.columns = firn_arena_array(arena, wanted->n_fields, sizeof *batch.columns);
    if (!batch.columns) return firn_fail_nomem(err);
    for (;;) {
        for (size_t i = 0; i < batch.n_columns; i++)
            batch.columns[i] = (firn_column){.type = wanted->fields[i].type};
        const firn_status st = firn_scan_reader_next(reader, FIRN_BATCH_ROWS, &batch, NULL, err);
        if (st == FIRN_DONE) return FIRN_OK;
        FIRN_TRY(st);
        FIRN_TRY(fn(ctx, &batch, err));
    }
}

firn_status firn_delete_file_read(const firn_delete_source *source, const firn_delete_file *file,
                                  const firn_type *wanted, firn_delete_rows_fn fn, void *ctx,
                                  firn_error *err)
{
    firn_scan_task task = {.file = &file->file,
                           .spec = file->spec,
                           .sequence_number = file->sequence_number,
                           .snapshot_id = file->snapshot_id,
                           .residual = firn_expr_true()};
    const firn_scan_plan plan = {.tasks = &task, .n_tasks = 1};
    firn_scan_queue *queue = NULL;
    firn_scan_reader *reader = NULL;
    firn_arena *arena = firn_arena_create(source->env->alloc, 0);
    if (!arena) return firn_fail_nomem(err);
    firn_status st =
        firn_scan_queue_create(source->env, source->store, source->metadata, &plan, &queue, err);
    if (st == FIRN_OK) st = firn_scan_reader_open(queue, wanted, NULL, &reader, err);
    if (st == FIRN_OK) st = read_batches(reader, wanted, arena, fn, ctx, err);
    firn_scan_reader_close(reader);
    firn_scan_queue_destroy(queue);
    firn_arena_destroy(arena);
    return st;
}

/* ---- bitmaps ---- */

static void destroy_bitmap(void *bitmap)
{
    firn_bitmap_destroy(bitmap);
}

static firn_status keep_bitmap(firn_arena *arena, firn_bitmap *bitmap, firn_error *err)
{
    const firn_status st = firn_arena_defer(arena, destroy_bitmap, bitmap, err);
    if (st != FIRN_OK) firn_bitmap_destroy(bitmap);
    return st;
}

firn_status firn_bitmap_in_arena(firn_arena *arena, firn_bitmap **out, firn_error *err)
{
    FIRN_TRY(firn_bitmap_create(NULL, out, err));
    return keep_bitmap(arena, *out, err);
}

static firn_status read_blob(const firn_delete_source *source, const firn_data_file *file,
                             firn_arena *arena, firn_str *out, firn_error *err)
{
    firn_byte_source bytes;
    const int64_t size = file->content_size_bytes;
    if (file->content_offset < 0 || size < 0)
        return firn_fail(err, FIRN_ERR_CORRUPT, "deletion vector without its place in the file");
    if ((uint64_t)size > FIRN_LIMIT_VECTOR_BLOB)
        return firn_fail(err, FIRN_ERR_LIMIT, "deletion vector of %" PRId64 " bytes, limit %zu",
                         size, FIRN_LIMIT_VECTOR_BLOB);
    FIRN_TRY(firn_byte_source_open(source->store, file->path, arena, &bytes, err));
    if (file->content_offset > bytes.size_bytes || size > bytes.size_bytes - file->content_offset)
        return firn_fail_at(err, (uint64_t)file->content_offset,
                            "deletion vector of %" PRId64 " bytes at %" PRId64
                            " in a file of %" PRId64,
                            size, file->content_offset, bytes.size_bytes);
    char *data = firn_arena_alloc(arena, (size_t)size);
    if (!data) return firn_fail_nomem(err);
    *out = (firn_str){data, (size_t)size};
    return bytes.read_at(bytes.ctx, file->content_offset, data, (size_t)size, err);
}

static firn_status read_vector(const firn_delete_source *source, const firn_data_file *file,
                               firn_arena *scratch, firn_bitmap **out, firn_error *err)
{
    firn_str blob;
    FIRN_TRY(read_blob(source, file, scratch, &blob, err));
    return firn_deletion_vector_decode(blob, file->record_count, NULL, out, err);
}

firn_status firn_deletion_vector_read(const firn_delete_source *source,
                                      const firn_delete_file *file, firn_arena *arena,
                                      firn_bitmap **out, firn_error *err)
{
    firn_arena *scratch = firn_arena_create(source->env->alloc, 0);
    if (!scratch) return firn_fail_nomem(err);
    const firn_status st = read_vector(source, &file->file, scratch, out, err);
    firn_arena_destroy(scratch);
    if (st != FIRN_OK)
        return firn_error_wrap(err, st, "delete file %.*s", FIRN_STR_ARG(file->file.path));
    return keep_bitmap(arena, *out, err);
}

/* ---- position delete files ---- */

typedef struct position_reader {
    const firn_map *wanted; /* NULL: all */
    firn_map *bitmaps;
    firn_str path;       /* of the row before: rows of one data file follow each other */
    firn_bitmap *bitmap; /* of that path; NULL: not wanted */
} position_reader;

static firn_status find_bitmap(position_reader *r, firn_str path, firn_error *err)
{
    path = firn_location_identity(path);
    r->bitmap = NULL;
    if (r->wanted && !firn_map_has(r->wanted, path)) return FIRN_OK;
    r->bitmap = firn_map_find(r->bitmaps, path);
    if (r->bitmap) return FIRN_OK;
    const firn_str key = firn_arena_copy(r->bitmaps->arena, path);
    if (!key.data) return firn_fail_nomem(err);
    FIRN_TRY(firn_bitmap_in_arena(r->bitmaps->arena, &r->bitmap, err));
    return firn_map_put(r->bitmaps, key, r->bitmap, err);
}

static firn_status take_positions(void *ctx, const firn_batch *batch, firn_error *err)
{
    position_reader *r = ctx;
    const firn_view *paths = batch->columns[0].values;
    const int64_t *positions = batch->columns[1].values;
    r->path = (firn_str){0}; /* its bytes were the last batch's */
    for (int64_t i = 0; i < batch->n_rows; i++) {
        const firn_str path = firn_view_str(&paths[i]);
        if (!r->path.data || !firn_str_equals(path, r->path)) FIRN_TRY(find_bitmap(r, path, err));
        r->path = path;
        if (positions[i] < 0)
            return firn_fail(err, FIRN_ERR_CORRUPT, "deleted position %" PRId64 " of %.*s",
                             positions[i], FIRN_STR_ARG(path));
        if (r->bitmap) FIRN_TRY(firn_bitmap_add(r->bitmap, (uint64_t)positions[i], err));
    }
    return FIRN_OK;
}

static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_field k_row_fields[] = {{.id = FIRN_FIELD_DELETE_FILE_PATH,
                                           .is_required = true,
                                           .name = FIRN_STR_INIT("file_path"),
                                           .type = &k_string},
                                          {.id = FIRN_FIELD_DELETE_POS,
                                           .is_required = true,
                                           .name = FIRN_STR_INIT("pos"),
                                           .type = &k_long}};
const firn_type firn_position_delete_row = {
    .kind = FIRN_TYPE_STRUCT, .fields = k_row_fields, .n_fields = 2};

firn_status firn_position_deletes_read(const firn_delete_source *source,
                                       const firn_delete_file *file, const firn_map *wanted,
                                       firn_map *bitmaps, firn_error *err)
{
    position_reader reader = {.wanted = wanted, .bitmaps = bitmaps};
    return firn_delete_file_read(source, file, &firn_position_delete_row, take_positions, &reader,
                                 err);
}
