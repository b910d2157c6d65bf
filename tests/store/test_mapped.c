/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/buf.h"
#include "base/env.h"
#include "base/str.h"
#include "firn_test.h"
#include "store/mapped.h"
#include "store/memory.h"
#include "store/store_read.h"

typedef struct fixture {
    firn_env *env;
    firn_store *inner, *store;
    firn_arena *arena;
} fixture;

static fixture open_fixture(const firn_path_mapping *mappings, size_t n)
{
    fixture f = {.arena = firn_arena_create(NULL, 0)};
    firn_error err = {0};
    assert_ok(firn_env_create(NULL, &f.env, &err), &err);
    assert_ok(firn_store_create(&f.inner, &err), &err);
    assert_ok(firn_store_add_memory(f.inner, f.env, &err), &err);
    assert_ok(firn_store_create_mapped(f.inner, mappings, n, &f.store, &err), &err);
    return f;
}

static void close_fixture(fixture *f)
{
    firn_store_destroy(f->store);
    firn_store_destroy(f->inner);
    firn_env_destroy(f->env);
    firn_arena_destroy(f->arena);
}

static void expect_bytes(fixture *f, firn_store *store, const char *path, const char *bytes)
{
    firn_error err = {0};
    firn_str found;
    assert_ok(firn_store_read_all(store, firn_str_of(path), 100, f->arena, &found, &err), &err);
    assert_true(firn_str_equals(found, firn_str_of(bytes)));
}

static void test_the_longest_prefix_that_fits_is_replaced(void **state)
{
    static const firn_path_mapping k_mappings[] = {
        {FIRN_STR_INIT("s3://b/"), FIRN_STR_INIT("memory://one/")},
        {FIRN_STR_INIT("s3://b/deep"), FIRN_STR_INIT("memory://two")},
    };
    fixture f = open_fixture(k_mappings, 2);
    firn_error err = {0};
    (void)state;
    assert_ok(firn_store_put(f.store, FIRN_STR("s3://b/x"), FIRN_STR("1"), &err), &err);
    assert_ok(firn_store_put(f.store, FIRN_STR("s3://b/deep/x"), FIRN_STR("2"), &err), &err);
    assert_ok(firn_store_put(f.store, FIRN_STR("memory://three/x"), FIRN_STR("3"), &err), &err);
    expect_bytes(&f, f.inner, "memory://one/x", "1");
    expect_bytes(&f, f.inner, "memory://two/x", "2");
    expect_bytes(&f, f.inner, "memory://three/x", "3");
    expect_bytes(&f, f.store, "s3://b/deep/x", "2");
    close_fixture(&f);
}

static firn_status collect(void *ctx, const firn_store_entry *entry, firn_error *err)
{
    (void)err;
    firn_buf_str(ctx, entry->path);
    firn_buf_byte(ctx, ' ');
    return FIRN_OK;
}

static void test_listings_name_what_was_asked_for(void **state)
{
    static const firn_path_mapping k_mapping = {FIRN_STR_INIT("s3://b/"),
                                                FIRN_STR_INIT("memory://one/")};
    fixture f = open_fixture(&k_mapping, 1);
    firn_error err = {0};
    firn_store_entry entry;
    firn_buf names;
    (void)state;
    firn_buf_init(&names, NULL, 0);
    assert_ok(firn_store_put(f.store, FIRN_STR("s3://b/t/x"), FIRN_STR("1"), &err), &err);
    assert_ok(firn_store_put(f.store, FIRN_STR("s3://b/t/y"), FIRN_STR("22"), &err), &err);
    assert_ok(firn_store_list(f.store, FIRN_STR("s3://b/t"), collect, &names, &err), &err);
    assert_true(firn_str_equals(firn_buf_view(&names), FIRN_STR("s3://b/t/x s3://b/t/y ")));
    assert_ok(firn_store_stat(f.store, FIRN_STR("s3://b/t/y"), &entry, &err), &err);
    assert_true(firn_str_equals(entry.path, FIRN_STR("s3://b/t/y")));
    assert_int_equal(entry.size_bytes, 2);
    assert_ok(firn_store_remove(f.store, FIRN_STR("s3://b/t/y"), &err), &err);
    assert_fails(firn_store_stat(f.inner, FIRN_STR("memory://one/t/y"), &entry, &err),
                 FIRN_ERR_NOT_FOUND, &err, "memory://one/t/y");
    firn_buf_dispose(&names);
    close_fixture(&f);
}

static void test_a_mapping_needs_a_prefix_and_room(void **state)
{
    static const firn_path_mapping k_empty = {FIRN_STR_INIT(""), FIRN_STR_INIT("memory://one/")};
    char to[2048];
    firn_error err = {0};
    firn_store *store = NULL;
    firn_store_file *file = NULL;
    (void)state;
    assert_fails(firn_store_create_mapped(NULL, &k_empty, 1, &store, &err), FIRN_ERR_ARG, &err,
                 "a path mapping needs a prefix to replace");
    assert_null(store);
    memset(to, 'a', sizeof to);
    const firn_path_mapping mapping = {FIRN_STR("s3://b/"), {to, sizeof to}};
    fixture f = open_fixture(&mapping, 1);
    assert_fails(firn_store_open(f.store, FIRN_STR("s3://b/x"), &file, &err), FIRN_ERR_LIMIT, &err,
                 "mapped location of 2049 bytes, limit 2048");
    close_fixture(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_longest_prefix_that_fits_is_replaced),
        cmocka_unit_test(test_listings_name_what_was_asked_for),
        cmocka_unit_test(test_a_mapping_needs_a_prefix_and_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
