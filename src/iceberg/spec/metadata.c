/* SPDX-License-Identifier: Apache-2.0 */
/* Lookups in table metadata and string maps. Metadata is immutable, so these are plain searches;
 * reading and changing it is in metadata_json_read.c and metadata_update.c. */
#include "firn/metadata.h"

#include "base/str.h"

const firn_schema *firn_metadata_find_schema(const firn_table_metadata *metadata, int32_t schema_id)
{
    for (size_t i = 0; i < metadata->n_schemas; i++) {
        if (metadata->schemas[i]->schema_id == schema_id) return metadata->schemas[i];
    }
    return NULL;
}

const firn_schema *firn_metadata_schema(const firn_table_metadata *metadata)
{
    return firn_metadata_find_schema(metadata, metadata->current_schema_id);
}

const firn_schema *firn_metadata_schema_at(const firn_table_metadata *metadata,
                                           const firn_snapshot *snapshot)
{
    const firn_schema *schema = snapshot && snapshot->schema_id >= 0
                                    ? firn_metadata_find_schema(metadata, snapshot->schema_id)
                                    : NULL;
    return schema ? schema : firn_metadata_schema(metadata);
}

const firn_partition_spec *firn_metadata_find_spec(const firn_table_metadata *metadata,
                                                   int32_t spec_id)
{
    for (size_t i = 0; i < metadata->n_specs; i++) {
        if (metadata->specs[i]->spec_id == spec_id) return metadata->specs[i];
    }
    return NULL;
}

const firn_partition_spec *firn_metadata_spec(const firn_table_metadata *metadata)
{
    return firn_metadata_find_spec(metadata, metadata->default_spec_id);
}

const firn_sort_order *firn_metadata_sort_order(const firn_table_metadata *metadata)
{
    for (size_t i = 0; i < metadata->n_sort_orders; i++) {
        if (metadata->sort_orders[i]->order_id == metadata->default_sort_order_id) {
            return metadata->sort_orders[i];
        }
    }
    return NULL;
}

const firn_snapshot *firn_metadata_find_snapshot(const firn_table_metadata *metadata,
                                                 int64_t snapshot_id)
{
    for (size_t i = metadata->n_snapshots; i-- > 0;) { /* new ones are asked for most */
        if (metadata->snapshots[i].snapshot_id == snapshot_id) return &metadata->snapshots[i];
    }
    return NULL;
}

const firn_snapshot *firn_metadata_current_snapshot(const firn_table_metadata *metadata)
{
    if (metadata->current_snapshot_id == -1) return NULL;
    return firn_metadata_find_snapshot(metadata, metadata->current_snapshot_id);
}

const firn_snapshot_ref *firn_metadata_find_ref(const firn_table_metadata *metadata, firn_str name)
{
    for (size_t i = 0; i < metadata->n_refs; i++) {
        if (firn_str_equals(metadata->refs[i].name, name)) return &metadata->refs[i];
    }
    return NULL;
}

const firn_snapshot *firn_metadata_snapshot_as_of(const firn_table_metadata *metadata,
                                                  int64_t timestamp_ms)
{
    for (size_t i = metadata->n_snapshot_log; i-- > 0;) {
        const firn_snapshot_log_entry *entry = &metadata->snapshot_log[i];
        if (entry->timestamp_ms <= timestamp_ms)
            return firn_metadata_find_snapshot(metadata, entry->snapshot_id);
    }
    return NULL;
}

/* Parents usually stand right before their children, so the search goes backwards from the child
 * before it looks at the rest. */
static const firn_snapshot *find_parent(const firn_table_metadata *metadata,
                                        const firn_snapshot *child)
{
    if (child->parent_snapshot_id == -1) return NULL;
    for (size_t i = (size_t)(child - metadata->snapshots); i-- > 0;) {
        const firn_snapshot *s = &metadata->snapshots[i];
        if (s->snapshot_id == child->parent_snapshot_id) return s;
    }
    return firn_metadata_find_snapshot(metadata, child->parent_snapshot_id);
}

bool firn_metadata_is_ancestor(const firn_table_metadata *metadata, int64_t snapshot_id,
                               int64_t ancestor_id)
{
    const firn_snapshot *at = firn_metadata_find_snapshot(metadata, snapshot_id);
    /* No chain is longer than the list: a cycle in a broken file ends here. */
    for (size_t steps = 0; at && steps <= metadata->n_snapshots; steps++) {
        if (at->snapshot_id == ancestor_id) return true;
        at = find_parent(metadata, at);
    }
    return false;
}

firn_str firn_properties_get(const firn_properties *properties, firn_str key, firn_str fallback)
{
    for (size_t i = 0; i < properties->n; i++) {
        if (firn_str_equals(properties->items[i].key, key)) return properties->items[i].value;
    }
    return fallback;
}

int64_t firn_properties_get_i64(const firn_properties *properties, firn_str key, int64_t fallback)
{
    const firn_str text = firn_properties_get(properties, key, (firn_str){0});
    int64_t value = 0;
    return firn_str_to_i64(firn_str_trim(text), &value) ? value : fallback;
}
