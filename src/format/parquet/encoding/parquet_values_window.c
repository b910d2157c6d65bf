/* SPDX-License-Identifier: Apache-2.0 */
/* Plain values of a page that is unpacked window by window: whole values are read where they are,
 * one that is cut by the end of a window begins the next. */
#include "base/cursor.h"
#include "base/error.h"
#include "format/parquet/encoding/parquet_values.h"

/* Whole texts at the front of the window, at most n; *need: bytes that one more takes. */
static size_t count_texts(const firn_pq_values *v, size_t n, size_t *need)
{
    size_t at = 0;
    const size_t size = (size_t)(v->end - v->at);
    for (size_t k = 0; k < n; k++) {
        *need = sizeof(uint32_t);
        if (size - at < *need) return k;
        *need += firn_load_u32le(v->at + at);
        if (size - at < *need) return k;
        at += *need;
    }
    return n;
}

static size_t count_fixed(const firn_pq_values *v, size_t n, size_t *need)
{
    const size_t width = v->conv->raw_width;
    const size_t k = width > 0 ? (size_t)(v->end - v->at) / width : n;
    *need = width;
    return k < n ? k : n;
}

firn_status firn_pq_values_need(firn_pq_values *v, size_t n, size_t *k, firn_error *err)
{
    for (;;) {
        size_t need = 0;
        *k = v->conv->physical == FIRN_PQ_BYTE_ARRAY ? count_texts(v, n, &need)
                                                     : count_fixed(v, n, &need);
        if (*k > 0) return FIRN_OK;
        const firn_status st = firn_pq_page_stream_need(v->stream, need, &v->at, &v->end, err);
        if (st == FIRN_DONE) *k = n;
        if (st != FIRN_OK) return st == FIRN_DONE ? FIRN_OK : st;
        firn_pq_values_check_text(v);
    }
}
