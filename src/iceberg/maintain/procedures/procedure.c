/* SPDX-License-Identifier: Apache-2.0 */
/* The table of procedures. */
#include "iceberg/maintain/procedures/procedure.h"

#include "base/error.h"
#include "base/str.h"

#define LONG_COLUMN(name)    \
    {                        \
        name, FIRN_TYPE_LONG \
    }
#define INT_COLUMN(name)    \
    {                       \
        name, FIRN_TYPE_INT \
    }
#define TEXT_COLUMN(name)      \
    {                          \
        name, FIRN_TYPE_STRING \
    }

/* Sorted. "retention_threshold" and the like are Trino's. */
static const firn_procedure k_procedures[] = {
    {"add_files",
     FIRN_SUBJECT_TABLE,
     {{"source_table", FIRN_ARGUMENT_TEXT, false},
      {"partition_filter", FIRN_ARGUMENT_PAIRS, false},
      {"check_duplicate_files", FIRN_ARGUMENT_BOOLEAN, false},
      {"parallelism", FIRN_ARGUMENT_LONG, false},
      {"location", FIRN_ARGUMENT_TEXT, false},
      {"format", FIRN_ARGUMENT_TEXT, false},
      {"recursive_directory", FIRN_ARGUMENT_TEXT, false}},
     {LONG_COLUMN("added_files_count"), LONG_COLUMN("changed_partition_count")},
     firn_procedure__add_files},
    {"ancestors_of",
     FIRN_SUBJECT_TABLE,
     {{"snapshot_id", FIRN_ARGUMENT_LONG, false}},
     {LONG_COLUMN("snapshot_id"), LONG_COLUMN("timestamp")},
     firn_procedure__ancestors_of},
    {"cherrypick_snapshot",
     FIRN_SUBJECT_TABLE,
     {{"snapshot_id", FIRN_ARGUMENT_LONG, true}},
     {LONG_COLUMN("source_snapshot_id"), LONG_COLUMN("current_snapshot_id")},
     firn_procedure__cherrypick_snapshot},
    {"compute_partition_stats",
     FIRN_SUBJECT_TABLE,
     {{"snapshot_id", FIRN_ARGUMENT_LONG, false}},
     {TEXT_COLUMN("partition_statistics_file")},
     firn_procedure__compute_partition_stats},
    {"compute_table_stats",
     FIRN_SUBJECT_TABLE,
     {{"snapshot_id", FIRN_ARGUMENT_LONG, false}, {"columns", FIRN_ARGUMENT_TEXTS, false}},
     {TEXT_COLUMN("statistics_file")},
     firn_procedure__compute_table_stats},
    {"drop_extended_stats",
     FIRN_SUBJECT_TABLE,
     {{NULL, FIRN_ARGUMENT_TEXT, false}},
     {LONG_COLUMN("removed_statistics_files_count")},
     firn_procedure__drop_extended_stats},
    {"expire_snapshots",
     FIRN_SUBJECT_TABLE,
     {{"older_than", FIRN_ARGUMENT_TIME, false},
      {"retain_last", FIRN_ARGUMENT_LONG, false},
      {"max_concurrent_deletes", FIRN_ARGUMENT_LONG, false},
      {"stream_results", FIRN_ARGUMENT_BOOLEAN, false},
      {"snapshot_ids", FIRN_ARGUMENT_TEXTS, false},
      {"clean_expired_metadata", FIRN_ARGUMENT_BOOLEAN, false},
      {"retention_threshold", FIRN_ARGUMENT_DURATION, false},
      {"dry_run", FIRN_ARGUMENT_BOOLEAN, false}},
     {LONG_COLUMN("deleted_data_files_count"), LONG_COLUMN("deleted_position_delete_files_count"),
      LONG_COLUMN("deleted_equality_delete_files_count"),
      LONG_COLUMN("deleted_manifest_files_count"), LONG_COLUMN("deleted_manifest_lists_count"),
      LONG_COLUMN("deleted_statistics_files_count")},
     firn_procedure__expire_snapshots},
    {"fast_forward",
     FIRN_SUBJECT_TABLE,
     {{"branch", FIRN_ARGUMENT_TEXT, true}, {"to", FIRN_ARGUMENT_TEXT, true}},
     {TEXT_COLUMN("branch_updated"), LONG_COLUMN("previous_ref"), LONG_COLUMN("updated_ref")},
     firn_procedure__fast_forward},
    {"maintain",
     FIRN_SUBJECT_TABLE,
     {{"max_bytes", FIRN_ARGUMENT_LONG, false}, {"dry_run", FIRN_ARGUMENT_BOOLEAN, false}},
     {TEXT_COLUMN("action"), LONG_COLUMN("files_before"), LONG_COLUMN("files_after"),
      LONG_COLUMN("bytes")},
     firn_procedure__maintain},
    {"migrate",
     FIRN_SUBJECT_NAME,
     {{"properties", FIRN_ARGUMENT_PAIRS, false},
      {"drop_backup", FIRN_ARGUMENT_BOOLEAN, false},
      {"backup_table_name", FIRN_ARGUMENT_TEXT, false},
      {"parallelism", FIRN_ARGUMENT_LONG, false},
      {"ignore_missing_files", FIRN_ARGUMENT_BOOLEAN, false},
      {"location", FIRN_ARGUMENT_TEXT, false}},
     {LONG_COLUMN("migrated_files_count")},
     firn_procedure__migrate},
    {"optimize",
     FIRN_SUBJECT_TABLE,
     {{"file_size_threshold", FIRN_ARGUMENT_TEXT, false}, {"where", FIRN_ARGUMENT_TEXT, false}},
     {INT_COLUMN("rewritten_data_files_count"), INT_COLUMN("added_data_files_count"),
      LONG_COLUMN("rewritten_bytes_count"), INT_COLUMN("failed_data_files_count"),
      INT_COLUMN("removed_delete_files_count")},
     firn_procedure__optimize},
    {"optimize_manifests",
     FIRN_SUBJECT_TABLE,
     {{"use_caching", FIRN_ARGUMENT_BOOLEAN, false}, {"spec_id", FIRN_ARGUMENT_LONG, false}},
     {INT_COLUMN("rewritten_manifests_count"), INT_COLUMN("added_manifests_count")},
     firn_procedure__rewrite_manifests},
    {"publish_changes",
     FIRN_SUBJECT_TABLE,
     {{"wap_id", FIRN_ARGUMENT_TEXT, true}},
     {LONG_COLUMN("source_snapshot_id"), LONG_COLUMN("current_snapshot_id")},
     firn_procedure__publish_changes},
    {"register_table",
     FIRN_SUBJECT_NAME,
     {{"metadata_file", FIRN_ARGUMENT_TEXT, true}},
     {LONG_COLUMN("current_snapshot_id"), LONG_COLUMN("total_records_count"),
      LONG_COLUMN("total_data_files_count")},
     firn_procedure__register_table},
    {"remove_orphan_files",
     FIRN_SUBJECT_TABLE,
     {{"older_than", FIRN_ARGUMENT_TIME, false},
      {"location", FIRN_ARGUMENT_TEXT, false},
      {"dry_run", FIRN_ARGUMENT_BOOLEAN, false},
      {"max_concurrent_deletes", FIRN_ARGUMENT_LONG, false},
      {"equal_schemes", FIRN_ARGUMENT_PAIRS, false},
      {"equal_authorities", FIRN_ARGUMENT_PAIRS, false},
      {"prefix_mismatch_mode", FIRN_ARGUMENT_TEXT, false},
      {"retention_threshold", FIRN_ARGUMENT_DURATION, false},
      {"force", FIRN_ARGUMENT_BOOLEAN, false}},
     {TEXT_COLUMN("orphan_file_location")},
     firn_procedure__remove_orphan_files},
    {"rewrite_data_files",
     FIRN_SUBJECT_TABLE,
     {{"strategy", FIRN_ARGUMENT_TEXT, false},
      {"sort_order", FIRN_ARGUMENT_TEXT, false},
      {"options", FIRN_ARGUMENT_PAIRS, false},
      {"where", FIRN_ARGUMENT_TEXT, false},
      {"branch", FIRN_ARGUMENT_TEXT, false}},
     {INT_COLUMN("rewritten_data_files_count"), INT_COLUMN("added_data_files_count"),
      LONG_COLUMN("rewritten_bytes_count"), INT_COLUMN("failed_data_files_count"),
      INT_COLUMN("removed_delete_files_count")},
     firn_procedure__rewrite_data_files},
    {"rewrite_manifests",
     FIRN_SUBJECT_TABLE,
     {{"use_caching", FIRN_ARGUMENT_BOOLEAN, false}, {"spec_id", FIRN_ARGUMENT_LONG, false}},
     {INT_COLUMN("rewritten_manifests_count"), INT_COLUMN("added_manifests_count")},
     firn_procedure__rewrite_manifests},
    {"rewrite_position_delete_files",
     FIRN_SUBJECT_TABLE,
     {{"options", FIRN_ARGUMENT_PAIRS, false}, {"where", FIRN_ARGUMENT_TEXT, false}},
     {INT_COLUMN("rewritten_delete_files_count"), INT_COLUMN("added_delete_files_count"),
      LONG_COLUMN("rewritten_bytes_count"), LONG_COLUMN("added_bytes_count")},
     firn_procedure__rewrite_position_delete_files},
    {"rewrite_table_path",
     FIRN_SUBJECT_TABLE,
     {{"source_prefix", FIRN_ARGUMENT_TEXT, true},
      {"target_prefix", FIRN_ARGUMENT_TEXT, true},
      {"start_version", FIRN_ARGUMENT_TEXT, false},
      {"end_version", FIRN_ARGUMENT_TEXT, false},
      {"staging_location", FIRN_ARGUMENT_TEXT, false},
      {"create_file_list", FIRN_ARGUMENT_BOOLEAN, false}},
     {TEXT_COLUMN("latest_version"), TEXT_COLUMN("file_list_location"),
      INT_COLUMN("rewritten_manifest_file_paths_count"),
      INT_COLUMN("rewritten_delete_file_paths_count")},
     firn_procedure__rewrite_table_path},
    {"rollback_to_snapshot",
     FIRN_SUBJECT_TABLE,
     {{"snapshot_id", FIRN_ARGUMENT_LONG, true}},
     {LONG_COLUMN("previous_snapshot_id"), LONG_COLUMN("current_snapshot_id")},
     firn_procedure__rollback_to_snapshot},
    {"rollback_to_timestamp",
     FIRN_SUBJECT_TABLE,
     {{"timestamp", FIRN_ARGUMENT_TIME, true}},
     {LONG_COLUMN("previous_snapshot_id"), LONG_COLUMN("current_snapshot_id")},
     firn_procedure__rollback_to_timestamp},
    {"set_current_snapshot",
     FIRN_SUBJECT_TABLE,
     {{"snapshot_id", FIRN_ARGUMENT_LONG, false}, {"ref", FIRN_ARGUMENT_TEXT, false}},
     {LONG_COLUMN("previous_snapshot_id"), LONG_COLUMN("current_snapshot_id")},
     firn_procedure__set_current_snapshot},
    {"snapshot",
     FIRN_SUBJECT_NAME_SECOND,
     {{"source_table", FIRN_ARGUMENT_TEXT, true},
      {"location", FIRN_ARGUMENT_TEXT, false},
      {"properties", FIRN_ARGUMENT_PAIRS, false},
      {"parallelism", FIRN_ARGUMENT_LONG, false},
      {"ignore_missing_files", FIRN_ARGUMENT_BOOLEAN, false}},
     {LONG_COLUMN("imported_files_count")},
     firn_procedure__snapshot},
    {"unregister_table",
     FIRN_SUBJECT_TABLE,
     {{NULL, FIRN_ARGUMENT_TEXT, false}},
     {TEXT_COLUMN("metadata_file")},
     firn_procedure__unregister_table},
};

#define N_PROCEDURES (sizeof k_procedures / sizeof *k_procedures)

/* Dashes as underscores, any case. */
static bool is_name(firn_str given, firn_str name)
{
    if (given.len != name.len) return false;
    for (size_t i = 0; i < given.len; i++) {
        char c = given.data[i];
        if (c == '-') c = '_';
        if (c >= 'A' && c <= 'Z') c = (char)(c - 'A' + 'a');
        if (c != name.data[i]) return false;
    }
    return true;
}

const firn_procedure *firn_procedure_find(firn_str name)
{
    for (size_t i = 0; i < N_PROCEDURES; i++)
        if (is_name(name, firn_str_of(k_procedures[i].name))) return &k_procedures[i];
    return NULL;
}

const firn_procedure *firn_procedure_at(size_t i)
{
    return i < N_PROCEDURES ? &k_procedures[i] : NULL;
}

size_t firn_procedure_find_argument(const firn_procedure *procedure, firn_str name)
{
    for (size_t i = 0; i < FIRN_PROCEDURE_MAX_ARGUMENTS && procedure->arguments[i].name; i++)
        if (is_name(name, firn_str_of(procedure->arguments[i].name))) return i;
    return SIZE_MAX;
}

firn_status firn_procedure_run(firn_procedure_call *call, firn_error *err)
{
    const firn_procedure *p = call->procedure;
    call->failed_argument = SIZE_MAX;
    for (size_t i = 0; i < FIRN_PROCEDURE_MAX_ARGUMENTS && p->arguments[i].name; i++)
        if (p->arguments[i].is_required && !call->values[i].is_given)
            return firn_fail(err, FIRN_ERR_ARG, "%s needs the argument %s", p->name,
                             p->arguments[i].name);
    return p->run(call, err);
}
