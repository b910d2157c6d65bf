/* SPDX-License-Identifier: Apache-2.0 */
/* The NDJSON decoder on structs, lists and maps, and what bad lines leave in them: nothing. */
#include "firn_test.h"

#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/text/ndjson.h"

static const firn_type k_int = {.kind = FIRN_TYPE_INT};
static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_field k_xy[] = {
    {.id = 11, .name = FIRN_STR_INIT("x"), .type = &k_int},
    {.id = 12,
     .name = FIRN_STR_INIT("tags"),
     .type = &(const firn_type){.kind = FIRN_TYPE_LIST,
                                .fields = &(const firn_field){.id = 13,
                                                              .name = FIRN_STR_INIT("element"),
                                                              .type = &k_string},
                                .n_fields = 1}},
};
static const firn_type k_point = {.kind = FIRN_TYPE_STRUCT, .fields = k_xy, .n_fields = 2};
static const firn_field k_point_element = {
    .id = 14, .name = FIRN_STR_INIT("element"), .type = &k_point};
static const firn_type k_points = {
    .kind = FIRN_TYPE_LIST, .fields = &k_point_element, .n_fields = 1};
static const firn_field k_entry[] = {
    {.id = 15, .is_required = true, .name = FIRN_STR_INIT("key"), .type = &k_string},
    {.id = 16, .name = FIRN_STR_INIT("value"), .type = &k_int},
};
static const firn_type k_map = {.kind = FIRN_TYPE_MAP, .fields = k_entry, .n_fields = 2};
static const firn_field k_columns[] = {
    {.id = 1, .name = FIRN_STR_INIT("p"), .type = &k_point},
    {.id = 2, .name = FIRN_STR_INIT("l"), .type = &k_points},
    {.id = 3, .name = FIRN_STR_INIT("m"), .type = &k_map},
};
static const firn_type k_root = {.kind = FIRN_TYPE_STRUCT, .fields = k_columns, .n_fields = 3};

static firn_status count_bad(void *ctx, const firn_bad_line *line, firn_error *err)
{
    (void)line;
    (void)err;
    ++*(int *)ctx;
    return FIRN_OK;
}

static firn_batch *decode(firn_str text, int *n_bad)
{
    const firn_ndjson_opts opts = {.on_bad_line = count_bad, .ctx = n_bad};
    firn_ndjson_decoder *decoder = NULL;
    firn_batch *batch = NULL;
    firn_error err = {0};
    size_t used = 0;

    *n_bad = 0;
    assert_ok(firn_ndjson_decoder_create(&k_root, &opts, &decoder, &err), &err);
    assert_ok(firn_batch_create(&k_root, 1, &batch, &err), &err);
    assert_int_equal(firn_ndjson_decode(decoder, text, true, INT64_MAX, batch, NULL, &used, &err),
                     FIRN_DONE);
    firn_ndjson_decoder_destroy(decoder);
    return batch;
}

static void assert_entry(const firn_column *column, int64_t row, uint64_t offset, uint64_t length)
{
    const firn_list_entry *entry = (const firn_list_entry *)column->values + row;

    assert_int_equal(entry->offset, offset);
    assert_int_equal(entry->length, length);
}

static void test_nested_values_are_decoded(void **state)
{
    int n_bad = 0;
    firn_batch *batch = decode(
        FIRN_STR(
            "{\"p\":{\"x\":1,\"tags\":[\"a\",null,\"a rather long tag\"]},"
            "\"l\":[{\"x\":10,\"tags\":[\"q\"]},null,{\"tags\":null}],\"m\":{\"k\":5,\"n\":null}}\n"
            "{\"p\":{\"tags\":[],\"x\":2},\"l\":[],\"m\":{}}\n"
            "{\"p\":null}\n"
            "{\"l\":[{\"x\":11}],\"p\":{ \"x\" : 3 , \"tags\" : [ \"z\" , \"y\" ] } ,\"m\": { "
            "\"k\" : 6 } }\n"),
        &n_bad);
    const firn_column *p = &batch->columns[0];
    const firn_column *l = &batch->columns[1];
    const firn_column *m = &batch->columns[2];

    (void)state;
    assert_int_equal(n_bad, 0);
    assert_int_equal(batch->n_rows, 4);
    assert_int_equal(p->children[0].n_values, 4);
    assert_int_equal(((int32_t *)p->children[0].values)[3], 3);
    assert_entry(&p->children[1], 0, 0, 3);
    assert_entry(&p->children[1], 1, 3, 0);
    assert_true(firn_column_is_valid(&p->children[1], 1));
    assert_false(firn_column_is_valid(p, 2));
    assert_false(firn_column_is_valid(&p->children[1], 2));
    assert_entry(&p->children[1], 2, 3, 0);
    assert_entry(&p->children[1], 3, 3, 2);
    assert_int_equal(p->children[1].children[0].n_values, 5);
    assert_false(firn_column_is_valid(&p->children[1].children[0], 1));
    assert_str(firn_column_get(&p->children[1].children[0], 2).as.bytes, "a rather long tag");
    assert_str(firn_column_get(&p->children[1].children[0], 4).as.bytes, "y");
    assert_entry(l, 0, 0, 3);
    assert_false(firn_column_is_valid(l, 2));
    assert_entry(l, 3, 3, 1);
    assert_int_equal(l->children[0].n_values, 4);
    assert_int_equal(l->children[0].children[0].n_values, 4);
    assert_false(firn_column_is_valid(&l->children[0], 1));
    assert_false(firn_column_is_valid(&l->children[0].children[1], 2));
    assert_int_equal(((int32_t *)l->children[0].children[0].values)[3], 11);
    assert_entry(m, 0, 0, 2);
    assert_entry(m, 3, 2, 1);
    assert_str(firn_column_get(&m->children[0], 1).as.bytes, "n");
    assert_false(firn_column_is_valid(&m->children[1], 1));
    assert_int_equal(((int32_t *)m->children[1].values)[2], 6);
    firn_batch_destroy(batch);
}

static void test_bad_lines_take_their_entries_back(void **state)
{
    int n_bad = 0;
    firn_batch *batch = decode(
        FIRN_STR(
            "{\"l\":[{\"x\":null,\"tags\":[null,null]},null],\"m\":{\"k\":null},\"p\":null,\"p\":1}"
            "\n"
            "{\"l\":[{\"x\":1,\"tags\":[null,5\n"
            "{\"m\":{\"k\":null,\"j\" 3}}\n"
            "{\"p\":{\"x\":[]}}\n{\"l\":{}}\n{\"m\":[]}\n{\"p\":[]}\n{\"l\":[1,]}\n{\"l\":[{}}\n"
            "{\"p\":{\"x\":1,\"tags\":[\"t\"]},\"l\":[{\"x\":1,\"tags\":[\"a\",\"b\"]}],"
            "\"m\":{\"k\":7}}\n"),
        &n_bad);
    const firn_column *points = &batch->columns[1].children[0];

    (void)state;
    assert_int_equal(n_bad, 9);
    assert_int_equal(batch->n_rows, 1);
    assert_true(firn_column_is_valid(&batch->columns[0], 0));
    assert_true(firn_column_is_valid(&batch->columns[0].children[0], 0));
    assert_entry(&batch->columns[1], 0, 0, 1);
    assert_int_equal(points->n_values, 1);
    assert_true(firn_column_is_valid(points, 0));
    assert_true(firn_column_is_valid(&points->children[0], 0));
    assert_entry(&points->children[1], 0, 0, 2);
    assert_true(firn_column_is_valid(&points->children[1].children[0], 0));
    assert_true(firn_column_is_valid(&points->children[1].children[0], 1));
    assert_int_equal(((int32_t *)batch->columns[2].children[1].values)[0], 7);
    assert_true(firn_column_is_valid(&batch->columns[2].children[1], 0));
    firn_batch_destroy(batch);
}

static void test_lists_grow_beyond_their_capacity(void **state)
{
    firn_buf text;
    int n_bad = 0;
    firn_batch *batch;

    (void)state;
    firn_buf_init(&text, NULL, 1000000);
    for (int line = 0; line < 3; line++) {
        firn_buf_cstr(&text, "{\"l\":[");
        for (int i = 0; i < 5000; i++)
            firn_buf_printf(&text, "%s{\"x\":%d,\"tags\":[\"%d\"]}", i ? "," : "", i, i);
        firn_buf_cstr(&text, "]}\n");
    }
    batch = decode(firn_buf_view(&text), &n_bad);
    assert_int_equal(n_bad, 0);
    assert_entry(&batch->columns[1], 2, 10000, 5000);
    assert_int_equal(((int32_t *)batch->columns[1].children[0].children[0].values)[14999], 4999);
    assert_str(
        firn_column_get(&batch->columns[1].children[0].children[1].children[0], 14999).as.bytes,
        "4999");
    firn_batch_destroy(batch);
    firn_buf_dispose(&text);
}

static void test_unknown_value_nested_too_deep_is_bad(void **state)
{
    char text[6 + 2 * (FIRN_LIMIT_NESTING + 1)];
    int n_bad = 0;
    firn_batch *batch;

    (void)state;
    for (size_t depth = FIRN_LIMIT_NESTING; depth <= FIRN_LIMIT_NESTING + 1; depth++) {
        memcpy(text, "{\"z\":", 5);
        memset(text + 5, '[', depth);
        memset(text + 5 + depth, ']', depth);
        text[5 + 2 * depth] = '}';
        batch = decode((firn_str){text, 6 + 2 * depth}, &n_bad);
        assert_int_equal(n_bad, depth > FIRN_LIMIT_NESTING);
        firn_batch_destroy(batch);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nested_values_are_decoded),
        cmocka_unit_test(test_bad_lines_take_their_entries_back),
        cmocka_unit_test(test_lists_grow_beyond_their_capacity),
        cmocka_unit_test(test_unknown_value_nested_too_deep_is_bad),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
