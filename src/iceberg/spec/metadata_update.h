/* SPDX-License-Identifier: Apache-2.0 */
/* Requirements and updates applied to metadata: the rules every catalog driver shares. Pure: no
 * I/O; the clock is a parameter. */
#ifndef FIRN_ICEBERG_METADATA_UPDATE_H
#define FIRN_ICEBERG_METADATA_UPDATE_H

#include "base/arena.h"
#include "firn/ext/catalog.h"

/* base NULL: the table does not exist. FIRN_ERR_CONFLICT names the requirement that failed. */
FIRN_MUST_CHECK firn_status firn_requirements_check(const firn_table_metadata *base,
                                                    const firn_requirement *requirements, size_t n,
                                                    firn_error *err);
/* New metadata in the arena, sharing unchanged parts of base (which must outlive it, or be in the
 * same arena); what the updates bring is copied. base NULL: a new table, whose updates must give
 * uuid, schema, spec, sort order and location. previous_location: appended to the metadata log
 * (empty: none), which is cut to write.metadata.previous-versions-max (100). A now_ms before base's
 * last change counts as that: history stays in order when clocks do not. */
FIRN_MUST_CHECK firn_status firn_updates_apply(const firn_table_metadata *base,
                                               firn_str previous_location,
                                               const firn_update *updates, size_t n, int64_t now_ms,
                                               firn_arena *arena, const firn_table_metadata **out,
                                               firn_error *err);
/* Of metadata files, without trailing slash: write.metadata.path or "<location>/metadata". */
FIRN_MUST_CHECK firn_status firn_metadata_folder(const firn_table_metadata *metadata,
                                                 firn_arena *arena, firn_str *out, firn_error *err);
/* "<metadata folder>/<NNNNN>-<uuid>.metadata.json", version one more than previous_location's; or
 * ".gz.metadata.json" by write.metadata.compression-codec. */
FIRN_MUST_CHECK firn_status firn_metadata_next_location(const firn_table_metadata *metadata,
                                                        firn_str previous_location,
                                                        const char *uuid, firn_arena *arena,
                                                        firn_str *out, firn_error *err);
/* Other readers tell gzip by the name. */
bool firn_metadata_is_packed(firn_str location);

#endif
