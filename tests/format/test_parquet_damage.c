/* SPDX-License-Identifier: Apache-2.0 */
/* Small Parquet files of every encoding, codec and page version, nested, with page indexes and
 * bloom filters, cut short and with flipped bits: each ends with rows or an orderly error. Samples,
 * spread evenly and the same in every run; the sanitizers of the dev build watch. */
#include "firn_test.h"

#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "corpus.h"
#include "format/parquet/read/parquet_select.h"
#include "format/parquet/write/parquet_writer.h"
#include "parquet_canon.h"

#define CUTS      60
#define FLIPS     220
#define MAX_TESTS 3
#define WRITTEN   3000 /* rows of a file with all that is optional */

static const char *const k_files[] = {
    "delta_v1_lz4",
    "delta_v2_none",
    "dictionary_v1_snappy",
    "dictionary_v2_zstd",
    "empty",
    "field_ids",
    "int96",
    "nested_v1",
    "nested_v2",
    "plain_v1_none",
    "plain_v2_required_gzip",
    "split_v1_zstd",
    "foreign/byte_array_decimal",
    "foreign/datapage_v2_empty_datapage.snappy",
    "foreign/dict-page-offset-zero",
    "foreign/nan_in_stats",
    "foreign/null_list",
    "foreign/old_list_structure",
    "foreign/repeated_no_annotation",
    "foreign/variant_array",
    "foreign/variant_mixed_records",
    "foreign/variant_partial_object",
};

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

/* ---- reading ---- */

static firn_status read_all(firn_cpu_level level, firn_str bytes, firn_error *err)
{
    firn_buf rows;
    int64_t n_rows = 0;
    firn_buf_init(&rows, NULL, (size_t)64 << 20);
    const firn_status st = canon_parquet_on(level, bytes, &rows, &n_rows, err);
    firn_buf_dispose(&rows);
    return st;
}

/* Tests of the first few plain columns that ask statistics, indexes, bloom filters, dictionaries
 * and rows. */
typedef struct some_filter {
    firn_filter filter, tests[MAX_TESTS];
    const firn_filter *parts[MAX_TESTS];
    firn_value values[MAX_TESTS];
} some_filter;

static void make_filter(some_filter *f, const firn_type *root)
{
    memset(f, 0, sizeof *f);
    f->filter = (firn_filter){.op = FIRN_FILTER_OR, .parts = f->parts};
    for (size_t i = 0; i < root->n_fields && f->filter.n_parts < MAX_TESTS; i++) {
        const firn_field *field = &root->fields[i];
        const size_t at = f->filter.n_parts;
        if (!firn_type_is_primitive(field->type)) continue;
        f->values[at].kind = field->type->kind;
        f->tests[at] = (firn_filter){
            .op = FIRN_FILTER_IN, .column = field, .values = &f->values[at], .n_values = 1};
        f->parts[at] = &f->tests[at];
        f->filter.n_parts++;
    }
}

static firn_status read_group(const firn_parquet_file *file, size_t group, firn_arena *arena,
                              firn_error *err)
{
    const firn_type *root = &firn_parquet_file_schema(file)->root;
    some_filter some;
    firn_parquet_selection selection = {0};
    firn_parquet_rows *rows = NULL;
    firn_batch *batch = NULL;
    make_filter(&some, root);
    FIRN_TRY(firn_parquet_select(file, group, &some.filter, FIRN_PARQUET_MATCH_NAMES, arena,
                                 &selection, err));
    const firn_parquet_rows_opts opts = {.first_row_group = group,
                                         .n_row_groups = 1,
                                         .match = FIRN_PARQUET_MATCH_NAMES,
                                         .window_bytes = 512,
                                         .ranges = selection.ranges,
                                         .n_ranges = selection.n_ranges,
                                         .filter = &some.filter};
    firn_status st = firn_batch_create(root, FIRN_BATCH_ROWS, &batch, err);
    if (st == FIRN_OK) st = firn_parquet_rows_open(file, root, &opts, &rows, err);
    while (st == FIRN_OK) st = firn_parquet_rows_next(rows, FIRN_BATCH_ROWS, batch, err);
    firn_parquet_rows_close(rows);
    firn_batch_destroy(batch);
    return st == FIRN_DONE ? FIRN_OK : st;
}

static firn_status read_some(firn_str bytes, firn_error *err)
{
    const firn_byte_source source = canon_source(&bytes);
    firn_parquet_file *file = NULL;
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_status st = firn_parquet_file_open(&source, &file, err);
    for (size_t i = 0; st == FIRN_OK && i < firn_parquet_file_row_groups(file); i++)
        st = read_group(file, i, arena, err);
    firn_parquet_file_close(file);
    firn_arena_destroy(arena);
    return st;
}

static void check(const char *name, const char *what, size_t at, firn_status st,
                  const firn_error *err)
{
    const bool is_orderly = st == FIRN_OK || st == FIRN_ERR_CORRUPT || st == FIRN_ERR_UNSUPPORTED ||
                            st == FIRN_ERR_LIMIT;
    if (!is_orderly || (st != FIRN_OK && err->message[0] == 0))
        fail_msg("%s, %s %zu: %s %s", name, what, at, firn_status_name(st), err->message);
}

static void read_both(const char *name, const char *what, size_t at, firn_str bytes)
{
    firn_error err = {0};
    check(name, what, at, read_all((firn_cpu_level)(at % 3), bytes, &err), &err);
    err.message[0] = 0;
    check(name, what, at, read_some(bytes, &err), &err);
}

/* ---- damage ---- */

/* Footers, indexes and small files are damaged as densely as page data: half of the samples are
 * in the last kilobytes. */
static size_t sample(size_t i, size_t n_samples, size_t n)
{
    const size_t half = n_samples / 2, tail = n < 4096 ? n : 4096;
    if (i < half) return i * n / half;
    return n - tail + (i - half) * tail / (n_samples - half);
}

static void damage(firn_arena *arena, const char *name, firn_str whole)
{
    char *bytes = firn_arena_alloc(arena, whole.len);
    firn_error err = {0};
    assert_non_null(bytes);
    memcpy(bytes, whole.data, whole.len);
    assert_ok(read_all(FIRN_CPU_PORTABLE, whole, &err), &err);
    assert_ok(read_some(whole, &err), &err);
    for (size_t i = 0; i < CUTS; i++) {
        const size_t n = sample(i, CUTS, whole.len);
        const firn_status st = read_all((firn_cpu_level)(i % 3), (firn_str){bytes, n}, &err);
        if (st != FIRN_ERR_CORRUPT && st != FIRN_ERR_LIMIT)
            fail_msg("%s, prefix of %zu bytes: %s", name, n, firn_status_name(st));
    }
    for (size_t i = 0; i < FLIPS; i++) {
        const size_t at = sample(i, FLIPS, whole.len);
        const char flipped = (char)(bytes[at] ^ 1 << i % 8);
        const char before = bytes[at];
        bytes[at] = flipped;
        read_both(name, "byte", at, (firn_str){bytes, whole.len});
        bytes[at] = before;
    }
}

static void test_damaged_files_end_in_rows_or_errors(void **state)
{
    for (size_t i = 0; i < sizeof k_files / sizeof *k_files; i++) {
        const firn_str path = firn_arena_printf(*state, "parquet/%s.parquet", k_files[i]);
        damage(*state, k_files[i], corpus_read(*state, corpus_data_path(*state, path.data)));
    }
}

static firn_status append_bytes(void *ctx, const void *data, size_t n, firn_error *err)
{
    firn_buf_append(ctx, data, n);
    return firn_buf_check(ctx, err);
}

static void write_rows(firn_parquet_writer *writer, const firn_type *root)
{
    firn_error err = {0};
    firn_batch *batch = NULL;
    assert_ok(firn_batch_create(root, FIRN_BATCH_ROWS, &batch, &err), &err);
    for (int64_t row = 0; row < WRITTEN; row++) {
        const int64_t i = batch->n_rows++;
        const firn_str word =
            firn_str_slice(FIRN_STR("a word or two of text"), 0, (size_t)(row % 21));
        ((int64_t *)batch->columns[0].values)[i] = row;
        assert_ok(firn_column_copy_bytes(&batch->columns[1], word,
                                         (firn_view *)batch->columns[1].values + i, &err),
                  &err);
        if (row % 7 == 0) firn_column_set_null(&batch->columns[1], i);
        if (batch->n_rows < FIRN_BATCH_ROWS && row + 1 < WRITTEN) continue;
        assert_ok(firn_parquet_writer_append(writer, batch, &err), &err);
        firn_batch_reset(batch);
        batch->n_rows = 0;
    }
    firn_batch_destroy(batch);
}

static void write_indexed(firn_buf *out, firn_codec codec, firn_parquet_encodings encodings)
{
    static const firn_type k_long = {.kind = FIRN_TYPE_LONG}, k_text = {.kind = FIRN_TYPE_STRING};
    static const firn_field k_fields[] = {
        {.id = 1, .name = FIRN_STR_INIT("a"), .type = &k_long, .is_required = true},
        {.id = 2, .name = FIRN_STR_INIT("b"), .type = &k_text}};
    static const firn_type k_root = {.kind = FIRN_TYPE_STRUCT, .fields = k_fields, .n_fields = 2};
    static const firn_parquet_column_opts k_columns[] = {
        {.field_id = 1, .has_bloom = true, .no_dictionary = true},
        {.field_id = 2, .has_bloom = true}};
    const firn_parquet_write_opts opts = {.codec = codec,
                                          .row_group_rows = WRITTEN / 2,
                                          .page_rows = 300,
                                          .columns = k_columns,
                                          .n_columns = 2,
                                          .encodings = encodings};
    const firn_byte_sink sink = {out, append_bytes};
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_error err = {0};
    firn_parquet_writer *writer = NULL;
    firn_file_metrics metrics;
    firn_buf_init(out, NULL, (size_t)1 << 20);
    assert_ok(firn_parquet_writer_create(&k_root, &opts, &sink, &writer, &err), &err);
    write_rows(writer, &k_root);
    assert_ok(firn_parquet_writer_finish(writer, arena, &metrics, &err), &err);
    firn_parquet_writer_destroy(writer);
    firn_arena_destroy(arena);
}

static void test_damaged_indexes_and_bloom_filters_end_in_rows_or_errors(void **state)
{
    static const struct {
        const char *name;
        firn_codec codec;
        firn_parquet_encodings encodings;
    } k_cases[] = {{"v1 brotli", FIRN_CODEC_BROTLI, FIRN_PARQUET_ENCODINGS_V1},
                   {"all lz4_raw", FIRN_CODEC_LZ4_RAW, FIRN_PARQUET_ENCODINGS_ALL}};
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        firn_buf bytes;
        write_indexed(&bytes, k_cases[i].codec, k_cases[i].encodings);
        damage(*state, k_cases[i].name, firn_buf_view(&bytes));
        firn_buf_dispose(&bytes);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_damaged_files_end_in_rows_or_errors),
        TEST(test_damaged_indexes_and_bloom_filters_end_in_rows_or_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
