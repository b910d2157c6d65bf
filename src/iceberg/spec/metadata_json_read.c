/* SPDX-License-Identifier: Apache-2.0 */
/* Table metadata files to structs: v1, v2 and v3 (specification, "Table Metadata"). What a version
 * requires must be there; v1's older forms ("schema", "partition-spec", no ids) are brought to the
 * newer ones. Members firn does not know are kept as text. Views: view_metadata_json.c. */
#include <inttypes.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/codec/codec.h"
#include "format/json/json.h"
#include "iceberg/spec/history_json.h"
#include "iceberg/spec/json_build.h"
#include "iceberg/spec/metadata_check.h"
#include "iceberg/spec/metadata_json.h"
#include "iceberg/spec/metadata_json_text.h"
#include "iceberg/spec/metadata_parts_json.h"
#include "iceberg/spec/schema_json.h"

#define NO_PARTITION_ID 999

typedef struct metadata_parse {
    const json_t *root;
    const firn_history_text *history; /* not in root; NULL: it is */
    const firn_history_known *known;  /* of history */
    firn_arena *arena;
    firn_table_metadata *m;
    firn_error *err;
} metadata_parse;

/* ---- small readers ---- */

static firn_status get_text(const metadata_parse *p, const char *key, firn_str *out)
{
    firn_str text = {0};
    FIRN_TRY(firn_json_get_str(p->root, key, &text, p->err));
    *out = firn_arena_copy(p->arena, text);
    return out->data ? FIRN_OK : firn_fail_nomem(p->err);
}

static firn_status opt_number(const metadata_parse *p, const char *key, int64_t fallback,
                              int64_t *out)
{
    bool has = false;
    *out = fallback;
    return firn_json_opt_i64(p->root, key, out, &has, p->err);
}

/* Array and a zeroed block of that many elements; an absent array has none. */
static firn_status opt_items(const metadata_parse *p, const char *key, size_t size, json_t **array,
                             void **items)
{
    *array = NULL;
    FIRN_TRY(firn_json_opt_array(p->root, key, array, p->err));
    *items = firn_arena_array(p->arena, *array ? json_array_size(*array) : 0, size);
    return *items ? FIRN_OK : firn_fail_nomem(p->err);
}

static firn_status require_array(const metadata_parse *p, const char *key)
{
    json_t *array = NULL;
    if (p->m->format_version == 1) return FIRN_OK;
    return firn_json_get_array(p->root, key, &array, p->err);
}

/* ---- identity ---- */

static firn_status parse_version(const metadata_parse *p)
{
    FIRN_TRY(firn_json_get_i32(p->root, "format-version", &p->m->format_version, p->err));
    if (p->m->format_version > FIRN_FORMAT_VERSION_MAX) {
        return firn_fail(p->err, FIRN_ERR_UNSUPPORTED,
                         "not supported: table format version %" PRId32 ", at most %d",
                         p->m->format_version, FIRN_FORMAT_VERSION_MAX);
    }
    if (p->m->format_version < 1) {
        return firn_fail(p->err, FIRN_ERR_CORRUPT, "table format version %" PRId32,
                         p->m->format_version);
    }
    return FIRN_OK;
}

static firn_status parse_identity(const metadata_parse *p)
{
    firn_table_metadata *m = p->m;
    FIRN_TRY(parse_version(p));
    if (m->format_version >= 2 || json_object_get(p->root, "table-uuid")) {
        FIRN_TRY(get_text(p, "table-uuid", &m->table_uuid));
    }
    FIRN_TRY(get_text(p, "location", &m->location));
    while (m->location.len > 1 && m->location.data[m->location.len - 1] == '/') m->location.len--;
    if (m->format_version >= 2) {
        FIRN_TRY(
            firn_json_get_i64(p->root, "last-sequence-number", &m->last_sequence_number, p->err));
    }
    FIRN_TRY(firn_json_get_i64(p->root, "last-updated-ms", &m->last_updated_ms, p->err));
    return firn_json_get_i32(p->root, "last-column-id", &m->last_column_id, p->err);
}

/* ---- schemas, specs, sort orders ---- */

static firn_status parse_schemas(const metadata_parse *p)
{
    json_t *array = NULL;
    void *items = NULL;
    firn_table_metadata *m = p->m;
    FIRN_TRY(require_array(p, "schemas"));
    FIRN_TRY(opt_items(p, "schemas", sizeof(firn_schema *), &array, &items));
    const firn_schema **schemas = items;
    if (array) {
        m->n_schemas = json_array_size(array);
        for (size_t i = 0; i < m->n_schemas; i++) {
            FIRN_TRY(
                firn_schema_from_json(json_array_get(array, i), p->arena, &schemas[i], p->err));
        }
        m->schemas = schemas;
        return firn_json_get_i32(p->root, "current-schema-id", &m->current_schema_id, p->err);
    }
    json_t *only = NULL;
    FIRN_TRY(firn_json_get_object(p->root, "schema", &only, p->err));
    schemas = firn_arena_array(p->arena, 1, sizeof *schemas);
    if (!schemas) return firn_fail_nomem(p->err);
    FIRN_TRY(firn_schema_from_json(only, p->arena, &schemas[0], p->err));
    m->schemas = schemas;
    m->n_schemas = 1;
    m->current_schema_id = schemas[0]->schema_id;
    return FIRN_OK;
}

/* v1's "partition-spec": the fields of the only spec. */
static firn_status parse_only_spec(const metadata_parse *p)
{
    json_t *fields = NULL;
    FIRN_TRY(firn_json_get_array(p->root, "partition-spec", &fields, p->err));
    firn_partition_spec *spec = firn_arena_alloc_zero(p->arena, sizeof *spec);
    const firn_partition_spec **specs = firn_arena_array(p->arena, 1, sizeof *specs);
    if (!spec || !specs) return firn_fail_nomem(p->err);
    FIRN_TRY(firn_partition_fields_from_json(fields, p->arena, spec, p->err));
    specs[0] = spec;
    p->m->specs = specs;
    p->m->n_specs = 1;
    p->m->default_spec_id = 0;
    return FIRN_OK;
}

static int32_t highest_partition_id(const firn_table_metadata *m)
{
    int32_t highest = NO_PARTITION_ID;
    for (size_t i = 0; i < m->n_specs; i++) {
        for (size_t k = 0; k < m->specs[i]->n_fields; k++) {
            const int32_t id = m->specs[i]->fields[k].field_id;
            if (id > highest) highest = id;
        }
    }
    return highest;
}

static firn_status parse_specs(const metadata_parse *p)
{
    json_t *array = NULL;
    void *items = NULL;
    firn_table_metadata *m = p->m;
    FIRN_TRY(require_array(p, "partition-specs"));
    FIRN_TRY(opt_items(p, "partition-specs", sizeof(firn_partition_spec *), &array, &items));
    const firn_partition_spec **specs = items;
    if (array) {
        m->n_specs = json_array_size(array);
        for (size_t i = 0; i < m->n_specs; i++) {
            FIRN_TRY(firn_partition_spec_from_json(json_array_get(array, i), p->arena, &specs[i],
                                                   p->err));
        }
        m->specs = specs;
        FIRN_TRY(firn_json_get_i32(p->root, "default-spec-id", &m->default_spec_id, p->err));
    } else {
        FIRN_TRY(parse_only_spec(p));
    }
    if (m->format_version >= 2 || json_object_get(p->root, "last-partition-id")) {
        return firn_json_get_i32(p->root, "last-partition-id", &m->last_partition_id, p->err);
    }
    m->last_partition_id = highest_partition_id(m);
    return FIRN_OK;
}

/* Order 0, unsorted, exists in every table whether it is listed or not. */
static firn_status add_unsorted(const metadata_parse *p)
{
    firn_table_metadata *m = p->m;
    for (size_t i = 0; i < m->n_sort_orders; i++) {
        if (m->sort_orders[i]->order_id == 0) return FIRN_OK;
    }
    if (m->default_sort_order_id != 0) return FIRN_OK;
    const firn_sort_order **orders =
        firn_arena_array(p->arena, m->n_sort_orders + 1, sizeof *orders);
    firn_sort_order *unsorted = firn_arena_alloc_zero(p->arena, sizeof *unsorted);
    if (!orders || !unsorted) return firn_fail_nomem(p->err);
    orders[0] = unsorted;
    for (size_t i = 0; i < m->n_sort_orders; i++) orders[i + 1] = m->sort_orders[i];
    m->sort_orders = orders;
    m->n_sort_orders++;
    return FIRN_OK;
}

static firn_status parse_sort_orders(const metadata_parse *p)
{
    json_t *array = NULL;
    void *items = NULL;
    firn_table_metadata *m = p->m;
    FIRN_TRY(require_array(p, "sort-orders"));
    FIRN_TRY(opt_items(p, "sort-orders", sizeof(firn_sort_order *), &array, &items));
    const firn_sort_order **orders = items;
    m->sort_orders = orders;
    if (array) {
        m->n_sort_orders = json_array_size(array);
        for (size_t i = 0; i < m->n_sort_orders; i++) {
            FIRN_TRY(
                firn_sort_order_from_json(json_array_get(array, i), p->arena, &orders[i], p->err));
        }
        FIRN_TRY(
            firn_json_get_i32(p->root, "default-sort-order-id", &m->default_sort_order_id, p->err));
    }
    return add_unsorted(p);
}

/* ---- snapshots, logs, references ---- */

/* The snapshots' texts are what stays of the document. */
static firn_status parse_history(const metadata_parse *p)
{
    firn_table_metadata *m = p->m;
    firn_snapshot *snapshots = NULL;
    firn_snapshot_log_entry *log = NULL;
    FIRN_TRY(firn_history_read_snapshots(p->history->snapshots, p->known, p->arena, &snapshots,
                                         &m->n_snapshots, p->err));
    FIRN_TRY(firn_history_read_log(p->history->snapshot_log, p->arena, &log, &m->n_snapshot_log,
                                   p->err));
    m->snapshots = snapshots;
    m->snapshot_log = log;
    return FIRN_OK;
}

static firn_status parse_snapshots(const metadata_parse *p)
{
    json_t *array = NULL;
    void *items = NULL;
    firn_table_metadata *m = p->m;
    FIRN_TRY(opt_items(p, "snapshots", sizeof(firn_snapshot), &array, &items));
    firn_snapshot *snapshots = items;
    m->n_snapshots = array ? json_array_size(array) : 0;
    for (size_t i = 0; i < m->n_snapshots; i++) {
        FIRN_TRY(
            firn_snapshot_from_json(json_array_get(array, i), p->arena, &snapshots[i], p->err));
    }
    m->snapshots = snapshots;
    return FIRN_OK;
}

static firn_status parse_snapshot_log(const metadata_parse *p)
{
    json_t *array = NULL;
    void *items = NULL;
    FIRN_TRY(opt_items(p, "snapshot-log", sizeof(firn_snapshot_log_entry), &array, &items));
    firn_snapshot_log_entry *log = items;
    p->m->n_snapshot_log = array ? json_array_size(array) : 0;
    for (size_t i = 0; i < p->m->n_snapshot_log; i++) {
        const json_t *entry = json_array_get(array, i);
        FIRN_TRY(firn_json_get_i64(entry, "timestamp-ms", &log[i].timestamp_ms, p->err));
        FIRN_TRY(firn_json_get_i64(entry, "snapshot-id", &log[i].snapshot_id, p->err));
    }
    p->m->snapshot_log = log;
    return FIRN_OK;
}

static firn_status parse_past(const metadata_parse *p)
{
    FIRN_TRY(opt_number(p, "current-snapshot-id", -1, &p->m->current_snapshot_id));
    if (p->history) return parse_history(p);
    FIRN_TRY(parse_snapshots(p));
    return parse_snapshot_log(p);
}

static firn_status parse_metadata_log(const metadata_parse *p)
{
    json_t *array = NULL;
    void *items = NULL;
    FIRN_TRY(opt_items(p, "metadata-log", sizeof(firn_metadata_log_entry), &array, &items));
    firn_metadata_log_entry *log = items;
    p->m->n_metadata_log = array ? json_array_size(array) : 0;
    for (size_t i = 0; i < p->m->n_metadata_log; i++) {
        const json_t *entry = json_array_get(array, i);
        firn_str path = {0};
        FIRN_TRY(firn_json_get_i64(entry, "timestamp-ms", &log[i].timestamp_ms, p->err));
        FIRN_TRY(firn_json_get_str(entry, "metadata-file", &path, p->err));
        log[i].metadata_file = firn_arena_copy(p->arena, path);
        if (!log[i].metadata_file.data) return firn_fail_nomem(p->err);
    }
    p->m->metadata_log = log;
    return FIRN_OK;
}

/* Branch main exists wherever there is a current snapshot, listed or not. */
static firn_status parse_refs(const metadata_parse *p)
{
    json_t *object = NULL;
    firn_table_metadata *m = p->m;
    FIRN_TRY(firn_json_opt_object(p->root, "refs", &object, p->err));
    const size_t n_listed = object ? json_object_size(object) : 0;
    firn_snapshot_ref *refs = firn_arena_array(p->arena, n_listed + 1, sizeof *refs);
    if (!refs) return firn_fail_nomem(p->err);
    m->refs = refs;
    for (void *it = object ? json_object_iter(object) : NULL; it;
         it = json_object_iter_next(object, it)) {
        const firn_str name = {json_object_iter_key(it), json_object_iter_key_len(it)};
        FIRN_TRY(firn_snapshot_ref_from_json(name, json_object_iter_value(it), p->arena,
                                             &refs[m->n_refs], p->err));
        m->n_refs++;
    }
    if (m->current_snapshot_id != -1 && !firn_metadata_find_ref(m, FIRN_STR("main"))) {
        refs[m->n_refs++] = (firn_snapshot_ref){.name = FIRN_STR("main"),
                                                .snapshot_id = m->current_snapshot_id,
                                                .min_snapshots_to_keep = -1,
                                                .max_snapshot_age_ms = -1,
                                                .max_ref_age_ms = -1};
    }
    return FIRN_OK;
}

/* ---- what is kept as text ---- */

static firn_status keep_array(const metadata_parse *p, const char *key, firn_str *out)
{
    json_t *array = NULL;
    FIRN_TRY(firn_json_opt_array(p->root, key, &array, p->err));
    if (!array || json_array_size(array) == 0) return FIRN_OK;
    return firn_json_keep(array, p->arena, out, p->err);
}

static const char *const k_known[] = {"format-version",
                                      "table-uuid",
                                      "location",
                                      "last-sequence-number",
                                      "last-updated-ms",
                                      "last-column-id",
                                      "schema",
                                      "schemas",
                                      "current-schema-id",
                                      "partition-spec",
                                      "partition-specs",
                                      "default-spec-id",
                                      "last-partition-id",
                                      "sort-orders",
                                      "properties",
                                      "default-sort-order-id",
                                      "current-snapshot-id",
                                      "snapshots",
                                      "snapshot-log",
                                      "metadata-log",
                                      "refs",
                                      "statistics",
                                      "next-row-id",
                                      "partition-statistics",
                                      "encryption-keys",
                                      NULL};

static firn_status parse_kept(const metadata_parse *p)
{
    firn_table_metadata *m = p->m;
    FIRN_TRY(keep_array(p, "statistics", &m->statistics_json));
    FIRN_TRY(keep_array(p, "partition-statistics", &m->partition_statistics_json));
    FIRN_TRY(keep_array(p, "encryption-keys", &m->encryption_keys_json));
    return firn_json_keep_unknown(p->root, k_known, p->arena, &m->extra_json, p->err);
}

/* Early v3 writers left the counter out of empty tables. */
static firn_status parse_row_ids(const metadata_parse *p)
{
    firn_table_metadata *m = p->m;
    m->next_row_id = -1;
    if (m->format_version < 3) return FIRN_OK;
    if (m->n_snapshots == 0 && !json_object_get(p->root, "next-row-id")) {
        m->next_row_id = 0;
        return FIRN_OK;
    }
    FIRN_TRY(firn_json_get_i64(p->root, "next-row-id", &m->next_row_id, p->err));
    if (m->next_row_id >= 0) return FIRN_OK;
    return firn_fail(p->err, FIRN_ERR_CORRUPT, "\"next-row-id\" is %" PRId64, m->next_row_id);
}

static firn_status parse_document(const metadata_parse *p)
{
    json_t *properties = NULL;
    if (!json_is_object(p->root)) {
        return firn_fail(p->err, FIRN_ERR_CORRUPT, "table metadata must be a JSON object");
    }
    FIRN_TRY(parse_identity(p));
    FIRN_TRY(parse_schemas(p));
    FIRN_TRY(parse_specs(p));
    FIRN_TRY(parse_sort_orders(p));
    FIRN_TRY(firn_json_opt_object(p->root, "properties", &properties, p->err));
    FIRN_TRY(firn_properties_from_json(properties, NULL, p->arena, &p->m->properties, p->err));
    FIRN_TRY(parse_past(p));
    FIRN_TRY(parse_metadata_log(p));
    FIRN_TRY(parse_refs(p));
    FIRN_TRY(parse_row_ids(p));
    return parse_kept(p);
}

static firn_status parse_tree(firn_str json, metadata_parse *p, firn_arena *scratch)
{
    json_t *root = NULL;
    FIRN_TRY(firn_json_parse(json, scratch, &root, p->err));
    p->root = root;
    FIRN_TRY(parse_document(p));
    return firn_metadata_check(p->m, scratch, p->err);
}

/* The arrays' texts may be elements of the result, so they have to stay. */
static bool parse_split(firn_str json, const firn_table_metadata *older, firn_arena *scratch,
                        firn_arena *arena, firn_table_metadata *m)
{
    firn_error ignored;
    firn_history_text history;
    firn_history_known known = firn_history_of(older);
    metadata_parse p = {
        .history = &history, .known = &known, .arena = arena, .m = m, .err = &ignored};
    return firn_history_split(json, &known, scratch, &history) &&
           parse_tree(history.rest, &p, scratch) == FIRN_OK;
}

/* Whatever is wrong or unusual is told by the way that looks at all of the document. */
static firn_status parse_text(firn_str json, const firn_table_metadata *older, firn_arena *scratch,
                              firn_arena *arena, firn_table_metadata *m, firn_error *err)
{
    metadata_parse p = {.arena = arena, .m = m, .err = err};
    FIRN_TRY(firn_json_unpack(json, arena, &json, err));
    if (parse_split(json, older, scratch, arena, m)) return FIRN_OK;
    *m = (firn_table_metadata){0};
    if (older && parse_split(json, NULL, scratch, arena, m)) return FIRN_OK;
    *m = (firn_table_metadata){0};
    return parse_tree(json, &p, scratch);
}

firn_status firn_metadata_parse_next(firn_str json, const firn_table_metadata *older,
                                     firn_arena *arena, const firn_table_metadata **out,
                                     firn_error *err)
{
    *out = NULL;
    firn_table_metadata *m = firn_arena_alloc_zero(arena, sizeof *m);
    firn_arena *scratch = firn_arena_create(NULL, 0); /* the tree goes, the structs stay */
    firn_status st = m && scratch ? FIRN_OK : firn_fail_nomem(err);
    if (st == FIRN_OK) st = parse_text(json, older, scratch, arena, m, err);
    firn_arena_destroy(scratch);
    if (st == FIRN_OK) *out = m;
    return firn_error_wrap(err, st, "table metadata");
}

firn_status firn_metadata_parse(firn_str json, firn_arena *arena, const firn_table_metadata **out,
                                firn_error *err)
{
    *out = NULL;
    const firn_str kept = firn_arena_copy(arena, json);
    if (!kept.data) return firn_fail_nomem(err);
    return firn_metadata_parse_next(kept, NULL, arena, out, err);
}
