/* SPDX-License-Identifier: Apache-2.0 */
/* Pages that are neither compressed nor have a checksum, which are used while they are read: values
 * that the end of a window cuts, longer ones than a window, text of both kinds, pages that end
 * early. */
#include "firn_test.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "format/parquet/read/parquet_reader.h"
#include "format/parquet/thrift/thrift_writer.h"
#include "parquet_canon.h"

#define KIB ((size_t)1 << 10)
#define MIB ((size_t)1 << 20)

enum { INT64 = 2, BYTE_ARRAY = 6, UTF8 = 0, PLAIN = 0, RLE = 3 };
enum { LONG_TEXT = 300000, TEXT_ROWS = 40000, NUMBER_ROWS = 100000, LONG_AT = 20000 };

/* ---- a file of one optional column ---- */

static void put_element(firn_thrift_writer *w, int physical, const char *name)
{
    firn_thrift_put_element_struct(w);
    if (physical > 0) firn_thrift_put_i32(w, 1, physical);
    if (physical > 0) firn_thrift_put_i32(w, 3, 1);
    firn_thrift_put_bytes(w, 4, firn_str_of(name));
    if (physical == 0) firn_thrift_put_i32(w, 5, 1);
    if (physical == BYTE_ARRAY) firn_thrift_put_i32(w, 6, UTF8);
    firn_thrift_put_end(w);
}

static void put_page(firn_buf *out, int32_t n_values, firn_str body)
{
    firn_thrift_writer w = firn_thrift_writer_of(out);
    firn_thrift_put_i32(&w, 1, 0);
    firn_thrift_put_i32(&w, 2, (int32_t)body.len);
    firn_thrift_put_i32(&w, 3, (int32_t)body.len);
    firn_thrift_put_struct(&w, 5);
    firn_thrift_put_i32(&w, 1, n_values);
    firn_thrift_put_i32(&w, 2, PLAIN);
    firn_thrift_put_i32(&w, 3, RLE);
    firn_thrift_put_i32(&w, 4, RLE);
    firn_thrift_put_end(&w);
    firn_thrift_put_end(&w);
    firn_buf_str(out, body);
}

static void put_chunk(firn_thrift_writer *w, int physical, int64_t n_rows, int64_t n_bytes)
{
    firn_thrift_put_list_of_structs(w, 1, 1);
    firn_thrift_put_element_struct(w);
    firn_thrift_put_i64(w, 2, 4);
    firn_thrift_put_struct(w, 3);
    firn_thrift_put_i32(w, 1, physical);
    firn_thrift_put_i32(w, 4, 0);
    firn_thrift_put_i64(w, 5, n_rows);
    firn_thrift_put_i64(w, 6, n_bytes);
    firn_thrift_put_i64(w, 7, n_bytes);
    firn_thrift_put_i64(w, 9, 4);
    firn_thrift_put_end(w);
    firn_thrift_put_end(w);
}

static void make_file(firn_buf *out, int physical, int32_t n_rows, firn_str body, int n_pages)
{
    firn_buf_init(out, NULL, 0);
    firn_buf_cstr(out, "PAR1");
    for (int i = 0; i < n_pages; i++) put_page(out, n_rows, body);
    const size_t footer = out->len;
    firn_thrift_writer w = firn_thrift_writer_of(out);
    firn_thrift_put_i32(&w, 1, 1);
    firn_thrift_put_list_of_structs(&w, 2, 2);
    put_element(&w, 0, "root");
    put_element(&w, physical, "a");
    firn_thrift_put_i64(&w, 3, (int64_t)n_rows * n_pages);
    firn_thrift_put_list_of_structs(&w, 4, 1);
    firn_thrift_put_element_struct(&w);
    put_chunk(&w, physical, (int64_t)n_rows * n_pages, (int64_t)footer - 4);
    firn_thrift_put_i64(&w, 3, (int64_t)n_rows * n_pages);
    firn_thrift_put_end(&w);
    firn_thrift_put_end(&w);
    firn_buf_u32le(out, (uint32_t)(out->len - footer));
    firn_buf_cstr(out, "PAR1");
    assert_int_equal(firn_buf_check(out, NULL), FIRN_OK);
}

/* Levels of n rows that all have a value: one run. */
static void put_levels(firn_buf *body, uint32_t n)
{
    firn_buf run;
    firn_buf_init(&run, NULL, 0);
    for (uint32_t left = n << 1; left > 0; left >>= 7)
        firn_buf_byte(&run, (uint8_t)((left & 127) | (left > 127 ? 128 : 0)));
    firn_buf_byte(&run, 1);
    firn_buf_u32le(body, (uint32_t)run.len);
    firn_buf_str(body, firn_buf_view(&run));
    firn_buf_dispose(&run);
}

/* ---- its rows ---- */

typedef void (*check_fn)(const firn_column *column, int64_t r, int64_t row);

static firn_status read_source(const firn_byte_source *source, const firn_row_range *range,
                               check_fn check, int64_t *n_rows, firn_error *err)
{
    const firn_parquet_rows_opts opts = {
        .match = FIRN_PARQUET_MATCH_NAMES, .ranges = range, .n_ranges = range ? 1 : 0};
    firn_parquet_file *file = NULL;
    firn_parquet_rows *rows = NULL;
    firn_batch *batch = NULL;
    *n_rows = 0;
    FIRN_TRY(firn_parquet_file_open(source, &file, err));
    const firn_type *root = &firn_parquet_file_schema(file)->root;
    firn_status st = firn_batch_create(root, FIRN_BATCH_ROWS, &batch, err);
    if (st == FIRN_OK) st = firn_parquet_rows_open(file, root, &opts, &rows, err);
    while (st == FIRN_OK) {
        st = firn_parquet_rows_next(rows, FIRN_BATCH_ROWS, batch, err);
        if (st != FIRN_OK) break;
        const int64_t first = firn_parquet_rows_position(rows);
        for (int64_t r = 0; r < batch->n_rows; r++) check(batch->columns, r, first + r);
        *n_rows += batch->n_rows;
    }
    firn_parquet_rows_close(rows);
    firn_batch_destroy(batch);
    firn_parquet_file_close(file);
    return st;
}

static firn_status read_file(const firn_buf *bytes, const firn_row_range *range, check_fn check,
                             int64_t *n_rows, firn_error *err)
{
    firn_str view = firn_buf_view(bytes);
    const firn_byte_source source = canon_source(&view);
    return read_source(&source, range, check, n_rows, err);
}

static void check_number(const firn_column *column, int64_t r, int64_t row)
{
    assert_int_equal(((const int64_t *)column->values)[r], row % NUMBER_ROWS * 1000003);
}

static void make_numbers(firn_buf *body)
{
    firn_buf_init(body, NULL, 0);
    put_levels(body, NUMBER_ROWS);
    for (int64_t i = 0; i < NUMBER_ROWS; i++) {
        const int64_t number = i * 1000003;
        firn_buf_append(body, &number, sizeof number);
    }
}

/* A long one in the middle, and letters beyond ASCII behind it. */
static firn_str text_of(int64_t row, char *out)
{
    const int64_t i = row % TEXT_ROWS;
    if (i == LONG_AT) {
        memset(out, 'x', LONG_TEXT);
        return (firn_str){out, LONG_TEXT};
    }
    return (firn_str){
        out, (size_t)snprintf(out, 60, i < LONG_AT ? "text numbered %d" : "\xc3\xa9 %d", (int)i)};
}

static void check_text(const firn_column *column, int64_t r, int64_t row)
{
    static char text[LONG_TEXT];
    const firn_str want = text_of(row, text);
    const firn_str found = firn_view_str((const firn_view *)column->values + r);
    assert_int_equal(found.len, want.len);
    assert_memory_equal(found.data, want.data, want.len);
}

static void make_texts(firn_buf *body)
{
    static char text[LONG_TEXT];
    firn_buf_init(body, NULL, 0);
    put_levels(body, TEXT_ROWS);
    for (int64_t i = 0; i < TEXT_ROWS; i++) {
        const firn_str value = text_of(i, text);
        firn_buf_u32le(body, (uint32_t)value.len);
        firn_buf_str(body, value);
    }
}

static void check_column(int physical, const firn_buf *body, int32_t n_rows, check_fn check)
{
    const firn_row_range range = {n_rows + 777, n_rows - 1000};
    firn_buf file;
    firn_error err = {0};
    int64_t n = 0;
    make_file(&file, physical, n_rows, firn_buf_view(body), 3);
    assert_int_equal(read_file(&file, NULL, check, &n, &err), FIRN_DONE);
    assert_int_equal(n, 3 * (int64_t)n_rows);
    assert_int_equal(read_file(&file, &range, check, &n, &err), FIRN_DONE);
    assert_int_equal(n, range.n);
    firn_buf_dispose(&file);
}

static void test_numbers_are_read_across_windows(void **state)
{
    firn_buf body;
    (void)state;
    make_numbers(&body);
    check_column(INT64, &body, NUMBER_ROWS, check_number);
    firn_buf_dispose(&body);
}

static void test_texts_are_read_across_windows(void **state)
{
    firn_buf body;
    (void)state;
    make_texts(&body);
    check_column(BYTE_ARRAY, &body, TEXT_ROWS, check_text);
    firn_buf_dispose(&body);
}

/* Cuts bytes off the body of its only page; n_rows are claimed. */
static void check_cut(int physical, const firn_buf *body, int32_t n_rows, size_t cut,
                      check_fn check, const char *message)
{
    firn_buf file;
    firn_error err = {0};
    int64_t n = 0;
    make_file(&file, physical, n_rows, (firn_str){body->data, body->len - cut}, 1);
    assert_fails(read_file(&file, NULL, check, &n, &err), FIRN_ERR_CORRUPT, &err, message);
    assert_true(n > n_rows / 2 && n < n_rows);
    firn_buf_dispose(&file);
}

static void test_pages_that_end_early_are_told(void **state)
{
    firn_buf body;
    (void)state;
    make_numbers(&body);
    check_cut(INT64, &body, NUMBER_ROWS, 1, check_number, "plain values wanted, 7 bytes left");
    check_cut(INT64, &body, NUMBER_ROWS, 8, check_number, "plain values wanted, 0 bytes left");
    firn_buf_dispose(&body);
    make_texts(&body);
    check_cut(BYTE_ARRAY, &body, TEXT_ROWS, 1, check_text, "string of 8 bytes, 7 left");
    check_cut(BYTE_ARRAY, &body, TEXT_ROWS, 10, check_text, "string of 4 bytes, 2 left");
    firn_buf_dispose(&body);
}

static void test_text_that_is_no_utf8_is_told_in_any_window(void **state)
{
    firn_buf body;
    (void)state;
    make_texts(&body);
    body.data[body.len - 3] = (char)0xff;
    check_cut(BYTE_ARRAY, &body, TEXT_ROWS, 0, check_text, "is not valid utf-8");
    firn_buf_dispose(&body);
}

/* ---- pieces ---- */

typedef struct counted {
    firn_byte_source inner;
    size_t largest;
} counted;

static firn_status read_counted(void *ctx, int64_t offset, void *out, size_t n, firn_error *err)
{
    counted *c = ctx;
    if (n > c->largest) c->largest = n;
    return c->inner.read_at(c->inner.ctx, offset, out, n, err);
}

/* A store says what is worth a request: up to a column's window of 1 MiB it gets that. */
static void test_pieces_are_as_large_as_the_store_wants(void **state)
{
    static const struct {
        size_t read_bytes, largest;
    } k_cases[] = {{0, 128 * KIB},         {128 * KIB - 1, 128 * KIB},
                   {128 * KIB, 128 * KIB}, {128 * KIB + 1, 128 * KIB + 1},
                   {MIB - 1, MIB - 1},     {MIB, MIB},
                   {MIB + 1, MIB},         {SIZE_MAX, MIB}};
    firn_buf body, file;
    (void)state;
    make_numbers(&body);
    make_file(&file, INT64, NUMBER_ROWS, firn_buf_view(&body), 3);
    firn_str view = firn_buf_view(&file);
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        counted c = {.inner = canon_source(&view)};
        const firn_byte_source source = {.ctx = &c,
                                         .size_bytes = c.inner.size_bytes,
                                         .read_at = read_counted,
                                         .read_bytes = k_cases[i].read_bytes};
        firn_error err = {0};
        int64_t n = 0;
        assert_int_equal(read_source(&source, NULL, check_number, &n, &err), FIRN_DONE);
        assert_int_equal(n, 3 * NUMBER_ROWS);
        assert_int_equal(c.largest, k_cases[i].largest);
    }
    firn_buf_dispose(&file);
    firn_buf_dispose(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_read_across_windows),
        cmocka_unit_test(test_pieces_are_as_large_as_the_store_wants),
        cmocka_unit_test(test_texts_are_read_across_windows),
        cmocka_unit_test(test_pages_that_end_early_are_told),
        cmocka_unit_test(test_text_that_is_no_utf8_is_told_in_any_window),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
