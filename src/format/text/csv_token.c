/* SPDX-License-Identifier: Apache-2.0 */
/* CSV rows cut into fields. Works on the positions of the few bytes that mean something (delimiter,
 * quote, escape, CR, LF), which are found 64 bytes at a time; what is between them is never looked
 * at. Knows no types: csv_decoder.c does. */
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "format/text/csv_internal.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* No byte of a number, a word or of a character that is not ASCII has a meaning of its own. */
static bool can_be(char c, const char *forbidden)
{
    const bool is_letter = (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
    const bool is_digit = c >= '0' && c <= '9';

    return (uint8_t)c > 0 && (uint8_t)c < 0x7f && !is_letter && !is_digit && !strchr(forbidden, c);
}

firn_status csv_dialect_check(const firn_csv_dialect *given, firn_csv_dialect *out, firn_error *err)
{
    static const firn_csv_dialect k_defaults;

    *out = given ? *given : k_defaults;
    if (!out->delimiter) out->delimiter = ',';
    if (!out->quote) out->quote = '"';
    if (!can_be(out->delimiter, "+-. \r\n"))
        return firn_fail(err, FIRN_ERR_ARG, "byte 0x%02x cannot be the delimiter of csv",
                         (uint8_t)out->delimiter);
    if (!can_be(out->quote, "+-. \t\r") || (out->escape && !can_be(out->escape, "+-. \t\r\n")))
        return firn_fail(err, FIRN_ERR_ARG, "byte 0x%02x cannot be the quote or escape of csv",
                         (uint8_t)(can_be(out->quote, "+-. \t\r") ? out->escape : out->quote));
    if (out->quote == out->delimiter || out->escape == out->delimiter)
        return firn_fail(err, FIRN_ERR_ARG, "delimiter, quote and escape of csv must differ");
    if (out->quote == FIRN_CSV_NO_QUOTE || out->escape == out->quote) out->escape = 0;
    return FIRN_OK;
}

/* ---- the bytes that mean something ---- */

/* escape is the quote when there is none, so that there are always five. */
typedef struct marks {
    const char *bytes;
    size_t len;
    size_t block; /* offset of the 64 bytes that mask is of */
    uint64_t mask;
    char delimiter, quote, escape;
} marks;

#if defined(__SSE2__)
static inline uint64_t mask_16(const marks *m, const char *p)
{
    const __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    const __m128i ends = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('\n')),
                                      _mm_cmpeq_epi8(v, _mm_set1_epi8('\r')));
    const __m128i quotes = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(m->quote)),
                                        _mm_cmpeq_epi8(v, _mm_set1_epi8(m->escape)));
    const __m128i all =
        _mm_or_si128(_mm_or_si128(ends, quotes), _mm_cmpeq_epi8(v, _mm_set1_epi8(m->delimiter)));
    return (uint64_t)(uint32_t)_mm_movemask_epi8(all);
}

static inline uint64_t mask_64(const marks *m, const char *p)
{
    return mask_16(m, p) | mask_16(m, p + 16) << 16 | mask_16(m, p + 32) << 32 |
           mask_16(m, p + 48) << 48;
}
#else
static inline uint64_t mask_64(const marks *m, const char *p)
{
    uint64_t mask = 0;

    for (int i = 0; i < 64; i++) {
        const bool is_mark = p[i] == m->delimiter || p[i] == '\n' || p[i] == '\r' ||
                             p[i] == m->quote || p[i] == m->escape;
        mask |= (uint64_t)is_mark << i;
    }
    return mask;
}
#endif

static void load_block(marks *m)
{
    const size_t left = m->len - m->block;
    char padded[64];

    if (left >= 64) {
        m->mask = mask_64(m, m->bytes + m->block);
        return;
    }
    memset(padded, 0, sizeof padded);
    memcpy(padded, m->bytes + m->block, left);
    m->mask = mask_64(m, padded) & ((UINT64_C(1) << left) - 1);
}

/* Offset of the next one; len when there is none. */
static inline size_t next_mark(marks *m)
{
    size_t at;

    while (m->mask == 0) {
        if (m->len - m->block <= 64) return m->len;
        m->block += 64;
        load_block(m);
    }
    at = m->block + (size_t)__builtin_ctzll(m->mask);
    m->mask &= m->mask - 1;
    return at;
}

/* ---- rows ---- */

typedef struct cutter {
    marks m;
    csv_row *row;
    bool is_last;
    bool has_quotes;
    bool has_escape;
} cutter;

static bool add_field(csv_row *row, csv_field field)
{
    const size_t used = row->n_fields * sizeof field;

    if (row->fields.cap - used < sizeof field) {
        row->fields.len = used;
        if (!firn_buf_reserve(&row->fields, sizeof field)) return false;
    }
    ((csv_field *)(void *)row->fields.data)[row->n_fields++] = field;
    return true;
}

static bool is_newline(char c)
{
    return c == '\n' || c == '\r';
}

/* Bytes of the newline at this offset. A CR and a LF are one. */
static size_t newline_size(const cutter *c, size_t at)
{
    return c->m.bytes[at] == '\r' && at + 1 < c->m.len && c->m.bytes[at + 1] == '\n' ? 2 : 1;
}

/* The closing quote of a field; len when there is none. */
static size_t find_closing_quote(cutter *c, csv_field *field)
{
    for (;;) {
        const size_t at = next_mark(&c->m);
        const bool has_next = at + 1 < c->m.len;
        const char byte = (char)(at < c->m.len ? c->m.bytes[at] : '\0');
        const char next = (char)(has_next ? c->m.bytes[at + 1] : '\0');
        if (at == c->m.len) return at;
        if (c->has_escape && byte == c->m.escape) {
            if (!has_next || (next != c->m.quote && next != c->m.escape)) continue;
        } else if (byte == c->m.quote) {
            if (c->has_escape || next != c->m.quote || !has_next) return at;
        } else {
            if (byte == '\n' || (byte == '\r' && next != '\n')) c->row->n_lines++;
            continue;
        }
        field->has_escapes = true;
        (void)next_mark(&c->m); /* the byte that was escaped */
    }
}

/* start: the opening quote. *at: what follows the closing one, len when nothing does. */
static csv_found cut_quoted(cutter *c, size_t start, csv_field *field, size_t *at)
{
    (void)next_mark(&c->m);
    field->is_quoted = true;
    field->start = (uint32_t)start + 1;
    field->end = (uint32_t)find_closing_quote(c, field);
    *at = field->end == c->m.len ? c->m.len : (size_t)field->end + 1;
    if (field->end == c->m.len) {
        c->row->n_bytes = start;
        return CSV_FOUND_NO_END;
    }
    if (*at == c->m.len) return CSV_FOUND_ROW;
    if (c->m.bytes[*at] != c->m.delimiter && !is_newline(c->m.bytes[*at])) {
        c->row->n_bytes = *at;
        return CSV_FOUND_FAULT;
    }
    (void)next_mark(&c->m);
    return CSV_FOUND_ROW;
}

static void cut_plain(cutter *c, size_t start, csv_field *field, size_t *at)
{
    do *at = next_mark(&c->m);
    while (*at < c->m.len && c->m.bytes[*at] != c->m.delimiter && !is_newline(c->m.bytes[*at]));
    field->start = (uint32_t)start;
    field->end = (uint32_t)*at;
}

static csv_found cut_row(cutter *c)
{
    csv_row *row = c->row;

    for (size_t start = 0;;) {
        csv_field field = {0};
        csv_found found = CSV_FOUND_ROW;
        size_t at;
        bool is_end;
        if (c->has_quotes && start < c->m.len && c->m.bytes[start] == c->m.quote)
            found = cut_quoted(c, start, &field, &at);
        else
            cut_plain(c, start, &field, &at);
        if (found != CSV_FOUND_ROW) return found;
        /* At the end of what is there, a CR may be half a newline and a quote half of two. */
        is_end = at == c->m.len || (at + 1 == c->m.len && c->m.bytes[at] == '\r');
        if (is_end && !c->is_last) return CSV_FOUND_NO_END;
        if (!add_field(row, field)) {
            row->n_bytes = start;
            return CSV_FOUND_LIMIT;
        }
        start = at + 1;
        if (at < c->m.len && c->m.bytes[at] == c->m.delimiter) continue;
        row->n_bytes = at;
        row->n_newline = at < c->m.len ? newline_size(c, at) : 0;
        row->n_lines++;
        if (at == 0) row->n_fields = 0;
        return CSV_FOUND_ROW;
    }
}

csv_found csv_next_row(const firn_csv_dialect *dialect, firn_str bytes, bool is_last, csv_row *row)
{
    const char quote = dialect->quote;
    cutter c = {.m = {.bytes = bytes.data,
                      .len = bytes.len,
                      .delimiter = dialect->delimiter,
                      .quote = quote,
                      .escape = (char)(dialect->escape ? dialect->escape : quote)},
                .row = row,
                .is_last = is_last,
                .has_quotes = quote != FIRN_CSV_NO_QUOTE,
                .has_escape = dialect->escape != 0};

    firn_buf_clear(&row->fields);
    row->n_fields = 0;
    row->n_bytes = bytes.len;
    row->n_newline = 0;
    row->n_lines = 0;
    load_block(&c.m);
    return cut_row(&c);
}

void csv_append_value(const firn_csv_dialect *dialect, const char *row, const csv_field *field,
                      firn_buf *out)
{
    const char escape = (char)(dialect->escape ? dialect->escape : dialect->quote);
    const char *p = row + field->start;
    const char *end = row + field->end;

    while (field->has_escapes && p < end) {
        const char *found = memchr(p, escape, (size_t)(end - p));
        if (!found || found + 1 == end) break;
        if (found[1] == dialect->quote || found[1] == escape) {
            firn_buf_append(out, p, (size_t)(found - p));
            firn_buf_byte(out, (uint8_t)found[1]);
        } else {
            firn_buf_append(out, p, (size_t)(found - p) + 2);
        }
        p = found + 2;
    }
    firn_buf_append(out, p, (size_t)(end - p));
}
