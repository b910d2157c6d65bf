/* SPDX-License-Identifier: Apache-2.0 */
/* Operations on borrowed text: comparing, cutting, UTF-8, hashing. Numbers are in str_number.c. */
#include "base/str.h"

#include <string.h>
#include <xxhash.h>

#define DISTANCE_MAX_BYTES 255

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

firn_str firn_str_of(const char *cstr)
{
    return cstr ? (firn_str){cstr, strlen(cstr)} : (firn_str){"", 0};
}

bool firn_str_equals(firn_str a, firn_str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool firn_str_equals_nocase(firn_str a, firn_str b)
{
    if (a.len != b.len) return false;
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.data[i]) != lower(b.data[i])) return false;
    }
    return true;
}

int firn_str_compare(firn_str a, firn_str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n ? memcmp(a.data, b.data, n) : 0;

    if (order != 0) return order < 0 ? -1 : 1;
    return (a.len > b.len) - (a.len < b.len);
}

bool firn_str_starts_with(firn_str s, firn_str prefix)
{
    return s.len >= prefix.len && firn_str_equals((firn_str){s.data, prefix.len}, prefix);
}

bool firn_str_ends_with(firn_str s, firn_str suffix)
{
    if (s.len < suffix.len) return false;
    if (suffix.len == 0) return true;
    return memcmp(s.data + (s.len - suffix.len), suffix.data, suffix.len) == 0;
}

firn_str firn_str_slice(firn_str s, size_t from, size_t to)
{
    if (to > s.len) to = s.len;
    if (from > to) from = to;
    return (firn_str){s.data ? s.data + from : s.data, to - from};
}

firn_str firn_str_trim(firn_str s)
{
    size_t from = 0;
    size_t to = s.len;

    while (from < to && is_space(s.data[from])) from++;
    while (to > from && is_space(s.data[to - 1])) to--;
    return firn_str_slice(s, from, to);
}

size_t firn_str_find(firn_str s, firn_str needle, size_t from)
{
    const char *hit;

    if (from > s.len || s.len - from < needle.len) return SIZE_MAX;
    if (needle.len == 0) return from;
    hit = memmem(s.data + from, s.len - from, needle.data, needle.len);
    return hit ? (size_t)(hit - s.data) : SIZE_MAX;
}

firn_str firn_str_split(firn_str *rest, char sep)
{
    firn_str all = *rest;
    const char *hit = all.len ? memchr(all.data, sep, all.len) : NULL;
    size_t len;

    if (!hit) {
        *rest = (firn_str){NULL, 0};
        return all;
    }
    len = (size_t)(hit - all.data);
    *rest = (firn_str){hit + 1, all.len - len - 1};
    return (firn_str){all.data, len};
}

/* Length of the sequence at p with n > 0 bytes left, 0 if it is not well-formed (overlong forms,
 * surrogates and values above U+10FFFF are refused through the range of the second byte). */
static size_t utf8_sequence(const uint8_t *p, size_t n)
{
    uint8_t low = 0x80;
    uint8_t high = 0xbf;
    size_t len;

    if (p[0] < 0x80) return 1;
    if (p[0] < 0xc2 || p[0] > 0xf4) return 0;
    len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (n < len) return 0;
    if (p[0] == 0xe0) low = 0xa0;
    if (p[0] == 0xed) high = 0x9f;
    if (p[0] == 0xf0) low = 0x90;
    if (p[0] == 0xf4) high = 0x8f;
    if (p[1] < low || p[1] > high) return 0;
    for (size_t i = 2; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80) return 0;
    }
    return len;
}

bool firn_utf8_is_valid(firn_str s)
{
    const uint8_t *p = (const uint8_t *)s.data;
    size_t left = s.len;

    while (left) {
        uint64_t word;
        size_t step;
        if (left >= sizeof word) {
            memcpy(&word, p, sizeof word);
            if ((word & 0x8080808080808080u) == 0) {
                p += sizeof word;
                left -= sizeof word;
                continue;
            }
        }
        step = utf8_sequence(p, left);
        if (step == 0) return false;
        p += step;
        left -= step;
    }
    return true;
}

uint64_t firn_str_hash(firn_str s)
{
    return XXH3_64bits(s.data ? s.data : "", s.len);
}

static int min_int(int a, int b)
{
    return a < b ? a : b;
}

int firn_str_distance(firn_str a, firn_str b, int limit)
{
    int row[DISTANCE_MAX_BYTES + 1]; /* distances of a's first i bytes to each prefix of b */
    size_t longer = a.len > b.len ? a.len : b.len;
    size_t gap = longer - (a.len > b.len ? b.len : a.len);

    if (limit < 0 || gap > (size_t)limit || longer > DISTANCE_MAX_BYTES) return limit + 1;
    for (size_t j = 0; j <= b.len; j++) row[j] = (int)j;
    for (size_t i = 1; i <= a.len; i++) {
        int diagonal = row[0];
        int best = row[0] = (int)i;
        for (size_t j = 1; j <= b.len; j++) {
            int replace = diagonal + (a.data[i - 1] != b.data[j - 1]);
            diagonal = row[j];
            row[j] = min_int(replace, min_int(row[j], row[j - 1]) + 1);
            best = min_int(best, row[j]);
        }
        if (best > limit) return limit + 1;
    }
    return min_int(row[b.len], limit + 1);
}
