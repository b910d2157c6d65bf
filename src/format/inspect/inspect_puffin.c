/* SPDX-License-Identifier: Apache-2.0 */
/* Puffin files: what the footer says, and for blobs whose contents are known what is in them. */
#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/inspect/inspect.h"
#include "format/puffin/deletion_vector.h"
#include "format/puffin/puffin.h"

typedef struct puffin_view {
    firn_str file;
    firn_arena *arena;
    firn_outline *out;
    firn_codec_ctx *codecs;
} puffin_view;

static firn_status put_properties(puffin_view *v, const firn_properties *properties,
                                  firn_error *err)
{
    firn_outline_begin(v->out, "properties");
    for (size_t i = 0; i < properties->n; i++) {
        const firn_str name = firn_arena_copy(v->arena, properties->items[i].key);
        if (!name.data) return firn_fail_nomem(err);
        firn_outline_str(v->out, name.data, properties->items[i].value);
    }
    firn_outline_end(v->out);
    return FIRN_OK;
}

static firn_status put_vector(puffin_view *v, firn_str contents, firn_error *err)
{
    firn_bitmap *bitmap = NULL;
    uint64_t max = 0;
    FIRN_TRY(firn_deletion_vector_decode(contents, -1, NULL, &bitmap, err));
    firn_outline_begin_line(v->out, "positions");
    firn_outline_i64(v->out, "count", (int64_t)firn_bitmap_cardinality(bitmap));
    if (firn_bitmap_max(bitmap, &max)) firn_outline_i64(v->out, "max", (int64_t)max);
    firn_outline_end(v->out);
    firn_bitmap_destroy(bitmap);
    return FIRN_OK;
}

static firn_status put_contents(puffin_view *v, const firn_puffin_blob *blob, firn_error *err)
{
    const firn_str stored =
        firn_str_slice(v->file, (size_t)blob->offset, (size_t)(blob->offset + blob->length));
    firn_str contents;
    firn_buf unpacked;
    firn_buf_init(&unpacked, NULL, FIRN_LIMIT_PAGE);
    firn_status st = firn_puffin_blob_unpack(blob, stored, v->codecs, &unpacked, &contents, err);
    if (st == FIRN_OK) {
        firn_outline_i64(v->out, "unpacked_length", (int64_t)contents.len);
        if (firn_str_equals(blob->type, FIRN_BLOB_DELETION_VECTOR))
            st = put_vector(v, contents, err);
    }
    firn_buf_dispose(&unpacked);
    return st;
}

static firn_status put_blob(puffin_view *v, const firn_puffin_blob *blob, size_t i,
                            firn_inspect_depth depth, firn_error *err)
{
    firn_outline_begin(v->out, NULL);
    firn_outline_str(v->out, "type", blob->type);
    firn_outline_begin_list_line(v->out, "fields");
    for (size_t k = 0; k < blob->n_fields; k++) firn_outline_i64(v->out, NULL, blob->fields[k]);
    firn_outline_end(v->out);
    firn_outline_i64(v->out, "snapshot-id", blob->snapshot_id);
    firn_outline_i64(v->out, "sequence-number", blob->sequence_number);
    firn_outline_i64(v->out, "offset", blob->offset);
    firn_outline_i64(v->out, "length", blob->length);
    if (blob->codec.len > 0) firn_outline_str(v->out, "compression-codec", blob->codec);
    FIRN_TRY(put_properties(v, &blob->properties, err));
    if (depth == FIRN_INSPECT_ALL)
        FIRN_TRY(firn_error_wrap(err, put_contents(v, blob, err), "blob %zu", i));
    firn_outline_end(v->out);
    return FIRN_OK;
}

static firn_status put_puffin(puffin_view *v, firn_inspect_depth depth, firn_error *err)
{
    firn_puffin p;
    FIRN_TRY(firn_puffin_decode(v->file, v->arena, &p, err));
    firn_outline_begin(v->out, NULL);
    firn_outline_cstr(v->out, "format", "puffin");
    firn_outline_i64(v->out, "file_size", (int64_t)v->file.len);
    firn_outline_i64(v->out, "footer_offset", p.footer_offset);
    firn_outline_i64(v->out, "footer_size", p.footer_size);
    firn_outline_bool(v->out, "footer_is_compressed", p.is_footer_compressed);
    FIRN_TRY(put_properties(v, &p.properties, err));
    firn_outline_begin_list(v->out, "blobs");
    for (size_t i = 0; i < p.n_blobs; i++) FIRN_TRY(put_blob(v, &p.blobs[i], i, depth, err));
    firn_outline_end(v->out);
    firn_outline_end(v->out);
    return FIRN_OK;
}

firn_status firn_inspect_puffin(firn_str file, firn_inspect_depth depth, firn_arena *arena,
                                firn_outline *out, firn_error *err)
{
    puffin_view v = {.file = file, .arena = arena, .out = out};
    FIRN_TRY(firn_codec_ctx_create(&v.codecs, err));
    const firn_status st = put_puffin(&v, depth, err);
    firn_codec_ctx_destroy(v.codecs);
    return st;
}
