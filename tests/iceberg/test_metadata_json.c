/* SPDX-License-Identifier: Apache-2.0 */
/* Table and view metadata files: fixtures of other implementations, faults, and the way back. With
 * FIRN_CORPORA set, every metadata file its indexes list. */
#include <stdlib.h>

#include "firn/metadata.h"
#include "format/codec/codec.h"
#include "iceberg/spec/metadata_json.h"
#include "spec_support.h"

static firn_str fixture(firn_arena *arena, const char *name)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/iceberg/%s", FIRN_TEST_DATA, name);
    const firn_str text = read_file(arena, path);
    if (!text.data) fail_msg("cannot read %s", path);
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
    firn_buf_init(&buf, NULL, 64 << 20);
    assert_ok(firn_metadata_format(m, &buf, &err), &err);
    const firn_str out = firn_arena_copy(arena, firn_buf_view(&buf));
    firn_buf_dispose(&buf);
    return out;
}

static void test_v2_file_is_complete(void **state)
{
    const firn_table_metadata *m = parse(*state, fixture(*state, "TableMetadataV2Valid.json"));
    assert_int_equal(m->format_version, 2);
    assert_str(m->table_uuid, "9c12d441-03fe-4693-9a96-a0705ddf69c1");
    assert_str(m->location, "s3://bucket/test/location");
    assert_int_equal(m->last_sequence_number, 34);
    assert_int_equal(m->last_column_id, 3);
    assert_int_equal(m->n_schemas, 2);
    assert_int_equal(firn_metadata_schema(m)->n_identifier_field_ids, 2);
    assert_int_equal(firn_metadata_spec(m)->fields[0].field_id, 1000);
    const firn_sort_order *order = firn_metadata_sort_order(m);
    assert_int_equal(order->order_id, 3);
    assert_int_equal(order->fields[1].transform.kind, FIRN_TRANSFORM_BUCKET);
    assert_int_equal(order->fields[1].transform.param, 4);
    assert_true(order->fields[1].is_descending && order->fields[1].nulls_last);
    const firn_snapshot *current = firn_metadata_current_snapshot(m);
    assert_int_equal(current->snapshot_id, 3055729675574597004);
    assert_str(current->operation, "append");
    assert_int_equal(current->summary.n, 0);
    assert_int_equal(current->schema_id, 1);
    assert_int_equal(current->first_row_id, -1);
    assert_int_equal(m->n_refs, 1); /* main is made up when the file has none */
    assert_str(m->refs[0].name, "main");
    assert_int_equal(m->next_row_id, -1);
}

static void test_v1_file_gets_the_newer_form(void **state)
{
    const firn_table_metadata *m = parse(*state, fixture(*state, "TableMetadataV1Valid.json"));
    assert_int_equal(m->format_version, 1);
    assert_int_equal(m->n_schemas, 1);
    assert_int_equal(firn_metadata_schema(m)->root.n_fields, 3);
    assert_int_equal(firn_metadata_spec(m)->n_fields, 1);
    assert_int_equal(m->last_partition_id, 1000);
    assert_int_equal(firn_metadata_sort_order(m)->order_id, 0);
    assert_null(firn_metadata_current_snapshot(m));
    assert_int_equal(m->n_refs, 0);
}

static void test_lookups(void **state)
{
    const firn_table_metadata *m = parse(*state, fixture(*state, "TableMetadataV2Valid.json"));
    assert_int_equal(firn_metadata_snapshot_as_of(m, 1555100955769)->snapshot_id,
                     3051729675574597004);
    assert_int_equal(firn_metadata_snapshot_as_of(m, 1555100955770)->snapshot_id,
                     3055729675574597004);
    assert_null(firn_metadata_snapshot_as_of(m, 1515100955769));
    assert_true(firn_metadata_is_ancestor(m, 3055729675574597004, 3051729675574597004));
    assert_false(firn_metadata_is_ancestor(m, 3051729675574597004, 3055729675574597004));
    assert_null(firn_metadata_find_snapshot(m, 5));
    assert_null(firn_metadata_find_schema(m, 7));
    assert_null(firn_metadata_find_spec(m, 7));
    assert_non_null(firn_metadata_find_ref(m, FIRN_STR("main")));
    assert_null(firn_metadata_find_ref(m, FIRN_STR("dev")));
}

static void test_cycle_of_parents_ends(void **state)
{
    const firn_snapshot snapshots[] = {{.snapshot_id = 1, .parent_snapshot_id = 2},
                                       {.snapshot_id = 2, .parent_snapshot_id = 1}};
    const firn_table_metadata m = {.snapshots = snapshots, .n_snapshots = 2};
    (void)state;
    assert_false(firn_metadata_is_ancestor(&m, 1, 3));
    assert_true(firn_metadata_is_ancestor(&m, 1, 2));
}

static void test_properties_are_found(void **state)
{
    const firn_property items[] = {{FIRN_STR_INIT("a"), FIRN_STR_INIT("12")},
                                   {FIRN_STR_INIT("b"), FIRN_STR_INIT("x")}};
    const firn_properties props = {items, 2};
    (void)state;
    assert_str(firn_properties_get(&props, FIRN_STR("b"), FIRN_STR("-")), "x");
    assert_str(firn_properties_get(&props, FIRN_STR("c"), FIRN_STR("-")), "-");
    assert_int_equal(firn_properties_get_i64(&props, FIRN_STR("a"), 5), 12);
    assert_int_equal(firn_properties_get_i64(&props, FIRN_STR("b"), 5), 5);
    assert_int_equal(firn_properties_get_i64(&props, FIRN_STR("c"), 5), 5);
}

/* The text written is read back to the same text, and says the same of the table. */
static void test_files_round_trip(void **state)
{
    static const char *const k_names[] = {"TableMetadataV1Valid.json", "TableMetadataV2Valid.json",
                                          "TableMetadataV3ValidEncryption.json",
                                          "TableMetadataStatisticsFiles.json"};
    for (size_t i = 0; i < sizeof k_names / sizeof k_names[0]; i++) {
        const firn_table_metadata *m = parse(*state, fixture(*state, k_names[i]));
        const firn_str once = format(*state, m);
        const firn_table_metadata *again = parse(*state, once);
        assert_str(format(*state, again), once.data);
        assert_int_equal(again->n_snapshots, m->n_snapshots);
        assert_int_equal(again->current_snapshot_id, m->current_snapshot_id);
        assert_int_equal(again->n_schemas, m->n_schemas);
        assert_true(firn_str_equals(again->encryption_keys_json, m->encryption_keys_json));
        assert_true(firn_str_equals(again->statistics_json, m->statistics_json));
    }
}

static void test_unknown_members_are_kept(void **state)
{
    const firn_str text = FIRN_STR(
        "{\"format-version\":1,\"location\":\"s3://b/t/\",\"last-updated-ms\":5,"
        "\"last-column-id\":0,\"schema\":{\"type\":\"struct\",\"fields\":[]},"
        "\"partition-spec\":[],\"x-engine\":{\"a\":[1,2]},\"statistics\":[{\"snapshot-id\":1}]}");
    const firn_table_metadata *m = parse(*state, text);
    assert_str(m->location, "s3://b/t");
    assert_str(m->extra_json, "{\"x-engine\":{\"a\":[1,2]}}");
    assert_str(m->statistics_json, "[{\"snapshot-id\":1}]");
    assert_int_equal(m->last_partition_id, 999);
    const firn_str out = format(*state, m);
    assert_true(firn_str_find(out, FIRN_STR("\"x-engine\":{\"a\":[1,2]}"), 0) != SIZE_MAX);
    assert_true(firn_str_find(out, FIRN_STR("\"statistics\":[{\"snapshot-id\":1}]"), 0) !=
                SIZE_MAX);
    assert_true(firn_str_find(out, FIRN_STR("\"schema\":{"), 0) != SIZE_MAX);
    assert_true(firn_str_find(out, FIRN_STR("\"current-snapshot-id\":-1"), 0) != SIZE_MAX);
}

static void test_gzip_is_accepted(void **state)
{
    firn_error err = {0};
    firn_codec_ctx *ctx = NULL;
    firn_buf packed;
    firn_buf_init(&packed, NULL, 1 << 20);
    assert_ok(firn_codec_ctx_create(&ctx, &err), &err);
    assert_ok(firn_codec_compress(ctx, FIRN_CODEC_GZIP, 0,
                                  fixture(*state, "TableMetadataV2Valid.json"), &packed, &err),
              &err);
    const firn_table_metadata *m = parse(*state, firn_buf_view(&packed));
    assert_int_equal(m->n_snapshots, 2);
    const firn_table_metadata *none = NULL;
    const firn_str cut = {packed.data, packed.len / 2};
    assert_int_equal(firn_metadata_parse(cut, *state, &none, &err), FIRN_ERR_CORRUPT);
    assert_null(none);
    firn_codec_ctx_destroy(ctx);
    firn_buf_dispose(&packed);
}

/* The fixture with one piece of text replaced. */
static firn_str edited(firn_arena *arena, const char *from, const char *to)
{
    const firn_str text = fixture(arena, "TableMetadataV2Valid.json");
    const size_t at = firn_str_find(text, firn_str_of(from), 0);
    if (at == SIZE_MAX) fail_msg("\"%s\" is not in the fixture", from);
    return firn_arena_printf(arena, "%.*s%s%s", (int)at, text.data, to,
                             text.data + at + strlen(from));
}

static void test_faulty_files_are_refused(void **state)
{
    static const struct {
        const char *from, *to;
        firn_status status;
        const char *message;
    } k_cases[] = {
        {"\"format-version\": 2", "\"format-version\": 4", FIRN_ERR_UNSUPPORTED,
         "not supported: table format version 4, at most 3"},
        {"\"format-version\": 2", "\"format-version\": 0", FIRN_ERR_CORRUPT,
         "table format version 0"},
        {"\"table-uuid\"", "\"uuid\"", FIRN_ERR_CORRUPT, "missing \"table-uuid\""},
        {"\"location\"", "\"loc\"", FIRN_ERR_CORRUPT, "missing \"location\""},
        {"\"last-sequence-number\"", "\"lsn\"", FIRN_ERR_CORRUPT,
         "missing \"last-sequence-number\""},
        {"\"last-sequence-number\": 34", "\"last-sequence-number\": 0", FIRN_ERR_CORRUPT,
         "has sequence number 1, beyond the last one, 0"},
        {"\"last-partition-id\"", "\"lpi\"", FIRN_ERR_CORRUPT, "missing \"last-partition-id\""},
        {"\"default-spec-id\": 0", "\"default-spec-id\": 9", FIRN_ERR_CORRUPT,
         "default partition spec 9 is not in \"partition-specs\""},
        {"\"default-sort-order-id\": 3", "\"default-sort-order-id\": 9", FIRN_ERR_CORRUPT,
         "default sort order 9 is not in \"sort-orders\""},
        {"\"schema-id\": 0", "\"schema-id\": 1", FIRN_ERR_CORRUPT, "two schemas have the id 1"},
        {"\"current-snapshot-id\": 3055729675574597004", "\"current-snapshot-id\": 7",
         FIRN_ERR_CORRUPT, "current snapshot 7 is not in \"snapshots\""},
        {"\"metadata-log\": []",
         "\"refs\":{\"main\":{\"type\":\"branch\",\"snapshot-id\":3051729675574597004}}",
         FIRN_ERR_CORRUPT, "branch main is at snapshot 3051729675574597004"},
        {"\"metadata-log\": []", "\"refs\":{\"t\":{\"type\":\"tag\",\"snapshot-id\":8}}",
         FIRN_ERR_CORRUPT, "reference \"t\" names snapshot 8"},
        {"\"metadata-log\": []", "\"refs\":{\"t\":{\"type\":\"twig\",\"snapshot-id\":8}}",
         FIRN_ERR_CORRUPT, "\"type\" must be branch or tag, found \"twig\""},
        {"\"snapshot-id\": 3051729675574597004,", "\"snapshot-id\": 3055729675574597004,",
         FIRN_ERR_CORRUPT, "two snapshots have the id 3055729675574597004"},
        {"\"manifest-list\": \"s3://a/b/1.avro\"", "\"x\": 1", FIRN_ERR_CORRUPT,
         "missing \"manifest-list\" in snapshot 3051729675574597004"},
        {"\"source-id\": 1", "\"source-ids\": []", FIRN_ERR_CORRUPT,
         "\"source-ids\" must hold field ids"},
        {"\"source-id\": 1", "\"source-ids\": [\"a\"]", FIRN_ERR_CORRUPT,
         "\"source-ids\" must hold field ids"},
        {"\"bucket[4]\"", "\"bucket[0]\"", FIRN_ERR_CORRUPT, "must be an integer from 1"},
        {"\"properties\": {}", "\"properties\": {\"a\": 1}", FIRN_ERR_CORRUPT,
         "\"a\" must be a string, found integer"},
    };
    for (size_t i = 0; i < sizeof k_cases / sizeof k_cases[0]; i++) {
        firn_error err = {0};
        const firn_table_metadata *m = NULL;
        const firn_str text = edited(*state, k_cases[i].from, k_cases[i].to);
        assert_fails(firn_metadata_parse(text, *state, &m, &err), k_cases[i].status, &err,
                     k_cases[i].message);
        assert_null(m);
    }
}

static void test_truncated_files_are_refused(void **state)
{
    const firn_str text = fixture(*state, "TableMetadataV2Valid.json");
    for (size_t n = 0; n + 2 < text.len; n += 37) {
        firn_error err = {0};
        const firn_table_metadata *m = NULL;
        const firn_str cut = {text.data, n};
        assert_int_equal(firn_metadata_parse(cut, *state, &m, &err), FIRN_ERR_CORRUPT);
    }
}

static void test_view_round_trips(void **state)
{
    firn_error err = {0};
    firn_buf buf;
    const firn_view_metadata *view = NULL;
    const firn_view_metadata *again = NULL;
    assert_ok(
        firn_view_metadata_parse(fixture(*state, "ViewMetadataV1Valid.json"), *state, &view, &err),
        &err);
    assert_int_equal(view->current_version_id, 2);
    assert_int_equal(view->n_versions, 2);
    assert_str(view->versions[1].representations[0].dialect, "spark");
    assert_str(view->versions[1].default_namespace[0], "default");
    firn_buf_init(&buf, NULL, 1 << 20);
    assert_ok(firn_view_metadata_format(view, &buf, &err), &err);
    assert_ok(firn_view_metadata_parse(firn_buf_view(&buf), *state, &again, &err), &err);
    assert_true(firn_str_equals(again->versions[1].representations[0].sql,
                                view->versions[1].representations[0].sql));
    assert_str(again->versions[0].default_catalog, "prod");
    assert_int_equal(again->n_version_log, view->n_version_log);
    firn_buf_dispose(&buf);
}

static void test_view_with_two_texts_of_a_dialect_is_refused(void **state)
{
    firn_error err = {0};
    const firn_view_metadata *view = NULL;
    assert_fails(
        firn_view_metadata_parse(fixture(*state, "ViewMetadataMultipleSQLsForDialect.json"), *state,
                                 &view, &err),
        FIRN_ERR_CORRUPT, &err, "two texts of dialect \"spark");
}

/* ---- corpora ---- */

static firn_status parse_any(firn_arena *arena, firn_str text, bool is_view, firn_error *err)
{
    const firn_view_metadata *view = NULL;
    const firn_table_metadata *table = NULL;
    return is_view ? firn_view_metadata_parse(text, arena, &view, err)
                   : firn_metadata_parse(text, arena, &table, err);
}

static size_t check_line(firn_arena *arena, const char *folder, firn_str line)
{
    firn_error err = {0};
    firn_str rest = line;
    const firn_str path = firn_str_split(&rest, '\t');
    (void)firn_str_split(&rest, '\t');
    const firn_str what = firn_str_split(&rest, '\t');
    const bool is_view = firn_str_equals(what, FIRN_STR("view metadata JSON"));
    if (!is_view && !firn_str_equals(what, FIRN_STR("table metadata JSON"))) return 0;
    const firn_str name = firn_arena_printf(arena, "%s/%.*s", folder, FIRN_STR_ARG(path));
    const firn_str text = read_file(arena, name.data);
    if (!text.data) fail_msg("cannot read %s", name.data);
    const firn_status st = parse_any(arena, text, is_view, &err);
    if (firn_str_starts_with(rest, FIRN_STR("ok"))) {
        if (st != FIRN_OK) fail_msg("%s: %s", name.data, err.message);
    } else if (firn_str_starts_with(rest, FIRN_STR("must be rejected"))) {
        if (st == FIRN_OK) fail_msg("%s was accepted", name.data);
    }
    return 1;
}

static void test_corpora(void **state)
{
    static const char *const k_folders[] = {"iceberg", "iceberg-rust", "iceberg-go",
                                            "iceberg-python"};
    const char *root = getenv("FIRN_CORPORA");
    size_t n = 0;
    if (!root) {
        print_message("FIRN_CORPORA is not set: metadata of other implementations not tried\n");
        skip();
    }
    for (size_t i = 0; i < sizeof k_folders / sizeof k_folders[0]; i++) {
        const firn_str folder = firn_arena_printf(*state, "%s/%s", root, k_folders[i]);
        const firn_str index = firn_arena_printf(*state, "%s/INDEX.tsv", folder.data);
        firn_str lines = read_file(*state, index.data);
        while (lines.data && lines.len > 0) {
            n += check_line(*state, folder.data, firn_str_split(&lines, '\n'));
        }
    }
    print_message("%zu metadata files\n", n);
    assert_true(n > 20);
}

#define ARENA_TEST(name) cmocka_unit_test_setup_teardown(name, make_arena, drop_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(test_v2_file_is_complete),
        ARENA_TEST(test_v1_file_gets_the_newer_form),
        ARENA_TEST(test_lookups),
        cmocka_unit_test(test_cycle_of_parents_ends),
        cmocka_unit_test(test_properties_are_found),
        ARENA_TEST(test_files_round_trip),
        ARENA_TEST(test_unknown_members_are_kept),
        ARENA_TEST(test_gzip_is_accepted),
        ARENA_TEST(test_faulty_files_are_refused),
        ARENA_TEST(test_truncated_files_are_refused),
        ARENA_TEST(test_view_round_trips),
        ARENA_TEST(test_view_with_two_texts_of_a_dialect_is_refused),
        ARENA_TEST(test_corpora),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
