/* SPDX-License-Identifier: Apache-2.0 */
/* Avro schemas of Iceberg types, as text; the other direction is avro_type.c. Names of records are
 * those of Iceberg's Java library. A fixed type is named after its field, because a name may be
 * defined only once and not all readers resolve references to one. */
#include <inttypes.h>
#include <stdio.h>

#include "base/error.h"
#include "base/limits.h"
#include "format/avro/avro.h"
#include "format/avro/avro_primitive.h"
#include "format/avro/avro_rows_writer.h"
#include "format/json/json.h"

/* ---- names ---- */

/* UTF-16 code units of one code point; at the end of *rest or at broken UTF-8 one byte is taken. */
static size_t next_units(firn_str *rest, uint32_t units[2])
{
    const uint8_t *p = (const uint8_t *)rest->data;
    size_t n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (n > rest->len) n = 1;
    uint32_t code = n == 1 ? p[0] : p[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) code = code << 6 | (p[i] & 0x3fu);
    rest->data += n;
    rest->len -= n;
    units[0] = code;
    if (code < 0x10000) return 1;
    units[0] = 0xd800 + ((code - 0x10000) >> 10);
    units[1] = 0xdc00 + ((code - 0x10000) & 0x3ff);
    return 2;
}

static bool is_letter(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

bool firn_avro_put_name(firn_buf *b, firn_str name)
{
    bool is_changed = false;
    bool is_first = true;
    firn_str rest = name;
    while (rest.len > 0) {
        uint32_t units[2] = {0};
        const size_t n = next_units(&rest, units);
        for (size_t i = 0; i < n; i++) {
            const uint32_t c = units[i];
            if (is_letter(c) || (is_digit(c) && !is_first)) {
                firn_buf_byte(b, (uint8_t)c);
            } else if (is_digit(c)) {
                firn_buf_printf(b, "_%c", (char)c);
                is_changed = true;
            } else {
                firn_buf_printf(b, "_x%" PRIX32, c);
                is_changed = true;
            }
            is_first = false;
        }
    }
    return is_changed;
}

/* ---- types ---- */

static void put_primitive(firn_buf *b, const firn_field *field)
{
    char name[16];
    snprintf(name, sizeof name, "f%" PRId32, field->id);
    firn_avro_put_type(field->type, name, b);
}

static firn_status put_type(firn_buf *b, const firn_field *field, int depth, firn_error *err);

/* The type of a field; [null, type] where it may be null. */
static firn_status put_nullable(firn_buf *b, const firn_field *field, int depth, firn_error *err)
{
    const bool is_union = !field->is_required && field->type->kind != FIRN_TYPE_UNKNOWN;
    if (is_union) firn_buf_cstr(b, "[\"null\",");
    FIRN_TRY(put_type(b, field, depth, err));
    if (is_union) firn_buf_byte(b, ']');
    return FIRN_OK;
}

static firn_status put_field(firn_buf *b, const firn_field *field, int depth, firn_error *err)
{
    firn_buf_cstr(b, "{\"name\":\"");
    const bool is_changed = firn_avro_put_name(b, field->name);
    firn_buf_cstr(b, "\",\"type\":");
    FIRN_TRY(put_nullable(b, field, depth, err));
    if (!field->is_required) firn_buf_cstr(b, ",\"default\":null");
    firn_buf_printf(b, ",\"field-id\":%" PRId32, field->id);
    if (is_changed) {
        firn_buf_cstr(b, ",\"iceberg-field-name\":");
        firn_json_quote(b, field->name);
    }
    firn_buf_byte(b, '}');
    return FIRN_OK;
}

static firn_status put_fields(firn_buf *b, const firn_type *type, int depth, firn_error *err)
{
    firn_buf_cstr(b, "\",\"fields\":[");
    for (size_t i = 0; i < type->n_fields; i++) {
        if (i > 0) firn_buf_byte(b, ',');
        FIRN_TRY(put_field(b, &type->fields[i], depth + 1, err));
    }
    firn_buf_cstr(b, "]}");
    return FIRN_OK;
}

static firn_status put_list(firn_buf *b, const firn_type *type, int depth, firn_error *err)
{
    const firn_field *element = &type->fields[0];
    firn_buf_cstr(b, "{\"type\":\"array\",\"items\":");
    FIRN_TRY(put_nullable(b, element, depth + 1, err));
    firn_buf_printf(b, ",\"element-id\":%" PRId32 "}", element->id);
    return FIRN_OK;
}

/* Avro's own maps have texts as keys; others are arrays of pairs. */
static firn_status put_map(firn_buf *b, const firn_type *type, int depth, firn_error *err)
{
    const int32_t key = type->fields[0].id;
    const int32_t value = type->fields[1].id;
    if (type->fields[0].type->kind == FIRN_TYPE_STRING) {
        firn_buf_cstr(b, "{\"type\":\"map\",\"values\":");
        FIRN_TRY(put_nullable(b, &type->fields[1], depth + 1, err));
        firn_buf_printf(b, ",\"key-id\":%" PRId32 ",\"value-id\":%" PRId32 "}", key, value);
        return FIRN_OK;
    }
    firn_buf_printf(
        b, "{\"type\":\"array\",\"items\":{\"type\":\"record\",\"name\":\"k%" PRId32 "_v%" PRId32,
        key, value);
    FIRN_TRY(put_fields(b, type, depth, err));
    firn_buf_cstr(b, ",\"logicalType\":\"map\"}");
    return FIRN_OK;
}

static firn_status put_type(firn_buf *b, const firn_field *field, int depth, firn_error *err)
{
    const firn_type *type = field->type;
    if (depth > FIRN_LIMIT_NESTING)
        return firn_fail(err, FIRN_ERR_LIMIT, "type nested deeper than %d", FIRN_LIMIT_NESTING);
    switch (type->kind) {
    case FIRN_TYPE_LIST: return put_list(b, type, depth, err);
    case FIRN_TYPE_MAP: return put_map(b, type, depth, err);
    case FIRN_TYPE_STRUCT:
        firn_buf_printf(b, "{\"type\":\"record\",\"name\":\"r%" PRId32, field->id);
        return put_fields(b, type, depth, err);
    case FIRN_TYPE_VARIANT:
        firn_buf_printf(b,
                        "{\"type\":\"record\",\"name\":\"r%" PRId32
                        "\",\"logicalType\":\"variant\",\"fields\":["
                        "{\"name\":\"metadata\",\"type\":\"bytes\"},"
                        "{\"name\":\"value\",\"type\":\"bytes\"}]}",
                        field->id);
        return FIRN_OK;
    default: put_primitive(b, field); return FIRN_OK;
    }
}

firn_status firn_avro_schema_of_type(const firn_type *root, firn_buf *out, firn_error *err)
{
    firn_buf_cstr(out, "{\"type\":\"record\",\"name\":\"table");
    FIRN_TRY(put_fields(out, root, 0, err));
    return firn_buf_check(out, err);
}
