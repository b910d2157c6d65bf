/* SPDX-License-Identifier: Apache-2.0 */
/* Position delete files and deletion vectors name data files inside, so they are written again;
 * their entries get the size and bounds of what was written. */
#include <inttypes.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/puffin/puffin.h"
#include "iceberg/maintain/import/path_rewrite.h"
#include "iceberg/scan/delete_index.h"
#include "iceberg/scan/read.h"
#include "iceberg/scan/row_file.h"
#include "iceberg/write/data_file_output.h"
#include "store/store_read.h"

/* A file in its new form. */
typedef struct delete_copy {
    bool is_staged;
    int64_t size_bytes;
    firn_data_file file;           /* of rows: metrics */
    const firn_puffin_blob *old;   /* Puffin: where its blobs were */
    const firn_puffin_blob *moved; /* and are */
    size_t n_blobs;
} delete_copy;

/* ---- Puffin ---- */

static firn_status move_blob(const firn_path_rewrite *rw, firn_puffin_blob *blob, firn_error *err)
{
    const firn_str key = FIRN_STR("referenced-data-file");
    const firn_properties old = blob->properties;
    firn_property *items = firn_arena_array(rw->arena, old.n, sizeof *items);
    if (!items) return firn_fail_nomem(err);
    for (size_t i = 0; i < old.n; i++) {
        items[i] = old.items[i];
        if (firn_str_equals(items[i].key, key))
            FIRN_TRY(firn_path_moved(rw, items[i].value, &items[i].value, err));
    }
    blob->properties = (firn_properties){items, old.n};
    return FIRN_OK;
}

static firn_status add_blob(const firn_path_rewrite *rw, firn_str bytes,
                            const firn_puffin_blob *old, firn_puffin_writer *writer,
                            firn_puffin_blob *added, firn_error *err)
{
    firn_puffin_blob blob = *old;
    firn_buf unpacked;
    firn_str contents;
    const firn_str stored =
        firn_str_slice(bytes, (size_t)old->offset, (size_t)(old->offset + old->length));
    FIRN_TRY(move_blob(rw, &blob, err));
    firn_buf_init(&unpacked, NULL, FIRN_LIMIT_METADATA);
    firn_status st =
        firn_puffin_blob_unpack(old, stored, writer->codecs, &unpacked, &contents, err);
    if (st == FIRN_OK) st = firn_puffin_writer_add(writer, &blob, contents, added, err);
    firn_buf_dispose(&unpacked);
    return st;
}

static firn_status make_puffin(firn_path_rewrite *rw, firn_str bytes, firn_codec_ctx *codecs,
                               firn_buf *file, delete_copy *copy, firn_error *err)
{
    firn_puffin puffin;
    firn_puffin_writer writer;
    FIRN_TRY(firn_puffin_decode(bytes, rw->arena, &puffin, err));
    firn_puffin_blob *moved = firn_arena_array(rw->arena, puffin.n_blobs, sizeof *moved);
    if (!moved) return firn_fail_nomem(err);
    firn_puffin_writer_init(&writer, file, rw->arena, codecs);
    for (size_t i = 0; i < puffin.n_blobs; i++)
        FIRN_TRY(add_blob(rw, bytes, &puffin.blobs[i], &writer, &moved[i], err));
    FIRN_TRY(firn_puffin_writer_finish(&writer, &puffin.properties, NULL, err));
    copy->old = puffin.blobs;
    copy->moved = moved;
    copy->n_blobs = puffin.n_blobs;
    copy->size_bytes = (int64_t)file->len;
    return firn_buf_check(file, err);
}

static firn_status rewrite_puffin(firn_path_rewrite *rw, firn_str path, delete_copy *copy,
                                  firn_error *err)
{
    firn_str bytes;
    firn_buf file;
    firn_codec_ctx *codecs = NULL;
    FIRN_TRY(firn_store_read_all(rw->store, path, FIRN_LIMIT_METADATA, rw->arena, &bytes, err));
    FIRN_TRY(firn_codec_ctx_create(&codecs, err));
    firn_buf_init(&file, NULL, FIRN_LIMIT_METADATA);
    firn_status st = make_puffin(rw, bytes, codecs, &file, copy, err);
    if (st == FIRN_OK)
        st = firn_path_output_put(rw, path, copy->is_staged, firn_buf_view(&file), err);
    firn_buf_dispose(&file);
    firn_codec_ctx_destroy(codecs);
    return st;
}

/* ---- rows ---- */

typedef struct rows_op {
    firn_path_rewrite *rw;
    firn_arena *scratch;
    firn_row_file file;
    firn_row_file_writer writer;
    firn_path_output output;
    firn_batch *batch; /* as read */
    firn_batch *moved;
    size_t path_column;
} rows_op;

static firn_status move_rows(const rows_op *op, firn_error *err)
{
    firn_column *column = &op->moved->columns[op->path_column];
    firn_view *views = column->values;
    firn_str last = {0};
    firn_str moved = {0};
    for (int64_t r = 0; r < op->moved->n_rows; r++) {
        const firn_str path = firn_view_str(&views[r]);
        if (!firn_column_is_valid(column, r))
            return firn_fail(err, FIRN_ERR_CORRUPT, "a position delete without a file");
        if (!moved.data || !firn_str_equals(path, last)) {
            FIRN_TRY(firn_path_moved(op->rw, path, &moved, err));
            last = firn_arena_copy(op->scratch, path);
            if (!last.data) return firn_fail_nomem(err);
        }
        FIRN_TRY(firn_column_copy_bytes(column, moved, &views[r], err));
    }
    return FIRN_OK;
}

static firn_status copy_unit(rows_op *op, firn_row_reader *reader, firn_error *err)
{
    for (;;) {
        const firn_status st = firn_row_reader_next(reader, FIRN_BATCH_ROWS, op->batch, err);
        if (st == FIRN_DONE) return FIRN_OK;
        FIRN_TRY(st);
        firn_batch_reset(op->moved);
        FIRN_TRY(firn_batch_append(op->moved, op->batch, 0, op->batch->n_rows, err));
        FIRN_TRY(move_rows(op, err));
        FIRN_TRY(firn_row_file_writer_append(&op->writer, op->moved, err));
    }
}

static firn_status copy_rows(rows_op *op, firn_error *err)
{
    for (size_t i = 0; i < op->file.n_units; i++) {
        firn_row_reader reader;
        const firn_row_reader_opts opts = {.unit = i, .match = FIRN_ROW_MATCH_IDS};
        FIRN_TRY(firn_row_reader_open(&op->file, &op->file.schema->root, &opts, &reader, err));
        const firn_status st = copy_unit(op, &reader, err);
        firn_row_reader_close(&reader);
        FIRN_TRY(st);
    }
    return FIRN_OK;
}

static firn_status find_path_column(rows_op *op, const firn_type *root, firn_error *err)
{
    for (op->path_column = 0; op->path_column < root->n_fields; op->path_column++) {
        const firn_field *field = &root->fields[op->path_column];
        if (field->id == FIRN_FIELD_DELETE_FILE_PATH && field->type->kind == FIRN_TYPE_STRING)
            return FIRN_OK;
    }
    return firn_fail(err, FIRN_ERR_CORRUPT, "a position delete file without the field %d",
                     FIRN_FIELD_DELETE_FILE_PATH);
}

/* Bounds of paths and positions are whole, as those of a delete writer. */
static firn_status open_rows(rows_op *op, firn_str path, firn_file_format format,
                             const delete_copy *copy, firn_error *err)
{
    firn_byte_source source;
    const firn_parquet_column_opts columns[] = {
        {.field_id = FIRN_FIELD_DELETE_FILE_PATH, .metrics = FIRN_METRICS_FULL},
        {.field_id = FIRN_FIELD_DELETE_POS, .metrics = FIRN_METRICS_FULL},
    };
    const firn_row_file_opts opts = {.format = format,
                                     .avro_codec = FIRN_CODEC_DEFLATE,
                                     .parquet = {.codec = FIRN_CODEC_ZSTD,
                                                 .encodings = FIRN_PARQUET_ENCODINGS_V1,
                                                 .columns = columns,
                                                 .n_columns = 2}};
    FIRN_TRY(firn_byte_source_open(op->rw->store, path, op->scratch, &source, err));
    FIRN_TRY(firn_row_file_open(&source, format, op->scratch, &op->file, err));
    const firn_type *root = &op->file.schema->root;
    FIRN_TRY(find_path_column(op, root, err));
    FIRN_TRY(firn_batch_create(root, FIRN_BATCH_ROWS, &op->batch, err));
    FIRN_TRY(firn_batch_create(root, FIRN_BATCH_ROWS, &op->moved, err));
    FIRN_TRY(firn_path_output_open(op->rw, path, copy->is_staged, &op->output, err));
    const firn_byte_sink sink = firn_path_output_sink(&op->output);
    return firn_row_file_writer_create(root, &opts, op->rw->env->random, &sink, &op->writer, err);
}

static firn_status rewrite_rows(firn_path_rewrite *rw, firn_str path, firn_file_format format,
                                delete_copy *copy, firn_error *err)
{
    firn_file_metrics metrics;
    rows_op op = {.rw = rw};
    op.scratch = firn_arena_create(rw->env->alloc, 0);
    if (!op.scratch) return firn_fail_nomem(err);
    firn_status st = open_rows(&op, path, format, copy, err);
    if (st == FIRN_OK) st = copy_rows(&op, err);
    if (st == FIRN_OK) st = firn_row_file_writer_finish(&op.writer, rw->arena, &metrics, err);
    if (st == FIRN_OK)
        st = firn_data_file_of_metrics(path, format, &metrics, rw->arena, &copy->file, err);
    if (st == FIRN_OK) st = firn_path_output_finish(&op.output, err);
    copy->size_bytes = op.output.n_bytes;
    firn_row_file_writer_destroy(&op.writer);
    firn_row_file_close(&op.file);
    firn_batch_destroy(op.batch);
    firn_batch_destroy(op.moved);
    firn_path_output_abandon(&op.output);
    firn_arena_destroy(op.scratch);
    return st;
}

/* ---- entries ---- */

static firn_status make_copy(firn_path_rewrite *rw, firn_str path, bool is_new,
                             firn_file_format format, delete_copy **out, firn_error *err)
{
    delete_copy *copy = firn_arena_alloc_zero(rw->arena, sizeof *copy);
    const firn_str key = firn_arena_copy(rw->arena, path);
    firn_status st = FIRN_OK;
    if (!copy || !key.data) return firn_fail_nomem(err);
    copy->is_staged = is_new;
    if (format == FIRN_FILE_PUFFIN)
        st = rewrite_puffin(rw, key, copy, err);
    else
        st = rewrite_rows(rw, key, format, copy, err);
    FIRN_TRY(firn_error_wrap(err, st, "delete file %.*s", FIRN_STR_ARG(path)));
    *out = copy;
    return firn_map_put(&rw->deletes, key, copy, err);
}

static firn_status place_vector(const delete_copy *copy, firn_data_file *file, firn_error *err)
{
    for (size_t i = 0; i < copy->n_blobs; i++) {
        if (copy->old[i].offset != file->content_offset) continue;
        file->content_offset = copy->moved[i].offset;
        file->content_size_bytes = copy->moved[i].length;
        return FIRN_OK;
    }
    return firn_fail(err, FIRN_ERR_CORRUPT, "%.*s has no deletion vector where its entry says",
                     FIRN_STR_ARG(file->path));
}

/* Each deletion vector counts, as it does in Spark. */
static firn_status count_delete(firn_path_rewrite *rw, firn_str path, bool is_new,
                                const firn_data_file *file, firn_error *err)
{
    if (!is_new) return FIRN_OK;
    const firn_str key =
        firn_arena_printf(rw->arena, "%.*s@%" PRId64, FIRN_STR_ARG(path), file->content_offset);
    if (!key.data) return firn_fail_nomem(err);
    if (firn_map_has(&rw->counted, key)) return FIRN_OK;
    rw->out->rewritten_deletes++;
    return firn_map_put(&rw->counted, key, rw, err);
}

firn_status firn_path_rewrite_delete(firn_path_rewrite *rw, firn_str path, bool is_new,
                                     firn_data_file *file, firn_error *err)
{
    delete_copy *copy = firn_map_find(&rw->deletes, path);
    /* one that was only measured may be asked for again by a manifest that is staged */
    if (!copy || (is_new && !copy->is_staged))
        FIRN_TRY(make_copy(rw, path, is_new, file->format, &copy, err));
    FIRN_TRY(count_delete(rw, path, is_new, file, err));
    file->file_size_bytes = copy->size_bytes;
    if (file->format == FIRN_FILE_PUFFIN) return place_vector(copy, file, err);
    file->column_sizes = copy->file.column_sizes;
    file->value_counts = copy->file.value_counts;
    file->null_value_counts = copy->file.null_value_counts;
    file->lower_bounds = copy->file.lower_bounds;
    file->upper_bounds = copy->file.upper_bounds;
    file->split_offsets = copy->file.split_offsets;
    file->n_split_offsets = copy->file.n_split_offsets;
    return FIRN_OK;
}
