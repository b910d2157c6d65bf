/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file firn/table.h
 * @brief Open, create and change one Iceberg table.
 *
 * A firn_table is the table's metadata at one moment; firn_table_refresh() moves it on. A firn_txn
 * collects changes and commits them as requirements + updates, retrying on a refreshed base.
 *
 * Ownership:  open/close and begin/close; structs read from a table live until it is closed or
 *             refreshed.
 * Threads:    one handle, one thread at a time.
 */
#ifndef FIRN_TABLE_H
#define FIRN_TABLE_H

#include "firn/env.h"
#include "firn/ext/catalog.h"
#include "firn/ext/store.h"

FIRN_BEGIN_DECLS

typedef struct firn_table firn_table;
typedef struct firn_txn firn_txn;

/** @brief Load a table's current metadata. @p env, @p store and @p catalog must outlive it.
 * @retval FIRN_ERR_NOT_FOUND  No such namespace or table. */
FIRN_API FIRN_MUST_CHECK firn_status firn_table_open(firn_env *env, firn_store *store,
                                                     firn_catalog *catalog, const firn_ident *ident,
                                                     firn_table **out, firn_error *err);
FIRN_API void firn_table_close(firn_table *table);
/** @brief Load the metadata again. */
FIRN_API FIRN_MUST_CHECK firn_status firn_table_refresh(firn_table *table, firn_error *err);
FIRN_API const firn_table_metadata *firn_table_metadata_of(const firn_table *table);
FIRN_API firn_str firn_table_metadata_location(const firn_table *table);
FIRN_API const firn_ident *firn_table_ident(const firn_table *table);

/** @brief What a new table looks like. Field ids are assigned anew from 1, depth by depth as
 * Iceberg does; partition and sort fields name source columns by the ids in @c schema. */
typedef struct firn_table_create_opts {
    size_t struct_size;
    const firn_schema *schema;
    const firn_partition_spec *spec;   /**< NULL: unpartitioned */
    const firn_sort_order *sort_order; /**< NULL: unsorted */
    firn_str location;                 /**< empty: the catalog's default */
    firn_properties properties;        /**< "format-version" is taken out and obeyed (default 2) */
    bool keeps_ids; /**< columns keep the schema's ids, as files have them; else they are numbered
                         from 1 */
} firn_table_create_opts;

#define FIRN_TABLE_CREATE_OPTS(...) \
    (&(firn_table_create_opts){.struct_size = sizeof(firn_table_create_opts), __VA_ARGS__})

/** @brief Create an empty table now. @retval FIRN_ERR_EXISTS */
FIRN_API FIRN_MUST_CHECK firn_status firn_table_create(firn_env *env, firn_store *store,
                                                       firn_catalog *catalog,
                                                       const firn_ident *ident,
                                                       const firn_table_create_opts *opts,
                                                       firn_table **out, firn_error *err);

/** @brief Begin changes to @p table, which must outlive the transaction. */
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_begin(firn_table *table, firn_txn **out,
                                                    firn_error *err);
/** @brief Begin a transaction that creates the table when it commits (CTAS). The table handle is
 * usable for writing files at once; it exists for others only after the commit. */
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_begin_create(
    firn_env *env, firn_store *store, firn_catalog *catalog, const firn_ident *ident,
    const firn_table_create_opts *opts, firn_table **table_out, firn_txn **out, firn_error *err);
/** @brief Commit; on success the table handle shows the new metadata. Retries lost races by
 * commit.retry.num-retries (4), min-wait-ms (100), max-wait-ms (60000), total-timeout-ms.
 * Ends in exactly one of three ways: landed, lost (the transaction's data files are removed
 * unless the caller keeps them), unknown (nothing is removed).
 * @retval FIRN_ERR_CONFLICT        Another commit changed what this one relied on.
 * @retval FIRN_ERR_COMMIT_UNKNOWN  May have landed. */
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_commit(firn_txn *txn, firn_error *err);
/** @brief Commit several transactions, each of another table of one catalog, atomically. Waits for
 * its turn at every table and makes each change again on what is there then, by the rules of
 * firn_txn_commit(): what conflicts there loses all of them here. Lost, data files are left for the
 * caller to remove, and the transactions may be committed again. */
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_commit_all(firn_txn *const *txns, size_t n,
                                                         firn_error *err);
/** @brief End a transaction, committed or not. */
FIRN_API void firn_txn_close(firn_txn *txn);

/* ---- table changes; each takes effect at commit ---- */

FIRN_API FIRN_MUST_CHECK firn_status firn_txn_set_properties(firn_txn *txn,
                                                             const firn_property *items, size_t n,
                                                             firn_error *err);
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_remove_properties(firn_txn *txn, const firn_str *keys,
                                                                size_t n, firn_error *err);
/** @brief Where a column goes among its siblings. */
typedef enum firn_position_kind {
    FIRN_POSITION_LAST = 0,
    FIRN_POSITION_FIRST,
    FIRN_POSITION_AFTER,  /**< sibling */
    FIRN_POSITION_BEFORE, /**< sibling */
} firn_position_kind;

typedef struct firn_position {
    firn_position_kind kind;
    firn_str sibling;
} firn_position;

/** @brief Add an optional column; @p path is dotted for nested fields. @p type may hold nested
 * fields; their ids are assigned anew. */
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_add_column(firn_txn *txn, firn_str path,
                                                         const firn_type *type, firn_str doc,
                                                         firn_position position, firn_error *err);
/** @brief The same with all that a field has: type, doc, is_required and defaults (name and id
 * are not looked at). Defaults need format version 3: rows there are show initial_default, rows
 * written without the column get write_default; where only one is given it stands for both.
 * @retval FIRN_ERR_ARG  Required without a default. */
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_add_field(firn_txn *txn, firn_str path,
                                                        const firn_field *field,
                                                        firn_position position, firn_error *err);
/** @brief Add what @p schema has and the table has not, by names, nested too; promote where it is
 * wider, make optional where it is optional. What it does not have stays; what is narrower there
 * stays as it is. Ids in @p schema do not count.
 * @retval FIRN_ERR_ARG  Types that do not go together. */
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_union_by_name(firn_txn *txn,
                                                            const firn_schema *schema,
                                                            firn_error *err);
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_drop_column(firn_txn *txn, firn_str path,
                                                          firn_error *err);
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_rename_column(firn_txn *txn, firn_str path,
                                                            firn_str new_name, firn_error *err);
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_move_column(firn_txn *txn, firn_str path,
                                                          firn_position position, firn_error *err);
/** @brief Promote: int to long, float to double, decimal to more digits of the same scale; in
 * format version 3 also date to timestamp or timestamp_ns, and unknown to any type. Refused where
 * a partition field's values would change. */
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_promote_column(firn_txn *txn, firn_str path,
                                                             const firn_type *type,
                                                             firn_error *err);
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_make_optional(firn_txn *txn, firn_str path,
                                                            firn_error *err);
/** @brief What is known of the rows there are. */
typedef enum firn_rows_check {
    FIRN_ROWS_CHECKED = 0, /**< look at the rows of all branches now: metrics, else the column */
    FIRN_ROWS_TRUSTED,     /**< the caller knows that no row has null */
} firn_rows_check;

/** @brief Make a column required. The commit conflicts with any that moved a branch meanwhile.
 * @retval FIRN_ERR_ARG  A row has null; also one that only a delete file deletes. A field within
 *                       a null struct is not looked at. */
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_make_required(firn_txn *txn, firn_str path,
                                                            firn_rows_check check, firn_error *err);
/** @brief Set what rows written without the column get; NULL: nothing. Format version 3. */
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_set_default(firn_txn *txn, firn_str path,
                                                          const firn_value *value, firn_error *err);
/** @brief Columns whose values together identify a row; n 0: none. They must be required
 * primitives, not floats, not within a list, map or optional struct. */
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_set_identifier_fields(firn_txn *txn,
                                                                    const firn_str *paths, size_t n,
                                                                    firn_error *err);
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_set_doc(firn_txn *txn, firn_str path, firn_str doc,
                                                      firn_error *err);
/** @brief Add a partition field for new data. @p name empty: Iceberg's usual name. */
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_add_partition_field(firn_txn *txn, firn_str column,
                                                                  firn_transform transform,
                                                                  firn_str name, firn_error *err);
/** @brief Drop by partition field name. */
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_drop_partition_field(firn_txn *txn, firn_str name,
                                                                   firn_error *err);
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_rename_partition_field(firn_txn *txn, firn_str name,
                                                                     firn_str new_name,
                                                                     firn_error *err);
/** @brief Replace the whole default spec; fields name columns by source_id (current schema). */
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_set_spec(firn_txn *txn,
                                                       const firn_partition_field *fields, size_t n,
                                                       firn_error *err);
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_set_sort_order(firn_txn *txn,
                                                             const firn_sort_field *fields,
                                                             size_t n, firn_error *err);

/** @brief Where new files go from now on; what is there stays where it is. */
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_set_location(firn_txn *txn, firn_str location,
                                                           firn_error *err);

/* ---- snapshots ---- */

/** @brief Set main to an ancestor of its current snapshot. */
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_rollback_to(firn_txn *txn, int64_t snapshot_id,
                                                          firn_error *err);
/** @brief Set main to the newest ancestor of its current snapshot that was made before
 * @p timestamp_ms. */
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_rollback_to_time(firn_txn *txn, int64_t timestamp_ms,
                                                               firn_error *err);
/** @brief Set main to any snapshot of the table. */
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_set_current_snapshot(firn_txn *txn,
                                                                   int64_t snapshot_id,
                                                                   firn_error *err);
/** @brief Make the change of another snapshot on main: moves main to it if its parent is the
 * current snapshot; else adds its files again (an append), or replaces the same partitions (a
 * dynamic overwrite whose partitions were not changed since).
 * @retval FIRN_ERR_ARG  Any other change, or one that main has already. */
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_cherry_pick(firn_txn *txn, int64_t snapshot_id,
                                                          firn_error *err);
/** @brief Forget snapshots; those that a branch or tag names are refused. No file is removed. */
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_remove_snapshots(firn_txn *txn, const int64_t *ids,
                                                               size_t n, firn_error *err);

/** @brief Forget schemas and partition specs, by id, that no file or snapshot that stays was
 * written with (the caller knows). A commit that moves main or changes the layout meanwhile is a
 * conflict.
 * @retval FIRN_ERR_ARG  The current schema or the default spec. */
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_remove_layouts(firn_txn *txn,
                                                             const int64_t *schema_ids,
                                                             size_t n_schemas,
                                                             const int64_t *spec_ids,
                                                             size_t n_specs, firn_error *err);

/* ---- branches and tags ---- */

/** @brief What to do when a name is taken. */
typedef enum firn_ref_mode {
    FIRN_REF_CREATE = 0,    /**< FIRN_ERR_EXISTS */
    FIRN_REF_IF_NOT_EXISTS, /**< nothing */
    FIRN_REF_REPLACE,       /**< it must exist; retention is replaced too */
    FIRN_REF_CREATE_OR_REPLACE,
} firn_ref_mode;

typedef struct firn_ref_opts {
    size_t struct_size;
    bool is_tag;
    firn_ref_mode mode;
    int64_t snapshot_id;           /**< 0: the current one of main */
    int64_t min_snapshots_to_keep; /**< branch; 0: the table's default */
    int64_t max_snapshot_age_ms;   /**< branch; 0: the table's default */
    int64_t max_ref_age_ms;        /**< 0: for ever */
} firn_ref_opts;

#define FIRN_REF_OPTS(...) (&(firn_ref_opts){.struct_size = sizeof(firn_ref_opts), __VA_ARGS__})

/** @brief Create or replace a branch or tag. main can be replaced, not made a tag. */
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_set_ref(firn_txn *txn, firn_str name,
                                                      const firn_ref_opts *opts, firn_error *err);
/** @brief Drop a branch or tag; main stays. @retval FIRN_ERR_NOT_FOUND unless @p if_exists */
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_drop_ref(firn_txn *txn, firn_str name, bool is_tag,
                                                       bool if_exists, firn_error *err);
/** @brief Give a branch another name, with its snapshot and retention. */
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_rename_branch(firn_txn *txn, firn_str name,
                                                            firn_str new_name, firn_error *err);
/** @brief Move @p branch forward to the snapshot of @p to, a descendant of its own. A branch that
 * does not exist is made. */
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_fast_forward(firn_txn *txn, firn_str branch,
                                                           firn_str to, firn_error *err);

/* ---- statistics ---- */

/** @brief Set the statistics file of a snapshot; @p json is an entry of the metadata's
 * "statistics" (or "partition-statistics"), as the specification has it. */
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_set_statistics(firn_txn *txn, firn_str json,
                                                             bool is_partition, firn_error *err);
FIRN_API FIRN_MUST_CHECK firn_status firn_txn_remove_statistics(firn_txn *txn, int64_t snapshot_id,
                                                                bool is_partition, firn_error *err);

FIRN_END_DECLS

#endif
