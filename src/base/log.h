/* SPDX-License-Identifier: Apache-2.0 */
/* Log records to a sink. NULL log: silence. */
#ifndef FIRN_BASE_LOG_H
#define FIRN_BASE_LOG_H

#include "firn/base.h"

typedef enum firn_log_level {
    FIRN_LOG_ERROR = 0,
    FIRN_LOG_WARN,
    FIRN_LOG_INFO,
    FIRN_LOG_DEBUG,
} firn_log_level;

typedef struct firn_log {
    void *ctx;
    firn_log_level level; /* records above it are dropped before formatting */
    void (*write)(void *ctx, firn_log_level level, firn_str message);
} firn_log;

void firn_log_write(const firn_log *log, firn_log_level level, const char *fmt, ...)
    FIRN_PRINTF(3, 4);

#endif
