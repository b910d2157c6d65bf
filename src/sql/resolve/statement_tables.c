/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of the running statement: loaded once, pinned to a snapshot, given to the engine under a
 * token. This is what makes one statement see one state of every table. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "iceberg/spec/view_update.h"
#include "sql/dialect/dialect_text.h"
#include "sql/engine/engine_joins.h"
#include "sql/parser/sql_parser.h"
#include "sql/session/session_state.h"

/* ---- tables ---- */

static bool is_same_ident(const firn_ident *a, const firn_ident *b)
{
    if (a->n_levels != b->n_levels || !firn_str_equals(a->name, b->name)) return false;
    for (size_t i = 0; i < a->n_levels; i++) {
        if (!firn_str_equals(a->levels[i], b->levels[i])) return false;
    }
    return true;
}

firn_status firn_session__load(firn_session *session, firn_catalog *catalog,
                               const firn_ident *ident, const firn_loaded_table **out,
                               firn_error *err)
{
    statement_state *state = &session->statement;
    for (size_t i = 0; i < state->n_tables; i++) {
        statement_table *table = state->tables[i];
        if (table->catalog == catalog && is_same_ident(&table->ident, ident)) {
            *out = &table->loaded;
            return FIRN_OK;
        }
    }
    statement_table *table = firn_arena_alloc_zero(session->arena, sizeof *table);
    if (!table) return firn_fail_nomem(err);
    table->catalog = catalog;
    table->ident = *ident;
    FIRN_TRY(firn_catalog_get_ops(catalog)->load_table(firn_catalog_ctx(catalog), ident,
                                                       session->arena, &table->loaded, err));
    statement_table **slot = firn_arena_push(session->arena, &state->tables, &state->n_tables,
                                             &state->cap_tables, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = table;
    *out = &table->loaded;
    return FIRN_OK;
}

firn_status firn_session__pin(firn_session *session, firn_catalog *catalog, const firn_ident *ident,
                              int64_t snapshot_id, firn_error *err)
{
    statement_state *state = &session->statement;
    if (firn_session__find_pin(session, catalog, ident)) return FIRN_OK; /* the first counts */
    firn_str *levels = firn_arena_array(session->arena, ident->n_levels, sizeof *levels);
    const firn_str name = firn_arena_copy(session->arena, ident->name);
    statement_pin *pin = firn_arena_push(session->arena, &state->pins, &state->n_pins,
                                         &state->cap_pins, sizeof *pin);
    if (!levels || !name.data || !pin) return firn_fail_nomem(err);
    for (size_t i = 0; i < ident->n_levels; i++) {
        levels[i] = firn_arena_copy(session->arena, ident->levels[i]);
        if (!levels[i].data) return firn_fail_nomem(err);
    }
    *pin = (statement_pin){catalog, {levels, ident->n_levels, name}, snapshot_id};
    return FIRN_OK;
}

const statement_pin *firn_session__find_pin(const firn_session *session,
                                            const firn_catalog *catalog, const firn_ident *ident)
{
    for (size_t i = 0; i < session->statement.n_pins; i++) {
        const statement_pin *pin = &session->statement.pins[i];
        if (pin->catalog == catalog && is_same_ident(&pin->ident, ident)) return pin;
    }
    return NULL;
}

/* ---- sources ---- */

firn_status firn_session__add_source(firn_session *session, const firn_scan_source *source,
                                     firn_str *select_out, firn_error *err)
{
    statement_state *state = &session->statement;
    statement_source *entry = firn_arena_alloc_zero(session->arena, sizeof *entry);
    statement_source **slot = firn_arena_push(session->arena, &state->sources, &state->n_sources,
                                              &state->cap_sources, sizeof *slot);
    if (!entry || !slot) return firn_fail_nomem(err);
    *slot = entry;
    entry->source = *source;
    entry->token = firn_arena_printf(session->arena, "%s-%" PRIu64 "-%zu", session->key,
                                     session->generation, state->n_sources);
    if (!entry->token.data) return firn_fail_nomem(err);
    return firn_engine_select(session->arena, entry->token, &entry->source, select_out, err);
}

const firn_scan_source *firn_session__find_source(void *owner, firn_str token,
                                                  uint64_t *generation_out)
{
    const firn_session *session = owner;
    *generation_out = session->generation;
    for (size_t i = 0; i < session->statement.n_sources; i++) {
        const statement_source *entry = session->statement.sources[i];
        if (entry && entry->token.data && firn_str_equals(entry->token, token)) {
            return &entry->source;
        }
    }
    return NULL;
}

uint64_t firn_session__generation(void *owner)
{
    const firn_session *session = owner;
    return session->generation;
}

/* ---- rewriting ---- */

static firn_status read_value(firn_engine_rows *rows, firn_arena *arena, firn_time_travel *out,
                              firn_error *err)
{
    const firn_batch *batch = NULL;
    const firn_status st = firn_engine_rows_next(rows, &batch, err);
    if (st != FIRN_OK && st != FIRN_DONE) return st;
    if (st == FIRN_DONE || batch->n_rows == 0 || !firn_column_is_valid(&batch->columns[0], 0))
        return firn_fail(err, FIRN_ERR_ARG, "the expression of a time travel clause gives null");
    out->text = firn_arena_copy(arena, firn_view_str(batch->columns[0].values));
    if (!out->text.data) return firn_fail_nomem(err);
    out->is_number = out->is_milliseconds = out->kind == FIRN_TRAVEL_TIMESTAMP;
    const bool is_read = !out->is_number || firn_str_to_i64(out->text, &out->number);
    return is_read ? FIRN_OK : firn_fail(err, FIRN_ERR_ARG, "found a time out of range");
}

/* A firn_rewrite_opts.evaluate; never while the engine binds, which has one connection. */
static firn_status evaluate(const void *ctx, firn_str expression, firn_time_travel *out,
                            firn_error *err)
{
    firn_session *session = ((const reference_scope *)ctx)->session;
    const bool is_time = out->kind == FIRN_TRAVEL_TIMESTAMP;
    firn_engine *engine = NULL;
    firn_engine_rows *rows = NULL;
    const firn_str sql = firn_arena_printf(
        session->arena,
        is_time ? "SELECT CAST(epoch_ms(CAST((%.*s\n) AS TIMESTAMPTZ)) AS VARCHAR)"
                : "SELECT CAST((%.*s\n) AS VARCHAR)",
        FIRN_STR_ARG(expression));
    if (!sql.data) return firn_fail_nomem(err);
    FIRN_TRY(firn_session__engine(session, &engine, err));
    FIRN_TRY(firn_engine_execute(engine, sql, &rows, err));
    const firn_status st = read_value(rows, session->arena, out, err);
    firn_engine_rows_close(rows);
    return st;
}

firn_status firn_session__rewrite(firn_session *session, firn_str sql, const view_scope *scope,
                                  const firn_rewrite **out, firn_error *err)
{
    statement_state *state = &session->statement;
    const reference_scope references = {session, scope};
    const firn_rewrite_opts opts = {
        .key = firn_str_of(session->key),
        .first_tag = state->n_tags,
        .tag_all = scope != NULL,
        .metadata_columns = firn_session__metadata_columns,
        .is_ours = firn_session__is_ours,
        .is_table = firn_session__joins_scans(session) ? firn_session__is_table : NULL,
        .evaluate = scope ? NULL : evaluate,
        .ctx = &references};
    firn_rewrite *rewrite = firn_arena_alloc_zero(session->arena, sizeof *rewrite);
    if (!rewrite) return firn_fail_nomem(err);
    FIRN_TRY(firn_query_rewrite(sql, &opts, session->arena, rewrite, err));
    if (rewrite->joins.n_pairs > 0)
        FIRN_TRY(firn_joins_create(session->env, session->arena, &rewrite->joins, rewrite->n_refs,
                                   &rewrite->scans, err));
    for (size_t i = 0; i < rewrite->n_refs; i++) {
        statement_tag *tag = firn_arena_push(session->arena, &state->tags, &state->n_tags,
                                             &state->cap_tags, sizeof *tag);
        if (!tag) return firn_fail_nomem(err);
        tag->ref = &rewrite->refs[i];
        tag->scope = scope;
        tag->joins = rewrite->scans;
        tag->join_ref = i;
    }
    *out = rewrite;
    return FIRN_OK;
}

static firn_status view_columns(firn_session *session, firn_catalog *catalog,
                                const firn_ident *ident, const firn_type **out, firn_error *err)
{
    firn_loaded_view loaded;
    FIRN_TRY(firn_catalog_get_ops(catalog)->load_view(firn_catalog_ctx(catalog), ident,
                                                      session->arena, &loaded, err));
    const firn_view_version *version = firn_view_current_version(loaded.metadata);
    const firn_schema *schema = version ? firn_view_schema_of(loaded.metadata, version) : NULL;
    if (schema) *out = &schema->root;
    return FIRN_OK;
}

firn_status firn_session__columns_of(firn_session *session, const view_scope *scope,
                                     const firn_sql_name *name, const firn_type **out,
                                     firn_error *err)
{
    firn_catalog *catalog = NULL;
    firn_ident ident;
    const firn_loaded_table *loaded = NULL;
    firn_error ignored;
    *out = NULL;
    if (firn_session__find_changelog_view(session, name)) return FIRN_OK;
    firn_status st = firn_session__resolve_in(session, scope, name, &catalog, &ident, &ignored);
    if (st == FIRN_OK) st = firn_session__load(session, catalog, &ident, &loaded, &ignored);
    if (st == FIRN_OK) *out = &firn_metadata_schema(loaded->metadata)->root;
    if (st == FIRN_ERR_NOT_FOUND && catalog)
        st = view_columns(session, catalog, &ident, out, &ignored);
    return st == FIRN_ERR_NOMEM ? firn_fail_nomem(err) : FIRN_OK;
}

static firn_status columns_of(void *ctx, const firn_str *parts, size_t n_parts,
                              const firn_type **out, firn_error *err)
{
    const reference_scope *references = ctx;
    const firn_sql_name name = {.parts = parts, .n_parts = n_parts};
    return firn_session__columns_of(references->session, references->view, &name, out, err);
}

/* spark.sql.ansi.enabled is false */
static bool is_lenient(const firn_session *session, firn_dialect dialect)
{
    const firn_str ansi = firn_session__setting(session, FIRN_STR("spark.sql.ansi.enabled"));
    return dialect == FIRN_DIALECT_SPARK && firn_str_equals_nocase(ansi, FIRN_STR("false"));
}

firn_status firn_session__translate(firn_session *session, firn_str sql, firn_dialect dialect,
                                    const view_scope *scope, firn_translation *out, firn_error *err)
{
    const firn_sql_name ns = {.parts = session->current_levels,
                              .n_parts = session->n_current_levels};
    reference_scope references = {session, scope};
    firn_dialect_opts opts = {.dialect = dialect,
                              .ns = firn_sql_name_text(&ns, session->arena),
                              .zone = firn_session__zone(session),
                              .is_inner = scope != NULL,
                              .is_lenient = is_lenient(session, dialect),
                              .variables = session->variables.items,
                              .n_variables = session->variables.n,
                              .columns_of = columns_of,
                              .ctx = &references};
    if (session->current_catalog) opts.catalog = firn_catalog_name(session->current_catalog);
    session->has_dialect = true;
    return firn_dialect_translate(sql, &opts, session->arena, out, err);
}

firn_str firn_session__original(const firn_session *session, firn_str statement, firn_str piece)
{
    const firn_rewrite *translation = session->statement.translation;
    if (!translation || piece.len == 0) return piece;
    const size_t at = (size_t)(piece.data - statement.data);
    const firn_str original = session->statement.original;
    const size_t from = firn_rewrite_position(translation, at);
    const size_t to = at + piece.len >= statement.len
                          ? original.len
                          : firn_rewrite_position(translation, at + piece.len);
    return firn_str_trim(firn_str_slice(original, from, to));
}

firn_status firn_session__dml_name(firn_session *session, firn_table *table,
                                   const firn_file_numbers *numbers,
                                   const struct firn_scan_test *keys, size_t n_keys, firn_str *out,
                                   firn_error *err)
{
    firn_arena *arena = session->arena;
    statement_state *state = &session->statement;
    const firn_ident *ident = firn_table_ident(table);
    statement_tag *tag = firn_arena_push(session->arena, &state->tags, &state->n_tags,
                                         &state->cap_tags, sizeof *tag);
    if (!tag) return firn_fail_nomem(err);
    tag->dml_metadata = firn_table_metadata_of(table);
    tag->dml_numbers = numbers;
    tag->dml_keys = keys;
    tag->n_dml_keys = n_keys;
    tag->dml_name = firn_session__ident_text(session, ident);
    const firn_str last =
        firn_rewrite_tagged_name(arena, ident->name, firn_str_of(session->key), state->n_tags - 1);
    const firn_str ns = firn_sql_quote(
        ident->n_levels > 0 ? ident->levels[ident->n_levels - 1] : FIRN_STR("ns"), arena);
    if (!last.data || !ns.data || !tag->dml_name.data) return firn_fail_nomem(err);
    *out = firn_arena_printf(arena, "\"firn\".%.*s.%.*s", FIRN_STR_ARG(ns), FIRN_STR_ARG(last));
    return out->data ? FIRN_OK : firn_fail_nomem(err);
}

/* ---- time travel ---- */

static firn_status travel_to_ref(const firn_table_metadata *metadata, const firn_time_travel *at,
                                 firn_str table, const firn_snapshot **out,
                                 const firn_schema **schema_out, firn_error *err)
{
    const firn_snapshot_ref *ref = firn_metadata_find_ref(metadata, at->text);
    int64_t id = 0;
    if (ref) {
        *out = firn_metadata_find_snapshot(metadata, ref->snapshot_id);
        /* a branch is read with the table's schema, a tag with the one of its time */
        *schema_out =
            ref->is_tag ? firn_metadata_schema_at(metadata, *out) : firn_metadata_schema(metadata);
        return FIRN_OK;
    }
    *out = firn_str_to_i64(at->text, &id) ? firn_metadata_find_snapshot(metadata, id) : NULL;
    *schema_out = firn_metadata_schema_at(metadata, *out);
    if (*out) return FIRN_OK;
    return firn_sql_fail(err, at->offset, "table %.*s has no branch, tag or snapshot \"%.*s\"",
                         FIRN_STR_ARG(table), FIRN_STR_ARG(at->text));
}

static firn_status fail_too_early(const firn_table_metadata *metadata, size_t offset, int64_t us,
                                  firn_str table, firn_error *err)
{
    char text[40];
    const firn_status st =
        firn_sql_fail(err, offset, "table %.*s had no snapshot at %s", FIRN_STR_ARG(table),
                      firn_format_timestamp_us(us, true, text, sizeof text));
    if (metadata->n_snapshot_log == 0)
        return firn_error_hint(err, st, "it has no snapshot at all: nothing was written yet");
    return firn_error_hint(err, st, "what is kept of its history begins at %s",
                           firn_format_timestamp_us(metadata->snapshot_log[0].timestamp_ms * 1000,
                                                    true, text, sizeof text));
}

static firn_status travel_to_time(const firn_table_metadata *metadata, const firn_time_travel *at,
                                  firn_str table, const firn_snapshot **out,
                                  const firn_schema **schema_out, firn_error *err)
{
    const int64_t unit_us = at->is_milliseconds ? 1000 : 1000000;
    int64_t us = 0;
    if (at->is_number && at->number >= 0 && at->number <= INT64_MAX / unit_us) {
        us = at->number * unit_us;
    } else if (at->is_number) {
        return firn_sql_fail(err, at->offset, "%" PRId64 " seconds is out of range", at->number);
    }
    if (!at->is_number && !firn_parse_timestamp_us(at->text, &us, NULL)) {
        return firn_sql_fail(err, at->offset, "found \"%.*s\", expected a timestamp such as %s",
                             FIRN_STR_ARG(at->text), "'2024-01-31 12:00:00'");
    }
    *out = firn_metadata_snapshot_as_of(metadata, us / 1000);
    *schema_out = firn_metadata_schema_at(metadata, *out);
    if (*out) return FIRN_OK;
    return fail_too_early(metadata, at->offset, us, table, err);
}

firn_status firn_session__travel(const firn_table_metadata *metadata, const firn_time_travel *at,
                                 firn_str table, const firn_snapshot **out,
                                 const firn_schema **schema_out, firn_error *err)
{
    *schema_out = firn_metadata_schema(metadata);
    switch (at ? at->kind : FIRN_TRAVEL_NONE) {
    case FIRN_TRAVEL_NONE: *out = firn_metadata_current_snapshot(metadata); return FIRN_OK;
    case FIRN_TRAVEL_TIMESTAMP: return travel_to_time(metadata, at, table, out, schema_out, err);
    case FIRN_TRAVEL_VERSION: break;
    }
    if (!at->is_number) return travel_to_ref(metadata, at, table, out, schema_out, err);
    *out = firn_metadata_find_snapshot(metadata, at->number);
    *schema_out = firn_metadata_schema_at(metadata, *out);
    if (*out) return FIRN_OK;
    const firn_status st = firn_sql_fail(err, at->offset, "table %.*s has no snapshot %" PRId64,
                                         FIRN_STR_ARG(table), at->number);
    return firn_error_hint(err, st, "%.*s.snapshots lists them", FIRN_STR_ARG(table));
}
