/* SPDX-License-Identifier: Apache-2.0 */
/* What every driver must do, run against local folders and memory, and the path checks. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/env.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "faulty_store.h"
#include "firn/ext/store.h"
#include "firn_test.h"
#include "store/local.h"
#include "store/memory.h"
#include "store/store_read.h"

typedef struct fixture {
    firn_env *env;
    firn_store *store;
    firn_arena *arena;
    char root[FIRN_TEST_PATH]; /* "memory://w" or a folder */
    char folder[FIRN_TEST_PATH];
} fixture;

static fixture *make_fixture(void)
{
    fixture *f = firn_mem_alloc_zero(NULL, sizeof *f);
    firn_error err;

    assert_non_null(f);
    assert_ok(firn_env_create(NULL, &f->env, &err), &err);
    assert_ok(firn_store_create(&f->store, &err), &err);
    assert_ok(firn_store_add_memory(f->store, f->env, &err), &err);
    assert_ok(firn_store_add_local(f->store, f->env, &err), &err);
    f->arena = firn_arena_create(NULL, 0);
    assert_non_null(f->arena);
    firn_test_tempdir(f->folder);
    return f;
}

static int set_up_memory(void **state)
{
    fixture *f = make_fixture();
    (void)snprintf(f->root, sizeof f->root, "memory://w");
    *state = f;
    return 0;
}

static int set_up_local(void **state)
{
    fixture *f = make_fixture();
    memcpy(f->root, f->folder, sizeof f->root);
    *state = f;
    return 0;
}

static int set_up_file_uri(void **state)
{
    fixture *f = make_fixture();
    (void)snprintf(f->root, sizeof f->root, "file://%.400s", f->folder);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    firn_arena_destroy(f->arena);
    firn_store_destroy(f->store);
    firn_env_destroy(f->env);
    firn_test_remove_tree(f->folder);
    firn_mem_free(NULL, f);
    return 0;
}

static firn_str at(fixture *f, const char *name)
{
    return firn_arena_printf(f->arena, "%s/%s", f->root, name);
}

static void test_put_then_read_back(void **state)
{
    fixture *f = *state;
    firn_str path = at(f, "a/b/c.bin");
    firn_str bytes = {NULL, 0};
    firn_error err;

    assert_ok(firn_store_put(f->store, path, FIRN_STR("hello"), &err), &err);
    assert_ok(firn_store_read_all(f->store, path, 5, f->arena, &bytes, &err), &err);
    assert_str(bytes, "hello");
    assert_fails(firn_store_read_all(f->store, path, 4, f->arena, &bytes, &err), FIRN_ERR_LIMIT,
                 &err, "5 bytes, limit 4");
}

static void test_empty_object_exists(void **state)
{
    fixture *f = *state;
    firn_store_entry entry;
    firn_str bytes = {NULL, 0};
    firn_error err;

    assert_ok(firn_store_put(f->store, at(f, "empty"), (firn_str){NULL, 0}, &err), &err);
    assert_ok(firn_store_stat(f->store, at(f, "empty"), &entry, &err), &err);
    assert_int_equal(entry.size_bytes, 0);
    assert_ok(firn_store_read_all(f->store, at(f, "empty"), 0, f->arena, &bytes, &err), &err);
    assert_int_equal(bytes.len, 0);
}

static void test_existing_object_is_never_replaced(void **state)
{
    fixture *f = *state;
    firn_str bytes = {NULL, 0};
    firn_error err;

    assert_ok(firn_store_put(f->store, at(f, "x"), FIRN_STR("first"), &err), &err);
    assert_fails(firn_store_put(f->store, at(f, "x"), FIRN_STR("second"), &err), FIRN_ERR_EXISTS,
                 &err, "exists");
    assert_ok(firn_store_read_all(f->store, at(f, "x"), 99, f->arena, &bytes, &err), &err);
    assert_str(bytes, "first");
}

static void test_unfinished_object_is_invisible_and_abandon_leaves_nothing(void **state)
{
    fixture *f = *state;
    firn_store_writer *writer = NULL;
    firn_store_entry entry;
    firn_error err;

    assert_ok(firn_store_begin(f->store, at(f, "u"), &writer, &err), &err);
    assert_ok(firn_store_write(writer, "abc", 3, &err), &err);
    assert_fails(firn_store_stat(f->store, at(f, "u"), &entry, &err), FIRN_ERR_NOT_FOUND, &err,
                 "/u");
    firn_store_abandon(writer);
    assert_fails(firn_store_stat(f->store, at(f, "u"), &entry, &err), FIRN_ERR_NOT_FOUND, &err,
                 NULL);
    assert_int_equal(firn_test_count_files(f->folder), 0);
    firn_store_abandon(NULL);
}

static void test_large_object_in_uneven_pieces(void **state)
{
    enum { SIZE = 1500000 };
    fixture *f = *state;
    unsigned char *want = firn_arena_array(f->arena, SIZE, 1);
    firn_store_writer *writer = NULL;
    firn_str got = {NULL, 0};
    firn_prng prng;
    firn_error err;
    size_t done = 0;

    firn_prng_init(&prng, 5);
    for (size_t i = 0; i < SIZE; i++) want[i] = (unsigned char)firn_prng_next(&prng);
    assert_ok(firn_store_begin(f->store, at(f, "big"), &writer, &err), &err);
    while (done < SIZE) {
        size_t n = firn_prng_below(&prng, 4) ? firn_prng_below(&prng, 3000)
                                             : firn_prng_below(&prng, 600000);
        if (n > SIZE - done) n = SIZE - done;
        assert_ok(firn_store_write(writer, want + done, n, &err), &err);
        done += n;
    }
    assert_ok(firn_store_finish(writer, &err), &err);
    assert_ok(firn_store_read_all(f->store, at(f, "big"), SIZE, f->arena, &got, &err), &err);
    assert_int_equal(got.len, SIZE);
    assert_memory_equal(got.data, want, SIZE);
}

static void test_ranged_reads_and_reads_past_the_end(void **state)
{
    fixture *f = *state;
    firn_store_file *file = NULL;
    char out[16] = "";
    firn_error err;

    assert_ok(firn_store_put(f->store, at(f, "r"), FIRN_STR("0123456789"), &err), &err);
    assert_ok(firn_store_open(f->store, at(f, "r"), &file, &err), &err);
    assert_int_equal(firn_store_file_size(file), 10);
    assert_ok(firn_store_read_at(file, 3, out, 4, &err), &err);
    assert_memory_equal(out, "3456", 4);
    assert_ok(firn_store_read_at(file, 10, out, 0, &err), &err);
    assert_fails(firn_store_read_at(file, 8, out, 3, &err), FIRN_ERR_CORRUPT, &err, "ends");
    assert_fails(firn_store_read_at(file, INT64_MAX - 1, out, 3, &err), FIRN_ERR_CORRUPT, &err,
                 "ends");
    assert_fails(firn_store_read_at(file, -1, out, 3, &err), FIRN_ERR_ARG, &err,
                 "negative offset -1");
    firn_store_close(file);
    firn_store_close(NULL);
}

static void test_removed_object_stays_readable_while_open(void **state)
{
    fixture *f = *state;
    firn_store_file *file = NULL;
    char out[4];
    firn_error err;

    assert_ok(firn_store_put(f->store, at(f, "gone"), FIRN_STR("data"), &err), &err);
    assert_ok(firn_store_open(f->store, at(f, "gone"), &file, &err), &err);
    assert_ok(firn_store_remove(f->store, at(f, "gone"), &err), &err);
    assert_ok(firn_store_read_at(file, 0, out, 4, &err), &err);
    assert_memory_equal(out, "data", 4);
    firn_store_close(file);
    assert_fails(firn_store_remove(f->store, at(f, "gone"), &err), FIRN_ERR_NOT_FOUND, &err,
                 "gone");
    assert_fails(firn_store_open(f->store, at(f, "gone"), &file, &err), FIRN_ERR_NOT_FOUND, &err,
                 "gone");
    assert_null(file);
}

typedef struct listing {
    firn_arena *arena;
    size_t skip; /* bytes of the root and its slash */
    firn_str text;
    int stop_after;
} listing;

static firn_status note_entry(void *ctx, const firn_store_entry *entry, firn_error *err)
{
    listing *l = ctx;
    firn_str name = firn_str_slice(entry->path, l->skip, entry->path.len);

    l->text = firn_arena_printf(l->arena, "%.*s%.*s:%d ", FIRN_STR_ARG(l->text), FIRN_STR_ARG(name),
                                (int)entry->size_bytes);
    assert_true(entry->modified_us > INT64_C(1600000000000000));
    if (l->stop_after > 0 && --l->stop_after == 0)
        return firn_fail(err, FIRN_ERR_CANCELLED, "enough");
    return FIRN_OK;
}

static firn_status list_names(fixture *f, firn_str prefix, int stop_after, firn_str *out,
                              firn_error *err)
{
    listing l = {f->arena, strlen(f->root) + 1, FIRN_STR(""), stop_after};
    firn_status st = firn_store_list(f->store, prefix, note_entry, &l, err);

    *out = l.text;
    return st;
}

static void test_listing_is_in_path_order_and_below_the_folder_only(void **state)
{
    static const char *const names[] = {"t2/z", "t/b/c", "t/b-a", "t/b.d",
                                        "t/a",  "t/b0",  "t-x",   "t/\xc3\xa9"};
    fixture *f = *state;
    firn_str got;
    firn_error err;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        assert_ok(firn_store_put(f->store, at(f, names[i]), FIRN_STR("12"), &err), &err);
    assert_ok(list_names(f, at(f, "t"), 0, &got, &err), &err);
    assert_str(got, "t/a:2 t/b-a:2 t/b.d:2 t/b/c:2 t/b0:2 t/\xc3\xa9:2 ");
    assert_ok(list_names(f, at(f, "t/b//"), 0, &got, &err), &err);
    assert_str(got, "t/b/c:2 ");
    assert_ok(list_names(f, at(f, "t/a"), 0, &got, &err), &err);
    assert_str(got, "t/a:2 ");
    assert_ok(list_names(f, at(f, "nothing/here"), 0, &got, &err), &err);
    assert_str(got, "");
    assert_fails(list_names(f, at(f, "t"), 2, &got, &err), FIRN_ERR_CANCELLED, &err, "enough");
    assert_str(got, "t/a:2 t/b-a:2 ");
}

static firn_status remove_listed(void *ctx, const firn_store_entry *entry, firn_error *err)
{
    return firn_store_remove(ctx, entry->path, err);
}

static void test_listed_objects_can_be_removed_during_the_listing(void **state)
{
    fixture *f = *state;
    firn_str got;
    firn_error err;

    assert_ok(firn_store_put(f->store, at(f, "d/1"), FIRN_STR("x"), &err), &err);
    assert_ok(firn_store_put(f->store, at(f, "d/2"), FIRN_STR("x"), &err), &err);
    assert_ok(firn_store_list(f->store, at(f, "d"), remove_listed, f->store, &err), &err);
    assert_ok(list_names(f, at(f, "d"), 0, &got, &err), &err);
    assert_str(got, "");
}

typedef struct race {
    fixture *f;
    firn_str path;
    atomic_int n_won;
    atomic_int n_lost;
} race;

static void *race_to_put(void *arg)
{
    race *r = arg;
    firn_status st = firn_store_put(r->f->store, r->path, FIRN_STR("winner"), NULL);

    if (st == FIRN_OK) atomic_fetch_add(&r->n_won, 1);
    if (st == FIRN_ERR_EXISTS) atomic_fetch_add(&r->n_lost, 1);
    return NULL;
}

static void test_of_many_writers_exactly_one_wins(void **state)
{
    race r = {.f = *state};

    for (int round = 0; round < 5; round++) {
        pthread_t threads[8];
        r.path = firn_arena_printf(r.f->arena, "%s/new/folder%d/object", r.f->root, round);
        r.n_won = 0;
        r.n_lost = 0;
        for (int i = 0; i < 8; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, race_to_put, &r), 0);
        for (int i = 0; i < 8; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(r.n_won, 1);
        assert_int_equal(r.n_lost, 7);
    }
}

static void test_bad_locations_are_refused(void **state)
{
    static const struct {
        firn_str path;
        firn_status status;
        const char *message;
    } cases[] = {
        {{NULL, 0}, FIRN_ERR_ARG, "empty location"},
        {FIRN_STR_INIT("/a/../b"), FIRN_ERR_ARG, "\"..\" component"},
        {FIRN_STR_INIT("memory://w/.."), FIRN_ERR_ARG, "\"..\" component"},
        {FIRN_STR_INIT("/a/\0b"), FIRN_ERR_ARG, "NUL byte"},
        {FIRN_STR_INIT("/a/\xff"), FIRN_ERR_ARG, "not valid UTF-8"},
        {FIRN_STR_INIT("relative/path"), FIRN_ERR_UNSUPPORTED, "expected an absolute path"},
        {FIRN_STR_INIT("s3://bucket/key"), FIRN_ERR_UNSUPPORTED, "\"s3://bucket/key\""},
        {FIRN_STR_INIT("file://host/key"), FIRN_ERR_UNSUPPORTED, "file://host"},
    };
    fixture *f = *state;
    firn_store_entry entry;
    firn_store_writer *writer = NULL;
    firn_error err;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_fails(firn_store_stat(f->store, cases[i].path, &entry, &err), cases[i].status, &err,
                     cases[i].message);
    assert_fails(firn_store_stat(f->store, at(f, "a..b/..c"), &entry, &err), FIRN_ERR_NOT_FOUND,
                 &err, NULL);
    assert_fails(firn_store_begin(f->store, at(f, "folder/"), &writer, &err), FIRN_ERR_ARG, &err,
                 "ends in \"/\"");
}

static void test_longest_location(void **state)
{
    fixture *f = *state;
    char path[FIRN_LIMIT_PATH + 1];
    firn_store_entry entry;
    firn_error err;

    memset(path, 'a', sizeof path);
    memcpy(path, "memory://", 9);
    for (size_t i = 20; i < sizeof path; i += 100) path[i] = '/';
    assert_fails(firn_store_stat(f->store, (firn_str){path, FIRN_LIMIT_PATH + 1}, &entry, &err),
                 FIRN_ERR_LIMIT, &err, "location of 2049 bytes, limit 2048");
    for (size_t len = FIRN_LIMIT_PATH - 1; len <= FIRN_LIMIT_PATH; len++) {
        assert_ok(firn_store_put(f->store, (firn_str){path, len}, FIRN_STR("x"), &err), &err);
        assert_ok(firn_store_stat(f->store, (firn_str){path, len}, &entry, &err), &err);
    }
}

static void test_driver_with_missing_slots_is_refused(void **state)
{
    fixture *f = *state;
    firn_store_ops ops = {.struct_size = sizeof ops};
    firn_error err;

    assert_fails(firn_store_add(f->store, &ops, NULL, &err), FIRN_ERR_ARG, &err, "missing slots");
    assert_fails(firn_store_add_local(f->store, NULL, &err), FIRN_ERR_ARG, &err, "environment");
}

/* What a driver says of its files is asked of the store; most say nothing. */
static void test_a_store_says_which_reads_are_worth_a_request(void **state)
{
    fixture *f = *state;
    firn_test_faulty remote;
    firn_store *outer = NULL;
    firn_store_file *file = NULL;
    firn_error err;

    firn_test_faulty_init(&remote, f->store);
    remote.read_bytes = (size_t)4 << 20;
    assert_ok(firn_store_create(&outer, &err), &err);
    assert_ok(firn_test_faulty_add(outer, &remote, &err), &err);
    assert_ok(firn_store_put(outer, at(f, "r"), FIRN_STR("x"), &err), &err);
    assert_ok(firn_store_open(outer, at(f, "r"), &file, &err), &err);
    assert_int_equal(firn_store_file_read_bytes(file), (size_t)4 << 20);
    firn_store_close(file);
    assert_ok(firn_store_open(f->store, at(f, "r"), &file, &err), &err);
    assert_int_equal(firn_store_file_read_bytes(file), 0);
    firn_store_close(file);
    firn_store_destroy(outer);
}

static void test_finish_after_a_failed_write_writes_nothing(void **state)
{
    fixture *f = *state;
    firn_test_faulty faulty;
    firn_store *outer = NULL;
    firn_store_writer *writer = NULL;
    firn_store_entry entry;
    firn_error err;

    firn_test_faulty_init(&faulty, f->store);
    assert_ok(firn_store_create(&outer, &err), &err);
    assert_ok(firn_test_faulty_add(outer, &faulty, &err), &err);
    firn_test_faulty_arm(&faulty, FIRN_TEST_WRITE, 2, FIRN_TEST_BEFORE, FIRN_OK);
    assert_ok(firn_store_begin(outer, at(f, "q"), &writer, &err), &err);
    assert_ok(firn_store_write(writer, "a", 1, &err), &err);
    assert_fails(firn_store_write(writer, "b", 1, &err), FIRN_ERR_IO, &err, "write call 2");
    assert_fails(firn_store_finish(writer, &err), FIRN_ERR_IO, &err, "a write to it failed");
    assert_fails(firn_store_stat(f->store, at(f, "q"), &entry, &err), FIRN_ERR_NOT_FOUND, &err,
                 NULL);
    assert_int_equal(faulty.slots[FIRN_TEST_FINISH].n_calls, 0);
    firn_store_destroy(outer);
}

static void test_faults_before_and_after_the_effect(void **state)
{
    fixture *f = *state;
    firn_test_faulty faulty;
    firn_store *outer = NULL;
    firn_store_entry entry;
    firn_error err;

    firn_test_faulty_init(&faulty, f->store);
    assert_ok(firn_store_create(&outer, &err), &err);
    assert_ok(firn_test_faulty_add(outer, &faulty, &err), &err);
    firn_test_faulty_arm(&faulty, FIRN_TEST_FINISH, 1, FIRN_TEST_BEFORE, FIRN_ERR_DENIED);
    assert_fails(firn_store_put(outer, at(f, "p"), FIRN_STR("x"), &err), FIRN_ERR_DENIED, &err,
                 "injected fault: finish");
    assert_fails(firn_store_stat(outer, at(f, "p"), &entry, &err), FIRN_ERR_NOT_FOUND, &err, NULL);
    firn_test_faulty_arm(&faulty, FIRN_TEST_FINISH, 1, FIRN_TEST_AFTER, FIRN_OK);
    assert_fails(firn_store_put(outer, at(f, "p"), FIRN_STR("x"), &err), FIRN_ERR_IO, &err,
                 "injected fault: finish");
    assert_ok(firn_store_stat(outer, at(f, "p"), &entry, &err), &err);
    assert_int_equal(entry.size_bytes, 1);
    firn_store_destroy(outer);
}

#define ON_ALL(test)                                              \
    {#test "_memory", test, set_up_memory, tear_down, NULL},      \
        {#test "_local", test, set_up_local, tear_down, NULL},    \
    {                                                             \
#test "_file_uri", test, set_up_file_uri, tear_down, NULL \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_ALL(test_put_then_read_back),
        ON_ALL(test_empty_object_exists),
        ON_ALL(test_existing_object_is_never_replaced),
        ON_ALL(test_unfinished_object_is_invisible_and_abandon_leaves_nothing),
        ON_ALL(test_large_object_in_uneven_pieces),
        ON_ALL(test_ranged_reads_and_reads_past_the_end),
        ON_ALL(test_removed_object_stays_readable_while_open),
        ON_ALL(test_listing_is_in_path_order_and_below_the_folder_only),
        ON_ALL(test_listed_objects_can_be_removed_during_the_listing),
        ON_ALL(test_of_many_writers_exactly_one_wins),
        ON_ALL(test_bad_locations_are_refused),
        ON_ALL(test_a_store_says_which_reads_are_worth_a_request),
        ON_ALL(test_finish_after_a_failed_write_writes_nothing),
        ON_ALL(test_faults_before_and_after_the_effect),
        cmocka_unit_test_setup_teardown(test_longest_location, set_up_memory, tear_down),
        cmocka_unit_test_setup_teardown(test_driver_with_missing_slots_is_refused, set_up_memory,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
