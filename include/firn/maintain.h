/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file firn/maintain.h
 * @brief Keep a table fast and small: expire snapshots, remove orphan files, put small files
 * together, rewrite manifests and delete files.
 *
 * Each call commits by itself and leaves the handle at the new state. Readers and appends are never
 * blocked. Where files are removed, the commit that makes them unreachable comes first: a kill at
 * any moment leaves at worst files that nobody needs, which firn_table_remove_orphans() finds.
 * Names and defaults are those of Iceberg's Spark procedures.
 *
 * Ownership:  options are borrowed for the call; lists in results live in the arena handed in.
 * Threads:    as firn/table.h: one handle, one thread at a time.
 */
#ifndef FIRN_MAINTAIN_H
#define FIRN_MAINTAIN_H

#include "firn/table.h"

FIRN_BEGIN_DECLS

/* ---- snapshots that nobody needs ---- */

/** @brief Zero in any field means "default". */
typedef struct firn_expire_opts {
    size_t struct_size;
    int64_t
        older_than_ms; /**< since 1970; default: history.expire.max-snapshot-age-ms (5 days) ago */
    int32_t retain_last; /**< of each branch; default: history.expire.min-snapshots-to-keep (1) */
    const int64_t *snapshot_ids; /**< expire these too, whatever their age */
    size_t n_snapshot_ids;
    bool cleans_metadata; /**< drop schemas and partition specs that nothing uses any more */
    bool keeps_files;     /**< change metadata only */
    bool is_dry_run;      /**< count what would go, change nothing */
} firn_expire_opts;

#define FIRN_EXPIRE_OPTS(...) \
    (&(firn_expire_opts){.struct_size = sizeof(firn_expire_opts), __VA_ARGS__})

/** @brief What went. */
typedef struct firn_expire_result {
    int64_t snapshots, refs;
    int64_t data_files, position_delete_files, equality_delete_files;
    int64_t manifest_files, manifest_lists, statistics_files;
    int64_t failed_files; /**< could not be removed; orphans now */
    int64_t bytes;        /**< of data and delete files, as their entries say */
} firn_expire_result;

/**
 * @brief Forget old snapshots and remove the files that no snapshot that stays can reach.
 *
 * A branch keeps its newest retain_last snapshots and all that are not older; a branch with limits
 * of its own keeps by these. A tag keeps its snapshot. Branches and tags beyond their max-ref-age
 * go first; main never does.
 *
 * @param      table  Refreshed first.
 * @param      opts   NULL: all defaults.
 * @param[out] out    Zeroed on failure.
 * @retval FIRN_ERR_ARG  gc.enabled is false; a snapshot named is not there or is at a branch or
 * tag.
 */
FIRN_API FIRN_MUST_CHECK firn_status firn_table_expire_snapshots(firn_table *table,
                                                                 const firn_expire_opts *opts,
                                                                 firn_expire_result *out,
                                                                 firn_error *err);

/* ---- files that no snapshot knows ---- */

/** @brief What to do about a file whose path is that of a live file under another scheme or
 * authority ("s3a://b/x" and "s3://b/x"). */
typedef enum firn_prefix_mismatch {
    FIRN_PREFIX_ERROR = 0,
    FIRN_PREFIX_IGNORE, /**< it stays */
    FIRN_PREFIX_DELETE,
} firn_prefix_mismatch;

typedef struct firn_orphan_opts {
    size_t struct_size;
    int64_t older_than_ms; /**< files modified before, since 1970; default: 3 days ago */
    firn_str location;     /**< look below it; default: the table's location. Must be inside the
                                table's location, write.data.path or write.metadata.path */
    bool removes;          /**< default: a dry run that only tells */
    bool allows_recent;    /**< younger than 24 hours: may hit commits in flight of other writers */
    firn_properties equal_schemes;     /**< "s3a,s3n" -> "s3" is always there */
    firn_properties equal_authorities; /**< "a,b" -> "c" */
    firn_prefix_mismatch prefix_mismatch;
} firn_orphan_opts;

#define FIRN_ORPHAN_OPTS(...) \
    (&(firn_orphan_opts){.struct_size = sizeof(firn_orphan_opts), __VA_ARGS__})

typedef struct firn_orphan_result {
    const firn_str *paths; /**< orphans, removed or (dry run) to be removed, in order */
    size_t n_paths;
    int64_t bytes;
    int64_t failed_files; /**< could not be removed */
} firn_orphan_result;

/**
 * @brief Find, and remove if asked to, files below the table's location that no snapshot, log entry
 * or statistics of the table names.
 *
 * The store is listed first and the table loaded after, so a file that a commit brought in between
 * is never taken for an orphan; files of commits that have not landed are protected by their age.
 * Names that begin with "." or "_" are left alone, but for folders of partition fields.
 *
 * @retval FIRN_ERR_ARG  gc.enabled is false; less than 24 hours without allows_recent; the location
 *                       is not the table's.
 */
FIRN_API FIRN_MUST_CHECK firn_status firn_table_remove_orphans(firn_table *table,
                                                               const firn_orphan_opts *opts,
                                                               struct firn_arena *arena,
                                                               firn_orphan_result *out,
                                                               firn_error *err);

/* ---- data files ---- */

typedef enum firn_rewrite_strategy {
    FIRN_REWRITE_BINPACK = 0, /**< same rows, fewer files */
    FIRN_REWRITE_SORT,
    FIRN_REWRITE_ZORDER,  /**< by ranks of the columns' values, bits interleaved */
    FIRN_REWRITE_HILBERT, /**< by the same ranks along Hilbert's curve */
} firn_rewrite_strategy;

typedef enum firn_rewrite_job_order {
    FIRN_REWRITE_ORDER_NONE = 0,
    FIRN_REWRITE_BYTES_ASC,
    FIRN_REWRITE_BYTES_DESC,
    FIRN_REWRITE_FILES_ASC,
    FIRN_REWRITE_FILES_DESC,
} firn_rewrite_job_order;

/** @brief Zero in any field means "default", which is Spark's. */
typedef struct firn_file_rewrite_opts {
    size_t struct_size;
    firn_rewrite_strategy strategy;
    const firn_sort_field *sort_fields; /**< SORT; default: the table's sort order */
    size_t n_sort_fields;
    const firn_str *columns; /**< ZORDER, HILBERT: dotted names */
    size_t n_columns;
    firn_str where;  /**< filter in SQL's syntax: files that may hold such rows; empty: all */
    firn_str branch; /**< empty: main */
    int64_t target_file_bytes;     /**< default: write.target-file-size-bytes */
    int64_t min_file_bytes;        /**< smaller files are rewritten; default 75 % of the target */
    int64_t max_file_bytes;        /**< larger files are rewritten; default 180 % of the target */
    int32_t min_input_files;       /**< default 5 */
    int64_t max_group_bytes;       /**< default 100 GiB */
    int32_t delete_file_threshold; /**< rewrite files with so many delete files; default: never */
    double delete_ratio_threshold; /**< or with such a share of deleted rows; default 0.3 */
    int64_t max_files;             /**< stop choosing beyond; default: no limit */
    int64_t max_bytes;             /**< the same by bytes */
    bool rewrites_all;             /**< whatever size files have */
    bool has_output_spec;          /**< else the table's default spec */
    int32_t output_spec_id;
    bool takes_new_sequence_number; /**< default: that of the snapshot that was read */
    bool removes_dangling_deletes;  /**< delete files older than all data of their partition */
    bool has_partial_progress;      /**< commit groups as they are done */
    int32_t max_commits;            /**< default 10 */
    int32_t max_failed_commits;     /**< default: max_commits */
    firn_rewrite_job_order job_order;
    int64_t memory_bytes; /**< default: the environment's budget; a sort beyond it spills */
    bool is_dry_run;      /**< count groups and files, as far as they can be told, and write none */
} firn_file_rewrite_opts;

#define FIRN_FILE_REWRITE_OPTS(...) \
    (&(firn_file_rewrite_opts){.struct_size = sizeof(firn_file_rewrite_opts), __VA_ARGS__})

typedef struct firn_file_rewrite_result {
    int64_t rewritten_files, added_files, rewritten_bytes, added_bytes;
    int64_t failed_files;         /**< partial progress: of groups whose commit failed */
    int64_t removed_delete_files; /**< dangling ones, vectors of files rewritten */
    int64_t n_groups, n_commits;
    int64_t n_redone; /**< groups written again because rows were deleted meanwhile */
} firn_file_rewrite_result;

/**
 * @brief Write the rows of chosen data files again: fewer, larger, sorted, without deleted rows.
 *
 * Rows deleted by others while this runs are deleted from the new files too. Row ids are kept.
 *
 * @retval FIRN_ERR_ARG       A filter, column, spec or branch that is not there; no sort order.
 * @retval FIRN_ERR_CONFLICT  Others kept changing the same files.
 */
FIRN_API FIRN_MUST_CHECK firn_status firn_table_rewrite_files(firn_table *table,
                                                              const firn_file_rewrite_opts *opts,
                                                              firn_file_rewrite_result *out,
                                                              firn_error *err);

/* ---- manifests ---- */

typedef struct firn_manifest_rewrite_result {
    int64_t rewritten, added;
} firn_manifest_rewrite_result;

/** @brief Put the entries of small manifests of one partition spec together, those of one partition
 * beside each other. @p spec_id -1: the default spec. No commit when there is nothing to gain. */
FIRN_API FIRN_MUST_CHECK firn_status firn_table_rewrite_manifests(firn_table *table,
                                                                  int32_t spec_id,
                                                                  firn_manifest_rewrite_result *out,
                                                                  firn_error *err);

/* ---- delete files ---- */

typedef struct firn_delete_rewrite_opts {
    size_t struct_size;
    firn_str where;
    int64_t target_file_bytes; /**< default: write.delete.target-file-size-bytes (64 MiB) */
    int64_t min_file_bytes, max_file_bytes;
    int32_t min_input_files;  /**< default 5 */
    bool rewrites_all;        /**< whatever size delete files have */
    bool converts_equalities; /**< equality deletes become positions, too */
} firn_delete_rewrite_opts;

#define FIRN_DELETE_REWRITE_OPTS(...) \
    (&(firn_delete_rewrite_opts){.struct_size = sizeof(firn_delete_rewrite_opts), __VA_ARGS__})

typedef struct firn_delete_rewrite_result {
    int64_t rewritten_files, added_files, rewritten_bytes, added_bytes;
} firn_delete_rewrite_result;

/** @brief Write position deletes again, one file (format version 2) or deletion vector (3) a data
 * file; deletes of rows that are not there any more go. */
FIRN_API FIRN_MUST_CHECK firn_status
firn_table_rewrite_deletes(firn_table *table, const firn_delete_rewrite_opts *opts,
                           firn_delete_rewrite_result *out, firn_error *err);

/* ---- another place for a table ---- */

typedef struct firn_path_rewrite_opts {
    size_t struct_size;
    firn_str source_prefix;    /**< of all the table's locations; a folder, with or without slash */
    firn_str target_prefix;    /**< what stands there instead */
    firn_str start_version;    /**< name of a metadata file in the table's log: what it knew of is
                                    there already; empty: everything is staged */
    firn_str end_version;      /**< the last one to stage; empty: the current one */
    firn_str staging_location; /**< default: a new folder in the table's metadata folder */
    bool has_no_file_list;
} firn_path_rewrite_opts;

#define FIRN_PATH_REWRITE_OPTS(...) \
    (&(firn_path_rewrite_opts){.struct_size = sizeof(firn_path_rewrite_opts), __VA_ARGS__})

typedef struct firn_path_rewrite_result {
    firn_str latest_version;     /**< name of the last metadata file */
    firn_str staging_location;   /**< ends in a slash */
    firn_str file_list_location; /**< lines "source,target": what is to be copied where; empty:
                                      none */
    int64_t rewritten_manifests; /**< staged */
    int64_t rewritten_deletes;   /**< position delete files and deletion vectors, staged */
} firn_path_rewrite_result;

/**
 * @brief Write a table's metadata once more, beside it, with another prefix in place of the one of
 * its locations, and list what is to be copied: a plan to move or copy a table.
 *
 * Metadata files, manifest lists, manifests, and delete files that name data files are staged; data
 * files, deletes by value and statistics are listed to be copied as they are. The table itself does
 * not change. Once all is copied, the copy can be registered with the metadata file
 * latest_version.
 *
 * @param[out] out  In the arena.
 * @retval FIRN_ERR_ARG  A file of the table is not below the source prefix; a version that the
 *                       table's log does not have; equal or empty prefixes.
 * @retval FIRN_ERR_EXISTS  The staging location has such files already.
 */
FIRN_API FIRN_MUST_CHECK firn_status firn_table_rewrite_paths(const firn_table *table,
                                                              const firn_path_rewrite_opts *opts,
                                                              struct firn_arena *arena,
                                                              firn_path_rewrite_result *out,
                                                              firn_error *err);

/* ---- what is worth doing ---- */

/**
 * @brief What a table's owner wants kept up, from the table properties "firn.maintain.*".
 * firn_maintain_policy_of() fills in the defaults.
 */
typedef struct firn_maintain_policy {
    bool is_enabled;         /**< firn.maintain.enabled (true) */
    bool compacts;           /**< firn.maintain.compact (true) */
    int32_t min_input_files; /**< firn.maintain.min-input-files (5) */
    double delete_ratio;     /**< firn.maintain.delete-ratio (0.3) */
    firn_str sort;           /**< firn.maintain.sort: "zorder(a, b)", "a DESC", "table"; empty: as
                                  the files are */
    bool rewrites_manifests; /**< firn.maintain.manifests (true) */
    int32_t min_manifests;   /**< firn.maintain.min-manifests (20) small ones */
    bool expires;            /**< firn.maintain.expire (true), by history.expire.* */
    bool removes_orphans;    /**< firn.maintain.orphans (false) */
    int64_t orphan_age_ms;   /**< firn.maintain.orphan-age-ms (3 days, at least a day) */
} firn_maintain_policy;

/** @brief Texts are borrowed from the metadata. @retval FIRN_ERR_ARG  A value that means nothing.
 */
FIRN_API FIRN_MUST_CHECK firn_status firn_maintain_policy_of(const firn_table_metadata *metadata,
                                                             firn_maintain_policy *out,
                                                             firn_error *err);

typedef enum firn_maintain_action {
    FIRN_MAINTAIN_COMPACT = 0,
    FIRN_MAINTAIN_MANIFESTS,
    FIRN_MAINTAIN_EXPIRE,
    FIRN_MAINTAIN_ORPHANS,
} firn_maintain_action;

/** @brief One thing that was due. */
typedef struct firn_maintain_step {
    firn_maintain_action action;
    int64_t files_before, files_after; /**< data files, manifests, or files removed (before) */
    int64_t bytes;                     /**< written again, or freed */
} firn_maintain_step;

typedef struct firn_maintain_opts {
    size_t struct_size;
    bool is_dry_run;      /**< tell what is due, change nothing */
    int64_t memory_bytes; /**< default: the environment's budget */
    int64_t max_bytes;    /**< of data files to write again in this run; default: no limit */
} firn_maintain_opts;

#define FIRN_MAINTAIN_MAX_STEPS 4

typedef struct firn_maintain_result {
    firn_maintain_step steps[FIRN_MAINTAIN_MAX_STEPS];
    size_t n_steps;
} firn_maintain_result;

/** @brief Do what is due for a table by its policy, cheapest gain first: compaction, manifests,
 * snapshots, orphans. Each step commits by itself; a failure keeps the steps before it. */
FIRN_API FIRN_MUST_CHECK firn_status firn_table_maintain(firn_table *table,
                                                         const firn_maintain_opts *opts,
                                                         firn_maintain_result *out,
                                                         firn_error *err);
/** @brief "compact", "manifests", "expire", "orphans". Static. */
FIRN_API const char *firn_maintain_action_name(firn_maintain_action action);

FIRN_END_DECLS

#endif
