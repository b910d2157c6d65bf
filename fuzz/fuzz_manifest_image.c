/* SPDX-License-Identifier: Apache-2.0 */
/* Files of the manifest cache of unknown origin, with every column asked for: what a filter and the
 * putting together of an entry look at. Checksums are made right first, so that what is behind them
 * is reached. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/str.h"
#include "iceberg/scan/image_builder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define START_BYTES  32
#define COLUMN_BYTES 48
#define ENTRIES_MAX  4096

static uint32_t load32(const char *at)
{
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

static uint64_t load64(const char *at)
{
    uint64_t value;
    memcpy(&value, at, sizeof value);
    return value;
}

/* Of the columns, then of the header that holds them. */
static void mend_checksums(char *bytes, size_t size)
{
    const uint64_t header = size >= START_BYTES ? load32(bytes + 16) : 0;
    if (header < START_BYTES || header > size) return;
    const uint64_t n = load32(bytes + 28);
    for (uint64_t i = 0; i < n && (i + 1) * COLUMN_BYTES <= header - START_BYTES; i++) {
        char *column = bytes + header - (i + 1) * COLUMN_BYTES;
        const uint64_t offset = load64(column + 24);
        const uint64_t length = load64(column + 32);
        if (offset > size || length > size - offset) continue;
        const uint64_t sum = firn_str_hash((firn_str){bytes + offset, (size_t)length});
        memcpy(column + 40, &sum, sizeof sum);
    }
    const uint64_t sum = firn_str_hash((firn_str){bytes + 16, (size_t)header - 16});
    memcpy(bytes + 8, &sum, sizeof sum);
}

/* The one that the file says it has. */
static firn_str key_of(const char *bytes, size_t size)
{
    if (size < START_BYTES || load32(bytes + 20) > size - START_BYTES) return FIRN_STR("");
    return (firn_str){bytes + START_BYTES, load32(bytes + 20)};
}

static void read_column(firn_manifest_image *image, size_t part, const firn_image_column *column,
                        firn_arena *arena)
{
    const firn_image_part *p = &image->parts[part];
    const firn_image_column *found = NULL;
    char bound[8];
    firn_value values[3];
    if (firn_manifest_image_column(image, part, column->kind, column->field_id, &found, NULL) !=
        FIRN_OK)
        return;
    size_t n = found->kind == FIRN_IMAGE_TUPLES ? (size_t)found->base : p->n_entries;
    if (n > ENTRIES_MAX) n = ENTRIES_MAX;
    for (size_t i = 0; i < n; i++) {
        firn_str text;
        if (found->form == FIRN_IMAGE_NUMBERS) {
            (void)firn_image_number(found, i);
        } else if (!firn_image_is_text(found)) {
            if (firn_image_bound(found, i, bound).len > 8) __builtin_trap();
        } else if (firn_image_text(found, i, arena, &text, NULL) == FIRN_OK) {
            if (text.len > 0 && firn_str_hash(text) == 1) __builtin_trap(); /* reads all of it */
            (void)(firn_image_tuple_decode(text, values, i % 4, NULL) == FIRN_OK);
        }
    }
}

static void read_image(const char *folder_path, firn_str key)
{
    firn_cache_folder *folder = NULL;
    firn_cache_file file;
    firn_manifest_image *image = NULL;
    firn_arena *arena = firn_arena_create(NULL, (size_t)64 << 20);
    if (!arena) return;
    if (firn_cache_folder_create(firn_str_of(folder_path), 1, firn_random_system(), &folder,
                                 NULL) != FIRN_OK)
        folder = NULL;
    if (folder && firn_cache_file_open(folder, "image", &file) &&
        firn_manifest_image_open(folder, "image", &file, key, &image, NULL) == FIRN_OK) {
        for (size_t p = 0; p < image->n_parts; p++)
            for (size_t i = 0; i < image->parts[p].n_columns; i++)
                read_column(image, p, &image->parts[p].columns[i], arena);
        firn_manifest_image_destroy(image);
    }
    firn_cache_folder_destroy(folder);
    firn_arena_destroy(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *base = getenv("TMPDIR");
    char folder[64];
    char path[80];
    char *bytes = size > 0 ? firn_mem_alloc(NULL, size) : NULL;
    if (!base || strlen(base) > 32) base = "/tmp";
    (void)snprintf(folder, sizeof folder, "%s/firn-fuzz-XXXXXX", base);
    if (!bytes || !mkdtemp(folder)) {
        firn_mem_free(NULL, bytes);
        return 0;
    }
    memcpy(bytes, data, size);
    mend_checksums(bytes, size);
    (void)snprintf(path, sizeof path, "%s/image", folder);
    FILE *file = fopen(path, "wb");
    if (file) {
        const size_t n = fwrite(bytes, 1, size, file);
        if (fclose(file) == 0 && n == size) read_image(folder, key_of(bytes, size));
    }
    (void)unlink(path);
    (void)rmdir(folder);
    firn_mem_free(NULL, bytes);
    return 0;
}
