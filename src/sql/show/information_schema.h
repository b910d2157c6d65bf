/* SPDX-License-Identifier: Apache-2.0 */
/* "[<catalog>.]information_schema.{schemata,tables,columns}" of Iceberg catalogs. Trino's tables
 * are made of these (trino_system.h). */
#ifndef FIRN_SQL_INFORMATION_SCHEMA_H
#define FIRN_SQL_INFORMATION_SCHEMA_H

#include "base/arena.h"
#include "firn/batch.h"
#include "firn/ext/catalog.h"
#include "sql/dialect/dialect.h"

typedef struct firn_information_opts {
    firn_catalog *const *catalogs;
    size_t n_catalogs;
    firn_dialect dialect; /* whose names types have */
    bool is_wide;         /* with comments, and the texts of views; for Trino's tables */
} firn_information_opts;

/* Whether there is a view called name. */
bool firn_information_schema_has(firn_str name);
/* Rows of the view called name; columns in the arena, the batch is freed with it.
 * FIRN_ERR_NOT_FOUND (without a message): there is no view of that name. */
FIRN_MUST_CHECK firn_status firn_information_schema_rows(const firn_information_opts *opts,
                                                         firn_str name, firn_arena *arena,
                                                         const firn_type **type_out,
                                                         const firn_batch **out, firn_error *err);

#endif
