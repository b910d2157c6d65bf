/* SPDX-License-Identifier: Apache-2.0 */
/* Streaming gunzip: pieces of any size, several members, and streams that lie. */
#include "firn_test.h"

#include <string.h>

#include "base/buf.h"
#include "format/codec/gunzip.h"

/* "hello gzip\n" and "second member\n", written by Python's gzip module with mtime 0. */
static const char k_hello[] = "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xcb\x48\xcd\xc9\xc9\x57\x48"
                              "\xaf\xca\x2c\xe0\x02\x00\x39\x7c\x63\x56\x0b\x00\x00\x00";
static const char k_second[] =
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x2b\x4e\x4d\xce\xcf\x4b\x51"
    "\xc8\x4d\xcd\x4d\x4a\x2d\xe2\x02\x00\x36\x18\x4b\x0e\x0e\x00\x00\x00";

static firn_status unpack(firn_str in, size_t in_step, size_t out_step, firn_buf *out,
                          firn_error *err)
{
    firn_gunzip *gz = NULL;
    char piece[64];
    size_t at = 0;
    firn_status st;

    assert_int_equal(firn_gunzip_create(&gz, err), FIRN_OK);
    do {
        const size_t n = in.len - at < in_step ? in.len - at : in_step;
        size_t used = 0;
        size_t made = 0;
        st = firn_gunzip_step(gz, (firn_str){in.data + at, n}, at + n == in.len, piece, out_step,
                              &used, &made, err);
        firn_buf_append(out, piece, made);
        at += used;
    } while (st == FIRN_OK || st == FIRN_NEED_MORE);
    firn_gunzip_destroy(gz);
    return st;
}

static void test_members_of_any_piece_size(void **state)
{
    firn_buf in;
    firn_buf out;
    firn_error err = {0};

    (void)state;
    firn_buf_init(&in, NULL, 1000);
    firn_buf_init(&out, NULL, 1000);
    firn_buf_append(&in, k_hello, sizeof k_hello - 1);
    firn_buf_append(&in, k_second, sizeof k_second - 1);
    for (size_t in_step = 1; in_step <= in.len; in_step++) {
        for (size_t out_step = 1; out_step <= 40; out_step += 3) {
            firn_buf_clear(&out);
            assert_int_equal(unpack(firn_buf_view(&in), in_step, out_step, &out, &err), FIRN_DONE);
            assert_str(firn_buf_view(&out), "hello gzip\nsecond member\n");
        }
    }
    firn_buf_dispose(&in);
    firn_buf_dispose(&out);
}

static void test_every_truncation_is_corrupt(void **state)
{
    firn_buf out;

    (void)state;
    firn_buf_init(&out, NULL, 1000);
    for (size_t n = 0; n < sizeof k_hello - 1; n++) {
        firn_error err = {0};
        assert_fails(unpack((firn_str){k_hello, n}, 7, 5, &out, &err), FIRN_ERR_CORRUPT, &err,
                     "gzip stream cut short");
        assert_int_equal(err.position, n);
    }
    firn_buf_dispose(&out);
}

static void test_damage_is_corrupt(void **state)
{
    char bytes[sizeof k_hello];
    firn_buf out;
    firn_error err = {0};

    (void)state;
    firn_buf_init(&out, NULL, 1000);
    memcpy(bytes, k_hello, sizeof bytes);
    bytes[sizeof k_hello - 6] ^= 1; /* checksum */
    assert_fails(unpack((firn_str){bytes, sizeof k_hello - 1}, 100, 64, &out, &err),
                 FIRN_ERR_CORRUPT, &err, "incorrect data check");
    assert_fails(unpack(FIRN_STR("plain text"), 100, 64, &out, &err), FIRN_ERR_CORRUPT, &err,
                 "incorrect header check");
    memcpy(bytes, k_hello, sizeof bytes);
    bytes[sizeof k_hello - 1] = 'x'; /* rubbish behind the member */
    assert_fails(unpack((firn_str){bytes, sizeof k_hello}, 100, 64, &out, &err), FIRN_ERR_CORRUPT,
                 &err, "gzip");
    firn_buf_dispose(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members_of_any_piece_size),
        cmocka_unit_test(test_every_truncation_is_corrupt),
        cmocka_unit_test(test_damage_is_corrupt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
