/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata files, manifests and manifest lists read, shown and written without memory. */
#include "base/error.h"
#include "base/str.h"
#include "corpus.h"
#include "fail_alloc.h"
#include "iceberg/spec/inspect_iceberg.h"
#include "iceberg/spec/manifest.h"
#include "iceberg/spec/metadata_json.h"

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

typedef firn_status (*step_fn)(firn_str bytes, firn_arena *arena, firn_error *err);

typedef struct job {
    firn_str bytes;
    step_fn step;
} job;

static firn_status run_step(void *ctx, firn_error *err)
{
    const job *j = ctx;
    firn_arena *arena = firn_arena_create(NULL, 0);
    if (!arena) return firn_fail_nomem(err);
    const firn_status st = j->step(j->bytes, arena, err);
    firn_arena_destroy(arena);
    return st;
}

static void check(firn_arena *arena, const char *name, step_fn step, int64_t stride)
{
    job j = {corpus_read(arena, corpus_data_path(arena, name)), step};
    const firn_fail_alloc_opts opts = {.stride = stride};
    assert_true(firn_fail_alloc_each_opts(run_step, &j, &opts) > 5);
}

static firn_status table_step(firn_str bytes, firn_arena *arena, firn_error *err)
{
    const firn_table_metadata *metadata = NULL;
    return firn_metadata_parse(bytes, arena, &metadata, err);
}

static firn_status view_step(firn_str bytes, firn_arena *arena, firn_error *err)
{
    const firn_view_metadata *metadata = NULL;
    return firn_view_metadata_parse(bytes, arena, &metadata, err);
}

static firn_status format_table(void *ctx, firn_error *err)
{
    firn_buf out;
    firn_buf_init(&out, NULL, 0);
    const firn_status st = firn_metadata_format(ctx, &out, err);
    firn_buf_dispose(&out);
    return st;
}

static void test_metadata_files(void **state)
{
    check(*state, "iceberg/TableMetadataV1Valid.json", table_step, 1);
    check(*state, "iceberg/TableMetadataV2Valid.json", table_step, 1);
    check(*state, "iceberg/ViewMetadataV1Valid.json", view_step, 1);
}

static void test_metadata_is_written(void **state)
{
    const firn_str bytes =
        corpus_read(*state, corpus_data_path(*state, "iceberg/TableMetadataV1Valid.json"));
    const firn_table_metadata *metadata = NULL;
    firn_error err = {0};
    assert_ok(firn_metadata_parse(bytes, *state, &metadata, &err), &err);
    assert_true(firn_fail_alloc_each(format_table, (void *)(uintptr_t)metadata) > 20);
}

static firn_status list_step(firn_str bytes, firn_arena *arena, firn_error *err)
{
    firn_manifest_file *files = NULL;
    size_t n = 0;
    return firn_manifest_list_read(bytes, arena, &files, &n, err);
}

static firn_status manifest_step(firn_str bytes, firn_arena *arena, firn_error *err)
{
    firn_manifest_reader *reader = NULL;
    firn_manifest_entry entry;
    firn_data_file copy;
    FIRN_TRY(firn_manifest_reader_open(bytes, NULL, NULL, NULL, FIRN_MANIFEST_ALL, &reader, err));
    firn_status st;
    while ((st = firn_manifest_reader_next(reader, &entry, err)) == FIRN_OK) {
        st = firn_data_file_copy(&entry.file, arena, &copy, err);
        if (st != FIRN_OK) break;
    }
    firn_manifest_reader_close(reader);
    return st;
}

static void test_manifests_and_their_lists(void **state)
{
    check(*state, "iceberg/java_types_manifest_list.avro", list_step, 1);
    check(*state, "iceberg/java_types_manifest.avro", manifest_step, 2);
    check(*state, "iceberg/spark_dv_manifest_a.avro", manifest_step, 2);
}

static firn_status forget(void *ctx, const void *data, size_t n, firn_error *err)
{
    (void)ctx, (void)data, (void)n, (void)err;
    return FIRN_OK;
}

static firn_status show_metadata(firn_str bytes, firn_arena *arena, firn_error *err)
{
    firn_outline out;
    firn_outline_init(&out, FIRN_OUTLINE_TEXT, &(firn_byte_sink){NULL, forget});
    const firn_status st = firn_inspect_metadata(bytes, FIRN_METADATA_ANY, arena, &out, err);
    const firn_status end = firn_outline_finish(&out, st == FIRN_OK ? err : NULL);
    return st == FIRN_OK ? end : st;
}

static firn_status show_list(firn_str bytes, firn_arena *arena, firn_error *err)
{
    firn_outline out;
    firn_outline_init(&out, FIRN_OUTLINE_JSON, &(firn_byte_sink){NULL, forget});
    const firn_status st = firn_inspect_manifest_list(bytes, FIRN_INSPECT_ALL, arena, &out, err);
    const firn_status end = firn_outline_finish(&out, st == FIRN_OK ? err : NULL);
    return st == FIRN_OK ? end : st;
}

static void test_outlines(void **state)
{
    check(*state, "iceberg/TableMetadataV1Valid.json", show_metadata, 3);
    check(*state, "iceberg/ViewMetadataV1Valid.json", show_metadata, 3);
    check(*state, "iceberg/java_types_manifest_list.avro", show_list, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_metadata_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_metadata_is_written, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_manifests_and_their_lists, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_outlines, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
