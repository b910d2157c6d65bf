/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a row group that is taken over, column chunk by column chunk. Shared by what
 * looks at the source (parquet_copy.c, parquet_copy_pages.c) and what appends to the writer
 * (parquet_column_copy.c, parquet_writer_copy.c). */
#ifndef FIRN_FORMAT_PARQUET_COPY_INTERNAL_H
#define FIRN_FORMAT_PARQUET_COPY_INTERNAL_H

#include "format/parquet_column.h"
#include "format/parquet_copy.h"
#include "format/parquet_page_header.h"
#include "format/parquet_page_index.h"

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
} firn_pq_source_page;

typedef struct firn_pq_source_chunk {
    const firn_pq_node *node;
    const firn_pq_chunk *chunk;
    firn_parquet_copied *bytes; /* owned until the chunk is copied; NULL: to decode */
    size_t n_bytes;
    bool has_dictionary;
    firn_pq_source_page dictionary;
    firn_pq_source_page *pages;
    size_t n_pages, cap_pages;
    int64_t null_count, nan_count;
    firn_pq_found bounds;
    firn_str bloom; /* header and bits where the writer wants some and the chunk has them */
} firn_pq_source_chunk;

struct firn_parquet_copy {
    const firn_allocator *alloc;
    firn_arena *arena;
    const firn_parquet_file *file;
    size_t row_group;
    int64_t n_rows;
    int64_t n_bytes;              /* held */
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
/* parquet_column_copy.c: appends the chunk's pages to the writer's column. Takes its bytes. */
FIRN_MUST_CHECK firn_status firn_parquet_column_copy(firn_parquet_column *c,
                                                     firn_parquet_scratch *scratch,
                                                     firn_pq_source_chunk *chunk, bool is_lone,
                                                     firn_error *err);

#endif
