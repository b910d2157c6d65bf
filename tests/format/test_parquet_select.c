/* SPDX-License-Identifier: Apache-2.0 */
/* Row ranges and filters: whatever is skipped, the rows that are given are those of a plain read,
 * and none that the filter accepts is missing. Random ranges and filters over files of pyarrow and
 * DuckDB with and without page index, judged by a plain evaluation of every row. */
#include "firn_test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "corpus.h"
#include "format/inspect/canonical.h"
#include "format/parquet/read/parquet_select.h"
#include "parquet_canon.h"

#define MAX_PARTS  3
#define N_CASES    50
#define MAX_RANGES 12

typedef struct fixture {
    firn_arena *arena;
    firn_arena *scratch; /* of one case */
    firn_str bytes;
    firn_byte_source source;
    firn_parquet_file *file;
    const firn_type *root;
    firn_batch *all; /* every row, read plainly */
    uint64_t seed;
    int64_t n_left_out; /* by all cases */
    firn_error err;
} fixture;

/* ---- reading everything ---- */

static void read_all(fixture *f)
{
    const int64_t n = firn_parquet_file_rows(f->file);
    firn_parquet_rows *rows = NULL;
    firn_batch *batch = NULL;
    firn_status st;
    f->root = &firn_parquet_file_schema(f->file)->root;
    assert_ok(firn_batch_create(f->root, n, &f->all, &f->err), &f->err);
    assert_ok(firn_batch_create(f->root, FIRN_BATCH_ROWS, &batch, &f->err), &f->err);
    assert_ok(firn_parquet_rows_open(f->file, f->root, NULL, &rows, &f->err), &f->err);
    while ((st = firn_parquet_rows_next(rows, FIRN_BATCH_ROWS, batch, &f->err)) == FIRN_OK)
        assert_ok(firn_batch_append(f->all, batch, 0, batch->n_rows, &f->err), &f->err);
    assert_int_equal(st, FIRN_DONE);
    assert_int_equal(f->all->n_rows, n);
    firn_parquet_rows_close(rows);
    firn_batch_destroy(batch);
}

static void open_file(fixture *f, const char *name)
{
    const firn_str path = firn_arena_printf(f->arena, "parquet_select/%s", name);
    f->bytes = corpus_read(f->arena, corpus_data_path(f->arena, path.data));
    f->source = canon_source(&f->bytes);
    assert_ok(firn_parquet_file_open(&f->source, &f->file, &f->err), &f->err);
    read_all(f);
}

static void close_file(fixture *f)
{
    firn_batch_destroy(f->all);
    firn_parquet_file_close(f->file);
    f->all = NULL;
    f->file = NULL;
}

static int set_up(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    fixture *f = arena ? firn_arena_alloc_zero(arena, sizeof *f) : NULL;
    if (!f) return -1;
    f->arena = arena;
    f->scratch = firn_arena_create(NULL, 0);
    f->seed = 20;
    *state = f;
    return f->scratch ? 0 : -1;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    close_file(f);
    firn_arena_destroy(f->scratch);
    firn_arena_destroy(f->arena);
    return 0;
}

/* ---- random things ---- */

static uint64_t next_random(fixture *f)
{
    f->seed += UINT64_C(0x9e3779b97f4a7c15); /* splitmix64 */
    uint64_t z = f->seed;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static int64_t below(fixture *f, int64_t n)
{
    return (int64_t)(next_random(f) % (uint64_t)n);
}

/* Sorted, disjoint ranges: short ones, long ones, neighbours. */
static size_t random_ranges(fixture *f, firn_row_range *out)
{
    const int64_t n_rows = f->all->n_rows;
    size_t n = 0;
    int64_t row = below(f, 2) ? 0 : below(f, n_rows);
    while (n < MAX_RANGES && row < n_rows) {
        int64_t len = 1 + (below(f, 3) ? below(f, 20) : below(f, n_rows));
        if (len > n_rows - row) len = n_rows - row;
        out[n++] = (firn_row_range){row, len};
        row += len + (below(f, 4) ? below(f, n_rows / 4) : 0);
    }
    return n;
}

static void *take(fixture *f, size_t n, size_t size)
{
    void *memory = firn_arena_array(f->scratch, n, size);
    assert_non_null(memory);
    return memory;
}

static int compare_plainly(const firn_value *a, const firn_value *b)
{
    const bool is_float = a->kind == FIRN_TYPE_FLOAT || a->kind == FIRN_TYPE_DOUBLE;
    if (!is_float) return firn_value_compare(a, b);
    const double x = a->kind == FIRN_TYPE_FLOAT ? (double)a->as.f32 : a->as.f64;
    const double y = a->kind == FIRN_TYPE_FLOAT ? (double)b->as.f32 : b->as.f64;
    if (isnan(x)) return isnan(y) ? 0 : 1;
    if (isnan(y)) return -1;
    return x < y ? -1 : x > y;
}

/* A value of the column, often one that is there. */
static firn_value random_value(fixture *f, size_t column)
{
    firn_value v;
    do {
        v = firn_column_get(&f->all->columns[column], below(f, f->all->n_rows));
    } while (v.is_null);
    if (below(f, 4) > 0) return v;
    switch (v.kind) {
    case FIRN_TYPE_INT: v.as.i32 += 1; break;
    case FIRN_TYPE_LONG: v.as.i64 += 1; break;
    case FIRN_TYPE_DOUBLE: v.as.f64 += 0.5; break;
    case FIRN_TYPE_DECIMAL: v.as.decimal += 1; break;
    default: break;
    }
    return v;
}

static void random_list(fixture *f, size_t column, firn_filter *out)
{
    const size_t n = (size_t)below(f, 4) + (below(f, 8) == 0 ? 0 : 1);
    firn_value *values = take(f, n + 1, sizeof *values);
    for (size_t i = 0; i < n; i++) {
        size_t at = i;
        const firn_value v = random_value(f, column);
        for (; at > 0 && compare_plainly(&values[at - 1], &v) > 0; at--)
            values[at] = values[at - 1];
        values[at] = v;
    }
    out->values = values;
    out->n_values = n;
}

static void random_range(fixture *f, size_t column, firn_filter *out)
{
    out->low = (firn_filter_end){below(f, 3) > 0, below(f, 2) > 0, random_value(f, column)};
    out->high = (firn_filter_end){below(f, 3) > 0, below(f, 2) > 0, random_value(f, column)};
}

static const firn_filter *random_test(fixture *f)
{
    static const firn_filter_op k_ops[] = {
        FIRN_FILTER_RANGE, FIRN_FILTER_RANGE,  FIRN_FILTER_IN,      FIRN_FILTER_IN,
        FIRN_FILTER_IN,    FIRN_FILTER_NOT_IN, FIRN_FILTER_IS_NULL, FIRN_FILTER_NOT_NULL};
    firn_filter *test = take(f, 1, sizeof *test);
    size_t column;
    *test = (firn_filter){.op = k_ops[below(f, 8)]};
    do {
        column = (size_t)below(f, (int64_t)f->root->n_fields);
    } while (!firn_type_is_primitive(f->root->fields[column].type));
    test->column = &f->root->fields[column];
    if (test->op == FIRN_FILTER_RANGE) random_range(f, column, test);
    if (test->op == FIRN_FILTER_IN || test->op == FIRN_FILTER_NOT_IN) random_list(f, column, test);
    return test;
}

static const firn_filter *random_filter(fixture *f, int depth)
{
    const int64_t kind = below(f, 8);
    if (depth > 2 || kind < 4) return random_test(f);
    firn_filter *filter = take(f, 1, sizeof *filter);
    const firn_filter **parts = take(f, MAX_PARTS, sizeof *parts);
    *filter = (firn_filter){.op = kind < 6 ? FIRN_FILTER_AND : FIRN_FILTER_OR, .parts = parts};
    filter->n_parts = (size_t)below(f, MAX_PARTS) + 1;
    for (size_t i = 0; i < filter->n_parts; i++) parts[i] = random_filter(f, depth + 1);
    if (below(f, 30) == 0) *filter = (firn_filter){.op = FIRN_FILTER_ANY};
    if (below(f, 60) == 0) *filter = (firn_filter){.op = FIRN_FILTER_NONE};
    return filter;
}

/* ---- the judge ---- */

static bool is_in_list(const firn_filter *test, const firn_value *v)
{
    for (size_t i = 0; i < test->n_values; i++)
        if (compare_plainly(&test->values[i], v) == 0) return true;
    return false;
}

static bool is_in_range(const firn_filter *test, const firn_value *v)
{
    const int low = test->low.is_set ? compare_plainly(v, &test->low.value) : 1;
    const int high = test->high.is_set ? compare_plainly(v, &test->high.value) : -1;
    return (low > 0 || (low == 0 && !test->low.is_open)) &&
           (high < 0 || (high == 0 && !test->high.is_open));
}

static bool passes(const fixture *f, const firn_filter *filter, int64_t row)
{
    const bool is_and = filter->op == FIRN_FILTER_AND;
    if (filter->op == FIRN_FILTER_ANY) return true;
    if (filter->op == FIRN_FILTER_NONE) return false;
    if (is_and || filter->op == FIRN_FILTER_OR) {
        for (size_t i = 0; i < filter->n_parts; i++)
            if (passes(f, filter->parts[i], row) != is_and) return !is_and;
        return is_and;
    }
    const firn_value v = firn_column_get(&f->all->columns[filter->column - f->root->fields], row);
    if (filter->op == FIRN_FILTER_IS_NULL) return v.is_null;
    if (v.is_null) return false;
    if (filter->op == FIRN_FILTER_RANGE) return is_in_range(filter, &v);
    if (filter->op == FIRN_FILTER_IN) return is_in_list(filter, &v);
    return filter->op == FIRN_FILTER_NOT_NULL || !is_in_list(filter, &v);
}

/* ---- one case ---- */

typedef struct read_case {
    firn_parquet_rows_opts opts;
    firn_type projection;
    const size_t *columns; /* of the root that are projected */
    int64_t max_rows;
    uint8_t *seen; /* per row of the file */
} read_case;

static void check_row(fixture *f, const read_case *c, const firn_batch *batch, int64_t row,
                      int64_t position)
{
    firn_buf found, expected;
    firn_buf_init(&found, NULL, 0);
    firn_buf_init(&expected, NULL, 0);
    firn_canonical_row(&found, batch, row);
    firn_buf_cstr(&expected, "[");
    for (size_t i = 0; i < c->projection.n_fields; i++) {
        if (i > 0) firn_buf_cstr(&expected, ",");
        firn_canonical_value(&expected, &f->all->columns[c->columns[i]], position);
    }
    firn_buf_cstr(&expected, "]");
    if (found.len != expected.len || memcmp(found.data, expected.data, found.len) != 0)
        fail_msg("row %lld is %.*s, expected %.*s", (long long)position, (int)found.len, found.data,
                 (int)expected.len, expected.data);
    firn_buf_dispose(&found);
    firn_buf_dispose(&expected);
}

static void check_batch(fixture *f, const read_case *c, const firn_parquet_rows *rows,
                        const firn_batch *batch, int64_t *next)
{
    size_t n_runs = 0;
    const firn_row_range *runs = firn_parquet_rows_runs(rows, &n_runs);
    int64_t row = 0;
    for (size_t i = 0; i < n_runs; i++) {
        assert_true(runs[i].first >= *next);
        for (int64_t k = 0; k < runs[i].n; k++, row++) {
            check_row(f, c, batch, row, runs[i].first + k);
            c->seen[runs[i].first + k] = 1;
        }
        *next = runs[i].first + runs[i].n;
    }
    assert_int_equal(row, batch->n_rows);
    if (n_runs > 0) assert_int_equal(firn_parquet_rows_position(rows), runs[0].first);
}

static void read_selected(fixture *f, read_case *c)
{
    firn_parquet_rows *rows = NULL;
    firn_batch *batch = NULL;
    firn_status st;
    int64_t next = 0;
    c->seen = take(f, (size_t)f->all->n_rows, 1);
    memset(c->seen, 0, (size_t)f->all->n_rows);
    assert_ok(firn_batch_create(&c->projection, FIRN_BATCH_ROWS, &batch, &f->err), &f->err);
    assert_ok(firn_parquet_rows_open(f->file, &c->projection, &c->opts, &rows, &f->err), &f->err);
    while ((st = firn_parquet_rows_next(rows, c->max_rows, batch, &f->err)) == FIRN_OK)
        if (batch->n_rows > 0) check_batch(f, c, rows, batch, &next);
    if (st != FIRN_DONE) fail_msg("%s", f->err.message);
    firn_parquet_rows_close(rows);
    firn_batch_destroy(batch);
}

static bool is_in_ranges(const read_case *c, int64_t row)
{
    if (!c->opts.ranges) return true;
    for (size_t i = 0; i < c->opts.n_ranges; i++)
        if (row >= c->opts.ranges[i].first && row < c->opts.ranges[i].first + c->opts.ranges[i].n)
            return true;
    return false;
}

static void check_complete(fixture *f, const read_case *c, const firn_filter *filter)
{
    for (int64_t row = 0; row < f->all->n_rows; row++) {
        const bool is_wanted =
            is_in_ranges(c, row) && (!c->opts.filter || passes(f, c->opts.filter, row));
        if (is_wanted && !c->seen[row]) fail_msg("row %lld is missing", (long long)row);
        if (c->seen[row] && !is_in_ranges(c, row)) fail_msg("row %lld given", (long long)row);
        /* what was selected by metadata lost no row either */
        if (filter && passes(f, filter, row) && !is_in_ranges(c, row))
            fail_msg("row %lld was not selected", (long long)row);
        f->n_left_out += !c->seen[row];
    }
}

static void project_some(fixture *f, read_case *c)
{
    firn_field *fields = take(f, f->root->n_fields, sizeof *fields);
    size_t *columns = take(f, f->root->n_fields, sizeof *columns);
    size_t n = 0;
    for (size_t i = 0; i < f->root->n_fields; i++) {
        if (below(f, 3) == 0) continue;
        columns[n] = i;
        fields[n++] = f->root->fields[i];
    }
    c->columns = columns;
    c->projection = (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = n};
}

/* Ranges of all row groups that the file's metadata leaves. */
static void select_ranges(fixture *f, const firn_filter *filter, read_case *c)
{
    firn_row_range *ranges = take(f, 4096, sizeof *ranges);
    c->opts.ranges = ranges;
    for (size_t i = 0; i < firn_parquet_file_row_groups(f->file); i++) {
        firn_parquet_selection s;
        assert_ok(firn_parquet_select(f->file, i, filter, FIRN_PARQUET_MATCH_IDS, f->scratch, &s,
                                      &f->err),
                  &f->err);
        assert_true(c->opts.n_ranges + s.n_ranges <= 4096);
        int64_t n = 0;
        for (size_t k = 0; k < s.n_ranges; k++) {
            ranges[c->opts.n_ranges++] = s.ranges[k];
            n += s.ranges[k].n;
        }
        assert_int_equal(n, s.n_rows);
    }
}

static void run_case(fixture *f)
{
    static const int64_t k_max_rows[] = {FIRN_BATCH_ROWS, FIRN_BATCH_ROWS, 100, 7};
    firn_row_range ranges[MAX_RANGES];
    read_case c = {.max_rows = k_max_rows[below(f, 4)]};
    firn_arena_reset(f->scratch);
    const firn_filter *filter = random_filter(f, 0), *selected_by = NULL;
    const int64_t kind = below(f, 4);
    project_some(f, &c);
    if (kind == 0) {
        c.opts.n_ranges = random_ranges(f, ranges);
        c.opts.ranges = ranges;
    } else if (kind == 1) {
        select_ranges(f, filter, &c);
        selected_by = filter;
    }
    if (kind != 0 || below(f, 2)) c.opts.filter = filter;
    c.opts.window_bytes = below(f, 2) ? 0 : 4096;
    read_selected(f, &c);
    check_complete(f, &c, selected_by);
}

static void check_file(fixture *f, const char *name)
{
    open_file(f, name);
    f->n_left_out = 0;
    for (int i = 0; i < N_CASES; i++) run_case(f);
    if (f->n_left_out < f->all->n_rows * N_CASES / 20)
        fail_msg("%lld rows were left out in all", (long long)f->n_left_out);
    close_file(f);
}

static void test_rows_of_pages_v1_with_index(void **state)
{
    check_file(*state, "index_v1_zstd.parquet");
}

static void test_rows_of_pages_v2_with_index(void **state)
{
    check_file(*state, "index_v2_none.parquet");
}

static void test_rows_of_pages_v1_without_index(void **state)
{
    check_file(*state, "plain_v1_snappy.parquet");
}

static void test_rows_of_pages_v2_without_index(void **state)
{
    check_file(*state, "plain_v2_zstd.parquet");
}

static void test_rows_with_bloom_filters(void **state)
{
    check_file(*state, "bloom_duckdb.parquet");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rows_of_pages_v1_with_index, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rows_of_pages_v2_with_index, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rows_of_pages_v1_without_index, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rows_of_pages_v2_without_index, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rows_with_bloom_filters, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
