/* SPDX-License-Identifier: Apache-2.0 */
/* Parquet bytes that lie: every prefix, every flipped bit, forged counts. Each ends with rows or
 * an error, never with a crash; the sanitizers of the dev build watch. */
#include "firn_test.h"

#include <string.h>

#include "base/str.h"
#include "corpus.h"
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

static firn_status read_all(firn_str bytes, firn_error *err)
{
    firn_buf rows;
    int64_t n_rows = 0;
    firn_buf_init(&rows, NULL, (size_t)64 << 20);
    const firn_status st = canon_parquet(bytes, &rows, &n_rows, err);
    firn_buf_dispose(&rows);
    return st;
}

static bool is_orderly(firn_status st)
{
    return st == FIRN_OK || st == FIRN_ERR_CORRUPT || st == FIRN_ERR_UNSUPPORTED ||
           st == FIRN_ERR_LIMIT;
}

static firn_str load(firn_arena *arena, const char *name)
{
    const firn_str path = firn_arena_printf(arena, "parquet/%s", name);
    return corpus_read(arena, corpus_data_path(arena, path.data));
}

static void test_every_prefix_is_refused(void **state)
{
    const firn_str whole = load(*state, "int96.parquet");
    for (size_t n = 0; n < whole.len; n++) {
        firn_error err = {0};
        const firn_status st = read_all((firn_str){whole.data, n}, &err);
        if (st != FIRN_ERR_CORRUPT && st != FIRN_ERR_LIMIT)
            fail_msg("prefix of %zu bytes: %s %s", n, firn_status_name(st), err.message);
    }
}

static void flip_all_bits(firn_arena *arena, const char *name)
{
    const firn_str whole = load(arena, name);
    const firn_str copy = firn_arena_copy(arena, whole);
    char *bytes = firn_arena_alloc(arena, whole.len);
    assert_non_null(bytes);
    memcpy(bytes, copy.data, whole.len);
    for (size_t bit = 0; bit < whole.len * 8; bit++) {
        firn_error err = {0};
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
        const firn_status st = read_all((firn_str){bytes, whole.len}, &err);
        if (!is_orderly(st))
            fail_msg("%s, bit %zu: %s %s", name, bit, firn_status_name(st), err.message);
        if (st != FIRN_OK) assert_true(strlen(err.message) > 0);
        bytes[bit / 8] = (char)(bytes[bit / 8] ^ (1 << bit % 8));
    }
}

static void test_flipped_bits_end_in_rows_or_errors(void **state)
{
    flip_all_bits(*state, "int96.parquet");
    flip_all_bits(*state, "foreign/old_list_structure.parquet");
    flip_all_bits(*state, "foreign/repeated_no_annotation.parquet");
    flip_all_bits(*state, "foreign/byte_array_decimal.parquet");
    flip_all_bits(*state, "foreign/datapage_v2_empty_datapage.snappy.parquet");
    flip_all_bits(*state, "foreign/dict-page-offset-zero.parquet");
    flip_all_bits(*state, "foreign/variant_partial_object.parquet");
}

/* Page data is covered by checksums here: a flipped bit in it must be found. */
static void test_flipped_page_bits_fail_the_checksum(void **state)
{
    const firn_str whole = load(*state, "plain_v1_none.parquet");
    char *bytes = firn_arena_alloc(*state, whole.len);
    firn_error err = {0};
    assert_non_null(bytes);
    memcpy(bytes, whole.data, whole.len);
    assert_ok(read_all((firn_str){bytes, whole.len}, &err), &err);
    bytes[4 + 60] = (char)(bytes[4 + 60] ^ 1); /* behind the first page's header */
    assert_fails(read_all((firn_str){bytes, whole.len}, &err), FIRN_ERR_CORRUPT, &err,
                 "page checksum is");
}

static void test_text_that_is_not_utf8_is_refused(void **state)
{
    const firn_str whole = load(*state, "delta_v2_none.parquet");
    char *bytes = firn_arena_alloc(*state, whole.len);
    firn_error err = {0};
    assert_non_null(bytes);
    memcpy(bytes, whole.data, whole.len);
    /* Everywhere: the first one may be a bound in a page header. */
    size_t n_found = 0;
    for (size_t at = 0; (at = firn_str_find(whole, FIRN_STR("\xc3\xbc"), at)) != SIZE_MAX; at++) {
        bytes[at + 1] = 'x';
        n_found++;
    }
    assert_true(n_found > 0);
    assert_fails(read_all((firn_str){bytes, whole.len}, &err), FIRN_ERR_CORRUPT, &err,
                 "is not valid utf-8");
}

static void test_other_files_are_not_parquet(void **state)
{
    firn_error err = {0};
    (void)state;
    assert_fails(read_all(FIRN_STR("hello"), &err), FIRN_ERR_CORRUPT, &err, "5 bytes");
    assert_fails(read_all(FIRN_STR("a text of twenty or more bytes"), &err), FIRN_ERR_CORRUPT, &err,
                 "does not end with PAR1");
    assert_fails(read_all(FIRN_STR("PAR1xxxxxxxx\x04\0\0\0PARE"), &err), FIRN_ERR_UNSUPPORTED, &err,
                 "encrypted");
    assert_fails(read_all(FIRN_STR("ORC and its stripes (\bORC\x17"), &err), FIRN_ERR_UNSUPPORTED,
                 &err, "not supported: ORC file, expected a parquet file");
}

static void test_forged_footer_sizes_are_refused(void **state)
{
    firn_error err = {0};
    (void)state;
    assert_fails(read_all(FIRN_STR("PAR1\x0d\0\0\0PAR1"), &err), FIRN_ERR_CORRUPT, &err,
                 "footer of 13 bytes in a file of 12");
    assert_fails(read_all(FIRN_STR("PAR1\xff\xff\xff\x7fPAR1"), &err), FIRN_ERR_LIMIT, &err,
                 "limit 67108864");
}

static void test_invalid_variants_are_refused(void **state)
{
    static const struct {
        const char *name;
        firn_status status;
        const char *message;
    } k_cases[] = {
        {"refused/variant_non_object.parquet", FIRN_ERR_CORRUPT,
         "variant var: invalid variant, non-object value with shredded fields"},
        {"refused/variant_array_conflict.parquet", FIRN_ERR_CORRUPT,
         "variant var: invalid variant, conflicting value and typed_value"},
        {"refused/variant_unsigned.parquet", FIRN_ERR_UNSUPPORTED,
         "not supported: variant var shredded as long (physical type 1)"},
    };
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        firn_error err = {0};
        assert_fails(read_all(load(*state, k_cases[i].name), &err), k_cases[i].status, &err,
                     k_cases[i].message);
    }
}

/* Snappy cannot unpack 3 bytes to more than 64: refused before any memory is taken. */
static void test_codecs_refuse_wrong_sizes(void **state)
{
    static const firn_codec k_codecs[] = {
        FIRN_CODEC_NONE,    FIRN_CODEC_SNAPPY,  FIRN_CODEC_GZIP,       FIRN_CODEC_ZSTD,
        FIRN_CODEC_LZ4_RAW, FIRN_CODEC_DEFLATE, FIRN_CODEC_AVRO_SNAPPY};
    const firn_str text = FIRN_STR("to be or not to be, to be or not to be, to be or not to be");
    firn_codec_ctx *ctx = NULL;
    firn_error err = {0};
    char out[128];
    (void)state;
    assert_ok(firn_codec_ctx_create(&ctx, &err), &err);
    for (size_t i = 0; i < sizeof k_codecs / sizeof *k_codecs; i++) {
        firn_buf packed;
        firn_buf_init(&packed, NULL, 4096);
        assert_ok(firn_codec_compress(ctx, k_codecs[i], 0, text, &packed, &err), &err);
        const firn_str in = firn_buf_view(&packed);
        assert_ok(firn_codec_decompress(ctx, k_codecs[i], in, out, text.len, &err), &err);
        assert_memory_equal(out, text.data, text.len);
        assert_fails(firn_codec_decompress(ctx, k_codecs[i], in, out, text.len - 1, &err),
                     FIRN_ERR_CORRUPT, &err, NULL);
        assert_fails(firn_codec_decompress(ctx, k_codecs[i], in, out, text.len + 1, &err),
                     FIRN_ERR_CORRUPT, &err, NULL);
        assert_fails(firn_codec_decompress(ctx, k_codecs[i], (firn_str){in.data, in.len - 1}, out,
                                           text.len, &err),
                     FIRN_ERR_CORRUPT, &err, NULL);
        firn_buf_dispose(&packed);
    }
    firn_codec_ctx_destroy(ctx);
}

/* Brotli is only read: the block comes from pyarrow. */
static void test_brotli_is_read_and_refuses_wrong_sizes(void **state)
{
    static const char k_packed[] =
        "\x1b\x39\x00\x00\x04\x36\xc6\xd6\x95\xdf\xde\x09\x51\xee\x02\x8c\x35"
        "\xd9\x50\x6b\x5f\x11\xc1\x51\x8f\x21\x74";
    const firn_str in = {k_packed, sizeof k_packed - 1};
    const firn_str cut = {k_packed, sizeof k_packed - 2};
    const firn_str text = FIRN_STR("to be or not to be, to be or not to be, to be or not to be");
    firn_codec_ctx *ctx = NULL;
    firn_error err = {0};
    char out[128];
    firn_buf grown;
    (void)state;
    firn_buf_init(&grown, NULL, 4096);
    assert_ok(firn_codec_ctx_create(&ctx, &err), &err);
    assert_ok(firn_codec_decompress(ctx, FIRN_CODEC_BROTLI, in, out, text.len, &err), &err);
    assert_memory_equal(out, text.data, text.len);
    assert_fails(firn_codec_decompress(ctx, FIRN_CODEC_BROTLI, in, out, text.len - 1, &err),
                 FIRN_ERR_CORRUPT, &err, "invalid brotli data");
    assert_fails(firn_codec_decompress(ctx, FIRN_CODEC_BROTLI, in, out, text.len + 1, &err),
                 FIRN_ERR_CORRUPT, &err, "brotli data unpacks to 58 bytes, expected 59");
    assert_fails(firn_codec_decompress(ctx, FIRN_CODEC_BROTLI, cut, out, text.len, &err),
                 FIRN_ERR_CORRUPT, &err, "invalid brotli data");
    assert_ok(firn_codec_compress(ctx, FIRN_CODEC_BROTLI, 0, text, &grown, &err), &err);
    assert_ok(
        firn_codec_decompress(ctx, FIRN_CODEC_BROTLI, firn_buf_view(&grown), out, text.len, &err),
        &err);
    assert_memory_equal(out, text.data, text.len);
    assert_fails(firn_codec_compress(ctx, FIRN_CODEC_BROTLI, 12, text, &grown, &err), FIRN_ERR_ARG,
                 &err, "brotli level 12, expected 1 to 11");
    firn_buf_dispose(&grown);
    firn_codec_ctx_destroy(ctx);
}

static void test_unknown_sizes_stop_at_the_buffers_limit(void **state)
{
    static const firn_codec k_codecs[] = {FIRN_CODEC_DEFLATE, FIRN_CODEC_ZSTD,
                                          FIRN_CODEC_AVRO_SNAPPY, FIRN_CODEC_SNAPPY};
    firn_codec_ctx *ctx = NULL;
    firn_error err = {0};
    char *zeros = firn_arena_alloc_zero(*state, 100000);
    assert_non_null(zeros);
    assert_ok(firn_codec_ctx_create(&ctx, &err), &err);
    for (size_t i = 0; i < sizeof k_codecs / sizeof *k_codecs; i++) {
        firn_buf packed, out;
        firn_buf_init(&packed, NULL, 200000);
        assert_ok(
            firn_codec_compress(ctx, k_codecs[i], 0, (firn_str){zeros, 100000}, &packed, &err),
            &err);
        firn_buf_init(&out, NULL, 100000);
        assert_ok(firn_codec_decompress_grow(ctx, k_codecs[i], firn_buf_view(&packed), &out, &err),
                  &err);
        assert_int_equal(out.len, 100000);
        assert_memory_equal(out.data, zeros, 100000);
        firn_buf_dispose(&out);
        firn_buf_init(&out, NULL, 99999);
        assert_fails(
            firn_codec_decompress_grow(ctx, k_codecs[i], firn_buf_view(&packed), &out, &err),
            FIRN_ERR_LIMIT, &err, "99999");
        firn_buf_dispose(&out);
        firn_buf_dispose(&packed);
    }
    firn_codec_ctx_destroy(ctx);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_every_prefix_is_refused),
        TEST(test_flipped_bits_end_in_rows_or_errors),
        TEST(test_flipped_page_bits_fail_the_checksum),
        TEST(test_text_that_is_not_utf8_is_refused),
        TEST(test_other_files_are_not_parquet),
        TEST(test_forged_footer_sizes_are_refused),
        TEST(test_invalid_variants_are_refused),
        TEST(test_codecs_refuse_wrong_sizes),
        TEST(test_brotli_is_read_and_refuses_wrong_sizes),
        TEST(test_unknown_sizes_stop_at_the_buffers_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
