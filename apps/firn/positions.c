/* SPDX-License-Identifier: Apache-2.0 */
#include "positions.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/puffin/deletion_vector.h"

positions_kind positions_parse(const char *name)
{
    static const char *const names[] = {"", "deletion-vector", "bitmap32", "bitmap64"};
    for (int i = 1; i < 4; i++)
        if (strcmp(names[i], name) == 0) return (positions_kind)i;
    return POSITIONS_NONE;
}

static firn_status put(const void *data, size_t n, firn_error *err)
{
    if (n == 0 || fwrite(data, 1, n, stdout) == n) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_IO, "cannot write to standard output");
}

static firn_status print_bitmap(const firn_bitmap *bitmap, firn_error *err)
{
    firn_bitmap_cursor cursor = {0};
    uint64_t some[1024];
    size_t n;
    firn_status st = FIRN_OK;
    firn_buf out;
    firn_buf_init(&out, NULL, 0);
    while (st == FIRN_OK && (n = firn_bitmap_next(bitmap, &cursor, some, 1024)) > 0) {
        firn_buf_clear(&out);
        for (size_t i = 0; i < n; i++) firn_buf_printf(&out, "%" PRIu64 "\n", some[i]);
        st = firn_buf_check(&out, err);
        if (st == FIRN_OK) st = put(out.data, out.len, err);
    }
    firn_buf_dispose(&out);
    return st;
}

static firn_status print_bytes(positions_kind kind, firn_str bytes, uint64_t offset,
                               firn_error *err)
{
    firn_bitmap *bitmap = NULL;
    switch (kind) {
    case POSITIONS_NONE: return put(bytes.data, bytes.len, err);
    case POSITIONS_DELETION_VECTOR:
        FIRN_TRY(firn_deletion_vector_decode(bytes, -1, NULL, &bitmap, err));
        break;
    case POSITIONS_BITMAP32:
        FIRN_TRY(firn_bitmap_decode32(bytes, offset, NULL, &bitmap, err));
        break;
    case POSITIONS_BITMAP64: FIRN_TRY(firn_bitmap_decode(bytes, offset, NULL, &bitmap, err)); break;
    }
    const firn_status st = print_bitmap(bitmap, err);
    firn_bitmap_destroy(bitmap);
    return st;
}

static firn_status print_blob(firn_str file, positions_kind kind, int64_t number, firn_arena *arena,
                              firn_error *err)
{
    firn_puffin p;
    firn_str contents;
    firn_buf unpacked;
    firn_codec_ctx *codecs = NULL;
    FIRN_TRY(firn_puffin_decode(file, arena, &p, err));
    if ((uint64_t)number >= p.n_blobs)
        return firn_fail(err, FIRN_ERR_ARG, "blob %" PRId64 " of a file with %zu", number,
                         p.n_blobs);
    const firn_puffin_blob *blob = &p.blobs[number];
    const firn_str stored =
        firn_str_slice(file, (size_t)blob->offset, (size_t)(blob->offset + blob->length));
    FIRN_TRY(firn_codec_ctx_create(&codecs, err));
    firn_buf_init(&unpacked, NULL, FIRN_LIMIT_PAGE);
    firn_status st = firn_puffin_blob_unpack(blob, stored, codecs, &unpacked, &contents, err);
    if (st == FIRN_OK) st = print_bytes(kind, contents, (uint64_t)blob->offset, err);
    firn_buf_dispose(&unpacked);
    firn_codec_ctx_destroy(codecs);
    return firn_error_wrap(err, st, "blob %" PRId64, number);
}

firn_status positions_print(input_file *in, positions_kind kind, int64_t blob, firn_arena *arena,
                            firn_error *err)
{
    firn_buf bytes;
    firn_buf_init(&bytes, NULL, 0);
    firn_status st = input_read_all(in, false, FIRN_LIMIT_METADATA, &bytes, err);
    if (st == FIRN_OK)
        st = blob >= 0 ? print_blob(firn_buf_view(&bytes), kind, blob, arena, err)
                       : print_bytes(kind, firn_buf_view(&bytes), 0, err);
    firn_buf_dispose(&bytes);
    return st;
}
