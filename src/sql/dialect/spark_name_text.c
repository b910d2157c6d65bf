/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of the names that Spark gives columns: short texts in the statement's arena. */
#include <stdarg.h>
#include <stdio.h>

#include "base/str.h"
#include "sql/dialect/spark_names.h"

firn_str spark_namer_lose(spark_namer *n)
{
    n->is_lost = true;
    n->i = n->to;
    return (firn_str){0};
}

firn_str spark_namer_print(spark_namer *n, const char *fmt, ...)
{
    char text[2 * FIRN_SPARK_NAME_MAX];
    va_list args;
    va_start(args, fmt);
    const int length = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (n->is_lost || length < 0 || (size_t)length >= sizeof text) return spark_namer_lose(n);
    const firn_str copy = firn_arena_copy(n->arena, firn_str_of(text));
    return copy.data ? copy : spark_namer_lose(n);
}
