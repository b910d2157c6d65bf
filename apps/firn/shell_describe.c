/* SPDX-License-Identifier: Apache-2.0 */
/* What is there: tables, views, namespaces, functions, as statements that the session answers. */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "cell_text.h"
#include "shell.h"

/* "ord*", "shop.?" as a pattern of LIKE with ! as its escape; quotes doubled. */
static void put_like(firn_buf *out, firn_str pattern)
{
    for (size_t i = 0; i < pattern.len; i++) {
        const char c = pattern.data[i];
        if (c == '*' || c == '?') {
            firn_buf_byte(out, c == '*' ? '%' : '_');
            continue;
        }
        if (c == '%' || c == '_' || c == '!') firn_buf_byte(out, '!');
        if (c == '\'') firn_buf_byte(out, '\'');
        firn_buf_byte(out, (uint8_t)c);
    }
}

/* The catalog's name as it is written in a statement. */
static void put_catalog(firn_buf *out, const shell *sh)
{
    const firn_str name = firn_catalog_name(firn_session_catalog(sh->session));
    const bool is_bare = shell_variable_name_is_valid(name);
    firn_buf_printf(out, is_bare ? "%.*s" : "\"%.*s\"", FIRN_STR_ARG(name));
}

/* "SELECT ... FROM information_schema.tables" with what a pattern and a type leave of it. */
static void put_relations_query(firn_buf *out, const shell *sh, const char *type,
                                const char *pattern)
{
    const bool has_namespace = strchr(pattern, '.') != NULL;
    firn_buf_cstr(out, "SELECT table_schema AS namespace, table_name AS name, CASE table_type WHEN "
                       "'VIEW' THEN 'view' ELSE 'table' END AS type FROM ");
    put_catalog(out, sh);
    firn_buf_cstr(out, ".information_schema.tables WHERE 1 = 1");
    if (*type) firn_buf_printf(out, " AND table_type = '%s'", type);
    if (*pattern) {
        firn_buf_printf(out, " AND %s LIKE '",
                        has_namespace ? "concat(table_schema, '.', table_name)" : "table_name");
        put_like(out, firn_str_of(pattern));
        firn_buf_cstr(out, "' ESCAPE '!'");
    }
    firn_buf_cstr(out, " ORDER BY 1, 2");
    firn_buf_byte(out, 0);
}

static int run_built(shell *sh, firn_buf *sql)
{
    const int status = sql->status == FIRN_OK ? shell_run_statement(sh, sql->data)
                                              : shell_complain(sh, NULL, "the pattern is too long");
    firn_buf_dispose(sql);
    return status;
}

int shell_list_relations(shell *sh, const char *type, const char *pattern)
{
    firn_buf sql;
    firn_buf_init(&sql, NULL, 1 << 16);
    put_relations_query(&sql, sh, type, pattern);
    return run_built(sh, &sql);
}

int shell_list_namespaces(shell *sh, const char *pattern)
{
    firn_buf sql;
    firn_buf_init(&sql, NULL, 1 << 16);
    firn_buf_cstr(&sql, "SELECT schema_name AS namespace FROM ");
    put_catalog(&sql, sh);
    firn_buf_cstr(&sql, ".information_schema.schemata WHERE schema_name LIKE '");
    put_like(&sql, firn_str_of(*pattern ? pattern : "*"));
    firn_buf_cstr(&sql, "' ESCAPE '!' ORDER BY 1");
    firn_buf_byte(&sql, 0);
    return run_built(sh, &sql);
}

int shell_list_functions(shell *sh, const char *pattern)
{
    firn_buf sql;
    firn_buf_init(&sql, NULL, 1 << 16);
    firn_buf_cstr(&sql, "SELECT function_name AS name, function_type AS type, array_to_string("
                        "parameters, ', ') AS arguments, return_type AS returns, description FROM "
                        "duckdb_functions() WHERE function_name LIKE '");
    put_like(&sql, firn_str_of(*pattern ? pattern : "*"));
    firn_buf_cstr(&sql, "' ESCAPE '!' ORDER BY 1, 2, 3");
    firn_buf_byte(&sql, 0);
    return run_built(sh, &sql);
}

int shell_describe(shell *sh, const char *name)
{
    const firn_str sql = firn_arena_printf(sh->a->arena, "DESCRIBE %s", name);
    return sql.data ? shell_run_statement(sh, sql.data) : APP_FAILED;
}

/* ---- .schema ---- */

typedef struct relation {
    firn_str ns, name;
    bool is_view;
} relation;

typedef struct relation_list {
    firn_arena *arena;
    relation *items;
    size_t n, cap;
} relation_list;

static firn_str cell_copy(firn_arena *arena, const firn_batch *batch, int64_t row, size_t column)
{
    const firn_value value = firn_column_get(&batch->columns[column], row);
    return firn_arena_copy(arena, value.as.bytes);
}

static firn_status collect(void *ctx, firn_result *result, firn_error *err)
{
    relation_list *list = ctx;
    const firn_batch *batch = NULL;
    firn_status st;
    while ((st = firn_result_next(result, &batch, err)) == FIRN_OK) {
        for (int64_t row = 0; row < batch->n_rows; row++) {
            relation *r =
                firn_arena_push(list->arena, &list->items, &list->n, &list->cap, sizeof *r);
            if (!r) return firn_fail_nomem(err);
            r->ns = cell_copy(list->arena, batch, row, 0);
            r->name = cell_copy(list->arena, batch, row, 1);
            r->is_view = firn_str_equals(cell_copy(list->arena, batch, row, 2), FIRN_STR("view"));
        }
    }
    return st == FIRN_DONE ? FIRN_OK : st;
}

/* The text of the only value, and a semicolon. */
static firn_status print_text(void *ctx, firn_result *result, firn_error *err)
{
    const firn_batch *batch = NULL;
    FILE *out = ctx;
    firn_status st;
    while ((st = firn_result_next(result, &batch, err)) == FIRN_OK) {
        for (int64_t row = 0; row < batch->n_rows; row++) {
            const firn_value value = firn_column_get(&batch->columns[0], row);
            fprintf(out, "%.*s;\n", FIRN_STR_ARG(value.as.bytes));
        }
    }
    return st == FIRN_DONE ? FIRN_OK : st;
}

static void put_name(firn_buf *out, firn_str name)
{
    const bool is_bare = shell_variable_name_is_valid(name);
    firn_buf_printf(out, is_bare ? "%.*s" : "\"%.*s\"", FIRN_STR_ARG(name));
}

static int show_one(shell *sh, const relation *r, FILE *out)
{
    firn_buf sql;
    firn_str levels = r->ns;
    firn_buf_init(&sql, NULL, 1 << 16);
    firn_buf_cstr(&sql, r->is_view ? "SHOW CREATE VIEW " : "SHOW CREATE TABLE ");
    while (levels.len > 0) {
        put_name(&sql, firn_str_split(&levels, '.'));
        firn_buf_byte(&sql, '.');
    }
    put_name(&sql, r->name);
    firn_buf_byte(&sql, 0);
    const int status =
        sql.status == FIRN_OK ? shell_query(sh, sql.data, print_text, out) : APP_FAILED;
    firn_buf_dispose(&sql);
    return status;
}

int shell_show_schema(shell *sh, const char *name)
{
    relation_list list = {.arena = sh->a->arena};
    firn_buf sql;
    firn_buf_init(&sql, NULL, 1 << 16);
    put_relations_query(&sql, sh, "", name);
    int status = sql.status == FIRN_OK ? shell_query(sh, sql.data, collect, &list) : APP_FAILED;
    firn_buf_dispose(&sql);
    if (status != APP_OK) return status;
    if (list.n == 0 && *name)
        return shell_complain(sh, ".tables lists what is there", "no table or view %s", name);
    FILE *out = shell_output_begin(&sh->output);
    for (size_t i = 0; i < list.n && status == APP_OK; i++)
        status = show_one(sh, &list.items[i], out);
    (void)fflush(out);
    (void)shell_output_end(&sh->output);
    return status;
}
