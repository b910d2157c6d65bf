/* SPDX-License-Identifier: Apache-2.0 */
/* The changelog of metadata without a catalog. firn/changes.h is the same for a table handle, and
 * says what the options and the rows mean. */
#ifndef FIRN_ICEBERG_CHANGELOG_H
#define FIRN_ICEBERG_CHANGELOG_H

#include "base/arena.h"
#include "base/env.h"
#include "firn/changes.h"

FIRN_MUST_CHECK firn_status firn_changelog_open(firn_env *env, firn_store *store,
                                                const firn_table_metadata *metadata,
                                                const firn_changes_opts *opts, firn_changes **out,
                                                firn_error *err);

/* Columns of a schema, then the three of the changelog. In the arena. */
FIRN_MUST_CHECK firn_status firn_changelog_columns(const firn_schema *schema, firn_arena *arena,
                                                   const firn_type **out, firn_error *err);
/* True for the columns that a changelog adds. */
bool firn_field_is_change(int32_t field_id);

#endif
