/* SPDX-License-Identifier: Apache-2.0 */
/* Files that are there become a table's without memory: whichever allocation is refused, the
 * import says so, and the table is as it was. Leaks are for the sanitizer to tell, since the files
 * are in memory. */
#include "base/str.h"
#include "fail_alloc.h"
#include "firn/import.h"
#include "format/parquet/write/parquet_writer.h"
#include "lake_fixture.h"

#define FILES       2
#define ROWS        10
#define FILE_FOLDER "memory://lake/in/day=2024-01-0%d/f.parquet"

typedef struct fixture {
    firn_test_lake lake;
    firn_table *table; /* the source of a clone, or where files are added */
} fixture;

typedef struct import_case {
    firn_status (*run)(fixture *f, firn_import_result *out, firn_error *err);
    const char *name;    /* of the table that gets rows */
    int64_t rows_before; /* of it; -1: it is made */
    int64_t stride;      /* refuses every stride-th allocation only */
    bool is_clone;       /* of a table that has rows */
    bool is_new;         /* the table is made of files */
} import_case;

static firn_status append_bytes(void *ctx, const void *data, size_t n, firn_error *err)
{
    firn_buf_append(ctx, data, n);
    return firn_buf_check(ctx, err);
}

/* The test's table without the day, which the folder says. The ids are the table's, or those that a
 * new one gives. */
static void write_file(firn_test_lake *lake, int number, bool is_for_new)
{
    const firn_field *all = firn_test_schema()->root.fields;
    firn_field fields[] = {all[0], all[2], all[3]};
    for (int32_t i = 0; is_for_new && i < 3; i++) fields[i].id = i + 1;
    const firn_type root = {.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = 3};
    firn_buf bytes;
    const firn_byte_sink sink = {&bytes, append_bytes};
    firn_parquet_writer *writer = NULL;
    firn_batch *batch = NULL;
    firn_file_metrics metrics;
    firn_error err = {0};
    firn_buf_init(&bytes, NULL, 0);
    assert_ok(firn_batch_create(&root, ROWS, &batch, &err), &err);
    for (int64_t i = 0; i < ROWS; i++) {
        ((int64_t *)batch->columns[0].values)[i] = i;
        ((firn_view *)batch->columns[1].values)[i] = firn_view_of("some name", 9);
        ((double *)batch->columns[2].values)[i] = 0.5;
    }
    batch->n_rows = ROWS;
    assert_ok(firn_parquet_writer_create(&root, NULL, &sink, &writer, &err), &err);
    assert_ok(firn_parquet_writer_append(writer, batch, &err), &err);
    assert_ok(firn_parquet_writer_finish(writer, lake->arena, &metrics, &err), &err);
    firn_parquet_writer_destroy(writer);
    firn_batch_destroy(batch);
    assert_ok(firn_store_put(lake->store, firn_arena_printf(lake->arena, FILE_FOLDER, number),
                             firn_buf_view(&bytes), &err),
              &err);
    firn_buf_dispose(&bytes);
}

static void open_fixture(fixture *f, const import_case *c)
{
    *f = (fixture){0};
    if (c->is_clone)
        firn_test_lake_open(&f->lake, true, NULL); /* a catalog that reads metadata files */
    else
        firn_test_lake_open_in_memory(&f->lake);
    for (int i = 1; i <= FILES; i++) write_file(&f->lake, i, c->is_new);
    f->table = firn_test_table(&f->lake, "t", true, NULL);
}

static void close_fixture(fixture *f)
{
    firn_table_close(f->table);
    firn_test_lake_close(&f->lake, false);
}

static int64_t rows_of(const firn_table *table)
{
    const bool is_empty = !firn_metadata_current_snapshot(firn_table_metadata_of(table));
    return is_empty ? 0 : firn_test_summary(table, "total-records");
}

/* Rows of db.<name> as somebody else sees it; -1: there is no such table. */
static int64_t rows_in_catalog(fixture *f, const char *name)
{
    const firn_ident ident = firn_test_ident(name);
    firn_table *table = NULL;
    firn_error err;
    const firn_status st =
        firn_table_open(f->lake.env, f->lake.store, f->lake.catalog, &ident, &table, &err);
    if (st == FIRN_ERR_NOT_FOUND) return -1;
    assert_ok(st, &err);
    const int64_t n = rows_of(table);
    firn_table_close(table);
    return n;
}

static firn_status add_files(fixture *f, firn_import_result *out, firn_error *err)
{
    return firn_table_add_files(f->table, FIRN_STR("memory://lake/in"), NULL, out, err);
}

static firn_status import_table(fixture *f, firn_import_result *out, firn_error *err)
{
    const firn_ident ident = firn_test_ident("u");
    return firn_table_import(f->lake.env, f->lake.store, f->lake.catalog, &ident,
                             FIRN_STR("memory://lake/in"), NULL, out, err);
}

static firn_status clone_table(fixture *f, firn_import_result *out, firn_error *err)
{
    const firn_ident ident = firn_test_ident("v");
    return firn_table_clone(f->table, f->lake.catalog, &ident, NULL, out, err);
}

static void check_result(fixture *f, const import_case *c, const firn_import_result *result)
{
    assert_int_equal(result->files, FILES);
    assert_int_equal(result->records, FILES * ROWS);
    assert_int_equal(rows_in_catalog(f, c->name), FILES * ROWS);
}

static void check_failure(fixture *f, const import_case *c, firn_status st, const firn_error *err,
                          int64_t n)
{
    if (st != FIRN_ERR_NOMEM || err->status != FIRN_ERR_NOMEM)
        fail_msg("allocation %d refused: %s: %s", (int)n, firn_status_name(st), err->message);
    assert_int_equal(rows_in_catalog(f, c->name), c->rows_before);
}

/* In a new lake, with the n-th allocation refused. False: fewer are made. */
static bool try_one(const import_case *c, int64_t n, bool and_after)
{
    fixture f;
    firn_import_result result;
    firn_error err = {0};
    open_fixture(&f, c);
    if (c->is_clone) assert_ok(add_files(&f, &result, &err), &err);
    firn_fail_alloc_arm(n, and_after);
    const firn_status st = c->run(&f, &result, &err);
    const bool is_refused = firn_fail_alloc_calls() >= n;
    firn_fail_alloc_disarm();
    if (!is_refused) assert_ok(st, &err);
    if (st == FIRN_OK) /* refused or not: a cache can do without */
        check_result(&f, c, &result);
    else
        check_failure(&f, c, st, &err, n);
    close_fixture(&f);
    return is_refused;
}

static void try_each(const import_case *c)
{
    int64_t n = 1;
    while (try_one(c, n, false) && try_one(c, n, true)) n += c->stride;
    print_message("%d allocations\n", (int)n);
    assert_true(n > 20 * c->stride);
}

static void test_files_are_added(void **state)
{
    const import_case c = {.run = add_files, .name = "t", .stride = 3};
    (void)state;
    try_each(&c);
}

static void test_a_table_is_made_of_files(void **state)
{
    const import_case c = {
        .run = import_table, .name = "u", .rows_before = -1, .stride = 3, .is_new = true};
    (void)state;
    try_each(&c);
}

static void test_a_table_is_made_of_another(void **state)
{
    const import_case c = {
        .run = clone_table, .name = "v", .rows_before = -1, .stride = 3, .is_clone = true};
    (void)state;
    try_each(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_are_added),
        cmocka_unit_test(test_a_table_is_made_of_files),
        cmocka_unit_test(test_a_table_is_made_of_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
