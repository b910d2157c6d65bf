/* SPDX-License-Identifier: Apache-2.0 */
/* What one schema has that another has not, by field ids. */
#ifndef FIRN_ICEBERG_SCHEMA_DIFF_H
#define FIRN_ICEBERG_SCHEMA_DIFF_H

#include "base/arena.h"
#include "firn/types.h"

typedef enum firn_schema_change_kind {
    FIRN_SCHEMA_ADDED = 0,
    FIRN_SCHEMA_DROPPED,
    FIRN_SCHEMA_RENAMED,
    FIRN_SCHEMA_RETYPED,
    FIRN_SCHEMA_MADE_REQUIRED,
    FIRN_SCHEMA_MADE_OPTIONAL,
    FIRN_SCHEMA_MOVED, /* to another place among the fields that both have */
    FIRN_SCHEMA_DOC,
} firn_schema_change_kind;

typedef struct firn_schema_change {
    firn_schema_change_kind kind;
    int32_t field_id;
    firn_str name;                    /* dotted; of DROPPED the old one, else the new one */
    firn_str old_name;                /* RENAMED */
    const firn_field *before, *after; /* NULL where there is none */
} firn_schema_change;

/* Drops first, then the fields of the new schema in order; in the arena. before NULL: all are
 * added. */
FIRN_MUST_CHECK firn_status firn_schema_diff(const firn_schema *before, const firn_schema *after,
                                             firn_arena *arena, firn_schema_change **out,
                                             size_t *n_out, firn_error *err);
/* "added", "dropped", "renamed", ... Static. */
const char *firn_schema_change_name(firn_schema_change_kind kind);

#endif
