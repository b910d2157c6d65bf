/* SPDX-License-Identifier: Apache-2.0 */
/* Avro records as rows: every type, promotions, projections by id and by name, nesting, and what is
 * refused. Records are written by hand, rows compared as canonical text. */
#include "firn_test.h"

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "format/avro/avro_rows.h"
#include "format/inspect/canonical.h"

static int set_up(void **state)
{
    *state = firn_arena_create(NULL, 0);
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    firn_arena_destroy(*state);
    return 0;
}

static firn_status sink_append(void *ctx, const void *data, size_t n, firn_error *err)
{
    firn_buf_append(ctx, data, n);
    return firn_buf_check(ctx, err);
}

/* A container of the same record n times, in the arena. */
static firn_str make_file(firn_arena *arena, const char *schema, firn_str record, int n)
{
    static const uint8_t k_sync[16] = {1, 2, 3};
    firn_avro_writer *writer = NULL;
    firn_error err = {0};
    firn_buf file;

    firn_buf_init(&file, NULL, 0);
    const firn_byte_sink sink = {&file, sink_append};
    assert_ok(firn_avro_writer_create(firn_str_of(schema), NULL, 0, FIRN_CODEC_DEFLATE, 0, k_sync,
                                      &sink, &writer, &err),
              &err);
    for (int i = 0; i < n; i++) assert_ok(firn_avro_writer_append(writer, record, &err), &err);
    assert_ok(firn_avro_writer_finish(writer, &err), &err);
    firn_avro_writer_destroy(writer);
    const firn_str bytes = firn_arena_copy(arena, firn_buf_view(&file));
    firn_buf_dispose(&file);
    return bytes;
}

/* Rows as lines. projection NULL: the file's own columns. lend: the batch brings no memory. */
static firn_status read_lines(firn_arena *arena, firn_str file, const firn_type *projection,
                              firn_avro_match match, bool lend, firn_buf *out, firn_error *err)
{
    firn_avro_reader *reader = NULL;
    firn_avro_rows *rows = NULL;
    firn_batch *batch = NULL;
    firn_batch bare = {0};
    const firn_schema *schema = NULL;
    int64_t n = 0;

    firn_buf_init(out, NULL, 0);
    FIRN_TRY(firn_avro_reader_open(file, &reader, err));
    firn_status st = FIRN_OK;
    if (!projection) {
        st = firn_avro_file_schema(firn_avro_reader_schema(reader), arena, &schema, err);
        if (st == FIRN_OK) projection = &schema->root;
        match = FIRN_AVRO_MATCH_NAMES;
    }
    if (st == FIRN_OK) st = firn_avro_rows_open(reader, projection, match, &rows, err);
    if (st == FIRN_OK) st = firn_batch_create(projection, FIRN_BATCH_ROWS, &batch, err);
    bare.n_columns = projection ? projection->n_fields : 0;
    bare.columns = firn_arena_array(arena, bare.n_columns, sizeof *bare.columns);
    while (st == FIRN_OK) {
        firn_batch *to = lend ? &bare : batch;
        firn_batch_reset(batch);
        st = firn_avro_rows_next(rows, 700, to, err);
        if (st != FIRN_OK) break;
        assert_int_equal(firn_avro_rows_position(rows), n);
        n += to->n_rows;
        for (int64_t i = 0; i < to->n_rows; i++) {
            firn_canonical_row(out, to, i);
            firn_buf_byte(out, '\n');
        }
    }
    firn_batch_destroy(batch);
    firn_avro_rows_close(rows);
    firn_avro_reader_close(reader);
    return st == FIRN_DONE ? FIRN_OK : st;
}

/* The one record of a file, whichever side brings the memory. */
static void check_row(firn_arena *arena, const char *schema, firn_str record,
                      const firn_type *projection, firn_avro_match match, const char *text)
{
    const firn_str file = make_file(arena, schema, record, 1);

    for (int lend = 0; lend < 2; lend++) {
        firn_error err = {0};
        firn_buf out;
        assert_ok(read_lines(arena, file, projection, match, lend == 1, &out, &err), &err);
        assert_str(firn_buf_view(&out), text);
        firn_buf_dispose(&out);
    }
}

static void check_refused(firn_arena *arena, const char *schema, firn_str record,
                          const firn_type *projection, firn_status status, const char *message)
{
    firn_error err = {0};
    firn_buf out;

    assert_fails(read_lines(arena, make_file(arena, schema, record, 1), projection,
                            FIRN_AVRO_MATCH_IDS, false, &out, &err),
                 status, &err, message);
    firn_buf_dispose(&out);
}

/* A record of one field "x" with id 1. */
static const char *record_of(firn_arena *arena, const char *type)
{
    return firn_arena_printf(arena,
                             "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"x\","
                             "\"field-id\":1,\"type\":%s}]}",
                             type)
        .data;
}

/* ---- types ---- */

static void test_columns_of_the_file_are_read_as_they_are(void **state)
{
    static const struct own_case {
        const char *type;
        firn_str value;
        const char *text;
    } k_cases[] = {
        {"\"boolean\"", FIRN_STR_INIT("\x01"), "[true]\n"},
        {"\"int\"", FIRN_STR_INIT("\x01"), "[-1]\n"},
        {"\"long\"", FIRN_STR_INIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
         "[-9223372036854775808]\n"},
        {"\"float\"", FIRN_STR_INIT("\x00\x00\x00\x3f"), "[0.5]\n"},
        {"\"double\"", FIRN_STR_INIT("\x00\x00\x00\x00\x00\x00\xe0\x3f"), "[0.5]\n"},
        {"\"string\"",
         FIRN_STR_INIT("\x20"
                       "more than twelve"),
         "[\"more than twelve\"]\n"},
        {"\"bytes\"", FIRN_STR_INIT("\x04\x00\xff"), "[\"00ff\"]\n"},
        {"[\"null\",\"int\"]", FIRN_STR_INIT("\x00"), "[null]\n"},
        {"[\"int\",\"null\"]", FIRN_STR_INIT("\x02"), "[null]\n"},
        {"[\"int\",\"null\"]", FIRN_STR_INIT("\x00\x0e"), "[7]\n"},
        {"[\"int\"]", FIRN_STR_INIT("\x00\x0e"), "[7]\n"},
        {"\"null\"", FIRN_STR_INIT(""), "[null]\n"},
        {"{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"B\"]}", FIRN_STR_INIT("\x02"),
         "[\"B\"]\n"},
        {"{\"type\":\"fixed\",\"name\":\"F\",\"size\":2}", FIRN_STR_INIT("\x01\x02"),
         "[\"0102\"]\n"},
        {"{\"type\":\"int\",\"logicalType\":\"date\"}", FIRN_STR_INIT("\x03"), "[-2]\n"},
        {"{\"type\":\"int\",\"logicalType\":\"time-millis\"}", FIRN_STR_INIT("\x0a"), "[5000]\n"},
        {"{\"type\":\"long\",\"logicalType\":\"time-micros\"}", FIRN_STR_INIT("\x0a"), "[5]\n"},
        {"{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}", FIRN_STR_INIT("\x09"),
         "[-5000]\n"},
        {"{\"type\":\"long\",\"logicalType\":\"timestamp-micros\",\"adjust-to-utc\":true}",
         FIRN_STR_INIT("\x09"), "[-5]\n"},
        {"{\"type\":\"long\",\"logicalType\":\"timestamp-nanos\"}", FIRN_STR_INIT("\x09"),
         "[-5]\n"},
        {"{\"type\":\"long\",\"logicalType\":\"local-timestamp-millis\"}", FIRN_STR_INIT("\x09"),
         "[-5000]\n"},
        {"{\"type\":\"long\",\"logicalType\":\"local-timestamp-nanos\"}", FIRN_STR_INIT("\x09"),
         "[-5]\n"},
        {"{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4,\"scale\":2}",
         FIRN_STR_INIT("\x04\xff\x7b"), "[\"-1.33\"]\n"},
        {"{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4,\"scale\":2}",
         FIRN_STR_INIT("\x00"), "[\"0.00\"]\n"},
        {"{\"type\":\"fixed\",\"name\":\"F\",\"size\":17,\"logicalType\":\"decimal\","
         "\"precision\":38}",
         FIRN_STR_INIT("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe"),
         "[\"-2\"]\n"},
        {"{\"type\":\"fixed\",\"name\":\"F\",\"size\":16,\"logicalType\":\"uuid\"}",
         FIRN_STR_INIT("0123456789abcdef"), "[\"30313233343536373839616263646566\"]\n"},
        {"{\"type\":\"string\",\"logicalType\":\"uuid\"}",
         FIRN_STR_INIT("\x48"
                       "22F650d4-ba1d-030c-9253-2b33859164e8"),
         "[\"22f650d4ba1d030c92532b33859164e8\"]\n"},
        {"{\"type\":\"fixed\",\"name\":\"F\",\"size\":12,\"logicalType\":\"duration\"}",
         FIRN_STR_INIT("\x01\0\0\0\x02\0\0\0\x03\0\0\0"), "[\"010000000200000003000000\"]\n"},
    };

    for (size_t i = 0; i < sizeof k_cases / sizeof k_cases[0]; i++) {
        check_row(*state, record_of(*state, k_cases[i].type), k_cases[i].value, NULL,
                  FIRN_AVRO_MATCH_IDS, k_cases[i].text);
    }
}

static void test_nested_columns_are_read(void **state)
{
    check_row(*state,
              record_of(*state, "{\"type\":\"array\",\"items\":[\"null\",{\"type\":\"array\","
                                "\"items\":\"int\"}]}"),
              /* two blocks: [[1,2], null] and, with its size, [[]] */
              FIRN_STR("\x04\x02\x04\x02\x04\x00\x00\x01\x04\x02\x00\x00"), NULL,
              FIRN_AVRO_MATCH_IDS, "[[[1,2],null,[]]]\n");
    check_row(*state, record_of(*state, "{\"type\":\"map\",\"values\":\"long\"}"),
              FIRN_STR("\x04\x02"
                       "b\x02\x02"
                       "a\x04\x00"),
              NULL, FIRN_AVRO_MATCH_IDS, "[[[\"b\",1],[\"a\",2]]]\n");
    check_row(*state,
              record_of(*state,
                        "{\"type\":\"array\",\"logicalType\":\"map\",\"items\":{\"type\":"
                        "\"record\",\"name\":\"kv\",\"fields\":[{\"name\":\"key\",\"field-id\":2,"
                        "\"type\":\"int\"},{\"name\":\"value\",\"field-id\":3,\"type\":"
                        "[\"null\",\"string\"]}]}}"),
              FIRN_STR("\x04\x02\x02\x02z\x04\x00\x00"), NULL, FIRN_AVRO_MATCH_IDS,
              "[[[1,\"z\"],[2,null]]]\n");
    check_row(*state,
              record_of(*state, "[\"null\",{\"type\":\"record\",\"name\":\"S\",\"fields\":["
                                "{\"name\":\"a\",\"type\":\"int\"},{\"name\":\"b\",\"type\":"
                                "{\"type\":\"array\",\"items\":\"int\"}}]}]"),
              FIRN_STR("\x02\x06\x02\x08\x00"), NULL, FIRN_AVRO_MATCH_IDS,
              "[{\"a\":3,\"b\":[4]}]\n");
}

static void test_many_rows_come_in_batches(void **state)
{
    static const char k_schema[] =
        "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"s\","
        "\"type\":\"string\"},{\"name\":\"l\",\"type\":{\"type\":"
        "\"array\",\"items\":\"int\"}}]}";
    const firn_str record = FIRN_STR("\x28"
                                     "twenty bytes of text\x04\x02\x04\x00");
    const firn_str file = make_file(*state, k_schema, record, 5000);

    for (int lend = 0; lend < 2; lend++) {
        const firn_str line = FIRN_STR("[\"twenty bytes of text\",[1,2]]\n");
        firn_error err = {0};
        firn_buf out;
        assert_ok(read_lines(*state, file, NULL, FIRN_AVRO_MATCH_IDS, lend == 1, &out, &err), &err);
        assert_int_equal(out.len, 5000 * line.len);
        for (size_t at = 0; at < out.len; at += line.len)
            assert_memory_equal(out.data + at, line.data, line.len);
        firn_buf_dispose(&out);
    }
}

/* ---- projection ---- */

static const firn_type k_int = {.kind = FIRN_TYPE_INT};
static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_double = {.kind = FIRN_TYPE_DOUBLE};
static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_type k_timestamp = {.kind = FIRN_TYPE_TIMESTAMP};
static const firn_type k_timestamp_ns = {.kind = FIRN_TYPE_TIMESTAMP_NS};
static const firn_type k_decimal = {.kind = FIRN_TYPE_DECIMAL, .precision = 20, .scale = 2};

static void test_promotions_of_schema_evolution_are_applied(void **state)
{
    static const struct promotion_case {
        const char *type;
        const firn_type *wanted;
        firn_str value;
        const char *text;
    } k_cases[] = {
        {"\"int\"", &k_long, FIRN_STR_INIT("\x05"), "[-3]\n"},
        {"\"float\"", &k_double, FIRN_STR_INIT("\x00\x00\x00\x3f"), "[0.5]\n"},
        {"{\"type\":\"int\",\"logicalType\":\"date\"}", &k_timestamp, FIRN_STR_INIT("\x01"),
         "[-86400000000]\n"},
        {"{\"type\":\"int\",\"logicalType\":\"date\"}", &k_timestamp_ns, FIRN_STR_INIT("\x02"),
         "[86400000000000]\n"},
        {"{\"type\":\"long\",\"logicalType\":\"timestamp-nanos\"}", &k_timestamp,
         FIRN_STR_INIT("\x01"), "[-1]\n"},
        {"{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4,\"scale\":2}", &k_decimal,
         FIRN_STR_INIT("\x02\x85"), "[\"-1.23\"]\n"},
    };

    for (size_t i = 0; i < sizeof k_cases / sizeof k_cases[0]; i++) {
        const firn_field x = {.id = 1, .name = FIRN_STR("renamed"), .type = k_cases[i].wanted};
        const firn_type wanted = {.kind = FIRN_TYPE_STRUCT, .fields = &x, .n_fields = 1};
        check_row(*state, record_of(*state, k_cases[i].type), k_cases[i].value, &wanted,
                  FIRN_AVRO_MATCH_IDS, k_cases[i].text);
    }
}

#define PEOPLE                                                                                 \
    "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"field-id\":1,\"type\":" \
    "\"int\"},{\"name\":\"skipped\",\"field-id\":2,\"type\":{\"type\":\"array\",\"items\":"    \
    "\"string\"}},{\"name\":\"p\",\"field-id\":3,\"aliases\":[\"person\"],\"type\":[\"null\"," \
    "{\"type\":\"record\",\"name\":\"P\",\"fields\":[{\"name\":\"u\",\"field-id\":4,\"type\":" \
    "\"int\"},{\"name\":\"v\",\"field-id\":5,\"type\":\"string\"}]}]}]}"

static void test_fields_are_found_by_id_and_missing_ones_filled(void **state)
{
    const firn_value seven = {.kind = FIRN_TYPE_INT, .as.i32 = 7};
    const firn_field inner[] = {
        {.id = 9, .name = FIRN_STR("gone"), .type = &k_int},
        {.id = 5, .name = FIRN_STR("w"), .type = &k_string},
        {.id = 8, .name = FIRN_STR("d"), .type = &k_int, .initial_default = &seven},
    };
    const firn_type person = {.kind = FIRN_TYPE_STRUCT, .fields = inner, .n_fields = 3};
    const firn_type list = {.kind = FIRN_TYPE_LIST, .fields = inner, .n_fields = 1};
    const firn_field outer[] = {
        {.id = 3, .name = FIRN_STR("q"), .type = &person},
        {.id = 20, .name = FIRN_STR("none"), .type = &list},
        {.id = 21, .name = FIRN_STR("a"), .type = &k_int, .initial_default = &seven},
        {.id = 1, .name = FIRN_STR("b"), .type = &k_long},
    };
    const firn_type wanted = {.kind = FIRN_TYPE_STRUCT, .fields = outer, .n_fields = 4};

    check_row(*state, PEOPLE, FIRN_STR("\x04\x02\x02x\x00\x02\x06\x04hi"), &wanted,
              FIRN_AVRO_MATCH_IDS, "[{\"gone\":null,\"w\":\"hi\",\"d\":7},null,7,2]\n");
    check_row(*state, PEOPLE, FIRN_STR("\x04\x00\x00"), &wanted, FIRN_AVRO_MATCH_IDS,
              "[null,null,7,2]\n");
}

static void test_fields_are_found_by_name_and_alias(void **state)
{
    const firn_field inner = {.id = 50, .name = FIRN_STR("v"), .type = &k_string};
    const firn_type person = {.kind = FIRN_TYPE_STRUCT, .fields = &inner, .n_fields = 1};
    const firn_field outer[] = {
        {.id = 30, .name = FIRN_STR("person"), .type = &person},
        {.id = 10, .name = FIRN_STR("a"), .type = &k_int},
        {.id = 2, .name = FIRN_STR("other"), .type = &k_int},
    };
    const firn_type wanted = {.kind = FIRN_TYPE_STRUCT, .fields = outer, .n_fields = 3};

    check_row(*state, PEOPLE, FIRN_STR("\x04\x00\x02\x06\x04hi"), &wanted, FIRN_AVRO_MATCH_NAMES,
              "[{\"v\":\"hi\"},2,null]\n");
}

/* ---- refusals ---- */

static firn_type one_column(firn_field *field, const firn_type *type, bool is_required)
{
    *field = (firn_field){.id = 1, .name = FIRN_STR("x"), .type = type, .is_required = is_required};
    return (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = field, .n_fields = 1};
}

static void test_what_no_column_can_hold_is_refused(void **state)
{
    firn_field field;
    firn_type wanted = one_column(&field, &k_int, false);

    check_refused(*state, record_of(*state, "[\"null\",\"int\",\"string\"]"), FIRN_STR("\x00"),
                  NULL, FIRN_ERR_UNSUPPORTED,
                  "not supported: column \"x\" (field 1) of type unknown from avro union");
    check_refused(*state, record_of(*state, "[\"null\",\"R\"]"), FIRN_STR("\x00"), NULL,
                  FIRN_ERR_UNSUPPORTED, "of type unknown from avro record");
    check_refused(*state, record_of(*state, "\"long\""), FIRN_STR("\x00"), &wanted,
                  FIRN_ERR_UNSUPPORTED, "of type int from avro long");
    check_refused(*state, "\"int\"", FIRN_STR("\x00"), NULL, FIRN_ERR_UNSUPPORTED,
                  "not supported: avro file of values that are no records");
    field.is_required = true;
    field.id = 2;
    check_refused(*state, record_of(*state, "\"int\""), FIRN_STR("\x00"), &wanted, FIRN_ERR_CORRUPT,
                  "required column \"x\" (field 2) is not in the file");
}

static void test_values_that_do_not_fit_are_refused(void **state)
{
    static const struct bad_case {
        const char *type;
        const firn_type *wanted;
        firn_str value;
        firn_status status;
        const char *message;
    } k_cases[] = {
        {"[\"null\",\"int\"]", &k_int, FIRN_STR_INIT("\x00"), FIRN_ERR_CORRUPT,
         "record 0: column \"x\": null where a value is required"},
        {"[\"null\",\"int\"]", &k_int, FIRN_STR_INIT("\x04"), FIRN_ERR_CORRUPT,
         "column \"x\": union branch 2 of 2"},
        {"\"int\"", &k_long, FIRN_STR_INIT("\x80\x80\x80\x80\x10"), FIRN_ERR_CORRUPT,
         "int of value 2147483648"},
        {"\"string\"", &k_string, FIRN_STR_INIT("\x02\xff"), FIRN_ERR_CORRUPT,
         "string is not UTF-8"},
        {"{\"type\":\"long\",\"logicalType\":\"timestamp-millis\"}", &k_timestamp,
         FIRN_STR_INIT("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"), FIRN_ERR_CORRUPT,
         "time of value 9223372036854775807 does not fit"},
        {"{\"type\":\"bytes\",\"logicalType\":\"decimal\",\"precision\":4,\"scale\":2}", &k_decimal,
         FIRN_STR_INIT("\x22\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"),
         FIRN_ERR_CORRUPT, "decimal does not fit 20 digits"},
        {"\"string\"", &k_string, FIRN_STR_INIT("\x0az"), FIRN_ERR_CORRUPT,
         "column \"x\": truncated"},
    };

    for (size_t i = 0; i < sizeof k_cases / sizeof k_cases[0]; i++) {
        firn_field field;
        const firn_type wanted = one_column(&field, k_cases[i].wanted, true);
        check_refused(*state, record_of(*state, k_cases[i].type), k_cases[i].value, &wanted,
                      k_cases[i].status, k_cases[i].message);
    }
}

/* Lists of values that take no bytes: a million of them in one file, and no more. */
static void test_items_that_take_no_bytes_are_limited(void **state)
{
    const char *schema = record_of(*state, "{\"type\":\"array\",\"items\":\"null\"}");
    firn_error err = {0};
    firn_buf out;

    /* 500,000 an array */
    const firn_str half = FIRN_STR("\xc0\x84\x3d\x00");
    assert_ok(read_lines(*state, make_file(*state, schema, half, 2), NULL, FIRN_AVRO_MATCH_IDS,
                         false, &out, &err),
              &err);
    firn_buf_dispose(&out);
    assert_fails(read_lines(*state, make_file(*state, schema, half, 3), NULL, FIRN_AVRO_MATCH_IDS,
                            false, &out, &err),
                 FIRN_ERR_LIMIT, &err, "more than 1000000 items that take no bytes");
    firn_buf_dispose(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_columns_of_the_file_are_read_as_they_are, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_nested_columns_are_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_rows_come_in_batches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_promotions_of_schema_evolution_are_applied, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_fields_are_found_by_id_and_missing_ones_filled, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_fields_are_found_by_name_and_alias, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_no_column_can_hold_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_values_that_do_not_fit_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_items_that_take_no_bytes_are_limited, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
