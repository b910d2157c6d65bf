/* SPDX-License-Identifier: Apache-2.0 */
/* Decoded manifests kept for later plans: in memory for the plans of one environment, and as files
 * in a folder for those of all processes. Manifests never change, so what is kept never goes stale;
 * a key holds everything that decoding depends on.
 *
 * Files are a convenience: written whole under another name and then renamed, without fsync, every
 * section with a checksum. One that is missing, cut, or damaged is as good as none: the manifest is
 * read instead. The folder may be deleted at any time. Oldest files go first when it is full.
 *
 * Files are read, not mapped: a mapped file that somebody cuts short kills the process, and a plan
 * wants a few of a file's sections. Processes share them in the page cache either way. */
#ifndef FIRN_ICEBERG_MANIFEST_CACHE_H
#define FIRN_ICEBERG_MANIFEST_CACHE_H

#include "base/buf.h"
#include "base/env.h"

typedef struct firn_manifest_cache firn_manifest_cache;

typedef struct firn_manifest_cache_opts {
    int64_t memory_bytes; /* 0: nothing is kept in memory */
    firn_str folder;      /* empty: no files; made when the first is written */
    int64_t folder_bytes; /* 0: no files */
    /* Manifests smaller than this are as quickly read as their images, or their files. 0: 8 and
     * 64 KiB */
    int64_t smallest_manifest, smallest_file;
} firn_manifest_cache_opts;

/* What came of the cache so far. */
typedef struct firn_manifest_cache_stats {
    int64_t memory_hits, file_hits, misses;
    int64_t files_written, files_refused; /* refused: there, but damaged or of another version */
    int64_t memory_bytes;
} firn_manifest_cache_stats;

/* Gives the environment a cache, which it closes with itself. Before it is shared by threads; once.
 */
FIRN_MUST_CHECK firn_status firn_manifest_cache_attach(firn_env *env,
                                                       const firn_manifest_cache_opts *opts,
                                                       firn_error *err);
/* cache NULL: all zero. */
firn_manifest_cache_stats firn_manifest_cache_stats_of(firn_manifest_cache *cache);

/* ---- for the files of this folder ---- */

struct firn_image_builder;
struct firn_manifest_image;
struct firn_manifest_file;

/* What an image of the manifest is kept under: all that its entries depend on. types: of the
 * partition values, as firn_spec_filter has them. In the buffer; also checks nothing. */
void firn_manifest_cache_key(const struct firn_manifest_file *manifest, firn_str types,
                             firn_buf *out);
/* Manifests so small are read as quickly as their images. */
bool firn_manifest_cache_wants(const firn_manifest_cache *cache,
                               const struct firn_manifest_file *manifest);
/* NULL: there is none. In use until it is released. */
struct firn_manifest_image *firn_manifest_cache_find(firn_manifest_cache *cache, firn_str key);
/* is_damaged: not to be found again, nor its file. */
void firn_manifest_cache_release(firn_manifest_cache *cache, struct firn_manifest_image *image,
                                 bool is_damaged);
/* A builder to be given back; NULL: out of memory. They are used again, because their memory is
 * what costs most about them. */
struct firn_image_builder *firn_manifest_cache_borrow_builder(firn_manifest_cache *cache);
void firn_manifest_cache_return_builder(firn_manifest_cache *cache,
                                        struct firn_image_builder *builder);
/* Takes a finished image over, whose data is borrowed for the call. */
void firn_manifest_cache_add(firn_manifest_cache *cache, struct firn_manifest_image *image);

#endif
