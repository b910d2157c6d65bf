/* SPDX-License-Identifier: Apache-2.0 */
/* The canonical text of single values and rows. */
#include "firn_test.h"

#include <float.h>
#include <math.h>

#include "base/str.h"
#include "format/inspect/canonical.h"

#define LIMIT 4096

static void assert_text(firn_buf *out, const char *want)
{
    assert_int_equal(firn_buf_check(out, NULL), FIRN_OK);
    firn_buf_byte(out, 0);
    assert_string_equal(out->data, want);
    firn_buf_clear(out);
}

static void test_numbers_have_one_spelling(void **state)
{
    firn_buf out;
    (void)state;
    firn_buf_init(&out, NULL, LIMIT);
    firn_canonical_float(&out, 0.1F);
    assert_text(&out, "0.100000001");
    firn_canonical_double(&out, 0.1);
    assert_text(&out, "0.10000000000000001");
    firn_canonical_double(&out, -0.0);
    assert_text(&out, "-0");
    firn_canonical_double(&out, (double)NAN);
    firn_canonical_float(&out, -NAN);
    assert_text(&out, "NaNNaN");
    firn_canonical_double(&out, (double)INFINITY);
    firn_canonical_float(&out, -INFINITY);
    assert_text(&out, "Infinity-Infinity");
    firn_canonical_double(&out, DBL_MAX);
    assert_text(&out, "1.7976931348623157e+308");
    firn_buf_dispose(&out);
}

static void test_decimals_have_all_digits_of_their_scale(void **state)
{
    const firn_int128 least = -((firn_int128)1 << 126) * 2;
    firn_buf out;
    (void)state;
    firn_buf_init(&out, NULL, LIMIT);
    firn_canonical_decimal(&out, 0, 2);
    assert_text(&out, "\"0.00\"");
    firn_canonical_decimal(&out, -5, 2);
    assert_text(&out, "\"-0.05\"");
    firn_canonical_decimal(&out, 1234, 0);
    assert_text(&out, "\"1234\"");
    firn_canonical_decimal(&out, least, 38);
    assert_text(&out, "\"-1.70141183460469231731687303715884105728\"");
    firn_buf_dispose(&out);
}

static void test_text_and_bytes_are_quoted(void **state)
{
    firn_buf out;
    (void)state;
    firn_buf_init(&out, NULL, LIMIT);
    firn_canonical_text(&out, FIRN_STR("a\"b\\c\n\x1f\x7f\xc3\xbc"));
    assert_text(&out, "\"a\\\"b\\\\c\\u000a\\u001f\x7f\xc3\xbc\"");
    firn_canonical_text(&out, (firn_str){NULL, 0});
    assert_text(&out, "\"\"");
    firn_canonical_hex(&out, FIRN_STR("\x01\xfe\x30"));
    assert_text(&out, "\"01fe30\"");
    firn_buf_dispose(&out);
}

static void test_row_of_nested_values(void **state)
{
    static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
    static const firn_type k_unsigned = {.kind = FIRN_TYPE_LONG, .is_unsigned = true};
    static const firn_field k_element[] = {{.name = FIRN_STR_INIT("element"), .type = &k_long}};
    static const firn_type k_list = {.kind = FIRN_TYPE_LIST, .fields = k_element, .n_fields = 1};
    static const firn_field k_pair[] = {{.name = FIRN_STR_INIT("key"), .type = &k_long},
                                        {.name = FIRN_STR_INIT("value"), .type = &k_unsigned}};
    static const firn_type k_map = {.kind = FIRN_TYPE_MAP, .fields = k_pair, .n_fields = 2};
    static const firn_type k_struct = {.kind = FIRN_TYPE_STRUCT, .fields = k_pair, .n_fields = 2};
    static const firn_field k_columns[] = {{.name = FIRN_STR_INIT("l"), .type = &k_list},
                                           {.name = FIRN_STR_INIT("m"), .type = &k_map},
                                           {.name = FIRN_STR_INIT("s"), .type = &k_struct}};
    static const firn_type k_root = {.kind = FIRN_TYPE_STRUCT, .fields = k_columns, .n_fields = 3};
    firn_batch *batch = NULL;
    firn_error err = {0};
    firn_buf out;
    (void)state;
    firn_buf_init(&out, NULL, LIMIT);
    assert_ok(firn_batch_create(&k_root, 2, &batch, &err), &err);
    for (size_t i = 0; i < 2; i++) {
        firn_column *nested = &batch->columns[i];
        ((firn_list_entry *)nested->values)[0] = (firn_list_entry){0, 2};
        for (size_t c = 0; c < nested->n_children; c++) {
            ((int64_t *)nested->children[c].values)[0] = -1;
            ((int64_t *)nested->children[c].values)[1] = 7;
        }
    }
    firn_column_set_null(&batch->columns[0].children[0], 1);
    ((int64_t *)batch->columns[2].children[0].values)[0] = 1;
    ((int64_t *)batch->columns[2].children[1].values)[0] = 2;
    for (size_t i = 0; i < 3; i++) firn_column_set_null(&batch->columns[i], 1);
    firn_canonical_row(&out, batch, 0);
    assert_text(&out, "[[-1,null],[[-1,18446744073709551615],[7,7]],{\"key\":1,\"value\":2}]");
    firn_canonical_row(&out, batch, 1);
    assert_text(&out, "[null,null,null]");
    firn_batch_destroy(batch);
    firn_buf_dispose(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_have_one_spelling),
        cmocka_unit_test(test_decimals_have_all_digits_of_their_scale),
        cmocka_unit_test(test_text_and_bytes_are_quoted),
        cmocka_unit_test(test_row_of_nested_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
