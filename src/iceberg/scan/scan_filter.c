/* SPDX-License-Identifier: Apache-2.0 */
/* Translation of Iceberg's expressions, one predicate at a time. Their literals have the column's
 * type and their lists are sorted in the order filters have, so values go over as they are. */
#include "iceberg/scan/scan_filter.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"

typedef struct translator {
    const firn_schema *file_schema;
    firn_row_match match;
    const firn_name_mapping *mapping;
    firn_arena *arena;
} translator;

static const firn_filter k_any = {.op = FIRN_FILTER_ANY};
static const firn_filter k_none = {.op = FIRN_FILTER_NONE};

/* NULL below: out of memory. */

static firn_filter *make(const translator *t, firn_filter_op op, const firn_field *column)
{
    firn_filter *filter = firn_arena_alloc_zero(t->arena, sizeof *filter);
    if (!filter) return NULL;
    filter->op = op;
    filter->column = column;
    return filter;
}

static const firn_filter *join(const translator *t, firn_filter_op op,
                               const firn_filter *const *parts, size_t n)
{
    firn_filter *filter = make(t, op, NULL);
    const firn_filter **copies = firn_arena_array(t->arena, n, sizeof(firn_filter *));
    if (!filter || !copies) return NULL;
    for (size_t i = 0; i < n; i++) {
        if (!parts[i]) return NULL;
        copies[i] = parts[i];
    }
    filter->parts = copies;
    filter->n_parts = n;
    return filter;
}

static const firn_filter *or_null(const translator *t, const firn_filter *filter,
                                  const firn_field *column)
{
    const firn_filter *const parts[] = {filter, make(t, FIRN_FILTER_IS_NULL, column)};
    return join(t, FIRN_FILTER_OR, parts, 2);
}

static const firn_filter *list(const translator *t, firn_filter_op op, const firn_field *column,
                               const firn_value *values, size_t n)
{
    firn_filter *filter = make(t, op, column);
    if (!filter) return NULL;
    filter->values = values;
    filter->n_values = n;
    return filter;
}

static const firn_filter *nan_list(const translator *t, firn_filter_op op, const firn_field *column)
{
    firn_value *value = firn_arena_alloc_zero(t->arena, sizeof *value);
    if (!value) return NULL;
    value->kind = column->type->kind;
    if (value->kind == FIRN_TYPE_FLOAT) value->as.f32 = NAN;
    if (value->kind == FIRN_TYPE_DOUBLE) value->as.f64 = (double)NAN;
    return list(t, op, column, value, 1);
}

static const firn_filter *range(const translator *t, const firn_field *column,
                                const firn_filter_end *low, const firn_filter_end *high)
{
    firn_filter *filter = make(t, FIRN_FILTER_RANGE, column);
    if (!filter) return NULL;
    if (low) filter->low = *low;
    if (high) filter->high = *high;
    return filter;
}

/* ---- prefixes ---- */

/* The least bytes greater than all that begin with prefix; *has false: there are none. */
static bool next_prefix(const translator *t, const firn_value *prefix, firn_filter_end *out)
{
    size_t n = prefix->as.bytes.len;
    *out = (firn_filter_end){.is_open = true, .value = *prefix};
    while (n > 0 && (uint8_t)prefix->as.bytes.data[n - 1] == 0xff) n--;
    if (n == 0) return true;
    char *bytes = firn_arena_alloc(t->arena, n);
    if (!bytes) return false;
    memcpy(bytes, prefix->as.bytes.data, n);
    bytes[n - 1] = (char)((uint8_t)bytes[n - 1] + 1);
    out->is_set = true;
    out->value.as.bytes = (firn_str){bytes, n};
    return true;
}

static const firn_filter *prefix(const translator *t, const firn_field *column,
                                 const firn_value *value)
{
    const firn_filter_end low = {.is_set = true, .value = *value};
    firn_filter_end high;
    if (!next_prefix(t, value, &high)) return NULL;
    return range(t, column, &low, &high);
}

static const firn_filter *no_prefix(const translator *t, const firn_field *column,
                                    const firn_value *value)
{
    const firn_filter_end below = {.is_set = true, .is_open = true, .value = *value};
    firn_filter_end above;
    if (!next_prefix(t, value, &above)) return NULL;
    above.is_open = false;
    const firn_filter *const parts[] = {range(t, column, NULL, &below),
                                        above.is_set ? range(t, column, &above, NULL) : &k_none};
    return or_null(t, join(t, FIRN_FILTER_OR, parts, 2), column);
}

/* ---- predicates ---- */

static const firn_filter *compare(const translator *t, firn_expr_op op, const firn_field *column,
                                  const firn_value *value)
{
    const firn_filter_end end = {
        .is_set = true, .is_open = op == FIRN_EXPR_LT || op == FIRN_EXPR_GT, .value = *value};
    const bool is_high = op == FIRN_EXPR_LT || op == FIRN_EXPR_LTEQ;
    return range(t, column, is_high ? NULL : &end, is_high ? &end : NULL);
}

static const firn_filter *predicate(const translator *t, const firn_expr *e,
                                    const firn_field *column)
{
    switch (e->op) {
    case FIRN_EXPR_IS_NULL: return make(t, FIRN_FILTER_IS_NULL, column);
    case FIRN_EXPR_NOT_NULL: return make(t, FIRN_FILTER_NOT_NULL, column);
    case FIRN_EXPR_IS_NAN: return nan_list(t, FIRN_FILTER_IN, column);
    case FIRN_EXPR_NOT_NAN: return or_null(t, nan_list(t, FIRN_FILTER_NOT_IN, column), column);
    case FIRN_EXPR_LT:
    case FIRN_EXPR_LTEQ:
    case FIRN_EXPR_GT:
    case FIRN_EXPR_GTEQ: return compare(t, e->op, column, e->values);
    case FIRN_EXPR_EQ:
    case FIRN_EXPR_IN: return list(t, FIRN_FILTER_IN, column, e->values, e->n_values);
    case FIRN_EXPR_NOT_EQ:
    case FIRN_EXPR_NOT_IN:
        return or_null(t, list(t, FIRN_FILTER_NOT_IN, column, e->values, e->n_values), column);
    case FIRN_EXPR_STARTS_WITH: return prefix(t, column, e->values);
    case FIRN_EXPR_NOT_STARTS_WITH: return no_prefix(t, column, e->values);
    default: return &k_any;
    }
}

/* The file's column as the reader's match finds it; *out NULL: the file has none. */
static bool find_column(const translator *t, const firn_expr *e, const firn_field **out)
{
    const firn_field wanted = {.id = e->field_id, .name = e->column, .type = e->type};
    *out = NULL;
    const firn_field *in_file =
        t->match == FIRN_ROW_MATCH_IDS
            ? firn_schema_find_id(t->file_schema, e->field_id)
            : firn_name_mapping_find(t->mapping, &wanted, &t->file_schema->root);
    if (!in_file || !e->type || e->type->kind == FIRN_TYPE_UNKNOWN) return true;
    firn_field *column = firn_arena_alloc_zero(t->arena, sizeof *column);
    if (!column) return false;
    *column = wanted;
    column->name = in_file->name;
    *out = column;
    return true;
}

/* Depth is bounded by firn_expr_bind(). */
static const firn_filter *translate(const translator *t, const firn_expr *e)
{
    const firn_field *column = NULL;
    switch (e->op) {
    case FIRN_EXPR_TRUE:
    case FIRN_EXPR_NOT: return &k_any;
    case FIRN_EXPR_FALSE: return &k_none;
    case FIRN_EXPR_AND:
    case FIRN_EXPR_OR: {
        const firn_filter *const parts[] = {translate(t, e->left), translate(t, e->right)};
        return join(t, e->op == FIRN_EXPR_AND ? FIRN_FILTER_AND : FIRN_FILTER_OR, parts, 2);
    }
    default: break;
    }
    if (!find_column(t, e, &column)) return NULL;
    return column ? predicate(t, e, column) : &k_any;
}

static const firn_filter *test_of(const translator *t, const firn_scan_test *test)
{
    const firn_field *field = test->field;
    const firn_expr of_field = {.field_id = field->id, .column = field->name, .type = field->type};
    const firn_field *column = NULL;
    if (!find_column(t, &of_field, &column)) return NULL;
    if (!column) return &k_any;
    firn_filter *filter = make(t, test->set ? FIRN_FILTER_KEYS : FIRN_FILTER_TEXT, column);
    if (!filter) return NULL;
    filter->keys = test->set;
    filter->pattern = test->pattern;
    return test->with_null ? or_null(t, filter, column) : filter;
}

firn_status firn_scan_filter_make(const firn_scan_wanted *wanted, const firn_schema *file_schema,
                                  firn_row_match match, const firn_name_mapping *mapping,
                                  firn_arena *arena, const firn_filter **out, firn_error *err)
{
    const translator t = {file_schema, match, mapping, arena};
    *out = translate(&t, wanted->filter);
    for (size_t i = 0; i < wanted->n_tests && *out; i++) {
        const firn_filter *const parts[] = {*out, test_of(&t, &wanted->tests[i])};
        *out = join(&t, FIRN_FILTER_AND, parts, 2);
    }
    return *out ? FIRN_OK : firn_fail_nomem(err);
}
