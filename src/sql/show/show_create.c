/* SPDX-License-Identifier: Apache-2.0 */
/* The text of SHOW CREATE TABLE and the properties that SHOW TBLPROPERTIES tells. Types are written
 * as the dialect's SQL reads them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "sql/parser/sql_default.h"
#include "sql/show/show.h"

/* ---- texts ---- */

firn_status firn_show__take_text(firn_session *session, firn_buf *buf, firn_str *out,
                                 firn_error *err)
{
    firn_status st = firn_buf_check(buf, err);
    if (st == FIRN_OK) {
        *out = firn_arena_copy(session->arena, firn_buf_view(buf));
        if (!out->data) st = firn_fail_nomem(err);
    }
    firn_buf_dispose(buf);
    return st;
}

/* As PARTITIONED BY reads it. */
void firn_show__put_transform(firn_buf *out, const firn_transform *t, firn_str column)
{
    static const char *const k_names[] = {
        [FIRN_TRANSFORM_IDENTITY] = "identity", [FIRN_TRANSFORM_BUCKET] = "bucket",
        [FIRN_TRANSFORM_TRUNCATE] = "truncate", [FIRN_TRANSFORM_YEAR] = "years",
        [FIRN_TRANSFORM_MONTH] = "months",      [FIRN_TRANSFORM_DAY] = "days",
        [FIRN_TRANSFORM_HOUR] = "hours",        [FIRN_TRANSFORM_VOID] = "void",
        [FIRN_TRANSFORM_UNKNOWN] = "unknown"};
    if (t->kind == FIRN_TRANSFORM_IDENTITY) {
        firn_buf_str(out, column);
        return;
    }
    firn_buf_printf(out, "%s(", k_names[t->kind]);
    if (t->kind == FIRN_TRANSFORM_BUCKET || t->kind == FIRN_TRANSFORM_TRUNCATE) {
        firn_buf_printf(out, "%d, ", (int)t->param);
    }
    firn_buf_str(out, column);
    firn_buf_byte(out, ')');
}

firn_str firn_show__column_name(const firn_table_metadata *table, int32_t id)
{
    const firn_field *field = firn_schema_find_id(firn_metadata_schema(table), id);
    return field ? field->name : FIRN_STR("?");
}

/* ---- properties ---- */

static int compare_names(const void *a, const void *b)
{
    return firn_str_compare(*(const firn_str *)a, *(const firn_str *)b);
}

/* What Spark shows beside the properties that are there. */
static firn_status add_spark_properties(firn_session *session, const firn_described *d,
                                        firn_property *items, size_t *n, firn_error *err)
{
    const firn_table_metadata *table = d->table;
    const firn_schema *schema = firn_metadata_schema(table);
    const firn_str codec = FIRN_STR("write.parquet.compression-codec");
    firn_buf buf;
    firn_str id = FIRN_STR("none");
    if (table->current_snapshot_id >= 0) {
        id = firn_arena_printf(session->arena, "%" PRId64, table->current_snapshot_id);
    }
    items[(*n)++] = (firn_property){FIRN_STR("current-snapshot-id"), id};
    items[(*n)++] = (firn_property){FIRN_STR("format"), FIRN_STR("iceberg/parquet")};
    if (!firn_properties_get(&d->properties, codec, (firn_str){0}).data) {
        items[(*n)++] = (firn_property){codec, FIRN_STR("zstd")};
    }
    if (schema->n_identifier_field_ids == 0) return FIRN_OK;
    firn_buf_init(&buf, session->env->alloc, 0);
    const size_t n_names = schema->n_identifier_field_ids;
    firn_str *names = firn_arena_array(session->arena, n_names, sizeof *names);
    if (!names) return firn_fail_nomem(err);
    for (size_t i = 0; i < n_names; i++)
        names[i] = firn_show__column_name(table, schema->identifier_field_ids[i]);
    qsort(names, n_names, sizeof *names, compare_names);
    for (size_t i = 0; i < n_names; i++) {
        firn_buf_byte(&buf, i == 0 ? '[' : ',');
        firn_buf_str(&buf, names[i]);
    }
    firn_buf_byte(&buf, ']');
    items[*n].key = FIRN_STR("identifier-fields");
    return firn_show__take_text(session, &buf, &items[(*n)++].value, err);
}

static int compare_keys(const void *a, const void *b)
{
    return firn_str_compare(((const firn_property *)a)->key, ((const firn_property *)b)->key);
}

firn_status firn_show__properties(firn_session *session, const firn_described *d,
                                  firn_properties *out, firn_error *err)
{
    enum { ADDED = 5 };
    const bool is_spark = session->dialect == FIRN_DIALECT_SPARK;
    firn_property *items = firn_arena_array(session->arena, d->properties.n + ADDED, sizeof *items);
    size_t n = 0;
    if (!items) return firn_fail_nomem(err);
    const int version = d->table ? (int)d->table->format_version : (int)d->view->format_version;
    const firn_property format = {FIRN_STR("format-version"),
                                  firn_arena_printf(session->arena, "%d", version)};
    if (!format.value.data) return firn_fail_nomem(err);
    for (size_t i = 0; i < d->properties.n; i++) {
        const bool is_comment = firn_str_equals(d->properties.items[i].key, FIRN_STR("comment"));
        if (!is_comment || !is_spark) items[n++] = d->properties.items[i];
    }
    if (d->table || is_spark) items[n++] = format;
    if (is_spark) {
        if (d->table) {
            FIRN_TRY(add_spark_properties(session, d, items, &n, err));
        } else {
            items[n++] = (firn_property){FIRN_STR("location"), d->location};
            items[n++] = (firn_property){FIRN_STR("provider"), FIRN_STR("iceberg")};
        }
        qsort(items, n, sizeof *items, compare_keys);
    }
    *out = (firn_properties){items, n};
    return FIRN_OK;
}

/* ---- SHOW CREATE ---- */

static bool is_plain_name(firn_str name)
{
    for (size_t i = 0; i < name.len; i++) {
        const char c = name.data[i];
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!is_letter && (i == 0 || c < '0' || c > '9')) return false;
    }
    return name.len > 0;
}

static void put_name(firn_session *session, firn_buf *out, firn_str name)
{
    firn_buf_str(out, is_plain_name(name) ? name : firn_sql_quote(name, session->arena));
}

static void put_full_name(firn_session *session, const firn_described *d, firn_buf *out)
{
    put_name(session, out, firn_catalog_name(d->catalog));
    for (size_t i = 0; i <= d->ident.n_levels; i++) {
        firn_buf_byte(out, '.');
        put_name(session, out, i < d->ident.n_levels ? d->ident.levels[i] : d->ident.name);
    }
}

static void put_partitions(const firn_described *d, firn_buf *out)
{
    const firn_partition_spec *spec = firn_metadata_spec(d->table);
    const char *before = "PARTITIONED BY (";
    for (size_t i = 0; i < spec->n_fields; i++) {
        if (spec->fields[i].transform.kind == FIRN_TRANSFORM_VOID) continue;
        firn_buf_cstr(out, before);
        firn_show__put_transform(out, &spec->fields[i].transform,
                                 firn_show__column_name(d->table, spec->fields[i].source_id));
        before = ", ";
    }
    if (before[0] == ',') firn_buf_cstr(out, ")\n");
}

static void put_properties(firn_session *session, const firn_described *d, firn_buf *out)
{
    const char *before = "TBLPROPERTIES (\n  ";
    firn_properties all;
    if (firn_show__properties(session, d, &all, NULL) != FIRN_OK) return;
    for (size_t i = 0; i < all.n; i++) {
        if (firn_str_equals(all.items[i].key, FIRN_STR("comment"))) continue;
        firn_buf_cstr(out, before);
        firn_buf_quoted(out, all.items[i].key, '\'');
        firn_buf_cstr(out, " = ");
        firn_buf_quoted(out, all.items[i].value, '\'');
        before = ",\n  ";
    }
    if (before[0] == ',') firn_buf_cstr(out, ")\n");
}

static void put_columns(firn_session *session, const firn_described *d, firn_buf *out)
{
    firn_buf_cstr(out, " (\n");
    for (size_t i = 0; i < d->root->n_fields; i++) {
        const firn_field *field = &d->root->fields[i];
        firn_buf_cstr(out, i > 0 ? ",\n  " : "  ");
        put_name(session, out, field->name);
        if (d->table) {
            firn_buf_byte(out, ' ');
            firn_dialect_put_sql_type(session->dialect, field->type, out);
            if (field->is_required) firn_buf_cstr(out, " NOT NULL");
            firn_sql_put_default(out, field->write_default, session->arena);
        }
        if (field->doc.len > 0) {
            firn_buf_cstr(out, " COMMENT ");
            firn_buf_quoted(out, field->doc, '\'');
        }
    }
    firn_buf_cstr(out, ")\n");
}

static void put_statement(firn_session *session, const firn_described *d, firn_buf *out)
{
    const firn_str comment =
        firn_properties_get(&d->properties, FIRN_STR("comment"), (firn_str){0});
    firn_buf_cstr(out, d->table ? "CREATE TABLE " : "CREATE VIEW ");
    put_full_name(session, d, out);
    put_columns(session, d, out);
    if (d->table) {
        firn_buf_cstr(out, "USING iceberg\n");
        put_partitions(d, out);
    }
    if (comment.data) {
        firn_buf_cstr(out, "COMMENT ");
        firn_buf_quoted(out, comment, '\'');
        firn_buf_byte(out, '\n');
    }
    if (d->table) {
        firn_buf_cstr(out, "LOCATION ");
        firn_buf_quoted(out, d->location, '\'');
        firn_buf_byte(out, '\n');
    }
    if (d->table || d->properties.n > 0 || session->dialect == FIRN_DIALECT_SPARK)
        put_properties(session, d, out);
    if (!d->table && d->version->n_representations > 0) {
        firn_buf_cstr(out, "AS\n");
        firn_buf_str(out, d->version->representations[0].sql);
        firn_buf_byte(out, '\n');
    }
}

firn_status firn_show__create_text(firn_session *session, const firn_described *d, firn_str *out,
                                   firn_error *err)
{
    firn_buf buf;
    firn_buf_init(&buf, session->env->alloc, 0);
    put_statement(session, d, &buf);
    FIRN_TRY(firn_show__take_text(session, &buf, out, err));
    const bool ends_line = session->dialect == FIRN_DIALECT_SPARK;
    if (!ends_line && firn_str_ends_with(*out, FIRN_STR("\n"))) out->len--;
    return FIRN_OK;
}
