/* SPDX-License-Identifier: Apache-2.0 */
/* Dates, times and timestamps: ISO 8601 strings. The usual form "2010-12-01T08:26:00[.fff]Z" is
 * read here, with the date remembered from the row before; all others go to base/clock.h. */
#include "base/clock.h"
#include "format/ndjson_internal.h"

#define US_PER_SECOND INT64_C(1000000)
#define US_PER_DAY    (INT64_C(86400) * US_PER_SECOND)

static const char *fail_time(ndjson_line *line, const ndjson_node *node, const char *p)
{
    char name[64];

    return ndjson_stop(
        line, p,
        firn_fail(&line->reason, FIRN_ERR_CORRUPT, "the string for \"%.*s\" is not a valid %s",
                  FIRN_STR_ARG(node->name), firn_type_name(node->type, name, sizeof name)));
}

/* Microseconds of the day at "HH:MM:SS"; -1 when it is not that. */
static inline int64_t read_clock(const char *p)
{
    uint64_t t;
    int h;
    int m;
    int s;

    memcpy(&t, p, 8);
    t ^= UINT64_C(0x30303A30303A3030); /* digits become 0..9, colons 0 */
    if (((t + UINT64_C(0x0606060606060606)) | t) & UINT64_C(0xF0F0F0F0F0F0F0F0)) return -1;
    if (t & UINT64_C(0x0000FF0000FF0000)) return -1;
    h = (int)(t & 15) * 10 + (int)(t >> 8 & 15);
    m = (int)(t >> 24 & 15) * 10 + (int)(t >> 32 & 15);
    s = (int)(t >> 48 & 15) * 10 + (int)(t >> 56 & 15);
    if (h > 23 || m > 59 || s > 59) return -1;
    return (h * 3600 + m * 60 + s) * US_PER_SECOND;
}

/* Fraction digits behind the point at p, at most 6; NULL when there are more or none. */
static inline const char *read_fraction(const char *p, int64_t *us)
{
    const char *first = ++p;
    int64_t value = 0;
    int n;

    for (; ndjson_is_digit(*p) && p - first < 7; p++) value = value * 10 + (*p - '0');
    n = (int)(p - first);
    if (n == 0 || n > 6) return NULL;
    for (; n < 6; n++) value *= 10;
    *us += value;
    return p;
}

/* p: first byte of the string. NULL: not the usual form. */
static inline const char *read_usual(ndjson_node *node, const char *p, int64_t *out)
{
    const char *q = p + 19;
    int64_t us;
    int32_t days;

    if (memcmp(node->day_text, p, 10) != 0) {
        if (memchr(p, '"', 10) || !firn_parse_date((firn_str){p, 10}, &days)) return NULL;
        memcpy(node->day_text, p, 10);
        node->day_us = days * US_PER_DAY;
    }
    if (p[10] != 'T' && p[10] != ' ') return NULL;
    us = read_clock(p + 11);
    if (us < 0) return NULL;
    if (*q == '.') q = read_fraction(q, &us);
    if (!q) return NULL;
    if (*q == 'Z') q++;
    if (*q != '"') return NULL;
    *out = node->day_us + us;
    return q + 1;
}

const char *ndjson_parse_timestamp(ndjson_line *line, ndjson_node *node, firn_column *column,
                                   int64_t row, const char *p)
{
    int64_t *values = column->values;
    const char *end;
    firn_str text;

    if (*p != '"') return ndjson_parse_other(line, node, column, row, p);
    end = read_usual(node, p + 1, &values[row]);
    if (end) return end;
    end = ndjson_read_string(line, p, &text);
    if (!end) return NULL;
    if (!firn_parse_timestamp_us(text, &values[row], NULL)) return fail_time(line, node, p);
    return end;
}

const char *ndjson_parse_date(ndjson_line *line, ndjson_node *node, firn_column *column,
                              int64_t row, const char *p)
{
    const char *end;
    firn_str text;

    if (*p != '"') return ndjson_parse_other(line, node, column, row, p);
    end = ndjson_read_string(line, p, &text);
    if (!end) return NULL;
    if (!firn_parse_date(text, &((int32_t *)column->values)[row])) return fail_time(line, node, p);
    return end;
}

const char *ndjson_parse_time(ndjson_line *line, ndjson_node *node, firn_column *column,
                              int64_t row, const char *p)
{
    const char *end;
    firn_str text;

    if (*p != '"') return ndjson_parse_other(line, node, column, row, p);
    end = ndjson_read_string(line, p, &text);
    if (!end) return NULL;
    if (!firn_parse_time_us(text, &((int64_t *)column->values)[row]))
        return fail_time(line, node, p);
    return end;
}
