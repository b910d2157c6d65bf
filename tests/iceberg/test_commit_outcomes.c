/* SPDX-License-Identifier: Apache-2.0 */
/* Commits through a catalog that answers late, twice, wrongly or never, clocks that go back, and
 * threads that commit together: what a transaction reports is what happened, and no file that is
 * needed is removed. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "faulty_catalog.h"
#include "iceberg/scan/plan.h"
#include "iceberg/spec/metadata_json.h"
#include "iceberg/txn/snapshot_update.h"
#include "lake_fixture.h"

struct fixture {
    firn_test_lake lake;
    firn_test_faulty_catalog faulty;
    firn_catalog *catalog; /* the faulty one, around that of the lake */
    firn_table *table;     /* through it */
    firn_error err;
};

static int open_fixture(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    const firn_ident t = firn_test_ident("t");
    *state = f;
    firn_test_lake_open(&f->lake, false, NULL);
    firn_table_close(firn_test_table(&f->lake, "t", false, "commit.retry.num-retries", "2",
                                     "commit.retry.min-wait-ms", "10", "commit.retry.max-wait-ms",
                                     "15", "commit.status-check.num-retries", "2",
                                     "commit.status-check.min-wait-ms", "1000",
                                     "commit.status-check.max-wait-ms", "1500", NULL));
    f->faulty.inner = f->lake.catalog;
    assert_ok(firn_test_faulty_catalog_open(&f->faulty, &f->catalog, &f->err), &f->err);
    assert_ok(firn_table_open(f->lake.env, f->lake.store, f->catalog, &t, &f->table, &f->err),
              &f->err);
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *f = *state;
    firn_table_close(f->table);
    firn_catalog_destroy(f->catalog);
    firn_test_lake_close(&f->lake, false);
    free(f);
    return 0;
}

static void answer(struct fixture *f, firn_test_answer what, int64_t n_times)
{
    f->faulty.answer = what;
    f->faulty.n_times = n_times;
    f->faulty.n_commits = f->faulty.n_loads = 0;
}

/* With a file behind the entry, so that its removal shows. */
static firn_status append(struct fixture *f, const char *name)
{
    const firn_data_file file = firn_test_data_file(&f->lake, f->table, name, 0, 0, 5);
    assert_ok(firn_store_put(f->lake.store, file.path, FIRN_STR("data"), &f->err), &f->err);
    return firn_test_append(&f->lake, f->table, name, 0, 0, 5, &f->err);
}

static bool has_data(struct fixture *f, const char *name)
{
    firn_store_entry entry;
    firn_error ignored;
    const firn_data_file file = firn_test_data_file(&f->lake, f->table, name, 0, 0, 5);
    return firn_store_stat(f->lake.store, file.path, &entry, &ignored) == FIRN_OK;
}

/* As somebody else sees the table: all manifests can be read. */
static size_t live_files(struct fixture *f)
{
    firn_scan_plan plan;
    const firn_plan_opts opts = {0};
    firn_table *table = firn_test_table_open(&f->lake, "t");
    assert_ok(firn_scan_plan_files(f->lake.env, f->lake.store, firn_table_metadata_of(table), &opts,
                                   f->lake.arena, &plan, &f->err),
              &f->err);
    firn_table_close(table);
    return plan.n_tasks;
}

/* ---- answers ---- */

static void test_an_answer_that_is_late_is_waited_for(void **state)
{
    struct fixture *f = *state;
    answer(f, FIRN_TEST_ANSWER_LATE, 1);
    f->faulty.late_loads = 2;
    assert_ok(append(f, "a.parquet"), &f->err);
    assert_int_equal(f->faulty.n_commits, 1);
    assert_int_equal(f->lake.clock_state.n_sleeps, 2);
    assert_int_equal(f->lake.clock_state.slept_us, 2500000);
    assert_int_equal(live_files(f), 1);
}

static void test_an_answer_that_is_too_late_leaves_everything(void **state)
{
    struct fixture *f = *state;
    answer(f, FIRN_TEST_ANSWER_LATE, 1);
    f->faulty.late_loads = 1000;
    assert_fails(append(f, "a.parquet"), FIRN_ERR_COMMIT_UNKNOWN, &f->err, "no answer yet");
    assert_int_equal(f->faulty.n_loads, 3);
    assert_true(has_data(f, "a.parquet"));
    assert_int_equal(live_files(f), 1);
}

static void test_an_answer_that_never_comes_is_unknown(void **state)
{
    struct fixture *f = *state;
    answer(f, FIRN_TEST_ANSWER_NEVER, 1);
    assert_fails(append(f, "a.parquet"), FIRN_ERR_COMMIT_UNKNOWN, &f->err, "no answer");
    assert_int_equal(f->faulty.n_commits, 1); /* never sent again: it may still arrive */
    assert_true(has_data(f, "a.parquet"));
    assert_int_equal(live_files(f), 0);
}

static void test_an_answer_that_is_lost_is_found_in_the_table(void **state)
{
    struct fixture *f = *state;
    answer(f, FIRN_TEST_ANSWER_LOST, 1);
    assert_ok(append(f, "a.parquet"), &f->err);
    assert_int_equal(f->lake.clock_state.n_sleeps, 0);
    assert_int_equal(live_files(f), 1);
}

/* The driver sent the commit twice; the second time it met itself and was refused. */
static void test_a_conflict_with_ourselves_is_success(void **state)
{
    struct fixture *f = *state;
    answer(f, FIRN_TEST_ANSWER_TWICE, 1);
    assert_ok(append(f, "a.parquet"), &f->err);
    assert_int_equal(f->faulty.n_commits, 1);
    assert_true(has_data(f, "a.parquet"));
    assert_int_equal(live_files(f), 1);
    assert_int_equal(firn_table_metadata_of(f->table)->n_snapshots, 1);
}

static void test_a_conflict_with_ourselves_in_the_last_attempt_is_success(void **state)
{
    struct fixture *f = *state;
    firn_txn *txn = NULL;
    const firn_property none = {FIRN_STR_INIT("commit.retry.num-retries"), FIRN_STR_INIT("0")};
    assert_ok(firn_txn_begin(f->table, &txn, &f->err), &f->err);
    assert_ok(firn_txn_set_properties(txn, &none, 1, &f->err), &f->err);
    assert_ok(firn_txn_commit(txn, &f->err), &f->err);
    firn_txn_close(txn);
    answer(f, FIRN_TEST_ANSWER_TWICE, 1);
    assert_ok(append(f, "a.parquet"), &f->err);
    assert_int_equal(live_files(f), 1);
}

/* ---- retries ---- */

static void test_retries_are_as_many_as_the_table_says(void **state)
{
    struct fixture *f = *state;
    const int n_files = firn_test_count_files(f->lake.folder);
    answer(f, FIRN_TEST_ANSWER_REFUSED, -1);
    assert_fails(append(f, "a.parquet"), FIRN_ERR_CONFLICT, &f->err, "refused");
    assert_int_equal(f->faulty.n_commits, 3);
    assert_int_equal(f->lake.clock_state.n_sleeps, 2);
    assert_true(f->lake.clock_state.slept_us >= 12500 && f->lake.clock_state.slept_us <= 25000);
    assert_int_equal(firn_test_count_files(f->lake.folder), n_files);
}

static void test_retries_write_manifests_of_added_files_once(void **state)
{
    struct fixture *f = *state;
    const int n_files = firn_test_count_files(f->lake.folder);
    answer(f, FIRN_TEST_ANSWER_REFUSED, 2);
    assert_ok(append(f, "a.parquet"), &f->err);
    assert_int_equal(f->faulty.n_commits, 3);
    /* data, manifest, manifest list (metadata is in memory); none of the lost attempts */
    assert_int_equal(firn_test_count_files(f->lake.folder), n_files + 3);
    const firn_snapshot *s = firn_metadata_current_snapshot(firn_table_metadata_of(f->table));
    assert_non_null(strstr(s->manifest_list.data, "-3-"));
    assert_int_equal(s->sequence_number, 1);
}

static void test_a_refused_commit_is_not_tried_again_when_it_failed(void **state)
{
    struct fixture *f = *state;
    const int n_files = firn_test_count_files(f->lake.folder);
    answer(f, FIRN_TEST_ANSWER_FAILED, 1);
    assert_fails(append(f, "a.parquet"), FIRN_ERR_IO, &f->err, "commit to db.t");
    assert_int_equal(f->faulty.n_commits, 1);
    assert_int_equal(firn_test_count_files(f->lake.folder), n_files);
}

static void test_total_time_ends_retries(void **state)
{
    struct fixture *f = *state;
    firn_txn *txn = NULL;
    const firn_property p[] = {
        {FIRN_STR_INIT("commit.retry.num-retries"), FIRN_STR_INIT("1000")},
        {FIRN_STR_INIT("commit.retry.total-timeout-ms"), FIRN_STR_INIT("100")},
    };
    assert_ok(firn_txn_begin(f->table, &txn, &f->err), &f->err);
    assert_ok(firn_txn_set_properties(txn, p, 2, &f->err), &f->err);
    assert_ok(firn_txn_commit(txn, &f->err), &f->err);
    firn_txn_close(txn);
    answer(f, FIRN_TEST_ANSWER_REFUSED, -1);
    assert_fails(append(f, "a.parquet"), FIRN_ERR_CONFLICT, &f->err, NULL);
    assert_true(f->faulty.n_commits >= 6 && f->faulty.n_commits <= 14);
    assert_true(f->lake.clock_state.slept_us <= 100000);
}

struct other_writer {
    struct fixture *f;
    int n_left, n_done;
};

static void append_elsewhere(void *ctx)
{
    struct other_writer *other = ctx;
    char name[32];
    if (other->n_left == 0) return;
    other->n_left--;
    (void)snprintf(name, sizeof name, "other%d.parquet", other->n_done++);
    firn_table *table = firn_test_table_open(&other->f->lake, "t");
    assert_ok(firn_test_append(&other->f->lake, table, name, 0, 0, 5, &other->f->err),
              &other->f->err);
    firn_table_close(table);
}

static void test_every_lost_race_is_rebuilt_on_what_is_there(void **state)
{
    struct fixture *f = *state;
    struct other_writer other = {.f = f, .n_left = 2};
    f->faulty.meanwhile = append_elsewhere;
    f->faulty.meanwhile_ctx = &other;
    assert_ok(append(f, "a.parquet"), &f->err);
    assert_int_equal(other.n_done, 2);
    assert_int_equal(live_files(f), 3);
    assert_int_equal(firn_table_metadata_of(f->table)->last_sequence_number, 3);
}

/* ---- clocks ---- */

static void test_a_clock_that_goes_back_a_little_does_not_matter(void **state)
{
    struct fixture *f = *state;
    assert_ok(append(f, "a.parquet"), &f->err);
    f->lake.clock_state.wall_us -= INT64_C(30) * 1000000;
    assert_ok(append(f, "b.parquet"), &f->err);
    const firn_table_metadata *m = firn_table_metadata_of(f->table);
    assert_int_equal(m->n_snapshot_log, 2);
    assert_true(m->snapshot_log[1].timestamp_ms >= m->snapshot_log[0].timestamp_ms);
    assert_int_equal(live_files(f), 2);
}

/* An hour back: the snapshot takes its parent's time, so that history stays in order. */
static void test_a_clock_that_goes_back_far_leaves_history_in_order(void **state)
{
    struct fixture *f = *state;
    assert_ok(append(f, "a.parquet"), &f->err);
    f->lake.clock_state.wall_us -= INT64_C(3600) * 1000000;
    assert_ok(append(f, "b.parquet"), &f->err);
    const firn_table_metadata *m = firn_table_metadata_of(f->table);
    assert_true(m->last_updated_ms >= m->snapshots[0].timestamp_ms);
    assert_int_equal(m->snapshots[1].timestamp_ms, m->snapshots[0].timestamp_ms);
}

/* After a rollback the last entry of the log is younger than the snapshot that is current. */
static void test_a_clock_that_goes_back_after_a_rollback_stops_nobody(void **state)
{
    struct fixture *f = *state;
    firn_txn *txn = NULL;
    assert_ok(append(f, "a.parquet"), &f->err);
    const int64_t first = firn_table_metadata_of(f->table)->current_snapshot_id;
    assert_ok(append(f, "b.parquet"), &f->err);
    f->lake.clock_state.wall_us += INT64_C(7200) * 1000000;
    assert_ok(firn_txn_begin(f->table, &txn, &f->err), &f->err);
    assert_ok(firn_txn_rollback_to(txn, first, &f->err), &f->err);
    assert_ok(firn_txn_commit(txn, &f->err), &f->err);
    firn_txn_close(txn);
    f->lake.clock_state.wall_us -= INT64_C(3600) * 1000000;
    assert_ok(append(f, "c.parquet"), &f->err);
    const firn_table_metadata *m = firn_table_metadata_of(f->table);
    assert_int_equal(m->n_snapshot_log, 4);
    for (size_t i = 1; i < 4; i++)
        assert_true(m->snapshot_log[i].timestamp_ms >= m->snapshot_log[i - 1].timestamp_ms);
    assert_int_equal(m->snapshots[2].timestamp_ms, m->snapshot_log[2].timestamp_ms);
    assert_true(m->last_updated_ms >= m->snapshots[2].timestamp_ms);
}

/* The snapshot is made on the metadata that the transaction's own changes give, not on the base. */
static void test_a_clock_that_went_back_does_not_stop_a_change_with_rows(void **state)
{
    struct fixture *f = *state;
    firn_txn *txn = NULL;
    f->lake.clock_state.wall_us -= INT64_C(3600) * 1000000;
    const firn_property p = {FIRN_STR_INIT("a"), FIRN_STR_INIT("b")};
    const firn_data_file file = firn_test_data_file(&f->lake, f->table, "a.parquet", 0, 0, 5);
    const int64_t before = firn_table_metadata_of(f->table)->last_updated_ms;
    assert_ok(firn_txn_begin(f->table, &txn, &f->err), &f->err);
    assert_ok(firn_txn_set_properties(txn, &p, 1, &f->err), &f->err);
    assert_ok(firn_txn_append_files(txn, &file, 1, &f->err), &f->err);
    assert_ok(firn_txn_commit(txn, &f->err), &f->err);
    firn_txn_close(txn);
    assert_int_equal(firn_table_metadata_of(f->table)->last_updated_ms, before);
    assert_int_equal(firn_table_metadata_of(f->table)->snapshots[0].timestamp_ms, before);
}

/* The table with the times of its log the wrong way round, as a writer whose clock went back an
 * hour leaves them, under another name. */
static firn_table *register_out_of_order(firn_test_lake *lake, const firn_table *table,
                                         const char *name)
{
    firn_error err;
    const firn_ident ident = firn_test_ident(name);
    firn_table_metadata m = *firn_table_metadata_of(table);
    const firn_snapshot_log_entry log[] = {
        {m.snapshot_log[1].timestamp_ms, m.snapshot_log[0].snapshot_id},
        {m.snapshot_log[0].timestamp_ms, m.snapshot_log[1].snapshot_id}};
    firn_buf text;
    const firn_str path = firn_arena_printf(lake->arena, "%.*s/metadata/00009-%s.metadata.json",
                                            FIRN_STR_ARG(m.location), name);
    m.snapshot_log = log;
    firn_buf_init(&text, NULL, 1 << 20);
    assert_ok(firn_metadata_format(&m, &text, &err), &err);
    assert_ok(firn_store_put(lake->store, path, firn_buf_view(&text), &err), &err);
    firn_buf_dispose(&text);
    assert_ok(firn_catalog_get_ops(lake->catalog)
                  ->register_table(firn_catalog_ctx(lake->catalog), &ident, path, &err),
              &err);
    return firn_test_table_open(lake, name);
}

/* Java's and Python's libraries take the last entry that is not younger, too. */
static void assert_travels(const firn_table_metadata *m)
{
    const firn_snapshot_log_entry *first = &m->snapshot_log[0];
    const firn_snapshot_log_entry *second = &m->snapshot_log[1];
    assert_int_equal(m->n_snapshot_log, 2);
    assert_int_equal(first->timestamp_ms - second->timestamp_ms, 3600000);
    assert_null(firn_metadata_snapshot_as_of(m, second->timestamp_ms - 1));
    assert_int_equal(firn_metadata_snapshot_as_of(m, second->timestamp_ms)->snapshot_id,
                     second->snapshot_id);
    assert_int_equal(firn_metadata_snapshot_as_of(m, first->timestamp_ms)->snapshot_id,
                     second->snapshot_id); /* the current one, however young the entry before is */
}

static void test_a_log_out_of_order_of_another_writer_is_kept_and_gone_on_with(void **state)
{
    firn_test_lake lake;
    firn_error err;
    (void)state;
    firn_test_lake_open(&lake, true, NULL);
    firn_table *source = firn_test_table(&lake, "t", false, NULL);
    assert_ok(firn_test_append(&lake, source, "a.parquet", 0, 0, 5, &err), &err);
    lake.clock_state.wall_us += INT64_C(3600) * 1000000;
    assert_ok(firn_test_append(&lake, source, "b.parquet", 0, 0, 5, &err), &err);
    firn_table *table = register_out_of_order(&lake, source, "turned");
    const firn_table_metadata *m = firn_table_metadata_of(table);
    assert_travels(m);
    const firn_snapshot_log_entry log[] = {m->snapshot_log[0], m->snapshot_log[1]};
    lake.clock_state.wall_us -= INT64_C(1800) * 1000000; /* between the two */
    assert_ok(firn_test_append(&lake, table, "c.parquet", 0, 0, 5, &err), &err);
    m = firn_table_metadata_of(table);
    assert_int_equal(m->n_snapshot_log, 3);
    assert_memory_equal(m->snapshot_log, log, sizeof log);
    assert_int_equal(m->snapshot_log[2].timestamp_ms, log[0].timestamp_ms); /* the last change */
    assert_int_equal(m->snapshot_log[2].snapshot_id, m->current_snapshot_id);
    assert_int_equal(firn_metadata_snapshot_as_of(m, INT64_MAX)->snapshot_id,
                     m->current_snapshot_id);
    firn_table_close(table);
    firn_table_close(source);
    firn_test_lake_close(&lake, false);
}

/* ---- replaced tables, rewritten manifests ---- */

/* Runs once, before a commit reaches the catalog. */
struct meanwhile {
    struct fixture *f;
    firn_change_kind kind; /* REWRITE_MANIFESTS, or anything else: the table is replaced */
    bool is_done;
};

/* None of the columns that were. */
static const firn_schema *other_schema(void)
{
    static const firn_type long_type = {.kind = FIRN_TYPE_LONG};
    static const firn_field field = {
        .id = 1, .is_required = true, .name = FIRN_STR_INIT("number"), .type = &long_type};
    static const firn_schema schema = {
        .root = {.kind = FIRN_TYPE_STRUCT, .fields = &field, .n_fields = 1}};
    return &schema;
}

static void change_elsewhere(void *ctx)
{
    struct meanwhile *m = ctx;
    struct fixture *f = m->f;
    firn_txn *txn = NULL;
    if (m->is_done) return;
    m->is_done = true;
    firn_table *table = firn_test_table_open(&f->lake, "t");
    const int64_t at = firn_table_metadata_of(table)->current_snapshot_id;
    const firn_change rewrite = {.kind = FIRN_CHANGE_REWRITE_MANIFESTS, .from_snapshot_id = at};
    assert_ok(firn_txn_begin(table, &txn, &f->err), &f->err);
    if (m->kind == FIRN_CHANGE_REWRITE_MANIFESTS)
        assert_ok(firn_txn_change_files(txn, &rewrite, &f->err), &f->err);
    else
        assert_ok(
            firn_txn_replace_table(txn, FIRN_TABLE_CREATE_OPTS(.schema = other_schema()), &f->err),
            &f->err);
    assert_ok(firn_txn_commit(txn, &f->err), &f->err);
    firn_txn_close(txn);
    firn_table_close(table);
}

static void test_an_append_lands_on_manifests_that_were_rewritten_meanwhile(void **state)
{
    struct fixture *f = *state;
    struct meanwhile m = {.f = f, .kind = FIRN_CHANGE_REWRITE_MANIFESTS};
    assert_ok(append(f, "a.parquet"), &f->err);
    assert_ok(append(f, "b.parquet"), &f->err);
    f->faulty.meanwhile = change_elsewhere;
    f->faulty.meanwhile_ctx = &m;
    assert_ok(append(f, "c.parquet"), &f->err);
    assert_true(m.is_done);
    assert_int_equal(live_files(f), 3);
    assert_int_equal(firn_table_metadata_of(f->table)->n_snapshots, 4);
    assert_int_equal(firn_test_summary(f->table, "manifests-kept"), 1);
}

/* The other way round: the rewrite is made again with the manifest that came meanwhile. */
static void test_manifests_are_rewritten_again_after_a_lost_race(void **state)
{
    struct fixture *f = *state;
    struct other_writer other = {.f = f, .n_left = 1};
    firn_txn *txn = NULL;
    assert_ok(append(f, "a.parquet"), &f->err);
    assert_ok(append(f, "b.parquet"), &f->err);
    const firn_change rewrite = {.kind = FIRN_CHANGE_REWRITE_MANIFESTS,
                                 .from_snapshot_id =
                                     firn_table_metadata_of(f->table)->current_snapshot_id};
    f->faulty.meanwhile = append_elsewhere;
    f->faulty.meanwhile_ctx = &other;
    assert_ok(firn_txn_begin(f->table, &txn, &f->err), &f->err);
    assert_ok(firn_txn_change_files(txn, &rewrite, &f->err), &f->err);
    assert_ok(firn_txn_commit(txn, &f->err), &f->err);
    firn_txn_close(txn);
    assert_int_equal(other.n_done, 1);
    assert_int_equal(live_files(f), 3);
    assert_int_equal(firn_test_summary(f->table, "manifests-replaced"), 3);
}

/* Rows of the columns that were would show none of those that are. */
static void test_an_append_to_a_table_replaced_meanwhile_is_refused(void **state)
{
    struct fixture *f = *state;
    struct meanwhile m = {.f = f};
    assert_ok(append(f, "a.parquet"), &f->err);
    f->faulty.meanwhile = change_elsewhere;
    f->faulty.meanwhile_ctx = &m;
    assert_fails(append(f, "b.parquet"), FIRN_ERR_CONFLICT, &f->err, "column \"number\" required");
    assert_true(m.is_done);
    assert_false(has_data(f, "b.parquet"));
}

static void test_a_table_changed_meanwhile_is_not_replaced(void **state)
{
    struct fixture *f = *state;
    struct meanwhile m = {.f = f};
    firn_txn *txn = NULL;
    f->faulty.meanwhile = change_elsewhere;
    f->faulty.meanwhile_ctx = &m;
    assert_ok(firn_txn_begin(f->table, &txn, &f->err), &f->err);
    assert_ok(
        firn_txn_replace_table(txn, FIRN_TABLE_CREATE_OPTS(.schema = other_schema()), &f->err),
        &f->err);
    assert_fails(firn_txn_commit(txn, &f->err), FIRN_ERR_CONFLICT, &f->err,
                 "another commit changed the schema");
    firn_txn_close(txn);
}

/* ---- several tables ---- */

struct pair {
    firn_table *tables[2];
    firn_txn *txns[2];
};

static void begin_pair(struct fixture *f, struct pair *p)
{
    firn_table_close(firn_test_table(&f->lake, "u", false, NULL));
    for (int i = 0; i < 2; i++) {
        const firn_ident ident = firn_test_ident(i == 0 ? "t" : "u");
        assert_ok(
            firn_table_open(f->lake.env, f->lake.store, f->catalog, &ident, &p->tables[i], &f->err),
            &f->err);
        const firn_data_file file =
            firn_test_data_file(&f->lake, p->tables[i], "a.parquet", 0, 0, 5);
        assert_ok(firn_txn_begin(p->tables[i], &p->txns[i], &f->err), &f->err);
        assert_ok(firn_txn_append_files(p->txns[i], &file, 1, &f->err), &f->err);
    }
}

static void end_pair(struct fixture *f, struct pair *p, size_t n_snapshots)
{
    for (int i = 0; i < 2; i++) {
        firn_txn_close(p->txns[i]);
        firn_table_close(p->tables[i]);
        firn_table *seen = firn_test_table_open(&f->lake, i == 0 ? "t" : "u");
        assert_int_equal(firn_table_metadata_of(seen)->n_snapshots, n_snapshots);
        firn_table_close(seen);
    }
}

static void test_answers_for_several_tables_are_judged_as_for_one(void **state)
{
    static const struct {
        firn_test_answer answer;
        firn_status want;
        int64_t late_loads;
        size_t n_snapshots;
    } k_cases[] = {
        {FIRN_TEST_ANSWER_LATE, FIRN_OK, 2, 1},
        {FIRN_TEST_ANSWER_LATE, FIRN_ERR_COMMIT_UNKNOWN, 1000, 1},
        {FIRN_TEST_ANSWER_NEVER, FIRN_ERR_COMMIT_UNKNOWN, 0, 0},
        {FIRN_TEST_ANSWER_LOST, FIRN_OK, 0, 1},
        {FIRN_TEST_ANSWER_TWICE, FIRN_OK, 0, 1},
        {FIRN_TEST_ANSWER_FAILED, FIRN_ERR_IO, 0, 0},
    };
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        struct pair p;
        struct fixture *f;
        void *own = NULL;
        (void)open_fixture(&own);
        f = own;
        begin_pair(f, &p);
        answer(f, k_cases[i].answer, 1);
        f->faulty.late_loads = 0;
        if (k_cases[i].answer == FIRN_TEST_ANSWER_LATE)
            f->faulty.late_loads = k_cases[i].late_loads;
        assert_int_equal(firn_txn_commit_all(p.txns, 2, &f->err), k_cases[i].want);
        assert_int_equal(f->faulty.n_commits, 1);
        end_pair(f, &p, k_cases[i].n_snapshots);
        (void)close_fixture(&own);
    }
    (void)state;
}

/* ---- threads ---- */

#define N_THREADS 6
#define N_APPENDS 6

struct thread_job {
    struct fixture *f;
    int number;
    firn_status st;
    firn_error err;
};

static void *append_many(void *arg)
{
    struct thread_job *job = arg;
    firn_table *table = NULL;
    const firn_ident t = firn_test_ident("t");
    job->st = firn_table_open(job->f->lake.env, job->f->lake.store, job->f->lake.catalog, &t,
                              &table, &job->err);
    for (int i = 0; i < N_APPENDS && job->st == FIRN_OK; i++) {
        char path[64];
        firn_txn *txn = NULL;
        (void)snprintf(path, sizeof path, "/made-up/%d-%d.parquet", job->number, i);
        const firn_data_file file = {.path = firn_str_of(path),
                                     .record_count = 3,
                                     .file_size_bytes = 10,
                                     .sort_order_id = 0,
                                     .first_row_id = -1,
                                     .content_offset = -1,
                                     .content_size_bytes = -1};
        job->st = firn_txn_begin(table, &txn, &job->err);
        if (job->st == FIRN_OK) job->st = firn_txn_append_files(txn, &file, 1, &job->err);
        if (job->st == FIRN_OK) job->st = firn_txn_commit(txn, &job->err);
        firn_txn_close(txn);
    }
    firn_table_close(table);
    return NULL;
}

static void run_threads(struct fixture *f, struct thread_job *jobs)
{
    pthread_t threads[N_THREADS];
    for (int i = 0; i < N_THREADS; i++) {
        jobs[i] = (struct thread_job){.f = f, .number = i};
        assert_int_equal(pthread_create(&threads[i], NULL, append_many, &jobs[i]), 0);
    }
    for (int i = 0; i < N_THREADS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void test_threads_that_commit_as_one_each_get_their_snapshot(void **state)
{
    struct fixture *f = *state;
    struct thread_job jobs[N_THREADS];
    run_threads(f, jobs);
    for (int i = 0; i < N_THREADS; i++) assert_ok(jobs[i].st, &jobs[i].err);
    assert_int_equal(live_files(f), N_THREADS * N_APPENDS);
    assert_ok(firn_table_refresh(f->table, &f->err), &f->err);
    const firn_table_metadata *m = firn_table_metadata_of(f->table);
    assert_int_equal(m->n_snapshots, N_THREADS * N_APPENDS);
    for (size_t i = 0; i < m->n_snapshots; i++) {
        assert_int_equal(m->snapshots[i].sequence_number, i + 1);
        assert_int_equal(m->snapshots[i].parent_snapshot_id,
                         i > 0 ? m->snapshots[i - 1].snapshot_id : -1);
    }
    assert_int_equal(firn_test_summary(f->table, "total-records"), 3 * N_THREADS * N_APPENDS);
}

/* A commit of several that fails fails for all of them, and leaves nothing. */
static void test_threads_that_fail_as_one_leave_nothing(void **state)
{
    struct fixture *f = *state;
    struct thread_job jobs[N_THREADS];
    const int n_files = firn_test_count_files(f->lake.folder);
    firn_test_lake_fail(&f->lake, "txn.commit.before_catalog=error");
    run_threads(f, jobs);
    firn_test_lake_fail(&f->lake, NULL);
    for (int i = 0; i < N_THREADS; i++)
        assert_fails(jobs[i].st, FIRN_ERR_IO, &jobs[i].err, "commit to db.t");
    assert_int_equal(live_files(f), 0);
    assert_int_equal(firn_test_count_files(f->lake.folder), n_files);
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_an_answer_that_is_late_is_waited_for),
        WITH_FIXTURE(test_an_answer_that_is_too_late_leaves_everything),
        WITH_FIXTURE(test_an_answer_that_never_comes_is_unknown),
        WITH_FIXTURE(test_an_answer_that_is_lost_is_found_in_the_table),
        WITH_FIXTURE(test_a_conflict_with_ourselves_is_success),
        WITH_FIXTURE(test_a_conflict_with_ourselves_in_the_last_attempt_is_success),
        WITH_FIXTURE(test_retries_are_as_many_as_the_table_says),
        WITH_FIXTURE(test_retries_write_manifests_of_added_files_once),
        WITH_FIXTURE(test_a_refused_commit_is_not_tried_again_when_it_failed),
        WITH_FIXTURE(test_total_time_ends_retries),
        WITH_FIXTURE(test_every_lost_race_is_rebuilt_on_what_is_there),
        WITH_FIXTURE(test_a_clock_that_goes_back_a_little_does_not_matter),
        WITH_FIXTURE(test_a_clock_that_goes_back_far_leaves_history_in_order),
        WITH_FIXTURE(test_a_clock_that_goes_back_after_a_rollback_stops_nobody),
        WITH_FIXTURE(test_a_clock_that_went_back_does_not_stop_a_change_with_rows),
        cmocka_unit_test(test_a_log_out_of_order_of_another_writer_is_kept_and_gone_on_with),
        WITH_FIXTURE(test_an_append_lands_on_manifests_that_were_rewritten_meanwhile),
        WITH_FIXTURE(test_manifests_are_rewritten_again_after_a_lost_race),
        WITH_FIXTURE(test_an_append_to_a_table_replaced_meanwhile_is_refused),
        WITH_FIXTURE(test_a_table_changed_meanwhile_is_not_replaced),
        cmocka_unit_test(test_answers_for_several_tables_are_judged_as_for_one),
        WITH_FIXTURE(test_threads_that_commit_as_one_each_get_their_snapshot),
        WITH_FIXTURE(test_threads_that_fail_as_one_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
