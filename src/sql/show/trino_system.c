/* SPDX-License-Identifier: Apache-2.0 */
/* In the queries {schemata}, {tables} and {columns} stand for the rows of information_schema.h,
 * wide, {comment} for their comments where the statement names them, {catalogs} for the names of
 * the session's catalogs, {catalog} for that of the current one.
 */
#include "sql/show/trino_system.h"

#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "sql/show/information_schema.h"

#define NOTHING "CAST(NULL AS VARCHAR)"
#define NUMBER  "CAST(NULL AS BIGINT)"

/* A table that is always empty: names of its columns, all texts. */
#define EMPTY_4(a, b, c, d) "SELECT '' AS " a ", '' AS " b ", '' AS " c ", '' AS " d " WHERE false"

typedef struct system_table {
    const char *schema, *name;
    const char *query;
} system_table;

static const system_table k_tables[] = {
    {"information_schema", "schemata",
     "SELECT catalog_name, schema_name FROM {schemata} UNION ALL VALUES ({catalog}, "
     "'information_schema'), ({catalog}, 'system')"},
    {"information_schema", "tables",
     "SELECT table_catalog, table_schema, table_name, table_type FROM {tables} UNION ALL SELECT "
     "{catalog}, 'information_schema', unnest(['applicable_roles', 'columns', 'enabled_roles', "
     "'roles', 'schemata', 'table_privileges', 'tables', 'views']), 'BASE TABLE'"},
    {"information_schema", "columns",
     "SELECT table_catalog, table_schema, table_name, column_name, CAST(ordinal_position AS "
     "BIGINT) AS ordinal_position, " NOTHING " AS column_default, is_nullable, "
     "data_type{comment} FROM {columns}"},
    {"information_schema", "views",
     "SELECT table_catalog, table_schema, table_name, view_definition FROM {tables} WHERE "
     "table_type = 'VIEW'"},
    {"information_schema", "applicable_roles",
     EMPTY_4("grantee", "grantee_type", "role_name", "is_grantable")},
    {"information_schema", "enabled_roles", "SELECT '' AS role_name WHERE false"},
    {"information_schema", "roles", "SELECT '' AS role_name WHERE false"},
    {"information_schema", "table_privileges",
     "SELECT '' AS grantor, '' AS grantor_type, '' AS grantee, '' AS grantee_type, '' AS "
     "table_catalog, '' AS table_schema, '' AS table_name, '' AS privilege_type, '' AS "
     "is_grantable, false AS with_hierarchy WHERE false"},
    {"metadata", "catalogs",
     "SELECT name AS catalog_name, name AS connector_id, CASE name WHEN 'system' THEN 'system' "
     "ELSE "
     "'iceberg' END AS connector_name FROM {catalogs}"},
    {"metadata", "table_comments",
     "SELECT table_catalog AS catalog_name, table_schema AS schema_name, table_name, comment FROM "
     "{tables}"},
    {"metadata", "materialized_views",
     EMPTY_4("catalog_name", "schema_name", "name", "definition")},
    {"jdbc", "catalogs", "SELECT name AS table_cat FROM {catalogs}"},
    {"jdbc", "schemas",
     "SELECT schema_name AS table_schem, catalog_name AS table_catalog FROM {schemata}"},
    {"jdbc", "table_types", "SELECT unnest(['TABLE', 'VIEW']) AS table_type"},
    {"jdbc", "tables",
     "SELECT table_catalog AS table_cat, table_schema AS table_schem, table_name, CASE table_type "
     "WHEN 'VIEW' THEN 'VIEW' ELSE 'TABLE' END AS table_type, " NOTHING " AS remarks, " NOTHING
     " AS type_cat, " NOTHING " AS type_schem, " NOTHING " AS type_name, " NOTHING
     " AS self_referencing_col_name, " NOTHING " AS ref_generation FROM {tables}"},
    {"jdbc", "columns",
     "SELECT table_catalog AS table_cat, table_schema AS table_schem, table_name, column_name, "
     /* java.sql.Types */
     "CAST(CASE kind WHEN 'bigint' THEN -5 WHEN 'integer' THEN 4 WHEN 'real' THEN 7 WHEN 'double' "
     "THEN 8 WHEN 'boolean' THEN 16 WHEN 'varchar' THEN 12 WHEN 'varbinary' THEN -3 WHEN 'decimal' "
     "THEN 3 WHEN 'date' THEN 91 WHEN 'time' THEN 92 WHEN 'timestamp' THEN CASE WHEN zoned THEN "
     "2014 ELSE 93 END WHEN 'array' THEN 2003 ELSE 2000 END AS BIGINT) AS data_type, type_name, "
     "CAST(CASE kind WHEN 'bigint' THEN 19 WHEN 'integer' THEN 10 WHEN 'real' THEN 24 WHEN "
     "'double' THEN 53 WHEN 'varchar' THEN 2147483647 WHEN 'varbinary' THEN 2147483647 WHEN "
     "'decimal' THEN first_number WHEN 'date' THEN 14 WHEN 'time' THEN 9 + first_number WHEN "
     "'timestamp' THEN CASE WHEN zoned THEN 56 ELSE 22 END + first_number END AS BIGINT) AS "
     "column_size, " NUMBER " AS buffer_length, CAST(CASE kind WHEN 'decimal' THEN second_number "
     "END AS BIGINT) AS decimal_digits, CAST(CASE WHEN kind IN ('bigint', 'integer', 'decimal') "
     "THEN 10 WHEN kind IN ('real', 'double') THEN 2 END AS BIGINT) AS num_prec_radix, "
     "CAST(CASE is_nullable WHEN 'YES' THEN 1 ELSE 0 END AS BIGINT) AS nullable, comment AS "
     "remarks, " NOTHING " AS column_def, " NUMBER " AS sql_data_type, " NUMBER
     " AS sql_datetime_sub, "
     "CAST(CASE WHEN kind IN ('varchar', 'varbinary') THEN 2147483647 END AS BIGINT) AS "
     "char_octet_length, CAST(ordinal_position AS BIGINT) AS ordinal_position, "
     "is_nullable, " NOTHING " AS scope_catalog, " NOTHING " AS scope_schema, " NOTHING
     " AS scope_table, " NUMBER " AS source_data_type, " NOTHING " AS is_autoincrement, " NOTHING
     " AS is_generatedcolumn "
     "FROM (SELECT *, data_type AS type_name, regexp_extract(data_type, '^[a-z]+') AS kind, "
     "data_type LIKE '%with time zone' AS zoned, TRY_CAST(regexp_extract(data_type, '\\(([0-9]+)', "
     "1) AS INTEGER) AS first_number, TRY_CAST(regexp_extract(data_type, ',([0-9]+)', 1) AS "
     "INTEGER) "
     "AS second_number FROM {columns})"},
    {"runtime", "nodes",
     "SELECT 'local' AS node_id, 'local' AS http_uri, 'firn' AS node_version, true AS coordinator, "
     "'active' AS state"},
};

/* ---- names ---- */

static bool is(firn_str a, const char *b)
{
    return firn_str_equals_nocase(a, firn_str_of(b));
}

bool firn_trino_is_system(const firn_session *session, const firn_str *parts, size_t n_parts)
{
    if (n_parts == 2) return is(parts[0], "information_schema");
    const bool is_catalogs = n_parts == 3 && firn_session__find_catalog(session, parts[0]);
    if (is_catalogs) return is(parts[1], "information_schema");
    return n_parts == 3 && is(parts[0], "system");
}

const char *firn_trino_system_table(firn_str schema, size_t i)
{
    for (size_t t = 0; t < sizeof k_tables / sizeof *k_tables; t++) {
        if (is(schema, k_tables[t].schema) && i-- == 0) return k_tables[t].name;
    }
    return NULL;
}

static const system_table *find_table(firn_str schema, firn_str name)
{
    for (size_t i = 0; i < sizeof k_tables / sizeof *k_tables; i++) {
        if (is(schema, k_tables[i].schema) && is(name, k_tables[i].name)) return &k_tables[i];
    }
    return NULL;
}

/* ---- the query ---- */

typedef struct system_query {
    firn_session *session;
    firn_information_opts opts;
    firn_str catalog;
    firn_buf text;
} system_query;

static void put_catalogs(system_query *q)
{
    firn_buf_cstr(&q->text, "(VALUES ('system')");
    for (size_t i = 0; i < q->session->n_catalogs; i++) {
        firn_buf_cstr(&q->text, ", (");
        firn_buf_quoted(&q->text, firn_catalog_name(q->session->catalogs[i]), '\'');
        firn_buf_byte(&q->text, ')');
    }
    firn_buf_cstr(&q->text, ") AS catalogs(name)");
}

/* A hidden column, which only who names it sees: does the statement? */
static bool asks_comments(firn_str statement)
{
    firn_lexer lexer = firn_lexer_of(statement);
    for (firn_token t = firn_lexer_next(&lexer); t.kind != FIRN_TOKEN_END;
         t = firn_lexer_next(&lexer)) {
        const bool is_quoted = t.kind == FIRN_TOKEN_QUOTED && is(t.text, "\"comment\"");
        if (is_quoted || firn_token_is(&t, "comment")) return true;
    }
    return false;
}

/* One word in braces. */
static firn_status put_word(system_query *q, firn_str word, firn_error *err)
{
    firn_scan_source source = {.name = word};
    firn_str select;
    if (is(word, "catalog")) {
        firn_buf_quoted(&q->text, q->catalog, '\'');
        return FIRN_OK;
    }
    if (is(word, "comment")) {
        if (asks_comments(q->session->statement.original)) firn_buf_cstr(&q->text, ", comment");
        return FIRN_OK;
    }
    if (is(word, "catalogs")) {
        put_catalogs(q);
        return FIRN_OK;
    }
    FIRN_TRY(firn_information_schema_rows(&q->opts, word, q->session->arena, &source.batch_type,
                                          &source.batch, err));
    FIRN_TRY(firn_session__add_source(q->session, &source, &select, err));
    firn_buf_printf(&q->text, "(%.*s) AS \"%.*s\"", FIRN_STR_ARG(select), FIRN_STR_ARG(word));
    return FIRN_OK;
}

static firn_status put_query(system_query *q, const char *at, firn_error *err)
{
    for (;;) {
        const size_t plain = strcspn(at, "{");
        firn_buf_append(&q->text, at, plain);
        at += plain;
        if (*at == '\0') return firn_buf_check(&q->text, err);
        const size_t length = strcspn(at, "}");
        FIRN_TRY(put_word(q, (firn_str){at + 1, length - 1}, err));
        at += length + 1;
    }
}

firn_status firn_trino_claim_system(firn_session *session, firn_catalog *current,
                                    const firn_sql_name *name, firn_engine_claim *out,
                                    firn_error *err)
{
    const size_t n = name->n_parts;
    if (!firn_trino_is_system(session, name->parts, n)) return FIRN_ERR_NOT_FOUND;
    const system_table *table = find_table(name->parts[n - 2], name->parts[n - 1]);
    const bool is_own = is(name->parts[n - 2], "information_schema");
    if (!table || (is_own && !current)) return FIRN_ERR_NOT_FOUND;
    system_query q = {.session = session,
                      .opts = {.catalogs = is_own ? &current : session->catalogs,
                               .n_catalogs = is_own ? 1 : session->n_catalogs,
                               .dialect = FIRN_DIALECT_TRINO,
                               .is_wide = true}};
    if (current) q.catalog = firn_catalog_name(current);
    firn_buf_init(&q.text, session->env->alloc, FIRN_LIMIT_SQL_TEXT);
    firn_status st = put_query(&q, table->query, err);
    if (st == FIRN_OK) {
        out->is_claimed = true;
        out->alias = name->parts[n - 1];
        out->select = firn_arena_copy(session->arena, firn_buf_view(&q.text));
        if (!out->select.data) st = firn_fail_nomem(err);
    }
    firn_buf_dispose(&q.text);
    return st;
}
