/* SPDX-License-Identifier: Apache-2.0 */
/* gzip files of any size, a piece at a time, over zlib. Not for Parquet or Avro blocks: codec.c
 * unpacks those in one call and faster. */
#include "format/codec/gunzip.h"

#include <limits.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/error.h"

typedef enum gunzip_state {
    GUNZIP_START = 0, /* before the first member */
    GUNZIP_INSIDE,
    GUNZIP_BETWEEN, /* behind a whole member: the end, or another one */
    GUNZIP_BROKEN,
} gunzip_state;

struct firn_gunzip {
    z_stream stream;
    gunzip_state state;
    uint64_t offset; /* of the next input byte */
};

#define WINDOW_GZIP_ONLY (15 + 16)

firn_status firn_gunzip_create(firn_gunzip **out, firn_error *err)
{
    firn_gunzip *gz = firn_mem_alloc_zero(NULL, sizeof *gz);

    *out = NULL;
    if (!gz) return firn_fail_nomem(err);
    if (inflateInit2(&gz->stream, WINDOW_GZIP_ONLY) != Z_OK) {
        firn_mem_free(NULL, gz);
        return firn_fail_nomem(err);
    }
    *out = gz;
    return FIRN_OK;
}

void firn_gunzip_destroy(firn_gunzip *gz)
{
    if (!gz) return;
    (void)inflateEnd(&gz->stream);
    firn_mem_free(NULL, gz);
}

static uInt at_most_uint(size_t n)
{
    return n > UINT_MAX ? UINT_MAX : (uInt)n;
}

static firn_status fail_data(firn_gunzip *gz, int code, firn_error *err)
{
    gz->state = GUNZIP_BROKEN;
    if (code == Z_MEM_ERROR) return firn_fail_nomem(err);
    return firn_fail_at(err, gz->offset, "not valid gzip data: %s",
                        gz->stream.msg ? gz->stream.msg : "unexpected end of the stream");
}

/* One call of inflate; moves *used and *made. */
static firn_status inflate_some(firn_gunzip *gz, firn_str in, char *out, size_t out_size,
                                size_t *used, size_t *made, firn_error *err)
{
    const uInt n_in = at_most_uint(in.len - *used);
    const uInt n_out = at_most_uint(out_size - *made);
    int code;

    /* zlib's next_in is not const unless ZLIB_CONST is defined, but it does not write to it. */
    gz->stream.next_in = (Bytef *)(uintptr_t)(in.data + *used);
    gz->stream.avail_in = n_in;
    gz->stream.next_out = (Bytef *)(out + *made);
    gz->stream.avail_out = n_out;
    gz->state = GUNZIP_INSIDE;
    code = inflate(&gz->stream, Z_NO_FLUSH);
    *used += n_in - gz->stream.avail_in;
    *made += n_out - gz->stream.avail_out;
    gz->offset += n_in - gz->stream.avail_in;
    if (code == Z_STREAM_END) {
        gz->state = GUNZIP_BETWEEN;
        return inflateReset(&gz->stream) == Z_OK ? FIRN_OK : fail_data(gz, Z_MEM_ERROR, err);
    }
    return code == Z_OK || code == Z_BUF_ERROR ? FIRN_OK : fail_data(gz, code, err);
}

/* All input is used. */
static firn_status at_end(firn_gunzip *gz, bool is_last, firn_error *err)
{
    if (!is_last) return FIRN_NEED_MORE;
    if (gz->state == GUNZIP_BETWEEN) return FIRN_DONE;
    gz->state = GUNZIP_BROKEN;
    return firn_fail_at(err, gz->offset, "gzip stream cut short after %llu bytes",
                        (unsigned long long)gz->offset);
}

firn_status firn_gunzip_step(firn_gunzip *gz, firn_str in, bool is_last, void *out, size_t out_size,
                             size_t *used, size_t *made, firn_error *err)
{
    *used = 0;
    *made = 0;
    if (gz->state == GUNZIP_BROKEN)
        return firn_fail(err, FIRN_ERR_CORRUPT, "gzip stream has failed before");
    for (;;) {
        const size_t used_before = *used;
        const size_t made_before = *made;
        if (*used == in.len && gz->state != GUNZIP_INSIDE) return at_end(gz, is_last, err);
        if (*made == out_size) return FIRN_OK;
        FIRN_TRY(inflate_some(gz, in, out, out_size, used, made, err));
        if (*used == used_before && *made == made_before && gz->state == GUNZIP_INSIDE)
            return at_end(gz, is_last, err);
    }
}
