/* SPDX-License-Identifier: Apache-2.0 */
/* The hot loops of the NDJSON decoder, one table per level of processor. All tables do the same,
 * byte for byte; ndjson_kernels.c has the scans in plain C. What is built on the scans, the loop
 * over the members of an object, is the same text for all: ndjson_members.h. */
#ifndef FIRN_FORMAT_NDJSON_KERNELS_H
#define FIRN_FORMAT_NDJSON_KERNELS_H

#include "base/cpu.h"
#include "format/text/ndjson_internal.h"

typedef struct ndjson_kernels {
    firn_cpu_level level;
    /* p: the brace. Returns the byte behind the closing one, NULL when the line is bad. */
    const char *(*parse_members)(ndjson_line *line, ndjson_object *object, firn_column *columns,
                                 int64_t row, const char *p);
    ndjson_parse_fn parse_string;
    /* First quote, backslash or control character at or behind p. The newline behind every line is
     * a control character, so this ends. */
    const char *(*string_stop)(const char *p);
    /* True if none of the n bytes has its high bit set. Reads no others. */
    bool (*is_ascii)(const char *p, size_t n);
} ndjson_kernels;

/* The best table for a level this machine has. Never NULL. */
const ndjson_kernels *ndjson_kernels_of(firn_cpu_level level);
/* ... for so many levels below the best one. */
const ndjson_kernels *ndjson_kernels_below(unsigned levels_off);

#if FIRN_HAS_X86
/* ndjson_kernels_avx2.c, ndjson_kernels_avx512.c */
extern const ndjson_kernels ndjson_kernels_avx2;
extern const ndjson_kernels ndjson_kernels_avx512;
#endif

#endif
