/* SPDX-License-Identifier: Apache-2.0 */
/* The LANDING model: find new files, load them in groups, commit each group.
 *
 * Invariant: a file's rows, its quarantined lines and its ledger row are in one commit, and the
 * commit requires that the ledger is as it was when the file was found to be new. Two runs that
 * load the same file at once: both write data files, one commits; the other sees the ledger moved,
 * reads it again, finds the file there and drops its own data files. */
#include "pipeline/landing.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "iceberg/txn/snapshot_update.h"
#include "iceberg/write/table_writer.h"

/* One commit covers at most this much, so that a kill never loses much work. */
static const int64_t k_group_bytes = (int64_t)1 << 30;
/* A ledger of more data files than this is written anew as one, in the commit that adds to it. */
enum { MAX_GROUP_FILES = 10000, MAX_LEDGER_DATA_FILES = 32 };

typedef struct landing {
    firn_run *run;
    firn_table *rows, *quarantine, *ledger_table;
    firn_ledger ledger;
    firn_arena *group_arena;
} landing;

static firn_status create_tables(firn_run *run, firn_error *err)
{
    const firn_str columns = run->model->columns;
    FIRN_TRY(firn_run_create_namespace(run, err));
    const firn_str by = run->model->partitioned_by;
    FIRN_TRY(firn_run_sql(run, err,
                          "CREATE TABLE IF NOT EXISTS %s (%.*s, source_file STRING NOT NULL, "
                          "line_number BIGINT NOT NULL, ingested_at TIMESTAMPTZ NOT NULL)%s%.*s%s",
                          firn_run_quoted(run, "").data, FIRN_STR_ARG(columns),
                          by.len ? " PARTITIONED BY (" : "", FIRN_STR_ARG(by), by.len ? ")" : ""));
    FIRN_TRY(firn_run_sql(run, err,
                          "CREATE TABLE IF NOT EXISTS %s (source_file STRING NOT NULL, "
                          "line_number BIGINT NOT NULL, byte_offset BIGINT NOT NULL, reason STRING "
                          "NOT NULL, raw_text STRING NOT NULL, raw_bytes BINARY, ingested_at "
                          "TIMESTAMPTZ NOT NULL)",
                          firn_run_quoted(run, "_quarantine").data));
    return firn_run_sql(
        run, err,
        "CREATE TABLE IF NOT EXISTS %s (source_file STRING NOT NULL, size_bytes "
        "BIGINT NOT NULL, modified_at TIMESTAMPTZ NOT NULL, content_hash STRING NOT "
        "NULL, row_count BIGINT NOT NULL, quarantined_count BIGINT NOT NULL, "
        "loaded_at TIMESTAMPTZ NOT NULL)",
        firn_run_quoted(run, "_files").data);
}

static void close_tables(landing *l)
{
    firn_table_close(l->rows);
    firn_table_close(l->quarantine);
    firn_table_close(l->ledger_table);
    l->rows = l->quarantine = l->ledger_table = NULL;
}

/* The ledger is opened first: what it says is never newer than the other tables. */
static firn_status open_tables(landing *l, firn_error *err)
{
    close_tables(l);
    FIRN_TRY(firn_run_open(l->run, "_files", &l->ledger_table, err));
    FIRN_TRY(firn_run_open(l->run, "", &l->rows, err));
    return firn_run_open(l->run, "_quarantine", &l->quarantine, err);
}

/* ---- ledger rows ---- */

static firn_status put_ledger_row(firn_batch *batch, firn_str name, const firn_ledger_entry *entry,
                                  firn_error *err)
{
    const int64_t row = batch->n_rows;
    firn_column *c = batch->columns;
    FIRN_TRY(firn_column_copy_bytes(&c[0], name, &((firn_view *)c[0].values)[row], err));
    ((int64_t *)c[1].values)[row] = entry->size_bytes;
    ((int64_t *)c[2].values)[row] = entry->modified_us;
    FIRN_TRY(firn_column_copy_bytes(&c[3], entry->hash, &((firn_view *)c[3].values)[row], err));
    ((int64_t *)c[4].values)[row] = entry->n_rows;
    ((int64_t *)c[5].values)[row] = entry->n_bad_lines;
    ((int64_t *)c[6].values)[row] = entry->loaded_us;
    for (size_t i = 0; i < batch->n_columns; i++) c[i].n_values = row + 1;
    batch->n_rows = row + 1;
    return FIRN_OK;
}

static firn_status append_ledger_row(firn_table_writer *writer, firn_batch *batch, firn_str name,
                                     const firn_ledger_entry *entry, firn_error *err)
{
    if (batch->n_rows == FIRN_BATCH_ROWS) {
        FIRN_TRY(firn_table_writer_append(writer, batch, err));
        firn_batch_reset(batch);
    }
    return put_ledger_row(batch, name, entry, err);
}

static bool rewrites_ledger(const landing *l)
{
    return l->ledger.n_data_files > MAX_LEDGER_DATA_FILES;
}

static firn_status write_ledger_rows(landing *l, firn_table_writer *writer, firn_batch *batch,
                                     const firn_landing_file *files, size_t n, firn_error *err)
{
    const int64_t now_us = firn_clock_wall_us(l->run->env->clock);
    const firn_map *old = &l->ledger.entries;
    for (size_t i = 0; rewrites_ledger(l) && i < old->n_entries; i++)
        FIRN_TRY(append_ledger_row(writer, batch, old->entries[i].key, old->entries[i].value, err));
    for (size_t i = 0; i < n; i++) {
        const firn_ledger_entry entry = {.size_bytes = files[i].size_bytes,
                                         .modified_us = files[i].modified_us,
                                         .hash = firn_str_of(files[i].hash),
                                         .n_rows = files[i].n_rows,
                                         .n_bad_lines = files[i].n_bad_lines,
                                         .loaded_us = now_us};
        FIRN_TRY(append_ledger_row(writer, batch, files[i].name, &entry, err));
    }
    return batch->n_rows ? firn_table_writer_append(writer, batch, err) : FIRN_OK;
}

static firn_status write_ledger(landing *l, const firn_landing_file *files, size_t n,
                                firn_data_file **out, size_t *n_out, firn_error *err)
{
    const firn_table_metadata *metadata = firn_table_metadata_of(l->ledger_table);
    firn_table_writer *writer = NULL;
    firn_batch *batch = NULL;
    firn_status st =
        firn_table_writer_create(l->run->env, l->run->store, metadata, NULL, &writer, err);
    if (st == FIRN_OK)
        st = firn_batch_create(&firn_metadata_schema(metadata)->root, FIRN_BATCH_ROWS, &batch, err);
    if (st == FIRN_OK) st = write_ledger_rows(l, writer, batch, files, n, err);
    if (st == FIRN_OK) st = firn_table_writer_finish(writer, l->group_arena, out, n_out, err);
    firn_batch_destroy(batch);
    firn_table_writer_destroy(writer);
    return st;
}

/* ---- commit ---- */

typedef struct group {
    firn_landing_file *files;
    size_t n_files;
    firn_landing_output output;
    firn_data_file *ledger_files;
    size_t n_ledger_files;
} group;

static firn_status begin_append(firn_table *table, const firn_data_file *files, size_t n,
                                firn_txn **txns, size_t *n_txns, firn_error *err)
{
    if (n == 0) return FIRN_OK;
    FIRN_TRY(firn_txn_begin(table, &txns[*n_txns], err));
    (*n_txns)++;
    return firn_txn_append_files(txns[*n_txns - 1], files, n, err);
}

static firn_status change_ledger(const landing *l, const group *g, firn_txn *txn, firn_error *err)
{
    const int64_t at = firn_table_metadata_of(l->ledger_table)->current_snapshot_id;
    if (!rewrites_ledger(l))
        return firn_txn_append_if_unchanged(txn, g->ledger_files, g->n_ledger_files, at, err);
    firn_file_key *removed =
        firn_arena_array(l->group_arena, l->ledger.n_data_files, sizeof *removed);
    if (!removed) return firn_fail_nomem(err);
    for (size_t i = 0; i < l->ledger.n_data_files; i++) removed[i].path = l->ledger.data_files[i];
    const firn_change change = {.kind = FIRN_CHANGE_OVERWRITE,
                                .added = g->ledger_files,
                                .n_added = g->n_ledger_files,
                                .removed = removed,
                                .n_removed = l->ledger.n_data_files,
                                .from_snapshot_id = at,
                                .must_be_unchanged = true,
                                /* Format version 3: the entries are new rows, with new ids. */
                                .carries_row_ids = true};
    return firn_txn_change_files(txn, &change, err);
}

static firn_status commit_once(landing *l, const group *g, firn_error *err)
{
    firn_txn *txns[3] = {NULL};
    size_t n = 0;
    firn_env *env = l->run->env;

    firn_status st = begin_append(l->rows, g->output.rows, g->output.n_rows, txns, &n, err);
    if (st == FIRN_OK)
        st = begin_append(l->quarantine, g->output.quarantine, g->output.n_quarantine, txns, &n,
                          err);
    if (st == FIRN_OK) st = firn_txn_begin(l->ledger_table, &txns[n], err);
    if (st == FIRN_OK) st = change_ledger(l, g, txns[n++], err);
    if (st == FIRN_OK) st = firn_env_failpoint(env, "pipeline.load.before_commit", err);
    if (st == FIRN_OK) st = firn_txn_commit_all(txns, n, err);
    if (st == FIRN_OK) st = firn_env_failpoint(env, "pipeline.load.after_commit", err);
    for (size_t i = 0; i < 3; i++) firn_txn_close(txns[i]);
    return st;
}

/* Does the ledger hold any of the group's files by now? */
static bool is_loaded_elsewhere(const landing *l, const group *g)
{
    for (size_t i = 0; i < g->n_files; i++) {
        if (firn_map_has(&l->ledger.entries, g->files[i].name)) return true;
    }
    return false;
}

static void drop_output(landing *l, const group *g)
{
    firn_env *env = l->run->env;
    firn_data_files_remove(env, l->run->store, g->output.rows, g->output.n_rows);
    firn_data_files_remove(env, l->run->store, g->output.quarantine, g->output.n_quarantine);
    firn_data_files_remove(env, l->run->store, g->ledger_files, g->n_ledger_files);
}

/* *is_lost: another run loaded some of the files; nothing was committed. */
static firn_status commit_group(landing *l, const group *g, bool *is_lost, firn_error *err)
{
    firn_status st = FIRN_ERR_CONFLICT;
    const bool was_rewritten = rewrites_ledger(l); /* its old rows are stale after a lost race */
    *is_lost = false;
    for (int attempt = 0; attempt < FIRN_RUN_ATTEMPTS && st == FIRN_ERR_CONFLICT; attempt++) {
        if (attempt > 0) {
            l->run->env->clock->sleep_us(l->run->env->clock->ctx, (int64_t)20000 * attempt);
            st = open_tables(l, err);
            if (st == FIRN_OK) st = firn_ledger_read(l->run, l->ledger_table, &l->ledger, err);
            if (st != FIRN_OK) break;
            if (was_rewritten || is_loaded_elsewhere(l, g)) {
                *is_lost = true;
                drop_output(l, g);
                return FIRN_OK;
            }
        }
        st = commit_once(l, g, err);
    }
    if (st != FIRN_OK && st != FIRN_ERR_COMMIT_UNKNOWN) drop_output(l, g);
    return st;
}

static firn_status report_bad_files(landing *l, group *g, firn_error *err)
{
    size_t kept = 0;
    for (size_t i = 0; i < g->n_files; i++) {
        if (g->files[i].status == FIRN_OK) {
            g->files[kept++] = g->files[i];
            continue;
        }
        FIRN_TRY(firn_run_warn(l->run, err, "%.*s cannot be loaded: %.*s",
                               FIRN_STR_ARG(g->files[i].name), FIRN_STR_ARG(g->files[i].problem)));
    }
    g->n_files = kept;
    return FIRN_OK;
}

static void add_to_report(firn_model_report *report, const group *g)
{
    for (size_t i = 0; i < g->n_files; i++) {
        report->rows_in += g->files[i].n_rows + g->files[i].n_bad_lines;
        report->rows_out += g->files[i].n_rows;
        report->rows_quarantined += g->files[i].n_bad_lines;
        report->bytes_in += g->files[i].size_bytes;
    }
    report->files_in += (int64_t)g->n_files;
    report->files_out += (int64_t)(g->output.n_rows + g->output.n_quarantine);
}

/* Load and commit files[0..n); *is_lost as commit_group. */
static firn_status load_group(landing *l, firn_landing_file *files, size_t n, bool *is_lost,
                              firn_error *err)
{
    group g = {.files = files, .n_files = n};
    bool is_clean = false;
    *is_lost = false;
    while (!is_clean) {
        FIRN_TRY(firn_landing_load(l->run, l->rows, l->quarantine, g.files, g.n_files,
                                   l->group_arena, &g.output, &is_clean, err));
        if (!is_clean) FIRN_TRY(report_bad_files(l, &g, err));
        if (g.n_files == 0) return FIRN_OK;
    }
    firn_status st = write_ledger(l, g.files, g.n_files, &g.ledger_files, &g.n_ledger_files, err);
    if (st != FIRN_OK) {
        drop_output(l, &g);
        return st;
    }
    FIRN_TRY(commit_group(l, &g, is_lost, err));
    if (!*is_lost) add_to_report(l->run->report, &g);
    return FIRN_OK;
}

/* ---- the model ---- */

static size_t group_end(const firn_landing_file *files, size_t from, size_t n)
{
    int64_t bytes = 0;
    size_t end = from;
    while (end < n && end - from < MAX_GROUP_FILES && (end == from || bytes < k_group_bytes))
        bytes += files[end++].size_bytes;
    return end;
}

/* Look at folder and ledger: files that are to be loaded. */
static firn_status find_new(landing *l, firn_landing_file **files, size_t *n, firn_error *err)
{
    FIRN_TRY(firn_landing_list(l->run, files, n, err));
    FIRN_TRY(open_tables(l, err));
    FIRN_TRY(firn_ledger_read(l->run, l->ledger_table, &l->ledger, err));
    l->run->n_warnings = 0; /* a second look says the same again */
    l->run->report->n_warnings = 0;
    return firn_ledger_subtract(l->run, &l->ledger, *files, n, err);
}

static firn_status load_all(landing *l, firn_landing_file *files, size_t n, bool *is_lost,
                            firn_error *err)
{
    *is_lost = false;
    for (size_t from = 0; from < n && !*is_lost;) {
        const size_t end = group_end(files, from, n);
        firn_arena_reset(l->group_arena);
        FIRN_TRY(load_group(l, files + from, end - from, is_lost, err));
        from = end;
        FIRN_TRY(open_tables(l, err));
    }
    return FIRN_OK;
}

static firn_status run_landing(landing *l, firn_error *err)
{
    firn_run *run = l->run;
    firn_landing_file *files = NULL;
    size_t n = 0;
    bool is_lost = true;

    for (int attempt = 0; is_lost && attempt < FIRN_RUN_ATTEMPTS; attempt++) {
        FIRN_TRY(find_new(l, &files, &n, err));
        if (run->opts->is_dry_run) {
            for (size_t i = 0; i < n; i++) run->report->bytes_in += files[i].size_bytes;
            run->report->files_in = (int64_t)n;
            run->report->state = n ? FIRN_MODEL_WOULD_RUN : FIRN_MODEL_UP_TO_DATE;
            run->report->action = n ? "would load" : "nothing new";
            return FIRN_OK;
        }
        if (!l->rows || !l->quarantine || !l->ledger_table) {
            FIRN_TRY(create_tables(run, err));
            FIRN_TRY(open_tables(l, err));
            if (!l->rows || !l->quarantine || !l->ledger_table)
                return firn_fail(err, FIRN_ERR_CONFLICT, "tables of %.*s were dropped meanwhile",
                                 FIRN_STR_ARG(run->model->name));
            run->report->state = FIRN_MODEL_RAN;
        }
        FIRN_TRY(load_all(l, files, n, &is_lost, err));
    }
    if (is_lost)
        return firn_fail(err, FIRN_ERR_CONFLICT, "lost %d races against other runs",
                         FIRN_RUN_ATTEMPTS);
    if (run->report->files_in) run->report->state = FIRN_MODEL_RAN;
    run->report->action = run->report->files_in ? "loaded" : "nothing new";
    return FIRN_OK;
}

firn_status firn_run_landing(firn_run *run, firn_error *err)
{
    landing l = {.run = run};
    l.group_arena = firn_arena_create(run->env->alloc, 0);
    if (!l.group_arena) return firn_fail_nomem(err);
    const firn_status st = run_landing(&l, err);
    close_tables(&l);
    firn_arena_destroy(l.group_arena);
    return st;
}
