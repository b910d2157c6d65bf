/* SPDX-License-Identifier: Apache-2.0 */
/* A scan's part in the joins of its statement. Not here: which columns are joined (join_graph.c),
 * gathering values (join_gather.c). */
#include "sql/engine/engine_joins.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/str.h"
#include "iceberg/scan/scan_filter.h"
#include "sql/engine/engine_scan.h"
#include "sql/engine/join_graph.h"
#include "sql/engine/join_values.h"

/* ---- a text's tables ---- */

void join_values_unref(join_values *values)
{
    if (values && atomic_fetch_sub(&values->n_users, 1) == 1) firn_arena_destroy(values->arena);
}

void join_table_clear(join_table *table)
{
    while (table->values) {
        join_values *next = table->values->next;
        join_values_unref(table->values);
        table->values = next;
    }
}

static void destroy_joins(void *ptr)
{
    firn_joins *joins = ptr;
    for (size_t i = 0; i < joins->n_tables; i++) join_table_clear(&joins->tables[i]);
    (void)pthread_mutex_destroy(&joins->lock);
}

firn_status firn_joins_create(firn_env *env, firn_arena *arena, const firn_join_text *text,
                              size_t n_refs, firn_joins **out, firn_error *err)
{
    firn_joins *joins = firn_arena_alloc_zero(arena, sizeof *joins);
    join_table *tables = firn_arena_array(arena, n_refs, sizeof *tables);
    *out = NULL;
    if (!joins || !tables) return firn_fail_nomem(err);
    joins->env = env;
    joins->text = text;
    joins->tables = tables;
    joins->n_tables = n_refs;
    FIRN_TRY(firn_arena_defer(arena, destroy_joins, joins, err));
    (void)pthread_mutex_init(&joins->lock, NULL);
    *out = joins;
    return FIRN_OK;
}

void firn_joins_enter(firn_joins *joins, size_t ref, const firn_scan_source *source)
{
    if (!joins) return;
    (void)pthread_mutex_lock(&joins->lock);
    joins->tables[ref].source = source;
    joins->tables[ref].n_plans++;
    (void)pthread_mutex_unlock(&joins->lock);
}

void firn_joins_leave(firn_joins *joins, size_t ref)
{
    if (!joins) return;
    (void)pthread_mutex_lock(&joins->lock);
    join_table *table = &joins->tables[ref];
    if (--table->n_plans == 0) {
        join_table_clear(table); /* another plan of the same text begins anew */
        table->n_begun = 0;
        table->source = NULL;
    }
    (void)pthread_mutex_unlock(&joins->lock);
}

/* ---- a scan ---- */

static bool is_used(const firn_join_scan *scan, const firn_field *field, const join_values *values)
{
    for (size_t i = 0; i < scan->n_used; i++)
        if (scan->used[i].values == values && scan->used[i].field.id == field->id) return true;
    return false;
}

static void use_values(firn_join_scan *scan, const firn_field *field, const join_column *other)
{
    join_values *values = scan->joins->tables[other->ref].values;
    while (values && values->field.id != other->field->id) values = values->next;
    if (!values || scan->n_used == JOIN_MOST_COLUMNS || is_used(scan, field, values)) return;
    (void)atomic_fetch_add(&values->n_users, 1);
    scan->used[scan->n_used++] = (join_used){*field, values};
}

/* Others for the same column have none but these. */
static bool is_needless(const firn_join_scan *scan, size_t i)
{
    for (size_t k = 0; k < scan->n_used; k++) {
        const join_values *other = scan->used[k].values;
        if (scan->used[k].field.id != scan->used[i].field.id) continue;
        for (size_t b = 0; b < other->n_by; b++)
            if (other->by[b] == scan->used[i].values) return true;
    }
    return false;
}

static void choose_values(firn_join_scan *scan)
{
    for (size_t i = scan->n_used; i-- > 0;) {
        if (!is_needless(scan, i)) continue;
        join_values_unref(scan->used[i].values);
        scan->used[i] = scan->used[--scan->n_used];
    }
    for (size_t i = 0; i < scan->n_used; i++)
        if (scan->used[i].values->set)
            scan->keys[scan->n_keys++] =
                (firn_scan_test){.field = &scan->used[i].field, .set = scan->used[i].values->set};
}

static void gather_column(firn_join_scan *scan, const firn_field *field, const firn_type *columns)
{
    size_t column = 0;
    while (column < columns->n_fields && columns->fields[column].id != field->id) column++;
    if (column == columns->n_fields || scan->n_gathered == JOIN_MOST_COLUMNS) return;
    join_gathered *slot = &scan->gathered[scan->n_gathered++];
    *slot = (join_gathered){.field = *field, .column = column, .low = INT64_MAX, .high = INT64_MIN};
    atomic_init(&slot->is_too_much, false);
}

static bool is_reduced(const firn_join_scan *scan)
{
    for (size_t i = 0; i < scan->n_used; i++)
        if (scan->used[i].values->is_few) return true;
    return false;
}

/* Rows of tables whose scans are to come and that the column reduces. */
static int64_t count_awaiting(const firn_join_scan *scan, const join_graph *graph,
                              const join_column *own)
{
    join_column others[JOIN_MOST_REACHED];
    int64_t n_rows = 0;
    const size_t n = join_graph_reach(graph, own, JOIN_FORWARD, others);
    for (size_t i = 0; i < n; i++) {
        const join_table *table = &scan->joins->tables[others[i].ref];
        if (others[i].ref == scan->ref || table->n_begun > 0) continue;
        if (table->source->n_rows < 0) return INT64_MAX / JOIN_MOST_COLUMNS; /* unknown */
        n_rows += table->source->n_rows;
    }
    return n_rows;
}

/* Under the lock. */
static firn_status find_part(firn_join_scan *scan, bool is_chosen, const firn_type *columns,
                             firn_error *err)
{
    const join_table *own = &scan->joins->tables[scan->ref];
    join_graph graph;
    join_column others[JOIN_MOST_REACHED];
    FIRN_TRY(join_graph_make(scan->joins, scan->arena, &graph, err));
    for (size_t i = 0; i < graph.n_columns; i++) {
        const join_column *column = &graph.columns[i];
        if (column->ref != scan->ref) continue;
        const size_t n = join_graph_reach(&graph, column, JOIN_BACK, others);
        for (size_t k = 0; k < n; k++)
            if (others[k].ref != scan->ref) use_values(scan, column->field, &others[k]);
    }
    choose_values(scan);
    if (own->n_begun > 1 || own->values || (!is_chosen && !is_reduced(scan))) return FIRN_OK;
    for (size_t i = 0; i < graph.n_columns; i++) {
        const join_column *column = &graph.columns[i];
        const int64_t n_rows = column->ref == scan->ref ? count_awaiting(scan, &graph, column) : 0;
        if (n_rows == 0) continue;
        gather_column(scan, column->field, columns);
        if (scan->n_awaiting < n_rows) scan->n_awaiting = n_rows;
    }
    return FIRN_OK;
}

firn_status firn_join_scan_begin(firn_joins *joins, size_t ref, bool is_chosen,
                                 const firn_type *columns, firn_join_scan **out, firn_error *err)
{
    *out = NULL;
    if (!joins) return FIRN_OK;
    firn_arena *arena = firn_arena_create(joins->env->alloc, 0);
    firn_join_scan *scan = arena ? firn_arena_alloc_zero(arena, sizeof *scan) : NULL;
    if (!scan) {
        firn_arena_destroy(arena);
        return firn_fail_nomem(err);
    }
    *scan = (firn_join_scan){.joins = joins, .ref = ref, .arena = arena, .columns = columns};
    atomic_init(&scan->n_bytes, 0);
    atomic_init(&scan->n_passed, 0);
    atomic_init(&scan->n_seen, 0);
    (void)pthread_mutex_lock(&joins->lock);
    joins->tables[ref].n_begun++;
    if (joins->tables[ref].source) {
        scan->table = joins->tables[ref].source->name;
        scan->n_rows = joins->tables[ref].source->n_rows;
    }
    firn_status st = FIRN_OK;
    if (join_takes_part(joins, ref)) st = find_part(scan, is_chosen, columns, err);
    (void)pthread_mutex_unlock(&joins->lock);
    if (st == FIRN_OK && (scan->n_used > 0 || scan->n_gathered > 0))
        *out = scan;
    else
        firn_join_scan_end(scan);
    return st;
}

void firn_join_scan_end(firn_join_scan *scan)
{
    if (!scan) return;
    const firn_allocator *alloc = scan->joins->env->alloc;
    for (size_t i = 0; i < scan->n_used; i++) join_values_unref(scan->used[i].values);
    for (size_t i = 0; i < scan->n_gathered; i++) {
        join_gathered *gathered = &scan->gathered[i];
        for (size_t k = 0; k < gathered->n_runs; k++)
            firn_mem_free(alloc, (void *)(uintptr_t)gathered->runs[k].numbers);
        firn_mem_free(alloc, gathered->runs);
    }
    firn_arena_destroy(scan->arena);
}

const firn_scan_test *firn_join_scan_keys(const firn_join_scan *scan, size_t *n)
{
    *n = scan ? scan->n_keys : 0;
    return scan ? scan->keys : NULL;
}

/* ---- ranges ---- */

/* field <op> number; NULL: out of memory. */
static const firn_expr *make_bound(firn_arena *arena, firn_expr_op op, const firn_field *field,
                                   int64_t number)
{
    firn_expr *e = firn_arena_alloc_zero(arena, sizeof *e);
    firn_value *value = firn_arena_alloc_zero(arena, sizeof *value);
    if (!e || !value) return NULL;
    *value = firn_value_of_key(field->type, number);
    *e = (firn_expr){.op = op,
                     .column = field->name,
                     .field_id = field->id,
                     .type = field->type,
                     .values = value,
                     .n_values = 1};
    return e;
}

static const firn_expr *make_range(firn_arena *arena, const join_used *used)
{
    const join_values *values = used->values;
    const bool is_int = used->field.type->kind == FIRN_TYPE_INT;
    int64_t low = values->low;
    int64_t high = values->high;
    if (is_int && low < INT32_MIN) low = INT32_MIN;
    if (is_int && high > INT32_MAX) high = INT32_MAX;
    if (values->is_empty || low > high) return firn_expr_false();
    const firn_expr *a = make_bound(arena, FIRN_EXPR_GTEQ, &used->field, low);
    const firn_expr *b = make_bound(arena, FIRN_EXPR_LTEQ, &used->field, high);
    return a && b ? firn_expr_and(arena, a, b) : NULL;
}

firn_status firn_join_scan_filters(const firn_join_scan *scan, firn_arena *arena,
                                   const firn_expr **files_out, const firn_expr **rows_out,
                                   firn_error *err)
{
    *files_out = *rows_out = firn_expr_true();
    for (size_t i = 0; scan && i < scan->n_used; i++) {
        const firn_expr *range = make_range(arena, &scan->used[i]);
        if (range) *files_out = firn_expr_and(arena, *files_out, range);
        /* most rows are in the range of most values */
        if (range && *files_out && !scan->used[i].values->set && scan->used[i].values->is_few)
            *rows_out = firn_expr_and(arena, *rows_out, range);
        if (!range || !*files_out || !*rows_out) return firn_fail_nomem(err);
    }
    return FIRN_OK;
}

firn_status firn_join_scan_choose(firn_join_scan *scan, const firn_scan_wanted *wanted,
                                  const firn_schema *schema, firn_error *err)
{
    if (scan->n_gathered == 0) return FIRN_OK;
    return firn_scan_filter_make(wanted, schema, FIRN_ROW_MATCH_IDS, NULL, scan->arena, &scan->test,
                                 err);
}

/* "204 values"; data NULL: out of memory. */
static firn_str count_text(const join_values *values, firn_arena *arena)
{
    if (values->is_empty) return FIRN_STR("no value");
    if (!values->set) return FIRN_STR("the range");
    return firn_arena_printf(arena, "%zu values", firn_key_set_count(values->set));
}

firn_str firn_join_scan_text(const firn_join_scan *scan, firn_arena *arena)
{
    firn_str text = FIRN_STR("");
    for (size_t i = 0; scan && i < scan->n_used && text.data; i++) {
        const join_used *used = &scan->used[i];
        const join_values *values = used->values;
        firn_str range = {0};
        const firn_str count = count_text(values, arena);
        const firn_expr *e = make_range(arena, used);
        if (!count.data || !e || firn_expr_format(e, arena, &range, NULL) != FIRN_OK)
            return (firn_str){0};
        text = firn_arena_printf(
            arena, "%.*s%s%.*s has %.*s of %.*s.%.*s, %.*s", FIRN_STR_ARG(text), i > 0 ? "; " : "",
            FIRN_STR_ARG(used->field.name), FIRN_STR_ARG(count), FIRN_STR_ARG(values->table),
            FIRN_STR_ARG(values->field.name), FIRN_STR_ARG(range));
    }
    return text;
}
