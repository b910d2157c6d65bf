/* SPDX-License-Identifier: Apache-2.0 */
/* Whole-object reads with a limit. */
#include "store/store_read.h"

#include <inttypes.h>

#include "base/error.h"

static firn_status read_open_file(firn_store_file *file, firn_str path, size_t max_bytes,
                                  firn_arena *arena, firn_str *out, firn_error *err)
{
    int64_t size = firn_store_file_size(file);
    char *bytes;

    if (size < 0 || (uint64_t)size > max_bytes)
        return firn_fail(err, FIRN_ERR_LIMIT, "%.*s: %" PRId64 " bytes, limit %zu",
                         FIRN_STR_ARG(path), size, max_bytes);
    bytes = firn_arena_alloc(arena, (size_t)size + 1);
    if (!bytes) return firn_fail_nomem(err);
    FIRN_TRY(firn_store_read_at(file, 0, bytes, (size_t)size, err));
    bytes[size] = '\0'; /* not counted: a convenience in debuggers and for text parsers */
    *out = (firn_str){bytes, (size_t)size};
    return FIRN_OK;
}

firn_status firn_store_read_all(firn_store *store, firn_str path, size_t max_bytes,
                                firn_arena *arena, firn_str *out, firn_error *err)
{
    firn_store_file *file;
    firn_status st;

    FIRN_TRY(firn_store_open(store, path, &file, err));
    st = read_open_file(file, path, max_bytes, arena, out, err);
    firn_store_close(file);
    return st;
}
