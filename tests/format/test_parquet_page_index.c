/* SPDX-License-Identifier: Apache-2.0 */
/* Page indexes: what they say, those that lie, and how often a file is read for one row. */
#include "firn_test.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "corpus.h"
#include "fail_alloc.h"
#include "format/inspect/canonical.h"
#include "format/parquet/layout/parquet_meta.h"
#include "format/parquet/layout/parquet_page_index.h"
#include "format/parquet/read/parquet_select.h"
#include "format/parquet/thrift/thrift_writer.h"

enum { LEAF_ID = 0, LEAF_GONE = 10, LEAF_LIST = 11 };

typedef struct fixture {
    firn_arena *arena;
    firn_buf bytes; /* the file, and indexes made by a test behind it */
    int64_t n_reads;
    firn_parquet_file *file;
    firn_error err;
} fixture;

static firn_status read_at(void *ctx, int64_t offset, void *out, size_t n, firn_error *err)
{
    fixture *f = ctx;
    f->n_reads++;
    if (offset < 0 || (size_t)offset > f->bytes.len || n > f->bytes.len - (size_t)offset)
        return firn_fail(err, FIRN_ERR_IO, "read outside of the file");
    memcpy(out, f->bytes.data + offset, n);
    return FIRN_OK;
}

static int set_up(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    fixture *f = arena ? firn_arena_alloc_zero(arena, sizeof *f) : NULL;
    if (!f) return -1;
    f->arena = arena;
    firn_buf_init(&f->bytes, NULL, 0);
    firn_buf_str(&f->bytes, corpus_read(arena, corpus_data_path(
                                                   arena, "parquet_select/index_v2_none.parquet")));
    const firn_byte_source source = {
        .ctx = f, .size_bytes = (int64_t)f->bytes.len, .read_at = read_at};
    *state = f;
    return firn_parquet_file_open(&source, &f->file, &f->err) == FIRN_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    firn_parquet_file_close(f->file);
    firn_buf_dispose(&f->bytes);
    firn_arena_destroy(f->arena);
    return 0;
}

static firn_pq_offset_index read_pages(fixture *f, size_t leaf)
{
    firn_pq_offset_index pages = {.wants_counts = true};
    assert_ok(firn_pq_offset_index_read(f->file, 0, leaf, f->arena, &pages, &f->err), &f->err);
    return pages;
}

static void test_pages_of_a_column_are_told(void **state)
{
    fixture *f = *state;
    firn_pq_column_index index = {.wants_counts = true};
    const firn_pq_offset_index pages = read_pages(f, LEAF_GONE);
    int64_t n_nulls = 0;
    assert_int_equal(pages.pages[0].first_row, 0);
    assert_ok(
        firn_pq_column_index_read(f->file, 0, LEAF_GONE, pages.n_pages, f->arena, &index, &f->err),
        &f->err);
    for (size_t i = 0; i < pages.n_pages; i++) {
        assert_true(index.is_null_page[i]);
        n_nulls += index.null_counts[i];
    }
    assert_int_equal(n_nulls, 1600);
    const firn_pq_offset_index ids = read_pages(f, LEAF_ID);
    assert_ok(
        firn_pq_column_index_read(f->file, 0, LEAF_ID, ids.n_pages, f->arena, &index, &f->err),
        &f->err);
    assert_int_equal(index.order, FIRN_PQ_ASCENDING);
    int64_t least = 0;
    memcpy(&least, index.min[1].data, sizeof least);
    assert_int_equal(least, ids.pages[1].first_row * 3);
}

/* ---- one row ---- */

static const firn_column *no_column(void *ctx, const firn_filter *test)
{
    (void)ctx;
    (void)test;
    return NULL;
}

/* Reads the rows whose id is value as text; -1 in *n when that fails. */
static void read_id(fixture *f, int64_t value, const firn_type *projection, firn_buf *out,
                    int64_t *n)
{
    const firn_type *root = &firn_parquet_file_schema(f->file)->root;
    const firn_value wanted = {.kind = FIRN_TYPE_LONG, .as.i64 = value};
    const firn_filter filter = {
        .op = FIRN_FILTER_IN, .column = &root->fields[0], .values = &wanted, .n_values = 1};
    firn_parquet_selection s;
    firn_parquet_rows *rows = NULL;
    firn_batch *batch = NULL;
    firn_status st = FIRN_DONE;
    uint64_t all = 0;
    *n = 0;
    firn_filter_rows(&filter, no_column, NULL, 1, &all);
    assert_int_equal(all, 1); /* a column that is not at hand excludes nothing */
    assert_ok(
        firn_parquet_select(f->file, 0, &filter, FIRN_PARQUET_MATCH_IDS, f->arena, &s, &f->err),
        &f->err);
    const firn_parquet_rows_opts opts = {
        .n_row_groups = 1, .ranges = s.ranges, .n_ranges = s.n_ranges, .filter = &filter};
    if (s.n_ranges == 0) return;
    assert_ok(firn_batch_create(projection, FIRN_BATCH_ROWS, &batch, &f->err), &f->err);
    assert_ok(firn_parquet_rows_open(f->file, projection, &opts, &rows, &f->err), &f->err);
    while ((st = firn_parquet_rows_next(rows, FIRN_BATCH_ROWS, batch, &f->err)) == FIRN_OK) {
        for (int64_t i = 0; i < batch->n_rows; i++) firn_canonical_row(out, batch, i);
        *n += batch->n_rows;
    }
    if (st != FIRN_DONE) *n = -1;
    firn_parquet_rows_close(rows);
    firn_batch_destroy(batch);
}

static void check_id(fixture *f, int64_t value, int64_t n_expected)
{
    const firn_type *root = &firn_parquet_file_schema(f->file)->root;
    const firn_field fields[] = {root->fields[LEAF_ID], root->fields[LEAF_LIST],
                                 root->fields[LEAF_GONE]};
    const firn_type projection = {.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = 3};
    firn_buf text;
    char start[32];
    int64_t n = 0;
    firn_buf_init(&text, NULL, 0);
    read_id(f, value, &projection, &text, &n);
    assert_int_equal(n, n_expected);
    if (n == 1) {
        const int len = snprintf(start, sizeof start, "[%lld,", (long long)value);
        assert_memory_equal(text.data, start, (size_t)len);
    }
    firn_buf_dispose(&text);
}

static void test_one_row_takes_few_reads(void **state)
{
    fixture *f = *state;
    const firn_type *root = &firn_parquet_file_schema(f->file)->root;
    const firn_field fields[] = {root->fields[LEAF_ID], root->fields[4]};
    const firn_type projection = {.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = 2};
    firn_buf text;
    int64_t n = 0;
    firn_buf_init(&text, NULL, 0);
    assert_int_equal(f->n_reads, 1); /* the footer, and the indexes with it */
    read_id(f, 4203, &projection, &text, &n);
    assert_int_equal(n, 1);
    assert_memory_equal(text.data, "[4203,", 6);
    assert_int_equal(f->n_reads, 3); /* a page of each column */
    read_id(f, 1401 * 3 + 1, &projection, &text, &n);
    assert_int_equal(n, 0); /* between two keys: the page is looked at, the text is not */
    assert_int_equal(f->n_reads, 4);
    read_id(f, -1, &projection, &text, &n);
    assert_int_equal(f->n_reads, 4); /* outside of all bounds */
    firn_buf_dispose(&text);
}

static void test_a_small_file_is_read_once(void **state)
{
    fixture *f = *state;
    const firn_str small =
        corpus_read(f->arena, corpus_data_path(f->arena, "parquet_select/bloom_duckdb.parquet"));
    firn_parquet_rows *rows = NULL;
    firn_batch *batch = NULL;
    firn_parquet_file_close(f->file);
    firn_buf_clear(&f->bytes);
    firn_buf_str(&f->bytes, small);
    f->n_reads = 0;
    const firn_byte_source source = {
        .ctx = f, .size_bytes = (int64_t)f->bytes.len, .read_at = read_at};
    assert_ok(firn_parquet_file_open(&source, &f->file, &f->err), &f->err);
    const firn_type *root = &firn_parquet_file_schema(f->file)->root;
    const firn_parquet_rows_opts opts = {.match = FIRN_PARQUET_MATCH_NAMES};
    assert_ok(firn_batch_create(root, FIRN_BATCH_ROWS, &batch, &f->err), &f->err);
    assert_ok(firn_parquet_rows_open(f->file, root, &opts, &rows, &f->err), &f->err);
    int64_t n_rows = 0;
    firn_status st = FIRN_OK;
    while ((st = firn_parquet_rows_next(rows, FIRN_BATCH_ROWS, batch, &f->err)) == FIRN_OK)
        n_rows += batch->n_rows;
    assert_int_equal(st, FIRN_DONE);
    assert_int_equal(n_rows, firn_parquet_file_rows(f->file));
    assert_int_equal(f->n_reads, 1);
    firn_parquet_rows_close(rows);
    firn_batch_destroy(batch);
}

/* Opens the file, selects one id, reads its row. */
static firn_status look_up(void *ctx, firn_error *err)
{
    fixture *f = ctx;
    const firn_byte_source source = {
        .ctx = f, .size_bytes = (int64_t)f->bytes.len, .read_at = read_at};
    const firn_value wanted = {.kind = FIRN_TYPE_LONG, .as.i64 = 300};
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_parquet_file *file = NULL;
    firn_parquet_rows *rows = NULL;
    firn_parquet_selection s = {0};
    firn_status st = arena ? firn_parquet_file_open(&source, &file, err) : firn_fail_nomem(err);
    if (st == FIRN_OK) {
        const firn_type *root = &firn_parquet_file_schema(file)->root;
        const firn_type projection = {
            .kind = FIRN_TYPE_STRUCT, .fields = &root->fields[LEAF_LIST], .n_fields = 1};
        const firn_filter filter = {
            .op = FIRN_FILTER_IN, .column = &root->fields[0], .values = &wanted, .n_values = 1};
        firn_column column = {0};
        firn_batch batch = {.n_columns = 1, .columns = &column};
        st = firn_parquet_select(file, 0, &filter, FIRN_PARQUET_MATCH_IDS, arena, &s, err);
        const firn_parquet_rows_opts opts = {
            .n_row_groups = 1, .ranges = s.ranges, .n_ranges = s.n_ranges, .filter = &filter};
        if (st == FIRN_OK) st = firn_parquet_rows_open(file, &projection, &opts, &rows, err);
        while (st == FIRN_OK) st = firn_parquet_rows_next(rows, FIRN_BATCH_ROWS, &batch, err);
    }
    firn_parquet_rows_close(rows);
    firn_parquet_file_close(file);
    firn_arena_destroy(arena);
    return st;
}

static void test_refused_memory_is_an_error(void **state)
{
    const firn_fail_alloc_opts opts = {.stride = 7};
    assert_true(firn_fail_alloc_each_opts(look_up, *state, &opts) > 40);
}

/* ---- lies ---- */

/* Points a chunk's offset index at one made of these pages. */
static void forge_pages(fixture *f, size_t leaf, const firn_pq_page_location *pages, size_t n)
{
    firn_pq_part *part = &f->file->row_groups[0].chunks[leaf].offset_index;
    const size_t start = f->bytes.len;
    firn_thrift_writer w = firn_thrift_writer_of(&f->bytes);
    firn_thrift_put_list_of_structs(&w, 1, n);
    for (size_t i = 0; i < n; i++) {
        firn_thrift_put_element_struct(&w);
        firn_thrift_put_i64(&w, 1, pages[i].offset);
        firn_thrift_put_i32(&w, 2, (int32_t)pages[i].n_bytes);
        firn_thrift_put_i64(&w, 3, pages[i].first_row);
        firn_thrift_put_end(&w);
    }
    firn_thrift_put_end(&w);
    assert_ok(firn_buf_check(&f->bytes, &f->err), &f->err);
    *part = (firn_pq_part){(int64_t)start, (int32_t)(f->bytes.len - start)};
    f->file->tail = (firn_str){NULL, 0};
    f->file->source.size_bytes = (int64_t)f->bytes.len;
}

typedef struct page_lie {
    const char *message; /* of the refusal */
    size_t page;         /* which is changed by these */
    int64_t offset, n_bytes, first_row;
    size_t n_cut; /* pages left out at the end */
} page_lie;

static void test_impossible_offset_indexes_are_refused_and_not_used(void **state)
{
    static const page_lie k_lies[] = {
        {.message = "page 1 of", .page = 1, .offset = -1},
        {.message = "page 2 of", .page = 2, .offset = -100000},
        {.message = "page 3 of", .page = 3, .offset = INT64_C(1) << 40},
        {.message = "page 0 of", .page = 0, .n_bytes = 1 << 20},
        {.message = "page 1 of", .page = 0, .n_bytes = 1},
        {.message = "page 0 of", .page = 0, .n_bytes = -100000},
        {.message = "page 0 begins with row 7", .page = 0, .first_row = 7},
        {.message = "page 2 begins with row -", .page = 2, .first_row = -1600},
        {.message = "begins with row", .page = 1, .first_row = 1600},
        {.message = "0 pages, the last begins with row -1 of 1600", .n_cut = SIZE_MAX},
    };
    fixture *f = *state;
    const firn_pq_offset_index real = read_pages(f, LEAF_ID);
    for (size_t i = 0; i < sizeof k_lies / sizeof *k_lies; i++) {
        const page_lie *lie = &k_lies[i];
        firn_pq_page_location pages[64];
        firn_pq_offset_index found = {.wants_counts = true};
        assert_true(real.n_pages <= 64);
        memcpy(pages, real.pages, real.n_pages * sizeof *pages);
        pages[lie->page].offset += lie->offset;
        pages[lie->page].n_bytes += lie->n_bytes;
        pages[lie->page].first_row += lie->first_row;
        forge_pages(f, LEAF_ID, pages, lie->n_cut ? 0 : real.n_pages);
        assert_fails(firn_pq_offset_index_read(f->file, 0, LEAF_ID, f->arena, &found, &f->err),
                     FIRN_ERR_CORRUPT, &f->err, lie->message);
        check_id(f, 3000, 1);
    }
}

static void test_rows_that_an_index_miscounts_are_an_error(void **state)
{
    static const size_t k_leaves[] = {LEAF_ID, LEAF_LIST};
    static const char *const k_messages[] = {"values, the offset index has 1 rows", "1000 wanted"};
    fixture *f = *state;
    for (size_t i = 0; i < 2; i++) {
        const firn_pq_offset_index real = read_pages(f, k_leaves[i]);
        firn_pq_page_location pages[256];
        assert_true(real.n_pages <= 256);
        memcpy(pages, real.pages, real.n_pages * sizeof *pages);
        for (size_t k = 1; k < real.n_pages; k++) pages[k].first_row = (int64_t)k;
        forge_pages(f, k_leaves[i], pages, real.n_pages);
        const firn_row_range ranges[] = {{3, 2}, {1000, 50}};
        const firn_parquet_rows_opts opts = {.n_row_groups = 1, .ranges = ranges, .n_ranges = 2};
        const firn_type *root = &firn_parquet_file_schema(f->file)->root;
        const firn_type projection = {
            .kind = FIRN_TYPE_STRUCT, .fields = &root->fields[k_leaves[i]], .n_fields = 1};
        firn_parquet_rows *rows = NULL;
        firn_batch *batch = NULL;
        firn_status st = FIRN_OK;
        assert_ok(firn_batch_create(&projection, FIRN_BATCH_ROWS, &batch, &f->err), &f->err);
        assert_ok(firn_parquet_rows_open(f->file, &projection, &opts, &rows, &f->err), &f->err);
        while (st == FIRN_OK) st = firn_parquet_rows_next(rows, FIRN_BATCH_ROWS, batch, &f->err);
        assert_fails(st, FIRN_ERR_CORRUPT, &f->err, k_messages[i]);
        firn_parquet_rows_close(rows);
        firn_batch_destroy(batch);
    }
}

/* A column index of n pages; each list has that many entries, changed by the lie. */
static void forge_index(fixture *f, size_t n, size_t n_min, int32_t order, bool has_max)
{
    firn_pq_part *part = &f->file->row_groups[0].chunks[LEAF_ID].column_index;
    const size_t start = f->bytes.len;
    firn_thrift_writer w = firn_thrift_writer_of(&f->bytes);
    firn_thrift_put_list_of_bytes(&w, 2, n_min);
    for (size_t i = 0; i < n_min; i++) firn_thrift_put_element_bytes(&w, FIRN_STR("12345678"));
    if (has_max) {
        firn_thrift_put_list_of_bytes(&w, 3, n);
        for (size_t i = 0; i < n; i++) firn_thrift_put_element_bytes(&w, FIRN_STR("12345678"));
    }
    firn_thrift_put_i32(&w, 4, order);
    firn_thrift_put_end(&w);
    *part = (firn_pq_part){(int64_t)start, (int32_t)(f->bytes.len - start)};
    f->file->tail = (firn_str){NULL, 0};
    f->file->source.size_bytes = (int64_t)f->bytes.len;
}

static void test_wrong_column_indexes_are_refused_and_not_used(void **state)
{
    fixture *f = *state;
    const size_t n = read_pages(f, LEAF_ID).n_pages;
    firn_pq_part *part = &f->file->row_groups[0].chunks[LEAF_ID].column_index;
    firn_pq_column_index index = {.wants_counts = true};
    forge_index(f, n, n - 1, 0, true);
    assert_fails(firn_pq_column_index_read(f->file, 0, LEAF_ID, n, f->arena, &index, &f->err),
                 FIRN_ERR_CORRUPT, &f->err, "column index of row group 0, column id: list of");
    check_id(f, 300, 1);
    forge_index(f, n, n, 9, true);
    assert_fails(firn_pq_column_index_read(f->file, 0, LEAF_ID, n, f->arena, &index, &f->err),
                 FIRN_ERR_CORRUPT, &f->err, "lacks a list or its order (9)");
    check_id(f, 300, 1);
    forge_index(f, n, n, 1, false);
    check_id(f, 300, 1);
    *part = (firn_pq_part){INT64_MAX - 3, 100};
    assert_fails(firn_pq_column_index_read(f->file, 0, LEAF_ID, n, f->arena, &index, &f->err),
                 FIRN_ERR_CORRUPT, &f->err, "the file has");
    check_id(f, 300, 1);
    *part = (firn_pq_part){4, -7};
    check_id(f, 300, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_pages_of_a_column_are_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_one_row_takes_few_reads, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_small_file_is_read_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_refused_memory_is_an_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_impossible_offset_indexes_are_refused_and_not_used,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rows_that_an_index_miscounts_are_an_error, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_column_indexes_are_refused_and_not_used, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
