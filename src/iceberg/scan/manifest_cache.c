/* SPDX-License-Identifier: Apache-2.0 */
/* Images kept; see manifest_cache.h. In memory they hang in buckets by key and in a list by last
 * use. What is in use is never thrown out; an image of which a file was written keeps only the
 * columns that are read again. Lock order: the cache's, then an image's. */
#include "iceberg/scan/manifest_cache.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/str.h"
#include "format/puffin/murmur3_128.h"
#include "iceberg/scan/image_builder.h"
#include "iceberg/spec/manifest.h"

#define N_BUCKETS      4096
#define MANIFEST_BYTES 8192  /* of the smallest manifest that is worth an image */
#define FILE_BYTES     65536 /* ... a file */
#define HEADER_BYTES   4096  /* of an image without its columns, and so many for each column */
#define COLUMN_BYTES   sizeof(firn_image_column)
#define SPARE_BUILDERS 8

struct firn_manifest_cache {
    firn_manifest_cache_opts opts;
    firn_cache_folder *folder; /* NULL: no files */
    pthread_mutex_t lock;      /* of the rest */
    firn_manifest_image *buckets[N_BUCKETS];
    firn_manifest_image *newest, *oldest;
    firn_manifest_cache_stats stats;
    firn_image_builder *spare[SPARE_BUILDERS];
    size_t n_spare;
};

/* ---- life ---- */

static void close_cache(firn_manifest_cache *cache)
{
    if (!cache) return;
    while (cache->newest) {
        firn_manifest_image *image = cache->newest;
        cache->newest = image->older;
        firn_manifest_image_destroy(image);
    }
    for (size_t i = 0; i < cache->n_spare; i++) firn_image_builder_destroy(cache->spare[i]);
    firn_cache_folder_destroy(cache->folder);
    (void)pthread_mutex_destroy(&cache->lock);
    firn_mem_free(NULL, cache);
}

firn_status firn_manifest_cache_attach(firn_env *env, const firn_manifest_cache_opts *opts,
                                       firn_error *err)
{
    if (env->manifest_cache)
        return firn_fail(err, FIRN_ERR_ARG, "the environment has a manifest cache");
    firn_manifest_cache *cache = firn_mem_alloc_zero(NULL, sizeof *cache);
    if (!cache) return firn_fail_nomem(err);
    cache->opts = *opts;
    if (opts->smallest_manifest == 0) cache->opts.smallest_manifest = MANIFEST_BYTES;
    if (opts->smallest_file == 0) cache->opts.smallest_file = FILE_BYTES;
    if (opts->folder.len > 0 && opts->folder_bytes > 0) {
        const firn_status st = firn_cache_folder_create(opts->folder, opts->folder_bytes,
                                                        env->random, &cache->folder, err);
        if (st != FIRN_OK) {
            firn_mem_free(NULL, cache);
            return st;
        }
    }
    (void)pthread_mutex_init(&cache->lock, NULL);
    env->manifest_cache = cache;
    env->manifest_cache_close = close_cache;
    return FIRN_OK;
}

firn_manifest_cache_stats firn_manifest_cache_stats_of(firn_manifest_cache *cache)
{
    if (!cache) return (firn_manifest_cache_stats){0};
    (void)pthread_mutex_lock(&cache->lock);
    const firn_manifest_cache_stats stats = cache->stats;
    (void)pthread_mutex_unlock(&cache->lock);
    return stats;
}

/* ---- keys ---- */

void firn_manifest_cache_key(const firn_manifest_file *manifest, firn_str types, firn_buf *out)
{
    firn_buf_u64le(out, (uint64_t)manifest->length);
    firn_buf_u64le(out, (uint64_t)manifest->sequence_number);
    firn_buf_u64le(out, (uint64_t)manifest->added_snapshot_id);
    firn_buf_u64le(out, (uint64_t)manifest->first_row_id);
    firn_buf_u32le(out, (uint32_t)manifest->spec_id);
    firn_buf_u32le(out, (uint32_t)manifest->content);
    firn_buf_u32le(out, (uint32_t)types.len);
    firn_buf_str(out, types);
    firn_buf_str(out, manifest->path);
}

bool firn_manifest_cache_wants(const firn_manifest_cache *cache, const firn_manifest_file *manifest)
{
    return cache && manifest->length >= cache->opts.smallest_manifest;
}

static void name_of(firn_str key, char out[48])
{
    uint64_t hash[2];
    firn_murmur3_x64_128(key.data, key.len, 0, hash);
    (void)snprintf(out, 48, "%016llx%016llx.image", (unsigned long long)hash[0],
                   (unsigned long long)hash[1]);
}

/* Files are for manifests of some size; the length leads the key. */
static bool wants_file(const firn_manifest_cache *cache, firn_str key)
{
    int64_t length = 0;
    if (key.len >= sizeof length) memcpy(&length, key.data, sizeof length);
    return cache->folder && length >= cache->opts.smallest_file;
}

/* ---- memory; all under the lock ---- */

static int64_t size_of(firn_manifest_image *image)
{
    (void)pthread_mutex_lock(&image->lock);
    const size_t n = image->n_bytes;
    (void)pthread_mutex_unlock(&image->lock);
    return (int64_t)(n + HEADER_BYTES + image->n_columns * COLUMN_BYTES);
}

static firn_manifest_image **bucket_of(firn_manifest_cache *cache, firn_str key)
{
    return &cache->buckets[firn_str_hash(key) % N_BUCKETS];
}

static firn_manifest_image *find_kept(firn_manifest_cache *cache, firn_str key)
{
    firn_manifest_image *image = *bucket_of(cache, key);
    while (image && !firn_str_equals(image->key, key)) image = image->next_in_bucket;
    return image;
}

static void unlink_age(firn_manifest_cache *cache, firn_manifest_image *image)
{
    *(image->newer ? &image->newer->older : &cache->newest) = image->older;
    *(image->older ? &image->older->newer : &cache->oldest) = image->newer;
    image->newer = image->older = NULL;
}

static void link_newest(firn_manifest_cache *cache, firn_manifest_image *image)
{
    image->older = cache->newest;
    if (cache->newest) cache->newest->newer = image;
    cache->newest = image;
    if (!cache->oldest) cache->oldest = image;
}

static void forget(firn_manifest_cache *cache, firn_manifest_image *image)
{
    firn_manifest_image **link = bucket_of(cache, image->key);
    while (*link != image) link = &(*link)->next_in_bucket;
    *link = image->next_in_bucket;
    unlink_age(cache, image);
    image->is_kept = false;
    cache->stats.memory_bytes -= image->n_counted;
    if (image->n_users == 0) firn_manifest_image_destroy(image);
}

static void keep(firn_manifest_cache *cache, firn_manifest_image *image)
{
    firn_manifest_image **bucket = bucket_of(cache, image->key);
    image->next_in_bucket = *bucket;
    *bucket = image;
    link_newest(cache, image);
    image->is_kept = true;
}

static void count_again(firn_manifest_cache *cache, firn_manifest_image *image)
{
    const int64_t now = size_of(image);
    cache->stats.memory_bytes += now - image->n_counted;
    image->n_counted = now;
}

/* Least recently used first. */
static void make_room(firn_manifest_cache *cache)
{
    firn_manifest_image *image = cache->oldest;
    while (image && cache->stats.memory_bytes > cache->opts.memory_bytes) {
        firn_manifest_image *newer = image->newer;
        if (image->n_users == 0) forget(cache, image);
        image = newer;
    }
}

/* ---- finding ---- */

static firn_manifest_image *use_kept(firn_manifest_cache *cache, firn_str key)
{
    firn_manifest_image *image = find_kept(cache, key);
    if (!image) return NULL;
    image->n_users++;
    unlink_age(cache, image);
    link_newest(cache, image);
    return image;
}

/* Outside the lock. */
static firn_manifest_image *open_file(const firn_manifest_cache *cache, firn_str key,
                                      bool *is_refused)
{
    char name[48];
    firn_cache_file file;
    firn_manifest_image *image = NULL;
    name_of(key, name);
    if (!wants_file(cache, key) || !firn_cache_file_open(cache->folder, name, &file)) return NULL;
    const firn_status st = firn_manifest_image_open(cache->folder, name, &file, key, &image, NULL);
    *is_refused = st != FIRN_OK;
    if (st != FIRN_OK) firn_cache_folder_remove(cache->folder, name);
    return image;
}

firn_manifest_image *firn_manifest_cache_find(firn_manifest_cache *cache, firn_str key)
{
    bool is_refused = false;
    if (!cache) return NULL;
    (void)pthread_mutex_lock(&cache->lock);
    firn_manifest_image *image = use_kept(cache, key);
    if (image) cache->stats.memory_hits++;
    (void)pthread_mutex_unlock(&cache->lock);
    if (image) return image;
    firn_manifest_image *opened = open_file(cache, key, &is_refused);
    (void)pthread_mutex_lock(&cache->lock);
    image = use_kept(cache, key); /* another thread may have been faster */
    if (!image && opened) {
        keep(cache, opened);
        image = opened;
        image->n_users = 1;
        opened = NULL;
    }
    if (image)
        cache->stats.file_hits++;
    else
        cache->stats.misses++;
    cache->stats.files_refused += is_refused;
    (void)pthread_mutex_unlock(&cache->lock);
    firn_manifest_image_destroy(opened);
    return image;
}

void firn_manifest_cache_release(firn_manifest_cache *cache, firn_manifest_image *image,
                                 bool is_damaged)
{
    (void)pthread_mutex_lock(&cache->lock);
    image->n_users--;
    if (is_damaged) {
        cache->stats.files_refused++;
        if (cache->folder) firn_cache_folder_remove(cache->folder, image->file_name);
    }
    if (image->n_users == 0) firn_manifest_image_close_file(image);
    if (image->is_kept && is_damaged) {
        forget(cache, image);
    } else if (image->is_kept) {
        count_again(cache, image);
        make_room(cache);
    } else if (image->n_users == 0) {
        firn_manifest_image_destroy(image);
    }
    (void)pthread_mutex_unlock(&cache->lock);
}

/* ---- adding ---- */

firn_image_builder *firn_manifest_cache_borrow_builder(firn_manifest_cache *cache)
{
    firn_image_builder *builder = NULL;
    (void)pthread_mutex_lock(&cache->lock);
    if (cache->n_spare > 0) builder = cache->spare[--cache->n_spare];
    (void)pthread_mutex_unlock(&cache->lock);
    if (builder) return builder;
    return firn_image_builder_create(&builder, NULL) == FIRN_OK ? builder : NULL;
}

void firn_manifest_cache_return_builder(firn_manifest_cache *cache, firn_image_builder *builder)
{
    firn_image_builder_reset(builder);
    (void)pthread_mutex_lock(&cache->lock);
    const bool is_kept = cache->n_spare < SPARE_BUILDERS;
    if (is_kept) cache->spare[cache->n_spare++] = builder;
    (void)pthread_mutex_unlock(&cache->lock);
    if (!is_kept) firn_image_builder_destroy(builder);
}

void firn_manifest_cache_add(firn_manifest_cache *cache, firn_manifest_image *image)
{
    char name[48];
    name_of(image->key, name);
    const bool has_file =
        wants_file(cache, image->key) && firn_manifest_image_write(image, cache->folder, name);
    if (has_file) firn_manifest_image_drop_data(image);
    bool fits = size_of(image) <= cache->opts.memory_bytes;
    fits = fits && firn_manifest_image_own_data(image, NULL) == FIRN_OK;
    (void)pthread_mutex_lock(&cache->lock);
    cache->stats.files_written += has_file;
    const bool is_new = fits && !find_kept(cache, image->key);
    if (is_new) {
        keep(cache, image);
        count_again(cache, image);
        make_room(cache);
    }
    (void)pthread_mutex_unlock(&cache->lock);
    if (!is_new) firn_manifest_image_destroy(image);
}
