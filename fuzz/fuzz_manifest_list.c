/* SPDX-License-Identifier: Apache-2.0 */
/* Manifest lists of unknown origin: what is read can be written as v3 and reads back the same. */
#include "base/str.h"
#include "iceberg/spec/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_LIMIT ((size_t)64 << 20)

static firn_status sink_append(void *ctx, const void *data, size_t n, firn_error *err)
{
    firn_buf_append(ctx, data, n);
    return firn_buf_check(ctx, err);
}

static void check_same(const firn_manifest_file *a, const firn_manifest_file *b)
{
    if (!firn_str_equals(a->path, b->path) || a->length != b->length || a->spec_id != b->spec_id ||
        a->content != b->content || a->added_rows != b->added_rows ||
        a->n_partitions != b->n_partitions || !firn_str_equals(a->key_metadata, b->key_metadata))
        __builtin_trap();
    for (size_t i = 0; i < a->n_partitions; i++)
        if (!firn_str_equals(a->partitions[i].lower, b->partitions[i].lower)) __builtin_trap();
}

static void write_again(const firn_manifest_file *files, size_t n, firn_arena *arena)
{
    static const uint8_t k_sync[16] = {0};
    const firn_manifest_write_opts opts = {
        .format_version = 3, .snapshot_id = 1, .parent_snapshot_id = -1, .sync = k_sync};
    firn_manifest_file *again = NULL;
    size_t n_again = 0;
    firn_buf out;

    firn_buf_init(&out, NULL, ARENA_LIMIT);
    const firn_byte_sink sink = {&out, sink_append};
    if (firn_manifest_list_write(&opts, files, n, &sink, NULL) == FIRN_OK &&
        firn_manifest_list_read(firn_buf_view(&out), arena, &again, &n_again, NULL) == FIRN_OK) {
        if (n_again != n) __builtin_trap();
        for (size_t i = 0; i < n; i++) check_same(&files[i], &again[i]);
    }
    firn_buf_dispose(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    firn_manifest_file *files = NULL;
    size_t n = 0;
    firn_arena *arena = firn_arena_create(NULL, ARENA_LIMIT);

    if (!arena) return 0;
    if (firn_manifest_list_read((firn_str){(const char *)data, size}, arena, &files, &n, NULL) ==
        FIRN_OK)
        write_again(files, n, arena);
    firn_arena_destroy(arena);
    return 0;
}
