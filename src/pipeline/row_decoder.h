/* SPDX-License-Identifier: Apache-2.0 */
/* The decoders of landing files behind one set of functions. */
#ifndef FIRN_PIPELINE_ROW_DECODER_H
#define FIRN_PIPELINE_ROW_DECODER_H

#include "base/alloc.h"
#include "firn/batch.h"
#include "format/text/bad_line.h"
#include "pipeline/model.h"

typedef struct firn_row_decoder firn_row_decoder;

typedef struct firn_row_decoder_opts {
    const firn_allocator *alloc;
    firn_landing_format format;
    firn_bad_line_fn on_bad_line;
    void *ctx;
} firn_row_decoder_opts;

FIRN_MUST_CHECK firn_status firn_row_decoder_create(const firn_type *root,
                                                    const firn_row_decoder_opts *opts,
                                                    firn_row_decoder **out, firn_error *err);
void firn_row_decoder_destroy(firn_row_decoder *decoder);
/* Start a new file. */
void firn_row_decoder_reset(firn_row_decoder *decoder);
/* As firn_ndjson_decode(); the batch takes at most FIRN_BATCH_ROWS rows, line_numbers as many. */
FIRN_MUST_CHECK firn_status firn_row_decode(firn_row_decoder *decoder, firn_str bytes, bool is_last,
                                            firn_batch *batch, int64_t *line_numbers, size_t *used,
                                            firn_error *err);

#endif
