/* SPDX-License-Identifier: Apache-2.0 */
/* lock protects the writer and n_bytes. */
#include "iceberg/sort/sort_spill.h"

#include "base/error.h"

void firn_sort_spill_init(firn_sort_spill *spill, firn_store *store, firn_str path)
{
    *spill = (firn_sort_spill){.store = store, .path = path};
    (void)pthread_mutex_init(&spill->lock, NULL);
}

void firn_sort_spill_dispose(firn_sort_spill *spill)
{
    firn_error ignored; /* nobody needs what may be left */
    firn_status st = FIRN_OK;
    firn_store_abandon(spill->writer);
    firn_store_close(spill->file);
    if (spill->is_named) st = firn_store_remove(spill->store, spill->path, &ignored);
    (void)st;
    (void)pthread_mutex_destroy(&spill->lock);
}

static firn_status append(firn_sort_spill *spill, firn_str block, int64_t *at, firn_error *err)
{
    if (!spill->writer) {
        FIRN_TRY(firn_store_begin(spill->store, spill->path, &spill->writer, err));
        firn_store_make_scratch(spill->writer);
    }
    FIRN_TRY(firn_store_write(spill->writer, block.data, block.len, err));
    *at = spill->n_bytes;
    spill->n_bytes += (int64_t)block.len;
    return FIRN_OK;
}

firn_status firn_sort_spill_append(firn_sort_spill *spill, firn_str block, int64_t *at,
                                   firn_error *err)
{
    (void)pthread_mutex_lock(&spill->lock);
    const firn_status st = append(spill, block, at, err);
    (void)pthread_mutex_unlock(&spill->lock);
    return st;
}

/* What became of a file whose finish failed is not known: it is removed all the same. */
firn_status firn_sort_spill_finish(firn_sort_spill *spill, firn_error *err)
{
    firn_store_writer *writer = spill->writer;
    if (!writer) return FIRN_OK;
    spill->writer = NULL;
    spill->is_named = true;
    FIRN_TRY(firn_store_finish(writer, err));
    return firn_store_open(spill->store, spill->path, &spill->file, err);
}

firn_status firn_sort_spill_read(firn_sort_spill *spill, int64_t at, void *out, size_t n,
                                 firn_error *err)
{
    return firn_store_read_at(spill->file, at, out, n, err);
}
