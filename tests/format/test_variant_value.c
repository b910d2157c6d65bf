/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of variants: metadata and objects that lie, and values put together. */
#include "firn_test.h"

#include <string.h>

#include "base/str.h"
#include "format/variant/variant_value.h"

#define BYTES(text) ((firn_str){(text), sizeof(text) - 1})

/* Names "a", "bc", sorted. */
#define TWO_NAMES          \
    "\x11\x02\x00\x01\x03" \
    "abc"

static void assert_bytes(firn_buf *out, firn_str want)
{
    assert_int_equal(firn_buf_check(out, NULL), FIRN_OK);
    assert_int_equal(out->len, want.len);
    assert_memory_equal(out->data, want.data, want.len);
    firn_buf_clear(out);
}

static void test_names_are_found_by_id_and_by_name(void **state)
{
    firn_variant_metadata m;
    firn_error err = {0};
    firn_str name;
    uint32_t id = 7;
    (void)state;
    assert_ok(firn_variant_metadata_parse(BYTES(TWO_NAMES), &m, &err), &err);
    assert_int_equal(m.n_names, 2);
    assert_ok(firn_variant_name(&m, 1, &name, &err), &err);
    assert_true(firn_str_equals(name, FIRN_STR("bc")));
    assert_fails(firn_variant_name(&m, 2, &name, &err), FIRN_ERR_CORRUPT, &err,
                 "field id 2, the metadata has 2 names");
    assert_ok(firn_variant_find(&m, FIRN_STR("bc"), &id, &err), &err);
    assert_int_equal(id, 1);
    assert_ok(firn_variant_find(&m, FIRN_STR("a"), &id, &err), &err);
    assert_int_equal(id, 0);
    assert_fails(firn_variant_find(&m, FIRN_STR("b"), &id, &err), FIRN_ERR_CORRUPT, &err,
                 "field b is not among the names");
    /* Not sorted: every name is looked at. */
    assert_ok(firn_variant_metadata_parse(BYTES("\x01\x02\x00\x02\x03"
                                                "bca"),
                                          &m, &err),
              &err);
    assert_ok(firn_variant_find(&m, FIRN_STR("a"), &id, &err), &err);
    assert_int_equal(id, 1);
}

static void test_metadata_that_lies_is_refused(void **state)
{
    static const struct {
        firn_str bytes;
        const char *message;
    } k_cases[] = {
        {FIRN_STR_INIT(""), "version 0, expected 1"},
        {FIRN_STR_INIT("\x02\x01\x01"), "version 2, expected 1"},
        {FIRN_STR_INIT("\x01"), "metadata of 1 bytes"},
        {FIRN_STR_INIT("\xc1\xff\xff\xff\xff\x01"), "4294967295 names in 6 bytes"},
        {FIRN_STR_INIT("\x01\x01\x01"), "1 names in 3 bytes"},
        {FIRN_STR_INIT("\x01\x01\x01\x02x"), "1 bytes of names, not 2"},
        {FIRN_STR_INIT("\x01\x01\x01\x01xy"), "2 bytes of names, not 1"},
    };
    firn_variant_metadata m;
    (void)state;
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        firn_error err = {0};
        assert_fails(firn_variant_metadata_parse(k_cases[i].bytes, &m, &err), FIRN_ERR_CORRUPT,
                     &err, k_cases[i].message);
    }
}

static void test_names_with_wrong_offsets_are_refused(void **state)
{
    firn_variant_metadata m;
    firn_error err = {0};
    firn_str name;
    (void)state;
    assert_ok(firn_variant_metadata_parse(BYTES("\x01\x02\x00\x09\x03"
                                                "abc"),
                                          &m, &err),
              &err);
    assert_fails(firn_variant_name(&m, 0, &name, &err), FIRN_ERR_CORRUPT, &err,
                 "name 0 of variant metadata from 0 to 9 of 3");
    assert_fails(firn_variant_name(&m, 1, &name, &err), FIRN_ERR_CORRUPT, &err, "from 9 to 3");
}

/* Values of every size: their fields are cut out of the object exactly. */
static void test_fields_of_an_object_have_the_bytes_of_their_values(void **state)
{
    static const firn_str k_values[] = {
        FIRN_STR_INIT("\x00"),                     /* null */
        FIRN_STR_INIT("\x0c\x05"),                 /* int8 */
        FIRN_STR_INIT("\x09hi"),                   /* short string */
        FIRN_STR_INIT("\x3c\x01\x00\x00\x00z"),    /* binary */
        FIRN_STR_INIT("\x20\x02\x01\x02\x03\x04"), /* decimal4 */
        FIRN_STR_INIT("\x03\x01\x00\x02\x0c\x07"), /* array of an int8 */
    };
    const size_t n = sizeof k_values / sizeof *k_values;
    uint32_t ids[8], offsets[8];
    firn_variant_object object;
    firn_error err = {0};
    firn_buf out;
    (void)state;
    firn_buf_init(&out, NULL, 4096);
    for (uint32_t i = 0; i < n; i++) {
        ids[i] = i * 50;
        offsets[i] = (uint32_t)out.len;
        firn_buf_str(&out, k_values[i]);
    }
    firn_variant_close_object(&out, 0, ids, offsets, n);
    assert_ok(firn_variant_object_parse(firn_buf_view(&out), &object, &err), &err);
    assert_int_equal(object.n_fields, n);
    for (uint32_t i = 0; i < n; i++) {
        firn_str value;
        uint32_t id = 0;
        assert_ok(firn_variant_object_field(&object, i, &id, &value, &err), &err);
        assert_int_equal(id, i * 50);
        assert_int_equal(value.len, k_values[i].len);
        assert_memory_equal(value.data, k_values[i].data, value.len);
    }
    firn_buf_dispose(&out);
}

static void test_objects_that_lie_are_refused(void **state)
{
    static const struct {
        firn_str bytes;
        firn_status status;
        const char *message;
    } k_cases[] = {
        {FIRN_STR_INIT("\x0c\x01"), FIRN_ERR_CORRUPT, "not an object"},
        {FIRN_STR_INIT("\x02"), FIRN_ERR_CORRUPT, "object of 1 bytes"},
        {FIRN_STR_INIT("\x42\xff\xff\xff\xff\x01"), FIRN_ERR_CORRUPT, "4294967295 fields"},
        {FIRN_STR_INIT("\x02\x01\x00\x00"), FIRN_ERR_CORRUPT, "1 fields in 4 bytes"},
        {FIRN_STR_INIT("\x02\x01\x00\x02\x02\x0c"), FIRN_ERR_CORRUPT, "field at 2 of 1 bytes"},
        {FIRN_STR_INIT("\x02\x01\x00\x00\x01\x0c"), FIRN_ERR_CORRUPT, "value of 2 bytes, 1 left"},
        {FIRN_STR_INIT("\x02\x01\x00\x01\x01\x0c"), FIRN_ERR_CORRUPT, "value of 0 bytes"},
        {FIRN_STR_INIT("\x02\x01\x00\x00\x01\x54"), FIRN_ERR_UNSUPPORTED, "variant of type 21"},
        {FIRN_STR_INIT("\x02\x01\x00\x00\x01\x40"), FIRN_ERR_CORRUPT, "value of 1 bytes"},
        {FIRN_STR_INIT("\x02\x01\x00\x00\x02\x03\x05"), FIRN_ERR_CORRUPT, "5 elements in 2 bytes"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        firn_variant_object object;
        firn_error err = {0};
        firn_str value;
        uint32_t id = 0;
        firn_status st = firn_variant_object_parse(k_cases[i].bytes, &object, &err);
        if (st == FIRN_OK) st = firn_variant_object_field(&object, 0, &id, &value, &err);
        assert_fails(st, k_cases[i].status, &err, k_cases[i].message);
    }
}

static void test_primitives_take_their_smallest_form(void **state)
{
    char text[64];
    firn_buf out;
    (void)state;
    memset(text, 'x', sizeof text);
    firn_buf_init(&out, NULL, 4096);
    firn_variant_put_string(&out, (firn_str){text, 63});
    assert_int_equal(out.len, 64);
    assert_int_equal((uint8_t)out.data[0], 63 << 2 | 1);
    firn_buf_clear(&out);
    firn_variant_put_string(&out, (firn_str){text, 64});
    assert_int_equal(out.len, 5 + 64);
    assert_memory_equal(out.data, "\x40\x40\x00\x00\x00", 5);
    firn_buf_clear(&out);
    firn_variant_put_decimal(&out, FIRN_VARIANT_DECIMAL8, 3, -2);
    assert_bytes(&out, BYTES("\x24\x03\xfe\xff\xff\xff\xff\xff\xff\xff"));
    firn_variant_put_binary(&out, FIRN_STR("ab"));
    assert_bytes(&out, BYTES("\x3c\x02\x00\x00\x00"
                             "ab"));
    firn_buf_dispose(&out);
}

/* More than 255 elements and more than 255 bytes need wider numbers. */
static void test_large_arrays_have_wide_counts(void **state)
{
    uint32_t offsets[256];
    firn_buf out;
    (void)state;
    firn_buf_init(&out, NULL, 4096);
    for (uint32_t i = 0; i < 256; i++) {
        offsets[i] = (uint32_t)out.len;
        firn_variant_put(&out, FIRN_VARIANT_NULL, NULL, 0);
    }
    firn_variant_close_array(&out, 0, offsets, 256);
    assert_int_equal(out.len, 1 + 4 + 257 * 2 + 256);
    assert_memory_equal(out.data, "\x17\x00\x01\x00\x00\x00\x00\x01\x00", 9);
    firn_buf_clear(&out);
    firn_variant_close_array(&out, 0, NULL, 0);
    assert_bytes(&out, BYTES("\x03\x00\x00"));
    firn_variant_close_object(&out, 0, NULL, NULL, 0);
    assert_bytes(&out, BYTES("\x02\x00\x00"));
    firn_buf_dispose(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_are_found_by_id_and_by_name),
        cmocka_unit_test(test_metadata_that_lies_is_refused),
        cmocka_unit_test(test_names_with_wrong_offsets_are_refused),
        cmocka_unit_test(test_fields_of_an_object_have_the_bytes_of_their_values),
        cmocka_unit_test(test_objects_that_lie_are_refused),
        cmocka_unit_test(test_primitives_take_their_smallest_form),
        cmocka_unit_test(test_large_arrays_have_wide_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
