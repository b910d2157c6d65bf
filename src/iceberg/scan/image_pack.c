/* SPDX-License-Identifier: Apache-2.0 */
#include "iceberg/scan/image_pack.h"

#include <string.h>

#include "base/cursor.h"
#include "base/error.h"

/* ---- numbers ---- */

static uint8_t width_for(uint64_t range)
{
    return range == 0            ? 0
           : range <= UINT8_MAX  ? 1
           : range <= UINT16_MAX ? 2
           : range <= UINT32_MAX ? 4
                                 : 8;
}

/* A loop for each width, or the copy would be a call. */
static void pack(const int64_t *numbers, size_t n, int64_t low, uint8_t width, char *out)
{
    for (size_t i = 0; width == 1 && i < n; i++)
        out[i] = (char)((uint64_t)numbers[i] - (uint64_t)low);
    for (size_t i = 0; width == 2 && i < n; i++) {
        const uint16_t delta = (uint16_t)((uint64_t)numbers[i] - (uint64_t)low);
        memcpy(out + i * sizeof delta, &delta, sizeof delta);
    }
    for (size_t i = 0; width == 4 && i < n; i++) {
        const uint32_t delta = (uint32_t)((uint64_t)numbers[i] - (uint64_t)low);
        memcpy(out + i * sizeof delta, &delta, sizeof delta);
    }
    for (size_t i = 0; width == 8 && i < n; i++) {
        const uint64_t delta = (uint64_t)numbers[i] - (uint64_t)low;
        memcpy(out + i * sizeof delta, &delta, sizeof delta);
    }
}

firn_status firn_image_pack_numbers(const int64_t *numbers, size_t n, firn_buf *packed,
                                    firn_image_column *out, firn_error *err)
{
    int64_t low = n > 0 ? numbers[0] : 0;
    int64_t high = low;
    for (size_t i = 0; i < n; i++) {
        low = numbers[i] < low ? numbers[i] : low;
        high = numbers[i] > high ? numbers[i] : high;
    }
    out->base = low;
    out->width = width_for((uint64_t)high - (uint64_t)low);
    out->size = n * out->width;
    char *data = firn_buf_reserve(packed, (size_t)out->size);
    if (!data) return firn_buf_check(packed, err);
    pack(numbers, n, low, out->width, data);
    packed->len += (size_t)out->size;
    return FIRN_OK;
}

/* ---- texts ---- */

/* One after another in bytes. */
typedef struct text_list {
    firn_buf *bytes;
    const uint32_t *starts;
    size_t n;
} text_list;

static size_t end_of(const text_list *texts, size_t i)
{
    return i + 1 < texts->n ? texts->starts[i + 1] & ~FIRN_IMAGE_ABSENT : texts->bytes->len;
}

/* Bytes that all texts that are there begin with. */
static size_t shared_by_all(const text_list *texts)
{
    const char *first = NULL;
    size_t shared = 0;
    for (size_t i = 0; i < texts->n; i++) {
        if (texts->starts[i] & FIRN_IMAGE_ABSENT) continue;
        const char *text = texts->bytes->data + texts->starts[i];
        const size_t len = end_of(texts, i) - texts->starts[i];
        if (!first) shared = len;
        if (!first) first = text;
        if (len < shared) shared = len;
        while (shared > 0 && memcmp(first, text, shared) != 0) shared--;
        if (shared == 0) return 0;
    }
    return shared;
}

static firn_status pack_uneven(const text_list *texts, firn_buf *packed, firn_image_column *out,
                               firn_error *err)
{
    const size_t n = texts->n;
    const size_t shared = shared_by_all(texts);
    const size_t start_bytes = (n + 1) * sizeof(uint32_t);
    char *data = firn_buf_reserve(packed, start_bytes + shared + texts->bytes->len);
    if (!data) return firn_buf_check(packed, err);
    size_t at = start_bytes + shared;
    for (size_t i = 0; i < n; i++) {
        const bool is_absent = texts->starts[i] & FIRN_IMAGE_ABSENT;
        const uint32_t start = (uint32_t)at | (is_absent ? FIRN_IMAGE_ABSENT : 0);
        memcpy(data + i * sizeof start, &start, sizeof start);
        if (is_absent) continue;
        const char *text = texts->bytes->data + texts->starts[i];
        const size_t len = end_of(texts, i) - texts->starts[i] - shared;
        if (at == start_bytes + shared && shared > 0) memcpy(data + start_bytes, text, shared);
        if (len > 0) memcpy(data + at, text + shared, len);
        at += len;
    }
    const uint32_t end = (uint32_t)at;
    memcpy(data + n * sizeof end, &end, sizeof end);
    out->form = FIRN_IMAGE_TEXTS;
    out->size = at;
    out->shared = shared;
    packed->len += at;
    return FIRN_OK;
}

/* ---- texts of one length ---- */

static bool is_even(const text_list *texts)
{
    const size_t n = texts->n;
    const size_t len = n > 0 ? texts->bytes->len / n : 0;
    if (len * n != texts->bytes->len) return false;
    for (size_t i = 0; i < n; i++)
        if (texts->starts[i] != i * len) return false;
    return true;
}

/* As shared_by_all(), eight bytes of all texts at a time. */
static size_t shared_by_even(const char *texts, size_t n, size_t len)
{
    size_t at = 0;
    for (; at + 8 <= len; at += 8) {
        const uint64_t first = firn_load_u64le(texts + at);
        uint64_t differs = 0;
        for (size_t i = 1; i < n; i++) differs |= firn_load_u64le(texts + i * len + at) ^ first;
        if (differs != 0) return at + ((size_t)__builtin_ctzll(differs) >> 3);
    }
    for (; at < len; at++)
        for (size_t i = 1; i < n; i++)
            if (texts[i * len + at] != texts[at]) return at;
    return len;
}

/* Bytes behind the rest of a text may be written: those of the next come over them. */
static void pack_rests(const char *texts, size_t n, size_t len, size_t shared, char *out)
{
    const size_t rest = len - shared;
    for (size_t i = 0; rest <= 16 && i < n; i++) {
        memcpy(out + i * rest, texts + i * len + shared, 8);
        memcpy(out + i * rest + 8, texts + i * len + shared + 8, 8);
    }
    for (size_t i = 0; rest > 16 && i < n; i++)
        memcpy(out + i * rest, texts + i * len + shared, rest);
}

static firn_status pack_even(const text_list *texts, firn_buf *packed, firn_image_column *out,
                             firn_error *err)
{
    const size_t n = texts->n;
    const size_t len = n > 0 ? texts->bytes->len / n : 0;
    size_t shared = len > 0 ? shared_by_even(texts->bytes->data, n, len) : 0;
    if (out->kind == FIRN_IMAGE_PATH && shared == len) shared--; /* an image has no empty paths */
    char *data = firn_buf_reserve(packed, shared + n * (len - shared) + 16);
    if (!data || !firn_buf_reserve(texts->bytes, 16)) return firn_fail_nomem(err);
    if (shared > 0) memcpy(data, texts->bytes->data, shared);
    if (shared < len) pack_rests(texts->bytes->data, n, len, shared, data + shared);
    out->form = FIRN_IMAGE_EVEN;
    out->base = (int64_t)(len - shared);
    out->size = shared + n * (len - shared);
    out->shared = shared;
    packed->len += (size_t)out->size;
    return FIRN_OK;
}

firn_status firn_image_pack_texts(firn_buf *bytes, const uint32_t *starts, size_t n,
                                  firn_buf *packed, firn_image_column *out, firn_error *err)
{
    const text_list texts = {bytes, starts, n};
    FIRN_TRY(firn_buf_check(bytes, err));
    const bool may_be_even =
        out->kind != FIRN_IMAGE_TUPLES && (out->kind != FIRN_IMAGE_PATH || bytes->len > 0);
    return may_be_even && is_even(&texts) ? pack_even(&texts, packed, out, err)
                                          : pack_uneven(&texts, packed, out, err);
}
