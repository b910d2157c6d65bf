/* SPDX-License-Identifier: Apache-2.0 */
/* Limits on text that nobody set: each just below, at and above it. */
#include "firn_test.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/limits.h"
#include "decoded_text.h"
#include "format/text/csv.h"
#include "format/text/ndjson.h"
#include "format/text/ndjson_infer.h"

static const firn_type k_string = {.kind = FIRN_TYPE_STRING};

/* ---- bytes of a line ---- */

/* n bytes: head, a text of letters, tail. */
static void put_line(firn_buf *out, const char *head, size_t n, const char *tail)
{
    const size_t rest = n - strlen(head) - strlen(tail);
    firn_buf_cstr(out, head);
    memset(firn_buf_reserve(out, rest), 'x', rest);
    out->len += rest;
    firn_buf_cstr(out, tail);
    assert_int_equal(firn_buf_check(out, NULL), FIRN_OK);
}

static firn_status decode_json(decoded_text *d, firn_str text, firn_error *err)
{
    const firn_ndjson_opts opts = {.on_bad_line = decoded_keep_bad, .ctx = d};
    firn_ndjson_decoder *decoder = NULL;
    size_t used = 0;
    assert_ok(firn_ndjson_decoder_create(&d->root, &opts, &decoder, err), err);
    const firn_status st = firn_ndjson_decode(decoder, text, true, DECODED_ROWS, d->batch,
                                              d->line_numbers, &used, err);
    firn_ndjson_decoder_destroy(decoder);
    return st;
}

static firn_status decode_csv(decoded_text *d, firn_str text, firn_error *err)
{
    const firn_csv_opts opts = {.on_bad_line = decoded_keep_bad, .ctx = d};
    firn_csv_decoder *decoder = NULL;
    size_t used = 0;
    assert_ok(firn_csv_decoder_create(&d->root, &opts, &decoder, err), err);
    const firn_status st =
        firn_csv_decode(decoder, text, true, DECODED_ROWS, d->batch, d->line_numbers, &used, err);
    firn_csv_decoder_destroy(decoder);
    return st;
}

typedef firn_status (*decode_fn)(decoded_text *d, firn_str text, firn_error *err);

static void check_long_line(decode_fn decode, size_t limit, const char *header, const char *head,
                            const char *tail, const char *reason)
{
    for (size_t n = limit - 1; n <= limit + 1; n++) {
        const bool is_over = n > limit;
        decoded_text d;
        firn_error err = {0};
        firn_buf text;
        decoded_text_init(&d, &k_string, NULL, NULL);
        firn_buf_init(&text, NULL, 0);
        firn_buf_cstr(&text, header);
        put_line(&text, head, n, tail);
        firn_buf_byte(&text, '\n');
        put_line(&text, head, 20, tail);
        assert_int_equal(decode(&d, firn_buf_view(&text), &err), FIRN_DONE);
        assert_int_equal(d.batch->n_rows, is_over ? 1 : 2); /* the next line is read anyway */
        assert_int_equal(d.n_bad, is_over);
        const firn_view *first = d.batch->columns[0].values;
        assert_int_equal(first->len, (is_over ? 20 : n) - strlen(head) - strlen(tail));
        if (is_over) decoded_assert_bad(&d, 0, header[0] ? 2 : 1, reason);
        firn_buf_dispose(&text);
        firn_batch_destroy(d.batch);
    }
}

static void test_a_line_of_json_has_16_mib(void **state)
{
    (void)state;
    check_long_line(decode_json, FIRN_LIMIT_JSON_LINE, "", "{\"a\":\"", "\"}",
                    "line longer than 16777216 bytes");
}

static void test_a_row_of_csv_has_16_mib(void **state)
{
    (void)state;
    check_long_line(decode_csv, FIRN_LIMIT_CSV_ROW, "a\n", "", "",
                    "row longer than 16777216 bytes");
}

/* ---- fields ---- */

static void test_a_row_of_csv_has_as_many_fields_as_a_table_columns(void **state)
{
    (void)state;
    for (size_t n = FIRN_LIMIT_COLUMNS - 1; n <= FIRN_LIMIT_COLUMNS + 1; n++) {
        decoded_text d;
        firn_error err = {0};
        firn_buf text;
        decoded_text_init(&d, &k_string, NULL, NULL);
        firn_buf_init(&text, NULL, 0);
        firn_buf_cstr(&text, "a\n");
        for (size_t i = 1; i < n; i++) firn_buf_byte(&text, ',');
        firn_buf_cstr(&text, "\nx\n");
        assert_int_equal(decode_csv(&d, firn_buf_view(&text), &err), FIRN_DONE);
        assert_int_equal(d.batch->n_rows, 1);
        assert_int_equal(d.n_bad, 1);
        decoded_assert_bad(&d, 0, 2,
                           n > FIRN_LIMIT_COLUMNS ? "row of more than 100000 fields"
                                                  : "fields, expected 1");
        firn_buf_dispose(&text);
        firn_batch_destroy(d.batch);
    }
}

static void test_keys_that_are_found_are_as_many_as_columns(void **state)
{
    (void)state;
    for (size_t n = FIRN_LIMIT_COLUMNS - 1; n <= FIRN_LIMIT_COLUMNS + 1; n++) {
        firn_arena *arena = firn_arena_create(NULL, 0);
        const firn_type *root = NULL;
        firn_error err = {0};
        firn_buf text;
        firn_buf_init(&text, NULL, 0);
        for (size_t i = 0; i < n; i++) firn_buf_printf(&text, "%c\"k%zu\":1", i ? ',' : '{', i);
        firn_buf_byte(&text, '}');
        const firn_status st = firn_ndjson_infer(firn_buf_view(&text), true, 0, arena, &root, &err);
        if (n > FIRN_LIMIT_COLUMNS) {
            assert_fails(st, FIRN_ERR_LIMIT, &err, "more than 100000 keys in an object");
        } else {
            assert_ok(st, &err);
            assert_int_equal(root->n_fields, n);
            assert_str(root->fields[n - 1].name, n == FIRN_LIMIT_COLUMNS ? "k99999" : "k99998");
        }
        firn_buf_dispose(&text);
        firn_arena_destroy(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_line_of_json_has_16_mib),
        cmocka_unit_test(test_a_row_of_csv_has_16_mib),
        cmocka_unit_test(test_a_row_of_csv_has_as_many_fields_as_a_table_columns),
        cmocka_unit_test(test_keys_that_are_found_are_as_many_as_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
