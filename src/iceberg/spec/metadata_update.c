/* SPDX-License-Identifier: Apache-2.0 */
/* Updates applied to table metadata, and the names of metadata files. The rules of layouts and
 * snapshots are in update_layout.c and update_snapshots.c; requirements in requirement.c. */
#include "iceberg/spec/metadata_update.h"

#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "iceberg/spec/metadata_builder.h"
#include "iceberg/spec/metadata_check.h"
#include "iceberg/spec/metadata_copy.h"

#define DEFAULT_FORMAT_VERSION 2
#define DEFAULT_METADATA_LOG   100
#define NO_PARTITION_FIELD_ID  999

void *firn_builder_grow(const firn_metadata_builder *b, const void *items, size_t n, size_t size)
{
    char *copy = firn_arena_array(b->arena, n + 1, size);
    if (copy && n > 0) memcpy(copy, items, n * size);
    return copy;
}

void *firn_builder_room(const firn_metadata_builder *b, const void *items, size_t n, size_t *cap,
                        size_t size)
{
    if (n < *cap) return (void *)(uintptr_t)items; /* our own, so it may be written to */
    const size_t more = n / 8 + 16;
    char *copy = firn_arena_array(b->arena, n + more, size);
    if (copy && n > 0) memcpy(copy, items, n * size);
    *cap = copy ? n + more : 0;
    return copy;
}

/* ---- identity and properties ---- */

static firn_status assign_uuid(firn_metadata_builder *b, firn_str uuid)
{
    if (uuid.len == 0) return firn_fail(b->err, FIRN_ERR_ARG, "assign-uuid without a uuid");
    if (b->m.table_uuid.len > 0 && !firn_str_equals_nocase(b->m.table_uuid, uuid)) {
        return firn_fail(b->err, FIRN_ERR_ARG, "table has uuid %.*s, cannot assign %.*s",
                         FIRN_STR_ARG(b->m.table_uuid), FIRN_STR_ARG(uuid));
    }
    return firn_str_copy(uuid, b->arena, &b->m.table_uuid) ? FIRN_OK : firn_fail_nomem(b->err);
}

/* Version 2 demands members that snapshots of version 1 do without. */
static firn_status write_snapshots_anew(firn_metadata_builder *b)
{
    firn_snapshot *list = firn_builder_grow(b, b->m.snapshots, b->m.n_snapshots, sizeof *list);
    if (!list) return firn_fail_nomem(b->err);
    for (size_t i = 0; i < b->m.n_snapshots; i++) list[i].json = (firn_str){0};
    b->m.snapshots = list;
    b->cap_snapshots = 0;
    return FIRN_OK;
}

static firn_status upgrade(firn_metadata_builder *b, int64_t version)
{
    if (version < 1 || version > FIRN_FORMAT_VERSION_MAX) {
        return firn_fail(b->err, FIRN_ERR_UNSUPPORTED,
                         "not supported: table format version %" PRId64 ", at most %d", version,
                         FIRN_FORMAT_VERSION_MAX);
    }
    if (b->base && version < b->m.format_version) {
        return firn_fail(b->err, FIRN_ERR_ARG,
                         "table has format version %" PRId32 ", cannot go back to %" PRId64,
                         b->m.format_version, version);
    }
    if (b->m.format_version == 1 && version > 1) FIRN_TRY(write_snapshots_anew(b));
    b->m.format_version = (int32_t)version;
    b->m.next_row_id = version < 3 ? -1 : b->m.next_row_id < 0 ? 0 : b->m.next_row_id;
    return FIRN_OK;
}

static firn_status set_location(firn_metadata_builder *b, firn_str location)
{
    firn_str trimmed = location;
    while (trimmed.len > 1 && trimmed.data[trimmed.len - 1] == '/') trimmed.len--;
    if (trimmed.len == 0) return firn_fail(b->err, FIRN_ERR_ARG, "set-location without a location");
    return firn_str_copy(trimmed, b->arena, &b->m.location) ? FIRN_OK : firn_fail_nomem(b->err);
}

static size_t find_property(const firn_property *items, size_t n, firn_str key)
{
    size_t i = 0;
    while (i < n && !firn_str_equals(items[i].key, key)) i++;
    return i;
}

static firn_status set_properties(firn_metadata_builder *b, const firn_properties *changes)
{
    const size_t n_old = b->m.properties.n;
    firn_properties added;
    firn_property *items = firn_arena_array(b->arena, n_old + changes->n + 1, sizeof *items);
    if (!items || !firn_properties_copy(changes, b->arena, &added)) return firn_fail_nomem(b->err);
    if (n_old > 0) memcpy(items, b->m.properties.items, n_old * sizeof *items);
    size_t n = n_old;
    for (size_t i = 0; i < changes->n; i++) {
        const size_t at = find_property(items, n, added.items[i].key);
        items[at] = added.items[i];
        if (at == n) n++;
    }
    b->m.properties = (firn_properties){items, n};
    return FIRN_OK;
}

static firn_status remove_properties(firn_metadata_builder *b, const firn_properties *keys)
{
    firn_property *items =
        firn_builder_grow(b, b->m.properties.items, b->m.properties.n, sizeof *items);
    if (!items) return firn_fail_nomem(b->err);
    size_t n = 0;
    for (size_t i = 0; i < b->m.properties.n; i++) {
        if (find_property(keys->items, keys->n, items[i].key) == keys->n) items[n++] = items[i];
    }
    b->m.properties = (firn_properties){items, n};
    return FIRN_OK;
}

/* ---- all updates ---- */

static firn_status apply(firn_metadata_builder *b, const firn_update *u)
{
    switch (u->kind) {
    case FIRN_UPDATE_ASSIGN_UUID: return assign_uuid(b, u->text);
    case FIRN_UPDATE_FORMAT_VERSION: return upgrade(b, u->id);
    case FIRN_UPDATE_ADD_SCHEMA: return firn_builder_add_schema(b, u->schema);
    case FIRN_UPDATE_SET_CURRENT_SCHEMA: return firn_builder_set_schema(b, u->id);
    case FIRN_UPDATE_ADD_SPEC: return firn_builder_add_spec(b, u->spec);
    case FIRN_UPDATE_SET_DEFAULT_SPEC: return firn_builder_set_spec(b, u->id);
    case FIRN_UPDATE_ADD_SORT_ORDER: return firn_builder_add_sort_order(b, u->sort_order);
    case FIRN_UPDATE_SET_DEFAULT_SORT_ORDER: return firn_builder_set_sort_order(b, u->id);
    case FIRN_UPDATE_ADD_SNAPSHOT: return firn_builder_add_snapshot(b, u->snapshot);
    case FIRN_UPDATE_SET_SNAPSHOT_REF: return firn_builder_set_ref(b, u->ref);
    case FIRN_UPDATE_REMOVE_SNAPSHOTS: return firn_builder_remove_snapshots(b, u->ids, u->n_ids);
    case FIRN_UPDATE_REMOVE_SNAPSHOT_REF: return firn_builder_remove_ref(b, u->text);
    case FIRN_UPDATE_SET_LOCATION: return set_location(b, u->text);
    case FIRN_UPDATE_SET_PROPERTIES: return set_properties(b, &u->properties);
    case FIRN_UPDATE_REMOVE_PROPERTIES: return remove_properties(b, &u->properties);
    case FIRN_UPDATE_SET_STATISTICS: return firn_builder_set_statistics(b, u->text, u->id, false);
    case FIRN_UPDATE_REMOVE_STATISTICS:
        return firn_builder_set_statistics(b, (firn_str){0}, u->id, false);
    case FIRN_UPDATE_SET_PARTITION_STATISTICS:
        return firn_builder_set_statistics(b, u->text, u->id, true);
    case FIRN_UPDATE_REMOVE_PARTITION_STATISTICS:
        return firn_builder_set_statistics(b, (firn_str){0}, u->id, true);
    case FIRN_UPDATE_REMOVE_SCHEMAS: return firn_builder_remove_schemas(b, u->ids, u->n_ids);
    case FIRN_UPDATE_REMOVE_SPECS: return firn_builder_remove_specs(b, u->ids, u->n_ids);
    }
    return firn_fail(b->err, FIRN_ERR_UNSUPPORTED, "not supported: update of kind %d",
                     (int)u->kind);
}

void firn_builder_begin(firn_metadata_builder *b, const firn_table_metadata *base, int64_t now_ms,
                        firn_arena *arena)
{
    *b = (firn_metadata_builder){
        .base = base,
        .arena = arena,
        .now_ms = base && base->last_updated_ms > now_ms ? base->last_updated_ms : now_ms,
        .last_schema_id = -1,
        .last_spec_id = -1,
        .last_order_id = -1,
        .newest_ms = INT64_MIN};
    if (base) {
        b->m = *base;
        b->n_base_schemas = b->m.n_schemas;
        b->n_base_snapshots = b->m.n_snapshots;
        return;
    }
    b->m = (firn_table_metadata){.format_version = DEFAULT_FORMAT_VERSION,
                                 .current_schema_id = -1,
                                 .default_spec_id = -1,
                                 .default_sort_order_id = -1,
                                 .last_partition_id = NO_PARTITION_FIELD_ID,
                                 .current_snapshot_id = -1,
                                 .next_row_id = -1};
}

firn_status firn_builder_update(firn_metadata_builder *b, const firn_update *updates, size_t n,
                                firn_error *err)
{
    b->err = err;
    for (size_t i = 0; i < n; i++) FIRN_TRY(apply(b, &updates[i]));
    if (b->newest_ms > b->m.last_updated_ms) b->m.last_updated_ms = b->newest_ms;
    return FIRN_OK;
}

/* ---- the end of a commit ---- */

static firn_status log_previous(firn_metadata_builder *b, firn_str previous_location)
{
    if (!b->base || previous_location.len == 0) return FIRN_OK;
    firn_metadata_log_entry *log =
        firn_builder_grow(b, b->m.metadata_log, b->m.n_metadata_log, sizeof *log);
    if (!log) return firn_fail_nomem(b->err);
    firn_metadata_log_entry *entry = &log[b->m.n_metadata_log++];
    entry->timestamp_ms = b->base->last_updated_ms;
    if (!firn_str_copy(previous_location, b->arena, &entry->metadata_file)) {
        return firn_fail_nomem(b->err);
    }
    int64_t max = firn_properties_get_i64(
        &b->m.properties, FIRN_STR("write.metadata.previous-versions-max"), DEFAULT_METADATA_LOG);
    if (max < 1) max = 1;
    const size_t n = b->m.n_metadata_log;
    const size_t n_cut = (uint64_t)n > (uint64_t)max ? n - (size_t)max : 0;
    b->m.metadata_log = log + n_cut;
    b->m.n_metadata_log = n - n_cut;
    return FIRN_OK;
}

static firn_status check_identity(const firn_metadata_builder *b)
{
    if (b->m.location.len == 0) {
        return firn_fail(b->err, FIRN_ERR_ARG, "a new table needs a location");
    }
    if (b->m.table_uuid.len == 0 && (!b->base || b->m.format_version > 1)) {
        return firn_fail(b->err, FIRN_ERR_ARG, "a table of format version %" PRId32 " needs a uuid",
                         b->m.format_version);
    }
    return FIRN_OK;
}

/* What is wrong now came with the updates. */
static firn_status check_whole(const firn_metadata_builder *b)
{
    firn_arena *scratch = firn_arena_create(NULL, 0);
    if (!scratch) return firn_fail_nomem(b->err);
    firn_status st = firn_metadata_check(&b->m, scratch, b->err);
    firn_arena_destroy(scratch);
    if (st != FIRN_ERR_CORRUPT) return st;
    if (b->err) b->err->status = FIRN_ERR_ARG;
    return FIRN_ERR_ARG;
}

static firn_status finish(firn_metadata_builder *b, firn_str previous_location)
{
    FIRN_TRY(check_identity(b));
    FIRN_TRY(firn_builder_check_layout(b));
    FIRN_TRY(firn_builder_finish_log(b));
    FIRN_TRY(log_previous(b, previous_location));
    b->m.last_updated_ms = b->newest_ms > b->now_ms ? b->newest_ms : b->now_ms;
    return check_whole(b);
}

firn_status firn_updates_apply(const firn_table_metadata *base, firn_str previous_location,
                               const firn_update *updates, size_t n, int64_t now_ms,
                               firn_arena *arena, const firn_table_metadata **out, firn_error *err)
{
    firn_metadata_builder b;
    *out = NULL;
    firn_builder_begin(&b, base, now_ms, arena);
    FIRN_TRY(firn_builder_update(&b, updates, n, err));
    FIRN_TRY(finish(&b, previous_location));
    firn_table_metadata *m = firn_arena_alloc(arena, sizeof *m);
    if (!m) return firn_fail_nomem(err);
    *m = b.m;
    *out = m;
    return FIRN_OK;
}

/* ---- names of metadata files ---- */

/* Of "00012-<uuid>.metadata.json" or "v12.metadata.json"; -1 when there is none. */
static int64_t version_of(firn_str location)
{
    size_t from = location.len;
    while (from > 0 && location.data[from - 1] != '/') from--;
    if (from < location.len && location.data[from] == 'v') from++;
    size_t to = from;
    while (to < location.len && location.data[to] >= '0' && location.data[to] <= '9') to++;
    int64_t version = 0;
    const firn_str digits = firn_str_slice(location, from, to);
    const bool is_name =
        to < location.len && (location.data[to] == '-' || location.data[to] == '.');
    return is_name && firn_str_to_i64(digits, &version) && version < INT32_MAX ? version : -1;
}

firn_status firn_metadata_folder(const firn_table_metadata *metadata, firn_arena *arena,
                                 firn_str *out, firn_error *err)
{
    firn_str folder =
        firn_properties_get(&metadata->properties, FIRN_STR("write.metadata.path"), (firn_str){0});
    while (folder.len > 1 && folder.data[folder.len - 1] == '/') folder.len--;
    *out = folder.len > 0
               ? firn_arena_copy(arena, folder)
               : firn_arena_printf(arena, "%.*s/metadata", FIRN_STR_ARG(metadata->location));
    return out->data ? FIRN_OK : firn_fail_nomem(err);
}

#define PACKED_ENDING ".gz.metadata.json"

static firn_status ending_of(const firn_table_metadata *metadata, const char **out, firn_error *err)
{
    const firn_str key = FIRN_STR("write.metadata.compression-codec");
    const firn_str codec = firn_properties_get(&metadata->properties, key, FIRN_STR("none"));
    const bool is_packed = firn_str_equals_nocase(codec, FIRN_STR("gzip"));
    if (!is_packed && !firn_str_equals_nocase(codec, FIRN_STR("none")))
        return firn_fail(err, FIRN_ERR_ARG, "%.*s is \"%.*s\", expected none or gzip",
                         FIRN_STR_ARG(key), FIRN_STR_ARG(codec));
    *out = is_packed ? PACKED_ENDING : ".metadata.json";
    return FIRN_OK;
}

bool firn_metadata_is_packed(firn_str location)
{
    return firn_str_ends_with(location, FIRN_STR(PACKED_ENDING));
}

firn_status firn_metadata_next_location(const firn_table_metadata *metadata,
                                        firn_str previous_location, const char *uuid,
                                        firn_arena *arena, firn_str *out, firn_error *err)
{
    const int64_t version = version_of(previous_location) + 1;
    const char *ending = NULL;
    firn_str folder;
    FIRN_TRY(firn_metadata_folder(metadata, arena, &folder, err));
    FIRN_TRY(ending_of(metadata, &ending, err));
    *out = firn_arena_printf(arena, "%.*s/%05" PRId64 "-%s%s", FIRN_STR_ARG(folder), version, uuid,
                             ending);
    return out->data ? FIRN_OK : firn_fail_nomem(err);
}
