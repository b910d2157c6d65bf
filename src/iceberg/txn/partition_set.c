/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/txn/partition_set.h"

#include "base/error.h"

#define MAX_KEY_BYTES ((size_t)1 << 24)

static firn_status add_key(firn_map *set, firn_str key, firn_error *err)
{
    if (firn_map_has(set, key)) return FIRN_OK;
    const firn_str copy = firn_arena_copy(set->arena, key);
    return copy.data ? firn_map_put(set, copy, set, err) : firn_fail_nomem(err);
}

firn_status firn_partition_set__add(firn_map *set, const firn_data_file *file, firn_error *err)
{
    firn_buf key;
    firn_buf_init(&key, NULL, MAX_KEY_BYTES);
    firn_status st =
        firn_partition_key(file->spec_id, file->partition, file->n_partition, &key, err);
    if (st == FIRN_OK) st = add_key(set, firn_buf_view(&key), err);
    firn_buf_dispose(&key);
    return st;
}

firn_status firn_partition_set__has(const firn_map *set, const firn_data_file *file, bool *out,
                                    firn_error *err)
{
    firn_buf key;
    *out = false;
    if (set->n_entries == 0) return FIRN_OK;
    firn_buf_init(&key, NULL, MAX_KEY_BYTES);
    const firn_status st =
        firn_partition_key(file->spec_id, file->partition, file->n_partition, &key, err);
    *out = st == FIRN_OK && firn_map_has(set, firn_buf_view(&key));
    firn_buf_dispose(&key);
    return st;
}
