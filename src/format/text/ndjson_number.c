/* SPDX-License-Identifier: Apache-2.0 */
/* Booleans, integers and floating point numbers. Decimals are in ndjson_decimal.c. */
#include <inttypes.h>
#include <math.h>

#include "base/str.h"
#include "format/text/ndjson_internal.h"

static const char *fail_range(ndjson_line *line, const ndjson_node *node, const char *p)
{
    char name[64];

    return ndjson_stop(
        line, p,
        firn_fail(&line->reason, FIRN_ERR_CORRUPT, "number out of range of %s for \"%.*s\"",
                  firn_type_name(node->type, name, sizeof name), FIRN_STR_ARG(node->name)));
}

const char *ndjson_parse_boolean(ndjson_line *line, ndjson_node *node, firn_column *column,
                                 int64_t row, const char *p)
{
    uint8_t *values = column->values;

    if (memcmp(p, "true", 4) == 0) {
        values[row] = 1;
        return p + 4;
    }
    if (memcmp(p, "false", 5) == 0) {
        values[row] = 0;
        return p + 5;
    }
    return ndjson_parse_other(line, node, column, row, p);
}

/* q: the text behind an optional minus; *digits_end: behind the digits. False: over 19 digits. */
static inline bool scan_digits(const char *q, uint64_t *out, const char **digits_end)
{
    const char *start = q;
    uint64_t value = 0;

    while (ndjson_is_digit(*q)) value = value * 10 + (uint64_t)(*q++ - '0');
    *out = value;
    *digits_end = q;
    return q - start <= 19;
}

/* Not an integer, or one with a leading zero. */
static const char *fail_integer(ndjson_line *line, const ndjson_node *node, const char *p)
{
    const char *end = ndjson_skip_number(line, p);

    if (!end) return NULL;
    return ndjson_stop(line, p,
                       firn_fail(&line->reason, FIRN_ERR_CORRUPT,
                                 "expected an integer for \"%.*s\", found %.*s",
                                 FIRN_STR_ARG(node->name), (int)(end - p > 40 ? 40 : end - p), p));
}

static inline const char *read_integer(ndjson_line *line, ndjson_node *node, firn_column *column,
                                       int64_t row, const char *p, int64_t max, int64_t *out)
{
    const bool is_negative = *p == '-';
    const char *q = p + is_negative;
    const char *end;
    uint64_t value;
    bool fits;

    if (!ndjson_is_digit(*q)) {
        if (is_negative) return fail_integer(line, node, p);
        end = ndjson_parse_other(line, node, column, row, p);
        *out = 0; /* null */
        return end;
    }
    fits = scan_digits(q, &value, &end);
    if ((*q == '0' && end - q > 1) || *end == '.' || *end == 'e' || *end == 'E')
        return fail_integer(line, node, p);
    if (!fits || value > (uint64_t)max + is_negative) return fail_range(line, node, p);
    *out = is_negative ? (int64_t)(0 - value) : (int64_t)value;
    return end;
}

const char *ndjson_parse_int(ndjson_line *line, ndjson_node *node, firn_column *column, int64_t row,
                             const char *p)
{
    int64_t value = 0;
    const char *end = read_integer(line, node, column, row, p, INT32_MAX, &value);

    if (end) ((int32_t *)column->values)[row] = (int32_t)value;
    return end;
}

const char *ndjson_parse_long(ndjson_line *line, ndjson_node *node, firn_column *column,
                              int64_t row, const char *p)
{
    int64_t value = 0;
    const char *end = read_integer(line, node, column, row, p, INT64_MAX, &value);

    if (end) ((int64_t *)column->values)[row] = value;
    return end;
}

/* Exact when both the digits and the power of ten are doubles. Most numbers of real data are. */
static bool fast_double(const char *p, double *out, const char **end_out)
{
    static const double k_powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                      1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const bool is_negative = *p == '-';
    const char *q = p + is_negative;
    const char *point;
    uint64_t digits = 0;
    int n_fraction = 0;
    double value;

    if (*q == '0' && ndjson_is_digit(q[1])) return false;
    for (point = q; ndjson_is_digit(*q); q++) digits = digits * 10 + (uint64_t)(*q - '0');
    if (q == point || q - point > 15) return false;
    if (*q == '.') {
        const char *first = ++q;
        for (; ndjson_is_digit(*q); q++) digits = digits * 10 + (uint64_t)(*q - '0');
        if (q == first || q - point > 16) return false;
        n_fraction = (int)(q - first);
    }
    if (*q == 'e' || *q == 'E') return false;
    value = (double)digits / k_powers[n_fraction];
    *out = is_negative ? -value : value;
    *end_out = q;
    return true;
}

static const char *read_double(ndjson_line *line, ndjson_node *node, firn_column *column,
                               int64_t row, const char *p, double *out)
{
    const char *end = NULL;

    *out = 0;
    if (!ndjson_is_digit(*p) && *p != '-') return ndjson_parse_other(line, node, column, row, p);
    if (fast_double(p, out, &end)) return end;
    end = ndjson_skip_number(line, p);
    if (!end) return NULL;
    if (!firn_str_to_f64((firn_str){p, (size_t)(end - p)}, out) || !isfinite(*out))
        return fail_range(line, node, p);
    return end;
}

const char *ndjson_parse_double(ndjson_line *line, ndjson_node *node, firn_column *column,
                                int64_t row, const char *p)
{
    double value = 0;
    const char *end = read_double(line, node, column, row, p, &value);

    if (end) ((double *)column->values)[row] = value;
    return end;
}

const char *ndjson_parse_float(ndjson_line *line, ndjson_node *node, firn_column *column,
                               int64_t row, const char *p)
{
    double nearest = 0;
    const char *end = read_double(line, node, column, row, p, &nearest);
    float value = 0;

    if (!end) return NULL;
    value = (float)nearest;
    if (firn_f64_is_no_float(nearest) && !firn_str_to_f32((firn_str){p, (size_t)(end - p)}, &value))
        return fail_range(line, node, p);
    if (!isfinite(value)) return fail_range(line, node, p);
    ((float *)column->values)[row] = value;
    return end;
}
