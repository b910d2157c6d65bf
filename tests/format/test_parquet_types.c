/* SPDX-License-Identifier: Apache-2.0 */
/* The types a file's columns have in a table's eyes and in its own, and columns that cannot be
 * read as what is wanted. */
#include "firn_test.h"

#include <string.h>

#include "base/str.h"
#include "corpus.h"
#include "format/parquet/read/parquet_convert.h"
#include "format/parquet/read/parquet_reader.h"
#include "parquet_canon.h"

typedef struct fixture {
    firn_arena *arena;
    firn_str bytes;
    firn_byte_source source;
    firn_parquet_file *file;
    firn_error err;
} fixture;

static int set_up(void **state)
{
    firn_arena *arena = firn_arena_create(NULL, 0);
    fixture *f = arena ? firn_arena_alloc_zero(arena, sizeof *f) : NULL;
    if (!f) return -1;
    f->arena = arena;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    firn_parquet_file_close(f->file);
    firn_arena_destroy(f->arena);
    return 0;
}

static const firn_type *open_file(fixture *f, const char *name)
{
    const firn_str path = firn_arena_printf(f->arena, "parquet/%s", name);
    f->bytes = corpus_read(f->arena, corpus_data_path(f->arena, path.data));
    f->source = canon_source(&f->bytes);
    assert_ok(firn_parquet_file_open(&f->source, &f->file, &f->err), &f->err);
    return &firn_parquet_file_schema(f->file)->root;
}

/* Reads all rows of the projection. */
static firn_status read_all(fixture *f, const firn_type *projection, firn_parquet_types types)
{
    const firn_parquet_rows_opts opts = {.match = FIRN_PARQUET_MATCH_NAMES, .types = types};
    firn_parquet_rows *rows = NULL;
    firn_batch *batch = NULL;
    assert_ok(firn_batch_create(projection, FIRN_BATCH_ROWS, &batch, &f->err), &f->err);
    firn_status st = firn_parquet_rows_open(f->file, projection, &opts, &rows, &f->err);
    while (st == FIRN_OK) st = firn_parquet_rows_next(rows, FIRN_BATCH_ROWS, batch, &f->err);
    firn_parquet_rows_close(rows);
    firn_batch_destroy(batch);
    return st;
}

static const firn_type *type_of(const firn_schema *schema, const char *name)
{
    const firn_field *field = firn_schema_find_name(schema, firn_str_of(name));
    assert_non_null(field);
    return field->type;
}

static void test_own_types_keep_units_and_signs(void **state)
{
    static const struct {
        const char *name;
        firn_type_kind table, own;
    } k_cases[] = {
        {"u16", FIRN_TYPE_INT, FIRN_TYPE_INT},
        {"u32", FIRN_TYPE_LONG, FIRN_TYPE_LONG},
        {"u64", FIRN_TYPE_DECIMAL, FIRN_TYPE_LONG},
        {"d9", FIRN_TYPE_DECIMAL, FIRN_TYPE_DECIMAL},
        {"day", FIRN_TYPE_DATE, FIRN_TYPE_DATE},
        {"time_ms", FIRN_TYPE_TIME, FIRN_TYPE_INT},
        {"time_us", FIRN_TYPE_TIME, FIRN_TYPE_LONG},
        {"ts_ms", FIRN_TYPE_TIMESTAMP, FIRN_TYPE_LONG},
        {"ts_utc", FIRN_TYPE_TIMESTAMPTZ, FIRN_TYPE_LONG},
        {"ts_ns", FIRN_TYPE_TIMESTAMP_NS, FIRN_TYPE_LONG},
        {"s", FIRN_TYPE_STRING, FIRN_TYPE_STRING},
    };
    fixture *f = *state;
    open_file(f, "plain_v1_none.parquet");
    const firn_schema *table = firn_parquet_file_schema_as(f->file, FIRN_PARQUET_TYPES_TABLE);
    const firn_schema *own = firn_parquet_file_schema_as(f->file, FIRN_PARQUET_TYPES_FILE);
    assert_ptr_equal(table, firn_parquet_file_schema(f->file));
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        assert_int_equal(type_of(table, k_cases[i].name)->kind, k_cases[i].table);
        assert_int_equal(type_of(own, k_cases[i].name)->kind, k_cases[i].own);
    }
    assert_true(type_of(own, "u64")->is_unsigned);
    assert_false(type_of(own, "i64")->is_unsigned);
    assert_int_equal(read_all(f, &own->root, FIRN_PARQUET_TYPES_FILE), FIRN_DONE);
    /* A table's long is no timestamp. */
    assert_fails(read_all(f, &own->root, FIRN_PARQUET_TYPES_TABLE), FIRN_ERR_UNSUPPORTED, &f->err,
                 "read as");
}

static void test_open_columns_of_an_encrypted_file_are_read(void **state)
{
    fixture *f = *state;
    const firn_type *root = open_file(f, "refused/encrypted_column.parquet");
    const firn_type first = {.kind = FIRN_TYPE_STRUCT, .fields = root->fields, .n_fields = 1};
    assert_int_equal(read_all(f, &first, FIRN_PARQUET_TYPES_TABLE), FIRN_DONE);
    assert_fails(read_all(f, root, FIRN_PARQUET_TYPES_TABLE), FIRN_ERR_UNSUPPORTED, &f->err,
                 "column secret: not supported: encrypted column");
}

/* point: struct<a: int, b: string, c: struct<d: double>>, where some points and some b are null. */
static void test_nulls_in_required_nested_fields_are_refused(void **state)
{
    fixture *f = *state;
    const firn_type *root = open_file(f, "nested_v1.parquet");
    const firn_field *point =
        firn_schema_find_name(firn_parquet_file_schema(f->file), FIRN_STR("point"));
    firn_field members[3];
    memcpy(members, point->type->fields, sizeof members);
    const firn_type strict = {.kind = FIRN_TYPE_STRUCT, .fields = members, .n_fields = 3};
    const firn_field column = {.name = FIRN_STR("point"), .type = &strict};
    const firn_type projection = {.kind = FIRN_TYPE_STRUCT, .fields = &column, .n_fields = 1};
    assert_int_equal(read_all(f, root, FIRN_PARQUET_TYPES_TABLE), FIRN_DONE);
    members[1].is_required = true;
    assert_fails(read_all(f, &projection, FIRN_PARQUET_TYPES_TABLE), FIRN_ERR_CORRUPT, &f->err,
                 "field b is required but has");
    /* A null struct is no null in the required struct it would have had. */
    members[1].is_required = false;
    members[2].is_required = true;
    assert_int_equal(read_all(f, &projection, FIRN_PARQUET_TYPES_TABLE), FIRN_DONE);
}

static void test_nulls_of_required_list_elements_are_refused(void **state)
{
    static const firn_type k_int = {.kind = FIRN_TYPE_INT};
    static const firn_field k_element = {
        .is_required = true, .name = FIRN_STR_INIT("element"), .type = &k_int};
    static const firn_type k_list = {.kind = FIRN_TYPE_LIST, .fields = &k_element, .n_fields = 1};
    static const firn_field k_column = {.name = FIRN_STR_INIT("numbers"), .type = &k_list};
    static const firn_type k_root = {.kind = FIRN_TYPE_STRUCT, .fields = &k_column, .n_fields = 1};
    fixture *f = *state;
    open_file(f, "nested_v1.parquet");
    assert_fails(read_all(f, &k_root, FIRN_PARQUET_TYPES_TABLE), FIRN_ERR_CORRUPT, &f->err,
                 "field element is required but has");
}

/* Nanoseconds of the day, then the Julian day. 1970-01-01 is day 2440588. */
static void put_int96(uint8_t *out, int32_t day, int64_t ns)
{
    memcpy(out, &ns, sizeof ns);
    memcpy(out + sizeof ns, &day, sizeof day);
}

static void check_int96(const uint8_t *raw, int64_t unit_ns, bool fits, int64_t want)
{
    const firn_pq_conv conv = {
        .kind = FIRN_PQ_CONV_I96, .physical = FIRN_PQ_INT96, .raw_width = 12, .factor = unit_ns};
    int64_t out = 0;
    firn_error err = {0};
    const firn_status st = firn_pq_convert(&conv, raw, 1, &out, &err);
    if (!fits) {
        assert_fails(st, FIRN_ERR_CORRUPT, &err,
                     unit_ns == 1 ? "does not fit nanoseconds" : "does not fit microseconds");
        return;
    }
    assert_ok(st, &err);
    assert_true(out == want);
}

static void test_int96_is_converted_or_refused(void **state)
{
    enum { EPOCH = 2440588 };
    static const struct {
        int64_t day, ns;
        bool fits_ns, fits_us;
        int64_t want_ns, want_us;
    } k_cases[] = {
        {EPOCH, 1, true, true, 1, 0},
        {EPOCH - 1, INT64_C(86399999999999), true, true, -1, -1},
        {EPOCH + 1, -1500, true, true, INT64_C(86399999998500), INT64_C(86399999998)},
        {EPOCH, INT64_MAX, true, true, INT64_MAX, INT64_MAX / 1000},
        {EPOCH + 106751, INT64_C(85636854775807), true, true, INT64_MAX, INT64_MAX / 1000},
        {EPOCH + 106751, INT64_C(85636854775808), false, true, 0, INT64_MAX / 1000},
        {EPOCH - 106752, INT64_C(763145224192), true, true, INT64_MIN, INT64_MIN / 1000 - 1},
        {EPOCH - 106752, INT64_C(763145224191), false, true, 0, INT64_MIN / 1000 - 1},
        {EPOCH + 2932896, 0, false, true, 0, INT64_C(253402214400000000)}, /* 9999-12-31 */
        {EPOCH - 719162, 0, false, true, 0, INT64_C(-62135596800000000)},  /* 0001-01-01 */
        {EPOCH + 106751991, INT64_C(14454775807999), false, true, 0, INT64_MAX},
        {EPOCH + 106751991, INT64_C(14454775808000), false, false, 0, 0},
        {INT32_MAX, 0, false, false, 0, 0},
        {INT32_MIN, 0, false, false, 0, 0},
        /* As Spark writes its last timestamps. */
        {-106751992, INT64_C(71945224192000), false, true, 0, INT64_C(9012505233654775808)},
        {-105862233, INT64_C(53890448384000), false, true, 0, INT64_C(9089380393200000000)},
        {-104311404, INT64_C(71945224191000), false, true, 0, INT64_MAX},
        {-106751992, INT64_C(71945224191999), false, false, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof k_cases / sizeof *k_cases; i++) {
        uint8_t raw[12];
        put_int96(raw, (int32_t)k_cases[i].day, k_cases[i].ns);
        check_int96(raw, 1, k_cases[i].fits_ns, k_cases[i].want_ns);
        check_int96(raw, 1000, k_cases[i].fits_us, k_cases[i].want_us);
    }
}

static void test_int96_that_does_not_fit_names_its_column(void **state)
{
    fixture *f = *state;
    open_file(f, "foreign/int96_from_spark.parquet");
    const firn_schema *own = firn_parquet_file_schema_as(f->file, FIRN_PARQUET_TYPES_FILE);
    assert_fails(read_all(f, &own->root, FIRN_PARQUET_TYPES_FILE), FIRN_ERR_CORRUPT, &f->err,
                 "column a: ");
    assert_fails(read_all(f, &own->root, FIRN_PARQUET_TYPES_FILE), FIRN_ERR_CORRUPT, &f->err,
                 "int96 of julian day 5373484 and 10800000000000 ns does not fit nanoseconds");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_own_types_keep_units_and_signs),
        TEST(test_open_columns_of_an_encrypted_file_are_read),
        TEST(test_nulls_in_required_nested_fields_are_refused),
        TEST(test_nulls_of_required_list_elements_are_refused),
        TEST(test_int96_is_converted_or_refused),
        TEST(test_int96_that_does_not_fit_names_its_column),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
