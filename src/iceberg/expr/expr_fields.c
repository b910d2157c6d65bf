/* SPDX-License-Identifier: Apache-2.0 */
/* Which fields an expression looks at. Chains of AND and OR may be long, so the walk keeps a stack
 * of its own. */

#include "base/error.h"
#include "base/ids.h"
#include "iceberg/expr/expr.h"

firn_status firn_expr_field_ids(const firn_expr *expr, firn_arena *arena, const int32_t **out,
                                size_t *n_out, firn_error *err)
{
    const firn_expr **open = NULL;
    int32_t *ids = NULL;
    size_t n_open = 0;
    size_t cap_open = 0;
    size_t n = 0;
    size_t cap = 0;
    const firn_expr *next = expr;
    while (next || n_open > 0) {
        const firn_expr *e = next ? next : open[--n_open];
        next = e->left;
        if (e->right) {
            const firn_expr **slot =
                firn_arena_push(arena, &open, &n_open, &cap_open, sizeof *slot);
            if (!slot) return firn_fail_nomem(err);
            *slot = e->right;
        }
        if (e->field_id <= 0) continue;
        int32_t *id = firn_arena_push(arena, &ids, &n, &cap, sizeof *id);
        if (!id) return firn_fail_nomem(err);
        *id = e->field_id;
    }
    firn_ids_sort(ids, n);
    *out = ids;
    *n_out = n;
    return FIRN_OK;
}
