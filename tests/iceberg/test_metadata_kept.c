/* SPDX-License-Identifier: Apache-2.0 */
/* What firn does not know is kept when a table's metadata is written again: members of later
 * specifications in every part, transforms of several columns, encryption keys. */
#include <stdlib.h>

#include "format/json/json.h"
#include "iceberg/spec/metadata_json.h"
#include "iceberg/spec/metadata_update.h"
#include "spec_support.h"

/* Every object has a member "x-..." that no specification has. */
static const char k_metadata[] =
    "{\"format-version\":3,\"table-uuid\":\"9c12d441-03fe-4693-9a96-a0705ddf69c1\","
    "\"location\":\"s3://b/t\",\"last-sequence-number\":1,\"last-updated-ms\":10,"
    "\"last-column-id\":9,\"x-top\":{\"a\":[1,2]},"
    "\"current-schema-id\":0,\"schemas\":[{\"type\":\"struct\",\"schema-id\":0,\"x-schema\":1,"
    "\"fields\":[{\"id\":1,\"name\":\"a\",\"required\":true,\"type\":\"int\",\"x-field\":\"f\"},"
    "{\"id\":2,\"name\":\"b\",\"required\":false,\"type\":\"int\"},"
    "{\"id\":3,\"name\":\"s\",\"required\":false,\"type\":{\"type\":\"struct\",\"x-struct\":2,"
    "\"fields\":[{\"id\":4,\"name\":\"i\",\"required\":false,\"type\":\"int\",\"x-deep\":null}]}},"
    "{\"id\":5,\"name\":\"l\",\"required\":false,\"type\":{\"type\":\"list\",\"element-id\":6,"
    "\"element\":\"int\",\"element-required\":false,\"x-list\":true}},"
    "{\"id\":7,\"name\":\"m\",\"required\":false,\"type\":{\"type\":\"map\",\"key-id\":8,"
    "\"key\":\"int\",\"value-id\":9,\"value\":\"int\",\"value-required\":false,\"x-map\":[]}}]}],"
    "\"default-spec-id\":0,\"last-partition-id\":1001,\"partition-specs\":[{\"spec-id\":0,"
    "\"x-spec\":\"s\",\"fields\":[{\"name\":\"ab\",\"transform\":\"bucket[4]\",\"source-ids\":[1,2]"
    ","
    "\"field-id\":1000,\"x-part\":5},{\"name\":\"z\",\"transform\":\"zorder\",\"source-ids\":[1],"
    "\"field-id\":1001}]}],"
    "\"default-sort-order-id\":1,\"sort-orders\":[{\"order-id\":1,\"x-order\":{},\"fields\":["
    "{\"transform\":\"identity\",\"source-ids\":[2,1],\"direction\":\"asc\","
    "\"null-order\":\"nulls-first\",\"x-sort\":6}]}],"
    "\"properties\":{},\"current-snapshot-id\":7,\"next-row-id\":3,"
    "\"encryption-keys\":[{\"key-id\":\"k1\",\"encrypted-key-metadata\":\"QUJD\","
    "\"encrypted-by-id\":\"k0\",\"properties\":{\"p\":\"q\"},\"x-key\":1}],"
    "\"snapshots\":[{\"snapshot-id\":7,\"sequence-number\":1,\"timestamp-ms\":10,"
    "\"manifest-list\":\"s3://b/t/l.avro\",\"summary\":{\"operation\":\"append\"},\"schema-id\":0,"
    "\"first-row-id\":0,\"added-rows\":3,\"key-id\":\"k1\",\"x-snapshot\":{\"y\":1.5}}],"
    "\"refs\":{\"main\":{\"snapshot-id\":7,\"type\":\"branch\",\"x-ref\":\"r\"},"
    "\"t\":{\"snapshot-id\":7,\"type\":\"tag\",\"max-ref-age-ms\":5,\"x-tag\":0}},"
    "\"statistics\":[{\"snapshot-id\":7,\"statistics-path\":\"s3://b/t/s.puffin\","
    "\"file-size-in-bytes\":9,\"file-footer-size-in-bytes\":4,\"key-metadata\":\"QQ==\","
    "\"blob-metadata\":[{\"type\":\"x\",\"snapshot-id\":7,\"sequence-number\":1,\"fields\":[1],"
    "\"x-blob\":1}],\"x-stat\":2}],"
    "\"partition-statistics\":[{\"snapshot-id\":7,\"statistics-path\":\"s3://b/t/p.parquet\","
    "\"file-size-in-bytes\":9,\"x-pstat\":3}],"
    "\"snapshot-log\":[{\"timestamp-ms\":10,\"snapshot-id\":7}],\"metadata-log\":[]}";

static const firn_table_metadata *parse(firn_arena *arena, firn_str text)
{
    firn_error err = {0};
    const firn_table_metadata *m = NULL;
    assert_ok(firn_metadata_parse(text, arena, &m, &err), &err);
    return m;
}

static json_t *written(firn_arena *arena, const firn_table_metadata *m)
{
    firn_error err = {0};
    firn_buf buf;
    json_t *json = NULL;
    firn_buf_init(&buf, NULL, 1 << 20);
    assert_ok(firn_metadata_format(m, &buf, &err), &err);
    const firn_str text = firn_arena_copy(arena, firn_buf_view(&buf));
    firn_buf_dispose(&buf);
    assert_ok(firn_json_parse(text, arena, &json, &err), &err);
    return json;
}

static json_t *at(json_t *array, size_t i)
{
    json_t *item = json_array_get(array, i);
    assert_non_null(item);
    return item;
}

/* The one difference: a transform of one column is written with "source-id". */
static json_t *expected(firn_arena *arena)
{
    json_t *json = NULL;
    firn_error err = {0};
    assert_ok(firn_json_parse(firn_str_of(k_metadata), arena, &json, &err), &err);
    json_t *fields = json_object_get(at(json_object_get(json, "partition-specs"), 0), "fields");
    assert_int_equal(json_object_del(at(fields, 1), "source-ids"), 0);
    assert_int_equal(json_object_set_new(at(fields, 1), "source-id", json_integer(1)), 0);
    return json;
}

static void test_all_parts_keep_what_is_unknown(void **state)
{
    const firn_table_metadata *m = parse(*state, firn_str_of(k_metadata));
    assert_true(json_equal(written(*state, m), expected(*state)));
}

/* An update copies what it touches and shares the rest. */
static void test_a_commit_keeps_what_is_unknown(void **state)
{
    firn_error err = {0};
    const firn_table_metadata *m = parse(*state, firn_str_of(k_metadata));
    const firn_table_metadata *next = NULL;
    const firn_property owner = {FIRN_STR("owner"), FIRN_STR("me")};
    const firn_update updates[] = {
        {.kind = FIRN_UPDATE_SET_PROPERTIES, .properties = {&owner, 1}},
        {.kind = FIRN_UPDATE_ADD_SCHEMA, .schema = m->schemas[0]},
        {.kind = FIRN_UPDATE_SET_CURRENT_SCHEMA, .id = -1},
        {.kind = FIRN_UPDATE_SET_SNAPSHOT_REF, .ref = &m->refs[1]},
        {.kind = FIRN_UPDATE_ADD_SPEC, .spec = m->specs[0]},
        {.kind = FIRN_UPDATE_ADD_SORT_ORDER, .sort_order = m->sort_orders[0]},
    };
    assert_ok(firn_updates_apply(m, FIRN_STR(""), updates, 6, 10, *state, &next, &err), &err);
    json_t *want = expected(*state);
    assert_int_equal(
        json_object_set_new(json_object_get(want, "properties"), "owner", json_string("me")), 0);
    assert_true(json_equal(written(*state, next), want));
}

static void test_transforms_of_several_columns_are_unknown(void **state)
{
    const firn_table_metadata *m = parse(*state, firn_str_of(k_metadata));
    const firn_partition_field *field = &firn_metadata_spec(m)->fields[0];
    assert_int_equal(field->transform.kind, FIRN_TRANSFORM_UNKNOWN);
    assert_str(field->transform.text, "bucket[4]");
    assert_int_equal(field->source_id, 1);
    assert_int_equal(field->n_source_ids, 2);
    assert_int_equal(field->source_ids[1], 2);
    assert_int_equal(firn_metadata_spec(m)->fields[1].n_source_ids, 0);
    assert_int_equal(firn_metadata_sort_order(m)->fields[0].source_ids[0], 2);
    assert_int_equal(firn_metadata_sort_order(m)->fields[0].transform.kind, FIRN_TRANSFORM_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_parts_keep_what_is_unknown, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(test_a_commit_keeps_what_is_unknown, make_arena,
                                        drop_arena),
        cmocka_unit_test_setup_teardown(test_transforms_of_several_columns_are_unknown, make_arena,
                                        drop_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
