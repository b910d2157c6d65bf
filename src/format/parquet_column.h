/* SPDX-License-Identifier: Apache-2.0 */
/* One column chunk being written: its encoding, the page at hand, finished (compressed) pages and
 * statistics. Not here: row groups and the footer (parquet_writer.c, parquet_writer_footer.c). */
#ifndef FIRN_FORMAT_PARQUET_COLUMN_H
#define FIRN_FORMAT_PARQUET_COLUMN_H

#include "format/codec.h"
#include "format/parquet_encode_dict.h"
#include "format/parquet_shred.h"
#include "format/parquet_stats.h"

/* Encoding numbers of parquet.thrift. */
typedef enum firn_parquet_encoding {
    FIRN_ENCODING_PLAIN = 0,
    FIRN_ENCODING_RLE = 3,
    FIRN_ENCODING_DELTA = 5,
    FIRN_ENCODING_DICTIONARY = 8,
} firn_parquet_encoding;

/* What the columns of one writer share: limits and scratch memory. */
typedef struct firn_parquet_pages {
    firn_codec codec;
    int codec_level;
    size_t page_rows;
    size_t page_bytes;
    size_t dictionary_bytes;
    bool no_delta;
    firn_codec_ctx *codec_ctx;
    firn_parquet_shredder shredder;
    firn_buf raw;    /* one page before compression */
    firn_buf packed; /* page header and compressed page */
    firn_buf trial;  /* an encoding that is tried */
    firn_buf words;  /* levels as 32-bit numbers, wide decimals as views */
} firn_parquet_pages;

typedef struct firn_parquet_page {
    char *data;
    size_t len;
} firn_parquet_page;

/* What the footer says of a finished chunk; offsets are set by who writes it out. */
typedef struct firn_parquet_chunk {
    int64_t n_levels;
    int64_t null_count;
    int64_t nan_count;
    int64_t uncompressed_bytes; /* with page headers */
    int64_t compressed_bytes;   /* with page headers */
    int64_t dictionary_bytes;   /* of the dictionary page and its header; 0: none */
    int64_t offset;             /* of the first page */
    int32_t dictionary_pages, plain_pages, delta_pages; /* data pages by encoding */
    firn_parquet_bound lo, hi;
} firn_parquet_chunk;

typedef struct firn_parquet_column {
    const firn_parquet_leaf *leaf;
    firn_parquet_pages *pages;
    firn_parquet_encoding encoding; /* of values now coming in */
    bool is_settled;                /* a first page decided for or against the dictionary */
    firn_parquet_dict dict;
    /* the page at hand */
    firn_buf values;  /* PLAIN: encoded (booleans: a byte each); DELTA: as in the batch */
    firn_buf indices; /* DICTIONARY */
    firn_buf defs;    /* empty while all levels are max_def */
    firn_buf reps;
    size_t n_rows, n_levels, n_values;
    size_t plain_bytes;                /* DICTIONARY: what PLAIN would take */
    uint32_t last_n_new, last_n_added; /* DICTIONARY: how it still grew with the last rows */
    /* the chunk at hand */
    firn_parquet_page *done;
    size_t n_done, cap_done;
    firn_parquet_page dict_page;
    firn_parquet_chunk chunk;
    firn_parquet_bounds bounds;
    /* the whole file */
    firn_parquet_bounds file_bounds;
    int64_t file_levels, file_nulls, file_bytes;
} firn_parquet_column;

void firn_parquet_column_init(firn_parquet_column *c, const firn_parquet_leaf *leaf,
                              firn_parquet_pages *pages);
void firn_parquet_column_dispose(firn_parquet_column *c);
FIRN_MUST_CHECK firn_status firn_parquet_column_append(firn_parquet_column *c,
                                                       const firn_parquet_run *run,
                                                       firn_error *err);
/* Bytes of finished pages and of the page at hand. */
size_t firn_parquet_column_buffered(const firn_parquet_column *c);
/* Uncompressed bytes of the chunk so far. */
size_t firn_parquet_column_encoded(const firn_parquet_column *c);
/* Ends the chunk: c->dict_page and c->done hold its pages, c->chunk describes it. Bounds go to the
 * arena. */
FIRN_MUST_CHECK firn_status firn_parquet_column_finish(firn_parquet_column *c, firn_arena *arena,
                                                       firn_error *err);
/* Frees the pages and begins the next chunk. */
void firn_parquet_column_reset(firn_parquet_column *c);

#endif
