/* SPDX-License-Identifier: Apache-2.0 */
/* firn table files, diff, health: what the manifests say. */
#include <inttypes.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/map.h"
#include "base/str.h"
#include "iceberg/check/live_files.h"
#include "iceberg/check/schema_diff.h"
#include "iceberg/check/table_health.h"
#include "iceberg/scan/delete_index.h"
#include "iceberg/spec/transform.h"
#include "table_actions.h"

static const char *content_name(const firn_data_file *file)
{
    if (firn_is_deletion_vector(file)) return "deletion vector";
    switch (file->content) {
    case FIRN_CONTENT_POSITION_DELETES: return "position deletes";
    case FIRN_CONTENT_EQUALITY_DELETES: return "equality deletes";
    case FIRN_CONTENT_DATA: break;
    }
    return "data";
}

static firn_status show_partition(const table_action *t, const firn_live_file *file,
                                  firn_error *err)
{
    const firn_data_file *data = &file->entry.file;
    if (!file->spec || file->spec->n_fields == 0) return FIRN_OK;
    firn_outline_begin_line(t->out, "partition");
    for (size_t i = 0; i < file->spec->n_fields && i < data->n_partition; i++) {
        const firn_partition_field *field = &file->spec->fields[i];
        const firn_str name = firn_arena_copy(t->a->arena, field->name);
        firn_str text = {0};
        if (data->partition[i].is_null) {
            firn_outline_null(t->out, name.data);
            continue;
        }
        FIRN_TRY(firn_transform_value_text(&field->transform, &data->partition[i], t->a->arena,
                                           &text, err));
        firn_outline_str(t->out, name.data, text);
    }
    firn_outline_end(t->out);
    return FIRN_OK;
}

static firn_status show_file(const table_action *t, const firn_live_file *file, firn_error *err)
{
    const firn_data_file *data = &file->entry.file;
    firn_outline_begin(t->out, NULL);
    firn_outline_str(t->out, "path", data->path);
    firn_outline_cstr(t->out, "content", content_name(data));
    firn_outline_i64(t->out, "records", data->record_count);
    firn_outline_i64(t->out, "bytes", data->file_size_bytes);
    firn_outline_i64(t->out, "spec_id", data->spec_id);
    firn_outline_i64(t->out, "sequence_number", file->entry.sequence_number);
    firn_outline_i64(t->out, "added_by", file->entry.snapshot_id);
    FIRN_TRY(show_partition(t, file, err));
    firn_outline_end(t->out);
    return FIRN_OK;
}

static firn_status read_live(const table_action *t, const firn_snapshot *snapshot,
                             firn_live_files *out, firn_error *err)
{
    return firn_live_files_read(t->a->env, t->a->store, firn_table_metadata_of(t->table), snapshot,
                                t->a->arena, out, err);
}

firn_status table_files(const table_action *t, firn_error *err)
{
    const firn_snapshot *snapshot = NULL;
    firn_live_files live;
    FIRN_TRY(table_pick_snapshot(t, &snapshot, err));
    FIRN_TRY(read_live(t, snapshot, &live, err));
    firn_outline_begin_list(t->out, NULL);
    for (size_t i = 0; i < live.n_files; i++) FIRN_TRY(show_file(t, &live.files[i], err));
    firn_outline_end(t->out);
    return FIRN_OK;
}

/* ---- diff ---- */

static firn_status find_side(const table_action *t, const char *name, const firn_snapshot **out,
                             firn_error *err)
{
    const firn_table_metadata *m = firn_table_metadata_of(t->table);
    const char *text = app_args_get(t->args, name, NULL);
    int64_t id = 0;
    *out = firn_metadata_current_snapshot(m);
    if (!text) return FIRN_OK;
    const firn_snapshot_ref *ref = firn_metadata_find_ref(m, firn_str_of(text));
    if (ref) id = ref->snapshot_id;
    if (!ref && !firn_str_to_i64(firn_str_of(text), &id))
        return firn_fail(err, FIRN_ERR_NOT_FOUND, "--%s: no branch, tag or snapshot \"%s\"", name,
                         text);
    *out = firn_metadata_find_snapshot(m, id);
    return *out ? FIRN_OK
                : firn_fail(err, FIRN_ERR_NOT_FOUND, "--%s: no snapshot %" PRId64, name, id);
}

/* Files of one side that the other does not have. */
static firn_status show_only(const table_action *t, const char *name, const firn_live_files *files,
                             const firn_live_files *other, int64_t *records, firn_error *err)
{
    firn_map keys;
    firn_map_init(&keys, t->a->arena);
    for (size_t i = 0; i < other->n_files; i++) {
        const firn_str key = firn_live_file_key(&other->files[i].entry.file, t->a->arena);
        if (!key.data) return firn_fail_nomem(err);
        FIRN_TRY(firn_map_put(&keys, key, &other->files[i], err));
    }
    *records = 0;
    firn_outline_begin_list(t->out, name);
    for (size_t i = 0; i < files->n_files; i++) {
        const firn_data_file *file = &files->files[i].entry.file;
        const firn_str key = firn_live_file_key(file, t->a->arena);
        if (!key.data) return firn_fail_nomem(err);
        if (firn_map_has(&keys, key)) continue;
        if (file->content == FIRN_CONTENT_DATA) *records += file->record_count;
        FIRN_TRY(show_file(t, &files->files[i], err));
    }
    firn_outline_end(t->out);
    return FIRN_OK;
}

static firn_status show_schema_changes(const table_action *t, const firn_snapshot *from,
                                       const firn_snapshot *to, firn_error *err)
{
    const firn_table_metadata *m = firn_table_metadata_of(t->table);
    firn_schema_change *changes = NULL;
    size_t n = 0;
    FIRN_TRY(firn_schema_diff(firn_metadata_schema_at(m, from), firn_metadata_schema_at(m, to),
                              t->a->arena, &changes, &n, err));
    firn_outline_begin_list(t->out, "schema_changes");
    for (size_t i = 0; i < n; i++) {
        firn_outline_begin_line(t->out, NULL);
        firn_outline_cstr(t->out, "change", firn_schema_change_name(changes[i].kind));
        firn_outline_str(t->out, "column", changes[i].name);
        firn_outline_end(t->out);
    }
    firn_outline_end(t->out);
    return FIRN_OK;
}

firn_status table_diff(const table_action *t, firn_error *err)
{
    const firn_snapshot *from = NULL;
    const firn_snapshot *to = NULL;
    firn_live_files before;
    firn_live_files after;
    int64_t added = 0;
    int64_t removed = 0;
    if (!app_args_has(t->args, "from"))
        return firn_fail(err, FIRN_ERR_ARG, "diff needs --from SNAPSHOT-OR-REF");
    FIRN_TRY(find_side(t, "from", &from, err));
    FIRN_TRY(find_side(t, "to", &to, err));
    FIRN_TRY(read_live(t, from, &before, err));
    FIRN_TRY(read_live(t, to, &after, err));
    firn_outline_begin(t->out, NULL);
    firn_outline_i64(t->out, "from", from ? from->snapshot_id : -1);
    firn_outline_i64(t->out, "to", to ? to->snapshot_id : -1);
    FIRN_TRY(show_only(t, "added_files", &after, &before, &added, err));
    FIRN_TRY(show_only(t, "removed_files", &before, &after, &removed, err));
    firn_outline_i64(t->out, "added_records", added);
    firn_outline_i64(t->out, "removed_records", removed);
    FIRN_TRY(show_schema_changes(t, from, to, err));
    firn_outline_end(t->out);
    return FIRN_OK;
}

/* ---- health ---- */

static void show_advice(firn_outline *out, const firn_table_health *h)
{
    firn_outline_begin_list(out, "advice");
    if (h->n_files_after < h->n_data_files)
        firn_outline_cstr(out, NULL, "compact the data files: scans would open fewer");
    if (h->n_manifests_after < h->n_manifests)
        firn_outline_cstr(out, NULL, "rewrite the manifests: planning would read fewer");
    if (h->n_expirable > 0)
        firn_outline_cstr(out, NULL, "expire snapshots: their files could be removed");
    if (h->deleted_records > 0 && h->deleted_records * 10 >= h->n_records)
        firn_outline_cstr(out, NULL,
                          "rewrite files with deletes: a tenth of the rows or more is "
                          "read and thrown away");
    if (h->n_equality_delete_files > 0)
        firn_outline_cstr(out, NULL, "rewrite equality deletes: every scan looks its rows up");
    firn_outline_end(out);
}

firn_status table_health(const table_action *t, firn_error *err)
{
    const firn_table_metadata *m = firn_table_metadata_of(t->table);
    firn_outline *out = t->out;
    firn_live_files live;
    firn_table_health h;
    FIRN_TRY(read_live(t, firn_metadata_current_snapshot(m), &live, err));
    FIRN_TRY(
        firn_table_health_of(m, &live, firn_clock_wall_ms(t->a->env->clock), t->a->arena, &h, err));
    firn_outline_begin(out, NULL);
    firn_outline_i64(out, "snapshots", h.n_snapshots);
    firn_outline_i64(out, "expirable_snapshots", h.n_expirable);
    firn_outline_i64(out, "manifests", h.n_manifests);
    firn_outline_i64(out, "small_manifests", h.n_small_manifests);
    firn_outline_i64(out, "manifests_after_rewrite", h.n_manifests_after);
    firn_outline_i64(out, "data_files", h.n_data_files);
    firn_outline_i64(out, "small_files", h.n_small_files);
    firn_outline_i64(out, "data_files_after_compaction", h.n_files_after);
    firn_outline_i64(out, "records", h.n_records);
    firn_outline_i64(out, "bytes", h.data_bytes);
    firn_outline_i64(out, "target_file_bytes", h.target_file_bytes);
    firn_outline_i64(out, "position_delete_files", h.n_position_delete_files);
    firn_outline_i64(out, "deletion_vectors", h.n_deletion_vectors);
    firn_outline_i64(out, "equality_delete_files", h.n_equality_delete_files);
    firn_outline_f64(out, "delete_ratio",
                     h.n_records > 0 ? (double)h.deleted_records / (double)h.n_records : 0.0);
    show_advice(out, &h);
    firn_outline_end(out);
    return FIRN_OK;
}
