/* SPDX-License-Identifier: Apache-2.0 */
#include "firn_test.h"

#include <string.h>

#include "format/parquet/thrift/thrift.h"
#include "format/parquet/thrift/thrift_writer.h"

static firn_buf g_out;

static int set_up(void **state)
{
    (void)state;
    firn_buf_init(&g_out, NULL, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    firn_buf_dispose(&g_out);
    return 0;
}

static void assert_bytes(const char *bytes, size_t n)
{
    assert_int_equal(g_out.status, FIRN_OK);
    assert_int_equal(g_out.len, n);
    assert_memory_equal(g_out.data, bytes, n);
}
#define ASSERT_BYTES(literal) assert_bytes(literal, sizeof(literal) - 1)

static void test_small_id_steps_share_a_byte_with_the_type(void **state)
{
    (void)state;
    firn_thrift_writer w = firn_thrift_writer_of(&g_out);
    firn_thrift_put_i32(&w, 1, -1);
    firn_thrift_put_i64(&w, 16, 64);
    firn_thrift_put_bool(&w, 17, true);
    firn_thrift_put_bool(&w, 18, false);
    firn_thrift_put_end(&w);
    ASSERT_BYTES("\x15\x01\xf6\x80\x01\x11\x12\x00");
}

static void test_large_and_falling_id_steps_are_written_out(void **state)
{
    (void)state;
    firn_thrift_writer w = firn_thrift_writer_of(&g_out);
    firn_thrift_put_i8(&w, 100, -2);
    firn_thrift_put_i16(&w, 3, 300);
    firn_thrift_put_end(&w);
    ASSERT_BYTES("\x03\xc8\x01\xfe\x04\x06\xd8\x04\x00");
}

static void test_nested_structs_begin_their_ids_anew(void **state)
{
    (void)state;
    firn_thrift_writer w = firn_thrift_writer_of(&g_out);
    firn_thrift_put_struct(&w, 5);
    firn_thrift_put_bytes(&w, 1, FIRN_STR("ab"));
    firn_thrift_put_empty(&w, 2);
    firn_thrift_put_end(&w);
    firn_thrift_put_i32(&w, 6, 0);
    firn_thrift_put_end(&w);
    ASSERT_BYTES("\x5c\x18\x02"
                 "ab\x1c\x00\x00\x15\x00\x00");
}

static void test_lists_of_15_and_more_have_a_long_header(void **state)
{
    (void)state;
    firn_thrift_writer w = firn_thrift_writer_of(&g_out);
    firn_thrift_put_list_of_i32(&w, 1, 2);
    firn_thrift_put_element_i32(&w, 1);
    firn_thrift_put_element_i32(&w, -1);
    firn_thrift_put_list_of_bytes(&w, 2, 15);
    for (int i = 0; i < 15; i++) firn_thrift_put_element_bytes(&w, FIRN_STR("x"));
    ASSERT_BYTES("\x19\x25\x02\x01\x19\xf8\x0f\x01x\x01x\x01x\x01x\x01x\x01x\x01x\x01x\x01x\x01x"
                 "\x01x\x01x\x01x\x01x\x01x");
}

static void test_the_reader_reads_what_was_written(void **state)
{
    (void)state;
    firn_thrift_writer w = firn_thrift_writer_of(&g_out);
    firn_thrift_put_list_of_structs(&w, 7, 2);
    for (int i = 0; i < 2; i++) {
        firn_thrift_put_element_struct(&w);
        firn_thrift_put_i64(&w, 2, INT64_MIN + i);
        firn_thrift_put_end(&w);
    }
    firn_thrift_put_end(&w);
    firn_error err;
    firn_thrift t = firn_thrift_of(firn_buf_view(&g_out), 0);
    firn_thrift_field field;
    size_t n;
    assert_ok(firn_thrift_enter(&t, NULL, &field, &err), &err);
    assert_ok(firn_thrift_next(&t, &field, &err), &err);
    assert_int_equal(field.id, 7);
    assert_ok(firn_thrift_list(&t, &field, FIRN_THRIFT_STRUCT, &n, &err), &err);
    assert_int_equal(n, 2);
    for (int i = 0; i < 2; i++) {
        firn_thrift_field member;
        int64_t value;
        assert_ok(firn_thrift_enter(&t, NULL, &member, &err), &err);
        assert_ok(firn_thrift_next(&t, &member, &err), &err);
        assert_ok(firn_thrift_i64(&t, &member, &value, &err), &err);
        assert_true(value == INT64_MIN + i);
        assert_int_equal(firn_thrift_next(&t, &member, &err), FIRN_DONE);
    }
    assert_int_equal(firn_thrift_next(&t, &field, &err), FIRN_DONE);
}

static void test_structs_nested_too_deep_are_an_error(void **state)
{
    (void)state;
    firn_thrift_writer w = firn_thrift_writer_of(&g_out);
    for (int i = 0; i < FIRN_THRIFT_WRITER_DEPTH; i++) firn_thrift_put_struct(&w, 1);
    assert_int_equal(g_out.status, FIRN_ERR_INTERNAL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_small_id_steps_share_a_byte_with_the_type),
        TEST(test_large_and_falling_id_steps_are_written_out),
        TEST(test_nested_structs_begin_their_ids_anew),
        TEST(test_lists_of_15_and_more_have_a_long_header),
        TEST(test_the_reader_reads_what_was_written),
        TEST(test_structs_nested_too_deep_are_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
