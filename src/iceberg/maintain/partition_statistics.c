/* SPDX-License-Identifier: Apache-2.0 */
/* Always from all manifests of the snapshot, where Iceberg's Java library adds what happened since
 * the last file: the result is the same but for last_updated of partitions whose files only went.
 */
#include "iceberg/maintain/partition_statistics.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "format/columns/row_builder.h"
#include "iceberg/maintain/statistics_entry.h"
#include "iceberg/maintain/table_views.h"
#include "iceberg/scan/partition_sums.h"
#include "iceberg/scan/plan.h"
#include "iceberg/spec/metadata_json_text.h"
#include "iceberg/spec/partition_type.h"
#include "iceberg/txn/manifest_files.h"
#include "iceberg/txn/snapshot_update.h"
#include "iceberg/write/data_file_output.h"

static const firn_type k_int = {.kind = FIRN_TYPE_INT};
static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_place = {.kind = FIRN_TYPE_STRUCT};

#define COLUMN(number, text, of, required)                                                    \
    {                                                                                         \
        .id = (number), .name = FIRN_STR_INIT(text), .type = &(of), .is_required = (required) \
    }

/* The last one from format version 3 on, where the counts of deletes are required, too. */
static const firn_field k_columns[] = {
    COLUMN(1, "partition", k_place, true),
    COLUMN(2, "spec_id", k_int, true),
    COLUMN(3, "data_record_count", k_long, true),
    COLUMN(4, "data_file_count", k_int, true),
    COLUMN(5, "total_data_file_size_in_bytes", k_long, true),
    COLUMN(6, "position_delete_record_count", k_long, false),
    COLUMN(7, "position_delete_file_count", k_int, false),
    COLUMN(8, "equality_delete_record_count", k_long, false),
    COLUMN(9, "equality_delete_file_count", k_int, false),
    COLUMN(10, "total_record_count", k_long, false),
    COLUMN(11, "last_updated_at", k_long, false),
    COLUMN(12, "last_updated_snapshot_id", k_long, false),
    COLUMN(13, "dv_count", k_int, true),
};

enum {
    N_COLUMNS = sizeof k_columns / sizeof *k_columns,
    FIRST_DELETE_COLUMN = 5,
    LAST_DELETE_COLUMN = 8,
};

typedef struct partition_run {
    firn_table *table;
    firn_env *env;
    firn_store *store;
    firn_arena *arena;
    firn_table_views views;
    const firn_table_metadata *metadata;
    const firn_snapshot *snapshot;
    firn_partition_sums sums;
    const firn_partition_spec *spec; /* of the manifest being read */
    const firn_partition_sum **sorted;
    firn_type root;
    firn_str path;
    int64_t size_bytes;
} partition_run;

/* ---- sums ---- */

static firn_status add_entry(void *ctx, const firn_manifest_entry *entry, firn_error *err)
{
    partition_run *r = ctx;
    return firn_partition_sums_add(&r->sums, entry, r->spec, err);
}

static firn_status read_manifests(partition_run *r, firn_error *err)
{
    firn_manifest_file *manifests = NULL;
    size_t n = 0;
    FIRN_TRY(
        firn_snapshot_manifests(r->store, r->metadata, r->snapshot, r->arena, &manifests, &n, err));
    for (size_t i = 0; i < n; i++) {
        FIRN_TRY(firn_env_check_cancel(r->env, err));
        r->spec = firn_metadata_find_spec(r->metadata, manifests[i].spec_id);
        FIRN_TRY(firn_manifest__each(r->store, r->env, r->metadata, &manifests[i],
                                     FIRN_MANIFEST_NO_METRICS, add_entry, r, err));
    }
    return FIRN_OK;
}

/* By partition, field by field, nulls first; then by spec. */
static int compare_sums(const void *a, const void *b)
{
    const firn_partition_sum *x = *(const firn_partition_sum *const *)a;
    const firn_partition_sum *y = *(const firn_partition_sum *const *)b;
    for (size_t i = 0; i < x->n_values; i++) {
        const int order = firn_value_compare(&x->values[i], &y->values[i]);
        if (order != 0) return order;
    }
    return (x->spec_id > y->spec_id) - (x->spec_id < y->spec_id);
}

static firn_status sort_sums(partition_run *r, firn_error *err)
{
    const firn_map *map = &r->sums.by_key;
    r->sorted = firn_arena_array(r->arena, map->n_entries, sizeof *r->sorted);
    if (!r->sorted) return firn_fail_nomem(err);
    for (size_t i = 0; i < map->n_entries; i++) r->sorted[i] = map->entries[i].value;
    qsort(r->sorted, map->n_entries, sizeof *r->sorted, compare_sums);
    return FIRN_OK;
}

/* ---- rows ---- */

static firn_status make_type(partition_run *r, firn_error *err)
{
    const bool has_vectors = r->metadata->format_version >= 3;
    firn_field *fields = firn_arena_array(r->arena, N_COLUMNS, sizeof *fields);
    if (!fields) return firn_fail_nomem(err);
    memcpy(fields, k_columns, sizeof k_columns);
    fields[0].type = r->sums.partition;
    for (size_t i = FIRST_DELETE_COLUMN; i <= LAST_DELETE_COLUMN; i++)
        fields[i].is_required = has_vectors;
    r->root = (firn_type){.kind = FIRN_TYPE_STRUCT,
                          .fields = fields,
                          .n_fields = has_vectors ? N_COLUMNS : N_COLUMNS - 1};
    return FIRN_OK;
}

/* What manifests tell: deletes in files may be of rows that are not there, or be there twice. */
static void put_total(firn_row_builder *b, firn_column *column, const firn_partition_sum *sum)
{
    if (sum->equality_files > 0 || sum->position_files > sum->vectors)
        firn_cell_null(b, column);
    else
        firn_cell_long(b, column, sum->record_count - sum->position_records);
}

static void put_row(const partition_run *r, firn_row_builder *b, const firn_partition_sum *sum)
{
    const int64_t files = sum->position_files - sum->vectors;
    firn_column *column = firn_rows_column(b, 0);
    firn_cell_struct(b, column);
    for (size_t i = 0; i < r->sums.partition->n_fields; i++)
        firn_cell_value(b, &column->children[i], &sum->values[i]);
    firn_cell_int(b, firn_rows_column(b, 1), sum->spec_id);
    firn_cell_long(b, firn_rows_column(b, 2), sum->record_count);
    firn_cell_int(b, firn_rows_column(b, 3), (int32_t)sum->file_count);
    firn_cell_long(b, firn_rows_column(b, 4), sum->bytes);
    firn_cell_long(b, firn_rows_column(b, 5), sum->position_records);
    firn_cell_int(b, firn_rows_column(b, 6), (int32_t)files);
    firn_cell_long(b, firn_rows_column(b, 7), sum->equality_records);
    firn_cell_int(b, firn_rows_column(b, 8), (int32_t)sum->equality_files);
    put_total(b, firn_rows_column(b, 9), sum);
    if (sum->updated_ms < 0) {
        firn_cell_null(b, firn_rows_column(b, 10));
        firn_cell_null(b, firn_rows_column(b, 11));
    } else {
        firn_cell_long(b, firn_rows_column(b, 10), sum->updated_ms);
        firn_cell_long(b, firn_rows_column(b, 11), sum->updated_snapshot_id);
    }
    if (r->root.n_fields == N_COLUMNS)
        firn_cell_int(b, firn_rows_column(b, 12), (int32_t)sum->vectors);
}

/* ---- the file ---- */

static firn_status put_rows(partition_run *r, firn_data_file_output *output, firn_error *err)
{
    const size_t n = r->sums.by_key.n_entries;
    firn_row_builder b = firn_rows_begin(&r->root, err);
    firn_status st = FIRN_OK;
    for (size_t i = 0; i < n && st == FIRN_OK; i++) {
        put_row(r, &b, r->sorted[i]);
        const bool is_full = (i + 1) % FIRN_BATCH_ROWS == 0 || i + 1 == n;
        if (!is_full) continue;
        st = firn_rows_finish(&b);
        if (st == FIRN_OK) st = firn_data_file_output__append(output, b.batch, err);
        if (st == FIRN_OK) firn_batch_reset(b.batch);
    }
    firn_batch_destroy(b.batch);
    return st;
}

static firn_status write_file(partition_run *r, firn_error *err)
{
    char uuid[37];
    firn_data_file_output output;
    firn_data_file file;
    const firn_row_file_opts opts = {
        .format = FIRN_FILE_PARQUET,
        .parquet = {.codec = FIRN_CODEC_ZSTD, .encodings = FIRN_PARQUET_ENCODINGS_V1}};
    firn_random_uuid(r->env->random, uuid);
    r->path =
        firn_arena_printf(r->arena, "%.*s/metadata/partition-stats-%" PRId64 "-%s.parquet",
                          FIRN_STR_ARG(r->metadata->location), r->snapshot->snapshot_id, uuid);
    if (!r->path.data) return firn_fail_nomem(err);
    FIRN_TRY(firn_data_file_output__open(r->env, r->store, r->path, &r->root, &opts, &output, err));
    firn_status st = put_rows(r, &output, err);
    if (st == FIRN_OK) st = firn_data_file_output__finish(&output, r->arena, &file, err);
    firn_data_file_output__abandon(&output);
    if (st == FIRN_OK) st = firn_store_sync_names(r->store, &r->path, 1, err);
    if (st == FIRN_OK) r->size_bytes = file.file_size_bytes;
    return st;
}

/* ---- the entry ---- */

/* The file that the snapshot has already. */
static firn_status find_file(partition_run *r, firn_error *err)
{
    json_t *list = NULL;
    if (r->metadata->partition_statistics_json.len == 0) return FIRN_OK;
    FIRN_TRY(firn_json_parse(r->metadata->partition_statistics_json, r->arena, &list, err));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);
        int64_t id = -1;
        FIRN_TRY(firn_json_get_i64(entry, "snapshot-id", &id, err));
        if (id == r->snapshot->snapshot_id)
            return firn_json_get_str(entry, "statistics-path", &r->path, err);
    }
    return FIRN_OK;
}

static firn_status commit(partition_run *r, firn_error *err)
{
    firn_json_build b = {.err = err};
    json_t *root = json_object();
    firn_statistics_entry_begin(&b, root, r->snapshot->snapshot_id, r->path, r->size_bytes);
    return firn_statistics_entry_commit(&b, root, r->table, true, r->arena, err);
}

static firn_status compute(partition_run *r, firn_error *err)
{
    const firn_type *partition = NULL;
    FIRN_TRY(firn_metadata_partition_type(r->metadata, r->arena, &partition, err));
    if (partition->n_fields == 0)
        return firn_fail(err, FIRN_ERR_ARG, "the table is not partitioned");
    FIRN_TRY(find_file(r, err));
    if (r->path.len > 0) return FIRN_OK;
    firn_partition_sums_init(&r->sums, r->metadata, partition, r->arena);
    r->sums.by = FIRN_SUMS_BY_SPEC;
    FIRN_TRY(read_manifests(r, err));
    if (r->sums.by_key.n_entries == 0) return FIRN_OK;
    FIRN_TRY(sort_sums(r, err));
    FIRN_TRY(make_type(r, err));
    FIRN_TRY(write_file(r, err));
    return commit(r, err);
}

static firn_status run(partition_run *r, int64_t snapshot_id, firn_error *err)
{
    FIRN_TRY(firn_table_refresh(r->table, err));
    FIRN_TRY(firn_table_views_load(&r->views, err));
    r->metadata = firn_table_views_metadata(&r->views);
    r->snapshot = snapshot_id != 0 ? firn_metadata_find_snapshot(r->metadata, snapshot_id)
                                   : firn_metadata_current_snapshot(r->metadata);
    if (!r->snapshot && snapshot_id != 0)
        return firn_fail(err, FIRN_ERR_NOT_FOUND, "the table has no snapshot %" PRId64,
                         snapshot_id);
    return r->snapshot ? compute(r, err) : FIRN_OK;
}

firn_status firn_table_compute_partition_statistics(firn_table *table, int64_t snapshot_id,
                                                    firn_arena *arena, firn_str *path_out,
                                                    firn_error *err)
{
    partition_run r = {.table = table,
                       .env = firn_table_env(table),
                       .store = firn_table_store(table),
                       .arena = arena};
    firn_table_views_init(&r.views, table, arena);
    const firn_status st = run(&r, snapshot_id, err);
    firn_partition_sums_dispose(&r.sums);
    firn_table_views_close(&r.views);
    *path_out = st == FIRN_OK ? r.path : (firn_str){0};
    return st;
}
