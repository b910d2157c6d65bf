/* SPDX-License-Identifier: Apache-2.0 */
/* The values of one data page, whatever their encoding, written to a column as its own type.
 * Nulls are not here: they take no bytes, parquet_leaf_read.c makes room for them. */
#ifndef FIRN_FORMAT_PARQUET_VALUES_H
#define FIRN_FORMAT_PARQUET_VALUES_H

#include "base/buf.h"
#include "format/parquet/encoding/parquet_delta.h"
#include "format/parquet/read/parquet_convert.h"
#include "format/parquet/read/parquet_page_read.h"

/* A chunk's dictionary, already converted to the column's type. */
typedef struct firn_pq_dictionary {
    void *values;
    size_t n;
    size_t capacity_bytes;
    firn_pq_block *block; /* what its views point into */
    bool is_present;
} firn_pq_dictionary;

typedef struct firn_pq_values {
    const firn_pq_kernels *kernels;
    const firn_pq_conv *conv;
    firn_pq_dictionary *dictionary;
    firn_pq_blocks *blocks;
    firn_pq_encoding encoding;
    bool is_text_checked;        /* all bytes of the page are ASCII */
    firn_pq_page_stream *stream; /* PLAIN and texts behind lengths: where more comes from behind
                                    end; NULL: nothing does */
    firn_str lengths;            /* of texts, where stream is set: they stay where they are */
    const uint8_t *at, *end;
    uint64_t bit;    /* PLAIN booleans */
    size_t n_split;  /* BYTE_STREAM_SPLIT: values in the page */
    size_t split_at; /* next of them */
    firn_pq_rle rle; /* dictionary indices, RLE booleans */
    firn_pq_delta delta, suffixes;
    firn_buf last; /* DELTA_BYTE_ARRAY: the value before */
} firn_pq_values;

/* Begin a page; at most max_values will be read from it. */
FIRN_MUST_CHECK firn_status firn_pq_values_begin(firn_pq_values *v, int32_t encoding,
                                                 const uint8_t *at, size_t size, size_t max_values,
                                                 firn_error *err);
/* The next n values to out (conv->out_width bytes each). */
FIRN_MUST_CHECK firn_status firn_pq_values_read(firn_pq_values *v, size_t n, void *out,
                                                firn_error *err);
/* Looks whether all bytes that are to be read as text are ASCII. */
void firn_pq_values_check_text(firn_pq_values *v);
/* parquet_values_window.c: PLAIN from a stream: makes the window have some of the next n values, at
 * least one. *k: how many; all where the page ends before, so that reading them fails. */
FIRN_MUST_CHECK firn_status firn_pq_values_need(firn_pq_values *v, size_t n, size_t *k,
                                                firn_error *err);
/* parquet_values_skip.c: step over n values, which are not looked at. */
FIRN_MUST_CHECK firn_status firn_pq_values_skip(firn_pq_values *v, size_t n, firn_error *err);
/* Convert a dictionary page; takes over the page's block when views need it. */
FIRN_MUST_CHECK firn_status firn_pq_dictionary_load(firn_pq_values *v, const firn_pq_page *page,
                                                    firn_pq_pages *pages, firn_error *err);
/* No dictionary any more: the chunk ended. */
void firn_pq_dictionary_reset(firn_pq_values *v);
void firn_pq_values_dispose(firn_pq_values *v);

/* parquet_values_bytes.c: variable-length values. */
/* Are the texts of such a page behind their lengths? */
bool firn_pq_bytes_has_lengths(int32_t encoding);
/* Moves *at behind these lengths, which end before end; FIRN_ERR_CORRUPT when they do not. */
FIRN_MUST_CHECK firn_status firn_pq_bytes_lengths_end(int32_t encoding, const uint8_t *end,
                                                      const uint8_t **at, firn_error *err);
FIRN_MUST_CHECK firn_status firn_pq_bytes_begin_delta(firn_pq_values *v, firn_error *err);
FIRN_MUST_CHECK firn_status firn_pq_bytes_read_plain(firn_pq_values *v, size_t n, void *out,
                                                     firn_error *err);
FIRN_MUST_CHECK firn_status firn_pq_bytes_read_lengths(firn_pq_values *v, size_t n, void *out,
                                                       firn_error *err);
FIRN_MUST_CHECK firn_status firn_pq_bytes_read_prefixes(firn_pq_values *v, size_t n, void *out,
                                                        firn_error *err);

#endif
