/* SPDX-License-Identifier: Apache-2.0 */
/* What every driver of the catalog interface must do, run on the in-memory and the SQLite one. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "catalog/memory_catalog.h"
#include "firn/import.h"
#include "iceberg/spec/metadata_json.h"
#include "lake_fixture.h"

static const firn_catalog_ops *ops(const firn_test_lake *lake)
{
    return firn_catalog_get_ops(lake->catalog);
}

static void *ctx(const firn_test_lake *lake)
{
    return firn_catalog_ctx(lake->catalog);
}

/* Levels from "a.b"; storage in the lake's arena. */
static firn_ident ns_of(firn_test_lake *lake, const char *text)
{
    firn_str rest = firn_str_of(text);
    firn_str *levels = firn_arena_array(lake->arena, 8, sizeof *levels);
    size_t n = 0;
    while (rest.len > 0) levels[n++] = firn_str_split(&rest, '.');
    return (firn_ident){levels, n, {0}};
}

static firn_status create_ns(firn_test_lake *lake, const char *text, firn_error *err)
{
    const firn_ident ns = ns_of(lake, text);
    return ops(lake)->create_namespace(ctx(lake), &ns, (firn_properties){0}, err);
}

/* ---- namespaces ---- */

static void test_namespaces_are_listed_by_level(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_ident *list = NULL;
    size_t n = 0;
    assert_ok(create_ns(lake, "a.b", &err), &err);
    assert_ok(create_ns(lake, "a.c", &err), &err);
    assert_ok(create_ns(lake, "ab", &err), &err);
    assert_ok(ops(lake)->list_namespaces(ctx(lake), NULL, lake->arena, &list, &n, &err), &err);
    assert_int_equal(n, 3);
    assert_str(list[0].levels[0], "a");
    assert_str(list[1].levels[0], "ab");
    assert_str(list[2].levels[0], "db");
    const firn_ident a = ns_of(lake, "a");
    assert_ok(ops(lake)->list_namespaces(ctx(lake), &a, lake->arena, &list, &n, &err), &err);
    assert_int_equal(n, 2);
    assert_int_equal(list[0].n_levels, 2);
    assert_str(list[0].levels[0], "a");
    assert_str(list[0].levels[1], "b");
    assert_str(list[1].levels[1], "c");
    const firn_ident none = ns_of(lake, "zz");
    assert_fails(ops(lake)->list_namespaces(ctx(lake), &none, lake->arena, &list, &n, &err),
                 FIRN_ERR_NOT_FOUND, &err, "namespace zz does not exist");
}

static void test_namespace_keeps_its_properties(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    const firn_property items[] = {{FIRN_STR_INIT("owner"), FIRN_STR_INIT("ana")},
                                   {FIRN_STR_INIT("comment"), FIRN_STR_INIT("x'y\"z")}};
    const firn_ident ns = ns_of(lake, "p");
    firn_properties got;
    assert_ok(ops(lake)->create_namespace(ctx(lake), &ns, (firn_properties){items, 2}, &err), &err);
    assert_ok(ops(lake)->load_namespace(ctx(lake), &ns, lake->arena, &got, &err), &err);
    assert_int_equal(got.n, 2);
    assert_str(firn_properties_get(&got, FIRN_STR("owner"), FIRN_STR("")), "ana");
    assert_str(firn_properties_get(&got, FIRN_STR("comment"), FIRN_STR("")), "x'y\"z");
}

static void test_existing_namespace_is_refused(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    assert_fails(create_ns(lake, "db", &err), FIRN_ERR_EXISTS, &err, "namespace db exists already");
}

static void test_bad_names_are_refused(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    const firn_str slash[] = {FIRN_STR_INIT("a/b")};
    const firn_str dot[] = {FIRN_STR_INIT("a.b")};
    const firn_str up[] = {FIRN_STR_INIT("..")};
    const firn_str empty[] = {FIRN_STR_INIT("")};
    const struct {
        const firn_str *level;
        firn_status status;
        const char *message;
    } cases[] = {
        {slash, FIRN_ERR_ARG, "holds a slash"},
        {dot, FIRN_ERR_UNSUPPORTED, "with a dot in it"},
        {up, FIRN_ERR_ARG, "is not allowed"},
        {empty, FIRN_ERR_ARG, "namespace name is empty"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const firn_ident ns = {cases[i].level, 1, {0}};
        assert_fails(ops(lake)->create_namespace(ctx(lake), &ns, (firn_properties){0}, &err),
                     cases[i].status, &err, cases[i].message);
    }
}

static void test_properties_of_a_namespace_change(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    const firn_ident db = ns_of(lake, "db");
    const firn_ident nosuch = ns_of(lake, "nosuch");
    const firn_property changes[] = {{FIRN_STR("a"), FIRN_STR("2")},
                                     {FIRN_STR("new"), FIRN_STR("")},
                                     {FIRN_STR("gone"), {NULL, 0}}};
    const firn_property gone = {FIRN_STR("gone"), FIRN_STR("x")};
    firn_properties now;
    assert_ok(ops(lake)->update_namespace(ctx(lake), &db, (firn_properties){&gone, 1}, &err), &err);
    assert_ok(ops(lake)->update_namespace(ctx(lake), &db, (firn_properties){changes, 3}, &err),
              &err);
    assert_ok(ops(lake)->load_namespace(ctx(lake), &db, lake->arena, &now, &err), &err);
    assert_str(firn_properties_get(&now, FIRN_STR("a"), FIRN_STR("none")), "2");
    assert_str(firn_properties_get(&now, FIRN_STR("new"), FIRN_STR("none")), "");
    assert_str(firn_properties_get(&now, FIRN_STR("gone"), FIRN_STR("none")), "none");
    assert_fails(ops(lake)->update_namespace(ctx(lake), &nosuch, (firn_properties){&gone, 1}, &err),
                 FIRN_ERR_NOT_FOUND, &err, "namespace nosuch does not exist");
}

static void test_namespace_in_use_is_not_dropped(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    const firn_ident db = ns_of(lake, "db");
    const firn_ident child = ns_of(lake, "db.child");
    const firn_ident t = firn_test_ident("t");
    firn_table_close(firn_test_table(lake, "t", false, NULL));
    assert_fails(ops(lake)->drop_namespace(ctx(lake), &db, &err), FIRN_ERR_CONFLICT, &err,
                 "namespace db is not empty: 1 table");
    assert_ok(ops(lake)->drop_table(ctx(lake), &t, &err), &err);
    assert_ok(create_ns(lake, "db.child", &err), &err);
    assert_fails(ops(lake)->drop_namespace(ctx(lake), &db, &err), FIRN_ERR_CONFLICT, &err,
                 "it has namespaces");
    assert_ok(ops(lake)->drop_namespace(ctx(lake), &child, &err), &err);
    assert_ok(ops(lake)->drop_namespace(ctx(lake), &db, &err), &err);
    assert_fails(ops(lake)->drop_namespace(ctx(lake), &db, &err), FIRN_ERR_NOT_FOUND, &err,
                 "namespace db does not exist");
}

/* ---- tables ---- */

static void test_tables_are_listed_loaded_and_dropped(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_ident *list = NULL;
    size_t n = 0;
    firn_loaded_table loaded;
    const firn_ident db = ns_of(lake, "db");
    const firn_ident b = firn_test_ident("b");
    firn_table_close(firn_test_table(lake, "b", false, NULL));
    firn_table_close(firn_test_table(lake, "a", false, NULL));
    assert_ok(ops(lake)->list_tables(ctx(lake), &db, lake->arena, &list, &n, &err), &err);
    assert_int_equal(n, 2);
    assert_str(list[0].name, "a");
    assert_str(list[1].name, "b");
    assert_str(list[1].levels[0], "db");
    assert_ok(ops(lake)->load_table(ctx(lake), &b, lake->arena, &loaded, &err), &err);
    assert_int_equal(loaded.metadata->format_version, 2);
    assert_true(firn_str_ends_with(loaded.metadata->location, FIRN_STR("/warehouse/db/b")));
    assert_true(firn_str_starts_with(loaded.metadata_location, loaded.metadata->location));
    assert_ok(ops(lake)->drop_table(ctx(lake), &b, &err), &err);
    assert_fails(ops(lake)->load_table(ctx(lake), &b, lake->arena, &loaded, &err),
                 FIRN_ERR_NOT_FOUND, &err, "table db.b does not exist");
    assert_fails(ops(lake)->drop_table(ctx(lake), &b, &err), FIRN_ERR_NOT_FOUND, &err,
                 "table db.b does not exist");
}

static void test_missing_namespace_is_named(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_loaded_table loaded;
    firn_ident t = ns_of(lake, "nope");
    t.name = FIRN_STR("t");
    assert_fails(ops(lake)->load_table(ctx(lake), &t, lake->arena, &loaded, &err),
                 FIRN_ERR_NOT_FOUND, &err, "namespace nope does not exist");
    firn_table *table = NULL;
    assert_fails(firn_table_create(lake->env, lake->store, lake->catalog, &t,
                                   FIRN_TABLE_CREATE_OPTS(.schema = firn_test_schema()), &table,
                                   &err),
                 FIRN_ERR_NOT_FOUND, &err, "namespace nope does not exist");
}

static void test_table_is_renamed_across_namespaces(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_loaded_table before;
    firn_loaded_table after;
    const firn_ident from = firn_test_ident("t");
    firn_ident to = ns_of(lake, "other");
    to.name = FIRN_STR("u");
    firn_table_close(firn_test_table(lake, "t", false, NULL));
    assert_ok(ops(lake)->load_table(ctx(lake), &from, lake->arena, &before, &err), &err);
    assert_fails(ops(lake)->rename_table(ctx(lake), &from, &to, &err), FIRN_ERR_NOT_FOUND, &err,
                 "namespace other does not exist");
    assert_ok(create_ns(lake, "other", &err), &err);
    assert_ok(ops(lake)->rename_table(ctx(lake), &from, &to, &err), &err);
    assert_fails(ops(lake)->load_table(ctx(lake), &from, lake->arena, &after, &err),
                 FIRN_ERR_NOT_FOUND, &err, NULL);
    assert_ok(ops(lake)->load_table(ctx(lake), &to, lake->arena, &after, &err), &err);
    assert_true(firn_str_equals(before.metadata->table_uuid, after.metadata->table_uuid));
    firn_table_close(firn_test_table(lake, "v", false, NULL));
    const firn_ident taken = firn_test_ident("v");
    assert_fails(ops(lake)->rename_table(ctx(lake), &to, &taken, &err), FIRN_ERR_EXISTS, &err,
                 "table db.v exists already");
}

static void test_dropped_table_can_be_registered_again(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_loaded_table loaded;
    firn_loaded_table again;
    const firn_ident t = firn_test_ident("t");
    firn_table_close(firn_test_table(lake, "t", false, NULL));
    assert_ok(ops(lake)->load_table(ctx(lake), &t, lake->arena, &loaded, &err), &err);
    assert_fails(ops(lake)->register_table(ctx(lake), &t, loaded.metadata_location, &err),
                 FIRN_ERR_EXISTS, &err, "table db.t exists already");
    assert_ok(ops(lake)->drop_table(ctx(lake), &t, &err), &err);
    assert_ok(ops(lake)->register_table(ctx(lake), &t, loaded.metadata_location, &err), &err);
    assert_ok(ops(lake)->load_table(ctx(lake), &t, lake->arena, &again, &err), &err);
    assert_true(firn_str_equals(loaded.metadata->table_uuid, again.metadata->table_uuid));
    const firn_ident u = firn_test_ident("u");
    assert_fails(ops(lake)->register_table(ctx(lake), &u, FIRN_STR("/no/such.metadata.json"), &err),
                 FIRN_ERR_NOT_FOUND, &err, "metadata file /no/such.metadata.json");
}

static void test_a_table_of_files_that_are_there_can_be_registered_and_cloned(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_buf text;
    firn_import_result result;
    firn_loaded_table loaded;
    char path[FIRN_TEST_PATH + 64];
    const firn_ident there = firn_test_ident("there");
    const firn_ident copy = firn_test_ident("copy");
    firn_table *table = firn_test_table(lake, "t", false, NULL);
    firn_buf_init(&text, NULL, 0);
    assert_ok(firn_metadata_format(firn_table_metadata_of(table), &text, &err), &err);
    (void)snprintf(path, sizeof path, "%s/elsewhere/00007-x.metadata.json", lake->warehouse);
    assert_ok(firn_store_put(lake->store, firn_str_of(path), firn_buf_view(&text), &err), &err);
    assert_ok(ops(lake)->register_table(ctx(lake), &there, firn_str_of(path), &err), &err);
    firn_table *registered = firn_test_table_open(lake, "there");
    assert_ok(firn_test_append(lake, registered, "a.parquet", 0, 0, 5, &err), &err);
    assert_int_equal(firn_test_summary(registered, "total-records"), 5);
    assert_ok(firn_table_clone(registered, lake->catalog, &copy, NULL, &result, &err), &err);
    assert_int_equal(result.records, 5);
    firn_table *cloned = firn_test_table_open(lake, "copy");
    assert_ok(firn_test_append(lake, cloned, "b.parquet", 0, 5, 2, &err), &err);
    assert_int_equal(firn_test_summary(cloned, "total-records"), 7);
    assert_ok(ops(lake)->load_table(ctx(lake), &there, lake->arena, &loaded, &err), &err);
    assert_int_equal(loaded.metadata->n_snapshots, 1);
    firn_buf_dispose(&text);
    firn_table_close(cloned);
    firn_table_close(registered);
    firn_table_close(table);
}

/* ---- commits ---- */

static firn_update property_update(const firn_property *items, size_t n)
{
    return (firn_update){.kind = FIRN_UPDATE_SET_PROPERTIES, .properties = {items, n}};
}

static void test_failed_requirement_changes_nothing(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_loaded_table loaded;
    const firn_property item = {FIRN_STR_INIT("k"), FIRN_STR_INIT("v")};
    const firn_update update = property_update(&item, 1);
    const firn_requirement wrong = {.kind = FIRN_REQUIRE_CURRENT_SCHEMA_ID, .id = 7};
    firn_table_close(firn_test_table(lake, "t", false, NULL));
    const firn_table_commit commit = {firn_test_ident("t"), &wrong, 1, &update, 1, NULL};
    const int n_files = firn_test_count_files(lake->folder);
    assert_fails(ops(lake)->commit(ctx(lake), &commit, 1, lake->arena, &loaded, &err),
                 FIRN_ERR_CONFLICT, &err, "table db.t");
    assert_int_equal(firn_test_count_files(lake->folder), n_files);
}

static void test_commit_to_missing_table_is_refused(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    const firn_property item = {FIRN_STR_INIT("k"), FIRN_STR_INIT("v")};
    const firn_update update = property_update(&item, 1);
    const firn_table_commit commit = {firn_test_ident("t"), NULL, 0, &update, 1, NULL};
    assert_fails(ops(lake)->commit(ctx(lake), &commit, 1, lake->arena, NULL, &err),
                 FIRN_ERR_NOT_FOUND, &err, "table db.t does not exist");
}

static void test_creating_an_existing_table_is_refused(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_table *table = NULL;
    const firn_ident t = firn_test_ident("t");
    firn_table_close(firn_test_table(lake, "t", false, NULL));
    assert_fails(firn_table_create(lake->env, lake->store, lake->catalog, &t,
                                   FIRN_TABLE_CREATE_OPTS(.schema = firn_test_schema()), &table,
                                   &err),
                 FIRN_ERR_EXISTS, &err, "table db.t exists already");
    assert_null(table);
}

static void test_several_tables_change_together_or_not_at_all(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_loaded_table out[2];
    const firn_property item = {FIRN_STR_INIT("k"), FIRN_STR_INIT("v")};
    const firn_update update = property_update(&item, 1);
    const firn_requirement wrong = {.kind = FIRN_REQUIRE_DEFAULT_SPEC_ID, .id = 3};
    firn_table_close(firn_test_table(lake, "a", false, NULL));
    firn_table_close(firn_test_table(lake, "b", false, NULL));
    firn_table_commit commits[] = {{firn_test_ident("a"), NULL, 0, &update, 1, NULL},
                                   {firn_test_ident("b"), &wrong, 1, &update, 1, NULL}};
    assert_fails(ops(lake)->commit(ctx(lake), commits, 2, lake->arena, out, &err),
                 FIRN_ERR_CONFLICT, &err, "table db.b");
    assert_ok(ops(lake)->load_table(ctx(lake), &commits[0].ident, lake->arena, out, &err), &err);
    assert_int_equal(out[0].metadata->n_metadata_log, 0);
    commits[1].n_requirements = 0;
    assert_ok(ops(lake)->commit(ctx(lake), commits, 2, lake->arena, out, &err), &err);
    for (int i = 0; i < 2; i++)
        assert_str(firn_properties_get(&out[i].metadata->properties, FIRN_STR("k"), FIRN_STR("")),
                   "v");
    commits[1].ident = commits[0].ident;
    assert_fails(ops(lake)->commit(ctx(lake), commits, 2, lake->arena, out, &err), FIRN_ERR_ARG,
                 &err, "commit names table db.a twice");
}

static void test_commit_log_keeps_earlier_metadata(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_loaded_table first;
    firn_loaded_table second;
    const firn_property item = {FIRN_STR_INIT("k"), FIRN_STR_INIT("v")};
    const firn_update update = property_update(&item, 1);
    const firn_ident t = firn_test_ident("t");
    firn_table_close(firn_test_table(lake, "t", false, NULL));
    assert_ok(ops(lake)->load_table(ctx(lake), &t, lake->arena, &first, &err), &err);
    const firn_table_commit commit = {t, NULL, 0, &update, 1, NULL};
    assert_ok(ops(lake)->commit(ctx(lake), &commit, 1, lake->arena, &second, &err), &err);
    assert_int_equal(second.metadata->n_metadata_log, 1);
    assert_true(
        firn_str_equals(second.metadata->metadata_log[0].metadata_file, first.metadata_location));
    assert_false(firn_str_equals(second.metadata_location, first.metadata_location));
}

static void test_old_metadata_is_removed_when_asked_for(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_loaded_table at[6];
    const firn_property item = {FIRN_STR_INIT("k"), FIRN_STR_INIT("v")};
    const firn_update update = property_update(&item, 1);
    const firn_ident t = firn_test_ident("t");
    const firn_ident old = firn_test_ident("old");
    firn_table_close(firn_test_table(lake, "t", false, "write.metadata.previous-versions-max", "2",
                                     "write.metadata.delete-after-commit.enabled", "true", NULL));
    assert_ok(ops(lake)->load_table(ctx(lake), &t, lake->arena, &at[0], &err), &err);
    for (int i = 1; i < 6; i++) {
        const firn_table_commit commit = {t, NULL, 0, &update, 1, NULL};
        assert_ok(ops(lake)->commit(ctx(lake), &commit, 1, lake->arena, &at[i], &err), &err);
    }
    assert_int_equal(at[5].metadata->n_metadata_log, 2);
    for (int i = 0; i < 6; i++) {
        const firn_status st =
            ops(lake)->register_table(ctx(lake), &old, at[i].metadata_location, &err);
        assert_int_equal(st, i < 3 ? FIRN_ERR_NOT_FOUND : FIRN_OK);
        if (st == FIRN_OK) assert_ok(ops(lake)->drop_table(ctx(lake), &old, &err), &err);
    }
}

static void test_lost_answer_of_a_landed_commit_is_found_out(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_loaded_table out;
    const firn_property item = {FIRN_STR_INIT("k"), FIRN_STR_INIT("v")};
    const firn_update update = property_update(&item, 1);
    firn_table_close(firn_test_table(lake, "t", false, NULL));
    const firn_table_commit commit = {firn_test_ident("t"), NULL, 0, &update, 1, NULL};
    firn_test_lake_fail(lake, "catalog.commit.sql_commit=error");
    assert_ok(ops(lake)->commit(ctx(lake), &commit, 1, lake->arena, &out, &err), &err);
    firn_test_lake_fail(lake, NULL);
    assert_ok(ops(lake)->load_table(ctx(lake), &commit.ident, lake->arena, &out, &err), &err);
    assert_str(firn_properties_get(&out.metadata->properties, FIRN_STR("k"), FIRN_STR("")), "v");
}

static void test_unknown_outcome_removes_nothing(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_loaded_table out;
    const firn_property item = {FIRN_STR_INIT("k"), FIRN_STR_INIT("v")};
    const firn_update update = property_update(&item, 1);
    firn_table_close(firn_test_table(lake, "t", false, NULL));
    const firn_table_commit commit = {firn_test_ident("t"), NULL, 0, &update, 1, NULL};
    firn_test_lake_fail(lake, "catalog.commit.sql_commit=error;catalog.commit.reread=error");
    assert_fails(ops(lake)->commit(ctx(lake), &commit, 1, lake->arena, &out, &err),
                 FIRN_ERR_COMMIT_UNKNOWN, &err, "commit failed");
    firn_test_lake_fail(lake, NULL);
    assert_ok(ops(lake)->load_table(ctx(lake), &commit.ident, lake->arena, &out, &err), &err);
    assert_str(firn_properties_get(&out.metadata->properties, FIRN_STR("k"), FIRN_STR("")), "v");
}

static void test_failure_before_the_swap_leaves_no_file(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    const firn_property item = {FIRN_STR_INIT("k"), FIRN_STR_INIT("v")};
    const firn_update update = property_update(&item, 1);
    firn_table_close(firn_test_table(lake, "t", false, NULL));
    const firn_table_commit commit = {firn_test_ident("t"), NULL, 0, &update, 1, NULL};
    const char *points[] = {"catalog.commit.before_metadata=error",
                            "catalog.commit.after_metadata=error",
                            "catalog.commit.before_swap=error", "catalog.commit.after_swap=error"};
    const int n_files = firn_test_count_files(lake->folder);
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        firn_test_lake_fail(lake, points[i]);
        assert_fails(ops(lake)->commit(ctx(lake), &commit, 1, lake->arena, NULL, &err), FIRN_ERR_IO,
                     &err, NULL);
        assert_int_equal(firn_test_count_files(lake->folder), n_files);
    }
    firn_test_lake_fail(lake, NULL);
    assert_ok(ops(lake)->commit(ctx(lake), &commit, 1, lake->arena, NULL, &err), &err);
}

/* ---- views ---- */

static firn_view_metadata *make_view(firn_test_lake *lake, const char *sql, int32_t version)
{
    firn_view_metadata *view = firn_arena_alloc_zero(lake->arena, sizeof *view);
    firn_view_representation *text = firn_arena_alloc_zero(lake->arena, sizeof *text);
    firn_view_version *v = firn_arena_alloc_zero(lake->arena, sizeof *v);
    firn_view_log_entry *log = firn_arena_array(lake->arena, (size_t)version, sizeof *log);
    const firn_schema **schemas = firn_arena_array(lake->arena, 1, sizeof *schemas);
    static const firn_str ns[] = {FIRN_STR_INIT("db")};
    *text = (firn_view_representation){firn_str_of(sql), FIRN_STR("duckdb")};
    *v = (firn_view_version){.version_id = version,
                             .timestamp_ms = 1700000000000,
                             .representations = text,
                             .n_representations = 1,
                             .default_namespace = ns,
                             .n_default_namespace = 1};
    for (int32_t i = 0; i < version; i++) log[i] = (firn_view_log_entry){1700000000000, version};
    schemas[0] = firn_test_schema();
    *view = (firn_view_metadata){
        .view_uuid = FIRN_STR("8f6b1e5a-1b1c-4b7a-9d5a-2f1e6a3c4d5e"),
        .format_version = 1,
        .location = firn_arena_printf(lake->arena, "%s/db/v", lake->warehouse),
        .schemas = schemas,
        .n_schemas = 1,
        .current_version_id = version,
        .versions = v,
        .n_versions = 1,
        .version_log = log,
        .n_version_log = 1,
    };
    return view;
}

static void test_views_are_put_replaced_and_dropped(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_ident *list = NULL;
    size_t n = 0;
    firn_loaded_view loaded;
    const firn_ident db = ns_of(lake, "db");
    const firn_ident v = firn_test_ident("v");
    const firn_str none = {0};
    assert_ok(ops(lake)->put_view(ctx(lake), &v, none, make_view(lake, "select 1", 1), &err), &err);
    assert_fails(ops(lake)->put_view(ctx(lake), &v, none, make_view(lake, "select 1", 1), &err),
                 FIRN_ERR_EXISTS, &err, "view db.v exists already");
    assert_ok(ops(lake)->load_view(ctx(lake), &v, lake->arena, &loaded, &err), &err);
    assert_str(loaded.metadata->versions[0].representations[0].sql, "select 1");
    assert_ok(ops(lake)->put_view(ctx(lake), &v, loaded.metadata_location,
                                  make_view(lake, "select 2", 2), &err),
              &err);
    assert_fails(ops(lake)->put_view(ctx(lake), &v, loaded.metadata_location,
                                     make_view(lake, "select 3", 3), &err),
                 FIRN_ERR_CONFLICT, &err, "view db.v");
    assert_ok(ops(lake)->load_view(ctx(lake), &v, lake->arena, &loaded, &err), &err);
    assert_str(loaded.metadata->versions[0].representations[0].sql, "select 2");
    assert_ok(ops(lake)->list_views(ctx(lake), &db, lake->arena, &list, &n, &err), &err);
    assert_int_equal(n, 1);
    assert_ok(ops(lake)->list_tables(ctx(lake), &db, lake->arena, &list, &n, &err), &err);
    assert_int_equal(n, 0);
    assert_ok(ops(lake)->drop_view(ctx(lake), &v, &err), &err);
    assert_fails(ops(lake)->drop_view(ctx(lake), &v, &err), FIRN_ERR_NOT_FOUND, &err,
                 "view db.v does not exist");
}

static void test_tables_and_views_share_names(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_loaded_table table;
    const firn_ident v = firn_test_ident("v");
    const firn_ident t = firn_test_ident("t");
    const firn_str none = {0};
    assert_ok(ops(lake)->put_view(ctx(lake), &v, none, make_view(lake, "select 1", 1), &err), &err);
    assert_fails(ops(lake)->load_table(ctx(lake), &v, lake->arena, &table, &err),
                 FIRN_ERR_NOT_FOUND, &err, "it is a view");
    firn_table *handle = NULL;
    assert_fails(firn_table_create(lake->env, lake->store, lake->catalog, &v,
                                   FIRN_TABLE_CREATE_OPTS(.schema = firn_test_schema()), &handle,
                                   &err),
                 FIRN_ERR_EXISTS, &err, "view db.v exists already");
    firn_table_close(firn_test_table(lake, "t", false, NULL));
    assert_fails(ops(lake)->put_view(ctx(lake), &t, none, make_view(lake, "select 1", 1), &err),
                 FIRN_ERR_EXISTS, &err, "table db.t exists already");
    assert_fails(ops(lake)->drop_table(ctx(lake), &v, &err), FIRN_ERR_NOT_FOUND, &err,
                 "it is a view");
}

#define BOTH(test)                                                                     \
    {#test " (memory)", test, firn_test_local_lake, firn_test_lake_tear_down, NULL},   \
    {                                                                                  \
#test " (sqlite)", test, firn_test_sqlite_lake, firn_test_lake_tear_down, NULL \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(test_namespaces_are_listed_by_level),
        BOTH(test_namespace_keeps_its_properties),
        BOTH(test_properties_of_a_namespace_change),
        BOTH(test_existing_namespace_is_refused),
        BOTH(test_bad_names_are_refused),
        BOTH(test_namespace_in_use_is_not_dropped),
        BOTH(test_tables_are_listed_loaded_and_dropped),
        BOTH(test_missing_namespace_is_named),
        BOTH(test_table_is_renamed_across_namespaces),
        BOTH(test_dropped_table_can_be_registered_again),
        BOTH(test_a_table_of_files_that_are_there_can_be_registered_and_cloned),
        BOTH(test_failed_requirement_changes_nothing),
        BOTH(test_commit_to_missing_table_is_refused),
        BOTH(test_creating_an_existing_table_is_refused),
        BOTH(test_several_tables_change_together_or_not_at_all),
        BOTH(test_commit_log_keeps_earlier_metadata),
        BOTH(test_old_metadata_is_removed_when_asked_for),
        BOTH(test_lost_answer_of_a_landed_commit_is_found_out),
        BOTH(test_unknown_outcome_removes_nothing),
        BOTH(test_failure_before_the_swap_leaves_no_file),
        BOTH(test_views_are_put_replaced_and_dropped),
        BOTH(test_tables_and_views_share_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
