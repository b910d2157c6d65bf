/* SPDX-License-Identifier: Apache-2.0 */
/* Pages in shards, each with a lock, buckets and a list by last use. A full shard compares: the
 * time since the newcomer was asked for before, in pages asked for, and the time since the oldest
 * was. The newcomer comes in only if its own is the shorter. So where more is read in turn than
 * fits, what is there stays, instead of each page being put out just before its turn; and what is
 * not read any more goes as soon as others are read twice (after LIRS, Jiang and Zhang 2002). */
#include "base/page_cache.h"

#include <pthread.h>
#include <string.h>
#include <xxhash.h>

#include "base/error.h"

#define N_SHARDS  8
#define N_BUCKETS 1024 /* of a shard */
#define N_SETS    512  /* of marks */
#define N_WAYS    4

typedef struct kept_page {
    firn_page_file file;
    uint64_t offset;
    size_t n;
    uint32_t used; /* when it was asked for last */
    size_t n_readers;
    bool is_gone; /* the last reader frees it */
    struct kept_page *next_in_bucket;
    struct kept_page *newer, *older;
    uint8_t data[];
} kept_page;

/* A page that was missed; one that is missed later may take the place. */
typedef struct page_mark {
    uint32_t tag; /* 0: none */
    uint32_t missed;
} page_mark;

typedef struct shard {
    pthread_mutex_t lock; /* of the rest */
    kept_page *buckets[N_BUCKETS];
    kept_page *newest, *oldest;
    page_mark marks[N_SETS][N_WAYS];
    uint32_t now; /* pages asked for; times are differences of it, which may wrap */
    firn_page_cache_stats stats;
} shard;

struct firn_page_cache {
    int64_t shard_bytes;
    uint64_t seed; /* nobody can make a file that is taken for another */
    shard shards[N_SHARDS];
};

/* ---- life ---- */

static void close_cache(firn_page_cache *cache)
{
    if (!cache) return;
    for (size_t i = 0; i < N_SHARDS; i++) {
        shard *s = &cache->shards[i];
        for (size_t j = 0; j < N_BUCKETS; j++) {
            while (s->buckets[j]) {
                kept_page *page = s->buckets[j];
                s->buckets[j] = page->next_in_bucket;
                firn_mem_free(NULL, page);
            }
        }
        (void)pthread_mutex_destroy(&s->lock);
    }
    firn_mem_free(NULL, cache);
}

firn_status firn_page_cache_attach(firn_env *env, int64_t bytes, firn_error *err)
{
    if (env->page_cache) return firn_fail(err, FIRN_ERR_ARG, "the environment has a page cache");
    firn_page_cache *cache = firn_mem_alloc_zero(NULL, sizeof *cache);
    if (!cache) return firn_fail_nomem(err);
    cache->shard_bytes = bytes / N_SHARDS;
    cache->seed = firn_random_u64(env->random);
    for (size_t i = 0; i < N_SHARDS; i++) (void)pthread_mutex_init(&cache->shards[i].lock, NULL);
    env->page_cache = cache;
    env->page_cache_close = close_cache;
    return FIRN_OK;
}

firn_page_cache_stats firn_page_cache_stats_of(firn_page_cache *cache)
{
    firn_page_cache_stats all = {0};
    for (size_t i = 0; cache && i < N_SHARDS; i++) {
        shard *s = &cache->shards[i];
        (void)pthread_mutex_lock(&s->lock);
        all.hits += s->stats.hits;
        all.misses += s->stats.misses;
        all.refused += s->stats.refused;
        all.bytes += s->stats.bytes;
        (void)pthread_mutex_unlock(&s->lock);
    }
    return all;
}

/* ---- keys ---- */

firn_page_file firn_page_cache_file(const firn_page_cache *cache, firn_str path, firn_str footer)
{
    const XXH128_hash_t name = XXH3_128bits_withSeed(path.data, path.len, cache->seed);
    const XXH128_hash_t end =
        XXH3_128bits_withSeed(footer.data, footer.len, cache->seed ^ name.low64);
    return (firn_page_file){{end.low64, end.high64 ^ name.high64}};
}

static uint64_t hash_of(const firn_page_file *file, uint64_t offset)
{
    const uint64_t parts[] = {file->hash[0], file->hash[1], offset};
    return XXH3_64bits(parts, sizeof parts);
}

static shard *shard_of(firn_page_cache *cache, uint64_t hash)
{
    return &cache->shards[hash >> 61];
}

static kept_page **bucket_of(shard *s, uint64_t hash)
{
    return &s->buckets[hash % N_BUCKETS];
}

/* ---- pages of a shard; all under its lock ---- */

static kept_page *find(shard *s, uint64_t hash, const firn_page_file *file, uint64_t offset)
{
    kept_page *page = *bucket_of(s, hash);
    while (page && (page->offset != offset || page->file.hash[0] != file->hash[0] ||
                    page->file.hash[1] != file->hash[1]))
        page = page->next_in_bucket;
    return page;
}

/* The mark of the page, or the one to be used for it: its tag is another. */
static page_mark *find_mark(shard *s, uint64_t hash, uint32_t *tag)
{
    page_mark *set = s->marks[hash / N_BUCKETS % N_SETS];
    page_mark *oldest = set;
    *tag = (uint32_t)(hash >> 32) | 1;
    for (size_t i = 0; i < N_WAYS; i++) {
        if (set[i].tag == *tag) return &set[i];
        const bool is_free = set[i].tag == 0 && oldest->tag != 0;
        if (is_free || (oldest->tag != 0 && s->now - set[i].missed > s->now - oldest->missed))
            oldest = &set[i];
    }
    return oldest;
}

/* Has the page been missed before? It has been from now on. */
static bool mark_missed(shard *s, uint64_t hash)
{
    uint32_t tag = 0;
    page_mark *mark = find_mark(s, hash, &tag);
    if (mark->tag == tag) return true;
    *mark = (page_mark){tag, s->now};
    return false;
}

static void release(kept_page *page)
{
    if (--page->n_readers == 0 && page->is_gone) firn_mem_free(NULL, page);
}

static void unlink_age(shard *s, kept_page *page)
{
    *(page->newer ? &page->newer->older : &s->newest) = page->older;
    *(page->older ? &page->older->newer : &s->oldest) = page->newer;
    page->newer = page->older = NULL;
}

static void link_newest(shard *s, kept_page *page)
{
    page->used = s->now;
    page->older = s->newest;
    if (s->newest) s->newest->newer = page;
    s->newest = page;
    if (!s->oldest) s->oldest = page;
}

static void put_out(shard *s, kept_page *page)
{
    kept_page **link = bucket_of(s, hash_of(&page->file, page->offset));
    while (*link != page) link = &(*link)->next_in_bucket;
    *link = page->next_in_bucket;
    unlink_age(s, page);
    s->stats.bytes -= (int64_t)(sizeof *page + page->n);
    page->is_gone = true;
    page->n_readers++;
    release(page);
}

/* For a page that was asked for so long ago before. */
static bool make_room(shard *s, int64_t most, size_t n, uint32_t ago)
{
    if ((int64_t)n > most) return false;
    while (s->stats.bytes + (int64_t)n > most) {
        if (s->now - s->oldest->used <= ago) return false;
        put_out(s, s->oldest);
    }
    return true;
}

static void put_in(shard *s, kept_page *page, uint64_t hash)
{
    kept_page **bucket = bucket_of(s, hash);
    page->next_in_bucket = *bucket;
    *bucket = page;
    link_newest(s, page);
    s->stats.bytes += (int64_t)(sizeof *page + page->n);
}

/* ---- getting and giving ---- */

firn_page_found firn_page_cache_get(firn_page_cache *cache, const firn_page_file *file,
                                    uint64_t offset, void *out, size_t n)
{
    const uint64_t hash = hash_of(file, offset);
    shard *s = shard_of(cache, hash);
    bool is_known = false;
    (void)pthread_mutex_lock(&s->lock);
    kept_page *page = find(s, hash, file, offset);
    if (page && page->n != n) page = NULL;
    s->now++;
    if (page) {
        page->n_readers++;
        unlink_age(s, page);
        link_newest(s, page);
        s->stats.hits++;
    } else {
        is_known = mark_missed(s, hash);
        s->stats.misses++;
    }
    (void)pthread_mutex_unlock(&s->lock);
    if (!page) return is_known ? FIRN_PAGE_WANTED : FIRN_PAGE_MISSED;
    memcpy(out, page->data, n);
    (void)pthread_mutex_lock(&s->lock);
    release(page);
    (void)pthread_mutex_unlock(&s->lock);
    return FIRN_PAGE_KEPT;
}

bool firn_page_cache_has(firn_page_cache *cache, const firn_page_file *file, uint64_t offset)
{
    const uint64_t hash = hash_of(file, offset);
    shard *s = shard_of(cache, hash);
    (void)pthread_mutex_lock(&s->lock);
    const bool is_there = find(s, hash, file, offset) != NULL;
    (void)pthread_mutex_unlock(&s->lock);
    return is_there;
}

/* Is there room for the page, or can there be? */
static bool is_welcome(shard *s, uint64_t hash, const firn_page_file *file, uint64_t offset,
                       int64_t most, size_t n)
{
    uint32_t tag = 0;
    page_mark *mark = find_mark(s, hash, &tag);
    if (mark->tag != tag || find(s, hash, file, offset)) return false;
    const uint32_t ago = s->now - mark->missed;
    mark->missed = s->now;
    return make_room(s, most, n, ago);
}

void firn_page_cache_give(firn_page_cache *cache, const firn_page_file *file, uint64_t offset,
                          const void *data, size_t n)
{
    const uint64_t hash = hash_of(file, offset);
    const size_t size = sizeof(kept_page) + n;
    shard *s = shard_of(cache, hash);
    (void)pthread_mutex_lock(&s->lock);
    const bool has_room = is_welcome(s, hash, file, offset, cache->shard_bytes, size);
    s->stats.refused += !has_room;
    (void)pthread_mutex_unlock(&s->lock);
    if (!has_room) return;
    kept_page *page = firn_mem_alloc(NULL, size);
    if (!page) return; /* then it is unpacked again */
    *page = (kept_page){.file = *file, .offset = offset, .n = n};
    memcpy(page->data, data, n);
    (void)pthread_mutex_lock(&s->lock);
    const bool is_new =
        !find(s, hash, file, offset) && s->stats.bytes + (int64_t)size <= cache->shard_bytes;
    if (is_new) put_in(s, page, hash);
    (void)pthread_mutex_unlock(&s->lock);
    if (!is_new) firn_mem_free(NULL, page);
}
