/* SPDX-License-Identifier: Apache-2.0 */
/* Conversions as SQL, so that the engine computes them only for columns that a query names. */
#include "sql/engine/border_types.h"

#include "base/error.h"
#include "base/limits.h"
#include "sql/resolve/query_rewrite.h"

typedef struct conversion {
    firn_arena *arena;
    firn_buf *out;
    const char *variant[2], *geometry[2]; /* around a value */
    firn_error *err;
} conversion;

static bool is_geometry(firn_type_kind kind)
{
    return kind == FIRN_TYPE_GEOMETRY || kind == FIRN_TYPE_GEOGRAPHY;
}

static bool has(const firn_type *type, int depth)
{
    if (type->kind == FIRN_TYPE_VARIANT || is_geometry(type->kind)) return true;
    for (size_t i = 0; i < type->n_fields && depth < FIRN_LIMIT_NESTING; i++)
        if (has(type->fields[i].type, depth + 1)) return true;
    return false;
}

bool firn_border_has(const firn_type *type)
{
    return has(type, 0);
}

firn_str firn_border_stored_name(firn_str column, firn_arena *arena)
{
    const firn_str name = firn_arena_printf(arena, "__firn_stored_%.*s", FIRN_STR_ARG(column));
    return name.data ? firn_sql_quote(name, arena) : name;
}

static firn_status put(const conversion *c, const firn_type *type, firn_str value, int depth);

/* Not all of these functions make null of null. */
static void put_around(const conversion *c, const char *const around[2], firn_str value)
{
    firn_buf_printf(c->out, "CASE WHEN %.*s IS NOT NULL THEN %s%.*s%s END", FIRN_STR_ARG(value),
                    around[0], FIRN_STR_ARG(value), around[1]);
}

static firn_status put_struct(const conversion *c, const firn_type *type, firn_str value, int depth)
{
    firn_buf_printf(c->out, "CASE WHEN %.*s IS NOT NULL THEN struct_pack(", FIRN_STR_ARG(value));
    for (size_t i = 0; i < type->n_fields; i++) {
        const firn_str name = firn_sql_quote(type->fields[i].name, c->arena);
        const firn_str part =
            firn_arena_printf(c->arena, "%.*s.%.*s", FIRN_STR_ARG(value), FIRN_STR_ARG(name));
        if (!name.data || !part.data) return firn_fail_nomem(c->err);
        firn_buf_printf(c->out, "%s%.*s := ", i > 0 ? ", " : "", FIRN_STR_ARG(name));
        FIRN_TRY(put(c, type->fields[i].type, part, depth + 1));
    }
    firn_buf_cstr(c->out, ") END");
    return FIRN_OK;
}

/* before value after: a list, of which each element is converted. */
static firn_status put_elements(const conversion *c, const firn_type *element, const char *before,
                                firn_str value, const char *after, int depth)
{
    const firn_str name = firn_arena_printf(c->arena, "\"firn_x%d\"", depth);
    if (!name.data) return firn_fail_nomem(c->err);
    firn_buf_printf(c->out, "list_transform(%s%.*s%s, lambda %.*s: ", before, FIRN_STR_ARG(value),
                    after, FIRN_STR_ARG(name));
    FIRN_TRY(put(c, element, name, depth + 1));
    firn_buf_byte(c->out, ')');
    return FIRN_OK;
}

static firn_status put_map(const conversion *c, const firn_type *type, firn_str value, int depth)
{
    firn_buf_printf(c->out, "CASE WHEN %.*s IS NOT NULL THEN map(", FIRN_STR_ARG(value));
    FIRN_TRY(put_elements(c, type->fields[0].type, "map_keys(", value, ")", depth));
    firn_buf_cstr(c->out, ", ");
    FIRN_TRY(put_elements(c, type->fields[1].type, "map_values(", value, ")", depth));
    firn_buf_cstr(c->out, ") END");
    return FIRN_OK;
}

static firn_status put(const conversion *c, const firn_type *type, firn_str value, int depth)
{
    if (depth > FIRN_LIMIT_NESTING)
        return firn_fail(c->err, FIRN_ERR_LIMIT, "type nested deeper than %d", FIRN_LIMIT_NESTING);
    if (!firn_border_has(type)) {
        firn_buf_str(c->out, value);
        return FIRN_OK;
    }
    switch (type->kind) {
    case FIRN_TYPE_STRUCT: return put_struct(c, type, value, depth);
    case FIRN_TYPE_LIST: return put_elements(c, type->fields[0].type, "", value, "", depth);
    case FIRN_TYPE_MAP: return put_map(c, type, value, depth);
    default: put_around(c, is_geometry(type->kind) ? c->geometry : c->variant, value);
    }
    return FIRN_OK;
}

static firn_status convert(conversion *c, const firn_type *type, firn_str value)
{
    c->arena = firn_arena_create(NULL, 0);
    if (!c->arena) return firn_fail_nomem(c->err);
    const firn_status st = put(c, type, value, 0);
    firn_arena_destroy(c->arena);
    return st;
}

firn_status firn_border_put_read(firn_buf *out, const firn_type *type, firn_str value,
                                 firn_error *err)
{
    conversion c = {.out = out,
                    .variant = {"variant_bytes_to_variant(", ")"},
                    .geometry = {"ST_GeomFromWKB(", ")"},
                    .err = err};
    return convert(&c, type, value);
}

firn_status firn_border_put_write(firn_buf *out, const firn_type *type, firn_str value,
                                  firn_error *err)
{
    conversion c = {.out = out,
                    .variant = {"firn_variant_bytes(variant_to_parquet_variant(", "))"},
                    .geometry = {"ST_AsWKB(", ")"},
                    .err = err};
    return convert(&c, type, value);
}
