/* SPDX-License-Identifier: Apache-2.0 */
/* Batches to Avro files: every type comes back as it went in, by id and by name, through every
 * codec; metrics; what is refused. Values are given as NDJSON, compared as canonical text. */
#include "firn_test.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "format/avro/avro.h"
#include "format/avro/avro_rows.h"
#include "format/avro/avro_rows_writer.h"
#include "format/inspect/canonical.h"
#include "format/text/ndjson.h"

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

/* ---- types ---- */

#define TYPE(...)      (&(const firn_type){.kind = __VA_ARGS__})
#define FIELD(i, n, t) ((firn_field){.id = (i), .name = FIRN_STR_INIT(n), .type = (t)})

static firn_type struct_of(const firn_field *fields, size_t n)
{
    return (firn_type){.kind = FIRN_TYPE_STRUCT, .fields = fields, .n_fields = n};
}

static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_type k_double = {.kind = FIRN_TYPE_DOUBLE};
static const firn_type k_decimal = {.kind = FIRN_TYPE_DECIMAL, .precision = 9, .scale = 2};

/* ---- files ---- */

typedef struct written {
    firn_str bytes;
    firn_file_metrics metrics;
} written;

static firn_status write_file(firn_arena *arena, const firn_type *root, const firn_batch *batch,
                              const firn_avro_write_opts *opts, written *out, firn_error *err)
{
    firn_buf file;
    firn_avro_rows_writer *writer = NULL;
    firn_buf_init(&file, NULL, 0);
    const firn_byte_sink sink = {&file, sink_append};
    firn_status st = firn_avro_rows_writer_create(root, opts, &sink, &writer, err);
    if (st == FIRN_OK) st = firn_avro_rows_writer_append(writer, batch, err);
    if (st == FIRN_OK) st = firn_avro_rows_writer_finish(writer, arena, &out->metrics, err);
    if (st == FIRN_OK) {
        assert_int_equal(firn_avro_rows_writer_size(writer), file.len);
        assert_int_equal(out->metrics.file_size_bytes, file.len);
        assert_int_equal(out->metrics.record_count, batch->n_rows);
    }
    firn_avro_rows_writer_destroy(writer);
    out->bytes = firn_arena_copy(arena, firn_buf_view(&file));
    firn_buf_dispose(&file);
    return st;
}

static firn_batch *batch_of(const firn_type *root, const char *lines)
{
    firn_error err = {0};
    firn_batch *batch = NULL;
    firn_ndjson_decoder *decoder = NULL;
    const firn_ndjson_opts opts = {0};
    size_t used = 0;
    assert_ok(firn_batch_create(root, 64, &batch, &err), &err);
    assert_ok(firn_ndjson_decoder_create(root, &opts, &decoder, &err), &err);
    assert_int_equal(
        firn_ndjson_decode(decoder, firn_str_of(lines), true, 64, batch, NULL, &used, &err),
        FIRN_DONE);
    firn_ndjson_decoder_destroy(decoder);
    return batch;
}

static void put_lines(const firn_batch *batch, firn_buf *out)
{
    for (int64_t r = 0; r < batch->n_rows; r++) {
        firn_canonical_row(out, batch, r);
        firn_buf_byte(out, '\n');
    }
}

static void read_lines(firn_str bytes, const firn_type *root, firn_avro_match match, firn_buf *out)
{
    firn_error err = {0};
    firn_avro_reader *reader = NULL;
    firn_avro_rows *rows = NULL;
    firn_batch *batch = NULL;
    assert_ok(firn_avro_reader_open(bytes, &reader, &err), &err);
    assert_ok(firn_avro_rows_open(reader, root, match, &rows, &err), &err);
    assert_ok(firn_batch_create(root, FIRN_BATCH_ROWS, &batch, &err), &err);
    for (;;) {
        firn_batch_reset(batch);
        const firn_status st = firn_avro_rows_next(rows, FIRN_BATCH_ROWS, batch, &err);
        if (st == FIRN_DONE) break;
        assert_ok(st, &err);
        put_lines(batch, out);
    }
    firn_batch_destroy(batch);
    firn_avro_rows_close(rows);
    firn_avro_reader_close(reader);
}

/* What was written is what is read, found by ids and by names. */
static void check_same(firn_arena *arena, const firn_type *root, const firn_batch *batch,
                       firn_codec codec)
{
    firn_error err = {0};
    written file;
    firn_buf want;
    const firn_avro_write_opts opts = {.codec = codec, .sync = {7, 8, 9}};
    firn_buf_init(&want, NULL, 0);
    put_lines(batch, &want);
    assert_ok(write_file(arena, root, batch, &opts, &file, &err), &err);
    for (int match = 0; match < 2; match++) {
        firn_buf got;
        firn_buf_init(&got, NULL, 0);
        read_lines(file.bytes, root, (firn_avro_match)match, &got);
        firn_buf_byte(&want, 0);
        assert_str(firn_buf_view(&got), want.data);
        want.len--;
        firn_buf_dispose(&got);
    }
    firn_buf_dispose(&want);
}

/* ---- tests ---- */

static void test_every_type_comes_back(void **state)
{
    const firn_type inner =
        struct_of((firn_field[]){FIELD(31, "x", &k_long), FIELD(32, "y", &k_string)}, 2);
    const firn_field element = FIELD(33, "element", &inner);
    const firn_type list = {.kind = FIRN_TYPE_LIST, .fields = &element, .n_fields = 1};
    const firn_type inner2 =
        struct_of((firn_field[]){FIELD(41, "x", &k_long), FIELD(42, "y", &k_string)}, 2);
    const firn_field element2 = FIELD(43, "element", &inner2);
    const firn_type list2 = {.kind = FIRN_TYPE_LIST, .fields = &element2, .n_fields = 1};
    const firn_field text_pair[] = {
        {.id = 34, .is_required = true, .name = FIRN_STR_INIT("key"), .type = &k_string},
        FIELD(35, "value", &list2)};
    const firn_type text_map = {.kind = FIRN_TYPE_MAP, .fields = text_pair, .n_fields = 2};
    const firn_field long_pair[] = {
        {.id = 36, .is_required = true, .name = FIRN_STR_INIT("key"), .type = &k_long},
        FIELD(37, "value", &k_double)};
    const firn_type long_map = {.kind = FIRN_TYPE_MAP, .fields = long_pair, .n_fields = 2};
    const firn_field fields[] = {
        FIELD(1, "b", TYPE(FIRN_TYPE_BOOLEAN)),
        FIELD(2, "i", TYPE(FIRN_TYPE_INT)),
        FIELD(3, "l", &k_long),
        FIELD(4, "f", TYPE(FIRN_TYPE_FLOAT)),
        FIELD(5, "d", &k_double),
        FIELD(6, "dec9", &k_decimal),
        FIELD(7, "dec18", TYPE(FIRN_TYPE_DECIMAL, .precision = 18, .scale = 4)),
        FIELD(8, "dec38", TYPE(FIRN_TYPE_DECIMAL, .precision = 38, .scale = 0)),
        FIELD(9, "day", TYPE(FIRN_TYPE_DATE)),
        FIELD(10, "t", TYPE(FIRN_TYPE_TIME)),
        FIELD(11, "ts", TYPE(FIRN_TYPE_TIMESTAMP)),
        FIELD(12, "tz", TYPE(FIRN_TYPE_TIMESTAMPTZ)),
        FIELD(13, "ns", TYPE(FIRN_TYPE_TIMESTAMP_NS)),
        FIELD(14, "nsz", TYPE(FIRN_TYPE_TIMESTAMPTZ_NS)),
        FIELD(15, "s", &k_string),
        FIELD(16, "u", TYPE(FIRN_TYPE_UUID)),
        FIELD(17, "fix", TYPE(FIRN_TYPE_FIXED, .length = 3)),
        FIELD(18, "bin", TYPE(FIRN_TYPE_BINARY)),
        FIELD(19, "st", &inner),
        FIELD(20, "li", &list),
        FIELD(21, "tm", &text_map),
        FIELD(22, "lm", &long_map),
        FIELD(23, "no", TYPE(FIRN_TYPE_UNKNOWN)),
        FIELD(24, "dec9b", &k_decimal), /* a fixed type twice */
    };
    const firn_type root = struct_of(fields, sizeof fields / sizeof *fields);
    firn_batch *batch = batch_of(
        &root,
        "{\"b\":true,\"i\":-2147483648,\"l\":9223372036854775807,\"f\":1.5,\"d\":-0.0,"
        "\"dec9\":-1234567.89,\"dec18\":\"99999999999999.9999\","
        "\"dec38\":\"-99999999999999999999999999999999999999\",\"day\":\"1969-12-31\","
        "\"t\":\"23:59:59.999999\",\"ts\":\"1900-01-01T00:00:00.000001\","
        "\"tz\":\"2026-01-02T03:04:05+02:00\",\"ns\":\"2000-01-01T00:00:00.123456789\","
        "\"nsz\":\"1970-01-01T00:00:00.000000001Z\",\"s\":\"grüße, lange Grüße\","
        "\"u\":\"00112233-4455-6677-8899-aabbccddeeff\",\"fix\":\"0a0b0c\",\"bin\":\"AAECAwQ=\","
        "\"st\":{\"x\":1,\"y\":null},\"li\":[{\"x\":1,\"y\":\"a\"},null,{\"x\":null,\"y\":\"b\"}],"
        "\"tm\":{\"one\":[{\"x\":7,\"y\":\"z\"}],\"none\":null,\"empty\":[]},"
        "\"lm\":{\"5\":0.5,\"-6\":null},\"no\":null,\"dec9b\":0.01}\n"
        "{}\n"
        "{\"b\":false,\"dec9\":0,\"dec38\":\"170141183460469231731\",\"st\":{},\"li\":[],"
        "\"tm\":{},\"lm\":{},\"s\":\"\",\"bin\":\"\"}\n");
    static const firn_codec k_codecs[] = {FIRN_CODEC_NONE, FIRN_CODEC_DEFLATE, FIRN_CODEC_ZSTD,
                                          FIRN_CODEC_AVRO_SNAPPY};
    assert_int_equal(batch->n_rows, 3);
    for (size_t i = 0; i < 4; i++) check_same(*state, &root, batch, k_codecs[i]);
    firn_batch_destroy(batch);
}

static firn_batch *views_of(const firn_type *root, const firn_str *values, size_t n)
{
    firn_error err = {0};
    firn_batch *batch = NULL;
    assert_ok(firn_batch_create(root, 8, &batch, &err), &err);
    for (size_t i = 0; i < n; i++) {
        firn_column *column = &batch->columns[0];
        if (!values[i].data)
            firn_column_set_null(column, (int64_t)i);
        else
            assert_ok(
                firn_column_copy_bytes(column, values[i], &((firn_view *)column->values)[i], &err),
                &err);
    }
    batch->n_rows = batch->columns[0].n_values = (int64_t)n;
    return batch;
}

static void test_variants_keep_their_bytes(void **state)
{
    static const firn_type k_variant = {.kind = FIRN_TYPE_VARIANT};
    const firn_field field = FIELD(1, "v", &k_variant);
    const firn_type root = struct_of(&field, 1);
    /* {"a": 1}, then the whole number 5 with metadata that has a name nobody uses */
    const firn_str values[] = {FIRN_STR_INIT("\x01\x01\x00\x01"
                                             "a\x02\x01\x00\x00\x02\x0c\x01"),
                               FIRN_STR_INIT(""), /* replaced below: null */
                               FIRN_STR_INIT("\x01\x01\x00\x01z\x0c\x05")};
    const firn_str with_null[] = {values[0], {0}, values[2]};
    firn_batch *batch = views_of(&root, with_null, 3);
    check_same(*state, &root, batch, FIRN_CODEC_DEFLATE);
    firn_batch_destroy(batch);
}

static void test_a_malformed_variant_is_refused(void **state)
{
    static const firn_type k_variant = {.kind = FIRN_TYPE_VARIANT};
    const firn_field field = FIELD(1, "v", &k_variant);
    const firn_type root = struct_of(&field, 1);
    const firn_str value = FIRN_STR_INIT("\x02\x00\x00");
    const firn_avro_write_opts opts = {.codec = FIRN_CODEC_NONE};
    firn_batch *batch = views_of(&root, &value, 1);
    firn_error err = {0};
    written file;
    assert_fails(write_file(*state, &root, batch, &opts, &file, &err), FIRN_ERR_CORRUPT, &err,
                 "variant metadata of version 2, expected 1");
    firn_batch_destroy(batch);
}

static void test_metrics_are_those_of_the_rows(void **state)
{
    const firn_type inner = struct_of((firn_field[]){FIELD(4, "x", &k_long)}, 1);
    const firn_field element = FIELD(6, "element", &k_long);
    const firn_type list = {.kind = FIRN_TYPE_LIST, .fields = &element, .n_fields = 1};
    const firn_field fields[] = {FIELD(1, "l", &k_long),   FIELD(2, "d", &k_double),
                                 FIELD(3, "s", &k_string), FIELD(5, "st", &inner),
                                 FIELD(7, "li", &list),    FIELD(8, "quiet", &k_long)};
    const firn_type root = struct_of(fields, 6);
    const firn_parquet_column_opts columns[] = {
        {.field_id = 3, .metrics = FIRN_METRICS_TRUNCATE, .truncate_length = 2},
        {.field_id = 8, .metrics = FIRN_METRICS_NONE}};
    const firn_avro_write_opts opts = {
        .codec = FIRN_CODEC_NONE, .columns = columns, .n_columns = 2};
    firn_batch *batch = batch_of(&root, "{\"l\":5,\"d\":0,\"s\":\"abc\",\"st\":{\"x\":-1}}\n"
                                        "{\"l\":null,\"d\":1,\"s\":\"zzz\",\"st\":null}\n"
                                        "{\"l\":-7,\"d\":2,\"s\":null,\"st\":{\"x\":9},"
                                        "\"li\":[1,2,3],\"quiet\":1}\n");
    ((double *)batch->columns[1].values)[1] = (double)NAN;
    firn_error err = {0};
    written file;
    assert_ok(write_file(*state, &root, batch, &opts, &file, &err), &err);
    const firn_column_metrics *m = file.metrics.columns;
    assert_int_equal(file.metrics.n_columns, 4); /* no lists, and not the quiet one */
    assert_int_equal(m[0].field_id, 1);
    assert_int_equal(m[0].value_count, 3);
    assert_int_equal(m[0].null_count, 1);
    assert_int_equal(m[0].nan_count, -1);
    assert_int_equal(m[0].column_size_bytes, -1);
    assert_memory_equal(m[0].lower.data, "\xf9\xff\xff\xff\xff\xff\xff\xff", 8);
    assert_memory_equal(m[0].upper.data, "\x05\0\0\0\0\0\0\0", 8);
    assert_int_equal(m[1].nan_count, 1);
    assert_memory_equal(m[1].lower.data, "\0\0\0\0\0\0\0\x80", 8); /* -0 */
    assert_memory_equal(m[1].upper.data, "\0\0\0\0\0\0\0\x40", 8);
    assert_str(m[2].lower, "ab");
    assert_str(m[2].upper, "z{");
    assert_int_equal(m[2].null_count, 1);
    assert_int_equal(m[3].field_id, 4);
    assert_int_equal(m[3].null_count, 1);
    assert_memory_equal(m[3].upper.data, "\x09\0\0\0\0\0\0\0", 8);
    firn_batch_destroy(batch);
}

static void test_the_bounds_of_geometries_are_boxes(void **state)
{
    static const firn_type k_geometry = {.kind = FIRN_TYPE_GEOMETRY};
    const firn_field field = FIELD(1, "g", &k_geometry);
    const firn_type root = struct_of(&field, 1);
    const firn_str values[] = {
        FIRN_STR_INIT("\x01\x01\0\0\0\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\0\x40"),  /* 1 2 */
        FIRN_STR_INIT("\x01\x01\0\0\0\0\0\0\0\0\0\0\xc0\0\0\0\0\0\0\x08\x40")}; /* -2 3 */
    const firn_avro_write_opts opts = {.codec = FIRN_CODEC_NONE};
    firn_batch *batch = views_of(&root, values, 2);
    firn_error err = {0};
    written file;
    assert_ok(write_file(*state, &root, batch, &opts, &file, &err), &err);
    const firn_column_metrics *m = file.metrics.columns;
    assert_int_equal(m->lower.len, 16);
    assert_memory_equal(m->lower.data, "\0\0\0\0\0\0\0\xc0\0\0\0\0\0\0\0\x40", 16); /* -2 2 */
    assert_memory_equal(m->upper.data, "\0\0\0\0\0\0\xf0\x3f\0\0\0\0\0\0\x08\x40", 16);
    check_same(*state, &root, batch, FIRN_CODEC_NONE);
    firn_batch_destroy(batch);
}

/* A column of decimals has room for more digits than its type: 4 bytes for decimal(4,2). */
static void test_a_decimal_of_too_many_digits_is_refused(void **state)
{
    static const struct {
        int32_t precision;
        firn_int128 good, bad;
    } k_cases[] = {
        {4, 9999, 10000},
        {4, -9999, -10000},
        {4, 0, 65536}, /* its lowest two bytes are a decimal */
        {9, 999999999, 1000000000},
        {10, 9999999999, 10000000000},
        {20, (firn_int128)10000000000 * 10000000000 - 1, (firn_int128)10000000000 * 10000000000},
        {20, 0, (firn_int128)1 << 100}};
    for (size_t i = 0; i < sizeof k_cases / sizeof k_cases[0]; i++) {
        const firn_type decimal = {
            .kind = FIRN_TYPE_DECIMAL, .precision = k_cases[i].precision, .scale = 2};
        const firn_field field = FIELD(1, "money", &decimal);
        const firn_type root = struct_of(&field, 1);
        const firn_avro_write_opts opts = {.codec = FIRN_CODEC_NONE};
        firn_error err = {0};
        firn_batch *batch = NULL;
        written file;
        assert_ok(firn_batch_create(&root, 8, &batch, &err), &err);
        batch->n_rows = batch->columns[0].n_values = 1;
        memcpy(batch->columns[0].values, &k_cases[i].good, firn_column_width(&decimal));
        check_same(*state, &root, batch, FIRN_CODEC_NONE);
        memcpy(batch->columns[0].values, &k_cases[i].bad, firn_column_width(&decimal));
        assert_fails(write_file(*state, &root, batch, &opts, &file, &err), FIRN_ERR_ARG, &err,
                     "column \"money\": decimal of more than");
        firn_batch_destroy(batch);
    }
}

static void test_a_null_in_a_required_column_is_refused(void **state)
{
    firn_field field = FIELD(1, "a", &k_long);
    firn_type root = struct_of(&field, 1);
    firn_batch *batch = batch_of(&root, "{\"a\":1}\n{\"a\":null}\n");
    const firn_avro_write_opts opts = {.codec = FIRN_CODEC_NONE};
    firn_error err = {0};
    written file;
    field.is_required = true;
    assert_fails(write_file(*state, &root, batch, &opts, &file, &err), FIRN_ERR_ARG, &err,
                 "null in required column \"a\"");
    firn_batch_destroy(batch);
}

static void test_names_that_avro_does_not_allow_are_spelled_out(void **state)
{
    firn_error err = {0};
    firn_buf json;
    firn_avro_schema const *schema = NULL;
    const firn_field fields[] = {FIELD(1, "order date", &k_long), FIELD(2, "1st", &k_decimal)};
    const firn_type root = struct_of(fields, 2);
    firn_buf_init(&json, NULL, 0);
    assert_ok(firn_avro_schema_of_type(&root, &json, &err), &err);
    assert_str(firn_buf_view(&json),
               "{\"type\":\"record\",\"name\":\"table\",\"fields\":[{\"name\":\"order_x20date\","
               "\"type\":[\"null\",\"long\"],\"default\":null,\"field-id\":1,"
               "\"iceberg-field-name\":\"order date\"},{\"name\":\"_1st\",\"type\":[\"null\","
               "{\"type\":\"fixed\",\"name\":\"f2\",\"size\":4,\"logicalType\":\"decimal\","
               "\"precision\":9,\"scale\":2}],\"default\":null,\"field-id\":2,"
               "\"iceberg-field-name\":\"1st\"}]}");
    assert_ok(firn_avro_schema_parse(firn_buf_view(&json), *state, &schema, &err), &err);
    firn_buf_dispose(&json);
}

/* A long file has blocks that readers share; each reads its part alone. */
static void test_parts_of_a_file_are_its_rows(void **state)
{
    const firn_field field = FIELD(1, "l", &k_long);
    const firn_type root = struct_of(&field, 1);
    firn_batch *batch = NULL;
    firn_error err = {0};
    written file;
    firn_avro_part *parts = NULL;
    size_t n_parts = 0;
    int64_t n = 0;
    int64_t next = 0;
    const firn_avro_write_opts opts = {.codec = FIRN_CODEC_NONE};
    assert_ok(firn_batch_create(&root, 100000, &batch, &err), &err);
    for (int64_t i = 0; i < 100000; i++) ((int64_t *)batch->columns[0].values)[i] = i;
    batch->n_rows = batch->columns[0].n_values = 100000;
    assert_ok(write_file(*state, &root, batch, &opts, &file, &err), &err);
    firn_batch_destroy(batch);
    assert_ok(firn_avro_split(file.bytes, 100000, *state, &parts, &n_parts, &err), &err);
    assert_true(n_parts > 1);
    for (size_t p = 0; p < n_parts; p++) {
        firn_avro_reader *reader = NULL;
        firn_cursor *c = NULL;
        assert_ok(firn_avro_reader_open(file.bytes, &reader, &err), &err);
        firn_avro_reader_limit(reader, &parts[p]);
        while (firn_avro_reader_next(reader, &c, &err) == FIRN_OK) {
            size_t branch = 0;
            int64_t v = -1;
            assert_ok(firn_avro_read_branch(c, 2, &branch, &err), &err);
            assert_ok(firn_avro_read_long(c, &v, &err), &err);
            assert_int_equal(v, next++);
        }
        n += parts[p].n_records;
        firn_avro_reader_close(reader);
    }
    assert_int_equal(n, 100000);
    assert_int_equal(next, 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_every_type_comes_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_variants_keep_their_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_malformed_variant_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_metrics_are_those_of_the_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_the_bounds_of_geometries_are_boxes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_decimal_of_too_many_digits_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_null_in_a_required_column_is_refused, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_names_that_avro_does_not_allow_are_spelled_out, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_parts_of_a_file_are_its_rows, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
