/* SPDX-License-Identifier: Apache-2.0 */
/* Dates, times and timestamps: ISO 8601 text. The usual form "2010-12-01T08:26:00[.fff]Z" is
 * read here, with the date remembered from the row before; all others go to base/clock.h. */
#include "base/clock.h"
#include "base/str.h"
#include "format/text/ndjson_internal.h"

#define SECONDS_PER_DAY INT64_C(86400)

static bool refuse_time(ndjson_line *line, const ndjson_node *node)
{
    char name[64];

    return ndjson_refuse(
        firn_fail(&line->reason, FIRN_ERR_CORRUPT, "the string for \"%.*s\" is not a valid %s",
                  FIRN_STR_ARG(node->name), firn_type_name(node->type, name, sizeof name)));
}

/* Seconds of the day at "HH:MM:SS"; -1 when it is not that. */
static inline int32_t read_clock(const char *p)
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
    return h * 3600 + m * 60 + s;
}

/* Fraction digits behind the point at p, at most n_max; NULL when there are more or none. */
static inline const char *read_fraction(const char *p, int n_max, int64_t *out)
{
    const char *first = ++p;
    int64_t value = 0;
    int n;

    for (; ndjson_is_digit(*p) && p - first <= n_max; p++) value = value * 10 + (*p - '0');
    n = (int)(p - first);
    if (n == 0 || n > n_max) return NULL;
    for (; n < n_max; n++) value *= 10;
    *out = value;
    return p;
}

static bool is_nanos(const ndjson_node *node)
{
    return node->type->kind == FIRN_TYPE_TIMESTAMP_NS ||
           node->type->kind == FIRN_TYPE_TIMESTAMPTZ_NS;
}

/* p: first byte of the text. Returns the byte behind it; NULL: not the usual form. */
static inline const char *read_usual(ndjson_node *node, const char *p, int64_t *out)
{
    const bool nanos = is_nanos(node);
    const char *q = p + 19;
    int64_t fraction = 0;
    int64_t units;
    int32_t days;
    int32_t clock;

    if (memcmp(node->day_text, p, 10) != 0) {
        if (!firn_parse_date((firn_str){p, 10}, &days)) return NULL;
        memcpy(node->day_text, p, 10);
        node->day_seconds = days * SECONDS_PER_DAY;
    }
    if (p[10] != 'T' && p[10] != ' ') return NULL;
    clock = read_clock(p + 11);
    if (clock < 0) return NULL;
    if (*q == '.') q = read_fraction(q, nanos ? 9 : 6, &fraction);
    if (!q) return NULL;
    if (*q == 'Z') q++;
    if (__builtin_mul_overflow(node->day_seconds + clock,
                               nanos ? INT64_C(1000000000) : INT64_C(1000000), &units) ||
        __builtin_add_overflow(units, fraction, out))
        return NULL;
    return q;
}

static bool parse_general(const ndjson_node *node, firn_str text, int64_t *out)
{
    text = firn_str_trim(text);
    return is_nanos(node) ? firn_parse_timestamp_ns(text, out, NULL)
                          : firn_parse_timestamp_us(text, out, NULL);
}

bool ndjson_text_timestamp(ndjson_line *line, ndjson_node *node, firn_column *column, int64_t row,
                           firn_str text)
{
    int64_t *value = (int64_t *)column->values + row;

    if (read_usual(node, text.data, value) == text.data + text.len) return true;
    return parse_general(node, text, value) || refuse_time(line, node);
}

const char *ndjson_parse_timestamp(ndjson_line *line, ndjson_node *node, firn_column *column,
                                   int64_t row, const char *p)
{
    if (*p == '"') {
        const char *end = read_usual(node, p + 1, (int64_t *)column->values + row);
        if (end && *end == '"') return end + 1;
    }
    return ndjson_parse_quoted(line, node, column, row, p);
}

const char *ndjson_parse_date(ndjson_line *line, ndjson_node *node, firn_column *column,
                              int64_t row, const char *p)
{
    int32_t *days = (int32_t *)column->values + row;

    if (*p == '"' && p[11] == '"' && firn_parse_date((firn_str){p + 1, 10}, days)) return p + 12;
    return ndjson_parse_quoted(line, node, column, row, p);
}

bool ndjson_text_date(ndjson_line *line, ndjson_node *node, firn_column *column, int64_t row,
                      firn_str text)
{
    return firn_parse_date(firn_str_trim(text), (int32_t *)column->values + row) ||
           refuse_time(line, node);
}

bool ndjson_text_time(ndjson_line *line, ndjson_node *node, firn_column *column, int64_t row,
                      firn_str text)
{
    return firn_parse_time_us(firn_str_trim(text), (int64_t *)column->values + row) ||
           refuse_time(line, node);
}
