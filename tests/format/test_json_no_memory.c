/* SPDX-License-Identifier: Apache-2.0 */
/* JSON documents without memory. */
#include "base/str.h"
#include "fail_alloc.h"
#include "format/json.h"

static firn_status parse_and_write(void *ctx, firn_error *err)
{
    const firn_str *text = ctx;
    firn_arena *arena = firn_arena_create(NULL, 0);
    json_t *document = NULL;
    firn_buf out;
    firn_status st = FIRN_ERR_NOMEM;

    firn_buf_init(&out, NULL, 0);
    if (arena)
        st = firn_json_parse(*text, arena, &document, err);
    else
        err->status = st;
    if (st == FIRN_OK) st = firn_json_write(document, 0, &out, err);
    if (st == FIRN_OK) assert_true(firn_str_equals(firn_buf_view(&out), *text));
    firn_buf_dispose(&out);
    firn_arena_destroy(arena);
    return st;
}

static void test_every_refused_allocation_is_reported(void **state)
{
    (void)state;
    firn_str text = FIRN_STR("{\"a\":[1,2.5,\"text\\n\",null,true],\"b\":{\"c\":\"d\"}}");
    assert_true(firn_fail_alloc_each(parse_and_write, &text) > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_refused_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
