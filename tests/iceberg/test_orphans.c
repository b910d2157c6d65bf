/* SPDX-License-Identifier: Apache-2.0 */
/* Orphan files: what is one, what never is, and when it is refused to look. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "firn/maintain.h"
#include "iceberg/spec/location_key.h"
#include "iceberg/txn/snapshot_update.h"
#include "lake_fixture.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

struct fixture {
    firn_test_lake lake;
    firn_table *table;
};

static firn_str put(struct fixture *f, const char *name)
{
    firn_error err;
    const firn_str path = firn_arena_printf(
        f->lake.arena, "%.*s/%s", FIRN_STR_ARG(firn_table_metadata_of(f->table)->location), name);
    assert_ok(firn_store_put(f->lake.store, path, FIRN_STR("bytes"), &err), &err);
    return path;
}

static int open_fixture(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    firn_error err;
    *state = f;
    firn_test_lake_open(&f->lake, true, NULL);
    f->table = firn_test_table(&f->lake, "t", false, NULL);
    (void)put(f, "data/live");
    assert_ok(firn_test_append(&f->lake, f->table, "live", 0, 0, 10, &err), &err);
    assert_ok(firn_test_append(&f->lake, f->table, "live2", 0, 0, 10, &err), &err);
    /* Files on disk have the real time; the clock of the lake is moved behind all of them. */
    f->lake.clock_state.wall_us = firn_clock_wall_us(firn_clock_system()) + 30 * DAY_MS * 1000;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *f = *state;
    firn_table_close(f->table);
    firn_test_lake_close(&f->lake, false);
    free(f);
    return 0;
}

static firn_orphan_result find(struct fixture *f, const firn_orphan_opts *opts)
{
    firn_error err;
    firn_orphan_result out;
    assert_ok(firn_table_remove_orphans(f->table, opts, f->lake.arena, &out, &err), &err);
    return out;
}

static bool is_there(struct fixture *f, firn_str path)
{
    firn_error err;
    firn_store_entry entry;
    return firn_store_stat(f->lake.store, path, &entry, &err) == FIRN_OK;
}

/* ---- what is one ---- */

static void test_what_the_table_names_is_no_orphan(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(find(f, NULL).n_paths, 0); /* metadata files, lists, manifests, data */
}

static void test_a_dry_run_tells_and_removes_nothing(void **state)
{
    struct fixture *f = *state;
    const firn_str b = put(f, "metadata/lost-m0.avro");
    const firn_str a = put(f, "data/lost.parquet");
    const firn_orphan_result out = find(f, NULL);
    assert_int_equal(out.n_paths, 2);
    assert_true(firn_str_equals(out.paths[0], a) && firn_str_equals(out.paths[1], b));
    assert_int_equal(out.bytes, 10);
    assert_true(is_there(f, a) && is_there(f, b));
}

static void test_orphans_go_when_asked(void **state)
{
    struct fixture *f = *state;
    const firn_str a = put(f, "data/lost.parquet");
    const firn_str live = firn_arena_printf(
        f->lake.arena, "%.*s/data/live", FIRN_STR_ARG(firn_table_metadata_of(f->table)->location));
    assert_int_equal(find(f, FIRN_ORPHAN_OPTS(.removes = true)).n_paths, 1);
    assert_false(is_there(f, a));
    assert_true(is_there(f, live));
    assert_int_equal(find(f, FIRN_ORPHAN_OPTS(.removes = true)).n_paths, 0);
}

static void test_files_of_expired_snapshots_that_a_kill_left_are_orphans(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    firn_expire_result gone;
    assert_ok(firn_table_expire_snapshots(
                  f->table, FIRN_EXPIRE_OPTS(.older_than_ms = INT64_MAX / 2, .keeps_files = true),
                  &gone, &err),
              &err);
    assert_int_equal(find(f, NULL).n_paths, 1); /* the first manifest list */
}

static void test_hidden_files_are_left_alone(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    firn_txn *txn = NULL;
    const firn_transform identity = {.kind = FIRN_TRANSFORM_IDENTITY};
    (void)put(f, "data/_temporary/0/lost");
    (void)put(f, "data/.lost.crc");
    (void)put(f, "data/_p=1/lost"); /* no partition field yet */
    assert_int_equal(find(f, NULL).n_paths, 0);
    assert_ok(firn_txn_begin(f->table, &txn, &err), &err);
    assert_ok(firn_txn_add_partition_field(txn, FIRN_STR("id"), identity, FIRN_STR("_p"), &err),
              &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
    assert_int_equal(find(f, NULL).n_paths, 1);
}

static void test_only_below_a_location_of_the_table(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    firn_orphan_result out;
    (void)put(f, "data/lost");
    (void)put(f, "metadata/lost");
    const firn_str at = firn_table_metadata_of(f->table)->location;
    const firn_str data = firn_arena_printf(f->lake.arena, "%.*s/data/", FIRN_STR_ARG(at));
    const firn_str up = firn_arena_printf(f->lake.arena, "%.*s/..", FIRN_STR_ARG(at));
    const firn_str beside = firn_arena_printf(f->lake.arena, "%.*s2", FIRN_STR_ARG(at));
    assert_int_equal(find(f, FIRN_ORPHAN_OPTS(.location = data)).n_paths, 1);
    const firn_str outside[] = {up, beside, FIRN_STR("/"), FIRN_STR("memory://x")};
    for (size_t i = 0; i < 4; i++)
        assert_fails(firn_table_remove_orphans(f->table, FIRN_ORPHAN_OPTS(.location = outside[i]),
                                               f->lake.arena, &out, &err),
                     FIRN_ERR_ARG, &err, "cannot remove orphan files below");
}

static firn_str put_metadata(struct fixture *f, const char *name, firn_str uuid)
{
    firn_error err;
    const firn_str path = firn_arena_printf(
        f->lake.arena, "%.*s/%s", FIRN_STR_ARG(firn_table_metadata_of(f->table)->location), name);
    const firn_str text =
        firn_arena_printf(f->lake.arena, "{\"table-uuid\":\"%.*s\"}", FIRN_STR_ARG(uuid));
    assert_ok(firn_store_put(f->lake.store, path, text, &err), &err);
    return path;
}

static void test_files_of_a_table_that_lies_among_them_are_left_alone(void **state)
{
    struct fixture *f = *state;
    const firn_table_metadata *m = firn_table_metadata_of(f->table);
    const firn_catalog_ops *ops = firn_catalog_get_ops(f->lake.catalog);
    const firn_str levels[] = {FIRN_STR("a")};
    const firn_ident inner = {levels, 1, FIRN_STR("inner")};
    const firn_table_create_opts opts = {
        .struct_size = sizeof opts,
        .schema = firn_metadata_schema(m),
        .location = firn_arena_printf(f->lake.arena, "%.*s/inner", FIRN_STR_ARG(m->location))};
    firn_table *other = NULL;
    firn_orphan_result out;
    firn_error err;
    assert_ok(ops->create_namespace(firn_catalog_ctx(f->lake.catalog),
                                    &(firn_ident){levels, 1, {0}}, (firn_properties){0}, &err),
              &err);
    assert_ok(
        firn_table_create(f->lake.env, f->lake.store, f->lake.catalog, &inner, &opts, &other, &err),
        &err);
    assert_fails(firn_table_remove_orphans(f->table, FIRN_ORPHAN_OPTS(.removes = true),
                                           f->lake.arena, &out, &err),
                 FIRN_ERR_CONFLICT, &err, "table a.inner is at");
    assert_true(is_there(f, firn_table_metadata_location(other)));
    firn_table_close(other);
    /* Of a table that is in no catalog any more, everything is an orphan. */
    assert_ok(ops->drop_table(firn_catalog_ctx(f->lake.catalog), &inner, &err), &err);
    assert_int_equal(find(f, FIRN_ORPHAN_OPTS(.removes = true)).n_paths, 1);
}

static void test_old_metadata_of_the_table_and_of_dropped_ones_are_orphans(void **state)
{
    struct fixture *f = *state;
    const firn_str own =
        put_metadata(f, "metadata/0-x.metadata.json", firn_table_metadata_of(f->table)->table_uuid);
    const firn_str old = put_metadata(f, "metadata/1-x.metadata.json",
                                      FIRN_STR("9c12d441-03fe-4693-9a96-a0705ddf69c1"));
    assert_int_equal(find(f, FIRN_ORPHAN_OPTS(.removes = true)).n_paths, 2);
    assert_false(is_there(f, own) || is_there(f, old));
}

/* ---- age ---- */

static void test_young_files_are_no_orphans(void **state)
{
    struct fixture *f = *state;
    (void)put(f, "data/lost");
    f->lake.clock_state.wall_us = firn_clock_wall_us(firn_clock_system()) + 2 * DAY_MS * 1000;
    assert_int_equal(find(f, NULL).n_paths, 0);
    f->lake.clock_state.wall_us += 2 * DAY_MS * 1000;
    assert_int_equal(find(f, NULL).n_paths, 1);
}

static void test_less_than_a_day_must_be_forced(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    firn_orphan_result out;
    const int64_t now = f->lake.clock_state.wall_us / 1000;
    (void)put(f, "data/lost");
    assert_fails(firn_table_remove_orphans(f->table, FIRN_ORPHAN_OPTS(.older_than_ms = now),
                                           f->lake.arena, &out, &err),
                 FIRN_ERR_ARG, &err, "cannot remove orphan files younger than 24 hours");
    assert_fails(firn_table_remove_orphans(f->table,
                                           FIRN_ORPHAN_OPTS(.older_than_ms = now - DAY_MS + 1),
                                           f->lake.arena, &out, &err),
                 FIRN_ERR_ARG, &err, "24 hours");
    assert_int_equal(find(f, FIRN_ORPHAN_OPTS(.older_than_ms = now - DAY_MS)).n_paths, 1);
    assert_int_equal(find(f, FIRN_ORPHAN_OPTS(.older_than_ms = now, .allows_recent = true)).n_paths,
                     1);
}

/* ---- names of the same place ---- */

static void assert_key(const char *location, const char *scheme, const char *authority,
                       const char *path)
{
    const firn_property rules[] = {{FIRN_STR_INIT("gs, gcs"), FIRN_STR_INIT("goog")}};
    const firn_property hosts[] = {{FIRN_STR_INIT("b1,b2"), FIRN_STR_INIT("b")}};
    const firn_location_rules r = {{rules, 1}, {hosts, 1}};
    const firn_location_key key = firn_location_key_of(firn_str_of(location), &r);
    assert_str(key.scheme, scheme);
    assert_str(key.authority, authority);
    assert_str(key.path, path);
}

static void test_spellings_of_a_location(void **state)
{
    (void)state;
    assert_key("/w/f", "file", "", "/w/f");
    assert_key("file:/w/f", "file", "", "/w/f");
    assert_key("file:///w/f", "file", "", "/w/f");
    assert_key("s3a://b1/k//f", "s3", "b", "/k//f");
    assert_key("s3n://c/k", "s3", "c", "/k");
    assert_key("gcs://b2", "goog", "b", "");
    assert_key("/w/a:b", "file", "", "/w/a:b");
    assert_key("", "file", "", "");
    assert_str(firn_location_identity(FIRN_STR("/w/f")), "/w/f");
    assert_str(firn_location_identity(FIRN_STR("file:/w/f")), "/w/f");
    assert_str(firn_location_identity(FIRN_STR("file:///w/f")), "/w/f");
    assert_str(firn_location_identity(FIRN_STR("file://h/w/f")), "file://h/w/f");
    assert_str(firn_location_identity(FIRN_STR("s3n://b/w/f")), "//b/w/f");
    assert_str(firn_location_identity(FIRN_STR("memory:///w/f")), "memory:///w/f");
    assert_true(firn_location_is_inside(FIRN_STR("file:///w/t/x"), FIRN_STR("/w/t/")));
    assert_false(firn_location_is_inside(FIRN_STR("/w/tx"), FIRN_STR("/w/t")));
    assert_false(firn_location_is_inside(FIRN_STR("/w/t/../u"), FIRN_STR("/w/t")));
    assert_false(firn_location_is_inside(FIRN_STR("s3://b/t"), FIRN_STR("s3://c/t")));
}

/* The table names its file under a scheme of its own; the listing has none. */
static void test_files_under_another_scheme_are_asked_about(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    firn_orphan_result out;
    firn_txn *txn = NULL;
    const firn_str at = firn_table_metadata_of(f->table)->location;
    (void)put(f, "data/other");
    firn_data_file file = firn_test_data_file(&f->lake, f->table, "other", 0, 0, 10);
    const firn_location_rules none = {0};
    file.path = firn_arena_printf(f->lake.arena, "s3://host%.*s/data/other",
                                  FIRN_STR_ARG(firn_location_key_of(at, &none).path));
    assert_ok(firn_txn_begin(f->table, &txn, &err), &err);
    assert_ok(firn_txn_append_files(txn, &file, 1, &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
    assert_fails(firn_table_remove_orphans(f->table, NULL, f->lake.arena, &out, &err), FIRN_ERR_ARG,
                 &err, "in the table under another scheme or authority");
    assert_int_equal(find(f, FIRN_ORPHAN_OPTS(.prefix_mismatch = FIRN_PREFIX_IGNORE)).n_paths, 0);
    assert_int_equal(find(f, FIRN_ORPHAN_OPTS(.prefix_mismatch = FIRN_PREFIX_DELETE)).n_paths, 1);
    const firn_property schemes = {FIRN_STR("s3"), FIRN_STR("file")};
    const firn_property hosts = {FIRN_STR("host"), FIRN_STR("")};
    assert_int_equal(
        find(f, FIRN_ORPHAN_OPTS(.equal_schemes = {&schemes, 1}, .equal_authorities = {&hosts, 1}))
            .n_paths,
        0);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_what_the_table_names_is_no_orphan),
        WITH_FIXTURE(test_a_dry_run_tells_and_removes_nothing),
        WITH_FIXTURE(test_orphans_go_when_asked),
        WITH_FIXTURE(test_files_of_expired_snapshots_that_a_kill_left_are_orphans),
        WITH_FIXTURE(test_hidden_files_are_left_alone),
        WITH_FIXTURE(test_only_below_a_location_of_the_table),
        WITH_FIXTURE(test_files_of_a_table_that_lies_among_them_are_left_alone),
        WITH_FIXTURE(test_old_metadata_of_the_table_and_of_dropped_ones_are_orphans),
        WITH_FIXTURE(test_young_files_are_no_orphans),
        WITH_FIXTURE(test_less_than_a_day_must_be_forced),
        cmocka_unit_test(test_spellings_of_a_location),
        WITH_FIXTURE(test_files_under_another_scheme_are_asked_about),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
