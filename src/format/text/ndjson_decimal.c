/* SPDX-License-Identifier: Apache-2.0 */
/* Decimals, exactly as written: JSON numbers, or strings that hold one. */
#include "format/columns/decimal.h"
#include "format/text/ndjson_internal.h"

/* A number as digits * 10^exponent. */
typedef struct decimal_text {
    firn_int128 digits;
    int64_t exponent;
    bool is_negative;
    bool is_too_long; /* more significant digits than any decimal has */
} decimal_text;

#define EXPONENT_MAX 100000

/* digits * 10^n; false when the result has more than 38 digits. */
static bool scale_up(firn_int128 *digits, int64_t n)
{
    if (*digits == 0) return true;
    if (n > 38 || *digits >= firn_power_of_ten(38 - (int)n)) return false;
    *digits *= firn_power_of_ten((int)n);
    return true;
}

/* Adds digits from p on. Zeros are held back until a digit follows them, so that trailing zeros
 * never overflow. Returns the byte behind them. */
static const char *add_digits(const char *p, decimal_text *d, int64_t *n_zeros)
{
    for (; ndjson_is_digit(*p); p++) {
        if (*p == '0') {
            ++*n_zeros;
            continue;
        }
        if (!scale_up(&d->digits, *n_zeros + 1)) d->is_too_long = true;
        if (d->is_too_long) continue;
        d->digits += *p - '0';
        *n_zeros = 0;
    }
    return p;
}

static int64_t read_exponent(const char *p)
{
    const bool is_negative = *p == '-';
    int64_t value = 0;

    if (*p == '+' || *p == '-') p++;
    for (; ndjson_is_digit(*p); p++) {
        if (value < EXPONENT_MAX) value = value * 10 + (*p - '0');
    }
    return is_negative ? -value : value;
}

/* p: a number whose syntax was checked. */
static decimal_text read_digits(const char *p)
{
    decimal_text d = {0};
    int64_t n_zeros = 0;
    int64_t n_fraction = 0;

    d.is_negative = *p == '-';
    p = add_digits(p + d.is_negative, &d, &n_zeros);
    if (*p == '.') {
        const char *first = p + 1;
        p = add_digits(first, &d, &n_zeros);
        n_fraction = p - first;
    }
    d.exponent = n_zeros - n_fraction;
    if (*p == 'e' || *p == 'E') d.exponent += read_exponent(p + 1);
    return d;
}

static void store_decimal(firn_column *column, int64_t row, firn_int128 value)
{
    if (column->type->precision <= 9)
        ((int32_t *)column->values)[row] = (int32_t)value;
    else if (column->type->precision <= 18)
        ((int64_t *)column->values)[row] = (int64_t)value;
    else
        ((firn_int128 *)column->values)[row] = value;
}

/* Up to 18 digits without exponent. False: the general way decides, errors included. */
static inline bool fast_decimal(const ndjson_node *node, const char *p, int64_t *out,
                                const char **end_out)
{
    const int32_t precision = node->type->precision;
    const bool is_negative = *p == '-';
    const char *first = p + is_negative;
    const char *q = first;
    uint64_t digits = 0;
    int n_missing = node->type->scale;

    for (; ndjson_is_digit(*q); q++) digits = digits * 10 + (uint64_t)(*q - '0');
    if (q == first || (*first == '0' && q - first > 1)) return false;
    if (*q == '.') {
        const char *fraction = ++q;
        for (; ndjson_is_digit(*q); q++) digits = digits * 10 + (uint64_t)(*q - '0');
        if (q == fraction) return false;
        n_missing -= (int)(q - fraction > 19 ? 19 : q - fraction);
    }
    if (q - first > 18 || n_missing < 0 || n_missing > 18 || *q == 'e' || *q == 'E') return false;
    if (__builtin_mul_overflow(digits, firn_powers_of_ten[n_missing], &digits)) return false;
    if (digits >= firn_powers_of_ten[precision < 18 ? precision : 18]) return false;
    *out = is_negative ? -(int64_t)digits : (int64_t)digits;
    *end_out = q;
    return true;
}

static const char *fail_fit(ndjson_line *line, const ndjson_node *node, const char *p,
                            const char *end)
{
    char name[64];

    return ndjson_stop(
        line, p,
        firn_fail(&line->reason, FIRN_ERR_CORRUPT, "%.*s does not fit %s exactly for \"%.*s\"",
                  (int)(end - p > 60 ? 60 : end - p), p,
                  firn_type_name(node->type, name, sizeof name), FIRN_STR_ARG(node->name)));
}

static const char *slow_decimal(ndjson_line *line, const ndjson_node *node, firn_column *column,
                                int64_t row, const char *p)
{
    const char *end = ndjson_skip_number(line, p);
    int64_t shift;
    decimal_text d;

    if (!end) return NULL;
    d = read_digits(p);
    shift = d.exponent + node->type->scale;
    if (d.digits == 0) shift = 0;
    /* The digits end in one that is not zero: a negative shift would lose it. */
    if (d.is_too_long || shift < 0 || !scale_up(&d.digits, shift) ||
        d.digits >= firn_power_of_ten(node->type->precision))
        return fail_fit(line, node, p, end);
    store_decimal(column, row, d.is_negative ? -d.digits : d.digits);
    return end;
}

static const char *read_decimal(ndjson_line *line, const ndjson_node *node, firn_column *column,
                                int64_t row, const char *p)
{
    const char *end = NULL;
    int64_t value;

    if (!fast_decimal(node, p, &value, &end)) return slow_decimal(line, node, column, row, p);
    store_decimal(column, row, value);
    return end;
}

const char *ndjson_parse_decimal(ndjson_line *line, ndjson_node *node, firn_column *column,
                                 int64_t row, const char *p)
{
    const char *end;

    if (ndjson_is_digit(*p) || *p == '-') return read_decimal(line, node, column, row, p);
    if (*p != '"') return ndjson_parse_other(line, node, column, row, p);
    end = read_decimal(line, node, column, row, p + 1);
    if (!end || *end == '"') return end ? end + 1 : NULL;
    return ndjson_stop(line, p,
                       firn_fail(&line->reason, FIRN_ERR_CORRUPT,
                                 "the string for \"%.*s\" is not a number",
                                 FIRN_STR_ARG(node->name)));
}
