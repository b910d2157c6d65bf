/* SPDX-License-Identifier: Apache-2.0 */
/* Partition specs, sort orders, snapshots and references to and from JSON (specification,
 * Appendix C). Rules that need the whole table are not checked here. */
#include "iceberg/spec/metadata_parts_json.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/str.h"
#include "iceberg/spec/metadata_json_text.h"
#include "iceberg/spec/transform.h"

#define FIRST_PARTITION_ID 1000

static firn_status copy_member(const json_t *json, const char *key, firn_arena *arena,
                               firn_str *out, firn_error *err)
{
    firn_str text = {0};
    FIRN_TRY(firn_json_get_str(json, key, &text, err));
    *out = firn_arena_copy(arena, text);
    return out->data ? FIRN_OK : firn_fail_nomem(err);
}

/* Leaves *out as it is when the member is absent. */
static firn_status copy_optional(const json_t *json, const char *key, firn_arena *arena,
                                 firn_str *out, firn_error *err)
{
    firn_str text = {0};
    bool has = false;
    FIRN_TRY(firn_json_opt_str(json, key, &text, &has, err));
    if (!has) return FIRN_OK;
    *out = firn_arena_copy(arena, text);
    return out->data ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status require_object(const json_t *json, const char *what, firn_error *err)
{
    if (json_is_object(json)) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_CORRUPT, "a %s must be an object", what);
}

/* Optional number with a default. */
static firn_status read_number(const json_t *json, const char *key, int64_t fallback, int64_t *out,
                               firn_error *err)
{
    bool has = false;
    *out = fallback;
    return firn_json_opt_i64(json, key, out, &has, err);
}

static firn_status read_number32(const json_t *json, const char *key, int32_t fallback,
                                 int32_t *out, firn_error *err)
{
    int64_t value = 0;
    FIRN_TRY(read_number(json, key, fallback, &value, err));
    if (value < INT32_MIN || value > INT32_MAX) {
        return firn_fail(err, FIRN_ERR_CORRUPT, "\"%s\" %" PRId64 " is out of range", key, value);
    }
    *out = (int32_t)value;
    return FIRN_OK;
}

/* ---- partition specs and sort orders ---- */

static firn_status read_transform(const json_t *json, firn_arena *arena, firn_transform *out,
                                  firn_error *err)
{
    firn_str text = {0};
    FIRN_TRY(copy_member(json, "transform", arena, &text, err));
    const firn_status st = firn_transform_parse(text, out, err);
    if (st != FIRN_ERR_ARG) return st;
    if (err) err->status = FIRN_ERR_CORRUPT; /* it came from a file */
    return FIRN_ERR_CORRUPT;
}

/* Columns of a transform; n_ids 0: the one is first. */
struct source {
    int32_t first;
    const int32_t *ids;
    size_t n_ids;
};

static firn_status read_source_ids(const json_t *array, firn_arena *arena, struct source *out,
                                   firn_error *err)
{
    const size_t n = json_array_size(array);
    int32_t *ids = firn_arena_array(arena, n, sizeof *ids);
    if (!ids) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const json_t *id = json_array_get(array, i);
        const int64_t value = json_integer_value(id);
        if (!json_is_integer(id) || value < 0 || value > INT32_MAX)
            return firn_fail(err, FIRN_ERR_CORRUPT, "\"source-ids\" must hold field ids");
        ids[i] = (int32_t)value;
    }
    if (n == 0) return firn_fail(err, FIRN_ERR_CORRUPT, "\"source-ids\" must hold field ids");
    *out = (struct source){ids[0], ids, n > 1 ? n : 0};
    return FIRN_OK;
}

/* "source-id", or v3's "source-ids". */
static firn_status read_source(const json_t *json, firn_arena *arena, struct source *out,
                               firn_error *err)
{
    json_t *ids = NULL;
    *out = (struct source){0};
    FIRN_TRY(firn_json_opt_array(json, "source-ids", &ids, err));
    if (ids) return read_source_ids(ids, arena, out, err);
    return firn_json_get_i32(json, "source-id", &out->first, err);
}

/* No transform of several columns is defined, so all of them are unknown. */
static firn_status read_transform_of(const json_t *json, const struct source *source,
                                     firn_arena *arena, firn_transform *out, firn_error *err)
{
    FIRN_TRY(read_transform(json, arena, out, err));
    if (source->n_ids == 0 || out->kind == FIRN_TRANSFORM_UNKNOWN) return FIRN_OK;
    *out = (firn_transform){.kind = FIRN_TRANSFORM_UNKNOWN};
    return copy_member(json, "transform", arena, &out->text, err);
}

static const char *const k_partition_members[] = {"source-id", "source-ids", "field-id",
                                                  "name",      "transform",  NULL};
static const char *const k_sort_members[] = {"source-id", "source-ids", "transform",
                                             "direction", "null-order", NULL};
static const char *const k_spec_members[] = {"spec-id", "fields", NULL};
static const char *const k_order_members[] = {"order-id", "fields", NULL};

static firn_status read_partition_field(const json_t *json, firn_arena *arena,
                                        firn_partition_field *out, firn_error *err)
{
    FIRN_TRY(require_object(json, "partition field", err));
    struct source source;
    FIRN_TRY(read_source(json, arena, &source, err));
    out->source_id = source.first;
    out->source_ids = source.ids;
    out->n_source_ids = source.n_ids;
    FIRN_TRY(read_number32(json, "field-id", -1, &out->field_id, err));
    FIRN_TRY(copy_member(json, "name", arena, &out->name, err));
    FIRN_TRY(firn_json_keep_unknown(json, k_partition_members, arena, &out->extra_json, err));
    return read_transform_of(json, &source, arena, &out->transform, err);
}

/* Old v1 writers gave no ids; they count from 1000 then. All or none. */
static firn_status number_fields(firn_partition_field *fields, size_t n, firn_error *err)
{
    size_t n_missing = 0;
    for (size_t i = 0; i < n; i++) n_missing += fields[i].field_id == -1;
    if (n_missing == 0) return FIRN_OK;
    if (n_missing < n) {
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "missing \"field-id\" in %zu of %zu partition fields", n_missing, n);
    }
    for (size_t i = 0; i < n; i++) fields[i].field_id = FIRST_PARTITION_ID + (int32_t)i;
    return FIRN_OK;
}

firn_status firn_partition_fields_from_json(const json_t *array, firn_arena *arena,
                                            firn_partition_spec *out, firn_error *err)
{
    if (!json_is_array(array)) {
        return firn_fail(err, FIRN_ERR_CORRUPT, "partition fields must be an array");
    }
    const size_t n = json_array_size(array);
    if (n > INT16_MAX) {
        return firn_fail(err, FIRN_ERR_LIMIT, "%zu partition fields, limit %d", n, INT16_MAX);
    }
    firn_partition_field *fields = firn_arena_array(arena, n, sizeof *fields);
    if (!fields) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        FIRN_TRY(read_partition_field(json_array_get(array, i), arena, &fields[i], err));
    }
    FIRN_TRY(number_fields(fields, n, err));
    out->fields = fields;
    out->n_fields = n;
    return FIRN_OK;
}

firn_status firn_partition_spec_from_json(const json_t *json, firn_arena *arena,
                                          const firn_partition_spec **out, firn_error *err)
{
    json_t *fields = NULL;
    FIRN_TRY(require_object(json, "partition spec", err));
    firn_partition_spec *spec = firn_arena_alloc_zero(arena, sizeof *spec);
    if (!spec) return firn_fail_nomem(err);
    FIRN_TRY(read_number32(json, "spec-id", 0, &spec->spec_id, err));
    FIRN_TRY(firn_json_get_array(json, "fields", &fields, err));
    FIRN_TRY(firn_partition_fields_from_json(fields, arena, spec, err));
    FIRN_TRY(firn_json_keep_unknown(json, k_spec_members, arena, &spec->extra_json, err));
    *out = spec;
    return FIRN_OK;
}

static firn_status read_choice(const json_t *json, const char *key, const char *no, const char *yes,
                               bool *out, firn_error *err)
{
    firn_str text = {0};
    FIRN_TRY(firn_json_get_str(json, key, &text, err));
    *out = firn_str_equals_nocase(text, firn_str_of(yes));
    if (*out || firn_str_equals_nocase(text, firn_str_of(no))) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_CORRUPT, "\"%s\" must be %s or %s, found \"%.*s\"", key, no, yes,
                     FIRN_STR_ARG(text));
}

static firn_status read_sort_field(const json_t *json, firn_arena *arena, firn_sort_field *out,
                                   firn_error *err)
{
    FIRN_TRY(require_object(json, "sort field", err));
    struct source source;
    FIRN_TRY(read_source(json, arena, &source, err));
    out->source_id = source.first;
    out->source_ids = source.ids;
    out->n_source_ids = source.n_ids;
    FIRN_TRY(read_transform_of(json, &source, arena, &out->transform, err));
    FIRN_TRY(firn_json_keep_unknown(json, k_sort_members, arena, &out->extra_json, err));
    FIRN_TRY(read_choice(json, "direction", "asc", "desc", &out->is_descending, err));
    return read_choice(json, "null-order", "nulls-first", "nulls-last", &out->nulls_last, err);
}

firn_status firn_sort_order_from_json(const json_t *json, firn_arena *arena,
                                      const firn_sort_order **out, firn_error *err)
{
    json_t *array = NULL;
    FIRN_TRY(require_object(json, "sort order", err));
    firn_sort_order *order = firn_arena_alloc_zero(arena, sizeof *order);
    if (!order) return firn_fail_nomem(err);
    FIRN_TRY(firn_json_get_i32(json, "order-id", &order->order_id, err));
    FIRN_TRY(firn_json_get_array(json, "fields", &array, err));
    order->n_fields = json_array_size(array);
    firn_sort_field *fields = firn_arena_array(arena, order->n_fields, sizeof *fields);
    if (!fields) return firn_fail_nomem(err);
    for (size_t i = 0; i < order->n_fields; i++) {
        FIRN_TRY(read_sort_field(json_array_get(array, i), arena, &fields[i], err));
    }
    order->fields = fields;
    FIRN_TRY(firn_json_keep_unknown(json, k_order_members, arena, &order->extra_json, err));
    *out = order;
    return FIRN_OK;
}

/* ---- snapshots and references ---- */

static const char *const k_snapshot_members[] = {
    "snapshot-id",   "parent-snapshot-id", "sequence-number", "timestamp-ms",
    "manifest-list", "manifests",          "summary",         "schema-id",
    "first-row-id",  "added-rows",         "key-id",          NULL};
static const char *const k_ref_members[] = {
    "snapshot-id", "type", "min-snapshots-to-keep", "max-snapshot-age-ms", "max-ref-age-ms", NULL};

static firn_status read_manifests(const json_t *json, firn_arena *arena, firn_snapshot *out,
                                  firn_error *err)
{
    json_t *array = NULL;
    FIRN_TRY(firn_json_opt_array(json, "manifests", &array, err));
    if (!array) return FIRN_OK;
    if (out->manifest_list.len > 0) {
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "snapshot %" PRId64 " has both \"manifest-list\" and \"manifests\"",
                         out->snapshot_id);
    }
    const size_t n = json_array_size(array);
    firn_str *paths = firn_arena_array(arena, n, sizeof *paths);
    if (!paths) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        const json_t *item = json_array_get(array, i);
        if (!json_is_string(item)) {
            return firn_fail(err, FIRN_ERR_CORRUPT, "\"manifests\" must hold strings");
        }
        paths[i] =
            firn_arena_copy(arena, (firn_str){json_string_value(item), json_string_length(item)});
        if (!paths[i].data) return firn_fail_nomem(err);
    }
    out->manifests = paths;
    out->n_manifests = n;
    return FIRN_OK;
}

static firn_status read_summary(const json_t *json, firn_arena *arena, firn_snapshot *out,
                                firn_error *err)
{
    json_t *summary = NULL;
    FIRN_TRY(firn_json_opt_object(json, "summary", &summary, err));
    if (!summary) return FIRN_OK;
    FIRN_TRY(copy_optional(summary, "operation", arena, &out->operation, err));
    return firn_properties_from_json(summary, "operation", arena, &out->summary, err);
}

static firn_status read_lineage(const json_t *json, firn_arena *arena, firn_snapshot *out,
                                firn_error *err)
{
    FIRN_TRY(read_number(json, "first-row-id", -1, &out->first_row_id, err));
    FIRN_TRY(read_number(json, "added-rows", -1, &out->added_rows, err));
    if (out->first_row_id < -1 || out->added_rows < -1) {
        return firn_fail(err, FIRN_ERR_CORRUPT, "snapshot %" PRId64 " has a negative row count",
                         out->snapshot_id);
    }
    return copy_optional(json, "key-id", arena, &out->key_id, err);
}

firn_status firn_snapshot_from_json(const json_t *json, firn_arena *arena, firn_snapshot *out,
                                    firn_error *err)
{
    *out = (firn_snapshot){0};
    FIRN_TRY(require_object(json, "snapshot", err));
    FIRN_TRY(firn_json_get_i64(json, "snapshot-id", &out->snapshot_id, err));
    FIRN_TRY(read_number(json, "parent-snapshot-id", -1, &out->parent_snapshot_id, err));
    FIRN_TRY(read_number(json, "sequence-number", 0, &out->sequence_number, err));
    FIRN_TRY(firn_json_get_i64(json, "timestamp-ms", &out->timestamp_ms, err));
    FIRN_TRY(copy_optional(json, "manifest-list", arena, &out->manifest_list, err));
    FIRN_TRY(read_manifests(json, arena, out, err));
    FIRN_TRY(read_summary(json, arena, out, err));
    FIRN_TRY(read_number32(json, "schema-id", -1, &out->schema_id, err));
    if (out->sequence_number < 0) {
        return firn_fail(err, FIRN_ERR_CORRUPT, "snapshot %" PRId64 " has sequence number %" PRId64,
                         out->snapshot_id, out->sequence_number);
    }
    if (out->manifest_list.len == 0 && !out->manifests) {
        return firn_fail(err, FIRN_ERR_CORRUPT, "missing \"manifest-list\" in snapshot %" PRId64,
                         out->snapshot_id);
    }
    FIRN_TRY(firn_json_keep_unknown(json, k_snapshot_members, arena, &out->extra_json, err));
    return read_lineage(json, arena, out, err);
}

firn_status firn_snapshot_ref_from_json(firn_str name, const json_t *json, firn_arena *arena,
                                        firn_snapshot_ref *out, firn_error *err)
{
    *out = (firn_snapshot_ref){0};
    FIRN_TRY(require_object(json, "snapshot reference", err));
    out->name = firn_arena_copy(arena, name);
    if (!out->name.data) return firn_fail_nomem(err);
    FIRN_TRY(firn_json_get_i64(json, "snapshot-id", &out->snapshot_id, err));
    FIRN_TRY(read_choice(json, "type", "branch", "tag", &out->is_tag, err));
    FIRN_TRY(read_number(json, "min-snapshots-to-keep", -1, &out->min_snapshots_to_keep, err));
    FIRN_TRY(read_number(json, "max-snapshot-age-ms", -1, &out->max_snapshot_age_ms, err));
    FIRN_TRY(firn_json_keep_unknown(json, k_ref_members, arena, &out->extra_json, err));
    return read_number(json, "max-ref-age-ms", -1, &out->max_ref_age_ms, err);
}

/* ---- to JSON ---- */

static void build_transform(firn_json_build *b, json_t *field, const firn_transform *transform)
{
    char name[64];
    if (transform->kind == FIRN_TRANSFORM_UNKNOWN) {
        firn_json_build_str(b, field, "transform", transform->text);
    } else {
        firn_json_build_str(b, field, "transform",
                            firn_str_of(firn_transform_name(transform, name, sizeof name)));
    }
}

static void build_source(firn_json_build *b, json_t *field, int32_t id, const int32_t *ids,
                         size_t n_ids)
{
    if (n_ids == 0) {
        firn_json_build_i64(b, field, "source-id", id);
        return;
    }
    json_t *array = firn_json_build_array(b, field, "source-ids");
    for (size_t i = 0; i < n_ids; i++) firn_json_build_i64(b, array, NULL, ids[i]);
}

static void build_partition_fields(firn_json_build *b, json_t *array,
                                   const firn_partition_spec *spec)
{
    for (size_t i = 0; i < spec->n_fields; i++) {
        const firn_partition_field *f = &spec->fields[i];
        json_t *field = firn_json_build_object(b, array, NULL);
        firn_json_build_str(b, field, "name", f->name);
        build_transform(b, field, &f->transform);
        build_source(b, field, f->source_id, f->source_ids, f->n_source_ids);
        firn_json_build_i64(b, field, "field-id", f->field_id);
        firn_json_build_kept(b, field, NULL, f->extra_json);
    }
}

firn_status firn_partition_fields_to_json(const firn_partition_spec *spec, json_t **out,
                                          firn_error *err)
{
    firn_json_build b = {.err = err};
    json_t *root = json_array();
    build_partition_fields(&b, root, spec);
    return firn_json_build_finish(&b, root, out);
}

firn_status firn_partition_spec_to_json(const firn_partition_spec *spec, json_t **out,
                                        firn_error *err)
{
    firn_json_build b = {.err = err};
    json_t *root = json_object();
    firn_json_build_i64(&b, root, "spec-id", spec->spec_id);
    build_partition_fields(&b, firn_json_build_array(&b, root, "fields"), spec);
    firn_json_build_kept(&b, root, NULL, spec->extra_json);
    return firn_json_build_finish(&b, root, out);
}

firn_status firn_sort_order_to_json(const firn_sort_order *order, json_t **out, firn_error *err)
{
    firn_json_build b = {.err = err};
    json_t *root = json_object();
    firn_json_build_i64(&b, root, "order-id", order->order_id);
    json_t *fields = firn_json_build_array(&b, root, "fields");
    for (size_t i = 0; i < order->n_fields; i++) {
        const firn_sort_field *f = &order->fields[i];
        json_t *field = firn_json_build_object(&b, fields, NULL);
        build_transform(&b, field, &f->transform);
        build_source(&b, field, f->source_id, f->source_ids, f->n_source_ids);
        firn_json_build_str(&b, field, "direction",
                            f->is_descending ? FIRN_STR("desc") : FIRN_STR("asc"));
        firn_json_build_str(&b, field, "null-order",
                            f->nulls_last ? FIRN_STR("nulls-last") : FIRN_STR("nulls-first"));
        firn_json_build_kept(&b, field, NULL, f->extra_json);
    }
    firn_json_build_kept(&b, root, NULL, order->extra_json);
    return firn_json_build_finish(&b, root, out);
}

static void build_number(firn_json_build *b, json_t *object, const char *key, int64_t value)
{
    if (value != -1) firn_json_build_i64(b, object, key, value);
}

static void build_manifests(firn_json_build *b, json_t *object, const firn_snapshot *snapshot)
{
    if (snapshot->manifest_list.len > 0) {
        firn_json_build_str(b, object, "manifest-list", snapshot->manifest_list);
        return;
    }
    json_t *array = firn_json_build_array(b, object, "manifests");
    for (size_t i = 0; i < snapshot->n_manifests; i++) {
        firn_json_build_str(b, array, NULL, snapshot->manifests[i]);
    }
}

firn_status firn_snapshot_to_json(const firn_snapshot *snapshot, int32_t format_version,
                                  json_t **out, firn_error *err)
{
    firn_json_build b = {.err = err};
    json_t *root = json_object();
    if (format_version >= 2 || snapshot->sequence_number > 0) {
        firn_json_build_i64(&b, root, "sequence-number", snapshot->sequence_number);
    }
    firn_json_build_i64(&b, root, "snapshot-id", snapshot->snapshot_id);
    build_number(&b, root, "parent-snapshot-id", snapshot->parent_snapshot_id);
    firn_json_build_i64(&b, root, "timestamp-ms", snapshot->timestamp_ms);
    if (snapshot->operation.len > 0 || snapshot->summary.n > 0) {
        json_t *summary = firn_json_build_object(&b, root, "summary");
        if (snapshot->operation.len > 0) {
            firn_json_build_str(&b, summary, "operation", snapshot->operation);
        }
        firn_json_build_properties(&b, summary, &snapshot->summary);
    }
    build_manifests(&b, root, snapshot);
    build_number(&b, root, "schema-id", snapshot->schema_id);
    build_number(&b, root, "first-row-id", snapshot->first_row_id);
    build_number(&b, root, "added-rows", snapshot->added_rows);
    if (snapshot->key_id.len > 0) firn_json_build_str(&b, root, "key-id", snapshot->key_id);
    firn_json_build_kept(&b, root, NULL, snapshot->extra_json);
    return firn_json_build_finish(&b, root, out);
}

firn_status firn_snapshot_ref_to_json(const firn_snapshot_ref *ref, json_t **out, firn_error *err)
{
    firn_json_build b = {.err = err};
    json_t *root = json_object();
    firn_json_build_i64(&b, root, "snapshot-id", ref->snapshot_id);
    firn_json_build_str(&b, root, "type", ref->is_tag ? FIRN_STR("tag") : FIRN_STR("branch"));
    build_number(&b, root, "min-snapshots-to-keep", ref->min_snapshots_to_keep);
    build_number(&b, root, "max-snapshot-age-ms", ref->max_snapshot_age_ms);
    build_number(&b, root, "max-ref-age-ms", ref->max_ref_age_ms);
    firn_json_build_kept(&b, root, NULL, ref->extra_json);
    return firn_json_build_finish(&b, root, out);
}
