/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of pages that are taken over: counted by the levels, whatever else is said of them. */
#include "firn_test.h"

#include <string.h>

#include "base/str.h"
#include "corpus.h"
#include "format/parquet/copy/parquet_copy_internal.h"
#include "format/parquet/read/parquet_page_read.h"
#include "random_parquet.h"

#define N_GROUPS 40000 /* of eight levels */

/* Levels of eight values: 0 1 0 1 1 0 0 0, of which five begin a row. */
#define EIGHT       0x1a
#define EIGHT_LATER 0x1b /* the first does not */
#define ROWS_OF_8   5

typedef struct page {
    firn_pq_page_header header;
    firn_codec codec;
    firn_buf body;
} page;

/* A hybrid run of n groups of eight levels of one bit. */
static void put_levels(firn_buf *out, size_t n, uint8_t first)
{
    firn_buf_uvarint(out, (uint64_t)n << 1 | 1);
    for (size_t i = 0; i < n; i++) firn_buf_byte(out, i == 0 ? first : EIGHT);
}

static void make_page(page *p, firn_codec codec, bool is_v2, uint8_t first)
{
    static const char k_slack[FIRN_PQ_SLACK] = {0};
    firn_codec_ctx *ctx = NULL;
    firn_buf levels, raw;
    firn_error err = {0};
    firn_buf_init(&p->body, NULL, 0);
    firn_buf_init(&levels, NULL, 0);
    firn_buf_init(&raw, NULL, 0);
    put_levels(&levels, N_GROUPS, first);
    *p = (page){.codec = codec, .body = p->body};
    p->header = (firn_pq_page_header){.type = is_v2 ? FIRN_PQ_DATA_PAGE_V2 : FIRN_PQ_DATA_PAGE,
                                      .n_values = N_GROUPS * 8,
                                      .rep_bytes = (int32_t)levels.len};
    if (is_v2) {
        firn_buf_str(&p->body, firn_buf_view(&levels));
    } else {
        firn_buf_u32le(&raw, (uint32_t)levels.len);
        firn_buf_str(&raw, firn_buf_view(&levels));
        for (uint64_t i = 0; i < 50000; i++) firn_buf_u64le(&raw, i * UINT64_C(0x9e3779b97f4a7c15));
        p->header.unpacked = (int32_t)raw.len;
        assert_ok(firn_codec_ctx_create(&ctx, &err), &err);
        assert_ok(firn_codec_compress(ctx, codec, 0, firn_buf_view(&raw), &p->body, &err), &err);
        firn_codec_ctx_destroy(ctx);
    }
    p->header.packed = (int32_t)p->body.len;
    firn_buf_append(&p->body, k_slack, sizeof k_slack);
    p->body.len -= sizeof k_slack;
    assert_ok(firn_buf_check(&p->body, &err), &err);
    firn_buf_dispose(&levels);
    firn_buf_dispose(&raw);
}

static firn_status count(const page *p, int64_t *out, firn_error *err)
{
    return firn_pq_page_rows(&p->header, p->codec, firn_buf_view(&p->body), 1, out, err);
}

static const firn_codec k_codecs[] = {FIRN_CODEC_NONE, FIRN_CODEC_SNAPPY,  FIRN_CODEC_GZIP,
                                      FIRN_CODEC_ZSTD, FIRN_CODEC_LZ4_RAW, FIRN_CODEC_BROTLI};

static void test_rows_are_counted_by_levels(void **state)
{
    firn_error err = {0};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof k_codecs / sizeof *k_codecs; i++) {
        page p;
        int64_t n = 0;
        make_page(&p, k_codecs[i / 2], i % 2, EIGHT);
        assert_ok(count(&p, &n, &err), &err);
        assert_int_equal(n, ROWS_OF_8 * N_GROUPS);
        p.header.n_values = 4;
        assert_ok(count(&p, &n, &err), &err);
        assert_int_equal(n, 2);
        firn_buf_dispose(&p.body);
    }
}

static void test_a_page_that_begins_within_a_row_is_told(void **state)
{
    firn_error err = {0};
    (void)state;
    for (size_t i = 0; i < 2 * sizeof k_codecs / sizeof *k_codecs; i++) {
        page p;
        int64_t n = 0;
        make_page(&p, k_codecs[i / 2], i % 2, EIGHT_LATER);
        assert_int_equal(count(&p, &n, &err), FIRN_DONE);
        firn_buf_dispose(&p.body);
    }
}

static void test_levels_that_do_not_fit_their_page_are_refused(void **state)
{
    firn_error err = {0};
    (void)state;
    for (size_t i = 0; i < sizeof k_codecs / sizeof *k_codecs; i++) {
        page p;
        int64_t n = 0;
        make_page(&p, k_codecs[i], false, EIGHT);
        p.header.n_values++;
        assert_fails(count(&p, &n, &err), FIRN_ERR_CORRUPT, &err, "ends before its values do");
        p.header.unpacked = N_GROUPS; /* less than the levels say they have */
        assert_fails(count(&p, &n, &err), FIRN_ERR_CORRUPT, &err,
                     "levels of 40003 bytes do not fit their page");
        p.body.len = 20;
        assert_int_equal(count(&p, &n, &err), FIRN_ERR_CORRUPT);
        p.body.len = 0;
        assert_int_equal(count(&p, &n, &err), FIRN_ERR_CORRUPT);
        firn_buf_dispose(&p.body);
    }
}

/* ---- files ---- */

static const firn_type k_long = {.kind = FIRN_TYPE_LONG};
static const firn_field k_element = {
    .id = 2, .is_required = true, .name = FIRN_STR_INIT("element"), .type = &k_long};
static const firn_type k_list = {.kind = FIRN_TYPE_LIST, .fields = &k_element, .n_fields = 1};
static const firn_field k_column = {.id = 1, .name = FIRN_STR_INIT("l"), .type = &k_list};
static const firn_type k_root = {.kind = FIRN_TYPE_STRUCT, .fields = &k_column, .n_fields = 1};

/* Columns that would have to be decoded to get the file's only row group into a new one. */
static size_t count_decoded(firn_str *file_bytes, const firn_type *root,
                            const firn_parquet_write_opts *opts, firn_error *err)
{
    firn_buf out;
    firn_parquet_writer *writer = NULL;
    firn_parquet_file *file = NULL;
    firn_parquet_copy *copy = NULL;
    const bool *is_decoded = NULL;
    firn_buf bytes = {.data = (char *)(uintptr_t)file_bytes->data, .len = file_bytes->len};
    const firn_byte_sink sink = {&out, random_parquet_write_buf};
    const firn_byte_source source = {
        .ctx = &bytes, .size_bytes = (int64_t)bytes.len, .read_at = random_parquet_read_buf};
    firn_buf_init(&out, NULL, 0);
    assert_ok(firn_parquet_file_open(&source, &file, err), err);
    if (!root) root = &firn_parquet_file_schema(file)->root;
    assert_ok(firn_parquet_writer_create(root, opts, &sink, &writer, err), err);
    assert_ok(firn_parquet_copy_open(writer, file, 0, &copy, err), err);
    const size_t n = firn_parquet_copy_decoded(copy, &is_decoded);
    firn_parquet_copy_close(copy);
    firn_parquet_writer_destroy(writer);
    firn_parquet_file_close(file);
    firn_buf_dispose(&out);
    return n;
}

/* The second page's first row in the offset index, one more or less than it is. */
static void falsify_offset_index(firn_buf *bytes, firn_arena *arena, firn_error *err)
{
    const firn_byte_source source = {
        .ctx = bytes, .size_bytes = (int64_t)bytes->len, .read_at = random_parquet_read_buf};
    firn_parquet_file *file = NULL;
    firn_pq_offset_index pages = {0};
    firn_buf row;
    assert_ok(firn_parquet_file_open(&source, &file, err), err);
    assert_ok(firn_pq_offset_index_read(file, 0, 0, arena, &pages, err), err);
    assert_true(pages.n_pages > 2);
    const firn_pq_part part = file->row_groups[0].chunks[0].offset_index;
    firn_parquet_file_close(file);
    firn_buf_init(&row, NULL, 0);
    firn_buf_byte(&row, 0x16); /* the field behind: a 64-bit integer */
    firn_buf_zigzag(&row, pages.pages[1].first_row);
    const firn_str index = {bytes->data + part.offset, (size_t)part.n_bytes};
    const size_t at = firn_str_find(index, firn_buf_view(&row), 0);
    assert_true(at < index.len);
    bytes->data[(size_t)part.offset + at + 1] ^= 2;
    firn_buf_dispose(&row);
}

static void test_a_column_whose_offset_index_lies_is_decoded(void **state)
{
    const firn_parquet_write_opts opts = {.codec = FIRN_CODEC_ZSTD, .page_rows = 100};
    random_parquet p = {.next_id = 3, .arena = firn_arena_create(NULL, 0)};
    firn_buf bytes;
    (void)state;
    firn_prng_init(&p.prng, 1);
    firn_buf_init(&bytes, NULL, 0);
    firn_batch *rows = random_parquet_rows(&p, &k_root, 1000);
    random_parquet_write_file(&p, &k_root, rows, &opts, &bytes);
    firn_str view = firn_buf_view(&bytes);
    assert_int_equal(count_decoded(&view, &k_root, &opts, &p.err), 0);
    falsify_offset_index(&bytes, p.arena, &p.err);
    assert_int_equal(count_decoded(&view, &k_root, &opts, &p.err), 1);
    firn_batch_destroy(rows);
    firn_buf_dispose(&bytes);
    firn_arena_destroy(p.arena);
}

/* Nothing but levels is in its only page, which ends with the chunk. */
static void test_levels_at_the_end_of_a_chunk_are_counted(void **state)
{
    const firn_parquet_write_opts opts = {.codec = FIRN_CODEC_NONE, .page_rows = 8};
    firn_arena *arena = firn_arena_create(NULL, 0);
    firn_error err = {0};
    (void)state;
    firn_str bytes = corpus_read(arena, corpus_data_path(arena, "parquet/null_lists_v2.parquet"));
    assert_int_equal(count_decoded(&bytes, NULL, &opts, &err), 0);
    firn_arena_destroy(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_are_counted_by_levels),
        cmocka_unit_test(test_a_page_that_begins_within_a_row_is_told),
        cmocka_unit_test(test_levels_that_do_not_fit_their_page_are_refused),
        cmocka_unit_test(test_a_column_whose_offset_index_lies_is_decoded),
        cmocka_unit_test(test_levels_at_the_end_of_a_chunk_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
