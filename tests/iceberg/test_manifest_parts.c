/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests read in parts and with the metrics of some fields: what comes out is what the whole
 * manifest gives. And manifests under a failing allocator. */
#include "fail_alloc.h"
#include "iceberg/scan/manifest_parts.h"
#include "spec_table.h"

#define N_FILES 4000

/* Every third file brings row ids of its own. */
static firn_str write_files(firn_arena *arena, const spec_table *t, size_t n,
                            firn_manifest_file *file)
{
    const firn_manifest_write_opts opts = spec_opts(t, 3);
    firn_manifest_entry *entries = firn_arena_array(arena, n, sizeof *entries);

    for (size_t i = 0; i < n; i++) {
        const firn_str path = firn_arena_printf(arena, "s3://b/%zu-%zx.parquet", i, i * i * 77);
        entries[i] = (firn_manifest_entry){.status = FIRN_ENTRY_ADDED,
                                           .snapshot_id = -1,
                                           .sequence_number = -1,
                                           .file_sequence_number = -1,
                                           .file = spec_data_file(t, "")};
        entries[i].file.path = path;
        entries[i].file.record_count = (int64_t)i % 17;
        if (i % 3 == 0) entries[i].file.first_row_id = 5;
    }
    const firn_str bytes = spec_write_manifest(arena, &opts, FIRN_CONTENT_DATA, entries, n, file);
    file->first_row_id = 1000;
    return bytes;
}

/* Paths, rows and row ids of a reader's entries as lines. */
static void list_entries(firn_manifest_reader *reader, firn_buf *out)
{
    firn_error err = {0};
    firn_manifest_entry e;
    firn_status st;

    while ((st = firn_manifest_reader_next(reader, &e, &err)) == FIRN_OK)
        firn_buf_printf(out, "%.*s %lld %lld\n", FIRN_STR_ARG(e.file.path),
                        (long long)e.file.record_count, (long long)e.file.first_row_id);
    assert_int_equal(st, FIRN_DONE);
}

/* The same of a scan of one part, as tasks. */
static void scan_part(firn_arena *arena, const spec_table *t, firn_str bytes,
                      firn_manifest_scan *scan)
{
    firn_error err = {0};
    firn_manifest_reader *reader = NULL;
    firn_manifest_entry e;
    size_t cap = 0;

    assert_ok(firn_manifest_reader_open(bytes, scan->manifest, &t->schema, &t->spec,
                                        FIRN_MANIFEST_NO_METRICS, &reader, &err),
              &err);
    firn_manifest_reader_limit(reader, &scan->part);
    while (firn_manifest_reader_next(reader, &e, &err) == FIRN_OK) {
        firn_data_file *file = firn_arena_alloc(arena, sizeof *file);
        assert_ok(firn_data_file_copy(&e.file, arena, file, &err), &err);
        firn_scan_task *task =
            firn_arena_push(arena, &scan->tasks, &scan->n_tasks, &cap, sizeof *task);
        task->file = file;
    }
    scan->n_row_ids = firn_manifest_reader_row_ids(reader);
    firn_manifest_reader_close(reader);
}

static void test_parts_give_what_the_whole_gives(void **state)
{
    spec_table t;
    firn_manifest_file file;
    firn_error err = {0};
    firn_manifest_reader *reader = NULL;
    firn_avro_part *parts = NULL;
    size_t n_parts = 0;
    int64_t n_records = 0;
    firn_buf whole;
    firn_buf pieces;

    firn_buf_init(&whole, NULL, 0);
    firn_buf_init(&pieces, NULL, 0);
    spec_table_make(*state, &t);
    const firn_str bytes = write_files(*state, &t, N_FILES, &file);
    assert_ok(firn_manifest_reader_open(bytes, &file, &t.schema, &t.spec, FIRN_MANIFEST_NO_METRICS,
                                        &reader, &err),
              &err);
    list_entries(reader, &whole);
    firn_manifest_reader_close(reader);

    assert_ok(firn_avro_split(bytes, 4096, *state, &parts, &n_parts, &err), &err);
    assert_true(n_parts > 3);
    firn_manifest_scan *scans = firn_arena_array(*state, n_parts, sizeof *scans);
    for (size_t i = 0; i < n_parts; i++) {
        assert_int_equal(parts[i].from, i > 0 ? parts[i - 1].to : parts[0].from);
        n_records += parts[i].n_records;
        scans[i] = (firn_manifest_scan){
            .manifest = &file, .part = parts[i], .part_index = i, .n_parts = n_parts};
        scan_part(*state, &t, bytes, &scans[i]);
    }
    assert_int_equal(parts[n_parts - 1].to, bytes.len);
    assert_int_equal(n_records, N_FILES);
    assert_ok(firn_manifest_parts_settle(scans, n_parts, *state, &err), &err);
    for (size_t i = 0; i < n_parts; i++)
        for (size_t k = 0; k < scans[i].n_tasks; k++)
            firn_buf_printf(&pieces, "%.*s %lld %lld\n", FIRN_STR_ARG(scans[i].tasks[k].file->path),
                            (long long)scans[i].tasks[k].file->record_count,
                            (long long)scans[i].tasks[k].file->first_row_id);
    assert_true(firn_str_equals(firn_buf_view(&pieces), firn_buf_view(&whole)));
    firn_buf_dispose(&whole);
    firn_buf_dispose(&pieces);
}

static void test_a_small_or_empty_manifest_is_one_part(void **state)
{
    spec_table t;
    firn_manifest_file file;
    firn_error err = {0};
    firn_avro_part *parts = NULL;
    size_t n_parts = 0;

    spec_table_make(*state, &t);
    for (size_t n = 0; n < 2; n++) {
        const firn_str bytes = write_files(*state, &t, n, &file);
        assert_ok(firn_avro_split(bytes, 1 << 20, *state, &parts, &n_parts, &err), &err);
        assert_int_equal(n_parts, 1);
        assert_int_equal(parts[0].n_records, n);
        assert_int_equal(parts[0].to, bytes.len);
        assert_fails(firn_avro_split(firn_str_slice(bytes, 0, bytes.len - 1), 1 << 20, *state,
                                     &parts, &n_parts, &err),
                     FIRN_ERR_CORRUPT, &err, "truncated");
    }
}

static void test_metrics_of_chosen_fields_only(void **state)
{
    const int32_t wanted[] = {k_spec_counts[1].field_id, 999999};
    spec_table t;
    firn_manifest_file file;
    firn_error err = {0};
    firn_manifest_reader *reader = NULL;
    firn_manifest_entry e;

    spec_table_make(*state, &t);
    const firn_str bytes = write_files(*state, &t, 1, &file);
    assert_ok(firn_manifest_reader_open(bytes, &file, &t.schema, &t.spec, FIRN_MANIFEST_BOUNDS,
                                        &reader, &err),
              &err);
    assert_ok(firn_manifest_reader_select(reader, wanted, 2, &err), &err);
    assert_ok(firn_manifest_reader_next(reader, &e, &err), &err);
    assert_int_equal(e.file.column_sizes.n, 0);
    assert_int_equal(e.file.value_counts.n, 1);
    assert_int_equal(e.file.value_counts.items[0].field_id, wanted[0]);
    assert_int_equal(e.file.value_counts.items[0].count, k_spec_counts[1].count);
    assert_int_equal(e.file.nan_value_counts.n, 0);
    assert_true(e.file.lower_bounds.n <= 1);
    firn_manifest_reader_close(reader);
}

/* ---- failing allocations ---- */

/* From the first entry on: the JSON library that opening needs loses bytes of long words when it is
 * refused memory, and says nothing. */

static firn_status sink_append(void *ctx, const void *data, size_t n, firn_error *err)
{
    firn_buf_append(ctx, data, n);
    return firn_buf_check(ctx, err);
}

/* FIRN_DONE when the n-th allocation was not reached. */
static firn_status read_refused(const spec_table *t, firn_str bytes, const firn_manifest_file *file,
                                int64_t n)
{
    firn_error err = {0};
    firn_manifest_reader *reader = NULL;
    firn_manifest_entry e;
    firn_status st = FIRN_OK;

    assert_ok(firn_manifest_reader_open(bytes, file, &t->schema, &t->spec, FIRN_MANIFEST_ALL,
                                        &reader, &err),
              &err);
    firn_fail_alloc_arm(n, false);
    while (st == FIRN_OK) st = firn_manifest_reader_next(reader, &e, &err);
    firn_fail_alloc_disarm();
    firn_manifest_reader_close(reader);
    return st;
}

static firn_status write_refused(const spec_table *t, firn_arena *arena,
                                 const firn_manifest_entry *entry, int64_t n)
{
    const firn_manifest_write_opts opts = spec_opts(t, 3);
    firn_error err = {0};
    firn_manifest_writer *writer = NULL;
    firn_manifest_file file;
    firn_buf out;

    firn_buf_init(&out, NULL, 0);
    const firn_byte_sink sink = {&out, sink_append};
    assert_ok(firn_manifest_writer_create(&opts, FIRN_CONTENT_DATA, &sink, &writer, &err), &err);
    firn_fail_alloc_arm(n, false);
    firn_status st = firn_manifest_writer_append(writer, entry, &err);
    if (st == FIRN_OK) st = firn_manifest_writer_finish(writer, arena, &file, &err);
    firn_fail_alloc_disarm();
    firn_manifest_writer_destroy(writer);
    firn_buf_dispose(&out);
    return st;
}

static void test_entries_survive_every_failing_allocation(void **state)
{
    spec_table t;
    firn_manifest_file file;
    int64_t n = 1;

    spec_table_make(*state, &t);
    const firn_manifest_entry entry = {.status = FIRN_ENTRY_ADDED,
                                       .snapshot_id = -1,
                                       .sequence_number = -1,
                                       .file_sequence_number = -1,
                                       .file = spec_data_file(&t, "s3://b/a.parquet")};
    const firn_str bytes = write_files(*state, &t, 2, &file);
    firn_status st;
    for (; (st = read_refused(&t, bytes, &file, n)) != FIRN_DONE; n++)
        assert_int_equal(st, FIRN_ERR_NOMEM);
    assert_true(n > 5);
    for (n = 1; (st = write_refused(&t, *state, &entry, n)) != FIRN_OK; n++)
        assert_int_equal(st, FIRN_ERR_NOMEM);
    assert_true(n > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_parts_give_what_the_whole_gives, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(test_a_small_or_empty_manifest_is_one_part, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(test_metrics_of_chosen_fields_only, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(test_entries_survive_every_failing_allocation, make_arena,
                                        drop_arena),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
