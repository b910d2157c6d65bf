/* SPDX-License-Identifier: Apache-2.0 */
#include "filter_parser.h"

#include "base/str.h"
#include "firn_test.h"
#include "iceberg/expr/expr_parse.h"

const firn_expr *firn_test_filter(firn_arena *arena, const char *text)
{
    firn_error err = {0};
    const firn_expr *e = NULL;
    assert_ok(firn_expr_parse(firn_str_of(text), arena, &e, &err), &err);
    return e;
}
