/* SPDX-License-Identifier: Apache-2.0 */
/* Rows far larger than their row group's average: memory stays bounded, no row is lost, and what
 * a batch lends lives as long as promised. */
#include "firn_test.h"

#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "fail_alloc.h"
#include "format/parquet/read/parquet_budget.h"
#include "format/parquet/read/parquet_reader.h"
#include "format/parquet/write/parquet_writer.h"
#include "parquet_canon.h"

#define MAX_READ   ((int64_t)64 << 20)
#define SHORT_ROWS (FIRN_BATCH_ROWS * 20)
#define LONG_ROWS  800
#define ALL_ROWS   (SHORT_ROWS + LONG_ROWS + FIRN_BATCH_ROWS)
#define LONG_TEXT  100000
#define LONG_LIST  50000

static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_field k_element = {
    .id = 3, .name = FIRN_STR_INIT("element"), .type = &k_long, .is_required = true};
static const firn_type k_list = {.kind = FIRN_TYPE_LIST, .fields = &k_element, .n_fields = 1};
static const firn_field k_text_fields[] = {
    {.id = 1, .name = FIRN_STR_INIT("row"), .type = &k_long},
    {.id = 2, .name = FIRN_STR_INIT("text"), .type = &k_string},
};
static const firn_type k_text_root = {
    .kind = FIRN_TYPE_STRUCT, .fields = k_text_fields, .n_fields = 2};
static const firn_field k_list_fields[] = {
    {.id = 1, .name = FIRN_STR_INIT("row"), .type = &k_long},
    {.id = 2, .name = FIRN_STR_INIT("list"), .type = &k_list},
};
static const firn_type k_list_root = {
    .kind = FIRN_TYPE_STRUCT, .fields = k_list_fields, .n_fields = 2};

static bool is_long(int64_t row)
{
    return row >= SHORT_ROWS && row < SHORT_ROWS + LONG_ROWS;
}

static char letter(int64_t row)
{
    return (char)('a' + row % 26);
}

static firn_status append_bytes(void *ctx, const void *data, size_t n, firn_error *err)
{
    firn_buf_append(ctx, data, n);
    return firn_buf_check(ctx, err);
}

/* ---- writing ---- */

static void put_text(firn_column *column, size_t at, int64_t row)
{
    static char text[LONG_TEXT];
    firn_error err = {0};
    const size_t len = is_long(row) ? LONG_TEXT : (size_t)(row % 20);
    memset(text, letter(row), len);
    assert_ok(firn_column_copy_bytes(column, (firn_str){text, len},
                                     (firn_view *)column->values + at, &err),
              &err);
}

static void put_list(firn_column *column, size_t at, int64_t row)
{
    firn_error err = {0};
    firn_column *elements = &column->children[0];
    const int64_t n = is_long(row) ? LONG_LIST : row % 3, start = elements->n_values;
    assert_ok(firn_column_reserve(elements, start + n, &err), &err);
    for (int64_t i = 0; i < n; i++) ((int64_t *)elements->values)[start + i] = row;
    elements->n_values += n;
    ((firn_list_entry *)column->values)[at] = (firn_list_entry){(uint64_t)start, (uint64_t)n};
}

static void write_rows(firn_parquet_writer *writer, firn_batch *batch, int64_t first, int64_t n)
{
    firn_error err = {0};
    firn_batch_reset(batch);
    for (int64_t i = 0; i < n; i++) {
        ((int64_t *)batch->columns[0].values)[i] = first + i;
        if (batch->columns[1].type->kind == FIRN_TYPE_STRING)
            put_text(&batch->columns[1], (size_t)i, first + i);
        else
            put_list(&batch->columns[1], (size_t)i, first + i);
    }
    batch->n_rows = n;
    assert_ok(firn_parquet_writer_append(writer, batch, &err), &err);
}

static void write_file(firn_buf *out, const firn_type *root, firn_codec codec,
                       firn_parquet_encodings encodings)
{
    const firn_parquet_write_opts opts = {.codec = codec,
                                          .row_group_bytes = (int64_t)1 << 30,
                                          .dictionary_bytes = 1024,
                                          .encodings = encodings};
    const firn_byte_sink sink = {out, append_bytes};
    firn_error err = {0};
    firn_parquet_writer *writer = NULL;
    firn_batch *batch = NULL;
    firn_file_metrics metrics;
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_buf_init(out, NULL, (size_t)1 << 30);
    assert_ok(firn_batch_create(root, FIRN_BATCH_ROWS, &batch, &err), &err);
    assert_ok(firn_parquet_writer_create(root, &opts, &sink, &writer, &err), &err);
    for (int64_t row = 0; row < ALL_ROWS;) {
        const int64_t n = is_long(row) ? 20 : FIRN_BATCH_ROWS;
        write_rows(writer, batch, row, n);
        row += n;
    }
    assert_ok(firn_parquet_writer_finish(writer, arena, &metrics, &err), &err);
    firn_parquet_writer_destroy(writer);
    firn_batch_destroy(batch);
    firn_arena_destroy(arena);
}

/* ---- reading ---- */

static void check_text(const firn_view *view, int64_t row)
{
    const firn_str s = firn_view_str(view);
    assert_int_equal(s.len, is_long(row) ? LONG_TEXT : (size_t)(row % 20));
    if (s.len == 0) return;
    assert_int_equal(s.data[0], letter(row));
    assert_int_equal(memcmp(s.data, s.data + 1, s.len - 1), 0);
}

static void check_list(const firn_column *column, int64_t at, int64_t row)
{
    const firn_list_entry entry = ((const firn_list_entry *)column->values)[at];
    const int64_t *elements = (const int64_t *)column->children[0].values + entry.offset;
    assert_int_equal(entry.length, is_long(row) ? LONG_LIST : row % 3);
    for (uint64_t i = 0; i < entry.length; i += 1000) assert_int_equal(elements[i], row);
    if (entry.length > 0) assert_int_equal(elements[entry.length - 1], row);
}

/* What the call before gave must be there still. */
typedef struct kept {
    firn_view views[FIRN_BATCH_ROWS];
    int64_t row, n;
} kept;

static void check_batch(const firn_batch *batch, int64_t row, kept *before)
{
    for (int64_t i = 0; i < batch->n_rows; i++) {
        assert_int_equal(((const int64_t *)batch->columns[0].values)[i], row + i);
        if (batch->columns[1].type->kind == FIRN_TYPE_LIST)
            check_list(&batch->columns[1], i, row + i);
        else
            check_text((const firn_view *)batch->columns[1].values + i, row + i);
    }
    if (batch->columns[1].type->kind != FIRN_TYPE_STRING) return;
    for (int64_t i = 0; i < before->n; i++) check_text(&before->views[i], before->row + i);
    memcpy(before->views, batch->columns[1].values, (size_t)batch->n_rows * sizeof *before->views);
    before->row = row;
    before->n = batch->n_rows;
}

static void read_rows(const firn_parquet_file *file, const firn_parquet_rows_opts *opts)
{
    static kept before;
    firn_error err = {0};
    firn_parquet_rows *rows = NULL;
    firn_batch *batch = NULL;
    int64_t row = 0;
    firn_status st = FIRN_OK;
    const firn_type *root = &firn_parquet_file_schema(file)->root;
    before.n = 0;
    assert_ok(firn_parquet_rows_open(file, root, opts, &rows, &err), &err);
    assert_ok(firn_batch_create(root, FIRN_BATCH_ROWS, &batch, &err), &err);
    while ((st = firn_parquet_rows_next(rows, FIRN_BATCH_ROWS, batch, &err)) == FIRN_OK) {
        assert_int_equal(firn_parquet_rows_position(rows), row);
        check_batch(batch, row, &before);
        row += batch->n_rows;
    }
    assert_fails(st, FIRN_DONE, &err, NULL);
    assert_int_equal(row, ALL_ROWS);
    firn_batch_destroy(batch);
    firn_parquet_rows_close(rows);
}

/* Reads the file and checks each value; the most bytes held at a time must be no more than most. */
static void check_file(const firn_buf *bytes, const firn_filter *filter, int64_t most)
{
    const firn_parquet_rows_opts opts = {.filter = filter};
    firn_error err = {0};
    firn_str view = firn_buf_view(bytes);
    const firn_byte_source source = canon_source(&view);
    firn_parquet_file *file = NULL;
    firn_fail_alloc_arm(0, false);
    assert_ok(firn_parquet_file_open(&source, &file, &err), &err);
    read_rows(file, &opts);
    firn_parquet_file_close(file);
    const int64_t peak = firn_fail_alloc_peak_bytes();
    assert_int_equal(firn_fail_alloc_live(), 0);
    firn_fail_alloc_disarm();
    assert_in_range(peak, 1 << 16, most);
}

static void test_strings_far_longer_than_the_average_are_read_in_64_mb(void **state)
{
    static const struct {
        firn_codec codec;
        firn_parquet_encodings encodings;
    } k_cases[] = {{FIRN_CODEC_NONE, FIRN_PARQUET_ENCODINGS_V1},
                   {FIRN_CODEC_LZ4_RAW, FIRN_PARQUET_ENCODINGS_V1},
                   {FIRN_CODEC_NONE, FIRN_PARQUET_ENCODINGS_ALL}};
    (void)state;
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        firn_buf bytes;
        write_file(&bytes, &k_text_root, k_cases[i].codec, k_cases[i].encodings);
        check_file(&bytes, NULL, MAX_READ / 2);
        firn_buf_dispose(&bytes);
    }
}

static void test_they_are_picked_by_a_filter_in_64_mb(void **state)
{
    const firn_value low = {.kind = FIRN_TYPE_STRING, .as.bytes = FIRN_STR("")};
    const firn_filter filter = {.op = FIRN_FILTER_RANGE,
                                .column = &k_text_fields[1],
                                .low = {.is_set = true, .value = low}};
    firn_buf bytes;
    (void)state;
    write_file(&bytes, &k_text_root, FIRN_CODEC_LZ4_RAW, FIRN_PARQUET_ENCODINGS_V1);
    check_file(&bytes, &filter, MAX_READ / 2);
    firn_buf_dispose(&bytes);
}

static void test_lists_far_longer_than_the_average_are_read_in_64_mb(void **state)
{
    firn_buf bytes;
    (void)state;
    write_file(&bytes, &k_list_root, FIRN_CODEC_LZ4_RAW, FIRN_PARQUET_ENCODINGS_V1);
    check_file(&bytes, NULL, MAX_READ);
    firn_buf_dispose(&bytes);
}

static void test_a_batch_of_several_rows_is_asked_to_shrink(void **state)
{
    firn_pq_budget budget = {.limit = FIRN_PQ_ROW_BYTES, .n_rows = 2};
    firn_error err = {0};
    (void)state;
    assert_int_equal(firn_pq_budget_spend(&budget, FIRN_PQ_BATCH_MOST - 1, &err), FIRN_OK);
    assert_int_equal(firn_pq_budget_spend(&budget, 1, &err), FIRN_OK);
    assert_int_equal(firn_pq_budget_spend(&budget, 1, &err), FIRN_NEED_MORE);
    assert_int_equal(err.message[0], 0);
    budget.n_rows = 1;
    assert_int_equal(firn_pq_budget_spend(&budget, FIRN_PQ_ROW_BYTES - FIRN_PQ_BATCH_MOST, &err),
                     FIRN_OK);
    assert_fails(firn_pq_budget_spend(&budget, 1, &err), FIRN_ERR_LIMIT, &err,
                 "nested values of one row need more than 268435456 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings_far_longer_than_the_average_are_read_in_64_mb),
        cmocka_unit_test(test_they_are_picked_by_a_filter_in_64_mb),
        cmocka_unit_test(test_lists_far_longer_than_the_average_are_read_in_64_mb),
        cmocka_unit_test(test_a_batch_of_several_rows_is_asked_to_shrink),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
