/* SPDX-License-Identifier: Apache-2.0 */
/* How many rows begin in a page of a repeated column: as many as its repetition levels have zeros.
 * They stand in front; those of a page of version 1 are packed together with its values, which is
 * then unpacked as far as they go. Not here: what the page index says (parquet_copy_pages.c).
 *
 *   v1: [length, repetition levels] [length, definition levels] values   all compressed
 *   v2: repetition levels, definition levels | values                    behind | compressed
 */
#include <string.h>

#include "base/cursor.h"
#include "base/error.h"
#include "base/str.h"
#include "format/codec/codec_stream.h"
#include "format/parquet/copy/parquet_copy_internal.h"
#include "format/parquet/encoding/parquet_levels.h"
#include "format/parquet/read/parquet_page_read.h"

#define PIECE_BYTES    ((size_t)64 << 10) /* of levels, unpacked at once */
#define LEVELS_AT_ONCE 1024

/* The page as far as it is unpacked. */
typedef struct page_front {
    firn_codec_stream *codec; /* NULL: it is stored as it is */
    firn_str in;              /* packed bytes not used yet */
    firn_buf out;
} page_front;

static firn_status step(page_front *f, char *to, size_t room, size_t *used, size_t *made,
                        firn_error *err)
{
    if (f->codec) return firn_codec_stream_step(f->codec, f->in, true, to, room, used, made, err);
    *used = *made = room < f->in.len ? room : f->in.len;
    memcpy(to, f->in.data, *made);
    return FIRN_OK;
}

/* Makes n bytes be there, and slack behind them. */
static firn_status unpack(page_front *f, size_t n, firn_error *err)
{
    for (size_t used = 1, made = 0; f->out.len < n; f->out.len += made) {
        const size_t left = n - f->out.len, room = left < PIECE_BYTES ? left : PIECE_BYTES;
        char *to = firn_buf_reserve(&f->out, room + FIRN_PQ_SLACK);
        if (!to) return firn_fail_nomem(err);
        FIRN_TRY(step(f, to, room, &used, &made, err));
        if (used == 0 && made == 0)
            return firn_fail(err, FIRN_ERR_CORRUPT, "levels of %zu bytes do not fit their page", n);
        f->in = firn_str_slice(f->in, used, f->in.len);
    }
    memset(f->out.data + f->out.len, 0, FIRN_PQ_SLACK);
    return FIRN_OK;
}

static firn_status count_rows(firn_pq_levels *reps, int32_t n_values, int64_t *out, firn_error *err)
{
    *out = 0;
    for (int32_t at = 0; at < n_values;) {
        uint8_t levels[LEVELS_AT_ONCE];
        const int32_t left = n_values - at, n = left < LEVELS_AT_ONCE ? left : LEVELS_AT_ONCE;
        FIRN_TRY(firn_pq_levels_read(reps, levels, (size_t)n, err));
        if (at == 0 && levels[0] != 0) return FIRN_DONE;
        for (int32_t i = 0; i < n; i++) *out += levels[i] == 0;
        at += n;
    }
    return FIRN_OK;
}

static firn_status count_v1(page_front *f, const firn_pq_page_header *h, uint8_t max_rep,
                            int64_t *out, firn_error *err)
{
    const size_t prefix = sizeof(uint32_t);
    FIRN_TRY(unpack(f, prefix, err));
    const size_t n = firn_load_u32le(f->out.data);
    if (n > (size_t)h->unpacked)
        return firn_fail(err, FIRN_ERR_CORRUPT, "levels of %zu bytes do not fit their page", n);
    FIRN_TRY(unpack(f, prefix + n, err));
    firn_pq_levels reps = firn_pq_levels_of((firn_str){f->out.data + prefix, n}, max_rep);
    return count_rows(&reps, h->n_values, out, err);
}

firn_status firn_pq_page_rows(const firn_pq_page_header *h, firn_codec codec, firn_str body,
                              uint8_t max_rep, int64_t *out, firn_error *err)
{
    if (h->type == FIRN_PQ_DATA_PAGE_V2) {
        const firn_str bytes = {body.data, (size_t)h->rep_bytes};
        firn_pq_levels reps = firn_pq_levels_of(bytes, max_rep);
        return count_rows(&reps, h->n_values, out, err);
    }
    page_front f = {.in = body};
    if (codec != FIRN_CODEC_NONE) FIRN_TRY(firn_codec_stream_create(codec, &f.codec, err));
    firn_buf_init(&f.out, NULL, 0);
    const firn_status st = count_v1(&f, h, max_rep, out, err);
    firn_buf_dispose(&f.out);
    firn_codec_stream_destroy(f.codec);
    return st;
}
