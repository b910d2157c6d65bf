/* SPDX-License-Identifier: Apache-2.0 */
/* Consistency of table metadata: ids are unique, defaults and references exist, main is the
 * current snapshot, sequence numbers do not run ahead. */
#include "iceberg/spec/metadata_check.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/str.h"

static firn_status check_unique(int64_t *ids, size_t n, const char *what, firn_error *err)
{
    firn_ids_sort_i64(ids, n);
    for (size_t i = 1; i < n; i++) {
        if (ids[i] == ids[i - 1]) {
            return firn_fail(err, FIRN_ERR_CORRUPT, "two %s have the id %" PRId64, what, ids[i]);
        }
    }
    return FIRN_OK;
}

static firn_status check_limits(const firn_table_metadata *m, firn_error *err)
{
    if (m->n_schemas > FIRN_LIMIT_SCHEMAS || m->n_specs > FIRN_LIMIT_SCHEMAS ||
        m->n_sort_orders > FIRN_LIMIT_SCHEMAS) {
        return firn_fail(err, FIRN_ERR_LIMIT, "more than %d schemas, specs or sort orders",
                         FIRN_LIMIT_SCHEMAS);
    }
    if (m->n_snapshots > FIRN_LIMIT_SNAPSHOTS) {
        return firn_fail(err, FIRN_ERR_LIMIT, "%zu snapshots, limit %d", m->n_snapshots,
                         FIRN_LIMIT_SNAPSHOTS);
    }
    return FIRN_OK;
}

static firn_status check_layouts(const firn_table_metadata *m, int64_t *ids, firn_error *err)
{
    for (size_t i = 0; i < m->n_schemas; i++) ids[i] = m->schemas[i]->schema_id;
    FIRN_TRY(check_unique(ids, m->n_schemas, "schemas", err));
    if (!firn_ids_have_i64(ids, m->n_schemas, m->current_schema_id)) {
        return firn_fail(err, FIRN_ERR_CORRUPT, "current schema %" PRId32 " is not in \"schemas\"",
                         m->current_schema_id);
    }
    for (size_t i = 0; i < m->n_specs; i++) ids[i] = m->specs[i]->spec_id;
    FIRN_TRY(check_unique(ids, m->n_specs, "partition specs", err));
    if (!firn_ids_have_i64(ids, m->n_specs, m->default_spec_id)) {
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "default partition spec %" PRId32 " is not in \"partition-specs\"",
                         m->default_spec_id);
    }
    for (size_t i = 0; i < m->n_sort_orders; i++) ids[i] = m->sort_orders[i]->order_id;
    FIRN_TRY(check_unique(ids, m->n_sort_orders, "sort orders", err));
    if (!firn_ids_have_i64(ids, m->n_sort_orders, m->default_sort_order_id)) {
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "default sort order %" PRId32 " is not in \"sort-orders\"",
                         m->default_sort_order_id);
    }
    return FIRN_OK;
}

static firn_status check_snapshots(const firn_table_metadata *m, firn_error *err)
{
    for (size_t i = 0; i < m->n_snapshots; i++) {
        const firn_snapshot *s = &m->snapshots[i];
        if (m->format_version >= 2 && s->sequence_number > m->last_sequence_number) {
            return firn_fail(err, FIRN_ERR_CORRUPT,
                             "snapshot %" PRId64 " has sequence number %" PRId64
                             ", beyond the last one, %" PRId64,
                             s->snapshot_id, s->sequence_number, m->last_sequence_number);
        }
    }
    return FIRN_OK;
}

static firn_status check_refs(const firn_table_metadata *m, const int64_t *ids, firn_error *err)
{
    if (m->current_snapshot_id != -1 &&
        !firn_ids_have_i64(ids, m->n_snapshots, m->current_snapshot_id)) {
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "current snapshot %" PRId64 " is not in \"snapshots\"",
                         m->current_snapshot_id);
    }
    for (size_t i = 0; i < m->n_refs; i++) {
        const firn_snapshot_ref *ref = &m->refs[i];
        if (!firn_ids_have_i64(ids, m->n_snapshots, ref->snapshot_id)) {
            return firn_fail(err, FIRN_ERR_CORRUPT,
                             "reference \"%.*s\" names snapshot %" PRId64
                             ", which is not in \"snapshots\"",
                             FIRN_STR_ARG(ref->name), ref->snapshot_id);
        }
    }
    const firn_snapshot_ref *main_ref = firn_metadata_find_ref(m, FIRN_STR("main"));
    if (main_ref && (main_ref->is_tag || main_ref->snapshot_id != m->current_snapshot_id)) {
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "branch main is at snapshot %" PRId64 ", current is %" PRId64,
                         main_ref->snapshot_id, m->current_snapshot_id);
    }
    if (!main_ref && m->current_snapshot_id != -1) {
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "current snapshot is %" PRId64 ", but there is no branch main",
                         m->current_snapshot_id);
    }
    return FIRN_OK;
}

firn_status firn_metadata_check(const firn_table_metadata *metadata, firn_arena *scratch,
                                firn_error *err)
{
    FIRN_TRY(check_limits(metadata, err));
    const size_t n =
        metadata->n_snapshots > FIRN_LIMIT_SCHEMAS ? metadata->n_snapshots : FIRN_LIMIT_SCHEMAS;
    int64_t *ids = firn_arena_array(scratch, n, sizeof *ids);
    if (!ids) return firn_fail_nomem(err);
    FIRN_TRY(check_layouts(metadata, ids, err));
    for (size_t i = 0; i < metadata->n_snapshots; i++) ids[i] = metadata->snapshots[i].snapshot_id;
    FIRN_TRY(check_unique(ids, metadata->n_snapshots, "snapshots", err));
    FIRN_TRY(check_snapshots(metadata, err));
    return check_refs(metadata, ids, err);
}
