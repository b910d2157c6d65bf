/* SPDX-License-Identifier: Apache-2.0 */
/* Statistics that the engine lacks: distributions, quantiles of values that count several times,
 * histograms of a few bins (Ben-Haim and Tom-Tov, "A streaming parallel decision tree algorithm",
 * JMLR 11, as Hive has it). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "sql/engine/engine_call.h"

#define MAX_BINS 10000

static const firn_type k_double = {.kind = FIRN_TYPE_DOUBLE};

/* ---- distributions ---- */

static double normal_cdf(double x)
{
    return erfc(-x / sqrt(2)) / 2;
}

/* By halves between numbers beyond which a double knows nothing, then by Newton's steps. */
static double normal_quantile(double p)
{
    double low = -40;
    double high = 40;
    for (int i = 0; i < 60; i++) {
        const double middle = (low + high) / 2;
        if (normal_cdf(middle) < p)
            low = middle;
        else
            high = middle;
    }
    double x = (low + high) / 2;
    for (int i = 0; i < 3; i++) {
        const double density = exp(-x * x / 2) / sqrt(2 * acos(-1));
        if (density > 1e-300) x -= (normal_cdf(x) - p) / density;
    }
    return x;
}

/* The continued fraction of the incomplete beta function (DLMF 8.17.22), after Lentz. */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1;
    double d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double result = d;
    for (int m = 1; m <= 1000; m++) {
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        double step = 0;
        for (int k = 0; k < 2; k++) {
            const double term = k == 0 ? even : odd;
            d = 1 + term * d;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = 1 + term / c;
            if (fabs(c) < tiny) c = tiny;
            step = c * d;
            result *= step;
        }
        if (fabs(step - 1) < 1e-16) break;
    }
    return result;
}

static double beta_cdf(double a, double b, double x)
{
    if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
    const double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a
                                     : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

static firn_status fail_range(const char *what, firn_error *err)
{
    return firn_fail(err, FIRN_ERR_ARG, "%s", what);
}

/* Doubles of doubles; one of what is out of range is an error. */
typedef firn_status (*double_fn)(const double *args, double *out, firn_error *err);

static firn_status compute(firn_call *c, size_t n_args, double_fn function, firn_error *err)
{
    firn_column out;
    FIRN_TRY(firn_call_make(c, &k_double, &out, err));
    for (int64_t r = 0; r < c->n; r++) {
        double args[FIRN_CALL_MAX_ARGS] = {0};
        if (!firn_call_are_valid(c, n_args, r)) {
            firn_column_set_null(&out, r);
            continue;
        }
        for (size_t i = 0; i < n_args; i++) args[i] = ((const double *)c->args[i].values)[r];
        FIRN_TRY(function(args, &((double *)out.values)[r], err));
    }
    return firn_call_finish(c, &out, err);
}

static firn_status get_normal_cdf(const double *args, double *out, firn_error *err)
{
    (void)err;
    *out = normal_cdf(args[0]);
    return FIRN_OK;
}

static firn_status get_normal_quantile(const double *args, double *out, firn_error *err)
{
    if (!(args[0] > 0 && args[0] < 1)) return fail_range("a probability is between 0 and 1", err);
    *out = normal_quantile(args[0]);
    return FIRN_OK;
}

static firn_status get_beta_cdf(const double *args, double *out, firn_error *err)
{
    if (!(args[0] > 0 && args[1] > 0)) return fail_range("a and b are above 0", err);
    if (!(args[2] >= 0 && args[2] <= 1)) return fail_range("a value is from 0 to 1", err);
    *out = beta_cdf(args[0], args[1], args[2]);
    return FIRN_OK;
}

static firn_status get_t_cdf(const double *args, double *out, firn_error *err)
{
    const double freedom = args[0];
    if (!(freedom > 0)) return fail_range("degrees of freedom are above 0", err);
    const double tail = beta_cdf(freedom / 2, 0.5, freedom / (freedom + args[1] * args[1])) / 2;
    *out = args[1] > 0 ? 1 - tail : tail;
    return FIRN_OK;
}

static firn_status normal_cdf_rows(firn_call *c, firn_error *err)
{
    return compute(c, 1, get_normal_cdf, err);
}

static firn_status normal_quantile_rows(firn_call *c, firn_error *err)
{
    return compute(c, 1, get_normal_quantile, err);
}

static firn_status beta_cdf_rows(firn_call *c, firn_error *err)
{
    return compute(c, 3, get_beta_cdf, err);
}

static firn_status t_cdf_rows(firn_call *c, firn_error *err)
{
    return compute(c, 2, get_t_cdf, err);
}

/* ---- firn_weighted_quantile(values and their counts, share, between two values) ---- */

typedef struct weighted {
    double x, n;
} weighted;

static int compare_weighted(const void *a, const void *b)
{
    const double x = ((const weighted *)a)->x;
    const double y = ((const weighted *)b)->x;
    return (x > y) - (x < y);
}

/* Of values in their order, the one that a rank counted from 0 is in. */
static double at_rank(const weighted *values, size_t n, double rank)
{
    double so_far = 0;
    for (size_t i = 0; i < n; i++) {
        so_far += values[i].n;
        if (so_far > rank) return values[i].x;
    }
    return n > 0 ? values[n - 1].x : 0;
}

static double quantile(weighted *values, size_t n, double share, bool is_between)
{
    double total = 0;
    qsort(values, n, sizeof *values, compare_weighted);
    for (size_t i = 0; i < n; i++) total += values[i].n;
    if (!is_between) return at_rank(values, n, ceil(share * total) - 1);
    const double rank = share * (total - 1);
    const double low = at_rank(values, n, floor(rank));
    const double high = at_rank(values, n, ceil(rank));
    return low + (high - low) * (rank - floor(rank));
}

static firn_status quantile_rows(firn_call *c, firn_error *err)
{
    const firn_column *structs = c->n > 0 ? &c->args[0].children[0] : NULL;
    const firn_list_entry *entries = c->args[0].values;
    firn_column out;
    FIRN_TRY(firn_call_make(c, &k_double, &out, err));
    for (int64_t r = 0; r < c->n; r++) {
        if (!firn_call_are_valid(c, 3, r) || entries[r].length == 0) {
            firn_column_set_null(&out, r);
            continue;
        }
        const double share = ((const double *)c->args[1].values)[r];
        if (!(share >= 0 && share <= 1)) return fail_range("a percentile is from 0 to 1", err);
        const size_t n = (size_t)entries[r].length;
        weighted *values = firn_arena_array(c->arena, n, sizeof *values);
        if (!values) return firn_fail_nomem(err);
        for (size_t i = 0; i < n; i++) {
            const size_t at = (size_t)entries[r].offset + i;
            values[i].x = ((const double *)structs->children[0].values)[at];
            values[i].n = ((const double *)structs->children[1].values)[at];
        }
        const bool is_between = firn_column_get(&c->args[2], r).as.boolean;
        ((double *)out.values)[r] = quantile(values, n, share, is_between);
    }
    return firn_call_finish(c, &out, err);
}

/* ---- firn_histogram(values, n): bins as JSON ---- */

/* Puts a value in its place; of bins that are too many the two that are nearest become one. */
static void add_value(weighted *bins, size_t *n, size_t limit, double x)
{
    size_t at = 0;
    for (size_t high = *n; at < high;) {
        const size_t middle = (at + high) / 2;
        if (bins[middle].x < x)
            at = middle + 1;
        else
            high = middle;
    }
    if (at < *n && bins[at].x <= x) {
        bins[at].n++;
        return;
    }
    memmove(bins + at + 1, bins + at, (*n - at) * sizeof *bins);
    bins[at] = (weighted){x, 1};
    if (++*n <= limit) return;
    size_t nearest = 0;
    for (size_t i = 1; i + 1 < *n; i++)
        if (bins[i + 1].x - bins[i].x < bins[nearest + 1].x - bins[nearest].x) nearest = i;
    weighted *bin = &bins[nearest];
    const double count = bin->n + bin[1].n;
    bin->x = (bin->x * bin->n + bin[1].x * bin[1].n) / count;
    bin->n = count;
    memmove(bin + 1, bin + 2, (*n - nearest - 2) * sizeof *bins);
    --*n;
}

static firn_status put_histogram(firn_call *c, int64_t r, firn_buf *out, bool *is_null,
                                 firn_error *err)
{
    const firn_list_entry entry = ((const firn_list_entry *)c->args[0].values)[r];
    const firn_column *values = &c->args[0].children[0];
    const int32_t limit = ((const int32_t *)c->args[1].values)[r];
    size_t n = 0;
    (void)is_null;
    if (limit < 2 || limit > MAX_BINS)
        return firn_fail(err, FIRN_ERR_ARG, "found %d bins, expected 2 to %d", (int)limit,
                         MAX_BINS);
    weighted *bins = firn_arena_array(c->arena, (size_t)limit + 2, sizeof *bins);
    if (!bins) return firn_fail_nomem(err);
    for (uint64_t i = 0; i < entry.length; i++) {
        const int64_t at = (int64_t)(entry.offset + i);
        const double x = ((const double *)values->values)[at];
        if (firn_column_is_valid(values, at) && isfinite(x)) add_value(bins, &n, (size_t)limit, x);
    }
    firn_buf_byte(out, '[');
    for (size_t i = 0; i < n; i++)
        firn_buf_printf(out, "%s{\"x\":%.17g,\"y\":%.17g}", i > 0 ? "," : "", bins[i].x, bins[i].n);
    firn_buf_byte(out, ']');
    return FIRN_OK;
}

static firn_status histogram_rows(firn_call *c, firn_error *err)
{
    return firn_call_texts(c, 2, put_histogram, err);
}

const firn_function_def *firn_engine_statistics(void)
{
    static const firn_function_def k_functions[] = {
        {"firn_normal_cdf", {"DOUBLE"}, "DOUBLE", normal_cdf_rows, 1, NULL},
        {"firn_normal_quantile", {"DOUBLE"}, "DOUBLE", normal_quantile_rows, 1, NULL},
        {"firn_beta_cdf", {"DOUBLE", "DOUBLE", "DOUBLE"}, "DOUBLE", beta_cdf_rows, 3, NULL},
        {"firn_t_cdf", {"DOUBLE", "DOUBLE"}, "DOUBLE", t_cdf_rows, 2, NULL},
        {"firn_weighted_quantile",
         {"STRUCT(x DOUBLE, n DOUBLE)[]", "DOUBLE", "BOOLEAN"},
         "DOUBLE",
         quantile_rows,
         3,
         NULL},
        {"firn_histogram", {"DOUBLE[]", "INTEGER"}, "VARCHAR", histogram_rows, 2, NULL},
        {NULL, {NULL}, NULL, NULL, 0, NULL},
    };
    return k_functions;
}
