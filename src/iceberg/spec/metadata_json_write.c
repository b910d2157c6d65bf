/* SPDX-License-Identifier: Apache-2.0 */
/* Table metadata structs to a metadata file. v1 also gets the members old readers look for
 * ("schema", "partition-spec"); "no current snapshot" is -1 before v3, which all readers take. */
#include "base/error.h"
#include "base/str.h"
#include "format/json/json.h"
#include "iceberg/spec/history_json.h"
#include "iceberg/spec/json_build.h"
#include "iceberg/spec/metadata_json.h"
#include "iceberg/spec/metadata_json_text.h"
#include "iceberg/spec/metadata_parts_json.h"
#include "iceberg/spec/schema_json.h"

/* Attach what a *_to_json function made, or note its failure. A pointer to the value, because the
 * call that makes it may be an argument too. */
static void take(firn_json_build *b, json_t *parent, const char *key, firn_status st,
                 json_t *const *value)
{
    if (st != FIRN_OK) {
        firn_json_build_fail(b, st);
        return;
    }
    firn_json_build_take(b, parent, key, *value);
}

static void build_schemas(firn_json_build *b, json_t *root, const firn_table_metadata *m)
{
    const firn_schema *current = firn_metadata_schema(m);
    json_t *json = NULL;
    if (m->format_version == 1 && current) {
        take(b, root, "schema", firn_schema_to_json(current, &json, b->err), &json);
    }
    firn_json_build_i64(b, root, "current-schema-id", m->current_schema_id);
    json_t *array = firn_json_build_array(b, root, "schemas");
    for (size_t i = 0; i < m->n_schemas && b->status == FIRN_OK; i++) {
        take(b, array, NULL, firn_schema_to_json(m->schemas[i], &json, b->err), &json);
    }
}

static void build_specs(firn_json_build *b, json_t *root, const firn_table_metadata *m)
{
    const firn_partition_spec *spec = firn_metadata_spec(m);
    json_t *json = NULL;
    if (m->format_version == 1 && spec && b->status == FIRN_OK) {
        take(b, root, "partition-spec", firn_partition_fields_to_json(spec, &json, b->err), &json);
    }
    firn_json_build_i64(b, root, "default-spec-id", m->default_spec_id);
    json_t *array = firn_json_build_array(b, root, "partition-specs");
    for (size_t i = 0; i < m->n_specs && b->status == FIRN_OK; i++) {
        take(b, array, NULL, firn_partition_spec_to_json(m->specs[i], &json, b->err), &json);
    }
    firn_json_build_i64(b, root, "last-partition-id", m->last_partition_id);
}

static void build_sort_orders(firn_json_build *b, json_t *root, const firn_table_metadata *m)
{
    json_t *json = NULL;
    firn_json_build_i64(b, root, "default-sort-order-id", m->default_sort_order_id);
    json_t *array = firn_json_build_array(b, root, "sort-orders");
    for (size_t i = 0; i < m->n_sort_orders && b->status == FIRN_OK; i++) {
        take(b, array, NULL, firn_sort_order_to_json(m->sort_orders[i], &json, b->err), &json);
    }
}

static void build_refs(firn_json_build *b, json_t *root, const firn_table_metadata *m)
{
    json_t *json = NULL;
    json_t *refs = firn_json_build_object(b, root, "refs");
    for (size_t i = 0; i < m->n_refs && b->status == FIRN_OK; i++) {
        const firn_status st = firn_snapshot_ref_to_json(&m->refs[i], &json, b->err);
        if (st != FIRN_OK) firn_json_build_fail(b, st);
        if (st == FIRN_OK) firn_json_build_member(b, refs, m->refs[i].name, json);
    }
}

static void build_log(firn_json_build *b, json_t *root, const firn_table_metadata *m)
{
    json_t *files = firn_json_build_array(b, root, "metadata-log");
    for (size_t i = 0; i < m->n_metadata_log; i++) {
        json_t *entry = firn_json_build_object(b, files, NULL);
        firn_json_build_i64(b, entry, "timestamp-ms", m->metadata_log[i].timestamp_ms);
        firn_json_build_str(b, entry, "metadata-file", m->metadata_log[i].metadata_file);
    }
}

/* All but what grows with every commit. */
static void build_document(firn_json_build *b, json_t *root, const firn_table_metadata *m)
{
    firn_json_build_i64(b, root, "format-version", m->format_version);
    if (m->table_uuid.len > 0) firn_json_build_str(b, root, "table-uuid", m->table_uuid);
    firn_json_build_str(b, root, "location", m->location);
    if (m->format_version >= 2) {
        firn_json_build_i64(b, root, "last-sequence-number", m->last_sequence_number);
    }
    firn_json_build_i64(b, root, "last-updated-ms", m->last_updated_ms);
    firn_json_build_i64(b, root, "last-column-id", m->last_column_id);
    build_schemas(b, root, m);
    build_specs(b, root, m);
    build_sort_orders(b, root, m);
    firn_json_build_properties(b, firn_json_build_object(b, root, "properties"), &m->properties);
    if (m->format_version >= 3 && m->current_snapshot_id == -1) {
        firn_json_build_take(b, root, "current-snapshot-id", json_null());
    } else {
        firn_json_build_i64(b, root, "current-snapshot-id", m->current_snapshot_id);
    }
    if (m->format_version >= 3) firn_json_build_i64(b, root, "next-row-id", m->next_row_id);
    firn_json_build_kept(b, root, "encryption-keys", m->encryption_keys_json);
    build_refs(b, root, m);
    firn_json_build_kept(b, root, "statistics", m->statistics_json);
    firn_json_build_kept(b, root, "partition-statistics", m->partition_statistics_json);
    build_log(b, root, m);
    firn_json_build_kept(b, root, NULL, m->extra_json);
}

/* Into the object that was just written, in place of its closing brace. */
static firn_status append_history(const firn_table_metadata *m, firn_buf *out, firn_error *err)
{
    FIRN_TRY(firn_buf_check(out, err));
    out->len--;
    firn_buf_cstr(out, ",\"snapshots\":");
    FIRN_TRY(firn_history_write_snapshots(m, out, err));
    firn_buf_cstr(out, ",\"snapshot-log\":");
    firn_history_write_log(m, out);
    firn_buf_byte(out, '}');
    return firn_buf_check(out, err);
}

firn_status firn_metadata_format(const firn_table_metadata *metadata, firn_buf *out,
                                 firn_error *err)
{
    firn_json_build b = {.err = err};
    json_t *root = json_object();
    json_t *document = NULL;
    build_document(&b, root, metadata);
    FIRN_TRY(firn_json_build_finish(&b, root, &document));
    const firn_status st = firn_json_write(document, out, err);
    json_decref(document);
    return st == FIRN_OK ? append_history(metadata, out, err) : st;
}
