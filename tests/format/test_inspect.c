/* SPDX-License-Identifier: Apache-2.0 */
/* Outlines of whole files: what they show, and that neither lying bytes nor missing memory harm. */
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "corpus.h"
#include "fail_alloc.h"
#include "format/inspect/inspect.h"
#include "parquet_canon.h"

typedef firn_status (*show_fn)(const firn_byte_source *source, firn_inspect_depth depth,
                               firn_outline *out, firn_error *err);

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

static firn_status append(void *ctx, const void *data, size_t n, firn_error *err)
{
    firn_buf_append(ctx, data, n);
    return firn_buf_check(ctx, err);
}

static firn_status show(firn_str bytes, show_fn fn, firn_outline_style style, firn_buf *out,
                        firn_error *err)
{
    const firn_byte_source source = canon_source(&bytes);
    firn_outline o;
    firn_outline_init(&o, style, &(firn_byte_sink){out, append});
    const firn_status st = fn(&source, FIRN_INSPECT_ALL, &o, err);
    const firn_status end = firn_outline_finish(&o, st == FIRN_OK ? err : NULL);
    return st == FIRN_OK ? end : st;
}

static void check(firn_arena *arena, const char *name, show_fn fn, const char *part)
{
    firn_error err = {0};
    firn_buf out;
    const firn_str bytes = corpus_read(arena, corpus_data_path(arena, name));
    firn_buf_init(&out, NULL, 0);
    assert_ok(show(bytes, fn, FIRN_OUTLINE_JSON, &out, &err), &err);
    if (firn_str_find(firn_buf_view(&out), firn_str_of(part), 0) == SIZE_MAX)
        fail_msg("%s: no %s in %.*s", name, part, FIRN_STR_ARG(firn_buf_view(&out)));
    firn_buf_dispose(&out);
}

static void test_parts_of_a_parquet_file_are_shown(void **state)
{
    check(*state, "parquet/int96.parquet", firn_inspect_parquet,
          "{\"format\":\"parquet\",\"file_size\":");
    check(*state, "parquet/int96.parquet", firn_inspect_parquet, "\"type\":\"INT96\"");
    check(*state, "parquet/nested_v2.parquet", firn_inspect_parquet, "\"type\":\"DATA_PAGE_V2\"");
    check(*state, "parquet/split_v1_zstd.parquet", firn_inspect_parquet,
          "\"encoding\":\"BYTE_STREAM_SPLIT\"");
}

#define MANIFEST "tables/events/metadata/0dc7e2dd-82b1-4a28-8e93-55622fadf046-m0.avro"

static void test_parts_of_an_avro_file_are_shown(void **state)
{
    check(*state, MANIFEST, firn_inspect_avro, "\"avro.codec\":\"deflate\"");
    check(*state, MANIFEST, firn_inspect_avro, "\"block_count\":1,\"record_count\":1}");
}

static bool is_orderly(firn_status st)
{
    return st == FIRN_OK || st == FIRN_ERR_CORRUPT || st == FIRN_ERR_UNSUPPORTED ||
           st == FIRN_ERR_LIMIT;
}

static void try_bytes(firn_str bytes, show_fn fn, size_t at)
{
    firn_error err = {0};
    firn_buf out;
    firn_buf_init(&out, NULL, (size_t)64 << 20);
    const firn_status st = show(bytes, fn, FIRN_OUTLINE_TEXT, &out, &err);
    firn_buf_dispose(&out);
    if (!is_orderly(st)) fail_msg("byte %zu: %s %s", at, firn_status_name(st), err.message);
    if (st != FIRN_OK) assert_true(strlen(err.message) > 0);
}

/* Every prefix, and every byte inverted. */
static void attack(firn_arena *arena, const char *name, show_fn fn)
{
    const firn_str whole = corpus_read(arena, corpus_data_path(arena, name));
    char *bytes = firn_arena_alloc(arena, whole.len);
    assert_non_null(bytes);
    memcpy(bytes, whole.data, whole.len);
    for (size_t n = 0; n < whole.len; n++) {
        try_bytes((firn_str){whole.data, n}, fn, n);
        bytes[n] = (char)~bytes[n];
        try_bytes((firn_str){bytes, whole.len}, fn, n);
        bytes[n] = (char)~bytes[n];
    }
}

static void test_lying_bytes_end_in_an_outline_or_an_error(void **state)
{
    attack(*state, "parquet/int96.parquet", firn_inspect_parquet);
    attack(*state, "parquet/foreign/null_list.parquet", firn_inspect_parquet);
    attack(*state, MANIFEST, firn_inspect_avro);
}

typedef struct no_memory {
    firn_str bytes;
    show_fn fn;
} no_memory;

static firn_status forget(void *ctx, const void *data, size_t n, firn_error *err)
{
    (void)ctx, (void)data, (void)n, (void)err;
    return FIRN_OK;
}

static firn_status show_without(void *ctx, firn_error *err)
{
    no_memory *job = ctx;
    const firn_byte_source source = canon_source(&job->bytes);
    firn_outline o;
    firn_outline_init(&o, FIRN_OUTLINE_JSON, &(firn_byte_sink){NULL, forget});
    const firn_status st = job->fn(&source, FIRN_INSPECT_ALL, &o, err);
    const firn_status end = firn_outline_finish(&o, st == FIRN_OK ? err : NULL);
    return st == FIRN_OK ? end : st;
}

static void test_every_refused_allocation_is_reported(void **state)
{
    static const struct {
        const char *name;
        show_fn fn;
    } files[] = {{"parquet/int96.parquet", firn_inspect_parquet}, {MANIFEST, firn_inspect_avro}};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        no_memory job = {corpus_read(*state, corpus_data_path(*state, files[i].name)), files[i].fn};
        assert_true(firn_fail_alloc_each(show_without, &job) > 5);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_parts_of_a_parquet_file_are_shown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_parts_of_an_avro_file_are_shown, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_lying_bytes_end_in_an_outline_or_an_error, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_every_refused_allocation_is_reported, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
