/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks unpacked in pieces of any size are what they are as a whole; cut and damaged ones are
 * told. */
#include "format/codec/codec_stream.h"

#include <string.h>

#include "base/alloc.h"
#include "base/random.h"
#include "base/str.h"
#include "fail_alloc.h"
#include "format/codec/snappy_stream.h"

#define MOST      ((size_t)700 << 10)
#define FAR_BYTES 200000

static const firn_codec k_codecs[] = {FIRN_CODEC_SNAPPY, FIRN_CODEC_GZIP, FIRN_CODEC_ZSTD,
                                      FIRN_CODEC_BROTLI, FIRN_CODEC_LZ4_RAW};
#define N_CODECS (sizeof k_codecs / sizeof *k_codecs)

/* Runs, repetitions from near and far, and noise. */
static void make_text(firn_prng *prng, char *out, size_t n)
{
    for (size_t at = 0; at < n;) {
        size_t len = 1 + (size_t)firn_prng_below(prng, firn_prng_below(prng, 8) ? 40 : 3000);
        if (len > n - at) len = n - at;
        const size_t back = at > 0 ? 1 + (size_t)firn_prng_below(prng, at) : 0;
        const bool is_copy = at > 0 && firn_prng_below(prng, 3) > 0;
        for (size_t i = 0; i < len; i++, at++) {
            out[at] = (char)firn_prng_next(prng);
            if (is_copy) out[at] = out[at - back];
        }
    }
}

static firn_buf pack(firn_codec codec, firn_str text)
{
    firn_codec_ctx *ctx = NULL;
    firn_buf packed;
    firn_error err = {0};
    firn_buf_init(&packed, NULL, 0);
    assert_ok(firn_codec_ctx_create(&ctx, &err), &err);
    assert_ok(firn_codec_compress(ctx, codec, 0, text, &packed, &err), &err);
    firn_codec_ctx_destroy(ctx);
    return packed;
}

/* Pieces of input and room of random sizes; input that is left is given again. Returns what came
 * out, or the failure. */
static firn_status unpack(firn_codec codec, firn_str in, firn_prng *prng, char *out, size_t room,
                          size_t *n, bool *is_done, firn_error *err)
{
    firn_codec_stream *stream = NULL;
    const uint64_t most = 1 + firn_prng_below(prng, (uint64_t)1 << firn_prng_below(prng, 18));
    size_t at = 0, end = 0;
    *n = 0;
    FIRN_TRY(firn_codec_stream_create(codec, &stream, err));
    firn_status st = FIRN_OK;
    while (st == FIRN_OK) {
        size_t used = 0, made = 0, some = 1 + (size_t)firn_prng_below(prng, most);
        end += FIRN_CODEC_STREAM_INPUT + (size_t)firn_prng_below(prng, most);
        if (end > in.len) end = in.len;
        if (some > room - *n) some = room - *n;
        st = firn_codec_stream_step(stream, firn_str_slice(in, at, end), end == in.len, out + *n,
                                    some, &used, &made, err);
        at += used;
        *n += made;
        if (used == 0 && made == 0 && end == in.len) break;
    }
    *is_done = firn_codec_stream_is_done(stream) && at == in.len;
    firn_codec_stream_destroy(stream);
    return st;
}

static void test_pieces_are_the_whole(void **state)
{
    static const size_t k_sizes[] = {0, 1, 15, 100, 65535, 65536, 65537, 200000, MOST};
    char *text = firn_mem_alloc(NULL, MOST), *out = firn_mem_alloc(NULL, MOST);
    firn_prng prng;
    firn_error err = {0};
    (void)state;
    firn_prng_init(&prng, 7);
    for (size_t i = 0; i < N_CODECS * sizeof k_sizes / sizeof *k_sizes; i++) {
        const firn_codec codec = k_codecs[i % N_CODECS];
        const size_t size = k_sizes[i / N_CODECS];
        size_t n = 0;
        bool is_done = false;
        make_text(&prng, text, size);
        firn_buf packed = pack(codec, (firn_str){text, size});
        for (int round = 0; round < 6; round++) {
            assert_ok(unpack(codec, firn_buf_view(&packed), &prng, out, size, &n, &is_done, &err),
                      &err);
            assert_int_equal(n, size);
            assert_memory_equal(out, text, size);
            assert_true(is_done);
        }
        firn_buf_dispose(&packed);
    }
    firn_mem_free(NULL, text);
    firn_mem_free(NULL, out);
}

static void test_cut_and_longer_blocks_are_not_done(void **state)
{
    static char text[5000], out[6000];
    firn_prng prng;
    (void)state;
    firn_prng_init(&prng, 8);
    make_text(&prng, text, sizeof text);
    for (size_t i = 0; i < N_CODECS; i++) {
        firn_buf packed = pack(k_codecs[i], (firn_str){text, sizeof text});
        const size_t len = packed.len;
        firn_buf_append(&packed, "behind", 6);
        for (size_t cut = 0; cut < len + 6; cut += cut < len - 40 ? 37 : 1) {
            firn_error err = {0};
            size_t n = 0;
            bool is_done = false;
            if (cut == len) continue;
            const firn_status st = unpack(k_codecs[i], (firn_str){packed.data, cut}, &prng, out,
                                          sizeof out, &n, &is_done, &err);
            assert_true(st == FIRN_OK || st == FIRN_ERR_CORRUPT);
            const bool may_end = k_codecs[i] == FIRN_CODEC_LZ4_RAW && n != sizeof text;
            assert_false(st == FIRN_OK && is_done && cut > 0 && !may_end);
            assert_memory_equal(out, text, n < sizeof text ? n : sizeof text);
        }
        firn_buf_dispose(&packed);
    }
}

static void test_damage_is_an_error_or_other_bytes(void **state)
{
    static char text[3000], out[70000];
    firn_prng prng;
    (void)state;
    firn_prng_init(&prng, 9);
    make_text(&prng, text, sizeof text);
    for (size_t i = 0; i < N_CODECS; i++) {
        firn_buf packed = pack(k_codecs[i], (firn_str){text, sizeof text});
        for (size_t at = 0; at < packed.len; at += 1 + at / 16) {
            firn_error err = {0};
            size_t n = 0;
            bool is_done = false;
            packed.data[at] = (char)(packed.data[at] + 1 + (char)firn_prng_below(&prng, 255));
            const firn_status st = unpack(k_codecs[i], firn_buf_view(&packed), &prng, out,
                                          sizeof out, &n, &is_done, &err);
            assert_true(st == FIRN_OK || strlen(err.message) > 0);
        }
        firn_buf_dispose(&packed);
    }
}

/* FAR_BYTES bytes, then a copy of 4 from so far back. */
static firn_status snappy_copy(uint32_t offset, firn_error *err)
{
    static char out[FAR_BYTES + 4];
    firn_buf block;
    firn_prng prng;
    size_t n = 0;
    bool is_done = false;
    firn_prng_init(&prng, 10);
    firn_buf_init(&block, NULL, 0);
    firn_buf_append(&block, "\xc4\x9a\x0c", 3); /* 200,004 */
    firn_buf_append(&block, "\xf8\x3f\x0d\x03", 4);
    for (int i = 0; i < FAR_BYTES; i++) firn_buf_byte(&block, (uint8_t)(i % 251));
    firn_buf_byte(&block, 3 << 2 | 3);
    firn_buf_u32le(&block, offset);
    const firn_status st =
        unpack(FIRN_CODEC_SNAPPY, firn_buf_view(&block), &prng, out, sizeof out, &n, &is_done, err);
    if (st == FIRN_OK) {
        assert_true(is_done);
        assert_int_equal(n, sizeof out);
        for (size_t i = FAR_BYTES; i < FAR_BYTES + 4; i++)
            assert_int_equal(out[i], out[i - offset]);
    }
    firn_buf_dispose(&block);
    return st;
}

static void test_snappy_refers_back_as_far_as_its_history(void **state)
{
    firn_error err = {0};
    (void)state;
    assert_ok(snappy_copy(FIRN_SNAPPY_HISTORY - 1, &err), &err);
    assert_ok(snappy_copy(FIRN_SNAPPY_HISTORY, &err), &err);
    assert_fails(snappy_copy(FAR_BYTES, &err), FIRN_ERR_UNSUPPORTED, &err,
                 "not supported: large snappy block that refers back more than 65536 bytes");
    assert_fails(snappy_copy(FAR_BYTES + 1, &err), FIRN_ERR_CORRUPT, &err, "invalid snappy data");
    assert_fails(snappy_copy(0, &err), FIRN_ERR_CORRUPT, &err, "invalid snappy data");
}

static firn_status create(void *ctx, firn_error *err)
{
    firn_codec_stream *stream = NULL;
    const firn_status st = firn_codec_stream_create(*(const firn_codec *)ctx, &stream, err);
    firn_codec_stream_destroy(stream);
    return st;
}

static void test_streams_say_when_there_is_no_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_CODECS; i++) {
        firn_codec codec = k_codecs[i];
        assert_true(firn_fail_alloc_each(create, &codec) >= 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_are_the_whole),
        cmocka_unit_test(test_cut_and_longer_blocks_are_not_done),
        cmocka_unit_test(test_damage_is_an_error_or_other_bytes),
        cmocka_unit_test(test_snappy_refers_back_as_far_as_its_history),
        cmocka_unit_test(test_streams_say_when_there_is_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
