/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a row group that is taken over, column chunk by column chunk. Shared by what
 * looks at the source (parquet_copy.c, parquet_copy_pages.c) and what appends to the writer
 * (parquet_column_copy.c, parquet_writer_copy.c). */
#ifndef FIRN_FORMAT_PARQUET_COPY_INTERNAL_H
#define FIRN_FORMAT_PARQUET_COPY_INTERNAL_H

#include "format/parquet/copy/parquet_copy.h"
#include "format/parquet/layout/parquet_page_header.h"
#include "format/parquet/layout/parquet_page_index.h"
#include "format/parquet/write/parquet_column.h"

/* Bounds as values of the leaf's type; bytes are the file's. */
typedef struct firn_pq_found {
    bool is_set;
    bool lo_is_cut, hi_is_cut;
    firn_value lo, hi;
} firn_pq_found;

/* A page where it stands in the chunk's bytes. Counts that nobody told are FIRN_PQ_NONE. */
typedef struct firn_pq_source_page {
    firn_pq_page_header header;
    size_t at, body, end; /* of header, data, and what is behind */
    int64_t n_rows, null_count, nan_count, text_bytes;
    const int64_t *rep_counts, *def_counts; /* nested only */
    firn_pq_found bounds;
    bool is_recoded; /* not taken over: its rows are decoded and encoded again */
} firn_pq_source_page;

/* What becomes of a column chunk. */
typedef enum firn_pq_source_way {
    FIRN_PQ_SOURCE_LEFT = 0, /* to the caller */
    FIRN_PQ_SOURCE_COPIED,   /* pages are taken over, all or some */
    FIRN_PQ_SOURCE_RECODED,  /* none is */
} firn_pq_source_way;

typedef struct firn_pq_source_chunk {
    firn_pq_source_way way;
    int64_t n_unpacked; /* bytes, as the file says: how much work it is */
    const firn_pq_node *node;
    const firn_pq_chunk *chunk;
    firn_parquet_copied *bytes; /* owned until the chunk is copied; NULL: none were read */
    size_t n_bytes;
    bool has_dictionary;
    firn_pq_source_page dictionary;
    firn_pq_source_page *pages;
    size_t n_pages, cap_pages, n_recoded;
    int64_t null_count, nan_count;
    firn_pq_found bounds;
    firn_str bloom; /* header and bits where the writer wants some and the chunk has them */
} firn_pq_source_chunk;

struct firn_parquet_copy {
    const firn_allocator *alloc;
    firn_arena *arena;
    const firn_parquet_file *file;
    size_t row_group;
    const firn_type *root; /* of the writer */
    bool is_rest;          /* what does not fit is recoded */
    const uint64_t *gone;  /* bit per row of the file; NULL: all stay */
    int64_t first_row, n_source_rows;
    int64_t n_rows;               /* that stay */
    int64_t n_unpacked;           /* bytes of the row group, for its size */
    firn_pq_source_chunk *chunks; /* by leaf of the writer */
    size_t n_chunks;
    bool *is_decoded; /* by column of the writer's root */
    size_t n_decoded;
    int64_t least_page_values, least_page_bytes; /* on the average; smaller ones are decoded */
    bool is_lone;                                /* a row group of the writer by itself */
};

/* parquet_copy_pages.c: reads the chunk's bytes and its pages' headers and indexes. FIRN_DONE when
 * it cannot be copied. */
FIRN_MUST_CHECK firn_status firn_pq_source_chunk_read(firn_parquet_copy *copy,
                                                      const firn_parquet_leaf *leaf, size_t index,
                                                      firn_pq_source_chunk *out, firn_error *err);
/* parquet_page_rows.c: rows that begin in a data page of a repeated column whose levels are encoded
 * as RLE; body has FIRN_PQ_SLACK readable bytes behind it. FIRN_DONE: its first value belongs to a
 * row of the page before. */
FIRN_MUST_CHECK firn_status firn_pq_page_rows(const firn_pq_page_header *h, firn_codec codec,
                                              firn_str body, uint8_t max_rep, int64_t *out,
                                              firn_error *err);
/* Which of n rows of the row group from first on, 64 at most, do not stay. */
uint64_t firn_pq_copy_gone(const firn_parquet_copy *copy, int64_t first, int64_t n);
/* Some of n rows of the row group from first on do not stay. */
bool firn_pq_copy_has_gone(const firn_parquet_copy *copy, int64_t first, int64_t n);
/* parquet_column_copy.c: appends the pages of the writer's leaf, or their rows, to its column.
 * Takes the chunk's bytes. */
FIRN_MUST_CHECK firn_status firn_parquet_column_copy(firn_parquet_column *c,
                                                     firn_parquet_scratch *scratch,
                                                     firn_parquet_copy *copy, size_t leaf,
                                                     firn_error *err);

/* ---- parquet_recode.c: rows of a column that are decoded, and encoded without those gone ---- */

typedef struct firn_pq_recoder {
    const firn_parquet_copy *copy;
    firn_parquet_column *column;
    firn_parquet_scratch *scratch;
    firn_arena *arena;
    firn_parquet_leaf leaf; /* of a batch with this column alone */
    firn_type projection;
    firn_parquet_rows *rows; /* NULL: not open */
} firn_pq_recoder;

/* Nothing is read yet. */
firn_pq_recoder firn_pq_recoder_of(const firn_parquet_copy *copy, firn_parquet_column *c,
                                   firn_parquet_scratch *scratch);
/* The next n rows out of the chunk's recoded pages, or out of all. */
FIRN_MUST_CHECK firn_status firn_pq_recoder_append(firn_pq_recoder *r,
                                                   const firn_pq_source_chunk *chunk, int64_t n,
                                                   firn_error *err);
void firn_pq_recoder_close(firn_pq_recoder *r);

#endif
