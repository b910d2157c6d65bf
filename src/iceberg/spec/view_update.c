/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/spec/view_update.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/str.h"

const firn_view_version *firn_view_current_version(const firn_view_metadata *view)
{
    for (size_t i = 0; i < view->n_versions; i++)
        if (view->versions[i].version_id == view->current_version_id) return &view->versions[i];
    return NULL;
}

const firn_schema *firn_view_schema_of(const firn_view_metadata *view,
                                       const firn_view_version *version)
{
    for (size_t i = 0; i < view->n_schemas; i++)
        if (view->schemas[i]->schema_id == version->schema_id) return view->schemas[i];
    return NULL;
}

/* ---- what is the same ---- */

static bool is_same_columns(const firn_type *a, const firn_type *b)
{
    if (!firn_type_equals(a, b)) return false;
    for (size_t i = 0; i < a->n_fields; i++)
        if (!firn_str_equals(a->fields[i].doc, b->fields[i].doc)) return false;
    return true;
}

static bool is_same_version(const firn_view_version *a, const firn_view_version *b)
{
    bool is_same = a->schema_id == b->schema_id && a->n_representations == b->n_representations &&
                   a->n_default_namespace == b->n_default_namespace &&
                   firn_str_equals(a->default_catalog, b->default_catalog);
    for (size_t i = 0; is_same && i < a->n_representations; i++)
        is_same = firn_str_equals(a->representations[i].sql, b->representations[i].sql) &&
                  firn_str_equals(a->representations[i].dialect, b->representations[i].dialect);
    for (size_t i = 0; is_same && i < a->n_default_namespace; i++)
        is_same = firn_str_equals(a->default_namespace[i], b->default_namespace[i]);
    return is_same;
}

/* ---- versions ---- */

static firn_status add_schema(const firn_view_metadata *old, const firn_type *columns,
                              firn_arena *arena, firn_view_metadata *out, int32_t *schema_id,
                              firn_error *err)
{
    *schema_id = 0;
    for (size_t i = 0; i < old->n_schemas; i++) {
        const firn_schema *schema = old->schemas[i];
        if (schema->schema_id >= *schema_id) *schema_id = schema->schema_id + 1;
    }
    for (size_t i = 0; i < old->n_schemas; i++) {
        if (!is_same_columns(&old->schemas[i]->root, columns)) continue;
        *schema_id = old->schemas[i]->schema_id;
        return FIRN_OK;
    }
    const firn_schema **schemas = firn_arena_array(arena, old->n_schemas + 1, sizeof *schemas);
    firn_schema *schema = firn_arena_alloc_zero(arena, sizeof *schema);
    if (!schemas || !schema) return firn_fail_nomem(err);
    for (size_t i = 0; i < old->n_schemas; i++) schemas[i] = old->schemas[i];
    *schema = (firn_schema){.schema_id = *schema_id, .root = *columns};
    schemas[old->n_schemas] = schema;
    out->schemas = schemas;
    out->n_schemas = old->n_schemas + 1;
    return FIRN_OK;
}

static const firn_view_representation *find_dialect(const firn_view_version *version,
                                                    firn_str dialect)
{
    for (size_t i = 0; i < version->n_representations; i++)
        if (firn_str_equals_nocase(version->representations[i].dialect, dialect))
            return &version->representations[i];
    return NULL;
}

static firn_status check_dialects(const firn_view_metadata *old, const firn_view_version *version,
                                  firn_error *err)
{
    const firn_str allowed = firn_properties_get(
        &old->properties, FIRN_STR("replace.drop-dialect.allowed"), FIRN_STR("false"));
    const firn_view_version *before = firn_view_current_version(old);
    if (!before || firn_str_equals_nocase(allowed, FIRN_STR("true"))) return FIRN_OK;
    for (size_t i = 0; i < before->n_representations; i++) {
        const firn_str dialect = before->representations[i].dialect;
        if (find_dialect(version, dialect)) continue;
        (void)firn_fail(err, FIRN_ERR_ARG, "the view would lose its text in the dialect %.*s",
                        FIRN_STR_ARG(dialect));
        return firn_error_hint(err, FIRN_ERR_ARG,
                               "set the view's property replace.drop-dialect.allowed to true, or "
                               "drop the dialect");
    }
    return FIRN_OK;
}

static bool has_version(const firn_view_metadata *view, int32_t id)
{
    for (size_t i = 0; i < view->n_versions; i++)
        if (view->versions[i].version_id == id) return true;
    return false;
}

/* The log begins behind the last entry whose version is gone. */
static firn_status add_to_log(const firn_view_metadata *old, int64_t now_ms, firn_arena *arena,
                              firn_view_metadata *out, firn_error *err)
{
    firn_view_log_entry *log = firn_arena_array(arena, old->n_version_log + 1, sizeof *log);
    size_t n = 0;
    if (!log) return firn_fail_nomem(err);
    for (size_t i = 0; i < old->n_version_log; i++) {
        if (has_version(out, old->version_log[i].version_id))
            log[n++] = old->version_log[i];
        else
            n = 0;
    }
    log[n++] = (firn_view_log_entry){now_ms, out->current_version_id};
    out->version_log = log;
    out->n_version_log = n;
    return FIRN_OK;
}

/* The oldest versions go, but never the current one. */
static void expire_versions(firn_view_version *versions, size_t *n, const firn_view_metadata *old,
                            int32_t current)
{
    const int64_t wanted = firn_properties_get_i64(
        &old->properties, FIRN_STR("version.history.num-entries"), FIRN_VIEW_DEFAULT_HISTORY);
    const size_t most = wanted > 1 ? (size_t)wanted : 1;
    while (*n > most) {
        size_t oldest = SIZE_MAX;
        for (size_t i = 0; i < *n; i++) {
            if (versions[i].version_id == current) continue;
            if (oldest == SIZE_MAX || versions[i].version_id < versions[oldest].version_id)
                oldest = i;
        }
        for (size_t i = oldest; i + 1 < *n; i++) versions[i] = versions[i + 1];
        (*n)--;
    }
}

static firn_status add_version(const firn_view_metadata *old, const firn_view_version *version,
                               const firn_type *columns, int64_t now_ms, firn_arena *arena,
                               firn_view_metadata *out, firn_error *err)
{
    firn_view_version added = *version;
    size_t n = old->n_versions;
    firn_view_version *versions = firn_arena_array(arena, n + 1, sizeof *versions);
    if (!versions) return firn_fail_nomem(err);
    *out = *old;
    FIRN_TRY(add_schema(old, columns, arena, out, &added.schema_id, err));
    added.version_id = 1;
    added.timestamp_ms = now_ms;
    for (size_t i = 0; i < n; i++) {
        versions[i] = old->versions[i];
        if (versions[i].version_id >= added.version_id)
            added.version_id = versions[i].version_id + 1;
    }
    out->current_version_id = added.version_id;
    for (size_t i = 0; i < n; i++)
        if (is_same_version(&versions[i], &added)) out->current_version_id = versions[i].version_id;
    if (out->current_version_id == added.version_id) versions[n++] = added;
    expire_versions(versions, &n, old, out->current_version_id);
    out->versions = versions;
    out->n_versions = n;
    if (old->n_versions > 0 && out->current_version_id == old->current_version_id) return FIRN_OK;
    return add_to_log(old, now_ms, arena, out, err);
}

firn_status firn_view_add_version(const firn_view_metadata *old, const firn_view_version *version,
                                  const firn_type *columns, int64_t now_ms, firn_arena *arena,
                                  firn_view_metadata *out, firn_error *err)
{
    FIRN_TRY(check_dialects(old, version, err));
    return add_version(old, version, columns, now_ms, arena, out, err);
}

firn_status firn_view_roll_back(const firn_view_metadata *old, int32_t version_id, int64_t now_ms,
                                firn_arena *arena, firn_view_metadata *out, firn_error *err)
{
    *out = *old;
    if (!has_version(old, version_id))
        return firn_fail(err, FIRN_ERR_NOT_FOUND, "the view has no version %" PRId32, version_id);
    if (version_id == old->current_version_id) return FIRN_OK;
    out->current_version_id = version_id;
    return add_to_log(old, now_ms, arena, out, err);
}

firn_status firn_view_set_dialect(const firn_view_metadata *old, firn_str dialect, firn_str sql,
                                  int64_t now_ms, firn_arena *arena, firn_view_metadata *out,
                                  firn_error *err)
{
    const firn_view_version *current = firn_view_current_version(old);
    const firn_schema *schema = current ? firn_view_schema_of(old, current) : NULL;
    if (!schema) return firn_fail(err, FIRN_ERR_CORRUPT, "view without a current version");
    firn_view_version version = *current;
    firn_view_representation *list =
        firn_arena_array(arena, current->n_representations + 1, sizeof *list);
    size_t n = 0;
    bool is_there = false;
    if (!list) return firn_fail_nomem(err);
    for (size_t i = 0; i < current->n_representations; i++) {
        const bool is_it = firn_str_equals_nocase(current->representations[i].dialect, dialect);
        is_there = is_there || is_it;
        if (is_it && sql.len == 0) continue;
        list[n] = current->representations[i];
        if (is_it) list[n].sql = sql;
        n++;
    }
    if (!is_there && sql.len > 0) list[n++] = (firn_view_representation){sql, dialect};
    if (!is_there && sql.len == 0)
        return firn_fail(err, FIRN_ERR_NOT_FOUND, "the view has no text in the dialect %.*s",
                         FIRN_STR_ARG(dialect));
    if (n == 0) return firn_fail(err, FIRN_ERR_ARG, "the view has no text but this one");
    version.representations = list;
    version.n_representations = n;
    return add_version(old, &version, &schema->root, now_ms, arena, out, err);
}

/* ---- properties ---- */

/* NULL: absent. */
static const firn_property *find_key(const firn_properties *properties, firn_str key)
{
    for (size_t i = 0; properties && i < properties->n; i++)
        if (firn_str_equals(properties->items[i].key, key)) return &properties->items[i];
    return NULL;
}

firn_status firn_view_set_properties(const firn_view_metadata *old, const firn_properties *set,
                                     const firn_properties *removed, firn_arena *arena,
                                     firn_view_metadata *out, firn_error *err)
{
    const size_t n_set = set ? set->n : 0;
    firn_property *items = firn_arena_array(arena, old->properties.n + n_set, sizeof *items);
    size_t n = 0;
    if (!items) return firn_fail_nomem(err);
    for (size_t i = 0; i < old->properties.n; i++) {
        const firn_property *item = &old->properties.items[i];
        const firn_property *changed = find_key(set, item->key);
        if (!find_key(removed, item->key)) items[n++] = changed ? *changed : *item;
    }
    for (size_t i = 0; i < n_set; i++)
        if (!find_key(&old->properties, set->items[i].key)) items[n++] = set->items[i];
    *out = *old;
    out->properties = (firn_properties){items, n};
    return FIRN_OK;
}
