/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file firn/ext/store.h
 * @brief The object store interface: what a driver provides and what the table format calls.
 *
 * Locations are URIs or absolute paths ("/w/t/f", "file:/w/t/f", "file:///w/t/f" name the same
 * file; "memory://..."). Objects are immutable once finished; there is no append and no rename.
 *
 * Ownership:  handles from open/create die in close; drivers are destroyed by their slot.
 * Threads:    a store is shared by all threads; one file handle's read_at may be called by several
 *             threads at once; a writer belongs to one thread.
 */
#ifndef FIRN_EXT_STORE_H
#define FIRN_EXT_STORE_H

#include "firn/base.h"

FIRN_BEGIN_DECLS

typedef struct firn_store firn_store;
typedef struct firn_store_file firn_store_file;
typedef struct firn_store_writer firn_store_writer;

/** @brief One object in a listing. @c path is borrowed for the call. */
typedef struct firn_store_entry {
    firn_str path; /**< Location usable with firn_store_open(). */
    int64_t size_bytes;
    int64_t modified_us; /**< Microseconds since 1970, 0 if unknown. */
} firn_store_entry;

/** @brief Called per object, in path order. Return other than FIRN_OK to stop with that status. */
typedef firn_status (*firn_store_list_fn)(void *ctx, const firn_store_entry *entry,
                                          firn_error *err);

/** @brief Slots of a driver. All required unless marked optional. Every path is one that handles()
 * accepted. */
typedef struct firn_store_ops {
    size_t struct_size;
    /** True if this driver serves the location's scheme. */
    bool (*handles)(void *ctx, firn_str location);
    firn_status (*open)(void *ctx, firn_str path, void **file_out, int64_t *size_out,
                        firn_error *err);
    /** Exactly n bytes, or FIRN_ERR_CORRUPT when the file is shorter. */
    firn_status (*read_at)(void *ctx, void *file, int64_t offset, void *out, size_t n,
                           firn_error *err);
    /** Optional: bytes of one read from which on a further request costs little against them: the
     * latency of a request times the bandwidth, some MiB for an object store on the net. Readers
     * that go through a file ask for about so many at a time, as far as their memory allows. 0, and
     * no slot: requests cost next to nothing, as with a local file. */
    size_t (*read_bytes)(void *ctx, const void *file);
    void (*close)(void *ctx, void *file);
    /** Start a new object, invisible until finish. Makes folders as needed. */
    firn_status (*create)(void *ctx, firn_str path, void **writer_out, firn_error *err);
    firn_status (*write)(void *ctx, void *writer, const void *data, size_t n, firn_error *err);
    /** Make the object durable and visible, only if the name is free: FIRN_ERR_EXISTS otherwise.
     * Frees the writer in every case. */
    firn_status (*finish)(void *ctx, void *writer, firn_error *err);
    /** Optional, both or none: finish in two steps, so that many objects wait for the disk
     * together. First what they hold is durable and they are visible, only if the names are free:
     * FIRN_ERR_EXISTS otherwise. On failure some may be visible. Frees all writers in every case.
     */
    firn_status (*finish_content)(void *ctx, void *const *writers, size_t n, firn_error *err);
    /** Then their names are durable. Names in folders that are gone are passed over. */
    firn_status (*sync_names)(void *ctx, const firn_str *paths, size_t n, firn_error *err);
    /** Optional: nobody needs the object after a crash, so finish need not wait for the disk. */
    void (*make_scratch)(void *ctx, void *writer);
    /** Drop an unfinished object and free the writer. */
    void (*abandon)(void *ctx, void *writer);
    firn_status (*remove)(void *ctx, firn_str path, firn_error *err);
    firn_status (*list)(void *ctx, firn_str prefix, firn_store_list_fn fn, void *fn_ctx,
                        firn_error *err);
    firn_status (*stat)(void *ctx, firn_str path, firn_store_entry *out, firn_error *err);
    void (*destroy)(void *ctx);
} firn_store_ops;

/**
 * @brief A store made of drivers; the first whose handles() accepts a location serves it.
 * The store owns the drivers' ctx from firn_store_add() on.
 */
FIRN_API FIRN_MUST_CHECK firn_status firn_store_create(firn_store **out, firn_error *err);
FIRN_API FIRN_MUST_CHECK firn_status firn_store_add(firn_store *store, const firn_store_ops *ops,
                                                    void *ctx, firn_error *err);
FIRN_API void firn_store_destroy(firn_store *store);

/** @brief Open for ranged reads. @retval FIRN_ERR_NOT_FOUND */
FIRN_API FIRN_MUST_CHECK firn_status firn_store_open(firn_store *store, firn_str path,
                                                     firn_store_file **out, firn_error *err);
FIRN_API int64_t firn_store_file_size(const firn_store_file *file);
/** @brief Bytes of a read that is worth its request: see firn_store_ops.read_bytes. */
FIRN_API size_t firn_store_file_read_bytes(const firn_store_file *file);
FIRN_API FIRN_MUST_CHECK firn_status firn_store_read_at(firn_store_file *file, int64_t offset,
                                                        void *out, size_t n, firn_error *err);
FIRN_API void firn_store_close(firn_store_file *file);

FIRN_API FIRN_MUST_CHECK firn_status firn_store_begin(firn_store *store, firn_str path,
                                                      firn_store_writer **out, firn_error *err);
FIRN_API FIRN_MUST_CHECK firn_status firn_store_write(firn_store_writer *writer, const void *data,
                                                      size_t n, firn_error *err);
/** @brief Durable (file and folder fsynced) and visible on FIRN_OK. Ends the writer.
 * @retval FIRN_ERR_EXISTS  The name was taken; nothing was changed. */
FIRN_API FIRN_MUST_CHECK firn_status firn_store_finish(firn_store_writer *writer, firn_error *err);
/** @brief firn_store_finish() but for the names: after a crash of the machine the objects are there
 * under theirs only if firn_store_sync_names() came before it. All writers end. On failure some of
 * the objects may be there and others not: remove them by name. */
FIRN_API FIRN_MUST_CHECK firn_status firn_store_finish_content(firn_store_writer *const *writers,
                                                               size_t n, firn_error *err);
/** @brief The names of objects that are finished become durable: one wait for each folder. */
FIRN_API FIRN_MUST_CHECK firn_status firn_store_sync_names(firn_store *store, const firn_str *paths,
                                                           size_t n, firn_error *err);
/** @brief Nobody needs this object after a crash (rows that do not fit memory, say): finishing it
 * does not wait for the disk. What reads it in this process finds it all the same. */
FIRN_API void firn_store_make_scratch(firn_store_writer *writer);
/** @brief Ends the writer and leaves nothing behind. NULL is fine. */
FIRN_API void firn_store_abandon(firn_store_writer *writer);

/** @brief begin + write + finish of a whole small object. */
FIRN_API FIRN_MUST_CHECK firn_status firn_store_put(firn_store *store, firn_str path,
                                                    firn_str bytes, firn_error *err);
FIRN_API FIRN_MUST_CHECK firn_status firn_store_remove(firn_store *store, firn_str path,
                                                       firn_error *err);
/** @brief All objects below a folder, in byte order of their paths: those named prefix + "/..." and
 * the object named prefix itself. A trailing slash makes no difference; nothing there is FIRN_OK
 * without a call. Unfinished objects are not listed. */
FIRN_API FIRN_MUST_CHECK firn_status firn_store_list(firn_store *store, firn_str prefix,
                                                     firn_store_list_fn fn, void *ctx,
                                                     firn_error *err);
FIRN_API FIRN_MUST_CHECK firn_status firn_store_stat(firn_store *store, firn_str path,
                                                     firn_store_entry *out, firn_error *err);

FIRN_END_DECLS

#endif
