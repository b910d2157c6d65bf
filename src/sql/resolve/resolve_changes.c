/* SPDX-License-Identifier: Apache-2.0 */
/* A table's changelog as something a query reads: which table a call, a name or a view of the
 * session means. Not here: arguments (changes_call.c). */
#include "base/error.h"
#include "base/str.h"
#include "format/columns/row_builder.h"
#include "iceberg/changes/changelog.h"
#include "sql/call/changes_call.h"
#include "sql/session/session_state.h"

/* ---- claims ---- */

static firn_status claim_changes(firn_session *session, const firn_changes_call *call,
                                 const firn_ident *ident, const firn_table_metadata *metadata,
                                 firn_engine_claim *out, firn_error *err)
{
    firn_scan_source source = {.metadata = metadata,
                               .schema = firn_metadata_schema(metadata),
                               .snapshot_id = -1,
                               .n_rows = -1};
    source.name = firn_session__ident_text(session, ident);
    if (!source.name.data) return firn_fail_nomem(err);
    FIRN_TRY(firn_changes_call_opts(call, metadata, session->arena, &source.changes, err));
    FIRN_TRY(firn_session__add_source(session, &source, &out->select, err));
    out->is_claimed = true;
    if (call->form != FIRN_CHANGES_TRINO) return FIRN_OK;
    out->select = firn_arena_printf(
        session->arena, "SELECT * REPLACE (lower(_change_type) AS _change_type) FROM (%.*s)",
        FIRN_STR_ARG(out->select));
    return out->select.data ? FIRN_OK : firn_fail_nomem(err);
}

/* Loads the table that a call names; a missing one is an error that says so. */
static firn_status load_table(firn_session *session, const view_scope *scope,
                              const firn_sql_name *name, firn_catalog **catalog, firn_ident *ident,
                              const firn_loaded_table **out, firn_error *err)
{
    FIRN_TRY(firn_session__resolve_in(session, scope, name, catalog, ident, err));
    const firn_status st = firn_session__load(session, *catalog, ident, out, err);
    if (st != FIRN_ERR_NOT_FOUND) return st;
    return firn_session__fail_missing(session, *catalog, ident, name->offset, err);
}

static firn_changes_form form_of(firn_str call)
{
    firn_lexer lexer = firn_lexer_of(call);
    firn_token name = {0};
    firn_token before = {0};
    for (firn_token t = firn_lexer_next(&lexer); !firn_token_is_symbol(&t, "(");
         t = firn_lexer_next(&lexer)) {
        if (firn_token_is_symbol(&t, ".")) continue;
        before = name;
        name = t;
    }
    return firn_token_is(&name, "TABLE_CHANGES") && firn_token_is(&before, "SYSTEM")
               ? FIRN_CHANGES_TRINO
               : FIRN_CHANGES_FUNCTION;
}

firn_status firn_session__claim_changes_call(firn_session *session, const view_scope *scope,
                                             const firn_table_ref *ref, firn_engine_claim *out,
                                             firn_error *err)
{
    firn_changes_call call;
    firn_catalog *catalog = NULL;
    firn_ident ident;
    const firn_loaded_table *loaded = NULL;
    firn_status st =
        firn_changes_call_parse(session->arena, ref->call, form_of(ref->call), &call, err);
    if (st == FIRN_OK) st = load_table(session, scope, &call.table, &catalog, &ident, &loaded, err);
    if (st == FIRN_OK) st = claim_changes(session, &call, &ident, loaded->metadata, out, err);
    if (st != FIRN_OK && err && !scope) err->position += ref->offset;
    out->alias = FIRN_STR("changes");
    return st;
}

/* The table of "ns.t.changes" and "ns.t$changes"; false: not of this form. */
static bool split_name(firn_session *session, const firn_sql_name *name, firn_sql_name *out,
                       firn_error *err, firn_status *st)
{
    const firn_str last = name->parts[name->n_parts - 1];
    const firn_str suffix = FIRN_STR("$changes");
    *out = *name;
    *st = FIRN_OK;
    if (name->n_parts > 1 && firn_str_equals_nocase(last, FIRN_STR("changes"))) {
        out->n_parts--;
        return true;
    }
    if (last.len <= suffix.len ||
        !firn_str_equals_nocase(firn_str_slice(last, last.len - suffix.len, last.len), suffix))
        return false;
    firn_str *parts = firn_arena_array(session->arena, name->n_parts, sizeof *parts);
    if (!parts) *st = firn_fail_nomem(err);
    for (size_t i = 0; parts && i < name->n_parts; i++) parts[i] = name->parts[i];
    if (parts) parts[name->n_parts - 1] = firn_str_slice(last, 0, last.len - suffix.len);
    out->parts = parts;
    return true;
}

firn_status firn_session__claim_changes_table(firn_session *session, const view_scope *scope,
                                              const firn_sql_name *name, const firn_time_travel *at,
                                              firn_engine_claim *out, firn_error *err)
{
    firn_sql_name table;
    firn_catalog *catalog = NULL;
    firn_ident ident;
    const firn_loaded_table *loaded = NULL;
    const firn_snapshot *to = NULL;
    const firn_schema *schema = NULL;
    firn_status st = FIRN_OK;
    if (!split_name(session, name, &table, err, &st)) return FIRN_ERR_NOT_FOUND;
    FIRN_TRY(st);
    FIRN_TRY(firn_session__resolve_in(session, scope, &table, &catalog, &ident, err));
    FIRN_TRY(firn_session__load(session, catalog, &ident, &loaded, err));
    /* as in Spark: also rows that were only moved */
    firn_changes_call call = {.with_carryovers = true};
    if (at) {
        FIRN_TRY(firn_session__travel(loaded->metadata, at, table.parts[0], &to, &schema, err));
        call.to = (firn_changes_bound){
            .kind = FIRN_BOUND_ID, .number = to ? to->snapshot_id : 0, .offset = name->offset};
    }
    FIRN_TRY(claim_changes(session, &call, &ident, loaded->metadata, out, err));
    out->alias = FIRN_STR("changes");
    return FIRN_OK;
}

/* ---- changelog views ---- */

const changelog_view *firn_session__find_changelog_view(const firn_session *session,
                                                        const firn_sql_name *name)
{
    const changelog_view *view = session->changelog_views;
    if (name->n_parts != 1) return NULL;
    while (view && !firn_str_equals_nocase(view->name, name->parts[0])) view = view->next;
    return view;
}

firn_status firn_session__claim_changelog_view(firn_session *session, const firn_sql_name *name,
                                               firn_engine_claim *out, firn_error *err)
{
    const changelog_view *view = firn_session__find_changelog_view(session, name);
    const firn_loaded_table *loaded = NULL;
    firn_changes_call call;
    if (!view) return FIRN_ERR_NOT_FOUND;
    const firn_status st = firn_session__load(session, view->catalog, &view->ident, &loaded, err);
    if (st == FIRN_ERR_NOT_FOUND)
        return firn_session__fail_missing(session, view->catalog, &view->ident, name->offset, err);
    FIRN_TRY(st);
    FIRN_TRY(
        firn_changes_call_parse(session->arena, view->call, FIRN_CHANGES_PROCEDURE, &call, err));
    FIRN_TRY(claim_changes(session, &call, &view->ident, loaded->metadata, out, err));
    out->alias = view->name;
    return FIRN_OK;
}

/* The name without quotes, and as the procedure tells it. */
static firn_status view_name(firn_session *session, const firn_changes_call *call,
                             const firn_ident *ident, firn_str *out, firn_str *shown_out,
                             firn_error *err)
{
    firn_sql_name name;
    *shown_out = call->view;
    if (call->view.len == 0) {
        *out = firn_arena_printf(session->lifetime, "%.*s_changes", FIRN_STR_ARG(ident->name));
        *shown_out = firn_arena_printf(session->arena, "`%.*s`", FIRN_STR_ARG(*out));
        return out->data && shown_out->data ? FIRN_OK : firn_fail_nomem(err);
    }
    firn_lexer lexer = firn_lexer_of(call->view);
    if (firn_session__parse_name(&lexer, session->lifetime, &name, NULL) != FIRN_OK ||
        name.n_parts != 1 || firn_lexer_peek(&lexer).kind != FIRN_TOKEN_END)
        return firn_fail(err, FIRN_ERR_ARG, "found \"%.*s\", expected the name of a view",
                         FIRN_STR_ARG(call->view));
    *out = name.parts[0];
    return FIRN_OK;
}

static firn_status keep_view(firn_session *session, firn_str name, firn_catalog *catalog,
                             const firn_ident *ident, firn_str call, firn_error *err)
{
    firn_arena *arena = session->lifetime;
    changelog_view *view = firn_arena_alloc_zero(arena, sizeof *view);
    firn_str *levels = firn_arena_array(arena, ident->n_levels, sizeof *levels);
    if (!view || !levels) return firn_fail_nomem(err);
    for (size_t i = 0; i < ident->n_levels; i++) {
        levels[i] = firn_arena_copy(arena, ident->levels[i]);
        if (!levels[i].data) return firn_fail_nomem(err);
    }
    *view =
        (changelog_view){.next = session->changelog_views,
                         .name = name,
                         .catalog = catalog,
                         .ident = {levels, ident->n_levels, firn_arena_copy(arena, ident->name)},
                         .call = firn_arena_copy(arena, call)};
    if (!view->ident.name.data || !view->call.data) return firn_fail_nomem(err);
    session->changelog_views = view;
    return FIRN_OK;
}

/* Mistakes are told when the view is made, not when it is read. */
static firn_status check_changes(firn_session *session, const firn_changes_call *call,
                                 const firn_table_metadata *metadata, firn_error *err)
{
    const firn_changes_opts *opts = NULL;
    firn_changes *changes = NULL;
    FIRN_TRY(firn_changes_call_opts(call, metadata, session->arena, &opts, err));
    const firn_status st =
        firn_changelog_open(session->env, session->store, metadata, opts, NULL, &changes, err);
    firn_changes_close(changes);
    return st;
}

static firn_status give_name(firn_session *session, firn_str name, firn_result **out,
                             firn_error *err)
{
    static const firn_type k_text = {.kind = FIRN_TYPE_STRING};
    static const firn_field k_fields[] = {
        {.id = 1, .name = FIRN_STR_INIT("changelog_view"), .type = &k_text}};
    static const firn_type k_root = {.kind = FIRN_TYPE_STRUCT, .fields = k_fields, .n_fields = 1};
    firn_row_builder b = firn_rows_begin(&k_root, err);
    firn_cell_text(&b, firn_rows_column(&b, 0), name);
    const firn_status st = firn_rows_finish(&b);
    if (st != FIRN_OK) {
        firn_batch_destroy(b.batch);
        return st;
    }
    return firn_session__result_of_batch(session, &k_root, b.batch, "CALL", out, err);
}

static firn_status create_view(firn_session *session, firn_str text, firn_result **out,
                               firn_error *err)
{
    firn_changes_call call;
    firn_catalog *catalog = NULL;
    firn_ident ident;
    const firn_loaded_table *loaded = NULL;
    firn_str name;
    firn_str shown;
    FIRN_TRY(firn_changes_call_parse(session->arena, text, FIRN_CHANGES_PROCEDURE, &call, err));
    FIRN_TRY(load_table(session, NULL, &call.table, &catalog, &ident, &loaded, err));
    FIRN_TRY(check_changes(session, &call, loaded->metadata, err));
    FIRN_TRY(view_name(session, &call, &ident, &name, &shown, err));
    FIRN_TRY(keep_view(session, name, catalog, &ident, text, err));
    return give_name(session, shown, out, err);
}

firn_status firn_changelog_view_execute(firn_session *session, firn_str sql, bool *handled,
                                        firn_result **out, firn_error *err)
{
    firn_sql_parser p = firn_parser_of(session->arena, sql);
    firn_sql_name name;
    firn_error ignored;
    *handled = false;
    if (!firn_parser_accept(&p, "CALL")) return FIRN_OK;
    const size_t from = firn_parser_peek(&p).offset;
    if (firn_parser_name(&p, &name, &ignored) != FIRN_OK || name.n_parts < 2 || name.n_parts > 3)
        return FIRN_OK;
    if (!firn_str_equals_nocase(name.parts[name.n_parts - 1], FIRN_STR("create_changelog_view")) ||
        !firn_str_equals_nocase(name.parts[name.n_parts - 2], FIRN_STR("system")))
        return FIRN_OK;
    *handled = true;
    const firn_status st = create_view(session, firn_str_slice(sql, from, sql.len), out, err);
    if (st != FIRN_OK && err) err->position += from;
    return st;
}
