/* SPDX-License-Identifier: Apache-2.0 */
/* Appends of one process as bytes, so that another process can commit them with its own: their
 * snapshots' ids, the manifests that are written already, the entries of the summaries. Files stay
 * where they are. Whoever reads the bytes trusts nothing in them that the table can tell.
 *
 * The bytes are never older than the processes that exchange them, but these may be of different
 * versions of firn: the first number says which form they have, and an unknown one is declined. */
#ifndef FIRN_ICEBERG_COMMIT_REQUEST_H
#define FIRN_ICEBERG_COMMIT_REQUEST_H

#include "base/buf.h"
#include "iceberg/txn/txn_internal.h"

/* The transactions of one table, all of them firn_commit__can_share() and with their manifests
 * made. */
FIRN_MUST_CHECK firn_status firn_commit_request__encode(const firn_commit_member *members, size_t n,
                                                        firn_buf *out, firn_error *err);

/* Transactions on the table, to be built on base; what they point to is in their arenas. The caller
 * closes them. FIRN_ERR_CORRUPT: not a request. FIRN_ERR_CONFLICT: not for this base, as it is
 * another table, or its layout is not the one the files were written for. */
FIRN_MUST_CHECK firn_status firn_commit_request__decode(firn_str bytes, firn_table *table,
                                                        const firn_table_metadata *base,
                                                        firn_arena *arena, firn_txn ***out,
                                                        size_t *n_out, firn_error *err);

#endif
