/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/maintain/table_statistics.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/columns/metrics.h"
#include "format/puffin/puffin.h"
#include "format/puffin/theta_sketch.h"
#include "iceberg/maintain/statistics_entry.h"
#include "iceberg/maintain/table_views.h"
#include "iceberg/scan/table_rows.h"
#include "iceberg/spec/metadata_json_text.h"
#include "iceberg/txn/snapshot_update.h"

typedef struct statistics_run {
    firn_table *table;
    firn_env *env;
    firn_store *store;
    firn_arena *arena;
    firn_table_views views;
    const firn_table_metadata *metadata;
    const firn_snapshot *snapshot;
    firn_field *fields;
    firn_theta_sketch **sketches; /* beside fields */
    size_t n;
    firn_puffin_blob *blobs; /* as the footer has them */
    firn_str path;
    int64_t size_bytes, footer_bytes;
} statistics_run;

/* ---- which columns ---- */

static bool is_countable(firn_type_kind kind)
{
    return kind > FIRN_TYPE_UNKNOWN && kind < FIRN_TYPE_VARIANT;
}

static firn_status pick_column(statistics_run *r, const firn_schema *schema, firn_str name,
                               firn_error *err)
{
    for (size_t i = 0; i < schema->root.n_fields; i++) {
        const firn_field *field = &schema->root.fields[i];
        if (!firn_str_equals_nocase(field->name, name)) continue;
        if (!is_countable(field->type->kind))
            return firn_fail(err, FIRN_ERR_ARG, "values of column \"%.*s\" cannot be counted",
                             FIRN_STR_ARG(name));
        r->fields[r->n++] = *field;
        return FIRN_OK;
    }
    return firn_fail(err, FIRN_ERR_ARG, "the table has no column \"%.*s\"", FIRN_STR_ARG(name));
}

static firn_status pick_columns(statistics_run *r, const firn_str *columns, size_t n,
                                firn_error *err)
{
    const firn_schema *schema = firn_metadata_schema_at(r->metadata, r->snapshot);
    const size_t n_all = n > 0 ? n : schema->root.n_fields;
    r->fields = firn_arena_array(r->arena, n_all, sizeof *r->fields);
    r->sketches = firn_arena_array(r->arena, n_all, sizeof(firn_theta_sketch *));
    r->blobs = firn_arena_array(r->arena, n_all, sizeof *r->blobs);
    if (!r->fields || !r->sketches || !r->blobs) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) FIRN_TRY(pick_column(r, schema, columns[i], err));
    for (size_t i = 0; n == 0 && i < schema->root.n_fields; i++)
        if (is_countable(schema->root.fields[i].type->kind))
            r->fields[r->n++] = schema->root.fields[i];
    if (r->n == 0) return firn_fail(err, FIRN_ERR_ARG, "the table has no column to count");
    for (size_t i = 0; i < r->n; i++)
        FIRN_TRY(firn_theta_sketch_create(r->env->alloc, &r->sketches[i], err));
    return FIRN_OK;
}

/* ---- rows ---- */

static firn_status count_column(const firn_column *column, int64_t n_rows, firn_buf *bytes,
                                firn_theta_sketch *sketch, firn_error *err)
{
    for (int64_t r = 0; r < n_rows; r++) {
        const firn_value value = firn_column_get(column, r);
        if (value.is_null) continue;
        firn_buf_clear(bytes);
        FIRN_TRY(firn_value_encode(&value, bytes, err));
        FIRN_TRY(firn_theta_sketch_add(sketch, firn_buf_view(bytes), err));
    }
    return FIRN_OK;
}

static firn_status count_rows(statistics_run *r, firn_table_rows *rows, firn_error *err)
{
    const firn_batch *batch = NULL;
    firn_buf bytes;
    firn_status st;
    firn_buf_init(&bytes, r->env->alloc, 0);
    while ((st = firn_table_rows_next(rows, &batch, err)) == FIRN_OK) {
        st = firn_env_check_cancel(r->env, err);
        for (size_t i = 0; i < r->n && st == FIRN_OK; i++)
            st = count_column(&batch->columns[i], batch->n_rows, &bytes, r->sketches[i], err);
        if (st != FIRN_OK) break;
    }
    firn_buf_dispose(&bytes);
    return st == FIRN_DONE ? FIRN_OK : st;
}

static firn_status read_rows(statistics_run *r, firn_error *err)
{
    const firn_type columns = {.kind = FIRN_TYPE_STRUCT, .fields = r->fields, .n_fields = r->n};
    const firn_table_rows_opts opts = {.snapshot_id = r->snapshot->snapshot_id,
                                       .schema = firn_metadata_schema_at(r->metadata, r->snapshot),
                                       .columns = &columns};
    firn_table_rows *rows = NULL;
    FIRN_TRY(firn_table_rows_open(r->env, r->store, r->metadata, &opts, r->arena, &rows, err));
    const firn_status st = count_rows(r, rows, err);
    firn_table_rows_close(rows);
    return st;
}

/* ---- the file ---- */

static firn_status add_blob(statistics_run *r, firn_puffin_writer *writer, size_t i,
                            firn_buf *bytes, firn_error *err)
{
    firn_property *ndv = firn_arena_alloc_zero(r->arena, sizeof *ndv);
    int32_t *id = firn_arena_alloc_zero(r->arena, sizeof *id);
    if (!ndv || !id) return firn_fail_nomem(err);
    *id = r->fields[i].id;
    ndv->key = FIRN_THETA_PROPERTY_NDV;
    ndv->value = firn_arena_printf(r->arena, "%" PRId64,
                                   (int64_t)firn_theta_sketch_estimate(r->sketches[i]));
    if (!ndv->value.data) return firn_fail_nomem(err);
    const firn_puffin_blob blob = {.type = FIRN_BLOB_THETA_SKETCH,
                                   .fields = id,
                                   .n_fields = 1,
                                   .snapshot_id = r->snapshot->snapshot_id,
                                   .sequence_number = r->snapshot->sequence_number,
                                   .properties = {ndv, 1}};
    firn_buf_clear(bytes);
    FIRN_TRY(firn_theta_sketch_encode(r->sketches[i], bytes, err));
    return firn_puffin_writer_add(writer, &blob, firn_buf_view(bytes), &r->blobs[i], err);
}

static firn_status make_file(statistics_run *r, firn_buf *file, firn_buf *bytes, firn_error *err)
{
    firn_puffin_writer writer;
    firn_puffin_writer_init(&writer, file, r->arena, NULL);
    for (size_t i = 0; i < r->n; i++) FIRN_TRY(add_blob(r, &writer, i, bytes, err));
    FIRN_TRY(firn_puffin_writer_finish(&writer, NULL, &r->footer_bytes, err));
    FIRN_TRY(firn_buf_check(file, err));
    r->size_bytes = (int64_t)file->len;
    return firn_store_put(r->store, r->path, firn_buf_view(file), err);
}

static firn_status write_file(statistics_run *r, firn_error *err)
{
    char uuid[37];
    firn_buf file;
    firn_buf bytes;
    firn_random_uuid(r->env->random, uuid);
    r->path =
        firn_arena_printf(r->arena, "%.*s/metadata/%" PRId64 "-%s.stats",
                          FIRN_STR_ARG(r->metadata->location), r->snapshot->snapshot_id, uuid);
    if (!r->path.data) return firn_fail_nomem(err);
    firn_buf_init(&file, r->env->alloc, FIRN_LIMIT_METADATA);
    firn_buf_init(&bytes, r->env->alloc, FIRN_LIMIT_METADATA);
    const firn_status st = make_file(r, &file, &bytes, err);
    firn_buf_dispose(&file);
    firn_buf_dispose(&bytes);
    return st;
}

/* ---- the entry ---- */

static void put_blob(firn_json_build *b, json_t *list, const firn_puffin_blob *blob)
{
    json_t *object = firn_json_build_object(b, list, NULL);
    firn_json_build_str(b, object, "type", blob->type);
    firn_json_build_i64(b, object, "snapshot-id", blob->snapshot_id);
    firn_json_build_i64(b, object, "sequence-number", blob->sequence_number);
    firn_json_build_i64(b, firn_json_build_array(b, object, "fields"), NULL, blob->fields[0]);
    firn_json_build_properties(b, firn_json_build_object(b, object, "properties"),
                               &blob->properties);
}

static firn_status commit(statistics_run *r, firn_error *err)
{
    firn_json_build b = {.err = err};
    json_t *root = json_object();
    firn_statistics_entry_begin(&b, root, r->snapshot->snapshot_id, r->path, r->size_bytes);
    firn_json_build_i64(&b, root, "file-footer-size-in-bytes", r->footer_bytes);
    json_t *blobs = firn_json_build_array(&b, root, "blob-metadata");
    for (size_t i = 0; i < r->n; i++) put_blob(&b, blobs, &r->blobs[i]);
    return firn_statistics_entry_commit(&b, root, r->table, false, r->arena, err);
}

static firn_status run(statistics_run *r, int64_t snapshot_id, const firn_str *columns, size_t n,
                       firn_error *err)
{
    FIRN_TRY(firn_table_refresh(r->table, err));
    FIRN_TRY(firn_table_views_load(&r->views, err));
    r->metadata = firn_table_views_metadata(&r->views);
    r->snapshot = snapshot_id != 0 ? firn_metadata_find_snapshot(r->metadata, snapshot_id)
                                   : firn_metadata_current_snapshot(r->metadata);
    if (!r->snapshot && snapshot_id != 0)
        return firn_fail(err, FIRN_ERR_NOT_FOUND, "the table has no snapshot %" PRId64,
                         snapshot_id);
    if (!r->snapshot) return FIRN_OK;
    FIRN_TRY(pick_columns(r, columns, n, err));
    FIRN_TRY(read_rows(r, err));
    FIRN_TRY(write_file(r, err));
    return commit(r, err);
}

firn_status firn_table_compute_statistics(firn_table *table, int64_t snapshot_id,
                                          const firn_str *columns, size_t n, firn_arena *arena,
                                          firn_str *path_out, firn_error *err)
{
    statistics_run r = {.table = table,
                        .env = firn_table_env(table),
                        .store = firn_table_store(table),
                        .arena = arena};
    firn_table_views_init(&r.views, table, arena);
    const firn_status st = run(&r, snapshot_id, columns, n, err);
    for (size_t i = 0; i < r.n; i++) firn_theta_sketch_destroy(r.sketches[i]);
    firn_table_views_close(&r.views);
    *path_out = st == FIRN_OK ? r.path : (firn_str){0};
    return st;
}
