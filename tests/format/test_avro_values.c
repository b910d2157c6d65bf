/* SPDX-License-Identifier: Apache-2.0 */
/* Values of Avro files by other writers, rendered as text and compared with the corpus's own
 * rendering: every type in every codec. */
#include "firn_test.h"

#include <math.h>
#include <string.h>

#include "base/str.h"
#include "corpus.h"
#include "format/avro.h"
#include "format/json.h"

static void render(firn_buf *out, firn_cursor *c, const firn_avro_schema *schema);

static void render_double(firn_buf *out, double value, int digits)
{
    if (isnan(value))
        firn_buf_cstr(out, "NaN");
    else if (isinf(value))
        firn_buf_cstr(out, value < 0 ? "-Infinity" : "Infinity");
    else
        firn_buf_printf(out, "%.*g", digits, value);
}

static void render_hex(firn_buf *out, firn_str bytes)
{
    firn_buf_byte(out, '"');
    for (size_t i = 0; i < bytes.len; i++) firn_buf_printf(out, "%02x", (uint8_t)bytes.data[i]);
    firn_buf_byte(out, '"');
}

static void render_text(firn_buf *out, firn_str text, bool is_uuid)
{
    firn_buf_byte(out, '"');
    for (size_t i = 0; i < text.len; i++) {
        const uint8_t b = (uint8_t)text.data[i];
        if (is_uuid && b == '-') continue;
        if (b < 0x20) {
            firn_buf_printf(out, "\\u%04x", b);
            continue;
        }
        if (b == '"' || b == '\\') firn_buf_byte(out, '\\');
        firn_buf_byte(out, b);
    }
    firn_buf_byte(out, '"');
}

static void render_record(firn_buf *out, firn_cursor *c, const firn_avro_schema *schema)
{
    for (size_t i = 0; i < schema->n_fields; i++) {
        firn_buf_printf(out, "%c\"%.*s\":", i ? ',' : '{', FIRN_STR_ARG(schema->fields[i].name));
        render(out, c, schema->fields[i].schema);
    }
    firn_buf_byte(out, '}');
}

static void render_items(firn_buf *out, firn_cursor *c, const firn_avro_schema *schema)
{
    const bool is_map = schema->kind == FIRN_AVRO_MAP;
    const firn_avro_schema *item = schema->fields[0].schema;
    int64_t n = 0;
    bool is_first = true;

    firn_buf_byte(out, is_map ? '{' : '[');
    for (;;) {
        assert_int_equal(firn_avro_read_block_count(c, item->min_bytes, &n, NULL), FIRN_OK);
        if (n == 0) break;
        for (int64_t i = 0; i < n; i++) {
            firn_str key = {0};
            if (!is_first) firn_buf_byte(out, ',');
            is_first = false;
            if (is_map) {
                assert_int_equal(firn_avro_read_bytes(c, &key, NULL), FIRN_OK);
                render_text(out, key, false);
                firn_buf_byte(out, ':');
            }
            render(out, c, item);
        }
    }
    firn_buf_byte(out, is_map ? '}' : ']');
}

static void render_fixed_width(firn_buf *out, firn_cursor *c, const firn_avro_schema *schema)
{
    uint32_t bits32 = 0;
    uint64_t bits64 = 0;
    uint8_t byte = 0;
    float f = 0;
    double d = 0;

    switch (schema->kind) {
    case FIRN_AVRO_BOOLEAN:
        assert_int_equal(firn_cursor_u8(c, &byte, NULL), FIRN_OK);
        firn_buf_cstr(out, byte ? "true" : "false");
        return;
    case FIRN_AVRO_FLOAT:
        assert_int_equal(firn_cursor_u32le(c, &bits32, NULL), FIRN_OK);
        memcpy(&f, &bits32, 4);
        render_double(out, (double)f, 9);
        return;
    default:
        assert_int_equal(firn_cursor_u64le(c, &bits64, NULL), FIRN_OK);
        memcpy(&d, &bits64, 8);
        render_double(out, d, 17);
        return;
    }
}

static void render_bytes(firn_buf *out, firn_cursor *c, const firn_avro_schema *schema)
{
    const bool is_uuid = firn_str_equals(schema->logical_type, FIRN_STR("uuid"));
    firn_str bytes = {0};

    if (schema->kind == FIRN_AVRO_FIXED)
        assert_int_equal(firn_cursor_take(c, (uint64_t)schema->size, &bytes, NULL), FIRN_OK);
    else
        assert_int_equal(firn_avro_read_bytes(c, &bytes, NULL), FIRN_OK);
    if (schema->kind == FIRN_AVRO_STRING)
        render_text(out, bytes, is_uuid);
    else
        render_hex(out, bytes);
}

static void render(firn_buf *out, firn_cursor *c, const firn_avro_schema *schema)
{
    int64_t number = 0;
    size_t branch = 0;

    switch (schema->kind) {
    case FIRN_AVRO_NULL: firn_buf_cstr(out, "null"); return;
    case FIRN_AVRO_INT:
    case FIRN_AVRO_LONG:
        assert_int_equal(firn_cursor_zigzag(c, &number, NULL), FIRN_OK);
        firn_buf_printf(out, "%lld", (long long)number);
        return;
    case FIRN_AVRO_ENUM:
        assert_int_equal(firn_cursor_zigzag(c, &number, NULL), FIRN_OK);
        render_text(out, schema->symbols[number], false);
        return;
    case FIRN_AVRO_UNION:
        assert_int_equal(firn_avro_read_branch(c, schema->n_fields, &branch, NULL), FIRN_OK);
        render(out, c, schema->fields[branch].schema);
        return;
    case FIRN_AVRO_RECORD: render_record(out, c, schema); return;
    case FIRN_AVRO_ARRAY:
    case FIRN_AVRO_MAP: render_items(out, c, schema); return;
    case FIRN_AVRO_BYTES:
    case FIRN_AVRO_STRING:
    case FIRN_AVRO_FIXED: render_bytes(out, c, schema); return;
    case FIRN_AVRO_BOOLEAN:
    case FIRN_AVRO_FLOAT:
    case FIRN_AVRO_DOUBLE: render_fixed_width(out, c, schema); return;
    }
}

/* The first lines of the file are those of the expected document. Returns how many. */
static size_t check_lines(const char *name, firn_str bytes, const json_t *expected)
{
    firn_avro_reader *reader = NULL;
    firn_avro_block block = {0};
    firn_error err = {0};
    firn_buf out;
    size_t n = 0;

    firn_buf_init(&out, NULL, 1000000);
    assert_ok(firn_avro_reader_open(bytes, &reader, &err), &err);
    while (n < json_array_size(expected) &&
           firn_avro_reader_next(reader, &block, &err) == FIRN_OK) {
        firn_cursor c = firn_cursor_of(block.data, 0);
        for (int64_t i = 0; i < block.n_records && n < json_array_size(expected); i++) {
            const json_t *line = json_array_get(expected, n++);
            firn_buf_clear(&out);
            render(&out, &c, firn_avro_reader_schema(reader));
            if (!firn_str_equals(firn_buf_view(&out),
                                 (firn_str){json_string_value(line), json_string_length(line)}))
                fail_msg("%s, record %zu:\n%.*s\n%s", name, n, (int)out.len, out.data,
                         json_string_value(line));
        }
    }
    assert_int_equal(n, json_array_size(expected));
    firn_avro_reader_close(reader);
    firn_buf_dispose(&out);
    return n;
}

static void test_values_of_every_type_and_codec(void **state)
{
    static const char *const k_codecs[] = {"null", "deflate", "snappy", "zstandard"};
    static const char *const k_counts[] = {"n0", "n1", "n500", "n3000"};
    firn_arena *arena = firn_arena_create(NULL, 0);
    size_t n = 0;

    (void)state;
    if (!corpus_path(arena, "own-binary")) {
        firn_arena_destroy(arena);
        skip();
    }
    for (size_t i = 0; i < 16; i++) {
        const char *name =
            firn_arena_printf(arena, "avro/all_types_%s_%s.avro", k_codecs[i / 4], k_counts[i % 4])
                .data;
        const char *file = firn_arena_printf(arena, "own-binary/%s", name).data;
        const char *values = firn_arena_printf(arena, "own-binary/expected/%s.json", name).data;
        firn_error err = {0};
        json_t *doc = NULL;
        json_t *lines = NULL;
        assert_ok(
            firn_json_parse(corpus_read(arena, corpus_path(arena, values)), arena, &doc, &err),
            &err);
        assert_ok(firn_json_get_array(doc, "first_lines", &lines, &err), &err);
        n += check_lines(name, corpus_read(arena, corpus_path(arena, file)), lines);
    }
    assert_true(n >= 12);
    firn_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_of_every_type_and_codec),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
