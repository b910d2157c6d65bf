/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of a firn_scan(): table rows are decoded straight into DuckDB's vectors where the layouts
 * agree, everything else goes through a batch of ours. Not here: DuckDB's callbacks
 * (engine_scan.c). */
#include <string.h>

#include "base/error.h"
#include "iceberg/scan/scan_filter.h"
#include "sql/engine/engine_extremes.h"

#define BITS_WORDS (FIRN_BATCH_ROWS / 64)

struct scan_local {
    firn_engine_scan *scan;
    firn_arena *arena;
    firn_scan_reader *reader;
    firn_join_gather *gather; /* NULL: nothing is gathered */
    firn_batch work;          /* what the reader fills; columns in the projection's order */
    const firn_batch *shown;  /* what chunks are filled from */
    uint64_t *bits;           /* BITS_WORDS of validity per projected column */
    scan_file_values file;
};

/* ---- planning ---- */

/* Patterns, keys of a statement that changes rows, and those of other scans. */
static firn_status collect_tests(firn_engine_scan *scan, firn_error *err)
{
    const firn_scan_source *source = scan->source;
    size_t n = 0;
    size_t n_tests = 0;
    const firn_scan_test *keys = firn_join_scan_keys(scan->join, &n);
    firn_scan_test *tests =
        firn_arena_array(scan->arena, n + source->n_keys + scan->n_tests, sizeof *tests);
    if (!tests) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) tests[n_tests++] = keys[i];
    for (size_t i = 0; i < source->n_keys; i++) tests[n_tests++] = source->keys[i];
    for (size_t i = 0; i < scan->n_tests; i++) tests[n_tests++] = scan->tests[i];
    scan->tests = tests;
    scan->n_tests = n_tests;
    return FIRN_OK;
}

/* Does the filter leave out rows for what they have, not for what they lack? */
static bool is_choosing(const firn_expr *filter)
{
    if (!filter || filter->op == FIRN_EXPR_TRUE || filter->op == FIRN_EXPR_NOT_NULL) return false;
    if (filter->op != FIRN_EXPR_AND) return true;
    return is_choosing(filter->left) || is_choosing(filter->right);
}

static firn_status join_scans(firn_engine_scan *scan, firn_error *err)
{
    const firn_scan_source *source = scan->source;
    const firn_expr *files = NULL;
    const firn_expr *rows = NULL;
    scan->rows_filter = scan->filter ? scan->filter : firn_expr_true();
    const bool is_chosen = scan->n_tests > 0 || is_choosing(scan->filter);
    FIRN_TRY(firn_join_scan_begin(source->joins, source->join_ref, is_chosen, &scan->projection,
                                  &scan->join, err));
    FIRN_TRY(collect_tests(scan, err));
    if (!scan->join) return FIRN_OK;
    FIRN_TRY(firn_join_scan_filters(scan->join, scan->arena, &files, &rows, err));
    scan->filter = firn_expr_and(scan->arena, scan->rows_filter, files);
    scan->rows_filter = firn_expr_and(scan->arena, scan->rows_filter, rows);
    if (scan->engine->reports) scan->join_text = firn_join_scan_text(scan->join, scan->arena);
    if (!scan->filter || !scan->rows_filter) return firn_fail_nomem(err);
    const firn_scan_wanted wanted = {scan->rows_filter, scan->tests, scan->n_tests};
    return firn_join_scan_choose(scan->join, &wanted, source->schema, err);
}

static firn_status plan_files(firn_engine_scan *scan, firn_error *err)
{
    const firn_scan_source *source = scan->source;
    const firn_engine_opts *opts = &scan->engine->opts;
    const firn_plan_opts plan_opts = {.snapshot_id = source->snapshot_id,
                                      .from_snapshot_id = source->from_snapshot_id,
                                      .schema = source->schema,
                                      .filter = scan->filter};
    firn_plan_stream *stream = NULL;
    if (source->snapshot_id == -1) return FIRN_OK;
    firn_status st = firn_engine_extremes_plan(scan, &plan_opts, err);
    if (st == FIRN_OK && scan->extremes) return FIRN_OK;
    if (st == FIRN_OK)
        st = firn_plan_stream_open(opts->env, opts->store, source->metadata, &plan_opts, &stream,
                                   err);
    if (st == FIRN_OK)
        st = firn_scan_queue_stream(opts->env, opts->store, source->metadata, stream, &scan->queue,
                                    err);
    if (st == FIRN_OK) firn_scan_queue_want(scan->queue, scan->tests, scan->n_tests);
    return firn_error_wrap(err, st, "scan of %.*s", FIRN_STR_ARG(source->name));
}

static firn_status open_changes(firn_engine_scan *scan, firn_error *err)
{
    const firn_scan_source *source = scan->source;
    const firn_engine_opts *opts = &scan->engine->opts;
    firn_changes_opts changes = *source->changes;
    changes.columns = &scan->projection;
    return firn_error_wrap(err,
                           firn_changelog_open(opts->env, opts->store, source->metadata, &changes,
                                               scan->filter, &scan->changes, err),
                           "changes of %.*s", FIRN_STR_ARG(source->name));
}

void firn_engine_scan_count(const firn_engine_scan *scan, firn_scan_summary *sum)
{
    if (!scan->queue) return;
    const firn_engine_extremes *extremes = scan->extremes;
    const firn_scan_stats stats = extremes ? extremes->stats : firn_scan_queue_stats(scan->queue);
    sum->files_total += stats.files_total;
    sum->files_read += stats.files_matched - firn_scan_queue_work(scan->queue).files_counted -
                       (extremes ? extremes->n_files : 0);
    sum->bytes_total += stats.bytes_total;
    sum->bytes_read += stats.bytes_matched;
    sum->manifests_total += stats.manifests_total;
    sum->manifests_read += stats.manifests_read;
}

firn_status firn_engine_scan_plan(firn_engine_scan *scan, firn_error *err)
{
    FIRN_TRY(firn_engine_scan_project(scan, err));
    if (!scan->source->metadata) return FIRN_OK;
    if (scan->source->changes) return open_changes(scan, err);
    FIRN_TRY(join_scans(scan, err));
    return plan_files(scan, err);
}

/* ---- a thread's reader ---- */

static firn_status create_batch(scan_local *local, firn_error *err)
{
    const size_t n = local->scan->projection.n_fields;
    firn_column *columns = firn_arena_array(local->arena, n, sizeof *columns);
    local->bits = firn_arena_array(local->arena, n * BITS_WORDS, sizeof *local->bits);
    if (!columns || !local->bits) return firn_fail_nomem(err);
    local->work = (firn_batch){.n_columns = n, .columns = columns};
    return FIRN_OK;
}

firn_status firn_engine_scan_local_create(firn_engine_scan *scan, scan_local **out, firn_error *err)
{
    firn_arena *arena = firn_arena_create(scan->engine->opts.env->alloc, 0);
    scan_local *local = arena ? firn_arena_alloc_zero(arena, sizeof *local) : NULL;
    *out = NULL;
    if (!local) {
        firn_arena_destroy(arena);
        return firn_fail_nomem(err);
    }
    local->scan = scan;
    local->arena = arena;
    local->shown = scan->source->metadata ? &local->work : scan->source->batch;
    firn_status st = create_batch(local, err);
    if (st == FIRN_OK && scan->queue) {
        st = firn_scan_reader_open(scan->queue, &scan->projection, scan->rows_filter,
                                   &local->reader, err);
    }
    if (st == FIRN_OK && scan->queue && !scan->extremes)
        st = firn_join_gather_create(scan->join, &local->gather, err);
    if (st != FIRN_OK) {
        firn_engine_scan_local_destroy(local);
        return st;
    }
    *out = local;
    return FIRN_OK;
}

void firn_engine_scan_local_destroy(scan_local *local)
{
    if (!local) return;
    firn_scan_reader_close(local->reader);
    firn_join_gather_destroy(local->gather);
    firn_engine_scan_leave_files(&local->file);
    firn_arena_destroy(local->arena); /* holds local itself */
}

/* ---- one chunk ---- */

static firn_status get_vector(scan_local *local, duckdb_v2_data_chunk_handle chunk, size_t i,
                              duckdb_v2_vector_handle *out, firn_error *err)
{
    duckdb_v2_error_info_handle info = NULL;
    firn_engine *engine = local->scan->engine;
    const DUCKDB_V2_ERROR code = engine->api->data_chunk_get_vector(chunk, i, out, &info);
    return code ? firn_engine_fail(engine, code, &info, err) : FIRN_OK;
}

/* Point the reader's columns at DuckDB's memory; the others get the reader's own. */
static firn_status aim_columns(scan_local *local, duckdb_v2_data_chunk_handle chunk,
                               firn_error *err)
{
    firn_engine *engine = local->scan->engine;
    for (size_t i = 0; i < local->scan->n_slots; i++) {
        const scan_slot *slot = &local->scan->slots[i];
        duckdb_v2_error_info_handle info = NULL;
        duckdb_v2_vector_handle vector = NULL;
        void *data = NULL;
        if (slot->kind != SCAN_SLOT_IN_PLACE && slot->kind != SCAN_SLOT_COPIED) continue;
        firn_column *column = &local->work.columns[slot->column];
        *column = (firn_column){.type = local->scan->projection.fields[slot->column].type};
        if (slot->kind == SCAN_SLOT_COPIED) continue;
        FIRN_TRY(get_vector(local, chunk, i, &vector, err));
        const DUCKDB_V2_ERROR code = engine->api->vector_get_data_mutable(vector, &data, &info);
        if (code) return firn_engine_fail(engine, code, &info, err);
        column->values = data;
        column->validity = local->bits + slot->column * BITS_WORDS;
        column->capacity = FIRN_BATCH_ROWS;
        memset(column->validity, 0xff, BITS_WORDS * sizeof *column->validity);
    }
    return FIRN_OK;
}

/* True when one of the first n rows is null. */
static bool has_null(const uint64_t *bits, int64_t n)
{
    const int64_t full = n / 64;
    for (int64_t i = 0; i < full; i++) {
        if (bits[i] != UINT64_MAX) return true;
    }
    const uint64_t tail = n % 64 ? ((uint64_t)1 << (n % 64)) - 1 : 0;
    return tail != 0 && (bits[full] & tail) != tail;
}

static firn_status set_validity(scan_local *local, duckdb_v2_vector_handle vector,
                                const uint64_t *bits, int64_t n, firn_error *err)
{
    duckdb_v2_error_info_handle info = NULL;
    firn_engine *engine = local->scan->engine;
    uint64_t *out = NULL;
    const DUCKDB_V2_ERROR code = engine->api->vector_flat_get_validity_mutable(vector, &out, &info);
    if (code) return firn_engine_fail(engine, code, &info, err);
    memcpy(out, bits, (size_t)((n + 63) / 64) * sizeof *out);
    return FIRN_OK;
}

static firn_status fill_numbers(scan_local *local, duckdb_v2_vector_handle vector, int64_t n,
                                firn_error *err)
{
    duckdb_v2_error_info_handle info = NULL;
    firn_engine *engine = local->scan->engine;
    void *data = NULL;
    const DUCKDB_V2_ERROR code = engine->api->vector_get_data_mutable(vector, &data, &info);
    if (code) return firn_engine_fail(engine, code, &info, err);
    int32_t *numbers = data;
    for (int64_t i = 0; i < n; i++) numbers[i] = local->file.number;
    return FIRN_OK;
}

static firn_status fill_slot(scan_local *local, duckdb_v2_vector_handle vector,
                             const scan_slot *slot, int64_t from, int64_t n, firn_error *err)
{
    static const uint64_t k_all_null[BITS_WORDS];
    duckdb_v2_error_info_handle info = NULL;
    firn_engine *engine = local->scan->engine;
    const firn_batch *batch = local->shown;
    switch (slot->kind) {
    case SCAN_SLOT_ROW: {
        void *data = NULL;
        const DUCKDB_V2_ERROR code = engine->api->vector_get_data_mutable(vector, &data, &info);
        if (code) return firn_engine_fail(engine, code, &info, err);
        memset(data, 0, (size_t)n);
        return FIRN_OK;
    }
    case SCAN_SLOT_NULLS: return set_validity(local, vector, k_all_null, n, err);
    case SCAN_SLOT_IN_PLACE: {
        const uint64_t *bits = batch->columns[slot->column].validity;
        if (!bits || !has_null(bits, n)) return FIRN_OK;
        return set_validity(local, vector, bits, n, err);
    }
    case SCAN_SLOT_COPIED:
        return firn_duckdb_vector_fill(engine, vector, &batch->columns[slot->column], from, n, err);
    case SCAN_SLOT_FILE: return fill_numbers(local, vector, n, err);
    case SCAN_SLOT_CONSTANT:
        return firn_duckdb_vector_fill(engine, vector,
                                       &local->file.constants->columns[slot->column], 0, n, err);
    }
    return FIRN_OK;
}

static firn_status fill_slots(scan_local *local, duckdb_v2_data_chunk_handle chunk, int64_t from,
                              int64_t n, firn_error *err)
{
    firn_engine *engine = local->scan->engine;
    duckdb_v2_error_info_handle info = NULL;
    duckdb_v2_vector_handle vector = NULL;
    for (size_t i = 0; i < local->scan->n_slots; i++) {
        FIRN_TRY(get_vector(local, chunk, i, &vector, err));
        FIRN_TRY(fill_slot(local, vector, &local->scan->slots[i], from, n, err));
    }
    FIRN_TRY(get_vector(local, chunk, 0, &vector, err));
    const DUCKDB_V2_ERROR code = engine->api->vector_set_size(vector, (idx_t)n, &info);
    return code ? firn_engine_fail(engine, code, &info, err) : FIRN_OK;
}

static firn_status fill_from_memory(scan_local *local, duckdb_v2_data_chunk_handle chunk,
                                    int64_t *n_out, firn_error *err)
{
    firn_engine_scan *scan = local->scan;
    const int64_t from = scan->at;
    int64_t n = scan->source->batch->n_rows - from;
    if (n <= 0) return FIRN_OK;
    if (n > FIRN_BATCH_ROWS) n = FIRN_BATCH_ROWS;
    FIRN_TRY(fill_slots(local, chunk, from, n, err));
    scan->at += n;
    *n_out = n;
    return FIRN_OK;
}

static firn_status fill_from_changes(scan_local *local, duckdb_v2_data_chunk_handle chunk,
                                     int64_t *n_out, firn_error *err)
{
    firn_engine_scan *scan = local->scan;
    const firn_status st = firn_changes_next(scan->changes, &local->shown, err);
    if (st == FIRN_DONE) return FIRN_OK;
    if (st != FIRN_OK)
        return firn_error_wrap(err, st, "changes of %.*s", FIRN_STR_ARG(scan->source->name));
    FIRN_TRY(fill_slots(local, chunk, 0, local->shown->n_rows, err));
    *n_out = local->shown->n_rows;
    (void)atomic_fetch_add_explicit(&scan->rows_read, *n_out, memory_order_relaxed);
    return FIRN_OK;
}

static firn_status fill_extreme(scan_local *local, duckdb_v2_vector_handle vector,
                                const scan_slot *slot, int64_t from, int64_t n, firn_error *err)
{
    duckdb_v2_error_info_handle info = NULL;
    firn_engine *engine = local->scan->engine;
    uint64_t *bits = local->bits + slot->column * BITS_WORDS;
    void *data = NULL;
    const DUCKDB_V2_ERROR code = engine->api->vector_get_data_mutable(vector, &data, &info);
    if (code) return firn_engine_fail(engine, code, &info, err);
    memset(bits, 0xff, BITS_WORDS * sizeof *bits);
    firn_engine_extremes_fill(local->scan, slot->column, from, n, data, bits);
    return has_null(bits, n) ? set_validity(local, vector, bits, n, err) : FIRN_OK;
}

/* *n_out 0: there are no more of them. */
static firn_status fill_extremes(scan_local *local, duckdb_v2_data_chunk_handle chunk,
                                 int64_t *n_out, firn_error *err)
{
    firn_engine_scan *scan = local->scan;
    duckdb_v2_error_info_handle info = NULL;
    duckdb_v2_vector_handle vector = NULL;
    if (atomic_load(&scan->extremes->at) >= scan->extremes->n_rows) return FIRN_OK;
    const int64_t from = atomic_fetch_add(&scan->extremes->at, FIRN_BATCH_ROWS);
    int64_t n = scan->extremes->n_rows - from;
    if (n <= 0) return FIRN_OK;
    if (n > FIRN_BATCH_ROWS) n = FIRN_BATCH_ROWS;
    for (size_t i = 0; i < scan->n_slots; i++) {
        const scan_slot *slot = &scan->slots[i];
        FIRN_TRY(get_vector(local, chunk, i, &vector, err));
        FIRN_TRY(slot->kind == SCAN_SLOT_IN_PLACE ? fill_extreme(local, vector, slot, from, n, err)
                                                  : fill_slot(local, vector, slot, from, n, err));
    }
    FIRN_TRY(get_vector(local, chunk, 0, &vector, err));
    const DUCKDB_V2_ERROR code = scan->engine->api->vector_set_size(vector, (idx_t)n, &info);
    if (code) return firn_engine_fail(scan->engine, code, &info, err);
    *n_out = n;
    return FIRN_OK;
}

firn_status firn_engine_scan_fill(scan_local *local, duckdb_v2_data_chunk_handle chunk,
                                  int64_t *n_out, firn_error *err)
{
    firn_engine_scan *scan = local->scan;
    const firn_scan_task *task = NULL;
    *n_out = 0;
    FIRN_TRY(firn_env_check_cancel(scan->engine->opts.env, err));
    if (!scan->source->metadata) return fill_from_memory(local, chunk, n_out, err);
    if (scan->changes) return fill_from_changes(local, chunk, n_out, err);
    if (scan->extremes) {
        FIRN_TRY(fill_extremes(local, chunk, n_out, err));
        if (*n_out > 0) return FIRN_OK;
    }
    if (!local->reader) return FIRN_OK;
    local->work.n_rows = 0;
    firn_join_gather_add(local->gather, &local->work); /* the thread begins, at the latest now */
    do {
        FIRN_TRY(aim_columns(local, chunk, err));
        local->work.n_rows = 0;
        const firn_status st =
            firn_scan_reader_next(local->reader, FIRN_BATCH_ROWS, &local->work, &task, err);
        if (st == FIRN_DONE) {
            firn_join_gather_finish(local->gather);
            return FIRN_OK;
        }
        if (st != FIRN_OK) {
            return firn_error_wrap(err, st, "scan of %.*s", FIRN_STR_ARG(scan->source->name));
        }
    } while (local->work.n_rows == 0);
    FIRN_TRY(firn_engine_scan_enter_file(scan, &local->file, task, err));
    FIRN_TRY(fill_slots(local, chunk, 0, local->work.n_rows, err));
    firn_join_gather_add(local->gather, &local->work);
    *n_out = local->work.n_rows;
    (void)atomic_fetch_add_explicit(&scan->rows_read, *n_out, memory_order_relaxed);
    return FIRN_OK;
}
