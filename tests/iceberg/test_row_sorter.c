/* SPDX-License-Identifier: Apache-2.0 */
/* Sorting in memory and through files: one after another, from several threads, in parts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "iceberg/maintain/rewrite/row_moves.h"
#include "iceberg/scan/position_deletes.h"
#include "iceberg/scan/row_bytes.h"
#include "iceberg/sort/row_sorter.h"
#include "lake_fixture.h"

/* ---- sorting ---- */

static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_text = {.kind = FIRN_TYPE_STRING};
static const firn_field k_fields[] = {
    {.id = 1, .name = FIRN_STR_INIT("n"), .type = &k_long},
    {.id = 2, .name = FIRN_STR_INIT("s"), .type = &k_text},
};
static const firn_schema k_schema = {
    .root = {.kind = FIRN_TYPE_STRUCT, .fields = k_fields, .n_fields = 2}};

static void append_rows(firn_row_sorter *sorter, int64_t n)
{
    firn_error err;
    firn_batch *batch = NULL;
    assert_ok(firn_batch_create(&k_schema.root, 1000, &batch, &err), &err);
    for (int64_t from = 0; from < n; from += 1000) {
        firn_batch_reset(batch);
        batch->n_rows = n - from < 1000 ? n - from : 1000;
        for (int64_t r = 0; r < batch->n_rows; r++) {
            char text[64];
            const int64_t i = from + r;
            (void)snprintf(text, sizeof text, "row %lld of a text that is not short", (long long)i);
            ((int64_t *)batch->columns[0].values)[r] = i * 7919 % 1009;
            if (i % 13 == 0) firn_column_set_null(&batch->columns[0], r);
            assert_ok(firn_column_copy_bytes(&batch->columns[1], firn_str_of(text),
                                             &((firn_view *)batch->columns[1].values)[r], &err),
                      &err);
        }
        for (int c = 0; c < 2; c++) batch->columns[c].n_values = batch->n_rows;
        assert_ok(firn_row_sorter_append(sorter, 0, batch, (uint64_t)from, &err), &err);
    }
    firn_batch_destroy(batch);
}

/* Rows come out in order, nulls as if they were this number, those with equal keys as they went in,
 * each with its own text. */
static void assert_sorted(firn_row_sorter *sorter, int64_t n, int64_t null)
{
    firn_error err;
    const firn_batch *batch = NULL;
    int64_t n_seen = 0;
    int64_t before = INT64_MIN;
    int64_t row_before = -1;
    firn_status st;
    while ((st = firn_row_sorter_next(sorter, &batch, &err)) == FIRN_OK) {
        for (int64_t r = 0; r < batch->n_rows; r++) {
            const firn_value key = firn_column_get(&batch->columns[0], r);
            const firn_value text = firn_column_get(&batch->columns[1], r);
            const int64_t row = strtoll(text.as.bytes.data + 4, NULL, 10);
            const int64_t value = key.is_null ? null : key.as.i64;
            assert_true(key.is_null ? row % 13 == 0 : value == row * 7919 % 1009);
            assert_true(value > before || (value == before && row > row_before));
            before = value;
            row_before = row;
            n_seen++;
        }
    }
    assert_int_equal(st, FIRN_DONE);
    assert_int_equal(n_seen, n);
}

static firn_status count_one(void *ctx, const firn_store_entry *entry, firn_error *err)
{
    (void)entry;
    (void)err;
    (*(int64_t *)ctx)++;
    return FIRN_OK;
}

static int64_t count_objects(firn_test_lake *lake)
{
    firn_error err;
    int64_t n = 0;
    assert_ok(firn_store_list(lake->store, firn_str_of(lake->warehouse), count_one, &n, &err),
              &err);
    return n;
}

static void sort_rows(int64_t n, int64_t memory_bytes, bool is_spilled)
{
    firn_test_lake lake = {0};
    firn_error err;
    firn_row_order *order = NULL;
    firn_row_sorter *sorter = NULL;
    const firn_sort_field by_n = {.source_id = 1, .nulls_last = true};
    firn_test_lake_open(&lake, false, NULL);
    firn_table *table = firn_test_table(&lake, "t", false, NULL);
    const int64_t before = count_objects(&lake);
    assert_ok(firn_row_order_by_fields(&k_schema, &by_n, 1, lake.arena, &order, &err), &err);
    const firn_row_sorter_opts opts = {
        .schema = &k_schema, .order = order, .memory_bytes = memory_bytes};
    assert_ok(firn_row_sorter_create(lake.env, lake.store, firn_table_metadata_of(table), &opts,
                                     &sorter, &err),
              &err);
    append_rows(sorter, n);
    assert_ok(firn_row_sorter_finish(sorter, &err), &err);
    assert_sorted(sorter, n, INT64_MAX);
    assert_true((firn_row_sorter_spilled(sorter) > 0) == is_spilled);
    firn_row_sorter_destroy(sorter);
    assert_int_equal(count_objects(&lake), before); /* nothing is left behind */
    firn_table_close(table);
    firn_test_lake_close(&lake, false);
}

static void test_rows_are_sorted_in_memory(void **state)
{
    (void)state;
    sort_rows(0, 1 << 24, false);
    sort_rows(1, 1 << 24, false);
    sort_rows(20000, 1 << 24, false);
}

static void test_rows_beyond_the_budget_are_sorted_through_files(void **state)
{
    (void)state;
    sort_rows(30000, 1 << 20, true);
    sort_rows(3500, 1, true); /* a block is held whatever the budget */
}

static void test_an_interrupted_sort_leaves_no_files(void **state)
{
    (void)state;
    firn_test_lake lake = {0};
    firn_error err;
    firn_row_order *order = NULL;
    firn_row_sorter *sorter = NULL;
    const firn_sort_field by_n = {.source_id = 1};
    firn_test_lake_open(&lake, false, NULL);
    firn_table *table = firn_test_table(&lake, "t", false, NULL);
    const int64_t before = count_objects(&lake);
    assert_ok(firn_row_order_by_fields(&k_schema, &by_n, 1, lake.arena, &order, &err), &err);
    const firn_row_sorter_opts opts = {.schema = &k_schema, .order = order, .memory_bytes = 1};
    assert_ok(firn_row_sorter_create(lake.env, lake.store, firn_table_metadata_of(table), &opts,
                                     &sorter, &err),
              &err);
    append_rows(sorter, 3000);
    assert_ok(firn_row_sorter_finish(sorter, &err), &err);
    assert_true(count_objects(&lake) > before);
    firn_row_sorter_destroy(sorter);
    assert_int_equal(count_objects(&lake), before);
    firn_table_close(table);
    firn_test_lake_close(&lake, false);
}

/* Keys on a curve are kept with the rows, through files and from part to part. */
static void sort_on_curve(firn_test_lake *lake, const firn_table *table, int64_t n,
                          int64_t memory_bytes)
{
    firn_error err;
    firn_row_order *order = NULL;
    firn_row_sorter *sorter = NULL;
    firn_batch *sample = NULL;
    const firn_str column = FIRN_STR("n");
    assert_ok(
        firn_row_order_by_curve(&k_schema, FIRN_CURVE_Z, &column, 1, lake->arena, &order, &err),
        &err);
    assert_ok(firn_batch_create(&k_schema.root, 1010, &sample, &err), &err);
    for (int64_t i = 0; i < 1010; i++) ((int64_t *)sample->columns[0].values)[i] = i - 1;
    sample->n_rows = sample->columns[0].n_values = 1010;
    assert_ok(firn_row_order_sample(order, sample, 1, &err), &err);
    assert_ok(firn_row_order_finish_samples(order, &err), &err);
    const firn_row_sorter_opts opts = {
        .schema = &k_schema, .order = order, .memory_bytes = memory_bytes};
    assert_ok(firn_row_sorter_create(lake->env, lake->store, firn_table_metadata_of(table), &opts,
                                     &sorter, &err),
              &err);
    append_rows(sorter, n);
    assert_ok(firn_row_sorter_finish(sorter, &err), &err);
    assert_sorted(sorter, n, INT64_MIN + 1);
    assert_true((firn_row_sorter_spilled(sorter) > 0) == (memory_bytes < 1 << 22));
    firn_row_sorter_destroy(sorter);
    firn_batch_destroy(sample);
}

static void test_rows_are_sorted_on_a_curve(void **state)
{
    (void)state;
    firn_test_lake lake = {0};
    firn_test_lake_open(&lake, false, NULL);
    firn_table *table = firn_test_table(&lake, "t", false, NULL);
    sort_on_curve(&lake, table, 5000, 1 << 24);
    sort_on_curve(&lake, table, 30000, 1 << 20);
    sort_on_curve(&lake, table, 3500, 1);
    firn_table_close(table);
    firn_test_lake_close(&lake, false);
}

/* ---- rows of all types, against a plain sort ---- */

static const firn_type k_kinds[] = {
    {.kind = FIRN_TYPE_BOOLEAN},
    {.kind = FIRN_TYPE_INT},
    {.kind = FIRN_TYPE_LONG},
    {.kind = FIRN_TYPE_FLOAT},
    {.kind = FIRN_TYPE_DOUBLE},
    {.kind = FIRN_TYPE_DECIMAL, .precision = 9, .scale = 2},
    {.kind = FIRN_TYPE_DECIMAL, .precision = 18, .scale = 2},
    {.kind = FIRN_TYPE_DECIMAL, .precision = 38, .scale = 2},
    {.kind = FIRN_TYPE_DATE},
    {.kind = FIRN_TYPE_TIME},
    {.kind = FIRN_TYPE_TIMESTAMP},
    {.kind = FIRN_TYPE_TIMESTAMPTZ},
    {.kind = FIRN_TYPE_TIMESTAMP_NS},
    {.kind = FIRN_TYPE_TIMESTAMPTZ_NS},
    {.kind = FIRN_TYPE_STRING},
    {.kind = FIRN_TYPE_UUID},
    {.kind = FIRN_TYPE_FIXED, .length = 5},
    {.kind = FIRN_TYPE_BINARY},
    {.kind = FIRN_TYPE_UNKNOWN}, /* this one and the rest: not sorted by */
    {.kind = FIRN_TYPE_STRUCT, .fields = k_fields, .n_fields = 2},
    {.kind = FIRN_TYPE_LIST, .fields = k_fields + 1, .n_fields = 1},
    {.kind = FIRN_TYPE_MAP, .fields = k_fields, .n_fields = 2},
};
enum { N_KINDS = sizeof k_kinds / sizeof *k_kinds, N_SORTABLE = 18 };

static uint64_t draw(uint64_t *dice)
{
    *dice = *dice * 6364136223846793005u + 1442695040888963407u;
    return *dice >> 33 | *dice << 31;
}

/* Texts of all lengths, many of them equal, with zeros inside. */
static void put_text(firn_column *column, int64_t row, uint64_t *dice)
{
    char text[80];
    firn_error err;
    size_t len = draw(dice) % 6 * (draw(dice) % 12);
    if (column->type->kind == FIRN_TYPE_UUID) len = 16;
    if (column->type->kind == FIRN_TYPE_FIXED) len = 5;
    memset(text, 'a', sizeof text);
    if (len > 0) text[draw(dice) % len] = (char)(draw(dice) % 4 * 85);
    firn_view *views = column->values;
    assert_ok(firn_column_copy_bytes(column, (firn_str){text, len}, &views[row], &err), &err);
}

static void put_number(firn_column *column, int64_t row, uint64_t *dice)
{
    static const double k_doubles[] = {0.0, -0.0, 1.5, -1.5, 1e300, -1e300};
    static const uint64_t k_nans[] = {0x7ff8000000000000u, 0xfff8000000000000u, 0x7ff0000000000000u,
                                      0xfff0000000000000u};
    const size_t width = firn_column_width(column->type);
    firn_int128 value = (int64_t)(draw(dice) % 7) - 3;
    double number = k_doubles[draw(dice) % 6];
    float narrow = (float)number;
    const bool has_large = row / 500 % 2 != 0; /* others fit half of a slot */
    const bool is_large = draw(dice) % 4 == 0 && has_large;
    if (is_large) value *= (firn_int128)1 << (draw(dice) % (8 * width - 3));
    if (draw(dice) % 4 == 0) {
        memcpy(&number, &k_nans[draw(dice) % 4], sizeof number);
        narrow = (float)number;
    }
    const void *from = &value;
    if (column->type->kind == FIRN_TYPE_DOUBLE) from = &number;
    if (column->type->kind == FIRN_TYPE_FLOAT) from = &narrow;
    if (column->type->kind == FIRN_TYPE_BOOLEAN) value &= 1;
    memcpy((char *)column->values + width * (size_t)row, from, width);
}

/* Rows [0, n) of a column that is empty. */
static void fill_column(firn_column *column, int64_t n, uint64_t *dice)
{
    firn_error err;
    assert_ok(firn_column_reserve(column, n, &err), &err);
    column->n_values = n;
    const bool is_list =
        column->type->kind == FIRN_TYPE_LIST || column->type->kind == FIRN_TYPE_MAP;
    int64_t n_entries = 0;
    for (int64_t r = 0; r < n; r++) {
        const bool is_null = draw(dice) % 9 == 0;
        if (is_null || column->type->kind == FIRN_TYPE_UNKNOWN) firn_column_set_null(column, r);
        if (is_list) {
            const uint64_t len = is_null ? 0 : draw(dice) % 4;
            ((firn_list_entry *)column->values)[r] = (firn_list_entry){(uint64_t)n_entries, len};
            n_entries += (int64_t)len;
        } else if (is_null && column->values) {
            memset((char *)column->values + (size_t)r * firn_column_width(column->type), 0,
                   firn_column_width(column->type));
        } else if (column->type->kind == FIRN_TYPE_STRING || column->type->kind == FIRN_TYPE_UUID ||
                   column->type->kind == FIRN_TYPE_FIXED ||
                   column->type->kind == FIRN_TYPE_BINARY) {
            put_text(column, r, dice);
        } else if (!is_null && column->n_children == 0 && column->type->kind != FIRN_TYPE_UNKNOWN) {
            put_number(column, r, dice);
        }
    }
    for (size_t c = 0; c < column->n_children; c++)
        fill_column(&column->children[c], is_list ? n_entries : n, dice);
}

/* What is sorted, and how. */
typedef struct sort_case {
    firn_schema schema;
    firn_field fields[N_KINDS];
    firn_batch *rows; /* all */
    firn_sort_field by[3];
    size_t n_by;
    firn_row_sorter *sorter;
    int64_t step; /* rows of a batch */
} sort_case;

static const sort_case *compared; /* qsort() hands nothing on */

static int compare_rows(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a;
    const int64_t y = *(const int64_t *)b;
    for (size_t i = 0; i < compared->n_by; i++) {
        const firn_sort_field *by = &compared->by[i];
        const firn_column *column = &compared->rows->columns[by->source_id - 1];
        const firn_value p = firn_column_get(column, x);
        const firn_value q = firn_column_get(column, y);
        if (p.is_null && q.is_null) continue;
        if (p.is_null || q.is_null) return p.is_null == by->nulls_last ? 1 : -1;
        const int order = firn_value_compare(&p, &q);
        if (order != 0) return (order > 0) != by->is_descending ? 1 : -1;
    }
    return (x > y) - (x < y);
}

static void make_case(sort_case *c, int64_t n, uint64_t *dice)
{
    firn_error err;
    for (int32_t i = 0; i < N_KINDS; i++)
        c->fields[i] = (firn_field){.id = i + 1, .name = FIRN_STR_INIT("x"), .type = &k_kinds[i]};
    c->schema.root =
        (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = c->fields, .n_fields = N_KINDS};
    assert_ok(firn_batch_create(&c->schema.root, n, &c->rows, &err), &err);
    for (size_t i = 0; i < N_KINDS; i++) fill_column(&c->rows->columns[i], n, dice);
    c->rows->n_rows = n;
    c->n_by = 1 + draw(dice) % 3;
    for (size_t i = 0; i < c->n_by; i++)
        c->by[i] = (firn_sort_field){.source_id = 1 + (int32_t)(draw(dice) % N_SORTABLE),
                                     .transform = {.kind = FIRN_TRANSFORM_IDENTITY},
                                     .is_descending = draw(dice) % 2,
                                     .nulls_last = draw(dice) % 2};
    c->step = 1 + (int64_t)(draw(dice) % 700);
}

/* A batch from any thread, in any turn. */
static firn_status append_step(void *ctx, size_t i, size_t thread, firn_error *err)
{
    const sort_case *c = ctx;
    const int64_t from = (int64_t)i * c->step;
    const int64_t rest = c->rows->n_rows - from;
    firn_batch *batch = NULL;
    FIRN_TRY(firn_batch_create(&c->schema.root, c->step, &batch, err));
    firn_status st = firn_batch_append(batch, c->rows, from, rest < c->step ? rest : c->step, err);
    if (st == FIRN_OK) st = firn_row_sorter_append(c->sorter, thread, batch, (uint64_t)from, err);
    firn_batch_destroy(batch);
    return st;
}

static void assert_same_row(const firn_batch *a, int64_t x, const firn_batch *b, int64_t y)
{
    firn_buf p;
    firn_buf q;
    firn_buf_init(&p, NULL, 0);
    firn_buf_init(&q, NULL, 0);
    for (size_t i = 0; i < a->n_columns; i++) {
        firn_row_put(&a->columns[i], x, &p);
        firn_row_put(&b->columns[i], y, &q);
        if (!firn_str_equals(firn_buf_view(&p), firn_buf_view(&q)))
            fail_msg("row %lld, column %zu", (long long)x, i);
    }
    firn_buf_dispose(&p);
    firn_buf_dispose(&q);
}

static void assert_case(const sort_case *c, const int64_t *want)
{
    firn_error err;
    const firn_batch *batch = NULL;
    int64_t n = 0;
    firn_status st;
    while ((st = firn_row_sorter_next(c->sorter, &batch, &err)) == FIRN_OK)
        for (int64_t r = 0; r < batch->n_rows; r++) assert_same_row(c->rows, want[n++], batch, r);
    assert_int_equal(st, FIRN_DONE);
    assert_int_equal(n, c->rows->n_rows);
}

/* Keys of some rows, as who knows the rows before would give them. */
static void sample_case(const sort_case *c, const firn_row_order *order, firn_arena *scratch,
                        firn_key_samples *out)
{
    firn_error err;
    firn_buf key;
    firn_buf_init(&key, NULL, 0);
    for (int64_t r = 0; r < c->rows->n_rows; r += 7) {
        firn_buf_clear(&key);
        assert_ok(firn_row_order_key(order, c->rows, r, scratch, &key, &err), &err);
        assert_ok(firn_key_samples_add(out, firn_buf_view(&key), (uint64_t)r, &err), &err);
    }
    firn_buf_dispose(&key);
}

static void run_case(firn_test_lake *lake, const firn_table *table, int64_t n, int64_t memory_bytes,
                     uint64_t *dice)
{
    sort_case c = {0};
    firn_error err;
    firn_row_order *order = NULL;
    firn_key_samples samples;
    make_case(&c, n, dice);
    firn_key_samples_init(&samples, NULL, 64);
    assert_ok(firn_row_order_by_fields(&c.schema, c.by, c.n_by, lake->arena, &order, &err), &err);
    sample_case(&c, order, lake->arena, &samples);
    const bool has_samples = draw(dice) % 2;
    const firn_row_sorter_opts opts = {.schema = &c.schema,
                                       .order = order,
                                       .memory_bytes = memory_bytes,
                                       .n_lanes = 3,
                                       .samples = has_samples ? &samples : NULL,
                                       .n_parts = has_samples ? 1 + draw(dice) % 20 : 0};
    assert_ok(firn_row_sorter_create(lake->env, lake->store, firn_table_metadata_of(table), &opts,
                                     &c.sorter, &err),
              &err);
    firn_pool *pool = NULL;
    assert_ok(firn_pool_create(3, &pool, &err), &err);
    assert_ok(firn_pool_run(pool, (size_t)((n + c.step - 1) / c.step), append_step, &c, &err),
              &err);
    assert_ok(firn_row_sorter_finish(c.sorter, &err), &err);
    int64_t *want = calloc((size_t)n + 1, sizeof *want);
    for (int64_t r = 0; r < n; r++) want[r] = r;
    compared = &c;
    if (n > 0) qsort(want, (size_t)n, sizeof *want, compare_rows);
    assert_case(&c, want);
    free(want);
    firn_pool_destroy(pool);
    firn_row_sorter_destroy(c.sorter);
    firn_key_samples_dispose(&samples);
    firn_batch_destroy(c.rows);
}

static void test_rows_of_all_types_come_out_as_a_plain_sort_has_them(void **state)
{
    (void)state;
    static const int64_t k_sizes[] = {0, 1, 2, 63, 700, 3000};
    static const int64_t k_memories[] = {1, 1 << 20, 1 << 26};
    firn_test_lake lake = {0};
    uint64_t dice = 11;
    firn_test_lake_open(&lake, false, NULL);
    firn_table *table = firn_test_table(&lake, "t", false, NULL);
    for (size_t i = 0; i < 36; i++)
        run_case(&lake, table, k_sizes[i % 6], k_memories[i / 6 % 3], &dice);
    firn_table_close(table);
    firn_test_lake_close(&lake, false);
}

/* ---- parts ---- */

/* Parts opened by themselves, in any turn, hold what comes before and after. */
static void test_parts_are_in_order(void **state)
{
    (void)state;
    firn_test_lake lake = {0};
    firn_error err;
    uint64_t dice = 5;
    sort_case c = {0};
    firn_row_order *order = NULL;
    firn_key_samples samples;
    firn_test_lake_open(&lake, false, NULL);
    firn_table *table = firn_test_table(&lake, "t", false, NULL);
    make_case(&c, 2000, &dice);
    c.n_by = 1;
    c.by[0] = (firn_sort_field){.source_id = 1}; /* two values: rows are cut by their numbers */
    firn_key_samples_init(&samples, NULL, 1024);
    assert_ok(firn_row_order_by_fields(&c.schema, c.by, 1, lake.arena, &order, &err), &err);
    sample_case(&c, order, lake.arena, &samples);
    const firn_row_sorter_opts opts = {.schema = &c.schema,
                                       .order = order,
                                       .memory_bytes = 1 << 26,
                                       .samples = &samples,
                                       .n_parts = 8};
    assert_ok(firn_row_sorter_create(lake.env, lake.store, firn_table_metadata_of(table), &opts,
                                     &c.sorter, &err),
              &err);
    for (size_t i = 0; (int64_t)i * c.step < 2000; i++)
        assert_ok(append_step(&c, i, 0, &err), &err);
    assert_ok(firn_row_sorter_finish(c.sorter, &err), &err);
    assert_int_equal(firn_row_sorter_parts(c.sorter), 8);
    int64_t want[2000];
    for (int64_t r = 0; r < 2000; r++) want[r] = r;
    compared = &c;
    qsort(want, 2000, sizeof *want, compare_rows);
    firn_batch *batch = NULL;
    assert_ok(firn_batch_create(&c.schema.root, FIRN_BATCH_ROWS, &batch, &err), &err);
    int64_t ends[8] = {0};
    for (size_t i = 0; i < 8; i++) {
        firn_part_rows part;
        int64_t at = i > 0 ? ends[i - 1] : 0;
        assert_int_equal(firn_row_sorter_origin(c.sorter, i), i);
        assert_ok(firn_part_rows_open(&part, c.sorter, i, &err), &err);
        firn_status st;
        while ((st = firn_part_rows_next(&part, 100, batch, &err)) == FIRN_OK)
            for (int64_t r = 0; r < batch->n_rows; r++)
                assert_same_row(c.rows, want[at++], batch, r);
        assert_int_equal(st, FIRN_DONE);
        ends[i] = at;
        assert_in_range(at - (i > 0 ? ends[i - 1] : 0), 150, 350); /* of 250 */
        firn_part_rows_close(&part);
    }
    assert_int_equal(ends[7], 2000);
    firn_batch_destroy(batch);
    firn_row_sorter_destroy(c.sorter);
    firn_key_samples_dispose(&samples);
    firn_batch_destroy(c.rows);
    firn_table_close(table);
    firn_test_lake_close(&lake, false);
}

/* ---- moves ---- */

static void test_deleted_rows_are_found_where_they_went(void **state)
{
    (void)state;
    firn_error err;
    firn_row_moves moves = {.arena = firn_arena_create(NULL, 0)};
    firn_bitmap *deleted = NULL;
    firn_bitmap *out[2];
    const int64_t a[] = {0, 1, 2, 5, 6}; /* 3 and 4 were deleted before */
    const int64_t b[] = {10, 11};
    const int64_t ends[] = {4, 7};
    assert_ok(firn_row_moves_add(&moves, 0, a, 5, &err), &err);
    assert_ok(firn_row_moves_add(&moves, 1, b, 2, &err), &err);
    assert_int_equal(moves.n_parts, 2);
    assert_ok(firn_bitmap_in_arena(moves.arena, &deleted, &err), &err);
    for (int i = 0; i < 2; i++) assert_ok(firn_bitmap_in_arena(moves.arena, &out[i], &err), &err);
    const uint64_t positions[] = {1, 3, 6, 10, 99};
    for (int i = 0; i < 5; i++) assert_ok(firn_bitmap_add(deleted, positions[i], &err), &err);
    assert_ok(firn_row_moves_carry(&moves, 0, deleted, ends, out, 2, &err), &err);
    assert_int_equal(firn_bitmap_cardinality(out[0]), 1);
    assert_true(firn_bitmap_contains(out[0], 1));
    assert_int_equal(firn_bitmap_cardinality(out[1]), 1);
    assert_true(firn_bitmap_contains(out[1], 0)); /* 6 became the fifth row */
    assert_ok(firn_row_moves_carry(&moves, 1, deleted, ends, out, 2, &err), &err);
    assert_int_equal(firn_bitmap_cardinality(out[1]), 2);
    assert_true(firn_bitmap_contains(out[1], 1)); /* 10 of the other file */
    firn_arena_destroy(moves.arena);
}

/* Every third row was deleted before: a part for each of two files, not for each pair of rows. */
static void test_scattered_deletes_make_one_part_of_a_file(void **state)
{
    enum { ROWS = 200000 };
    (void)state;
    firn_error err;
    firn_row_moves moves = {.arena = firn_arena_create(NULL, 0)};
    firn_bitmap *deleted = NULL;
    firn_bitmap *out = NULL;
    int64_t ends[1];
    for (int64_t p = 0; p < ROWS; p++)
        if (p % 3 != 1) assert_ok(firn_row_moves_add(&moves, 0, &p, 1, &err), &err);
    for (int64_t p = 0; p < 10; p++) assert_ok(firn_row_moves_add_run(&moves, 1, p, 1, &err), &err);
    assert_int_equal(moves.n_parts, 2);
    ends[0] = moves.n_rows;
    assert_ok(firn_bitmap_in_arena(moves.arena, &deleted, &err), &err);
    assert_ok(firn_bitmap_in_arena(moves.arena, &out, &err), &err);
    for (uint64_t p = 0; p < ROWS; p += 7) assert_ok(firn_bitmap_add(deleted, p, &err), &err);
    assert_ok(firn_row_moves_carry(&moves, 0, deleted, ends, &out, 1, &err), &err);
    uint64_t n = 0;
    uint64_t row = 0;
    for (uint64_t p = 0; p < ROWS; p++) {
        if (p % 3 == 1) continue;
        assert_int_equal(firn_bitmap_contains(out, row), p % 7 == 0);
        n += p % 7 == 0;
        row++;
    }
    assert_int_equal(firn_bitmap_cardinality(out), n);
    firn_arena_destroy(moves.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_sorted_in_memory),
        cmocka_unit_test(test_rows_beyond_the_budget_are_sorted_through_files),
        cmocka_unit_test(test_an_interrupted_sort_leaves_no_files),
        cmocka_unit_test(test_rows_are_sorted_on_a_curve),
        cmocka_unit_test(test_rows_of_all_types_come_out_as_a_plain_sort_has_them),
        cmocka_unit_test(test_parts_are_in_order),
        cmocka_unit_test(test_deleted_rows_are_found_where_they_went),
        cmocka_unit_test(test_scattered_deletes_make_one_part_of_a_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
