/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of planned files: schema evolution, files without ids, partition values, metadata columns,
 * row-group pruning, several readers, and what is refused. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "canonical_rows.h"
#include "filter_parser.h"
#include "firn_test.h"
#include "iceberg/scan/read.h"
#include "iceberg/scan/scan_queue.h"
#include "table_fixture.h"

typedef struct scan {
    firn_table_fixture f;
    firn_scan_plan plan;
    firn_scan_queue *queue;
    firn_scan_reader *reader;
    firn_batch *batch;
} scan;

static const firn_type k_int_type = {.kind = FIRN_TYPE_INT};
static const firn_field k_spec_id = {.id = FIRN_FIELD_SPEC_ID,
                                     .is_required = true,
                                     .name = FIRN_STR_INIT("_spec_id"),
                                     .type = &k_int_type};

static void plan_table(scan *s, const char *table)
{
    firn_error err = {0};
    *s = (scan){0};
    firn_table_fixture_open(&s->f, table, 2);
    assert_ok(
        firn_scan_plan_files(s->f.env, s->f.store, s->f.metadata, NULL, s->f.arena, &s->plan, &err),
        &err);
}

static void open_reader(scan *s, const firn_type *projection, const char *filter)
{
    firn_error err = {0};
    const firn_expr *bound = NULL;
    if (filter)
        assert_ok(firn_expr_bind(firn_test_filter(s->f.arena, filter),
                                 firn_metadata_schema(s->f.metadata), s->f.arena, &bound, &err),
                  &err);
    assert_ok(
        firn_scan_queue_create(s->f.env, s->f.store, s->f.metadata, &s->plan, &s->queue, &err),
        &err);
    assert_ok(firn_scan_reader_open(s->queue, projection, bound, &s->reader, &err), &err);
    assert_ok(firn_batch_create(projection, FIRN_BATCH_ROWS, &s->batch, &err), &err);
}

static void close_scan(scan *s)
{
    firn_scan_reader_close(s->reader);
    firn_scan_queue_destroy(s->queue);
    firn_batch_destroy(s->batch);
    firn_table_fixture_close(&s->f);
}

/* All rows as lines, in the order of the files. */
static firn_test_lines read_lines(scan *s)
{
    firn_error err = {0};
    firn_test_lines lines = {.arena = s->f.arena};
    for (;;) {
        firn_batch_reset(s->batch);
        const firn_status st =
            firn_scan_reader_next(s->reader, FIRN_BATCH_ROWS, s->batch, NULL, &err);
        if (st == FIRN_DONE) return lines;
        assert_ok(st, &err);
        for (int64_t row = 0; row < s->batch->n_rows; row++)
            firn_test_lines_add(&lines, s->batch, row);
    }
}

static void assert_lines(firn_test_lines *lines, const char *const *expected, size_t n)
{
    char md5[33];
    firn_test_lines_md5(lines, md5); /* sorts */
    assert_int_equal(lines->n, n);
    for (size_t i = 0; i < n; i++) assert_str(lines->lines[i], expected[i]);
}

static firn_type project(scan *s, const firn_field *fields, size_t n)
{
    (void)s;
    return (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = n};
}

static void test_old_files_are_read_in_the_schema_of_today(void **state)
{
    static const char *const k_rows[] = {
        "[1,\"a\",1.5,null,null]",
        "[1099511627776,\"d\",1.0000000000000001e+300,null,7]",
        "[2,null,-2.25,null,null]",
        "[3,\"c\",0.5,30,null]",
    };
    scan s;
    (void)state;
    plan_table(&s, "evolved");
    open_reader(&s, &firn_metadata_schema(s.f.metadata)->root, NULL);
    firn_test_lines lines = read_lines(&s);
    assert_lines(&lines, k_rows, 4);
    close_scan(&s);
}

static void test_files_without_ids_are_read_through_the_name_mapping(void **state)
{
    static const char *const k_rows[] = {
        "[0,\"north 0\",\"north\",null]",  "[1,\"north 1\",\"north\",null]",
        "[10,\"south 0\",\"south\",null]", "[11,\"south 1\",\"south\",null]",
        "[12,\"south 2\",\"south\",null]", "[2,\"north 2\",\"north\",null]",
        "[20,\"None 0\",null,null]",       "[21,\"None 1\",null,null]",
        "[22,\"None 2\",null,null]",
    };
    scan s;
    (void)state;
    plan_table(&s, "imported");
    open_reader(&s, &firn_metadata_schema(s.f.metadata)->root, NULL);
    firn_test_lines lines = read_lines(&s);
    assert_lines(&lines, k_rows, 9);
    close_scan(&s);
}

static void test_metadata_columns_tell_file_position_and_spec(void **state)
{
    scan s;
    (void)state;
    plan_table(&s, "groups");
    const firn_field *columns = firn_metadata_schema(s.f.metadata)->root.fields;
    const firn_field fields[] = {firn_field_pos, columns[0], firn_field_file, k_spec_id};
    const firn_type projection = project(&s, fields, 4);
    open_reader(&s, &projection, "id >= 700 and id < 800");
    firn_error err = {0};
    const firn_scan_task *task = NULL;
    assert_ok(firn_scan_reader_next(s.reader, 64, s.batch, &task, &err), &err);
    assert_ptr_equal(task, &s.plan.tasks[0]);
    assert_int_equal(s.batch->n_rows, 64);
    for (int64_t row = 0; row < 64; row++) {
        assert_int_equal(firn_column_get(&s.batch->columns[0], row).as.i64, 700 + row);
        assert_int_equal(firn_column_get(&s.batch->columns[1], row).as.i64, 700 + row);
        assert_true(firn_str_equals(firn_column_get(&s.batch->columns[2], row).as.bytes,
                                    s.plan.tasks[0].file->path));
        assert_int_equal(firn_column_get(&s.batch->columns[3], row).as.i32, 0);
    }
    assert_ok(firn_scan_reader_next(s.reader, 64, s.batch, NULL, &err), &err);
    assert_int_equal(s.batch->n_rows, 36);
    assert_int_equal(firn_column_get(&s.batch->columns[0], 0).as.i64, 764);
    assert_int_equal(firn_scan_reader_next(s.reader, 64, s.batch, NULL, &err), FIRN_DONE);
    assert_int_equal(firn_scan_reader_next(s.reader, 64, s.batch, NULL, &err), FIRN_DONE);
    close_scan(&s);
}

static int64_t count_rows(const char *table, const char *filter)
{
    scan s;
    int64_t n = 0;
    plan_table(&s, table);
    open_reader(&s, &firn_metadata_schema(s.f.metadata)->root, filter);
    n = (int64_t)read_lines(&s).n;
    int64_t done = 0;
    int64_t total = 0;
    firn_scan_queue_progress(s.queue, &done, &total);
    assert_int_equal(done, total);
    close_scan(&s);
    return n;
}

static void test_rows_that_cannot_match_are_left_out(void **state)
{
    (void)state;
    assert_int_equal(count_rows("groups", NULL), 1000);
    assert_int_equal(count_rows("groups", "id = 555"), 1);
    assert_int_equal(count_rows("groups", "id in (5, 995)"), 2);
    assert_int_equal(count_rows("groups", "id > 5000"), 0);
    assert_int_equal(count_rows("groups", "text starts with 'row number 0002'"), 100);
    assert_int_equal(count_rows("groups", "id is null"), 0);
    assert_int_equal(count_rows("groups", "id <> 5"), 1000); /* one between two is read along */
    assert_int_equal(count_rows("groups", "id < 3 or id > 250 and id <= 300"), 53);
}

static void test_rows_are_counted_without_opening_files(void **state)
{
    firn_error err = {0};
    firn_store *nothing = NULL;
    int64_t n = 0;
    scan s;
    (void)state;
    plan_table(&s, "events");
    const firn_type projection = project(&s, NULL, 0);
    assert_ok(firn_store_create(&nothing, &err), &err);
    assert_ok(firn_scan_queue_create(s.f.env, nothing, s.f.metadata, &s.plan, &s.queue, &err),
              &err);
    assert_ok(firn_scan_reader_open(s.queue, &projection, NULL, &s.reader, &err), &err);
    assert_ok(firn_batch_create(&projection, FIRN_BATCH_ROWS, &s.batch, &err), &err);
    while (firn_scan_reader_next(s.reader, 40, s.batch, NULL, &err) == FIRN_OK) {
        assert_in_range(s.batch->n_rows, 1, 40);
        n += s.batch->n_rows;
    }
    assert_int_equal(n, 360);
    close_scan(&s);
    firn_store_destroy(nothing);
}

static void test_text_stays_readable_until_the_second_next_call(void **state)
{
    firn_error err = {0};
    firn_batch *batches[2] = {NULL, NULL};
    int64_t ids[2] = {-1, -1};
    scan s;
    (void)state;
    plan_table(&s, "groups");
    const firn_type *root = &firn_metadata_schema(s.f.metadata)->root;
    open_reader(&s, root, NULL);
    for (int i = 0; i < 2; i++)
        assert_ok(firn_batch_create(root, FIRN_BATCH_ROWS, &batches[i], &err), &err);
    for (int call = 0;; call++) {
        firn_batch *batch = batches[call % 2];
        const firn_batch *before = batches[(call + 1) % 2];
        const firn_status st = firn_scan_reader_next(s.reader, 30, batch, NULL, &err);
        for (int64_t row = 0; call > 0 && row < before->n_rows; row++) {
            char text[32];
            const int64_t id = firn_column_get(&before->columns[0], row).as.i64;
            snprintf(text, sizeof text, "row number %06d", (int)id);
            assert_str(firn_column_get(&before->columns[1], row).as.bytes, text);
            ids[0] = id;
        }
        if (st == FIRN_DONE) break;
        assert_ok(st, &err);
    }
    assert_int_equal(ids[0], 999);
    for (int i = 0; i < 2; i++) firn_batch_destroy(batches[i]);
    close_scan(&s);
}

typedef struct worker {
    scan *s;
    int64_t sum, n;
    firn_status st;
    firn_error err;
} worker;

static void *read_some(void *arg)
{
    worker *w = arg;
    firn_scan_reader *reader = NULL;
    firn_batch *batch = NULL;
    const firn_type *root = &firn_metadata_schema(w->s->f.metadata)->root;
    w->st = firn_scan_reader_open(w->s->queue, root, NULL, &reader, &w->err);
    if (w->st == FIRN_OK) w->st = firn_batch_create(root, FIRN_BATCH_ROWS, &batch, &w->err);
    while (w->st == FIRN_OK) {
        firn_batch_reset(batch);
        w->st = firn_scan_reader_next(reader, FIRN_BATCH_ROWS, batch, NULL, &w->err);
        if (w->st != FIRN_OK) break;
        w->n += batch->n_rows;
        for (int64_t row = 0; row < batch->n_rows; row++)
            w->sum += firn_column_get(&batch->columns[0], row).as.i64;
    }
    firn_batch_destroy(batch);
    firn_scan_reader_close(reader);
    return NULL;
}

static void test_readers_share_the_work_and_read_each_row_once(void **state)
{
    static const struct {
        const char *table;
        int64_t n, sum;
    } k_tables[] = {{"groups", 1000, 499500}, {"events", 360, 82620}};
    (void)state;
    for (size_t t = 0; t < 2; t++) {
        firn_error err = {0};
        scan s;
        pthread_t threads[4];
        worker workers[4] = {0};
        int64_t n = 0;
        int64_t sum = 0;
        plan_table(&s, k_tables[t].table);
        assert_ok(firn_scan_queue_create(s.f.env, s.f.store, s.f.metadata, &s.plan, &s.queue, &err),
                  &err);
        for (int i = 0; i < 4; i++) {
            workers[i].s = &s;
            assert_int_equal(pthread_create(&threads[i], NULL, read_some, &workers[i]), 0);
        }
        for (int i = 0; i < 4; i++) {
            pthread_join(threads[i], NULL);
            assert_int_equal(workers[i].st, FIRN_DONE);
            n += workers[i].n;
            sum += workers[i].sum;
        }
        assert_int_equal(n, k_tables[t].n);
        assert_int_equal(sum, k_tables[t].sum);
        close_scan(&s);
    }
}

static void test_rows_of_unreadable_files_are_refused_at_once_and_counted(void **state)
{
    firn_error err = {0};
    firn_scan_unit unit = {0};
    int64_t n_rows = 0;
    firn_status st;
    scan s;
    (void)state;
    plan_table(&s, "groups");
    const size_t last = s.plan.n_tasks - 1;
    firn_data_file file = *s.plan.tasks[last].file;
    file.format = FIRN_FILE_ORC;
    file.path = FIRN_STR("s3://b/part.orc");
    s.plan.tasks[last].file = &file;
    assert_ok(firn_scan_queue_create(s.f.env, s.f.store, s.f.metadata, &s.plan, &s.queue, &err),
              &err);
    assert_fails(firn_scan_queue_next_unit(s.queue, &unit, &err), FIRN_ERR_UNSUPPORTED, &err,
                 "not supported: ORC data file s3://b/part.orc");
    while ((st = firn_scan_queue_next_file(s.queue, &unit, &err)) == FIRN_OK) {
        n_rows += unit.n_rows;
        firn_scan_queue_release(s.queue, &unit);
    }
    assert_int_equal(st, FIRN_DONE);
    assert_int_equal(n_rows, 1000);
    close_scan(&s);
}

static void test_a_missing_data_file_is_named(void **state)
{
    firn_error err = {0};
    scan s;
    (void)state;
    plan_table(&s, "groups");
    firn_data_file file = *s.plan.tasks[0].file;
    file.path = FIRN_STR(FIRN_FIXTURE_PREFIX "groups/data/lost.parquet");
    s.plan.tasks[0].file = &file;
    open_reader(&s, &firn_metadata_schema(s.f.metadata)->root, NULL);
    assert_fails(firn_scan_reader_next(s.reader, 10, s.batch, NULL, &err), FIRN_ERR_NOT_FOUND, &err,
                 "data file " FIRN_FIXTURE_PREFIX "groups/data/lost.parquet");
    close_scan(&s);
}

static void test_unknown_metadata_columns_are_refused(void **state)
{
    firn_error err = {0};
    const firn_field deleted = {
        .id = FIRN_FIELD_DELETED, .name = FIRN_STR("_deleted"), .type = &k_int_type};
    scan s;
    (void)state;
    plan_table(&s, "groups");
    const firn_type projection = project(&s, &deleted, 1);
    open_reader(&s, &projection, NULL);
    assert_fails(firn_scan_reader_next(s.reader, 10, s.batch, NULL, &err), FIRN_ERR_UNSUPPORTED,
                 &err, "not supported: metadata column \"_deleted\"");
    close_scan(&s);
}

/* Each allocation of a reader fails once: always "out of memory", never a leak or a crash. */
static void test_a_reader_survives_running_out_of_memory(void **state)
{
    firn_test_alloc counter = {0};
    const firn_allocator failing = firn_test_alloc_interface(&counter);
    firn_status st = FIRN_ERR_NOMEM;
    scan s;
    (void)state;
    plan_table(&s, "imported");
    const firn_type *root = &firn_metadata_schema(s.f.metadata)->root;
    const firn_allocator *alloc = s.f.env->alloc;
    assert_ok(firn_batch_create(root, FIRN_BATCH_ROWS, &s.batch, NULL), NULL);
    s.f.env->alloc = &failing;
    for (int64_t fail_at = 1; st != FIRN_DONE; fail_at++) {
        firn_error err = {0};
        counter = (firn_test_alloc){.fail_at = fail_at};
        st = firn_scan_queue_create(s.f.env, s.f.store, s.f.metadata, &s.plan, &s.queue, &err);
        if (st == FIRN_OK) st = firn_scan_reader_open(s.queue, root, NULL, &s.reader, &err);
        while (st == FIRN_OK) {
            firn_batch_reset(s.batch);
            st = firn_scan_reader_next(s.reader, 2, s.batch, NULL, &err);
        }
        if (st != FIRN_DONE) assert_fails(st, FIRN_ERR_NOMEM, &err, "out of memory");
        firn_scan_reader_close(s.reader);
        firn_scan_queue_destroy(s.queue);
        s.reader = NULL;
        s.queue = NULL;
        assert_int_equal(counter.n_live, 0);
    }
    s.f.env->alloc = alloc;
    close_scan(&s);
}

static void test_reading_can_be_cancelled(void **state)
{
    firn_error err = {0};
    scan s;
    (void)state;
    plan_table(&s, "groups");
    open_reader(&s, &firn_metadata_schema(s.f.metadata)->root, NULL);
    firn_env_cancel(s.f.env);
    assert_fails(firn_scan_reader_next(s.reader, 10, s.batch, NULL, &err), FIRN_ERR_CANCELLED, &err,
                 NULL);
    close_scan(&s);
}

static void test_reads_stay_inside_the_file(void **state)
{
    firn_error err = {0};
    struct firn_byte_source source;
    char bytes[8];
    scan s;
    (void)state;
    plan_table(&s, "groups");
    assert_ok(
        firn_byte_source_open(s.f.store, s.plan.tasks[0].file->path, s.f.arena, &source, &err),
        &err);
    assert_int_equal(source.size_bytes, s.plan.tasks[0].file->file_size_bytes);
    assert_ok(source.read_at(source.ctx, source.size_bytes - 4, bytes, 4, &err), &err);
    assert_memory_equal(bytes, "PAR1", 4);
    assert_fails(source.read_at(source.ctx, source.size_bytes - 4, bytes, 5, &err),
                 FIRN_ERR_CORRUPT, &err, "read of 5 bytes");
    assert_fails(source.read_at(source.ctx, -1, bytes, 1, &err), FIRN_ERR_CORRUPT, &err, NULL);
    close_scan(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_old_files_are_read_in_the_schema_of_today),
        cmocka_unit_test(test_files_without_ids_are_read_through_the_name_mapping),
        cmocka_unit_test(test_metadata_columns_tell_file_position_and_spec),
        cmocka_unit_test(test_rows_that_cannot_match_are_left_out),
        cmocka_unit_test(test_rows_are_counted_without_opening_files),
        cmocka_unit_test(test_text_stays_readable_until_the_second_next_call),
        cmocka_unit_test(test_readers_share_the_work_and_read_each_row_once),
        cmocka_unit_test(test_rows_of_unreadable_files_are_refused_at_once_and_counted),
        cmocka_unit_test(test_a_missing_data_file_is_named),
        cmocka_unit_test(test_unknown_metadata_columns_are_refused),
        cmocka_unit_test(test_a_reader_survives_running_out_of_memory),
        cmocka_unit_test(test_reading_can_be_cancelled),
        cmocka_unit_test(test_reads_stay_inside_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
