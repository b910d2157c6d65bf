/* SPDX-License-Identifier: Apache-2.0 */
/* JSON documents without memory. */
#include "base/error.h"
#include "fail_alloc.h"
#include "format/json/json.h"

static firn_status parse(void *ctx, firn_error *err)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    json_t *document = NULL;
    if (!arena) return firn_fail_nomem(err);
    const firn_status st = firn_json_parse(*(const firn_str *)ctx, arena, &document, err);
    firn_arena_destroy(arena);
    return st;
}

static firn_status write(void *ctx, firn_error *err)
{
    firn_buf out;
    firn_buf_init(&out, NULL, 0);
    const firn_status st = firn_json_write(ctx, &out, err);
    firn_buf_dispose(&out);
    return st;
}

static void test_every_refused_allocation_is_reported(void **state)
{
    firn_str text =
        FIRN_STR("{\"a\":[1,2.5,\"longer than a first buffer\\n\",null,true],\"b\":{\"c\":\"d\"}}");
    firn_arena *arena = firn_arena_create(NULL, 0);
    json_t *document = NULL;
    firn_error err = {0};
    (void)state;
    assert_true(firn_fail_alloc_each(parse, &text) > 10);
    assert_ok(firn_json_parse(text, arena, &document, &err), &err);
    assert_true(firn_fail_alloc_each(write, document) > 0);
    firn_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_refused_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
