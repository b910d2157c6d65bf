/* SPDX-License-Identifier: Apache-2.0 */
/* FileMetaData: the input is a footer, and the file around it is made here, so that mutations do
 * not have to keep lengths and magic right. The footer is parsed, then shown as an outline. */
#include <string.h>

#include "base/error.h"
#include "format/inspect/inspect.h"
#include "format/parquet/read/parquet_reader.h"

#define MAX_FOOTER ((size_t)1 << 16)
#define DATA_BYTES 256 /* zeros in front of the footer, for offsets to point into */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct footer_file {
    const uint8_t *footer;
    size_t size;
} footer_file;

static uint8_t byte_at(const footer_file *file, size_t i)
{
    static const uint8_t magic[] = {'P', 'A', 'R', '1'};
    if (i < DATA_BYTES) return i < 4 ? magic[i] : 0;
    i -= DATA_BYTES;
    if (i < file->size) return file->footer[i];
    i -= file->size;
    return i < 4 ? (uint8_t)(file->size >> (8 * i)) : magic[i - 4];
}

static firn_status read_at(void *ctx, int64_t offset, void *out, size_t n, firn_error *err)
{
    const footer_file *file = ctx;
    const size_t all = DATA_BYTES + file->size + 8;
    if (offset < 0 || (uint64_t)offset > all || n > all - (size_t)offset)
        return firn_fail(err, FIRN_ERR_IO, "read outside of the file");
    for (size_t i = 0; i < n; i++) ((uint8_t *)out)[i] = byte_at(file, (size_t)offset + i);
    return FIRN_OK;
}

static firn_status forget(void *ctx, const void *data, size_t n, firn_error *err)
{
    (void)ctx, (void)data, (void)n, (void)err;
    return FIRN_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    footer_file file = {data, size};
    const firn_byte_source source = {
        .ctx = &file, .size_bytes = (int64_t)(DATA_BYTES + size + 8), .read_at = read_at};
    const firn_byte_sink sink = {NULL, forget};
    firn_parquet_file *parquet = NULL;
    firn_error err = {0};
    firn_outline out;
    if (size > MAX_FOOTER || firn_parquet_file_open(&source, &parquet, &err) != FIRN_OK) return 0;
    firn_parquet_file_close(parquet);
    firn_outline_init(&out, size & 1 ? FIRN_OUTLINE_JSON : FIRN_OUTLINE_TEXT, &sink);
    const firn_status st = firn_inspect_parquet(&source, FIRN_INSPECT_ALL, &out, &err);
    if (firn_outline_finish(&out, &err) != FIRN_OK && st == FIRN_OK) __builtin_trap();
    return 0;
}
