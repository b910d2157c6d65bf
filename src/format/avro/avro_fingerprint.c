/* SPDX-License-Identifier: Apache-2.0 */
/* Parsing Canonical Form and CRC-64-AVRO; see avro_fingerprint.h. A named type is written out where
 * the walk meets it first, and by name from then on. */
#include "format/avro/avro_fingerprint.h"

#include "base/error.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/str.h"
#include "format/json/json.h"

typedef struct walk {
    firn_map seen; /* names written out */
    firn_buf *out;
    firn_error *err;
} walk;

static firn_status put_schema(walk *w, const firn_avro_schema *schema, int depth);

static const char *kind_name(firn_avro_kind kind)
{
    static const char *const k_names[] = {"null",   "boolean", "int",    "long",   "float",
                                          "double", "bytes",   "string", "record", "enum",
                                          "array",  "map",     "union",  "fixed"};
    return k_names[kind];
}

static firn_status put_record(walk *w, const firn_avro_schema *schema, int depth)
{
    firn_buf_cstr(w->out, ",\"fields\":[");
    for (size_t i = 0; i < schema->n_fields; i++) {
        firn_buf_cstr(w->out, i > 0 ? ",{\"name\":" : "{\"name\":");
        firn_json_quote(w->out, schema->fields[i].name);
        firn_buf_cstr(w->out, ",\"type\":");
        FIRN_TRY(put_schema(w, schema->fields[i].schema, depth));
        firn_buf_byte(w->out, '}');
    }
    firn_buf_byte(w->out, ']');
    return FIRN_OK;
}

static void put_symbols(walk *w, const firn_avro_schema *schema)
{
    firn_buf_cstr(w->out, ",\"symbols\":[");
    for (size_t i = 0; i < schema->n_symbols; i++) {
        if (i > 0) firn_buf_byte(w->out, ',');
        firn_json_quote(w->out, schema->symbols[i]);
    }
    firn_buf_byte(w->out, ']');
}

static firn_status put_named(walk *w, const firn_avro_schema *schema, int depth)
{
    if (firn_map_has(&w->seen, schema->name)) {
        firn_json_quote(w->out, schema->name);
        return FIRN_OK;
    }
    FIRN_TRY(firn_map_put(&w->seen, schema->name, w, w->err));
    firn_buf_cstr(w->out, "{\"name\":");
    firn_json_quote(w->out, schema->name);
    firn_buf_printf(w->out, ",\"type\":\"%s\"", kind_name(schema->kind));
    if (schema->kind == FIRN_AVRO_RECORD) FIRN_TRY(put_record(w, schema, depth));
    if (schema->kind == FIRN_AVRO_ENUM) put_symbols(w, schema);
    if (schema->kind == FIRN_AVRO_FIXED) firn_buf_printf(w->out, ",\"size\":%d", schema->size);
    firn_buf_byte(w->out, '}');
    return FIRN_OK;
}

static firn_status put_union(walk *w, const firn_avro_schema *schema, int depth)
{
    firn_buf_byte(w->out, '[');
    for (size_t i = 0; i < schema->n_fields; i++) {
        if (i > 0) firn_buf_byte(w->out, ',');
        FIRN_TRY(put_schema(w, schema->fields[i].schema, depth));
    }
    firn_buf_byte(w->out, ']');
    return FIRN_OK;
}

static firn_status put_container(walk *w, const firn_avro_schema *schema, int depth)
{
    firn_buf_printf(w->out, "{\"type\":\"%s\",\"%s\":", kind_name(schema->kind),
                    schema->kind == FIRN_AVRO_ARRAY ? "items" : "values");
    FIRN_TRY(put_schema(w, schema->fields[0].schema, depth));
    firn_buf_byte(w->out, '}');
    return FIRN_OK;
}

static firn_status put_schema(walk *w, const firn_avro_schema *schema, int depth)
{
    /* Names end cycles; the parser has bounded the rest. */
    if (depth > FIRN_LIMIT_NESTING)
        return firn_fail(w->err, FIRN_ERR_LIMIT, "avro schema nested deeper than %d levels",
                         FIRN_LIMIT_NESTING);
    switch (schema->kind) {
    case FIRN_AVRO_RECORD:
    case FIRN_AVRO_ENUM:
    case FIRN_AVRO_FIXED: return put_named(w, schema, depth + 1);
    case FIRN_AVRO_UNION: return put_union(w, schema, depth + 1);
    case FIRN_AVRO_ARRAY:
    case FIRN_AVRO_MAP: return put_container(w, schema, depth + 1);
    default: firn_buf_printf(w->out, "\"%s\"", kind_name(schema->kind)); return FIRN_OK;
    }
}

firn_status firn_avro_canonical_form(const firn_avro_schema *schema, firn_buf *out, firn_error *err)
{
    firn_arena *scratch = firn_arena_create(NULL, 0);
    walk w = {.out = out, .err = err};

    if (!scratch) return firn_fail_nomem(err);
    firn_map_init(&w.seen, scratch);
    const firn_status st = put_schema(&w, schema, 0);
    firn_arena_destroy(scratch);
    return st == FIRN_OK ? firn_buf_check(out, err) : st;
}

/* Bit by bit: a table would save nothing that is ever measured. */
uint64_t firn_avro_fingerprint(firn_str bytes)
{
    const uint64_t empty = 0xc15d213aa4d7a795u;
    uint64_t crc = empty;

    for (size_t i = 0; i < bytes.len; i++) {
        crc ^= (uint8_t)bytes.data[i];
        for (int bit = 0; bit < 8; bit++) crc = (crc >> 1) ^ (empty & (0 - (crc & 1)));
    }
    return crc;
}
