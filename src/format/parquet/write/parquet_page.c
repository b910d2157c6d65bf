/* SPDX-License-Identifier: Apache-2.0 */
/* Pages: <PageHeader in Thrift> <compressed page>. Data pages are version 1, which every reader
 * knows: <repetition levels> <definition levels> <values>, compressed together. */
#include "format/parquet/write/parquet_page.h"

#include <string.h>

#include "base/error.h"
#include "format/parquet/encoding/parquet_encode.h"

enum { PAGE_DATA = 0, PAGE_DICTIONARY = 2 };

typedef struct page_head {
    int32_t type;
    size_t n_values;
    firn_parquet_encoding encoding;
    int level; /* of the codec */
} page_head;

void firn_parquet_put_levels(firn_parquet_scratch *scratch, const uint8_t *levels, size_t n,
                             uint8_t max)
{
    firn_buf *raw = &scratch->raw;
    const int bits = firn_bit_width(max);
    const size_t start = raw->len;
    firn_buf_u32le(raw, 0);
    if (levels) {
        firn_buf_clear(&scratch->words);
        uint32_t *words = (uint32_t *)(void *)firn_buf_reserve(&scratch->words, n * sizeof *words);
        if (!words) {
            raw->status = FIRN_ERR_NOMEM;
            return;
        }
        for (size_t i = 0; i < n; i++) words[i] = levels[i];
        firn_rle_encode(raw, words, n, bits);
    } else {
        firn_rle_encode_same(raw, max, n, bits);
    }
    if (raw->status != FIRN_OK) return;
    const uint32_t len = (uint32_t)(raw->len - start - sizeof len);
    memcpy(raw->data + start, &len, sizeof len);
}

static void put_header(firn_buf *out, const page_head *head, size_t raw_len, firn_str body)
{
    firn_thrift_writer w = firn_thrift_writer_of(out);
    firn_thrift_put_i32(&w, 1, head->type);
    firn_thrift_put_i32(&w, 2, (int32_t)raw_len);
    firn_thrift_put_i32(&w, 3, (int32_t)body.len);
    firn_thrift_put_i32(&w, 4, (int32_t)firn_crc32(body));
    firn_thrift_put_struct(&w, head->type == PAGE_DATA ? 5 : 7);
    firn_thrift_put_i32(&w, 1, (int32_t)head->n_values);
    firn_thrift_put_i32(&w, 2, (int32_t)head->encoding);
    if (head->type == PAGE_DATA) {
        firn_thrift_put_i32(&w, 3, FIRN_ENCODING_RLE);
        firn_thrift_put_i32(&w, 4, FIRN_ENCODING_RLE);
    }
    firn_thrift_put_end(&w);
    firn_thrift_put_end(&w);
}

static firn_status make_page(const firn_parquet_settings *settings, firn_parquet_scratch *scratch,
                             const page_head *head, firn_parquet_page *out, int64_t *uncompressed,
                             firn_error *err)
{
    char bytes[96];
    const firn_codec codec = settings->codec;
    firn_str body = firn_buf_view(&scratch->raw);
    firn_buf header = {.data = bytes, .cap = sizeof bytes, .max = sizeof bytes};
    FIRN_TRY(firn_buf_check(&scratch->raw, err));
    if (head->n_values > INT32_MAX)
        return firn_fail(err, FIRN_ERR_LIMIT, "page of %zu values, limit %d", head->n_values,
                         INT32_MAX);
    if (codec != FIRN_CODEC_NONE) {
        firn_buf_clear(&scratch->packed);
        FIRN_TRY(firn_codec_compress(scratch->codec_ctx, codec, head->level, body, &scratch->packed,
                                     err));
        body = firn_buf_view(&scratch->packed);
    }
    put_header(&header, head, scratch->raw.len, body);
    FIRN_TRY(firn_buf_check(&header, err));
    char *data = firn_mem_alloc(settings->alloc, header.len + body.len);
    if (!data) return firn_fail_nomem(err);
    memcpy(data, header.data, header.len);
    if (body.len) memcpy(data + header.len, body.data, body.len);
    out->data = data;
    out->len = header.len + body.len;
    *uncompressed = (int64_t)(header.len + scratch->raw.len);
    return FIRN_OK;
}

firn_status firn_parquet_page_data(const firn_parquet_settings *settings,
                                   firn_parquet_scratch *scratch, int level, size_t n_levels,
                                   firn_parquet_encoding encoding, firn_parquet_page *out,
                                   int64_t *uncompressed, firn_error *err)
{
    const page_head head = {PAGE_DATA, n_levels, encoding, level};
    return make_page(settings, scratch, &head, out, uncompressed, err);
}

firn_status firn_parquet_page_dictionary(const firn_parquet_settings *settings,
                                         firn_parquet_scratch *scratch, size_t n,
                                         firn_parquet_page *out, int64_t *uncompressed,
                                         firn_error *err)
{
    const page_head head = {PAGE_DICTIONARY, n, FIRN_ENCODING_PLAIN, settings->codec_level};
    return make_page(settings, scratch, &head, out, uncompressed, err);
}
