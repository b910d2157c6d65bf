/* SPDX-License-Identifier: Apache-2.0 */
/* Merge of a query's rows by key, for pipelines. Into an empty table, or where no file can hold the
 * source's keys, it is an insert. Otherwise the source is kept in a temporary table of the engine
 * (it is read twice: for the range of its keys, and to be joined). */
#include "sql/dml/merge.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/str.h"
#include "sql/dml/dml.h"

typedef struct key_merge {
    firn_session *session;
    const firn_merge_opts *opts;
    const firn_schema *schema;
    firn_dml_target target;
    firn_merge_key *keys;
    firn_dml_rows source; /* the query, as the table's columns */
    firn_str staged;      /* the temporary table, quoted */
    firn_merge_range range;
} key_merge;

static const firn_field *find_field(const firn_schema *schema, firn_str name)
{
    for (size_t i = 0; i < schema->root.n_fields; i++) {
        if (firn_str_equals_nocase(schema->root.fields[i].name, name)) {
            return &schema->root.fields[i];
        }
    }
    return NULL;
}

static firn_status find_keys(key_merge *m, firn_error *err)
{
    firn_arena *arena = m->session->arena;
    m->keys = firn_arena_array(arena, m->opts->n_keys, sizeof *m->keys);
    if (!m->keys) return firn_fail_nomem(err);
    for (size_t i = 0; i < m->opts->n_keys; i++) {
        const firn_field *field = find_field(m->schema, m->opts->keys[i]);
        if (!field) {
            return firn_fail(err, FIRN_ERR_ARG, "the table has no key column \"%.*s\"",
                             FIRN_STR_ARG(m->opts->keys[i]));
        }
        m->keys[i] = (firn_merge_key){.field = field, .is_null_safe = true};
        m->keys[i].source = firn_sql_quote(field->name, arena);
        if (!m->keys[i].source.data) return firn_fail_nomem(err);
    }
    if (m->opts->n_keys == 0) return firn_fail(err, FIRN_ERR_ARG, "a merge needs a key");
    if (m->opts->matched != FIRN_MERGE_UPDATE_NEWER) return FIRN_OK;
    if (find_field(m->schema, m->opts->updated_at)) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_ARG, "the table has no column \"%.*s\"",
                     FIRN_STR_ARG(m->opts->updated_at));
}

/* ---- SQL ---- */

static firn_status stage_source(key_merge *m, firn_error *err)
{
    firn_sql_text *text = m->source.text;
    const firn_str name =
        firn_arena_printf(m->session->arena, "firn_source_%" PRIu64, m->session->generation);
    firn_str sql = firn_arena_printf(m->session->arena, "CREATE TEMP TABLE \"%.*s\" AS\n%.*s",
                                     FIRN_STR_ARG(name), FIRN_STR_ARG(m->source.sql));
    if (!name.data || !sql.data) return firn_fail_nomem(err);
    const size_t shift = sql.len - m->source.sql.len;
    for (size_t i = 0; i < text->n_pieces; i++) text->pieces[i].out_at += shift;
    const firn_str staged =
        firn_arena_printf(m->session->arena, "temp.main.\"%.*s\"", FIRN_STR_ARG(name));
    if (!staged.data) return firn_fail_nomem(err);
    FIRN_TRY(firn_sql_text_run(text, sql, err));
    m->staged = staged;
    return FIRN_OK;
}

static void drop_staged(key_merge *m)
{
    firn_error ignored;
    firn_sql_text text;
    if (m->staged.len == 0) return;
    firn_sql_text_init(&text, m->session, (firn_str){0});
    const firn_str sql =
        firn_arena_printf(m->session->arena, "DROP TABLE IF EXISTS %.*s", FIRN_STR_ARG(m->staged));
    if (sql.data && firn_sql_text_run(&text, sql, &ignored) != FIRN_OK) {
        firn_log_write(m->session->env->log, FIRN_LOG_WARN, "cannot drop %.*s: %s",
                       FIRN_STR_ARG(m->staged), ignored.message);
    }
}

static void put_join(const key_merge *m, firn_sql_text *text)
{
    for (size_t i = 0; i < m->opts->n_keys; i++) {
        firn_sql_text_put(text, i > 0 ? " AND t." : "t.");
        firn_sql_text_name(text, m->keys[i].field->name);
        firn_sql_text_put(text, " IS NOT DISTINCT FROM s.");
        firn_sql_text_name(text, m->keys[i].field->name);
    }
}

static firn_status put_target(const key_merge *m, firn_sql_text *text, firn_error *err)
{
    firn_str name;
    FIRN_TRY(firn_session__dml_name(m->session, m->opts->target, &m->target.numbers, m->range.keys,
                                    m->range.n_keys, &name, err));
    firn_sql_text_put(text, "(SELECT * FROM ");
    firn_sql_text_str(text, name);
    firn_sql_text_put(text, " WHERE ");
    firn_sql_text_str(text, m->range.where);
    firn_sql_text_put(text, ") AS t");
    return FIRN_OK;
}

static firn_status put_changes(const key_merge *m, firn_sql_text *text, firn_error *err)
{
    if (m->opts->matched == FIRN_MERGE_IGNORE) {
        firn_sql_text_put(text, "SELECT " FIRN_DML_NO_PLACE "1, s.* FROM ");
        firn_sql_text_str(text, m->staged);
        firn_sql_text_put(text, " AS s WHERE NOT EXISTS (SELECT 1 FROM ");
        FIRN_TRY(put_target(m, text, err));
        firn_sql_text_put(text, " WHERE ");
        put_join(m, text);
        firn_sql_text_put(text, ")");
        return FIRN_OK;
    }
    firn_sql_text_put(text, "SELECT ");
    firn_dml__put_place(text, &m->target, FIRN_STR("t"));
    firn_sql_text_put(text,
                      "CASE WHEN t." FIRN_SCAN_FILE_COLUMN " IS NULL THEN 1 ELSE 2 END, s.* FROM ");
    firn_sql_text_str(text, m->staged);
    firn_sql_text_put(text, " AS s LEFT JOIN ");
    FIRN_TRY(put_target(m, text, err));
    firn_sql_text_put(text, " ON ");
    put_join(m, text);
    if (m->opts->matched == FIRN_MERGE_UPDATE_NEWER) {
        firn_sql_text_put(text, " WHERE t." FIRN_SCAN_FILE_COLUMN " IS NULL OR s.");
        firn_sql_text_name(text, m->opts->updated_at);
        firn_sql_text_put(text, " > t.");
        firn_sql_text_name(text, m->opts->updated_at);
    }
    return FIRN_OK;
}

/* ---- steps ---- */

/* All rows are new. */
static firn_status insert_all(key_merge *m, firn_str relation, firn_txn *txn,
                              firn_dml_counts *counts, firn_error *err)
{
    const firn_apply_opts opts = {.must_be_unchanged = true, .has_values = true};
    firn_sql_text *text = m->source.text;
    firn_dml_rows rows = {.text = text};
    const size_t before = text->n_pieces;
    const char *head = "SELECT " FIRN_DML_NO_PLACE "1, * FROM ";
    const bool is_staged = m->staged.len > 0;
    rows.sql = is_staged
                   ? firn_arena_printf(m->session->arena, "%s%.*s", head, FIRN_STR_ARG(relation))
                   : firn_arena_printf(m->session->arena, "%s(%.*s)", head, FIRN_STR_ARG(relation));
    if (!rows.sql.data) return firn_fail_nomem(err);
    const size_t shift = firn_str_of(head).len + 1;
    for (size_t i = 0; i < before && !is_staged; i++) text->pieces[i].out_at += shift;
    return firn_dml__apply(&m->target, &rows, &opts, txn, counts, err);
}

static firn_status join_all(key_merge *m, firn_txn *txn, firn_dml_counts *counts, firn_error *err)
{
    firn_apply_opts opts = {.must_be_unchanged = true, .is_update = true, .has_values = true};
    firn_sql_text text;
    firn_dml_rows rows = {.text = &text};
    opts.isolation = firn_dml__isolation(m->opts->target, "write.merge.isolation-level");
    FIRN_TRY(firn_dml__is_merge_on_read(m->session, m->opts->target, "write.merge.mode",
                                        &opts.is_merge_on_read, err));
    firn_sql_text_init(&text, m->session, (firn_str){0});
    const firn_status st = put_changes(m, &text, err);
    if (st != FIRN_OK) {
        firn_sql_text_dispose(&text);
        return st;
    }
    FIRN_TRY(firn_sql_text_finish(&text, &rows.sql, err));
    return firn_dml__apply(&m->target, &rows, &opts, txn, counts, err);
}

static firn_status run(key_merge *m, firn_txn *txn, firn_dml_counts *counts, firn_error *err)
{
    const firn_row_source source = {
        .statement = m->opts->source_sql, .query = m->opts->source_sql, .by_name = true};
    FIRN_TRY(find_keys(m, err));
    FIRN_TRY(firn_dml__rows_of(m->session, m->schema, &source, &m->source, err));
    FIRN_TRY(firn_dml_target_init(&m->target, m->session, m->opts->target, NULL, err));
    if (m->target.plan.n_tasks == 0) return insert_all(m, m->source.sql, txn, counts, err);
    FIRN_TRY(stage_source(m, err));
    FIRN_TRY(firn_merge__bounds(m->session, m->staged, m->keys, m->opts->n_keys, &m->range, err));
    FIRN_TRY(firn_dml_target_init(&m->target, m->session, m->opts->target, m->range.filter, err));
    if (m->target.plan.n_tasks == 0) return insert_all(m, m->staged, txn, counts, err);
    return join_all(m, txn, counts, err);
}

/* Also a merge without effect makes a snapshot, which carries the caller's summary. */
static firn_status need_snapshot(const key_merge *m, firn_txn *txn, const firn_dml_counts *counts,
                                 firn_error *err)
{
    if (counts->files_added > 0 || counts->files_removed > 0) return FIRN_OK;
    return firn_txn_append_if_unchanged(txn, NULL, 0, m->target.snapshot_id, err);
}

firn_status firn_merge_query(firn_session *session, const firn_merge_opts *opts, firn_txn *txn,
                             firn_merge_counts *out, firn_error *err)
{
    const firn_table_metadata *metadata = firn_table_metadata_of(opts->target);
    firn_dml_counts counts = {0};
    *out = (firn_merge_counts){0};
    firn_session__renew(session);
    key_merge m = {.session = session, .opts = opts, .schema = firn_metadata_schema(metadata)};
    FIRN_TRY(firn_dml__pin(session, opts->target, err));
    firn_status st = run(&m, txn, &counts, err);
    drop_staged(&m);
    firn_dml__unpin(session);
    if (st == FIRN_OK) st = need_snapshot(&m, txn, &counts, err);
    *out = (firn_merge_counts){counts.rows_inserted, counts.rows_updated, counts.rows_copied,
                               counts.files_added, counts.files_removed};
    return st;
}
