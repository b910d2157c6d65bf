/* SPDX-License-Identifier: Apache-2.0 */
/* The doctor: each kind of damage is made, seen, and mended where that loses nothing. */
#include "sql_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "iceberg/check/live_files.h"
#include "iceberg/check/table_repair.h"
#include "iceberg/txn/snapshot_update.h"
#include "store/store_read.h"

typedef struct ward {
    sql_fixture *f;
    firn_arena *arena;
    firn_table *table;
    firn_live_files live;
    firn_doctor_report report;
} ward;

/* Ten rows in two partitions: ids 0 to 9, g = id % 2, f with a NaN, s with a null. */
static void admit(ward *w, void **state, int version)
{
    char sql[512];
    firn_error err;
    *w = (ward){.f = *state, .arena = firn_arena_create(NULL, 0)};
    (void)snprintf(sql, sizeof sql,
                   "create table t (id bigint, g int, f double, s varchar, st struct<x: int>) "
                   "partitioned by (g) tblproperties ('format-version' = '%d')",
                   version);
    sql_run(w->f, sql);
    sql_run(w->f, "insert into t select i, i % 2, case when i = 3 then 'nan'::double else i / 2 "
                  "end, case when i = 4 then null else 'name ' || i end, {'x': i} from range(10) "
                  "r(i)");
    w->table = sql_open_table(w->f, "default", "t");
    assert_ok(firn_live_files_read(w->f->env, w->f->store, firn_table_metadata_of(w->table),
                                   firn_metadata_current_snapshot(firn_table_metadata_of(w->table)),
                                   w->arena, &w->live, &err),
              &err);
}

static void discharge(ward *w)
{
    firn_table_close(w->table);
    firn_arena_destroy(w->arena);
    sql_run(w->f, "drop table t");
}

static void examine_as(ward *w, const firn_table_metadata *metadata, bool reads_rows)
{
    firn_error err;
    const firn_doctor_opts opts = {.reads_rows = reads_rows};
    assert_ok(
        firn_table_examine(w->f->env, w->f->store, metadata, &opts, w->arena, &w->report, &err),
        &err);
}

static void examine(ward *w, bool reads_rows)
{
    firn_error err;
    assert_ok(firn_table_refresh(w->table, &err), &err);
    examine_as(w, firn_table_metadata_of(w->table), reads_rows);
}

static const firn_finding *assert_found(const ward *w, firn_finding_kind kind,
                                        firn_repair_kind repair, const char *message)
{
    for (size_t i = 0; i < w->report.n_findings; i++) {
        const firn_finding *f = &w->report.findings[i];
        if (f->kind == kind && f->repair == repair &&
            firn_str_find(f->message, firn_str_of(message), 0) != SIZE_MAX)
            return f;
    }
    for (size_t i = 0; i < w->report.n_findings; i++)
        print_message("found: %s: %.*s\n", firn_finding_name(w->report.findings[i].kind),
                      FIRN_STR_ARG(w->report.findings[i].message));
    fail_msg("no \"%s\": %s", firn_finding_name(kind), message);
    return NULL;
}

static void assert_healthy(ward *w, bool reads_rows)
{
    examine(w, reads_rows);
    if (w->report.n_findings > 0)
        fail_msg("%s: %.*s", firn_finding_name(w->report.findings[0].kind),
                 FIRN_STR_ARG(w->report.findings[0].message));
}

static void repair(ward *w)
{
    firn_error err;
    assert_ok(firn_table_repair(w->table, &w->report, &err), &err);
}

/* The entries of live files become what they are in changed: the tool that mends them damages them,
 * too. */
static void damage_entries(ward *w, const firn_data_file *changed, size_t n)
{
    firn_error err;
    firn_txn *txn = NULL;
    const firn_change change = {.kind = FIRN_CHANGE_REWRITE,
                                .corrected = changed,
                                .n_corrected = n,
                                .from_snapshot_id =
                                    firn_table_metadata_of(w->table)->current_snapshot_id};
    assert_ok(firn_txn_begin(w->table, &txn, &err), &err);
    assert_ok(firn_txn_change_files(txn, &change, &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
}

static firn_metric *own_metrics(ward *w, firn_metric_map *map)
{
    firn_metric *items = firn_arena_array(w->arena, map->n, sizeof *items);
    for (size_t i = 0; i < map->n; i++) items[i] = map->items[i];
    map->items = items;
    return items;
}

static size_t index_of(const firn_metric_map *map, int32_t id)
{
    for (size_t i = 0; i < map->n; i++)
        if (map->items[i].field_id == id) return i;
    fail_msg("no metric of field %d", (int)id);
    return 0;
}

static void test_a_good_table_is_healthy(void **state)
{
    for (int version = 1; version <= 3; version++) {
        ward w;
        admit(&w, state, version);
        sql_run(w.f, "delete from t where id = 5");
        sql_run(w.f, "alter table t add column later int");
        sql_run(w.f, "insert into t values (11, 1, 1, 'x', null, 4)");
        assert_healthy(&w, true);
        assert_int_equal(w.report.n_rows, 10);
        discharge(&w);
    }
}

static void test_wrong_metrics_are_seen_by_reading_and_mended(void **state)
{
    for (int version = 1; version <= 3; version++) {
        static const char bound[8] = {2, 0, 0, 0, 0, 0, 0, 0}; /* of id: 2 */
        ward w;
        admit(&w, state, version);
        firn_data_file file = w.live.files[0].entry.file; /* ids 0, 2, .. 8 */
        file.record_count = 6;
        own_metrics(&w, &file.null_value_counts)[index_of(&file.null_value_counts, 4)].count = 5;
        own_metrics(&w, &file.nan_value_counts)[index_of(&file.nan_value_counts, 3)].count = 1;
        own_metrics(&w, &file.value_counts)[index_of(&file.value_counts, 6)].count = 7;
        own_metrics(&w, &file.lower_bounds)[index_of(&file.lower_bounds, 1)].bound =
            (firn_str){bound, 8};
        damage_entries(&w, &file, 1);
        assert_rows(w.f, "select id from t where id < 1", "");
        examine(&w, false);
        assert_found(&w, FIRN_FINDING_TOTALS, FIRN_REPAIR_TOTALS,
                     "the summary says total-records 10, there are 11");
        examine(&w, true);
        assert_found(&w, FIRN_FINDING_COUNT, FIRN_REPAIR_ENTRIES, "has 5 rows, its entry says 6");
        assert_found(&w, FIRN_FINDING_METRICS, FIRN_REPAIR_ENTRIES,
                     "column \"s\" has 1 nulls, its entry says 5");
        assert_found(&w, FIRN_FINDING_METRICS, FIRN_REPAIR_ENTRIES,
                     "column \"f\" has 0 NaN values, its entry says 1");
        assert_found(&w, FIRN_FINDING_METRICS, FIRN_REPAIR_ENTRIES,
                     "column \"st.x\" has 5 values, its entry says 7");
        assert_found(&w, FIRN_FINDING_METRICS, FIRN_REPAIR_ENTRIES,
                     "column \"id\" has values below its entry's lower bound");
        repair(&w);
        assert_healthy(&w, true);
        assert_rows(w.f, "select id from t where id < 1", "(0)");
        assert_rows(w.f, "select count(*), sum(id) from t", "(10, 45)");
        discharge(&w);
    }
}

static void test_text_bounds_are_mended(void **state)
{
    ward w;
    admit(&w, state, 2);
    firn_data_file file = w.live.files[1].entry.file;
    own_metrics(&w, &file.upper_bounds)[index_of(&file.upper_bounds, 4)].bound = FIRN_STR("name 1");
    damage_entries(&w, &file, 1);
    assert_rows(w.f, "select id from t where s = 'name 9'", "");
    examine(&w, true);
    assert_found(&w, FIRN_FINDING_METRICS, FIRN_REPAIR_ENTRIES,
                 "column \"s\" has values above its entry's upper bound");
    repair(&w);
    assert_rows(w.f, "select id from t where s = 'name 9'", "(9)");
    assert_healthy(&w, true);
    discharge(&w);
}

/* ---- manifest list ---- */

static firn_status write_bytes(void *ctx, const void *data, size_t n, firn_error *err)
{
    (void)err;
    assert_int_equal(fwrite(data, 1, n, ctx), n);
    return FIRN_OK;
}

static const char *local_path(ward *w, firn_str path)
{
    const firn_str scheme = FIRN_STR("file://");
    if (firn_str_starts_with(path, scheme)) path = firn_str_slice(path, scheme.len, path.len);
    return firn_arena_printf(w->arena, "%.*s", FIRN_STR_ARG(path)).data;
}

static void write_list(ward *w, const firn_manifest_file *manifests, size_t n)
{
    static const uint8_t sync[16] = {1};
    firn_error err;
    const firn_table_metadata *m = firn_table_metadata_of(w->table);
    const firn_snapshot *s = firn_metadata_current_snapshot(m);
    const firn_manifest_write_opts opts = {.format_version = m->format_version,
                                           .schema = firn_metadata_schema(m),
                                           .spec = firn_metadata_spec(m),
                                           .snapshot_id = s->snapshot_id,
                                           .parent_snapshot_id = s->parent_snapshot_id,
                                           .sequence_number = s->sequence_number,
                                           .sync = sync};
    FILE *file = fopen(local_path(w, s->manifest_list), "wb");
    assert_non_null(file);
    const firn_byte_sink sink = {file, write_bytes};
    assert_ok(firn_manifest_list_write(&opts, manifests, n, &sink, &err), &err);
    assert_int_equal(fclose(file), 0);
}

static void test_wrong_counts_in_a_manifest_list_are_mended(void **state)
{
    for (int version = 1; version <= 3; version++) {
        ward w;
        admit(&w, state, version);
        w.live.manifests[0].added_files = 0;
        w.live.manifests[0].added_rows = 0;
        write_list(&w, w.live.manifests, w.live.n_manifests);
        examine(&w, false);
        assert_found(&w, FIRN_FINDING_COUNT, FIRN_REPAIR_ENTRIES,
                     "has 2 added files of 10 rows, its list says 0 and 0");
        repair(&w);
        assert_healthy(&w, true);
        assert_rows(w.f, "select count(*), sum(id) from t", "(10, 45)");
        discharge(&w);
    }
}

static void test_wrong_partition_bounds_in_a_manifest_list_are_mended(void **state)
{
    static const char one[4] = {1, 0, 0, 0};
    ward w;
    admit(&w, state, 2);
    firn_field_summary summary = w.live.manifests[0].partitions[0];
    summary.lower = (firn_str){one, 4};
    w.live.manifests[0].partitions = &summary;
    write_list(&w, w.live.manifests, w.live.n_manifests);
    assert_rows(w.f, "select count(*) from t where g = 0", "(0)");
    examine(&w, false);
    assert_found(&w, FIRN_FINDING_SUMMARY, FIRN_REPAIR_ENTRIES, "the partition value \"g\" of ");
    repair(&w);
    assert_healthy(&w, true);
    assert_rows(w.f, "select count(*) from t where g = 0", "(5)");
    discharge(&w);
}

/* ---- files ---- */

static void test_missing_and_short_files_are_not_for_repair(void **state)
{
    ward w;
    admit(&w, state, 2);
    const firn_data_file *file = &w.live.files[0].entry.file;
    assert_int_equal(truncate(local_path(&w, file->path), file->file_size_bytes - 1), 0);
    assert_int_equal(unlink(local_path(&w, w.live.files[1].entry.file.path)), 0);
    examine(&w, true);
    assert_found(&w, FIRN_FINDING_FILE_SIZE, FIRN_REPAIR_NONE, "bytes, expected ");
    assert_found(&w, FIRN_FINDING_MISSING_FILE, FIRN_REPAIR_NONE, " is not there");
    assert_found(&w, FIRN_FINDING_UNREADABLE, FIRN_REPAIR_NONE, ".parquet");
    assert_int_equal(firn_repair_count(&w.report), 0);
    const int64_t before = firn_table_metadata_of(w.table)->current_snapshot_id;
    repair(&w);
    assert_int_equal(firn_table_metadata_of(w.table)->current_snapshot_id, before);
    assert_int_equal(unlink(local_path(&w, w.live.manifests[0].path)), 0);
    examine(&w, false);
    assert_found(&w, FIRN_FINDING_MISSING_FILE, FIRN_REPAIR_NONE, "manifest ");
    assert_found(&w, FIRN_FINDING_UNREADABLE, FIRN_REPAIR_NONE, "manifest ");
    discharge(&w);
}

static void add_files(ward *w, const firn_change *change)
{
    firn_error err;
    firn_txn *txn = NULL;
    assert_ok(firn_txn_begin(w->table, &txn, &err), &err);
    assert_ok(firn_txn_change_files(txn, change, &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
}

static void test_files_that_are_live_twice_are_seen(void **state)
{
    ward w;
    admit(&w, state, 2);
    const firn_change change = {.added = &w.live.files[0].entry.file, .n_added = 1};
    add_files(&w, &change);
    examine(&w, false);
    assert_found(&w, FIRN_FINDING_DUPLICATE, FIRN_REPAIR_NONE, " is live twice");
    discharge(&w);
}

static void test_rows_of_another_partition_are_seen_by_reading(void **state)
{
    ward w;
    firn_value wrong = {.kind = FIRN_TYPE_INT, .as.i32 = 7};
    admit(&w, state, 2);
    const firn_change removal = {
        .kind = FIRN_CHANGE_OVERWRITE,
        .removed = &(firn_file_key){.path = w.live.files[0].entry.file.path},
        .n_removed = 1,
        .from_snapshot_id = firn_table_metadata_of(w.table)->current_snapshot_id};
    add_files(&w, &removal);
    firn_data_file file = w.live.files[0].entry.file;
    file.partition = &wrong;
    const firn_change change = {.added = &file, .n_added = 1};
    add_files(&w, &change);
    examine(&w, false);
    assert_found(&w, FIRN_FINDING_PARTITION, FIRN_REPAIR_NONE,
                 "the bounds of its rows do not fit its partition value \"g\"");
    examine(&w, true);
    assert_found(&w, FIRN_FINDING_PARTITION, FIRN_REPAIR_NONE,
                 "row 0 is of another partition \"g\" than its file");
    discharge(&w);
}

/* ---- deletes ---- */

static void test_dangling_deletes_are_taken_out(void **state)
{
    for (int version = 2; version <= 3; version++) {
        ward w;
        admit(&w, state, version);
        sql_run(w.f, "alter table t set tblproperties ('write.delete.mode' = 'merge-on-read')");
        sql_run(w.f, "delete from t where id in (2, 3)");
        examine(&w, true);
        assert_int_equal(w.report.n_findings, 0);
        firn_live_files now;
        firn_error err;
        const firn_table_metadata *m = firn_table_metadata_of(w.table);
        assert_ok(firn_live_files_read(w.f->env, w.f->store, m, firn_metadata_current_snapshot(m),
                                       w.arena, &now, &err),
                  &err);
        firn_data_file lost = now.files[now.n_files - 1].entry.file;
        assert_int_equal(lost.content, FIRN_CONTENT_POSITION_DELETES);
        lost.referenced_data_file = FIRN_STR("file:///nowhere.parquet");
        lost.lower_bounds.n = 0;
        lost.upper_bounds.n = 0;
        lost.path = firn_arena_printf(w.arena, "%.*s.copy", FIRN_STR_ARG(lost.path));
        char command[2048];
        (void)snprintf(command, sizeof command, "cp '%s' '%s'",
                       local_path(&w, now.files[now.n_files - 1].entry.file.path),
                       local_path(&w, lost.path));
        assert_int_equal(system(command), 0);
        const firn_change change = {.kind = FIRN_CHANGE_ROW_DELTA,
                                    .added = &lost,
                                    .n_added = 1,
                                    .from_snapshot_id = m->current_snapshot_id,
                                    .isolation = FIRN_ISOLATION_SNAPSHOT};
        add_files(&w, &change);
        examine(&w, false);
        assert_found(&w, FIRN_FINDING_DANGLING_DELETE, FIRN_REPAIR_DELETES,
                     "deletes from file:///nowhere.parquet, which is not live");
        repair(&w);
        assert_healthy(&w, true);
        assert_rows(w.f, "select count(*), sum(id) from t", "(8, 40)");
        discharge(&w);
    }
}

/* ---- metadata ---- */

static void set_statistics(ward *w, const char *path, int64_t size, int64_t footer, bool partition)
{
    firn_error err;
    firn_txn *txn = NULL;
    const firn_str json = firn_arena_printf(
        w->arena,
        "{\"snapshot-id\":%lld,\"statistics-path\":\"%s\",\"file-size-in-bytes\":%lld,"
        "\"file-footer-size-in-bytes\":%lld,\"blob-metadata\":[{\"type\":\"a\",\"snapshot-id\":1,"
        "\"sequence-number\":1,\"fields\":[1]}]}",
        (long long)firn_table_metadata_of(w->table)->current_snapshot_id, path, (long long)size,
        (long long)footer);
    assert_ok(firn_txn_begin(w->table, &txn, &err), &err);
    assert_ok(firn_txn_set_statistics(txn, json, partition, &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
}

static void test_statistics_files_are_checked_and_their_entries_taken_out(void **state)
{
    /* The specification's empty file, and one that is none. */
    static const char empty[] = "PFA1PFA1{\"blobs\":[]}\x0c\0\0\0\0\0\0\0PFA1";
    char path[FIRN_TEST_PATH];
    ward w;
    admit(&w, state, 2);
    (void)firn_test_path(path, w.f->folder, "s.puffin");
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(empty, 1, sizeof empty - 1, file), 32);
    assert_int_equal(fclose(file), 0);
    const struct {
        const char *path;
        int64_t size, footer;
        bool partition;
        const char *message;
    } k_cases[] = {
        {"/nowhere/s.puffin", 1, 1, false, "statistics file /nowhere/s.puffin is not there"},
        {"/nowhere/p.parquet", 1, 1, true, "statistics file /nowhere/p.parquet is not there"},
        {path, 31, 28, false, "has 32 bytes, expected 31"},
        {path, 32, 27, false, "has a footer of 28 bytes, expected 27"},
        {path, 32, 28, false, "has no blob \"a\""},
    };
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        set_statistics(&w, k_cases[i].path, k_cases[i].size, k_cases[i].footer,
                       k_cases[i].partition);
        examine(&w, false);
        assert_found(&w, FIRN_FINDING_STATISTICS, FIRN_REPAIR_STATISTICS, k_cases[i].message);
        repair(&w);
        assert_healthy(&w, false);
    }
    assert_int_equal(truncate(path, 20), 0);
    set_statistics(&w, path, 20, 16, false);
    examine(&w, false);
    assert_found(&w, FIRN_FINDING_STATISTICS, FIRN_REPAIR_STATISTICS, "statistics file ");
    discharge(&w);
}

static void test_wrong_totals_are_counted_again(void **state)
{
    firn_error err;
    firn_txn *txn = NULL;
    ward w;
    admit(&w, state, 2);
    const firn_property wrong[] = {{FIRN_STR("total-records"), FIRN_STR("99")},
                                   {FIRN_STR("total-data-files"), FIRN_STR("1")}};
    const firn_change change = {.from_snapshot_id = -1};
    assert_ok(firn_txn_begin(w.table, &txn, &err), &err);
    assert_ok(firn_txn_change_files(txn, &change, &err), &err);
    assert_ok(firn_txn_set_summary(txn, wrong, 2, &err), &err);
    assert_ok(firn_txn_commit(txn, &err), &err);
    firn_txn_close(txn);
    examine(&w, false);
    assert_found(&w, FIRN_FINDING_TOTALS, FIRN_REPAIR_TOTALS, "total-records 99, there are 10");
    assert_found(&w, FIRN_FINDING_TOTALS, FIRN_REPAIR_TOTALS, "total-data-files 1, there are 2");
    repair(&w);
    assert_healthy(&w, true);
    discharge(&w);
}

static void test_faults_of_the_metadata_file_are_seen(void **state)
{
    ward w;
    admit(&w, state, 3);
    sql_run(w.f, "insert into t values (11, 1, 1, 'x', null)");
    examine(&w, true);
    assert_int_equal(w.report.n_findings, 0);
    const firn_table_metadata *good = firn_table_metadata_of(w.table);
    firn_table_metadata bad = *good;
    firn_snapshot snapshots[2] = {good->snapshots[0], good->snapshots[1]};
    const firn_snapshot_log_entry log = {1, 77};
    bad.snapshots = snapshots;
    bad.snapshot_log = &log;
    bad.n_snapshot_log = 1;
    bad.next_row_id = 5;
    snapshots[0].sequence_number = 2;
    snapshots[1].schema_id = 9;
    examine_as(&w, &bad, false);
    assert_found(&w, FIRN_FINDING_SEQUENCE, FIRN_REPAIR_NONE,
                 "has sequence number 2, its parent has 2");
    assert_found(&w, FIRN_FINDING_REFERENCE, FIRN_REPAIR_NONE,
                 "names schema 9, which is not there");
    assert_found(&w, FIRN_FINDING_REFERENCE, FIRN_REPAIR_NONE,
                 "the snapshot log names 77, which is not there");
    assert_found(&w, FIRN_FINDING_ROW_IDS, FIRN_REPAIR_NONE,
                 "gave 10 row ids from 0, the table's next one is 5");
    assert_found(&w, FIRN_FINDING_ROW_IDS, FIRN_REPAIR_NONE, "row ids from 10, ");
    bad = *good;
    bad.last_sequence_number = 1;
    bad.n_specs = 0;
    examine_as(&w, &bad, false);
    assert_found(&w, FIRN_FINDING_SEQUENCE, FIRN_REPAIR_NONE,
                 "has sequence number 2, the table's last is 1");
    assert_found(&w, FIRN_FINDING_REFERENCE, FIRN_REPAIR_NONE, "partition spec 0");
    bad = *good;
    snapshots[1] = good->snapshots[1];
    snapshots[1].sequence_number = 1;
    snapshots[0].sequence_number = 0;
    bad.snapshots = snapshots;
    examine_as(&w, &bad, false);
    assert_found(&w, FIRN_FINDING_SEQUENCE, FIRN_REPAIR_NONE,
                 "has sequence number 2, its snapshot has 1");
    discharge(&w);
}

/* ---- repairs ---- */

static void test_a_repair_of_a_table_that_moved_on_is_refused(void **state)
{
    firn_error err;
    ward w;
    admit(&w, state, 2);
    firn_data_file file = w.live.files[0].entry.file;
    file.record_count = 6;
    damage_entries(&w, &file, 1);
    examine(&w, true);
    assert_int_equal(firn_repair_count(&w.report), 2);
    sql_run(w.f, "insert into t values (11, 1, 1, 'x', null)");
    assert_fails(firn_table_repair(w.table, &w.report, &err), FIRN_ERR_CONFLICT, &err, NULL);
    assert_rows(w.f, "select sum(id) from t", "(56)");
    discharge(&w);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, sql_fixture_open, sql_fixture_close)
    const struct CMUnitTest tests[] = {
        CASE(test_a_good_table_is_healthy),
        CASE(test_wrong_metrics_are_seen_by_reading_and_mended),
        CASE(test_text_bounds_are_mended),
        CASE(test_wrong_counts_in_a_manifest_list_are_mended),
        CASE(test_wrong_partition_bounds_in_a_manifest_list_are_mended),
        CASE(test_missing_and_short_files_are_not_for_repair),
        CASE(test_files_that_are_live_twice_are_seen),
        CASE(test_rows_of_another_partition_are_seen_by_reading),
        CASE(test_dangling_deletes_are_taken_out),
        CASE(test_statistics_files_are_checked_and_their_entries_taken_out),
        CASE(test_wrong_totals_are_counted_again),
        CASE(test_faults_of_the_metadata_file_are_seen),
        CASE(test_a_repair_of_a_table_that_moved_on_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
