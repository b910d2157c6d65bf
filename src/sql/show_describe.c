/* SPDX-License-Identifier: Apache-2.0 */
/* DESCRIBE [TABLE] [EXTENDED] of tables and views (of queries it is the engine's), and the text of
 * SHOW CREATE TABLE. Types are written as firn's SQL reads them. */
#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "sql/ddl.h"
#include "sql/show.h"

/* ---- loading ---- */

static firn_status use_view(firn_described *d, const firn_view_metadata *view, firn_error *err)
{
    d->view = view;
    for (size_t i = 0; i < view->n_versions; i++) {
        if (view->versions[i].version_id == view->current_version_id) {
            d->version = &view->versions[i];
        }
    }
    for (size_t i = 0; d->version && i < view->n_schemas; i++) {
        if (view->schemas[i]->schema_id == d->version->schema_id) d->root = &view->schemas[i]->root;
    }
    d->properties = view->properties;
    d->location = view->location;
    return d->root ? FIRN_OK : firn_fail(err, FIRN_ERR_CORRUPT, "view without a current schema");
}

firn_status firn_show__load(firn_session *session, const firn_sql_name *name, firn_described *out,
                            firn_error *err)
{
    const firn_loaded_table *loaded = NULL;
    firn_loaded_view view;
    *out = (firn_described){0};
    FIRN_TRY(firn_session__resolve(session, name, session->arena, &out->catalog, &out->ident, err));
    firn_status st = firn_session__load(session, out->catalog, &out->ident, &loaded, err);
    if (st == FIRN_OK) {
        out->table = loaded->metadata;
        out->root = &firn_metadata_schema(out->table)->root;
        out->properties = out->table->properties;
        out->location = out->table->location;
        return FIRN_OK;
    }
    if (st != FIRN_ERR_NOT_FOUND) return st;
    st = firn_catalog_get_ops(out->catalog)
             ->load_view(firn_catalog_ctx(out->catalog), &out->ident, session->arena, &view, err);
    if (st == FIRN_OK) return use_view(out, view.metadata, err);
    if (st != FIRN_ERR_NOT_FOUND) return st;
    const firn_str text = firn_session__ident_text(session, &out->ident);
    const firn_str catalog = firn_catalog_name(out->catalog);
    (void)firn_fail(err, st, "table or view %.*s does not exist in catalog %.*s",
                    FIRN_STR_ARG(text), FIRN_STR_ARG(catalog));
    if (err) err->position = name->offset;
    firn_session__suggest(session, out->catalog, &out->ident, err);
    return st;
}

/* ---- texts ---- */

static const char *primitive_name(firn_type_kind kind)
{
    switch (kind) {
    case FIRN_TYPE_UNKNOWN: return "unknown";
    case FIRN_TYPE_BOOLEAN: return "boolean";
    case FIRN_TYPE_INT: return "int";
    case FIRN_TYPE_LONG: return "bigint";
    case FIRN_TYPE_FLOAT: return "float";
    case FIRN_TYPE_DOUBLE: return "double";
    case FIRN_TYPE_DATE: return "date";
    case FIRN_TYPE_TIME: return "time";
    case FIRN_TYPE_TIMESTAMP: return "timestamp";
    case FIRN_TYPE_TIMESTAMPTZ: return "timestamptz";
    case FIRN_TYPE_TIMESTAMP_NS: return "timestamp_ns";
    case FIRN_TYPE_TIMESTAMPTZ_NS: return "timestamptz_ns";
    case FIRN_TYPE_STRING: return "string";
    case FIRN_TYPE_UUID: return "uuid";
    case FIRN_TYPE_BINARY: return "binary";
    case FIRN_TYPE_VARIANT: return "variant";
    case FIRN_TYPE_GEOMETRY: return "geometry";
    case FIRN_TYPE_GEOGRAPHY: return "geography";
    case FIRN_TYPE_DECIMAL:
    case FIRN_TYPE_FIXED:
    case FIRN_TYPE_STRUCT:
    case FIRN_TYPE_LIST:
    case FIRN_TYPE_MAP: return NULL;
    }
    return NULL;
}

static void put_type(firn_buf *out, const firn_type *type, int depth)
{
    const char *name = primitive_name(type->kind);
    if (name) {
        firn_buf_cstr(out, name);
    } else if (type->kind == FIRN_TYPE_DECIMAL) {
        firn_buf_printf(out, "decimal(%d,%d)", (int)type->precision, (int)type->scale);
    } else if (type->kind == FIRN_TYPE_FIXED) {
        firn_buf_printf(out, "fixed(%d)", (int)type->length);
    } else if (depth > FIRN_LIMIT_NESTING) {
        firn_buf_cstr(out, "...");
    } else {
        firn_buf_cstr(out, type->kind == FIRN_TYPE_LIST  ? "array<"
                           : type->kind == FIRN_TYPE_MAP ? "map<"
                                                         : "struct<");
        for (size_t i = 0; i < type->n_fields; i++) {
            if (i > 0) firn_buf_byte(out, ',');
            if (type->kind == FIRN_TYPE_STRUCT) {
                firn_buf_str(out, type->fields[i].name);
                firn_buf_byte(out, ':');
            }
            put_type(out, type->fields[i].type, depth + 1);
        }
        firn_buf_byte(out, '>');
    }
}

static firn_status take_text(firn_session *session, firn_buf *buf, firn_str *out, firn_error *err)
{
    firn_status st = firn_buf_check(buf, err);
    if (st == FIRN_OK) {
        *out = firn_arena_copy(session->arena, firn_buf_view(buf));
        if (!out->data) st = firn_fail_nomem(err);
    }
    firn_buf_dispose(buf);
    return st;
}

static firn_status type_text(firn_session *session, const firn_type *type, firn_str *out,
                             firn_error *err)
{
    firn_buf buf;
    firn_buf_init(&buf, session->env->alloc, 0);
    put_type(&buf, type, 0);
    return take_text(session, &buf, out, err);
}

/* As PARTITIONED BY reads it. */
static void put_transform(firn_buf *out, const firn_transform *t, firn_str column)
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

static firn_str column_name(const firn_table_metadata *table, int32_t id)
{
    const firn_field *field = firn_schema_find_id(firn_metadata_schema(table), id);
    return field ? field->name : FIRN_STR("?");
}

/* ---- SHOW CREATE ---- */

static void put_string(firn_buf *out, firn_str text)
{
    firn_buf_byte(out, '\'');
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '\'') firn_buf_byte(out, '\'');
        firn_buf_byte(out, (uint8_t)text.data[i]);
    }
    firn_buf_byte(out, '\'');
}

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
        put_transform(out, &spec->fields[i].transform,
                      column_name(d->table, spec->fields[i].source_id));
        before = ", ";
    }
    if (before[0] == ',') firn_buf_cstr(out, ")\n");
}

static void put_properties(const firn_described *d, firn_buf *out)
{
    firn_buf_printf(out, "TBLPROPERTIES (\n  'format-version' = '%d'",
                    (int)d->table->format_version);
    for (size_t i = 0; i < d->properties.n; i++) {
        const firn_property *item = &d->properties.items[i];
        if (firn_str_equals(item->key, FIRN_STR("comment"))) continue;
        firn_buf_cstr(out, ",\n  ");
        put_string(out, item->key);
        firn_buf_cstr(out, " = ");
        put_string(out, item->value);
    }
    firn_buf_cstr(out, ")");
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
            put_type(out, field->type, 0);
            if (field->is_required) firn_buf_cstr(out, " NOT NULL");
        }
        if (field->doc.len > 0) {
            firn_buf_cstr(out, " COMMENT ");
            put_string(out, field->doc);
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
        put_string(out, comment);
        firn_buf_byte(out, '\n');
    }
    if (d->table) {
        firn_buf_cstr(out, "LOCATION ");
        put_string(out, d->location);
        firn_buf_byte(out, '\n');
        put_properties(d, out);
    } else if (d->version->n_representations > 0) {
        firn_buf_cstr(out, "AS\n");
        firn_buf_str(out, d->version->representations[0].sql);
    }
}

firn_status firn_show__create_text(firn_session *session, const firn_described *d, firn_str *out,
                                   firn_error *err)
{
    firn_buf buf;
    firn_buf_init(&buf, session->env->alloc, 0);
    put_statement(session, d, &buf);
    return take_text(session, &buf, out, err);
}

/* ---- DESCRIBE ---- */

static void add_row(firn_show *show, firn_str a, firn_str b, firn_str c)
{
    const firn_str cells[] = {a, b, c};
    firn_show__row(show, cells, 3);
}

static firn_status add_partitions(firn_show *show, const firn_described *d, firn_error *err)
{
    const firn_partition_spec *spec = firn_metadata_spec(d->table);
    const firn_str none = FIRN_STR("");
    int n = 0;
    for (size_t i = 0; i < spec->n_fields; i++) {
        const firn_partition_field *field = &spec->fields[i];
        firn_buf buf;
        firn_str text;
        if (field->transform.kind == FIRN_TRANSFORM_VOID) continue;
        if (n == 0) {
            add_row(show, none, none, none);
            add_row(show, FIRN_STR("# Partitioning"), none, none);
        }
        firn_buf_init(&buf, show->session->env->alloc, 0);
        put_transform(&buf, &field->transform, column_name(d->table, field->source_id));
        FIRN_TRY(take_text(show->session, &buf, &text, err));
        add_row(show, firn_arena_printf(show->session->arena, "Part %d", n++), text, none);
    }
    return FIRN_OK;
}

static void add_details(firn_show *show, const firn_described *d)
{
    firn_arena *arena = show->session->arena;
    const firn_str none = FIRN_STR("");
    add_row(show, none, none, none);
    add_row(show, FIRN_STR("# Detailed Table Information"), none, none);
    add_row(show, FIRN_STR("Name"), firn_session__ident_text(show->session, &d->ident), none);
    add_row(show, FIRN_STR("Catalog"), firn_catalog_name(d->catalog), none);
    add_row(show, FIRN_STR("Type"), d->table ? FIRN_STR("TABLE") : FIRN_STR("VIEW"), none);
    add_row(show, FIRN_STR("Location"), d->location, none);
    if (d->table) {
        add_row(show, FIRN_STR("Provider"), FIRN_STR("iceberg"), none);
        add_row(show, FIRN_STR("Format version"),
                firn_arena_printf(arena, "%d", (int)d->table->format_version), none);
        if (d->table->current_snapshot_id >= 0) {
            add_row(show, FIRN_STR("Current snapshot"),
                    firn_arena_printf(arena, "%" PRId64, d->table->current_snapshot_id), none);
        }
    } else if (d->version->n_representations > 0) {
        add_row(show, FIRN_STR("View Text"), d->version->representations[0].sql, none);
    }
    for (size_t i = 0; i < d->properties.n; i++) {
        add_row(show, d->properties.items[i].key, d->properties.items[i].value, none);
    }
}

static firn_status describe_all(firn_session *session, const firn_described *d, bool is_extended,
                                firn_result **out, firn_error *err)
{
    static const char *const k_names[] = {"col_name", "data_type", "comment"};
    firn_show show;
    firn_status st = FIRN_OK;
    FIRN_TRY(firn_show__begin(&show, session, k_names, 3, err));
    for (size_t i = 0; i < d->root->n_fields && st == FIRN_OK; i++) {
        const firn_field *field = &d->root->fields[i];
        firn_str type = {0};
        st = type_text(session, field->type, &type, err);
        add_row(&show, field->name, type, field->doc.len > 0 ? field->doc : (firn_str){0});
    }
    if (st == FIRN_OK && d->table) st = add_partitions(&show, d, err);
    if (st == FIRN_OK && is_extended) add_details(&show, d);
    return firn_show__end(&show, "DESCRIBE", st, out, err);
}

static firn_status describe_column(firn_session *session, const firn_described *d,
                                   const firn_sql_name *name, firn_result **out, firn_error *err)
{
    static const char *const k_names[] = {"info_name", "info_value"};
    firn_show show;
    firn_str type;
    const firn_schema schema = {.root = *d->root};
    const firn_field *field =
        firn_schema_find_name(&schema, firn_sql_name_text(name, session->arena));
    if (!field) {
        const firn_status st = firn_fail(err, FIRN_ERR_NOT_FOUND, "there is no column \"%.*s\"",
                                         FIRN_STR_ARG(name->parts[name->n_parts - 1]));
        if (err) err->position = name->offset;
        return st;
    }
    FIRN_TRY(type_text(session, field->type, &type, err));
    FIRN_TRY(firn_show__begin(&show, session, k_names, 2, err));
    const firn_str rows[][2] = {
        {FIRN_STR("col_name"), field->name},
        {FIRN_STR("data_type"), type},
        {FIRN_STR("comment"), field->doc.len > 0 ? field->doc : FIRN_STR("NULL")}};
    for (size_t i = 0; i < 3; i++) firn_show__row(&show, rows[i], 2);
    return firn_show__end(&show, "DESCRIBE", FIRN_OK, out, err);
}

firn_status firn_show__describe(firn_session *session, firn_sql_parser *p, bool *handled,
                                firn_result **out, firn_error *err)
{
    firn_sql_name name;
    firn_sql_name column;
    firn_described d;
    const bool is_table = firn_parser_accept(p, "TABLE") || firn_parser_accept(p, "VIEW");
    const bool is_extended =
        firn_parser_accept(p, "EXTENDED") || firn_parser_accept(p, "FORMATTED");
    *handled = is_table || is_extended;
    if (!*handled && (firn_parser_at(p, "SELECT") || firn_parser_at(p, "WITH") ||
                      firn_parser_at(p, "FROM") || firn_parser_at(p, "VALUES"))) {
        return FIRN_OK;
    }
    const firn_status parsed = firn_parser_name(p, &name, err);
    if (parsed != FIRN_OK) return *handled ? parsed : FIRN_OK;
    const bool has_column = !firn_parser_at_end(p);
    if (has_column) {
        const firn_status st = firn_parser_name(p, &column, err);
        if (st != FIRN_OK) return *handled ? st : FIRN_OK;
        if (!firn_parser_at_end(p)) return *handled ? firn_parser_expect_end(p, err) : FIRN_OK;
    }
    if (firn_session__is_temporary(session, &name)) {
        *handled = false;
        return FIRN_OK;
    }
    const firn_status st = firn_show__load(session, &name, &d, err);
    /* metadata tables and the engine's own: its DESCRIBE, and its error */
    if (st == FIRN_ERR_NOT_FOUND && !*handled && name.n_parts > 1) return FIRN_OK;
    *handled = true;
    FIRN_TRY(st);
    if (has_column) return describe_column(session, &d, &column, out, err);
    return describe_all(session, &d, is_extended, out, err);
}
