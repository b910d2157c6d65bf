/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of anything as batches, for the renderers: a result of SQL, a file. */
#ifndef FIRN_APP_ROW_STREAM_H
#define FIRN_APP_ROW_STREAM_H

#include "firn/batch.h"

typedef struct row_stream {
    void *ctx;
    const firn_type *columns; /* kind STRUCT */
    /* FIRN_DONE at the end; *out is borrowed until the next call. */
    firn_status (*next)(void *ctx, const firn_batch **out, firn_error *err);
    /* Name of a column's type as people know it here; NULL: Iceberg's. */
    firn_str (*type_name)(void *ctx, size_t column);
} row_stream;

#endif
