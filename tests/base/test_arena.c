/* SPDX-License-Identifier: Apache-2.0 */
/* Arena: alignment, limits, reset, deferred functions, failing allocator. */
#include "base/arena.h"

#include <string.h>

#include "firn_test.h"

static void test_allocations_are_aligned_and_separate(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    char *blocks[300];
    (void)state;
    assert_non_null(arena);
    for (size_t i = 0; i < 300; i++) {
        blocks[i] = firn_arena_alloc(arena, i * 7 + 1);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % 16, 0);
        memset(blocks[i], (int)(i % 251), i * 7 + 1);
    }
    for (size_t i = 0; i < 300; i++) {
        for (size_t j = 0; j < i * 7 + 1; j++)
            assert_int_equal((unsigned char)blocks[i][j], i % 251);
    }
    firn_arena_destroy(arena);
}

static void test_limit_is_exact(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 1024);
    (void)state;
    assert_non_null(firn_arena_alloc(arena, 1008));
    assert_int_equal(firn_arena_used(arena), 1008);
    assert_null(firn_arena_alloc(arena, 17));
    assert_non_null(firn_arena_alloc(arena, 16));
    assert_null(firn_arena_alloc(arena, 1));
    assert_int_equal(firn_arena_used(arena), 1024);
    firn_arena_destroy(arena);
}

static void test_overflowing_array_is_refused(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    (void)state;
    assert_null(firn_arena_array(arena, SIZE_MAX / 8 + 1, 8));
    assert_null(firn_arena_alloc(arena, SIZE_MAX));
    assert_non_null(firn_arena_array(arena, 0, 8));
    firn_arena_destroy(arena);
}

static void test_array_is_zeroed_after_reset(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    unsigned char *p;
    (void)state;
    memset(firn_arena_alloc(arena, 900), 0xff, 900);
    firn_arena_reset(arena);
    assert_int_equal(firn_arena_used(arena), 0);
    p = firn_arena_array(arena, 900, 1);
    for (size_t i = 0; i < 900; i++) assert_int_equal(p[i], 0);
    firn_arena_destroy(arena);
}

typedef struct order {
    firn_arena *arena;
    char seen[8];
    size_t n;
} order;

typedef struct mark {
    order *order;
    char name;
} mark;

static void record(void *ptr)
{
    const mark *m = ptr;
    m->order->seen[m->order->n++] = m->name;
}

static void test_deferred_functions_run_backwards(void **state)
{
    order seen = {.arena = firn_arena_create(NULL, 0)};
    mark a = {&seen, 'a'};
    mark b = {&seen, 'b'};
    firn_error err;
    (void)state;
    assert_ok(firn_arena_defer(seen.arena, record, &a, &err), &err);
    assert_ok(firn_arena_defer(seen.arena, record, &b, &err), &err);
    firn_arena_reset(seen.arena);
    assert_string_equal(seen.seen, "ba");
    assert_ok(firn_arena_defer(seen.arena, record, &a, &err), &err);
    firn_arena_destroy(seen.arena);
    assert_string_equal(seen.seen, "baa");
}

static void test_text_is_copied_and_formatted(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_str copy = firn_arena_copy(arena, FIRN_STR("abc"));
    firn_str empty = firn_arena_copy(arena, (firn_str){NULL, 0});
    firn_str text = firn_arena_printf(arena, "%s-%05d", "part", 42);
    (void)state;
    assert_str(copy, "abc");
    assert_int_equal(copy.data[3], '\0');
    assert_non_null(empty.data);
    assert_str(text, "part-00042");
    assert_int_equal(text.data[text.len], '\0');
    firn_arena_destroy(arena);
}

static void test_push_grows_and_keeps_elements(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    uint64_t *items = NULL;
    size_t n = 0;
    size_t cap = 0;
    (void)state;
    for (uint64_t i = 0; i < 1000; i++) {
        uint64_t *slot = firn_arena_push(arena, &items, &n, &cap, sizeof *items);
        assert_non_null(slot);
        assert_int_equal(*slot, 0);
        *slot = i * i;
    }
    assert_int_equal(n, 1000);
    for (uint64_t i = 0; i < 1000; i++) assert_int_equal(items[i], i * i);
    firn_arena_destroy(arena);
}

static void test_push_over_the_limit_keeps_the_array(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 256);
    uint64_t *items = NULL;
    size_t n = 0;
    size_t cap = 0;
    (void)state;
    while (firn_arena_push(arena, &items, &n, &cap, sizeof *items)) items[n - 1] = n;
    assert_int_equal(n, cap);
    for (size_t i = 0; i < n; i++) assert_int_equal(items[i], i + 1);
    firn_arena_destroy(arena);
}

static void test_every_failing_allocation_is_survived(void **state)
{
    (void)state;
    for (int64_t fail_at = 1; fail_at < 20; fail_at++) {
        firn_test_alloc counter = {.fail_at = fail_at};
        firn_allocator alloc = firn_test_alloc_interface(&counter);
        firn_arena *arena = firn_arena_create(&alloc, 0);
        size_t got = 0;
        while (arena && got < 100000 && firn_arena_alloc(arena, 4000)) got++;
        assert_true(got < 100000);
        firn_arena_destroy(arena);
        assert_int_equal(counter.n_live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_allocations_are_aligned_and_separate),
        cmocka_unit_test(test_limit_is_exact),
        cmocka_unit_test(test_overflowing_array_is_refused),
        cmocka_unit_test(test_array_is_zeroed_after_reset),
        cmocka_unit_test(test_deferred_functions_run_backwards),
        cmocka_unit_test(test_text_is_copied_and_formatted),
        cmocka_unit_test(test_push_grows_and_keeps_elements),
        cmocka_unit_test(test_push_over_the_limit_keeps_the_array),
        cmocka_unit_test(test_every_failing_allocation_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
