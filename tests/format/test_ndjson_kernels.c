/* SPDX-License-Identifier: Apache-2.0 */
/* Every level of processor reads the same rows out of NDJSON and finds the same faults, on lines
 * that are made at random, good and bad, whole and in pieces. */
#include "firn_test.h"

#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "format/text/ndjson_kernels.h"

#define N_LEVELS 3

static const firn_type k_boolean = {.kind = FIRN_TYPE_BOOLEAN};
static const firn_type k_int = {.kind = FIRN_TYPE_INT};
static const firn_type k_double = {.kind = FIRN_TYPE_DOUBLE};
static const firn_type k_price = {.kind = FIRN_TYPE_DECIMAL, .precision = 12, .scale = 3};
static const firn_type k_string = {.kind = FIRN_TYPE_STRING};
static const firn_type k_date = {.kind = FIRN_TYPE_DATE};
static const firn_type k_time = {.kind = FIRN_TYPE_TIMESTAMPTZ};
static const firn_field k_element = {.id = 9, .name = FIRN_STR_INIT("element"), .type = &k_string};
static const firn_type k_list = {.kind = FIRN_TYPE_LIST, .fields = &k_element, .n_fields = 1};
static const firn_field k_inner[] = {{.id = 10, .name = FIRN_STR_INIT("x"), .type = &k_string},
                                     {.id = 11, .name = FIRN_STR_INIT("y"), .type = &k_int}};
static const firn_type k_struct = {.kind = FIRN_TYPE_STRUCT, .fields = k_inner, .n_fields = 2};

static const firn_field k_fields[] = {
    {.id = 1, .name = FIRN_STR_INIT("b"), .type = &k_boolean},
    {.id = 2, .name = FIRN_STR_INIT("number"), .type = &k_int},
    {.id = 3, .name = FIRN_STR_INIT("a_key_of_twenty_nine_letters_"), .type = &k_double},
    {.id = 4, .name = FIRN_STR_INIT("price"), .type = &k_price},
    {.id = 5, .name = FIRN_STR_INIT("text"), .type = &k_string},
    {.id = 6,
     .name = FIRN_STR_INIT("Gr\xC3\xB6\xC3\x9F"
                           "e"),
     .type = &k_string},
    {.id = 7, .name = FIRN_STR_INIT("when"), .type = &k_time},
    {.id = 8,
     .name = FIRN_STR_INIT("a key that is too long to be compared at once"),
     .type = &k_date},
    {.id = 12, .name = FIRN_STR_INIT("list"), .type = &k_list},
    {.id = 13, .name = FIRN_STR_INIT("inner"), .type = &k_struct},
};
#define N_FIELDS (sizeof k_fields / sizeof k_fields[0])
static const firn_type k_root = {
    .kind = FIRN_TYPE_STRUCT, .fields = k_fields, .n_fields = N_FIELDS};

/* ---- lines at random ---- */

static uint32_t draw(uint64_t *seed, uint32_t below)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((*seed >> 33) % below);
}

static void add_string(firn_buf *out, uint64_t *seed)
{
    static const char *const k_parts[] = {"\\n", "\\\"", "\\u00e9", "\xC3\xA9", "\\ud83d\\ude00"};
    const uint32_t n = draw(seed, 3) ? draw(seed, 16) : draw(seed, 100);
    const bool is_plain = draw(seed, 4) != 0;

    firn_buf_byte(out, '"');
    for (uint32_t i = 0; i < n; i++) {
        if (is_plain || draw(seed, 8))
            firn_buf_byte(out, (uint8_t)('a' + draw(seed, 26)));
        else
            firn_buf_str(out, firn_str_of(k_parts[draw(seed, 5)]));
    }
    firn_buf_byte(out, '"');
}

static void add_value(firn_buf *out, uint64_t *seed, size_t field)
{
    static const char *const k_values[N_FIELDS][4] = {
        {"true", "false", "null", "1"},
        {"0", "-17", "2147483648", "12"},
        {"1.5", "-0.25e3", "12345678901234567890", "\"no\""},
        {"59.91", "7", "\"12.5\"", "0.1234"},
        {"17", "{\"a\":[1,2]}", "null", "[ ]"},
        {"true", "null", "-", "1.0"},
        {"\"2026-01-05T10:11:12.345Z\"", "\"2026-01-05T00:00:00Z\"", "\"2026-02-30T00:00:00Z\"",
         "null"},
        {"\"2026-01-05\"", "\"1969-12-31\"", "null", "\"x\""},
        {"[]", "[\"a\",\"a string that is not inline\",null]", "null", "[\"a\",]"},
        {"{}", "{\"y\":5,\"x\":\"a string that is not inline\"}", "{\"x\":1}", "{\"y\":}"},
    };
    const bool is_text = k_fields[field].type == &k_string;

    if (is_text && draw(seed, 8))
        add_string(out, seed);
    else
        firn_buf_str(out,
                     firn_str_of(k_values[field][draw(seed, 8) ? draw(seed, 2) : draw(seed, 4)]));
}

static void add_line(firn_buf *out, uint64_t *seed, bool is_shuffled)
{
    const char *space = draw(seed, 16) ? "" : " ";
    const size_t from = is_shuffled ? draw(seed, N_FIELDS) : 0;
    const char *before = "{";

    for (size_t i = 0; i < N_FIELDS; i++) {
        const size_t field = (from + i * (from % 2 ? 3 : 1)) % N_FIELDS;
        if (draw(seed, 30) == 0) continue;
        firn_buf_str(out, firn_str_of(before));
        if (draw(seed, 40) == 0) firn_buf_str(out, FIRN_STR("\"unknown\":[{\"a\":\"\\u0041\"}],"));
        firn_buf_byte(out, '"');
        firn_buf_str(out, k_fields[field].name);
        firn_buf_str(out, FIRN_STR("\":"));
        firn_buf_str(out, firn_str_of(space));
        add_value(out, seed, field);
        before = *space ? ", " : ",";
    }
    if (*before == '{') firn_buf_byte(out, '{');
    firn_buf_str(out, draw(seed, 16) ? FIRN_STR("}\n") : FIRN_STR("} \r\n"));
    if (draw(seed, 50) == 0) firn_buf_str(out, FIRN_STR(" \n\n"));
}

/* Some bytes become others, which no line survives for sure. */
static void damage(firn_buf *text, uint64_t *seed)
{
    static const char k_bytes[] = "\"\\{}[]:,\n\t\x80\xFF\0 eE.-0";

    for (size_t n = text->len / 2000; n > 0; n--)
        text->data[draw(seed, (uint32_t)text->len)] = k_bytes[draw(seed, sizeof k_bytes - 1)];
}

/* ---- everything a decoder tells ---- */

static void tell_value(firn_buf *out, const firn_column *column, int64_t row)
{
    const size_t width = firn_column_width(column->type);
    const bool is_valid = firn_column_is_valid(column, row);

    firn_buf_byte(out, is_valid ? 'v' : '0');
    if (!is_valid) return;
    if (column->type->kind == FIRN_TYPE_STRUCT) {
        for (size_t i = 0; i < column->n_children; i++) tell_value(out, &column->children[i], row);
    } else if (column->type->kind == FIRN_TYPE_LIST) {
        const firn_list_entry entry = ((const firn_list_entry *)column->values)[row];
        firn_buf_append(out, &entry.length, sizeof entry.length);
        for (uint64_t i = 0; i < entry.length; i++)
            tell_value(out, &column->children[0], (int64_t)(entry.offset + i));
    } else if (column->type->kind == FIRN_TYPE_STRING) {
        const firn_view *view = (const firn_view *)column->values + row;
        firn_buf_append(out, &view->len, sizeof view->len);
        firn_buf_str(out, firn_view_str(view));
        /* The tail of a short view is zero. */
        if (view->len <= 12) firn_buf_append(out, view->as.inlined, sizeof view->as.inlined);
    } else {
        firn_buf_append(out, (const char *)column->values + (size_t)row * width, width);
    }
}

static firn_status tell_bad(void *ctx, const firn_bad_line *line, firn_error *err)
{
    firn_buf *out = ctx;

    firn_buf_printf(out, "[%lld %lld %lld %s]", (long long)line->line_number,
                    (long long)line->byte_offset, (long long)line->error_offset, line->reason);
    return firn_buf_check(out, err);
}

/* bytes: a copy without anything behind it, so that the sanitizer sees what is read there */
static firn_status decode_piece(firn_ndjson_decoder *decoder, firn_str bytes, bool is_last,
                                firn_batch *batch, size_t *used)
{
    int64_t lines[64];
    char *copy = firn_mem_alloc(NULL, bytes.len + 1);
    char *start = copy + 1; /* not aligned */
    firn_error err = {0};
    firn_status st;

    memcpy(start, bytes.data, bytes.len);
    firn_batch_reset(batch);
    st = firn_ndjson_decode(decoder, (firn_str){start, bytes.len}, is_last, 64, batch, lines, used,
                            &err);
    if (st != FIRN_DONE && st != FIRN_NEED_MORE) assert_ok(st, &err);
    firn_mem_free(NULL, copy);
    return st;
}

static void tell_rows(firn_buf *rows, const firn_batch *batch)
{
    for (int64_t row = 0; row < batch->n_rows; row++) {
        for (size_t i = 0; i < batch->n_columns; i++) tell_value(rows, &batch->columns[i], row);
        firn_buf_byte(rows, '\n');
    }
}

/* Rows and bad lines of text in pieces of this size. Returns the number of rows. */
static int64_t tell(unsigned levels_off, firn_str text, size_t piece, firn_buf *rows, firn_buf *bad)
{
    const firn_ndjson_opts opts = {
        .on_bad_line = tell_bad, .ctx = bad, .max_line_bytes = 900, .cpu_levels_off = levels_off};
    firn_ndjson_decoder *decoder = NULL;
    firn_batch *batch = NULL;
    firn_status st = FIRN_NEED_MORE;
    int64_t n_rows = 0;
    size_t at = 0;
    size_t end = 0;
    firn_error err = {0};

    assert_ok(firn_ndjson_decoder_create(&k_root, &opts, &decoder, &err), &err);
    assert_ok(firn_batch_create(&k_root, 64, &batch, &err), &err);
    while (st != FIRN_DONE) {
        size_t used = 0;
        if (st == FIRN_NEED_MORE) end = text.len - end < piece ? text.len : end + piece;
        st = decode_piece(decoder, (firn_str){text.data + at, end - at}, end == text.len, batch,
                          &used);
        at += used;
        n_rows += batch->n_rows;
        tell_rows(rows, batch);
    }
    assert_int_equal(at, text.len);
    firn_batch_destroy(batch);
    firn_ndjson_decoder_destroy(decoder);
    return n_rows;
}

static void assert_same(const firn_buf *a, const firn_buf *b)
{
    assert_int_equal(a->len, b->len);
    assert_memory_equal(a->data, b->data, a->len);
}

/* All levels, whole and in pieces, against plain C on the whole. Returns the number of rows. */
static int64_t assert_levels_agree(firn_str text, size_t piece)
{
    firn_buf rows[2];
    firn_buf bad[2];
    int64_t n_rows = 0;

    for (int i = 0; i < 2; i++) {
        firn_buf_init(&rows[i], NULL, (size_t)64 << 20);
        firn_buf_init(&bad[i], NULL, (size_t)64 << 20);
    }
    n_rows = tell(N_LEVELS, text, text.len, &rows[0], &bad[0]);
    for (unsigned off = 0; off < N_LEVELS; off++) {
        for (int whole = 0; whole < 2; whole++) {
            firn_buf_clear(&rows[1]);
            firn_buf_clear(&bad[1]);
            assert_int_equal(tell(off, text, whole ? text.len : piece, &rows[1], &bad[1]), n_rows);
            assert_same(&rows[0], &rows[1]);
            assert_same(&bad[0], &bad[1]);
        }
    }
    for (int i = 0; i < 2; i++) {
        firn_buf_dispose(&rows[i]);
        firn_buf_dispose(&bad[i]);
    }
    return n_rows;
}

static void test_levels_agree_on_random_lines(void **state)
{
    int64_t n_rows = 0;

    (void)state;
    for (uint64_t seed = 1; seed <= 24; seed++) {
        uint64_t random = seed;
        firn_buf text;
        firn_buf_init(&text, NULL, (size_t)1 << 20);
        for (int i = 0; i < 120; i++) add_line(&text, &random, seed % 3 == 0);
        if (seed % 2 == 0) damage(&text, &random);
        if (seed % 5 == 0) text.len -= 2; /* no newline at the end */
        n_rows += assert_levels_agree(firn_buf_view(&text), 1 + draw(&random, 3000));
        firn_buf_dispose(&text);
    }
    assert_in_range(n_rows, 24 * 40, 24 * 110); /* neither all bad nor all good */
}

/* More than one block of what is checked to be ASCII at once, with other letters far apart. */
static void test_levels_agree_where_ascii_ends(void **state)
{
    (void)state;
    for (size_t gap = 100; gap < 140; gap += 13) {
        firn_buf text;
        firn_buf_init(&text, NULL, (size_t)1 << 20);
        for (size_t i = 0; i < 1200; i++)
            firn_buf_str(&text, i % gap < gap - 1     ? FIRN_STR("{\"text\":\"a line of ascii\"}\n")
                                : i % (2 * gap) > gap ? FIRN_STR("{\"text\":\"\xC3\xA9\"}\n")
                                                      : FIRN_STR("{\"text\":\"\xC3\"}\n"));
        assert_in_range(assert_levels_agree(firn_buf_view(&text), 5000), 1180, 1199);
        firn_buf_dispose(&text);
    }
}

static const char *find_stop(const char *p)
{
    while ((uint8_t)*p >= 0x20 && *p != '"' && *p != '\\') p++;
    return p;
}

static bool find_no_high(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((uint8_t)p[i] >= 0x80) return false;
    return true;
}

static void test_scans_find_the_byte_at_every_offset(void **state)
{
    static const char k_stops[] = "\"\\\n\x1f\x01";
    static const char k_others[] = " !#[]\x7f\x80\xff\xa2\xdc\x8a";
    char bytes[400];

    (void)state;
    for (unsigned off = 0; off < N_LEVELS; off++) {
        const ndjson_kernels *kernels = ndjson_kernels_below(off);
        for (size_t at = 0; at < 300; at++) {
            for (size_t i = 0; i < sizeof bytes; i++)
                bytes[i] = k_others[i * 7 % (sizeof k_others - 1)];
            bytes[at] = k_stops[at % (sizeof k_stops - 1)];
            bytes[at + 1] = '"';
            assert_ptr_equal(kernels->string_stop(bytes), find_stop(bytes));
            memset(bytes, 'a', sizeof bytes);
            bytes[at] = '\x80';
            for (size_t n = at > 2 ? at - 2 : 0; n < at + 3; n++)
                assert_int_equal(kernels->is_ascii(bytes, n), find_no_high(bytes, n));
        }
    }
}

static void test_levels_end_with_plain_c(void **state)
{
    (void)state;
    assert_int_equal(ndjson_kernels_below(0)->level, firn_cpu_best());
    assert_int_equal(ndjson_kernels_below(N_LEVELS)->level, FIRN_CPU_PORTABLE);
    assert_int_equal(ndjson_kernels_below(1000)->level, FIRN_CPU_PORTABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels_agree_on_random_lines),
        cmocka_unit_test(test_levels_agree_where_ascii_ends),
        cmocka_unit_test(test_scans_find_the_byte_at_every_offset),
        cmocka_unit_test(test_levels_end_with_plain_c),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
