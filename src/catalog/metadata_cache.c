/* SPDX-License-Identifier: Apache-2.0 */
/* Table metadata by location. A document never changes, so one that was parsed is good for as long
 * as anybody wants it: a writer that refreshes its table before every commit parses only what
 * others committed. Each slot keeps the last document of those that fall on it; its lock is held
 * while a document is read, so that threads that want the same one read it once. Of what is kept
 * the latest stays: it makes others go until all together are within a number of bytes. */
#include <pthread.h>
#include <stdatomic.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "catalog/pointer_catalog.h"
#include "iceberg/spec/metadata_json.h"

#define K_SLOTS          16
#define K_KEPT_MAX_BYTES ((size_t)64 << 20) /* of all slots together, as they are in memory */

typedef struct entry {
    atomic_int n_refs;
    firn_arena *arena; /* of all below */
    firn_str location;
    size_t n_bytes; /* of the arena */
    const firn_table_metadata *metadata;
} entry;

typedef struct slot {
    pthread_mutex_t lock;
    entry *kept; /* may be NULL */
} slot;

struct firn_metadata_cache {
    slot slots[K_SLOTS];
    atomic_size_t n_bytes; /* of what is kept */
};

static void unref(void *ptr)
{
    entry *self = ptr;
    if (!self || atomic_fetch_sub(&self->n_refs, 1) > 1) return;
    firn_arena_destroy(self->arena);
    firn_mem_free(NULL, self);
}

void firn_metadata_cache__destroy(firn_metadata_cache *cache)
{
    if (!cache) return;
    for (size_t i = 0; i < K_SLOTS; i++) {
        unref(cache->slots[i].kept);
        pthread_mutex_destroy(&cache->slots[i].lock);
    }
    firn_mem_free(NULL, cache);
}

firn_status firn_metadata_cache__create(firn_metadata_cache **out, firn_error *err)
{
    firn_metadata_cache *cache = firn_mem_alloc_zero(NULL, sizeof *cache);
    *out = NULL;
    if (!cache) return firn_fail_nomem(err);
    for (size_t i = 0; i < K_SLOTS; i++) {
        if (pthread_mutex_init(&cache->slots[i].lock, NULL) == 0) continue;
        while (i > 0) pthread_mutex_destroy(&cache->slots[--i].lock);
        firn_mem_free(NULL, cache);
        return firn_fail_nomem(err);
    }
    *out = cache;
    return FIRN_OK;
}

/* ---- documents ---- */

static firn_status read_document(const firn_pointer_catalog *catalog, entry *self,
                                 firn_str location, const entry *older, firn_error *err)
{
    firn_str bytes;
    const firn_status st =
        catalog->rows->get_document(catalog->rows_ctx, location, self->arena, &bytes, err);
    if (st == FIRN_ERR_NOT_FOUND)
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "metadata file %.*s, which the catalog names, does not exist",
                         FIRN_STR_ARG(location));
    if (st != FIRN_OK)
        return firn_error_wrap(err, st, "metadata file %.*s", FIRN_STR_ARG(location));
    self->location = firn_arena_copy(self->arena, location);
    if (!self->location.data) return firn_fail_nomem(err);
    FIRN_TRY(firn_error_wrap(err,
                             firn_metadata_parse_next(bytes, older ? older->metadata : NULL,
                                                      self->arena, &self->metadata, err),
                             "metadata file %.*s", FIRN_STR_ARG(location)));
    self->n_bytes = firn_arena_used(self->arena);
    return FIRN_OK;
}

/* With one reference, the caller's. */
static firn_status make_entry(const firn_pointer_catalog *catalog, firn_str location,
                              const entry *older, entry **out, firn_error *err)
{
    entry *self = firn_mem_alloc_zero(NULL, sizeof *self);
    *out = NULL;
    if (!self) return firn_fail_nomem(err);
    atomic_init(&self->n_refs, 1);
    self->arena = firn_arena_create(NULL, 0);
    const firn_status st =
        self->arena ? read_document(catalog, self, location, older, err) : firn_fail_nomem(err);
    if (st != FIRN_OK) {
        unref(self);
        return st;
    }
    *out = self;
    return FIRN_OK;
}

/* The slot's lock is held. */
static void keep(firn_metadata_cache *cache, slot *place, entry *next)
{
    entry *before = place->kept;
    if (next) {
        atomic_fetch_add(&next->n_refs, 1);
        atomic_fetch_add(&cache->n_bytes, next->n_bytes);
    }
    if (before) atomic_fetch_sub(&cache->n_bytes, before->n_bytes);
    place->kept = next;
    unref(before);
}

/* A slot that somebody uses right now is left alone: two that wait for each other would wait for
 * ever. */
static void make_room(firn_metadata_cache *cache, const slot *latest)
{
    for (size_t i = 0; i < K_SLOTS && atomic_load(&cache->n_bytes) > K_KEPT_MAX_BYTES; i++) {
        slot *other = &cache->slots[i];
        if (other == latest || pthread_mutex_trylock(&other->lock) != 0) continue;
        keep(cache, other, NULL);
        pthread_mutex_unlock(&other->lock);
    }
}

static firn_str folder_of(firn_str location)
{
    size_t len = location.len;
    while (len > 0 && location.data[len - 1] != '/') len--;
    return firn_str_slice(location, 0, len);
}

/* Documents of one table fall on one slot: what a newer one shares with the one before it is not
 * read again. */
static firn_status find_or_read(const firn_pointer_catalog *catalog, firn_str location, entry **out,
                                firn_error *err)
{
    slot *place = &catalog->cache->slots[firn_str_hash(folder_of(location)) % K_SLOTS];
    firn_status st = FIRN_OK;
    pthread_mutex_lock(&place->lock);
    *out = place->kept;
    if (*out && firn_str_equals((*out)->location, location)) {
        atomic_fetch_add(&(*out)->n_refs, 1);
    } else {
        st = make_entry(catalog, location, place->kept, out, err);
        if (st == FIRN_OK && (*out)->n_bytes <= K_KEPT_MAX_BYTES) {
            keep(catalog->cache, place, *out);
            make_room(catalog->cache, place);
        }
    }
    pthread_mutex_unlock(&place->lock);
    return st;
}

firn_status firn_pointer__load(firn_pointer_catalog *catalog, firn_str location, firn_arena *arena,
                               const firn_table_metadata **out, firn_error *err)
{
    entry *found = NULL;
    FIRN_TRY(find_or_read(catalog, location, &found, err));
    const firn_status st = firn_arena_defer(arena, unref, found, err);
    if (st != FIRN_OK) {
        unref(found);
        return st;
    }
    *out = found->metadata;
    return FIRN_OK;
}
