/* SPDX-License-Identifier: Apache-2.0 */
/* What pages of files unpack to, kept in memory for those who read the same pages again. A page is
 * kept when it is missed for the second time, so that what is read once, however much, puts nothing
 * out; and what is asked for often stays when there is more than fits. Threads: shared by all.
 *
 * Files do not change; one that was replaced under its name all the same has another footer, which
 * is part of the key. Not here: which pages are worth it. */
#ifndef FIRN_BASE_PAGE_CACHE_H
#define FIRN_BASE_PAGE_CACHE_H

#include "base/env.h"

typedef struct firn_page_cache firn_page_cache;

/* A file as the cache knows it. */
typedef struct firn_page_file {
    uint64_t hash[2];
} firn_page_file;

typedef enum firn_page_found {
    FIRN_PAGE_KEPT,   /* there it is */
    FIRN_PAGE_MISSED, /* not there, and need not be given */
    FIRN_PAGE_WANTED, /* not there, and asked for before: give it */
} firn_page_found;

typedef struct firn_page_cache_stats {
    int64_t hits, misses, refused; /* refused: given, but others are used more */
    int64_t bytes;
} firn_page_cache_stats;

/* Gives the environment a cache of at most so many bytes, which it closes with itself. Before it is
 * shared by threads; once. */
FIRN_MUST_CHECK firn_status firn_page_cache_attach(firn_env *env, int64_t bytes, firn_error *err);
/* cache NULL: all zero. */
firn_page_cache_stats firn_page_cache_stats_of(firn_page_cache *cache);

/* path, and what of the file tells it from others that had its path. */
firn_page_file firn_page_cache_file(const firn_page_cache *cache, firn_str path, firn_str footer);
/* Copies the n bytes of the page at the offset to out if they are there. */
firn_page_found firn_page_cache_get(firn_page_cache *cache, const firn_page_file *file,
                                    uint64_t offset, void *out, size_t n);
/* Is some page at the offset there? Counts for nothing. */
bool firn_page_cache_has(firn_page_cache *cache, const firn_page_file *file, uint64_t offset);
/* Keeps a copy, if it can. */
void firn_page_cache_give(firn_page_cache *cache, const firn_page_file *file, uint64_t offset,
                          const void *data, size_t n);

#endif
