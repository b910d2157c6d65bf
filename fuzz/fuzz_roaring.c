/* SPDX-License-Identifier: Apache-2.0 */
/* Roaring bitmaps and deletion vectors. The first byte picks the form. What is read must come back
 * the same from its own bytes, and its operations must agree with each other. */
#include "base/alloc.h"
#include "format/puffin/bitmap.h"
#include "format/puffin/deletion_vector.h"

#define WINDOW 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok) __builtin_trap();
}

static void check_window(const firn_bitmap *bitmap, uint64_t from)
{
    uint64_t bits[WINDOW / 64];
    for (size_t i = 0; i < WINDOW / 64; i++) bits[i] = UINT64_MAX;
    const uint64_t n = firn_bitmap_clear_bits(bitmap, from, WINDOW, 0, bits);
    uint64_t n_left = 0;
    for (size_t i = 0; i < WINDOW / 64; i++) n_left += (uint64_t)__builtin_popcountll(bits[i]);
    require(n + n_left == WINDOW);
    require(n == firn_bitmap_count(bitmap, from, from + WINDOW));
}

static void check_values(const firn_bitmap *bitmap)
{
    uint64_t values[256];
    firn_bitmap_cursor cursor = {0};
    const size_t n = firn_bitmap_next(bitmap, &cursor, values, 256);
    for (size_t i = 0; i < n; i++) {
        require(firn_bitmap_contains(bitmap, values[i]));
        require(i == 0 || values[i] > values[i - 1]);
    }
    if (n > 0 && values[n - 1] < UINT64_MAX - WINDOW) check_window(bitmap, values[n - 1]);
}

static void check_round_trip(firn_bitmap *bitmap)
{
    firn_error err;
    firn_buf out;
    firn_bitmap *again = NULL;
    const uint64_t n = firn_bitmap_cardinality(bitmap);
    firn_buf_init(&out, NULL, 0);
    require(firn_bitmap_encode(bitmap, &out, &err) == FIRN_OK);
    require(firn_bitmap_decode(firn_buf_view(&out), 0, NULL, &again, &err) == FIRN_OK);
    require(firn_bitmap_cardinality(again) == n);
    require(firn_bitmap_or(again, bitmap, &err) == FIRN_OK);
    require(firn_bitmap_cardinality(again) == n);
    require(firn_bitmap_add_range(again, 1000, 200000, &err) == FIRN_OK);
    require(firn_bitmap_cardinality(again) == n + 199000 - firn_bitmap_count(bitmap, 1000, 200000));
    firn_bitmap_destroy(again);
    firn_buf_dispose(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    firn_error err;
    firn_bitmap *bitmap = NULL;
    firn_status st;
    if (size == 0) return 0;
    const firn_str bytes = {(const char *)data + 1, size - 1};
    switch (data[0] % 3) {
    case 0: st = firn_bitmap_decode32(bytes, 0, NULL, &bitmap, &err); break;
    case 1: st = firn_bitmap_decode(bytes, 0, NULL, &bitmap, &err); break;
    default: st = firn_deletion_vector_decode(bytes, -1, NULL, &bitmap, &err); break;
    }
    if (st != FIRN_OK) return 0;
    check_values(bitmap);
    check_round_trip(bitmap);
    firn_bitmap_destroy(bitmap);
    return 0;
}
