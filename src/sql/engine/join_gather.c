/* SPDX-License-Identifier: Apache-2.0 */
/* Gathering the values of join columns while a scan hands out its rows. Each thread notes its own;
 * the one that finishes last, when no other has begun that is not over, makes a set of them all.
 *
 *   A takes the last rows; B finds none, finishes: A is open, nothing is made; A finishes: made.
 *   A finishes before B begins: made, all rows were A's; B begins and finds none: made already. */
#include "base/error.h"
#include "sql/engine/engine_scan.h"
#include "sql/engine/join_values.h"

/* A set takes at most this, or this part of the budget if that is less. */
#define MOST_BYTES  ((size_t)16 << 20)
#define BUDGET_PART 32
#define FIRST_CAP   4096

/* What a thread has of one column. */
typedef struct thread_column {
    int64_t *numbers; /* of the environment's allocator */
    size_t n, cap;
    int64_t low, high;
} thread_column;

struct firn_join_gather {
    firn_join_scan *scan;
    firn_arena *arena; /* holds the struct */
    bool is_open;
    uint64_t mask[FIRN_BATCH_ROWS / 64];
    thread_column columns[JOIN_MOST_COLUMNS];
};

static size_t most_bytes(const firn_joins *joins)
{
    const size_t part = (size_t)joins->env->memory_bytes / BUDGET_PART;
    return part > 0 && part < MOST_BYTES ? part : MOST_BYTES;
}

firn_status firn_join_gather_create(firn_join_scan *scan, firn_join_gather **out, firn_error *err)
{
    *out = NULL;
    if (!scan || scan->n_gathered == 0) return FIRN_OK;
    firn_arena *arena = firn_arena_create(scan->joins->env->alloc, 0);
    firn_join_gather *gather = arena ? firn_arena_alloc_zero(arena, sizeof *gather) : NULL;
    if (!gather) {
        firn_arena_destroy(arena);
        return firn_fail_nomem(err);
    }
    gather->scan = scan;
    gather->arena = arena;
    for (size_t i = 0; i < scan->n_gathered; i++)
        gather->columns[i] = (thread_column){.low = INT64_MAX, .high = INT64_MIN};
    *out = gather;
    return FIRN_OK;
}

/* ---- rows ---- */

/* False: no memory, or more than a set may have. */
static bool reserve(firn_join_scan *scan, thread_column *column, size_t n)
{
    if (column->cap - column->n >= n) return true;
    size_t cap = column->cap > 0 ? 2 * column->cap : FIRST_CAP;
    while (cap - column->n < n) cap *= 2;
    const size_t more = (cap - column->cap) * sizeof *column->numbers;
    const size_t all = atomic_fetch_add(&scan->n_bytes, more) + more;
    if (all > 2 * most_bytes(scan->joins) * scan->n_gathered) return false;
    int64_t *numbers =
        firn_mem_resize(scan->joins->env->alloc, column->numbers, cap * sizeof *numbers);
    if (!numbers) return false;
    column->numbers = numbers;
    column->cap = cap;
    return true;
}

static void add_column(firn_join_scan *scan, join_gathered *gathered, thread_column *column,
                       const firn_column *from, size_t n_rows, const uint64_t *mask)
{
    int64_t few[FIRN_BATCH_ROWS];
    bool is_too_much = atomic_load_explicit(&gathered->is_too_much, memory_order_relaxed);
    if (!is_too_much && !reserve(scan, column, n_rows)) {
        atomic_store(&gathered->is_too_much, true);
        is_too_much = true;
    }
    int64_t *to = is_too_much ? few : column->numbers + column->n;
    const size_t n = firn_key_copy(from, n_rows, mask, to);
    for (size_t i = 0; i < n; i++) {
        column->low = to[i] < column->low ? to[i] : column->low;
        column->high = to[i] > column->high ? to[i] : column->high;
    }
    if (!is_too_much) column->n += n;
}

typedef struct tested_batch {
    const firn_join_scan *scan;
    const firn_batch *batch;
} tested_batch;

/* NULL: the scan does not give it. */
static const firn_column *find_tested(void *ctx, const firn_filter *test)
{
    const tested_batch *tested = ctx;
    const firn_type *columns = tested->scan->columns;
    for (size_t i = 0; i < columns->n_fields; i++)
        if (columns->fields[i].id == test->column->id) return &tested->batch->columns[i];
    return NULL;
}

/* Which rows others may meet. */
static void test_rows(firn_join_gather *gather, const firn_batch *batch, size_t n_rows)
{
    firn_join_scan *scan = gather->scan;
    tested_batch tested = {scan, batch};
    long long n = 0;
    for (size_t i = 0; i < FIRN_BATCH_ROWS / 64; i++) gather->mask[i] = UINT64_MAX;
    if (scan->test) firn_filter_rows(scan->test, find_tested, &tested, n_rows, gather->mask);
    if (n_rows % 64) gather->mask[n_rows / 64] &= ((uint64_t)1 << n_rows % 64) - 1;
    for (size_t i = 0; i < (n_rows + 63) / 64; i++) n += __builtin_popcountll(gather->mask[i]);
    (void)atomic_fetch_add_explicit(&scan->n_passed, n, memory_order_relaxed);
}

/* Once true, always. */
static bool does_not_pay(const firn_join_scan *scan)
{
    return atomic_load(&scan->n_seen) > scan->n_awaiting;
}

static void open_gather(firn_join_gather *gather)
{
    firn_joins *joins = gather->scan->joins;
    if (gather->is_open) return;
    gather->is_open = true;
    (void)pthread_mutex_lock(&joins->lock);
    gather->scan->n_open++;
    (void)pthread_mutex_unlock(&joins->lock);
}

void firn_join_gather_add(firn_join_gather *gather, const firn_batch *batch)
{
    if (!gather) return;
    firn_join_scan *scan = gather->scan;
    open_gather(gather);
    const size_t n_rows = (size_t)batch->n_rows;
    if (n_rows == 0 || does_not_pay(scan)) return;
    (void)atomic_fetch_add_explicit(&scan->n_seen, (long long)n_rows, memory_order_relaxed);
    test_rows(gather, batch, n_rows);
    for (size_t i = 0; i < scan->n_gathered; i++)
        add_column(scan, &scan->gathered[i], &gather->columns[i],
                   &batch->columns[scan->gathered[i].column], n_rows, gather->mask);
}

/* ---- the end ---- */

static void take_run(firn_join_scan *scan, join_gathered *gathered, thread_column *column)
{
    const firn_allocator *alloc = scan->joins->env->alloc;
    if (column->low < gathered->low) gathered->low = column->low;
    if (column->high > gathered->high) gathered->high = column->high;
    if (column->n == 0) return;
    if (gathered->n_runs == gathered->cap_runs) {
        const size_t cap = gathered->cap_runs > 0 ? 2 * gathered->cap_runs : 8;
        firn_key_run *runs = firn_mem_resize(alloc, gathered->runs, cap * sizeof *runs);
        if (!runs) {
            atomic_store(&gathered->is_too_much, true);
            return;
        }
        gathered->runs = runs;
        gathered->cap_runs = cap;
    }
    gathered->runs[gathered->n_runs++] = (firn_key_run){column->numbers, column->n};
    column->numbers = NULL;
}

/* With most of a table's rows the set would leave out little. */
static bool is_few(const firn_join_scan *scan)
{
    return scan->n_rows < 0 || atomic_load(&scan->n_passed) <= scan->n_rows / 4 * 3;
}

static firn_key_set *make_set(const firn_join_scan *scan, const join_gathered *gathered,
                              firn_arena *arena)
{
    firn_key_set *set = NULL;
    firn_error ignored;
    const firn_joins *joins = scan->joins;
    if (atomic_load(&gathered->is_too_much) || !is_few(scan)) return NULL;
    const firn_status st =
        firn_key_set_of_runs(arena, gathered->runs, gathered->n_runs, gathered->low, gathered->high,
                             most_bytes(joins), &set, &ignored);
    return st == FIRN_OK ? set : NULL;
}

/* NULL: out of memory, so that nothing is left out by them. */
static join_values *make_values(const firn_join_scan *scan, const join_gathered *gathered)
{
    firn_arena *arena = firn_arena_create(scan->joins->env->alloc, 0);
    firn_key_set *set = arena ? make_set(scan, gathered, arena) : NULL;
    if (arena && !set) firn_arena_reset(arena);
    join_values *values = arena ? firn_arena_alloc_zero(arena, sizeof *values) : NULL;
    if (!values) {
        firn_arena_destroy(arena);
        return NULL;
    }
    *values = (join_values){.arena = arena,
                            .table = scan->table,
                            .field = gathered->field,
                            .is_empty = gathered->low > gathered->high,
                            .is_few = !atomic_load(&gathered->is_too_much) && is_few(scan),
                            .low = gathered->low,
                            .high = gathered->high,
                            .set = set};
    for (size_t i = 0; i < scan->n_used; i++)
        if (scan->used[i].field.id == gathered->field.id)
            values->by[values->n_by++] = scan->used[i].values;
    atomic_init(&values->n_users, 1);
    return values;
}

/* All rows of the scan were handed out, and no thread adds any more. */
static void publish(firn_join_scan *scan)
{
    firn_joins *joins = scan->joins;
    join_values *all = NULL;
    for (size_t i = 0; i < scan->n_gathered; i++) {
        join_values *values = make_values(scan, &scan->gathered[i]);
        if (!values) continue;
        values->next = all;
        all = values;
    }
    (void)pthread_mutex_lock(&joins->lock);
    join_table *to = &joins->tables[scan->ref];
    join_table other = {.values = all};
    if (!to->values && to->n_plans == 1) {
        to->values = all;
        other.values = NULL;
    }
    (void)pthread_mutex_unlock(&joins->lock);
    join_table_clear(&other);
}

void firn_join_gather_finish(firn_join_gather *gather)
{
    if (!gather) return;
    firn_join_scan *scan = gather->scan;
    firn_joins *joins = scan->joins;
    open_gather(gather); /* it may have got no row at all */
    (void)pthread_mutex_lock(&joins->lock);
    for (size_t i = 0; i < scan->n_gathered; i++)
        take_run(scan, &scan->gathered[i], &gather->columns[i]);
    for (size_t i = 0; i < scan->n_gathered; i++) gather->columns[i].n = gather->columns[i].cap = 0;
    gather->is_open = false;
    const bool is_last =
        --scan->n_open == 0 && !scan->has_failed && !scan->is_published && !does_not_pay(scan);
    scan->is_published |= is_last;
    (void)pthread_mutex_unlock(&joins->lock);
    if (is_last) publish(scan);
}

void firn_join_gather_destroy(firn_join_gather *gather)
{
    if (!gather) return;
    firn_joins *joins = gather->scan->joins;
    if (gather->is_open) {
        (void)pthread_mutex_lock(&joins->lock);
        gather->scan->has_failed = true;
        (void)pthread_mutex_unlock(&joins->lock);
    }
    for (size_t i = 0; i < gather->scan->n_gathered; i++)
        firn_mem_free(joins->env->alloc, gather->columns[i].numbers);
    firn_arena_destroy(gather->arena);
}
