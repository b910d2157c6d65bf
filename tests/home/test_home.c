/* SPDX-License-Identifier: Apache-2.0 */
/* Homes: made, opened, and refused with what is wrong; which setting wins. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "firn/home.h"
#include "firn/table.h"
#include "firn_test.h"

typedef struct fixture {
    char folder[FIRN_TEST_PATH];
    char path[FIRN_TEST_PATH]; /* of the home, which is not there yet */
    firn_error err;
} fixture;

static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    firn_test_tempdir(f->folder);
    (void)firn_test_path(f->path, f->folder, "a/home");
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    firn_test_remove_tree(f->folder);
    free(f);
    return 0;
}

static void write_yaml(const fixture *f, const char *text)
{
    char path[FIRN_TEST_PATH];
    (void)firn_test_path(path, f->path, "firn.yaml");
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_true(fputs(text, out) >= 0);
    assert_int_equal(fclose(out), 0);
}

static void create(fixture *f)
{
    firn_home *home = NULL;
    bool is_new = false;
    assert_ok(
        firn_home_create(FIRN_HOME_OPTS(.path = firn_str_of(f->path)), &is_new, &home, &f->err),
        &f->err);
    assert_true(is_new);
    firn_home_close(home);
}

static firn_status open_with(fixture *f, const char *key, const char *value, firn_home **out)
{
    const firn_property setting = {firn_str_of(key), firn_str_of(value)};
    return firn_home_open(
        FIRN_HOME_OPTS(.path = firn_str_of(f->path), .settings = &setting, .n_settings = 1), out,
        &f->err);
}

/* Make the table default.t with one column. */
static void create_table(fixture *f, firn_home *home)
{
    const firn_type type = {.kind = FIRN_TYPE_LONG};
    const firn_field field = {.id = 1, .name = FIRN_STR("id"), .type = &type};
    const firn_schema schema = {
        .root = {.kind = FIRN_TYPE_STRUCT, .fields = &field, .n_fields = 1}};
    const firn_str level = FIRN_STR("default");
    const firn_ident ident = {.levels = &level, .n_levels = 1, .name = FIRN_STR("t")};
    firn_table *table = NULL;
    assert_ok(firn_table_create(firn_home_env(home), firn_home_store(home), firn_home_catalog(home),
                                &ident, FIRN_TABLE_CREATE_OPTS(.schema = &schema), &table, &f->err),
              &f->err);
    firn_table_close(table);
}

static firn_status find_table(fixture *f, firn_home *home)
{
    const firn_str level = FIRN_STR("default");
    const firn_ident ident = {.levels = &level, .n_levels = 1, .name = FIRN_STR("t")};
    firn_table *table = NULL;
    const firn_status st = firn_table_open(firn_home_env(home), firn_home_store(home),
                                           firn_home_catalog(home), &ident, &table, &f->err);
    firn_table_close(table);
    return st;
}

static void test_missing_home_is_not_found_and_nothing_is_made(void **state)
{
    fixture *f = *state;
    firn_home *home = NULL;
    assert_fails(firn_home_open(FIRN_HOME_OPTS(.path = firn_str_of(f->path)), &home, &f->err),
                 FIRN_ERR_NOT_FOUND, &f->err, "no catalog at ");
    assert_null(home);
    assert_non_null(strstr(f->err.hint, "init"));
    assert_int_not_equal(access(f->path, F_OK), 0);
}

static void test_created_home_has_files_and_opens_again(void **state)
{
    fixture *f = *state;
    firn_home *home = NULL;
    bool is_new = true;
    create(f);
    /* firn.yaml, catalog.db and its journal, which SQLite keeps between transactions */
    assert_int_equal(firn_test_count_files(f->path), 3);
    assert_ok(
        firn_home_create(FIRN_HOME_OPTS(.path = firn_str_of(f->path)), &is_new, &home, &f->err),
        &f->err);
    assert_false(is_new);
    create_table(f, home);
    firn_home_close(home);
    assert_ok(firn_home_open(FIRN_HOME_OPTS(.path = firn_str_of(f->path)), &home, &f->err),
              &f->err);
    assert_str(firn_home_path(home), f->path);
    assert_str(firn_catalog_name(firn_home_catalog(home)), "firn");
    assert_ok(find_table(f, home), &f->err);
    firn_home_close(home);
}

static void test_home_below_a_file_cannot_be_made(void **state)
{
    fixture *f = *state;
    firn_home *home = NULL;
    FILE *file = fopen(firn_test_path(f->path, f->folder, "a").data, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    (void)firn_test_path(f->path, f->folder, "a/home");
    assert_fails(
        firn_home_create(FIRN_HOME_OPTS(.path = firn_str_of(f->path)), NULL, &home, &f->err),
        FIRN_ERR_EXISTS, &f->err, "cannot make the folder ");
    assert_null(home);
}

static void test_home_with_a_damaged_catalog_is_not_opened(void **state)
{
    fixture *f = *state;
    firn_home *home = NULL;
    char path[FIRN_TEST_PATH];
    create(f);
    FILE *file = fopen(firn_test_path(path, f->path, "catalog.db").data, "w");
    assert_non_null(file);
    assert_true(fputs("this is no database, and it is long enough to be looked at", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_fails(firn_home_open(FIRN_HOME_OPTS(.path = firn_str_of(f->path)), &home, &f->err),
                 FIRN_ERR_CORRUPT, &f->err, "catalog.db");
    assert_null(home);
}

static void test_in_memory_home_needs_no_folder(void **state)
{
    fixture *f = *state;
    firn_home *home = NULL;
    assert_ok(open_with(f, "catalog.firn.type", "in-memory", &home), &f->err);
    create_table(f, home);
    assert_ok(find_table(f, home), &f->err);
    firn_home_close(home);
    assert_int_not_equal(access(f->path, F_OK), 0);
    assert_ok(open_with(f, "catalog.firn.type", "in-memory", &home), &f->err);
    assert_fails(find_table(f, home), FIRN_ERR_NOT_FOUND, &f->err, NULL);
    firn_home_close(home);
}

static void assert_setting(fixture *f, const firn_home_opts *opts, const char *want)
{
    firn_home *home = NULL;
    assert_ok(firn_home_open(opts, &home, &f->err), &f->err);
    assert_str(firn_home_setting(home, FIRN_STR("some.list.1"), FIRN_STR("fallback")), want);
    firn_home_close(home);
}

static void test_given_settings_win_over_environment_and_file(void **state)
{
    fixture *f = *state;
    const firn_property given = {FIRN_STR("some.list.1"), FIRN_STR("given")};
    const firn_str path = firn_str_of(f->path);
    create(f);
    assert_setting(f, FIRN_HOME_OPTS(.path = path), "fallback");
    write_yaml(f, "some:\n  list: [x, file]\n");
    assert_setting(f, FIRN_HOME_OPTS(.path = path), "file");
    assert_int_equal(setenv("FIRN_SOME__LIST__1", "environment", 1), 0);
    assert_setting(f, FIRN_HOME_OPTS(.path = path), "environment");
    assert_setting(f, FIRN_HOME_OPTS(.path = path, .ignore_environment = true), "file");
    assert_setting(f, FIRN_HOME_OPTS(.path = path, .settings = &given, .n_settings = 1), "given");
    assert_int_equal(unsetenv("FIRN_SOME__LIST__1"), 0);
}

static void test_default_home_is_named_by_the_environment(void **state)
{
    fixture *f = *state;
    firn_home *home = NULL;
    create(f);
    assert_int_equal(setenv("FIRN_HOME", f->path, 1), 0);
    assert_ok(firn_home_open(NULL, &home, &f->err), &f->err);
    assert_str(firn_home_path(home), f->path);
    firn_home_close(home);
    assert_int_equal(unsetenv("FIRN_HOME"), 0);
}

static void test_catalog_and_warehouse_follow_the_settings(void **state)
{
    fixture *f = *state;
    firn_home *home = NULL;
    char path[FIRN_TEST_PATH];
    const firn_property given[] = {
        {FIRN_STR("default-catalog"), FIRN_STR("shop")},
        {FIRN_STR("catalog.shop.uri"), FIRN_STR("sqlite:///shop.db")},
        {FIRN_STR("catalog.shop.warehouse"), FIRN_STR("data/lake")},
    };
    assert_ok(firn_home_create(
                  FIRN_HOME_OPTS(.path = firn_str_of(f->path), .settings = given, .n_settings = 3),
                  NULL, &home, &f->err),
              &f->err);
    assert_str(firn_catalog_name(firn_home_catalog(home)), "shop");
    create_table(f, home);
    firn_home_close(home);
    (void)firn_test_path(path, f->path, "shop.db");
    assert_int_equal(access(path, F_OK), 0);
    (void)firn_test_path(path, f->path, "data/lake/default/t/metadata");
    assert_int_equal(access(path, F_OK), 0);
}

static void test_wrong_settings_say_what_was_found(void **state)
{
    static const struct {
        const char *key, *value, *said;
        firn_status status;
    } cases[] = {
        {"threads", "many", "threads must be 0 to 1024, found \"many\"", FIRN_ERR_ARG},
        {"threads", "1025", "threads must be 0 to 1024", FIRN_ERR_ARG},
        {"memory", "lots", "memory must be a size like 512MiB, found \"lots\"", FIRN_ERR_ARG},
        {"memory", "9999999TiB", "memory must be a size", FIRN_ERR_ARG},
        {"log-level", "loud", "log-level must be error, warning, info or debug", FIRN_ERR_ARG},
        {"cache.memory", "much", "cache.memory must be a size like 512MiB, or 0, found",
         FIRN_ERR_ARG},
        {"cache.disk", "-1", "cache.disk must be a size like 512MiB, or 0, found", FIRN_ERR_ARG},
        {"cache.pages", "x", "cache.pages must be a size like 512MiB, or 0, found", FIRN_ERR_ARG},
        {"catalog.firn.type", "hive", "not supported: catalog type \"hive\"", FIRN_ERR_UNSUPPORTED},
        {"catalog.firn.uri", "postgresql://h/d", "this release has sqlite:///PATH",
         FIRN_ERR_UNSUPPORTED},
    };
    fixture *f = *state;
    create(f);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        firn_home *home = NULL;
        assert_fails(open_with(f, cases[i].key, cases[i].value, &home), cases[i].status, &f->err,
                     cases[i].said);
        assert_null(home);
    }
}

static void test_broken_yaml_names_the_file(void **state)
{
    fixture *f = *state;
    firn_home *home = NULL;
    create(f);
    write_yaml(f, "catalog: [unclosed\n");
    assert_fails(firn_home_open(FIRN_HOME_OPTS(.path = firn_str_of(f->path)), &home, &f->err),
                 FIRN_ERR_ARG, &f->err, "firn.yaml is not valid YAML");
}

static void test_yaml_nested_too_deep_is_refused(void **state)
{
    fixture *f = *state;
    firn_home *home = NULL;
    char text[256];
    size_t n = 0;
    create(f);
    n += (size_t)snprintf(text, sizeof text, "a: ");
    memset(text + n, '[', 70);
    memset(text + n + 70, ']', 70);
    text[n + 140] = '\0';
    write_yaml(f, text);
    assert_fails(firn_home_open(FIRN_HOME_OPTS(.path = firn_str_of(f->path)), &home, &f->err),
                 FIRN_ERR_ARG, &f->err, "depth (64)");
}

static void test_without_catalog_has_a_store_only(void **state)
{
    fixture *f = *state;
    firn_home *home = NULL;
    const firn_home_opts *opts =
        FIRN_HOME_OPTS(.path = firn_str_of(f->path), .without_catalog = true);
    assert_ok(firn_home_open(opts, &home, &f->err), &f->err);
    assert_null(firn_home_catalog(home));
    assert_ok(
        firn_store_put(firn_home_store(home), FIRN_STR("memory://x/y"), FIRN_STR("z"), &f->err),
        &f->err);
    firn_home_close(home);
    assert_fails(firn_home_create(opts, NULL, &home, &f->err), FIRN_ERR_ARG, &f->err,
                 "not created without a catalog");
}

static void test_options_of_another_size_are_refused(void **state)
{
    fixture *f = *state;
    firn_home *home = NULL;
    firn_home_opts opts = {.path = firn_str_of(f->path)};
    assert_fails(firn_home_open(&opts, &home, &f->err), FIRN_ERR_ARG, &f->err, "0 bytes");
    opts.struct_size = sizeof opts + 8;
    assert_fails(firn_home_open(&opts, &home, &f->err), FIRN_ERR_ARG, &f->err, "at most");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_missing_home_is_not_found_and_nothing_is_made, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_created_home_has_files_and_opens_again, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_home_below_a_file_cannot_be_made, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_home_with_a_damaged_catalog_is_not_opened, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_in_memory_home_needs_no_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_given_settings_win_over_environment_and_file, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_default_home_is_named_by_the_environment, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_catalog_and_warehouse_follow_the_settings, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_wrong_settings_say_what_was_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_broken_yaml_names_the_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_yaml_nested_too_deep_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_catalog_has_a_store_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_options_of_another_size_are_refused, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests_name("home", tests, NULL, NULL);
}
