/* SPDX-License-Identifier: Apache-2.0 */
/* The changelog of metadata without a catalog. firn/changes.h is the same for a table handle, and
 * says what the options and the rows mean. */
#ifndef FIRN_ICEBERG_CHANGELOG_H
#define FIRN_ICEBERG_CHANGELOG_H

#include "base/arena.h"
#include "base/env.h"
#include "firn/changes.h"
#include "iceberg/changes/change_step.h"

/* filter: bound, on columns of the changelog; NULL: all rows. Rows that do not pass may be left
 * out, and are where that saves reading files; others come along, and what they are called means
 * nothing then. */
FIRN_MUST_CHECK firn_status firn_changelog_open(firn_env *env, firn_store *store,
                                                const firn_table_metadata *metadata,
                                                const firn_changes_opts *opts,
                                                const firn_expr *filter, firn_changes **out,
                                                firn_error *err);
/* Instead of reading: finds the files of all snapshots that are left, for the tally. */
FIRN_MUST_CHECK firn_status firn_changelog_plan(firn_changes *changes, firn_error *err);
/* What was planned and read so far, to tell rows apart, too. */
const firn_change_tally *firn_changelog_tally(const firn_changes *changes);
/* The part of the filter that chooses files; TRUE: all are read. */
const firn_expr *firn_changelog_filter(const firn_changes *changes);

/* Columns of a schema, then the three of the changelog. In the arena. */
FIRN_MUST_CHECK firn_status firn_changelog_columns(const firn_schema *schema, firn_arena *arena,
                                                   const firn_type **out, firn_error *err);
/* True for the columns that a changelog adds. */
bool firn_field_is_change(int32_t field_id);

#endif
