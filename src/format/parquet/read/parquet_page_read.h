/* SPDX-License-Identifier: Apache-2.0 */
/* The pages of one column chunk, one after another, through a bounded read window: header parsed
 * and checked, checksum verified, data decompressed. Not here: what the bytes of a page mean. */
#ifndef FIRN_FORMAT_PARQUET_PAGE_READ_H
#define FIRN_FORMAT_PARQUET_PAGE_READ_H

#include "format/codec/codec.h"
#include "format/parquet/encoding/parquet_bits.h"
#include "format/parquet/layout/parquet_meta.h"
#include "format/parquet/layout/parquet_page_index.h"
#include "format/parquet/read/parquet_block.h"
#include "format/parquet/read/parquet_page_stream.h"

typedef enum firn_pq_encoding {
    FIRN_PQ_ENC_PLAIN = 0,
    FIRN_PQ_ENC_PLAIN_DICTIONARY = 2,
    FIRN_PQ_ENC_RLE = 3,
    FIRN_PQ_ENC_BIT_PACKED = 4,
    FIRN_PQ_ENC_DELTA_BINARY_PACKED = 5,
    FIRN_PQ_ENC_DELTA_LENGTH_BYTE_ARRAY = 6,
    FIRN_PQ_ENC_DELTA_BYTE_ARRAY = 7,
    FIRN_PQ_ENC_RLE_DICTIONARY = 8,
    FIRN_PQ_ENC_BYTE_STREAM_SPLIT = 9,
} firn_pq_encoding;

typedef enum firn_pq_page_type {
    FIRN_PQ_DATA_PAGE = 0,
    FIRN_PQ_INDEX_PAGE = 1,
    FIRN_PQ_DICTIONARY_PAGE = 2,
    FIRN_PQ_DATA_PAGE_V2 = 3,
} firn_pq_page_type;

typedef struct firn_pq_page {
    firn_pq_page_type type;
    int32_t n_values;
    int32_t encoding;
    int32_t def_encoding, rep_encoding; /* v1 */
    firn_str def_levels, rep_levels;    /* v2; v1 has them in front of data */
    const uint8_t *data;                /* with slack; valid until the next page */
    size_t size;
    firn_pq_page_stream *stream; /* where bytes behind data come from; NULL: there are none */
    uint64_t offset;             /* of the page header, for messages */
} firn_pq_page;

typedef struct firn_pq_pages {
    const firn_parquet_file *file;
    firn_codec codec;
    bool is_flat;     /* a value per row, so the index tells how many a page has */
    bool is_hesitant; /* few of the wanted rows are expected to be asked for */
    bool keep_pages;  /* views point into pages: what holds them is retired, not overwritten */
    bool has_views;   /* into block */
    bool was_kept;    /* the page before was in the page cache, and the next may be */
    firn_codec_ctx *codec_ctx; /* shared by the columns of one reader */
    int64_t at;                /* next page header */
    int64_t end;               /* no page may reach past it */
    int64_t ahead;             /* end of the chunk: where reading ahead stops */
    int64_t values_left;
    /* Going along the offset index: pages are taken from where it says. */
    const firn_pq_offset_index *index; /* NULL: one page after another */
    size_t next_page;
    size_t n_index;            /* pages of the index, once it was gone along */
    size_t n_pages, n_skipped; /* data pages of the chunk that were read, that were not */
    int64_t n_rows;            /* of the row group */
    /* Rows that may be asked for, which says how far to read ahead. NULL: all. */
    const firn_row_range *wanted;
    size_t n_wanted;
    int64_t first_row;  /* of the row group in the file, which wanted counts from */
    size_t ahead_bytes; /* of the next look ahead */
    size_t window_bytes;
    firn_pq_block *window; /* bytes [window_start, window_start + window_len) of the file */
    size_t window_len;
    int64_t window_start;
    firn_pq_blocks *blocks;
    firn_pq_block *block; /* the current page's data, when it is not the window's */
    firn_pq_page_stream stream;
} firn_pq_pages;

/* Start at the first page of a chunk; keeps buffers of an earlier chunk. */
FIRN_MUST_CHECK firn_status firn_pq_pages_start(firn_pq_pages *p, const firn_pq_chunk *chunk,
                                                firn_error *err);
/* Next dictionary or data page; FIRN_DONE when all values of the chunk were seen. */
FIRN_MUST_CHECK firn_status firn_pq_pages_next(firn_pq_pages *p, firn_pq_page *out,
                                               firn_error *err);
/* From now on along the index, beginning with that page. The index outlives the chunk. */
void firn_pq_pages_seek(firn_pq_pages *p, const firn_pq_offset_index *index, size_t page);
/* The dictionary page, which stands before the first page of the index. FIRN_DONE when there is
 * none. A seek to page_after must follow; if that is near, it is read along. */
FIRN_MUST_CHECK firn_status firn_pq_pages_dictionary(firn_pq_pages *p, const firn_pq_chunk *chunk,
                                                     const firn_pq_offset_index *index,
                                                     size_t page_after, firn_pq_page *out,
                                                     firn_error *err);
/* Steps over data pages that have no more rows than *rows, by their headers, and takes their rows
 * off; stops at dictionaries and at pages that do not tell. Not along an index. */
FIRN_MUST_CHECK firn_status firn_pq_pages_skip(firn_pq_pages *p, int64_t *rows, firn_error *err);
/* Nobody needs the page that was given last, or has views into it. */
void firn_pq_pages_drop_block(firn_pq_pages *p);
void firn_pq_pages_dispose(firn_pq_pages *p);

#endif
