/* SPDX-License-Identifier: Apache-2.0 */
/* Where format code gets bytes from and puts them: two small interfaces, implemented over a store
 * by src/iceberg and over memory by tests. The format room itself does no I/O. */
#ifndef FIRN_FORMAT_BYTE_IO_H
#define FIRN_FORMAT_BYTE_IO_H

#include "firn/base.h"

struct firn_page_cache;

/* Ranged reads of one immutable object. read_at may be called from several threads. */
typedef struct firn_byte_source {
    void *ctx;
    int64_t size_bytes;
    firn_status (*read_at)(void *ctx, int64_t offset, void *out, size_t n, firn_error *err);
    size_t read_bytes; /* of a read that is worth its request (firn/ext/store.h); 0: any is */
    struct firn_page_cache *pages; /* for what its pages unpack to; NULL: none */
    firn_str path;                 /* which object it is in there */
} firn_byte_source;

/* Sequential output. */
typedef struct firn_byte_sink {
    void *ctx;
    firn_status (*write)(void *ctx, const void *data, size_t n, firn_error *err);
} firn_byte_sink;

#endif
