/* SPDX-License-Identifier: Apache-2.0 */
/* View metadata files (view specification, version 1) to structs and back. */
#include <inttypes.h>

#include "base/error.h"
#include "base/str.h"
#include "format/json/json.h"
#include "iceberg/spec/json_build.h"
#include "iceberg/spec/metadata_json.h"
#include "iceberg/spec/metadata_json_text.h"
#include "iceberg/spec/schema_json.h"

#define VIEW_VERSION 1

typedef struct view_parse {
    const json_t *root;
    firn_arena *arena;
    firn_view_metadata *m;
    firn_error *err;
} view_parse;

static firn_status get_text(const view_parse *p, const json_t *json, const char *key, firn_str *out)
{
    firn_str text = {0};
    FIRN_TRY(firn_json_get_str(json, key, &text, p->err));
    *out = firn_arena_copy(p->arena, text);
    return out->data ? FIRN_OK : firn_fail_nomem(p->err);
}

static firn_status get_items(const view_parse *p, const json_t *json, const char *key, size_t size,
                             json_t **array, void **items)
{
    FIRN_TRY(firn_json_get_array(json, key, array, p->err));
    *items = firn_arena_array(p->arena, json_array_size(*array), size);
    return *items ? FIRN_OK : firn_fail_nomem(p->err);
}

static firn_status parse_schemas(const view_parse *p)
{
    json_t *array = NULL;
    void *items = NULL;
    FIRN_TRY(get_items(p, p->root, "schemas", sizeof(firn_schema *), &array, &items));
    const firn_schema **schemas = items;
    p->m->n_schemas = json_array_size(array);
    for (size_t i = 0; i < p->m->n_schemas; i++) {
        FIRN_TRY(firn_schema_from_json(json_array_get(array, i), p->arena, &schemas[i], p->err));
    }
    p->m->schemas = schemas;
    return FIRN_OK;
}

static firn_status check_dialects(const view_parse *p, const firn_view_version *v)
{
    for (size_t i = 0; i < v->n_representations; i++) {
        for (size_t k = 0; k < i; k++) {
            if (!firn_str_equals_nocase(v->representations[i].dialect,
                                        v->representations[k].dialect)) {
                continue;
            }
            return firn_fail(p->err, FIRN_ERR_CORRUPT,
                             "view version %" PRId32 " has two texts of dialect \"%.*s\"",
                             v->version_id, FIRN_STR_ARG(v->representations[i].dialect));
        }
    }
    return FIRN_OK;
}

/* Representations of a type other than "sql" are passed over: later versions may add some. */
static firn_status parse_representations(const view_parse *p, const json_t *json,
                                         firn_view_version *v)
{
    json_t *array = NULL;
    void *items = NULL;
    FIRN_TRY(
        get_items(p, json, "representations", sizeof(firn_view_representation), &array, &items));
    firn_view_representation *list = items;
    if (json_array_size(array) > 1000) {
        return firn_fail(p->err, FIRN_ERR_LIMIT, "%zu representations of a view, limit 1000",
                         json_array_size(array));
    }
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *item = json_array_get(array, i);
        firn_str type = {0};
        FIRN_TRY(firn_json_get_str(item, "type", &type, p->err));
        if (!firn_str_equals(type, FIRN_STR("sql"))) continue;
        firn_view_representation *r = &list[v->n_representations++];
        FIRN_TRY(get_text(p, item, "sql", &r->sql));
        FIRN_TRY(get_text(p, item, "dialect", &r->dialect));
    }
    v->representations = list;
    return check_dialects(p, v);
}

static firn_status parse_namespace(const view_parse *p, const json_t *json, firn_view_version *v)
{
    json_t *array = NULL;
    void *items = NULL;
    FIRN_TRY(get_items(p, json, "default-namespace", sizeof(firn_str), &array, &items));
    firn_str *levels = items;
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *item = json_array_get(array, i);
        if (!json_is_string(item)) {
            return firn_fail(p->err, FIRN_ERR_CORRUPT, "\"default-namespace\" must hold strings");
        }
        levels[i] = firn_arena_copy(p->arena,
                                    (firn_str){json_string_value(item), json_string_length(item)});
        if (!levels[i].data) return firn_fail_nomem(p->err);
    }
    v->default_namespace = levels;
    v->n_default_namespace = json_array_size(array);
    return FIRN_OK;
}

static firn_status parse_version(const view_parse *p, const json_t *json, firn_view_version *v)
{
    json_t *summary = NULL;
    firn_str catalog = {0};
    bool has_catalog = false;
    FIRN_TRY(firn_json_get_i32(json, "version-id", &v->version_id, p->err));
    FIRN_TRY(firn_json_get_i32(json, "schema-id", &v->schema_id, p->err));
    FIRN_TRY(firn_json_get_i64(json, "timestamp-ms", &v->timestamp_ms, p->err));
    FIRN_TRY(firn_json_get_object(json, "summary", &summary, p->err));
    FIRN_TRY(firn_properties_from_json(summary, NULL, p->arena, &v->summary, p->err));
    FIRN_TRY(parse_representations(p, json, v));
    FIRN_TRY(firn_json_opt_str(json, "default-catalog", &catalog, &has_catalog, p->err));
    if (has_catalog) FIRN_TRY(get_text(p, json, "default-catalog", &v->default_catalog));
    return parse_namespace(p, json, v);
}

static firn_status parse_versions(const view_parse *p)
{
    json_t *array = NULL;
    void *items = NULL;
    FIRN_TRY(get_items(p, p->root, "versions", sizeof(firn_view_version), &array, &items));
    firn_view_version *versions = items;
    p->m->n_versions = json_array_size(array);
    for (size_t i = 0; i < p->m->n_versions; i++) {
        FIRN_TRY(parse_version(p, json_array_get(array, i), &versions[i]));
    }
    p->m->versions = versions;
    return FIRN_OK;
}

static firn_status parse_log(const view_parse *p)
{
    json_t *array = NULL;
    void *items = NULL;
    FIRN_TRY(get_items(p, p->root, "version-log", sizeof(firn_view_log_entry), &array, &items));
    firn_view_log_entry *log = items;
    p->m->n_version_log = json_array_size(array);
    for (size_t i = 0; i < p->m->n_version_log; i++) {
        const json_t *entry = json_array_get(array, i);
        FIRN_TRY(firn_json_get_i64(entry, "timestamp-ms", &log[i].timestamp_ms, p->err));
        FIRN_TRY(firn_json_get_i32(entry, "version-id", &log[i].version_id, p->err));
    }
    p->m->version_log = log;
    return FIRN_OK;
}

static firn_status check_view(const view_parse *p)
{
    const firn_view_metadata *m = p->m;
    const firn_view_version *current = NULL;
    for (size_t i = 0; i < m->n_versions; i++) {
        if (m->versions[i].version_id == m->current_version_id) current = &m->versions[i];
    }
    if (!current) {
        return firn_fail(p->err, FIRN_ERR_CORRUPT,
                         "current version %" PRId32 " is not in \"versions\"",
                         m->current_version_id);
    }
    for (size_t i = 0; i < m->n_schemas; i++) {
        if (m->schemas[i]->schema_id == current->schema_id) return FIRN_OK;
    }
    return firn_fail(p->err, FIRN_ERR_CORRUPT,
                     "schema %" PRId32 " of the view is not in \"schemas\"", current->schema_id);
}

static firn_status parse_document(const view_parse *p)
{
    json_t *properties = NULL;
    firn_view_metadata *m = p->m;
    if (!json_is_object(p->root)) {
        return firn_fail(p->err, FIRN_ERR_CORRUPT, "view metadata must be a JSON object");
    }
    FIRN_TRY(firn_json_get_i32(p->root, "format-version", &m->format_version, p->err));
    if (m->format_version != VIEW_VERSION) {
        return firn_fail(p->err, FIRN_ERR_UNSUPPORTED,
                         "not supported: view format version %" PRId32 ", only %d",
                         m->format_version, VIEW_VERSION);
    }
    FIRN_TRY(get_text(p, p->root, "view-uuid", &m->view_uuid));
    FIRN_TRY(get_text(p, p->root, "location", &m->location));
    while (m->location.len > 1 && m->location.data[m->location.len - 1] == '/') m->location.len--;
    FIRN_TRY(firn_json_get_i32(p->root, "current-version-id", &m->current_version_id, p->err));
    FIRN_TRY(parse_schemas(p));
    FIRN_TRY(parse_versions(p));
    FIRN_TRY(parse_log(p));
    FIRN_TRY(firn_json_opt_object(p->root, "properties", &properties, p->err));
    FIRN_TRY(firn_properties_from_json(properties, NULL, p->arena, &m->properties, p->err));
    return check_view(p);
}

static firn_status parse_text(firn_str json, firn_arena *scratch, firn_arena *arena,
                              firn_view_metadata *m, firn_error *err)
{
    json_t *root = NULL;
    FIRN_TRY(firn_json_unpack(json, scratch, &json, err));
    FIRN_TRY(firn_json_parse(json, scratch, &root, err));
    const view_parse p = {root, arena, m, err};
    return parse_document(&p);
}

firn_status firn_view_metadata_parse(firn_str json, firn_arena *arena,
                                     const firn_view_metadata **out, firn_error *err)
{
    *out = NULL;
    firn_view_metadata *m = firn_arena_alloc_zero(arena, sizeof *m);
    firn_arena *scratch = firn_arena_create(NULL, 0);
    firn_status st = m && scratch ? FIRN_OK : firn_fail_nomem(err);
    if (st == FIRN_OK) st = parse_text(json, scratch, arena, m, err);
    firn_arena_destroy(scratch);
    if (st == FIRN_OK) *out = m;
    return firn_error_wrap(err, st, "view metadata");
}

/* ---- to JSON ---- */

static void build_version(firn_json_build *b, json_t *array, const firn_view_version *v)
{
    json_t *object = firn_json_build_object(b, array, NULL);
    firn_json_build_i64(b, object, "version-id", v->version_id);
    firn_json_build_i64(b, object, "timestamp-ms", v->timestamp_ms);
    firn_json_build_i64(b, object, "schema-id", v->schema_id);
    firn_json_build_properties(b, firn_json_build_object(b, object, "summary"), &v->summary);
    if (v->default_catalog.len > 0) {
        firn_json_build_str(b, object, "default-catalog", v->default_catalog);
    }
    json_t *levels = firn_json_build_array(b, object, "default-namespace");
    for (size_t i = 0; i < v->n_default_namespace; i++) {
        firn_json_build_str(b, levels, NULL, v->default_namespace[i]);
    }
    json_t *list = firn_json_build_array(b, object, "representations");
    for (size_t i = 0; i < v->n_representations; i++) {
        json_t *item = firn_json_build_object(b, list, NULL);
        firn_json_build_str(b, item, "type", FIRN_STR("sql"));
        firn_json_build_str(b, item, "sql", v->representations[i].sql);
        firn_json_build_str(b, item, "dialect", v->representations[i].dialect);
    }
}

static void build_document(firn_json_build *b, json_t *root, const firn_view_metadata *m)
{
    firn_json_build_str(b, root, "view-uuid", m->view_uuid);
    firn_json_build_i64(b, root, "format-version", m->format_version);
    firn_json_build_str(b, root, "location", m->location);
    json_t *schemas = firn_json_build_array(b, root, "schemas");
    for (size_t i = 0; i < m->n_schemas && b->status == FIRN_OK; i++) {
        json_t *json = NULL;
        const firn_status st = firn_schema_to_json(m->schemas[i], &json, b->err);
        if (st != FIRN_OK) firn_json_build_fail(b, st);
        if (st == FIRN_OK) firn_json_build_take(b, schemas, NULL, json);
    }
    firn_json_build_i64(b, root, "current-version-id", m->current_version_id);
    json_t *versions = firn_json_build_array(b, root, "versions");
    for (size_t i = 0; i < m->n_versions; i++) build_version(b, versions, &m->versions[i]);
    json_t *log = firn_json_build_array(b, root, "version-log");
    for (size_t i = 0; i < m->n_version_log; i++) {
        json_t *entry = firn_json_build_object(b, log, NULL);
        firn_json_build_i64(b, entry, "timestamp-ms", m->version_log[i].timestamp_ms);
        firn_json_build_i64(b, entry, "version-id", m->version_log[i].version_id);
    }
    firn_json_build_properties(b, firn_json_build_object(b, root, "properties"), &m->properties);
}

firn_status firn_view_metadata_format(const firn_view_metadata *metadata, firn_buf *out,
                                      firn_error *err)
{
    firn_json_build b = {.err = err};
    json_t *root = json_object();
    json_t *document = NULL;
    build_document(&b, root, metadata);
    FIRN_TRY(firn_json_build_finish(&b, root, &document));
    const firn_status st = firn_json_write(document, out, err);
    json_decref(document);
    return st;
}
