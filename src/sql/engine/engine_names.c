/* SPDX-License-Identifier: Apache-2.0 */
/* DuckDB asks here about every table name its own catalog does not know; the answer is the
 * owner's: a SELECT to read instead. */
#include "base/buf.h"
#include "base/error.h"
#include "sql/engine/border_types.h"
#include "sql/engine/engine_api.h"
#include "sql/engine/engine_scan.h"
#include "sql/resolve/query_rewrite.h"

#define MAX_PARTS 64

static firn_status read_parts(firn_engine *engine, duckdb_v2_qname_handle name,
                              firn_str parts[MAX_PARTS], size_t *n_out, firn_error *err)
{
    duckdb_v2_error_info_handle info = NULL;
    idx_t n = 0;
    DUCKDB_V2_ERROR code = engine->api->qname_get_part_count(name, &n, &info);
    if (!code && n > MAX_PARTS) {
        return firn_fail(err, FIRN_ERR_LIMIT, "name of %llu parts, limit %d", (unsigned long long)n,
                         MAX_PARTS);
    }
    for (idx_t i = 0; !code && i < n; i++) {
        duckdb_v2_identifier_t part = {0};
        code = engine->api->qname_get_part(name, i, &part, &info);
        parts[i] = firn_str_of_duckdb(part);
    }
    *n_out = (size_t)n;
    return code ? firn_engine_fail(engine, code, &info, err) : FIRN_OK;
}

static firn_status apply_claim(firn_engine *engine, duckdb_v2_replacement_scan_info_handle scan,
                               const firn_engine_claim *claim, firn_error *err)
{
    duckdb_v2_error_info_handle info = NULL;
    const duckdb_v2_str select = firn_duckdb_str(claim->select);
    const duckdb_v2_str alias = firn_duckdb_str(claim->alias);
    DUCKDB_V2_ERROR code = engine->api->replacement_scan_set_subquery(scan, &select, &info);
    if (!code) code = engine->api->replacement_scan_set_alias(scan, &alias, &info);
    return code ? firn_engine_fail(engine, code, &info, err) : FIRN_OK;
}

static firn_status answer(firn_engine *engine, duckdb_v2_replacement_scan_info_handle scan,
                          firn_error *err)
{
    duckdb_v2_error_info_handle info = NULL;
    duckdb_v2_qname_handle name = NULL;
    firn_str parts[MAX_PARTS];
    size_t n = 0;
    firn_engine_claim claim = {0};
    const DUCKDB_V2_ERROR code = engine->api->replacement_scan_get_name(scan, &name, &info);
    if (code) return firn_engine_fail(engine, code, &info, err);
    firn_status st = read_parts(engine, name, parts, &n, err);
    if (st == FIRN_OK) st = engine->opts.resolve(engine->opts.owner, parts, n, &claim, err);
    if (st == FIRN_OK && claim.is_claimed) {
        engine->lacks_macros |= firn_engine_lacks_macros(engine, claim.select);
        st = apply_claim(engine, scan, &claim, err);
    }
    (void)engine->api->qname_destroy(&name);
    return st;
}

static void on_unknown_name(duckdb_v2_replacement_scan_info_handle scan,
                            duckdb_v2_context_handle context, duckdb_v2_error_info_handle *info)
{
    (void)context;
    firn_error err = {0};
    void *data = NULL;
    if (firn_duckdb_loaded()->replacement_scan_get_user_data(scan, &data, info) || !data) return;
    firn_engine *engine = data;
    if (answer(engine, scan, &err) != FIRN_OK) firn_engine_stash(engine, &err, info);
}

firn_status firn_engine_register_names(firn_engine *engine, firn_error *err)
{
    const firn_duckdb *api = engine->api;
    duckdb_v2_error_info_handle info = NULL;
    duckdb_v2_replacement_scan_handle scan = NULL;
    duckdb_v2_opaque owner = {.ptr = engine};
    DUCKDB_V2_ERROR code = api->replacement_scan_create(engine->factory, &scan, &info);
    if (!code) code = api->replacement_scan_set_callback(scan, on_unknown_name, &info);
    if (!code) code = api->replacement_scan_set_user_data(scan, &owner, &info);
    if (!code) code = api->connection_register_replacement_scan(engine->connection, scan, &info);
    (void)api->replacement_scan_destroy(&scan);
    return code ? firn_engine_fail(engine, code, &info, err) : FIRN_OK;
}

/* " REPLACE (read AS name, ..)"; behind it, for changing rows, ", name AS stored". */
static firn_status put_conversions(firn_buf *out, const firn_scan_source *source, firn_arena *arena,
                                   firn_error *err)
{
    const firn_type *root = firn_scan_source_root(source);
    const char *before = " REPLACE (";
    for (size_t i = 0; i < root->n_fields; i++) {
        const firn_field *field = &root->fields[i];
        if (!firn_border_has(field->type)) continue;
        const firn_str name = firn_sql_quote(field->name, arena);
        if (!name.data) return firn_fail_nomem(err);
        firn_buf_cstr(out, before);
        FIRN_TRY(firn_border_put_read(out, field->type, name, err));
        firn_buf_printf(out, " AS %.*s", FIRN_STR_ARG(name));
        before = ", ";
    }
    firn_buf_byte(out, ')');
    for (size_t i = 0; i < root->n_fields && source->numbers; i++) {
        const firn_field *field = &root->fields[i];
        if (!firn_border_has(field->type)) continue;
        const firn_str name = firn_sql_quote(field->name, arena);
        const firn_str stored = firn_border_stored_name(field->name, arena);
        if (!name.data || !stored.data) return firn_fail_nomem(err);
        firn_buf_printf(out, ", %.*s AS %.*s", FIRN_STR_ARG(name), FIRN_STR_ARG(stored));
    }
    return FIRN_OK;
}

firn_status firn_engine_select(firn_arena *arena, firn_str token, const firn_scan_source *source,
                               firn_str *out, firn_error *err)
{
    firn_buf text;
    firn_buf_init(&text, NULL, 0);
    firn_buf_cstr(&text, "SELECT * EXCLUDE (" FIRN_SCAN_ROW_COLUMN ")");
    firn_status st = FIRN_OK;
    if (firn_border_has(firn_scan_source_root(source)))
        st = put_conversions(&text, source, arena, err);
    firn_buf_printf(&text, " FROM firn_scan(id := '%.*s')", FIRN_STR_ARG(token));
    if (st == FIRN_OK) st = firn_buf_check(&text, err);
    if (st == FIRN_OK) *out = firn_arena_copy(arena, firn_buf_view(&text));
    firn_buf_dispose(&text);
    FIRN_TRY(st);
    return out->data ? FIRN_OK : firn_fail_nomem(err);
}
