/* SPDX-License-Identifier: Apache-2.0 */
/* Pages that are unpacked in windows: any file reads the same as with whole pages, and one of large
 * pages takes little memory. */
#include "firn_test.h"

#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "base/str.h"
#include "corpus.h"
#include "fail_alloc.h"
#include "format/parquet/encoding/parquet_values.h"
#include "format/parquet/layout/parquet_meta.h"
#include "format/parquet/layout/parquet_page_header.h"
#include "format/parquet/read/parquet_reader.h"
#include "format/parquet/write/parquet_writer.h"
#include "parquet_canon.h"

#define MIB      ((int64_t)1 << 20)
#define MAX_READ (64 * MIB)

/* ---- any file ---- */

static void check_file(void *ctx, const char *name, firn_str bytes)
{
    static const size_t k_windows[] = {1, 100, 4096};
    firn_error err = {0};
    firn_buf whole;
    int64_t n_rows = 0;
    (void)ctx;
    print_message("%s\n", name);
    firn_buf_init(&whole, NULL, 0);
    /* Canonical text has no room for the years of one of them. */
    const bool is_far = strcmp(name, "int96_from_spark.parquet") == 0;
    const firn_status want = is_far ? FIRN_ERR_CORRUPT : FIRN_OK;
    assert_int_equal(canon_parquet(bytes, &whole, &n_rows, &err), want);
    for (size_t i = 0; i < sizeof k_windows / sizeof *k_windows; i++) {
        firn_buf rows;
        firn_buf_init(&rows, NULL, 0);
        assert_int_equal(canon_parquet_streamed(k_windows[i], bytes, &rows, &n_rows, &err), want);
        assert_int_equal(rows.len, whole.len);
        if (whole.len > 0) assert_memory_equal(rows.data, whole.data, whole.len);
        firn_buf_dispose(&rows);
    }
    firn_buf_dispose(&whole);
}

static void check_folder(const char *name)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    const char *folder = corpus_data_path(arena, name);
    assert_true(corpus_each(arena, folder, ".parquet", check_file, NULL) > 8);
    firn_arena_destroy(arena);
}

static void test_windows_give_the_rows_of_whole_pages(void **state)
{
    (void)state;
    check_folder("parquet");
    check_folder("parquet/foreign");
}

/* ---- large pages ---- */

enum { TEXT_BYTES = 9000, STEP = 64 };

static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_field k_element[] = {
    {.id = 5, .name = FIRN_STR_INIT("element"), .type = &k_string}};
static const firn_type k_list = {.kind = FIRN_TYPE_LIST, .fields = k_element, .n_fields = 1};
static const firn_field k_fields[] = {
    {.id = 1, .name = FIRN_STR_INIT("s"), .type = &k_string},
    {.id = 2, .name = FIRN_STR_INIT("list"), .type = &k_list},
    {.id = 3, .is_required = true, .name = FIRN_STR_INIT("n"), .type = &k_long},
    {.id = 4, .is_required = true, .name = FIRN_STR_INIT("t"), .type = &k_string},
};
static const firn_type k_root = {.kind = FIRN_TYPE_STRUCT, .fields = k_fields, .n_fields = 4};

static bool is_null(int64_t row)
{
    return row % 7 == 3;
}

/* Half of it noise, so that no codec makes it small. out has room for TEXT_BYTES. */
static firn_str make_text(int64_t row, char *out)
{
    firn_prng prng;
    const size_t n = row % 11 == 0 ? (size_t)row % 50 : TEXT_BYTES - (size_t)(row % 100);
    firn_prng_init(&prng, (uint64_t)row + 1);
    memset(out, 'a' + (int)(row % 26), TEXT_BYTES);
    for (size_t at = 0; at + STEP <= n; at += STEP)
        for (size_t i = 0; i < STEP / 2; i += 8) {
            const uint64_t noise = firn_prng_next(&prng) & UINT64_C(0x3f3f3f3f3f3f3f3f);
            memcpy(out + at + i, &noise, sizeof noise);
        }
    return (firn_str){out, n};
}

static firn_status append_bytes(void *ctx, const void *data, size_t n, firn_error *err)
{
    firn_buf_append(ctx, data, n);
    return firn_buf_check(ctx, err);
}

static void fill(firn_batch *batch, int64_t first, int64_t n)
{
    char text[TEXT_BYTES];
    firn_error err = {0};
    firn_column *c = batch->columns, *element = &batch->columns[1].children[0];
    firn_batch_reset(batch);
    assert_ok(firn_column_reserve(element, n, &err), &err);
    for (int64_t i = 0; i < n; i++) {
        const firn_str value = make_text(first + i, text);
        for (size_t k = 0; k < 4; k += 3)
            assert_ok(firn_column_copy_bytes(&c[k], value, (firn_view *)c[k].values + i, &err),
                      &err);
        assert_ok(firn_column_copy_bytes(element, value, (firn_view *)element->values + i, &err),
                  &err);
        ((firn_list_entry *)c[1].values)[i] = (firn_list_entry){(uint64_t)i, 1};
        ((int64_t *)c[2].values)[i] = first + i;
        if (is_null(first + i)) firn_column_set_null(&c[0], i);
    }
    element->n_values = n;
    for (size_t k = 0; k < 4; k++) c[k].n_values = n;
    batch->n_rows = n;
}

/* One row group of one page a column. */
static void write_file(firn_codec codec, int64_t n_rows, firn_buf *out)
{
    const firn_parquet_write_opts opts = {.codec = codec,
                                          .codec_level = codec == FIRN_CODEC_SNAPPY ||
                                                                 codec == FIRN_CODEC_NONE ||
                                                                 codec == FIRN_CODEC_LZ4_RAW
                                                             ? 0
                                                             : 1,
                                          .page_bytes = 1 << 29,
                                          .page_rows = 1 << 20,
                                          .dictionary_bytes = 1000};
    const firn_byte_sink sink = {out, append_bytes};
    firn_parquet_writer *writer = NULL;
    firn_batch *batch = NULL;
    firn_file_metrics metrics;
    firn_error err = {0};
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_buf_init(out, NULL, 0);
    assert_ok(firn_batch_create(&k_root, 256, &batch, &err), &err);
    assert_ok(firn_parquet_writer_create(&k_root, &opts, &sink, &writer, &err), &err);
    for (int64_t row = 0; row < n_rows; row += batch->n_rows) {
        fill(batch, row, n_rows - row < 256 ? n_rows - row : 256);
        assert_ok(firn_parquet_writer_append(writer, batch, &err), &err);
    }
    assert_ok(firn_parquet_writer_finish(writer, arena, &metrics, &err), &err);
    firn_parquet_writer_destroy(writer);
    firn_batch_destroy(batch);
    firn_arena_destroy(arena);
}

static void check_row(const firn_batch *batch, int64_t r, int64_t row)
{
    char text[TEXT_BYTES];
    const firn_str want = make_text(row, text);
    const firn_column *c = batch->columns, *element = &batch->columns[1].children[0];
    const firn_list_entry list = ((const firn_list_entry *)c[1].values)[r];
    const firn_view *views[] = {(const firn_view *)c[0].values + r,
                                (const firn_view *)element->values + list.offset,
                                (const firn_view *)c[3].values + r};
    assert_int_equal(((const int64_t *)c[2].values)[r], row);
    assert_int_equal(list.length, 1);
    assert_int_equal(firn_column_is_valid(&c[0], r), !is_null(row));
    for (size_t i = is_null(row); i < 3; i++) {
        const firn_str found = firn_view_str(views[i]);
        assert_int_equal(found.len, want.len);
        if (want.len > 0) assert_memory_equal(found.data, want.data, want.len);
    }
}

/* Rows that ranges have, or all; every one is checked. */
static firn_status read_rows(const firn_buf *bytes, const firn_row_range *ranges, size_t n_ranges,
                             int64_t *n_rows, firn_error *err)
{
    firn_str view = firn_buf_view(bytes);
    const firn_byte_source source = canon_source(&view);
    const firn_parquet_rows_opts opts = {.ranges = ranges, .n_ranges = n_ranges};
    firn_parquet_file *file = NULL;
    firn_parquet_rows *rows = NULL;
    firn_batch *batch = NULL;
    *n_rows = 0;
    FIRN_TRY(firn_parquet_file_open(&source, &file, err));
    firn_status st = firn_batch_create(&k_root, FIRN_BATCH_ROWS, &batch, err);
    if (st == FIRN_OK) st = firn_parquet_rows_open(file, &k_root, &opts, &rows, err);
    while (st == FIRN_OK) {
        size_t n_runs = 0;
        int64_t r = 0;
        st = firn_parquet_rows_next(rows, FIRN_BATCH_ROWS, batch, err);
        if (st != FIRN_OK) break;
        const firn_row_range *runs = firn_parquet_rows_runs(rows, &n_runs);
        for (size_t i = 0; i < n_runs; i++)
            for (int64_t k = 0; k < runs[i].n; k++) check_row(batch, r++, runs[i].first + k);
        assert_int_equal(r, batch->n_rows);
        *n_rows += batch->n_rows;
    }
    firn_parquet_rows_close(rows);
    firn_batch_destroy(batch);
    firn_parquet_file_close(file);
    return st;
}

static int64_t peak_of(const firn_buf *bytes, int64_t want_rows)
{
    firn_error err = {0};
    int64_t n_rows = 0;
    firn_fail_alloc_arm(0, false);
    assert_int_equal(read_rows(bytes, NULL, 0, &n_rows, &err), FIRN_DONE);
    const int64_t peak = firn_fail_alloc_peak_bytes();
    firn_fail_alloc_disarm();
    assert_int_equal(n_rows, want_rows);
    return peak;
}

static void test_large_pages_are_read_in_64_mb(void **state)
{
    static const firn_codec k_codecs[] = {FIRN_CODEC_NONE, FIRN_CODEC_SNAPPY, FIRN_CODEC_GZIP,
                                          FIRN_CODEC_ZSTD, FIRN_CODEC_BROTLI, FIRN_CODEC_LZ4_RAW};
    const int64_t n_rows = 4500; /* 36 MB in each page of text */
    (void)state;
    for (size_t i = 0; i < sizeof k_codecs / sizeof *k_codecs; i++) {
        firn_buf bytes;
        write_file(k_codecs[i], n_rows, &bytes);
        assert_true((int64_t)bytes.len > 20 * MIB);
        const int64_t peak = peak_of(&bytes, n_rows);
        print_message("codec %d: %d MB of %d\n", (int)k_codecs[i], (int)(peak / MIB),
                      (int)((int64_t)bytes.len / MIB));
        assert_in_range(peak, MIB, MAX_READ);
        firn_buf_dispose(&bytes);
    }
}

static void test_rows_in_the_middle_of_large_pages_are_found(void **state)
{
    const firn_row_range ranges[] = {{17, 3}, {700, 1}, {1200, 600}, {2995, 5}};
    firn_buf bytes;
    firn_error err = {0};
    int64_t n_rows = 0;
    (void)state;
    write_file(FIRN_CODEC_ZSTD, 3000, &bytes);
    assert_int_equal(read_rows(&bytes, ranges, 4, &n_rows, &err), FIRN_DONE);
    assert_int_equal(n_rows, 609);
    firn_buf_dispose(&bytes);
}

static void test_a_damaged_large_page_is_told_before_its_first_row(void **state)
{
    firn_buf bytes;
    firn_error err = {0};
    int64_t n_rows = 0;
    (void)state;
    write_file(FIRN_CODEC_SNAPPY, 3000, &bytes);
    bytes.data[20 * MIB] ^= 1; /* in the second half of the last large page or before */
    assert_fails(read_rows(&bytes, NULL, 0, &n_rows, &err), FIRN_ERR_CORRUPT, &err,
                 "page checksum is");
    assert_int_equal(n_rows, 0);
    firn_buf_dispose(&bytes);
}

static firn_status read_all(void *ctx, firn_error *err)
{
    int64_t n_rows = 0;
    return read_rows(ctx, NULL, 0, &n_rows, err);
}

static void test_every_refused_allocation_is_an_error_without_a_leak(void **state)
{
    const firn_fail_alloc_opts opts = {.stride = 9};
    firn_buf bytes;
    (void)state;
    write_file(FIRN_CODEC_ZSTD, 2200, &bytes);
    assert_true(firn_fail_alloc_each_opts(read_all, &bytes, &opts) > 50);
    firn_buf_dispose(&bytes);
}

/* ---- texts behind their lengths ---- */

static const firn_type k_texts = {.kind = FIRN_TYPE_STRUCT, .fields = k_fields, .n_fields = 1};

/* One page of short texts, some null; with prefixes each begins as the one before. */
static void write_texts(firn_codec codec, bool has_prefixes, int64_t n_rows, firn_buf *out)
{
    const firn_parquet_write_opts opts = {.codec = codec,
                                          .page_bytes = 1 << 29,
                                          .page_rows = 1 << 21,
                                          .row_group_rows = 1 << 21,
                                          .dictionary_bytes = 1000};
    const firn_byte_sink sink = {out, append_bytes};
    firn_parquet_writer *writer = NULL;
    firn_batch *batch = NULL;
    firn_file_metrics metrics;
    firn_prng prng;
    firn_error err = {0};
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_prng_init(&prng, 1);
    firn_buf_init(out, NULL, 0);
    assert_ok(firn_batch_create(&k_texts, 1024, &batch, &err), &err);
    assert_ok(firn_parquet_writer_create(&k_texts, &opts, &sink, &writer, &err), &err);
    for (int64_t row = 0; row < n_rows;) {
        firn_column *c = &batch->columns[0];
        firn_batch_reset(batch);
        for (int64_t i = 0; i < 1024; i++, row++) {
            char text[128];
            const int len =
                snprintf(text, sizeof text, "%s%016llx%s%016llx",
                         has_prefixes ? "the same for all of them " : "",
                         (unsigned long long)firn_prng_next(&prng), row % 9 == 0 ? "\xc3\xbc" : "",
                         (unsigned long long)firn_prng_next(&prng));
            const firn_str value = {text, (size_t)(len - row % 5)};
            assert_ok(firn_column_copy_bytes(c, value, (firn_view *)c->values + i, &err), &err);
            if (is_null(row)) firn_column_set_null(c, i);
        }
        batch->n_rows = c->n_values = 1024;
        assert_ok(firn_parquet_writer_append(writer, batch, &err), &err);
    }
    assert_ok(firn_parquet_writer_finish(writer, arena, &metrics, &err), &err);
    firn_parquet_writer_destroy(writer);
    firn_batch_destroy(batch);
    firn_arena_destroy(arena);
}

static int32_t encoding_of(const firn_buf *bytes)
{
    firn_str view = firn_buf_view(bytes);
    const firn_byte_source source = canon_source(&view);
    firn_parquet_file *file = NULL;
    firn_pq_page_header header;
    size_t n = 0;
    firn_error err = {0};
    assert_ok(firn_parquet_file_open(&source, &file, &err), &err);
    const size_t at = (size_t)file->row_groups[0].chunks[0].data_offset;
    const firn_str page = {bytes->data + at, bytes->len - at};
    assert_ok(firn_pq_page_header_parse(page, at, &header, &n, &err), &err);
    firn_parquet_file_close(file);
    return header.encoding;
}

static void test_texts_behind_their_lengths_are_read_in_windows(void **state)
{
    static const struct {
        firn_codec codec;
        bool has_prefixes; /* which codecs find, too */
        int32_t encoding;
    } k_cases[] = {
        {FIRN_CODEC_NONE, false, FIRN_PQ_ENC_DELTA_LENGTH_BYTE_ARRAY},
        {FIRN_CODEC_NONE, true, FIRN_PQ_ENC_DELTA_BYTE_ARRAY},
        {FIRN_CODEC_SNAPPY, false, FIRN_PQ_ENC_DELTA_LENGTH_BYTE_ARRAY},
        {FIRN_CODEC_ZSTD, false, FIRN_PQ_ENC_DELTA_LENGTH_BYTE_ARRAY},
    };
    (void)state;
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        firn_buf bytes;
        write_texts(k_cases[i].codec, k_cases[i].has_prefixes, 4096, &bytes);
        assert_int_equal(encoding_of(&bytes), k_cases[i].encoding);
        check_file(NULL, "texts", firn_buf_view(&bytes));
        firn_buf_dispose(&bytes);
    }
}

/* The sanitizers watch. */
static void test_damaged_pages_end_in_rows_or_errors_in_windows_too(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    const firn_str whole =
        corpus_read(arena, corpus_data_path(arena, "parquet/delta_v2_none.parquet"));
    char *bytes = firn_arena_alloc(arena, whole.len);
    (void)state;
    for (size_t i = 0; i < whole.len; i += 17) {
        firn_error err = {0};
        firn_buf rows;
        int64_t n_rows = 0;
        firn_buf_init(&rows, NULL, 0);
        memcpy(bytes, whole.data, whole.len);
        bytes[i] = (char)(bytes[i] ^ 1 << i % 8);
        const firn_status st =
            canon_parquet_streamed(100, (firn_str){bytes, whole.len}, &rows, &n_rows, &err);
        assert_true(st == FIRN_OK || strlen(err.message) > 0);
        firn_buf_dispose(&rows);
    }
    firn_arena_destroy(arena);
}

/* Reads all rows, which must be so many; returns the most memory that took. */
static int64_t peak_of_texts(const firn_buf *bytes, int64_t want_rows)
{
    firn_str view = firn_buf_view(bytes);
    const firn_byte_source source = canon_source(&view);
    const firn_parquet_rows_opts opts = {0};
    firn_parquet_file *file = NULL;
    firn_parquet_rows *rows = NULL;
    firn_batch *batch = NULL;
    firn_error err = {0};
    int64_t n_rows = 0;
    firn_fail_alloc_arm(0, false);
    assert_ok(firn_parquet_file_open(&source, &file, &err), &err);
    assert_ok(firn_batch_create(&k_texts, FIRN_BATCH_ROWS, &batch, &err), &err);
    assert_ok(firn_parquet_rows_open(file, &k_texts, &opts, &rows, &err), &err);
    while (firn_parquet_rows_next(rows, FIRN_BATCH_ROWS, batch, &err) == FIRN_OK)
        n_rows += batch->n_rows;
    firn_parquet_rows_close(rows);
    firn_batch_destroy(batch);
    firn_parquet_file_close(file);
    const int64_t peak = firn_fail_alloc_peak_bytes();
    firn_fail_alloc_disarm();
    assert_int_equal(n_rows, want_rows);
    return peak;
}

static void test_large_pages_of_texts_behind_their_lengths_are_not_held(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        const int64_t n_rows = i ? 3 << 19 : 1 << 20; /* packed and unpacked more than 32 MiB */
        firn_buf bytes;
        write_texts(i ? FIRN_CODEC_NONE : FIRN_CODEC_SNAPPY, i, n_rows, &bytes);
        assert_true(firn_pq_bytes_has_lengths(encoding_of(&bytes)));
        const int64_t peak = peak_of_texts(&bytes, n_rows);
        print_message("%d MB of %d\n", (int)(peak / MIB), (int)((int64_t)bytes.len / MIB));
        assert_in_range(peak, MIB, 14 * MIB);
        firn_buf_dispose(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_windows_give_the_rows_of_whole_pages),
        cmocka_unit_test(test_large_pages_are_read_in_64_mb),
        cmocka_unit_test(test_rows_in_the_middle_of_large_pages_are_found),
        cmocka_unit_test(test_a_damaged_large_page_is_told_before_its_first_row),
        cmocka_unit_test(test_texts_behind_their_lengths_are_read_in_windows),
        cmocka_unit_test(test_damaged_pages_end_in_rows_or_errors_in_windows_too),
        cmocka_unit_test(test_large_pages_of_texts_behind_their_lengths_are_not_held),
        cmocka_unit_test(test_every_refused_allocation_is_an_error_without_a_leak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
