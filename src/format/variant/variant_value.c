/* SPDX-License-Identifier: Apache-2.0 */
/*   metadata  <header> <n> <n + 1 offsets> <names>
 *             header: version 1 in 4 bits, sorted in bit 4, bytes of a number - 1 in bits 6-7
 *   object    <header> <n> <n ids> <n + 1 offsets> <values>
 *             header: 2 in 2 bits, bytes of an offset - 1 in 2, bytes of an id - 1 in 2, is_large
 *   array     <header> <n> <n + 1 offsets> <values>
 *             header: 3 in 2 bits, bytes of an offset - 1 in 2, is_large
 * n of an object or array takes one byte, four when it is large. */
#include "format/variant/variant_value.h"

#include <string.h>

#include "base/cursor.h"
#include "base/error.h"
#include "base/str.h"

#define BASIC_SHORT_STRING 1u
#define BASIC_OBJECT       2u
#define BASIC_ARRAY        3u
#define SHORT_STRING_MAX   63

static uint32_t load_uint(const char *at, size_t width)
{
    uint32_t v = 0;
    for (size_t i = 0; i < width; i++) v |= (uint32_t)(uint8_t)at[i] << (8 * i);
    return v;
}

/* ---- metadata ---- */

/* The metadata that bytes begin with; out->names is what its offsets say, which is inside. */
static firn_status parse_front(firn_str bytes, firn_variant_metadata *out, firn_error *err)
{
    const unsigned header = bytes.len > 0 ? (uint8_t)bytes.data[0] : 0;
    const size_t width = (header >> 6) + 1;
    if ((header & 15) != 1)
        return firn_fail(err, FIRN_ERR_CORRUPT, "variant metadata of version %u, expected 1",
                         header & 15);
    if (bytes.len < 1 + width)
        return firn_fail(err, FIRN_ERR_CORRUPT, "variant metadata of %zu bytes", bytes.len);
    const uint32_t n = load_uint(bytes.data + 1, width);
    const uint64_t start = 1 + width * ((uint64_t)n + 2);
    if (start > bytes.len)
        return firn_fail(err, FIRN_ERR_CORRUPT, "variant metadata of %u names in %zu bytes", n,
                         bytes.len);
    const char *offsets = bytes.data + 1 + width;
    const uint32_t end = load_uint(offsets + n * width, width);
    if (end > bytes.len - start)
        return firn_fail(err, FIRN_ERR_CORRUPT, "variant metadata has %zu bytes of names, not %u",
                         bytes.len - (size_t)start, end);
    *out = (firn_variant_metadata){.bytes = firn_str_slice(bytes, 0, (size_t)start + end),
                                   .n_names = n,
                                   .width = width,
                                   .offsets = offsets,
                                   .names = {bytes.data + start, end},
                                   .is_sorted = (header & 16) != 0};
    return FIRN_OK;
}

firn_status firn_variant_metadata_parse(firn_str bytes, firn_variant_metadata *out, firn_error *err)
{
    FIRN_TRY(parse_front(bytes, out, err));
    if (out->bytes.len == bytes.len) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_CORRUPT, "variant metadata has %zu bytes of names, not %zu",
                     bytes.len - (out->bytes.len - out->names.len), out->names.len);
}

static firn_status check_offsets(const firn_variant_metadata *m, firn_error *err)
{
    uint32_t last = 0;
    for (uint32_t i = 0; i <= m->n_names; i++) {
        const uint32_t offset = load_uint(m->offsets + i * m->width, m->width);
        if (offset < last || (i == 0 && offset != 0))
            return firn_fail(err, FIRN_ERR_CORRUPT,
                             "variant metadata: offset %u of name %u after %u", offset, i, last);
        last = offset;
    }
    return FIRN_OK;
}

firn_status firn_variant_split(firn_str variant, firn_str *metadata, firn_str *value,
                               firn_error *err)
{
    firn_variant_metadata m;
    FIRN_TRY(parse_front(variant, &m, err));
    FIRN_TRY(check_offsets(&m, err));
    if (m.bytes.len == variant.len)
        return firn_fail(err, FIRN_ERR_CORRUPT, "no value behind variant metadata of %zu bytes",
                         variant.len);
    *metadata = m.bytes;
    *value = firn_str_slice(variant, m.bytes.len, variant.len);
    return FIRN_OK;
}

firn_status firn_variant_name(const firn_variant_metadata *m, uint32_t id, firn_str *out,
                              firn_error *err)
{
    if (id >= m->n_names)
        return firn_fail(err, FIRN_ERR_CORRUPT, "variant field id %u, the metadata has %u names",
                         id, m->n_names);
    const uint32_t start = load_uint(m->offsets + id * m->width, m->width);
    const uint32_t end = load_uint(m->offsets + (id + 1) * m->width, m->width);
    if (start > end || end > m->names.len)
        return firn_fail(err, FIRN_ERR_CORRUPT, "name %u of variant metadata from %u to %u of %zu",
                         id, start, end, m->names.len);
    *out = firn_str_slice(m->names, start, end);
    return FIRN_OK;
}

/* Names in order can be halved. */
static firn_status find_sorted(const firn_variant_metadata *m, firn_str name, uint32_t *id,
                               firn_error *err)
{
    uint32_t low = 0, high = m->n_names;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        firn_str found;
        FIRN_TRY(firn_variant_name(m, middle, &found, err));
        const int order = firn_str_compare(found, name);
        if (order == 0) {
            *id = middle;
            return FIRN_OK;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return FIRN_DONE;
}

static firn_status find_anywhere(const firn_variant_metadata *m, firn_str name, uint32_t *id,
                                 firn_error *err)
{
    for (uint32_t i = 0; i < m->n_names; i++) {
        firn_str found;
        FIRN_TRY(firn_variant_name(m, i, &found, err));
        if (!firn_str_equals(found, name)) continue;
        *id = i;
        return FIRN_OK;
    }
    return FIRN_DONE;
}

firn_status firn_variant_find(const firn_variant_metadata *m, firn_str name, uint32_t *id,
                              firn_error *err)
{
    firn_str found;
    if (*id < m->n_names && firn_variant_name(m, *id, &found, NULL) == FIRN_OK &&
        firn_str_equals(found, name))
        return FIRN_OK;
    const firn_status st =
        m->is_sorted ? find_sorted(m, name, id, err) : find_anywhere(m, name, id, err);
    if (st != FIRN_DONE) return st;
    return firn_fail(err, FIRN_ERR_CORRUPT, "field %.*s is not among the names of its variant",
                     FIRN_STR_ARG(name));
}

/* ---- objects ---- */

bool firn_variant_is_object(firn_str value)
{
    return value.len > 0 && ((uint8_t)value.data[0] & 3) == BASIC_OBJECT;
}

firn_status firn_variant_object_parse(firn_str value, firn_variant_object *out, firn_error *err)
{
    if (!firn_variant_is_object(value))
        return firn_fail(err, FIRN_ERR_CORRUPT, "variant value is not an object");
    const unsigned header = (uint8_t)value.data[0] >> 2;
    const size_t n_width = header & 16 ? 4 : 1;
    if (value.len < 1 + n_width)
        return firn_fail(err, FIRN_ERR_CORRUPT, "variant object of %zu bytes", value.len);
    *out = (firn_variant_object){.n_fields = load_uint(value.data + 1, n_width),
                                 .id_width = (header >> 2 & 3) + 1,
                                 .offset_width = (header & 3) + 1};
    const uint64_t ids = (uint64_t)out->n_fields * out->id_width;
    const uint64_t offsets = ((uint64_t)out->n_fields + 1) * out->offset_width;
    if (ids + offsets > value.len - 1 - n_width)
        return firn_fail(err, FIRN_ERR_CORRUPT, "variant object of %u fields in %zu bytes",
                         out->n_fields, value.len);
    out->ids = value.data + 1 + n_width;
    out->offsets = out->ids + ids;
    out->values = firn_str_slice(value, 1 + n_width + (size_t)(ids + offsets), value.len);
    return FIRN_OK;
}

/* Bytes behind the header of a primitive, or SIZE_MAX for one with a length of its own. */
static size_t primitive_size(unsigned type)
{
    static const uint8_t k_sizes[] = {0, 0, 0, 1, 2, 4, 8, 8, 5, 9, 17,
                                      4, 8, 8, 4, 0, 0, 8, 8, 8, 16};
    return type < sizeof k_sizes && type != FIRN_VARIANT_BINARY && type != FIRN_VARIANT_STRING
               ? k_sizes[type]
               : SIZE_MAX;
}

static firn_status sized_container(firn_str at, size_t *out, firn_error *err)
{
    const unsigned header = (uint8_t)at.data[0] >> 2;
    const bool is_object = ((uint8_t)at.data[0] & 3) == BASIC_OBJECT;
    const size_t n_width = header & (is_object ? 16 : 4) ? 4 : 1;
    const size_t offset_width = (header & 3) + 1;
    if (at.len < 1 + n_width)
        return firn_fail(err, FIRN_ERR_CORRUPT, "variant value of %zu bytes", at.len);
    const uint64_t n = load_uint(at.data + 1, n_width);
    const uint64_t ids = is_object ? n * ((header >> 2 & 3) + 1) : 0;
    const uint64_t last = 1 + n_width + ids + n * offset_width;
    if (last + offset_width > at.len)
        return firn_fail(err, FIRN_ERR_CORRUPT, "variant value of %llu elements in %zu bytes",
                         (unsigned long long)n, at.len);
    *out = (size_t)last + offset_width + load_uint(at.data + last, offset_width);
    return FIRN_OK;
}

/* How many bytes the value at the beginning of the bytes takes. */
static firn_status value_size(firn_str at, size_t *out, firn_error *err)
{
    if (at.len == 0) return firn_fail(err, FIRN_ERR_CORRUPT, "variant value of 0 bytes");
    const unsigned basic = (uint8_t)at.data[0] & 3, header = (uint8_t)at.data[0] >> 2;
    if (basic == BASIC_SHORT_STRING) {
        *out = 1 + header;
    } else if (basic != 0) {
        FIRN_TRY(sized_container(at, out, err));
    } else if (primitive_size(header) != SIZE_MAX) {
        *out = 1 + primitive_size(header);
    } else if (header > FIRN_VARIANT_UUID) {
        return firn_fail(err, FIRN_ERR_UNSUPPORTED, "not supported: variant of type %u", header);
    } else if (at.len < 1 + sizeof(uint32_t)) {
        return firn_fail(err, FIRN_ERR_CORRUPT, "variant value of %zu bytes", at.len);
    } else {
        *out = 1 + sizeof(uint32_t) + (size_t)firn_load_u32le(at.data + 1);
    }
    if (*out <= at.len) return FIRN_OK;
    return firn_fail(err, FIRN_ERR_CORRUPT, "variant value of %zu bytes, %zu left", *out, at.len);
}

firn_status firn_variant_object_field(const firn_variant_object *object, uint32_t i, uint32_t *id,
                                      firn_str *value, firn_error *err)
{
    const uint32_t offset =
        load_uint(object->offsets + i * object->offset_width, object->offset_width);
    size_t size = 0;
    *id = load_uint(object->ids + i * object->id_width, object->id_width);
    if (offset > object->values.len)
        return firn_fail(err, FIRN_ERR_CORRUPT, "variant field at %u of %zu bytes", offset,
                         object->values.len);
    const firn_str rest = firn_str_slice(object->values, offset, object->values.len);
    FIRN_TRY(value_size(rest, &size, err));
    *value = firn_str_slice(rest, 0, size);
    return FIRN_OK;
}

firn_status firn_variant_value_check(firn_str *value, firn_variant_basic *out, firn_error *err)
{
    size_t size = 0;
    FIRN_TRY(value_size(*value, &size, err));
    *out = (firn_variant_basic)((uint8_t)value->data[0] & 3);
    *value = firn_str_slice(*value, 0, size);
    return FIRN_OK;
}

/* ---- arrays ---- */

firn_status firn_variant_array_parse(firn_str value, firn_variant_array *out, firn_error *err)
{
    firn_variant_basic basic;
    FIRN_TRY(firn_variant_value_check(&value, &basic, err));
    if (basic != FIRN_VARIANT_BASIC_ARRAY)
        return firn_fail(err, FIRN_ERR_CORRUPT, "variant value is not an array");
    const unsigned header = (uint8_t)value.data[0] >> 2;
    const size_t n_width = header & 4 ? 4 : 1;
    *out = (firn_variant_array){.n = load_uint(value.data + 1, n_width),
                                .offset_width = (header & 3) + 1,
                                .offsets = value.data + 1 + n_width};
    const size_t offsets = ((size_t)out->n + 1) * out->offset_width; /* inside, as was checked */
    out->values = firn_str_slice(value, 1 + n_width + offsets, value.len);
    return FIRN_OK;
}

firn_status firn_variant_array_item(const firn_variant_array *array, uint32_t i, firn_str *value,
                                    firn_error *err)
{
    firn_variant_basic basic;
    const uint32_t offset =
        load_uint(array->offsets + i * array->offset_width, array->offset_width);
    if (offset > array->values.len)
        return firn_fail(err, FIRN_ERR_CORRUPT, "variant element at %u of %zu bytes", offset,
                         array->values.len);
    *value = firn_str_slice(array->values, offset, array->values.len);
    return firn_variant_value_check(value, &basic, err);
}

/* ---- putting together ---- */

void firn_variant_put(firn_buf *out, firn_variant_type type, const void *data, size_t n)
{
    firn_buf_byte(out, (uint8_t)((unsigned)type << 2));
    if (n > 0) firn_buf_append(out, data, n);
}

void firn_variant_put_string(firn_buf *out, firn_str s)
{
    if (s.len <= SHORT_STRING_MAX) {
        firn_buf_byte(out, (uint8_t)(s.len << 2 | BASIC_SHORT_STRING));
    } else {
        firn_variant_put(out, FIRN_VARIANT_STRING, NULL, 0);
        firn_buf_u32le(out, (uint32_t)s.len);
    }
    firn_buf_str(out, s);
}

void firn_variant_put_binary(firn_buf *out, firn_str s)
{
    firn_variant_put(out, FIRN_VARIANT_BINARY, NULL, 0);
    firn_buf_u32le(out, (uint32_t)s.len);
    firn_buf_str(out, s);
}

void firn_variant_put_decimal(firn_buf *out, firn_variant_type type, int32_t scale,
                              firn_int128 unscaled)
{
    firn_buf_byte(out, (uint8_t)((unsigned)type << 2));
    firn_buf_byte(out, (uint8_t)scale);
    firn_buf_append(out, &unscaled, primitive_size(type) - 1); /* its low bytes */
}

static size_t width_of(uint64_t v)
{
    size_t width = 1;
    while (v >> (8 * width) != 0) width++;
    return width;
}

static char *store_uint(char *at, uint64_t v, size_t width)
{
    for (size_t i = 0; i < width; i++) at[i] = (char)(v >> (8 * i));
    return at + width;
}

/* Opens a gap of size bytes at start; NULL when the buffer has failed. */
static char *insert(firn_buf *out, size_t start, size_t size)
{
    if (!firn_buf_reserve(out, size)) return NULL;
    memmove(out->data + start + size, out->data + start, out->len - start);
    out->len += size;
    return out->data + start;
}

static char *store_offsets(char *at, const uint32_t *offsets, size_t n, size_t total, size_t width)
{
    for (size_t i = 0; i < n; i++) at = store_uint(at, offsets[i], width);
    return store_uint(at, total, width);
}

void firn_variant_close_array(firn_buf *out, size_t start, const uint32_t *offsets, size_t n)
{
    const size_t total = out->len - start, width = width_of(total);
    const unsigned is_large = n > UINT8_MAX;
    const size_t n_width = is_large ? 4 : 1;
    char *at = insert(out, start, 1 + n_width + (n + 1) * width);
    if (!at) return;
    *at++ = (char)((is_large << 2 | (unsigned)(width - 1)) << 2 | BASIC_ARRAY);
    at = store_uint(at, n, n_width);
    store_offsets(at, offsets, n, total, width);
}

void firn_variant_close_object(firn_buf *out, size_t start, const uint32_t *ids,
                               const uint32_t *offsets, size_t n)
{
    const size_t total = out->len - start, width = width_of(total);
    const unsigned is_large = n > UINT8_MAX;
    const size_t n_width = is_large ? 4 : 1;
    uint32_t max_id = 0;
    for (size_t i = 0; i < n; i++) max_id = ids[i] > max_id ? ids[i] : max_id;
    const size_t id_width = width_of(max_id);
    char *at = insert(out, start, 1 + n_width + n * id_width + (n + 1) * width);
    if (!at) return;
    *at++ = (char)((is_large << 4 | (unsigned)(id_width - 1) << 2 | (unsigned)(width - 1)) << 2 |
                   BASIC_OBJECT);
    at = store_uint(at, n, n_width);
    for (size_t i = 0; i < n; i++) at = store_uint(at, ids[i], id_width);
    store_offsets(at, offsets, n, total, width);
}
