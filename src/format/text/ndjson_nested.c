/* SPDX-License-Identifier: Apache-2.0 */
/* Structs, arrays and nulls. The members of an object are in ndjson_members.h. */
#include "format/text/ndjson_kernels.h"

void ndjson_set_null(const firn_column *column, int64_t row)
{
    const size_t width = firn_column_width(column->type);

    column->validity[(uint64_t)row >> 6] &= ~(UINT64_C(1) << ((uint64_t)row & 63));
    if (column->type->kind == FIRN_TYPE_LIST || column->type->kind == FIRN_TYPE_MAP) {
        ((firn_list_entry *)column->values)[row] =
            (firn_list_entry){(uint64_t)column->children[0].n_values, 0};
        return;
    }
    if (column->type->kind != FIRN_TYPE_STRUCT) {
        memset((char *)column->values + (size_t)row * width, 0, width);
        return;
    }
    for (size_t i = 0; i < column->n_children; i++) ndjson_set_null(&column->children[i], row);
}

const char *ndjson_expected(const firn_type *type)
{
    switch (type->kind) {
    case FIRN_TYPE_BOOLEAN: return "a boolean";
    case FIRN_TYPE_INT:
    case FIRN_TYPE_LONG: return "an integer";
    case FIRN_TYPE_FLOAT:
    case FIRN_TYPE_DOUBLE:
    case FIRN_TYPE_DECIMAL: return "a number";
    case FIRN_TYPE_STRUCT:
    case FIRN_TYPE_MAP: return "an object";
    case FIRN_TYPE_LIST: return "an array";
    case FIRN_TYPE_UNKNOWN: return "null";
    default: return "a string";
    }
}

const char *ndjson_parse_other(ndjson_line *line, ndjson_node *node, firn_column *column,
                               int64_t row, const char *p)
{
    if (memcmp(p, "null", 4) != 0)
        return ndjson_stop(
            line, p,
            firn_fail(&line->reason, FIRN_ERR_CORRUPT, "expected %s for \"%.*s\", found %s",
                      ndjson_expected(node->type), FIRN_STR_ARG(node->name), ndjson_found(p)));
    if (node->is_required)
        return ndjson_stop(line, p,
                           firn_fail(&line->reason, FIRN_ERR_CORRUPT,
                                     "\"%.*s\" is required and must not be null",
                                     FIRN_STR_ARG(node->name)));
    ndjson_set_null(column, row);
    return p + 4;
}

/* ---- objects ---- */

const char *ndjson_fail_after_value(ndjson_line *line, const char *p, char close)
{
    return ndjson_stop(line, p,
                       firn_fail(&line->reason, FIRN_ERR_CORRUPT, "expected ',' or '%c', found %s",
                                 close, ndjson_found(p)));
}

const char *ndjson_parse_struct(ndjson_line *line, ndjson_node *node, firn_column *column,
                                int64_t row, const char *p)
{
    if (*p != '{') return ndjson_parse_other(line, node, column, row, p);
    return node->object->kernels->parse_members(line, node->object, column->children, row, p);
}

/* ---- lists ---- */

int64_t ndjson_add_entry(ndjson_line *line, firn_column *child)
{
    const int64_t at = child->n_values;
    const firn_status st = firn_column_reserve(child, at + 1, &line->reason);

    if (st != FIRN_OK) {
        (void)ndjson_fail_hard(line, st);
        return -1;
    }
    child->n_values = at + 1;
    return at;
}

firn_list_entry *ndjson_begin_entries(firn_column *column, int64_t row)
{
    firn_list_entry *entry = (firn_list_entry *)column->values + row;

    *entry = (firn_list_entry){(uint64_t)column->children[0].n_values, 0};
    return entry;
}

const char *ndjson_parse_list(ndjson_line *line, ndjson_node *node, firn_column *column,
                              int64_t row, const char *p)
{
    firn_column *child = &column->children[0];
    firn_list_entry *entry;

    if (*p != '[') return ndjson_parse_other(line, node, column, row, p);
    entry = ndjson_begin_entries(column, row);
    p = ndjson_skip_space(p + 1);
    if (*p == ']') return p + 1;
    for (;;) {
        const int64_t at = ndjson_add_entry(line, child);
        if (at < 0) return NULL;
        p = node->items[0].parse(line, &node->items[0], child, at, p);
        if (!p) return NULL;
        entry->length++;
        p = ndjson_skip_space(p);
        if (*p == ']') return p + 1;
        if (*p != ',') return ndjson_fail_after_value(line, p, ']');
        p = ndjson_skip_space(p + 1);
    }
}
