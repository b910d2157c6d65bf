/* SPDX-License-Identifier: Apache-2.0 */
/* The table maintenance.history of a catalog: a row for each thing that maintenance did. */
#ifndef FIRN_ICEBERG_UPKEEP_HISTORY_H
#define FIRN_ICEBERG_UPKEEP_HISTORY_H

#include "base/env.h"
#include "firn/maintain.h"

typedef struct firn_upkeep_record {
    int64_t started_us; /* since 1970 */
    int64_t duration_ms;
    firn_str table;                 /* "ns.t" */
    const firn_maintain_step *step; /* NULL: failed */
    firn_str error;                 /* empty: none */
} firn_upkeep_record;

/* Makes namespace and table where they are missing. One commit. */
FIRN_MUST_CHECK firn_status firn_upkeep_history_add(firn_env *env, firn_store *store,
                                                    firn_catalog *catalog,
                                                    const firn_upkeep_record *records, size_t n,
                                                    firn_error *err);
/* "maintenance.history". */
firn_ident firn_upkeep_history_ident(void);

#endif
