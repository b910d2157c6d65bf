/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/maintain/upkeep_history.h"

#include "base/error.h"
#include "base/str.h"
#include "firn/append.h"

#define N_COLUMNS 8

static const firn_str k_levels[] = {FIRN_STR_INIT("maintenance")};

firn_ident firn_upkeep_history_ident(void)
{
    return (firn_ident){.levels = k_levels, .n_levels = 1, .name = FIRN_STR("history")};
}

static const firn_type k_time = {.kind = FIRN_TYPE_TIMESTAMPTZ};
static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_text = {.kind = FIRN_TYPE_STRING};
static const firn_field k_fields[N_COLUMNS] = {
    {.id = 1, .name = FIRN_STR_INIT("started_at"), .type = &k_time},
    {.id = 2, .name = FIRN_STR_INIT("duration_ms"), .type = &k_long},
    {.id = 3, .name = FIRN_STR_INIT("table_name"), .type = &k_text},
    {.id = 4, .name = FIRN_STR_INIT("action"), .type = &k_text},
    {.id = 5, .name = FIRN_STR_INIT("files_before"), .type = &k_long},
    {.id = 6, .name = FIRN_STR_INIT("files_after"), .type = &k_long},
    {.id = 7, .name = FIRN_STR_INIT("bytes"), .type = &k_long},
    {.id = 8, .name = FIRN_STR_INIT("error"), .type = &k_text},
};
static const firn_schema k_schema = {
    .root = {.kind = FIRN_TYPE_STRUCT, .fields = k_fields, .n_fields = N_COLUMNS}};

static firn_status create(firn_env *env, firn_store *store, firn_catalog *catalog, firn_table **out,
                          firn_error *err)
{
    const firn_catalog_ops *ops = firn_catalog_get_ops(catalog);
    const firn_ident ident = firn_upkeep_history_ident();
    const firn_ident ns = {.levels = ident.levels, .n_levels = ident.n_levels};
    firn_status st =
        ops->create_namespace(firn_catalog_ctx(catalog), &ns, (firn_properties){0}, err);
    if (st != FIRN_OK && st != FIRN_ERR_EXISTS) return st;
    st = firn_table_create(env, store, catalog, &ident, FIRN_TABLE_CREATE_OPTS(.schema = &k_schema),
                           out, err);
    if (st != FIRN_ERR_EXISTS) return st;
    return firn_table_open(env, store, catalog, &ident, out, err); /* somebody was faster */
}

static firn_status open_table(firn_env *env, firn_store *store, firn_catalog *catalog,
                              firn_table **out, firn_error *err)
{
    const firn_ident ident = firn_upkeep_history_ident();
    const firn_status st = firn_table_open(env, store, catalog, &ident, out, err);
    return st == FIRN_ERR_NOT_FOUND ? create(env, store, catalog, out, err) : st;
}

static void put_long(firn_column *column, int64_t row, bool is_given, int64_t value)
{
    ((int64_t *)column->values)[row] = is_given ? value : 0;
    if (!is_given) firn_column_set_null(column, row);
}

static firn_status put_text(firn_column *column, int64_t row, firn_str text, firn_error *err)
{
    firn_view *views = column->values;
    if (text.len > 0) return firn_column_copy_bytes(column, text, &views[row], err);
    views[row] = firn_view_of("", 0);
    firn_column_set_null(column, row);
    return FIRN_OK;
}

static firn_status put_record(firn_batch *batch, int64_t row, const firn_upkeep_record *r,
                              firn_error *err)
{
    firn_column *c = batch->columns;
    const firn_maintain_step *s = r->step;
    const char *action = s ? firn_maintain_action_name(s->action) : "";
    put_long(&c[0], row, true, r->started_us);
    put_long(&c[1], row, true, r->duration_ms);
    FIRN_TRY(put_text(&c[2], row, r->table, err));
    FIRN_TRY(put_text(&c[3], row, firn_str_of(action), err));
    put_long(&c[4], row, s != NULL, s ? s->files_before : 0);
    put_long(&c[5], row, s != NULL, s ? s->files_after : 0);
    put_long(&c[6], row, s != NULL, s ? s->bytes : 0);
    return put_text(&c[7], row, r->error, err);
}

static firn_status append(firn_table *table, const firn_batch *batch, firn_error *err)
{
    firn_append *rows = NULL;
    FIRN_TRY(firn_append_begin(table, &rows, err));
    firn_status st = firn_append_rows(rows, batch, err);
    if (st == FIRN_OK) st = firn_append_commit(rows, err);
    firn_append_close(rows);
    return st;
}

static firn_status add(firn_table *table, const firn_upkeep_record *records, size_t n,
                       firn_error *err)
{
    firn_batch *batch = NULL;
    const firn_schema *schema = firn_metadata_schema(firn_table_metadata_of(table));
    if (schema->root.n_fields != N_COLUMNS)
        return firn_fail(err, FIRN_ERR_ARG, "maintenance.history has %zu columns, expected %d",
                         schema->root.n_fields, N_COLUMNS);
    FIRN_TRY(firn_batch_create(&schema->root, (int64_t)n, &batch, err));
    firn_status st = FIRN_OK;
    for (size_t i = 0; i < n && st == FIRN_OK; i++)
        st = put_record(batch, (int64_t)i, &records[i], err);
    batch->n_rows = (int64_t)n;
    for (size_t i = 0; i < N_COLUMNS; i++) batch->columns[i].n_values = (int64_t)n;
    if (st == FIRN_OK) st = append(table, batch, err);
    firn_batch_destroy(batch);
    return st;
}

firn_status firn_upkeep_history_add(firn_env *env, firn_store *store, firn_catalog *catalog,
                                    const firn_upkeep_record *records, size_t n, firn_error *err)
{
    firn_table *table = NULL;
    if (n == 0) return FIRN_OK;
    FIRN_TRY(open_table(env, store, catalog, &table, err));
    const firn_status st = add(table, records, n, err);
    firn_table_close(table);
    return st;
}
