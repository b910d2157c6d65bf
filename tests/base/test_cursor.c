/* SPDX-License-Identifier: Apache-2.0 */
/* Cursor and buffer: what one writes the other reads; every truncation is refused. */
#include "base/cursor.h"

#include <string.h>

#include "base/buf.h"
#include "firn_test.h"

static const uint64_t k_values[] = {
    0, 1, 127, 128, 300, 16383, 16384, UINT32_MAX, (uint64_t)UINT32_MAX + 1, INT64_MAX, UINT64_MAX,
};

static void test_varints_come_back_and_truncations_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof k_values / sizeof k_values[0]; i++) {
        firn_buf buf;
        firn_error err;
        firn_cursor c;
        uint64_t u = 0;
        int64_t z = 0;
        size_t first;
        firn_buf_init(&buf, NULL, 100);
        firn_buf_uvarint(&buf, k_values[i]);
        first = buf.len;
        firn_buf_zigzag(&buf, (int64_t)k_values[i]);
        assert_ok(firn_buf_check(&buf, &err), &err);
        c = firn_cursor_of(firn_buf_view(&buf), 0);
        assert_ok(firn_cursor_uvarint(&c, &u, &err), &err);
        assert_true(u == k_values[i]);
        assert_ok(firn_cursor_zigzag(&c, &z, &err), &err);
        assert_true(z == (int64_t)k_values[i]);
        assert_int_equal(firn_cursor_left(&c), 0);
        for (size_t n = 0; n < first; n++) {
            c = firn_cursor_of((firn_str){buf.data, n}, 1000);
            assert_fails(firn_cursor_uvarint(&c, &u, &err), FIRN_ERR_CORRUPT, &err, "truncated");
            assert_int_equal(err.position, 1000);
            assert_int_equal(firn_cursor_left(&c), n);
        }
        firn_buf_dispose(&buf);
    }
}

static void test_overflowing_varints_are_refused(void **state)
{
    static const char eleven[] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";
    static const char bit64[] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02";
    static const char bit32[] = "\xff\xff\xff\xff\x10";
    static const char max32[] = "\xff\xff\xff\xff\x0f";
    firn_error err;
    uint64_t u = 0;
    uint32_t v = 0;
    int32_t z = 0;
    firn_cursor c = firn_cursor_of((firn_str){eleven, 11}, 0);
    (void)state;
    assert_fails(firn_cursor_uvarint(&c, &u, &err), FIRN_ERR_CORRUPT, &err, "exceeds 64 bits");
    c = firn_cursor_of((firn_str){bit64, 10}, 0);
    assert_fails(firn_cursor_uvarint(&c, &u, &err), FIRN_ERR_CORRUPT, &err, "exceeds 64 bits");
    c = firn_cursor_of((firn_str){bit32, 5}, 0);
    assert_fails(firn_cursor_uvarint32(&c, &v, &err), FIRN_ERR_CORRUPT, &err, "exceeds 32 bits");
    c = firn_cursor_of((firn_str){max32, 5}, 0);
    assert_ok(firn_cursor_uvarint32(&c, &v, &err), &err);
    assert_int_equal(v, UINT32_MAX);
    c = firn_cursor_of((firn_str){max32, 5}, 0);
    assert_ok(firn_cursor_zigzag32(&c, &z, &err), &err);
    assert_int_equal(z, INT32_MIN);
}

static void test_fixed_widths_and_slices(void **state)
{
    firn_buf buf;
    firn_error err;
    firn_cursor c;
    uint8_t b = 0;
    uint32_t v32 = 0;
    uint64_t v64 = 0;
    firn_str slice = {NULL, 0};
    (void)state;
    firn_buf_init(&buf, NULL, 100);
    firn_buf_byte(&buf, 9);
    firn_buf_u32le(&buf, 0x01020304);
    firn_buf_u64le(&buf, UINT64_C(0x0102030405060708));
    firn_buf_cstr(&buf, "tail");
    c = firn_cursor_of(firn_buf_view(&buf), 50);
    assert_ok(firn_cursor_u8(&c, &b, &err), &err);
    assert_int_equal(b, 9);
    assert_ok(firn_cursor_u32le(&c, &v32, &err), &err);
    assert_int_equal(v32, 0x01020304);
    assert_ok(firn_cursor_u64le(&c, &v64, &err), &err);
    assert_true(v64 == UINT64_C(0x0102030405060708));
    assert_fails(firn_cursor_take(&c, UINT64_MAX, &slice, &err), FIRN_ERR_CORRUPT, &err,
                 "truncated: 18446744073709551615 bytes needed, 4 left");
    assert_int_equal(err.position, 63);
    assert_ok(firn_cursor_take(&c, 4, &slice, &err), &err);
    assert_str(slice, "tail");
    assert_fails(firn_cursor_u8(&c, &b, &err), FIRN_ERR_CORRUPT, &err, "truncated");
    firn_buf_dispose(&buf);
}

static void test_empty_input_is_short_not_a_crash(void **state)
{
    firn_cursor c = firn_cursor_of((firn_str){NULL, 0}, 0);
    firn_error err;
    uint8_t b = 0;
    (void)state;
    assert_fails(firn_cursor_u8(&c, &b, &err), FIRN_ERR_CORRUPT, &err,
                 "truncated: 1 bytes needed, 0 left");
}

static void test_buffer_limit_is_exact_and_sticky(void **state)
{
    firn_buf buf;
    firn_error err;
    (void)state;
    firn_buf_init(&buf, NULL, 10);
    firn_buf_append(&buf, "123456789", 9);
    firn_buf_byte(&buf, '0');
    assert_ok(firn_buf_check(&buf, &err), &err);
    firn_buf_byte(&buf, 'x');
    firn_buf_append(&buf, "", 0);
    assert_fails(firn_buf_check(&buf, &err), FIRN_ERR_LIMIT, &err, "limit of 10 bytes");
    assert_str(firn_buf_view(&buf), "1234567890");
    assert_null(firn_buf_reserve(&buf, 0));
    firn_buf_clear(&buf);
    firn_buf_str(&buf, FIRN_STR("again"));
    assert_ok(firn_buf_check(&buf, &err), &err);
    assert_str(firn_buf_view(&buf), "again");
    firn_buf_dispose(&buf);
}

static void test_buffer_formats_text(void **state)
{
    firn_buf buf;
    firn_error err;
    (void)state;
    firn_buf_init(&buf, NULL, 0);
    for (int i = 0; i < 100; i++) firn_buf_printf(&buf, "%d,", i);
    assert_ok(firn_buf_check(&buf, &err), &err);
    assert_int_equal(buf.len, 10 * 2 + 90 * 3);
    assert_int_equal(memcmp(buf.data, "0,1,2,", 6), 0);
    assert_int_equal(memcmp(buf.data + buf.len - 6, "98,99,", 6), 0);
    firn_buf_dispose(&buf);
}

static void test_buffer_without_memory_reports_it_once(void **state)
{
    firn_test_alloc counter = {.fail_at = 2};
    firn_allocator alloc = firn_test_alloc_interface(&counter);
    firn_buf buf;
    firn_error err;
    (void)state;
    firn_buf_init(&buf, &alloc, 0);
    for (int i = 0; i < 1000; i++) firn_buf_u64le(&buf, 1);
    assert_fails(firn_buf_check(&buf, &err), FIRN_ERR_NOMEM, &err, "out of memory");
    assert_int_equal(counter.n_calls, 2);
    firn_buf_dispose(&buf);
    assert_int_equal(counter.n_live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_varints_come_back_and_truncations_fail),
        cmocka_unit_test(test_overflowing_varints_are_refused),
        cmocka_unit_test(test_fixed_widths_and_slices),
        cmocka_unit_test(test_empty_input_is_short_not_a_crash),
        cmocka_unit_test(test_buffer_limit_is_exact_and_sticky),
        cmocka_unit_test(test_buffer_formats_text),
        cmocka_unit_test(test_buffer_without_memory_reports_it_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
