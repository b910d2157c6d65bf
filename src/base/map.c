/* SPDX-License-Identifier: Apache-2.0 */
/* Open addressing with linear probing over an insertion-ordered entry array, at most half full. */
#include "base/map.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"

#define SLOTS_FIRST ((size_t)16)

void firn_map_init(firn_map *map, firn_arena *arena)
{
    memset(map, 0, sizeof *map);
    map->arena = arena;
}

/* The key's slot, or the free slot where it belongs. n_slots must not be 0. */
static size_t probe(const firn_map *map, firn_str key, uint64_t hash)
{
    size_t mask = map->n_slots - 1;
    size_t at = (size_t)hash & mask;

    for (;; at = (at + 1) & mask) {
        uint32_t slot = map->slots[at];
        const firn_map_entry *entry;
        if (slot == 0) return at;
        entry = &map->entries[slot - 1];
        if (entry->hash == hash && firn_str_equals(entry->key, key)) return at;
    }
}

static firn_status grow_slots(firn_map *map, firn_error *err)
{
    size_t n_slots = map->n_slots ? map->n_slots * 2 : SLOTS_FIRST;
    uint32_t *slots;
    size_t mask = n_slots - 1;

    if (n_slots > (size_t)1 << 31)
        return firn_fail(err, FIRN_ERR_LIMIT, "map of %zu entries is full", map->n_entries);
    slots = firn_arena_array(map->arena, n_slots, sizeof *slots);
    if (!slots) return firn_fail_nomem(err);
    for (size_t i = 0; i < map->n_entries; i++) {
        size_t at = (size_t)map->entries[i].hash & mask;
        while (slots[at]) at = (at + 1) & mask;
        slots[at] = (uint32_t)(i + 1);
    }
    map->slots = slots;
    map->n_slots = n_slots;
    return FIRN_OK;
}

firn_status firn_map_put(firn_map *map, firn_str key, void *value, firn_error *err)
{
    uint64_t hash = firn_str_hash(key);
    firn_map_entry *entry;
    size_t at;

    if (map->n_entries >= map->n_slots / 2) FIRN_TRY(grow_slots(map, err));
    at = probe(map, key, hash);
    if (map->slots[at]) {
        map->entries[map->slots[at] - 1].value = value;
        return FIRN_OK;
    }
    entry = firn_arena_push(map->arena, &map->entries, &map->n_entries, &map->cap_entries,
                            sizeof *entry);
    if (!entry) return firn_fail_nomem(err);
    *entry = (firn_map_entry){key, value, hash};
    map->slots[at] = (uint32_t)map->n_entries;
    return FIRN_OK;
}

static const firn_map_entry *find_entry(const firn_map *map, firn_str key)
{
    size_t at;

    if (map->n_entries == 0) return NULL;
    at = probe(map, key, firn_str_hash(key));
    return map->slots[at] ? &map->entries[map->slots[at] - 1] : NULL;
}

void *firn_map_find(const firn_map *map, firn_str key)
{
    const firn_map_entry *entry = find_entry(map, key);
    return entry ? entry->value : NULL;
}

bool firn_map_has(const firn_map *map, firn_str key)
{
    return find_entry(map, key) != NULL;
}
