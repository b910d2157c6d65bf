/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file firn/import.h
 * @brief Parquet files that are there already become data files of a table, as they are.
 *
 * Nothing is copied: the table refers to the files where they lie. Their metrics are read from
 * their footers, and files without field ids are read by the table's name mapping
 * ("schema.name-mapping.default"), which is set when the table has none. Folders named
 * "column=value" are partitions, as Hive and Spark write them.
 *
 * Ownership:  options are borrowed for the call.
 * Threads:    as firn/table.h: one handle, one thread at a time.
 */
#ifndef FIRN_IMPORT_H
#define FIRN_IMPORT_H

#include "firn/table.h"

FIRN_BEGIN_DECLS

/** @brief Zero in any field means "default". */
typedef struct firn_import_opts {
    size_t struct_size;
    firn_properties partition_filter; /**< files of these partitions only: column and value, as a
                                           folder is named */
    bool allows_duplicates;           /**< files that the table has already are added again */
    bool is_flat;                     /**< files of the folder itself, not of folders in it */
    int32_t n_threads;                /**< to read footers; default: the environment's */
} firn_import_opts;

#define FIRN_IMPORT_OPTS(...) \
    (&(firn_import_opts){.struct_size = sizeof(firn_import_opts), __VA_ARGS__})

typedef struct firn_import_result {
    int64_t files, records, partitions;
} firn_import_result;

/**
 * @brief Add a Parquet file, or all below a folder, to a table: one append.
 *
 * Names that begin with "." or "_" are passed over, but for folders of partitions. The partition
 * columns of the folders must be those of one of the table's specs, all of them by identity.
 *
 * @param      table     Refreshed first; afterwards at the new snapshot.
 * @param      location  A folder, or one file.
 * @param      opts      NULL: all defaults.
 * @param[out] out       Zeroed on failure.
 * @retval FIRN_ERR_NOT_FOUND  There is no such file or folder, or no file in it.
 * @retval FIRN_ERR_EXISTS     The table has one of the files already.
 * @retval FIRN_ERR_ARG        No partition spec that fits; a filter on something else; a column
 *                             that cannot be read as the table's.
 */
FIRN_API FIRN_MUST_CHECK firn_status firn_table_add_files(firn_table *table, firn_str location,
                                                          const firn_import_opts *opts,
                                                          firn_import_result *out, firn_error *err);

/** @brief A new table of files or of another table's files. */
typedef struct firn_import_table_opts {
    size_t struct_size;
    firn_str location;          /**< of the new table; empty: the catalog's default */
    firn_properties properties; /**< besides "schema.name-mapping.default" */
    int32_t n_threads;
} firn_import_table_opts;

#define FIRN_IMPORT_TABLE_OPTS(...) \
    (&(firn_import_table_opts){.struct_size = sizeof(firn_import_table_opts), __VA_ARGS__})

/**
 * @brief Create a table of the Parquet files below a folder, in one commit.
 *
 * Its columns are those of all files, by name, none required; then the columns of the folders
 * ("column=value"), by which the table is partitioned: int, long, date or else string, whichever
 * holds all values. Files below the folder "metadata" of the table's own location are left out, so
 * that a folder can become a table where it is.
 *
 * @param[out] result  Zeroed on failure.
 * @retval FIRN_ERR_EXISTS     The name is taken.
 * @retval FIRN_ERR_NOT_FOUND  No files.
 * @retval FIRN_ERR_ARG        Columns of one name whose types do not go together.
 */
FIRN_API FIRN_MUST_CHECK firn_status firn_table_import(firn_env *env, firn_store *store,
                                                       firn_catalog *catalog,
                                                       const firn_ident *ident, firn_str source,
                                                       const firn_import_table_opts *opts,
                                                       firn_import_result *result, firn_error *err);

/**
 * @brief Create a table that begins as another one is now, with its snapshots and its files where
 * they lie: what is done to either afterwards is not seen in the other.
 *
 * The new table has "gc.enabled" false, so that its maintenance removes no file of the source. The
 * source's maintenance does not know of the new table: expiring its snapshots may take files away
 * from it.
 *
 * @retval FIRN_ERR_EXISTS  The name is taken.
 */
FIRN_API FIRN_MUST_CHECK firn_status firn_table_clone(const firn_table *source,
                                                      firn_catalog *catalog,
                                                      const firn_ident *ident,
                                                      const firn_import_table_opts *opts,
                                                      firn_import_result *result, firn_error *err);

FIRN_END_DECLS

#endif
