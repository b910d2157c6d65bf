/* SPDX-License-Identifier: Apache-2.0 */
/* A store file as a byte source for format readers. */
#include <inttypes.h>

#include "base/arena.h"
#include "base/error.h"
#include "format/byte_io.h"
#include "iceberg/scan/read.h"

typedef struct store_source {
    firn_store_file *file;
    int64_t size_bytes;
} store_source;

static firn_status read_store(void *ctx, int64_t offset, void *out, size_t n, firn_error *err)
{
    const store_source *source = ctx;
    if (offset < 0 || offset > source->size_bytes || n > (size_t)(source->size_bytes - offset))
        return firn_fail_at(err, offset < 0 ? 0 : (uint64_t)offset,
                            "read of %zu bytes at %" PRId64 " in a file of %" PRId64, n, offset,
                            source->size_bytes);
    return firn_store_read_at(source->file, offset, out, n, err);
}

static void close_file(void *file)
{
    firn_store_close(file);
}

firn_status firn_byte_source_open(firn_store *store, firn_str path, firn_arena *arena,
                                  firn_byte_source *out, firn_error *err)
{
    store_source *source = firn_arena_alloc_zero(arena, sizeof *source);
    if (!source) return firn_fail_nomem(err);
    FIRN_TRY(firn_store_open(store, path, &source->file, err));
    const firn_status st = firn_arena_defer(arena, close_file, source->file, err);
    if (st != FIRN_OK) {
        firn_store_close(source->file);
        return st;
    }
    source->size_bytes = firn_store_file_size(source->file);
    *out = (firn_byte_source){.ctx = source,
                              .size_bytes = source->size_bytes,
                              .read_at = read_store,
                              .read_bytes = firn_store_file_read_bytes(source->file)};
    return FIRN_OK;
}
