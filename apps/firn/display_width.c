/* SPDX-License-Identifier: Apache-2.0 */
#include "display_width.h"

#include <utf8proc.h>

#include "base/str.h"

/* Width of the character at the front, and its bytes. */
static int32_t front_width(firn_str s, size_t *n_bytes)
{
    utf8proc_int32_t cp = 0;
    const utf8proc_ssize_t n =
        utf8proc_iterate((const utf8proc_uint8_t *)s.data, (utf8proc_ssize_t)s.len, &cp);
    *n_bytes = n > 0 ? (size_t)n : 1;
    return n > 0 && cp >= 0x20 ? utf8proc_charwidth(cp) : 1;
}

int32_t display_width(firn_str text)
{
    int32_t width = 0;
    size_t n = 0;
    for (size_t at = 0; at < text.len; at += n)
        width += front_width(firn_str_slice(text, at, text.len), &n);
    return width;
}

firn_str display_cut(firn_str text, int32_t width, int32_t *used)
{
    size_t at = 0;
    *used = 0;
    while (at < text.len) {
        size_t n = 0;
        const int32_t w = front_width(firn_str_slice(text, at, text.len), &n);
        if (*used + w > width) break;
        *used += w;
        at += n;
    }
    return firn_str_slice(text, 0, at);
}
