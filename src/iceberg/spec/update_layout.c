/* SPDX-License-Identifier: Apache-2.0 */
/* Updates of schemas, partition specs and sort orders. One that equals an existing one gets its id
 * instead of a new entry, so that repeated commits do not pile up copies. */
#include <inttypes.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "iceberg/spec/metadata_builder.h"
#include "iceberg/spec/metadata_copy.h"
#include "iceberg/spec/transform.h"

static firn_status fail_unknown(const firn_metadata_builder *b, const char *what, int64_t id)
{
    if (id == -1) {
        return firn_fail(b->err, FIRN_ERR_ARG, "no %s was added in this commit", what);
    }
    return firn_fail(b->err, FIRN_ERR_ARG, "%s %" PRId64 " does not exist", what, id);
}

/* ---- schemas ---- */

static const firn_schema *find_same_schema(const firn_metadata_builder *b, const firn_schema *s)
{
    for (size_t i = 0; i < b->m.n_schemas; i++) {
        if (firn_schema_same(b->m.schemas[i], s)) return b->m.schemas[i];
    }
    return NULL;
}

static int32_t next_schema_id(const firn_metadata_builder *b)
{
    int32_t next = 0;
    for (size_t i = 0; i < b->m.n_schemas; i++) {
        const firn_schema *known = b->m.schemas[i];
        if (known && known->schema_id >= next) next = known->schema_id + 1;
    }
    return next;
}

firn_status firn_builder_add_schema(firn_metadata_builder *b, const firn_schema *schema)
{
    if (!schema) return firn_fail(b->err, FIRN_ERR_ARG, "add-schema without a schema");
    const firn_schema *same = find_same_schema(b, schema);
    if (same) {
        b->last_schema_id = same->schema_id;
        return FIRN_OK;
    }
    if (b->m.n_schemas >= FIRN_LIMIT_SCHEMAS) {
        return firn_fail(b->err, FIRN_ERR_LIMIT, "more than %d schemas", FIRN_LIMIT_SCHEMAS);
    }
    firn_schema *added = firn_schema_copy(schema, b->arena);
    const firn_schema **list =
        firn_builder_grow(b, b->m.schemas, b->m.n_schemas, sizeof *b->m.schemas);
    if (!added || !list) return firn_fail_nomem(b->err);
    added->schema_id = next_schema_id(b);
    list[b->m.n_schemas++] = added;
    b->m.schemas = list;
    const int32_t max_id = firn_schema_max_id(schema);
    if (max_id > b->m.last_column_id) b->m.last_column_id = max_id;
    b->last_schema_id = added->schema_id;
    return FIRN_OK;
}

firn_status firn_builder_set_schema(firn_metadata_builder *b, int64_t id)
{
    const int64_t wanted = id == -1 ? b->last_schema_id : id;
    if (wanted < 0 || wanted > INT32_MAX || !firn_metadata_find_schema(&b->m, (int32_t)wanted)) {
        return fail_unknown(b, "schema", wanted);
    }
    b->m.current_schema_id = (int32_t)wanted;
    return FIRN_OK;
}

/* ---- partition specs ---- */

static bool same_transform(const firn_transform *a, const firn_transform *b)
{
    return a->kind == b->kind && a->param == b->param && firn_str_equals(a->text, b->text);
}

static bool same_meaning(const firn_partition_field *a, const firn_partition_field *b)
{
    return a->source_id == b->source_id && same_transform(&a->transform, &b->transform);
}

/* Field ids do not count: an equal spec has its own already. */
static bool same_spec(const firn_partition_spec *a, const firn_partition_spec *b)
{
    if (a->n_fields != b->n_fields) return false;
    for (size_t i = 0; i < a->n_fields; i++) {
        if (!same_meaning(&a->fields[i], &b->fields[i])) return false;
        if (!firn_str_equals(a->fields[i].name, b->fields[i].name)) return false;
    }
    return true;
}

/* The id that another spec gave to the same field, or -1. */
static int32_t find_field_id(const firn_metadata_builder *b, const firn_partition_field *field)
{
    for (size_t i = 0; i < b->m.n_specs; i++) {
        const firn_partition_spec *spec = b->m.specs[i];
        for (size_t k = 0; k < spec->n_fields; k++) {
            if (same_meaning(&spec->fields[k], field)) return spec->fields[k].field_id;
        }
    }
    return -1;
}

/* A table that was of version 1 has void fields under the ids of what they were before. */
static bool may_share_id(const firn_partition_field *a, const firn_partition_field *b)
{
    const bool is_void =
        a->transform.kind == FIRN_TRANSFORM_VOID || b->transform.kind == FIRN_TRANSFORM_VOID;
    return same_meaning(a, b) || (is_void && a->source_id == b->source_id);
}

static firn_status check_field_id(const firn_metadata_builder *b, const firn_partition_field *field)
{
    if (b->m.format_version == 1) return FIRN_OK; /* ids may mean different fields there */
    for (size_t i = 0; i < b->m.n_specs; i++) {
        const firn_partition_spec *spec = b->m.specs[i];
        for (size_t k = 0; k < spec->n_fields; k++) {
            if (spec->fields[k].field_id != field->field_id) continue;
            if (may_share_id(&spec->fields[k], field)) continue;
            return firn_fail(b->err, FIRN_ERR_ARG,
                             "partition field id %" PRId32 " belongs to \"%.*s\" of spec %" PRId32,
                             field->field_id, FIRN_STR_ARG(spec->fields[k].name), spec->spec_id);
        }
    }
    return FIRN_OK;
}

static firn_status check_unique_fields(const firn_metadata_builder *b,
                                       const firn_partition_field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++) {
            if (firn_str_equals(fields[i].name, fields[k].name)) {
                return firn_fail(b->err, FIRN_ERR_ARG, "two partition fields are named \"%.*s\"",
                                 FIRN_STR_ARG(fields[i].name));
            }
            if (fields[i].field_id == fields[k].field_id) {
                return firn_fail(b->err, FIRN_ERR_ARG, "two partition fields have the id %" PRId32,
                                 fields[i].field_id);
            }
        }
    }
    return FIRN_OK;
}

static bool is_taken(const firn_partition_field *fields, size_t n, int32_t id)
{
    for (size_t i = 0; i < n; i++) {
        if (fields[i].field_id == id) return true;
    }
    return false;
}

static firn_status number_fields(firn_metadata_builder *b, firn_partition_field *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        firn_partition_field *field = &fields[i];
        if (field->field_id <= 0) {
            const int32_t known = find_field_id(b, field);
            field->field_id = known;
            if (b->m.format_version == 1) {
                field->field_id = 1000 + (int32_t)i; /* by place, as v1's readers number them */
            } else if (known == -1 || is_taken(fields, i, known)) {
                if (b->m.last_partition_id == INT32_MAX) {
                    return firn_fail(b->err, FIRN_ERR_LIMIT, "no partition field id is left");
                }
                field->field_id = b->m.last_partition_id + 1;
            }
        } else {
            FIRN_TRY(check_field_id(b, field));
        }
        if (field->field_id > b->m.last_partition_id) b->m.last_partition_id = field->field_id;
        if (b->m.format_version == 1 && field->field_id != 1000 + (int32_t)i) {
            return firn_fail(
                b->err, FIRN_ERR_ARG,
                "partition field ids must count from 1000 in a v1 table, found %" PRId32
                " at place %zu",
                field->field_id, i);
        }
    }
    return check_unique_fields(b, fields, n);
}

static int32_t next_spec_id(const firn_metadata_builder *b)
{
    int32_t next = 0;
    for (size_t i = 0; i < b->m.n_specs; i++) {
        if (b->m.specs[i]->spec_id >= next) next = b->m.specs[i]->spec_id + 1;
    }
    return next;
}

static firn_status append_spec(firn_metadata_builder *b, const firn_partition_spec *spec)
{
    firn_partition_spec *added = firn_arena_alloc(b->arena, sizeof *added);
    firn_partition_field *fields =
        firn_partition_fields_copy(spec->fields, spec->n_fields, b->arena);
    const firn_partition_spec **list =
        firn_builder_grow(b, b->m.specs, b->m.n_specs, sizeof *b->m.specs);
    if (!added || !fields || !list) return firn_fail_nomem(b->err);
    FIRN_TRY(number_fields(b, fields, spec->n_fields));
    *added = (firn_partition_spec){next_spec_id(b), fields, spec->n_fields, {0}};
    if (!firn_str_copy(spec->extra_json, b->arena, &added->extra_json))
        return firn_fail_nomem(b->err);
    list[b->m.n_specs++] = added;
    b->m.specs = list;
    b->last_spec_id = added->spec_id;
    return FIRN_OK;
}

firn_status firn_builder_add_spec(firn_metadata_builder *b, const firn_partition_spec *spec)
{
    if (!spec) return firn_fail(b->err, FIRN_ERR_ARG, "add-spec without a partition spec");
    if (spec->n_fields > 1000 || b->m.n_specs >= FIRN_LIMIT_SCHEMAS) {
        return firn_fail(b->err, FIRN_ERR_LIMIT, "more than %d specs, or 1000 partition fields",
                         FIRN_LIMIT_SCHEMAS);
    }
    for (size_t i = 0; i < b->m.n_specs; i++) {
        if (!same_spec(b->m.specs[i], spec)) continue;
        b->last_spec_id = b->m.specs[i]->spec_id;
        return FIRN_OK;
    }
    return append_spec(b, spec);
}

firn_status firn_builder_set_spec(firn_metadata_builder *b, int64_t id)
{
    const int64_t wanted = id == -1 ? b->last_spec_id : id;
    if (wanted < 0 || wanted > INT32_MAX || !firn_metadata_find_spec(&b->m, (int32_t)wanted)) {
        return fail_unknown(b, "partition spec", wanted);
    }
    b->m.default_spec_id = (int32_t)wanted;
    return FIRN_OK;
}

/* ---- sort orders ---- */

static bool same_order(const firn_sort_order *a, const firn_sort_order *b)
{
    if (a->n_fields != b->n_fields) return false;
    for (size_t i = 0; i < a->n_fields; i++) {
        const firn_sort_field *x = &a->fields[i];
        const firn_sort_field *y = &b->fields[i];
        if (x->source_id != y->source_id || !same_transform(&x->transform, &y->transform) ||
            x->is_descending != y->is_descending || x->nulls_last != y->nulls_last) {
            return false;
        }
    }
    return true;
}

static const firn_sort_order *find_order(const firn_metadata_builder *b, int64_t id)
{
    for (size_t i = 0; i < b->m.n_sort_orders; i++) {
        if (b->m.sort_orders[i]->order_id == id) return b->m.sort_orders[i];
    }
    return NULL;
}

/* Order 0 is "unsorted" and nothing else. */
static int32_t next_order_id(const firn_metadata_builder *b, const firn_sort_order *order)
{
    int32_t next = 1;
    if (order->n_fields == 0) return 0;
    for (size_t i = 0; i < b->m.n_sort_orders; i++) {
        if (b->m.sort_orders[i]->order_id >= next) next = b->m.sort_orders[i]->order_id + 1;
    }
    return next;
}

firn_status firn_builder_add_sort_order(firn_metadata_builder *b, const firn_sort_order *order)
{
    if (!order) return firn_fail(b->err, FIRN_ERR_ARG, "add-sort-order without a sort order");
    for (size_t i = 0; i < b->m.n_sort_orders; i++) {
        if (!same_order(b->m.sort_orders[i], order)) continue;
        b->last_order_id = b->m.sort_orders[i]->order_id;
        return FIRN_OK;
    }
    if (b->m.n_sort_orders >= FIRN_LIMIT_SCHEMAS) {
        return firn_fail(b->err, FIRN_ERR_LIMIT, "more than %d sort orders", FIRN_LIMIT_SCHEMAS);
    }
    firn_sort_order *added = firn_arena_alloc(b->arena, sizeof *added);
    firn_sort_field *fields = firn_sort_fields_copy(order->fields, order->n_fields, b->arena);
    const firn_sort_order **list =
        firn_builder_grow(b, b->m.sort_orders, b->m.n_sort_orders, sizeof *b->m.sort_orders);
    if (!added || !fields || !list) return firn_fail_nomem(b->err);
    *added = (firn_sort_order){next_order_id(b, order), fields, order->n_fields, {0}};
    if (!firn_str_copy(order->extra_json, b->arena, &added->extra_json))
        return firn_fail_nomem(b->err);
    list[b->m.n_sort_orders++] = added;
    b->m.sort_orders = list;
    b->last_order_id = added->order_id;
    return FIRN_OK;
}

firn_status firn_builder_set_sort_order(firn_metadata_builder *b, int64_t id)
{
    const int64_t wanted = id == -1 ? b->last_order_id : id;
    if (!find_order(b, wanted)) return fail_unknown(b, "sort order", wanted);
    b->m.default_sort_order_id = (int32_t)wanted;
    return FIRN_OK;
}

/* ---- fit ---- */

/* A void field may have lost its column, and what an unknown transform takes is unknown. */
static firn_status check_source(const firn_metadata_builder *b, const firn_schema *schema,
                                int32_t source_id, const firn_transform *transform,
                                const char *what)
{
    if (transform->kind == FIRN_TRANSFORM_VOID || transform->kind == FIRN_TRANSFORM_UNKNOWN) {
        return FIRN_OK;
    }
    const firn_field *source = firn_schema_find_id(schema, source_id);
    if (!source) {
        return firn_fail(b->err, FIRN_ERR_ARG,
                         "%s uses field %" PRId32 ", which is not in the schema", what, source_id);
    }
    return firn_error_wrap(b->err, firn_transform_check(transform, source->type, b->err), "%s",
                           what);
}

firn_status firn_builder_check_layout(const firn_metadata_builder *b)
{
    const firn_schema *schema = firn_metadata_schema(&b->m);
    const firn_partition_spec *spec = firn_metadata_spec(&b->m);
    const firn_sort_order *order = firn_metadata_sort_order(&b->m);
    if (!schema || !spec || !order) {
        return firn_fail(b->err, FIRN_ERR_ARG, "a new table needs a current %s",
                         !schema ? "schema"
                         : !spec ? "partition spec"
                                 : "sort order");
    }
    for (size_t i = b->n_base_schemas; i < b->m.n_schemas; i++) {
        FIRN_TRY(firn_schema_check(b->m.schemas[i], b->m.format_version, b->err));
    }
    for (size_t i = 0; i < spec->n_fields; i++) {
        FIRN_TRY(check_source(b, schema, spec->fields[i].source_id, &spec->fields[i].transform,
                              "partition spec"));
    }
    for (size_t i = 0; i < order->n_fields; i++) {
        FIRN_TRY(check_source(b, schema, order->fields[i].source_id, &order->fields[i].transform,
                              "sort order"));
    }
    return FIRN_OK;
}

/* ---- removal ---- */

static bool has_id(const int64_t *ids, size_t n, int32_t id)
{
    for (size_t i = 0; i < n; i++)
        if (ids[i] == id) return true;
    return false;
}

firn_status firn_builder_remove_schemas(firn_metadata_builder *b, const int64_t *ids, size_t n)
{
    const firn_schema **list =
        firn_builder_grow(b, b->m.schemas, b->m.n_schemas, sizeof *b->m.schemas);
    size_t n_kept = 0;
    size_t n_base = 0;
    if (!list) return firn_fail_nomem(b->err);
    if (has_id(ids, n, b->m.current_schema_id))
        return firn_fail(b->err, FIRN_ERR_ARG, "cannot remove schema %" PRId32 ": it is current",
                         b->m.current_schema_id);
    for (size_t i = 0; i < b->m.n_schemas; i++) {
        if (has_id(ids, n, list[i]->schema_id)) continue;
        list[n_kept++] = list[i];
        if (i < b->n_base_schemas) n_base = n_kept;
    }
    b->m.schemas = list;
    b->m.n_schemas = n_kept;
    b->n_base_schemas = n_base;
    return FIRN_OK;
}

firn_status firn_builder_remove_specs(firn_metadata_builder *b, const int64_t *ids, size_t n)
{
    const firn_partition_spec **list =
        firn_builder_grow(b, b->m.specs, b->m.n_specs, sizeof *b->m.specs);
    size_t n_kept = 0;
    if (!list) return firn_fail_nomem(b->err);
    if (has_id(ids, n, b->m.default_spec_id))
        return firn_fail(b->err, FIRN_ERR_ARG,
                         "cannot remove partition spec %" PRId32 ": it is the default",
                         b->m.default_spec_id);
    for (size_t i = 0; i < b->m.n_specs; i++)
        if (!has_id(ids, n, list[i]->spec_id)) list[n_kept++] = list[i];
    b->m.specs = list;
    b->m.n_specs = n_kept;
    return FIRN_OK;
}
