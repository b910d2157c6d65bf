/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests and manifest lists: what is written is read back, numbers are inherited, faults are
 * refused. Files of other writers: test_manifest_foreign.c. */
#include <math.h>

#include "base/limits.h"
#include "spec_table.h"

static firn_manifest_entry entry_of(const spec_table *t, firn_entry_status status, const char *path)
{
    firn_manifest_entry e = {.status = status,
                             .snapshot_id = -1,
                             .sequence_number = -1,
                             .file_sequence_number = -1,
                             .file = spec_data_file(t, path)};
    if (status != FIRN_ENTRY_ADDED) {
        e.snapshot_id = 60;
        e.sequence_number = 3;
        e.file_sequence_number = 4;
    }
    return e;
}

static firn_manifest_reader *open_manifest(firn_str bytes, const firn_manifest_file *file,
                                           const spec_table *t, firn_manifest_columns columns)
{
    firn_error err = {0};
    firn_manifest_reader *reader = NULL;
    assert_ok(firn_manifest_reader_open(bytes, file, t ? &t->schema : NULL, t ? &t->spec : NULL,
                                        columns, &reader, &err),
              &err);
    return reader;
}

static firn_manifest_entry next_entry(firn_manifest_reader *reader)
{
    firn_error err = {0};
    firn_manifest_entry e;
    assert_ok(firn_manifest_reader_next(reader, &e, &err), &err);
    return e;
}

static void assert_done(firn_manifest_reader *reader)
{
    firn_error err = {0};
    firn_manifest_entry e;
    assert_int_equal(firn_manifest_reader_next(reader, &e, &err), FIRN_DONE);
}

static void assert_map(const firn_metric_map *map, const firn_metric *expected, size_t n)
{
    assert_int_equal(map->n, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(map->items[i].field_id, expected[i].field_id);
        assert_int_equal(map->items[i].count, expected[i].count);
        assert_true(firn_str_equals(map->items[i].bound, expected[i].bound));
    }
}

static void assert_metrics(const firn_data_file *file)
{
    assert_map(&file->column_sizes, k_spec_counts, 3);
    assert_map(&file->value_counts, k_spec_counts, 3);
    assert_map(&file->null_value_counts, k_spec_counts, 2);
    assert_map(&file->nan_value_counts, k_spec_counts, 1);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(file->lower_bounds.items[i].field_id, k_spec_bounds[i].field_id);
        assert_true(firn_str_equals(file->upper_bounds.items[i].bound, k_spec_bounds[i].bound));
    }
}

static void test_every_partition_type_round_trips(void **state)
{
    for (int32_t version = 1; version <= 3; version++) {
        spec_table t;
        firn_manifest_file file;
        spec_table_make(*state, &t);
        const firn_manifest_write_opts opts = spec_opts(&t, version);
        firn_manifest_entry entries[] = {entry_of(&t, FIRN_ENTRY_ADDED, "s3://b/a.parquet"),
                                         entry_of(&t, FIRN_ENTRY_ADDED, "s3://b/null.parquet")};
        entries[1].file.partition = t.nulls;
        const firn_str bytes =
            spec_write_manifest(*state, &opts, FIRN_CONTENT_DATA, entries, 2, &file);
        assert_int_equal(file.length, bytes.len);
        firn_manifest_reader *reader = open_manifest(bytes, &file, &t, FIRN_MANIFEST_ALL);
        firn_manifest_entry e = next_entry(reader);
        assert_str(e.file.path, "s3://b/a.parquet");
        assert_int_equal(e.file.format, FIRN_FILE_PARQUET);
        assert_int_equal(e.file.record_count, 10);
        assert_int_equal(e.file.file_size_bytes, 4096);
        assert_true(firn_partition_equals(e.file.partition, t.values, N_SPEC_COLUMNS));
        assert_metrics(&e.file);
        assert_str(e.file.key_metadata, "key");
        assert_int_equal(e.file.n_split_offsets, 2);
        assert_int_equal(e.file.split_offsets[1], 100000000000);
        assert_int_equal(e.file.sort_order_id, 1);
        assert_int_equal(e.file.content_offset, -1);
        e = next_entry(reader);
        assert_true(firn_partition_equals(e.file.partition, t.nulls, N_SPEC_COLUMNS));
        assert_done(reader);
        firn_manifest_reader_close(reader);
    }
}

static void test_schema_and_spec_come_from_the_header_when_not_given(void **state)
{
    spec_table t;
    firn_manifest_file file;
    spec_table_make(*state, &t);
    const firn_manifest_write_opts opts = spec_opts(&t, 2);
    const firn_manifest_entry entry = entry_of(&t, FIRN_ENTRY_ADDED, "a");
    const firn_str bytes = spec_write_manifest(*state, &opts, FIRN_CONTENT_DATA, &entry, 1, &file);
    firn_manifest_reader *reader = open_manifest(bytes, NULL, NULL, FIRN_MANIFEST_ALL);
    const firn_manifest_entry e = next_entry(reader);
    assert_true(firn_partition_equals(e.file.partition, t.values, N_SPEC_COLUMNS));
    assert_int_equal(e.sequence_number, 0);
    firn_manifest_reader_close(reader);
}

static void test_numbers_are_inherited_from_the_list(void **state)
{
    spec_table t;
    firn_manifest_file file;
    spec_table_make(*state, &t);
    const firn_manifest_write_opts opts = spec_opts(&t, 2);
    firn_manifest_entry entries[] = {
        entry_of(&t, FIRN_ENTRY_ADDED, "new"), entry_of(&t, FIRN_ENTRY_EXISTING, "old"),
        entry_of(&t, FIRN_ENTRY_DELETED, "gone"), entry_of(&t, FIRN_ENTRY_ADDED, "compacted")};
    entries[3].sequence_number = 2; /* older data in a new file */
    const firn_str bytes = spec_write_manifest(*state, &opts, FIRN_CONTENT_DATA, entries, 4, &file);
    assert_int_equal(file.min_sequence_number, 2);
    file.sequence_number = 9; /* the commit was retried */
    file.added_snapshot_id = 88;
    firn_manifest_reader *reader = open_manifest(bytes, &file, &t, FIRN_MANIFEST_ALL);
    firn_manifest_entry e = next_entry(reader);
    assert_int_equal(e.snapshot_id, 88);
    assert_int_equal(e.sequence_number, 9);
    assert_int_equal(e.file_sequence_number, 9);
    e = next_entry(reader);
    assert_int_equal(e.status, FIRN_ENTRY_EXISTING);
    assert_int_equal(e.snapshot_id, 60);
    assert_int_equal(e.sequence_number, 3);
    assert_int_equal(e.file_sequence_number, 4);
    e = next_entry(reader);
    assert_int_equal(e.status, FIRN_ENTRY_DELETED);
    assert_int_equal(e.sequence_number, 3);
    e = next_entry(reader);
    assert_int_equal(e.sequence_number, 2);
    assert_int_equal(e.file_sequence_number, 9);
    firn_manifest_reader_close(reader);
}

static void test_v1_entries_have_sequence_number_zero(void **state)
{
    spec_table t;
    firn_manifest_file file;
    spec_table_make(*state, &t);
    const firn_manifest_write_opts opts = spec_opts(&t, 1);
    const firn_manifest_entry entry = entry_of(&t, FIRN_ENTRY_EXISTING, "old");
    const firn_str bytes = spec_write_manifest(*state, &opts, FIRN_CONTENT_DATA, &entry, 1, &file);
    file.sequence_number = 7;
    firn_manifest_reader *reader = open_manifest(bytes, &file, &t, FIRN_MANIFEST_ALL);
    const firn_manifest_entry e = next_entry(reader);
    assert_int_equal(e.sequence_number, 0);
    assert_int_equal(e.file_sequence_number, 0);
    firn_manifest_reader_close(reader);
}

static void test_row_ids_are_handed_out_in_order(void **state)
{
    spec_table t;
    firn_manifest_file file;
    spec_table_make(*state, &t);
    const firn_manifest_write_opts opts = spec_opts(&t, 3);
    firn_manifest_entry entries[] = {
        entry_of(&t, FIRN_ENTRY_ADDED, "a"), entry_of(&t, FIRN_ENTRY_EXISTING, "b"),
        entry_of(&t, FIRN_ENTRY_DELETED, "c"), entry_of(&t, FIRN_ENTRY_ADDED, "d")};
    entries[1].file.first_row_id = 5;
    const firn_str bytes = spec_write_manifest(*state, &opts, FIRN_CONTENT_DATA, entries, 4, &file);
    file.first_row_id = 1000;
    firn_manifest_reader *reader = open_manifest(bytes, &file, &t, FIRN_MANIFEST_ALL);
    assert_int_equal(next_entry(reader).file.first_row_id, 1000);
    assert_int_equal(next_entry(reader).file.first_row_id, 5);
    assert_int_equal(next_entry(reader).file.first_row_id, -1);
    assert_int_equal(next_entry(reader).file.first_row_id, 1010);
    firn_manifest_reader_close(reader);
}

/* Tables may be partitioned by what only later versions know: values are then of the type that the
 * manifest itself tells. */
static void test_unknown_transforms_and_dropped_columns_are_read(void **state)
{
    spec_table t;
    firn_manifest_file file;
    firn_partition_field fields[N_SPEC_COLUMNS];
    spec_table_make(*state, &t);
    const firn_manifest_write_opts opts = spec_opts(&t, 2);
    const firn_manifest_entry entry = entry_of(&t, FIRN_ENTRY_ADDED, "a");
    const firn_str bytes = spec_write_manifest(*state, &opts, FIRN_CONTENT_DATA, &entry, 1, &file);
    for (size_t i = 0; i < N_SPEC_COLUMNS; i++) fields[i] = t.spec.fields[i];
    fields[1].transform = (firn_transform){FIRN_TRANSFORM_UNKNOWN, 0, FIRN_STR("zorder")};
    fields[2].source_id = 999;
    t.spec.fields = fields;
    t.spec.n_fields = 3; /* the others are stepped over */
    firn_manifest_reader *reader = open_manifest(bytes, &file, &t, FIRN_MANIFEST_ALL);
    const firn_manifest_entry e = next_entry(reader);
    assert_int_equal(e.file.n_partition, 3);
    assert_int_equal(e.file.partition[1].as.i32, -34);
    assert_int_equal(e.file.partition[2].kind, FIRN_TYPE_LONG);
    assert_int_equal(e.file.partition[2].as.i64, INT64_MAX);
    firn_manifest_reader_close(reader);
}

static void test_int_partitions_of_a_promoted_column_are_longs(void **state)
{
    static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
    spec_table t;
    firn_manifest_file file;
    firn_field fields[N_SPEC_COLUMNS];
    spec_table_make(*state, &t);
    const firn_manifest_write_opts opts = spec_opts(&t, 2);
    const firn_manifest_entry entry = entry_of(&t, FIRN_ENTRY_ADDED, "a");
    const firn_str bytes = spec_write_manifest(*state, &opts, FIRN_CONTENT_DATA, &entry, 1, &file);
    for (size_t i = 0; i < t.schema.root.n_fields; i++) fields[i] = t.schema.root.fields[i];
    fields[1].type = &k_long;
    t.schema.root.fields = fields;
    firn_manifest_reader *reader = open_manifest(bytes, &file, &t, FIRN_MANIFEST_ALL);
    const firn_manifest_entry e = next_entry(reader);
    assert_int_equal(e.file.partition[1].kind, FIRN_TYPE_LONG);
    assert_int_equal(e.file.partition[1].as.i64, -34);
    firn_manifest_reader_close(reader);
    fields[1].type = &(firn_type){.kind = FIRN_TYPE_STRING};
    firn_error err = {0};
    assert_fails(firn_manifest_reader_open(bytes, &file, &t.schema, &t.spec, FIRN_MANIFEST_ALL,
                                           &reader, &err),
                 FIRN_ERR_CORRUPT, &err,
                 "partition field 1001 of type string has an unexpected type");
}

static void test_metrics_not_asked_for_are_left_out(void **state)
{
    spec_table t;
    firn_manifest_file file;
    spec_table_make(*state, &t);
    const firn_manifest_write_opts opts = spec_opts(&t, 2);
    const firn_manifest_entry entry = entry_of(&t, FIRN_ENTRY_ADDED, "a");
    const firn_str bytes = spec_write_manifest(*state, &opts, FIRN_CONTENT_DATA, &entry, 1, &file);
    firn_manifest_reader *reader = open_manifest(bytes, &file, &t, FIRN_MANIFEST_NO_METRICS);
    firn_manifest_entry e = next_entry(reader);
    assert_int_equal(e.file.value_counts.n, 0);
    assert_int_equal(e.file.lower_bounds.n, 0);
    assert_int_equal(e.file.sort_order_id, 1); /* behind the maps */
    assert_done(reader);
    firn_manifest_reader_close(reader);
    reader = open_manifest(bytes, &file, &t, FIRN_MANIFEST_BOUNDS);
    e = next_entry(reader);
    assert_int_equal(e.file.column_sizes.n, 0);
    assert_map(&e.file.value_counts, k_spec_counts, 3);
    assert_int_equal(e.file.upper_bounds.n, 3);
    firn_manifest_reader_close(reader);
}

static void test_map_beyond_the_limit_is_refused(void **state)
{
    spec_table t;
    firn_error err = {0};
    firn_manifest_file file;
    firn_metric *items = firn_arena_array(*state, FIRN_LIMIT_COLUMNS + 1, sizeof *items);
    spec_table_make(*state, &t);
    const firn_manifest_write_opts opts = spec_opts(&t, 2);
    for (size_t n = FIRN_LIMIT_COLUMNS - 1; n <= FIRN_LIMIT_COLUMNS + 1; n++) {
        firn_manifest_entry e = entry_of(&t, FIRN_ENTRY_ADDED, "wide");
        e.file.value_counts = (firn_metric_map){items, n};
        const firn_str bytes = spec_write_manifest(*state, &opts, FIRN_CONTENT_DATA, &e, 1, &file);
        firn_manifest_reader *reader = open_manifest(bytes, &file, &t, FIRN_MANIFEST_ALL);
        const firn_status st = firn_manifest_reader_next(reader, &e, &err);
        if (n <= FIRN_LIMIT_COLUMNS) {
            assert_ok(st, &err);
            assert_int_equal(e.file.value_counts.n, n);
        } else {
            assert_fails(st, FIRN_ERR_LIMIT, &err, "of 100001 entries, limit 100000");
        }
        firn_manifest_reader_close(reader);
    }
}

static void test_an_empty_map_is_not_a_missing_one(void **state)
{
    spec_table t;
    firn_error err = {0};
    firn_manifest_file file;
    static const firn_metric none;
    spec_table_make(*state, &t);
    const firn_manifest_write_opts opts = spec_opts(&t, 2);
    firn_manifest_entry e = entry_of(&t, FIRN_ENTRY_ADDED, "bare");
    e.file.nan_value_counts = e.file.lower_bounds = (firn_metric_map){&none, 0};
    e.file.value_counts = e.file.upper_bounds = (firn_metric_map){NULL, 0};
    const firn_str bytes = spec_write_manifest(*state, &opts, FIRN_CONTENT_DATA, &e, 1, &file);
    firn_manifest_reader *reader = open_manifest(bytes, &file, &t, FIRN_MANIFEST_ALL);
    assert_ok(firn_manifest_reader_next(reader, &e, &err), &err);
    assert_non_null(e.file.nan_value_counts.items);
    assert_non_null(e.file.lower_bounds.items);
    assert_null(e.file.value_counts.items);
    assert_null(e.file.upper_bounds.items);
    assert_int_equal(e.file.nan_value_counts.n + e.file.lower_bounds.n, 0);
    firn_manifest_reader_close(reader);
}

static void test_delete_files_round_trip(void **state)
{
    spec_table t;
    firn_manifest_file file;
    static const int32_t k_ids[] = {1, 3};
    spec_table_make(*state, &t);
    const firn_manifest_write_opts opts = spec_opts(&t, 3);
    firn_manifest_entry entries[] = {entry_of(&t, FIRN_ENTRY_ADDED, "eq.parquet"),
                                     entry_of(&t, FIRN_ENTRY_ADDED, "dv.puffin")};
    entries[0].file.content = FIRN_CONTENT_EQUALITY_DELETES;
    entries[0].file.equality_ids = k_ids;
    entries[0].file.n_equality_ids = 2;
    entries[1].file.content = FIRN_CONTENT_POSITION_DELETES;
    entries[1].file.format = FIRN_FILE_PUFFIN;
    entries[1].file.referenced_data_file = FIRN_STR("s3://b/a.parquet");
    entries[1].file.content_offset = 4;
    entries[1].file.content_size_bytes = 44;
    const firn_str bytes =
        spec_write_manifest(*state, &opts, FIRN_CONTENT_POSITION_DELETES, entries, 2, &file);
    assert_int_equal(file.content, FIRN_CONTENT_POSITION_DELETES);
    file.first_row_id = 7; /* wrong for deletes, and ignored */
    firn_manifest_reader *reader = open_manifest(bytes, &file, &t, FIRN_MANIFEST_NO_METRICS);
    firn_manifest_entry e = next_entry(reader);
    assert_int_equal(e.file.content, FIRN_CONTENT_EQUALITY_DELETES);
    assert_int_equal(e.file.n_equality_ids, 2);
    assert_int_equal(e.file.equality_ids[1], 3);
    e = next_entry(reader);
    assert_int_equal(e.file.format, FIRN_FILE_PUFFIN);
    assert_str(e.file.referenced_data_file, "s3://b/a.parquet");
    assert_int_equal(e.file.content_offset, 4);
    assert_int_equal(e.file.content_size_bytes, 44);
    assert_int_equal(e.file.first_row_id, -1);
    assert_int_equal(e.file.n_equality_ids, 0);
    firn_manifest_reader_close(reader);
}

static void test_summaries_cover_all_partitions(void **state)
{
    static const firn_type k_double = {.kind = FIRN_TYPE_DOUBLE};
    static const firn_field k_field = {.id = 1, .name = FIRN_STR_INIT("d"), .type = &k_double};
    static const firn_partition_field k_part = {
        .source_id = 1, .field_id = 1000, .name = FIRN_STR_INIT("d")};
    spec_table t = {.schema.root = {.kind = FIRN_TYPE_STRUCT, .fields = &k_field, .n_fields = 1},
                    .spec = {.fields = &k_part, .n_fields = 1}};
    const double numbers[] = {3, -1, (double)NAN, 2};
    firn_value values[4];
    firn_manifest_entry entries[4];
    firn_manifest_file file;
    for (size_t i = 0; i < 4; i++) {
        values[i] = (firn_value){.kind = FIRN_TYPE_DOUBLE, .as.f64 = numbers[i]};
        entries[i] = entry_of(&t, FIRN_ENTRY_ADDED, "a");
        entries[i].file.partition = &values[i];
        entries[i].file.n_partition = 1;
    }
    const firn_manifest_write_opts opts = spec_opts(&t, 2);
    (void)spec_write_manifest(*state, &opts, FIRN_CONTENT_DATA, entries, 4, &file);
    assert_int_equal(file.added_files, 4);
    assert_int_equal(file.added_rows, 40);
    assert_int_equal(file.deleted_files, 0);
    assert_int_equal(file.n_partitions, 1);
    assert_true(file.partitions[0].contains_nan);
    assert_false(file.partitions[0].contains_null);
    double lower = 0;
    double upper = 0;
    memcpy(&lower, file.partitions[0].lower.data, 8);
    memcpy(&upper, file.partitions[0].upper.data, 8);
    assert_true(lower == -1 && upper == 3);
    (void)spec_write_manifest(*state, &opts, FIRN_CONTENT_DATA, &entries[2], 1, &file);
    assert_true(file.partitions[0].contains_nan && !file.partitions[0].has_lower);
}

static void test_lists_round_trip(void **state)
{
    for (int32_t version = 1; version <= 3; version++) {
        spec_table t;
        firn_error err = {0};
        firn_manifest_file files[2];
        firn_manifest_file *read = NULL;
        size_t n = 0;
        spec_table_make(*state, &t);
        const firn_manifest_write_opts opts = spec_opts(&t, version);
        const firn_manifest_entry entry = entry_of(&t, FIRN_ENTRY_ADDED, "a");
        (void)spec_write_manifest(*state, &opts, FIRN_CONTENT_DATA, &entry, 1, &files[0]);
        files[0].path = FIRN_STR("s3://b/m0.avro");
        files[1] = files[0];
        files[1].path = FIRN_STR("s3://b/m1.avro");
        files[1].content = version == 1 ? FIRN_CONTENT_DATA : FIRN_CONTENT_POSITION_DELETES;
        files[1].key_metadata = FIRN_STR("k");
        files[1].n_partitions = 0;
        if (version == 3) files[0].first_row_id = 12;
        if (version == 1) files[1].added_rows = -1;
        const firn_str bytes = spec_write_list(*state, &opts, files, 2);
        assert_ok(firn_manifest_list_read(bytes, *state, &read, &n, &err), &err);
        assert_int_equal(n, 2);
        assert_str(read[0].path, "s3://b/m0.avro");
        assert_int_equal(read[0].length, files[0].length);
        assert_int_equal(read[0].sequence_number, version == 1 ? 0 : 5);
        assert_int_equal(read[0].min_sequence_number, version == 1 ? 0 : 5);
        assert_int_equal(read[0].added_snapshot_id, 77);
        assert_int_equal(read[0].added_files, 1);
        assert_int_equal(read[0].first_row_id, version == 3 ? 12 : -1);
        assert_int_equal(read[0].n_partitions, N_SPEC_COLUMNS);
        for (size_t i = 0; i < N_SPEC_COLUMNS; i++) {
            assert_int_equal(read[0].partitions[i].has_lower, files[0].partitions[i].has_lower);
            assert_true(firn_str_equals(read[0].partitions[i].upper, files[0].partitions[i].upper));
        }
        assert_int_equal(read[1].content, files[1].content);
        assert_int_equal(read[1].added_rows, version == 1 ? -1 : 10);
        assert_str(read[1].key_metadata, "k");
    }
}

static void test_lists_of_later_versions_need_counts(void **state)
{
    spec_table t;
    firn_error err = {0};
    firn_buf buf;
    const firn_byte_sink sink = {&buf, spec_sink_write};
    firn_manifest_file file = {.path = FIRN_STR("m"), .added_files = -1};
    spec_table_make(*state, &t);
    firn_manifest_write_opts opts = spec_opts(&t, 2);
    firn_buf_init(&buf, NULL, 1 << 20);
    assert_fails(firn_manifest_list_write(&opts, &file, 1, &sink, &err), FIRN_ERR_ARG, &err,
                 "manifest m has no file and row counts");
    opts.format_version = 4;
    assert_fails(firn_manifest_list_write(&opts, &file, 1, &sink, &err), FIRN_ERR_UNSUPPORTED, &err,
                 "not supported: manifests of format version 4");
    opts.format_version = 1;
    file.content = FIRN_CONTENT_POSITION_DELETES;
    assert_fails(firn_manifest_list_write(&opts, &file, 1, &sink, &err), FIRN_ERR_ARG, &err,
                 "delete manifest m in a v1 manifest list");
    firn_buf_dispose(&buf);
}

static void assert_append_refused(firn_arena *arena, const spec_table *t, int32_t version,
                                  const firn_manifest_entry *entry, const char *message)
{
    firn_error err = {0};
    firn_buf buf;
    firn_manifest_writer *writer = NULL;
    const firn_byte_sink sink = {&buf, spec_sink_write};
    const firn_manifest_write_opts opts = spec_opts(t, version);
    (void)arena;
    firn_buf_init(&buf, NULL, 1 << 20);
    assert_ok(firn_manifest_writer_create(&opts, FIRN_CONTENT_DATA, &sink, &writer, &err), &err);
    assert_fails(firn_manifest_writer_append(writer, entry, &err), FIRN_ERR_ARG, &err, message);
    firn_manifest_writer_destroy(writer);
    firn_buf_dispose(&buf);
}

static void test_entries_that_break_rules_are_not_written(void **state)
{
    spec_table t;
    spec_table_make(*state, &t);
    firn_manifest_entry e = entry_of(&t, FIRN_ENTRY_EXISTING, "x");
    e.sequence_number = -1;
    assert_append_refused(*state, &t, 2, &e, "existing or deleted file x without sequence numbers");
    e = entry_of(&t, FIRN_ENTRY_ADDED, "x");
    e.file.content = FIRN_CONTENT_POSITION_DELETES;
    assert_append_refused(*state, &t, 2, &e, "delete file x in a manifest of data files");
    e = entry_of(&t, FIRN_ENTRY_ADDED, "x");
    e.file.n_partition = 1;
    assert_append_refused(*state, &t, 2, &e, "file with 1 partition values, the spec has 23");
    e = entry_of(&t, FIRN_ENTRY_ADDED, "x");
    e.file.content_offset = 4;
    assert_append_refused(*state, &t, 2, &e, "need format version 3, the table has 2");
    firn_value values[N_SPEC_COLUMNS];
    memcpy(values, t.values, sizeof values);
    values[1] = values[11];
    e = entry_of(&t, FIRN_ENTRY_ADDED, "x");
    e.file.partition = values;
    assert_append_refused(*state, &t, 2, &e, "partition value of another type than int");
}

/* Every prefix of a manifest and of a list ends in an error or, at a block's border, early. */
static void test_truncated_files_never_crash(void **state)
{
    spec_table t;
    firn_manifest_file file;
    spec_table_make(*state, &t);
    const firn_manifest_write_opts opts = spec_opts(&t, 2);
    const firn_manifest_entry e = entry_of(&t, FIRN_ENTRY_ADDED, "x");
    const firn_str bytes = spec_write_manifest(*state, &opts, FIRN_CONTENT_DATA, &e, 1, &file);
    file.path = FIRN_STR("m");
    const firn_str list = spec_write_list(*state, &opts, &file, 1);
    size_t n_refused = 0;
    for (size_t n = 0; n < bytes.len; n += n < 4000 ? 97 : 1) {
        firn_error err = {0};
        firn_manifest_reader *reader = NULL;
        firn_manifest_entry out;
        firn_status st = firn_manifest_reader_open((firn_str){bytes.data, n}, &file, &t.schema,
                                                   &t.spec, FIRN_MANIFEST_ALL, &reader, &err);
        if (st == FIRN_OK) st = firn_manifest_reader_next(reader, &out, &err);
        firn_manifest_reader_close(reader);
        assert_int_not_equal(st, FIRN_OK);
        n_refused += st == FIRN_ERR_CORRUPT;
    }
    assert_true(n_refused > 40);
    for (size_t n = 0; n + 20 < list.len; n++) {
        firn_error err = {0};
        firn_manifest_file *files = NULL;
        size_t n_files = 0;
        const firn_status st =
            firn_manifest_list_read((firn_str){list.data, n}, *state, &files, &n_files, &err);
        assert_true(st == FIRN_ERR_CORRUPT || n_files == 0);
    }
}

static void test_file_copies_stand_alone(void **state)
{
    spec_table t;
    firn_error err = {0};
    firn_manifest_file file;
    firn_data_file copy;
    spec_table_make(*state, &t);
    const firn_manifest_write_opts opts = spec_opts(&t, 2);
    const firn_manifest_entry entry = entry_of(&t, FIRN_ENTRY_ADDED, "a");
    const firn_str bytes = spec_write_manifest(*state, &opts, FIRN_CONTENT_DATA, &entry, 1, &file);
    firn_manifest_reader *reader = open_manifest(bytes, &file, &t, FIRN_MANIFEST_ALL);
    const firn_manifest_entry e = next_entry(reader);
    assert_ok(firn_data_file_copy(&e.file, *state, &copy, &err), &err);
    firn_manifest_reader_close(reader);
    assert_str(copy.path, "a");
    assert_metrics(&copy);
    assert_true(firn_partition_equals(copy.partition, t.values, N_SPEC_COLUMNS));
    assert_int_equal(copy.split_offsets[0], 4);
}

static void test_metrics_are_found_in_any_order(void **state)
{
    const firn_metric items[] = {{9, 1, {0}}, {2, 2, {0}}, {5, 3, {0}}};
    const firn_metric_map map = {items, 3};
    (void)state;
    assert_int_equal(firn_metric_find(&map, 9)->count, 1);
    assert_int_equal(firn_metric_find(&map, 2)->count, 2);
    assert_int_equal(firn_metric_find(&map, 5)->count, 3);
    assert_null(firn_metric_find(&map, 4));
}

static void test_partitions_with_floats_compare_by_bits(void **state)
{
    firn_value a = {.kind = FIRN_TYPE_DOUBLE, .as.f64 = (double)NAN};
    firn_value b = {.kind = FIRN_TYPE_DOUBLE, .as.f64 = -(double)NAN};
    (void)state;
    assert_true(firn_partition_equals(&a, &b, 1));
    a.as.f64 = 0.0;
    b.as.f64 = -0.0;
    assert_false(firn_partition_equals(&a, &b, 1));
    b.is_null = true;
    assert_false(firn_partition_equals(&a, &b, 1));
    a.is_null = true;
    assert_true(firn_partition_equals(&a, &b, 1));
}

#define ARENA_TEST(name) cmocka_unit_test_setup_teardown(name, make_arena, drop_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(test_every_partition_type_round_trips),
        ARENA_TEST(test_schema_and_spec_come_from_the_header_when_not_given),
        ARENA_TEST(test_numbers_are_inherited_from_the_list),
        ARENA_TEST(test_v1_entries_have_sequence_number_zero),
        ARENA_TEST(test_row_ids_are_handed_out_in_order),
        ARENA_TEST(test_unknown_transforms_and_dropped_columns_are_read),
        ARENA_TEST(test_int_partitions_of_a_promoted_column_are_longs),
        ARENA_TEST(test_metrics_not_asked_for_are_left_out),
        ARENA_TEST(test_map_beyond_the_limit_is_refused),
        ARENA_TEST(test_an_empty_map_is_not_a_missing_one),
        ARENA_TEST(test_delete_files_round_trip),
        ARENA_TEST(test_summaries_cover_all_partitions),
        ARENA_TEST(test_lists_round_trip),
        ARENA_TEST(test_lists_of_later_versions_need_counts),
        ARENA_TEST(test_entries_that_break_rules_are_not_written),
        ARENA_TEST(test_truncated_files_never_crash),
        ARENA_TEST(test_file_copies_stand_alone),
        cmocka_unit_test(test_metrics_are_found_in_any_order),
        cmocka_unit_test(test_partitions_with_floats_compare_by_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
