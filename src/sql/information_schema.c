/* SPDX-License-Identifier: Apache-2.0 */
/* What tools that know SQL but not Iceberg ask for. Every namespace is listed; "columns" loads
 * every table. */
#include "sql/information_schema.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "sql/row_builder.h"

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
    COLUMN(3, "table_name", k_string), COLUMN(4, "table_type", k_string)};
static const firn_field k_column_columns[] = {
    COLUMN(1, "table_catalog", k_string), COLUMN(2, "table_schema", k_string),
    COLUMN(3, "table_name", k_string),    COLUMN(4, "column_name", k_string),
    COLUMN(5, "ordinal_position", k_int), COLUMN(6, "is_nullable", k_string),
    COLUMN(7, "data_type", k_string)};
static const firn_type k_schema_root = {
    .kind = FIRN_TYPE_STRUCT, .fields = k_schema_columns, .n_fields = 2};
static const firn_type k_table_root = {
    .kind = FIRN_TYPE_STRUCT, .fields = k_table_columns, .n_fields = 4};
static const firn_type k_column_root = {
    .kind = FIRN_TYPE_STRUCT, .fields = k_column_columns, .n_fields = 7};

typedef struct walk {
    firn_catalog *catalog;
    const firn_catalog_ops *ops;
    void *ctx;
    firn_arena *arena;
    const firn_type *root;
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

static void put_fields(walk *w, const firn_ident *ident, const firn_type *root)
{
    for (size_t i = 0; i < root->n_fields; i++) {
        char type[64];
        const firn_field *field = &root->fields[i];
        put_names(w, ident, true);
        text(w, 3, field->name);
        firn_cell_int(&w->b, firn_rows_column(&w->b, 4), (int32_t)i + 1);
        text(w, 5, field->is_required ? FIRN_STR("NO") : FIRN_STR("YES"));
        text(w, 6, firn_str_of(firn_type_name(field->type, type, sizeof type)));
    }
}

static firn_status put_columns(walk *w, const firn_ident *ident)
{
    firn_loaded_table loaded;
    const firn_status st = w->ops->load_table(w->ctx, ident, w->arena, &loaded, w->err);
    if (st == FIRN_ERR_NOT_FOUND) return FIRN_OK; /* dropped since it was listed */
    FIRN_TRY(st);
    put_fields(w, ident, &firn_metadata_schema(loaded.metadata)->root);
    return w->b.status;
}

static firn_status visit_tables(walk *w, const firn_ident *ns)
{
    firn_ident *found = NULL;
    size_t n = 0;
    FIRN_TRY(w->ops->list_tables(w->ctx, ns, w->arena, &found, &n, w->err));
    for (size_t i = 0; i < n; i++) {
        if (w->root == &k_column_root) {
            FIRN_TRY(put_columns(w, &found[i]));
        } else {
            put_names(w, &found[i], true);
            text(w, 3, FIRN_STR("BASE TABLE"));
        }
    }
    if (w->root == &k_column_root) return w->b.status;
    FIRN_TRY(w->ops->list_views(w->ctx, ns, w->arena, &found, &n, w->err));
    for (size_t i = 0; i < n; i++) {
        put_names(w, &found[i], true);
        text(w, 3, FIRN_STR("VIEW"));
    }
    return w->b.status;
}

static firn_status visit(walk *w, const firn_ident *parent, int depth)
{
    firn_ident *found = NULL;
    size_t n = 0;
    if (depth > FIRN_LIMIT_NESTING) return FIRN_OK;
    FIRN_TRY(w->ops->list_namespaces(w->ctx, parent, w->arena, &found, &n, w->err));
    for (size_t i = 0; i < n; i++) {
        if (w->root == &k_schema_root) {
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

firn_status firn_information_schema_rows(firn_catalog *catalog, firn_str name, firn_arena *arena,
                                         const firn_type **type_out, const firn_batch **out,
                                         firn_error *err)
{
    const firn_ident top = {0};
    walk w = {.catalog = catalog,
              .ops = firn_catalog_get_ops(catalog),
              .ctx = firn_catalog_ctx(catalog),
              .arena = arena,
              .err = err};
    if (firn_str_equals_nocase(name, FIRN_STR("schemata"))) w.root = &k_schema_root;
    if (firn_str_equals_nocase(name, FIRN_STR("tables"))) w.root = &k_table_root;
    if (firn_str_equals_nocase(name, FIRN_STR("columns"))) w.root = &k_column_root;
    if (!w.root) return FIRN_ERR_NOT_FOUND;
    w.b = firn_rows_begin(w.root, err);
    firn_status st = w.b.status;
    if (st == FIRN_OK) st = visit(&w, &top, 0);
    if (st == FIRN_OK) st = firn_rows_finish(&w.b);
    if (st == FIRN_OK) st = firn_arena_defer(arena, destroy_batch, w.b.batch, err);
    if (st != FIRN_OK) {
        firn_batch_destroy(w.b.batch);
        return st;
    }
    *type_out = w.root;
    *out = w.b.batch;
    return FIRN_OK;
}
