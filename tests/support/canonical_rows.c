/* SPDX-License-Identifier: Apache-2.0 */
#include "canonical_rows.h"

#include <md5.h>
#include <stdlib.h>

#include "base/str.h"
#include "firn_test.h"
#include "format/inspect/canonical.h"

void firn_test_lines_add(firn_test_lines *lines, const firn_batch *batch, int64_t row)
{
    firn_buf buf;
    firn_buf_init(&buf, NULL, (size_t)64 << 20);
    firn_canonical_row(&buf, batch, row);
    assert_int_equal(firn_buf_check(&buf, NULL), FIRN_OK);
    firn_str *slot =
        firn_arena_push(lines->arena, &lines->lines, &lines->n, &lines->cap, sizeof *slot);
    assert_non_null(slot);
    *slot = firn_arena_copy(lines->arena, firn_buf_view(&buf));
    assert_non_null(slot->data);
    firn_buf_dispose(&buf);
}

static int compare_lines(const void *a, const void *b)
{
    return firn_str_compare(*(const firn_str *)a, *(const firn_str *)b);
}

void firn_test_lines_md5(firn_test_lines *lines, char out[33])
{
    MD5_CTX md5;
    MD5Init(&md5);
    if (lines->n > 0) qsort(lines->lines, lines->n, sizeof *lines->lines, compare_lines);
    for (size_t i = 0; i < lines->n; i++) {
        MD5Update(&md5, (const uint8_t *)lines->lines[i].data, lines->lines[i].len);
        MD5Update(&md5, (const uint8_t *)"\n", 1);
    }
    (void)MD5End(&md5, out);
}
