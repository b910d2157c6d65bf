/* SPDX-License-Identifier: Apache-2.0 */
/* What a decoder of text makes of its input: rows in columns a, b, c and lines that are bad. */
#ifndef FIRN_TEST_DECODED_TEXT_H
#define FIRN_TEST_DECODED_TEXT_H

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "firn/batch.h"
#include "firn_test.h"
#include "format/text/bad_line.h"

#define DECODED_ROWS 100
#define DECODED_BAD  64

typedef struct decoded_text {
    firn_field fields[4];
    firn_type root;
    firn_batch *batch;
    int64_t line_numbers[DECODED_ROWS];
    int n_bad;
    struct {
        int64_t line_number, byte_offset, error_offset;
        char reason[200];
        char text[200];
    } bad[DECODED_BAD];
} decoded_text;

static inline firn_status decoded_keep_bad(void *ctx, const firn_bad_line *line, firn_error *err)
{
    decoded_text *d = ctx;

    (void)err;
    assert_true(d->n_bad < DECODED_BAD);
    d->bad[d->n_bad].line_number = line->line_number;
    d->bad[d->n_bad].byte_offset = line->byte_offset;
    d->bad[d->n_bad].error_offset = line->error_offset;
    (void)snprintf(d->bad[d->n_bad].reason, 200, "%s", line->reason);
    (void)snprintf(d->bad[d->n_bad].text, 200, "%.*s", FIRN_STR_ARG(line->text));
    d->n_bad++;
    return FIRN_OK;
}

/* A batch of columns a, b, c of these types (NULL ends them); firn_batch_destroy frees it. */
static inline void decoded_text_init(decoded_text *d, const firn_type *a, const firn_type *b,
                                     const firn_type *c)
{
    static const firn_str k_names[] = {FIRN_STR_INIT("a"), FIRN_STR_INIT("b"), FIRN_STR_INIT("c")};
    const firn_type *types[] = {a, b, c};
    firn_error err = {0};

    memset(d, 0, sizeof *d);
    d->root.kind = FIRN_TYPE_STRUCT;
    d->root.fields = d->fields;
    for (size_t i = 0; i < 3 && types[i]; i++)
        d->fields[d->root.n_fields++] =
            (firn_field){.id = (int32_t)i + 1, .name = k_names[i], .type = types[i]};
    assert_ok(firn_batch_create(&d->root, 4, &d->batch, &err), &err);
}

/* expected NULL: null */
static inline void decoded_assert_text(const decoded_text *d, size_t column, int64_t row,
                                       const char *expected)
{
    const firn_value v = firn_column_get(&d->batch->columns[column], row);

    assert_int_equal(v.is_null, !expected);
    if (expected) assert_str(v.as.bytes, expected);
}

static inline void decoded_assert_bad(const decoded_text *d, int i, int64_t line,
                                      const char *reason)
{
    assert_true(i < d->n_bad);
    assert_int_equal(d->bad[i].line_number, line);
    if (!strstr(d->bad[i].reason, reason))
        fail_msg("\"%s\" not in \"%s\"", reason, d->bad[i].reason);
}

#endif
