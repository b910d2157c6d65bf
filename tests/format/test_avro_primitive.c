/* SPDX-License-Identifier: Apache-2.0 */
/* Single values in Avro; whole rows are in test_avro_rows_writer.c. */
#include "firn_test.h"

#include "format/avro/avro_primitive.h"

static const firn_type k_decimal = {.kind = FIRN_TYPE_DECIMAL, .precision = 9, .scale = 0};

static firn_status put(int64_t number, firn_buf *out, firn_error *err)
{
    const firn_value value = {.kind = FIRN_TYPE_DECIMAL, .as.decimal = number};
    firn_buf_init(out, NULL, 64);
    return firn_avro_put_value(&k_decimal, &value, out, err);
}

/* truncate[50] of -999999999 is -1000000000. */
static void test_a_truncated_decimal_may_have_one_digit_more(void **state)
{
    firn_buf out;
    firn_error err = {0};
    (void)state;
    assert_int_equal(put(-1000000000, &out, &err), FIRN_OK);
    assert_int_equal(out.len, 4);
    assert_memory_equal(out.data, "\xc4\x65\x36\x00", 4);
    firn_buf_dispose(&out);
}

static void test_a_decimal_of_more_bytes_than_its_type_is_refused(void **state)
{
    static const int64_t k_numbers[] = {INT64_C(2147483648), INT64_C(-2147483649)};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        firn_buf out;
        firn_error err = {0};
        assert_int_equal(put(k_numbers[i], &out, &err), FIRN_ERR_ARG);
        assert_string_equal(err.message, "decimal of more than 4 bytes");
        firn_buf_dispose(&out);
        assert_int_equal(put(k_numbers[i] + (i == 0 ? -1 : 1), &out, &err), FIRN_OK);
        firn_buf_dispose(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_truncated_decimal_may_have_one_digit_more),
        cmocka_unit_test(test_a_decimal_of_more_bytes_than_its_type_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
