/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/txn/catalog_walk.h"

#include "base/error.h"

firn_status firn_catalog_namespaces(const firn_catalog *catalog, const firn_ident *top,
                                    firn_arena *arena, firn_ident **out, size_t *n_out,
                                    firn_error *err)
{
    const firn_catalog_ops *ops = firn_catalog_get_ops(catalog);
    firn_ident *queue = NULL;
    size_t n = 0;
    size_t cap = 0;
    firn_ident *slot = firn_arena_push(arena, &queue, &n, &cap, sizeof *slot);
    if (!slot) return firn_fail_nomem(err);
    *slot = *top;
    for (size_t i = 0; i < n; i++) {
        const firn_ident ns = queue[i];
        firn_ident *below = NULL;
        size_t n_below = 0;
        FIRN_TRY(
            ops->list_namespaces(firn_catalog_ctx(catalog), &ns, arena, &below, &n_below, err));
        for (size_t k = 0; k < n_below; k++) {
            slot = firn_arena_push(arena, &queue, &n, &cap, sizeof *slot);
            if (!slot) return firn_fail_nomem(err);
            *slot = below[k];
        }
    }
    const size_t first = top->n_levels > 0 ? 0 : 1;
    *out = queue + first;
    *n_out = n - first;
    return FIRN_OK;
}
