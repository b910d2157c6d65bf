/* SPDX-License-Identifier: Apache-2.0 */
/* What tools that know SQL but not Iceberg ask for. Every namespace is listed; "columns" and wide
 * rows load every table. */
#include "sql/show/information_schema.h"

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/columns/row_builder.h"
#include "iceberg/spec/view_update.h"
#include "sql/engine/engine.h"

static const firn_type k_int = {.kind = FIRN_TYPE_INT};
static const firn_type k_string = {.kind = FIRN_TYPE_STRING};

#define COLUMN(number, text, of)                                   \
    {                                                              \
        .id = (number), .name = FIRN_STR_INIT(text), .type = &(of) \
    }

static const firn_field k_schema_columns[] = {COLUMN(1, "catalog_name", k_string),
                                              COLUMN(2, "schema_name", k_string)};
static const firn_field k_table_columns[] = {
    COLUMN(1, "table_catalog", k_string), COLUMN(2, "table_schema", k_string),
    COLUMN(3, "table_name", k_string),    COLUMN(4, "table_type", k_string),
    COLUMN(5, "comment", k_string),       COLUMN(6, "view_definition", k_string)};
static const firn_field k_column_columns[] = {
    COLUMN(1, "table_catalog", k_string), COLUMN(2, "table_schema", k_string),
    COLUMN(3, "table_name", k_string),    COLUMN(4, "column_name", k_string),
    COLUMN(5, "ordinal_position", k_int), COLUMN(6, "is_nullable", k_string),
    COLUMN(7, "data_type", k_string),     COLUMN(8, "comment", k_string)};

/* The last columns of a kind of rows are of wide ones only. */
typedef enum row_kind { ROWS_SCHEMATA = 0, ROWS_TABLES, ROWS_COLUMNS, N_ROW_KINDS } row_kind;

static const struct {
    const char *name;
    firn_type narrow, wide;
} k_kinds[N_ROW_KINDS] = {
    [ROWS_SCHEMATA] = {"schemata",
                       {.kind = FIRN_TYPE_STRUCT, .fields = k_schema_columns, .n_fields = 2},
                       {.kind = FIRN_TYPE_STRUCT, .fields = k_schema_columns, .n_fields = 2}},
    [ROWS_TABLES] = {"tables",
                     {.kind = FIRN_TYPE_STRUCT, .fields = k_table_columns, .n_fields = 4},
                     {.kind = FIRN_TYPE_STRUCT, .fields = k_table_columns, .n_fields = 6}},
    [ROWS_COLUMNS] = {"columns",
                      {.kind = FIRN_TYPE_STRUCT, .fields = k_column_columns, .n_fields = 7},
                      {.kind = FIRN_TYPE_STRUCT, .fields = k_column_columns, .n_fields = 8}},
};

typedef struct walk {
    const firn_information_opts *opts;
    firn_catalog *catalog;
    const firn_catalog_ops *ops;
    void *ctx;
    firn_arena *arena;
    row_kind kind;
    firn_row_builder b;
    firn_error *err;
} walk;

static firn_str dotted(walk *w, const firn_ident *ns)
{
    firn_str text = FIRN_STR("");
    for (size_t i = 0; i < ns->n_levels && text.data; i++) {
        text = firn_arena_printf(w->arena, "%.*s%s%.*s", FIRN_STR_ARG(text), i > 0 ? "." : "",
                                 FIRN_STR_ARG(ns->levels[i]));
    }
    return text;
}

static void text(walk *w, size_t column, firn_str value)
{
    firn_cell_text(&w->b, firn_rows_column(&w->b, column), value);
}

/* Catalog, schema and, below a table, its name. */
static void put_names(walk *w, const firn_ident *ident, bool has_name)
{
    text(w, 0, firn_catalog_name(w->catalog));
    text(w, 1, dotted(w, ident));
    if (has_name) text(w, 2, ident->name);
}

static void text_or_null(walk *w, size_t column, firn_str value)
{
    if (value.len > 0)
        text(w, column, value);
    else
        firn_cell_null(&w->b, firn_rows_column(&w->b, column));
}

static void put_type(walk *w, const firn_type *type)
{
    firn_buf buf;
    firn_buf_init(&buf, NULL, FIRN_LIMIT_METADATA);
    const bool is_engine = w->opts->dialect == FIRN_DIALECT_DUCKDB;
    if (!is_engine || firn_duckdb_type_text(type, &buf, NULL) != FIRN_OK) {
        firn_buf_clear(&buf);
        firn_dialect_put_column_type(w->opts->dialect, type, &buf);
    }
    text(w, 6, firn_buf_view(&buf));
    firn_buf_dispose(&buf);
}

static void put_fields(walk *w, const firn_ident *ident, const firn_type *root)
{
    for (size_t i = 0; i < root->n_fields; i++) {
        const firn_field *field = &root->fields[i];
        put_names(w, ident, true);
        text(w, 3, field->name);
        firn_cell_int(&w->b, firn_rows_column(&w->b, 4), (int32_t)i + 1);
        text(w, 5, field->is_required ? FIRN_STR("NO") : FIRN_STR("YES"));
        put_type(w, field->type);
        if (w->opts->is_wide) text_or_null(w, 7, field->doc);
    }
}

/* Those that were dropped since they were listed have no rows. */
static firn_status put_table(walk *w, const firn_ident *ident)
{
    firn_loaded_table loaded = {0};
    const bool must_load = w->kind == ROWS_COLUMNS || w->opts->is_wide;
    const firn_status st =
        must_load ? w->ops->load_table(w->ctx, ident, w->arena, &loaded, w->err) : FIRN_OK;
    if (st == FIRN_ERR_NOT_FOUND) return FIRN_OK;
    FIRN_TRY(st);
    if (w->kind == ROWS_COLUMNS) {
        put_fields(w, ident, &firn_metadata_schema(loaded.metadata)->root);
        return w->b.status;
    }
    put_names(w, ident, true);
    text(w, 3, FIRN_STR("BASE TABLE"));
    if (!w->opts->is_wide) return w->b.status;
    text_or_null(
        w, 4, firn_properties_get(&loaded.metadata->properties, FIRN_STR("comment"), FIRN_STR("")));
    text_or_null(w, 5, FIRN_STR(""));
    return w->b.status;
}

static firn_status put_view(walk *w, const firn_ident *ident)
{
    firn_loaded_view loaded = {0};
    const bool must_load = w->kind == ROWS_COLUMNS || w->opts->is_wide;
    const firn_status st =
        must_load ? w->ops->load_view(w->ctx, ident, w->arena, &loaded, w->err) : FIRN_OK;
    if (st == FIRN_ERR_NOT_FOUND) return FIRN_OK;
    FIRN_TRY(st);
    const firn_view_version *version =
        must_load ? firn_view_current_version(loaded.metadata) : NULL;
    const firn_schema *schema = version ? firn_view_schema_of(loaded.metadata, version) : NULL;
    if (w->kind == ROWS_COLUMNS) {
        if (schema) put_fields(w, ident, &schema->root);
        return w->b.status;
    }
    put_names(w, ident, true);
    text(w, 3, FIRN_STR("VIEW"));
    if (!w->opts->is_wide) return w->b.status;
    text_or_null(
        w, 4, firn_properties_get(&loaded.metadata->properties, FIRN_STR("comment"), FIRN_STR("")));
    text_or_null(w, 5,
                 version && version->n_representations > 0 ? version->representations[0].sql
                                                           : FIRN_STR(""));
    return w->b.status;
}

static firn_status visit_tables(walk *w, const firn_ident *ns)
{
    firn_ident *found = NULL;
    size_t n = 0;
    FIRN_TRY(w->ops->list_tables(w->ctx, ns, w->arena, &found, &n, w->err));
    for (size_t i = 0; i < n; i++) FIRN_TRY(put_table(w, &found[i]));
    FIRN_TRY(w->ops->list_views(w->ctx, ns, w->arena, &found, &n, w->err));
    for (size_t i = 0; i < n; i++) FIRN_TRY(put_view(w, &found[i]));
    return w->b.status;
}

static firn_status visit(walk *w, const firn_ident *parent, int depth)
{
    firn_ident *found = NULL;
    size_t n = 0;
    if (depth > FIRN_LIMIT_NESTING) return FIRN_OK;
    FIRN_TRY(w->ops->list_namespaces(w->ctx, parent, w->arena, &found, &n, w->err));
    for (size_t i = 0; i < n; i++) {
        if (w->kind == ROWS_SCHEMATA) {
            put_names(w, &found[i], false);
        } else {
            FIRN_TRY(visit_tables(w, &found[i]));
        }
        FIRN_TRY(visit(w, &found[i], depth + 1));
    }
    return w->b.status;
}

static void destroy_batch(void *batch)
{
    firn_batch_destroy(batch);
}

static firn_status visit_catalogs(walk *w)
{
    const firn_ident top = {0};
    for (size_t i = 0; i < w->opts->n_catalogs; i++) {
        w->catalog = w->opts->catalogs[i];
        w->ops = firn_catalog_get_ops(w->catalog);
        w->ctx = firn_catalog_ctx(w->catalog);
        FIRN_TRY(visit(w, &top, 0));
    }
    return FIRN_OK;
}

static row_kind kind_of(firn_str name)
{
    row_kind kind = ROWS_SCHEMATA;
    while (kind < N_ROW_KINDS && !firn_str_equals_nocase(name, firn_str_of(k_kinds[kind].name)))
        kind++;
    return kind;
}

bool firn_information_schema_has(firn_str name)
{
    return kind_of(name) < N_ROW_KINDS;
}

firn_status firn_information_schema_rows(const firn_information_opts *opts, firn_str name,
                                         firn_arena *arena, const firn_type **type_out,
                                         const firn_batch **out, firn_error *err)
{
    walk w = {.opts = opts, .arena = arena, .kind = kind_of(name), .err = err};
    if (w.kind == N_ROW_KINDS) return FIRN_ERR_NOT_FOUND;
    *type_out = opts->is_wide ? &k_kinds[w.kind].wide : &k_kinds[w.kind].narrow;
    w.b = firn_rows_begin(*type_out, err);
    firn_status st = w.b.status;
    if (st == FIRN_OK) st = visit_catalogs(&w);
    if (st == FIRN_OK) st = firn_rows_finish(&w.b);
    if (st == FIRN_OK) st = firn_arena_defer(arena, destroy_batch, w.b.batch, err);
    if (st != FIRN_OK) {
        firn_batch_destroy(w.b.batch);
        return st;
    }
    *out = w.b.batch;
    return FIRN_OK;
}
