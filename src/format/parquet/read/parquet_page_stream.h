/* SPDX-License-Identifier: Apache-2.0 */
/* A page that is too large to be held: its packed bytes are read in pieces, and what they unpack to
 * is there window by window, or goes to one block as a whole. Not here: which pages are so large
 * (parquet_page_read.c), what the bytes mean. */
#ifndef FIRN_FORMAT_PARQUET_PAGE_STREAM_H
#define FIRN_FORMAT_PARQUET_PAGE_STREAM_H

#include "format/codec/codec_stream.h"
#include "format/parquet/layout/parquet_meta.h"
#include "format/parquet/read/parquet_block.h"

/* All zero: there is no page. */
typedef struct firn_pq_page_stream {
    const firn_parquet_file *file;
    firn_pq_blocks *blocks;
    firn_codec_stream *codec; /* NULL: bytes are stored as they are */
    int64_t at, end;          /* packed bytes in the file that have not been read yet */
    firn_pq_block *packed;
    size_t packed_at, packed_len;
    size_t piece_bytes, window_bytes;
    uint64_t left; /* unpacked bytes to come */
    bool keep;     /* views point into windows: they are retired, not overwritten */
    firn_pq_block *window;
    firn_pq_block *levels;
} firn_pq_page_stream;

/* What is to be unpacked: bytes [at, at + packed) of the file to unpacked bytes. */
typedef struct firn_pq_packed {
    firn_codec codec;
    int64_t at;
    size_t packed, unpacked;
    size_t piece;  /* packed bytes of one read */
    size_t window; /* bytes to use at a time, unpacked */
} firn_pq_packed;

/* blocks outlives the stream. */
FIRN_MUST_CHECK firn_status firn_pq_page_stream_open(firn_pq_page_stream *s,
                                                     const firn_parquet_file *file,
                                                     firn_pq_blocks *blocks,
                                                     const firn_pq_packed *what, bool keep,
                                                     firn_error *err);
/* The same for bytes that are stored as they are, of which n are in a block already, which is taken
 * over as the first window. */
void firn_pq_page_stream_continue(firn_pq_page_stream *s, const firn_parquet_file *file,
                                  firn_pq_blocks *blocks, const firn_pq_packed *what, bool keep,
                                  firn_pq_block *block, size_t n);
/* Can what is packed so be streamed? */
bool firn_pq_page_stream_fits(firn_codec codec);
/* Blocks that views may point into are retired. */
void firn_pq_page_stream_close(firn_pq_page_stream *s);
/* All that is left to out; checks that the packed bytes end there. */
FIRN_MUST_CHECK firn_status firn_pq_page_stream_read(firn_pq_page_stream *s, uint8_t *out,
                                                     firn_error *err);
/* [*at, *end) is what is left of the window, or NULL at first; makes it at least need bytes, with
 * slack behind it. FIRN_DONE: the page has fewer; nothing is changed. */
FIRN_MUST_CHECK firn_status firn_pq_page_stream_need(firn_pq_page_stream *s, size_t need,
                                                     const uint8_t **at, const uint8_t **end,
                                                     firn_error *err);
/* Bytes [from, from + n) copied to where they stay as long as the page is read. */
FIRN_MUST_CHECK firn_status firn_pq_page_stream_hold(firn_pq_page_stream *s, const uint8_t *from,
                                                     size_t n, const uint8_t **out,
                                                     firn_error *err);
/* The checksum of those bytes of the file, which are read in pieces. */
FIRN_MUST_CHECK firn_status firn_pq_page_stream_crc(const firn_parquet_file *file,
                                                    firn_pq_blocks *blocks, size_t piece,
                                                    int64_t at, size_t n, uint32_t *out,
                                                    firn_error *err);

#endif
