/* SPDX-License-Identifier: Apache-2.0 */
/* What a table's owner may forbid maintenance to do. */
#ifndef FIRN_ICEBERG_TABLE_GUARD_H
#define FIRN_ICEBERG_TABLE_GUARD_H

#include "firn/metadata.h"

/* FIRN_ERR_ARG "cannot WHAT: ..." where gc.enabled is false: files may be shared. */
FIRN_MUST_CHECK firn_status firn_table_check_gc(const firn_table_metadata *metadata,
                                                const char *what, firn_error *err);

#endif
