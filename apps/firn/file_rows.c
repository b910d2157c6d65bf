/* SPDX-License-Identifier: Apache-2.0 */
/* One struct with the readers of all kinds: a file has one of them open. */
#include "file_rows.h"

#include "base/error.h"
#include "base/limits.h"
#include "format/avro/avro_rows.h"
#include "format/parquet/read/parquet_reader.h"
#include "format/text/csv.h"
#include "format/text/ndjson.h"
#include "format/text/ndjson_infer.h"
#include "pick_columns.h"

#define TEXT_BYTES ((size_t)64 << 20) /* of lines not yet decoded */

struct file_rows {
    file_rows_opts opts;
    firn_arena *arena;
    const firn_type *columns;
    firn_batch *batch;
    int64_t n_given;
    firn_status (*fill)(file_rows *rows, int64_t max_rows, firn_error *err);
    firn_parquet_file *parquet;
    firn_parquet_rows *parquet_rows;
    firn_avro_reader *avro;
    firn_avro_rows *avro_rows;
    input_text text;
    firn_ndjson_decoder *ndjson;
    firn_csv_decoder *csv;
    firn_batch picked; /* columns of batch that were picked after decoding; NULL columns: all */
};

static firn_status fill_parquet(file_rows *rows, int64_t max_rows, firn_error *err)
{
    return firn_parquet_rows_next(rows->parquet_rows, max_rows, rows->batch, err);
}

static firn_status open_parquet(file_rows *rows, input_file *in, firn_error *err)
{
    const firn_parquet_types types =
        rows->opts.with_file_types ? FIRN_PARQUET_TYPES_FILE : FIRN_PARQUET_TYPES_TABLE;
    const firn_parquet_rows_opts opts = {.match = FIRN_PARQUET_MATCH_NAMES, .types = types};
    FIRN_TRY(firn_parquet_file_open(&in->source, &rows->parquet, err));
    FIRN_TRY(pick_columns(&firn_parquet_file_schema_as(rows->parquet, types)->root,
                          rows->opts.columns, rows->arena, &rows->columns, err));
    FIRN_TRY(firn_batch_create(rows->columns, FIRN_BATCH_ROWS, &rows->batch, err));
    rows->fill = fill_parquet;
    return firn_parquet_rows_open(rows->parquet, rows->columns, &opts, &rows->parquet_rows, err);
}

static firn_status fill_avro(file_rows *rows, int64_t max_rows, firn_error *err)
{
    return firn_avro_rows_next(rows->avro_rows, max_rows, rows->batch, err);
}

static firn_status open_avro(file_rows *rows, input_file *in, firn_error *err)
{
    const firn_schema *schema = NULL;
    FIRN_TRY(firn_avro_reader_open_source(&in->source, &rows->avro, err));
    FIRN_TRY(firn_avro_file_schema(firn_avro_reader_schema(rows->avro), rows->arena, &schema, err));
    FIRN_TRY(pick_columns(&schema->root, rows->opts.columns, rows->arena, &rows->columns, err));
    FIRN_TRY(firn_batch_create(rows->columns, FIRN_BATCH_ROWS, &rows->batch, err));
    rows->fill = fill_avro;
    return firn_avro_rows_open(rows->avro, rows->columns, FIRN_AVRO_MATCH_NAMES, &rows->avro_rows,
                               err);
}

static firn_status decode_text(file_rows *rows, int64_t max_rows, size_t *used, firn_error *err)
{
    const firn_str text = input_text_view(&rows->text);
    if (rows->csv)
        return firn_csv_decode(rows->csv, text, rows->text.is_last, max_rows, rows->batch, NULL,
                               used, err);
    return firn_ndjson_decode(rows->ndjson, text, rows->text.is_last, max_rows, rows->batch, NULL,
                              used, err);
}

/* Decodes what is there, reads more, until there are rows. */
static firn_status fill_text(file_rows *rows, int64_t max_rows, firn_error *err)
{
    firn_batch_reset(rows->batch);
    rows->batch->n_rows = 0;
    for (;;) {
        size_t used = 0;
        const firn_status st = decode_text(rows, max_rows, &used, err);
        rows->text.used += used;
        if (st != FIRN_NEED_MORE && st != FIRN_DONE) return st;
        if (rows->batch->n_rows > 0) return FIRN_OK;
        if (st == FIRN_DONE) return FIRN_DONE;
        FIRN_TRY(input_text_more(&rows->text, err));
    }
}

static firn_status open_ndjson(file_rows *rows, firn_error *err)
{
    const firn_type *root = NULL;
    FIRN_TRY(firn_ndjson_infer(input_text_view(&rows->text), rows->text.is_last, 0, rows->arena,
                               &root, err));
    FIRN_TRY(pick_columns(root, rows->opts.columns, rows->arena, &rows->columns, err));
    FIRN_TRY(firn_batch_create(rows->columns, FIRN_BATCH_ROWS, &rows->batch, err));
    return firn_ndjson_decoder_create(rows->columns, NULL, &rows->ndjson, err);
}

/* Without a header all columns must be decoded, since their place is all they have. */
static firn_status pick_after(file_rows *rows, const firn_type *root, firn_error *err)
{
    rows->picked.n_columns = rows->columns->n_fields;
    rows->picked.columns =
        firn_arena_array(rows->arena, rows->columns->n_fields, sizeof *rows->picked.columns);
    if (!rows->picked.columns) return firn_fail_nomem(err);
    for (size_t i = 0; i < rows->columns->n_fields; i++)
        for (size_t k = 0; k < root->n_fields; k++)
            if (root->fields[k].id == rows->columns->fields[i].id)
                rows->picked.columns[i] = rows->batch->columns[k];
    return FIRN_OK;
}

static firn_status open_csv(file_rows *rows, firn_error *err)
{
    firn_csv_opts opts = {0};
    const firn_type *root = NULL;
    FIRN_TRY(firn_csv_infer(input_text_view(&rows->text), rows->text.is_last, 0, NULL, rows->arena,
                            &opts.dialect, &root, err));
    FIRN_TRY(pick_columns(root, rows->opts.columns, rows->arena, &rows->columns, err));
    if (!opts.dialect.has_no_header) root = rows->columns;
    FIRN_TRY(firn_batch_create(root, FIRN_BATCH_ROWS, &rows->batch, err));
    FIRN_TRY(firn_csv_decoder_create(root, &opts, &rows->csv, err));
    return root == rows->columns ? FIRN_OK : pick_after(rows, root, err);
}

static firn_status open_text(file_rows *rows, input_file *in, firn_error *err)
{
    FIRN_TRY(input_text_open(in, rows->opts.is_gzip, TEXT_BYTES, &rows->text, err));
    FIRN_TRY(input_text_sample(&rows->text, err));
    rows->fill = fill_text;
    return rows->opts.kind == FIRN_KIND_CSV ? open_csv(rows, err) : open_ndjson(rows, err);
}

firn_status file_rows_open(input_file *in, const file_rows_opts *opts, firn_arena *arena,
                           file_rows **out, firn_error *err)
{
    file_rows *rows = firn_arena_alloc_zero(arena, sizeof *rows);
    *out = rows;
    if (!rows) return firn_fail_nomem(err);
    rows->opts = *opts;
    rows->arena = arena;
    switch (opts->kind) {
    case FIRN_KIND_PARQUET: return open_parquet(rows, in, err);
    case FIRN_KIND_AVRO: return open_avro(rows, in, err);
    case FIRN_KIND_NDJSON:
    case FIRN_KIND_CSV: return open_text(rows, in, err);
    case FIRN_KIND_ORC: return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: ORC files");
    case FIRN_KIND_UNKNOWN:
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         in->source.size_bytes ? "not a file of a known kind"
                                               : "the file is empty");
    case FIRN_KIND_PUFFIN:
    case FIRN_KIND_GZIP:
    case FIRN_KIND_JSON: break;
    }
    return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: rows of %s",
                     firn_file_kind_name(opts->kind));
}

void file_rows_close(file_rows *rows)
{
    if (!rows) return;
    firn_parquet_rows_close(rows->parquet_rows);
    firn_parquet_file_close(rows->parquet);
    firn_avro_rows_close(rows->avro_rows);
    firn_avro_reader_close(rows->avro);
    firn_ndjson_decoder_destroy(rows->ndjson);
    firn_csv_decoder_destroy(rows->csv);
    input_text_close(&rows->text);
    firn_batch_destroy(rows->batch);
}

static firn_status next_rows(void *ctx, const firn_batch **out, firn_error *err)
{
    file_rows *rows = ctx;
    int64_t max_rows = FIRN_BATCH_ROWS;
    if (rows->opts.limit >= 0 && rows->opts.limit - rows->n_given < max_rows)
        max_rows = rows->opts.limit - rows->n_given;
    if (max_rows <= 0) return FIRN_DONE;
    FIRN_TRY(rows->fill(rows, max_rows, err));
    rows->n_given += rows->batch->n_rows;
    rows->picked.n_rows = rows->batch->n_rows;
    *out = rows->picked.columns ? &rows->picked : rows->batch;
    return FIRN_OK;
}

row_stream file_rows_stream(file_rows *rows)
{
    return (row_stream){.ctx = rows, .columns = rows->columns, .next = next_rows};
}
