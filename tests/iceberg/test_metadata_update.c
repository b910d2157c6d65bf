/* SPDX-License-Identifier: Apache-2.0 */
/* Requirements and updates: what a commit may change, what it must refuse, and what the metadata
 * looks like afterwards. */
#include "iceberg/spec/metadata_json.h"
#include "iceberg/spec/metadata_update.h"
#include "spec_support.h"

#define NOW  1700000000000
#define UUID FIRN_STR("9c12d441-03fe-4693-9a96-a0705ddf69c1")
#define MAIN(id)                                        \
    {                                                   \
        FIRN_STR_INIT("main"), (id), false, -1, -1, -1, \
        {                                               \
            0                                           \
        }                                               \
    }

static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_type k_nanos = {.kind = FIRN_TYPE_TIMESTAMP_NS};
static const firn_type k_double = {.kind = FIRN_TYPE_DOUBLE};

static const firn_field k_fields[] = {
    {.id = 1, .is_required = true, .name = FIRN_STR_INIT("id"), .type = &k_long},
    {.id = 2, .name = FIRN_STR_INIT("data"), .type = &k_string},
};
static const firn_schema k_schema = {
    .root = {.kind = FIRN_TYPE_STRUCT, .fields = k_fields, .n_fields = 2}};
static const firn_partition_spec k_unpartitioned = {0};
static const firn_sort_order k_unsorted = {0};

static firn_status apply(firn_arena *arena, const firn_table_metadata *base,
                         const firn_update *updates, size_t n, const firn_table_metadata **out,
                         firn_error *err)
{
    return firn_updates_apply(
        base, base ? FIRN_STR("s3://b/t/metadata/00000-a.metadata.json") : (firn_str){0}, updates,
        n, NOW, arena, out, err);
}

static const firn_table_metadata *changed(firn_arena *arena, const firn_table_metadata *base,
                                          const firn_update *updates, size_t n)
{
    firn_error err = {0};
    const firn_table_metadata *m = NULL;
    assert_ok(apply(arena, base, updates, n, &m, &err), &err);
    return m;
}

static void assert_refused(firn_arena *arena, const firn_table_metadata *base,
                           const firn_update *updates, size_t n, firn_status status,
                           const char *message)
{
    firn_error err = {0};
    const firn_table_metadata *m = NULL;
    assert_fails(apply(arena, base, updates, n, &m, &err), status, &err, message);
    assert_null(m);
}

static const firn_table_metadata *new_table(firn_arena *arena, int64_t version)
{
    const firn_update updates[] = {
        {.kind = FIRN_UPDATE_ASSIGN_UUID, .text = UUID},
        {.kind = FIRN_UPDATE_FORMAT_VERSION, .id = version},
        {.kind = FIRN_UPDATE_ADD_SCHEMA, .schema = &k_schema},
        {.kind = FIRN_UPDATE_SET_CURRENT_SCHEMA, .id = -1},
        {.kind = FIRN_UPDATE_ADD_SPEC, .spec = &k_unpartitioned},
        {.kind = FIRN_UPDATE_SET_DEFAULT_SPEC, .id = -1},
        {.kind = FIRN_UPDATE_ADD_SORT_ORDER, .sort_order = &k_unsorted},
        {.kind = FIRN_UPDATE_SET_DEFAULT_SORT_ORDER, .id = -1},
        {.kind = FIRN_UPDATE_SET_LOCATION, .text = FIRN_STR("s3://b/t/")},
    };
    return changed(arena, NULL, updates, 9);
}

static firn_snapshot snapshot_of(int64_t id, int64_t parent, int64_t sequence)
{
    return (firn_snapshot){.snapshot_id = id,
                           .parent_snapshot_id = parent,
                           .sequence_number = sequence,
                           .timestamp_ms = NOW + sequence,
                           .manifest_list = FIRN_STR("s3://b/t/metadata/snap.avro"),
                           .operation = FIRN_STR("append"),
                           .schema_id = 0,
                           .first_row_id = -1,
                           .added_rows = -1};
}

static const firn_table_metadata *with_snapshot(firn_arena *arena, const firn_table_metadata *base,
                                                firn_snapshot snapshot)
{
    const firn_snapshot_ref ref = MAIN(snapshot.snapshot_id);
    const firn_update updates[] = {
        {.kind = FIRN_UPDATE_ADD_SNAPSHOT, .snapshot = &snapshot},
        {.kind = FIRN_UPDATE_SET_SNAPSHOT_REF, .ref = &ref},
    };
    return changed(arena, base, updates, 2);
}

static void test_new_table_starts_with_ids_from_zero(void **state)
{
    const firn_table_metadata *m = new_table(*state, 2);
    assert_int_equal(m->format_version, 2);
    assert_str(m->location, "s3://b/t");
    assert_int_equal(m->current_schema_id, 0);
    assert_int_equal(m->default_spec_id, 0);
    assert_int_equal(m->default_sort_order_id, 0);
    assert_int_equal(m->last_column_id, 2);
    assert_int_equal(m->last_partition_id, 999);
    assert_int_equal(m->last_sequence_number, 0);
    assert_int_equal(m->last_updated_ms, NOW);
    assert_int_equal(m->current_snapshot_id, -1);
    assert_int_equal(m->n_metadata_log, 0);
    assert_int_equal(m->next_row_id, -1);
    assert_int_equal(new_table(*state, 3)->next_row_id, 0);
}

static void test_new_table_needs_all_its_parts(void **state)
{
    const firn_update updates[] = {
        {.kind = FIRN_UPDATE_ASSIGN_UUID, .text = UUID},
        {.kind = FIRN_UPDATE_SET_LOCATION, .text = FIRN_STR("s3://b/t")},
        {.kind = FIRN_UPDATE_ADD_SCHEMA, .schema = &k_schema},
        {.kind = FIRN_UPDATE_SET_CURRENT_SCHEMA, .id = -1},
    };
    assert_refused(*state, NULL, updates, 1, FIRN_ERR_ARG, "a new table needs a location");
    assert_refused(*state, NULL, updates + 1, 1, FIRN_ERR_ARG, "needs a uuid");
    assert_refused(*state, NULL, updates, 2, FIRN_ERR_ARG, "a new table needs a current schema");
    assert_refused(*state, NULL, updates, 4, FIRN_ERR_ARG, "needs a current partition spec");
}

static void test_result_outlives_the_updates(void **state)
{
    const firn_table_metadata *base = new_table(*state, 2);
    firn_arena *scratch = firn_arena_create(NULL, 0);
    const firn_property item = {firn_arena_copy(scratch, FIRN_STR("k")),
                                firn_arena_copy(scratch, FIRN_STR("v"))};
    const firn_update update = {.kind = FIRN_UPDATE_SET_PROPERTIES, .properties = {&item, 1}};
    const firn_table_metadata *m = changed(*state, base, &update, 1);
    firn_arena_destroy(scratch);
    assert_str(firn_properties_get(&m->properties, FIRN_STR("k"), (firn_str){0}), "v");
    assert_int_equal(base->properties.n, 0);
}

static void test_properties_are_set_replaced_and_removed(void **state)
{
    const firn_property both[] = {{FIRN_STR_INIT("a"), FIRN_STR_INIT("1")},
                                  {FIRN_STR_INIT("b"), FIRN_STR_INIT("2")}};
    const firn_property newer = {FIRN_STR_INIT("a"), FIRN_STR_INIT("3")};
    const firn_property gone = {FIRN_STR_INIT("b"), {0}};
    const firn_update updates[] = {
        {.kind = FIRN_UPDATE_SET_PROPERTIES, .properties = {both, 2}},
        {.kind = FIRN_UPDATE_SET_PROPERTIES, .properties = {&newer, 1}},
        {.kind = FIRN_UPDATE_REMOVE_PROPERTIES, .properties = {&gone, 1}},
    };
    const firn_table_metadata *m = changed(*state, new_table(*state, 2), updates, 3);
    assert_int_equal(m->properties.n, 1);
    assert_str(m->properties.items[0].key, "a");
    assert_str(m->properties.items[0].value, "3");
}

static void test_uuid_cannot_change_and_version_cannot_go_back(void **state)
{
    const firn_table_metadata *base = new_table(*state, 2);
    const firn_update uuid = {.kind = FIRN_UPDATE_ASSIGN_UUID, .text = FIRN_STR("x")};
    const firn_update down = {.kind = FIRN_UPDATE_FORMAT_VERSION, .id = 1};
    const firn_update far = {.kind = FIRN_UPDATE_FORMAT_VERSION, .id = 4};
    const firn_update up = {.kind = FIRN_UPDATE_FORMAT_VERSION, .id = 3};
    assert_refused(*state, base, &uuid, 1, FIRN_ERR_ARG, "cannot assign x");
    assert_refused(*state, base, &down, 1, FIRN_ERR_ARG, "cannot go back to 1");
    assert_refused(*state, base, &far, 1, FIRN_ERR_UNSUPPORTED, "not supported: table format");
    const firn_table_metadata *m = changed(*state, base, &up, 1);
    assert_int_equal(m->format_version, 3);
    assert_int_equal(m->next_row_id, 0);
}

static void test_equal_schema_keeps_its_id_and_another_doc_gets_a_new_one(void **state)
{
    firn_field fields[] = {k_fields[0], k_fields[1]};
    const firn_schema again = {.schema_id = 7,
                               .root = {.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = 2}};
    const firn_update updates[] = {{.kind = FIRN_UPDATE_ADD_SCHEMA, .schema = &again},
                                   {.kind = FIRN_UPDATE_SET_CURRENT_SCHEMA, .id = -1}};
    const firn_table_metadata *base = new_table(*state, 2);
    const firn_table_metadata *same = changed(*state, base, updates, 2);
    assert_int_equal(same->n_schemas, 1);
    assert_int_equal(same->current_schema_id, 0);
    fields[1].doc = FIRN_STR("note");
    fields[1].id = 9;
    const firn_table_metadata *newer = changed(*state, base, updates, 2);
    assert_int_equal(newer->n_schemas, 2);
    assert_int_equal(newer->current_schema_id, 1);
    assert_int_equal(newer->last_column_id, 9);
    const firn_update back = {.kind = FIRN_UPDATE_SET_CURRENT_SCHEMA, .id = 0};
    const firn_update unknown = {.kind = FIRN_UPDATE_SET_CURRENT_SCHEMA, .id = 5};
    const firn_update none = {.kind = FIRN_UPDATE_SET_CURRENT_SCHEMA, .id = -1};
    assert_int_equal(changed(*state, newer, &back, 1)->current_schema_id, 0);
    assert_refused(*state, base, &unknown, 1, FIRN_ERR_ARG, "schema 5 does not exist");
    assert_refused(*state, base, &none, 1, FIRN_ERR_ARG, "no schema was added in this commit");
}

static void test_schema_the_version_does_not_have_is_refused(void **state)
{
    const firn_field nanos = {.id = 3, .name = FIRN_STR_INIT("t"), .type = &k_nanos};
    const firn_value one = {.kind = FIRN_TYPE_LONG, .as.i64 = 1};
    const firn_field defaulted = {
        .id = 3, .name = FIRN_STR_INIT("n"), .type = &k_long, .initial_default = &one};
    const firn_schema a = {.root = {.kind = FIRN_TYPE_STRUCT, .fields = &nanos, .n_fields = 1}};
    const firn_schema b = {.root = {.kind = FIRN_TYPE_STRUCT, .fields = &defaulted, .n_fields = 1}};
    const firn_update ua = {.kind = FIRN_UPDATE_ADD_SCHEMA, .schema = &a};
    const firn_update ub = {.kind = FIRN_UPDATE_ADD_SCHEMA, .schema = &b};
    assert_refused(*state, new_table(*state, 2), &ua, 1, FIRN_ERR_ARG,
                   "type timestamp_ns needs format version 3, the table has 2");
    assert_refused(*state, new_table(*state, 2), &ub, 1, FIRN_ERR_ARG,
                   "a default value needs format version 3");
    assert_int_equal(changed(*state, new_table(*state, 3), &ua, 1)->n_schemas, 2);
    assert_int_equal(changed(*state, new_table(*state, 3), &ub, 1)->n_schemas, 2);
}

static void test_identifier_fields_must_identify(void **state)
{
    const firn_field fields[] = {
        {.id = 1, .is_required = true, .name = FIRN_STR_INIT("f"), .type = &k_double},
        {.id = 2, .name = FIRN_STR_INIT("o"), .type = &k_long}};
    for (int32_t id = 1; id <= 2; id++) {
        const firn_schema s = {.root = {.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = 2},
                               .identifier_field_ids = &id,
                               .n_identifier_field_ids = 1};
        const firn_update u = {.kind = FIRN_UPDATE_ADD_SCHEMA, .schema = &s};
        assert_refused(*state, new_table(*state, 2), &u, 1, FIRN_ERR_ARG, "cannot identify rows");
    }
}

static firn_partition_spec bucket_spec(firn_partition_field *field, int32_t field_id)
{
    *field = (firn_partition_field){.source_id = 1,
                                    .field_id = field_id,
                                    .name = FIRN_STR("id_bucket"),
                                    .transform = {FIRN_TRANSFORM_BUCKET, 4, {0}}};
    return (firn_partition_spec){.spec_id = -1, .fields = field, .n_fields = 1};
}

static void test_partition_fields_reuse_ids(void **state)
{
    firn_partition_field f;
    const firn_partition_spec spec = bucket_spec(&f, -1);
    const firn_update add[] = {{.kind = FIRN_UPDATE_ADD_SPEC, .spec = &spec},
                               {.kind = FIRN_UPDATE_SET_DEFAULT_SPEC, .id = -1}};
    const firn_table_metadata *one = changed(*state, new_table(*state, 2), add, 2);
    assert_int_equal(one->default_spec_id, 1);
    assert_int_equal(one->last_partition_id, 1000);
    assert_int_equal(firn_metadata_spec(one)->fields[0].field_id, 1000);
    assert_int_equal(changed(*state, one, add, 2)->n_specs, 2); /* equal: not added again */
    f.name = FIRN_STR("other");
    const firn_table_metadata *renamed = changed(*state, one, add, 2);
    assert_int_equal(renamed->n_specs, 3);
    assert_int_equal(firn_metadata_spec(renamed)->fields[0].field_id, 1000);
    f.transform.param = 8;
    const firn_table_metadata *wider = changed(*state, one, add, 2);
    assert_int_equal(firn_metadata_spec(wider)->fields[0].field_id, 1001);
    assert_int_equal(wider->last_partition_id, 1001);
    f.field_id = 1000;
    assert_refused(*state, one, add, 2, FIRN_ERR_ARG, "partition field id 1000 belongs to");
}

static void test_default_spec_must_fit_the_schema(void **state)
{
    firn_partition_field f;
    const firn_partition_spec spec = bucket_spec(&f, -1);
    const firn_update add[] = {{.kind = FIRN_UPDATE_ADD_SPEC, .spec = &spec},
                               {.kind = FIRN_UPDATE_SET_DEFAULT_SPEC, .id = -1}};
    f.source_id = 77;
    assert_refused(*state, new_table(*state, 2), add, 2, FIRN_ERR_ARG,
                   "partition spec uses field 77, which is not in the schema");
    f.source_id = 2;
    f.transform.kind = FIRN_TRANSFORM_DAY;
    assert_refused(*state, new_table(*state, 2), add, 2, FIRN_ERR_ARG,
                   "partition spec: cannot apply day to string");
    f.transform.kind = FIRN_TRANSFORM_VOID;
    f.source_id = 77;
    assert_int_equal(changed(*state, new_table(*state, 2), add, 2)->default_spec_id, 1);
    const firn_update unknown = {.kind = FIRN_UPDATE_SET_DEFAULT_SPEC, .id = 6};
    assert_refused(*state, new_table(*state, 2), &unknown, 1, FIRN_ERR_ARG,
                   "partition spec 6 does not exist");
}

static void test_sort_orders_count_from_one_and_are_reused(void **state)
{
    firn_sort_field f = {.source_id = 1};
    const firn_sort_order order = {.order_id = 5, .fields = &f, .n_fields = 1};
    const firn_update add[] = {{.kind = FIRN_UPDATE_ADD_SORT_ORDER, .sort_order = &order},
                               {.kind = FIRN_UPDATE_SET_DEFAULT_SORT_ORDER, .id = -1}};
    const firn_table_metadata *m = changed(*state, new_table(*state, 2), add, 2);
    assert_int_equal(m->default_sort_order_id, 1);
    assert_int_equal(changed(*state, m, add, 2)->n_sort_orders, 2);
    f.is_descending = true;
    assert_int_equal(changed(*state, m, add, 2)->default_sort_order_id, 2);
}

static void test_snapshot_moves_main_and_the_log(void **state)
{
    const firn_table_metadata *m = new_table(*state, 2);
    m = with_snapshot(*state, m, snapshot_of(11, -1, 1));
    m = with_snapshot(*state, m, snapshot_of(12, 11, 2));
    assert_int_equal(m->current_snapshot_id, 12);
    assert_int_equal(m->last_sequence_number, 2);
    assert_int_equal(m->last_updated_ms, NOW + 2);
    assert_int_equal(m->n_snapshot_log, 2);
    assert_int_equal(m->snapshot_log[1].timestamp_ms, NOW + 2);
    assert_int_equal(m->n_refs, 1);
    assert_int_equal(m->refs[0].snapshot_id, 12);
    assert_int_equal(m->n_metadata_log, 2);
    assert_str(m->metadata_log[0].metadata_file, "s3://b/t/metadata/00000-a.metadata.json");
    assert_int_equal(m->metadata_log[1].timestamp_ms, NOW + 1);
}

static void test_snapshot_rules(void **state)
{
    const firn_table_metadata *m =
        with_snapshot(*state, new_table(*state, 2), snapshot_of(11, -1, 1));
    firn_snapshot s = snapshot_of(12, 11, 3);
    const firn_update add = {.kind = FIRN_UPDATE_ADD_SNAPSHOT, .snapshot = &s};
    assert_refused(*state, m, &add, 1, FIRN_ERR_CONFLICT,
                   "sequence number 3, the last one of the table is 1");
    s = snapshot_of(11, 11, 2);
    assert_refused(*state, m, &add, 1, FIRN_ERR_ARG, "snapshot 11 exists already");
    s = snapshot_of(12, 11, 2);
    s.timestamp_ms = NOW + 1 - 60001;
    assert_refused(*state, m, &add, 1, FIRN_ERR_ARG, "more than a minute before");
    s.timestamp_ms = NOW + 1 - 60000;
    assert_int_equal(changed(*state, m, &add, 1)->n_snapshots, 2);
    s = snapshot_of(12, 11, 2);
    s.operation = (firn_str){0};
    assert_refused(*state, m, &add, 1, FIRN_ERR_ARG, "has no operation");
    s = snapshot_of(12, 11, 2);
    s.manifest_list = (firn_str){0};
    assert_refused(*state, m, &add, 1, FIRN_ERR_ARG, "has no manifest list");
    s = snapshot_of(12, 11, 1);
    assert_refused(*state, new_table(*state, 1), &add, 1, FIRN_ERR_ARG, "must be 0 in v1");
}

static void test_v3_snapshots_take_row_ids(void **state)
{
    const firn_table_metadata *base = new_table(*state, 3);
    firn_snapshot s = snapshot_of(11, -1, 1);
    const firn_update add = {.kind = FIRN_UPDATE_ADD_SNAPSHOT, .snapshot = &s};
    assert_refused(*state, base, &add, 1, FIRN_ERR_ARG, "needs first-row-id and added-rows");
    s.first_row_id = 0;
    s.added_rows = 100;
    const firn_table_metadata *m = changed(*state, base, &add, 1);
    assert_int_equal(m->next_row_id, 100);
    s.snapshot_id = 12;
    s.sequence_number = 2;
    assert_refused(*state, m, &add, 1, FIRN_ERR_CONFLICT,
                   "first row id 0, the next one of the table is 100");
}

static void test_references(void **state)
{
    const firn_table_metadata *m =
        with_snapshot(*state, new_table(*state, 2), snapshot_of(11, -1, 1));
    firn_snapshot_ref ref = {FIRN_STR("v1"), 11, true, -1, -1, 86400000, {0}};
    const firn_update set = {.kind = FIRN_UPDATE_SET_SNAPSHOT_REF, .ref = &ref};
    const firn_table_metadata *tagged = changed(*state, m, &set, 1);
    assert_int_equal(tagged->n_refs, 2);
    assert_int_equal(tagged->n_snapshot_log, 1);
    assert_int_equal(firn_metadata_find_ref(tagged, FIRN_STR("v1"))->max_ref_age_ms, 86400000);
    ref.min_snapshots_to_keep = 3;
    assert_refused(*state, m, &set, 1, FIRN_ERR_ARG, "tag \"v1\" cannot limit snapshots");
    ref = (firn_snapshot_ref){FIRN_STR("b"), 99, false, -1, -1, -1, {0}};
    assert_refused(*state, m, &set, 1, FIRN_ERR_ARG,
                   "cannot set \"b\" to snapshot 99, which does not exist");
    ref = (firn_snapshot_ref){FIRN_STR("main"), 11, true, -1, -1, -1, {0}};
    assert_refused(*state, m, &set, 1, FIRN_ERR_ARG, "main must be a branch");
    ref = (firn_snapshot_ref){FIRN_STR("b"), 11, false, -1, -1, 0, {0}};
    assert_refused(*state, m, &set, 1, FIRN_ERR_ARG, "retention of \"b\" must be above 0");
    const firn_update drop = {.kind = FIRN_UPDATE_REMOVE_SNAPSHOT_REF, .text = FIRN_STR("v1")};
    assert_int_equal(changed(*state, tagged, &drop, 1)->n_refs, 1);
    const firn_update empty = {.kind = FIRN_UPDATE_REMOVE_SNAPSHOT_REF, .text = FIRN_STR("main")};
    const firn_table_metadata *cut = changed(*state, tagged, &empty, 1);
    assert_int_equal(cut->current_snapshot_id, -1);
    assert_int_equal(cut->n_snapshot_log, 0);
}

static void test_rollback_is_logged_at_the_time_of_the_commit(void **state)
{
    const firn_table_metadata *m = new_table(*state, 2);
    m = with_snapshot(*state, m, snapshot_of(11, -1, 1));
    m = with_snapshot(*state, m, snapshot_of(12, 11, 2));
    const firn_snapshot_ref ref = MAIN(11);
    const firn_update set = {.kind = FIRN_UPDATE_SET_SNAPSHOT_REF, .ref = &ref};
    m = changed(*state, m, &set, 1);
    assert_int_equal(m->current_snapshot_id, 11);
    assert_int_equal(m->n_snapshot_log, 3);
    assert_int_equal(m->snapshot_log[2].snapshot_id, 11);
    /* the clock is behind the last snapshot: the log does not go back with it */
    assert_int_equal(m->snapshot_log[2].timestamp_ms, NOW + 2);
}

static void test_snapshot_older_than_the_last_rollback_is_logged_after_it(void **state)
{
    const firn_table_metadata *m = new_table(*state, 1);
    firn_snapshot old = snapshot_of(13, 11, 0);
    m = with_snapshot(*state, m, snapshot_of(11, -1, 0));
    old.timestamp_ms = NOW - 5;
    m = with_snapshot(*state, m, old);
    assert_int_equal(m->n_snapshot_log, 2);
    assert_int_equal(m->snapshot_log[1].snapshot_id, 13);
    assert_int_equal(m->snapshot_log[1].timestamp_ms, NOW);
    assert_int_equal(m->snapshots[1].timestamp_ms, NOW - 5);
}

static void test_snapshots_current_within_a_commit_only_are_not_logged(void **state)
{
    const firn_snapshot a = snapshot_of(11, -1, 1);
    const firn_snapshot b = snapshot_of(12, 11, 2);
    const firn_snapshot_ref ra = MAIN(11);
    const firn_snapshot_ref rb = MAIN(12);
    const firn_update updates[] = {
        {.kind = FIRN_UPDATE_ADD_SNAPSHOT, .snapshot = &a},
        {.kind = FIRN_UPDATE_SET_SNAPSHOT_REF, .ref = &ra},
        {.kind = FIRN_UPDATE_ADD_SNAPSHOT, .snapshot = &b},
        {.kind = FIRN_UPDATE_SET_SNAPSHOT_REF, .ref = &rb},
    };
    const firn_table_metadata *m = changed(*state, new_table(*state, 2), updates, 4);
    assert_int_equal(m->n_snapshots, 2);
    assert_int_equal(m->n_snapshot_log, 1);
    assert_int_equal(m->snapshot_log[0].snapshot_id, 12);
}

static void test_removed_snapshots_take_log_and_statistics_along(void **state)
{
    firn_table_metadata copy;
    const firn_table_metadata *m = new_table(*state, 2);
    m = with_snapshot(*state, m, snapshot_of(11, -1, 1));
    m = with_snapshot(*state, m, snapshot_of(12, 11, 2));
    m = with_snapshot(*state, m, snapshot_of(13, 12, 3));
    copy = *m;
    copy.statistics_json = FIRN_STR("[{\"snapshot-id\":12},{\"snapshot-id\":13}]");
    copy.partition_statistics_json = FIRN_STR("[{\"snapshot-id\":12}]");
    const int64_t ids[] = {12, 99};
    const firn_update remove = {.kind = FIRN_UPDATE_REMOVE_SNAPSHOTS, .ids = ids, .n_ids = 2};
    m = changed(*state, &copy, &remove, 1);
    assert_int_equal(m->n_snapshots, 2);
    assert_int_equal(m->n_snapshot_log, 1); /* 11 was before the hole */
    assert_int_equal(m->snapshot_log[0].snapshot_id, 13);
    assert_str(m->statistics_json, "[{\"snapshot-id\":13}]");
    assert_int_equal(m->partition_statistics_json.len, 0);
    /* Somebody's branch is no reason to lose its snapshot, and the other way round. */
    const int64_t current = 13;
    const firn_update all[] = {{.kind = FIRN_UPDATE_REMOVE_SNAPSHOT_REF, .text = FIRN_STR("main")},
                               {.kind = FIRN_UPDATE_REMOVE_SNAPSHOTS, .ids = &current, .n_ids = 1}};
    const firn_table_metadata *out = NULL;
    firn_error err = {0};
    assert_fails(firn_updates_apply(m, FIRN_STR("m"), &all[1], 1, 0, *state, &out, &err),
                 FIRN_ERR_CONFLICT, &err, "cannot remove snapshot 13: \"main\" is at it");
    m = changed(*state, m, all, 2);
    assert_int_equal(m->current_snapshot_id, -1);
    assert_int_equal(m->n_refs, 0);
}

static void test_metadata_log_is_cut(void **state)
{
    const firn_property max = {FIRN_STR_INIT("write.metadata.previous-versions-max"),
                               FIRN_STR_INIT("2")};
    const firn_update set = {.kind = FIRN_UPDATE_SET_PROPERTIES, .properties = {&max, 1}};
    const firn_table_metadata *m = new_table(*state, 2);
    for (int i = 0; i < 5; i++) m = changed(*state, m, &set, 1);
    assert_int_equal(m->n_metadata_log, 2);
}

static void test_result_survives_its_file(void **state)
{
    firn_error err = {0};
    firn_buf buf;
    const firn_table_metadata *m =
        with_snapshot(*state, new_table(*state, 2), snapshot_of(11, -1, 1));
    const firn_table_metadata *again = NULL;
    firn_buf_init(&buf, NULL, 1 << 20);
    assert_ok(firn_metadata_format(m, &buf, &err), &err);
    assert_ok(firn_metadata_parse(firn_buf_view(&buf), *state, &again, &err), &err);
    assert_int_equal(again->current_snapshot_id, 11);
    assert_str(again->table_uuid, "9c12d441-03fe-4693-9a96-a0705ddf69c1");
    firn_buf_dispose(&buf);
}

static void test_requirements(void **state)
{
    const firn_table_metadata *m =
        with_snapshot(*state, new_table(*state, 2), snapshot_of(11, -1, 1));
    const struct {
        const firn_table_metadata *base;
        firn_requirement r;
        const char *message; /* NULL: holds */
    } k_cases[] = {
        {NULL, {FIRN_REQUIRE_CREATE, {0}, 0}, NULL},
        {m, {FIRN_REQUIRE_CREATE, {0}, 0}, "the table exists already"},
        {m, {FIRN_REQUIRE_UUID, UUID, 0}, NULL},
        {m, {FIRN_REQUIRE_UUID, FIRN_STR("x"), 0}, "expected x"},
        {NULL, {FIRN_REQUIRE_UUID, UUID, 0}, "the table does not exist"},
        {m, {FIRN_REQUIRE_REF_SNAPSHOT_ID, FIRN_STR("main"), 11}, NULL},
        {m,
         {FIRN_REQUIRE_REF_SNAPSHOT_ID, FIRN_STR("main"), 10},
         "branch \"main\" is at snapshot 11, expected 10"},
        {m, {FIRN_REQUIRE_REF_SNAPSHOT_ID, FIRN_STR("main"), -1}, "was created meanwhile"},
        {m, {FIRN_REQUIRE_REF_SNAPSHOT_ID, FIRN_STR("x"), -1}, NULL},
        {m, {FIRN_REQUIRE_REF_SNAPSHOT_ID, FIRN_STR("x"), 11}, "\"x\" is missing, expected 11"},
        {m, {FIRN_REQUIRE_LAST_ASSIGNED_FIELD_ID, {0}, 2}, NULL},
        {m,
         {FIRN_REQUIRE_LAST_ASSIGNED_FIELD_ID, {0}, 3},
         "last assigned field id is 2, expected 3"},
        {m, {FIRN_REQUIRE_CURRENT_SCHEMA_ID, {0}, 0}, NULL},
        {m, {FIRN_REQUIRE_CURRENT_SCHEMA_ID, {0}, 1}, "current schema id is 0, expected 1"},
        {m, {FIRN_REQUIRE_LAST_ASSIGNED_PARTITION_ID, {0}, 999}, NULL},
        {m, {FIRN_REQUIRE_LAST_ASSIGNED_PARTITION_ID, {0}, 1}, "last assigned partition id"},
        {m, {FIRN_REQUIRE_DEFAULT_SPEC_ID, {0}, 0}, NULL},
        {m, {FIRN_REQUIRE_DEFAULT_SPEC_ID, {0}, 1}, "default partition spec id"},
        {m, {FIRN_REQUIRE_DEFAULT_SORT_ORDER_ID, {0}, 0}, NULL},
        {m, {FIRN_REQUIRE_DEFAULT_SORT_ORDER_ID, {0}, 1}, "default sort order id"},
    };
    for (size_t i = 0; i < sizeof k_cases / sizeof k_cases[0]; i++) {
        firn_error err = {0};
        const firn_status st = firn_requirements_check(k_cases[i].base, &k_cases[i].r, 1, &err);
        if (k_cases[i].message) {
            assert_fails(st, FIRN_ERR_CONFLICT, &err, k_cases[i].message);
        } else {
            assert_ok(st, &err);
        }
    }
}

static void test_names_of_metadata_files_count_up(void **state)
{
    static const struct {
        const char *previous, *expected;
    } k_cases[] = {
        {"", "s3://b/t/metadata/00000-u.metadata.json"},
        {"s3://b/t/metadata/00041-x.metadata.json", "s3://b/t/metadata/00042-u.metadata.json"},
        {"s3://b/t/metadata/v9.metadata.json", "s3://b/t/metadata/00010-u.metadata.json"},
        {"s3://b/t/metadata/123456-x.metadata.json", "s3://b/t/metadata/123457-u.metadata.json"},
        {"s3://b/t/metadata/what.json", "s3://b/t/metadata/00000-u.metadata.json"},
    };
    const firn_property path = {FIRN_STR_INIT("write.metadata.path"), FIRN_STR_INIT("s3://m/")};
    firn_table_metadata m = {.location = FIRN_STR("s3://b/t")};
    firn_error err = {0};
    firn_str out;
    for (size_t i = 0; i < sizeof k_cases / sizeof k_cases[0]; i++) {
        assert_ok(firn_metadata_next_location(&m, firn_str_of(k_cases[i].previous), "u", *state,
                                              &out, &err),
                  &err);
        assert_str(out, k_cases[i].expected);
    }
    m.properties = (firn_properties){&path, 1};
    assert_ok(firn_metadata_next_location(&m, (firn_str){0}, "u", *state, &out, &err), &err);
    assert_str(out, "s3://m/00000-u.metadata.json");
}

#define ARENA_TEST(name) cmocka_unit_test_setup_teardown(name, make_arena, drop_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ARENA_TEST(test_new_table_starts_with_ids_from_zero),
        ARENA_TEST(test_new_table_needs_all_its_parts),
        ARENA_TEST(test_result_outlives_the_updates),
        ARENA_TEST(test_properties_are_set_replaced_and_removed),
        ARENA_TEST(test_uuid_cannot_change_and_version_cannot_go_back),
        ARENA_TEST(test_equal_schema_keeps_its_id_and_another_doc_gets_a_new_one),
        ARENA_TEST(test_schema_the_version_does_not_have_is_refused),
        ARENA_TEST(test_identifier_fields_must_identify),
        ARENA_TEST(test_partition_fields_reuse_ids),
        ARENA_TEST(test_default_spec_must_fit_the_schema),
        ARENA_TEST(test_sort_orders_count_from_one_and_are_reused),
        ARENA_TEST(test_snapshot_moves_main_and_the_log),
        ARENA_TEST(test_snapshot_rules),
        ARENA_TEST(test_v3_snapshots_take_row_ids),
        ARENA_TEST(test_references),
        ARENA_TEST(test_rollback_is_logged_at_the_time_of_the_commit),
        ARENA_TEST(test_snapshot_older_than_the_last_rollback_is_logged_after_it),
        ARENA_TEST(test_snapshots_current_within_a_commit_only_are_not_logged),
        ARENA_TEST(test_removed_snapshots_take_log_and_statistics_along),
        ARENA_TEST(test_metadata_log_is_cut),
        ARENA_TEST(test_result_survives_its_file),
        ARENA_TEST(test_requirements),
        ARENA_TEST(test_names_of_metadata_files_count_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
