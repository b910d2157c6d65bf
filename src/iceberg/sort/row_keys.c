/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/sort/row_keys.h"

#include "base/error.h"

#define K_FIRST_CAP 4096

void firn_keys_init(firn_keys *keys, const firn_allocator *alloc, size_t max_bytes)
{
    *keys = (firn_keys){.alloc = alloc};
    firn_buf_init(&keys->bytes, alloc, max_bytes);
}

void firn_keys_dispose(firn_keys *keys)
{
    firn_buf_dispose(&keys->bytes);
    firn_mem_free(keys->alloc, keys->ends);
    keys->ends = NULL;
    keys->n = keys->cap = 0;
}

void firn_keys_clear(firn_keys *keys)
{
    firn_buf_clear(&keys->bytes);
    keys->n = 0;
}

static firn_status reserve_ends(firn_keys *keys, int64_t n, firn_error *err)
{
    if (n <= keys->cap - keys->n) return FIRN_OK;
    int64_t cap = keys->cap > 0 ? 2 * keys->cap : K_FIRST_CAP;
    if (cap - keys->n < n) cap = keys->n + n;
    uint64_t *ends = firn_mem_resize(keys->alloc, keys->ends, (size_t)cap * sizeof *ends);
    if (!ends) return firn_fail_nomem(err);
    keys->ends = ends;
    keys->cap = cap;
    return FIRN_OK;
}

firn_status firn_keys_reserve(firn_keys *keys, int64_t n, size_t n_bytes, firn_error *err)
{
    if (!firn_buf_reserve(&keys->bytes, n_bytes)) return firn_buf_check(&keys->bytes, err);
    return reserve_ends(keys, n, err);
}

firn_status firn_keys_end(firn_keys *keys, firn_error *err)
{
    FIRN_TRY(firn_buf_check(&keys->bytes, err));
    FIRN_TRY(reserve_ends(keys, 1, err));
    keys->ends[keys->n++] = keys->bytes.len;
    return FIRN_OK;
}
