/* SPDX-License-Identifier: Apache-2.0 */
/* Our snappy decoder: what the codec compressed comes back, hand-made blocks of every kind of tag,
 * and damaged blocks that must fail without touching memory beside the buffers. */
#include "firn_test.h"

#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "format/codec/codec.h"
#include "format/codec/snappy_decode.h"

/* Input and output of exactly their size, so that the sanitizer sees one byte too many. */
static bool decode_exact(firn_str in, size_t size, char *copy_out)
{
    char *tight_in = firn_mem_alloc(NULL, in.len + (in.len == 0));
    char *tight_out = firn_mem_alloc(NULL, size + (size == 0));
    assert_true(tight_in && tight_out);
    memcpy(tight_in, in.data, in.len);
    memset(tight_out, 0, size);
    const bool ok = firn_snappy_decode((firn_str){tight_in, in.len}, tight_out, size);
    if (copy_out) memcpy(copy_out, tight_out, size);
    firn_mem_free(NULL, tight_in);
    firn_mem_free(NULL, tight_out);
    return ok;
}

/* Bytes that repeat more or less: every 64th kind of text has another period. */
static void fill(char *out, size_t n, uint32_t seed)
{
    uint32_t x = seed * 2654435761U + 1;
    const size_t period = seed % 64 + 1;
    for (size_t i = 0; i < n; i++) {
        x = x * 1664525 + 1013904223;
        const bool repeats = i >= period && (x >> 28) != 0;
        out[i] = repeats ? out[i - period] : (char)(x >> 24);
    }
}

static void test_compressed_text_comes_back(void **state)
{
    static char text[70000], back[70000];
    firn_codec_ctx *ctx = NULL;
    firn_error err = {0};
    (void)state;
    assert_ok(firn_codec_ctx_create(&ctx, &err), &err);
    for (uint32_t seed = 0; seed < 200; seed++) {
        const size_t n = (seed * 7919U) % (seed % 10 == 0 ? sizeof text : 500);
        firn_buf packed;
        firn_buf_init(&packed, NULL, 200000);
        fill(text, n, seed);
        assert_ok(
            firn_codec_compress(ctx, FIRN_CODEC_SNAPPY, 0, (firn_str){text, n}, &packed, &err),
            &err);
        if (!decode_exact(firn_buf_view(&packed), n, back)) fail_msg("seed %u: refused", seed);
        assert_memory_equal(back, text, n);
        firn_buf_dispose(&packed);
    }
    firn_codec_ctx_destroy(ctx);
}

static void test_every_kind_of_tag(void **state)
{
    char out[64];
    (void)state;
    /* literal "abcd", copy of 4 from 4 back (1-byte offset), of 3 from 1 (2), of 2 from 8 (4) */
    assert_true(decode_exact(FIRN_STR("\x0d\x0c"
                                      "abcd\x01\x04\x0a\x01\x00\x07\x08\x00\x00\x00"),
                             13, out));
    assert_memory_equal(out, "abcdabcdddddd", 11);
    assert_memory_equal(out + 11, out + 3, 2);
    /* literal lengths in 1 to 4 bytes of their own */
    assert_true(decode_exact(FIRN_STR("\x02\xf0\x01xy"), 2, out));
    assert_true(decode_exact(FIRN_STR("\x02\xf4\x01\x00xy"), 2, out));
    assert_true(decode_exact(FIRN_STR("\x02\xf8\x01\x00\x00xy"), 2, out));
    assert_true(decode_exact(FIRN_STR("\x02\xfc\x01\x00\x00\x00xy"), 2, out));
    assert_memory_equal(out, "xy", 2);
    assert_true(decode_exact(FIRN_STR("\0"), 0, out));
}

static void test_overlapping_copies_repeat_their_pattern(void **state)
{
    (void)state;
    for (size_t offset = 1; offset <= 40; offset++) {
        for (size_t len = 1; len <= 64; len++) {
            /* offset bytes of literal, a copy, and room behind it for the fast path */
            char in[512];
            char out[512];
            const size_t size = offset + len + 200;
            size_t n = 0;
            in[n++] = (char)((size & 0x7f) | 0x80);
            in[n++] = (char)(size >> 7);
            in[n++] = (char)((offset - 1) << 2);
            for (size_t i = 0; i < offset; i++) in[n++] = (char)('a' + i);
            in[n++] = (char)((len - 1) << 2 | 2);
            in[n++] = (char)offset;
            in[n++] = 0;
            in[n++] = (char)0xf0;
            in[n++] = (char)199;
            memset(in + n, '.', 200);
            assert_true(decode_exact((firn_str){in, n + 200}, size, out));
            for (size_t i = 0; i < offset + len; i++)
                assert_int_equal((uint8_t)out[i], 'a' + i % offset);
        }
    }
}

static void test_damaged_blocks_are_refused(void **state)
{
    static const struct {
        firn_str in;
        size_t size;
    } k_cases[] = {
        {FIRN_STR_INIT(""), 0},
        {FIRN_STR_INIT("\x04\x0c"
                       "abc"),
         4}, /* literal cut short */
        {FIRN_STR_INIT("\x03\x0c"
                       "abcd"),
         3}, /* more than declared */
        {FIRN_STR_INIT("\x05\x0c"
                       "abcd"),
         5}, /* less than declared */
        {FIRN_STR_INIT("\x05\x0c"
                       "abcd"),
         4}, /* declared is not what is wanted */
        {FIRN_STR_INIT("\x08\x0c"
                       "abcd\x01\x00"),
         8}, /* offset 0 */
        {FIRN_STR_INIT("\x08\x0c"
                       "abcd\x01\x05"),
         8}, /* before the start */
        {FIRN_STR_INIT("\x08\x0c"
                       "abcd\x01"),
         8}, /* copy without its offset */
        {FIRN_STR_INIT("\x08\x0c"
                       "abcd\x0f\x04\x00"),
         8},
        {FIRN_STR_INIT("\x08\x0c"
                       "abcd\xfe\x04\x00"),
         8}, /* copy beyond the end */
        {FIRN_STR_INIT("\x08\xfc\xff\xff\xff\xff"), 8},
        {FIRN_STR_INIT("\xff\xff\xff\xff\xff\x0f"), 8},
    };
    (void)state;
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++)
        if (decode_exact(k_cases[i].in, k_cases[i].size, NULL)) fail_msg("case %zu was read", i);
}

static void test_flipped_bits_stay_inside_the_buffers(void **state)
{
    char text[400];
    firn_codec_ctx *ctx = NULL;
    firn_error err = {0};
    firn_buf packed;
    size_t n_refused = 0;
    (void)state;
    fill(text, sizeof text, 5);
    firn_buf_init(&packed, NULL, 4096);
    assert_ok(firn_codec_ctx_create(&ctx, &err), &err);
    assert_ok(firn_codec_compress(ctx, FIRN_CODEC_SNAPPY, 0, (firn_str){text, sizeof text}, &packed,
                                  &err),
              &err);
    for (size_t bit = 0; bit < packed.len * 8; bit++) {
        packed.data[bit / 8] = (char)(packed.data[bit / 8] ^ (1 << bit % 8));
        n_refused += !decode_exact(firn_buf_view(&packed), sizeof text, NULL);
        packed.data[bit / 8] = (char)(packed.data[bit / 8] ^ (1 << bit % 8));
    }
    for (size_t n = 0; n < packed.len; n++)
        assert_false(decode_exact((firn_str){packed.data, n}, sizeof text, NULL));
    assert_true(n_refused > 0);
    firn_buf_dispose(&packed);
    firn_codec_ctx_destroy(ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compressed_text_comes_back),
        cmocka_unit_test(test_every_kind_of_tag),
        cmocka_unit_test(test_overlapping_copies_repeat_their_pattern),
        cmocka_unit_test(test_damaged_blocks_are_refused),
        cmocka_unit_test(test_flipped_bits_stay_inside_the_buffers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
