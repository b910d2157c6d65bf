/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata files are changed as JSON, at the members that hold locations, so that whatever else is
 * in them stays. */
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "iceberg/maintain/import/path_rewrite.h"
#include "iceberg/spec/json_build.h"
#include "iceberg/spec/metadata_json.h"
#include "iceberg/spec/metadata_json_text.h"
#include "store/store_read.h"

/* ---- members ---- */

static firn_status move_member(firn_path_rewrite *rw, json_t *object, const char *key,
                               firn_error *err)
{
    firn_json_build b = {.err = err};
    const json_t *old = json_object_get(object, key);
    firn_str moved;
    if (!json_is_string(old)) return FIRN_OK;
    const firn_str path = {json_string_value(old), json_string_length(old)};
    FIRN_TRY(firn_path_moved(rw, path, &moved, err));
    firn_json_build_str(&b, object, key, moved);
    return b.status;
}

/* The member key of each object in the array. */
static firn_status move_members(firn_path_rewrite *rw, const json_t *root, const char *array,
                                const char *key, firn_error *err)
{
    const json_t *list = json_object_get(root, array);
    for (size_t i = 0; i < json_array_size(list); i++)
        FIRN_TRY(move_member(rw, json_array_get(list, i), key, err));
    return FIRN_OK;
}

static firn_status move_properties(firn_path_rewrite *rw, const json_t *root, firn_error *err)
{
    static const char *const k_places[] = {"write.object-storage.path", "write.folder-storage.path",
                                           "write.data.path", "write.metadata.path"};
    json_t *properties = json_object_get(root, "properties");
    for (size_t i = 0; i < sizeof k_places / sizeof *k_places; i++)
        FIRN_TRY(move_member(rw, properties, k_places[i], err));
    return FIRN_OK;
}

/* Snapshots of before manifest lists name their manifests themselves. */
static firn_status check_snapshots(const json_t *root, firn_error *err)
{
    const json_t *list = json_object_get(root, "snapshots");
    for (size_t i = 0; i < json_array_size(list); i++)
        if (!json_object_get(json_array_get(list, i), "manifest-list"))
            return firn_fail(err, FIRN_ERR_UNSUPPORTED,
                             "not supported: a snapshot without a manifest list");
    return FIRN_OK;
}

static firn_status move_all(firn_path_rewrite *rw, json_t *root, firn_error *err)
{
    FIRN_TRY(check_snapshots(root, err));
    FIRN_TRY(move_member(rw, root, "location", err));
    FIRN_TRY(move_properties(rw, root, err));
    FIRN_TRY(move_members(rw, root, "snapshots", "manifest-list", err));
    FIRN_TRY(move_members(rw, root, "metadata-log", "metadata-file", err));
    FIRN_TRY(move_members(rw, root, "statistics", "statistics-path", err));
    return move_members(rw, root, "partition-statistics", "statistics-path", err);
}

/* ---- one file ---- */

static firn_status plan_statistics(firn_path_rewrite *rw, const json_t *root, const char *array,
                                   firn_error *err)
{
    const json_t *list = json_object_get(root, array);
    for (size_t i = 0; i < json_array_size(list); i++) {
        firn_str path;
        FIRN_TRY(firn_json_get_str(json_array_get(list, i), "statistics-path", &path, err));
        FIRN_TRY(firn_path_plan_copy(rw, path, err));
    }
    return FIRN_OK;
}

static firn_status note_snapshots(firn_path_rewrite *rw, const json_t *root,
                                  const firn_table_metadata *start, firn_error *err)
{
    const json_t *list = json_object_get(root, "snapshots");
    for (size_t i = 0; i < json_array_size(list); i++) {
        int64_t id = 0;
        FIRN_TRY(firn_json_get_i64(json_array_get(list, i), "snapshot-id", &id, err));
        if (firn_path_is_new(rw, id) || (start && firn_metadata_find_snapshot(start, id))) continue;
        const firn_str key = firn_arena_copy(rw->arena, (firn_str){(const char *)&id, sizeof id});
        if (!key.data) return firn_fail_nomem(err);
        FIRN_TRY(firn_map_put(&rw->delta, key, rw, err));
    }
    return FIRN_OK;
}

static firn_status put_json(firn_path_rewrite *rw, firn_str path, const json_t *root, bool is_gzip,
                            firn_error *err)
{
    firn_buf text;
    firn_buf packed;
    firn_buf_init(&text, NULL, FIRN_LIMIT_METADATA);
    firn_buf_init(&packed, NULL, FIRN_LIMIT_METADATA);
    firn_status st = firn_json_write(root, &text, err);
    if (st == FIRN_OK && is_gzip) st = firn_json_pack(firn_buf_view(&text), &packed, err);
    if (st == FIRN_OK)
        st = firn_path_output_put(rw, path, true, firn_buf_view(is_gzip ? &packed : &text), err);
    firn_buf_dispose(&text);
    firn_buf_dispose(&packed);
    return st;
}

static firn_status rewrite_version(firn_path_rewrite *rw, firn_str path,
                                   const firn_table_metadata *start, firn_error *err)
{
    firn_str bytes;
    firn_str text;
    json_t *root = NULL;
    firn_arena *scratch = firn_arena_create(rw->env->alloc, 0);
    if (!scratch) return firn_fail_nomem(err);
    firn_status st =
        firn_store_read_all(rw->store, path, FIRN_LIMIT_METADATA, scratch, &bytes, err);
    if (st == FIRN_OK) st = firn_json_unpack(bytes, scratch, &text, err);
    if (st == FIRN_OK) st = firn_json_parse(text, scratch, &root, err);
    if (st == FIRN_OK) st = note_snapshots(rw, root, start, err);
    if (st == FIRN_OK) st = plan_statistics(rw, root, "statistics", err);
    if (st == FIRN_OK) st = plan_statistics(rw, root, "partition-statistics", err);
    if (st == FIRN_OK) st = move_all(rw, root, err);
    if (st == FIRN_OK)
        st = put_json(rw, path, root, bytes.len > 1 && memcmp(bytes.data, "\x1f\x8b", 2) == 0, err);
    firn_arena_destroy(scratch);
    return firn_error_wrap(err, st, "metadata file %.*s", FIRN_STR_ARG(path));
}

/* ---- which files ---- */

static firn_str file_name(firn_str path)
{
    size_t from = path.len;
    while (from > 0 && path.data[from - 1] != '/') from--;
    return firn_str_slice(path, from, path.len);
}

/* The metadata file of that name: the current one or one in the log. */
static firn_status find_version(const firn_table *table, firn_str name, firn_str *out,
                                firn_error *err)
{
    const firn_table_metadata *m = firn_table_metadata_of(table);
    *out = firn_table_metadata_location(table);
    if (firn_str_equals(file_name(*out), file_name(name))) return FIRN_OK;
    for (size_t i = 0; i < m->n_metadata_log; i++) {
        *out = m->metadata_log[i].metadata_file;
        if (firn_str_equals(file_name(*out), file_name(name))) return FIRN_OK;
    }
    return firn_fail(err, FIRN_ERR_ARG, "the table's log has no version %.*s", FIRN_STR_ARG(name));
}

static firn_status load(firn_path_rewrite *rw, firn_str path, const firn_table_metadata **out,
                        firn_error *err)
{
    firn_str bytes;
    FIRN_TRY(firn_store_read_all(rw->store, path, FIRN_LIMIT_METADATA, rw->arena, &bytes, err));
    return firn_error_wrap(err, firn_metadata_parse(bytes, rw->arena, out, err),
                           "metadata file %.*s", FIRN_STR_ARG(path));
}

firn_status firn_path_rewrite_versions(firn_path_rewrite *rw, const firn_table *table,
                                       const firn_path_rewrite_opts *opts,
                                       const firn_table_metadata **start_out, firn_error *err)
{
    firn_str end = firn_table_metadata_location(table);
    firn_str start = {0};
    *start_out = NULL;
    rw->is_full = opts->start_version.len == 0;
    if (opts->end_version.len > 0) FIRN_TRY(find_version(table, opts->end_version, &end, err));
    if (!rw->is_full) {
        FIRN_TRY(find_version(table, opts->start_version, &start, err));
        FIRN_TRY(load(rw, start, start_out, err));
    }
    FIRN_TRY(load(rw, end, &rw->end, err));
    rw->out->latest_version = firn_arena_copy(rw->arena, file_name(end));
    if (!rw->out->latest_version.data) return firn_fail_nomem(err);
    FIRN_TRY(rewrite_version(rw, end, *start_out, err));
    for (size_t i = rw->end->n_metadata_log; i > 0; i--) {
        const firn_str path = rw->end->metadata_log[i - 1].metadata_file;
        if (!rw->is_full && firn_str_equals(path, start)) break;
        FIRN_TRY(rewrite_version(rw, path, *start_out, err));
    }
    return FIRN_OK;
}
