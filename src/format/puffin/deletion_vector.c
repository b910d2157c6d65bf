/* SPDX-License-Identifier: Apache-2.0 */
/* Deletion vector blobs. Lengths and checksum are big-endian, the bitmap is little-endian.
 *
 *   length u32 of magic and bitmap | magic D1 D3 39 64 | bitmap, 64-bit portable | CRC-32 of magic
 *   and bitmap */
#include "format/puffin/deletion_vector.h"

#include <inttypes.h>
#include <libdeflate.h>
#include <string.h>

#include "base/cursor.h"
#include "base/error.h"

#define LENGTH_SIZE 4
#define MAGIC_SIZE  4
#define CRC_SIZE    4
#define MAX_KEY     (INT32_MAX - 1) /* upper 32 bits of a position, as in Iceberg's Java library */
/* What the blob is computed from: the _pos column. */
static const int32_t k_fields[] = {2147483645};

static const char k_magic[MAGIC_SIZE] = {'\xd1', '\xd3', '\x39', '\x64'};

static uint32_t load_u32be(const char *p)
{
    return __builtin_bswap32(firn_load_u32le(p));
}

static firn_status check_frame(firn_str blob, firn_error *err)
{
    if (blob.len < LENGTH_SIZE + MAGIC_SIZE + CRC_SIZE)
        return firn_fail_at(err, 0, "deletion vector of %zu bytes, expected at least %d", blob.len,
                            LENGTH_SIZE + MAGIC_SIZE + CRC_SIZE);
    const size_t expected = blob.len - LENGTH_SIZE - CRC_SIZE;
    const uint32_t length = load_u32be(blob.data);
    if (length != expected)
        return firn_fail_at(err, 0, "deletion vector: length %" PRIu32 ", expected %zu", length,
                            expected);
    if (memcmp(blob.data + LENGTH_SIZE, k_magic, MAGIC_SIZE) != 0)
        return firn_fail_at(err, LENGTH_SIZE,
                            "deletion vector: magic %08" PRIx32 ", expected d1d33964",
                            load_u32be(blob.data + LENGTH_SIZE));
    const uint32_t crc = load_u32be(blob.data + LENGTH_SIZE + length);
    const uint32_t found = libdeflate_crc32(0, blob.data + LENGTH_SIZE, length);
    if (crc != found)
        return firn_fail_at(err, (uint64_t)LENGTH_SIZE + length,
                            "deletion vector: checksum is %08" PRIx32 ", expected %08" PRIx32,
                            found, crc);
    return FIRN_OK;
}

/* FIRN_ERR_CORRUPT or FIRN_ERR_ARG, whoever is to blame. */
static firn_status check_positions(const firn_bitmap *positions, firn_status blame, firn_error *err)
{
    uint64_t max = 0;
    if (!firn_bitmap_max(positions, &max) || max >> 32 <= MAX_KEY) return FIRN_OK;
    return firn_fail(err, blame, "deletion vector: key %" PRIu64 " of a position, limit %d",
                     max >> 32, MAX_KEY);
}

static firn_status check_content(const firn_bitmap *positions, int64_t cardinality, firn_error *err)
{
    const uint64_t found = firn_bitmap_cardinality(positions);
    FIRN_TRY(check_positions(positions, FIRN_ERR_CORRUPT, err));
    if (cardinality >= 0 && found != (uint64_t)cardinality)
        return firn_fail(err, FIRN_ERR_CORRUPT,
                         "deletion vector of %" PRIu64 " positions, expected %" PRId64, found,
                         cardinality);
    return FIRN_OK;
}

firn_status firn_deletion_vector_decode(firn_str blob, int64_t cardinality,
                                        const firn_allocator *alloc, firn_bitmap **out,
                                        firn_error *err)
{
    const size_t start = LENGTH_SIZE + MAGIC_SIZE;
    *out = NULL;
    FIRN_TRY(check_frame(blob, err));
    const firn_str vector = {blob.data + start, blob.len - start - CRC_SIZE};
    FIRN_TRY(firn_bitmap_decode(vector, start, alloc, out, err));
    const firn_status st = check_content(*out, cardinality, err);
    if (st == FIRN_OK) return FIRN_OK;
    firn_bitmap_destroy(*out);
    *out = NULL;
    return st;
}

firn_status firn_deletion_vector_encode(const firn_bitmap *positions, firn_buf *out,
                                        firn_error *err)
{
    const size_t start = out->len;
    FIRN_TRY(check_positions(positions, FIRN_ERR_ARG, err));
    firn_buf_u32le(out, 0); /* the length, not known yet */
    firn_buf_append(out, k_magic, MAGIC_SIZE);
    FIRN_TRY(firn_bitmap_encode(positions, out, err));
    const size_t length = out->len - start - LENGTH_SIZE;
    if (length > INT32_MAX)
        return firn_fail(err, FIRN_ERR_LIMIT, "deletion vector of %zu bytes, limit %d", length,
                         INT32_MAX);
    const uint32_t length_be = __builtin_bswap32((uint32_t)length);
    memcpy(out->data + start, &length_be, sizeof length_be);
    const uint32_t crc = libdeflate_crc32(0, out->data + start + LENGTH_SIZE, length);
    firn_buf_u32le(out, __builtin_bswap32(crc));
    return firn_buf_check(out, err);
}

static firn_status add_blob(firn_puffin_writer *writer, const firn_bitmap *positions,
                            firn_str data_file_path, firn_buf *contents,
                            firn_puffin_blob *added_out, firn_error *err)
{
    FIRN_TRY(firn_deletion_vector_encode(positions, contents, err));
    const firn_str cardinality =
        firn_arena_printf(writer->arena, "%" PRIu64, firn_bitmap_cardinality(positions));
    if (!cardinality.data) return firn_fail_nomem(err);
    const firn_property properties[] = {{FIRN_STR("referenced-data-file"), data_file_path},
                                        {FIRN_STR("cardinality"), cardinality}};
    const firn_puffin_blob blob = {.type = FIRN_BLOB_DELETION_VECTOR,
                                   .fields = k_fields,
                                   .n_fields = 1,
                                   .snapshot_id = -1,
                                   .sequence_number = -1,
                                   .properties = {properties, 2}};
    return firn_puffin_writer_add(writer, &blob, firn_buf_view(contents), added_out, err);
}

firn_status firn_deletion_vector_add(firn_puffin_writer *writer, const firn_bitmap *positions,
                                     firn_str data_file_path, firn_puffin_blob *added_out,
                                     firn_error *err)
{
    firn_buf contents;
    firn_buf_init(&contents, writer->out->alloc, 0);
    const firn_status st = add_blob(writer, positions, data_file_path, &contents, added_out, err);
    firn_buf_dispose(&contents);
    return st;
}
