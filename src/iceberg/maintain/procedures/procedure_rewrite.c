/* SPDX-License-Identifier: Apache-2.0 */
/* Procedures that write files of a table again. */
#include <inttypes.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"
#include "iceberg/maintain/procedures/procedure_options.h"

/* ---- rewrite_data_files ---- */

enum { DATA_STRATEGY, DATA_SORT_ORDER, DATA_OPTIONS, DATA_WHERE, DATA_BRANCH };

#define FIELD(name) offsetof(firn_file_rewrite_opts, name)

static const firn_option k_data_options[] = {
    {"max-concurrent-file-group-rewrites", FIRN_OPTION_IGNORED, 0},
    {"partial-progress.enabled", FIRN_OPTION_BOOL, FIELD(has_partial_progress)},
    {"partial-progress.max-commits", FIRN_OPTION_I32, FIELD(max_commits)},
    {"partial-progress.max-failed-commits", FIRN_OPTION_I32, FIELD(max_failed_commits)},
    {"target-file-size-bytes", FIRN_OPTION_I64, FIELD(target_file_bytes)},
    {"min-file-size-bytes", FIRN_OPTION_I64, FIELD(min_file_bytes)},
    {"max-file-size-bytes", FIRN_OPTION_I64, FIELD(max_file_bytes)},
    {"min-input-files", FIRN_OPTION_I32, FIELD(min_input_files)},
    {"rewrite-all", FIRN_OPTION_BOOL, FIELD(rewrites_all)},
    {"max-file-group-size-bytes", FIRN_OPTION_I64, FIELD(max_group_bytes)},
    {"delete-file-threshold", FIRN_OPTION_I32, FIELD(delete_file_threshold)},
    {"delete-ratio-threshold", FIRN_OPTION_SHARE, FIELD(delete_ratio_threshold)},
    {"remove-dangling-deletes", FIRN_OPTION_BOOL, FIELD(removes_dangling_deletes)},
    {"max-files-to-rewrite", FIRN_OPTION_I64, FIELD(max_files)},
    {"max-bytes-to-rewrite", FIRN_OPTION_I64, FIELD(max_bytes)},
    {"memory-bytes", FIRN_OPTION_I64, FIELD(memory_bytes)},
    {"compression-factor", FIRN_OPTION_IGNORED, 0},
    {"shuffle-partitions-per-file", FIRN_OPTION_IGNORED, 0},
    {"var-length-contribution", FIRN_OPTION_IGNORED, 0}, /* of values; ours are ranks */
    {"max-output-size", FIRN_OPTION_IGNORED, 0},
};

/* Those whose text is not a field's value. They are taken out of the others. */
static firn_status read_special(firn_procedure_call *call, firn_file_rewrite_opts *opts,
                                firn_error *err)
{
    static const char *const k_orders[] = {"none", "bytes-asc", "bytes-desc", "files-asc",
                                           "files-desc"};
    firn_procedure_value *value = &call->values[DATA_OPTIONS];
    firn_str *rest = firn_arena_array(call->arena, value->n_items, sizeof *rest);
    size_t n = 0;
    firn_properties pairs;
    if (!rest) return firn_fail_nomem(err);
    FIRN_TRY(firn_call_pairs(call, DATA_OPTIONS, &pairs, err));
    for (size_t i = 0; i < value->n_items; i += 2) {
        const firn_str key = value->items[i];
        const firn_str text = value->items[i + 1];
        int64_t number = 0;
        if (firn_str_equals(key, FIRN_STR("use-starting-sequence-number"))) {
            opts->takes_new_sequence_number = firn_str_equals_nocase(text, FIRN_STR("false"));
        } else if (firn_str_equals(key, FIRN_STR("output-spec-id"))) {
            if (!firn_str_to_i64(text, &number) || number < 0 || number > INT32_MAX)
                return firn_call_fail(call, DATA_OPTIONS, err, "found \"%.*s\", expected a spec id",
                                      FIRN_STR_ARG(text));
            opts->has_output_spec = true;
            opts->output_spec_id = (int32_t)number;
        } else if (firn_str_equals(key, FIRN_STR("rewrite-job-order"))) {
            size_t k = 0;
            while (k < 5 && !firn_str_equals_nocase(text, firn_str_of(k_orders[k]))) k++;
            if (k == 5)
                return firn_call_fail(call, DATA_OPTIONS, err, "there is no job order \"%.*s\"",
                                      FIRN_STR_ARG(text));
            opts->job_order = (firn_rewrite_job_order)k;
        } else {
            rest[n++] = key;
            rest[n++] = text;
        }
    }
    value->items = rest;
    value->n_items = n;
    return FIRN_OK;
}

static firn_status read_strategy(firn_procedure_call *call, firn_file_rewrite_opts *opts,
                                 firn_error *err)
{
    const firn_str name = firn_call_text(call, DATA_STRATEGY);
    const bool has_order = call->values[DATA_SORT_ORDER].is_given;
    const bool is_binpack = firn_str_equals_nocase(name, FIRN_STR("binpack"));
    if (!is_binpack && name.len > 0 && !firn_str_equals_nocase(name, FIRN_STR("sort")))
        return firn_call_fail(call, DATA_STRATEGY, err, "found \"%.*s\", expected binpack or sort",
                              FIRN_STR_ARG(name));
    if (is_binpack && has_order)
        return firn_call_fail(call, DATA_SORT_ORDER, err, "the strategy binpack has no order");
    if (has_order) return firn_call_sort_order(call, DATA_SORT_ORDER, opts, err);
    opts->strategy = name.len > 0 && !is_binpack ? FIRN_REWRITE_SORT : FIRN_REWRITE_BINPACK;
    return FIRN_OK;
}

static firn_status give_data_files(firn_procedure_call *call, const firn_file_rewrite_result *done,
                                   firn_error *err)
{
    firn_value *row = firn_call_row(call);
    if (!row) return firn_fail_nomem(err);
    firn_cell_set_i64(&row[0], done->rewritten_files);
    firn_cell_set_i64(&row[1], done->added_files);
    firn_cell_set_i64(&row[2], done->rewritten_bytes);
    firn_cell_set_i64(&row[3], done->failed_files);
    firn_cell_set_i64(&row[4], done->removed_delete_files);
    return FIRN_OK;
}

firn_status firn_procedure__rewrite_data_files(firn_procedure_call *call, firn_error *err)
{
    firn_file_rewrite_opts opts = {.struct_size = sizeof opts};
    firn_file_rewrite_result done;
    FIRN_TRY(read_strategy(call, &opts, err));
    FIRN_TRY(read_special(call, &opts, err));
    FIRN_TRY(firn_call_options(call, DATA_OPTIONS, k_data_options,
                               sizeof k_data_options / sizeof *k_data_options, &opts, err));
    FIRN_TRY(firn_call_filter(call, DATA_WHERE, &opts.where, err));
    opts.branch = firn_call_text(call, DATA_BRANCH);
    FIRN_TRY(firn_table_rewrite_files(call->table, &opts, &done, err));
    return give_data_files(call, &done, err);
}

/* ---- optimize, as Trino has it ---- */

enum { OPTIMIZE_THRESHOLD, OPTIMIZE_WHERE };

/* Files below the threshold are put together; those with deletes are written without them. */
firn_status firn_procedure__optimize(firn_procedure_call *call, firn_error *err)
{
    firn_file_rewrite_opts opts = {
        .struct_size = sizeof opts, .min_input_files = 2, .delete_file_threshold = 1};
    firn_file_rewrite_result done;
    int64_t threshold = (int64_t)100 << 20;
    FIRN_TRY(firn_call_size(call, OPTIMIZE_THRESHOLD, &threshold, err));
    FIRN_TRY(firn_call_filter(call, OPTIMIZE_WHERE, &opts.where, err));
    const int64_t target =
        firn_properties_get_i64(&firn_table_metadata_of(call->table)->properties,
                                FIRN_STR("write.target-file-size-bytes"), (int64_t)512 << 20);
    opts.min_file_bytes = threshold < target ? threshold : target / 4 * 3;
    if (opts.min_file_bytes < 1) opts.min_file_bytes = 1;
    FIRN_TRY(firn_table_rewrite_files(call->table, &opts, &done, err));
    return give_data_files(call, &done, err);
}

/* ---- all of it, as far as it is due ---- */

enum { MAINTAIN_MAX_BYTES, MAINTAIN_DRY_RUN };

firn_status firn_procedure__maintain(firn_procedure_call *call, firn_error *err)
{
    firn_maintain_opts opts = {.struct_size = sizeof opts};
    firn_maintain_result done;
    FIRN_TRY(firn_call_i64(call, MAINTAIN_MAX_BYTES, &opts.max_bytes, err));
    FIRN_TRY(firn_call_bool(call, MAINTAIN_DRY_RUN, &opts.is_dry_run, err));
    if (call->values[MAINTAIN_MAX_BYTES].is_given && opts.max_bytes < 1)
        return firn_call_fail(call, MAINTAIN_MAX_BYTES, err,
                              "found %" PRId64 ", expected a number above 0", opts.max_bytes);
    FIRN_TRY(firn_table_maintain(call->table, &opts, &done, err));
    for (size_t i = 0; i < done.n_steps; i++) {
        const firn_maintain_step *step = &done.steps[i];
        firn_value *row = firn_call_row(call);
        if (!row) return firn_fail_nomem(err);
        firn_cell_set_text(&row[0], firn_str_of(firn_maintain_action_name(step->action)));
        firn_cell_set_i64(&row[1], step->files_before);
        firn_cell_set_i64(&row[2], step->files_after);
        firn_cell_set_i64(&row[3], step->bytes);
    }
    return FIRN_OK;
}

/* ---- manifests ---- */

enum { MANIFESTS_CACHING, MANIFESTS_SPEC };

firn_status firn_procedure__rewrite_manifests(firn_procedure_call *call, firn_error *err)
{
    firn_manifest_rewrite_result done;
    bool is_cached = false;
    int64_t spec_id = -1;
    FIRN_TRY(firn_call_bool(call, MANIFESTS_CACHING, &is_cached, err));
    FIRN_TRY(firn_call_i64(call, MANIFESTS_SPEC, &spec_id, err));
    if (call->values[MANIFESTS_SPEC].is_given &&
        (spec_id < 0 || spec_id > INT32_MAX ||
         !firn_metadata_find_spec(firn_table_metadata_of(call->table), (int32_t)spec_id)))
        return firn_call_fail(call, MANIFESTS_SPEC, err, "the table has no partition spec %lld",
                              (long long)spec_id);
    FIRN_TRY(firn_table_rewrite_manifests(call->table, (int32_t)spec_id, &done, err));
    firn_value *row = firn_call_row(call);
    if (!row) return firn_fail_nomem(err);
    firn_cell_set_i64(&row[0], done.rewritten);
    firn_cell_set_i64(&row[1], done.added);
    return FIRN_OK;
}

/* ---- delete files ---- */

enum { DELETES_OPTIONS, DELETES_WHERE };

#define DELETE_FIELD(name) offsetof(firn_delete_rewrite_opts, name)

static const firn_option k_delete_options[] = {
    {"target-file-size-bytes", FIRN_OPTION_I64, DELETE_FIELD(target_file_bytes)},
    {"min-file-size-bytes", FIRN_OPTION_I64, DELETE_FIELD(min_file_bytes)},
    {"max-file-size-bytes", FIRN_OPTION_I64, DELETE_FIELD(max_file_bytes)},
    {"min-input-files", FIRN_OPTION_I32, DELETE_FIELD(min_input_files)},
    {"rewrite-all", FIRN_OPTION_BOOL, DELETE_FIELD(rewrites_all)},
    {"convert-equality-deletes", FIRN_OPTION_BOOL, DELETE_FIELD(converts_equalities)},
    {"max-concurrent-file-group-rewrites", FIRN_OPTION_IGNORED, 0},
    {"partial-progress.enabled", FIRN_OPTION_IGNORED, 0},
    {"partial-progress.max-commits", FIRN_OPTION_IGNORED, 0},
    {"max-file-group-size-bytes", FIRN_OPTION_IGNORED, 0},
    {"rewrite-job-order", FIRN_OPTION_IGNORED, 0},
};

firn_status firn_procedure__rewrite_position_delete_files(firn_procedure_call *call,
                                                          firn_error *err)
{
    firn_delete_rewrite_opts opts = {.struct_size = sizeof opts};
    firn_delete_rewrite_result done;
    FIRN_TRY(firn_call_options(call, DELETES_OPTIONS, k_delete_options,
                               sizeof k_delete_options / sizeof *k_delete_options, &opts, err));
    FIRN_TRY(firn_call_filter(call, DELETES_WHERE, &opts.where, err));
    FIRN_TRY(firn_table_rewrite_deletes(call->table, &opts, &done, err));
    firn_value *row = firn_call_row(call);
    if (!row) return firn_fail_nomem(err);
    firn_cell_set_i64(&row[0], done.rewritten_files);
    firn_cell_set_i64(&row[1], done.added_files);
    firn_cell_set_i64(&row[2], done.rewritten_bytes);
    firn_cell_set_i64(&row[3], done.added_bytes);
    return FIRN_OK;
}
