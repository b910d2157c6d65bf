/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots and snapshot log of metadata files of many commits: read by the scanner or through the
 * tree of values, they are the same; what came from a file goes into the next one as it was. */
#include <inttypes.h>

#include "iceberg/spec/history_json.h"
#include "iceberg/spec/metadata_json.h"
#include "iceberg/spec/metadata_update.h"
#include "spec_support.h"

#define N_SNAPSHOTS 40

static const char k_head[] =
    "{\"format-version\":%d,\"table-uuid\":\"9c12d441-03fe-4693-9a96-a0705ddf69c1\","
    "\"location\":\"s3://b/t\",\"last-sequence-number\":%d,\"last-updated-ms\":100000,"
    "\"last-column-id\":1,\"current-schema-id\":0,\"schemas\":[{\"type\":\"struct\","
    "\"schema-id\":0,\"fields\":[{\"id\":1,\"name\":\"a\",\"required\":true,\"type\":\"int\"}]}],"
    "\"default-spec-id\":0,\"last-partition-id\":999,\"partition-specs\":[{\"spec-id\":0,"
    "\"fields\":[]}],\"default-sort-order-id\":0,\"sort-orders\":[{\"order-id\":0,\"fields\":[]}],"
    "\"properties\":{\"a\":\"[{\\\"\"},\"current-snapshot-id\":%d,\"snapshots\":[";

/* odd: a text in place of snapshot 7's, or NULL. tail: behind the snapshots' array. */
static firn_str document(firn_arena *arena, int version, const char *odd, const char *tail)
{
    firn_buf buf;
    firn_buf_init(&buf, NULL, 0);
    firn_buf_printf(&buf, k_head, version, version > 1 ? N_SNAPSHOTS : 0, N_SNAPSHOTS);
    for (int i = 1; i <= N_SNAPSHOTS; i++) {
        firn_buf_cstr(&buf, i > 1 ? " ,\n " : "");
        if (i == 7 && odd) {
            firn_buf_cstr(&buf, odd);
            continue;
        }
        firn_buf_printf(&buf, "{ \"snapshot-id\":%d,", i);
        if (version > 1) firn_buf_printf(&buf, "\"sequence-number\":%d,", i);
        if (i > 1) firn_buf_printf(&buf, "\"parent-snapshot-id\":%d,", i - 1);
        firn_buf_printf(&buf,
                        "\"timestamp-ms\":%d,\"summary\":{\"operation\":\"append\","
                        "\"total-records\":\"%d\"}, \"manifest-list\":\"s3://b/t/%d.avro\","
                        "\"schema-id\":0}",
                        1000 + i, 10 * i, i);
    }
    firn_buf_cstr(&buf, "],\"snapshot-log\":[");
    for (int i = 1; i <= N_SNAPSHOTS; i++)
        firn_buf_printf(&buf, "%s{\"timestamp-ms\":%d, \"snapshot-id\":%d}", i > 1 ? "," : "",
                        1000 + i, i);
    firn_buf_printf(&buf, "]%s}", tail);
    const firn_str text = firn_arena_copy(arena, firn_buf_view(&buf));
    firn_buf_dispose(&buf);
    assert_non_null(text.data);
    return text;
}

static const firn_table_metadata *parse(firn_arena *arena, firn_str text)
{
    firn_error err = {0};
    const firn_table_metadata *m = NULL;
    assert_ok(firn_metadata_parse(text, arena, &m, &err), &err);
    return m;
}

static firn_str format(firn_arena *arena, const firn_table_metadata *m)
{
    firn_error err = {0};
    firn_buf buf;
    firn_buf_init(&buf, NULL, 0);
    assert_ok(firn_metadata_format(m, &buf, &err), &err);
    const firn_str text = firn_arena_copy(arena, firn_buf_view(&buf));
    firn_buf_dispose(&buf);
    return text;
}

static bool is_split(firn_arena *arena, firn_str text)
{
    firn_history_text history;
    firn_history_known known = {0};
    return firn_history_split(text, &known, arena, &history);
}

static void test_snapshots_are_read_as_they_are(void **state)
{
    firn_arena *arena = *state;
    const firn_str text = document(arena, 2, NULL, "");
    assert_true(is_split(arena, text));
    const firn_table_metadata *m = parse(arena, text);
    assert_int_equal(m->n_snapshots, N_SNAPSHOTS);
    assert_int_equal(m->n_snapshot_log, N_SNAPSHOTS);
    for (int i = 1; i <= N_SNAPSHOTS; i++) {
        const firn_snapshot *s = &m->snapshots[i - 1];
        char list[32];
        (void)snprintf(list, sizeof list, "s3://b/t/%d.avro", i);
        assert_int_equal(s->snapshot_id, i);
        assert_int_equal(s->sequence_number, i);
        assert_int_equal(s->parent_snapshot_id, i > 1 ? i - 1 : -1);
        assert_int_equal(s->timestamp_ms, 1000 + i);
        assert_str(s->operation, "append");
        assert_str(s->manifest_list, list);
        assert_int_equal(s->summary.n, 1);
        assert_int_equal(firn_properties_get_i64(&s->summary, FIRN_STR("total-records"), -1),
                         10 * i);
        assert_int_equal(s->first_row_id, -1);
        assert_int_equal(m->snapshot_log[i - 1].snapshot_id, i);
        assert_int_equal(m->snapshot_log[i - 1].timestamp_ms, 1000 + i);
    }
    assert_str(firn_properties_get(&m->properties, FIRN_STR("a"), FIRN_STR("")), "[{\"");
}

static void test_what_is_written_is_read_and_written_the_same(void **state)
{
    firn_arena *arena = *state;
    const firn_str once = format(arena, parse(arena, document(arena, 2, NULL, "")));
    const firn_str twice = format(arena, parse(arena, once));
    assert_true(firn_str_equals(once, twice));
    assert_true(is_split(arena, once));
}

/* ---- after an older document ---- */

static const firn_table_metadata *parse_after(firn_arena *arena, firn_str text,
                                              const firn_table_metadata *older)
{
    firn_error err = {0};
    const firn_table_metadata *m = NULL;
    const firn_str kept = firn_arena_copy(arena, text);
    assert_ok(firn_metadata_parse_next(kept, older, arena, &m, &err), &err);
    return m;
}

/* With more snapshots, as the next commits leave it. */
static firn_str grown(firn_arena *arena, const firn_table_metadata *base, int n)
{
    firn_error err = {0};
    for (int i = 0; i < n; i++) {
        const int64_t id = 1000 + base->last_sequence_number;
        const firn_property p = {FIRN_STR_INIT("total-records"), FIRN_STR_INIT("7")};
        const firn_snapshot snapshot = {.snapshot_id = id,
                                        .parent_snapshot_id = base->current_snapshot_id,
                                        .sequence_number = base->last_sequence_number + 1,
                                        .timestamp_ms = 100000 + id,
                                        .manifest_list = FIRN_STR("s3://b/t/new.avro"),
                                        .operation = FIRN_STR("append"),
                                        .summary = {&p, 1},
                                        .first_row_id = -1,
                                        .added_rows = -1};
        const firn_snapshot_ref ref = {.name = FIRN_STR("main"),
                                       .snapshot_id = id,
                                       .min_snapshots_to_keep = -1,
                                       .max_snapshot_age_ms = -1,
                                       .max_ref_age_ms = -1};
        const firn_update updates[] = {{.kind = FIRN_UPDATE_ADD_SNAPSHOT, .snapshot = &snapshot},
                                       {.kind = FIRN_UPDATE_SET_SNAPSHOT_REF, .ref = &ref}};
        assert_ok(
            firn_updates_apply(base, FIRN_STR("s3://b/m"), updates, 2, 100000, arena, &base, &err),
            &err);
    }
    return format(arena, base);
}

static void assert_same_snapshots(const firn_table_metadata *a, const firn_table_metadata *b)
{
    assert_int_equal(a->n_snapshots, b->n_snapshots);
    for (size_t i = 0; i < a->n_snapshots; i++) {
        const firn_snapshot *x = &a->snapshots[i];
        const firn_snapshot *y = &b->snapshots[i];
        assert_int_equal(x->snapshot_id, y->snapshot_id);
        assert_int_equal(x->parent_snapshot_id, y->parent_snapshot_id);
        assert_int_equal(x->timestamp_ms, y->timestamp_ms);
        assert_true(firn_str_equals(x->manifest_list, y->manifest_list));
        assert_true(firn_str_equals(x->operation, y->operation));
        assert_true(firn_str_equals(x->json, y->json));
        assert_true(firn_str_equals(x->extra_json, y->extra_json));
        assert_int_equal(x->summary.n, y->summary.n);
        for (size_t k = 0; k < x->summary.n; k++) {
            assert_true(firn_str_equals(x->summary.items[k].key, y->summary.items[k].key));
            assert_true(firn_str_equals(x->summary.items[k].value, y->summary.items[k].value));
        }
    }
}

/* The older document's memory goes before the newer one is looked at. */
static void check_after(firn_str before, firn_str after)
{
    firn_arena *old_arena = firn_arena_create(NULL, 0);
    firn_arena *new_arena = firn_arena_create(NULL, 0);
    const firn_table_metadata *older = parse_after(old_arena, before, NULL);
    const firn_table_metadata *m = parse_after(new_arena, after, older);
    firn_arena_destroy(old_arena);
    const firn_table_metadata *alone = parse(new_arena, after);
    assert_same_snapshots(m, alone);
    assert_true(firn_str_equals(format(new_arena, m), format(new_arena, alone)));
    firn_arena_destroy(new_arena);
}

static void test_what_an_older_document_had_is_the_same_in_a_newer_one(void **state)
{
    firn_arena *arena = *state;
    const firn_str first = format(arena, parse(arena, document(arena, 2, NULL, "")));
    for (int n = 0; n < 4; n++) check_after(first, grown(arena, parse(arena, first), n));
    const firn_str second = grown(arena, parse(arena, first), 2);
    const firn_table_metadata *older = parse_after(arena, first, NULL);
    const firn_table_metadata *newer = parse_after(arena, second, older);
    check_after(second, grown(arena, newer, 3)); /* after one that was read in this way itself */
    check_after(second, first);                  /* fewer snapshots, as after an expiry */
}

static void test_a_document_that_does_not_begin_like_the_older_one_is_read_anew(void **state)
{
    firn_arena *arena = *state;
    const firn_str first = format(arena, parse(arena, document(arena, 2, NULL, "")));
    char *other = firn_arena_alloc(arena, first.len);
    memcpy(other, first.data, first.len);
    const size_t at = firn_str_find(first, FIRN_STR("s3://b/t/20.avro"), 0);
    assert_true(at != SIZE_MAX);
    other[at] = 'g';
    check_after(first, (firn_str){other, first.len});
    check_after(document(arena, 2, NULL, ""), first); /* with white space, and without */
    check_after(first, document(arena, 2, NULL, ""));
    check_after(document(arena, 1, NULL, ""), document(arena, 1, NULL, ",\"x\":1"));
}

/* What the tree read does not lie in the document. */
static void test_unusual_snapshots_of_an_older_document_are_read_anew(void **state)
{
    static const char *const odd[] = {
        "{\"snapshot-id\":7,\"sequence-number\":7,\"timestamp-ms\":1007,\"x\":1,"
        "\"manifest-list\":\"s3://b/t/7.avro\"}",
        "{\"snapshot-id\":7,\"sequence-number\":7,\"timestamp-ms\":1007,"
        "\"summary\":{\"operation\":\"append\",\"q\":\"\\u0041\"},"
        "\"manifest-list\":\"s3:\\/\\/b/t/7.avro\"}",
        "{\"snapshot-id\":7,\"sequence-number\":7,\"timestamp-ms\":1007,\"manifests\":[\"a\"]}",
    };
    firn_arena *arena = *state;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        const firn_str text = document(arena, 2, odd[i], "");
        check_after(text, text);
        check_after(text, grown(arena, parse(arena, text), 2));
    }
}

/* ---- what is not as usual ---- */

/* A snapshot the scanner leaves alone is read through the tree; its neighbours are not lost. */
static void test_unusual_snapshots_are_read_too(void **state)
{
    static const char *const odd[] = {
        "{\"snapshot-id\":7,\"sequence-number\":7,\"parent-snapshot-id\":null,\"timestamp-ms\":"
        "1007,"
        "\"manifest-list\":\"s3://b/t/7.avro\"}",
        "{\"snapshot-id\":7,\"sequence-number\":7,\"timestamp-ms\":1007,\"x-new\":{\"}\":[\"]\"]},"
        "\"manifest-list\":\"s3://b/t/7.avro\"}",
        "{\"snapshot-id\":7,\"sequence-number\":7,\"timestamp-ms\":1007,"
        "\"summary\":{\"operation\":\"append\",\"q\":\"a\\\"]\\u0041\"},"
        "\"manifest-list\":\"s3:\\/\\/b/t/7.avro\"}",
        "{\"snapshot-id\":7,\"sequence-number\":7,\"timestamp-ms\":1007,\"manifests\":[\"a\"]}",
    };
    firn_arena *arena = *state;
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        const firn_str text = document(arena, 2, odd[i], "");
        assert_true(is_split(arena, text));
        const firn_table_metadata *m = parse(arena, text);
        assert_int_equal(m->n_snapshots, N_SNAPSHOTS);
        assert_int_equal(m->snapshots[6].timestamp_ms, 1007);
        assert_int_equal(m->snapshots[7].snapshot_id, 8);
        if (i == 0) assert_int_equal(m->snapshots[6].parent_snapshot_id, -1);
        if (i == 1) assert_str(m->snapshots[6].extra_json, "{\"x-new\":{\"}\":[\"]\"]}}");
        if (i == 2) assert_str(m->snapshots[6].summary.items[0].value, "a\"]A");
        if (i == 2) assert_str(m->snapshots[6].manifest_list, "s3://b/t/7.avro");
        if (i == 3) assert_int_equal(m->snapshots[6].n_manifests, 1);
        const firn_str again = format(arena, m);
        assert_true(firn_str_find(again, firn_str_of(odd[i]), 0) < again.len);
        assert_true(firn_str_equals(format(arena, parse(arena, again)), again));
    }
}

static void test_what_is_wrong_is_told_as_ever(void **state)
{
    static const struct {
        const char *odd, *tail, *message;
    } k_cases[] = {
        {"{\"snapshot-id\":7}", "", "missing \"timestamp-ms\""},
        {"{\"snapshot-id\":6,\"sequence-number\":7,\"timestamp-ms\":1,\"manifest-list\":\"x\"}", "",
         "two snapshots have the id 6"},
        {"{\"snapshot-id\":7,\"snapshot-id\":7,\"timestamp-ms\":1,\"manifest-list\":\"x\"}", "",
         "duplicate key"},
        {"{\"snapshot-id\":7,\"timestamp-ms\":1,\"manifest-list\":\"x\",\"summary\":{\"a\":\"1\","
         "\"a\":\"2\"}}",
         "", "duplicate key"},
        {"{\"snapshot-id\":07,\"timestamp-ms\":1,\"manifest-list\":\"x\"}", "",
         "number with a leading zero"},
        {"{\"snapshot-id\":99999999999999999999,\"timestamp-ms\":1,\"manifest-list\":\"x\"}", "",
         "more than 64 bits"},
        {"{\"snapshot-id\":7,\"timestamp-ms\":1,\"manifest-list\":\"x\xff\"}", "", "not utf-8"},
        {"{\"snapshot-id\":7,\"timestamp-ms\":1,\"manifest-list\":\"\"}", "",
         "missing \"manifest-list\""},
        {"{\"snapshot-id\":7,\"timestamp-ms\":1,\"manifest-list\":\"x\",}", "", "a key in quotes"},
        {"7", "", "snapshot"},
        {NULL, ",\"snapshots\":[]", "duplicate key"},
        {NULL, ",\"snapshot-log\":[]", "duplicate key"},
        {NULL, "}", "the end of the document"},
    };
    firn_arena *arena = *state;
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        firn_error err = {0};
        const firn_table_metadata *m = NULL;
        assert_fails(firn_metadata_parse(document(arena, 2, k_cases[i].odd, k_cases[i].tail), arena,
                                         &m, &err),
                     FIRN_ERR_CORRUPT, &err, k_cases[i].message);
    }
}

static void test_a_missing_log_has_no_entries(void **state)
{
    firn_error err;
    firn_snapshot_log_entry *log = NULL;
    size_t n = 1;
    assert_ok(firn_history_read_log((firn_str){NULL, 0}, *state, &log, &n, &err), &err);
    assert_int_equal(n, 0);
}

static void test_every_truncation_is_refused(void **state)
{
    firn_arena *arena = *state;
    const firn_str text = document(arena, 2, NULL, "");
    for (size_t len = 0; len < text.len; len += 1 + len % 61) {
        firn_error err = {0};
        const firn_table_metadata *m = NULL;
        assert_int_equal(firn_metadata_parse((firn_str){text.data, len}, arena, &m, &err),
                         FIRN_ERR_CORRUPT);
    }
}

/* Version 2 demands a sequence number of every snapshot. */
static void test_an_upgrade_writes_snapshots_anew(void **state)
{
    firn_arena *arena = *state;
    firn_error err = {0};
    const firn_table_metadata *m = parse(arena, document(arena, 1, NULL, ""));
    const firn_update upgrade = {.kind = FIRN_UPDATE_FORMAT_VERSION, .id = 2};
    assert_true(m->snapshots[3].json.len > 0);
    const firn_str before = format(arena, m);
    assert_true(firn_str_find(before, FIRN_STR("\"sequence-number\""), 0) >= before.len);
    assert_ok(firn_updates_apply(m, FIRN_STR("m.json"), &upgrade, 1, 100001, arena, &m, &err),
              &err);
    const firn_str text = format(arena, m);
    size_t n = 0;
    for (size_t at = 0;
         (at = firn_str_find(text, FIRN_STR("\"sequence-number\":0"), at)) < text.len; at++)
        n++;
    assert_int_equal(n, N_SNAPSHOTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_snapshots_are_read_as_they_are, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(test_what_is_written_is_read_and_written_the_same,
                                        make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(test_unusual_snapshots_are_read_too, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(test_what_is_wrong_is_told_as_ever, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(test_a_missing_log_has_no_entries, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(test_every_truncation_is_refused, make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(test_an_upgrade_writes_snapshots_anew, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(test_what_an_older_document_had_is_the_same_in_a_newer_one,
                                        make_arena, drop_arena),
        cmocka_unit_test_setup_teardown(
            test_a_document_that_does_not_begin_like_the_older_one_is_read_anew, make_arena,
            drop_arena),
        cmocka_unit_test_setup_teardown(test_unusual_snapshots_of_an_older_document_are_read_anew,
                                        make_arena, drop_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
