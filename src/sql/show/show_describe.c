/* SPDX-License-Identifier: Apache-2.0 */
/* DESCRIBE [TABLE] [EXTENDED] of tables and views (of queries it is the engine's). */
#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "iceberg/spec/partition_type.h"
#include "iceberg/spec/view_update.h"
#include "sql/ddl/ddl.h"
#include "sql/metadata_tables/metadata_docs.h"
#include "sql/show/show.h"
#include "sql/show/trino_metadata.h"

/* ---- loading ---- */

static firn_status use_view(firn_described *d, const firn_view_metadata *view, firn_error *err)
{
    d->view = view;
    d->version = firn_view_current_version(view);
    const firn_schema *schema = d->version ? firn_view_schema_of(view, d->version) : NULL;
    if (schema) d->root = &schema->root;
    d->properties = view->properties;
    d->location = view->location;
    return d->root ? FIRN_OK : firn_fail(err, FIRN_ERR_CORRUPT, "view without a current schema");
}

firn_status firn_show__load_ident(firn_session *session, firn_catalog *catalog,
                                  const firn_ident *ident, firn_described *out, firn_error *err)
{
    const firn_loaded_table *loaded = NULL;
    *out = (firn_described){.catalog = catalog, .ident = *ident};
    FIRN_TRY(firn_session__load(session, catalog, ident, &loaded, err));
    out->table = loaded->metadata;
    out->root = &firn_metadata_schema(out->table)->root;
    out->properties = out->table->properties;
    out->location = out->table->location;
    return FIRN_OK;
}

firn_status firn_show__load(firn_session *session, const firn_sql_name *name, firn_described *out,
                            firn_error *err)
{
    firn_catalog *at = NULL;
    firn_ident ident;
    firn_loaded_view view;
    *out = (firn_described){0};
    FIRN_TRY(firn_session__resolve(session, name, session->arena, &at, &ident, err));
    firn_status st = firn_show__load_ident(session, at, &ident, out, err);
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

static firn_status type_text(firn_session *session, const firn_type *type, firn_str *out,
                             firn_error *err)
{
    firn_buf buf;
    firn_buf_init(&buf, session->env->alloc, 0);
    firn_dialect_put_column_type(session->dialect, type, &buf);
    return firn_show__take_text(session, &buf, out, err);
}

/* ---- DESCRIBE ---- */

static void add_row(firn_show *show, firn_str a, firn_str b, firn_str c)
{
    const firn_str cells[] = {a, b, c};
    firn_show__row(show, cells, 3);
}

/* Spark tells of columns alone as of a table of Hive. */
static bool is_by_columns(const firn_partition_spec *spec)
{
    size_t n = 0;
    for (size_t i = 0; i < spec->n_fields; i++) {
        const firn_transform_kind kind = spec->fields[i].transform.kind;
        if (kind != FIRN_TRANSFORM_IDENTITY && kind != FIRN_TRANSFORM_VOID) return false;
        n += kind == FIRN_TRANSFORM_IDENTITY;
    }
    return n > 0;
}

static firn_status add_partition_columns(firn_show *show, const firn_described *d, firn_error *err)
{
    const firn_partition_spec *spec = firn_metadata_spec(d->table);
    const firn_str none = FIRN_STR("");
    add_row(show, FIRN_STR("# Partition Information"), none, none);
    add_row(show, FIRN_STR("# col_name"), FIRN_STR("data_type"), FIRN_STR("comment"));
    for (size_t i = 0; i < spec->n_fields; i++) {
        const firn_schema *schema = firn_metadata_schema(d->table);
        const firn_field *field = firn_schema_find_id(schema, spec->fields[i].source_id);
        firn_str type;
        if (!field || spec->fields[i].transform.kind == FIRN_TRANSFORM_VOID) continue;
        FIRN_TRY(type_text(show->session, field->type, &type, err));
        add_row(show, field->name, type, field->doc.len > 0 ? field->doc : (firn_str){0});
    }
    return FIRN_OK;
}

static firn_status add_partitions(firn_show *show, const firn_described *d, firn_error *err)
{
    const firn_partition_spec *spec = firn_metadata_spec(d->table);
    const firn_str none = FIRN_STR("");
    int n = 0;
    if (show->session->dialect == FIRN_DIALECT_SPARK && is_by_columns(spec)) {
        return add_partition_columns(show, d, err);
    }
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
        firn_show__put_transform(&buf, &field->transform,
                                 firn_show__column_name(d->table, field->source_id));
        FIRN_TRY(firn_show__take_text(show->session, &buf, &text, err));
        add_row(show, firn_arena_printf(show->session->arena, "Part %d", n++), text, none);
    }
    return FIRN_OK;
}

static void add_view_details(firn_show *show, const firn_described *d)
{
    firn_arena *arena = show->session->arena;
    const firn_view_version *version = d->version;
    firn_str levels = FIRN_STR("");
    for (size_t i = 0; i < version->n_default_namespace && levels.data; i++)
        levels = firn_arena_printf(arena, "%.*s%s%.*s", FIRN_STR_ARG(levels), i > 0 ? "." : "",
                                   FIRN_STR_ARG(version->default_namespace[i]));
    add_row(show, FIRN_STR("View Version"),
            firn_arena_printf(arena, "%d", (int)version->version_id), FIRN_STR(""));
    add_row(show, FIRN_STR("View Catalog and Namespace"),
            firn_arena_printf(arena, "%.*s.%.*s", FIRN_STR_ARG(version->default_catalog),
                              FIRN_STR_ARG(levels)),
            FIRN_STR(""));
    for (size_t i = 0; i < version->n_representations; i++)
        add_row(show,
                firn_arena_printf(arena, "View Text (%.*s)",
                                  FIRN_STR_ARG(version->representations[i].dialect)),
                version->representations[i].sql, FIRN_STR(""));
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
    } else {
        add_view_details(show, d);
    }
    for (size_t i = 0; i < d->properties.n; i++) {
        add_row(show, d->properties.items[i].key, d->properties.items[i].value, none);
    }
}

/* As Spark tells of a table; statistics and who made it are not known here. */
static firn_status add_spark_details(firn_show *show, const firn_described *d, firn_error *err)
{
    static const char *const k_columns[][2] = {{"_spec_id", "int"},
                                               {"_partition", NULL},
                                               {"_file", "string"},
                                               {"_pos", "bigint"},
                                               {"_deleted", "boolean"}};
    firn_session *session = show->session;
    const firn_str none = FIRN_STR("");
    const firn_str comment = firn_properties_get(&d->properties, FIRN_STR("comment"), none);
    const firn_str owner = firn_properties_get(&d->properties, FIRN_STR("owner"), none);
    const firn_type *partition = NULL;
    firn_str type;
    firn_str properties;
    FIRN_TRY(firn_metadata_partition_type(d->table, session->arena, &partition, err));
    FIRN_TRY(type_text(session, partition, &type, err));
    FIRN_TRY(firn_show__property_list(session, d, &properties, err));
    add_row(show, none, none, none);
    add_row(show, FIRN_STR("# Metadata Columns"), none, none);
    for (size_t i = 0; i < sizeof k_columns / sizeof *k_columns; i++)
        add_row(show, firn_str_of(k_columns[i][0]),
                k_columns[i][1] ? firn_str_of(k_columns[i][1]) : type, none);
    add_row(show, none, none, none);
    add_row(show, FIRN_STR("# Detailed Table Information"), none, none);
    add_row(show, FIRN_STR("Name"),
            firn_arena_printf(session->arena, "%.*s.%.*s",
                              FIRN_STR_ARG(firn_catalog_name(d->catalog)),
                              FIRN_STR_ARG(firn_session__ident_text(session, &d->ident))),
            none);
    add_row(show, FIRN_STR("Type"), FIRN_STR("MANAGED"), none);
    if (comment.len > 0) add_row(show, FIRN_STR("Comment"), comment, none);
    add_row(show, FIRN_STR("Location"), d->location, none);
    add_row(show, FIRN_STR("Provider"), FIRN_STR("iceberg"), none);
    if (owner.len > 0) add_row(show, FIRN_STR("Owner"), owner, none);
    add_row(show, FIRN_STR("Table Properties"), properties, none);
    return FIRN_OK;
}

/* Columns of a table, a view or a query, one a row. metadata: the name of a metadata table, or
 * empty; none: in the place of a comment that is not there. */
static firn_status add_columns(firn_show *show, const firn_type *root, firn_str metadata,
                               firn_str none, firn_error *err)
{
    firn_session *session = show->session;
    const bool is_trino = session->dialect == FIRN_DIALECT_TRINO;
    for (size_t i = 0; i < root->n_fields; i++) {
        const firn_field *field = &root->fields[i];
        firn_str type = {0};
        const char *special = is_trino ? firn_trino_metadata_type(metadata, field->name) : NULL;
        if (special)
            type = firn_str_of(special);
        else
            FIRN_TRY(type_text(session, field->type, &type, err));
        if (is_trino) {
            const firn_str cells[] = {field->name, type, FIRN_STR(""),
                                      field->doc.len > 0 ? field->doc : FIRN_STR("")};
            firn_show__row(show, cells, 4);
        } else {
            add_row(show, field->name, type, field->doc.len > 0 ? field->doc : none);
        }
    }
    return FIRN_OK;
}

static firn_status begin_columns(firn_show *show, firn_session *session, firn_error *err)
{
    static const char *const k_names[] = {"col_name", "data_type", "comment"};
    static const char *const k_trino[] = {"Column", "Type", "Extra", "Comment"};
    const bool is_trino = session->dialect == FIRN_DIALECT_TRINO;
    return firn_show__begin(show, session, is_trino ? k_trino : k_names, is_trino ? 4 : 3, err);
}

firn_status firn_show__columns(firn_session *session, const firn_type *root, firn_str name,
                               const char *tag, firn_result **out, firn_error *err)
{
    firn_show show;
    FIRN_TRY(begin_columns(&show, session, err));
    return firn_show__end(&show, tag, add_columns(&show, root, name, (firn_str){0}, err), out, err);
}

/* What DESCRIBE says of a query, as the dialect's engine does. */
static firn_status describe_query(firn_session *session, firn_str sql, firn_result **out,
                                  firn_error *err)
{
    firn_type root;
    FIRN_TRY(firn_session__describe(session, sql, session->arena, &root, err));
    return firn_show__columns(session, &root, FIRN_STR(""), "DESCRIBE", out, err);
}

/* A metadata table by the query that reads it. */
static firn_status describe_metadata(firn_session *session, firn_str sql, const firn_sql_name *name,
                                     firn_result **out, firn_error *err)
{
    firn_type root;
    const firn_str last = name->parts[name->n_parts - 1];
    FIRN_TRY(firn_session__describe(session, sql, session->arena, &root, err));
    if (session->dialect == FIRN_DIALECT_SPARK)
        FIRN_TRY(firn_metadata_add_docs(last, &root, session->arena, err));
    return firn_show__columns(session, &root, last, "DESCRIBE", out, err);
}

static firn_status describe_all(firn_session *session, const firn_described *d, bool is_extended,
                                firn_result **out, firn_error *err)
{
    firn_show show;
    if (session->dialect == FIRN_DIALECT_TRINO) {
        return firn_show__columns(session, d->root, FIRN_STR(""), "DESCRIBE", out, err);
    }
    const bool is_spark_view = d->view && session->dialect == FIRN_DIALECT_SPARK;
    const firn_str none = is_spark_view ? FIRN_STR("") : (firn_str){0};
    FIRN_TRY(begin_columns(&show, session, err));
    firn_status st = add_columns(&show, d->root, FIRN_STR(""), none, err);
    if (st == FIRN_OK && d->table) st = add_partitions(&show, d, err);
    const bool is_spark_table = d->table && session->dialect == FIRN_DIALECT_SPARK;
    if (st == FIRN_OK && is_extended && is_spark_table) st = add_spark_details(&show, d, err);
    if (st == FIRN_OK && is_extended && !is_spark_table) add_details(&show, d);
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

static bool is_metadata_name(const firn_sql_name *name)
{
    return firn_str_find(name->parts[name->n_parts - 1], FIRN_STR("$"), 0) != SIZE_MAX;
}

/* name [column] */
static firn_status parse_names(firn_sql_parser *p, firn_sql_name *name, firn_sql_name *column,
                               bool *has_column, firn_error *err)
{
    FIRN_TRY(firn_parser_name(p, name, err));
    *has_column = !firn_parser_at_end(p);
    if (*has_column) FIRN_TRY(firn_parser_name(p, column, err));
    return firn_parser_expect_end(p, err);
}

firn_status firn_show__describe(firn_session *session, firn_sql_parser *p, bool *handled,
                                firn_result **out, firn_error *err)
{
    firn_sql_name name;
    firn_sql_name column;
    firn_described d;
    bool has_column = false;
    const bool is_spark = session->dialect == FIRN_DIALECT_SPARK;
    if (is_spark && (firn_parser_accept(p, "NAMESPACE") || firn_parser_accept(p, "DATABASE") ||
                     firn_parser_accept(p, "SCHEMA"))) {
        *handled = true;
        return firn_show__namespace(session, p, out, err);
    }
    const bool is_table = firn_parser_accept(p, "TABLE") || firn_parser_accept(p, "VIEW");
    const bool is_extended =
        firn_parser_accept(p, "EXTENDED") || firn_parser_accept(p, "FORMATTED");
    const bool is_foreign = session->dialect != FIRN_DIALECT_DUCKDB;
    *handled = is_table || is_extended;
    const size_t from = firn_parser_peek(p).offset;
    if (is_foreign && firn_parser_accept(p, "QUERY")) {
        *handled = true;
        const firn_str query = firn_str_slice(p->sql, firn_parser_peek(p).offset, p->sql.len);
        return describe_query(session, query, out, err);
    }
    if (!*handled && (firn_parser_at(p, "SELECT") || firn_parser_at(p, "WITH") ||
                      firn_parser_at(p, "FROM") || firn_parser_at(p, "VALUES"))) {
        *handled = is_foreign;
        if (!is_foreign) return FIRN_OK;
        return describe_query(session, firn_str_slice(p->sql, from, p->sql.len), out, err);
    }
    const firn_status parsed = parse_names(p, &name, &column, &has_column, err);
    if (parsed != FIRN_OK) return *handled ? parsed : FIRN_OK;
    if (firn_session__is_temporary(session, &name)) {
        *handled = false;
        return FIRN_OK;
    }
    const firn_status st = firn_show__load(session, &name, &d, err);
    /* metadata tables and the engine's own: its DESCRIBE, and its error */
    const bool is_engines =
        st == FIRN_ERR_NOT_FOUND && !*handled && (name.n_parts > 1 || is_metadata_name(&name));
    if (is_engines && is_foreign && !has_column) {
        const firn_str sql = firn_arena_printf(session->arena, "SELECT * FROM %.*s",
                                               (int)name.length, p->sql.data + name.offset);
        *handled = true;
        return sql.data ? describe_metadata(session, sql, &name, out, err) : firn_fail_nomem(err);
    }
    if (is_engines) return FIRN_OK;
    *handled = true;
    FIRN_TRY(st);
    if (has_column) return describe_column(session, &d, &column, out, err);
    return describe_all(session, &d, is_extended, out, err);
}
