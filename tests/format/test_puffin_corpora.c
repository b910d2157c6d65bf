/* SPDX-License-Identifier: Apache-2.0 */
/* Roaring bitmaps, deletion vectors, Puffin files and theta sketches of many writers against what
 * other implementations read from them. A few are in tests/data; the rest needs the folder of
 * corpora (FIRN_CORPORA), and the tests say when they skip it. */
#include "firn_test.h"

#include <inttypes.h>
#include <md5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "corpus.h"
#include "format/json/json.h"
#include "format/puffin/deletion_vector.h"
#include "format/puffin/theta_sketch.h"

typedef struct corpus_file {
    firn_arena *arena;
    firn_codec_ctx *codecs;
    const char *path; /* for messages */
    firn_str bytes;
    json_t *expected; /* NULL: must be refused */
} corpus_file;

static int set_up(void **state)
{
    *state = firn_arena_create(NULL, 0);
    return *state ? 0 : -1;
}

static int tear_down(void **state)
{
    firn_arena_destroy(*state);
    return 0;
}

/* ---- bitmaps ---- */

static void position_digest(const firn_bitmap *bitmap, char hex[33])
{
    uint64_t chunk[1024];
    firn_bitmap_cursor cursor = {0};
    MD5_CTX md5;
    size_t n;
    MD5Init(&md5);
    while ((n = firn_bitmap_next(bitmap, &cursor, chunk, 1024)) > 0) {
        for (size_t i = 0; i < n; i++) {
            char line[32];
            const int len = snprintf(line, sizeof line, "%" PRIu64 "\n", chunk[i]);
            MD5Update(&md5, (const uint8_t *)line, (size_t)len);
        }
    }
    (void)MD5End(&md5, hex);
}

static void check_bitmap(const corpus_file *file, firn_bitmap *bitmap, const json_t *expected)
{
    firn_error err;
    char hex[33];
    firn_str digest;
    int64_t cardinality = 0;
    assert_ok(firn_json_get_i64(expected, "cardinality", &cardinality, &err), &err);
    assert_ok(firn_json_get_str(expected, "md5_decimal_lines", &digest, &err), &err);
    if (firn_bitmap_cardinality(bitmap) != (uint64_t)cardinality)
        fail_msg("%s: %" PRIu64 " positions", file->path, firn_bitmap_cardinality(bitmap));
    position_digest(bitmap, hex);
    assert_str(digest, hex);
    firn_bitmap_destroy(bitmap);
}

/* A refusal says where: every message of a bitmap or blob names itself, and holds a number. */
static void check_refused(const corpus_file *file, firn_status st, const firn_error *err)
{
    if (st != FIRN_ERR_CORRUPT) fail_msg("%s was not refused", file->path);
    if (strcspn(err->message, "0123456789") == strlen(err->message))
        fail_msg("%s: no place or number in: %s", file->path, err->message);
}

static void check_bitmap_file(const corpus_file *file,
                              firn_status (*decode)(firn_str, uint64_t, const firn_allocator *,
                                                    firn_bitmap **, firn_error *),
                              firn_status (*encode)(const firn_bitmap *, firn_buf *, firn_error *))
{
    firn_error err;
    firn_buf out;
    firn_bitmap *bitmap = NULL;
    firn_status st = decode(file->bytes, 0, NULL, &bitmap, &err);
    if (!file->expected) {
        check_refused(file, st, &err);
        return;
    }
    assert_ok(st, &err);
    firn_buf_init(&out, NULL, 0);
    assert_ok(encode(bitmap, &out, &err), &err);
    assert_true(out.len <= file->bytes.len); /* never larger than what others write */
    firn_buf_dispose(&out);
    check_bitmap(file, bitmap, file->expected);
}

static void check_bitmap32(const corpus_file *file)
{
    check_bitmap_file(file, firn_bitmap_decode32, firn_bitmap_encode32);
}

static void check_bitmap64(const corpus_file *file)
{
    check_bitmap_file(file, firn_bitmap_decode, firn_bitmap_encode);
}

static void check_deletion_vector(const corpus_file *file)
{
    firn_error err;
    firn_buf out;
    firn_bitmap *bitmap = NULL;
    firn_status st = firn_deletion_vector_decode(file->bytes, -1, NULL, &bitmap, &err);
    if (!file->expected) {
        check_refused(file, st, &err);
        return;
    }
    assert_ok(st, &err);
    firn_buf_init(&out, NULL, 0);
    assert_ok(firn_deletion_vector_encode(bitmap, &out, &err), &err);
    /* The others optimise runs as Iceberg's Java library does: the same bytes come out. */
    assert_int_equal(out.len, file->bytes.len);
    assert_memory_equal(out.data, file->bytes.data, out.len);
    firn_buf_dispose(&out);
    check_bitmap(file, bitmap, file->expected);
}

/* ---- puffin ---- */

static void check_properties(const json_t *expected, const firn_properties *properties)
{
    firn_error err;
    json_t *wanted = NULL;
    assert_ok(firn_json_opt_object(expected, "properties", &wanted, &err), &err);
    if (!wanted) return;
    assert_int_equal(json_object_size(wanted), properties->n);
    for (size_t i = 0; i < properties->n; i++) {
        const firn_property *p = &properties->items[i];
        const json_t *value = json_object_getn(wanted, p->key.data, p->key.len);
        assert_non_null(value);
        assert_str(p->value, json_string_value(value));
    }
}

static firn_status read_blob(const corpus_file *file, const firn_puffin_blob *blob, firn_buf *room,
                             firn_str *out, firn_error *err)
{
    const firn_str stored = {file->bytes.data + blob->offset, (size_t)blob->length};
    return firn_puffin_blob_unpack(blob, stored, file->codecs, room, out, err);
}

static void assert_json_i64(const json_t *object, const char *key, int64_t found)
{
    firn_error err;
    int64_t expected = 0;
    assert_ok(firn_json_get_i64(object, key, &expected, &err), &err);
    assert_int_equal(found, expected);
}

static void check_vector_blob(const corpus_file *file, const json_t *expected, firn_str contents)
{
    firn_error err;
    firn_bitmap *bitmap = NULL;
    const json_t *dv = json_object_get(expected, "dv");
    if (!dv) return;
    assert_ok(firn_deletion_vector_decode(contents, -1, NULL, &bitmap, &err), &err);
    check_bitmap(file, bitmap, dv);
}

static void check_blob(const corpus_file *file, const json_t *expected,
                       const firn_puffin_blob *blob)
{
    firn_error err;
    firn_buf room;
    firn_str contents;
    firn_str text;
    MD5_CTX md5;
    char hex[33];
    firn_buf_init(&room, NULL, 1 << 20);
    assert_ok(firn_json_get_str(expected, "type", &text, &err), &err);
    assert_true(firn_str_equals(blob->type, text));
    assert_json_i64(expected, "snapshot-id", blob->snapshot_id);
    assert_json_i64(expected, "sequence-number", blob->sequence_number);
    assert_json_i64(expected, "offset", blob->offset);
    assert_json_i64(expected, "length", blob->length);
    assert_int_equal(json_array_size(json_object_get(expected, "fields")), blob->n_fields);
    check_properties(expected, &blob->properties);
    assert_ok(read_blob(file, blob, &room, &contents, &err), &err);
    assert_json_i64(expected, "decoded_bytes", (int64_t)contents.len);
    MD5Init(&md5);
    MD5Update(&md5, (const uint8_t *)contents.data, contents.len);
    (void)MD5End(&md5, hex);
    assert_ok(firn_json_get_str(expected, "decoded_md5", &text, &err), &err);
    assert_str(text, hex);
    check_vector_blob(file, expected, contents);
    firn_buf_dispose(&room);
}

static void check_puffin(const corpus_file *file)
{
    firn_error err;
    firn_puffin puffin;
    json_t *blobs = NULL;
    const firn_status st = firn_puffin_decode(file->bytes, file->arena, &puffin, &err);
    if (!file->expected) {
        check_refused(file, st, &err);
        return;
    }
    assert_ok(st, &err);
    assert_ok(firn_json_get_array(file->expected, "blobs", &blobs, &err), &err);
    assert_int_equal(puffin.n_blobs, json_array_size(blobs));
    for (size_t i = 0; i < puffin.n_blobs; i++)
        check_blob(file, json_array_get(blobs, i), &puffin.blobs[i]);
}

/* ---- the index of a corpus ---- */

static const struct kind {
    const char *what; /* in INDEX.tsv's third column */
    void (*check)(const corpus_file *file);
} k_kinds[] = {
    {"Roaring 32-bit", check_bitmap32},
    {"Roaring bitmap 32-bit", check_bitmap32},
    {"Roaring 64-bit", check_bitmap64},
    {"Roaring bitmap 64-bit", check_bitmap64},
    {"64-bit Roaring", check_bitmap64},
    {"deletion-vector-v1 blob", check_deletion_vector},
    {"malformed deletion vector", check_deletion_vector},
    {"Puffin file", check_puffin},
    {"malformed Puffin", check_puffin},
};

static const struct kind *find_kind(firn_str what)
{
    for (size_t i = 0; i < sizeof k_kinds / sizeof *k_kinds; i++)
        if (firn_str_find(what, firn_str_of(k_kinds[i].what), 0) == 0) return &k_kinds[i];
    return NULL;
}

static void load_expected(corpus_file *file, const char *root, firn_str path)
{
    firn_error err;
    const char *name =
        firn_arena_printf(file->arena, "%s/expected/%.*s.json", root, FIRN_STR_ARG(path)).data;
    assert_ok(firn_json_parse(corpus_read(file->arena, name), file->arena, &file->expected, &err),
              &err);
}

static size_t check_corpus(firn_arena *arena, const char *root)
{
    firn_error err;
    size_t n = 0;
    firn_str index = corpus_read(arena, firn_arena_printf(arena, "%s/INDEX.tsv", root).data);
    corpus_file file = {.arena = arena};
    assert_ok(firn_codec_ctx_create(&file.codecs, &err), &err);
    while (index.len > 0) {
        firn_str line = firn_str_split(&index, '\n');
        const firn_str path = firn_str_split(&line, '\t');
        (void)firn_str_split(&line, '\t');
        const struct kind *kind = find_kind(firn_str_split(&line, '\t'));
        if (!kind) continue;
        file.path = firn_arena_printf(arena, "%s/%.*s", root, FIRN_STR_ARG(path)).data;
        file.bytes = corpus_read(arena, file.path);
        file.expected = NULL;
        if (firn_str_find(line, FIRN_STR("ok"), 0) == 0) load_expected(&file, root, path);
        kind->check(&file);
        n++;
    }
    firn_codec_ctx_destroy(file.codecs);
    return n;
}

static void test_files_kept_here(void **state)
{
    assert_int_equal(check_corpus(*state, corpus_data_path(*state, "puffin")), 25);
}

static void test_files_of_the_corpora(void **state)
{
    static const struct {
        const char *folder;
        size_t n_files;
    } k_corpora[] = {{"own-binary", 61},  {"RoaringFormatSpec", 4}, {"iceberg", 6},
                     {"iceberg-rust", 2}, {"iceberg-go", 8},        {"iceberg-python", 6}};
    for (size_t i = 0; i < sizeof k_corpora / sizeof *k_corpora; i++) {
        const char *root = corpus_path(*state, k_corpora[i].folder);
        if (!root) continue;
        const size_t n = check_corpus(*state, root);
        print_message("%s: %zu files\n", k_corpora[i].folder, n);
        assert_int_equal(n, k_corpora[i].n_files);
    }
}

/* ---- sketches of Spark ---- */

static void check_sketches(void *ctx, const char *name, firn_str bytes)
{
    firn_error err;
    firn_puffin puffin;
    corpus_file file = {.arena = ctx, .path = name, .bytes = bytes};
    assert_ok(firn_codec_ctx_create(&file.codecs, &err), &err);
    assert_ok(firn_puffin_decode(bytes, ctx, &puffin, &err), &err);
    assert_true(puffin.n_blobs > 0);
    for (size_t i = 0; i < puffin.n_blobs; i++) {
        const firn_puffin_blob *blob = &puffin.blobs[i];
        firn_buf room;
        firn_buf again;
        firn_str contents;
        firn_theta_sketch *sketch = NULL;
        firn_buf_init(&room, NULL, 1 << 20);
        firn_buf_init(&again, NULL, 0);
        assert_true(firn_str_equals(blob->type, FIRN_BLOB_THETA_SKETCH));
        assert_ok(read_blob(&file, blob, &room, &contents, &err), &err);
        assert_ok(firn_theta_sketch_decode(contents, NULL, &sketch, &err), &err);
        const firn_str *ndv = firn_puffin_blob_property(blob, FIRN_THETA_PROPERTY_NDV);
        assert_non_null(ndv);
        assert_int_equal((int64_t)firn_theta_sketch_estimate(sketch), strtoll(ndv->data, NULL, 10));
        assert_ok(firn_theta_sketch_encode(sketch, &again, &err), &err);
        assert_int_equal(again.len, contents.len);
        firn_theta_sketch_destroy(sketch);
        firn_buf_dispose(&again);
        firn_buf_dispose(&room);
    }
    firn_codec_ctx_destroy(file.codecs);
}

static void test_sketches_of_spark(void **state)
{
    const char *folder = corpus_path(*state, "spark-tables/bucket/dev/stats_files/metadata");
    if (folder) assert_int_equal(corpus_each(*state, folder, ".stats", check_sketches, *state), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_files_kept_here, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_files_of_the_corpora, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_sketches_of_spark, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
