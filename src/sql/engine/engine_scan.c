/* SPDX-License-Identifier: Apache-2.0 */
/* The table function firn_scan(id := token) as DuckDB sees it. Its parameter is NAMED_ONLY: plans
 * of functions with positional parameters are merged without a look at their filters. */
#include "sql/engine/engine_scan.h"
#include "base/error.h"

/* Scans of fewer rows run on one thread: starting a second costs more than it brings. */
#define ROWS_PER_THREAD 122880

/* ---- bind ---- */

static void destroy_bind(void *data)
{
    scan_bind *bind = data;
    const firn_engine *engine = bind->engine;
    (void)pthread_mutex_lock(&bind->engine->lock);
    firn_engine_report_plan(bind);
    (void)pthread_mutex_unlock(&bind->engine->lock);
    if (bind->is_joined && engine->opts.generation(engine->opts.owner) == bind->generation)
        firn_joins_leave(bind->source->joins, bind->source->join_ref);
    firn_arena_destroy(bind->arena); /* holds bind itself */
}

static firn_status find_source(firn_engine *engine, duckdb_v2_function_bind_info_handle info,
                               scan_bind *bind, firn_error *err)
{
    duckdb_v2_error_info_handle failure = NULL;
    duckdb_v2_value_handle value = NULL;
    duckdb_v2_str token = {0};
    DUCKDB_V2_ERROR code = engine->api->function_bind_get_arg_value(info, 0, &value, &failure);
    if (!code) code = engine->api->value_get_varchar(value, &token, &failure);
    if (!code) {
        bind->source =
            engine->opts.source(engine->opts.owner, firn_str_of_duckdb(token), &bind->generation);
    }
    (void)engine->api->value_destroy(&value);
    if (code) return firn_engine_fail(engine, code, &failure, err);
    if (bind->source) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_DENIED, "firn_scan is not for direct use: name the table");
}

static firn_status add_column(firn_engine *engine, duckdb_v2_table_function_bind_info_handle result,
                              duckdb_v2_factory_handle factory, firn_str name,
                              const firn_type *type, firn_error *err)
{
    duckdb_v2_error_info_handle info = NULL;
    duckdb_v2_logical_type_handle logical = NULL;
    const duckdb_v2_str text = firn_duckdb_str(name);
    FIRN_TRY(firn_duckdb_type_create(engine, factory, type, FIRN_FORM_STORED, &logical, err));
    const DUCKDB_V2_ERROR code =
        engine->api->table_function_bind_add_result_column(result, &text, logical, &info);
    (void)engine->api->logical_type_destroy(&logical);
    return code ? firn_engine_fail(engine, code, &info, err) : FIRN_OK;
}

static firn_status declare_columns(firn_engine *engine, const firn_scan_source *source,
                                   duckdb_v2_table_function_bind_info_handle result,
                                   duckdb_v2_context_handle context, firn_error *err)
{
    static const firn_type k_boolean = {.kind = FIRN_TYPE_BOOLEAN};
    duckdb_v2_error_info_handle info = NULL;
    duckdb_v2_factory_handle factory = NULL;
    const firn_type *root = firn_scan_source_root(source);
    const DUCKDB_V2_ERROR code = engine->api->context_get_factory(context, &factory, &info);
    if (code) return firn_engine_fail(engine, code, &info, err);
    FIRN_TRY(add_column(engine, result, factory, FIRN_STR(FIRN_SCAN_ROW_COLUMN), &k_boolean, err));
    for (size_t i = 0; i < root->n_fields; i++) {
        FIRN_TRY(
            add_column(engine, result, factory, root->fields[i].name, root->fields[i].type, err));
    }
    for (size_t i = root->n_fields + 1; i < firn_engine_scan_columns(source); i++) {
        const firn_field field = firn_engine_scan_field(source, i);
        FIRN_TRY(add_column(engine, result, factory, field.name, field.type, err));
    }
    return FIRN_OK;
}

static firn_status declare_size(firn_engine *engine, const firn_scan_source *source,
                                duckdb_v2_table_function_bind_info_handle result, firn_error *err)
{
    duckdb_v2_error_info_handle info = NULL;
    DUCKDB_V2_ERROR code = DUCKDB_V2_ERROR_NONE;
    const int64_t n_rows = source->metadata ? source->n_rows : source->batch->n_rows;
    const bool is_ordered =
        !source->metadata || source->changes || engine->opts.env->n_threads <= 1;
    if (n_rows >= 0) {
        code =
            engine->api->table_function_bind_set_cardinality(result, (idx_t)n_rows, false, &info);
    }
    if (!code) {
        code = engine->api->table_function_bind_set_order_preservation(
            result,
            is_ordered ? DUCKDB_V2_ORDER_PRESERVATION_INSERTION_ORDER
                       : DUCKDB_V2_ORDER_PRESERVATION_NO_ORDER,
            &info);
    }
    return code ? firn_engine_fail(engine, code, &info, err) : FIRN_OK;
}

static firn_status bind_scan(firn_engine *engine, duckdb_v2_function_bind_info_handle info,
                             duckdb_v2_table_function_bind_info_handle result,
                             duckdb_v2_context_handle context, firn_error *err)
{
    firn_arena *arena = firn_arena_create(engine->opts.env->alloc, 0);
    scan_bind *bind = arena ? firn_arena_alloc_zero(arena, sizeof *bind) : NULL;
    if (!bind) {
        firn_arena_destroy(arena);
        return firn_fail_nomem(err);
    }
    bind->engine = engine;
    bind->arena = arena;
    firn_status st = find_source(engine, info, bind, err);
    if (st == FIRN_OK) st = declare_columns(engine, bind->source, result, context, err);
    if (st == FIRN_OK) st = declare_size(engine, bind->source, result, err);
    if (st == FIRN_OK) {
        firn_joins_enter(bind->source->joins, bind->source->join_ref, bind->source);
        bind->is_joined = true;
        duckdb_v2_error_info_handle failure = NULL;
        duckdb_v2_opaque data = {.ptr = bind, .destroy = destroy_bind};
        const DUCKDB_V2_ERROR code =
            engine->api->function_bind_set_bind_data(info, &data, &failure);
        if (!code) return FIRN_OK;
        st = firn_engine_fail(engine, code, &failure, err);
    }
    destroy_bind(bind);
    return st;
}

static void on_bind(duckdb_v2_function_bind_info_handle info,
                    duckdb_v2_table_function_bind_info_handle result,
                    duckdb_v2_context_handle context, duckdb_v2_error_info_handle *failure)
{
    firn_error err = {0};
    void *data = NULL;
    if (firn_duckdb_loaded()->function_bind_get_user_data(info, &data, failure) || !data) return;
    if (bind_scan(data, info, result, context, &err) != FIRN_OK) {
        firn_engine_stash(data, &err, failure);
    }
}

/* ---- filters ---- */

/* None is accepted: DuckDB applies them all, the scan only skips what cannot match. */
static void on_filters(duckdb_v2_table_function_filter_pushdown_info_handle info,
                       duckdb_v2_context_handle context, duckdb_v2_error_info_handle *failure)
{
    (void)context;
    firn_error err = {0};
    void *data = NULL;
    if (firn_duckdb_loaded()->table_function_filter_pushdown_get_bind_data(info, &data, failure) ||
        !data) {
        return;
    }
    scan_bind *bind = data;
    if (!bind->source->metadata) return;
    const firn_schema shown = {.root = *firn_scan_source_root(bind->source)};
    if (firn_duckdb_filters_read(info, &shown, bind, &err) != FIRN_OK)
        firn_engine_stash(bind->engine, &err, failure);
}

/* ---- global state ---- */

static void release_scan(void *data)
{
    firn_engine_scan *scan = data;
    if (atomic_fetch_sub(&scan->n_users, 1) > 1) return;
    firn_engine *engine = scan->engine;
    (void)pthread_mutex_lock(&engine->lock);
    firn_engine_scan **link = &engine->scans;
    while (*link && *link != scan) link = &(*link)->next;
    if (*link) *link = scan->next;
    engine->summary.rows_read += atomic_load(&scan->rows_read);
    firn_engine_scan_count(scan, &engine->summary);
    firn_engine_report_run(scan);
    (void)pthread_mutex_unlock(&engine->lock);
    firn_scan_queue_destroy(scan->queue);
    firn_changes_close(scan->changes);
    firn_join_scan_end(scan->join);
    firn_arena_destroy(scan->arena); /* holds scan itself */
}

static firn_status read_projection(firn_engine_scan *scan,
                                   duckdb_v2_table_function_init_global_info_handle info,
                                   firn_error *err)
{
    const firn_duckdb *api = scan->engine->api;
    duckdb_v2_error_info_handle failure = NULL;
    idx_t n = 0;
    DUCKDB_V2_ERROR code = api->table_function_init_global_get_column_count(info, &n, &failure);
    scan->slots = code ? NULL : firn_arena_array(scan->arena, (size_t)n, sizeof *scan->slots);
    if (!code && !scan->slots) return firn_fail_nomem(err);
    scan->n_slots = (size_t)n;
    for (idx_t i = 0; !code && i < n; i++) {
        idx_t declared = 0;
        code = api->table_function_init_global_get_column_index(info, i, &declared, &failure);
        scan->slots[i].column = (size_t)declared;
    }
    return code ? firn_engine_fail(scan->engine, code, &failure, err) : FIRN_OK;
}

static firn_status hand_over(firn_engine_scan *scan,
                             duckdb_v2_table_function_init_global_info_handle info, firn_error *err)
{
    const firn_duckdb *api = scan->engine->api;
    duckdb_v2_error_info_handle failure = NULL;
    duckdb_v2_opaque data = {.ptr = scan, .destroy = release_scan};
    int64_t n_rows = 0;
    if (scan->queue) firn_scan_queue_progress(scan->queue, NULL, &n_rows);
    int64_t threads = n_rows / ROWS_PER_THREAD + 1;
    if (threads > scan->engine->opts.env->n_threads) threads = scan->engine->opts.env->n_threads;
    if (threads < 1 || !scan->queue) threads = 1;
    DUCKDB_V2_ERROR code =
        api->table_function_init_global_set_max_threads(info, (idx_t)threads, &failure);
    if (!code) code = api->table_function_init_global_set_global_state(info, &data, &failure);
    if (code) return firn_engine_fail(scan->engine, code, &failure, err);
    (void)pthread_mutex_lock(&scan->engine->lock);
    scan->next = scan->engine->scans;
    scan->engine->scans = scan;
    (void)pthread_mutex_unlock(&scan->engine->lock);
    return FIRN_OK;
}

static firn_status start_scan(const scan_bind *bind,
                              duckdb_v2_table_function_init_global_info_handle info,
                              firn_error *err)
{
    firn_engine *engine = bind->engine;
    if (engine->opts.generation(engine->opts.owner) != bind->generation) {
        return firn_fail(err, FIRN_ERR_INTERNAL, "plan of an earlier statement was run again");
    }
    firn_arena *arena = firn_arena_create(engine->opts.env->alloc, 0);
    firn_engine_scan *scan = arena ? firn_arena_alloc_zero(arena, sizeof *scan) : NULL;
    if (!scan) {
        firn_arena_destroy(arena);
        return firn_fail_nomem(err);
    }
    scan->engine = engine;
    scan->source = bind->source;
    scan->filter = bind->filter;
    scan->tests = bind->patterns;
    scan->n_tests = bind->n_patterns;
    scan->arena = arena;
    atomic_init(&scan->rows_read, 0);
    atomic_init(&scan->time_us, 0);
    atomic_init(&scan->n_users, 1);
    if (engine->reports) scan->filter_text = firn_engine_bind_text(bind, arena);
    firn_status st = read_projection(scan, info, err);
    if (st == FIRN_OK) st = firn_engine_scan_plan(scan, err);
    if (st == FIRN_OK) st = hand_over(scan, info, err);
    if (st != FIRN_OK) release_scan(scan);
    return st;
}

static void on_init_global(duckdb_v2_table_function_init_global_info_handle info,
                           duckdb_v2_context_handle context, duckdb_v2_error_info_handle *failure)
{
    (void)context;
    firn_error err = {0};
    void *data = NULL;
    if (firn_duckdb_loaded()->table_function_init_global_get_bind_data(info, &data, failure) ||
        !data) {
        return;
    }
    const scan_bind *bind = data;
    if (start_scan(bind, info, &err) != FIRN_OK) firn_engine_stash(bind->engine, &err, failure);
}

/* ---- local state and rows ---- */

/* What a thread reads with. WITH RECURSIVE begins a scan anew for each step and keeps the state of
 * the threads: theirs is made anew then, too, and the scan it was of lives as long. */
typedef struct scan_thread {
    firn_arena *arena; /* holds the struct */
    firn_engine_scan *scan;
    scan_local *local;
} scan_thread;

static void leave_scan(scan_thread *thread)
{
    firn_engine_scan_local_destroy(thread->local);
    thread->local = NULL;
    if (thread->scan) release_scan(thread->scan);
    thread->scan = NULL;
}

static firn_status enter_scan(scan_thread *thread, firn_engine_scan *scan, firn_error *err)
{
    if (thread->scan == scan) return FIRN_OK;
    leave_scan(thread);
    (void)atomic_fetch_add(&scan->n_users, 1);
    thread->scan = scan;
    const firn_status st = firn_engine_scan_local_create(scan, &thread->local, err);
    if (st != FIRN_OK) leave_scan(thread);
    return st;
}

static void destroy_thread(void *data)
{
    scan_thread *thread = data;
    leave_scan(thread);
    firn_arena_destroy(thread->arena);
}

static firn_status create_thread(firn_engine_scan *scan, scan_thread **out, firn_error *err)
{
    firn_arena *arena = firn_arena_create(scan->engine->opts.env->alloc, 0);
    scan_thread *thread = arena ? firn_arena_alloc_zero(arena, sizeof *thread) : NULL;
    if (!thread) {
        firn_arena_destroy(arena);
        return firn_fail_nomem(err);
    }
    thread->arena = arena;
    *out = thread;
    const firn_status st = enter_scan(thread, scan, err);
    if (st != FIRN_OK) destroy_thread(thread);
    return st;
}

static void on_init_local(duckdb_v2_table_function_init_local_info_handle info,
                          duckdb_v2_context_handle context, duckdb_v2_error_info_handle *failure)
{
    (void)context;
    firn_error err = {0};
    void *data = NULL;
    scan_thread *thread = NULL;
    const firn_duckdb *api = firn_duckdb_loaded();
    if (api->table_function_init_local_get_global_state(info, &data, failure) || !data) return;
    firn_engine_scan *scan = data;
    if (create_thread(scan, &thread, &err) != FIRN_OK) {
        firn_engine_stash(scan->engine, &err, failure);
        return;
    }
    duckdb_v2_opaque state = {.ptr = thread, .destroy = destroy_thread};
    if (api->table_function_init_local_set_local_state(info, &state, failure)) {
        destroy_thread(thread);
    }
}

static void on_exec(duckdb_v2_table_function_exec_info_handle info,
                    duckdb_v2_context_handle context, duckdb_v2_error_info_handle *failure)
{
    (void)context;
    firn_error err = {0};
    void *global = NULL;
    void *state = NULL;
    duckdb_v2_data_chunk_handle chunk = NULL;
    int64_t n = 0;
    const firn_duckdb *api = firn_duckdb_loaded();
    if (api->table_function_exec_get_global_state(info, &global, failure) || !global) return;
    if (api->table_function_exec_get_local_state(info, &state, failure) || !state) return;
    if (api->table_function_exec_get_output_chunk(info, &chunk, failure)) return;
    firn_engine_scan *scan = global;
    scan_thread *thread = state;
    const firn_clock *clock = scan->engine->opts.env->clock;
    const int64_t started_us = scan->engine->reports ? firn_clock_monotonic_us(clock) : 0;
    firn_status st = enter_scan(thread, scan, &err);
    if (st == FIRN_OK) st = firn_engine_scan_fill(thread->local, chunk, &n, &err);
    if (st != FIRN_OK) firn_engine_stash(scan->engine, &err, failure);
    if (started_us > 0)
        (void)atomic_fetch_add(&scan->time_us, firn_clock_monotonic_us(clock) - started_us);
}

static void on_progress(duckdb_v2_table_function_progress_info_handle info,
                        duckdb_v2_context_handle context, duckdb_v2_error_info_handle *failure)
{
    (void)context;
    void *data = NULL;
    int64_t done = 0;
    int64_t total = 0;
    const firn_duckdb *api = firn_duckdb_loaded();
    if (api->table_function_progress_get_global_state(info, &data, failure) || !data) return;
    const firn_engine_scan *scan = data;
    if (!scan->queue) return;
    firn_scan_queue_progress(scan->queue, &done, &total);
    const double fraction = total > 0 ? (double)done / (double)total : 1.0;
    (void)api->table_function_progress_set_progress(info, fraction, failure);
}

bool firn_engine_progress(firn_engine *engine, int64_t *rows_done, int64_t *rows_total)
{
    *rows_done = 0;
    *rows_total = 0;
    bool is_running = false;
    (void)pthread_mutex_lock(&engine->lock);
    for (firn_engine_scan *scan = engine->scans; scan; scan = scan->next) {
        int64_t done = 0;
        int64_t total = 0;
        if (!scan->queue) continue;
        firn_scan_queue_progress(scan->queue, &done, &total);
        *rows_done += done;
        *rows_total += total;
        is_running = true;
    }
    (void)pthread_mutex_unlock(&engine->lock);
    return is_running;
}

/* ---- registration ---- */

static DUCKDB_V2_ERROR set_signature(firn_engine *engine, duckdb_v2_table_function_handle function,
                                     duckdb_v2_error_info_handle *info)
{
    const firn_duckdb *api = engine->api;
    duckdb_v2_function_signature_handle signature = NULL;
    duckdb_v2_logical_type_handle type = NULL;
    const duckdb_v2_str name = {"firn_scan", 9};
    const duckdb_v2_str parameter = {"id", 2};
    const duckdb_v2_str text = {"VARCHAR", 7};
    DUCKDB_V2_ERROR code = api->table_function_set_name(function, &name, info);
    if (!code) code = api->table_function_get_signature(function, &signature, info);
    if (!code) code = api->factory_create_type_from_text(engine->factory, &text, &type, info);
    if (!code) {
        code = api->function_signature_add_parameter(
            signature, &parameter, type, NULL, DUCKDB_V2_FUNCTION_PARAMETER_KIND_NAMED_ONLY, info);
    }
    (void)api->logical_type_destroy(&type);
    return code;
}

static DUCKDB_V2_ERROR set_callbacks(const firn_duckdb *api, firn_engine *engine,
                                     duckdb_v2_table_function_handle function,
                                     duckdb_v2_error_info_handle *info)
{
    duckdb_v2_opaque owner = {.ptr = engine};
    DUCKDB_V2_ERROR code = api->table_function_set_user_data(function, &owner, info);
    if (!code) code = api->table_function_set_bind_callback(function, on_bind, info);
    if (!code) code = api->table_function_set_init_global_callback(function, on_init_global, info);
    if (!code) code = api->table_function_set_init_local_callback(function, on_init_local, info);
    if (!code) code = api->table_function_set_exec_callback(function, on_exec, info);
    if (!code) code = api->table_function_set_progress_callback(function, on_progress, info);
    if (!code) code = api->table_function_set_filter_pushdown_callback(function, on_filters, info);
    if (!code) code = api->table_function_set_projection_pushdown(function, true, info);
    return code;
}

firn_status firn_engine_register_scan(firn_engine *engine, firn_error *err)
{
    const firn_duckdb *api = engine->api;
    duckdb_v2_error_info_handle info = NULL;
    duckdb_v2_table_function_handle function = NULL;
    DUCKDB_V2_ERROR code = api->table_function_create(engine->factory, &function, &info);
    if (!code) code = set_signature(engine, function, &info);
    if (!code) code = set_callbacks(api, engine, function, &info);
    if (!code) code = api->connection_register_table_function(engine->connection, function, &info);
    (void)api->table_function_destroy(&function);
    return code ? firn_engine_fail(engine, code, &info, err) : FIRN_OK;
}
