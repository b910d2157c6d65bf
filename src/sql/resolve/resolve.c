/* SPDX-License-Identifier: Apache-2.0 */
/* What a dotted name means: catalog and namespace by the session, then table, metadata table or
 * view. The engine asks for names of queries; statement executors resolve their targets here. */
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/nearest.h"
#include "base/str.h"
#include "iceberg/spec/view_update.h"
#include "sql/ddl/ddl.h"
#include "sql/metadata_tables/metadata_file_rows.h"
#include "sql/metadata_tables/metadata_tables.h"
#include "sql/session/session_state.h"
#include "sql/show/information_schema.h"
#include "sql/show/trino_metadata.h"
#include "sql/show/trino_system.h"

#define MAX_VIEW_DEPTH 16 /* views inside views */
#define MAX_SUGGESTED  5000

/* ---- names ---- */

firn_catalog *firn_session__find_catalog(const firn_session *session, firn_str name)
{
    for (size_t i = 0; i < session->n_catalogs; i++) {
        if (firn_str_equals_nocase(firn_catalog_name(session->catalogs[i]), name)) {
            return session->catalogs[i];
        }
    }
    return NULL;
}

static firn_dialect dialect_in(const firn_session *session, const view_scope *scope)
{
    return scope ? scope->dialect : session->dialect;
}

/* The parts as the dialect keeps them. */
static firn_status fold_parts(firn_session *session, firn_dialect dialect, firn_sql_name *name,
                              firn_error *err)
{
    firn_arena *arena = firn_session__arena(session);
    if (dialect != FIRN_DIALECT_TRINO) return FIRN_OK;
    firn_str *parts = firn_arena_array(arena, name->n_parts, sizeof *parts);
    if (!parts) return firn_fail_nomem(err);
    for (size_t i = 0; i < name->n_parts; i++) {
        parts[i] = firn_dialect_fold(dialect, name->parts[i], arena);
        if (!parts[i].data) return firn_fail_nomem(err);
    }
    name->parts = parts;
    return FIRN_OK;
}

firn_status firn_session__resolve_in(firn_session *session, const view_scope *scope,
                                     const firn_sql_name *written, firn_catalog **catalog_out,
                                     firn_ident *out, firn_error *err)
{
    firn_sql_name folded = *written;
    const firn_sql_name *name = &folded;
    FIRN_TRY(fold_parts(session, dialect_in(session, scope), &folded, err));
    firn_catalog *current = scope ? scope->catalog : session->current_catalog;
    const firn_str *levels = scope ? scope->levels : session->current_levels;
    const size_t n_levels = scope ? scope->n_levels : session->n_current_levels;
    const size_t n = name->n_parts;
    *catalog_out = current;
    if (n == 1) {
        *out = (firn_ident){levels, n_levels, name->parts[0]};
    } else {
        firn_catalog *named = n >= 3 ? firn_session__find_catalog(session, name->parts[0]) : NULL;
        const size_t first = named ? 1 : 0;
        if (named) *catalog_out = named;
        *out = (firn_ident){name->parts + first, n - 1 - first, name->parts[n - 1]};
    }
    if (*catalog_out) return FIRN_OK;
    return firn_sql_fail(err, name->offset, "the session has no catalog to look up \"%.*s\" in",
                         FIRN_STR_ARG(name->parts[n - 1]));
}

firn_status firn_session__resolve(firn_session *session, const firn_sql_name *name,
                                  firn_arena *arena, firn_catalog **catalog_out, firn_ident *out,
                                  firn_error *err)
{
    firn_ident ident;
    FIRN_TRY(firn_session__resolve_in(session, NULL, name, catalog_out, &ident, err));
    firn_str *levels = firn_arena_array(arena, ident.n_levels, sizeof *levels);
    if (!levels) return firn_fail_nomem(err);
    for (size_t i = 0; i < ident.n_levels; i++) {
        levels[i] = firn_arena_copy(arena, ident.levels[i]);
        if (!levels[i].data) return firn_fail_nomem(err);
    }
    *out = (firn_ident){levels, ident.n_levels, firn_arena_copy(arena, ident.name)};
    return out->name.data ? FIRN_OK : firn_fail_nomem(err);
}

firn_str firn_session__ident_text(firn_session *session, const firn_ident *ident)
{
    firn_str text = FIRN_STR("");
    for (size_t i = 0; i < ident->n_levels && text.data; i++) {
        text = firn_arena_printf(session->arena, "%.*s%.*s.", FIRN_STR_ARG(text),
                                 FIRN_STR_ARG(ident->levels[i]));
    }
    if (!text.data) return text;
    return firn_arena_printf(session->arena, "%.*s%.*s", FIRN_STR_ARG(text),
                             FIRN_STR_ARG(ident->name));
}

/* ---- "did you mean" ---- */

static void try_tables(const firn_ident *idents, size_t n, firn_nearest *nearest)
{
    for (size_t i = 0; i < n && i < MAX_SUGGESTED; i++) firn_nearest_try(nearest, idents[i].name);
}

/* The namespace may be the one that is misspelled; listed ones have no name, only levels. */
static firn_nearest nearest_namespace(firn_session *session, firn_catalog *catalog, firn_str name)
{
    const firn_ident root = {0};
    firn_nearest nearest = firn_nearest_of(name);
    firn_error ignored;
    firn_ident *found = NULL;
    size_t n = 0;
    if (firn_catalog_get_ops(catalog)->list_namespaces(
            firn_catalog_ctx(catalog), &root, session->arena, &found, &n, &ignored) != FIRN_OK)
        return nearest;
    for (size_t i = 0; i < n && i < MAX_SUGGESTED; i++) {
        if (found[i].n_levels > 0)
            firn_nearest_try(&nearest, found[i].levels[found[i].n_levels - 1]);
    }
    if (nearest.distance == 0) nearest.best.len = 0; /* it is there, the table is not */
    return nearest;
}

/* What stands in front of the name may be a table, and the name nearly one of its metadata tables.
 */
static firn_nearest nearest_metadata_table(firn_session *session, firn_catalog *catalog,
                                           const firn_ident *ident)
{
    const firn_ident table = {ident->levels, ident->n_levels - 1,
                              ident->levels[ident->n_levels - 1]};
    firn_nearest nearest = firn_nearest_of(ident->name);
    firn_loaded_table loaded;
    firn_error ignored;
    if (firn_catalog_get_ops(catalog)->load_table(firn_catalog_ctx(catalog), &table, session->arena,
                                                  &loaded, &ignored) == FIRN_OK)
        firn_metadata_table_nearest(&nearest);
    return nearest;
}

void firn_session__suggest(firn_session *session, firn_catalog *catalog, const firn_ident *ident,
                           firn_error *err)
{
    const firn_catalog_ops *ops = firn_catalog_get_ops(catalog);
    void *ctx = firn_catalog_ctx(catalog);
    const firn_ident ns = {ident->levels, ident->n_levels, {0}};
    firn_nearest nearest = firn_nearest_of(ident->name);
    firn_error ignored;
    firn_ident *found = NULL;
    size_t n = 0;
    if (!err) return;
    const char *kind = "table"; /* of what has this very name: the statement wants the other one */
    if (ops->list_tables(ctx, &ns, session->arena, &found, &n, &ignored) == FIRN_OK)
        try_tables(found, n, &nearest);
    if (nearest.best.len == 0 || nearest.distance > 0) kind = "view";
    if (ops->list_views(ctx, &ns, session->arena, &found, &n, &ignored) == FIRN_OK)
        try_tables(found, n, &nearest);
    if (nearest.best.len > 0 && nearest.distance == 0) {
        (void)firn_error_hint(err, err->status, "%.*s is a %s", FIRN_STR_ARG(nearest.best), kind);
        return;
    }
    if (nearest.best.len == 0 && ident->n_levels > 1)
        nearest = nearest_metadata_table(session, catalog, ident);
    if (nearest.best.len == 0 && ident->n_levels == 1)
        nearest = nearest_namespace(session, catalog, ident->levels[0]);
    (void)firn_nearest_hint(&nearest, err->status, err);
}

firn_status firn_session__fail_missing(firn_session *session, firn_catalog *catalog,
                                       const firn_ident *ident, size_t offset, firn_error *err)
{
    const firn_str text = firn_session__ident_text(session, ident);
    const firn_str catalog_name = firn_catalog_name(catalog);
    const firn_status st =
        firn_fail(err, FIRN_ERR_NOT_FOUND, "table %.*s does not exist in catalog %.*s",
                  FIRN_STR_ARG(text), FIRN_STR_ARG(catalog_name));
    if (err) err->position = offset;
    firn_session__suggest(session, catalog, ident, err);
    return st;
}

static bool is_view(firn_session *session, firn_catalog *catalog, const firn_ident *ident)
{
    firn_loaded_view view;
    firn_error ignored;
    return firn_catalog_get_ops(catalog)->load_view(firn_catalog_ctx(catalog), ident,
                                                    firn_session__arena(session), &view,
                                                    &ignored) == FIRN_OK;
}

static firn_status fail_view(firn_session *session, const firn_ident *ident, size_t offset,
                             firn_error *err)
{
    const firn_str text = firn_session__ident_text(session, ident);
    const firn_status st = firn_fail(
        err, FIRN_ERR_ARG, "%.*s is a view, the statement needs a table", FIRN_STR_ARG(text));
    if (err) err->position = offset;
    return firn_error_hint(err, st, "name the table that the view reads");
}

firn_status firn_session__open_table(firn_session *session, const firn_sql_name *name,
                                     firn_table **out, firn_error *err)
{
    firn_catalog *catalog = NULL;
    firn_ident ident;
    *out = NULL;
    FIRN_TRY(firn_session__resolve_in(session, NULL, name, &catalog, &ident, err));
    const firn_status st = firn_table_open(session->env, session->store, catalog, &ident, out, err);
    if (st == FIRN_ERR_NOT_FOUND) {
        return is_view(session, catalog, &ident)
                   ? fail_view(session, &ident, name->offset, err)
                   : firn_session__fail_missing(session, catalog, &ident, name->offset, err);
    }
    FIRN_TRY(st);
    const firn_status pinned = firn_session__pin(
        session, catalog, &ident, firn_table_metadata_of(*out)->current_snapshot_id, err);
    if (pinned != FIRN_OK) {
        firn_table_close(*out);
        *out = NULL;
    }
    return pinned;
}

/* ---- claims ---- */

/* A name the engine asked about. */
typedef struct question {
    firn_session *session;
    firn_sql_name name;         /* without the private suffix */
    const statement_tag *tag;   /* NULL: no suffix */
    const firn_time_travel *at; /* NULL: none */
    const view_scope *scope;    /* NULL: the user's statement */
} question;

static const session_range *find_range(const firn_session *session, const firn_ident *ident)
{
    for (size_t i = 0; i < session->n_ranges; i++) {
        const firn_ident *table = &session->ranges[i].table;
        bool is_same =
            table->n_levels == ident->n_levels && firn_str_equals(table->name, ident->name);
        for (size_t l = 0; is_same && l < table->n_levels; l++) {
            is_same = firn_str_equals(table->levels[l], ident->levels[l]);
        }
        if (is_same) return &session->ranges[i];
    }
    return NULL;
}

static int64_t rows_of(const firn_snapshot *snapshot)
{
    if (!snapshot) return 0;
    return firn_properties_get_i64(&snapshot->summary, FIRN_STR("total-records"), -1);
}

static firn_status declare_metadata(const question *q, firn_metadata_columns columns,
                                    firn_scan_source *source, firn_error *err)
{
    source->metadata_columns = columns & firn_metadata_columns_of(source->metadata);
    if (source->metadata_columns == 0) return FIRN_OK;
    return firn_metadata_partition_type(source->metadata, q->session->arena, &source->partition,
                                        err);
}

/* What a table will be is not known; Trino says so, the others take what it is. */
static firn_status check_past(const question *q, firn_error *err)
{
    int64_t us = 0;
    if (!q->at || q->at->kind != FIRN_TRAVEL_TIMESTAMP || q->at->is_number ||
        dialect_in(q->session, q->scope) != FIRN_DIALECT_TRINO) {
        return FIRN_OK;
    }
    if (!firn_parse_timestamp_us(q->at->text, &us, NULL) ||
        us / 1000 <= firn_clock_wall_ms(q->session->env->clock)) {
        return FIRN_OK;
    }
    return firn_sql_fail(err, q->at->offset, "%.*s is not in the past", FIRN_STR_ARG(q->at->text));
}

static firn_status claim_table(const question *q, firn_catalog *catalog, const firn_ident *ident,
                               const firn_table_metadata *metadata, firn_engine_claim *out,
                               firn_error *err)
{
    const firn_snapshot *snapshot = NULL;
    firn_scan_source source = {.metadata = metadata, .snapshot_id = -1};
    source.name = firn_session__ident_text(q->session, ident);
    if (!source.name.data) return firn_fail_nomem(err);
    FIRN_TRY(check_past(q, err));
    FIRN_TRY(firn_session__travel(metadata, q->at, source.name, &snapshot, &source.schema, err));
    const firn_str branch = q->at ? (firn_str){0} : firn_session__wap_branch(q->session, metadata);
    const firn_snapshot_ref *ref = branch.data ? firn_metadata_find_ref(metadata, branch) : NULL;
    if (ref) snapshot = firn_metadata_find_snapshot(metadata, ref->snapshot_id);
    const statement_pin *pin =
        q->at || ref ? NULL : firn_session__find_pin(q->session, catalog, ident);
    if (pin) snapshot = firn_metadata_find_snapshot(metadata, pin->snapshot_id);
    if (snapshot) source.snapshot_id = snapshot->snapshot_id;
    source.n_rows = rows_of(snapshot);
    if (!q->scope) source.asked = q->session->statement.asked;
    const session_range *range = q->at ? NULL : find_range(q->session, ident);
    if (range) {
        source.snapshot_id = range->to_snapshot_id;
        source.from_snapshot_id = range->from_snapshot_id;
        source.n_rows = -1;
    }
    if (q->tag && q->tag->ref)
        FIRN_TRY(declare_metadata(q, q->tag->ref->metadata_columns, &source, err));
    firn_session__find_joins(q->session, q->tag, q->scope, &q->name, &source);
    out->is_claimed = true;
    out->alias = ident->name;
    return firn_session__add_source(q->session, &source, &out->select, err);
}

static firn_status claim_dml(const question *q, firn_engine_claim *out, firn_error *err)
{
    const firn_table_metadata *metadata = q->tag->dml_metadata;
    const firn_snapshot *snapshot = firn_metadata_current_snapshot(metadata);
    firn_scan_source source = {.name = q->tag->dml_name,
                               .metadata = metadata,
                               .schema = firn_metadata_schema(metadata),
                               .snapshot_id = snapshot ? snapshot->snapshot_id : -1,
                               .n_rows = rows_of(snapshot),
                               .numbers = q->tag->dml_numbers,
                               .keys = q->tag->dml_keys,
                               .n_keys = q->tag->n_dml_keys};
    FIRN_TRY(declare_metadata(q, FIRN_ALL_METADATA_COLUMNS, &source, err));
    out->is_claimed = true;
    out->alias = q->name.parts[q->name.n_parts - 1];
    return firn_session__add_source(q->session, &source, &out->select, err);
}

/* "ns.t.snapshots" and "ns.t$snapshots": the name of the table and of the metadata table. */
static firn_metadata_table split_metadata_name(firn_session *session, const firn_sql_name *name,
                                               firn_sql_name *table_out)
{
    const firn_str last = name->parts[name->n_parts - 1];
    firn_metadata_table which = FIRN_METADATA_TABLE_NONE;
    size_t dollar = last.len;
    *table_out = *name;
    while (dollar > 0 && last.data[dollar - 1] != '$') dollar--;
    if (dollar > 1) {
        which = firn_metadata_table_of(firn_str_slice(last, dollar, last.len));
        firn_str *parts = firn_arena_array(session->arena, name->n_parts, sizeof *parts);
        if (which == FIRN_METADATA_TABLE_NONE || !parts) return FIRN_METADATA_TABLE_NONE;
        memcpy(parts, name->parts, name->n_parts * sizeof *parts);
        parts[name->n_parts - 1] = firn_str_slice(last, 0, dollar - 1);
        table_out->parts = parts;
        return which;
    }
    if (name->n_parts < 2) return FIRN_METADATA_TABLE_NONE;
    table_out->n_parts--;
    return firn_metadata_table_of(last);
}

/* FIRN_ERR_NOT_FOUND: no such table, or the name is not of this form. */
static firn_status claim_metadata_table(const question *q, firn_engine_claim *out, firn_error *err)
{
    firn_session *session = q->session;
    firn_sql_name table_name;
    firn_catalog *catalog = NULL;
    firn_ident ident;
    const firn_loaded_table *loaded = NULL;
    const firn_schema *schema = NULL;
    firn_scan_source source = {0};
    const firn_metadata_table which = split_metadata_name(session, &q->name, &table_name);
    if (which == FIRN_METADATA_TABLE_NONE) return FIRN_ERR_NOT_FOUND;
    FIRN_TRY(firn_session__resolve_in(session, q->scope, &table_name, &catalog, &ident, err));
    FIRN_TRY(firn_session__load(session, catalog, &ident, &loaded, err));
    firn_metadata_table_opts opts = {.env = session->env, .store = session->store, .table = loaded};
    source.name = firn_session__ident_text(session, &ident);
    if (!source.name.data) return firn_fail_nomem(err);
    FIRN_TRY(
        firn_session__travel(loaded->metadata, q->at, source.name, &opts.snapshot, &schema, err));
    const bool is_trino = dialect_in(session, q->scope) == FIRN_DIALECT_TRINO;
    opts.is_wide = is_trino;
    const firn_metadata_table read = is_trino ? firn_trino_metadata_source(which) : which;
    FIRN_TRY(firn_metadata_table_rows(read, &opts, session->arena, &source.batch_type,
                                      &source.batch, err));
    out->is_claimed = true;
    out->alias = q->name.parts[q->name.n_parts - 1];
    FIRN_TRY(firn_session__add_source(session, &source, &out->select, err));
    if (!is_trino) return FIRN_OK;
    return firn_trino_metadata_select(which, loaded->metadata, source.batch_type, out->select,
                                      session->arena, &out->select, err);
}

/* "cat.information_schema.tables", or without the catalog.
 * FIRN_ERR_NOT_FOUND: not one of them. */
static firn_status claim_information_schema(const question *q, firn_catalog *catalog,
                                            const firn_ident *ident, firn_engine_claim *out,
                                            firn_error *err)
{
    firn_scan_source source = {.name = ident->name};
    if (ident->n_levels != 1 ||
        !firn_str_equals_nocase(ident->levels[0], FIRN_STR("information_schema"))) {
        return FIRN_ERR_NOT_FOUND;
    }
    const firn_information_opts opts = {
        .catalogs = &catalog, .n_catalogs = 1, .dialect = dialect_in(q->session, q->scope)};
    FIRN_TRY(firn_information_schema_rows(&opts, ident->name, q->session->arena, &source.batch_type,
                                          &source.batch, err));
    out->is_claimed = true;
    out->alias = ident->name;
    return firn_session__add_source(q->session, &source, &out->select, err);
}

/* Spark's "t.branch_dev", "t.tag_v1", "t.snapshot_id_7", "t.at_timestamp_7" (milliseconds), and
 * "t@dev": the name of the table and what it travels to. False: not of this form. */
static bool split_ref_name(const question *q, firn_sql_name *table_out, firn_time_travel *at)
{
    static const struct {
        const char *prefix;
        firn_travel_kind kind;
        bool is_number;
    } k_forms[] = {{"branch_", FIRN_TRAVEL_VERSION, false},
                   {"tag_", FIRN_TRAVEL_VERSION, false},
                   {"snapshot_id_", FIRN_TRAVEL_VERSION, true},
                   {"at_timestamp_", FIRN_TRAVEL_TIMESTAMP, true}};
    const firn_str last = q->name.parts[q->name.n_parts - 1];
    *at = (firn_time_travel){.kind = FIRN_TRAVEL_VERSION, .offset = q->name.offset};
    if (firn_str_find(last, FIRN_STR("@"), 0) != SIZE_MAX) {
        return firn_session__split_branch(q->session, &q->name, table_out, &at->text);
    }
    *table_out = q->name;
    table_out->n_parts--;
    if (dialect_in(q->session, q->scope) == FIRN_DIALECT_SPARK && q->name.n_parts < 3) return false;
    for (size_t i = 0; i < sizeof k_forms / sizeof *k_forms && q->name.n_parts > 1; i++) {
        const firn_str prefix = firn_str_of(k_forms[i].prefix);
        if (!firn_str_starts_with(last, prefix)) continue;
        at->kind = k_forms[i].kind;
        at->text = firn_str_slice(last, prefix.len, last.len);
        at->is_number = k_forms[i].is_number;
        at->is_milliseconds = k_forms[i].kind == FIRN_TRAVEL_TIMESTAMP;
        return at->text.len > 0 && (!at->is_number || firn_str_to_i64(at->text, &at->number));
    }
    return false;
}

/* FIRN_ERR_NOT_FOUND: no such table, or no such name. */
static firn_status claim_ref_name(const question *q, firn_engine_claim *out, firn_error *err)
{
    firn_catalog *catalog = NULL;
    firn_ident ident;
    const firn_loaded_table *loaded = NULL;
    question table = *q;
    firn_time_travel at;
    if (q->at || !split_ref_name(q, &table.name, &at)) return FIRN_ERR_NOT_FOUND;
    table.at = &at;
    FIRN_TRY(firn_session__resolve_in(q->session, q->scope, &table.name, &catalog, &ident, err));
    FIRN_TRY(firn_session__load(q->session, catalog, &ident, &loaded, err));
    return claim_table(&table, catalog, &ident, loaded->metadata, out, err);
}

/* ---- metadata columns ---- */

/* DuckDB reads 'file.parquet' by name when it may. */
static bool is_file_name(const firn_sql_name *name)
{
    const firn_str text = name->parts[0];
    if (name->n_parts != 1 || text.len == 0) return false;
    return memchr(text.data, '.', text.len) || memchr(text.data, '/', text.len);
}

/* "t", or "t" of "t.branch_dev" and "t.tag_v1". */
static firn_status load_table(const reference_scope *in, const firn_table_ref *ref,
                              const firn_loaded_table **out)
{
    firn_error ignored;
    firn_catalog *catalog = NULL;
    firn_ident ident;
    firn_sql_name name = {.parts = ref->parts, .n_parts = ref->n_parts};
    const firn_str last = ref->parts[ref->n_parts - 1];
    firn_status st =
        firn_session__resolve_in(in->session, in->view, &name, &catalog, &ident, &ignored);
    if (st == FIRN_OK) st = firn_session__load(in->session, catalog, &ident, out, &ignored);
    const bool may_be_ref = firn_str_starts_with(last, FIRN_STR("branch_")) ||
                            firn_str_starts_with(last, FIRN_STR("tag_"));
    if (st != FIRN_ERR_NOT_FOUND || !may_be_ref || name.n_parts < 2) return st;
    name.n_parts--;
    FIRN_TRY(firn_session__resolve_in(in->session, in->view, &name, &catalog, &ident, &ignored));
    return firn_session__load(in->session, catalog, &ident, out, &ignored);
}

/* A name that cannot be loaded is no table of ours, or the engine's question about it will say why.
 */
firn_metadata_columns firn_session__metadata_columns(const void *ctx, const firn_table_ref *ref,
                                                     firn_metadata_columns named)
{
    const reference_scope *in = ctx;
    const firn_loaded_table *loaded = NULL;
    firn_str name;
    size_t tag = 0;
    const firn_str last = ref->parts[ref->n_parts - 1];
    const firn_sql_name whole = {.parts = ref->parts, .n_parts = ref->n_parts};
    if (ref->call.len > 0) return 0;
    if (!in->view && firn_session__find_changelog_view(in->session, &whole)) return 0;
    if (firn_rewrite_read_tag(last, firn_str_of(in->session->key), &name, &tag)) return 0;
    if (in->session->n_catalogs == 0 || is_file_name(&whole)) return 0;
    const size_t n_tags = in->session->statement.n_tags;
    const bool is_engines = !in->view && firn_session__is_temporary(in->session, &whole);
    in->session->statement.n_tags = n_tags; /* the question to the engine is over */
    if (is_engines) return 0;
    if (load_table(in, ref, &loaded) != FIRN_OK) return 0;
    return named & firn_metadata_columns_of(loaded->metadata);
}

bool firn_session__is_ours(const void *ctx, const firn_table_ref *ref)
{
    const reference_scope *in = ctx;
    if (dialect_in(in->session, in->view) == FIRN_DIALECT_TRINO)
        return firn_trino_is_system(in->session, ref->parts, ref->n_parts);
    return in->session->n_catalogs > 0 && ref->n_parts == 2 &&
           firn_str_equals_nocase(ref->parts[0], FIRN_STR("information_schema")) &&
           firn_information_schema_has(ref->parts[1]);
}

/* ---- views ---- */

static const firn_view_representation *choose_dialect(const firn_view_version *version)
{
    static const char *const k_dialects[] = {"duckdb", "firn", "spark", "trino"};
    for (size_t d = 0; d < sizeof k_dialects / sizeof *k_dialects; d++) {
        for (size_t i = 0; i < version->n_representations; i++) {
            const firn_view_representation *r = &version->representations[i];
            if (firn_str_equals_nocase(r->dialect, firn_str_of(k_dialects[d]))) return r;
        }
    }
    return NULL;
}

static firn_status fail_dialect(firn_session *session, firn_str view,
                                const firn_view_version *version, firn_error *err)
{
    firn_str found = FIRN_STR("");
    for (size_t i = 0; version && i < version->n_representations && found.data; i++)
        found =
            firn_arena_printf(session->arena, "%.*s%s%.*s", FIRN_STR_ARG(found), i > 0 ? ", " : "",
                              FIRN_STR_ARG(version->representations[i].dialect));
    if (!found.data) return firn_fail_nomem(err);
    (void)firn_fail(err, FIRN_ERR_UNSUPPORTED,
                    "not supported: view %.*s has text in the dialects (%.*s), none of which is "
                    "duckdb, firn, spark or trino",
                    FIRN_STR_ARG(view), FIRN_STR_ARG(found));
    return firn_error_hint(err, FIRN_ERR_UNSUPPORTED,
                           "ALTER VIEW .. SET DIALECT duckdb AS SELECT ..");
}

static bool is_same_view(const firn_catalog *catalog, const firn_ident *view,
                         const firn_catalog *other_catalog, const firn_ident *other)
{
    bool is_same = catalog == other_catalog && view->n_levels == other->n_levels &&
                   firn_str_equals(view->name, other->name);
    for (size_t i = 0; is_same && i < view->n_levels; i++)
        is_same = firn_str_equals(view->levels[i], other->levels[i]);
    return is_same;
}

static firn_status enter_view(const question *q, firn_catalog *catalog, const firn_ident *ident,
                              const firn_view_version *version, firn_dialect dialect,
                              view_scope **out, firn_error *err)
{
    const firn_str text = firn_session__ident_text(q->session, ident);
    const statement_state *state = &q->session->statement;
    bool is_inside = state->made_view &&
                     is_same_view(state->made_view_catalog, state->made_view, catalog, ident);
    for (const view_scope *s = q->scope; s && !is_inside; s = s->outer)
        is_inside = is_same_view(s->catalog, &s->view, catalog, ident);
    if (is_inside)
        return firn_fail(err, FIRN_ERR_ARG, "view %.*s reads itself", FIRN_STR_ARG(text));
    if (q->scope && q->scope->depth == MAX_VIEW_DEPTH) {
        return firn_fail(err, FIRN_ERR_LIMIT, "view %.*s is nested more than %d deep",
                         FIRN_STR_ARG(text), MAX_VIEW_DEPTH);
    }
    view_scope *scope = firn_arena_alloc_zero(q->session->arena, sizeof *scope);
    if (!scope) return firn_fail_nomem(err);
    scope->outer = q->scope;
    scope->depth = q->scope ? q->scope->depth + 1 : 1;
    scope->catalog = firn_session__find_catalog(q->session, version->default_catalog);
    if (!scope->catalog) scope->catalog = catalog;
    scope->levels = version->default_namespace;
    scope->n_levels = version->n_default_namespace;
    scope->view = *ident;
    scope->dialect = dialect;
    *out = scope;
    return FIRN_OK;
}

static void write_columns(firn_session *session, const firn_schema *schema, firn_buf *out)
{
    for (size_t i = 0; i < schema->root.n_fields; i++) {
        if (i > 0) firn_buf_cstr(out, ", ");
        firn_buf_str(out, firn_sql_quote(schema->root.fields[i].name, session->arena));
    }
}

/* "SELECT columns FROM (text) AS v(columns)": the view's own columns win over those of its text,
 * which may have got more since ("SELECT *"). */
static firn_status write_view(firn_session *session, const firn_view_metadata *view,
                              const firn_view_version *version, firn_str text, firn_str *out,
                              firn_error *err)
{
    firn_buf buf;
    const firn_schema *schema = firn_view_schema_of(view, version);
    firn_buf_init(&buf, session->env->alloc, 4 * FIRN_LIMIT_SQL_TEXT);
    firn_buf_cstr(&buf, "SELECT ");
    write_columns(session, schema, &buf);
    firn_buf_cstr(&buf, " FROM (");
    firn_buf_str(&buf, text);
    firn_buf_cstr(&buf, "\n) AS \"view\"(");
    write_columns(session, schema, &buf);
    firn_buf_byte(&buf, ')');
    const firn_status st = firn_buf_check(&buf, err);
    if (st == FIRN_OK) *out = firn_arena_copy(session->arena, firn_buf_view(&buf));
    firn_buf_dispose(&buf);
    if (st == FIRN_OK && !out->data) return firn_fail_nomem(err);
    return st;
}

/* Trino keeps the columns that a view had when it was made; those of its tables may be others now.
 * Names that the view gave itself are not the query's, so a name alone does not tell. */
static bool is_stale(const firn_translation *text, const firn_schema *schema)
{
    bool has_other_name = false;
    bool has_moved = false;
    if (!text->columns) return false;
    if (text->n_columns != schema->root.n_fields) return true;
    for (size_t i = 0; i < text->n_columns; i++) {
        const firn_str stored = schema->root.fields[i].name;
        const firn_str now = text->columns[i].name;
        has_other_name |= now.len > 0 && !firn_str_equals_nocase(now, stored);
        for (size_t k = 0; k < text->n_columns; k++)
            has_moved |= k != i && firn_str_equals_nocase(text->columns[k].name, stored);
    }
    return has_other_name && has_moved;
}

/* The view's query in DuckDB's words. */
static firn_status view_text(firn_session *session, firn_str sql, firn_dialect dialect,
                             const view_scope *scope, const firn_schema *schema, firn_str *out,
                             firn_error *err)
{
    firn_translation text;
    firn_lexer lexer = firn_lexer_of(sql);
    lexer.dialect = dialect;
    const size_t length = firn_lexer_statement_length(lexer);
    *out = length > 0 ? firn_str_slice(sql, 0, length - 1) : sql;
    if (dialect == FIRN_DIALECT_DUCKDB) return FIRN_OK;
    FIRN_TRY(firn_session__translate(session, *out, dialect, scope, &text, err));
    if (is_stale(&text, schema)) {
        return firn_fail(
            err, FIRN_ERR_ARG,
            "view %.*s is stale: its query has other columns now than when it was made",
            FIRN_STR_ARG(scope->view.name));
    }
    *out = text.text.sql;
    return FIRN_OK;
}

static firn_status claim_view(const question *q, firn_catalog *catalog, const firn_ident *ident,
                              firn_engine_claim *out, firn_error *err)
{
    firn_session *session = q->session;
    firn_loaded_view loaded;
    view_scope *scope = NULL;
    const firn_rewrite *rewrite = NULL;
    FIRN_TRY(firn_catalog_get_ops(catalog)->load_view(firn_catalog_ctx(catalog), ident,
                                                      session->arena, &loaded, err));
    const firn_str text = firn_session__ident_text(session, ident);
    const firn_view_version *version = firn_view_current_version(loaded.metadata);
    const firn_view_representation *chosen = version ? choose_dialect(version) : NULL;
    if (!chosen) return fail_dialect(session, text, version, err);
    if (q->at) {
        return firn_sql_fail(err, q->at->offset, "view %.*s has no time travel",
                             FIRN_STR_ARG(text));
    }
    firn_dialect dialect = FIRN_DIALECT_DUCKDB;
    (void)firn_dialect_of(chosen->dialect, &dialect);
    FIRN_TRY(enter_view(q, catalog, ident, version, dialect, &scope, err));
    firn_str sql;
    FIRN_TRY(view_text(session, chosen->sql, dialect, scope,
                       firn_view_schema_of(loaded.metadata, version), &sql, err));
    FIRN_TRY(firn_session__rewrite(session, sql, scope, &rewrite, err));
    out->is_claimed = true;
    out->alias = ident->name;
    return write_view(session, loaded.metadata, version, rewrite->sql, &out->select, err);
}

/* ---- the engine's question ---- */

/* Where the name stands in the user's text. */
static size_t offset_of(const firn_session *session, const firn_str *parts, size_t n_parts)
{
    const firn_rewrite *rewrite = session->statement.rewrite;
    for (size_t i = 0; rewrite && i < rewrite->n_refs; i++) {
        const firn_table_ref *ref = &rewrite->refs[i];
        bool is_same = ref->n_parts == n_parts;
        for (size_t p = 0; is_same && p < n_parts; p++) {
            is_same = firn_str_equals_nocase(ref->parts[p], parts[p]);
        }
        if (is_same) return ref->offset;
    }
    return 0;
}

static firn_status answer(const question *q, firn_engine_claim *out, firn_error *err)
{
    firn_session *session = q->session;
    firn_catalog *catalog = NULL;
    firn_ident ident;
    const firn_loaded_table *loaded = NULL;
    if (q->tag && q->tag->ref && q->tag->ref->call.len > 0)
        return firn_session__claim_changes_call(session, q->scope, q->tag->ref, out, err);
    FIRN_TRY(firn_session__resolve_in(session, q->scope, &q->name, &catalog, &ident, err));
    firn_status st = q->scope ? FIRN_ERR_NOT_FOUND
                              : firn_session__claim_changelog_view(session, &q->name, out, err);
    if (st != FIRN_ERR_NOT_FOUND) return st;
    if (dialect_in(session, q->scope) == FIRN_DIALECT_TRINO)
        st = firn_trino_claim_system(session, catalog, &q->name, out, err);
    if (st != FIRN_ERR_NOT_FOUND) return st;
    st = firn_session__load(session, catalog, &ident, &loaded, err);
    if (st == FIRN_OK) return claim_table(q, catalog, &ident, loaded->metadata, out, err);
    if (st != FIRN_ERR_NOT_FOUND) return st;
    st = claim_metadata_table(q, out, err);
    if (st != FIRN_ERR_NOT_FOUND) return st;
    st = firn_session__claim_changes_table(session, q->scope, &q->name, q->at, out, err);
    if (st != FIRN_ERR_NOT_FOUND) return st;
    st = claim_information_schema(q, catalog, &ident, out, err);
    if (st != FIRN_ERR_NOT_FOUND) return st;
    st = claim_ref_name(q, out, err);
    if (st != FIRN_ERR_NOT_FOUND) return st;
    st = claim_view(q, catalog, &ident, out, err);
    if (st != FIRN_ERR_NOT_FOUND) return st;
    return firn_session__fail_missing(session, catalog, &ident, q->name.offset, err);
}

firn_status firn_session__claim(void *owner, const firn_str *parts, size_t n_parts,
                                firn_engine_claim *out, firn_error *err)
{
    firn_session *session = owner;
    size_t tag = 0;
    firn_str last = parts[n_parts - 1];
    question q = {.session = session};
    /* DuckDB's strings are gone when it has its answer; sources keep them */
    firn_str *copies = firn_arena_array(session->arena, n_parts, sizeof *copies);
    if (!copies) return firn_fail_nomem(err);
    if (firn_rewrite_read_tag(last, firn_str_of(session->key), &last, &tag) &&
        tag < session->statement.n_tags) {
        q.tag = &session->statement.tags[tag];
        q.scope = q.tag->scope;
        if (q.tag->ref && q.tag->ref->at.kind != FIRN_TRAVEL_NONE) q.at = &q.tag->ref->at;
    }
    for (size_t i = 0; i < n_parts; i++) {
        copies[i] = firn_arena_copy(session->arena, i + 1 == n_parts ? last : parts[i]);
        if (!copies[i].data) return firn_fail_nomem(err);
    }
    q.name = (firn_sql_name){.parts = copies, .n_parts = n_parts};
    q.name.offset =
        q.tag && q.tag->ref && !q.scope ? q.tag->ref->offset : offset_of(session, copies, n_parts);
    if (q.tag && q.tag->dml_metadata) return claim_dml(&q, out, err);
    const bool is_file = !q.tag && is_file_name(&q.name);
    if (!q.tag && (session->n_catalogs == 0 || (is_file && session->allow_files))) return FIRN_OK;
    const firn_status st = answer(&q, out, err);
    if (st != FIRN_ERR_NOT_FOUND || !is_file) return st;
    return firn_fail(err, FIRN_ERR_DENIED, "this session may not read files such as %.*s",
                     FIRN_STR_ARG(last));
}
