/* SPDX-License-Identifier: Apache-2.0 */
/* Manifests of unknown origin, read with everything, and, as the length has it, with nothing or in
 * parts with the metrics of one field. */
#include "iceberg/spec/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_LIMIT ((size_t)256 << 20)
#define ENTRIES_MAX 10000

static void read_manifest(firn_str bytes, firn_manifest_columns columns, const firn_avro_part *part)
{
    static const int32_t k_field = 1;
    firn_manifest_file file = {.sequence_number = 5, .added_snapshot_id = 7, .first_row_id = 0};
    firn_manifest_reader *reader = NULL;
    firn_manifest_entry entry;

    if (firn_manifest_reader_open(bytes, &file, NULL, NULL, columns, &reader, NULL) != FIRN_OK)
        return;
    if (part) firn_manifest_reader_limit(reader, part);
    if (columns == FIRN_MANIFEST_BOUNDS &&
        firn_manifest_reader_select(reader, &k_field, 1, NULL) != FIRN_OK)
        __builtin_trap();
    for (int i = 0; i < ENTRIES_MAX; i++) {
        if (firn_manifest_reader_next(reader, &entry, NULL) != FIRN_OK) break;
        if (entry.sequence_number < 0 || entry.file.record_count < 0) __builtin_trap();
    }
    firn_manifest_reader_close(reader);
}

static void read_parts(firn_str bytes)
{
    firn_avro_part *parts = NULL;
    size_t n = 0;
    firn_arena *arena = firn_arena_create(NULL, ARENA_LIMIT);

    if (!arena) return;
    if (firn_avro_split(bytes, bytes.len / 2, arena, &parts, &n, NULL) != FIRN_OK) n = 0;
    for (size_t i = 0; i < n; i++) read_manifest(bytes, FIRN_MANIFEST_BOUNDS, &parts[i]);
    firn_arena_destroy(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const firn_str bytes = {(const char *)data, size};

    read_manifest(bytes, FIRN_MANIFEST_ALL, NULL);
    if (size % 2 == 0)
        read_manifest(bytes, FIRN_MANIFEST_NO_METRICS, NULL);
    else
        read_parts(bytes);
    return 0;
}
