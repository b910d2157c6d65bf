/* SPDX-License-Identifier: Apache-2.0 */
/* PageHeader of parquet.thrift. */
#include "format/parquet/layout/parquet_page_header.h"

#include "base/error.h"
#include "format/parquet/thrift/thrift.h"

/* A struct of numbers: numbers[k] takes field k + 1. Version 2 of data pages has a flag behind
 * them.
 */
static firn_status parse_body(firn_thrift *t, const firn_thrift_field *in, int32_t *const *numbers,
                              int32_t n, bool *flag, firn_error *err)
{
    firn_thrift_field f;
    firn_status st;
    FIRN_TRY(firn_thrift_enter(t, in, &f, err));
    while ((st = firn_thrift_next(t, &f, err)) == FIRN_OK) {
        if (f.id >= 1 && f.id <= n)
            FIRN_TRY(firn_thrift_i32(t, &f, numbers[f.id - 1], err));
        else if (f.id == n + 1 && flag)
            FIRN_TRY(firn_thrift_bool(t, &f, flag, err));
        else
            FIRN_TRY(firn_thrift_skip(t, &f, err));
    }
    return st == FIRN_DONE ? FIRN_OK : st;
}

static firn_status parse_data_header(firn_thrift *t, const firn_thrift_field *in,
                                     firn_pq_page_header *h, firn_error *err)
{
    int32_t *const numbers[] = {&h->n_values, &h->encoding, &h->def_encoding, &h->rep_encoding};
    h->has_body = true;
    return parse_body(t, in, numbers, 4, NULL, err);
}

static firn_status parse_dictionary_header(firn_thrift *t, const firn_thrift_field *in,
                                           firn_pq_page_header *h, firn_error *err)
{
    int32_t *const numbers[] = {&h->n_values, &h->encoding};
    h->has_body = true;
    return parse_body(t, in, numbers, 2, NULL, err);
}

static firn_status parse_data_header_v2(firn_thrift *t, const firn_thrift_field *in,
                                        firn_pq_page_header *h, firn_error *err)
{
    int32_t *const numbers[] = {&h->n_values, &h->n_nulls,   &h->n_rows,
                                &h->encoding, &h->def_bytes, &h->rep_bytes};
    h->has_body = true;
    return parse_body(t, in, numbers, 6, &h->is_packed, err);
}

static firn_status parse_header(firn_thrift *t, firn_pq_page_header *h, firn_error *err)
{
    firn_thrift_field f;
    firn_status st;
    int32_t crc = 0;
    *h = (firn_pq_page_header){.type = FIRN_PQ_NONE,
                               .packed = FIRN_PQ_NONE,
                               .unpacked = FIRN_PQ_NONE,
                               .n_values = FIRN_PQ_NONE,
                               .n_rows = FIRN_PQ_NONE,
                               .n_nulls = FIRN_PQ_NONE,
                               .is_packed = true};
    FIRN_TRY(firn_thrift_enter(t, NULL, &f, err));
    while ((st = firn_thrift_next(t, &f, err)) == FIRN_OK) {
        switch (f.id) {
        case 1: FIRN_TRY(firn_thrift_i32(t, &f, &h->type, err)); break;
        case 2: FIRN_TRY(firn_thrift_i32(t, &f, &h->unpacked, err)); break;
        case 3: FIRN_TRY(firn_thrift_i32(t, &f, &h->packed, err)); break;
        case 4:
            FIRN_TRY(firn_thrift_i32(t, &f, &crc, err));
            h->crc = (uint32_t)crc;
            h->has_crc = true;
            break;
        case 5: FIRN_TRY(parse_data_header(t, &f, h, err)); break;
        case 7: FIRN_TRY(parse_dictionary_header(t, &f, h, err)); break;
        case 8: FIRN_TRY(parse_data_header_v2(t, &f, h, err)); break;
        default: FIRN_TRY(firn_thrift_skip(t, &f, err)); break;
        }
    }
    return st == FIRN_DONE ? FIRN_OK : st;
}

firn_status firn_pq_page_header_parse(firn_str bytes, uint64_t offset, firn_pq_page_header *out,
                                      size_t *n_bytes, firn_error *err)
{
    firn_thrift t = firn_thrift_of(bytes, offset);
    FIRN_TRY(parse_header(&t, out, err));
    *n_bytes = (size_t)(t.in.at - t.in.start);
    return FIRN_OK;
}

firn_status firn_pq_codec_of(int32_t codec, firn_codec *out, firn_error *err)
{
    switch (codec) {
    case 0: *out = FIRN_CODEC_NONE; return FIRN_OK;
    case 1: *out = FIRN_CODEC_SNAPPY; return FIRN_OK;
    case 2: *out = FIRN_CODEC_GZIP; return FIRN_OK;
    case 4: *out = FIRN_CODEC_BROTLI; return FIRN_OK;
    case 5: *out = FIRN_CODEC_LZ4_FRAMED; return FIRN_OK;
    case 6: *out = FIRN_CODEC_ZSTD; return FIRN_OK;
    case 7: *out = FIRN_CODEC_LZ4_RAW; return FIRN_OK;
    case 3:
        return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: parquet compression codec lzo");
    default:
        return firn_fail(err, FIRN_ERR_CORRUPT, "compression codec %d, expected 0 to 7", codec);
    }
}
