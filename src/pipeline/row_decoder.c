/* SPDX-License-Identifier: Apache-2.0 */
#include "pipeline/row_decoder.h"

#include "base/error.h"
#include "format/text/csv.h"
#include "format/text/ndjson.h"

struct firn_row_decoder {
    const firn_allocator *alloc;
    firn_ndjson_decoder *ndjson; /* one of the two */
    firn_csv_decoder *csv;
};

static firn_status open_format(firn_row_decoder *decoder, const firn_type *root,
                               const firn_row_decoder_opts *o, firn_error *err)
{
    const firn_csv_opts csv = {.alloc = o->alloc, .on_bad_line = o->on_bad_line, .ctx = o->ctx};
    const firn_ndjson_opts ndjson = {
        .alloc = o->alloc, .on_bad_line = o->on_bad_line, .ctx = o->ctx};

    switch (o->format) {
    case FIRN_LANDING_CSV: return firn_csv_decoder_create(root, &csv, &decoder->csv, err);
    case FIRN_LANDING_NDJSON: break;
    }
    return firn_ndjson_decoder_create(root, &ndjson, &decoder->ndjson, err);
}

firn_status firn_row_decoder_create(const firn_type *root, const firn_row_decoder_opts *opts,
                                    firn_row_decoder **out, firn_error *err)
{
    firn_row_decoder *decoder = firn_mem_alloc_zero(opts->alloc, sizeof *decoder);
    firn_status st;

    *out = NULL;
    if (!decoder) return firn_fail_nomem(err);
    decoder->alloc = opts->alloc;
    st = open_format(decoder, root, opts, err);
    if (st != FIRN_OK) {
        firn_row_decoder_destroy(decoder);
        return st;
    }
    *out = decoder;
    return FIRN_OK;
}

void firn_row_decoder_destroy(firn_row_decoder *decoder)
{
    if (!decoder) return;
    firn_ndjson_decoder_destroy(decoder->ndjson);
    firn_csv_decoder_destroy(decoder->csv);
    firn_mem_free(decoder->alloc, decoder);
}

void firn_row_decoder_reset(firn_row_decoder *decoder)
{
    if (decoder->csv)
        firn_csv_decoder_reset(decoder->csv);
    else
        firn_ndjson_decoder_reset(decoder->ndjson);
}

firn_status firn_row_decode(firn_row_decoder *decoder, firn_str bytes, bool is_last,
                            firn_batch *batch, int64_t *line_numbers, size_t *used, firn_error *err)
{
    if (decoder->csv)
        return firn_csv_decode(decoder->csv, bytes, is_last, FIRN_BATCH_ROWS, batch, line_numbers,
                               used, err);
    return firn_ndjson_decode(decoder->ndjson, bytes, is_last, FIRN_BATCH_ROWS, batch, line_numbers,
                              used, err);
}
