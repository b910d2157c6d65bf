/* SPDX-License-Identifier: Apache-2.0 */
/* Values that are not decoded: checked for syntax and stepped over. */
#include "base/limits.h"
#include "format/text/ndjson_kernels.h"

/* The text at p begins with this word, and not with a longer one. */
static bool is_word(const char *p, const char *word, size_t n)
{
    const char next = (char)(memcmp(p, word, n) == 0 ? p[n] : 'x');
    return !((next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z') || next == '_' ||
             ndjson_is_digit(next) || (uint8_t)next >= 0x80);
}

const char *ndjson_found(const char *p)
{
    if (is_word(p, "true", 4) || is_word(p, "false", 5)) return "a boolean";
    if (is_word(p, "null", 4)) return "null";
    switch (*p) {
    case '"': return "a string";
    case '{': return "an object";
    case '[': return "an array";
    case '\n': return "the end of the line";
    case ',':
    case ':':
    case '}':
    case ']': return "a delimiter";
    default: return *p == '-' || ndjson_is_digit(*p) ? "a number" : "no json value";
    }
}

/* p behind "\\u"; half a surrogate pair is no escape. */
static const char *skip_unicode(const char *p)
{
    const uint32_t c = ndjson_hex4(p);
    uint32_t low;

    if (c == UINT32_MAX || (c >= 0xDC00 && c < 0xE000)) return NULL;
    if (c < 0xD800 || c >= 0xE000) return p + 4;
    if (p[4] != '\\' || p[5] != 'u') return NULL;
    low = ndjson_hex4(p + 6);
    return low >= 0xDC00 && low < 0xE000 ? p + 10 : NULL;
}

/* p behind a backslash; NULL when the escape is not known. */
static const char *skip_escape(const char *p)
{
    switch (*p) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't': return p + 1;
    case 'u': return skip_unicode(p + 1);
    default: return NULL;
    }
}

const char *ndjson_skip_string(ndjson_line *line, const char *p)
{
    for (p++;;) {
        const char *escaped;
        p = line->kernels->string_stop(p);
        if (*p == '"') return p + 1;
        if (*p == '\n')
            return ndjson_stop(line, p,
                               firn_fail(&line->reason, FIRN_ERR_CORRUPT, "string without end"));
        if (*p != '\\')
            return ndjson_stop(line, p,
                               firn_fail(&line->reason, FIRN_ERR_CORRUPT,
                                         "control character 0x%02x in a string", (uint8_t)*p));
        escaped = skip_escape(p + 1);
        if (!escaped)
            return ndjson_stop(
                line, p, firn_fail(&line->reason, FIRN_ERR_CORRUPT, "bad escape in a string"));
        p = escaped;
    }
}

static const char *skip_digits(const char *p)
{
    while (ndjson_is_digit(*p)) p++;
    return p;
}

const char *ndjson_skip_number(ndjson_line *line, const char *p)
{
    const char *start = p;

    if (*p == '-') p++;
    if (!ndjson_is_digit(*p)) goto bad;
    p = *p == '0' ? p + 1 : skip_digits(p);
    if (ndjson_is_digit(*p)) goto bad; /* leading zero */
    if (*p == '.') {
        if (!ndjson_is_digit(*++p)) goto bad;
        p = skip_digits(p);
    }
    if (*p == 'e' || *p == 'E') {
        p++;
        if (*p == '+' || *p == '-') p++;
        if (!ndjson_is_digit(*p)) goto bad;
        p = skip_digits(p);
    }
    if (p - start > FIRN_LIMIT_JSON_NUMBER)
        return ndjson_stop(line, start,
                           firn_fail(&line->reason, FIRN_ERR_LIMIT, "number of %zu bytes, limit %d",
                                     (size_t)(p - start), FIRN_LIMIT_JSON_NUMBER));
    return p;
bad:
    return ndjson_stop(line, start,
                       firn_fail(&line->reason, FIRN_ERR_CORRUPT, "not a valid number"));
}

static const char *skip_word(ndjson_line *line, const char *p)
{
    if (memcmp(p, "true", 4) == 0 || memcmp(p, "null", 4) == 0) return p + 4;
    if (memcmp(p, "false", 5) == 0) return p + 5;
    return ndjson_stop(
        line, p,
        firn_fail(&line->reason, FIRN_ERR_CORRUPT, "expected a value, found %s", ndjson_found(p)));
}

static const char *skip_scalar(ndjson_line *line, const char *p)
{
    if (*p == '"') return ndjson_skip_string(line, p);
    if (*p == '-' || ndjson_is_digit(*p)) return ndjson_skip_number(line, p);
    return skip_word(line, p);
}

static const char *skip_key(ndjson_line *line, const char *p)
{
    p = ndjson_skip_space(p);
    if (*p != '"')
        return ndjson_stop(line, p,
                           firn_fail(&line->reason, FIRN_ERR_CORRUPT, "expected a key, found %s",
                                     ndjson_found(p)));
    p = ndjson_skip_string(line, p);
    if (!p) return NULL;
    p = ndjson_skip_space(p);
    if (*p != ':')
        return ndjson_stop(line, p,
                           firn_fail(&line->reason, FIRN_ERR_CORRUPT, "expected ':' after a key"));
    return ndjson_skip_space(p + 1);
}

/* Open containers: bit d of is_object tells what the one at depth d is. */
typedef struct skip_state {
    uint64_t is_object;
    int depth;
} skip_state;

static bool top_is_object(const skip_state *s)
{
    return (s->is_object >> (s->depth - 1) & 1) != 0;
}

/* Opens containers until there is a scalar to step over, or an empty container was stepped over. */
static const char *skip_down(ndjson_line *line, skip_state *s, const char *p)
{
    while (*p == '{' || *p == '[') {
        const bool is_object = *p == '{';
        if (s->depth == FIRN_LIMIT_NESTING)
            return ndjson_stop(line, p,
                               firn_fail(&line->reason, FIRN_ERR_CORRUPT,
                                         "nested deeper than %d levels", FIRN_LIMIT_NESTING));
        p = ndjson_skip_space(p + 1);
        if (*p == (is_object ? '}' : ']')) return p + 1;
        s->is_object &= ~(UINT64_C(1) << s->depth);
        s->is_object |= (uint64_t)is_object << s->depth;
        s->depth++;
        if (is_object) p = skip_key(line, p);
        if (!p) return NULL;
    }
    return skip_scalar(line, p);
}

_Static_assert(FIRN_LIMIT_NESTING <= 64, "skip_state.is_object has one bit per level");

const char *ndjson_skip_value(ndjson_line *line, const char *p)
{
    skip_state s = {0, 0};

    for (;;) {
        p = skip_down(line, &s, p);
        if (!p || s.depth == 0) return p;
        p = ndjson_skip_space(p);
        while (*p == (top_is_object(&s) ? '}' : ']')) {
            if (--s.depth == 0) return p + 1;
            p = ndjson_skip_space(p + 1);
        }
        if (*p != ',')
            return ndjson_stop(line, p,
                               firn_fail(&line->reason, FIRN_ERR_CORRUPT,
                                         "expected ',' or '%c', found %s",
                                         top_is_object(&s) ? '}' : ']', ndjson_found(p)));
        p = ndjson_skip_space(p + 1);
        if (top_is_object(&s)) p = skip_key(line, p);
        if (!p) return NULL;
    }
}
