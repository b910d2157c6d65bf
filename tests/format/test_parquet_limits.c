/* SPDX-License-Identifier: Apache-2.0 */
/* Small Parquet files with large claims: each limit just below, at and above it, and the memory
 * that a claim without bytes behind it costs. */
#include "firn_test.h"

#include <string.h>

#include "base/limits.h"
#include "base/str.h"
#include "corpus.h"
#include "fail_alloc.h"
#include "format/parquet/read/parquet_budget.h"
#include "format/parquet/read/parquet_reader.h"
#include "format/parquet/thrift/thrift_writer.h"
#include "parquet_canon.h"

#define MIB ((int64_t)1 << 20)

enum { REQUIRED, OPTIONAL, REPEATED, NO_REPETITION = -1 };
enum { INT64 = 2, GROUP = -1 };
enum { CODEC_NONE = 0, CODEC_SNAPPY = 1, CODEC_GZIP = 2, CODEC_ZSTD = 6, CODEC_LZ4_RAW = 7 };
enum { PLAIN = 0, RLE_DICTIONARY = 8 };

/* A file of one column, a long or a list of longs, with one page, and a dictionary page if there
 * is a body for it. */
typedef struct forged {
    bool is_list;
    int32_t codec;
    int64_t n_rows, n_values; /* of row group and chunk */
    int32_t page_values;      /* 0: there is no page */
    int32_t unpacked;         /* -1: as many as there are */
    firn_str body;
    int32_t dictionary_values;
    firn_str dictionary;
} forged;

static void put_element(firn_thrift_writer *w, int physical, int repetition, const char *name,
                        int32_t n_children)
{
    firn_thrift_put_element_struct(w);
    if (physical != GROUP) firn_thrift_put_i32(w, 1, physical);
    if (repetition != NO_REPETITION) firn_thrift_put_i32(w, 3, repetition);
    firn_thrift_put_bytes(w, 4, firn_str_of(name));
    if (physical == GROUP) firn_thrift_put_i32(w, 5, n_children);
    if (strcmp(name, "list_column") == 0) firn_thrift_put_i32(w, 6, 3);
    firn_thrift_put_end(w);
}

static void put_schema(firn_thrift_writer *w, bool is_list)
{
    firn_thrift_put_list_of_structs(w, 2, is_list ? 4 : 2);
    put_element(w, GROUP, NO_REPETITION, "root", 1);
    if (!is_list) {
        put_element(w, INT64, OPTIONAL, "a", 0);
        return;
    }
    put_element(w, GROUP, OPTIONAL, "list_column", 1);
    put_element(w, GROUP, REPEATED, "list", 1);
    put_element(w, INT64, OPTIONAL, "element", 0);
}

static void put_dictionary(firn_buf *out, const forged *f)
{
    firn_thrift_writer w = firn_thrift_writer_of(out);
    firn_thrift_put_i32(&w, 1, 2);
    firn_thrift_put_i32(&w, 2, (int32_t)f->dictionary.len);
    firn_thrift_put_i32(&w, 3, (int32_t)f->dictionary.len);
    firn_thrift_put_struct(&w, 7);
    firn_thrift_put_i32(&w, 1, f->dictionary_values);
    firn_thrift_put_i32(&w, 2, PLAIN);
    firn_thrift_put_end(&w);
    firn_thrift_put_end(&w);
    firn_buf_str(out, f->dictionary);
}

static void put_page(firn_buf *out, const forged *f)
{
    firn_thrift_writer w = firn_thrift_writer_of(out);
    firn_thrift_put_i32(&w, 1, 0);
    firn_thrift_put_i32(&w, 2, f->unpacked >= 0 ? f->unpacked : (int32_t)f->body.len);
    firn_thrift_put_i32(&w, 3, (int32_t)f->body.len);
    firn_thrift_put_struct(&w, 5);
    firn_thrift_put_i32(&w, 1, f->page_values);
    firn_thrift_put_i32(&w, 2, f->dictionary.len > 0 ? RLE_DICTIONARY : PLAIN);
    firn_thrift_put_i32(&w, 3, 3);
    firn_thrift_put_i32(&w, 4, 3);
    firn_thrift_put_end(&w);
    firn_thrift_put_end(&w);
    firn_buf_str(out, f->body);
}

static void put_row_group(firn_thrift_writer *w, const forged *f, int64_t data_bytes)
{
    firn_thrift_put_element_struct(w);
    firn_thrift_put_list_of_structs(w, 1, 1);
    firn_thrift_put_element_struct(w);
    firn_thrift_put_i64(w, 2, 4);
    firn_thrift_put_struct(w, 3);
    firn_thrift_put_i32(w, 1, INT64);
    firn_thrift_put_i32(w, 4, f->codec);
    firn_thrift_put_i64(w, 5, f->n_values);
    firn_thrift_put_i64(w, 7, data_bytes);
    firn_thrift_put_i64(w, 9, 4);
    firn_thrift_put_end(w);
    firn_thrift_put_end(w);
    firn_thrift_put_i64(w, 3, f->n_rows);
    firn_thrift_put_end(w);
}

static void put_tail(firn_buf *out, size_t footer_start)
{
    firn_buf_u32le(out, (uint32_t)(out->len - footer_start));
    firn_buf_cstr(out, "PAR1");
    assert_int_equal(firn_buf_check(out, NULL), FIRN_OK);
}

static void forge(firn_buf *out, const forged *f)
{
    firn_buf_init(out, NULL, (size_t)64 << 20);
    firn_buf_cstr(out, "PAR1");
    if (f->dictionary.len > 0) put_dictionary(out, f);
    if (f->page_values > 0) put_page(out, f);
    const size_t start = out->len;
    firn_thrift_writer w = firn_thrift_writer_of(out);
    firn_thrift_put_i32(&w, 1, 1);
    put_schema(&w, f->is_list);
    firn_thrift_put_i64(&w, 3, f->n_rows);
    firn_thrift_put_list_of_structs(&w, 4, 1);
    put_row_group(&w, f, (int64_t)start - 4);
    firn_thrift_put_end(&w);
    put_tail(out, start);
}

/* Opens the file and reads one batch of it; *n_values: of the first column, *first: its first list.
 */
static firn_status read_batch(firn_str bytes, uint64_t *list_length, firn_error *err)
{
    const firn_byte_source source = canon_source(&bytes);
    const firn_parquet_rows_opts opts = {.match = FIRN_PARQUET_MATCH_NAMES};
    firn_parquet_file *file = NULL;
    firn_parquet_rows *rows = NULL;
    firn_batch *batch = NULL;
    FIRN_TRY(firn_parquet_file_open(&source, &file, err));
    const firn_type *root = &firn_parquet_file_schema(file)->root;
    firn_status st = firn_batch_create(root, FIRN_BATCH_ROWS, &batch, err);
    if (st == FIRN_OK) st = firn_parquet_rows_open(file, root, &opts, &rows, err);
    if (st == FIRN_OK) st = firn_parquet_rows_next(rows, FIRN_BATCH_ROWS, batch, err);
    if (st == FIRN_OK && list_length)
        *list_length = ((const firn_list_entry *)batch->columns[0].values)->length;
    firn_parquet_rows_close(rows);
    firn_batch_destroy(batch);
    firn_parquet_file_close(file);
    return st;
}

/* As read_batch, and the most memory it had at a time. */
static firn_status read_watched(firn_str bytes, int64_t *peak, firn_error *err)
{
    firn_fail_alloc_arm(0, false);
    const firn_status st = read_batch(bytes, NULL, err);
    *peak = firn_fail_alloc_peak_bytes();
    firn_fail_alloc_disarm();
    return st;
}

/* ---- memory ---- */

static void test_rows_without_bytes_cost_nothing(void **state)
{
    const int64_t n = (int64_t)1 << 60;
    const forged f = {.n_rows = n,
                      .n_values = n,
                      .page_values = 1,
                      .unpacked = -1,
                      .body = FIRN_STR("\x02\0\0\0\x02\0")}; /* one null */
    firn_error err = {0};
    firn_buf file;
    int64_t peak = 0;
    (void)state;
    forge(&file, &f);
    assert_true(file.len < 128);
    assert_fails(read_watched(firn_buf_view(&file), &peak, &err), FIRN_ERR_CORRUPT, &err,
                 "column data ends with 1152921504606846975 values missing");
    assert_true(peak < MIB);
    firn_buf_dispose(&file);
}

/* Levels of a list of n nulls: one run each. */
static firn_str null_list_levels(firn_arena *arena, uint64_t n)
{
    firn_buf level, out;
    firn_buf_init(&level, NULL, 64);
    firn_buf_init(&out, NULL, 256);
    firn_buf_uvarint(&level, 1 << 1); /* repetition: the row begins, then it goes on */
    firn_buf_byte(&level, 0);
    firn_buf_uvarint(&level, (n - 1) << 1);
    firn_buf_byte(&level, 1);
    firn_buf_u32le(&out, (uint32_t)level.len);
    firn_buf_str(&out, firn_buf_view(&level));
    firn_buf_clear(&level);
    firn_buf_uvarint(&level, n << 1); /* definition: an element, which is null */
    firn_buf_byte(&level, 2);
    firn_buf_u32le(&out, (uint32_t)level.len);
    firn_buf_str(&out, firn_buf_view(&level));
    const firn_str bytes = firn_arena_copy(arena, firn_buf_view(&out));
    firn_buf_dispose(&level);
    firn_buf_dispose(&out);
    return bytes;
}

static void forge_list(firn_buf *out, firn_arena *arena, int32_t n)
{
    const forged f = {.is_list = true,
                      .n_rows = 1,
                      .n_values = n,
                      .page_values = n,
                      .unpacked = -1,
                      .body = null_list_levels(arena, (uint64_t)n)};
    forge(out, &f);
}

static void test_list_of_two_billion_nulls_is_refused(void **state)
{
    firn_error err = {0};
    firn_buf file;
    int64_t peak = 0;
    forge_list(&file, *state, INT32_MAX);
    assert_true(file.len < 200);
    assert_fails(read_watched(firn_buf_view(&file), &peak, &err), FIRN_ERR_LIMIT, &err,
                 "nested values of one row need more than");
    assert_true(peak < MIB);
    firn_buf_dispose(&file);
}

static firn_status read_list(firn_arena *arena, int32_t n, firn_error *err)
{
    uint64_t length = 0;
    firn_buf file;
    forge_list(&file, arena, n);
    const firn_status st = read_batch(firn_buf_view(&file), &length, err);
    if (st == FIRN_OK) assert_int_equal(length, n);
    firn_buf_dispose(&file);
    return st;
}

static void test_nested_values_of_a_row_have_a_limit(void **state)
{
    const size_t each = FIRN_PQ_LEVEL_BYTES + sizeof(int64_t);
    firn_error err = {0};
    firn_buf file;
    forge_list(&file, *state, (int32_t)(FIRN_PQ_ROW_BYTES / each));
    const size_t page = firn_str_find(firn_buf_view(&file), FIRN_STR("\x15\x02\x19"), 4);
    assert_true(page < 200); /* the footer begins there */
    const int32_t most = (int32_t)((FIRN_PQ_ROW_BYTES + page * FIRN_PQ_ROW_RATIO) / each);
    firn_buf_dispose(&file);
    assert_ok(read_list(*state, most - 1, &err), &err);
    assert_ok(read_list(*state, most, &err), &err);
    assert_fails(read_list(*state, most + 1, &err), FIRN_ERR_LIMIT, &err,
                 "nested values of one row need more than");
}

static void test_pages_have_a_limit(void **state)
{
    static const struct {
        int32_t unpacked;
        firn_status status;
        const char *message;
    } k_cases[] = {
        {(int32_t)FIRN_LIMIT_PAGE - 1, FIRN_ERR_CORRUPT, "invalid zstd data"},
        {(int32_t)FIRN_LIMIT_PAGE, FIRN_ERR_CORRUPT, "invalid zstd data"},
        {(int32_t)FIRN_LIMIT_PAGE + 1, FIRN_ERR_LIMIT, "268435457 unpacked), limit 268435456"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        const forged f = {.codec = CODEC_ZSTD,
                          .n_rows = 1,
                          .n_values = 1,
                          .page_values = 1,
                          .unpacked = k_cases[i].unpacked,
                          .body = FIRN_STR("not zstd")};
        firn_error err = {0};
        firn_buf file;
        forge(&file, &f);
        assert_fails(read_batch(firn_buf_view(&file), NULL, &err), k_cases[i].status, &err,
                     k_cases[i].message);
        firn_buf_dispose(&file);
    }
}

static firn_status read_forged(const forged *f, firn_error *err)
{
    firn_buf file;
    forge(&file, f);
    const firn_status st = read_batch(firn_buf_view(&file), NULL, err);
    firn_buf_dispose(&file);
    return st;
}

/* What a codec can make of three bytes at most is where its limit is. */
static void test_pages_have_a_limit_by_the_ratio_of_their_codec(void **state)
{
    static const struct {
        int32_t codec, most;
    } k_cases[] = {{CODEC_NONE, 3},
                   {CODEC_SNAPPY, 3 * 22 + 64},
                   {CODEC_LZ4_RAW, 3 * 255 + 64},
                   {CODEC_GZIP, 3 * 1032 + 64}};
    (void)state;
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        forged f = {.codec = k_cases[i].codec,
                    .n_rows = 1,
                    .n_values = 1,
                    .page_values = 1,
                    .body = FIRN_STR("abc")};
        for (int32_t more = -1; more <= 1; more++) {
            firn_error err = {0};
            f.unpacked = k_cases[i].most + more;
            assert_int_equal(read_forged(&f, &err), FIRN_ERR_CORRUPT);
            const firn_str message = firn_str_of(err.message);
            const bool is_refused =
                firn_str_find(message, FIRN_STR("cannot unpack"), 0) != SIZE_MAX;
            assert_int_equal(is_refused, more == 1);
        }
    }
}

static void test_dictionaries_have_no_more_values_than_bytes(void **state)
{
    /* Three rows: present, and their indices in two bits. */
    forged f = {.n_rows = 3,
                .n_values = 3,
                .page_values = 3,
                .unpacked = -1,
                .body = FIRN_STR("\x02\0\0\0\x06\x01\x02\x03\x24"),
                .dictionary = FIRN_STR("aaaaaaaabbbbbbbbcccccccc")};
    firn_error err = {0};
    (void)state;
    f.dictionary_values = 2; /* the last index is 2 */
    assert_fails(read_forged(&f, &err), FIRN_ERR_CORRUPT, &err,
                 "dictionary index out of range, the dictionary has 2 values");
    f.dictionary_values = 3;
    assert_ok(read_forged(&f, &err), &err);
    f.dictionary_values = 4;
    assert_fails(read_forged(&f, &err), FIRN_ERR_CORRUPT, &err, "dictionary of 4 values in 24");
}

/* ---- schemas ---- */

static firn_status open_schema(size_t n_elements, void (*put)(firn_thrift_writer *w, size_t i),
                               firn_error *err)
{
    firn_buf out;
    firn_parquet_file *file = NULL;
    firn_buf_init(&out, NULL, (size_t)64 << 20);
    firn_buf_cstr(&out, "PAR1");
    firn_thrift_writer w = firn_thrift_writer_of(&out);
    firn_thrift_put_i32(&w, 1, 1);
    firn_thrift_put_list_of_structs(&w, 2, n_elements + 1);
    put_element(&w, GROUP, NO_REPETITION, "root", put == NULL ? 1 : (int32_t)n_elements);
    for (size_t i = 0; i < n_elements; i++)
        if (put)
            put(&w, i);
        else
            put_element(&w, i + 1 < n_elements ? GROUP : INT64, OPTIONAL, "g", 1);
    firn_thrift_put_i64(&w, 3, 0);
    firn_thrift_put_list_of_structs(&w, 4, 0);
    firn_thrift_put_end(&w);
    put_tail(&out, 4);
    firn_str bytes = firn_buf_view(&out);
    const firn_byte_source source = canon_source(&bytes);
    const firn_status st = firn_parquet_file_open(&source, &file, err);
    firn_parquet_file_close(file);
    firn_buf_dispose(&out);
    return st;
}

static void put_column(firn_thrift_writer *w, size_t i)
{
    (void)i;
    put_element(w, INT64, OPTIONAL, "c", 0);
}

static void test_schemas_have_a_limit_of_depth(void **state)
{
    firn_error err = {0};
    (void)state;
    assert_ok(open_schema(FIRN_LIMIT_NESTING - 1, NULL, &err), &err);
    assert_ok(open_schema(FIRN_LIMIT_NESTING, NULL, &err), &err);
    assert_fails(open_schema(FIRN_LIMIT_NESTING + 1, NULL, &err), FIRN_ERR_LIMIT, &err,
                 "schema nested deeper than 64");
}

static void test_schemas_have_a_limit_of_columns(void **state)
{
    firn_error err = {0};
    (void)state;
    assert_ok(open_schema(FIRN_LIMIT_COLUMNS - 1, put_column, &err), &err);
    assert_ok(open_schema(FIRN_LIMIT_COLUMNS, put_column, &err), &err);
    assert_fails(open_schema(FIRN_LIMIT_COLUMNS + 1, put_column, &err), FIRN_ERR_LIMIT, &err,
                 "schema has more than 100000 columns");
}

/* ---- footers ---- */

/* A file of zeros but for its last eight bytes. */
static firn_status read_zeros(void *ctx, int64_t offset, void *out, size_t n, firn_error *err)
{
    const firn_byte_source *self = ctx;
    const uint32_t footer = (uint32_t)(self->size_bytes - 12);
    char tail[8] = {0, 0, 0, 0, 'P', 'A', 'R', '1'};
    (void)err;
    memset(out, 0, n);
    memcpy(tail, &footer, sizeof footer);
    if (offset + (int64_t)n == self->size_bytes) memcpy((char *)out + n - 8, tail, 8);
    return FIRN_OK;
}

static firn_status open_zeros(size_t footer, firn_error *err)
{
    firn_parquet_file *file = NULL;
    firn_byte_source source = {.size_bytes = (int64_t)footer + 12, .read_at = read_zeros};
    source.ctx = &source;
    const firn_status st = firn_parquet_file_open(&source, &file, err);
    firn_parquet_file_close(file);
    return st;
}

static void test_footers_have_a_limit(void **state)
{
    firn_error err = {0};
    (void)state;
    assert_fails(open_zeros(FIRN_LIMIT_FOOTER - 1, &err), FIRN_ERR_CORRUPT, &err, "lacks");
    assert_fails(open_zeros(FIRN_LIMIT_FOOTER, &err), FIRN_ERR_CORRUPT, &err, "lacks");
    assert_fails(open_zeros(FIRN_LIMIT_FOOTER + 1, &err), FIRN_ERR_LIMIT, &err,
                 "parquet footer of 67108865 bytes, limit 67108864");
}

static firn_status open_row_groups(size_t n, firn_error *err)
{
    const forged f = {.codec = CODEC_NONE};
    firn_buf out;
    firn_parquet_file *file = NULL;
    firn_buf_init(&out, NULL, (size_t)64 << 20);
    firn_buf_cstr(&out, "PAR1");
    firn_thrift_writer w = firn_thrift_writer_of(&out);
    firn_thrift_put_i32(&w, 1, 1);
    put_schema(&w, false);
    firn_thrift_put_i64(&w, 3, 0);
    firn_thrift_put_list_of_structs(&w, 4, n);
    for (size_t i = 0; i < n; i++) put_row_group(&w, &f, 0);
    firn_thrift_put_end(&w);
    put_tail(&out, 4);
    firn_str bytes = firn_buf_view(&out);
    const firn_byte_source source = canon_source(&bytes);
    const firn_status st = firn_parquet_file_open(&source, &file, err);
    if (st == FIRN_OK) assert_int_equal(firn_parquet_file_row_groups(file), n);
    firn_parquet_file_close(file);
    firn_buf_dispose(&out);
    return st;
}

static void test_row_groups_have_a_limit(void **state)
{
    firn_error err = {0};
    (void)state;
    assert_ok(open_row_groups(FIRN_LIMIT_THRIFT_LIST - 1, &err), &err);
    assert_ok(open_row_groups(FIRN_LIMIT_THRIFT_LIST, &err), &err);
    assert_fails(open_row_groups(FIRN_LIMIT_THRIFT_LIST + 1, &err), FIRN_ERR_LIMIT, &err,
                 "thrift list of 1000001 elements, limit 1000000");
}

/* ---- refused allocations ---- */

static firn_status read_text(void *ctx, firn_error *err)
{
    const firn_str *bytes = ctx;
    firn_buf rows;
    int64_t n_rows = 0;
    firn_buf_init(&rows, NULL, (size_t)1 << 20);
    const firn_status st = canon_parquet(*bytes, &rows, &n_rows, err);
    firn_buf_dispose(&rows);
    return st;
}

static void test_each_allocation_may_fail(void **state)
{
    static const char *const k_files[] = {"parquet/foreign/variant_mixed_records.parquet",
                                          "parquet/foreign/old_list_structure.parquet",
                                          "parquet/foreign/byte_array_decimal.parquet"};
    for (size_t i = 0; i < sizeof k_files / sizeof *k_files; i++) {
        firn_str bytes = corpus_read(*state, corpus_data_path(*state, k_files[i]));
        assert_true(firn_fail_alloc_each(read_text, &bytes) > 10);
    }
}

static int set_up(void **state)
{
    *state = firn_arena_create(NULL, 0);
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    firn_arena_destroy(*state);
    return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_rows_without_bytes_cost_nothing),
        TEST(test_list_of_two_billion_nulls_is_refused),
        TEST(test_nested_values_of_a_row_have_a_limit),
        TEST(test_pages_have_a_limit),
        TEST(test_pages_have_a_limit_by_the_ratio_of_their_codec),
        TEST(test_dictionaries_have_no_more_values_than_bytes),
        TEST(test_row_groups_have_a_limit),
        TEST(test_schemas_have_a_limit_of_depth),
        TEST(test_schemas_have_a_limit_of_columns),
        TEST(test_footers_have_a_limit),
        TEST(test_each_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
