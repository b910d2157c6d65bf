/* SPDX-License-Identifier: Apache-2.0 */
/* The procedure that stages a table for another place. */
#include "base/error.h"
#include "base/str.h"
#include "iceberg/maintain/procedures/procedure.h"
#include "iceberg/spec/location_key.h"

enum { PATH_SOURCE, PATH_TARGET, PATH_START, PATH_END, PATH_STAGING, PATH_FILE_LIST };

/* Statements of others do not write where they like. */
static firn_status check_staging(firn_procedure_call *call, firn_str staging, firn_error *err)
{
    const firn_str own = firn_table_metadata_of(call->table)->location;
    if (call->allows_files || staging.len == 0 || firn_location_is_inside(staging, own))
        return FIRN_OK;
    call->failed_argument = PATH_STAGING;
    return firn_fail(err, FIRN_ERR_DENIED, "this session may not write files to %.*s",
                     FIRN_STR_ARG(staging));
}

firn_status firn_procedure__rewrite_table_path(firn_procedure_call *call, firn_error *err)
{
    firn_path_rewrite_result done;
    bool has_list = true;
    firn_path_rewrite_opts opts = {.struct_size = sizeof opts,
                                   .source_prefix = firn_call_text(call, PATH_SOURCE),
                                   .target_prefix = firn_call_text(call, PATH_TARGET),
                                   .start_version = firn_call_text(call, PATH_START),
                                   .end_version = firn_call_text(call, PATH_END),
                                   .staging_location = firn_call_text(call, PATH_STAGING)};
    FIRN_TRY(firn_call_bool(call, PATH_FILE_LIST, &has_list, err));
    FIRN_TRY(check_staging(call, opts.staging_location, err));
    opts.has_no_file_list = !has_list;
    FIRN_TRY(firn_table_rewrite_paths(call->table, &opts, call->arena, &done, err));
    firn_value *row = firn_call_row(call);
    if (!row) return firn_fail_nomem(err);
    firn_cell_set_text(&row[0], done.latest_version);
    firn_cell_set_text(&row[1], has_list ? done.file_list_location : FIRN_STR("N/A"));
    firn_cell_set_i64(&row[2], done.rewritten_manifests);
    firn_cell_set_i64(&row[3], done.rewritten_deletes);
    return FIRN_OK;
}
