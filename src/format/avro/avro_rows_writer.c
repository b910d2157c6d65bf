/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of batches to Avro records. Values nest as the columns do, so no plan is made of them; the
 * schema says in the same order what they are (avro_type_json.c). */
#include "format/avro/avro_rows_writer.h"

#include <inttypes.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/limits.h"
#include "format/avro/avro.h"
#include "format/avro/avro_primitive.h"
#include "format/columns/batch_metrics.h"
#include "format/columns/decimal.h"
#include "format/variant/variant_value.h"

struct firn_avro_rows_writer {
    const firn_type *root;
    firn_avro_writer *writer;
    firn_batch_metrics *metrics;
    firn_byte_sink sink;
    int64_t n_written;
    int64_t n_pending; /* record bytes since the last were written */
    firn_buf record;
    bool is_failed, is_finished;
};

/* ---- create ---- */

static firn_status write_counted(void *ctx, const void *data, size_t n, firn_error *err)
{
    firn_avro_rows_writer *w = ctx;
    FIRN_TRY(w->sink.write(w->sink.ctx, data, n, err));
    w->n_written += (int64_t)n;
    w->n_pending = 0;
    return FIRN_OK;
}

static firn_status open_writer(firn_avro_rows_writer *w, const firn_avro_write_opts *opts,
                               firn_error *err)
{
    const firn_byte_sink sink = {w, write_counted};
    const firn_avro_meta meta = {FIRN_STR("iceberg.schema"), opts->iceberg_schema_json};
    FIRN_TRY(firn_batch_metrics_create(w->root, opts->columns, opts->n_columns, &w->metrics, err));
    FIRN_TRY(firn_avro_schema_of_type(w->root, &w->record, err));
    return firn_avro_writer_create(firn_buf_view(&w->record), &meta, meta.value.len > 0,
                                   opts->codec, opts->codec_level, opts->sync, &sink, &w->writer,
                                   err);
}

firn_status firn_avro_rows_writer_create(const firn_type *root, const firn_avro_write_opts *opts,
                                         const firn_byte_sink *sink, firn_avro_rows_writer **out,
                                         firn_error *err)
{
    *out = NULL;
    if (root->kind != FIRN_TYPE_STRUCT)
        return firn_fail(err, FIRN_ERR_ARG, "an avro file is written from a struct type");
    firn_avro_rows_writer *w = firn_mem_alloc_zero(NULL, sizeof *w);
    if (!w) return firn_fail_nomem(err);
    w->root = root;
    w->sink = *sink;
    firn_buf_init(&w->record, NULL, FIRN_LIMIT_PAGE);
    const firn_status st = open_writer(w, opts, err);
    if (st == FIRN_OK)
        *out = w;
    else
        firn_avro_rows_writer_destroy(w);
    return st;
}

void firn_avro_rows_writer_destroy(firn_avro_rows_writer *writer)
{
    if (!writer) return;
    firn_avro_writer_destroy(writer->writer);
    firn_batch_metrics_destroy(writer->metrics);
    firn_buf_dispose(&writer->record);
    firn_mem_free(NULL, writer);
}

/* ---- values ---- */

static firn_status put_value(firn_buf *b, const firn_field *field, const firn_column *column,
                             int64_t row, firn_error *err);

/* A child's part of a row: children that are not there stand for nulls. */
static firn_status put_child(firn_buf *b, const firn_field *field, const firn_column *parent,
                             size_t i, int64_t row, firn_error *err)
{
    const firn_column nothing = {.type = field->type};
    const firn_column *child = i < parent->n_children ? &parent->children[i] : &nothing;
    return put_value(b, field, child, row, err);
}

/* One block of all items. */
static firn_status put_items(firn_buf *b, const firn_field *field, const firn_column *column,
                             int64_t row, firn_error *err)
{
    const firn_type *type = field->type;
    const firn_list_entry entry = ((const firn_list_entry *)column->values)[row];
    if (entry.length > 0) firn_buf_zigzag(b, (int64_t)entry.length);
    for (uint64_t i = 0; i < entry.length; i++)
        for (size_t k = 0; k < type->n_fields; k++)
            FIRN_TRY(put_child(b, &type->fields[k], column, k, (int64_t)(entry.offset + i), err));
    firn_buf_zigzag(b, 0);
    return firn_buf_check(b, err); /* or a long list would be walked for nothing */
}

static firn_status put_variant(firn_buf *b, firn_str bytes, firn_error *err)
{
    firn_str metadata = {0};
    firn_str value = {0};
    FIRN_TRY(firn_variant_split(bytes, &metadata, &value, err));
    firn_avro_write_bytes(b, metadata);
    firn_avro_write_bytes(b, value);
    return FIRN_OK;
}

static firn_status put_plain(firn_buf *b, const firn_type *type, const firn_value *value,
                             firn_error *err)
{
    if (type->kind == FIRN_TYPE_VARIANT) return put_variant(b, value->as.bytes, err);
    if (type->kind == FIRN_TYPE_DECIMAL && !firn_decimal_fits(value->as.decimal, type->precision))
        return firn_fail(err, FIRN_ERR_ARG, "decimal of more than %" PRId32 " digits",
                         type->precision);
    return firn_avro_put_value(type, value, b, err);
}

static firn_status put_primitive(firn_buf *b, const firn_field *field, firn_value value,
                                 firn_error *err)
{
    return firn_error_wrap(err, put_plain(b, field->type, &value, err), "column \"%.*s\"",
                           FIRN_STR_ARG(field->name));
}

/* A struct has no values of its own; of a column without memory all rows are null. */
static bool has_value(const firn_column *column, int64_t row)
{
    if (column->type->kind == FIRN_TYPE_UNKNOWN) return false;
    if (!firn_column_is_valid(column, row)) return false;
    if (column->type->kind != FIRN_TYPE_STRUCT) return column->values != NULL;
    return column->n_children > 0 || column->type->n_fields == 0;
}

static firn_status put_value(firn_buf *b, const firn_field *field, const firn_column *column,
                             int64_t row, firn_error *err)
{
    if (!has_value(column, row)) {
        if (field->is_required)
            return firn_fail(err, FIRN_ERR_ARG, "null in required column \"%.*s\"",
                             FIRN_STR_ARG(field->name));
        if (field->type->kind != FIRN_TYPE_UNKNOWN) firn_buf_byte(b, 0);
        return FIRN_OK;
    }
    if (!field->is_required) firn_buf_byte(b, 2); /* the union's second branch, zigzag */
    switch (field->type->kind) {
    case FIRN_TYPE_LIST:
    case FIRN_TYPE_MAP: return put_items(b, field, column, row, err);
    case FIRN_TYPE_STRUCT:
        for (size_t i = 0; i < field->type->n_fields; i++)
            FIRN_TRY(put_child(b, &field->type->fields[i], column, i, row, err));
        return FIRN_OK;
    default: return put_primitive(b, field, firn_column_get(column, row), err);
    }
}

/* ---- rows ---- */

static firn_status check(const firn_avro_rows_writer *w, firn_error *err)
{
    if (w->is_finished) return firn_fail(err, FIRN_ERR_ARG, "the avro writer is finished");
    if (w->is_failed)
        return firn_fail(err, FIRN_ERR_ARG, "the avro writer failed before: start a new file");
    return FIRN_OK;
}

static firn_status append_rows(firn_avro_rows_writer *w, const firn_batch *batch, firn_error *err)
{
    for (int64_t r = 0; r < batch->n_rows; r++) {
        firn_buf_clear(&w->record);
        for (size_t i = 0; i < w->root->n_fields; i++)
            FIRN_TRY(put_value(&w->record, &w->root->fields[i], &batch->columns[i], r, err));
        FIRN_TRY(firn_buf_check(&w->record, err));
        w->n_pending += (int64_t)w->record.len;
        FIRN_TRY(firn_avro_writer_append(w->writer, firn_buf_view(&w->record), err));
    }
    return firn_batch_metrics_add(w->metrics, batch, err);
}

firn_status firn_avro_rows_writer_append(firn_avro_rows_writer *writer, const firn_batch *batch,
                                         firn_error *err)
{
    FIRN_TRY(check(writer, err));
    if (batch->n_columns != writer->root->n_fields)
        return firn_fail(err, FIRN_ERR_ARG, "batch of %zu columns for a schema of %zu",
                         batch->n_columns, writer->root->n_fields);
    const firn_status st = append_rows(writer, batch, err);
    writer->is_failed = st != FIRN_OK;
    return st;
}

int64_t firn_avro_rows_writer_size(const firn_avro_rows_writer *writer)
{
    return writer->n_written + writer->n_pending;
}

static firn_status finish(firn_avro_rows_writer *w, firn_arena *arena, firn_file_metrics *out,
                          firn_error *err)
{
    FIRN_TRY(firn_avro_writer_finish(w->writer, err));
    *out = (firn_file_metrics){.file_size_bytes = w->n_written};
    return firn_batch_metrics_finish(w->metrics, arena, out, err);
}

firn_status firn_avro_rows_writer_finish(firn_avro_rows_writer *writer, firn_arena *arena,
                                         firn_file_metrics *out, firn_error *err)
{
    FIRN_TRY(check(writer, err));
    const firn_status st = finish(writer, arena, out, err);
    writer->is_failed = st != FIRN_OK;
    writer->is_finished = st == FIRN_OK;
    return st;
}
