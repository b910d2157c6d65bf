/* SPDX-License-Identifier: Apache-2.0 */
/* Delete files that no data file needs any more: older than all data they could apply to, or about
 * a data file that is gone. */
#ifndef FIRN_ICEBERG_DANGLING_DELETES_H
#define FIRN_ICEBERG_DANGLING_DELETES_H

#include "firn/table.h"

/* Removes them from a branch (empty: main) in a commit; none when there are none. */
FIRN_MUST_CHECK firn_status firn_dangling_deletes_remove(firn_table *table, firn_str branch,
                                                         int64_t *n_removed, firn_error *err);

#endif
