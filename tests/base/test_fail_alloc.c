/* SPDX-License-Identifier: Apache-2.0 */
/* The harness that refuses allocations sees each of them, and what is not freed. */
#include "base/arena.h"
#include "base/error.h"
#include "fail_alloc.h"

static firn_status take_three(void *ctx, firn_error *err)
{
    void *blocks[3] = {NULL, NULL, NULL};
    firn_status st = FIRN_OK;
    (void)ctx;
    for (size_t i = 0; i < 3 && st == FIRN_OK; i++) {
        blocks[i] = i == 2 ? firn_mem_resize(NULL, NULL, 100) : firn_mem_alloc(NULL, 100);
        if (!blocks[i]) st = firn_fail_nomem(err);
    }
    for (size_t i = 0; i < 3; i++) firn_mem_free(NULL, blocks[i]);
    return st;
}

static void test_every_allocation_is_refused_once(void **state)
{
    (void)state;
    assert_int_equal(firn_fail_alloc_each(take_three, NULL), 3);
}

/* The second block is a luxury. */
static firn_status do_without(void *ctx, firn_error *err)
{
    int *n_missed = ctx;
    void *needed = firn_mem_alloc(NULL, 1);
    void *luxury = firn_mem_alloc(NULL, 1);
    const firn_status st = needed ? FIRN_OK : firn_fail_nomem(err);
    if (!luxury) ++*n_missed;
    firn_mem_free(NULL, needed);
    firn_mem_free(NULL, luxury);
    return st;
}

static void test_a_function_may_be_allowed_to_recover(void **state)
{
    int n_missed = 0;
    (void)state;
    assert_int_equal(firn_fail_alloc_each_opts(do_without, &n_missed,
                                               &(firn_fail_alloc_opts){.may_recover = true}),
                     2);
    assert_int_equal(n_missed, 3); /* the second alone, with all after it, and after the first */
}

static void test_one_allocation_is_refused_or_all_after_it(void **state)
{
    void *ptr;
    (void)state;
    firn_fail_alloc_arm(2, false);
    ptr = firn_mem_alloc(NULL, 1000);
    assert_non_null(ptr);
    assert_null(firn_mem_resize(NULL, ptr, 5000));
    ptr = firn_mem_resize(NULL, ptr, 5000);
    assert_non_null(ptr);
    assert_int_equal(firn_fail_alloc_calls(), 3);
    assert_int_equal(firn_fail_alloc_live(), 1);
    assert_true(firn_fail_alloc_peak_bytes() >= 5000 && firn_fail_alloc_peak_bytes() < 10000);
    firn_mem_free(NULL, ptr);
    assert_int_equal(firn_fail_alloc_live(), 0);
    firn_fail_alloc_arm(1, true);
    assert_null(firn_mem_alloc(NULL, 1));
    assert_null(firn_arena_create(NULL, 0));
    firn_fail_alloc_disarm();
    ptr = firn_mem_alloc(NULL, 1);
    assert_non_null(ptr);
    firn_mem_free(NULL, ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_allocation_is_refused_once),
        cmocka_unit_test(test_a_function_may_be_allowed_to_recover),
        cmocka_unit_test(test_one_allocation_is_refused_or_all_after_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
