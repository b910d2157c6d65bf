/* SPDX-License-Identifier: Apache-2.0 */
/* Pruning against brute force: random files of rows, with their real partitions, summaries and
 * metrics (some dropped, bounds cut), under random filters. A file with a matching row must pass
 * every inclusive test; a file that passes a strict test must have matching rows only; a residual
 * must select the same rows as the filter. The judge of rows shares no code with the pruners. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/random.h"
#include "firn_test.h"
#include "format/columns/metrics.h"
#include "iceberg/expr/evaluate.h"
#include "iceberg/expr/residual.h"
#include "iceberg/scan/scan_filter.h"
#include "iceberg/spec/transform.h"

#define N_COLUMNS  11
#define N_ROWS     60
#define ITERATIONS 1500

static const firn_type k_types[N_COLUMNS] = {
    {.kind = FIRN_TYPE_INT},
    {.kind = FIRN_TYPE_LONG},
    {.kind = FIRN_TYPE_FLOAT},
    {.kind = FIRN_TYPE_DOUBLE},
    {.kind = FIRN_TYPE_DECIMAL, .precision = 9, .scale = 2},
    {.kind = FIRN_TYPE_STRING},
    {.kind = FIRN_TYPE_DATE},
    {.kind = FIRN_TYPE_TIMESTAMP},
    {.kind = FIRN_TYPE_BOOLEAN},
    {.kind = FIRN_TYPE_UUID},
    {.kind = FIRN_TYPE_BINARY},
};
static const char *const k_names[N_COLUMNS] = {"i",  "l",  "f", "d", "m",  "s",
                                               "dt", "ts", "b", "u", "bin"};

typedef struct row {
    firn_value v[N_COLUMNS];
} row;

typedef struct world {
    firn_prng prng;
    firn_arena *arena;
    firn_field fields[N_COLUMNS];
    firn_schema schema;
    row rows[N_ROWS];
    firn_partition_field spec_fields[3];
    firn_partition_spec spec;
    bool is_old_writer; /* times before 1970 rounded towards zero in partitions */
} world;

/* One file: rows with the same partition, and what is written about them. */
typedef struct file_case {
    const row *rows[N_ROWS];
    size_t n_rows;
    firn_value partition[3];
    firn_data_file file;
} file_case;

static uint64_t below(world *w, uint64_t n)
{
    return firn_prng_below(&w->prng, n);
}

/* ---- random values ---- */

static firn_str random_bytes(world *w, size_t max, bool is_text)
{
    static const char *const k_letters[] = {"a", "b", "c", "\xc3\xa9", "\xf0\x9f\x98\x80"};
    char *out = firn_arena_alloc(w->arena, 4 * max + 1);
    size_t n = 0;
    assert_non_null(out);
    for (size_t i = below(w, max + 1); i > 0; i--) {
        if (!is_text) {
            out[n++] = (char)(below(w, 4) == 0 ? 0xff : below(w, 3));
            continue;
        }
        const char *letter = k_letters[below(w, 5)];
        memcpy(out + n, letter, strlen(letter));
        n += strlen(letter);
    }
    return (firn_str){out, n};
}

static double random_float(world *w)
{
    static const double k_special[] = {(double)NAN, (double)INFINITY, -(double)INFINITY, 0.0, -0.0};
    if (below(w, 6) == 0) return k_special[below(w, 5)];
    return (double)((int64_t)below(w, 13) - 6) / 2.0;
}

static int64_t random_whole(world *w, int64_t min, int64_t max)
{
    if (below(w, 6) == 0)
        return below(w, 2) ? min + (int64_t)below(w, 4) : max - (int64_t)below(w, 4);
    return (int64_t)below(w, 41) - 20;
}

static firn_value random_value(world *w, size_t column)
{
    static const int64_t k_hour = INT64_C(3600000000);
    const firn_type *type = &k_types[column];
    firn_value v = {.kind = type->kind, .precision = type->precision, .scale = type->scale};
    switch (type->kind) {
    case FIRN_TYPE_INT: v.as.i32 = (int32_t)random_whole(w, INT32_MIN, INT32_MAX); break;
    case FIRN_TYPE_LONG: v.as.i64 = random_whole(w, INT64_MIN, INT64_MAX); break;
    case FIRN_TYPE_FLOAT: v.as.f32 = (float)random_float(w); break;
    case FIRN_TYPE_DOUBLE: v.as.f64 = random_float(w); break;
    case FIRN_TYPE_DECIMAL: v.as.decimal = (int64_t)below(w, 401) - 200; break;
    case FIRN_TYPE_STRING: v.as.bytes = random_bytes(w, 5, true); break;
    case FIRN_TYPE_BINARY: v.as.bytes = random_bytes(w, 5, false); break;
    case FIRN_TYPE_DATE: v.as.i32 = (int32_t)below(w, 1200) - 600; break;
    case FIRN_TYPE_TIMESTAMP:
        v.as.i64 = ((int64_t)below(w, 60) - 30) * k_hour * (below(w, 3) == 0 ? 200 : 1) / 2 +
                   (int64_t)below(w, 2);
        break;
    case FIRN_TYPE_BOOLEAN: v.as.boolean = below(w, 2) == 1; break;
    default: { /* uuid */
        char *bytes = firn_arena_alloc_zero(w->arena, 16);
        assert_non_null(bytes);
        bytes[0] = (char)(below(w, 4) * 80);
        bytes[8] = (char)(below(w, 2) * 200);
        v.as.bytes = (firn_str){bytes, 16};
        break;
    }
    }
    return v;
}

/* ---- the judge: SQL's three values ---- */

typedef enum truth { IS_FALSE, IS_TRUE, IS_NULL } truth;

static int order_doubles(double a, double b)
{
    if (isnan(a) || isnan(b)) return (isnan(a) != 0) - (isnan(b) != 0);
    return a < b ? -1 : a > b;
}

/* Numbers as hundredths. */
static firn_int128 hundredths(const firn_value *v)
{
    firn_int128 n = v->kind == FIRN_TYPE_DECIMAL                            ? v->as.decimal
                    : v->kind == FIRN_TYPE_INT || v->kind == FIRN_TYPE_DATE ? v->as.i32
                                                                            : v->as.i64;
    for (int32_t s = v->kind == FIRN_TYPE_DECIMAL ? v->scale : 0; s < 4; s++) n *= 10;
    return n;
}

static int order(const firn_value *a, const firn_value *b)
{
    size_t n;
    int c;
    switch (a->kind) {
    case FIRN_TYPE_FLOAT: return order_doubles((double)a->as.f32, (double)b->as.f32);
    case FIRN_TYPE_DOUBLE: return order_doubles(a->as.f64, b->as.f64);
    case FIRN_TYPE_BOOLEAN: return (int)a->as.boolean - (int)b->as.boolean;
    case FIRN_TYPE_STRING:
    case FIRN_TYPE_BINARY:
    case FIRN_TYPE_UUID:
        n = a->as.bytes.len < b->as.bytes.len ? a->as.bytes.len : b->as.bytes.len;
        c = n > 0 ? memcmp(a->as.bytes.data, b->as.bytes.data, n) : 0;
        if (c != 0) return c;
        return (a->as.bytes.len > b->as.bytes.len) - (a->as.bytes.len < b->as.bytes.len);
    default: {
        const firn_int128 x = hundredths(a);
        const firn_int128 y = hundredths(b);
        return (x > y) - (x < y);
    }
    }
}

static bool is_nan(const firn_value *v)
{
    return v->kind == FIRN_TYPE_FLOAT ? isnan(v->as.f32) : isnan(v->as.f64);
}

static bool starts_with(const firn_value *v, const firn_value *p)
{
    return v->as.bytes.len >= p->as.bytes.len &&
           memcmp(v->as.bytes.data, p->as.bytes.data, p->as.bytes.len) == 0;
}

static bool is_in(const firn_value *v, const firn_expr *e)
{
    for (size_t i = 0; i < e->n_values; i++)
        if (order(v, &e->values[i]) == 0) return true;
    return false;
}

static bool judge_value(const firn_value *v, const firn_expr *e)
{
    switch (e->op) {
    case FIRN_EXPR_IS_NAN: return is_nan(v);
    case FIRN_EXPR_NOT_NAN: return !is_nan(v);
    case FIRN_EXPR_LT: return order(v, e->values) < 0;
    case FIRN_EXPR_LTEQ: return order(v, e->values) <= 0;
    case FIRN_EXPR_GT: return order(v, e->values) > 0;
    case FIRN_EXPR_GTEQ: return order(v, e->values) >= 0;
    case FIRN_EXPR_EQ: return order(v, e->values) == 0;
    case FIRN_EXPR_NOT_EQ: return order(v, e->values) != 0;
    case FIRN_EXPR_IN: return is_in(v, e);
    case FIRN_EXPR_NOT_IN: return !is_in(v, e);
    case FIRN_EXPR_STARTS_WITH: return starts_with(v, e->values);
    case FIRN_EXPR_NOT_STARTS_WITH: return !starts_with(v, e->values);
    default: fail(); return false;
    }
}

static bool is_negated_op(firn_expr_op op)
{
    return op == FIRN_EXPR_NOT_EQ || op == FIRN_EXPR_NOT_IN || op == FIRN_EXPR_NOT_STARTS_WITH ||
           op == FIRN_EXPR_NOT_NAN;
}

static size_t column_of(const firn_expr *e)
{
    for (size_t i = 0; i < N_COLUMNS; i++)
        if (strlen(k_names[i]) == e->column.len &&
            memcmp(k_names[i], e->column.data, e->column.len) == 0)
            return i;
    fail();
    return 0;
}

/* is_lenient: null passes a negated operator, as Iceberg has it. */
static truth judge(const firn_expr *e, const row *r, bool is_lenient)
{
    truth a;
    truth b;
    switch (e->op) {
    case FIRN_EXPR_TRUE: return IS_TRUE;
    case FIRN_EXPR_FALSE: return IS_FALSE;
    case FIRN_EXPR_NOT:
        a = judge(e->left, r, is_lenient);
        return a == IS_NULL ? IS_NULL : a == IS_TRUE ? IS_FALSE : IS_TRUE;
    case FIRN_EXPR_AND:
    case FIRN_EXPR_OR: {
        const truth strong = e->op == FIRN_EXPR_AND ? IS_FALSE : IS_TRUE;
        a = judge(e->left, r, is_lenient);
        b = judge(e->right, r, is_lenient);
        if (a == strong || b == strong) return strong;
        return a == IS_NULL || b == IS_NULL ? IS_NULL : a;
    }
    default: break;
    }
    const firn_value *v = &r->v[column_of(e)];
    if (e->op == FIRN_EXPR_IS_NULL) return v->is_null ? IS_TRUE : IS_FALSE;
    if (e->op == FIRN_EXPR_NOT_NULL) return v->is_null ? IS_FALSE : IS_TRUE;
    if (v->is_null) return is_lenient ? (is_negated_op(e->op) ? IS_TRUE : IS_FALSE) : IS_NULL;
    return judge_value(v, e) ? IS_TRUE : IS_FALSE;
}

/* ---- random filters ---- */

static firn_expr_op random_op(world *w, size_t column)
{
    static const firn_expr_op k_any[] = {FIRN_EXPR_IS_NULL, FIRN_EXPR_NOT_NULL, FIRN_EXPR_LT,
                                         FIRN_EXPR_LTEQ,    FIRN_EXPR_GT,       FIRN_EXPR_GTEQ,
                                         FIRN_EXPR_EQ,      FIRN_EXPR_EQ,       FIRN_EXPR_EQ,
                                         FIRN_EXPR_NOT_EQ,  FIRN_EXPR_IN,       FIRN_EXPR_NOT_IN};
    static const firn_expr_op k_nan[] = {FIRN_EXPR_IS_NAN, FIRN_EXPR_NOT_NAN};
    static const firn_expr_op k_text[] = {FIRN_EXPR_STARTS_WITH, FIRN_EXPR_NOT_STARTS_WITH};
    const firn_type_kind kind = k_types[column].kind;
    if (kind == FIRN_TYPE_STRING && below(w, 3) == 0) return k_text[below(w, 2)];
    if ((kind == FIRN_TYPE_FLOAT || kind == FIRN_TYPE_DOUBLE) && below(w, 4) == 0)
        return k_nan[below(w, 2)];
    return k_any[below(w, sizeof k_any / sizeof k_any[0])];
}

/* Sometimes a decimal between two values, or beyond them, for whole-number columns. */
static firn_value random_literal(world *w, size_t column)
{
    const firn_type_kind kind = k_types[column].kind;
    if ((kind == FIRN_TYPE_INT || kind == FIRN_TYPE_LONG || kind == FIRN_TYPE_DECIMAL) &&
        below(w, 3) == 0) {
        firn_value v = {.kind = FIRN_TYPE_DECIMAL, .precision = 38, .scale = (int32_t)below(w, 4)};
        v.as.decimal = (int64_t)below(w, 4001) - 2000;
        if (below(w, 10) == 0) v.as.decimal *= (firn_int128)1 << 66;
        return v;
    }
    return random_value(w, column);
}

static const firn_expr *random_predicate(world *w)
{
    /* Favour partitioned columns, else projections would hardly be met. */
    size_t column = below(w, N_COLUMNS);
    if (below(w, 2) == 0) column = (size_t)w->spec.fields[below(w, w->spec.n_fields)].source_id - 1;
    const firn_expr_op op = random_op(w, column);
    firn_value values[4];
    size_t n = 1;
    if (op >= FIRN_EXPR_IS_NULL && op <= FIRN_EXPR_NOT_NAN) n = 0;
    if (op == FIRN_EXPR_IN || op == FIRN_EXPR_NOT_IN) n = 1 + below(w, 4);
    for (size_t i = 0; i < n; i++) values[i] = random_literal(w, column);
    if (op == FIRN_EXPR_STARTS_WITH || op == FIRN_EXPR_NOT_STARTS_WITH)
        values[0].as.bytes = random_bytes(w, 3, true);
    const firn_str name = {k_names[column], strlen(k_names[column])};
    return firn_expr_predicate(w->arena, op, name, values, n);
}

static const firn_expr *random_filter(world *w, int depth, bool *has_not)
{
    const uint64_t pick = depth >= 3 ? 9 : below(w, 10);
    if (pick >= 5) return random_predicate(w);
    const firn_expr *a = random_filter(w, depth + 1, has_not);
    if (pick == 4) {
        *has_not = true;
        return firn_expr_not(w->arena, a);
    }
    const firn_expr *b = random_filter(w, depth + 1, has_not);
    return pick < 2 ? firn_expr_and(w->arena, a, b) : firn_expr_or(w->arena, a, b);
}

/* ---- random files ---- */

static firn_transform random_transform(world *w, const firn_type *type)
{
    for (;;) {
        const firn_transform t = {.kind = (firn_transform_kind)below(w, FIRN_TRANSFORM_UNKNOWN + 1),
                                  .param = 1 + (int32_t)below(w, 5),
                                  .text = FIRN_STR("zorder")};
        if (t.kind == FIRN_TRANSFORM_UNKNOWN || firn_transform_check(&t, type, NULL) == FIRN_OK)
            return t;
    }
}

static void make_spec(world *w)
{
    w->spec =
        (firn_partition_spec){.spec_id = 1, .fields = w->spec_fields, .n_fields = 1 + below(w, 3)};
    for (size_t i = 0; i < w->spec.n_fields; i++) {
        const size_t column = below(w, N_COLUMNS);
        w->spec_fields[i] = (firn_partition_field){
            .source_id = (int32_t)column + 1,
            .field_id = 1000 + (int32_t)i,
            .name = FIRN_STR("p"),
            .transform = random_transform(w, &k_types[column]),
        };
    }
}

static void make_rows(world *w)
{
    row pool[8];
    for (size_t i = 0; i < 8; i++)
        for (size_t c = 0; c < N_COLUMNS; c++) {
            pool[i].v[c] = random_value(w, c);
            pool[i].v[c].is_null = below(w, 8) == 0;
        }
    for (size_t i = 0; i < N_ROWS; i++)
        for (size_t c = 0; c < N_COLUMNS; c++) w->rows[i].v[c] = pool[below(w, 8)].v[c];
}

static bool is_time_part(firn_transform_kind kind, firn_type_kind source)
{
    if (kind == FIRN_TRANSFORM_DAY) return source != FIRN_TYPE_DATE;
    return kind >= FIRN_TRANSFORM_YEAR && kind <= FIRN_TRANSFORM_HOUR;
}

/* Is the value the very start of its year, month, day or hour? */
static bool is_unit_start(world *w, const firn_transform *t, const firn_type *type,
                          const firn_value *v, int32_t part)
{
    firn_value before = *v;
    firn_value out;
    if (type->kind == FIRN_TYPE_DATE)
        before.as.i32--;
    else
        before.as.i64--;
    assert_ok(firn_transform_apply(t, type, &before, w->arena, &out, NULL), NULL);
    return out.as.i32 != part;
}

static firn_value partition_of(world *w, size_t field, const row *r)
{
    firn_error err = {0};
    firn_value out = {.is_null = true};
    const firn_partition_field *f = &w->spec_fields[field];
    const size_t column = (size_t)f->source_id - 1;
    const firn_type *type = &k_types[column];
    if (f->transform.kind == FIRN_TRANSFORM_UNKNOWN) return out;
    assert_ok(firn_transform_apply(&f->transform, type, &r->v[column], w->arena, &out, &err), &err);
    if (w->is_old_writer && !out.is_null && is_time_part(f->transform.kind, type->kind) &&
        out.as.i32 < 0 && !is_unit_start(w, &f->transform, type, &r->v[column], out.as.i32))
        out.as.i32++;
    return out;
}

static firn_str encode(world *w, const firn_value *v)
{
    firn_buf buf;
    firn_buf_init(&buf, NULL, 1 << 16);
    assert_ok(firn_value_encode(v, &buf, NULL), NULL);
    const firn_str out = firn_arena_copy(w->arena, firn_buf_view(&buf));
    assert_non_null(out.data);
    firn_buf_dispose(&buf);
    return out;
}

typedef struct extent {
    int64_t n_null, n_nan;
    const firn_value *min, *max; /* NULL: no value that is not null or NaN */
} extent;

static extent extent_of(const file_case *fc, size_t column)
{
    extent e = {0};
    for (size_t i = 0; i < fc->n_rows; i++) {
        const firn_value *v = &fc->rows[i]->v[column];
        if (v->is_null) e.n_null++;
        if (v->is_null) continue;
        if ((v->kind == FIRN_TYPE_FLOAT || v->kind == FIRN_TYPE_DOUBLE) && is_nan(v)) {
            e.n_nan++;
            continue;
        }
        if (!e.min || order(v, e.min) < 0) e.min = v;
        if (!e.max || order(v, e.max) > 0) e.max = v;
    }
    return e;
}

static void add_metric(world *w, firn_metric_map *map, firn_metric metric)
{
    firn_metric *items = firn_arena_array(w->arena, map->n + 1, sizeof *items);
    assert_non_null(items);
    if (map->n > 0) memcpy(items, map->items, map->n * sizeof *items);
    items[map->n++] = metric;
    map->items = items;
}

static void add_bounds(world *w, file_case *fc, size_t column, const extent *e)
{
    const firn_type *type = &k_types[column];
    const int32_t id = (int32_t)column + 1;
    const bool is_cut =
        (type->kind == FIRN_TYPE_STRING || type->kind == FIRN_TYPE_BINARY) && below(w, 2) == 0;
    firn_str lower = encode(w, e->min);
    firn_str upper = encode(w, e->max);
    bool has_upper = true;
    if (is_cut) {
        const int32_t length = 1 + (int32_t)below(w, 2);
        lower = firn_bound_truncate_lower(type, lower, length);
        has_upper = firn_bound_truncate_upper(w->arena, type, upper, length, &upper);
    }
    if (below(w, 10) != 0)
        add_metric(w, &fc->file.lower_bounds, (firn_metric){.field_id = id, .bound = lower});
    if (has_upper && below(w, 10) != 0)
        add_metric(w, &fc->file.upper_bounds, (firn_metric){.field_id = id, .bound = upper});
}

static void make_metrics(world *w, file_case *fc)
{
    fc->file = (firn_data_file){.partition = fc->partition,
                                .n_partition = w->spec.n_fields,
                                .record_count = (int64_t)fc->n_rows};
    for (size_t c = 0; c < N_COLUMNS; c++) {
        const extent e = extent_of(fc, c);
        const int32_t id = (int32_t)c + 1;
        if (below(w, 8) == 0) continue;
        if (below(w, 10) != 0)
            add_metric(w, &fc->file.value_counts,
                       (firn_metric){.field_id = id, .count = (int64_t)fc->n_rows});
        if (below(w, 10) != 0)
            add_metric(w, &fc->file.null_value_counts,
                       (firn_metric){.field_id = id, .count = e.n_null});
        if ((c == 2 || c == 3) && below(w, 3) != 0)
            add_metric(w, &fc->file.nan_value_counts,
                       (firn_metric){.field_id = id, .count = e.n_nan});
        if (e.min) add_bounds(w, fc, c, &e);
    }
}

static bool same_partition(const world *w, const firn_value *a, const firn_value *b)
{
    for (size_t i = 0; i < w->spec.n_fields; i++) {
        if (a[i].is_null != b[i].is_null) return false;
        if (!a[i].is_null && order(&a[i], &b[i]) != 0) return false;
    }
    return true;
}

static size_t make_files(world *w, file_case *files)
{
    size_t n = 0;
    for (size_t r = 0; r < N_ROWS; r++) {
        firn_value partition[3];
        size_t at = 0;
        for (size_t i = 0; i < w->spec.n_fields; i++)
            partition[i] = partition_of(w, i, &w->rows[r]);
        while (at < n && !same_partition(w, files[at].partition, partition)) at++;
        if (at == n) {
            files[n].n_rows = 0;
            memcpy(files[n++].partition, partition, sizeof partition);
        }
        files[at].rows[files[at].n_rows++] = &w->rows[r];
    }
    for (size_t i = 0; i < n; i++) make_metrics(w, &files[i]);
    return n;
}

/* A manifest of files [from, to). */
static firn_manifest_file make_manifest(world *w, const file_case *files, size_t from, size_t to)
{
    firn_field_summary *s = firn_arena_array(w->arena, w->spec.n_fields, sizeof *s);
    assert_non_null(s);
    for (size_t f = 0; f < w->spec.n_fields; f++) {
        const firn_value *min = NULL;
        const firn_value *max = NULL;
        for (size_t i = from; i < to; i++) {
            const firn_value *v = &files[i].partition[f];
            const bool is_floating = v->kind == FIRN_TYPE_FLOAT || v->kind == FIRN_TYPE_DOUBLE;
            if (v->is_null) s[f].contains_null = true;
            if (!v->is_null && is_floating && is_nan(v)) s[f].contains_nan = true;
            if (v->is_null || (is_floating && is_nan(v))) continue;
            if (!min || order(v, min) < 0) min = v;
            if (!max || order(v, max) > 0) max = v;
        }
        s[f].has_contains_nan = below(w, 3) != 0;
        s[f].has_lower = s[f].has_upper = min != NULL;
        if (!min) continue;
        s[f].lower = encode(w, min);
        s[f].upper = encode(w, max);
    }
    return (firn_manifest_file){.partitions = s,
                                .n_partitions = below(w, 10) == 0 ? 0 : w->spec.n_fields};
}

/* ---- checks ---- */

typedef struct counts {
    int64_t files, pruned_by_partition, pruned_by_metrics, pruned_by_bounds, strict, residual_true;
    int64_t rows, rows_dropped;
    int64_t manifests, manifests_pruned;
} counts;

/* What a row group's statistics would say of a column. */
static firn_filter_bounds bounds_of(const file_case *fc, const firn_filter *test)
{
    firn_filter_bounds out = firn_filter_bounds_unknown(test->column->type);
    const extent e = extent_of(fc, (size_t)test->column->id - 1);
    if (test->column->id == 5) return out; /* a column the file does not know */
    if (test->column->id % 2 == 0) {
        out.has_null = e.n_null > 0;
        out.has_value = e.n_null < (int64_t)fc->n_rows;
    }
    out.has_min = e.min != NULL;
    out.has_max = e.max != NULL;
    if (e.min) out.min = *e.min;
    if (e.max) out.max = *e.max;
    return out;
}

static bool filter_may_pass(const firn_filter *filter, const file_case *fc)
{
    const bool is_and = filter->op == FIRN_FILTER_AND;
    if (is_and || filter->op == FIRN_FILTER_OR) {
        for (size_t i = 0; i < filter->n_parts; i++)
            if (filter_may_pass(filter->parts[i], fc) != is_and) return !is_and;
        return is_and;
    }
    if (!filter->column) return filter->op == FIRN_FILTER_ANY;
    const firn_filter_bounds bounds = bounds_of(fc, filter);
    return firn_filter_may_pass(filter, &bounds);
}

static bool filter_passes(const firn_filter *filter, const row *r)
{
    const bool is_and = filter->op == FIRN_FILTER_AND;
    if (is_and || filter->op == FIRN_FILTER_OR) {
        for (size_t i = 0; i < filter->n_parts; i++)
            if (filter_passes(filter->parts[i], r) != is_and) return !is_and;
        return is_and;
    }
    if (!filter->column) return filter->op == FIRN_FILTER_ANY;
    const firn_value *v = &r->v[filter->column->id - 1];
    if (v->is_null) return filter->op == FIRN_FILTER_IS_NULL;
    return firn_filter_passes(filter, v);
}

typedef struct question {
    const firn_expr *filter, *bound, *inclusive, *strict;
    const firn_residual *residual;
    const firn_filter *for_reader;
    bool has_not;
} question;

static void explain(const world *w, const question *q, const char *what)
{
    firn_str filter = {0};
    firn_str inclusive = {0};
    firn_str strict = {0};
    assert_ok(firn_expr_format(q->filter, w->arena, &filter, NULL), NULL);
    assert_ok(firn_expr_format(q->inclusive, w->arena, &inclusive, NULL), NULL);
    assert_ok(firn_expr_format(q->strict, w->arena, &strict, NULL), NULL);
    fail_msg("%s: %.*s; inclusive: %.*s; strict: %.*s", what, FIRN_STR_ARG(filter),
             FIRN_STR_ARG(inclusive), FIRN_STR_ARG(strict));
}

static bool may_match_any(const question *q, const file_case *fc)
{
    for (size_t i = 0; i < fc->n_rows; i++) {
        if (judge(q->filter, fc->rows[i], false) == IS_TRUE) return true;
        if (!q->has_not && judge(q->filter, fc->rows[i], true) == IS_TRUE) return true;
    }
    return false;
}

static bool do_all_match(const question *q, const file_case *fc)
{
    for (size_t i = 0; i < fc->n_rows; i++)
        if (judge(q->filter, fc->rows[i], false) != IS_TRUE) return false;
    return true;
}

static void check_residual(const world *w, const question *q, const file_case *fc, counts *n)
{
    const firn_expr *residual = firn_residual_for(q->residual, fc->partition, w->arena);
    assert_non_null(residual);
    if (residual->op == FIRN_EXPR_TRUE) n->residual_true++;
    for (size_t i = 0; i < fc->n_rows; i++)
        if ((judge(q->filter, fc->rows[i], false) == IS_TRUE) !=
            (judge(residual, fc->rows[i], false) == IS_TRUE))
            explain(w, q, "residual selects other rows");
}

/* The reader's filter keeps every row the filter selects, and no row that null alone saves. */
static void check_for_reader(const world *w, const question *q, const file_case *fc, counts *n)
{
    for (size_t i = 0; i < fc->n_rows; i++) {
        const bool passes = filter_passes(q->for_reader, fc->rows[i]);
        if (!passes && judge(q->filter, fc->rows[i], false) == IS_TRUE)
            explain(w, q, "reader's filter drops a row");
        if (!q->has_not && passes != (judge(q->filter, fc->rows[i], true) == IS_TRUE))
            explain(w, q, "reader's filter keeps another row");
        n->rows++;
        n->rows_dropped += !passes;
    }
}

static bool check_file(const world *w, const question *q, file_case *fc, counts *n)
{
    const bool may = may_match_any(q, fc);
    const bool by_partition = firn_expr_matches_partition(q->inclusive, &w->spec, fc->partition);
    const bool by_metrics = firn_expr_may_match_file(q->bound, &fc->file);
    const bool by_bounds = filter_may_pass(q->for_reader, fc);
    if (may && !by_partition) explain(w, q, "pruned by partition");
    if (may && !by_metrics) explain(w, q, "pruned by metrics");
    if (may && !by_bounds) explain(w, q, "pruned by bounds");
    n->files++;
    n->pruned_by_partition += !by_partition;
    n->pruned_by_metrics += !by_metrics;
    n->pruned_by_bounds += !by_bounds;

    const bool all = do_all_match(q, fc);
    const bool strict_partition = firn_expr_matches_partition(q->strict, &w->spec, fc->partition);
    const bool strict_metrics = firn_expr_all_match_file(q->bound, &fc->file);
    if (!all && strict_partition) explain(w, q, "strict by partition");
    if (!all && strict_metrics) explain(w, q, "strict by metrics");
    n->strict += strict_partition || strict_metrics;
    check_residual(w, q, fc, n);
    check_for_reader(w, q, fc, n);
    return may;
}

static void run_world(world *w, counts *n)
{
    firn_error err = {0};
    file_case *files = firn_arena_array(w->arena, N_ROWS, sizeof *files);
    assert_non_null(files);
    make_spec(w);
    make_rows(w);
    w->is_old_writer = below(w, 3) == 0;
    const size_t n_files = make_files(w, files);
    const firn_manifest_file manifest = make_manifest(w, files, 0, (n_files + 1) / 2);

    for (int round = 0; round < 4; round++) {
        question q = {0};
        bool may_in_manifest = false;
        q.filter = random_filter(w, 0, &q.has_not);
        assert_ok(firn_expr_bind(q.filter, &w->schema, w->arena, &q.bound, &err), &err);
        assert_ok(firn_scan_filter_make(&(firn_scan_wanted){.filter = q.bound}, &w->schema,
                                        FIRN_ROW_MATCH_IDS, NULL, w->arena, &q.for_reader, &err),
                  &err);
        assert_ok(firn_expr_project_inclusive(q.bound, &w->schema, &w->spec, w->arena, &q.inclusive,
                                              &err),
                  &err);
        assert_ok(
            firn_expr_project_strict(q.bound, &w->schema, &w->spec, w->arena, &q.strict, &err),
            &err);
        assert_ok(firn_residual_create(q.bound, &w->schema, &w->spec, w->arena, &q.residual, &err),
                  &err);
        for (size_t i = 0; i < n_files; i++)
            if (check_file(w, &q, &files[i], n) && i < (n_files + 1) / 2) may_in_manifest = true;
        const bool passes = firn_expr_may_match_manifest(q.inclusive, &w->spec, &manifest);
        if (may_in_manifest && !passes) explain(w, &q, "pruned by manifest summary");
        n->manifests++;
        n->manifests_pruned += !passes;
    }
}

static void test_pruning_agrees_with_brute_force(void **state)
{
    (void)state;
    static world w;
    counts n = {0};
    const char *seed = getenv("FIRN_TEST_SEED");
    for (size_t i = 0; i < N_COLUMNS; i++)
        w.fields[i] = (firn_field){
            .id = (int32_t)i + 1, .name = {k_names[i], strlen(k_names[i])}, .type = &k_types[i]};
    w.schema = (firn_schema){
        .root = {.kind = FIRN_TYPE_STRUCT, .fields = w.fields, .n_fields = N_COLUMNS}};
    w.arena = firn_arena_create(NULL, 0);
    firn_prng_init(&w.prng, seed ? strtoull(seed, NULL, 10) : 20260101);
    for (int i = 0; i < ITERATIONS; i++) {
        firn_arena_reset(w.arena);
        run_world(&w, &n);
    }
    print_message("%lld files: pruned %lld by partition, %lld by metrics, %lld by bounds; strict "
                  "%lld; residual true %lld; %lld of %lld manifests pruned\n",
                  (long long)n.files, (long long)n.pruned_by_partition,
                  (long long)n.pruned_by_metrics, (long long)n.pruned_by_bounds,
                  (long long)n.strict, (long long)n.residual_true, (long long)n.manifests_pruned,
                  (long long)n.manifests);
    /* Pruners that never prune would pass all of the above. */
    assert_true(n.pruned_by_partition > n.files / 20);
    assert_true(n.pruned_by_metrics > n.files / 10);
    assert_true(n.pruned_by_bounds > n.files / 10);
    assert_true(n.rows_dropped > n.rows / 10);
    assert_true(n.strict > n.files / 20);
    assert_true(n.residual_true > n.files / 50);
    assert_true(n.manifests_pruned > n.manifests / 50);
    firn_arena_destroy(w.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pruning_agrees_with_brute_force),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
