/* SPDX-License-Identifier: Apache-2.0 */
/* The metadata tables that read manifests, by what they walk: one snapshot's manifests or those of
 * all snapshots, live entries or all, data or deletes. */
#include "sql/metadata_tables/metadata_tables_files.h"

#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/map.h"
#include "iceberg/scan/plan.h"
#include "sql/metadata_tables/metadata_file_rows.h"
#include "sql/metadata_tables/metadata_manifest_rows.h"
#include "sql/metadata_tables/metadata_partition_rows.h"
#include "sql/metadata_tables/metadata_position_rows.h"
#include "store/store_read.h"

/* What the rows of a table are made from. */
typedef enum walk_kind {
    WALK_FILES = 0,
    WALK_ENTRIES,
    WALK_MANIFESTS,
    WALK_PARTITIONS,
    WALK_POSITIONS,
} walk_kind;

static const struct table_walk {
    firn_metadata_table which;
    walk_kind kind;
    bool all_snapshots, data_only, deletes_only;
} k_walks[] = {
    {FIRN_METADATA_TABLE_MANIFESTS, WALK_MANIFESTS, false, false, false},
    {FIRN_METADATA_TABLE_ALL_MANIFESTS, WALK_MANIFESTS, true, false, false},
    {FIRN_METADATA_TABLE_FILES, WALK_FILES, false, false, false},
    {FIRN_METADATA_TABLE_DATA_FILES, WALK_FILES, false, true, false},
    {FIRN_METADATA_TABLE_DELETE_FILES, WALK_FILES, false, false, true},
    {FIRN_METADATA_TABLE_ALL_FILES, WALK_FILES, true, false, false},
    {FIRN_METADATA_TABLE_ALL_DATA_FILES, WALK_FILES, true, true, false},
    {FIRN_METADATA_TABLE_ALL_DELETE_FILES, WALK_FILES, true, false, true},
    {FIRN_METADATA_TABLE_ENTRIES, WALK_ENTRIES, false, false, false},
    {FIRN_METADATA_TABLE_ALL_ENTRIES, WALK_ENTRIES, true, false, false},
    {FIRN_METADATA_TABLE_PARTITIONS, WALK_PARTITIONS, false, false, false},
    {FIRN_METADATA_TABLE_POSITION_DELETES, WALK_POSITIONS, false, false, true},
};

static const struct table_walk *walk_of(firn_metadata_table which)
{
    size_t i = 0;
    while (i + 1 < sizeof k_walks / sizeof k_walks[0] && k_walks[i].which != which) i++;
    return &k_walks[i];
}

/* ---- columns ---- */

/* Fields of a struct and one more; a struct without fields is left out. */
static firn_status append_field(const firn_type *from, const firn_field *field, firn_arena *arena,
                                const firn_type **out, firn_error *err)
{
    *out = from;
    if (field->type->n_fields == 0) return FIRN_OK;
    firn_field *fields = firn_arena_array(arena, from->n_fields + 1, sizeof *fields);
    firn_type *type = firn_arena_alloc_zero(arena, sizeof *type);
    if (!fields || !type) return firn_fail_nomem(err);
    if (from->n_fields > 0) memcpy(fields, from->fields, from->n_fields * sizeof *fields);
    fields[from->n_fields] = *field;
    *type = (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = from->n_fields + 1};
    *out = type;
    return FIRN_OK;
}

static firn_status entries_type(const firn_type *file, const firn_field *metrics, firn_arena *arena,
                                const firn_type **out, firn_error *err)
{
    static const firn_type k_int = {.kind = FIRN_TYPE_INT};
    static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
    static const firn_field k_columns[] = {
        {.id = 0, .name = FIRN_STR_INIT("status"), .type = &k_int},
        {.id = 1, .name = FIRN_STR_INIT("snapshot_id"), .type = &k_long},
        {.id = 3, .name = FIRN_STR_INIT("sequence_number"), .type = &k_long},
        {.id = 4, .name = FIRN_STR_INIT("file_sequence_number"), .type = &k_long},
    };
    static const firn_type k_entry = {.kind = FIRN_TYPE_STRUCT, .fields = k_columns, .n_fields = 4};
    const firn_field data_file = {.id = 2, .name = FIRN_STR("data_file"), .type = file};
    FIRN_TRY(append_field(&k_entry, &data_file, arena, out, err));
    return append_field(*out, metrics, arena, out, err);
}

firn_status firn_metadata_files_type(firn_metadata_table which,
                                     const firn_metadata_table_opts *opts, firn_arena *arena,
                                     const firn_type **out, firn_error *err)
{
    const firn_table_metadata *metadata = opts->table->metadata;
    const struct table_walk *walk = walk_of(which);
    const firn_type *partition = NULL;
    const firn_type *file = NULL;
    firn_field metrics;
    FIRN_TRY(firn_metadata_partition_type(metadata, arena, &partition, err));
    switch (walk->kind) {
    case WALK_MANIFESTS:
        *out = firn_metadata_manifest_type(walk->all_snapshots, opts->is_wide);
        return FIRN_OK;
    case WALK_PARTITIONS: return firn_metadata_partitions_type(partition, arena, out, err);
    case WALK_POSITIONS: return firn_metadata_positions_type(metadata, partition, arena, out, err);
    case WALK_FILES:
    case WALK_ENTRIES: break;
    }
    FIRN_TRY(firn_metadata_file_type(partition, opts->is_wide, arena, &file, err));
    FIRN_TRY(firn_metadata_metrics_field(firn_metadata_schema(metadata), arena, &metrics, err));
    if (walk->kind == WALK_ENTRIES) return entries_type(file, &metrics, arena, out, err);
    return append_field(file, &metrics, arena, out, err);
}

/* ---- rows ---- */

typedef struct file_walk {
    const struct table_walk *how;
    const firn_metadata_table_opts *opts;
    const firn_table_metadata *metadata;
    const firn_type *type;
    firn_arena *arena;
    firn_row_builder *b;
    firn_map seen; /* manifests, by path */
    firn_partition_sums partitions;
} file_walk;

static void entry_row(const file_walk *w, const firn_manifest_entry *entry,
                      const firn_partition_spec *spec)
{
    firn_row_builder *b = w->b;
    firn_column *file = firn_rows_column(b, 4);
    firn_cell_int(b, firn_rows_column(b, 0), (int32_t)entry->status);
    firn_cell_long(b, firn_rows_column(b, 1), entry->snapshot_id);
    firn_cell_long(b, firn_rows_column(b, 2), entry->sequence_number);
    firn_cell_long(b, firn_rows_column(b, 3), entry->file_sequence_number);
    firn_cell_struct(b, file);
    firn_metadata_file_cells(b, w->metadata, file->type, file->children, &entry->file, spec);
    if (w->type->n_fields > 5) firn_metadata_metrics_cell(b, firn_rows_column(b, 5), &entry->file);
}

static firn_status take_entry(file_walk *w, const firn_manifest_entry *entry,
                              const firn_partition_spec *spec)
{
    const firn_delete_source source = {w->opts->env, w->opts->store, w->metadata};
    const firn_delete_file deletes = {entry->file, spec, entry->sequence_number,
                                      entry->snapshot_id};
    switch (w->how->kind) {
    case WALK_ENTRIES: entry_row(w, entry, spec); return w->b->status;
    case WALK_FILES:
        firn_metadata_file_cells(w->b, w->metadata, w->type, w->b->batch->columns, &entry->file,
                                 spec);
        return w->b->status;
    case WALK_PARTITIONS: return firn_partition_sums_add(&w->partitions, entry, spec, w->b->err);
    case WALK_POSITIONS:
        if (entry->file.content != FIRN_CONTENT_POSITION_DELETES) return FIRN_OK;
        return firn_metadata_position_cells(w->b, w->type, &source, &deletes);
    case WALK_MANIFESTS: break;
    }
    return FIRN_OK;
}

static firn_status walk_entries(file_walk *w, firn_manifest_reader *reader,
                                const firn_partition_spec *spec)
{
    firn_manifest_entry entry;
    for (;;) {
        const firn_status st = firn_manifest_reader_next(reader, &entry, w->b->err);
        if (st == FIRN_DONE) return FIRN_OK;
        FIRN_TRY(st);
        if (entry.status == FIRN_ENTRY_DELETED && w->how->kind != WALK_ENTRIES) continue;
        FIRN_TRY(take_entry(w, &entry, spec));
    }
}

static firn_status walk_manifest(file_walk *w, const firn_manifest_file *file)
{
    const firn_partition_spec *spec = firn_metadata_find_spec(w->metadata, file->spec_id);
    const bool is_short = w->how->kind == WALK_PARTITIONS || w->how->kind == WALK_POSITIONS;
    firn_manifest_reader *reader = NULL;
    firn_str bytes = {0};
    firn_arena *arena = firn_arena_create(w->opts->env->alloc, 0);
    if (!arena) return firn_fail_nomem(w->b->err);
    firn_status st = firn_store_read_all(w->opts->store, file->path, FIRN_LIMIT_METADATA, arena,
                                         &bytes, w->b->err);
    if (st == FIRN_OK) {
        st = firn_manifest_reader_open(bytes, file, firn_metadata_schema(w->metadata), spec,
                                       is_short ? FIRN_MANIFEST_NO_METRICS : FIRN_MANIFEST_ALL,
                                       &reader, w->b->err);
    }
    if (st == FIRN_OK) st = walk_entries(w, reader, spec);
    firn_manifest_reader_close(reader);
    firn_arena_destroy(arena);
    return st;
}

/* Manifests that several snapshots share are read once, but each list of them is shown. */
static firn_status take_manifest(file_walk *w, const firn_manifest_file *file,
                                 const firn_snapshot *snapshot)
{
    const bool is_data = file->content == FIRN_CONTENT_DATA;
    if ((w->how->data_only && !is_data) || (w->how->deletes_only && is_data)) return FIRN_OK;
    FIRN_TRY(firn_env_check_cancel(w->opts->env, w->b->err));
    if (w->how->kind == WALK_MANIFESTS) {
        firn_metadata_manifest_cells(w->b, file, w->metadata, snapshot);
        return w->b->status;
    }
    if (firn_map_has(&w->seen, file->path)) return FIRN_OK;
    FIRN_TRY(firn_map_put(&w->seen, file->path, w, w->b->err));
    return walk_manifest(w, file);
}

static firn_status walk_snapshot(file_walk *w, const firn_snapshot *snapshot)
{
    firn_manifest_file *files = NULL;
    size_t n = 0;
    FIRN_TRY(firn_snapshot_manifests(w->opts->store, w->metadata, snapshot, w->arena, &files, &n,
                                     w->b->err));
    for (size_t i = 0; i < n; i++) FIRN_TRY(take_manifest(w, &files[i], snapshot));
    return FIRN_OK;
}

static firn_status walk_table(file_walk *w)
{
    const firn_type *partition = NULL;
    firn_status st = FIRN_OK;
    firn_map_init(&w->seen, w->arena);
    FIRN_TRY(firn_metadata_partition_type(w->metadata, w->arena, &partition, w->b->err));
    if (!w->how->all_snapshots && w->how->kind != WALK_PARTITIONS)
        return w->opts->snapshot ? walk_snapshot(w, w->opts->snapshot) : FIRN_OK;
    if (w->how->all_snapshots) {
        for (size_t i = 0; i < w->metadata->n_snapshots; i++)
            FIRN_TRY(walk_snapshot(w, &w->metadata->snapshots[i]));
        return FIRN_OK;
    }
    firn_partition_sums_init(&w->partitions, w->metadata, partition, w->arena);
    if (w->opts->snapshot) st = walk_snapshot(w, w->opts->snapshot);
    if (st == FIRN_OK) firn_partition_sums_rows(&w->partitions, w->b);
    firn_partition_sums_dispose(&w->partitions);
    return st == FIRN_OK ? w->b->status : st;
}

void firn_metadata_files_fill(firn_row_builder *b, firn_metadata_table which,
                              const firn_metadata_table_opts *opts, const firn_type *type)
{
    file_walk walk = {.how = walk_of(which),
                      .opts = opts,
                      .metadata = opts->table->metadata,
                      .type = type,
                      .b = b};
    walk.arena = firn_arena_create(opts->env->alloc, 0);
    const firn_status st = walk.arena ? walk_table(&walk) : firn_fail_nomem(b->err);
    firn_arena_destroy(walk.arena);
    if (st != FIRN_OK) b->status = st;
}
