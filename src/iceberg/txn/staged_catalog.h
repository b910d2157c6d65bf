/* SPDX-License-Identifier: Apache-2.0 */
/* A catalog in front of another one in which commits wait: what a transaction of several statements
 * reads and writes. A table is as it was when it was first loaded, plus what was committed to it
 * here; nothing reaches the catalog behind until firn_staged_catalog_publish(), which is one commit
 * of all tables.
 *
 *   read    all tables as they were at one moment: a table that is loaded later than others must
 *           not have changed since the first was, unless those others have not either
 *   write   a table that somebody else changed meanwhile is a conflict, unless only rows were added
 *           here, which are added again on top
 *   serializable   tables that were only read must be unchanged, too
 *
 * Changes of names (drop, rename, views, namespaces) are not part of Iceberg's commit and refused,
 * but for the tables made here; so are changes whose files the transaction may not remove when it
 * is rolled back. One thread at a time. */
#ifndef FIRN_ICEBERG_STAGED_CATALOG_H
#define FIRN_ICEBERG_STAGED_CATALOG_H

#include "base/env.h"
#include "firn/ext/catalog.h"
#include "firn/ext/store.h"

typedef struct firn_staged_opts {
    bool is_serializable;
    bool is_read_only; /* commits are FIRN_ERR_DENIED */
} firn_staged_opts;

/* inner is borrowed; the staged catalog has its name. */
FIRN_MUST_CHECK firn_status firn_staged_catalog_open(firn_env *env, firn_store *store,
                                                     firn_catalog *inner,
                                                     const firn_staged_opts *opts,
                                                     firn_catalog **out, firn_error *err);
/* Something waits to be committed. */
bool firn_staged_catalog_is_changed(const firn_catalog *staged);
/* Something waits, or was read and must be looked at again. */
bool firn_staged_catalog_needs_publish(const firn_catalog *staged);
/* The changes of a table, made here, rest on rows that were read: they are not added again on top
 * of what others changed. */
void firn_staged_catalog_pin(firn_catalog *staged, const firn_ident *ident);
/* Commit everything to the catalog behind. FIRN_ERR_CONFLICT names the table and what happened to
 * it. After anything but FIRN_OK and FIRN_ERR_COMMIT_UNKNOWN nothing has changed; discard then. */
FIRN_MUST_CHECK firn_status firn_staged_catalog_publish(firn_catalog *staged, firn_error *err);
/* Remove the files of what waits. Best effort, logged. */
void firn_staged_catalog_discard(firn_catalog *staged);

#endif
