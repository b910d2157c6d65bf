/* SPDX-License-Identifier: Apache-2.0 */
/* Appends as bytes for another process: what goes in comes out, and what is no request, or is about
 * another table or layout, is refused. */
#include "iceberg/txn/commit_request.h"

#include <string.h>

#include "base/str.h"
#include "iceberg/txn/snapshot_summary.h"
#include "lake_fixture.h"

struct request {
    firn_test_lake lake;
    firn_table *table;
    firn_txn *txns[2];
    firn_commit_member members[2];
    firn_buf bytes;
    firn_error err;
};

static void make_txn(struct request *r, size_t i)
{
    const firn_property summary = {FIRN_STR_INIT("who"), FIRN_STR_INIT("me")};
    firn_data_file files[] = {
        firn_test_data_file(&r->lake, r->table, "a.parquet", 3, 0, 5),
        firn_test_data_file(&r->lake, r->table, "b.parquet", 4, 5, 7),
        firn_test_data_file(&r->lake, r->table, "c.parquet", 4, 12, 1),
    };
    files[1].has_pending_name = i == 0;
    assert_ok(firn_txn_begin(r->table, &r->txns[i], &r->err), &r->err);
    assert_ok(firn_txn_append_files(r->txns[i], files, 2 + i, &r->err), &r->err);
    if (i == 0) assert_ok(firn_txn_set_summary(r->txns[i], &summary, 1, &r->err), &r->err);
    assert_true(firn_commit__can_share(r->txns[i]));
    assert_ok(firn_snapshot__prepare(r->txns[i], &r->txns[i]->changes[0],
                                     firn_table_metadata_of(r->table), &r->err),
              &r->err);
    r->members[i] = (firn_commit_member){.txn = r->txns[i], .err = &r->err};
}

static int set_up(void **state)
{
    static struct request r;
    memset(&r, 0, sizeof r);
    firn_test_lake_open_in_memory(&r.lake);
    r.table = firn_test_table(&r.lake, "t", true, NULL);
    for (size_t i = 0; i < 2; i++) make_txn(&r, i);
    firn_buf_init(&r.bytes, NULL, 0);
    assert_ok(firn_commit_request__encode(r.members, 2, &r.bytes, &r.err), &r.err);
    *state = &r;
    return 0;
}

static int tear_down(void **state)
{
    struct request *r = *state;
    firn_buf_dispose(&r->bytes);
    for (size_t i = 0; i < 2; i++) firn_txn_close(r->txns[i]);
    firn_table_close(r->table);
    firn_test_lake_close(&r->lake, false);
    return 0;
}

static firn_status decode(struct request *r, firn_str bytes, const firn_table_metadata *base,
                          firn_txn ***out, size_t *n)
{
    return firn_commit_request__decode(bytes, r->table, base, r->lake.arena, out, n, &r->err);
}

static void close_all(firn_txn **txns, size_t n)
{
    for (size_t i = 0; i < n; i++) firn_txn_close(txns[i]);
}

static void check_manifest(const firn_manifest_file *found, const firn_manifest_file *want)
{
    assert_true(firn_str_equals(found->path, want->path));
    assert_int_equal(found->length, want->length);
    assert_int_equal(found->spec_id, want->spec_id);
    assert_int_equal(found->content, FIRN_CONTENT_DATA);
    assert_int_equal(found->added_snapshot_id, want->added_snapshot_id);
    assert_int_equal(found->added_files, want->added_files);
    assert_int_equal(found->added_rows, want->added_rows);
    assert_int_equal(found->existing_files, 0);
    assert_int_equal(found->deleted_rows, 0);
    assert_int_equal(found->first_row_id, -1);
    assert_int_equal(found->n_partitions, 1);
    assert_true(found->partitions[0].has_lower && found->partitions[0].has_upper);
    assert_true(firn_str_equals(found->partitions[0].lower, want->partitions[0].lower));
    assert_true(firn_str_equals(found->partitions[0].upper, want->partitions[0].upper));
}

static void test_what_goes_in_comes_out(void **state)
{
    struct request *r = *state;
    firn_txn **found = NULL;
    size_t n = 0;
    assert_ok(decode(r, firn_buf_view(&r->bytes), firn_table_metadata_of(r->table), &found, &n),
              &r->err);
    assert_int_equal(n, 2);
    for (size_t i = 0; i < n; i++) {
        const firn_snapshot_change *change = &found[i]->changes[0];
        const firn_snapshot_change *want = &r->txns[i]->changes[0];
        assert_int_equal(found[i]->n_changes, 1);
        assert_int_equal(change->snapshot_id, want->snapshot_id);
        assert_int_equal(change->what.kind, FIRN_CHANGE_APPEND);
        assert_int_equal(change->what.branch.len, 0);
        assert_int_equal(change->counts->added_files, 2 + i);
        assert_int_equal(change->counts->added_records, i == 0 ? 12 : 13);
        assert_int_equal(change->counts->other_partitions, 2);
        assert_true(change->is_made);
        assert_int_equal(change->n_made, 1);
        assert_str(change->pending_name, i == 0 ? want->what.added[1].path.data : "");
        check_manifest(&change->made[0], &want->made[0]);
        assert_int_equal(found[i]->n_written, 1);
        assert_true(found[i]->written[0].is_kept);
        assert_true(firn_commit__can_share(found[i]));
    }
    assert_int_equal(found[0]->n_summary, 1);
    assert_str(found[0]->summary[0].key, "who");
    assert_str(found[0]->summary[0].value, "me");
    assert_int_equal(found[1]->n_summary, 0);
    close_all(found, n);
}

static void test_part_of_a_request_is_none(void **state)
{
    struct request *r = *state;
    const firn_str whole = firn_buf_view(&r->bytes);
    for (size_t len = 0; len < whole.len; len++) {
        firn_txn **found = NULL;
        size_t n = 0;
        assert_fails(
            decode(r, firn_str_slice(whole, 0, len), firn_table_metadata_of(r->table), &found, &n),
            FIRN_ERR_CORRUPT, &r->err, NULL);
        close_all(found, n);
    }
}

static void test_any_other_byte_does_no_harm(void **state)
{
    struct request *r = *state;
    for (size_t at = 0; at < r->bytes.len; at++) {
        const char before = r->bytes.data[at];
        static const char k_bytes[] = {'\0', '\1', '\x7f', '\x80', '\xff'};
        for (size_t i = 0; i < sizeof k_bytes; i++) {
            firn_txn **found = NULL;
            size_t n = 0;
            r->bytes.data[at] = k_bytes[i];
            const firn_status st =
                decode(r, firn_buf_view(&r->bytes), firn_table_metadata_of(r->table), &found, &n);
            assert_true(st == FIRN_OK || st == FIRN_ERR_CORRUPT || st == FIRN_ERR_CONFLICT);
            close_all(found, n);
        }
        r->bytes.data[at] = before;
    }
}

static void test_bytes_behind_a_request_are_refused(void **state)
{
    struct request *r = *state;
    firn_txn **found = NULL;
    size_t n = 0;
    firn_buf_byte(&r->bytes, 0);
    assert_fails(decode(r, firn_buf_view(&r->bytes), firn_table_metadata_of(r->table), &found, &n),
                 FIRN_ERR_CORRUPT, &r->err, "bytes left over");
    close_all(found, n);
}

static void test_an_unknown_form_is_refused(void **state)
{
    struct request *r = *state;
    firn_txn **found = NULL;
    size_t n = 0;
    r->bytes.data[3]++;
    assert_fails(decode(r, firn_buf_view(&r->bytes), firn_table_metadata_of(r->table), &found, &n),
                 FIRN_ERR_CORRUPT, &r->err, "unknown form");
    assert_int_equal(n, 0);
}

static void check_declined(struct request *r, const firn_table_metadata *base, const char *why)
{
    firn_txn **found = NULL;
    size_t n = 0;
    assert_fails(decode(r, firn_buf_view(&r->bytes), base, &found, &n), FIRN_ERR_CONFLICT, &r->err,
                 why);
    close_all(found, n);
}

static void test_a_table_that_is_not_the_same_any_more_declines(void **state)
{
    struct request *r = *state;
    const firn_table_metadata *now = firn_table_metadata_of(r->table);
    firn_table_metadata base = *now;
    base.table_uuid = FIRN_STR("9c12d441-03fe-4693-9a96-a0705ddf69c1");
    check_declined(r, &base, "another table");
    base = *now;
    base.format_version = 3;
    check_declined(r, &base, "another layout");
    base = *now;
    base.current_schema_id = 1;
    check_declined(r, &base, "another layout");
    base = *now;
    base.last_column_id++;
    check_declined(r, &base, "another layout");
    base = *now;
    base.n_specs = 0;
    check_declined(r, &base, "no such partition spec");
}

static void test_without_manifests_there_is_no_request(void **state)
{
    struct request *r = *state;
    firn_buf bytes;
    firn_buf_init(&bytes, NULL, 0);
    r->txns[1]->changes[0].is_made = false;
    assert_fails(firn_commit_request__encode(r->members, 2, &bytes, &r->err), FIRN_ERR_CONFLICT,
                 &r->err, "different layouts");
    firn_buf_dispose(&bytes);
}

static void test_files_in_other_folders_than_the_table_s_are_refused(void **state)
{
    struct request *r = *state;
    static const firn_property k_elsewhere[] = {
        {FIRN_STR_INIT("write.metadata.path"), FIRN_STR_INIT("memory://elsewhere")},
        {FIRN_STR_INIT("write.data.path"), FIRN_STR_INIT("memory://elsewhere")},
    };
    for (size_t i = 0; i < 2; i++) {
        firn_txn **found = NULL;
        size_t n = 0;
        firn_table_metadata base = *firn_table_metadata_of(r->table);
        base.properties = (firn_properties){&k_elsewhere[i], 1};
        assert_fails(decode(r, firn_buf_view(&r->bytes), &base, &found, &n), FIRN_ERR_CONFLICT,
                     &r->err, "the table's files are in another folder by now");
        close_all(found, n);
    }
}

/* Their names are durable before anybody else may have the request. */
static void test_files_of_partitions_are_not_left_to_others(void **state)
{
    struct request *r = *state;
    firn_txn *txn = NULL;
    firn_buf bytes;
    firn_txn **found = NULL;
    size_t n = 0;
    firn_data_file file = firn_test_data_file(&r->lake, r->table, "day=3/d.parquet", 3, 0, 5);
    file.has_pending_name = true;
    assert_ok(firn_txn_begin(r->table, &txn, &r->err), &r->err);
    assert_ok(firn_txn_append_files(txn, &file, 1, &r->err), &r->err);
    assert_ok(
        firn_snapshot__prepare(txn, &txn->changes[0], firn_table_metadata_of(r->table), &r->err),
        &r->err);
    firn_buf_init(&bytes, NULL, 0);
    const firn_commit_member member = {.txn = txn, .err = &r->err};
    assert_false(txn->changes[0].has_durable_names);
    assert_ok(firn_commit_request__encode(&member, 1, &bytes, &r->err), &r->err);
    assert_true(txn->changes[0].has_durable_names);
    assert_ok(decode(r, firn_buf_view(&bytes), firn_table_metadata_of(r->table), &found, &n),
              &r->err);
    assert_str(found[0]->changes[0].pending_name, "");
    close_all(found, n);
    firn_buf_dispose(&bytes);
    firn_txn_close(txn);
}

int main(void)
{
#define REQUEST_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        REQUEST_TEST(test_what_goes_in_comes_out),
        REQUEST_TEST(test_part_of_a_request_is_none),
        REQUEST_TEST(test_any_other_byte_does_no_harm),
        REQUEST_TEST(test_bytes_behind_a_request_are_refused),
        REQUEST_TEST(test_an_unknown_form_is_refused),
        REQUEST_TEST(test_a_table_that_is_not_the_same_any_more_declines),
        REQUEST_TEST(test_without_manifests_there_is_no_request),
        REQUEST_TEST(test_files_in_other_folders_than_the_table_s_are_refused),
        REQUEST_TEST(test_files_of_partitions_are_not_left_to_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
