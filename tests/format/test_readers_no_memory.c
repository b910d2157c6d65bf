/* SPDX-License-Identifier: Apache-2.0 */
/* Parquet and Avro files, and compressed blocks, read without memory: whichever allocation is
 * refused, the reader says so and keeps nothing. */
#include "base/error.h"
#include "base/str.h"
#include "corpus.h"
#include "fail_alloc.h"
#include "format/avro/avro_fingerprint.h"
#include "format/avro/avro_render.h"
#include "format/avro/avro_rows.h"
#include "format/codec/codec.h"
#include "format/parquet/read/parquet_reader.h"
#include "parquet_canon.h"

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

static firn_str load(firn_arena *arena, const char *name)
{
    return corpus_read(arena, corpus_data_path(arena, name));
}

static firn_status read_parquet(void *ctx, firn_error *err)
{
    firn_str *bytes = ctx;
    const firn_byte_source source = canon_source(bytes);
    const firn_parquet_rows_opts opts = {.match = FIRN_PARQUET_MATCH_NAMES, .window_bytes = 4096};
    firn_parquet_file *file = NULL;
    firn_parquet_rows *rows = NULL;
    firn_batch *batch = NULL;
    FIRN_TRY(firn_parquet_file_open(&source, &file, err));
    const firn_type *root = &firn_parquet_file_schema(file)->root;
    firn_status st = firn_batch_create(root, 256, &batch, err);
    if (st == FIRN_OK) st = firn_parquet_rows_open(file, root, &opts, &rows, err);
    while (st == FIRN_OK) st = firn_parquet_rows_next(rows, 256, batch, err);
    firn_parquet_rows_close(rows);
    firn_batch_destroy(batch);
    firn_parquet_file_close(file);
    return st;
}

static void test_parquet_files(void **state)
{
    static const char *const names[] = {
        "parquet/int96.parquet",         "parquet/nested_v2.parquet",
        "parquet/delta_v2_none.parquet", "parquet/dictionary_v2_zstd.parquet",
        "parquet/split_v1_zstd.parquet", "parquet/plain_v2_required_gzip.parquet",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        firn_str bytes = load(*state, names[i]);
        assert_true(firn_fail_alloc_each(read_parquet, &bytes) > 20);
    }
}

static firn_status render_avro(void *ctx, firn_error *err)
{
    firn_avro_reader *reader = NULL;
    firn_buf out;
    FIRN_TRY(firn_avro_reader_open(*(firn_str *)ctx, &reader, err));
    firn_buf_init(&out, NULL, 0);
    firn_status st = FIRN_OK;
    while (st == FIRN_OK) {
        firn_buf_clear(&out);
        st = firn_avro_render_next(reader, &out, err);
        if (st == FIRN_OK) st = firn_buf_check(&out, err);
    }
    firn_buf_dispose(&out);
    firn_avro_reader_close(reader);
    return st;
}

static firn_status read_avro_in(firn_avro_reader *reader, firn_arena *arena, firn_error *err)
{
    const firn_schema *schema = NULL;
    firn_avro_rows *rows = NULL;
    firn_batch *batch = NULL;
    FIRN_TRY(firn_avro_file_schema(firn_avro_reader_schema(reader), arena, &schema, err));
    FIRN_TRY(firn_batch_create(&schema->root, 64, &batch, err));
    firn_status st = firn_avro_rows_open(reader, &schema->root, FIRN_AVRO_MATCH_NAMES, &rows, err);
    while (st == FIRN_OK) st = firn_avro_rows_next(rows, 64, batch, err);
    firn_avro_rows_close(rows);
    firn_batch_destroy(batch);
    return st;
}

static firn_status read_avro(void *ctx, firn_error *err)
{
    const firn_byte_source source = canon_source(ctx);
    firn_avro_reader *reader = NULL;
    firn_arena *arena = firn_arena_create(NULL, 0);
    if (!arena) return firn_fail_nomem(err);
    firn_status st = firn_avro_reader_open_source(&source, &reader, err);
    if (st == FIRN_OK) st = read_avro_in(reader, arena, err);
    firn_avro_reader_close(reader);
    firn_arena_destroy(arena);
    return st;
}

static void test_avro_files(void **state)
{
    static const char *const names[] = {
        "avro/all_types_deflate_n1.avro",
        "avro/all_types_snappy_n1.avro",
        "avro/all_types_zstandard_n1.avro",
        "avro/weather_snappy.avro",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        firn_str bytes = load(*state, names[i]);
        assert_true(firn_fail_alloc_each(render_avro, &bytes) > 10);
        if (i < 3) continue; /* unions that no column holds */
        assert_true(firn_fail_alloc_each(read_avro, &bytes) > 20);
    }
}

static firn_status canonical_schema(void *ctx, firn_error *err)
{
    const firn_avro_schema *schema = NULL;
    firn_buf out;
    firn_arena *arena = firn_arena_create(NULL, 0);
    if (!arena) return firn_fail_nomem(err);
    firn_buf_init(&out, NULL, 0);
    firn_status st = firn_avro_schema_parse(*(firn_str *)ctx, arena, &schema, err);
    if (st == FIRN_OK) st = firn_avro_canonical_form(schema, &out, err);
    if (st == FIRN_OK) st = firn_buf_check(&out, err);
    firn_buf_dispose(&out);
    firn_arena_destroy(arena);
    return st;
}

static void test_avro_schemas(void **state)
{
    firn_str json = FIRN_STR(
        "{\"type\":\"record\",\"name\":\"a.r\",\"aliases\":[\"old\"],\"fields\":[{\"name\":\"e\","
        "\"type\":{\"type\":\"enum\",\"name\":\"e\",\"symbols\":[\"X\",\"Y\"]}},{\"name\":\"u\","
        "\"type\":[\"null\",\"a.e\",{\"type\":\"map\",\"values\":\"long\"}]}]}");
    (void)state;
    assert_true(firn_fail_alloc_each(canonical_schema, &json) > 10);
}

static firn_status pack_and_unpack(void *ctx, firn_error *err)
{
    const firn_codec codec = *(const firn_codec *)ctx;
    const firn_str text = FIRN_STR("over and over and over and over and over and over again");
    char back[64];
    firn_codec_ctx *codecs = NULL;
    firn_buf packed;
    FIRN_TRY(firn_codec_ctx_create(&codecs, err));
    firn_buf_init(&packed, NULL, 0);
    firn_status st = firn_codec_compress(codecs, codec, 0, text, &packed, err);
    if (st == FIRN_OK)
        st = firn_codec_decompress(codecs, codec, firn_buf_view(&packed), back, text.len, err);
    if (st == FIRN_OK) assert_memory_equal(back, text.data, text.len);
    firn_buf_dispose(&packed);
    firn_codec_ctx_destroy(codecs);
    return st;
}

static void test_codecs(void **state)
{
    static const firn_codec codecs[] = {FIRN_CODEC_SNAPPY, FIRN_CODEC_GZIP, FIRN_CODEC_DEFLATE,
                                        FIRN_CODEC_ZSTD, FIRN_CODEC_LZ4_RAW};
    (void)state;
    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++) {
        firn_codec codec = codecs[i];
        assert_true(firn_fail_alloc_each(pack_and_unpack, &codec) >= 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_parquet_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_avro_files, set_up, tear_down),
        cmocka_unit_test(test_avro_schemas),
        cmocka_unit_test(test_codecs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
