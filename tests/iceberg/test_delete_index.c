/* SPDX-License-Identifier: Apache-2.0 */
/* Which delete files apply to which data file: the rules of the specification, one by one. */
#include <string.h>

#include "base/str.h"
#include "firn_test.h"
#include "iceberg/scan/delete_index.h"
#include "iceberg/spec/metadata_update.h"

struct fixture {
    firn_arena *arena;
    firn_table_metadata metadata;
    firn_delete_index *index;
};

static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_double = {.kind = FIRN_TYPE_DOUBLE};
static firn_field k_fields[2];
static firn_schema k_schema;
static const firn_schema *k_schemas[] = {&k_schema};
static const firn_partition_field k_partition_fields[] = {
    {.source_id = 1, .field_id = 1000, .name = {"id", 2}}};
static const firn_partition_spec k_plain = {.spec_id = 0};
static const firn_partition_spec k_by_id = {
    .spec_id = 1, .fields = k_partition_fields, .n_fields = 1};

static int open_fixture(void **state)
{
    firn_error err;
    struct fixture *f = test_calloc(1, sizeof *f);
    k_fields[0] = (firn_field){.id = 1, .name = FIRN_STR("id"), .type = &k_long};
    k_fields[1] = (firn_field){.id = 2, .name = FIRN_STR("x"), .type = &k_double};
    k_schema = (firn_schema){.root = {.kind = FIRN_TYPE_STRUCT, .fields = k_fields, .n_fields = 2}};
    f->arena = firn_arena_create(NULL, 0);
    f->metadata = (firn_table_metadata){.format_version = 3, .schemas = k_schemas, .n_schemas = 1};
    assert_ok(firn_delete_index_create(&f->metadata, f->arena, &f->index, &err), &err);
    *state = f;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *f = *state;
    firn_arena_destroy(f->arena);
    test_free(f);
    return 0;
}

static firn_value long_value(int64_t v)
{
    return (firn_value){.kind = FIRN_TYPE_LONG, .as.i64 = v};
}

/* id < 0: of the unpartitioned spec. */
static firn_data_file file_of(struct fixture *f, firn_content content, const char *path, int64_t id)
{
    firn_value *partition = firn_arena_array(f->arena, 1, sizeof *partition);
    *partition = long_value(id);
    return (firn_data_file){.content = content,
                            .path = firn_str_of(path),
                            .spec_id = id < 0 ? 0 : 1,
                            .partition = partition,
                            .n_partition = id < 0 ? 0 : 1,
                            .content_offset = -1,
                            .content_size_bytes = -1,
                            .first_row_id = -1};
}

static firn_status add(struct fixture *f, const firn_data_file *file, int64_t sequence,
                       firn_error *err)
{
    const firn_manifest_entry entry = {
        .status = FIRN_ENTRY_ADDED, .sequence_number = sequence, .file = *file};
    return firn_delete_index_add(f->index, &entry, file->spec_id == 0 ? &k_plain : &k_by_id, err);
}

static const int32_t k_id_column[] = {1};
static const int32_t k_x_column[] = {2};

static void add_equality(struct fixture *f, const char *path, int64_t id, int64_t sequence)
{
    firn_error err;
    firn_data_file file = file_of(f, FIRN_CONTENT_EQUALITY_DELETES, path, id);
    file.equality_ids = k_id_column;
    file.n_equality_ids = 1;
    assert_ok(add(f, &file, sequence, &err), &err);
}

static void add_positions(struct fixture *f, const char *path, int64_t id, const char *about,
                          int64_t sequence)
{
    firn_error err;
    firn_data_file file = file_of(f, FIRN_CONTENT_POSITION_DELETES, path, id);
    if (about) file.referenced_data_file = firn_str_of(about);
    assert_ok(add(f, &file, sequence, &err), &err);
}

static firn_data_file vector_of(struct fixture *f, const char *path, int64_t id, const char *about)
{
    firn_data_file file = file_of(f, FIRN_CONTENT_POSITION_DELETES, path, id);
    file.format = FIRN_FILE_PUFFIN;
    file.referenced_data_file = firn_str_of(about);
    file.content_offset = 4;
    file.content_size_bytes = 50;
    return file;
}

/* The names of the delete files for a data file, "a b c". */
static const char *found(struct fixture *f, const firn_data_file *data, int64_t sequence)
{
    const firn_delete_file **files = NULL;
    size_t n = 0;
    firn_error err;
    firn_buf text;
    firn_delete_index_finish(f->index);
    assert_ok(firn_delete_index_find(f->index, data, sequence, f->arena, &files, &n, &err), &err);
    firn_buf_init(&text, NULL, 0);
    for (size_t i = 0; i < n; i++) {
        if (i > 0) firn_buf_byte(&text, ' ');
        firn_buf_str(&text, files[i]->file.path);
    }
    const firn_str copy = firn_arena_copy(f->arena, firn_buf_view(&text));
    firn_buf_dispose(&text);
    return copy.data;
}

static void test_equality_deletes_apply_to_older_files_only(void **state)
{
    struct fixture *f = *state;
    const firn_data_file data = file_of(f, FIRN_CONTENT_DATA, "data", 7);
    add_equality(f, "e3", 7, 3);
    add_equality(f, "e5", 7, 5);
    assert_string_equal(found(f, &data, 2), "e5 e3");
    assert_string_equal(found(f, &data, 3), "e5");
    assert_string_equal(found(f, &data, 5), "");
}

static void test_position_deletes_apply_to_files_of_the_same_commit_too(void **state)
{
    struct fixture *f = *state;
    const firn_data_file data = file_of(f, FIRN_CONTENT_DATA, "data", 7);
    add_positions(f, "p3", 7, NULL, 3);
    add_positions(f, "p5", 7, NULL, 5);
    assert_string_equal(found(f, &data, 3), "p5 p3");
    assert_string_equal(found(f, &data, 4), "p5");
    assert_string_equal(found(f, &data, 6), "");
}

static void test_deletes_of_another_partition_or_spec_do_not_apply(void **state)
{
    struct fixture *f = *state;
    const firn_data_file data = file_of(f, FIRN_CONTENT_DATA, "data", 7);
    add_equality(f, "e", 8, 9);
    add_positions(f, "p", 8, NULL, 9);
    add_positions(f, "unpartitioned", -1, NULL, 9);
    assert_string_equal(found(f, &data, 1), "");
}

static void test_equality_deletes_of_an_unpartitioned_spec_are_global(void **state)
{
    struct fixture *f = *state;
    const firn_data_file partitioned = file_of(f, FIRN_CONTENT_DATA, "data", 7);
    const firn_data_file plain = file_of(f, FIRN_CONTENT_DATA, "plain", -1);
    add_equality(f, "e", -1, 9);
    assert_string_equal(found(f, &partitioned, 1), "e");
    assert_string_equal(found(f, &plain, 1), "e");
}

/* A spec whose fields were all dropped keeps them as void transforms in old tables. */
static void test_equality_deletes_of_a_spec_of_void_fields_are_global(void **state)
{
    static const firn_partition_field k_void[] = {{.source_id = 1,
                                                   .field_id = 1000,
                                                   .name = FIRN_STR_INIT("id"),
                                                   .transform = {.kind = FIRN_TRANSFORM_VOID}}};
    static const firn_partition_spec k_all_void = {.spec_id = 2, .fields = k_void, .n_fields = 1};
    static const int32_t ids[] = {2};
    struct fixture *f = *state;
    firn_error err;
    const firn_data_file data = file_of(f, FIRN_CONTENT_DATA, "data", 7);
    firn_data_file deletes = file_of(f, FIRN_CONTENT_EQUALITY_DELETES, "e", 0);
    firn_value null = {.kind = FIRN_TYPE_LONG, .is_null = true};
    deletes.spec_id = 2;
    deletes.partition = &null;
    deletes.equality_ids = ids;
    deletes.n_equality_ids = 1;
    const firn_manifest_entry entry = {
        .status = FIRN_ENTRY_ADDED, .sequence_number = 9, .file = deletes};
    assert_ok(firn_delete_index_add(f->index, &entry, &k_all_void, &err), &err);
    assert_string_equal(found(f, &data, 1), "e");
}

static void test_file_scoped_position_deletes_apply_by_path(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    const firn_data_file data = file_of(f, FIRN_CONTENT_DATA, "data", 7);
    const firn_data_file other = file_of(f, FIRN_CONTENT_DATA, "other", 7);
    const firn_metric bound = {.field_id = FIRN_FIELD_DELETE_FILE_PATH, .bound = FIRN_STR("data")};
    add_positions(f, "named", 7, "data", 4);
    firn_data_file bounded = file_of(f, FIRN_CONTENT_POSITION_DELETES, "bounded", 7);
    bounded.lower_bounds = (firn_metric_map){&bound, 1};
    bounded.upper_bounds = (firn_metric_map){&bound, 1};
    assert_ok(add(f, &bounded, 3, &err), &err);
    assert_string_equal(found(f, &data, 1), "named bounded");
    assert_string_equal(found(f, &other, 1), "");
}

static void test_deletes_find_their_file_under_another_spelling(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    const firn_data_file local = file_of(f, FIRN_CONTENT_DATA, "file:///w/data", 7);
    const firn_data_file bare = file_of(f, FIRN_CONTENT_DATA, "/w/data", 7);
    const firn_data_file other = file_of(f, FIRN_CONTENT_DATA, "/w/data2", 7);
    const firn_data_file bucket = file_of(f, FIRN_CONTENT_DATA, "s3://b/data", 7);
    const firn_data_file vector = vector_of(f, "v", 7, "s3a://b/data");
    add_positions(f, "named", 7, "file:/w/data", 4);
    assert_ok(add(f, &vector, 5, &err), &err);
    assert_string_equal(found(f, &local, 1), "named");
    assert_string_equal(found(f, &bare, 1), "named");
    assert_string_equal(found(f, &other, 1), "");
    assert_string_equal(found(f, &bucket, 1), "v");
}

static void test_deletion_vector_replaces_position_deletes_only(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    const firn_data_file data = file_of(f, FIRN_CONTENT_DATA, "data", 7);
    const firn_data_file vector = vector_of(f, "v", 7, "data");
    add_positions(f, "named", 7, "data", 4);
    add_positions(f, "p", 7, NULL, 4);
    add_equality(f, "e", 7, 4);
    assert_ok(add(f, &vector, 5, &err), &err);
    assert_string_equal(found(f, &data, 1), "v e");
}

static void test_broken_deletion_vectors_are_refused(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    const firn_delete_file **files = NULL;
    size_t n = 0;
    const firn_data_file data = file_of(f, FIRN_CONTENT_DATA, "data", 7);
    const firn_data_file elsewhere = file_of(f, FIRN_CONTENT_DATA, "data", 8);
    firn_data_file vector = vector_of(f, "v", 7, "data");
    assert_ok(add(f, &vector, 5, &err), &err);
    assert_fails(add(f, &vector, 6, &err), FIRN_ERR_CORRUPT, &err,
                 "data file data has two deletion vectors");
    vector.referenced_data_file = (firn_str){0};
    assert_fails(add(f, &vector, 6, &err), FIRN_ERR_CORRUPT, &err, "does not name its data file");
    assert_fails(firn_delete_index_find(f->index, &data, 6, f->arena, &files, &n, &err),
                 FIRN_ERR_CORRUPT, &err, "is older than its data file data of 6");
    assert_fails(firn_delete_index_find(f->index, &elsewhere, 1, f->arena, &files, &n, &err),
                 FIRN_ERR_CORRUPT, &err, "of different partitions");
}

struct bounds {
    int64_t nulls, values;
    int64_t low, high;
    char low_bytes[8], high_bytes[8];
    firn_metric null_count, value_count, nan_count, lower, upper;
};

static void set_bounds(firn_data_file *file, struct bounds *b, int32_t field_id)
{
    memcpy(b->low_bytes, &b->low, 8);
    memcpy(b->high_bytes, &b->high, 8);
    b->null_count = (firn_metric){.field_id = field_id, .count = b->nulls};
    b->value_count = (firn_metric){.field_id = field_id, .count = b->values};
    b->lower = (firn_metric){.field_id = field_id, .bound = {b->low_bytes, 8}};
    b->upper = (firn_metric){.field_id = field_id, .bound = {b->high_bytes, 8}};
    file->null_value_counts = (firn_metric_map){&b->null_count, 1};
    file->value_counts = (firn_metric_map){&b->value_count, 1};
    file->lower_bounds = (firn_metric_map){&b->lower, b->values > b->nulls ? 1 : 0};
    file->upper_bounds = (firn_metric_map){&b->upper, b->values > b->nulls ? 1 : 0};
}

static void test_equality_deletes_that_cannot_match_are_left_out(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    struct bounds data_bounds = {.nulls = 0, .values = 10, .low = 100, .high = 200};
    struct bounds below = {.values = 3, .low = 1, .high = 99};
    struct bounds touching = {.values = 3, .low = 1, .high = 100};
    struct bounds only_null = {.nulls = 1, .values = 1};
    struct bounds null_and_far = {.nulls = 1, .values = 2, .low = 500, .high = 500};
    struct {
        const char *name;
        struct bounds *bounds;
    } deletes[] = {{"below", &below},
                   {"touching", &touching},
                   {"only_null", &only_null},
                   {"null_and_far", &null_and_far}};
    firn_data_file data = file_of(f, FIRN_CONTENT_DATA, "data", 7);
    set_bounds(&data, &data_bounds, 1);
    for (size_t i = 0; i < sizeof deletes / sizeof *deletes; i++) {
        firn_data_file file = file_of(f, FIRN_CONTENT_EQUALITY_DELETES, deletes[i].name, 7);
        file.equality_ids = k_id_column;
        file.n_equality_ids = 1;
        set_bounds(&file, deletes[i].bounds, 1);
        assert_ok(add(f, &file, 9 - (int64_t)i, &err), &err);
    }
    assert_string_equal(found(f, &data, 1), "touching");
    data_bounds.nulls = 2;
    set_bounds(&data, &data_bounds, 1);
    assert_string_equal(found(f, &data, 1), "touching only_null null_and_far");
}

static void test_bounds_of_floats_count_only_without_nan(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    struct bounds data_bounds = {.values = 10};
    struct bounds delete_bounds = {.values = 3};
    const double one = 1;
    const double two = 2;
    memcpy(&data_bounds.low, &one, 8);
    memcpy(&data_bounds.high, &one, 8);
    memcpy(&delete_bounds.low, &two, 8);
    memcpy(&delete_bounds.high, &two, 8);
    firn_data_file data = file_of(f, FIRN_CONTENT_DATA, "data", 7);
    firn_data_file file = file_of(f, FIRN_CONTENT_EQUALITY_DELETES, "e", 7);
    file.equality_ids = k_x_column;
    file.n_equality_ids = 1;
    set_bounds(&data, &data_bounds, 2);
    set_bounds(&file, &delete_bounds, 2);
    const firn_metric no_nan = {.field_id = 2, .count = 0};
    file.nan_value_counts = (firn_metric_map){&no_nan, 1};
    assert_ok(add(f, &file, 9, &err), &err);
    assert_string_equal(found(f, &data, 1), "e");
    data.nan_value_counts = (firn_metric_map){&no_nan, 1};
    assert_string_equal(found(f, &data, 1), "");
}

static void test_equality_deletes_without_columns_are_refused(void **state)
{
    struct fixture *f = *state;
    firn_error err;
    const firn_data_file file = file_of(f, FIRN_CONTENT_EQUALITY_DELETES, "e", 7);
    assert_fails(add(f, &file, 9, &err), FIRN_ERR_CORRUPT, &err, "names no columns");
}

#define WITH_FIXTURE(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FIXTURE(test_equality_deletes_apply_to_older_files_only),
        WITH_FIXTURE(test_position_deletes_apply_to_files_of_the_same_commit_too),
        WITH_FIXTURE(test_deletes_of_another_partition_or_spec_do_not_apply),
        WITH_FIXTURE(test_equality_deletes_of_an_unpartitioned_spec_are_global),
        WITH_FIXTURE(test_equality_deletes_of_a_spec_of_void_fields_are_global),
        WITH_FIXTURE(test_file_scoped_position_deletes_apply_by_path),
        WITH_FIXTURE(test_deletes_find_their_file_under_another_spelling),
        WITH_FIXTURE(test_deletion_vector_replaces_position_deletes_only),
        WITH_FIXTURE(test_broken_deletion_vectors_are_refused),
        WITH_FIXTURE(test_equality_deletes_that_cannot_match_are_left_out),
        WITH_FIXTURE(test_bounds_of_floats_count_only_without_nan),
        WITH_FIXTURE(test_equality_deletes_without_columns_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
