/* SPDX-License-Identifier: Apache-2.0 */
/* Puffin files and deletion vector blobs: what is written, and what is refused. Files of other
 * writers are in test_puffin_corpora.c. */
#include "firn_test.h"

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "fail_alloc.h"
#include "format/puffin/deletion_vector.h"

typedef struct fixture {
    firn_arena *arena;
    firn_codec_ctx *codecs;
    firn_buf out;
    firn_error err;
} fixture;

static int set_up(void **state)
{
    static fixture f;
    f = (fixture){.arena = firn_arena_create(NULL, 0)};
    firn_buf_init(&f.out, NULL, 0);
    *state = &f;
    return f.arena && firn_codec_ctx_create(&f.codecs, &f.err) == FIRN_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    firn_buf_dispose(&f->out);
    firn_codec_ctx_destroy(f->codecs);
    firn_arena_destroy(f->arena);
    return 0;
}

/* The specification's empty file, with a property more. */
static const char k_empty[] = "PFA1PFA1{\"blobs\":[],\"properties\":{\"created-by\":\"me\"}}"
                              "\x2d\0\0\0\0\0\0\0PFA1";

static void test_empty_file(void **state)
{
    fixture *f = *state;
    firn_puffin_writer writer;
    firn_puffin puffin;
    int64_t footer_size = 0;
    const firn_property by = {FIRN_STR("created-by"), FIRN_STR("me")};
    const firn_properties properties = {&by, 1};
    const firn_str shortest = FIRN_STR("PFA1PFA1{\"blobs\":[]}\x0c\0\0\0\0\0\0\0PFA1");
    firn_puffin_writer_init(&writer, &f->out, f->arena, NULL);
    assert_ok(firn_puffin_writer_finish(&writer, &properties, &footer_size, &f->err), &f->err);
    assert_int_equal(f->out.len, sizeof k_empty - 1);
    assert_memory_equal(f->out.data, k_empty, f->out.len);
    assert_int_equal(footer_size, f->out.len - 4);
    assert_int_equal(writer.offset, f->out.len);
    assert_ok(firn_puffin_decode(firn_buf_view(&f->out), f->arena, &puffin, &f->err), &f->err);
    assert_int_equal(puffin.n_blobs, 0);
    assert_int_equal(puffin.properties.n, 1);
    assert_str(puffin.properties.items[0].value, "me");
    assert_ok(firn_puffin_decode(shortest, f->arena, &puffin, &f->err), &f->err);
    assert_int_equal(puffin.n_blobs, 0);
}

static void add_blob(fixture *f, firn_puffin_writer *writer, firn_str codec, firn_str contents)
{
    const int32_t fields[] = {3, -7, 2147483645};
    const firn_property ndv = {FIRN_STR("ndv"), FIRN_STR("12 \"x\" \xc3\xb8")};
    const firn_puffin_blob blob = {.type = FIRN_STR("some-type"),
                                   .fields = fields,
                                   .n_fields = 3,
                                   .snapshot_id = INT64_MAX,
                                   .sequence_number = 5,
                                   .codec = codec,
                                   .properties = {&ndv, 1}};
    firn_puffin_blob added;
    assert_ok(firn_puffin_writer_add(writer, &blob, contents, &added, &f->err), &f->err);
    assert_int_equal(added.offset + added.length, writer->offset);
}

static void check_blob(fixture *f, const firn_puffin_blob *blob, firn_str codec, firn_str contents)
{
    firn_buf unpacked;
    firn_str out;
    const firn_str stored = {f->out.data + blob->offset, (size_t)blob->length};
    firn_buf_init(&unpacked, NULL, contents.len + 1);
    assert_str(blob->type, "some-type");
    assert_int_equal(blob->n_fields, 3);
    assert_int_equal(blob->fields[1], -7);
    assert_int_equal(blob->snapshot_id, INT64_MAX);
    assert_int_equal(blob->sequence_number, 5);
    assert_true(firn_str_equals(blob->codec, codec));
    assert_str(*firn_puffin_blob_property(blob, FIRN_STR("ndv")), "12 \"x\" \xc3\xb8");
    assert_null(firn_puffin_blob_property(blob, FIRN_STR("nd")));
    assert_ok(firn_puffin_blob_unpack(blob, stored, f->codecs, &unpacked, &out, &f->err), &f->err);
    assert_int_equal(out.len, contents.len);
    if (out.len > 0) assert_memory_equal(out.data, contents.data, out.len);
    firn_buf_dispose(&unpacked);
}

static void test_blobs_of_each_codec_come_back(void **state)
{
    static const firn_str k_codecs[] = {{"", 0}, FIRN_STR_INIT("lz4"), FIRN_STR_INIT("zstd")};
    static char big[300000];
    fixture *f = *state;
    firn_puffin_writer writer;
    firn_puffin puffin;
    for (size_t i = 0; i < sizeof big; i++) big[i] = (char)(i / 100);
    const firn_str contents[] = {{big, 0}, FIRN_STR("hello"), {big, sizeof big}};
    firn_puffin_writer_init(&writer, &f->out, f->arena, f->codecs);
    for (size_t i = 0; i < 9; i++) add_blob(f, &writer, k_codecs[i / 3], contents[i % 3]);
    assert_ok(firn_puffin_writer_finish(&writer, NULL, NULL, &f->err), &f->err);
    assert_true(f->out.len < 2 * sizeof big); /* compressed they are */
    assert_ok(firn_puffin_decode(firn_buf_view(&f->out), f->arena, &puffin, &f->err), &f->err);
    assert_int_equal(puffin.n_blobs, 9);
    assert_str(puffin.properties.items[0].value, "firn " FIRN_VERSION);
    for (size_t i = 0; i < 9; i++)
        check_blob(f, &puffin.blobs[i], k_codecs[i / 3], contents[i % 3]);
}

static void test_footers_have_a_limit(void **state)
{
    fixture *f = *state;
    for (uint32_t n = (64u << 20) - 1; n <= (64u << 20) + 1; n++) {
        char trailer[FIRN_PUFFIN_TRAILER_SIZE] = {0};
        int64_t size = 0;
        for (size_t i = 0; i < 4; i++) trailer[i] = (char)(n >> (8 * i));
        memcpy(trailer + 8, "PFA1", 4);
        const firn_status st = firn_puffin_footer_size((firn_str){trailer, sizeof trailer},
                                                       (int64_t)1 << 30, &size, &f->err);
        if (n > 64u << 20) {
            assert_fails(st, FIRN_ERR_LIMIT, &f->err, "67108865 bytes, limit 67108864");
        } else {
            assert_ok(st, &f->err);
            assert_int_equal(size, (int64_t)n + 4 + FIRN_PUFFIN_TRAILER_SIZE);
        }
    }
}

static void test_a_blob_is_unpacked_up_to_the_limit(void **state)
{
    static char zeros[100000];
    static const firn_str k_codecs[] = {FIRN_STR_INIT("lz4"), FIRN_STR_INIT("zstd")};
    fixture *f = *state;
    for (size_t i = 0; i < 2; i++) {
        firn_puffin_writer writer;
        firn_puffin puffin;
        firn_buf unpacked;
        firn_str out;
        firn_buf_clear(&f->out);
        firn_puffin_writer_init(&writer, &f->out, f->arena, f->codecs);
        add_blob(f, &writer, k_codecs[i], (firn_str){zeros, sizeof zeros});
        assert_ok(firn_puffin_writer_finish(&writer, NULL, NULL, &f->err), &f->err);
        assert_ok(firn_puffin_decode(firn_buf_view(&f->out), f->arena, &puffin, &f->err), &f->err);
        const firn_puffin_blob *blob = &puffin.blobs[0];
        const firn_str stored = {f->out.data + blob->offset, (size_t)blob->length};
        firn_buf_init(&unpacked, NULL, sizeof zeros - 1);
        assert_fails(firn_puffin_blob_unpack(blob, stored, f->codecs, &unpacked, &out, &f->err),
                     FIRN_ERR_LIMIT, &f->err, "unpacks to more than the limit of 99999 bytes");
        firn_buf_dispose(&unpacked);
    }
}

static void test_compressed_data_is_one_whole_frame(void **state)
{
    fixture *f = *state;
    firn_puffin_writer writer;
    firn_buf unpacked;
    firn_str out;
    firn_puffin_writer_init(&writer, &f->out, f->arena, f->codecs);
    add_blob(f, &writer, FIRN_STR("lz4"), FIRN_STR("some text some text some text"));
    firn_puffin_blob blob = writer.blobs[0];
    firn_buf_byte(&f->out, 'x');
    firn_buf_init(&unpacked, NULL, 1000);
    blob.length++;
    const firn_str longer = {f->out.data + blob.offset, (size_t)blob.length};
    assert_fails(firn_puffin_blob_unpack(&blob, longer, f->codecs, &unpacked, &out, &f->err),
                 FIRN_ERR_CORRUPT, &f->err, "puffin blob at 4: 1 bytes behind an lz4 frame");
    for (size_t n = 0; n + 1 < longer.len; n++) {
        blob.length = (int64_t)n;
        assert_fails(firn_puffin_blob_unpack(&blob, (firn_str){longer.data, n}, f->codecs,
                                             &unpacked, &out, &f->err),
                     FIRN_ERR_CORRUPT, &f->err, "lz4 frame");
    }
    blob.codec = FIRN_STR("snappy");
    assert_fails(firn_puffin_blob_unpack(&blob, (firn_str){longer.data, (size_t)blob.length},
                                         f->codecs, &unpacked, &out, &f->err),
                 FIRN_ERR_UNSUPPORTED, &f->err, "not supported: puffin codec \"snappy\"");
    firn_buf_dispose(&unpacked);
}

static firn_str frame(fixture *f, const char *json)
{
    firn_buf_clear(&f->out);
    firn_buf_cstr(&f->out, "PFA1blobPFA1");
    firn_buf_cstr(&f->out, json);
    firn_buf_u32le(&f->out, (uint32_t)strlen(json));
    firn_buf_u32le(&f->out, 0);
    firn_buf_cstr(&f->out, "PFA1");
    return firn_buf_view(&f->out);
}

#define BLOB(rest) "{\"blobs\":[{\"type\":\"t\",\"fields\":[1]," rest "}]}"
#define IDS        "\"snapshot-id\":1,\"sequence-number\":1,"

static const struct footer_case {
    const char *json;
    const char *message; /* NULL: fine */
} k_footers[] = {
    {BLOB(IDS "\"offset\":4,\"length\":4"), NULL},
    {BLOB(IDS "\"offset\":8,\"length\":0"), NULL},
    {BLOB(IDS "\"offset\":4,\"length\":5"), "blob 0: 5 bytes at 4, expected them between 4 and 8"},
    {BLOB(IDS "\"offset\":3,\"length\":1"), "1 bytes at 3, expected them between 4 and 8"},
    {BLOB(IDS "\"offset\":9,\"length\":0"), "0 bytes at 9"},
    {BLOB(IDS "\"offset\":4,\"length\":-1"), "-1 bytes at 4"},
    {BLOB(IDS "\"offset\":5,\"length\":9223372036854775807"), "bytes at 5"},
    {BLOB(IDS "\"offset\":-9223372036854775807,\"length\":1"), "expected them between"},
    {BLOB("\"snapshot-id\":1,\"offset\":4,\"length\":4"), "missing \"sequence-number\""},
    {BLOB(IDS "\"offset\":4,\"length\":4,\"properties\":{\"a\":1}"), "\"a\" must be a string"},
    {BLOB(IDS "\"offset\":4,\"length\":4,\"compression-codec\":1"), "must be a string"},
    {"{\"blobs\":[{\"type\":\"t\",\"fields\":[4294967296]}]}", "\"fields\"[0] must be an integer"},
    {"{\"blobs\":[{\"type\":\"t\",\"fields\":[\"1\"]}]}", "\"fields\"[0] must be an integer"},
    {"{\"blobs\":[{\"fields\":[]}]}", "missing \"type\""},
    {"{\"blobs\":[1]}", "expected an object"},
    {"{}", "puffin footer at 8: missing \"blobs\""},
    {"[]", "expected an object"},
    {"", "the document is empty"},
    {"{\"blobs\":[]} x", "not valid json"},
};

static void test_footers_are_checked(void **state)
{
    fixture *f = *state;
    for (size_t i = 0; i < sizeof k_footers / sizeof *k_footers; i++) {
        firn_puffin puffin;
        const firn_str file = frame(f, k_footers[i].json);
        const firn_status st = firn_puffin_decode(file, f->arena, &puffin, &f->err);
        if (k_footers[i].message)
            assert_fails(st, FIRN_ERR_CORRUPT, &f->err, k_footers[i].message);
        else
            assert_ok(st, &f->err);
    }
}

static void assert_damaged(fixture *f, size_t at, char value, const char *message,
                           uint64_t position)
{
    firn_puffin puffin;
    char copy[sizeof k_empty];
    memcpy(copy, k_empty, sizeof copy);
    copy[at] = value;
    assert_fails(firn_puffin_decode((firn_str){copy, sizeof copy - 1}, f->arena, &puffin, &f->err),
                 FIRN_ERR_CORRUPT, &f->err, message);
    assert_int_equal(f->err.position, position);
}

static void test_frames_are_checked_with_the_place(void **state)
{
    fixture *f = *state;
    const size_t size = sizeof k_empty - 1;
    firn_puffin puffin;
    assert_damaged(f, 3, '2', "magic 50464132, expected 50464131", 0);
    assert_damaged(f, 7, '2', "magic 50464132, expected 50464131", 4);
    assert_damaged(f, size - 1, '2', "magic 50464132, expected 50464131", size - 4);
    assert_damaged(f, size - 8, 2, "puffin flags 00000002, expected 0 or 1", size - 8);
    assert_damaged(f, size - 7, 1, "puffin flags 00000100, expected 0 or 1", size - 8);
    assert_damaged(f, size - 9, '\x80', "footer payload of -2147483603 bytes", size - 12);
    assert_damaged(f, size - 12, '\x2e', "footer payload of 46 bytes in a file of 65", size - 12);
    assert_damaged(f, size - 12, '\x2c', "magic", 5);
    for (size_t n = 0; n < size; n++) {
        char *exact = firn_arena_alloc(f->arena, n);
        memcpy(exact, k_empty, n);
        assert_int_equal(firn_puffin_decode((firn_str){exact, n}, f->arena, &puffin, &f->err),
                         FIRN_ERR_CORRUPT);
    }
}

/* ---- deletion vectors ---- */

static firn_bitmap *odd_positions(void)
{
    firn_error err;
    firn_bitmap *bitmap = NULL;
    assert_ok(firn_bitmap_create(NULL, &bitmap, &err), &err);
    for (uint64_t i = 1; i < 10; i += 2) assert_ok(firn_bitmap_add(bitmap, i, &err), &err);
    return bitmap;
}

/* As Iceberg's Java library writes {1, 3, 5, 7, 9}. */
static const firn_str k_odd =
    FIRN_STR_INIT("\0\0\0\x2a\xd1\xd3\x39\x64\1\0\0\0\0\0\0\0\0\0\0\0\x3a\x30\0\0\1\0\0\0\0\0\4\0"
                  "\x10\0\0\0\1\0\3\0\5\0\7\0\x09\0\xb3\xfb\x20\xbe");
static const firn_str k_none =
    FIRN_STR_INIT("\0\0\0\x0c\xd1\xd3\x39\x64\0\0\0\0\0\0\0\0\xbf\x18\x48\x0c");

static void test_deletion_vectors_are_those_of_java(void **state)
{
    fixture *f = *state;
    firn_bitmap *odd = odd_positions();
    firn_bitmap *read = NULL;
    assert_ok(firn_deletion_vector_encode(odd, &f->out, &f->err), &f->err);
    assert_int_equal(f->out.len, k_odd.len);
    assert_memory_equal(f->out.data, k_odd.data, k_odd.len);
    assert_ok(firn_deletion_vector_decode(k_odd, 5, NULL, &read, &f->err), &f->err);
    assert_true(firn_bitmap_contains(read, 9));
    firn_bitmap_destroy(read);
    assert_ok(firn_deletion_vector_decode(k_none, -1, NULL, &read, &f->err), &f->err);
    assert_int_equal(firn_bitmap_cardinality(read), 0);
    firn_buf_clear(&f->out);
    assert_ok(firn_deletion_vector_encode(read, &f->out, &f->err), &f->err);
    assert_int_equal(f->out.len, k_none.len);
    assert_memory_equal(f->out.data, k_none.data, k_none.len);
    firn_bitmap_destroy(read);
    firn_bitmap_destroy(odd);
}

static void assert_bad_vector(fixture *f, firn_str blob, int64_t cardinality, const char *message,
                              uint64_t position)
{
    firn_bitmap *read = NULL;
    assert_fails(firn_deletion_vector_decode(blob, cardinality, NULL, &read, &f->err),
                 FIRN_ERR_CORRUPT, &f->err, message);
    assert_int_equal(f->err.position, position);
    assert_null(read);
}

static void test_bad_deletion_vectors_are_refused_with_the_place(void **state)
{
    fixture *f = *state;
    char copy[64];
    memcpy(copy, k_odd.data, k_odd.len);
    const firn_str blob = {copy, k_odd.len};
    assert_bad_vector(f, k_odd, 6, "deletion vector of 5 positions, expected 6", 0);
    assert_bad_vector(f, (firn_str){k_odd.data, 11}, -1, "of 11 bytes, expected at least 12", 0);
    assert_bad_vector(f, (firn_str){k_odd.data, 49}, -1, "length 42, expected 41", 0);
    copy[7] = 'x';
    assert_bad_vector(f, blob, -1, "magic d1d33978, expected d1d33964", 4);
    copy[7] = '\x64';
    copy[36] = 2;
    assert_bad_vector(f, blob, -1, "expected b3fb20be", 46);
    copy[36] = 1;
    /* One bitmap in no bytes, with the right checksum. */
    assert_bad_vector(f, FIRN_STR("\0\0\0\x0c\xd1\xd3\x39\x64\1\0\0\0\0\0\0\0\x73\xb2\x48\x92"), -1,
                      "1 bitmaps in 0 bytes", 16);
}

static void test_positions_beyond_the_format_are_not_written(void **state)
{
    fixture *f = *state;
    firn_bitmap *bitmap = odd_positions();
    const uint64_t first_bad = (uint64_t)INT32_MAX << 32;
    assert_ok(firn_bitmap_add(bitmap, first_bad - 1, &f->err), &f->err);
    assert_ok(firn_deletion_vector_encode(bitmap, &f->out, &f->err), &f->err);
    assert_ok(firn_bitmap_add(bitmap, first_bad, &f->err), &f->err);
    assert_fails(firn_deletion_vector_encode(bitmap, &f->out, &f->err), FIRN_ERR_ARG, &f->err,
                 "key 2147483647 of a position, limit 2147483646");
    firn_bitmap_destroy(bitmap);
}

static void test_a_deletion_vector_file_has_the_wanted_properties(void **state)
{
    fixture *f = *state;
    firn_puffin_writer writer;
    firn_puffin puffin;
    firn_puffin_blob added;
    firn_bitmap *odd = odd_positions();
    firn_puffin_writer_init(&writer, &f->out, f->arena, NULL);
    assert_ok(firn_deletion_vector_add(&writer, odd, FIRN_STR("s3://b/t/data/a.parquet"), &added,
                                       &f->err),
              &f->err);
    assert_ok(firn_puffin_writer_finish(&writer, NULL, NULL, &f->err), &f->err);
    assert_int_equal(added.offset, 4);
    assert_int_equal(added.length, k_odd.len);
    assert_memory_equal(f->out.data + 4, k_odd.data, k_odd.len);
    assert_ok(firn_puffin_decode(firn_buf_view(&f->out), f->arena, &puffin, &f->err), &f->err);
    const firn_puffin_blob *blob = &puffin.blobs[0];
    assert_str(blob->type, "deletion-vector-v1");
    assert_int_equal(blob->fields[0], 2147483645);
    assert_int_equal(blob->snapshot_id, -1);
    assert_int_equal(blob->sequence_number, -1);
    assert_int_equal(blob->codec.len, 0);
    assert_str(*firn_puffin_blob_property(blob, FIRN_STR("cardinality")), "5");
    assert_str(*firn_puffin_blob_property(blob, FIRN_STR("referenced-data-file")),
               "s3://b/t/data/a.parquet");
    firn_bitmap_destroy(odd);
}

/* ---- refused allocations ---- */

static firn_status write_and_read(firn_arena *arena, const firn_bitmap *positions, firn_buf *out,
                                  firn_error *err)
{
    firn_puffin_writer writer;
    firn_puffin puffin;
    firn_bitmap *read = NULL;
    firn_puffin_writer_init(&writer, out, arena, NULL);
    FIRN_TRY(firn_deletion_vector_add(&writer, positions, FIRN_STR("a.parquet"), NULL, err));
    FIRN_TRY(firn_puffin_writer_finish(&writer, NULL, NULL, err));
    FIRN_TRY(firn_puffin_decode(firn_buf_view(out), arena, &puffin, err));
    const firn_str blob = {out->data + puffin.blobs[0].offset, (size_t)puffin.blobs[0].length};
    FIRN_TRY(firn_deletion_vector_decode(blob, 5, NULL, &read, err));
    firn_bitmap_destroy(read);
    return FIRN_OK;
}

static firn_status run_all(void *ctx, firn_error *err)
{
    firn_buf out;
    firn_arena *arena = firn_arena_create(NULL, 0);
    if (!arena) return firn_fail(err, FIRN_ERR_NOMEM, "out of memory");
    firn_buf_init(&out, NULL, 0);
    const firn_status st = write_and_read(arena, ctx, &out, err);
    firn_buf_dispose(&out);
    firn_arena_destroy(arena);
    return st;
}

static void test_every_allocation_may_fail(void **state)
{
    firn_bitmap *odd = odd_positions();
    (void)state;
    assert_true(firn_fail_alloc_each(run_all, odd) > 15);
    firn_bitmap_destroy(odd);
}

int main(void)
{
#define IN_FIXTURE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_FIXTURE(test_empty_file),
        IN_FIXTURE(test_blobs_of_each_codec_come_back),
        IN_FIXTURE(test_footers_have_a_limit),
        IN_FIXTURE(test_a_blob_is_unpacked_up_to_the_limit),
        IN_FIXTURE(test_compressed_data_is_one_whole_frame),
        IN_FIXTURE(test_footers_are_checked),
        IN_FIXTURE(test_frames_are_checked_with_the_place),
        IN_FIXTURE(test_deletion_vectors_are_those_of_java),
        IN_FIXTURE(test_bad_deletion_vectors_are_refused_with_the_place),
        IN_FIXTURE(test_positions_beyond_the_format_are_not_written),
        IN_FIXTURE(test_a_deletion_vector_file_has_the_wanted_properties),
        cmocka_unit_test(test_every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
