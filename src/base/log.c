/* SPDX-License-Identifier: Apache-2.0 */
/* Formats one log record and hands it to the sink. */
#include "base/log.h"

#include <stdio.h>

void firn_log_write(const firn_log *log, firn_log_level level, const char *fmt, ...)
{
    char text[1024]; /* longer records are cut */
    va_list args;
    int len;

    if (!log || !log->write || level > log->level) return;
    va_start(args, fmt);
    len = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (len < 0) return;
    if ((size_t)len >= sizeof text) len = (int)sizeof text - 1;
    log->write(log->ctx, level, (firn_str){text, (size_t)len});
}
