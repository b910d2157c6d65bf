/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in front of a page, as it says and nobody has checked. Not here: the page. */
#ifndef FIRN_FORMAT_PARQUET_PAGE_HEADER_H
#define FIRN_FORMAT_PARQUET_PAGE_HEADER_H

#include "format/codec/codec.h"
#include "format/parquet/layout/parquet_meta.h"

typedef struct firn_pq_page_header {
    int32_t type;             /* firn_pq_page_type */
    int32_t unpacked, packed; /* bytes behind the header */
    bool has_crc;
    bool has_body;  /* the header of its type is there */
    bool is_packed; /* v2: the values are compressed */
    uint32_t crc;
    int32_t n_values;        /* levels: nulls count, too */
    int32_t n_rows, n_nulls; /* v2; FIRN_PQ_NONE: not said */
    int32_t encoding, def_encoding, rep_encoding;
    int32_t def_bytes, rep_bytes; /* v2 */
} firn_pq_page_header;

/* The header at the start of bytes, which takes *n_bytes of them. FIRN_ERR_CORRUPT when it does not
 * end there. offset: of bytes in the file, for messages. */
FIRN_MUST_CHECK firn_status firn_pq_page_header_parse(firn_str bytes, uint64_t offset,
                                                      firn_pq_page_header *out, size_t *n_bytes,
                                                      firn_error *err);
/* CompressionCodec of parquet.thrift. */
FIRN_MUST_CHECK firn_status firn_pq_codec_of(int32_t codec, firn_codec *out, firn_error *err);

#endif
