/* SPDX-License-Identifier: Apache-2.0 */
/* Each line is parsed to a JSON document and merged into one shape: the least kind that holds all
 * values seen. Depth is bounded by the JSON parser. */
#include "format/text/ndjson_infer.h"

#include <inttypes.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/str.h"
#include "format/json/json.h"

#define MAX_LINES_DEFAULT 1000
#define LINE_ARENA_LIMIT  ((size_t)64 << 20)

typedef enum shape_kind {
    SHAPE_NULL = 0, /* nothing but null so far */
    SHAPE_BOOLEAN,
    SHAPE_LONG,
    SHAPE_DOUBLE,
    SHAPE_TEXT,
    SHAPE_LIST,
    SHAPE_STRUCT,
} shape_kind;

typedef struct shape shape;
struct shape {
    shape_kind kind;
    firn_str name;  /* of a member of a STRUCT */
    firn_map parts; /* of shapes. STRUCT: members; LIST: one, the element */
};

static shape_kind kind_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT: return SHAPE_STRUCT;
    case JSON_ARRAY: return SHAPE_LIST;
    case JSON_INTEGER: return SHAPE_LONG;
    case JSON_REAL: return SHAPE_DOUBLE;
    case JSON_TRUE:
    case JSON_FALSE: return SHAPE_BOOLEAN;
    case JSON_NULL: return SHAPE_NULL;
    case JSON_STRING: break;
    }
    return SHAPE_TEXT;
}

static shape_kind join(shape_kind a, shape_kind b)
{
    if (a == b || b == SHAPE_NULL) return a;
    if (a == SHAPE_NULL) return b;
    if ((a == SHAPE_LONG && b == SHAPE_DOUBLE) || (a == SHAPE_DOUBLE && b == SHAPE_LONG))
        return SHAPE_DOUBLE;
    return SHAPE_TEXT;
}

static shape *make_shape(firn_arena *arena, firn_str name)
{
    shape *s = firn_arena_alloc_zero(arena, sizeof *s);
    if (!s) return NULL;
    s->name = firn_arena_copy(arena, name);
    firn_map_init(&s->parts, arena);
    return s->name.data ? s : NULL;
}

static firn_status add_part(shape *s, firn_str name, firn_arena *arena, shape **out,
                            firn_error *err)
{
    if (s->parts.n_entries == FIRN_LIMIT_COLUMNS)
        return firn_fail(err, FIRN_ERR_LIMIT, "more than %d keys in an object", FIRN_LIMIT_COLUMNS);
    *out = make_shape(arena, name);
    return *out ? firn_map_put(&s->parts, (*out)->name, *out, err) : firn_fail_nomem(err);
}

static firn_status merge(shape *s, json_t *value, firn_arena *arena, firn_error *err);

static firn_status merge_member(shape *s, firn_str name, json_t *value, firn_arena *arena,
                                firn_error *err)
{
    shape *part = firn_map_find(&s->parts, name);
    if (!part) FIRN_TRY(add_part(s, name, arena, &part, err));
    return merge(part, value, arena, err);
}

static firn_status merge(shape *s, json_t *value, firn_arena *arena, firn_error *err)
{
    s->kind = join(s->kind, kind_of(value));
    if (s->kind == SHAPE_STRUCT && json_is_object(value)) {
        const char *key;
        size_t len;
        json_t *member;
        json_object_keylen_foreach(value, key, len, member)
            FIRN_TRY(merge_member(s, (firn_str){key, len}, member, arena, err));
    }
    if (s->kind == SHAPE_LIST && json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++)
            FIRN_TRY(merge_member(s, FIRN_STR("element"), json_array_get(value, i), arena, err));
    }
    return FIRN_OK;
}

static firn_type_kind type_of(shape_kind kind)
{
    switch (kind) {
    case SHAPE_BOOLEAN: return FIRN_TYPE_BOOLEAN;
    case SHAPE_LONG: return FIRN_TYPE_LONG;
    case SHAPE_DOUBLE: return FIRN_TYPE_DOUBLE;
    case SHAPE_LIST: return FIRN_TYPE_LIST;
    case SHAPE_STRUCT: return FIRN_TYPE_STRUCT;
    case SHAPE_NULL:
    case SHAPE_TEXT: break;
    }
    return FIRN_TYPE_STRING;
}

static firn_status make_type(shape *s, int32_t *next_id, firn_arena *arena, const firn_type **out,
                             firn_error *err)
{
    shape *element = NULL;
    firn_type *type = firn_arena_alloc_zero(arena, sizeof *type);
    if (!type) return firn_fail_nomem(err);
    *out = type;
    type->kind = type_of(s->kind);
    if (type->kind != FIRN_TYPE_LIST && type->kind != FIRN_TYPE_STRUCT) return FIRN_OK;
    if (s->kind == SHAPE_LIST && s->parts.n_entries == 0)
        FIRN_TRY(add_part(s, FIRN_STR("element"), arena, &element, err));
    const size_t n = s->parts.n_entries;
    firn_field *fields = firn_arena_array(arena, n, sizeof *fields);
    if (!fields) return firn_fail_nomem(err);
    for (size_t i = 0; i < n; i++) {
        shape *part = s->parts.entries[i].value;
        fields[i].id = (*next_id)++;
        fields[i].name = part->name;
        FIRN_TRY(make_type(part, next_id, arena, &fields[i].type, err));
    }
    type->fields = fields;
    type->n_fields = n;
    return FIRN_OK;
}

/* Adds a line; a bad one is left to the decoder's report unless no line is good. */
static firn_status add_line(shape *root, firn_str line, firn_arena *scratch, firn_arena *arena,
                            firn_error *err)
{
    json_t *document = NULL;
    firn_arena_reset(scratch);
    FIRN_TRY(firn_json_parse(line, scratch, &document, err));
    if (!json_is_object(document))
        return firn_fail_at(err, 0, "expected an object, found another value");
    return merge(root, document, arena, err);
}

static firn_status add_lines(shape *root, firn_str sample, bool is_whole, int64_t max_lines,
                             firn_arena *scratch, firn_arena *arena, firn_error *err)
{
    bool has_good = false;
    firn_status first = FIRN_OK;
    firn_error fault = {0};
    for (int64_t n = 1; sample.len > 0 && n <= max_lines; n++) {
        const bool is_cut = firn_str_find(sample, FIRN_STR("\n"), 0) == SIZE_MAX;
        const firn_str line = firn_str_trim(firn_str_split(&sample, '\n'));
        if (line.len == 0 || (is_cut && !is_whole && n > 1)) continue;
        const firn_status st = add_line(root, line, scratch, arena, &fault);
        if (st == FIRN_ERR_NOMEM || (st == FIRN_ERR_LIMIT && root->parts.n_entries > 0)) {
            if (err) *err = fault;
            return st;
        }
        has_good = has_good || st == FIRN_OK;
        if (st == FIRN_OK || first != FIRN_OK) continue;
        first = st;
        if (err) *err = fault;
        (void)firn_error_wrap(err, st, "line %" PRId64, n);
    }
    if (has_good) return FIRN_OK;
    return first != FIRN_OK ? first : firn_fail_at(err, 0, "no line with an object");
}

firn_status firn_ndjson_infer(firn_str sample, bool is_whole, int64_t max_lines, firn_arena *arena,
                              const firn_type **root, firn_error *err)
{
    int32_t next_id = 1;
    *root = NULL;
    shape *all = make_shape(arena, FIRN_STR(""));
    firn_arena *scratch = firn_arena_create(NULL, LINE_ARENA_LIMIT);
    firn_status st = all && scratch ? FIRN_OK : firn_fail_nomem(err);
    if (st == FIRN_OK) {
        all->kind = SHAPE_STRUCT;
        st = add_lines(all, sample, is_whole, max_lines > 0 ? max_lines : MAX_LINES_DEFAULT,
                       scratch, arena, err);
    }
    firn_arena_destroy(scratch);
    return st == FIRN_OK ? make_type(all, &next_id, arena, root, err) : st;
}
