/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are there become data files of a table that is there. The commit is tried again from
 * the beginning when the table changed meanwhile: a file that somebody else added just now must be
 * found. */
#include "iceberg/maintain/import/add_files.h"

#include "base/error.h"
#include "base/str.h"
#include "iceberg/maintain/cleanup/file_census.h"
#include "iceberg/maintain/import/import_footers.h"
#include "iceberg/scan/name_mapping.h"
#include "iceberg/txn/column_properties.h"
#include "iceberg/txn/snapshot_update.h"

#define MAX_ATTEMPTS 10

typedef struct add_op {
    firn_table *table;
    const firn_import_opts *opts;
    const firn_table_metadata *metadata;
    firn_arena *arena;
    firn_import_list list;
    firn_import_partition partition;
    firn_str mapping;
    bool has_mapping; /* the table has it already */
    firn_data_file *files;
} add_op;

/* ---- what is added ---- */

static firn_status find_mapping(add_op *op, firn_error *err)
{
    op->mapping =
        firn_properties_get(&op->metadata->properties, FIRN_NAME_MAPPING_PROPERTY, (firn_str){0});
    op->has_mapping = op->mapping.len > 0;
    if (op->has_mapping) return FIRN_OK;
    return firn_schema__name_mapping(firn_metadata_schema(op->metadata), op->arena, &op->mapping,
                                     err);
}

static firn_status read_files(add_op *op, firn_error *err)
{
    firn_import_target target = {.env = firn_table_env(op->table),
                                 .store = firn_table_store(op->table),
                                 .metadata = op->metadata,
                                 .partition = &op->partition,
                                 .n_threads = op->opts->n_threads};
    FIRN_TRY(firn_import_partition_find(op->metadata, &op->list, op->arena, &op->partition, err));
    FIRN_TRY(firn_import_partition_filter(&op->partition, &op->opts->partition_filter, op->arena,
                                          &op->list, err));
    FIRN_TRY(find_mapping(op, err));
    target.mapping = op->mapping;
    return firn_import_footers_read(&target, &op->list, op->arena, &op->files, err);
}

/* ---- files that the table has already ---- */

static firn_status fail_duplicates(const firn_file_census *census, firn_error *err)
{
    firn_str first = {0};
    size_t n = 0;
    for (size_t i = 0; i < census->candidates.n_entries; i++) {
        const firn_census_file *file = census->candidates.entries[i].value;
        if (!file->is_reached && !file->is_mismatched) continue;
        if (n++ == 0) first = file->path;
    }
    if (n == 0) return FIRN_OK;
    (void)firn_fail(err, FIRN_ERR_EXISTS, "%zu of %zu files are in the table already: %.*s%s", n,
                    census->candidates.n_entries, FIRN_STR_ARG(first), n > 1 ? ", .." : "");
    return firn_error_hint(err, FIRN_ERR_EXISTS, "check_duplicate_files => false adds them again");
}

static firn_status check_duplicates(const add_op *op, firn_error *err)
{
    firn_file_census census;
    const firn_snapshot *now = firn_metadata_current_snapshot(op->metadata);
    if (op->opts->allows_duplicates || !now) return FIRN_OK;
    firn_file_census_init(&census, firn_table_env(op->table), firn_table_store(op->table),
                          op->metadata, op->arena);
    for (size_t i = 0; i < op->list.n_files; i++)
        FIRN_TRY(firn_file_census_add(&census, op->list.files[i].path, FIRN_CENSUS_DATA, 0, err));
    FIRN_TRY(firn_file_census_strike(&census, &now, 1, err));
    return fail_duplicates(&census, err);
}

/* ---- the change ---- */

static firn_status change(const add_op *op, firn_txn *txn, firn_error *err)
{
    const firn_property mapping = {FIRN_NAME_MAPPING_PROPERTY, op->mapping};
    const firn_change append = {.kind = FIRN_CHANGE_APPEND,
                                .added = op->files,
                                .n_added = op->list.n_files,
                                .from_snapshot_id = op->metadata->current_snapshot_id,
                                .must_be_unchanged = !op->opts->allows_duplicates};
    firn_txn_keep_files(txn); /* they are not ours */
    if (!op->has_mapping) FIRN_TRY(firn_txn_set_properties(txn, &mapping, 1, err));
    return op->list.n_files > 0 ? firn_txn_change_files(txn, &append, err) : FIRN_OK;
}

static firn_status count(const add_op *op, firn_import_result *out, firn_error *err)
{
    firn_map seen;
    firn_buf key;
    firn_status st = FIRN_OK;
    firn_map_init(&seen, op->arena);
    firn_buf_init(&key, NULL, 0);
    for (size_t i = 0; i < op->list.n_files && st == FIRN_OK; i++) {
        const firn_data_file *file = &op->files[i];
        out->records += file->record_count;
        st = firn_partition_key(file->spec_id, file->partition, file->n_partition, &key, err);
        if (st != FIRN_OK || firn_map_has(&seen, firn_buf_view(&key))) continue;
        const firn_str kept = firn_arena_copy(op->arena, firn_buf_view(&key));
        st = kept.data ? firn_map_put(&seen, kept, op->files, err) : firn_fail_nomem(err);
    }
    firn_buf_dispose(&key);
    out->files = (int64_t)op->list.n_files;
    out->partitions = (int64_t)seen.n_entries;
    return st;
}

firn_status firn_txn__import(firn_table *table, firn_txn *txn, const firn_import_source *source,
                             const firn_import_opts *opts, firn_arena *arena,
                             firn_import_result *out, firn_error *err)
{
    add_op op = {
        .table = table, .opts = opts, .metadata = firn_table_metadata_of(table), .arena = arena};
    FIRN_TRY(firn_import_list_read(firn_table_store(table), source, arena, &op.list, err));
    FIRN_TRY(read_files(&op, err));
    FIRN_TRY(check_duplicates(&op, err));
    FIRN_TRY(change(&op, txn, err));
    return count(&op, out, err);
}

/* ---- all ---- */

static firn_status attempt(firn_table *table, const firn_import_source *source,
                           const firn_import_opts *opts, firn_import_result *out, firn_error *err)
{
    firn_txn *txn = NULL;
    *out = (firn_import_result){0};
    FIRN_TRY(firn_table_refresh(table, err));
    FIRN_TRY(firn_txn_begin(table, &txn, err));
    firn_arena *arena = firn_arena_create(firn_table_env(table)->alloc, 0);
    firn_status st =
        arena ? firn_txn__import(table, txn, source, opts, arena, out, err) : firn_fail_nomem(err);
    if (st == FIRN_OK) st = firn_txn_commit(txn, err);
    firn_txn_close(txn);
    firn_arena_destroy(arena);
    return st;
}

firn_status firn_table_add_files(firn_table *table, firn_str location, const firn_import_opts *opts,
                                 firn_import_result *out, firn_error *err)
{
    const firn_import_opts defaults = {.struct_size = sizeof defaults};
    const firn_import_source source = {.location = location, .is_flat = opts && opts->is_flat};
    firn_status st = FIRN_ERR_CONFLICT;
    for (int i = 0; i < MAX_ATTEMPTS && st == FIRN_ERR_CONFLICT; i++)
        st = attempt(table, &source, opts ? opts : &defaults, out, err);
    if (st != FIRN_OK) *out = (firn_import_result){0};
    return st;
}
