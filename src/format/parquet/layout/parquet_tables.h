/* SPDX-License-Identifier: Apache-2.0 */
/* The structs of parquet.thrift as tables for thrift_outline.h. */
#ifndef FIRN_FORMAT_PARQUET_TABLES_H
#define FIRN_FORMAT_PARQUET_TABLES_H

#include "format/inspect/thrift_outline.h"

/* Slots of firn_thrift_outline.kept. */
typedef enum firn_pq_kept {
    FIRN_PQ_KEPT_TYPE = FIRN_THRIFT_KEPT_PHYSICAL,
    FIRN_PQ_KEPT_VALUES,
    FIRN_PQ_KEPT_SIZE, /* of the chunk, compressed */
    FIRN_PQ_KEPT_DATA,
    FIRN_PQ_KEPT_DICTIONARY,
    FIRN_PQ_KEPT_BLOOM,
    FIRN_PQ_KEPT_OFFSET_INDEX,
    FIRN_PQ_KEPT_OFFSET_INDEX_SIZE,
    FIRN_PQ_KEPT_COLUMN_INDEX,
    FIRN_PQ_KEPT_COLUMN_INDEX_SIZE,
    FIRN_PQ_KEPT_PAGE_SIZE,
    FIRN_PQ_KEPT_PAGE_VALUES,
    FIRN_PQ_KEPT_PAGE_TYPE,
    FIRN_PQ_KEPT_CRC,
} firn_pq_kept;

/* Hooks: after the members of a column chunk, of its meta data's type, of a page header. */
enum { FIRN_PQ_HOOK_CHUNK = 1, FIRN_PQ_HOOK_PAGE };

extern const firn_thrift_table firn_pq_table_file;
extern const firn_thrift_table firn_pq_table_page;
extern const firn_thrift_table firn_pq_table_offset_index;
extern const firn_thrift_table firn_pq_table_column_index;
extern const firn_thrift_table firn_pq_table_bloom;

#endif
