/* SPDX-License-Identifier: Apache-2.0 */
/* What commits since the snapshot that was read would make a change wrong. The rules are those of
 * Iceberg's Java library as its engines use them; snapshot_update.h lists them by kind of change.
 * That files to be removed are still live, and that nobody added deletes to them, is checked where
 * their manifests are rewritten. */
#include "base/error.h"
#include "base/map.h"
#include "base/str.h"
#include "iceberg/expr/evaluate.h"
#include "iceberg/scan/delete_index.h"
#include "iceberg/scan/plan.h"
#include "iceberg/spec/location_key.h"
#include "iceberg/txn/manifest_files.h"
#include "iceberg/txn/partition_set.h"

/* What is looked for in the commits since. */
typedef struct rules {
    bool added_data;     /* data files with rows that match */
    bool removed_data;   /* data files with rows that match */
    bool added_deletes;  /* delete files that may match rows that match */
    bool keeps_deletes;  /* they are noted, for the data files that the change removes */
    bool deleted_needed; /* a data file with new deletes was removed by a delete, too */
} rules;

typedef struct validation {
    const firn_txn *txn;
    const firn_table_metadata *metadata;
    firn_snapshot_change *change;
    firn_arena *arena;   /* of the attempt */
    firn_arena *scratch; /* of the validation */
    rules rules;
    const firn_expr *filter;       /* which rows matter; NULL: all */
    bool only_partitions;          /* only those in partitions */
    firn_map partitions;           /* firn_partition_key of the added files */
    firn_map needed;               /* identities of data files that added deletes are about */
    firn_delete_index *deletes;    /* NULL unless rules.keeps_deletes */
    const firn_snapshot *snapshot; /* being looked at */
    bool is_append, is_overwrite, is_replace, is_delete; /* its operation */
    const firn_partition_spec *spec;                     /* of the manifest being looked at */
    const firn_expr *projected; /* the filter on spec's fields; NULL: all rows */
} validation;

/* ---- what matters ---- */

static bool removes_data(const firn_change *what)
{
    for (size_t i = 0; i < what->n_removed; i++)
        if (what->removed[i].vector_offset == 0) return true;
    return false;
}

static rules rules_of(const firn_change *what)
{
    const bool is_serializable = what->isolation == FIRN_ISOLATION_SERIALIZABLE;
    rules r = {0};
    switch (what->kind) {
    case FIRN_CHANGE_APPEND: break;
    case FIRN_CHANGE_OVERWRITE:
        r.added_data = is_serializable;
        r.removed_data = what->remove_filter != NULL;
        r.added_deletes = what->remove_filter != NULL;
        r.keeps_deletes = removes_data(what);
        break;
    case FIRN_CHANGE_REPLACE_PARTITIONS:
        r.added_data = is_serializable;
        r.removed_data = true;
        r.added_deletes = true;
        break;
    case FIRN_CHANGE_ROW_DELTA:
        r.added_data = is_serializable;
        r.added_deletes = what->is_update;
        r.deleted_needed = what->is_update;
        r.keeps_deletes = what->is_update && removes_data(what);
        break;
    case FIRN_CHANGE_REWRITE: r.keeps_deletes = removes_data(what); break;
    case FIRN_CHANGE_REWRITE_MANIFESTS: break;
    }
    return r;
}

/* Files of an unpartitioned spec replace everything. */
static firn_status note_partitions(validation *v, firn_error *err)
{
    const firn_change *what = &v->change->what;
    v->only_partitions = true;
    for (size_t i = 0; i < what->n_added; i++) {
        if (what->added[i].n_partition == 0) v->only_partitions = false;
        FIRN_TRY(firn_partition_set__add(&v->partitions, &what->added[i], err));
    }
    return FIRN_OK;
}

static firn_status note_needed(validation *v, firn_error *err)
{
    const firn_change *what = &v->change->what;
    for (size_t i = 0; i < what->n_added; i++) {
        const firn_str path = firn_delete_referenced_path(&what->added[i]);
        if (path.len > 0) FIRN_TRY(firn_map_put(&v->needed, firn_location_identity(path), v, err));
    }
    return FIRN_OK;
}

static firn_status prepare(validation *v, firn_error *err)
{
    const firn_change *what = &v->change->what;
    v->rules = rules_of(what);
    v->filter = what->filter;
    if (!v->filter && what->n_removed == 0) v->filter = what->remove_filter;
    firn_map_init(&v->partitions, v->scratch);
    firn_map_init(&v->needed, v->scratch);
    if (what->kind == FIRN_CHANGE_REPLACE_PARTITIONS) FIRN_TRY(note_partitions(v, err));
    if (what->kind == FIRN_CHANGE_ROW_DELTA || what->kind == FIRN_CHANGE_REWRITE)
        FIRN_TRY(note_needed(v, err));
    if (!v->rules.keeps_deletes) return FIRN_OK;
    FIRN_TRY(firn_delete_index_create(v->metadata, v->arena, &v->deletes, err));
    firn_delete_index_allow_history(v->deletes);
    return FIRN_OK;
}

static firn_status may_match(const validation *v, const firn_data_file *file, bool *out,
                             firn_error *err)
{
    if (v->only_partitions) return firn_partition_set__has(&v->partitions, file, out, err);
    *out = !v->filter || ((!v->spec || !v->projected ||
                           firn_expr_matches_partition(v->projected, v->spec, file->partition)) &&
                          firn_expr_may_match_file(v->filter, file));
    return FIRN_OK;
}

/* ---- entries ---- */

static firn_status fail_on(const validation *v, const char *what, const firn_data_file *file,
                           firn_error *err)
{
    return firn_fail(err, FIRN_ERR_CONFLICT, "another commit (snapshot %lld) %s %.*s",
                     (long long)v->snapshot->snapshot_id, what, FIRN_STR_ARG(file->path));
}

static firn_status check_data(const validation *v, const firn_manifest_entry *entry,
                              firn_error *err)
{
    const firn_data_file *file = &entry->file;
    const bool is_added = entry->status == FIRN_ENTRY_ADDED;
    bool matches = false;
    if (!is_added && firn_map_has(&v->needed, firn_location_identity(file->path)) &&
        (!v->is_delete || v->rules.deleted_needed))
        return fail_on(v, "removed a data file with rows to delete,", file, err);
    if (is_added && !(v->rules.added_data && (v->is_append || v->is_overwrite))) return FIRN_OK;
    if (!is_added && !(v->rules.removed_data && !v->is_append)) return FIRN_OK;
    FIRN_TRY(may_match(v, file, &matches, err));
    if (!matches) return FIRN_OK;
    return is_added ? fail_on(v, "added data file with rows that may match:", file, err)
                    : fail_on(v, "removed data file with rows that may have been read:", file, err);
}

/* Deletes in another form count, too: what they were before may have been deletes by value, which a
 * rewrite that keeps its sequence number relies on. */
static firn_status check_deletes(const validation *v, const firn_manifest_entry *entry,
                                 firn_error *err)
{
    const firn_data_file *file = &entry->file;
    bool matches = false;
    if (firn_is_deletion_vector(file) &&
        firn_map_has(&v->needed, firn_location_identity(file->referenced_data_file)))
        return firn_fail(err, FIRN_ERR_CONFLICT,
                         "another commit (snapshot %lld) added a deletion vector for %.*s",
                         (long long)v->snapshot->snapshot_id,
                         FIRN_STR_ARG(file->referenced_data_file));
    if (v->rules.added_deletes && !v->is_replace) {
        FIRN_TRY(may_match(v, file, &matches, err));
        if (matches) return fail_on(v, "added delete file for rows that may match:", file, err);
    }
    return v->deletes ? firn_delete_index_add(v->deletes, entry, v->spec, err) : FIRN_OK;
}

static firn_status check_entry(void *ctx, const firn_manifest_entry *entry, firn_error *err)
{
    const validation *v = ctx;
    if (entry->snapshot_id != v->snapshot->snapshot_id || entry->status == FIRN_ENTRY_EXISTING)
        return FIRN_OK;
    if (entry->file.content == FIRN_CONTENT_DATA) return check_data(v, entry, err);
    return entry->status == FIRN_ENTRY_ADDED ? check_deletes(v, entry, err) : FIRN_OK;
}

/* ---- snapshots ---- */

/* Which manifests of the snapshot can hold something of interest. */
static bool is_relevant(const validation *v, const firn_manifest_file *manifest)
{
    if (manifest->added_snapshot_id != v->snapshot->snapshot_id) return false;
    if (manifest->content == FIRN_CONTENT_DATA)
        return (v->rules.added_data && (v->is_append || v->is_overwrite)) ||
               ((v->rules.removed_data || v->needed.n_entries > 0) && !v->is_append &&
                manifest->deleted_files != 0);
    if (v->is_append || manifest->added_files == 0) return false;
    return v->needed.n_entries > 0 || v->deletes || (v->rules.added_deletes && !v->is_replace);
}

static firn_status check_manifest(validation *v, const firn_manifest_file *manifest,
                                  firn_error *err)
{
    v->spec = firn_metadata_find_spec(v->metadata, manifest->spec_id);
    v->projected = NULL;
    if (v->spec && v->filter)
        FIRN_TRY(firn_expr_project_inclusive(v->filter, firn_metadata_schema(v->metadata), v->spec,
                                             v->scratch, &v->projected, err));
    return firn_manifest__each(v->txn->table->store, v->txn->table->env, v->metadata, manifest,
                               FIRN_MANIFEST_BOUNDS, check_entry, v, err);
}

static bool is_ours(const firn_txn *txn, int64_t snapshot_id)
{
    for (size_t i = 0; i < txn->n_changes; i++)
        if (txn->changes[i].snapshot_id == snapshot_id) return true;
    return false;
}

static firn_status check_snapshot(validation *v, firn_error *err)
{
    firn_manifest_file *manifests = NULL;
    size_t n = 0;
    const firn_str operation = v->snapshot->operation;
    if (is_ours(v->txn, v->snapshot->snapshot_id)) return FIRN_OK;
    v->is_append = firn_str_equals(operation, FIRN_STR("append"));
    v->is_replace = firn_str_equals(operation, FIRN_STR("replace"));
    v->is_delete = firn_str_equals(operation, FIRN_STR("delete"));
    /* v1 snapshots may not say: then anything is possible. */
    v->is_overwrite = !v->is_append && !v->is_replace && !v->is_delete;
    FIRN_TRY(firn_snapshot_manifests(v->txn->table->store, v->metadata, v->snapshot, v->scratch,
                                     &manifests, &n, err));
    for (size_t i = 0; i < n; i++)
        if (is_relevant(v, &manifests[i])) FIRN_TRY(check_manifest(v, &manifests[i], err));
    return FIRN_OK;
}

static firn_status fail_history(int64_t from, firn_error *err)
{
    return firn_fail(err, FIRN_ERR_CONFLICT,
                     "cannot tell what was committed since snapshot %lld: it is not an ancestor of "
                     "the current one, or was expired",
                     (long long)from);
}

/* From the head of the branch back to the snapshot that was read. */
static firn_status check_history(validation *v, const firn_snapshot *head, firn_error *err)
{
    const int64_t from = v->change->what.from_snapshot_id;
    int64_t id = head ? head->snapshot_id : -1;
    if (from >= 0 && (id < 0 || !firn_metadata_is_ancestor(v->metadata, id, from)))
        return fail_history(from, err);
    for (size_t i = 0; i <= v->metadata->n_snapshots && id != from; i++) {
        v->snapshot = id < 0 ? NULL : firn_metadata_find_snapshot(v->metadata, id);
        if (!v->snapshot) return fail_history(from, err);
        FIRN_TRY(check_snapshot(v, err));
        id = v->snapshot->parent_snapshot_id;
    }
    return FIRN_OK;
}

static firn_status validate(validation *v, const firn_snapshot *head, firn_error *err)
{
    firn_snapshot_change *change = v->change;
    const firn_snapshot *from =
        firn_metadata_find_snapshot(v->metadata, change->what.from_snapshot_id);
    FIRN_TRY(prepare(v, err));
    FIRN_TRY(check_history(v, head, err));
    if (!v->deletes || firn_delete_index_size(v->deletes) == 0) return FIRN_OK;
    firn_delete_index_finish(v->deletes);
    change->new_deletes = v->deletes;
    change->from_sequence_number = from ? from->sequence_number : 0;
    return FIRN_OK;
}

firn_status firn_snapshot__validate(const firn_txn *txn, firn_snapshot_change *change,
                                    const firn_table_metadata *metadata, firn_arena *arena,
                                    firn_error *err)
{
    validation v = {.txn = txn, .metadata = metadata, .change = change, .arena = arena};
    const firn_snapshot *head = NULL;
    const int64_t from = change->what.from_snapshot_id;
    change->new_deletes = NULL;
    FIRN_TRY(firn_snapshot__head(change, metadata, &head, err));
    if ((head ? head->snapshot_id : -1) == from) return FIRN_OK;
    if (change->what.must_be_unchanged)
        return firn_fail(err, FIRN_ERR_CONFLICT,
                         "table is at snapshot %lld, expected it unchanged at %lld",
                         head ? (long long)head->snapshot_id : -1LL, (long long)from);
    if (change->what.kind == FIRN_CHANGE_APPEND ||
        change->what.kind == FIRN_CHANGE_REWRITE_MANIFESTS)
        return FIRN_OK;
    v.scratch = firn_arena_create(txn->table->env->alloc, 0);
    if (!v.scratch) return firn_fail_nomem(err);
    const firn_status st = validate(&v, head, err);
    firn_arena_destroy(v.scratch);
    return st;
}
