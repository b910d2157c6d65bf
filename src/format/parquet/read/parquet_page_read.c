/* SPDX-License-Identifier: Apache-2.0 */
/* Page headers, the read window and decompression. Sizes are checked against the file, the codec's
 * best ratio and the page limit before anything is allocated for them. */
#include "format/parquet/read/parquet_page_read.h"

#include <inttypes.h>
#include <libdeflate.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/str.h"
#include "format/columns/row_ranges.h"
#include "format/parquet/layout/parquet_page_header.h"

#define HEADER_FIRST     ((int64_t)4096) /* statistics may make a header longer */
#define HEADER_MAX       ((int64_t)16 << 20)
#define HESITANT_AHEAD   ((size_t)32 << 10) /* first look ahead when few pages may be needed */
#define INDEXED_WINDOWS  8
#define PACKED_BYTES     ((size_t)256 << 10)  /* of one read of a large page */
#define NEAR_BYTES       ((int64_t)256 << 10) /* a read of so much more saves a read */
#define KEPT_LEAST       ((size_t)4 << 10)    /* smaller pages are quickly unpacked ... */
#define KEPT_MOST        ((size_t)2 << 20)
#define KEPT_RATIO       16  /* ... and so are those that shrink by more, or hardly */
#define OLD_WRITER_EXTRA 100 /* early writers forgot a header in the size of a chunk */

/* ---- window ---- */

/* Views point straight into the window when pages are stored uncompressed. */
static bool is_window_shared(const firn_pq_pages *p)
{
    return p->keep_pages && p->codec == FIRN_CODEC_NONE;
}

static void drop_window(firn_pq_pages *p)
{
    if (is_window_shared(p))
        firn_pq_block_retire(p->blocks, p->window);
    else
        firn_pq_block_drop(p->blocks, p->window);
    p->window = NULL;
    p->window_len = 0;
}

/* Makes room for size bytes of which the first kept are those of the old window from skip on. */
static firn_status move_window(firn_pq_pages *p, size_t size, size_t skip, size_t kept,
                               firn_error *err)
{
    firn_pq_block *fresh = NULL;
    if (p->window && size <= p->window->capacity && !is_window_shared(p)) {
        if (kept > 0) memmove(p->window->data, p->window->data + skip, kept);
        return FIRN_OK;
    }
    FIRN_TRY(firn_pq_block_take(p->blocks, size, &fresh, err));
    memset(fresh->data + fresh->capacity, 0, FIRN_PQ_SLACK);
    if (kept > 0) memcpy(fresh->data, p->window->data + skip, kept);
    drop_window(p);
    p->window = fresh;
    return FIRN_OK;
}

/* least, or more where requests cost more, up to the column's window. */
static size_t worth_a_read(const firn_pq_pages *p, size_t least)
{
    const size_t good = p->file->source.read_bytes;
    const size_t most = good < p->window_bytes ? good : p->window_bytes;
    return most > least ? most : least;
}

/* Of what is stored as it is, for each read. */
static size_t stored_bytes(const firn_pq_pages *p)
{
    const size_t n = worth_a_read(p, firn_pq_memory_limits(p->blocks->memory)->stored);
    return n < p->window_bytes ? n : p->window_bytes;
}

/* Makes bytes [offset, offset + n) of the file part of the window; n is inside p->end. */
static firn_status need_bytes(firn_pq_pages *p, int64_t offset, size_t n, firn_error *err)
{
    const int64_t have_end = p->window_start + (int64_t)p->window_len;
    const bool starts_inside = p->window && offset >= p->window_start && offset <= have_end;
    if (starts_inside && have_end - offset >= (int64_t)n) return FIRN_OK;
    const size_t kept = starts_inside ? (size_t)(have_end - offset) : 0;
    const size_t skip = starts_inside ? (size_t)(offset - p->window_start) : 0;
    const int64_t ahead = p->ahead > offset ? p->ahead - offset : 0;
    /* Along an index ahead is the end of pages that will be needed, and a large page is one read.
     */
    size_t most = p->index ? p->window_bytes * INDEXED_WINDOWS : p->window_bytes;
    if (!p->index && p->codec == FIRN_CODEC_NONE) most = stored_bytes(p);
    if (p->was_kept && p->file->source.read_bytes == 0) most = (size_t)HEADER_FIRST;
    size_t want = ahead < (int64_t)most ? (size_t)ahead : most;
    if (want < n) want = n;
    FIRN_TRY(move_window(p, want, skip, kept, err));
    p->window_start = offset;
    p->window_len = kept;
    FIRN_TRY(firn_pq_file_read(p->file, offset + (int64_t)kept, p->window->data + kept, want - kept,
                               err));
    p->window_len = want;
    return FIRN_OK;
}

static firn_str window_from(const firn_pq_pages *p, int64_t offset)
{
    const size_t skip = (size_t)(offset - p->window_start);
    return (firn_str){(const char *)p->window->data + skip, p->window_len - skip};
}

/* The header's size is only known once it is parsed: try with what is there, then with more. */
static firn_status read_header(firn_pq_pages *p, firn_pq_page_header *h, firn_error *err)
{
    const int64_t most = p->end - p->at < HEADER_MAX ? p->end - p->at : HEADER_MAX;
    int64_t want = most < HEADER_FIRST ? most : HEADER_FIRST;
    if (most <= 0)
        return firn_fail_at(err, (uint64_t)p->at,
                            "column data ends with %" PRId64 " values missing", p->values_left);
    for (;;) {
        FIRN_TRY(need_bytes(p, p->at, (size_t)want, err));
        firn_str bytes = window_from(p, p->at);
        if ((int64_t)bytes.len > most) bytes.len = (size_t)most;
        size_t n = 0;
        const firn_status st = firn_pq_page_header_parse(bytes, (uint64_t)p->at, h, &n, err);
        if (st == FIRN_OK) {
            p->at += (int64_t)n;
            return FIRN_OK;
        }
        if ((int64_t)bytes.len >= most)
            return firn_error_wrap(err, st, "page header at %" PRId64, p->at);
        want = (int64_t)bytes.len * 2 < most ? (int64_t)bytes.len * 2 : most;
    }
}

/* ---- checks ---- */

/* The most a block of that many bytes can unpack to; no bound is known for the rest. */
static uint64_t max_unpacked(firn_codec codec, uint64_t packed)
{
    switch (codec) {
    case FIRN_CODEC_NONE: return packed;
    case FIRN_CODEC_SNAPPY: return packed * 22 + 64;
    case FIRN_CODEC_LZ4_RAW:
    case FIRN_CODEC_LZ4_FRAMED: return packed * 255 + 64;
    case FIRN_CODEC_GZIP: return packed * 1032 + 64;
    case FIRN_CODEC_DEFLATE:
    case FIRN_CODEC_ZSTD:
    case FIRN_CODEC_BROTLI:
    case FIRN_CODEC_AVRO_SNAPPY: break;
    }
    return UINT64_MAX;
}

static firn_status check_sizes(const firn_pq_pages *p, const firn_pq_page_header *h,
                               uint64_t offset, firn_error *err)
{
    if (h->packed < 0 || h->unpacked < 0)
        return firn_fail_at(err, offset, "page header lacks a size or has a negative one");
    if (h->packed > p->end - p->at)
        return firn_fail_at(err, offset, "page of %d bytes, %" PRId64 " left before the footer",
                            h->packed, p->end - p->at);
    if ((size_t)h->packed > FIRN_LIMIT_PAGE || (size_t)h->unpacked > FIRN_LIMIT_PAGE)
        return firn_fail(err, FIRN_ERR_LIMIT, "page of %d bytes (%d unpacked), limit %zu",
                         h->packed, h->unpacked, FIRN_LIMIT_PAGE);
    if ((uint64_t)h->unpacked > max_unpacked(p->codec, (uint64_t)h->packed))
        return firn_fail_at(err, offset, "page of %d bytes cannot unpack to %d", h->packed,
                            h->unpacked);
    return FIRN_OK;
}

static firn_status check_header(const firn_pq_pages *p, const firn_pq_page_header *h,
                                uint64_t offset, firn_error *err)
{
    if (!h->has_body || h->n_values < 0)
        return firn_fail_at(err, offset, "page of type %d lacks its header or value count",
                            h->type);
    if (h->type != FIRN_PQ_DICTIONARY_PAGE && h->n_values > p->values_left)
        return firn_fail_at(err, offset, "page of %d values, the column chunk has %" PRId64 " left",
                            h->n_values, p->values_left);
    if (h->type != FIRN_PQ_DATA_PAGE_V2) return FIRN_OK;
    if (h->def_bytes < 0 || h->rep_bytes < 0 || (int64_t)h->def_bytes + h->rep_bytes > h->packed ||
        (int64_t)h->def_bytes + h->rep_bytes > h->unpacked)
        return firn_fail_at(err, offset, "page levels of %d and %d bytes in a page of %d",
                            h->rep_bytes, h->def_bytes, h->packed);
    return FIRN_OK;
}

static firn_status check_crc(const firn_pq_page_header *h, uint32_t found, uint64_t offset,
                             firn_error *err)
{
    if (found == h->crc) return FIRN_OK;
    return firn_fail_at(err, offset, "page checksum is %08x, expected %08x", found, h->crc);
}

/* ---- data ---- */

/* Can the page be used where it is in the window? A dictionary outlives it. */
static bool is_usable_in_window(const firn_pq_pages *p, firn_codec codec, const firn_pq_page *page)
{
    if (codec != FIRN_CODEC_NONE) return false;
    return !p->keep_pages || (is_window_shared(p) && page->type != FIRN_PQ_DICTIONARY_PAGE);
}

/* Makes p->block one of at least that size, whose contents nobody needs any more. */
static firn_status need_block(firn_pq_pages *p, size_t size, firn_error *err)
{
    if (p->block && (p->has_views || p->block->capacity < size)) {
        if (p->has_views)
            firn_pq_block_retire(p->blocks, p->block);
        else
            firn_pq_block_drop(p->blocks, p->block);
        p->block = NULL;
        p->has_views = false;
    }
    return p->block ? FIRN_OK : firn_pq_block_take(p->blocks, size, &p->block, err);
}

/* Decompresses, or copies, into a block of its own. */
static firn_status unpack(firn_pq_pages *p, firn_codec codec, firn_str packed, size_t size,
                          firn_pq_page *out, firn_error *err)
{
    if (packed.len == size && is_usable_in_window(p, codec, out)) {
        out->data = (const uint8_t *)packed.data;
        out->size = size;
        return FIRN_OK;
    }
    FIRN_TRY(need_block(p, size, err));
    const firn_status st =
        firn_codec_decompress(p->codec_ctx, codec, packed, p->block->data, size, err);
    if (st != FIRN_OK) return firn_error_wrap(err, st, "page at %" PRIu64, out->offset);
    memset(p->block->data + size, 0, FIRN_PQ_SLACK);
    out->data = p->block->data;
    out->size = size;
    return FIRN_OK;
}

/* A page of nulls may have no data at all, not even an empty compressed block. */
static firn_codec codec_of(const firn_pq_pages *p, const firn_pq_page_header *h, size_t levels)
{
    const bool is_empty = (size_t)h->packed == levels && (size_t)h->unpacked == levels;
    const bool is_v2 = h->type == FIRN_PQ_DATA_PAGE_V2;
    return is_v2 && (!h->is_packed || is_empty) ? FIRN_CODEC_NONE : p->codec;
}

/* Levels of version 2 stand in front, as they are. Sizes were checked. */
static size_t level_bytes(const firn_pq_page_header *h)
{
    return h->type == FIRN_PQ_DATA_PAGE_V2 ? (size_t)h->rep_bytes + (size_t)h->def_bytes : 0;
}

static void take_levels(const firn_pq_page_header *h, const char *data, firn_pq_page *out)
{
    if (h->type != FIRN_PQ_DATA_PAGE_V2) return;
    out->rep_levels = (firn_str){data, (size_t)h->rep_bytes};
    out->def_levels = (firn_str){data + h->rep_bytes, (size_t)h->def_bytes};
}

/* Packed bytes of a page longer than a window are not kept once it is unpacked: of many columns
 * they would be as many bytes as the pages. */
static void let_packed_go(firn_pq_pages *p, const firn_pq_page *page, size_t levels)
{
    const bool is_unpacked = p->block && page->data == p->block->data && levels == 0;
    const bool is_last = p->at >= p->window_start + (int64_t)p->window_len;
    if (p->codec != FIRN_CODEC_NONE && is_unpacked && is_last && p->window_len > p->window_bytes)
        drop_window(p);
}

static bool is_worth_keeping(size_t packed, size_t unpacked)
{
    return unpacked >= KEPT_LEAST && unpacked <= KEPT_MOST && packed < unpacked - unpacked / 64 &&
           packed > unpacked / KEPT_RATIO;
}

/* From the page cache, if it is there; levels are always read. */
static firn_status load_kept(firn_pq_pages *p, const firn_pq_page_header *h, firn_pq_page *out,
                             firn_page_found *found, firn_error *err)
{
    firn_page_cache *cache = p->file->source.pages;
    const size_t levels = level_bytes(h);
    const size_t size = (size_t)h->unpacked - levels;
    *found = FIRN_PAGE_MISSED;
    if (!cache || codec_of(p, h, levels) == FIRN_CODEC_NONE ||
        !is_worth_keeping((size_t)h->packed - levels, size))
        return FIRN_OK;
    FIRN_TRY(need_block(p, size, err));
    *found = firn_page_cache_get(cache, &p->file->pages, out->offset, p->block->data, size);
    if (*found != FIRN_PAGE_KEPT) return FIRN_OK;
    if (levels > 0) {
        FIRN_TRY(need_bytes(p, p->at, levels, err));
        take_levels(h, window_from(p, p->at).data, out);
    }
    p->at += h->packed;
    memset(p->block->data + size, 0, FIRN_PQ_SLACK);
    out->data = p->block->data;
    out->size = size;
    return FIRN_OK;
}

static firn_status load_whole(firn_pq_pages *p, const firn_pq_page_header *h, firn_pq_page *out,
                              firn_error *err)
{
    const size_t levels = level_bytes(h);
    firn_page_found found = FIRN_PAGE_MISSED;
    FIRN_TRY(load_kept(p, h, out, &found, err));
    p->was_kept = found == FIRN_PAGE_KEPT;
    if (p->was_kept) return FIRN_OK;
    FIRN_TRY(need_bytes(p, p->at, (size_t)h->packed, err));
    const firn_str packed = {window_from(p, p->at).data, (size_t)h->packed};
    p->at += h->packed;
    if (h->has_crc)
        FIRN_TRY(check_crc(h, libdeflate_crc32(0, packed.data, packed.len), out->offset, err));
    take_levels(h, packed.data, out);
    FIRN_TRY(unpack(p, codec_of(p, h, levels), firn_str_slice(packed, levels, packed.len),
                    (size_t)h->unpacked - levels, out, err));
    if (found == FIRN_PAGE_WANTED)
        firn_page_cache_give(p->file->source.pages, &p->file->pages, out->offset, out->data,
                             out->size);
    let_packed_go(p, out, levels);
    return FIRN_OK;
}

/* ---- large pages ---- */

/* Large ones are held whole only while they leave room for others. */
static bool is_held(const firn_pq_pages *p, const firn_pq_page_header *h)
{
    const size_t unpacked = p->codec == FIRN_CODEC_NONE ? 0 : (size_t)h->unpacked;
    const size_t n = (size_t)h->packed + unpacked;
    const firn_pq_page_limits *limits = firn_pq_memory_limits(p->blocks->memory);
    const size_t mine = p->block && !p->has_views ? p->block->capacity : 0;
    return n <= limits->large || !firn_pq_page_stream_fits(p->codec) ||
           firn_pq_memory_used(p->blocks->memory) - mine + n <= limits->buffers;
}

/* A dictionary is needed as a whole, but not what it is unpacked from. */
static firn_status load_dictionary(firn_pq_pages *p, size_t size, firn_pq_page *out,
                                   firn_error *err)
{
    FIRN_TRY(need_block(p, size, err));
    FIRN_TRY(firn_pq_page_stream_read(&p->stream, p->block->data, err));
    firn_pq_page_stream_close(&p->stream);
    memset(p->block->data + size, 0, FIRN_PQ_SLACK);
    out->data = p->block->data;
    out->size = size;
    return FIRN_OK;
}

static firn_status load_large(firn_pq_pages *p, const firn_pq_page_header *h, firn_pq_page *out,
                              firn_error *err)
{
    const size_t levels = level_bytes(h);
    const firn_codec codec = codec_of(p, h, levels);
    const firn_pq_page_limits *limits = firn_pq_memory_limits(p->blocks->memory);
    const firn_pq_packed what = {
        .codec = codec,
        .at = p->at + (int64_t)levels,
        .packed = (size_t)h->packed - levels,
        .unpacked = (size_t)h->unpacked - levels,
        .piece = worth_a_read(p, PACKED_BYTES),
        .window = codec == FIRN_CODEC_NONE ? worth_a_read(p, limits->stored) : limits->window};
    if (h->has_crc) {
        uint32_t found = 0;
        FIRN_TRY(firn_pq_page_stream_crc(p->file, p->blocks, what.piece, p->at, (size_t)h->packed,
                                         &found, err));
        FIRN_TRY(check_crc(h, found, out->offset, err));
    }
    if (levels > 0) {
        FIRN_TRY(need_bytes(p, p->at, levels, err));
        take_levels(h, window_from(p, p->at).data, out);
    }
    p->at += h->packed;
    FIRN_TRY(firn_pq_page_stream_open(&p->stream, p->file, p->blocks, &what, p->keep_pages, err));
    if (h->type == FIRN_PQ_DICTIONARY_PAGE) return load_dictionary(p, what.unpacked, out, err);
    out->stream = &p->stream;
    return FIRN_OK;
}

/* ---- pages stored as they are ---- */

/* Is more of it to be read than the window has, and can that be done while it is used? */
static bool is_used_in_windows(const firn_pq_pages *p, const firn_pq_page_header *h)
{
    const int64_t window_end = p->window_start + (int64_t)p->window_len;
    return p->codec == FIRN_CODEC_NONE && h->type == FIRN_PQ_DATA_PAGE && !h->has_crc &&
           h->encoding == FIRN_PQ_ENC_PLAIN && h->packed == h->unpacked && p->window &&
           p->at >= p->window_start && p->at < window_end && window_end - p->at < h->packed;
}

static void load_stored(firn_pq_pages *p, const firn_pq_page_header *h, firn_pq_page *out)
{
    const firn_pq_packed what = {.at = p->at,
                                 .packed = (size_t)h->packed,
                                 .unpacked = (size_t)h->unpacked,
                                 .window = stored_bytes(p)};
    const firn_str have = window_from(p, p->at);
    firn_pq_page_stream_continue(&p->stream, p->file, p->blocks, &what, p->keep_pages, p->window,
                                 have.len);
    p->window = NULL;
    p->window_len = 0;
    p->at += h->packed;
    out->stream = &p->stream;
    out->data = (const uint8_t *)have.data;
    out->size = have.len;
}

/* Views into a page of indices point into the dictionary, which is its reader's to keep. */
static bool has_own_values(const firn_pq_page_header *h)
{
    return h->type == FIRN_PQ_DICTIONARY_PAGE || (h->encoding != FIRN_PQ_ENC_PLAIN_DICTIONARY &&
                                                  h->encoding != FIRN_PQ_ENC_RLE_DICTIONARY);
}

static firn_status load_data(firn_pq_pages *p, const firn_pq_page_header *h, uint64_t offset,
                             firn_pq_page *out, firn_error *err)
{
    firn_pq_page_stream_close(&p->stream);
    *out = (firn_pq_page){.type = (firn_pq_page_type)h->type,
                          .n_values = h->n_values,
                          .encoding = h->encoding,
                          .def_encoding = h->def_encoding,
                          .rep_encoding = h->rep_encoding,
                          .offset = offset};
    if (is_used_in_windows(p, h)) {
        load_stored(p, h, out);
        return FIRN_OK;
    }
    if (is_held(p, h)) return load_whole(p, h, out, err);
    return firn_error_wrap(err, load_large(p, h, out, err), "page at %" PRIu64, offset);
}

static firn_status load_page(firn_pq_pages *p, const firn_pq_page_header *h, uint64_t offset,
                             firn_pq_page *out, firn_error *err)
{
    FIRN_TRY(load_data(p, h, offset, out, err));
    if (p->block && out->data == p->block->data) p->has_views = p->keep_pages && has_own_values(h);
    return FIRN_OK;
}

static int64_t start_of(const firn_pq_chunk *chunk)
{
    const bool has_dictionary =
        chunk->dictionary_offset > 0 && chunk->dictionary_offset < chunk->data_offset;
    return has_dictionary ? chunk->dictionary_offset : chunk->data_offset;
}

/* ---- along the offset index ---- */

static int64_t page_end_row(const firn_pq_pages *p, size_t page)
{
    return page + 1 < p->index->n_pages ? p->index->pages[page + 1].first_row : p->n_rows;
}

static bool is_wanted(const firn_pq_pages *p, size_t page)
{
    const int64_t first = p->first_row + p->index->pages[page].first_row;
    const int64_t end = p->first_row + page_end_row(p, page);
    if (!p->wanted) return true;
    const size_t at = firn_row_ranges_find(p->wanted, p->n_wanted, first);
    return at < p->n_wanted && p->wanted[at].first < end;
}

/* End of the pages after this one that will be wanted too, as far as the window goes. */
static int64_t find_ahead(firn_pq_pages *p, size_t page)
{
    const firn_pq_page_location *pages = p->index->pages;
    const int64_t start = pages[page].offset;
    int64_t end = start + pages[page].n_bytes;
    for (size_t i = page + 1; i < p->index->n_pages && is_wanted(p, i); i++) {
        const int64_t next = pages[i].offset + pages[i].n_bytes;
        if (next - start > (int64_t)p->ahead_bytes) break;
        end = next;
    }
    p->ahead_bytes = p->ahead_bytes < p->window_bytes / 2 ? p->ahead_bytes * 2 : p->window_bytes;
    return end;
}

void firn_pq_pages_seek(firn_pq_pages *p, const firn_pq_offset_index *index, size_t page)
{
    p->index = index;
    p->n_index = index->n_pages;
    p->next_page = page;
    p->ahead = 0;
    p->ahead_bytes = p->is_hesitant ? HESITANT_AHEAD : p->window_bytes;
}

static firn_status next_indexed(firn_pq_pages *p, firn_pq_page *out, firn_error *err)
{
    firn_pq_page_header h;
    if (p->next_page >= p->index->n_pages) return FIRN_DONE;
    const size_t page = p->next_page++;
    p->n_pages++;
    const firn_pq_page_location *location = &p->index->pages[page];
    const int64_t n_rows = page_end_row(p, page) - location->first_row;
    const uint64_t offset = (uint64_t)location->offset;
    p->at = location->offset;
    p->end = location->offset + location->n_bytes;
    if (p->ahead < p->end) p->ahead = find_ahead(p, page);
    FIRN_TRY(read_header(p, &h, err));
    FIRN_TRY(check_sizes(p, &h, offset, err));
    if ((h.type != FIRN_PQ_DATA_PAGE && h.type != FIRN_PQ_DATA_PAGE_V2) ||
        h.packed != p->end - p->at)
        return firn_fail_at(err, offset,
                            "page of type %d with %d bytes behind its header, the offset index has "
                            "a data page of %" PRId64,
                            h.type, h.packed, p->end - p->at);
    FIRN_TRY(check_header(p, &h, offset, err));
    if (p->is_flat && h.n_values != n_rows)
        return firn_fail_at(err, offset, "page of %d values, the offset index has %" PRId64 " rows",
                            h.n_values, n_rows);
    return load_page(p, &h, offset, out, err);
}

firn_status firn_pq_pages_dictionary(firn_pq_pages *p, const firn_pq_chunk *chunk,
                                     const firn_pq_offset_index *index, size_t page_after,
                                     firn_pq_page *out, firn_error *err)
{
    const int64_t first = index->pages[0].offset;
    const int64_t after = index->pages[page_after].offset + index->pages[page_after].n_bytes;
    p->index = NULL;
    p->at = start_of(chunk);
    if (p->at >= first) return FIRN_DONE;
    p->end = first;
    p->ahead = after - p->at <= NEAR_BYTES ? after : first;
    p->values_left = chunk->n_values;
    FIRN_TRY(firn_pq_pages_next(p, out, err));
    if (out->type == FIRN_PQ_DICTIONARY_PAGE) return FIRN_OK;
    return firn_fail_at(err, out->offset, "data page before the first of the offset index");
}

/* ---- one after another ---- */

firn_status firn_pq_pages_skip(firn_pq_pages *p, int64_t *rows, firn_error *err)
{
    while (p->values_left > 0 && *rows > 0) {
        firn_pq_page_header h;
        const int64_t at = p->at;
        FIRN_TRY(read_header(p, &h, err));
        FIRN_TRY(check_sizes(p, &h, (uint64_t)at, err));
        const bool is_v2 = h.type == FIRN_PQ_DATA_PAGE_V2;
        const int64_t n = p->is_flat ? h.n_values : is_v2 ? h.n_rows : FIRN_PQ_NONE;
        if ((h.type != FIRN_PQ_DATA_PAGE && !is_v2) || n < 0 || n > *rows) {
            p->at = at;
            return FIRN_OK;
        }
        FIRN_TRY(check_header(p, &h, (uint64_t)at, err));
        p->at += h.packed;
        p->values_left -= h.n_values;
        p->n_skipped++;
        *rows -= n;
    }
    return FIRN_OK;
}

firn_status firn_pq_pages_next(firn_pq_pages *p, firn_pq_page *out, firn_error *err)
{
    if (p->index) return next_indexed(p, out, err);
    while (p->values_left > 0) {
        firn_pq_page_header h;
        const uint64_t offset = (uint64_t)p->at;
        FIRN_TRY(read_header(p, &h, err));
        FIRN_TRY(check_sizes(p, &h, offset, err));
        const bool is_data = h.type == FIRN_PQ_DATA_PAGE || h.type == FIRN_PQ_DATA_PAGE_V2;
        if (!is_data && h.type != FIRN_PQ_DICTIONARY_PAGE) {
            p->at += h.packed; /* index pages and what the future brings */
            continue;
        }
        FIRN_TRY(check_header(p, &h, offset, err));
        FIRN_TRY(load_page(p, &h, offset, out, err));
        if (is_data) p->values_left -= h.n_values;
        p->n_pages += is_data;
        return FIRN_OK;
    }
    return FIRN_DONE;
}

/* ---- chunk ---- */

/* The chunk's counts; what an index has behind the last page that was read was not wanted. */
static void count_pages(firn_pq_pages *p)
{
    if (p->n_index > p->n_pages) p->n_skipped = p->n_index - p->n_pages;
    if (p->blocks && p->blocks->memory)
        firn_pq_memory_count_pages(p->blocks->memory, p->n_pages, p->n_skipped);
    p->n_index = p->n_pages = p->n_skipped = 0;
}

firn_status firn_pq_pages_start(firn_pq_pages *p, const firn_pq_chunk *chunk, firn_error *err)
{
    const int64_t data_end = p->file->data_end;
    if (chunk->is_encrypted)
        return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: encrypted column");
    if (chunk->is_external)
        return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: column data in another file");
    if (is_window_shared(p)) drop_window(p); /* the next codec may want to overwrite it */
    FIRN_TRY(firn_pq_codec_of(chunk->codec, &p->codec, err));
    count_pages(p);
    firn_pq_page_stream_close(&p->stream);
    p->index = NULL;
    p->at = start_of(chunk);
    p->was_kept = p->file->source.pages &&
                  firn_page_cache_has(p->file->source.pages, &p->file->pages, (uint64_t)p->at);
    p->values_left = chunk->n_values;
    p->ahead =
        chunk->compressed_bytes < data_end - p->at ? p->at + chunk->compressed_bytes : data_end;
    p->end = data_end - p->ahead < OLD_WRITER_EXTRA ? data_end : p->ahead + OLD_WRITER_EXTRA;
    return FIRN_OK;
}

void firn_pq_pages_drop_block(firn_pq_pages *p)
{
    firn_pq_block_drop(p->blocks, p->block);
    p->block = NULL;
    p->has_views = false;
}

void firn_pq_pages_dispose(firn_pq_pages *p)
{
    count_pages(p);
    firn_pq_page_stream_close(&p->stream);
    firn_pq_block_drop(p->blocks, p->window);
    firn_pq_block_drop(p->blocks, p->block);
}
