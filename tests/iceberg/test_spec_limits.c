/* SPDX-License-Identifier: Apache-2.0 */
/* Limits on what metadata may hold, each just below, at and above it: schemas, specs, sort orders
 * and snapshots of a table, fields of a schema, entries of a manifest list. */
#include "base/limits.h"
#include "format/avro/avro.h"
#include "format/json/json.h"
#include "iceberg/spec/manifest.h"
#include "iceberg/spec/metadata_check.h"
#include "iceberg/spec/schema_json.h"
#include "spec_support.h"
#include "spec_table.h"

/* ---- table metadata ---- */

/* So many of each, with ids from 1. */
static const firn_table_metadata *make_metadata(firn_arena *arena, size_t n_layouts,
                                                size_t n_snapshots)
{
    firn_table_metadata *m = firn_arena_alloc_zero(arena, sizeof *m);
    firn_schema *schemas = firn_arena_array(arena, n_layouts, sizeof *schemas);
    firn_partition_spec *specs = firn_arena_array(arena, n_layouts, sizeof *specs);
    firn_sort_order *orders = firn_arena_array(arena, n_layouts, sizeof *orders);
    firn_snapshot *snapshots = firn_arena_array(arena, n_snapshots, sizeof *snapshots);
    const void **pointers = firn_arena_array(arena, 3 * n_layouts, sizeof *pointers);
    for (size_t i = 0; i < n_layouts; i++) {
        schemas[i].schema_id = specs[i].spec_id = orders[i].order_id = (int32_t)i + 1;
        pointers[i] = &schemas[i];
        pointers[n_layouts + i] = &specs[i];
        pointers[2 * n_layouts + i] = &orders[i];
    }
    for (size_t i = 0; i < n_snapshots; i++) snapshots[i].snapshot_id = (int64_t)i + 1;
    *m = (firn_table_metadata){.format_version = 2,
                               .schemas = (const firn_schema *const *)pointers,
                               .n_schemas = n_layouts,
                               .specs = (const firn_partition_spec *const *)(pointers + n_layouts),
                               .n_specs = n_layouts,
                               .sort_orders =
                                   (const firn_sort_order *const *)(pointers + 2 * n_layouts),
                               .n_sort_orders = n_layouts,
                               .current_schema_id = 1,
                               .default_spec_id = 1,
                               .default_sort_order_id = 1,
                               .snapshots = snapshots,
                               .n_snapshots = n_snapshots,
                               .current_snapshot_id = -1};
    return m;
}

static void test_a_table_has_a_number_of_layouts(void **state)
{
    for (size_t n = FIRN_LIMIT_SCHEMAS - 1; n <= FIRN_LIMIT_SCHEMAS; n++) {
        firn_error err = {0};
        assert_ok(firn_metadata_check(make_metadata(*state, n, 1), *state, &err), &err);
    }
    for (int kind = 0; kind < 3; kind++) {
        firn_error err = {0};
        firn_table_metadata m = *make_metadata(*state, FIRN_LIMIT_SCHEMAS + 1, 1);
        if (kind != 0) m.n_schemas--;
        if (kind != 1) m.n_specs--;
        if (kind != 2) m.n_sort_orders--;
        assert_fails(firn_metadata_check(&m, *state, &err), FIRN_ERR_LIMIT, &err,
                     "more than 10000 schemas, specs or sort orders");
    }
}

static void test_a_table_has_a_number_of_snapshots(void **state)
{
    for (size_t n = FIRN_LIMIT_SNAPSHOTS - 1; n <= FIRN_LIMIT_SNAPSHOTS + 1; n++) {
        firn_error err = {0};
        const firn_status st = firn_metadata_check(make_metadata(*state, 1, n), *state, &err);
        if (n <= FIRN_LIMIT_SNAPSHOTS)
            assert_ok(st, &err);
        else
            assert_fails(st, FIRN_ERR_LIMIT, &err, "100001 snapshots, limit 100000");
    }
}

/* ---- schemas ---- */

static firn_status parse_fields(firn_arena *arena, size_t n, const char *around,
                                const firn_schema **out, firn_error *err)
{
    firn_buf text;
    json_t *json = NULL;
    firn_buf_init(&text, NULL, 0);
    firn_buf_cstr(&text, "{\"type\":\"struct\",\"fields\":[");
    firn_buf_cstr(&text, around);
    for (size_t i = 0; i < n; i++)
        firn_buf_printf(&text,
                        "%s{\"id\":%zu,\"name\":\"f%zu\",\"required\":false,\"type\":\"int\"}",
                        i > 0 ? "," : "", i + 2, i);
    firn_buf_cstr(&text, around[0] ? "]}}]}" : "]}");
    assert_ok(firn_json_parse(firn_buf_view(&text), arena, &json, err), err);
    const firn_status st = firn_schema_from_json(json, arena, out, err);
    firn_buf_dispose(&text);
    return st;
}

static void test_a_schema_has_a_number_of_fields(void **state)
{
    static const char k_inner[] = "{\"id\":1,\"name\":\"s\",\"required\":false,\"type\":"
                                  "{\"type\":\"struct\",\"fields\":[";
    (void)state;
    for (size_t n = FIRN_LIMIT_COLUMNS - 1; n <= FIRN_LIMIT_COLUMNS + 1; n++) {
        firn_arena *arena = firn_arena_create(NULL, 0);
        const firn_schema *schema = NULL;
        firn_error err = {0};
        const firn_status flat = parse_fields(arena, n, "", &schema, &err);
        if (n > FIRN_LIMIT_COLUMNS) {
            assert_fails(flat, FIRN_ERR_LIMIT, &err, "struct with 100001 fields, limit 100000");
        } else {
            assert_ok(flat, &err);
            assert_int_equal(schema->root.n_fields, n);
            /* one struct more, and it is a field too */
            const firn_status nested = parse_fields(arena, n, k_inner, &schema, &err);
            if (n < FIRN_LIMIT_COLUMNS)
                assert_ok(nested, &err);
            else
                assert_fails(nested, FIRN_ERR_LIMIT, &err, "schema with more than 100000 fields");
        }
        firn_arena_destroy(arena);
    }
}

/* ---- manifest lists ---- */

/* The record of one manifest, as our writer writes it, and its schema. */
static void make_record(firn_arena *arena, firn_str *schema, firn_str *record)
{
    const firn_manifest_file file = {.path = FIRN_STR("m"),
                                     .length = 1,
                                     .sequence_number = 1,
                                     .min_sequence_number = 1,
                                     .added_snapshot_id = 1,
                                     .first_row_id = -1};
    firn_buf bytes;
    const firn_byte_sink sink = {&bytes, spec_sink_write};
    firn_avro_reader *reader = NULL;
    firn_cursor *c = NULL;
    firn_error err = {0};
    spec_table t;
    spec_table_make(arena, &t);
    const firn_manifest_write_opts opts = spec_opts(&t, 2);
    firn_buf_init(&bytes, NULL, 0);
    assert_ok(firn_manifest_list_write(&opts, &file, 1, &sink, &err), &err);
    assert_ok(firn_avro_reader_open(firn_buf_view(&bytes), &reader, &err), &err);
    assert_true(firn_avro_reader_meta(reader, FIRN_STR("avro.schema"), schema));
    *schema = firn_arena_copy(arena, *schema);
    assert_ok(firn_avro_reader_next(reader, &c, &err), &err);
    *record = firn_arena_copy(arena, (firn_str){(const char *)c->at, firn_cursor_left(c)});
    firn_avro_reader_close(reader);
    firn_buf_dispose(&bytes);
}

static void test_a_manifest_list_has_a_number_of_entries(void **state)
{
    static const uint8_t k_sync[16] = "0123456789abcde";
    firn_str schema, record;
    make_record(*state, &schema, &record);
    for (int over = 0; over < 2; over++) {
        const int64_t n = FIRN_LIMIT_MANIFESTS + over;
        firn_buf bytes;
        const firn_byte_sink sink = {&bytes, spec_sink_write};
        firn_avro_writer *writer = NULL;
        firn_manifest_list_reader *reader = NULL;
        firn_error err = {0};
        firn_buf_init(&bytes, NULL, 0);
        assert_ok(firn_avro_writer_create(schema, NULL, 0, FIRN_CODEC_NONE, 0, k_sync, &sink,
                                          &writer, &err),
                  &err);
        for (int64_t i = 0; i < n; i++)
            assert_int_equal(firn_avro_writer_append(writer, record, &err), FIRN_OK);
        assert_ok(firn_avro_writer_finish(writer, &err), &err);
        firn_avro_writer_destroy(writer);
        assert_ok(firn_manifest_list_open(firn_buf_view(&bytes), &reader, &err), &err);
        firn_arena *arena = firn_arena_create(NULL, 0);
        for (int64_t i = 0; i < FIRN_LIMIT_MANIFESTS; i++) {
            firn_manifest_file file;
            assert_int_equal(firn_manifest_list_next(reader, arena, &file, &err), FIRN_OK);
            if (i % 1024 == 0) firn_arena_reset(arena);
        }
        firn_manifest_file file;
        const firn_status st = firn_manifest_list_next(reader, arena, &file, &err);
        if (over)
            assert_fails(st, FIRN_ERR_LIMIT, &err, "manifest list: more than 1000000 manifests");
        else
            assert_int_equal(st, FIRN_DONE);
        firn_arena_destroy(arena);
        firn_manifest_list_close(reader);
        firn_buf_dispose(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_table_has_a_number_of_layouts, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(test_a_table_has_a_number_of_snapshots, make_arena,
                                        drop_arena),
        cmocka_unit_test(test_a_schema_has_a_number_of_fields),
        cmocka_unit_test_setup_teardown(test_a_manifest_list_has_a_number_of_entries, make_arena,
                                        drop_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
