/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the staged catalog share: tables that were read and the updates that wait. */
#ifndef FIRN_ICEBERG_STAGED_INTERNAL_H
#define FIRN_ICEBERG_STAGED_INTERNAL_H

#include "iceberg/txn/staged_catalog.h"
#include "iceberg/txn/txn_internal.h"

typedef struct firn_staged_table {
    firn_ident ident;
    firn_str text;          /* "a.b.name" */
    firn_loaded_table base; /* as it was read; metadata NULL: made here */
    const firn_table_metadata *now;
    firn_update_list list;          /* from base to now, in order */
    firn_requirement *requirements; /* on base */
    size_t n_requirements, cap_requirements;
    bool is_pinned;  /* the changes rest on rows that were read */
    bool is_dropped; /* made here, then dropped */
} firn_staged_table;

typedef struct firn_staged {
    firn_env *env;
    firn_store *store;
    firn_catalog *inner;
    firn_catalog *self;
    firn_staged_opts opts;
    firn_arena *arena; /* of everything, until the transaction ends */
    firn_staged_table **tables;
    size_t n_tables, cap_tables;
    int64_t first_read_ms;
} firn_staged;

/* NULL: not read yet, or dropped here. */
firn_staged_table *firn_staged__find(const firn_staged *staged, const firn_ident *ident);
/* The table, read now if it was not before. FIRN_ERR_NOT_FOUND: nor in the catalog behind. */
FIRN_MUST_CHECK firn_status firn_staged__need(firn_staged *staged, const firn_ident *ident,
                                              firn_staged_table **out, firn_error *err);
FIRN_MUST_CHECK firn_status firn_staged__load_inner(const firn_staged *staged,
                                                    const firn_ident *ident, firn_arena *arena,
                                                    firn_loaded_table *out, firn_error *err);

/* ---- staged_files.c: the files of the snapshots that wait ---- */

/* The files that a snapshot added, copied to the arena. */
FIRN_MUST_CHECK firn_status firn_staged__added_files(const firn_staged *staged,
                                                     const firn_table_metadata *metadata,
                                                     const firn_snapshot *snapshot,
                                                     firn_arena *arena, firn_data_file **out,
                                                     size_t *n_out, firn_error *err);
/* Remove the metadata files of the snapshots in the list, and their data files. Best effort. */
void firn_staged__remove_files(const firn_staged *staged, const firn_table_metadata *metadata,
                               const firn_update_list *list, bool with_data);

/* ---- staged_rebase.c ---- */

/* Only rows were added, and the table is laid out as it was. */
bool firn_staged__can_rebase(const firn_staged_table *table, const firn_table_metadata *fresh);
/* Add the rows again on top of what the table is now. After a failure it is as before. */
FIRN_MUST_CHECK firn_status firn_staged__rebase(firn_staged *staged, firn_staged_table *table,
                                                firn_error *err);

#endif
