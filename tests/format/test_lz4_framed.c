/* SPDX-License-Identifier: Apache-2.0 */
/* The three forms that Parquet's deprecated LZ4 codec has in the wild. */
#include "firn_test.h"

#include <string.h>

#include "base/str.h"
#include "format/codec/codec.h"
#include "format/codec/lz4_framed.h"

#define HALF 29

static const firn_str k_text =
    FIRN_STR_INIT("to be or not to be, to be or not to be, to be or not to be");

static void put_u32be(firn_buf *out, size_t v)
{
    firn_buf_u32le(out, __builtin_bswap32((uint32_t)v));
}

/* Appends the packed bytes, with their size in front unless that is left out. */
static void put_block(firn_buf *out, firn_str text, bool has_size)
{
    firn_codec_ctx *ctx = NULL;
    firn_error err = {0};
    firn_buf packed;
    firn_buf_init(&packed, NULL, 4096);
    assert_ok(firn_codec_ctx_create(&ctx, &err), &err);
    assert_ok(firn_codec_compress(ctx, FIRN_CODEC_LZ4_RAW, 0, text, &packed, &err), &err);
    if (has_size) put_u32be(out, packed.len);
    firn_buf_str(out, firn_buf_view(&packed));
    firn_codec_ctx_destroy(ctx);
    firn_buf_dispose(&packed);
}

/* Decodes to the text, and neither as another size nor cut short. */
static void assert_decodes(firn_str in)
{
    char out[128];
    memset(out, 0, sizeof out);
    assert_true(firn_lz4_framed_decode(in, out, k_text.len));
    assert_memory_equal(out, k_text.data, k_text.len);
    assert_false(firn_lz4_framed_decode(in, out, k_text.len + 1));
    assert_false(firn_lz4_framed_decode(in, out, k_text.len - 1));
    for (size_t n = 0; n < in.len - 4; n++) /* the last bytes may be a frame's mark of its end */
        assert_false(firn_lz4_framed_decode((firn_str){in.data, n}, out, k_text.len));
}

static void test_bare_block_is_read(void **state)
{
    firn_buf in;
    (void)state;
    firn_buf_init(&in, NULL, 4096);
    put_block(&in, k_text, false);
    assert_decodes(firn_buf_view(&in));
    firn_buf_dispose(&in);
}

static void test_hadoop_blocks_are_read_one_or_many(void **state)
{
    firn_buf in;
    (void)state;
    firn_buf_init(&in, NULL, 4096);
    put_u32be(&in, k_text.len);
    put_block(&in, k_text, true);
    assert_decodes(firn_buf_view(&in));
    firn_buf_clear(&in); /* one size for two blocks */
    put_u32be(&in, k_text.len);
    put_block(&in, (firn_str){k_text.data, HALF}, true);
    put_block(&in, (firn_str){k_text.data + HALF, k_text.len - HALF}, true);
    assert_decodes(firn_buf_view(&in));
    firn_buf_clear(&in); /* two sizes */
    put_u32be(&in, HALF);
    put_block(&in, (firn_str){k_text.data, HALF}, true);
    put_u32be(&in, k_text.len - HALF);
    put_block(&in, (firn_str){k_text.data + HALF, k_text.len - HALF}, true);
    assert_decodes(firn_buf_view(&in));
    firn_buf_dispose(&in);
}

/* The frame comes from pyarrow. */
static void test_frame_is_read(void **state)
{
    static const char k_frame[] =
        "\x04\x22\x4d\x18\x60\x40\x82\x1e\x00\x00\x00\xd1\x74\x6f\x20\x62\x65\x20\x6f\x72\x20\x6e"
        "\x6f\x74\x20\x0d\x00\x12\x2c\x07\x00\x0f\x14\x00\x09\x50\x74\x6f\x20\x62\x65\x00\x00\x00"
        "\x00";
    (void)state;
    assert_decodes((firn_str){k_frame, sizeof k_frame - 1});
}

static void test_empty_output_needs_no_frame(void **state)
{
    char out[1];
    (void)state;
    assert_true(firn_lz4_framed_decode((firn_str){"", 0}, out, 0));
    assert_false(firn_lz4_framed_decode(FIRN_STR("\0\0\0\0\0\0\0"), out, 0));
}

/* Of a page of nulls arrow-rs makes a frame with a block, whose one token says that nothing comes.
 */
static void test_empty_output_may_have_a_block(void **state)
{
    char out[1];
    firn_buf in;
    (void)state;
    assert_true(firn_lz4_framed_decode(FIRN_STR("\0\0\0\0\0\0\0\1\0"), out, 0));
    assert_false(firn_lz4_framed_decode(FIRN_STR("\0\0\0\0\0\0\0\1\1"), out, 0));
    assert_false(firn_lz4_framed_decode(FIRN_STR("\0\0\0\0\0\0\0\1"), out, 0));
    firn_buf_init(&in, NULL, 4096);
    firn_buf_str(&in, FIRN_STR("\0\0\0\0\0\0\0\1\0"));
    put_u32be(&in, k_text.len);
    put_block(&in, k_text, true);
    assert_decodes(firn_buf_view(&in));
    firn_buf_dispose(&in);
}

static void test_codec_names_the_form(void **state)
{
    firn_codec_ctx *ctx = NULL;
    firn_error err = {0};
    firn_buf grown;
    char out[8];
    (void)state;
    firn_buf_init(&grown, NULL, 4096);
    assert_ok(firn_codec_ctx_create(&ctx, &err), &err);
    assert_fails(firn_codec_decompress(ctx, FIRN_CODEC_LZ4_FRAMED, FIRN_STR("\xff\xff"), out,
                                       sizeof out, &err),
                 FIRN_ERR_CORRUPT, &err, "invalid framed lz4 data in a block of 2 bytes");
    assert_fails(firn_codec_compress(ctx, FIRN_CODEC_LZ4_FRAMED, 0, k_text, &grown, &err),
                 FIRN_ERR_UNSUPPORTED, &err, "not supported: compression with framed lz4");
    firn_codec_ctx_destroy(ctx);
    firn_buf_dispose(&grown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bare_block_is_read),
        cmocka_unit_test(test_hadoop_blocks_are_read_one_or_many),
        cmocka_unit_test(test_frame_is_read),
        cmocka_unit_test(test_empty_output_needs_no_frame),
        cmocka_unit_test(test_empty_output_may_have_a_block),
        cmocka_unit_test(test_codec_names_the_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
