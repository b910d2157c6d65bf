/* SPDX-License-Identifier: Apache-2.0 */
/* Procedures about names of tables and about their statistics. */
#include "base/error.h"
#include "base/str.h"
#include "iceberg/maintain/partition_statistics.h"
#include "iceberg/maintain/procedures/procedure.h"
#include "iceberg/maintain/table_statistics.h"
#include "iceberg/txn/file_places.h"

static firn_status give_registered(firn_procedure_call *call, const firn_snapshot *current,
                                   firn_error *err)
{
    firn_value *row = firn_call_row(call);
    if (!row) return firn_fail_nomem(err);
    if (!current) return FIRN_OK;
    firn_cell_set_i64(&row[0], current->snapshot_id);
    const firn_str keys[] = {FIRN_STR("total-records"), FIRN_STR("total-data-files")};
    for (size_t i = 0; i < 2; i++) {
        const int64_t n = firn_properties_get_i64(&current->summary, keys[i], -1);
        if (n >= 0) firn_cell_set_i64(&row[i + 1], n);
    }
    return FIRN_OK;
}

/* The file is read before the name is given away. */
firn_status firn_procedure__register_table(firn_procedure_call *call, firn_error *err)
{
    const firn_catalog_ops *ops = firn_catalog_get_ops(call->catalog);
    const firn_str file = firn_call_text(call, 0);
    firn_store_entry entry;
    firn_table *table = NULL;
    call->failed_argument = 0;
    if (!call->allows_files) FIRN_TRY(firn_check_place(call->catalog, file, call->arena, err));
    call->failed_argument = SIZE_MAX;
    firn_status st = firn_store_stat(call->store, file, &entry, err);
    if (st != FIRN_OK) {
        call->failed_argument = 0;
        return firn_error_wrap(err, st, "metadata_file");
    }
    FIRN_TRY(ops->register_table(firn_catalog_ctx(call->catalog), &call->ident, file, err));
    FIRN_TRY(firn_table_open(call->env, call->store, call->catalog, &call->ident, &table, err));
    st = give_registered(call, firn_metadata_current_snapshot(firn_table_metadata_of(table)), err);
    firn_table_close(table);
    return st;
}

firn_status firn_procedure__unregister_table(firn_procedure_call *call, firn_error *err)
{
    const firn_catalog_ops *ops = firn_catalog_get_ops(call->catalog);
    FIRN_TRY(ops->drop_table(firn_catalog_ctx(call->catalog), &call->ident, err));
    firn_value *row = firn_call_row(call);
    if (!row) return firn_fail_nomem(err);
    firn_cell_set_text(&row[0],
                       firn_arena_copy(call->arena, firn_table_metadata_location(call->table)));
    return row[0].as.bytes.data ? FIRN_OK : firn_fail_nomem(err);
}

/* No row where there is no file. */
static firn_status give_path(firn_procedure_call *call, firn_str path, firn_error *err)
{
    if (path.len == 0) return FIRN_OK;
    firn_value *row = firn_call_row(call);
    if (!row) return firn_fail_nomem(err);
    firn_cell_set_text(&row[0], path);
    return FIRN_OK;
}

firn_status firn_procedure__compute_table_stats(firn_procedure_call *call, firn_error *err)
{
    int64_t snapshot_id = 0;
    firn_str path;
    FIRN_TRY(firn_call_i64(call, 0, &snapshot_id, err));
    FIRN_TRY(firn_table_compute_statistics(call->table, snapshot_id, call->values[1].items,
                                           call->values[1].n_items, call->arena, &path, err));
    return give_path(call, path, err);
}

firn_status firn_procedure__compute_partition_stats(firn_procedure_call *call, firn_error *err)
{
    int64_t snapshot_id = 0;
    firn_str path;
    FIRN_TRY(firn_call_i64(call, 0, &snapshot_id, err));
    FIRN_TRY(
        firn_table_compute_partition_statistics(call->table, snapshot_id, call->arena, &path, err));
    return give_path(call, path, err);
}
