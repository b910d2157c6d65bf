/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of a view (view specification, version 1) as new metadata; the catalog swaps it in. What
 * does not change is shared with the old metadata. Not here: what a view's text means. */
#ifndef FIRN_ICEBERG_VIEW_UPDATE_H
#define FIRN_ICEBERG_VIEW_UPDATE_H

#include "base/arena.h"
#include "firn/metadata.h"

#define FIRN_VIEW_DEFAULT_HISTORY 10 /* version.history.num-entries */

/* NULL: none. */
const firn_view_version *firn_view_current_version(const firn_view_metadata *view);
const firn_schema *firn_view_schema_of(const firn_view_metadata *view,
                                       const firn_view_version *version);

/* Makes a version current: one that is there and says the same, or a new one. old: may have no
 * version yet. version: its id, schema id and time are set here. columns: kind STRUCT. Versions
 * beyond version.history.num-entries go, oldest first. FIRN_ERR_ARG when a dialect would be lost,
 * unless replace.drop-dialect.allowed is true. */
FIRN_MUST_CHECK firn_status firn_view_add_version(const firn_view_metadata *old,
                                                  const firn_view_version *version,
                                                  const firn_type *columns, int64_t now_ms,
                                                  firn_arena *arena, firn_view_metadata *out,
                                                  firn_error *err);
/* Makes an earlier version current. FIRN_ERR_NOT_FOUND: the view does not have it (any more). */
FIRN_MUST_CHECK firn_status firn_view_roll_back(const firn_view_metadata *old, int32_t version_id,
                                                int64_t now_ms, firn_arena *arena,
                                                firn_view_metadata *out, firn_error *err);
/* removed: keys; those that are not there do not matter. */
FIRN_MUST_CHECK firn_status firn_view_set_properties(const firn_view_metadata *old,
                                                     const firn_properties *set,
                                                     const firn_properties *removed,
                                                     firn_arena *arena, firn_view_metadata *out,
                                                     firn_error *err);
/* The current version with a text in one dialect added or replaced; sql empty: taken out.
 * FIRN_ERR_NOT_FOUND: there is none to take out; FIRN_ERR_ARG: it is the only one. */
FIRN_MUST_CHECK firn_status firn_view_set_dialect(const firn_view_metadata *old, firn_str dialect,
                                                  firn_str sql, int64_t now_ms, firn_arena *arena,
                                                  firn_view_metadata *out, firn_error *err);

#endif
