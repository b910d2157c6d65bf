/* SPDX-License-Identifier: Apache-2.0 */
/* One column chunk being written: its encoding, the page at hand, finished (compressed) pages and
 * statistics. Not here: row groups and the footer (parquet_writer.c, parquet_writer_footer.c),
 * the choice of encodings (parquet_column_values.c). */
#ifndef FIRN_FORMAT_PARQUET_COLUMN_H
#define FIRN_FORMAT_PARQUET_COLUMN_H

#include "format/parquet/encoding/parquet_encode_dict.h"
#include "format/parquet/write/parquet_bloom_writer.h"
#include "format/parquet/write/parquet_geo_stats.h"
#include "format/parquet/write/parquet_shred.h"
#include "format/parquet/write/parquet_stats.h"
#include "format/parquet/write/parquet_writer.h"

/* Encoding numbers of parquet.thrift. */
typedef enum firn_parquet_encoding {
    FIRN_ENCODING_PLAIN = 0,
    FIRN_ENCODING_OLD_DICTIONARY = 2, /* DICTIONARY by its first name, in copied pages only */
    FIRN_ENCODING_RLE = 3,
    FIRN_ENCODING_DELTA = 5,
    FIRN_ENCODING_DELTA_LENGTH = 6,
    FIRN_ENCODING_DELTA_BYTES = 7,
    FIRN_ENCODING_DICTIONARY = 8,
    FIRN_ENCODING_STREAM_SPLIT = 9,
} firn_parquet_encoding;

#define FIRN_ENCODING_COUNT 10

/* What all columns of a writer obey. Not changed while it writes. */
typedef struct firn_parquet_settings {
    const firn_allocator *alloc;
    firn_codec codec;
    int codec_level;
    size_t page_rows;
    size_t page_bytes;
    size_t dictionary_bytes;
    size_t bloom_bytes;
    firn_parquet_encodings encodings;
} firn_parquet_settings;

/* A finished page and what the page index says of it. */
typedef struct firn_parquet_page {
    char *data; /* header and compressed bytes; owned unless borrowed */
    size_t len;
    bool is_borrowed;  /* from the column's copied bytes */
    int64_t first_row; /* in the row group */
    int64_t n_values, null_count, nan_count;
    int64_t text_bytes; /* BYTE_ARRAY: of all values, without lengths */
    bool has_bounds;    /* what is known of copied pages may be less: no column index then */
    size_t lo_at, lo_len, hi_at, hi_len; /* in the column's page_bounds */
} firn_parquet_page;

/* What the footer says of a finished chunk; offsets are set by who writes it out. */
typedef struct firn_parquet_chunk {
    int64_t n_levels;
    int64_t null_count;
    int64_t nan_count;
    int64_t uncompressed_bytes; /* with page headers */
    int64_t compressed_bytes;   /* with page headers */
    int64_t dictionary_bytes;   /* of the dictionary page and its header; 0: none */
    int64_t text_bytes;         /* BYTE_ARRAY: of all values, without lengths */
    int64_t offset;             /* of the first page */
    int64_t bloom_offset, column_index_offset, offset_index_offset;
    int32_t bloom_length, column_index_length, offset_index_length; /* 0: there is none */
    int32_t n_pages[FIRN_ENCODING_COUNT];                           /* data pages by encoding */
    int32_t n_pages_v2[FIRN_ENCODING_COUNT];                        /* the same of version 2 */
    bool lacks_nan_count, lacks_text_bytes;                         /* sources did not say */
    const int64_t *def_counts, *rep_counts; /* by level; NULL: not worth telling */
    firn_parquet_bound lo, hi;
    firn_geo_box box;
} firn_parquet_chunk;

/* Bytes of a chunk of another file, which pages are borrowed from. */
typedef struct firn_parquet_copied {
    struct firn_parquet_copied *next;
    char data[];
} firn_parquet_copied;

typedef struct firn_parquet_column {
    const firn_parquet_leaf *leaf;
    const firn_parquet_settings *settings;
    firn_parquet_encoding encoding;   /* of values now coming in */
    bool is_settled;                  /* a first page decided for or against the dictionary */
    bool is_ascending, is_descending; /* bounds of the chunk's pages so far */
    bool file_lacks_nan_count;        /* some source of the file did not say */
    firn_parquet_dict dict;
    /* the page at hand */
    firn_buf values;  /* PLAIN form (booleans: a byte each) */
    firn_buf indices; /* DICTIONARY */
    firn_buf defs;    /* empty while all levels are max_def */
    firn_buf reps;
    size_t n_rows, n_levels, n_values;
    size_t plain_bytes;                /* DICTIONARY: what PLAIN would take */
    uint32_t last_n_new, last_n_added; /* DICTIONARY: how it still grew with the last rows */
    firn_parquet_bounds page;
    /* the chunk at hand */
    size_t n_hurried; /* pages to come that are not worth the codec's time */
    firn_parquet_page *done;
    size_t n_done, cap_done;
    firn_parquet_page dict_page;
    firn_parquet_copied *copied; /* owned */
    firn_buf copied_bloom;       /* header and bits, until they are written; empty: none */
    firn_parquet_chunk chunk;
    firn_parquet_bounds bounds;
    int64_t n_chunk_rows; /* in finished pages */
    firn_buf page_bounds; /* bytes of the pages' bounds */
    firn_buf histograms;  /* int64_t counts by level, reps then defs, page by page; nested only */
    firn_parquet_bloom_writer bloom;
    firn_parquet_bounds last; /* bounds of the last page that has any */
    /* the whole file */
    firn_parquet_bounds file_bounds;
    firn_geo_box file_box;
    int64_t file_levels, file_nulls, file_bytes;
} firn_parquet_column;

void firn_parquet_column_init(firn_parquet_column *c, const firn_parquet_leaf *leaf,
                              const firn_parquet_settings *settings);
void firn_parquet_column_dispose(firn_parquet_column *c);
FIRN_MUST_CHECK firn_status firn_parquet_column_append(firn_parquet_column *c,
                                                       firn_parquet_scratch *scratch,
                                                       const firn_parquet_run *run,
                                                       firn_error *err);
/* Bytes of finished pages and of the page at hand. */
size_t firn_parquet_column_buffered(const firn_parquet_column *c);
/* Uncompressed bytes of the chunk so far. */
size_t firn_parquet_column_encoded(const firn_parquet_column *c);
/* Bytes of memory the chunk takes. */
size_t firn_parquet_column_held(const firn_parquet_column *c);
/* Ends the chunk: c->dict_page and c->done hold its pages, c->chunk describes it but for bounds
 * and offsets. */
FIRN_MUST_CHECK firn_status firn_parquet_column_finish(firn_parquet_column *c,
                                                       firn_parquet_scratch *scratch,
                                                       firn_error *err);
/* Ends the page at hand, if it has rows, so that pages can be put behind it. */
FIRN_MUST_CHECK firn_status firn_parquet_column_end_page(firn_parquet_column *c,
                                                         firn_parquet_scratch *scratch,
                                                         firn_error *err);
/* Room for one more page behind those that are done: zeroed, not counted yet. NULL when out of
 * memory. */
firn_parquet_page *firn_parquet_column_next_page(firn_parquet_column *c);
/* c->page's bounds, which are the page's, to the page index. */
FIRN_MUST_CHECK firn_status firn_parquet_column_index_page(firn_parquet_column *c,
                                                           firn_parquet_scratch *scratch,
                                                           firn_parquet_page *page,
                                                           firn_error *err);
/* Data pages of the chunk that are indices of its dictionary. */
static inline bool firn_parquet_chunk_has_dictionary(const firn_parquet_chunk *chunk)
{
    return chunk->n_pages[FIRN_ENCODING_DICTIONARY] > 0 ||
           chunk->n_pages_v2[FIRN_ENCODING_DICTIONARY] > 0 ||
           chunk->n_pages[FIRN_ENCODING_OLD_DICTIONARY] > 0 ||
           chunk->n_pages_v2[FIRN_ENCODING_OLD_DICTIONARY] > 0;
}
/* Frees the pages and begins the next chunk. */
void firn_parquet_column_reset(firn_parquet_column *c);

#endif
