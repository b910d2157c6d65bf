/* SPDX-License-Identifier: Apache-2.0 */
/* A number's rank is how far it is behind the least one seen. A rank before and one behind all of
 * these is for those not seen, and one, first or last, for nulls. */
#include "iceberg/sort/number_keys.h"

#include <string.h>

#include "base/cursor.h"
#include "base/str.h"

#define K_SIGN64 ((uint64_t)1 << 63)
#define K_SIGN32 ((uint32_t)1 << 31)
#define K_CHUNK  1024u /* rows whose numbers fit the processor's first cache */
#define K_BEYOND 3u    /* ranks of what is not between those seen, and of nulls */

/* ---- numbers of rows ---- */

/* What a number is turned with: to order descending ones the other way. */
static inline uint64_t flip_of(const firn_order_number *order)
{
    return order->is_descending ? UINT64_MAX : 0;
}

static inline uint64_t order_double(uint64_t bits)
{
    return bits & K_SIGN64 ? ~bits : bits | K_SIGN64;
}

static void load_signed(const char *slots, size_t width, uint64_t flip, uint32_t n, uint64_t *out)
{
    const uint64_t turned = K_SIGN64 ^ flip;
    if (width == sizeof(uint32_t))
        for (uint32_t i = 0; i < n; i++)
            out[i] = (uint64_t)(int64_t)(int32_t)firn_load_u32le(slots + 4 * (size_t)i) ^ turned;
    else
        for (uint32_t i = 0; i < n; i++) out[i] = firn_load_u64le(slots + 8 * (size_t)i) ^ turned;
}

/* Of n rows from the first on, as unsigned numbers in the order; those of nulls are any. */
static void load(const firn_order_number *order, const firn_slot_columns *rows, uint32_t from,
                 uint32_t n, uint64_t *out)
{
    const size_t width = rows->form->slots[order->column].width;
    const char *slots = rows->values[order->column] + width * from;
    const uint64_t flip = flip_of(order);
    switch (order->kind) {
    case FIRN_NUMBER_SIGNED: load_signed(slots, width, flip, n, out); return;
    case FIRN_NUMBER_DOUBLE:
        for (uint32_t i = 0; i < n; i++)
            out[i] = order_double(firn_load_u64le(slots + 8 * (size_t)i)) ^ flip;
        return;
    case FIRN_NUMBER_PLACE:
        for (uint32_t i = 0; i < n; i++)
            out[i] = width == sizeof(uint32_t) ? firn_load_u32le(slots + 4 * (size_t)i)
                                               : firn_load_u64le(slots + 8 * (size_t)i);
    }
}

static inline bool is_null_at(const firn_order_number *order, const firn_slot_columns *rows,
                              uint32_t row)
{
    const uint8_t *validity = rows->validity[order->column];
    return validity && (validity[row / 8] >> (row % 8) & 1) == 0;
}

/* ---- numbers of keys that are bytes: what firn_row_order_keys() writes ---- */

static uint64_t load_big(const char *at)
{
    return __builtin_bswap64(firn_load_u64le(at));
}

/* False: not a number's bytes. */
static bool take_bytes(const firn_order_number *order, firn_str *key, bool *is_null, uint64_t *out)
{
    *is_null = false;
    if (order->kind == FIRN_NUMBER_PLACE) {
        if (key->len < sizeof *out) return false;
        *out = load_big(key->data);
        *key = firn_str_slice(*key, sizeof *out, SIZE_MAX);
        return true;
    }
    if (key->len < 1) return false;
    *is_null = (key->data[0] != 0) == order->nulls_last;
    *key = firn_str_slice(*key, 1, SIZE_MAX);
    if (*is_null) return true;
    if (key->len < order->key_width) return false;
    if (order->key_width == sizeof(uint32_t)) {
        const uint32_t flip = (uint32_t)flip_of(order);
        const uint32_t bits = __builtin_bswap32(firn_load_u32le(key->data)) ^ flip ^ K_SIGN32;
        *out = (uint64_t)(int64_t)(int32_t)bits ^ K_SIGN64 ^ flip_of(order);
    } else {
        *out = load_big(key->data);
    }
    *key = firn_str_slice(*key, order->key_width, SIZE_MAX);
    return true;
}

/* The last n bytes of a number, the high ones first. */
static size_t put_big(uint64_t value, size_t n, char *out)
{
    const uint64_t bytes = __builtin_bswap64(value << (64 - 8 * n));
    memcpy(out, &bytes, n);
    return n;
}

size_t firn_number_keys_bytes(const firn_number_keys *keys, const firn_slot_columns *rows,
                              uint32_t row, char out[FIRN_NUMBER_KEY_BYTES])
{
    size_t n = 0;
    for (size_t i = 0; i < keys->n; i++) {
        const firn_order_number *order = &keys->numbers[i].order;
        uint64_t value = 0;
        load(order, rows, row, 1, &value);
        if (order->kind != FIRN_NUMBER_PLACE) {
            const bool is_null = is_null_at(order, rows, row);
            out[n++] = is_null == order->nulls_last ? 1 : 0;
            if (is_null) continue;
        }
        if (order->key_width == sizeof(uint32_t)) value ^= K_SIGN32;
        n += put_big(value, order->key_width, out + n);
    }
    return n;
}

/* ---- what is seen ---- */

bool firn_number_keys_init(firn_number_keys *keys, const firn_row_order *order)
{
    firn_order_number numbers[FIRN_ORDER_NUMBERS];
    *keys = (firn_number_keys){.n = firn_row_order_numbers(order, numbers)};
    for (size_t i = 0; i < keys->n; i++)
        keys->numbers[i] = (firn_key_number){.order = numbers[i], .least = UINT64_MAX};
    return keys->n > 0;
}

static void see(firn_key_number *number, uint64_t value)
{
    if (value < number->least) number->least = value;
    if (value > number->greatest) number->greatest = value;
}

/* The same for many, without branches. */
static void see_all(firn_key_number *number, const uint64_t *values, uint32_t n)
{
    uint64_t least = number->least;
    uint64_t greatest = number->greatest;
    for (uint32_t i = 0; i < n; i++) {
        least = values[i] < least ? values[i] : least;
        greatest = values[i] > greatest ? values[i] : greatest;
    }
    number->least = least;
    number->greatest = greatest;
}

static void see_number(firn_key_number *number, const firn_slot_columns *rows, uint32_t from,
                       uint32_t n)
{
    uint64_t values[K_CHUNK];
    for (uint32_t at = 0; at < n; at += K_CHUNK) {
        const uint32_t n_here = n - at < K_CHUNK ? n - at : K_CHUNK;
        load(&number->order, rows, from + at, n_here, values);
        if (!rows->validity[number->order.column]) {
            see_all(number, values, n_here);
            continue;
        }
        for (uint32_t i = 0; i < n_here; i++)
            if (!is_null_at(&number->order, rows, from + at + i)) see(number, values[i]);
    }
}

void firn_number_keys_see(firn_number_keys *keys, const firn_slot_columns *rows, uint32_t from,
                          uint32_t n)
{
    for (size_t i = 0; i < keys->n; i++) see_number(&keys->numbers[i], rows, from, n);
}

bool firn_number_keys_see_bytes(firn_number_keys *keys, firn_str key)
{
    for (size_t i = 0; i < keys->n; i++) {
        bool is_null = false;
        uint64_t value = 0;
        if (!take_bytes(&keys->numbers[i].order, &key, &is_null, &value)) return false;
        if (!is_null) see(&keys->numbers[i], value);
    }
    return key.len == 0;
}

static unsigned bits_of(uint64_t value)
{
    return value > 0 ? 64 - (unsigned)__builtin_clzll(value) : 0;
}

bool firn_number_keys_finish(firn_number_keys *keys, unsigned max_bits)
{
    keys->bits = 0;
    for (size_t i = 0; i < keys->n; i++) {
        firn_key_number *number = &keys->numbers[i];
        if (number->least > number->greatest) number->least = number->greatest = 0; /* nulls only */
        const uint64_t span = number->greatest - number->least;
        if (span > UINT64_MAX - K_BEYOND) return false;
        number->bits = bits_of(span + K_BEYOND);
        keys->bits += number->bits;
    }
    return keys->bits <= max_bits;
}

/* ---- packed ---- */

/* Of a number that is not null. */
static inline uint64_t rank_of(const firn_key_number *number, uint64_t value)
{
    const uint64_t first = !number->order.nulls_last; /* the rank of what is before all */
    const uint64_t span = number->greatest - number->least;
    const uint64_t rank = value - number->least; /* beyond the span if it is before the least */
    const uint64_t beyond = value < number->least ? 0 : span + 2;
    return first + (rank > span ? beyond : rank + 1);
}

static inline uint64_t null_rank(const firn_key_number *number)
{
    return number->order.nulls_last ? number->greatest - number->least + K_BEYOND : 0;
}

static inline uint64_t push(uint64_t packed, const firn_key_number *number, uint64_t rank)
{
    return number->bits < 64 ? packed << number->bits | rank : rank;
}

static void push_ranks(const firn_key_number *number, const firn_slot_columns *rows, uint32_t from,
                       uint32_t n, const uint64_t *values, uint64_t *out)
{
    if (!rows->validity[number->order.column]) {
        for (uint32_t i = 0; i < n; i++) out[i] = push(out[i], number, rank_of(number, values[i]));
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        const bool is_null = is_null_at(&number->order, rows, from + i);
        out[i] = push(out[i], number, is_null ? null_rank(number) : rank_of(number, values[i]));
    }
}

void firn_number_keys_pack(const firn_number_keys *keys, const firn_slot_columns *rows,
                           uint32_t from, uint32_t n, uint64_t *out)
{
    uint64_t values[K_CHUNK];
    for (uint32_t at = 0; at < n; at += K_CHUNK) {
        const uint32_t n_here = n - at < K_CHUNK ? n - at : K_CHUNK;
        memset(out + at, 0, n_here * sizeof *out);
        for (size_t i = 0; i < keys->n; i++) {
            const firn_key_number *number = &keys->numbers[i];
            load(&number->order, rows, from + at, n_here, values);
            push_ranks(number, rows, from + at, n_here, values, out + at);
        }
    }
}

uint64_t firn_number_keys_pack_bytes(const firn_number_keys *keys, firn_str key)
{
    uint64_t out = 0;
    for (size_t i = 0; i < keys->n; i++) {
        const firn_key_number *number = &keys->numbers[i];
        bool is_null = false;
        uint64_t value = 0;
        if (!take_bytes(&number->order, &key, &is_null, &value)) return out;
        out = push(out, number, is_null ? null_rank(number) : rank_of(number, value));
    }
    return out;
}
