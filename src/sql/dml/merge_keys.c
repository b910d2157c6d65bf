/* SPDX-License-Identifier: Apache-2.0 */
/* Which part of a merge's target can match: the range of the source's keys, as constants that skip
 * data files, and the keys themselves, which skip pages and rows in the scan before the engine
 * joins them. Only for keys whose order the engine and Iceberg agree on. */
#include <stdio.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/str.h"
#include "iceberg/spec/schema_json.h"
#include "sql/dml/dml.h"

static bool is_integral(firn_type_kind kind)
{
    return kind == FIRN_TYPE_INT || kind == FIRN_TYPE_LONG || kind == FIRN_TYPE_DECIMAL;
}

/* Equal keys of these types are equal after a cast to the target's type. */
static bool is_comparable(firn_type_kind target, firn_type_kind source)
{
    switch (target) {
    case FIRN_TYPE_INT:
    case FIRN_TYPE_LONG:
    case FIRN_TYPE_DECIMAL: return is_integral(source);
    case FIRN_TYPE_DATE:
    case FIRN_TYPE_TIMESTAMP:
    case FIRN_TYPE_TIMESTAMPTZ:
    case FIRN_TYPE_STRING: return target == source;
    default: return false;
    }
}

static void put_relation(firn_sql_text *text, firn_str relation)
{
    firn_sql_text_put(text, " FROM ");
    firn_sql_text_str(text, relation);
}

static firn_status describe_keys(firn_session *session, firn_str relation,
                                 const firn_merge_key *keys, size_t n, firn_type *out,
                                 firn_error *err)
{
    firn_sql_text text;
    firn_str sql;
    firn_sql_text_init(&text, session, (firn_str){0});
    firn_sql_text_put(&text, "SELECT ");
    for (size_t i = 0; i < n; i++) {
        if (i > 0) firn_sql_text_put(&text, ", ");
        firn_sql_text_str(&text, keys[i].source);
    }
    put_relation(&text, relation);
    FIRN_TRY(firn_sql_text_finish(&text, &sql, err));
    return firn_sql_text_describe(&text, sql, out, err);
}

/* The part of the memory budget that the keys of one column may take. */
#define KEYS_PART 16

/* min, max, number of nulls and of values of each key. */
static firn_status write_query(firn_sql_text *text, firn_str relation, const firn_merge_key *keys,
                               size_t n, firn_error *err)
{
    firn_sql_text_put(text, "SELECT ");
    for (size_t i = 0; i < n; i++) {
        firn_sql_text_put(text, i > 0 ? ", min(k" : "min(k");
        firn_buf_printf(&text->buf, "%zu), max(k%zu), count(*) - count(k%zu), count(k%zu)", i, i, i,
                        i);
    }
    firn_sql_text_put(text, " FROM (SELECT ");
    for (size_t i = 0; i < n; i++) {
        firn_sql_text_put(text, i > 0 ? ", TRY_CAST(" : "TRY_CAST(");
        firn_sql_text_str(text, keys[i].source);
        firn_sql_text_put(text, " AS ");
        FIRN_TRY(firn_sql_text_type(text, keys[i].field->type, err));
        firn_buf_printf(&text->buf, ") AS k%zu", i);
    }
    put_relation(text, relation);
    firn_sql_text_put(text, ")");
    return FIRN_OK;
}

typedef struct key_range {
    firn_value min, max;
    int64_t n_nulls, n_values;
} key_range;

enum { RANGE_MIN = 0, RANGE_MAX, RANGE_NULLS, RANGE_VALUES, N_RANGE };

static firn_status copy_value(firn_arena *arena, const firn_column *column, firn_value *out,
                              firn_error *err)
{
    if (!firn_column_is_valid(column, 0)) {
        *out = (firn_value){.kind = column->type->kind, .is_null = true};
        return FIRN_OK;
    }
    *out = firn_column_get(column, 0);
    if (out->kind != FIRN_TYPE_STRING) return FIRN_OK;
    out->as.bytes = firn_arena_copy(arena, out->as.bytes);
    return out->as.bytes.data ? FIRN_OK : firn_fail_nomem(err);
}

static firn_status read_ranges(firn_session *session, firn_sql_text *text, firn_str sql,
                               key_range *out, size_t n, firn_error *err)
{
    firn_result *result = NULL;
    const firn_batch *batch = NULL;
    FIRN_TRY(firn_sql_text_query(text, sql, &result, err));
    firn_status st = firn_result_next(result, &batch, err);
    if (st == FIRN_DONE) st = firn_fail(err, FIRN_ERR_INTERNAL, "an aggregate gave no row");
    for (size_t i = 0; i < n && st == FIRN_OK; i++) {
        const firn_column *columns = &batch->columns[N_RANGE * i];
        st = copy_value(session->arena, &columns[RANGE_MIN], &out[i].min, err);
        if (st == FIRN_OK) st = copy_value(session->arena, &columns[RANGE_MAX], &out[i].max, err);
        out[i].n_nulls = ((const int64_t *)columns[RANGE_NULLS].values)[0];
        out[i].n_values = ((const int64_t *)columns[RANGE_VALUES].values)[0];
    }
    firn_result_close(result);
    return st;
}

static firn_status put_literal(firn_sql_text *text, const firn_value *value, const firn_type *type,
                               firn_error *err)
{
    firn_str literal;
    FIRN_TRY(firn_value_to_text(value, text->session->arena, &literal, err));
    firn_sql_text_put(text, "CAST(");
    firn_sql_text_string(text, literal);
    firn_sql_text_put(text, " AS ");
    FIRN_TRY(firn_sql_text_type(text, type, err));
    firn_sql_text_put(text, ")");
    return FIRN_OK;
}

static firn_status put_condition(firn_sql_text *text, const firn_merge_key *key,
                                 const key_range *range, firn_error *err)
{
    const bool may_be_null = key->is_null_safe && range->n_nulls > 0;
    firn_sql_text_put(text, "(");
    if (range->min.is_null) {
        firn_sql_text_put(text, "false");
    } else {
        firn_sql_text_name(text, key->field->name);
        firn_sql_text_put(text, " BETWEEN ");
        FIRN_TRY(put_literal(text, &range->min, key->field->type, err));
        firn_sql_text_put(text, " AND ");
        FIRN_TRY(put_literal(text, &range->max, key->field->type, err));
    }
    if (may_be_null) {
        firn_sql_text_put(text, " OR ");
        firn_sql_text_name(text, key->field->name);
        firn_sql_text_put(text, " IS NULL");
    }
    firn_sql_text_put(text, ")");
    return FIRN_OK;
}

static const firn_expr *condition(firn_arena *arena, const firn_merge_key *key,
                                  const key_range *range)
{
    const firn_str name = key->field->name;
    const firn_expr *e = firn_expr_false();
    if (!range->min.is_null) {
        const firn_expr *low = firn_expr_predicate(arena, FIRN_EXPR_GTEQ, name, &range->min, 1);
        const firn_expr *high = firn_expr_predicate(arena, FIRN_EXPR_LTEQ, name, &range->max, 1);
        e = low && high ? firn_expr_and(arena, low, high) : NULL;
    }
    if (!e || !key->is_null_safe || range->n_nulls == 0) return e;
    const firn_expr *null = firn_expr_predicate(arena, FIRN_EXPR_IS_NULL, name, NULL, 0);
    return null ? firn_expr_or(arena, e, null) : NULL;
}

static firn_status combine(firn_session *session, const firn_merge_key *keys,
                           const key_range *ranges, size_t n, firn_merge_range *out,
                           firn_error *err)
{
    firn_sql_text text;
    firn_status st = FIRN_OK;
    firn_sql_text_init(&text, session, (firn_str){0});
    out->filter = firn_expr_true();
    for (size_t i = 0; i < n && st == FIRN_OK; i++) {
        const firn_expr *e = condition(session->arena, &keys[i], &ranges[i]);
        const firn_expr *both = e ? firn_expr_and(session->arena, out->filter, e) : NULL;
        if (!both) {
            st = firn_fail_nomem(err);
            break;
        }
        out->filter = both;
        if (i > 0) firn_sql_text_put(&text, " AND ");
        st = put_condition(&text, &keys[i], &ranges[i], err);
    }
    if (st != FIRN_OK) {
        firn_sql_text_dispose(&text);
        return st;
    }
    return firn_sql_text_finish(&text, &out->where, err);
}

/* ---- the keys themselves ---- */

static firn_status put_keys(firn_sql_text *text, firn_str relation, const firn_merge_key *key,
                            bool is_sorted, firn_error *err)
{
    firn_sql_text_put(text, "SELECT TRY_CAST(");
    firn_sql_text_str(text, key->source);
    firn_sql_text_put(text, " AS ");
    FIRN_TRY(firn_sql_text_type(text, key->field->type, err));
    firn_sql_text_put(text, ") AS k");
    put_relation(text, relation);
    if (is_sorted) firn_sql_text_put(text, " ORDER BY k NULLS LAST");
    return FIRN_OK;
}

static firn_status read_keys(firn_session *session, firn_str relation, const firn_merge_key *key,
                             firn_key_set *set, firn_error *err)
{
    firn_sql_text text;
    firn_str sql;
    firn_result *result = NULL;
    const firn_batch *batch = NULL;
    firn_sql_text_init(&text, session, (firn_str){0});
    firn_status st = put_keys(&text, relation, key, firn_key_set_is_sorted(set), err);
    if (st != FIRN_OK) {
        firn_sql_text_dispose(&text);
        return st;
    }
    FIRN_TRY(firn_sql_text_finish(&text, &sql, err));
    FIRN_TRY(firn_sql_text_query(&text, sql, &result, err));
    while ((st = firn_result_next(result, &batch, err)) == FIRN_OK) {
        st = firn_key_set_add(set, &batch->columns[0], batch->n_rows, err);
        if (st != FIRN_OK) break;
    }
    firn_result_close(result);
    return st == FIRN_DONE ? FIRN_OK : st;
}

static firn_status collect_keys(firn_session *session, firn_str relation,
                                const firn_merge_key *keys, const key_range *ranges, size_t n,
                                firn_merge_range *out, firn_error *err)
{
    const size_t most = (size_t)session->env->memory_bytes / KEYS_PART;
    firn_scan_test *found = firn_arena_array(session->arena, n, sizeof *found);
    if (!found) return firn_fail_nomem(err);
    out->keys = found;
    for (size_t i = 0; i < n; i++) {
        firn_key_set *set = NULL;
        if (ranges[i].min.is_null || !firn_key_set_takes(keys[i].field->type)) continue;
        FIRN_TRY(firn_key_set_create(session->arena, firn_key_of(&ranges[i].min),
                                     firn_key_of(&ranges[i].max), ranges[i].n_values, most / n,
                                     &set, err));
        if (!set) continue;
        FIRN_TRY(read_keys(session, relation, &keys[i], set, err));
        found[out->n_keys++] =
            (firn_scan_test){.field = keys[i].field,
                             .set = set,
                             .with_null = keys[i].is_null_safe && ranges[i].n_nulls > 0};
    }
    return FIRN_OK;
}

firn_status firn_merge__bounds(firn_session *session, firn_str relation, const firn_merge_key *keys,
                               size_t n, firn_merge_range *out, firn_error *err)
{
    firn_type types;
    firn_sql_text text;
    firn_str sql;
    size_t n_used = 0;
    firn_merge_key *used = firn_arena_array(session->arena, n, sizeof *used);
    key_range *ranges = firn_arena_array(session->arena, n, sizeof *ranges);
    if (!used || !ranges) return firn_fail_nomem(err);
    *out = (firn_merge_range){.where = FIRN_STR("true")};
    if (n == 0) return FIRN_OK;
    FIRN_TRY(describe_keys(session, relation, keys, n, &types, err));
    for (size_t i = 0; i < n && i < types.n_fields; i++) {
        if (!is_comparable(keys[i].field->type->kind, types.fields[i].type->kind)) continue;
        used[n_used++] = keys[i];
    }
    if (n_used == 0) return FIRN_OK;
    firn_sql_text_init(&text, session, (firn_str){0});
    const firn_status st = write_query(&text, relation, used, n_used, err);
    if (st != FIRN_OK) {
        firn_sql_text_dispose(&text);
        return st;
    }
    FIRN_TRY(firn_sql_text_finish(&text, &sql, err));
    FIRN_TRY(read_ranges(session, &text, sql, ranges, n_used, err));
    FIRN_TRY(combine(session, used, ranges, n_used, out, err));
    return collect_keys(session, relation, used, ranges, n_used, out, err);
}
