/* SPDX-License-Identifier: Apache-2.0 */
/* Whole Puffin files: the footer, then every blob unpacked and read as what its type says. */
#include "base/arena.h"
#include "base/str.h"
#include "format/puffin/deletion_vector.h"
#include "format/puffin/theta_sketch.h"

#define MAX_BLOB ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_sketch(firn_str contents)
{
    firn_error err;
    firn_theta_sketch *sketch = NULL;
    if (firn_theta_sketch_decode(contents, NULL, &sketch, &err) != FIRN_OK) return;
    if (!(firn_theta_sketch_estimate(sketch) >= 0)) __builtin_trap();
    firn_theta_sketch_destroy(sketch);
}

static void read_vector(firn_str contents)
{
    firn_error err;
    firn_bitmap *bitmap = NULL;
    if (firn_deletion_vector_decode(contents, -1, NULL, &bitmap, &err) == FIRN_OK)
        firn_bitmap_destroy(bitmap);
}

static void read_blob(firn_str file, const firn_puffin_blob *blob, firn_codec_ctx *codecs)
{
    firn_error err;
    firn_buf unpacked;
    firn_str contents;
    const firn_str stored = {file.data + blob->offset, (size_t)blob->length};
    firn_buf_init(&unpacked, NULL, MAX_BLOB);
    if (firn_puffin_blob_unpack(blob, stored, codecs, &unpacked, &contents, &err) == FIRN_OK) {
        read_sketch(contents);
        read_vector(contents);
    }
    firn_buf_dispose(&unpacked);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    firn_error err;
    firn_puffin puffin;
    firn_codec_ctx *codecs = NULL;
    const firn_str file = {(const char *)data, size};
    firn_arena *arena = firn_arena_create(NULL, 0);
    if (arena && firn_codec_ctx_create(&codecs, &err) == FIRN_OK &&
        firn_puffin_decode(file, arena, &puffin, &err) == FIRN_OK)
        for (size_t i = 0; i < puffin.n_blobs && i < 16; i++)
            read_blob(file, &puffin.blobs[i], codecs);
    firn_codec_ctx_destroy(codecs);
    firn_arena_destroy(arena);
    read_sketch(file);
    return 0;
}
