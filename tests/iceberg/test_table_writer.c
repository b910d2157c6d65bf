/* SPDX-License-Identifier: Apache-2.0 */
/* Rows to data files: split by partition, rolled, named, measured, and cleaned up. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "faulty_store.h"
#include "iceberg/write/table_writer.h"
#include "lake_fixture.h"

/* Rows first_id .. first_id + n - 1; day = id % n_days (null where it is days_null), name "n<id>",
 * price = id / 2. */
static firn_batch *make_batch(int64_t first_id, int64_t n, int32_t n_days, int32_t null_day)
{
    firn_batch *batch = NULL;
    firn_error err;
    assert_ok(firn_batch_create(&firn_test_schema()->root, n, &batch, &err), &err);
    for (int64_t i = 0; i < n; i++) {
        char text[32];
        const int64_t id = first_id + i;
        const int32_t day = (int32_t)(id % n_days);
        ((int64_t *)batch->columns[0].values)[i] = id;
        ((int32_t *)batch->columns[1].values)[i] = day;
        if (day == null_day) firn_column_set_null(&batch->columns[1], i);
        (void)snprintf(text, sizeof text, "n%lld", (long long)id);
        assert_ok(firn_column_copy_bytes(&batch->columns[2], firn_str_of(text),
                                         &((firn_view *)batch->columns[2].values)[i], &err),
                  &err);
        ((double *)batch->columns[3].values)[i] = (double)id / 2;
    }
    for (size_t c = 0; c < batch->n_columns; c++) batch->columns[c].n_values = n;
    batch->n_rows = n;
    return batch;
}

static firn_table_writer *make_writer(firn_test_lake *lake, const firn_table *table,
                                      const firn_table_writer_opts *opts)
{
    firn_table_writer *writer = NULL;
    firn_error err;
    assert_ok(firn_table_writer_create(lake->env, lake->store, firn_table_metadata_of(table), opts,
                                       &writer, &err),
              &err);
    return writer;
}

static void append(firn_table_writer *writer, firn_batch *batch)
{
    firn_error err;
    assert_ok(firn_table_writer_append(writer, batch, &err), &err);
    firn_batch_destroy(batch);
}

static int64_t total_rows(const firn_data_file *files, size_t n)
{
    int64_t rows = 0;
    for (size_t i = 0; i < n; i++) rows += files[i].record_count;
    return rows;
}

static int64_t bound_i64(const firn_metric_map *map, int32_t id)
{
    int64_t value = -1;
    const firn_metric *metric = firn_metric_find(map, id);
    assert_non_null(metric);
    assert_int_equal(metric->bound.len, 8);
    memcpy(&value, metric->bound.data, 8);
    return value;
}

static void test_unpartitioned_rows_go_to_one_file(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_data_file *files = NULL;
    size_t n = 0;
    firn_table *table = firn_test_table(lake, "t", false, NULL);
    firn_table_writer *writer = make_writer(lake, table, NULL);
    append(writer, make_batch(0, 1000, 7, -1));
    append(writer, make_batch(1000, 500, 7, -1));
    assert_int_equal(firn_table_writer_rows(writer), 1500);
    assert_ok(firn_table_writer_finish(writer, lake->arena, &files, &n, &err), &err);
    firn_table_writer_destroy(writer);
    assert_int_equal(n, 1);
    const firn_data_file *f = &files[0];
    assert_int_equal(f->record_count, 1500);
    assert_int_equal(f->spec_id, 0);
    assert_int_equal(f->n_partition, 0);
    assert_int_equal(f->sort_order_id, 0);
    assert_int_equal(f->format, FIRN_FILE_PARQUET);
    assert_int_equal(bound_i64(&f->lower_bounds, 1), 0);
    assert_int_equal(bound_i64(&f->upper_bounds, 1), 1499);
    assert_int_equal(firn_metric_find(&f->value_counts, 3)->count, 1500);
    assert_int_equal(firn_metric_find(&f->null_value_counts, 3)->count, 0);
    assert_int_equal(firn_metric_find(&f->nan_value_counts, 4)->count, 0);
    assert_int_equal(f->n_split_offsets, 1);
    assert_true(firn_str_find(f->path, FIRN_STR("/warehouse/db/t/data/00000-0-"), 0) != SIZE_MAX);
    assert_true(firn_str_ends_with(f->path, FIRN_STR(".parquet")));
    firn_store_entry entry;
    assert_ok(firn_store_stat(lake->store, f->path, &entry, &err), &err);
    assert_int_equal(entry.size_bytes, f->file_size_bytes);
    firn_table_close(table);
}

static void test_rows_are_split_by_partition(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_data_file *files = NULL;
    size_t n = 0;
    firn_table *table = firn_test_table(lake, "t", true, NULL);
    firn_table_writer *writer = make_writer(lake, table, NULL);
    for (int i = 0; i < 5; i++) append(writer, make_batch(i * 700, 700, 3, 2));
    assert_ok(firn_table_writer_finish(writer, lake->arena, &files, &n, &err), &err);
    firn_table_writer_destroy(writer);
    assert_int_equal(n, 3);
    assert_int_equal(total_rows(files, n), 3500);
    for (size_t i = 0; i < n; i++) {
        const firn_value *day = &files[i].partition[0];
        const char *folder = day->is_null       ? "/data/day=null/"
                             : day->as.i32 == 0 ? "/data/day=1970-01-01/"
                                                : "/data/day=1970-01-02/";
        assert_int_equal(files[i].n_partition, 1);
        assert_true(firn_str_find(files[i].path, firn_str_of(folder), 0) != SIZE_MAX);
        /* Ids of a day are id % 3 == day, so the bounds tell whether rows strayed. */
        const int64_t rest = day->is_null ? 2 : day->as.i32;
        assert_int_equal(bound_i64(&files[i].lower_bounds, 1) % 3, rest);
        assert_int_equal(bound_i64(&files[i].upper_bounds, 1) % 3, rest);
        assert_true(files[i].record_count == 1166 || files[i].record_count == 1167);
    }
    firn_table_close(table);
}

static void test_partition_paths_are_encoded(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_table *table = NULL;
    firn_data_file *files = NULL;
    size_t n = 0;
    static const firn_partition_field by_name = {.source_id = 3};
    const firn_partition_spec spec = {.fields = &by_name, .n_fields = 1};
    const firn_ident t = firn_test_ident("t");
    assert_ok(firn_table_create(lake->env, lake->store, lake->catalog, &t,
                                FIRN_TABLE_CREATE_OPTS(.schema = firn_test_schema(), .spec = &spec),
                                &table, &err),
              &err);
    firn_table_writer *writer = make_writer(lake, table, NULL);
    firn_batch *batch = make_batch(0, 1, 1, -1);
    assert_ok(firn_column_copy_bytes(&batch->columns[2], FIRN_STR("../a b=\xc3\xa9%"),
                                     (firn_view *)batch->columns[2].values, &err),
              &err);
    append(writer, batch);
    assert_ok(firn_table_writer_finish(writer, lake->arena, &files, &n, &err), &err);
    firn_table_writer_destroy(writer);
    assert_true(firn_str_find(files[0].path, FIRN_STR("/data/name=..%2Fa+b%3D%C3%A9%25/"), 0) !=
                SIZE_MAX);
    assert_str(files[0].partition[0].as.bytes, "../a b=\xc3\xa9%");
    firn_table_close(table);
}

static void test_file_is_rolled_at_the_target_size(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_data_file *files = NULL;
    size_t n = 0;
    firn_table *table = firn_test_table(lake, "t", false, NULL);
    const firn_table_writer_opts opts = {.target_file_bytes = 20000};
    firn_table_writer *writer = make_writer(lake, table, &opts);
    for (int i = 0; i < 20; i++) append(writer, make_batch(i * 2000, 2000, 7, -1));
    assert_ok(firn_table_writer_finish(writer, lake->arena, &files, &n, &err), &err);
    firn_table_writer_destroy(writer);
    assert_true(n > 2);
    assert_int_equal(total_rows(files, n), 40000);
    firn_table_close(table);
}

static void test_rows_after_a_roll_begin_new_files(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_data_file *files = NULL;
    size_t n = 0;
    enum { ROLLS = 70 }; /* more than wait for the disk together */
    firn_table *table = firn_test_table(lake, "t", false, NULL);
    firn_table_writer *writer = make_writer(lake, table, NULL);
    for (int64_t i = 0; i < ROLLS; i++) {
        append(writer, make_batch(10 * i, 10, 7, -1));
        assert_int_equal(firn_table_writer_files(writer), i);
        assert_ok(firn_table_writer_roll(writer, &err), &err);
        assert_ok(firn_table_writer_roll(writer, &err), &err); /* nothing is open */
    }
    assert_ok(firn_table_writer_finish(writer, lake->arena, &files, &n, &err), &err);
    firn_table_writer_destroy(writer);
    assert_int_equal(n, ROLLS);
    for (size_t i = 0; i < n; i++) {
        firn_store_entry entry;
        assert_int_equal(bound_i64(&files[i].lower_bounds, 1), 10 * i);
        assert_int_equal(files[i].record_count, 10);
        assert_ok(firn_store_stat(lake->store, files[i].path, &entry, &err), &err);
        assert_int_equal(entry.size_bytes, files[i].file_size_bytes);
    }
    firn_table_close(table);
}

static void test_few_open_files_serve_many_partitions(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_data_file *files = NULL;
    size_t n = 0;
    firn_table *table = firn_test_table(lake, "t", true, NULL);
    const firn_table_writer_opts opts = {.max_open_partitions = 2};
    firn_table_writer *writer = make_writer(lake, table, &opts);
    for (int i = 0; i < 4; i++) append(writer, make_batch(i * 50, 50, 5, -1));
    assert_ok(firn_table_writer_finish(writer, lake->arena, &files, &n, &err), &err);
    firn_table_writer_destroy(writer);
    assert_int_equal(n, 20);
    assert_int_equal(total_rows(files, n), 200);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++) assert_false(firn_str_equals(files[i].path, files[j].path));
    firn_table_close(table);
}

static void test_metrics_follow_the_properties(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_data_file *files = NULL;
    size_t n = 0;
    firn_table *table =
        firn_test_table(lake, "t", false, "write.metadata.metrics.default", "counts",
                        "write.metadata.metrics.column.name", "truncate(2)",
                        "write.metadata.metrics.column.price", "none", NULL);
    firn_table_writer *writer = make_writer(lake, table, NULL);
    append(writer, make_batch(10, 90, 7, -1));
    assert_ok(firn_table_writer_finish(writer, lake->arena, &files, &n, &err), &err);
    firn_table_writer_destroy(writer);
    assert_null(firn_metric_find(&files[0].lower_bounds, 1));
    assert_int_equal(firn_metric_find(&files[0].value_counts, 1)->count, 90);
    assert_str(firn_metric_find(&files[0].lower_bounds, 3)->bound, "n1");
    assert_str(firn_metric_find(&files[0].upper_bounds, 3)->bound, "n:");
    assert_null(firn_metric_find(&files[0].value_counts, 4));
    firn_table_close(table);
}

static void test_unknown_settings_are_refused(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_table_writer *writer = NULL;
    const struct {
        const char *name, *key, *value, *message;
        firn_status status;
    } cases[] = {
        {"a", "write.parquet.compression-codec", "lzo", "compression-codec \"lzo\"",
         FIRN_ERR_UNSUPPORTED},
        {"b", "write.parquet.compression-level", "much", "compression-level \"much\"",
         FIRN_ERR_ARG},
        {"c", "write.format.default", "orc", "write.format.default \"orc\"", FIRN_ERR_UNSUPPORTED},
        {"d", "write.metadata.metrics.column.id", "some", "metrics mode \"some\"", FIRN_ERR_ARG},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        firn_table *table =
            firn_test_table(lake, cases[i].name, false, cases[i].key, cases[i].value, NULL);
        assert_fails(firn_table_writer_create(lake->env, lake->store, firn_table_metadata_of(table),
                                              NULL, &writer, &err),
                     cases[i].status, &err, cases[i].message);
        firn_table_close(table);
    }
}

static void test_codec_and_data_path_are_obeyed(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    char folder[FIRN_TEST_PATH];
    firn_test_path(folder, lake->folder, "elsewhere");
    const char *codecs[] = {"zstd", "snappy", "gzip", "lz4_raw", "uncompressed"};
    int64_t sizes[5];
    for (int i = 0; i < 5; i++) {
        char name[16];
        firn_data_file *files = NULL;
        size_t n = 0;
        (void)snprintf(name, sizeof name, "t%d", i);
        firn_table *table = firn_test_table(lake, name, false, "write.data.path", folder,
                                            "write.parquet.compression-codec", codecs[i], NULL);
        firn_table_writer *writer = make_writer(lake, table, NULL);
        append(writer, make_batch(0, 5000, 7, -1));
        assert_ok(firn_table_writer_finish(writer, lake->arena, &files, &n, &err), &err);
        firn_table_writer_destroy(writer);
        assert_true(firn_str_starts_with(files[0].path, firn_str_of(folder)));
        sizes[i] = files[0].file_size_bytes;
        firn_table_close(table);
    }
    for (int i = 0; i < 4; i++) assert_true(sizes[i] < sizes[4]);
}

static void test_abandoned_writer_leaves_no_file(void **state)
{
    firn_test_lake *lake = *state;
    firn_table *table = firn_test_table(lake, "t", true, NULL);
    const int n_files = firn_test_count_files(lake->folder);
    const firn_table_writer_opts opts = {.max_open_partitions = 1};
    firn_table_writer *writer = make_writer(lake, table, &opts);
    append(writer, make_batch(0, 100, 40, -1)); /* some files are finished, others wait for it */
    assert_true(firn_test_count_files(lake->folder) > n_files);
    firn_table_writer_destroy(writer);
    assert_int_equal(firn_test_count_files(lake->folder), n_files);
    firn_table_close(table);
}

static void test_full_disk_leaves_no_file(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_test_faulty faulty;
    firn_store *store = NULL;
    firn_table *table = firn_test_table(lake, "t", true, NULL);
    const int n_files = firn_test_count_files(lake->folder);
    firn_test_faulty_init(&faulty, lake->store);
    assert_ok(firn_store_create(&store, &err), &err);
    assert_ok(firn_test_faulty_add(store, &faulty, &err), &err);
    const firn_test_slot slots[] = {FIRN_TEST_CREATE, FIRN_TEST_WRITE, FIRN_TEST_FINISH};
    for (size_t s = 0; s < sizeof slots / sizeof *slots; s++) {
        for (int when = 0; when < 2; when++) {
            firn_table_writer *writer = NULL;
            firn_data_file *files = NULL;
            size_t n = 0;
            firn_batch *batch = make_batch(0, 100, 4, -1);
            assert_ok(firn_table_writer_create(lake->env, store, firn_table_metadata_of(table),
                                               NULL, &writer, &err),
                      &err);
            firn_test_faulty_arm(&faulty, slots[s], 2, (firn_test_when)when, FIRN_OK);
            firn_status st = firn_table_writer_append(writer, batch, &err);
            if (st == FIRN_OK) st = firn_table_writer_finish(writer, lake->arena, &files, &n, &err);
            firn_test_faulty_disarm(&faulty);
            assert_int_equal(st, FIRN_ERR_IO);
            assert_fails(firn_table_writer_append(writer, batch, &err), FIRN_ERR_ARG, &err,
                         "has failed or is finished");
            firn_batch_destroy(batch);
            firn_table_writer_destroy(writer);
            assert_int_equal(firn_test_count_files(lake->folder), n_files);
        }
    }
    firn_store_destroy(store);
    firn_table_close(table);
}

static void test_nothing_written_gives_no_file(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_data_file *files = NULL;
    size_t n = 1;
    firn_table *table = firn_test_table(lake, "t", true, NULL);
    const int n_files = firn_test_count_files(lake->folder);
    firn_table_writer *writer = make_writer(lake, table, NULL);
    assert_ok(firn_table_writer_finish(writer, lake->arena, &files, &n, &err), &err);
    firn_table_writer_destroy(writer);
    assert_int_equal(n, 0);
    assert_int_equal(firn_test_count_files(lake->folder), n_files);
    firn_table_close(table);
}

static void test_null_in_required_column_is_refused(void **state)
{
    firn_test_lake *lake = *state;
    firn_error err;
    firn_table *table = firn_test_table(lake, "t", false, NULL);
    firn_table_writer *writer = make_writer(lake, table, NULL);
    firn_batch *batch = make_batch(0, 10, 4, -1);
    firn_column_set_null(&batch->columns[0], 3);
    assert_fails(firn_table_writer_append(writer, batch, &err), FIRN_ERR_ARG, &err, "id");
    firn_batch_destroy(batch);
    firn_table_writer_destroy(writer);
    firn_table_close(table);
}

#define TEST(test) \
    cmocka_unit_test_setup_teardown(test, firn_test_local_lake, firn_test_lake_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_unpartitioned_rows_go_to_one_file),
        TEST(test_rows_are_split_by_partition),
        TEST(test_partition_paths_are_encoded),
        TEST(test_file_is_rolled_at_the_target_size),
        TEST(test_rows_after_a_roll_begin_new_files),
        TEST(test_few_open_files_serve_many_partitions),
        TEST(test_metrics_follow_the_properties),
        TEST(test_unknown_settings_are_refused),
        TEST(test_codec_and_data_path_are_obeyed),
        TEST(test_abandoned_writer_leaves_no_file),
        TEST(test_full_disk_leaves_no_file),
        TEST(test_nothing_written_gives_no_file),
        TEST(test_null_in_required_column_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
