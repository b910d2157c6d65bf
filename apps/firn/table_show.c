/* SPDX-License-Identifier: Apache-2.0 */
/* firn table describe, history, schemas: what the metadata file says. */
#include <inttypes.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "iceberg/check/schema_diff.h"
#include "iceberg/spec/transform.h"
#include "table_actions.h"

void table_show_time(firn_outline *out, const char *name, int64_t ms)
{
    char when[48];
    firn_outline_cstr(out, name, firn_format_timestamp_us(ms * 1000, true, when, sizeof when));
}

/* Nested columns by dotted names; deeper than a schema may be there is nothing. */
static void show_fields(firn_outline *out, app *a, const firn_type *type, firn_str prefix)
{
    char name[64];
    for (size_t i = 0; i < type->n_fields; i++) {
        const firn_field *f = &type->fields[i];
        const firn_str dotted = firn_arena_printf(a->arena, "%.*s%s%.*s", FIRN_STR_ARG(prefix),
                                                  prefix.len ? "." : "", FIRN_STR_ARG(f->name));
        firn_outline_begin_line(out, NULL);
        firn_outline_i64(out, "id", f->id);
        firn_outline_str(out, "name", dotted);
        firn_outline_cstr(out, "type", firn_type_name(f->type, name, sizeof name));
        firn_outline_bool(out, "required", f->is_required);
        if (f->doc.len) firn_outline_str(out, "doc", f->doc);
        firn_outline_end(out);
        if (!firn_type_is_primitive(f->type)) show_fields(out, a, f->type, dotted);
    }
}

void table_show_schema(firn_outline *out, app *a, const firn_schema *schema)
{
    firn_outline_begin_list(out, "columns");
    show_fields(out, a, &schema->root, (firn_str){NULL, 0});
    firn_outline_end(out);
}

static firn_str column_name(const firn_table_metadata *m, int32_t id)
{
    const firn_field *field = firn_schema_find_id(firn_metadata_schema(m), id);
    return field ? field->name : FIRN_STR("?");
}

static void show_spec(firn_outline *out, const firn_table_metadata *m)
{
    const firn_partition_spec *spec = firn_metadata_spec(m);
    char name[64];
    firn_outline_begin_list(out, "partitioned_by");
    for (size_t i = 0; i < spec->n_fields; i++) {
        const firn_partition_field *f = &spec->fields[i];
        firn_outline_begin_line(out, NULL);
        firn_outline_str(out, "name", f->name);
        firn_outline_cstr(out, "transform", firn_transform_name(&f->transform, name, sizeof name));
        firn_outline_str(out, "column", column_name(m, f->source_id));
        firn_outline_end(out);
    }
    firn_outline_end(out);
}

static void show_sort_order(firn_outline *out, const firn_table_metadata *m)
{
    const firn_sort_order *order = firn_metadata_sort_order(m);
    char name[64];
    firn_outline_begin_list(out, "sorted_by");
    for (size_t i = 0; order && i < order->n_fields; i++) {
        const firn_sort_field *f = &order->fields[i];
        firn_outline_begin_line(out, NULL);
        firn_outline_cstr(out, "transform", firn_transform_name(&f->transform, name, sizeof name));
        firn_outline_str(out, "column", column_name(m, f->source_id));
        firn_outline_cstr(out, "direction", f->is_descending ? "desc" : "asc");
        firn_outline_cstr(out, "nulls", f->nulls_last ? "last" : "first");
        firn_outline_end(out);
    }
    firn_outline_end(out);
}

firn_status table_describe(const table_action *t, firn_error *err)
{
    const firn_table_metadata *m = firn_table_metadata_of(t->table);
    firn_outline *out = t->out;
    firn_outline_begin(out, NULL);
    firn_outline_i64(out, "format_version", m->format_version);
    firn_outline_str(out, "location", m->location);
    firn_outline_str(out, "metadata", firn_table_metadata_location(t->table));
    firn_outline_str(out, "uuid", m->table_uuid);
    table_show_time(out, "last_updated", m->last_updated_ms);
    firn_outline_i64(out, "schema_id", m->current_schema_id);
    table_show_schema(out, t->a, firn_metadata_schema(m));
    show_spec(out, m);
    show_sort_order(out, m);
    firn_outline_i64(out, "snapshots", (int64_t)m->n_snapshots);
    if (m->current_snapshot_id >= 0)
        firn_outline_i64(out, "current_snapshot", m->current_snapshot_id);
    else
        firn_outline_null(out, "current_snapshot");
    firn_outline_begin(out, "properties");
    for (size_t i = 0; i < m->properties.n; i++) {
        const firn_str key = firn_arena_copy(t->a->arena, m->properties.items[i].key);
        if (!key.data) return firn_fail_nomem(err);
        firn_outline_str(out, key.data, m->properties.items[i].value);
    }
    firn_outline_end(out);
    firn_outline_end(out);
    return FIRN_OK;
}

/* Counts of a summary; those that are not there are left out. */
static void show_counts(firn_outline *out, const firn_snapshot *s)
{
    static const char *const keys[] = {
        "added-records",      "deleted-records",  "total-records",     "added-data-files",
        "deleted-data-files", "total-data-files", "total-delete-files"};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const int64_t n = firn_properties_get_i64(&s->summary, firn_str_of(keys[i]), -1);
        if (n >= 0) firn_outline_i64(out, keys[i], n);
    }
}

static void show_names(firn_outline *out, const firn_table_metadata *m, int64_t snapshot_id)
{
    firn_outline_begin_list_line(out, "refs");
    for (size_t i = 0; i < m->n_refs; i++)
        if (m->refs[i].snapshot_id == snapshot_id) firn_outline_str(out, NULL, m->refs[i].name);
    firn_outline_end(out);
}

firn_status table_history(const table_action *t, firn_error *err)
{
    const firn_table_metadata *m = firn_table_metadata_of(t->table);
    firn_outline *out = t->out;
    (void)err;
    firn_outline_begin_list(out, NULL);
    for (size_t i = 0; i < m->n_snapshots; i++) {
        const firn_snapshot *s = &m->snapshots[i];
        firn_outline_begin(out, NULL);
        firn_outline_i64(out, "snapshot", s->snapshot_id);
        if (s->parent_snapshot_id >= 0) firn_outline_i64(out, "parent", s->parent_snapshot_id);
        table_show_time(out, "committed_at", s->timestamp_ms);
        firn_outline_str(out, "operation", s->operation);
        firn_outline_bool(out, "current", s->snapshot_id == m->current_snapshot_id);
        show_names(out, m, s->snapshot_id);
        show_counts(out, s);
        firn_outline_end(out);
    }
    firn_outline_end(out);
    return FIRN_OK;
}

static void show_change(firn_outline *out, const firn_schema_change *change)
{
    char name[64];
    firn_outline_begin_line(out, NULL);
    firn_outline_cstr(out, "change", firn_schema_change_name(change->kind));
    firn_outline_i64(out, "id", change->field_id);
    firn_outline_str(out, "column", change->name);
    if (change->old_name.len) firn_outline_str(out, "from", change->old_name);
    if (change->kind == FIRN_SCHEMA_RETYPED)
        firn_outline_cstr(out, "from", firn_type_name(change->before->type, name, sizeof name));
    if (change->after && (change->kind == FIRN_SCHEMA_RETYPED || change->kind == FIRN_SCHEMA_ADDED))
        firn_outline_cstr(out, "type", firn_type_name(change->after->type, name, sizeof name));
    firn_outline_end(out);
}

/* A snapshot's rows have all columns of its schema; a query of older ones gets nulls or defaults
 * for those that came later. */
static void show_snapshots_of(firn_outline *out, const firn_table_metadata *m,
                              const firn_schema *schema)
{
    firn_outline_begin_list_line(out, "snapshots");
    for (size_t i = 0; i < m->n_snapshots; i++)
        if (m->snapshots[i].schema_id == schema->schema_id)
            firn_outline_i64(out, NULL, m->snapshots[i].snapshot_id);
    firn_outline_end(out);
}

firn_status table_schemas(const table_action *t, firn_error *err)
{
    const firn_table_metadata *m = firn_table_metadata_of(t->table);
    firn_outline *out = t->out;
    firn_outline_begin_list(out, NULL);
    for (size_t i = 0; i < m->n_schemas; i++) {
        firn_schema_change *changes = NULL;
        size_t n = 0;
        FIRN_TRY(firn_schema_diff(i > 0 ? m->schemas[i - 1] : m->schemas[i], m->schemas[i],
                                  t->a->arena, &changes, &n, err));
        firn_outline_begin(out, NULL);
        firn_outline_i64(out, "schema_id", m->schemas[i]->schema_id);
        firn_outline_bool(out, "current", m->schemas[i]->schema_id == m->current_schema_id);
        show_snapshots_of(out, m, m->schemas[i]);
        table_show_schema(out, t->a, m->schemas[i]);
        firn_outline_begin_list(out, "changes");
        for (size_t c = 0; c < n; c++) show_change(out, &changes[c]);
        firn_outline_end(out);
        firn_outline_end(out);
    }
    firn_outline_end(out);
    return FIRN_OK;
}
