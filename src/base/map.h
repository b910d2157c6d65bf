/* SPDX-License-Identifier: Apache-2.0 */
/* Hash map from text to pointer, in an arena; keys are borrowed. Iteration is in insertion
 * order, so output is repeatable. */
#ifndef FIRN_BASE_MAP_H
#define FIRN_BASE_MAP_H

#include "base/arena.h"

typedef struct firn_map_entry {
    firn_str key;
    void *value;
    uint64_t hash;
} firn_map_entry;

typedef struct firn_map {
    firn_arena *arena;
    firn_map_entry *entries; /* n_entries of them, insertion order */
    size_t n_entries;
    size_t cap_entries;
    uint32_t *slots; /* entry index + 1, 0 = free */
    size_t n_slots;
} firn_map;

void firn_map_init(firn_map *map, firn_arena *arena);
/* Adds or replaces. */
FIRN_MUST_CHECK firn_status firn_map_put(firn_map *map, firn_str key, void *value, firn_error *err);
/* NULL if absent. */
void *firn_map_find(const firn_map *map, firn_str key);
bool firn_map_has(const firn_map *map, firn_str key);

#endif
