/* SPDX-License-Identifier: Apache-2.0 */
/* A local folder of files that can be made again: a cache for all processes that know the folder.
 * Nothing here fails: what cannot be read is not there, what cannot be written is left out, and
 * anything may be deleted by anybody at any time. A file is written whole under another name and
 * renamed, without fsync; whether its bytes are right is for whoever reads it to check.
 *
 * Threads: a folder is shared by all threads; a file belongs to one. */
#ifndef FIRN_STORE_CACHE_FOLDER_H
#define FIRN_STORE_CACHE_FOLDER_H

#include "base/random.h"
#include "firn/base.h"

typedef struct firn_cache_folder firn_cache_folder;

/* An open file. */
typedef struct firn_cache_file {
    int fd;
    int64_t size_bytes;
} firn_cache_file;

/* Looks at nothing yet; the folder is made with the first file. max_bytes: of all files together;
 * the oldest go first. path is copied. */
FIRN_MUST_CHECK firn_status firn_cache_folder_create(firn_str path, int64_t max_bytes,
                                                     const firn_random *random,
                                                     firn_cache_folder **out, firn_error *err);
void firn_cache_folder_destroy(firn_cache_folder *folder);

/* name: a file name without slashes. False: not there. */
bool firn_cache_file_open(const firn_cache_folder *folder, const char *name, firn_cache_file *out);
/* False: the file has no such bytes. */
bool firn_cache_file_read(const firn_cache_file *file, uint64_t offset, void *out, size_t n);
void firn_cache_file_close(firn_cache_file *file);

/* The pieces one after another; replaces a file of the name. False: left out. */
bool firn_cache_folder_put(firn_cache_folder *folder, const char *name, const firn_str *pieces,
                           size_t n_pieces);
void firn_cache_folder_remove(const firn_cache_folder *folder, const char *name);

#endif
