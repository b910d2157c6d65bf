/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/maintain/table_views.h"

#include "base/error.h"
#include "iceberg/txn/snapshot_update.h"

void firn_table_views_init(firn_table_views *views, const firn_table *table, firn_arena *arena)
{
    *views = (firn_table_views){.table = table, .arena = arena};
}

firn_status firn_table_views_load(firn_table_views *views, firn_error *err)
{
    firn_table *view = NULL;
    FIRN_TRY(firn_table_open(firn_table_env(views->table), firn_table_store(views->table),
                             firn_table_catalog(views->table), firn_table_ident(views->table),
                             &view, err));
    firn_table **slot =
        firn_arena_push(views->arena, &views->items, &views->n, &views->cap, sizeof *slot);
    if (!slot) {
        firn_table_close(view);
        return firn_fail_nomem(err);
    }
    *slot = view;
    return FIRN_OK;
}

const firn_table_metadata *firn_table_views_metadata(const firn_table_views *views)
{
    return firn_table_metadata_of(views->items[views->n - 1]);
}

firn_status firn_table_views_head(const firn_table_views *views, firn_str branch,
                                  const firn_snapshot **out, firn_error *err)
{
    const firn_table_metadata *m = firn_table_views_metadata(views);
    *out = firn_metadata_current_snapshot(m);
    if (branch.len == 0) return FIRN_OK;
    const firn_snapshot_ref *ref = firn_metadata_find_ref(m, branch);
    if (!ref || ref->is_tag)
        return firn_fail(err, FIRN_ERR_NOT_FOUND, "the table has no branch \"%.*s\"",
                         FIRN_STR_ARG(branch));
    *out = firn_metadata_find_snapshot(m, ref->snapshot_id);
    return FIRN_OK;
}

void firn_table_views_close(firn_table_views *views)
{
    for (size_t i = 0; i < views->n; i++) firn_table_close(views->items[i]);
    views->n = 0;
}
